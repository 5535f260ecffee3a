//! The arguments of `export`.

use super::{ParameterArguments, SourceArguments};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daftar-replay export events --data-dir daftar-data --to ndjson --out history.ndjson.zst
  daftar-replay export events --backup /mnt/backup/desk --to parquet --out events.parquet
  daftar-replay export tickets --data-dir daftar-data --to csv > tickets.csv
  daftar-replay export tickets --data-dir daftar-data --as-of 48211 --to csv --out tickets.csv.gz
  daftar-replay export measurements --data-dir daftar-data --to parquet --out m.parquet
  daftar-replay export measurements --data-dir daftar-data --definition office.toml --to csv
  duckdb -c \"select agent, avg(took_s) from 'm.parquet' where kind = 'first_response' group by 1\"

Events as NDJSON are those of the feed, byte for byte; daftar import and --events read them again.
docs/export.md names every column with its type and unit.")]
pub(crate) struct ExportArguments {
    /// What to write.
    pub(crate) what: What,
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    /// The form to write it in.
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) to: Form,
    /// The file to write, replaced once the whole of it is there; ndjson and csv are compressed where it ends in .gz
    /// or .zst. Standard output when left out.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// What was known then: a position of the log, or an instant by when it was recorded.
    #[arg(long, value_name = "POSITION|TIME")]
    pub(crate) as_of: Option<String>,
    /// Only what happened up to then: an instant, or the beginning of a date.
    #[arg(long, value_name = "TIME")]
    pub(crate) happened_by: Option<String>,
    /// The metric definition to measure tickets and measurements under, as for a report.
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) definition: Option<String>,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// What can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// Every event of every ticket, as the log has it.
    Events,
    /// One row a ticket: what it is, and what was measured of it.
    Tickets,
    /// One row a measurement: every moment that a figure counts.
    Measurements,
}

/// The forms there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Columns with types, compressed; for DuckDB, pandas, Polars.
    Parquet,
    /// Comma-separated values (RFC 4180).
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl ExportArguments {
    /// What a report over the same prefix would be asked with.
    pub(crate) fn parameters(&self) -> ParameterArguments {
        ParameterArguments {
            as_of: self.as_of.clone(),
            happened_by: self.happened_by.clone(),
            definition: self.definition.clone(),
            ..ParameterArguments::default()
        }
    }
}
