//! Entries: events, and commits without events, as bytes that follow one another in records and in backups.

use crate::log::CommandStamp;
use crate::position::Version;
use crate::record::{EventBytes, HeadError, take, take_slice};
use crate::sequencer::EmptyCommit;
use crate::stream::{StreamKind, StreamName};
use daftar_domain::Timestamp;

const EVENT: u8 = 1;
const EMPTY: u8 = 2;

/// One thing that was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// An event and when it was recorded.
    Event(Timestamp, EventBytes),
    /// A commit without events.
    Empty(EmptyCommit),
}

impl Entry {
    /// How many bytes it takes.
    #[must_use]
    pub fn stored_len(&self) -> usize {
        match self {
            Self::Event(_, bytes) => event_len(bytes),
            Self::Empty(empty) => empty_len(&empty.stream),
        }
    }

    /// Appends its bytes.
    pub fn push_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Event(recorded_at, bytes) => push_event(out, *recorded_at, bytes),
            Self::Empty(empty) => push_empty(out, empty),
        }
    }
}

/// Appends the bytes of an event.
pub fn push_event(out: &mut Vec<u8>, recorded_at: Timestamp, bytes: &EventBytes) {
    out.push(EVENT);
    out.extend(recorded_at.micros().to_le_bytes());
    let sealed = bytes.sealed.as_deref().unwrap_or_default();
    for part in [&bytes.head[..], sealed] {
        // A line of input has at most 1 MB, so an event's parts stay far under 4 GB.
        out.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend(part);
    }
}

/// Appends the bytes of a commit without events.
pub fn push_empty(out: &mut Vec<u8>, empty: &EmptyCommit) {
    out.push(EMPTY);
    out.extend(empty.recorded_at.micros().to_le_bytes());
    out.push(empty.stream.kind.code());
    out.extend(u16::try_from(empty.stream.id.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(empty.stream.id.as_bytes());
    out.extend(empty.version.0.to_le_bytes());
    out.extend(empty.command.id);
    out.extend(empty.command.digest);
}

/// How many bytes an event takes.
#[must_use]
pub fn event_len(bytes: &EventBytes) -> usize {
    17 + bytes.head.len() + bytes.sealed.as_deref().map_or(0, <[u8]>::len)
}

/// How many bytes a commit without events takes.
#[must_use]
pub fn empty_len(stream: &StreamName) -> usize {
    48 + stream.id.len()
}

/// Reads the next entry off `rest`.
///
/// # Errors
///
/// [`HeadError::Damaged`] when the bytes are none.
pub fn read(rest: &mut &[u8]) -> Result<Entry, HeadError> {
    let [kind] = take(rest)?;
    let recorded_at = Timestamp::from_micros(i64::from_le_bytes(take(rest)?)).ok_or(HeadError::Damaged)?;
    match kind {
        EVENT => {
            let head_len = u32::from_le_bytes(take(rest)?) as usize;
            let head = take_slice(rest, head_len)?.into();
            let sealed_len = u32::from_le_bytes(take(rest)?) as usize;
            let sealed = take_slice(rest, sealed_len)?;
            let sealed = (!sealed.is_empty()).then(|| sealed.into());
            Ok(Entry::Event(recorded_at, EventBytes { head, sealed }))
        }
        EMPTY => read_empty(rest, recorded_at).map(Entry::Empty),
        _ => Err(HeadError::Damaged),
    }
}

fn read_empty(rest: &mut &[u8], recorded_at: Timestamp) -> Result<EmptyCommit, HeadError> {
    let [kind] = take(rest)?;
    let kind = StreamKind::from_code(kind).ok_or(HeadError::Damaged)?;
    let id_len = usize::from(u16::from_le_bytes(take(rest)?));
    let id = std::str::from_utf8(take_slice(rest, id_len)?).map_err(|_| HeadError::Damaged)?.into();
    let version = Version(u32::from_le_bytes(take(rest)?));
    let command = CommandStamp { id: take(rest)?, digest: take(rest)? };
    Ok(EmptyCommit { recorded_at, stream: StreamName { kind, id }, version, command })
}
