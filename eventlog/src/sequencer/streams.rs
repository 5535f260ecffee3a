//! Where every stream stands, by its name's hash.

use super::table::{NumberTable, hash_of};
use crate::log::StoreError;
use crate::position::{Position, StreamNumber, Version};
use crate::stream::{StreamKind, StreamName};

/// Where a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamEnd {
    /// Position of its last event.
    pub last: Position,
    /// Its version.
    pub version: Version,
}

/// Every stream by the first 16 bytes of its name's BLAKE3; some 40 bytes a stream, no names.
#[derive(Debug, Default)]
pub struct StreamIndex {
    numbers: NumberTable,
    hashes: Vec<[u8; 16]>,
    ends: Vec<PackedEnd>,
}

/// A [`StreamEnd`] in twelve bytes: the position's halves, then the version.
#[derive(Debug, Clone, Copy)]
struct PackedEnd([u32; 3]);

impl PackedEnd {
    fn new(end: StreamEnd) -> Self {
        let [a, b, c, d, e, f, g, h] = end.last.0.to_le_bytes();
        Self([u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]), end.version.0])
    }

    fn unpacked(self) -> StreamEnd {
        let [low, high, version] = self.0;
        StreamEnd { last: Position((u64::from(high) << 32) | u64::from(low)), version: Version(version) }
    }
}

impl StreamIndex {
    pub(super) fn hash(kind: StreamKind, id: &str) -> [u8; 16] {
        Self::hash_of(kind.code(), id.as_bytes())
    }

    /// The hash of a name, by its kind's code and its id.
    pub(crate) fn hash_of(kind: u8, id: &[u8]) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[kind]);
        hasher.update(id);
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        short
    }

    /// The number of a stream.
    #[must_use]
    pub fn number(&self, stream: &StreamName) -> Option<StreamNumber> {
        self.number_of(&Self::hash(stream.kind, &stream.id))
    }

    fn number_of(&self, hash: &[u8; 16]) -> Option<StreamNumber> {
        self.numbers.find(hash_of(hash), |number| self.hashes.get(number as usize) == Some(hash)).map(StreamNumber)
    }

    /// Where a stream stands; at version 0 where it has no event.
    #[must_use]
    pub fn end(&self, stream: &StreamName) -> StreamEnd {
        self.end_of(&Self::hash(stream.kind, &stream.id))
    }

    pub(super) fn end_of(&self, hash: &[u8; 16]) -> StreamEnd {
        self.number_of(hash)
            .and_then(|n| self.ends.get(n.0 as usize))
            .map_or(StreamEnd { last: Position::ZERO, version: Version::ZERO }, |end| end.unpacked())
    }

    /// Makes room for as many streams as are known to come.
    pub(crate) fn reserve(&mut self, streams: usize) {
        self.numbers.reserve(streams);
        self.hashes.reserve_exact(streams.saturating_sub(self.hashes.len()));
        self.ends.reserve_exact(streams.saturating_sub(self.ends.len()));
    }

    /// Adds the next stream, known to stand in the log, by its name's hash; its end is restored with its events.
    pub(crate) fn restore_name(&mut self, hash: [u8; 16]) {
        // A log has fewer streams than that: their numbers are 32 bits wherever they stand.
        let number = u32::try_from(self.hashes.len()).unwrap_or(u32::MAX);
        self.numbers.insert(hash_of(&hash), number, 0);
        self.hashes.push(hash);
        self.ends.push(PackedEnd([0; 3]));
    }

    /// Moves the end of a stream that was added to an event known to stand in the log. A number that was never added
    /// is passed over: blocks are verified before they are restored.
    pub(crate) fn restore_end(&mut self, number: StreamNumber, end: StreamEnd) {
        if let Some(kept) = self.ends.get_mut(number.0 as usize) {
            *kept = PackedEnd::new(end);
        }
    }

    /// Moves a stream's end on; answers its number, whether it is new, and the distance to its event before.
    pub(super) fn advance(&mut self, hash: [u8; 16], end: StreamEnd) -> Result<(StreamNumber, bool, u32), StoreError> {
        let full = || StoreError::failed("numbering a stream", "the log holds 4 billion streams, the most it can");
        if let Some(number) = self.number_of(&hash) {
            let kept = &mut self.ends[number.0 as usize];
            let distance = u32::try_from(end.last.0 - kept.unpacked().last.0).map_err(|_| full())?;
            *kept = PackedEnd::new(end);
            return Ok((number, false, distance));
        }
        let next = u32::try_from(self.ends.len()).ok().filter(|next| *next < u32::MAX).ok_or_else(full)?;
        self.numbers.insert(hash_of(&hash), next, 0);
        self.hashes.push(hash);
        self.ends.push(PackedEnd::new(end));
        Ok((StreamNumber(next), true, 0))
    }
}
