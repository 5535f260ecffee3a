//! An event before and after it is stored: its canonical bytes, and what the log adds to them.

use crate::block::FactRow;
use crate::checksum::{Digest, event_digest};
use crate::codec::listed::EncodedFacts;
use crate::codec::v1::MetadataV1;
use crate::codec::{self, CodecError, EventType};
use crate::log::{CommandStamp, StoreError};
use crate::position::{Position, StreamNumber, Version};
use crate::stream::{StreamKind, StreamName};
use daftar_domain::Timestamp;

/// An event's canonical bytes: what is stored, digested, backed up and migrated, never encoded again.
///
/// `head` is all but the sealed content; `docs/format.md` has its layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBytes {
    /// Stream, version, times, type, metadata and facts.
    pub head: Box<[u8]>,
    /// Pseudonym, nonce and ciphertext of its content.
    pub sealed: Option<Box<[u8]>>,
}

/// An event that is not stored yet, with its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    bytes: EventBytes,
    digest: Digest,
}

/// An event as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Where it stands in the log.
    pub position: Position,
    /// When the log accepted it.
    pub recorded_at: Timestamp,
    /// Its canonical bytes.
    pub bytes: EventBytes,
}

impl RecordedEvent {
    /// Its facts as folds read them, of the stream with that number.
    ///
    /// # Errors
    ///
    /// [`HeadError`] when its bytes are no event, or a newer one.
    pub fn fact_row(&self, stream: StreamNumber) -> Result<FactRow<'_>, HeadError> {
        let head = self.bytes.head()?;
        Ok(FactRow {
            position: self.position,
            version: head.version,
            stream,
            back: 0,
            occurred_at: head.occurred_at,
            recorded_at: self.recorded_at,
            event_type: head.event_type,
            schema: head.schema,
            facts: EncodedFacts::stored(head.facts),
        })
    }
}

/// The parts of an event's head, borrowed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventHead<'a> {
    /// What its stream is about.
    pub stream_kind: StreamKind,
    /// Its stream's id.
    pub stream_id: &'a str,
    /// Where it stands in its stream.
    pub version: Version,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Its type.
    pub event_type: EventType,
    /// The schema version of its facts.
    pub schema: u8,
    /// Its metadata, encoded.
    pub metadata: &'a [u8],
    /// Its facts, encoded.
    pub facts: &'a [u8],
    /// Whether sealed content belongs to it.
    pub has_content: bool,
}

/// The layout of a head, its codec and the schema of its metadata: the first byte of every head.
pub const EVENT_FORMAT: u8 = 1;

/// A head this version can't read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The bytes are no head.
    #[error("an event's head is damaged")]
    Damaged,
    /// Its format or its kind of stream is not known here.
    #[error("an event was written by a newer version of Daftar; upgrade")]
    Newer,
}

impl HeadError {
    /// What it means for the event at `position`.
    #[must_use]
    pub fn at(self, position: Position) -> StoreError {
        match self {
            Self::Damaged => StoreError::Corrupt { position, why: self.to_string() },
            Self::Newer => StoreError::Unreadable { position, source: CodecError::Newer { what: "event" } },
        }
    }
}

impl<'a> EventHead<'a> {
    /// Reads a head from its canonical bytes.
    ///
    /// # Errors
    ///
    /// [`HeadError`] when the bytes are no head, or a newer one.
    pub fn decode(mut rest: &'a [u8]) -> Result<Self, HeadError> {
        let rest = &mut rest;
        let [EVENT_FORMAT] = take(rest)? else { return Err(HeadError::Newer) };
        let stream_kind = StreamKind::from_code(u8::from_le_bytes(take(rest)?)).ok_or(HeadError::Newer)?;
        let id_len = usize::from(u16::from_le_bytes(take(rest)?));
        let stream_id = std::str::from_utf8(take_slice(rest, id_len)?).map_err(|_| HeadError::Damaged)?;
        let version = Version(u32::from_le_bytes(take(rest)?));
        let occurred_at = Timestamp::from_micros(i64::from_le_bytes(take(rest)?)).ok_or(HeadError::Damaged)?;
        let event_type = EventType(u16::from_le_bytes(take(rest)?));
        let schema = u8::from_le_bytes(take(rest)?);
        let metadata_len = u32::from_le_bytes(take(rest)?) as usize;
        let metadata = take_slice(rest, metadata_len)?;
        let facts_len = u32::from_le_bytes(take(rest)?) as usize;
        let facts = take_slice(rest, facts_len)?;
        let [has_content @ 0..=1] = take(rest)? else { return Err(HeadError::Damaged) };
        if !rest.is_empty() {
            return Err(HeadError::Damaged);
        }
        let has_content = has_content == 1;
        Ok(Self { stream_kind, stream_id, version, occurred_at, event_type, schema, metadata, facts, has_content })
    }

    /// The canonical bytes of this head.
    #[must_use]
    pub fn encode(&self) -> Box<[u8]> {
        let mut head = Vec::with_capacity(32 + self.stream_id.len() + self.metadata.len() + self.facts.len());
        head.push(EVENT_FORMAT);
        head.push(self.stream_kind.code());
        // Ids have at most 256 bytes, metadata and facts at most 4 MB: the lengths fit.
        head.extend(u16::try_from(self.stream_id.len()).unwrap_or(u16::MAX).to_le_bytes());
        head.extend(self.stream_id.as_bytes());
        head.extend(self.version.0.to_le_bytes());
        head.extend(self.occurred_at.micros().to_le_bytes());
        head.extend(self.event_type.0.to_le_bytes());
        head.push(self.schema);
        for part in [self.metadata, self.facts] {
            head.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            head.extend(part);
        }
        head.push(u8::from(self.has_content));
        head.into()
    }

    /// The command it came from, by its keyed hashes.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when its metadata do not decode.
    pub fn command(&self) -> Result<Option<CommandStamp>, CodecError> {
        let metadata: MetadataV1<'_> = codec::decode("metadata", self.metadata)?;
        Ok(metadata.command.map(|(id, digest)| CommandStamp { id, digest }))
    }

    /// The name of its stream.
    #[must_use]
    pub fn stream(&self) -> StreamName {
        StreamName { kind: self.stream_kind, id: self.stream_id.into() }
    }
}

impl EventBytes {
    /// Reads the head.
    ///
    /// # Errors
    ///
    /// [`HeadError`] when the bytes are no head, or say otherwise about content than there is.
    pub fn head(&self) -> Result<EventHead<'_>, HeadError> {
        EventHead::decode(&self.head)
            .and_then(|head| if head.has_content == self.sealed.is_some() { Ok(head) } else { Err(HeadError::Damaged) })
    }

    /// Its digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        event_digest(self)
    }
}

impl NewEvent {
    /// Takes canonical bytes and makes their digest.
    #[must_use]
    pub fn new(bytes: EventBytes) -> Self {
        let digest = bytes.digest();
        Self { bytes, digest }
    }

    /// Its canonical bytes.
    #[must_use]
    pub fn bytes(&self) -> &EventBytes {
        &self.bytes
    }

    /// BLAKE3 over them, the sealed content by its own BLAKE3.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Its canonical bytes, to keep.
    #[must_use]
    pub fn into_bytes(self) -> EventBytes {
        self.bytes
    }
}

pub(crate) fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], HeadError> {
    let (taken, left) = rest.split_first_chunk::<N>().ok_or(HeadError::Damaged)?;
    *rest = left;
    Ok(*taken)
}

pub(crate) fn take_slice<'a>(rest: &mut &'a [u8], len: usize) -> Result<&'a [u8], HeadError> {
    let (taken, left) = rest.split_at_checked(len).ok_or(HeadError::Damaged)?;
    *rest = left;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_read_back_is_a_row_of_facts() {
        let head = EventHead {
            stream_kind: StreamKind::Ticket,
            stream_id: "HD-1",
            version: Version(3),
            occurred_at: Timestamp::clamped(17),
            event_type: EventType::TICKET_HELD,
            schema: 1,
            metadata: &[7],
            facts: &[1],
            has_content: false,
        };
        let recorded_at = Timestamp::clamped(19);
        let bytes = EventBytes { head: head.encode(), sealed: None };
        let event = RecordedEvent { position: Position(5), recorded_at, bytes };
        let expected = FactRow {
            position: Position(5),
            version: Version(3),
            stream: StreamNumber(9),
            back: 0,
            occurred_at: head.occurred_at,
            recorded_at,
            event_type: head.event_type,
            schema: 1,
            facts: EncodedFacts::stored(&[1]),
        };
        assert_eq!(event.fact_row(StreamNumber(9)), Ok(expected));
        let damaged = EventBytes { head: [EVENT_FORMAT].into(), sealed: None };
        assert_eq!(RecordedEvent { bytes: damaged, ..event }.fact_row(StreamNumber(9)), Err(HeadError::Damaged));
    }
}
