//! From an event to its line, fields in their published order.

use super::Line;
use super::publication::write_publication;
use crate::codec::decode_facts;
use crate::epoch::EpochCause;
use crate::facts::{DefinitionPublished, EpochBegun, Facts, ReportPublished};
use crate::log::StoreError;
use crate::record::RecordedEvent;
use daftar_domain::ids::Tag;
use daftar_domain::satisfaction::{Ces, Nps, QuestionScore, Score, SurveyAnswers};
use daftar_domain::ticket::{Attachment, Change, Opening};
use daftar_domain::{Actor, Cause, EventKind};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Display;

/// Appends one line and its line end to `out`; `parse_line` reads the same [`Line`] from it.
///
/// Optional fields without a value are left out, except where `null` says something: nobody assigned, a field
/// cleared by a transfer.
pub fn write_line(out: &mut Vec<u8>, line: &Line) {
    Object::write(out, |object| {
        object.value("type", line.event.kind.name());
        object.value("ticket", line.ticket.as_str());
        object.shown("occurred_at", Some(&line.event.occurred_at));
        who(object, line);
        kind(object, &line.event.kind);
        object.given("position", line.position.as_ref());
        object.given("version", line.version.as_ref());
        object.shown("recorded_at", line.recorded_at.as_ref());
        object.given("event_id", line.event_id.as_deref());
    });
    out.push(b'\n');
}

/// Appends the line of an event that is no ticket's: one that begins an epoch, or publishes a definition or a report.
///
/// # Errors
///
/// [`StoreError`] when it can't be read.
pub fn write_other_line(out: &mut Vec<u8>, recorded: &RecordedEvent) -> Result<(), StoreError> {
    let position = recorded.position;
    let head = recorded.bytes.head().map_err(|e| e.at(position))?;
    let unreadable = |source| StoreError::Unreadable { position, source };
    let facts = decode_facts(head.event_type, head.schema, head.facts).map_err(unreadable)?;
    let (name, write): (_, &dyn Fn(&mut Object<'_>)) = match &facts {
        Facts::EpochBegun(begun) => ("epoch_begun", &|object| epoch(object, begun)),
        Facts::DefinitionPublished(published) => ("definition_published", &|object| definition(object, published)),
        Facts::ReportPublished(published) => ("report_published", &|object| report(object, published)),
        // A ticket's, which stands in no other stream.
        _ => return Ok(()),
    };
    Object::write(out, |object| {
        object.value("type", name);
        object.shown("occurred_at", Some(&head.occurred_at));
        write(object);
        object.value("position", &position.0);
        object.value("version", &head.version.0);
        object.shown("recorded_at", Some(&recorded.recorded_at));
    });
    out.push(b'\n');
    Ok(())
}

fn epoch(object: &mut Object<'_>, begun: &EpochBegun) {
    object.value("epoch", &begun.epoch);
    object.value("parted", &begun.parted);
    object.given("cause", EpochCause::from_code(begun.cause).map(EpochCause::name));
    object.given("given_up", begun.given_up.map(|(position, _)| position).as_ref());
}

fn definition(object: &mut Object<'_>, published: &DefinitionPublished<'_>) {
    object.value("name", published.name);
    // Stored as JSON, and written as it stands there.
    object.name("document").extend_from_slice(published.document.as_bytes());
}

/// A published report without its bytes: whoever wants them reads it by its name.
fn report(object: &mut Object<'_>, published: &ReportPublished<'_>) {
    object.value("name", published.name);
    write_publication(object, published);
    object.value("report_position", &published.position);
}

/// A JSON object that is being written, fields in the order in which they are given.
pub struct Object<'o> {
    out: &'o mut Vec<u8>,
}

impl Object<'_> {
    /// Writes an object to the end of `out`.
    pub fn write(out: &mut Vec<u8>, fields: impl FnOnce(&mut Object<'_>)) {
        out.push(b'{');
        fields(&mut Object { out: &mut *out });
        out.push(b'}');
    }

    /// Writes a field's name; its value must be written next, as JSON.
    pub fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        json(self.out, name);
        self.out.push(b':');
        self.out
    }

    /// A value.
    pub fn value<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        json(self.name(name), value);
    }

    /// A value, if there is one; else the field is left out.
    pub fn given<T: Serialize + ?Sized>(&mut self, name: &str, value: Option<&T>) {
        if let Some(value) = value {
            self.value(name, value);
        }
    }

    /// A value as it displays itself, if there is one: an id, an instant.
    pub fn shown<T: Display>(&mut self, name: &str, value: Option<&T>) {
        if let Some(value) = value {
            self.value(name, &value.to_string());
        }
    }

    /// An object in the object.
    pub fn object(&mut self, name: &str, fields: impl FnOnce(&mut Object<'_>)) {
        Object::write(self.name(name), fields);
    }

    /// A list, each item written by `write`.
    pub fn list<T>(&mut self, name: &str, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
        let out = self.name(name);
        out.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write(out, item);
        }
        out.push(b']');
    }

    /// An object of names and values; left out when empty.
    pub fn map<K: Display, V>(&mut self, name: &str, map: &BTreeMap<K, V>, write: impl Fn(&mut Object<'_>, &str, &V)) {
        if map.is_empty() {
            return;
        }
        self.object(name, |object| {
            for (key, value) in map {
                write(object, &key.to_string(), value);
            }
        });
    }
}

fn json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Memory takes every byte, and texts, numbers and truth values always have a JSON form: this does not fail.
    let written = serde_json::to_writer(out, value);
    debug_assert!(written.is_ok());
}

fn who(object: &mut Object<'_>, line: &Line) {
    let is_reply = matches!(line.event.kind, EventKind::ReplyPosted { .. });
    if let Some(by) = &line.event.by {
        object.object(if is_reply { "author" } else { "by" }, |object| actor(object, by));
    }
    if let Some(Cause { position, rule }) = &line.event.cause {
        object.object("cause", |object| {
            object.value("position", position);
            object.value("rule", rule);
        });
    }
}

/// The fields of an actor.
pub fn actor(object: &mut Object<'_>, by: &Actor) {
    let (kind, id) = match by {
        Actor::Agent(id) => ("agent", Some(id.as_str())),
        Actor::Customer(id) => ("customer", id.as_ref().map(|id| id.as_str())),
        Actor::Automation(id) => ("automation", id.as_ref().map(|id| id.as_str())),
    };
    object.value("kind", kind);
    object.given("id", id);
}

fn kind(object: &mut Object<'_>, kind: &EventKind) {
    match kind {
        EventKind::TicketOpened(opened) => opening(object, opened),
        EventKind::TicketAssigned { agent } => object.value("agent", &agent.as_ref().map(|agent| agent.as_str())),
        EventKind::TicketTransferred { branch, department } => {
            change(object, "branch", branch);
            change(object, "department", department);
        }
        EventKind::PriorityChanged { priority } => object.value("priority", priority.name()),
        EventKind::TagsChanged { added, removed } => {
            tags(object, "added", added);
            tags(object, "removed", removed);
        }
        EventKind::ReplyPosted { visibility, channel, body, attachments } => {
            object.value("visibility", visibility.name());
            object.shown("channel", channel.as_ref());
            object.given("body", body.as_deref());
            self::attachments(object, attachments);
        }
        EventKind::ReplyRated { reply, rating } => {
            object.value("reply", reply);
            self::rating(object, *rating);
        }
        EventKind::TicketHeld { waiting_for } => object.value("waiting_for", waiting_for.name()),
        EventKind::TicketResumed | EventKind::TicketRestored => {}
        EventKind::TicketClosed { survey_offered, reason, duplicate_of, form } => {
            object.value("survey_offered", survey_offered);
            object.shown("reason", reason.as_ref());
            object.shown("duplicate_of", duplicate_of.as_ref());
            object.shown("form", form.as_ref());
        }
        EventKind::SurveySubmitted { closing, answers } => {
            object.value("closing", closing);
            survey(object, answers);
        }
        EventKind::TicketReopened { reason } => object.shown("reason", reason.as_ref()),
        EventKind::TicketVoided { reason } => object.value("reason", reason.as_str()),
        EventKind::FollowUpRecorded { means, note } => {
            object.value("means", means.name());
            object.given("note", note.as_deref());
        }
    }
}

fn opening(object: &mut Object<'_>, opened: &Opening) {
    object.shown("customer", opened.customer.as_ref());
    object.shown("channel", opened.channel.as_ref());
    object.shown("branch", opened.branch.as_ref());
    object.shown("department", opened.department.as_ref());
    object.value("priority", opened.priority.name());
    object.shown("customer_tier", opened.customer_tier.as_ref());
    if !opened.tags.is_empty() {
        tags(object, "tags", &opened.tags);
    }
    object.shown("language", opened.language.as_ref());
    object.map("attributes", &opened.attributes, |object, name, value| object.value(name, value.as_str()));
    object.given("subject", opened.subject.as_deref());
    object.given("body", opened.body.as_deref());
    attachments(object, &opened.attachments);
}

fn change<T: Display>(object: &mut Object<'_>, name: &str, change: &Change<T>) {
    match change {
        Change::Keep => {}
        Change::Clear => object.value(name, &()),
        Change::Set(value) => object.shown(name, Some(value)),
    }
}

fn tags<'t>(object: &mut Object<'_>, name: &str, tags: impl IntoIterator<Item = &'t Tag>) {
    object.list(name, tags, |out, tag| json(out, tag.as_str()));
}

/// The field `attachments`, left out where there are none.
pub fn attachments(object: &mut Object<'_>, attachments: &[Attachment]) {
    if attachments.is_empty() {
        return;
    }
    object.list("attachments", attachments, attachment);
}

/// One attachment, an object.
pub fn attachment(out: &mut Vec<u8>, attachment: &Attachment) {
    Object::write(out, |object| {
        object.value("name", &attachment.name);
        object.given("media_type", attachment.media_type.as_deref());
        object.given("size", attachment.size.as_ref());
        object.given("sha256", attachment.sha256.as_deref());
        object.given("url", attachment.url.as_deref());
    });
}

/// A rating: the word on the binary scale, else scale and score.
fn rating(object: &mut Object<'_>, rating: Score) {
    match rating {
        Score::SATISFIED => object.value("rating", "satisfied"),
        Score::DISSATISFIED => object.value("rating", "dissatisfied"),
        other => score(object, "rating", other),
    }
}

/// A field that holds a score with its scale.
pub fn score(object: &mut Object<'_>, name: &str, score: Score) {
    object.object(name, |object| {
        object.value("scale", score.scale().name());
        object.value("score", &score.score());
    });
}

/// The fields of a survey's answers, those that were given.
pub fn survey(object: &mut Object<'_>, answers: &SurveyAnswers) {
    if let Some(overall) = answers.overall {
        score(object, "overall", overall);
    }
    let number = |object: &mut Object<'_>, name: &str, score: &QuestionScore| object.value(name, &score.get());
    object.map("questions", &answers.questions, number);
    object.map("choices", &answers.choices, |object, question, chosen| {
        object.list(question, chosen, |out, choice| json(out, choice.as_str()));
    });
    object.given("nps", answers.nps.map(Nps::get).as_ref());
    object.given("ces", answers.ces.map(Ces::get).as_ref());
    object.map("texts", &answers.texts, |object, question, text| object.value(question, text));
    object.given("comment", answers.comment.as_deref());
}
