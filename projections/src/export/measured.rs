//! One row a measurement, of every kind there is.

mod row;

use super::Export;
use super::values::GivenScore;
use crate::columns::rows::Columns;
use crate::definition::document::{Attribution, CreditedTo};
use crate::measurements::chunk::{Moment, Table};
use crate::measurements::kinds::{
    Answer, Closing, FirstClosing, FirstResponse, FollowUp, NextResponse, Opening, PriorityChange, PublicReply, Rating,
    Reopening, Stay, Transfer,
};
use crate::ticket_facts::{AnsweredField, InForce, Micros};
use daftar_eventlog::Position;

pub use row::{MeasurementRow, Own, Spent};

pub(super) use row::actor_word;

/// A row's own part, and what else depends on its kind.
struct Told<'a> {
    own: Own<'a>,
    taken_back: Position,
    whose: Whose,
}

/// For whom a kind counts.
enum Whose {
    /// For the agent it was measured with.
    Agent,
    /// As a response: for its author, or for this assignee.
    Response(u32),
    /// As attribution says of this closing.
    Closing(u32),
}

impl<'a> Told<'a> {
    fn new(whose: Whose, own: Own<'a>) -> Self {
        Self { own, taken_back: Position::ZERO, whose }
    }
}

impl<'a> Export<'a> {
    /// Every measurement, kind by kind in the order of their names here; within a kind month by month as the months
    /// first came up, within a month in the order of the log.
    pub fn measurements(self) -> impl Iterator<Item = MeasurementRow<'a>> {
        let state = self.state;
        let plain = || Told::new(Whose::Agent, Own::default());
        self.rows("opening", &state.openings, move |_: Opening| plain())
            .chain(self.rows("first_response", &state.first_responses, move |row| self.first_response(&row)))
            .chain(self.rows("next_response", &state.next_responses, move |row| self.next_response(&row)))
            .chain(self.rows("public_reply", &state.public_replies, move |_: PublicReply| plain()))
            .chain(self.rows("first_closing", &state.first_closings, |row| first_closing(&row)))
            .chain(self.rows("closing", &state.closings, |row| closing(&row)))
            .chain(self.rows("reopening", &state.reopenings, |row| reopening(&row)))
            .chain(self.rows("transfer", &state.transfers, move |row| self.transfer(&row)))
            .chain(self.rows("stay", &state.stays, |row| stay(&row)))
            .chain(self.rows("answer", &state.answers, move |row| self.answer(&row)))
            .chain(self.rows("rating", &state.ratings, move |row| self.rating(&row)))
            .chain(self.rows("priority_change", &state.priority_changes, move |_: PriorityChange| plain()))
            .chain(self.rows("follow_up", &state.follow_ups, move |_: FollowUp| plain()))
    }

    /// How many rows [`Self::measurements`] has.
    #[must_use]
    pub fn measurement_count(self) -> usize {
        let state = self.state;
        let responses = state.first_responses.len() + state.next_responses.len() + state.public_replies.len();
        let closings = state.first_closings.len() + state.closings.len() + state.reopenings.len();
        let moves = state.openings.len() + state.transfers.len() + state.stays.len() + state.priority_changes.len();
        responses + closings + moves + state.answers.len() + state.ratings.len() + state.follow_ups.len()
    }

    fn rows<C: Columns>(
        self,
        kind: &'static str,
        table: &'a Table<C>,
        told: impl Fn(C::Row) -> Told<'a> + Copy,
    ) -> impl Iterator<Item = MeasurementRow<'a>> {
        table.pieces(Micros::MIN, Micros::MAX).flat_map(move |piece| {
            (0..piece.len()).map(move |row| {
                let (moment, values) = piece.row(row);
                self.row(kind, &moment, told(values))
            })
        })
    }

    fn row(self, kind: &'static str, moment: &Moment, told: Told<'a>) -> MeasurementRow<'a> {
        let Moment { at, ticket, branch, department, priority, agent, tags, reason, form, added } = *moment;
        let in_force = InForce { branch, department, priority, agent, tags, reason, form };
        let agents = self.agents(agent, &told.whose);
        MeasurementRow {
            kind,
            ticket: self.state.tickets.id(ticket),
            at,
            position: added,
            taken_back: there(told.taken_back),
            voided: self.state.void_at(ticket, self.state.position()),
            agent: agents.first().copied(),
            agents,
            values: self.values(ticket, in_force),
            own: told.own,
        }
    }

    /// Everybody for whom something counts, as reports have it.
    fn agents(self, agent: u32, whose: &Whose) -> Vec<&'a str> {
        let (definition, credits) = (self.definition, &self.state.credits);
        let one = |agent| self.agent(agent).into_iter().collect();
        match whose {
            Whose::Closing(closing) if definition.attribution == Attribution::AllRepliers => {
                let repliers = credits.repliers(*closing, &self.state.dimensions);
                repliers.iter().filter_map(|agent| self.agent(*agent)).collect()
            }
            Whose::Closing(closing) => one(credits.agent(*closing, definition.attribution)),
            Whose::Response(assignee) => one(self.responder(agent, *assignee)),
            Whose::Agent => one(agent),
        }
    }

    /// For whom a response counts, as a number: for its author, or for the assignee.
    pub(super) fn responder(self, author: u32, assignee: u32) -> u32 {
        match self.definition.first_response.credited_to {
            CreditedTo::Assignee => assignee,
            CreditedTo::Replied => author,
        }
    }

    fn first_response(self, row: &FirstResponse) -> Told<'a> {
        self.response(row.started, row.took, row.assignee)
    }

    fn next_response(self, row: &NextResponse) -> Told<'a> {
        self.response(row.started, row.took, row.assignee)
    }

    fn response(self, started: Micros, took: Micros, assignee: u32) -> Told<'a> {
        let own = Own { started: Some(started), took: Some(took), assignee: self.agent(assignee), ..Own::default() };
        Told::new(Whose::Response(assignee), own)
    }

    fn transfer(self, row: &Transfer) -> Told<'a> {
        let to_department = self.state.dimensions.departments.name(row.to.into());
        Told::new(Whose::Agent, Own { previous: row.previous, to_department, ..Own::default() })
    }

    fn answer(self, row: &Answer) -> Told<'a> {
        let (field, question) = self.field(row.field);
        let scored = |scale: u8| match row.field {
            AnsweredField::Overall => Some(self.score(scale, row.score)),
            AnsweredField::Choice(_) => None,
            _ => Some(GivenScore { scale: None, score: row.score, positive: None }),
        };
        let own = Own {
            closing: Some(row.closing),
            first: Some(row.first),
            field: Some(field),
            question,
            score: scored(row.scale),
            choices: matches!(row.field, AnsweredField::Choice(_)).then(|| self.choices(row.choices)),
            ..Own::default()
        };
        Told { taken_back: row.superseded, ..Told::new(Whose::Closing(row.closing), own) }
    }

    fn rating(self, row: &Rating) -> Told<'a> {
        let score = Some(self.score(row.scale, row.score));
        let own = Own { first: Some(row.first), score, ..Own::default() };
        Told { taken_back: row.superseded, ..Told::new(Whose::Agent, own) }
    }

    fn field(self, field: AnsweredField) -> (&'static str, Option<&'a str>) {
        let question = |number| self.state.dimensions.questions.name(number);
        match field {
            AnsweredField::Overall => ("overall", None),
            AnsweredField::Nps => ("nps", None),
            AnsweredField::Ces => ("ces", None),
            AnsweredField::Question(number) => ("question", question(number)),
            AnsweredField::Choice(number) => ("choice", question(number)),
        }
    }

    fn choices(self, set: u32) -> Vec<&'a str> {
        let names = &self.state.dimensions;
        let mut chosen: Vec<_> =
            names.choice_sets.members(set).iter().filter_map(|choice| names.choices.name(*choice)).collect();
        chosen.sort_unstable();
        chosen
    }
}

fn first_closing<'a>(row: &FirstClosing) -> Told<'a> {
    let (started, took) = (Some(row.started), Some(row.took));
    let own = Own { started, took, closing: Some(row.closing), ..Own::default() };
    Told::new(Whose::Closing(row.closing), own)
}

fn closing<'a>(row: &Closing) -> Told<'a> {
    let own = Own {
        started: Some(row.started),
        took: Some(row.took),
        closing: Some(row.number),
        closed_by: Some(actor_word(row.by)),
        survey_offered: Some(row.offered),
        answered: there(row.answered),
        previous: row.previous,
        spent: Some(Spent::of(row)),
        agent_replies: Some(row.replies),
        ..Own::default()
    };
    Told { taken_back: row.retracted, ..Told::new(Whose::Closing(row.number), own) }
}

fn reopening<'a>(row: &Reopening) -> Told<'a> {
    let own = Own { closing: Some(row.closing), previous: row.previous, ..Own::default() };
    Told::new(Whose::Closing(row.closing), own)
}

fn stay<'a>(row: &Stay) -> Told<'a> {
    let own = Own { took: Some(row.took), closing: row.closing, ..Own::default() };
    Told::new(row.closing.map_or(Whose::Agent, Whose::Closing), own)
}

/// A late position, once it is written.
fn there(late: Position) -> Option<Position> {
    (late != Position::ZERO).then_some(late)
}
