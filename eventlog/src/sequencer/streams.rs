//! Where every stream stands, by its name's hash.

use crate::log::StoreError;
use crate::position::{Position, StreamNumber, Version};
use crate::stream::{StreamKind, StreamName};
use std::collections::HashMap;

/// Where a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamEnd {
    /// Position of its last event.
    pub last: Position,
    /// Its version.
    pub version: Version,
}

/// Every stream by the first 16 bytes of its name's BLAKE3; 24 bytes a stream besides, no names.
#[derive(Debug, Default)]
pub struct StreamIndex {
    numbers: HashMap<[u8; 16], StreamNumber>,
    ends: Vec<StreamEnd>,
}

impl StreamIndex {
    pub(super) fn hash(kind: StreamKind, id: &str) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[kind.code()]);
        hasher.update(id.as_bytes());
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
        self.numbers.get(hash).copied()
    }

    /// Where a stream stands; at version 0 where it has no event.
    #[must_use]
    pub fn end(&self, stream: &StreamName) -> StreamEnd {
        self.end_of(&Self::hash(stream.kind, &stream.id))
    }

    pub(super) fn end_of(&self, hash: &[u8; 16]) -> StreamEnd {
        self.number_of(hash)
            .and_then(|n| self.ends.get(n.0 as usize).copied())
            .unwrap_or(StreamEnd { last: Position::ZERO, version: Version::ZERO })
    }

    /// Adds an event known to stand in the log; streams come with rising numbers.
    pub fn restore(&mut self, number: StreamNumber, name: Option<&StreamName>, end: StreamEnd) {
        if let Some(name) = name {
            self.numbers.insert(Self::hash(name.kind, &name.id), number);
        }
        match self.ends.get_mut(number.0 as usize) {
            Some(kept) => *kept = end,
            None => self.ends.push(end),
        }
    }

    /// Moves a stream's end on; answers its number, whether it is new, and the distance to its event before.
    pub(super) fn advance(&mut self, hash: [u8; 16], end: StreamEnd) -> Result<(StreamNumber, bool, u32), StoreError> {
        let full = || StoreError::failed("numbering a stream", "the log holds 4 billion streams, the most it can");
        let next = StreamNumber(u32::try_from(self.ends.len()).map_err(|_| full())?);
        let number = *self.numbers.entry(hash).or_insert(next);
        if number == next {
            self.ends.push(end);
            return Ok((number, true, 0));
        }
        let kept = &mut self.ends[number.0 as usize];
        let distance = u32::try_from(end.last.0 - kept.last.0).map_err(|_| full())?;
        *kept = end;
        Ok((number, false, distance))
    }
}
