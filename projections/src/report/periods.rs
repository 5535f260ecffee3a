//! Periods of a report: which hour, day, week, month, quarter or year an instant lies in, and what it is called.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc, Weekday};
use daftar_domain::Invalid;

/// How long the periods of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight.
    Day,
    /// Seven days.
    Week,
    /// A month of the calendar.
    Month,
    /// Three months, the first quarter beginning with the year.
    Quarter,
    /// A year of the calendar.
    Year,
}

impl Interval {
    /// Every interval, the shortest first.
    pub const ALL: [Self; 6] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// Its name in a query.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// Reads an interval's name.
    ///
    /// # Errors
    ///
    /// [`Invalid`] naming `interval` and the names there are.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|interval| interval.name() == text)
            .ok_or_else(|| Invalid::new("interval", text, "must be hour, day, week, month, quarter or year"))
    }
}

/// A stretch of time in microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// Its first microsecond.
    pub start: i64,
    /// The first microsecond after it.
    pub end: i64,
}

impl Period {
    /// Whether an instant lies in it.
    #[must_use]
    pub const fn contains(&self, micros: i64) -> bool {
        self.start <= micros && micros < self.end
    }
}

/// How instants are cut into periods: a time zone, a calendar and the first day of a week.
///
/// Only `local`, `instant` and the offset in `label` know the time zone; only `first_date`, `following` and `label`
/// know the calendar.
///
/// It is exact for every instant of the years 1900 to 2200 and far around them; what lies more than 260,000 years
/// away is taken for the last instant before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    week_start: Weekday,
}

impl Calendar {
    /// The Gregorian calendar in UTC, weeks beginning on Monday.
    #[must_use]
    pub const fn utc_gregorian() -> Self {
        Self { week_start: Weekday::Mon }
    }

    /// The period in which an instant (microseconds since 1970) lies.
    #[must_use]
    pub fn period_of(&self, interval: Interval, micros: i64) -> Period {
        let local = Self::local(micros);
        if interval == Interval::Hour {
            let start = hour_start(local);
            return Period { start: Self::instant(start), end: Self::instant(saturating_hour_after(start)) };
        }
        let first = self.first_date(interval, local.date());
        Period { start: self.start_of(first), end: self.start_of(following(interval, first)) }
    }

    /// The period that begins where `period` ends.
    #[must_use]
    pub fn next(&self, interval: Interval, period: &Period) -> Period {
        self.period_of(interval, period.end)
    }

    /// What a period is called: `2026-01-03T08+00:00` an hour, `2026-01-03` a day and a week (its first day),
    /// `2026-01` a month, `2026-Q1` a quarter, `2026` a year.
    #[must_use]
    pub fn label(&self, interval: Interval, period: &Period) -> String {
        let local = Self::local(period.start);
        let date = local.date();
        match interval {
            Interval::Hour => format!("{date}T{:02}+00:00", local.hour()),
            Interval::Day | Interval::Week => date.to_string(),
            Interval::Month => format!("{:04}-{:02}", date.year(), date.month()),
            Interval::Quarter => format!("{:04}-Q{}", date.year(), date.quarter()),
            Interval::Year => format!("{:04}", date.year()),
        }
    }

    /// The day of the week, from 1, and the hour, from 0, in which an instant lies.
    #[must_use]
    pub fn hour_of_week(&self, micros: i64) -> (u32, u32) {
        let local = Self::local(micros);
        (local.weekday().days_since(self.week_start) + 1, local.hour())
    }

    /// What a day of the week, from 1, is called: `Mon`, `Tue` and so on.
    #[must_use]
    pub fn weekday_name(&self, weekday: u32) -> String {
        (1..weekday).fold(self.week_start, |day, _| day.succ()).to_string()
    }

    /// The periods from the one in which `first` lies to the one in which `last` does.
    pub fn periods(&self, interval: Interval, first: i64, last: i64) -> impl Iterator<Item = Period> {
        let begin = Some(self.period_of(interval, first));
        let periods = std::iter::successors(begin, move |period| Some(self.next(interval, period)));
        periods.take_while(move |period| period.start <= last)
    }

    /// The first microsecond of a date.
    #[must_use]
    pub fn start_of(&self, date: NaiveDate) -> i64 {
        Self::instant(date.and_time(chrono::NaiveTime::MIN))
    }

    /// The first date of the period in which `date` lies.
    fn first_date(&self, interval: Interval, date: NaiveDate) -> NaiveDate {
        let first = match interval {
            Interval::Hour | Interval::Day => Some(date),
            Interval::Week => date.week(self.week_start).checked_first_day(),
            Interval::Month => date.with_day(1),
            Interval::Quarter => NaiveDate::from_ymd_opt(date.year(), date.quarter() * 3 - 2, 1),
            Interval::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1),
        };
        first.unwrap_or(NaiveDate::MIN)
    }

    /// The date and time of day that clocks show at an instant.
    fn local(micros: i64) -> NaiveDateTime {
        let nearer_end = if micros < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
        DateTime::from_timestamp_micros(micros).unwrap_or(nearer_end).naive_utc()
    }

    /// The instant at which clocks show a date and time of day.
    fn instant(local: NaiveDateTime) -> i64 {
        local.and_utc().timestamp_micros()
    }
}

/// The first date of the period after the one that begins with `first`.
fn following(interval: Interval, first: NaiveDate) -> NaiveDate {
    let after = match interval {
        Interval::Hour | Interval::Day => first.checked_add_days(Days::new(1)),
        Interval::Week => first.checked_add_days(Days::new(7)),
        Interval::Month => first.checked_add_months(Months::new(1)),
        Interval::Quarter => first.checked_add_months(Months::new(3)),
        Interval::Year => first.checked_add_months(Months::new(12)),
    };
    after.unwrap_or(NaiveDate::MAX)
}

fn hour_start(local: NaiveDateTime) -> NaiveDateTime {
    // Every hour of a day is an hour of every day, so the default is never taken.
    local.date().and_hms_opt(local.hour(), 0, 0).unwrap_or(local)
}

fn saturating_hour_after(start: NaiveDateTime) -> NaiveDateTime {
    start.checked_add_signed(TimeDelta::hours(1)).unwrap_or(NaiveDateTime::MAX)
}
