//! The clocks of responses: since when a first or a next response is waited for, and what a reply ends.

use super::clocks::{Passed, Stopwatch};
use super::packing::Walk;
use super::{Doing, Micros};
use crate::definition::document::{Folded, OpenedByAgent, Per, Repliers, ResponseStarts};

/// The clock of the first response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// Nothing has started it yet.
    NotStarted,
    /// It runs.
    Running(Stopwatch),
    /// There was a response.
    Given,
}

/// A wait for an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wait {
    /// It began with the opening, so it is the first response's and no next response's.
    from_opening: bool,
    stopwatch: Stopwatch,
}

/// Who replied in public, as far as responses tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replier {
    /// An agent, by number.
    Agent(u32),
    /// An automation.
    Automation,
}

impl Replier {
    /// The agent's number, 0 for none.
    pub(crate) fn agent(self) -> u32 {
        match self {
            Self::Agent(agent) => agent,
            Self::Automation => 0,
        }
    }

    fn counts_under(self, repliers: Repliers) -> bool {
        self != Self::Automation || repliers == Repliers::HumanAndAutomation
    }

    /// Whether the reply ends a wait for an agent.
    pub(crate) fn ends_waits(self, folded: &Folded) -> bool {
        self.counts_under(folded.ended_by)
    }
}

/// A duration that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Took {
    /// When it started.
    pub(crate) started: Micros,
    /// How long it took on its clock, as counted on the way.
    pub(crate) counted: Micros,
}

impl From<Stopwatch> for Took {
    fn from(stopwatch: Stopwatch) -> Self {
        Self { started: stopwatch.started, counted: stopwatch.counted }
    }
}

/// What a public reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The first-response clock.
    First(Took),
    /// A later wait for an agent.
    Next(Took),
    /// Nothing.
    Nothing,
}

/// What runs until somebody replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Response {
    /// Whether an agent opened the ticket.
    by_agent: bool,
    first: First,
    wait: Option<Wait>,
}

impl Default for Response {
    /// Nothing runs.
    fn default() -> Self {
        Self { by_agent: false, first: First::NotStarted, wait: None }
    }
}

impl First {
    fn walk(&mut self, walk: &mut impl Walk, from: Micros) {
        let mut which: u8 = match self {
            Self::NotStarted => 0,
            Self::Running(_) => 1,
            Self::Given => 2,
        };
        walk.cell(&mut which);
        let mut stopwatch = if let Self::Running(stopwatch) = self { *stopwatch } else { Stopwatch::BLANK };
        if which == 1 {
            stopwatch.walk(walk, from);
        }
        *self = match which {
            0 => Self::NotStarted,
            1 => Self::Running(stopwatch),
            _ => Self::Given,
        };
    }
}

impl Response {
    pub(super) fn walk(&mut self, walk: &mut impl Walk, from: Micros) {
        walk.cell(&mut self.by_agent);
        self.first.walk(walk, from);
        let none = || Wait { from_opening: false, stopwatch: Stopwatch::BLANK };
        walk.option(&mut self.wait, none, |walk, wait| {
            walk.cell(&mut wait.from_opening);
            wait.stopwatch.walk(walk, from);
        });
    }

    #[inline]
    pub(crate) fn at_opening(now: Micros, by_agent: bool, folded: &Folded) -> Self {
        let starts = if by_agent {
            folded.opened_by_agent == OpenedByAgent::Opening
        } else {
            folded.starts != ResponseStarts::FirstAssigned
        };
        Self {
            by_agent,
            first: if starts { First::Running(Stopwatch::start(now)) } else { First::NotStarted },
            wait: (!by_agent).then(|| Wait { from_opening: true, stopwatch: Stopwatch::start(now) }),
        }
    }

    /// Whether the first-response clock has started.
    pub(crate) fn started(&self) -> bool {
        self.first != First::NotStarted
    }

    /// Since when a first response is waited for.
    pub(crate) fn first_since(&self) -> Option<Micros> {
        match self.first {
            First::Running(stopwatch) => Some(stopwatch.started),
            First::NotStarted | First::Given => None,
        }
    }

    /// Since when a next response is waited for; none while the next reply would be a first response.
    pub(crate) fn next_since(&self, folded: &Folded) -> Option<Micros> {
        let wait = self.wait.filter(|wait| !wait.from_opening && !self.first_is_due(folded));
        wait.map(|wait| wait.stopwatch.started)
    }

    /// Whether the next reply that counts would be a first response.
    fn first_is_due(&self, folded: &Folded) -> bool {
        match self.first {
            First::NotStarted => self.takes_no_time(folded),
            First::Running(_) => true,
            First::Given => false,
        }
    }

    /// Whether a reply before the clock has started is a first response that took no time.
    fn takes_no_time(&self, folded: &Folded) -> bool {
        folded.starts == ResponseStarts::FirstAssigned && !self.by_agent
    }

    /// The ticket begins to wait for an agent, or goes on waiting.
    #[inline]
    pub(crate) fn waits(&mut self, now: Micros) {
        self.wait.get_or_insert(Wait { from_opening: false, stopwatch: Stopwatch::start(now) });
    }

    #[inline]
    pub(crate) fn count(&mut self, doing: Doing, passed: Passed, folded: &Folded) {
        if let First::Running(stopwatch) = &mut self.first {
            stopwatch.count(doing, passed, &folded.first_response);
        }
        if let Some(wait) = &mut self.wait {
            wait.stopwatch.count(doing, passed, &folded.next_response);
        }
    }

    /// A public message of the customer, or their reopening.
    #[inline]
    pub(crate) fn customer_wrote(&mut self, now: Micros, folded: &Folded) {
        let starts = self.by_agent && folded.opened_by_agent == OpenedByAgent::FirstCustomerMessage;
        if starts && self.first == First::NotStarted {
            self.first = First::Running(Stopwatch::start(now));
        }
    }

    /// An assignment to an agent.
    #[inline]
    pub(crate) fn assigned(&mut self, now: Micros, folded: &Folded) {
        let starts = !self.by_agent && folded.starts == ResponseStarts::FirstAssigned;
        if starts && self.first == First::NotStarted {
            self.first = First::Running(Stopwatch::start(now));
        }
    }

    /// A closing ends the wait, and not the first-response clock.
    pub(crate) fn closed(&mut self) {
        self.wait = None;
    }

    pub(crate) fn reopened(&mut self, now: Micros, folded: &Folded) {
        let anew = match self.first {
            First::Running(_) => folded.starts == ResponseStarts::LastReopenedIfUnanswered,
            First::NotStarted | First::Given => false,
        };
        if anew || folded.first_response_per == Per::Cycle {
            self.first = First::Running(Stopwatch::start(now));
        }
    }

    /// A public reply. One that is a first response ends no next response.
    // Always: a duration that was just counted is then taken from registers.
    #[inline(always)]
    pub(crate) fn replied(&mut self, now: Micros, by: Replier, folded: &Folded) -> Ended {
        let first = by.counts_under(folded.counts).then(|| self.take_first(now, folded)).flatten();
        let wait = if by.ends_waits(folded) { self.wait.take() } else { None };
        match (first, wait) {
            (Some(took), _) => Ended::First(took),
            (None, Some(Wait { from_opening: false, stopwatch })) => Ended::Next(stopwatch.into()),
            (None, _) => Ended::Nothing,
        }
    }

    /// Ends the first-response clock. A reply before the first assignment is a response that took no time.
    #[inline(always)]
    fn take_first(&mut self, now: Micros, folded: &Folded) -> Option<Took> {
        let before_its_start = Took { started: now, counted: 0 };
        let took = match self.first {
            First::Running(stopwatch) => Some(stopwatch.into()),
            First::NotStarted if self.takes_no_time(folded) => Some(before_its_start),
            First::NotStarted | First::Given => None,
        };
        if took.is_some() {
            self.first = First::Given;
        }
        took
    }
}
