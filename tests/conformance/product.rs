//! The product, asked as its users ask it: lines imported into a log in memory, folded under a definition, reported.
//!
//! Everything that calls the product is here.

use super::case::{Supported, Unsupported, unsupported};
use daftar_domain::Limits;
use daftar_eventlog::clock::system_clock;
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::import::{LineReader, Reject, replay_into};
use daftar_eventlog::memory::MemoryLog;
use daftar_eventlog::sealing::{KeyStore, memory_keys::MemoryKeys};
use daftar_eventlog::{LogReader, Position};
use daftar_projections::business_time::{ScheduleClass, Schedules};
use daftar_projections::definition::catalog::Published;
use daftar_projections::definition::document::Definition;
use daftar_projections::labels::KeyLabels;
use daftar_projections::measurements::Measurements;
use daftar_projections::projector::catch_up;
use daftar_projections::report::query::Query;
use daftar_projections::report::report;
use serde_json::Value;
use std::sync::Arc;

/// A history, folded under a definition.
pub(crate) struct Product {
    state: Measurements,
    definition: Arc<Published>,
    keys: Arc<dyn KeyStore>,
    pub(crate) last: Position,
}

impl Product {
    /// Imports lines and folds them under a definition document.
    pub(crate) fn of(lines: &[String], document: &Value) -> Supported<Self> {
        let definition = definition(document)?;
        let keys: Arc<dyn KeyStore> = Arc::new(MemoryKeys::new().unwrap());
        let log = MemoryLog::new(system_clock()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(import(&log, &keys, lines))?;
        let mut state = Measurements::under(definition.folded());
        runtime.block_on(catch_up(&log, &mut state, None, |_| {})).unwrap();
        let last = *log.durable().borrow();
        Ok(Self { state, definition: Arc::new(Published { document: definition, version: 0 }), keys, last })
    }

    /// The rows of a report of what was known at a position.
    pub(crate) fn rows(&self, name: &str, parameters: &[(&str, String)], position: Position) -> Supported<Vec<Value>> {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let query = Query::parse(name, parameters).map_err(|wrong| Unsupported(format!("report {name}: {wrong:?}")))?;
        let labels = KeyLabels(Arc::clone(&self.keys));
        let made = report(&self.state, &query, &self.definition, position, &labels).unwrap();
        let made: Value = serde_json::from_str(&made.to_json()).unwrap();
        Ok(made["rows"].as_array().cloned().unwrap_or_default())
    }
}

/// Reads a definition as a user's document is read.
fn definition(document: &Value) -> Supported<Definition> {
    Definition::from_json(&document.to_string()).map_err(|wrong| Unsupported(format!("definition: {wrong:?}")))
}

async fn import(log: &MemoryLog, keys: &Arc<dyn KeyStore>, lines: &[String]) -> Supported<()> {
    let text = lines.join("\n") + "\n";
    let codec = TicketCodec::new(Arc::clone(keys), log.identity().log_id);
    let mut rejected = Vec::new();
    let mut on_reject = |reject: Reject<'_>| rejected.push(format!("line {}: {}", reject.line, reject.reason));
    let reader = LineReader::new(text.as_bytes(), Limits::default());
    replay_into(log, &codec, reader, system_clock(), &mut on_reject).await.unwrap();
    if rejected.is_empty() { Ok(()) } else { unsupported(rejected.join("; ")) }
}

/// The schedules of a definition, asked alone, for tickets of no branch and department.
pub(crate) struct Calendar {
    schedules: Schedules,
    class: ScheduleClass,
}

impl Calendar {
    /// Those of a definition document.
    pub(crate) fn of(document: &Value) -> Supported<Self> {
        let schedules = Schedules::prepare(&definition(document)?.schedules);
        let class = schedules.class(None, None);
        Ok(Self { schedules, class })
    }

    /// Whether it is open at an instant.
    pub(crate) fn is_open(&self, at: i64) -> bool {
        self.schedules.is_open(self.class, at)
    }

    /// The first open instant from one on.
    pub(crate) fn next_opening(&self, at: i64) -> Option<i64> {
        self.schedules.next_opening(self.class, at)
    }

    /// The first so many open periods from an instant on.
    pub(crate) fn open_periods(&self, from: i64, count: usize) -> Vec<(i64, i64)> {
        self.schedules.open_periods(self.class, from).take(count).collect()
    }
}
