//! The definitions there are at a position of the log: presets, and every version published.

use super::document::{Definition, Folded};
use super::presets;
use daftar_domain::Timestamp;
use daftar_eventlog::codec::EventType;
use daftar_eventlog::facts::Facts;
use daftar_eventlog::{FactBlock, FactRow, LogReader, Position, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A definition under its name and version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Published {
    /// The definition.
    pub document: Definition,
    /// Its version; 0: a preset, built in.
    pub version: u64,
}

/// A definition of the catalog, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The newest version.
    pub published: Arc<Published>,
    /// Whether a preset has that name, which stays as version 0.
    pub preset: bool,
    /// When the newest version was published; none: never.
    pub published_at: Option<Timestamp>,
}

/// Where and when a version was published.
#[derive(Debug, Clone)]
struct Entry {
    position: Position,
    recorded_at: Timestamp,
    published: Arc<Published>,
}

/// Every definition, by name; a fold over the log's publications.
#[derive(Debug, Clone)]
pub struct Catalog {
    presets: BTreeMap<String, Arc<Published>>,
    published: BTreeMap<String, Vec<Entry>>,
}

impl Default for Catalog {
    /// The presets alone.
    fn default() -> Self {
        let preset = |document: Definition| (document.name.clone(), Arc::new(Published { document, version: 0 }));
        Self { presets: presets::all().map(preset).collect(), published: BTreeMap::new() }
    }
}

impl Catalog {
    /// Reads what a log has published so far.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read, or a document in it is not one.
    pub async fn of(log: &dyn LogReader) -> Result<Self, StoreError> {
        let (mut catalog, mut after) = (Self::default(), Position::ZERO);
        while let Some(block) = log.fact_block_beside_tickets(after).await? {
            catalog.take_in(&block)?;
            after = block.last();
        }
        Ok(catalog)
    }

    /// Takes in every publication of a block; one that it has is left as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when an event can't be read, or its document is not one.
    pub fn take_in(&mut self, block: &FactBlock) -> Result<(), StoreError> {
        let is_one = |of_event: EventType| of_event == EventType::DEFINITION_PUBLISHED;
        // Nearly every block has none, and the column of types says so.
        if !block.types().any(is_one) {
            return Ok(());
        }
        block.iter().filter(|row| is_one(row.event_type)).try_for_each(|row| self.take_in_row(&row))
    }

    fn take_in_row(&mut self, row: &FactRow<'_>) -> Result<(), StoreError> {
        let position = row.position;
        let unreadable = |source| StoreError::Unreadable { position, source };
        let facts = row.decode().map_err(unreadable)?;
        let Facts::DefinitionPublished(published) = facts else { return Ok(()) };
        let wrong = |why: String| StoreError::Corrupt {
            position,
            why: format!(
                "the definition published there can't be read ({why}); a newer version may have written it: upgrade"
            ),
        };
        let document = Definition::of_log(published.document).map_err(|why| wrong(why.to_string()))?;
        self.apply(document, row.version.0.into(), position, row.recorded_at);
        Ok(())
    }

    /// Takes in a publication; those of one name come in order, the first is version 1. One that it has is left as it is.
    pub fn apply(&mut self, document: Definition, version: u64, position: Position, recorded_at: Timestamp) {
        let versions = self.published.entry(document.name.clone()).or_default();
        if versions.last().is_none_or(|newest| newest.published.version < version) {
            let published = Arc::new(Published { document, version });
            versions.push(Entry { position, recorded_at, published });
        }
    }

    /// The definition that `NAME` or `NAME@VERSION` means at a position; a bare name means its newest version there,
    /// `NAME@0` the preset. `None`: there is none, or not yet.
    #[must_use]
    pub fn at(&self, name: &str, position: Position) -> Option<Arc<Published>> {
        let (name, version) = name.split_once('@').map_or((name, None), |(name, version)| (name, Some(version)));
        let preset = || self.presets.get(name);
        match version {
            None => self.newest(name, position).map(|entry| &entry.published).or_else(preset).cloned(),
            Some("0") => preset().cloned(),
            Some(version) => {
                let version = version.parse().ok().filter(|number: &u64| number.to_string() == version)?;
                let known = |entry: &&Entry| entry.published.version == version && entry.position <= position;
                self.published.get(name)?.iter().find(known).map(|entry| Arc::clone(&entry.published))
            }
        }
    }

    /// The newest version of a name at a position whose folded fields are these; `None`: none has them.
    #[must_use]
    pub fn at_under(&self, name: &str, position: Position, folded: &Folded) -> Option<Arc<Published>> {
        let versions = self.published.get(name).into_iter().flatten().rev();
        let known = versions.filter(|entry| entry.position <= position).map(|entry| &entry.published);
        known.chain(self.presets.get(name)).find(|published| published.document.folded() == *folded).cloned()
    }

    /// Every definition at a position, each in its newest version, in order of names.
    #[must_use]
    pub fn list(&self, position: Position) -> Vec<Listed> {
        let mut listed: BTreeMap<&str, Listed> = BTreeMap::new();
        for (name, preset) in &self.presets {
            let published = Arc::clone(preset);
            listed.insert(name, Listed { published, preset: true, published_at: None });
        }
        for name in self.published.keys() {
            if let Some(Entry { recorded_at, published, .. }) = self.newest(name, position) {
                let (published, preset) = (Arc::clone(published), self.presets.contains_key(name));
                listed.insert(name, Listed { published, preset, published_at: Some(*recorded_at) });
            }
        }
        listed.into_values().collect()
    }

    fn newest(&self, name: &str, position: Position) -> Option<&Entry> {
        self.published.get(name)?.iter().rev().find(|entry| entry.position <= position)
    }
}
