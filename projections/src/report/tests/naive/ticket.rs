//! One ticket's list of events, and what can be told of it by walking the list from its beginning.

use super::hours::{BusinessHours, Class, Stretch};
use crate::definition::document::{
    Attribution, Clock, CreditedTo, Definition, Measure, Pause, Repliers, ScheduleChosen, Voided,
};
use crate::test_support::{Entry, Story, Who};
use std::collections::BTreeSet;

/// An agent's id.
pub(super) type Agent = Option<&'static str>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    WaitsForAgent,
    WaitsForCustomer,
    HeldForCustomer,
    HeldForThirdParty,
    Closed,
}

/// The values of the dimensions that a figure takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) ticket: u32,
    pub(super) branch: Option<&'static str>,
    pub(super) department: Option<&'static str>,
    pub(super) priority: u8,
    pub(super) tags: BTreeSet<&'static str>,
    /// That of the closing it rests on.
    pub(super) reason: Option<&'static str>,
    /// Whose figure it is; several where each gets the whole of it.
    pub(super) agents: Vec<Agent>,
}

/// A ticket's events up to the end of the prefix, or up to a look.
pub(super) struct Ticket<'a> {
    pub(super) events: Vec<&'a Entry>,
    pub(super) rules: &'a Definition,
    pub(super) hours: &'a BusinessHours<'a>,
    /// Up to when running things are measured.
    pub(super) now: i64,
}

impl Ticket<'_> {
    pub(super) fn is_left_out(&self) -> bool {
        let voids = self.all(|s| matches!(s, Story::Voided | Story::Restored));
        let void = voids.last().is_some_and(|last| *self.story(*last) == Story::Voided);
        void && self.rules.voided == Voided::Excluded
    }

    pub(super) fn number(&self) -> u32 {
        self.events[0].ticket
    }

    pub(super) fn at(&self, i: usize) -> i64 {
        self.events[i].at
    }

    pub(super) fn story(&self, i: usize) -> &Story {
        &self.events[i].story
    }

    pub(super) fn last(&self) -> usize {
        self.events.len() - 1
    }

    pub(super) fn all(&self, is: impl Fn(&Story) -> bool) -> Vec<usize> {
        (0..self.events.len()).filter(|n| is(self.story(*n))).collect()
    }

    pub(super) fn closings(&self) -> Vec<usize> {
        self.all(|s| matches!(s, Story::Closed { .. }))
    }

    pub(super) fn reopenings(&self) -> Vec<usize> {
        self.all(|s| matches!(s, Story::Reopened(_)))
    }

    /// The first event of each cycle.
    pub(super) fn cycles(&self) -> Vec<usize> {
        [vec![0], self.reopenings()].concat()
    }

    pub(super) fn opened_by_agent(&self) -> bool {
        matches!(self.story(0), Story::Opened { by: Who::Agent(_), .. })
    }

    /// Whether the event is a public reply by one of these.
    pub(super) fn is_reply(&self, i: usize, repliers: Repliers) -> bool {
        match self.story(i) {
            Story::Replied(Who::Agent(_)) => true,
            Story::Replied(Who::Automation) => repliers == Repliers::HumanAndAutomation,
            _ => false,
        }
    }

    /// Whether the customer writes in public, a reopening included.
    pub(super) fn customer_writes(&self, i: usize) -> bool {
        matches!(self.story(i), Story::Replied(Who::Customer) | Story::Reopened(Who::Customer))
    }

    /// What the ticket does after event `i`.
    pub(super) fn doing(&self, i: usize) -> Doing {
        let (mut open, mut hold, mut unanswered) = (true, None, !self.opened_by_agent());
        for n in 1..=i {
            if self.customer_writes(n) {
                unanswered = true;
            } else if self.is_reply(n, self.rules.next_response.ended_by) {
                unanswered = false;
            }
            match self.story(n) {
                Story::HeldForCustomer if open => hold = Some(Doing::HeldForCustomer),
                Story::HeldForThirdParty if open => hold = Some(Doing::HeldForThirdParty),
                Story::Resumed => hold = None,
                Story::Closed { .. } => (open, hold) = (false, None),
                Story::Reopened(_) => open = true,
                _ => {}
            }
        }
        let waits = if unanswered { Doing::WaitsForAgent } else { Doing::WaitsForCustomer };
        if open { hold.unwrap_or(waits) } else { Doing::Closed }
    }

    pub(super) fn is_open(&self) -> bool {
        self.doing(self.last()) != Doing::Closed
    }

    /// What is in force after event `i`, for nobody, resting on no closing.
    pub(super) fn place(&self, i: usize) -> Place {
        let Story::Opened { department, tags, .. } = self.story(0) else { unreachable!("opened first") };
        let tags = tags.iter().copied().collect();
        let (ticket, agents) = (self.number(), Vec::new());
        let mut place =
            Place { ticket, branch: None, department: *department, priority: 1, tags, reason: None, agents };
        for n in 1..=i {
            match self.story(n) {
                Story::Transferred(department) => place.department = *department,
                Story::Moved(branch) => place.branch = Some(branch),
                Story::Priority(priority) => place.priority = *priority,
                Story::Tags { added, removed } => {
                    place.tags.retain(|tag| !removed.contains(tag));
                    place.tags.extend(added);
                }
                _ => {}
            }
        }
        place
    }

    pub(super) fn class(&self, i: usize) -> Class {
        let place = self.place(i);
        (place.branch, place.department)
    }

    pub(super) fn assignee(&self, i: usize) -> Agent {
        let set = |n: usize| if let Story::Assigned(agent) = self.story(n) { Some(*agent) } else { None };
        (0..=i).rev().find_map(set).flatten()
    }

    /// Agents who replied in public before event `i`, in order.
    fn repliers(&self, i: usize) -> Vec<&'static str> {
        let author = |n: usize| if let Story::Replied(Who::Agent(agent)) = self.story(n) { Some(*agent) } else { None };
        (0..i).filter_map(author).collect()
    }

    /// Whose numbers a closing enters.
    fn attributed(&self, closing: usize) -> Vec<Agent> {
        let repliers = self.repliers(closing);
        let last = repliers.last().copied();
        match (self.rules.attribution, self.story(closing)) {
            (Attribution::Closer, Story::Closed { by: Who::Agent(agent), .. }) => vec![Some(agent)],
            (Attribution::Closer, _) => vec![last.or(self.assignee(closing))],
            (Attribution::Assignee, _) => vec![self.assignee(closing)],
            (Attribution::LastReplier, _) => vec![last],
            (Attribution::FirstReplier, _) => vec![repliers.first().copied()],
            (Attribution::AllRepliers, _) if repliers.is_empty() => vec![None],
            (Attribution::AllRepliers, _) => {
                let each: BTreeSet<&str> = repliers.into_iter().collect();
                each.into_iter().map(Some).collect()
            }
        }
    }

    /// The place of what rests on a closing.
    pub(super) fn closing_place(&self, closing: usize) -> Place {
        let Story::Closed { reason, .. } = self.story(closing) else { unreachable!("a closing") };
        Place { reason: *reason, agents: self.attributed(closing), ..self.place(closing) }
    }

    /// The place of a reply that is counted for whoever the definition credits.
    pub(super) fn reply_place(&self, i: usize) -> Place {
        let author = if let Story::Replied(Who::Agent(agent)) = self.story(i) { Some(*agent) } else { None };
        let agent = match self.rules.first_response.credited_to {
            CreditedTo::Replied => author,
            CreditedTo::Assignee => self.assignee(i),
        };
        self.place_for(i, agent)
    }

    pub(super) fn place_for(&self, i: usize, agent: Agent) -> Place {
        Place { agents: vec![agent], ..self.place(i) }
    }

    /// The stretches that a measure counts from event `from` to event `to`, the schedule at the end being that of what
    /// is in force after event `end`; `skips` names what is left out beside the pauses.
    pub(super) fn stretches(
        &self,
        measure: &Measure,
        (from, to, end): (usize, usize, usize),
        skips: impl Fn(Doing) -> bool,
    ) -> Vec<Stretch> {
        let counts = |n: &usize| !skips(self.doing(*n)) && !pauses(measure, self.doing(*n));
        let each = (from..to).filter(counts).map(|n| self.on_clock(measure, n, end, (self.at(n), self.at(n + 1))));
        each.flatten().collect()
    }

    /// The part of a stretch after event `n` that a measure's clock counts.
    fn on_clock(&self, measure: &Measure, n: usize, end: usize, (from, to): Stretch) -> Vec<Stretch> {
        if measure.clock == Clock::Calendar {
            return vec![(from, to)];
        }
        let class = match self.rules.schedule.chosen {
            ScheduleChosen::AtOpening => self.class(0),
            ScheduleChosen::AtEachMoment => self.class(n),
            ScheduleChosen::AtEnd => self.class(end),
        };
        let open = self.hours.open(class);
        let inside = |(start, stop): &Stretch| ((*start).max(from), (*stop).min(to));
        open.iter().map(inside).filter(|(start, stop)| start < stop).collect()
    }

    /// The same, and on from the last event for as long as business hours are known. What is paused goes on now.
    pub(super) fn stretches_on(&self, measure: &Measure, from: usize, skips: impl Fn(Doing) -> bool) -> Vec<Stretch> {
        const FOREVER: i64 = 4_000_000_000_000_000;
        let last = self.last();
        let mut stretches = self.stretches(measure, (from, last, last), skips);
        let goes_on = if pauses(measure, self.doing(last)) { self.now } else { self.at(last) };
        stretches.extend(self.on_clock(measure, last, last, (goes_on, FOREVER)));
        stretches
    }
}

fn pauses(measure: &Measure, doing: Doing) -> bool {
    measure.pauses.iter().any(|pause| match pause {
        Pause::WaitingForCustomer => doing == Doing::WaitsForCustomer,
        Pause::HeldForCustomer => doing == Doing::HeldForCustomer,
        Pause::HeldForThirdParty => doing == Doing::HeldForThirdParty,
    })
}

/// How long stretches are together.
pub(super) fn total(stretches: &[Stretch]) -> i64 {
    stretches.iter().map(|(from, to)| to - from).sum()
}
