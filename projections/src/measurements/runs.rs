//! Runs: from when to when each duration that can have a target ran, ended or not.

use super::chunk::written;
use super::needs::Keeping;
use crate::checkpoint::{Reader, Writer};
use crate::columns::rows::{Columns as _, Room, Rows, columns};
use crate::definition::document::TargetMetric;
use crate::dimensions::TooMany;
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;

/// A run's number, from 0; [`NO_RUN`] for none.
pub(crate) type RunNumber = u32;

/// The number of no run.
pub(crate) const NO_RUN: RunNumber = RunNumber::MAX;

crate::columns::cell::choices!(RunEnd: Given Dropped Restarted);

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

columns! {
    /// A run as it is kept.
    KeptRun, KeptRuns {
        /// What ran.
        metric: TargetMetric,
        /// The ticket's number.
        ticket: u32,
        /// From when on it counts.
        started: Micros,
        /// How long after that it began to run.
        later: Micros,
        /// The position of the event that began it.
        began: Position,
        /// How long it ran; 0 while it goes on.
        lasted: Micros,
        /// How it ended.
        how: RunEnd,
        /// The position of the event that ended it; 0: it goes on.
        ended: Position,
    }
}

/// Every run of every ticket, in order of their beginnings in the log.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    rows: Rows<KeptRuns>,
    kept: Keeping,
}

impl KeptRuns {
    /// The run as it stood at `position`, where it had begun.
    fn at(&self, row: usize, position: Position) -> Run {
        let started = self.started.get(row);
        let since = started + self.later.get(row);
        let ended = self.ended.get(row);
        let end = || (since + self.lasted.get(row), self.how.get(row), ended);
        let (metric, ticket) = (self.metric.get(row), self.ticket.get(row));
        Run { metric, ticket, started, since, ended: written(ended, position).then(end) }
    }
}

impl Runs {
    /// Whether they are kept.
    pub(crate) fn are_kept(&self) -> bool {
        !self.kept.is_left_out()
    }

    /// Says whether they are kept, and what they may take without being packed; before the first.
    pub(crate) fn keep(&mut self, kept: Keeping, room: &Room) {
        self.kept = kept;
        self.rows.stay_plain(room);
    }

    /// Begins a run.
    pub(crate) fn begin(&mut self, run: &Run, position: Position) -> Result<RunNumber, TooMany> {
        let number = u32::try_from(self.rows.len()).ok().filter(|n| *n != NO_RUN);
        let number = number.ok_or(TooMany { what: "runs of targets", limit: NO_RUN })?;
        let &Run { metric, ticket, started, since, .. } = run;
        let (later, how, ended) = (since - started, RunEnd::Given, Position::ZERO);
        self.rows.push(KeptRun { metric, ticket, started, later, began: position, lasted: 0, how, ended });
        Ok(number)
    }

    /// Ends a run; ending none does nothing.
    pub(crate) fn end(&mut self, number: RunNumber, at: Micros, how: RunEnd, position: Position) {
        if number == NO_RUN {
            return;
        }
        self.rows.change(number as usize, |runs, row| {
            if runs.ended.get(row) == Position::ZERO {
                runs.lasted.set(row, at - runs.started.get(row) - runs.later.get(row));
                runs.how.set(row, how);
                runs.ended.set(row, position);
            }
        });
    }

    /// From when on a run counts; none: there is no such run.
    pub(crate) fn started(&self, number: RunNumber) -> Option<Micros> {
        self.rows.find(number as usize).map(|(runs, row)| runs.started.get(row))
    }

    /// Every run that had begun at `position`, as it stood then.
    pub fn at(&self, position: Position) -> impl Iterator<Item = Run> {
        self.kept.is_readable();
        let begun = self.rows.partition_point(|runs, row| runs.began.get(row) <= position);
        self.rows
            .pieces()
            .take_while(move |(first, _)| *first < begun)
            .flat_map(move |(first, runs)| (0..runs.len().min(begun - first)).map(move |row| runs.at(row, position)))
    }

    /// Shares with a twin what is packed from now on and equal there.
    pub(crate) fn beside(&mut self, twin: Option<&Self>) {
        self.rows.beside(twin.map(|twin| &twin.rows));
    }

    pub(crate) fn dump(&self, out: &mut Writer) {
        self.rows.dump(out);
    }

    pub(crate) fn load(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { rows: Rows::load(from)?, kept: Keeping::default() })
    }
}
