//! From which event to which a duration goes, and what is counted between them.

use super::Story;
use super::deed::Deed;
use super::measured::{ClosingValues, Lasted};
use super::segments::{Rule, Segment, segments};
use super::step::Step;
use super::words::Name;
use crate::definition::document::{Clock, Per, ResolutionEnds, TargetMetric};
use crate::measurements::runs::{Run, RunEnd};
use crate::ticket_facts::{Doing, Micros};

/// A duration.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) name: Name,
    /// The event that started it; none: its end came before any start.
    pub(super) start: Option<usize>,
    /// The event that ended it; none: it was still running.
    pub(super) end: Option<usize>,
    /// The last event that its target sees: what ended it, or the last before that or before the look.
    pub(super) last_seen: usize,
    /// Up to when it is told.
    pub(super) to: Micros,
    pub(super) value: Micros,
    /// Whether its clock is the calendar's.
    pub(super) elapsed: bool,
    pub(super) segments: Vec<Segment>,
}

impl Story {
    /// The duration that an event measured; none: it measured none of that name.
    pub(super) fn ended(&self, name: Name, end: usize) -> Option<Span> {
        let Lasted { started, took } = self.lasted(name, end)?;
        let (start, to) = (self.start(name, started, end), self.steps[end].at);
        let mut span = self.span(name, (started, to), end, start);
        (span.end, span.last_seen, span.value) = (Some(end), end, took);
        Some(span)
    }

    /// What runs at the instant `at`, as what happened before `before` has it; none: nothing of that name does.
    pub(super) fn running(&self, name: Name, at: Micros, before: Micros) -> Option<Span> {
        let sees = |run: &Run| run.since < before && run.ended.is_none_or(|(ended, ..)| before <= ended);
        let run = self.runs(name).into_iter().rev().find(sees)?;
        Some(self.unended(name, run.started, at, self.known(before)))
    }

    /// What was never given, and had run for too long at the instant `due`; told up to its end, else to `until`.
    pub(super) fn missed(&self, name: Name, due: Micros, until: Micros) -> Option<Span> {
        let over = |run: &Run| run.started <= due && run.ended.is_none_or(|(ended, ..)| due < ended);
        let run = self.ungiven(name).into_iter().rev().find(over)?;
        Some(self.waited(name, &run, until))
    }

    /// What was never given, as the event `seen` has it; told up to its end, else to `until`.
    pub(super) fn awaited(&self, name: Name, seen: usize, until: Micros) -> Option<Span> {
        let runs = self.ungiven(name);
        let begun = runs.iter().rev().find(|run| run.since <= self.steps[seen].at);
        Some(self.waited(name, begun.or(runs.first())?, until))
    }

    fn runs(&self, name: Name) -> Vec<Run> {
        let Some(metric) = metric(name) else { return Vec::new() };
        self.state.runs.at(self.state.position()).filter(|run| run.metric == metric).collect()
    }

    /// The runs that go on or ended without a value; one that was started afresh never counts.
    fn ungiven(&self, name: Name) -> Vec<Run> {
        let mut runs = self.runs(name);
        runs.retain(|run| run.ended.is_none_or(|(_, how, _)| how == RunEnd::Dropped));
        runs
    }

    fn waited(&self, name: Name, run: &Run, until: Micros) -> Span {
        let Some((to, _, dropped)) = run.ended else {
            let to = until.max(run.started);
            return self.unended(name, run.started, to, self.known(to.saturating_add(1)));
        };
        // Until the event that dropped it, whose dimensions tell the target.
        let dropped = self.index(dropped);
        Span { last_seen: dropped, ..self.unended(name, run.started, to, dropped) }
    }

    /// How many events happened before an instant, at least the first.
    fn known(&self, before: Micros) -> usize {
        self.steps.partition_point(|step| step.at < before).max(1)
    }

    /// What goes on at `to`, of whose story so many events are known.
    fn unended(&self, name: Name, started: Micros, to: Micros, known: usize) -> Span {
        let known = known.max(1);
        let start = self.start(name, started, known);
        self.span(name, (started, to), known, start)
    }

    fn span(&self, name: Name, (from, to): (Micros, Micros), end: usize, start: Option<usize>) -> Span {
        let rule = self.rule(name);
        let folded = self.state.folded();
        let segments = segments(&self.steps[..end], (from, to), rule, folded.chosen, self.state.schedules());
        let value = segments.iter().map(Segment::counts).sum();
        let elapsed = rule.clock == Clock::Calendar;
        let last_seen = end.saturating_sub(1);
        Span { name, start, end: None, last_seen, to, value, elapsed, segments }
    }

    fn lasted(&self, name: Name, end: usize) -> Option<Lasted> {
        let measured = self.measured(end)?;
        let opened = self.steps[0].at;
        let of_closing = |value: fn(&ClosingValues) -> Micros| {
            measured.closing.as_ref().map(|closing| Lasted { started: opened, took: value(closing) })
        };
        match name {
            Name::FirstResponse => measured.first_response,
            Name::NextResponse => measured.next_response,
            Name::FirstResolution => measured.first_closing,
            Name::FullResolution if self.state.folded().ends == ResolutionEnds::FirstClose => measured.first_closing,
            Name::FullResolution => measured.closing.map(|closing| closing.full),
            Name::OpenTime => of_closing(|closing| closing.open),
            Name::RequesterWait => of_closing(|closing| closing.agent_work + closing.held_for_third_party),
            Name::CustomerWait => of_closing(|closing| closing.waiting_for_customer + closing.held_for_customer),
            Name::AgentWork => of_closing(|closing| closing.agent_work),
            Name::OnHold => of_closing(|closing| closing.held_for_customer + closing.held_for_third_party),
            Name::OnHoldCustomer => of_closing(|closing| closing.held_for_customer),
            Name::OnHoldThirdParty => of_closing(|closing| closing.held_for_third_party),
            Name::Stay => measured.stay.map(|took| Lasted { started: self.steps[end - 1].stay_begun, took }),
        }
    }

    fn rule(&self, name: Name) -> Rule {
        use Doing::{HeldForCustomer, HeldForThirdParty, WaitingForAgent, WaitingForCustomer};
        let folded = self.state.folded();
        match name {
            Name::FirstResponse => Rule::response(&folded.first_response),
            Name::NextResponse => Rule::response(&folded.next_response),
            Name::FirstResolution => Rule::whole(folded),
            Name::FullResolution => Rule::full(folded),
            Name::OpenTime | Name::Stay => Rule::open(folded),
            Name::RequesterWait => Rule::states(folded, &[WaitingForAgent, HeldForThirdParty]),
            Name::CustomerWait => Rule::states(folded, &[WaitingForCustomer, HeldForCustomer]),
            Name::AgentWork => Rule::states(folded, &[WaitingForAgent]),
            Name::OnHold => Rule::states(folded, &[HeldForCustomer, HeldForThirdParty]),
            Name::OnHoldCustomer => Rule::states(folded, &[HeldForCustomer]),
            Name::OnHoldThirdParty => Rule::states(folded, &[HeldForThirdParty]),
        }
    }

    /// The event before `end` that started a duration.
    fn start(&self, name: Name, started: Micros, end: usize) -> Option<usize> {
        let before = |index: usize| index.checked_sub(1).map(|before| &self.steps[before]);
        let starts = |index: &usize| {
            let (step, before) = (&self.steps[*index], before(*index));
            match name {
                Name::FirstResponse => {
                    step.first_since == Some(started) && before.is_none_or(|b| b.first_since != Some(started))
                }
                Name::NextResponse => {
                    let waits = |step: &Step| step.doing == Doing::WaitingForAgent;
                    step.at == started && waits(step) && before.is_none_or(|b| !waits(b))
                }
                Name::FullResolution if self.state.folded().resolution_per == Per::Cycle => begins_cycle(&step.deed),
                Name::Stay => step.stay_begun == started && begins_stay(&step.deed),
                _ => *index == 0,
            }
        };
        (0..end).rev().find(starts)
    }
}

/// The metric of a duration that can have a target.
pub(super) fn metric(name: Name) -> Option<TargetMetric> {
    match name {
        Name::FirstResponse => Some(TargetMetric::FirstResponse),
        Name::NextResponse => Some(TargetMetric::NextResponse),
        Name::FullResolution => Some(TargetMetric::FullResolution),
        _ => None,
    }
}

/// The duration of a metric.
pub(super) const fn name(metric: TargetMetric) -> Name {
    match metric {
        TargetMetric::FirstResponse => Name::FirstResponse,
        TargetMetric::NextResponse => Name::NextResponse,
        TargetMetric::FullResolution => Name::FullResolution,
    }
}

fn begins_cycle(deed: &Deed) -> bool {
    matches!(deed, Deed::Opened { .. } | Deed::Reopened { .. })
}

fn begins_stay(deed: &Deed) -> bool {
    begins_cycle(deed) || matches!(deed, Deed::Transferred { department: Some(moved), .. } if moved.from != moved.to)
}
