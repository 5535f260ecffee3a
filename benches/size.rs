//! The room a log takes: sled's directory against the bytes of the events, written by 64 writers and by one.
//!
//! Nothing is synced while it is filled: where records begin and end does not depend on that.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on stops")]

use daftar_benches::fill::{Filling, LIFE_EVENTS, size_of};
use daftar_benches::{asked_for, bench_line, long};
use daftar_eventlog::embedded::Durability;

fn main() {
    if !asked_for() {
        return;
    }
    let share = if long() { 1 } else { 10 };
    bench("size_64_writers", 5_000_000 / share, 64, 2.0);
    bench("size_one_by_one", 1_000_000 / share, 1, 3.3);
}

/// Events of one commit each, by so many writers.
fn bench(name: &str, events: usize, writers: usize, limit: f64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let tickets = events / LIFE_EVENTS;
    let filling = Filling { tickets, customers: tickets / 5, writers, one_by_one: true, durability: Durability::Os };
    let bytes = runtime.block_on(filling.fill(dir.path()));
    let part = |part: &str| bytes_as_f64(size_of(&dir.path().join(part)));
    let of_log = part("log") / bytes_as_f64(bytes as u64);
    let against = format!("at most {limit} of the events' bytes, {events} events");
    bench_line(name, of_log, "bytes/byte", Some(of_log / limit), Some(&against));
    let derived = part("derived") / bytes_as_f64(events as u64);
    bench_line(&format!("{name}_derived"), derived, "bytes/event", Some(derived / 70.0), Some("at most 70"));
}

fn bytes_as_f64(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53")]
    let bytes = bytes as f64;
    bytes
}
