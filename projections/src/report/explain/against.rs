//! One cell under two definitions: the measurements that only one of them counts, or that are another value in each.

use super::ask::Ask;
use super::cursor::Place;
use super::found::{Found, page_of};
use super::recorder::Entered;
use super::{ExplainedCell, Item};
use crate::exact::Decimal;
use crate::ticket_facts::Micros;
use daftar_eventlog::{Epochs, Position};
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

/// What a measurement weighs that has no value, in millionths.
const ONE: i64 = 1_000_000;

/// A cell under two definitions, and a page of what moved between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The cell under the report's definition.
    pub cell: ExplainedCell,
    /// The same under the other.
    pub against: ExplainedCell,
    /// How many measurements differ.
    pub moved: u64,
    /// A page of them, the largest difference first.
    pub items: Vec<Moved>,
    /// Where the next page begins; none: there is no other.
    pub next: Option<String>,
}

/// A measurement that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its ticket.
    pub ticket: String,
    /// The other value less this one. What is missing on a side is 0; what has no value is 1 where it counts, else 0.
    pub difference: Decimal,
    /// As the report's definition has it; none: it does not enter the cell.
    pub here: Option<Item>,
    /// As the other has it.
    pub there: Option<Item>,
}

/// A measurement as each side has it: at least one does.
struct Pair<'a> {
    ticket: &'a str,
    here: Option<&'a Entered>,
    there: Option<&'a Entered>,
}

/// Compares a cell with itself under another definition. Both were found in states of the same log, each of which gives
/// tickets and agents numbers of its own: what happened by an instant under the one may not have under the other.
pub(super) fn compared(here: Found<'_>, there: Found<'_>, ask: &Ask, place: Place, epochs: &Epochs) -> Compared {
    let mut pairs = pairs(&here, &there);
    pairs.retain(Pair::differs);
    pairs.sort_by_cached_key(|pair| (Reverse(pair.difference().abs()), pair.order()));
    let moved = pairs.len();
    let page = page_of(moved, place.skipped, ask.limit);
    let next = Place { skipped: page.end, ..place };
    let next = (page.end < moved).then(|| next.write(ask, epochs));
    let item = |state, entered: Option<&Entered>| entered.map(|entered| Item::of(state, entered, None));
    let moved_item = |pair: &Pair<'_>| Moved {
        ticket: pair.ticket.to_owned(),
        difference: Decimal::from_micros(pair.difference().into()),
        here: item(here.state, pair.here),
        there: item(there.state, pair.there),
    };
    let items = pairs[page].iter().map(moved_item).collect();
    Compared { cell: here.cell, against: there.cell, moved: moved as u64, items, next }
}

/// The measurements of each ticket side by side: those of the same event, then the others in order.
fn pairs<'a>(here: &'a Found<'_>, there: &'a Found<'_>) -> Vec<Pair<'a>> {
    let mut tickets: BTreeMap<&str, [Vec<&Entered>; 2]> = BTreeMap::new();
    for (side, found) in [here, there].into_iter().enumerate() {
        for entered in &found.standing {
            tickets.entry(found.state.tickets.id(entered.seen.ticket)).or_default()[side].push(entered);
        }
    }
    tickets.into_iter().flat_map(|(ticket, sides)| pairs_of(ticket, sides)).collect()
}

/// The same of one ticket.
fn pairs_of<'a>(ticket: &'a str, mut sides: [Vec<&'a Entered>; 2]) -> Vec<Pair<'a>> {
    sides.iter_mut().for_each(|side| side.sort_by_key(|entered| entered.moment()));
    let [mut here, mut there] = sides.map(|side| side.into_iter().peekable());
    let (mut pairs, mut alone) = (Vec::new(), [Vec::new(), Vec::new()]);
    while let (Some(one), Some(other)) = (here.peek().copied(), there.peek().copied()) {
        match one.moment().cmp(&other.moment()) {
            Ordering::Less => alone[0].extend(here.next()),
            Ordering::Greater => alone[1].extend(there.next()),
            Ordering::Equal => pairs.push(Pair { ticket, here: here.next(), there: there.next() }),
        }
    }
    alone[0].extend(here);
    alone[1].extend(there);
    let [here, there] = alone;
    let longer = here.len().max(there.len());
    let at = |side: &[&'a Entered], n: usize| side.get(n).copied();
    pairs.extend((0..longer).map(|n| Pair { ticket, here: at(&here, n), there: at(&there, n) }));
    pairs
}

impl Pair<'_> {
    /// When it happened, here before there.
    fn order(&self) -> (Option<(Micros, Position)>, String) {
        (self.here.or(self.there).map(Entered::moment), self.ticket.to_owned())
    }

    fn differs(&self) -> bool {
        let part = |entered: Option<&Entered>| entered.map(|entered| (entered.part, entered.seen.at));
        part(self.here) != part(self.there)
    }

    fn difference(&self) -> i64 {
        let weight = |entered: Option<&Entered>| {
            entered.map_or(0, |entered| entered.part.value.unwrap_or(if entered.part.counted { ONE } else { 0 }))
        };
        weight(self.there).saturating_sub(weight(self.here))
    }
}
