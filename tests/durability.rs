//! What the kernel sees: the sync before the answer, and a kill at every write.
//!
//! `strace` is the witness. Where it is missing or may not trace, these tests say so and pass, but not under CI.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_eventlog::{EventLog, LogReader};
use daftar_tests::history::{all_events, assert_sound, copy_dir, known_command, long, open, script};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

const WRITER: &str = env!("CARGO_BIN_EXE_log_writer");
const SCRIPT: u64 = 30;
const INJECTED: [&str; 8] = ["pwrite64", "write", "fdatasync", "fsync", "ftruncate", "mkdir", "rename", "unlink"];

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
    block_on(async {
        let log = open(dir).unwrap_or_else(|e| panic!("{what}: {e}"));
        let events = all_events(&*log).await.unwrap();
        assert_sound(&*log, &events).await;
        let (mut next, mut whole) = (0, 0);
        let script = script(SCRIPT);
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

/// How often the busiest thread makes each of the calls: `strace` counts by thread and call.
fn busiest(dir: &Path) -> Vec<(&'static str, usize)> {
    let (trace, data) = (dir.join("trace"), dir.join("counted"));
    traced(&data, &trace, &["-e", &format!("trace={}", INJECTED.join(","))], SCRIPT);
    let calls = calls_of(&std::fs::read_to_string(&trace).unwrap());
    INJECTED
        .into_iter()
        .map(|name| {
            let mut by_thread: HashMap<&str, usize> = HashMap::new();
            for call in calls.iter().filter(|c| c.name == name) {
                *by_thread.entry(&call.process).or_default() += 1;
            }
            (name, by_thread.into_values().max().unwrap_or(0))
        })
        .collect()
}

/// The moments to kill at: all of them in the long run, else the first ones and a few between.
fn moments(dir: &Path) -> Vec<(&'static str, usize)> {
    let mut moments = Vec::new();
    for (name, most) in busiest(dir) {
        let step = if long() { 1 } else { (most / 8).max(1) };
        moments.extend((1..=most).filter(|n| *n <= 4 || n.is_multiple_of(step)).map(|n| (name, n)));
    }
    moments
}

#[test]
fn a_kill_at_any_write_leaves_a_prefix_with_all_that_was_answered() {
    if !can_trace() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let moments = moments(dir.path());
    assert!(moments.len() > 10, "{moments:?}");
    for (name, n) in &moments {
        let what = format!("killed at {name} {n}");
        let data = tempfile::tempdir().unwrap();
        let (trace, data) = (data.path().join("trace"), data.path().join("data"));
        let inject = format!("inject={name}:signal=KILL:when={n}");
        let (finished, said) = traced(&data, &trace, &["-e", &format!("trace={name}"), "-e", &inject], SCRIPT);
        assert!(!finished || said.len() as u64 == SCRIPT, "{what}: it was killed or it finished");
        assert_prefix(&data, said.len() as u64, &what);
    }
    println!("{} kills", moments.len());
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
