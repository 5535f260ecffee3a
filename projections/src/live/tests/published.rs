//! The publishing structure: in every order of its steps that threads can meet in, and under load.

mod checked;

use super::super::published::Published;
use super::{Following, LONG, block_on, figures, live};
use crate::measurements::Measurements;
use crate::report::tests::properties::{entries, steps};
use crate::test_support::{Entry, folded};
use daftar_eventlog::Position;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// A history of random steps, long enough for readers to meet the projector in the middle.
pub(in crate::live) fn random_history(runner: &mut TestRunner, events: usize) -> Vec<Entry> {
    let mut all = Vec::new();
    while all.len() < events {
        all.extend(steps().new_tree(runner).unwrap().current());
    }
    entries(&all)
}

/// Readers take snapshots, and hold some of them, while the projector folds; each is what its position says.
#[test]
fn threads_that_read_while_the_projector_writes_see_figures_of_their_position() {
    let rounds = if std::env::var_os("DAFTAR_LONG").is_some() { 20 } else { 1 };
    let mut runner = TestRunner::deterministic();
    for _ in 0..rounds {
        let entries = random_history(&mut runner, 300);
        let positions = 1..=Position(1 + entries.len() as u64).0;
        // Worked out before anybody folds beside a reader.
        let expected: Vec<_> = positions.map(|at| figures(&folded(&entries, Some(Position(at))))).collect();
        let seen = read_beside(entries);
        assert!(seen.len() > 10);
        for (announced, state) in seen {
            assert!(announced <= state.position(), "what was announced is there");
            if let Some(place) = state.position().0.checked_sub(1) {
                assert_eq!(figures(&state), expected[usize::try_from(place).unwrap()]);
            }
        }
    }
}

/// Every snapshot that three readers took while a projector followed the log as it grew, with what was announced before.
fn read_beside(entries: Vec<Entry>) -> Vec<(Position, Arc<Measurements>)> {
    let count = entries.len();
    let (log, live) = live(entries);
    let following = Following::start(&live);
    let done = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        let read_on = || {
            let mut seen: Vec<(Position, Arc<Measurements>)> = Vec::new();
            while !done.load(Ordering::Acquire) || seen.is_empty() {
                let announced = *live.published().borrow();
                let state = live.snapshot().unwrap();
                // Held to the end, and looked at only then: a snapshot stays as it is.
                if seen.last().is_none_or(|(_, last)| last.position() < state.position()) {
                    seen.push((announced, state));
                }
            }
            seen
        };
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(read_on)).collect();
        for events in (1..=count).step_by(3).chain([count]) {
            let last = log.grow_to(events);
            assert!(block_on(live.seen(last, LONG)));
        }
        done.store(true, Ordering::Release);
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
    });
    following.stop().unwrap();
    seen
}

#[test]
fn the_last_hold_on_a_value_lets_go_of_it() {
    let first = Arc::new(1);
    let published = Published::new(Arc::clone(&first));
    let held = published.load();
    published.publish(Arc::new(2), Position(7));
    assert_eq!((*held, *published.load(), published.reached()), (1, 2, Position(7)));
    drop(held);
    assert_eq!(Arc::strong_count(&first), 1);
}
