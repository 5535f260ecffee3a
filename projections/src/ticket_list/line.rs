//! A ticket's line in a list: the ticket without its texts, with what is due on it.

use super::query::SortBy;
use crate::definition::document::{Definition, TargetMetric};
use crate::exact::Decimal;
use crate::measurements::Measurements;
use crate::report::CustomerLabels;
use crate::report::groups::Axis;
use crate::report::json::rfc3339;
use crate::ticket_facts::{Doing, LineFacts, Micros};
use daftar_domain::satisfaction::Scale;
use daftar_domain::ticket::{Priority, WaitingFor};
use daftar_domain::{Invalid, Timestamp};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The metric whose target a ticket in a list can miss.
const FIRST_RESPONSE: &str = "first_response";

/// Whether a ticket is open, held or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketState {
    /// Open and not held.
    Open,
    /// Open and held for somebody.
    Held,
    /// Closed.
    Closed,
}

impl TicketState {
    /// Reads the word for it.
    ///
    /// # Errors
    ///
    /// [`Invalid`] naming `field` and the words there are.
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        match text {
            "open" => Ok(Self::Open),
            "held" => Ok(Self::Held),
            "closed" => Ok(Self::Closed),
            _ => Err(Invalid::new(field, text, "must be open, held or closed")),
        }
    }

    /// The state of a ticket that does that.
    #[must_use]
    pub fn of(doing: Doing) -> Self {
        match doing {
            Doing::WaitingForAgent | Doing::WaitingForCustomer => Self::Open,
            Doing::HeldForCustomer | Doing::HeldForThirdParty => Self::Held,
            Doing::Closed => Self::Closed,
        }
    }
}

/// For whom a ticket that does that waits; none: it is closed.
pub(crate) fn waiting_for(doing: Doing) -> Option<WaitingFor> {
    match doing {
        Doing::WaitingForAgent => Some(WaitingFor::Agent),
        Doing::WaitingForCustomer | Doing::HeldForCustomer => Some(WaitingFor::Customer),
        Doing::HeldForThirdParty => Some(WaitingFor::ThirdParty),
        Doing::Closed => None,
    }
}

/// A ticket in a list. Instants are in microseconds since 1970; they serialize as RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketLine {
    /// Its id.
    pub ticket: String,
    /// How many events it has.
    pub version: u32,
    /// Open, held or closed.
    pub state: TicketState,
    /// When it was opened.
    #[serde(serialize_with = "instant")]
    pub opened_at: Micros,
    /// When its last event happened.
    #[serde(serialize_with = "instant")]
    pub last_event_at: Micros,
    /// Whose it is: the id, or the pseudonym where nobody knows the id any more.
    pub customer: Option<String>,
    /// Where it came from.
    pub channel: Option<String>,
    /// Its branch.
    pub branch: Option<String>,
    /// Its department.
    pub department: Option<String>,
    /// Who has it.
    pub agent: Option<String>,
    /// How urgent it is.
    #[serde(serialize_with = "priority_word")]
    pub priority: Priority,
    /// The customer's tier at opening.
    pub customer_tier: Option<String>,
    /// Its tags, by bytes.
    pub tags: Vec<String>,
    /// Own fields.
    pub attributes: BTreeMap<String, String>,
    /// The customer's language.
    pub language: Option<String>,
    /// 1, and one more for each reopening.
    pub cycle: u32,
    /// Whether it is out of the figures.
    pub voided: bool,
    /// For whom it waits; none: it is closed.
    #[serde(serialize_with = "waiting_word")]
    pub waiting_for: Option<WaitingFor>,
    /// Since when it waits for them.
    #[serde(serialize_with = "instant_or_null")]
    pub waiting_since: Option<Micros>,
    /// What must be done on it, and until when.
    pub due: Vec<Due>,
    /// When the customer last gave a score, if that one is negative.
    #[serde(serialize_with = "instant_or_null")]
    pub dissatisfied_since: Option<Micros>,
}

/// A running target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The metric that it bounds.
    pub metric: &'static str,
    /// When it falls due.
    #[serde(serialize_with = "instant")]
    pub due_at: Micros,
    /// The time left in seconds; negative once it is overdue.
    pub left: Decimal,
}

/// Everything a line is made of.
pub(super) struct Sheet<'a> {
    pub(super) state: &'a Measurements,
    pub(super) definition: &'a Definition,
    pub(super) now: Timestamp,
    pub(super) labels: &'a dyn CustomerLabels,
}

impl Sheet<'_> {
    /// The ticket's line.
    pub(super) fn line(&self, ticket: u32, facts: &LineFacts) -> TicketLine {
        TicketLine {
            ticket: self.state.tickets.id(ticket).to_owned(),
            version: facts.version,
            state: TicketState::of(facts.doing),
            opened_at: facts.opened_at,
            last_event_at: facts.last_event_at,
            customer: self.label(&Axis::Customer, ticket, facts),
            channel: self.label(&Axis::Channel, ticket, facts),
            branch: self.label(&Axis::Branch, ticket, facts),
            department: self.label(&Axis::Department, ticket, facts),
            agent: self.label(&Axis::Agent, ticket, facts),
            priority: priority(facts),
            customer_tier: self.label(&Axis::Tier, ticket, facts),
            tags: self.tags(facts),
            attributes: self.attributes(ticket),
            language: self.label(&Axis::Language, ticket, facts),
            cycle: facts.reopenings.saturating_add(1),
            voided: self.state.void_at(ticket, self.state.position()),
            waiting_for: waiting_for(facts.doing),
            waiting_since: facts.waiting_since(),
            due: self.due_at(facts).map(|due_at| self.due(due_at)).into_iter().collect(),
            dissatisfied_since: self.dissatisfied_since(facts),
        }
    }

    /// What the ticket is sorted by; none: it has no such value.
    pub(super) fn value(&self, by: SortBy, facts: &LineFacts) -> Option<i64> {
        match by {
            SortBy::LastEventAt => Some(facts.last_event_at),
            SortBy::OpenedAt => Some(facts.opened_at),
            SortBy::Priority => Some(facts.in_force.priority.into()),
            SortBy::WaitingSince => facts.waiting_since(),
            SortBy::DueAt => self.due_at(facts),
            SortBy::Dissatisfied => self.dissatisfied_since(facts),
        }
    }

    /// The number of the value the ticket has now; of tags, the number of their set. Reason and form are those of its
    /// latest closing, also when it was reopened since.
    pub(super) fn number(&self, axis: &Axis, ticket: u32, facts: &LineFacts) -> u32 {
        let tickets = &self.state.tickets;
        match axis {
            Axis::Branch => facts.in_force.branch.into(),
            Axis::Department => facts.in_force.department.into(),
            Axis::Agent => facts.in_force.agent,
            Axis::Channel => tickets.channel(ticket).into(),
            Axis::Priority => facts.in_force.priority.into(),
            Axis::Tier => tickets.tier(ticket).into(),
            Axis::Tag => facts.in_force.tags,
            Axis::Customer => tickets.customer(ticket),
            Axis::Language => tickets.language(ticket),
            Axis::Reason => facts.closed_for.0.into(),
            Axis::Form => facts.closed_for.1.into(),
            Axis::Attribute(name) => self.state.dimensions.attribute(tickets.attributes(ticket), *name),
        }
    }

    fn label(&self, axis: &Axis, ticket: u32, facts: &LineFacts) -> Option<String> {
        axis.label(self.number(axis, ticket, facts), &self.state.dimensions, self.labels).map(Cow::into_owned)
    }

    fn tags(&self, facts: &LineFacts) -> Vec<String> {
        let dimensions = &self.state.dimensions;
        let members = dimensions.tag_sets.members(facts.in_force.tags);
        let mut tags: Vec<_> = members.iter().filter_map(|tag| dimensions.tags.name(*tag)).map(str::to_owned).collect();
        tags.sort_unstable();
        tags
    }

    fn attributes(&self, ticket: u32) -> BTreeMap<String, String> {
        let dimensions = &self.state.dimensions;
        let set = self.state.tickets.attributes(ticket);
        let named = |pair: &[u32]| {
            let name = dimensions.attribute_names.name(pair[0])?;
            Some((name.to_owned(), dimensions.attribute_values.name(pair[1])?.to_owned()))
        };
        dimensions.attribute_sets.members(set).chunks_exact(2).filter_map(named).collect()
    }

    /// When the first response falls due; none: its clock does not run, or it has no target.
    fn due_at(&self, facts: &LineFacts) -> Option<Micros> {
        Some(facts.first_since?.saturating_add(self.definition.first_target(TargetMetric::FirstResponse)?))
    }

    fn due(&self, due_at: Micros) -> Due {
        let left = i128::from(due_at) - i128::from(self.now.micros());
        Due { metric: FIRST_RESPONSE, due_at, left: Decimal::from_micros(left) }
    }

    /// When the last score was given, if it is negative.
    fn dissatisfied_since(&self, facts: &LineFacts) -> Option<Micros> {
        let last = facts.last_score?;
        let scale = *Scale::ALL.get(usize::from(last.scale))?;
        (!self.definition.csat.positive_from.is_positive(scale, last.score.into())).then_some(last.at)
    }
}

/// The ticket's priority, from its stored number plus 1.
fn priority(facts: &LineFacts) -> Priority {
    facts.in_force.priority.checked_sub(1).and_then(Priority::from_code).unwrap_or_default()
}

fn instant<S: Serializer>(at: &Micros, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

fn instant_or_null<S: Serializer>(at: &Option<Micros>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(rfc3339).serialize(serializer)
}

fn priority_word<S: Serializer>(priority: &Priority, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(priority.name())
}

fn waiting_word<S: Serializer>(party: &Option<WaitingFor>, serializer: S) -> Result<S::Ok, S::Error> {
    party.map(WaitingFor::name).serialize(serializer)
}
