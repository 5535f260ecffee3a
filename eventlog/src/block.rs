//! Fact blocks: up to 4,096 consecutive events as columns, the form in which folds read the log.
//!
//! A block is its bytes, whether mapped from `derived/` or built in memory from the tail; `docs/format.md` has the
//! layout. It carries no content.

use crate::codec::EventType;
use crate::position::{Position, StreamNumber, Version};
use crate::stream::{StreamKind, StreamName};
use daftar_domain::Timestamp;
use std::sync::Arc;

/// How many events a whole block holds.
pub const BLOCK_EVENTS: usize = 4096;

/// Length of the header in bytes.
pub const HEADER_LEN: usize = 136;

mod facts;

pub use facts::{BlockFacts, Fact};

const MAGIC: &[u8; 8] = b"DFTFACT2";

/// One event of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactRow<'a> {
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
    /// Its facts, encoded; see [`crate::codec::decode_facts`].
    pub facts: &'a [u8],
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

/// Up to 4,096 consecutive events as columns.
#[derive(Clone)]
pub struct FactBlock {
    bytes: Arc<dyn AsRef<[u8]> + Send + Sync>,
    start: usize,
    len: usize,
    columns: Columns,
}

#[derive(Debug, Clone, Copy)]
struct Columns {
    first: u64,
    rows: usize,
    listed_positions: bool,
    first_new_stream: u32,
    new_streams: usize,
    runs: usize,
    positions_at: usize,
    occurred_at: usize,
    streams_at: usize,
    versions_at: usize,
    backs_at: usize,
    offsets_at: usize,
    runs_at: usize,
    types_at: usize,
    schemas_at: usize,
    names_at: usize,
    facts_at: usize,
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
        let columns = Columns::read((*bytes).as_ref().get(start..end).ok_or(BlockDamaged("it is cut off"))?)?;
        Ok(Self { bytes, start, len, columns })
    }

    /// Verifies both checksums, names and offsets.
    ///
    /// # Errors
    ///
    /// [`BlockDamaged`] when it is not what was written.
    pub fn verify(&self) -> Result<(), BlockDamaged> {
        self.verify_columns()?;
        let block = self.as_bytes();
        if crc32c::crc32c(&block[self.columns.facts_at..]) != u32_at(block, 132) {
            return Err(BlockDamaged("its checksum is wrong"));
        }
        self.columns.check_names(block)?;
        self.columns.check_offsets(block)
    }

    /// Verifies header and columns, but for the facts: enough for whoever reads columns only.
    ///
    /// # Errors
    ///
    /// [`BlockDamaged`] when they are not what was written.
    pub fn verify_columns(&self) -> Result<(), BlockDamaged> {
        let block = self.as_bytes();
        let (header, rest) = block.split_at(HEADER_LEN);
        if crc(header, &rest[..self.columns.facts_at - HEADER_LEN]) == u32_at(block, 128) {
            Ok(())
        } else {
            Err(BlockDamaged("its checksum is wrong"))
        }
    }

    /// The length in bytes that the header at the start of `bytes` states for its block; `None` when it is no header.
    #[must_use]
    pub fn stated_len(bytes: &[u8]) -> Option<usize> {
        let header = bytes.get(..HEADER_LEN)?;
        (&header[..8] == MAGIC).then(|| HEADER_LEN + u32_at(header, 40) as usize)
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
        c.row(bytes, row, recorded_at)
    }

    /// How the event at `row` hangs on the one before it in its stream: its distance in positions, 0 for the first.
    ///
    /// # Panics
    ///
    /// When the block has no such row.
    #[must_use]
    pub fn back(&self, row: usize) -> u32 {
        assert!(row < self.columns.rows, "row {row} of a block of {}", self.columns.rows);
        u32_at(self.as_bytes(), self.columns.backs_at + 4 * row)
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
            self.columns.row(bytes, row, recorded_at)
        })
    }

    /// The types of its events, in order. This and the other columns cost no assembling of rows.
    pub fn types(&self) -> impl ExactSizeIterator<Item = EventType> {
        self.column::<2>(self.columns.types_at).map(|bytes| EventType(u16::from_le_bytes(*bytes)))
    }

    /// When its events happened, in order.
    pub fn occurred_at(&self) -> impl ExactSizeIterator<Item = Timestamp> {
        self.column::<8>(self.columns.occurred_at).map(|bytes| Timestamp::clamped(i64::from_le_bytes(*bytes)))
    }

    /// The streams of its events, in order.
    pub fn streams(&self) -> impl ExactSizeIterator<Item = StreamNumber> {
        self.column::<4>(self.columns.streams_at).map(|bytes| StreamNumber(u32::from_le_bytes(*bytes)))
    }

    /// The versions of its events in their streams, in order.
    pub fn versions(&self) -> impl ExactSizeIterator<Item = Version> {
        self.column::<4>(self.columns.versions_at).map(|bytes| Version(u32::from_le_bytes(*bytes)))
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

    fn column<const N: usize>(&self, at: usize) -> std::slice::Iter<'_, [u8; N]> {
        self.as_bytes()[at..at + N * self.columns.rows].as_chunks::<N>().0.iter()
    }

    /// The streams whose first event lies in this block, in order of their numbers.
    pub fn new_streams(&self) -> impl Iterator<Item = (StreamNumber, Result<StreamName, BlockDamaged>)> {
        let owned = |(kind, id): (StreamKind, &str)| StreamName { kind, id: id.into() };
        self.new_names().map(move |(number, name)| (number, name.map(owned)))
    }

    /// The same, each with its kind and its id as they stand there.
    pub fn new_names(&self) -> impl Iterator<Item = (StreamNumber, Result<(StreamKind, &str), BlockDamaged>)> {
        self.names().map(|(number, kind, id)| {
            let name = StreamKind::from_code(kind).zip(std::str::from_utf8(id).ok());
            (number, name.ok_or(BlockDamaged("a stream's name is not one")))
        })
    }

    /// As [`FactBlock::new_streams`], with the code of each kind and the bytes of each id as they stand there.
    pub(crate) fn names(&self) -> impl Iterator<Item = (StreamNumber, u8, &[u8])> {
        let bytes = self.as_bytes();
        let mut at = self.columns.names_at;
        (self.columns.first_new_stream..).take(self.columns.new_streams).map(move |number| {
            let len = usize::from(u16::from_le_bytes(array_at(bytes, at + 1)));
            let (kind, id) = (bytes[at], &bytes[at + 3..at + 3 + len]);
            at += 3 + len;
            (StreamNumber(number), kind, id)
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
    /// Finds the columns and checks that every offset stays inside the block.
    fn read(block: &[u8]) -> Result<Self, BlockDamaged> {
        if FactBlock::stated_len(block) != Some(block.len()) {
            return Err(BlockDamaged("its header is wrong"));
        }
        let (rows, runs) = (u32_at(block, 16) as usize, u32_at(block, 32) as usize);
        let listed_positions = u32_at(block, 20) & 1 == 1;
        let positions_at = HEADER_LEN;
        let occurred_at = positions_at + if listed_positions { 8 * rows } else { 0 };
        let streams_at = occurred_at + 8 * rows;
        let versions_at = streams_at + 4 * rows;
        let backs_at = versions_at + 4 * rows;
        let offsets_at = backs_at + 4 * rows;
        let runs_at = offsets_at + 4 * (rows + 1);
        let types_at = runs_at + 16 * runs;
        let schemas_at = types_at + 2 * rows;
        let names_at = schemas_at + rows;
        let facts_at = names_at + u32_at(block, 36) as usize;
        let new_streams = u32_at(block, 28) as usize;
        if rows > BLOCK_EVENTS || facts_at > block.len() {
            return Err(BlockDamaged("its columns do not fit"));
        }
        Ok(Self {
            first: u64::from_le_bytes(array_at(block, 8)),
            rows,
            listed_positions,
            first_new_stream: u32_at(block, 24),
            new_streams,
            runs,
            positions_at,
            occurred_at,
            streams_at,
            versions_at,
            backs_at,
            offsets_at,
            runs_at,
            types_at,
            schemas_at,
            names_at,
            facts_at,
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

    fn row<'a>(&self, bytes: &'a [u8], row: usize, recorded_at: i64) -> FactRow<'a> {
        let facts = |end: usize| self.facts_at + u32_at(bytes, self.offsets_at + 4 * end) as usize;
        FactRow {
            position: self.position(bytes, row),
            version: Version(u32_at(bytes, self.versions_at + 4 * row)),
            stream: StreamNumber(u32_at(bytes, self.streams_at + 4 * row)),
            back: u32_at(bytes, self.backs_at + 4 * row),
            occurred_at: Timestamp::clamped(i64::from_le_bytes(array_at(bytes, self.occurred_at + 8 * row))),
            recorded_at: Timestamp::clamped(recorded_at),
            event_type: EventType(u16::from_le_bytes(array_at(bytes, self.types_at + 2 * row))),
            schema: bytes[self.schemas_at + row],
            facts: &bytes[facts(row)..facts(row + 1)],
        }
    }

    fn check_names(&self, block: &[u8]) -> Result<(), BlockDamaged> {
        let mut at = self.names_at;
        for _ in 0..self.new_streams {
            let length = block.get(at + 1..at + 3).ok_or(BlockDamaged("its names do not fit"))?;
            at += 3 + usize::from(u16::from_le_bytes([length[0], length[1]]));
        }
        if at == self.facts_at { Ok(()) } else { Err(BlockDamaged("its names do not fit")) }
    }

    fn check_offsets(&self, block: &[u8]) -> Result<(), BlockDamaged> {
        let (offsets, _) = block[self.offsets_at..self.runs_at].as_chunks::<4>();
        let offset = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes);
        let rising = offsets.windows(2).all(|pair| offset(&pair[0]) <= offset(&pair[1]));
        if rising && offsets.last().is_some_and(|end| self.facts_at + offset(end) as usize == block.len()) {
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
    occurred_at: Vec<u8>,
    streams: Vec<u8>,
    versions: Vec<u8>,
    backs: Vec<u8>,
    offsets: Vec<u8>,
    runs: Vec<u8>,
    run_count: u32,
    last_recorded_at: Option<i64>,
    types: Vec<u8>,
    schemas: Vec<u8>,
    first_new_stream: u32,
    new_streams: u32,
    names: Vec<u8>,
    facts: Vec<u8>,
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
    pub fn push(&mut self, row: &FactRow<'_>, new_stream: Option<&StreamName>) {
        if self.rows == 0 {
            self.first = row.position.0;
        }
        self.positions.push(row.position.0);
        self.occurred_at.extend(row.occurred_at.micros().to_le_bytes());
        self.streams.extend(row.stream.0.to_le_bytes());
        self.versions.extend(row.version.0.to_le_bytes());
        self.backs.extend(row.back.to_le_bytes());
        self.offsets.extend(len_u32(&self.facts).to_le_bytes());
        if self.last_recorded_at != Some(row.recorded_at.micros()) {
            self.last_recorded_at = Some(row.recorded_at.micros());
            self.runs.extend(self.rows.to_le_bytes());
            self.runs.extend(0u32.to_le_bytes());
            self.runs.extend(row.recorded_at.micros().to_le_bytes());
            self.run_count += 1;
        }
        self.types.extend(row.event_type.0.to_le_bytes());
        self.schemas.push(row.schema);
        if let Some(name) = new_stream {
            self.push_name(row.stream, name);
        }
        self.facts.extend(row.facts);
        self.rows += 1;
    }

    fn push_name(&mut self, stream: StreamNumber, name: &StreamName) {
        if self.new_streams == 0 {
            self.first_new_stream = stream.0;
        }
        debug_assert_eq!(self.first_new_stream + self.new_streams, stream.0, "stream numbers rise without gaps");
        self.new_streams += 1;
        self.names.push(name.kind.code());
        self.names.extend(u16::try_from(name.id.len()).unwrap_or(u16::MAX).to_le_bytes());
        self.names.extend(name.id.as_bytes());
    }

    /// The block's bytes.
    #[must_use]
    pub fn finish(mut self, origin: &BlockOrigin) -> Vec<u8> {
        self.offsets.extend(len_u32(&self.facts).to_le_bytes());
        let dense = self.positions.iter().zip(self.first..).all(|(position, expected)| *position == expected);
        let positions: Vec<u8> =
            if dense { Vec::new() } else { self.positions.iter().flat_map(|p| p.to_le_bytes()).collect() };
        let columns = [
            &positions,
            &self.occurred_at,
            &self.streams,
            &self.versions,
            &self.backs,
            &self.offsets,
            &self.runs,
            &self.types,
            &self.schemas,
            &self.names,
            &self.facts,
        ];
        let payload_len = columns.iter().map(|c| c.len()).sum::<usize>();
        let mut block = Vec::with_capacity(HEADER_LEN + payload_len);
        block.extend(MAGIC);
        block.extend(self.first.to_le_bytes());
        for field in [self.rows, u32::from(!dense), self.first_new_stream, self.new_streams, self.run_count] {
            block.extend(field.to_le_bytes());
        }
        block.extend(len_u32(&self.names).to_le_bytes());
        block.extend(u32::try_from(payload_len).unwrap_or(u32::MAX).to_le_bytes());
        block.extend(origin.epoch.to_le_bytes());
        block.extend(origin.log_id);
        block.extend(origin.chain_before);
        block.extend(origin.chain_after);
        block.extend([0; 8]);
        for column in columns {
            block.extend(column);
        }
        let facts_at = block.len() - self.facts.len();
        let of_facts = crc32c::crc32c(&block[facts_at..]);
        let of_columns = crc(&block[..HEADER_LEN], &block[HEADER_LEN..facts_at]);
        block[128..132].copy_from_slice(&of_columns.to_le_bytes());
        block[132..136].copy_from_slice(&of_facts.to_le_bytes());
        block
    }
}

/// The checksum of header and columns: CRC32C over the header without the checksums, then the columns.
fn crc(header: &[u8], columns: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&header[..128]), columns)
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

    const ORIGIN: BlockOrigin = BlockOrigin { log_id: [7; 16], epoch: 1, chain_before: [1; 32], chain_after: [2; 32] };

    fn row(position: u64, facts: &[u8]) -> FactRow<'_> {
        FactRow {
            position: Position(position),
            version: Version(1),
            stream: StreamNumber(u32::try_from(position).unwrap()),
            back: 0,
            occurred_at: Timestamp::clamped(-5),
            recorded_at: Timestamp::clamped(i64::try_from(position / 3).unwrap()),
            event_type: EventType::TICKET_OPENED,
            schema: 1,
            facts,
        }
    }

    fn block_of(positions: &[u64]) -> Vec<u8> {
        let mut builder = BlockBuilder::default();
        for p in positions {
            builder.push(&row(*p, &p.to_le_bytes()), None);
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
            let block = parse(block_of(&positions)).unwrap();
            let read: Vec<_> = block.iter().map(|r| (r.position.0, r.recorded_at.micros(), r.facts.to_vec())).collect();
            let expected: Vec<_> =
                positions.iter().map(|p| (*p, i64::try_from(p / 3).unwrap(), p.to_le_bytes().to_vec())).collect();
            assert_eq!(read, expected);
            assert_eq!(block.iter_after(Position(positions[1])).next().unwrap().position.0, positions[2]);
            assert_eq!(block.row(2), block.iter().nth(2).unwrap());
            assert_eq!(block.new_streams().next().unwrap().1.unwrap(), StreamName::ticket("تهران-1"));
            assert_eq!(block.origin(), ORIGIN);
        }
    }

    #[test]
    fn rows_between_two_positions_are_those_whose_positions_lie_there() {
        for positions in [vec![5, 6, 7, 8], vec![5, 9, 10, 40]] {
            let block = parse(block_of(&positions)).unwrap();
            for (after, until) in (0..45).flat_map(|after| (0..45).map(move |until| (after, until))) {
                let rows = block.facts().rows_between(Position(after), Position(until)).unwrap();
                let expected: Vec<_> = positions.iter().filter(|p| after < **p && **p <= until).copied().collect();
                assert_eq!(&positions[rows], expected, "after {after} up to {until}");
            }
        }
        let falling = parse(block_of(&[5, 9, 7, 40])).unwrap();
        assert_eq!(falling.facts().rows_between(Position(0), Position(50)), None);
        assert_eq!(falling.facts().rows_between(Position(5), Position(9)), None);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let good = block_of(&[1, 2, 3]);
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(bad).is_err(), "bit {bit}");
        }
    }
}
