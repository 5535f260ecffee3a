//! The published reports there are at a position of the log, without their bytes.

use daftar_domain::ids::{AgentId, AutomationId};
use daftar_domain::{Actor, Timestamp};
use daftar_eventlog::codec::EventType;
use daftar_eventlog::facts::{self, Facts, ReportPublished};
use daftar_eventlog::{FactBlock, FactRow, LogReader, Position, StoreError, Version};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A published report, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// How many reports had been published under the name with it: 1 is the first.
    pub version: Version,
    /// Which report it is.
    pub report: String,
    /// The parameters it was asked with, sorted by name; customers stand in them by pseudonym.
    pub query: Vec<(String, String)>,
    /// The name of the definition it was made under.
    pub definition: String,
    /// That definition's version; 0: a preset, or one that came with the request.
    pub definition_version: u64,
    /// The definition's document, where it came with the request.
    pub document: Option<String>,
    /// The end of the prefix of the log that it speaks for.
    pub position: Position,
    /// The version of Daftar that made it.
    pub product: String,
    /// Who published it, where that was said: an agent or an automation.
    pub by: Option<Actor>,
    /// The BLAKE3 of its bytes.
    pub digest: [u8; 32],
    /// How many bytes it has.
    pub length: u32,
}

/// A published report, and where and when it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The report.
    pub snapshot: Arc<Snapshot>,
    /// The position of its event.
    pub published: Position,
    /// When the log recorded it.
    pub published_at: Timestamp,
}

/// Every published report, by name; a fold over the log's publications.
#[derive(Debug, Clone, Default)]
pub struct Snapshots {
    known: BTreeMap<String, Vec<Listed>>,
    position: Position,
}

impl Snapshot {
    /// What its event states, without the packed bytes.
    #[must_use]
    pub fn facts(&self) -> ReportPublished<'_> {
        ReportPublished {
            name: &self.name,
            report: &self.report,
            query: self.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            definition: &self.definition,
            definition_version: self.definition_version,
            document: self.document.as_deref(),
            position: self.position.0,
            product: &self.product,
            by: self.by.as_ref().and_then(stored),
            digest: self.digest,
            length: self.length,
            packed: &[],
        }
    }

    fn of(facts: &ReportPublished<'_>, version: Version) -> Self {
        Self {
            name: facts.name.to_owned(),
            version,
            report: facts.report.to_owned(),
            query: facts.query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            definition: facts.definition.to_owned(),
            definition_version: facts.definition_version,
            document: facts.document.map(str::to_owned),
            position: Position(facts.position),
            product: facts.product.to_owned(),
            by: facts.by.and_then(loaded),
            digest: facts.digest,
            length: facts.length,
        }
    }
}

/// An agent or an automation as stored; no customer ever publishes.
fn stored(by: &Actor) -> Option<facts::Actor<'_>> {
    match by {
        Actor::Agent(id) => Some(facts::Actor::Agent(id.as_str())),
        Actor::Automation(id) => Some(facts::Actor::Automation(id.as_ref().map(AutomationId::as_str))),
        Actor::Customer(_) => None,
    }
}

fn loaded(by: facts::Actor<'_>) -> Option<Actor> {
    match by {
        facts::Actor::Agent(id) => Some(Actor::Agent(AgentId::known_good(id))),
        facts::Actor::Automation(id) => Some(Actor::Automation(id.map(AutomationId::known_good))),
        facts::Actor::Customer(_) => None,
    }
}

impl Snapshots {
    /// Reads what a log has published since it was read last.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read.
    pub async fn catch_up(&mut self, log: &dyn LogReader) -> Result<(), StoreError> {
        while let Some(block) = log.fact_block(self.position).await? {
            self.take_in(&block)?;
        }
        Ok(())
    }

    /// The position up to which it was read.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Takes in every publication of a block after those it has.
    fn take_in(&mut self, block: &FactBlock) -> Result<(), StoreError> {
        let is_one = |of_event: EventType| of_event == EventType::REPORT_PUBLISHED;
        // Nearly every block has none, and the column of types says so.
        if block.types().any(is_one) {
            let new = block.iter_after(self.position).filter(|row| is_one(row.event_type));
            new.collect::<Vec<_>>().iter().try_for_each(|row| self.take_in_row(row))?;
        }
        self.position = block.last();
        Ok(())
    }

    fn take_in_row(&mut self, row: &FactRow<'_>) -> Result<(), StoreError> {
        let position = row.position;
        let unreadable = |source| StoreError::Unreadable { position, source };
        let facts = row.decode().map_err(unreadable)?;
        let Facts::ReportPublished(facts) = facts else { return Ok(()) };
        let snapshot = Arc::new(Snapshot::of(&facts, row.version));
        let listed = Listed { snapshot, published: position, published_at: row.recorded_at };
        self.known.entry(facts.name.to_owned()).or_default().push(listed);
        Ok(())
    }

    /// The published report that `NAME` or `NAME@VERSION` means at a position; a bare name means the newest version there.
    /// `None`: there is none, or not yet.
    #[must_use]
    pub fn at(&self, name: &str, position: Position) -> Option<&Listed> {
        match name.split_once('@') {
            None => self.newest(name, position),
            Some((name, version)) => {
                let asked = |listed: &&Listed| listed.snapshot.version.0.to_string() == version;
                self.known.get(name)?.iter().find(asked).filter(|listed| listed.published <= position)
            }
        }
    }

    /// The report whose publication stands at a position.
    #[must_use]
    pub fn published_at(&self, name: &str, position: Position) -> Option<&Listed> {
        self.newest(name, position).filter(|listed| listed.published == position)
    }

    /// Every name at a position, each with its newest report, in order of names.
    pub fn list(&self, position: Position) -> impl Iterator<Item = &Listed> {
        self.known.keys().filter_map(move |name| self.newest(name, position))
    }

    fn newest(&self, name: &str, position: Position) -> Option<&Listed> {
        self.known.get(name)?.iter().rev().find(|listed| listed.published <= position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::MemoryLog;
    use daftar_eventlog::codec::encode;

    fn stated(name: &str) -> ReportPublished<'_> {
        ReportPublished {
            name,
            report: "flow",
            query: vec![("branch", "تهران"), ("from", "2026-01-01")],
            definition: "mine",
            definition_version: 3,
            document: None,
            position: 1,
            product: "0.1.0",
            by: Some(facts::Actor::Agent("sara")),
            digest: [7; 32],
            length: 9,
            packed: &[],
        }
    }

    #[tokio::test]
    async fn what_an_event_states_is_what_is_listed() {
        let log = MemoryLog::behind(EventType::REPORT_PUBLISHED, &encode("facts", &stated("q1")).unwrap(), &[]);
        let mut snapshots = Snapshots::default();
        snapshots.catch_up(&log).await.unwrap();
        snapshots.catch_up(&log).await.unwrap();
        assert_eq!((snapshots.position(), snapshots.list(Position(1)).count()), (Position(1), 1));
        let listed = snapshots.at("q1", Position(1)).unwrap();
        assert_eq!((listed.snapshot.facts(), listed.snapshot.version), (stated("q1"), Version(1)));
        assert_eq!(snapshots.published_at("q1", Position(1)), Some(listed));
        assert_eq!(snapshots.at("q1@1", Position(9)), Some(listed));
        for (name, position) in [("q1", 0), ("q1@1", 0), ("q1@2", 9), ("q1@01", 9), ("q1@", 9), ("q2", 9)] {
            assert_eq!(snapshots.at(name, Position(position)), None, "{name} at {position}");
        }
        assert_eq!((snapshots.list(Position::ZERO).count(), snapshots.published_at("q1", Position(2))), (0, None));
    }
}
