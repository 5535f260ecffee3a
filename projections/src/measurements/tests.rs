//! Tables, spans and void spans: what stands at which position.

use super::chunk::{Moment, Table, mark, written};
use super::kinds::{Rating, Ratings};
use crate::columns::rows::CHUNK_ROWS;
use crate::test_support::{Answers, Story, Who, closed, folded, history, minutes, opened};
use crate::ticket_facts::{Doing, GivenScore, InForce, Micros};
use daftar_eventlog::Position;

const DAY: Micros = 86_400_000_000;

fn push(table: &mut Table<Ratings>, at: Micros) -> super::places::Location {
    let rating = Rating { first: true, scale: 0, score: 1, superseded: Position::ZERO };
    let place = table.places().clone().take(at);
    table.append(&mut vec![(Moment::new(at, 0, InForce::default(), Position(1)), rating)]);
    place
}

#[test]
fn chunks_hold_one_month_and_at_most_64_ki_whatever_order_instants_come_in() {
    let mut table = Table::default();
    for n in 0..CHUNK_ROWS + 10 {
        push(&mut table, i64::try_from(n).unwrap());
        push(&mut table, -1 - i64::try_from(n % 10).unwrap());
    }
    let sizes = |from, to| table.chunks(from, to).map(|(month, chunk)| (month, chunk.len())).collect::<Vec<_>>();
    let (january, december) = (1970 * 12, 1970 * 12 - 1);
    assert_eq!(sizes(0, DAY), [(january, CHUNK_ROWS), (january, 10)]);
    assert_eq!(sizes(-DAY, 0), [(december, CHUNK_ROWS), (december, 10)]);
    assert_eq!(sizes(DAY, 2 * DAY), []);
    assert_eq!(table.len(), 2 * (CHUNK_ROWS + 10));
}

#[test]
fn a_late_position_is_written_once() {
    let mut table = Table::default();
    let (first, second) = (push(&mut table, 0), push(&mut table, 40 * DAY));
    table.change(second, |ratings, row| mark(&mut ratings.values.superseded, row, Position(7)));
    table.change(second, |ratings, row| mark(&mut ratings.values.superseded, row, Position(9)));
    let late: Vec<_> = table.pieces(0, Micros::MAX).map(|piece| piece.values.superseded.get(0)).collect();
    assert_eq!(late, [Position::ZERO, Position(7)]);
    assert_ne!(first, second);
    assert!(written(Position(7), Position(7)) && !written(Position(7), Position(6)));
    assert!(!written(Position::ZERO, Position(6)));
}

#[test]
fn spans_tell_what_a_ticket_did_at_every_position() {
    let story = [
        (0, opened(Who::Customer)),
        (1, Story::Assigned(Some("sara"))),
        (2, Story::Noted("sara")),
        (3, Story::Replied(Who::Agent("sara"))),
        (4, Story::HeldForThirdParty),
        (5, closed(Who::Customer)),
    ];
    let state = folded(&history(1, story), None);
    let last = state.tickets.last_span(0);
    let at =
        |position| state.spans.current(last, Position(position)).map(|s| (s.doing, s.in_force.agent, s.to.is_some()));
    let (waiting, sara) = (Doing::WaitingForAgent, 1);
    let expected = [
        None,
        Some((waiting, 0, false)),
        Some((waiting, sara, false)),
        Some((waiting, sara, false)),
        Some((Doing::WaitingForCustomer, sara, false)),
        Some((Doing::HeldForThirdParty, sara, false)),
        Some((Doing::Closed, sara, false)),
    ];
    assert_eq!((1..=7).map(at).collect::<Vec<_>>(), expected);
    assert_eq!(state.assignee_at(0, Position(2)), 0);
    let first = state.spans.get(0, Position(3)).unwrap();
    assert_eq!(first.to, Some(minutes(1)));
    assert_eq!(state.spans.get(0, Position(2)).unwrap().to, None);
}

#[test]
fn void_spans_are_looked_up_at_a_position() {
    let story = [
        (0, opened(Who::Customer)),
        (1, Story::Restored),
        (2, Story::Voided),
        (3, Story::Voided),
        (4, Story::Restored),
    ];
    let state = folded(&history(1, story), None);
    let void: Vec<_> = (2..=6).map(|position| state.void_at(0, Position(position))).collect();
    assert_eq!(void, [false, false, true, true, false]);
    // Whether any ever was is told of 64 tickets at a time, and of none that there is not.
    let any_void = [(0, 0), (63, 900), (64, 900)].map(|(first, last)| state.tickets.any_void(first, last));
    assert_eq!(any_void, [true, true, false]);
}

#[test]
fn the_last_score_is_that_of_a_survey_or_a_rating_whichever_came_last_and_counts() {
    let overall = |scale, score| Answers { overall: Some((scale, score)), ..Answers::default() };
    let story = [
        (0, opened(Who::Customer)),
        (1, Story::Replied(Who::Agent("sara"))),
        (2, Story::Noted("sara")),
        (3, Story::Rated { reply: 1, satisfied: false }),
        (4, Story::Rated { reply: 2, satisfied: true }),
        (5, closed(Who::Customer)),
        (6, Story::Answered { closing: 1, answers: overall(2, 5) }),
        (7, Story::Answered { closing: 1, answers: Answers { nps: Some(0), ..Answers::default() } }),
        (8, Story::Reopened(Who::Customer)),
        (9, Story::Answered { closing: 1, answers: overall(2, 1) }),
    ];
    let last_score = |events: usize| {
        let state = folded(&history(1, story[..events].iter().cloned()), None);
        state.facts(0).unwrap().last_score
    };
    let given = |minute, scale, score| Some(GivenScore { at: minutes(minute), scale, score });
    assert_eq!(last_score(3), None);
    assert_eq!(last_score(5), given(3, 0, 0), "nobody rates a note");
    assert_eq!(last_score(8), given(6, 2, 5), "a survey without an overall answer gives no score");
    assert_eq!(last_score(10), given(6, 2, 5), "an answer changed after the reopening comes too late");
}

#[test]
fn what_a_ticket_does_it_does_since_it_began_whatever_department_it_goes_to() {
    let story = [
        (0, opened(Who::Customer)),
        (1, Story::Transferred(Some("billing"))),
        (2, Story::HeldForThirdParty),
        (3, Story::HeldForThirdParty),
        (4, Story::Transferred(None)),
        (5, Story::Resumed),
    ];
    let since = |events: usize| {
        let state = folded(&history(1, story[..events].iter().cloned()), None);
        let facts = state.facts(0).unwrap();
        ((facts.doing_since - minutes(0)) / 60_000_000, (facts.last_event_at - minutes(0)) / 60_000_000)
    };
    assert_eq!([1, 2, 3, 4, 5, 6].map(since), [(0, 0), (0, 1), (2, 2), (2, 3), (2, 4), (5, 5)]);
}

#[test]
fn a_ticket_keeps_its_id() {
    let entries = [history(7, [(0, opened(Who::Customer))]), history(3, [(0, opened(Who::Agent("sara")))])].concat();
    let state = folded(&entries, None);
    assert_eq!((state.tickets.id(0), state.tickets.id(1)), ("T-7", "T-3"));
}
