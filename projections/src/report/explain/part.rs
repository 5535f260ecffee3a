//! What one measurement is in a figure: read off a row that counts this measurement alone.
//!
//! A report's own code counts the measurement into that row, so a part can never differ from what enters the figure.

use crate::exact::{Decimal, Share};
use crate::measurements::Measurements;
use crate::report::Terms;
use crate::report::figure::Figure;
use crate::report::satisfaction::{Rated, Scores};
use crate::ticket_facts::Micros;
use daftar_domain::satisfaction::Scale;

/// Counts are in millionths, as durations are.
const ONE: i64 = 1_000_000;

/// What one measurement is in one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) struct Part {
    /// Its value in millionths: of seconds, of a score, of how often it counts; none: the figure has no values.
    pub(in crate::report) value: Option<i64>,
    /// The scale of a score that can have several.
    pub(in crate::report) scale: Option<Scale>,
    /// Whether it counts; else it stands in the denominator only.
    pub(in crate::report) counted: bool,
}

impl Part {
    pub(in crate::report) fn value(self) -> Option<Decimal> {
        self.value.map(|value| Decimal::from_micros(value.into()))
    }
}

/// Reads a figure's part off a row that counts one measurement alone; none: the measurement does not enter the figure.
pub(in crate::report) type PartOf<'a, R> = Box<dyn Fn(&R) -> Option<Part> + 'a>;

/// What a figure of a report is looked up by.
pub(in crate::report) struct Lookup<'a> {
    /// What was measured.
    pub(in crate::report) state: &'a Measurements,
    /// What the report is asked.
    pub(in crate::report) terms: &'a Terms,
    /// Makes the figures of the cell's row, for those that are named by their place in a list.
    pub(in crate::report) row: &'a dyn Fn() -> Figure,
}

/// A count: each measurement that raises it.
pub(in crate::report) fn count<'a, R>(of: impl Fn(&R) -> u64 + 'a) -> PartOf<'a, R> {
    Box::new(move |row| {
        let counts = i64::try_from(of(row)).unwrap_or(i64::MAX);
        (counts > 0).then(|| Part { value: Some(counts.saturating_mul(ONE)), scale: None, counted: true })
    })
}

/// A distribution of durations, or of counts in millionths.
pub(in crate::report) fn values<'a, R>(first: impl Fn(&R) -> Option<&Micros> + 'a) -> PartOf<'a, R> {
    Box::new(move |row| first(row).map(|value| Part { value: Some(*value), scale: None, counted: true }))
}

/// A share: each measurement of the denominator.
pub(in crate::report) fn share<'a, R>(of: impl Fn(&R) -> Share + 'a) -> PartOf<'a, R> {
    share_of(of, |_| None)
}

/// A share of measurements with a value of their own.
pub(in crate::report) fn share_of<'a, R>(
    of: impl Fn(&R) -> Share + 'a,
    value: impl Fn(&R) -> Option<&Micros> + 'a,
) -> PartOf<'a, R> {
    Box::new(move |row| {
        let Share { count, of } = of(row);
        (of > 0).then(|| Part { value: value(row).copied(), scale: None, counted: count > 0 })
    })
}

/// Scores on scales; those count that `positive` says.
pub(in crate::report) fn rated<'a, R>(
    of: impl Fn(&R) -> &Rated + 'a,
    positive: impl Fn(Scale, u16) -> bool + 'a,
) -> PartOf<'a, R> {
    Box::new(move |row| {
        let (scale, score, _) = of(row).each().next()?;
        Some(Part { value: Some(i64::from(score) * ONE), scale: Some(scale), counted: positive(scale, score) })
    })
}

/// Scores on one scale; those count that `counted` says.
pub(in crate::report) fn scores<'a, R>(
    of: impl Fn(&R) -> Option<&Scores> + 'a,
    counted: impl Fn(u16) -> bool + 'a,
) -> PartOf<'a, R> {
    Box::new(move |row| {
        let score = *of(row)?.keys().next()?;
        Some(Part { value: Some(i64::from(score) * ONE), scale: None, counted: counted(score) })
    })
}
