//! The report `overview`: the figures a manager asks for first, each as its own report counts it.

use super::adding::adds;
use super::counting::{Counting, Whose};
use super::explain::opened::longest;
use super::explain::part::{Lookup, PartOf, count, rated, scores, share, values};
use super::figure::Figure;
use super::flow::{FirstClosed, REOPENED_READ, count_first_closings};
use super::needs::Asked;
use super::resolution_times::{each_full_resolution, full_resolutions_read};
use super::response_times::{each_first_response, whose_response_reads};
use super::satisfaction::{
    RESPONSES_READ, Rated, Scores, add, count_csat, count_ratings, count_responses, counts_in_nps, csat, csat_reads,
    each_answer, is_positive, nps, reply_rating, response_rate,
};
use super::standing::{self, Standing};
use super::values::Values;
use super::{Fields, RowFigures, Terms};
use crate::definition::document::{Bound, Goal};
use crate::exact::{Decimal, Share};
use crate::measurements::Measurements;
use crate::measurements::needs::Needs;
use crate::ticket_facts::AnsweredField;

/// A row being counted.
#[derive(Default)]
pub(super) struct Overview {
    opened: u64,
    closed: u64,
    backlog: u64,
    overall: Rated,
    ratings: Rated,
    first_responses: Values,
    full_resolutions: Values,
    first_closed: FirstClosed,
    response: Share,
    nps: Scores,
}

adds!(Overview {
    opened,
    closed,
    backlog,
    overall,
    ratings,
    first_responses,
    full_resolutions,
    first_closed,
    response,
    nps,
});

impl RowFigures for Overview {
    const FIGURES: u64 = 10;

    fn reads(asked: &Asked<'_>) -> Needs {
        let goals = asked.query.asks("goals") && !asked.document.goals.is_empty();
        let of = |figure, read: Needs| read.when(goals || asked.query.asks(figure));
        of("opened", Needs::Openings)
            | of("closed", Needs::Closings)
            | of("backlog", standing::read(asked))
            | of("csat", csat_reads(asked.document))
            | of("nps", Needs::Answers)
            | of("reply_rating", Needs::Ratings)
            | of("first_response", Needs::FirstResponses | whose_response_reads(asked.document))
            | of("full_resolution", full_resolutions_read(asked.document))
            | of("reopen_rate", REOPENED_READ)
            | of("response_rate", RESPONSES_READ)
    }

    /// Each figure counts where its own report counts it; the backlog at the period's end.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements) {
        // A goal may be set to any figure.
        let (query, goals) =
            (counting.query, counting.query.asks("goals") && !counting.terms.document().goals.is_empty());
        let asks = |figure| goals || query.asks(figure);
        if asks("opened") {
            counting.each(&state.openings, |_| Whose::Agent, |row, _| row.opened += 1);
        }
        if asks("closed") {
            counting.each(&state.closings, |c| Whose::Closing(c.values.number.get(c.row)), |row, _| row.closed += 1);
        }
        if asks("backlog") {
            standing::count(counting, state);
        }
        if asks("csat") {
            count_csat(counting, state, |row| &mut row.overall);
        }
        if asks("nps") {
            let nps = |field| field == AnsweredField::Nps;
            each_answer(counting, state, nps, |row, _, _, score, _| add(&mut row.nps, score));
        }
        if asks("reply_rating") {
            count_ratings(counting, state, |row| &mut row.ratings);
        }
        if asks("first_response") {
            each_first_response(counting, state, |_| true, |row, ended| row.first_responses.push(ended.took()));
        }
        if asks("full_resolution") {
            each_full_resolution(counting, state, |_| true, |row, ended| row.full_resolutions.push(ended.took()));
        }
        if asks("reopen_rate") {
            count_first_closings(counting, state, false, |row| &mut row.first_closed);
        }
        if asks("response_rate") {
            count_responses(counting, state, |row| &mut row.response);
        }
    }

    fn stands(&mut self, standing: Standing) {
        self.backlog = standing.open;
    }

    const EXPLAINED: &'static [&'static str] = &[
        "opened",
        "closed",
        "backlog",
        "csat",
        "reply_rating",
        "first_response",
        "full_resolution",
        "reopen_rate",
        "response_rate",
        "nps",
        "goals.NUMBER",
    ];

    fn parts<'a>(figure: &str, lookup: &Lookup<'a>) -> Option<PartOf<'a, Self>> {
        let terms = lookup.terms;
        Some(match figure {
            "opened" => count(|row: &Self| row.opened),
            "closed" => count(|row: &Self| row.closed),
            "backlog" => count(|row: &Self| row.backlog),
            "csat" => rated(|row: &Self| &row.overall, is_positive(terms)),
            "reply_rating" => rated(|row: &Self| &row.ratings, is_positive(terms)),
            "first_response" => values(|row: &Self| row.first_responses.first()),
            "full_resolution" => values(|row: &Self| row.full_resolutions.first()),
            "reopen_rate" => share(|row: &Self| row.first_closed.reopen_rate()),
            "response_rate" => share(|row: &Self| row.response),
            "nps" => scores(|row: &Self| Some(&row.nps), counts_in_nps),
            _ => {
                let number: usize = figure.strip_prefix("goals.")?.parse().ok()?;
                // A goal is made of what its figure is made of.
                return longest::<Self>(&terms.document().goals.get(number)?.value, lookup).map(|(part, _)| part);
            }
        })
    }

    fn figures(mut self, _: &Measurements, terms: &Terms) -> Fields {
        let positive_from = &terms.document().csat.positive_from;
        let mut figures: Fields = vec![
            ("opened".into(), self.opened.into()),
            ("closed".into(), self.closed.into()),
            ("backlog".into(), self.backlog.into()),
            ("csat".into(), csat(&self.overall, positive_from)),
            ("reply_rating".into(), reply_rating(&self.ratings, positive_from)),
            ("first_response".into(), self.first_responses.distribution().into()),
            ("full_resolution".into(), self.full_resolutions.distribution().into()),
            ("reopen_rate".into(), self.first_closed.reopen_rate().into()),
            ("response_rate".into(), response_rate(self.response)),
            ("nps".into(), nps(&self.nps)),
        ];
        let goals = &terms.document().goals;
        if !goals.is_empty() {
            figures.push(("goals".into(), goals.iter().map(|goal| reached(goal, &figures)).collect::<Vec<_>>().into()));
        }
        figures
    }
}

/// A goal as the definition has it, its figure as it is, and whether that is what it should be; null where there is no
/// value.
fn reached(goal: &Goal, figures: &Fields) -> Figure {
    let actual = Figure::Object(figures.clone()).get(&goal.value).cloned().unwrap_or(Figure::Null);
    let bound = |bound: Option<Bound>| bound.map(|bound| Decimal::from_micros(bound.millionths.into()));
    let (at_least, at_most) = (bound(goal.at_least), bound(goal.at_most));
    let holds = |n: Decimal| at_least.is_none_or(|least| least <= n) && at_most.is_none_or(|most| n <= most);
    let reached = actual.number().map_or(Figure::Null, |n| Figure::Truth(holds(n)));
    let mut fields = vec![("value", Figure::from(goal.value.as_str()))];
    fields.extend(at_least.map(|least| ("at_least", least.into())));
    fields.extend(at_most.map(|most| ("at_most", most.into())));
    fields.extend([("actual", actual), ("reached", reached)]);
    Figure::object(fields)
}
