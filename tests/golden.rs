//! The stored bytes of everything frozen, compared with files that were worked out without Daftar's code.
//!
//! `tests/golden/make.py` made them from a description of the format. A test that fails here says that logs written
//! by an earlier version can't be read any more: the code is wrong, not the file.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_domain::Timestamp;
use daftar_eventlog::block::{BlockBuilder, BlockOrigin, FactBlock, StoredRow};
use daftar_eventlog::checksum::{Digest, chain_next};
use daftar_eventlog::codec::v1::{
    ActorV1, AttachmentV1, ChangeV1, ContentV1, DefinitionPublishedV1, EpochBegunV1, FollowUpRecordedV1, FormV1,
    MetadataV1, OwnerV1, PriorityChangedV1, ReplyPostedV1, ReplyRatedV1, ReportPublishedV1, ScoreV1, SurveySubmittedV1,
    TagsChangedV1, TicketAssignedV1, TicketClosedV1, TicketHeldV1, TicketOpenedV1, TicketReopenedV1, TicketRestoredV1,
    TicketResumedV1, TicketTransferredV1, TicketVoidedV1,
};
use daftar_eventlog::codec::{self, CodecError, EventType};
use daftar_eventlog::derived::DerivedFiles;
use daftar_eventlog::embedded::key_file::KeyFile;
use daftar_eventlog::embedded::layout::{Record, RecordBuilder, RecordKey};
use daftar_eventlog::embedded::witness::{Seen, Witness};
use daftar_eventlog::entry::Entry;
use daftar_eventlog::facts::Facts;
use daftar_eventlog::genesis::Genesis;
use daftar_eventlog::record::{EventBytes, EventHead};
use daftar_eventlog::sealing::{self, Hashed, KeyStore, Pseudonym, keyed_hash};
use daftar_eventlog::sequencer::{EmptyCommit, KeptCommand};
use daftar_eventlog::{CommandStamp, LogIdentity, Position, StreamKind, StreamName, StreamNumber, Version};
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const PSEUDONYM: [u8; 16] = counted(0x10);
const OTHER: [u8; 16] = counted(0x20);
const LOG_ID: [u8; 16] = counted(0xa0);
const COMMAND: CommandStamp = CommandStamp { id: [0xc1; 16], digest: [0xd1; 16] };
const NO_EFFECT: CommandStamp = CommandStamp { id: [0xc2; 16], digest: [0xd2; 16] };
const IDENTITY: LogIdentity = LogIdentity { log_id: LOG_ID, epoch: 1 };

const fn counted(from: u8) -> [u8; 16] {
    let mut bytes = [0; 16];
    let mut n = 0;
    while n < 16 {
        bytes[n as usize] = from + n;
        n += 1;
    }
    bytes
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// The bytes of a golden file: hexadecimal digits, in lines.
fn golden(name: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(folder().join(format!("{name}.hex"))).unwrap_or_else(|e| panic!("{name}: {e}"));
    let digits: String = text.lines().filter(|line| !line.starts_with('#')).collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn golden_digest(name: &str) -> Digest {
    golden(name).try_into().unwrap()
}

/// Asserts that a value is written as the file says, and read back from it; bytes missing or left over are refused.
fn assert_golden<T>(name: &str, value: &T)
where
    T: Serialize + for<'a> Deserialize<'a> + PartialEq + Debug,
{
    let bytes = golden(name);
    assert_eq!(codec::encode("facts", value).unwrap(), bytes, "{name}");
    assert!(codec::decode::<T>("facts", &bytes).is_ok_and(|read| read == *value), "{name}");
}

/// As [`assert_golden`], for structs that borrow their texts.
macro_rules! assert_borrowed {
    ($name:literal, $struct:ident $value:tt) => {{
        let (bytes, value) = (golden($name), $struct $value);
        assert_eq!(codec::encode("facts", &value).unwrap(), bytes, $name);
        assert_eq!(codec::decode::<$struct<'_>>("facts", &bytes).unwrap(), value, $name);
        assert!(codec::decode::<$struct<'_>>("facts", &[&bytes[..], &[0]].concat()).is_err(), $name);
        assert!(codec::decode::<$struct<'_>>("facts", &bytes[..bytes.len() - 1]).is_err(), $name);
    }};
}

#[test]
fn facts_of_openings_and_of_what_changes_a_ticket() {
    let long = "s".repeat(64);
    assert_borrowed!(
        "facts_01_ticket_opened_v1",
        TicketOpenedV1 {
            by: Some(ActorV1::Customer(Some(PSEUDONYM))),
            owner: OwnerV1::Customer(PSEUDONYM),
            channel: Some("web"),
            branch: Some("تهران"),
            department: Some("technical"),
            priority: 2,
            customer_tier: Some("gold"),
            language: Some("fa-IR"),
            tags: vec!["a", "ب"],
            attributes: vec![("plan", "pro"), ("seats", &long)],
        }
    );
    assert_borrowed!(
        "facts_01_ticket_opened_v1_bare",
        TicketOpenedV1 {
            by: None,
            owner: OwnerV1::Ticket(OTHER),
            channel: None,
            branch: None,
            department: None,
            priority: 1,
            customer_tier: None,
            language: None,
            tags: vec![],
            attributes: vec![],
        }
    );
    assert_borrowed!("facts_02_ticket_assigned_v1", TicketAssignedV1 { agent: Some("سارا") });
    assert_borrowed!("facts_02_ticket_assigned_v1_nobody", TicketAssignedV1 { agent: None });
    assert_borrowed!(
        "facts_03_ticket_transferred_v1",
        TicketTransferredV1 { branch: ChangeV1::Set("shiraz"), department: ChangeV1::Clear }
    );
    assert_borrowed!(
        "facts_03_ticket_transferred_v1_keep",
        TicketTransferredV1 { branch: ChangeV1::Keep, department: ChangeV1::Set("billing") }
    );
    assert_golden("facts_04_priority_changed_v1", &PriorityChangedV1 { priority: 3 });
    assert_borrowed!("facts_05_tags_changed_v1", TagsChangedV1 { added: vec!["x", "y"], removed: vec!["z"] });
    assert_golden("facts_08_ticket_held_v1", &TicketHeldV1 { waiting_for: 1 });
    assert_golden("facts_09_ticket_resumed_v1", &TicketResumedV1 {});
    assert_borrowed!("facts_13_ticket_voided_v1", TicketVoidedV1 { reason: "spam" });
    assert_golden("facts_14_ticket_restored_v1", &TicketRestoredV1 {});
}

#[test]
fn facts_of_what_people_do() {
    assert_borrowed!(
        "facts_06_reply_posted_v1",
        ReplyPostedV1 { by: ActorV1::Agent("sara"), visibility: 0, channel: Some("email") }
    );
    assert_borrowed!(
        "facts_06_reply_posted_v1_automation",
        ReplyPostedV1 { by: ActorV1::Automation(Some("bot-1")), visibility: 1, channel: None }
    );
    assert_golden("facts_07_reply_rated_v1", &ReplyRatedV1 { reply: 300, rating: ScoreV1 { scale: 2, score: 5 } });
    assert_borrowed!(
        "facts_10_ticket_closed_v1",
        TicketClosedV1 {
            by: ActorV1::Automation(None),
            survey_offered: true,
            reason: Some("solved"),
            duplicate_of: Some("HD-7"),
            form: Some(FormV1 { name: "default", version: 70_000 }),
        }
    );
    assert_borrowed!(
        "facts_10_ticket_closed_v1_bare",
        TicketClosedV1 {
            by: ActorV1::Agent("sara"),
            survey_offered: false,
            reason: None,
            duplicate_of: None,
            form: None,
        }
    );
    assert_borrowed!(
        "facts_11_survey_submitted_v1",
        SurveySubmittedV1 {
            closing: 2,
            overall: Some(ScoreV1 { scale: 1, score: 4 }),
            questions: vec![("speed", 300), ("tone", 1)],
            choices: vec![("why", vec!["fast", "kind"])],
            nps: Some(10),
            ces: Some(7),
        }
    );
    assert_borrowed!(
        "facts_11_survey_submitted_v1_bare",
        SurveySubmittedV1 { closing: 1, overall: None, questions: vec![], choices: vec![], nps: None, ces: None }
    );
    assert_borrowed!(
        "facts_12_ticket_reopened_v1",
        TicketReopenedV1 { by: ActorV1::Customer(None), reason: Some("again") }
    );
    assert_borrowed!("facts_15_follow_up_recorded_v1", FollowUpRecordedV1 { by: ActorV1::Agent("sara"), means: 1 });
}

#[test]
fn facts_of_events_that_are_no_tickets() {
    let document = format!(r#"{{"name":"تهران.2"}}{}"#, " ".repeat(300));
    assert_borrowed!(
        "facts_64_definition_published_v1",
        DefinitionPublishedV1 { name: "تهران.2", document: &document }
    );
    let packed = [b'p'; 300];
    assert_borrowed!(
        "facts_68_report_published_v1",
        ReportPublishedV1 {
            name: "csat.q1",
            report: "satisfaction",
            query: vec![("branch", "تهران,null"), ("from", "2026-01-01")],
            definition: "تهران.2",
            definition_version: 300,
            document: Some(r#"{"name":"تهران.2"}"#),
            position: 1 << 33,
            product: "0.1.0",
            by: Some(ActorV1::Agent("sara")),
            digest: [0x77; 32],
            length: 70_000,
            packed: &packed,
        }
    );
    assert_borrowed!(
        "facts_68_report_published_v1_bare",
        ReportPublishedV1 {
            name: "n",
            report: "flow",
            query: vec![],
            definition: "default",
            definition_version: 0,
            document: None,
            position: 7,
            product: "0.1.0",
            by: None,
            digest: [0x78; 32],
            length: 2,
            packed: b"{}",
        }
    );
    let lost = EpochBegunV1 {
        epoch: 2,
        id: OTHER,
        parted: 4_242,
        chain: [0x77; 32],
        cause: 0,
        given_up: Some((1 << 33, [0x78; 32])),
    };
    assert_golden("facts_73_epoch_begun_v1", &lost);
    let restored = EpochBegunV1 { epoch: 70_000, parted: 9, cause: 1, given_up: None, ..lost };
    assert_golden("facts_73_epoch_begun_v1_restored", &restored);
}

#[test]
fn every_event_type_has_golden_facts_that_are_read_as_its_own() {
    let files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|file| Some(file.unwrap().file_name().to_str()?.strip_suffix(".hex")?.to_owned()))
        .collect();
    let mut read = 0;
    let others = [EventType::DEFINITION_PUBLISHED, EventType::REPORT_PUBLISHED, EventType::EPOCH_BEGUN];
    for number in (1..=EventType::FOLLOW_UP_RECORDED.0).chain(others.map(|other| other.0)) {
        let own: Vec<_> = files.iter().filter(|f| f.starts_with(&format!("facts_{number:02}_"))).collect();
        assert!(!own.is_empty(), "event type {number} has no golden bytes");
        for name in own {
            let bytes = golden(name);
            let facts = codec::decode_facts(EventType(number), 1, &bytes).unwrap();
            assert_eq!(number_of(&facts), number, "{name}");
            read += 1;
        }
    }
    assert_eq!(read, files.iter().filter(|f| f.starts_with("facts_")).count(), "every file is of a known type");
    for (event_type, schema) in [(16, 1), (0, 1), (1, 2), (1, 0)] {
        let unknown = codec::decode_facts(EventType(event_type), schema, &[]);
        assert_eq!(unknown.unwrap_err(), CodecError::Unknown { event_type, schema });
    }
}

const fn number_of(facts: &Facts<'_>) -> u16 {
    match facts {
        Facts::TicketOpened(_) => 1,
        Facts::TicketAssigned(_) => 2,
        Facts::TicketTransferred(_) => 3,
        Facts::PriorityChanged(_) => 4,
        Facts::TagsChanged(_) => 5,
        Facts::ReplyPosted(_) => 6,
        Facts::ReplyRated(_) => 7,
        Facts::TicketHeld(_) => 8,
        Facts::TicketResumed => 9,
        Facts::TicketClosed(_) => 10,
        Facts::SurveySubmitted(_) => 11,
        Facts::TicketReopened(_) => 12,
        Facts::TicketVoided(_) => 13,
        Facts::TicketRestored => 14,
        Facts::FollowUpRecorded(_) => 15,
        Facts::DefinitionPublished(_) => 64,
        Facts::ReportPublished(_) => 68,
        Facts::EpochBegun(_) => 73,
    }
}

#[test]
fn metadata_and_content() {
    assert_borrowed!(
        "metadata_v1",
        MetadataV1 {
            issuer: Some(("key-1", 2)),
            actor: Some(ActorV1::Agent("sara")),
            command: Some((COMMAND.id, COMMAND.digest)),
            cause: Some((1 << 33, "rule-1")),
            trace: Some([0x7e; 16]),
            source_event: Some([0x5e; 16]),
        }
    );
    let none = MetadataV1::default();
    assert_eq!(codec::encode("metadata", &none).unwrap(), golden("metadata_v1_empty"));
    let bytes = golden("content_v1");
    assert_eq!(codec::encode("content", &content(&"b".repeat(300), &"ab".repeat(32))).unwrap(), bytes);
    let read: ContentV1<'_> = codec::decode("content", &bytes).unwrap();
    assert_eq!(read, content(&"b".repeat(300), &"ab".repeat(32)));
    assert_eq!(codec::encode("content", &ContentV1::default()).unwrap(), golden("content_v1_empty"));
}

fn content<'a>(text: &'a str, sha256: &'a str) -> ContentV1<'a> {
    let bare = AttachmentV1 { name: "ب.txt", media_type: None, size: None, sha256: None, url: None };
    let whole = AttachmentV1 {
        name: "a.pdf",
        media_type: Some("application/pdf"),
        size: Some(1 << 20),
        sha256: Some(sha256),
        url: Some("https://x.example/a"),
    };
    ContentV1 {
        source_event: Some("src-1"),
        subject: Some("Subject"),
        text: Some(text),
        texts: vec![("q-1", "because")],
        attachments: vec![whole, bare],
    }
}

const RECORDED: [i64; 2] = [1_767_427_930_000_000, 1_767_427_931_000_001];

fn recorded(n: usize) -> Timestamp {
    Timestamp::from_micros(RECORDED[n]).unwrap()
}

fn stream() -> StreamName {
    StreamName { kind: StreamKind::Ticket, id: "HD-۱".into() }
}

/// Asserts what one head says, and that it is written as it was read.
fn assert_head(name: &str, expected: (u32, i64, EventType, bool), facts: &str, metadata: &str) -> Box<[u8]> {
    let bytes = golden(name);
    let head = EventHead::decode(&bytes).unwrap();
    let (version, occurred_at, event_type, has_content) = expected;
    assert_eq!((head.version, head.occurred_at.micros()), (Version(version), occurred_at), "{name}");
    assert_eq!((head.event_type, head.schema, head.has_content), (event_type, 1, has_content), "{name}");
    assert_eq!((head.facts, head.metadata), (&golden(facts)[..], &golden(metadata)[..]), "{name}");
    assert_eq!(head.stream(), stream(), "{name}");
    assert_eq!(*head.encode(), bytes[..], "{name}");
    bytes.into()
}

/// The two events of the golden log.
fn events() -> [EventBytes; 2] {
    let first = (1, -5_000_000, EventType::TICKET_OPENED, true);
    let second = (2, 1_767_427_920_123_456, EventType::TICKET_ASSIGNED, false);
    let first = assert_head("head_with_content", first, "facts_01_ticket_opened_v1", "metadata_v1");
    let second = assert_head("head", second, "facts_02_ticket_assigned_v1", "metadata_v1_empty");
    let sealed = golden("sealed_v1").into();
    [EventBytes { head: first, sealed: Some(sealed) }, EventBytes { head: second, sealed: None }]
}

#[test]
fn digests_and_the_chain_from_the_genesis() {
    let genesis = Genesis { identity: IDENTITY };
    assert_eq!(genesis.encode()[..], golden("genesis"));
    assert_eq!(Genesis::decode(&golden("genesis")).unwrap(), genesis);
    assert_eq!(genesis.chain(), golden_digest("genesis_chain"));
    let [first, second] = events();
    assert_eq!(first.digest(), golden_digest("digest_with_content"));
    assert_eq!(second.digest(), golden_digest("digest"));
    let chain = chain_next(&genesis.chain(), &first.digest(), recorded(0));
    assert_eq!(chain, golden_digest("chain_1"));
    assert_eq!(chain_next(&chain, &second.digest(), recorded(1)), golden_digest("chain_2"));
}

fn no_effect() -> EmptyCommit {
    EmptyCommit { recorded_at: recorded(0), stream: stream(), version: Version(1), command: NO_EFFECT }
}

#[test]
fn records() {
    let [first, second] = events();
    let key = RecordKey { first: Position(1), counter: 0 };
    let mut builder = RecordBuilder::new(key, golden_digest("genesis_chain"));
    builder.push_event(recorded(0), &first, golden_digest("chain_1"));
    builder.push_empty(&no_effect());
    builder.push_event(recorded(1), &second, golden_digest("chain_2"));
    let values = builder.values();
    assert_eq!(values.len(), 1);
    assert_eq!((values[0].0[..].to_vec(), &values[0].1), (golden("record_key"), &golden("record")));
    let record = Record::read(key, &golden("record"), |_| Ok(None)).unwrap();
    assert_eq!((record.chain, record.events, record.continued), (golden_digest("chain_2"), 2, 0));
    let entries = [Entry::Event(recorded(0), first), Entry::Empty(no_effect()), Entry::Event(recorded(1), second)];
    assert_eq!(record.entries().unwrap(), entries);
    assert_eq!(RecordKey::decode(&golden("record_key")), Some(key));
}

#[test]
fn records_continued_under_further_keys() {
    let [first, _] = events();
    let sealed: Vec<u8> = (0..30_000u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let key = RecordKey { first: Position(7), counter: 2 };
    let mut builder = RecordBuilder::new(key, [0; 32]);
    builder.push_event(recorded(0), &EventBytes { sealed: Some(sealed.into()), ..first }, golden_digest("chain_1"));
    let values = builder.values();
    assert_eq!(values.len(), 3);
    let stored: Vec<u8> = values.iter().flat_map(|(key, value)| [&key[..], &value[..]].concat()).collect();
    assert_eq!(*blake3::hash(&stored).as_bytes(), golden_digest("record_continued_digest"));
}

#[test]
fn the_witness() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("witness");
    let seen = [(1, "chain_1", 0), (2, "chain_2", 7)];
    let seen = seen.map(|(n, chain, empties)| Seen { position: Position(n), chain: golden_digest(chain), empties });
    let (mut witness, _) = Witness::open(&path).unwrap();
    seen.iter().for_each(|seen| witness.write(*seen).unwrap());
    assert_eq!(std::fs::read(&path).unwrap(), golden("witness"));
    assert_eq!(Witness::open(&path).unwrap().1, Some(seen[1]));
}

/// The golden key file, opened in a directory.
fn keys(dir: &Path) -> KeyFile {
    std::fs::write(dir.join("customers.a"), golden("keys")).unwrap();
    KeyFile::open(dir, &LOG_ID).unwrap()
}

#[test]
fn the_key_file_and_what_is_sealed_under_it() {
    let dir = tempfile::tempdir().unwrap();
    let keys = keys(dir.path());
    assert_eq!(std::fs::read(dir.path().join("customers.b")).unwrap(), golden("keys"), "the twin was mended");
    assert_eq!(keys.secret(), &[0x51; 32]);
    let (customer, ticket, forgotten) = (Pseudonym(PSEUDONYM), Pseudonym(OTHER), Pseudonym([0x30; 16]));
    assert_eq!(keys.find_customer("مشتری-۱").unwrap(), Some(customer));
    assert_eq!(keys.customer_id(customer).unwrap().as_deref(), Some("مشتری-۱"));
    assert_eq!((keys.customer_id(ticket).unwrap(), keys.key(ticket).unwrap().is_some()), (None, true));
    assert_eq!(keys.key(forgotten).unwrap(), None);
    let hash = keyed_hash(keys.secret(), Hashed::SourceEvent, &[b"src-1"]);
    assert_eq!(hash[..], golden("source_event_hash"));
    let [first, _] = events();
    let sealed = golden("sealed_v1");
    let opened = sealing::open(&keys, &LOG_ID, &first.head().unwrap(), &sealed).unwrap().unwrap();
    assert_eq!(opened.decode().unwrap(), content(&"b".repeat(300), &"ab".repeat(32)));
}

#[test]
fn new_key_slots_have_the_golden_layout() {
    let dir = tempfile::tempdir().unwrap();
    let keys = keys(dir.path());
    let ticket = keys.new_ticket().unwrap();
    let customer = keys.customer(&daftar_domain::ids::CustomerId::known_good("c-9")).unwrap();
    let bytes = std::fs::read(dir.path().join("customers.a")).unwrap();
    let (slots, rest) = bytes.as_chunks::<384>();
    assert_eq!((slots.len(), rest.len()), (6, 0));
    assert_eq!((slots[4][4], &slots[4][8..24], &slots[4][56..]), (2, &ticket.0[..], &[0; 328][..]));
    assert_eq!((slots[5][4], &slots[5][8..24]), (1, &customer.0[..]));
    assert_eq!(slots[5][56..72], keyed_hash(keys.secret(), Hashed::CustomerId, &[b"c-9"]));
}

fn row(position: u64, version: u32, facts: &[u8]) -> StoredRow<'_> {
    let opening = version == 1;
    StoredRow {
        position: Position(position),
        version: Version(version),
        stream: StreamNumber(0),
        back: version - 1,
        occurred_at: Timestamp::clamped(if opening { -5_000_000 } else { 1_767_427_920_123_456 }),
        recorded_at: recorded(usize::from(!opening && position == 2)),
        event_type: if opening { EventType::TICKET_OPENED } else { EventType::TICKET_ASSIGNED },
        schema: 1,
        facts,
    }
}

/// Asserts that a block with the opening and the assignment at two positions is written as the file says, and read.
fn assert_block(name: &str, positions: [u64; 2]) -> FactBlock {
    let (chain_before, chain_after) = (golden_digest("genesis_chain"), golden_digest("chain_2"));
    let origin = BlockOrigin { log_id: LOG_ID, epoch: 1, chain_before, chain_after };
    let (opened, assigned) = (golden("facts_01_ticket_opened_v1"), golden("facts_02_ticket_assigned_v1"));
    let rows = [row(positions[0], 1, &opened), row(positions[1], 2, &assigned)];
    let mut builder = BlockBuilder::default();
    builder.push(&rows[0], Some(&stream()));
    builder.push(&rows[1], None);
    let bytes = golden(name);
    assert_eq!(builder.finish(&origin), bytes, "{name}");
    let len = bytes.len();
    let block = FactBlock::parse(Arc::new(bytes), 0, len).unwrap();
    for (read, row) in block.iter().zip(&rows) {
        let head = (row.position, row.version, row.stream, row.back, row.event_type, row.schema);
        assert_eq!((read.position, read.version, read.stream, read.back, read.event_type, read.schema), head, "{name}");
        assert_eq!((read.occurred_at, read.recorded_at), (row.occurred_at, row.recorded_at), "{name}");
        assert_eq!(read.decode(), codec::decode_facts(row.event_type, row.schema, row.facts), "{name}");
    }
    assert_eq!(block.rows(), rows.len(), "{name}");
    assert_eq!(block.origin(), origin, "{name}");
    assert_eq!(block.new_streams().collect::<Vec<_>>(), [(StreamNumber(0), Ok(stream()))], "{name}");
    block
}

#[test]
fn fact_blocks_and_derived_commands() {
    assert_block("fact_block_listed", [5, 9]);
    let block = assert_block("fact_block", [1, 2]);
    let dir = tempfile::tempdir().unwrap();
    let chain = golden_digest("genesis_chain");
    let (mut files, _) = DerivedFiles::open(dir.path(), IDENTITY, chain).unwrap();
    let kept = |stamp, first, count| KeptCommand { stamp, first: Position(first), count, recorded_at: recorded(0) };
    files.append(&block, &[kept(COMMAND, 1, 1), kept(NO_EFFECT, 2, 0)]).unwrap();
    files.end();
    assert_eq!(std::fs::read(dir.path().join("facts")).unwrap(), golden("fact_block"));
    assert_eq!(std::fs::read(dir.path().join("commands")).unwrap(), golden("commands"));
}
