//! `daftar-replay report`: fold the history up to a position, count, show.

use crate::Failure;
use crate::cli::{Output, ReportArguments};
use crate::definition;
use crate::source::{self, Source};
use crate::table;
use daftar_domain::Invalid;
use daftar_eventlog::Position;
use daftar_projections::labels::KeyLabels;
use daftar_projections::measurements::Measurements;
use daftar_projections::projector::{catch_up, position_at};
use daftar_projections::report::periods::Language;
use daftar_projections::report::query::{AsOf, Query};
use daftar_projections::report::{Report, report};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{ErrorKind, IsTerminal, Write};

pub(crate) async fn run(arguments: ReportArguments) -> Result<(), Failure> {
    let parameters = arguments.parameters().map_err(Failure::Usage)?;
    let query = Query::parse(&arguments.name, parameters).map_err(|wrong| {
        let lines: Vec<_> = wrong.into_iter().map(|invalid| as_flag(invalid).to_string()).collect();
        Failure::Usage(lines.join("\n"))
    })?;
    let file = arguments.definition.as_deref().map(definition::from_file).transpose()?.flatten();
    let source = source::open(&arguments.source, arguments.quiet).await?;
    let position = asked_position(&source, query.as_of).await?;
    let definition = match file {
        Some(document) => document,
        None => definition::named(&source, query.definition.as_deref(), position).await?,
    };
    let happened_by = query.happened_by_under(&definition.document);
    let mut state = Measurements::under(definition.document.folded()).up_to(happened_by);
    let progress = progress_bar(position, arguments.quiet);
    catch_up(&*source.log, &mut state, Some(position), |reached| progress.set_position(reached.0))
        .await
        .map_err(Failure::run)?;
    progress.finish_and_clear();
    let report =
        report(&state, &query, &definition, position, &KeyLabels(source.keys.clone())).map_err(Failure::usage)?;
    show(&report, arguments.output, arguments.language.map(Into::into))
}

/// Names a parameter as the flag it was given with.
fn as_flag(mut wrong: Invalid) -> Invalid {
    let flags = [
        "from",
        "to",
        "interval",
        "group_by",
        "as_of",
        "happened_by",
        "at",
        "within",
        "limit",
        "figures",
        "definition",
    ];
    if flags.contains(&&*wrong.field) {
        wrong.field = format!("--{}", wrong.field.replace('_', "-"));
    }
    wrong
}

/// The end of the prefix that was asked for.
async fn asked_position(source: &Source, as_of: Option<AsOf>) -> Result<Position, Failure> {
    let last = *source.log.durable().borrow();
    match as_of {
        None => Ok(last),
        Some(AsOf::Position(position)) if position > last.0 => {
            Err(Failure::Usage(format!("--as-of is {position}, but the log ends at position {last}")))
        }
        Some(AsOf::Position(position)) => Ok(Position(position)),
        Some(AsOf::Instant(_)) if !source.tells_recorded_at => Err(Failure::Usage(
            "--as-of is an instant, but the events do not say when they were recorded; give a position".to_owned(),
        )),
        Some(AsOf::Instant(instant)) => position_at(&*source.log, instant).await.map_err(Failure::run),
    }
}

fn progress_bar(position: Position, quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(position.0);
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} events  {per_sec}  {eta} left");
    style.map(|style| bar.clone().with_style(style)).unwrap_or(bar)
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
