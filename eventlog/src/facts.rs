//! The facts of an event as readers see them: today's shape of each type, borrowed from the stored bytes.
//!
//! Whatever schema version an event was stored with, readers meet only these shapes; older ones are upcast.

pub use crate::codec::v1::{
    ActorV1 as Actor, ChangeV1 as Change, DefinitionPublishedV1 as DefinitionPublished, EpochBegunV1 as EpochBegun,
    FollowUpRecordedV1 as FollowUpRecorded, FormV1 as Form, OwnerV1 as Owner, PriorityChangedV1 as PriorityChanged,
    PseudonymBytes, ReplyPostedV1 as ReplyPosted, ReplyRatedV1 as ReplyRated, ReportPublishedV1 as ReportPublished,
    ScoreV1 as Score, SurveySubmittedV1 as SurveySubmitted, TagsChangedV1 as TagsChanged,
    TicketAssignedV1 as TicketAssigned, TicketClosedV1 as TicketClosed, TicketHeldV1 as TicketHeld,
    TicketOpenedV1 as TicketOpened, TicketReopenedV1 as TicketReopened, TicketTransferredV1 as TicketTransferred,
    TicketVoidedV1 as TicketVoided,
};

/// What an event states, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Facts<'a> {
    /// See [`TicketOpened`].
    TicketOpened(TicketOpened<'a>),
    /// See [`TicketAssigned`].
    TicketAssigned(TicketAssigned<'a>),
    /// See [`TicketTransferred`].
    TicketTransferred(TicketTransferred<'a>),
    /// See [`PriorityChanged`].
    PriorityChanged(PriorityChanged),
    /// See [`TagsChanged`].
    TagsChanged(TagsChanged<'a>),
    /// See [`ReplyPosted`].
    ReplyPosted(ReplyPosted<'a>),
    /// See [`ReplyRated`].
    ReplyRated(ReplyRated),
    /// See [`TicketHeld`].
    TicketHeld(TicketHeld),
    /// The ticket waits no more.
    TicketResumed,
    /// See [`TicketClosed`].
    TicketClosed(TicketClosed<'a>),
    /// See [`SurveySubmitted`].
    SurveySubmitted(SurveySubmitted<'a>),
    /// See [`TicketReopened`].
    TicketReopened(TicketReopened<'a>),
    /// See [`TicketVoided`].
    TicketVoided(TicketVoided<'a>),
    /// The ticket is back in the figures.
    TicketRestored,
    /// See [`FollowUpRecorded`].
    FollowUpRecorded(FollowUpRecorded<'a>),
    /// See [`DefinitionPublished`]; of a definition, no ticket.
    DefinitionPublished(DefinitionPublished<'a>),
    /// See [`ReportPublished`]; of a published report, no ticket. Boxed, for no fold reads one and each moves many of these.
    ReportPublished(Box<ReportPublished<'a>>),
    /// See [`EpochBegun`]; of the log, no ticket.
    EpochBegun(EpochBegun),
}
