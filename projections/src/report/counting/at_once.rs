//! The measurements of a piece at once, where all of them count in one period: their groups are told column by column.

use super::{Agents, Counted, Counting, Group, Key, Whose};
use crate::columns::rows::Columns;
use crate::measurements::chunk::{Moments, Piece};
use crate::report::groups::{Place, each_group};
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;

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
        (whose, keep, count): (
            &impl Fn(&Counted<'_, C>) -> Whose,
            &impl Fn(&Counted<'_, C>) -> bool,
            &mut impl FnMut(&mut R, &Counted<'_, C>),
        ),
    ) -> bool {
        if self.recorder.is_some() || !self.filters.is_empty() || !self.axes.is_in_one() {
            return false;
        }
        let Piece { moments, values } = piece;
        let Some(places) = self.numbers.places_in(start, self.axes, self.state, moments) else { return false };
        let begins = Some(start.max(self.from));
        let counted = |row| Counted { moments, values, row, begins };
        let kept = places.into_iter().enumerate().filter(|(row, _)| keep(&counted(*row)));
        let Some(apart) = self.numbers.apart_from() else {
            for (row, place) in kept {
                let agents = self.agents(moments, row, whose(&counted(row)));
                self.count_placed((start, moments, row), place, agents, |figures| count(figures, &counted(row)));
            }
            return true;
        };
        let mut taken = vec![Taken::default(); piece.len()];
        let (mut count_taken, mut for_several) = (0, Vec::new());
        for (row, place) in kept {
            match self.agents(moments, row, whose(&counted(row))) {
                Agents::One(agent) => {
                    let place = place + self.numbers.part_of_agent(self.axes, agent);
                    // Of two threads each takes about half of them: a branch would be taken as often as not.
                    taken[count_taken] = Taken { row, place, agent };
                    count_taken += usize::from(apart.contains(&(place as usize)));
                }
                several @ Agents::Each(_) => for_several.push((row, place, several)),
            }
        }
        for Taken { row, place, agent } in taken.into_iter().take(count_taken) {
            if let Some(figures) = self.row_of_place(place, start, (moments, row, agent)) {
                count(figures, &counted(row));
            }
        }
        for (row, place, several) in for_several {
            self.count_placed((start, moments, row), place, several, |figures| count(figures, &counted(row)));
        }
        true
    }

    /// Counts a measurement of the period that starts then, whose group has that place but for what the agent adds.
    #[inline]
    fn count_placed(
        &mut self,
        (start, moments, row): (Micros, &Moments, usize),
        place: u32,
        agents: Agents<'_>,
        mut count: impl FnMut(&mut R),
    ) {
        let Agents::One(agent) = agents else {
            let place = |agent| Place::Measured { moments, row, agent };
            return self.enter_for(start, (0, Position::ZERO), agents, place, count);
        };
        let place = place + self.numbers.part_of_agent(self.axes, agent);
        if let Some(figures) = self.row_of_place(place, start, (moments, row, agent)) {
            count(figures);
        }
    }

    /// The row of the group with that place; none: it is counted apart.
    #[inline]
    fn row_of_place(
        &mut self,
        place: u32,
        start: Micros,
        (moments, row, agent): (&Moments, usize, u32),
    ) -> Option<&mut R> {
        let index = self.numbers.of_place(place as usize, self.rows.len())?;
        let (state, axes) = (self.state, self.axes);
        Some(self.row_at(index, || {
            let mut key: Key = (start, Group::default());
            each_group(state, axes, Place::Measured { moments, row, agent }, |group| key.1 = group);
            key
        }))
    }
}
