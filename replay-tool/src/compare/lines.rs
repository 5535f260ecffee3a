//! One figure of one row on both sides, and its difference.

use super::better::{Larger, larger};
use crate::cli::compare::Differs;
use crate::headline::at;
use daftar_projections::exact::Decimal;
use daftar_projections::report::figure::Figure;
use daftar_projections::report::periods::Calendar;
use daftar_projections::report::{Report, Row, RowPeriod};
use std::collections::BTreeMap;

/// The values of a row's dimensions; none: the absent one.
pub(super) type Group = Vec<(String, Option<String>)>;

/// A figure of a row on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) figure: String,
    /// The label of the row's period on each side.
    pub(super) periods: [Option<String>; 2],
    pub(super) group: Group,
    /// Its value on each side; none: it has none there.
    pub(super) values: [Option<Decimal>; 2],
    /// Of how many measurements it is made on each side, where the figure tells.
    pub(super) counts: [Option<u64>; 2],
    pub(super) larger: Larger,
}

impl Line {
    /// The right value less the left.
    pub(super) fn difference(&self) -> Option<Decimal> {
        let [left, right] = self.values;
        Some(Decimal::from_micros(right?.millionths() - left?.millionths()))
    }

    /// The difference in parts of a hundred of the left value; none: that is 0.
    pub(super) fn percent(&self) -> Option<Decimal> {
        Decimal::ratio(self.difference()?.millionths() * 100, self.values[0]?.millionths().abs())
    }

    /// Whether the sides differ, a value that only one has included.
    pub(super) fn differs(&self) -> bool {
        self.values[0] != self.values[1]
    }

    /// How much worse the right side is: what it is better by is negative; more where neither is better.
    pub(super) fn worse_by(&self) -> Option<i128> {
        let difference = self.difference()?.millionths();
        Some(if self.larger == Larger::Better { -difference } else { difference })
    }

    /// The difference in a word.
    pub(super) fn change(&self) -> &'static str {
        match (self.worse_by(), self.larger) {
            (None, _) if self.values[0].is_some() => "left only",
            (None, _) => "right only",
            (Some(0), _) => "same",
            (Some(by), Larger::Neither) => {
                if by > 0 {
                    "more"
                } else {
                    "less"
                }
            }
            (Some(by), _) => {
                if by > 0 {
                    "worse"
                } else {
                    "better"
                }
            }
        }
    }

    /// Whether each side has at least so many measurements, where the figure tells: a side without the row has none.
    fn has_at_least(&self, measurements: u64) -> bool {
        let told = self.counts.iter().any(Option::is_some);
        !told || self.counts.iter().all(|count| measurements <= count.unwrap_or(0))
    }
}

/// How many measurements a figure is made of. A share is made of all, though it counts some: `of` comes first.
const COUNTS: [&str; 5] = ["of", "count", "answers", "rated", "offered"];

/// The lines of all figures: by figure, then by how much worse the right side is, what only one side has last; those with
/// fewer than `least` measurements on a side are left out.
pub(super) fn of(figures: &[String], reports: [&Report; 2], differs: Differs, least: u64) -> Vec<Line> {
    let mut pairs: BTreeMap<(Place, Group), [Option<&Row>; 2]> = BTreeMap::new();
    for (side, report) in reports.into_iter().enumerate() {
        for (place, row) in placed(report, differs) {
            pairs.entry((place, group(row))).or_default()[side] = Some(row);
        }
    }
    let definition = &reports[1].definition.document;
    let line = |figure: &String, group: &Group, rows: &[Option<&Row>; 2]| Line {
        figure: figure.clone(),
        periods: rows.map(|row| row.and_then(|row| row.period.as_ref()).map(|period| period.label.clone())),
        group: group.clone(),
        values: rows.map(|row| row.and_then(|row| at(row, figure)).and_then(Figure::number)),
        counts: rows.map(|row| row.and_then(|row| count(row, figure))),
        larger: larger(figure, definition),
    };
    let mut lines = Vec::new();
    for figure in figures {
        let mut of_figure: Vec<_> = pairs.iter().map(|((_, group), rows)| line(figure, group, rows)).collect();
        of_figure.retain(|line| line.values.iter().any(Option::is_some) && line.has_at_least(least));
        // Stable: equal differences stay by period, then group.
        of_figure.sort_by_key(|line| std::cmp::Reverse(line.worse_by()));
        lines.append(&mut of_figure);
    }
    lines
}

/// How many measurements a figure of a row is made of; none: it does not tell, or is a count itself.
fn count(row: &Row, figure: &str) -> Option<u64> {
    let (beside, _) = figure.rsplit_once('.')?;
    let whole = at(row, beside)?;
    let told = |name: &&str| match whole.get(name) {
        Some(Figure::Count(count)) => Some(*count),
        _ => None,
    };
    COUNTS.iter().find_map(told)
}

/// Where a row's period stands: by its label, or where the times differ by its number since their beginning, periods without
/// a row included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Label(Option<String>),
    Number(usize),
}

fn placed(report: &Report, differs: Differs) -> impl Iterator<Item = (Place, &Row)> {
    let starts = if differs == Differs::Period { starts(report) } else { Vec::new() };
    report.rows.iter().map(move |row| {
        let number = |period: &RowPeriod| starts.partition_point(|start| *start < period.period.start);
        let place = if differs == Differs::Period {
            Place::Number(row.period.as_ref().map_or(0, number))
        } else {
            Place::Label(label(row).map(str::to_owned))
        };
        (place, row)
    })
}

/// The starts of all periods from the beginning of the report's time, else from its first row, to its last row.
fn starts(report: &Report) -> Vec<i64> {
    let periods = || report.rows.iter().filter_map(|row| row.period.as_ref());
    // Rows stand in the order of their periods.
    let Some((first, last)) = periods().next().zip(periods().next_back()) else { return Vec::new() };
    let calendar = Calendar::of(&report.definition.document);
    let begins = report.from.unwrap_or(first.period.start);
    calendar.periods(first.interval, begins, last.period.start).map(|period| period.start).collect()
}

fn label(row: &Row) -> Option<&str> {
    row.period.as_ref().map(|period| period.label.as_str())
}

/// By what a row is told apart within its period: its group, and its agent where that is a figure.
fn group(row: &Row) -> Group {
    let mut group: Group =
        row.group.iter().map(|(name, value)| (name.to_string(), value.as_deref().map(str::to_owned))).collect();
    if let Some((_, Figure::Text(agent))) = row.figures.iter().find(|(name, _)| name == "agent")
        && !group.iter().any(|(name, _)| name == "agent")
    {
        group.push(("agent".to_owned(), Some(agent.clone())));
    }
    group
}
