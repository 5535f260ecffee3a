//! Reports: rows of figures, a pure function of measurements, a query and a position.
//!
//! # Layout
//!
//! - [`query`]: what is asked; [`periods`]: calendar periods
//! - `groups`: dimensions on small numbers; `counting`: which measurements enter which rows
//! - `response_times`, `resolution_times`, `satisfaction`, `flow`: one file a report
//! - [`figure`]: what a figure looks like, whatever writes it; `json`: a report as JSON

mod counting;
pub mod figure;
mod flow;
pub(crate) mod groups;
pub(crate) mod json;
pub mod periods;
pub mod query;
mod resolution_times;
mod response_times;
mod satisfaction;

#[cfg(test)]
pub(crate) mod tests;

use crate::definition::Definition;
use crate::exact::Share;
use crate::measurements::Measurements;
use crate::ticket_facts::Micros;
use counting::{Counter, Counting, GROUPS_MAX, Key};
use daftar_eventlog::Position;
use figure::Figure;
use groups::Axis;
use periods::{Calendar, Interval, Period};
use query::{AsOf, Dimension, Query, ReportName};
use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, HashMap, HashSet};

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
    pub definition: Definition,
    /// The end of the prefix of the log it speaks for.
    pub position: Position,
    /// The prefix as it was asked for.
    pub as_of: Option<AsOf>,
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
    pub group: Vec<(Cow<'static, str>, Option<String>)>,
    /// Its figures.
    pub figures: Fields,
}

/// The period of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPeriod {
    /// What it is called.
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
    /// There is no such definition.
    #[error("there is no metric definition named {0}; the built-in one is default")]
    UnknownDefinition(String),
    /// It groups by too many dimensions.
    #[error("a report is grouped by at most {GROUPS_MAX} dimensions, not by {0}")]
    TooManyDimensions(usize),
}

/// What an asked definition and query say about the figures of a row.
struct Terms {
    definition: Definition,
    within: Option<Micros>,
}

/// The figures of one report's rows.
trait RowFigures: Default {
    /// How many figures a row has.
    const FIGURES: u64;

    /// Counts everything the report counts.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements);

    /// The row's figures.
    fn figures(self, state: &Measurements, terms: &Terms) -> Fields;
}

/// Makes the report that `query` asks for, of what stood at `position`; an `as_of` in the query is only repeated.
///
/// # Errors
///
/// [`ReportError`] when the report would be too large or asks for what there is not.
pub fn report(
    state: &Measurements,
    query: &Query,
    position: Position,
    labels: &dyn CustomerLabels,
) -> Result<Report, ReportError> {
    let definition = Definition::DEFAULT;
    if let Some(asked) = query.definition.as_deref().filter(|asked| !definition.is_named(asked)) {
        return Err(ReportError::UnknownDefinition(asked.to_owned()));
    }
    if query.group_by.len() > GROUPS_MAX {
        return Err(ReportError::TooManyDimensions(query.group_by.len()));
    }
    let sheet = Sheet { state, query, position, labels, terms: Terms { definition, within: query.within } };
    let rows = match query.report {
        ReportName::ResponseTimes => sheet.rows::<response_times::ResponseTimes>()?,
        ReportName::ResolutionTimes => sheet.rows::<resolution_times::ResolutionTimes>()?,
        ReportName::Satisfaction => sheet.rows::<satisfaction::Satisfaction>()?,
        ReportName::Flow => sheet.rows::<flow::Flow>()?,
    };
    Ok(Report {
        name: query.report,
        definition,
        position,
        as_of: query.as_of,
        at: state.latest_instant(position).max(query.at.map(|at| at.micros())),
        from: query.from.map(|from| from.micros()),
        to: query.to.map(|to| to.micros()),
        notes: notes(query),
        rows,
    })
}

impl Report {
    /// The report as JSON; the same figures are always the same bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Writing figures to a string cannot fail: their names are strings.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Everything a report is made of.
struct Sheet<'a> {
    state: &'a Measurements,
    query: &'a Query,
    position: Position,
    labels: &'a dyn CustomerLabels,
    terms: Terms,
}

/// The groups of a report, each with what its values are called.
type Groups = HashMap<[u32; GROUPS_MAX], Vec<(u32, Option<String>)>>;

impl Sheet<'_> {
    fn rows<R: RowFigures>(&self) -> Result<Vec<Row>, ReportError> {
        let axes: Vec<Axis> = self.query.group_by.iter().map(|d| Axis::of(d, &self.state.dimensions)).collect();
        let mut counting = Counting::<R>::new(self.state, self.query, &axes, self.position, self.labels);
        R::count(&mut counting, self.state);
        let mut counters = counting.into_rows();
        if axes.is_empty() {
            self.fill(&mut counters)?;
        }
        let groups = self.groups(&counters, &axes);
        if let Some(limit) = self.query.limit.filter(|_| !axes.is_empty()) {
            keep_largest(&mut counters, limit, &groups, &axes);
        }
        check_size::<R>(counters.len())?;
        counters.sort_unstable_by(|a, b| {
            a.key.0.cmp(&b.key.0).then_with(|| order(&groups[&a.key.1], &groups[&b.key.1], &axes))
        });
        Ok(counters.into_iter().map(|counter| self.row(counter, &groups)).collect())
    }

    /// Adds the rows without a count that a report without groups has: the one of all time, or every period between.
    fn fill<R: RowFigures>(&self, counters: &mut Vec<Counter<R>>) -> Result<(), ReportError> {
        let seen: BTreeSet<Micros> = counters.iter().map(|counter| counter.key.0).collect();
        let starts = match self.query.interval {
            Some(interval) => self.period_starts(interval, &seen),
            None => vec![Micros::MIN],
        };
        check_size::<R>(starts.len())?;
        let empty = |start: Micros| {
            let key: Key = (start, [0; GROUPS_MAX]);
            Counter { key, measurements: 0, figures: R::default() }
        };
        counters.extend(starts.into_iter().filter(|start| !seen.contains(start)).map(empty));
        Ok(())
    }

    /// The starts of the periods from `from` or the first one seen, to `to` or the last one seen.
    fn period_starts(&self, interval: Interval, seen: &BTreeSet<Micros>) -> Vec<Micros> {
        let calendar = Calendar::utc_gregorian();
        let first = self.query.from.map(|from| from.micros()).or(seen.first().copied());
        let last = self.query.to.map(|to| to.micros() - 1).or(seen.last().copied());
        let Some((first, last)) = first.zip(last) else { return Vec::new() };
        let periods = std::iter::successors(Some(calendar.period_of(interval, first)), |period| {
            Some(calendar.next(interval, period))
        });
        periods.map(|period| period.start).take_while(|start| *start <= last).collect()
    }

    fn groups<R>(&self, counters: &[Counter<R>], axes: &[Axis]) -> Groups {
        let mut groups = Groups::new();
        for counter in counters {
            groups.entry(counter.key.1).or_insert_with_key(|group| {
                let label =
                    |(number, axis): (&u32, &Axis)| (*number, axis.label(*number, &self.state.dimensions, self.labels));
                group.iter().zip(axes).map(label).collect()
            });
        }
        groups
    }

    fn row<R: RowFigures>(&self, counter: Counter<R>, groups: &Groups) -> Row {
        let (start, group) = counter.key;
        let names = self.query.group_by.iter().map(Dimension::name);
        let values = groups[&group].iter().map(|(_, label)| label.clone());
        let figures = counter.figures.figures(self.state, &self.terms);
        debug_assert_eq!(figures.len() as u64, R::FIGURES, "the size of a report is told by its rows");
        let period = self.query.interval.map(|interval| self.row_period(interval, start));
        Row { period, group: names.zip(values).collect(), figures }
    }

    fn row_period(&self, interval: Interval, start: Micros) -> RowPeriod {
        let calendar = Calendar::utc_gregorian();
        let period = calendar.period_of(interval, start);
        let cut_before = self.query.from.is_some_and(|from| period.start < from.micros());
        let cut_after = self.query.to.is_some_and(|to| to.micros() < period.end);
        RowPeriod { label: calendar.label(interval, &period), period, partial: cut_before || cut_after }
    }
}

/// Keeps the rows of the `limit` groups that count the most measurements, over all periods; ties by value.
fn keep_largest<R>(counters: &mut Vec<Counter<R>>, limit: usize, groups: &Groups, axes: &[Axis]) {
    let mut sizes: HashMap<[u32; GROUPS_MAX], u64> = HashMap::new();
    for counter in counters.iter() {
        *sizes.entry(counter.key.1).or_default() += counter.measurements;
    }
    let mut ranked: Vec<_> = sizes.into_iter().collect();
    ranked.sort_unstable_by(|(a, size_a), (b, size_b)| {
        Reverse(size_a).cmp(&Reverse(size_b)).then_with(|| order(&groups[a], &groups[b], axes))
    });
    let kept: HashSet<_> = ranked.into_iter().take(limit).map(|(group, _)| group).collect();
    counters.retain(|counter| kept.contains(&counter.key.1));
}

fn order(a: &[(u32, Option<String>)], b: &[(u32, Option<String>)], axes: &[Axis]) -> Ordering {
    let by_axis = axes.iter().zip(a.iter().zip(b)).map(|(axis, (a, b))| axis.order(a, b));
    by_axis.fold(Ordering::Equal, Ordering::then)
}

fn check_size<R: RowFigures>(rows: usize) -> Result<(), ReportError> {
    let cells = u64::try_from(rows).unwrap_or(u64::MAX).saturating_mul(R::FIGURES);
    if cells > CELLS_MAX { Err(ReportError::TooManyCells { cells }) } else { Ok(()) }
}

fn notes(query: &Query) -> Vec<String> {
    let by_tag = query.group_by.contains(&Dimension::Tag);
    let note = "Tag rows do not add up to the total: a ticket with several tags stands in the row of each of them.";
    by_tag.then(|| note.to_owned()).into_iter().collect()
}

/// The share of values that do not exceed a duration; 0 of 0 where there is none.
fn within(values: &[Micros], longest: Option<Micros>) -> Share {
    let count = |values: usize| u64::try_from(values).unwrap_or(u64::MAX);
    longest.map_or(Share { count: 0, of: 0 }, |longest| Share {
        count: count(values.iter().filter(|value| **value <= longest).count()),
        of: count(values.len()),
    })
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
