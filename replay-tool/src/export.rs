//! `daftar-replay export`: events, tickets or measurements as a file for other programs.
//!
//! # Layout
//!
//! - [`columns`]: columns with their types, and how a row fills them
//! - [`events`], [`tickets`], [`measurements`]: what is written, and its columns
//! - [`csv`], [`ndjson`], [`parquet`]: the forms
//! - [`out`]: where it goes

mod columns;
mod csv;
mod events;
mod measurements;
mod ndjson;
mod out;
mod parquet;
mod tickets;

use crate::asked::Asked;
use crate::cli::export::{ExportArguments, Form, What};
use crate::source::{self, Source};
use crate::{Failure, progress};
use columns::{Column, Rows};
use daftar_projections::export::Export;
use daftar_projections::labels::KeyLabels;
use indicatif::ProgressBar;
use out::{Out, PACKED_ENDINGS};
use std::io::{self, ErrorKind, IsTerminal as _};
use std::path::Path;

/// What decides the prefix is read as for this report; it has no parameters of its own.
const LIKE_REPORT: &str = "overview";

/// What is being done while rows go out.
const WRITING: &str = "writing";

/// Why an export ended before its end.
#[derive(Debug)]
enum Stopped {
    /// It could not be made.
    Made(Failure),
    /// It could not be written.
    Written(io::Error),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Made(failure)
    }
}

impl From<io::Error> for Stopped {
    fn from(failure: io::Error) -> Self {
        Self::Written(failure)
    }
}

pub(crate) async fn run(arguments: ExportArguments) -> Result<(), Failure> {
    check(&arguments)?;
    match export(&arguments).await {
        Ok(()) => Ok(()),
        Err(Stopped::Made(failure)) => Err(failure),
        // Whoever read it has seen enough.
        Err(Stopped::Written(e)) if arguments.out.is_none() && e.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(Stopped::Written(e)) => {
            let to = arguments.out.as_deref().map_or("standard output".into(), Path::to_string_lossy);
            Err(Failure::run(format!("the export could not be written to {to}: {e}")))
        }
    }
}

/// Refuses what makes no sense before anything is read.
fn check(arguments: &ExportArguments) -> Result<(), Failure> {
    let ends_in = |end: &&&str| arguments.out.as_deref().and_then(Path::extension).is_some_and(|e| e == **end);
    let packed = PACKED_ENDINGS.iter().find(ends_in);
    match (arguments.to, &arguments.out, packed) {
        (Form::Parquet, None, _) if io::stdout().is_terminal() => {
            Err(Failure::usage("--to parquet is not for a terminal; give --out FILE, or send it on"))
        }
        (Form::Parquet, Some(file), Some(end)) => {
            Err(Failure::usage(format!("--out {}: parquet is compressed inside; leave .{end} away", file.display())))
        }
        // Of a date it says where the day begins.
        _ if arguments.what == What::Events && arguments.definition.is_some() && arguments.happened_by.is_none() => {
            Err(Failure::usage("--definition makes no difference to events; leave it away"))
        }
        _ => Ok(()),
    }
}

async fn export(arguments: &ExportArguments) -> Result<(), Stopped> {
    crate::asked::query(LIKE_REPORT, &arguments.parameters())?;
    // A place that can't be written to is told before anything is read.
    let out = Out::open(arguments.out.as_deref())?;
    let source = source::open(&arguments.source, arguments.quiet).await?;
    let asked = Asked::of(LIKE_REPORT, &arguments.parameters(), &source).await?;
    match arguments.what {
        What::Events => export_events(arguments, &asked, &source, out).await,
        What::Tickets | What::Measurements => export_measured(arguments, &asked, &source, out).await,
    }
}

async fn export_events(arguments: &ExportArguments, asked: &Asked, source: &Source, out: Out) -> Result<(), Stopped> {
    let progress = progress::up_to(asked.position, WRITING, arguments.quiet);
    let events = events::Events::new(asked, source);
    // The lines of the feed have a form of their own: nested, with what has no value left out.
    if arguments.to == Form::Ndjson {
        let mut lines = events::Lines::new(out);
        events.each(&progress, |line| lines.write(line)).await?;
        return Ok(lines.finish()?);
    }
    let mut rows = rows_in(arguments.to, events::columns(), out)?;
    events.each(&progress, |line| rows.write(line)).await?;
    Ok(rows.finish()?)
}

async fn export_measured(arguments: &ExportArguments, asked: &Asked, source: &Source, out: Out) -> Result<(), Stopped> {
    let state = asked.fold(source, arguments.quiet).await?;
    let labels = KeyLabels(source.keys.clone());
    let export = Export { state: &state, definition: &asked.definition.document, labels: &labels };
    if arguments.what == What::Tickets {
        let progress = progress::through(state.tickets.len() as u64, "tickets", WRITING, arguments.quiet);
        write_all(export.tickets(), rows_in(arguments.to, tickets::columns(), out)?, &progress)
    } else {
        let count = export.measurement_count() as u64;
        let progress = progress::through(count, "measurements", WRITING, arguments.quiet);
        write_all(export.measurements(), rows_in(arguments.to, measurements::columns(), out)?, &progress)
    }
}

fn write_all<R>(
    all: impl Iterator<Item = R>,
    mut rows: Box<dyn Rows<R> + '_>,
    progress: &ProgressBar,
) -> Result<(), Stopped> {
    for row in all {
        rows.write(&row)?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(rows.finish()?)
}

/// A table in a form.
fn rows_in<'r, R: 'r>(form: Form, columns: Vec<Column<R>>, out: Out) -> io::Result<Box<dyn Rows<R> + 'r>> {
    Ok(match form {
        Form::Parquet => Box::new(parquet::Parquet::begin(columns, out)?),
        Form::Csv => Box::new(csv::Csv::begin(columns, out)?),
        Form::Ndjson => Box::new(ndjson::Ndjson::begin(columns, out)),
    })
}
