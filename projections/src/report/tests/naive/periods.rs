//! Periods from their rules: which local dates belong together, and what that is called.

use super::hours::{jalali, local, start_of};
use crate::definition::document::{CalendarName, Definition, WeekStart};
use crate::report::periods::Interval;
use chrono::{Datelike, Days, NaiveDate, Offset, TimeZone, Timelike, Weekday};

/// A period with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) label: String,
}

/// The period an instant lies in.
pub(super) fn period_of(rules: &Definition, interval: Interval, at: i64) -> Named {
    if interval == Interval::Hour {
        return hour_of(rules, at);
    }
    let date = local(rules.time_zone, at).date();
    let same = |other: &NaiveDate| label(rules, interval, *other) == label(rules, interval, date);
    let first = std::iter::successors(Some(date), |date| Some(*date - Days::new(1))).take_while(same).last().unwrap();
    let after = first.iter_days().find(|date| !same(date)).unwrap();
    let (start, end) = (start_of(rules.time_zone, first), start_of(rules.time_zone, after));
    Named { start, end, label: label(rules, interval, date) }
}

/// An hour begins at a full hour of the clock, or where the clock is changed.
fn hour_of(rules: &Definition, at: i64) -> Named {
    const MINUTE: i64 = 60_000_000;
    let zone = rules.time_zone.0;
    let offset = |at: i64| {
        let utc = chrono::DateTime::from_timestamp_micros(at).unwrap().naive_utc();
        zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()
    };
    let shown = |at: i64| {
        let shown = local(rules.time_zone, at);
        (shown.date(), shown.hour(), offset(at))
    };
    let (date, hour, seconds) = shown(at);
    let minute = at.div_euclid(MINUTE) * MINUTE;
    let start = (0..).map(|n| minute - n * MINUTE).take_while(|at| shown(*at) == shown(minute)).last().unwrap();
    let end = (1..).map(|n| minute + n * MINUTE).find(|at| shown(*at) != shown(minute)).unwrap();
    let (sign, seconds) = if seconds < 0 { ('-', -seconds) } else { ('+', seconds) };
    let date = date_label(rules, date);
    Named { start, end, label: format!("{date}T{hour:02}{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60) }
}

/// The day of the week, from 1, and the hour.
pub(super) fn hour_of_week(rules: &Definition, at: i64) -> (u32, u32) {
    let shown = local(rules.time_zone, at);
    (days_into_week(rules, shown.date()) + 1, shown.hour())
}

fn days_into_week(rules: &Definition, date: NaiveDate) -> u32 {
    date.weekday().days_since(match rules.week_start {
        WeekStart::Monday => Weekday::Mon,
        WeekStart::Saturday => Weekday::Sat,
        WeekStart::Sunday => Weekday::Sun,
    })
}

fn label(rules: &Definition, interval: Interval, date: NaiveDate) -> String {
    let (year, month) = match rules.calendar {
        CalendarName::Gregorian => (date.year(), date.month()),
        CalendarName::Jalali => (jalali(date).0, jalali(date).1.into()),
    };
    match interval {
        Interval::Hour | Interval::Day => date_label(rules, date),
        Interval::Week => date_label(rules, date - Days::new(days_into_week(rules, date).into())),
        Interval::Month => format!("{year:04}-{month:02}"),
        Interval::Quarter => format!("{year:04}-Q{}", (month - 1) / 3 + 1),
        Interval::Year => format!("{year:04}"),
    }
}

fn date_label(rules: &Definition, date: NaiveDate) -> String {
    match rules.calendar {
        CalendarName::Gregorian => date.to_string(),
        CalendarName::Jalali => {
            let (year, month, day) = jalali(date);
            format!("{year:04}-{month:02}-{day:02}")
        }
    }
}
