//! Where measurements stand in their table: told by their instants alone, in the order in which they come.

use crate::columns::rows::CHUNK_ROWS;
use crate::ticket_facts::Micros;
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime};
use std::collections::BTreeMap;
use std::ops::Range;

/// Where a measurement stands in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) chunk: u32,
    pub(crate) row: u16,
}

impl Location {
    /// Of a measurement that is not kept.
    pub(crate) const NOWHERE: Self = Self { chunk: 0, row: 0 };

    /// Of the measurement with that place in a batch, which is asked for before the batch is written.
    pub(super) fn in_batch(place: usize) -> Self {
        // What a few tickets measured is far less.
        Self { chunk: u32::try_from(place).unwrap_or(u32::MAX), row: 0 }
    }

    /// Its place in the batch.
    pub(super) fn place_in_batch(self) -> usize {
        self.chunk as usize
    }
}

/// Which instants a chunk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// Months since January of year 0.
    pub(super) month: i32,
    pub(super) first: Micros,
    pub(super) last: Micros,
    /// How many measurements it holds.
    pub(super) rows: u32,
}

impl Extent {
    fn is_full(&self) -> bool {
        CHUNK_ROWS <= self.rows as usize
    }
}

/// The places of a table that are taken. A copy tells where the next measurements will stand before they do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    /// By chunk.
    pub(super) extents: Vec<Extent>,
    /// The chunk that takes the next measurement of a month.
    filling: BTreeMap<i32, u32>,
    /// The chunk filled last.
    last: Filled,
    /// And the one before it.
    before: Filled,
}

/// A chunk that was filled.
#[derive(Debug, Clone, Default)]
struct Filled {
    chunk: u32,
    /// The instants of its month.
    month: Range<Micros>,
}

impl Places {
    /// The places of a table with these chunks.
    pub(super) fn of(extents: Vec<Extent>) -> Self {
        // Of the chunks of a month only the last can have room.
        let filling = extents.iter().zip(0..).map(|(extent, number)| (extent.month, number)).collect();
        Self { extents, filling, ..Self::default() }
    }

    /// Takes the place of the next measurement, which is of an instant.
    pub(crate) fn take(&mut self, at: Micros) -> Location {
        let chunk = self.chunk_at(at);
        let extent = &mut self.extents[chunk as usize];
        extent.first = extent.first.min(at);
        extent.last = extent.last.max(at);
        // A chunk being filled has fewer than 64 Ki rows, so the number fits.
        let row = u16::try_from(extent.rows).unwrap_or(u16::MAX);
        extent.rows += 1;
        Location { chunk, row }
    }

    /// Takes the places of the first of these measurements, those that go into one chunk: which, and how many they are;
    /// `None`: there are no measurements.
    pub(super) fn take_run<T>(&mut self, measured: &[T], at: impl Fn(&T) -> Micros) -> Option<(u32, usize)> {
        let chunk = self.chunk_at(at(measured.first()?));
        let extent = &mut self.extents[chunk as usize];
        let room = CHUNK_ROWS - extent.rows as usize;
        let (mut first, mut last, mut count) = (extent.first, extent.last, 0);
        for at in measured.iter().take(room).map(at).take_while(|at| self.last.month.contains(at)) {
            (first, last, count) = (first.min(at), last.max(at), count + 1);
        }
        (extent.first, extent.last) = (first, last);
        // They are at most as many as there is room for.
        extent.rows += u32::try_from(count).unwrap_or(u32::MAX);
        Some((chunk, count))
    }

    /// The number of the chunk that takes the next measurement of an instant.
    fn chunk_at(&mut self, at: Micros) -> u32 {
        // Most often it lies in the month of the one before, else in the month before that one.
        if !self.has_room(&self.last, at) {
            std::mem::swap(&mut self.last, &mut self.before);
            if !self.has_room(&self.last, at) {
                let month = month_of(at);
                self.last = Filled { chunk: self.chunk_for(month), month: start_of(month)..start_of(month + 1) };
            }
        }
        self.last.chunk
    }

    /// Whether a chunk takes the next measurement of an instant.
    #[inline]
    fn has_room(&self, filled: &Filled, at: Micros) -> bool {
        let is_full = || self.extents.get(filled.chunk as usize).is_none_or(Extent::is_full);
        filled.month.contains(&at) && !is_full()
    }

    /// The number of the chunk that takes the next measurement of `month`.
    fn chunk_for(&mut self, month: i32) -> u32 {
        let filling = self.filling.get(&month).copied();
        if let Some(number) = filling.filter(|number| !self.extents[*number as usize].is_full()) {
            return number;
        }
        // Memory ends long before 4 billion chunks.
        let number = u32::try_from(self.extents.len()).unwrap_or(u32::MAX);
        self.extents.push(Extent { month, first: Micros::MAX, last: Micros::MIN, rows: 0 });
        self.filling.insert(month, number);
        number
    }
}

/// Months from January of year 0 to the UTC month of an instant.
fn month_of(at: Micros) -> i32 {
    let date = DateTime::from_timestamp_micros(at).unwrap_or_default();
    date.year() * 12 + i32::try_from(date.month0()).unwrap_or(0)
}

/// The first instant of a UTC month, by its number from January of year 0.
fn start_of(month: i32) -> Micros {
    let first = NaiveDate::from_ymd_opt(month.div_euclid(12), month.rem_euclid(12).cast_unsigned() + 1, 1);
    first.map_or(0, |first| first.and_time(NaiveTime::MIN).and_utc().timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn places_taken_at_once_are_those_taken_one_by_one(hours in prop::collection::vec(0..4_000_i64, 0..40)) {
            let instants: Vec<Micros> = hours.iter().map(|hours| hours * 3_600_000_000).collect();
            let (mut at_once, mut one_by_one) = (Places::default(), Places::default());
            let mut left = &instants[..];
            while let Some((chunk, count)) = at_once.take_run(left, |at| *at) {
                prop_assert!(left[..count].iter().all(|at| one_by_one.take(*at).chunk == chunk));
                left = &left[count..];
            }
            prop_assert!(left.is_empty());
            prop_assert_eq!(at_once.extents, one_by_one.extents);
        }
    }

    #[test]
    fn a_month_begins_where_the_one_before_ends() {
        for month in 1900 * 12..2201 * 12 {
            let start = start_of(month);
            assert_eq!((month_of(start), month_of(start - 1)), (month, month - 1));
        }
    }
}
