//! The measurements of a piece at once, where all of them count in one period: their groups are told column by column.

use super::{Agents, Counted, Counter, Counting, Group, Key, Whose};
use crate::columns::rows::Columns;
use crate::measurements::Measurements;
use crate::measurements::chunk::{Moments, Piece};
use crate::report::groups::{Axes, Place, each_group};
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;
use std::ops::Range;

/// A measurement that has a row here.
#[derive(Clone, Copy, Default)]
struct Taken {
    row: usize,
    /// The place of its group.
    place: u32,
    agent: u32,
}

impl<R: Default> Counting<'_, R> {
    /// Counts the measurements of a piece that `keep` keeps, all of which stood and count in the period that starts then.
    /// False: nothing was counted, they are to be looked at one by one.
    pub(super) fn counts_at_once<C: Columns>(
        &mut self,
        piece: &Piece<C>,
        start: Micros,
        how: (
            &impl Fn(&Counted<'_, C>) -> Whose,
            &impl Fn(&Counted<'_, C>) -> bool,
            &mut impl FnMut(&mut R, &Counted<'_, C>),
        ),
    ) -> bool {
        if self.recorder.is_some() || !self.filters.is_empty() || !self.axes.is_in_one() {
            return false;
        }
        let mut places = std::mem::take(&mut self.places);
        let have_places = self.numbers.places_in(start, self.axes, self.state, &piece.moments, &mut places);
        if have_places {
            match self.numbers.apart_from() {
                Some(apart) => self.count_apart(apart, (piece, start, &places), how),
                None => self.count_all((piece, start, &places), how),
            }
        }
        self.places = places;
        have_places
    }

    /// Counts measurements whose groups have those places but for what the agent adds.
    #[inline]
    fn count_all<C: Columns>(
        &mut self,
        (piece, start, places): (&Piece<C>, Micros, &[u32]),
        (whose, keep, count): (
            &impl Fn(&Counted<'_, C>) -> Whose,
            &impl Fn(&Counted<'_, C>) -> bool,
            &mut impl FnMut(&mut R, &Counted<'_, C>),
        ),
    ) {
        let (mut counted, crediting) = (self.first_of(piece, start), self.crediting());
        let (moments, state, axes) = (&piece.moments, self.state, self.axes);
        let (mut numbers, rows, mut for_several) = (self.numbers.last_period(axes), &mut self.rows, Vec::new());
        for (row, place) in places.iter().enumerate() {
            counted.row = row;
            if !keep(&counted) {
                continue;
            }
            let agent = match crediting.agents(moments, row, || whose(&counted)) {
                Agents::One(agent) => agent,
                several @ Agents::Each(_) => {
                    for_several.push((row, several));
                    continue;
                }
            };
            let place = place + numbers.part_of_agent(agent);
            let number = numbers.row(place, || begin_row(rows, state, axes, (start, moments, row, agent)));
            let counter = &mut rows[number];
            counter.measurements += 1;
            count(&mut counter.figures, &counted);
        }
        for (row, several) in for_several {
            counted.row = row;
            self.count_for_each(start, (moments, row), several, |figures| count(figures, &counted));
        }
    }

    /// The same of groups that are counted apart, all of which have their rows.
    fn count_apart<C: Columns>(
        &mut self,
        apart: Range<usize>,
        (piece, start, places): (&Piece<C>, Micros, &[u32]),
        (whose, keep, count): (
            &impl Fn(&Counted<'_, C>) -> Whose,
            &impl Fn(&Counted<'_, C>) -> bool,
            &mut impl FnMut(&mut R, &Counted<'_, C>),
        ),
    ) {
        let (first, crediting) = (self.first_of(piece, start), self.crediting());
        let counted = |row| Counted { row, ..first };
        let (moments, state, axes) = (&piece.moments, self.state, self.axes);
        let (numbers, rows, mut for_several) = (self.numbers.last_period(axes), &mut self.rows, Vec::new());
        let mut taken = vec![Taken::default(); piece.len()];
        let mut count_taken = 0;
        for (row, place) in places.iter().enumerate().filter(|(row, _)| keep(&counted(*row))) {
            match crediting.agents(moments, row, || whose(&counted(row))) {
                Agents::One(agent) => {
                    let place = place + numbers.part_of_agent(agent);
                    // Of two threads each takes about half of them: a branch would be taken as often as not.
                    taken[count_taken] = Taken { row, place, agent };
                    count_taken += usize::from(apart.contains(&(place as usize)));
                }
                several @ Agents::Each(_) => for_several.push((row, several)),
            }
        }
        for Taken { row, place, agent } in taken.into_iter().take(count_taken) {
            let counter = &mut rows[place as usize - apart.start];
            if counter.measurements == 0 {
                counter.key = key_of(state, axes, (start, moments, row, agent));
            }
            counter.measurements += 1;
            count(&mut counter.figures, &counted(row));
        }
        for (row, several) in for_several {
            self.count_for_each(start, (moments, row), several, |figures| count(figures, &counted(row)));
        }
    }

    /// The first measurement of a piece, in the period that starts then.
    fn first_of<'p, C>(&self, Piece { moments, values }: &'p Piece<C>, start: Micros) -> Counted<'p, C> {
        Counted { moments, values, row: 0, begins: Some(start.max(self.from)) }
    }

    /// Counts a measurement for several agents.
    fn count_for_each(
        &mut self,
        start: Micros,
        (moments, row): (&Moments, usize),
        agents: Agents<'_>,
        count: impl FnMut(&mut R),
    ) {
        let place = |agent| Place::Measured { moments, row, agent };
        self.enter_for(start, (0, Position::ZERO), agents, place, count);
    }
}

/// Adds the row of a measurement's group, in the period that starts then: its number.
// Apart from what asks for it once a row.
#[cold]
#[inline(never)]
fn begin_row<R: Default>(
    rows: &mut Vec<Counter<R>>,
    state: &Measurements,
    axes: Axes<'_>,
    measured: (Micros, &Moments, usize, u32),
) -> usize {
    rows.push(Counter::new(key_of(state, axes, measured)));
    rows.len() - 1
}

/// The key of the one group that a measurement stands in for an agent, in the period that starts then.
#[inline(never)]
fn key_of(state: &Measurements, axes: Axes<'_>, (start, moments, row, agent): (Micros, &Moments, usize, u32)) -> Key {
    let mut key: Key = (start, Group::default());
    each_group(state, axes, Place::Measured { moments, row, agent }, |group| key.1 = group);
    key
}
