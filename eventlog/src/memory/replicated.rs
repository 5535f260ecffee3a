//! A log in memory that behaves as a replicated one: a broker takes messages, and only the reader that follows it
//! learns where an event stands.

use super::MemoryLog;
use crate::block::FactBlock;
use crate::clock::Clock;
use crate::epoch::Epochs;
use crate::log::{AppendError, Appended, Commit, EventLog, LogIdentity, LogReader, StoreError};
use crate::position::{Position, Version};
use crate::record::RecordedEvent;
use crate::sequencer::Sequencer;
use crate::stream::StreamName;
use daftar_domain::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Mutex as AsyncMutex, oneshot, watch};

/// Appends go to a broker; between its yes and the answer another writer gets in; the answer is read back.
pub struct ReplicatedMemoryLog {
    read_side: MemoryLog,
    clock: Clock,
    /// What the broker accepted, in order; held for one message, never across an await.
    broker: Mutex<Broker>,
    /// One follower at a time takes messages off the queue: it is held across the appends to the read side.
    follower: AsyncMutex<()>,
}

struct Broker {
    /// The broker's own view, by which it accepts and refuses; the positions it gives are never looked at.
    accepted: Sequencer,
    queue: VecDeque<(Commit, oneshot::Sender<Appended>)>,
}

impl ReplicatedMemoryLog {
    /// An empty log.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the operating system has no random bytes to give.
    pub fn new(clock: Clock) -> Result<Self, StoreError> {
        // What the broker accepted is never refused for its time, however far the clock was set back since.
        let read_side = MemoryLog::new(Arc::new(|| Timestamp::MAX))?;
        let accepted = Sequencer::new(&read_side.genesis);
        let broker = Mutex::new(Broker { accepted, queue: VecDeque::new() });
        Ok(Self { read_side, clock, broker, follower: AsyncMutex::new(()) })
    }

    fn publish(&self, commit: Commit) -> Result<oneshot::Receiver<Appended>, AppendError> {
        let mut broker = self.broker.lock().unwrap_or_else(PoisonError::into_inner);
        // `recorded_at` travels with the message, stamped by its publisher.
        let now = (self.clock)();
        let placed = broker.accepted.place(commit.clone(), now)?;
        let stamped = Commit { recorded_at: Some(placed.recorded_at), ..commit };
        let (passed, answer) = oneshot::channel();
        broker.queue.push_back((stamped, passed));
        Ok(answer)
    }

    fn next_message(&self) -> Option<(Commit, oneshot::Sender<Appended>)> {
        self.broker.lock().unwrap_or_else(PoisonError::into_inner).queue.pop_front()
    }

    /// Follows the broker to the end of its queue.
    async fn follow(&self) -> Result<(), AppendError> {
        let _one_at_a_time = self.follower.lock().await;
        while let Some((commit, passed)) = self.next_message() {
            let appended = self.read_side.append(commit).await?;
            // Whoever published it may have gone away; the event stands all the same.
            let _ = passed.send(appended);
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl LogReader for ReplicatedMemoryLog {
    fn identity(&self) -> LogIdentity {
        self.read_side.identity()
    }

    fn epochs(&self) -> Epochs {
        self.read_side.epochs()
    }

    fn durable(&self) -> watch::Receiver<Position> {
        self.read_side.durable()
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.read_side.read_stream(stream, after, limit).await
    }

    async fn read_events(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        self.read_side.read_events(after, limit).await
    }

    async fn fact_block(&self, after: Position) -> Result<Option<FactBlock>, StoreError> {
        self.read_side.fact_block(after).await
    }
}

#[async_trait::async_trait]
impl EventLog for ReplicatedMemoryLog {
    async fn append(&self, commit: Commit) -> Result<Appended, AppendError> {
        tokio::task::yield_now().await;
        let answer = self.publish(commit);
        tokio::task::yield_now().await;
        // A refusal waits too: what it rests on can be read when it is answered.
        self.follow().await?;
        answer?.await.map_err(|_| AppendError::Store(StoreError::ShutDown))
    }
    fn knows_command(&self, id: &[u8; 16]) -> bool {
        self.broker.lock().unwrap_or_else(PoisonError::into_inner).accepted.commands.get(id).is_some()
    }
}
