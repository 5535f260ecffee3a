//! The facts of a block's events in any order: its columns, found once and read by row.

use super::{FactBlock, FactRow, u32_at};
use crate::codec::EventType;
use crate::position::{Position, StreamNumber, Version};
use daftar_domain::Timestamp;
use std::ops::Range;

/// An event as folds read it: a row without what only the log asks of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact<'a> {
    /// Where it stands in the log.
    pub position: Position,
    /// Where it stands in its stream.
    pub version: Version,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Its type.
    pub event_type: EventType,
    /// The schema version of its facts.
    pub schema: u8,
    /// Its facts, encoded; see [`crate::codec::decode_facts`].
    pub facts: &'a [u8],
}

impl<'a> From<&FactRow<'a>> for Fact<'a> {
    fn from(row: &FactRow<'a>) -> Self {
        let FactRow { position, version, occurred_at, event_type, schema, facts, .. } = *row;
        Self { position, version, occurred_at, event_type, schema, facts }
    }
}

/// The columns of a block that folds read.
#[derive(Debug, Clone, Copy)]
pub struct BlockFacts<'a> {
    first: u64,
    /// None: positions follow each other.
    positions: Option<&'a [[u8; 8]]>,
    occurred_at: &'a [[u8; 8]],
    streams: &'a [[u8; 4]],
    versions: &'a [[u8; 4]],
    types: &'a [[u8; 2]],
    schemas: &'a [u8],
    /// Where the facts of each event begin, and those of the last end.
    offsets: &'a [[u8; 4]],
    facts: &'a [u8],
}

impl FactBlock {
    /// Its facts, to be read in any order.
    #[must_use]
    pub fn facts(&self) -> BlockFacts<'_> {
        let (c, bytes) = (&self.columns, self.as_bytes());
        BlockFacts {
            first: c.first,
            positions: c.listed_positions.then(|| column(bytes, c.positions_at, c.rows)),
            occurred_at: column(bytes, c.occurred_at, c.rows),
            streams: column(bytes, c.streams_at, c.rows),
            versions: column(bytes, c.versions_at, c.rows),
            types: column(bytes, c.types_at, c.rows),
            schemas: &bytes[c.schemas_at..c.schemas_at + c.rows],
            offsets: column(bytes, c.offsets_at, c.rows + 1),
            facts: &bytes[c.facts_at..],
        }
    }
}

fn column<const N: usize>(bytes: &[u8], at: usize, rows: usize) -> &[[u8; N]] {
    bytes[at..at + N * rows].as_chunks().0
}

impl<'a> BlockFacts<'a> {
    /// Where the event at `row` stands in the log.
    ///
    /// # Panics
    ///
    /// When there is no such row, and positions are listed.
    #[inline]
    #[must_use]
    pub fn position(&self, row: usize) -> Position {
        match self.positions {
            Some(positions) => Position(u64::from_le_bytes(positions[row])),
            None => Position(self.first + row as u64),
        }
    }

    /// The rows of the events after `after`, up to `until`; `None`: their positions do not rise.
    #[must_use]
    pub fn rows_between(&self, after: Position, until: Position) -> Option<Range<usize>> {
        let rows = self.schemas.len();
        let Some(listed) = self.positions else {
            let up_to = |position: Position| {
                let past = position.0.saturating_add(1).saturating_sub(self.first);
                usize::try_from(past).unwrap_or(usize::MAX).min(rows)
            };
            let start = up_to(after);
            return Some(start..up_to(until).max(start));
        };
        let position = |bytes: &[u8; 8]| Position(u64::from_le_bytes(*bytes));
        let start = listed.iter().take_while(|bytes| position(bytes) <= after).count();
        let wanted = listed[start..].iter().take_while(|bytes| position(bytes) <= until);
        let end = start + wanted.count();
        let rises = listed[start..end].windows(2).all(|pair| position(&pair[0]) < position(&pair[1]));
        rises.then_some(start..end)
    }

    /// How many events there are.
    #[inline]
    #[must_use]
    pub fn rows(&self) -> usize {
        self.schemas.len()
    }

    /// The stream of the event at `row`.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    #[inline]
    #[must_use]
    pub fn stream(&self, row: usize) -> StreamNumber {
        StreamNumber(u32::from_le_bytes(self.streams[row]))
    }

    /// The streams of the events at some rows.
    ///
    /// # Panics
    ///
    /// When there are no such rows.
    #[inline]
    pub fn streams(&self, rows: Range<usize>) -> impl Iterator<Item = StreamNumber> {
        self.streams[rows].iter().map(|stream| StreamNumber(u32::from_le_bytes(*stream)))
    }

    /// The first row behind `row` that is of another stream, or that there is not.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    #[inline]
    #[must_use]
    pub fn run_end(&self, row: usize) -> usize {
        let stream = self.streams[row];
        let mut end = row + 1;
        while self.streams.get(end) == Some(&stream) {
            end += 1;
        }
        end
    }

    /// When the events at some rows happened, in microseconds since 1970.
    ///
    /// # Panics
    ///
    /// When there are no such rows.
    #[inline]
    pub fn instants(&self, rows: Range<usize>) -> impl Iterator<Item = i64> {
        self.occurred_at[rows].iter().map(|at| Timestamp::clamped(i64::from_le_bytes(*at)).micros())
    }

    /// The event at `row`, counted from 0.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    // Always: handed on in memory, an event costs as much as finding it.
    #[inline(always)]
    #[must_use]
    pub fn fact(&self, row: usize) -> Fact<'a> {
        let (begin, end) = (u32_at(&self.offsets[row], 0) as usize, u32_at(&self.offsets[row + 1], 0) as usize);
        Fact {
            position: self.position(row),
            version: Version(u32::from_le_bytes(self.versions[row])),
            occurred_at: Timestamp::clamped(i64::from_le_bytes(self.occurred_at[row])),
            event_type: EventType(u16::from_le_bytes(self.types[row])),
            schema: self.schemas[row],
            facts: &self.facts[begin..end],
        }
    }
}
