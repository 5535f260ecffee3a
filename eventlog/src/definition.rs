//! Metric definitions as events: each is a stream of its own, whose versions are the definition's.
//!
//! What a document says is read by whoever makes reports; the log keeps its bytes.

use crate::codec::v1::{DefinitionPublishedV1, MetadataV1};
use crate::codec::{self, CodecError, EventType};
use crate::log::Commit;
use crate::position::Version;
use crate::record::{EventBytes, EventHead, NewEvent};
use crate::stream::{StreamKind, StreamName};
use daftar_domain::Timestamp;

/// The stream of a definition.
#[must_use]
pub fn definition_stream(name: &str) -> StreamName {
    StreamName { kind: StreamKind::Definition, id: name.into() }
}

/// The commit that publishes the version after `newest` of a definition, with its document as canonical JSON.
///
/// # Errors
///
/// [`CodecError`] when the document is larger than an event may be.
pub fn definition_commit(
    name: &str,
    document: &str,
    newest: Version,
    occurred_at: Timestamp,
) -> Result<Commit, CodecError> {
    let metadata = codec::encode("metadata", &MetadataV1::default())?;
    let facts = codec::encode("facts", &DefinitionPublishedV1 { name, document })?;
    let head = EventHead {
        stream_kind: StreamKind::Definition,
        stream_id: name,
        version: Version(newest.0.saturating_add(1)),
        occurred_at,
        event_type: EventType::DEFINITION_PUBLISHED,
        schema: 1,
        metadata: &metadata,
        facts: &facts,
        has_content: false,
    };
    let event = NewEvent::new(EventBytes { head: head.encode(), sealed: None });
    let stream = definition_stream(name);
    Ok(Commit { stream, expected: newest, events: vec![event], command: None, recorded_at: None })
}
