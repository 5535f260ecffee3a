//! `daftar-replay report`: fold the history up to a position, count, show; several reports of one fold.

use crate::asked::Asked;
use crate::cli::{ReportArguments, ReportOutput};
use crate::screen::Screen;
use crate::timings::Timings;
use crate::{Failure, also, html, out, publish, source, table};
use daftar_projections::labels::KeyLabels;
use daftar_projections::report::Report;
use daftar_projections::report::periods::Language;

/// How large a block is freed for the allocator to keep all that follow, in bytes.
const KEPT_BYTES: usize = 16 << 20;

/// Has freed memory kept for what is asked for next. glibc hands what is larger than 128 KB back to the system, which fills
/// it with zeros again each time, until a larger block was freed (`mallopt(3)`, dynamic threshold): a fold frees and asks
/// for some all the time. Other allocators are told nothing.
fn keep_freed_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(KEPT_BYTES)));
}

pub(crate) async fn run(arguments: ReportArguments) -> Result<(), Failure> {
    crate::asked::query(&arguments.name, &arguments.parameters)?;
    let also = also::asked(&arguments)?;
    if let Some(name) = &arguments.publish.publish {
        return publish::run(&arguments, name);
    }
    keep_freed_memory();
    let mut timings = Timings::begin();
    let source = source::open_to_fold(&arguments.source, arguments.quiet).await?;
    let asked = Asked::of(&arguments.name, &arguments.parameters, &source).await?;
    let beside: Vec<_> = also.iter().map(|also| asked.beside(also.query.clone())).collect();
    timings.stage("open");
    let (queries, labels) = (asked.queries(&beside), KeyLabels(source.keys.clone()));
    let of_all = asked.reports_of(&queries, &labels);
    let (folded, counting) = asked.fold_for(of_all, &source, arguments.threads(), arguments.quiet).await?;
    timings.stage_of("fold", counting);
    let threads = folded.parts();
    let (made, state) = folded.into_reports();
    let mut made = made.into_iter().map(|made| asked.told(made));
    let mut reports: Vec<_> = made.by_ref().take(1).collect::<Result<_, _>>()?;
    for (also, report) in also.iter().zip(made) {
        reports.push(report.map_err(|failure| also.told(failure))?);
    }
    source.end()?;
    timings.stage("count");
    show(&reports, arguments.output, arguments.language.map(Into::into))?;
    timings.stage("write");
    if arguments.timings {
        eprintln!("{}", timings.text(asked.position, threads));
    }
    // The process ends here, and the system takes so much memory back faster than it can be given back piece by piece.
    std::mem::forget(state);
    Ok(())
}

fn show(reports: &[Report], output: ReportOutput, language: Option<Language>) -> Result<(), Failure> {
    let text: String = match output {
        ReportOutput::Json => reports.iter().map(|report| report.to_json() + "\n").collect(),
        ReportOutput::Table => tables(reports, language),
        ReportOutput::Html => html::page(reports, language),
        ReportOutput::Csv => reports.iter().map(Report::to_csv).collect(),
    };
    out::print(&text)
}

/// An empty line stands between two reports; many end with one of their own.
fn tables(reports: &[Report], language: Option<Language>) -> String {
    let screen = Screen::of_stdout();
    let mut text = String::new();
    for report in reports {
        if !text.is_empty() && !text.ends_with("\n\n") {
            text.push('\n');
        }
        text.push_str(&(table::of(report, language, screen) + "\n"));
    }
    text
}
