//! Short words for events and commands, for the tests of the rules.

use super::event::{Attachment, Change, Event, EventKind, HeldFor, Opening, Visibility};
use super::{Action, Command, Ticket, evolve};
use crate::actor::Actor;
use crate::ids::{AgentId, AutomationId, BranchId, CustomerId, DepartmentId, FormRef, QuestionId, ReasonId, Tag};
use crate::satisfaction::{Nps, SurveyAnswers};
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// Second `n` of 1970.
pub(crate) fn sec(n: i64) -> Timestamp {
    Timestamp::clamped(n * 1_000_000)
}

pub(crate) fn sara() -> Actor {
    Actor::Agent(AgentId::known_good("sara"))
}

pub(crate) fn customer() -> Actor {
    Actor::Customer(None)
}

pub(crate) fn bot() -> Actor {
    Actor::Automation(Some(AutomationId::known_good("bot")))
}

pub(crate) fn tag(text: &str) -> Tag {
    Tag::known_good(text)
}

pub(crate) fn tags(names: &[&str]) -> BTreeSet<Tag> {
    names.iter().map(|name| tag(name)).collect()
}

pub(crate) fn numbered_tags(count: usize) -> BTreeSet<Tag> {
    (0..count).map(|n| tag(&format!("t{n}"))).collect()
}

pub(crate) fn reason(text: &str) -> ReasonId {
    ReasonId::known_good(text)
}

pub(crate) fn department(name: &str) -> Change<DepartmentId> {
    Change::Set(DepartmentId::known_good(name))
}

pub(crate) fn branch(name: &str) -> Change<BranchId> {
    Change::Set(BranchId::known_good(name))
}

pub(crate) fn nps(n: i64) -> SurveyAnswers {
    SurveyAnswers { nps: Some(Nps::new("nps", n).unwrap()), ..Default::default() }
}

pub(crate) fn commented(text: &str) -> SurveyAnswers {
    SurveyAnswers { comment: Some(text.into()), ..Default::default() }
}

pub(crate) fn question(name: &str) -> QuestionId {
    QuestionId::known_good(name)
}

pub(crate) fn named(name: &str) -> Attachment {
    Attachment { name: name.into(), media_type: None, size: None, sha256: None, url: None }
}

/// An event that nobody in particular did.
pub(crate) fn event(at: i64, kind: EventKind) -> Event {
    Event { occurred_at: sec(at), by: None, cause: None, kind }
}

pub(crate) fn event_by(at: i64, by: Actor, kind: EventKind) -> Event {
    Event { by: Some(by), ..event(at, kind) }
}

/// A ticket of customer c-42 in tehran, technical.
pub(crate) fn opening() -> Opening {
    Opening {
        customer: Some(CustomerId::known_good("c-42")),
        branch: Some(BranchId::known_good("tehran")),
        department: Some(DepartmentId::known_good("technical")),
        ..Default::default()
    }
}

pub(crate) fn opened(at: i64) -> Event {
    event(at, EventKind::TicketOpened(Box::new(opening())))
}

pub(crate) fn opened_by(at: i64, by: Actor) -> Event {
    event_by(at, by, EventKind::TicketOpened(Box::new(opening())))
}

pub(crate) fn written(visibility: Visibility) -> EventKind {
    EventKind::ReplyPosted { visibility, channel: None, body: Some("…".into()), attachments: vec![] }
}

pub(crate) fn replied(at: i64, by: Actor) -> Event {
    event_by(at, by, written(Visibility::Public))
}

pub(crate) fn noted(at: i64, by: Actor) -> Event {
    event_by(at, by, written(Visibility::Internal))
}

pub(crate) fn held(at: i64, waiting_for: HeldFor) -> Event {
    event(at, EventKind::TicketHeld { waiting_for })
}

pub(crate) fn resumed(at: i64) -> Event {
    event(at, EventKind::TicketResumed)
}

pub(crate) fn closing() -> EventKind {
    EventKind::TicketClosed {
        survey_offered: true,
        reason: Some(reason("solved")),
        duplicate_of: None,
        form: Some(FormRef::parse("form", "default@1").unwrap()),
    }
}

pub(crate) fn closed(at: i64) -> Event {
    event_by(at, sara(), closing())
}

pub(crate) fn reopened(at: i64, by: Actor) -> Event {
    event_by(at, by, EventKind::TicketReopened { reason: None })
}

pub(crate) fn answered(at: i64, closing: u32, answers: SurveyAnswers) -> Event {
    event(at, EventKind::SurveySubmitted { closing, answers: Box::new(answers) })
}

pub(crate) fn voided(at: i64) -> Event {
    event(at, EventKind::TicketVoided { reason: reason("spam") })
}

/// A command of nobody in particular.
pub(crate) fn wish(action: Action) -> Command {
    Command { by: None, cause: None, action }
}

pub(crate) fn wish_of(by: Actor, action: Action) -> Command {
    Command { by: Some(by), ..wish(action) }
}

pub(crate) fn write(visibility: Visibility, reopen: bool) -> Action {
    Action::Reply { visibility, channel: None, body: Some("…".into()), attachments: vec![], reopen }
}

pub(crate) fn close() -> Action {
    let EventKind::TicketClosed { survey_offered, reason, duplicate_of, form } = closing() else { unreachable!() };
    Action::Close { survey_offered, reason, duplicate_of, form }
}

pub(crate) fn survey(closing: Option<u32>, answers: SurveyAnswers) -> Command {
    wish(Action::SubmitSurvey { closing, answers: Box::new(answers) })
}

/// The ticket after these events, admitted or not.
pub(crate) fn folded(events: &[Event]) -> Ticket {
    events.iter().fold(Ticket::default(), evolve)
}
