//! The report `leaderboard`: agents side by side, ranked where enough customers have answered.

use super::counting::{Counter, Counting, Key};
use super::flow::{FirstClosed, count_first_closings};
use super::resolution_times::each_last_closing;
use super::response_times::count_first_responses;
use super::satisfaction::{Rated, count_ratings, csat, each_answer, reply_rating};
use super::{Fields, RowFigures, Terms, within};
use crate::definition::{Definition, RankBy};
use crate::exact::{Decimal, Distribution, Share};
use crate::measurements::Measurements;
use crate::measurements::chunk::written;
use crate::ticket_facts::{AnsweredField, Micros};
use std::cmp::Reverse;
use std::collections::HashMap;

/// A row being counted.
#[derive(Default)]
pub(super) struct Leaderboard {
    rank: Option<u64>,
    /// The agent's number.
    agent: u32,
    closed: u64,
    public_replies: u64,
    ratings: Rated,
    overall: Rated,
    first_responses: Vec<Micros>,
    full_resolutions: Vec<Micros>,
    first_closed: FirstClosed,
    /// Breaches of what has not ended yet.
    running_breached: u64,
}

impl RowFigures for Leaderboard {
    const FIGURES: u64 = 11;

    /// Everything counts where its own report counts it. A target that is broken while its metric still runs counts at
    /// the moment it fell due.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements) {
        counting.each(&state.closings, |row, _| row.closed += 1);
        counting.each(&state.public_replies, |row, _| row.public_replies += 1);
        count_ratings(counting, state, |row| &mut row.ratings);
        each_answer(
            counting,
            state,
            |field| field == AnsweredField::Overall,
            |row, _, scale, score, _| row.overall.add(scale, score),
        );
        count_first_responses(counting, state, |row| &mut row.first_responses);
        each_last_closing(counting, state, |row, c| row.full_resolutions.push(c.values.took[c.row]));
        count_first_closings(counting, state, |row| &mut row.first_closed);
        count_unanswered_past_due(counting, state);
        count_open_past_due(counting, state);
    }

    fn rank(rows: &mut [Counter<Self>], agent: usize, definition: &Definition) {
        let mut boards: HashMap<Key, Vec<(Decimal, usize)>> = HashMap::new();
        for (index, row) in rows.iter_mut().enumerate() {
            let (mut board, figures) = (row.key, &mut row.figures);
            figures.agent = std::mem::take(&mut board.1[agent]);
            if let Some(value) = figures.ranked_by(definition) {
                boards.entry(board).or_default().push((value, index));
            }
        }
        for mut board in boards.into_values() {
            board.sort_unstable_by_key(|(value, _)| Reverse(*value));
            for (value, index) in &board {
                let better = board.partition_point(|(other, _)| other > value);
                rows[*index].figures.rank = Some(1 + better as u64);
            }
        }
    }

    fn place(&self) -> Option<u64> {
        self.rank
    }

    fn figures(self, state: &Measurements, terms: &Terms) -> Fields {
        let positive_from = terms.definition.positive_from;
        let targets_met = self.targets_met(&terms.definition);
        vec![
            ("rank".into(), self.rank.into()),
            ("agent".into(), state.dimensions.agents.name(self.agent).into()),
            ("closed".into(), self.closed.into()),
            ("public_replies".into(), self.public_replies.into()),
            ("reply_rating".into(), reply_rating(&self.ratings, positive_from)),
            ("csat".into(), csat(&self.overall, positive_from)),
            ("first_response".into(), Distribution::of(self.first_responses).into()),
            ("full_resolution".into(), Distribution::of(self.full_resolutions).into()),
            ("reopen_rate".into(), self.first_closed.reopen_rate().into()),
            ("one_touch_rate".into(), self.first_closed.one_touch_rate().into()),
            ("targets_met".into(), targets_met.into()),
        ]
    }
}

impl Leaderboard {
    /// What the row is ranked by; `None` under the minimum of answers.
    fn ranked_by(&self, definition: &Definition) -> Option<Decimal> {
        let positive = self.overall.positive(definition.positive_from);
        let enough = definition.leaderboard.minimum_answers <= positive.of;
        match definition.leaderboard.rank_by {
            RankBy::CsatLow95 => positive.low95().filter(|_| enough),
        }
    }

    /// Targets met of those met or broken, over the metrics that have one.
    fn targets_met(&self, definition: &Definition) -> Share {
        let responses = within(&self.first_responses, definition.first_response_target);
        let resolutions = within(&self.full_resolutions, definition.full_resolution_target);
        Share { count: responses.count + resolutions.count, of: responses.of + resolutions.of + self.running_breached }
    }
}

/// Counts tickets without a first response whose time for it is over.
fn count_unanswered_past_due(counting: &mut Counting<'_, Leaderboard>, state: &Measurements) {
    let Some((target, at)) = counting.terms.definition.first_response_target.zip(counting.terms.at) else { return };
    let (position, tickets) = (counting.position, &state.tickets.columns);
    let due = |ticket: usize| {
        let runs =
            written(tickets.clock_started[ticket], position) && !written(tickets.first_response[ticket], position);
        Some(tickets.clock_started_at[ticket] + target).filter(|due| runs && *due < at)
    };
    counting.each_due(due, |row| row.running_breached += 1);
}

/// Counts open tickets whose time to be closed for good is over.
fn count_open_past_due(counting: &mut Counting<'_, Leaderboard>, state: &Measurements) {
    let Some((target, at)) = counting.terms.definition.full_resolution_target.zip(counting.terms.at) else { return };
    let (position, tickets) = (counting.position, &state.tickets.columns);
    let due = |ticket: usize| {
        let now = state.spans.current(tickets.last_span[ticket], position);
        Some(tickets.opened_at[ticket] + target).filter(|due| *due < at && now.is_some_and(|span| span.doing.is_open()))
    };
    counting.each_due(due, |row| row.running_breached += 1);
}
