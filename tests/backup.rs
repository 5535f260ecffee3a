//! Backups: what was copied comes back with the same bytes, positions, times and chain; what was changed is refused.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_domain::Timestamp;
use daftar_domain::ids::CustomerId;
use daftar_eventlog::backup::directory::{copy_keys, keys_beside, keys_file};
use daftar_eventlog::backup::segment::HEADER_LEN;
use daftar_eventlog::backup::{
    BackupDirectory, BackupError, GrowingLog, Segment, SegmentWriter, read_segment, restore, restore_to_memory,
};
use daftar_eventlog::clock::Clock;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::entry::Entry;
use daftar_eventlog::{EventLog as _, LogReader, Position, RecordedEvent, StoreError};
use daftar_tests::history::{Dice, all_events, assert_sound, known_command, large_commit, numbered_stamp, open};
use daftar_tests::programs::{printed, run};
use daftar_tests::server::Server;
use daftar_tests::{commit, served::Served};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A log, and where its backup goes.
struct Bed {
    dir: TempDir,
    dice: Dice,
    versions: [u32; 5],
    commands: u64,
}

impl Bed {
    fn new(seed: u64) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), dice: Dice(seed), versions: [0; 5], commands: 0 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn backup_dir(&self) -> PathBuf {
        self.path("backup")
    }

    /// Commits of every shape: none, one or many events, small and large, with and without commands.
    async fn append(&mut self, log: &EmbeddedLog, commits: u64) {
        for _ in 0..commits {
            self.commands += 1;
            let ticket = usize::try_from(self.dice.below(5)).unwrap();
            let (name, version) = (format!("تیکت-{ticket}"), self.versions[ticket]);
            let command = (self.dice.below(3) > 0).then(|| numbered_stamp(self.commands));
            let made = match self.dice.below(8) {
                0 if command.is_some() => commit(&name, version, 0, command),
                1 => large_commit(&name, version, 30_000, command),
                2 => commit(&name, version, 40, command),
                _ => commit(&name, version, 1, command),
            };
            if self.dice.below(4) == 0 {
                let id = format!("c-{}", self.commands);
                log.keys().customer(&CustomerId::parse("customer", &id).unwrap()).unwrap();
            }
            self.versions[ticket] += u32::try_from(made.events.len()).unwrap();
            log.append(made).await.unwrap();
        }
    }

    async fn back_up(&self, log: &EmbeddedLog) -> BackupDirectory {
        let mut backup = BackupDirectory::create_or_open(&self.backup_dir()).unwrap();
        let last = log.last_commands().await.unwrap();
        let mut writer = SegmentWriter::new(log, backup.after()).await.unwrap().with_last(last);
        while let Some(segment) = writer.next(log).await.unwrap() {
            backup.append(&segment.encode().unwrap()).unwrap();
        }
        copy_keys(&*log.keys(), &keys_beside(&self.backup_dir())).unwrap();
        BackupDirectory::open(&self.backup_dir()).unwrap()
    }

    /// A log with a backup made in several runs.
    fn backed_up(seed: u64) -> (Self, Arc<EmbeddedLog>) {
        let mut bed = Self::new(seed);
        let log = open(&bed.path("data")).unwrap();
        block_on(async {
            for commits in [1, 30, 0, 200, 3] {
                bed.append(&log, commits).await;
                bed.back_up(&log).await;
            }
        });
        (bed, log)
    }

    async fn restore(&self, name: &str, until: Option<u64>) -> Result<PathBuf, BackupError> {
        let backup = BackupDirectory::open(&self.backup_dir())?;
        let (keys, dir) = (keys_beside(&self.backup_dir()), self.path(name));
        restore(&backup, &keys, &dir, until.map(Position), |_| {}).await.map(|_| dir)
    }
}

fn same(a: &RecordedEvent, b: &RecordedEvent) -> bool {
    (a.position, a.recorded_at, &a.bytes) == (b.position, b.recorded_at, &b.bytes)
}

#[test]
fn what_was_backed_up_comes_back_and_goes_on_in_a_new_epoch() {
    for seed in 1..=8 {
        let (bed, log) = Bed::backed_up(seed);
        let events = block_on(all_events(&*log)).unwrap();
        let chain = block_on(assert_sound(&*log, &events));
        let restored = open(&block_on(bed.restore("restored", None)).unwrap()).unwrap();
        let again = block_on(all_events(&*restored)).unwrap();
        block_on(assert_sound(&*restored, &again));
        assert_eq!(again.len(), events.len() + 1);
        assert!(events.iter().zip(&again).all(|(a, b)| same(a, b)), "seed {seed}");
        let parted = Position(events.len() as u64);
        assert_eq!(block_on(restored.chain_at(parted)).unwrap(), chain);
        assert_eq!((restored.identity().log_id, restored.identity().epoch), (log.identity().log_id, 2));
        assert_eq!(restored.epochs().current().parted, parted);
        // Every command is known, those without events too.
        for number in 1..=bed.commands {
            let stamp = numbered_stamp(number);
            if log.knows_command(&stamp.id) {
                let (first, count) = block_on(known_command(&*log, stamp));
                let (there, same) = block_on(known_command(&*restored, stamp));
                assert!(count == same && (count == 0 || first == there), "command {number}");
            } else {
                assert!(!restored.knows_command(&stamp.id), "command {number}");
            }
        }
        // Keys too: whoever is known stays known.
        let known = |log: &EmbeddedLog, id: &str| log.keys().find_customer(id).unwrap();
        for number in 1..=bed.commands {
            let id = format!("c-{number}");
            assert_eq!(known(&log, &id), known(&restored, &id));
        }
        block_on(restored.append(commit("new", 0, 1, None))).unwrap();
    }
}

#[test]
fn a_log_in_memory_reads_a_backup() {
    let (bed, log) = Bed::backed_up(77);
    let events = block_on(all_events(&*log)).unwrap();
    let backup = BackupDirectory::open(&bed.backup_dir()).unwrap();
    let memory = restore_to_memory(&backup, None, |_| {}).unwrap();
    let there = block_on(all_events(&memory)).unwrap();
    assert!(events.len() == there.len() && events.iter().zip(&there).all(|(a, b)| same(a, b)));
    assert_eq!(block_on(assert_sound(&memory, &there)), block_on(assert_sound(&*log, &events)));
    assert_eq!(memory.epochs(), log.epochs());
}

#[test]
fn a_log_that_grows_takes_segments_in_their_order_alone() {
    let (bed, log) = Bed::backed_up(78);
    let bytes: Vec<_> = segment_files(&bed.backup_dir()).iter().map(|file| std::fs::read(file).unwrap()).collect();
    let segments: Vec<_> = bytes.iter().map(|bytes| Segment::decode(bytes).unwrap()).collect();
    let mut growing = GrowingLog::default();
    let refused = |growing: &mut GrowingLog, bytes: &[u8]| match growing.take(bytes).unwrap_err() {
        StoreError::Corrupt { position, why } => (position, why),
        other => panic!("{other}"),
    };
    assert_eq!(refused(&mut growing, &bytes[1]).0, Position(1), "the first one is missing");
    let mut stream = std::io::Cursor::new(bytes.concat());
    for (n, segment) in segments.iter().enumerate() {
        let next = read_segment(&mut stream).unwrap().unwrap();
        assert_eq!(next, bytes[n], "segments are read off a stream one after the other");
        let (position, why) = refused(&mut growing, &next[..next.len() - 1]);
        assert!(position == segment.first && why.contains("cut off"), "{position} {why}");
        assert_eq!(growing.take(&next).unwrap(), segment.last.position);
        // One that holds no event leaves no gap.
        if let Some(later) = bytes.get(n + 2).filter(|_| segments[n + 1].events > 0) {
            let (position, why) = refused(&mut growing, later);
            assert!(position == segment.last.position.next() && why.contains("comes after it"), "{position} {why}");
        }
    }
    assert!(read_segment(&mut stream).unwrap().is_none());
    let grown = growing.into_log().unwrap();
    let (events, there) = (block_on(all_events(&*log)).unwrap(), block_on(all_events(&grown)).unwrap());
    assert!(events.len() == there.len() && events.iter().zip(&there).all(|(a, b)| same(a, b)));
    // A stream that ends within a segment is not taken for one that is over.
    let cut = read_segment(&mut &bytes[0][..bytes[0].len() - 1]).unwrap_err();
    assert_eq!(cut.kind(), std::io::ErrorKind::UnexpectedEof);
    assert!(read_segment(&mut &[0; HEADER_LEN][..]).unwrap_err().to_string().contains("no segment"));
}

#[test]
fn a_run_adds_only_what_is_new() {
    let (bed, log) = Bed::backed_up(5);
    let names = |bed: &Bed| {
        let mut names: Vec<_> = std::fs::read_dir(bed.backup_dir()).unwrap().map(|f| f.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names(&bed);
    assert!(before.len() >= 3, "{before:?}");
    let bytes = std::fs::read(bed.backup_dir().join(&before[0])).unwrap();
    let backup = block_on(bed.back_up(&log));
    assert_eq!(names(&bed), before);
    assert_eq!(std::fs::read(bed.backup_dir().join(&before[0])).unwrap(), bytes);
    // Segments follow one another without a gap, and no event stands in two.
    let segments: Vec<_> = backup.segments().map(Result::unwrap).collect();
    assert!(segments.windows(2).all(|pair| pair[1].follows(&pair[0])));
    let events: usize = segments.iter().flat_map(|s| &s.entries).filter(|e| matches!(e, Entry::Event(..))).count();
    assert_eq!(events as u64, log.durable().borrow().0);
}

#[test]
fn a_restore_may_stop_at_a_position() {
    let (bed, log) = Bed::backed_up(9);
    let events = block_on(all_events(&*log)).unwrap();
    for until in [1, events.len() as u64 / 2, events.len() as u64 - 1] {
        let restored = open(&block_on(bed.restore(&format!("to-{until}"), Some(until))).unwrap()).unwrap();
        let there = block_on(all_events(&*restored)).unwrap();
        assert_eq!(there.len() as u64, until + 1);
        assert!(events.iter().zip(&there[..there.len() - 1]).all(|(a, b)| same(a, b)));
    }
    let beyond = block_on(bed.restore("beyond", Some(events.len() as u64 + 1))).unwrap_err().to_string();
    assert!(beyond.contains("ends at position"), "{beyond}");
    assert!(!bed.path("beyond").exists());
}

#[test]
fn a_backup_made_while_others_write_is_a_prefix() {
    let bed = Bed::new(21);
    let log = open(&bed.path("data")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let (mut writing, backup_dir) = (Bed::new(22), bed.backup_dir());
    let writer = Arc::clone(&log);
    let written = runtime.spawn(async move { writing.append(&writer, 1500).await });
    while !written.is_finished() {
        runtime.block_on(async {
            let mut backup = BackupDirectory::create_or_open(&backup_dir).unwrap();
            let mut writer = SegmentWriter::new(&*log, backup.after()).await.unwrap();
            while let Some(segment) = writer.next(&*log).await.unwrap() {
                backup.append(&segment.encode().unwrap()).unwrap();
            }
        });
    }
    runtime.block_on(written).unwrap();
    copy_keys(&*log.keys(), &keys_beside(&backup_dir)).unwrap();
    let restored = open(&runtime.block_on(bed.restore("restored", None)).unwrap()).unwrap();
    let (events, there) =
        runtime.block_on(async { (all_events(&*log).await.unwrap(), all_events(&*restored).await.unwrap()) });
    let parted = restored.epochs().current().parted.0;
    assert!(parted > 100 && there.len() as u64 == parted + 1, "{parted}");
    assert!(events.iter().zip(&there[..there.len() - 1]).all(|(a, b)| same(a, b)));
}

/// A clock that says what it is told.
fn at(micros: &Arc<AtomicI64>) -> Clock {
    let micros = Arc::clone(micros);
    Arc::new(move || Timestamp::clamped(micros.load(Ordering::Relaxed)))
}

#[test]
fn a_command_whose_events_stand_in_two_segments_comes_back_whole() {
    let bed = Bed::new(32);
    let log = open(&bed.path("data")).unwrap();
    let command = numbered_stamp(7);
    // The first segment ends at 65,536: two of the command's events stand in it, and two in the next.
    block_on(async {
        let imported: Vec<_> = (0..65).map(|n| commit("many", n * 1000, 1000, None)).collect();
        assert!(log.append_in_order(imported).await.iter().all(Result::is_ok));
        log.append(commit("rest", 0, 534, None)).await.unwrap();
        log.append(commit("asked", 0, 4, Some(command))).await.unwrap();
        log.append(commit("rest", 534, 10, None)).await.unwrap();
        bed.back_up(&log).await;
    });
    let files = segment_files(&bed.backup_dir());
    assert!(files.len() == 2 && files[1].ends_with("00000000000000065537.segment"), "{files:?}");
    let restored = open(&block_on(bed.restore("restored", None)).unwrap()).unwrap();
    assert_eq!(block_on(known_command(&*restored, command)), (65_535, 4));
    assert_eq!(block_on(known_command(&*log, command)), (65_535, 4));
    let (events, there) = (block_on(all_events(&*log)).unwrap(), block_on(all_events(&*restored)).unwrap());
    assert_eq!(there.len(), events.len() + 1);
    block_on(assert_sound(&*restored, &there));
    // What opening derives afterwards is what it derives from nothing.
    drop(restored);
    let derived = |name: &str| std::fs::read(bed.path("restored").join("derived").join(name)).unwrap();
    let before = ["facts", "commands"].map(derived);
    std::fs::remove_dir_all(bed.path("restored").join("derived")).unwrap();
    open(&bed.path("restored")).unwrap();
    assert!(before == ["facts", "commands"].map(derived));
}

#[test]
fn a_log_whose_time_is_ahead_of_the_clock_is_restored_all_the_same() {
    let mut bed = Bed::new(33);
    let ahead = Arc::new(AtomicI64::new(7_000_000_000_000_000));
    let options = Options { clock: at(&ahead), ..Options::default() };
    let log = EmbeddedLog::open(&bed.path("data"), &options).unwrap();
    block_on(bed.append(&log, 30));
    ahead.store(0, Ordering::Relaxed);
    block_on(async {
        bed.append(&log, 30).await;
        bed.back_up(&log).await;
    });
    let restored = open(&block_on(bed.restore("restored", None)).unwrap()).unwrap();
    let (events, there) = (block_on(all_events(&log)).unwrap(), block_on(all_events(&*restored)).unwrap());
    assert!(events.len() > 30 && events.iter().zip(&there).all(|(a, b)| same(a, b)));
    assert_eq!(there.last().unwrap().recorded_at, events.last().unwrap().recorded_at, "time stands still, both times");
}

#[test]
fn what_stands_after_the_position_asked_for_is_not_looked_at() {
    let bed = Bed::new(34);
    let log = open(&bed.path("data")).unwrap();
    block_on(async {
        log.append(commit("T", 0, 3, None)).await.unwrap();
        bed.back_up(&log).await;
        // Without an event, of a version that position 3 does not have, and the first thing in the second segment.
        log.append(commit("T", 3, 2, None)).await.unwrap();
        log.append(commit("T", 5, 0, Some(numbered_stamp(1)))).await.unwrap();
        log.append(commit("T", 5, 1, None)).await.unwrap();
        bed.back_up(&log).await;
    });
    let damaged = segment_files(&bed.backup_dir()).pop().unwrap();
    let mut bytes = std::fs::read(&damaged).unwrap();
    for until in [3, 4, 5] {
        let restored = open(&block_on(bed.restore(&format!("to-{until}"), Some(until))).unwrap()).unwrap();
        assert_eq!(block_on(all_events(&*restored)).unwrap().len() as u64, until + 1);
    }
    bytes[HEADER_LEN] ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    let restore = |name: &str, until| {
        let backup = BackupDirectory::list(&bed.backup_dir()).unwrap();
        let (keys, dir) = (keys_beside(&bed.backup_dir()), bed.path(name));
        block_on(restore(&backup, &keys, &dir, until, |_| {}))
    };
    assert!(restore("whole", None).unwrap_err().to_string().contains("checksum"));
    assert!(restore("before", Some(Position(3))).is_ok());
}

#[test]
fn epochs_of_the_past_are_restored_and_one_is_added() {
    let mut bed = Bed::new(35);
    let log = open(&bed.path("data")).unwrap();
    block_on(bed.append(&log, 10));
    block_on(bed.back_up(&log));
    drop(log);
    for (epoch, (from, to)) in (2..).zip([("data", "second"), ("second", "third"), ("third", "fourth")]) {
        let (from, to) = (bed.path(from), bed.path(to));
        let backup_dir = bed.path(&format!("backup-{epoch}"));
        let log = open(&from).unwrap();
        block_on(async {
            let mut backup = BackupDirectory::create_or_open(&backup_dir).unwrap();
            let mut writer = SegmentWriter::new(&*log, Position::ZERO).await.unwrap();
            while let Some(segment) = writer.next(&*log).await.unwrap() {
                backup.append(&segment.encode().unwrap()).unwrap();
            }
            copy_keys(&*log.keys(), &keys_beside(&backup_dir)).unwrap();
            restore(&backup, &keys_beside(&backup_dir), &to, None, |_| {}).await.unwrap();
        });
        assert_eq!(open(&to).unwrap().epochs().current().number, epoch);
    }
}

/// The segments of a backup, in order.
fn segment_files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn refused(bed: &Bed) -> String {
    let failure = block_on(bed.restore("refused", None)).unwrap_err();
    assert!(!bed.path("refused").exists(), "nothing that looks like a log is left");
    failure.to_string()
}

#[test]
fn a_changed_byte_anywhere_in_a_segment_is_found() {
    let (bed, _log) = Bed::backed_up(11);
    let file = segment_files(&bed.backup_dir()).swap_remove(1);
    let good = std::fs::read(&file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    for at in (0..HEADER_LEN).chain((HEADER_LEN..good.len()).step_by(good.len() / 40)) {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        std::fs::write(&file, bad).unwrap();
        let backup = BackupDirectory::open(&bed.backup_dir()).unwrap();
        let found = backup.segments().find_map(Result::err).unwrap_or_else(|| panic!("byte {at}")).to_string();
        assert!(found.contains(name) && found.contains("another copy"), "byte {at}: {found}");
    }
    std::fs::write(&file, &good[..good.len() - 1]).unwrap();
    let words = refused(&bed);
    assert!(words.contains("cut off"), "{words}");
}

#[test]
fn segments_that_are_missing_or_of_another_history_are_found() {
    let (bed, _log) = Bed::backed_up(12);
    let files = segment_files(&bed.backup_dir());
    let kept = std::fs::read(&files[1]).unwrap();
    std::fs::remove_file(&files[1]).unwrap();
    let words = refused(&bed);
    assert!(words.contains("a segment is missing"), "{words}");
    std::fs::write(&files[1], kept).unwrap();
    std::fs::remove_file(&files[0]).unwrap();
    let words = refused(&bed);
    assert!(words.contains("the first one is missing"), "{words}");

    // Another log's segments do not go into this backup.
    let (other, log) = Bed::backed_up(13);
    let mut backup = BackupDirectory::open(&bed.backup_dir()).unwrap();
    let after = backup.after().min(*log.durable().borrow());
    let foreign = block_on(async {
        let mut writer = SegmentWriter::new(&*log, Position(after.0 / 2)).await.unwrap();
        writer.next(&*log).await.unwrap().unwrap().encode().unwrap()
    });
    let words = backup.append(&foreign).unwrap_err().to_string();
    assert!(words.contains("segment") || words.contains("another history"), "{words}");
    let words = copy_keys(&*log.keys(), &keys_beside(&bed.backup_dir())).unwrap_err().to_string();
    assert!(words.contains("keys of another log"), "{words}");
    std::fs::copy(keys_file(&keys_beside(&bed.backup_dir())), keys_file(&keys_beside(&other.backup_dir()))).unwrap();
    let words = refused(&other);
    assert!(words.contains("another log"), "{words}");
}

#[test]
fn a_directory_with_something_in_it_is_never_restored_into() {
    let (bed, _log) = Bed::backed_up(14);
    std::fs::create_dir(bed.path("full")).unwrap();
    std::fs::write(bed.path("full").join("mine"), "precious").unwrap();
    let words = block_on(bed.restore("full", None)).unwrap_err().to_string();
    assert!(words.contains("not empty") && words.contains("new directory"), "{words}");
    assert_eq!(std::fs::read_to_string(bed.path("full").join("mine")).unwrap(), "precious");
    // An interrupted restore is begun again.
    std::fs::create_dir(bed.path("again.restoring")).unwrap();
    std::fs::write(bed.path("again.restoring").join("half"), "x").unwrap();
    assert!(open(&block_on(bed.restore("again", None)).unwrap()).is_ok());
}

const REPORTS: [&str; 8] =
    ["overview", "satisfaction", "response-times", "resolution-times", "flow", "leaderboard", "volume", "backlog"];

#[test]
fn a_running_server_is_backed_up_and_its_reports_come_back_byte_for_byte() {
    let server = Server::demo(&["--tickets", "300", "--seed", "7", "--until", "2026-05-01"]);
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let url = format!("http://{}", server.address());
    let counts: Value =
        serde_json::from_str(printed("daftar", &["backup", "--url", &url, &path("copy")]).trim()).unwrap();
    let parted = counts["position"].as_u64().unwrap();
    assert!(parted > 2500 && counts["segments"] == 1, "{counts}");
    // Things go on, and are not in the backup.
    let opened = server.post("/v1/tickets", r#"{"ticket":"AFTER","by":{"kind":"customer"}}"#);
    assert_eq!(opened.status, 201, "{}", opened.text());
    let restored = printed("daftar", &["restore", "--data-dir", &path("restored"), &path("copy")]);
    let restored: Value = serde_json::from_str(restored.trim()).unwrap();
    assert_eq!((restored["parted"].as_u64(), restored["position"].as_u64()), (Some(parted), Some(parted + 1)));

    let asked = format!("interval=month&group_by=customer&as_of={parted}");
    let answers: Vec<_> = REPORTS.iter().map(|name| server.get(&format!("/v1/reports/{name}?{asked}"))).collect();
    let as_of = parted.to_string();
    let flags = ["--interval", "month", "--group-by", "customer", "--as-of", &as_of, "--output", "json"];
    for source in [["--data-dir", &path("restored")], ["--backup", &path("copy")]] {
        for (name, answer) in REPORTS.iter().zip(&answers) {
            let said = printed("daftar-replay", &[&["report", name][..], &source, &flags].concat());
            assert_eq!(answer.status, 200);
            assert!(said == answer.text(), "{name} from {source:?}");
        }
    }

    // Again, through the server, and then from its directory once it has stopped.
    let counts = printed("daftar", &["backup", "--url", &url, &path("copy")]);
    assert!(counts.contains(r#""events":1,"#), "{counts}");
    let data = server.stop();
    let data = data.path().join("data");
    let counts = printed("daftar", &["backup", "--data-dir", data.to_str().unwrap(), &path("copy")]);
    assert!(counts.contains(r#""events":0,"#), "{counts}");

    // A backup of the original does not go on with the restored log: the histories have parted.
    let served = Served::start(Path::new(&path("restored")));
    let refused = run("daftar", &["backup", "--url", &format!("http://{}", served.address), &path("copy")]);
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && words.contains(&format!("part after position {parted}")), "{words}");
}

#[test]
fn keys_never_lie_among_the_segments() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    open(&dir.path().join("data")).unwrap();
    let inside = run("daftar", &["backup", "--data-dir", &path("data"), "--keys", &path("copy/keys"), &path("copy")]);
    assert_eq!(inside.status.code(), Some(2));
    let without = run("daftar", &["restore", "--data-dir", &path("new"), &path("copy")]);
    let words = String::from_utf8_lossy(&without.stderr);
    assert!(without.status.code() == Some(2) && words.contains("--keys"), "{words}");
}
