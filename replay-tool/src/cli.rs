//! What can be asked of the tool: its commands and flags.

pub(crate) mod compare;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod history;
mod snapshot;
mod verify;

pub(crate) use snapshot::{PublishArguments, SnapshotArguments, SnapshotOutput};
pub(crate) use verify::{VerifyArguments, VerifyOutput};

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use daftar_projections::report::periods::Language;
use daftar_projections::report::query::Dimension;
use std::path::PathBuf;

/// Recompute the reports of a help desk from its history, as known at any position.
#[derive(Debug, Parser)]
#[command(name = "daftar-replay", version, arg_required_else_help = true)]
#[command(after_help = "Examples:
  daftar-replay report overview --data-dir daftar-data
  daftar-replay report response-times --url http://127.0.0.1:7070 --group-by department
  daftar-replay verify --backup /mnt/backup/desk
  daftar-replay export tickets --events history.ndjson.gz --to csv --out tickets.csv
  daftar-replay snapshot --url http://127.0.0.1:7070

Every command has more of them in its own --help.

Exit codes: 0 done; 1 the answer is no; 2 wrong usage; 3 could not run.\n\
Results go to standard output, everything else to standard error.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a report, as known at any position; or have a server publish it.
    Report(Box<ReportArguments>),
    /// Make a report twice and show what differs, with the tickets behind it.
    Compare(compare::CompareArguments),
    /// Show what one cell of a report is made of, ticket by ticket, in words.
    Explain(explain::ExplainArguments),
    /// Tell one ticket event by event: what happened, the state after it, and every value it measured.
    History(history::HistoryArguments),
    /// Check everything that a history carries, fold it again, and print one digest of it.
    Verify(VerifyArguments),
    /// Write events, tickets or measurements as Parquet, CSV or NDJSON.
    Export(export::ExportArguments),
    /// Read a published report again, beside what it would be now; or list those there are.
    Snapshot(SnapshotArguments),
}

/// Where the history comes from: exactly one of these.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group(ArgGroup::new("source").required(true).args(["data_dir", "backup", "url", "events"])))]
pub(crate) struct SourceArguments {
    /// A data directory that no server has open.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// A backup: the directory of its segments.
    #[arg(long, value_name = "DIR")]
    pub(crate) backup: Option<PathBuf>,
    /// A running server: http://HOST:PORT.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// A file of events (NDJSON; plain, .gz or .zst; - for standard input).
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
    /// The API key for the server of --url.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Reports:
  overview          the figures a manager asks for first
  satisfaction      what customers say
  response-times    how long customers wait for replies
  resolution-times  how long tickets take
  flow              what comes in, goes out and moves
  leaderboard       agents side by side
  targets           which durations met their targets, and which still can
  volume            in which hours of the week the work comes
  backlog           what lies open, and for how long
  cases             dissatisfied customers, and what was done about them
  review-queue      tickets somebody should look at again

docs/metrics.md says what every figure means.

Examples:
  daftar-replay report response-times --data-dir daftar-data
  daftar-replay report satisfaction --data-dir daftar-data --group-by department --interval month
  daftar-replay report satisfaction --backup /mnt/backup/desk --as-of 48211
  daftar-replay report overview --url http://127.0.0.1:7070 --interval month
  daftar-replay report flow --events history.ndjson.gz --from 2016-07-01 --to 2017-01-01
  daftar-replay report flow --data-dir daftar-data --filter channel=email,phone --filter tag=null
  daftar-replay report response-times --data-dir daftar-data --as-of 48211
  daftar-replay report backlog --data-dir daftar-data --happened-by 2026-01-01
  daftar-replay report response-times --data-dir daftar-data --within 4h --group-by agent --limit 10
  daftar-replay report flow --data-dir daftar-data --group-by department --figures opened,closed
  daftar-replay report backlog --data-dir daftar-data --interval week --output csv
  daftar-replay report overview --data-dir daftar-data --output html --language fa > page.html
  daftar-replay report targets --data-dir daftar-data --definition office.toml --from 1404-07-01
  daftar-replay report flow --data-dir daftar-data --definition iran --interval month --language fa
  daftar-replay report satisfaction --data-dir daftar-data --what-if csat.positive_from.five=3
  daftar-replay report targets --data-dir daftar-data --what-if target.first_response=4h
  daftar-replay report review-queue --data-dir daftar-data --filter department=technical --limit 20
  daftar-replay report flow --data-dir daftar-data --interval month --threads 4 --timings
  daftar-replay report satisfaction --data-dir daftar-data --group-by agent --output json \\
    --also 'overview?group_by=department&interval=month' --also 'flow?channel=email,phone'
  daftar-replay report satisfaction --url http://127.0.0.1:7070 --publish csat.2026-q1")]
pub(crate) struct ReportArguments {
    /// Which report: one of those below.
    #[arg(value_name = "REPORT")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    #[command(flatten)]
    pub(crate) parameters: ParameterArguments,
    /// Make a further report of the same fold, shown after this one: its name and parameters as the HTTP interface has
    /// them, as in 'flow?interval=day&channel=email,phone' (+ is a space there; write %2B). Source, --definition,
    /// --what-if, --as-of and --happened-by hold for all; everything else is each report's own. May be given several
    /// times. Tables follow one another, JSON has a line a report, a page holds them all.
    #[arg(long, value_name = "REPORT?PARAMETERS")]
    pub(crate) also: Vec<String>,
    #[command(flatten)]
    pub(crate) publish: PublishArguments,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = ReportOutput::Table)]
    pub(crate) output: ReportOutput,
    /// Name periods and days in a language, in tables and pages; without it they have the labels of JSON, in numbers. A
    /// page in Persian reads from right to left.
    #[arg(long, value_enum)]
    pub(crate) language: Option<InLanguage>,
    /// On how many threads to fold, each a part of the tickets; the result is the same. As many as there are cores when
    /// left out. Targets, cases, the review queue and rows by customer take one, and so does what is made with them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) threads: Option<u32>,
    /// Tell on standard error what each stage cost, in all and for each event.
    #[arg(long)]
    pub(crate) timings: bool,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
}

impl ReportArguments {
    /// How many threads fold.
    pub(crate) fn threads(&self) -> u32 {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.threads.unwrap_or_else(|| u32::try_from(cores()).unwrap_or(1).min(256))
    }
}

/// What a report is asked with: the parameters of the HTTP interface as flags.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ParameterArguments {
    /// The first moment counted: a date (00:00 in the definition's time zone; years 1200 to 1599 are Solar Hijri) or an
    /// instant with an offset.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// The first moment no longer counted.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// One row a period: hour, day, week, month, quarter or year.
    #[arg(long, value_name = "PERIOD")]
    pub(crate) interval: Option<String>,
    /// One row a value, of up to three dimensions: branch, department, agent, channel, priority, customer_tier, tag,
    /// customer, language, closing_reason, form, attribute.NAME.
    #[arg(long, value_name = "DIMENSION,…")]
    pub(crate) group_by: Option<String>,
    /// Count only some values of a dimension; null stands for none. Several filters all apply.
    #[arg(long, value_name = "DIMENSION=VALUE,…")]
    pub(crate) filter: Vec<String>,
    /// What was known then: a position of the log, or an instant by when it was recorded.
    #[arg(long, value_name = "POSITION|TIME")]
    pub(crate) as_of: Option<String>,
    /// Count only what happened up to then: an instant, or the beginning of a date.
    #[arg(long, value_name = "TIME")]
    pub(crate) happened_by: Option<String>,
    /// The instant up to which running things are measured; the latest event when left out.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Ask which share of the values lies within a duration: 45s, 30m, 4h, 2d, 3bd (business days).
    #[arg(long, value_name = "DURATION")]
    pub(crate) within: Option<String>,
    /// Keep the N groups with most measurements.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<String>,
    /// Show only some figures, such as first_response,within. Rows and --limit then go by what these count.
    #[arg(long, value_name = "FIGURE,…")]
    pub(crate) figures: Option<String>,
    /// The metric definition to count under: a file (.toml or .json), a preset (default, zendesk, freshdesk, chatwoot,
    /// zammad, iran) or one published in the log, NAME or NAME@VERSION.
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) definition: Option<String>,
    /// Count as if the definition said otherwise: any field of its document (docs/definitions.md), as in
    /// csat.positive_from.five=3, clock=business or schedules.0.time_zone=UTC; lists and objects as JSON.
    /// target.first_response=4h replaces all targets of a metric. Several all apply, in order.
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) what_if: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportOutput {
    /// An aligned table, for people.
    Table,
    /// The report as the HTTP interface answers it, for machines.
    Json,
    /// The rows as comma-separated values, for spreadsheets.
    Csv,
    /// One page with charts and tables, to send or to print; it needs no network.
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// An aligned table, for people.
    Table,
    /// Everything there is, for machines.
    Json,
    /// Comma-separated values, for spreadsheets.
    Csv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InLanguage {
    /// English.
    En,
    /// Persian.
    Fa,
}

impl From<InLanguage> for Language {
    fn from(language: InLanguage) -> Self {
        match language {
            InLanguage::En => Self::English,
            InLanguage::Fa => Self::Persian,
        }
    }
}

impl ParameterArguments {
    /// The flags as the parameters of a report.
    ///
    /// # Errors
    ///
    /// Words about a filter that is no `dimension=value`.
    pub(crate) fn parameters(&self) -> Result<Vec<(String, String)>, String> {
        let flags = [
            ("from", &self.from),
            ("to", &self.to),
            ("interval", &self.interval),
            ("group_by", &self.group_by),
            ("as_of", &self.as_of),
            ("happened_by", &self.happened_by),
            ("at", &self.at),
            ("within", &self.within),
            ("limit", &self.limit),
            ("figures", &self.figures),
            ("definition", &self.definition),
        ];
        let given = |(name, value): (&str, &Option<String>)| value.clone().map(|value| (name.to_owned(), value));
        let mut parameters: Vec<_> = flags.into_iter().filter_map(given).collect();
        for filter in &self.filter {
            let (name, values) = filter
                .split_once('=')
                .ok_or_else(|| format!("--filter {filter} is no DIMENSION=VALUE, like channel=email"))?;
            Dimension::parse("--filter", name).map_err(|invalid| invalid.to_string())?;
            parameters.push((name.to_owned(), values.to_owned()));
        }
        Ok(parameters)
    }
}
