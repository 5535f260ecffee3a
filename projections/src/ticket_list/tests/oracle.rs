//! What every line should be, from tickets evolved by the rules of tickets; knows nothing of the fold.

use crate::test_support::{Answers, Entry, Story, Who, customer_of};
use daftar_domain::Timestamp;
use daftar_domain::actor::Actor;
use daftar_domain::ids::{
    AgentId, AttributeName, AttributeValue, BranchId, ChannelId, CustomerId, DepartmentId, Language, ReasonId, Tag,
    TierId,
};
use daftar_domain::satisfaction::{Scale, Score, SurveyAnswers};
use daftar_domain::ticket::{
    Change, Event, EventKind, HeldFor, Means, Opening, Priority, State, Ticket, Visibility, WaitingFor, admit, evolve,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

const DAY: i64 = 86_400_000_000;

/// A ticket evolved to its end, and what its line needs besides.
#[derive(Default)]
pub(super) struct Evolved {
    number: u32,
    ticket: Ticket,
    awaited_since: Option<i64>,
    responded: bool,
    last_score: Option<(i64, Score)>,
}

/// Every ticket of a history, in order of their numbers.
pub(super) fn evolved(entries: &[Entry]) -> Vec<Evolved> {
    let mut tickets: BTreeMap<u32, Evolved> = BTreeMap::new();
    for entry in entries {
        let ticket = tickets.entry(entry.ticket).or_insert(Evolved { number: entry.ticket, ..Evolved::default() });
        ticket.happened(entry);
    }
    tickets.into_values().collect()
}

impl Evolved {
    fn happened(&mut self, entry: &Entry) {
        let event = event(entry);
        admit(&self.ticket, &event).unwrap();
        self.note_response(entry);
        self.note_score(entry.at, &event.kind);
        self.ticket = evolve(std::mem::take(&mut self.ticket), &event);
    }

    /// The first response is the first public agent reply after a customer's first word, the opening included.
    fn note_response(&mut self, entry: &Entry) {
        match entry.story {
            Story::Opened { by: Who::Customer | Who::Automation, .. }
            | Story::Replied(Who::Customer)
            | Story::Reopened(Who::Customer) => {
                self.awaited_since.get_or_insert(entry.at);
            }
            Story::Replied(Who::Agent(_)) => self.responded |= self.awaited_since.is_some(),
            _ => {}
        }
    }

    fn note_score(&mut self, at: i64, kind: &EventKind) {
        match kind {
            EventKind::ReplyRated { reply, rating } if self.ticket.reply(*reply).unwrap().is_public_agent_reply() => {
                self.last_score = Some((at, *rating));
            }
            EventKind::SurveySubmitted { closing, answers } if !self.ticket.is_settled(*closing) => {
                self.last_score = answers.overall.map(|score| (at, score)).or(self.last_score);
            }
            _ => {}
        }
    }

    /// The reason of its latest closing.
    pub(super) fn closing_reason(&self) -> Value {
        json!(self.ticket.closings.last().and_then(|closing| closing.reason.as_ref()).map(ToString::to_string))
    }

    /// Its line, so many microseconds after 1970.
    pub(super) fn line(&self, now: i64) -> Value {
        let t = &self.ticket;
        json!({
            "ticket": format!("T-{}", self.number), "version": t.version, "state": state(t.state),
            "opened_at": text(t.opened_at.as_ref()), "last_event_at": text(t.last_event_at.as_ref()),
            "customer": self.customer(), "channel": text(t.channel.as_ref()), "branch": text(t.branch.as_ref()),
            "department": text(t.department.as_ref()), "agent": text(t.agent.as_ref()), "priority": t.priority.name(),
            "customer_tier": text(t.customer_tier.as_ref()),
            "tags": t.tags.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "attributes": t.attributes.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect::<BTreeMap<_, _>>(),
            "language": text(t.language.as_ref()), "cycle": t.cycle, "voided": t.voided,
            "waiting_for": t.waiting_for.map(waiting_for), "waiting_since": text(t.waiting_since.as_ref()),
            "due": self.due(now), "dissatisfied_since": self.dissatisfied_since(),
        })
    }

    /// Tests know the names of the first two customers.
    fn customer(&self) -> Option<String> {
        let customer = customer_of(self.number).map(u128::from_be_bytes)?;
        Some(if customer < 2 { format!("c-{customer}") } else { format!("{customer:032x}") })
    }

    fn due(&self, now: i64) -> Value {
        let Some(since) = self.awaited_since.filter(|_| !self.responded) else { return json!([]) };
        let left = since + DAY - now;
        let left = if left % 1_000_000 == 0 { json!(left / 1_000_000) } else { json!(left as f64 / 1e6) };
        json!([{ "metric": "first_response", "due_at": Timestamp::clamped(since + DAY).to_string(), "left": left }])
    }

    fn dissatisfied_since(&self) -> Option<String> {
        let (at, score) = self.last_score?;
        let positive = match score.scale() {
            Scale::Binary => score.score() >= 1,
            Scale::Four => score.score() >= 3,
            Scale::Five => score.score() >= 4,
        };
        (!positive).then(|| Timestamp::clamped(at).to_string())
    }
}

fn text(value: Option<&impl Display>) -> Option<String> {
    value.map(ToString::to_string)
}

fn state(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Held(_) => "held",
        State::Closed => "closed",
    }
}

fn waiting_for(party: WaitingFor) -> &'static str {
    match party {
        WaitingFor::Agent => "agent",
        WaitingFor::Customer => "customer",
        WaitingFor::ThirdParty => "third_party",
    }
}

fn event(entry: &Entry) -> Event {
    let by = match entry.story {
        Story::Opened { by, .. } | Story::Replied(by) | Story::Closed { by, .. } | Story::Reopened(by) => Some(by),
        Story::Noted(agent) | Story::FollowedUp(agent) => Some(Who::Agent(agent)),
        _ => None,
    };
    let occurred_at = Timestamp::clamped(entry.at);
    Event { occurred_at, by: by.map(actor), cause: None, kind: kind(entry) }
}

fn actor(by: Who) -> Actor {
    match by {
        Who::Agent(id) => Actor::Agent(AgentId::known_good(id)),
        Who::Customer => Actor::Customer(None),
        Who::Automation => Actor::Automation(None),
    }
}

fn kind(entry: &Entry) -> EventKind {
    let reason = |reason: &Option<&str>| reason.map(ReasonId::known_good);
    match &entry.story {
        Story::Opened { department, tags, .. } => {
            EventKind::TicketOpened(Box::new(opening(entry.ticket, *department, tags)))
        }
        Story::Assigned(agent) => EventKind::TicketAssigned { agent: agent.map(AgentId::known_good) },
        Story::Transferred(department) => {
            let department = department.map_or(Change::Clear, |id| Change::Set(DepartmentId::known_good(id)));
            EventKind::TicketTransferred { branch: Change::Keep, department }
        }
        Story::Moved(branch) => {
            let branch = Change::Set(BranchId::known_good(branch));
            EventKind::TicketTransferred { branch, department: Change::Keep }
        }
        Story::Priority(code) => EventKind::PriorityChanged { priority: Priority::from_code(*code).unwrap() },
        Story::Tags { added, removed } => EventKind::TagsChanged { added: tags_of(added), removed: tags_of(removed) },
        Story::Replied(_) => reply(Visibility::Public),
        Story::Noted(_) => reply(Visibility::Internal),
        Story::Rated { reply, satisfied } => {
            let rating = if *satisfied { Score::SATISFIED } else { Score::DISSATISFIED };
            EventKind::ReplyRated { reply: *reply, rating }
        }
        Story::HeldForCustomer => EventKind::TicketHeld { waiting_for: HeldFor::Customer },
        Story::HeldForThirdParty => EventKind::TicketHeld { waiting_for: HeldFor::ThirdParty },
        Story::Resumed => EventKind::TicketResumed,
        Story::Closed { offered, reason: why, .. } => {
            let (survey_offered, reason) = (*offered, reason(why));
            EventKind::TicketClosed { survey_offered, reason, duplicate_of: None, form: None }
        }
        Story::Answered { closing, answers } => survey(*closing, answers),
        Story::Reopened(_) => EventKind::TicketReopened { reason: None },
        Story::FollowedUp(_) => EventKind::FollowUpRecorded { means: Means::Call, note: None },
        Story::Voided => EventKind::TicketVoided { reason: ReasonId::known_good("spam") },
        Story::Restored => EventKind::TicketRestored,
        Story::FromTheFuture => unreachable!("no rule knows the future"),
    }
}

fn opening(number: u32, department: Option<&str>, tags: &[&str]) -> Opening {
    let attribute = (AttributeName::known_good("request_type"), AttributeValue::known_good("fault"));
    Opening {
        customer: customer_of(number).map(|id| CustomerId::known_good(&format!("c-{}", u128::from_be_bytes(id)))),
        channel: Some(ChannelId::known_good(if number.is_multiple_of(2) { "email" } else { "chat" })),
        department: department.map(DepartmentId::known_good),
        customer_tier: number.is_multiple_of(3).then(|| TierId::known_good("gold")),
        tags: tags_of(tags),
        language: Some(Language::parse("language", "fa").unwrap()),
        attributes: number.is_multiple_of(2).then_some(attribute).into_iter().collect(),
        ..Opening::default()
    }
}

fn tags_of(tags: &[&str]) -> BTreeSet<Tag> {
    tags.iter().map(|tag| Tag::known_good(tag)).collect()
}

fn reply(visibility: Visibility) -> EventKind {
    EventKind::ReplyPosted { visibility, channel: None, body: None, attachments: Vec::new() }
}

/// Of a survey the overall score alone matters here, and that it was answered.
fn survey(closing: u32, answers: &Answers) -> EventKind {
    let score = |(scale, score): (u8, u8)| Score::new("overall", Scale::ALL[usize::from(scale)], score.into()).unwrap();
    let answers = SurveyAnswers { overall: answers.overall.map(score), ..SurveyAnswers::default() };
    EventKind::SurveySubmitted { closing, answers: Box::new(answers) }
}
