//! Which way a figure is better.

use crate::table::unit;
use daftar_projections::definition::document::{CesBetter, Definition};

/// What a larger value of a figure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Larger {
    Better,
    Worse,
    /// A count of work, or of answers.
    Neither,
}

/// Figures of which less is better, whatever statistic.
const LESS: [&str; 9] =
    ["unanswered", "backlog", "open", "unassigned", "held", "reopenings", "reopened_tickets", "reopen_rate", "rank"];
/// Figures of which more is better.
const MORE: [&str; 10] = [
    "csat",
    "reply_rating",
    "response_rate",
    "answer_rate",
    "within",
    "one_touch_rate",
    "recovered",
    "targets_met",
    "nps",
    "questions",
];
/// Statistics that say how many were measured, not how well.
const COUNTS: [&str; 8] = ["count", "of", "answers", "rated", "offered", "answered", "passives", "running"];

/// What a larger value of a figure or a statistic of it means under a definition.
pub(super) fn larger(path: &str, definition: &Definition) -> Larger {
    let figure = path.split('.').next().unwrap_or_default();
    let statistic = path.rsplit('.').next().filter(|last| *last != path).unwrap_or_default();
    if COUNTS.contains(&statistic) || path.contains(".distribution.") {
        return Larger::Neither;
    }
    match (figure, statistic) {
        (_, "breached" | "detractors") => Larger::Worse,
        (_, "met" | "promoters" | "good_percent") => Larger::Better,
        ("ces", "mean") if definition.ces.better == CesBetter::Low => Larger::Worse,
        ("ces", "mean") => Larger::Better,
        (_, "percent" | "low95" | "high95") if unit::is_duration(figure) => Larger::Better,
        _ if unit::is_duration(figure) || LESS.contains(&figure) => Larger::Worse,
        _ if MORE.contains(&figure) => Larger::Better,
        _ => Larger::Neither,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_waiting_and_more_satisfaction_are_better() {
        let cases = [
            ("first_response.p90", Larger::Worse),
            ("first_response.count", Larger::Neither),
            ("first_response.share.percent", Larger::Better),
            ("first_response.breached", Larger::Worse),
            ("csat.percent", Larger::Better),
            ("csat.answers", Larger::Neither),
            ("csat.distribution.five.5", Larger::Neither),
            ("reopen_rate.percent", Larger::Worse),
            ("nps.score", Larger::Better),
            ("ces.mean", Larger::Better),
            ("unanswered", Larger::Worse),
            ("opened", Larger::Neither),
            ("closed_by.agent", Larger::Neither),
        ];
        let definition = Definition::default();
        cases.into_iter().for_each(|(path, means)| assert_eq!(larger(path, &definition), means, "{path}"));
        let low = definition.with("ces.better", "low").unwrap();
        assert_eq!(larger("ces.mean", &low), Larger::Worse);
    }
}
