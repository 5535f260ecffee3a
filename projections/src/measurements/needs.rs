//! Which parts of the measurements a state keeps: all of them, or those that some reports read.
//!
//! A part is a table, or columns of one or of several: those say it where they are declared. Nothing is ever counted from a
//! part that was left out: whoever reads one is noted, and a report over a state in which that happened is refused.

use std::ops::BitOr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A set of parts of the measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs(u64);

/// Declares the parts, each a bit.
macro_rules! parts {
    ($($(#[$doc:meta])* $part:ident,)*) => {
        #[derive(Clone, Copy)]
        enum Bit { $($part,)* }

        #[allow(non_upper_case_globals, reason = "they are named as the parts are")]
        impl Needs { $( $(#[$doc])* pub const $part: Self = Self(1 << Bit::$part as u64); )* }
    };
}

parts! {
    /// When and how tickets were opened, and their last spans.
    Tickets,
    /// Where the first-response clocks of tickets started and their first responses were given; when, together with
    /// [`Self::Tickets`].
    Responses,
    /// Where agents first replied to tickets in public, and where for the second time.
    Replies,
    /// Where tickets were first reopened.
    Reopened,
    /// The dimensions that a ticket has from its opening: channel, tier, language, customer, attributes.
    TicketDimensions,
    /// Ids of tickets.
    Ids,
    /// What tickets were doing.
    Spans,
    /// Which durations with targets ran.
    Runs,
    /// Whose closings are, but for everybody who had replied.
    Credits,
    /// Everybody who had replied before a closing.
    Repliers,
    /// Openings.
    Openings,
    /// The first opening of all, whichever ticket it is of.
    FirstOpening,
    /// Public replies by agents.
    PublicReplies,
    /// First responses.
    FirstResponses,
    /// Next responses.
    NextResponses,
    /// First closings.
    FirstClosings,
    /// All closings.
    Closings,
    /// Reopenings.
    Reopenings,
    /// Transfers.
    Transfers,
    /// Stays in departments.
    Stays,
    /// Answers to surveys.
    Answers,
    /// Ratings of replies.
    Ratings,
    /// Changes of priority.
    PriorityChanges,
    /// Follow-ups.
    FollowUps,
    /// Branches of measurements.
    Branches,
    /// Departments of measurements.
    Departments,
    /// Priorities of measurements.
    Priorities,
    /// Agents whom measurements are recorded with.
    Agents,
    /// Tags of measurements.
    Tags,
    /// Closing reasons of measurements.
    Reasons,
    /// Forms of measurements.
    Forms,
    /// Since which position each measurement stands.
    Positions,
    /// When the durations that were measured started.
    Starts,
    /// Assignees at responses.
    Assignees,
    /// How closings came: by whom, after how many replies, after which one before.
    Comings,
    /// How long tickets were in each state until their closings.
    Stretches,
    /// Which closings offered a survey, and which were answered.
    Surveys,
}

impl Needs {
    /// No part.
    pub const NOTHING: Self = Self(0);
    /// Every part there is.
    pub const EVERYTHING: Self = Self(u64::MAX);

    /// The parts that tickets are kept for, but for their ids.
    pub(crate) const OF_TICKETS: Self =
        Self::Tickets.and(Self::Responses).and(Self::Replies).and(Self::Reopened).and(Self::TicketDimensions);

    /// The parts that hold how long something took on a clock.
    pub(crate) const DURATIONS: Self =
        Self::FirstResponses.and(Self::NextResponses).and(Self::FirstClosings).and(Self::Closings).and(Self::Stays);

    /// These parts where a condition holds, else none.
    #[must_use]
    pub const fn when(self, condition: bool) -> Self {
        if condition { self } else { Self::NOTHING }
    }

    /// These parts and others.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These parts without others.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether any of the other parts is among these.
    #[must_use]
    pub const fn touch(self, other: Self) -> bool {
        other.0 & self.0 != 0
    }

    /// Whether all of the other parts are among these.
    #[must_use]
    pub const fn cover(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
}

impl BitOr for Needs {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.and(other)
    }
}

impl FromIterator<Self> for Needs {
    /// The parts of all of them.
    fn from_iter<T: IntoIterator<Item = Self>>(all: T) -> Self {
        all.into_iter().fold(Self::NOTHING, Self::and)
    }
}

/// Which parts a state keeps.
#[derive(Clone, Copy)]
pub struct Keeps<'a> {
    pub(crate) needs: Needs,
    /// Where it is noted that anybody reads another.
    pub(crate) misread: &'a Arc<AtomicBool>,
}

impl Keeps<'_> {
    /// Whether all of these parts are kept.
    pub(crate) fn of(self, parts: Needs) -> Keeping {
        self.when(self.needs.cover(parts))
    }

    /// Whether any of these parts is kept.
    pub(crate) fn of_any(self, parts: Needs) -> Keeping {
        self.when(self.needs.touch(parts))
    }

    fn when(self, is_kept: bool) -> Keeping {
        Keeping { misread: (!is_kept).then(|| Arc::clone(self.misread)) }
    }
}

/// Whether a part is kept; of one that is not, the note of whoever read it all the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keeping {
    misread: Option<Arc<AtomicBool>>,
}

impl Keeping {
    /// Whether nothing of the part is to be written down.
    #[inline]
    pub(crate) fn is_left_out(&self) -> bool {
        self.misread.is_some()
    }

    /// Whether the part can be read; that it was asked for is noted where it cannot.
    #[inline]
    pub(crate) fn is_readable(&self) -> bool {
        if let Some(misread) = &self.misread {
            misread.store(true, Ordering::Relaxed);
        }
        self.misread.is_none()
    }
}
