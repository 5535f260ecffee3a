//! The facts of a block's events in any order: its rows, found once.

use super::rows::{self, RowBytes, pair};
use super::{FactBlock, FactRow};
use crate::codec::listed::{EncodedFacts, Texts};
use crate::codec::{CodecError, EventType};
use crate::facts::Facts;
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
    /// Its facts, encoded.
    pub facts: EncodedFacts<'a>,
}

impl<'a> Fact<'a> {
    /// Its facts, decoded.
    ///
    /// # Errors
    ///
    /// [`CodecError`] as [`EncodedFacts::decode`] has it.
    pub fn decode(&self) -> Result<Facts<'a>, CodecError> {
        self.facts.decode(self.event_type, self.schema)
    }
}

impl<'a> From<&FactRow<'a>> for Fact<'a> {
    fn from(row: &FactRow<'a>) -> Self {
        let FactRow { position, version, occurred_at, event_type, schema, facts, .. } = *row;
        Self { position, version, occurred_at, event_type, schema, facts }
    }
}

/// What folds read of a block.
#[derive(Debug, Clone, Copy)]
pub struct BlockFacts<'a> {
    first: u64,
    /// None: positions follow each other.
    positions: Option<&'a [[u8; 8]]>,
    /// One more than there are events.
    rows: &'a [RowBytes],
    facts: &'a [u8],
    /// Where facts have texts by number, those.
    texts: Option<&'a Texts>,
}

impl FactBlock {
    /// Its facts, to be read in any order.
    #[must_use]
    pub fn facts(&self) -> BlockFacts<'_> {
        let (header, bytes) = (&self.header, self.as_bytes());
        BlockFacts {
            first: header.first,
            positions: header.listed_positions.then(|| bytes[header.positions_at..header.rows_at].as_chunks().0),
            rows: header.rows_of(bytes),
            facts: &bytes[header.facts_at..],
            texts: self.texts.as_ref(),
        }
    }
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
        let rows = self.rows();
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
        self.rows.len() - 1
    }

    /// The stream of the event at `row`.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    #[inline]
    #[must_use]
    pub fn stream(&self, row: usize) -> StreamNumber {
        rows::stream(&self.rows[row])
    }

    /// The streams of the events at some rows.
    ///
    /// # Panics
    ///
    /// When there are no such rows.
    #[inline]
    pub fn streams(&self, rows: Range<usize>) -> impl Iterator<Item = StreamNumber> {
        self.rows[rows].iter().map(rows::stream)
    }

    /// The first row behind `row` that is of another stream, or that there is not.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    #[inline]
    #[must_use]
    pub fn run_end(&self, row: usize) -> usize {
        let of_others = self.rows[..self.rows()].split_at(row).1;
        let stream = rows::stream(&of_others[0]);
        row + of_others.iter().take_while(|row| rows::stream(row) == stream).count()
    }

    /// When the events at some rows happened, in microseconds since 1970.
    ///
    /// # Panics
    ///
    /// When there are no such rows.
    #[inline]
    pub fn instants(&self, rows: Range<usize>) -> impl Iterator<Item = i64> {
        self.rows[rows].iter().map(|row| rows::occurred_at(row).micros())
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
        let [this, next] = pair(self.rows, row);
        Fact {
            position: self.position(row),
            version: rows::version(this),
            occurred_at: rows::occurred_at(this),
            event_type: rows::event_type(this),
            schema: rows::schema(this),
            facts: EncodedFacts::of_block(&self.facts[rows::facts_at(this)..rows::facts_at(next)], self.texts),
        }
    }
}
