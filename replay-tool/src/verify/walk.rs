//! A walk along every event of a source: its place, its version, the chain, its content; and the digest of all.

use crate::Failure;
use crate::source::{Carried, Finding, Source, Unopened};
use daftar_eventlog::checksum::{Digest, chain_next};
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::digest::{Clear, LinesDigest};
use daftar_eventlog::record::EventHead;
use daftar_eventlog::{Position, RecordedEvent, StoreError, StreamKind, StreamName};
use indicatif::ProgressBar;
use std::collections::HashMap;

/// How many events are read at a time.
const AT_A_TIME: usize = 1024;

/// What was seen on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Walked {
    /// Events of tickets, and others.
    pub(super) events: u64,
    pub(super) others: u64,
    pub(super) tickets: u64,
    pub(super) last: Position,
    /// How many events had content that opened with its key.
    pub(super) opened: u64,
    /// The digest that everybody gets.
    pub(super) digest: Digest,
    /// The digest of the lines with everything in them; none where the keys are not here.
    pub(super) exported: Option<Digest>,
}

/// Where the walk stands.
struct Walk<'s> {
    source: &'s Source,
    codec: TicketCodec,
    /// Whether positions have no gaps and a chain runs over them.
    chained: bool,
    chain: Digest,
    versions: HashMap<StreamName, u32>,
    walked: Walked,
    clear: Clear,
    digest: LinesDigest,
    exported: LinesDigest,
}

/// Walks a source to its end.
///
/// # Errors
///
/// [`Unopened::Damaged`] with the first position that is not what was written.
pub(super) async fn walk(source: &Source, carried: &[Carried], progress: &ProgressBar) -> Result<Walked, Unopened> {
    let mut walk = Walk::new(source, carried.contains(&Carried::Chain));
    loop {
        let events = source.log.read_events(walk.walked.last, AT_A_TIME).await;
        let events = events.map_err(|e| Unopened::of_store("events", e))?;
        if events.is_empty() {
            return walk.end().await;
        }
        events.iter().try_for_each(|event| walk.step(event))?;
        progress.set_position(walk.walked.last.0);
    }
}

impl<'s> Walk<'s> {
    fn new(source: &'s Source, chained: bool) -> Self {
        let (events, others, tickets, opened) = (0, 0, 0, 0);
        let last = Position::ZERO;
        Self {
            source,
            codec: TicketCodec::new(source.keys.clone(), source.log.identity().log_id),
            chained,
            chain: source.log.genesis().chain(),
            versions: HashMap::new(),
            walked: Walked { events, others, tickets, last, opened, digest: [0; 32], exported: None },
            clear: Clear::default(),
            digest: LinesDigest::default(),
            exported: LinesDigest::default(),
        }
    }

    fn step(&mut self, event: &RecordedEvent) -> Result<(), Unopened> {
        let position = event.position;
        let head = event.bytes.head().map_err(|e| Unopened::of_store("events", e.at(position)))?;
        self.check_place(position, &head)?;
        self.chain = chain_next(&self.chain, &event.bytes.digest(), event.recorded_at);
        self.walked.last = position;
        if head.stream_kind != StreamKind::Ticket {
            self.walked.others += 1;
            return Ok(());
        }
        self.walked.events += 1;
        self.walked.tickets += u64::from(head.version.0 == 1);
        self.walked.opened += u64::from(head.has_content && self.source.has_keys);
        let line = self.source.line(&self.codec, event).map_err(|e| of_content(position, e))?;
        self.exported.take(&line);
        self.digest.take(&self.clear.line(line));
        Ok(())
    }

    /// Whether it follows the event before it, in the log and in its stream.
    fn check_place(&mut self, position: Position, head: &EventHead<'_>) -> Result<(), Unopened> {
        let found = |what: String| Err(Unopened::Damaged(Finding::at("events", position, what)));
        let follows = if self.chained { position == self.walked.last.next() } else { position > self.walked.last };
        if !follows {
            return found(format!("it stands after position {}", self.walked.last));
        }
        let version = self.versions.entry(head.stream()).or_insert(0);
        if head.version.0 != *version + 1 {
            return found(format!("{} goes on with version {}, after version {version}", head.stream(), head.version));
        }
        *version += 1;
        Ok(())
    }

    async fn end(mut self) -> Result<Walked, Unopened> {
        let last = self.walked.last;
        if self.chained && last > Position::ZERO {
            let kept = self.source.log.chain_at(last).await.map_err(|e| Unopened::of_store("chain", e))?;
            if kept != self.chain {
                let what = "the chain over all events up to it is not the one that was kept";
                return Err(Unopened::Damaged(Finding::at("chain", last, what)));
            }
        }
        self.walked.digest = self.digest.value();
        self.walked.exported = self.source.has_keys.then(|| self.exported.value());
        Ok(self.walked)
    }
}

/// Content that does not open is wrong in itself, or its key is missing: either way it is told with its place.
fn of_content(position: Position, failure: StoreError) -> Unopened {
    match Unopened::of_store("events", failure) {
        Unopened::Failed(Failure::Run(why)) => Unopened::Damaged(Finding::at("keys", position, why)),
        other => other,
    }
}
