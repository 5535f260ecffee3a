//! Commands in short words.

use daftar_domain::Actor;
use daftar_domain::ids::{AgentId, AutomationId, ChannelId, FormRef, ReasonId, Tag, TicketId};
use daftar_domain::ticket::{Action, Attachment, Command, Visibility};
use std::collections::BTreeSet;

/// An agent wants it.
pub(super) fn of_agent(agent: AgentId, action: Action) -> Command {
    Command { by: Some(Actor::Agent(agent)), cause: None, action }
}

/// The ticket's customer wants it.
pub(super) fn of_customer(action: Action) -> Command {
    Command { by: Some(Actor::Customer(None)), cause: None, action }
}

/// An automation wants it.
pub(super) fn of_automation(name: &str, action: Action) -> Command {
    Command { by: Some(Actor::Automation(Some(AutomationId::known_good(name)))), cause: None, action }
}

/// Writing what the customer may read.
pub(super) fn message(channel: Option<ChannelId>, body: String, attachments: Vec<Attachment>) -> Action {
    Action::Reply { visibility: Visibility::Public, channel, body: Some(body), attachments, reopen: false }
}

/// Writing on a closed ticket, which opens it again.
pub(super) fn message_reopening(channel: Option<ChannelId>, body: String) -> Action {
    Action::Reply { visibility: Visibility::Public, channel, body: Some(body), attachments: vec![], reopen: true }
}

/// Writing what agents alone read.
pub(super) fn note(body: String) -> Action {
    Action::Reply {
        visibility: Visibility::Internal,
        channel: None,
        body: Some(body),
        attachments: vec![],
        reopen: false,
    }
}

/// Closing it with a survey.
pub(super) fn close(why: &str) -> Action {
    let form = FormRef::parse("form", "default@1").ok();
    Action::Close { survey_offered: true, reason: Some(reason(why)), duplicate_of: None, form }
}

/// Closing it without a survey.
pub(super) fn close_quietly(why: &str, duplicate_of: Option<TicketId>) -> Action {
    Action::Close { survey_offered: false, reason: Some(reason(why)), duplicate_of, form: None }
}

/// Giving it one more tag.
pub(super) fn add_tag(tag: &str) -> Action {
    Action::ChangeTags { added: BTreeSet::from([Tag::known_good(tag)]), removed: BTreeSet::new() }
}

/// The reason of that name.
pub(super) fn reason(name: &str) -> ReasonId {
    ReasonId::known_good(name)
}
