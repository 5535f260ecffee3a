//! The last event that changed what reports count, by what it changed.

use crate::checkpoint::{Reader, Writer};
use daftar_domain::ticket::Visibility;
use daftar_eventlog::Position;
use daftar_eventlog::facts::Facts;

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
    pub(super) fn note(&mut self, facts: &Facts<'_>, position: Position) {
        match touched(facts) {
            Touched::Nothing => {}
            Touched::Opinions => self.opinions = self.opinions.max(position),
            Touched::FollowUps => self.follow_ups = self.follow_ups.max(position),
            Touched::Everything => self.everything = self.everything.max(position),
        }
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

fn touched(facts: &Facts<'_>) -> Touched {
    match facts {
        // A note is for colleagues, and no figure counts it.
        Facts::ReplyPosted(reply) if reply.visibility != Visibility::Public.code() => Touched::Nothing,
        Facts::ReplyRated(_) | Facts::SurveySubmitted(_) => Touched::Opinions,
        Facts::FollowUpRecorded(_) => Touched::FollowUps,
        Facts::TicketOpened(_)
        | Facts::TicketAssigned(_)
        | Facts::TicketTransferred(_)
        | Facts::PriorityChanged(_)
        | Facts::TagsChanged(_)
        | Facts::ReplyPosted(_)
        | Facts::TicketHeld(_)
        | Facts::TicketResumed
        | Facts::TicketClosed(_)
        | Facts::TicketReopened(_)
        | Facts::TicketVoided(_)
        | Facts::TicketRestored => Touched::Everything,
        // No ticket's events: the definition is named beside the position wherever rows are kept.
        Facts::DefinitionPublished(_) | Facts::ReportPublished(_) | Facts::EpochBegun(_) => Touched::Nothing,
    }
}
