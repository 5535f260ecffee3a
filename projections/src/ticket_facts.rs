//! One ticket's running state: what its next event needs to be measured, and no more.
//!
//! The five states a ticket can be in exclude each other; every clock of the resolution figures is a sum over some of
//! them. Everything here is total: a history that no rule would have allowed still has defined figures.

use crate::measurements::chunk::Location;
use crate::measurements::spans::SpanNumber;

/// An instant in microseconds since 1970.
pub type Micros = i64;

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

/// Time spent in each state so far, over all cycles, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Waiting for an agent, not held.
    pub waiting_for_agent: Micros,
    /// Waiting for the customer, not held.
    pub waiting_for_customer: Micros,
    /// Held for the customer.
    pub held_for_customer: Micros,
    /// Held for a third party.
    pub held_for_third_party: Micros,
}

impl Spent {
    /// Time open.
    #[must_use]
    pub fn open(&self) -> Micros {
        self.waiting_for_agent + self.waiting_for_customer + self.held_for_customer + self.held_for_third_party
    }

    fn add(&mut self, doing: Doing, time: Micros) {
        match doing {
            Doing::WaitingForAgent => self.waiting_for_agent += time,
            Doing::WaitingForCustomer => self.waiting_for_customer += time,
            Doing::HeldForCustomer => self.held_for_customer += time,
            Doing::HeldForThirdParty => self.held_for_third_party += time,
            Doing::Closed => {}
        }
    }
}

/// The clock of the first response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FirstResponse {
    /// An agent opened the ticket and the customer has not written yet.
    NotStarted,
    /// Nobody has replied since that instant.
    Running(Micros),
    /// An agent has replied.
    Given,
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
    /// What was in force, the agent by attribution.
    pub(crate) in_force: InForce,
    /// How often the ticket had been reopened when this closing was first answered; none: never answered.
    pub(crate) answered_after: Option<u32>,
    /// The answers given, each field with where its last value is measured.
    pub(crate) answers: Vec<(AnsweredField, Location)>,
}

/// A field of a survey: each is an answer of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// What a public agent reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The first-response clock, after so long.
    First(Micros),
    /// A later wait for an agent, after so long.
    Next(Micros),
    /// Nothing.
    Nothing,
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
    first_response: FirstResponse,
    /// Since when the wait lasts that a next response would end.
    waits_since: Option<Micros>,
    pub(crate) spent: Spent,
    /// Open time before the current stay in its department.
    open_before_stay: Micros,
    pub(crate) reopenings: u32,
    pub(crate) public_agent_replies: u32,
    /// Dimensions in force; `agent` is the assignee, `reason` and `form` are 0.
    pub(crate) in_force: InForce,
    /// The agent who last replied in public.
    pub(crate) last_replier: u32,
    pub(crate) last_closed: Option<Micros>,
    pub(crate) last_reopened: Option<Micros>,
    pub(crate) last_transferred: Option<Micros>,
    /// The last score the customer gave: overall in a survey, or to a reply.
    pub(crate) last_score: Option<GivenScore>,
    pub(crate) replies: Vec<ReplyFacts>,
    pub(crate) closings: Vec<ClosingFacts>,
    pub(crate) span: SpanNumber,
}

impl TicketFacts {
    /// A ticket opened at `now`. Opened by an agent it waits for the customer, who has not written yet; opened by
    /// anybody else it waits for an agent.
    pub(crate) fn opened(now: Micros, by_agent: bool, in_force: InForce, span: SpanNumber) -> Self {
        Self {
            version: 1,
            opened_at: now,
            last_event_at: now,
            doing: Self::doing_at_opening(by_agent),
            since: now,
            doing_since: now,
            unanswered: !by_agent,
            first_response: if by_agent { FirstResponse::NotStarted } else { FirstResponse::Running(now) },
            waits_since: None,
            spent: Spent::default(),
            open_before_stay: 0,
            reopenings: 0,
            public_agent_replies: 0,
            in_force,
            last_replier: 0,
            last_closed: None,
            last_reopened: None,
            last_transferred: None,
            last_score: None,
            replies: Vec::new(),
            closings: Vec::new(),
            span,
        }
    }

    /// What a new ticket does.
    pub(crate) fn doing_at_opening(by_agent: bool) -> Doing {
        if by_agent { Doing::WaitingForCustomer } else { Doing::WaitingForAgent }
    }

    /// Whether the first-response clock has started.
    pub(crate) fn clock_started(&self) -> bool {
        self.first_response != FirstResponse::NotStarted
    }

    /// Since when an open ticket waits for whom it waits; a hold, its end and a reopening begin anew.
    pub(crate) fn waiting_since(&self) -> Option<Micros> {
        self.doing.is_open().then_some(self.doing_since)
    }

    /// Since when a first response is waited for; none: the clock never started, or an agent has replied.
    pub(crate) fn first_response_awaited_since(&self) -> Option<Micros> {
        match self.first_response {
            FirstResponse::Running(start) => Some(start),
            FirstResponse::NotStarted | FirstResponse::Given => None,
        }
    }

    /// A public agent reply: it ends the first-response clock or the wait, wherever the ticket stands.
    pub(crate) fn agent_replied(&mut self, now: Micros, agent: u32) -> Ended {
        self.public_agent_replies = self.public_agent_replies.saturating_add(1);
        self.last_replier = agent;
        self.unanswered = false;
        let waited_since = self.waits_since.take();
        let ended = match self.first_response {
            FirstResponse::Running(start) => Ended::First(elapsed(start, now)),
            FirstResponse::Given => waited_since.map_or(Ended::Nothing, |since| Ended::Next(elapsed(since, now))),
            FirstResponse::NotStarted => Ended::Nothing,
        };
        if self.clock_started() {
            self.first_response = FirstResponse::Given;
        }
        if self.doing == Doing::WaitingForAgent {
            self.turn(Doing::WaitingForCustomer, now);
        }
        ended
    }

    /// A public customer message: it waits for an answer, and starts the first-response clock where nothing has yet.
    pub(crate) fn customer_wrote(&mut self, now: Micros) {
        self.unanswered = true;
        if self.first_response == FirstResponse::NotStarted {
            self.first_response = FirstResponse::Running(now);
        }
        if self.doing == Doing::WaitingForCustomer {
            self.turn(Doing::WaitingForAgent, now);
        }
    }

    /// A hold; a closed ticket cannot be held.
    pub(crate) fn held(&mut self, now: Micros, hold: Doing) {
        if self.doing.is_open() {
            self.turn(hold, now);
        }
    }

    /// The end of a hold.
    pub(crate) fn resumed(&mut self, now: Micros) {
        if self.doing.is_held() {
            self.turn(self.waiting(), now);
        }
    }

    /// A closing; it ends wait and hold. Answers how long the stay in the department lasted.
    pub(crate) fn closed(&mut self, now: Micros) -> Micros {
        self.turn(Doing::Closed, now);
        self.waits_since = None;
        self.spent.open() - self.open_before_stay
    }

    /// A reopening; the customer's counts as a message.
    pub(crate) fn reopened(&mut self, now: Micros, by_customer: bool) {
        self.reopenings = self.reopenings.saturating_add(1);
        self.open_before_stay = self.spent.open();
        self.turn(self.waiting(), now);
        if by_customer {
            self.customer_wrote(now);
        }
    }

    /// The department changes; answers how long an open ticket stayed in the one it leaves.
    pub(crate) fn department_left(&mut self, now: Micros) -> Option<Micros> {
        if !self.doing.is_open() {
            return None;
        }
        self.turn(self.doing, now);
        let stay = self.spent.open() - self.open_before_stay;
        self.open_before_stay = self.spent.open();
        Some(stay)
    }

    /// Whose numbers a closing enters: the agent who closed; where nobody did, the last public replier, else the
    /// assignee, else nobody.
    pub(crate) fn attributed(&self, closer: Option<u32>) -> u32 {
        let replier = (self.last_replier != 0).then_some(self.last_replier);
        closer.or(replier).unwrap_or(self.in_force.agent)
    }

    fn waiting(&self) -> Doing {
        if self.unanswered { Doing::WaitingForAgent } else { Doing::WaitingForCustomer }
    }

    /// Counts the time since the last turn and goes on as `doing`. A hold interrupts a wait for an agent and does not
    /// restart it.
    fn turn(&mut self, doing: Doing, now: Micros) {
        self.spent.add(self.doing, elapsed(self.since, now));
        self.since = now;
        if doing != self.doing {
            self.doing_since = now;
        }
        self.doing = doing;
        if doing == Doing::WaitingForAgent && self.waits_since.is_none() {
            self.waits_since = Some(now);
        }
    }
}

/// Time from `start` to `end`, never negative.
fn elapsed(start: Micros, end: Micros) -> Micros {
    (end - start).max(0)
}
