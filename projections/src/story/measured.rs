//! What each event of the ticket measured, read from the tables by its position; nothing else here reads columns.

use super::deed::Field;
use crate::columns::rows::Columns;
use crate::measurements::Measurements;
use crate::measurements::chunk::{Piece, Table};
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
    each(&mut by, &state.first_responses, |measured, piece, row| {
        let (started, took) = (piece.values.started.get(row), piece.values.took.get(row));
        measured.first_response = Some(Lasted { started, took });
    });
    each(&mut by, &state.next_responses, |measured, piece, row| {
        let (started, took) = (piece.values.started.get(row), piece.values.took.get(row));
        measured.next_response = Some(Lasted { started, took });
    });
    each(&mut by, &state.first_closings, |measured, piece, row| {
        let (started, took) = (piece.values.started.get(row), piece.values.took.get(row));
        measured.first_closing = Some(Lasted { started, took });
    });
    each(&mut by, &state.closings, |measured, piece, row| {
        let values = &piece.values;
        measured.closing = Some(ClosingValues {
            full: Lasted { started: values.started.get(row), took: values.took.get(row) },
            open: values.open.get(row),
            agent_work: values.agent_work.get(row),
            waiting_for_customer: values.waiting_for_customer.get(row),
            held_for_customer: values.held_for_customer.get(row),
            held_for_third_party: values.held_for_third_party.get(row),
            replies: values.replies.get(row),
            retracted: values.retracted.get(row),
            answered: values.answered.get(row),
        });
    });
    each(&mut by, &state.stays, |measured, piece, row| measured.stay = Some(piece.values.took.get(row)));
    each(&mut by, &state.answers, |measured, piece, row| {
        let field = named(state, piece.values.field.get(row));
        measured.answers.push((field, piece.values.superseded.get(row)));
    });
    each(&mut by, &state.ratings, |measured, piece, row| measured.rating = Some(piece.values.superseded.get(row)));
    by
}

/// The customer's tier at the opening of the one ticket; 0: none.
pub(super) fn tier(state: &Measurements) -> u16 {
    state.tickets.tier(0)
}

fn each<C: Columns>(by: &mut ByPosition, table: &Table<C>, mut take: impl FnMut(&mut Measured, &Piece<C>, usize)) {
    for piece in table.pieces(Micros::MIN, Micros::MAX) {
        for row in 0..piece.len() {
            take(by.entry(piece.moments.added.get(row)).or_default(), piece, row);
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
