//! Catching up, stopping, and what stops it.

use super::*;
use crate::checkpoint::Writer;
use crate::definition::document::Definition;
use crate::measurements::parts::PARTS;
use crate::report::tests::naive::any::{any_definition, any_history};
use crate::test_support::{
    BLOCK_ROWS, Entry, MemoryLog, Story, Who, closed, folded, history, now, opened, recorded_at,
};
use daftar_eventlog::codec::EventType;
use proptest::prelude::*;

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

/// Everything that a state holds, written down.
fn bytes_of(state: &Measurements) -> Vec<u8> {
    let mut out = Writer::default();
    PARTS.iter().for_each(|name| state.write_part(*name, &mut out));
    out.into_bytes()
}

/// The whole history folded on two threads, some blocks at a time.
fn shared(definition: &Definition, log: &MemoryLog, blocks_at_once: usize) -> Measurements {
    let mut state = Measurements::under(definition.folded());
    loop {
        let (mut blocks, mut reached) = (Vec::new(), state.position());
        while blocks.len() < blocks_at_once
            && let Some(block) = now(next_block(log, reached)).unwrap()
        {
            reached = block.last();
            blocks.push(block);
        }
        if !fold_blocks_shared(&mut state, &blocks).unwrap() {
            return state;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("DAFTAR_LONG").is_some() { 2000 } else { 60 }))]

    #[test]
    fn two_threads_leave_what_one_leaves(
        definition in any_definition(),
        entries in any_history(),
        blocks_at_once in 1..5_usize,
    ) {
        let log = MemoryLog::of(&entries);
        let mut alone = Measurements::under(definition.folded());
        now(catch_up(&log, &mut alone, None, |_| {})).unwrap();
        let shared = shared(&definition, &log, blocks_at_once);
        prop_assert_eq!(shared.position(), alone.position());
        prop_assert!(bytes_of(&shared) == bytes_of(&alone));
    }
}

#[test]
fn two_threads_stop_at_the_event_at_which_one_stops() {
    let entries = [entries(), history(50, [(0, opened(Who::Customer)), (1, Story::FromTheFuture)])].concat();
    let log = MemoryLog::of(&entries);
    let mut blocks = Vec::new();
    while let Some(block) = now(next_block(&log, blocks.last().map_or(Position::ZERO, FactBlock::last))).unwrap() {
        blocks.push(block);
    }
    let stopped = fold_blocks_shared(&mut Measurements::default(), &blocks).unwrap_err();
    let alone = now(catch_up(&log, &mut Measurements::default(), None, |_| {})).unwrap_err();
    assert_eq!(stopped.to_string(), alone.to_string());
    assert!(matches!(stopped, CatchUpError::Unreadable { .. }), "{stopped}");
}
