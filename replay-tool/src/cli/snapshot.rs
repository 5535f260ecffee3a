//! The flags that publish a report, and those that read one again.

use clap::{Args, ValueEnum};

/// What makes a report a published one.
#[derive(Debug, Args)]
pub(crate) struct PublishArguments {
    /// Have the server of --url make the report and keep it under this name, for ever: customers by pseudonym. A name
    /// that is there already gets another version.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["threads", "timings", "language"])]
    pub(crate) publish: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daftar-replay snapshot --url http://127.0.0.1:7070
  daftar-replay snapshot csat.2026-q1 --url http://127.0.0.1:7070
  daftar-replay snapshot csat.2026-q1@1 --url http://127.0.0.1:7070 --changed
  daftar-replay snapshot csat.2026-q1 --url http://127.0.0.1:7070 --output kept | b3sum

Of a report, the column `kept` is what was published. The next one is the same query at the same position \
as the server computes it today, the last one at its newest position; ≠ marks figures that differ. \
daftar-replay report NAME --url URL --publish NAME publishes one.")]
pub(crate) struct SnapshotArguments {
    /// Which one: NAME for its newest version, NAME@VERSION for another. Left out: all are listed.
    pub(crate) name: Option<String>,
    /// The running server that keeps it: http://HOST:PORT.
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    /// The API key for the server of --url.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Show only the figures that differ.
    #[arg(long)]
    pub(crate) changed: bool,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = SnapshotOutput::Table)]
    pub(crate) output: SnapshotOutput,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SnapshotOutput {
    /// An aligned table, for people.
    Table,
    /// The server's answer, for machines.
    Json,
    /// The bytes that were published, not one more.
    Kept,
}
