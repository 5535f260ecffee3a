//! The tickets that bear most on a cell, where there is no other to compare it with ticket by ticket.

use super::found::Found;
use super::recorder::Entered;
use super::{Explained, Item};
use std::cmp::Reverse;
use std::collections::HashSet;

/// Which measurements of a cell bear most on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foremost {
    /// Those with the largest values.
    Largest,
    /// Those with the smallest values.
    Smallest,
    /// Those that count, the latest first.
    Counted,
    /// Those that stand in the denominator only, the latest first.
    Uncounted,
}

impl Found<'_> {
    /// The cell with the measurements that bear most on it, foremost first: one a ticket, at most `limit`. Those that reach
    /// a percentile are the first of the largest.
    #[must_use]
    pub fn foremost(self, which: Foremost, limit: usize) -> Explained {
        let mut entered: Vec<&Entered> = self.standing.iter().filter(|one| bears(one, which)).collect();
        entered.sort_by_key(|one| {
            let value = one.part.value.unwrap_or_default();
            let first = match which {
                Foremost::Largest => -i128::from(value),
                Foremost::Smallest => i128::from(value),
                Foremost::Counted | Foremost::Uncounted => 0,
            };
            (first, Reverse(one.order()))
        });
        let mut seen = HashSet::new();
        let tickets = entered.into_iter().filter(|one| seen.insert(one.seen.ticket)).take(limit);
        let items = tickets.map(|one| Item::of(self.state, one, None)).collect();
        Explained { items, cell: self.cell, next: None }
    }
}

/// Whether a measurement can be one of them.
const fn bears(entered: &Entered, which: Foremost) -> bool {
    match which {
        Foremost::Largest | Foremost::Smallest => true,
        Foremost::Counted => entered.part.counted,
        Foremost::Uncounted => !entered.part.counted,
    }
}
