//! The instants at which a report looks at what stands open: each period's end, or the end of the report's time.

use super::Terms;
use super::periods::Period;
use super::query::Query;
use crate::ticket_facts::Micros;
use std::ops::Range;

/// One look at the state of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Instant {
    /// The start of the period it is looked at for; the earliest instant without an interval.
    period: Micros,
    /// Everything that happened before this is seen.
    before: Micros,
    /// The instant itself, which ages are measured up to.
    now: Micros,
}

impl Instant {
    fn of(period: Period, terms: &Terms, at: Micros) -> Self {
        let end = period.end.min(terms.to.unwrap_or(Micros::MAX));
        if end <= at {
            Self { period: period.start, before: end, now: end }
        } else {
            Self { period: period.start, before: at.saturating_add(1), now: at }
        }
    }
}

/// The instants of a report, none earlier than the one before it.
#[derive(Debug, Clone, Default)]
pub(super) struct Instants(Vec<Instant>);

impl Instants {
    /// One for each period from that of `from`, else of `first`, to that of `to`, else of `at`; without an interval the
    /// one at the end. What would lie after `at` is `at` itself.
    ///
    /// What happens at the end of a period is after it; what happens at `at` is not.
    pub(super) fn of(query: &Query, terms: &Terms, first: impl FnOnce() -> Option<Micros>) -> Self {
        let Some(interval) = query.interval else { return Self::at_end(terms) };
        let Some((at, first)) = terms.at.zip(terms.from.or_else(first)) else { return Self::default() };
        let last = terms.to.map_or(at, |to| to - 1);
        let periods = terms.calendar.periods(interval, first, last);
        Self(periods.map(|period| Instant::of(period, terms, at)).collect())
    }

    /// The one at the end of the report's time; none where nothing has happened.
    pub(super) fn at_end(terms: &Terms) -> Self {
        let all = Period { start: Micros::MIN, end: Micros::MAX };
        Self(terms.at.map(|at| Instant::of(all, terms, at)).into_iter().collect())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The start of the period that the instant with this number is for.
    pub(super) fn period(&self, number: usize) -> Micros {
        self.0[number].period
    }

    /// The instant with this number.
    pub(super) fn now(&self, number: usize) -> Micros {
        self.0[number].now
    }

    /// What happens from then on is not seen by the instant with this number.
    pub(super) fn before(&self, number: usize) -> Micros {
        self.0[number].before
    }

    /// What ended by then is seen by none of them; the earliest instant where there is none.
    pub(super) fn first_before(&self) -> Micros {
        self.0.first().map_or(Micros::MIN, |first| first.before)
    }

    /// What begins from then on is seen by none of them; the earliest instant where there is none.
    pub(super) fn last_before(&self) -> Micros {
        self.0.last().map_or(Micros::MIN, |last| last.before)
    }

    /// The start of the first period.
    pub(super) fn first_period(&self) -> Option<Micros> {
        self.0.first().map(|instant| instant.period)
    }

    /// The number of the instant for the period that starts then; its place among them where there is none.
    pub(super) fn number(&self, period: Micros) -> usize {
        self.0.partition_point(|instant| instant.period < period)
    }

    /// Which of them see a state that began at `from` and lasted to `to`, or lasts on.
    pub(super) fn during(&self, from: Micros, to: Option<Micros>) -> Range<usize> {
        let seen_by = |happened: Micros| self.0.partition_point(|instant| instant.before <= happened);
        seen_by(from)..to.map_or(self.0.len(), seen_by)
    }

    /// The first of them at which what began at `from` is as old as `age`.
    pub(super) fn aged(&self, from: Micros, age: Micros) -> usize {
        self.0.partition_point(|instant| instant.now - from < age)
    }
}
