//! What somebody wants to happen to a ticket.

use super::event::{Attachment, Change, HeldFor, Means, Opening, Priority, Visibility};
use crate::actor::{Actor, Cause};
use crate::ids::{AgentId, BranchId, ChannelId, DepartmentId, FormRef, ReasonId, Tag, TicketId};
use crate::satisfaction::{Score, SurveyAnswers};
use std::collections::BTreeSet;

/// A wish, which the rules grant as events or refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Who wants it: the author of a reply, the closer of a closing.
    pub by: Option<Actor>,
    /// Why, when an automation wants it.
    pub cause: Option<Cause>,
    /// What is wanted.
    pub action: Action,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Open the ticket.
    Open(Box<Opening>),
    /// Give it to an agent, or to nobody.
    Assign {
        /// Who shall have it.
        agent: Option<AgentId>,
    },
    /// Pass it on to another branch or department.
    Transfer {
        /// What shall become of its branch.
        branch: Change<BranchId>,
        /// What shall become of its department.
        department: Change<DepartmentId>,
    },
    /// Change how urgent it is.
    ChangePriority {
        /// The new priority.
        priority: Priority,
    },
    /// Add and remove tags.
    ChangeTags {
        /// Tags it shall have.
        added: BTreeSet<Tag>,
        /// Tags it shall not have.
        removed: BTreeSet<Tag>,
    },
    /// Write a reply or a note; `by` is its author and must be given.
    Reply {
        /// Who may read it.
        visibility: Visibility,
        /// Through which channel it came.
        channel: Option<ChannelId>,
        /// What is written.
        body: Option<String>,
        /// What is attached.
        attachments: Vec<Attachment>,
        /// Whether a customer's public reply shall reopen a closed ticket.
        reopen: bool,
    },
    /// Rate a reply.
    RateReply {
        /// The reply's number, from 1.
        reply: u32,
        /// The rating.
        rating: Score,
    },
    /// Let it wait for somebody outside.
    Hold {
        /// For whom.
        waiting_for: HeldFor,
    },
    /// End the wait.
    Resume,
    /// Close it; `by` must be given.
    Close {
        /// Whether the customer is offered a survey.
        survey_offered: bool,
        /// Why.
        reason: Option<ReasonId>,
        /// The ticket it is a duplicate of.
        duplicate_of: Option<TicketId>,
        /// The survey form offered.
        form: Option<FormRef>,
    },
    /// Answer the survey of a closing.
    SubmitSurvey {
        /// Which closing; the latest when left out.
        closing: Option<u32>,
        /// The answers.
        answers: Box<SurveyAnswers>,
    },
    /// Open it again; `by` must be given.
    Reopen {
        /// Why.
        reason: Option<ReasonId>,
    },
    /// Take it out of the figures.
    Void {
        /// Why.
        reason: ReasonId,
    },
    /// Bring it back into the figures.
    Restore,
    /// Record that somebody got in touch with the customer; `by` must be given.
    RecordFollowUp {
        /// How.
        means: Means,
        /// What came of it.
        note: Option<String>,
    },
}
