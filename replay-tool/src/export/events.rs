//! Events: read from the log up to the end of the prefix, unsealed.

mod columns;

use super::Stopped;
use super::out::Out;
use crate::Failure;
use crate::asked::Asked;
use crate::source::Source;
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::ndjson::{Line, write_line};
use daftar_eventlog::{Position, RecordedEvent, StoreError, StreamKind};
use indicatif::ProgressBar;
use std::io::{self, Write as _};

pub(super) use columns::columns;

/// How many events are read at a time: some of them may be large.
const EVENTS_AT_A_TIME: usize = 64;

/// The events of a prefix.
pub(super) struct Events<'a> {
    source: &'a Source,
    codec: TicketCodec,
    until: Position,
    /// The last instant whose events are among them.
    happened_by: Option<i64>,
}

impl<'a> Events<'a> {
    /// The events that are asked for.
    pub(super) fn new(asked: &Asked, source: &'a Source) -> Self {
        let codec = TicketCodec::new(source.keys.clone(), source.log.identity().log_id);
        let happened_by = asked.query.happened_by_under(&asked.definition.document);
        Self { source, codec, until: asked.position, happened_by }
    }

    /// Hands on the line of each, in the order of the log.
    pub(super) async fn each(
        &self,
        progress: &ProgressBar,
        mut tell: impl FnMut(&Line) -> io::Result<()>,
    ) -> Result<(), Stopped> {
        let mut reached = Position::ZERO;
        while reached < self.until {
            let recorded = self.source.log.read_events(reached, EVENTS_AT_A_TIME).await.map_err(Failure::run)?;
            // Where there is none, positions end in a gap.
            reached = recorded.last().map_or(self.until, |event| event.position);
            for event in recorded.iter().take_while(|event| event.position <= self.until) {
                if let Some(line) = self.line(event).map_err(Failure::run)? {
                    tell(&line)?;
                }
            }
            progress.set_position(reached.0);
        }
        progress.finish_and_clear();
        Ok(())
    }

    /// An event's line; none: it is no ticket's, or happened later.
    fn line(&self, event: &RecordedEvent) -> Result<Option<Line>, StoreError> {
        let head = event.bytes.head().map_err(|e| e.at(event.position))?;
        let later = self.happened_by.is_some_and(|last| last < head.occurred_at.micros());
        if head.stream_kind != StreamKind::Ticket || later {
            return Ok(None);
        }
        self.source.line(&self.codec, event).map(Some)
    }
}

/// Events as the lines of the feed.
pub(super) struct Lines {
    line: Vec<u8>,
    out: Out,
}

impl Lines {
    pub(super) fn new(out: Out) -> Self {
        Self { line: Vec::new(), out }
    }

    pub(super) fn write(&mut self, line: &Line) -> io::Result<()> {
        self.line.clear();
        write_line(&mut self.line, line);
        self.out.write_all(&self.line)
    }

    pub(super) fn finish(self) -> io::Result<()> {
        self.out.finish()
    }
}
