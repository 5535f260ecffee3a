//! `daftar-replay explain`: what one cell of a report is made of, ticket by ticket, in words.

mod show;

use crate::Failure;
use crate::asked::{self, Asked};
use crate::cli::Output;
use crate::cli::explain::ExplainArguments;
use crate::screen::Screen;
use crate::written::print_json;
use crate::{out, source, telling};
use daftar_domain::Invalid;
use daftar_projections::labels::KeyLabels;
use daftar_projections::report::explain::ask::{Ask, PAGE};
use daftar_projections::report::explain::{ExplainError, explain};

pub(crate) use show::value_of;

pub(crate) async fn run(arguments: ExplainArguments) -> Result<(), Failure> {
    let ask = ask(&arguments)?;
    let mut parameters = arguments.parameters;
    parameters.limit = None;
    let source = source::open(&arguments.source, arguments.quiet).await?;
    let asked = Asked::of(&arguments.name, &parameters, &source).await?;
    let state = asked.fold(&source, arguments.quiet).await?;
    let labels = KeyLabels(source.keys.clone());
    let epochs = source.log.epochs();
    let explained = explain(&state, &ask, &asked.definition, asked.position, &epochs, &labels);
    let mut explained = explained.map_err(|error| refused(&error))?;
    telling::tell(&source, &mut explained, arguments.words.into()).await?;
    let note = asked.what_if_note();
    if arguments.output != Output::Table {
        // Neither form has a place for it.
        note.iter().for_each(|note| eprintln!("daftar-replay: {note}"));
    }
    match arguments.output {
        Output::Json => print_json(&explained),
        Output::Csv => out::print(&show::csv(&explained)),
        Output::Table => out::print(&show::text(&explained, note, Screen::of_stdout())),
    }
}

/// What the flags ask for.
fn ask(arguments: &ExplainArguments) -> Result<Ask, Failure> {
    let mut parameters = arguments.parameters.parameters().map_err(Failure::Usage)?;
    parameters.retain(|(name, _)| name != "limit");
    if let Some(figures) = &arguments.parameters.figures {
        let advice = "a cell has one figure, which --cell names; leave --figures out";
        return Err(Failure::usage(Invalid::new("--figures", figures, advice)));
    }
    parameters.extend(arguments.cell().map_err(Failure::Usage)?);
    parameters.extend(arguments.taken_back.then(|| ("taken_back".to_owned(), "true".to_owned())));
    let limit = limit(arguments.parameters.limit.as_deref())?;
    let ask = Ask::parse(&arguments.name, parameters).map_err(|wrong| refused(&ExplainError::Invalid(wrong)))?;
    Ok(Ask { limit, ..ask })
}

/// How many items are shown: as many as are asked for, over as many pages as that takes over HTTP.
fn limit(text: Option<&str>) -> Result<usize, Failure> {
    match text {
        None => Ok(PAGE),
        Some("all") => Ok(usize::MAX),
        Some(text) => text.parse().ok().filter(|limit| *limit > 0).ok_or_else(|| {
            Failure::usage(Invalid::new("--limit", text, "must be how many measurements to show, from 1 on, or all"))
        }),
    }
}

/// Why a cell was not explained, in words of the command line.
pub(crate) fn refused(error: &ExplainError) -> Failure {
    let ExplainError::Invalid(wrong) = error else { return Failure::usage(error) };
    let lines: Vec<_> = wrong.iter().map(|invalid| in_flags(invalid.clone()).to_string()).collect();
    Failure::Usage(lines.join("\n"))
}

/// Names what a cell is told by as a part of `--cell`.
fn in_flags(mut wrong: Invalid) -> Invalid {
    let part = wrong.field.strip_prefix("cell.").map(str::to_owned);
    let own = || matches!(&*wrong.field, "period" | "figure").then(|| wrong.field.clone());
    match part.or_else(own) {
        Some(part) => wrong.field = format!("--cell {part}"),
        None => wrong = asked::as_flag(wrong),
    }
    wrong.rule = wrong.rule.replace("cell.", "--cell ");
    wrong
}
