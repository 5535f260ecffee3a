//! The published reports of a desk: what its log has kept, and keeping more.
//!
//! The log is read on from where it was read last whenever somebody looks; nothing else needs to be kept in step.

use daftar_domain::Timestamp;
use daftar_eventlog::codec::decode_facts;
use daftar_eventlog::facts::Facts;
use daftar_eventlog::snapshot::{PackError, Packed, snapshot_commit, snapshot_stream, unpack};
use daftar_eventlog::{
    AppendError, CommandStamp, Commit, EventLog, LogReader, Position, RecordedEvent, StoreError, Version,
};
use daftar_projections::snapshots::{self, Listed, Snapshot};
use std::fmt::Display;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

/// The version of Daftar, as it stands beside what it published.
pub const PRODUCT: &str = env!("CARGO_PKG_VERSION");
/// How often a publication is tried again behind one that came in before it.
const ATTEMPTS_MAX: usize = 16;
/// A version that no stream has: a commit that expects it is never kept.
const NO_VERSION: Version = Version(u32::MAX);

/// A report that was made, to be published.
#[derive(Debug, Clone)]
pub struct Made {
    /// What is told of it; version, digest and length are filled in when it is published.
    pub snapshot: Snapshot,
    /// Its bytes.
    pub packed: Packed,
    /// By what a retry is known.
    pub stamp: Option<CommandStamp>,
    /// The time, taken once.
    pub now: Timestamp,
}

/// What a publication was answered.
#[derive(Debug, Clone)]
pub struct Publication {
    /// The report as it was published.
    pub listed: Listed,
    /// Whether the newest report of that name was the same already, so that nothing was published.
    pub unchanged: bool,
}

/// Why nothing was published.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeepError {
    /// It can't be packed into the room there is.
    #[error(transparent)]
    Packing(#[from] PackError),
    /// It can't be kept with all that stands beside it.
    #[error("the report can't be kept: {0}")]
    Unstorable(String),
    /// Others kept publishing under the name.
    #[error("others keep publishing under this name: try again")]
    Contended,
    /// The key came with another command before.
    #[error("this Idempotency-Key came with another command before: choose a new key for a new command")]
    KeyReused,
    /// The log failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The published reports there are; cheap to clone.
#[derive(Clone)]
pub struct Snapshots {
    log: Arc<dyn EventLog>,
    // Held while a publication is on its way, so that those of one process do not overtake one another.
    known: Arc<Mutex<snapshots::Snapshots>>,
}

impl Snapshots {
    /// Those of a log, which is read when somebody first asks.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        Self { log, known: Arc::default() }
    }

    /// The published report that `NAME` or `NAME@VERSION` means at a position, if there is one then.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read.
    pub async fn at(&self, name: &str, position: Position) -> Result<Option<Listed>, StoreError> {
        Ok(self.known().await?.at(name, position).cloned())
    }

    /// Every name at a position, each with its newest report.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read.
    pub async fn list(&self, position: Position) -> Result<Vec<Listed>, StoreError> {
        Ok(self.known().await?.list(position).cloned().collect())
    }

    /// The bytes of a report as they were published, compared with their digest.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read, or has other bytes.
    pub async fn bytes_of(&self, Listed { snapshot, published, .. }: &Listed) -> Result<String, StoreError> {
        let position = *published;
        let before = Version(snapshot.version.0.saturating_sub(1));
        let mut read = self.log.read_stream(&snapshot_stream(&snapshot.name), before, 1).await?;
        let recorded = read.pop().ok_or_else(|| wrong(position, &"the published report is not in its stream"))?;
        // Many bytes take their time.
        let unpacked = tokio::task::spawn_blocking(move || unpacked(&recorded, position));
        unpacked.await.map_err(|failure| StoreError::failed("reading a published report", failure))?
    }

    async fn known(&self) -> Result<MutexGuard<'_, snapshots::Snapshots>, StoreError> {
        let mut known = self.known.lock().await;
        known.catch_up(&*self.log as &dyn LogReader).await?;
        Ok(known)
    }

    /// What came of the same publication before, if anything did.
    ///
    /// # Errors
    ///
    /// [`KeepError`] when its key was used for another command, or the log failed.
    pub async fn first_answer(
        &self,
        name: &str,
        stamp: Option<CommandStamp>,
    ) -> Result<Option<Publication>, KeepError> {
        let Some(stamp) = stamp.filter(|stamp| self.log.knows_command(&stamp.id)) else { return Ok(None) };
        // The log answers after its next sync, so the first one is durable by then.
        match self.log.append(without_events(name, NO_VERSION, stamp)).await {
            Err(AppendError::Duplicate { first, count }) => self.retold(name, first, count).await.map(Some),
            Err(AppendError::Conflict { .. }) => Ok(None),
            Ok(_) => Err(StoreError::failed("looking up a command", "the log forgot it").into()),
            Err(refused) => Err(refused.into()),
        }
    }

    /// The publication whose event stands at a position; one without an event found the newest report before it.
    async fn retold(&self, name: &str, first: Position, count: u32) -> Result<Publication, KeepError> {
        let known = self.known().await?;
        let found = match count {
            0 => known.at(name, Position(first.0.saturating_sub(1))),
            _ => known.published_at(name, first),
        };
        let listed = found.cloned().ok_or_else(|| StoreError::failed("looking up a publication", "it is not there"))?;
        Ok(Publication { listed, unchanged: count == 0 })
    }

    /// Publishes a report as the next version of its name; one that equals the newest version changes nothing. When it
    /// answers, the report is durable.
    ///
    /// # Errors
    ///
    /// [`KeepError`]; nothing is published then, but after [`KeepError::Store`] that is not known.
    pub async fn publish(&self, mut made: Made) -> Result<Publication, KeepError> {
        (made.snapshot.digest, made.snapshot.length) = (made.packed.digest, made.packed.length);
        for _ in 0..ATTEMPTS_MAX {
            if let Some(publication) = self.attempt(&mut made).await? {
                return Ok(publication);
            }
        }
        Err(KeepError::Contended)
    }

    /// One attempt behind the newest report of the name; `None`: somebody wrote first.
    async fn attempt(&self, made: &mut Made) -> Result<Option<Publication>, KeepError> {
        let mut known = self.known().await?;
        let newest = known.at(&made.snapshot.name, Position(u64::MAX)).cloned();
        let version = newest.as_ref().map_or(Version::ZERO, |newest| newest.snapshot.version);
        // Compared as if it were that version.
        made.snapshot.version = version;
        let same = newest.filter(|newest| *newest.snapshot == made.snapshot);
        let commit = match (&same, made.stamp) {
            (Some(listed), None) => return Ok(Some(Publication { listed: listed.clone(), unchanged: true })),
            (Some(_), Some(stamp)) => without_events(&made.snapshot.name, version, stamp),
            (None, _) => commit_of(made, version)?,
        };
        match self.log.append(commit).await {
            Ok(appended) => {
                known.catch_up(&*self.log as &dyn LogReader).await?;
                let new = known.published_at(&made.snapshot.name, appended.last).cloned();
                let unchanged = same.is_some();
                let listed =
                    same.or(new).ok_or_else(|| StoreError::failed("publishing a report", "it is not there"))?;
                Ok(Some(Publication { listed, unchanged }))
            }
            Err(AppendError::Conflict { .. }) => Ok(None),
            Err(AppendError::Duplicate { first, count }) => {
                drop(known);
                self.retold(&made.snapshot.name, first, count).await.map(Some)
            }
            Err(refused) => Err(refused.into()),
        }
    }
}

/// The report whose publication was recorded at a position.
fn unpacked(recorded: &RecordedEvent, position: Position) -> Result<String, StoreError> {
    let head = recorded.bytes.head().map_err(|e| e.at(position))?;
    let facts = decode_facts(head.event_type, head.schema, head.facts);
    match facts.map_err(|source| StoreError::Unreadable { position, source })? {
        Facts::ReportPublished(facts) => {
            let bytes = unpack(&facts).map_err(|why| wrong(position, &why))?;
            String::from_utf8(bytes).map_err(|why| wrong(position, &why))
        }
        _ => Err(wrong(position, &"another event stands there than the published report")),
    }
}

fn wrong(position: Position, why: &dyn Display) -> StoreError {
    StoreError::Corrupt { position, why: why.to_string() }
}

fn commit_of(made: &Made, newest: Version) -> Result<Commit, KeepError> {
    let mut facts = made.snapshot.facts();
    facts.packed = &made.packed.bytes;
    snapshot_commit(&facts, newest, made.now, made.stamp).map_err(|why| KeepError::Unstorable(why.to_string()))
}

/// A commit that only keeps a command, or looks one up.
fn without_events(name: &str, expected: Version, stamp: CommandStamp) -> Commit {
    let stream = snapshot_stream(name);
    Commit { stream, expected, events: Vec::new(), command: Some(stamp), recorded_at: None }
}

impl From<AppendError> for KeepError {
    fn from(refused: AppendError) -> Self {
        match refused {
            AppendError::Conflict { .. } => Self::Contended,
            AppendError::KeyReused => Self::KeyReused,
            AppendError::Store(failure) => Self::Store(failure),
            refused @ (AppendError::Duplicate { .. } | AppendError::Unstorable(_)) => {
                Self::Unstorable(refused.to_string())
            }
        }
    }
}
