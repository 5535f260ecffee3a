//! The state after each event, worked out by hand.

use super::evolve;
use crate::actor::Actor;
use crate::ids::{AgentId, BranchId, CustomerId};
use crate::satisfaction::{Score, SurveyAnswers};
use crate::ticket::event::{Change, Event, EventKind, HeldFor, Means, Priority};
use crate::ticket::samples::*;
use crate::ticket::{Closing, State, Ticket, WaitingFor};
use crate::time::Timestamp;

const AGENT: WaitingFor = WaitingFor::Agent;
const CUSTOMER: WaitingFor = WaitingFor::Customer;
const THIRD_PARTY: WaitingFor = WaitingFor::ThirdParty;

/// Who is waited for, since which second, and since which second a message stands unanswered.
fn wait(events: &[Event]) -> (Option<WaitingFor>, Option<i64>, Option<i64>) {
    let ticket = folded(events);
    let seconds = |at: Option<Timestamp>| at.map(|at| at.micros() / 1_000_000);
    (ticket.waiting_for, seconds(ticket.waiting_since), seconds(ticket.unanswered_since))
}

#[test]
fn an_opening_sets_every_field() {
    let ticket = folded(&[opened(1)]);
    let expected = Ticket {
        version: 1,
        opened_at: Some(sec(1)),
        last_event_at: Some(sec(1)),
        state: State::Open,
        waiting_for: Some(AGENT),
        waiting_since: Some(sec(1)),
        unanswered_since: Some(sec(1)),
        cycle: 1,
        customer: opening().customer,
        branch: opening().branch,
        department: opening().department,
        ..Ticket::default()
    };
    assert_eq!(ticket, expected);
}

#[test]
fn who_opened_it_says_who_is_waited_for() {
    assert_eq!(wait(&[opened(1)]), (Some(AGENT), Some(1), Some(1)));
    assert_eq!(wait(&[opened_by(1, customer())]), (Some(AGENT), Some(1), Some(1)));
    assert_eq!(wait(&[opened_by(1, bot())]), (Some(AGENT), Some(1), Some(1)));
    assert_eq!(wait(&[opened_by(1, sara())]), (Some(CUSTOMER), Some(1), None));
    assert_eq!(wait(&[opened_by(1, sara()), replied(4, customer())]), (Some(AGENT), Some(4), Some(4)));
}

#[test]
fn public_replies_of_agents_and_customers_turn_the_wait() {
    let answered = [opened(1), replied(2, sara())];
    assert_eq!(wait(&answered), (Some(CUSTOMER), Some(2), None));
    let mut more = answered.to_vec();
    more.push(replied(3, sara()));
    assert_eq!(wait(&more), (Some(CUSTOMER), Some(2), None), "an agent's second reply starts no wait");
    more.push(replied(4, customer()));
    assert_eq!(wait(&more), (Some(AGENT), Some(4), Some(4)));
    more.push(replied(5, customer()));
    assert_eq!(wait(&more), (Some(AGENT), Some(4), Some(4)), "a second message does not restart the wait");
}

#[test]
fn notes_and_automations_turn_nothing() {
    for reply in [noted(2, sara()), noted(2, customer()), replied(2, bot())] {
        assert_eq!(wait(&[opened(1), reply]), (Some(AGENT), Some(1), Some(1)));
    }
    assert_eq!(wait(&[opened(1), replied(2, sara()), noted(3, customer())]), (Some(CUSTOMER), Some(2), None));
}

#[test]
fn a_hold_waits_for_its_party_and_its_end_for_whoever_is_next() {
    let on_hold = [opened(1), held(2, HeldFor::ThirdParty)];
    assert_eq!(folded(&on_hold).state, State::Held(HeldFor::ThirdParty));
    assert_eq!(wait(&on_hold), (Some(THIRD_PARTY), Some(2), Some(1)));
    let with = |more: &[Event]| wait(&[&on_hold, more].concat());
    assert_eq!(with(&[resumed(5)]), (Some(AGENT), Some(5), Some(1)), "still unanswered");
    assert_eq!(with(&[replied(3, sara())]), (Some(THIRD_PARTY), Some(2), None), "an answer ends no hold");
    assert_eq!(with(&[replied(3, sara()), resumed(5)]), (Some(CUSTOMER), Some(5), None));
    assert_eq!(with(&[replied(3, sara()), replied(4, customer())]), (Some(THIRD_PARTY), Some(2), Some(4)));
    assert_eq!(with(&[held(3, HeldFor::ThirdParty)]), (Some(THIRD_PARTY), Some(2), Some(1)), "the same hold");
    assert_eq!(with(&[held(3, HeldFor::Customer)]), (Some(CUSTOMER), Some(3), Some(1)), "a new hold");
    assert_eq!(wait(&[opened(1), resumed(2)]), (Some(AGENT), Some(1), Some(1)), "nothing to end");
}

#[test]
fn a_closing_ends_wait_and_hold() {
    for before in [vec![opened(1)], vec![opened(1), held(2, HeldFor::Customer)]] {
        let events = [before, vec![closed(3)]].concat();
        assert_eq!(wait(&events), (None, None, Some(1)));
        assert_eq!(folded(&events).state, State::Closed);
    }
}

#[test]
fn a_closing_is_kept_with_who_and_why() {
    let ticket = folded(&[opened(1), event_by(3, customer(), closing())]);
    let EventKind::TicketClosed { form, reason, .. } = closing() else { unreachable!() };
    let by = Actor::Customer(Some(CustomerId::known_good("c-42")));
    let kept =
        Closing { closed_at: sec(3), by, survey_offered: true, form, reason, survey: None, answered_in_cycle: 0 };
    assert_eq!(ticket.closings, [kept]);
}

#[test]
fn a_reopening_waits_for_an_agent_where_somebody_still_wants_an_answer() {
    let unanswered = [opened(1), closed(2)];
    let settled = [opened(1), replied(2, sara()), closed(3)];
    let then = |history: &[Event], by| wait(&[history, &[reopened(5, by)]].concat());
    assert_eq!(then(&settled, customer()), (Some(AGENT), Some(5), Some(5)));
    assert_eq!(then(&settled, sara()), (Some(CUSTOMER), Some(5), None));
    assert_eq!(then(&settled, bot()), (Some(CUSTOMER), Some(5), None));
    assert_eq!(then(&unanswered, sara()), (Some(AGENT), Some(5), Some(1)));
    assert_eq!(then(&unanswered, bot()), (Some(AGENT), Some(5), Some(1)));
    assert_eq!(then(&unanswered, customer()), (Some(AGENT), Some(5), Some(1)));
    assert_eq!(folded(&[opened(1), closed(2), reopened(3, bot())]).cycle, 2);
}

#[test]
fn what_is_written_on_a_closed_ticket_counts_at_its_reopening() {
    let late_answer = [opened(1), closed(2), replied(3, sara())];
    assert_eq!(wait(&late_answer), (None, None, None));
    assert_eq!(wait(&[&late_answer[..], &[reopened(4, bot())]].concat()), (Some(CUSTOMER), Some(4), None));
    let late_question = [opened(1), replied(2, sara()), closed(3), replied(4, customer())];
    assert_eq!(wait(&late_question), (None, None, Some(4)));
    assert_eq!(wait(&[&late_question[..], &[reopened(5, sara())]].concat()), (Some(AGENT), Some(5), Some(4)));
}

#[test]
fn a_hold_of_a_closed_ticket_has_no_effect() {
    for stray in [held(3, HeldFor::Customer), resumed(3)] {
        let ticket = folded(&[opened(1), closed(2), stray]);
        assert_eq!((ticket.state, ticket.waiting_for, ticket.version), (State::Closed, None, 3));
    }
}

#[test]
fn a_customer_without_an_id_is_the_tickets_own() {
    let other = Actor::Customer(Some(CustomerId::known_good("c-7")));
    let ticket = folded(&[opened(1), replied(2, customer()), replied(3, other.clone()), noted(4, bot())]);
    let authors: Vec<Actor> = ticket.replies.into_iter().map(|reply| reply.author).collect();
    assert_eq!(authors, [Actor::Customer(Some(CustomerId::known_good("c-42"))), other, bot()]);
}

#[test]
fn fields_follow_their_events() {
    let agent = Some(AgentId::known_good("sara"));
    let moved = EventKind::TicketTransferred { branch: Change::Clear, department: department("billing") };
    let ticket = folded(&[
        opened(1),
        event(2, EventKind::TicketAssigned { agent: agent.clone() }),
        event(3, moved),
        event(4, EventKind::PriorityChanged { priority: Priority::Urgent }),
        event(5, EventKind::TagsChanged { added: tags(&["a", "b"]), removed: tags(&[]) }),
        event(6, EventKind::TagsChanged { added: tags(&["b", "c"]), removed: tags(&["a", "b"]) }),
        voided(7),
        event_by(8, sara(), EventKind::FollowUpRecorded { means: Means::Visit, note: None }),
    ]);
    assert_eq!((ticket.agent, ticket.branch), (agent, None), "a transfer leaves the agent");
    assert_eq!(ticket.department.as_ref().map(|d| d.as_str()), Some("billing"));
    assert_eq!((ticket.priority, ticket.tags), (Priority::Urgent, tags(&["b", "c"])));
    assert_eq!((ticket.voided, ticket.follow_ups, ticket.version), (true, 1, 8));
    let kept = EventKind::TicketTransferred { branch: Change::Keep, department: Change::Clear };
    let ticket = folded(&[opened(1), event(2, kept), voided(3), event(4, EventKind::TicketRestored)]);
    assert_eq!((ticket.branch, ticket.department), (Some(BranchId::known_good("tehran")), None));
    assert!(!ticket.voided);
}

#[test]
fn the_last_rating_of_a_reply_is_kept() {
    let rated = |at, reply, rating| event(at, EventKind::ReplyRated { reply, rating });
    let ticket = folded(&[
        opened(1),
        replied(2, sara()),
        replied(3, sara()),
        rated(4, 2, Score::SATISFIED),
        rated(5, 2, Score::DISSATISFIED),
        rated(6, 0, Score::SATISFIED),
        rated(7, 3, Score::SATISFIED),
    ]);
    let ratings: Vec<Option<Score>> = ticket.replies.iter().map(|reply| reply.rating).collect();
    assert_eq!(ratings, [None, Some(Score::DISSATISFIED)]);
}

#[test]
fn answers_merge_until_the_ticket_is_reopened() {
    let mut both = nps(3);
    both.comment = Some("slow".into());
    let history =
        [opened(1), closed(2), answered(3, 1, nps(9)), answered(4, 1, nps(3)), answered(5, 1, commented("slow"))];
    assert_eq!(folded(&history).closings[0].survey, Some(both.clone()));
    let late = [&history[..], &[reopened(6, customer()), answered(7, 1, nps(10))]].concat();
    assert_eq!(folded(&late).closings[0].survey, Some(both.clone()), "too late to change");
    let later = [&late[..], &[closed(8), answered(9, 1, nps(10)), answered(9, 2, nps(10))]].concat();
    let surveys: Vec<_> = folded(&later).closings.into_iter().map(|closing| closing.survey).collect();
    assert_eq!(surveys, [Some(both), Some(nps(10))]);
}

#[test]
fn a_first_answer_is_taken_after_a_reopening_too() {
    let history = [opened(1), closed(2), reopened(3, sara()), answered(4, 1, nps(9))];
    assert_eq!(folded(&history).closings[0].survey, Some(nps(9)));
    let again = [&history[..], &[answered(5, 1, nps(1))]].concat();
    assert_eq!(folded(&again).closings[0].survey, Some(nps(1)), "the next reopening is still to come");
    let too_late = [&again[..], &[closed(6), reopened(7, sara()), answered(8, 1, nps(5))]].concat();
    assert_eq!(folded(&too_late).closings[0].survey, Some(nps(1)));
}

#[test]
fn an_empty_answer_in_history_answers_its_closing() {
    let history = [opened(1), closed(2), answered(3, 1, SurveyAnswers::default())];
    // Its content may have been forgotten: what is left must settle as the whole did.
    assert_eq!(folded(&history).closings[0].survey, Some(SurveyAnswers::default()));
}

#[test]
fn what_contradicts_the_ticket_counts_and_does_nothing_else() {
    let counted = |history: &[Event], stray: Event| {
        let before = folded(history);
        let expected = Ticket { version: before.version + 1, last_event_at: Some(sec(9)), ..before.clone() };
        assert_eq!(evolve(before, &stray), expected);
    };
    counted(&[], closed(9));
    counted(&[opened(1)], opened_by(9, sara()));
    counted(&[opened(1)], reopened(9, sara()));
    counted(&[opened(1), closed(2)], closed(9));
    counted(&[opened(1)], answered(9, 1, nps(9)));
}

#[test]
fn an_event_out_of_order_does_not_turn_the_clock_back() {
    assert_eq!(folded(&[opened(9), voided(3)]).last_event_at, Some(sec(9)));
}

#[test]
fn a_reply_without_an_author_takes_its_number_and_answers_nobody() {
    let stray = Event { by: None, ..replied(2, sara()) };
    let ticket = folded(&[opened(1), stray]);
    assert_eq!(ticket.replies[0].author, Actor::Automation(None));
    assert_eq!(ticket.waiting_for, Some(AGENT));
}

#[test]
fn counters_stop_at_their_end() {
    let full = Ticket { version: u32::MAX, cycle: u32::MAX, follow_ups: u32::MAX, ..folded(&[opened(1), closed(2)]) };
    let follow_up = event_by(4, sara(), EventKind::FollowUpRecorded { means: Means::None, note: None });
    let ticket = evolve(evolve(full, &reopened(3, sara())), &follow_up);
    assert_eq!((ticket.version, ticket.cycle, ticket.follow_ups), (u32::MAX, u32::MAX, u32::MAX));
}
