//! The report `leaderboard`: agents side by side, ranked where enough customers have answered.

use super::adding::Adds;
use super::counting::{Counter, Counting, Key, Whose};
use super::explain::opened::longest;
use super::explain::part::{Lookup, PartOf, count, rated, share, values};
use super::figure::Figure;
use super::flow::{FirstClosed, count_first_closings};
use super::needs::Asked;
use super::resolution_times::each_full_resolution;
use super::response_times::{each_first_response, each_next_response};
use super::satisfaction::{Rated, count_csat, count_ratings, csat, is_positive, reply_rating};
use super::targeting::{Ended, Targets};
use super::targets::each_breach;
use super::values::Values;
use super::{Fields, RowFigures, Terms};
use crate::definition::document::TargetMetric;
use crate::exact::{Decimal, Share};
use crate::measurements::Measurements;
use crate::measurements::needs::Needs;
use std::cmp::Reverse;
use std::collections::HashMap;

/// A row being counted.
#[derive(Clone, Default)]
pub(super) struct Leaderboard {
    rank: Option<u64>,
    /// The agent's number.
    agent: u32,
    closed: u64,
    public_replies: u64,
    ratings: Rated,
    overall: Rated,
    first_responses: Values,
    full_resolutions: Values,
    first_closed: FirstClosed,
    /// Targets met of those met or missed, over all metrics.
    targets_met: Share,
}

/// Rank and agent are told once, to rows that are added up.
impl Adds for Leaderboard {
    fn add_up(&mut self, other: Self) {
        self.closed.add_up(other.closed);
        self.public_replies.add_up(other.public_replies);
        self.ratings.add_up(other.ratings);
        self.overall.add_up(other.overall);
        self.first_responses.add_up(other.first_responses);
        self.full_resolutions.add_up(other.full_resolutions);
        self.first_closed.add_up(other.first_closed);
        self.targets_met.add_up(other.targets_met);
    }
}

impl RowFigures for Leaderboard {
    const FIGURES: u64 = 11;

    /// Nearly everything, and it is by agent always; which ticket was the first of all says nothing.
    fn reads(_: &Asked<'_>) -> Needs {
        Needs::EVERYTHING.without(Needs::FirstOpening)
    }

    /// Everything counts where its own report counts it. A target that is broken while its metric still runs counts at
    /// the moment it fell due.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements) {
        counting.each(&state.closings, |c| Whose::Closing(c.values.number.get(c.row)), |row, _| row.closed += 1);
        counting.each(&state.public_replies, |_| Whose::Agent, |row, _| row.public_replies += 1);
        count_ratings(counting, state, |row| &mut row.ratings);
        count_csat(counting, state, |row| &mut row.overall);
        count_durations(counting, state);
        count_first_closings(counting, state, true, |row| &mut row.first_closed);
        each_breach(counting, state, |row, _| row.targets_met.add(Some(false)));
    }

    fn rank(rows: &mut [Counter<Self>], agent: usize, state: &Measurements, terms: &Terms) {
        let mut boards: HashMap<Key, Vec<(Decimal, usize)>> = HashMap::new();
        for (index, row) in rows.iter_mut().enumerate() {
            let (mut board, figures) = (row.key, &mut row.figures);
            figures.agent = std::mem::take(&mut board.1[agent]);
            if let Some(value) = figures.ranked_by(state, terms) {
                boards.entry(board).or_default().push((value, index));
            }
        }
        let best_low = is_better_low(&terms.document().leaderboard.rank_by);
        for mut board in boards.into_values() {
            board.sort_unstable_by_key(|(value, _)| Reverse(*value));
            for (value, index) in &board {
                let higher = board.partition_point(|(other, _)| other > value);
                let lower = board.len() - board.partition_point(|(other, _)| other >= value);
                rows[*index].figures.rank = Some(1 + if best_low { lower } else { higher } as u64);
            }
        }
    }

    fn place(&self) -> Option<u64> {
        self.rank
    }

    const EXPLAINED: &'static [&'static str] = &[
        "rank",
        "closed",
        "public_replies",
        "reply_rating",
        "csat",
        "first_response",
        "full_resolution",
        "reopen_rate",
        "one_touch_rate",
        "targets_met",
    ];

    /// A rank is made of what the figure is made of by which agents are ranked.
    fn parts<'a>(figure: &str, lookup: &Lookup<'a>) -> Option<PartOf<'a, Self>> {
        let terms = lookup.terms;
        Some(match figure {
            "rank" => return longest::<Self>(&terms.document().leaderboard.rank_by, lookup).map(|(part, _)| part),
            "closed" => count(|row: &Self| row.closed),
            "public_replies" => count(|row: &Self| row.public_replies),
            "reply_rating" => rated(|row: &Self| &row.ratings, is_positive(terms)),
            "csat" => rated(|row: &Self| &row.overall, is_positive(terms)),
            "first_response" => values(|row: &Self| row.first_responses.first()),
            "full_resolution" => values(|row: &Self| row.full_resolutions.first()),
            "reopen_rate" => share(|row: &Self| row.first_closed.reopen_rate()),
            "one_touch_rate" => share(|row: &Self| row.first_closed.one_touch_rate()),
            "targets_met" => share(|row: &Self| row.targets_met),
            _ => return None,
        })
    }

    fn figures(mut self, state: &Measurements, terms: &Terms) -> Fields {
        let positive_from = &terms.document().csat.positive_from;
        vec![
            ("rank".into(), self.rank.into()),
            ("agent".into(), state.dimensions.agents.name(self.agent).into()),
            ("closed".into(), self.closed.into()),
            ("public_replies".into(), self.public_replies.into()),
            ("reply_rating".into(), reply_rating(&self.ratings, positive_from)),
            ("csat".into(), csat(&self.overall, positive_from)),
            ("first_response".into(), self.first_responses.distribution().into()),
            ("full_resolution".into(), self.full_resolutions.distribution().into()),
            ("reopen_rate".into(), self.first_closed.reopen_rate().into()),
            ("one_touch_rate".into(), self.first_closed.one_touch_rate().into()),
            ("targets_met".into(), self.targets_met.into()),
        ]
    }
}

impl Leaderboard {
    /// What the row is ranked by; `None` under the minimum of answers, or where the figure has no value.
    fn ranked_by(&self, state: &Measurements, terms: &Terms) -> Option<Decimal> {
        let rules = &terms.document().leaderboard;
        let positive = self.overall.positive(&terms.document().csat.positive_from);
        if positive.of < rules.minimum_answers {
            return None;
        }
        if rules.rank_by == "csat.low95" {
            return positive.low95();
        }
        Figure::Object(self.clone().figures(state, terms)).get(&rules.rank_by)?.number()
    }
}

/// Whether the low end of a figure is the good one: of durations and of reopenings, but not of how many there are.
fn is_better_low(path: &str) -> bool {
    let (figure, statistic) = path.split_once('.').unwrap_or((path, ""));
    match figure {
        "first_response" | "full_resolution" => statistic != "count",
        "reopen_rate" => statistic != "of",
        _ => false,
    }
}

/// Counts durations that ended, and whether they met their targets.
fn count_durations(counting: &mut Counting<'_, Leaderboard>, state: &Measurements) {
    let terms = counting.terms;
    let targets = |metric| Targets::of(state, terms, metric);
    let first = targets(TargetMetric::FirstResponse);
    each_first_response(
        counting,
        state,
        |_| true,
        |row, ended| {
            row.first_responses.push(ended.took());
            row.targets_met.add(first.met(ended));
        },
    );
    let next = targets(TargetMetric::NextResponse);
    let has_target = |ended: &Ended<'_>| next.met(ended).is_some();
    each_next_response(counting, state, has_target, |row, ended| row.targets_met.add(next.met(ended)));
    let full = targets(TargetMetric::FullResolution);
    each_full_resolution(
        counting,
        state,
        |_| true,
        |row, ended| {
            row.full_resolutions.push(ended.took());
            row.targets_met.add(full.met(ended));
        },
    );
}
