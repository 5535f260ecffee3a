//! One bit flipped anywhere in a data directory: found at opening, at the first read, or by the check; or it changes
//! nothing at all.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::embedded::check::check;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::{LogReader as _, Position, RecordedEvent, StoreError};
use daftar_tests::history::{Dice, assert_sound, copy_dir, files_under, long};
use daftar_tests::programs::run;
use daftar_tests::server::Server;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tempfile::TempDir;

/// How a flipped bit was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Noticed {
    AtOpening,
    AtReading,
    ByTheCheck,
    /// It changes nothing: everything read is what was written.
    ChangesNothing,
}

/// What a directory held before anything was flipped.
struct Truth {
    events: Vec<RecordedEvent>,
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn open(dir: &Path) -> Result<EmbeddedLog, StoreError> {
    EmbeddedLog::open(dir, &Options { create: false, ..Options::default() })
}

/// Reads everything there is: events in order, their contents with their keys, facts, and each ticket's stream.
async fn read_all(log: &EmbeddedLog) -> Result<Vec<RecordedEvent>, StoreError> {
    let codec = TicketCodec::new(log.keys(), log.identity().log_id);
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(Position::ZERO, |e| e.position);
        let more = log.read_events(after, 1000).await?;
        if more.is_empty() {
            break;
        }
        for event in &more {
            codec.decode(event)?;
        }
        events.extend(more);
    }
    let mut after = Position::ZERO;
    while let Some(block) = log.fact_block(after).await? {
        after = block.last();
    }
    Ok(events)
}

/// A help desk's directory, ended in order, or killed after some commands.
fn directory(killed: bool) -> (TempDir, PathBuf) {
    let server = Server::demo(&["--tickets", "420", "--seed", "3", "--until", "2026-05-01"]);
    for n in 0..20 {
        let body = format!(r#"{{"ticket":"LAST-{n}","by":{{"kind":"customer"}},"customer":"مشتری-{n}","body":"سلام"}}"#);
        let answer = server.post_with("/v1/tickets", body, &[("Idempotency-Key", &format!("k-{n}"))]);
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    let dir = if killed { server.kill() } else { server.stop() };
    let data = dir.path().join("data");
    (dir, data)
}

/// Which bits of which files: some of every file, more of the large ones.
fn flips(data: &Path, count: u64, dice: &mut Dice) -> Vec<(PathBuf, u64)> {
    let files: Vec<_> = files_under(data).unwrap();
    let lens: Vec<u64> = files.iter().map(|file| written_len(file)).collect();
    let filled: Vec<_> = files.into_iter().zip(lens).filter(|(_, len)| *len > 0).collect();
    let each = count / (2 * filled.len() as u64);
    let mut flips = Vec::new();
    for (file, len) in &filled {
        flips.extend((0..each).map(|_| (file.clone(), dice.below(len * 8))));
    }
    let total: u64 = filled.iter().map(|(_, len)| len).sum();
    while (flips.len() as u64) < count {
        let mut at = dice.below(total);
        let (file, len) = filled.iter().find(|(_, len)| at.checked_sub(*len).map(|left| at = left).is_none()).unwrap();
        flips.push((file.clone(), at.min(len - 1) * 8 + dice.below(8)));
    }
    flips.into_iter().map(|(file, bit)| (file.strip_prefix(data).unwrap().to_owned(), bit)).collect()
}

/// How many bytes of a file say something: behind the last block of a derived file nothing was written yet, and whatever
/// stands there is cut off (`tests/derived.rs`).
fn written_len(file: &Path) -> u64 {
    let bytes = std::fs::read(file).unwrap();
    let is_derived = file.parent().is_some_and(|dir| dir.ends_with("derived"));
    let said = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    (if is_derived { said } else { bytes.len() }) as u64
}

fn flip(file: &Path, bit: u64) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[usize::try_from(bit / 8).unwrap()] ^= 1 << (bit % 8);
    std::fs::write(file, bytes).unwrap();
}

/// Words that say something; what a panic prints is none.
fn assert_clear(words: &str, what: &str) {
    assert!(words.len() > 15 && !words.contains("panicked") && !words.contains("unwrap"), "{what}: {words}");
}

fn noticed(data: &Path, truth: &Truth, what: &str) -> Noticed {
    match open(data) {
        Err(refused) => {
            assert_clear(&refused.to_string(), what);
            return Noticed::AtOpening;
        }
        Ok(log) => {
            let notices = log.notices();
            notices.iter().for_each(|notice| assert_clear(notice, what));
            let read = block_on(read_all(&log));
            match (read, notices.is_empty()) {
                // Told, and mended or passed over: what is read all the same must be right.
                (Ok(events), false) => {
                    assert_same(&events, truth, what);
                    return Noticed::AtOpening;
                }
                (Err(_), false) => return Noticed::AtOpening,
                (Err(failure), true) => {
                    assert_clear(&failure.to_string(), what);
                    return Noticed::AtReading;
                }
                (Ok(events), true) => {
                    assert_same(&events, truth, what);
                    block_on(assert_sound(&log, &events));
                }
            }
        }
    }
    let checked = check(data, |_| {}).unwrap_or_else(|e| panic!("{what}: {e}"));
    checked.findings.iter().for_each(|finding| assert_clear(&finding.to_string(), what));
    if checked.findings.is_empty() { Noticed::ChangesNothing } else { Noticed::ByTheCheck }
}

/// Nothing that is not what was written is ever handed out.
fn assert_same(events: &[RecordedEvent], truth: &Truth, what: &str) {
    assert_eq!(events.len(), truth.events.len(), "{what}: events are missing, and nobody says so");
    let differs = events.iter().zip(&truth.events).find(|(a, b)| a != b);
    assert!(differs.is_none(), "{what}: changed, and nobody says so: {:?}", differs.unwrap().0.position);
}

fn each_flip_is_noticed(killed: bool) {
    let (_kept, data) = directory(killed);
    let truth = {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(&data, copy.path()).unwrap();
        let log = open(copy.path()).unwrap();
        Truth { events: block_on(read_all(&log)).unwrap() }
    };
    assert!(truth.events.len() > 4096, "a whole block is derived: {} events", truth.events.len());
    let untouched = tempfile::tempdir().unwrap();
    copy_dir(&data, untouched.path()).unwrap();
    assert_eq!(noticed(untouched.path(), &truth, "untouched"), Noticed::ChangesNothing, "nothing is made up");
    let flips = flips(&data, if long() { 1000 } else { 150 }, &mut Dice(if killed { 17 } else { 4 }));
    let counts: Mutex<BTreeMap<(String, Noticed), u32>> = Mutex::default();
    let next = Mutex::new(flips.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((file, bit)) = { next.lock().unwrap().next() } {
                    let copy = tempfile::tempdir().unwrap();
                    copy_dir(&data, copy.path()).unwrap();
                    flip(&copy.path().join(&file), bit);
                    let what = format!("{}, bit {bit}", file.display());
                    let how = noticed(copy.path(), &truth, &what);
                    *counts.lock().unwrap().entry((file.display().to_string(), how)).or_default() += 1;
                }
            });
        }
    });
    for ((file, how), count) in counts.into_inner().unwrap() {
        println!("{file}: {count} {how:?}");
        // The note of an orderly end is thrown away, whatever it says; `tests/reader.rs` flips its bits for who reads it.
        let harmless = file == "lock" || file == "closed" || file.starts_with("log/");
        assert!(how != Noticed::ChangesNothing || harmless, "{file}: every bit of it counts");
    }
}

#[test]
fn a_flipped_bit_in_a_closed_directory_is_noticed_or_changes_nothing() {
    each_flip_is_noticed(false);
}

#[test]
fn a_flipped_bit_in_a_killed_directory_is_noticed_or_changes_nothing() {
    each_flip_is_noticed(true);
}

#[test]
fn the_programs_never_show_a_panic() {
    let (_kept, data) = directory(true);
    let path = data.to_str().unwrap();
    let db = data.join("log").join("db");
    let good = std::fs::read(&db).unwrap();
    for bit in (1..good.len() as u64 * 8).step_by(good.len() / 2) {
        let mut bad = good.clone();
        bad[usize::try_from(bit / 8).unwrap()] ^= 1 << (bit % 8);
        std::fs::write(&db, &bad).unwrap();
        let output = run("daftar", &["check", "--data-dir", path]);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!said.contains("panicked"), "bit {bit}: {said}");
        assert!(matches!(output.status.code(), Some(0 | 1)), "bit {bit}: {said}");
    }
}
