//! The definitions there are at a position of the log: presets, and every version published.

use super::document::Definition;
use super::presets;
use daftar_domain::Timestamp;
use daftar_eventlog::Position;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A definition under its name and version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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

    /// The newest published version of a name at a position, with when it was recorded; not the preset.
    #[must_use]
    pub fn published_at(&self, name: &str, position: Position) -> Option<Timestamp> {
        self.newest(name, position).map(|entry| entry.recorded_at)
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
