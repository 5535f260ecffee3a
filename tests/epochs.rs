//! A log that lost its end is refused, and goes on in a new epoch only when somebody accepts that.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_eventlog::embedded::check::check;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::epoch::{EpochCause, epoch_stream};
use daftar_eventlog::facts::Facts;
use daftar_eventlog::memory::MemoryLog;
use daftar_eventlog::{AppendError, Commit, EventLog, LogReader, OtherHistory, Position, StoreError, Version};
use daftar_tests::history::{all_events, assert_sound, copy_dir, open};
use daftar_tests::http_client::{Asked, Client};
use daftar_tests::programs::run;
use daftar_tests::served::Served;
use daftar_tests::{commit, stamp};
use serde_json::json;
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

#[test]
fn over_http_what_was_read_of_the_lost_epoch_is_gone_from_the_parting_on() {
    let (dir, cut) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (data, cut) = (dir.path().join("data"), cut.path().join("data"));
    let open_tickets = |served: &Served, names: [&str; 3]| {
        let mut client = Client::connect(served.address).unwrap();
        for name in names {
            let opened = client.ask(&Asked::post("/v1/tickets", &format!(r#"{{"ticket":"{name}"}}"#))).unwrap();
            assert_eq!(opened.status, 201);
        }
    };
    let served = Served::start(&data);
    open_tickets(&served, ["A", "B", "C"]);
    assert!(served.terminate().success());
    copy_dir(&data, &cut).unwrap();
    let served = Served::start(&data);
    open_tickets(&served, ["D", "E", "F"]);
    let mut client = Client::connect(served.address).unwrap();
    let list = client.ask(&Asked::get("/v1/tickets?limit=1&sort=opened_at&min_position=6")).unwrap().json();
    let cursor = list["next_cursor"].as_str().unwrap_or_else(|| panic!("{list}")).to_owned();
    let feed = client.ask(&Asked::get("/v1/events")).unwrap();
    let epoch = feed.header("daftar-epoch").unwrap().to_owned();
    assert!(epoch.starts_with("1-"), "{epoch}");
    assert!(served.terminate().success());
    std::fs::copy(data.join("witness"), cut.join("witness")).unwrap();

    let refused = run("daftar", &["serve", "--listen", "127.0.0.1:0", "--data-dir", cut.to_str().unwrap()]);
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(3) && words.contains("--accept-truncation"), "{words}");
    let served = Served::run("serve", &cut, &["--accept-truncation"]);
    let mut client = Client::connect(served.address).unwrap();
    let mut status = |path: &str| client.ask(&Asked::get(path)).unwrap();
    let gone = status(&format!("/v1/tickets?limit=1&sort=opened_at&cursor={cursor}"));
    assert_eq!((gone.status, &gone.json()["type"]), (410, &json!("/problems/other-epoch")));
    assert!(gone.json()["detail"].as_str().unwrap().contains("part after position 3"), "{}", gone.json());
    for (after, expected) in [(0, 200), (3, 200), (4, 410), (6, 410)] {
        for path in ["events", "segments"] {
            let answer = status(&format!("/v1/{path}?after={after}&epoch={epoch}"));
            assert_eq!(answer.status, expected, "{path} after {after}");
        }
    }
    let all = status("/v1/events?all=true&after=3");
    let line = &all.lines()[0];
    assert_eq!((&line["type"], &line["parted"], &line["given_up"]), (&json!("epoch_begun"), &json!(3), &json!(6)));
    assert_eq!(line["cause"], "truncation_accepted");
    assert_eq!(status("/v1/events?after=3").lines().len(), 0, "the feed of tickets leaves it out");
    let ready = status("/readyz").json();
    assert_eq!((&ready["durability"], &ready["writes"]), (&json!("always"), &json!(null)));
    let metrics = String::from_utf8(status("/metrics").body).unwrap();
    for line in ["daftar_log_position 4", "daftar_log_epoch 2", "daftar_log_durability{mode=\"always\"} 1"] {
        assert!(metrics.lines().any(|there| there == line), "{line}: {metrics}");
    }
}

#[test]
fn a_truncation_is_accepted_once_and_the_next_one_again() {
    let dir = truncated(30, 42);
    accepting(dir.path()).unwrap().close();
    // A witness of a longer history of the new epoch, as if its end were lost too.
    let longer = tempfile::tempdir().unwrap();
    copy_dir(dir.path(), longer.path()).unwrap();
    block_on(append(&*open(longer.path()).unwrap(), 30, 9));
    std::fs::copy(longer.path().join("witness"), dir.path().join("witness")).unwrap();
    assert!(open(dir.path()).is_err());
    let log = accepting(dir.path()).unwrap();
    let epochs = log.epochs();
    let parted: Vec<_> = epochs.all().iter().map(|epoch| (epoch.number, epoch.parted.0)).collect();
    assert_eq!(parted, [(1, 0), (2, 30), (3, 31)]);
}

#[test]
fn a_log_without_its_witness_opens_and_says_so() {
    let dir = truncated(30, 30);
    std::fs::remove_file(dir.path().join("witness")).unwrap();
    let found = check(dir.path(), |_| {}).unwrap();
    assert_eq!((found.good, found.findings.len()), (30, 1));
    assert!(found.findings[0].to_string().starts_with("witness: there is none"), "{:?}", found.findings);
    let told = |dir: &Path| open(dir).unwrap().notices().join("\n");
    assert!(told(dir.path()).contains("no tail witness"));
    assert_eq!(told(dir.path()), "", "it has a new one");
    assert!(check(dir.path(), |_| {}).unwrap().findings.is_empty());
}
