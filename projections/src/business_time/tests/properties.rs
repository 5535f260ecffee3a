//! Laws of business time, and an account of it minute by minute that shares nothing with the product.

use super::*;
use crate::definition::document::Holiday;
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use proptest::prelude::*;

/// Zones with every kind of clock change: by day, at night, over midnight and by half hours.
const ZONES: [&str; 9] = [
    "UTC",
    "Asia/Tehran",
    "Europe/Paris",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "America/Havana",
    "America/St_Johns",
    "Australia/Lord_Howe",
];

/// Where stretches begin in which clocks change somewhere.
const BEGINNINGS: [&str; 6] = ["2018-10-25", "2018-02-05", "2007-10-20", "2008-03-15", "2022-03-10", "2010-10-25"];

/// How many days they are long.
const DAYS: u16 = 24;
const DAY: Micros = 24 * HOUR;

fn some_hours() -> impl Strategy<Value = Hours> {
    (0..96_u16, 1..96_u16).prop_map(|(from, length)| Hours { from: from * 15, to: from * 15 + length * 15 })
}

fn some_day(beginning: NaiveDate) -> impl Strategy<Value = NaiveDate> {
    (-2..i64::from(DAYS) + 2).prop_map(move |days| beginning + TimeDelta::days(days))
}

fn dated(beginning: NaiveDate) -> impl Strategy<Value = BTreeMap<NaiveDate, Vec<Hours>>> {
    prop::collection::btree_map(some_day(beginning), prop::collection::vec(some_hours(), 0..3), 0..4)
}

fn some_schedule(beginning: NaiveDate) -> impl Strategy<Value = Schedule> {
    let weekday = prop::sample::select(Weekday::ALL);
    let weekly = prop::collection::btree_map(weekday, prop::collection::vec(some_hours(), 1..3), 0..7);
    let yearly = (1..=12_u8, 1..=31_u8).prop_map(|(month, day)| Holiday::Yearly { month, day });
    let holiday = prop_oneof![some_day(beginning).prop_map(Holiday::Date), yearly];
    let validity = (prop::option::of(some_day(beginning)), prop::option::of(some_day(beginning)));
    let zone = prop::sample::select(&ZONES[..]);
    let holidays = prop::collection::vec(holiday, 0..5);
    (zone, weekly, holidays, dated(beginning), dated(beginning), validity).prop_map(
        |(zone, weekly, holidays, breaks, special, (from, until))| Schedule {
            time_zone: zone.parse().unwrap(),
            weekly,
            holidays,
            breaks,
            special,
            from,
            until,
            ..Schedule::default()
        },
    )
}

/// Some schedules, and the first instant of a stretch in which their dates lie.
fn some_schedules() -> impl Strategy<Value = (Vec<Schedule>, Micros)> {
    let beginning = prop::sample::select(&BEGINNINGS[..]).prop_map(|text| text.parse::<NaiveDate>().unwrap());
    beginning.prop_flat_map(|beginning| {
        let start = beginning.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
        (prop::collection::vec(some_schedule(beginning), 1..3), Just(start))
    })
}

/// Each minute from five days before a stretch to five days after it, with the time that clocks show.
struct Minutes(Vec<NaiveDateTime>);

impl Minutes {
    fn of(schedule: &Schedule, start: Micros) -> Self {
        let first = start - 5 * DAY;
        let shown = |n| schedule.time_zone.0.timestamp_micros(first + n * MINUTE).unwrap().naive_local();
        Self((0..(i64::from(DAYS) + 10) * 24 * 60).map(shown).collect())
    }

    /// Marks the minutes from the first that shows the beginning, or more, to the last before the end is shown for the
    /// last time or, where clocks skip it, to the last that shows less.
    fn mark(&self, marks: &mut [bool], date: NaiveDate, hours: Hours, mark: bool) {
        let local = |minutes: u16| date.and_time(NaiveTime::MIN) + TimeDelta::minutes(minutes.into());
        let (from, to) = (local(hours.from), local(hours.to));
        let first = self.0.iter().position(|shown| *shown >= from);
        let last = match self.0.iter().rposition(|shown| *shown == to) {
            Some(end) => end.checked_sub(1),
            None => self.0.iter().rposition(|shown| *shown < to),
        };
        if let (Some(first), Some(last)) = (first, last)
            && first <= last
        {
            marks[first..=last].fill(mark);
        }
    }

    fn open(&self, schedule: &Schedule) -> Vec<bool> {
        let mut marks = vec![false; self.0.len()];
        let closed = |date: NaiveDate| {
            schedule.holidays.iter().any(|holiday| match *holiday {
                Holiday::Date(holiday) => date == holiday,
                Holiday::Yearly { month, day } => (date.month(), date.day()) == (month.into(), day.into()),
            })
        };
        let first = self.0[0].date() + TimeDelta::days(1);
        for date in first.iter_days().take(usize::from(DAYS) + 7).filter(|date| !closed(*date)) {
            let weekday = Weekday::ALL[date.weekday().num_days_from_monday() as usize];
            let hours = schedule.special.get(&date).or_else(|| schedule.weekly.get(&weekday));
            hours.into_iter().flatten().for_each(|hours| self.mark(&mut marks, date, *hours, true));
        }
        for (date, hours) in &schedule.breaks {
            hours.iter().for_each(|hours| self.mark(&mut marks, *date, *hours, false));
        }
        marks.iter().zip(&self.0).map(|(open, shown)| *open && !closed(shown.date())).collect()
    }
}

/// Whether each minute of the stretch is open, by the rules as they are written.
fn by_the_minute(schedules: &[Schedule], start: Micros) -> Vec<bool> {
    let each: Vec<_> = schedules.iter().map(|schedule| (schedule, Minutes::of(schedule, start))).collect();
    let open: Vec<_> = each.iter().map(|(schedule, minutes)| minutes.open(schedule)).collect();
    let is_open = |minute: usize| {
        let in_force = each.iter().position(|(schedule, minutes)| {
            let date = minutes.0[minute].date();
            schedule.from.is_none_or(|from| from <= date) && schedule.until.is_none_or(|until| date <= until)
        });
        in_force.is_none_or(|index| open[index][minute])
    };
    (5 * 24 * 60..(usize::from(DAYS) + 5) * 24 * 60).map(is_open).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_minute_is_as_the_rules_say((schedules, start) in some_schedules()) {
        let prepared = Schedules::prepare(&schedules);
        let class = prepared.class(None, None);
        let (mut open_minutes, mut wrong) = (0, Vec::new());
        for (minute, open) in (0..).zip(by_the_minute(&schedules, start)) {
            let at = start + minute * MINUTE;
            if prepared.is_open(class, at) != open || prepared.is_open(class, at + MINUTE - 1) != open {
                wrong.push(said(at));
            }
            open_minutes += Micros::from(open);
            if minute % 97 == 0 && prepared.open_between(class, start, at + MINUTE) != open_minutes * MINUTE {
                wrong.push(format!("until {}", said(at)));
            }
        }
        prop_assert!(wrong.is_empty(), "{:?}", &wrong[..wrong.len().min(3)]);
    }

    #[test]
    fn open_time_adds_up((schedules, start) in some_schedules(), mut three in prop::array::uniform3(-900..900_i64)) {
        three.sort_unstable();
        let [first, second, third] = three.map(|hours| start + hours * 41 * MINUTE + 17);
        let prepared = Schedules::prepare(&schedules);
        let open = |from, to| prepared.open_between(prepared.class(None, None), from, to);
        prop_assert_eq!(open(first, second) + open(second, third), open(first, third));
        prop_assert!(open(first, second) <= open(first, third) && open(first, third) <= third - first);
        prop_assert!(open(first, second) >= 0);
    }

    #[test]
    fn a_deadline_undoes_open_time(
        (schedules, start) in some_schedules(),
        after in -900..900_i64,
        open in prop_oneof![1..50 * HOUR, 1..9 * 365 * 24 * HOUR],
    ) {
        let prepared = Schedules::prepare(&schedules);
        let class = prepared.class(None, None);
        let from = start + after * 41 * MINUTE;
        if let Some(deadline) = prepared.deadline(class, from, open) {
            prop_assert_eq!(prepared.open_between(class, from, deadline), open);
            prop_assert_eq!(prepared.open_between(class, from, deadline - 1), open - 1);
        } else {
            prop_assert!(prepared.open_between(class, from, Micros::MAX) < open);
        }
    }

    #[test]
    fn periods_are_what_is_open((schedules, start) in some_schedules()) {
        let prepared = Schedules::prepare(&schedules);
        let class = prepared.class(None, None);
        let mut before = start;
        for (from, to) in prepared.open_periods(class, start).take(40) {
            prop_assert!(from < to && (before < from || before == start));
            prop_assert_eq!(prepared.open_between(class, before, from), 0);
            prop_assert_eq!(prepared.open_between(class, from, to), to - from);
            prop_assert_eq!(prepared.next_opening(class, before), Some(from));
            prop_assert!(to == LATEST || !prepared.is_open(class, to));
            before = to;
        }
    }

    #[test]
    fn what_is_open_within_a_stretch_is_every_open_minute_of_it(
        (schedules, start) in some_schedules(),
        (first, length) in (0..10_i64 * 1440, 0..14_i64 * 1440),
    ) {
        let prepared = Schedules::prepare(&schedules);
        let (from, to) = (start + first * MINUTE, start + (first + length) * MINUTE);
        let mut expected: Vec<(Micros, Micros)> = Vec::new();
        for (minute, open) in (0..).zip(by_the_minute(&schedules, start)) {
            let at = start + minute * MINUTE;
            if !open || at < from || to <= at {
                continue;
            }
            match expected.last_mut() {
                Some(last) if last.1 == at => last.1 = at + MINUTE,
                _ => expected.push((at, at + MINUTE)),
            }
        }
        let within: Vec<_> = prepared.open_within(prepared.class(None, None), from, to).collect();
        prop_assert_eq!(within, expected);
    }

    #[test]
    fn answers_do_not_depend_on_earlier_questions((schedules, start) in some_schedules(), seed in 0..1000_i64) {
        let (one, other) = (Schedules::prepare(&schedules), Schedules::prepare(&schedules));
        let class = one.class(None, None);
        prop_assert_eq!(class, other.class(None, None));
        let spans: Vec<_> = (0..6).map(|n| (start + n * seed * HOUR, start + (n * 7919 + seed) * 13 * HOUR)).collect();
        let ask = |schedules: &Schedules, (from, to): (Micros, Micros)| {
            (schedules.open_between(class, from, to), schedules.deadline(class, from, (to - from).max(1)))
        };
        let forwards: Vec<_> = spans.iter().map(|span| ask(&one, *span)).collect();
        let mut backwards: Vec<_> = spans.iter().rev().map(|span| ask(&other, *span)).collect();
        backwards.reverse();
        prop_assert_eq!(forwards, backwards);
    }

    #[test]
    fn business_days_are_due_when_it_is_open((schedules, start) in some_schedules(), days in 1..9_u32) {
        let prepared = Schedules::prepare(&schedules);
        let class = prepared.class(None, None);
        if let Some(due) = prepared.business_days(class, start, days, Tz::UTC) {
            prop_assert!(prepared.is_open(class, due) && due > start);
            prop_assert!(prepared.business_days(class, start, days + 1, Tz::UTC).is_none_or(|later| later >= due));
        }
    }
}
