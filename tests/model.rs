//! Any script of appends, conflicts, retries, reads, reopenings and crashes: every log says what a list in memory says.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_eventlog::clock::system_clock;
use daftar_eventlog::codec::decode_facts;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::memory::{MemoryLog, replicated::ReplicatedMemoryLog};
use daftar_eventlog::record::EventBytes;
use daftar_eventlog::{AppendError, Commit, EventLog, Position, StreamName, Version};
use daftar_tests::history::{assert_sound, copy_dir, long};
use daftar_tests::{assigned, stamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// One step of a script.
#[derive(Debug, Clone)]
enum Step {
    /// An append whose writer believes the version to be `off` by so much; of no event only with a command.
    Append { ticket: u8, off: i8, count: u8, sealed: usize, command: Option<(u8, u8)> },
    /// The events after a position.
    Read { after: u8, limit: u8 },
    /// The events of one ticket.
    Stream { ticket: u8, after: u8, limit: u8 },
    /// The facts after a position.
    Facts { after: u8 },
    /// Several appends at once, each behind what the ones before it leave, or all at the version the ticket has.
    Together { commits: Vec<Wanted>, behind: bool },
    /// Closing and opening again, with or without derived files; nothing where the log lives in memory.
    Reopen { without_derived: bool },
    /// Going on with what lies on the disk now, and never closing; nothing where the log lives in memory.
    Crash { derived: Derived },
    /// The same in the middle of an append, which is then there as a whole or not at all.
    CrashWhile { wanted: Wanted, sealed: usize, derived: Derived },
}

/// An append of so many events to a ticket, with the number and the digest of its command.
type Wanted = (u8, u8, Option<(u8, u8)>);

/// What of the derived files a crash leaves.
#[derive(Debug, Clone, Copy)]
enum Derived {
    All,
    Facts,
    None,
}

fn step() -> impl Strategy<Value = Step> {
    let command = prop_oneof![2 => Just(None), 1 => (0..6u8, prop_oneof![5 => Just(0u8), 1 => Just(1)]).prop_map(Some)];
    let off = prop_oneof![5 => Just(0i8), 1 => -2..4i8];
    let sealed = prop_oneof![6 => Just(0usize), 2 => 1..3_000usize, 1 => 8_000..40_000usize];
    let append = (0..4u8, off, 0..5u8, sealed, command.clone());
    let wanted = (0..4u8, 1..5u8, command);
    let derived = prop_oneof![Just(Derived::All), Just(Derived::Facts), Just(Derived::None)];
    prop_oneof![
        12 => append.prop_map(|(ticket, off, count, sealed, command)| {
            Step::Append { ticket, off, count: if command.is_none() { count.max(1) } else { count }, sealed, command }
        }),
        2 => (0..60u8, 0..20u8).prop_map(|(after, limit)| Step::Read { after, limit }),
        2 => (0..5u8, 0..10u8, 0..10u8).prop_map(|(ticket, after, limit)| Step::Stream { ticket, after, limit }),
        1 => (0..60u8).prop_map(|after| Step::Facts { after }),
        2 => (proptest::collection::vec(wanted.clone(), 2..7), any::<bool>())
            .prop_map(|(commits, behind)| Step::Together { commits, behind }),
        1 => any::<bool>().prop_map(|without_derived| Step::Reopen { without_derived }),
        1 => derived.clone().prop_map(|derived| Step::Crash { derived }),
        1 => (wanted, prop_oneof![Just(0usize), Just(30_000)], derived)
            .prop_map(|(wanted, sealed, derived)| Step::CrashWhile { wanted, sealed, derived }),
    ]
}

/// The list every log is compared with.
#[derive(Default, Clone)]
struct Model {
    events: Vec<(u8, EventBytes)>,
    /// Digest, first position and count of each command carried out.
    commands: HashMap<u8, (u8, u64, u32)>,
}

/// What an append is answered, without the time.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Appended { last: u64, count: u32 },
    Conflict { expected: u32, actual: u32 },
    Duplicate { first: u64, count: u32 },
    KeyReused,
    Other(String),
}

impl Model {
    fn version(&self, ticket: u8) -> u32 {
        u32::try_from(self.of(ticket).count()).unwrap()
    }

    /// A position not far from the log's end, which is where blocks and records are still growing.
    fn near_the_end(&self, after: u8) -> usize {
        self.events.len().saturating_sub(40) + usize::from(after)
    }

    fn of(&self, ticket: u8) -> impl Iterator<Item = &EventBytes> {
        self.events.iter().filter(move |(t, _)| *t == ticket).map(|(_, bytes)| bytes)
    }

    fn append(&mut self, ticket: u8, commit: &Commit, command: Option<(u8, u8)>) -> Answer {
        let actual = self.version(ticket);
        let (first, count) = (self.events.len() as u64 + 1, u32::try_from(commit.events.len()).unwrap());
        match command.and_then(|(id, digest)| self.commands.get(&id).map(|known| (digest, *known))) {
            Some((digest, (known, first, count))) if digest == known => return Answer::Duplicate { first, count },
            Some(_) => return Answer::KeyReused,
            None if commit.expected.0 != actual => return Answer::Conflict { expected: commit.expected.0, actual },
            None => {}
        }
        self.events.extend(commit.events.iter().map(|e| (ticket, e.bytes().clone())));
        if let Some((id, digest)) = command {
            self.commands.insert(id, (digest, first, count));
        }
        Answer::Appended { last: self.events.len() as u64, count }
    }
}

/// A commit of `wanted` behind a version.
fn commit_of((ticket, count, command): Wanted, expected: u32, sealed: usize) -> Commit {
    let (stream, stamp) = (name(ticket), command.map(|(id, digest)| stamp(id, digest)));
    let event = |n| assigned(&stream, expected + n, "sara", stamp, sealed);
    let events = (1..=u32::from(count)).map(event).collect();
    Commit { stream: stream.clone(), expected: Version(expected), events, command: stamp, recorded_at: None }
}

fn name(ticket: u8) -> StreamName {
    StreamName::ticket(&format!("تیکت-{ticket}"))
}

async fn append(log: &dyn EventLog, commit: Commit) -> Answer {
    match log.append(commit).await {
        Ok(appended) => Answer::Appended { last: appended.last.0, count: appended.count },
        Err(AppendError::Conflict { expected, actual, .. }) => {
            Answer::Conflict { expected: expected.0, actual: actual.0 }
        }
        Err(AppendError::Duplicate { first, count }) => Answer::Duplicate { first: first.0, count },
        Err(AppendError::KeyReused) => Answer::KeyReused,
        Err(other) => Answer::Other(other.to_string()),
    }
}

/// A log under test, and how to open it again.
enum Bed {
    Memory(Arc<dyn EventLog>),
    Embedded(Option<Box<EmbeddedLog>>, TempDir),
}

impl Bed {
    fn memory() -> Self {
        Self::Memory(Arc::new(MemoryLog::new(system_clock()).unwrap()))
    }

    fn replicated() -> Self {
        Self::Memory(Arc::new(ReplicatedMemoryLog::new(system_clock()).unwrap()))
    }

    fn embedded() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self::Embedded(Some(Box::new(EmbeddedLog::open(dir.path(), &Options::default()).unwrap())), dir)
    }

    /// Fills the log up to a few events before the end of its first block.
    async fn fill(&self, model: &mut Model) {
        for n in 0..8 {
            let stream = name(9);
            let event = |k| assigned(&stream, n * 511 + k, "sara", None, 0);
            let events = (1..=511).map(event).collect();
            let commit =
                Commit { stream: stream.clone(), expected: Version(n * 511), events, command: None, recorded_at: None };
            let right = model.append(9, &commit, None);
            assert_eq!(append(self.log(), commit).await, right);
        }
    }

    fn log(&self) -> &dyn EventLog {
        match self {
            Self::Memory(log) => &**log,
            Self::Embedded(log, _) => log.as_deref().unwrap(),
        }
    }

    fn reopen(&mut self, without_derived: bool) {
        if let Self::Embedded(log, dir) = self {
            log.take().unwrap().close();
            if without_derived {
                std::fs::remove_dir_all(dir.path().join("derived")).unwrap();
            }
            *log = Some(opened_again(dir.path()));
        }
    }
}

impl Bed {
    /// Goes on with a copy of the files as they lie, taken while `in_flight` is on its way; the log copied from is
    /// closed afterwards, which the copy never sees.
    async fn crash(&mut self, derived: Derived, in_flight: Option<Commit>) {
        let Self::Embedded(log, dir) = self else {
            if let Some(commit) = in_flight {
                append(self.log(), commit).await;
            }
            return;
        };
        let old = log.take().unwrap();
        let copy = tempfile::tempdir().unwrap();
        {
            let mut answer = std::pin::pin!(async {
                if let Some(commit) = in_flight {
                    append(&*old, commit).await;
                }
            });
            let answered = futures_util::future::poll_immediate(&mut answer).await.is_some();
            copy_what_lies_there(dir.path(), copy.path(), derived);
            if !answered {
                answer.await;
            }
        }
        old.close();
        *log = Some(opened_again(copy.path()));
        *dir = copy;
    }
}

fn opened_again(dir: &Path) -> Box<EmbeddedLog> {
    Box::new(EmbeddedLog::open(dir, &Options { create: false, ..Options::default() }).unwrap())
}

/// The witness first: it must not be newer than the log, as no crash leaves it.
fn copy_what_lies_there(from: &Path, to: &Path, derived: Derived) {
    std::fs::create_dir_all(to.join("log")).unwrap();
    for file in ["witness", "log/conf", "log/db"] {
        std::fs::copy(from.join(file), to.join(file)).unwrap();
    }
    copy_dir(&from.join("keys"), &to.join("keys")).unwrap();
    let left: &[&str] = match derived {
        Derived::All => &["facts", "commands"],
        Derived::Facts => &["facts"],
        Derived::None => return,
    };
    std::fs::create_dir(to.join("derived")).unwrap();
    for file in left {
        std::fs::copy(from.join("derived").join(file), to.join("derived").join(file)).unwrap();
    }
}

async fn carry_out(bed: &mut Bed, model: &mut Model, step: &Step) -> Result<(), TestCaseError> {
    match *step {
        Step::Append { ticket, off, count, sealed, command } => {
            let expected = model.version(ticket).saturating_add_signed(off.into());
            let commit = commit_of((ticket, count, command), expected, sealed);
            let right = model.append(ticket, &commit, command);
            prop_assert_eq!(append(bed.log(), commit).await, right);
        }
        Step::Read { after, limit } => {
            let after = model.near_the_end(after);
            let read = bed.log().read_events(Position(after as u64), limit.into()).await.unwrap();
            let right = model.events.iter().zip(1u64..).skip(after).take(limit.into());
            prop_assert!(read.iter().map(|e| (&e.bytes, e.position.0)).eq(right.map(|((_, bytes), p)| (bytes, p))));
        }
        Step::Stream { ticket, after, limit } => {
            let read = bed.log().read_stream(&name(ticket), Version(after.into()), limit.into()).await.unwrap();
            let right = model.of(ticket).skip(after.into()).take(limit.into());
            prop_assert!(read.iter().map(|e| &e.bytes).eq(right));
        }
        Step::Facts { after } => facts(bed.log(), model, model.near_the_end(after)).await?,
        Step::Together { ref commits, behind } => together(bed.log(), model, commits, behind).await?,
        Step::Reopen { without_derived } => bed.reopen(without_derived),
        Step::Crash { derived } => bed.crash(derived, None).await,
        Step::CrashWhile { wanted, sealed, derived } => {
            let commit = commit_of(wanted, model.version(wanted.0), sealed);
            let (mut after, before) = (model.clone(), model.events.len() as u64);
            let in_flight = matches!(after.append(wanted.0, &commit, wanted.2), Answer::Appended { .. });
            bed.crash(derived, Some(commit)).await;
            let kept = *bed.log().durable().borrow() > Position(before);
            prop_assert!(in_flight || !kept, "a commit that had to be refused is there");
            if kept || (in_flight && matches!(bed, Bed::Memory(_))) {
                *model = after;
            }
        }
    }
    Ok(())
}

async fn facts(log: &dyn EventLog, model: &Model, after: usize) -> Result<(), TestCaseError> {
    let mut right = model.events.iter().zip(1u64..).skip(after);
    let mut reached = Position(after as u64);
    while let Some(block) = log.fact_block(reached).await.unwrap() {
        for row in block.iter_after(reached) {
            let ((_, bytes), position) = right.next().unwrap();
            let head = bytes.head().unwrap();
            prop_assert_eq!((row.position.0, row.version), (position, head.version));
            prop_assert_eq!(row.decode(), decode_facts(head.event_type, head.schema, head.facts));
        }
        reached = block.last();
    }
    prop_assert_eq!(right.next(), None, "facts reach as far as events");
    Ok(())
}

/// Hands several commits over at once: what was appended must be what the list says in the order of the positions, and
/// whoever was refused must have been refused at some moment in between.
async fn together(log: &dyn EventLog, model: &mut Model, wanted: &[Wanted], behind: bool) -> Result<(), TestCaseError> {
    let before: HashMap<u8, u32> = wanted.iter().map(|(ticket, ..)| (*ticket, model.version(*ticket))).collect();
    let mut expected = before.clone();
    let mut commits = Vec::new();
    for wanted @ (ticket, count, _) in wanted {
        commits.push(commit_of(*wanted, expected[ticket], 0));
        *expected.entry(*ticket).or_default() += u32::from(*count) * u32::from(behind);
    }
    let answers = futures_util::future::join_all(commits.iter().map(|commit| append(log, commit.clone()))).await;
    let mut asked: Vec<_> = answers.iter().zip(&commits).zip(wanted).collect();
    asked.sort_by_key(|((answer, _), _)| if let Answer::Appended { last, .. } = answer { *last } else { u64::MAX });
    for ((answer, commit), (ticket, _, command)) in asked {
        match answer {
            Answer::Appended { .. } => prop_assert_eq!(answer, &model.append(*ticket, commit, *command)),
            Answer::Conflict { expected, actual } => {
                prop_assert_eq!(*expected, commit.expected.0);
                prop_assert!(actual != expected && (before[ticket]..=model.version(*ticket)).contains(actual));
            }
            Answer::Duplicate { first, count } => {
                let (id, digest) = command.unwrap();
                prop_assert_eq!(model.commands.get(&id), Some(&(digest, *first, *count)));
            }
            Answer::KeyReused => prop_assert!(command.is_some_and(|(id, digest)| model.commands[&id].0 != digest)),
            Answer::Other(said) => prop_assert!(false, "{}", said),
        }
    }
    Ok(())
}

/// Any script agrees; where `filled`, on a log whose first block becomes whole after a few events.
fn agrees(bed: fn() -> Bed, filled: bool) {
    let cases = if long() { 1000 } else { 40 };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let scripts = proptest::collection::vec(step(), 1..60);
    let outcome = runner.run(&scripts, |script| {
        runtime.block_on(async {
            let (mut bed, mut model) = (bed(), Model::default());
            if filled {
                bed.fill(&mut model).await;
            }
            for step in &script {
                carry_out(&mut bed, &mut model, step).await?;
            }
            let read = bed.log().read_events(Position::ZERO, usize::MAX).await.unwrap();
            prop_assert!(read.iter().map(|e| &e.bytes).eq(model.events.iter().map(|(_, bytes)| bytes)));
            prop_assert!(read.is_sorted_by_key(|e| e.recorded_at));
            prop_assert_eq!(bed.log().durable().borrow().0, read.len() as u64);
            assert_sound(bed.log(), &read).await;
            Ok(())
        })
    });
    outcome.unwrap_or_else(|e| panic!("{e}"));
}

/// Sends one command many times at once: whoever is told that it was carried out before can read what it did.
fn a_retry_can_read_what_was_done(bed: &Bed) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        for round in 0..20 {
            let command = Some(stamp(round, 1));
            let commit = || daftar_tests::commit("A", u32::from(round) * 2, 2, command);
            let tries = (0..8).map(|_| async {
                if let Err(AppendError::Duplicate { first, count }) = bed.log().append(commit()).await {
                    let read = bed.log().read_events(Position(first.0 - 1), count as usize).await.unwrap();
                    assert_eq!(read.len(), 2, "round {round}");
                }
            });
            futures_util::future::join_all(tries).await;
        }
    });
}

#[test]
fn the_first_answer_to_a_command_can_be_read_by_its_retries() {
    [Bed::memory(), Bed::replicated(), Bed::embedded()].iter().for_each(a_retry_can_read_what_was_done);
}

#[test]
fn the_memory_log_agrees_with_a_list() {
    agrees(Bed::memory, false);
}

#[test]
fn the_replicated_memory_log_agrees_with_a_list() {
    agrees(Bed::replicated, false);
}

#[test]
fn the_embedded_log_agrees_with_a_list() {
    agrees(Bed::embedded, false);
}

#[test]
fn the_embedded_log_agrees_with_a_list_across_the_end_of_a_block() {
    agrees(Bed::embedded, true);
}
