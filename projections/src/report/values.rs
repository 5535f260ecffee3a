//! A heap of durations, or of counts in millionths, of which each part stays where it was counted.

use super::adding::Adds;
use crate::exact::Distribution;
use crate::ticket_facts::Micros;
use smallvec::SmallVec;
use std::iter::successors;

/// Up to how many values are moved together, which then costs less than another heap.
const TOGETHER_TO: usize = if cfg!(test) { 3 } else { 64 };

/// A heap of values; a small one without memory of its own, as the many groups of a report mostly have.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    heap: SmallVec<[Micros; 8]>,
    /// What other parts counted, if it is much: threads that add up at the same time would wait for each other to move it.
    others: Option<Box<Self>>,
}

impl Values {
    /// One more.
    #[inline]
    pub(super) fn push(&mut self, value: Micros) {
        self.heap.push(value);
    }

    /// One of them; none: there is none.
    pub(super) fn first(&self) -> Option<&Micros> {
        self.heaps().flatten().next()
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.heaps().map(<[Micros]>::len).sum()
    }

    /// What is said of them all.
    pub(super) fn distribution(&mut self) -> Distribution {
        if self.others.is_none() {
            return Distribution::of(&mut self.heap);
        }
        Distribution::of_heaps(&self.heaps().collect::<SmallVec<[_; 4]>>())
    }

    fn heaps(&self) -> impl Iterator<Item = &[Micros]> {
        successors(Some(self), |values| values.others.as_deref()).map(|values| &values.heap[..])
    }
}

impl Adds for Values {
    fn add_up(&mut self, other: Self) {
        if let Some(others) = &mut self.others {
            others.add_up(other);
        } else if self.heap.is_empty() {
            *self = other;
        } else if other.others.is_none() && self.heap.len() + other.heap.len() <= TOGETHER_TO {
            self.heap.extend_from_slice(&other.heap);
        } else {
            self.others = Some(Box::new(other));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[Micros]) -> Values {
        let mut counted = Values::default();
        values.iter().for_each(|value| counted.push(*value));
        counted
    }

    proptest! {
        #[test]
        fn parts_added_up_in_any_shape_are_the_whole(
            parts in prop::collection::vec(
                prop_oneof![
                    prop::collection::vec(-9..1_000_000_i64, 0..9),
                    prop::collection::vec(-9..1_000_000_i64, 0..90),
                ],
                0..6,
            ),
            merged in prop::collection::vec(any::<prop::sample::Index>(), 5),
        ) {
            let whole = parts.concat();
            let mut counted: Vec<_> = parts.iter().map(|part| of(part)).collect();
            for index in merged {
                if counted.len() > 1 {
                    let added = counted.swap_remove(index.index(counted.len()));
                    let last = counted.len() - 1;
                    counted[last].add_up(added);
                }
            }
            let mut all = Values::default();
            counted.into_iter().for_each(|part| all.add_up(part));
            prop_assert_eq!(all.len(), whole.len());
            prop_assert_eq!(all.first().is_some(), !whole.is_empty());
            prop_assert!(all.first().is_none_or(|first| whole.contains(first)));
            // The oracle of exact's own tests is a distribution of values in one heap.
            prop_assert_eq!(all.distribution(), Distribution::of(whole));
        }
    }
}
