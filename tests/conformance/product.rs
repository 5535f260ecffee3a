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
    keys: Arc<dyn KeyStore>,
    pub(crate) last: Position,
}

impl Product {
    /// Imports lines and folds them under a definition document.
    pub(crate) fn of(lines: &[String], document: &Value) -> Supported<Self> {
        let definition = definition(document)?;
        // Reports are made under the built-in definition alone so far: other folded fields have no state.
        if definition.folded() != Definition::default().folded() {
            return unsupported("reports under another definition than the built-in one");
        }
        let keys: Arc<dyn KeyStore> = Arc::new(MemoryKeys::new().unwrap());
        let log = MemoryLog::new(system_clock()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(import(&log, &keys, lines))?;
        let mut state = Measurements::default();
        runtime.block_on(catch_up(&log, &mut state, None, |_| {})).unwrap();
        let last = *log.durable().borrow();
        Ok(Self { state, keys, last })
    }

    /// The rows of a report of what was known at a position.
    pub(crate) fn rows(&self, name: &str, parameters: &[(&str, String)], position: Position) -> Supported<Vec<Value>> {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let query = Query::parse(name, parameters).map_err(|wrong| Unsupported(format!("report {name}: {wrong:?}")))?;
        let made = report(&self.state, &query, position, &KeyLabels(Arc::clone(&self.keys))).unwrap();
        let made: Value = serde_json::from_str(&made.to_json()).unwrap();
        Ok(made["rows"].as_array().cloned().unwrap_or_default())
    }
}

/// Reads a definition as a user's document is read.
fn definition(document: &Value) -> Supported<Definition> {
    serde_json::from_str(&document.to_string()).map_err(|wrong| Unsupported(format!("definition: {wrong}")))
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

/// Questions to schedules alone, of tickets of no branch and department.
pub(crate) mod calendar {
    use super::{Supported, unsupported};
    use serde_json::Value;

    /// Whether it is open at an instant.
    pub(crate) fn is_open(_schedules: &Value, _at: i64) -> Supported<bool> {
        unsupported("schedules are not asked yet")
    }

    /// The first open instant from one on.
    pub(crate) fn next_opening(_schedules: &Value, _at: i64) -> Supported<Option<i64>> {
        unsupported("schedules are not asked yet")
    }

    /// The first so many open periods from an instant on.
    pub(crate) fn open_periods(_schedules: &Value, _from: i64, _count: usize) -> Supported<Vec<(i64, i64)>> {
        unsupported("schedules are not asked yet")
    }
}
