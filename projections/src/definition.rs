//! Metric definitions: documents that say what every number of a report means.
//!
//! # Layout
//!
//! - [`document`]: the canonical document; [`read`], `write`, [`schema`]: its forms
//! - `validate`, `figures`: what a document may say; [`overrides`]: fields changed; `nearest`: what a wrong path meant
//! - [`presets`], `holidays`: definitions that are built in; [`catalog`]: what there is at a position of the log

pub mod catalog;
pub mod document;
mod figures;
mod holidays;
mod nearest;
pub mod overrides;
pub mod presets;
pub mod read;
pub mod schema;
mod validate;
mod write;

#[cfg(test)]
pub(crate) mod tests;

use crate::ticket_facts::Micros;
use daftar_domain::satisfaction::Scale;
use document::{Definition, PositiveFrom, TargetMetric};

impl PositiveFrom {
    /// Whether a score is positive.
    #[must_use]
    pub fn is_positive(&self, scale: Scale, score: u16) -> bool {
        let from = match scale {
            Scale::Binary => self.binary,
            Scale::Four => self.four,
            Scale::Five => self.five,
        };
        u16::from(from) <= score
    }
}

impl Definition {
    /// How long a metric may take by its first target, in microseconds; none: it has none, or one in business days.
    #[must_use]
    pub fn first_target(&self, metric: TargetMetric) -> Option<Micros> {
        self.targets.iter().find(|target| target.metric == metric)?.within.micros()
    }
}
