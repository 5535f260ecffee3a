//! What each event did, as values: every figure that it measured, against its target, and what took it back.

use super::answers::is_positive;
use super::deed::{Deed, Field, Given};
use super::measured::ClosingValues;
use super::spans::metric;
use super::tell::Telling;
use super::words::Name;
use super::{Asked, Seen, Story};
use crate::definition::document::{Per, ResolutionEnds, Within};
use crate::exact::Decimal;
use crate::report::periods::Language;
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;

/// The durations that an event may measure, by the names that reports give them.
const DURATIONS: [(&str, Name); 12] = [
    ("first_response", Name::FirstResponse),
    ("next_response", Name::NextResponse),
    ("first_resolution", Name::FirstResolution),
    ("full_resolution", Name::FullResolution),
    ("open_time", Name::OpenTime),
    ("requester_wait", Name::RequesterWait),
    ("customer_wait", Name::CustomerWait),
    ("agent_work", Name::AgentWork),
    ("on_hold", Name::OnHold),
    ("on_hold_customer", Name::OnHoldCustomer),
    ("on_hold_third_party", Name::OnHoldThirdParty),
    ("stay", Name::Stay),
];

/// One event of a ticket, and what it did to the figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effects {
    /// Where it stands in the log.
    pub position: Position,
    /// Where it stands in the ticket, from 1.
    pub version: u32,
    /// When it happened.
    pub at: Micros,
    /// The event with its effects, as a line of [`Story::whole`].
    pub words: String,
    /// What the ticket does from then on, who has it and where, in a few words.
    pub state: String,
    /// What it measured, in the order of reports.
    pub values: Vec<Effect>,
}

/// A value that one event measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The figure, by its JSON path in a report: `first_response`, `questions.speed`.
    pub figure: String,
    /// Seconds for durations, a score as it was given, else how often it counts.
    pub value: Decimal,
    /// The target it is held against; none: it has none.
    pub target: Option<Within>,
    /// Whether it met its target, or is a positive score; none: neither is asked of it, or only a report can tell, which
    /// counts business days by dates.
    pub good: Option<bool>,
    /// The event that took it back; none: it stands.
    pub taken_back: Option<Position>,
}

impl Effect {
    fn of(figure: impl Into<String>, value: Decimal, taken_back: Position) -> Self {
        let taken_back = Some(taken_back).filter(|position| *position != Position::ZERO);
        Self { figure: figure.into(), value, target: None, good: None, taken_back }
    }
}

impl Story {
    /// Every event with what it did, in order.
    #[must_use]
    pub fn effects(&self, language: Language) -> Vec<Effects> {
        let mut telling = Telling::new(self, Asked::of("", Seen::Event(Position::ZERO)), language);
        let steps = self.steps.iter().enumerate();
        let effects = steps.map(|(index, step)| Effects {
            position: step.position,
            version: step.version,
            at: step.at,
            words: telling.event_with_effects(index),
            state: telling.state(index),
            values: telling.values(index),
        });
        effects.collect()
    }

    /// What a reopening takes back of what a closing measured: none of what the first closing alone has.
    fn undone_of(&self, name: Name, closing: &ClosingValues) -> Position {
        let folded = self.state.folded();
        let by_last = folded.ends == ResolutionEnds::LastClose && folded.resolution_per == Per::Ticket;
        match name {
            Name::FirstResponse | Name::NextResponse | Name::FirstResolution | Name::Stay => Position::ZERO,
            Name::FullResolution if !by_last => Position::ZERO,
            _ => closing.retracted,
        }
    }
}

impl Telling<'_> {
    /// What the ticket does after an event, who has it, its department and its branch.
    fn state(&self, index: usize) -> String {
        let (step, names) = (&self.story.steps[index], &self.story.state.dimensions);
        let does = self.words.state(step.doing);
        let has = self.words.assigned_to(names.agents.name(step.in_force.agent));
        let department = names.departments.name(step.in_force.department.into());
        let branch = names.branches.name(step.in_force.branch.into());
        let places = department.into_iter().chain(branch).map(|name| self.words.own_name(name));
        self.words.joined(&[does, has].into_iter().chain(places).collect::<Vec<_>>())
    }

    fn values(&self, index: usize) -> Vec<Effect> {
        let durations = DURATIONS.into_iter().filter_map(|(path, name)| self.duration_measured(path, name, index));
        let closing = self.story.measured(index).and_then(|measured| measured.closing);
        let replies = closing.map(|closing| {
            Effect::of("replies_per_closed", Decimal::from_int(closing.replies.into()), closing.retracted)
        });
        durations.chain(replies).chain(self.scores(index)).collect()
    }

    fn duration_measured(&self, path: &str, name: Name, index: usize) -> Option<Effect> {
        let span = self.story.ended(name, index)?;
        let closing = self.story.measured(index).and_then(|measured| measured.closing);
        let taken_back = closing.map_or(Position::ZERO, |closing| self.story.undone_of(name, &closing));
        let target = metric(name).and_then(|_| self.target_of(&span));
        let good = target.and_then(Within::micros).map(|longest| span.value <= longest);
        Some(Effect { target, good, ..Effect::of(path, Decimal::from_micros(span.value.into()), taken_back) })
    }

    /// The scores and choices that count.
    fn scores(&self, index: usize) -> Vec<Effect> {
        let Some(measured) = self.story.measured(index) else { return Vec::new() };
        match &self.story.steps[index].deed {
            Deed::Answered { given, .. } => {
                let counts = |field: &Field| measured.answers.iter().find(|(answered, _)| answered == field);
                let counted = given.iter().filter_map(|(field, given)| Some((field, given, counts(field)?.1)));
                counted.flat_map(|(field, given, superseded)| self.answered_values(field, given, superseded)).collect()
            }
            Deed::Rated { given, .. } => {
                let rating = measured.rating.map(|superseded| self.score("reply_rating", given, superseded));
                rating.into_iter().flatten().collect()
            }
            _ => Vec::new(),
        }
    }

    fn answered_values(&self, field: &Field, given: &Given, superseded: Position) -> Vec<Effect> {
        let path = match field {
            Field::Overall => "csat".to_owned(),
            Field::Nps => "nps".to_owned(),
            Field::Ces => "ces".to_owned(),
            Field::Question(question) => format!("questions.{question}"),
            Field::Choice(question) => format!("choices.{question}"),
        };
        match given {
            Given::Choices(ticked) => {
                let one = |choice| Effect::of(format!("{path}.{choice}"), Decimal::from_int(1), superseded);
                ticked.iter().map(one).collect()
            }
            given => self.score(&path, given, superseded).into_iter().collect(),
        }
    }

    fn score(&self, path: &str, given: &Given, superseded: Position) -> Option<Effect> {
        let value = match given {
            Given::Score { score, .. } => i64::from(*score),
            Given::Number(number) => i64::from(*number),
            Given::Choices(_) => return None,
        };
        let good = is_positive(given, &self.story.definition.csat.positive_from);
        Some(Effect { good, ..Effect::of(path, Decimal::from_int(value), superseded) })
    }
}
