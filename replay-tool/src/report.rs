//! `daftar-replay report`: fold the history up to a position, count, show.

use crate::Failure;
use crate::asked::Asked;
use crate::cli::{ReportArguments, ReportOutput};
use crate::screen::Screen;
use crate::{html, out, source, table};
use daftar_projections::report::Report;
use daftar_projections::report::periods::Language;

pub(crate) async fn run(arguments: ReportArguments) -> Result<(), Failure> {
    crate::asked::query(&arguments.name, &arguments.parameters)?;
    let source = source::open(&arguments.source, arguments.quiet).await?;
    let asked = Asked::of(&arguments.name, &arguments.parameters, &source).await?;
    let state = asked.fold(&source, arguments.quiet).await?;
    let report = asked.report(&source, &state)?;
    show(&report, arguments.output, arguments.language.map(Into::into))
}

fn show(report: &Report, output: ReportOutput, language: Option<Language>) -> Result<(), Failure> {
    let text = match output {
        ReportOutput::Json => report.to_json() + "\n",
        ReportOutput::Table => table::of(report, language, Screen::of_stdout()) + "\n",
        ReportOutput::Html => html::page(report, language),
        ReportOutput::Csv => report.to_csv(),
    };
    out::print(&text)
}
