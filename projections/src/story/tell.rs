//! One figure's sentence: which events it goes from and to, and what is said of them.

use super::deed::{Deed, Field};
use super::figure::Topic;
use super::segments::Segment;
use super::spans::{Span, name};
use super::when::Times;
use super::words::{Name, Words};
use super::{Asked, Seen, Story, Told};
use crate::report::periods::Language;
use crate::ticket_facts::Micros;

/// A story being told.
pub(super) struct Telling<'a> {
    pub(super) story: &'a Story,
    pub(super) words: &'a dyn Words,
    pub(super) times: Times<'a>,
    pub(super) asked: Asked<'a>,
    /// The number of the event that is asked about: what measured it, or the last that a look sees.
    pub(super) index: usize,
    /// Up to when what never ended is told.
    pub(super) until: Micros,
}

/// A sentence with the events that it is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Piece {
    pub(super) words: String,
    /// From which to which.
    pub(super) events: Vec<usize>,
    pub(super) segments: Vec<Segment>,
    pub(super) value: Option<Micros>,
}

impl Piece {
    pub(super) fn new(words: String, events: Vec<usize>) -> Self {
        Self { words, events, ..Self::default() }
    }

    pub(super) fn of_span(words: String, span: Span) -> Self {
        let events = span.start.into_iter().chain(span.end).collect();
        Self { words, events, segments: span.segments, value: Some(span.value) }
    }
}

impl<'a> Telling<'a> {
    pub(super) fn new(story: &'a Story, asked: Asked<'a>, language: Language) -> Self {
        let words = super::words::of(language);
        let times = Times::new(&story.definition, language, words);
        let last = story.steps.last().map_or(Micros::MIN, |step| step.at);
        let index = match asked.seen {
            Seen::Event(position) => story.index(position),
            Seen::Look { before, .. } => story.steps.partition_point(|step| step.at < before).saturating_sub(1),
        };
        Self { story, words, times, asked, index, until: asked.until.unwrap_or(last) }
    }

    /// What is told of the figure that is asked about.
    pub(super) fn figure(mut self) -> Told {
        let index = self.index;
        let piece = self.piece(&Topic::of(self.asked.figure), index).unwrap_or_else(|| self.plainly(index));
        let steps = &self.story.steps;
        let mut versions: Vec<_> = piece.events.iter().map(|event| steps[*event].version).collect();
        versions.sort_unstable();
        versions.dedup();
        // What is said of a closing belongs to its cycle, however late; of all else the last event tells.
        let cycle = if matches!(steps[index].deed, Deed::Answered { .. } | Deed::Rated { .. }) {
            piece.events.first().map_or(1, |event| steps[*event].cycle)
        } else {
            steps[index].cycle
        };
        Told { cycle, versions, words: piece.words, segments: piece.segments, value: piece.value }
    }

    fn piece(&mut self, topic: &Topic, index: usize) -> Option<Piece> {
        match topic {
            Topic::Time(name) => self.duration(*name),
            Topic::Target(name, part) => self.against_target(name.unwrap_or_else(|| self.metric()), *part),
            Topic::Answering => self.answering(),
            Topic::Answer(Field::Overall) => self.answer(&Field::Overall, index).or_else(|| self.rating(index)),
            Topic::Answer(field) => self.answer(field, index),
            Topic::Rating => self.rating(index),
            Topic::SurveyOffered => self.survey_offered(index),
            Topic::AfterFirstClosing { replies } => self.after_closing(*replies, index),
            Topic::Replies => self.replies(index),
            Topic::Standing if self.is_score(index) => Some(self.case(index, false)),
            Topic::Standing => Some(self.standing(index)),
            Topic::Case { recovered } => Some(self.case(index, *recovered)),
            Topic::Event => None,
        }
    }

    /// Whose target an item is: that of the metric it was counted for, else of what the event measured.
    fn metric(&self) -> Name {
        let names = [Name::FirstResponse, Name::NextResponse, Name::FullResolution];
        let measured = || names.into_iter().find(|name| self.story.ended(*name, self.index).is_some());
        self.asked.metric.map(name).or_else(measured).unwrap_or(Name::FirstResponse)
    }

    /// The first response of the ticket: as it was looked at, else given or not.
    fn answering(&mut self) -> Option<Piece> {
        if let Seen::Event(_) = self.asked.seen {
            let last = self.story.steps.len() - 1;
            let given = (0..=last).find(|index| self.story.ended(Name::FirstResponse, *index).is_some());
            // Where it was not, what is waited for now is told, and not a wait before that.
            self.index = given.unwrap_or(last);
        }
        self.duration(Name::FirstResponse)
    }

    /// An event and when it happened.
    pub(super) fn event(&mut self, index: usize) -> String {
        let step = &self.story.steps[index];
        let when = self.times.at(step.at);
        self.words.event(&step.deed, &when)
    }

    /// The event alone; a reopening with the closing that it undoes.
    fn plainly(&mut self, index: usize) -> Piece {
        let undone = matches!(self.story.steps[index].deed, Deed::Reopened { .. });
        let closing = undone.then(|| self.story.closing_before(index)).flatten();
        let events: Vec<_> = closing.into_iter().chain([index]).collect();
        let clauses: Vec<_> = events.iter().map(|event| self.event(*event)).collect();
        Piece::new(self.words.joined(&clauses), events)
    }

    /// What the ticket does as an event left it, and since when.
    fn standing(&mut self, index: usize) -> Piece {
        let steps = &self.story.steps;
        let doing = steps[index].doing;
        let since = (0..index).rev().find(|before| steps[*before].doing != doing).map_or(0, |before| before + 1);
        let opened = self.event(0);
        let when = self.times.at(steps[since].at);
        let state = self.words.since(&self.words.state(doing), &when);
        let agent = self.story.state.dimensions.agents.name(steps[index].in_force.agent);
        let clauses = [opened, state, self.words.assigned_to(agent)];
        Piece::new(self.words.joined(&clauses), vec![0, since])
    }
}

impl Story {
    /// The last closing before an event.
    pub(super) fn closing_before(&self, index: usize) -> Option<usize> {
        (0..index).rev().find(|before| matches!(self.steps[*before].deed, Deed::Closed { .. }))
    }

    /// The closing with a number, from 1.
    pub(super) fn closing(&self, number: u32) -> Option<usize> {
        self.nth(number, |deed| matches!(deed, Deed::Closed { .. }))
    }

    /// The reply with a number, from 1.
    pub(super) fn reply(&self, number: u32) -> Option<usize> {
        self.nth(number, |deed| matches!(deed, Deed::Replied { .. }))
    }

    fn nth(&self, number: u32, is: impl Fn(&Deed) -> bool) -> Option<usize> {
        let nth = usize::try_from(number).ok()?.checked_sub(1)?;
        (0..self.steps.len()).filter(|index| is(&self.steps[*index].deed)).nth(nth)
    }
}
