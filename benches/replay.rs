//! A replay by the program `daftar-replay`, from the start of its process to its output, against DuckDB and Polars
//! computing the same figures from the same events, and against a loop written by hand over columns in memory.
//!
//! `DAFTAR_LONG=1` replays 5 M events; `DAFTAR_HUGE=1` besides compares 50 M with them, and needs some 12 GB of disk.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on stops")]

use daftar_benches::desk::{Columns, Desk};
use daftar_benches::replay::Figures;
use daftar_benches::replay::hand_loop::Counted;
use daftar_benches::replay::peers::Peer;
use daftar_benches::replay::tool::Tool;
use daftar_benches::{asked_for, bench_line, interleaved, long, median, median_ratio};
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;
use tempfile::TempDir;

/// Some 6.5 events a ticket: 5 M, and 200,000 where nobody asks for a long run.
const LONG: u32 = 770_000;
const SHORT: u32 = 31_000;
const HUGE: u32 = 7_700_000;
/// What the tool is held to on all cores, which the peers have too: a third of the fastest peer, four times the loop, which
/// has one. On one core it is measured beside that.
const OF_A_PEER: [&str; 2] = ["one core against all cores", "at most a third"];
const OF_THE_LOOP: [&str; 2] = ["one core against", "at most 4 times"];
/// What a replay of a huge desk may hold, in bytes, and how much more an event of it may cost.
const HUGE_MEMORY: f64 = 4e9;
const HUGE_COST: f64 = 1.3;

fn main() {
    if !asked_for() {
        return;
    }
    let (tool, huge) = (Tool::built(), std::env::var("DAFTAR_HUGE").is_ok_and(|value| value == "1"));
    let filled = Filled::of(Desk { tickets: if long() || huge { LONG } else { SHORT } });
    filled.compare(&tool, if long() { 7 } else { 5 });
    if huge {
        Filled::of(Desk { tickets: HUGE }).compare_with_less(&filled, &tool);
    }
}

/// A desk in a data directory.
struct Filled {
    desk: Desk,
    dir: TempDir,
    events: f64,
}

/// What each side took, in milliseconds, round by round.
struct Sides {
    one: Vec<f64>,
    all: Vec<f64>,
    hand: Vec<f64>,
    peers: Vec<(String, Vec<f64>)>,
}

impl Filled {
    fn of(desk: Desk) -> Self {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let events = runtime.block_on(desk.fill(&dir.path().join("data"))) as f64;
        Self { desk, dir, events }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Everybody's figures agree, then everybody takes turns.
    fn compare(&self, tool: &Tool, rounds: usize) {
        tool.export(&self.data(), &self.dir.path().join("events.parquet"));
        let columns = Columns::of(self.desk);
        assert_eq!(columns.stream.len() as f64, self.events);
        let peers = Peer::all(self.dir.path());
        let figures = self.agree(tool, &columns, &peers);
        let sides = self.take_turns(tool, &columns, &peers, rounds);
        sides.print(&format!("{} events, {} groups", self.events, figures.groups()));
        self.print_cost(tool, &sides);
    }

    fn agree(&self, tool: &Tool, columns: &Columns, peers: &[Peer]) -> Figures {
        let figures = Counted::of(columns, self.desk.tickets as usize).figures();
        for threads in [Some(1), None] {
            tool.run(&self.data(), threads).figures().assert_agrees(&figures, "the loop");
        }
        for peer in peers {
            figures.assert_agrees(&peer.run().1, &peer.name);
        }
        figures
    }

    fn take_turns(&self, tool: &Tool, columns: &Columns, peers: &[Peer], rounds: usize) -> Sides {
        let data = self.data();
        let mut one = || tool.run(&data, Some(1)).seconds * 1000.0;
        let mut all = || tool.run(&data, None).seconds * 1000.0;
        let mut hand = || milliseconds(|| Counted::of(columns, self.desk.tickets as usize));
        let mut peers_took = vec![Vec::new(); peers.len()];
        // The peers are one side, so that there may be any number of them.
        let mut run_peers = || {
            for (peer, took) in peers.iter().zip(&mut peers_took) {
                took.push(peer.run().0 * 1000.0);
            }
            0.0
        };
        let [one, all, hand, _] = interleaved(rounds, [&mut one, &mut all, &mut hand, &mut run_peers]);
        let names = peers.iter().map(|peer| peer.name.clone());
        Sides { one, all, hand, peers: names.zip(peers_took).collect() }
    }

    /// Prints what an event costs, from start to output and stage by stage, and what memory a replay takes.
    fn print_cost(&self, tool: &Tool, sides: &Sides) {
        for (name, threads, took) in [("one_thread", Some(1), &sides.one), ("all_cores", None, &sides.all)] {
            let each = median(took) * 1e6 / self.events;
            bench_line(&format!("replay_event_{name}"), each, "ns/event", None, Some("from start to output"));
            for (stage, each) in tool.run(&self.data(), threads).stages {
                bench_line(&format!("replay_event_{name}_{stage}"), each, "ns/event", None, Some("--timings"));
            }
            let megabytes = tool.memory(&self.data(), threads) / 1e6;
            bench_line(&format!("replay_memory_{name}"), megabytes, "MB", None, Some("apart from mapped files"));
        }
    }

    /// Prints what an event costs here against a desk with fewer of them, and what memory a replay takes.
    fn compare_with_less(&self, less: &Self, tool: &Tool) {
        for (name, threads) in [("one_thread", Some(1)), ("all_cores", None)] {
            let each = |filled: &Self| tool.run(&filled.data(), threads).seconds * 1e9 / filled.events;
            // Once before, so that the cache is warm.
            each(self);
            let [here, there] = interleaved(3, [&mut || each(self), &mut || each(less)]);
            let against = format!(
                "at most {HUGE_COST} times that of {} events, {:.0} ns; {} events",
                less.events,
                median(&there),
                self.events
            );
            let ratio = median_ratio(&here, &there);
            bench_line(&format!("replay_huge_cost_{name}"), median(&here), "ns/event", Some(ratio), Some(&against));
            let memory = tool.memory(&self.data(), threads);
            let against = format!("at most 4 GB apart from mapped files, {} events", self.events);
            let (gigabytes, ratio) = (memory / 1e9, memory / HUGE_MEMORY);
            bench_line(&format!("replay_huge_memory_{name}"), gigabytes, "GB", Some(ratio), Some(&against));
        }
    }
}

impl Sides {
    fn print(&self, scale: &str) {
        let told: Vec<_> = self.peers.iter().map(|(name, took)| format!("{name} {:.0} ms", median(took))).collect();
        let told = if told.is_empty() { "no peer is there".to_owned() } else { told.join(", ") };
        let fastest = self.peers.iter().min_by(|a, b| median(&a.1).total_cmp(&median(&b.1)));
        let sides = [("one_thread", "", &self.one), ("all_cores", "_all_cores", &self.all)];
        for (((name, suffix, took), of_a_peer), of_the_loop) in sides.into_iter().zip(OF_A_PEER).zip(OF_THE_LOOP) {
            let ratio = fastest.map(|(_, peer)| median_ratio(took, peer));
            let against = format!("{of_a_peer} of the fastest: {told}; {scale}");
            bench_line(&format!("replay_{name}"), median(took), "ms", ratio, Some(&against));
            let ratio = median_ratio(took, &self.hand);
            let against = format!("{of_the_loop} the loop, {:.1} ms on one thread; {scale}", median(&self.hand));
            bench_line(&format!("replay_hand_loop{suffix}"), median(took), "ms", Some(ratio), Some(&against));
        }
    }
}

fn milliseconds<T>(what: impl FnOnce() -> T) -> f64 {
    let started = Instant::now();
    black_box(what());
    started.elapsed().as_secs_f64() * 1000.0
}
