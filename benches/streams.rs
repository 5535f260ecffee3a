//! One ticket's stream at random out of a large log: with the default cache, and with one that the log fits.
//!
//! Tickets of eight events, written one event a commit by 512 writers with sixteen open tickets each, so that a ticket's
//! events lie in eight records. 64 tasks read whole streams, one after the other.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on stops")]

use daftar_benches::fill::{Filling, LIFE_EVENTS};
use daftar_benches::{asked_for, bench_line, events, long, median, rate};
use daftar_eventlog::embedded::{Durability, EmbeddedLog, Options};
use daftar_eventlog::{LogReader, StreamName, Version};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Runtime;

const TASKS: usize = 64;
/// Streams read in a round.
const READS: usize = 20_000;
const ROUNDS: usize = 5;

fn main() {
    if !asked_for() {
        return;
    }
    let tickets = if long() { 1_000_000 } else { 1_000_000 / LIFE_EVENTS };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let durability = Durability::Os;
    let filling = Filling { tickets, customers: tickets / 5, writers: 512, one_by_one: true, durability };
    runtime.block_on(filling.fill(dir.path()));
    let small = Options::default().cache_bytes;
    bench(&runtime, dir.path(), tickets, ("streams", small, 5_000.0));
    bench(&runtime, dir.path(), tickets, ("streams_cached", 4 << 30, 25_000.0));
}

fn bench(runtime: &Runtime, dir: &Path, tickets: usize, (name, cache_bytes, limit): (&str, u64, f64)) {
    let log = Arc::new(EmbeddedLog::open(dir, &Options { cache_bytes, ..Options::default() }).unwrap());
    // The first rounds fill the cache.
    let rates: Vec<_> = (0..ROUNDS + 2).map(|round| read(runtime, &log, tickets, round)).skip(2).collect();
    let against = format!("at least {limit} streams/s, {TASKS} tasks, {tickets} tickets");
    bench_line(name, median(&rates), "streams/s", Some(median(&rates) / limit), Some(&against));
}

fn read(runtime: &Runtime, log: &Arc<EmbeddedLog>, tickets: usize, round: usize) -> f64 {
    runtime.block_on(async {
        let started = Instant::now();
        let task = |task: usize| {
            let log = Arc::clone(log);
            tokio::spawn(async move {
                for n in (task..READS).step_by(TASKS) {
                    // A stride without a common divisor visits tickets all over the log.
                    let ticket = events::ticket_id((round * READS + n).wrapping_mul(7_368_787) % tickets);
                    let stream = StreamName::ticket(ticket.as_str());
                    let events = log.read_stream(&stream, Version::ZERO, usize::MAX).await.unwrap();
                    assert_eq!(events.len(), LIFE_EVENTS);
                }
            })
        };
        let tasks: Vec<_> = (0..TASKS).map(task).collect();
        for task in tasks {
            task.await.unwrap();
        }
        rate(READS, started.elapsed())
    })
}
