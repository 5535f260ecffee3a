//! The rows of a block: what it has of each event but facts, in one place, so that whoever folds an event finds all of it.

use crate::codec::EventType;
use crate::position::{StreamNumber, Version};
use daftar_domain::Timestamp;

/// How many bytes a row has.
pub(super) const ROW_LEN: usize = 27;

/// The bytes of a row: occurred_at `i64`, stream `u32`, version `u32`, back `u32`, where its facts begin `u32`, type `u16`,
/// schema `u8`. Behind the last row stands one that only says where the facts of the last end.
pub(super) type RowBytes = [u8; ROW_LEN];

const OCCURRED_AT: usize = 0;
const STREAM: usize = 8;
const VERSION: usize = 12;
const BACK: usize = 16;
const FACTS: usize = 20;
const TYPE: usize = 24;
const SCHEMA: usize = 26;

/// The bytes of a row with these values, but for where its facts begin.
pub(super) fn bytes(row: &super::StoredRow<'_>) -> RowBytes {
    let mut bytes = [0; ROW_LEN];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(OCCURRED_AT, &row.occurred_at.micros().to_le_bytes());
    put(STREAM, &row.stream.0.to_le_bytes());
    put(VERSION, &row.version.0.to_le_bytes());
    put(BACK, &row.back.to_le_bytes());
    put(TYPE, &row.event_type.0.to_le_bytes());
    put(SCHEMA, &[row.schema]);
    bytes
}

/// The row that says where its facts begin.
pub(super) fn with_facts_at(mut row: RowBytes, begin: u32) -> RowBytes {
    row[FACTS..TYPE].copy_from_slice(&begin.to_le_bytes());
    row
}

/// The `N` bytes at a place that every row has.
#[inline(always)]
fn at<const N: usize>(row: &RowBytes, at: usize) -> [u8; N] {
    let mut value = [0; N];
    value.copy_from_slice(&row[at..at + N]);
    value
}

/// When the event happened.
#[inline(always)]
pub(super) fn occurred_at(row: &RowBytes) -> Timestamp {
    Timestamp::clamped(i64::from_le_bytes(at(row, OCCURRED_AT)))
}

/// Its stream.
#[inline(always)]
pub(super) fn stream(row: &RowBytes) -> StreamNumber {
    StreamNumber(u32::from_le_bytes(at(row, STREAM)))
}

/// Its version there.
#[inline(always)]
pub(super) fn version(row: &RowBytes) -> Version {
    Version(u32::from_le_bytes(at(row, VERSION)))
}

/// The distance to the event before it in its stream.
#[inline(always)]
pub(super) fn back(row: &RowBytes) -> u32 {
    u32::from_le_bytes(at(row, BACK))
}

/// Where its facts begin among those of the block.
#[inline(always)]
pub(super) fn facts_at(row: &RowBytes) -> usize {
    u32::from_le_bytes(at(row, FACTS)) as usize
}

/// Its type.
#[inline(always)]
pub(super) fn event_type(row: &RowBytes) -> EventType {
    EventType(u16::from_le_bytes(at(row, TYPE)))
}

/// The schema version of its facts.
#[inline(always)]
pub(super) fn schema(row: &RowBytes) -> u8 {
    row[SCHEMA]
}

/// A row, and the one behind it.
///
/// # Panics
///
/// When there are no such rows.
#[inline(always)]
pub(super) fn pair(rows: &[RowBytes], row: usize) -> &[RowBytes; 2] {
    let both = rows[row..].first_chunk();
    // As an index does: callers know how many rows there are.
    both.unwrap_or_else(|| panic!("row {row} of a block of {}", rows.len().saturating_sub(1)))
}
