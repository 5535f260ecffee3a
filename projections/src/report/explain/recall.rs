//! What was taken back by a report's position: a report counts without it, an explanation looks back at it.

use crate::measurements::chunk::written;
use daftar_eventlog::Position;
use std::cell::Cell;

/// What took a measurement back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBy {
    /// A later value of the same answer or rating.
    Change,
    /// A reopening of the ticket.
    Reopening,
    /// The ticket was voided.
    Voiding,
}

impl TakenBy {
    /// Its name in an explanation.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Change => "changed",
            Self::Reopening => "reopened",
            Self::Voiding => "voided",
        }
    }
}

/// How a measurement that once stood was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenBack {
    /// By what.
    pub by: TakenBy,
    /// By the event at that position; none: by the voiding of its ticket.
    pub position: Option<Position>,
}

/// Tells what was taken back by a position, and takes note of it where an explanation looks back.
///
/// One measurement is looked at at a time: [`Self::forget`] comes before, [`Self::noted`] after.
#[derive(Debug)]
pub(in crate::report) struct Recall {
    position: Position,
    looks_back: bool,
    noted: Cell<Option<TakenBack>>,
}

impl Recall {
    /// As of a position; what was taken back by then is passed over, or looked back at.
    pub(in crate::report) const fn of(position: Position, looks_back: bool) -> Self {
        Self { position, looks_back, noted: Cell::new(None) }
    }

    /// Whether it looks back at what was taken back.
    pub(in crate::report) const fn looks_back(&self) -> bool {
        self.looks_back
    }

    /// Forgets what was noted of the measurement before.
    pub(in crate::report) fn forget(&self) {
        self.noted.set(None);
    }

    /// How the measurement looked at was taken back; none: it stands.
    pub(super) fn noted(&self) -> Option<TakenBack> {
        self.noted.get()
    }

    /// Whether a measurement is to be passed over, as taken back at the late position `at`.
    pub(in crate::report) fn is_taken_back(&self, at: Position, by: TakenBy) -> bool {
        written(at, self.position) && self.is_passed_over(TakenBack { by, position: Some(at) })
    }

    /// Whether something of a ticket is to be passed over, which is void or not.
    pub(in crate::report) fn is_void(&self, void: bool) -> bool {
        void && self.is_passed_over(TakenBack { by: TakenBy::Voiding, position: None })
    }

    fn is_passed_over(&self, taken: TakenBack) -> bool {
        if self.looks_back {
            // A change or a reopening is asked about before the voiding of the ticket, and tells its event.
            self.noted.set(self.noted.get().or(Some(taken)));
        }
        !self.looks_back
    }
}
