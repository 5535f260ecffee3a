//! Why a ticket does not take a command or a line of history.

use crate::{Invalid, Timestamp};
use std::fmt;

/// The fact that stands in the way, in words for the people of a help desk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such ticket yet.
    #[error("the ticket was never opened: open it first")]
    NotOpened,
    /// A ticket is opened once.
    #[error("the ticket was opened before: choose another id for a new ticket")]
    AlreadyOpened,
    /// The ticket is closed, and this is not done to a closed ticket.
    #[error("the ticket is closed and {what}")]
    Closed {
        /// What was wanted.
        what: ClosedTo,
    },
    /// A closing of a closed ticket.
    #[error("the ticket is closed already: to close it anew, reopen it first")]
    AlreadyClosed,
    /// A reopening of an open ticket.
    #[error("the ticket is open: only a closed ticket can be reopened")]
    NotClosed,
    /// A reply that does not exist.
    #[error("there is no reply {reply}: replies count from 1 and the ticket has {replies}")]
    UnknownReply {
        /// The number given.
        reply: u32,
        /// How many replies there are.
        replies: usize,
    },
    /// A reply that nobody rates.
    #[error(
        "reply {reply} cannot be rated: only what an agent wrote publicly is rated, notes and other authors are not"
    )]
    NotRateable {
        /// The number given.
        reply: u32,
    },
    /// A closing that does not exist.
    #[error("there is no closing {closing}: closings count from 1 and the ticket has {closings}")]
    UnknownClosing {
        /// The number given.
        closing: u32,
        /// How many closings there are.
        closings: usize,
    },
    /// A survey before any closing.
    #[error("the ticket was never closed: a survey answers a closing, so close the ticket first")]
    NeverClosed,
    /// A change of an answer after the ticket was reopened.
    #[error(
        "the answer to closing {closing} stands, because the ticket was reopened since: answer its next closing instead"
    )]
    AnswerSettled {
        /// The closing that was answered.
        closing: u32,
    },
    /// An event earlier than the ticket's last.
    #[error("{occurred_at} runs backwards in time: the ticket's last event happened at {last}")]
    TimeRunsBackwards {
        /// When the event is said to have happened.
        occurred_at: Timestamp,
        /// When the last one happened.
        last: Timestamp,
    },
    /// A ticket that has as many events as a ticket may have.
    #[error("the ticket has {limit} events, the most a ticket may have: go on in a new ticket")]
    TooManyEvents {
        /// How many a ticket may have.
        limit: u32,
    },
    /// A value that breaks its own rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// What is not done to a closed ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClosedTo {
    /// A reply for the customer to read.
    PublicReply,
    /// A hold.
    Hold,
    /// The end of a hold.
    Resume,
}

impl fmt::Display for ClosedTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PublicReply => "takes no public reply: reopen it first, or write an internal note",
            Self::Hold => "waits for nobody, so it cannot be held: reopen it first",
            Self::Resume => "waits for nobody, so it cannot be resumed: reopen it instead",
        })
    }
}

/// What sort of obstacle a [`Rejection`] is, for those who answer with a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectionKind {
    /// The ticket itself is not there.
    UnknownTicket,
    /// The ticket is there; the reply or closing that was named is not.
    NotFound,
    /// A rule says no to this ticket as it is now.
    ForbiddenByState,
    /// A value or a number is out of its range, whatever the ticket is now.
    Invalid,
}

impl Rejection {
    /// What sort of obstacle it is.
    #[must_use]
    pub const fn kind(&self) -> RejectionKind {
        match self {
            Self::NotOpened => RejectionKind::UnknownTicket,
            Self::UnknownReply { .. } | Self::UnknownClosing { .. } => RejectionKind::NotFound,
            Self::AlreadyOpened
            | Self::Closed { .. }
            | Self::AlreadyClosed
            | Self::NotClosed
            | Self::NotRateable { .. }
            | Self::NeverClosed
            | Self::AnswerSettled { .. }
            | Self::TimeRunsBackwards { .. } => RejectionKind::ForbiddenByState,
            Self::TooManyEvents { .. } | Self::Invalid(_) => RejectionKind::Invalid,
        }
    }
}

#[cfg(test)]
mod tests;
