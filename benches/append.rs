//! Durable appends by 1, 64 and 512 writers: the whole log against a plain file with the same group commit.
//!
//! Each writer appends replies to a ticket of its own and awaits each. `append_N` encodes, hashes and seals in the
//! writers' tasks, as the edge does for a command; `append_ready_N` is given events that are sealed already. The peer
//! is always given its bytes, and they are the events' own.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on stops")]

use daftar_benches::plain_file::PlainFile;
use daftar_benches::{asked_for, bench_line, events, interleaved, long, median, median_ratio, rate};
use daftar_eventlog::codec::ticket::{Origin, TicketCodec};
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::sealing::{Hashed, Pseudonym, keyed_hash};
use daftar_eventlog::{CommandStamp, Commit, EventLog, LogReader, NewEvent, StreamName, Version};
use std::cell::RefCell;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Runtime;

/// How long the peer's side of a round should take, in seconds; the log's takes longer by their ratio.
const PEER_SECONDS: f64 = 0.2;

fn main() {
    if !asked_for() {
        return;
    }
    let rounds = if long() { 31 } else { 7 };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    // `cargo bench --bench append -- 64` measures that alone.
    let asked: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    for writers in if asked.is_empty() { vec![1, 64, 512] } else { asked } {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        bench(&runtime, dir.path(), writers, rounds);
    }
}

fn bench(runtime: &Runtime, dir: &Path, writers: usize, rounds: usize) {
    let mut desk = Desk::open(dir, writers);
    let log = Arc::clone(&desk.log);
    let plain = Arc::new(PlainFile::create(&dir.join("plain")));
    let warm_up = (2000 / writers).max(100);
    let commits = desk.ready(warm_up);
    let peer_rate = through_plain(runtime, &plain, bytes_of(&commits));
    through_log(runtime, &log, commits);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
    let each = (peer_rate * PEER_SECONDS) as usize / writers + 1;

    let desk = RefCell::new(desk);
    let mut whole = || desk.borrow_mut().append_whole(runtime, each);
    let bytes = RefCell::new(Vec::new());
    let mut ready = || {
        let commits = desk.borrow_mut().ready(each);
        bytes.replace(bytes_of(&commits));
        through_log(runtime, &log, commits)
    };
    let mut peer = || through_plain(runtime, &plain, bytes.take());
    let [whole, ready, peer] = interleaved(rounds, [&mut whole, &mut ready, &mut peer]);
    let against = format!("plain file, fdatasync a group, {writers} writers, {:.0} events/s", median(&peer));
    let line = |name: &str, side: &[f64]| {
        let name = format!("{name}_{writers}");
        bench_line(&name, median(side), "events/s", Some(median_ratio(side, &peer)), Some(&against));
    };
    line("append", &whole);
    line("append_ready", &ready);
}

/// A log, and one ticket for each writer.
struct Desk {
    log: Arc<EmbeddedLog>,
    codec: TicketCodec,
    owners: Vec<Pseudonym>,
    version: u32,
}

impl Desk {
    fn open(dir: &Path, writers: usize) -> Self {
        let log = Arc::new(EmbeddedLog::open(&dir.join("log"), &Options::default()).unwrap());
        let codec = TicketCodec::new(log.keys(), log.identity().log_id);
        let owners = (0..writers).map(|n| codec.owner_of(&events::opening(small(n))).unwrap()).collect();
        Self { log, codec, owners, version: 0 }
    }

    /// The next `each` commits of every writer, encoded and sealed.
    fn ready(&mut self, each: usize) -> Vec<Vec<Commit>> {
        let from = self.version;
        self.version += small(each);
        let of_writer =
            |(writer, owner)| (0..small(each)).map(|n| self.writer(writer, owner).commit(from + n)).collect();
        self.owners.iter().copied().enumerate().map(of_writer).collect()
    }

    fn append_whole(&mut self, runtime: &Runtime, each: usize) -> f64 {
        let from = self.version;
        self.version += small(each);
        let tasks = self.owners.iter().copied().enumerate().map(|(writer, owner)| {
            let (log, writer) = (Arc::clone(&self.log), self.writer(writer, owner));
            async move {
                for n in 0..small(each) {
                    log.append(writer.commit(from + n)).await.unwrap();
                }
            }
        });
        timed(runtime, self.owners.len() * each, tasks)
    }

    fn writer(&self, writer: usize, owner: Pseudonym) -> Writer {
        Writer { codec: self.codec.clone(), number: writer, owner }
    }
}

/// One writer, at a ticket of its own.
struct Writer {
    codec: TicketCodec,
    number: usize,
    owner: Pseudonym,
}

impl Writer {
    /// A reply to the ticket at version `expected`, with a command's stamp as every request with a key has.
    fn commit(&self, expected: u32) -> Commit {
        let ticket = events::ticket_id(self.number);
        let event = events::reply(expected + small(self.number));
        let key = format!("{}-{expected}", self.number);
        let hashed = |what| keyed_hash(self.codec.keys().secret(), what, &[b"key-1", key.as_bytes()]);
        let command = Some(CommandStamp { id: hashed(Hashed::CommandId), digest: hashed(Hashed::CommandDigest) });
        let origin = Origin { issuer: Some(("key-1".to_owned(), 1)), command, ..Origin::default() };
        let event = self.codec.encode(&ticket, self.owner, Version(expected + 1), &event, &origin).unwrap();
        let stream = StreamName::ticket(ticket.as_str());
        Commit { stream, expected: Version(expected), events: vec![event], command, recorded_at: None }
    }
}

fn through_log(runtime: &Runtime, log: &Arc<EmbeddedLog>, commits: Vec<Vec<Commit>>) -> f64 {
    let count = commits.iter().map(Vec::len).sum();
    let tasks = commits.into_iter().map(|commits| {
        let log = Arc::clone(log);
        async move {
            for commit in commits {
                log.append(commit).await.unwrap();
            }
        }
    });
    timed(runtime, count, tasks)
}

/// The bytes of every event, as the log keeps them.
fn bytes_of(commits: &[Vec<Commit>]) -> Vec<Vec<Vec<u8>>> {
    let bytes = |event: &NewEvent| [&event.bytes().head[..], event.bytes().sealed.as_deref().unwrap()].concat();
    commits.iter().map(|of_writer| of_writer.iter().map(|commit| bytes(&commit.events[0])).collect()).collect()
}

fn through_plain(runtime: &Runtime, plain: &Arc<PlainFile>, appends: Vec<Vec<Vec<u8>>>) -> f64 {
    let count = appends.iter().map(Vec::len).sum();
    let tasks = appends.into_iter().map(|appends| {
        let plain = Arc::clone(plain);
        async move {
            for bytes in appends {
                plain.append(bytes).await;
            }
        }
    });
    timed(runtime, count, tasks)
}

/// Runs every writer as a task of its own until the last has its last answer; answers events a second.
fn timed<F>(runtime: &Runtime, count: usize, tasks: impl Iterator<Item = F>) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    runtime.block_on(async {
        let started = Instant::now();
        let tasks: Vec<_> = tasks.map(tokio::spawn).collect();
        for task in tasks {
            task.await.unwrap();
        }
        rate(count, started.elapsed())
    })
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap()
}
