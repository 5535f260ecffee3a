//! What each event of the ticket measured, read from the tables by its position; nothing else here reads columns.

use super::deed::Field;
use crate::measurements::Measurements;
use crate::measurements::chunk::{Chunk, Columns, Table};
use crate::ticket_facts::{AnsweredField, Micros};
use daftar_eventlog::Position;
use std::collections::BTreeMap;

/// A duration that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lasted {
    pub(super) started: Micros,
    pub(super) took: Micros,
}

/// What a closing measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClosingValues {
    pub(super) full: Lasted,
    pub(super) open: Micros,
    pub(super) agent_work: Micros,
    pub(super) waiting_for_customer: Micros,
    pub(super) held_for_customer: Micros,
    pub(super) held_for_third_party: Micros,
    pub(super) replies: u32,
    /// The reopening that undid it; 0: none.
    pub(super) retracted: Position,
    /// Its first answer; 0: none.
    pub(super) answered: Position,
}

/// Everything that one event measured.
#[derive(Debug, Clone, Default)]
pub(super) struct Measured {
    pub(super) first_response: Option<Lasted>,
    pub(super) next_response: Option<Lasted>,
    pub(super) first_closing: Option<Lasted>,
    pub(super) closing: Option<ClosingValues>,
    pub(super) stay: Option<Micros>,
    /// The answers that count, each with the position of the later one in its place (0: none).
    pub(super) answers: Vec<(Field, Position)>,
    /// A rating that counts, with the position of the later one in its place.
    pub(super) rating: Option<Position>,
}

/// What every event measured, by its position.
pub(super) type ByPosition = BTreeMap<Position, Measured>;

/// Reads a state that knows one ticket.
pub(super) fn read(state: &Measurements) -> ByPosition {
    let mut by = ByPosition::new();
    each(&mut by, &state.first_responses, |measured, chunk, row| {
        let (started, took) = (chunk.values.started[row], chunk.values.took[row]);
        measured.first_response = Some(Lasted { started, took });
    });
    each(&mut by, &state.next_responses, |measured, chunk, row| {
        let (started, took) = (chunk.values.started[row], chunk.values.took[row]);
        measured.next_response = Some(Lasted { started, took });
    });
    each(&mut by, &state.first_closings, |measured, chunk, row| {
        let (started, took) = (chunk.values.started[row], chunk.values.took[row]);
        measured.first_closing = Some(Lasted { started, took });
    });
    each(&mut by, &state.closings, |measured, chunk, row| {
        let values = &chunk.values;
        measured.closing = Some(ClosingValues {
            full: Lasted { started: values.started[row], took: values.took[row] },
            open: values.open[row],
            agent_work: values.agent_work[row],
            waiting_for_customer: values.waiting_for_customer[row],
            held_for_customer: values.held_for_customer[row],
            held_for_third_party: values.held_for_third_party[row],
            replies: values.replies[row],
            retracted: values.retracted[row],
            answered: values.answered[row],
        });
    });
    each(&mut by, &state.stays, |measured, chunk, row| measured.stay = Some(chunk.values.took[row]));
    each(&mut by, &state.answers, |measured, chunk, row| {
        let field = named(state, chunk.values.field[row]);
        measured.answers.push((field, chunk.values.superseded[row]));
    });
    each(&mut by, &state.ratings, |measured, chunk, row| measured.rating = Some(chunk.values.superseded[row]));
    by
}

/// The customer's tier at the opening of the one ticket; 0: none.
pub(super) fn tier(state: &Measurements) -> u16 {
    state.tickets.columns.tier[0]
}

fn each<C: Columns>(by: &mut ByPosition, table: &Table<C>, mut take: impl FnMut(&mut Measured, &Chunk<C>, usize)) {
    for chunk in table.chunks(Micros::MIN, Micros::MAX) {
        for row in 0..chunk.moments.added.len() {
            take(by.entry(chunk.moments.added[row]).or_default(), chunk, row);
        }
    }
}

fn named(state: &Measurements, field: AnsweredField) -> Field {
    let question = |number| state.dimensions.questions.name(number).unwrap_or_default().to_owned();
    match field {
        AnsweredField::Overall => Field::Overall,
        AnsweredField::Nps => Field::Nps,
        AnsweredField::Ces => Field::Ces,
        AnsweredField::Question(number) => Field::Question(question(number)),
        AnsweredField::Choice(number) => Field::Choice(question(number)),
    }
}
