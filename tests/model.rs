//! Any script of appends, conflicts, retries, reads and reopenings: every log says what a list in memory says.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_eventlog::clock::system_clock;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::memory::{MemoryLog, replicated::ReplicatedMemoryLog};
use daftar_eventlog::record::EventBytes;
use daftar_eventlog::{AppendError, Commit, EventLog, Position, StreamName, Version};
use daftar_tests::history::{assert_sound, long};
use daftar_tests::{assigned, stamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::collections::HashMap;
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
    /// Closing and opening again, with or without derived files; nothing where the log lives in memory.
    Reopen { without_derived: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let command = prop_oneof![2 => Just(None), 1 => (0..6u8, prop_oneof![5 => Just(0u8), 1 => Just(1)]).prop_map(Some)];
    let off = prop_oneof![5 => Just(0i8), 1 => -2..4i8];
    let sealed = prop_oneof![6 => Just(0usize), 2 => 1..3_000usize, 1 => 8_000..40_000usize];
    let append = (0..4u8, off, 0..5u8, sealed, command);
    prop_oneof![
        12 => append.prop_map(|(ticket, off, count, sealed, command)| {
            Step::Append { ticket, off, count: if command.is_none() { count.max(1) } else { count }, sealed, command }
        }),
        2 => (0..60u8, 0..20u8).prop_map(|(after, limit)| Step::Read { after, limit }),
        2 => (0..5u8, 0..10u8, 0..10u8).prop_map(|(ticket, after, limit)| Step::Stream { ticket, after, limit }),
        1 => (0..60u8).prop_map(|after| Step::Facts { after }),
        1 => any::<bool>().prop_map(|without_derived| Step::Reopen { without_derived }),
    ]
}

/// The list every log is compared with.
#[derive(Default)]
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
    Embedded(Option<EmbeddedLog>, TempDir),
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
        Self::Embedded(Some(EmbeddedLog::open(dir.path(), &Options::default()).unwrap()), dir)
    }

    fn log(&self) -> &dyn EventLog {
        match self {
            Self::Memory(log) => &**log,
            Self::Embedded(log, _) => log.as_ref().unwrap(),
        }
    }

    fn reopen(&mut self, without_derived: bool) {
        if let Self::Embedded(log, dir) = self {
            log.take().unwrap().close();
            if without_derived {
                std::fs::remove_dir_all(dir.path().join("derived")).unwrap();
            }
            *log = Some(EmbeddedLog::open(dir.path(), &Options { create: false, ..Options::default() }).unwrap());
        }
    }
}

async fn carry_out(bed: &mut Bed, model: &mut Model, step: &Step) -> Result<(), TestCaseError> {
    match *step {
        Step::Append { ticket, off, count, sealed, command } => {
            let stream = name(ticket);
            let expected = model.version(ticket).saturating_add_signed(off.into());
            let stamp = command.map(|(id, digest)| stamp(id, digest));
            let event = |n| assigned(&stream, expected + n, "sara", stamp, sealed);
            let events = (1..=u32::from(count)).map(event).collect();
            let commit = Commit {
                stream: stream.clone(),
                expected: Version(expected),
                events,
                command: stamp,
                recorded_at: None,
            };
            let right = model.append(ticket, &commit, command);
            prop_assert_eq!(append(bed.log(), commit).await, right);
        }
        Step::Read { after, limit } => {
            let read = bed.log().read_events(Position(after.into()), limit.into()).await.unwrap();
            let right = model.events.iter().zip(1u64..).skip(after.into()).take(limit.into());
            prop_assert!(read.iter().map(|e| (&e.bytes, e.position.0)).eq(right.map(|((_, bytes), p)| (bytes, p))));
        }
        Step::Stream { ticket, after, limit } => {
            let read = bed.log().read_stream(&name(ticket), Version(after.into()), limit.into()).await.unwrap();
            let right = model.of(ticket).skip(after.into()).take(limit.into());
            prop_assert!(read.iter().map(|e| &e.bytes).eq(right));
        }
        Step::Facts { after } => {
            let block = bed.log().fact_block(Position(after.into())).await.unwrap();
            let rows: Vec<_> = block.iter().flat_map(|b| b.iter_after(Position(after.into()))).collect();
            let right = model.events.iter().skip(after.into());
            prop_assert_eq!(rows.len(), right.len());
            for (row, (_, bytes)) in rows.iter().zip(right) {
                let head = bytes.head().unwrap();
                prop_assert_eq!((row.version, row.facts), (head.version, head.facts));
            }
        }
        Step::Reopen { without_derived } => bed.reopen(without_derived),
    }
    Ok(())
}

fn agrees(bed: fn() -> Bed) {
    let cases = if long() { 1000 } else { 40 };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let scripts = proptest::collection::vec(step(), 1..60);
    let outcome = runner.run(&scripts, |script| {
        runtime.block_on(async {
            let (mut bed, mut model) = (bed(), Model::default());
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
    agrees(Bed::memory);
}

#[test]
fn the_replicated_memory_log_agrees_with_a_list() {
    agrees(Bed::replicated);
}

#[test]
fn the_embedded_log_agrees_with_a_list() {
    agrees(Bed::embedded);
}
