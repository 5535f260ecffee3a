//! Runs: from when to when each duration that can have a target ran, ended or not.

use super::chunk::written;
use crate::definition::document::TargetMetric;
use crate::dimensions::TooMany;
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;

/// A run's number, from 0; [`NO_RUN`] for none.
pub(crate) type RunNumber = u32;

/// The number of no run.
pub(crate) const NO_RUN: RunNumber = RunNumber::MAX;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RunEnd {
    /// With a value, which is measured.
    Given,
    /// Without one: the ticket was closed first, or its next cycle began.
    Dropped,
    /// Its clock was started afresh: it never counts.
    Restarted,
}

/// A run as it stood at some position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// What ran.
    pub metric: TargetMetric,
    /// The ticket's number.
    pub ticket: u32,
    /// From when on it counts.
    pub started: Micros,
    /// Since when it ran: later than `started` where a reopening took an earlier end back, or a wait became a run later.
    pub since: Micros,
    /// When, how, and by which event it ended; none: it goes on.
    pub ended: Option<(Micros, RunEnd, Position)>,
}

/// Every run of every ticket, as columns, in order of their beginnings in the log.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    metrics: Vec<TargetMetric>,
    tickets: Vec<u32>,
    started: Vec<Micros>,
    since: Vec<Micros>,
    began: Vec<Position>,
    to: Vec<Micros>,
    how: Vec<RunEnd>,
    ended: Vec<Position>,
}

impl Runs {
    /// Begins a run.
    pub(crate) fn begin(&mut self, run: &Run, position: Position) -> Result<RunNumber, TooMany> {
        let number = u32::try_from(self.metrics.len()).ok().filter(|n| *n != NO_RUN);
        let number = number.ok_or(TooMany { what: "runs of targets", limit: NO_RUN })?;
        self.metrics.push(run.metric);
        self.tickets.push(run.ticket);
        self.started.push(run.started);
        self.since.push(run.since);
        self.began.push(position);
        self.to.push(0);
        self.how.push(RunEnd::Given);
        self.ended.push(Position::ZERO);
        Ok(number)
    }

    /// Ends a run; ending none does nothing.
    pub(crate) fn end(&mut self, number: RunNumber, at: Micros, how: RunEnd, position: Position) {
        let index = number as usize;
        if number != NO_RUN && self.ended[index] == Position::ZERO {
            // The instant first, then the position that says it is there.
            (self.to[index], self.how[index]) = (at, how);
            self.ended[index] = position;
        }
    }

    /// From when on a run counts; none: there is no such run.
    pub(crate) fn started(&self, number: RunNumber) -> Option<Micros> {
        self.started.get(number as usize).copied()
    }

    /// Every run that had begun at `position`, as it stood then.
    pub fn at(&self, position: Position) -> impl Iterator<Item = Run> {
        let begun = self.began.partition_point(|began| *began <= position);
        (0..begun).map(move |index| Run {
            metric: self.metrics[index],
            ticket: self.tickets[index],
            started: self.started[index],
            since: self.since[index],
            ended: written(self.ended[index], position).then(|| (self.to[index], self.how[index], self.ended[index])),
        })
    }
}
