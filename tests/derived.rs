//! Derived files come back the same bytes whatever befell them, and what guards the log refuses what is not it.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_domain::Timestamp;
use daftar_eventlog::embedded::check::check;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::{CommandStamp, Commit, EventLog, FactBlock, LogReader, Position, RecordedEvent, StoreError};
use daftar_tests::commit;
use daftar_tests::history::{
    Dice, all_events, assert_sound, copy_dir, known_command, large_commit, long, numbered_stamp, open,
};
use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const BLOCK: u64 = 4096;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// Commits for one log after the other, each knowing the versions of the tickets it writes to.
#[derive(Default)]
struct Script {
    commits: Vec<Commit>,
    versions: HashMap<String, u32>,
    events: u64,
    commands: u64,
}

impl Script {
    fn push(&mut self, ticket: &str, count: u32, command: Option<CommandStamp>) {
        let made = commit(ticket, self.versions.get(ticket).copied().unwrap_or(0), count, command);
        self.add(ticket, made);
    }

    fn push_large(&mut self, ticket: &str, sealed: usize) {
        let made = large_commit(ticket, self.versions.get(ticket).copied().unwrap_or(0), sealed, None);
        self.add(ticket, made);
    }

    fn push_command(&mut self, ticket: &str, count: u32) {
        self.commands += 1;
        self.push(ticket, count, Some(numbered_stamp(self.commands)));
    }

    fn add(&mut self, ticket: &str, made: Commit) {
        let count = u32::try_from(made.events.len()).unwrap();
        *self.versions.entry(ticket.to_owned()).or_default() += count;
        self.events += u64::from(count);
        // The same instant for a while, then the next: it enters the chain, which has to come out the same.
        let recorded_at = Some(Timestamp::clamped(i64::try_from(self.events / 100).unwrap() * 1_000_000));
        self.commits.push(Commit { recorded_at, ..made });
    }

    /// Imports, now and then a command, until the log ends at `last`.
    fn fill_to(&mut self, last: u64) {
        for n in self.events.. {
            let room = last - self.events;
            let ticket = format!("T-{}", n * 31 % 97);
            match n % 7 {
                _ if room == 0 => return,
                0 => self.push_command(&ticket, 0),
                1 => self.push_command(&ticket, u32::try_from(room.min(1 + n % 5)).unwrap()),
                _ => self.push(&ticket, u32::try_from(room.min(1 + n % 37)).unwrap(), None),
            }
        }
    }
}

/// Commands across the ends of blocks, and commands without events exactly there.
fn at_the_edges() -> Script {
    let mut script = Script::default();
    script.fill_to(BLOCK - 2);
    script.push_command("over the edge", 64);
    script.fill_to(2 * BLOCK);
    script.push_command("before the third block", 0);
    script.push_command("before the third block", 0);
    script.push_large("a record of its own", 9_000);
    script.push_command("after the edge", 3);
    script
}

/// An empty log with one id, to be copied: two logs with one history must become the same bytes.
fn seedling() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).unwrap();
    dir
}

fn copied(from: &Path) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy_dir(from, dir.path()).unwrap();
    dir
}

/// Appends many at once: tasks of one thread begin in order, so the log gets them in order and groups them as it likes.
/// Never so many that some would have to wait before the log takes them: these may overtake each other.
fn append_together(dir: &Path, commits: Vec<Commit>) {
    runtime().block_on(async {
        let log = open(dir).unwrap();
        let mut commits = commits.into_iter().peekable();
        while commits.peek().is_some() {
            let append = |commit| {
                let log = log.clone();
                tokio::spawn(async move { log.append(commit).await })
            };
            let appended: Vec<_> = commits.by_ref().take(1000).map(append).collect();
            for answer in appended {
                answer.await.unwrap().unwrap();
            }
        }
    });
}

fn append_one_by_one(dir: &Path, commits: Vec<Commit>) {
    runtime().block_on(async {
        let log = open(dir).unwrap();
        for commit in commits {
            log.append(commit).await.unwrap();
        }
    });
}

/// The bytes of both derived files.
type Files = (Vec<u8>, Vec<u8>);

fn derived_bytes(dir: &Path) -> Files {
    let read = |name: &str| std::fs::read(dir.join("derived").join(name)).unwrap();
    (read("facts"), read("commands"))
}

/// What a log says of itself: its events and what it answers to every command once more.
#[derive(Debug, PartialEq)]
struct Said {
    events: Vec<RecordedEvent>,
    commands: Vec<(u64, u32)>,
    rows: Vec<(u64, u32, u32, u32, String)>,
}

fn said(dir: &Path, commands: u64) -> Said {
    runtime().block_on(async {
        let log = open(dir).unwrap();
        let events = all_events(&*log).await.unwrap();
        assert_sound(&*log, &events).await;
        let mut answers = Vec::new();
        for command in 1..=commands {
            answers.push(known_command(&*log, numbered_stamp(command)).await);
        }
        let (mut rows, mut after) = (Vec::new(), Position::ZERO);
        while let Some(block) = log.fact_block(after).await.unwrap() {
            rows.extend(
                block
                    .iter_after(after)
                    .map(|r| (r.position.0, r.stream.0, r.version.0, r.back, format!("{:?}", r.decode())))
                    .collect::<Vec<_>>(),
            );
            after = block.last();
        }
        Said { events, commands: answers, rows }
    })
}

/// What the log answered when the commands were first carried out, worked out from the script alone.
fn expected_commands(script: &Script) -> Vec<(u64, u32)> {
    let (mut next, mut expected) = (1, Vec::new());
    for commit in &script.commits {
        let count = u32::try_from(commit.events.len()).unwrap();
        if commit.command.is_some() {
            expected.push((next, count));
        }
        next += u64::from(count);
    }
    expected
}

#[test]
fn derived_files_come_back_the_same_bytes() {
    let (seed_alone, script) = (seedling(), at_the_edges());
    let seed = copied(seed_alone.path());
    append_together(seed.path(), script.commits.clone());
    let bytes = derived_bytes(seed.path());
    let whole = said(seed.path(), script.commands);
    assert_eq!(whole.commands, expected_commands(&script), "commands are known as they were answered");
    assert_eq!(whole.events.len() as u64, script.events);
    assert_eq!(derived_bytes(seed.path()), bytes, "opening changes nothing");

    let harmed = |what: &str, told: bool, harm: &dyn Fn(&Path)| {
        let dir = copied(seed.path());
        harm(&dir.path().join("derived"));
        let notices = open(dir.path()).unwrap().notices();
        let spoilt = notices.iter().filter(|notice| notice.contains("derived files were damaged or another log's"));
        assert_eq!((spoilt.count(), notices.len()), (usize::from(told), usize::from(told)), "{what}: {notices:?}");
        assert!(said(dir.path(), script.commands) == whole, "{what}: the log says something else");
        let again = derived_bytes(dir.path());
        assert!(again == bytes, "{what}: other bytes ({} and {})", again.0.len(), again.1.len());
    };
    harmed("unharmed", false, &|_| {});
    harmed("deleted", false, &|derived| std::fs::remove_dir_all(derived).unwrap());
    let mut dice = Dice(7);
    for file in ["facts", "commands"] {
        harmed(&format!("without {file}"), false, &|derived| std::fs::remove_file(derived.join(file)).unwrap());
        harmed(&format!("{file} empty"), false, &|derived| std::fs::write(derived.join(file), b"").unwrap());
        let len = std::fs::metadata(seed.path().join("derived").join(file)).unwrap().len();
        for _ in 0..if long() { 60 } else { 8 } {
            let (at, bit) = (usize::try_from(dice.below(len)).unwrap(), 1 << dice.below(8));
            // A block that no longer says that it is one, or how long it is, is as good as cut off.
            let told = file == "commands" || !says_where_it_ends(&bytes.0, at);
            harmed(&format!("{file} flipped at {at}"), told, &|derived| {
                edit(&derived.join(file), |bytes| bytes[at] ^= bit);
            });
        }
        for _ in 0..if long() { 40 } else { 3 } {
            // Cut in the middle of the last block: what a kill leaves of it.
            let cut = len - 1 - dice.below(60);
            let told = file == "commands";
            harmed(&format!("{file} cut at {cut}"), told, &|derived| {
                edit(&derived.join(file), |bytes| bytes.truncate(usize::try_from(cut).unwrap()));
            });
        }
        for zeros in [0, 5000] {
            // The same where zeros were laid out before: its last pages were not written.
            let torn = usize::try_from(len.saturating_sub(1 + dice.below(9000)) / 4096 * 4096).unwrap();
            harmed(&format!("{file} with zeros from {torn} on"), file == "commands", &|derived| {
                edit(&derived.join(file), |bytes| {
                    bytes[torn..].fill(0);
                    bytes.resize(bytes.len() + zeros, 0);
                });
            });
        }
        harmed(&format!("{file} with bytes nobody reads changed"), true, &|derived| {
            edit(&derived.join(file), |bytes| bytes[if file == "facts" { 133 } else { 61 }] ^= 1);
        });
        harmed(&format!("{file} with more behind it"), false, &|derived| {
            edit(&derived.join(file), |bytes| bytes.extend([0xab; 5000]));
        });
    }
    harmed("with its first block once more behind it", true, &|derived| {
        let first = FactBlock::stated_len(&bytes.0).unwrap();
        edit(&derived.join("facts"), |all| all.extend_from_slice(&bytes.0[..first]));
    });
    let (other, elsewhere) = (seedling(), copied(seed_alone.path()));
    append_together(other.path(), script.commits.clone());
    let mut another = script.commits.clone();
    another.iter_mut().for_each(|commit| commit.recorded_at = Some(Timestamp::clamped(9_000_000)));
    append_together(elsewhere.path(), another);
    for (what, from) in [("of another log", other.path()), ("of another history of this log", elsewhere.path())] {
        assert!(derived_bytes(from) != bytes, "{what}: another chain");
        harmed(what, true, &|derived| {
            std::fs::remove_dir_all(derived).unwrap();
            copy_dir(&from.join("derived"), derived).unwrap();
        });
        let first = FactBlock::stated_len(&bytes.0).unwrap();
        harmed(&format!("with a last block {what}"), true, &|derived| {
            let theirs = derived_bytes(from).0;
            let begin = FactBlock::stated_len(&theirs).unwrap();
            edit(&derived.join("facts"), |all| {
                all.truncate(first);
                all.extend_from_slice(&theirs[begin..]);
            });
        });
    }
}

/// Whether a byte of the facts is among those by which a block is known as one, and where it ends.
fn says_where_it_ends(facts: &[u8], at: usize) -> bool {
    let mut begin = 0;
    while let Some(len) = FactBlock::stated_len(&facts[begin..]) {
        if at < begin + len {
            return at - begin < 8 || (40..44).contains(&(at - begin));
        }
        begin += len;
    }
    false
}

#[test]
fn zeros_behind_the_blocks_of_a_log_that_is_open_are_no_damage() {
    let (open_dir, mut script) = (seedling(), Script::default());
    script.fill_to(2 * BLOCK + 1000);
    let killed = runtime().block_on(async {
        let log = open(open_dir.path()).unwrap();
        for commit in script.commits {
            log.append(commit).await.unwrap();
        }
        // The keeper may still be at it. Of each block it writes commands first.
        while whole_blocks(&derived_bytes(open_dir.path()).0) < 2 {
            std::thread::yield_now();
        }
        copied(open_dir.path())
    });
    let (closed, left) = (derived_bytes(open_dir.path()), derived_bytes(killed.path()));
    for (left, closed) in [(&left.0, &closed.0), (&left.1, &closed.1)] {
        let zeros = left.strip_prefix(&closed[..]).unwrap();
        assert!(!zeros.is_empty() && zeros.iter().all(|byte| *byte == 0), "{} bytes behind the blocks", zeros.len());
        assert!(zeros.len() <= closed.len());
    }
    // Killed a moment earlier, the last page of the second block was not written yet.
    let torn = copied(killed.path());
    edit(&torn.path().join("derived/facts"), |bytes| bytes[(closed.0.len() - 1) / 4096 * 4096..].fill(0));
    for dir in [&torn, &killed] {
        let checked = check(dir.path(), |_| ()).unwrap();
        assert_eq!(checked.findings, [], "a killed process left the directory so");
        assert_eq!(open(dir.path()).unwrap().notices(), Vec::<String>::new());
        assert!(derived_bytes(dir.path()) == closed, "an opening cuts the zeros off, and makes again what was torn");
    }
    let found = |behind: &[u8]| {
        edit(&killed.path().join("derived/facts"), |bytes| bytes.extend(behind));
        let findings = check(killed.path(), |_| ()).unwrap().findings.len();
        edit(&killed.path().join("derived/facts"), |bytes| bytes.truncate(bytes.len() - behind.len()));
        findings
    };
    assert_eq!((found(&[]), found(&[0, 0]), found(&[0, 0, 1]), found(&[0; 5 << 20])), (0, 0, 1, 1));
}

/// How many blocks of facts are whole.
fn whole_blocks(facts: &[u8]) -> usize {
    let (mut begin, mut whole) = (0, 0);
    while let Some(len) = FactBlock::stated_len(&facts[begin..]).filter(|len| begin + len <= facts.len()) {
        whole += usize::from(FactBlock::parse(Arc::new(facts[begin..begin + len].to_vec()), 0, len).is_ok());
        begin += len;
    }
    whole
}

#[test]
fn making_derived_files_again_is_shown() {
    let (dir, mut script) = (seedling(), Script::default());
    script.fill_to(3 * BLOCK + 1000);
    append_together(dir.path(), script.commits);
    let shown = |dir: &Path| {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let show = Arc::clone(&shown);
        let progress: Arc<dyn Fn(Position) + Send + Sync> =
            Arc::new(move |reached| show.lock().unwrap().push(reached.0));
        drop(EmbeddedLog::open(dir, &Options { progress: Some(progress), ..Options::default() }).unwrap());
        std::mem::take(&mut *shown.lock().unwrap())
    };
    assert_eq!(shown(dir.path()), Vec::<u64>::new(), "nothing is made again");
    let first = FactBlock::stated_len(&derived_bytes(dir.path()).0).unwrap();
    edit(&dir.path().join("derived/facts"), |bytes| bytes[first + 1000] ^= 1);
    assert_eq!(shown(dir.path()), [2 * BLOCK, 3 * BLOCK], "from the first damaged block on");
    std::fs::remove_dir_all(dir.path().join("derived")).unwrap();
    assert_eq!(shown(dir.path()), [BLOCK, 2 * BLOCK, 3 * BLOCK]);
}

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn commands_at_the_edge_of_a_block_stay_known_from_one_opening_to_the_next() {
    let (dir, script) = (seedling(), at_the_edges());
    append_together(dir.path(), script.commits.clone());
    let expected = expected_commands(&script);
    for opening in 0..3 {
        assert_eq!(said(dir.path(), script.commands).commands, expected, "opening {opening}");
    }
    // The next block comes after the reopening, and holds what it would have held without one.
    let mut further = at_the_edges();
    let known = further.commits.len();
    further.fill_to(3 * BLOCK + 100);
    append_one_by_one(dir.path(), further.commits.split_off(known));
    let bytes = derived_bytes(dir.path());
    std::fs::remove_dir_all(dir.path().join("derived")).unwrap();
    said(dir.path(), further.commands);
    assert!(derived_bytes(dir.path()) == bytes, "derived in one go or with openings in between");
}

#[test]
fn how_events_were_grouped_does_not_show() {
    let seed = seedling();
    let events: u64 = BLOCK + 1000;
    let mut all: Vec<(Files, Said)> = Vec::new();
    for size in [1, 7, 64, 1000] {
        let mut script = Script::default();
        while script.events < events {
            // Runs of one ticket are as long as their commits at most, so that all sizes tell one story.
            let run = (events - script.events).min(1000);
            let ticket = format!("T-{}", script.events / 1000);
            let from = script.events;
            while script.events < from + run {
                let count = (from + run - script.events).min(size);
                script.push(&ticket, u32::try_from(count).unwrap(), None);
            }
        }
        script.commits.iter_mut().for_each(|c| c.recorded_at = Some(Timestamp::clamped(1_000_000)));
        rename_agents(&mut script);
        let dir = copied(seed.path());
        append_together(dir.path(), script.commits);
        let said = said(dir.path(), 0);
        all.push((derived_bytes(dir.path()), said));
    }
    for (bytes, said) in &all[1..] {
        assert!(*said == all[0].1, "other events");
        assert!(*bytes == all[0].0, "other derived bytes");
    }
}

/// Makes events of commits of any size equal: what they say depends on their version alone.
fn rename_agents(script: &mut Script) {
    for commit in &mut script.commits {
        for (event, n) in commit.events.iter_mut().zip(1..) {
            let version = commit.expected.0 + n;
            *event = daftar_tests::assigned(&commit.stream, version, &format!("agent-{version}"), None, 0);
        }
    }
}

fn refused(dir: &Path) -> String {
    match EmbeddedLog::open(dir, &Options::default()) {
        Ok(_) => panic!("the log opened"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_log_shorter_than_its_witness_is_refused() {
    let dir = seedling();
    let mut script = Script::default();
    script.fill_to(50);
    let rest = script.commits.split_off(script.commits.len() / 2);
    append_one_by_one(dir.path(), script.commits.clone());
    let earlier = copied(dir.path());
    append_one_by_one(dir.path(), rest);
    std::fs::remove_dir_all(dir.path().join("log")).unwrap();
    copy_dir(&earlier.path().join("log"), &dir.path().join("log")).unwrap();
    let words = refused(dir.path());
    assert!(words.contains("its tail is lost"), "{words}");
    assert!(words.contains("up to position 50 were acknowledged"), "{words}");
    assert!(said(earlier.path(), 0).events.len() < 50, "with its own witness the shorter log is whole");
}

#[test]
fn a_log_with_another_chain_than_its_witness_is_refused() {
    let seed = seedling();
    let [one, other] = [copied(seed.path()), copied(seed.path())];
    append_one_by_one(one.path(), vec![commit("A", 0, 3, None)]);
    append_one_by_one(other.path(), vec![commit("B", 0, 5, None)]);
    std::fs::copy(one.path().join("witness"), other.path().join("witness")).unwrap();
    let words = refused(other.path());
    assert!(words.contains("the chain differs"), "{words}");
    std::fs::remove_dir_all(other.path().join("log")).unwrap();
    let words = refused(other.path());
    assert!(words.contains("header record is missing"), "a log that is gone is no new log: {words}");
}

#[test]
fn keys_that_are_gone_or_of_another_log_are_told() {
    let (dir, other) = (seedling(), seedling());
    append_one_by_one(dir.path(), vec![commit("A", 0, 3, None)]);
    std::fs::remove_dir_all(dir.path().join("keys")).unwrap();
    assert!(refused(dir.path()).contains("without it nothing sealed can be read"));
    copy_dir(&other.path().join("keys"), &dir.path().join("keys")).unwrap();
    assert!(refused(dir.path()).contains("belong to another log"));
}

/// A process that holds the directory, killed when the test lets go of it.
struct Holder(Child);

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn who_holds_the_directory_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_log_writer"));
    command.arg(dir.path()).args(["step", "1000"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = Holder(command.spawn().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(holder.0.stdout.take().unwrap()), &mut line).unwrap();
    let words = refused(dir.path());
    assert!(words.contains(&format!("(process {})", holder.0.id())), "{words}");
    drop(holder);
    let log = open(dir.path()).unwrap();
    let second = EmbeddedLog::open(dir.path(), &Options::default());
    assert!(
        matches!(second, Err(StoreError::InUse { holder, .. }) if holder.contains(&std::process::id().to_string()))
    );
    drop(log);
    open(dir.path()).unwrap();
}
