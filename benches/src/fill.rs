//! Logs filled as a help desk fills them: whole lives in bulk, or one event a commit, interleaved over many tickets.

use crate::events;
use daftar_domain::ids::CustomerId;
use daftar_domain::{Event, EventKind};
use daftar_eventlog::codec::ticket::{Origin, TicketCodec};
use daftar_eventlog::embedded::{Durability, EmbeddedLog, Options};
use daftar_eventlog::sealing::{Hashed, Pseudonym, keyed_hash};
use daftar_eventlog::{CommandStamp, Commit, EventLog, LogReader, StreamName, Version};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Events of one ticket.
pub const LIFE_EVENTS: usize = 8;
/// How many tickets a writer has open at a time where it writes one event a commit.
const OPEN_TICKETS: usize = 16;

/// How a log is filled.
#[derive(Debug, Clone, Copy)]
pub struct Filling {
    /// How many tickets, of eight events each.
    pub tickets: usize,
    /// How many customers they share.
    pub customers: usize,
    /// How many commits wait for their answers at a time.
    pub writers: usize,
    /// Whether every event is a commit of its own with a command's stamp, as live commands have it; else a commit is a
    /// ticket's whole life without one, as an import has it.
    pub one_by_one: bool,
    /// When an append is answered; where records begin and end does not depend on it.
    pub durability: Durability,
}

impl Filling {
    /// Fills a new log in `dir` and closes it; answers how many bytes its events have, heads and sealed contents.
    ///
    /// # Panics
    ///
    /// When the log refuses anything.
    pub async fn fill(self, dir: &Path) -> usize {
        let options = Options { durability: self.durability, ..Options::default() };
        let log = Arc::new(EmbeddedLog::open(dir, &options).unwrap());
        let codec = TicketCodec::new(log.keys(), log.identity().log_id);
        let (next, bytes) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let writer = |_| {
            let (log, codec, next, bytes) = (Arc::clone(&log), codec.clone(), Arc::clone(&next), Arc::clone(&bytes));
            tokio::spawn(async move { self.write(&log, &codec, &next, &bytes).await })
        };
        let writers: Vec<_> = (0..self.writers).map(writer).collect();
        for writer in writers {
            writer.await.unwrap();
        }
        bytes.load(Ordering::Relaxed)
    }

    /// One writer: takes tickets until none is left, some at a time where it writes event by event.
    async fn write(self, log: &EmbeddedLog, codec: &TicketCodec, next: &AtomicUsize, bytes: &AtomicUsize) {
        let at_a_time = if self.one_by_one { OPEN_TICKETS } else { 1 };
        loop {
            let first = next.fetch_add(at_a_time, Ordering::Relaxed);
            let tickets: Vec<_> = (first..self.tickets.min(first + at_a_time)).map(|n| self.life(codec, n)).collect();
            if tickets.is_empty() {
                return;
            }
            for commit in self.commits(codec, &tickets) {
                bytes.fetch_add(bytes_of(&commit), Ordering::Relaxed);
                log.append(commit).await.unwrap();
            }
        }
    }

    fn life(self, codec: &TicketCodec, n: usize) -> Life {
        let mut events = events::life(u32::try_from(n).unwrap());
        let EventKind::TicketOpened(opening) = &mut events[0].kind else { unreachable!("a life begins with it") };
        opening.customer = Some(CustomerId::known_good(&format!("customer-{}", n * 7919 % self.customers)));
        let owner = codec.owner_of(opening).unwrap();
        Life { n, owner, events }
    }

    /// The commits of some tickets: a life each, or first events, second events, and so on.
    fn commits(self, codec: &TicketCodec, tickets: &[Life]) -> impl Iterator<Item = Commit> {
        let rounds = if self.one_by_one { LIFE_EVENTS } else { 1 };
        let each = LIFE_EVENTS / rounds;
        let of_round = move |round: usize| tickets.iter().map(move |life| life.commit(codec, round * each, each));
        (0..rounds).flat_map(of_round)
    }
}

/// A ticket to be written.
pub(crate) struct Life {
    /// Its number, of which its id is made.
    pub(crate) n: usize,
    pub(crate) owner: Pseudonym,
    pub(crate) events: Vec<Event>,
}

impl Life {
    /// `count` of its events from the one numbered `from` on, from 0; a command's stamp goes with one that is alone, unless
    /// it is all there is.
    pub(crate) fn commit(&self, codec: &TicketCodec, from: usize, count: usize) -> Commit {
        let ticket = events::ticket_id(self.n);
        let stamp = |key: String| {
            let hashed = |what| keyed_hash(codec.keys().secret(), what, &[b"key-1", key.as_bytes()]);
            CommandStamp { id: hashed(Hashed::CommandId), digest: hashed(Hashed::CommandDigest) }
        };
        let command = (count == 1 && self.events.len() > 1).then(|| stamp(format!("{}-{from}", self.n)));
        let issuer = command.map(|_| ("key-1".to_owned(), 1));
        let origin = Origin { issuer, command, ..Origin::default() };
        let version = |n: usize| Version(u32::try_from(n).unwrap());
        let encode = |n: usize| codec.encode(&ticket, self.owner, version(n + 1), &self.events[n], &origin).unwrap();
        let (stream, events) = (StreamName::ticket(ticket.as_str()), (from..from + count).map(encode).collect());
        Commit { stream, expected: version(from), events, command, recorded_at: None }
    }
}

/// The bytes of a commit's events as the log keeps them: heads and sealed contents.
fn bytes_of(commit: &Commit) -> usize {
    let parts = commit.events.iter().map(|event| event.bytes());
    parts.map(|bytes| bytes.head.len() + bytes.sealed.as_deref().map_or(0, <[u8]>::len)).sum()
}

/// The bytes of all files in a directory, and of those within it.
///
/// # Panics
///
/// When it can't be read.
#[must_use]
pub fn size_of(dir: &Path) -> u64 {
    let size = |entry: std::io::Result<std::fs::DirEntry>| {
        let (entry, path) = entry.map(|entry| (entry.metadata().unwrap(), entry.path())).unwrap();
        if entry.is_dir() { size_of(&path) } else { entry.len() }
    };
    std::fs::read_dir(dir).unwrap().map(size).sum()
}
