//! Which row a key is: by its place where axes have few values, else by looking it up.

use super::counting::{GROUPS_MAX, Group, Key};
use super::groups::Axis;
use crate::columns::map::Fast;
use crate::measurements::Measurements;
use crate::ticket_facts::Micros;

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
}

/// A place for every group.
#[derive(Debug, Clone, Copy)]
struct Places {
    /// How many values each axis has, none among them.
    sizes: Group,
    /// How many groups there are.
    all: usize,
}

impl Places {
    fn of(axes: &[Axis], state: &Measurements) -> Option<Self> {
        let mut sizes = [1; GROUPS_MAX];
        for (size, axis) in sizes.iter_mut().zip(axes) {
            *size = axis.values(&state.dimensions).saturating_add(1);
        }
        let all = sizes.iter().try_fold(1_usize, |places, size| places.checked_mul(*size as usize));
        Some(Self { sizes, all: all.filter(|all| *all <= PLACES_MAX)? })
    }

    /// The place of a group; none: a value has come after them.
    fn place(&self, group: &Group) -> Option<usize> {
        let mut place = 0;
        for (number, size) in group.iter().zip(&self.sizes) {
            if size <= number {
                return None;
            }
            place = place * *size as usize + *number as usize;
        }
        Some(place)
    }
}

impl RowNumbers {
    /// No rows yet, of groups on these axes.
    pub(super) fn of(axes: &[Axis], state: &Measurements) -> Self {
        Self { places: Places::of(axes, state), ..Self::default() }
    }

    /// The number of a key's row; `next`, and from then on, where it has none yet.
    pub(super) fn of_row(&mut self, key: &Key, next: usize) -> usize {
        match self.place(key) {
            Some(place) => {
                let number = &mut self.periods[self.last].1[place];
                if *number == NONE {
                    // A report has far fewer than 2^32 rows.
                    *number = u32::try_from(next).unwrap_or(NONE - 1);
                }
                *number as usize
            }
            None => *self.others.entry(*key).or_insert(next),
        }
    }

    /// The place of a key in its period, which is the last one then; none: it is to be looked up.
    fn place(&mut self, (start, group): &Key) -> Option<usize> {
        let places = self.places?;
        let place = places.place(group)?;
        if self.periods.get(self.last).is_none_or(|(period, _)| period != start) {
            self.last = self.period(*start, places.all)?;
        }
        Some(place)
    }

    fn period(&mut self, start: Micros, places: usize) -> Option<usize> {
        if let Some(known) = self.known_periods.get(&start) {
            return Some(*known);
        }
        if ALL_PLACES_MAX < (self.periods.len() + 1) * places {
            return None;
        }
        self.periods.push((start, vec![NONE; places]));
        self.known_periods.insert(start, self.periods.len() - 1);
        Some(self.periods.len() - 1)
    }
}
