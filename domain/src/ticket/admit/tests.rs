//! What a history may hold and what it may not.

use super::*;
use crate::satisfaction::Score;
use crate::ticket::event::{HeldFor, Means};
use crate::ticket::samples::*;

fn after(history: &[Event], next: &Event) -> Result<(), Rejection> {
    admit(&folded(history), next)
}

fn rated(at: i64, reply: u32) -> Event {
    event(at, EventKind::ReplyRated { reply, rating: Score::SATISFIED })
}

fn follow_up(at: i64) -> Event {
    event(at, EventKind::FollowUpRecorded { means: Means::Call, note: None })
}

fn field_of(refused: Result<(), Rejection>) -> String {
    match refused.unwrap_err() {
        Rejection::Invalid(invalid) => invalid.field,
        other => panic!("not a value: {other:?}"),
    }
}

#[test]
fn a_ticket_is_opened_once_and_first() {
    assert_eq!(after(&[], &opened(1)), Ok(()));
    assert_eq!(after(&[], &resumed(1)), Err(Rejection::NotOpened));
    assert_eq!(after(&[opened(1)], &opened(2)), Err(Rejection::AlreadyOpened));
}

#[test]
fn time_stands_still_but_never_runs_backwards() {
    assert_eq!(after(&[opened(5)], &resumed(5)), Ok(()));
    let refused = after(&[opened(5)], &resumed(4)).unwrap_err();
    assert_eq!(refused, Rejection::TimeRunsBackwards { occurred_at: sec(4), last: sec(5) });
}

#[test]
fn open_and_closed_alternate() {
    let by_bot = reopened(3, bot());
    assert_eq!(after(&[opened(1)], &by_bot), Err(Rejection::NotClosed));
    assert_eq!(after(&[opened(1), held(2, HeldFor::Customer)], &by_bot), Err(Rejection::NotClosed));
    assert_eq!(after(&[opened(1), closed(2)], &closed(3)), Err(Rejection::AlreadyClosed));
    assert_eq!(after(&[opened(1), closed(2)], &by_bot), Ok(()));
    assert_eq!(after(&[opened(1), held(2, HeldFor::Customer)], &closed(3)), Ok(()));
}

#[test]
fn what_is_rated_exists() {
    let history = [opened(1), noted(2, sara()), replied(3, customer()), replied(4, bot()), replied(5, sara())];
    for reply in [0, 5, u32::MAX] {
        assert_eq!(after(&history, &rated(6, reply)), Err(Rejection::UnknownReply { reply, replies: 4 }));
    }
    for reply in 1..=4 {
        assert_eq!(after(&history, &rated(6, reply)), Ok(()), "history may rate any reply");
    }
}

#[test]
fn what_is_answered_is_a_closing_that_exists() {
    assert_eq!(after(&[opened(1)], &answered(2, 1, nps(9))), Err(Rejection::NeverClosed));
    for closing in [0, 2, u32::MAX] {
        let refused = after(&[opened(1), closed(2)], &answered(3, closing, nps(9)));
        assert_eq!(refused, Err(Rejection::UnknownClosing { closing, closings: 1 }));
    }
    assert_eq!(after(&[opened(1), closed(2)], &answered(3, 1, nps(9))), Ok(()));
}

#[test]
fn who_did_it_is_given_where_it_is_part_of_the_fact() {
    let nobody = |event: Event| Event { by: None, ..event };
    let open = [opened(1)];
    assert_eq!(field_of(after(&open, &nobody(replied(2, sara())))), "author");
    assert_eq!(field_of(after(&open, &nobody(noted(2, sara())))), "author");
    assert_eq!(field_of(after(&open, &nobody(closed(2)))), "by");
    assert_eq!(field_of(after(&open, &follow_up(2))), "by");
    assert_eq!(field_of(after(&[opened(1), closed(2)], &nobody(reopened(3, sara())))), "by");
    assert_eq!(after(&open, &event(2, EventKind::TicketAssigned { agent: None })), Ok(()));
}

#[test]
fn a_transfer_names_a_branch_or_a_department() {
    let transfer = |branch, department| event(2, EventKind::TicketTransferred { branch, department });
    assert_eq!(field_of(after(&[opened(1)], &transfer(Change::Keep, Change::Keep))), "branch");
    assert_eq!(after(&[opened(1)], &transfer(Change::Clear, Change::Keep)), Ok(()));
    assert_eq!(after(&[opened(1)], &transfer(Change::Keep, department("billing"))), Ok(()));
}

#[test]
fn a_ticket_has_at_most_32_tags() {
    let mut full = opening();
    full.tags = numbered_tags(32);
    let mut over = opening();
    over.tags = numbered_tags(33);
    let full = event(1, EventKind::TicketOpened(Box::new(full)));
    assert_eq!(after(&[], &full), Ok(()));
    assert_eq!(field_of(after(&[], &event(1, EventKind::TicketOpened(Box::new(over))))), "tags");
    let change = |added, removed| event(2, EventKind::TagsChanged { added: tags(added), removed: tags(removed) });
    let full = [full];
    assert_eq!(field_of(after(&full, &change(&["new"], &[]))), "added");
    assert_eq!(after(&full, &change(&["new"], &["t0"])), Ok(()));
    assert_eq!(after(&full, &change(&["t0"], &[])), Ok(()), "it has that one");
}

#[test]
fn a_ticket_has_at_most_100_000_events() {
    let mut ticket = folded(&[opened(1)]);
    ticket.version = 99_999;
    assert_eq!(admit(&ticket, &resumed(2)), Ok(()));
    ticket.version = 100_000;
    assert_eq!(admit(&ticket, &resumed(2)), Err(Rejection::TooManyEvents { limit: 100_000 }));
}

#[test]
fn a_history_may_hold_what_conduct_forbids() {
    let closed_ticket = [opened(1), replied(2, sara()), closed(3)];
    for next in [replied(4, sara()), replied(4, customer()), held(4, HeldFor::Customer), resumed(4)] {
        assert_eq!(after(&closed_ticket, &next), Ok(()), "{next:?}");
    }
    assert_eq!(after(&[opened(1), voided(2)], &voided(3)), Ok(()));
    assert_eq!(after(&[opened(1)], &event(2, EventKind::TicketRestored)), Ok(()));
    assert_eq!(after(&[opened(1), held(2, HeldFor::Customer)], &held(3, HeldFor::Customer)), Ok(()));
    let settled = [opened(1), closed(2), answered(3, 1, nps(2)), reopened(4, customer())];
    assert_eq!(after(&settled, &answered(5, 1, nps(9))), Ok(()));
}
