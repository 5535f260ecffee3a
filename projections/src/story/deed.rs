//! What an event says, kept in words of its own so that it can be told after the fold.

use crate::dimensions::Dimensions;
use crate::ticket_facts::InForce;
use daftar_domain::ticket::{HeldFor, Visibility};
use daftar_eventlog::facts::{Actor, Change, Facts, Score, SurveySubmitted};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    Agent(String),
    Customer,
    Automation(Option<String>),
}

/// From one value to another; none: absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// A field of a survey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Overall,
    Nps,
    Ces,
    Question(String),
    Choice(String),
}

/// What was given for a field, or to a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Given {
    /// On a scale, by its stored number.
    Score {
        scale: u8,
        score: u8,
    },
    /// On a scale that its field tells.
    Number(u16),
    Choices(Vec<String>),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    Opened { by: Who },
    Assigned { agent: Option<String> },
    Transferred { branch: Option<Moved>, department: Option<Moved> },
    PriorityChanged { from: u8, to: u8 },
    TagsChanged { added: Vec<String>, removed: Vec<String> },
    Replied { by: Who, public: bool },
    Rated { reply: u32, given: Given },
    Held { third_party: bool },
    Resumed,
    Closed { by: Who, reason: Option<String>, offered: bool },
    Answered { closing: u32, given: Vec<(Field, Given)> },
    Reopened { by: Who },
    Voided { reason: String },
    Restored,
    FollowedUp { by: Who, means: u8 },
}

impl Who {
    fn of(actor: Actor<'_>) -> Self {
        match actor {
            Actor::Agent(agent) => Self::Agent(agent.to_owned()),
            Actor::Customer(_) => Self::Customer,
            Actor::Automation(automation) => Self::Automation(automation.map(str::to_owned)),
        }
    }
}

impl Deed {
    /// What a ticket's event says, and what it changed as `before` was in force; none: it is no ticket's.
    pub(super) fn of(facts: &Facts<'_>, before: InForce, dimensions: &Dimensions) -> Option<Self> {
        Some(match facts {
            Facts::TicketOpened(opened) => Self::Opened { by: opened.by.map_or(Who::Customer, Who::of) },
            Facts::TicketAssigned(assigned) => Self::Assigned { agent: assigned.agent.map(str::to_owned) },
            Facts::TicketTransferred(transferred) => Self::Transferred {
                branch: moved(dimensions.branches.name(before.branch.into()), transferred.branch),
                department: moved(dimensions.departments.name(before.department.into()), transferred.department),
            },
            Facts::PriorityChanged(changed) => {
                Self::PriorityChanged { from: before.priority.saturating_sub(1), to: changed.priority }
            }
            Facts::TagsChanged(tags) => Self::TagsChanged { added: owned(&tags.added), removed: owned(&tags.removed) },
            Facts::ReplyPosted(reply) => {
                Self::Replied { by: Who::of(reply.by), public: reply.visibility == Visibility::Public.code() }
            }
            Facts::ReplyRated(rated) => Self::Rated { reply: rated.reply, given: rated.rating.into() },
            Facts::TicketHeld(held) => Self::Held { third_party: held.waiting_for != HeldFor::Customer.code() },
            Facts::TicketResumed => Self::Resumed,
            Facts::TicketClosed(closed) => Self::Closed {
                by: Who::of(closed.by),
                reason: closed.reason.map(str::to_owned),
                offered: closed.survey_offered,
            },
            Facts::SurveySubmitted(survey) => Self::Answered { closing: survey.closing, given: answers(survey) },
            Facts::TicketReopened(reopened) => Self::Reopened { by: Who::of(reopened.by) },
            Facts::TicketVoided(voided) => Self::Voided { reason: voided.reason.to_owned() },
            Facts::TicketRestored => Self::Restored,
            Facts::FollowUpRecorded(followed) => Self::FollowedUp { by: Who::of(followed.by), means: followed.means },
            Facts::DefinitionPublished(_) | Facts::ReportPublished(_) | Facts::EpochBegun(_) => return None,
        })
    }

    /// What it gives for a field of a closing's survey.
    pub(super) fn answer(&self, to: u32, field: &Field) -> Option<&Given> {
        let Self::Answered { closing, given } = self else { return None };
        given.iter().find(|(answered, _)| *closing == to && answered == field).map(|(_, given)| given)
    }

    pub(super) fn is_public_agent_reply(&self) -> bool {
        matches!(self, Self::Replied { by: Who::Agent(_), public: true })
    }

    /// The same survey with one of its answers alone.
    pub(super) fn with_only(&self, field: &Field) -> Self {
        let mut only = self.clone();
        if let Self::Answered { given, .. } = &mut only {
            given.retain(|(answered, _)| answered == field);
        }
        only
    }
}

impl Field {
    /// Whether it is what a figure's path asks for: a question alone, or with what stands behind it.
    pub(super) fn is_asked_by(&self, asked: &Self) -> bool {
        let leads = |question: &str, path: &str| {
            path.strip_prefix(question).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        match (self, asked) {
            (Self::Question(question), Self::Question(path)) | (Self::Choice(question), Self::Choice(path)) => {
                leads(question, path)
            }
            _ => self == asked,
        }
    }
}

impl From<Score> for Given {
    fn from(Score { scale, score }: Score) -> Self {
        Self::Score { scale, score }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn moved(from: Option<&str>, change: Change<'_>) -> Option<Moved> {
    let to = match change {
        Change::Keep => return None,
        Change::Clear => None,
        Change::Set(to) => Some(to.to_owned()),
    };
    Some(Moved { from: from.map(str::to_owned), to })
}

/// Each field answered, in the order in which they are told.
fn answers(survey: &SurveySubmitted<'_>) -> Vec<(Field, Given)> {
    let number = |number: u8| Given::Number(number.into());
    let mut given = Vec::new();
    given.extend(survey.overall.map(|overall| (Field::Overall, overall.into())));
    given.extend(survey.nps.map(|nps| (Field::Nps, number(nps))));
    given.extend(survey.ces.map(|ces| (Field::Ces, number(ces))));
    let questions = survey.questions.iter();
    given.extend(questions.map(|(question, score)| (Field::Question((*question).to_owned()), Given::Number(*score))));
    let choices = survey.choices.iter();
    given.extend(
        choices.map(|(question, ticked)| (Field::Choice((*question).to_owned()), Given::Choices(owned(ticked)))),
    );
    given
}
