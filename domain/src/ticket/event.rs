//! What can have happened to a ticket.

use crate::actor::{Actor, Cause};
use crate::ids::{
    AgentId, AttributeName, AttributeValue, BranchId, ChannelId, CustomerId, DepartmentId, FormRef, Language, ReasonId,
    Tag, TicketId, TierId,
};
use crate::satisfaction::{Score, SurveyAnswers};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Something that happened to a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it happened in the world.
    pub occurred_at: Timestamp,
    /// Who did it: the author of a reply, the closer of a closing; the customer of an opening when left out.
    pub by: Option<Actor>,
    /// Why, when an automation did it.
    pub cause: Option<Cause>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// The ticket came into being.
    TicketOpened(Box<Opening>),
    /// An agent took it or was given it; none: nobody has it any more.
    TicketAssigned {
        /// Who has it now.
        agent: Option<AgentId>,
    },
    /// It went to another branch or department; its agent stays.
    TicketTransferred {
        /// What became of its branch.
        branch: Change<BranchId>,
        /// What became of its department.
        department: Change<DepartmentId>,
    },
    /// It became more or less urgent.
    PriorityChanged {
        /// Its priority now.
        priority: Priority,
    },
    /// It got or lost tags.
    TagsChanged {
        /// Tags it has from now on.
        added: BTreeSet<Tag>,
        /// Tags it has no more.
        removed: BTreeSet<Tag>,
    },
    /// Somebody wrote; replies count from 1 within the ticket, notes included.
    ReplyPosted {
        /// Who may read it.
        visibility: Visibility,
        /// Through which channel it came, where it differs from the ticket's or is known.
        channel: Option<ChannelId>,
        /// What was written (content).
        body: Option<String>,
        /// What was attached (content).
        attachments: Vec<Attachment>,
    },
    /// A customer rated a reply, for the first time or anew.
    ReplyRated {
        /// The reply's number in the ticket, from 1.
        reply: u32,
        /// The rating.
        rating: Score,
    },
    /// It waits for somebody outside.
    TicketHeld {
        /// For whom.
        waiting_for: HeldFor,
    },
    /// It waits no more.
    TicketResumed,
    /// It was closed; closings count from 1 within the ticket.
    TicketClosed {
        /// Whether the customer was offered a survey.
        survey_offered: bool,
        /// Why it was closed.
        reason: Option<ReasonId>,
        /// The ticket it is a duplicate of.
        duplicate_of: Option<TicketId>,
        /// The survey form offered.
        form: Option<FormRef>,
    },
    /// A customer answered the survey of a closing, for the first time or anew.
    SurveySubmitted {
        /// The closing it answers, from 1.
        closing: u32,
        /// The answers.
        answers: Box<SurveyAnswers>,
    },
    /// It was opened again.
    TicketReopened {
        /// Why.
        reason: Option<ReasonId>,
    },
    /// It left the figures: spam, a duplicate, a test.
    TicketVoided {
        /// Why.
        reason: ReasonId,
    },
    /// It came back into the figures.
    TicketRestored,
    /// Somebody got in touch with a dissatisfied customer.
    FollowUpRecorded {
        /// How.
        means: Means,
        /// What came of it (content).
        note: Option<String>,
    },
}

impl EventKind {
    /// The event's stable name, as in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TicketOpened(_) => "ticket_opened",
            Self::TicketAssigned { .. } => "ticket_assigned",
            Self::TicketTransferred { .. } => "ticket_transferred",
            Self::PriorityChanged { .. } => "priority_changed",
            Self::TagsChanged { .. } => "tags_changed",
            Self::ReplyPosted { .. } => "reply_posted",
            Self::ReplyRated { .. } => "reply_rated",
            Self::TicketHeld { .. } => "ticket_held",
            Self::TicketResumed => "ticket_resumed",
            Self::TicketClosed { .. } => "ticket_closed",
            Self::SurveySubmitted { .. } => "survey_submitted",
            Self::TicketReopened { .. } => "ticket_reopened",
            Self::TicketVoided { .. } => "ticket_voided",
            Self::TicketRestored => "ticket_restored",
            Self::FollowUpRecorded { .. } => "follow_up_recorded",
        }
    }
}

/// What a ticket is at its opening.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opening {
    /// Whose ticket it is.
    pub customer: Option<CustomerId>,
    /// Where it came from; it never changes.
    pub channel: Option<ChannelId>,
    /// Its branch.
    pub branch: Option<BranchId>,
    /// Its department.
    pub department: Option<DepartmentId>,
    /// Its priority.
    pub priority: Priority,
    /// The customer's tier at opening.
    pub customer_tier: Option<TierId>,
    /// Its tags.
    pub tags: BTreeSet<Tag>,
    /// The customer's language.
    pub language: Option<Language>,
    /// Own fields, such as `request_type`.
    pub attributes: BTreeMap<AttributeName, AttributeValue>,
    /// Its subject (content).
    pub subject: Option<String>,
    /// The first message (content).
    pub body: Option<String>,
    /// What was attached (content).
    pub attachments: Vec<Attachment>,
}

/// A file somebody attached; the file itself lies elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The file's name.
    pub name: String,
    /// Its media type, such as `image/png`.
    pub media_type: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: Option<String>,
    /// Where it lies.
    pub url: Option<String>,
}

/// What becomes of a field that may be left out, cleared or set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Change<T> {
    /// Left out: it stays.
    #[default]
    Keep,
    /// `null`: it is cleared.
    Clear,
    /// A value: it is set.
    Set(T),
}

impl<T: Clone> Change<T> {
    /// What a field that is `now` becomes.
    #[must_use]
    pub fn applied_to(&self, now: Option<&T>) -> Option<T> {
        match self {
            Self::Keep => now.cloned(),
            Self::Clear => None,
            Self::Set(value) => Some(value.clone()),
        }
    }
}

/// How urgent a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// Can wait.
    Low,
    /// As most.
    #[default]
    Normal,
    /// Before most.
    High,
    /// Now.
    Urgent,
}

/// Who may read a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Visibility {
    /// The customer too.
    #[default]
    Public,
    /// Agents alone: an internal note.
    Internal,
}

/// For whom a held ticket waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HeldFor {
    /// The customer.
    Customer,
    /// Somebody else: a vendor, another company.
    ThirdParty,
}

/// How somebody got in touch with a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Means {
    /// A message.
    Message,
    /// A call.
    Call,
    /// A visit.
    Visit,
    /// Not at all: it was looked into and left.
    None,
}

/// The closed lists of words: each value with its name in JSON and its number in storage.
macro_rules! words {
    ($($name:ident, $rule:literal: $($value:ident = $word:literal $code:literal),+;)+) => {$(
        impl $name {
            /// The word for it in JSON.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$value => $word,)+ }
            }

            /// Reads the word for it.
            ///
            /// # Errors
            ///
            /// [`crate::Invalid`] naming `field` and the words there are.
            pub fn parse(field: &str, text: &str) -> Result<Self, crate::Invalid> {
                match text {
                    $($word => Ok(Self::$value),)+
                    _ => Err(crate::Invalid::new(field, text, $rule)),
                }
            }

            /// Its number in stored events; never changes.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self { $(Self::$value => $code,)+ }
            }

            /// The value with that number.
            #[must_use]
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$value),)+ _ => None }
            }
        }
    )+};
}

words! {
    Priority, "must be low, normal, high or urgent": Low = "low" 0, Normal = "normal" 1, High = "high" 2, Urgent = "urgent" 3;
    Visibility, "must be public or internal": Public = "public" 0, Internal = "internal" 1;
    HeldFor, "must be customer or third_party": Customer = "customer" 0, ThirdParty = "third_party" 1;
    Means, "must be message, call, visit or none": Message = "message" 0, Call = "call" 1, Visit = "visit" 2, None = "none" 3;
}
