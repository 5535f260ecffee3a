//! Importing history end to end, durable, against parsing the same lines and writing them to a plain file.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on stops")]

use daftar_benches::{asked_for, bench_line, history, interleaved, long, median, median_ratio, rate};
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::ndjson::parse_line;
use std::fs::File;
use std::io::Write;
use std::time::Instant;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The peer syncs its file once for so many lines, as the import appends a chunk at a time.
const SYNCED_LINES: usize = 8192;

fn main() {
    if !asked_for() {
        return;
    }
    let (tickets, rounds) = if long() { (100_000, 9) } else { (12_500, 5) };
    let lines = history::lines(tickets);
    let count = lines.iter().filter(|byte| **byte == b'\n').count();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (mut log, mut plain) = (|| import(&runtime, &lines, count), || parse_and_write(&lines, count));
    let [log, plain] = interleaved(rounds, [&mut log, &mut plain]);
    let against = format!("the same lines parsed and written to a plain file with fdatasync, {:.0} /s", median(&plain));
    bench_line("import", median(&log), "events/s", Some(median_ratio(&log, &plain)), Some(&against));
}

fn fresh() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// Opens a new log, imports, and closes it: what a user waits for.
fn import(runtime: &Runtime, lines: &[u8], count: usize) -> f64 {
    let dir = fresh();
    let started = Instant::now();
    let log = EmbeddedLog::open(dir.path(), &Options::default()).unwrap();
    let end = runtime.block_on(history::import(&log, lines)).unwrap();
    log.close();
    assert_eq!(end.0, count as u64);
    rate(count, started.elapsed())
}

fn parse_and_write(lines: &[u8], count: usize) -> f64 {
    let dir = fresh();
    let started = Instant::now();
    let mut file = File::create(dir.path().join("plain")).unwrap();
    let (mut parsed, mut waiting) = (0, Vec::new());
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        parsed += usize::from(parse_line(line).is_ok());
        waiting.extend(line);
        if parsed % SYNCED_LINES == 0 {
            file.write_all(&waiting).unwrap();
            file.sync_data().unwrap();
            waiting.clear();
        }
    }
    file.write_all(&waiting).unwrap();
    file.sync_data().unwrap();
    assert_eq!(parsed, count);
    rate(count, started.elapsed())
}
