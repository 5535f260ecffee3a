//! What was counted: rows that can be added up, told by other numbers, and limited, before they are put in order.

use super::RowFigures;
use super::counting::{Counter, Group, Key};
use super::groups::Axis;
use super::instants::Instants;
use super::row_numbers::RowNumbers;
use super::standing::Levels;
use crate::columns::map::Fast;
use crate::dimensions::Renumbering;
use crate::ticket_facts::Micros;
use std::collections::HashMap;
use std::ops::Range;

/// What was counted: rows, in no particular order, and what stands open, which is not rows yet.
pub(super) struct Tally<R> {
    pub(super) rows: Vec<Counter<R>>,
    pub(super) numbers: RowNumbers,
    /// Where the first row lies even if it counts nothing.
    pub(super) begins: Option<Micros>,
    /// Cells beside those of the rows.
    pub(super) listed: u64,
    pub(super) instants: Instants,
    pub(super) standing: HashMap<Group, Levels>,
}

impl<R: RowFigures> Tally<R> {
    /// Adds what another part counted.
    pub(super) fn add_up(&mut self, part: Self) {
        self.begins = self.begins.into_iter().chain(part.begins).min();
        self.listed = self.listed.saturating_add(part.listed);
        for (group, levels) in part.standing {
            self.standing.entry(group).or_default().add_up(levels);
        }
        for Counter { key, measurements, figures } in part.rows {
            let index = self.numbers.of_row(&key, self.rows.len());
            match self.rows.get_mut(index) {
                Some(row) => {
                    row.measurements += measurements;
                    row.figures.add_up(figures);
                }
                None => self.rows.push(Counter { key, measurements, figures }),
            }
        }
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

    /// The rows, what stands open among their figures.
    pub(super) fn into_rows(self) -> Vec<Counter<R>> {
        let mut rows = self.rows;
        if self.standing.is_empty() {
            return rows;
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
        rows
    }
}

/// Whether one of the rising `stretches` contains `number`.
fn any_contains(stretches: &[Range<usize>], number: usize) -> bool {
    let after = stretches.partition_point(|stretch| stretch.start <= number);
    after.checked_sub(1).is_some_and(|last| stretches[last].contains(&number))
}
