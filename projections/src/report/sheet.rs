//! A report's rows: counted, limited to the largest groups, filled up where nothing is counted, and put in order.

use super::counting::{Counter, Counting, GROUPS_MAX, Group, Key, Part};
use super::explain::part::PartOf;
use super::explain::recall::Recall;
use super::explain::recorder::{Entered, Recorder};
use super::groups::{Axis, CustomerLabels};
use super::in_slices::Counted;
use super::making::{AxisLabels, Labels, Making};
use super::periods::Interval;
use super::query::{Dimension, Query};
use super::tally::{Halves, Tally, beside};
use super::{CELLS_MAX, Fields, ReportError, Row, RowFigures, Terms};
use crate::columns::map::Fast;
use crate::definition::document::DatedBy;
use crate::in_parts::{InParts, OtherPart};
use crate::measurements::Measurements;
use crate::side_by_side::side_by_side;
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;
use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};

/// From how many openings in the report's time on a second thread counts half of everything.
const HALVED_FROM: usize = if cfg!(test) { 8 } else { 8192 };

/// Everything a report is made of.
pub(super) struct Sheet<'a> {
    pub(super) state: &'a Measurements,
    /// All parts, where the state is of a part of the tickets: what the first counts, the others are added to.
    pub(super) parts: Option<&'a InParts>,
    pub(super) query: &'a Query,
    pub(super) position: Position,
    pub(super) labels: &'a dyn CustomerLabels,
    pub(super) terms: Terms,
    pub(super) recall: Recall,
    /// What rows are grouped by; the agent, where the report is always by agent, stands last.
    pub(super) dimensions: Vec<Dimension>,
    pub(super) axes: Vec<Axis>,
    /// What was counted of each part while it was folded, until rows are made of it; none: everything is yet to be counted.
    counted: Cell<Option<Vec<Counted>>>,
}

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
        let counted = Cell::default();
        Ok(Self { state, parts: None, query, position, labels, terms, recall, dimensions, axes, counted })
    }

    /// The same over all parts, of which the state is the first.
    pub(super) fn over(self, parts: Option<&'a InParts>) -> Self {
        Self { parts, ..self }
    }

    /// The same of what was counted of each part while it was folded.
    pub(super) fn of_counted(self, counted: Option<Vec<Counted>>) -> Self {
        Self { counted: Cell::new(counted), ..self }
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
        let row = tally.into_rows().0.into_iter().find(|row| row.key == key).unwrap_or_else(|| Counter::new(key));
        Ok((row.figures.figures(self.state, &self.terms), entered))
    }

    /// The rows.
    pub(super) fn rows<R: RowFigures>(&self) -> Result<Vec<Row>, ReportError> {
        let CountedRows { mut rows, mut other_half, labels } = self.counted::<R>()?;
        let ordered = self.ordered(&mut rows, &mut other_half, &labels);
        Ok(self.making(&labels).rows(ordered))
    }

    /// The rows as JSON.
    pub(super) fn rows_json<R: RowFigures>(&self) -> Result<String, ReportError> {
        if let Some(apart) = self.json_apart::<R>() {
            return apart;
        }
        let CountedRows { mut rows, mut other_half, labels } = self.counted::<R>()?;
        let ordered = self.ordered(&mut rows, &mut other_half, &labels);
        Ok(self.making(&labels).json(ordered))
    }

    pub(super) fn making<'s>(&'s self, labels: &'s Labels<'s>) -> Making<'s> {
        let Self { state, query, terms, dimensions, .. } = self;
        Making { state, query, terms, dimensions, labels }
    }

    /// What was counted, but for its order.
    fn counted<R: RowFigures>(&self) -> Result<CountedRows<'a, R>, ReportError> {
        let mut tally = self.tally::<R>()?;
        if let Some(agent) = self.agent() {
            tally.retain(|group| group[agent] != 0);
            tally.settle();
            R::rank(&mut tally.rows, agent, self.state, &self.terms);
        }
        if tally.listed > CELLS_MAX {
            return Err(ReportError::TooManyCells { cells: tally.listed });
        }
        let labels = self.labels(tally.groups());
        if let Some(limit) = self.query.limit.filter(|_| !self.axes.is_empty()) {
            let kept = largest(tally.sizes(), limit, &labels);
            tally.retain(|group| kept.contains(group));
        }
        self.check_size::<R>(tally.len(), tally.listed)?;
        let begins = tally.begins;
        let (mut rows, other_half) = tally.into_rows();
        if self.axes.is_empty() {
            self.fill(&mut rows, begins)?;
        }
        Ok(CountedRows { rows, other_half, labels })
    }

    /// The order of the rows; they stay where they are, being large.
    fn ordered<'r, R: RowFigures>(
        &self,
        rows: &'r mut [Counter<R>],
        other_half: &'r mut [Counter<R>],
        labels: &Labels<'_>,
    ) -> Vec<Halves<'r, R>> {
        let halves = beside(rows, other_half);
        // The places of each row's values are looked up once, not at every comparison.
        if self.agent().is_some() {
            let mut ordered: Vec<_> = halves.collect();
            ordered.sort_by_cached_key(|Halves { row, .. }| self.order(row, labels.ranks(&row.key.1)));
            return ordered;
        }
        let mut placed: Vec<_> = halves.map(|both| ((both.row.key.0, labels.place(&both.row.key.1)), both)).collect();
        placed.sort_unstable_by_key(|(place, _)| *place);
        placed.into_iter().map(|(_, both)| both).collect()
    }

    /// Everything counted, on as many threads as are worth it.
    fn tally<R: RowFigures>(&self) -> Result<Tally<R>, ReportError> {
        Ok(match (self.parts, self.counted.take()) {
            (Some(parts), Some(counted)) => self.tally_of_counted(parts, counted)?,
            (Some(parts), None) => self.tally_of_parts(parts),
            (None, _) => self.tally_in_halves(),
        })
    }

    /// What was counted of each part while it was folded.
    fn tally_of_counted<R: RowFigures>(&self, parts: &InParts, counted: Vec<Counted>) -> Result<Tally<R>, ReportError> {
        let mut tallies = counted.into_iter().map(|counted| counted.into_tally::<R>().ok_or(ReportError::NotKept));
        let mut all = tallies.next().ok_or(ReportError::NotKept)??;
        for (tally, OtherPart { numbers, .. }) in tallies.zip(&parts.others) {
            let mut tally = tally?;
            tally.renumber(&self.axes, numbers);
            all.put_beside(tally);
        }
        Ok(all)
    }

    /// What every state counted, each on a thread of its own.
    fn tally_of_parts<R: RowFigures>(&self, parts: &'a InParts) -> Tally<R> {
        std::thread::scope(|scope| {
            let apart = |other: &'a OtherPart| {
                let sheet = self.apart(&other.state);
                scope.spawn(move || {
                    let mut tally = sheet.count::<R>(Part::WHOLE);
                    tally.renumber(&sheet.axes, &other.numbers);
                    tally
                })
            };
            let others: Vec<_> = parts.others.iter().map(apart).collect();
            let mut tally = self.count(Part::WHOLE);
            for other in others {
                // A panic there is one of this report's.
                tally.put_beside(other.join().unwrap_or_else(|panicked| std::panic::resume_unwind(panicked)));
            }
            tally
        })
    }

    /// What one state counted, in two halves where that is worth it.
    fn tally_in_halves<R: RowFigures>(&self) -> Tally<R> {
        if self.threads() < 2 {
            return self.count(Part::WHOLE);
        }
        let [ahead, behind] = Part::HALVES;
        let sheet = self.apart(self.state);
        let (mut tally, half) = side_by_side(|| self.count(ahead), move || sheet.count::<R>(behind));
        tally.put_beside(half);
        tally
    }

    fn count<R: RowFigures>(&self, part: Part) -> Tally<R> {
        let mut counting = Counting::<R>::of_part(self, part);
        R::count(&mut counting, self.state);
        counting.into_tally()
    }

    /// The same over this state or another, for another thread, which looks back for itself.
    pub(super) fn apart(&self, state: &'a Measurements) -> Sheet<'a> {
        let Self { parts, query, position, labels, terms, dimensions, .. } = self;
        let recall = Recall::of(*position, false);
        let axes = dimensions.iter().map(|dimension| Axis::of(dimension, &state.dimensions)).collect();
        let (terms, dimensions) = (terms.clone(), dimensions.clone());
        let (parts, position, labels, counted) = (*parts, *position, *labels, Cell::default());
        Sheet { state, parts, query, position, labels, terms, recall, dimensions, axes, counted }
    }

    /// How many threads count: two from where one more costs less than it spares.
    pub(super) fn threads(&self) -> usize {
        if self.openings() < HALVED_FROM { 1 } else { 2 }
    }

    /// About how many openings there are in the report's time.
    pub(super) fn openings(&self) -> usize {
        let by_event = self.terms.document().dated_by == DatedBy::Event;
        let (from, to) = if by_event { (self.terms.from, self.terms.to) } else { (None, None) };
        let chunks = self.state.openings.chunks(from.unwrap_or(Micros::MIN), to.unwrap_or(Micros::MAX));
        chunks.map(|(_, chunk)| chunk.len()).sum()
    }

    /// Which of the dimensions is the agent of a report that is always by agent.
    pub(super) fn agent(&self) -> Option<usize> {
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

    /// What the values of groups are called.
    fn labels<'g>(&self, groups: impl Iterator<Item = &'g Group>) -> Labels<'a> {
        let mut values: Vec<_> = self.axes.iter().map(|axis| Values::of(axis, self.state)).collect();
        for group in groups {
            for (values, number) in values.iter_mut().zip(group) {
                values.add(*number);
            }
        }
        Labels(self.axes.iter().zip(values).map(|(axis, values)| self.labels_of(axis, values)).collect())
    }

    /// What all values there are are called.
    pub(super) fn all_labels(&self) -> Labels<'a> {
        Labels(self.axes.iter().map(|axis| self.labels_of(axis, Values::all(axis, self.state))).collect())
    }

    fn labels_of(&self, axis: &Axis, values: Values) -> AxisLabels<'a> {
        let state = self.state;
        let label = |number| (number, axis.label(number, &state.dimensions, self.labels));
        let mut labels: Vec<_> = values.found.into_iter().map(label).collect();
        labels.sort_unstable_by(|a, b| axis.order(a, b));
        AxisLabels::of(labels, values.has.len())
    }

    /// By period, then group, of which the agent stands behind their rank; those without one last.
    fn order<R: RowFigures>(&self, row: &Counter<R>, ranks: Group) -> (Micros, Group, bool, Option<u64>, Group) {
        let mut beside_agent = ranks;
        // Where there is no agent to be ranked the whole group comes first, and nothing is left to tell rows apart.
        beside_agent[self.agent().unwrap_or(GROUPS_MAX)..].fill(0);
        let place = row.figures.place();
        (row.key.0, beside_agent, place.is_none(), place, ranks)
    }

    pub(super) fn check_size<R: RowFigures>(&self, rows: usize, listed: u64) -> Result<(), ReportError> {
        let cells = match &self.query.figures {
            // Otherwise a figure takes more cells than one.
            Some(asked) if R::CELLS == R::FIGURES => asked.len() as u64,
            _ => R::CELLS,
        };
        let cells = u64::try_from(rows).unwrap_or(u64::MAX).saturating_mul(cells).saturating_add(listed);
        if cells > CELLS_MAX { Err(ReportError::TooManyCells { cells }) } else { Ok(()) }
    }
}

/// What was counted, in no particular order.
struct CountedRows<'a, R> {
    rows: Vec<Counter<R>>,
    /// What another half counted of some of the rows, which is yet to be added.
    other_half: Vec<Counter<R>>,
    /// What the groups are called.
    labels: Labels<'a>,
}

/// Which values of an axis groups have.
struct Values {
    /// By number.
    has: Vec<bool>,
    found: Vec<u32>,
}

impl Values {
    fn of(axis: &Axis, state: &Measurements) -> Self {
        Self { has: vec![false; axis.values(&state.dimensions) as usize + 1], found: Vec::new() }
    }

    /// Every value there is, and none.
    fn all(axis: &Axis, state: &Measurements) -> Self {
        let values = axis.values(&state.dimensions);
        Self { has: vec![true; values as usize + 1], found: (0..=values).collect() }
    }

    fn add(&mut self, number: u32) {
        // No group has a number beyond those of its axis.
        if let Some(has) = self.has.get_mut(number as usize).filter(|has| !**has) {
            *has = true;
            self.found.push(number);
        }
    }
}

/// The `limit` groups that count the most measurements, over all periods; ties by value.
fn largest(sizes: Fast<Group, u64>, limit: usize, labels: &Labels<'_>) -> HashSet<Group> {
    let mut ranked: Vec<_> = sizes.into_iter().collect();
    ranked.sort_by_cached_key(|(group, size)| (Reverse(*size), labels.ranks(group)));
    ranked.into_iter().take(limit).map(|(group, _)| group).collect()
}
