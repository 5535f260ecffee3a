//! Stories held to sentences and values worked out by hand, and their segments to what was measured.

mod by_hand;
mod laws;

use super::{Story, Teller};
use crate::definition::document::Definition;
use crate::test_support::{Entry, MemoryLog};
use daftar_eventlog::{FactRow, Position};
use std::sync::Arc;

/// Folds one ticket of a history alone.
pub(crate) fn story(definition: &Definition, entries: &[Entry], ticket: u32) -> Story {
    let log = MemoryLog::of(entries);
    let positions: Vec<_> =
        entries.iter().zip(2..).filter(|(entry, _)| entry.ticket == ticket).map(|(_, at)| Position(at)).collect();
    let blocks: Vec<_> = positions.iter().map(|at| log.block_after(Position(at.0 - 1)).unwrap()).collect();
    let rows = blocks.iter().zip(&positions).map(|(block, at)| row(block, *at));
    Teller::new(Arc::new(definition.clone())).story(&format!("T-{ticket}"), rows).unwrap()
}

fn row(block: &daftar_eventlog::FactBlock, at: Position) -> FactRow<'_> {
    block.iter().find(|row| row.position == at).unwrap()
}

/// How many random cases: many more where the long form is asked for.
fn cases() -> u32 {
    if std::env::var_os("DAFTAR_LONG").is_some() { 20_000 } else { 400 }
}
