//! What was counted: rows that can be added up, told by other numbers, and limited, before they are put in order.

use super::RowFigures;
use super::counting::{Counter, Group, Key};
use super::groups::Axis;
use super::instants::Instants;
use super::row_numbers::RowNumbers;
use super::standing::Levels;
use crate::columns::map::Fast;
use crate::dimensions::Renumbering;
use crate::measurements::Measurements;
use crate::ticket_facts::Micros;
use std::collections::HashMap;
use std::ops::Range;

/// What was counted: rows, in no particular order, and what stands open, which is not rows yet.
pub(super) struct Tally<R> {
    pub(super) rows: Vec<Counter<R>>,
    /// The rows of another half that are yet to be added to some of `rows`, which name them.
    pub(super) other_half: Vec<Counter<R>>,
    pub(super) numbers: RowNumbers,
    /// Where the first row lies even if it counts nothing.
    pub(super) begins: Option<Micros>,
    /// Cells beside those of the rows.
    pub(super) listed: u64,
    pub(super) instants: Instants,
    pub(super) standing: HashMap<Group, Levels>,
}

impl<R> Default for Tally<R> {
    /// Nothing, in groups that have no places.
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            other_half: Vec::new(),
            numbers: RowNumbers::default(),
            begins: None,
            listed: 0,
            instants: Instants::default(),
            standing: HashMap::new(),
        }
    }
}

impl<R: RowFigures> Tally<R> {
    /// Sees to it that groups with the values there are by now can be counted. Rows are numbered anew each time there are
    /// twice as many values, or never again.
    pub(super) fn make_room(&mut self, axes: &[Axis], state: &Measurements) {
        if self.numbers.have_room(axes, state) {
            return;
        }
        self.numbers = RowNumbers::with_room(axes, state);
        for (number, row) in self.rows.iter().enumerate() {
            self.numbers.of_row(&row.key, number);
        }
    }

    /// Adds what another half or part counted, but for the figures of rows that both have: those are added when rows are
    /// made, each on the thread that makes it. Figures of a part that was put beside before are added now.
    pub(super) fn put_beside(&mut self, mut half: Self) {
        self.settle();
        self.begins = self.begins.into_iter().chain(half.begins).min();
        self.listed = self.listed.saturating_add(half.listed);
        for (group, levels) in half.standing {
            self.standing.entry(group).or_default().add_up(levels);
        }
        for (row, number) in half.rows.iter_mut().zip(0..) {
            let index = self.numbers.of_row(&row.key, self.rows.len());
            match index.and_then(|index| self.rows.get_mut(index)) {
                Some(known) => {
                    known.measurements += row.measurements;
                    known.other_half = Some(number);
                }
                None => {
                    let Counter { key, measurements, .. } = *row;
                    let figures = std::mem::take(&mut row.figures);
                    self.rows.push(Counter { key, measurements, figures, other_half: None });
                }
            }
        }
        self.other_half = half.rows;
    }

    /// Adds the other half to the rows that are yet to have it.
    pub(super) fn settle(&mut self) {
        let Self { rows, other_half, .. } = self;
        beside(rows, other_half).for_each(|mut row| row.settle());
        other_half.clear();
    }

    /// Tells groups and figures by the numbers of another state.
    pub(super) fn renumber(&mut self, axes: &[Axis], numbers: &Renumbering) {
        let renumbered = |group: &Group| {
            let mut renumbered = *group;
            for (number, axis) in renumbered.iter_mut().zip(axes) {
                *number = axis.renumbered(*number, numbers);
            }
            renumbered
        };
        for row in &mut self.rows {
            row.key.1 = renumbered(&row.key.1);
            row.figures.renumber(numbers);
        }
        let standing = std::mem::take(&mut self.standing).into_iter();
        self.standing = standing.map(|(group, levels)| (renumbered(&group), levels)).collect();
    }

    /// Every group that counts anything; some more than once.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        self.rows.iter().map(|row| &row.key.1).chain(self.standing.keys())
    }

    /// Every group that counts anything, with how many measurements.
    pub(super) fn sizes(&self) -> Fast<Group, u64> {
        let mut sizes = Fast::default();
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
        if self.standing.is_empty() {
            return self.rows.len();
        }
        let stretches = |levels: &Levels| levels.stretches().map(|(instants, _)| instants).collect::<Vec<_>>();
        let standing: HashMap<&Group, _> = self.standing.iter().map(|(group, l)| (group, stretches(l))).collect();
        let apart = |row: &&Counter<R>| {
            let number = self.instants.number(row.key.0);
            !standing.get(&row.key.1).is_some_and(|stretches| any_contains(stretches, number))
        };
        standing.values().flatten().map(ExactSizeIterator::len).sum::<usize>() + self.rows.iter().filter(apart).count()
    }

    /// The rows, what stands open among their figures, and the other half of those that are yet to have it.
    pub(super) fn into_rows(self) -> (Vec<Counter<R>>, Vec<Counter<R>>) {
        let mut rows = self.rows;
        if self.standing.is_empty() {
            return (rows, self.other_half);
        }
        let mut numbers: Fast<Key, usize> = rows.iter().map(|row| row.key).zip(0..).collect();
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
        (rows, self.other_half)
    }
}

/// A row with what another half counted of it.
pub(super) struct Halves<'r, R> {
    pub(super) row: &'r mut Counter<R>,
    other: Option<&'r mut Counter<R>>,
}

impl<R: RowFigures> Halves<'_, R> {
    /// Adds up the two.
    pub(super) fn settle(&mut self) {
        if let Some(other) = self.other.take() {
            self.row.other_half = None;
            self.row.figures.add_up(std::mem::take(&mut other.figures));
        }
    }
}

/// Each row with what the other half counted of it.
pub(super) fn beside<'r, R>(
    rows: &'r mut [Counter<R>],
    other_half: &'r mut [Counter<R>],
) -> impl Iterator<Item = Halves<'r, R>> {
    let mut others: Vec<_> = other_half.iter_mut().map(Some).collect();
    rows.iter_mut().map(move |row| {
        let other = row.other_half.and_then(|number| others.get_mut(number as usize)?.take());
        Halves { row, other }
    })
}

/// The rows that count anything, which no other half counted anything of.
pub(super) fn whole<R>(rows: &mut [Counter<R>]) -> impl Iterator<Item = Halves<'_, R>> {
    rows.iter_mut().filter(|row| row.measurements > 0).map(|row| Halves { row, other: None })
}

/// Whether one of the rising `stretches` contains `number`.
fn any_contains(stretches: &[Range<usize>], number: usize) -> bool {
    let after = stretches.partition_point(|stretch| stretch.start <= number);
    after.checked_sub(1).is_some_and(|last| stretches[last].contains(&number))
}
