//! Runs: from when to when each duration that can have a target ran, ended or not.

use super::chunk::written;
use super::needs::{Keeping, Keeps, Needs};
use crate::checkpoint::{Reader, Writer};
use crate::columns::rows::{Columns as _, Room, Rows, columns};
use crate::definition::document::TargetMetric;
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;

/// A run's number, from 0.
pub(crate) type RunNumber = u32;

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

/// What becomes of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Turn {
    /// The next begins.
    Began {
        /// What runs.
        metric: TargetMetric,
        /// The ticket's number.
        ticket: u32,
        /// From when on it counts.
        started: Micros,
        /// Since when it runs.
        since: Micros,
        /// The position of the event that began it.
        position: Position,
    },
    /// It ends, unless it had ended before.
    Ended {
        /// Its number.
        number: RunNumber,
        /// When.
        at: Micros,
        /// How.
        how: RunEnd,
        /// The position of the event that ended it.
        position: Position,
    },
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
    /// Says whether they are kept, and what they may take without being packed; before the first.
    pub(crate) fn keep(&mut self, keeps: Keeps<'_>, room: &Room) {
        self.kept = keeps.of(Needs::Runs);
        self.rows.keep(keeps, room);
    }

    /// How many there are: the number of the next.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Begins or ends a run.
    pub(crate) fn turn(&mut self, turn: &Turn) {
        match *turn {
            Turn::Began { metric, ticket, started, since, position } => {
                let (later, how, ended) = (since - started, RunEnd::Given, Position::ZERO);
                self.rows.push(KeptRun { metric, ticket, started, later, began: position, lasted: 0, how, ended });
            }
            Turn::Ended { number, at, how, position } => self.rows.change(number as usize, |runs, row| {
                if runs.ended.get(row) == Position::ZERO {
                    runs.lasted.set(row, at - runs.started.get(row) - runs.later.get(row));
                    runs.how.set(row, how);
                    runs.ended.set(row, position);
                }
            }),
        }
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

    /// Leaves out all of them; what takes their places uses their memory again.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
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
