//! Which row a key is: by its place where axes have few values, else by looking it up.

use super::counting::{GROUPS_MAX, Group, Key};
use super::groups::{Axes, Axis};
use super::making::Labels;
use crate::columns::map::Fast;
use crate::columns::rows::Columns as _;
use crate::measurements::Measurements;
use crate::measurements::chunk::Moments;
use crate::ticket_facts::Micros;
use std::ops::Range;

/// How many groups there may be at most for each to have a place in every period.
const PLACES_MAX: usize = 1 << 14;
/// How many places there may be over all periods; further periods are looked up.
const ALL_PLACES_MAX: usize = 1 << 21;
/// In a place: no row yet.
const NONE: u32 = u32::MAX;

/// The numbers of rows by key.
#[derive(Debug, Default)]
pub(super) struct RowNumbers {
    /// The places of groups; none: there are too many groups.
    places: Option<Places>,
    /// For each period, the rows of all groups by place.
    periods: Vec<(Micros, Vec<u32>)>,
    /// Which of the periods was asked for last.
    last: usize,
    known_periods: Fast<Micros, usize>,
    others: Fast<Key, usize>,
    /// Only groups with these places have rows, all of which are there from the beginning; none: all groups.
    apart: Option<Range<usize>>,
}

/// A place for every group.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// What a value of each axis adds to the place of its group, by the value's number; nothing where there is no axis.
    parts: [Vec<u32>; GROUPS_MAX],
    /// How many groups there are.
    all: usize,
}

impl Places {
    /// Places in any order; none: there are too many groups.
    pub(super) fn of(axes: &[Axis], state: &Measurements) -> Option<Self> {
        let sizes = axes.iter().map(|axis| axis.values(&state.dimensions).saturating_add(1));
        Self::by(sizes, |_, number| number)
    }

    /// Places in the order in which the rows of a period stand, of groups with these values; none: there are too many.
    pub(super) fn in_order(labels: &Labels<'_>) -> Option<Self> {
        let sizes = labels.0.iter().map(|axis| u32::try_from(axis.numbers()).unwrap_or(u32::MAX));
        Self::by(sizes, |axis, number| labels.0[axis].rank(number))
    }

    /// Places by what `rank` says of each value of each axis, which has so many of them.
    fn by(sizes: impl Iterator<Item = u32> + Clone, rank: impl Fn(usize, u32) -> u32) -> Option<Self> {
        let all = sizes.clone().try_fold(1_u32, u32::checked_mul).filter(|all| *all as usize <= PLACES_MAX)?;
        let (mut step, mut parts) = (all, [const { Vec::new() }; GROUPS_MAX]);
        let mut sizes = sizes.enumerate();
        for parts in &mut parts {
            // What is not asked for is 0 in every group.
            let (axis, size) = sizes.next().unwrap_or((0, 1));
            step /= size;
            *parts = (0..size).map(|number| if size == 1 { 0 } else { rank(axis, number) * step }).collect();
        }
        Some(Self { parts, all: all as usize })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all
    }

    /// How many there are of groups that have a value of the first axis.
    pub(super) fn of_named(&self) -> usize {
        self.all - self.all / self.parts[0].len()
    }

    /// The place of a group; none: a value has come after them.
    fn place(&self, group: &Group) -> Option<usize> {
        let mut place = 0;
        for (parts, number) in self.parts.iter().zip(group) {
            place += *parts.get(*number as usize)?;
        }
        Some(place as usize)
    }
}

/// The places of one period.
pub(super) struct LastPeriod<'a> {
    /// What each agent adds to the place of a group; nothing where groups are not by agent.
    of_agents: &'a [u32],
    /// Rows by place.
    rows: &'a mut [u32],
}

impl LastPeriod<'_> {
    /// What an agent adds to the place of a group.
    #[inline]
    pub(super) fn part_of_agent(&self, agent: u32) -> u32 {
        self.of_agents.get(agent as usize).copied().unwrap_or(0)
    }

    /// The number of the row at a place; where it has none yet, that of the row that `begin` adds.
    #[inline]
    pub(super) fn row(&mut self, place: u32, begin: impl FnOnce() -> usize) -> usize {
        let number = &mut self.rows[place as usize];
        if *number == NONE {
            *number = number_of(begin());
        }
        *number as usize
    }
}

/// The number of a row as it stands at a place. A report has far fewer than 2^32 rows.
fn number_of(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(NONE - 1)
}

impl RowNumbers {
    /// The same with places for about as many values more.
    pub(super) fn with_room(axes: &[Axis], state: &Measurements) -> Self {
        let sizes = axes.iter().map(|axis| axis.values(&state.dimensions).saturating_add(1));
        let sizes = sizes.map(|size| size.checked_next_power_of_two().unwrap_or(u32::MAX));
        Self { places: Places::by(sizes, |_, number| number), ..Self::default() }
    }

    /// Whether the values that axes have by now have places; groups without places have room for all.
    pub(super) fn have_room(&self, axes: &[Axis], state: &Measurements) -> bool {
        let fits = |(axis, parts): (&Axis, &Vec<u32>)| (axis.values(&state.dimensions) as usize) < parts.len();
        self.places.as_ref().is_none_or(|places| axes.iter().zip(&places.parts).all(fits))
    }

    /// No rows yet, of groups on these axes.
    pub(super) fn of(axes: &[Axis], state: &Measurements) -> Self {
        Self { places: Places::of(axes, state), ..Self::default() }
    }

    /// The rows of the groups with these places alone, in the order of their places; there is no interval.
    pub(super) fn apart(places: Places, apart: Range<usize>) -> Self {
        Self { places: Some(places), apart: Some(apart), ..Self::default() }
    }

    /// Fills in the places of some measurements' groups, but for what the agent adds; false: not every group has one in the
    /// period.
    pub(super) fn places_in(
        &mut self,
        start: Micros,
        axes: Axes<'_>,
        state: &Measurements,
        moments: &Moments,
        places: &mut Vec<u32>,
    ) -> bool {
        if !self.finds(start) {
            return false;
        }
        places.clear();
        places.resize(moments.len(), 0);
        for (axis, parts) in axes.all.iter().zip(self.places.iter().flat_map(|places| &places.parts)) {
            axis.each_number(state, moments, |row, number| places[row] += parts[number as usize]);
        }
        true
    }

    /// The places of the last period, to be looked up one by one.
    pub(super) fn last_period(&mut self, axes: Axes<'_>) -> LastPeriod<'_> {
        let of_agents = axes.agent().zip(self.places.as_ref()).map_or(&[][..], |(axis, places)| &places.parts[axis]);
        let rows = self.periods.get_mut(self.last).map_or(&mut [][..], |(_, rows)| rows);
        LastPeriod { of_agents, rows }
    }

    /// The places of groups that have rows here; none: all groups have.
    pub(super) fn apart_from(&self) -> Option<Range<usize>> {
        self.apart.clone()
    }

    /// The number of a key's row; `next`, and from then on, where it has none yet; none: it is not to have a row here.
    pub(super) fn of_row(&mut self, key: &Key, next: usize) -> Option<usize> {
        let place = self.places.as_ref().and_then(|places| places.place(&key.1));
        match place.filter(|_| self.finds(key.0)) {
            Some(place) => self.of_place(place, next),
            None => Some(*self.others.entry(*key).or_insert(next)),
        }
    }

    /// The same by the group's place in the last period.
    #[inline]
    pub(super) fn of_place(&mut self, place: usize, next: usize) -> Option<usize> {
        if let Some(apart) = &self.apart {
            return apart.contains(&place).then(|| place - apart.start);
        }
        let number = &mut self.periods[self.last].1[place];
        if *number == NONE {
            *number = number_of(next);
        }
        Some(*number as usize)
    }

    /// Whether groups have places in the period, which is the last one then.
    fn finds(&mut self, start: Micros) -> bool {
        if self.periods.get(self.last).is_some_and(|(period, _)| *period == start) {
            return true;
        }
        let found = self.period(start);
        self.last = found.unwrap_or(self.last);
        found.is_some()
    }

    fn period(&mut self, start: Micros) -> Option<usize> {
        if let Some(known) = self.known_periods.get(&start) {
            return Some(*known);
        }
        let places = self.places.as_ref()?.len();
        if ALL_PLACES_MAX < (self.periods.len() + 1) * places {
            return None;
        }
        self.periods.push((start, vec![NONE; places]));
        self.known_periods.insert(start, self.periods.len() - 1);
        Some(self.periods.len() - 1)
    }
}
