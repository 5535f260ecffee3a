//! A ticket: its state, and the three functions that move it.
//!
//! `decide(&Ticket, Command, now)` gives events or a [`Rejection`]; `admit(&Ticket, &Event)` says whether an event
//! may stand in a history at all; `evolve(Ticket, &Event)` is the state after it and never fails.

pub mod admit;
pub mod command;
pub mod decide;
pub mod event;
pub mod evolve;
#[cfg(test)]
mod properties;
pub mod rejection;
#[cfg(test)]
pub(crate) mod samples;

pub use admit::admit;
pub use command::{Action, Command};
pub use decide::decide;
pub use event::{Attachment, Change, Event, EventKind, HeldFor, Means, Opening, Priority, Visibility};
pub use evolve::evolve;
pub use rejection::{ClosedTo, Rejection, RejectionKind};

use crate::actor::Actor;
use crate::ids::{
    AgentId, AttributeName, AttributeValue, BranchId, ChannelId, CustomerId, DepartmentId, FormRef, Language, ReasonId,
    Tag, TierId,
};
use crate::satisfaction::{Score, SurveyAnswers};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What a ticket is after some of its events; `Ticket::default()` is one that was never opened.
///
/// Texts are left out, those of survey answers excepted: a rule reads them (an equal answer changes nothing).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ticket {
    /// How many events it has.
    pub version: u32,
    /// When it was opened; `None`: never.
    pub opened_at: Option<Timestamp>,
    /// When its last event happened.
    pub last_event_at: Option<Timestamp>,
    /// Open, held or closed; means nothing before the opening.
    pub state: State,
    /// For whom it waits while it is open.
    pub waiting_for: Option<WaitingFor>,
    /// Since when it waits for them.
    pub waiting_since: Option<Timestamp>,
    /// Whether a customer's public message stands unanswered; it outlives a closing and a hold.
    pub unanswered_since: Option<Timestamp>,
    /// Which cycle it is in: 1 from the opening, one more at each reopening; 0 before the opening.
    pub cycle: u32,
    /// Whether it is out of the figures.
    pub voided: bool,
    /// Whose ticket it is.
    pub customer: Option<CustomerId>,
    /// Where it came from.
    pub channel: Option<ChannelId>,
    /// Its branch.
    pub branch: Option<BranchId>,
    /// Its department.
    pub department: Option<DepartmentId>,
    /// Who has it.
    pub agent: Option<AgentId>,
    /// How urgent it is.
    pub priority: Priority,
    /// The customer's tier at opening.
    pub customer_tier: Option<TierId>,
    /// Its tags.
    pub tags: BTreeSet<Tag>,
    /// The customer's language.
    pub language: Option<Language>,
    /// Own fields.
    pub attributes: BTreeMap<AttributeName, AttributeValue>,
    /// Its replies, in order; reply n stands at index n - 1.
    pub replies: Vec<Reply>,
    /// Its closings, in order; closing n stands at index n - 1.
    pub closings: Vec<Closing>,
    /// How many follow-ups were recorded.
    pub follow_ups: u32,
}

/// Whether a ticket is open, held or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum State {
    /// Open and not held.
    #[default]
    Open,
    /// Open and held for somebody.
    Held(HeldFor),
    /// Closed.
    Closed,
}

impl State {
    /// Its word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Held(_) => "held",
            Self::Closed => "closed",
        }
    }
}

/// For whom an open ticket waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaitingFor {
    /// An agent's public reply.
    Agent,
    /// The customer.
    Customer,
    /// Somebody else.
    ThirdParty,
}

impl WaitingFor {
    /// The word for it in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Customer => "customer",
            Self::ThirdParty => "third_party",
        }
    }
}

/// A reply, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// When it was posted.
    pub posted_at: Timestamp,
    /// Who wrote it.
    pub author: Actor,
    /// Who may read it.
    pub visibility: Visibility,
    /// Its last rating.
    pub rating: Option<Score>,
}

impl Reply {
    /// Whether an agent wrote it for the customer to read: only such replies are rated.
    #[must_use]
    pub fn is_public_agent_reply(&self) -> bool {
        self.visibility == Visibility::Public && self.author.agent().is_some()
    }
}

/// A closing and what the customer said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// When it was closed.
    pub closed_at: Timestamp,
    /// Who closed it.
    pub by: Actor,
    /// Whether a survey was offered.
    pub survey_offered: bool,
    /// The survey form offered.
    pub form: Option<FormRef>,
    /// Why it was closed.
    pub reason: Option<ReasonId>,
    /// The last value given of each field of its survey; `None`: never answered.
    pub survey: Option<SurveyAnswers>,
    /// The ticket's cycle when its survey was first answered; 0: never.
    pub answered_in_cycle: u32,
}

impl Ticket {
    /// Whether it was ever opened.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.opened_at.is_some()
    }

    /// Whether it is closed now.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.exists() && self.state == State::Closed
    }

    /// Reply `number`, counted from 1.
    #[must_use]
    pub fn reply(&self, number: u32) -> Option<&Reply> {
        self.replies.get(index_of(number)?)
    }

    /// Closing `number`, counted from 1.
    #[must_use]
    pub fn closing(&self, number: u32) -> Option<&Closing> {
        self.closings.get(index_of(number)?)
    }

    /// The number of its latest closing; 0 before any.
    #[must_use]
    pub fn latest_closing(&self) -> u32 {
        u32::try_from(self.closings.len()).unwrap_or(u32::MAX)
    }

    /// Whether the answer to closing `number` changes no more: it was answered and the ticket was reopened since.
    #[must_use]
    pub fn is_settled(&self, number: u32) -> bool {
        self.closing(number).is_some_and(|closing| closing.survey.is_some() && closing.answered_in_cycle < self.cycle)
    }
}

/// Where the thing numbered `number`, from 1, stands in its list.
fn index_of(number: u32) -> Option<usize> {
    usize::try_from(number.checked_sub(1)?).ok()
}
