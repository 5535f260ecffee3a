//! A segment: a run of entries, compressed, with the chain before and after it and a checksum over all.

use crate::checksum::{Digest, chain_next};
use crate::entry::{self, Entry};
use crate::epoch::Moment;
use crate::genesis::{GENESIS_LEN, Genesis};
use crate::log::{LogReader, StoreError};
use crate::position::Position;
use std::io::Read;

const MAGIC: &[u8; 8] = b"DFTSEGM1";
/// Length of the header in bytes: what must be read to know how long a segment is.
pub const HEADER_LEN: usize = 200;
const CHECKSUM_AT: usize = HEADER_LEN - 32;
/// A segment takes no further entry once its entries hold this much.
const PLAIN_BYTES_FULL: usize = 8 << 20;
/// The most events of a segment.
pub const SEGMENT_EVENTS_MAX: usize = 65_536;
/// The longest body anybody may state: entries are full at 8 MB, and one commit has less than 1 MB.
const PLAIN_BYTES_MAX: u64 = 64 << 20;
/// zstd's own default.
const LEVEL: i32 = 3;
/// How many entries are read from a log at a time.
const READ_EVENTS: usize = 2048;

/// A run of entries of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The log's header record.
    pub genesis: Genesis,
    /// Position of its first event, or of the next one where it begins with a commit without events.
    pub first: Position,
    /// How many events it holds.
    pub events: u32,
    /// Its last event, and the epoch in force there.
    pub last: Moment,
    /// The chain value before its first event.
    pub chain_before: Digest,
    /// The chain value after its last event.
    pub chain_after: Digest,
    /// Its entries in order.
    pub entries: Vec<Entry>,
}

/// Bytes that are no whole segment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// There are fewer bytes than it says.
    #[error("the segment is cut off")]
    CutOff,
    /// A newer version wrote it, or it is something else.
    #[error("this is no segment of a backup, or one of a newer version of Daftar; upgrade")]
    Foreign,
    /// Its bytes were changed.
    #[error("the segment's checksum is wrong")]
    Damaged,
    /// Its entries do not make the chain it states.
    #[error("the event at position {position} does not fit the chain: {why}")]
    Chain {
        /// The first event that does not fit.
        position: Position,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl Segment {
    /// Its bytes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when its entries can't be compressed.
    pub fn encode(&self) -> Result<Vec<u8>, StoreError> {
        let mut plain = Vec::new();
        self.entries.iter().for_each(|entry| entry.push_to(&mut plain));
        let failed = |e| StoreError::failed("compressing a segment", e);
        let body = zstd::bulk::compress(&plain, LEVEL).map_err(failed)?;
        let mut bytes = Vec::with_capacity(HEADER_LEN + body.len());
        bytes.extend(MAGIC);
        bytes.extend(self.genesis.encode());
        bytes.extend(self.first.0.to_le_bytes());
        bytes.extend(self.last.position.0.to_le_bytes());
        bytes.extend(self.events.to_le_bytes());
        bytes.extend(self.last.epoch.to_le_bytes());
        bytes.extend(self.last.epoch_id);
        bytes.extend(self.chain_before);
        bytes.extend(self.chain_after);
        bytes.extend((plain.len() as u64).to_le_bytes());
        bytes.extend((body.len() as u64).to_le_bytes());
        bytes.extend([0; 4]);
        let checksum = blake3::Hasher::new().update(&bytes).update(&body).finalize();
        bytes.extend(checksum.as_bytes());
        bytes.extend(body);
        Ok(bytes)
    }

    /// How long a segment is, by its header.
    ///
    /// # Errors
    ///
    /// [`SegmentError`] when the header is none.
    pub fn stated_len(header: &[u8; HEADER_LEN]) -> Result<usize, SegmentError> {
        let mut rest = &header[..];
        let magic: [u8; 8] = take(&mut rest)?;
        if magic != *MAGIC {
            return Err(SegmentError::Foreign);
        }
        let body = u64::from_le_bytes(*header[156..].first_chunk().ok_or(SegmentError::CutOff)?);
        let body = usize::try_from(body).ok().filter(|_| body <= PLAIN_BYTES_MAX).ok_or(SegmentError::Damaged)?;
        Ok(HEADER_LEN + body)
    }

    /// Reads a segment, verifying its checksum and its chain.
    ///
    /// # Errors
    ///
    /// [`SegmentError`] when it is not what was written.
    pub fn decode(bytes: &[u8]) -> Result<Self, SegmentError> {
        let (header, body) = bytes.split_first_chunk::<HEADER_LEN>().ok_or(SegmentError::CutOff)?;
        if Self::stated_len(header)? != bytes.len() {
            return Err(SegmentError::CutOff);
        }
        let checksum = blake3::Hasher::new().update(&header[..CHECKSUM_AT]).update(body).finalize();
        if header[CHECKSUM_AT..] != *checksum.as_bytes() {
            return Err(SegmentError::Damaged);
        }
        let (mut segment, plain_len) = Self::read_header(header)?;
        segment.entries = entries_of(body, plain_len)?;
        segment.verify()?;
        Ok(segment)
    }

    fn read_header(header: &[u8; HEADER_LEN]) -> Result<(Self, u64), SegmentError> {
        let mut rest = &header[8..];
        let genesis: [u8; GENESIS_LEN] = take(&mut rest)?;
        let genesis = Genesis::decode(&genesis).map_err(|_| SegmentError::Foreign)?;
        let first = Position(u64::from_le_bytes(take(&mut rest)?));
        let position = Position(u64::from_le_bytes(take(&mut rest)?));
        let events = u32::from_le_bytes(take(&mut rest)?);
        let (epoch, epoch_id) = (u32::from_le_bytes(take(&mut rest)?), take(&mut rest)?);
        let (chain_before, chain_after) = (take(&mut rest)?, take(&mut rest)?);
        let plain_len = u64::from_le_bytes(take(&mut rest)?);
        let last = Moment { epoch, epoch_id, position };
        Ok((Self { genesis, first, events, last, chain_before, chain_after, entries: Vec::new() }, plain_len))
    }

    /// Walks the chain along the events.
    fn verify(&self) -> Result<(), SegmentError> {
        let mut chain = self.chain_before;
        let mut next = self.first;
        for entry in &self.entries {
            if let Entry::Event(recorded_at, bytes) = entry {
                let damaged = |_| SegmentError::Chain { position: next, why: "its head is damaged" };
                bytes.head().map_err(damaged)?;
                chain = chain_next(&chain, &bytes.digest(), *recorded_at);
                next = next.next();
            }
        }
        let whole = next.0 - self.first.0 == u64::from(self.events)
            && next == self.last.position.next()
            && chain == self.chain_after;
        let why = "an event before or at it is missing or was changed";
        whole.then_some(()).ok_or(SegmentError::Chain { position: self.last.position, why })
    }

    /// What its header says, alone.
    #[must_use]
    pub fn without_entries(&self) -> Self {
        Self { entries: Vec::new(), ..*self }
    }

    /// Whether it is the first of its log.
    #[must_use]
    pub fn begins(&self) -> bool {
        self.first == Position::ZERO.next() && self.chain_before == self.genesis.chain()
    }

    /// Whether it goes on where another ends: the same log, the next position, the same chain.
    #[must_use]
    pub fn follows(&self, before: &Self) -> bool {
        self.genesis == before.genesis
            && self.first == before.last.position.next()
            && self.chain_before == before.chain_after
    }
}

fn entries_of(body: &[u8], plain_len: u64) -> Result<Vec<Entry>, SegmentError> {
    if plain_len > PLAIN_BYTES_MAX {
        return Err(SegmentError::Damaged);
    }
    let mut plain = Vec::new();
    let unpacked = zstd::Decoder::new(body).and_then(|unpacked| unpacked.take(plain_len + 1).read_to_end(&mut plain));
    if unpacked.is_err() || plain.len() as u64 != plain_len {
        return Err(SegmentError::Damaged);
    }
    let (mut entries, mut rest) = (Vec::new(), &plain[..]);
    while !rest.is_empty() {
        entries.push(entry::read(&mut rest).map_err(|_| SegmentError::Damaged)?);
    }
    Ok(entries)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], SegmentError> {
    crate::record::take(rest).map_err(|_| SegmentError::CutOff)
}

/// Makes segments of a log, one after the other.
#[derive(Debug)]
pub struct SegmentWriter {
    genesis: Genesis,
    after: Position,
    chain: Digest,
    until: Position,
    /// What stands after the last event, where nobody appends.
    last: Vec<Entry>,
}

impl SegmentWriter {
    /// Begins after the event at `after`; goes on to the end the log has now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the chain there can't be read.
    pub async fn new(log: &dyn LogReader, after: Position) -> Result<Self, StoreError> {
        let chain = log.chain_at(after).await?;
        let until = *log.durable().borrow();
        Ok(Self { genesis: log.genesis(), after, chain, until, last: Vec::new() })
    }

    /// Ends with these commits without events, which stand after the last event of a log that nobody appends to.
    #[must_use]
    pub fn with_last(self, last: Vec<Entry>) -> Self {
        Self { last, ..self }
    }

    /// Where the next segment goes on.
    #[must_use]
    pub fn after(&self) -> Position {
        self.after
    }

    /// The next segment; none at the end.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read.
    pub async fn next(&mut self, log: &dyn LogReader) -> Result<Option<Segment>, StoreError> {
        let (first, chain_before) = (self.after.next(), self.chain);
        let (mut entries, mut bytes, mut events) = (Vec::new(), 0, 0);
        while self.after < self.until && events < SEGMENT_EVENTS_MAX && bytes < PLAIN_BYTES_FULL {
            let read = self.read(log, SEGMENT_EVENTS_MAX - events).await?;
            for entry in &read {
                bytes += entry.stored_len();
                if let Entry::Event(recorded_at, event) = entry {
                    self.chain = chain_next(&self.chain, &event.digest(), *recorded_at);
                    self.after = self.after.next();
                    events += 1;
                }
            }
            entries.extend(read);
        }
        if self.after == self.until {
            entries.append(&mut self.last);
        }
        if entries.is_empty() {
            return Ok(None);
        }
        let (genesis, chain_after) = (self.genesis, self.chain);
        let last = log.epochs().moment_then(self.after);
        let events = u32::try_from(events).unwrap_or(u32::MAX);
        Ok(Some(Segment { genesis, first, events, last, chain_before, chain_after, entries }))
    }

    async fn read(&self, log: &dyn LogReader, room: usize) -> Result<Vec<Entry>, StoreError> {
        let left = usize::try_from(self.until.0 - self.after.0).unwrap_or(usize::MAX);
        let read = log.read_entries(self.after, READ_EVENTS.min(left).min(room)).await?;
        let missing = || StoreError::Corrupt { position: self.after.next(), why: "no record holds it".to_owned() };
        if read.iter().any(|entry| matches!(entry, Entry::Event(..))) { Ok(read) } else { Err(missing()) }
    }
}
