//! Tickets as lists show them: a function of the state, a query and the instant that is now.
//!
//! # Layout
//!
//! - [`query`]: what is asked; `cursor`: where the next page begins
//! - [`mod@line`]: one ticket's line

mod cursor;
pub mod line;
pub mod query;

#[cfg(test)]
mod tests;

use crate::definition::document::Definition;
use crate::measurements::Measurements;
use crate::report::CustomerLabels;
use crate::report::groups::Filter;
use crate::ticket_facts::LineFacts;
use cursor::Cursor;
use daftar_domain::{Invalid, Timestamp};
use daftar_eventlog::{Epochs, OtherHistory, Position};
use line::{Sheet, TicketLine, TicketState, waiting_for};
use query::ListQuery;
use serde::{Serialize, Serializer};
use std::cmp::Ordering;

/// How many times what a page takes may gather before the tickets furthest behind are dropped.
const GATHERED: usize = 4;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// Its tickets, in the order asked for.
    pub items: Vec<TicketLine>,
    /// Where the next page begins; none: there is no other.
    #[serde(rename = "next_cursor")]
    pub next: Option<String>,
    /// The position it speaks for.
    #[serde(serialize_with = "position_number")]
    pub position: Position,
}

/// Why a list cannot go on at its cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// It was given for another log, or for this one before it lost or took back events.
    #[error("the cursor does not hold any more: {0}; begin the list again without it")]
    OtherHistory(#[from] OtherHistory),
    /// It is none, or it was given for another order.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// The page that `query` asks for, of `state`, which was folded from the log with those `epochs`. What is due is told as
/// of `now`.
///
/// # Errors
///
/// [`CursorError`] when the query's cursor belongs to another log, another epoch or another order, or is broken.
pub fn list(
    state: &Measurements,
    query: &ListQuery,
    epochs: &Epochs,
    now: Timestamp,
    labels: &dyn CustomerLabels,
) -> Result<Page, CursorError> {
    let after = query.cursor.as_deref().map(|text| Cursor::read(text, epochs, query.sort)).transpose()?;
    let filters = query.filters.iter().map(|filter| Filter::of(filter, &state.dimensions, labels)).collect();
    let sheet = Sheet { state, definition: &Definition::default(), now, labels };
    let listing = Listing { sheet, query, filters, after };
    let mut places = listing.first_places(query.limit.saturating_add(1));
    let more = query.limit < places.len();
    places.truncate(query.limit);
    let next =
        places.last().filter(|_| more).map(|place| listing.cursor(*place).write(epochs.moment(state.position())));
    let line = |place: &Place| Some(listing.sheet.line(place.ticket, &state.line(place.ticket)?));
    let items = places.iter().filter_map(line).collect();
    Ok(Page { items, next, position: state.position() })
}

/// A ticket's place in the list: by value first, then by id.
#[derive(Debug, Clone, Copy)]
struct Place {
    value: Option<i64>,
    ticket: u32,
}

/// A list being made.
struct Listing<'a> {
    sheet: Sheet<'a>,
    query: &'a ListQuery,
    filters: Vec<Filter>,
    after: Option<Cursor>,
}

impl Listing<'_> {
    /// The first `count` places after the cursor, in order: found in one walk over all tickets.
    fn first_places(&self, count: usize) -> Vec<Place> {
        let mut places = Vec::new();
        let all = (0_u32..).map_while(|ticket| Some((ticket, self.sheet.state.line(ticket)?)));
        for (ticket, facts) in all {
            let place = Place { value: self.sheet.value(self.query.sort.by, &facts), ticket };
            if self.is_ahead(place) && self.passes(ticket, &facts) {
                places.push(place);
                if places.len() >= count.saturating_mul(GATHERED) {
                    self.keep_first(&mut places, count);
                }
            }
        }
        self.keep_first(&mut places, count);
        places.sort_unstable_by(|a, b| self.order(*a, *b));
        places
    }

    fn keep_first(&self, places: &mut Vec<Place>, count: usize) {
        if count < places.len() {
            places.select_nth_unstable_by(count, |a, b| self.order(*a, *b));
            places.truncate(count);
        }
    }

    fn order(&self, a: Place, b: Place) -> Ordering {
        self.query.sort.order((a.value, self.id(a)), (b.value, self.id(b)))
    }

    /// Whether the place lies after the cursor.
    fn is_ahead(&self, place: Place) -> bool {
        let behind = |after: &Cursor| {
            let order = self.query.sort.order((after.value, &after.ticket), (place.value, self.id(place)));
            order == Ordering::Less
        };
        self.after.as_ref().is_none_or(behind)
    }

    fn passes(&self, ticket: u32, facts: &LineFacts) -> bool {
        let (query, state) = (self.query, self.sheet.state);
        let among = |filter: &Filter| filter.takes(self.sheet.number(filter.axis(), ticket, facts), &state.dimensions);
        (query.states.is_empty() || query.states.contains(&TicketState::of(facts.doing)))
            && (query.waiting_for.is_empty()
                || waiting_for(facts.doing).is_some_and(|party| query.waiting_for.contains(&party)))
            && query.reopened.is_none_or(|reopened| reopened == (facts.reopenings > 0))
            && query.voided.is_none_or(|voided| voided == state.void_at(ticket, state.position()))
            && self.filters.iter().all(among)
    }

    fn cursor(&self, place: Place) -> Cursor {
        Cursor { sort: self.query.sort, value: place.value, ticket: self.id(place).to_owned() }
    }

    fn id(&self, place: Place) -> &str {
        self.sheet.state.tickets.id(place.ticket)
    }
}

fn position_number<S: Serializer>(position: &Position, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(position.0)
}
