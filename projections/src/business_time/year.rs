//! The open time of one year (of UTC), counted up so that a question is a search.

use super::intervals::{Interval, difference, intersection, union};
use super::rules::Rules;
use super::zone::DAY;
use crate::ticket_facts::Micros;

/// The first year that is exact.
const FIRST: i64 = 1900;
/// How many years are exact: to the end of 2200.
pub(super) const YEARS: usize = 301;
/// The beginning of each year, and the end of the last.
const STARTS: [Micros; YEARS + 1] = starts();
/// The first instant that is exact.
pub(super) const EARLIEST: Micros = STARTS[0];
/// The end of the last exact year.
pub(super) const LATEST: Micros = STARTS[YEARS];

const fn starts() -> [Micros; YEARS + 1] {
    // Days from 1970 back to 1900: seventy years, 17 of which have a leap day.
    let (mut starts, mut start, mut year, mut index) = ([0; YEARS + 1], -(70 * 365 + 17) * DAY, FIRST, 0);
    while index <= YEARS {
        starts[index] = start;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        start += if leap { 366 * DAY } else { 365 * DAY };
        year += 1;
        index += 1;
    }
    starts
}

/// The number of the year in which an instant between [`EARLIEST`] and [`LATEST`] lies; the end belongs to the last.
pub(super) fn number(at: Micros) -> usize {
    // A mean year is at most a day off after three hundred, so the guess is the year or a neighbour.
    let guess = usize::try_from((at - EARLIEST) / (365 * DAY + DAY * 97 / 400)).unwrap_or(0).min(YEARS - 1);
    if at < STARTS[guess] {
        guess.saturating_sub(1)
    } else if at >= STARTS[guess + 1] {
        (guess + 1).min(YEARS - 1)
    } else {
        guess
    }
}

/// An interval that is open.
#[derive(Debug)]
struct Open {
    start: Micros,
    end: Micros,
    /// Open time of the year before it.
    before: Micros,
}

/// The intervals of one year that are open.
#[derive(Debug)]
pub(super) struct Year {
    open: Box<[Open]>,
    total: Micros,
}

impl Year {
    /// Lays out a year under schedules, of which the first in force counts.
    pub(super) fn lay_out(schedules: &[&Rules], number: usize) -> Self {
        let window = (STARTS[number], STARTS[number + 1]);
        let (mut undecided, mut open) = (vec![window], Vec::new());
        for rules in schedules {
            let decided = intersection(&undecided, &union(rules.in_force(window)));
            if !decided.is_empty() {
                open.extend(intersection(&rules.open(window), &decided));
                undecided = difference(&undecided, &decided);
            }
        }
        // Where none is in force it is always open.
        open.extend(undecided);
        Self::of(union(open))
    }

    fn of(intervals: Vec<Interval>) -> Self {
        let mut total = 0;
        let count_up = |(start, end)| {
            let before = total;
            total += end - start;
            Open { start, end, before }
        };
        let open = intervals.into_iter().map(count_up).collect();
        Self { open, total }
    }

    /// The open time of the whole year.
    pub(super) fn total(&self) -> Micros {
        self.total
    }

    /// The open time of the year before an instant of it.
    pub(super) fn open_before(&self, at: Micros) -> Micros {
        let begun = self.open.partition_point(|open| open.start < at);
        let last = begun.checked_sub(1).and_then(|last| self.open.get(last));
        last.map_or(0, |open| open.before + at.min(open.end) - open.start)
    }

    /// The earliest instant before which there is so much open time (above zero) of the year.
    pub(super) fn when_open(&self, target: Micros) -> Option<Micros> {
        let short = self.open.partition_point(|open| open.before + open.end - open.start < target);
        self.open.get(short).map(|open| open.start + target - open.before)
    }

    /// The first interval that ends after an instant, as far as it does not lie before the instant.
    pub(super) fn open_since(&self, at: Micros) -> Option<Interval> {
        let ended = self.open.partition_point(|open| open.end <= at);
        self.open.get(ended).map(|open| (open.start.max(at), open.end))
    }
}
