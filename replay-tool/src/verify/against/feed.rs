//! The server's feed held against the events of a source, line by line.

use super::difference;
use crate::source::{Source, Unopened};
use crate::{Failure, progress};
use daftar_eventlog::checksum::Digest;
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::digest::{Clear, LinesDigest};
use daftar_eventlog::ndjson::{Line, parse_line};
use daftar_eventlog::{Position, StreamKind};
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use ureq::Body;
use ureq::http::Response;

pub(super) const NDJSON: &str = "application/x-ndjson";
/// How many events of the source are read at a time.
const AT_A_TIME: usize = 1024;

/// What came of it.
pub(super) struct Told {
    /// The digest of the server's events up to the source's end.
    pub(super) digest: Digest,
    /// How many were the same, up to the first that differs.
    pub(super) events: u64,
    pub(super) difference: Option<String>,
}

/// Compares the feed with the source's events, both without what is sealed, up to the source's end. The server may go on
/// behind it; what the source has must be there.
pub(super) async fn compare(
    source: &Source,
    feed: Response<Body>,
    until: Position,
    quiet: bool,
) -> Result<Told, Unopened> {
    let bar = progress::up_to(until, "comparing", quiet);
    let mut theirs = Theirs {
        lines: BufReader::new(feed.into_body().into_reader()),
        clear: Clear::default(),
        until,
        compares_recorded_at: source.tells_recorded_at,
    };
    let mut ours = Ours::new(source, until);
    let (mut their_digest, mut our_digest) = (LinesDigest::default(), LinesDigest::default());
    let (mut events, mut difference) = (0, None);
    loop {
        let their_line = theirs.next()?;
        if let Some(line) = &their_line {
            their_digest.take(line);
            bar.set_position(line.position.unwrap_or_default());
        }
        if difference.is_none() {
            let our_line = ours.next().await?;
            difference = first_difference(their_line.as_ref(), our_line.as_ref(), &mut our_digest);
            events += u64::from(difference.is_none() && their_line.is_some());
        }
        if their_line.is_none() {
            bar.finish_and_clear();
            return Ok(Told { digest: their_digest.value(), events, difference });
        }
    }
}

/// How two lines that should be one differ.
fn first_difference(theirs: Option<&Line>, ours: Option<&Line>, written: &mut LinesDigest) -> Option<String> {
    let named = |line: &Line| {
        let position = line.position.unwrap_or_default();
        format!("position {position}: {} of ticket {}", line.event.kind.name(), line.ticket)
    };
    match (theirs, ours) {
        (None, None) => None,
        (Some(theirs), None) => Some(format!("{}: only the server has it", named(theirs))),
        (None, Some(ours)) => Some(format!("{}: the server does not have it", named(ours))),
        (Some(theirs), Some(ours)) if theirs == ours => None,
        (Some(theirs), Some(ours)) if theirs.position < ours.position => {
            Some(format!("{}: only the server has it", named(theirs)))
        }
        (Some(theirs), Some(ours)) if theirs.position > ours.position => {
            Some(format!("{}: the server does not have it", named(ours)))
        }
        (Some(theirs), Some(ours)) => {
            let there = written.take(theirs).to_vec();
            let what = difference::of_events(&there, written.take(ours)).unwrap_or_default();
            Some(format!("{}: {what}", named(ours)))
        }
    }
}

/// The server's lines without what is sealed.
struct Theirs<R> {
    lines: BufReader<R>,
    clear: Clear,
    until: Position,
    /// Whether the source says when its events were recorded.
    compares_recorded_at: bool,
}

impl<R: Read> Theirs<R> {
    fn next(&mut self) -> Result<Option<Line>, Failure> {
        let mut text = Vec::new();
        let read = self.lines.read_until(b'\n', &mut text);
        let broke =
            |why: &dyn std::fmt::Display| Failure::run(format!("--against: the server's feed broke off: {why}"));
        read.map_err(|e| broke(&e))?;
        if text.is_empty() {
            return Ok(None);
        }
        let mut line = parse_line(&text).map_err(|e| broke(&e))?;
        line.recorded_at = line.recorded_at.filter(|_| self.compares_recorded_at);
        let within = line.position.is_none_or(|position| position <= self.until.0);
        Ok(within.then(|| self.clear.line(line)))
    }
}

/// The source's lines without what is sealed.
struct Ours<'s> {
    source: &'s Source,
    codec: TicketCodec,
    clear: Clear,
    after: Position,
    until: Position,
    ready: VecDeque<Line>,
}

impl<'s> Ours<'s> {
    fn new(source: &'s Source, until: Position) -> Self {
        let codec = TicketCodec::new(source.keys.clone(), source.log.identity().log_id);
        Self { source, codec, clear: Clear::default(), after: Position::ZERO, until, ready: VecDeque::new() }
    }

    async fn next(&mut self) -> Result<Option<Line>, Unopened> {
        while self.ready.is_empty() && self.after < self.until {
            self.read().await?;
        }
        Ok(self.ready.pop_front())
    }

    async fn read(&mut self) -> Result<(), Unopened> {
        let broken = |e| Unopened::of_store("events", e);
        let events = self.source.log.read_events(self.after, AT_A_TIME).await.map_err(broken)?;
        self.after = events.last().map_or(self.until, |event| event.position);
        for event in events.iter().filter(|event| event.position <= self.until) {
            let head = event.bytes.head().map_err(|e| broken(e.at(event.position)))?;
            if head.stream_kind == StreamKind::Ticket {
                let line = self.source.line(&self.codec, event).map_err(broken)?;
                self.ready.push_back(self.clear.line(line));
            }
        }
        Ok(())
    }
}
