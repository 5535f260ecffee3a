//! The whole story: each event with what it measured, what it took back, and what became of that.

use super::deed::{Deed, Field};
use super::tell::Telling;
use super::words::Name;
use crate::definition::document::{Per, ResolutionEnds};

/// What an event may measure, in the order in which it is told.
const MEASURED: [Name; 5] =
    [Name::FirstResponse, Name::NextResponse, Name::FirstResolution, Name::FullResolution, Name::Stay];

impl Telling<'_> {
    /// An event with all its effects.
    pub(super) fn event_with_effects(&mut self, index: usize) -> String {
        let mut sentences = vec![self.event(index)];
        sentences.extend(self.durations_measured(index));
        sentences.extend(self.taken_back(index));
        sentences.extend(self.new_state(index));
        self.words.listed(&sentences)
    }

    fn durations_measured(&self, index: usize) -> Vec<String> {
        let spans = MEASURED.into_iter().filter_map(|name| self.story.ended(name, index));
        spans.map(|span| self.words.named(span.name, &self.words.duration(span.value, span.elapsed))).collect()
    }

    /// What the event took back, and what later took it back.
    fn taken_back(&mut self, index: usize) -> Vec<String> {
        match &self.story.steps[index].deed {
            Deed::Answered { given, .. } => {
                let fields: Vec<Field> = given.iter().map(|(field, _)| field.clone()).collect();
                let mut told: Vec<_> = fields.iter().flat_map(|field| self.earlier_and_later(field, index)).collect();
                // A submission that came too late is told once, not for each of its fields.
                told.dedup();
                told
            }
            Deed::Rated { .. } => self.earlier_and_later_rating(index),
            Deed::Closed { .. } => self.undone(index).into_iter().collect(),
            Deed::Reopened { .. } => vec![self.words.undoes(self.undone_by_reopening())],
            Deed::Voided { .. } => vec![self.words.out_of_figures()],
            _ => Vec::new(),
        }
    }

    /// What a reopening takes back: a full resolution only where the last closing alone has one.
    fn undone_by_reopening(&self) -> Name {
        let folded = self.story.state.folded();
        let last_alone = folded.ends == ResolutionEnds::LastClose && folded.resolution_per == Per::Ticket;
        if last_alone { Name::FullResolution } else { Name::OpenTime }
    }

    /// The reopening that undid a closing.
    fn undone(&mut self, index: usize) -> Option<String> {
        let closing = self.story.measured(index)?.closing?;
        let reopened = self.story.at_position(closing.retracted)?;
        let when = self.times.at(self.story.steps[reopened].at);
        Some(self.words.taken_back(&when))
    }

    /// What the ticket does from now on, where that is new and the event does not say so itself.
    fn new_state(&self, index: usize) -> Option<String> {
        let step = &self.story.steps[index];
        let before = index.checked_sub(1).map(|before| self.story.steps[before].doing);
        let is_told = matches!(step.deed, Deed::Closed { .. } | Deed::Held { .. });
        (before != Some(step.doing) && !is_told).then(|| self.words.state(step.doing))
    }
}
