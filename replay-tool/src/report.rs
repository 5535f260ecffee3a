//! `daftar-replay report`: fold the history up to a position, count, show.

use crate::Failure;
use crate::asked::Asked;
use crate::cli::{Output, ReportArguments};
use crate::publish;
use crate::source;
use crate::table;
use crate::timings::Timings;
use daftar_projections::report::Report;
use daftar_projections::report::periods::Language;
use std::io::{ErrorKind, Write};

pub(crate) async fn run(arguments: ReportArguments) -> Result<(), Failure> {
    crate::asked::query(&arguments.name, &arguments.parameters)?;
    if let Some(name) = &arguments.publish.publish {
        return publish::run(&arguments, name);
    }
    let mut timings = Timings::begin();
    let source = source::open(&arguments.source, arguments.quiet).await?;
    let asked = Asked::of(&arguments.name, &arguments.parameters, &source).await?;
    timings.stage("open");
    let parts = asked.fold_in_parts(&source, arguments.threads(), arguments.quiet).await?;
    timings.stage("fold");
    let report = asked.report_in_parts(&source, &parts)?;
    timings.stage("count");
    show(&report, arguments.output, arguments.language.map(Into::into))?;
    timings.stage("write");
    if arguments.timings {
        eprintln!("{}", timings.text(asked.position, asked.parts(arguments.threads())));
    }
    Ok(())
}

fn show(report: &Report, output: Output, language: Option<Language>) -> Result<(), Failure> {
    let text = match output {
        Output::Json => report.to_json() + "\n",
        Output::Table => table::of(report, language) + "\n",
        Output::Csv => report.to_csv(),
    };
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever read it has seen enough.
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(e) => Err(Failure::run(format!("the report could not be written: {e}"))),
        Ok(()) => Ok(()),
    }
}
