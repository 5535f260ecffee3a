//! Which events a command leads to, or why to none.

use super::admit::{admit, answerable, goes_somewhere, left_out, rateable};
use super::command::{Action, Command};
use super::event::{Change, Event, EventKind, HeldFor, Priority, Visibility};
use super::evolve::evolve;
use super::rejection::{ClosedTo, Rejection};
use super::{State, Ticket};
use crate::actor::Actor;
use crate::ids::{AgentId, BranchId, DepartmentId, ReasonId, Tag};
use crate::satisfaction::{Score, SurveyAnswers};
use crate::{Invalid, Timestamp};
use std::collections::BTreeSet;

/// What comes of a command: kinds of events, none where it changes nothing.
type Granted = Result<Vec<EventKind>, Rejection>;

/// Says which events `command` leads to on `ticket` at `now`; a command that changes nothing leads to none.
///
/// The events happen at `now`, or at the ticket's last event where that stands ahead of the clock (an import from a
/// faster one). All carry who wanted it and why, and all have passed [`admit()`].
///
/// # Errors
///
/// The [`Rejection`] that says what stands in the way.
pub fn decide(ticket: &Ticket, command: Command, now: Timestamp) -> Result<Vec<Event>, Rejection> {
    let Command { by, cause, action } = command;
    let occurred_at = ticket.last_event_at.map_or(now, |last| last.max(now));
    let events: Vec<Event> = granted(ticket, by.as_ref(), action)?
        .into_iter()
        .map(|kind| Event { occurred_at, by: by.clone(), cause: cause.clone(), kind })
        .collect();
    admit_all(ticket, &events)?;
    Ok(events)
}

fn admit_all(ticket: &Ticket, events: &[Event]) -> Result<(), Rejection> {
    // Nearly every command leads to one event, and a state is worth not copying.
    if let [only] = events {
        return admit(ticket, only);
    }
    events
        .iter()
        .try_fold(ticket.clone(), |state, event| {
            admit(&state, event)?;
            Ok(evolve(state, event))
        })
        .map(|_| ())
}

/// The kinds of events; what [`admit()`] refuses anyway (closing a closed ticket, say) is not asked here again.
fn granted(ticket: &Ticket, by: Option<&Actor>, action: Action) -> Granted {
    if !ticket.exists() && !matches!(action, Action::Open(_)) {
        return Err(Rejection::NotOpened);
    }
    match action {
        Action::Open(opening) => Ok(vec![EventKind::TicketOpened(opening)]),
        Action::Assign { agent } => Ok(assign(ticket, agent)),
        Action::Transfer { branch, department } => transfer(ticket, branch, department),
        Action::ChangePriority { priority } => Ok(change_priority(ticket, priority)),
        Action::ChangeTags { added, removed } => change_tags(ticket, added, removed),
        Action::Reply { visibility, channel, body, attachments, reopen } => {
            let posted = EventKind::ReplyPosted { visibility, channel, body, attachments };
            reply(ticket, by, visibility, posted, reopen)
        }
        Action::RateReply { reply, rating } => rate_reply(ticket, reply, rating),
        Action::Hold { waiting_for } => hold(ticket, waiting_for),
        Action::Resume => resume(ticket),
        Action::Close { survey_offered, reason, duplicate_of, form } => {
            Ok(vec![EventKind::TicketClosed { survey_offered, reason, duplicate_of, form }])
        }
        Action::SubmitSurvey { closing, answers } => submit_survey(ticket, closing, answers),
        Action::Reopen { reason } => Ok(vec![EventKind::TicketReopened { reason }]),
        Action::Void { reason } => Ok(void(ticket, reason)),
        Action::Restore => Ok(restore(ticket)),
        Action::RecordFollowUp { means, note } => Ok(vec![EventKind::FollowUpRecorded { means, note }]),
    }
}

fn assign(ticket: &Ticket, agent: Option<AgentId>) -> Vec<EventKind> {
    if ticket.agent == agent { vec![] } else { vec![EventKind::TicketAssigned { agent }] }
}

fn transfer(ticket: &Ticket, branch: Change<BranchId>, department: Change<DepartmentId>) -> Granted {
    goes_somewhere(&branch, &department)?;
    let stays = branch.applied_to(ticket.branch.as_ref()) == ticket.branch
        && department.applied_to(ticket.department.as_ref()) == ticket.department;
    Ok(if stays { vec![] } else { vec![EventKind::TicketTransferred { branch, department }] })
}

fn change_priority(ticket: &Ticket, priority: Priority) -> Vec<EventKind> {
    if ticket.priority == priority { vec![] } else { vec![EventKind::PriorityChanged { priority }] }
}

fn change_tags(ticket: &Ticket, mut added: BTreeSet<Tag>, mut removed: BTreeSet<Tag>) -> Granted {
    if let Some(both) = added.intersection(&removed).next() {
        return Err(Invalid::new("added", both, "a tag must not be both added and removed").into());
    }
    added.retain(|tag| !ticket.tags.contains(tag));
    removed.retain(|tag| ticket.tags.contains(tag));
    let same = added.is_empty() && removed.is_empty();
    Ok(if same { vec![] } else { vec![EventKind::TagsChanged { added, removed }] })
}

fn reply(ticket: &Ticket, author: Option<&Actor>, visibility: Visibility, posted: EventKind, reopen: bool) -> Granted {
    let author = author.ok_or_else(|| left_out("author"))?;
    if visibility == Visibility::Internal && author.is_customer() {
        return Err(
            Invalid::new("visibility", "internal", "customers write public replies; notes are for agents").into()
        );
    }
    if visibility == Visibility::Internal {
        return Ok(vec![posted]);
    }
    match ticket.state {
        State::Closed if reopen && author.is_customer() => Ok(vec![EventKind::TicketReopened { reason: None }, posted]),
        State::Closed => Err(Rejection::Closed { what: ClosedTo::PublicReply }),
        // What the ticket was held for has come.
        State::Held(HeldFor::Customer) if author.is_customer() => Ok(vec![posted, EventKind::TicketResumed]),
        State::Held(_) | State::Open => Ok(vec![posted]),
    }
}

fn rate_reply(ticket: &Ticket, reply: u32, rating: Score) -> Granted {
    let same = rateable(ticket, reply)?.rating == Some(rating);
    Ok(if same { vec![] } else { vec![EventKind::ReplyRated { reply, rating }] })
}

fn hold(ticket: &Ticket, waiting_for: HeldFor) -> Granted {
    match ticket.state {
        State::Closed => Err(Rejection::Closed { what: ClosedTo::Hold }),
        State::Held(party) if party == waiting_for => Ok(vec![]),
        State::Held(_) | State::Open => Ok(vec![EventKind::TicketHeld { waiting_for }]),
    }
}

fn resume(ticket: &Ticket) -> Granted {
    match ticket.state {
        State::Closed => Err(Rejection::Closed { what: ClosedTo::Resume }),
        State::Held(_) => Ok(vec![EventKind::TicketResumed]),
        State::Open => Ok(vec![]),
    }
}

fn submit_survey(ticket: &Ticket, closing: Option<u32>, answers: Box<SurveyAnswers>) -> Granted {
    let closing = closing.unwrap_or_else(|| ticket.latest_closing());
    let stored = answerable(ticket, closing)?.survey.clone().unwrap_or_default();
    let mut merged = stored.clone();
    merged.merge(&answers);
    if merged == stored {
        return Ok(vec![]);
    }
    if ticket.is_settled(closing) {
        return Err(Rejection::AnswerSettled { closing });
    }
    Ok(vec![EventKind::SurveySubmitted { closing, answers }])
}

fn void(ticket: &Ticket, reason: ReasonId) -> Vec<EventKind> {
    if ticket.voided { vec![] } else { vec![EventKind::TicketVoided { reason }] }
}

fn restore(ticket: &Ticket) -> Vec<EventKind> {
    if ticket.voided { vec![EventKind::TicketRestored] } else { vec![] }
}

#[cfg(test)]
mod tests;
