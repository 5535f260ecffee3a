//! Importing records what happened: each line becomes one event or a reject, and the counts are always true.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

use daftar_domain::ids::TicketId;
use daftar_domain::ticket::Priority;
use daftar_domain::{Event, EventKind, Limits, Timestamp};
use daftar_eventlog::Epochs;
use daftar_eventlog::block::FactBlock;
use daftar_eventlog::clock::{Clock, system_clock};
use daftar_eventlog::codec::ticket::{Origin, TicketCodec};
use daftar_eventlog::embedded::{self, EmbeddedLog};
use daftar_eventlog::import::{Counts, Import, ImportError, LineReader, Options, event_id, replay_into};
use daftar_eventlog::log::{AppendError, Appended, Commit, LogIdentity, StoreError};
use daftar_eventlog::memory::MemoryLog;
use daftar_eventlog::ndjson::{Line, write_line};
use daftar_eventlog::sealing::{KeyStore, Pseudonym, memory_keys::MemoryKeys};
use daftar_eventlog::{EventLog, LogReader, Position, RecordedEvent, StreamName, Version};
use proptest::prelude::*;
use std::future::Future;
use std::io::{BufReader, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

const SMALL: &str = include_str!("fixtures/small.ndjson");

/// Rejected lines: number and reason.
type Rejects = Vec<(u64, String)>;

/// A log in memory and its codec.
struct Bed {
    log: MemoryLog,
    codec: TicketCodec,
}

impl Bed {
    fn new() -> Self {
        let log = MemoryLog::new(system_clock()).unwrap();
        let keys: Arc<dyn KeyStore> = Arc::new(MemoryKeys::new().unwrap());
        let codec = TicketCodec::new(keys, log.identity().log_id);
        Self { log, codec }
    }

    fn import(&self, text: impl AsRef<[u8]>) -> (Counts, Rejects) {
        self.import_with(text, Options::default())
    }

    fn import_with(&self, text: impl AsRef<[u8]>, options: Options) -> (Counts, Rejects) {
        import_into(&self.log, &self.codec, text.as_ref(), options).unwrap()
    }

    /// Imports the text and expects the counts: appended, present, rejected. Answers the rejects.
    #[track_caller]
    fn expect(&self, text: impl AsRef<[u8]>, appended: u64, present: u64, rejected: u64) -> Rejects {
        let (counts, rejects) = self.import(text);
        assert_eq!(counts, Counts { read: appended + present + rejected, appended, present, rejected }, "{rejects:?}");
        rejects
    }

    /// Everything in the log as lines, with what the log added where `added`.
    fn export(&self, added: bool) -> String {
        let identity = self.log.identity();
        let mut out = Vec::new();
        for recorded in run(self.log.read_events(Position::ZERO, usize::MAX)).unwrap() {
            let read = self.codec.decode(&recorded).unwrap();
            let (position, version) = (read.position, read.version.0);
            let id = read.origin.source_event.unwrap_or_else(|| event_id(&identity.log_id, position));
            let line = Line {
                ticket: read.ticket,
                event: read.event,
                event_id: None,
                position: None,
                version: None,
                recorded_at: None,
            };
            let with = Line {
                event_id: Some(id),
                position: Some(position.0),
                version: Some(version),
                recorded_at: Some(read.recorded_at),
                ..line.clone()
            };
            write_line(&mut out, if added { &with } else { &line });
        }
        String::from_utf8(out).unwrap()
    }
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn import_into(
    log: &dyn EventLog,
    codec: &TicketCodec,
    text: &[u8],
    options: Options,
) -> Result<(Counts, Rejects), ImportError> {
    let mut import = Import::new(log, codec, options)?;
    let mut rejects = Vec::new();
    let mut lines = LineReader::new(text, Limits::default());
    run(import.record_all(&mut lines, &mut |reject| rejects.push((reject.line, reject.reason.to_owned()))))?;
    Ok((import.counts(), rejects))
}

/// A line of ticket `A` at a minute of one day.
fn line(kind: &str, minute: u32, rest: &str) -> String {
    line_of("A", kind, minute, rest)
}

fn line_of(ticket: &str, kind: &str, minute: u32, rest: &str) -> String {
    let at = format!("2025-03-01T{:02}:{:02}:00Z", minute / 60, minute % 60);
    format!("{{\"type\":\"{kind}\",\"ticket\":\"{ticket}\",\"occurred_at\":\"{at}\"{rest}}}\n")
}

fn opened(minute: u32) -> String {
    line("ticket_opened", minute, "")
}

fn assigned(minute: u32, agent: &str) -> String {
    line("ticket_assigned", minute, &format!(",\"agent\":\"{agent}\""))
}

#[track_caller]
fn assert_rejected(rejects: &[(u64, String)], expected: &[(u64, &str)]) {
    let lines: Vec<u64> = rejects.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, expected.iter().map(|(line, _)| *line).collect::<Vec<_>>(), "{rejects:?}");
    for ((_, reason), (line, words)) in rejects.iter().zip(expected) {
        assert!(reason.contains(words), "line {line}: {reason:?} should say {words:?}");
    }
}

#[test]
fn importing_twice_changes_nothing_and_a_longer_version_adds_what_is_new() {
    let bed = Bed::new();
    let lines: Vec<&str> = SMALL.split_inclusive('\n').collect();
    let first: String = lines[..25].concat();
    bed.expect(&first, 25, 0, 0);
    bed.expect(&first, 0, 25, 0);
    bed.expect(SMALL, 15, 25, 0);
    bed.expect(SMALL, 0, 40, 0);
    assert_eq!(run(bed.log.read_stream(&StreamName::ticket("تیکت-۱۴۰۳"), Version::ZERO, 99)).unwrap().len(), 13);
}

#[test]
fn positions_follow_the_lines() {
    let bed = Bed::new();
    bed.expect(SMALL, 40, 0, 0);
    let types = |text: &str| -> Vec<String> {
        let of = |line: &str| {
            let json: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("{} {}", json["ticket"].as_str().unwrap(), json["type"].as_str().unwrap())
        };
        text.lines().map(of).collect()
    };
    assert_eq!(types(&bed.export(false)), types(SMALL));
}

#[test]
fn positions_follow_the_lines_in_the_embedded_log_however_they_alternate() {
    let dir = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(dir.path(), &embedded::Options::default()).unwrap();
    let codec = TicketCodec::new(log.keys(), log.identity().log_id);
    let kinds = ["ticket_opened", "ticket_resumed", "ticket_restored", "ticket_resumed"];
    let tickets: Vec<String> = (0..3000).map(|n| format!("T-{n}")).collect();
    let text: String = kinds.iter().flat_map(|kind| tickets.iter().map(|id| line_of(id, kind, 1, ""))).collect();
    let alone = Options { alone: true, ..Options::default() };
    let (counts, _) = import_into(&log, &codec, text.as_bytes(), alone).unwrap();
    assert_eq!(counts, Counts { read: 12_000, appended: 12_000, present: 0, rejected: 0 });
    let events = run(log.read_events(Position::ZERO, usize::MAX)).unwrap();
    let streams = events.iter().map(|event| event.bytes.head().unwrap().stream_id.to_owned());
    assert!(streams.eq(tickets.iter().cycle().take(12_000).cloned()));
}

#[test]
fn what_was_exported_is_known_to_its_log_and_new_to_another_once() {
    let (bed, other) = (Bed::new(), Bed::new());
    bed.expect(SMALL, 40, 0, 0);
    let exported = bed.export(true);
    bed.expect(&exported, 0, 40, 0);
    other.expect(&exported, 40, 0, 0);
    other.expect(&exported, 0, 40, 0);
    assert_eq!(other.export(false), bed.export(false));
    assert_eq!(bed.export(false), Bed::new().tap_import(&bed.export(false)).export(false));
}

impl Bed {
    fn tap_import(self, text: &str) -> Self {
        self.import(text);
        self
    }
}

#[test]
fn each_bad_line_is_rejected_with_its_number_and_the_rest_goes_in() {
    let bed = Bed::new();
    let mut text = Vec::new();
    for part in [
        opened(1),
        assigned(2, "sara").replace("sara", "s ra"),
        line("ticket_exploded", 2, ""),
        line("ticket_resumed", 2, "").replace("2025-03-01", "2025-02-30"),
        line_of("never-opened", "ticket_resumed", 2, ""),
        assigned(10, "sara"),
        assigned(9, "omid"),
        "\n".to_owned(),
        line("ticket_resumed", 11, "").replace("2025", "2199"),
        line("ticket_reopened", 12, ",\"by\":{\"kind\":\"customer\"}"),
    ] {
        text.extend(part.into_bytes());
    }
    text.extend(b"\xff\xfe is not text\n");
    text.extend(assigned(13, "omid").into_bytes());
    text.extend(&assigned(14, "omid").into_bytes()[..40]);
    let expected = [
        (2, "U+0020"),
        (3, "must be one of ticket_opened"),
        (4, "must be an instant"),
        (5, "never opened"),
        (7, "runs backwards in time"),
        (8, "the line is empty"),
        (9, "more than five minutes ahead of this machine's clock"),
        (10, "the ticket is open"),
        (11, "not UTF-8"),
        (13, "cut off"),
    ];
    assert_rejected(&bed.expect(&text, 3, 0, 10), &expected);
    let again = [(7, "differs from version 3 of the ticket (ticket_assigned"), (7, "runs backwards in time")];
    let rejects = bed.expect(&text, 0, 3, 10);
    for (number, words) in again {
        assert!(rejects.iter().any(|(n, reason)| *n == number && reason.contains(words)), "{rejects:?}");
    }
}

#[test]
fn a_last_line_without_its_end_is_read_as_it_stands() {
    let bed = Bed::new();
    let text = opened(1) + assigned(2, "sara").trim_end();
    bed.expect(&text, 2, 0, 0);
    let cut = text[..text.len() - 1].to_owned();
    assert_rejected(&bed.expect(&cut, 0, 1, 1), &[(2, "cut off")]);
}

#[test]
fn equal_lines_of_one_file_are_events_of_their_own() {
    let bed = Bed::new();
    let text = opened(1) + &assigned(2, "sara") + &assigned(2, "omid") + &assigned(2, "sara") + &assigned(2, "sara");
    bed.expect(&text, 5, 0, 0);
    bed.expect(&text, 0, 5, 0);
    bed.expect(text + &assigned(2, "sara"), 1, 5, 0);
}

#[test]
fn only_a_first_line_later_than_all_moves_to_the_end() {
    let bed = Bed::new();
    bed.expect(opened(1) + &assigned(2, "sara") + &assigned(3, "omid"), 3, 0, 0);
    bed.expect(assigned(4, "reza") + &assigned(5, "sara"), 2, 0, 0);
    assert_rejected(&bed.expect(assigned(5, "omid"), 0, 0, 1), &[(1, "differs from version 1")]);
    assert_rejected(&bed.expect(opened(1) + &assigned(9, "omid"), 0, 1, 1), &[(2, "differs from version 2")]);
    // What was rejected leaves no trace: the line after it is the first again.
    bed.expect(assigned(5, "omid") + &assigned(6, "omid"), 1, 0, 1);
}

#[test]
fn a_line_before_its_opening_is_rejected_every_time() {
    for id in ["", ",\"event_id\":\"e1\""] {
        let bed = Bed::new();
        let text = line("ticket_resumed", 2, id) + &opened(1);
        assert_rejected(&bed.expect(&text, 1, 0, 1), &[(1, "never opened")]);
        bed.expect(&text, 0, 1, 1);
        bed.expect(line("ticket_resumed", 2, id), 1, 0, 0);
    }
}

#[test]
fn the_customer_of_a_ticket_need_not_be_named_twice() {
    let bed = Bed::new();
    let opened = |by: &str| line("ticket_opened", 1, &format!(",\"customer\":\"c-1\"{by}"));
    let reply = |author: &str| line("reply_posted", 2, &format!(",\"author\":{author}"));
    bed.expect(opened("") + &reply(r#"{"kind":"customer"}"#), 2, 0, 0);
    let named = r#"{"kind":"customer","id":"c-1"}"#;
    bed.expect(opened(&format!(",\"by\":{named}")) + &reply(named), 0, 2, 0);
    bed.expect(opened(r#","by":{"kind":"customer"}"#) + &reply(named), 0, 2, 0);
    let other = r#"{"kind":"customer","id":"c-2"}"#;
    bed.expect(opened("") + &reply(other), 0, 1, 1);
}

#[test]
fn an_event_id_says_which_event_a_line_is() {
    let bed = Bed::new();
    let with = |line: String, id: &str| line.replace("}\n", &format!(",\"event_id\":\"{id}\"}}\n"));
    let text = with(opened(1), "e1") + &with(assigned(2, "sara"), "e2") + &with(assigned(2, "omid"), "e3");
    bed.expect(text + &with(assigned(2, "omid"), "e3"), 3, 1, 0);
    bed.expect(with(assigned(2, "sara"), "e2") + &with(opened(1), "e1"), 0, 2, 0);
    let rejects = bed.expect(with(assigned(2, "reza"), "e2"), 0, 0, 1);
    assert_rejected(&rejects, &[(1, "event_id \"e2\" is known, and the line differs from version 2")]);
    bed.expect(with(assigned(2, "sara"), "e4"), 1, 0, 0);
    assert_rejected(&bed.expect(with(assigned(1, "sara"), "e5"), 0, 0, 1), &[(1, "runs backwards in time")]);
    // The same ids of another ticket are other events.
    bed.expect(with(line_of("B", "ticket_opened", 1, ""), "e1"), 1, 0, 0);
    // Lines with and without ids are walked together.
    bed.expect(opened(1) + &assigned(2, "sara") + &with(assigned(2, "omid"), "e3") + &assigned(2, "sara"), 0, 4, 0);
}

#[test]
fn a_dry_run_changes_nothing_and_counts_as_if() {
    let bed = Bed::new();
    bed.expect(opened(1), 1, 0, 0);
    let text = opened(1) + &assigned(2, "sara") + &assigned(1, "omid");
    let dry = Options { dry_run: true, ..Options::default() };
    for _ in 0..2 {
        let (counts, _) = bed.import_with(&text, dry.clone());
        assert_eq!(counts, Counts { read: 3, appended: 1, present: 1, rejected: 1 });
        assert_eq!(*bed.log.durable().borrow(), Position(1));
    }
    bed.expect(&text, 1, 1, 1);
}

#[test]
fn kept_times_of_recording_need_an_empty_log_and_order() {
    let bed = Bed::new();
    let keep = Options { keep_recorded_at: true, ..Options::default() };
    let at = |line: String, second: u32| {
        line.replace("}\n", &format!(",\"recorded_at\":\"2025-03-02T00:00:{second:02}Z\"}}\n"))
    };
    let text = at(opened(1), 5)
        + &assigned(2, "sara")
        + &at(assigned(3, "sara"), 4)
        + &at(assigned(4, "omid"), 5)
        + &at(assigned(5, "reza"), 9);
    let (counts, rejects) = bed.import_with(&text, keep.clone());
    assert_eq!(counts, Counts { read: 5, appended: 3, present: 0, rejected: 2 });
    assert_rejected(&rejects, &[(2, "recorded_at is missing"), (3, "before the 2025-03-02T00:00:05Z")]);
    let events = run(bed.log.read_events(Position::ZERO, 9)).unwrap();
    let kept: Vec<_> = events.iter().map(|e| e.recorded_at.to_string()).collect();
    assert_eq!(kept, ["2025-03-02T00:00:05Z", "2025-03-02T00:00:05Z", "2025-03-02T00:00:09Z"]);
    let refused = import_into(&bed.log, &bed.codec, text.as_bytes(), keep);
    assert!(matches!(refused, Err(ImportError::NotEmpty { position: Position(3) })));
}

fn replayed(text: &str) -> (Bed, Counts, Vec<u64>) {
    let (bed, mut rejected) = (Bed::new(), Vec::new());
    let lines = LineReader::new(text.as_bytes(), Limits::default());
    let replayed =
        run(replay_into(&bed.log, &bed.codec, lines, system_clock(), &mut |r| rejected.push(r.line))).unwrap();
    (bed, replayed.counts, rejected)
}

#[test]
fn a_replayed_file_has_the_positions_of_an_import() {
    let text = SMALL.to_owned() + "not a line\n" + &opened(7);
    let (bed, counts, _) = replayed(&text);
    assert_eq!(counts, Counts { read: 42, appended: 41, present: 0, rejected: 1 });
    assert_eq!(bed.export(false), Bed::new().tap_import(&text).export(false));
    let (again, ..) = replayed(&text);
    let stamps = |bed: &Bed| -> Vec<_> {
        run(bed.log.read_events(Position::ZERO, 99)).unwrap().into_iter().map(|e| (e.position, e.recorded_at)).collect()
    };
    assert_eq!(stamps(&again), stamps(&bed));
    assert_eq!(stamps(&bed)[39].1.to_string(), "2025-03-04T12:00:00Z");
    assert_eq!(stamps(&bed)[40].1.to_string(), "2025-03-04T12:00:00Z", "it never runs backwards");
}

#[test]
fn a_replayed_file_keeps_the_positions_it_carries() {
    let at = |line: String, position: u32| line.replace("}\n", &format!(",\"position\":{position}}}\n"));
    let text =
        at(assigned(3, "omid"), 90) + &at(opened(1), 7) + &at(assigned(2, "sara"), 12) + &at(assigned(4, "omid"), 90);
    let (bed, counts, rejected) = replayed(&text);
    assert_eq!(counts, Counts { read: 4, appended: 3, present: 0, rejected: 1 });
    assert_eq!(rejected, [4]);
    let events = run(bed.log.read_events(Position::ZERO, 9)).unwrap();
    assert_eq!(events.iter().map(|e| e.position.0).collect::<Vec<_>>(), [7, 12, 90]);
}

#[test]
fn more_tickets_than_memory_keeps_are_walked_all_the_same() {
    let bed = Bed::new();
    let many = |kind: &str, minute: u32, rest: &str| -> String {
        (0..70_000).map(|n| line_of(&format!("T-{n}"), kind, minute, rest)).collect()
    };
    let text = many("ticket_opened", 1, "") + &many("ticket_assigned", 2, ",\"agent\":\"sara\"");
    bed.expect(&text, 140_000, 0, 0);
    let longer = text + &many("ticket_resumed", 2, "");
    bed.expect(&longer, 70_000, 140_000, 0);
}

/// A log to which somebody else writes before the appends whose numbers are given.
struct Contended {
    bed: Bed,
    appends: AtomicU32,
    before: fn(u32) -> bool,
}

#[async_trait::async_trait]
impl LogReader for Contended {
    fn identity(&self) -> LogIdentity {
        self.bed.log.identity()
    }

    fn epochs(&self) -> Epochs {
        self.bed.log.epochs()
    }

    fn durable(&self) -> watch::Receiver<Position> {
        self.bed.log.durable()
    }

    async fn read_stream(
        &self,
        s: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.bed.log.read_stream(s, after, limit).await
    }

    async fn read_events(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        self.bed.log.read_events(after, limit).await
    }

    async fn fact_block(&self, after: Position) -> Result<Option<FactBlock>, StoreError> {
        self.bed.log.fact_block(after).await
    }
}

#[async_trait::async_trait]
impl EventLog for Contended {
    async fn append(&self, commit: Commit) -> Result<Appended, AppendError> {
        let number = self.appends.fetch_add(1, Ordering::Relaxed) + 1;
        if (self.before)(number) && *commit.stream.id == *"A" {
            let version = commit.expected;
            let kind = EventKind::PriorityChanged { priority: Priority::Urgent };
            let at = Timestamp::parse("t", "2025-03-01T00:01:00Z").unwrap();
            let event = Event { occurred_at: at, by: None, cause: None, kind };
            let ticket = TicketId::parse("ticket", "A").unwrap();
            let event =
                self.bed.codec.encode(&ticket, Pseudonym([0; 16]), version.next(), &event, &Origin::default())?;
            let other = Commit { events: vec![event], ..commit.clone() };
            self.bed.log.append(other).await?;
        }
        self.bed.log.append(commit).await
    }

    fn knows_command(&self, id: &[u8; 16]) -> bool {
        self.bed.log.knows_command(id)
    }
}

type Imported = Result<(Counts, Rejects), ImportError>;

fn contended(text: &str, before: fn(u32) -> bool) -> (Imported, Contended) {
    let bed = Bed::new();
    bed.expect(opened(1), 1, 0, 0);
    let log = Contended { bed, appends: AtomicU32::new(0), before };
    (import_into(&log, &log.bed.codec, text.as_bytes(), Options::default()), log)
}

#[test]
fn a_ticket_written_by_somebody_else_meanwhile_is_judged_again() {
    let by_id = |line: String, id: &str| line.replace("}\n", &format!(",\"event_id\":\"{id}\"}}\n"));
    let text =
        by_id(assigned(2, "sara"), "e1") + &line_of("B", "ticket_opened", 1, "") + &by_id(assigned(3, "omid"), "e2");
    let (imported, log) = contended(&text, |n| n == 1);
    let (counts, rejects) = imported.unwrap();
    assert_eq!((counts, rejects), (Counts { read: 3, appended: 3, present: 0, rejected: 0 }, vec![]));
    let stream = run(log.bed.log.read_stream(&StreamName::ticket("A"), Version::ZERO, 9)).unwrap();
    assert_eq!(stream.len(), 4, "the opening, what somebody else wrote, and both lines");
    let (imported, _) = contended(&(opened(1) + &assigned(2, "sara")), |n| n == 1);
    let (counts, rejects) = imported.unwrap();
    assert_eq!(counts, Counts { read: 2, appended: 0, present: 1, rejected: 1 });
    assert_rejected(&rejects, &[(2, "differs from version 2 of the ticket (priority_changed")]);
}

#[test]
fn a_ticket_that_others_keep_writing_to_ends_the_import() {
    let text = assigned(2, "sara").replace("}\n", ",\"event_id\":\"e1\"}\n");
    let (imported, _) = contended(&text, |_| true);
    assert!(matches!(imported, Err(ImportError::Contended { ticket }) if ticket.as_str() == "A"));
}

/// One line of a random file: which ticket, what, and whether it is late.
fn any_file() -> impl Strategy<Value = String> {
    let shape = (0..4_usize, 0..9_u8, any::<bool>(), 0..6_u8);
    prop::collection::vec(shape, 0..60).prop_map(|lines| {
        let written = lines.into_iter().zip(1..).map(|((ticket, what, late, id), minute)| {
            let minute = if late && id > 3 && what > 1 { 0 } else { minute };
            let ticket = ["A", "B", "ت", "D"][ticket];
            let by = ",\"by\":{\"kind\":\"agent\",\"id\":\"sara\"}";
            let mut text = match what {
                0 | 1 => line_of(ticket, "ticket_opened", minute, ",\"customer\":\"c\""),
                2 => line_of(ticket, "ticket_closed", minute, by),
                3 => line_of(ticket, "ticket_reopened", minute, by),
                4 => line_of(ticket, "reply_posted", minute, ",\"author\":{\"kind\":\"customer\"}"),
                5 => line_of(ticket, "reply_rated", minute, ",\"reply\":1,\"rating\":\"satisfied\""),
                6 => "{\"type\":\n".to_owned(),
                7 => " \n".to_owned(),
                _ => line_of(ticket, "ticket_assigned", minute, ",\"agent\":\"sara\""),
            };
            if id < 2 {
                text = text.replace("}\n", &format!(",\"event_id\":\"e{id}\"}}\n"));
            }
            if what == 8 && late { text.repeat(2) } else { text }
        });
        written.collect::<String>()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn the_counts_are_always_true(file in any_file(), cut in 0..100_usize) {
        let bed = Bed::new();
        let prefix = &file.as_bytes()[..file.len() * cut / 100];
        for text in [prefix, file.as_bytes(), file.as_bytes()] {
            let before = bed.log.durable().borrow().0;
            let (counts, rejects) = bed.import(text);
            let lines = text.split_inclusive(|byte| *byte == b'\n').count() as u64;
            prop_assert_eq!(counts.read, lines);
            prop_assert_eq!(counts.read, counts.appended + counts.present + counts.rejected);
            prop_assert_eq!(counts.rejected, rejects.len() as u64);
            prop_assert_eq!(bed.log.durable().borrow().0, before + counts.appended);
        }
    }

    #[test]
    fn a_file_in_time_order_imported_twice_changes_nothing(file in any_file()) {
        let bed = Bed::new();
        let (first, _) = bed.import(&file);
        let (second, _) = bed.import(&file);
        let present = first.appended + first.present;
        prop_assert_eq!(second, Counts { appended: 0, present, ..first });
    }
}

/// Where the real data lies; `None`, said aloud, where it is absent.
fn data() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let dir = std::env::var_os("DAFTAR_DATA").map_or_else(beside, PathBuf::from);
    if dir.is_dir() {
        return Some(dir);
    }
    println!("skipped: no real data in {} (set DAFTAR_DATA to where it lies)", dir.display());
    None
}

/// Imports a real file into an embedded log twice and compares with its reference.
fn real_file(name: &str, read: u64, appended: u64) {
    let Some(data) = data() else { return };
    let file = std::fs::read(data.join(format!("{name}.ndjson.gz"))).unwrap();
    let mut text = Vec::new();
    BufReader::new(flate2::read::MultiGzDecoder::new(&file[..])).read_to_end(&mut text).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(dir.path(), &embedded::Options::default()).unwrap();
    let codec = TicketCodec::new(log.keys(), log.identity().log_id);
    let (counts, rejects) = import_into(&log, &codec, &text, Options::default()).unwrap();
    assert_eq!(counts, Counts { read, appended, present: 0, rejected: read - appended });
    let reference = std::fs::read(data.join(format!("reference/{name}.json"))).unwrap();
    let reference: serde_json::Value = serde_json::from_slice(&reference).unwrap();
    let expected = reference["rejects"].as_array().unwrap();
    assert_eq!(rejects.len(), expected.len());
    for ((line, reason), expected) in rejects.iter().zip(expected) {
        assert_eq!(*line, expected["line"].as_u64().unwrap());
        assert!(reason.contains(expected["reason"].as_str().unwrap()), "line {line}: {reason}");
    }
    let (again, _) = import_into(&log, &codec, &text, Options::default()).unwrap();
    assert_eq!(again, Counts { read, appended: 0, present: appended, rejected: read - appended });
    assert_eq!(*log.durable().borrow(), Position(appended));
}

#[test]
fn the_incidents_go_in_but_for_the_five_lines_that_run_backwards() {
    real_file("uci_incidents_events", 95_602, 95_597);
}

#[test]
fn the_contacts_go_in_but_for_the_replies_before_their_report() {
    real_file("shopzilla_csat_events", 46_030, 45_691);
}

#[test]
fn the_clock_is_read_anew_for_each_chunk() {
    let bed = Bed::new();
    let now = Arc::new(Mutex::new(Timestamp::parse("t", "2025-03-01T00:00:00Z").unwrap()));
    let clock: Clock = {
        let now = Arc::clone(&now);
        Arc::new(move || *now.lock().unwrap())
    };
    let mut import = Import::new(&bed.log, &bed.codec, Options { clock, ..Options::default() }).unwrap();
    let mut record = |text: &str| {
        let mut rejects = 0;
        run(import.record_all(&mut LineReader::new(text.as_bytes(), Limits::default()), &mut |_| rejects += 1))
            .unwrap();
        rejects
    };
    assert_eq!((record(&opened(5)), record(&assigned(6, "sara"))), (0, 1), "five minutes ahead are forgiven");
    *now.lock().unwrap() = Timestamp::parse("t", "2025-03-01T00:01:00Z").unwrap();
    assert_eq!(record(&assigned(6, "sara")), 0);
}
