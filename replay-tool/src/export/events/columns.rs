//! The columns of events: the fields of their lines, nested ones flat.

use crate::export::columns::{Column, text};
use daftar_domain::ids::{AgentId, CustomerId};
use daftar_domain::satisfaction::{Ces, Nps, Score, SurveyAnswers};
use daftar_domain::ticket::{Attachment, Change, HeldFor, Means, Opening, Priority, Visibility};
use daftar_domain::{Actor, EventKind};
use daftar_eventlog::ndjson::Line;
use daftar_eventlog::ndjson::write::{self, Object};
use std::borrow::Cow;
use std::fmt::Display;

/// The columns of events: the fields of their lines, in the lines' order, nested ones flat.
pub(in crate::export) fn columns() -> Vec<Column<Line>> {
    let mut columns = vec![
        Column::text("type", |line: &Line| text(Some(line.event.kind.name()))),
        Column::text("ticket", |line| text(Some(line.ticket.as_str()))),
        Column::instant("occurred_at", |line| Some(line.event.occurred_at.micros())),
        Column::text("by_kind", |line| line.event.by.as_ref().map(|by| actor_kind(by).into())),
        Column::text("by_id", |line| line.event.by.as_ref().and_then(actor_id).map(Cow::Borrowed)),
        Column::integer("cause_position", |line| line.event.cause.as_ref().map(|cause| number(cause.position))),
        Column::text("cause_rule", |line| text(line.event.cause.as_ref().map(|cause| cause.rule.as_str()))),
    ];
    columns.extend(of_openings_and_replies());
    columns.extend(of_other_deeds());
    columns.extend(of_answers());
    columns.extend([
        Column::integer("position", |line: &Line| line.position.map(number)),
        Column::integer("version", |line| line.version.map(i64::from)),
        Column::instant("recorded_at", |line| line.recorded_at.map(|at| at.micros())),
        Column::text("event_id", |line| text(line.event_id.as_deref())),
    ]);
    columns
}

fn of_openings_and_replies() -> Vec<Column<Line>> {
    vec![
        Column::text("customer", |line| shown(opening(line)?.customer.as_ref())),
        Column::text("channel", |line| match &line.event.kind {
            EventKind::ReplyPosted { channel, .. } => shown(channel.as_ref()),
            _ => shown(opening(line)?.channel.as_ref()),
        }),
        Column::text("branch", |line| match &line.event.kind {
            EventKind::TicketTransferred { branch, .. } => shown(set(branch)),
            _ => shown(opening(line)?.branch.as_ref()),
        }),
        Column::text("department", |line| match &line.event.kind {
            EventKind::TicketTransferred { department, .. } => shown(set(department)),
            _ => shown(opening(line)?.department.as_ref()),
        }),
        Column::texts("cleared", |line| match &line.event.kind {
            EventKind::TicketTransferred { branch, department } => Some(cleared(branch, department)),
            _ => None,
        }),
        Column::text("priority", |line| match &line.event.kind {
            EventKind::PriorityChanged { priority } => text(Some(Priority::name(*priority))),
            _ => text(Some(opening(line)?.priority.name())),
        }),
        Column::text("customer_tier", |line| shown(opening(line)?.customer_tier.as_ref())),
        Column::texts("tags", |line| Some(all(&opening(line)?.tags))),
        Column::text("language", |line| shown(opening(line)?.language.as_ref())),
        Column::pairs("attributes", |line| {
            Some(opening(line)?.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect())
        }),
        Column::text("visibility", |line| match &line.event.kind {
            EventKind::ReplyPosted { visibility, .. } => text(Some(Visibility::name(*visibility))),
            _ => None,
        }),
        Column::text("subject", |line| text(opening(line)?.subject.as_deref())),
        Column::text("body", |line| match &line.event.kind {
            EventKind::ReplyPosted { body, .. } => text(body.as_deref()),
            _ => text(opening(line)?.body.as_deref()),
        }),
        Column::text("attachments", |line| match &line.event.kind {
            EventKind::ReplyPosted { attachments, .. } => attached(attachments),
            _ => attached(&opening(line)?.attachments),
        }),
    ]
}

fn of_other_deeds() -> Vec<Column<Line>> {
    vec![
        Column::text("agent", |line| match &line.event.kind {
            EventKind::TicketAssigned { agent } => text(agent.as_ref().map(AgentId::as_str)),
            _ => None,
        }),
        Column::texts("added", |line| match &line.event.kind {
            EventKind::TagsChanged { added, .. } => Some(all(added)),
            _ => None,
        }),
        Column::texts("removed", |line| match &line.event.kind {
            EventKind::TagsChanged { removed, .. } => Some(all(removed)),
            _ => None,
        }),
        Column::integer("reply", |line| match &line.event.kind {
            EventKind::ReplyRated { reply, .. } => Some((*reply).into()),
            _ => None,
        }),
        Column::text("waiting_for", |line| match &line.event.kind {
            EventKind::TicketHeld { waiting_for } => text(Some(HeldFor::name(*waiting_for))),
            _ => None,
        }),
        Column::truth("survey_offered", |line| match &line.event.kind {
            EventKind::TicketClosed { survey_offered, .. } => Some(*survey_offered),
            _ => None,
        }),
        Column::text("reason", |line| match &line.event.kind {
            EventKind::TicketClosed { reason, .. } | EventKind::TicketReopened { reason } => shown(reason.as_ref()),
            EventKind::TicketVoided { reason } => text(Some(reason.as_str())),
            _ => None,
        }),
        Column::text("duplicate_of", |line| match &line.event.kind {
            EventKind::TicketClosed { duplicate_of, .. } => shown(duplicate_of.as_ref()),
            _ => None,
        }),
        Column::text("form", |line| match &line.event.kind {
            EventKind::TicketClosed { form, .. } => shown(form.as_ref()),
            _ => None,
        }),
        Column::text("means", |line| match &line.event.kind {
            EventKind::FollowUpRecorded { means, .. } => text(Some(Means::name(*means))),
            _ => None,
        }),
        Column::text("note", |line| match &line.event.kind {
            EventKind::FollowUpRecorded { note, .. } => text(note.as_deref()),
            _ => None,
        }),
    ]
}

fn of_answers() -> Vec<Column<Line>> {
    vec![
        Column::integer("closing", |line| match &line.event.kind {
            EventKind::SurveySubmitted { closing, .. } => Some((*closing).into()),
            _ => None,
        }),
        Column::text("scale", |line| text(Some(score(line)?.scale().name()))),
        Column::integer("score", |line| Some(score(line)?.score().into())),
        Column::text("questions", |line| {
            let questions =
                answers(line).map(|answers| &answers.questions).filter(|questions| !questions.is_empty())?;
            json(|object| questions.iter().for_each(|(name, score)| object.value(name.as_str(), &score.get())))
        }),
        Column::text("choices", |line| {
            let choices = answers(line).map(|answers| &answers.choices).filter(|choices| !choices.is_empty())?;
            json(|object| {
                choices.iter().for_each(|(question, chosen)| {
                    object.value(question.as_str(), &chosen.iter().map(|choice| choice.as_str()).collect::<Vec<_>>());
                });
            })
        }),
        Column::integer("nps", |line| answers(line)?.nps.map(Nps::get).map(i64::from)),
        Column::integer("ces", |line| answers(line)?.ces.map(Ces::get).map(i64::from)),
        Column::text("texts", |line| {
            let texts = answers(line).map(|answers| &answers.texts).filter(|texts| !texts.is_empty())?;
            json(|object| texts.iter().for_each(|(question, text)| object.value(question.as_str(), text)))
        }),
        Column::text("comment", |line| text(answers(line)?.comment.as_deref())),
    ]
}

fn opening(line: &Line) -> Option<&Opening> {
    match &line.event.kind {
        EventKind::TicketOpened(opening) => Some(opening),
        _ => None,
    }
}

fn answers(line: &Line) -> Option<&SurveyAnswers> {
    match &line.event.kind {
        EventKind::SurveySubmitted { answers, .. } => Some(answers),
        _ => None,
    }
}

/// A rating, or the overall score of a survey.
fn score(line: &Line) -> Option<Score> {
    match &line.event.kind {
        EventKind::ReplyRated { rating, .. } => Some(*rating),
        _ => answers(line)?.overall,
    }
}

const fn actor_kind(actor: &Actor) -> &'static str {
    match actor {
        Actor::Agent(_) => "agent",
        Actor::Customer(_) => "customer",
        Actor::Automation(_) => "automation",
    }
}

fn actor_id(actor: &Actor) -> Option<&str> {
    match actor {
        Actor::Agent(id) => Some(id.as_str()),
        Actor::Customer(id) => id.as_ref().map(CustomerId::as_str),
        Actor::Automation(id) => id.as_ref().map(|id| id.as_str()),
    }
}

fn set<T>(change: &Change<T>) -> Option<&T> {
    match change {
        Change::Set(value) => Some(value),
        Change::Keep | Change::Clear => None,
    }
}

/// The fields that a transfer clears.
fn cleared<B, D>(branch: &Change<B>, department: &Change<D>) -> Vec<Cow<'static, str>> {
    let branch = matches!(branch, Change::Clear).then_some("branch");
    let department = matches!(department, Change::Clear).then_some("department");
    branch.into_iter().chain(department).map(Cow::Borrowed).collect()
}

fn attached(attachments: &[Attachment]) -> Option<Cow<'static, str>> {
    let one = |attachment| {
        let mut text = Vec::new();
        write::attachment(&mut text, attachment);
        // JSON is text.
        String::from_utf8(text).unwrap_or_default()
    };
    let list = || attachments.iter().map(one).collect::<Vec<_>>().join(",");
    (!attachments.is_empty()).then(|| format!("[{}]", list()).into())
}

fn json(fields: impl FnOnce(&mut Object<'_>)) -> Option<Cow<'static, str>> {
    let mut text = Vec::new();
    Object::write(&mut text, fields);
    String::from_utf8(text).ok().map(Cow::Owned)
}

fn shown<T: Display>(value: Option<&T>) -> Option<Cow<'static, str>> {
    value.map(|value| value.to_string().into())
}

fn all<T: Display>(values: impl IntoIterator<Item = T>) -> Vec<Cow<'static, str>> {
    values.into_iter().map(|value| value.to_string().into()).collect()
}

/// Positions stay below 2^63 for longer than anything lasts.
fn number(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}
