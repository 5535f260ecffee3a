//! `daftar-replay`: the analyst's tool. It reads history; all it ever writes is a report that it asks a server to publish.

mod also;
mod asked;
mod cli;
mod compare;
mod definition;
mod explain;
mod export;
mod headline;
mod history;
mod html;
mod out;
mod progress;
mod publish;
mod report;
mod screen;
mod series;
mod server;
mod snapshot;
mod source;
mod table;
mod telling;
mod timings;
mod verify;
mod written;

use clap::Parser;
use daftar_eventlog::embedded::store::hush_guarded_panics;
use std::process::ExitCode;

/// The answer is 'no'.
const NO: u8 = 1;
/// The tool could not run at all.
const COULD_NOT_RUN: u8 = 3;
/// What was asked for makes no sense; clap answers the same for flags it does not know.
const WRONG_USAGE: u8 = 2;

/// Why nothing was answered, or not what was hoped for.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// It was answered, and the answer is 'no'.
    #[error("{0}")]
    No(String),
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The history could not be read.
    #[error("{0}")]
    Run(String),
}

impl Failure {
    fn run(why: impl std::fmt::Display) -> Self {
        Self::Run(why.to_string())
    }

    fn usage(why: impl std::fmt::Display) -> Self {
        Self::Usage(why.to_string())
    }

    /// The same, said of something.
    fn of(self, what: &str) -> Self {
        match self {
            Self::No(why) => Self::No(format!("{what}: {why}")),
            Self::Usage(why) => Self::Usage(format!("{what}: {why}")),
            Self::Run(why) => Self::Run(format!("{what}: {why}")),
        }
    }
}

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    hush_guarded_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(cli)),
        Err(e) => Err(Failure::run(e)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::No(why)) => fail(&why, NO),
        Err(Failure::Usage(why)) => fail(&why, WRONG_USAGE),
        Err(Failure::Run(why)) => fail(&why, COULD_NOT_RUN),
    }
}

fn fail(why: &str, code: u8) -> ExitCode {
    for line in why.lines() {
        eprintln!("daftar-replay: {line}");
    }
    ExitCode::from(code)
}

async fn run(cli: cli::Cli) -> Result<(), Failure> {
    match cli.command {
        cli::Command::Report(arguments) => report::run(*arguments).await,
        cli::Command::Verify(arguments) => verify::run(arguments).await,
        cli::Command::Export(arguments) => export::run(arguments).await,
        cli::Command::Snapshot(arguments) => snapshot::run(&arguments),
        cli::Command::Compare(arguments) => compare::run(arguments).await,
        cli::Command::Explain(arguments) => explain::run(arguments).await,
        cli::Command::History(arguments) => history::run(arguments).await,
    }
}
