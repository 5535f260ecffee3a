//! The live read side of a large desk: what a state takes of memory for each ticket, how fast it catches up, and how
//! soon it is there after a restart.
//!
//! Memory is that of a process of its own, which folds a log whose blocks are made while it reads and kept by nobody:
//! what it has grown by is the state.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on stops")]

use daftar_api::checkpoints::DIRECTORY as CHECKPOINTS;
use daftar_benches::blocks::BlockLog;
use daftar_benches::desk::{Desk, Order};
use daftar_benches::fill::{Filling, LIFE_EVENTS};
use daftar_benches::{anonymous_memory, asked_for, bench_line, long, median, rate};
use daftar_eventlog::LogReader;
use daftar_eventlog::embedded::{Durability, EmbeddedLog, Options};
use daftar_projections::checkpoint::{Checkpoint, Mark};
use daftar_projections::definition::document::Definition;
use daftar_projections::definition::presets;
use daftar_projections::live::Live;
use daftar_projections::measurements::Measurements;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Names the variable that makes this program a process that is measured, and says what it does.
const CHILD: &str = "DAFTAR_BENCH_LIVE";
/// What a state may take of memory for each ticket, and each further one, in bytes.
const FIRST_AT_MOST: f64 = 600.0;
const FURTHER_AT_MOST: f64 = 300.0;
/// What catching up is held to, in events a second.
const CATCHING_UP_AT_LEAST: f64 = 1e6;
/// What a restart is held to, in seconds.
const READY_WITHIN: f64 = 3.0;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Ok(child) = std::env::var(CHILD) {
        let words: Vec<_> = child.split(' ').collect();
        return match words[..] {
            ["memory", tickets, order] => remember(&runtime, tickets.parse().unwrap(), order),
            ["checkpoint", dir] => write_checkpoint(&runtime, Path::new(dir)),
            ["restart", dir] => restart(&runtime, Path::new(dir)),
            _ => panic!("{CHILD} says {child}"),
        };
    }
    if !asked_for() {
        return;
    }
    let tickets = if long() { 1_000_000 } else { 100_000 };
    for (name, order) in [("time", Order::Time), ("ticket", Order::Ticket)] {
        memory(tickets, name);
        catching_up(&runtime, tickets, name, order);
    }
    restarts(if long() { 10_000_000 } else { 500_000 });
}

/// Prints what a state takes for each ticket, and what a second one does beside it.
fn memory(tickets: u32, order: &str) {
    let grown = in_a_child(&format!("memory {tickets} {order}"));
    let line = |what: &str, bytes: f64, most: f64| {
        let against = format!("at most {most} bytes, {tickets} tickets in {order} order");
        bench_line(&format!("{what}_{order}_order"), bytes, "bytes/ticket", Some(bytes / most), Some(&against));
    };
    line("memory_per_ticket", grown[0] / f64::from(tickets), FIRST_AT_MOST);
    line("memory_per_ticket_further_state", grown[1] / f64::from(tickets), FURTHER_AT_MOST);
}

/// What the child does: folds under one definition, then under another whose folded fields differ, and says by how many
/// bytes it has grown each time.
fn remember(runtime: &Runtime, tickets: u32, order: &str) {
    let order = if order == "time" { Order::Time } else { Order::Ticket };
    let iran = Definition::from_toml(presets::text("iran").unwrap()).unwrap();
    let mut before = anonymous_memory();
    let mut states = Vec::new();
    for definition in [Definition::default(), iran] {
        let log = Arc::new(BlockLog::made(Desk { tickets }, order));
        let live = match states.first() {
            Some(first) => Live::beside(first, definition.folded().into(), log),
            None => Live::under(definition.folded(), log),
        };
        runtime.block_on(live.catch_up(|_| {})).unwrap();
        assert_eq!(live.read(|state| state.openings.len()).unwrap(), tickets as usize);
        states.push(Arc::new(live));
        let now = anonymous_memory();
        print!("{} ", now - before);
        before = now;
    }
}

/// Prints how fast a state catches up that somebody reads meanwhile.
fn catching_up(runtime: &Runtime, tickets: u32, name: &str, order: Order) {
    let log = Arc::new(BlockLog::kept(Desk { tickets }, order));
    let rounds: Vec<_> = (0..3).map(|_| publish(runtime, &log)).collect();
    let events = log.last();
    let against = format!("at least 1 M events/s; {tickets} tickets, {events} events in {name} order");
    let (value, ratio) = (median(&rounds), median(&rounds) / CATCHING_UP_AT_LEAST);
    bench_line(&format!("catch_up_published_{name}_order"), value, "events/s", Some(ratio), Some(&against));
}

/// Folds into the published state while a reader asks for a count again and again, as a dashboard would.
fn publish(runtime: &Runtime, log: &Arc<BlockLog>) -> f64 {
    let live = Live::new(Arc::clone(log) as Arc<dyn LogReader>);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                black_box(live.read(|state| (state.position(), state.openings.len())).unwrap());
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let started = Instant::now();
        runtime.block_on(live.catch_up(|_| {})).unwrap();
        let took = started.elapsed();
        done.store(true, Ordering::Relaxed);
        assert_eq!(live.read(Measurements::position).unwrap(), log.last());
        rate(usize::try_from(log.last().0).unwrap(), took)
    })
}

/// Prints how soon after its start a process has opened the log and has a state at its end.
fn restarts(events: usize) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let tickets = events / LIFE_EVENTS;
    let durability = Durability::Always;
    let filling = Filling { tickets, customers: tickets / 4, writers: 512, one_by_one: false, durability };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(filling.fill(dir.path()));
    let child = |what: &str| format!("{what} {}", dir.path().display());
    let folding = in_a_child(&child("restart"));
    let megabytes = in_a_child(&child("checkpoint"))[0];
    let rounds: Vec<_> = (0..3).map(|_| in_a_child(&child("restart"))).collect();
    let (ready, opened) = (rounds.iter().map(|round| round[0]), rounds.iter().map(|round| round[1]));
    let (ready, opened) = (median(&ready.collect::<Vec<_>>()), median(&opened.collect::<Vec<_>>()));
    let against = format!(
        "at most 3 s with 10 M events; {events} events, {opened:.2} s of it opening the log, a checkpoint of \
         {megabytes:.0} MB; without one {:.2} s",
        folding[0]
    );
    bench_line("restart_ready", ready, "s", Some(ready / READY_WITHIN), Some(&against));
}

fn opened(dir: &Path) -> Arc<EmbeddedLog> {
    Arc::new(EmbeddedLog::open(dir, &Options { create: false, ..Options::default() }).unwrap())
}

/// What a child does: from its start to figures at the end of the log, as the server starts, and how long the log took.
fn restart(runtime: &Runtime, dir: &Path) {
    let started = Instant::now();
    let log = opened(dir);
    let opened = started.elapsed();
    let folded = Definition::default().folded();
    let checkpoint = Checkpoint::new(&dir.join(CHECKPOINTS), &folded);
    let state = runtime.block_on(checkpoint.read(&*log as &dyn LogReader, &folded)).unwrap();
    let live = Live::new(log);
    state.into_iter().for_each(|state| live.resume(state));
    runtime.block_on(live.catch_up(|_| {})).unwrap();
    print!("{} {}", started.elapsed().as_secs_f64(), opened.as_secs_f64());
}

/// What a child does before: folds the log, writes a checkpoint, and says how large it is.
fn write_checkpoint(runtime: &Runtime, dir: &Path) {
    let log = opened(dir);
    let live = Live::new(Arc::clone(&log) as Arc<dyn LogReader>);
    runtime.block_on(live.catch_up(|_| {})).unwrap();
    let state = live.to_resume().unwrap();
    let checkpoint = Checkpoint::new(&dir.join(CHECKPOINTS), state.folded());
    let mark = runtime.block_on(Mark::of(&*log as &dyn LogReader, &state)).unwrap();
    checkpoint.write(&state, &mark).unwrap();
    print!("{}", std::fs::metadata(checkpoint.path()).unwrap().len() as f64 / 1e6);
}

/// The numbers that a process of its own prints.
fn in_a_child(asked: &str) -> Vec<f64> {
    let child = Command::new(std::env::current_exe().unwrap()).env(CHILD, asked).output().unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    String::from_utf8(child.stdout).unwrap().split_whitespace().map(|figure| figure.parse().unwrap()).collect()
}
