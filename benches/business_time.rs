//! Business time: the open time of a span on a prepared schedule, against walking through the span day by day.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on stops")]

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use daftar_benches::{asked_for, bench_line, interleaved, long, median, median_ratio};
use daftar_projections::business_time::{ScheduleClass, Schedules};
use daftar_projections::definition::document::{Holiday, Schedule, Weekday};
use std::collections::HashSet;
use std::hint::black_box;
use std::time::Instant;

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;
/// 2014-01-01T00:00:00Z.
const START: i64 = 1_388_534_400_000_000;
/// What a question about a span inside a year is held to, in nanoseconds.
const AT_MOST: f64 = 150.0;

fn main() {
    if !asked_for() {
        return;
    }
    let rounds = if long() { 31 } else { 11 };
    let schedule = office();
    let schedules = Schedules::prepare(std::slice::from_ref(&schedule));
    let walker = Walker::of(&schedule);
    // A span, and how many questions the walk answers in some milliseconds.
    for (name, span, walks) in [
        ("business_hour", HOUR, 10_000),
        ("business_month", 30 * 24 * HOUR, 1_000),
        ("business_ten_years", 3_652 * 24 * HOUR, 10),
    ] {
        bench(name, span, walks, rounds, (&schedules, &walker));
    }
}

/// Six days of two shifts in Tehran, with holidays.
fn office() -> Schedule {
    let document = serde_json::json!({
        "name": "office",
        "time_zone": "Asia/Tehran",
        "weekly": {
            "saturday": ["08:00-12:00", "13:00-16:00"],
            "sunday": ["08:00-12:00", "13:00-16:00"],
            "monday": ["08:00-12:00", "13:00-16:00"],
            "tuesday": ["08:00-12:00", "13:00-16:00"],
            "wednesday": ["08:00-12:00", "13:00-16:00"],
            "thursday": ["08:00-12:00"],
        },
        "holidays": ["2016-03-20", "2016-03-21", "2018-03-21", "2020-03-20", "2020-03-21", "2022-02-11"],
    });
    serde_json::from_value(document).unwrap()
}

fn bench(name: &str, span: i64, walks: u32, rounds: usize, (schedules, walker): (&Schedules, &Walker)) {
    let class = schedules.class(None, None);
    agree(span, walks, class, (schedules, walker));
    let mut prepared = || nanoseconds(100_000, |from| schedules.open_between(class, from, from + span));
    let mut walked = || nanoseconds(walks, |from| walker.open_between(from, from + span));
    let [prepared, walked] = interleaved(rounds, [&mut prepared, &mut walked]);
    let against = format!("a walk day by day, {:.0} ns", median(&walked));
    bench_line(name, median(&prepared), "ns", Some(median_ratio(&prepared, &walked)), Some(&against));
    if name != "business_ten_years" {
        let limit = format!("at most {AT_MOST} ns");
        let ratio = median(&prepared) / AT_MOST;
        bench_line(&format!("{name}_limit"), median(&prepared), "ns", Some(ratio), Some(&limit));
    }
}

/// Makes sure that both sides answer the same; it also lays out every year that will be asked about.
fn agree(span: i64, walks: u32, class: ScheduleClass, (schedules, walker): (&Schedules, &Walker)) {
    for from in beginnings(walks) {
        assert_eq!(schedules.open_between(class, from, from + span), walker.open_between(from, from + span));
    }
}

/// Instants all over two years, and the same ones each time.
fn beginnings(count: u32) -> impl Iterator<Item = i64> {
    (0..i64::from(count)).map(|n| START + n * 7_919_000_003 % (2 * 365 * 24 * HOUR))
}

/// The nanoseconds of one question, of so many.
fn nanoseconds(count: u32, mut ask: impl FnMut(i64) -> i64) -> f64 {
    let started = Instant::now();
    for from in beginnings(count) {
        black_box(ask(black_box(from)));
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(count)
}

/// The peer: it keeps the hours as they are written and asks the clocks about each date of a span.
struct Walker {
    zone: Tz,
    /// From Monday: minutes since midnight.
    weekly: [Vec<(u16, u16)>; 7],
    holidays: HashSet<NaiveDate>,
}

impl Walker {
    fn of(schedule: &Schedule) -> Self {
        let hours = |index: usize| {
            let hours = schedule.weekly.get(&Weekday::ALL[index]);
            hours.into_iter().flatten().map(|hours| (hours.from, hours.to)).collect()
        };
        let date = |holiday: &Holiday| match holiday {
            Holiday::Date(date) => Some(*date),
            Holiday::Yearly { .. } => None,
        };
        let holidays = schedule.holidays.iter().filter_map(date).collect();
        Self { zone: schedule.time_zone.0, weekly: std::array::from_fn(hours), holidays }
    }

    fn open_between(&self, from: i64, to: i64) -> i64 {
        let date = |micros| self.zone.from_utc_datetime(&utc(micros)).date_naive();
        let (first, last) = (date(from), date(to));
        let dates = first.iter_days().take_while(|date| *date <= last);
        dates.filter(|date| !self.holidays.contains(date)).map(|date| self.open_on(date, from, to)).sum()
    }

    fn open_on(&self, date: NaiveDate, from: i64, to: i64) -> i64 {
        let hours = &self.weekly[date.weekday().num_days_from_monday() as usize];
        let open =
            |&(start, end): &(u16, u16)| (self.instant(date, end).min(to) - self.instant(date, start).max(from)).max(0);
        hours.iter().map(open).sum()
    }

    /// No hours of this schedule begin or end where clocks change, at midnight.
    fn instant(&self, date: NaiveDate, minutes: u16) -> i64 {
        let local = date.and_time(NaiveTime::MIN) + TimeDelta::minutes(minutes.into());
        self.zone.from_local_datetime(&local).single().unwrap().timestamp_micros()
    }
}

fn utc(micros: i64) -> NaiveDateTime {
    DateTime::from_timestamp_micros(micros).unwrap().naive_utc()
}
