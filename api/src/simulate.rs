//! A believable help desk, made up from a seed.
//!
//! Nothing here reads a clock, does I/O or knows the log: it says who does what when, and somebody else carries it out.
//! The same [`Plan`] gives the same acts on every machine.
//!
//! # Layout
//!
//! - `arrivals`: when tickets are opened
//! - `matter`: what a new ticket is about and who brings it
//! - `story`: what becomes of one ticket
//! - `opinion`: what customers think of it
//! - `live`: what goes on after the made-up past
//! - `people`, `texts`, `hours`: who there is, what they say, when they work
//! - `commands`, `chance`: small tools

mod arrivals;
mod chance;
mod commands;
mod hours;
mod live;
mod matter;
mod opinion;
mod people;
mod story;
mod texts;

pub use live::Live;

use daftar_domain::Timestamp;
use daftar_domain::ids::TicketId;
use daftar_domain::ticket::Command;
use hours::DAY;
use story::Desk;

/// How far the past goes back: a little under eighteen months, and every weekday equally often.
const DAYS: i64 = 78 * 7;

/// What is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// What all chance depends on.
    pub seed: u64,
    /// How many tickets are opened.
    pub tickets: usize,
    /// The instant before which everything happens.
    pub until: Timestamp,
}

/// Something somebody does at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// To which ticket.
    pub ticket: TicketId,
    /// What.
    pub command: Command,
}

impl Plan {
    /// Everything that happens before `until`, in order of time, ties by ticket and then by order within the ticket.
    ///
    /// It begins 78 weeks before `until`. Every command is granted when all are carried out in order at their
    /// instants; a story that would run past `until` is cut there. At the very beginning of the calendar, where nothing
    /// comes before `until`, nothing happens.
    #[must_use]
    pub fn acts(&self) -> Vec<Act> {
        let from = Timestamp::clamped(self.until.micros() - DAYS * DAY);
        let desk = Desk::new(self.seed, self.tickets, from, self.until);
        let mut acts: Vec<Act> = arrivals::arrivals(self.seed, self.tickets, from, self.until)
            .iter()
            .enumerate()
            .flat_map(|(index, arrival)| story::tell(&desk, index, arrival))
            .collect();
        // Stories come in the order of their tickets, and a stable sort keeps that at equal instants.
        acts.sort_by_key(|act| act.at);
        acts
    }
}

#[cfg(test)]
mod tests;
