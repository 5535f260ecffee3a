//! The log as others know it: [`LogReader`] reads, [`EventLog`] also appends.

use crate::block::{FactBlock, FoundBlock};
use crate::checksum::{Digest, chain_next};
use crate::codec::CodecError;
use crate::embedded::Durability;
use crate::entry::Entry;
use crate::epoch::Epochs;
use crate::genesis::Genesis;
use crate::position::{Position, Version};
use crate::record::{NewEvent, RecordedEvent};
use crate::stream::StreamName;
use daftar_domain::Timestamp;
use std::io::ErrorKind;
use std::sync::Arc;
use tokio::sync::watch;

/// Which log this is, and which of its epochs: positions mean nothing without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogIdentity {
    /// Random, given when the log was created.
    pub log_id: [u8; 16],
    /// 1 at first; one more each time a truncated log is accepted or a backup restored.
    pub epoch: u32,
}

/// The keyed id and digest of a command, by which a retry is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommandStamp {
    /// Keyed hash of issuer and idempotency key.
    pub id: [u8; 16],
    /// Keyed hash of what was asked.
    pub digest: [u8; 16],
}

/// Events to append to one stream, all or none; without events it only keeps the command.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The stream.
    pub stream: StreamName,
    /// The version the stream has now, as its writer believes: its events are sealed for the versions after it.
    pub expected: Version,
    /// The events, at the versions after `expected` in order.
    pub events: Vec<NewEvent>,
    /// The command they come from; none: an import.
    pub command: Option<CommandStamp>,
    /// When they were recorded, kept from elsewhere; none: the log's clock. It never makes the log run backwards.
    pub recorded_at: Option<Timestamp>,
}

/// Where a commit went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Position of its last event; of the log's last event where it had none.
    pub last: Position,
    /// How many events it had.
    pub count: u32,
    /// When the log recorded it.
    pub recorded_at: Timestamp,
}

/// Why nothing was appended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// Someone wrote to the stream first.
    #[error("{stream} is at version {actual}, not at {expected}")]
    Conflict {
        /// The stream.
        stream: StreamName,
        /// The version the writer believed.
        expected: Version,
        /// The version it has.
        actual: Version,
    },
    /// The command was carried out before.
    #[error("this command was carried out before: {count} events, the first at position {first}")]
    Duplicate {
        /// Position of its first event, or of the next event where it had none.
        first: Position,
        /// How many events it had.
        count: u32,
    },
    /// The command's id was used for another command.
    #[error("this idempotency key was used for another command")]
    KeyReused,
    /// The commit can't be stored at all, whenever it is tried.
    #[error("the commit can't be stored: {0}")]
    Unstorable(String),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Storage failed, or what it holds is not what was written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The disk or the storage engine failed; what was acknowledged is kept.
    #[error("storage failed while {doing}: {why}")]
    Failed {
        /// What was being done.
        doing: &'static str,
        /// What the engine said.
        why: Arc<str>,
    },
    /// There is no room for what is to be written; the log goes on by itself once there is.
    #[error(
        "the disk is full: {doing}: {why}; nothing acknowledged is lost; writing goes on by itself once there is room"
    )]
    StorageFull {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        why: Arc<str>,
    },
    /// The log was shut down.
    #[error("the log is shut down")]
    ShutDown,
    /// Another process has the directory.
    #[error("{dir} is in use by another process{holder}; stop it first")]
    InUse {
        /// The directory.
        dir: String,
        /// Who holds it, where known.
        holder: String,
    },
    /// The log is not what was written.
    #[error("the log is damaged at position {position}: {why}")]
    Corrupt {
        /// The first bad position.
        position: Position,
        /// What is wrong, in words, and what to do.
        why: String,
    },
    /// An event this version can't read.
    #[error("position {position}: {source}")]
    Unreadable {
        /// Where it stands.
        position: Position,
        /// What the codec said.
        source: CodecError,
    },
}

impl StoreError {
    /// Whether a sync failed, after which the system may have dropped what it had taken, and the next sync says nothing.
    #[must_use]
    pub fn is_failed_sync(&self) -> bool {
        matches!(self, Self::Failed { doing, .. } if doing.starts_with("syncing"))
    }

    /// A failure of the disk or the engine.
    pub fn failed(doing: &'static str, why: impl std::fmt::Display) -> Self {
        Self::Failed { doing, why: why.to_string().into() }
    }

    /// A write that the system refused: for want of room, or as a failure.
    #[must_use]
    pub fn of_write(doing: &'static str, error: &std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                Self::StorageFull { doing, why: error.to_string().into() }
            }
            _ => Self::failed(doing, error),
        }
    }
}

/// The half of the log that reads. Nothing beyond the durable position is ever seen.
#[async_trait::async_trait]
pub trait LogReader: Send + Sync {
    /// Which log this is.
    fn identity(&self) -> LogIdentity;

    /// Its header record.
    fn genesis(&self) -> Genesis {
        Genesis { identity: LogIdentity { epoch: 1, ..self.identity() } }
    }

    /// Its epochs: up to where positions known from earlier ones still hold.
    fn epochs(&self) -> Epochs;

    /// The last durable position, to read and to watch.
    fn durable(&self) -> watch::Receiver<Position>;

    /// The events of one stream after `after`, at most `limit`, with their content still sealed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when storage fails or an event read is not what was written.
    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError>;

    /// The events after `after` in the order of the log, at most `limit`, with their content still sealed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when storage fails or an event read is not what was written.
    async fn read_events(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, StoreError>;

    /// The same with the commits without events that stand before them, for backups. A log in memory keeps none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when storage fails or an event read is not what was written.
    async fn read_entries(&self, after: Position, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let events = self.read_events(after, limit).await?;
        Ok(events.into_iter().map(|event| Entry::Event(event.recorded_at, event.bytes)).collect())
    }

    /// The chain value after the event at `position`, which is durable.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when storage fails, or there is no such event.
    async fn chain_at(&self, position: Position) -> Result<Digest, StoreError> {
        let Some(before) = position.0.checked_sub(1).map(Position) else { return Ok(self.genesis().chain()) };
        let missing = || StoreError::Corrupt { position, why: "the log has no such event".to_owned() };
        let block = self.fact_block(before).await?.ok_or_else(missing)?;
        let (mut chain, mut reached) = (block.origin().chain_before, Position(block.first().0.saturating_sub(1)));
        let left = usize::try_from(position.0.saturating_sub(reached.0)).unwrap_or(usize::MAX);
        for event in self.read_events(reached, left).await? {
            chain = chain_next(&chain, &event.bytes.digest(), event.recorded_at);
            reached = event.position;
        }
        if reached == position { Ok(chain) } else { Err(missing()) }
    }

    /// A block with the facts of the event after `after`; it may begin before that event. `None`: there is none yet.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when storage fails or the facts are not what was written.
    async fn fact_block(&self, after: Position) -> Result<Option<FactBlock>, StoreError>;

    /// As [`LogReader::fact_block`], for whoever verifies a block himself before he reads more of it than its header: it
    /// costs least just before it is read.
    ///
    /// # Errors
    ///
    /// As [`LogReader::fact_block`]; that a block is damaged need not be told.
    async fn fact_block_to_verify(&self, after: Position) -> Result<Option<FoundBlock>, StoreError> {
        Ok(self.fact_block(after).await?.map(|block| FoundBlock { block, is_verified: true }))
    }

    /// As [`LogReader::fact_block`], for whoever looks for events that are of no ticket: blocks known to hold none may be
    /// passed over.
    ///
    /// # Errors
    ///
    /// As [`LogReader::fact_block`].
    async fn fact_block_beside_tickets(&self, after: Position) -> Result<Option<FactBlock>, StoreError> {
        self.fact_block(after).await
    }
}

/// The log: reads, and appends at its end.
#[async_trait::async_trait]
pub trait EventLog: LogReader {
    /// Appends a commit; answers when it is durable.
    ///
    /// # Errors
    ///
    /// [`AppendError`]; nothing of the commit is kept then. After [`AppendError::Store`] it is not known whether it is.
    async fn append(&self, commit: Commit) -> Result<Appended, AppendError>;

    /// When an append is answered; `None` where nothing outlives the process.
    fn durability(&self) -> Option<Durability> {
        None
    }

    /// Whether a command of that id was taken in the last seven days; it may not be durable yet. To learn what came of
    /// it once it is, append a commit of no events with its stamp: the answer is [`AppendError::Duplicate`].
    fn knows_command(&self, id: &[u8; 16]) -> bool;

    /// Why appends are refused now; none: they are taken. Reading goes on either way.
    fn stopped(&self) -> Option<StoreError> {
        None
    }

    /// Appends commits in the order given, each on its own: one that is refused does not keep the next from its place.
    /// Answers in the same order, when each is durable.
    async fn append_in_order(&self, commits: Vec<Commit>) -> Vec<Result<Appended, AppendError>> {
        let mut answers = Vec::with_capacity(commits.len());
        for commit in commits {
            answers.push(self.append(commit).await);
        }
        answers
    }
}
