//! Folding the log into measurements, against decoding the same facts and doing nothing with them.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on stops")]

use daftar_benches::{asked_for, bench_line, history, interleaved, long, median, median_ratio, rate};
use daftar_eventlog::codec::decode_facts;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::{LogReader, Position};
use daftar_projections::measurements::Measurements;
use daftar_projections::projector::catch_up;
use std::hint::black_box;
use std::time::Instant;
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
    let log = EmbeddedLog::open(dir.path(), &Options::default()).unwrap();
    let (mut fold, mut decode) = (|| fold(&runtime, &log, end), || decode(&runtime, &log, end));
    let [fold, decode] = interleaved(rounds, [&mut fold, &mut decode]);
    let against = format!("the same blocks read and decoded alone, {:.0} events/s", median(&decode));
    bench_line("fold", median(&fold), "events/s", Some(median_ratio(&fold, &decode)), Some(&against));
}

fn fold(runtime: &Runtime, log: &EmbeddedLog, end: Position) -> f64 {
    let started = Instant::now();
    let mut state = Measurements::default();
    runtime.block_on(catch_up(log, &mut state, None, |_| {})).unwrap();
    assert_eq!(state.position(), end);
    rate(usize::try_from(end.0).unwrap(), started.elapsed())
}

fn decode(runtime: &Runtime, log: &EmbeddedLog, end: Position) -> f64 {
    let started = Instant::now();
    let mut seen = 0;
    runtime.block_on(async {
        let mut after = Position::ZERO;
        while let Some(block) = log.fact_block(after).await.unwrap() {
            for row in block.iter() {
                black_box(decode_facts(row.event_type, row.schema, row.facts).unwrap());
                seen += 1;
            }
            after = block.last();
        }
    });
    assert_eq!(seen, end.0);
    rate(usize::try_from(seen).unwrap(), started.elapsed())
}
