//! Importing: records what lines say happened. It does not decide, it only refuses what no history may hold.
//!
//! A [`LineReader`] gives chunks of parsed lines; an [`Import`] walks them along their tickets, appends what is new
//! in the order of the lines, and counts. The counts are always true: read = appended + present + rejected.
//!
//! A chunk is worked through on the calling thread and one more beside it, which takes tens of milliseconds; call it
//! where that blocks nobody else.

mod append;
mod lines;
mod replay;
pub mod source;
mod walk;

pub use lines::{Chunk, LineReader};
pub use replay::{Misversioned, ReplayProgress, Replayed, replay_into, replay_shown};
pub use walk::event_id;

use crate::clock::{Clock, system_clock};
use crate::codec::ticket::TicketCodec;
use crate::log::{AppendError, EventLog, StoreError};
use crate::memory::MemoryLog;
use crate::ndjson::Line;
use crate::position::Position;
use crate::sealing::Pseudonym;
use crate::vocabulary::{SharedVocabulary, Vocabulary};
use append::Run;
use daftar_domain::ids::TicketId;
use daftar_domain::{EventKind, Timestamp};
use std::io::{self, BufRead};
use walk::{Verdict, Walk};

/// How far the clocks of two machines may be apart: an event later than this has not happened.
const AHEAD_MAX_MICROS: i64 = 5 * 60 * 1_000_000;

/// What became of the lines: read = appended + present + rejected, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Lines read.
    pub read: u64,
    /// Lines that became an event; on a dry run, that would have.
    pub appended: u64,
    /// Lines whose event the log had already.
    pub present: u64,
    /// Lines that history can't take.
    pub rejected: u64,
}

/// A line that history can't take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reject<'a> {
    /// Its number in its source, from 1.
    pub line: u64,
    /// Why, in words.
    pub reason: &'a str,
    /// The line as it was read, without its line end; the start of one that is longer than 1 MB.
    pub text: &'a [u8],
}

/// Told of every reject, in the order of the lines.
pub type OnReject<'a> = dyn FnMut(Reject<'_>) + Send + 'a;

/// How to import.
#[derive(Clone)]
pub struct Options {
    /// Whether each event keeps the `recorded_at` its line carries; into an empty log only.
    pub keep_recorded_at: bool,
    /// Whether only to say what would happen. Every ticket stays in memory then.
    pub dry_run: bool,
    /// Whether nobody else can write to the log meanwhile; then appends need not wait for one another.
    pub alone: bool,
    /// The clock that no event may be ahead of.
    pub clock: Clock,
    /// The values that the log has already, where somebody keeps them; none: they are read from the log.
    pub vocabulary: Option<SharedVocabulary>,
}

impl Default for Options {
    fn default() -> Self {
        Self { keep_recorded_at: false, dry_run: false, alone: false, clock: system_clock(), vocabulary: None }
    }
}

/// Why an import stopped. What was counted before stands.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log refused what it should have taken.
    #[error(transparent)]
    Append(AppendError),
    /// Others keep writing to one ticket.
    #[error("others keep writing to ticket {ticket}; import again when they are done")]
    Contended {
        /// The ticket.
        ticket: TicketId,
    },
    /// Old times of recording, and a log that has its own.
    #[error(
        "recorded_at can be kept only in an empty log, and this one has {position} events; import without keeping it"
    )]
    NotEmpty {
        /// The log's end.
        position: Position,
    },
    /// The source could not be read on.
    #[error("the source can't be read on: {0}")]
    Source(#[from] io::Error),
}

impl From<AppendError> for ImportError {
    fn from(refused: AppendError) -> Self {
        match refused {
            AppendError::Store(failure) => Self::Store(failure),
            other => Self::Append(other),
        }
    }
}

/// Where an event's `recorded_at` comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamps {
    /// From the log's clock.
    Clock,
    /// From the line, which must carry one.
    Line,
    /// From the line where it carries one, else from `occurred_at`: never from a clock.
    LineOrEvent,
}

impl Stamps {
    fn recorded_at(self, line: &Line) -> Option<Timestamp> {
        match self {
            Self::Clock => None,
            Self::Line => line.recorded_at,
            Self::LineOrEvent => Some(line.recorded_at.unwrap_or(line.event.occurred_at)),
        }
    }
}

/// One import, of any number of sources one after the other.
pub struct Import<'a> {
    log: &'a dyn EventLog,
    codec: &'a TicketCodec,
    options: Options,
    stamps: Stamps,
    /// The log whose positions come from the lines, where it is one.
    places: Option<&'a MemoryLog>,
    walk: Walk,
    /// Read at the first chunk, unless it was given. A dry run adds to a copy of its own.
    vocabulary: Option<SharedVocabulary>,
    counts: Counts,
    /// The latest `recorded_at` of a line taken.
    last_recorded: Option<Timestamp>,
    now: Timestamp,
}

impl<'a> Import<'a> {
    /// Begins an import; the codec must be that of the log.
    ///
    /// # Errors
    ///
    /// [`ImportError::NotEmpty`] when `recorded_at` is to be kept and the log has events.
    pub fn new(log: &'a dyn EventLog, codec: &'a TicketCodec, options: Options) -> Result<Self, ImportError> {
        let position = *log.durable().borrow();
        if options.keep_recorded_at && position > Position::ZERO {
            return Err(ImportError::NotEmpty { position });
        }
        let stamps = if options.keep_recorded_at { Stamps::Line } else { Stamps::Clock };
        let walk = Walk::new(&log.identity().log_id, options.dry_run);
        let (counts, now) = (Counts::default(), (options.clock)());
        let vocabulary = options.vocabulary.clone().filter(|_| !options.dry_run);
        Ok(Self { log, codec, options, stamps, places: None, walk, vocabulary, counts, last_recorded: None, now })
    }

    /// What became of the lines so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Says that the next line is the first of another source. A ticket whose opening stands first in it is walked from
    /// its start, so that a file read twice adds nothing; another goes on where the source before ended.
    pub fn begin_source(&mut self) {
        self.walk.begin_source();
    }

    /// Records the lines of a chunk; when it answers, what was appended is durable.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; the counts then end before the first line that may not have been kept.
    pub async fn record(&mut self, mut chunk: Chunk, on_reject: &mut OnReject<'_>) -> Result<(), ImportError> {
        self.now = (self.options.clock)();
        if self.vocabulary.is_none() {
            self.vocabulary = Some(SharedVocabulary::new(Vocabulary::of(self.log).await?));
        }
        self.walk.meet(self.log, self.codec, &chunk).await?;
        let (mut verdicts, runs) = self.walk_along(&mut chunk)?;
        let mut outcome = Ok(());
        if !self.options.dry_run {
            if let Err((first, failure)) = self.append(&mut chunk, &runs, &mut verdicts).await {
                verdicts.truncate(first);
                outcome = Err(failure);
            }
            self.walk.let_go();
        }
        self.count(&chunk, &verdicts, on_reject);
        outcome
    }

    /// Records everything a reader gives.
    ///
    /// # Errors
    ///
    /// [`ImportError`], of the source too, after everything that could be read of it was recorded.
    pub async fn record_all<R: BufRead + Send>(
        &mut self,
        lines: &mut LineReader<R>,
        on_reject: &mut OnReject<'_>,
    ) -> Result<(), ImportError> {
        while let Some(chunk) = lines.next_chunk()? {
            self.record(chunk, on_reject).await?;
        }
        Ok(())
    }

    /// Judges every line of a chunk, each against what the lines before it left.
    fn walk_along(&mut self, chunk: &mut Chunk) -> Result<(Vec<Verdict>, Vec<Run>), ImportError> {
        let (mut verdicts, mut runs) = (Vec::with_capacity(chunk.len()), Vec::new());
        for (index, line) in chunk.lines.iter_mut().enumerate() {
            let bytes = line.text_len();
            let verdict = match &mut line.parsed {
                Err(reason) => Verdict::Rejected(std::mem::take(reason)),
                Ok(line) => {
                    let before = self.walk.ticket(&line.ticket)?.walked;
                    let verdict = self.judge(line)?;
                    if verdict == Verdict::Next && !self.options.dry_run {
                        append::add(&mut runs, self.run_of((index, bytes), line, before)?);
                    }
                    verdict
                }
            };
            verdicts.push(verdict);
        }
        Ok((verdicts, runs))
    }

    fn judge(&mut self, line: &mut Line) -> Result<Verdict, ImportError> {
        if let Err(reason) = self.timely(line) {
            return Ok(Verdict::Rejected(reason));
        }
        let vocabulary = self.vocabulary.get_or_insert_default();
        if let Err(refused) = vocabulary.lock().room_for(&line.event.kind) {
            return Ok(Verdict::Rejected(refused.to_string()));
        }
        let verdict = self.walk.judge(line)?;
        if verdict == Verdict::Next {
            vocabulary.lock().add(&line.event.kind);
        }
        Ok(verdict)
    }

    /// Checks a line's times against the clock and the lines before it.
    fn timely(&self, line: &Line) -> Result<(), String> {
        self.not_ahead("occurred_at", line.event.occurred_at)?;
        if self.stamps != Stamps::Line {
            return Ok(());
        }
        let recorded_at = line.recorded_at.ok_or("recorded_at is missing: to keep it, every line must carry it")?;
        self.not_ahead("recorded_at", recorded_at)?;
        match self.last_recorded {
            Some(last) if recorded_at < last => Err(format!(
                "recorded_at is {recorded_at}, before the {last} of an earlier line: to keep it, lines must be in its order"
            )),
            _ => Ok(()),
        }
    }

    fn not_ahead(&self, field: &str, at: Timestamp) -> Result<(), String> {
        if at.micros() <= self.now.micros().saturating_add(AHEAD_MAX_MICROS) {
            return Ok(());
        }
        Err(format!("{field} is {at}, more than five minutes ahead of this machine's clock, which says {}", self.now))
    }

    /// Whose key seals the content of a ticket; its opening makes the key.
    fn owner_of(&mut self, line: &Line) -> Result<Pseudonym, ImportError> {
        let codec = self.codec;
        let known = self.walk.ticket(&line.ticket)?;
        if let (None, EventKind::TicketOpened(opening)) = (known.owner, &line.event.kind) {
            known.owner = Some(codec.owner_of(opening)?);
        }
        let missing = || StoreError::failed("importing", format!("ticket {} has no key", line.ticket));
        Ok(known.owner.ok_or_else(missing)?)
    }

    fn count(&mut self, chunk: &Chunk, verdicts: &[Verdict], on_reject: &mut OnReject<'_>) {
        for (index, verdict) in verdicts.iter().enumerate() {
            self.counts.read += 1;
            match verdict {
                Verdict::Present => self.counts.present += 1,
                Verdict::Next => self.counts.appended += 1,
                Verdict::Rejected(reason) => {
                    self.counts.rejected += 1;
                    on_reject(Reject { line: chunk.lines[index].number, reason, text: chunk.text(index) });
                }
            }
        }
    }
}
