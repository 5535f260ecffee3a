//! What the kernel sees: the sync before the answer, and a kill at every write.
//!
//! `strace` is the witness. Where it is missing or may not trace, these tests say so and pass, but not under CI. It
//! counts calls by thread, so which of sled's threads is killed at its n-th write is left to chance; every moment
//! between two calls of all threads is therefore also rebuilt from a trace, and with it what a power cut would leave.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_eventlog::{Commit, EventLog, LogReader, StreamName, Version};
use daftar_tests::disk::{self, Change, Disk, Left};
use daftar_tests::history::{Dice, all_events, assert_sound, copy_dir, files_under, known_command, open, script};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

const WRITER: &str = env!("CARGO_BIN_EXE_log_writer");
const SCRIPT: u64 = 30;
/// Every kind of commit that a script has.
const SHORT_SCRIPT: u64 = 12;
/// The calls that a kill is tried at: all that the writer makes and that change a disk. That it makes no others is seen
/// to by the rebuilt disk, which panics at a call it does not know.
const INJECTED: &str = "pwrite64,write,fdatasync,fsync,sync_file_range,ftruncate,mkdir,rename,unlink,openat";

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Whether `strace` can trace here; under CI it must.
fn can_trace() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
        let can = tried.is_ok_and(|out| out.status.success());
        assert!(can || std::env::var_os("CI").is_none(), "strace is missing or may not trace, and CI needs it");
        if !can {
            println!("SKIPPED: strace is missing or may not trace here; nothing was shown");
        }
        can
    })
}

/// One call of a trace: where it began and ended, counted in lines.
#[derive(Debug, Clone)]
struct Call {
    process: String,
    name: String,
    arguments: String,
    began: usize,
    ended: usize,
}

impl Call {
    fn is_on(&self, names: &[&str], file: &str) -> bool {
        let first = self.arguments.split(',').next().unwrap_or_default();
        names.contains(&&*self.name) && first.ends_with(&format!("{file}>"))
    }
}

/// Reads what `strace -f` wrote, putting calls together that others interrupted.
fn calls_of(trace: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut open: HashMap<String, usize> = HashMap::new();
    for (line, at) in trace.lines().zip(0..) {
        let Some((process, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if rest.starts_with("<... ") {
            if let Some(call) = open.remove(process) {
                calls[call].ended = at;
            }
            continue;
        }
        let Some((name, arguments)) = rest.split_once('(') else { continue };
        let unfinished = arguments.ends_with("<unfinished ...>");
        if unfinished {
            open.insert(process.to_owned(), calls.len());
        }
        let arguments = arguments.rsplit_once(" = ").map_or(arguments, |(before, _)| before);
        let arguments = arguments.trim_end_matches("<unfinished ...>").trim().trim_end_matches(')');
        let ended = if unfinished { usize::MAX } else { at };
        let (process, name, arguments) = (process.to_owned(), name.to_owned(), arguments.to_owned());
        calls.push(Call { process, name, arguments, began: at, ended });
    }
    calls
}

fn traced(dir: &Path, trace: &Path, options: &[&str], count: u64) -> (bool, Vec<u64>) {
    traced_as("always", dir, trace, options, count)
}

fn traced_as(durability: &str, dir: &Path, trace: &Path, options: &[&str], count: u64) -> (bool, Vec<u64>) {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-qq", "-s", "64", "-o"]).arg(trace).args(options);
    strace.arg(WRITER).arg(dir).args(["script", &count.to_string(), durability]).stdin(Stdio::null());
    let out = strace.output().unwrap();
    (out.status.success(), acknowledged(&String::from_utf8_lossy(&out.stdout)))
}

/// Everything that a run of the writer to its end did to the disk, with all the bytes.
fn recorded(root: &Path, mode: &str, count: u64) -> Vec<disk::Call> {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-y", "-xx", "-s", "4000000", "-e", &format!("trace={}", disk::CHANGING), "-o"]);
    strace.arg(&trace).arg(WRITER).arg(root.join("data")).args([mode, &count.to_string()]);
    assert!(strace.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap().success());
    disk::calls_of(&std::fs::read_to_string(&trace).unwrap())
}

/// The numbers of the commits that were acknowledged; a line cut off is none.
fn acknowledged(said: &str) -> Vec<u64> {
    said.split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n')?.strip_prefix("step ")?.split(' ').next()?.parse().ok())
        .collect()
}

/// The last write to a file that ended before an answer, and a sync of it that covers that write.
fn assert_synced(calls: &[Call], file: &str, before: usize, what: &str) -> (usize, usize) {
    let writes = calls.iter().filter(|c| c.is_on(&["pwrite64", "write", "ftruncate"], file) && c.began < before);
    let last = writes.max_by_key(|c| c.began).unwrap_or_else(|| panic!("{what}: nothing was written to {file}"));
    assert!(last.ended < before, "{what}: {file} is being written while the answer goes out: {last:?}");
    let syncs = calls.iter().filter(|c| c.is_on(&["fdatasync", "fsync"], file));
    let sync = syncs.filter(|c| c.began > last.ended && c.ended < before).min_by_key(|c| c.ended);
    let sync = sync.unwrap_or_else(|| panic!("{what}: {file} was not synced after {last:?}"));
    (last.began, sync.ended)
}

#[test]
fn every_answer_comes_after_the_syncs() {
    if !can_trace() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let data = dir.path().join("data");
    let syscalls = "trace=pwrite64,write,fdatasync,fsync,sync_file_range,openat,ftruncate";
    let (_, said) = traced(&data, &trace, &["-e", syscalls], SCRIPT);
    assert_eq!(said.len() as u64, SCRIPT);
    let calls = calls_of(&std::fs::read_to_string(&trace).unwrap());
    let answers: Vec<&Call> = calls.iter().filter(|c| c.name == "write" && c.arguments.contains("\"step ")).collect();
    assert_eq!(answers.len() as u64, SCRIPT, "every answer is one write");
    let mut log_before = 0;
    for (answer, n) in answers.iter().zip(0u64..) {
        let what = format!("answer {n}");
        let (log_began, log_synced) = assert_synced(&calls, "/log/db", answer.began, &what);
        assert!(log_began > log_before, "{what}: the log was written for it");
        log_before = answer.began;
        let (_, keys_synced) = assert_synced(&calls, "/keys/customers.a", answer.began, &what);
        if n.is_multiple_of(2) {
            assert!(keys_synced < log_began, "{what}: the new customer's key is durable before the event is written");
        }
        let witnessed = calls.iter().filter(|c| c.is_on(&["pwrite64"], "/witness") && c.ended < answer.began);
        let witnessed = witnessed.max_by_key(|c| c.began).unwrap();
        assert!(witnessed.began > log_synced, "{what}: the witness is never ahead of the log");
    }
}

/// The calls of a script from its first commit on, with answers that do not wait for syncs.
fn calls_without_syncs_each(durability: &str) -> Vec<Call> {
    let dir = tempfile::tempdir().unwrap();
    let (trace, data) = (dir.path().join("trace"), dir.path().join("data"));
    let syscalls = "trace=pwrite64,write,fdatasync,fsync";
    let (finished, said) = traced_as(durability, &data, &trace, &["-e", syscalls], SCRIPT);
    assert!(finished && said.len() as u64 == SCRIPT, "{durability}");
    let calls = calls_of(&std::fs::read_to_string(&trace).unwrap());
    let open = calls.iter().find(|c| c.name == "write" && c.arguments.contains("\"open")).unwrap().ended;
    calls.into_iter().filter(|c| c.began > open).collect()
}

/// Asserts that every write of the witness comes after a sync of the log by the same thread, and that after one of the
/// keys; answers how many there are.
fn assert_witness_follows_the_syncs(calls: &[Call], durability: &str) -> usize {
    let written: Vec<_> = calls.iter().filter(|c| c.is_on(&["pwrite64"], "/witness")).collect();
    for witnessed in &written {
        let before = |names: &[&str], file: &str, at: usize| {
            let of_thread = calls.iter().filter(|c| c.process == witnessed.process && c.ended < at);
            of_thread.filter(|c| c.is_on(names, file)).map(|c| c.began).max()
        };
        let log = before(&["fdatasync"], "/log/db", witnessed.began);
        let log = log.unwrap_or_else(|| panic!("{durability}: the witness is written without a sync: {witnessed:?}"));
        let last_witness = before(&["pwrite64"], "/witness", witnessed.began);
        assert!(last_witness < Some(log), "{durability}: each has a sync of its own");
        // A key is new with every other commit: the sync that covers the first of them comes before the log's.
        let keys = before(&["fdatasync"], "/keys/customers.a", log);
        assert!(keys.is_some(), "{durability}: the keys are synced before the log");
    }
    written.len()
}

#[test]
fn with_an_interval_the_witness_follows_the_syncs_that_no_answer_waits_for() {
    if !can_trace() {
        return;
    }
    let calls = calls_without_syncs_each("interval:1");
    let written = assert_witness_follows_the_syncs(&calls, "interval:1");
    assert!(written >= 2, "one in between and one at close");
    let syncs = calls.iter().filter(|c| c.is_on(&["fdatasync"], "/log/db")).count();
    println!("{written} witnesses and {syncs} syncs for {SCRIPT} answers");
}

#[test]
fn without_syncs_the_witness_is_written_at_close_alone() {
    if !can_trace() {
        return;
    }
    let calls = calls_without_syncs_each("os");
    let last = calls.iter().filter(|c| c.arguments.contains("\"step ")).map(|c| c.began).max().unwrap();
    let early = calls.iter().find(|c| c.began < last && matches!(&*c.name, "fdatasync" | "fsync"));
    assert!(early.is_none(), "nothing is synced before the last answer: {early:?}");
    assert_eq!(assert_witness_follows_the_syncs(&calls, "os"), 1);
}

#[test]
fn new_files_are_synced_into_their_directories() {
    if !can_trace() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (trace, data) = (dir.path().join("trace"), dir.path().join("data"));
    traced(&data, &trace, &["-e", "trace=mkdir,openat,rename,fsync,fdatasync,write"], 1);
    let calls = calls_of(&std::fs::read_to_string(&trace).unwrap());
    let answer = calls.iter().find(|c| c.arguments.contains("\"step ")).unwrap().began;
    let above = dir.path().display().to_string();
    for (made, parent) in [
        ("/data\"", &*above),
        ("/data/log.new/conf\"", "/data/log.new"),
        ("/data/log.new/db\"", "/data/log.new"),
        ("/data/log\"", "/data"),
        ("/data/keys\"", "/data"),
        ("/data/witness\"", "/data"),
        ("/keys/customers.a\"", "/data/keys"),
        ("/keys/customers.b\"", "/data/keys"),
    ] {
        let makes = |c: &&Call| matches!(&*c.name, "mkdir" | "rename") || c.arguments.contains("O_CREAT");
        let made_at = calls.iter().filter(makes).find(|c| c.arguments.contains(made));
        let made_at = made_at.unwrap_or_else(|| panic!("{made} is made")).ended;
        let synced = calls.iter().any(|c| c.is_on(&["fsync"], parent) && c.began > made_at && c.ended < answer);
        assert!(synced, "{parent} is synced after {made} was made in it");
    }
    let renamed = calls.iter().find(|c| c.name == "rename").unwrap().began;
    for file in ["/log.new/conf", "/log.new/db"] {
        assert!(calls.iter().any(|c| c.is_on(&["fsync"], file) && c.ended < renamed), "{file} is synced as a whole");
    }
}

/// A writer that waits after each answer, killed when the test lets go of it.
struct Stepping(Child);

impl Drop for Stepping {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Copies what the log can't do without: sled's two files, the keys and the witness.
fn copy_the_truth(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.join("log")).unwrap();
    for file in ["log/conf", "log/db", "witness"] {
        std::fs::copy(from.join(file), to.join(file)).unwrap();
    }
    copy_dir(&from.join("keys"), &to.join("keys")).unwrap();
}

/// Asserts that the log holds the script's first commits, all those acknowledged among them, and nothing else.
fn assert_prefix(dir: &Path, acknowledged: u64, what: &str) {
    assert_prefix_of(&script(SCRIPT), dir, acknowledged, what);
}

/// As [`assert_prefix`], of any commits.
fn assert_prefix_of(script: &[Commit], dir: &Path, acknowledged: u64, what: &str) {
    block_on(async {
        let log = open(dir).unwrap_or_else(|e| panic!("{what}: {e}"));
        let events = all_events(&*log).await.unwrap();
        assert_sound(&*log, &events).await;
        let (mut next, mut whole) = (0, 0);
        for (commit, n) in script.iter().zip(1u64..) {
            let there = events.get(next..).unwrap_or_default().iter().map(|e| &e.bytes);
            let same = there.zip(&commit.events).take_while(|(there, sent)| **there == *sent.bytes()).count();
            assert!(same == commit.events.len() || next + same == events.len(), "{what}: commit {n} is another");
            assert!(same == commit.events.len() || same == 0, "{what}: commit {n} is torn");
            if same < commit.events.len() {
                break;
            }
            next += same;
            whole = n;
        }
        assert_eq!(next, events.len(), "{what}: more events than were written");
        assert!(whole >= acknowledged, "{what}: {acknowledged} commits were acknowledged, {whole} are there");
        let sent = &script[..usize::try_from(acknowledged).unwrap()];
        for commit in sent {
            if let Some(stamp) = commit.command {
                let (_, count) = known_command(&*log, stamp).await;
                assert_eq!(count as usize, commit.events.len(), "{what}");
            }
        }
        // And it goes on from there.
        let more = daftar_tests::commit("after", 0, 1, None);
        assert_eq!(log.append(more).await.unwrap().last.0, events.len() as u64 + 1, "{what}");
        assert_eq!(log.durable().borrow().0, events.len() as u64 + 1);
    });
}

#[test]
fn two_files_keys_and_witness_copied_at_an_answer_hold_all_that_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(WRITER);
    command.arg(dir.path()).args(["step", &SCRIPT.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut writer = Stepping(command.spawn().unwrap());
    let mut go_on = writer.0.stdin.take().unwrap();
    let mut lines = BufReader::new(writer.0.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "open");
    for n in 1..=SCRIPT {
        lines.next().unwrap().unwrap();
        let copy = tempfile::tempdir().unwrap();
        copy_the_truth(dir.path(), copy.path());
        assert_prefix(copy.path(), n, &format!("copied at answer {n}"));
        go_on.write_all(b"\n").unwrap();
    }
}

/// A log to begin with, and what is appended to it.
struct Play {
    /// What stood in it before.
    before: Vec<Commit>,
    /// Whether its derived files are to be made again.
    without_derived: bool,
}

/// Commits of so many events to tickets that no script writes to.
fn filling(events: u32) -> Vec<Commit> {
    (0..events / 100).map(|n| daftar_tests::commit("filling", n * 100, 100, None)).collect()
}

impl Play {
    /// From nothing: the creation of the log is part of it.
    const CREATED: Self = Self { before: Vec::new(), without_derived: false };

    /// A log whose first block becomes whole while the script is written.
    fn derived_while_writing() -> Self {
        let mut before = filling(4000);
        before.push(daftar_tests::commit("rest", 0, 90, None));
        Self { before, without_derived: false }
    }

    /// A log whose first block is derived when it is opened.
    fn derived_while_opening() -> Self {
        Self { before: filling(4300), without_derived: true }
    }

    /// What the log holds in the end.
    fn commits(&self) -> Vec<Commit> {
        self.before.iter().cloned().chain(script(SHORT_SCRIPT)).collect()
    }

    /// Lays out the log as a killed process leaves it: never closed.
    fn lay_out(&self, data: &Path) {
        if self.before.is_empty() {
            return;
        }
        let first = tempfile::tempdir().unwrap();
        let log = open(first.path()).unwrap();
        block_on(async {
            for commit in self.before.clone() {
                log.append(commit).await.unwrap();
            }
        });
        copy_dir(first.path(), data).unwrap();
        if self.without_derived {
            std::fs::remove_dir_all(data.join("derived")).unwrap();
        }
    }

    fn assert_prefix(&self, dir: &Path, answered: usize, what: &str) {
        assert_prefix_of(&self.commits(), dir, (self.before.len() + answered) as u64, what);
    }
}

/// Runs `check` for every number below `count`, on two threads.
fn two_at_a_time(count: usize, check: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    match next.fetch_add(1, Ordering::Relaxed) {
                        n if n < count => check(n),
                        _ => return,
                    }
                }
            });
        }
    });
}

/// Every call and how often the busiest thread makes it: `strace` counts by thread and call.
fn moments(play: &Path) -> Vec<(&'static str, usize)> {
    let (dir, mut moments) = (tempfile::tempdir().unwrap(), Vec::new());
    let (trace, data) = (dir.path().join("trace"), dir.path().join("data"));
    copy_dir(play, dir.path()).unwrap();
    traced(&data, &trace, &["-e", &format!("trace={INJECTED}")], SHORT_SCRIPT);
    let calls = calls_of(&std::fs::read_to_string(&trace).unwrap());
    for name in INJECTED.split(',') {
        let mut by_thread: HashMap<&str, usize> = HashMap::new();
        for call in calls.iter().filter(|c| c.name == name) {
            *by_thread.entry(&call.process).or_default() += 1;
        }
        let most = by_thread.into_values().max().unwrap_or(0);
        moments.extend((1..=most).map(|n| (name, n)));
    }
    moments
}

/// Kills the writer at every call of its busiest threads.
fn killed_at_any_call(play: &Play) {
    if !can_trace() {
        return;
    }
    let begun = Instant::now();
    let laid_out = tempfile::tempdir().unwrap();
    play.lay_out(&laid_out.path().join("data"));
    let moments = moments(laid_out.path());
    assert!(moments.len() > 10, "{moments:?}");
    let killed = AtomicUsize::new(0);
    two_at_a_time(moments.len(), |moment| {
        let (name, n) = moments[moment];
        let what = format!("killed at {name} {n}");
        let dir = tempfile::tempdir().unwrap();
        copy_dir(laid_out.path(), dir.path()).unwrap();
        let (trace, data) = (dir.path().join("trace"), dir.path().join("data"));
        let inject = format!("inject={name}:signal=KILL:when={n}");
        let (finished, said) = traced(&data, &trace, &["-e", &format!("trace={name}"), "-e", &inject], SHORT_SCRIPT);
        assert!(!finished || said.len() as u64 == SHORT_SCRIPT, "{what}: it was killed or it finished");
        killed.fetch_add(usize::from(!finished), Ordering::Relaxed);
        play.assert_prefix(&data, said.len(), &what);
    });
    let killed = killed.into_inner();
    println!("{killed} kills at {} moments in {:?}", moments.len(), begun.elapsed());
    // How sled spreads its writes over its threads differs from run to run, but most moments come in each.
    assert!(killed > moments.len() / 2, "{killed} of {} kills", moments.len());
}

#[test]
fn a_kill_at_any_call_while_a_log_is_made_and_written_leaves_a_prefix_with_all_that_was_answered() {
    killed_at_any_call(&Play::CREATED);
}

#[test]
fn a_kill_at_any_call_while_a_killed_log_is_opened_again_leaves_a_prefix_with_all_that_was_answered() {
    killed_at_any_call(&Play::derived_while_opening());
}

/// Rebuilds the disk as it was after every call of any thread, and hands over what a kill or a power cut would have
/// left of it, with the answers that were given before.
fn stopped_at_any_moment(start: &Disk, calls: &[disk::Call], check: impl Fn(&Path, &[&str], &str) + Sync) {
    let begun = Instant::now();
    two_at_a_time(calls.len() + 1, |done| {
        // What was said before the next call counts as answered at this moment already.
        if calls.get(done).is_some_and(|call| matches!(call.change, Change::Say(_))) {
            return;
        }
        let (mut disk, mut answers) = (start.clone(), Vec::new());
        for call in &calls[..done] {
            disk.apply(call);
            if let Change::Say(said) = &call.change {
                answers.push(said.trim_end());
            }
        }
        answers.retain(|answer| *answer != "open");
        let mut dice = Dice(done as u64);
        for (left, what) in [(Left::Written, "killed"), (Left::Synced, "cut off"), (Left::Some(&mut dice), "torn")] {
            let what = format!("{what} after call {done}, {:?}", done.checked_sub(1).map(|last| shown(&calls[last])));
            let left_there = tempfile::tempdir().unwrap();
            disk.leave(left, left_there.path()).unwrap();
            check(&left_there.path().join("data"), &answers, &what);
        }
    });
    println!("{} calls, {:?}", calls.len(), begun.elapsed());
}

/// Asserts that a log that was stopped after any call opens to all that was answered.
fn stopped_after_any_call(play: &Play) {
    if !can_trace() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    std::fs::create_dir(&root).unwrap();
    play.lay_out(&root.join("data"));
    let start = Disk::of(&root).unwrap();
    let calls = recorded(&root, "script", SHORT_SCRIPT);
    assert_rebuilt(&start, &calls, &root);
    let said = calls.iter().filter(|call| matches!(&call.change, Change::Say(said) if said.starts_with("step ")));
    assert_eq!(said.count() as u64, SHORT_SCRIPT);
    stopped_at_any_moment(&start, &calls, |data, answers, what| play.assert_prefix(data, answers.len(), what));
}

#[test]
fn of_two_new_keys_at_once_both_are_durable_before_either_is_answered() {
    if !can_trace() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    std::fs::create_dir(&root).unwrap();
    let start = Disk::of(&root).unwrap();
    let calls = recorded(&root, "keys", 10);
    stopped_at_any_moment(&start, &calls, |data, answers, what| {
        let log = open(data).unwrap_or_else(|e| panic!("{what}: {e}"));
        for answer in answers {
            let n = answer.strip_prefix("key ").unwrap();
            let pseudonym = log.keys().find_customer(&format!("c-{n}")).unwrap();
            let pseudonym = pseudonym.unwrap_or_else(|| panic!("{what}: the customer of {answer} is not known"));
            assert!(log.keys().key(pseudonym).unwrap().is_some(), "{what}: {answer}");
            let stream = StreamName::ticket(&format!("K-{n}"));
            assert_eq!(block_on(log.read_stream(&stream, Version(0), 9)).unwrap().len(), 1, "{what}: {answer}");
        }
    });
    let answers = calls.iter().filter(|call| matches!(&call.change, Change::Say(said) if said.starts_with("key ")));
    assert_eq!(answers.count(), 20);
}

/// A call without the bytes it wrote.
fn shown(call: &disk::Call) -> Change {
    match &call.change {
        Change::Write(path, at, bytes) => Change::Write(format!("{path}: {} bytes", bytes.len()), *at, Vec::new()),
        other => other.clone(),
    }
}

/// Asserts that all calls together leave on the rebuilt disk what they left on the real one.
fn assert_rebuilt(start: &Disk, calls: &[disk::Call], root: &Path) {
    let mut disk = start.clone();
    calls.iter().for_each(|call| disk.apply(call));
    let rebuilt = tempfile::tempdir().unwrap();
    disk.leave(Left::Written, rebuilt.path()).unwrap();
    let files = |root: &Path| -> HashMap<String, Vec<u8>> {
        let name = |file: &Path| file.strip_prefix(root).unwrap().display().to_string();
        files_under(root).unwrap().iter().map(|file| (name(file), std::fs::read(file).unwrap())).collect()
    };
    let (rebuilt, real) = (files(rebuilt.path()), files(root));
    let mut names: Vec<_> = real.keys().chain(rebuilt.keys()).collect();
    names.sort();
    for name in names {
        assert!(rebuilt.get(name) == real.get(name), "{name} differs");
    }
}

#[test]
fn a_stop_after_any_call_while_a_log_is_made_and_written_leaves_all_that_was_answered() {
    stopped_after_any_call(&Play::CREATED);
}

#[test]
fn a_stop_after_any_call_while_a_killed_log_is_opened_again_leaves_all_that_was_answered() {
    stopped_after_any_call(&Play::derived_while_opening());
}

#[test]
fn a_stop_after_any_call_while_blocks_are_derived_leaves_all_that_was_answered() {
    stopped_after_any_call(&Play::derived_while_writing());
}

#[test]
fn where_derived_files_cannot_be_written_nothing_that_was_answered_is_lost() {
    if !can_trace() {
        return;
    }
    let (dir, play) = (tempfile::tempdir().unwrap(), Play::derived_while_writing());
    let (trace, data) = (dir.path().join("trace"), dir.path().join("data"));
    play.lay_out(&data);
    let derived = data.join("derived/facts").display().to_string();
    let options = ["-P", &derived, "-e", "trace=pwrite64", "-e", "inject=pwrite64:error=ENOSPC"];
    // Whether the log goes on without them or stops and says why: it never waits for ever.
    let (_, said) = traced(&data, &trace, &options, SHORT_SCRIPT);
    assert!(std::fs::read_to_string(&trace).unwrap().contains("ENOSPC"), "the keeper met the full disk");
    play.assert_prefix(&data, said.len(), "without derived files");
}

#[test]
fn a_full_disk_loses_nothing_that_was_answered() {
    if !can_trace() {
        return;
    }
    for n in [3, 8, 15, 25] {
        let what = format!("no space from write {n} on");
        let dir = tempfile::tempdir().unwrap();
        let (trace, data) = (dir.path().join("trace"), dir.path().join("data"));
        let inject = format!("inject=pwrite64:error=ENOSPC:when={n}+");
        let (finished, said) = traced(&data, &trace, &["-e", "trace=pwrite64", "-e", &inject], SCRIPT);
        assert!(!finished && (said.len() as u64) < SCRIPT, "{what}: {} answers", said.len());
        assert_prefix(&data, said.len() as u64, &what);
    }
}

/// What a stubborn writer said while calls failed, line by line, and how many events its log holds in the end.
fn stubborn(inject: &str, count: u32) -> (Vec<String>, usize) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    // Made before, so that no call of creating is hit.
    drop(open(&data).unwrap());
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", inject]).arg(WRITER).arg(&data);
    let out = strace.args(["stubborn", &count.to_string()]).stdin(Stdio::null()).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let log = open(&data).unwrap();
    let events = block_on(all_events(&*log)).unwrap();
    block_on(assert_sound(&*log, &events));
    (String::from_utf8_lossy(&out.stdout).lines().map(str::to_owned).collect(), events.len())
}

fn count_of(said: &[String], begins: &str) -> usize {
    said.iter().filter(|line| line.starts_with(begins)).count()
}

#[test]
fn after_a_sync_that_failed_nothing_is_written_until_a_restart_and_reading_goes_on() {
    if !can_trace() {
        return;
    }
    let (said, kept) = stubborn("inject=fdatasync:error=EIO:when=12", 60);
    let steps = count_of(&said, "step");
    assert!(steps > 3 && steps < 60, "{said:?}");
    // The second sync would have said yes.
    let refused: Vec<_> = said.iter().filter(|line| !line.starts_with("step") && **line != "open").collect();
    assert!(refused.len() > 5 && refused.iter().all(|line| **line == format!("refused failed {steps}")), "{said:?}");
    assert!(kept == steps || kept == steps + 1, "what was answered, and at most the one that was not: {kept}");
}

#[test]
fn a_store_that_found_no_room_itself_is_opened_anew_once_there_is_room() {
    if !can_trace() {
        return;
    }
    let (said, kept) = stubborn("inject=pwrite64:error=ENOSPC:when=25..30", 60);
    println!("{} refusals", count_of(&said, "refused full"));
    assert!(count_of(&said, "refused full") > 0, "{said:?}");
    assert_eq!(kept, 60, "all were answered in the end: {said:?}");
    let mut answered = 0;
    for line in &said {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["step", ..] => answered += 1,
            ["refused", "full", read] => {
                let read: usize = read.parse().unwrap();
                assert!(read >= answered, "what was answered could be read meanwhile: {said:?}");
            }
            ["open"] => {}
            _ => panic!("{said:?}"),
        }
    }
}
