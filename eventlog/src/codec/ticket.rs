//! Ticket events to stored form and back: facts apart from content, customers by pseudonym.

use super::schema::Schema;
use super::v1::{self, ActorV1, AttachmentV1, ChangeV1, ContentV1, FormV1, MetadataV1, OwnerV1, ScoreV1};
use super::{CodecError, EventType, decode, decode_facts, encode};
use crate::facts::Facts;
use crate::log::{CommandStamp, StoreError};
use crate::position::{Position, Version};
use crate::record::{EventBytes, EventHead, NewEvent, RecordedEvent};
use crate::sealing::{self, Hashed, KeyStore, OpenError, OpenedContent, Pseudonym, keyed_hash};
use crate::stream::StreamKind;
use daftar_domain::actor::{Actor, Cause};
use daftar_domain::ids::{
    AgentId, AttributeName, AttributeValue, AutomationId, BranchId, ChannelId, ChoiceId, CustomerId, DepartmentId,
    FormName, FormRef, Language, QuestionId, ReasonId, Tag, TicketId, TierId,
};
use daftar_domain::satisfaction::{Ces, Nps, QuestionScore, Scale, Score, SurveyAnswers};
use daftar_domain::ticket::{Attachment, Change, HeldFor, Means, Opening, Priority, Visibility};
use daftar_domain::{Event, EventKind, Timestamp};
use serde::Serialize;
use std::sync::Arc;

/// What travels with an event besides what it says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The API key the command came with, and its role's number.
    pub issuer: Option<(String, u8)>,
    /// The command.
    pub command: Option<CommandStamp>,
    /// Trace id.
    pub trace: Option<[u8; 16]>,
    /// The source's own id of the event.
    pub source_event: Option<String>,
}

/// A ticket event read back from the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketEvent {
    /// The ticket.
    pub ticket: TicketId,
    /// Where it stands in the log.
    pub position: Position,
    /// Where it stands in the ticket.
    pub version: Version,
    /// When the log accepted it.
    pub recorded_at: Timestamp,
    /// What happened; without its content where that was forgotten.
    pub event: Event,
    /// What travels with it.
    pub origin: Origin,
    /// Whose key seals the ticket's content, on an opening.
    pub owner: Option<Pseudonym>,
    /// Whether its content was forgotten.
    pub forgotten: bool,
}

/// Encodes and seals ticket events for one log, and reads them back.
#[derive(Clone)]
pub struct TicketCodec {
    keys: Arc<dyn KeyStore>,
    log_id: [u8; 16],
}

impl TicketCodec {
    /// A codec for the log with that id, sealing under those keys.
    #[must_use]
    pub fn new(keys: Arc<dyn KeyStore>, log_id: [u8; 16]) -> Self {
        Self { keys, log_id }
    }

    /// The keys it seals under.
    #[must_use]
    pub fn keys(&self) -> &Arc<dyn KeyStore> {
        &self.keys
    }

    /// The id of the log it is for.
    #[must_use]
    pub fn log_id(&self) -> &[u8; 16] {
        &self.log_id
    }

    /// Keyed hash of a source's own event id, by which a known event is found.
    #[must_use]
    pub fn source_event_hash(&self, id: &str) -> [u8; 16] {
        keyed_hash(self.keys.secret(), Hashed::SourceEvent, &[id.as_bytes()])
    }

    /// The pseudonym under whose key a ticket's content is sealed: its customer's, or one of its own.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the keys can't be read or written.
    pub fn owner_of(&self, opening: &Opening) -> Result<Pseudonym, StoreError> {
        match &opening.customer {
            Some(customer) => self.keys.customer(customer),
            None => self.keys.new_ticket(),
        }
    }

    /// Encodes an event for one version of its ticket and seals its content. A conflict that moves it to another
    /// version needs a new call: the seal is for this version, with a nonce of its own.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when keys can't be read or written, or the event is too large to encode.
    pub fn encode(
        &self,
        ticket: &TicketId,
        owner: Pseudonym,
        version: Version,
        event: &Event,
        origin: &Origin,
    ) -> Result<NewEvent, StoreError> {
        let too_large = |e: CodecError| StoreError::failed("encoding an event", e);
        let actor_pseudonym = match &event.by {
            Some(Actor::Customer(Some(id))) => Some(self.keys.customer(id)?),
            _ => None,
        };
        let by = event.by.as_ref().map(|by| stored_actor(by, actor_pseudonym));
        let (schema, facts) = encode_facts(&event.kind, by, owner).map_err(too_large)?;
        let metadata = encode("metadata", &self.metadata(event, by, origin)).map_err(too_large)?;
        let content = content_of(event, origin);
        let head = EventHead {
            stream_kind: StreamKind::Ticket,
            stream_id: ticket.as_str(),
            version,
            occurred_at: event.occurred_at,
            event_type: event_type(&event.kind),
            schema,
            metadata: &metadata,
            facts: &facts,
            has_content: content.is_some(),
        };
        let opening = matches!(event.kind, EventKind::TicketOpened(_));
        let sealed_for = actor_pseudonym.filter(|_| !opening).unwrap_or(owner);
        let sealed = content.map(|c| sealing::seal(&*self.keys, &self.log_id, &head, sealed_for, &c)).transpose()?;
        Ok(NewEvent::new(EventBytes { head: head.encode(), sealed }))
    }

    fn metadata<'a>(&self, event: &'a Event, by: Option<ActorV1<'a>>, origin: &'a Origin) -> MetadataV1<'a> {
        MetadataV1 {
            issuer: origin.issuer.as_ref().map(|(key, role)| (key.as_str(), *role)),
            actor: by.filter(|_| !facts_name_actor(&event.kind)),
            command: origin.command.map(|c| (c.id, c.digest)),
            cause: event.cause.as_ref().map(|c| (c.position, c.rule.as_str())),
            trace: origin.trace,
            source_event: origin.source_event.as_deref().map(|id| self.source_event_hash(id)),
        }
    }

    /// Reads a ticket event back, unsealing its content.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when it is not what was written, [`StoreError::Unreadable`] when a newer version wrote
    /// it.
    pub fn decode(&self, recorded: &RecordedEvent) -> Result<TicketEvent, StoreError> {
        let position = recorded.position;
        let corrupt = |why: String| StoreError::Corrupt { position, why };
        let head = recorded.bytes.head().map_err(|e| e.at(position))?;
        let opened = match recorded.bytes.sealed.as_deref() {
            Some(sealed) => sealing::open(&*self.keys, &self.log_id, &head, sealed).map_err(|e| match e {
                OpenError::Keys(e) => e,
                OpenError::Codec(source) => StoreError::Unreadable { position, source },
                OpenError::Damaged => corrupt(e.to_string()),
            })?,
            None => None,
        };
        let unreadable = |source| StoreError::Unreadable { position, source };
        let forgotten = head.has_content && opened.is_none();
        let content = opened.as_ref().map(OpenedContent::decode).transpose().map_err(unreadable)?.unwrap_or_default();
        let metadata: MetadataV1<'_> = decode("metadata", head.metadata).map_err(unreadable)?;
        let facts = decode_facts(head.event_type, head.schema, head.facts).map_err(unreadable)?;
        let (by, owner) = actor_and_owner(&facts);
        let by = by.or(metadata.actor).map(|by| self.loaded_actor(&by)).transpose()?;
        let customer = match &facts {
            Facts::TicketOpened(f) => self.customer_of(f.owner)?,
            _ => None,
        };
        let kind = loaded_kind(&facts, &content, customer)
            .ok_or_else(|| corrupt("its facts hold a number that stands for nothing".to_owned()))?;
        let cause = metadata.cause.map(|(position, rule)| Cause { position, rule: rule.to_owned() });
        Ok(TicketEvent {
            ticket: TicketId::known_good(head.stream_id),
            position,
            version: head.version,
            recorded_at: recorded.recorded_at,
            event: Event { occurred_at: head.occurred_at, by, cause, kind },
            origin: loaded_origin(&metadata, &content),
            owner,
            forgotten,
        })
    }

    fn loaded_actor(&self, actor: &ActorV1<'_>) -> Result<Actor, StoreError> {
        Ok(match actor {
            ActorV1::Agent(id) => Actor::Agent(AgentId::known_good(id)),
            ActorV1::Customer(None) => Actor::Customer(None),
            ActorV1::Customer(Some(pseudonym)) => Actor::Customer(Some(self.customer(Pseudonym(*pseudonym))?)),
            ActorV1::Automation(id) => Actor::Automation(id.map(AutomationId::known_good)),
        })
    }

    fn customer_of(&self, owner: OwnerV1) -> Result<Option<CustomerId>, StoreError> {
        match owner {
            OwnerV1::Customer(pseudonym) => self.customer(Pseudonym(pseudonym)).map(Some),
            OwnerV1::Ticket(_) => Ok(None),
        }
    }

    /// A customer's own id; of one who was forgotten a name made of the pseudonym, so that two stay two.
    fn customer(&self, pseudonym: Pseudonym) -> Result<CustomerId, StoreError> {
        let id = self.keys.customer_id(pseudonym)?.unwrap_or_else(|| format!("forgotten-{pseudonym}"));
        Ok(CustomerId::known_good(&id))
    }
}

/// The number of an event's type.
#[must_use]
pub const fn event_type(kind: &EventKind) -> EventType {
    match kind {
        EventKind::TicketOpened(_) => EventType::TICKET_OPENED,
        EventKind::TicketAssigned { .. } => EventType::TICKET_ASSIGNED,
        EventKind::TicketTransferred { .. } => EventType::TICKET_TRANSFERRED,
        EventKind::PriorityChanged { .. } => EventType::PRIORITY_CHANGED,
        EventKind::TagsChanged { .. } => EventType::TAGS_CHANGED,
        EventKind::ReplyPosted { .. } => EventType::REPLY_POSTED,
        EventKind::ReplyRated { .. } => EventType::REPLY_RATED,
        EventKind::TicketHeld { .. } => EventType::TICKET_HELD,
        EventKind::TicketResumed => EventType::TICKET_RESUMED,
        EventKind::TicketClosed { .. } => EventType::TICKET_CLOSED,
        EventKind::SurveySubmitted { .. } => EventType::SURVEY_SUBMITTED,
        EventKind::TicketReopened { .. } => EventType::TICKET_REOPENED,
        EventKind::TicketVoided { .. } => EventType::TICKET_VOIDED,
        EventKind::TicketRestored => EventType::TICKET_RESTORED,
        EventKind::FollowUpRecorded { .. } => EventType::FOLLOW_UP_RECORDED,
    }
}

/// Whether the facts of an event say who did it, because a figure depends on it; else its metadata do.
const fn facts_name_actor(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::TicketOpened(_)
            | EventKind::ReplyPosted { .. }
            | EventKind::TicketClosed { .. }
            | EventKind::TicketReopened { .. }
            | EventKind::FollowUpRecorded { .. }
    )
}

/// Facts as they are stored today: the schema version and the bytes of their struct.
fn stored<'a, T: Schema<'a> + Serialize>(facts: &T) -> Result<(u8, Vec<u8>), CodecError> {
    Ok((T::VERSION, encode("facts", facts)?))
}

fn encode_facts(kind: &EventKind, by: Option<ActorV1<'_>>, owner: Pseudonym) -> Result<(u8, Vec<u8>), CodecError> {
    // Where an actor is required, `admit` has seen to it; an automation without a name stands in for none.
    let actor = by.unwrap_or(ActorV1::Automation(None));
    match kind {
        EventKind::TicketOpened(opening) => stored(&stored_opening(opening, by, owner)),
        EventKind::TicketAssigned { agent } => {
            stored(&v1::TicketAssignedV1 { agent: agent.as_ref().map(AgentId::as_str) })
        }
        EventKind::TicketTransferred { branch, department } => {
            let branch = stored_change(branch, BranchId::as_str);
            stored(&v1::TicketTransferredV1 { branch, department: stored_change(department, DepartmentId::as_str) })
        }
        EventKind::PriorityChanged { priority } => stored(&v1::PriorityChangedV1 { priority: priority.code() }),
        EventKind::TagsChanged { added, removed } => {
            let (added, removed) = (added.iter().map(Tag::as_str), removed.iter().map(Tag::as_str));
            stored(&v1::TagsChangedV1 { added: added.collect(), removed: removed.collect() })
        }
        EventKind::ReplyPosted { visibility, channel, .. } => {
            let channel = channel.as_ref().map(ChannelId::as_str);
            stored(&v1::ReplyPostedV1 { by: actor, visibility: visibility.code(), channel })
        }
        EventKind::ReplyRated { reply, rating } => {
            stored(&v1::ReplyRatedV1 { reply: *reply, rating: stored_score(*rating) })
        }
        EventKind::TicketHeld { waiting_for } => stored(&v1::TicketHeldV1 { waiting_for: waiting_for.code() }),
        EventKind::TicketResumed => stored(&v1::TicketResumedV1 {}),
        EventKind::TicketClosed { survey_offered, reason, duplicate_of, form } => stored(&v1::TicketClosedV1 {
            by: actor,
            survey_offered: *survey_offered,
            reason: reason.as_ref().map(ReasonId::as_str),
            duplicate_of: duplicate_of.as_ref().map(TicketId::as_str),
            form: form.as_ref().map(|f| FormV1 { name: f.name.as_str(), version: f.version }),
        }),
        EventKind::SurveySubmitted { closing, answers } => stored(&stored_answers(*closing, answers)),
        EventKind::TicketReopened { reason } => {
            stored(&v1::TicketReopenedV1 { by: actor, reason: reason.as_ref().map(ReasonId::as_str) })
        }
        EventKind::TicketVoided { reason } => stored(&v1::TicketVoidedV1 { reason: reason.as_str() }),
        EventKind::TicketRestored => stored(&v1::TicketRestoredV1 {}),
        EventKind::FollowUpRecorded { means, .. } => stored(&v1::FollowUpRecordedV1 { by: actor, means: means.code() }),
    }
}

fn stored_opening<'a>(o: &'a Opening, by: Option<ActorV1<'a>>, owner: Pseudonym) -> v1::TicketOpenedV1<'a> {
    v1::TicketOpenedV1 {
        by,
        owner: if o.customer.is_some() { OwnerV1::Customer(owner.0) } else { OwnerV1::Ticket(owner.0) },
        channel: o.channel.as_ref().map(ChannelId::as_str),
        branch: o.branch.as_ref().map(BranchId::as_str),
        department: o.department.as_ref().map(DepartmentId::as_str),
        priority: o.priority.code(),
        customer_tier: o.customer_tier.as_ref().map(TierId::as_str),
        language: o.language.as_ref().map(Language::as_str),
        tags: o.tags.iter().map(Tag::as_str).collect(),
        attributes: o.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
    }
}

fn stored_answers(closing: u32, a: &SurveyAnswers) -> v1::SurveySubmittedV1<'_> {
    v1::SurveySubmittedV1 {
        closing,
        overall: a.overall.map(stored_score),
        questions: a.questions.iter().map(|(q, score)| (q.as_str(), u16::from(score.get()))).collect(),
        choices: a
            .choices
            .iter()
            .map(|(q, ticked)| (q.as_str(), ticked.iter().map(ChoiceId::as_str).collect()))
            .collect(),
        nps: a.nps.map(Nps::get),
        ces: a.ces.map(Ces::get),
    }
}

fn stored_actor(actor: &Actor, pseudonym: Option<Pseudonym>) -> ActorV1<'_> {
    match actor {
        Actor::Agent(id) => ActorV1::Agent(id.as_str()),
        Actor::Customer(_) => ActorV1::Customer(pseudonym.map(|p| p.0)),
        Actor::Automation(id) => ActorV1::Automation(id.as_ref().map(AutomationId::as_str)),
    }
}

fn stored_change<'a, T>(change: &'a Change<T>, as_str: impl Fn(&'a T) -> &'a str) -> ChangeV1<'a> {
    match change {
        Change::Keep => ChangeV1::Keep,
        Change::Clear => ChangeV1::Clear,
        Change::Set(value) => ChangeV1::Set(as_str(value)),
    }
}

const fn stored_score(score: Score) -> ScoreV1 {
    let scale = match score.scale() {
        Scale::Binary => 0,
        Scale::Four => 1,
        Scale::Five => 2,
    };
    ScoreV1 { scale, score: score.score() }
}

/// The part of an event that is sealed; `None` where it has none.
fn content_of<'a>(event: &'a Event, origin: &'a Origin) -> Option<ContentV1<'a>> {
    let mut content = ContentV1 { source_event: origin.source_event.as_deref(), ..ContentV1::default() };
    match &event.kind {
        EventKind::TicketOpened(o) => {
            content.subject = o.subject.as_deref();
            content.text = o.body.as_deref();
            content.attachments = o.attachments.iter().map(stored_attachment).collect();
        }
        EventKind::ReplyPosted { body, attachments, .. } => {
            content.text = body.as_deref();
            content.attachments = attachments.iter().map(stored_attachment).collect();
        }
        EventKind::SurveySubmitted { answers, .. } => {
            content.text = answers.comment.as_deref();
            content.texts = answers.texts.iter().map(|(q, text)| (q.as_str(), text.as_str())).collect();
        }
        EventKind::FollowUpRecorded { note, .. } => content.text = note.as_deref(),
        _ => {}
    }
    (content != ContentV1::default()).then_some(content)
}

fn stored_attachment(a: &Attachment) -> AttachmentV1<'_> {
    AttachmentV1 {
        name: &a.name,
        media_type: a.media_type.as_deref(),
        size: a.size,
        sha256: a.sha256.as_deref(),
        url: a.url.as_deref(),
    }
}

fn actor_and_owner<'a>(facts: &Facts<'a>) -> (Option<ActorV1<'a>>, Option<Pseudonym>) {
    match facts {
        Facts::TicketOpened(f) => {
            let (OwnerV1::Customer(owner) | OwnerV1::Ticket(owner)) = f.owner;
            (f.by, Some(Pseudonym(owner)))
        }
        Facts::ReplyPosted(f) => (Some(f.by), None),
        Facts::TicketClosed(f) => (Some(f.by), None),
        Facts::TicketReopened(f) => (Some(f.by), None),
        Facts::FollowUpRecorded(f) => (Some(f.by), None),
        _ => (None, None),
    }
}

fn loaded_origin(metadata: &MetadataV1<'_>, content: &ContentV1<'_>) -> Origin {
    Origin {
        issuer: metadata.issuer.map(|(key, role)| (key.to_owned(), role)),
        command: metadata.command.map(|(id, digest)| CommandStamp { id, digest }),
        trace: metadata.trace,
        source_event: content.source_event.map(str::to_owned),
    }
}

/// Today's event from facts and content; `None` when a stored number stands for nothing.
fn loaded_kind(facts: &Facts<'_>, content: &ContentV1<'_>, customer: Option<CustomerId>) -> Option<EventKind> {
    Some(match facts {
        Facts::TicketOpened(f) => EventKind::TicketOpened(Box::new(loaded_opening(f, content, customer)?)),
        Facts::TicketAssigned(f) => EventKind::TicketAssigned { agent: f.agent.map(AgentId::known_good) },
        Facts::TicketTransferred(f) => EventKind::TicketTransferred {
            branch: loaded_change(&f.branch, BranchId::known_good),
            department: loaded_change(&f.department, DepartmentId::known_good),
        },
        Facts::PriorityChanged(f) => EventKind::PriorityChanged { priority: Priority::from_code(f.priority)? },
        Facts::TagsChanged(f) => EventKind::TagsChanged {
            added: f.added.iter().copied().map(Tag::known_good).collect(),
            removed: f.removed.iter().copied().map(Tag::known_good).collect(),
        },
        Facts::ReplyPosted(f) => EventKind::ReplyPosted {
            visibility: Visibility::from_code(f.visibility)?,
            channel: f.channel.map(ChannelId::known_good),
            body: content.text.map(str::to_owned),
            attachments: content.attachments.iter().map(loaded_attachment).collect(),
        },
        Facts::ReplyRated(f) => EventKind::ReplyRated { reply: f.reply, rating: loaded_score(f.rating)? },
        Facts::TicketHeld(f) => EventKind::TicketHeld { waiting_for: HeldFor::from_code(f.waiting_for)? },
        Facts::TicketResumed => EventKind::TicketResumed,
        Facts::TicketClosed(f) => EventKind::TicketClosed {
            survey_offered: f.survey_offered,
            reason: f.reason.map(ReasonId::known_good),
            duplicate_of: f.duplicate_of.map(TicketId::known_good),
            form: f.form.map(|form| FormRef { name: FormName::known_good(form.name), version: form.version }),
        },
        Facts::SurveySubmitted(f) => {
            EventKind::SurveySubmitted { closing: f.closing, answers: Box::new(loaded_answers(f, content)?) }
        }
        Facts::TicketReopened(f) => EventKind::TicketReopened { reason: f.reason.map(ReasonId::known_good) },
        Facts::TicketVoided(f) => EventKind::TicketVoided { reason: ReasonId::known_good(f.reason) },
        Facts::TicketRestored => EventKind::TicketRestored,
        Facts::FollowUpRecorded(f) => {
            EventKind::FollowUpRecorded { means: Means::from_code(f.means)?, note: content.text.map(str::to_owned) }
        }
        // They happen to the log, a definition or a published report, never to a ticket.
        Facts::DefinitionPublished(_) | Facts::ReportPublished(_) | Facts::EpochBegun(_) => return None,
    })
}

fn loaded_opening(
    f: &v1::TicketOpenedV1<'_>,
    content: &ContentV1<'_>,
    customer: Option<CustomerId>,
) -> Option<Opening> {
    let attribute = |(name, value): &(&str, &str)| (AttributeName::known_good(name), AttributeValue::known_good(value));
    Some(Opening {
        customer,
        channel: f.channel.map(ChannelId::known_good),
        branch: f.branch.map(BranchId::known_good),
        department: f.department.map(DepartmentId::known_good),
        priority: Priority::from_code(f.priority)?,
        customer_tier: f.customer_tier.map(TierId::known_good),
        tags: f.tags.iter().copied().map(Tag::known_good).collect(),
        language: f.language.map(Language::known_good),
        attributes: f.attributes.iter().map(attribute).collect(),
        subject: content.subject.map(str::to_owned),
        body: content.text.map(str::to_owned),
        attachments: content.attachments.iter().map(loaded_attachment).collect(),
    })
}

fn loaded_answers(f: &v1::SurveySubmittedV1<'_>, content: &ContentV1<'_>) -> Option<SurveyAnswers> {
    let question = |(q, score): &(&str, u16)| {
        QuestionScore::new("score", i64::from(*score)).ok().map(|score| (QuestionId::known_good(q), score))
    };
    let choice = |(q, ticked): &(&str, Vec<&str>)| {
        (QuestionId::known_good(q), ticked.iter().copied().map(ChoiceId::known_good).collect())
    };
    Some(SurveyAnswers {
        overall: f.overall.map(|score| loaded_score(score).ok_or(())).transpose().ok()?,
        questions: f.questions.iter().map(question).collect::<Option<_>>()?,
        choices: f.choices.iter().map(choice).collect(),
        nps: f.nps.map(|n| Nps::new("nps", i64::from(n))).transpose().ok()?,
        ces: f.ces.map(|n| Ces::new("ces", i64::from(n))).transpose().ok()?,
        texts: content.texts.iter().map(|(q, text)| (QuestionId::known_good(q), (*text).to_owned())).collect(),
        comment: content.text.map(str::to_owned),
    })
}

fn loaded_change<T>(change: &ChangeV1<'_>, known_good: impl Fn(&str) -> T) -> Change<T> {
    match change {
        ChangeV1::Keep => Change::Keep,
        ChangeV1::Clear => Change::Clear,
        ChangeV1::Set(value) => Change::Set(known_good(value)),
    }
}

fn loaded_score(score: ScoreV1) -> Option<Score> {
    let scale = match score.scale {
        0 => Scale::Binary,
        1 => Scale::Four,
        2 => Scale::Five,
        _ => return None,
    };
    Score::new("score", scale, i64::from(score.score)).ok()
}

fn loaded_attachment(a: &AttachmentV1<'_>) -> Attachment {
    Attachment {
        name: a.name.to_owned(),
        media_type: a.media_type.map(str::to_owned),
        size: a.size,
        sha256: a.sha256.map(str::to_owned),
        url: a.url.map(str::to_owned),
    }
}
