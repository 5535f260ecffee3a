//! From a line's fields to its event: one row for each type of event, one reader for each shape of value.

use super::Line;
use super::fault::{At, Faults, LineError, Seen};
use super::fields::{Fields, Value};
use super::json::{Field, Json};
use daftar_domain::ids::{
    AgentId, AttributeName, AttributeValue, AutomationId, BranchId, ChannelId, ChoiceId, CustomerId, DepartmentId,
    FormRef, Language, QuestionId, ReasonId, Tag, TicketId, TierId,
};
use daftar_domain::satisfaction::{Ces, Nps, QuestionScore, Scale, Score, SurveyAnswers};
use daftar_domain::ticket::{Attachment, Change, HeldFor, Means, Opening, Priority, Visibility};
use daftar_domain::{Actor, Cause, Event, EventKind, Invalid, Timestamp};

/// A type of event: its name, who did it, its own fields and their reader.
pub(super) struct Shape {
    /// Its name in JSON.
    pub(super) name: &'static str,
    /// How the line says who did it.
    pub(super) who: Who,
    /// The fields that only some types have.
    pub(super) own: &'static [&'static str],
    pub(super) read: fn(&mut Fields<'_, '_>) -> Option<EventKind>,
}

/// How a line says who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// `by`, which may be left out.
    By,
    /// `by`, which must be given.
    ByRequired,
    /// `author`, which must be given.
    Author,
}

const FIRST_FIELDS: &[&str] = &["type", "ticket", "occurred_at"];
const LAST_FIELDS: &[&str] = &["cause", "position", "version", "recorded_at", "event_id"];

const fn shape(
    name: &'static str,
    who: Who,
    own: &'static [&'static str],
    read: fn(&mut Fields<'_, '_>) -> Option<EventKind>,
) -> Shape {
    Shape { name, who, own, read }
}

const OPENING: &[&str] = &[
    "customer",
    "channel",
    "branch",
    "department",
    "priority",
    "customer_tier",
    "tags",
    "language",
    "attributes",
    "subject",
    "body",
    "attachments",
];
const SURVEY: &[&str] = &["closing", "overall", "questions", "choices", "nps", "ces", "texts", "comment"];

/// Every type of event.
pub(super) static SHAPES: [Shape; 15] = [
    shape("ticket_opened", Who::By, OPENING, ticket_opened),
    shape("ticket_assigned", Who::By, &["agent"], ticket_assigned),
    shape("ticket_transferred", Who::By, &["branch", "department"], ticket_transferred),
    shape("priority_changed", Who::By, &["priority"], priority_changed),
    shape("tags_changed", Who::By, &["added", "removed"], tags_changed),
    shape("reply_posted", Who::Author, &["visibility", "channel", "body", "attachments"], reply_posted),
    shape("reply_rated", Who::By, &["reply", "rating"], reply_rated),
    shape("ticket_held", Who::By, &["waiting_for"], ticket_held),
    shape("ticket_resumed", Who::By, &[], |_| Some(EventKind::TicketResumed)),
    shape("ticket_closed", Who::ByRequired, &["survey_offered", "reason", "duplicate_of", "form"], ticket_closed),
    shape("survey_submitted", Who::By, SURVEY, survey_submitted),
    shape("ticket_reopened", Who::ByRequired, &["reason"], ticket_reopened),
    shape("ticket_voided", Who::By, &["reason"], ticket_voided),
    shape("ticket_restored", Who::By, &[], |_| Some(EventKind::TicketRestored)),
    shape("follow_up_recorded", Who::ByRequired, &["means", "note"], follow_up_recorded),
];

/// Reads a line from its fields.
pub(super) fn line(given: Vec<Field<'_>>) -> Result<Line, LineError> {
    let seen = Seen::of(&given);
    let mut faults = Faults::default();
    let line = line_of(Fields::new(At::Line, given, &mut faults));
    match (line, faults.into_list()) {
        (Some(line), faults) if faults.is_empty() => Ok(line),
        (_, faults) => Err(seen.error(faults)),
    }
}

fn line_of(mut fields: Fields<'_, '_>) -> Option<Line> {
    let shape = fields.required("type", |v| v.parsed(Shape::named));
    let ticket = fields.required("ticket", |v| v.parsed(TicketId::parse));
    let occurred_at = fields.required("occurred_at", |v| v.parsed(Timestamp::parse));
    let by = shape.and_then(|shape| shape.who.read(&mut fields));
    let kind = shape.and_then(|shape| (shape.read)(&mut fields));
    let cause = fields.optional("cause", cause);
    let position = fields.optional("position", |v| v.count(1, u64::MAX.into()));
    let version = fields.optional("version", |v| v.count(1, u32::MAX.into()));
    let recorded_at = fields.optional("recorded_at", |v| v.parsed(Timestamp::parse));
    let event_id = fields.optional("event_id", |v| v.parsed(event_id));
    if let Some(shape) = shape {
        fields.end(shape.name, || shape.fields().join(", "));
    }
    let event = Event { occurred_at: occurred_at?, by, cause, kind: kind? };
    Some(Line { ticket: ticket?, event, event_id, position, version, recorded_at })
}

impl Shape {
    fn named(field: &str, name: &str) -> Result<&'static Self, Invalid> {
        SHAPES.iter().find(|shape| shape.name == name).ok_or_else(|| {
            let known: Vec<_> = SHAPES.iter().map(|shape| shape.name).collect();
            Invalid::new(field, name, format!("must be one of {}", known.join(", ")))
        })
    }

    /// Every field a line of this type may have.
    pub(super) fn fields(&self) -> Vec<&'static str> {
        [FIRST_FIELDS, &[self.who.field()], self.own, LAST_FIELDS].concat()
    }
}

impl Who {
    /// The field that says it.
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::By | Self::ByRequired => "by",
            Self::Author => "author",
        }
    }

    fn read(self, fields: &mut Fields<'_, '_>) -> Option<Actor> {
        match self {
            Self::By => fields.optional("by", actor),
            Self::ByRequired | Self::Author => fields.required(self.field(), actor),
        }
    }
}

fn ticket_opened(fields: &mut Fields<'_, '_>) -> Option<EventKind> {
    let opening = Opening {
        customer: fields.optional("customer", |v| v.parsed(CustomerId::parse)),
        channel: fields.optional("channel", |v| v.parsed(ChannelId::parse)),
        branch: fields.optional("branch", |v| v.parsed(BranchId::parse)),
        department: fields.optional("department", |v| v.parsed(DepartmentId::parse)),
        priority: fields.optional("priority", |v| v.parsed(Priority::parse)).unwrap_or_default(),
        customer_tier: fields.optional("customer_tier", |v| v.parsed(TierId::parse)),
        tags: fields.optional("tags", |v| v.set(Tag::parse)).unwrap_or_default(),
        language: fields.optional("language", |v| v.parsed(Language::parse)),
        attributes: fields.optional("attributes", attributes).unwrap_or_default(),
        subject: fields.optional("subject", |v| v.string()),
        body: fields.optional("body", |v| v.string()),
        attachments: fields.optional("attachments", |v| v.list(attachment)).unwrap_or_default(),
    };
    Some(EventKind::TicketOpened(Box::new(opening)))
}

fn ticket_assigned(fields: &mut Fields<'_, '_>) -> Option<EventKind> {
    let agent = match fields.take("agent") {
        None => fields.note("agent", "is missing: null says that nobody has the ticket any more"),
        Some(Json::Null) => Some(None),
        Some(agent) => fields.read("agent", agent, |v| v.parsed(AgentId::parse)).map(Some),
    };
    Some(EventKind::TicketAssigned { agent: agent? })
}

fn ticket_transferred(fields: &mut Fields<'_, '_>) -> Option<EventKind> {
    if !fields.has("branch") && !fields.has("department") {
        fields.note_here("branch or department must be given (null clears it)");
    }
    let branch = change(fields, "branch", BranchId::parse);
    let department = change(fields, "department", DepartmentId::parse);
    Some(EventKind::TicketTransferred { branch, department })
}

fn change<T>(fields: &mut Fields<'_, '_>, name: &str, parse: fn(&str, &str) -> Result<T, Invalid>) -> Change<T> {
    match fields.take(name) {
        None => Change::Keep,
        Some(Json::Null) => Change::Clear,
        Some(value) => fields.read(name, value, |v| v.parsed(parse)).map_or(Change::Keep, Change::Set),
    }
}

fn priority_changed(fields: &mut Fields<'_, '_>) -> Option<EventKind> {
    let priority = fields.required("priority", |v| v.parsed(Priority::parse))?;
    Some(EventKind::PriorityChanged { priority })
}

fn tags_changed(fields: &mut Fields<'_, '_>) -> Option<EventKind> {
    if !fields.has("added") && !fields.has("removed") {
        fields.note_here("added or removed must be given");
    }
    let added = fields.optional("added", |v| v.set(Tag::parse)).unwrap_or_default();
    let removed = fields.optional("removed", |v| v.set(Tag::parse)).unwrap_or_default();
    Some(EventKind::TagsChanged { added, removed })
}

pub(super) fn reply_posted(fields: &mut Fields<'_, '_>) -> Option<EventKind> {
    Some(EventKind::ReplyPosted {
        visibility: fields.optional("visibility", |v| v.parsed(Visibility::parse)).unwrap_or_default(),
        channel: fields.optional("channel", |v| v.parsed(ChannelId::parse)),
        body: fields.optional("body", |v| v.string()),
        attachments: fields.optional("attachments", |v| v.list(attachment)).unwrap_or_default(),
    })
}

fn reply_rated(fields: &mut Fields<'_, '_>) -> Option<EventKind> {
    let reply = fields.required("reply", |v| v.count(1, u32::MAX.into()));
    let rating = fields.required("rating", score);
    Some(EventKind::ReplyRated { reply: reply?, rating: rating? })
}

fn ticket_held(fields: &mut Fields<'_, '_>) -> Option<EventKind> {
    let waiting_for = fields.required("waiting_for", |v| v.parsed(HeldFor::parse))?;
    Some(EventKind::TicketHeld { waiting_for })
}

fn ticket_closed(fields: &mut Fields<'_, '_>) -> Option<EventKind> {
    let survey_offered = fields.optional("survey_offered", |v| v.bool()).unwrap_or(false);
    let (reason, duplicate_of, form) = closing(fields);
    Some(EventKind::TicketClosed { survey_offered, reason, duplicate_of, form })
}

/// Why a ticket is closed, of what it is a duplicate, and which form its customer is offered.
pub(super) fn closing(fields: &mut Fields<'_, '_>) -> (Option<ReasonId>, Option<TicketId>, Option<FormRef>) {
    let reason = fields.optional("reason", |v| v.parsed(ReasonId::parse));
    let duplicate_of = fields.optional("duplicate_of", |v| v.parsed(TicketId::parse));
    (reason, duplicate_of, fields.optional("form", |v| v.parsed(FormRef::parse)))
}

fn survey_submitted(fields: &mut Fields<'_, '_>) -> Option<EventKind> {
    let closing = fields.required("closing", |v| v.count(1, u32::MAX.into()));
    let answers = answers(fields);
    Some(EventKind::SurveySubmitted { closing: closing?, answers: Box::new(answers) })
}

pub(super) fn answers(fields: &mut Fields<'_, '_>) -> SurveyAnswers {
    SurveyAnswers {
        overall: fields.optional("overall", score),
        questions: fields
            .optional("questions", |v| v.map(QuestionId::parse, |v| v.score(QuestionScore::new)))
            .unwrap_or_default(),
        choices: fields
            .optional("choices", |v| v.map(QuestionId::parse, |v| v.set(ChoiceId::parse)))
            .unwrap_or_default(),
        nps: fields.optional("nps", |v| v.score(Nps::new)),
        ces: fields.optional("ces", |v| v.score(Ces::new)),
        texts: fields.optional("texts", |v| v.map(QuestionId::parse, |v| v.string())).unwrap_or_default(),
        comment: fields.optional("comment", |v| v.string()),
    }
}

fn ticket_reopened(fields: &mut Fields<'_, '_>) -> Option<EventKind> {
    Some(EventKind::TicketReopened { reason: fields.optional("reason", |v| v.parsed(ReasonId::parse)) })
}

fn ticket_voided(fields: &mut Fields<'_, '_>) -> Option<EventKind> {
    let reason = fields.required("reason", |v| v.parsed(ReasonId::parse))?;
    Some(EventKind::TicketVoided { reason })
}

fn follow_up_recorded(fields: &mut Fields<'_, '_>) -> Option<EventKind> {
    let means = fields.required("means", |v| v.parsed(Means::parse));
    let note = fields.optional("note", |v| v.string());
    Some(EventKind::FollowUpRecorded { means: means?, note })
}

type Attributes = std::collections::BTreeMap<AttributeName, AttributeValue>;

fn attributes(value: Value<'_, '_>) -> Option<Attributes> {
    value.map(AttributeName::parse, |v| v.parsed(AttributeValue::parse))
}

fn attachment(value: Value<'_, '_>) -> Option<Attachment> {
    value.object(|mut fields| {
        let name = fields.required("name", |v| v.string());
        let media_type = fields.optional("media_type", |v| v.string());
        let size = fields.optional("size", |v| v.count(0, u64::MAX.into()));
        let sha256 = fields.optional("sha256", |v| v.string());
        let url = fields.optional("url", |v| v.string());
        fields.end("an attachment", || "name, media_type, size, sha256, url".to_owned());
        Some(Attachment { name: name?, media_type, size, sha256, url })
    })
}

/// A score as an object of scale and score, or as the word that stands for it.
pub(super) fn score(value: Value<'_, '_>) -> Option<Score> {
    value.object_or_word(score_word, |mut fields| {
        let scale = fields.required("scale", |v| v.parsed(Scale::parse));
        let score = fields.required("score", |v| match scale {
            Some(scale) => v.score(|field, number| Score::new(field, scale, number)),
            // Without its scale it can only be looked at as a number.
            None => v.score(|_, _| Ok(())).and(None),
        });
        fields.end("a score", || "scale, score".to_owned());
        score
    })
}

fn score_word(field: &str, word: &str) -> Result<Score, Invalid> {
    let rule = "must be dissatisfied, satisfied, very_bad, bad, good, excellent or an object of scale and score";
    Score::from_word(word).ok_or_else(|| Invalid::new(field, word, rule))
}

/// The three kinds of [`Actor`].
#[derive(Clone, Copy)]
enum ActorKind {
    Agent,
    Customer,
    Automation,
}

fn actor_kind(field: &str, word: &str) -> Result<ActorKind, Invalid> {
    match word {
        "agent" => Ok(ActorKind::Agent),
        "customer" => Ok(ActorKind::Customer),
        "automation" => Ok(ActorKind::Automation),
        _ => Err(Invalid::new(field, word, "must be agent, customer or automation")),
    }
}

pub(super) fn actor(value: Value<'_, '_>) -> Option<Actor> {
    value.object(|mut fields| {
        let actor = match fields.required("kind", |v| v.parsed(actor_kind)) {
            Some(ActorKind::Agent) => fields.required("id", |v| v.parsed(AgentId::parse)).map(Actor::Agent),
            Some(ActorKind::Customer) => Some(Actor::Customer(fields.optional("id", |v| v.parsed(CustomerId::parse)))),
            Some(ActorKind::Automation) => {
                Some(Actor::Automation(fields.optional("id", |v| v.parsed(AutomationId::parse))))
            }
            None => fields.take("id").and(None),
        };
        fields.end("an actor", || "kind, id".to_owned());
        actor
    })
}

fn cause(value: Value<'_, '_>) -> Option<Cause> {
    value.object(|mut fields| {
        let position = fields.required("position", |v| v.count(1, u64::MAX.into()));
        let rule = fields.required("rule", |v| v.parsed(rule));
        fields.end("a cause", || "position, rule".to_owned());
        Some(Cause { position: position?, rule: rule? })
    })
}

/// A rule's name, with or without its version.
fn rule(_: &str, text: &str) -> Result<String, Invalid> {
    Cause::new(1, text).map(|cause| cause.rule)
}

fn event_id(field: &str, text: &str) -> Result<String, Invalid> {
    if text.is_empty() {
        return Err(Invalid::new(field, text, "must not be empty: leave it out where the source has none"));
    }
    Ok(text.to_owned())
}
