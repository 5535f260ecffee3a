//! Instants as people read them: on the definition's calendar, the date only where it is another than the last told.

use super::words::{Moment, Words};
use crate::business_time::zone::{SECOND, date_at, local_at};
use crate::definition::document::Definition;
use crate::report::periods::{Calendar, Interval, Language};
use crate::ticket_facts::Micros;
use chrono::NaiveDate;
use chrono_tz::Tz;

/// Tells instants one after another.
pub(super) struct Times<'a> {
    definition: &'a Definition,
    language: Language,
    words: &'a dyn Words,
    last: Option<NaiveDate>,
}

impl<'a> Times<'a> {
    pub(super) fn new(definition: &'a Definition, language: Language, words: &'a dyn Words) -> Self {
        Self { definition, language, words, last: None }
    }

    /// An instant by the clocks of reports.
    pub(super) fn at(&mut self, at: Micros) -> String {
        self.by(self.definition.time_zone.0, at)
    }

    /// An instant by the clocks of a zone, which is named where reports have another.
    pub(super) fn by(&mut self, zone: Tz, at: Micros) -> String {
        let date = date_at(zone, at);
        let told = self.last.replace(date) == Some(date);
        let name = (!told).then(|| self.date(zone, at));
        let other = (zone != self.definition.time_zone.0).then(|| zone.name());
        self.words.moment(&Moment { date: name, time: &time(zone, at), zone: other })
    }

    /// The day of the week and the date.
    fn date(&self, zone: Tz, at: Micros) -> (String, String) {
        let calendar = Calendar::new(zone, self.definition.calendar, self.definition.week_start);
        let (weekday, _) = calendar.hour_of_week(at);
        let weekday = match self.language {
            Language::English => calendar.weekday_name(weekday),
            Language::Persian => calendar.weekday_in(weekday, self.language).to_owned(),
        };
        (weekday, calendar.name(Interval::Day, &calendar.period_of(Interval::Day, at), self.language))
    }
}

/// Hours and minutes that clocks show, and seconds where there are any.
fn time(zone: Tz, at: Micros) -> String {
    let seconds = local_at(zone, at).div_euclid(SECOND).rem_euclid(86_400);
    let minutes = format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 == 0 { minutes } else { format!("{minutes}:{:02}", seconds % 60) }
}
