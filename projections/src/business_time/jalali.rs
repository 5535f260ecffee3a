//! Dates of the Solar Hijri calendar, whose year begins at Nowruz, as Unicode's calendars (`icu_calendar`) have them.

use chrono::{Datelike, NaiveDate};
use icu_calendar::Date;
use icu_calendar::cal::Persian;
use icu_calendar::types::RataDie;

/// A date of the Solar Hijri calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Jalali {
    /// Its year, such as 1404.
    pub(crate) year: i32,
    /// 1 (Farvardin) to 12.
    pub(crate) month: u8,
    /// 1 to 31.
    pub(crate) day: u8,
}

impl Jalali {
    /// What a Gregorian date is called.
    pub(crate) fn of(date: NaiveDate) -> Self {
        let date = Date::from_rata_die(RataDie::new(date.num_days_from_ce().into()), Persian);
        Self { year: date.year().extended_year(), month: date.month().ordinal, day: date.day_of_month().0 }
    }

    /// The Gregorian date; `None` where the month does not have the day.
    pub(crate) fn gregorian(self) -> Option<NaiveDate> {
        let date = Date::try_new_persian(self.year, self.month, self.day).ok()?;
        NaiveDate::from_num_days_from_ce_opt(i32::try_from(date.to_rata_die().to_i64_date()).ok()?)
    }
}
