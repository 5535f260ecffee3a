//! The report `overview`: the figures a manager asks for first, each as its own report counts it.

use super::counting::Counting;
use super::flow::{FirstClosed, count_first_closings};
use super::resolution_times::each_last_closing;
use super::response_times::count_first_responses;
use super::satisfaction::{
    Rated, Scores, add, count_ratings, count_responses, csat, each_answer, nps, reply_rating, response_rate,
};
use super::standing::{self, Standing};
use super::{Fields, RowFigures, Terms};
use crate::exact::{Distribution, Share};
use crate::measurements::Measurements;
use crate::ticket_facts::{AnsweredField, Micros};

/// A row being counted.
#[derive(Default)]
pub(super) struct Overview {
    opened: u64,
    closed: u64,
    backlog: u64,
    overall: Rated,
    ratings: Rated,
    first_responses: Vec<Micros>,
    full_resolutions: Vec<Micros>,
    first_closed: FirstClosed,
    response: Share,
    nps: Scores,
}

impl RowFigures for Overview {
    const FIGURES: u64 = 10;

    /// Each figure counts where its own report counts it; the backlog at the period's end.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements) {
        counting.each(&state.openings, |row, _| row.opened += 1);
        counting.each(&state.closings, |row, _| row.closed += 1);
        standing::count(counting, state);
        each_answer(
            counting,
            state,
            |field| matches!(field, AnsweredField::Overall | AnsweredField::Nps),
            |row, field, scale, score, _| match field {
                AnsweredField::Nps => add(&mut row.nps, score),
                _ => row.overall.add(scale, score),
            },
        );
        count_ratings(counting, state, |row| &mut row.ratings);
        count_first_responses(counting, state, |row| &mut row.first_responses);
        each_last_closing(counting, state, |row, c| row.full_resolutions.push(c.values.took[c.row]));
        count_first_closings(counting, state, |row| &mut row.first_closed);
        count_responses(counting, state, |row| &mut row.response);
    }

    fn stands(&mut self, standing: Standing) {
        self.backlog = standing.open;
    }

    fn figures(self, _: &Measurements, terms: &Terms) -> Fields {
        let positive_from = terms.definition.positive_from;
        vec![
            ("opened".into(), self.opened.into()),
            ("closed".into(), self.closed.into()),
            ("backlog".into(), self.backlog.into()),
            ("csat".into(), csat(&self.overall, positive_from)),
            ("reply_rating".into(), reply_rating(&self.ratings, positive_from)),
            ("first_response".into(), Distribution::of(self.first_responses).into()),
            ("full_resolution".into(), Distribution::of(self.full_resolutions).into()),
            ("reopen_rate".into(), self.first_closed.reopen_rate().into()),
            ("response_rate".into(), response_rate(self.response)),
            ("nps".into(), nps(&self.nps)),
        ]
    }
}
