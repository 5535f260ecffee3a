//! Folding the log into measurements, alone and into the state that readers share, against decoding the same facts and
//! doing nothing with them.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on stops")]

use daftar_benches::{asked_for, bench_line, history, interleaved, long, median, median_ratio, rate};
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::{LogReader, Position};
use daftar_projections::definition::document::Definition;
use daftar_projections::definition::presets;
use daftar_projections::live::Live;
use daftar_projections::measurements::Measurements;
use daftar_projections::projector::catch_up;
use std::collections::HashSet;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

fn main() {
    if !asked_for() {
        return;
    }
    let (tickets, rounds) = if long() { (250_000, 15) } else { (40_000, 9) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let log = EmbeddedLog::open(dir.path(), &Options::default()).unwrap();
    let end = runtime.block_on(history::import(&log, &history::lines(tickets))).unwrap();
    log.close();
    // Opened again, so that the blocks are read from their files.
    let log = Arc::new(EmbeddedLog::open(dir.path(), &Options::default()).unwrap());
    let definitions = five();
    let mut fold_one = || fold(&runtime, &log, end, &definitions[..1]);
    let mut fold_five = || fold(&runtime, &log, end, &definitions);
    let mut published = || publish(&runtime, &log, end);
    let mut decode = || decode(&runtime, &log, end);
    let [fold, five, published, decode] =
        interleaved(rounds, [&mut fold_one, &mut fold_five, &mut published, &mut decode]);
    let against = format!("the same blocks read and decoded alone, {:.0} events/s", median(&decode));
    bench_line("fold", median(&fold), "events/s", Some(median_ratio(&fold, &decode)), Some(&against));
    let against_five =
        format!("the default definition alone, {:.0} events/s; a fifth of it were no gain", median(&fold));
    bench_line("fold_5_definitions", median(&five), "events/s", Some(median_ratio(&five, &fold)), Some(&against_five));
    let ratio = median_ratio(&published, &decode);
    bench_line("fold_published", median(&published), "events/s", Some(ratio), Some(&against));
}

/// Folds into the published state while a reader asks for a count again and again, as a dashboard would.
fn publish(runtime: &Runtime, log: &Arc<EmbeddedLog>, end: Position) -> f64 {
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
        assert_eq!(live.read(Measurements::position).unwrap(), end);
        rate(usize::try_from(end.0).unwrap(), took)
    })
}

/// The default definition and four presets, none of which shares its folded fields with another.
fn five() -> Vec<Definition> {
    let presets = ["zendesk", "freshdesk", "zammad", "iran"];
    let others = presets.iter().map(|name| Definition::from_toml(presets::text(name).unwrap()).unwrap());
    let all: Vec<_> = std::iter::once(Definition::default()).chain(others).collect();
    let folded: HashSet<_> = all.iter().map(Definition::folded).collect();
    assert_eq!(folded.len(), all.len());
    all
}

/// Folds the log once for each definition; events of the log a second.
fn fold(runtime: &Runtime, log: &EmbeddedLog, end: Position, definitions: &[Definition]) -> f64 {
    let started = Instant::now();
    for definition in definitions {
        let mut state = Measurements::under(definition.folded());
        runtime.block_on(catch_up(log, &mut state, None, |_| {})).unwrap();
        assert_eq!(state.position(), end);
    }
    rate(usize::try_from(end.0).unwrap(), started.elapsed())
}

fn decode(runtime: &Runtime, log: &EmbeddedLog, end: Position) -> f64 {
    let started = Instant::now();
    let mut seen = 0;
    runtime.block_on(async {
        let mut after = Position::ZERO;
        while let Some(block) = log.fact_block(after).await.unwrap() {
            for row in block.iter() {
                black_box(row.decode().unwrap());
                seen += 1;
            }
            after = block.last();
        }
    });
    assert_eq!(seen, end.0);
    rate(usize::try_from(seen).unwrap(), started.elapsed())
}
