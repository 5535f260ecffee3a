//! Explanations: the measurements that make one cell of a report, and those that once made it.
//!
//! # Layout
//!
//! - [`ask`]: what is asked; `cell`: where the cell lies; [`cursor`]: where the next page begins
//! - `recorder`: takes down what the report's own counting enters into the cell; `part`: what one measurement is in a
//!   figure; [`recall`]: what was taken back
//! - [`against`]: one cell under two definitions
//! - `told`: the items in words, by the stories of their tickets
//! - [`ranks`]: between which values a percentile lies; `json`: an explanation as JSON
//!
//! # Invariants
//!
//! No figure is counted here: the report counts, into a row of its own for each measurement, and the row tells what
//! that one measurement is in the figure. So an explanation cannot differ from its report.

pub mod against;
pub mod ask;
mod cell;
pub mod cursor;
mod json;
pub(in crate::report) mod part;
pub mod ranks;
pub mod recall;
pub(in crate::report) mod recorder;
mod told;

#[cfg(test)]
mod tests;

use super::counting::Key;
use super::figure::Figure;
use super::periods::{Interval, Period};
use super::query::{AsOf, ReportName};
use super::sheet::Sheet;
use super::{
    CustomerLabels, Fields, ReportError, RowFigures, backlog, cases, flow, leaderboard, overview, resolution_times,
    response_times, review_queue, satisfaction, targets, terms, volume,
};
use crate::definition::catalog::Published;
use crate::exact::Decimal;
use crate::measurements::Measurements;
use crate::story::Told;
use crate::ticket_facts::Micros;
use against::{Compared, compared};
use ask::Ask;
use cursor::{CursorError, Place};
use daftar_domain::Invalid;
use daftar_domain::satisfaction::Scale;
use daftar_eventlog::{Epochs, OtherHistory, Position};
use part::{Lookup, PartOf};
use ranks::Rank;
use recall::{Recall, TakenBack};
use recorder::Entered;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// A cell explained: what it is, and a page of what makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The cell.
    pub cell: ExplainedCell,
    /// A page of its measurements, by instant, then position.
    pub items: Vec<Item>,
    /// Where the next page begins; none: there is no other.
    pub next: Option<String>,
}

/// A cell of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedCell {
    /// Its report.
    pub report: ReportName,
    /// The definition the report is made under.
    pub definition: Arc<Published>,
    /// The end of the prefix of the log it speaks for.
    pub position: Position,
    /// The prefix as it was asked for.
    pub as_of: Option<AsOf>,
    /// The instant up to which running things were measured; none: nothing has happened.
    pub at: Option<Micros>,
    /// Its row's period, with its label; none: all the time that was asked for.
    pub period: Option<(String, Period)>,
    /// Its row's value of each dimension; none: the absent one.
    pub group: Vec<(Cow<'static, str>, Option<String>)>,
    /// The path of its figure.
    pub figure: String,
    /// The statistic of the figure that was asked for.
    pub statistic: Option<String>,
    /// The figure, or its statistic, as the report gives it; null where the row does not have it.
    pub value: Figure,
    /// How many measurements make it.
    pub items: u64,
    /// How many made it once and were taken back.
    pub taken_back: u64,
    /// The values between which a percentile lies, where one was asked for.
    pub ranks: Vec<Item>,
}

/// A measurement that makes a cell, or once made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The ticket.
    pub ticket: String,
    /// When it happened, or the instant at which it was looked at.
    pub at: Micros,
    /// The event that was measured; none: what stood at an instant was looked at.
    pub position: Option<Position>,
    /// Its value: seconds, a score, or how often it counts; none: the figure has no values.
    pub value: Option<Decimal>,
    /// The scale of a score that can have several.
    pub scale: Option<Scale>,
    /// Whether it counts; else it stands in the denominator only.
    pub counted: bool,
    /// The agent for whom it counts.
    pub agent: Option<String>,
    /// Why the ticket stands in the row, where rows are tickets.
    pub reason: Option<&'static str>,
    /// How it bears on the percentile asked for.
    pub rank: Option<Rank>,
    /// How it was taken back.
    pub taken_back: Option<TakenBack>,
    /// How it came about, once [`Explained::tell`] has told it.
    pub told: Option<Told>,
}

/// Why a cell was not explained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// Its report cannot be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The report has no such cell, or the cursor is none of this cell's.
    #[error("the report has no such cell")]
    Invalid(Vec<Invalid>),
    /// The cursor was given for another history of the log.
    #[error("the cursor does not hold any more: {0}; begin again without it")]
    OtherHistory(#[from] OtherHistory),
}

impl From<Invalid> for ExplainError {
    fn from(wrong: Invalid) -> Self {
        Self::Invalid(vec![wrong])
    }
}

impl From<Vec<Invalid>> for ExplainError {
    fn from(wrong: Vec<Invalid>) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<CursorError> for ExplainError {
    fn from(refused: CursorError) -> Self {
        match refused {
            CursorError::OtherHistory(other) => other.into(),
            CursorError::Invalid(wrong) => wrong.into(),
        }
    }
}

/// Explains the cell that `ask` asks for, of the report as of `position`; a cursor's place in it was given for that
/// position. `state` must have been measured under the definition's folded fields, from the log with those `epochs`.
///
/// # Errors
///
/// [`ExplainError`] where there is no such cell, or its report cannot be made.
pub fn explain(
    state: &Measurements,
    ask: &Ask,
    definition: &Arc<Published>,
    position: Position,
    epochs: &Epochs,
    labels: &dyn CustomerLabels,
) -> Result<Explained, ExplainError> {
    let place = Place::of(ask, epochs)?.unwrap_or(Place { position, skipped: 0 });
    let found = Found::of(state, ask, definition, position, labels)?;
    Ok(found.page(state, ask, place, epochs))
}

/// Finds the cell that `ask` asks for under one definition, to be compared with the same under another.
///
/// # Errors
///
/// [`ExplainError`] where there is no such cell, or its report cannot be made.
pub fn found(
    state: &Measurements,
    ask: &Ask,
    definition: &Arc<Published>,
    position: Position,
    labels: &dyn CustomerLabels,
) -> Result<Found, ExplainError> {
    Found::of(state, ask, definition, position, labels)
}

/// A cell and everything that entered it.
#[derive(Debug, Clone)]
pub struct Found {
    cell: ExplainedCell,
    /// What makes it.
    standing: Vec<Entered>,
    /// What once made it.
    taken_back: Vec<Entered>,
    /// Places in `standing`.
    ranks: Vec<(usize, Rank)>,
}

impl Found {
    /// What of the cell is another under another definition, for which `state` was measured from the same log.
    ///
    /// # Errors
    ///
    /// [`ExplainError`] where there is no such cell under that definition, or its report cannot be made.
    pub fn against(
        self,
        state: &Measurements,
        ask: &Ask,
        definition: &Arc<Published>,
        epochs: &Epochs,
        labels: &dyn CustomerLabels,
    ) -> Result<Compared, ExplainError> {
        let position = self.cell.position;
        let place = Place::of(ask, epochs)?.unwrap_or(Place { position, skipped: 0 });
        let there = Self::of(state, ask, definition, position, labels)?;
        Ok(compared(self, there, state, ask, place, epochs))
    }

    fn of(
        state: &Measurements,
        ask: &Ask,
        definition: &Arc<Published>,
        position: Position,
        labels: &dyn CustomerLabels,
    ) -> Result<Self, ExplainError> {
        let document = &definition.document;
        if *state.folded() != document.folded() {
            return Err(ReportError::OtherFolded(document.name.clone()).into());
        }
        let mut terms = terms(state, &ask.query, definition, position)?;
        let at = terms.at;
        let period = cell::period(ask, &terms)?;
        if let Some((_, Period { start, end })) = period {
            terms.from = Some(terms.from.map_or(start, |from| from.max(start)));
            terms.to = Some(terms.to.map_or(end, |to| to.min(end)));
        }
        let label = |(interval, period): (Interval, Period)| (terms.calendar.label(interval, &period), period);
        let label = period.map(label);
        let mut sheet = Sheet::new(state, &ask.query, position, labels, terms)?;
        sheet.recall = Recall::of(position, true);
        let key = cell::key(ask, &sheet, period.map(|(_, period)| period))?;
        let opened = opened(&sheet, ask, key)?;
        let cell = ExplainedCell {
            report: ask.query.report,
            definition: Arc::clone(definition),
            position,
            as_of: ask.query.as_of,
            at,
            period: label,
            group: group(ask),
            figure: opened.figure,
            statistic: opened.statistic,
            value: opened.value,
            items: 0,
            taken_back: 0,
            ranks: Vec::new(),
        };
        Ok(Self::sorted(cell, opened.entered))
    }

    fn sorted(mut cell: ExplainedCell, entered: Vec<Entered>) -> Self {
        let (standing, taken_back): (Vec<_>, Vec<_>) =
            entered.into_iter().partition(|entered| entered.taken_back.is_none());
        (cell.items, cell.taken_back) = (standing.len() as u64, taken_back.len() as u64);
        let percent = cell.statistic.as_deref().and_then(ranks::percent);
        Self { cell, standing, taken_back, ranks: Vec::new() }.ranked(percent)
    }

    fn ranked(mut self, percent: Option<usize>) -> Self {
        if let Some(percent) = percent {
            // Equal values have their ranks in the order of items.
            self.standing.sort_by_key(Entered::order);
            self.ranks = ranks::closest(&self.standing, percent);
        }
        self
    }

    /// The page that begins at `place`.
    fn page(mut self, state: &Measurements, ask: &Ask, place: Place, epochs: &Epochs) -> Explained {
        let item = |(entered, rank): (&Entered, Option<Rank>)| Item::of(state, entered, rank);
        self.cell.ranks = self.ranks.iter().map(|(n, rank)| item((&self.standing[*n], Some(*rank)))).collect();
        let all = if ask.taken_back { &self.taken_back } else { &self.standing };
        let page = page(all, place.skipped, ask.limit);
        let after = place.skipped.saturating_add(page.len());
        let next = Place { position: self.cell.position, skipped: after };
        let next = (after < all.len()).then(|| next.write(ask, epochs));
        let rank =
            |n: usize| self.ranks.iter().find(|(place, _)| !ask.taken_back && *place == n).map(|(_, rank)| *rank);
        let items = page.iter().map(|n| item((&all[*n], rank(*n)))).collect();
        Explained { cell: self.cell, items, next }
    }
}

impl Entered {
    /// By instant, then position; what was looked at at one instant, by ticket.
    fn order(&self) -> (Micros, Position, u32) {
        (self.seen.at, self.seen.position, self.seen.ticket)
    }
}

/// Which of so many a page has.
fn page_of(all: usize, skipped: usize, limit: usize) -> Range<usize> {
    let start = skipped.min(all);
    start..start.saturating_add(limit).min(all)
}

/// The places of a page in order, each at most once: only these are sorted.
fn page(all: &[Entered], skipped: usize, limit: usize) -> Vec<usize> {
    let mut keys: Vec<_> = all.iter().zip(0_usize..).map(|(entered, n)| (entered.order(), n)).collect();
    let Range { start, end } = page_of(keys.len(), skipped, limit);
    if start < keys.len() {
        keys.select_nth_unstable(start);
    }
    if end < keys.len() {
        keys[start..].select_nth_unstable(end - start);
    }
    let page = &mut keys[start..end];
    page.sort_unstable();
    page.iter().map(|(_, n)| *n).collect()
}

impl Item {
    fn of(state: &Measurements, entered: &Entered, rank: Option<Rank>) -> Self {
        let Entered { seen, part, taken_back, reason } = *entered;
        Self {
            ticket: state.tickets.id(seen.ticket).to_owned(),
            at: seen.at,
            position: Some(seen.position).filter(|position| *position != Position::ZERO),
            value: part.value(),
            scale: part.scale,
            counted: part.counted,
            agent: state.dimensions.agents.name(seen.agent).map(str::to_owned),
            reason,
            rank,
            taken_back,
            told: None,
        }
    }
}

fn group(ask: &Ask) -> Vec<(Cow<'static, str>, Option<String>)> {
    let ticket = ask.ticket.iter().map(|ticket| (Cow::Borrowed("ticket"), Some(ticket.clone())));
    ask.group.iter().map(|(dimension, value)| (dimension.name(), value.clone())).chain(ticket).collect()
}

/// A figure of a row, opened.
struct Opened {
    figure: String,
    statistic: Option<String>,
    value: Figure,
    entered: Vec<Entered>,
}

fn opened(sheet: &Sheet<'_>, ask: &Ask, key: Key) -> Result<Opened, ExplainError> {
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
fn figures(report: ReportName) -> String {
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
pub(super) fn longest<'a, R: RowFigures>(path: &str, lookup: &Lookup<'a>) -> Option<(PartOf<'a, R>, usize)> {
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
