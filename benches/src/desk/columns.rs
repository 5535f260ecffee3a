//! What happened at a made-up desk as plain columns in memory: what a loop written by hand goes over.

use super::{Desk, Happening, Kind, Order};

/// What an event is to the figures of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Did {
    /// The ticket was opened.
    Opened,
    /// It went to another department.
    Transferred,
    /// An agent replied, for the customer to read.
    Replied,
    /// It was closed.
    Closed,
    /// A survey of a closing was answered.
    Answered,
    /// It was opened again.
    Reopened,
    /// Anything else.
    Other,
}

/// A desk's events, one ticket after the other; what an event has not is 0.
#[derive(Debug, Default)]
pub struct Columns {
    /// The event's ticket, counted from 0.
    pub stream: Vec<u32>,
    /// What happened.
    pub did: Vec<Did>,
    /// When, in microseconds since 1970.
    pub instant: Vec<i64>,
    /// Who replied or closed.
    pub agent: Vec<u16>,
    /// The department of an opening, or where a transfer went.
    pub department: Vec<u16>,
    /// The overall score of a survey, 1 to 5.
    pub score: Vec<u8>,
    /// The number of the closing that is answered, from 1.
    pub closing: Vec<u32>,
}

impl Columns {
    /// The columns of a desk.
    #[must_use]
    pub fn of(desk: Desk) -> Self {
        let mut columns = Self::default();
        for (ticket, happening) in desk.events(Order::Ticket) {
            columns.push(ticket, happening);
        }
        columns
    }

    fn push(&mut self, ticket: u32, happening: Happening) {
        let (mut agent, mut department, mut score, mut closing) = (0, 0, 0, 0);
        let did = match happening.kind {
            Kind::Opened { department: first, .. } => {
                department = first;
                Did::Opened
            }
            Kind::Transferred(to) => {
                department = to;
                Did::Transferred
            }
            Kind::Replied(by) => {
                agent = by;
                Did::Replied
            }
            Kind::Closed { by, .. } => {
                agent = by;
                Did::Closed
            }
            Kind::Answered { closing: of, score: given, .. } => {
                (closing, score) = (of, given);
                Did::Answered
            }
            Kind::Reopened => Did::Reopened,
            _ => Did::Other,
        };
        self.stream.push(ticket);
        self.did.push(did);
        self.instant.push(happening.at * 1_000_000);
        self.agent.push(agent);
        self.department.push(department);
        self.score.push(score);
        self.closing.push(closing);
    }
}
