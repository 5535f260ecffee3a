//! What a made-up desk's events are as a log stores them.

use super::{AGENTS, BRANCHES, DEPARTMENTS, Happening, Kind};
use daftar_eventlog::codec::{EventType, encode};
use daftar_eventlog::facts::{
    Actor, Change, Owner, PriorityChanged, PseudonymBytes, ReplyPosted, ReplyRated, Score, SurveySubmitted,
    TagsChanged, TicketAssigned, TicketClosed, TicketHeld, TicketOpened, TicketReopened, TicketTransferred,
};
use serde::Serialize;

pub(super) const CHANNELS: [&str; 4] = ["email", "chat", "phone", "web"];
pub(super) const TAGS: [&str; 10] =
    ["login", "refund", "vip", "delivery", "outage", "invoice", "complaint", "question", "upgrade", "returns"];
pub(super) const TIERS: [Option<&str>; 4] = [None, Some("silver"), Some("gold"), None];
pub(super) const REASONS: [Option<&str>; 4] = [Some("solved"), Some("solved"), Some("answered"), None];
/// The scale of five, as stored.
const FIVE: u8 = 2;

/// What departments, agents and branches are called, so that encoding an event makes no names.
pub struct Names {
    departments: Vec<String>,
    agents: Vec<String>,
    branches: Vec<String>,
}

impl Default for Names {
    fn default() -> Self {
        let named = |name: &str, count: u16| (0..count).map(|n| format!("{name}-{n:03}")).collect();
        Self {
            departments: named("department", DEPARTMENTS),
            agents: named("agent", AGENTS),
            branches: named("branch", BRANCHES),
        }
    }
}

impl Names {
    /// The department with that number.
    #[must_use]
    pub fn department(&self, number: u16) -> &str {
        &self.departments[usize::from(number)]
    }

    /// The agent with that number.
    #[must_use]
    pub fn agent(&self, number: u16) -> &str {
        &self.agents[usize::from(number)]
    }

    /// The branch with that number.
    pub(super) fn branch(&self, number: u16) -> &str {
        &self.branches[usize::from(number)]
    }

    fn by(&self, agent: u16) -> Actor<'_> {
        Actor::Agent(self.agent(agent))
    }

    /// The type of an event, and its facts as a log stores them.
    #[must_use]
    pub fn encode(&self, happening: &Happening) -> (EventType, Vec<u8>) {
        let reply = |by, visibility| ReplyPosted { by, visibility, channel: None };
        match happening.kind {
            Kind::Opened { .. } => (EventType::TICKET_OPENED, self.opening(happening.kind)),
            Kind::Assigned(agent) => {
                (EventType::TICKET_ASSIGNED, facts(&TicketAssigned { agent: Some(self.agent(agent)) }))
            }
            Kind::Transferred(to) => {
                let department = Change::Set(self.department(to));
                (EventType::TICKET_TRANSFERRED, facts(&TicketTransferred { branch: Change::Keep, department }))
            }
            Kind::Prioritised(priority) => (EventType::PRIORITY_CHANGED, facts(&PriorityChanged { priority })),
            Kind::Tagged(tag) => {
                (EventType::TAGS_CHANGED, facts(&TagsChanged { added: vec![TAGS[usize::from(tag)]], removed: vec![] }))
            }
            Kind::Replied(agent) => (EventType::REPLY_POSTED, facts(&reply(self.by(agent), 0))),
            Kind::Noted(agent) => (EventType::REPLY_POSTED, facts(&reply(self.by(agent), 1))),
            Kind::CustomerWrote => (EventType::REPLY_POSTED, facts(&reply(Actor::Customer(None), 0))),
            Kind::Rated { reply, score } => {
                (EventType::REPLY_RATED, facts(&ReplyRated { reply, rating: Score { scale: FIVE, score } }))
            }
            Kind::Held => (EventType::TICKET_HELD, facts(&TicketHeld { waiting_for: 0 })),
            Kind::Resumed => (EventType::TICKET_RESUMED, Vec::new()),
            Kind::Closed { by, reason } => (EventType::TICKET_CLOSED, self.closing(by, reason)),
            Kind::Answered { closing, score, nps } => (EventType::SURVEY_SUBMITTED, answers(closing, score, nps)),
            Kind::Reopened => {
                (EventType::TICKET_REOPENED, facts(&TicketReopened { by: Actor::Customer(None), reason: None }))
            }
        }
    }

    fn opening(&self, kind: Kind) -> Vec<u8> {
        let Kind::Opened { customer, branch, department, channel, priority, tier, tag } = kind else {
            return Vec::new();
        };
        facts(&TicketOpened {
            by: None,
            owner: Owner::Customer(pseudonym(customer)),
            channel: Some(CHANNELS[usize::from(channel)]),
            branch: Some(self.branch(branch)),
            department: Some(self.department(department)),
            priority,
            customer_tier: TIERS[usize::from(tier)],
            language: Some("fa"),
            // Every second ticket has one.
            tags: TAGS.get(usize::from(tag)).copied().into_iter().collect(),
            attributes: vec![],
        })
    }

    fn closing(&self, by: u16, reason: u8) -> Vec<u8> {
        let reason = REASONS[usize::from(reason)];
        facts(&TicketClosed { by: self.by(by), survey_offered: true, reason, duplicate_of: None, form: None })
    }
}

fn answers(closing: u32, score: u8, nps: Option<u8>) -> Vec<u8> {
    let overall = Some(Score { scale: FIVE, score });
    facts(&SurveySubmitted { closing, overall, questions: vec![], choices: vec![], nps, ces: None })
}

fn facts<T: Serialize>(facts: &T) -> Vec<u8> {
    encode("facts", facts).unwrap()
}

/// As evenly spread as real ones.
fn pseudonym(customer: u32) -> PseudonymBytes {
    (u128::from(customer) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes()
}
