//! The schema versions of one event type: frozen structs in a chain, each of which takes up the one before.
//!
//! What was stored with an older version is decoded into that version's struct and brought up step by step, so that a
//! new version needs to know only the one before it.

use super::{CodecError, EventType, decode};
use serde::Deserialize;

/// A frozen struct that facts of one event type are stored in, and the version it has among them.
pub trait Schema<'a>: Deserialize<'a> {
    /// Its schema version, one more than that of the struct before.
    const VERSION: u8;

    /// The struct of the version before; [`NoSchema`] where there is none.
    type Before: Schema<'a>;

    /// The same facts in this version's shape: what the version before did not know gets the value that keeps what it
    /// meant.
    fn upcast(before: Self::Before) -> Self;
}

/// What stands before the first schema version: no value, and no bytes that decode to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum NoSchema {}

impl Schema<'_> for NoSchema {
    const VERSION: u8 = 0;
    type Before = Self;

    fn upcast(before: Self) -> Self {
        before
    }
}

/// Decodes facts stored with any schema version up to that of `T`, today's, into `T`.
///
/// # Errors
///
/// [`CodecError::Unknown`] for a schema version that is none of these, [`CodecError::Damaged`] for bytes that are not
/// exactly a struct of the version they were stored with.
pub fn decode_schema<'a, T: Schema<'a>>(event_type: EventType, schema: u8, bytes: &'a [u8]) -> Result<T, CodecError> {
    const { assert!(T::VERSION == 0 || T::VERSION == T::Before::VERSION + 1, "schema versions leave no gap") };
    if schema == 0 || schema > T::VERSION {
        return Err(CodecError::Unknown { event_type: event_type.0, schema });
    }
    if schema == T::VERSION {
        return decode("facts", bytes);
    }
    decode_schema(event_type, schema, bytes).map(T::upcast)
}

/// Makes frozen structs the first schema versions of their types.
macro_rules! first_schemas {
    ($($name:ident $(<$borrowed:lifetime>)?),+ $(,)?) => {
        $(impl<'a> Schema<'a> for super::v1::$name $(<$borrowed>)? {
            const VERSION: u8 = 1;
            type Before = NoSchema;

            fn upcast(before: NoSchema) -> Self {
                match before {}
            }
        })+
    };
}

first_schemas!(
    TicketOpenedV1<'a>,
    TicketAssignedV1<'a>,
    TicketTransferredV1<'a>,
    PriorityChangedV1,
    TagsChangedV1<'a>,
    ReplyPostedV1<'a>,
    ReplyRatedV1,
    TicketHeldV1,
    TicketResumedV1,
    TicketClosedV1<'a>,
    SurveySubmittedV1<'a>,
    TicketReopenedV1<'a>,
    TicketVoidedV1<'a>,
    TicketRestoredV1,
    FollowUpRecordedV1<'a>,
    DefinitionPublishedV1<'a>,
    ReportPublishedV1<'a>,
    EpochBegunV1,
);
