//! `daftar serve`: opens the log, brings the reports up to date, and answers until it is stopped.

use crate::cli::{Exit, ServeArgs};
use crate::signals::stop_on_signal;
use daftar_api::checkpoints::Checkpoints;
use daftar_api::commands::CommandError;
use daftar_api::http::Desk;
use daftar_api::server::{self, ServeError};
use daftar_eventlog::clock::system_clock;
use daftar_eventlog::embedded::{self, Durability, EmbeddedLog};
use daftar_eventlog::{EventLog, Position, StoreError};
use daftar_projections::projector::CatchUpError;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// How long work that ends late may hold up the end of the program.
pub(crate) const LAST_WORK: Duration = Duration::from_secs(5);

/// Why the server could not run; says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    CatchUp(#[from] CatchUpError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Filled(String),
    #[error("{0}")]
    Interrupted(String),
    #[error("the program can't start: {0}")]
    Start(#[from] io::Error),
}

impl Failure {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Serve(ServeError::NotLoopback { .. }) => Exit::WrongUsage,
            Self::Interrupted(_) => Exit::Interrupted,
            _ => Exit::CouldNotRun,
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &ServeArgs) -> ExitCode {
    ended(serve(args))
}

/// Says what went wrong, and with which code the program ends.
pub(crate) fn ended(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => Exit::Done,
        Err(failure) => {
            eprintln!("daftar: {failure}");
            failure.exit()
        }
    }
    .into()
}

fn serve(args: &ServeArgs) -> Result<(), Failure> {
    let runtime = runtime()?;
    let listener = runtime.block_on(server::listen(args.listen))?;
    let (desk, checkpoints) =
        open(&runtime, &args.data_dir, args.durability, args.accept_truncation, args.definitions_memory)?;
    runtime.block_on(async {
        let stop = stop_on_signal();
        let mut out = io::stdout();
        let told = writeln!(out, "listening on http://{}", listener.local_addr()?).and_then(|()| out.flush());
        seen_enough(told)?;
        serve_and_keep(desk, checkpoints, listener, stop).await
    })?;
    // The last hold on the log is let go of here: it syncs and lets go of its directory.
    runtime.shutdown_timeout(LAST_WORK);
    Ok(())
}

/// Serves a desk until it is stopped, and keeps its checkpoints.
pub(crate) async fn serve_and_keep(
    desk: Desk,
    mut checkpoints: Checkpoints,
    listener: TcpListener,
    stop: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let (over, is_over) = watch::channel(false);
    let serve = async {
        let served = server::serve(desk.clone(), listener, stop).await;
        over.send_replace(true);
        served
    };
    let (served, ()) = tokio::join!(serve, checkpoints.keep(&desk, is_over));
    checkpoints.end(&desk).await;
    Ok(served?)
}

/// What came of telling somebody something: whoever closed the pipe has seen enough.
pub(crate) fn seen_enough(told: io::Result<()>) -> io::Result<()> {
    told.or_else(|failure| if failure.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(failure) })
}

pub(crate) fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Opens the log in `dir`, made where there is none, and folds it to its end, from its checkpoint on.
pub(crate) fn open(
    runtime: &Runtime,
    dir: &Path,
    durability: Durability,
    accept_truncation: bool,
    definitions_memory: u64,
) -> Result<(Desk, Checkpoints), Failure> {
    let progress = progress_bar("deriving");
    let shown = progress.clone();
    let options = embedded::Options {
        accept_truncation,
        durability,
        progress: Some(Arc::new(move |position: Position| shown.set_position(position.0))),
        ..embedded::Options::default()
    };
    let log = EmbeddedLog::open(dir, &options)?;
    progress.finish_and_clear();
    eprintln!("daftar: durability {durability}");
    log.notices().iter().for_each(|notice| eprintln!("daftar: {notice}"));
    let keys = log.keys();
    let log = Arc::new(log) as Arc<dyn EventLog>;
    let mut checkpoints = Checkpoints::of(dir);
    let opening = Desk::resuming(&mut checkpoints, log, keys, system_clock(), definitions_memory);
    let desk = runtime.block_on(opening)?;
    let progress = progress_bar("folding");
    runtime.block_on(desk.live().catch_up(|position| progress.set_position(position.0)))?;
    progress.finish_and_clear();
    Ok((desk, checkpoints))
}

/// A count of events without a known end; on a terminal alone.
pub(crate) fn progress_bar(doing: &'static str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length().with_message(doing);
    let style = ProgressStyle::with_template("{msg} {human_pos} events  {per_sec}");
    style.map(|style| bar.clone().with_style(style)).unwrap_or(bar)
}
