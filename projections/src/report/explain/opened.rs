//! A figure of a row, opened: which report has it, how its parts are read, and everything that entered it.

use super::ExplainError;
use super::ask::Ask;
use super::part::{Lookup, PartOf};
use super::recorder::Entered;
use crate::report::counting::Key;
use crate::report::figure::Figure;
use crate::report::query::ReportName;
use crate::report::sheet::Sheet;
use crate::report::{
    Fields, RowFigures, backlog, cases, flow, leaderboard, overview, resolution_times, response_times, review_queue,
    satisfaction, targets, volume,
};
use daftar_domain::Invalid;

/// A figure of a row, opened.
pub(super) struct Opened {
    /// The path of the figure, and of the statistic below it.
    pub(super) figure: String,
    pub(super) statistic: Option<String>,
    /// The figure or its statistic.
    pub(super) value: Figure,
    pub(super) entered: Vec<Entered>,
}

/// Opens the figure that `ask` asks for in the row with that key.
pub(super) fn opened(sheet: &Sheet<'_>, ask: &Ask, key: Key) -> Result<Opened, ExplainError> {
    match sheet.query.report {
        ReportName::Overview => opened_in::<overview::Overview>(sheet, ask, key),
        ReportName::Satisfaction => opened_in::<satisfaction::Satisfaction>(sheet, ask, key),
        ReportName::ResponseTimes => opened_in::<response_times::ResponseTimes>(sheet, ask, key),
        ReportName::ResolutionTimes => opened_in::<resolution_times::ResolutionTimes>(sheet, ask, key),
        ReportName::Flow => opened_in::<flow::Flow>(sheet, ask, key),
        ReportName::Leaderboard => opened_in::<leaderboard::Leaderboard>(sheet, ask, key),
        ReportName::Targets => opened_in::<targets::Targets>(sheet, ask, key),
        ReportName::Volume => opened_in::<volume::Volume>(sheet, ask, key),
        ReportName::Backlog => opened_in::<backlog::Backlog>(sheet, ask, key),
        ReportName::Cases => opened_in::<cases::Cases>(sheet, ask, key),
        ReportName::ReviewQueue => opened_in_queue(sheet, ask),
    }
}

/// The paths of a report's figures, for those who ask for another.
pub(super) fn figures(report: ReportName) -> String {
    let paths = match report {
        ReportName::Overview => overview::Overview::EXPLAINED,
        ReportName::Satisfaction => satisfaction::Satisfaction::EXPLAINED,
        ReportName::ResponseTimes => response_times::ResponseTimes::EXPLAINED,
        ReportName::ResolutionTimes => resolution_times::ResolutionTimes::EXPLAINED,
        ReportName::Flow => flow::Flow::EXPLAINED,
        ReportName::Leaderboard => leaderboard::Leaderboard::EXPLAINED,
        ReportName::Targets => targets::Targets::EXPLAINED,
        ReportName::Volume => volume::Volume::EXPLAINED,
        ReportName::Backlog => backlog::Backlog::EXPLAINED,
        ReportName::Cases => cases::Cases::EXPLAINED,
        ReportName::ReviewQueue => &review_queue::EXPLAINED,
    };
    paths.join(", ")
}

fn no_such_figure(ask: &Ask) -> ExplainError {
    let report = ask.query.report;
    let rule = format!("must be the path of a figure of {}, one of {}", report.name(), figures(report));
    Invalid::new("figure", &ask.figure, rule).into()
}

fn opened_in<R: RowFigures>(sheet: &Sheet<'_>, ask: &Ask, key: Key) -> Result<Opened, ExplainError> {
    let nothing = || -> PartOf<'_, R> { Box::new(|_| None) };
    let row = || sheet.one_row::<R>(key, nothing()).map_or(Figure::Null, |(fields, _)| Figure::Object(fields));
    let lookup = Lookup { state: sheet.state, terms: &sheet.terms, row: &row };
    let (part, length) = longest::<R>(&ask.figure, &lookup).ok_or_else(|| no_such_figure(ask))?;
    let (fields, entered) = sheet.one_row::<R>(key, part)?;
    let (figure, statistic) = (&ask.figure[..length], ask.figure.get(length + 1..));
    Ok(Opened {
        value: value(fields, ask, figure, statistic)?,
        figure: figure.to_owned(),
        statistic: statistic.map(str::to_owned),
        entered,
    })
}

/// The figure of a row, or a statistic of it.
fn value(fields: Fields, ask: &Ask, figure: &str, statistic: Option<&str>) -> Result<Figure, ExplainError> {
    let row = Figure::Object(fields);
    let whole = row.get(figure);
    match (whole.and_then(|whole| whole.get(statistic.unwrap_or_default())), whole, statistic) {
        (Some(value), ..) => Ok(value.clone()),
        (None, Some(Figure::Object(statistics)), Some(_)) => {
            let names: Vec<&str> = statistics.iter().map(|(name, _)| name.as_ref()).collect();
            let rule = format!("must name a statistic of {figure}, one of {}, or none", names.join(", "));
            Err(Invalid::new("figure", &ask.figure, rule).into())
        }
        (None, Some(_), Some(_)) => Err(no_such_figure(ask)),
        (None, ..) => Ok(Figure::Null),
    }
}

/// The parts of the figure with the longest path that `path` begins with, and how long that is; what is left of the
/// path is a statistic of the figure.
pub(in crate::report) fn longest<'a, R: RowFigures>(path: &str, lookup: &Lookup<'a>) -> Option<(PartOf<'a, R>, usize)> {
    let dots = path.match_indices('.').map(|(dot, _)| dot).rev();
    std::iter::once(path.len()).chain(dots).find_map(|end| Some((R::parts(&path[..end], lookup)?, end)))
}

fn opened_in_queue(sheet: &Sheet<'_>, ask: &Ask) -> Result<Opened, ExplainError> {
    let figure = ask.figure.as_str();
    if !review_queue::EXPLAINED.contains(&figure) {
        return Err(no_such_figure(ask));
    }
    let ticket = ask.ticket.as_deref().unwrap_or_default();
    let (fields, entered) = review_queue::explained(sheet, ticket, figure).ok_or_else(|| {
        Invalid::new("cell.ticket", ticket, "must be a ticket of the queue: it is not in it, or filters leave it out")
    })?;
    let value = Figure::Object(fields).get(figure).cloned().unwrap_or(Figure::Null);
    Ok(Opened { figure: figure.to_owned(), statistic: None, value, entered })
}
