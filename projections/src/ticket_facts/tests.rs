//! What a ticket takes over from the one in whose state it is opened.

use super::{Clocks, ClocksRun, InForce, TicketFacts};
use crate::business_time::Schedules;
use crate::definition::document::Definition;
use crate::dimensions::Dimensions;
use crate::test_support::{Answers, Story, Who, closed, folded, history, minutes, opened};

/// A ticket to which everything happened that can happen to one.
fn used() -> TicketFacts {
    let overall = Answers { overall: Some((2, 5)), nps: Some(9), ..Answers::default() };
    let story = [
        (0, opened(Who::Customer)),
        (1, Story::Assigned(Some("sara"))),
        (2, Story::Replied(Who::Agent("sara"))),
        (3, Story::Rated { reply: 1, satisfied: false }),
        (4, Story::Transferred(Some("billing"))),
        (5, Story::HeldForThirdParty),
        (6, closed(Who::Agent("reza"))),
        (7, Story::Answered { closing: 1, answers: overall }),
        (8, Story::Reopened(Who::Customer)),
        (9, Story::Replied(Who::Agent("reza"))),
        (10, Story::Replied(Who::Customer)),
    ];
    let state = folded(&history(1, story), None);
    TicketFacts::clone(&state.facts(0).unwrap())
}

#[test]
fn an_opened_ticket_takes_nothing_over_but_memory() {
    let folded = Definition::default().folded();
    let (schedules, dimensions) = (Schedules::prepare(&[]), Dimensions::default());
    let clocks = Clocks::new(&folded, &schedules, &dimensions, ClocksRun::Both);
    for by_agent in [false, true] {
        let opened = |mut facts: TicketFacts| {
            facts.in_force = InForce { branch: 3, ..InForce::default() };
            facts.open(minutes(20), by_agent, 7, &clocks);
            format!("{facts:?}")
        };
        assert_eq!(opened(used()), opened(TicketFacts::blank()));
    }
}
