//! One schedule: when it is in force, and when it is open.

use super::intervals::{Interval, difference, union};
use super::jalali::Jalali;
use super::zone::{self, DAY, MINUTE};
use crate::definition::document::{CalendarName, Holiday, Hours, Schedule, Weekday};
use crate::ticket_facts::Micros;
use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use std::collections::{BTreeMap, HashSet};

/// How many dates before and after a stretch of time can reach into it: hours go to the end of the next date, and
/// clocks are less than a day from UTC.
const REACH: Micros = 3 * DAY;

/// A schedule, prepared for questions.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) zone: Tz,
    calendar: CalendarName,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
    /// From Monday.
    weekly: [Vec<Hours>; 7],
    holidays: HashSet<NaiveDate>,
    /// Month and day.
    yearly: HashSet<(u32, u32)>,
    breaks: BTreeMap<NaiveDate, Vec<Hours>>,
    special: BTreeMap<NaiveDate, Vec<Hours>>,
}

impl Rules {
    pub(super) fn of(schedule: &Schedule) -> Self {
        let weekly = |index: usize| {
            let hours = Weekday::ALL.get(index).and_then(|weekday| schedule.weekly.get(weekday));
            hours.cloned().unwrap_or_default()
        };
        let (mut holidays, mut yearly) = (HashSet::new(), HashSet::new());
        for holiday in &schedule.holidays {
            match *holiday {
                Holiday::Date(date) => _ = holidays.insert(date),
                Holiday::Yearly { month, day } => _ = yearly.insert((month.into(), day.into())),
            }
        }
        Self {
            zone: schedule.time_zone.0,
            calendar: schedule.calendar,
            from: schedule.from,
            until: schedule.until,
            weekly: std::array::from_fn(weekly),
            holidays,
            yearly,
            breaks: schedule.breaks.clone(),
            special: schedule.special.clone(),
        }
    }

    /// Whether it is in force at an instant.
    pub(super) fn is_in_force(&self, at: Micros) -> bool {
        let date = zone::date_at(self.zone, at);
        self.from.is_none_or(|from| from <= date) && self.until.is_none_or(|until| date <= until)
    }

    /// When within a stretch of time it is in force.
    pub(super) fn in_force(&self, window: Interval) -> Vec<Interval> {
        let from = self.from.map_or(Micros::MIN, zone::midnight);
        let to = self.until.map_or(Micros::MAX, |until| zone::midnight(until) + DAY);
        zone::shown(self.zone, (from, to), window)
    }

    /// When it is open, in force or not; exact within the stretch of time, not around it.
    pub(super) fn open(&self, (from, to): Interval) -> Vec<Interval> {
        let first = zone::date_at(self.zone, from.saturating_sub(REACH));
        let last = zone::date_at(self.zone, to.saturating_add(REACH));
        let (mut open, mut closed) = (Vec::new(), Vec::new());
        for date in first.iter_days().take_while(|date| *date <= last) {
            if self.is_holiday(date) {
                let day = (zone::midnight(date), zone::midnight(date) + DAY);
                closed.extend(zone::shown(self.zone, day, (day.0 - DAY, day.1 + DAY)));
            } else {
                open.extend(self.hours_of(date).iter().map(|hours| self.stretch(date, *hours)));
            }
            closed.extend(self.breaks.get(&date).into_iter().flatten().map(|hours| self.stretch(date, *hours)));
        }
        difference(&union(open), &union(closed))
    }

    /// The hours that begin on a date which is no holiday.
    fn hours_of(&self, date: NaiveDate) -> &[Hours] {
        let weekly = || date.weekday().num_days_from_monday() as usize;
        self.special.get(&date).map_or_else(|| self.weekly[weekly()].as_slice(), Vec::as_slice)
    }

    fn is_holiday(&self, date: NaiveDate) -> bool {
        self.holidays.contains(&date) || (!self.yearly.is_empty() && self.yearly.contains(&self.month_and_day(date)))
    }

    fn month_and_day(&self, date: NaiveDate) -> (u32, u32) {
        match self.calendar {
            CalendarName::Gregorian => (date.month(), date.day()),
            CalendarName::Jalali => {
                let date = Jalali::of(date);
                (date.month.into(), date.day.into())
            }
        }
    }

    /// From the first time that clocks show the beginning to the last time that they show the end.
    fn stretch(&self, date: NaiveDate, hours: Hours) -> Interval {
        let local = |minutes: u16| zone::midnight(date) + Micros::from(minutes) * MINUTE;
        (zone::first_at(self.zone, local(hours.from)), zone::last_at(self.zone, local(hours.to)))
    }
}
