//! A measurement as a row.

use crate::export::values::{GivenScore, Values};
use crate::measurements::kinds::{ActorKind, Closing};
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;

/// What was measured at one moment of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasurementRow<'a> {
    /// The kind: what was measured.
    pub kind: &'static str,
    /// The ticket's id.
    pub ticket: &'a str,
    /// When.
    pub at: Micros,
    /// The position of the event that was measured.
    pub position: Position,
    /// The position of the event that took it back, or put another in its place; none: it stands.
    pub taken_back: Option<Position>,
    /// Whether the ticket is out of the figures.
    pub voided: bool,
    /// For whom it counts under the definition: the first of `agents`.
    pub agent: Option<&'a str>,
    /// Everybody for whom it counts: more than one where closings are attributed to all who replied.
    pub agents: Vec<&'a str>,
    /// What was in force then; of a figure that rests on a closing, what was in force at that.
    pub values: Values<'a>,
    /// What its kind has besides.
    pub own: Own<'a>,
}

/// What single kinds of measurements have; `None`: another kind, or nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Own<'a> {
    /// When a duration's clock started.
    pub started: Option<Micros>,
    /// The duration.
    pub took: Option<Micros>,
    /// Who had the ticket when a response was given.
    pub assignee: Option<&'a str>,
    /// The number of the closing that it is or rests on, from 0, in order of the log: rows of one closing share it.
    pub closing: Option<u32>,
    /// Who closed: agent, customer or automation.
    pub closed_by: Option<&'static str>,
    /// Whether a survey was offered.
    pub survey_offered: Option<bool>,
    /// Where a closing's survey was first answered.
    pub answered: Option<Position>,
    /// When the same happened to the ticket before.
    pub previous: Option<Micros>,
    /// Where the ticket's time up to a closing went.
    pub spent: Option<Spent>,
    /// Public replies by agents up to a closing.
    pub agent_replies: Option<u32>,
    /// Where a transfer went.
    pub to_department: Option<&'a str>,
    /// Whether an answer or a rating is the first to its question or of its reply.
    pub first: Option<bool>,
    /// Which field was answered: overall, nps, ces, question or choice.
    pub field: Option<&'static str>,
    /// Which question, where it has a name of its own.
    pub question: Option<&'a str>,
    /// The score that was given.
    pub score: Option<GivenScore>,
    /// What was chosen.
    pub choices: Option<Vec<&'a str>>,
}

/// Where a ticket's time went up to a closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Time open, on the clock of resolutions.
    pub open: Micros,
    /// Time waiting for an agent, not held.
    pub agent_work: Micros,
    /// Time waiting for the customer, not held.
    pub waiting_for_customer: Micros,
    /// Time held for the customer.
    pub held_for_customer: Micros,
    /// Time held for a third party.
    pub held_for_third_party: Micros,
}

impl Spent {
    pub(in crate::export) fn of(closing: &Closing) -> Self {
        Self {
            open: closing.open,
            agent_work: closing.agent_work,
            waiting_for_customer: closing.waiting_for_customer,
            held_for_customer: closing.held_for_customer,
            held_for_third_party: closing.held_for_third_party,
        }
    }
}

/// The word for who did something.
pub(in crate::export) const fn actor_word(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::Agent => "agent",
        ActorKind::Customer => "customer",
        ActorKind::Automation => "automation",
    }
}
