//! `daftar-replay compare`: a report twice, the difference of every figure, and the tickets behind the largest moves.

mod better;
mod figures;
mod lines;
mod moved;
mod show;

use crate::Failure;
use crate::asked::Asked;
use crate::cli::compare::{CompareArguments, Differs};
use crate::cli::{Output, ParameterArguments};
use crate::screen::Screen;
use crate::source::{self, Source};
use crate::written::print_json;
use crate::{asked, out};
use daftar_domain::{Invalid, Timestamp};
use daftar_projections::live::basis::Basis;
use daftar_projections::measurements::Measurements;
use daftar_projections::report::Report;
use daftar_projections::report::query::ReportName;
use lines::Line;
use moved::Moves;
use std::sync::Arc;

/// One side: what it was asked, what it was counted from, and the report.
struct Side {
    flags: ParameterArguments,
    asked: Asked,
    state: Arc<Measurements>,
    report: Report,
}

/// A report twice.
struct Comparison {
    name: ReportName,
    differs: Differs,
    sides: [Side; 2],
    /// The paths of the figures that are compared.
    figures: Vec<String>,
    /// By figure, the largest change for the worse first.
    lines: Vec<Line>,
    moves: Vec<Moves>,
}

pub(crate) async fn run(arguments: CompareArguments) -> Result<(), Failure> {
    let differs = arguments.differs().map_err(Failure::Usage)?;
    let name = name(&arguments.name)?;
    let mut flags = [0, 1].map(|side| arguments.side(side, differs));
    let narrowed = figures::narrowed(name, &arguments.figure)?;
    flags.iter_mut().for_each(|side| side.figures.clone_from(&narrowed));
    flags.iter().try_for_each(|side| asked::query(&arguments.name, side).map(drop))?;
    let source = source::open(&arguments.source, arguments.quiet).await?;
    let sides = sides(&arguments, differs, flags, &source).await?;
    let compared = compared(&arguments, name, differs, sides, &source).await?;
    match arguments.output {
        Output::Json => print_json(&show::json(&compared, arguments.words.into()))?,
        Output::Csv => out::print(&show::csv(&compared))?,
        Output::Table => out::print(&show::text(&compared, arguments.words.into(), Screen::of_stdout()))?,
    }
    let different = compared.lines.iter().filter(|line| line.differs()).count();
    if arguments.fail_on_difference && different > 0 {
        return Err(Failure::No(format!("{different} of {} figures differ", compared.lines.len())));
    }
    Ok(())
}

fn name(text: &str) -> Result<ReportName, Failure> {
    let name = ReportName::parse(text).map_err(Failure::usage)?;
    let advice = "lists tickets, which have no figures to compare; compare any other report";
    if name.lists_tickets() { Err(Failure::usage(Invalid::new("report", text, advice))) } else { Ok(name) }
}

/// Both sides, counted from one fold where that serves both.
async fn sides(
    arguments: &CompareArguments,
    differs: Differs,
    [left, right]: [ParameterArguments; 2],
    source: &Source,
) -> Result<[Side; 2], Failure> {
    let one = Asked::of(&arguments.name, &left, source).await?;
    let mut other = Asked::of(&arguments.name, &right, source).await?;
    if matches!(differs, Differs::Definition | Differs::WhatIf) {
        // A date begins on the clocks of the left definition, for both: else more than the definition would differ.
        let happened_by = one.query.happened_by_under(&one.definition.document);
        other.query.happened_by = happened_by.map(|by| Timestamp::clamped(by).into());
    }
    let last = one.position.max(other.position);
    let serves_both = basis(&one) == basis(&other);
    let up_to = |asked: &Asked| if serves_both { last } else { asked.position };
    let state = Asked { position: up_to(&one), ..one.clone() }.fold(source, arguments.quiet).await?;
    let state = Arc::new(state);
    let other_state = match serves_both {
        true => Arc::clone(&state),
        false => Arc::new(other.fold(source, arguments.quiet).await?),
    };
    let side = |flags, asked: Asked, state: Arc<Measurements>| {
        let report = asked.report(source, &state)?;
        Ok::<_, Failure>(Side { flags, asked, state, report })
    };
    Ok([side(left, one, state)?, side(right, other, other_state)?])
}

fn basis(asked: &Asked) -> Basis {
    Basis::of(&asked.query, &asked.definition.document)
}

async fn compared(
    arguments: &CompareArguments,
    name: ReportName,
    differs: Differs,
    sides: [Side; 2],
    source: &Source,
) -> Result<Comparison, Failure> {
    let reports = [&sides[0].report, &sides[1].report];
    let figures = figures::chosen(&arguments.figure, reports)?;
    let lines = lines::of(&figures, reports, differs, arguments.at_least);
    let moves = moved::behind(&lines, &sides, differs, arguments, source).await?;
    Ok(Comparison { name, differs, sides, figures, lines, moves })
}
