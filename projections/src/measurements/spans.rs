//! Spans: what each ticket was doing, and under which dimensions, from one moment to the next.

use super::chunk::written;
use crate::dimensions::TooMany;
use crate::ticket_facts::{Doing, InForce, Micros};
use daftar_eventlog::Position;

/// A span's number, from 0; `NO_SPAN` for none.
pub(crate) type SpanNumber = u32;

/// The number of no span.
pub(crate) const NO_SPAN: SpanNumber = SpanNumber::MAX;

/// Every span of every ticket, as columns, in order of their beginnings in the log.
#[derive(Debug, Clone, Default)]
pub struct Spans {
    from: Vec<Micros>,
    to: Vec<Micros>,
    doing: Vec<Doing>,
    in_force: Vec<InForce>,
    began: Vec<Position>,
    ended: Vec<Position>,
    previous: Vec<SpanNumber>,
}

/// A span as it stood at some position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When it began.
    pub from: Micros,
    /// When it ended; none: it goes on.
    pub to: Option<Micros>,
    /// What the ticket did.
    pub doing: Doing,
    /// Dimensions in force, the assignee as agent.
    pub in_force: InForce,
}

impl Spans {
    /// Begins a span of the ticket whose last span is `previous`, and ends that one.
    pub(crate) fn turn(
        &mut self,
        previous: SpanNumber,
        at: Micros,
        doing: Doing,
        in_force: InForce,
        position: Position,
    ) -> Result<SpanNumber, TooMany> {
        let number = u32::try_from(self.from.len()).ok().filter(|n| *n != NO_SPAN);
        let number = number.ok_or(TooMany { what: "changes of tickets' states", limit: NO_SPAN })?;
        if previous != NO_SPAN {
            // The instant first, then the position that says it is there.
            self.to[previous as usize] = at;
            self.ended[previous as usize] = position;
        }
        self.from.push(at);
        self.to.push(0);
        self.doing.push(doing);
        self.in_force.push(in_force);
        self.began.push(position);
        self.ended.push(Position::ZERO);
        self.previous.push(previous);
        Ok(number)
    }

    /// What a ticket did between two instants, given its last span, which still goes on: each stretch with its ends.
    pub(crate) fn between(
        &self,
        last: SpanNumber,
        from: Micros,
        to: Micros,
    ) -> impl Iterator<Item = (Doing, Micros, Micros)> {
        let before = |number: &SpanNumber| self.previous.get(*number as usize).copied().filter(|n| *n != NO_SPAN);
        let until = move |number: SpanNumber| if number == last { to } else { self.to[number as usize].min(to) };
        std::iter::successors(Some(last).filter(|n| *n != NO_SPAN), before)
            .map(move |number| (self.doing[number as usize], self.from[number as usize].max(from), until(number)))
            .take_while(move |(_, _, to)| from < *to)
            .filter(|(_, from, to)| from < to)
    }

    /// The span with that number as it stood at `position`; `None` when it had not begun.
    #[must_use]
    pub fn get(&self, number: u32, position: Position) -> Option<Span> {
        let index = number as usize;
        let began = *self.began.get(index)?;
        (began <= position).then(|| Span {
            from: self.from[index],
            to: written(self.ended[index], position).then(|| self.to[index]),
            doing: self.doing[index],
            in_force: self.in_force[index],
        })
    }

    /// The span a ticket was in at `position`, given its last span.
    #[must_use]
    pub fn current(&self, last: u32, position: Position) -> Option<Span> {
        self.back_from(last, position).next()
    }

    /// The spans a ticket had been in at `position`, the latest first, given its last span.
    pub fn back_from(&self, last: u32, position: Position) -> impl Iterator<Item = Span> {
        let before = |number: &u32| self.previous.get(*number as usize).copied();
        std::iter::successors(Some(last), before).filter_map(move |number| self.get(number, position))
    }
}
