//! Numbers, bytes and columns written behind each other.

use crate::columns::cell::Cell;
use crate::columns::column::Column;
use crate::columns::packed::Packed;

/// Writes the parts of a state behind each other.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

/// Reads what a [`Writer`] wrote. Nothing it reads is believed: whatever does not fit is `None`.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl Writer {
    /// Writes a number.
    pub fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// Writes bytes and how many they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// Writes a column.
    pub(crate) fn column<T: Cell>(&mut self, column: &Column<T>) {
        let packed = column.to_packed();
        let (smallest, step, width, _, bytes) = packed.parts();
        self.number(smallest.cast_unsigned());
        self.number(step);
        self.0.push(width);
        self.bytes(bytes);
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl<'a> Reader<'a> {
    /// Reads from the beginning of what was written.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Reads a number.
    pub fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    /// Reads bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Reads so many bytes.
    pub(crate) fn exactly<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    /// Reads a column of so many rows.
    pub(crate) fn column<T: Cell>(&mut self, rows: u32) -> Option<Column<T>> {
        let (smallest, step) = (self.number()?.cast_signed(), self.number()?);
        let [width] = self.exactly()?;
        Packed::of_parts(smallest, step, width, rows, self.bytes()?.into()).map(Column::of_packed)
    }

    /// Whether everything was read.
    #[must_use]
    pub const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}
