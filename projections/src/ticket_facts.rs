//! One ticket's running state: what its next event needs to be measured, and no more.
//!
//! The five states a ticket can be in exclude each other; every clock of the resolution figures is a sum over some of
//! them. Everything here is total: a history that no rule would have allowed still has defined figures.

mod clocks;
mod fields;
mod line;
pub(crate) mod packing;
mod response;
#[cfg(test)]
mod tests;

use crate::business_time::ScheduleClass;
use crate::columns::cell::{Cell, choices};
use crate::measurements::places::Location;
use crate::measurements::runs::RunNumber;
use crate::measurements::spans::SpanNumber;
pub(crate) use clocks::{Clocks, ClocksRun, Spent};
pub(crate) use line::LineFacts;
pub(crate) use response::{Ended, Replier, Response, Took};
use smallvec::SmallVec;

/// An instant in microseconds since 1970.
pub type Micros = i64;

choices!(Doing: WaitingForAgent WaitingForCustomer HeldForCustomer HeldForThirdParty Closed);

/// What a ticket is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Doing {
    /// Open, not held, a public customer message unanswered.
    WaitingForAgent = 0,
    /// Open, not held, no public customer message unanswered.
    WaitingForCustomer = 1,
    /// Held for the customer.
    HeldForCustomer = 2,
    /// Held for a third party.
    HeldForThirdParty = 3,
    /// Closed.
    Closed = 4,
}

impl Doing {
    /// Everything a ticket can do, by place.
    pub(crate) const ALL: [Self; 5] =
        [Self::WaitingForAgent, Self::WaitingForCustomer, Self::HeldForCustomer, Self::HeldForThirdParty, Self::Closed];

    /// Whether the ticket is in a cycle.
    #[must_use]
    pub fn is_open(self) -> bool {
        self != Self::Closed
    }

    /// Whether it is held for somebody.
    #[must_use]
    pub fn is_held(self) -> bool {
        matches!(self, Self::HeldForCustomer | Self::HeldForThirdParty)
    }
}

/// The values of the dimensions that can change during a ticket's life, as small numbers; 0: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InForce {
    /// Branch.
    pub branch: u16,
    /// Department.
    pub department: u16,
    /// Priority, its stored number plus 1.
    pub priority: u8,
    /// Agent: the assignee, or whoever the figure is counted for.
    pub agent: u32,
    /// Set of tags.
    pub tags: u32,
    /// Reason of the closing that a figure rests on.
    pub reason: u16,
    /// Form of the closing that a figure rests on.
    pub form: u16,
}

impl InForce {
    /// The same, counted for `agent`.
    #[must_use]
    pub fn with_agent(self, agent: u32) -> Self {
        Self { agent, ..self }
    }
}

/// A score as the customer gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GivenScore {
    /// When.
    pub(crate) at: Micros,
    /// Its scale, by its stored number.
    pub(crate) scale: u8,
    /// The score.
    pub(crate) score: u8,
}

/// A reply, as far as a rating needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReplyFacts {
    /// What was in force at a public agent reply, the author as agent; none for all others, which nobody rates.
    pub(crate) rateable: Option<InForce>,
    /// Where its last rating is measured.
    pub(crate) rating: Option<Location>,
}

/// A closing, as far as answers and a reopening need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClosingFacts {
    /// Where it is measured.
    pub(crate) location: Location,
    /// Its number among all closings of the log.
    pub(crate) number: u32,
    /// What was in force, the agent who closed or who stands for them.
    pub(crate) in_force: InForce,
    /// How often the ticket had been reopened when this closing was first answered; none: never answered.
    pub(crate) answered_after: Option<u32>,
    /// The answers given, each field with where its last value is measured.
    pub(crate) answers: SmallVec<[(AnsweredField, Location); 2]>,
}

/// A field of a survey: each is an answer of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnsweredField {
    /// The overall score.
    Overall,
    /// A scored question, by number.
    Question(u32),
    /// A choice question, by number.
    Choice(u32),
    /// NPS.
    Nps,
    /// CES.
    Ces,
}

impl Cell for AnsweredField {
    fn to_bits(self) -> i64 {
        match self {
            Self::Overall => 0,
            Self::Nps => 1,
            Self::Ces => 2,
            Self::Question(number) => 3 + 2 * i64::from(number),
            Self::Choice(number) => 4 + 2 * i64::from(number),
        }
    }

    fn from_bits(bits: i64) -> Self {
        let number = || u32::try_from((bits - 3) / 2).unwrap_or_default();
        match bits {
            0 => Self::Overall,
            1 => Self::Nps,
            2 => Self::Ces,
            odd if odd % 2 == 1 => Self::Question(number()),
            _ => Self::Choice(number()),
        }
    }
}

/// What a cycle, or a stay in a department, began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Begun {
    /// When.
    pub(crate) at: Micros,
    /// What the resolutions' clock had counted of the time open until then.
    pub(crate) counted: Micros,
}

/// A run of a target, which may have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunFacts {
    pub(crate) number: RunNumber,
    /// From when on it counts.
    pub(crate) started: Micros,
}

/// The last runs of a ticket's targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RunsOf {
    pub(crate) first: Option<RunFacts>,
    pub(crate) next: Option<RunFacts>,
    pub(crate) full: Option<RunFacts>,
}

/// From when on a ticket did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) doing: Doing,
    pub(crate) from: Micros,
}

/// One ticket's running state.
#[derive(Debug, Clone)]
pub(crate) struct TicketFacts {
    pub(crate) version: u32,
    pub(crate) opened_at: Micros,
    /// When its last event happened.
    pub(crate) last_event_at: Micros,
    pub(crate) doing: Doing,
    since: Micros,
    /// Since when it does that; a change of department does not restart it.
    pub(crate) doing_since: Micros,
    unanswered: bool,
    /// The schedule that its time is counted by.
    pub(crate) class: ScheduleClass,
    pub(crate) response: Response,
    pub(crate) spent: Spent,
    /// The cycle it is in.
    pub(crate) cycle_begun: Begun,
    /// Its stay in its department.
    pub(crate) stay_begun: Begun,
    pub(crate) runs: RunsOf,
    pub(crate) reopenings: u32,
    pub(crate) public_agent_replies: u32,
    /// Dimensions in force; `agent` is the assignee, `reason` and `form` are 0.
    pub(crate) in_force: InForce,
    /// The agent who first replied in public.
    pub(crate) first_replier: u32,
    /// The agent who last replied in public.
    pub(crate) last_replier: u32,
    /// The set of agents who replied in public.
    pub(crate) repliers: u32,
    /// Reason and form of its latest closing.
    pub(crate) closed_for: (u16, u16),
    pub(crate) last_closed: Option<Micros>,
    pub(crate) last_reopened: Option<Micros>,
    pub(crate) last_transferred: Option<Micros>,
    /// The last score the customer gave: overall in a survey, or to a reply.
    pub(crate) last_score: Option<GivenScore>,
    pub(crate) replies: Vec<ReplyFacts>,
    pub(crate) closings: Vec<ClosingFacts>,
    /// What it did so far, in order, where a definition counts it by the schedule in force at an end; else nothing.
    pub(crate) stretches: Vec<Stretch>,
    pub(crate) span: SpanNumber,
}

impl TicketFacts {
    /// Becomes a ticket opened at `now` with what is in force, whatever else it was, and uses the memory of that. Opened by an
    /// agent it waits for the customer, who has not written yet; opened by anybody else it waits for an agent.
    #[inline]
    pub(crate) fn open(&mut self, now: Micros, by_agent: bool, span: SpanNumber, clocks: &Clocks<'_>) {
        // Field by field: a whole state would be put together elsewhere first, and the one before dropped.
        let doing = Self::doing_at_opening(by_agent);
        self.replies.clear();
        self.closings.clear();
        self.stretches.clear();
        self.version = 1;
        (self.opened_at, self.last_event_at) = (now, now);
        (self.doing, self.since, self.doing_since) = (doing, now, now);
        self.unanswered = !by_agent;
        self.class = clocks.class(&self.in_force);
        self.response = Response::at_opening(now, by_agent, clocks.folded());
        self.spent = Spent::default();
        (self.cycle_begun, self.stay_begun) = (Begun { at: now, counted: 0 }, Begun { at: now, counted: 0 });
        self.runs = RunsOf::default();
        (self.reopenings, self.public_agent_replies) = (0, 0);
        (self.first_replier, self.last_replier, self.repliers) = (0, 0, 0);
        self.closed_for = (0, 0);
        (self.last_closed, self.last_reopened, self.last_transferred) = (None, None, None);
        self.last_score = None;
        self.span = span;
    }

    /// Takes the memory of another state where there is nothing yet.
    pub(crate) fn take_memory(&mut self, of: Self) {
        fn take<T>(empty: &mut Vec<T>, mut of: Vec<T>) {
            if empty.capacity() == 0 {
                of.clear();
                *empty = of;
            }
        }
        take(&mut self.replies, of.replies);
        take(&mut self.closings, of.closings);
        take(&mut self.stretches, of.stretches);
    }

    /// What a new ticket does.
    pub(crate) fn doing_at_opening(by_agent: bool) -> Doing {
        if by_agent { Doing::WaitingForCustomer } else { Doing::WaitingForAgent }
    }

    /// A public reply by an agent or an automation: it ends the first-response clock or the wait, wherever the ticket
    /// stands, as far as the definition says so.
    // Always, as what a customer writes: replies are a third of all events.
    #[inline(always)]
    pub(crate) fn replied(&mut self, now: Micros, by: Replier, clocks: &Clocks<'_>) -> Ended {
        self.count_until(now, clocks);
        if let Replier::Agent(agent) = by {
            self.public_agent_replies = self.public_agent_replies.saturating_add(1);
            self.last_replier = agent;
            if self.first_replier == 0 {
                self.first_replier = agent;
            }
        }
        let ended = self.response.replied(now, by, clocks.folded());
        if by.ends_waits(clocks.folded()) {
            self.unanswered = false;
            if self.doing == Doing::WaitingForAgent {
                self.turn(Doing::WaitingForCustomer, now);
            }
        }
        ended
    }

    /// A public customer message: it waits for an answer, and starts the first-response clock where nothing has yet.
    #[inline(always)]
    pub(crate) fn customer_wrote(&mut self, now: Micros, clocks: &Clocks<'_>) {
        self.count_until(now, clocks);
        self.unanswered = true;
        self.response.customer_wrote(now, clocks.folded());
        if self.doing == Doing::WaitingForCustomer {
            self.turn(Doing::WaitingForAgent, now);
        }
    }

    /// A hold; a closed ticket cannot be held.
    pub(crate) fn held(&mut self, now: Micros, hold: Doing, clocks: &Clocks<'_>) {
        if self.doing.is_open() {
            self.count_until(now, clocks);
            self.turn(hold, now);
        }
    }

    /// The end of a hold.
    pub(crate) fn resumed(&mut self, now: Micros, clocks: &Clocks<'_>) {
        if self.doing.is_held() {
            self.count_until(now, clocks);
            self.turn(self.waiting(), now);
        }
    }

    /// A closing; it ends wait and hold.
    #[inline]
    pub(crate) fn closed(&mut self, now: Micros, clocks: &Clocks<'_>) {
        self.count_until(now, clocks);
        self.turn(Doing::Closed, now);
        self.response.closed();
    }

    /// A reopening; the customer's counts as a message.
    pub(crate) fn reopened(&mut self, now: Micros, by_customer: bool, clocks: &Clocks<'_>) {
        self.count_until(now, clocks);
        self.reopenings = self.reopenings.saturating_add(1);
        let begun = Begun { at: now, counted: self.spent.open(&clocks.folded().resolution) };
        (self.cycle_begun, self.stay_begun) = (begun, begun);
        self.response.reopened(now, clocks.folded());
        self.turn(self.waiting(), now);
        if by_customer {
            self.customer_wrote(now, clocks);
        }
    }

    /// Counts the time since the last turn, while what was in force still is.
    // Always: counting is no more work than calling something that counts.
    #[inline(always)]
    pub(crate) fn count_until(&mut self, now: Micros, clocks: &Clocks<'_>) {
        if now <= self.since || !clocks.run() {
            return;
        }
        let passed = clocks.passed(self.class, self.since, now);
        self.spent.add(self.doing, passed);
        self.response.count(self.doing, passed, clocks.folded());
        self.since = now;
    }

    /// Whose numbers a closing enters: the agent who closed; where nobody did, the last public replier, else the
    /// assignee, else nobody.
    #[inline]
    pub(crate) fn attributed(&self, closer: Option<u32>) -> u32 {
        let replier = (self.last_replier != 0).then_some(self.last_replier);
        closer.or(replier).unwrap_or(self.in_force.agent)
    }

    fn waiting(&self) -> Doing {
        if self.unanswered { Doing::WaitingForAgent } else { Doing::WaitingForCustomer }
    }

    /// Goes on as `doing`. A hold interrupts a wait for an agent and does not restart it.
    #[inline]
    fn turn(&mut self, doing: Doing, now: Micros) {
        if doing != self.doing {
            self.doing_since = now;
        }
        self.doing = doing;
        if doing == Doing::WaitingForAgent {
            self.response.waits(now);
        }
    }
}
