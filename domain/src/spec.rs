//! Given / when / then: the rules' own words for tests, here and in the crates that build on them.

use crate::ticket::{Command, Event, Rejection, Ticket, admit, decide, evolve};
use crate::time::Timestamp;

/// A ticket with a history, and the time it is now.
#[derive(Debug, Clone)]
pub struct Given {
    ticket: Ticket,
    now: Timestamp,
}

/// What a command came to.
#[derive(Debug, Clone)]
#[must_use = "an outcome says nothing until it is compared"]
pub struct Outcome {
    decided: Result<Vec<Event>, Rejection>,
}

/// A ticket with these events; the time is that of the last one, 1970 without any.
///
/// # Panics
///
/// When the events are no history that [`admit()`] takes.
#[must_use]
#[track_caller]
pub fn given(history: impl IntoIterator<Item = Event>) -> Given {
    let mut ticket = Ticket::default();
    for event in history {
        if let Err(refused) = admit(&ticket, &event) {
            panic!("given: event {} ({}) cannot stand there: {refused}", ticket.version + 1, event.kind.name());
        }
        ticket = evolve(ticket, &event);
    }
    let now = ticket.last_event_at.unwrap_or(Timestamp::clamped(0));
    Given { ticket, now }
}

impl Given {
    /// The same at another time.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    /// Gives the command.
    pub fn when(self, command: Command) -> Outcome {
        Outcome { decided: decide(&self.ticket, command, self.now) }
    }
}

impl Outcome {
    /// Exactly these events came of it.
    ///
    /// # Panics
    ///
    /// When others did, or it was refused.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = Event>) {
        let expected: Vec<Event> = expected.into_iter().collect();
        match self.decided {
            Ok(events) => assert_eq!(events, expected, "then: other events"),
            Err(refused) => panic!("then: expected {expected:#?}, but it was refused: {refused}"),
        }
    }

    /// It was granted and changed nothing.
    ///
    /// # Panics
    ///
    /// When events came of it, or it was refused.
    #[track_caller]
    pub fn then_nothing(self) {
        self.then([]);
    }

    /// It was refused, and `as_expected` holds of the refusal.
    ///
    /// # Panics
    ///
    /// When it was granted, or refused for another reason.
    #[track_caller]
    pub fn then_refused(self, as_expected: impl FnOnce(&Rejection) -> bool) {
        match self.decided {
            Ok(events) => panic!("then_refused: it was granted: {events:#?}"),
            Err(refused) => assert!(as_expected(&refused), "then_refused: refused otherwise: {refused:?}"),
        }
    }
}

#[cfg(test)]
mod tests;
