//! The questions of the replay bench, and three who answer them: the tool, a loop written by hand, and the peers.
//!
//! They are: of each agent how many answered surveys there are and how many of them are good; of each department and month
//! the first responses and the full resolutions with mean, median and 90th percentile; and of the tickets first closed
//! then, how many were reopened. All as the default definition has it, on the calendar's clock. A made-up desk has no void
//! tickets, none that agents opened, and public replies of agents and customers alone, so nobody asks for those.

pub mod hand_loop;
pub mod peers;
pub mod tool;

use serde_json::Value;
use std::collections::BTreeMap;

/// Figures of each group, by the group's names: agent, or department and month.
pub type Groups = BTreeMap<Vec<String>, Vec<f64>>;

/// What a figure is called, and how many of its first numbers are counts.
const FIGURES: [(&str, usize); 4] = [("csat", 2), ("first_response", 1), ("full_resolution", 1), ("reopen_rate", 2)];

/// All answers.
#[derive(Debug, Default)]
pub struct Figures {
    /// Of each agent: answers, positive ones.
    pub csat: Groups,
    /// Of each department and month: count; mean, median and 90th percentile in seconds.
    pub first_response: Groups,
    /// The same of full resolutions.
    pub full_resolution: Groups,
    /// Of each department and month: tickets first closed then, those of them that were reopened.
    pub reopen_rate: Groups,
}

impl Figures {
    /// Figures as a peer writes them: of each a list of rows, each the group's names and then its numbers.
    ///
    /// # Panics
    ///
    /// When they are written otherwise.
    #[must_use]
    pub fn from_json(written: &Value) -> Self {
        let groups = |name: &str| {
            let row = |row: &Value| {
                let row = row.as_array().unwrap();
                let (names, numbers) = row.split_at(row.iter().take_while(|value| value.is_string()).count());
                let names = names.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
                (names, numbers.iter().map(|number| number.as_f64().unwrap()).collect())
            };
            written[name].as_array().unwrap().iter().map(row).collect()
        };
        Self {
            csat: groups("csat"),
            first_response: groups("first_response"),
            full_resolution: groups("full_resolution"),
            reopen_rate: groups("reopen_rate"),
        }
    }

    /// How many groups there are.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.all().iter().map(|groups| groups.len()).sum()
    }

    fn all(&self) -> [&Groups; 4] {
        [&self.csat, &self.first_response, &self.full_resolution, &self.reopen_rate]
    }

    /// Both have the same groups with the same figures: counts to the digit, durations to a millionth of a second.
    ///
    /// # Panics
    ///
    /// When they have not, with words about the first difference.
    pub fn assert_agrees(&self, other: &Self, whose: &str) {
        for ((name, counts), (ours, theirs)) in FIGURES.iter().zip(self.all().into_iter().zip(other.all())) {
            assert!(!ours.is_empty(), "{name} has no groups");
            assert!(ours.keys().eq(theirs.keys()), "{name}: {} groups here, {} in {whose}", ours.len(), theirs.len());
            for (group, figures) in ours {
                let others = &theirs[group];
                assert_eq!(figures.len(), others.len(), "{name} of {group:?} in {whose}");
                for (n, (figure, other)) in figures.iter().zip(others).enumerate() {
                    let same = if n < *counts { figure == other } else { (figure - other).abs() <= 1e-6 };
                    assert!(same, "{name} of {group:?}: number {n} is {figure} here, {other} in {whose}");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(p90: f64, reopened: u32) -> Figures {
        Figures::from_json(&json!({
            "csat": [["sara", 2, 1]],
            "first_response": [["billing", "2025-01", 3, 60.5, 60, p90]],
            "full_resolution": [["billing", "2025-01", 1, 9, 9, 9]],
            "reopen_rate": [["billing", "2025-01", 4, reopened]],
        }))
    }

    #[test]
    fn durations_may_differ_by_a_millionth_and_counts_by_nothing() {
        written(70.0, 1).assert_agrees(&written(70.000_000_9, 1), "another");
        let differs = |other: Figures| {
            std::panic::catch_unwind(move || written(70.0, 1).assert_agrees(&other, "another")).is_err()
        };
        assert!(differs(written(70.000_002, 1)));
        assert!(differs(written(70.0, 2)));
        assert!(differs(Figures { csat: Groups::new(), ..written(70.0, 1) }));
    }
}
