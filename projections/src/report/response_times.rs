//! The report `response-times`: how long customers wait for an answer.

use super::adding::adds;
use super::counting::{Counting, Whose};
use super::explain::part::{Lookup, PartOf, count, share, share_of, values};
use super::figure::{JsonFields, Tells};
use super::needs::Asked;
use super::targeting::{Ended, WITHIN_READ, Within};
use super::values::Values;
use super::{Fields, RowFigures, Terms};
use crate::columns::column::Column;
use crate::definition::document::{CreditedTo, Definition, TargetMetric};
use crate::exact::Share;
use crate::measurements::Measurements;
use crate::measurements::chunk::written;
use crate::measurements::needs::Needs;

/// A row being counted.
#[derive(Default)]
pub(super) struct ResponseTimes {
    first: Values,
    within: Share,
    next: Values,
    started: u64,
    answered: u64,
}

adds!(ResponseTimes { first, within, next, started, answered });

impl RowFigures for ResponseTimes {
    const FIGURES: u64 = 5;
    const APART: bool = true;

    fn reads(asked: &Asked<'_>) -> Needs {
        // Whom an opening counts for, their span tells.
        let openings = Needs::Openings | Needs::Tickets | Needs::Responses | Needs::Spans;
        let of_whom = whose_response_reads(asked.document);
        asked.of(&["first_response", "within"], Needs::FirstResponses | of_whom)
            | asked.of(&["within"], WITHIN_READ)
            | asked.of(&["next_response"], Needs::NextResponses | of_whom)
            | asked.of(&["unanswered", "answer_rate"], openings)
    }

    /// Responses count in the period of the reply, for its author; openings whose clock has started in the period of
    /// the opening, for the assignee.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements) {
        let query = counting.query;
        count_first_responses(counting, state);
        if query.asks("next_response") {
            each_next_response(counting, state, |_| true, |row, response| row.next.push(response.took()));
        }
        if query.asks_any(&["unanswered", "answer_rate"]) {
            count_answered(counting, state);
        }
    }

    const EXPLAINED: &'static [&'static str] =
        &["first_response", "within", "unanswered", "answer_rate", "next_response"];

    fn parts<'a>(figure: &str, _: &Lookup<'a>) -> Option<PartOf<'a, Self>> {
        Some(match figure {
            "first_response" => values(|row: &Self| row.first.first()),
            "within" => share_of(|row: &Self| row.within, |row| row.first.first()),
            "unanswered" => count(|row: &Self| row.started - row.answered),
            "answer_rate" => share(|row: &Self| Share { count: row.answered, of: row.started }),
            "next_response" => values(|row: &Self| row.next.first()),
            _ => return None,
        })
    }

    fn figures(mut self, _: &Measurements, terms: &Terms) -> Fields {
        let mut figures = Fields::new();
        self.tell(terms, &mut figures);
        figures
    }

    fn write(&mut self, _: &Measurements, terms: &Terms, _: &dyn Fn(&str) -> bool, to: &mut JsonFields<'_>) {
        self.tell(terms, to);
    }
}

impl ResponseTimes {
    fn tell(&mut self, terms: &Terms, to: &mut impl Tells) {
        terms.tell(to, "first_response", || self.first.distribution());
        terms.tell(to, "within", || self.within);
        terms.tell(to, "unanswered", || self.started - self.answered);
        terms.tell(to, "answer_rate", || Share { count: self.answered, of: self.started });
        terms.tell(to, "next_response", || self.next.distribution());
    }
}

fn count_first_responses(counting: &mut Counting<'_, ResponseTimes>, state: &Measurements) {
    if counting.query.asks("within") {
        let within = Within::of(counting, TargetMetric::FirstResponse);
        let count = |row: &mut ResponseTimes, response: &Ended<'_>| {
            row.first.push(response.took());
            row.within.add(within.holds(response));
        };
        each_first_response(counting, state, |_| true, count);
    } else if counting.query.asks("first_response") {
        each_first_response(counting, state, |_| true, |row, response| row.first.push(response.took()));
    }
}

/// Counts openings whose clock has started, and those answered by now.
fn count_answered(counting: &mut Counting<'_, ResponseTimes>, state: &Measurements) {
    let (position, tickets) = (counting.position, &state.tickets);
    counting.each_where(
        &state.openings,
        |_| Whose::AssigneeNow,
        |c| written(tickets.clock_started(c.ticket()), position),
        |row, c| {
            row.started += 1;
            row.answered += u64::from(written(tickets.first_response(c.ticket()), position));
        },
    );
}

/// Hands on every first response that `keep` keeps: in the period of the reply, for its author or the assignee.
pub(super) fn each_first_response<R: Default>(
    counting: &mut Counting<'_, R>,
    state: &Measurements,
    keep: impl Fn(&Ended<'_>) -> bool,
    mut count: impl FnMut(&mut R, &Ended<'_>),
) {
    let whose = whose_response(counting.terms);
    counting.measure(TargetMetric::FirstResponse, |counting| {
        counting.each_where(
            &state.first_responses,
            |c| whose(&c.values.assignee, c.row),
            |c| keep(&Ended::of(c)),
            |row, c| count(row, &Ended::of(c)),
        );
    });
}

/// Hands on every next response that `keep` keeps: in the period of the reply, for its author or the assignee.
pub(super) fn each_next_response<R: Default>(
    counting: &mut Counting<'_, R>,
    state: &Measurements,
    keep: impl Fn(&Ended<'_>) -> bool,
    mut count: impl FnMut(&mut R, &Ended<'_>),
) {
    let whose = whose_response(counting.terms);
    counting.measure(TargetMetric::NextResponse, |counting| {
        counting.each_where(
            &state.next_responses,
            |c| whose(&c.values.assignee, c.row),
            |c| keep(&Ended::of(c)),
            |row, c| count(row, &Ended::of(c)),
        );
    });
}

/// What [`each_first_response`] and [`each_next_response`] read beside the responses themselves.
pub(super) fn whose_response_reads(document: &Definition) -> Needs {
    Needs::Assignees.when(document.first_response.credited_to == CreditedTo::Assignee)
}

/// For whom responses count: for their author, or for the assignee, who is not read otherwise.
fn whose_response(terms: &Terms) -> impl Fn(&Column<u32>, usize) -> Whose + use<> {
    let for_assignee = terms.document().first_response.credited_to == CreditedTo::Assignee;
    move |assignee, row| if for_assignee { Whose::One(assignee.get(row)) } else { Whose::Agent }
}
