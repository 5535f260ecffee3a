//! A data directory written by the first version opens in this build and says what it said then.
//!
//! A test that fails here says that a directory out there can't be read any more, or reports other figures: the code is
//! wrong, not the fixture. That what it said was right is shown by a log made of its lines alone.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_domain::Limits;
use daftar_eventlog::clock::system_clock;
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::import::{LineReader, replay_into};
use daftar_eventlog::memory::MemoryLog;
use daftar_eventlog::sealing::KeyStore;
use daftar_eventlog::sealing::memory_keys::MemoryKeys;
use daftar_eventlog::{LogReader, Position};
use daftar_tests::fixture::{COMMANDS, Said, folder, read_packed, reports, said, unpack};
use daftar_tests::history::{all_events, known_command, numbered_stamp, open};
use std::collections::BTreeSet;
use std::sync::Arc;

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn text(name: &str) -> String {
    String::from_utf8(read_packed(&folder().join(name))).unwrap()
}

/// What the version that wrote the directory said of it.
fn said_then() -> Said {
    Said {
        end: std::fs::read_to_string(folder().join("end")).unwrap(),
        lines: text("events.ndjson.zst"),
        reports: text("reports.ndjson.zst"),
    }
}

fn assert_same(now: &Said, then: &Said, what: &str) {
    assert_eq!(now.end, then.end, "{what}");
    let differs = now.lines.lines().zip(then.lines.lines()).find(|(now, then)| now != then);
    assert_eq!(differs, None, "{what}");
    let differs = now.reports.lines().zip(then.reports.lines()).find(|(now, then)| now != then);
    assert_eq!(differs, None, "{what}");
    assert!(now == then, "{what}: as many lines");
}

#[test]
fn a_directory_of_the_first_version_opens_and_says_what_it_said() {
    let then = said_then();
    // Derived files are no part of the format: a later build may make others, but always the same of one log.
    let mut derived_once = None;
    for harmed in [None, Some("derived"), Some("witness")] {
        let dir = tempfile::tempdir().unwrap();
        unpack(dir.path());
        let derived = |file: &str| std::fs::read(dir.path().join("derived").join(file)).unwrap();
        match harmed {
            Some("derived") => std::fs::remove_dir_all(dir.path().join("derived")).unwrap(),
            Some(file) => std::fs::remove_file(dir.path().join(file)).unwrap(),
            None => {}
        }
        for opening in 0..2 {
            let what = format!("without {harmed:?}, opening {opening}");
            let log = open(dir.path()).unwrap();
            assert_same(&block_on(said(&*log, log.keys())), &then, &what);
            // Only a missing witness cannot be made good: from it nobody can tell a lost tail any more.
            let told: Vec<_> = log.notices().iter().map(|notice| notice.contains("no tail witness")).collect();
            let missing = harmed == Some("witness") && opening == 0;
            assert_eq!(told, if missing { vec![true] } else { vec![] }, "{what}: {:?}", log.notices());
            for command in 1..=COMMANDS {
                let (_, count) = block_on(known_command(&*log, numbered_stamp(command)));
                assert_eq!(count, u32::from(command != 3), "{what}: command {command}");
            }
            drop(log);
            let made = (derived("facts"), derived("commands"));
            assert!(*derived_once.get_or_insert_with(|| made.clone()) == made, "{what}: other derived bytes");
        }
    }
}

#[test]
fn it_holds_every_event_type_more_than_a_block_and_an_epoch() {
    let dir = tempfile::tempdir().unwrap();
    unpack(dir.path());
    let log = open(dir.path()).unwrap();
    let events = block_on(all_events(&*log)).unwrap();
    let types: BTreeSet<u16> = events.iter().map(|event| event.bytes.head().unwrap().event_type.0).collect();
    assert_eq!(types, (1..=15).chain([73]).collect());
    assert!(events.len() > 4096);
    assert_eq!(log.identity().epoch, 2);
    assert!(said_then().lines.contains("نمی‌توانم وارد حسابم شوم"), "contents are among the lines");
}

#[test]
fn its_reports_are_those_of_its_lines_alone() {
    let then = said_then();
    let memory = MemoryLog::new(system_clock()).unwrap();
    let keys: Arc<dyn KeyStore> = Arc::new(MemoryKeys::new().unwrap());
    let codec = TicketCodec::new(Arc::clone(&keys), memory.identity().log_id);
    let lines = LineReader::new(then.lines.as_bytes(), Limits::default());
    let reject = &mut |reject: daftar_eventlog::import::Reject<'_>| panic!("line {}: {}", reject.line, reject.reason);
    let replayed = block_on(replay_into(&memory, &codec, lines, system_clock(), reject)).unwrap();
    assert_eq!(replayed.counts.appended, then.lines.lines().count() as u64);
    let last: u64 = then.end.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(*memory.durable().borrow(), Position(last), "the lines keep their positions");
    let now = block_on(reports(&memory, keys));
    let differs = now.lines().zip(then.reports.lines()).find(|(now, then)| now != then);
    assert_eq!(differs, None);
    assert!(now == then.reports && now.lines().count() == 32);
}
