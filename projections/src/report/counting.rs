//! Counting: walks the measurements that stood at a position and hands each to the rows it enters.

use super::groups::{Axis, Filter, Place, each_group};
use super::instants::Instants;
use super::periods::{Calendar, Period};
use super::query::Query;
use super::sheet::Sheet;
use super::standing::Levels;
use super::{RowFigures, Terms};
use crate::measurements::Measurements;
use crate::measurements::chunk::{Columns, Moments, Table};
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;
use std::collections::HashMap;
use std::ops::Range;

pub(super) use super::query::GROUP_BY_MAX as GROUPS_MAX;

/// The numbers of a group's values, 0 where there are fewer dimensions.
pub(super) type Group = [u32; GROUPS_MAX];

/// Which row: the start of its period (the earliest instant without an interval), and its group.
pub(super) type Key = (Micros, Group);

/// A row being counted.
pub(super) struct Counter<R> {
    pub(super) key: Key,
    /// How many measurements it counts.
    pub(super) measurements: u64,
    pub(super) figures: R,
}

impl<R: Default> Counter<R> {
    pub(super) fn new(key: Key) -> Self {
        Self { key, measurements: 0, figures: R::default() }
    }
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
    pub(super) fn at(&self) -> Micros {
        self.moments.at[self.row]
    }

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
    pub(super) query: &'a Query,
    pub(super) terms: &'a Terms,
    pub(super) axes: &'a [Axis],
    /// The instants at which `standing` was looked at.
    pub(super) instants: Instants,
    /// What stands open at those instants; it becomes rows once it is known how many.
    pub(super) standing: HashMap<Group, Levels>,
    /// Where the first row lies even if it counts nothing.
    pub(super) begins: Option<Micros>,
    calendar: Calendar,
    from: Micros,
    to: Micros,
    filters: Vec<Filter>,
    reads_agent: bool,
    numbers: HashMap<Key, usize>,
    rows: Vec<Counter<R>>,
    last: Option<(Key, usize)>,
    period: Period,
}

impl<'a, R: Default> Counting<'a, R> {
    pub(super) fn new(sheet: &'a Sheet<'_>) -> Self {
        let Sheet { state, query, labels, .. } = *sheet;
        let filters: Vec<_> = query.filters.iter().map(|f| Filter::of(f, &state.dimensions, labels)).collect();
        Self {
            state,
            position: sheet.position,
            query,
            terms: &sheet.terms,
            axes: &sheet.axes,
            instants: Instants::default(),
            standing: HashMap::new(),
            begins: None,
            calendar: Calendar::utc_gregorian(),
            from: query.from.map_or(Micros::MIN, |from| from.micros()),
            to: query.to.map_or(Micros::MAX, |to| to.micros()),
            reads_agent: sheet.axes.contains(&Axis::Agent) || filters.iter().any(Filter::reads_agent),
            filters,
            numbers: HashMap::new(),
            rows: Vec::new(),
            last: None,
            period: Period { start: 0, end: 0 },
        }
    }

    /// What was counted.
    pub(super) fn into_tally(self) -> Tally<R> {
        Tally { rows: self.rows, instants: self.instants, standing: self.standing, begins: self.begins }
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
        let at = |c: &Counted<'_, C>| keep(c).then(|| c.at());
        self.walk(table, self.from, at, |c| c.moments.agent[c.row], count);
    }

    /// The same, each counted for the ticket's assignee at the end of the prefix.
    pub(super) fn each_of_assignee<C: Columns>(
        &mut self,
        table: &Table<C>,
        keep: impl Fn(&Counted<'_, C>) -> bool,
        count: impl FnMut(&mut R, &Counted<'_, C>),
    ) {
        let at = |c: &Counted<'_, C>| keep(c).then(|| c.at());
        self.walk(table, self.from, at, self.assignee(), count);
    }

    /// Counts tickets, by number, at the moment that `due` finds for them, under the dimensions of their opening, for
    /// the assignee at the end of the prefix. No ticket is due before it is opened.
    pub(super) fn each_due(&mut self, due: impl Fn(usize) -> Option<Micros>, mut count: impl FnMut(&mut R)) {
        self.walk(&self.state.openings, Micros::MIN, |c| due(c.ticket()), self.assignee(), |row, _| count(row));
    }

    /// Finds the ticket's assignee at the end of the prefix, where anything depends on it.
    fn assignee<C>(&self) -> impl Fn(&Counted<'_, C>) -> u32 + use<'a, C, R> {
        let (state, position, reads_agent) = (self.state, self.position, self.reads_agent);
        move |c| if reads_agent { state.assignee_at(c.moments.ticket[c.row], position) } else { 0 }
    }

    /// Counts the measurements made since `since` for which `at` finds a moment in the report's time.
    fn walk<C: Columns>(
        &mut self,
        table: &Table<C>,
        since: Micros,
        at: impl Fn(&Counted<'_, C>) -> Option<Micros>,
        agent: impl Fn(&Counted<'_, C>) -> u32,
        mut count: impl FnMut(&mut R, &Counted<'_, C>),
    ) {
        for chunk in table.chunks(since, self.to) {
            for row in 0..chunk.moments.at.len() {
                let mut counted = Counted { moments: &chunk.moments, values: &chunk.values, row, begins: self.from };
                let Some(at) = at(&counted).filter(|at| self.from <= *at && *at < self.to) else { continue };
                let place = Place::Measured { moments: &chunk.moments, row, agent: agent(&counted) };
                if self.stands(&chunk.moments, row) && self.passes(place) {
                    let start = self.period_start(at);
                    counted.begins = start.max(self.from);
                    self.enter(start, place, |row| count(row, &counted));
                }
            }
        }
    }

    /// The opening of the first ticket.
    pub(super) fn first_opening(&self) -> Option<Micros> {
        let chunks = self.state.openings.chunks(Micros::MIN, Micros::MAX);
        let all = chunks.flat_map(|chunk| (0..chunk.moments.at.len()).map(move |row| (&chunk.moments, row)));
        all.filter(|(moments, row)| self.stands(moments, *row)).map(|(moments, row)| moments.at[row]).min()
    }

    /// Whether a measurement stood at the report's position, its ticket not void then.
    fn stands(&self, moments: &Moments, row: usize) -> bool {
        moments.added[row] <= self.position && !self.state.void_at(moments.ticket[row], self.position)
    }

    /// Whether every filter lets it pass.
    pub(super) fn passes(&self, place: Place<'_>) -> bool {
        self.filters.iter().all(|filter| filter.passes(self.state, place))
    }

    fn period_start(&mut self, at: Micros) -> Micros {
        let Some(interval) = self.query.interval else { return Micros::MIN };
        if !self.period.contains(at) {
            self.period = self.calendar.period_of(interval, at);
        }
        self.period.start
    }

    /// Hands every row that the place enters to `count`.
    fn enter(&mut self, start: Micros, place: Place<'_>, mut count: impl FnMut(&mut R)) {
        each_group(self.state, self.axes, place, |group| count(self.row((start, group))));
    }

    fn row(&mut self, key: Key) -> &mut R {
        let index = match self.last {
            Some((last, index)) if last == key => index,
            _ => *self.numbers.entry(key).or_insert_with(|| {
                self.rows.push(Counter::new(key));
                self.rows.len() - 1
            }),
        };
        self.last = Some((key, index));
        let row = &mut self.rows[index];
        row.measurements += 1;
        &mut row.figures
    }
}

/// What was counted: rows, in no particular order, and what stands open, which is not rows yet.
pub(super) struct Tally<R> {
    pub(super) rows: Vec<Counter<R>>,
    /// Where the first row lies even if it counts nothing.
    pub(super) begins: Option<Micros>,
    instants: Instants,
    standing: HashMap<Group, Levels>,
}

impl<R: RowFigures> Tally<R> {
    /// Every group that counts anything, with how many measurements.
    pub(super) fn groups(&self) -> HashMap<Group, u64> {
        let mut sizes = HashMap::new();
        for row in &self.rows {
            *sizes.entry(row.key.1).or_default() += row.measurements;
        }
        for (group, levels) in &self.standing {
            *sizes.entry(*group).or_default() += levels.measurements();
        }
        sizes
    }

    /// Leaves out the groups that `keep` does not keep.
    pub(super) fn retain(&mut self, keep: impl Fn(&Group) -> bool) {
        self.rows.retain(|row| keep(&row.key.1));
        self.standing.retain(|group, _| keep(group));
    }

    /// How many rows there will be.
    pub(super) fn len(&self) -> usize {
        let stretches = |levels: &Levels| levels.stretches().map(|(instants, _)| instants).collect::<Vec<_>>();
        let standing: HashMap<&Group, _> = self.standing.iter().map(|(group, l)| (group, stretches(l))).collect();
        let apart = |row: &&Counter<R>| {
            let number = self.instants.number(row.key.0);
            !standing.get(&row.key.1).is_some_and(|stretches| any_contains(stretches, number))
        };
        standing.values().flatten().map(ExactSizeIterator::len).sum::<usize>() + self.rows.iter().filter(apart).count()
    }

    /// The rows, what stands open among their figures.
    pub(super) fn into_rows(self) -> Vec<Counter<R>> {
        let mut rows = self.rows;
        let mut numbers: HashMap<Key, usize> = rows.iter().map(|row| row.key).zip(0..).collect();
        for (group, levels) in &self.standing {
            for (instants, standing) in levels.stretches() {
                for key in instants.map(|number| (self.instants.period(number), *group)) {
                    let index = *numbers.entry(key).or_insert_with(|| {
                        rows.push(Counter::new(key));
                        rows.len() - 1
                    });
                    rows[index].figures.stands(standing);
                }
            }
        }
        rows
    }
}

/// Whether one of the rising `stretches` contains `number`.
fn any_contains(stretches: &[Range<usize>], number: usize) -> bool {
    let after = stretches.partition_point(|stretch| stretch.start <= number);
    after.checked_sub(1).is_some_and(|last| stretches[last].contains(&number))
}
