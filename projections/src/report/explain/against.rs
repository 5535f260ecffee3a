//! One cell under two definitions: the measurements that only one of them counts, or that are another value in each.

use super::ask::Ask;
use super::cursor::Place;
use super::found::{Found, page_of};
use super::recorder::Entered;
use super::{ExplainedCell, Item};
use crate::exact::Decimal;
use crate::measurements::Measurements;
use daftar_eventlog::{Epochs, Position};
use std::cmp::Reverse;
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

/// The measurement of each side.
type Pair<'a> = (Option<&'a Entered>, Option<&'a Entered>);

/// Compares a cell with itself under another definition. Both were found in states of the same log, which give a
/// ticket the same number; `state` is one of them.
pub(super) fn compared(
    here: Found,
    there: Found,
    state: &Measurements,
    ask: &Ask,
    place: Place,
    epochs: &Epochs,
) -> Compared {
    let mut pairs = pairs(&here.standing, &there.standing);
    pairs.retain(differs);
    pairs.sort_by_key(|pair| (Reverse(difference(pair).abs()), first(pair).map(Entered::order)));
    let moved = pairs.len();
    let page = page_of(moved, place.skipped, ask.limit);
    let next = Place { skipped: page.end, ..place };
    let next = (page.end < moved).then(|| next.write(ask, epochs));
    let item = |entered: Option<&Entered>| entered.map(|entered| Item::of(state, entered, None));
    let moved_item = |pair: &Pair<'_>| Moved {
        ticket: first(pair).map_or_else(String::new, |entered| state.tickets.id(entered.seen.ticket).to_owned()),
        difference: Decimal::from_micros(difference(pair).into()),
        here: item(pair.0),
        there: item(pair.1),
    };
    let items = pairs[page].iter().map(moved_item).collect();
    Compared { cell: here.cell, against: there.cell, moved: moved as u64, items, next }
}

/// The measurements of each ticket side by side: those of the same event, then the others in order.
fn pairs<'a>(here: &'a [Entered], there: &'a [Entered]) -> Vec<Pair<'a>> {
    let mut tickets: BTreeMap<u32, [Vec<&Entered>; 2]> = BTreeMap::new();
    for (side, entered) in [here, there].into_iter().enumerate() {
        entered.iter().for_each(|one| tickets.entry(one.seen.ticket).or_default()[side].push(one));
    }
    let mut pairs = Vec::new();
    for [mut here, mut there] in tickets.into_values() {
        here.sort_unstable_by_key(|entered| entered.order());
        there.sort_unstable_by_key(|entered| entered.order());
        here.retain(|one| match there.iter().position(|other| is_same(one, other)) {
            Some(place) => {
                pairs.push((Some(*one), Some(there.remove(place))));
                false
            }
            None => true,
        });
        let longer = here.len().max(there.len());
        pairs.extend((0..longer).map(|n| (here.get(n).copied(), there.get(n).copied())));
    }
    pairs
}

/// Whether both were measured at the same event, or looked at at the same instant.
fn is_same(a: &Entered, b: &Entered) -> bool {
    a.seen.position == b.seen.position && (a.seen.position != Position::ZERO || a.seen.at == b.seen.at)
}

fn first<'a>((here, there): &Pair<'a>) -> Option<&'a Entered> {
    here.or(*there)
}

fn differs((here, there): &Pair<'_>) -> bool {
    let part = |entered: &Option<&Entered>| entered.map(|entered| (entered.part, entered.seen.at));
    part(here) != part(there)
}

fn difference((here, there): &Pair<'_>) -> i64 {
    let weight = |entered: &Option<&Entered>| {
        entered.map_or(0, |entered| entered.part.value.unwrap_or(if entered.part.counted { ONE } else { 0 }))
    };
    weight(there).saturating_sub(weight(here))
}
