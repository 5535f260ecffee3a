//! Measurements and tickets as plain rows, for programs that count by themselves.
//!
//! # Layout
//!
//! - [`tickets`]: what is known of each ticket; [`measured`]: one row a measurement
//! - [`values`]: the values of the dimensions that both kinds of rows have
//!
//! Rows say what stands at the end of what was folded, with names in place of numbers. Durations are in microseconds
//! on the clocks of the definition, instants in microseconds since 1970. Nothing is left out: rows of void tickets say
//! that they are.

pub mod measured;
pub mod tickets;
pub mod values;

#[cfg(test)]
mod tests;

use crate::definition::document::Definition;
use crate::measurements::Measurements;
use crate::report::CustomerLabels;

/// What rows are made of.
#[derive(Clone, Copy)]
pub struct Export<'a> {
    /// What was folded, to the end that rows speak for.
    pub state: &'a Measurements,
    /// The definition it was folded under.
    pub definition: &'a Definition,
    /// What customers are called.
    pub labels: &'a dyn CustomerLabels,
}
