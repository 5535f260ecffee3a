//! Sets of numbers, which have numbers of their own.

use super::recent::{Recent, place_of};
use super::{TooMany, index_of, next_number};
use crate::checkpoint::{Reader, Writer};
use crate::columns::map::Map;
use crate::columns::texts::Lists;
use std::sync::Arc;

/// Sets of numbers and their own numbers; 0 is the empty set.
#[derive(Debug, Clone)]
pub struct Sets {
    what: &'static str,
    numbers: Map<Arc<[u32]>, u32>,
    sets: Lists<Arc<[u32]>>,
    recent: Recent<u32>,
    ones: Ones,
}

/// The numbers of sets of one, by their member; 0: not asked for yet. A copy begins without any.
#[derive(Debug, Default)]
struct Ones(Vec<u32>);

impl Clone for Ones {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Sets {
    pub(super) fn new(what: &'static str) -> Self {
        Self { what, numbers: Map::default(), sets: Lists::default(), recent: Recent::default(), ones: Ones::default() }
    }

    #[inline]
    pub(super) fn number(&mut self, members: &[u32]) -> Result<u32, TooMany> {
        match members {
            [] => Ok(0),
            [one] => match self.ones.0.get(*one as usize) {
                Some(number) if *number != 0 => Ok(*number),
                _ => self.first_of_one(*one),
            },
            _ => self.of_several(members),
        }
    }

    #[cold]
    fn first_of_one(&mut self, member: u32) -> Result<u32, TooMany> {
        let number = self.found_or_new(&[member])?;
        if self.ones.0.len() <= member as usize {
            self.ones.0.resize(member as usize + 1, 0);
        }
        self.ones.0[member as usize] = number;
        Ok(number)
    }

    fn of_several(&mut self, members: &[u32]) -> Result<u32, TooMany> {
        let mixed = members.iter().fold(0, |mixed, member| u64::wrapping_mul(mixed, 31).wrapping_add((*member).into()));
        let place = place_of(mixed);
        if let Some(recent) = self.recent.at(place)
            && self.members(recent) == members
        {
            return Ok(recent);
        }
        let number = self.found_or_new(members)?;
        self.recent.set(place, number, 0);
        Ok(number)
    }

    fn found_or_new(&mut self, members: &[u32]) -> Result<u32, TooMany> {
        if let Some(number) = self.numbers.get(members) {
            return Ok(*number);
        }
        let number = next_number(self.what, self.sets.len())?;
        let members: Arc<[u32]> = members.into();
        self.sets.push(Arc::clone(&members));
        self.numbers.insert(members, number);
        Ok(number)
    }

    /// The members of the set with that number.
    #[must_use]
    pub fn members(&self, number: u32) -> &[u32] {
        index_of(number).and_then(|index| self.sets.get(index)).map_or(&[], |set| set)
    }

    pub(super) fn dump(&self, out: &mut Writer) {
        out.number(self.sets.len() as u64);
        for set in (0..self.sets.len()).filter_map(|number| self.sets.get(number)) {
            out.number(set.len() as u64);
            set.iter().for_each(|member| out.number(u64::from(*member)));
        }
    }

    pub(super) fn load(&mut self, from: &mut Reader<'_>) -> Option<()> {
        for _ in 0..from.number()? {
            let members = (0..from.number()?).map(|_| u32::try_from(from.number()?).ok());
            self.number(&members.collect::<Option<Vec<_>>>()?).ok()?;
        }
        Some(())
    }
}

/// Numbers as a set has them: rising, each once.
pub(super) fn sorted(numbers: &mut Vec<u32>) -> &[u32] {
    if 1 < numbers.len() {
        numbers.sort_unstable();
        numbers.dedup();
    }
    numbers
}
