//! Takes down what makes one cell while its report is counted.

use super::part::{Part, PartOf};
use super::recall::{Recall, TakenBack};
use crate::definition::document::TargetMetric;
use crate::report::counting::{Group, Key};
use crate::report::dissatisfaction::Moment;
use crate::report::groups::Place;
use crate::report::instants::Instants;
use crate::report::standing::{Levels, Standing};
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;

/// What is counted, as an explanation tells it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) struct Seen {
    /// When it happened, or the instant at which it was looked at.
    pub(in crate::report) at: Micros,
    /// The event that was measured; 0: none, it was looked at.
    pub(in crate::report) position: Position,
    /// The ticket's number.
    pub(in crate::report) ticket: u32,
    /// The agent it is counted for; 0: nobody.
    pub(in crate::report) agent: u32,
    /// What was measured, where it is a duration that can have a target.
    pub(in crate::report) metric: Option<TargetMetric>,
}

impl Seen {
    /// Something of a place, at a moment.
    pub(in crate::report) fn of((at, position): Moment, place: Place<'_>) -> Self {
        Self { at, position, ticket: place.ticket(), agent: place.agent(), metric: None }
    }
}

/// A measurement that makes a cell, or made it until it was taken back.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Entered {
    pub(in crate::report) seen: Seen,
    pub(in crate::report) part: Part,
    pub(in crate::report) taken_back: Option<TakenBack>,
    /// Why the ticket stands in the row, where rows are tickets.
    pub(in crate::report) reason: Option<&'static str>,
}

/// Takes down what enters one figure of one row.
pub(in crate::report) struct Recorder<'a, R> {
    key: Key,
    part: PartOf<'a, R>,
    recall: &'a Recall,
    /// Lets a row take note of what stands open.
    stands: fn(&mut R, Standing),
    entered: Vec<Entered>,
}

impl<'a, R: Default> Recorder<'a, R> {
    /// Of the row with that key, what `part` reads off its measurements one by one.
    pub(in crate::report) fn new(
        key: Key,
        part: PartOf<'a, R>,
        recall: &'a Recall,
        stands: fn(&mut R, Standing),
    ) -> Self {
        Self { key, part, recall, stands, entered: Vec::new() }
    }

    /// Everything that entered, in the order in which it was counted.
    pub(in crate::report) fn into_entered(self) -> Vec<Entered> {
        self.entered
    }

    /// Takes down what one measurement is in the cell; whether its row is to count it.
    pub(in crate::report) fn takes(&mut self, key: Key, seen: Seen, count: &mut impl FnMut(&mut R)) -> bool {
        key == self.key && self.enters(seen, count)
    }

    /// Takes down what something that stands open is in the cell; whether its row is to count it.
    pub(in crate::report) fn takes_standing(
        &mut self,
        group: &Group,
        seen: Seen,
        instants: &Instants,
        raise: &mut impl FnMut(&mut Levels),
    ) -> bool {
        let number = instants.number(self.key.0);
        if *group != self.key.1 || number == instants.len() || instants.period(number) != self.key.0 {
            return false;
        }
        let mut alone = Levels::default();
        raise(&mut alone);
        let (stands, standing) = (self.stands, alone.at(number));
        self.enters(seen, &mut |row| stands(row, standing))
    }

    fn enters(&mut self, seen: Seen, count: &mut impl FnMut(&mut R)) -> bool {
        let mut alone = R::default();
        count(&mut alone);
        let taken_back = self.recall.noted();
        let entered = (self.part)(&alone).map(|part| Entered { seen, part, taken_back, reason: None });
        self.entered.extend(entered);
        taken_back.is_none()
    }
}
