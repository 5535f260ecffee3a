//! Catching up, stopping, and what stops it.

use super::*;
use crate::test_support::{
    BLOCK_ROWS, Entry, MemoryLog, Story, Who, closed, folded, history, now, opened, recorded_at,
};
use daftar_eventlog::codec::EventType;

fn entries() -> Vec<Entry> {
    (0..20).flat_map(|t| history(t, [(0, opened(Who::Customer)), (5, closed(Who::Agent("sara")))])).collect()
}

#[test]
fn goes_on_where_it_stopped_and_says_how_far_it_is() {
    let log = MemoryLog::of(&entries());
    let mut state = Measurements::default();
    let mut seen = Vec::new();
    now(catch_up(&log, &mut state, Some(Position(10)), |p| seen.push(p.0))).unwrap();
    assert_eq!((state.position(), &*seen), (Position(10), &[BLOCK_ROWS as u64, 10][..]));
    now(catch_up(&log, &mut state, Some(Position(3)), |p| seen.push(p.0))).unwrap();
    assert_eq!(state.position(), Position(10), "nothing is ever unfolded");
    now(catch_up(&log, &mut state, None, |p| seen.push(p.0))).unwrap();
    assert_eq!((state.position(), seen.last()), (log.last(), Some(&log.last().0)));
    assert_eq!(state.closings.len(), 20);
}

#[test]
fn other_streams_are_passed_over() {
    let state = folded(&[], None);
    assert_eq!(state.position(), Position(1));
    assert_eq!(state.latest_instant(Position(1)), None);
}

#[test]
fn an_event_of_a_newer_version_stops_the_fold_in_other_streams_too() {
    let log = MemoryLog::behind(EventType(999), b"of a newer version", &entries());
    let stopped = now(catch_up(&log, &mut Measurements::default(), None, |_| {})).unwrap_err();
    assert!(matches!(stopped, CatchUpError::Unreadable { position: Position(1), .. }), "{stopped}");
    assert!(stopped.to_string().contains("upgrade"), "{stopped}");
}

#[test]
fn finds_the_last_position_recorded_by_an_instant() {
    let log = MemoryLog::of(&entries());
    for position in 1..=log.last().0 {
        let last_of_instant = (position / 3 * 3 + 2).min(log.last().0);
        assert_eq!(now(position_at(&log, recorded_at(position))).unwrap(), Position(last_of_instant), "{position}");
    }
    let before = Timestamp::clamped(-1);
    assert_eq!(now(position_at(&log, before)).unwrap(), Position::ZERO);
    assert_eq!(now(position_at(&log, Timestamp::MAX)).unwrap(), log.last());
}

#[test]
fn a_ticket_that_does_not_begin_with_its_opening_stops_the_fold_at_its_position() {
    let log = MemoryLog::of(&history(1, [(0, Story::Resumed)]));
    let stopped = now(catch_up(&log, &mut Measurements::default(), None, |_| {})).unwrap_err();
    assert!(matches!(stopped, CatchUpError::OutOfOrder { position: Position(2), .. }), "{stopped}");
}

#[test]
fn an_event_of_a_newer_version_stops_the_fold_at_its_position() {
    let entries = history(1, [(0, opened(Who::Customer)), (1, Story::FromTheFuture)]);
    let log = MemoryLog::of(&entries);
    let stopped = now(catch_up(&log, &mut Measurements::default(), None, |_| {})).unwrap_err();
    assert!(matches!(stopped, CatchUpError::Unreadable { position: Position(3), .. }), "{stopped}");
    assert!(stopped.to_string().contains("upgrade"), "{stopped}");
}
