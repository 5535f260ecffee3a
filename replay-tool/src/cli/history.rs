//! The flags of `daftar-replay history`.

use super::{InLanguage, SourceArguments};
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daftar-replay history HD-1001 --data-dir daftar-data
  daftar-replay history HD-1001 --data-dir daftar-data --at 7
  daftar-replay history HD-1001 --backup /mnt/backup/desk --at 2026-01-03T12:00:00Z
  daftar-replay history HD-1001 --data-dir daftar-data --definition iran --words fa
  daftar-replay history HD-1001 --data-dir daftar-data --what-if target.first_response=4h")]
pub(crate) struct HistoryArguments {
    /// The ticket.
    pub(crate) ticket: String,
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    /// Up to which of its events: a version (the first event is 1), an instant, or the beginning of a date in the
    /// definition's time zone. What came later is not told, and takes nothing back.
    #[arg(long, value_name = "VERSION|TIME")]
    pub(crate) at: Option<String>,
    /// The metric definition to measure under, as in `daftar-replay report`.
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) definition: Option<String>,
    /// Measure as if the definition said otherwise, as in `daftar-replay report`.
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) what_if: Vec<String>,
    /// In which language events are told.
    #[arg(long, value_enum, default_value_t = InLanguage::En)]
    pub(crate) words: InLanguage,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = HistoryOutput::Table)]
    pub(crate) output: HistoryOutput,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HistoryOutput {
    /// An aligned table, for people.
    Table,
    /// Each event with the whole state after it, for machines.
    Json,
}
