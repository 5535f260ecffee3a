//! The figures of reports that a definition may name: what goals are set for, and what agents are ranked by.

const SCORED: [&str; 6] = ["answers", "positive", "percent", "low95", "high95", "mean_score"];
const RATED: [&str; 6] = ["rated", "satisfied", "percent", "low95", "high95", "mean_score"];
const TIMES: [&str; 10] = ["count", "sum", "mean", "min", "max", "p50", "p75", "p90", "p95", "p99"];
const SHARE: [&str; 5] = ["count", "of", "percent", "low95", "high95"];
const OFFERED: [&str; 5] = ["offered", "answered", "percent", "low95", "high95"];
const NPS: [&str; 5] = ["answers", "promoters", "passives", "detractors", "score"];

/// The figures of one row: each with its own numbers, or none where it is a number itself.
pub(super) type Figures = &'static [(&'static str, &'static [&'static str])];

/// Of a row of the overview.
pub(super) const OVERVIEW: Figures = &[
    ("opened", &[]),
    ("closed", &[]),
    ("backlog", &[]),
    ("csat", &SCORED),
    ("reply_rating", &RATED),
    ("first_response", &TIMES),
    ("full_resolution", &TIMES),
    ("reopen_rate", &SHARE),
    ("response_rate", &OFFERED),
    ("nps", &NPS),
];

/// Of a row of the leaderboard.
pub(super) const LEADERBOARD: Figures = &[
    ("closed", &[]),
    ("public_replies", &[]),
    ("reply_rating", &RATED),
    ("csat", &SCORED),
    ("first_response", &TIMES),
    ("full_resolution", &TIMES),
    ("reopen_rate", &SHARE),
    ("one_touch_rate", &SHARE),
    ("targets_met", &SHARE),
];

/// Every path to a number, in order.
#[cfg(test)]
pub(super) fn paths(figures: Figures) -> Vec<String> {
    let of_one = |(name, numbers): &(&str, &[&str])| match numbers {
        [] => vec![(*name).to_owned()],
        numbers => numbers.iter().map(|number| format!("{name}.{number}")).collect(),
    };
    figures.iter().flat_map(of_one).collect()
}

/// Checks that a path leads to a number of a row of `report`.
///
/// # Errors
///
/// What there is instead, in words.
pub(super) fn check(figures: Figures, report: &str, path: &str) -> Result<(), String> {
    let (name, number) = path.split_once('.').map_or((path, None), |(name, number)| (name, Some(number)));
    let Some((_, numbers)) = figures.iter().find(|(known, _)| *known == name) else {
        let names: Vec<_> = figures.iter().map(|(name, _)| *name).collect();
        return Err(format!("{path} is no figure of {report}; there are {}", names.join(", ")));
    };
    match (numbers, number) {
        ([], None) => Ok(()),
        ([], Some(_)) => Err(format!("{name} of {report} is one number; write {name} alone")),
        (numbers, Some(number)) if numbers.contains(&number) => Ok(()),
        (numbers, _) => {
            let of_it: Vec<_> = numbers.iter().map(|number| format!("{name}.{number}")).collect();
            Err(format!("{path} is no number of {report}; there are {}", of_it.join(", ")))
        }
    }
}
