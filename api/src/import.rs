//! `daftar import`: reads history into a log, tells what became of each line, and counts.

mod progress;
mod rejects;
mod through;

use crate::cli::{Exit, ImportArgs};
use crate::signals::stop_on_signal;
use daftar_domain::Limits;
use daftar_eventlog::clock::system_clock;
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::embedded::{self, EmbeddedLog};
use daftar_eventlog::import::{Chunk, Counts, Import, ImportError, LineReader, Options, source};
use daftar_eventlog::memory::MemoryLog;
use daftar_eventlog::sealing::{KeyStore, memory_keys::MemoryKeys};
use daftar_eventlog::{EventLog, Position, StoreError};
use progress::{Progress, rate};

pub(crate) use progress::grouped;
use rejects::Rejects;
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;
use tokio::sync::mpsc;

/// How many parsed chunks may wait for the log.
const CHUNKS_AHEAD: usize = 2;

/// Why an import could not run, or not to its end; says what to do.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{file} can't be opened: {why}; nothing was read")]
    Open { file: String, why: io::Error },
    #[error(
        "{file} can't be read on after line {line}: {why}; what came before was recorded. Is the file whole? \
             Import it again when it is: what is recorded already is not recorded twice"
    )]
    Source { file: String, line: u64, why: io::Error },
    #[error("{file} is to be read, so rejected lines can't be written into it; give --rejects another file")]
    SameFile { file: String },
    #[error("{file} can't be written for the rejected lines: {why}")]
    Rejects { file: String, why: io::Error },
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error("{file} can't be sent to the server: {why}")]
    Server { file: String, why: String },
    #[error("the program can't start: {0}")]
    Start(io::Error),
}

impl From<StoreError> for Failure {
    fn from(failure: StoreError) -> Self {
        Self::Import(failure.into())
    }
}

/// How an import ended, whatever it met.
struct Ended {
    counts: Counts,
    position: Position,
    interrupted: bool,
    failure: Option<Failure>,
}

/// The last line of standard output.
#[derive(Serialize)]
struct Printed {
    read: u64,
    appended: u64,
    present: u64,
    rejected: u64,
    position: u64,
}

/// Runs the command.
pub(crate) fn run(args: &ImportArgs) -> ExitCode {
    let started = Instant::now();
    let ended = match import(args) {
        Ok(ended) => ended,
        Err(failure) => return could_not_run(&failure).into(),
    };
    if !args.quiet {
        summarize(&ended.counts, started, args.dry_run);
    }
    let Ended { counts: Counts { read, appended, present, rejected }, position, interrupted, failure } = ended;
    let printed = Printed { read, appended, present, rejected, position: position.0 };
    let written = serde_json::to_string(&printed).map_err(io::Error::from);
    let written = written.and_then(|line| writeln!(io::stdout(), "{line}"));
    match (failure.or(written.err().map(Failure::Start)), interrupted) {
        (Some(failure), _) => could_not_run(&failure),
        (None, true) => Exit::Interrupted,
        (None, false) if rejected > 0 => Exit::No,
        (None, false) => Exit::Done,
    }
    .into()
}

fn could_not_run(failure: &Failure) -> Exit {
    eprintln!("daftar: {failure}");
    if matches!(failure, Failure::SameFile { .. }) { Exit::WrongUsage } else { Exit::CouldNotRun }
}

fn summarize(counts: &Counts, started: Instant, dry_run: bool) {
    let Counts { read, appended, present, rejected } = *counts;
    let elapsed = started.elapsed();
    let would = if dry_run { "nothing was written; would be " } else { "" };
    eprintln!(
        "{} lines read in {:.2} s ({} a second): {would}appended {}, present already {}, rejected {}",
        grouped(read),
        elapsed.as_secs_f64(),
        grouped(rate(read, elapsed)),
        grouped(appended),
        grouped(present),
        grouped(rejected)
    );
}

fn import(args: &ImportArgs) -> Result<Ended, Failure> {
    for path in args.files.iter().filter(|path| !source::is_stdin(path)) {
        let checked = std::fs::File::open(path).and_then(|file| file.metadata());
        let checked = checked.and_then(|m| if m.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(()) });
        checked.map_err(|why| Failure::Open { file: source::name_of(path), why })?;
    }
    if let Some(rejects) = args.rejects.as_deref()
        && args.files.iter().any(|file| is_same_file(file, rejects))
    {
        return Err(Failure::SameFile { file: source::name_of(rejects) });
    }
    let rejects = Rejects::new(args.rejects.as_deref(), args.quiet).map_err(|why| rejects_failed(args, why))?;
    if let Some(url) = &args.url {
        return Ok(through::import(url, args, rejects));
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(Failure::Start)?;
    if args.dry_run && !args.data_dir.join("log").exists() {
        let keys: Arc<dyn KeyStore> = Arc::new(MemoryKeys::new()?);
        return runtime.block_on(import_into(&MemoryLog::new(system_clock())?, keys, args, rejects));
    }
    let options = embedded::Options { create: !args.dry_run, ..embedded::Options::default() };
    let log = EmbeddedLog::open(&args.data_dir, &options)?;
    log.notices().iter().for_each(|notice| eprintln!("daftar: {notice}"));
    let ended = runtime.block_on(import_into(&log, log.keys(), args, rejects));
    log.close();
    ended
}

/// Whether two paths lead to one file, by whatever names.
fn is_same_file(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

fn rejects_failed(args: &ImportArgs, why: io::Error) -> Failure {
    Failure::Rejects { file: args.rejects.as_deref().map(source::name_of).unwrap_or_default(), why }
}

async fn import_into(
    log: &dyn EventLog,
    keys: Arc<dyn KeyStore>,
    args: &ImportArgs,
    mut rejects: Rejects,
) -> Result<Ended, Failure> {
    let codec = TicketCodec::new(keys, log.identity().log_id);
    let (keep_recorded_at, dry_run) = (args.keep_recorded_at, args.dry_run);
    // The log's directory is locked, or the log is this program's own.
    let options = Options { keep_recorded_at, dry_run, alone: true, ..Options::default() };
    let mut import = Import::new(log, &codec, options)?;
    let progress = Progress::new(source::bytes_of(args.files.iter().map(PathBuf::as_path)), args.quiet);
    let mut stopped = stop_on_signal();
    let mut reader = Reader::spawn(args.files.clone()).map_err(Failure::Start)?;
    let (mut failure, mut current): (_, Option<Arc<str>>) = (None, None);
    while failure.is_none() && !*stopped.borrow_and_update() {
        let read = tokio::select! {
            read = reader.chunks.recv() => read,
            _ = stopped.changed() => break,
        };
        failure = match read {
            None => break,
            Some(Err(failure)) => Some(failure),
            Some(Ok((file, chunk))) => {
                // Each file has a name of its own in memory, one that is given twice too.
                if current.replace(Arc::clone(&file)).is_some_and(|last| !Arc::ptr_eq(&last, &file)) {
                    import.begin_source();
                }
                let mut on_reject = |reject: daftar_eventlog::import::Reject<'_>| {
                    rejects.take(&file, reject, |line| progress.tell(&line));
                };
                import.record(chunk, &mut on_reject).await.err().map(Failure::Import)
            }
        };
        progress.set(reader.bytes.load(Ordering::Relaxed), import.counts().read);
    }
    progress.finish();
    let failure = failure.or(rejects.finish().err().map(|why| rejects_failed(args, why)));
    let (position, interrupted) = (*log.durable().borrow(), *stopped.borrow());
    Ok(Ended { counts: import.counts(), position, interrupted, failure })
}

type Read = Result<(Arc<str>, Chunk), Failure>;

/// A thread that reads and parses ahead. Nobody waits for it at the end: it may be waiting for standard input.
struct Reader {
    chunks: mpsc::Receiver<Read>,
    /// Bytes read so far, as they lie in the files.
    bytes: Arc<AtomicU64>,
}

impl Reader {
    fn spawn(files: Vec<PathBuf>) -> io::Result<Self> {
        let (send, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let bytes = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&bytes);
        thread::Builder::new().name("daftar-import-read".to_owned()).spawn(move || {
            for path in files {
                if !read_file(&path, &counted, &send) {
                    return;
                }
            }
        })?;
        Ok(Self { chunks, bytes })
    }
}

/// Reads one file; whether to go on with the next.
fn read_file(path: &Path, bytes: &Arc<AtomicU64>, send: &mpsc::Sender<Read>) -> bool {
    let file: Arc<str> = source::name_of(path).into();
    let source = match source::open(path, Arc::clone(bytes)) {
        Ok(source) => source,
        Err(why) => {
            // Where nobody listens any more, the import has ended already.
            let _ = send.blocking_send(Err(Failure::Source { file: file.to_string(), line: 0, why }));
            return false;
        }
    };
    let (mut lines, mut line) = (LineReader::new(source, Limits::default()), 0);
    loop {
        let read = match lines.next_chunk() {
            Ok(None) => return true,
            Ok(Some(chunk)) => {
                line += chunk.len() as u64;
                Ok((Arc::clone(&file), chunk))
            }
            Err(why) => Err(Failure::Source { file: file.to_string(), line, why }),
        };
        let failed = read.is_err();
        if send.blocking_send(read).is_err() || failed {
            return false;
        }
    }
}
