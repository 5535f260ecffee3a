//! `daftar-replay report`: fold the history up to a position, count, show.

use crate::Failure;
use crate::asked::Asked;
use crate::cli::{ReportArguments, ReportOutput};
use crate::screen::Screen;
use crate::timings::Timings;
use crate::{html, out, publish, source, table};
use daftar_projections::report::Report;
use daftar_projections::report::periods::Language;

pub(crate) async fn run(arguments: ReportArguments) -> Result<(), Failure> {
    crate::asked::query(&arguments.name, &arguments.parameters)?;
    if let Some(name) = &arguments.publish.publish {
        return publish::run(&arguments, name);
    }
    let mut timings = Timings::begin();
    let source = source::open_to_fold(&arguments.source, arguments.quiet).await?;
    let asked = Asked::of(&arguments.name, &arguments.parameters, &source).await?;
    timings.stage("open");
    let parts = asked.fold_in_parts(&source, arguments.threads(), arguments.quiet).await?;
    timings.stage("fold");
    let report = asked.report_in_parts(&source, &parts)?;
    source.end()?;
    timings.stage("count");
    show(&report, arguments.output, arguments.language.map(Into::into))?;
    timings.stage("write");
    if arguments.timings {
        eprintln!("{}", timings.text(asked.position, parts.count()));
    }
    Ok(())
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
