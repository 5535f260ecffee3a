//! The spans that metrics measure and targets bound: from which event to which, and how a target judges them.

use super::hours::{Stretch, days_later, local, start_of};
use super::ticket::{Doing, Ticket, total};
use crate::definition::document::{
    Clock, Excluded, Measure, OpenedByAgent, Per, ResolutionEnds, ResponseStarts, Target, TargetMetric,
};
use crate::test_support::{Story, Who};
use chrono::Days;

/// What a metric measures: from one event to another; where it has no end it runs on, or was dropped at an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) from: usize,
    pub(super) end: Option<usize>,
    pub(super) dropped: Option<usize>,
}

/// What a target says of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Met,
    /// It ended too late.
    Late,
    /// It has no end, and the target fell due at that instant.
    PastDue(i64),
    Running {
        due: i64,
        left: i64,
    },
}

const HOLDS: [Doing; 3] = [Doing::WaitsForCustomer, Doing::HeldForCustomer, Doing::HeldForThirdParty];

impl Ticket<'_> {
    /// First responses: one wait, or one a cycle.
    pub(super) fn first_responses(&self) -> Vec<Wait> {
        self.first_clocks().into_iter().map(|wait| self.restarted(wait)).collect()
    }

    /// The same, each from its first start, whatever started it afresh.
    fn first_clocks(&self) -> Vec<Wait> {
        let end = self.events.len();
        let per_cycle = self.rules.first_response.per == Per::Cycle;
        let first = self.first_of_all(if per_cycle { self.end_of_cycle(0) } else { end });
        let later = self.reopenings().into_iter().filter(|_| per_cycle);
        let later = later.map(|from| self.answered(from, from, self.end_of_cycle(from)));
        first.into_iter().chain(later).collect()
    }

    /// The clock that the opening or what follows it starts, among the events before `until`.
    fn first_of_all(&self, until: usize) -> Option<Wait> {
        let rules = &self.rules.first_response;
        let assigned = |n: &usize| matches!(self.story(*n), Story::Assigned(Some(_)));
        if self.opened_by_agent() {
            let start = match rules.opened_by_agent {
                OpenedByAgent::FirstCustomerMessage => (1..until).find(|n| self.customer_writes(*n))?,
                OpenedByAgent::Opening => 0,
                OpenedByAgent::None => return None,
            };
            return Some(self.answered(start, start, until));
        }
        if rules.starts != ResponseStarts::FirstAssigned {
            return Some(self.answered(0, 0, until));
        }
        match ((1..until).find(assigned), self.answered(0, 0, until)) {
            (None, Wait { end: None, .. }) => None,
            // A reply before the assignment takes no time.
            (start, Wait { end: Some(reply), .. }) => {
                Some(self.answered(start.filter(|start| *start < reply).unwrap_or(reply), reply, until))
            }
            (Some(start), wait) => Some(Wait { from: start, ..wait }),
        }
    }

    /// A wait from `from` to the first reply among the events from `after` on and before `until`.
    fn answered(&self, from: usize, after: usize, until: usize) -> Wait {
        let end = (after..until).find(|n| self.is_reply(*n, self.rules.first_response.counts));
        let dropped = (end.is_none() && until < self.events.len()).then_some(until);
        Wait { from, end, dropped }
    }

    fn restarted(&self, wait: Wait) -> Wait {
        if self.rules.first_response.starts != ResponseStarts::LastReopenedIfUnanswered {
            return wait;
        }
        let stop = wait.end.or(wait.dropped).unwrap_or(self.events.len());
        let last = self.reopenings().into_iter().rfind(|n| wait.from < *n && *n < stop);
        Wait { from: last.unwrap_or(wait.from), ..wait }
    }

    /// The reopening that ends the cycle in which event `i` lies, or the end of the list.
    fn end_of_cycle(&self, i: usize) -> usize {
        self.reopenings().into_iter().find(|n| i < *n).unwrap_or(self.events.len())
    }

    /// Whether the next reply after event `i` would be a first response.
    fn first_response_is_due(&self, i: usize) -> bool {
        let rules = &self.rules.first_response;
        let waits = self.first_clocks();
        let runs = |w: &Wait| w.from <= i && w.end.or(w.dropped).is_none_or(|end| i < end);
        let in_first_clock = rules.per == Per::Ticket || i < self.end_of_cycle(0);
        let needs_no_start = rules.starts == ResponseStarts::FirstAssigned && !self.opened_by_agent() && in_first_clock;
        let replied = (1..=i).any(|n| self.is_reply(n, rules.counts));
        waits.iter().any(runs) || (needs_no_start && !replied)
    }

    /// Next responses: waits that began after the opening. One that a first response ends, or would end, is none.
    pub(super) fn next_responses(&self) -> Vec<Wait> {
        let firsts: Vec<_> = self.first_responses().into_iter().filter_map(|wait| wait.end).collect();
        let mut waits = Vec::new();
        let mut waiting = (self.doing(0) == Doing::WaitsForAgent).then_some(0);
        for n in 1..self.events.len() {
            let replied = self.is_reply(n, self.rules.next_response.ended_by);
            let closed = matches!(self.story(n), Story::Closed { .. });
            if replied || closed {
                let from = waiting.take().filter(|from| *from > 0);
                let end = replied.then_some(n).filter(|n| !firsts.contains(n));
                let dropped = closed.then_some(n).filter(|n| !self.first_response_is_due(*n));
                waits.extend(from.filter(|_| end.or(dropped).is_some()).map(|from| Wait { from, end, dropped }));
            }
            if self.doing(n) == Doing::WaitsForAgent {
                waiting = waiting.or(Some(n));
            }
        }
        let runs_on = waiting.filter(|from| *from > 0 && !self.first_response_is_due(self.last()));
        waits.extend(runs_on.map(|from| Wait { from, end: None, dropped: None }));
        waits
    }

    /// Full resolutions: to the last closing while the ticket stays closed, to the first, or of each cycle.
    pub(super) fn full_resolutions(&self) -> Vec<Wait> {
        let rules = &self.rules.resolution;
        let closings = self.closings();
        if rules.per == Per::Cycle {
            let closing = |from: usize| closings.iter().copied().find(|n| from < *n);
            let wait = |from: usize| Wait { from, end: closing(from), dropped: None };
            return self.cycles().into_iter().map(wait).collect();
        }
        let end = match rules.ends {
            ResolutionEnds::FirstClose => closings.first().copied(),
            ResolutionEnds::LastClose => closings.last().copied().filter(|_| !self.is_open()),
        };
        vec![Wait { from: 0, end, dropped: None }]
    }

    /// The waits of a metric.
    pub(super) fn waits(&self, metric: TargetMetric) -> Vec<Wait> {
        match metric {
            TargetMetric::FirstResponse => self.first_responses(),
            TargetMetric::NextResponse => self.next_responses(),
            TargetMetric::FullResolution => self.full_resolutions(),
        }
    }

    /// The clock and the pauses of a metric.
    pub(super) fn measure(&self, metric: TargetMetric) -> Measure {
        let rules = self.rules;
        let (clock, pauses) = match metric {
            TargetMetric::FirstResponse => (rules.first_response.clock, &rules.first_response.pauses),
            TargetMetric::NextResponse => (rules.next_response.clock, &rules.next_response.pauses),
            TargetMetric::FullResolution => (rules.resolution.clock, &rules.resolution.pauses),
        };
        Measure { clock: clock.unwrap_or(rules.clock), pauses: pauses.clone().unwrap_or(rules.pauses.clone()) }
    }

    /// What a metric leaves out beside its pauses.
    fn skips(&self, metric: TargetMetric) -> impl Fn(Doing) -> bool + use<> {
        let excludes = &self.rules.resolution.excludes;
        let closed = metric == TargetMetric::FullResolution && excludes.contains(&Excluded::ClosedSpans);
        move |doing| closed && doing == Doing::Closed
    }

    /// How long a wait that ended took.
    pub(super) fn took(&self, metric: TargetMetric, from: usize, end: usize) -> i64 {
        total(&self.stretches(&self.measure(metric), (from, end, end), self.skips(metric)))
    }

    /// The first target that fits what is in force after event `i`.
    fn target(&self, metric: TargetMetric, i: usize) -> Option<&Target> {
        let place = self.place(i);
        let takes = |any_of: &[String], value: Option<&str>| {
            any_of.is_empty() || value.is_some_and(|value| any_of.iter().any(|one| one == value))
        };
        let fits = |target: &&Target| {
            let priorities = &target.priorities;
            target.metric == metric
                && (priorities.is_empty() || priorities.iter().any(|p| p.priority().code() == place.priority))
                && takes(&target.departments, place.department)
                && takes(&target.branches, place.branch)
                && takes(&target.tiers, tier_of(self.number()))
        };
        self.rules.targets.iter().find(fits)
    }

    /// What the target of a wait says; nothing where it has none, or was dropped in time.
    pub(super) fn verdict(&self, metric: TargetMetric, wait: Wait) -> Option<Verdict> {
        let stop = wait.end.or(wait.dropped).unwrap_or(self.last());
        let target = self.target(metric, stop)?;
        let Some(longest) = target.within.micros() else {
            return self.verdict_in_days(metric, wait, target.within.business_days()?);
        };
        if let Some(end) = wait.end {
            let met = self.took(metric, wait.from, end) <= longest;
            return Some(if met { Verdict::Met } else { Verdict::Late });
        }
        let measure = self.measure(metric);
        if let Some(dropped) = wait.dropped {
            let stretches = self.stretches(&measure, (wait.from, dropped, dropped), self.skips(metric));
            return due(&stretches, longest).filter(|due| *due < self.at(dropped)).map(Verdict::PastDue);
        }
        let stretches = self.stretches_on(&measure, wait.from, self.skips(metric));
        let due = due(&stretches, longest)?;
        let left = longest - total(&before(&stretches, self.now));
        Some(if due < self.now { Verdict::PastDue(due) } else { Verdict::Running { due, left } })
    }

    /// The same, the target being so many days that have open time.
    fn verdict_in_days(&self, metric: TargetMetric, wait: Wait, days: u32) -> Option<Verdict> {
        let stop = wait.end.or(wait.dropped).unwrap_or(self.last());
        let ended = wait.end.or(wait.dropped).is_some();
        let due = self.due_in_days(metric, wait.from, stop, ended, days)?;
        let until = wait.end.or(wait.dropped).map_or(self.now, |end| self.at(end));
        if wait.end.is_some() {
            return Some(if until <= due { Verdict::Met } else { Verdict::Late });
        }
        if due < until {
            return Some(Verdict::PastDue(due));
        }
        let class = self.class_for(wait.from, stop);
        let to_go = [(self.now, due)];
        let open = self.hours.open(class);
        let counted = if self.measure(metric).clock == Clock::Business { common(&open, &to_go) } else { to_go.into() };
        wait.dropped.is_none().then_some(Verdict::Running { due, left: total(&counted) })
    }

    /// The same local time on a later date, or the next opening; later by what the pauses took.
    fn due_in_days(&self, metric: TargetMetric, from: usize, stop: usize, ended: bool, days: u32) -> Option<i64> {
        let (class, start) = (self.class_for(from, stop), self.at(from));
        let open = self.hours.open(class);
        let zone = self.hours.in_force(class, start).map_or(self.rules.time_zone, |schedule| schedule.time_zone);
        let works = |date: chrono::NaiveDate| {
            let whole = (start_of(zone, date), start_of(zone, date + Days::new(1)));
            !common(&open, &[whole]).is_empty()
        };
        let first = local(zone, start).date();
        let last = (1..3000).filter(|n| works(first + Days::new(*n))).nth(days as usize - 1)?;
        let same_time = days_later(zone, start, last);
        let due = open.iter().find(|(_, stop)| same_time < *stop).map(|(opens, _)| same_time.max(*opens))?;
        let (measure, plain) = (self.measure(metric), Measure { pauses: Vec::new(), ..self.measure(metric) });
        let later = if measure.clock == Clock::Business { open.to_vec() } else { vec![(start, 4_000_000_000_000_000)] };
        // Each pause that begins before the due moment so far moves it.
        let paused = |i: usize| {
            let all = total(&self.stretches(&plain, (i, i + 1, stop), |_| false));
            all - total(&self.stretches(&measure, (i, i + 1, stop), self.skips(metric)))
        };
        let now = (!ended).then(|| {
            let all = total(&before(&self.stretches_on(&plain, stop, |_| false), self.now));
            (self.at(stop), all - total(&before(&self.stretches_on(&measure, stop, self.skips(metric)), self.now)))
        });
        let pauses = (from..stop).map(|i| (self.at(i), paused(i))).chain(now);
        pauses.filter(|(_, paused)| *paused > 0).try_fold(due, |due, (begins, paused)| {
            if begins < due { due_after(&later, due, paused) } else { Some(due) }
        })
    }

    fn class_for(&self, from: usize, stop: usize) -> super::hours::Class {
        use crate::definition::document::ScheduleChosen::{AtEachMoment, AtEnd, AtOpening};
        match self.rules.schedule.chosen {
            AtOpening => self.class(0),
            AtEachMoment => self.class(from),
            AtEnd => self.class(stop),
        }
    }

    /// Open time in the department that event `i` ends the stay in; `end` tells the schedule.
    pub(super) fn stay(&self, i: usize, end: usize) -> i64 {
        let begins = |n: &usize| match self.story(*n) {
            Story::Opened { .. } | Story::Reopened(_) => true,
            Story::Transferred(_) => self.place(*n).department != self.place(n - 1).department,
            _ => false,
        };
        let start = (0..i).rfind(begins).unwrap();
        let measure = self.measure(TargetMetric::FullResolution);
        total(&self.stretches(&measure, (start, i, end), |doing| doing == Doing::Closed))
    }

    /// Time open until a closing.
    pub(super) fn open_time(&self, closing: usize) -> i64 {
        let measure = self.measure(TargetMetric::FullResolution);
        total(&self.stretches(&measure, (0, closing, closing), |doing| doing == Doing::Closed))
    }

    /// Time spent so until a closing, on the definition's own clock.
    pub(super) fn spent(&self, closing: usize, so: Doing) -> i64 {
        debug_assert!(so == Doing::WaitsForAgent || HOLDS.contains(&so));
        let measure = Measure { clock: self.rules.clock, pauses: Vec::new() };
        total(&self.stretches(&measure, (0, closing, closing), |doing| doing != so))
    }

    /// How many public replies by agents there are before event `i`.
    pub(super) fn replies_before(&self, i: usize) -> usize {
        (0..i).filter(|n| matches!(self.story(*n), Story::Replied(Who::Agent(_)))).count()
    }
}

/// The tier of a ticket's customer, as the histories of tests have it.
pub(super) fn tier_of(ticket: u32) -> Option<&'static str> {
    ticket.is_multiple_of(3).then_some("gold")
}

/// The first instant at which so much of the stretches is over.
fn due(stretches: &[Stretch], mut longest: i64) -> Option<i64> {
    for (from, to) in stretches {
        if longest <= to - from {
            return Some(from + longest);
        }
        longest -= to - from;
    }
    None
}

fn due_after(stretches: &[Stretch], after: i64, longer: i64) -> Option<i64> {
    let rest: Vec<Stretch> = stretches.iter().map(|(from, to)| ((*from).max(after), *to)).collect();
    due(&rest.into_iter().filter(|(from, to)| from < to).collect::<Vec<_>>(), longer)
}

fn before(stretches: &[Stretch], end: i64) -> Vec<Stretch> {
    let cut = |(from, to): &Stretch| (*from, (*to).min(end));
    stretches.iter().map(cut).filter(|(from, to)| from < to).collect()
}

/// What lies in both.
fn common(a: &[Stretch], b: &[Stretch]) -> Vec<Stretch> {
    let each = |x: &Stretch| b.iter().map(|y| (x.0.max(y.0), x.1.min(y.1))).filter(|(s, e)| s < e).collect::<Vec<_>>();
    a.iter().flat_map(each).collect()
}
