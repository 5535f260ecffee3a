//! Published reports as events: each name is a stream of its own, whose versions are the publications under it.
//!
//! The log keeps the bytes of a report packed; what they say is read by whoever shows them.

use crate::codec::v1::{MetadataV1, ReportPublishedV1};
use crate::codec::{self, CodecError, EventType};
use crate::facts::ReportPublished;
use crate::log::{CommandStamp, Commit};
use crate::position::Version;
use crate::record::{EventBytes, EventHead, NewEvent};
use crate::stream::{StreamKind, StreamName};
use daftar_domain::Timestamp;

/// The most bytes a report may have to be published.
pub const REPORT_BYTES_MAX: usize = 64 << 20;
/// The most bytes of it that are kept, packed: a commit has room for 900,000, what is told of the report among them.
pub const PACKED_BYTES_MAX: usize = 850_000;
/// Packed once and kept for ever: beyond this zstd takes much more time for little.
const LEVEL: i32 = 9;

/// A report's bytes as they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Their BLAKE3, before packing.
    pub digest: [u8; 32],
    /// How many they are, before packing.
    pub length: u32,
    /// One zstd frame of them.
    pub bytes: Vec<u8>,
}

/// Why a report's bytes are not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// It is too large.
    #[error(
        "the report has {length} bytes, {packed} when packed; at most {REPORT_BYTES_MAX}, {PACKED_BYTES_MAX} when \
         packed, can be published: ask for fewer groups, a longer interval, or some figures alone"
    )]
    TooLarge {
        /// How many bytes it has.
        length: usize,
        /// How many are left of them, packed; 0 where it was not tried.
        packed: usize,
    },
    /// Packing failed.
    #[error("the report can't be packed: {0}")]
    Failed(String),
}

/// What is kept is not what was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnpackError {
    /// It is no report of the length that stands beside it.
    #[error("the bytes kept of the report can't be unpacked")]
    Damaged,
    /// It is a report of another digest.
    #[error("the bytes kept of the report are not those whose digest stands beside them")]
    OtherDigest,
}

/// Packs a report's bytes.
///
/// # Errors
///
/// [`PackError`] when it is too large.
pub fn pack(report: &[u8]) -> Result<Packed, PackError> {
    let too_large = |packed| PackError::TooLarge { length: report.len(), packed };
    let length = u32::try_from(report.len()).ok().filter(|_| report.len() <= REPORT_BYTES_MAX);
    let length = length.ok_or_else(|| too_large(0))?;
    let bytes = zstd::bulk::compress(report, LEVEL).map_err(|e| PackError::Failed(e.to_string()))?;
    if bytes.len() > PACKED_BYTES_MAX {
        return Err(too_large(bytes.len()));
    }
    Ok(Packed { digest: *blake3::hash(report).as_bytes(), length, bytes })
}

/// The bytes that were published, compared with their digest.
///
/// # Errors
///
/// [`UnpackError`] when they are others.
pub fn unpack(published: &ReportPublished<'_>) -> Result<Vec<u8>, UnpackError> {
    let length = usize::try_from(published.length).ok().filter(|length| *length <= REPORT_BYTES_MAX);
    let length = length.ok_or(UnpackError::Damaged)?;
    let bytes = zstd::bulk::decompress(published.packed, length).map_err(|_| UnpackError::Damaged)?;
    if bytes.len() != length {
        return Err(UnpackError::Damaged);
    }
    if *blake3::hash(&bytes).as_bytes() == published.digest { Ok(bytes) } else { Err(UnpackError::OtherDigest) }
}

/// The stream of a published report.
#[must_use]
pub fn snapshot_stream(name: &str) -> StreamName {
    StreamName { kind: StreamKind::Snapshot, id: name.into() }
}

/// The commit that publishes the version after `newest` under the name that `published` gives, for a command where a
/// retry of it is to be known.
///
/// # Errors
///
/// [`CodecError`] when it is larger than an event may be.
pub fn snapshot_commit(
    published: &ReportPublishedV1<'_>,
    newest: Version,
    occurred_at: Timestamp,
    command: Option<CommandStamp>,
) -> Result<Commit, CodecError> {
    let stamp = command.map(|command| (command.id, command.digest));
    let metadata = codec::encode("metadata", &MetadataV1 { command: stamp, ..MetadataV1::default() })?;
    let facts = codec::encode("facts", published)?;
    let head = EventHead {
        stream_kind: StreamKind::Snapshot,
        stream_id: published.name,
        version: Version(newest.0.saturating_add(1)),
        occurred_at,
        event_type: EventType::REPORT_PUBLISHED,
        schema: 1,
        metadata: &metadata,
        facts: &facts,
        has_content: false,
    };
    let event = NewEvent::new(EventBytes { head: head.encode(), sealed: None });
    let stream = snapshot_stream(published.name);
    Ok(Commit { stream, expected: newest, events: vec![event], command, recorded_at: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published<'a>(packed: &'a Packed, bytes: &'a [u8]) -> ReportPublished<'a> {
        ReportPublished {
            name: "n",
            report: "flow",
            query: vec![],
            definition: "default",
            definition_version: 0,
            document: None,
            position: 7,
            product: "0.1.0",
            by: None,
            digest: packed.digest,
            length: packed.length,
            packed: bytes,
        }
    }

    #[test]
    fn what_is_packed_comes_out_as_it_went_in() {
        let report = "{\"report\":\"flow\",\"notes\":[\"یادداشت\"]}".repeat(100);
        let packed = pack(report.as_bytes()).unwrap();
        assert!(packed.bytes.len() < report.len() / 10);
        assert_eq!(packed.length as usize, report.len());
        assert_eq!(unpack(&published(&packed, &packed.bytes)), Ok(report.into_bytes()));
    }

    #[test]
    fn what_is_not_the_report_that_was_published_is_refused() {
        let (packed, other) = (pack(b"{\"a\":1}").unwrap(), pack(b"{\"a\":2}").unwrap());
        assert_eq!(unpack(&published(&packed, &other.bytes)), Err(UnpackError::OtherDigest));
        for bytes in [&packed.bytes[1..], &pack(b"{\"a\":12}").unwrap().bytes, &pack(b"{}").unwrap().bytes] {
            assert_eq!(unpack(&published(&packed, bytes)), Err(UnpackError::Damaged), "{bytes:?}");
        }
    }

    #[test]
    fn a_report_has_room_in_a_commit_or_is_refused() {
        // Hashes do not pack: half of their digits' bytes are left.
        let noise: String = (0..40_000_u32).map(|n| blake3::hash(&n.to_le_bytes()).to_hex().to_string()).collect();
        let Err(PackError::TooLarge { length, packed }) = pack(noise.as_bytes()) else { panic!("it has no room") };
        assert_eq!(length, noise.len());
        assert!((PACKED_BYTES_MAX..noise.len()).contains(&packed), "{packed}");
        assert!(pack(&noise.as_bytes()[..1_000_000]).is_ok());
        let long = vec![b'0'; REPORT_BYTES_MAX + 1];
        assert_eq!(pack(&long), Err(PackError::TooLarge { length: long.len(), packed: 0 }));
    }
}
