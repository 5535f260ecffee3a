//! For tests: a desk on a log in memory, and commands on it.

use super::Desk;
use super::sse::{Pace, Place, Streams};
use crate::commands::Request;
use daftar_domain::Timestamp;
use daftar_domain::ids::TicketId;
use daftar_eventlog::clock::Clock;
use daftar_eventlog::memory::MemoryLog;
use daftar_eventlog::ndjson::{Wish, parse_command};
use daftar_eventlog::sealing::memory_keys::MemoryKeys;
use std::sync::Arc;
use std::time::Duration;

/// Soon over.
pub(super) const SOON: Duration = Duration::from_millis(1);
/// Longer than any test.
pub(super) const NEVER: Duration = Duration::from_secs(3600);

/// A desk whose clock stands still, with nothing in its log.
pub(crate) async fn desk() -> Desk {
    let clock: Clock = Arc::new(|| Timestamp::clamped(1_000_000));
    let log = Arc::new(MemoryLog::new(Arc::clone(&clock)).unwrap());
    Desk::open(log, Arc::new(MemoryKeys::new().unwrap()), clock).await.unwrap()
}

/// Room for so many streams with heartbeats that often.
pub(super) fn streams(heartbeat: Duration, max: usize) -> Streams {
    Streams::new(Pace { heartbeat, gap: SOON }, max)
}

/// A place among them.
pub(super) fn place(streams: &Streams) -> Place {
    streams.begin().unwrap()
}

/// Carries a command out; it must be granted.
pub(super) async fn carry_out(desk: &Desk, ticket: &str, wish: Wish, body: &str) {
    let command = parse_command(body.as_bytes(), wish).unwrap().command;
    let ticket = TicketId::parse("ticket", ticket).unwrap();
    let request = Request { ticket, command, if_version: None, stamp: None, now: desk.now() };
    desk.commands().carry_out(&request).await.unwrap();
}

/// Opens a ticket.
pub(crate) async fn open(desk: &Desk, ticket: &str) {
    carry_out(desk, ticket, Wish::Open, "{}").await;
}
