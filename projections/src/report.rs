//! Reports: rows of figures, a pure function of measurements, a query and a position.
//!
//! # Layout
//!
//! - [`query`]: what is asked; [`periods`]: calendar periods
//! - `groups`: dimensions on small numbers; `counting`: which measurements enter which rows; `row_numbers`: which row
//!   that is
//! - `instants`, `standing`: when a report looks at what stands open, and what it sees
//! - [`mod@needs`]: what a report reads of the measurements
//! - `adding`: what was counted in parts, added up; `values`: durations that were; `in_slices`: counted while the log is folded
//! - `tally`: what was counted, before it is put in order
//! - `sheet`: rows filled up, limited and put in order; `making`: what was counted as rows
//! - `targeting`: which target applies, and when it falls due
//! - `dissatisfaction`: cases of dissatisfied customers
//! - `overview`, `satisfaction`, `response_times`, `resolution_times`, `flow`, `leaderboard`, `targets`, `volume`,
//!   `backlog`, `cases`, `review_queue`: one file a report; a figure that several show is counted where it has its home
//! - [`rows_key`]: what decides the rows of a report; [`headline`]: figures told as they change
//! - [`explain`]: what one cell is made of; [`difference`]: what changed between a report that was kept and another
//! - [`figure`]: what a figure looks like, whatever writes it; `json`, `csv`: a report as JSON and as CSV

mod adding;
mod apart;
mod backlog;
mod cases;
mod counting;
mod csv;
pub mod difference;
mod dissatisfaction;
pub mod explain;
pub mod figure;
mod flow;
pub(crate) mod groups;
pub mod headline;
pub(crate) mod in_slices;
mod instants;
pub(crate) mod json;
mod leaderboard;
mod making;
pub mod needs;
mod overview;
pub mod periods;
pub mod query;
mod resolution_times;
mod response_times;
mod review_queue;
mod row_numbers;
pub mod rows_key;
mod satisfaction;
mod sheet;
mod standing;
mod tally;
mod targeting;
mod targets;
mod values;
mod volume;

#[cfg(test)]
pub(crate) mod tests;

use crate::definition::catalog::Published;
use crate::definition::document::Definition;
use crate::dimensions::Renumbering;
use crate::in_parts::InParts;
use crate::live::basis::Basis;
use crate::measurements::Measurements;
use crate::measurements::needs::Needs;
use crate::ticket_facts::Micros;
use chrono::DateTime;
use counting::{Counter, Counting, GROUPS_MAX, first_opening};
use daftar_eventlog::Position;
use explain::part::{Lookup, PartOf};
use figure::{Figure, JsonFields, Tells, Written};
use in_slices::Counted;
use needs::{Asked, needs};
use periods::{Calendar, Interval, Period};
use query::{AsOf, Dimension, Query, ReportName, When};
use sheet::Sheet;
use standing::Standing;
use std::borrow::Cow;
use std::sync::Arc;

pub use groups::CustomerLabels;

/// The most cells a report may have: rows times the figures of a row.
pub const CELLS_MAX: u64 = 200_000;

/// Figures by name, in the order of the report's description.
pub type Fields = Vec<(Cow<'static, str>, Figure)>;

/// A report, made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which one.
    pub name: ReportName,
    /// The definition it was made under.
    pub definition: Arc<Published>,
    /// The end of the prefix of the log it speaks for.
    pub position: Position,
    /// The prefix as it was asked for.
    pub as_of: Option<AsOf>,
    /// The last instant whose events are counted; none: all are.
    pub happened_by: Option<Micros>,
    /// The instant up to which running things were measured; none: nothing has happened.
    pub at: Option<Micros>,
    /// The first instant counted.
    pub from: Option<Micros>,
    /// The first instant no longer counted.
    pub to: Option<Micros>,
    /// What a reader must know, in words.
    pub notes: Vec<String>,
    /// Its rows, by period, then group.
    pub rows: Vec<Row>,
}

/// A row of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its period; none: all the time that was asked for.
    pub period: Option<RowPeriod>,
    /// The value of each dimension of the grouping; none: the absent one.
    pub group: Vec<(Cow<'static, str>, Option<Arc<str>>)>,
    /// Its figures.
    pub figures: Fields,
}

/// The period of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPeriod {
    /// How long the periods of the report are.
    pub interval: Interval,
    /// Its label, in numbers.
    pub label: String,
    /// The whole period, also where the report covers a part of it.
    pub period: Period,
    /// Whether `from` or `to` cuts it.
    pub partial: bool,
}

/// Why a report was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// It would be too large.
    #[error(
        "the report would have {cells} cells, more than {CELLS_MAX}: ask for a longer interval, a shorter time, fewer \
         dimensions, or a limit on the number of groups"
    )]
    TooManyCells {
        /// Rows times the figures of a row.
        cells: u64,
    },
    /// Its time ends before it begins.
    #[error("to must be later than from, which is {from}; it is {to}")]
    EmptyTime {
        /// The first instant.
        from: String,
        /// The end.
        to: String,
    },
    /// The state was measured under other folded fields than the definition's, or up to another instant than the query's.
    #[error(
        "these measurements were made under another definition than {0}, or up to another instant; they must be made anew for it"
    )]
    OtherFolded(String),
    /// The state keeps only what other figures are made of.
    #[error("these measurements were made for other figures; they must be made anew for these")]
    NotKept,
    /// What it counts cannot be added up from parts.
    #[error("this report looks at all tickets at once: it is made on one thread")]
    InParts,
    /// It groups by too many dimensions.
    #[error(
        "a report is grouped by at most {GROUPS_MAX} dimensions, the agent of a leaderboard among them, not by {0}"
    )]
    TooManyDimensions(usize),
}

/// What an asked definition and query say about a report, on the definition's calendar.
#[derive(Clone)]
struct Terms {
    definition: Arc<Published>,
    calendar: Calendar,
    from: Option<Micros>,
    to: Option<Micros>,
    /// The instant up to which running things are measured; none: nothing has happened.
    at: Option<Micros>,
    /// The figures that rows have; all of them where left out.
    figures: Option<Vec<&'static str>>,
}

impl Terms {
    fn document(&self) -> &Definition {
        &self.definition.document
    }

    /// Tells a figure of a row where it is asked for.
    fn tell<F: Into<Figure> + Written>(&self, to: &mut impl Tells, name: &'static str, figure: impl FnOnce() -> F) {
        if self.figures.as_ref().is_none_or(|asked| asked.contains(&name)) {
            to.tell(name, figure());
        }
    }
}

/// The figures of one report's rows.
trait RowFigures: adding::Adds + Default + Send + 'static {
    /// How many figures a row has.
    const FIGURES: u64;
    /// How many cells of a report's size a row takes.
    const CELLS: u64 = Self::FIGURES;

    /// Whether all that is counted enters one row or other, so that groups can be counted apart from each other.
    const APART: bool = false;

    /// What [`Self::count`] reads, but for what groups, filters and dates read.
    fn reads(asked: &Asked<'_>) -> Needs;

    /// Counts everything the report counts.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements);

    /// Tells values of dimensions by the numbers of another state.
    fn renumber(&mut self, _: &Renumbering) {}

    /// Takes note of what stands open at the row's instant.
    fn stands(&mut self, _: Standing) {}

    /// Ranks rows among each other; the agent of each is the value with number `agent` of its group.
    fn rank(_rows: &mut [Counter<Self>], _agent: usize, _state: &Measurements, _terms: &Terms) {}

    /// Which place the row takes among those of its period and of the dimensions beside the agent.
    fn place(&self) -> Option<u64> {
        None
    }

    /// The row's figures.
    fn figures(self, state: &Measurements, terms: &Terms) -> Fields;

    /// Writes those of the row's figures that are shown, as the same bytes as [`Self::figures`] would be.
    ///
    /// It may turn the row's values about, and leaves nothing that can be read again.
    fn write(&mut self, state: &Measurements, terms: &Terms, shows: &dyn Fn(&str) -> bool, to: &mut JsonFields<'_>) {
        let figures = std::mem::take(self).figures(state, terms).into_iter().filter(|(name, _)| shows(name));
        figures.for_each(|(name, figure)| to.add(&name, &figure));
    }

    /// The paths of its figures as explanations are asked for them; a word in capitals stands for one of several.
    const EXPLAINED: &'static [&'static str];

    /// Reads the parts of the figure at a path; none: there is no such figure.
    fn parts<'a>(figure: &str, lookup: &Lookup<'a>) -> Option<PartOf<'a, Self>>;
}

/// Calls a function of a sheet for the rows of the report that it asks for; tickets of the review queue are no rows of
/// figures.
macro_rules! of_report {
    ($sheet:ident.$rows:ident, $of_queue:expr) => {
        match $sheet.query.report {
            ReportName::Overview => $sheet.$rows::<overview::Overview>(),
            ReportName::Satisfaction => $sheet.$rows::<satisfaction::Satisfaction>(),
            ReportName::ResponseTimes => $sheet.$rows::<response_times::ResponseTimes>(),
            ReportName::ResolutionTimes => $sheet.$rows::<resolution_times::ResolutionTimes>(),
            ReportName::Flow => $sheet.$rows::<flow::Flow>(),
            ReportName::Leaderboard => $sheet.$rows::<leaderboard::Leaderboard>(),
            ReportName::Targets => $sheet.$rows::<targets::Targets>(),
            ReportName::Volume => $sheet.$rows::<volume::Volume>(),
            ReportName::Backlog => $sheet.$rows::<backlog::Backlog>(),
            ReportName::Cases => $sheet.$rows::<cases::Cases>(),
            ReportName::ReviewQueue => $of_queue(&$sheet),
        }
    };
}
use of_report;

/// Makes the report that `query` asks for under a definition, of what stood at `position`; the `as_of` and the name of a
/// definition in the query are not read here. `state` must have been measured under the definition's folded fields and up to
/// the query's `happened_by`.
///
/// # Errors
///
/// [`ReportError`] when the report would be too large or asks for what there is not.
pub fn report(
    state: &Measurements,
    query: &Query,
    definition: &Arc<Published>,
    position: Position,
    labels: &dyn CustomerLabels,
) -> Result<Report, ReportError> {
    let rows = rows(state, query, definition, position, labels)?;
    unless_misread([state], Report { rows, ..head(state, query, definition, position)? })
}

/// The same of a log folded in parts, the bytes of which are those of one state over all tickets.
///
/// # Errors
///
/// Those of [`report`]; [`ReportError::InParts`] where [`is_counted_in_parts`] does not hold.
pub fn report_in_parts(
    parts: &InParts,
    query: &Query,
    definition: &Arc<Published>,
    position: Position,
    labels: &dyn CustomerLabels,
) -> Result<Report, ReportError> {
    if parts.others.is_empty() && parts.first.needs() == Needs::EVERYTHING {
        return report(&parts.first, query, definition, position, labels);
    }
    report_of_counted(parts, None, query, definition, position, labels)
}

/// The same where each part was counted while it was folded, in the order of the parts; none: they are counted here.
pub(crate) fn report_of_counted(
    parts: &InParts,
    counted: Option<Vec<Counted>>,
    query: &Query,
    definition: &Arc<Published>,
    position: Position,
    labels: &dyn CustomerLabels,
) -> Result<Report, ReportError> {
    if !is_counted_in_parts(query) {
        return Err(ReportError::InParts);
    }
    let (state, parts) = (&parts.first, Some(parts));
    let terms = terms(state, parts, query, definition, position)?;
    let sheet = Sheet::new(state, query, position, labels, terms)?.over(parts).of_counted(counted);
    let rows = of_report!(sheet.rows, |_| Err(ReportError::InParts))?;
    let report = Report { rows, ..head_of(state, parts, query, definition, position)? };
    unless_misread(parts.into_iter().flat_map(InParts::states), report)
}

/// Whether parts that were counted apart can be added up: tickets that are listed, cases, and customers, who stand in the
/// order of their first appearance in the log, are looked at as a whole.
#[must_use]
pub fn is_counted_in_parts(query: &Query) -> bool {
    let whole = [ReportName::Targets, ReportName::Cases, ReportName::ReviewQueue];
    !whole.contains(&query.report) && !query.group_by.contains(&Dimension::Customer)
}

/// What was made, unless it was made of something that a state does not keep.
fn unless_misread<'a, T>(states: impl IntoIterator<Item = &'a Measurements>, made: T) -> Result<T, ReportError> {
    if states.into_iter().any(Measurements::was_misread) { Err(ReportError::NotKept) } else { Ok(made) }
}

/// The report without its rows, which is made of little.
///
/// # Errors
///
/// Those of [`report`] but for the sizes.
pub fn head(
    state: &Measurements,
    query: &Query,
    definition: &Arc<Published>,
    position: Position,
) -> Result<Report, ReportError> {
    head_of(state, None, query, definition, position)
}

fn head_of(
    state: &Measurements,
    parts: Option<&InParts>,
    query: &Query,
    definition: &Arc<Published>,
    position: Position,
) -> Result<Report, ReportError> {
    let terms = terms(state, parts, query, definition, position)?;
    let notes = notes(query, &terms, || first_opening(state, parts, position, &terms));
    Ok(Report {
        name: query.report,
        definition: Arc::clone(definition),
        position,
        as_of: query.as_of,
        happened_by: state.happened_by(),
        at: terms.at,
        from: terms.from,
        to: terms.to,
        notes,
        rows: Vec::new(),
    })
}

/// The rows of a report alone.
///
/// # Errors
///
/// Those of [`report`].
pub fn rows(
    state: &Measurements,
    query: &Query,
    definition: &Arc<Published>,
    position: Position,
    labels: &dyn CustomerLabels,
) -> Result<Vec<Row>, ReportError> {
    let terms = terms(state, None, query, definition, position)?;
    let sheet = Sheet::new(state, query, position, labels, terms)?;
    unless_misread([state], of_report!(sheet.rows, review_queue::rows)?)
}

/// The rows of a report alone, written as JSON without being made first: the bytes of [`Report::rows_json`].
///
/// # Errors
///
/// Those of [`report`].
pub fn rows_json(
    state: &Measurements,
    query: &Query,
    definition: &Arc<Published>,
    position: Position,
    labels: &dyn CustomerLabels,
) -> Result<String, ReportError> {
    let terms = terms(state, None, query, definition, position)?;
    let sheet = Sheet::new(state, query, position, labels, terms)?;
    let rows = of_report!(sheet.rows_json, |sheet: &Sheet<'_>| Ok(json::of_rows(&review_queue::rows(sheet)?)))?;
    unless_misread([state], rows)
}

/// The query on the definition's calendar.
fn terms(
    state: &Measurements,
    parts: Option<&InParts>,
    query: &Query,
    definition: &Arc<Published>,
    position: Position,
) -> Result<Terms, ReportError> {
    let document = &definition.document;
    if !Basis::of(query, document).is_of(state) {
        return Err(ReportError::OtherFolded(document.name.clone()));
    }
    let keeps = |state: &Measurements| {
        let kept = state.needs();
        kept == Needs::EVERYTHING || kept.cover(needs(query, document))
    };
    if !parts.map_or_else(|| keeps(state), |parts| parts.states().all(keeps)) {
        return Err(ReportError::NotKept);
    }
    let calendar = Calendar::of(document);
    let instant = |when: Option<When>| when.map(|when| when.on(&calendar));
    let (from, to) = (instant(query.from), instant(query.to));
    if let Some((from, to)) = from.zip(to).filter(|(from, to)| to <= from) {
        return Err(ReportError::EmptyTime { from: json::rfc3339(from), to: json::rfc3339(to) });
    }
    let latest = |state: &Measurements| state.latest_instant(position);
    let latest = parts.map_or_else(|| latest(state), |parts| parts.states().filter_map(latest).max());
    let at = latest.max(instant(query.at));
    let figures = query.figures.clone();
    Ok(Terms { definition: Arc::clone(definition), from, to, at, figures, calendar })
}

fn notes(query: &Query, terms: &Terms, first_opening: impl FnOnce() -> Option<Micros>) -> Vec<String> {
    let by_tag = query.group_by.contains(&Dimension::Tag);
    let without_share = query.within.is_some() && !(query.report.reads_within() && query.asks("within"));
    let by_other = query.report.is_by_agent() || query.report.lists_tickets();
    let without_groups = query.limit.is_some() && query.group_by.is_empty() && !by_other;
    let notes = [
        (by_tag, "Tag rows do not add up to the total: a ticket with several tags stands in the row of each of them."),
        (without_share, "within has no effect: this report has no share of values within a duration."),
        (without_groups, "limit has no effect: it keeps the largest groups, and the report is not grouped."),
    ];
    let told = notes.into_iter().filter(|(holds, _)| *holds).map(|(_, note)| note.to_owned());
    told.chain(holidays_not_known(terms, first_opening)).collect()
}

/// What a reader must know of schedules whose holidays are not known for all of the report's time.
fn holidays_not_known(terms: &Terms, first_opening: impl FnOnce() -> Option<Micros>) -> Vec<String> {
    if terms.document().schedules.is_empty() {
        return Vec::new();
    }
    let from = terms.from.or_else(first_opening);
    let last = terms.to.map(|to| to - 1).or(terms.at);
    let date = |at: Micros| {
        let instant = DateTime::from_timestamp_micros(at).unwrap_or_default();
        instant.with_timezone(&terms.document().time_zone.0).date_naive()
    };
    from.zip(last).map_or_else(Vec::new, |(from, last)| terms.document().warnings(date(from), date(last)))
}

/// Figures under the names of their keys, sorted by name; a key without a name is left out.
fn by_name<'a, K, F: Into<Figure>>(
    figures: impl IntoIterator<Item = (K, F)>,
    name: impl Fn(&K) -> Option<&'a str>,
) -> Figure {
    let named = figures.into_iter().filter_map(|(key, figure)| Some((name(&key)?.to_owned(), figure.into())));
    let mut named: Vec<(String, Figure)> = named.collect();
    named.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Figure::object(named)
}
