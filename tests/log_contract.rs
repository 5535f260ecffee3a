//! What every log keeps to, whatever it is made of: one suite, one line a backend.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

use daftar_domain::Timestamp;
use daftar_eventlog::clock::system_clock;
use daftar_eventlog::codec::decode_facts;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::memory::{MemoryLog, replicated::ReplicatedMemoryLog};
use daftar_eventlog::{AppendError, Commit, EventLog, FactRow, Position, RecordedEvent, StreamName, Version};
use daftar_tests::{assigned, commit, stamp};
use std::future::Future;
use std::sync::Arc;
use tempfile::TempDir;

type Log = Arc<dyn EventLog>;

/// A log and what it needs to live.
struct Bed {
    log: Log,
    _dir: Option<TempDir>,
}

fn memory() -> Bed {
    Bed { log: Arc::new(MemoryLog::new(system_clock()).unwrap()), _dir: None }
}

fn replicated() -> Bed {
    Bed { log: Arc::new(ReplicatedMemoryLog::new(system_clock()).unwrap()), _dir: None }
}

fn embedded() -> Bed {
    let dir = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(dir.path(), &Options::default()).unwrap();
    Bed { log: Arc::new(log), _dir: Some(dir) }
}

fn run<F: Future<Output = ()>>(make: fn() -> Bed, test: fn(Log) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let bed = make();
    runtime.block_on(test(Arc::clone(&bed.log)));
}

macro_rules! contract {
    ($($test:ident),+ $(,)?) => {
        backend!(memory; $($test),+);
        backend!(replicated; $($test),+);
        backend!(embedded; $($test),+);
    };
}

macro_rules! backend {
    ($backend:ident; $($test:ident),+) => {
        mod $backend {
            $(#[test]
            fn $test() {
                super::run(super::$backend, super::$test);
            })+
        }
    };
}

contract!(
    positions_and_versions_have_no_gaps,
    a_stale_writer_conflicts_and_leaves_nothing,
    a_commit_is_all_or_nothing,
    a_retried_command_is_known,
    a_command_without_events_is_known_too,
    equal_commands_in_flight_have_one_effect,
    events_come_back_as_they_went_in,
    large_contents_come_back,
    fact_blocks_tell_the_log_in_order,
    nothing_is_read_beyond_the_durable_position,
    recorded_at_never_runs_backwards,
    what_says_otherwise_of_itself_is_refused,
    many_writers_leave_one_history,
    commits_in_order_stand_in_order,
);

async fn all(log: &Log) -> Vec<RecordedEvent> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(Position::ZERO, |e| e.position);
        let more = log.read_events(after, 100).await.unwrap();
        if more.is_empty() {
            return events;
        }
        events.extend(more);
    }
}

async fn stream(log: &Log, ticket: &str) -> Vec<RecordedEvent> {
    log.read_stream(&StreamName::ticket(ticket), Version::ZERO, usize::MAX).await.unwrap()
}

async fn positions_and_versions_have_no_gaps(log: Log) {
    for n in 0..10 {
        let appended = log.append(commit("A", 2 * n, 2, None)).await.unwrap();
        assert_eq!((appended.last, appended.count), (Position(u64::from(3 * n + 2)), 2));
        assert_eq!(log.append(commit("B", n, 1, None)).await.unwrap().last, Position(u64::from(3 * n + 3)));
    }
    let events = all(&log).await;
    let positions: Vec<_> = events.iter().map(|e| e.position.0).collect();
    assert_eq!(positions, (1..=30).collect::<Vec<_>>());
    let versions: Vec<_> = stream(&log, "A").await.iter().map(|e| e.bytes.head().unwrap().version.0).collect();
    assert_eq!(versions, (1..=20).collect::<Vec<_>>());
    assert_eq!(*log.durable().borrow(), Position(30));
    let later = log.read_stream(&StreamName::ticket("A"), Version(15), 3).await.unwrap();
    assert_eq!(later.iter().map(|e| e.bytes.head().unwrap().version.0).collect::<Vec<_>>(), [16, 17, 18]);
    assert!(stream(&log, "never").await.is_empty());
}

async fn a_stale_writer_conflicts_and_leaves_nothing(log: Log) {
    log.append(commit("A", 0, 3, None)).await.unwrap();
    for believed in [0, 1, 2, 4, 9] {
        let refused = log.append(commit("A", believed, 1, None)).await.unwrap_err();
        assert!(
            matches!(refused, AppendError::Conflict { actual: Version(3), expected, .. } if expected == Version(believed))
        );
    }
    assert_eq!(all(&log).await.len(), 3);
}

async fn a_commit_is_all_or_nothing(log: Log) {
    let mut torn = commit("A", 0, 3, None);
    torn.events[2] = assigned(&StreamName::ticket("A"), 7, "sara", None, 0);
    assert!(matches!(log.append(torn).await, Err(AppendError::Unstorable(_))));
    assert!(all(&log).await.is_empty());
    assert_eq!(log.append(commit("A", 0, 3, None)).await.unwrap().last, Position(3));
}

async fn a_retried_command_is_known(log: Log) {
    let command = Some(stamp(1, 1));
    log.append(commit("Z", 0, 1, None)).await.unwrap();
    assert!(!log.knows_command(&[1; 16]));
    log.append(commit("A", 0, 2, command)).await.unwrap();
    log.append(commit("A", 2, 1, None)).await.unwrap();
    assert!(log.knows_command(&[1; 16]));
    for expected in [0, 3] {
        let again = log.append(commit("A", expected, 2, command)).await.unwrap_err();
        assert!(matches!(again, AppendError::Duplicate { first: Position(2), count: 2 }), "{again}");
    }
    let ask = commit("Q", 9, 0, command);
    assert!(matches!(log.append(ask).await, Err(AppendError::Duplicate { first: Position(2), count: 2 })));
    assert!(matches!(log.append(commit("A", 3, 1, Some(stamp(1, 2)))).await, Err(AppendError::KeyReused)));
    assert_eq!(all(&log).await.len(), 4);
}

async fn a_command_without_events_is_known_too(log: Log) {
    log.append(commit("A", 0, 1, None)).await.unwrap();
    let nothing = log.append(commit("A", 1, 0, Some(stamp(2, 2)))).await.unwrap();
    assert_eq!((nothing.last, nothing.count), (Position(1), 0));
    log.append(commit("A", 1, 1, None)).await.unwrap();
    let again = log.append(commit("A", 2, 0, Some(stamp(2, 2)))).await.unwrap_err();
    assert!(matches!(again, AppendError::Duplicate { first: Position(2), count: 0 }), "{again}");
    assert!(matches!(log.append(commit("A", 2, 0, None)).await, Err(AppendError::Unstorable(_))));
}

async fn equal_commands_in_flight_have_one_effect(log: Log) {
    for round in 0..20 {
        let command = Some(stamp(100 + round, 1));
        let tries: Vec<_> = (0..8)
            .map(|_| {
                let log = Arc::clone(&log);
                tokio::spawn(async move { log.append(commit("A", u32::from(round), 1, command)).await })
            })
            .collect();
        let mut effects = 0;
        for attempt in tries {
            match attempt.await.unwrap() {
                Ok(_) => effects += 1,
                Err(AppendError::Duplicate { count: 1, .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(effects, 1, "round {round}");
    }
    assert_eq!(stream(&log, "A").await.len(), 20);
}

async fn events_come_back_as_they_went_in(log: Log) {
    let sent = commit("شعبه-۱", 0, 5, None);
    let expected: Vec<_> = sent.events.iter().map(|e| e.bytes().clone()).collect();
    log.append(sent).await.unwrap();
    let read: Vec<_> = stream(&log, "شعبه-۱").await.into_iter().map(|e| e.bytes).collect();
    assert_eq!(read, expected);
    assert_eq!(all(&log).await.into_iter().map(|e| e.bytes).collect::<Vec<_>>(), expected);
}

async fn large_contents_come_back(log: Log) {
    let name = StreamName::ticket("A");
    let sizes = [1, 5_000, 9_000, 12_000, 40_000, 300_000, 10];
    let events: Vec<_> = sizes.iter().zip(1..).map(|(size, v)| assigned(&name, v, "sara", None, *size)).collect();
    let sent: Vec<_> = events.iter().map(|e| e.bytes().clone()).collect();
    log.append(Commit { stream: name, expected: Version(0), events, command: None, recorded_at: None }).await.unwrap();
    log.append(commit("B", 0, 1, None)).await.unwrap();
    assert_eq!(stream(&log, "A").await.into_iter().map(|e| e.bytes).collect::<Vec<_>>(), sent);
    assert_eq!(all(&log).await.len(), sizes.len() + 1);
}

/// The facts of an event of a block, written down.
fn told(row: &FactRow<'_>) -> String {
    format!("{:?}", row.decode())
}

async fn fact_blocks_tell_the_log_in_order(log: Log) {
    for n in 0..300 {
        log.append(commit(&format!("T-{}", n % 7), n / 7 * 30, 30, None)).await.unwrap();
    }
    let mut rows = Vec::new();
    let mut names = Vec::new();
    let mut after = Position::ZERO;
    while let Some(block) = log.fact_block(after).await.unwrap() {
        names.extend(block.new_streams().map(|(_, name)| name.unwrap()));
        rows.extend(block.iter_after(after).map(|r| (r.position.0, r.stream.0, r.version.0, told(&r))));
        after = block.last();
    }
    assert_eq!(rows.len(), 9_000);
    let events = all(&log).await;
    for (row, event) in rows.iter().zip(&events) {
        let head = event.bytes.head().unwrap();
        let facts = decode_facts(head.event_type, head.schema, head.facts);
        assert_eq!((row.0, row.2, &row.3), (event.position.0, head.version.0, &format!("{facts:?}")));
        assert_eq!(*names[row.1 as usize].id, *head.stream_id);
    }
    let block = log.fact_block(Position(5_000)).await.unwrap().unwrap();
    assert_eq!(block.iter_after(Position(5_000)).next().unwrap().position, Position(5_001));
    assert!(log.fact_block(Position(9_000)).await.unwrap().is_none());
}

async fn nothing_is_read_beyond_the_durable_position(log: Log) {
    let writer = Arc::clone(&log);
    let writing = tokio::spawn(async move {
        for n in 0..200 {
            writer.append(commit("A", n, 1, None)).await.unwrap();
        }
    });
    while !writing.is_finished() {
        let read = stream(&log, "A").await;
        let durable = *log.durable().borrow();
        assert!(read.last().is_none_or(|e| e.position <= durable));
        tokio::task::yield_now().await;
    }
    writing.await.unwrap();
}

async fn recorded_at_never_runs_backwards(log: Log) {
    let now = system_clock()();
    let late = Timestamp::clamped(now.micros() + 4 * 60 * 1_000_000);
    let too_late = Timestamp::clamped(now.micros() + 6 * 60 * 1_000_000);
    log.append(commit("A", 0, 1, None)).await.unwrap();
    log.append(Commit { recorded_at: Some(late), ..commit("A", 1, 1, None) }).await.unwrap();
    log.append(commit("A", 2, 1, None)).await.unwrap();
    let recorded: Vec<_> = all(&log).await.iter().map(|e| e.recorded_at).collect();
    assert!(recorded[0] < late);
    let refused = log.append(Commit { recorded_at: Some(too_late), ..commit("A", 3, 1, None) }).await;
    assert!(matches!(refused, Err(AppendError::Unstorable(_))), "one far ahead would stop the log's time");
    assert_eq!(recorded[1..], [late, late]);
}

async fn what_says_otherwise_of_itself_is_refused(log: Log) {
    let other_stream = Commit { stream: StreamName::ticket("B"), ..commit("A", 0, 1, None) };
    let other_command = Commit { command: Some(stamp(1, 1)), ..commit("A", 0, 1, None) };
    let too_many = commit("A", 0, 1_001, None);
    let huge = StreamName::ticket("A");
    let too_large = Commit { events: vec![assigned(&huge, 1, "sara", None, 900_001)], ..commit("A", 0, 1, None) };
    let empty_id = Commit { stream: StreamName::ticket(""), ..commit("", 0, 1, None) };
    for bad in [other_stream, other_command, too_many, too_large, empty_id] {
        assert!(matches!(log.append(bad).await, Err(AppendError::Unstorable(_))));
    }
    assert!(all(&log).await.is_empty());
}

async fn many_writers_leave_one_history(log: Log) {
    let writers: Vec<_> = (0..16)
        .map(|w| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                let (mut version, mut done) = (0, 0);
                while done < 25 {
                    match log.append(commit(&format!("T-{}", w % 4), version, 1, None)).await {
                        Ok(_) => done += 1,
                        Err(AppendError::Conflict { actual, .. }) => version = actual.0,
                        Err(other) => panic!("{other}"),
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let events = all(&log).await;
    assert_eq!(events.iter().map(|e| e.position.0).collect::<Vec<_>>(), (1..=400).collect::<Vec<_>>());
    for ticket in 0..4 {
        assert_eq!(stream(&log, &format!("T-{ticket}")).await.len(), 100);
    }
}

async fn commits_in_order_stand_in_order(log: Log) {
    // More than may wait for a writer, of two tickets in turn; one in between is refused and leaves no gap.
    let commits = (0..6_000).map(|n| commit(["A", "B"][n as usize % 2], n / 2 + u32::from(n == 5_999), 1, None));
    let answers = log.append_in_order(commits.collect()).await;
    let positions: Vec<_> = answers[..5_999].iter().map(|answer| answer.as_ref().unwrap().last.0).collect();
    assert_eq!(positions, (1..=5_999).collect::<Vec<_>>());
    assert!(matches!(answers[5_999], Err(AppendError::Conflict { .. })));
}
