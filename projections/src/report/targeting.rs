//! Targets under a report's definition: which one applies, whether a duration met it, and when a running one falls due.

use super::Terms;
use super::counting::{Counted, Counting};
use crate::business_time::ScheduleClass;
use crate::columns::column::Column;
use crate::definition::document::{self, Clock, Measure, ScheduleChosen, TargetMetric};
use crate::measurements::Measurements;
use crate::measurements::chunk::Moments;
use crate::measurements::kinds::{Closings, FirstClosings, FirstResponses, NextResponses};
use crate::measurements::needs::Needs;
use crate::measurements::runs::Run;
use crate::measurements::spans::Span;
use crate::ticket_facts::{Doing, InForce, Micros};
use daftar_eventlog::Position;

/// A duration that ended, as it was measured; read no further than what is asked of it.
#[derive(Clone, Copy)]
pub(super) struct Ended<'a> {
    moments: &'a Moments,
    row: usize,
    started: &'a Column<Micros>,
    took: &'a Column<Micros>,
}

/// Measurements of durations.
pub(super) trait Durations {
    /// When each started.
    fn started(&self) -> &Column<Micros>;

    /// How long each took on its clock.
    fn took(&self) -> &Column<Micros>;
}

macro_rules! durations {
    ($($kind:ty)*) => { $(
        impl Durations for $kind {
            fn started(&self) -> &Column<Micros> {
                &self.started
            }

            fn took(&self) -> &Column<Micros> {
                &self.took
            }
        }
    )* };
}

durations!(FirstResponses NextResponses FirstClosings Closings);

impl<'a> Ended<'a> {
    pub(super) fn of<C: Durations>(counted: &Counted<'a, C>) -> Self {
        let Counted { moments, values, row, .. } = *counted;
        Self { moments, row, started: values.started(), took: values.took() }
    }

    /// How long it took on its clock.
    pub(super) fn took(&self) -> Micros {
        self.took.get(self.row)
    }

    fn started(&self) -> Micros {
        self.started.get(self.row)
    }

    fn at(&self) -> Micros {
        self.moments.at.get(self.row)
    }

    fn ticket(&self) -> u32 {
        self.moments.ticket.get(self.row)
    }

    fn in_force(&self) -> InForce {
        let (moments, row) = (self.moments, self.row);
        InForce {
            branch: moments.branch.get(row),
            department: moments.department.get(row),
            priority: moments.priority.get(row),
            ..InForce::default()
        }
    }

    /// The event that ended it.
    fn position(&self) -> Position {
        self.moments.added.get(self.row)
    }
}

/// One target, its values as the state's numbers.
#[derive(Debug, Clone)]
struct Prepared {
    within: document::Within,
    priorities: Vec<u32>,
    branches: Option<Vec<u32>>,
    departments: Option<Vec<u32>>,
    tiers: Option<Vec<u32>>,
}

impl Prepared {
    fn of(target: &document::Target, state: &Measurements) -> Self {
        let d = &state.dimensions;
        // A value that no ticket has is no number: the list stays, so that it matches nothing.
        let numbers = |names: &crate::dimensions::Names, values: &[String]| {
            (!values.is_empty()).then(|| values.iter().filter_map(|value| names.get(value)).collect())
        };
        Self {
            within: target.within,
            priorities: target.priorities.iter().map(|p| u32::from(p.priority().code()) + 1).collect(),
            branches: numbers(&d.branches, &target.branches),
            departments: numbers(&d.departments, &target.departments),
            tiers: numbers(&d.tiers, &target.tiers),
        }
    }

    fn matches(&self, in_force: &InForce, tier: u16) -> bool {
        let any = |values: &Option<Vec<u32>>, number: u16| {
            values.as_ref().is_none_or(|values| values.contains(&u32::from(number)))
        };
        (self.priorities.is_empty() || self.priorities.contains(&u32::from(in_force.priority)))
            && any(&self.branches, in_force.branch)
            && any(&self.departments, in_force.department)
            && any(&self.tiers, tier)
    }
}

/// The targets of one metric.
#[derive(Clone)]
pub(super) struct Targets<'a> {
    state: &'a Measurements,
    terms: &'a Terms,
    metric: TargetMetric,
    prepared: Vec<Prepared>,
}

/// Where a run is looked at: as events up to a position tell that lie before an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// Up to when the clock is read.
    pub(super) now: Micros,
    /// What happens from then on is not seen.
    pub(super) before: Micros,
    /// What stands behind it in the log is not seen either.
    pub(super) position: Position,
}

impl Look {
    /// At an instant, with everything that happened at it.
    pub(super) fn at(now: Micros, position: Position) -> Self {
        Self { now, before: now.saturating_add(1), position }
    }
}

/// A running target as it is at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    /// When it falls due; none: it never does.
    pub(super) at: Option<Micros>,
    /// The time left on its clock, below 0 once it is over.
    pub(super) left: Micros,
    /// What is in force.
    pub(super) in_force: InForce,
}

impl<'a> Targets<'a> {
    pub(super) fn of(state: &'a Measurements, terms: &'a Terms, metric: TargetMetric) -> Self {
        let targets = terms.document().targets.iter().filter(|target| target.metric == metric);
        let prepared = targets.map(|target| Prepared::of(target, state)).collect();
        Self { state, terms, metric, prepared }
    }

    /// The target that applies: the first that matches.
    fn target(&self, in_force: &InForce, ticket: u32) -> Option<document::Within> {
        let tier = self.state.tickets.tier(ticket);
        self.prepared.iter().find(|target| target.matches(in_force, tier)).map(|target| target.within)
    }

    /// Whether a duration met its target; `None` where it has none.
    pub(super) fn met(&self, ended: &Ended<'_>) -> Option<bool> {
        self.target(&ended.in_force(), ended.ticket()).map(|within| self.is_within(ended, within))
    }

    fn is_within(&self, ended: &Ended<'_>, within: document::Within) -> bool {
        if let Some(longest) = within.micros() {
            return ended.took() <= longest;
        }
        let run = Run {
            metric: self.metric,
            ticket: ended.ticket(),
            started: ended.started(),
            since: ended.started(),
            ended: None,
        };
        let spans = self.spans(&run, Look::at(ended.at(), ended.position()));
        self.due_in_business_days(&run, &spans, ended.at(), within).at.is_none_or(|due| ended.at() <= due)
    }

    fn measure(&self) -> &'a Measure {
        let folded = self.state.folded();
        match self.metric {
            TargetMetric::FirstResponse => &folded.first_response,
            TargetMetric::NextResponse => &folded.next_response,
            TargetMetric::FullResolution => &folded.resolution,
        }
    }

    /// The schedule that counts where only one can: the opening's, else that of what is in force at the end.
    fn class(&self, ticket: u32, in_force: &InForce) -> ScheduleClass {
        match self.state.folded().chosen {
            ScheduleChosen::AtOpening => self.state.tickets.class(ticket),
            ScheduleChosen::AtEachMoment | ScheduleChosen::AtEnd => self.class_of(in_force),
        }
    }

    fn class_of(&self, in_force: &InForce) -> ScheduleClass {
        let d = &self.state.dimensions;
        let branch = d.branches.name(in_force.branch.into());
        self.state.schedules().class(branch, d.departments.name(in_force.department.into()))
    }

    fn passed(&self, class: ScheduleClass, from: Micros, to: Micros) -> Micros {
        match self.measure().clock {
            Clock::Calendar => (to - from).max(0),
            Clock::Business => self.state.schedules().open_between(class, from, to),
        }
    }

    /// The instant by which so much time has passed.
    fn after(&self, class: ScheduleClass, from: Micros, time: Micros) -> Option<Micros> {
        match self.measure().clock {
            _ if time <= 0 => Some(from),
            Clock::Calendar => from.checked_add(time),
            Clock::Business => self.state.schedules().deadline(class, from, time),
        }
    }

    /// A run's target where it is looked at before it ends; none: it has no target.
    pub(super) fn due(&self, run: &Run, look: Look) -> Option<Due> {
        let (spans, now) = (self.spans(run, look), look.now);
        let in_force = spans.last()?.in_force;
        let within = self.target(&in_force, run.ticket)?;
        let due = match within.micros() {
            Some(longest) => self.due_after(run, &spans, now, longest),
            None => self.due_in_business_days(run, &spans, now, within),
        };
        Some(Due { in_force, ..due })
    }

    /// When the ticket next does something else, or something else is in force, after a run is looked at.
    pub(super) fn changes_after(&self, run: &Run, look: Look) -> Option<Micros> {
        let last = self.state.tickets.last_span(run.ticket);
        let later = self.state.spans.back_from(last, look.position).take_while(|span| look.before <= span.from);
        later.map(|span| span.from).last()
    }

    /// What the ticket did from the run's start to where it is looked at, in order.
    fn spans(&self, run: &Run, look: Look) -> Vec<Span> {
        let last = self.state.tickets.last_span(run.ticket);
        let all = self.state.spans.back_from(last, look.position).filter(|span| span.from < look.before);
        let mut spans = Vec::new();
        for span in all {
            spans.push(span);
            if span.from <= run.started {
                break;
            }
        }
        spans.reverse();
        spans
    }

    /// Each stretch from the run's start until now: its ends, whether the clock ran, and by which schedule.
    fn stretches<'s>(
        &'s self,
        run: &'s Run,
        spans: &'s [Span],
        now: Micros,
    ) -> impl Iterator<Item = (Micros, Micros, bool, ScheduleClass)> + 's {
        let chosen = self.state.folded().chosen;
        let one = spans.last().map(|last| self.class(run.ticket, &last.in_force)).unwrap_or_default();
        spans.iter().map(move |span| {
            let class = if chosen == ScheduleChosen::AtEachMoment { self.class_of(&span.in_force) } else { one };
            let (from, to) = (span.from.max(run.started), span.to.unwrap_or(now).min(now));
            (from, to, self.runs_while(span.doing), class)
        })
    }

    fn runs_while(&self, doing: Doing) -> bool {
        let folded = self.state.folded();
        let is_left_out =
            doing == Doing::Closed && self.metric == TargetMetric::FullResolution && folded.excludes_closed;
        !is_left_out && self.measure().counts(doing)
    }

    /// When a duration is over: where it was, or where it will be if the clock runs from now on.
    fn due_after(&self, run: &Run, spans: &[Span], now: Micros, longest: Micros) -> Due {
        let (mut counted, mut over, mut class_now) = (0, None, ScheduleClass::default());
        for (from, to, runs, class) in self.stretches(run, spans, now) {
            class_now = class;
            let passed = if runs { self.passed(class, from, to) } else { 0 };
            if over.is_none() && passed > 0 && longest <= counted + passed {
                over = self.after(class, from, longest - counted);
            }
            counted += passed;
        }
        let left = longest - counted;
        let at = over.or_else(|| self.after(class_now, now, left));
        Due { at, left, in_force: InForce::default() }
    }

    fn due_in_business_days(&self, run: &Run, spans: &[Span], now: Micros, within: document::Within) -> Due {
        let (days, zone) = (within.business_days().unwrap_or(0), self.terms.document().time_zone.0);
        let first = self.stretches(run, spans, now).next().map(|(_, _, _, class)| class).unwrap_or_default();
        let mut at = self.state.schedules().business_days(first, run.started, days, zone);
        let mut class_now = first;
        for (from, to, runs, class) in self.stretches(run, spans, now) {
            class_now = class;
            // A pause that begins after the due moment comes too late to move it.
            at = at.and_then(|due| if runs || due <= from { Some(due) } else { self.later(class, due, from, to) });
        }
        let left = at.map_or(0, |due| self.passed(class_now, now, due) - self.passed(class_now, due, now));
        Due { at, left, in_force: InForce::default() }
    }

    /// A due moment, later by the time that passes in a pause.
    fn later(&self, class: ScheduleClass, due: Micros, from: Micros, to: Micros) -> Option<Micros> {
        self.after(class, due, self.passed(class, from, to))
    }
}

/// What [`Within`] reads beside the durations.
pub(super) const WITHIN_READ: Needs = Needs::Tickets
    .and(Needs::TicketDimensions)
    .and(Needs::Spans)
    .and(Needs::Branches)
    .and(Needs::Departments)
    .and(Needs::Priorities)
    .and(Needs::Positions)
    .and(Needs::Starts);

/// The share of durations within an asked duration, else within their targets.
pub(super) struct Within<'a> {
    asked: Option<document::Within>,
    targets: Targets<'a>,
}

impl<'a> Within<'a> {
    pub(super) fn of<R: Default>(counting: &Counting<'a, R>, metric: TargetMetric) -> Self {
        let targets = Targets::of(counting.state, counting.terms, metric);
        Self { asked: counting.query.within, targets }
    }

    /// Whether it lies within; `None`: nothing is asked and it has no target.
    pub(super) fn holds(&self, ended: &Ended<'_>) -> Option<bool> {
        match self.asked {
            Some(asked) => Some(self.targets.is_within(ended, asked)),
            None => self.targets.met(ended),
        }
    }
}
