//! Tables of measurements: chunks of up to 64 Ki of one kind and one UTC month, as columns.
//!
//! A measurement is written once. What becomes of it later is a position in a column of its own, written at most once
//! (0: not yet), so that what stood at any earlier position can still be seen.

use super::needs::Keeping;
use crate::checkpoint::{Reader, Writer};
use crate::columns::rows::{Chunk, Chunks, Columns, Room, columns};
use crate::ticket_facts::{InForce, Micros};
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime};
use daftar_eventlog::Position;
use std::collections::BTreeMap;
use std::ops::Range;

columns! {
    /// What every measurement has: when, on which ticket, what was in force, and since which position it stands.
    Moment, Moments {
        /// The instant, in microseconds since 1970.
        at: Micros,
        /// The ticket's number.
        ticket: u32,
        /// Branch.
        branch: u16,
        /// Department.
        department: u16,
        /// Priority, its stored number plus 1.
        priority: u8,
        /// Agent the figure is counted for.
        agent: u32,
        /// Set of tags.
        tags: u32,
        /// Closing reason.
        reason: u16,
        /// Form.
        form: u16,
        /// The position of the event that was measured.
        added: Position,
    }
}

impl Moment {
    /// A moment of `ticket` with `in_force`.
    #[must_use]
    pub fn new(at: Micros, ticket: u32, in_force: InForce, added: Position) -> Self {
        let InForce { branch, department, priority, agent, tags, reason, form } = in_force;
        Self { at, ticket, branch, department, priority, agent, tags, reason, form, added }
    }
}

/// Where a measurement stands in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) chunk: u32,
    pub(crate) row: u16,
}

impl Location {
    /// Of a measurement that is not kept.
    pub(crate) const NOWHERE: Self = Self { chunk: 0, row: 0 };
}

/// A thousand measurements or fewer.
#[derive(Debug, Clone, Default)]
pub struct Piece<C> {
    /// What every measurement has.
    pub moments: Moments,
    /// What this kind has.
    pub values: C,
}

impl<C: Columns> Columns for Piece<C> {
    type Row = (Moment, C::Row);

    fn len(&self) -> usize {
        self.moments.len()
    }

    fn row(&self, row: usize) -> Self::Row {
        (self.moments.row(row), self.values.row(row))
    }

    fn push(&mut self, (moment, values): Self::Row) {
        self.moments.push(moment);
        self.values.push(values);
    }

    fn reserve(&mut self, rows: usize) {
        self.moments.reserve(rows);
        self.values.reserve(rows);
    }

    fn seal(&mut self, twin: Option<&Self>) {
        self.moments.seal(twin.map(|twin| &twin.moments));
        self.values.seal(twin.map(|twin| &twin.values));
    }

    fn dump(&self, out: &mut Writer) {
        self.moments.dump(out);
        self.values.dump(out);
    }

    fn load(from: &mut Reader<'_>) -> Option<Self> {
        let (moments, values) = (Moments::load(from)?, C::load(from)?);
        (moments.len() == values.len()).then_some(Self { moments, values })
    }
}

/// Which instants a chunk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    /// Months since January of year 0.
    month: i32,
    first: Micros,
    last: Micros,
}

/// All measurements of one kind.
#[derive(Debug, Clone)]
pub struct Table<C> {
    chunks: Chunks<Piece<C>>,
    /// By chunk.
    extents: Vec<Extent>,
    /// The chunk that takes the next measurement of a month.
    filling: BTreeMap<i32, u32>,
    /// The chunk filled last.
    last: u32,
    /// The instants of its month.
    last_month: Range<Micros>,
    kept: Keeping,
}

impl<C> Default for Table<C> {
    fn default() -> Self {
        Self {
            chunks: Chunks::default(),
            extents: Vec::new(),
            filling: BTreeMap::new(),
            last: 0,
            last_month: 0..0,
            kept: Keeping::default(),
        }
    }
}

impl<C: Columns> Table<C> {
    /// Adds a measurement, where they are kept.
    #[inline]
    pub(crate) fn push(&mut self, moment: Moment, values: C::Row) -> Location {
        if self.kept.is_left_out() { Location::NOWHERE } else { self.push_kept(moment, values) }
    }

    fn push_kept(&mut self, moment: Moment, values: C::Row) -> Location {
        let number = self.chunk_at(moment.at);
        let extent = &mut self.extents[number as usize];
        extent.first = extent.first.min(moment.at);
        extent.last = extent.last.max(moment.at);
        // A chunk being filled has fewer than 64 Ki rows, so the number fits.
        let row = self.chunks.get(number as usize).map_or(0, Chunk::len);
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        self.chunks.push(number as usize, (moment, values));
        Location { chunk: number, row }
    }

    /// The chunks that may hold instants from `from` to before `to`, each with its month: months since January of year 0.
    pub fn chunks(&self, from: Micros, to: Micros) -> impl Iterator<Item = (i32, &Chunk<Piece<C>>)> {
        let all = if self.kept.is_readable() { &self.extents[..] } else { &[] };
        let extents = all.iter().zip(self.chunks.iter());
        let chunks = extents.filter(move |(extent, _)| extent.first < to && from <= extent.last);
        chunks.map(|(extent, chunk)| (extent.month, chunk))
    }

    /// The pieces that may hold instants from `from` to before `to`.
    pub fn pieces(&self, from: Micros, to: Micros) -> impl Iterator<Item = &Piece<C>> {
        self.chunks(from, to).flat_map(|(_, chunk)| chunk.pieces())
    }

    /// Every chunk with its earliest instant, the earliest first.
    pub fn chunks_by_first(&self) -> impl Iterator<Item = (Micros, &Chunk<Piece<C>>)> {
        let all = if self.kept.is_readable() { &self.extents[..] } else { &[] };
        let mut chunks: Vec<_> = all.iter().map(|extent| extent.first).zip(self.chunks.iter()).collect();
        chunks.sort_by_key(|(first, _)| *first);
        chunks.into_iter()
    }

    /// How many measurements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.is_readable();
        self.chunks.iter().map(Chunk::len).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_readable();
        self.chunks.is_empty()
    }

    /// The measurement at a location; `None`: there is none.
    pub(crate) fn get(&self, location: Location) -> Option<(Moment, C::Row)> {
        let chunk = self.chunks.get(location.chunk as usize).filter(|_| self.kept.is_readable())?;
        let (piece, row) = chunk.at(location.row.into());
        (row < piece.len()).then(|| piece.row(row))
    }

    /// Changes a measurement that is there, where they are kept.
    pub(crate) fn change(&mut self, location: Location, change: impl FnOnce(&mut Piece<C>, usize)) {
        if !self.kept.is_left_out() {
            self.chunks.change(location.chunk as usize, location.row.into(), change);
        }
    }

    /// Whether measurements are kept.
    pub(crate) fn is_kept(&self) -> bool {
        !self.kept.is_left_out()
    }

    /// Says whether measurements are kept, and what they may take without being packed; before the first.
    pub(crate) fn keep(&mut self, kept: Keeping, room: &Room) {
        self.kept = kept;
        self.chunks.stay_plain(room);
    }

    /// Shares with a twin what is packed from now on and equal there.
    pub(crate) fn beside(&mut self, twin: Option<&Self>) {
        self.chunks.beside(twin.map(|twin| &twin.chunks));
    }

    /// Writes every measurement down.
    pub(crate) fn dump(&self, out: &mut Writer) {
        for Extent { month, first, last } in &self.extents {
            out.number(1);
            [i64::from(*month), *first, *last].into_iter().for_each(|number| out.number(number.cast_unsigned()));
        }
        out.number(0);
        self.chunks.dump(out);
    }

    /// Reads what was written down; `None` where it is not that.
    pub(crate) fn load(from: &mut Reader<'_>) -> Option<Self> {
        let mut table = Self::default();
        while from.number()? == 1 {
            let (month, first, last) = (from.number()?, from.number()?, from.number()?);
            let month = i32::try_from(month.cast_signed()).ok()?;
            table.extents.push(Extent { month, first: first.cast_signed(), last: last.cast_signed() });
        }
        table.chunks = Chunks::load(from)?;
        // Of the chunks of a month only the last can have room.
        table.filling = table.extents.iter().zip(0..).map(|(extent, number)| (extent.month, number)).collect();
        (table.chunks.len() == table.extents.len()).then_some(table)
    }

    /// The number of the chunk that takes the next measurement of an instant.
    fn chunk_at(&mut self, at: Micros) -> u32 {
        // Most often it lies in the month of the one before.
        let has_room = || self.chunks.get(self.last as usize).is_some_and(|chunk| !chunk.is_full());
        if !(self.last_month.contains(&at) && has_room()) {
            let month = month_of(at);
            (self.last, self.last_month) = (self.chunk_for(month), start_of(month)..start_of(month + 1));
        }
        self.last
    }

    /// The number of the chunk that takes the next measurement of `month`.
    fn chunk_for(&mut self, month: i32) -> u32 {
        let filling = self.filling.get(&month).copied();
        if let Some(number) = filling.filter(|n| self.chunks.get(*n as usize).is_some_and(|chunk| !chunk.is_full())) {
            return number;
        }
        // Memory ends long before 4 billion chunks.
        let number = u32::try_from(self.chunks.len()).unwrap_or(u32::MAX);
        self.chunks.begin();
        self.extents.push(Extent { month, first: Micros::MAX, last: Micros::MIN });
        self.filling.insert(month, number);
        number
    }
}

/// Writes a late position into a column, unless one is written already.
pub(crate) fn mark(column: &mut crate::columns::column::Column<Position>, row: usize, at: Position) {
    if column.get(row) == Position::ZERO {
        column.set(row, at);
    }
}

/// Whether a late position had been written at `at`.
#[must_use]
pub fn written(late: Position, at: Position) -> bool {
    late != Position::ZERO && late <= at
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

    #[test]
    fn a_month_begins_where_the_one_before_ends() {
        for month in 1900 * 12..2201 * 12 {
            let start = start_of(month);
            assert_eq!((month_of(start), month_of(start - 1)), (month, month - 1));
        }
    }
}
