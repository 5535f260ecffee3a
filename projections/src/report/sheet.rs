//! A report's rows: counted, limited to the largest groups, filled up where nothing is counted, and put in order.

use super::counting::{Counter, Counting, GROUPS_MAX, Group, Key};
use super::explain::part::PartOf;
use super::explain::recall::Recall;
use super::explain::recorder::{Entered, Recorder};
use super::groups::{Axis, CustomerLabels};
use super::periods::Interval;
use super::query::{Dimension, Query};
use super::{CELLS_MAX, Fields, ReportError, Row, RowFigures, RowPeriod, Terms};
use crate::measurements::Measurements;
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Everything a report is made of.
pub(super) struct Sheet<'a> {
    pub(super) state: &'a Measurements,
    pub(super) query: &'a Query,
    pub(super) position: Position,
    pub(super) labels: &'a dyn CustomerLabels,
    pub(super) terms: Terms,
    pub(super) recall: Recall,
    /// What rows are grouped by; the agent, where the report is always by agent, stands last.
    pub(super) dimensions: Vec<Dimension>,
    pub(super) axes: Vec<Axis>,
}

/// The groups of a report, each with what its values are called.
type Groups = HashMap<Group, Vec<(u32, Option<String>)>>;
/// The values of a group, and what they are called.
type Values = [(u32, Option<String>)];

impl<'a> Sheet<'a> {
    pub(super) fn new(
        state: &'a Measurements,
        query: &'a Query,
        position: Position,
        labels: &'a dyn CustomerLabels,
        terms: Terms,
    ) -> Result<Self, ReportError> {
        let mut dimensions = query.group_by.clone();
        if query.report.is_by_agent() {
            dimensions.retain(|dimension| *dimension != Dimension::Agent);
            dimensions.push(Dimension::Agent);
        }
        if dimensions.len() > GROUPS_MAX {
            return Err(ReportError::TooManyDimensions(dimensions.len()));
        }
        let axes = dimensions.iter().map(|dimension| Axis::of(dimension, &state.dimensions)).collect();
        let recall = Recall::of(position, false);
        Ok(Self { state, query, position, labels, terms, recall, dimensions, axes })
    }

    /// Everything that enters a figure of one row, now or once, as `part` reads it; and the row's figures.
    pub(super) fn one_row<'s, R: RowFigures>(
        &'s self,
        key: Key,
        part: PartOf<'s, R>,
    ) -> Result<(Fields, Vec<Entered>), ReportError> {
        let mut counting = Counting::<R>::new(self);
        counting.record(Recorder::new(key, part, &self.recall, R::stands));
        R::count(&mut counting, self.state);
        let entered = counting.recorder.take().map(Recorder::into_entered).unwrap_or_default();
        let tally = counting.into_tally();
        if tally.listed > CELLS_MAX {
            return Err(ReportError::TooManyCells { cells: tally.listed });
        }
        let row = tally.into_rows().into_iter().find(|row| row.key == key).unwrap_or_else(|| Counter::new(key));
        Ok((row.figures.figures(self.state, &self.terms), entered))
    }

    pub(super) fn rows<R: RowFigures>(&self) -> Result<Vec<Row>, ReportError> {
        let mut counting = Counting::<R>::new(self);
        R::count(&mut counting, self.state);
        let mut tally = counting.into_tally();
        if let Some(agent) = self.agent() {
            tally.retain(|group| group[agent] != 0);
            R::rank(&mut tally.rows, agent, self.state, &self.terms);
        }
        if tally.listed > CELLS_MAX {
            return Err(ReportError::TooManyCells { cells: tally.listed });
        }
        let sizes = tally.groups();
        let groups = self.groups(sizes.keys());
        if let Some(limit) = self.query.limit.filter(|_| !self.axes.is_empty()) {
            let kept = self.largest(sizes, limit, &groups);
            tally.retain(|group| kept.contains(group));
        }
        self.check_size::<R>(tally.len(), tally.listed)?;
        let begins = tally.begins;
        let mut rows = tally.into_rows();
        if self.axes.is_empty() {
            self.fill(&mut rows, begins)?;
        }
        // The values of each row are looked up once, not at every comparison.
        let mut rows: Vec<_> = rows.into_iter().map(|row| (groups[&row.key.1].as_slice(), row)).collect();
        rows.sort_unstable_by(|a, b| self.order(a, b));
        Ok(rows.into_iter().map(|(values, row)| self.row(row, values)).collect())
    }

    /// Which of the dimensions is the agent of a report that is always by agent.
    fn agent(&self) -> Option<usize> {
        self.query.report.is_by_agent().then(|| self.axes.len() - 1)
    }

    /// Adds the rows without a count that a report without groups has: the one of all time, or every period between.
    fn fill<R: RowFigures>(&self, rows: &mut Vec<Counter<R>>, begins: Option<Micros>) -> Result<(), ReportError> {
        let seen: BTreeSet<Micros> = rows.iter().map(|row| row.key.0).collect();
        let first = begins.into_iter().chain(seen.first().copied()).min();
        let starts = match self.query.interval {
            Some(interval) => self.period_starts(interval, first),
            None => vec![Micros::MIN],
        };
        self.check_size::<R>(starts.len(), 0)?;
        let empty = starts.into_iter().filter(|start| !seen.contains(start));
        rows.extend(empty.map(|start| Counter::new((start, Group::default()))));
        Ok(())
    }

    /// The starts of the periods from `from` or the `first` one, to `to` or the one of `at`.
    fn period_starts(&self, interval: Interval, first: Option<Micros>) -> Vec<Micros> {
        let first = self.terms.from.or(first);
        let last = self.terms.to.map(|to| to - 1).or(self.terms.at);
        let Some((first, last)) = first.zip(last) else { return Vec::new() };
        self.terms.calendar.periods(interval, first, last).map(|period| period.start).collect()
    }

    /// What the values of groups are called; the empty group, of a report without groups, is always there.
    fn groups<'g>(&self, groups: impl Iterator<Item = &'g Group>) -> Groups {
        let label = |(number, axis): (&u32, &Axis)| (*number, axis.label(*number, &self.state.dimensions, self.labels));
        let labels = |group: &Group| group.iter().zip(&self.axes).map(label).collect();
        groups.copied().chain([Group::default()]).map(|group| (group, labels(&group))).collect()
    }

    /// The `limit` groups that count the most measurements, over all periods; ties by value.
    fn largest(&self, sizes: HashMap<Group, u64>, limit: usize, groups: &Groups) -> HashSet<Group> {
        let mut ranked: Vec<_> = sizes.into_iter().collect();
        ranked.sort_unstable_by(|(a, size_a), (b, size_b)| {
            Reverse(size_a).cmp(&Reverse(size_b)).then_with(|| by_values(&groups[a], &groups[b], &self.axes))
        });
        ranked.into_iter().take(limit).map(|(group, _)| group).collect()
    }

    /// By period, then group; where agents are ranked, by rank before the agent, those without one last.
    fn order<R: RowFigures>(
        &self,
        (values_a, a): &(&Values, Counter<R>),
        (values_b, b): &(&Values, Counter<R>),
    ) -> Ordering {
        let beside_agent = &self.axes[..self.agent().unwrap_or(0)];
        let place = |row: &Counter<R>| (row.figures.place().is_none(), row.figures.place());
        (a.key.0.cmp(&b.key.0))
            .then_with(|| by_values(values_a, values_b, beside_agent))
            .then_with(|| place(a).cmp(&place(b)))
            .then_with(|| by_values(values_a, values_b, &self.axes))
    }

    fn row<R: RowFigures>(&self, counter: Counter<R>, labels: &Values) -> Row {
        let start = counter.key.0;
        let value = |asked: &Dimension| {
            let label = self.dimensions.iter().zip(labels).find(|(dimension, _)| *dimension == asked);
            (asked.name(), label.and_then(|(_, (_, label))| label.clone()))
        };
        let group = self.query.group_by.iter().map(value).collect();
        let mut figures = counter.figures.figures(self.state, &self.terms);
        figures.retain(|(name, _)| self.shows(name));
        let told = self.query.figures.as_ref().map_or(R::FIGURES, |_| 0);
        debug_assert!(told <= figures.len() as u64, "the size of a report is told by its rows");
        let period = self.query.interval.map(|interval| self.row_period(interval, start));
        Row { period, group, figures }
    }

    /// Whether rows have a figure of that name: those that were asked for, and the agent of a report that is by agent,
    /// without whom nobody could tell its rows apart.
    fn shows(&self, name: &str) -> bool {
        self.query.asks(name) || (name == "agent" && self.query.report.is_by_agent())
    }

    fn check_size<R: RowFigures>(&self, rows: usize, listed: u64) -> Result<(), ReportError> {
        let cells = match &self.query.figures {
            // Otherwise a figure takes more cells than one.
            Some(asked) if R::CELLS == R::FIGURES => asked.len() as u64,
            _ => R::CELLS,
        };
        let cells = u64::try_from(rows).unwrap_or(u64::MAX).saturating_mul(cells).saturating_add(listed);
        if cells > CELLS_MAX { Err(ReportError::TooManyCells { cells }) } else { Ok(()) }
    }

    fn row_period(&self, interval: Interval, start: Micros) -> RowPeriod {
        let Terms { calendar, from, to, .. } = &self.terms;
        let period = calendar.period_of(interval, start);
        let cut_before = from.is_some_and(|from| period.start < from);
        let cut_after = to.is_some_and(|to| to < period.end);
        let (label, partial) = (calendar.label(interval, &period), cut_before || cut_after);
        RowPeriod { interval, label, period, partial }
    }
}

fn by_values(a: &[(u32, Option<String>)], b: &[(u32, Option<String>)], axes: &[Axis]) -> Ordering {
    let by_axis = axes.iter().zip(a.iter().zip(b)).map(|(axis, (a, b))| axis.order(a, b));
    by_axis.fold(Ordering::Equal, Ordering::then)
}
