//! Fact blocks: up to 4,096 consecutive events as rows with their facts behind them, the form in which folds read the log.
//!
//! A block is its bytes, whether mapped from `derived/` or built in memory from the tail; `docs/format.md` has the
//! layout. It carries no content, and each text of its facts once. Whoever gives facts of tickets a new schema version
//! gives blocks a new mark: facts with texts by number are read at today's version alone.

use crate::codec::listed::{EncodedFacts, TextList, Texts, write};
use crate::codec::{CodecError, EventType};
use crate::facts::Facts;
use crate::position::{Position, StreamNumber, Version};
use crate::stream::{StreamKind, StreamName};
use daftar_domain::Timestamp;
use std::ops::Range;
use std::sync::Arc;

/// How many events a whole block holds.
pub const BLOCK_EVENTS: usize = 4096;

/// Length of the header in bytes.
pub const HEADER_LEN: usize = 160;

/// Where the header's checksums begin: that of header and columns, then that of texts and facts.
const CHECKSUMS_AT: usize = 152;

mod facts;
mod rows;

use rows::{ROW_LEN, RowBytes, pair};

pub use facts::{BlockFacts, Fact};

const MAGIC: &[u8; 8] = b"DFTFACT3";

/// In the flags of a header: positions are listed.
const LISTS_POSITIONS: u32 = 1;
/// In the flags of a header: facts of tickets have texts by number.
const LISTS_TEXTS: u32 = 2;
/// In the flags of a header: events stand in the order of their streams' numbers.
const IS_BY_STREAM: u32 = 4;
/// In the flags of a header: no stream begins in the block but tickets.
const BEGINS_TICKETS: u32 = 8;

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
    columns: Columns,
    /// None: facts are as the log has them.
    texts: Option<Texts>,
}

#[derive(Debug, Clone, Copy)]
struct Columns {
    first: u64,
    rows: usize,
    flags: u32,
    listed_positions: bool,
    first_new_stream: u32,
    new_streams: usize,
    lowest_stream: u32,
    greatest_stream: u32,
    latest: i64,
    runs: usize,
    positions_at: usize,
    rows_at: usize,
    runs_at: usize,
    names_at: usize,
    texts_at: usize,
    facts_at: usize,
    /// How many texts are listed; none: facts are as the log has them.
    texts: Option<u32>,
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
        let columns = Columns::read((*bytes).as_ref().get(start..end).ok_or(BlockDamaged("it is cut off"))?, len)?;
        let section = start + columns.texts_at..start + columns.facts_at;
        let texts = columns.texts.map(|count| Texts::new(Arc::clone(&bytes), section, count));
        Ok(Self { bytes, start, len, columns, texts })
    }

    /// Verifies both checksums, names, texts and offsets.
    ///
    /// # Errors
    ///
    /// [`BlockDamaged`] when it is not what was written.
    pub fn verify(&self) -> Result<(), BlockDamaged> {
        self.verify_columns()?;
        let block = self.as_bytes();
        if crc32c::crc32c(&block[self.columns.texts_at..]) != u32_at(block, CHECKSUMS_AT + 4) {
            return Err(BlockDamaged("its checksum is wrong"));
        }
        self.columns.check_names(block)?;
        if !self.texts.as_ref().is_none_or(Texts::are_there) {
            return Err(BlockDamaged("its texts do not fit"));
        }
        self.columns.check_offsets(block)
    }

    /// Verifies header, rows and names, but not texts and facts: enough for whoever reads rows only.
    ///
    /// # Errors
    ///
    /// [`BlockDamaged`] when they are not what was written.
    pub fn verify_columns(&self) -> Result<(), BlockDamaged> {
        let block = self.as_bytes();
        let (header, rest) = block.split_at(HEADER_LEN);
        let is_whole = crc(header, &rest[..self.columns.texts_at - HEADER_LEN]) == u32_at(block, CHECKSUMS_AT);
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
        self.columns.rows
    }

    /// Position of its first event.
    #[must_use]
    pub fn first(&self) -> Position {
        Position(self.columns.first)
    }

    /// Position of its last event.
    #[must_use]
    pub fn last(&self) -> Position {
        self.columns.rows.checked_sub(1).map_or(Position(self.columns.first), |row| self.position(row))
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
        let (c, bytes) = (&self.columns, self.as_bytes());
        assert!(row < c.rows, "row {row} of a block of {}", c.rows);
        let runs = (0..c.runs).take_while(|run| c.run(bytes, *run).0 <= row);
        let recorded_at = runs.last().map_or(0, |run| c.run(bytes, run).1);
        self.read_row(row, recorded_at)
    }

    /// How the event at `row` hangs on the one before it in its stream: its distance in positions, 0 for the first.
    ///
    /// # Panics
    ///
    /// When the block has no such row.
    #[must_use]
    pub fn back(&self, row: usize) -> u32 {
        rows::back(&pair(self.columns.rows_of(self.as_bytes()), row)[0])
    }

    /// All its events in order.
    pub fn iter(&self) -> impl Iterator<Item = FactRow<'_>> {
        self.iter_from(0)
    }

    /// Its events after `position`, in order.
    pub fn iter_after(&self, position: Position) -> impl Iterator<Item = FactRow<'_>> {
        let skipped = if self.columns.listed_positions {
            (0..self.columns.rows).take_while(|row| self.position(*row) <= position).count()
        } else {
            let past = (position.0 + 1).saturating_sub(self.columns.first);
            usize::try_from(past).unwrap_or(usize::MAX).min(self.columns.rows)
        };
        self.iter_from(skipped)
    }

    fn iter_from(&self, start: usize) -> impl Iterator<Item = FactRow<'_>> {
        let bytes = self.as_bytes();
        let mut next_run = 0;
        let mut recorded_at = 0;
        (start..self.columns.rows).map(move |row| {
            while next_run < self.columns.runs && self.columns.run(bytes, next_run).0 <= row {
                recorded_at = self.columns.run(bytes, next_run).1;
                next_run += 1;
            }
            self.read_row(row, recorded_at)
        })
    }

    fn read_row(&self, row: usize, recorded_at: i64) -> FactRow<'_> {
        let (c, bytes) = (&self.columns, self.as_bytes());
        let [this, next] = pair(c.rows_of(bytes), row);
        let facts = &bytes[c.facts_at + rows::facts_at(this)..c.facts_at + rows::facts_at(next)];
        FactRow {
            position: c.position(bytes, row),
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
        let last = self.columns.runs.checked_sub(1);
        Timestamp::clamped(last.map_or(0, |run| self.columns.run(self.as_bytes(), run).1))
    }

    /// How many streams the log has up to the end of the block, where any begins in it.
    #[must_use]
    pub fn streams_after(&self) -> Option<usize> {
        let c = &self.columns;
        (c.new_streams > 0).then_some(c.first_new_stream as usize + c.new_streams)
    }

    fn each_row(&self) -> std::slice::Iter<'_, RowBytes> {
        self.columns.rows_of(self.as_bytes())[..self.columns.rows].iter()
    }

    /// Whether its header says that positions are listed, because there are gaps between them.
    pub(crate) fn lists_positions(&self) -> bool {
        self.columns.listed_positions
    }

    /// What its header says of all its events; where it has none, of one of stream 0 in 1970.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let c = &self.columns;
        Summary {
            lowest_stream: StreamNumber(c.lowest_stream),
            greatest_stream: StreamNumber(c.greatest_stream),
            is_by_stream: c.flags & IS_BY_STREAM != 0,
            latest: Timestamp::clamped(c.latest),
        }
    }

    /// The numbers of the streams that begin in it, where all of them are tickets; none: some are not.
    #[must_use]
    pub fn new_tickets(&self) -> Option<Range<u32>> {
        let c = &self.columns;
        let count = u32::try_from(c.new_streams).unwrap_or(u32::MAX);
        let numbers = c.first_new_stream..c.first_new_stream.saturating_add(count);
        (c.flags & BEGINS_TICKETS != 0).then_some(numbers)
    }

    /// The streams whose first event lies in this block, in order of their numbers.
    pub fn new_streams(&self) -> impl Iterator<Item = (StreamNumber, Result<StreamName, BlockDamaged>)> {
        let owned = |(kind, id): (StreamKind, &str)| StreamName { kind, id: id.into() };
        self.new_names().map(move |(number, name)| (number, name.map(owned)))
    }

    /// The same, each with its kind and its id as they stand there.
    pub fn new_names(&self) -> impl Iterator<Item = (StreamNumber, Result<(StreamKind, &str), BlockDamaged>)> {
        let names = &self.as_bytes()[self.columns.names_at..self.columns.texts_at];
        // Kinds and lengths are most often ASCII: where all of it is text, ids need not be looked through one by one.
        let text = std::str::from_utf8(names).ok();
        self.name_places().map(move |(number, kind, id)| {
            let id = text.and_then(|text| text.get(id.clone())).or_else(|| std::str::from_utf8(&names[id]).ok());
            (number, StreamKind::from_code(kind).zip(id).ok_or(BlockDamaged("a stream's name is not one")))
        })
    }

    /// As [`FactBlock::new_streams`], with the code of each kind and the bytes of each id as they stand there.
    pub(crate) fn names(&self) -> impl Iterator<Item = (StreamNumber, u8, &[u8])> {
        let names = &self.as_bytes()[self.columns.names_at..];
        self.name_places().map(|(number, kind, id)| (number, kind, &names[id]))
    }

    /// The same with where each id stands among the names.
    fn name_places(&self) -> impl Iterator<Item = (StreamNumber, u8, Range<usize>)> {
        let names = &self.as_bytes()[self.columns.names_at..];
        let mut at = 0;
        (self.columns.first_new_stream..).take(self.columns.new_streams).map(move |number| {
            let begin = at + 3;
            let (kind, len) = (names[at], usize::from(u16::from_le_bytes(array_at(names, at + 1))));
            at = begin + len;
            (StreamNumber(number), kind, begin..at)
        })
    }

    fn position(&self, row: usize) -> Position {
        self.columns.position(self.as_bytes(), row)
    }
}

impl std::fmt::Debug for FactBlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FactBlock({}..={})", self.first(), self.last())
    }
}

impl Columns {
    /// Finds the columns of a block of that length by its header, and checks that every offset stays inside the block.
    fn read(block: &[u8], len: usize) -> Result<Self, BlockDamaged> {
        if FactBlock::stated_len(block) != Some(len) {
            return Err(BlockDamaged("its header is wrong"));
        }
        let (rows, runs) = (u32_at(block, 16) as usize, u32_at(block, 32) as usize);
        let flags = u32_at(block, 20);
        let listed_positions = flags & LISTS_POSITIONS != 0;
        let positions_at = HEADER_LEN;
        let rows_at = positions_at + if listed_positions { 8 * rows } else { 0 };
        let runs_at = rows_at + ROW_LEN * (rows + 1);
        let names_at = runs_at + 16 * runs;
        let texts_at = names_at + u32_at(block, 36) as usize;
        let facts_at = texts_at + u32_at(block, 128) as usize;
        let new_streams = u32_at(block, 28) as usize;
        if rows > BLOCK_EVENTS || facts_at > len {
            return Err(BlockDamaged("its columns do not fit"));
        }
        Ok(Self {
            first: u64::from_le_bytes(array_at(block, 8)),
            rows,
            flags,
            listed_positions,
            first_new_stream: u32_at(block, 24),
            new_streams,
            lowest_stream: u32_at(block, 136),
            greatest_stream: u32_at(block, 140),
            latest: i64::from_le_bytes(array_at(block, 144)),
            runs,
            positions_at,
            rows_at,
            runs_at,
            names_at,
            texts_at,
            facts_at,
            texts: (flags & LISTS_TEXTS != 0).then(|| u32_at(block, 132)),
        })
    }

    fn position(&self, bytes: &[u8], row: usize) -> Position {
        if self.listed_positions {
            Position(u64::from_le_bytes(array_at(bytes, self.positions_at + 8 * row)))
        } else {
            Position(self.first + row as u64)
        }
    }

    /// First row and time of a run of events recorded at one instant.
    fn run(&self, bytes: &[u8], run: usize) -> (usize, i64) {
        let at = self.runs_at + 16 * run;
        (u32_at(bytes, at) as usize, i64::from_le_bytes(array_at(bytes, at + 8)))
    }

    /// The rows, and what stands behind the last.
    #[inline]
    fn rows_of<'a>(&self, bytes: &'a [u8]) -> &'a [RowBytes] {
        bytes[self.rows_at..self.runs_at].as_chunks().0
    }

    fn check_names(&self, block: &[u8]) -> Result<(), BlockDamaged> {
        let mut at = self.names_at;
        for _ in 0..self.new_streams {
            let length = block.get(at + 1..at + 3).ok_or(BlockDamaged("its names do not fit"))?;
            at += 3 + usize::from(u16::from_le_bytes([length[0], length[1]]));
        }
        if at == self.texts_at { Ok(()) } else { Err(BlockDamaged("its names do not fit")) }
    }

    fn check_offsets(&self, block: &[u8]) -> Result<(), BlockDamaged> {
        let mut end = 0;
        // All of them are looked at: that costs less than to stop at the first that falls.
        let rise = |rises, row| {
            let before = std::mem::replace(&mut end, rows::facts_at(row));
            rises & (before <= end)
        };
        if self.rows_of(block).iter().fold(true, rise) && self.facts_at + end == block.len() {
            Ok(())
        } else {
            Err(BlockDamaged("its facts do not fit"))
        }
    }
}

/// Builds a block event by event.
#[derive(Debug, Default)]
pub struct BlockBuilder {
    first: u64,
    rows: u32,
    positions: Vec<u64>,
    runs: Vec<u8>,
    run_count: u32,
    last_recorded_at: Option<i64>,
    first_new_stream: u32,
    new_streams: u32,
    names: Vec<u8>,
    stored: Encoded,
    listed: Encoded,
    texts: TextList,
    /// Whether facts came that cannot be listed with texts by number.
    is_unlisted: bool,
    summary: Option<Summary>,
    last_stream: Option<StreamNumber>,
    /// Whether a stream began that is no ticket.
    begins_others: bool,
}

/// Rows and facts of some events, one behind the other.
#[derive(Debug, Default)]
struct Encoded {
    rows: Vec<u8>,
    facts: Vec<u8>,
}

impl Encoded {
    /// The row of one more event, and where its facts go.
    fn begin(&mut self, row: &StoredRow<'_>) -> &mut Vec<u8> {
        self.rows.extend(rows::bytes(row, len_u32(&self.facts)));
        &mut self.facts
    }
}

impl BlockBuilder {
    /// Whether the block is whole.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows as usize == BLOCK_EVENTS
    }

    /// Whether nothing was added yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Adds the next event; `new_stream` is its stream's name where this is the stream's first event.
    pub fn push(&mut self, row: &StoredRow<'_>, new_stream: Option<&StreamName>) {
        if self.rows == 0 {
            self.first = row.position.0;
        }
        self.positions.push(row.position.0);
        if self.last_recorded_at != Some(row.recorded_at.micros()) {
            self.last_recorded_at = Some(row.recorded_at.micros());
            self.runs.extend(self.rows.to_le_bytes());
            self.runs.extend(0u32.to_le_bytes());
            self.runs.extend(row.recorded_at.micros().to_le_bytes());
            self.run_count += 1;
        }
        if let Some(name) = new_stream {
            self.push_name(row.stream, name);
        }
        self.push_facts(row);
        self.sum_up(row);
        self.rows += 1;
    }

    fn sum_up(&mut self, row: &StoredRow<'_>) {
        let (stream, latest) = (row.stream, row.occurred_at);
        let alone = Summary { lowest_stream: stream, greatest_stream: stream, is_by_stream: true, latest };
        let before = self.last_stream.replace(stream);
        self.summary = Some(self.summary.map_or(alone, |all| Summary {
            lowest_stream: all.lowest_stream.min(stream),
            greatest_stream: all.greatest_stream.max(stream),
            is_by_stream: all.is_by_stream && before <= Some(stream),
            latest: all.latest.max(latest),
        }));
    }

    fn push_facts(&mut self, row: &StoredRow<'_>) {
        self.stored.begin(row).extend(row.facts);
        // Where only some were listed nobody could tell which; then all stay as the log has them.
        let to = self.listed.begin(row);
        self.is_unlisted =
            self.is_unlisted || write(row.event_type, row.schema, row.facts, &mut self.texts, to).is_none();
    }

    fn push_name(&mut self, stream: StreamNumber, name: &StreamName) {
        if self.new_streams == 0 {
            self.first_new_stream = stream.0;
        }
        debug_assert_eq!(self.first_new_stream + self.new_streams, stream.0, "stream numbers rise without gaps");
        self.new_streams += 1;
        self.begins_others |= name.kind != StreamKind::Ticket;
        self.names.push(name.kind.code());
        self.names.extend(u16::try_from(name.id.len()).unwrap_or(u16::MAX).to_le_bytes());
        self.names.extend(name.id.as_bytes());
    }

    /// The block's bytes.
    #[must_use]
    pub fn finish(mut self, origin: &BlockOrigin) -> Vec<u8> {
        let (mut encoded, texts) = if self.is_unlisted {
            (self.stored, TextList::default())
        } else {
            (self.listed, std::mem::take(&mut self.texts))
        };
        encoded.rows.extend(rows::end(len_u32(&encoded.facts)));
        let (count, texts) = (texts.len(), texts.section());
        let dense = self.positions.iter().zip(self.first..).all(|(position, expected)| *position == expected);
        let positions: Vec<u8> =
            if dense { Vec::new() } else { self.positions.iter().flat_map(|p| p.to_le_bytes()).collect() };
        let columns = [&positions, &encoded.rows, &self.runs, &self.names, &texts, &encoded.facts];
        let payload_len = columns.iter().map(|c| c.len()).sum::<usize>();
        let mut block = Vec::with_capacity(HEADER_LEN + payload_len);
        block.extend(MAGIC);
        block.extend(self.first.to_le_bytes());
        let summary = self.summary.unwrap_or(Summary {
            lowest_stream: StreamNumber(0),
            greatest_stream: StreamNumber(0),
            is_by_stream: true,
            latest: Timestamp::clamped(0),
        });
        let flag = |is_set, flag| if is_set { flag } else { 0 };
        let flags = flag(!dense, LISTS_POSITIONS)
            | flag(!self.is_unlisted, LISTS_TEXTS)
            | flag(summary.is_by_stream, IS_BY_STREAM)
            | flag(!self.begins_others, BEGINS_TICKETS);
        for field in [self.rows, flags, self.first_new_stream, self.new_streams, self.run_count] {
            block.extend(field.to_le_bytes());
        }
        block.extend(len_u32(&self.names).to_le_bytes());
        block.extend(u32::try_from(payload_len).unwrap_or(u32::MAX).to_le_bytes());
        block.extend(origin.epoch.to_le_bytes());
        block.extend(origin.log_id);
        block.extend(origin.chain_before);
        block.extend(origin.chain_after);
        block.extend(len_u32(&texts).to_le_bytes());
        block.extend(count.to_le_bytes());
        block.extend(summary.lowest_stream.0.to_le_bytes());
        block.extend(summary.greatest_stream.0.to_le_bytes());
        block.extend(summary.latest.micros().to_le_bytes());
        block.extend([0; HEADER_LEN - CHECKSUMS_AT]);
        for column in columns {
            block.extend(column);
        }
        let texts_at = block.len() - encoded.facts.len() - texts.len();
        let of_facts = crc32c::crc32c(&block[texts_at..]);
        let of_columns = crc(&block[..HEADER_LEN], &block[HEADER_LEN..texts_at]);
        block[CHECKSUMS_AT..CHECKSUMS_AT + 4].copy_from_slice(&of_columns.to_le_bytes());
        block[CHECKSUMS_AT + 4..HEADER_LEN].copy_from_slice(&of_facts.to_le_bytes());
        block
    }
}

/// The checksum of header and columns: CRC32C over the header without the checksums, then the columns.
fn crc(header: &[u8], columns: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&header[..CHECKSUMS_AT]), columns)
}

#[inline]
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

/// The `N` bytes at `at`; callers have checked that they are there.
#[inline]
fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

/// Blocks hold at most 4,096 events of at most 1 MB, so their parts stay under 4 GB.
fn len_u32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{decode_facts, encode};
    use crate::facts::TicketAssigned;

    const ORIGIN: BlockOrigin = BlockOrigin { log_id: [7; 16], epoch: 1, chain_before: [1; 32], chain_after: [2; 32] };

    fn row(position: u64, facts: &[u8]) -> StoredRow<'_> {
        StoredRow {
            position: Position(position),
            version: Version(1),
            stream: StreamNumber(u32::try_from(position).unwrap()),
            back: u32::try_from(position % 2).unwrap(),
            occurred_at: Timestamp::clamped(-5),
            recorded_at: Timestamp::clamped(i64::try_from(position / 3).unwrap()),
            event_type: EventType::TICKET_ASSIGNED,
            schema: 1,
            facts,
        }
    }

    /// The facts of an assignment; every third is to the same agent.
    fn assigned(position: u64) -> Vec<u8> {
        let agent = if position.is_multiple_of(3) { "رضا".to_owned() } else { format!("agent-{position}") };
        encode("facts", &TicketAssigned { agent: Some(&agent) }).unwrap()
    }

    fn block_of(positions: &[u64], facts: impl Fn(u64) -> Vec<u8>) -> Vec<u8> {
        let mut builder = BlockBuilder::default();
        for p in positions {
            builder.push(&row(*p, &facts(*p)), None);
        }
        builder.push_name(StreamNumber(0), &StreamName::ticket("تهران-1"));
        builder.finish(&ORIGIN)
    }

    fn parse(bytes: Vec<u8>) -> Result<FactBlock, BlockDamaged> {
        let len = bytes.len();
        FactBlock::parse(Arc::new(bytes), 0, len)
    }

    #[test]
    fn rows_come_back_as_they_were_pushed() {
        for positions in [vec![5, 6, 7, 8], vec![5, 9, 10, 40]] {
            let block = parse(block_of(&positions, assigned)).unwrap();
            for ((n, position), read) in positions.iter().enumerate().zip(block.iter()) {
                let stored = assigned(*position);
                let pushed = row(*position, &stored);
                let expected = FactRow {
                    position: pushed.position,
                    version: pushed.version,
                    stream: pushed.stream,
                    back: pushed.back,
                    occurred_at: pushed.occurred_at,
                    recorded_at: pushed.recorded_at,
                    event_type: pushed.event_type,
                    schema: pushed.schema,
                    facts: read.facts,
                };
                assert_eq!(read, expected);
                assert_eq!(read.decode(), decode_facts(EventType::TICKET_ASSIGNED, 1, &stored));
                assert_eq!(block.facts().fact(n), Fact::from(&read));
                assert_eq!((block.back(n), block.facts().run_end(n)), (read.back, n + 1));
            }
            assert_eq!(block.rows(), positions.len());
            assert_eq!(block.iter_after(Position(positions[1])).next().unwrap().position.0, positions[2]);
            assert_eq!(block.row(2), block.iter().nth(2).unwrap());
            assert_eq!(block.new_streams().next().unwrap().1.unwrap(), StreamName::ticket("تهران-1"));
            assert_eq!(block.origin(), ORIGIN);
        }
    }

    #[test]
    fn a_block_with_facts_that_do_not_decode_has_all_as_they_are_stored() {
        let facts = |position: u64| if position == 2 { vec![7] } else { assigned(position) };
        let block = parse(block_of(&[1, 2, 3], facts)).unwrap();
        for row in block.iter() {
            let stored = facts(row.position.0);
            assert_eq!(row.facts, EncodedFacts::stored(&stored));
            assert_eq!(row.decode(), decode_facts(EventType::TICKET_ASSIGNED, 1, &stored));
        }
    }

    #[test]
    fn a_header_sums_up_all_events() {
        let streams_and_instants = [(4, 30), (4, -7), (6, 90), (5, 20), (1, 90)];
        for count in 1..=streams_and_instants.len() {
            let mut builder = BlockBuilder::default();
            for (position, (stream, at)) in (1..).zip(&streams_and_instants[..count]) {
                let mut row = row(position, &[]);
                (row.stream, row.occurred_at) = (StreamNumber(*stream), Timestamp::clamped(*at));
                builder.push(&row, None);
            }
            let (lowest, greatest, is_by_stream, latest) =
                [(4, 4, true, 30), (4, 4, true, 30), (4, 6, true, 90), (4, 6, false, 90), (1, 6, false, 90)][count - 1];
            let (lowest_stream, greatest_stream) = (StreamNumber(lowest), StreamNumber(greatest));
            let expected = Summary { lowest_stream, greatest_stream, is_by_stream, latest: Timestamp::clamped(latest) };
            assert_eq!(parse(builder.finish(&ORIGIN)).unwrap().summary(), expected);
        }
    }

    #[test]
    fn new_tickets_are_told_where_nothing_else_begins() {
        let mut builder = BlockBuilder::default();
        for number in 7..10 {
            builder.push_name(StreamNumber(number), &StreamName::ticket(&number.to_string()));
        }
        assert_eq!(parse(builder.finish(&ORIGIN)).unwrap().new_tickets(), Some(7..10));
        let mut builder = BlockBuilder::default();
        builder.push_name(StreamNumber(3), &StreamName::ticket("3"));
        builder.push_name(StreamNumber(4), &StreamName { kind: StreamKind::Log, id: "epoch".into() });
        assert_eq!(parse(builder.finish(&ORIGIN)).unwrap().new_tickets(), None);
    }

    #[test]
    fn rows_between_two_positions_are_those_whose_positions_lie_there() {
        for positions in [vec![5, 6, 7, 8], vec![5, 9, 10, 40]] {
            let block = parse(block_of(&positions, assigned)).unwrap();
            for (after, until) in (0..45).flat_map(|after| (0..45).map(move |until| (after, until))) {
                let rows = block.facts().rows_between(Position(after), Position(until)).unwrap();
                let expected: Vec<_> = positions.iter().filter(|p| after < **p && **p <= until).copied().collect();
                assert_eq!(&positions[rows], expected, "after {after} up to {until}");
            }
        }
        let falling = parse(block_of(&[5, 9, 7, 40], assigned)).unwrap();
        assert_eq!(falling.facts().rows_between(Position(0), Position(50)), None);
        assert_eq!(falling.facts().rows_between(Position(5), Position(9)), None);
    }

    #[test]
    fn names_are_text_whether_their_lengths_are_or_not() {
        let ids = ["a", "تهران-1", &"b".repeat(200), &"ج".repeat(300), ""];
        for count in 1..=ids.len() {
            let (mut builder, mut damaged) = (BlockBuilder::default(), BlockBuilder::default());
            for (number, id) in (0..).zip(&ids[..count]) {
                builder.push_name(StreamNumber(number), &StreamName::ticket(id));
                damaged.push_name(StreamNumber(number), &StreamName::ticket(id));
            }
            // The first half of a letter, and a kind that there is none of.
            damaged.names.extend([&[0, 1, 0, 0xd8][..], &[255, 1, 0, b'a']].concat());
            damaged.new_streams += 2;
            let names: Vec<_> = parse(builder.finish(&ORIGIN)).unwrap().new_streams().map(|(_, name)| name).collect();
            assert_eq!(names, ids[..count].iter().map(|id| Ok(StreamName::ticket(id))).collect::<Vec<_>>());
            let damaged = parse(damaged.finish(&ORIGIN)).unwrap();
            let is_name: Vec<_> = damaged.new_names().map(|(_, name)| name.is_ok()).collect();
            assert_eq!(is_name, [vec![true; count], vec![false; 2]].concat());
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let good = block_of(&[1, 2, 3], assigned);
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(bad).is_err(), "bit {bit}");
        }
    }
}
