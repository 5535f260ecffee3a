//! The log in memory: for tests, and for history read from a file.

pub mod replicated;

use crate::block::{BLOCK_EVENTS, BlockBuilder, BlockOrigin, FactBlock};
use crate::clock::Clock;
use crate::entry::Entry;
use crate::epoch::Epochs;
use crate::genesis::Genesis;
use crate::log::{AppendError, Appended, Commit, EventLog, LogIdentity, LogReader, StoreError};
use crate::position::{Position, Version};
use crate::record::RecordedEvent;
use crate::sequencer::{Placed, PlacedCommit, Sequencer};
use crate::stream::StreamName;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A log that lives no longer than the process. What it accepts is durable at once.
pub struct MemoryLog {
    genesis: Genesis,
    clock: Clock,
    /// Held for one look or one commit, never across an await.
    inner: Mutex<Inner>,
    durable: watch::Sender<Position>,
}

struct Inner {
    sequencer: Sequencer,
    events: Vec<Placed>,
    streams: HashMap<StreamName, Vec<usize>>,
}

impl MemoryLog {
    /// An empty log.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the operating system has no random bytes to give.
    pub fn new(clock: Clock) -> Result<Self, StoreError> {
        Ok(Self::of(Genesis::new()?, clock))
    }

    /// An empty log with that header record.
    #[must_use]
    pub fn of(genesis: Genesis, clock: Clock) -> Self {
        let sequencer = Sequencer::new(&genesis);
        let inner = Inner { sequencer, events: Vec::new(), streams: HashMap::new() };
        Self { genesis, clock, inner: Mutex::new(inner), durable: watch::channel(Position::ZERO).0 }
    }

    /// Takes in what another log holds, in its order; events after `until` are left out.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when it can't stand here.
    pub fn replay(&self, entry: Entry, until: Position) -> Result<(), StoreError> {
        let mut inner = self.inner();
        match entry {
            Entry::Empty(empty) => inner.sequencer.replay_empty(&empty),
            Entry::Event(..) if inner.sequencer.last() >= until => {}
            Entry::Event(recorded_at, bytes) => {
                let placed = inner.sequencer.replay(bytes, recorded_at)?;
                let stream = placed.bytes.head().map_err(|e| e.at(placed.position))?.stream();
                let index = inner.events.len();
                inner.streams.entry(stream).or_default().push(index);
                inner.events.push(placed);
                self.durable.send_replace(inner.sequencer.last());
            }
        }
        Ok(())
    }

    /// Leaves positions out, so that the next event has the one after `last`; for sources that carry their own.
    pub fn skip_to(&self, last: Position) {
        self.inner().sequencer.skip_to(last);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A commit is placed whole before it is kept; a panic in between leaves it out.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, inner: &mut Inner, stream: StreamName, commit: PlacedCommit) -> Appended {
        let count = u32::try_from(commit.events.len()).unwrap_or(u32::MAX);
        let first = inner.events.len();
        inner.streams.entry(stream).or_default().extend(first..first + commit.events.len());
        inner.events.extend(commit.events);
        let last = inner.sequencer.last();
        self.durable.send_replace(last);
        Appended { last, count, recorded_at: commit.recorded_at }
    }
}

impl Inner {
    fn recorded(&self, index: usize) -> RecordedEvent {
        let placed = &self.events[index];
        RecordedEvent { position: placed.position, recorded_at: placed.recorded_at, bytes: placed.bytes.clone() }
    }

    fn first_after(&self, after: Position) -> usize {
        self.events.partition_point(|placed| placed.position <= after)
    }
}

#[async_trait::async_trait]
impl LogReader for MemoryLog {
    fn identity(&self) -> LogIdentity {
        let inner = self.inner();
        LogIdentity { log_id: self.genesis.identity.log_id, epoch: inner.sequencer.epochs().current().number }
    }

    fn epochs(&self) -> Epochs {
        self.inner().sequencer.epochs().clone()
    }

    fn durable(&self) -> watch::Receiver<Position> {
        self.durable.subscribe()
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let inner = self.inner();
        let indexes = inner.streams.get(stream).map(Vec::as_slice).unwrap_or_default();
        Ok(indexes.iter().skip(after.0 as usize).take(limit).map(|i| inner.recorded(*i)).collect())
    }

    async fn read_events(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        let inner = self.inner();
        let first = inner.first_after(after);
        let end = first.saturating_add(limit).min(inner.events.len());
        Ok((first..end).map(|i| inner.recorded(i)).collect())
    }

    async fn fact_block(&self, after: Position) -> Result<Option<FactBlock>, StoreError> {
        let inner = self.inner();
        let first = inner.first_after(after);
        let events = &inner.events[first..inner.events.len().min(first + BLOCK_EVENTS)];
        let Some(last) = events.last() else { return Ok(None) };
        let chain_before = first.checked_sub(1).map_or(self.genesis.chain(), |before| inner.events[before].chain);
        let log_id = self.genesis.identity.log_id;
        let epoch = inner.sequencer.epochs().number_at(last.position);
        build_block(events, &BlockOrigin { log_id, epoch, chain_before, chain_after: last.chain }).map(Some)
    }
}

/// A block of the given events, which follow one another.
pub(crate) fn build_block<'a>(
    events: impl IntoIterator<Item = &'a Placed>,
    origin: &BlockOrigin,
) -> Result<FactBlock, StoreError> {
    let mut builder = BlockBuilder::default();
    events.into_iter().try_for_each(|placed| placed.push_to(&mut builder))?;
    finish_block(builder, origin)
}

/// The block of what was pushed.
pub(crate) fn finish_block(builder: BlockBuilder, origin: &BlockOrigin) -> Result<FactBlock, StoreError> {
    let bytes = builder.finish(origin);
    let len = bytes.len();
    FactBlock::parse(Arc::new(bytes), 0, len).map_err(|e| StoreError::failed("building a fact block", e))
}

#[async_trait::async_trait]
impl EventLog for MemoryLog {
    async fn append(&self, commit: Commit) -> Result<Appended, AppendError> {
        let mut inner = self.inner();
        let stream = commit.stream.clone();
        let placed = inner.sequencer.place(commit, (self.clock)())?;
        Ok(self.keep(&mut inner, stream, placed))
    }

    fn knows_command(&self, id: &[u8; 16]) -> bool {
        self.inner().sequencer.commands.get(id).is_some()
    }
}
