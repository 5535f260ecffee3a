//! A log that lost its end is refused, and goes on in a new epoch only when somebody accepts that.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::epoch::{EpochCause, epoch_stream};
use daftar_eventlog::facts::Facts;
use daftar_eventlog::memory::MemoryLog;
use daftar_eventlog::{AppendError, Commit, EventLog, LogReader, OtherHistory, Position, StoreError, Version};
use daftar_tests::history::{all_events, assert_sound, copy_dir, open};
use daftar_tests::{commit, stamp};
use std::path::Path;
use tempfile::TempDir;

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn accepting(dir: &Path) -> Result<EmbeddedLog, StoreError> {
    EmbeddedLog::open(dir, &Options { accept_truncation: true, ..Options::default() })
}

async fn append(log: &dyn EventLog, from: u32, count: u32) {
    for n in from..from + count {
        log.append(commit("T-1", n, 1, None)).await.unwrap();
    }
}

/// A directory whose log ends after `kept` events, while its witness has seen `acknowledged`.
fn truncated(kept: u32, acknowledged: u32) -> TempDir {
    let (whole, cut) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    {
        let log = open(whole.path()).unwrap();
        block_on(append(&*log, 0, kept));
    }
    copy_dir(whole.path(), cut.path()).unwrap();
    {
        let log = open(whole.path()).unwrap();
        block_on(append(&*log, kept, acknowledged - kept));
    }
    std::fs::copy(whole.path().join("witness"), cut.path().join("witness")).unwrap();
    cut
}

#[test]
fn a_lost_tail_is_refused_in_words_that_say_what_to_do() {
    let dir = truncated(30, 42);
    let refused = open(dir.path()).err().unwrap();
    assert!(matches!(refused, StoreError::Corrupt { position: Position(31), .. }), "{refused:?}");
    let words = refused.to_string();
    for said in ["position 42", "ends at 30", "daftar check", "backup", "--accept-truncation"] {
        assert!(words.contains(said), "{words}");
    }
}

#[test]
fn an_accepted_truncation_begins_an_epoch_that_says_what_was_given_up() {
    let dir = truncated(30, 42);
    let before = open(truncated(30, 30).path()).unwrap().epochs();
    assert_eq!(before.current().number, 1);
    let log = accepting(dir.path()).unwrap();
    assert_eq!((log.identity().epoch, *log.durable().borrow()), (2, Position(31)));
    let told = log.notices().join("\n");
    assert!(told.contains("after position 30") && told.contains("up to 42"), "{told}");
    let events = block_on(all_events(&log)).unwrap();
    let chain = block_on(assert_sound(&log, &events[..]));
    let head = events[30].bytes.head().unwrap();
    assert_eq!((head.stream(), head.version), (epoch_stream(), Version(1)));
    let facts = daftar_eventlog::codec::decode_facts(head.event_type, head.schema, head.facts).unwrap();
    let Facts::EpochBegun(begun) = facts else { panic!("{facts:?}") };
    assert_eq!((begun.epoch, begun.parted, begun.given_up.map(|(at, _)| at)), (2, 30, Some(42)));
    assert_eq!(EpochCause::from_code(begun.cause), Some(EpochCause::TruncationAccepted));
    log.close();

    // From then on it opens like any other, with and without its derived files.
    let again = open(dir.path()).unwrap();
    block_on(append(&*again, 30, 5));
    drop(again);
    std::fs::remove_dir_all(dir.path().join("derived")).unwrap();
    let again = open(dir.path()).unwrap();
    assert_eq!(again.identity().epoch, 2);
    let events = block_on(all_events(&*again)).unwrap();
    assert_eq!(events.len(), 36);
    assert_ne!(block_on(assert_sound(&*again, &events)), chain);
    assert!(accepting(dir.path()).is_err(), "it is in use");
    drop(again);
    assert_eq!(accepting(dir.path()).unwrap().identity().epoch, 2, "nothing is given up that is there");
}

#[test]
fn positions_of_the_lost_epoch_do_not_hold_beyond_the_parting() {
    let dir = truncated(30, 42);
    let log = accepting(dir.path()).unwrap();
    let first = |position| {
        let epoch = log.epochs().all()[0];
        daftar_eventlog::epoch::Moment { epoch: epoch.number, epoch_id: epoch.id, position: Position(position) }
    };
    assert_eq!(log.epochs().confirm(&first(30)), Ok(()));
    assert_eq!(log.epochs().confirm(&first(31)), Err(OtherHistory::Parted { parted: Position(30) }));
    assert_eq!(log.epochs().confirm(&log.epochs().moment(Position(31))), Ok(()));
}

#[test]
fn an_epoch_survives_in_derived_blocks() {
    let dir = truncated(30, 42);
    let log = accepting(dir.path()).unwrap();
    block_on(async {
        for n in 0..90 {
            log.append(commit("T-2", n * 50, 50, None)).await.unwrap();
        }
    });
    let epochs = log.epochs();
    log.close();
    let log = open(dir.path()).unwrap();
    assert_eq!(log.epochs(), epochs);
    let block = block_on(log.fact_block(Position::ZERO)).unwrap().unwrap();
    assert_eq!((block.rows(), block.origin().epoch), (4096, 2));
}

#[test]
fn a_truncation_interrupted_after_its_epoch_was_written_needs_no_second_one() {
    let dir = truncated(30, 42);
    let witness = std::fs::read(dir.path().join("witness")).unwrap();
    accepting(dir.path()).unwrap().close();
    std::fs::write(dir.path().join("witness"), witness).unwrap();
    assert_eq!(open(dir.path()).unwrap().identity().epoch, 2);
}

#[test]
fn a_changed_log_is_no_truncation() {
    let (dir, other) = (truncated(30, 30), truncated(30, 30));
    std::fs::copy(other.path().join("witness"), dir.path().join("witness")).unwrap();
    let refused = accepting(dir.path()).err().unwrap().to_string();
    assert!(refused.contains("chain differs") && refused.contains("restore a backup"), "{refused}");
}

#[test]
fn nobody_else_begins_an_epoch() {
    let log = MemoryLog::new(daftar_eventlog::clock::system_clock()).unwrap();
    let made = commit("T-1", 0, 1, Some(stamp(1, 1)));
    let stray = Commit { stream: epoch_stream(), ..made };
    let refused = block_on(log.append(stray)).unwrap_err();
    assert!(matches!(refused, AppendError::Unstorable(_)), "{refused}");
}
