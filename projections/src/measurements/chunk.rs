//! Tables of measurements: chunks of up to 64 Ki of one kind and one UTC month, as columns.
//!
//! A measurement is written once. What becomes of it later is a position in a column of its own, written at most once
//! (0: not yet), so that what stood at any earlier position can still be seen.

use crate::ticket_facts::{InForce, Micros};
use chrono::{DateTime, Datelike as _};
use daftar_eventlog::Position;
use std::collections::BTreeMap;

/// How many measurements a chunk holds.
pub const CHUNK_ROWS: usize = 1 << 16;

/// The columns of one kind's own values.
pub trait Columns: Default {
    /// One measurement's values.
    type Row;

    /// Adds a measurement's values.
    fn push(&mut self, row: Self::Row);
}

/// Declares the values of a kind of measurement, as a row and as columns.
macro_rules! columns {
    ($(#[$doc:meta])* $row:ident, $columns:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $row { $($(#[$field_doc])* pub $field: $type,)* }

        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub struct $columns { $($(#[$field_doc])* pub $field: Vec<$type>,)* }

        impl $crate::measurements::chunk::Columns for $columns {
            type Row = $row;

            #[allow(unused_variables, reason = "a kind may have no values of its own")]
            fn push(&mut self, row: $row) {
                $(self.$field.push(row.$field);)*
            }
        }
    };
}
pub(crate) use columns;

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
    chunk: u32,
    row: u16,
}

/// Up to 64 Ki measurements of one kind and one UTC month.
#[derive(Debug, Clone)]
pub struct Chunk<C> {
    /// The month of all its instants: months since January of year 0.
    pub month: i32,
    /// What every measurement has.
    pub moments: Moments,
    /// What this kind has.
    pub values: C,
    first: Micros,
    last: Micros,
}

/// All measurements of one kind.
#[derive(Debug, Clone)]
pub struct Table<C> {
    chunks: Vec<Chunk<C>>,
    filling: BTreeMap<i32, u32>,
}

impl<C> Default for Table<C> {
    fn default() -> Self {
        Self { chunks: Vec::new(), filling: BTreeMap::new() }
    }
}

impl<C: Columns> Table<C> {
    /// Adds a measurement.
    pub(crate) fn push(&mut self, moment: Moment, values: C::Row) -> Location {
        let number = self.chunk_for(month_of(moment.at));
        let chunk = &mut self.chunks[number as usize];
        // A chunk being filled has fewer than 64 Ki rows, so the number fits.
        let row = u16::try_from(chunk.moments.at.len()).unwrap_or(u16::MAX);
        chunk.first = chunk.first.min(moment.at);
        chunk.last = chunk.last.max(moment.at);
        chunk.moments.push(moment);
        chunk.values.push(values);
        Location { chunk: number, row }
    }

    /// The chunks that may hold instants from `from` to before `to`.
    pub fn chunks(&self, from: Micros, to: Micros) -> impl Iterator<Item = &Chunk<C>> {
        self.chunks.iter().filter(move |chunk| chunk.first < to && from <= chunk.last)
    }

    /// How many measurements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.moments.at.len()).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Writes a late position, unless one is written already.
    pub(crate) fn mark(&mut self, location: Location, column: impl FnOnce(&mut C) -> &mut Vec<Position>, at: Position) {
        let chunk = &mut self.chunks[location.chunk as usize];
        let late = &mut column(&mut chunk.values)[usize::from(location.row)];
        if *late == Position::ZERO {
            *late = at;
        }
    }

    /// The number of the chunk that takes the next measurement of `month`.
    fn chunk_for(&mut self, month: i32) -> u32 {
        let filling = self.filling.get(&month).copied();
        if let Some(number) = filling.filter(|n| self.chunks[*n as usize].moments.at.len() < CHUNK_ROWS) {
            return number;
        }
        // Memory ends long before 4 billion chunks.
        let number = u32::try_from(self.chunks.len()).unwrap_or(u32::MAX);
        let (moments, values) = (Moments::default(), C::default());
        self.chunks.push(Chunk { month, moments, values, first: Micros::MAX, last: Micros::MIN });
        self.filling.insert(month, number);
        number
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
