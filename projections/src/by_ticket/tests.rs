//! Whatever stands between the events of a ticket, and wherever a prefix ends: each is found once, in its order.

use super::Index;
use super::index::Stream;
use super::runs::Runs;
use crate::report::tests::properties::{entries, steps};
use crate::test_support::{MemoryLog, now};
use daftar_eventlog::{BlockFacts, Position};
use proptest::prelude::*;
use std::num::NonZero;

/// The positions of each ticket's events, in the order in which they are found.
fn found(index: &Index, ranges: u32) -> Vec<Vec<Position>> {
    let blocks: Vec<BlockFacts<'_>> = index.blocks().collect();
    let mut lives = Vec::new();
    for range in index.ranges(NonZero::new(ranges).unwrap()) {
        if index.is_by_stream() {
            for (about, count, events) in Runs::of(index, range, &blocks) {
                let positions: Vec<_> = events.map(|fact| fact.position).collect();
                assert_eq!(positions.len(), count);
                lives.push((about, positions));
            }
        } else {
            let of_range = index.of_range(range);
            lives.extend(of_range.streams().map(|(stream, about)| {
                (about, of_range.events(stream).iter().map(|row| row.of(&blocks).position).collect())
            }));
        }
    }
    let of_tickets = lives.into_iter().filter(|(about, life)| *about == Stream::Ticket && !life.is_empty());
    of_tickets.map(|(_, life)| life).collect()
}

proptest! {
    #[test]
    fn every_event_of_a_prefix_is_found_once(
        steps in steps(),
        one_after_the_other in any::<bool>(),
        cut in 0..=99_usize,
        threads in 1..3_u32,
        ranges in 1..9_u32,
    ) {
        let mut entries = entries(&steps);
        if one_after_the_other {
            entries.sort_by_key(|entry| entry.ticket);
        }
        entries.truncate(entries.len() * cut / 99);
        let log = MemoryLog::of(&entries);
        let index = now(Index::read(&log, log.last(), None, NonZero::new(threads).unwrap())).unwrap();
        // Tickets are numbered in the order of their first events; the log's own event stands at position 1.
        let mut lives: Vec<(u32, Vec<Position>)> = Vec::new();
        for (entry, position) in entries.iter().zip(2..) {
            match lives.iter_mut().find(|(ticket, _)| *ticket == entry.ticket) {
                Some((_, life)) => life.push(Position(position)),
                None => lives.push((entry.ticket, vec![Position(position)])),
            }
        }
        prop_assert!(index.is_by_stream() || !one_after_the_other);
        let lives: Vec<_> = lives.into_iter().map(|(_, life)| life).collect();
        prop_assert_eq!(found(&index, ranges), lives);
        let latest = entries.iter().map(|entry| entry.at).max();
        prop_assert_eq!(index.latest(), latest);
    }
}
