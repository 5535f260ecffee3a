//! Given / when / then fails where it should.

use super::*;
use crate::ticket::samples::*;
use crate::ticket::{Action, EventKind};

fn restore() -> Command {
    wish(Action::Restore)
}

#[test]
fn the_time_is_that_of_the_last_event_unless_given() {
    given([opened(1), voided(2)]).when(restore()).then([event(2, EventKind::TicketRestored)]);
    given([opened(1), voided(2)]).at(sec(9)).when(restore()).then([event(9, EventKind::TicketRestored)]);
    given([opened(1)]).when(restore()).then_nothing();
    given([]).when(restore()).then_refused(|r| *r == Rejection::NotOpened);
}

#[test]
#[should_panic(expected = "event 1 (ticket_voided) cannot stand there")]
fn a_history_that_cannot_be_is_no_given() {
    let _ = given([voided(1)]);
}

#[test]
#[should_panic(expected = "other events")]
fn other_events_are_told() {
    given([opened(1), voided(2)]).when(restore()).then_nothing();
}

#[test]
#[should_panic(expected = "it was refused: the ticket was never opened")]
fn a_refusal_is_told() {
    given([]).when(restore()).then_nothing();
}

#[test]
#[should_panic(expected = "it was granted")]
fn a_grant_is_told() {
    given([opened(1)]).when(restore()).then_refused(|_| true);
}

#[test]
#[should_panic(expected = "refused otherwise: NotOpened")]
fn another_refusal_is_told() {
    given([]).when(restore()).then_refused(|r| *r == Rejection::NotClosed);
}
