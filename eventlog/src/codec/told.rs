//! Facts as folds read them: straight from a block's bytes, texts left where they are listed and lists unread.
//!
//! A fold asks of nearly every text only which of the known ones it is, which its number in the block's list says to
//! whoever has met it there. Where it is not known so it is told from others by two words made of its bytes; only one
//! that is long or new is compared or hashed. The structs here have the fields of those of the same names in
//! [`crate::facts`], in the same order.

mod list;
mod text;

pub use list::List;
pub use text::{Place, Text, TextKey};

use super::listed::{self, EncodedFacts, Texts};
use super::quick::{Quick, Source, quick};
use super::schema::Schema;
use super::{CodecError, EventType};
use crate::codec::v1::{TicketRestoredV1, TicketResumedV1};
use crate::facts::{self, Facts, Owner, PriorityChanged, PseudonymBytes, ReplyRated, Score, TicketHeld};
use std::mem::ManuallyDrop;

/// What an event of a ticket states; see [`Facts`].
#[derive(Debug, Clone)]
pub enum Told<'a> {
    /// See [`facts::TicketOpened`].
    TicketOpened(TicketOpened<'a>),
    /// See [`facts::TicketAssigned`].
    TicketAssigned(TicketAssigned<'a>),
    /// See [`facts::TicketTransferred`].
    TicketTransferred(TicketTransferred<'a>),
    /// See [`PriorityChanged`].
    PriorityChanged(PriorityChanged),
    /// See [`facts::TagsChanged`].
    TagsChanged(TagsChanged<'a>),
    /// See [`facts::ReplyPosted`].
    ReplyPosted(ReplyPosted<'a>),
    /// See [`ReplyRated`].
    ReplyRated(ReplyRated),
    /// See [`TicketHeld`].
    TicketHeld(TicketHeld),
    /// The ticket waits no more.
    TicketResumed,
    /// See [`facts::TicketClosed`].
    TicketClosed(TicketClosed<'a>),
    /// See [`facts::SurveySubmitted`].
    SurveySubmitted(SurveySubmitted<'a>),
    /// See [`facts::TicketReopened`].
    TicketReopened(TicketReopened<'a>),
    /// See [`facts::TicketVoided`].
    TicketVoided(TicketVoided<'a>),
    /// The ticket is back in the figures.
    TicketRestored,
    /// See [`facts::FollowUpRecorded`].
    FollowUpRecorded(FollowUpRecorded<'a>),
    /// It is no ticket's event.
    OfNoTicket,
}

/// Whoever is shown what an event states: a function, or something that is to be inlined where each type is read, so that
/// no value of [`Told`] is ever put together.
pub trait Shown<'a> {
    /// What is made of it.
    type Made;

    /// Shows it.
    fn told(self, told: &Told<'a>) -> Self::Made;
}

impl<'a, R, F: FnOnce(&Told<'a>) -> R> Shown<'a> for F {
    type Made = R;

    #[inline]
    fn told(self, told: &Told<'a>) -> R {
        self(told)
    }
}

/// Reads the facts of an event, whatever schema version they were stored with; answers what a fold makes of them.
///
/// They are shown rather than given: moving the largest of them would cost as much as reading most.
///
/// # Errors
///
/// [`CodecError`] as [`EncodedFacts::decode`] has it.
#[inline(always)]
pub fn read<'a, S: Shown<'a>>(
    event_type: EventType,
    schema: u8,
    facts: EncodedFacts<'a>,
    whom: S,
) -> Result<S::Made, CodecError> {
    let Some(texts) = facts.texts else { return Ok(whom.told(&read_slowly(event_type, schema, facts)?)) };
    macro_rules! today {
        ($($event_type:ident $told:expr,)*) => {
            match event_type {
                $(EventType::$event_type => {
                    if let Some(facts) = read_today(schema, facts.bytes, texts) {
                        // Read so, it owns nothing, and nobody has to look whether it does.
                        return Ok(whom.told(&ManuallyDrop::new($told(facts))));
                    }
                })*
                _ => {}
            }
        };
    }
    today! {
        TICKET_OPENED Told::TicketOpened,
        TICKET_ASSIGNED Told::TicketAssigned,
        TICKET_TRANSFERRED Told::TicketTransferred,
        PRIORITY_CHANGED Told::PriorityChanged,
        TAGS_CHANGED Told::TagsChanged,
        REPLY_POSTED Told::ReplyPosted,
        REPLY_RATED Told::ReplyRated,
        TICKET_HELD Told::TicketHeld,
        TICKET_RESUMED |TicketResumedV1 {}| Told::TicketResumed,
        TICKET_CLOSED Told::TicketClosed,
        SURVEY_SUBMITTED Told::SurveySubmitted,
        TICKET_REOPENED Told::TicketReopened,
        TICKET_VOIDED Told::TicketVoided,
        TICKET_RESTORED |TicketRestoredV1 {}| Told::TicketRestored,
        FOLLOW_UP_RECORDED Told::FollowUpRecorded,
    }
    Ok(whom.told(&read_slowly(event_type, schema, facts)?))
}

#[cold]
#[inline(never)]
fn read_slowly<'a>(event_type: EventType, schema: u8, facts: EncodedFacts<'a>) -> Result<Told<'a>, CodecError> {
    facts.decode(event_type, schema).map(|facts| Told::from(&facts))
}

#[inline(always)]
fn read_today<'a, T: AsStored<'a>>(schema: u8, bytes: &'a [u8], texts: &'a Texts) -> Option<T> {
    if schema == T::Stored::VERSION { listed::read(bytes, texts) } else { None }
}

impl<'a> From<&Facts<'a>> for Told<'a> {
    fn from(facts: &Facts<'a>) -> Self {
        match facts {
            Facts::TicketOpened(facts) => Self::TicketOpened(facts.tell()),
            Facts::TicketAssigned(facts) => Self::TicketAssigned(facts.tell()),
            Facts::TicketTransferred(facts) => Self::TicketTransferred(facts.tell()),
            Facts::PriorityChanged(facts) => Self::PriorityChanged(*facts),
            Facts::TagsChanged(facts) => Self::TagsChanged(facts.tell()),
            Facts::ReplyPosted(facts) => Self::ReplyPosted(facts.tell()),
            Facts::ReplyRated(facts) => Self::ReplyRated(*facts),
            Facts::TicketHeld(facts) => Self::TicketHeld(*facts),
            Facts::TicketResumed => Self::TicketResumed,
            Facts::TicketClosed(facts) => Self::TicketClosed(facts.tell()),
            Facts::SurveySubmitted(facts) => Self::SurveySubmitted(facts.tell()),
            Facts::TicketReopened(facts) => Self::TicketReopened(facts.tell()),
            Facts::TicketVoided(facts) => Self::TicketVoided(facts.tell()),
            Facts::TicketRestored => Self::TicketRestored,
            Facts::FollowUpRecorded(facts) => Self::FollowUpRecorded(facts.tell()),
            Facts::DefinitionPublished(_) | Facts::ReportPublished(_) | Facts::EpochBegun(_) => Self::OfNoTicket,
        }
    }
}

/// What is read straight from a block's bytes of today's struct.
trait AsStored<'a>: Quick<'a> {
    /// That struct.
    type Stored: Schema<'a>;
}

macro_rules! stored_so {
    ($($name:ident)*) => { $( impl AsStored<'_> for $name { type Stored = Self; } )* };
}

stored_so!(PriorityChanged ReplyRated TicketHeld TicketResumedV1 TicketRestoredV1);

/// A value of facts that can be told otherwise.
trait Tell<T> {
    /// The same, told so.
    fn tell(&self) -> T;
}

macro_rules! told_as_it_is {
    ($($name:ty)*) => { $( impl Tell<$name> for $name { fn tell(&self) -> $name { *self } } )* };
}

told_as_it_is!(u8 u16 u32 bool PseudonymBytes Owner Score);

impl<'a> Tell<Text<'a>> for &'a str {
    fn tell(&self) -> Text<'a> {
        (*self).into()
    }
}

impl<T, U: Tell<T>> Tell<Option<T>> for Option<U> {
    fn tell(&self) -> Option<T> {
        self.as_ref().map(U::tell)
    }
}

impl<'a, T, U: Tell<T>> Tell<List<'a, T>> for Vec<U> {
    fn tell(&self) -> List<'a, T> {
        self.iter().map(U::tell).collect()
    }
}

impl<A, B, C: Tell<A>, D: Tell<B>> Tell<(A, B)> for (C, D) {
    fn tell(&self) -> (A, B) {
        (self.0.tell(), self.1.tell())
    }
}

/// Structs with the fields of stored ones, read from the same bytes.
macro_rules! told {
    ($($(#[$attribute:meta])* struct $name:ident { $($field:ident: $type:ty,)* })*) => { $(
        #[doc = concat!("See [`facts::", stringify!($name), "`].")]
        $(#[$attribute])*
        pub struct $name<'a> {
            $(#[doc = concat!("See [`facts::", stringify!($name), "::", stringify!($field), "`].")] pub $field: $type,)*
        }

        quick! { struct $name<'a> { $($field),* } }

        impl<'a> Tell<$name<'a>> for facts::$name<'a> {
            fn tell(&self) -> $name<'a> {
                $name { $($field: self.$field.tell()),* }
            }
        }
    )* };
}

told! {
    #[derive(Debug, Clone, Copy)]
    struct Form {
        name: Text<'a>,
        version: u32,
    }

    #[derive(Debug, Clone)]
    struct TicketOpened {
        by: Option<Actor<'a>>,
        owner: Owner,
        channel: Option<Text<'a>>,
        branch: Option<Text<'a>>,
        department: Option<Text<'a>>,
        priority: u8,
        customer_tier: Option<Text<'a>>,
        language: Option<Text<'a>>,
        tags: List<'a, Text<'a>>,
        attributes: List<'a, (Text<'a>, Text<'a>)>,
    }

    #[derive(Debug, Clone, Copy)]
    struct TicketAssigned {
        agent: Option<Text<'a>>,
    }

    #[derive(Debug, Clone, Copy)]
    struct TicketTransferred {
        branch: Change<'a>,
        department: Change<'a>,
    }

    #[derive(Debug, Clone)]
    struct TagsChanged {
        added: List<'a, Text<'a>>,
        removed: List<'a, Text<'a>>,
    }

    #[derive(Debug, Clone, Copy)]
    struct ReplyPosted {
        by: Actor<'a>,
        visibility: u8,
        channel: Option<Text<'a>>,
    }

    #[derive(Debug, Clone, Copy)]
    struct TicketClosed {
        by: Actor<'a>,
        survey_offered: bool,
        reason: Option<Text<'a>>,
        duplicate_of: Option<Text<'a>>,
        form: Option<Form<'a>>,
    }

    #[derive(Debug, Clone)]
    struct SurveySubmitted {
        closing: u32,
        overall: Option<Score>,
        questions: List<'a, (Text<'a>, u16)>,
        choices: List<'a, (Text<'a>, List<'a, Text<'a>>)>,
        nps: Option<u8>,
        ces: Option<u8>,
    }

    #[derive(Debug, Clone, Copy)]
    struct TicketReopened {
        by: Actor<'a>,
        reason: Option<Text<'a>>,
    }

    #[derive(Debug, Clone, Copy)]
    struct TicketVoided {
        reason: Text<'a>,
    }

    #[derive(Debug, Clone, Copy)]
    struct FollowUpRecorded {
        by: Actor<'a>,
        means: u8,
    }
}

macro_rules! stored_as_of_that_name {
    ($($name:ident)*) => { $( impl<'a> AsStored<'a> for $name<'a> { type Stored = facts::$name<'a>; } )* };
}

stored_as_of_that_name! {
    TicketOpened TicketAssigned TicketTransferred TagsChanged ReplyPosted TicketClosed SurveySubmitted TicketReopened
    TicketVoided FollowUpRecorded
}

/// Who did it; see [`facts::Actor`].
#[derive(Debug, Clone, Copy)]
pub enum Actor<'a> {
    /// An agent, by id.
    Agent(Text<'a>),
    /// A customer; no fold asks which.
    Customer,
    /// An automation, by id where it has one.
    Automation(Option<Text<'a>>),
}

impl<'a> Tell<Actor<'a>> for facts::Actor<'a> {
    fn tell(&self) -> Actor<'a> {
        match self {
            Self::Agent(id) => Actor::Agent(id.tell()),
            Self::Customer(_) => Actor::Customer,
            Self::Automation(id) => Actor::Automation(id.tell()),
        }
    }
}

impl<'a> Quick<'a> for Actor<'a> {
    #[inline(always)]
    fn take<S: Source<'a>>(from: &mut S) -> Option<Self> {
        Some(match u8::take(from)? {
            0 => Self::Agent(Quick::take(from)?),
            1 => {
                <Option<PseudonymBytes> as Quick>::take(from)?;
                Self::Customer
            }
            2 => Self::Automation(Quick::take(from)?),
            _ => return None,
        })
    }
}

/// What becomes of a field; see [`facts::Change`].
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    /// It stays.
    Keep,
    /// It is cleared.
    Clear,
    /// It is set.
    Set(Text<'a>),
}

impl<'a> Tell<Change<'a>> for facts::Change<'a> {
    fn tell(&self) -> Change<'a> {
        match self {
            Self::Keep => Change::Keep,
            Self::Clear => Change::Clear,
            Self::Set(value) => Change::Set(value.tell()),
        }
    }
}

quick! {
    enum Change<'a> { 0 Keep, 1 Clear, 2 Set(value) }
}

#[cfg(test)]
mod tests;
