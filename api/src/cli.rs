//! The command line: its commands, their options and their help.

use clap::{Args, Parser, Subcommand, ValueEnum};
use daftar_domain::Timestamp;
use daftar_eventlog::embedded::Durability;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit codes, the same for every command; 2, wrong usage, is given by the reading of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was done.
    Done = 0,
    /// The answer is no: lines were rejected, something is damaged.
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
  1    the answer is no: lines were rejected, or something is damaged
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
  daftar import --url http://127.0.0.1:7070 history.ndjson
                                                   through a running server

Importing the same file again adds nothing, a longer version of it only what is new.
Each line that history can't take is rejected with its number and the reason, and the
rest goes in. The last line of standard output is the counts:
{\"read\":…,\"appended\":…,\"present\":…,\"rejected\":…,\"position\":…}";

const SERVE_EXAMPLES: &str = "\
Examples:
  daftar serve                                     ./daftar-data on http://127.0.0.1:7070
  daftar serve --data-dir desk --listen 127.0.0.1:0
  curl http://127.0.0.1:7070/v1/reports/overview?interval=month

It answers programs on this machine alone, as long as there is no access control. Ctrl-C
ends it in order; whatever ends it, what was acknowledged is kept.";

const DEMO_EXAMPLES: &str = "\
Examples:
  daftar demo                                      5,000 tickets of the last 18 months
  daftar demo --tickets 50000 --seed 7
  daftar demo --live 5                             and five things happen every second from now on
  daftar demo --until 2026-01-01 --data-dir demo   kept, and the same whenever it is made

The same seed, tickets and end give the same history.";

const BACKUP_EXAMPLES: &str = "\
Examples:
  daftar backup /mnt/backup/desk                   of ./daftar-data, while no server runs on it
  daftar backup --url http://127.0.0.1:7070 /mnt/backup/desk
                                                   of a running server
  daftar backup --keys /mnt/safe/desk-keys /mnt/backup/desk

The segments hold every event with its texts sealed; without the keys nobody can read the
texts, and nobody can restore. The same command again adds what is new. The last line of
standard output is {\"segments\":…,\"events\":…,\"position\":…}.";

const RESTORE_EXAMPLES: &str = "\
Examples:
  daftar restore /mnt/backup/desk                  into ./daftar-data
  daftar restore --keys /mnt/safe/desk-keys --data-dir desk /mnt/backup/desk
  daftar restore --to-position 48211 --data-dir then /mnt/backup/desk

Every checksum and the whole chain are verified on the way. The restored log begins a new
epoch: whoever kept a position beyond the backup's end is told so. The last line of
standard output is {\"position\":…,\"parted\":…,\"epoch\":…}.";

const CHECK_EXAMPLES: &str = "\
Examples:
  daftar check                                     ./daftar-data, while no server runs on it
  daftar check --data-dir desk
  daftar check --backup /mnt/backup/desk           the segments of a backup

Everything is read once. One line for each thing that is wrong says where and what to do;
the last line says how many events from the first on are whole.";

const LONG_ABOUT: &str = "\
The help desk's memory: an event log, and everything that can be asked of it.

Without a command it serves, as `daftar serve` does.";

/// The help desk's memory: an event log, and everything that can be asked of it.
#[derive(Debug, Parser)]
#[command(
    name = "daftar",
    version,
    long_about = LONG_ABOUT,
    after_help = EXIT_CODES,
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// How to serve, when nothing else is to be done.
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

/// What `daftar` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve commands and reports over HTTP; the default
    #[command(after_help = format!("{SERVE_EXAMPLES}\n\n{EXIT_CODES}"))]
    Serve(ServeArgs),
    /// Serve a help desk that is made up: filled first, in a directory that goes away at the end
    #[command(after_help = format!("{DEMO_EXAMPLES}\n\n{EXIT_CODES}"))]
    Demo(DemoArgs),
    /// Read history: events that happened elsewhere, from files or standard input
    #[command(after_help = format!("{IMPORT_EXAMPLES}\n\n{EXIT_CODES}"))]
    Import(ImportArgs),
    /// Copy the log as segments, and its keys to another place; again: only what is new
    #[command(after_help = format!("{BACKUP_EXAMPLES}\n\n{EXIT_CODES}"))]
    Backup(BackupArgs),
    /// Make a data directory of a backup and its keys
    #[command(after_help = format!("{RESTORE_EXAMPLES}\n\n{EXIT_CODES}"))]
    Restore(RestoreArgs),
    /// Verify a data directory, or a backup: checksums, chain, order, texts, witness, keys, derived files
    #[command(after_help = format!("{CHECK_EXAMPLES}\n\n{EXIT_CODES}"))]
    Check(CheckArgs),
}

/// Where to serve from, and where to listen.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The directory of the log, made where there is none
    #[arg(long, value_name = "DIR", default_value = "./daftar-data")]
    pub(crate) data_dir: PathBuf,

    /// The address to listen on, of this machine alone; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7070")]
    pub(crate) listen: SocketAddr,

    /// When an answer is given: once the disk has it (always), once the system has it, synced every so many
    /// milliseconds (interval:MS), or once the system has it, synced at the end alone (os)
    #[arg(long, value_name = "MODE", default_value_t)]
    pub(crate) durability: Durability,

    /// Go on with a log that lost acknowledged events at its end: gives them up, and says so in the log for ever
    #[arg(long)]
    pub(crate) accept_truncation: bool,

    /// How much memory figures under other definitions than the default may take together, as estimated (64 bytes for each
    /// event of the log and each of them), such as 512MB or 2GB; those asked for the longest ago make room
    #[arg(long, value_name = "SIZE", default_value = "2GB", value_parser = bytes)]
    pub(crate) definitions_memory: u64,
}

/// What help desk to make up.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// How many tickets
    #[arg(long, value_name = "N", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) tickets: u32,

    /// What chance begins with
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Where the history ends: a date (its 00:00 UTC) or an instant, not later than now; left out: today
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub(crate) until: Option<Timestamp>,

    /// How many things happen a second from then on
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(crate) live: Option<f64>,

    /// Where to keep it, without a log there yet; left out: in a temporary directory
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// The address to listen on, of this machine alone; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7070")]
    pub(crate) listen: SocketAddr,

    /// How much memory figures under other definitions than the default may take together, as estimated (64 bytes for each
    /// event of the log and each of them), such as 512MB or 2GB; those asked for the longest ago make room
    #[arg(long, value_name = "SIZE", default_value = "2GB", value_parser = bytes)]
    pub(crate) definitions_memory: u64,
}

/// A number of bytes with a unit.
fn bytes(text: &str) -> Result<u64, String> {
    let units = [("KB", 10), ("MB", 20), ("GB", 30)];
    let of = |(unit, bits): (&str, u32)| text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(1 << bits);
    units.into_iter().find_map(of).ok_or("must be a whole number of KB, MB or GB, such as 512MB".to_owned())
}

/// A date, meaning its start in UTC, or an instant with an offset.
fn instant(text: &str) -> Result<Timestamp, String> {
    let whole = if text.contains(':') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    Timestamp::parse("until", &whole)
        .map_err(|_| "must be a date like 2026-01-03 or an instant like 2026-01-03T08:12:00Z".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: Option<f64> = text.parse().ok();
    rate.filter(|rate| *rate > 0.0 && *rate <= 1000.0).ok_or("must be above 0 and at most 1000 a second".to_owned())
}

/// The address of a server: it listens on this machine alone, so there is no https.
fn server_url(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("http://").filter(|host| !host.trim_end_matches('/').is_empty());
    host.map(|_| text.to_owned()).ok_or("must be an address like http://127.0.0.1:7070".to_owned())
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

    /// Import through the server at that address instead, such as `http://127.0.0.1:7070`; each file is one request
    #[arg(long, value_name = "URL", conflicts_with = "data_dir", value_parser = server_url)]
    pub(crate) url: Option<String>,

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

/// What to back up, and where to.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The directory of the segments, made where there is none
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,

    /// The directory of the keys; left out: DIR-keys beside DIR, to be moved to a place of its own
    #[arg(long, value_name = "DIR")]
    pub(crate) keys: Option<PathBuf>,

    /// The directory of the log; no server may run on it
    #[arg(long, value_name = "DIR", default_value = "./daftar-data")]
    pub(crate) data_dir: PathBuf,

    /// Back up through the server at that address instead
    #[arg(long, value_name = "URL", conflicts_with = "data_dir", value_parser = server_url)]
    pub(crate) url: Option<String>,

    /// Nothing on standard error but failures
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// What to check.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The directory of the log; no server may run on it
    #[arg(long, value_name = "DIR", default_value = "./daftar-data")]
    pub(crate) data_dir: PathBuf,

    /// Check the segments of a backup instead
    #[arg(long, value_name = "DIR", conflicts_with = "data_dir")]
    pub(crate) backup: Option<PathBuf>,

    /// Nothing on standard error but failures
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// What to restore, and where to.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The directory of the segments
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,

    /// The directory of the keys; left out: DIR-keys beside DIR
    #[arg(long, value_name = "DIR")]
    pub(crate) keys: Option<PathBuf>,

    /// The directory to make: it must be empty, or not there
    #[arg(long, value_name = "DIR", default_value = "./daftar-data")]
    pub(crate) data_dir: PathBuf,

    /// The last event to restore; left out: all
    #[arg(long, value_name = "POSITION")]
    pub(crate) to_position: Option<u64>,

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

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_whole_numbers_with_a_unit() {
        assert_eq!([bytes("1KB"), bytes("512MB"), bytes("2GB")], [Ok(1024), Ok(512 << 20), Ok(2 << 30)]);
        for text in ["", "2", "GB", "-1GB", "1.5GB", "2gb", "18446744073709551615GB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
