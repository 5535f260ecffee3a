//! Business time: how much of a stretch of time is open, and when so much of it has passed.
//!
//! # Rules
//!
//! - Hours are half-open, several a day, past midnight and up to `24:00`, in the schedule's time zone. They begin when
//!   clocks first show their beginning and end when clocks last show their end; a time that clocks skip is the first
//!   moment after the gap. So a day open around the clock counts the time that really passed.
//! - A schedule matches a ticket whose branch and department stand in its lists; an empty list matches any value, and
//!   an absent value only an empty list. Of those that match, the first in force counts: the first whose `from` and
//!   `until` enclose, both inclusive, the date that clocks of its own zone show. So last year keeps last year's hours.
//!   Where none is in force it is always open.
//! - Holiday beats break beats special beats weekly. A holiday is closed as long as clocks show its date, and no hours
//!   begin on it, not even their part after midnight; hours that began the evening before stop at midnight. Breaks are
//!   taken away whatever is open then, as long a stretch as hours so written would be. Special hours replace those that
//!   begin on their date; none means closed.
//! - Yearly holidays are in the schedule's calendar; a year whose month does not have the day has none.
//! - A deadline that falls on closing time is that closing time. So many business days fall due at the same local time
//!   on the so-many-th later date that has open time, in the zone of the schedule in force at the beginning; at the
//!   next opening if it is closed then, as it is at closing time itself.
//!
//! It is exact for the years 1900 to 2200; what lies outside is never open, unless the class is always open.
//!
//! # Cost
//!
//! Schedules know nothing of tickets: a ticket keeps its [`ScheduleClass`]. A class lays out each year once, when first
//! asked about it. A question is then a search among that year's intervals, and an addition for each year between.

mod intervals;
pub(crate) mod jalali;
mod kinds;
mod rules;
mod year;
pub(crate) mod zone;

#[cfg(test)]
mod tests;

use crate::definition::document::Schedule;
use crate::ticket_facts::Micros;
use chrono_tz::Tz;
use kinds::Kinds;
use rules::Rules;
use std::sync::{Arc, OnceLock};
use year::{EARLIEST, LATEST, YEARS, Year};

/// Which tickets have the same schedules. The default is matched by none, so that it is always open.
///
/// It means something only to the [`Schedules`] that gave it, or to others of equal documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ScheduleClass(u32);

impl crate::columns::cell::Cell for ScheduleClass {
    fn to_bits(self) -> i64 {
        self.0.into()
    }

    fn from_bits(bits: i64) -> Self {
        Self(u32::try_from(bits).unwrap_or_default())
    }
}

/// The schedules of a definition, prepared for questions. A clone shares what was prepared.
#[derive(Debug, Clone)]
pub struct Schedules(Arc<Prepared>);

#[derive(Debug)]
struct Prepared {
    rules: Vec<Rules>,
    kinds: Kinds,
    classes: Vec<Class>,
}

#[derive(Debug)]
struct Class {
    /// The schedules that match, in order, as places among the rules.
    schedules: Vec<usize>,
    /// Each laid out when first asked about; which thread does so makes no difference.
    years: OnceLock<Box<[OnceLock<Year>]>>,
}

impl Schedules {
    /// Prepares the schedules of a definition, in the order in which it lists them.
    #[must_use]
    pub fn prepare(schedules: &[Schedule]) -> Self {
        let (kinds, matching) = Kinds::of(schedules);
        let class = |schedules| Class { schedules, years: OnceLock::new() };
        let classes = matching.into_iter().map(class).collect();
        Self(Arc::new(Prepared { rules: schedules.iter().map(Rules::of).collect(), kinds, classes }))
    }

    /// The class of tickets of a branch and department.
    #[must_use]
    pub fn class(&self, branch: Option<&str>, department: Option<&str>) -> ScheduleClass {
        // A definition that tells four billion classes apart would not fit into memory.
        ScheduleClass(u32::try_from(self.0.kinds.class(branch, department)).unwrap_or(0))
    }

    /// Whether no schedule matches the tickets of a class.
    #[must_use]
    pub fn is_always_open(&self, class: ScheduleClass) -> bool {
        self.scheduled(class).is_none()
    }

    /// Whether it is open at an instant.
    #[must_use]
    pub fn is_open(&self, class: ScheduleClass, at: Micros) -> bool {
        self.next_opening(class, at) == Some(at)
    }

    /// The microseconds between two instants that are open; 0 unless `to` is the later.
    #[must_use]
    pub fn open_between(&self, class: ScheduleClass, from: Micros, to: Micros) -> Micros {
        if to <= from {
            return 0;
        }
        let Some(scheduled) = self.scheduled(class) else { return to.saturating_sub(from) };
        let (from, to) = (from.clamp(EARLIEST, LATEST), to.clamp(EARLIEST, LATEST));
        let (first, last) = (year::number(from), year::number(to));
        let between: Micros = (first..last).map(|number| scheduled.year(number).total()).sum();
        between + scheduled.year(last).open_before(to) - scheduled.year(first).open_before(from)
    }

    /// The earliest instant before which `open` microseconds since `from` were open; `from` itself unless `open` is
    /// above zero, `None` if it is later than the year 2200.
    #[must_use]
    pub fn deadline(&self, class: ScheduleClass, from: Micros, open: Micros) -> Option<Micros> {
        if open <= 0 {
            return Some(from);
        }
        let Some(scheduled) = self.scheduled(class) else {
            return from.checked_add(open).filter(|deadline| *deadline < LATEST);
        };
        let from = from.clamp(EARLIEST, LATEST);
        let first = year::number(from);
        let mut target = scheduled.year(first).open_before(from).checked_add(open)?;
        for number in first..YEARS {
            let year = scheduled.year(number);
            if let Some(deadline) = year.when_open(target) {
                return Some(deadline).filter(|deadline| *deadline < LATEST);
            }
            target -= year.total();
        }
        None
    }

    /// When so many business days since `from` fall due, each a date that has open time; `None` if later than the year
    /// 2200. The dates are those of the schedule in force at `from`, else of the zone `otherwise`. Of a local time that
    /// comes twice the first is due. No days fall due at the next opening.
    #[must_use]
    pub fn business_days(&self, class: ScheduleClass, from: Micros, days: u32, otherwise: Tz) -> Option<Micros> {
        let zone = self.zone(class, from).unwrap_or(otherwise);
        let mut date = zone::date_at(zone, from);
        let time_of_day = zone::local_at(zone, from) - zone::midnight(date);
        let start = |date| zone::first_at(zone, zone::midnight(date));
        let mut left = days;
        while left > 0 {
            date = date.succ_opt().filter(|date| start(*date) < LATEST)?;
            let end = date.succ_opt().map_or(LATEST, start);
            left -= u32::from(self.open_between(class, start(date), end) > 0);
        }
        self.next_opening(class, zone::first_at(zone, zone::midnight(date) + time_of_day))
    }

    /// The first instant from `at` on that is open, `at` itself among them; `None` if later than the year 2200.
    #[must_use]
    pub fn next_opening(&self, class: ScheduleClass, at: Micros) -> Option<Micros> {
        let Some(scheduled) = self.scheduled(class) else { return Some(at) };
        scheduled.open_since(at).map(|(start, _)| start)
    }

    /// When it is open from an instant on, to the end of the year 2200: each from an opening, the first perhaps from
    /// `from`, to the next closing.
    pub fn open_periods(&self, class: ScheduleClass, from: Micros) -> impl Iterator<Item = (Micros, Micros)> {
        let period_since = move |at: Micros| match self.scheduled(class) {
            Some(scheduled) => scheduled.open_period_since(at),
            None => (at < LATEST).then_some((at, LATEST)),
        };
        std::iter::successors(period_since(from), move |(_, end)| period_since(*end))
    }

    /// The stretches between two instants that are open, in order: disjoint and never touching, so that their lengths
    /// sum up to [`Schedules::open_between`].
    pub fn open_within(
        &self,
        class: ScheduleClass,
        from: Micros,
        to: Micros,
    ) -> impl Iterator<Item = (Micros, Micros)> {
        let scheduled = self.scheduled(class);
        let always = (scheduled.is_none() && from < to).then_some((from, to));
        let next = move |at: Micros| {
            let (start, end) = scheduled?.open_period_since(at)?;
            (start < to).then(|| (start, end.min(to)))
        };
        always.into_iter().chain(std::iter::successors(next(from), move |(_, end)| next(*end)))
    }

    /// The time zone of the schedule in force at an instant; `None` where none is.
    #[must_use]
    pub fn zone(&self, class: ScheduleClass, at: Micros) -> Option<Tz> {
        self.scheduled(class)?.schedules().find(|rules| rules.is_in_force(at)).map(|rules| rules.zone)
    }

    /// The class with its schedules; `None` if it has none.
    fn scheduled(&self, class: ScheduleClass) -> Option<Scheduled<'_>> {
        let class = self.0.classes.get(usize::try_from(class.0).ok()?)?;
        (!class.schedules.is_empty()).then_some(Scheduled { rules: &self.0.rules, class })
    }
}

/// A class that some schedule matches.
#[derive(Clone, Copy)]
struct Scheduled<'a> {
    rules: &'a [Rules],
    class: &'a Class,
}

impl<'a> Scheduled<'a> {
    fn schedules(self) -> impl Iterator<Item = &'a Rules> {
        self.class.schedules.iter().filter_map(|index| self.rules.get(*index))
    }

    /// A year, laid out now if it was not before.
    fn year(self, number: usize) -> &'a Year {
        let years = self.class.years.get_or_init(|| (0..YEARS).map(|_| OnceLock::new()).collect());
        years[number].get_or_init(|| Year::lay_out(&self.schedules().collect::<Vec<_>>(), number))
    }

    /// The first interval of one year that ends after an instant, as far as it does not lie before it.
    fn open_since(self, at: Micros) -> Option<(Micros, Micros)> {
        let at = at.max(EARLIEST);
        (year::number(at.min(LATEST))..YEARS).find_map(|number| self.year(number).open_since(at))
    }

    /// The same, but ending at a closing, not at the end of a year.
    fn open_period_since(self, at: Micros) -> Option<(Micros, Micros)> {
        let (start, mut end) = self.open_since(at)?;
        while let Some((_, later)) = self.open_since(end).filter(|(next, _)| *next == end) {
            end = later;
        }
        Some((start, end))
    }
}
