//! The writer: takes all commits that were placed since its last turn, stores them in one atomic batch, syncs, and
//! answers.
//!
//! Whoever appends gives their commit its place themselves, under the lock of the state; so the next group comes about
//! while the last one syncs. Nothing placed is seen by readers before the writer has made it durable.

use super::layout::{HEAD_GROWS_TO_BYTES, KeyedValue, RECORD_FULL_BYTES, RecordBuilder, RecordKey, VALUE_BYTES_MAX};
use super::store::Store;
use super::threads::spawn_thread;
use super::witness::Seen;
use super::{Request, Shared, State, TAIL_EVENTS_MAX};
use crate::checksum::Digest;
use crate::log::{AppendError, Appended, Commit, StoreError};
use crate::position::Position;
use crate::sealing::KeyStore;
use crate::sequencer::{KeptCommand, Placed, PlacedCommit};
use daftar_domain::Timestamp;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;

/// The most appends of one group.
const GROUP_COMMITS_MAX: usize = 1024;
/// A group takes no further append once its events hold this much.
const GROUP_BYTES_FULL: usize = 4 << 20;

type Answer = (oneshot::Sender<Result<Appended, AppendError>>, Result<Appended, AppendError>);

/// How many keys of one position commits without events may take; the rest is for the event that follows them, which
/// may have to be continued.
const COUNTERS_FOR_EMPTY: u16 = u16::MAX - 4096;

/// Starts the writer; it ends once the log is closing and nothing waits any more.
pub(super) fn spawn(shared: &Arc<Shared>) -> Result<JoinHandle<()>, StoreError> {
    let of_writer = Arc::clone(shared);
    let writer = spawn_thread("daftar-log-write", move || {
        while let Some(group) = next_group(&of_writer) {
            // A panic drops the group's answers, which their callers see as a shut-down log.
            if catch_unwind(AssertUnwindSafe(|| of_writer.carry_out(group))).is_err() {
                of_writer.stop(StoreError::failed("writing to the log", "the writer gave up; restart"));
            }
        }
    })?;
    // What was placed before this is found by its first look.
    let _ = shared.writer.set(writer.thread().clone());
    Ok(writer)
}

fn next_group(shared: &Shared) -> Option<Group> {
    loop {
        let closing = shared.closing.load(Ordering::Acquire);
        let group = shared.state_mut().take_group();
        if group.is_some() || closing {
            // Those who waited for room in the group before.
            shared.room.notify_waiters();
            return group;
        }
        thread::park();
    }
}

/// What is stored and answered together.
struct Group {
    /// Of the state it was placed in.
    generation: u64,
    values: Vec<KeyedValue>,
    /// Where the log ends with it.
    end: Seen,
    answers: Vec<Answer>,
}

impl Shared {
    /// Gives a commit its place in the next group, and wakes the writer if it may sleep; the request comes back while
    /// there is no room for it.
    ///
    /// # Errors
    ///
    /// Why no appends are taken.
    pub(super) fn hand_over(&self, request: Request) -> Result<Option<Request>, StoreError> {
        let mut state = self.state_mut();
        if let Some(stop) = &state.stop {
            return Err(stop.why.clone());
        }
        if state.is_full() {
            return Ok(Some(request));
        }
        let first = state.pending.answers.is_empty();
        let now = (self.clock)();
        if catch_unwind(AssertUnwindSafe(|| state.place(request, now))).is_err() {
            // It may have been placed by half: nothing may follow it.
            state.stop_until_restart(StoreError::failed("placing a commit", "it could not be placed; restart"));
        }
        drop(state);
        if first {
            self.wake_writer();
        }
        Ok(None)
    }

    pub(super) fn wake_writer(&self) {
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }

    /// Carries out one group; everybody is answered after the sync, refusals too, for they may rest on what was not
    /// durable before.
    fn carry_out(&self, mut group: Group) {
        let values = std::mem::take(&mut group.values);
        if let Err(failure) = self.store_group(&group, values) {
            refuse(group.answers, &failure);
            return;
        }
        for (answer, result) in group.answers {
            // Whoever asked may have gone away; the events stand all the same.
            let _ = answer.send(result);
        }
    }

    /// Stores the group, unless it became void meanwhile; a failure stops the log, and so voids what was placed on it.
    fn store_group(&self, group: &Group, values: Vec<KeyedValue>) -> Result<(), StoreError> {
        let _storing = self.storing();
        if let Some(void) = self.void(group) {
            return Err(void);
        }
        if values.is_empty() {
            return Ok(());
        }
        self.make_durable(values, group.end).inspect_err(|failure| self.stop(failure.clone()))
    }

    /// Why what was placed does not stand: the log was stopped, or opened anew.
    fn void(&self, group: &Group) -> Option<StoreError> {
        let state = self.state();
        let again = || StoreError::failed("writing to the log", "it was opened anew meanwhile; try again");
        let void = state.generation != group.generation;
        state.stop.as_ref().map(|stop| stop.why.clone()).or_else(|| void.then(again))
    }

    /// Makes a group durable: keys first, then the records, then the witness; then readers may see it. Where answers
    /// do not wait for syncs the keeper does the same later, and only then tells the witness, which must not reach the
    /// disk before what it speaks of.
    fn make_durable(&self, values: Vec<KeyedValue>, end: Seen) -> Result<(), StoreError> {
        if self.durability.syncs_each() {
            self.keys.make_durable()?;
            self.store.write(values)?;
            self.store.sync()?;
            self.witness().write(end)?;
        } else {
            self.store.write(values)?;
        }
        *self.acknowledged() = end;
        self.durable.send_replace(end.position);
        self.wake_keeper();
        Ok(())
    }
}

/// Answers everybody with one failure.
pub(super) fn refuse(answers: Vec<Answer>, failure: &StoreError) {
    for (answer, _) in answers {
        let _ = answer.send(Err(failure.clone().into()));
    }
}

impl State {
    /// Whether the next commit has to wait: for the writer, or for the keeper to make the tail shorter.
    fn is_full(&self) -> bool {
        let Pending { answers, bytes, .. } = &self.pending;
        self.tail.len() >= TAIL_EVENTS_MAX || answers.len() >= GROUP_COMMITS_MAX || *bytes >= GROUP_BYTES_FULL
    }

    /// Gives a commit its place, or refuses it, and packs it into the next group.
    fn place(&mut self, Request { commit, answer }: Request, now: Timestamp) {
        let (before, command, len) = (self.sequencer.chain(), commit.commit().command, size_of(commit.commit()));
        let next = self.sequencer.last().next();
        let new = command.is_some_and(|stamp| self.sequencer.commands.get(&stamp.id).is_none());
        if commit.commit().events.is_empty() && new && !self.pending.head.takes_empty(next) {
            let why = "too many commands without effect follow one another; the next event makes room";
            self.pending.answers.push((answer, Err(AppendError::Unstorable(why.to_owned()))));
            return;
        }
        let placed = match self.sequencer.place_prepared(commit, now) {
            Ok(placed) => placed,
            Err(refused) => {
                if let AppendError::Store(failure) = &refused {
                    // A commit may have been placed by half: nothing may follow it.
                    self.stop_until_restart(failure.clone());
                }
                self.pending.answers.push((answer, Err(refused)));
                return;
            }
        };
        self.pending.push(&placed, before, len);
        let count = u32::try_from(placed.events.len()).unwrap_or(u32::MAX);
        let (first, recorded_at) = (placed.first, placed.recorded_at);
        if let Some(stamp) = command {
            self.tail_commands.push_back(KeptCommand { stamp, first, count, recorded_at });
        }
        self.tail.extend(placed.events.into_iter().map(without_content));
        let last = self.sequencer.last();
        self.pending.answers.push((answer, Ok(Appended { last, count, recorded_at })));
    }

    /// All that was placed since the last group.
    fn take_group(&mut self) -> Option<Group> {
        if self.pending.answers.is_empty() {
            return None;
        }
        let room = Vec::with_capacity(self.pending.answers.len());
        let answers = std::mem::replace(&mut self.pending.answers, room);
        let (generation, end) = (self.generation, Seen::end_of(&self.sequencer));
        Some(Group { generation, values: self.pending.take_values(), end, answers })
    }
}

fn size_of(commit: &Commit) -> usize {
    let events: usize = commit.events.iter().map(|event| RecordBuilder::event_len(event.bytes())).sum();
    events.max(RecordBuilder::empty_len(&commit.stream))
}

/// The tail keeps facts; content is read from the log.
pub(super) fn without_content(mut placed: Placed) -> Placed {
    placed.bytes.sealed = None;
    placed
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

/// The next group as it comes about, packed into records: the last one grows while it is small, others are filled one
/// after the other.
pub(super) struct Pending {
    head: Head,
    done: Vec<KeyedValue>,
    /// Whether the growing record holds anything that is not in `done`.
    unpacked: bool,
    bytes: usize,
    pub(super) answers: Vec<Answer>,
}

impl Pending {
    /// Nothing yet, after what the store holds.
    pub(super) fn after(store: &Store) -> Result<Self, StoreError> {
        let last = store.last_at_or_before(RecordKey { first: Position(u64::MAX), counter: u16::MAX })?;
        Ok(Self::at(match last {
            None => Head { last_key: RecordKey::GENESIS, growing: None },
            Some(record) => {
                let key = record.key;
                let last_key = RecordKey { counter: key.counter.saturating_add(record.continued), ..key };
                Head { last_key, growing: record.reopen() }
            }
        }))
    }

    /// Nothing yet, in an empty log.
    pub(super) fn at_genesis() -> Self {
        Self::at(Head { last_key: RecordKey::GENESIS, growing: None })
    }

    fn at(head: Head) -> Self {
        Self { head, done: Vec::new(), unpacked: false, bytes: 0, answers: Vec::new() }
    }

    /// Adds a commit of `len` bytes; `chain` is the value before its first event. The first of a group decides whether
    /// the last record is written again with the group in it, or left as it is.
    fn push(&mut self, commit: &PlacedCommit, mut chain: Digest, len: usize) {
        if self.bytes == 0 {
            self.begin(len);
        }
        self.bytes += len;
        if let Some(empty) = &commit.empty {
            self.record(commit.first, chain, 0).push_empty(empty);
        }
        for event in &commit.events {
            let len = RecordBuilder::event_len(&event.bytes);
            self.record(event.position, chain, len).push_event(event.recorded_at, &event.bytes, event.chain);
            chain = event.chain;
        }
    }

    fn begin(&mut self, len: usize) {
        if self.head.growing.as_ref().is_none_or(|r| r.stored_len() + len > HEAD_GROWS_TO_BYTES) {
            self.head.growing = None;
        }
    }

    /// The record that takes the next entry of `len` bytes; a large event has one of its own.
    fn record(&mut self, first: Position, chain: Digest, len: usize) -> &mut RecordBuilder {
        let fits = |r: &RecordBuilder| r.stored_len() < RECORD_FULL_BYTES && r.stored_len() + len <= VALUE_BYTES_MAX;
        if !self.head.growing.as_ref().is_some_and(fits) {
            self.pack();
            self.head.growing = None;
        }
        self.unpacked = true;
        let last_key = &mut self.head.last_key;
        self.head.growing.get_or_insert_with(|| {
            // `takes_empty` keeps the counter far below its end.
            let counter = if last_key.first == first { last_key.counter + 1 } else { 0 };
            *last_key = RecordKey { first, counter };
            RecordBuilder::new(*last_key, chain)
        })
    }

    fn pack(&mut self) {
        if let Some(record) = self.head.growing.as_ref().filter(|_| self.unpacked) {
            self.done.extend(record.values());
            self.head.last_key.counter = record.key.counter + (record.keys() - 1);
            if record.keys() > 1 {
                self.head.growing = None;
            }
        }
        self.unpacked = false;
    }

    fn take_values(&mut self) -> Vec<KeyedValue> {
        self.pack();
        self.bytes = 0;
        std::mem::take(&mut self.done)
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
        let mut pending = Pending::at(Head { last_key: RecordKey { first: Position(6), counter: 0 }, growing: None });
        let mut keys = std::collections::HashSet::new();
        while pending.head.takes_empty(first) {
            pending.begin(HEAD_GROWS_TO_BYTES);
            pending.record(first, [0; 32], 0).push_empty(&empty);
            for (key, _) in pending.take_values() {
                assert!(keys.insert(key), "a key is used once");
            }
        }
        let event = EventBytes { head: vec![0; 4 << 20].into(), sealed: Some(vec![0; 4 << 20].into()) };
        pending.begin(RecordBuilder::event_len(&event));
        pending.record(first, [0; 32], RecordBuilder::event_len(&event)).push_event(recorded_at, &event, [0; 32]);
        let values = pending.take_values();
        assert!(values.len() > 700 && values.iter().all(|(key, _)| keys.insert(*key)), "the largest event fits");
        assert!(pending.head.takes_empty(first.next()));
    }
}
