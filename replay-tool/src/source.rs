//! Where the history comes from: a data directory, or a file of events.

use crate::Failure;
use crate::cli::SourceArguments;
use daftar_domain::Limits;
use daftar_eventlog::backup::directory::{keys_beside, keys_file};
use daftar_eventlog::backup::restore::unpack_keys;
use daftar_eventlog::backup::{BackupDirectory, restore_to_memory};
use daftar_eventlog::clock::system_clock;
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::embedded::key_file::KeyFile;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::import::{LineReader, Reject, replay_into, source};
use daftar_eventlog::memory::MemoryLog;
use daftar_eventlog::sealing::{KeyStore, memory_keys::MemoryKeys};
use daftar_eventlog::{LogReader, Position};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// How many rejected lines are told one by one.
const REJECTS_SHOWN: u64 = 10;

/// A history, opened for reading alone.
pub(crate) struct Source {
    pub(crate) log: Arc<dyn LogReader>,
    pub(crate) keys: Arc<dyn KeyStore>,
    /// Whether the time an event was recorded is known, as an `as_of` that is an instant needs.
    pub(crate) tells_recorded_at: bool,
}

pub(crate) async fn open(arguments: &SourceArguments, quiet: bool) -> Result<Source, Failure> {
    if arguments.url.is_some() {
        return Err(Failure::usage("--url reads no history yet; give --data-dir, --backup or --events"));
    }
    match (&arguments.data_dir, &arguments.backup, &arguments.events) {
        (Some(dir), ..) => open_data_dir(dir, quiet),
        (None, Some(dir), _) => open_backup(dir, quiet),
        (None, None, Some(file)) => open_events(file, quiet).await,
        (None, None, None) => Err(Failure::usage("give --data-dir, --backup or --events")),
    }
}

/// Reads a backup into memory, with its keys where they lie beside it.
fn open_backup(dir: &Path, quiet: bool) -> Result<Source, Failure> {
    let progress = spinner(quiet, "reading");
    let backup = BackupDirectory::list(dir).map_err(Failure::run)?;
    let log = restore_to_memory(&backup, None, |position| progress.set_position(position.0)).map_err(Failure::run)?;
    progress.finish_and_clear();
    let keys = keys_of(dir, &log)?;
    Ok(Source { log: Arc::new(log), keys, tells_recorded_at: true })
}

/// The keys beside a backup, of which a copy is read; without them customers are shown by their pseudonyms.
fn keys_of(dir: &Path, log: &MemoryLog) -> Result<Arc<dyn KeyStore>, Failure> {
    let beside = keys_beside(dir);
    if !keys_file(&beside).exists() {
        return Ok(Arc::new(MemoryKeys::new().map_err(Failure::run)?));
    }
    let copy = tempfile::tempdir().map_err(Failure::run)?;
    unpack_keys(&beside, copy.path()).map_err(Failure::run)?;
    let keys = KeyFile::open(copy.path(), &log.identity().log_id).map_err(Failure::run)?;
    Ok(Arc::new(keys))
}

/// Opens a data directory that no server has; it creates none, and appends nothing.
fn open_data_dir(dir: &Path, quiet: bool) -> Result<Source, Failure> {
    let progress = spinner(quiet, "deriving");
    let shown = progress.clone();
    let options = Options {
        create: false,
        progress: Some(Arc::new(move |position: Position| shown.set_position(position.0))),
        ..Options::default()
    };
    let log = EmbeddedLog::open(dir, &options).map_err(Failure::run)?;
    progress.finish_and_clear();
    log.notices().iter().for_each(|notice| eprintln!("daftar-replay: {notice}"));
    let keys = log.keys();
    Ok(Source { log: Arc::new(log), keys, tells_recorded_at: true })
}

/// Reads a file of events into memory, telling what it can't take.
async fn open_events(file: &Path, quiet: bool) -> Result<Source, Failure> {
    let cannot = |e| Failure::run(format!("{}: {e}", source::name_of(file)));
    let memory = MemoryLog::new(system_clock()).map_err(Failure::run)?;
    let keys: Arc<dyn KeyStore> = Arc::new(MemoryKeys::new().map_err(Failure::run)?);
    let codec = TicketCodec::new(Arc::clone(&keys), memory.identity().log_id);
    let opened = source::open(file, Arc::new(AtomicU64::new(0))).map_err(cannot)?;
    let lines = LineReader::new(opened, Limits::default());
    let mut rejected = 0;
    let mut on_reject = |reject: Reject<'_>| {
        rejected += 1;
        if rejected <= REJECTS_SHOWN {
            eprintln!("daftar-replay: line {} is left out: {}", reject.line, reject.reason);
        }
    };
    let replayed = replay_into(&memory, &codec, lines, system_clock(), &mut on_reject).await;
    let replayed = replayed.map_err(|e| Failure::run(format!("{}: {e}", source::name_of(file))))?;
    if rejected > REJECTS_SHOWN {
        eprintln!("daftar-replay: {} more lines are left out", rejected - REJECTS_SHOWN);
    }
    if !quiet && std::io::stderr().is_terminal() {
        eprintln!("daftar-replay: {} of {} lines taken", replayed.counts.appended, replayed.counts.read);
    }
    Ok(Source { log: Arc::new(memory), keys, tells_recorded_at: replayed.tells_recorded_at })
}

fn spinner(quiet: bool, doing: &'static str) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length().with_message(doing);
    let style = ProgressStyle::with_template("{msg} {human_pos} events  {per_sec}");
    style.map(|style| bar.clone().with_style(style)).unwrap_or(bar)
}
