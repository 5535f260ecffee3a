//! The few fields of a definition that the older tests turn, as plain values, and reports under them.

use crate::definition::catalog::Published;
use crate::definition::document::{self, PositiveFrom, Target, TargetMetric, Unit, Within};
use crate::measurements::Measurements;
use crate::report::query::Query;
use crate::report::{CustomerLabels, Report, ReportError};
use daftar_eventlog::Position;
use std::sync::Arc;

/// A definition that differs from the default in these alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Definition {
    /// The longest a first response may take, in microseconds of whole seconds.
    pub(crate) first_response_target: Option<i64>,
    /// The longest a full resolution may take.
    pub(crate) full_resolution_target: Option<i64>,
    /// An agent with fewer answers has no rank.
    pub(crate) minimum_answers: u64,
    /// From which score on an answer is positive, by scale: binary, four, five.
    pub(crate) positive_from: [u8; 3],
    /// After how many days open a ticket is stale.
    pub(crate) stale_days: u32,
}

impl Definition {
    pub(crate) const DEFAULT: Self = Self {
        first_response_target: Some(86_400_000_000),
        full_resolution_target: None,
        minimum_answers: 10,
        positive_from: [1, 3, 4],
        stale_days: 7,
    };

    /// As a document.
    pub(crate) fn published(self) -> Arc<Published> {
        let mut document = document::Definition::default();
        let target = |metric, longest: Option<i64>| {
            let within = Within { amount: u32::try_from(longest? / 1_000_000).unwrap(), unit: Unit::Seconds };
            Some(Target { metric, within, ..document::Definition::default().targets[0].clone() })
        };
        let targets = [
            target(TargetMetric::FirstResponse, self.first_response_target),
            target(TargetMetric::FullResolution, self.full_resolution_target),
        ];
        document.targets = targets.into_iter().flatten().collect();
        document.leaderboard.minimum_answers = self.minimum_answers;
        assert_eq!(Self::DEFAULT.positive_from, default_positive_from());
        let [binary, four, five] = self.positive_from;
        document.csat.positive_from = PositiveFrom { binary, four, five };
        document.review.stale_after = Within::days(self.stale_days);
        Arc::new(Published { document, version: 0 })
    }
}

fn default_positive_from() -> [u8; 3] {
    let PositiveFrom { binary, four, five } = PositiveFrom::default();
    [binary, four, five]
}

/// A report under the default definition.
pub(crate) fn report(
    state: &Measurements,
    query: &Query,
    position: Position,
    labels: &dyn CustomerLabels,
) -> Result<Report, ReportError> {
    report_under(Definition::DEFAULT, state, query, position, labels)
}

/// A report under another.
pub(crate) fn report_under(
    definition: Definition,
    state: &Measurements,
    query: &Query,
    position: Position,
    labels: &dyn CustomerLabels,
) -> Result<Report, ReportError> {
    crate::report::report(state, query, &definition.published(), position, labels)
}
