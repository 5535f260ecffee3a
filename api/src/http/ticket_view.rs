//! A ticket as its readers see it: its state, its texts, and what falls due.

use daftar_domain::ids::{AgentId, BranchId, ChannelId, CustomerId, DepartmentId, Language, TierId};
use daftar_domain::ticket::{Attachment, Closing, Visibility, WaitingFor, evolve};
use daftar_domain::{Actor, Event, EventKind, Ticket, Timestamp};
use daftar_eventlog::ndjson::Line;
use daftar_eventlog::ndjson::write::{self, Object};
use daftar_projections::definition::document::{Definition, TargetMetric};
use daftar_projections::exact::Decimal;

/// The ticket after `lines`, its events in order, as JSON; time left is counted from `now`, else from its last event.
pub(super) fn of(lines: &[Line], now: Option<Timestamp>) -> Vec<u8> {
    let ticket = lines.iter().fold(Ticket::default(), |ticket, line| evolve(ticket, &line.event));
    let now = now.or(ticket.last_event_at);
    let mut text = Vec::with_capacity(1024 + 256 * lines.len());
    Object::write(&mut text, |object| {
        object.value("ticket", lines.first().map_or("", |line| line.ticket.as_str()));
        object.value("version", &ticket.version);
        object.value("position", &lines.last().and_then(|line| line.position));
        state(object, &ticket);
        opening_texts(object, lines);
        object.list("replies", replies(&ticket, lines), |out, view| reply(out, &view));
        object.list("closings", ticket.closings.iter().zip(1_u32..), closing);
        object.list("due", due(lines), |out, due_at| due_line(out, due_at, now));
    });
    text
}

fn state(object: &mut Object<'_>, ticket: &Ticket) {
    object.value("state", ticket.state.name());
    instant(object, "opened_at", ticket.opened_at);
    instant(object, "last_event_at", ticket.last_event_at);
    object.value("customer", &ticket.customer.as_ref().map(CustomerId::as_str));
    object.value("channel", &ticket.channel.as_ref().map(ChannelId::as_str));
    object.value("branch", &ticket.branch.as_ref().map(BranchId::as_str));
    object.value("department", &ticket.department.as_ref().map(DepartmentId::as_str));
    object.value("agent", &ticket.agent.as_ref().map(AgentId::as_str));
    object.value("priority", ticket.priority.name());
    object.value("customer_tier", &ticket.customer_tier.as_ref().map(TierId::as_str));
    object.list("tags", &ticket.tags, |out, tag| out.extend(quoted(tag.as_str())));
    object.object("attributes", |object| {
        ticket.attributes.iter().for_each(|(name, value)| object.value(name.as_str(), value.as_str()));
    });
    object.value("language", &ticket.language.as_ref().map(Language::as_str));
    object.value("cycle", &ticket.cycle);
    object.value("voided", &ticket.voided);
    object.value("waiting_for", &ticket.waiting_for.map(WaitingFor::name));
    instant(object, "waiting_since", ticket.waiting_since);
    object.value("follow_ups", &ticket.follow_ups);
}

/// An instant, `null` where there is none.
fn instant(object: &mut Object<'_>, name: &str, at: Option<Timestamp>) {
    object.value(name, &at.map(|at| at.to_string()));
}

fn quoted(text: &str) -> Vec<u8> {
    // A text always has a JSON form.
    serde_json::to_vec(text).unwrap_or_default()
}

fn opening_texts(object: &mut Object<'_>, lines: &[Line]) {
    let Some(EventKind::TicketOpened(opening)) = lines.first().map(|line| &line.event.kind) else { return };
    object.value("subject", &opening.subject);
    object.value("body", &opening.body);
    write::attachments(object, &opening.attachments);
}

/// A reply with its text, which the ticket's state leaves out.
struct ReplyView<'a> {
    number: u32,
    reply: &'a daftar_domain::ticket::Reply,
    channel: Option<&'a ChannelId>,
    body: Option<&'a str>,
    attachments: &'a [Attachment],
}

fn replies<'a>(ticket: &'a Ticket, lines: &'a [Line]) -> impl Iterator<Item = ReplyView<'a>> {
    let posted = lines.iter().filter_map(|line| match &line.event.kind {
        EventKind::ReplyPosted { channel, body, attachments, .. } => Some((channel, body, attachments)),
        _ => None,
    });
    ticket.replies.iter().zip(posted).zip(1..).map(|((reply, (channel, body, attachments)), number)| ReplyView {
        number,
        reply,
        channel: channel.as_ref(),
        body: body.as_deref(),
        attachments,
    })
}

fn reply(out: &mut Vec<u8>, view: &ReplyView<'_>) {
    Object::write(out, |object| {
        object.value("reply", &view.number);
        instant(object, "posted_at", Some(view.reply.posted_at));
        object.object("author", |object| write::actor(object, &view.reply.author));
        object.value("visibility", view.reply.visibility.name());
        object.shown("channel", view.channel);
        object.value("body", &view.body);
        write::attachments(object, view.attachments);
        match view.reply.rating {
            Some(rating) => write::score(object, "rating", rating),
            None => object.value("rating", &()),
        }
    });
}

fn closing(out: &mut Vec<u8>, (closing, number): (&Closing, u32)) {
    Object::write(out, |object| {
        object.value("closing", &number);
        instant(object, "closed_at", Some(closing.closed_at));
        object.object("by", |object| write::actor(object, &closing.by));
        object.value("reason", &closing.reason.as_ref().map(daftar_domain::ids::ReasonId::as_str));
        object.value("survey_offered", &closing.survey_offered);
        object.value("form", &closing.form.as_ref().map(ToString::to_string));
        match &closing.survey {
            Some(answers) => object.object("survey", |object| write::survey(object, answers)),
            None => object.value("survey", &()),
        }
    });
}

/// When the first response falls due, while it is awaited.
fn due(lines: &[Line]) -> Option<Timestamp> {
    let target = Definition::default().first_target(TargetMetric::FirstResponse)?;
    let events = || lines.iter().map(|line| &line.event);
    let started = events().position(starts_first_response)?;
    if events().skip(started).any(is_public_agent_reply) {
        return None;
    }
    let started_at = lines.get(started)?.event.occurred_at;
    Some(Timestamp::clamped(started_at.micros().saturating_add(target)))
}

/// Whether an event starts the clock of the first response where none runs yet: it waits for an agent from then on.
fn starts_first_response(event: &Event) -> bool {
    match &event.kind {
        EventKind::TicketOpened(_) => event.by.as_ref().and_then(Actor::agent).is_none(),
        EventKind::ReplyPosted { visibility: Visibility::Public, .. } | EventKind::TicketReopened { .. } => {
            event.by.as_ref().is_some_and(Actor::is_customer)
        }
        _ => false,
    }
}

fn is_public_agent_reply(event: &Event) -> bool {
    matches!(event.kind, EventKind::ReplyPosted { visibility: Visibility::Public, .. })
        && event.by.as_ref().and_then(Actor::agent).is_some()
}

fn due_line(out: &mut Vec<u8>, due_at: Timestamp, now: Option<Timestamp>) {
    let left = now.map(|now| Decimal::from_micros(i128::from(due_at.micros()) - i128::from(now.micros())));
    Object::write(out, |object| {
        object.value("metric", "first_response");
        instant(object, "due_at", Some(due_at));
        object.value("left", &left);
    });
}
