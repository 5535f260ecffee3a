//! A file of events, NDJSON.

use super::{Carried, Finding, Origin, Source, Unopened};
use crate::{Failure, progress};
use async_trait::async_trait;
use daftar_domain::Limits;
use daftar_eventlog::clock::system_clock;
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::import::{LineReader, Misversioned, Reject, ReplayProgress, Replayed, replay_shown, source};
use daftar_eventlog::memory::MemoryLog;
use daftar_eventlog::sealing::{KeyStore, memory_keys::MemoryKeys};
use daftar_eventlog::{LogReader as _, Position};
use indicatif::ProgressBar;
use std::fmt::Display;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// How many rejected lines are told one by one.
const REJECTS_SHOWN: u64 = 10;

/// The file; `-` for standard input.
pub(super) struct Events(pub(super) PathBuf);

#[async_trait(?Send)]
impl Origin for Events {
    fn name(&self) -> String {
        format!("events of {}", source::name_of(&self.0))
    }

    fn carries(&self) -> &'static [Carried] {
        &[Carried::Positions, Carried::Versions]
    }

    /// Reads it into memory, telling what it can't take.
    async fn open(&self, quiet: bool) -> Result<Source, Unopened> {
        let unread = |why: &dyn Display| Failure::run(format!("--events {}: {why}", self.0.display()));
        let memory = MemoryLog::new(system_clock()).map_err(Failure::run)?;
        let keys: Arc<dyn KeyStore> = Arc::new(MemoryKeys::new().map_err(Failure::run)?);
        let codec = TicketCodec::new(Arc::clone(&keys), memory.identity().log_id);
        let opened = source::open(&self.0, Arc::new(AtomicU64::new(0)));
        let opened = opened.map_err(|e| unread(&e))?;
        let mut rejects = Rejects::default();
        let mut on_reject = |reject: Reject<'_>| rejects.tell(&reject);
        let lines = LineReader::new(opened, Limits::default());
        let mut bars = Bars { quiet, bar: progress::without_end("reading", quiet), read: 0 };
        let mut shown = |progress| bars.show(progress);
        let replayed = replay_shown(&memory, &codec, lines, system_clock(), &mut on_reject, &mut shown).await;
        bars.bar.finish_and_clear();
        let replayed = replayed.map_err(|e| unread(&e))?;
        rejects.tell_rest();
        if !quiet && std::io::stderr().is_terminal() {
            eprintln!("daftar-replay: {} of {} lines taken", replayed.counts.appended, replayed.counts.read);
        }
        let misversioned = wrong_version(&replayed);
        misversioned.iter().for_each(|finding| eprintln!("daftar-replay: {}", finding.what));
        let findings = rejects.finding().into_iter().chain(misversioned).collect();
        let (tells_recorded_at, lacks) = (replayed.tells_recorded_at, lacks(&replayed));
        Ok(Source {
            has_log_id: false,
            log: Arc::new(memory),
            keys,
            tells_recorded_at,
            has_keys: true,
            lacks,
            findings,
            later: None,
        })
    }
}

/// How far the lines are read, then how far they are recorded.
struct Bars {
    quiet: bool,
    bar: ProgressBar,
    read: u64,
}

impl Bars {
    fn show(&mut self, progress: ReplayProgress) {
        match progress {
            ReplayProgress::Read(lines) => {
                self.read = lines;
                self.bar.set_position(lines);
            }
            ReplayProgress::Recorded(lines) => {
                if self.bar.length().is_none() {
                    self.bar.finish_and_clear();
                    self.bar = progress::up_to(Position(self.read), "recording", self.quiet);
                }
                self.bar.set_position(lines);
            }
        }
    }
}

/// The lines that history can't take.
#[derive(Default)]
struct Rejects {
    count: u64,
    first: Option<(u64, String)>,
}

impl Rejects {
    fn tell(&mut self, reject: &Reject<'_>) {
        self.count += 1;
        self.first.get_or_insert_with(|| (reject.line, reject.reason.to_string()));
        if self.count <= REJECTS_SHOWN {
            eprintln!("daftar-replay: line {} is left out: {}", reject.line, reject.reason);
        }
    }

    fn tell_rest(&self) {
        if self.count > REJECTS_SHOWN {
            eprintln!("daftar-replay: {} more lines are left out", self.count - REJECTS_SHOWN);
        }
    }

    fn finding(&self) -> Option<Finding> {
        let (line, reason) = self.first.as_ref()?;
        let lines = if self.count == 1 { "1 line is".to_owned() } else { format!("{} lines are", self.count) };
        let what = format!("{lines} left out, the first line {line}: {reason}");
        Some(Finding { place: "lines".to_owned(), position: None, what })
    }
}

/// What the lines do not carry.
fn lacks(replayed: &Replayed) -> Vec<Carried> {
    let lacking = [(Carried::Positions, !replayed.tells_positions), (Carried::Versions, replayed.versioned == 0)];
    lacking.into_iter().filter(|(_, lacks)| *lacks).map(|(carried, _)| carried).collect()
}

/// A version that does not follow the one before it: a line is missing there, or was moved or changed.
fn wrong_version(replayed: &Replayed) -> Option<Finding> {
    let Misversioned { line, position, version, expected } = replayed.misversioned?;
    let what = format!(
        "line {line} says that it is version {version} of its ticket, but version {expected} comes next there: a line is \
         missing or was changed"
    );
    Some(Finding { place: "versions".to_owned(), position: position.map(Position), what })
}
