//! The flags of `daftar-replay explain`.

use super::{InLanguage, Output, ParameterArguments, SourceArguments};
use clap::Args;

#[derive(Debug, Args)]
#[command(
    mut_arg("limit", |limit| limit.value_name("N|all").help("How many measurements to show; 20 when left out")),
    mut_arg("figures", |figures| figures.hide(true)),
    after_help = "A cell is one figure of one row of the report that the other flags ask for. Its figure is the path that the
report's JSON has, with a statistic or without: first_response, first_response.p90, csat, questions.speed, opened.

Examples:
  daftar-replay explain response-times --data-dir daftar-data --cell figure=first_response.p90
  daftar-replay explain response-times --data-dir daftar-data --group-by department \\
    --cell department=technical,figure=first_response
  daftar-replay explain satisfaction --data-dir daftar-data --interval month \\
    --cell period=2026-01,figure=csat --limit all
  daftar-replay explain flow --data-dir daftar-data --group-by agent \\
    --cell agent=null,figure=opened --output csv
  daftar-replay explain resolution-times --backup /mnt/backup/desk \\
    --cell figure=full_resolution --taken-back
  daftar-replay explain review-queue --data-dir daftar-data \\
    --cell ticket=HD-1001,figure=reasons --words fa"
)]
pub(crate) struct ExplainArguments {
    /// Of which report, as in `daftar-replay report`.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    #[command(flatten)]
    pub(crate) parameters: ParameterArguments,
    /// Which cell: the path of its figure; the label of its row's period where there is an --interval; its row's value of
    /// each dimension of --group-by, `null` for none.
    #[arg(long, value_name = "period=LABEL,DIMENSION=VALUE,figure=PATH")]
    pub(crate) cell: String,
    /// Show what made the cell once and was taken back.
    #[arg(long)]
    pub(crate) taken_back: bool,
    /// In which language measurements are told.
    #[arg(long, value_enum, default_value_t = InLanguage::En)]
    pub(crate) words: InLanguage,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
}

impl ExplainArguments {
    /// The cell as parameters of an explanation.
    ///
    /// # Errors
    ///
    /// Words about a part that is no `name=value`.
    pub(crate) fn cell(&self) -> Result<Vec<(String, String)>, String> {
        let parts = self.cell.split(',').map(|part| {
            let none = || format!("--cell {part} is no NAME=VALUE, like figure=first_response or department=technical");
            let (name, value) = part.split_once('=').ok_or_else(none)?;
            let name = if matches!(name, "period" | "figure") { name.to_owned() } else { format!("cell.{name}") };
            Ok((name, value.to_owned()))
        });
        parts.collect()
    }
}
