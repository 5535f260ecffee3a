//! Opening a large log: how long it takes, and the memory of a process after it and after random loads.
//!
//! Two directories are filled, one in bulk and one with one event a commit, each with a command's stamp. Each is then
//! opened in a process of its own, which asks the system for its memory: `VmRSS` counts mapped files too, which are
//! page cache that the system takes back when it wants it; `RssAnon` is what the process itself holds.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on stops")]

use daftar_benches::fill::{Filling, LIFE_EVENTS, size_of};
use daftar_benches::{asked_for, bench_line, events, long, median};
use daftar_eventlog::embedded::{Durability, EmbeddedLog, Options};
use daftar_eventlog::{LogReader, StreamName, Version};
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use tokio::runtime::Runtime;

/// Names the variable that makes this program the process that opens, and says how many tickets there are.
const CHILD: &str = "DAFTAR_BENCH_OPEN";
const LOADS: usize = 10_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if let Ok(child) = std::env::var(CHILD) {
        let (tickets, dir) = child.split_once(' ').unwrap();
        return measure(&runtime, Path::new(dir), tickets.parse().unwrap());
    }
    if !asked_for() {
        return;
    }
    let events = if long() { 10_000_000 } else { 1_000_000 };
    // `cargo bench --bench open -- bulk` measures that alone.
    for (name, one_by_one) in [("bulk", false), ("one_by_one", true)] {
        let other = if one_by_one { "bulk" } else { "one_by_one" };
        if !std::env::args().any(|arg| arg == other) {
            bench(&runtime, name, events, one_by_one);
        }
    }
}

fn bench(runtime: &Runtime, name: &str, events: usize, one_by_one: bool) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let tickets = events / LIFE_EVENTS;
    let filling = Filling { tickets, customers: tickets / 5, writers: 512, one_by_one, durability: Durability::Always };
    let bytes = runtime.block_on(filling.fill(dir.path()));
    let per_event = |part: &str| ratio(size_of(&dir.path().join(part)), events);
    let (derived, log) = (per_event("derived"), per_event("log"));
    let millions = events / 1_000_000;
    let line = |what: &str, value: f64, unit: &str, limit: Option<f64>| {
        let against = limit.map(|limit| format!("at most {limit} {unit}, {millions} M events"));
        let ratio = limit.map(|limit| value / limit);
        bench_line(&format!("open_{name}_{what}"), value, unit, ratio, against.as_deref());
    };
    line("derived", derived, "bytes/event", Some(70.0));
    line("log", log / ratio(bytes as u64, events), "bytes/byte", None);
    let opened: Vec<_> = (0..3).map(|_| in_a_child(dir.path(), tickets)).collect();
    let of = |n: usize| median(&opened.iter().map(|figures| figures[n]).collect::<Vec<_>>());
    line("seconds", of(0), "s", Some(1.5));
    line("rss", of(1), "MB", Some(300.0));
    line("anon", of(2), "MB", None);
    line("rss_after_loads", of(3), "MB", Some(300.0));
    line("anon_after_loads", of(4), "MB", None);
}

fn ratio(bytes: u64, events: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53")]
    let (bytes, events) = (bytes as f64, events as f64);
    bytes / events
}

/// Opens the log in a process of its own; answers the seconds it took, and `VmRSS` and `RssAnon` in MB then and after
/// the loads.
fn in_a_child(dir: &Path, tickets: usize) -> Vec<f64> {
    let this = std::env::current_exe().unwrap();
    let child = Command::new(this).env(CHILD, format!("{tickets} {}", dir.display())).output().unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    String::from_utf8(child.stdout).unwrap().split_whitespace().map(|figure| figure.parse().unwrap()).collect()
}

/// What the child does.
fn measure(runtime: &Runtime, dir: &Path, tickets: usize) {
    let started = Instant::now();
    let log = EmbeddedLog::open(dir, &Options { create: false, ..Options::default() }).unwrap();
    let seconds = started.elapsed().as_secs_f64();
    let opened = memory();
    runtime.block_on(load(&log, tickets));
    let loaded = memory();
    println!("{seconds} {} {} {} {}", opened.0, opened.1, loaded.0, loaded.1);
}

async fn load(log: &EmbeddedLog, tickets: usize) {
    for n in 0..LOADS {
        // A stride without a common divisor visits tickets all over the log.
        let ticket = events::ticket_id(n.wrapping_mul(7_368_787) % tickets);
        let events = log.read_stream(&StreamName::ticket(ticket.as_str()), Version::ZERO, usize::MAX).await.unwrap();
        assert_eq!(events.len(), LIFE_EVENTS);
    }
}

/// `VmRSS` and `RssAnon` of this process, in MB.
fn memory() -> (f64, f64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    };
    (of("VmRSS:"), of("RssAnon:"))
}
