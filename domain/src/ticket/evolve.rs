//! What a ticket is after one more event.

use super::event::{Event, EventKind, HeldFor, Opening, Visibility};
use super::{Closing, Reply, State, Ticket, WaitingFor, index_of};
use crate::Timestamp;
use crate::actor::Actor;
use crate::ids::Tag;
use crate::satisfaction::{Score, SurveyAnswers};
use std::collections::BTreeSet;

/// The ticket after `event`; never fails.
///
/// It takes every event as a fact and does not ask `admit`, so that a stricter rule of tomorrow cannot change what
/// an old history means. An event that contradicts the ticket (a second opening, a closing of a closed ticket, a
/// rating of a reply that is not there) counts as an event and has no other effect. A reply or a closing without an
/// author, which `admit` refuses, stands as an automation's: it takes its number and answers nobody.
///
/// A tag both added and removed is there afterwards. A survey without any answer answers its closing all the same: its
/// words may have been forgotten since. A customer's message on a closed ticket (histories have them) stands unanswered
/// and makes the ticket wait for an agent once it is reopened, whoever reopens it.
#[must_use]
pub fn evolve(mut ticket: Ticket, event: &Event) -> Ticket {
    ticket.version = ticket.version.saturating_add(1);
    ticket.last_event_at = ticket.last_event_at.max(Some(event.occurred_at));
    match (&event.kind, ticket.exists()) {
        (EventKind::TicketOpened(opening), false) => opened(&mut ticket, event, opening),
        (EventKind::TicketOpened(_), true) | (_, false) => {}
        (_, true) => went_on(&mut ticket, event),
    }
    ticket
}

fn opened(ticket: &mut Ticket, event: &Event, opening: &Opening) {
    ticket.opened_at = Some(event.occurred_at);
    ticket.state = State::Open;
    ticket.cycle = 1;
    ticket.customer.clone_from(&opening.customer);
    ticket.channel.clone_from(&opening.channel);
    ticket.branch.clone_from(&opening.branch);
    ticket.department.clone_from(&opening.department);
    ticket.priority = opening.priority;
    ticket.customer_tier.clone_from(&opening.customer_tier);
    ticket.tags.clone_from(&opening.tags);
    ticket.language.clone_from(&opening.language);
    ticket.attributes.clone_from(&opening.attributes);
    // What an automation opens, it opens for a customer who wrote.
    if event.by.as_ref().and_then(Actor::agent).is_none() {
        ticket.unanswered_since = Some(event.occurred_at);
    }
    wait_from(ticket, event.occurred_at);
}

fn went_on(ticket: &mut Ticket, event: &Event) {
    let at = event.occurred_at;
    match &event.kind {
        EventKind::TicketOpened(_) => {}
        EventKind::TicketAssigned { agent } => ticket.agent.clone_from(agent),
        EventKind::TicketTransferred { branch, department } => {
            ticket.branch = branch.applied_to(ticket.branch.as_ref());
            ticket.department = department.applied_to(ticket.department.as_ref());
        }
        EventKind::PriorityChanged { priority } => ticket.priority = *priority,
        EventKind::TagsChanged { added, removed } => tags_changed(ticket, added, removed),
        EventKind::ReplyPosted { visibility, .. } => reply_posted(ticket, event, *visibility),
        EventKind::ReplyRated { reply, rating } => reply_rated(ticket, *reply, *rating),
        EventKind::TicketHeld { waiting_for } => held(ticket, at, *waiting_for),
        EventKind::TicketResumed => resumed(ticket, at),
        EventKind::TicketClosed { .. } => closed(ticket, event),
        EventKind::SurveySubmitted { closing, answers } => survey_submitted(ticket, *closing, answers),
        EventKind::TicketReopened { .. } => reopened(ticket, event),
        EventKind::TicketVoided { .. } => ticket.voided = true,
        EventKind::TicketRestored => ticket.voided = false,
        EventKind::FollowUpRecorded { .. } => ticket.follow_ups = ticket.follow_ups.saturating_add(1),
    }
}

fn tags_changed(ticket: &mut Ticket, added: &BTreeSet<Tag>, removed: &BTreeSet<Tag>) {
    ticket.tags.retain(|tag| !removed.contains(tag));
    ticket.tags.extend(added.iter().cloned());
}

fn reply_posted(ticket: &mut Ticket, event: &Event, visibility: Visibility) {
    let author = actor_of(ticket, event);
    if visibility == Visibility::Public {
        match author {
            Actor::Customer(_) => customer_wrote(ticket, event.occurred_at),
            Actor::Agent(_) => agent_answered(ticket, event.occurred_at),
            Actor::Automation(_) => {}
        }
    }
    ticket.replies.push(Reply { posted_at: event.occurred_at, author, visibility, rating: None });
}

fn customer_wrote(ticket: &mut Ticket, at: Timestamp) {
    // A second message does not restart the wait.
    ticket.unanswered_since.get_or_insert(at);
    if ticket.state == State::Open && ticket.waiting_for != Some(WaitingFor::Agent) {
        wait_from(ticket, at);
    }
}

fn agent_answered(ticket: &mut Ticket, at: Timestamp) {
    ticket.unanswered_since = None;
    if ticket.state == State::Open && ticket.waiting_for == Some(WaitingFor::Agent) {
        wait_from(ticket, at);
    }
}

fn reply_rated(ticket: &mut Ticket, reply: u32, rating: Score) {
    if let Some(rated) = index_of(reply).and_then(|index| ticket.replies.get_mut(index)) {
        rated.rating = Some(rating);
    }
}

fn held(ticket: &mut Ticket, at: Timestamp, party: HeldFor) {
    if ticket.state == State::Closed || ticket.state == State::Held(party) {
        return;
    }
    ticket.state = State::Held(party);
    ticket.waiting_since = Some(at);
    ticket.waiting_for = Some(match party {
        HeldFor::Customer => WaitingFor::Customer,
        HeldFor::ThirdParty => WaitingFor::ThirdParty,
    });
}

fn resumed(ticket: &mut Ticket, at: Timestamp) {
    if matches!(ticket.state, State::Held(_)) {
        ticket.state = State::Open;
        wait_from(ticket, at);
    }
}

fn closed(ticket: &mut Ticket, event: &Event) {
    let EventKind::TicketClosed { survey_offered, reason, form, .. } = &event.kind else { return };
    if ticket.is_closed() {
        return;
    }
    ticket.state = State::Closed;
    ticket.waiting_for = None;
    ticket.waiting_since = None;
    ticket.closings.push(Closing {
        closed_at: event.occurred_at,
        by: actor_of(ticket, event),
        survey_offered: *survey_offered,
        form: form.clone(),
        reason: reason.clone(),
        survey: None,
        answered_in_cycle: 0,
    });
}

fn survey_submitted(ticket: &mut Ticket, number: u32, answers: &SurveyAnswers) {
    if ticket.is_settled(number) {
        return;
    }
    let cycle = ticket.cycle;
    if let Some(closing) = index_of(number).and_then(|index| ticket.closings.get_mut(index)) {
        if closing.survey.is_none() {
            closing.answered_in_cycle = cycle;
        }
        closing.survey.get_or_insert_default().merge(answers);
    }
}

fn reopened(ticket: &mut Ticket, event: &Event) {
    if !ticket.is_closed() {
        return;
    }
    ticket.state = State::Open;
    ticket.cycle = ticket.cycle.saturating_add(1);
    if event.by.as_ref().is_some_and(Actor::is_customer) {
        ticket.unanswered_since.get_or_insert(event.occurred_at);
    }
    wait_from(ticket, event.occurred_at);
}

/// Starts the wait of an open ticket: for an agent while a customer's message stands unanswered, else for the customer.
fn wait_from(ticket: &mut Ticket, at: Timestamp) {
    let unanswered = ticket.unanswered_since.is_some();
    ticket.waiting_for = Some(if unanswered { WaitingFor::Agent } else { WaitingFor::Customer });
    ticket.waiting_since = Some(at);
}

fn actor_of(ticket: &Ticket, event: &Event) -> Actor {
    event.by.clone().unwrap_or(Actor::Automation(None)).or_own_customer(ticket.customer.as_ref())
}

#[cfg(test)]
mod tests;
