//! A log opened to be folded answers what one opened whole does, and tells what is damaged at the latest when it is read.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_domain::Timestamp;
use daftar_domain::ids::CustomerId;
use daftar_eventlog::block::{BLOCK_EVENTS, HEADER_LEN};
use daftar_eventlog::codec::v1::{ActorV1, MetadataV1, OwnerV1, ReplyPostedV1, TicketClosedV1, TicketOpenedV1};
use daftar_eventlog::codec::{self, EventType};
use daftar_eventlog::definition::definition_commit;
use daftar_eventlog::embedded::check::check;
use daftar_eventlog::embedded::reader::EmbeddedReader;
use daftar_eventlog::embedded::{Durability, EmbeddedLog, Options};
use daftar_eventlog::record::{EventBytes, EventHead};
use daftar_eventlog::{
    Commit, Epochs, EventLog, FactBlock, LogIdentity, LogReader, NewEvent, Position, RecordedEvent, StoreError,
    StreamKind, StreamName, Version,
};
use daftar_projections::by_ticket::{Reports, fold_for};
use daftar_projections::labels::KeyLabels;
use daftar_projections::report::query::Query;
use daftar_tests::commit;
use daftar_tests::history::{Dice, all_events, copy_dir, long, numbered_stamp, open};
use proptest::prelude::*;
use std::collections::HashMap;
use std::fs::File;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const BLOCK: u64 = BLOCK_EVENTS as u64;
const FILES: [&str; 5] = ["closed", "witness", "derived/facts", "keys/customers.a", "keys/customers.b"];

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// To be read, as the replay tool opens it.
fn existing() -> Options {
    Options { create: false, ..Options::default() }
}

fn reader(dir: &Path) -> Result<EmbeddedReader, StoreError> {
    EmbeddedReader::open(dir, &existing())
}

/// Commits in the order in which they are appended.
#[derive(Default)]
struct Script {
    commits: Vec<Commit>,
    versions: HashMap<String, u32>,
    definitions: u32,
    commands: u64,
    events: u64,
}

impl Script {
    /// Events of tickets, up to `last`.
    fn tickets_to(&mut self, last: u64, dice: &mut Dice) {
        while self.events < last {
            let ticket = format!("T-{}", dice.below(200));
            let version = self.versions.entry(ticket.clone()).or_default();
            let count = u32::try_from((1 + dice.below(60)).min(last - self.events)).unwrap();
            self.commits.push(commit(&ticket, *version, count, None));
            *version += count;
            self.events += u64::from(count);
        }
    }

    /// A command that changes nothing.
    fn command(&mut self) {
        self.commands += 1;
        self.commits.push(commit("T-none", 0, 0, Some(numbered_stamp(self.commands))));
    }

    fn definition(&mut self) {
        let newest = Version(self.definitions);
        let made = definition_commit("office", "{}", newest, Timestamp::clamped(0)).unwrap();
        self.commits.push(made);
        self.definitions += 1;
        self.events += 1;
    }

    /// A directory with it, closed in order.
    fn kept(self) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        append(dir.path(), self.commits);
        dir
    }
}

fn append(dir: &Path, commits: Vec<Commit>) {
    let log = open(dir).unwrap();
    block_on(async {
        for appended in log.append_in_order(commits).await {
            appended.unwrap();
        }
    });
}

/// Some blocks and a tail, a definition in the second block and in the tail.
fn history() -> TempDir {
    let (mut script, mut dice) = (Script::default(), Dice(3));
    script.tickets_to(BLOCK + 100, &mut dice);
    script.definition();
    script.tickets_to(4 * BLOCK + 50, &mut dice);
    script.definition();
    script.tickets_to(4 * BLOCK + 300, &mut dice);
    script.kept()
}

/// A copy whose storage engine's file is as old as the original.
fn copied(from: &Path) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy_dir(from, dir.path()).unwrap();
    as_old_as(from, dir.path());
    dir
}

fn as_old_as(from: &Path, to: &Path) {
    let modified = std::fs::metadata(from.join("log/db")).unwrap().modified().unwrap();
    File::options().write(true).open(to.join("log/db")).unwrap().set_modified(modified).unwrap();
}

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

/// What whoever folds a log sees of it.
#[derive(Debug, PartialEq)]
struct Seen {
    identity: LogIdentity,
    epochs: Epochs,
    durable: Position,
    blocks: Vec<Vec<u8>>,
    /// Positions of events of no ticket.
    beside_tickets: Vec<Position>,
}

async fn seen(log: &dyn LogReader) -> Seen {
    let (mut blocks, mut after) = (Vec::new(), Position::ZERO);
    while let Some(block) = log.fact_block(after).await.unwrap() {
        assert_eq!(block.first(), after.next());
        after = block.last();
        blocks.push(block.as_bytes().to_vec());
    }
    let (mut beside_tickets, mut after) = (Vec::new(), Position::ZERO);
    while let Some(block) = log.fact_block_beside_tickets(after).await.unwrap() {
        let beside = block.iter_after(after).filter(|row| !row.event_type.is_of_tickets());
        beside_tickets.extend(beside.map(|row| row.position));
        after = block.last();
    }
    Seen { identity: log.identity(), epochs: log.epochs(), durable: *log.durable().borrow(), blocks, beside_tickets }
}

/// What the log says once everything is opened.
fn truth(dir: &Path) -> Seen {
    let log = EmbeddedLog::open(dir, &existing()).unwrap();
    let truth = block_on(seen(&log));
    let beside: Vec<_> = block_on(all_events(&log))
        .unwrap()
        .iter()
        .filter(|event| !event.bytes.head().unwrap().event_type.is_of_tickets())
        .map(|event| event.position)
        .collect();
    assert_eq!(truth.beside_tickets, beside);
    truth
}

fn streams(log: &dyn LogReader) -> Vec<Vec<RecordedEvent>> {
    let stream = |n| StreamName::ticket(&format!("T-{n}"));
    (0..200).step_by(9).map(|n| block_on(log.read_stream(&stream(n), Version::ZERO, 1000)).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if long() { 200 } else { 12 }))]

    #[test]
    fn a_log_opened_to_be_folded_answers_as_one_opened_whole(
        parts in prop::collection::vec((0..2 * BLOCK, any::<bool>(), any::<bool>()), 0..4),
        to_the_edge in any::<bool>(),
        sessions in 1..3_usize,
        dice: u64,
    ) {
        let (mut script, mut dice) = (Script::default(), Dice(dice));
        for (events, definition, command) in parts {
            let last = script.events + events;
            script.tickets_to(last, &mut dice);
            if definition {
                script.definition();
            }
            if command {
                script.command();
            }
        }
        if to_the_edge {
            let last = script.events.next_multiple_of(BLOCK);
            script.tickets_to(last, &mut dice);
        }
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path()).unwrap());
        let mut commits = script.commits;
        for left in (1..=sessions).rev() {
            let rest = commits.split_off(commits.len().div_ceil(left));
            append(dir.path(), std::mem::replace(&mut commits, rest));
        }
        let folded = {
            let log = reader(dir.path()).unwrap();
            let folded = block_on(seen(&log));
            prop_assert!(!log.is_whole(), "it was closed in order");
            prop_assert_eq!(log.notices(), Vec::<String>::new());
            let after = Position(dice.below(folded.durable.0 + 1));
            if let Some(block) = block_on(log.fact_block(after)).unwrap() {
                prop_assert!(block.first() <= after.next() && after < block.last());
            } else {
                prop_assert_eq!(after, folded.durable);
            }
            folded
        };
        prop_assert_eq!(&folded, &truth(dir.path()));
        // Everything else opens it whole, and goes on so.
        let log = reader(dir.path()).unwrap();
        let (events, of_streams) = (block_on(all_events(&log)).unwrap(), streams(&log));
        prop_assert!(log.is_whole());
        prop_assert_eq!(&block_on(seen(&log)), &folded);
        drop(log);
        let log = EmbeddedLog::open(dir.path(), &existing()).unwrap();
        prop_assert_eq!(events, block_on(all_events(&log)).unwrap());
        prop_assert_eq!(of_streams, streams(&log));
    }
}

#[test]
fn what_was_not_closed_in_order_is_opened_whole_and_answers_the_same() {
    let dir = history();
    let kept = copied(dir.path());
    assert!(!reader(kept.path()).unwrap().is_whole(), "a copy as old as the original is believed");
    let truth = truth(dir.path());
    let older = {
        let (mut script, mut dice) = (Script::default(), Dice(3));
        script.tickets_to(5, &mut dice);
        script.kept()
    };
    let opened = |what: &str, change: &dyn Fn(&Path)| {
        let copy = copied(kept.path());
        change(copy.path());
        let log = reader(copy.path()).unwrap();
        assert!(log.is_whole(), "{what}");
        assert_eq!(block_on(seen(&log)), truth, "{what}");
        drop(log);
        let again = reader(copy.path()).unwrap();
        assert!(!again.is_whole(), "{what}: it is closed in order now");
        assert_eq!(block_on(seen(&again)), truth, "{what}");
    };
    opened("not noted", &|dir| std::fs::remove_file(dir.join("closed")).unwrap());
    opened("noted by halves", &|dir| edit(&dir.join("closed"), |bytes| bytes.truncate(bytes.len() / 2)));
    opened("noted, but empty", &|dir| edit(&dir.join("closed"), Vec::clear));
    opened("written to since", &|dir| edit(&dir.join("log/db"), |_| {}));
    opened("the note of another log", &|dir| {
        std::fs::copy(older.path().join("closed"), dir.join("closed")).unwrap();
    });
    opened("without a witness", &|dir| std::fs::remove_file(dir.join("witness")).unwrap());
    opened("without derived files", &|dir| std::fs::remove_dir_all(dir.join("derived")).unwrap());
    opened("derived files of another log", &|dir| {
        std::fs::copy(older.path().join("derived/facts"), dir.join("derived/facts")).unwrap();
    });
    opened("facts cut", &|dir| edit(&dir.join("derived/facts"), |bytes| bytes.truncate(bytes.len() - 1)));
    opened("facts with more behind", &|dir| edit(&dir.join("derived/facts"), |bytes| bytes.push(0)));
    opened("a block missing", &|dir| {
        edit(&dir.join("derived/facts"), |bytes| drop(bytes.drain(..FactBlock::stated_len(bytes).unwrap())));
    });
    let mut dice = Dice(11);
    for _ in 0..if long() { 300 } else { 20 } {
        let at = dice.below(std::fs::metadata(kept.path().join("closed")).unwrap().len());
        opened(&format!("the note changed at {at}"), &|dir| {
            edit(&dir.join("closed"), |bytes| bytes[usize::try_from(at).unwrap()] ^= 16);
        });
    }
}

#[test]
fn it_is_closed_in_order_whenever_answers_came() {
    for durability in [Durability::Always, Durability::Interval(Duration::from_secs(9)), Durability::Os] {
        let dir = tempfile::tempdir().unwrap();
        let log = EmbeddedLog::open(dir.path(), &Options { durability, ..Options::default() }).unwrap();
        block_on(log.append(commit("T-1", 0, 3, Some(numbered_stamp(1))))).unwrap();
        block_on(log.append(commit("T-1", 3, 0, Some(numbered_stamp(2))))).unwrap();
        log.close();
        let log = reader(dir.path()).unwrap();
        assert_eq!((log.is_whole(), *log.durable().borrow()), (false, Position(3)), "{durability:?}");
    }
}

#[test]
fn a_log_that_was_killed_is_opened_whole() {
    let dir = history();
    let log = open(dir.path()).unwrap();
    assert!(!dir.path().join("closed").exists(), "it is gone before anything is written");
    block_on(log.append(commit("T-new", 0, 3, None))).unwrap();
    let killed = copied(dir.path());
    drop(log);
    let log = reader(killed.path()).unwrap();
    assert!(log.is_whole());
    assert_eq!(*log.durable().borrow(), Position(4 * BLOCK + 303));
}

/// The blocks whose bytes are changed, and which: header, a column, names, facts.
fn changed(facts: &[u8], block: usize, dice: &mut Dice) -> Vec<usize> {
    let len = |at: usize| FactBlock::stated_len(&facts[at..]).unwrap();
    let begin = (0..block).fold(0, |at, _| at + len(at));
    let behind = len(begin) - HEADER_LEN;
    let anywhere = (0..6).map(|_| usize::try_from(dice.below(behind as u64)).unwrap() + HEADER_LEN);
    // Flags, streams that begin, epoch, texts, streams and latest instant of the summary, checksums.
    let of_header = [20, 24, 28, 44, 47, 130, 134, 137, 141, 146, 154, 158];
    of_header.into_iter().chain(anywhere).map(|at| begin + at).collect()
}

#[test]
fn a_damaged_block_is_found_when_it_is_read_and_made_again() {
    let dir = history();
    let kept = copied(dir.path());
    let truth = truth(dir.path());
    let facts = std::fs::read(kept.path().join("derived/facts")).unwrap();
    let mut dice = Dice(5);
    for number in 0..4 {
        for at in changed(&facts, number, &mut dice) {
            let copy = copied(kept.path());
            edit(&copy.path().join("derived/facts"), |bytes| bytes[at] ^= 2);
            let log = reader(copy.path()).unwrap();
            let before: Vec<_> =
                (0..number as u64).map(|n| block_on(log.fact_block(Position(n * BLOCK))).unwrap().unwrap()).collect();
            assert_eq!(block_on(seen(&log)), truth, "byte {at} of block {number}");
            assert!(log.is_whole(), "byte {at} of block {number}");
            let told = log.notices().join("\n");
            let first = number as u64 * BLOCK + 1;
            assert!(told.contains(&format!("another log's from position {first} on")), "{at}: {told}");
            drop(log);
            let in_use: Vec<_> = before.iter().map(|block| block.as_bytes().to_vec()).collect();
            assert_eq!(in_use, truth.blocks[..number], "what is in use stays as it was");
            assert!(std::fs::read(copy.path().join("derived/facts")).unwrap() == facts);
        }
    }
}

/// A ticket that is opened, answered and closed.
fn life(n: u32) -> Commit {
    let stream = StreamName::ticket(&format!("T-{n}"));
    let (agent, branch) = (format!("agent-{}", n % 7), format!("branch-{}", n % 3));
    let by = ActorV1::Agent(&agent);
    let opened = TicketOpenedV1 {
        by: None,
        owner: OwnerV1::Ticket([1; 16]),
        channel: None,
        branch: Some(&branch),
        department: None,
        priority: 1,
        customer_tier: None,
        language: None,
        tags: Vec::new(),
        attributes: Vec::new(),
    };
    let closed = TicketClosedV1 { by, survey_offered: false, reason: None, duplicate_of: None, form: None };
    let facts = [
        (EventType::TICKET_OPENED, codec::encode("facts", &opened).unwrap()),
        (EventType::REPLY_POSTED, codec::encode("facts", &ReplyPostedV1 { by, visibility: 0, channel: None }).unwrap()),
        (EventType::TICKET_CLOSED, codec::encode("facts", &closed).unwrap()),
    ];
    let metadata = codec::encode("metadata", &MetadataV1::default()).unwrap();
    let event = |((event_type, facts), version): ((EventType, Vec<u8>), u32)| {
        let head = EventHead {
            stream_kind: StreamKind::Ticket,
            stream_id: &stream.id,
            version: Version(version),
            occurred_at: Timestamp::clamped(i64::from(n + version * version * (n % 100)) * 1_000_000),
            event_type,
            schema: 1,
            metadata: &metadata,
            facts: &facts,
            has_content: false,
        };
        NewEvent::new(EventBytes { head: head.encode(), sealed: None })
    };
    let events = facts.into_iter().zip(1..).map(event).collect();
    Commit { stream: stream.clone(), expected: Version::ZERO, events, command: None, recorded_at: None }
}

/// Two reports of one fold ticket by ticket, on two threads.
fn reports(log: &EmbeddedReader) -> Vec<String> {
    let queries = ["response-times", "volume"].map(|name| {
        let parameters = [("group_by", "agent,branch"), ("at", "1970-03-01")];
        Query::parse(name, parameters.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap()
    });
    let (queries, labels) = (queries.each_ref(), KeyLabels(log.keys()));
    let until = *log.durable().borrow();
    let reports = Reports { queries: &queries, definition: &Arc::default(), until, labels: &labels };
    let folded = block_on(fold_for(log, reports, NonZero::new(2).unwrap(), &|_| {})).unwrap();
    folded.into_reports().0.into_iter().map(|made| made.unwrap().to_json()).collect()
}

#[test]
fn no_damage_to_a_block_changes_a_report_that_is_folded_ticket_by_ticket() {
    let dir = Script { commits: (0..3_000).map(life).collect(), ..Script::default() }.kept();
    let kept = copied(dir.path());
    let log = reader(kept.path()).unwrap();
    let truth = reports(&log);
    assert!(truth[0].contains("agent-6") && truth[0].contains("branch-2"), "{}", truth[0]);
    assert!(!log.is_whole(), "nothing but the facts is opened");
    drop(log);
    let facts = std::fs::read(kept.path().join("derived/facts")).unwrap();
    let mut dice = Dice(9);
    for number in 0..2 {
        for at in changed(&facts, number, &mut dice) {
            let copy = copied(kept.path());
            edit(&copy.path().join("derived/facts"), |bytes| bytes[at] ^= 2);
            let log = reader(copy.path()).unwrap();
            assert_eq!(reports(&log), truth, "byte {at}, of block {number}");
            assert!(log.is_whole(), "byte {at}, of block {number}, is noticed");
            drop(log);
            assert!(std::fs::read(copy.path().join("derived/facts")).unwrap() == facts);
        }
    }
}

/// One bit of the flags of a block's header says how its positions are found, others what is passed over unread.
#[test]
fn no_flag_of_a_header_changes_a_report_that_is_folded_ticket_by_ticket() {
    // Blocks in which no ticket begins.
    let on = |n: u32| commit("T-700", 3 + 500 * n, 500, None);
    let commits = (0..=700).map(life).chain((0..25).map(on)).chain((701..1_500).map(life)).collect();
    let dir = Script { commits, ..Script::default() }.kept();
    let kept = copied(dir.path());
    let truth = reports(&reader(kept.path()).unwrap());
    let facts = std::fs::read(kept.path().join("derived/facts")).unwrap();
    let mut begin = 0;
    for number in 0..4 {
        for bit in 0..8 {
            let copy = copied(kept.path());
            edit(&copy.path().join("derived/facts"), |bytes| bytes[begin + 20] ^= 1 << bit);
            let log = reader(copy.path()).unwrap();
            assert_eq!(reports(&log), truth, "bit {bit}, of block {number}");
            assert!(log.is_whole(), "bit {bit}, of block {number}, is noticed");
        }
        begin += FactBlock::stated_len(&facts[begin..]).unwrap();
    }
}

#[test]
fn an_epoch_is_known_at_a_glance() {
    for tail in [10, BLOCK + 20] {
        let (mut script, mut dice) = (Script::default(), Dice(8));
        script.tickets_to(BLOCK + 30, &mut dice);
        let dir = script.kept();
        let shorter = copied(dir.path());
        append(dir.path(), vec![commit("T-lost", 0, 7, None)]);
        std::fs::copy(dir.path().join("witness"), shorter.path().join("witness")).unwrap();
        let words = |failure: Option<StoreError>| failure.unwrap().to_string();
        let refused = words(EmbeddedLog::open(shorter.path(), &existing()).err());
        assert!(refused.contains("its tail is lost"), "{refused}");
        assert_eq!(words(reader(shorter.path()).err()), refused, "a log that lost its end is refused at once");
        drop(EmbeddedLog::open(shorter.path(), &Options { accept_truncation: true, ..existing() }).unwrap());
        let mut further = Script { events: BLOCK + 31, ..Script::default() };
        further.tickets_to(BLOCK + 31 + tail, &mut dice);
        let renamed = further
            .commits
            .iter()
            .zip(0..)
            .map(|(c, n)| commit(&format!("N-{n}"), 0, u32::try_from(c.events.len()).unwrap(), None));
        append(shorter.path(), renamed.collect());
        let log = reader(shorter.path()).unwrap();
        let folded = block_on(seen(&log));
        assert!(!log.is_whole());
        assert_eq!((folded.identity.epoch, folded.epochs.all().len()), (2, 2));
        drop(log);
        assert_eq!(folded, truth(shorter.path()));
    }
}

#[test]
fn a_log_that_lost_its_end_is_refused_whatever_was_noted() {
    let dir = history();
    let earlier = copied(dir.path());
    append(dir.path(), vec![commit("T-new", 0, 3, None)]);
    std::fs::remove_dir_all(dir.path().join("log")).unwrap();
    copy_dir(&earlier.path().join("log"), &dir.path().join("log")).unwrap();
    let words = reader(dir.path()).err().unwrap().to_string();
    assert!(words.contains("its tail is lost"), "{words}");
}

#[test]
fn keys_are_read_when_they_are_asked_for() {
    let dir = history();
    let customer = |n: u32| CustomerId::parse("customer", &format!("c-{n}")).unwrap();
    let pseudonyms: Vec<_> = {
        let log = open(dir.path()).unwrap();
        (0..3).map(|n| log.keys().customer(&customer(n)).unwrap()).collect()
    };
    let kept = copied(dir.path());
    for file in ["keys/customers.a", "keys/customers.b"] {
        edit(&dir.path().join(file), |bytes| bytes[2 * 384 + 30] ^= 1);
    }
    edit(&dir.path().join("keys/customers.a"), |bytes| bytes[3 * 384 + 30] ^= 1);
    let log = reader(dir.path()).unwrap();
    block_on(seen(&log));
    assert_eq!((log.notices(), log.is_whole()), (Vec::new(), false));
    assert_eq!(log.keys().find_customer("c-0").unwrap(), Some(pseudonyms[0]));
    assert!(log.keys().key(pseudonyms[1]).is_err(), "damaged in both");
    assert_eq!(log.keys().customer_id(pseudonyms[2]).unwrap().as_deref(), Some("c-2"));
    let told = log.notices().join("\n");
    assert!(told.contains("slots 2 are damaged in both key files") && told.contains("1 damaged slots"), "{told}");
    assert!(log.unread_keys().is_none() && !log.is_whole());
    drop(log);

    let words = |dir: &Path| reader(dir).err().map(|failure| failure.to_string()).unwrap_or_default();
    let copy = copied(kept.path());
    std::fs::remove_dir_all(copy.path().join("keys")).unwrap();
    assert!(words(copy.path()).contains("without it nothing sealed can be read"));
    let (copy, other) = (copied(kept.path()), Script::default().kept());
    std::fs::remove_dir_all(copy.path().join("keys")).unwrap();
    copy_dir(&other.path().join("keys"), &copy.path().join("keys")).unwrap();
    assert!(words(copy.path()).contains("belong to another log"));
}

#[test]
fn the_check_finds_every_change_of_the_note() {
    let dir = history();
    let len = std::fs::metadata(dir.path().join("closed")).unwrap().len();
    assert_eq!(check(dir.path(), |_| {}).unwrap().findings, []);
    let mut dice = Dice(2);
    for _ in 0..if long() { 100 } else { 3 } {
        let copy = copied(dir.path());
        // What begins otherwise may be of another version.
        let at = usize::try_from(8 + dice.below(len - 8)).unwrap();
        edit(&copy.path().join("closed"), |bytes| bytes[at] ^= 1);
        let findings = check(copy.path(), |_| {}).unwrap().findings;
        assert!(findings.len() == 1 && findings[0].to_string().contains("closed, which"), "{at}: {findings:?}");
    }
}

#[test]
fn a_directory_in_use_is_told_to_readers_too() {
    let dir = history();
    let at_a_glance = reader(dir.path()).unwrap();
    assert!(matches!(reader(dir.path()), Err(StoreError::InUse { .. })));
    assert!(matches!(EmbeddedLog::open(dir.path(), &existing()), Err(StoreError::InUse { .. })));
    drop(at_a_glance);
    assert!(EmbeddedLog::open(dir.path(), &existing()).is_ok());
    assert!(FILES.iter().all(|file| dir.path().join(file).exists()));
    assert!(!EventType(16).is_of_tickets(), "what a newer version calls something is looked at");
}
