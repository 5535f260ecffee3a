//! One row a ticket: what it is, and what was measured of it.

use super::Export;
use super::measured::{Spent, actor_word};
use super::values::{GivenScore, Values};
use crate::columns::rows::Columns;
use crate::definition::document::ResolutionEnds;
use crate::measurements::chunk::{Moment, Table};
use crate::ticket_facts::{AnsweredField, ClosingFacts, InForce, Micros, TicketFacts};
use crate::ticket_list::line::{TicketState, waiting_for};
use daftar_domain::ticket::WaitingFor;
use daftar_eventlog::Position;

/// A ticket at the end of what was folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRow<'a> {
    /// Its id.
    pub ticket: &'a str,
    /// How many events it has.
    pub version: u32,
    /// Open, held or closed.
    pub state: TicketState,
    /// For whom it waits; none: it is closed.
    pub waiting_for: Option<&'static str>,
    /// Since when it waits for them.
    pub waiting_since: Option<Micros>,
    /// Whether it is out of the figures.
    pub voided: bool,
    /// When it was opened.
    pub opened_at: Micros,
    /// When its last event happened.
    pub last_event_at: Micros,
    /// Who has it.
    pub agent: Option<&'a str>,
    /// Its dimensions; reason and form of its latest closing.
    pub values: Values<'a>,
    /// Its first response; none: none was given.
    pub first_response: Option<FirstResponded<'a>>,
    /// When it was first closed, and how long that took; none: it never was.
    pub first_closing: Option<(Micros, Micros)>,
    /// Its latest closing; none: it was never closed.
    pub last_closing: Option<LastClosing<'a>>,
    /// How long its resolution took: to the closing that stands, or to the first where the definition ends it there.
    pub full_resolution: Option<Micros>,
    /// 1, and one more for each reopening.
    pub cycle: u32,
    /// How often it was reopened.
    pub reopenings: u32,
    /// How often it was closed.
    pub closings: usize,
    /// Replies of every kind, notes included.
    pub replies: usize,
    /// Public replies by agents.
    pub agent_replies: u32,
    /// How often it was transferred.
    pub transfers: u32,
}

/// A first response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstResponded<'a> {
    /// When.
    pub at: Micros,
    /// How long it took, on its clock.
    pub took: Micros,
    /// Who gave it; none: an automation.
    pub agent: Option<&'a str>,
}

/// A ticket's latest closing, and what the customer said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastClosing<'a> {
    /// When.
    pub at: Micros,
    /// Who closed: agent, customer or automation.
    pub by: &'static str,
    /// Whom the definition credits with it; where that is everybody who replied, who replied first.
    pub agent: Option<&'a str>,
    /// Whether a survey was offered.
    pub survey_offered: bool,
    /// Where the time up to it went; none: the ticket was reopened since.
    pub spent: Option<Spent>,
    /// The latest overall answer to its survey, and when it was given.
    pub csat: Option<(Micros, GivenScore)>,
    /// The latest NPS answer.
    pub nps: Option<u16>,
    /// The latest CES answer.
    pub ces: Option<u16>,
}

/// What is not kept by ticket but only by moment: gathered in one walk over each table.
struct Gathered {
    /// By ticket: where the first response is measured first, when, how long it took, whose it is.
    responses: Vec<Option<(Position, Micros, Micros, u32)>>,
    first_closings: Vec<Option<(Micros, Micros)>>,
    transfers: Vec<u32>,
}

impl Gathered {
    fn of(export: Export<'_>) -> Self {
        let (state, tickets) = (export.state, export.state.tickets.len());
        let mut gathered =
            Self { responses: vec![None; tickets], first_closings: vec![None; tickets], transfers: vec![0; tickets] };
        each(&state.first_responses, |moment, row| {
            let response = (moment.added, moment.at, row.took, export.responder(moment.agent, row.assignee));
            let known = &mut gathered.responses[moment.ticket as usize];
            // A definition may count one a cycle.
            *known = known.filter(|(added, ..)| *added < moment.added).or(Some(response));
        });
        each(&state.first_closings, |moment, row| {
            gathered.first_closings[moment.ticket as usize] = Some((moment.at, row.took));
        });
        each(&state.transfers, |moment, _| gathered.transfers[moment.ticket as usize] += 1);
        gathered
    }
}

fn each<C: Columns>(table: &Table<C>, mut tell: impl FnMut(&Moment, &C::Row)) {
    for piece in table.pieces(Micros::MIN, Micros::MAX) {
        for row in 0..piece.moments.len() {
            tell(&piece.moments.row(row), &piece.values.row(row));
        }
    }
}

impl<'a> Export<'a> {
    /// Every ticket, in the order of their openings in the log.
    pub fn tickets(self) -> impl Iterator<Item = TicketRow<'a>> {
        let gathered = Gathered::of(self);
        let all = (0_u32..).map_while(move |ticket| Some((ticket, self.state.facts(ticket)?)));
        all.map(move |(ticket, facts)| self.ticket(ticket, &facts, &gathered))
    }

    fn ticket(self, ticket: u32, facts: &TicketFacts, gathered: &Gathered) -> TicketRow<'a> {
        let (state, (reason, form)) = (self.state, facts.closed_for);
        let first_closing = gathered.first_closings[ticket as usize];
        let last_closing = facts.closings.last().and_then(|closing| self.last_closing(closing));
        let stands = last_closing.as_ref().and_then(|(_, took)| *took);
        let ends_at_first = state.folded().ends == ResolutionEnds::FirstClose;
        TicketRow {
            ticket: state.tickets.id(ticket),
            version: facts.version,
            state: TicketState::of(facts.doing),
            waiting_for: waiting_for(facts.doing).map(WaitingFor::name),
            waiting_since: facts.doing.is_open().then_some(facts.doing_since),
            voided: state.void_at(ticket, state.position()),
            opened_at: facts.opened_at,
            last_event_at: facts.last_event_at,
            agent: self.agent(facts.in_force.agent),
            values: self.values(ticket, InForce { reason, form, ..facts.in_force }),
            first_response: gathered.responses[ticket as usize].map(|(_, at, took, agent)| FirstResponded {
                at,
                took,
                agent: self.agent(agent),
            }),
            first_closing,
            full_resolution: if ends_at_first { first_closing.map(|(_, took)| took) } else { stands },
            last_closing: last_closing.map(|(closing, _)| closing),
            cycle: facts.reopenings.saturating_add(1),
            reopenings: facts.reopenings,
            closings: facts.closings.len(),
            replies: facts.replies.len(),
            agent_replies: facts.public_agent_replies,
            transfers: gathered.transfers[ticket as usize],
        }
    }

    /// A closing, and how long the resolution up to it took, if it stands.
    fn last_closing(self, facts: &ClosingFacts) -> Option<(LastClosing<'a>, Option<Micros>)> {
        let (moment, row) = self.state.closings.get(facts.location)?;
        let stands = row.retracted == Position::ZERO;
        let number = |field| self.answer_to(facts, field).map(|(_, answer)| answer.score);
        let closing = LastClosing {
            at: moment.at,
            by: actor_word(row.by),
            agent: self.agent(self.state.credits.agent(row.number, self.definition.attribution)),
            survey_offered: row.offered,
            spent: stands.then(|| Spent::of(&row)),
            csat: self.answer_to(facts, AnsweredField::Overall),
            nps: number(AnsweredField::Nps),
            ces: number(AnsweredField::Ces),
        };
        Some((closing, stands.then_some(row.took)))
    }

    /// The latest answer to a field of a closing's survey, and when it was given.
    fn answer_to(self, closing: &ClosingFacts, field: AnsweredField) -> Option<(Micros, GivenScore)> {
        let (_, location) = closing.answers.iter().find(|(answered, _)| *answered == field)?;
        let (moment, row) = self.state.answers.get(*location)?;
        Some((moment.at, self.score(row.scale, row.score)))
    }
}
