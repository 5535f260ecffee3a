//! The report `cases`: dissatisfied customers, and what was done about them.

use super::counting::Counting;
use super::dissatisfaction;
use super::instants::Instants;
use super::standing::Standing;
use super::{Fields, RowFigures, Terms};
use crate::exact::{Distribution, Share};
use crate::measurements::Measurements;
use crate::ticket_facts::Micros;

/// A row being counted.
#[derive(Default)]
pub(super) struct Cases {
    opened: u64,
    open: u64,
    times: Vec<Micros>,
    recovered: u64,
}

impl RowFigures for Cases {
    const FIGURES: u64 = 5;

    /// Everything counts under the dimensions of the score that opened the case: the case at that score, the follow-up
    /// at the follow-up, and what is open at each period's end.
    fn count(counting: &mut Counting<'_, Self>, _: &Measurements) {
        let cases = dissatisfaction::cases(counting.prefix());
        let first = || cases.iter().map(dissatisfaction::Case::opened_at).min();
        counting.instants = Instants::of(counting.query, counting.terms, first);
        for case in &cases {
            let (opened_at, origin) = (case.opened_at(), case.negative.origin);
            counting.once_under(opened_at, origin, |row| row.opened += 1);
            counting.open_under(&counting.instants.during(opened_at, case.ended), origin);
            if let Some(followed_up) = case.followed_up {
                counting.once_under(followed_up.at, origin, |row| {
                    row.times.push(followed_up.at - opened_at);
                    row.recovered += u64::from(followed_up.recovered);
                });
            }
        }
    }

    fn stands(&mut self, standing: Standing) {
        self.open = standing.open;
    }

    fn figures(self, _: &Measurements, _: &Terms) -> Fields {
        let followed_up = self.times.len() as u64;
        vec![
            ("opened".into(), self.opened.into()),
            ("open".into(), self.open.into()),
            ("followed_up".into(), followed_up.into()),
            ("time_to_follow_up".into(), Distribution::of(self.times).into()),
            ("recovered".into(), Share { count: self.recovered, of: followed_up }.into()),
        ]
    }
}
