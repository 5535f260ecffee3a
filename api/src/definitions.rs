//! The definitions of a desk: what its log has published, and publishing more.
//!
//! Whoever looks a definition up waits for a publication under way: an answer as of a position then always knows what
//! was published up to there.

use daftar_domain::Timestamp;
use daftar_eventlog::definition::definition_commit;
use daftar_eventlog::{AppendError, EventLog, LogReader, Position, StoreError, Version};
use daftar_projections::definition::catalog::{Catalog, Listed, Published};
use daftar_projections::definition::document::{Definition, Folded};
use std::sync::Arc;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The definition of a query that names none.
pub const DEFAULT: &str = "default";

/// The definition of queries that name none, at a position.
#[derive(Debug, Clone)]
pub struct DefaultVersions {
    /// The newest version at the position that has those fields; none: no version has them.
    pub answering: Option<Arc<Published>>,
    /// The newest version of all, at whatever position.
    pub newest: Arc<Published>,
}

/// What a publication was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publication {
    /// The definition's newest version now.
    pub version: u64,
    /// Its event's position; where nothing changed, the log's last.
    pub position: Position,
    /// Whether nothing changed: it was published like this already.
    pub unchanged: bool,
    /// Whether there was no definition of that name before.
    pub created: bool,
}

/// Why nothing was published.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PublishError {
    /// The definition has another version than the one asked for.
    #[error("the definition is at version {actual}, not at {expected}: read it again and decide anew")]
    StaleVersion {
        /// The version asked for.
        expected: u64,
        /// The version it has; 0: never published.
        actual: u64,
    },
    /// Somebody else published at the same time.
    #[error("somebody else published the definition at the same time: read it again and decide anew")]
    Overtaken,
    /// It can't be kept.
    #[error("the definition can't be kept: {0}")]
    Unstorable(String),
    /// The log failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The definitions there are; cheap to clone.
#[derive(Clone)]
pub struct Definitions {
    log: Arc<dyn EventLog>,
    // Held for writing while a publication is on its way into the log, so that nobody reads past it.
    known: Arc<RwLock<Known>>,
}

struct Known {
    catalog: Catalog,
    /// Whether the log may have a publication that the catalog has not: an append failed, and may have been kept.
    behind: bool,
}

impl Definitions {
    /// Reads what the log has published.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read.
    pub async fn open(log: Arc<dyn EventLog>) -> Result<Self, StoreError> {
        let catalog = Catalog::of(&*log as &dyn LogReader).await?;
        Ok(Self { log, known: Arc::new(RwLock::new(Known { catalog, behind: false })) })
    }

    /// The definition that `NAME` or `NAME@VERSION` means at a position, if there is one then.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log must be read for it and can't.
    pub async fn at(&self, name: &str, position: Position) -> Result<Option<Arc<Published>>, StoreError> {
        Ok(self.known().await?.catalog.at(name, position))
    }

    /// The version of the default under which a state measured under these fields answers at a position, and the newest
    /// of all.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log must be read for it and can't.
    pub async fn default_under(&self, folded: &Folded, position: Position) -> Result<DefaultVersions, StoreError> {
        let known = self.known().await?;
        let newest = known.catalog.at(DEFAULT, Position(u64::MAX)).unwrap_or_default();
        let answering = known.catalog.at_under(DEFAULT, position, folded);
        Ok(DefaultVersions { answering, newest })
    }

    /// Every definition at a position, each in its newest version.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log must be read for it and can't.
    pub async fn list(&self, position: Position) -> Result<Vec<Listed>, StoreError> {
        Ok(self.known().await?.catalog.list(position))
    }

    async fn known(&self) -> Result<RwLockReadGuard<'_, Known>, StoreError> {
        let known = self.known.read().await;
        if !known.behind {
            return Ok(known);
        }
        drop(known);
        let mut known = self.known.write().await;
        self.catch_up(&mut known).await?;
        Ok(RwLockWriteGuard::downgrade(known))
    }

    async fn catch_up(&self, known: &mut Known) -> Result<(), StoreError> {
        if known.behind {
            // While the log is stopped, what it kept is not settled.
            let settled = self.log.stopped().is_none();
            known.catalog = Catalog::of(&*self.log as &dyn LogReader).await?;
            known.behind = !settled;
        }
        Ok(())
    }

    /// Publishes a definition, which must be valid, as the next version of its name; one that equals the newest version
    /// changes nothing. When it answers, the version is durable.
    ///
    /// # Errors
    ///
    /// [`PublishError`]; nothing is published then, but after [`PublishError::Store`] that is not known.
    pub async fn publish(
        &self,
        document: Definition,
        if_version: Option<u64>,
        now: Timestamp,
    ) -> Result<Publication, PublishError> {
        let own = self.clone();
        // A task of its own: who gives up waiting must not leave the catalog behind the log.
        let publishing = tokio::spawn(async move { own.publish_in_turn(document, if_version, now).await });
        publishing.await.map_err(|failure| StoreError::failed("publishing a definition", failure))?
    }

    async fn publish_in_turn(
        &self,
        document: Definition,
        if_version: Option<u64>,
        now: Timestamp,
    ) -> Result<Publication, PublishError> {
        let mut known = self.known.write().await;
        self.catch_up(&mut known).await?;
        let newest = known.catalog.at(&document.name, Position(u64::MAX));
        let version = newest.as_ref().map_or(0, |newest| newest.version);
        if let Some(expected) = if_version.filter(|expected| *expected != version) {
            return Err(PublishError::StaleVersion { expected, actual: version });
        }
        let created = newest.is_none();
        if newest.is_some_and(|newest| newest.document == document) {
            let position = *self.log.durable().borrow();
            return Ok(Publication { version, position, unchanged: true, created });
        }
        let position = self.append(&mut known, document, version, now).await?;
        Ok(Publication { version: version + 1, position, unchanged: false, created })
    }

    async fn append(
        &self,
        known: &mut Known,
        document: Definition,
        newest: u64,
        now: Timestamp,
    ) -> Result<Position, PublishError> {
        let unstorable = |why: &dyn std::fmt::Display| PublishError::Unstorable(why.to_string());
        let newest = u32::try_from(newest).map(Version).map_err(|e| unstorable(&e))?;
        let commit = definition_commit(&document.name, &document.to_json(), newest, now).map_err(|e| unstorable(&e))?;
        // Until the log has answered, nobody knows what it kept.
        known.behind = true;
        let appended = self.log.append(commit).await;
        known.behind = matches!(appended, Err(AppendError::Store(_) | AppendError::Conflict { .. }));
        let appended = appended.map_err(|refused| match refused {
            AppendError::Conflict { .. } => PublishError::Overtaken,
            AppendError::Store(failure) => PublishError::Store(failure),
            refused => unstorable(&refused),
        })?;
        known.catalog.apply(document, u64::from(newest.0) + 1, appended.last, appended.recorded_at);
        Ok(appended.last)
    }
}
