//! Events to bytes and back: a stable number, a schema version and one frozen struct for each.
//!
//! The only place that names bincode. It never calls a store, and no store calls it.

pub mod listed;
mod quick;
pub mod schema;
pub mod ticket;
pub mod told;
pub mod v1;

use crate::facts::Facts;
use bincode::config::{Configuration, LittleEndian, Varint};
use listed::EncodedFacts;
use quick::Quick;
use schema::{Schema, decode_schema};
use serde::{Deserialize, Serialize};

/// The codec of everything written by this version, kept in each record: bincode 2, little-endian, varint.
pub const CODEC_BINCODE_2: u8 = 1;

/// The largest decoded struct, in bytes; a line of input has at most 1 MB.
const DECODED_BYTES_MAX: usize = 4 << 20;

/// The number of an event's type in storage; never changes, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType(pub u16);

impl EventType {
    /// `ticket_opened`.
    pub const TICKET_OPENED: Self = Self(1);
    /// `ticket_assigned`.
    pub const TICKET_ASSIGNED: Self = Self(2);
    /// `ticket_transferred`.
    pub const TICKET_TRANSFERRED: Self = Self(3);
    /// `priority_changed`.
    pub const PRIORITY_CHANGED: Self = Self(4);
    /// `tags_changed`.
    pub const TAGS_CHANGED: Self = Self(5);
    /// `reply_posted`.
    pub const REPLY_POSTED: Self = Self(6);
    /// `reply_rated`.
    pub const REPLY_RATED: Self = Self(7);
    /// `ticket_held`.
    pub const TICKET_HELD: Self = Self(8);
    /// `ticket_resumed`.
    pub const TICKET_RESUMED: Self = Self(9);
    /// `ticket_closed`.
    pub const TICKET_CLOSED: Self = Self(10);
    /// `survey_submitted`.
    pub const SURVEY_SUBMITTED: Self = Self(11);
    /// `ticket_reopened`.
    pub const TICKET_REOPENED: Self = Self(12);
    /// `ticket_voided`.
    pub const TICKET_VOIDED: Self = Self(13);
    /// `ticket_restored`.
    pub const TICKET_RESTORED: Self = Self(14);
    /// `follow_up_recorded`.
    pub const FOLLOW_UP_RECORDED: Self = Self(15);
    /// `definition_published`, of the definition's stream.
    pub const DEFINITION_PUBLISHED: Self = Self(64);
    /// `report_published`, of the published report's stream.
    pub const REPORT_PUBLISHED: Self = Self(68);
    /// `epoch_begun`, of the log's own stream.
    pub const EPOCH_BEGUN: Self = Self(73);

    /// Whether it is known as a type of events of tickets; one that a newer version wrote is not.
    #[must_use]
    pub fn is_of_tickets(self) -> bool {
        (Self::TICKET_OPENED..=Self::FOLLOW_UP_RECORDED).contains(&self)
    }
}

/// Bytes that are not what this version can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The type or schema version is not known here: a newer version wrote it.
    #[error("event type {event_type} at schema version {schema} was written by a newer version of Daftar; upgrade")]
    Unknown {
        /// The event type's number.
        event_type: u16,
        /// The schema version.
        schema: u8,
    },
    /// What holds the bytes is of a format that is not known here.
    #[error("the {what} was written by a newer version of Daftar; upgrade")]
    Newer {
        /// Which part.
        what: &'static str,
    },
    /// The bytes do not decode.
    #[error("the stored {what} do not decode: {why}")]
    Damaged {
        /// Which part.
        what: &'static str,
        /// What the decoder said.
        why: String,
    },
}

type Config = Configuration<LittleEndian, Varint, bincode::config::Limit<DECODED_BYTES_MAX>>;

const fn config() -> Config {
    bincode::config::standard().with_limit::<DECODED_BYTES_MAX>()
}

/// Encodes one frozen struct.
///
/// # Errors
///
/// [`CodecError::Damaged`] when the struct is larger than 4 MB.
pub fn encode<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, CodecError> {
    let bytes =
        bincode::serde::encode_to_vec(value, config()).map_err(|e| CodecError::Damaged { what, why: e.to_string() })?;
    if bytes.len() > DECODED_BYTES_MAX {
        return Err(CodecError::Damaged { what, why: format!("larger than {DECODED_BYTES_MAX} bytes") });
    }
    Ok(bytes)
}

/// Decodes one frozen struct, borrowing its texts; bytes left over are an error.
///
/// # Errors
///
/// [`CodecError::Damaged`] when the bytes are not exactly one such struct.
pub fn decode<'a, T: Deserialize<'a>>(what: &'static str, bytes: &'a [u8]) -> Result<T, CodecError> {
    let (value, read) = bincode::serde::borrow_decode_from_slice(bytes, config())
        .map_err(|e| CodecError::Damaged { what, why: e.to_string() })?;
    if read != bytes.len() {
        return Err(CodecError::Damaged { what, why: format!("{} bytes left over", bytes.len() - read) });
    }
    Ok(value)
}

/// Decodes the facts of an event into today's shape, whatever schema version they were stored with.
///
/// # Errors
///
/// [`CodecError::Unknown`] for a type or schema version from the future, [`CodecError::Damaged`] for bytes that do
/// not decode.
pub fn decode_facts(event_type: EventType, schema: u8, bytes: &[u8]) -> Result<Facts<'_>, CodecError> {
    decode_encoded(event_type, schema, EncodedFacts::stored(bytes))
}

fn decode_encoded(event_type: EventType, schema: u8, facts: EncodedFacts<'_>) -> Result<Facts<'_>, CodecError> {
    // Each arm ends in today's struct of its type; the chain of `Schema` down from there knows the older ones.
    match event_type {
        EventType::TICKET_OPENED => decode_today(event_type, schema, facts).map(Facts::TicketOpened),
        EventType::TICKET_ASSIGNED => decode_today(event_type, schema, facts).map(Facts::TicketAssigned),
        EventType::TICKET_TRANSFERRED => decode_today(event_type, schema, facts).map(Facts::TicketTransferred),
        EventType::PRIORITY_CHANGED => decode_today(event_type, schema, facts).map(Facts::PriorityChanged),
        EventType::TAGS_CHANGED => decode_today(event_type, schema, facts).map(Facts::TagsChanged),
        EventType::REPLY_POSTED => decode_today(event_type, schema, facts).map(Facts::ReplyPosted),
        EventType::REPLY_RATED => decode_today(event_type, schema, facts).map(Facts::ReplyRated),
        EventType::TICKET_HELD => decode_today(event_type, schema, facts).map(Facts::TicketHeld),
        EventType::TICKET_RESUMED => {
            decode_today(event_type, schema, facts).map(|v1::TicketResumedV1 {}| Facts::TicketResumed)
        }
        EventType::TICKET_CLOSED => decode_today(event_type, schema, facts).map(Facts::TicketClosed),
        EventType::SURVEY_SUBMITTED => decode_today(event_type, schema, facts).map(Facts::SurveySubmitted),
        EventType::TICKET_REOPENED => decode_today(event_type, schema, facts).map(Facts::TicketReopened),
        EventType::TICKET_VOIDED => decode_today(event_type, schema, facts).map(Facts::TicketVoided),
        EventType::TICKET_RESTORED => {
            decode_today(event_type, schema, facts).map(|v1::TicketRestoredV1 {}| Facts::TicketRestored)
        }
        EventType::FOLLOW_UP_RECORDED => decode_today(event_type, schema, facts).map(Facts::FollowUpRecorded),
        EventType::DEFINITION_PUBLISHED => {
            decode_schema(event_type, schema, facts.bytes).map(Facts::DefinitionPublished)
        }
        EventType::REPORT_PUBLISHED => {
            decode_schema(event_type, schema, facts.bytes).map(Box::new).map(Facts::ReportPublished)
        }
        EventType::EPOCH_BEGUN => decode_schema(event_type, schema, facts.bytes).map(Facts::EpochBegun),
        EventType(event_type) => Err(CodecError::Unknown { event_type, schema }),
    }
}

/// Decodes facts into today's struct of their type: in few steps where they are kept so and nothing about them is
/// unusual.
#[inline]
fn decode_today<'a, T: Schema<'a> + Quick<'a>>(
    event_type: EventType,
    schema: u8,
    facts: EncodedFacts<'a>,
) -> Result<T, CodecError> {
    let EncodedFacts { bytes, texts } = facts;
    if schema != T::VERSION {
        return decode_schema(event_type, schema, bytes);
    }
    match texts {
        Some(texts) => listed::read(bytes, texts).ok_or_else(|| CodecError::Damaged {
            what: "facts of a block",
            why: "they are not those of their type".to_owned(),
        }),
        None => quick::read(bytes).map_or_else(|| decode_schema(event_type, schema, bytes), Ok),
    }
}
