//! The report `cases`: dissatisfied customers, and what was done about them.

use super::adding::adds;
use super::counting::Counting;
use super::dissatisfaction;
use super::explain::part::{Lookup, PartOf, count, share_of, values};
use super::instants::Instants;
use super::needs::Asked;
use super::standing::Standing;
use super::values::Values;
use super::{Fields, RowFigures, Terms};
use crate::exact::Share;
use crate::measurements::Measurements;
use crate::measurements::needs::Needs;

/// A row being counted.
#[derive(Default)]
pub(super) struct Cases {
    opened: u64,
    open: u64,
    times: Values,
    recovered: u64,
}

adds!(Cases { opened, open, times, recovered });

impl RowFigures for Cases {
    const FIGURES: u64 = 5;

    fn reads(_: &Asked<'_>) -> Needs {
        Needs::EVERYTHING
    }

    /// Everything counts under the dimensions of the score that opened the case: the case at that score, the follow-up
    /// at the follow-up, and what is open at each period's end.
    fn count(counting: &mut Counting<'_, Self>, _: &Measurements) {
        if !counting.part.is_first() {
            return;
        }
        let cases = dissatisfaction::cases(counting.prefix_and_void());
        let first = || cases.iter().map(dissatisfaction::Case::opened_at).min();
        counting.instants = Instants::of(counting.query, counting.terms, first);
        for case in &cases {
            if counting.is_void(case.ticket()) {
                continue;
            }
            let (opened_at, origin) = (case.opened_at(), case.negative.origin);
            counting.once_under(case.began(), origin, |row| row.opened += 1);
            counting.open_under(&counting.instants.during(opened_at, case.ended), origin);
            if let Some(followed_up) = case.followed_up {
                counting.once_under(followed_up.moment, origin, |row| {
                    row.times.push(followed_up.moment.0 - opened_at);
                    row.recovered += u64::from(followed_up.recovered);
                });
            }
        }
    }

    fn stands(&mut self, standing: Standing) {
        self.open = standing.open;
    }

    const EXPLAINED: &'static [&'static str] = &["opened", "open", "followed_up", "time_to_follow_up", "recovered"];

    fn parts<'a>(figure: &str, _: &Lookup<'a>) -> Option<PartOf<'a, Self>> {
        Some(match figure {
            "opened" => count(|row: &Self| row.opened),
            "open" => count(|row: &Self| row.open),
            "followed_up" => count(|row: &Self| row.times.len() as u64),
            "time_to_follow_up" => values(|row: &Self| row.times.first()),
            "recovered" => share_of(Self::recovered, |row| row.times.first()),
            _ => return None,
        })
    }

    fn figures(mut self, _: &Measurements, _: &Terms) -> Fields {
        let (followed_up, recovered) = (self.times.len() as u64, self.recovered());
        vec![
            ("opened".into(), self.opened.into()),
            ("open".into(), self.open.into()),
            ("followed_up".into(), followed_up.into()),
            ("time_to_follow_up".into(), self.times.distribution().into()),
            ("recovered".into(), recovered.into()),
        ]
    }
}

impl Cases {
    /// Of the cases that were followed up, those that ended in a better answer.
    fn recovered(&self) -> Share {
        Share { count: self.recovered, of: self.times.len() as u64 }
    }
}
