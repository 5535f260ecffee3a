//! The kinds of measurements: what is measured at each kind of moment.

use crate::columns::cell::choices;
use crate::columns::rows::columns;
use crate::ticket_facts::{AnsweredField, Micros};
use daftar_eventlog::Position;

choices!(ActorKind: Agent Customer Automation);

/// Who did something, without their name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    /// An agent.
    Agent,
    /// A customer.
    Customer,
    /// An automation.
    Automation,
}

columns! {
    /// An opening.
    Opening, Openings {}
}

columns! {
    /// A first response, at the reply; for its author, no agent where an automation replied.
    FirstResponse, FirstResponses {
        /// When the clock started.
        started: Micros => Starts,
        /// From the start of the clock to the reply, on its clock, in microseconds.
        took: Micros,
        /// The assignee.
        assignee: u32 => Assignees,
    }
}

columns! {
    /// A public reply by an agent; for its author.
    PublicReply, PublicReplies {}
}

columns! {
    /// A next response, at the reply; for its author.
    NextResponse, NextResponses {
        /// When the ticket began to wait for an agent.
        started: Micros => Starts,
        /// From then to the reply, on its clock, in microseconds.
        took: Micros,
        /// The assignee.
        assignee: u32 => Assignees,
    }
}

columns! {
    /// A ticket's first closing; for the agent who closed or stands for them.
    FirstClosing, FirstClosings {
        /// When the ticket was opened.
        started: Micros => Starts,
        /// From the opening to the closing, on the resolutions' clock, in microseconds.
        took: Micros,
        /// The closing's number.
        closing: u32,
    }
}

columns! {
    /// A closing; for the agent who closed or stands for them. The durations are those of the ticket up to it, in
    /// microseconds.
    Closing, Closings {
        /// Its number among all closings of the log, in order.
        number: u32,
        /// Who closed.
        by: ActorKind => Comings,
        /// Whether a survey was offered.
        offered: bool => Surveys,
        /// When the ticket was closed before.
        previous: Option<Micros> => Comings,
        /// When its full resolution started: the opening, or the cycle's beginning where each cycle has one.
        started: Micros => Starts,
        /// The full resolution, were it the last closing.
        took: Micros,
        /// Time open, on the resolutions' clock.
        open: Micros => Stretches,
        /// Time waiting for an agent, not held.
        agent_work: Micros => Stretches,
        /// Time waiting for the customer, not held.
        waiting_for_customer: Micros => Stretches,
        /// Time held for the customer.
        held_for_customer: Micros => Stretches,
        /// Time held for a third party.
        held_for_third_party: Micros => Stretches,
        /// Public agent replies.
        replies: u32 => Comings,
        /// The reopening that undid it.
        retracted: Position,
        /// Its first answer.
        answered: Position => Surveys,
    }
}

columns! {
    /// A reopening; dimensions and agent of the closing it undoes.
    Reopening, Reopenings {
        /// When the ticket was reopened before.
        previous: Option<Micros>,
        /// The number of the closing that it undoes.
        closing: u32,
    }
}

columns! {
    /// A transfer; dimensions of the place left, the assignee as agent.
    Transfer, Transfers {
        /// When the ticket was transferred before.
        previous: Option<Micros>,
        /// The department it went to.
        to: u16,
    }
}

columns! {
    /// A stay in a department, at the transfer out or the closing that ended it.
    Stay, Stays {
        /// Time open there, on the resolutions' clock, in microseconds.
        took: Micros,
        /// The number of the closing that ended it; none: a transfer did.
        closing: Option<u32>,
    }
}

columns! {
    /// An answer to one field of a closing's survey; dimensions of that closing, for the agent who closed or stands for
    /// them.
    Answer, Answers {
        /// The number of the closing.
        closing: u32,
        /// Whether it is the first to its field.
        first: bool,
        /// Which field.
        field: AnsweredField,
        /// The scale of an overall score, by its stored number; else 0.
        scale: u8,
        /// The score as given; 0 of choices.
        score: u16,
        /// The set of choices; else 0.
        choices: u32,
        /// The later answer to the same field.
        superseded: Position,
    }
}

columns! {
    /// A rating of a reply, at the rating; dimensions at the reply, its author as agent.
    Rating, Ratings {
        /// Whether it is the reply's first.
        first: bool,
        /// The scale, by its stored number.
        scale: u8,
        /// The score as given.
        score: u16,
        /// The later rating of the same reply.
        superseded: Position,
    }
}

columns! {
    /// A change of priority; dimensions after it, the assignee as agent.
    PriorityChange, PriorityChanges {}
}

columns! {
    /// A follow-up; dimensions of the ticket then, the assignee as agent.
    FollowUp, FollowUps {}
}
