//! `daftar-replay report`: fold the history up to a position, count, show.

use crate::Failure;
use crate::asked::Asked;
use crate::cli::{Output, ReportArguments};
use crate::out::print;
use crate::publish;
use crate::source;
use crate::table;
use daftar_projections::report::Report;
use daftar_projections::report::periods::Language;

pub(crate) async fn run(arguments: ReportArguments) -> Result<(), Failure> {
    crate::asked::query(&arguments.name, &arguments.parameters)?;
    if let Some(name) = &arguments.publish.publish {
        return publish::run(&arguments, name);
    }
    let source = source::open(&arguments.source, arguments.quiet).await?;
    let asked = Asked::of(&arguments.name, &arguments.parameters, &source).await?;
    let state = asked.fold(&source, arguments.quiet).await?;
    let report = asked.report(&source, &state)?;
    show(&report, arguments.output, arguments.language.map(Into::into))
}

fn show(report: &Report, output: Output, language: Option<Language>) -> Result<(), Failure> {
    let text = match output {
        Output::Json => report.to_json() + "\n",
        Output::Table => table::of(report, language) + "\n",
        Output::Csv => report.to_csv(),
    };
    print(&text)
}
