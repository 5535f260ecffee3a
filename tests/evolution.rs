//! Facts of an older schema version come out as today's; facts from the future stop whoever meets them.
//!
//! The product has only first versions yet: the chain of versions is shown on a table of this test's own.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_api::commands::{CommandError, Commands, Request};
use daftar_domain::ids::{AgentId, TicketId};
use daftar_domain::ticket::{Action, Command, Opening};
use daftar_domain::{Event, EventKind, Limits, Timestamp};
use daftar_eventlog::clock::system_clock;
use daftar_eventlog::codec::schema::{Schema, decode_schema};
use daftar_eventlog::codec::ticket::{Origin, TicketCodec};
use daftar_eventlog::codec::v1::{MetadataV1, ReplyRatedV1};
use daftar_eventlog::codec::{self, CodecError, EventType};
use daftar_eventlog::embedded::EmbeddedLog;
use daftar_eventlog::import::{Import, ImportError, LineReader, Options};
use daftar_eventlog::memory::MemoryLog;
use daftar_eventlog::record::{EventBytes, EventHead};
use daftar_eventlog::sealing::KeyStore;
use daftar_eventlog::sealing::memory_keys::MemoryKeys;
use daftar_eventlog::vocabulary::{SharedVocabulary, Vocabulary};
use daftar_eventlog::{Commit, EventLog, LogReader, NewEvent, Position, StoreError, StreamKind, StreamName, Version};
use daftar_projections::measurements::Measurements;
use daftar_projections::projector::{CatchUpError, catch_up};
use daftar_tests::history::{all_events, assert_sound, open};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `reply_rated` as a later version may store it: a field more.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct ReplyRatedV2<'a> {
    reply: u32,
    scale: u8,
    score: u8,
    /// Who entered it for the customer; V1 did not say.
    entered_by: Option<&'a str>,
}

impl<'a> Schema<'a> for ReplyRatedV2<'a> {
    const VERSION: u8 = 2;
    type Before = ReplyRatedV1;

    fn upcast(ReplyRatedV1 { reply, rating }: ReplyRatedV1) -> Self {
        Self { reply, scale: rating.scale, score: rating.score, entered_by: None }
    }
}

/// And as a version after that may store it: a field changed.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct ReplyRatedV3<'a> {
    reply: u32,
    /// The score as a share of the way from the scale's worst to its best, in thousandths.
    share: u16,
    entered_by: Option<&'a str>,
}

impl<'a> Schema<'a> for ReplyRatedV3<'a> {
    const VERSION: u8 = 3;
    type Before = ReplyRatedV2<'a>;

    fn upcast(ReplyRatedV2 { reply, scale, score, entered_by }: ReplyRatedV2<'a>) -> Self {
        let (worst, best): (u8, u8) = [(0, 1), (1, 4), (1, 5)][usize::from(scale)];
        Self { reply, share: u16::from(score - worst) * 1000 / u16::from(best - worst), entered_by }
    }
}

/// Reply 300, rated 4 of 5; from the second version on entered by `sara`: the bytes of each version, by hand.
const V1: &[u8] = &[251, 0x2c, 0x01, 2, 4];
const V2: &[u8] = &[251, 0x2c, 0x01, 2, 4, 1, 4, b's', b'a', b'r', b'a'];
const V3: &[u8] = &[251, 0x2c, 0x01, 251, 0xee, 0x02, 1, 4, b's', b'a', b'r', b'a'];

fn today(schema: u8, bytes: &[u8]) -> Result<ReplyRatedV3<'_>, CodecError> {
    decode_schema(EventType::REPLY_RATED, schema, bytes)
}

#[test]
fn every_older_version_comes_out_as_todays() {
    let rated = |entered_by| ReplyRatedV3 { reply: 300, share: 750, entered_by };
    assert_eq!(codec::encode("facts", &rated(Some("sara"))).unwrap(), V3);
    assert_eq!(today(3, V3), Ok(rated(Some("sara"))));
    assert_eq!(today(2, V2), Ok(rated(Some("sara"))));
    assert_eq!(today(1, V1), Ok(rated(None)), "through both steps");
    let second: ReplyRatedV2<'_> = decode_schema(EventType::REPLY_RATED, 1, V1).unwrap();
    assert_eq!(second, ReplyRatedV2 { reply: 300, scale: 2, score: 4, entered_by: None });
}

#[test]
fn bytes_missing_left_over_or_of_another_version_are_refused() {
    for (schema, bytes) in [(1, V1), (2, V2), (3, V3)] {
        for cut in 0..bytes.len() {
            assert!(matches!(today(schema, &bytes[..cut]), Err(CodecError::Damaged { .. })), "{schema} cut at {cut}");
        }
        let longer = [bytes, &[0]].concat();
        assert!(matches!(today(schema, &longer), Err(CodecError::Damaged { .. })), "{schema} with a byte more");
    }
    assert!(today(1, V2).is_err() && today(2, V1).is_err(), "the version decides, not the look of the bytes");
}

#[test]
fn a_version_from_the_future_is_unknown_and_none_is_skipped() {
    for schema in [0, 4, 9, u8::MAX] {
        assert_eq!(today(schema, V3), Err(CodecError::Unknown { event_type: 7, schema }));
    }
    // A build that has come only to the second version meets the third.
    let second = decode_schema::<ReplyRatedV2<'_>>(EventType::REPLY_RATED, 3, V3);
    assert_eq!(second, Err(CodecError::Unknown { event_type: 7, schema: 3 }));
}

/// What a newer version may have appended to a ticket: a known type at a new schema version, or a new type.
const FUTURE: [(u16, u8); 3] = [(2, 9), (60, 1), (7, 2)];

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn at(second: i64) -> Timestamp {
    Timestamp::clamped(second * 1_000_000)
}

fn from_the_future(version: u32, (event_type, schema): (u16, u8)) -> NewEvent {
    let metadata = codec::encode("metadata", &MetadataV1::default()).unwrap();
    let head = EventHead {
        stream_kind: StreamKind::Ticket,
        stream_id: "HD-1",
        version: Version(version),
        occurred_at: at(version.into()),
        event_type: EventType(event_type),
        schema,
        metadata: &metadata,
        facts: b"what nobody here can read",
        has_content: false,
    };
    NewEvent::new(EventBytes { head: head.encode(), sealed: None })
}

/// A log whose third event, the second of ticket `HD-1`, is from the future; known ones stand before and after it.
async fn fill(log: &dyn EventLog, codec: &TicketCodec, future: (u16, u8)) {
    let opening = Opening::default();
    let owner = codec.owner_of(&opening).unwrap();
    let opened = Event { occurred_at: at(1), by: None, cause: None, kind: EventKind::TicketOpened(Box::new(opening)) };
    let opened =
        |ticket| codec.encode(&TicketId::known_good(ticket), owner, Version(1), &opened, &Origin::default()).unwrap();
    for (ticket, version, event) in [
        ("HD-1", 0, opened("HD-1")),
        ("HD-2", 0, opened("HD-2")),
        ("HD-1", 1, from_the_future(2, future)),
        ("HD-3", 0, opened("HD-3")),
    ] {
        let stream = StreamName::ticket(ticket);
        let commit =
            Commit { stream, expected: Version(version), events: vec![event], command: None, recorded_at: None };
        log.append(commit).await.unwrap();
    }
}

/// Asserts that a message names position and versions, and says what to do.
fn assert_told(said: &str, (event_type, schema): (u16, u8)) {
    let what = format!("position 3: event type {event_type} at schema version {schema} was written by a newer version");
    assert!(said.contains(&what) && said.contains("upgrade"), "{said}");
}

async fn assert_everybody_stops(log: Arc<dyn EventLog>, codec: &TicketCodec, future: (u16, u8)) {
    let events = all_events(&*log).await.unwrap();
    assert_sound(&*log, &events).await;
    assert_eq!(events.len(), 4, "the log itself keeps what it can't read");
    let read = codec.decode(&events[2]).unwrap_err();
    assert!(matches!(read, StoreError::Unreadable { position: Position(3), .. }));
    assert_told(&read.to_string(), future);

    let mut state = Measurements::default();
    let folded = catch_up(&*log, &mut state, None, |_| {}).await.unwrap_err();
    assert!(matches!(folded, CatchUpError::Unreadable { position: Position(3), .. }));
    assert_told(&folded.to_string(), future);
    let vocabulary = Vocabulary::of(&*log).await.err().unwrap();
    assert_told(&vocabulary.to_string(), future);

    assert_command_stops(&log, codec, future).await;
    assert_import_stops(&*log, codec, future).await;
    assert_eq!(all_events(&*log).await.unwrap(), events, "nothing was added behind it");
}

async fn assert_command_stops(log: &Arc<dyn EventLog>, codec: &TicketCodec, future: (u16, u8)) {
    let commands = Commands::new(Arc::clone(log), codec.clone(), SharedVocabulary::new(Vocabulary::default()));
    let action = Action::Assign { agent: Some(AgentId::known_good("sara")) };
    let command = Command { by: None, cause: None, action };
    let ticket = TicketId::known_good("HD-1");
    let refused = commands.carry_out(&Request { ticket, command, if_version: None, stamp: None, now: at(9) }).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, CommandError::Store(StoreError::Unreadable { .. })));
    assert_told(&refused.to_string(), future);
}

async fn assert_import_stops(log: &dyn EventLog, codec: &TicketCodec, future: (u16, u8)) {
    let line = "{\"type\":\"ticket_assigned\",\"ticket\":\"HD-1\",\"occurred_at\":\"2025-03-01T08:00:00Z\",\"agent\":\"sara\"}\n";
    let known = SharedVocabulary::new(Vocabulary::default());
    // With and without a vocabulary at hand: the first stops at the ticket, the second before it.
    for vocabulary in [Some(known), None] {
        let options = Options { vocabulary, ..Options::default() };
        let mut import = Import::new(log, codec, options).unwrap();
        let mut lines = LineReader::new(line.as_bytes(), Limits::default());
        let stopped = import.record_all(&mut lines, &mut |_| {}).await.unwrap_err();
        assert!(matches!(stopped, ImportError::Store(StoreError::Unreadable { .. })));
        assert_told(&stopped.to_string(), future);
        assert_eq!(import.counts().appended, 0);
    }
}

#[test]
fn in_memory_everybody_stops_at_an_event_from_the_future() {
    for future in FUTURE {
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(system_clock()).unwrap());
        let keys: Arc<dyn KeyStore> = Arc::new(MemoryKeys::new().unwrap());
        let codec = TicketCodec::new(keys, log.identity().log_id);
        block_on(async {
            fill(&*log, &codec, future).await;
            assert_everybody_stops(log, &codec, future).await;
        });
    }
}

#[test]
fn in_a_directory_everybody_stops_at_an_event_from_the_future() {
    for future in FUTURE {
        let dir = tempfile::tempdir().unwrap();
        let log = open(dir.path()).unwrap();
        let codec_of = |log: &EmbeddedLog| TicketCodec::new(log.keys(), log.identity().log_id);
        block_on(fill(&*log, &codec_of(&log), future));
        block_on(assert_everybody_stops(log.clone(), &codec_of(&log), future));
        drop(log);
        let log = open(dir.path()).unwrap();
        block_on(assert_everybody_stops(log.clone(), &codec_of(&log), future));
    }
}
