//! Periods of a report: which hour, day, week, month, quarter or year an instant lies in, and what it is called.

mod names;

#[cfg(test)]
mod tests;

use crate::business_time::jalali::Jalali;
use crate::business_time::zone::{self, HOUR};
use crate::definition::document::{CalendarName, Definition, WeekStart, digits};
use chrono::{Datelike, Days, NaiveDate, Timelike, Weekday};
use chrono_tz::Tz;
use daftar_domain::Invalid;

pub use names::Language;
pub(crate) use names::in_persian_digits;

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
/// A period begins at the first instant at which clocks show its beginning or, where they skip it, a later time; so
/// periods tile time whatever clocks do, and where clocks fall back over midnight the new day goes on. Hours are those
/// that clocks show, and where clocks fall back a new one begins.
///
/// Only `start_of`, `date_of`, the functions of hours and `offset_at` know the time zone; only `numbers` and `first_of`
/// know the calendar, and [`Calendar::name`] what its months are called.
///
/// It is exact for every instant of the years 1900 to 2200 and far around them; what lies more than 260,000 years
/// away is taken for the last instant before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    zone: Tz,
    calendar: CalendarName,
    week_start: WeekStart,
}

/// A date as its calendar counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numbers {
    year: i32,
    /// 1 to 12.
    month: u32,
    /// 1 to 31.
    day: u32,
}

impl Numbers {
    /// 1 to 4.
    const fn quarter(self) -> u32 {
        self.month.div_ceil(3)
    }
}

impl Calendar {
    /// The calendar of a definition's reports.
    #[must_use]
    pub const fn of(definition: &Definition) -> Self {
        Self::new(definition.time_zone.0, definition.calendar, definition.week_start)
    }

    /// A calendar by the clocks of a time zone.
    #[must_use]
    pub const fn new(zone: Tz, calendar: CalendarName, week_start: WeekStart) -> Self {
        Self { zone, calendar, week_start }
    }

    /// The Gregorian calendar in UTC, weeks beginning on Monday.
    #[must_use]
    pub const fn utc_gregorian() -> Self {
        Self::new(Tz::UTC, CalendarName::Gregorian, WeekStart::Monday)
    }

    /// The period in which an instant (microseconds since 1970) lies.
    #[must_use]
    pub fn period_of(&self, interval: Interval, micros: i64) -> Period {
        if interval == Interval::Hour {
            return self.hour_of(micros);
        }
        let first = self.first_date(interval, self.date_of(micros));
        Period { start: self.start_of(first), end: self.start_of(self.following(interval, first)) }
    }

    /// The period that begins where `period` ends.
    #[must_use]
    pub fn next(&self, interval: Interval, period: &Period) -> Period {
        self.period_of(interval, period.end)
    }

    /// What a period is called: `2026-01-03T08+03:30` an hour, `2026-01-03` a day and a week (its first day),
    /// `2026-01` a month, `2026-Q1` a quarter, `2026` a year, in the numbers of its calendar. An offset of seconds, as
    /// before standard time, is written with them.
    #[must_use]
    pub fn label(&self, interval: Interval, period: &Period) -> String {
        let date = self.first_numbers(interval, period);
        let (year, month, day) = (date.year, date.month, date.day);
        match interval {
            Interval::Hour => {
                let hour = self.hour_shown(period.start);
                format!("{year:04}-{month:02}-{day:02}T{hour:02}{}", self.offset_at(period.start))
            }
            Interval::Day | Interval::Week => format!("{year:04}-{month:02}-{day:02}"),
            Interval::Month => format!("{year:04}-{month:02}"),
            Interval::Quarter => format!("{year:04}-Q{}", date.quarter()),
            Interval::Year => format!("{year:04}"),
        }
    }

    /// The day of the week, from 1, and the hour, from 0, that clocks show at an instant.
    #[must_use]
    pub fn hour_of_week(&self, micros: i64) -> (u32, u32) {
        let weekday = zone::date_at(self.zone, micros).weekday();
        (weekday.days_since(self.first_weekday()) + 1, self.hour_shown(micros))
    }

    /// What a day of the week, from 1, is called: `Mon`, `Tue` and so on.
    #[must_use]
    pub fn weekday_name(&self, weekday: u32) -> String {
        self.weekday(weekday).to_string()
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
        zone::first_at(self.zone, zone::midnight(date))
    }

    /// The date in whose day an instant lies: the one that clocks show, unless they have shown a later one before.
    fn date_of(&self, micros: i64) -> NaiveDate {
        let shown = zone::date_at(self.zone, micros);
        shown.succ_opt().filter(|next| self.start_of(*next) <= micros).unwrap_or(shown)
    }

    /// The hour in which an instant lies.
    fn hour_of(&self, micros: i64) -> Period {
        let offset = zone::offset_at(self.zone, micros);
        let shown = zone::local_at(self.zone, micros).div_euclid(HOUR);
        let start = shown.saturating_mul(HOUR).saturating_sub(offset);
        let end = (shown + 1).saturating_mul(HOUR).saturating_sub(offset);
        Period { start: self.hour_start(start, micros), end: self.hour_end(end, micros) }
    }

    /// Where the hour of an instant begins, if it would at `start` had clocks not changed since.
    fn hour_start(&self, start: i64, micros: i64) -> i64 {
        let (before, now) = (zone::offset_at(self.zone, start), zone::offset_at(self.zone, micros));
        if before == now {
            return start;
        }
        let change = zone::change_between(self.zone, start, micros);
        // Clocks that skipped the beginning begin with the change, as does each hour at which they fell back.
        let began = start + now - before;
        if before < now { began.min(change) } else { change }
    }

    /// Where the hour of an instant ends, if it would at `end` should clocks not change before.
    fn hour_end(&self, end: i64, micros: i64) -> i64 {
        let (now, after) = (zone::offset_at(self.zone, micros), zone::offset_at(self.zone, end.saturating_sub(1)));
        if now == after {
            return end;
        }
        let change = zone::change_between(self.zone, micros, end.saturating_sub(1));
        if now < after { change.max(end + now - after) } else { change }
    }

    /// The hour that clocks show, 0 to 23.
    fn hour_shown(&self, micros: i64) -> u32 {
        zone::moment(zone::local_at(self.zone, micros)).hour()
    }

    /// How far clocks are from UTC, such as `+03:30`.
    fn offset_at(&self, micros: i64) -> String {
        let offset = zone::offset_at(self.zone, micros);
        let (sign, seconds) = (if offset < 0 { '-' } else { '+' }, offset.abs() / 1_000_000);
        let minutes = format!("{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
        if seconds % 60 == 0 { minutes } else { format!("{minutes}:{:02}", seconds % 60) }
    }

    /// The date with which a period begins; of an hour, the one that clocks show.
    fn first_numbers(&self, interval: Interval, period: &Period) -> Numbers {
        let first = match interval {
            Interval::Hour => zone::date_at(self.zone, period.start),
            _ => self.first_date(interval, self.date_of(period.start)),
        };
        self.numbers(first)
    }

    /// The first date of the period in which `date` lies.
    fn first_date(&self, interval: Interval, date: NaiveDate) -> NaiveDate {
        let numbers = || self.numbers(date);
        let first = match interval {
            Interval::Hour | Interval::Day => Some(date),
            Interval::Week => date.week(self.first_weekday()).checked_first_day(),
            Interval::Month => self.first_of(numbers().year, numbers().month),
            Interval::Quarter => self.first_of(numbers().year, numbers().quarter() * 3 - 2),
            Interval::Year => self.first_of(numbers().year, 1),
        };
        first.unwrap_or(NaiveDate::MIN)
    }

    /// The first date of the period after the one that begins with `first`.
    fn following(&self, interval: Interval, first: NaiveDate) -> NaiveDate {
        let after = match interval {
            Interval::Hour | Interval::Day => first.checked_add_days(Days::new(1)),
            Interval::Week => first.checked_add_days(Days::new(7)),
            Interval::Month => self.months_after(first, 1),
            Interval::Quarter => self.months_after(first, 3),
            Interval::Year => self.months_after(first, 12),
        };
        after.unwrap_or(NaiveDate::MAX)
    }

    /// The first date of the month that comes so many months, at most twelve, after a date's.
    fn months_after(&self, date: NaiveDate, months: u32) -> Option<NaiveDate> {
        let Numbers { year, month, .. } = self.numbers(date);
        let month = month + months;
        if month > 12 { self.first_of(year + 1, month - 12) } else { self.first_of(year, month) }
    }

    /// A date in the numbers of the calendar.
    fn numbers(&self, date: NaiveDate) -> Numbers {
        match self.calendar {
            CalendarName::Gregorian => Numbers { year: date.year(), month: date.month(), day: date.day() },
            CalendarName::Jalali => {
                let Jalali { year, month, day } = Jalali::of(date);
                Numbers { year, month: month.into(), day: day.into() }
            }
        }
    }

    /// The first date of a month of the calendar.
    fn first_of(&self, year: i32, month: u32) -> Option<NaiveDate> {
        match self.calendar {
            CalendarName::Gregorian => NaiveDate::from_ymd_opt(year, month, 1),
            CalendarName::Jalali => Jalali { year, month: u8::try_from(month).ok()?, day: 1 }.gregorian(),
        }
    }

    /// A day of the week, from 1.
    fn weekday(&self, weekday: u32) -> Weekday {
        (1..weekday).fold(self.first_weekday(), |day, _| day.succ())
    }

    const fn first_weekday(&self) -> Weekday {
        match self.week_start {
            WeekStart::Monday => Weekday::Mon,
            WeekStart::Saturday => Weekday::Sat,
            WeekStart::Sunday => Weekday::Sun,
        }
    }
}

/// Reads a date, `YYYY-MM-DD`: a year from 1200 to 1599 is of the Solar Hijri calendar, from 1600 Gregorian. `None` of
/// any other text, and of a date that there is not.
#[must_use]
pub fn read_date(text: &str) -> Option<NaiveDate> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = <[&str; 3]>::try_from(parts).ok()?;
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let number = digits::<u16>;
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    match year {
        1600.. => NaiveDate::from_ymd_opt(year.into(), month.into(), day.into()),
        1200..=1599 => {
            let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
            Jalali { year: year.into(), month, day }.gregorian()
        }
        _ => None,
    }
}
