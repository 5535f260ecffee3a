//! What stands open at each instant of a report, found in one pass over the spans of tickets.

use super::counting::Counting;
use super::groups::Place;
use super::instants::Instants;
use super::needs::{Asked, FIRST_OPENING_READ};
use crate::measurements::Measurements;
use crate::measurements::chunk::written;
use crate::measurements::needs::Needs;
use crate::measurements::spans::Span;
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;
use std::collections::BTreeMap;
use std::ops::Range;

/// A day in microseconds.
const DAY: Micros = 86_400_000_000;
/// From which age on, in microseconds, a ticket stands in each of the classes of age.
const AGES_FROM: [Micros; AGES] = [Micros::MIN, DAY, 3 * DAY, 7 * DAY, 30 * DAY];
/// How many classes of age there are.
pub(super) const AGES: usize = 5;

/// What is counted of open tickets, by place in [`Counts`]; the classes of age come after these.
const OPEN: usize = 0;
const UNASSIGNED: usize = 1;
const UNANSWERED: usize = 2;
const HELD: usize = 3;
const YOUNGEST: usize = 4;
type Counts = [i64; YOUNGEST + AGES];

/// How many tickets stand open at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Standing {
    /// All of them.
    pub(super) open: u64,
    /// Those without an assignee.
    pub(super) unassigned: u64,
    /// Those whose first-response clock has started, without a first response.
    pub(super) unanswered: u64,
    /// Those on hold.
    pub(super) held: u64,
    /// By age: under a day, under 3, under 7, under 30 days, older.
    pub(super) ages: [u64; AGES],
}

impl Standing {
    fn of(counts: &Counts) -> Self {
        // A level is a sum of whole stretches of tickets, so it is never below 0.
        let count = |place: usize| u64::try_from(counts[place]).unwrap_or(0);
        Self {
            open: count(OPEN),
            unassigned: count(UNASSIGNED),
            unanswered: count(UNANSWERED),
            held: count(HELD),
            ages: std::array::from_fn(|class| count(YOUNGEST + class)),
        }
    }
}

/// What stands open in one group: by how much the counts change from the instant before to the one with that number.
#[derive(Debug, Clone, Default)]
pub(super) struct Levels(BTreeMap<usize, Counts>);

impl Levels {
    /// Adds something that stands open at these instants.
    pub(super) fn open(&mut self, instants: &Range<usize>) {
        self.raise(OPEN, instants);
    }

    fn raise(&mut self, place: usize, instants: &Range<usize>) {
        if !instants.is_empty() {
            self.0.entry(instants.start).or_default()[place] += 1;
            self.0.entry(instants.end).or_default()[place] -= 1;
        }
    }

    /// Adds what another part counted of the same group, at the same instants.
    pub(super) fn add_up(&mut self, other: Self) {
        for (instant, changes) in other.0 {
            let counts = self.0.entry(instant).or_default();
            counts.iter_mut().zip(changes).for_each(|(count, change)| *count += change);
        }
    }

    /// What stands open at the instant with this number.
    pub(super) fn at(&self, number: usize) -> Standing {
        let mut level = Counts::default();
        for change in self.0.range(..=number).map(|(_, change)| change) {
            level.iter_mut().zip(change).for_each(|(level, change)| *level += change);
        }
        Standing::of(&level)
    }

    /// The stretches of instants at which anything stands open, with what does; rising.
    pub(super) fn stretches(&self) -> impl Iterator<Item = (Range<usize>, Standing)> {
        let levels = self.0.iter().scan(Counts::default(), |level, (start, change)| {
            level.iter_mut().zip(change).for_each(|(level, change)| *level += change);
            Some((*start, Standing::of(level)))
        });
        // After the last change nothing stands open any more: what goes on ends after the last instant.
        let ends = self.0.keys().skip(1);
        levels.zip(ends).map(|((start, standing), end)| (start..*end, standing)).filter(|(_, s)| s.open > 0)
    }

    /// How many tickets stand open, summed over the instants.
    pub(super) fn measurements(&self) -> u64 {
        self.stretches().map(|(instants, standing)| instants.len() as u64 * standing.open).sum()
    }
}

/// What [`count`] reads; unless the report begins somewhere, openings tell where the first of its periods lies.
pub(super) fn read(asked: &Asked<'_>) -> Needs {
    let since_the_first = asked.query.interval.is_some() && asked.query.from.is_none();
    Needs::Spans | Needs::Tickets | Needs::Responses | FIRST_OPENING_READ.when(since_the_first)
}

/// Counts what stands open at each of the report's instants, under the dimensions in force then.
pub(super) fn count<R: Default>(counting: &mut Counting<'_, R>, state: &Measurements) {
    if !counting.part.is_first() {
        return;
    }
    counting.instants = Instants::of(counting.query, counting.terms, || counting.first_opening());
    let (since, until) = (counting.instants.first_before(), counting.instants.last_before());
    for (ticket, span) in state.spans.seen(counting.position, since, until) {
        let seen = counting.instants.during(span.from, span.to);
        let place = Place::Standing { ticket, in_force: &span.in_force };
        if !seen.is_empty() && !counting.is_void(ticket) && counting.passes(place) {
            let parts = parts(state, counting.position, ticket, &span, &counting.instants, &seen);
            let now = (counting.instants.now(seen.start), Position::ZERO);
            counting.open(now, place, |levels| {
                parts.iter().for_each(|(place, instants)| levels.raise(*place, instants));
            });
        }
    }
}

/// At which of the instants that see an open span the ticket is counted as what.
fn parts(
    state: &Measurements,
    position: Position,
    ticket: u32,
    span: &Span,
    instants: &Instants,
    seen: &Range<usize>,
) -> [(usize, Range<usize>); YOUNGEST + AGES] {
    let where_so = |is: bool| if is { seen.clone() } else { 0..0 };
    let opened_at = state.tickets.opened_at(ticket);
    let ages = AGES_FROM.map(|age| instants.aged(opened_at, age));
    std::array::from_fn(|place| {
        let counted = match place {
            OPEN => seen.clone(),
            UNASSIGNED => where_so(span.in_force.agent == 0),
            UNANSWERED => overlap(seen, &unanswered(state, position, ticket, instants)),
            HELD => where_so(span.doing.is_held()),
            class => {
                let class = class - YOUNGEST;
                overlap(seen, &(ages[class]..ages.get(class + 1).copied().unwrap_or(instants.len())))
            }
        };
        (place, counted)
    })
}

/// The instants at which the ticket's first-response clock runs, as known at `position`.
fn unanswered(state: &Measurements, position: Position, ticket: u32, instants: &Instants) -> Range<usize> {
    let tickets = &state.tickets;
    if !written(tickets.clock_started(ticket), position) {
        return 0..0;
    }
    let answered = written(tickets.first_response(ticket), position);
    instants.during(tickets.clock_started_at(ticket), answered.then(|| tickets.first_response_at(ticket)))
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start.max(b.start)..a.end.min(b.end)
}
