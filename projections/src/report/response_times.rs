//! The report `response-times`: how long customers wait for an answer.

use super::counting::Counting;
use super::{Fields, RowFigures, Terms, within};
use crate::exact::{Distribution, Share};
use crate::measurements::Measurements;
use crate::measurements::chunk::written;
use crate::ticket_facts::Micros;

/// A row being counted.
#[derive(Default)]
pub(super) struct ResponseTimes {
    first: Vec<Micros>,
    next: Vec<Micros>,
    started: u64,
    answered: u64,
}

impl RowFigures for ResponseTimes {
    const FIGURES: u64 = 5;

    /// Responses count in the period of the reply, for its author; openings whose clock has started in the period of
    /// the opening, for the assignee.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements) {
        let position = counting.position;
        let tickets = &state.tickets.columns;
        count_first_responses(counting, state, |row| &mut row.first);
        counting.each(&state.next_responses, |row, c| row.next.push(c.values.took[c.row]));
        counting.each_of_assignee(
            &state.openings,
            |c| written(tickets.clock_started[c.ticket()], position),
            |row, c| {
                row.started += 1;
                row.answered += u64::from(written(tickets.first_response[c.ticket()], position));
            },
        );
    }

    fn figures(self, _: &Measurements, terms: &Terms) -> Fields {
        let within = within(&self.first, terms.within.or(terms.definition.first_response_target));
        vec![
            ("first_response".into(), Distribution::of(self.first).into()),
            ("within".into(), within.into()),
            ("unanswered".into(), (self.started - self.answered).into()),
            ("answer_rate".into(), Share { count: self.answered, of: self.started }.into()),
            ("next_response".into(), Distribution::of(self.next).into()),
        ]
    }
}

/// Counts first responses: in the period of the reply, for its author.
pub(super) fn count_first_responses<R: Default>(
    counting: &mut Counting<'_, R>,
    state: &Measurements,
    of: impl Fn(&mut R) -> &mut Vec<Micros>,
) {
    counting.each(&state.first_responses, |row, c| of(row).push(c.values.took[c.row]));
}
