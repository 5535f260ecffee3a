//! One ticket's story: how each of its figures came about, in words, by folding the ticket again with a recorder.
//!
//! # Layout
//!
//! - `step`, `deed`: the recorder, and what each event says; `measured`: what each measured
//! - [`segments`](Segment): the time behind a duration, counted and not
//! - `figure`: what a figure asks for; `spans`: from which event to which it goes
//! - `effects`: every event with the values it measured
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
mod effects;
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
pub(crate) mod tests;

use crate::definition::document::{Definition, TargetMetric, Within};
use crate::measurements::Measurements;
use crate::projector::{CatchUpError, fold_stream};
use crate::report::periods::Language;
use crate::ticket_facts::Micros;
use daftar_eventlog::{FactRow, Position, StreamName};
use measured::ByPosition;
use std::sync::Arc;
use step::Step;
use tell::Telling;

pub use effects::{Effect, Effects};
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

/// Where an item of a figure lies in the story of its ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It was measured at the event with that position.
    Event(Position),
    /// It stood at an instant, or a target was missed then.
    Look {
        /// The instant, in microseconds since 1970.
        at: Micros,
        /// What happens from then on is not seen: at the end of a period its very instant, else the one after.
        before: Micros,
    },
}

/// What a story is asked: how an item of a figure came about.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The path of the figure, as of [`Story::tell`].
    pub figure: &'a str,
    /// Where the item lies.
    pub seen: Seen,
    /// Whose target it is, where the figure is of several metrics; none: that of what the event measured.
    pub metric: Option<TargetMetric>,
    /// What the item is held against in place of its target.
    pub within: Option<Within>,
    /// Whether it met that, where the figure tells both.
    pub met: Option<bool>,
    /// The instant of the report, up to which what never ended is told; none: that of the ticket's last event.
    pub until: Option<Micros>,
}

impl<'a> Asked<'a> {
    /// An item of a figure, of which nothing else is known.
    #[must_use]
    pub const fn of(figure: &'a str, seen: Seen) -> Self {
        Self { figure, seen, metric: None, within: None, met: None, until: None }
    }
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
    /// What the event at `position` measured for a figure, the figure by its JSON path in a report without the
    /// statistic (`first_response`, `questions.speed`, `next_response.breached`). What still runs is told up to the
    /// ticket's last event; an unknown figure tells the event.
    #[must_use]
    pub fn tell(&self, figure: &str, position: Position, language: Language) -> Told {
        self.answer(&Asked::of(figure, Seen::Event(position)), language)
    }

    /// How an item of a figure came about.
    #[must_use]
    pub fn answer(&self, asked: &Asked<'_>, language: Language) -> Told {
        Telling::new(self, *asked, language).figure()
    }

    /// The whole story: a line for each event, with what it measured and what it took back.
    #[must_use]
    pub fn whole(&self, language: Language) -> Vec<String> {
        let mut telling = Telling::new(self, Asked::of("", Seen::Event(Position::ZERO)), language);
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
