//! A log in memory that grows by segments as they come, each checked before it is taken.

use super::segment::{HEADER_LEN, Segment, SegmentError};
use crate::clock::system_clock;
use crate::log::StoreError;
use crate::memory::MemoryLog;
use crate::position::Position;
use std::io::{self, Read};

/// Reads the bytes of the next segment of a stream; none at its end.
///
/// # Errors
///
/// Those of the stream, and `UnexpectedEof` where it ends within a segment; `InvalidData` with a [`SegmentError`]
/// where what comes is no segment.
pub fn read_segment(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; HEADER_LEN];
    if stream.read(&mut header[..1])? == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut header[1..])?;
    let len = Segment::stated_len(&header).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))?;
    let mut bytes = vec![0; len];
    bytes[..HEADER_LEN].copy_from_slice(&header);
    stream.read_exact(&mut bytes[HEADER_LEN..])?;
    Ok(Some(bytes))
}

/// A log in memory as far as its segments have come.
#[derive(Default)]
pub struct GrowingLog {
    log: Option<MemoryLog>,
    /// The last segment, without its entries.
    last: Option<Segment>,
}

impl GrowingLog {
    /// The last segment taken, without its entries; none: none has come.
    #[must_use]
    pub fn last(&self) -> Option<&Segment> {
        self.last.as_ref()
    }

    /// Position of the last event taken.
    #[must_use]
    pub fn after(&self) -> Position {
        self.last().map_or(Position::ZERO, |last| last.last.position)
    }

    /// Takes the next segment, once its checksum, its chain and its place after the one before are found right.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] with the first position that is not what was written.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Position, StoreError> {
        let segment = Segment::decode(bytes).map_err(|why| {
            let position = if let SegmentError::Chain { position, .. } = why { position } else { self.after().next() };
            StoreError::Corrupt { position, why: why.to_string() }
        })?;
        let in_place = self.last.as_ref().map_or(segment.begins(), |last| segment.follows(last));
        if !in_place {
            let why = format!(
                "a segment that begins with position {} comes after it, or one of another history",
                segment.first
            );
            return Err(StoreError::Corrupt { position: self.after().next(), why });
        }
        self.add(segment, Position(u64::MAX))
    }

    /// Adds a segment that was checked, up to the event at `until`.
    pub(super) fn add(&mut self, segment: Segment, until: Position) -> Result<Position, StoreError> {
        self.last = Some(segment.without_entries());
        let log = self.log.get_or_insert_with(|| MemoryLog::of(segment.genesis, system_clock()));
        segment.entries.into_iter().try_for_each(|entry| log.replay(entry, until))?;
        Ok(self.after())
    }

    /// The log; none where no segment came.
    #[must_use]
    pub fn into_log(self) -> Option<MemoryLog> {
        self.log
    }
}
