//! From what was counted to rows: their periods, the names of their groups, their figures.

use super::counting::{Counter, Group};
use super::periods::Interval;
use super::query::{Dimension, Query};
use super::{Row, RowFigures, RowPeriod, Terms};
use crate::columns::map::Fast;
use crate::measurements::Measurements;
use crate::ticket_facts::Micros;
use std::sync::Arc;

/// From how many measurements in rows on a second thread makes half of the rows; below that it costs more than it spares.
const HALVED_FROM: u64 = if cfg!(test) { 8 } else { 8192 };

/// What the values of each axis are called, and in which order they stand.
pub(super) struct Labels(pub(super) Vec<Fast<u32, Label>>);

/// What a value is called.
#[derive(Debug, Default)]
pub(super) struct Label {
    /// Its place among the values of its axis.
    pub(super) rank: u32,
    /// None: the absent value.
    pub(super) name: Option<Arc<str>>,
}

impl Labels {
    /// The places of a group's values; equal places are equal groups.
    pub(super) fn ranks(&self, group: &Group) -> Group {
        let mut ranks = Group::default();
        for ((rank, labels), number) in ranks.iter_mut().zip(&self.0).zip(group) {
            *rank = labels.get(number).map_or(u32::MAX, |label| label.rank);
        }
        ranks
    }

    fn name(&self, axis: usize, number: u32) -> Option<Arc<str>> {
        self.0.get(axis)?.get(&number)?.name.clone()
    }
}

/// Everything that rows are made of beside what was counted.
pub(super) struct Making<'a> {
    pub(super) state: &'a Measurements,
    pub(super) query: &'a Query,
    pub(super) terms: &'a Terms,
    /// What each axis is.
    pub(super) dimensions: &'a [Dimension],
    pub(super) labels: &'a Labels,
}

impl Making<'_> {
    /// The rows, in the order in which they were counted; many are made on two threads.
    pub(super) fn rows<R: RowFigures>(&self, mut counted: Vec<Counter<R>>) -> Vec<Row> {
        if counted.iter().map(|counter| counter.measurements).sum::<u64>() < HALVED_FROM {
            return self.all(counted);
        }
        let behind = counted.split_off(counted.len() / 2);
        let (mut rows, behind) = std::thread::scope(|scope| {
            let behind = scope.spawn(|| self.all(behind));
            (self.all(counted), behind.join())
        });
        // A panic there is one of this report's.
        rows.append(&mut behind.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked)));
        rows
    }

    fn all<R: RowFigures>(&self, counted: Vec<Counter<R>>) -> Vec<Row> {
        counted.into_iter().map(|counter| self.row(counter)).collect()
    }

    fn row<R: RowFigures>(&self, counter: Counter<R>) -> Row {
        let (start, group) = counter.key;
        let value = |asked: &Dimension| {
            let axis = self.dimensions.iter().position(|dimension| dimension == asked);
            (asked.name(), axis.and_then(|axis| self.labels.name(axis, group[axis])))
        };
        let group = self.query.group_by.iter().map(value).collect();
        let mut figures = counter.figures.figures(self.state, self.terms);
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

    fn row_period(&self, interval: Interval, start: Micros) -> RowPeriod {
        let Terms { calendar, from, to, .. } = self.terms;
        let period = calendar.period_of(interval, start);
        let cut_before = from.is_some_and(|from| period.start < from);
        let cut_after = to.is_some_and(|to| to < period.end);
        let (label, partial) = (calendar.label(interval, &period), cut_before || cut_after);
        RowPeriod { interval, label, period, partial }
    }
}
