//! Explanations: the measurements that make one cell of a report, and those that once made it.
//!
//! # Layout
//!
//! - [`ask`]: what is asked; `cell`: where the cell lies; [`cursor`]: where the next page begins
//! - `found`: everything that entered it; `opened`: which report has it, and how its parts are read
//! - `recorder`: takes down what the report's own counting enters into the cell; `part`: what one measurement is in a
//!   figure; [`recall`]: what was taken back
//! - [`against`]: one cell under two definitions; [`foremost`]: the tickets that bear most on a cell
//! - `told`: the items in words, by the stories of their tickets
//! - [`ranks`]: between which values a percentile lies; `json`: an explanation as JSON
//!
//! # Invariants
//!
//! No figure is counted here: the report counts, into a row of its own for each measurement, and the row tells what
//! that one measurement is in the figure. So an explanation cannot differ from its report.

pub mod against;
pub mod ask;
mod cell;
pub mod cursor;
pub mod foremost;
mod found;
mod json;
pub(in crate::report) mod opened;
pub(in crate::report) mod part;
pub mod ranks;
pub mod recall;
pub(in crate::report) mod recorder;
mod told;

#[cfg(test)]
mod tests;

use super::figure::Figure;
use super::periods::Period;
use super::query::{AsOf, ReportName};
use super::{CustomerLabels, ReportError};
use crate::definition::catalog::Published;
use crate::definition::document::{TargetMetric, Within};
use crate::exact::Decimal;
use crate::measurements::Measurements;
use crate::story::Told;
use crate::ticket_facts::Micros;
use ask::Ask;
use cursor::{CursorError, Place};
use daftar_domain::Invalid;
use daftar_domain::satisfaction::Scale;
use daftar_eventlog::{Epochs, OtherHistory, Position};
use ranks::Rank;
use recall::TakenBack;
use std::borrow::Cow;
use std::sync::Arc;

pub use found::{Found, found};

/// A cell explained: what it is, and a page of what makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The cell.
    pub cell: ExplainedCell,
    /// A page of its measurements, by instant, then position.
    pub items: Vec<Item>,
    /// Where the next page begins; none: there is no other.
    pub next: Option<String>,
}

/// A cell of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedCell {
    /// Its report.
    pub report: ReportName,
    /// The definition the report is made under.
    pub definition: Arc<Published>,
    /// The end of the prefix of the log it speaks for.
    pub position: Position,
    /// The prefix as it was asked for.
    pub as_of: Option<AsOf>,
    /// The last instant whose events are counted; none: all are.
    pub happened_by: Option<Micros>,
    /// The instant up to which running things were measured; none: nothing has happened.
    pub at: Option<Micros>,
    /// From when on nothing is seen where it is looked at what stands: its row's end, or the instant after `at`; none:
    /// nothing has happened. Not told in JSON.
    pub seen_before: Option<Micros>,
    /// What its durations are held against in place of their targets. Not told in JSON.
    pub within: Option<Within>,
    /// Its row's period, with its label; none: all the time that was asked for.
    pub period: Option<(String, Period)>,
    /// Its row's value of each dimension; none: the absent one.
    pub group: Vec<(Cow<'static, str>, Option<String>)>,
    /// The path of its figure.
    pub figure: String,
    /// The statistic of the figure that was asked for.
    pub statistic: Option<String>,
    /// The figure, or its statistic, as the report gives it; null where the row does not have it.
    pub value: Figure,
    /// How many measurements make it.
    pub items: u64,
    /// How many made it once and were taken back.
    pub taken_back: u64,
    /// The values between which a percentile lies, where one was asked for.
    pub ranks: Vec<Item>,
}

/// A measurement that makes a cell, or once made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The ticket.
    pub ticket: String,
    /// When it happened, or the instant at which it was looked at.
    pub at: Micros,
    /// The event that was measured; none: what stood at an instant was looked at.
    pub position: Option<Position>,
    /// What was measured, where it is a duration that can have a target. Not told in JSON.
    pub metric: Option<TargetMetric>,
    /// Its value: seconds, a score, or how often it counts; none: the figure has no values.
    pub value: Option<Decimal>,
    /// The scale of a score that can have several.
    pub scale: Option<Scale>,
    /// Whether it counts; else it stands in the denominator only.
    pub counted: bool,
    /// The agent for whom it counts.
    pub agent: Option<String>,
    /// Why the ticket stands in the row, where rows are tickets.
    pub reason: Option<&'static str>,
    /// How it bears on the percentile asked for.
    pub rank: Option<Rank>,
    /// How it was taken back.
    pub taken_back: Option<TakenBack>,
    /// What it took the place of in this cell: the value before it, or the closings that were undone before it.
    pub replaces: Vec<Self>,
    /// How it came about, once [`Explained::tell`] has told it.
    pub told: Option<Told>,
}

/// Why a cell was not explained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// Its report cannot be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The report has no such cell, or the cursor is none of this cell's.
    #[error("the report has no such cell")]
    Invalid(Vec<Invalid>),
    /// The cursor was given for another history of the log.
    #[error("the cursor does not hold any more: {0}; begin again without it")]
    OtherHistory(#[from] OtherHistory),
}

impl From<Invalid> for ExplainError {
    fn from(wrong: Invalid) -> Self {
        Self::Invalid(vec![wrong])
    }
}

impl From<Vec<Invalid>> for ExplainError {
    fn from(wrong: Vec<Invalid>) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<CursorError> for ExplainError {
    fn from(refused: CursorError) -> Self {
        match refused {
            CursorError::OtherHistory(other) => other.into(),
            CursorError::Invalid(wrong) => wrong.into(),
        }
    }
}

/// Explains the cell that `ask` asks for, of the report as of `position`; a cursor's place in it was given for that
/// position. `state` must have been measured under the definition's folded fields, from the log with those `epochs`.
///
/// # Errors
///
/// [`ExplainError`] where there is no such cell, or its report cannot be made.
pub fn explain(
    state: &Measurements,
    ask: &Ask,
    definition: &Arc<Published>,
    position: Position,
    epochs: &Epochs,
    labels: &dyn CustomerLabels,
) -> Result<Explained, ExplainError> {
    let place = Place::of(ask, epochs)?.unwrap_or(Place { position, version: definition.version, skipped: 0 });
    Ok(found(state, ask, definition, position, labels)?.page(ask, place, epochs))
}
