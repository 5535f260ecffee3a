//! Reading facts: the blocks of an embedded log, mapped from its derived files, against the same facts in a `Vec`.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on stops")]

use daftar_benches::{asked_for, bench_line, events, interleaved, long, median, median_ratio, rate};
use daftar_eventlog::block::BLOCK_EVENTS;
use daftar_eventlog::codec::ticket::{Origin, TicketCodec};
use daftar_eventlog::codec::{EventType, decode_facts};
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::facts::Facts;
use daftar_eventlog::{Commit, EventLog, FactBlock, LogReader, Position, StreamName, Version};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Runtime;

/// What scanning is held to, in events a second.
const SCANNED_AT_LEAST: f64 = 150e6;
/// Events of one ticket.
const LIFE_EVENTS: usize = 8;

fn main() {
    if !asked_for() {
        return;
    }
    let (blocks, rounds) = if long() { (256, 31) } else { (64, 15) };
    let count = blocks * BLOCK_EVENTS;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    runtime.block_on(fill(dir.path(), count / LIFE_EVENTS));
    // Opened again, so that every block is read from its file.
    let log = EmbeddedLog::open(dir.path(), &Options::default()).unwrap();
    let in_memory = runtime.block_on(copy(&log));
    assert_eq!(in_memory.len(), count);

    let (mut blocks, mut plain) = (|| read_blocks(&runtime, &log, count), || read_vec(&in_memory));
    let [blocks, plain] = interleaved(rounds, [&mut blocks, &mut plain]);
    let against = format!("the same facts decoded from a Vec in memory, {:.0} events/s", median(&plain));
    bench_line("read_facts", median(&blocks), "events/s", Some(median_ratio(&blocks, &plain)), Some(&against));
    let blocks = runtime.block_on(blocks_of(&log));
    let scans: Vec<_> = (0..rounds).map(|_| scan(&blocks, count)).collect();
    let against = "at least 150 M events/s on one core, checksums verified";
    bench_line("scan_facts", median(&scans), "events/s", Some(median(&scans) / SCANNED_AT_LEAST), Some(against));
}

/// Appends the lives of that many tickets, some at a time so that they share their syncs.
async fn fill(dir: &Path, tickets: usize) {
    let log = Arc::new(EmbeddedLog::open(dir, &Options::default()).unwrap());
    let codec = TicketCodec::new(log.keys(), log.identity().log_id);
    let mut commits = (0..tickets).map(|n| life(&codec, n)).peekable();
    while commits.peek().is_some() {
        let append = |commit| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.append(commit).await })
        };
        let group: Vec<_> = commits.by_ref().take(1000).map(append).collect();
        for append in group {
            append.await.unwrap().unwrap();
        }
    }
}

fn life(codec: &TicketCodec, n: usize) -> Commit {
    let ticket = events::ticket_id(n);
    let n = u32::try_from(n).unwrap();
    let owner = codec.owner_of(&events::opening(n)).unwrap();
    let encode = |(event, version)| codec.encode(&ticket, owner, Version(version), &event, &Origin::default()).unwrap();
    let events = events::life(n).into_iter().zip(1..).map(encode).collect();
    Commit {
        stream: StreamName::ticket(ticket.as_str()),
        expected: Version::ZERO,
        events,
        command: None,
        recorded_at: None,
    }
}

async fn blocks_of(log: &EmbeddedLog) -> Vec<FactBlock> {
    let (mut blocks, mut after) = (Vec::new(), Position::ZERO);
    while let Some(block) = log.fact_block(after).await.unwrap() {
        after = block.last();
        blocks.push(block);
    }
    blocks
}

/// Verifies the rows of every block, counts closings and adds up when they happened.
fn scan(blocks: &[FactBlock], count: usize) -> f64 {
    let started = Instant::now();
    let (mut closings, mut sum) = (0_u64, 0_i64);
    for block in blocks {
        block.verify_rows().unwrap();
        closings += block.types().map(|of| u64::from(of == EventType::TICKET_CLOSED)).sum::<u64>();
        sum = block.occurred_at().fold(sum, |sum, at| sum.wrapping_add(at.micros()));
    }
    black_box(sum);
    assert_eq!(closings, (count / LIFE_EVENTS) as u64);
    rate(count, started.elapsed())
}

/// The facts of every event, encoded as they are in the log.
async fn copy(log: &EmbeddedLog) -> Vec<(EventType, u8, Box<[u8]>)> {
    let mut copied = Vec::new();
    let mut after = Position::ZERO;
    loop {
        let events = log.read_events(after, BLOCK_EVENTS).await.unwrap();
        let Some(last) = events.last() else { return copied };
        after = last.position;
        copied.extend(events.iter().map(|event| {
            let head = event.bytes.head().unwrap();
            (head.event_type, head.schema, head.facts.into())
        }));
    }
}

fn read_blocks(runtime: &Runtime, log: &EmbeddedLog, count: usize) -> f64 {
    runtime.block_on(async {
        let started = Instant::now();
        let (mut after, mut seen) = (Position::ZERO, 0);
        while let Some(block) = log.fact_block(after).await.unwrap() {
            for row in block.iter() {
                seen += see(&row.decode().unwrap());
            }
            after = block.last();
        }
        assert_eq!(seen, count);
        rate(count, started.elapsed())
    })
}

fn read_vec(events: &[(EventType, u8, Box<[u8]>)]) -> f64 {
    let started = Instant::now();
    let seen: usize =
        events.iter().map(|(event_type, schema, facts)| see(&decode_facts(*event_type, *schema, facts).unwrap())).sum();
    assert_eq!(seen, events.len());
    rate(seen, started.elapsed())
}

/// Keeps the compiler from leaving the decoding out.
fn see(facts: &Facts<'_>) -> usize {
    black_box(facts);
    1
}
