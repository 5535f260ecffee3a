//! The stretches of time behind a duration: which of them its clock counted, and why it did not count the others.

use super::step::Step;
use crate::business_time::{ScheduleClass, Schedules};
use crate::definition::document::{Clock, Folded, Measure, Per, ScheduleChosen};
use crate::ticket_facts::{Doing, Micros};

/// Why a stretch of time counts or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The clock runs.
    Runs,
    /// The clock stands still outside the hours of the schedule that applies.
    OutsideHours,
    /// What the ticket does is no part of the figure: a pause, time closed that is left out, or another state.
    Doing(Doing),
}

/// A stretch of time within a duration. All those of a duration adjoin; the lengths of the counted ones sum up to its
/// value exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Its first microsecond, since 1970.
    pub from: Micros,
    /// The first microsecond after it.
    pub to: Micros,
    /// Whether the clock ran.
    pub counted: bool,
    /// Why it did or did not.
    pub why: Why,
    /// The schedule that tells.
    pub(super) class: ScheduleClass,
}

impl Segment {
    /// What it adds to the value.
    #[must_use]
    pub fn counts(&self) -> Micros {
        if self.counted { self.to - self.from } else { 0 }
    }
}

/// What a figure counts of a ticket's time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) clock: Clock,
    /// By what the ticket does, by place in [`Doing::ALL`].
    counted: [bool; 5],
}

impl Rule {
    fn of(clock: Clock, counts: impl Fn(Doing) -> bool) -> Self {
        Self { clock, counted: Doing::ALL.map(counts) }
    }

    /// A response: also while the ticket is closed.
    pub(super) fn response(measure: &Measure) -> Self {
        Self::of(measure.clock, |doing| measure.counts(doing))
    }

    /// The whole of a ticket from its opening to a closing.
    pub(super) fn whole(folded: &Folded) -> Self {
        let counts = |doing: Doing| folded.resolution.counts(doing) && (doing.is_open() || !folded.excludes_closed);
        Self::of(folded.resolution.clock, counts)
    }

    /// Time open.
    pub(super) fn open(folded: &Folded) -> Self {
        Self::of(folded.resolution.clock, |doing| doing.is_open() && folded.resolution.counts(doing))
    }

    /// The full resolution.
    pub(super) fn full(folded: &Folded) -> Self {
        if folded.resolution_per == Per::Cycle { Self::open(folded) } else { Self::whole(folded) }
    }

    /// Time in some states, which no pause shortens.
    pub(super) fn states(folded: &Folded, states: &[Doing]) -> Self {
        Self::of(folded.clock, |doing| states.contains(&doing))
    }

    fn counts(&self, doing: Doing) -> bool {
        self.counted[doing as usize]
    }
}

/// Cuts the time from `from` to `to`, which the last of `steps` precedes, into segments.
pub(super) fn segments(
    steps: &[Step],
    (from, to): (Micros, Micros),
    rule: Rule,
    chosen: ScheduleChosen,
    schedules: &Schedules,
) -> Vec<Segment> {
    let mut cut = Cut { schedules, clock: rule.clock, segments: Vec::new() };
    let at_end = steps.last().map(|step| step.class_now).filter(|_| chosen == ScheduleChosen::AtEnd);
    let first = steps.partition_point(|step| step.at <= from).saturating_sub(1);
    for (index, step) in steps.iter().enumerate().skip(first) {
        let until = steps.get(index + 1).map_or(to, |next| next.at.min(to));
        // All classes are one to a clock that no schedule stops.
        let class = if rule.clock == Clock::Calendar { ScheduleClass::default() } else { at_end.unwrap_or(step.class) };
        cut.stretch(step.at.max(from), until, (rule.counts(step.doing), step.doing), class);
    }
    cut.segments
}

struct Cut<'a> {
    schedules: &'a Schedules,
    clock: Clock,
    segments: Vec<Segment>,
}

impl Cut<'_> {
    fn stretch(&mut self, from: Micros, to: Micros, (counted, doing): (bool, Doing), class: ScheduleClass) {
        if !counted {
            self.push(Segment { from, to, counted, why: Why::Doing(doing), class });
        } else if self.clock == Clock::Calendar {
            self.push(Segment { from, to, counted, why: Why::Runs, class });
        } else {
            self.office_hours(from, to, class);
        }
    }

    fn office_hours(&mut self, from: Micros, to: Micros, class: ScheduleClass) {
        let (schedules, mut reached) = (self.schedules, from);
        for (open, closed) in schedules.open_within(class, from, to) {
            self.push(Segment { from: reached, to: open, counted: false, why: Why::OutsideHours, class });
            self.push(Segment { from: open, to: closed, counted: true, why: Why::Runs, class });
            reached = closed;
        }
        self.push(Segment { from: reached, to, counted: false, why: Why::OutsideHours, class });
    }

    /// Adds a segment, to the one before it where they are of a kind; an empty one is none.
    fn push(&mut self, segment: Segment) {
        if segment.to <= segment.from {
            return;
        }
        match self.segments.last_mut() {
            Some(last) if (last.why, last.class) == (segment.why, segment.class) => last.to = segment.to,
            _ => self.segments.push(segment),
        }
    }
}
