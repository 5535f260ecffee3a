//! What no history may break.

use super::event::{Change, Event, EventKind};
use super::rejection::Rejection;
use super::{Closing, Reply, Ticket};
use crate::ids::Tag;
use crate::limits::{EVENTS_MAX, TAGS_MAX};
use crate::{Invalid, Timestamp};
use std::collections::BTreeSet;

/// Says whether `event` may stand next in the history of `ticket`.
///
/// Only what no history may break is refused: opened once and first, time not backwards, open and closed alternate,
/// replies and closings exist, who did it is known where it must be, counts in range. Rules of conduct bind commands
/// alone, so a history may hold:
///
/// - a public reply on a closed ticket;
/// - a hold or a resumption of a closed ticket, and a resumption of one not held: other systems write them, they
///   contradict no fact, and `evolve` gives them no effect, since a closed ticket waits for nobody;
/// - events that change nothing, such as voiding a voided ticket;
/// - a changed answer to a closing after the ticket was reopened. It came too late to count: `evolve` leaves the
///   earlier answer standing ([`Ticket::is_settled`]), and so must whoever measures answers.
///
/// # Errors
///
/// The [`Rejection`] that names the broken rule.
pub fn admit(ticket: &Ticket, event: &Event) -> Result<(), Rejection> {
    opened_once_and_first(ticket, &event.kind)?;
    has_room(ticket)?;
    time_goes_on(ticket, event.occurred_at)?;
    says_who_did_it(event)?;
    fits(ticket, &event.kind)
}

fn opened_once_and_first(ticket: &Ticket, event: &EventKind) -> Result<(), Rejection> {
    match (ticket.exists(), matches!(event, EventKind::TicketOpened(_))) {
        (true, true) => Err(Rejection::AlreadyOpened),
        (false, false) => Err(Rejection::NotOpened),
        (true, false) | (false, true) => Ok(()),
    }
}

fn has_room(ticket: &Ticket) -> Result<(), Rejection> {
    if ticket.version < EVENTS_MAX { Ok(()) } else { Err(Rejection::TooManyEvents { limit: EVENTS_MAX }) }
}

fn time_goes_on(ticket: &Ticket, occurred_at: Timestamp) -> Result<(), Rejection> {
    match ticket.last_event_at {
        Some(last) if occurred_at < last => Err(Rejection::TimeRunsBackwards { occurred_at, last }),
        _ => Ok(()),
    }
}

fn says_who_did_it(event: &Event) -> Result<(), Rejection> {
    let field = match event.kind {
        EventKind::ReplyPosted { .. } => "author",
        EventKind::TicketClosed { .. } | EventKind::TicketReopened { .. } | EventKind::FollowUpRecorded { .. } => "by",
        _ => return Ok(()),
    };
    event.by.as_ref().map(|_| ()).ok_or_else(|| left_out(field))
}

fn fits(ticket: &Ticket, event: &EventKind) -> Result<(), Rejection> {
    match event {
        EventKind::TicketOpened(opening) => tags_in_range("tags", opening.tags.len()),
        EventKind::TagsChanged { added, removed } => tags_in_range("added", tags_after(ticket, added, removed)),
        EventKind::TicketTransferred { branch, department } => goes_somewhere(branch, department),
        EventKind::ReplyRated { reply, .. } => existing_reply(ticket, *reply).map(|_| ()),
        EventKind::SurveySubmitted { closing, .. } => answerable(ticket, *closing).map(|_| ()),
        EventKind::TicketClosed { .. } if ticket.is_closed() => Err(Rejection::AlreadyClosed),
        EventKind::TicketReopened { .. } if !ticket.is_closed() => Err(Rejection::NotClosed),
        _ => Ok(()),
    }
}

/// The reply with that number.
fn existing_reply(ticket: &Ticket, reply: u32) -> Result<&Reply, Rejection> {
    ticket.reply(reply).ok_or(Rejection::UnknownReply { reply, replies: ticket.replies.len() })
}

/// The reply that is rated, if it is one that customers rate: a rule of conduct, so history may rate any.
pub(super) fn rateable(ticket: &Ticket, reply: u32) -> Result<&Reply, Rejection> {
    let found = existing_reply(ticket, reply)?;
    if found.is_public_agent_reply() { Ok(found) } else { Err(Rejection::NotRateable { reply }) }
}

/// The closing that a survey answers.
pub(super) fn answerable(ticket: &Ticket, closing: u32) -> Result<&Closing, Rejection> {
    if ticket.closings.is_empty() {
        return Err(Rejection::NeverClosed);
    }
    ticket.closing(closing).ok_or(Rejection::UnknownClosing { closing, closings: ticket.closings.len() })
}

/// A transfer must name a branch or a department, if only to clear it.
pub(super) fn goes_somewhere<B, D>(branch: &Change<B>, department: &Change<D>) -> Result<(), Rejection> {
    match (branch, department) {
        (Change::Keep, Change::Keep) => {
            Err(Invalid::new("branch", "left out", "branch or department: one must be given").into())
        }
        _ => Ok(()),
    }
}

/// Says that `field` must be given.
pub(super) fn left_out(field: &str) -> Rejection {
    Invalid::new(field, "left out", "must be given: who did it is part of the fact").into()
}

/// How many tags the ticket would have.
fn tags_after(ticket: &Ticket, added: &BTreeSet<Tag>, removed: &BTreeSet<Tag>) -> usize {
    let kept = ticket.tags.iter().filter(|tag| !added.contains(*tag) && !removed.contains(*tag)).count();
    kept + added.len()
}

fn tags_in_range(field: &str, tags: usize) -> Result<(), Rejection> {
    if tags <= TAGS_MAX {
        return Ok(());
    }
    Err(Invalid::new(field, tags, format!("a ticket must have at most {TAGS_MAX} tags; so it would have {tags}"))
        .into())
}

#[cfg(test)]
mod tests;
