//! The stored facts of every ticket event at schema version 1: frozen, never to be edited.
//!
//! bincode does not describe itself: a field added, moved or removed here makes old bytes unreadable. A new field
//! is a new struct at the next schema version, with an upcast from this one. Sequences are sorted by key; there are
//! no maps, floats or sets. Customers stand here by pseudonym only.

use serde::{Deserialize, Serialize};

/// A pseudonym's bytes.
pub type PseudonymBytes = [u8; 16];

/// Who did it, stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActorV1<'a> {
    /// An agent, by id.
    #[serde(borrow)]
    Agent(&'a str),
    /// A customer, by pseudonym; none: unknown.
    Customer(Option<PseudonymBytes>),
    /// An automation, by id where it has one.
    Automation(Option<&'a str>),
}

/// Whose key seals a ticket's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OwnerV1 {
    /// The customer of the ticket.
    Customer(PseudonymBytes),
    /// The ticket has no customer, but a key of its own.
    Ticket(PseudonymBytes),
}

/// What becomes of a field, stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeV1<'a> {
    /// It stays.
    Keep,
    /// It is cleared.
    Clear,
    /// It is set.
    #[serde(borrow)]
    Set(&'a str),
}

/// A score on its scale: scale 0 binary, 1 four, 2 five.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreV1 {
    /// 0 binary, 1 four, 2 five.
    pub scale: u8,
    /// The score as given.
    pub score: u8,
}

/// A form and its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormV1<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: u32,
}

/// `ticket_opened`, event type 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketOpenedV1<'a> {
    /// Who opened it; none: the customer.
    #[serde(borrow)]
    pub by: Option<ActorV1<'a>>,
    /// Whose key seals its content.
    pub owner: OwnerV1,
    /// Channel.
    pub channel: Option<&'a str>,
    /// Branch.
    pub branch: Option<&'a str>,
    /// Department.
    pub department: Option<&'a str>,
    /// Priority: 0 low, 1 normal, 2 high, 3 urgent.
    pub priority: u8,
    /// Customer tier.
    pub customer_tier: Option<&'a str>,
    /// Language tag.
    pub language: Option<&'a str>,
    /// Tags, sorted.
    pub tags: Vec<&'a str>,
    /// Attributes, sorted by name.
    pub attributes: Vec<(&'a str, &'a str)>,
}

/// `ticket_assigned`, event type 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketAssignedV1<'a> {
    /// Who has it now; none: nobody.
    pub agent: Option<&'a str>,
}

/// `ticket_transferred`, event type 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketTransferredV1<'a> {
    /// What became of its branch.
    #[serde(borrow)]
    pub branch: ChangeV1<'a>,
    /// What became of its department.
    pub department: ChangeV1<'a>,
}

/// `priority_changed`, event type 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorityChangedV1 {
    /// Priority: 0 low, 1 normal, 2 high, 3 urgent.
    pub priority: u8,
}

/// `tags_changed`, event type 5.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagsChangedV1<'a> {
    /// Tags added, sorted.
    #[serde(borrow)]
    pub added: Vec<&'a str>,
    /// Tags removed, sorted.
    pub removed: Vec<&'a str>,
}

/// `reply_posted`, event type 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyPostedV1<'a> {
    /// Its author.
    #[serde(borrow)]
    pub by: ActorV1<'a>,
    /// Visibility: 0 public, 1 internal.
    pub visibility: u8,
    /// Channel it came through.
    pub channel: Option<&'a str>,
}

/// `reply_rated`, event type 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyRatedV1 {
    /// Reply number, from 1.
    pub reply: u32,
    /// Rating.
    pub rating: ScoreV1,
}

/// `ticket_held`, event type 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketHeldV1 {
    /// For whom: 0 customer, 1 third party.
    pub waiting_for: u8,
}

/// `ticket_resumed`, event type 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketResumedV1 {}

/// `ticket_closed`, event type 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketClosedV1<'a> {
    /// Who closed it.
    #[serde(borrow)]
    pub by: ActorV1<'a>,
    /// Whether a survey was offered.
    pub survey_offered: bool,
    /// Reason.
    pub reason: Option<&'a str>,
    /// The ticket it is a duplicate of.
    pub duplicate_of: Option<&'a str>,
    /// Form offered.
    pub form: Option<FormV1<'a>>,
}

/// `survey_submitted`, event type 11.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveySubmittedV1<'a> {
    /// Closing number, from 1.
    pub closing: u32,
    /// Overall score.
    pub overall: Option<ScoreV1>,
    /// Scored questions, sorted by question.
    #[serde(borrow)]
    pub questions: Vec<(&'a str, u16)>,
    /// Choice questions, sorted by question, each with its choices sorted.
    pub choices: Vec<(&'a str, Vec<&'a str>)>,
    /// NPS, 0 to 10.
    pub nps: Option<u8>,
    /// CES, 1 to 7.
    pub ces: Option<u8>,
}

/// `ticket_reopened`, event type 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketReopenedV1<'a> {
    /// Who reopened it.
    #[serde(borrow)]
    pub by: ActorV1<'a>,
    /// Reason.
    pub reason: Option<&'a str>,
}

/// `ticket_voided`, event type 13.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketVoidedV1<'a> {
    /// Reason.
    pub reason: &'a str,
}

/// `ticket_restored`, event type 14.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketRestoredV1 {}

/// `follow_up_recorded`, event type 15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUpRecordedV1<'a> {
    /// Who got in touch.
    #[serde(borrow)]
    pub by: ActorV1<'a>,
    /// Means: 0 message, 1 call, 2 visit, 3 none.
    pub means: u8,
}

/// `definition_published`, event type 64, of the stream `definition/{name}`; the definition's version is the stream's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefinitionPublishedV1<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its document: canonical JSON.
    pub document: &'a str,
}

/// `report_published`, event type 68, of the stream `snapshot/{name}`; the version under that name is the stream's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportPublishedV1<'a> {
    /// Its name.
    pub name: &'a str,
    /// Which report it is.
    pub report: &'a str,
    /// The parameters it was asked with, sorted by name; customers stand in them by pseudonym.
    #[serde(borrow)]
    pub query: Vec<(&'a str, &'a str)>,
    /// The name of the definition it was made under.
    pub definition: &'a str,
    /// That definition's version; 0: a preset, or one that came with the request.
    pub definition_version: u64,
    /// The definition's document, canonical JSON, where it came with the request and is published nowhere.
    pub document: Option<&'a str>,
    /// The end of the prefix of the log that it speaks for.
    pub position: u64,
    /// The version of Daftar that made it.
    pub product: &'a str,
    /// Who published it, where that was said.
    pub by: Option<ActorV1<'a>>,
    /// The BLAKE3 of its bytes, before packing.
    pub digest: [u8; 32],
    /// How many bytes it has, before packing.
    pub length: u32,
    /// Its bytes, one zstd frame.
    pub packed: &'a [u8],
}

/// `epoch_begun`, event type 73, of the stream `log/epoch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochBegunV1 {
    /// Its number: one more than the epoch before.
    pub epoch: u32,
    /// Random, its own.
    pub id: [u8; 16],
    /// The last position in common with the epoch before.
    pub parted: u64,
    /// The chain value there.
    pub chain: [u8; 32],
    /// Cause: 0 a truncation was accepted, 1 a backup was restored.
    pub cause: u8,
    /// The last position that had been acknowledged, and the chain value there, where events were lost.
    pub given_up: Option<(u64, [u8; 32])>,
}

/// The metadata of an event; unused fields are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MetadataV1<'a> {
    /// The API key the command came with, and its role's number.
    #[serde(borrow)]
    pub issuer: Option<(&'a str, u8)>,
    /// Who did it, where the facts do not say so.
    pub actor: Option<ActorV1<'a>>,
    /// The command's keyed id and keyed digest.
    pub command: Option<([u8; 16], [u8; 16])>,
    /// The event (position) and the rule that made an automation act.
    pub cause: Option<(u64, &'a str)>,
    /// Trace id.
    pub trace: Option<[u8; 16]>,
    /// Keyed hash of the source's own event id; the id itself is content.
    pub source_event: Option<[u8; 16]>,
}

/// An attachment, inside sealed content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentV1<'a> {
    /// File name.
    pub name: &'a str,
    /// Media type.
    pub media_type: Option<&'a str>,
    /// Size in bytes.
    pub size: Option<u64>,
    /// SHA-256 in hexadecimal.
    pub sha256: Option<&'a str>,
    /// Where it lies.
    pub url: Option<&'a str>,
}

/// The content of any ticket event, before sealing; fields an event does not have are empty. Customers' ids are not
/// here: they lie sealed in the key file, under the pseudonym that the facts carry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContentV1<'a> {
    /// The source's own id of the event.
    #[serde(borrow)]
    pub source_event: Option<&'a str>,
    /// Subject of an opening.
    pub subject: Option<&'a str>,
    /// Body of an opening or a reply, note of a follow-up, comment of a survey.
    pub text: Option<&'a str>,
    /// Questions answered in words, sorted by question.
    pub texts: Vec<(&'a str, &'a str)>,
    /// Attachments, in the order given.
    pub attachments: Vec<AttachmentV1<'a>>,
}
