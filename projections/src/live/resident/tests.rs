//! States under other definitions: up to date whenever they are read, kept while they are used, dropped when they fail.

use super::*;
use crate::definition::document::{Definition, Per, Repliers};
use crate::live::tests::GrowingLog;
use crate::measurements::Measurements;
use crate::report::tests::plain::report;
use crate::test_support::{Labels, Story, Who, closed, folded_under, history, now, opened, query};
use daftar_eventlog::Position;

/// Definitions, none of which shares its folded fields with another.
fn definitions() -> Vec<Definition> {
    let turned = (0..RESIDENT_MAX + 1).map(|n| {
        let mut definition = Definition::default();
        let turn = |bit: usize| n & (1 << bit) != 0;
        definition.first_response.per = if turn(0) { Per::Cycle } else { Per::Ticket };
        definition.resolution.per = if turn(1) { Per::Cycle } else { Per::Ticket };
        definition.next_response.ended_by = if turn(2) { Repliers::HumanAndAutomation } else { Repliers::Human };
        definition
    });
    turned.collect()
}

#[test]
fn a_state_is_at_the_end_of_the_log_whenever_it_is_read() {
    let story = [(0, opened(Who::Customer)), (5, closed(Who::Agent("sara"))), (9, Story::Reopened(Who::Customer))];
    let entries = history(1, story);
    let log = GrowingLog::of(entries.clone());
    let resident = Resident::new(Arc::clone(&log) as Arc<dyn LogReader>);
    let definition = &definitions()[2];
    for count in 1..=entries.len() {
        let last = log.grow_to(count);
        let positions = now(resident.read(&definition.folded(), Measurements::position));
        assert_eq!(positions.unwrap(), last);
    }
    let columns = |state: &Measurements| (state.closings.len(), state.openings.len(), state.folded().clone());
    let resident = now(resident.read(&definition.folded(), columns)).unwrap();
    assert_eq!(resident, columns(&folded_under(definition, &entries, None)));
    // A state answers for its own definition alone.
    let (state, asked) = (folded_under(definition, &entries, None), query(crate::report::query::ReportName::Flow, &[]));
    assert!(report(&state, &asked, Position(2), &Labels).is_err());
}

#[test]
fn the_state_that_was_used_the_longest_ago_makes_room() {
    let resident = Resident::new(GrowingLog::of(Vec::new()));
    let folded: Vec<Folded> = definitions().iter().map(Definition::folded).collect();
    let first: Vec<_> = folded[..RESIDENT_MAX].iter().map(|folded| resident.state(folded)).collect();
    // The first is used again, so the second is the oldest when one more comes.
    assert!(Arc::ptr_eq(&resident.state(&folded[0]), &first[0]));
    resident.state(&folded[RESIDENT_MAX]);
    assert_eq!(resident.states().len(), RESIDENT_MAX);
    assert!(Arc::ptr_eq(&resident.state(&folded[0]), &first[0]));
    assert!(!Arc::ptr_eq(&resident.state(&folded[1]), &first[1]));
}

#[test]
fn many_who_ask_at_once_share_one_state() {
    let resident = Resident::new(GrowingLog::of(Vec::new()));
    let folded = definitions()[1].folded();
    let kept = resident.state(&folded);
    std::thread::scope(|scope| {
        let asking = || (0..200).all(|_| Arc::ptr_eq(&resident.state(&folded), &kept));
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(asking)).collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()), "somebody folded another");
    });
}

#[test]
fn a_state_that_could_not_be_fed_is_not_kept() {
    let log = GrowingLog::of(history(1, [(0, opened(Who::Customer)), (5, closed(Who::Customer))]));
    let resident = Resident::new(Arc::clone(&log) as Arc<dyn LogReader>);
    log.grow_to(2);
    log.break_down();
    assert!(now(resident.read(&definitions()[1].folded(), Measurements::position)).is_err());
    assert!(resident.states().is_empty());
}
