//! Who did it, and what made them.

use crate::Invalid;
use crate::ids::{AgentId, AutomationId, CustomerId, FormRef};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person who works for the help desk.
    Agent(AgentId),
    /// A customer: the ticket's own unless another id is given.
    Customer(Option<CustomerId>),
    /// A rule, a bot or a time-out, by name where it has one.
    Automation(Option<AutomationId>),
}

impl Actor {
    /// The agent's id, when it was an agent.
    #[must_use]
    pub fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::Agent(id) => Some(id),
            Self::Customer(_) | Self::Automation(_) => None,
        }
    }

    /// Whether it was a customer.
    #[must_use]
    pub fn is_customer(&self) -> bool {
        matches!(self, Self::Customer(_))
    }

    /// The same actor, a customer without an id being the ticket's own.
    #[must_use]
    pub fn or_own_customer(self, own: Option<&CustomerId>) -> Self {
        match self {
            Self::Customer(None) => Self::Customer(own.cloned()),
            other => other,
        }
    }
}

/// Why an automation acted: the event it answers and the rule it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Position in the log of the event that set the rule off.
    pub position: u64,
    /// The rule: an id, or `name@version`. It stands in clear and is never forgotten.
    pub rule: String,
}

impl Cause {
    /// Takes the position of an event and a rule's name, with or without its version.
    ///
    /// # Errors
    ///
    /// [`Invalid`] when the position is 0 or the rule neither an id nor `name@version`.
    pub fn new(position: u64, rule: &str) -> Result<Self, Invalid> {
        if position == 0 {
            return Err(Invalid::new("cause.position", position, "must be the position of an event, counted from 1"));
        }
        if rule.contains('@') {
            FormRef::parse("cause.rule", rule)?;
        } else {
            AutomationId::parse("cause.rule", rule)?;
        }
        Ok(Self { position, rule: rule.to_owned() })
    }
}
