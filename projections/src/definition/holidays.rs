//! For which years a definition's dated holidays are known, and what to say of a report that reaches beyond them.

use super::document::{CalendarName, Definition, Holiday, Schedule};
use chrono::{Datelike as _, NaiveDate};
use icu_calendar::Date;
use icu_calendar::cal::Persian;
use std::ops::RangeInclusive;

impl Definition {
    /// What a reader of a report on the dates `from` to `to`, both included, must know about the definition: years in
    /// which holidays are not known. A schedule with dated holidays is taken to know all those of the years from its
    /// first to its last; one with yearly ones alone knows every year.
    #[must_use]
    pub fn warnings(&self, from: NaiveDate, to: NaiveDate) -> Vec<String> {
        let in_business_days = self.targets.iter().any(|target| target.within.business_days().is_some());
        if !(in_business_days || self.folded().reads_schedules()) || to < from {
            return Vec::new();
        }
        self.schedules.iter().filter_map(|schedule| schedule.warning(from, to)).collect()
    }
}

impl Schedule {
    fn warning(&self, from: NaiveDate, to: NaiveDate) -> Option<String> {
        let known = self.known_years()?;
        let from = self.from.map_or(from, |valid| valid.max(from));
        let to = self.until.map_or(to, |valid| valid.min(to));
        let asked = self.year_of(from)?..=self.year_of(to)?;
        let before = *asked.start()..=*asked.end().min(&(known.start() - 1));
        let after = *asked.start().max(&(known.end() + 1))..=*asked.end();
        let unknown: Vec<_> =
            [before, after].iter().filter(|years| from <= to && !years.is_empty()).map(shown).collect();
        if unknown.is_empty() {
            return None;
        }
        Some(format!(
            "holidays of schedule {} are not known for {}: it names dates of {} only, so business time there may be too long",
            self.name,
            unknown.join(" and "),
            shown(&known)
        ))
    }

    /// The years of its calendar from the first dated holiday to the last; `None` where it has none.
    fn known_years(&self) -> Option<RangeInclusive<i32>> {
        let dated = self.holidays.iter().filter_map(|holiday| match holiday {
            Holiday::Date(date) => self.year_of(*date),
            Holiday::Yearly { .. } => None,
        });
        let (first, last) = dated.fold(None, |span: Option<(i32, i32)>, year| {
            span.map(|(first, last)| (first.min(year), last.max(year))).or(Some((year, year)))
        })?;
        Some(first..=last)
    }

    fn year_of(&self, date: NaiveDate) -> Option<i32> {
        match self.calendar {
            CalendarName::Gregorian => Some(date.year()),
            CalendarName::Jalali => {
                let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
                let iso = Date::try_new_iso(date.year(), month, day).ok()?;
                Some(iso.to_calendar(Persian).year().extended_year())
            }
        }
    }
}

fn shown(years: &RangeInclusive<i32>) -> String {
    let (first, last) = (years.start(), years.end());
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}
