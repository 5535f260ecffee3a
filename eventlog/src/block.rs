//! Fact blocks: up to 4,096 consecutive events as rows with their facts behind them, the form in which folds read the log.
//!
//! A block is its bytes, whether mapped from `derived/` or built in memory from the tail; `docs/format.md` has the
//! layout. It carries no content, and each text of its facts once. Whoever gives facts of tickets a new schema version
//! gives blocks a new mark: facts with texts by number are read at today's version alone.

mod builder;
mod facts;
mod header;
mod rows;
#[cfg(test)]
mod tests;

use crate::codec::listed::{EncodedFacts, Texts};
use crate::codec::{CodecError, EventType};
use crate::facts::Facts;
use crate::position::{Position, StreamNumber, Version};
use crate::stream::{StreamKind, StreamName};
use daftar_domain::Timestamp;
use header::{BEGINS_TICKETS, CHECKSUMS_AT, Header, IS_BY_STREAM, MAGIC, array_at, crc, u32_at};
use rows::{RowBytes, pair};
use std::ops::Range;
use std::sync::Arc;

pub use builder::BlockBuilder;
pub use facts::{BlockFacts, Fact};
pub use header::HEADER_LEN;

/// How many events a whole block holds.
pub const BLOCK_EVENTS: usize = 4096;

/// One event of a block.
pub type FactRow<'a> = Row<EncodedFacts<'a>>;

/// One event to be put into a block, with its facts as the log has them.
pub type StoredRow<'a> = Row<&'a [u8]>;

/// One event, its facts encoded in some way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<F> {
    /// Where it stands in the log.
    pub position: Position,
    /// Where it stands in its stream.
    pub version: Version,
    /// Its stream, by number.
    pub stream: StreamNumber,
    /// How many events of the log lie between it and the one before it in its stream, plus one; 0: it is the first.
    pub back: u32,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When the log accepted it.
    pub recorded_at: Timestamp,
    /// Its type.
    pub event_type: EventType,
    /// The schema version of its facts.
    pub schema: u8,
    /// Its facts, encoded.
    pub facts: F,
}

impl<'a> FactRow<'a> {
    /// Its facts, decoded.
    ///
    /// # Errors
    ///
    /// [`CodecError`] as [`EncodedFacts::decode`] has it.
    pub fn decode(&self) -> Result<Facts<'a>, CodecError> {
        self.facts.decode(self.event_type, self.schema)
    }
}

/// A block that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a fact block is damaged: {0}")]
pub struct BlockDamaged(pub &'static str);

/// Which log, and which of its epochs, a block belongs to, and the chain around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockOrigin {
    /// The log's id.
    pub log_id: [u8; 16],
    /// The log's epoch.
    pub epoch: u32,
    /// The chain value before its first event.
    pub chain_before: [u8; 32],
    /// The chain value after its last event.
    pub chain_after: [u8; 32],
}

/// A block, and whether it was verified.
#[derive(Debug, Clone)]
pub struct FoundBlock {
    /// The block.
    pub block: FactBlock,
    /// Whether it was seen to be what was written; else only its header is there for sure.
    pub is_verified: bool,
}

/// What the header of a block says of all its events, so that nobody has to look at each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The lowest number of a stream that it has events of.
    pub lowest_stream: StreamNumber,
    /// The greatest.
    pub greatest_stream: StreamNumber,
    /// Whether events stand in the order of their streams' numbers.
    pub is_by_stream: bool,
    /// When the latest of the events happened.
    pub latest: Timestamp,
}

/// Up to 4,096 consecutive events: a row each, then the facts of all.
#[derive(Clone)]
pub struct FactBlock {
    bytes: Arc<dyn AsRef<[u8]> + Send + Sync>,
    start: usize,
    len: usize,
    header: Header,
    /// None: facts are as the log has them.
    texts: Option<Texts>,
}

impl FactBlock {
    /// Reads a block from bytes that hold exactly one.
    ///
    /// # Errors
    ///
    /// [`BlockDamaged`] when a checksum or the layout is wrong.
    pub fn parse(bytes: Arc<dyn AsRef<[u8]> + Send + Sync>, start: usize, len: usize) -> Result<Self, BlockDamaged> {
        let block = Self::parse_unverified(bytes, start, len)?;
        block.verify()?;
        Ok(block)
    }

    /// As [`FactBlock::parse`], but checksums and offsets are left to [`FactBlock::verify`], which must say yes before
    /// anything but the header is believed.
    pub(crate) fn parse_unverified(
        bytes: Arc<dyn AsRef<[u8]> + Send + Sync>,
        start: usize,
        len: usize,
    ) -> Result<Self, BlockDamaged> {
        let end = start.checked_add(len).ok_or(BlockDamaged("it is cut off"))?;
        let header = Header::read((*bytes).as_ref().get(start..end).ok_or(BlockDamaged("it is cut off"))?, len)?;
        let section = start + header.texts_at..start + header.facts_at;
        let texts = header.texts.map(|count| Texts::new(Arc::clone(&bytes), section, count));
        Ok(Self { bytes, start, len, header, texts })
    }

    /// Verifies both checksums, names, texts and offsets.
    ///
    /// # Errors
    ///
    /// [`BlockDamaged`] when it is not what was written.
    pub fn verify(&self) -> Result<(), BlockDamaged> {
        self.verify_rows()?;
        let block = self.as_bytes();
        if crc32c::crc32c(&block[self.header.texts_at..]) != u32_at(block, CHECKSUMS_AT + 4) {
            return Err(BlockDamaged("its checksum is wrong"));
        }
        self.header.check_names(block)?;
        if !self.texts.as_ref().is_none_or(Texts::are_there) {
            return Err(BlockDamaged("its texts do not fit"));
        }
        self.header.check_offsets(block)
    }

    /// Verifies header, rows and names, but not texts and facts: enough for whoever reads rows only.
    ///
    /// # Errors
    ///
    /// [`BlockDamaged`] when they are not what was written.
    pub fn verify_rows(&self) -> Result<(), BlockDamaged> {
        let block = self.as_bytes();
        let (header, rest) = block.split_at(HEADER_LEN);
        let is_whole = crc(header, &rest[..self.header.texts_at - HEADER_LEN]) == u32_at(block, CHECKSUMS_AT);
        if is_whole { Ok(()) } else { Err(BlockDamaged("its checksum is wrong")) }
    }

    /// The length in bytes that the header at the start of `bytes` states for its block; `None` when it is no header.
    #[must_use]
    pub fn stated_len(bytes: &[u8]) -> Option<usize> {
        let header = bytes.get(..HEADER_LEN)?;
        (&header[..8] == MAGIC).then(|| HEADER_LEN + u32_at(header, 40) as usize)
    }

    /// The same as one of some blocks, with a number among them, from 1: whoever remembers a text by its number in a block
    /// tells blocks by that.
    #[must_use]
    pub fn numbered(mut self, number: u32) -> Self {
        self.texts.iter_mut().for_each(|texts| texts.number(number));
        self
    }

    /// The block's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &(*self.bytes).as_ref()[self.start..self.start + self.len]
    }

    /// How many events it holds.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.header.rows
    }

    /// Position of its first event.
    #[must_use]
    pub fn first(&self) -> Position {
        Position(self.header.first)
    }

    /// Position of its last event.
    #[must_use]
    pub fn last(&self) -> Position {
        self.header.rows.checked_sub(1).map_or(Position(self.header.first), |row| self.position(row))
    }

    /// Which log it belongs to, and the chain around it.
    #[must_use]
    pub fn origin(&self) -> BlockOrigin {
        let b = self.as_bytes();
        BlockOrigin {
            log_id: array_at(b, 48),
            epoch: u32_at(b, 44),
            chain_before: array_at(b, 64),
            chain_after: array_at(b, 96),
        }
    }

    /// The event at `row`, counted from 0.
    ///
    /// # Panics
    ///
    /// When the block has no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> FactRow<'_> {
        let (header, bytes) = (&self.header, self.as_bytes());
        assert!(row < header.rows, "row {row} of a block of {}", header.rows);
        let runs = (0..header.runs).take_while(|run| header.run(bytes, *run).0 <= row);
        let recorded_at = runs.last().map_or(0, |run| header.run(bytes, run).1);
        self.read_row(row, recorded_at)
    }

    /// How the event at `row` hangs on the one before it in its stream: its distance in positions, 0 for the first.
    ///
    /// # Panics
    ///
    /// When the block has no such row.
    #[must_use]
    pub fn back(&self, row: usize) -> u32 {
        rows::back(&pair(self.header.rows_of(self.as_bytes()), row)[0])
    }

    /// All its events in order.
    pub fn iter(&self) -> impl Iterator<Item = FactRow<'_>> {
        self.iter_from(0)
    }

    /// Its events after `position`, in order.
    pub fn iter_after(&self, position: Position) -> impl Iterator<Item = FactRow<'_>> {
        let skipped = if self.header.listed_positions {
            (0..self.header.rows).take_while(|row| self.position(*row) <= position).count()
        } else {
            let past = (position.0 + 1).saturating_sub(self.header.first);
            usize::try_from(past).unwrap_or(usize::MAX).min(self.header.rows)
        };
        self.iter_from(skipped)
    }

    fn iter_from(&self, start: usize) -> impl Iterator<Item = FactRow<'_>> {
        let bytes = self.as_bytes();
        let mut next_run = 0;
        let mut recorded_at = 0;
        (start..self.header.rows).map(move |row| {
            while next_run < self.header.runs && self.header.run(bytes, next_run).0 <= row {
                recorded_at = self.header.run(bytes, next_run).1;
                next_run += 1;
            }
            self.read_row(row, recorded_at)
        })
    }

    fn read_row(&self, row: usize, recorded_at: i64) -> FactRow<'_> {
        let (header, bytes) = (&self.header, self.as_bytes());
        let [this, next] = pair(header.rows_of(bytes), row);
        let facts = &bytes[header.facts_at + rows::facts_at(this)..header.facts_at + rows::facts_at(next)];
        FactRow {
            position: header.position(bytes, row),
            version: rows::version(this),
            stream: rows::stream(this),
            back: rows::back(this),
            occurred_at: rows::occurred_at(this),
            recorded_at: Timestamp::clamped(recorded_at),
            event_type: rows::event_type(this),
            schema: rows::schema(this),
            facts: EncodedFacts::of_block(facts, self.texts.as_ref()),
        }
    }

    /// The types of its events, in order. This and the like cost no look at facts.
    pub fn types(&self) -> impl ExactSizeIterator<Item = EventType> {
        self.each_row().map(rows::event_type)
    }

    /// When its events happened, in order.
    pub fn occurred_at(&self) -> impl ExactSizeIterator<Item = Timestamp> {
        self.each_row().map(rows::occurred_at)
    }

    /// The streams of its events, in order.
    pub fn streams(&self) -> impl ExactSizeIterator<Item = StreamNumber> {
        self.each_row().map(rows::stream)
    }

    /// The versions of its events in their streams, in order.
    pub fn versions(&self) -> impl ExactSizeIterator<Item = Version> {
        self.each_row().map(rows::version)
    }

    /// When the log accepted its last event.
    #[must_use]
    pub fn last_recorded_at(&self) -> Timestamp {
        let last = self.header.runs.checked_sub(1);
        Timestamp::clamped(last.map_or(0, |run| self.header.run(self.as_bytes(), run).1))
    }

    /// How many streams the log has up to the end of the block, where any begins in it.
    #[must_use]
    pub fn streams_after(&self) -> Option<usize> {
        let header = &self.header;
        (header.new_streams > 0).then_some(header.first_new_stream as usize + header.new_streams)
    }

    fn each_row(&self) -> std::slice::Iter<'_, RowBytes> {
        self.header.rows_of(self.as_bytes())[..self.header.rows].iter()
    }

    /// Whether its header says that positions are listed, because there are gaps between them.
    pub(crate) fn lists_positions(&self) -> bool {
        self.header.listed_positions
    }

    /// What its header says of all its events; where it has none, of one of stream 0 in 1970.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let header = &self.header;
        Summary {
            lowest_stream: StreamNumber(header.lowest_stream),
            greatest_stream: StreamNumber(header.greatest_stream),
            is_by_stream: header.flags & IS_BY_STREAM != 0,
            latest: Timestamp::clamped(header.latest),
        }
    }

    /// The numbers of the streams that begin in it, where all of them are tickets; none: some are not.
    #[must_use]
    pub fn new_tickets(&self) -> Option<Range<u32>> {
        let header = &self.header;
        let count = u32::try_from(header.new_streams).unwrap_or(u32::MAX);
        let numbers = header.first_new_stream..header.first_new_stream.saturating_add(count);
        (header.flags & BEGINS_TICKETS != 0).then_some(numbers)
    }

    /// The streams whose first event lies in this block, in order of their numbers.
    pub fn new_streams(&self) -> impl Iterator<Item = (StreamNumber, Result<StreamName, BlockDamaged>)> {
        let owned = |(kind, id): (StreamKind, &str)| StreamName { kind, id: id.into() };
        self.new_names().map(move |(number, name)| (number, name.map(owned)))
    }

    /// The same, each with its kind and its id as they stand there.
    pub fn new_names(&self) -> impl Iterator<Item = (StreamNumber, Result<(StreamKind, &str), BlockDamaged>)> {
        let names = &self.as_bytes()[self.header.names_at..self.header.texts_at];
        // Kinds and lengths are most often ASCII: where all of it is text, ids need not be looked through one by one.
        let text = std::str::from_utf8(names).ok();
        self.name_places().map(move |(number, kind, id)| {
            let id = text.and_then(|text| text.get(id.clone())).or_else(|| std::str::from_utf8(&names[id]).ok());
            (number, StreamKind::from_code(kind).zip(id).ok_or(BlockDamaged("a stream's name is not one")))
        })
    }

    /// As [`FactBlock::new_streams`], with the code of each kind and the bytes of each id as they stand there.
    pub(crate) fn names(&self) -> impl Iterator<Item = (StreamNumber, u8, &[u8])> {
        let names = &self.as_bytes()[self.header.names_at..];
        self.name_places().map(|(number, kind, id)| (number, kind, &names[id]))
    }

    /// The same with where each id stands among the names.
    fn name_places(&self) -> impl Iterator<Item = (StreamNumber, u8, Range<usize>)> {
        let names = &self.as_bytes()[self.header.names_at..];
        let mut at = 0;
        (self.header.first_new_stream..).take(self.header.new_streams).map(move |number| {
            let begin = at + 3;
            let (kind, len) = (names[at], usize::from(u16::from_le_bytes(array_at(names, at + 1))));
            at = begin + len;
            (StreamNumber(number), kind, begin..at)
        })
    }

    fn position(&self, row: usize) -> Position {
        self.header.position(self.as_bytes(), row)
    }
}

impl std::fmt::Debug for FactBlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FactBlock({}..={})", self.first(), self.last())
    }
}
