//! The flags of `daftar-replay verify`.

use super::SourceArguments;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daftar-replay verify --data-dir daftar-data
  daftar-replay verify --backup /mnt/backup/desk
  daftar-replay verify --events history.ndjson.zst --output json
  daftar-replay verify --url http://127.0.0.1:7070 --key KEY
  daftar-replay verify --backup /mnt/backup/desk --against http://127.0.0.1:7070 --key KEY

The digest covers every ticket's event as export events --to ndjson writes it, but for what is sealed: \
texts, attachments and the source's ids are left out, customers are numbered in the order in which they appear. \
So everybody who has the events gets the same digest, with the keys of customers or without, before and after a \
customer is forgotten.

Exits with 1 when anything is found wrong or different. Of a server only what it sends can be checked: one \
that finds its own log damaged sends no more, and verify --url exits with 3. Then stop it, and verify --data-dir \
says what is wrong and where.")]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    /// Prove that this running server's events and reports equal what is computed from the source.
    #[arg(long, value_name = "URL")]
    pub(crate) against: Option<String>,
    /// The API key for the server of --against, where it is not the one of --key.
    #[arg(long, value_name = "KEY", requires = "against")]
    pub(crate) against_key: Option<String>,
    /// How to show what was checked.
    #[arg(long, value_enum, default_value_t = VerifyOutput::Table)]
    pub(crate) output: VerifyOutput,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerifyOutput {
    /// A line a check, for people.
    Table,
    /// For machines.
    Json,
}
