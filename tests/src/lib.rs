//! What the tests of the joints share: small events, and logs to keep them in.

pub mod disk;
pub mod feed;
pub mod fixture;
pub mod history;
pub mod http_client;
pub mod in_process;

use daftar_domain::Timestamp;
use daftar_eventlog::codec::{self, EventType, v1};
use daftar_eventlog::position::Version;
use daftar_eventlog::record::{EventBytes, EventHead};
use daftar_eventlog::{CommandStamp, Commit, NewEvent, StreamKind, StreamName};

/// An event that assigns `agent`, for one version of a ticket's stream, with `sealed` bytes of made-up content.
///
/// # Panics
///
/// When the facts do not encode, which they always do.
#[must_use]
#[expect(clippy::expect_used, reason = "a helper of tests")]
pub fn assigned(
    stream: &StreamName,
    version: u32,
    agent: &str,
    command: Option<CommandStamp>,
    sealed: usize,
) -> NewEvent {
    let facts = codec::encode("facts", &v1::TicketAssignedV1 { agent: Some(agent) }).expect("facts encode");
    let metadata = v1::MetadataV1 { command: command.map(|c| (c.id, c.digest)), ..v1::MetadataV1::default() };
    let metadata = codec::encode("metadata", &metadata).expect("metadata encode");
    let head = EventHead {
        stream_kind: StreamKind::Ticket,
        stream_id: &stream.id,
        version: Version(version),
        occurred_at: Timestamp::clamped(i64::from(version) * 1_000_000),
        event_type: EventType::TICKET_ASSIGNED,
        schema: 1,
        metadata: &metadata,
        facts: &facts,
        has_content: sealed > 0,
    };
    let sealed = (sealed > 0).then(|| vec![0x5a; sealed].into());
    NewEvent::new(EventBytes { head: head.encode(), sealed })
}

/// A commit of `count` events to a ticket's stream that is at version `expected`.
#[must_use]
pub fn commit(ticket: &str, expected: u32, count: u32, command: Option<CommandStamp>) -> Commit {
    let stream = StreamName::ticket(ticket);
    let event = |n| assigned(&stream, expected + n, &format!("agent-{n}"), command, 0);
    let events = (1..=count).map(event).collect();
    Commit { stream, expected: Version(expected), events, command, recorded_at: None }
}

/// A command's stamp, made from two small numbers.
#[must_use]
pub const fn stamp(id: u8, digest: u8) -> CommandStamp {
    CommandStamp { id: [id; 16], digest: [digest; 16] }
}

pub mod page;
pub mod programs;
pub mod proxy;
pub mod served;
pub mod server;
