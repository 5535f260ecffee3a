//! The writer: takes all appends that wait, gives them places, stores them in one atomic batch, syncs, and answers.

use super::layout::{HEAD_GROWS_TO_BYTES, KeyedValue, RECORD_FULL_BYTES, RecordBuilder, RecordKey, VALUE_BYTES_MAX};
use super::threads::{spawn_thread, wait_for_room};
use super::witness::Seen;
use super::{Request, Shared, State};
use crate::checksum::Digest;
use crate::log::{AppendError, Appended, StoreError};
use crate::position::Position;
use crate::sealing::KeyStore;
use crate::sequencer::{KeptCommand, Placed, PlacedCommit};
use daftar_domain::Timestamp;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, RwLockWriteGuard};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// The most appends of one group.
const GROUP_COMMITS_MAX: usize = 1024;
/// A group takes no further append once its events hold this much.
const GROUP_BYTES_FULL: usize = 4 << 20;

type Answer = (oneshot::Sender<Result<Appended, AppendError>>, Result<Appended, AppendError>);

/// How many keys of one position commits without events may take; the rest is for the event that follows them, which
/// may have to be continued.
const COUNTERS_FOR_EMPTY: u16 = u16::MAX - 4096;

/// Starts the writer; it ends when nobody can send requests any more.
pub(super) fn spawn(shared: Arc<Shared>, mut requests: mpsc::Receiver<Request>) -> Result<JoinHandle<()>, StoreError> {
    let head = last_record(&shared)?;
    let generation = shared.state().generation;
    let mut writer = Writer { shared, placer: Placer { head, generation } };
    spawn_thread("daftar-log-write", move || {
        while let Some(first) = requests.blocking_recv() {
            let group = gather(first, &mut requests);
            // A panic drops the group's answers, which their callers see as a shut-down log.
            if catch_unwind(AssertUnwindSafe(|| writer.commit(group))).is_err() {
                writer.shared.stop(StoreError::failed("writing to the log", "the writer gave up; restart"));
            }
        }
    })
}

/// The log's last record, so that it can go on growing; none where it can't.
fn last_record(shared: &Shared) -> Result<Head, StoreError> {
    let last = shared.store.last_at_or_before(RecordKey { first: Position(u64::MAX), counter: u16::MAX })?;
    Ok(match last {
        None => Head { last_key: RecordKey::GENESIS, growing: None },
        Some(record) => {
            let key = record.key;
            let last_key = RecordKey { counter: key.counter.saturating_add(record.continued), ..key };
            Head { last_key, growing: record.reopen() }
        }
    })
}

fn gather(first: Request, requests: &mut mpsc::Receiver<Request>) -> Vec<Request> {
    let mut bytes = size_of(&first);
    let mut group = vec![first];
    while group.len() < GROUP_COMMITS_MAX && bytes < GROUP_BYTES_FULL {
        let Ok(request) = requests.try_recv() else { break };
        bytes += size_of(&request);
        group.push(request);
    }
    group
}

fn size_of(request: &Request) -> usize {
    let commit = request.commit.commit();
    let events: usize = commit.events.iter().map(|event| RecordBuilder::event_len(event.bytes())).sum();
    events.max(RecordBuilder::empty_len(&commit.stream))
}

struct Writer {
    shared: Arc<Shared>,
    placer: Placer,
}

/// Gives commits their places and packs them.
struct Placer {
    head: Head,
    /// Of the state that `head` belongs to.
    generation: u64,
}

/// Where the next record goes.
struct Head {
    /// The last key in use.
    last_key: RecordKey,
    /// The last record, while it can grow.
    growing: Option<RecordBuilder>,
}

impl Head {
    /// Whether there is a key for a commit without events before the event at `next`.
    fn takes_empty(&self, next: Position) -> bool {
        self.last_key.first != next || self.last_key.counter < COUNTERS_FOR_EMPTY
    }
}

impl Placer {
    /// Takes the state to place a group in, where appends are taken; after the log was opened anew, looks first where
    /// the next record goes.
    fn begin<'a>(&mut self, shared: &'a Shared) -> Result<RwLockWriteGuard<'a, State>, StoreError> {
        let state = shared.state_mut();
        if let Some(stop) = &state.stop {
            return Err(stop.why.clone());
        }
        if state.generation != self.generation {
            (self.head, self.generation) = (last_record(shared)?, state.generation);
        }
        Ok(state)
    }

    /// Gives every commit its place and packs them into records.
    fn place(
        &mut self,
        mut state: RwLockWriteGuard<'_, State>,
        now: Timestamp,
        group: Vec<Request>,
    ) -> (Vec<Answer>, Vec<KeyedValue>) {
        let mut packer = Packer::new(&mut self.head, group.iter().map(size_of).sum());
        let mut answers = Vec::with_capacity(group.len());
        for Request { commit, answer } in group {
            let (before, command) = (state.sequencer.chain(), commit.commit().command);
            let next = state.sequencer.last().next();
            let new = command.is_some_and(|stamp| state.sequencer.commands.get(&stamp.id).is_none());
            if commit.commit().events.is_empty() && new && !packer.head.takes_empty(next) {
                let why = "too many commands without effect follow one another; the next event makes room";
                answers.push((answer, Err(AppendError::Unstorable(why.to_owned()))));
                continue;
            }
            let placed = match state.sequencer.place_prepared(commit, now) {
                Ok(placed) => placed,
                Err(refused) => {
                    if let AppendError::Store(failure) = &refused {
                        // A commit may have been placed by half: nothing may follow it.
                        state.stop_until_restart(failure.clone());
                    }
                    answers.push((answer, Err(refused)));
                    continue;
                }
            };
            packer.push(&placed, before);
            let count = u32::try_from(placed.events.len()).unwrap_or(u32::MAX);
            let (first, recorded_at) = (placed.first, placed.recorded_at);
            if let Some(stamp) = command {
                state.tail_commands.push_back(KeptCommand { stamp, first, count, recorded_at });
            }
            state.tail.extend(placed.events.into_iter().map(without_content));
            answers.push((answer, Ok(Appended { last: state.sequencer.last(), count, recorded_at })));
        }
        drop(state);
        (answers, packer.finish())
    }
}

impl Writer {
    /// Carries out one group; everybody is answered after the sync, refusals too, for they may rest on what was not
    /// durable before.
    fn commit(&mut self, group: Vec<Request>) {
        wait_for_room(&self.shared);
        let (mut answers, values) = match self.placer.begin(&self.shared) {
            Err(failure) => (refuse(group, &failure), Vec::new()),
            Ok(state) => self.placer.place(state, (self.shared.clock)(), group),
        };
        if !values.is_empty()
            && let Err(failure) = self.store(values)
        {
            for (_, result) in &mut answers {
                *result = Err(failure.clone().into());
            }
        }
        for (answer, result) in answers {
            // Whoever asked may have gone away; the events stand all the same.
            let _ = answer.send(result);
        }
    }

    /// Stores the group, unless it became void meanwhile; a failure stops the log.
    fn store(&self, values: Vec<KeyedValue>) -> Result<(), StoreError> {
        let _storing = self.shared.storing();
        match self.void() {
            Some(void) => Err(void),
            None => self.make_durable(values).inspect_err(|failure| self.shared.stop(failure.clone())),
        }
    }

    /// Why what was placed does not stand: the log was stopped, or opened anew.
    fn void(&self) -> Option<StoreError> {
        let state = self.shared.state();
        let again = || StoreError::failed("writing to the log", "it was opened anew meanwhile; try again");
        let void = state.generation != self.placer.generation;
        state.stop.as_ref().map(|stop| stop.why.clone()).or_else(|| void.then(again))
    }

    /// Makes the group durable: keys first, then the records, then the witness; then readers may see it. Where answers
    /// do not wait for syncs the keeper does the same later, and only then tells the witness, which must not reach the
    /// disk before what it speaks of.
    fn make_durable(&self, values: Vec<KeyedValue>) -> Result<(), StoreError> {
        let shared = &self.shared;
        let seen = Seen::end_of(&shared.state().sequencer);
        if shared.durability.syncs_each() {
            shared.keys.make_durable()?;
            shared.store.write(values)?;
            shared.store.sync()?;
            shared.witness().write(seen)?;
        } else {
            shared.store.write(values)?;
        }
        *shared.acknowledged() = seen;
        shared.durable.send_replace(seen.position);
        Ok(())
    }
}

fn refuse(group: Vec<Request>, failure: &StoreError) -> Vec<Answer> {
    group.into_iter().map(|request| (request.answer, Err(failure.clone().into()))).collect()
}

/// The tail keeps facts; content is read from the log.
pub(super) fn without_content(mut placed: Placed) -> Placed {
    placed.bytes.sealed = None;
    placed
}

/// Packs a group into records: the last one grows while it is small, others are filled one after the other.
struct Packer<'a> {
    head: &'a mut Head,
    full: usize,
    done: Vec<KeyedValue>,
    /// Whether the growing record holds anything that is not in `done`.
    pending: bool,
}

impl<'a> Packer<'a> {
    /// `group_bytes` decides whether the last record is written again with the group in it, or left as it is.
    fn new(head: &'a mut Head, group_bytes: usize) -> Self {
        let grows = head.growing.as_ref().is_some_and(|r| r.stored_len() + group_bytes <= HEAD_GROWS_TO_BYTES);
        if !grows {
            head.growing = None;
        }
        Self { head, full: RECORD_FULL_BYTES, done: Vec::new(), pending: false }
    }

    /// Adds a commit; `chain` is the value before its first event.
    fn push(&mut self, commit: &PlacedCommit, mut chain: Digest) {
        if let Some(empty) = &commit.empty {
            self.record(commit.first, chain, 0).push_empty(empty);
        }
        for event in &commit.events {
            let len = RecordBuilder::event_len(&event.bytes);
            self.record(event.position, chain, len).push_event(event.recorded_at, &event.bytes, event.chain);
            chain = event.chain;
        }
    }

    /// The record that takes the next entry of `len` bytes; a large event has one of its own.
    fn record(&mut self, first: Position, chain: Digest, len: usize) -> &mut RecordBuilder {
        let fits = |r: &RecordBuilder| r.stored_len() < self.full && r.stored_len() + len <= VALUE_BYTES_MAX;
        if !self.head.growing.as_ref().is_some_and(fits) {
            self.flush();
            self.head.growing = None;
        }
        self.pending = true;
        let last_key = &mut self.head.last_key;
        self.head.growing.get_or_insert_with(|| {
            // `takes_empty` keeps the counter far below its end.
            let counter = if last_key.first == first { last_key.counter + 1 } else { 0 };
            *last_key = RecordKey { first, counter };
            RecordBuilder::new(*last_key, chain)
        })
    }

    fn flush(&mut self) {
        if let Some(record) = self.head.growing.as_ref().filter(|_| self.pending) {
            self.done.extend(record.values());
            self.head.last_key.counter = record.key.counter + (record.keys() - 1);
            if record.keys() > 1 {
                self.head.growing = None;
            }
        }
        self.pending = false;
    }

    fn finish(mut self) -> Vec<KeyedValue> {
        self.flush();
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::CommandStamp;
    use crate::position::Version;
    use crate::record::EventBytes;
    use crate::sequencer::EmptyCommit;
    use crate::stream::StreamName;
    use daftar_domain::Timestamp;

    #[test]
    fn keys_of_one_position_never_run_out() {
        let first = Position(7);
        let command = CommandStamp { id: [1; 16], digest: [2; 16] };
        let (recorded_at, version) = (Timestamp::clamped(0), Version(0));
        let empty = EmptyCommit { recorded_at, stream: StreamName::ticket(&"t".repeat(256)), version, command };
        let mut head = Head { last_key: RecordKey { first: Position(6), counter: 0 }, growing: None };
        let mut keys = std::collections::HashSet::new();
        while head.takes_empty(first) {
            let mut packer = Packer::new(&mut head, HEAD_GROWS_TO_BYTES);
            packer.record(first, [0; 32], 0).push_empty(&empty);
            for (key, _) in packer.finish() {
                assert!(keys.insert(key), "a key is used once");
            }
        }
        let event = EventBytes { head: vec![0; 4 << 20].into(), sealed: Some(vec![0; 4 << 20].into()) };
        let mut packer = Packer::new(&mut head, RecordBuilder::event_len(&event));
        packer.record(first, [0; 32], RecordBuilder::event_len(&event)).push_event(recorded_at, &event, [0; 32]);
        let values = packer.finish();
        assert!(values.len() > 700 && values.iter().all(|(key, _)| keys.insert(*key)), "the largest event fits");
        assert!(head.takes_empty(first.next()));
    }
}
