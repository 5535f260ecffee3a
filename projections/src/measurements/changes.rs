//! The last event that changed what reports count, by what it changed.

use crate::checkpoint::{Reader, Writer};
use daftar_domain::ticket::Visibility;
use daftar_eventlog::Position;
use daftar_eventlog::codec::told::Told;

/// What an event changes for reports, at most.
enum Touched {
    Nothing,
    /// What customers say of closings and replies.
    Opinions,
    FollowUps,
    Everything,
}

/// The positions of the last events that changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// Of anything but what is named below.
    everything: Position,
    opinions: Position,
    follow_ups: Position,
}

impl Changes {
    /// Takes note of a ticket's event, in any order of their positions.
    pub(super) fn note(&mut self, told: &Told<'_>, position: Position) {
        match touched(told) {
            Touched::Nothing => {}
            Touched::Opinions => self.opinions = self.opinions.max(position),
            Touched::FollowUps => self.follow_ups = self.follow_ups.max(position),
            Touched::Everything => self.everything = self.everything.max(position),
        }
    }

    /// Takes note that anything may have changed up to a position.
    pub(super) fn note_all(&mut self, position: Position) {
        self.everything = self.everything.max(position);
    }

    /// The last event that changed what a report counts which reads these beside everything else; 0: there was none.
    #[must_use]
    pub fn last(&self, opinions: bool, follow_ups: bool) -> Position {
        let read = |reads: bool, position| if reads { position } else { Position::ZERO };
        self.everything.max(read(opinions, self.opinions)).max(read(follow_ups, self.follow_ups))
    }
}

impl Changes {
    pub(super) fn dump(&self, out: &mut Writer) {
        [self.everything, self.opinions, self.follow_ups].into_iter().for_each(|position| out.number(position.0));
    }

    pub(super) fn load(from: &mut Reader<'_>) -> Option<Self> {
        let mut position = || from.number().map(Position);
        Some(Self { everything: position()?, opinions: position()?, follow_ups: position()? })
    }
}

fn touched(told: &Told<'_>) -> Touched {
    match told {
        // A note is for colleagues, and no figure counts it.
        Told::ReplyPosted(reply) if reply.visibility != Visibility::Public.code() => Touched::Nothing,
        Told::ReplyRated(_) | Told::SurveySubmitted(_) => Touched::Opinions,
        Told::FollowUpRecorded(_) => Touched::FollowUps,
        Told::TicketOpened(_)
        | Told::TicketAssigned(_)
        | Told::TicketTransferred(_)
        | Told::PriorityChanged(_)
        | Told::TagsChanged(_)
        | Told::ReplyPosted(_)
        | Told::TicketHeld(_)
        | Told::TicketResumed
        | Told::TicketClosed(_)
        | Told::TicketReopened(_)
        | Told::TicketVoided(_)
        | Told::TicketRestored => Touched::Everything,
        // The definition is named beside the position wherever rows are kept.
        Told::OfNoTicket => Touched::Nothing,
    }
}
