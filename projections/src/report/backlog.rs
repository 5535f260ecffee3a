//! The report `backlog`: what lies open at the end of each period, and for how long.

use super::adding::Adds;
use super::counting::Counting;
use super::explain::part::{Lookup, PartOf, count};
use super::figure::Figure;
use super::needs::Asked;
use super::standing::{self, Standing};
use super::{Fields, RowFigures, Terms};
use crate::measurements::Measurements;
use crate::measurements::needs::Needs;

/// The classes of age, by time since the opening.
const AGES: [&str; standing::AGES] = ["under_1d", "1d_3d", "3d_7d", "7d_30d", "over_30d"];

/// A row being counted.
#[derive(Default)]
pub(super) struct Backlog {
    standing: Standing,
}

/// What stands open is told once, to rows that are added up.
impl Adds for Backlog {
    fn add_up(&mut self, _: Self) {}
}

impl RowFigures for Backlog {
    const FIGURES: u64 = 5;

    fn reads(asked: &Asked<'_>) -> Needs {
        standing::read(asked)
    }

    /// Open tickets count at each period's end, under the dimensions in force then, for the assignee. Where nothing
    /// says otherwise the first period is that of the first opening, whether or not the ticket is still open at its end.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements) {
        standing::count(counting, state);
        counting.begins = counting.instants.first_period();
    }

    fn stands(&mut self, standing: Standing) {
        self.standing = standing;
    }

    const EXPLAINED: &'static [&'static str] = &["open", "unassigned", "unanswered", "held", "ages.AGE"];

    fn parts<'a>(figure: &str, _: &Lookup<'a>) -> Option<PartOf<'a, Self>> {
        Some(match figure {
            "open" => count(|row: &Self| row.standing.open),
            "unassigned" => count(|row: &Self| row.standing.unassigned),
            "unanswered" => count(|row: &Self| row.standing.unanswered),
            "held" => count(|row: &Self| row.standing.held),
            _ => {
                let age = figure.strip_prefix("ages.")?;
                let class = AGES.iter().position(|name| *name == age)?;
                count(move |row: &Self| row.standing.ages[class])
            }
        })
    }

    fn figures(self, _: &Measurements, _: &Terms) -> Fields {
        let Standing { open, unassigned, unanswered, held, ages } = self.standing;
        vec![
            ("open".into(), open.into()),
            ("unassigned".into(), unassigned.into()),
            ("unanswered".into(), unanswered.into()),
            ("held".into(), held.into()),
            ("ages".into(), Figure::object(AGES.into_iter().zip(ages.map(Figure::from)))),
        ]
    }
}
