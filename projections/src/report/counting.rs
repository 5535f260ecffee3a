//! Counting: walks the measurements that stood at a position and hands each to the rows it enters.

use super::groups::{Axis, CustomerLabels, Filter, Place};
use super::periods::{Calendar, Interval, Period};
use super::query::Query;
use crate::measurements::Measurements;
use crate::measurements::chunk::{Columns, Moments, Table};
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;
use std::collections::HashMap;

pub(super) use super::query::GROUP_BY_MAX as GROUPS_MAX;

/// Which row: the start of its period (the earliest instant without an interval), and its group's numbers.
pub(super) type Key = (Micros, [u32; GROUPS_MAX]);

/// A row being counted.
pub(super) struct Counter<R> {
    pub(super) key: Key,
    /// How many measurements it counts.
    pub(super) measurements: u64,
    pub(super) figures: R,
}

/// A measurement that stands.
pub(super) struct Counted<'a, C> {
    pub(super) moments: &'a Moments,
    pub(super) values: &'a C,
    pub(super) row: usize,
    /// The beginning of its period, or of the report where that cuts the period.
    begins: Micros,
}

impl<C> Counted<'_, C> {
    pub(super) fn ticket(&self) -> usize {
        self.moments.ticket[self.row] as usize
    }

    /// Whether the ticket's `previous` moment of the same kind lies before the period: this one is its first there.
    pub(super) fn is_first(&self, previous: Option<Micros>) -> bool {
        previous.is_none_or(|previous| previous < self.begins)
    }
}

/// What is counted, and into which rows.
pub(super) struct Counting<'a, R> {
    pub(super) state: &'a Measurements,
    pub(super) position: Position,
    calendar: Calendar,
    interval: Option<Interval>,
    from: Micros,
    to: Micros,
    filters: Vec<Filter>,
    axes: &'a [Axis],
    reads_agent: bool,
    numbers: HashMap<Key, usize>,
    rows: Vec<Counter<R>>,
    last: Option<(Key, usize)>,
    period: Period,
}

impl<'a, R: Default> Counting<'a, R> {
    pub(super) fn new(
        state: &'a Measurements,
        query: &Query,
        axes: &'a [Axis],
        position: Position,
        labels: &dyn CustomerLabels,
    ) -> Self {
        let filters: Vec<_> = query.filters.iter().map(|f| Filter::of(f, &state.dimensions, labels)).collect();
        Self {
            state,
            position,
            calendar: Calendar::utc_gregorian(),
            interval: query.interval,
            from: query.from.map_or(Micros::MIN, |from| from.micros()),
            to: query.to.map_or(Micros::MAX, |to| to.micros()),
            reads_agent: axes.contains(&Axis::Agent) || filters.iter().any(Filter::reads_agent),
            filters,
            axes,
            numbers: HashMap::new(),
            rows: Vec::new(),
            last: None,
            period: Period { start: 0, end: 0 },
        }
    }

    /// The rows that counted anything, in no particular order.
    pub(super) fn into_rows(self) -> Vec<Counter<R>> {
        self.rows
    }

    /// Counts every measurement of `table`.
    pub(super) fn each<C: Columns>(&mut self, table: &Table<C>, count: impl FnMut(&mut R, &Counted<'_, C>)) {
        self.each_where(table, |_| true, count);
    }

    /// Counts the measurements of `table` that `keep` keeps.
    pub(super) fn each_where<C: Columns>(
        &mut self,
        table: &Table<C>,
        keep: impl Fn(&Counted<'_, C>) -> bool,
        count: impl FnMut(&mut R, &Counted<'_, C>),
    ) {
        self.walk(table, keep, |counted| counted.moments.agent[counted.row], count);
    }

    /// The same, each counted for the ticket's assignee at the end of the prefix.
    pub(super) fn each_of_assignee<C: Columns>(
        &mut self,
        table: &Table<C>,
        keep: impl Fn(&Counted<'_, C>) -> bool,
        count: impl FnMut(&mut R, &Counted<'_, C>),
    ) {
        let (state, position, reads_agent) = (self.state, self.position, self.reads_agent);
        let assignee = |counted: &Counted<'_, C>| {
            if reads_agent { state.assignee_at(counted.moments.ticket[counted.row], position) } else { 0 }
        };
        self.walk(table, keep, assignee, count);
    }

    fn walk<C: Columns>(
        &mut self,
        table: &Table<C>,
        keep: impl Fn(&Counted<'_, C>) -> bool,
        agent: impl Fn(&Counted<'_, C>) -> u32,
        mut count: impl FnMut(&mut R, &Counted<'_, C>),
    ) {
        for chunk in table.chunks(self.from, self.to) {
            for row in 0..chunk.moments.at.len() {
                let mut counted = Counted { moments: &chunk.moments, values: &chunk.values, row, begins: self.from };
                if !self.stands(&chunk.moments, row) || !keep(&counted) {
                    continue;
                }
                let place = Place { moments: &chunk.moments, row, agent: agent(&counted) };
                if self.filters.iter().all(|filter| filter.passes(self.state, place)) {
                    let start = self.period_start(chunk.moments.at[row]);
                    counted.begins = start.max(self.from);
                    self.enter(start, place, |row| count(row, &counted));
                }
            }
        }
    }

    /// Whether a measurement lies in the report's time and stood at its position, its ticket not void then.
    fn stands(&self, moments: &Moments, row: usize) -> bool {
        let at = moments.at[row];
        self.from <= at
            && at < self.to
            && moments.added[row] <= self.position
            && !self.state.void_at(moments.ticket[row], self.position)
    }

    fn period_start(&mut self, at: Micros) -> Micros {
        let Some(interval) = self.interval else { return Micros::MIN };
        if !self.period.contains(at) {
            self.period = self.calendar.period_of(interval, at);
        }
        self.period.start
    }

    /// Hands every row that the measurement enters to `count`: one, or one for each of its tags.
    fn enter(&mut self, start: Micros, place: Place<'_>, mut count: impl FnMut(&mut R)) {
        let mut group = [0; GROUPS_MAX];
        for (number, axis) in group.iter_mut().zip(self.axes) {
            *number = axis.number(self.state, place);
        }
        let Some(tag) = self.axes.iter().position(|axis| *axis == Axis::Tag).filter(|tag| group[*tag] != 0) else {
            return count(self.row((start, group)));
        };
        for number in self.state.dimensions.tag_sets.members(group[tag]) {
            group[tag] = *number;
            count(self.row((start, group)));
        }
    }

    fn row(&mut self, key: Key) -> &mut R {
        let index = match self.last {
            Some((last, index)) if last == key => index,
            _ => *self.numbers.entry(key).or_insert_with(|| {
                self.rows.push(Counter { key, measurements: 0, figures: R::default() });
                self.rows.len() - 1
            }),
        };
        self.last = Some((key, index));
        let row = &mut self.rows[index];
        row.measurements += 1;
        &mut row.figures
    }
}
