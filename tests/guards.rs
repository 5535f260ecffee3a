//! What is known to go wrong around a log, one test each: clocks that are set back, what sled would leave unsynced or
//! could not open, a second process on the directory.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_domain::Timestamp;
use daftar_eventlog::clock::Clock;
use daftar_eventlog::embedded::layout::{RecordBuilder, RecordKey};
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::memory::{MemoryLog, replicated::ReplicatedMemoryLog};
use daftar_eventlog::{EventLog, Position};
use daftar_tests::history::{all_events, assert_sound, copy_dir, files_under, large_commit, numbered_stamp, open};
use daftar_tests::programs::{root, run};
use daftar_tests::served::Served;
use daftar_tests::{assigned, commit};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const HOUR: i64 = 3_600_000_000;
const START: i64 = 1_760_000_000_000_000;

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A clock that shows what is set, and a second more each time it is looked at where `runs`.
#[derive(Clone)]
struct Hands {
    micros: Arc<AtomicI64>,
    runs: bool,
}

impl Hands {
    fn new(runs: bool) -> Self {
        Self { micros: Arc::new(AtomicI64::new(START)), runs }
    }

    fn clock(&self) -> Clock {
        let hands = self.clone();
        Arc::new(move || {
            let step = if hands.runs { 1_000_000 } else { 0 };
            Timestamp::clamped(hands.micros.fetch_add(step, Ordering::Relaxed))
        })
    }

    fn set(&self, micros: i64) {
        self.micros.store(micros, Ordering::Relaxed);
    }
}

/// What the clock shows at each commit, as hours from the start: forward, and back by an hour or more.
const SHOWN: [i64; 10] = [0, 1, 0, 2, 1, 0, -1, 3, 2, 4];
/// What has to be recorded then, by hand.
const RECORDED: [i64; 10] = [0, 1, 1, 2, 2, 2, 2, 3, 3, 4];

/// Appends one commit for each time shown from `from` on; every third one is a command without events.
async fn append_at(log: &dyn EventLog, hands: &Hands, shown: &[i64], from: u32) {
    for (hours, n) in shown.iter().zip(from..) {
        hands.set(START + hours * HOUR);
        let made = if n % 3 == 2 {
            commit("A", 0, 0, Some(numbered_stamp(n.into())))
        } else {
            commit(&format!("T-{n}"), 0, 2, None)
        };
        let appended = log.append(made).await.unwrap();
        assert_eq!(appended.recorded_at.micros(), START + RECORDED[n as usize] * HOUR, "commit {n}");
    }
}

/// What the events must say: two for each commit with events.
fn recorded(commits: usize) -> Vec<i64> {
    let with_events = RECORDED[..commits].iter().enumerate().filter(|(n, _)| n % 3 != 2);
    with_events.flat_map(|(_, hours)| [START + hours * HOUR; 2]).collect()
}

async fn assert_recorded(log: &dyn EventLog, commits: usize) {
    let events = all_events(log).await.unwrap();
    assert_sound(log, &events).await;
    assert_eq!(events.iter().map(|e| e.recorded_at.micros()).collect::<Vec<_>>(), recorded(commits));
    let mut rows = Vec::new();
    while let Some(block) = log.fact_block(Position(rows.len() as u64)).await.unwrap() {
        let after = Position(rows.len() as u64);
        rows.extend(block.iter_after(after).map(|row| row.recorded_at.micros()));
    }
    assert_eq!(rows, recorded(commits), "facts say the same");
}

#[test]
fn in_memory_a_clock_set_back_stops_the_logs_time_until_it_has_caught_up() {
    let hands = Hands::new(false);
    let logs: [Box<dyn EventLog>; 2] =
        [Box::new(MemoryLog::new(hands.clock()).unwrap()), Box::new(ReplicatedMemoryLog::new(hands.clock()).unwrap())];
    for log in logs {
        block_on(append_at(&*log, &hands, &SHOWN, 0));
        block_on(assert_recorded(&*log, SHOWN.len()));
    }
}

fn open_with(dir: &Path, hands: &Hands) -> EmbeddedLog {
    EmbeddedLog::open(dir, &Options { clock: hands.clock(), ..Options::default() }).unwrap()
}

#[test]
fn a_clock_set_back_while_the_log_is_closed_or_was_killed_never_shows_in_it() {
    // Closed, killed, and killed with derived files gone, at every commit: also right behind one without events.
    for stop in 1..SHOWN.len() {
        for (killed, without_derived) in [(false, false), (true, false), (true, true)] {
            let (hands, dir, copy) = (Hands::new(false), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let log = open_with(dir.path(), &hands);
            block_on(append_at(&log, &hands, &SHOWN[..stop], 0));
            // Closed before it is copied, or held open until it was.
            let held = killed.then_some(log);
            copy_dir(dir.path(), copy.path()).unwrap();
            drop(held);
            if without_derived {
                std::fs::remove_dir_all(copy.path().join("derived")).unwrap();
            }
            hands.set(START - 9 * HOUR);
            let log = open_with(copy.path(), &hands);
            block_on(append_at(&log, &hands, &SHOWN[stop..], u32::try_from(stop).unwrap()));
            block_on(assert_recorded(&log, SHOWN.len()));
        }
    }
}

#[test]
fn a_clock_set_back_behind_a_derived_block_never_shows_in_the_log() {
    let (hands, dir) = (Hands::new(false), tempfile::tempdir().unwrap());
    let log = open_with(dir.path(), &hands);
    block_on(async {
        for n in 0..8 {
            log.append(commit("filling", n * 512, 512, None)).await.unwrap();
        }
    });
    log.close();
    assert!(std::fs::metadata(dir.path().join("derived/facts")).unwrap().len() > 0, "the block is derived");
    hands.set(START - HOUR);
    let log = open_with(dir.path(), &hands);
    let appended = block_on(log.append(commit("A", 0, 1, None))).unwrap();
    assert_eq!(appended.recorded_at.micros(), START);
}

#[test]
fn a_clock_that_is_set_back_within_a_group_never_shows_in_the_log() {
    let (hands, dir) = (Hands::new(true), tempfile::tempdir().unwrap());
    let log = Arc::new(open_with(dir.path(), &hands));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let answers = runtime.block_on(async {
        let tasks: Vec<_> = (0..200u32)
            .map(|n| {
                let (log, hands) = (Arc::clone(&log), hands.clone());
                tokio::spawn(async move {
                    hands.set(START + i64::from(n % 7) * HOUR - i64::from(n % 3) * HOUR);
                    log.append(commit(&format!("T-{n}"), 0, 2, None)).await.unwrap()
                })
            })
            .collect();
        futures_util::future::join_all(tasks).await
    });
    let events = block_on(all_events(&*log)).unwrap();
    assert_eq!(events.len(), 400);
    assert!(events.is_sorted_by_key(|event| event.recorded_at));
    for answer in answers.into_iter().map(Result::unwrap) {
        let event = &events[usize::try_from(answer.last.0).unwrap() - 1];
        assert_eq!(event.recorded_at, answer.recorded_at, "what was answered is what was recorded");
    }
}

/// A log with two commits, closed.
fn small_log() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    block_on(log.append(commit("A", 0, 3, None))).unwrap();
    block_on(log.append(commit("B", 0, 2, None))).unwrap();
    drop(log);
    dir
}

fn refused(dir: &Path) -> String {
    EmbeddedLog::open(dir, &Options::default()).err().map(|e| e.to_string()).unwrap()
}

#[test]
fn no_value_is_so_large_that_sled_would_leave_it_unsynced() {
    for sealed in [0, 1, 8_000, 11_000, 11_264, 12_000, 12_288, 100_000, 899_000] {
        let stream = daftar_eventlog::StreamName::ticket("A");
        let event = assigned(&stream, 1, "sara", None, sealed);
        let mut builder = RecordBuilder::new(RecordKey { first: Position(1), counter: 0 }, [0; 32]);
        builder.push_event(Timestamp::clamped(0), event.bytes(), [1; 32]);
        let values = builder.values();
        assert!(values.iter().all(|(_, value)| value.len() < 12 << 10), "{sealed} bytes of content");
        let kept: usize = values.iter().map(|(_, value)| value.len()).sum();
        assert!(kept > sealed, "all of it is kept");
    }
}

#[test]
fn large_appends_leave_nothing_in_blobs_and_what_lies_there_refuses_opening() {
    let dir = small_log();
    let log = open(dir.path()).unwrap();
    block_on(async {
        let many = (0..40u32).map(|n| log.append(large_commit(&format!("L-{n}"), 0, 100_000, None)));
        for answer in futures_util::future::join_all(many).await {
            answer.unwrap();
        }
        log.append(large_commit("L-0", 1, 899_000, None)).await.unwrap();
    });
    drop(log);
    let blobs = dir.path().join("log/blobs");
    let lies_there = || std::fs::read_dir(&blobs).map_or(0, Iterator::count);
    assert_eq!(lies_there(), 0);
    open(dir.path()).unwrap();
    std::fs::create_dir_all(&blobs).unwrap();
    std::fs::write(blobs.join("12345"), b"a value of sled's").unwrap();
    let words = refused(dir.path());
    assert!(words.contains("blobs/ is not empty"), "{words}");
    std::fs::remove_file(blobs.join("12345")).unwrap();
    assert_eq!(block_on(all_events(&*open(dir.path()).unwrap())).unwrap().len(), 46);
}

#[test]
fn a_snapshot_that_was_never_finished_is_removed_before_opening() {
    for leftover in ["snap.00000000000000A4.generating", "snap.FFFFFFFFFFFFFFFF.generating", "snap.generating"] {
        let dir = small_log();
        let path = dir.path().join("log").join(leftover);
        for bytes in [&b""[..], b"half a snapshot"] {
            std::fs::write(&path, bytes).unwrap();
            let log = open(dir.path()).unwrap();
            assert_eq!(block_on(all_events(&*log)).unwrap().len(), 5);
            assert!(!path.exists(), "{leftover} is gone");
        }
    }
}

#[test]
fn a_witness_of_zeros_is_not_taken_for_nothing_acknowledged() {
    let dir = small_log();
    let path = dir.path().join("witness");
    let len = std::fs::metadata(&path).unwrap().len();
    std::fs::write(&path, vec![0; usize::try_from(len).unwrap()]).unwrap();
    let words = refused(dir.path());
    assert!(words.contains("tail witness") && words.contains("damaged"), "{words}");
}

/// The text of every file of the workspace that ends so, without what cargo has built.
fn sources(ending: &str) -> Vec<(String, String)> {
    let rooms = ["domain", "eventlog", "projections", "api", "replay-tool", "tests", "benches"];
    let mut files: Vec<_> = rooms.iter().flat_map(|room| files_under(&root().join(room)).unwrap()).collect();
    files.push(root().join("Cargo.toml"));
    let named = files.into_iter().map(|file| (file.display().to_string(), file));
    let wanted = named.filter(|(name, _)| name.ends_with(ending) && !name.contains("/target/"));
    wanted.map(|(name, file)| (name, std::fs::read_to_string(file).unwrap())).collect()
}

#[test]
fn no_profile_aborts_on_a_panic_of_sleds() {
    let manifests = sources("Cargo.toml");
    assert!(manifests.iter().any(|(_, text)| text.contains("[profile.release]")), "the workspace's own is among them");
    for (name, text) in manifests {
        let sets_panic = text.lines().any(|line| line.trim_start().starts_with("panic"));
        assert!(!sets_panic, "{name} sets what a panic does; caught ones must stay caught");
    }
    assert!(!root().join(".cargo/config.toml").exists(), "no profile hides there");
}

#[test]
fn sled_is_called_in_one_file_and_only_for_what_is_safe_there() {
    let mut users = Vec::new();
    for (name, text) in sources(".rs").into_iter().filter(|(name, _)| !name.ends_with("tests/guards.rs")) {
        let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        if code.iter().any(|line| line.contains("sled::")) {
            users.push(name);
            let calls = |word: &str| code.iter().filter(|line| line.contains(word)).count();
            for word in
                ["generate_id", "watch_prefix", "transaction", "compare_and_swap", "fetch_and_update", ".merge("]
            {
                assert_eq!(calls(word), 0, "{word}");
            }
            // One lock of the whole process stands behind a batch: one writer, one batch a group.
            assert_eq!(calls("apply_batch("), 1);
        }
    }
    assert!(users.len() == 1 && users[0].ends_with("eventlog/src/embedded/store.rs"), "{users:?}");
}

#[test]
fn a_second_program_on_a_directory_is_told_which_process_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let serving = Served::start(dir.path());
    let path = dir.path().display().to_string();
    let lines = dir.path().join("lines.ndjson");
    std::fs::write(&lines, "").unwrap();
    let lines = lines.display().to_string();
    for (program, arguments) in [
        ("daftar", &["serve", "--data-dir", &path, "--listen", "127.0.0.1:0"][..]),
        ("daftar", &["import", "--data-dir", &path, &lines]),
        ("daftar-replay", &["report", "flow", "--data-dir", &path]),
    ] {
        let output = run(program, arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{program} {arguments:?} runs");
        assert!(said.contains(&format!("in use by another process (process {})", serving.process())), "{said}");
    }
    assert!(serving.terminate().success(), "the first one is unharmed");
    assert_eq!(block_on(all_events(&*open(dir.path()).unwrap())).unwrap().len(), 0);
}
