//! Clocks: how much time passes under a definition, on the calendar and within its schedules.

use super::packing::Walk;
use super::{Doing, InForce, Micros};
use crate::business_time::{ScheduleClass, Schedules};
use crate::definition::document::{Clock, Folded, Measure, Pause};
use crate::dimensions::Dimensions;

/// Which clocks anybody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClocksRun {
    /// None: no duration is kept.
    Neither,
    /// Every duration is measured on the calendar.
    Calendar,
    /// Some are measured within schedules.
    Both,
}

impl ClocksRun {
    /// The clocks that a definition measures on.
    pub(crate) fn under(folded: &Folded) -> Self {
        if folded.reads_schedules() { Self::Both } else { Self::Calendar }
    }
}

/// What tells how much time passes: the folded fields of a definition and its schedules, prepared.
#[derive(Clone, Copy)]
pub(crate) struct Clocks<'a> {
    folded: &'a Folded,
    schedules: &'a Schedules,
    dimensions: &'a Dimensions,
    run: ClocksRun,
}

/// A stretch of time on both clocks, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Passed {
    calendar: Micros,
    business: Micros,
}

impl Passed {
    /// What a clock shows of it.
    pub(crate) fn on(self, clock: Clock) -> Micros {
        match clock {
            Clock::Calendar => self.calendar,
            Clock::Business => self.business,
        }
    }
}

impl<'a> Clocks<'a> {
    #[inline]
    pub(crate) fn new(
        folded: &'a Folded,
        schedules: &'a Schedules,
        dimensions: &'a Dimensions,
        run: ClocksRun,
    ) -> Self {
        Self { folded, schedules, dimensions, run }
    }

    /// Whether anybody asks how much time passes.
    pub(crate) fn run(&self) -> bool {
        self.run != ClocksRun::Neither
    }

    pub(crate) fn folded(&self) -> &'a Folded {
        self.folded
    }

    /// The schedule of a branch and a department.
    #[inline(always)]
    pub(crate) fn class(&self, in_force: &InForce) -> ScheduleClass {
        if self.folded.schedules.is_empty() { ScheduleClass::default() } else { self.chosen_class(in_force) }
    }

    #[inline(never)]
    fn chosen_class(&self, in_force: &InForce) -> ScheduleClass {
        let name = |names: &'a crate::dimensions::Names, number: u16| names.name(number.into());
        let branch = name(&self.dimensions.branches, in_force.branch);
        self.schedules.class(branch, name(&self.dimensions.departments, in_force.department))
    }

    /// The time from one instant to another, never negative.
    #[inline]
    pub(crate) fn passed(&self, class: ScheduleClass, from: Micros, to: Micros) -> Passed {
        let calendar = (to - from).max(0);
        let business = if self.run == ClocksRun::Both { self.schedules.open_between(class, from, to) } else { 0 };
        Passed { calendar, business }
    }
}

impl Measure {
    /// Whether time counts while a ticket does that; time closed is for the metric to say.
    #[inline]
    pub(crate) fn counts(&self, doing: Doing) -> bool {
        self.pauses.iter().all(|pause| pause.doing() != doing)
    }
}

impl Pause {
    /// What a ticket does meanwhile.
    #[inline]
    fn doing(self) -> Doing {
        match self {
            Self::WaitingForCustomer => Doing::WaitingForCustomer,
            Self::HeldForCustomer => Doing::HeldForCustomer,
            Self::HeldForThirdParty => Doing::HeldForThirdParty,
        }
    }
}

/// Time spent in each state so far, over all cycles, on both clocks; by place in [`Doing::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Spent([Passed; 5]);

impl Spent {
    pub(super) fn walk(&mut self, walk: &mut impl Walk) {
        for Passed { calendar, business } in &mut self.0 {
            walk.duration(calendar);
            walk.duration(business);
        }
    }

    #[inline]
    pub(crate) fn add(&mut self, doing: Doing, passed: Passed) {
        let so_far = &mut self.0[doing as usize];
        so_far.calendar += passed.calendar;
        so_far.business += passed.business;
    }

    /// Time in one state.
    #[inline]
    pub(crate) fn of(&self, doing: Doing, clock: Clock) -> Micros {
        self.0[doing as usize].on(clock)
    }

    /// What a measure counts of the time open.
    #[inline]
    pub(crate) fn open(&self, measure: &Measure) -> Micros {
        let of = |doing| self.of(doing, measure.clock);
        let open: Micros = Doing::ALL.into_iter().filter(|doing| doing.is_open()).map(of).sum();
        // A measure names each pause once.
        open - measure.pauses.iter().map(|pause| of(pause.doing())).sum::<Micros>()
    }

    /// What a measure counts from the opening on: time open, and time closed unless that is left out.
    #[inline]
    pub(crate) fn resolution(&self, folded: &Folded) -> Micros {
        let closed = if folded.excludes_closed { 0 } else { self.of(Doing::Closed, folded.resolution.clock) };
        self.open(&folded.resolution) + closed
    }
}

/// A running duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stopwatch {
    /// When it started.
    pub(crate) started: Micros,
    /// What it has counted since.
    pub(crate) counted: Micros,
}

impl Stopwatch {
    pub(super) const BLANK: Self = Self { started: 0, counted: 0 };

    pub(super) fn walk(&mut self, walk: &mut impl Walk, from: Micros) {
        walk.instant(&mut self.started, from);
        walk.duration(&mut self.counted);
    }

    pub(crate) fn start(now: Micros) -> Self {
        Self { started: now, counted: 0 }
    }

    #[inline]
    pub(crate) fn count(&mut self, doing: Doing, passed: Passed, measure: &Measure) {
        if measure.counts(doing) {
            self.counted += passed.on(measure.clock);
        }
    }
}
