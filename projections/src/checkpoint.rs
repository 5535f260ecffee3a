//! Checkpoints: a state written down as it lies in memory, so that a restart need not fold the whole log again.

/// Writes the parts of a state behind each other.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

/// Reads what a [`Writer`] wrote. Nothing it reads is believed: whatever does not fit is `None`.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

use crate::columns::cell::Cell;
use crate::columns::column::Column;
use crate::columns::packed::Packed;

impl Writer {
    /// Writes a number.
    pub fn number(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    /// Writes bytes and how many they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes a column.
    pub(crate) fn column<T: Cell>(&mut self, column: &Column<T>) {
        let packed = column.to_packed();
        let (smallest, step, width, _, bytes) = packed.parts();
        self.number(smallest.cast_unsigned());
        self.number(step);
        self.bytes.push(width);
        self.bytes(bytes);
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl<'a> Reader<'a> {
    /// Reads from the beginning of what was written.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Reads a number.
    pub fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(u64::from_le_bytes(*number))
    }

    /// Reads bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.bytes.split_at_checked(len)?;
        self.bytes = rest;
        Some(bytes)
    }

    /// Reads a column of so many rows.
    pub(crate) fn column<T: Cell>(&mut self, rows: u32) -> Option<Column<T>> {
        let (smallest, step) = (self.number()?.cast_signed(), self.number()?);
        let (width, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Packed::of_parts(smallest, step, *width, rows, self.bytes()?.into()).map(Column::of_packed)
    }

    /// Whether everything was read.
    #[must_use]
    pub const fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }
}
