//! The command line: its commands, their options and their help.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit codes, the same for every command; 2, wrong usage, is given by the reading of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was done.
    Done = 0,
    /// The answer is no: lines were rejected.
    No = 1,
    /// What was asked for makes no sense.
    WrongUsage = 2,
    /// It could not run, or not to the end.
    CouldNotRun = 3,
    /// The user stopped it.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    done, but lines were rejected
  2    wrong usage
  3    could not run, or not to the end; standard error says what to do
  130  stopped by Ctrl-C; what was counted is kept";

const IMPORT_EXAMPLES: &str = "\
Examples:
  daftar import history.ndjson                     into ./daftar-data
  daftar import 2024.ndjson.gz 2025.ndjson.zst     files one after the other
  daftar import --dry-run history.ndjson           only says what would happen
  daftar import --rejects bad.ndjson history.ndjson
  export-from-somewhere | daftar import -          from standard input

Importing the same file again adds nothing, a longer version of it only what is new.
Each line that history can't take is rejected with its number and the reason, and the
rest goes in. The last line of standard output is the counts:
{\"read\":…,\"appended\":…,\"present\":…,\"rejected\":…,\"position\":…}";

/// The help desk's memory: an event log, and everything that can be asked of it.
#[derive(Debug, Parser)]
#[command(name = "daftar", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What `daftar` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read history: events that happened elsewhere, from files or standard input
    #[command(after_help = format!("{IMPORT_EXAMPLES}\n\n{EXIT_CODES}"))]
    Import(ImportArgs),
}

/// What to import, and how.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Files to read, plain, gzip or zstd whatever they are called; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// What the lines are
    #[arg(long, value_enum, default_value_t = Format::Events)]
    pub(crate) format: Format,

    /// The directory of the log, made where there is none; no server may run on it
    #[arg(long, value_name = "DIR", default_value = "./daftar-data")]
    pub(crate) data_dir: PathBuf,

    /// Only say what would happen: nothing is written
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Where to write the lines that were rejected, with file, line number and reason, as NDJSON
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,

    /// Keep the `recorded_at` of the lines: into an empty log only, every line in its order
    #[arg(long)]
    pub(crate) keep_recorded_at: bool,

    /// Nothing on standard error but failures
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// What lines of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Events as NDJSON, one a line
    Events,
}
