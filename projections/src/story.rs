//! One ticket's story: how each of its figures came about, in words, by folding the ticket again with a recorder.
//!
//! # Layout
//!
//! - `step`, `deed`: the recorder, and what each event says; `measured`: what each measured
//! - [`segments`](Segment): the time behind a duration, counted and not
//! - `figure`: what a figure asks for; `spans`: from which event to which it goes
//! - `tell`, `durations`, `answers`, `whole`: the sentences; `when`: instants in them
//! - `words`: what a language must say; `english`, `persian`: the languages
//!
//! # Invariants
//!
//! The fold is the one that reports count, so a story never tells another value than the measurement has. The counted
//! segments of a duration sum up to it exactly. It reads no clock: what still runs is told up to an instant handed in.

mod answers;
mod deed;
mod durations;
mod english;
mod figure;
mod measured;
mod persian;
mod segments;
mod spans;
mod step;
mod tell;
mod when;
mod whole;
mod words;

#[cfg(test)]
mod tests;

use crate::definition::document::Definition;
use crate::measurements::Measurements;
use crate::projector::{CatchUpError, fold_stream};
use crate::report::periods::Language;
use crate::ticket_facts::Micros;
use daftar_eventlog::{FactRow, Position, StreamName};
use figure::Topic;
use measured::ByPosition;
use std::sync::Arc;
use step::Step;
use tell::Telling;

pub use segments::{Segment, Why};

/// Makes stories under one definition, whose schedules are prepared once for all of them.
#[derive(Debug, Clone)]
pub struct Teller {
    definition: Arc<Definition>,
    empty: Measurements,
}

impl Teller {
    /// A teller of stories under a definition.
    #[must_use]
    pub fn new(definition: Arc<Definition>) -> Self {
        Self { empty: Measurements::under(definition.folded()), definition }
    }

    /// Folds all events of one ticket, in order, and records what each did.
    ///
    /// For a story as of an earlier position, hand in the events up to that position.
    ///
    /// # Errors
    ///
    /// [`CatchUpError`] with the position of an event that cannot be folded, or of none where there are no events.
    pub fn story<'a>(&self, ticket: &str, rows: impl Iterator<Item = FactRow<'a>>) -> Result<Story, CatchUpError> {
        let (mut state, mut steps) = (self.empty.clone(), Vec::<Step>::new());
        fold_stream(&mut state, StreamName::ticket(ticket), rows, |state, row| {
            steps.push(Step::after(state, row, steps.last())?);
            Ok(())
        })?;
        if steps.is_empty() {
            return Err(CatchUpError::OutOfOrder { position: Position::ZERO, why: "a ticket has no events" });
        }
        let measured = measured::read(&state);
        Ok(Story { definition: Arc::clone(&self.definition), state, steps, measured })
    }
}

/// One ticket, folded under a definition, with what each event did.
#[derive(Debug, Clone)]
pub struct Story {
    definition: Arc<Definition>,
    state: Measurements,
    /// At least one.
    steps: Vec<Step>,
    measured: ByPosition,
}

/// How a figure came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The cycle of the ticket that it belongs to, from 1.
    pub cycle: u32,
    /// The versions of the events that it goes from and to: distinct, rising.
    pub versions: Vec<u32>,
    /// One sentence.
    pub words: String,
    /// Of a duration, the time from its start to its end; else none.
    pub segments: Vec<Segment>,
    /// Of a duration, its value in microseconds: what the counted segments sum up to.
    pub value: Option<Micros>,
}

impl Story {
    /// The story of a ticket's events under a definition; [`Teller`] makes many.
    ///
    /// # Errors
    ///
    /// As [`Teller::story`].
    pub fn of<'a>(
        definition: Arc<Definition>,
        ticket: &str,
        rows: impl Iterator<Item = FactRow<'a>>,
    ) -> Result<Self, CatchUpError> {
        Teller::new(definition).story(ticket, rows)
    }

    /// What the event at `position` measured for a figure, the figure by its JSON path in a report without the
    /// statistic (`first_response`, `questions.speed`, `next_response.breached`). What still runs is told up to the
    /// ticket's last event; an unknown figure tells the event.
    #[must_use]
    pub fn tell(&self, figure: &str, position: Position, language: Language) -> Told {
        self.tell_at(figure, position, None, language)
    }

    /// The same, with what still runs told up to `at`, in microseconds since 1970.
    #[must_use]
    pub fn tell_at(&self, figure: &str, position: Position, at: Option<Micros>, language: Language) -> Told {
        Telling::new(self, at, language).figure(&Topic::of(figure), self.index(position))
    }

    /// The whole story: a line for each event, with what it measured and what it took back.
    #[must_use]
    pub fn whole(&self, language: Language) -> Vec<String> {
        let mut telling = Telling::new(self, None, language);
        (0..self.steps.len()).map(|index| telling.event_with_effects(index)).collect()
    }

    /// The number of the event at a position, or of the last before it.
    fn index(&self, position: Position) -> usize {
        self.steps.partition_point(|step| step.position <= position).saturating_sub(1)
    }

    /// What an event measured.
    fn measured(&self, index: usize) -> Option<&measured::Measured> {
        self.measured.get(&self.steps[index].position)
    }
}
