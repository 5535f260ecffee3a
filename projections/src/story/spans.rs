//! From which event to which a duration goes, and what is counted between them.

use super::Story;
use super::deed::Deed;
use super::measured::{ClosingValues, Lasted};
use super::segments::{Rule, Segment, segments};
use super::step::Step;
use super::words::Name;
use crate::definition::document::{Clock, Per, TargetMetric};
use crate::measurements::runs::RunEnd;
use crate::ticket_facts::{Doing, Micros};

/// A duration.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) name: Name,
    /// The event that started it; none: its end came before any start.
    pub(super) start: Option<usize>,
    /// The event that ended it; none: it was still running.
    pub(super) end: Option<usize>,
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
        (span.end, span.value) = (Some(end), took);
        Some(span)
    }

    /// What runs, or ran and was never given, as the event before `seen` and the instant `at` have it.
    pub(super) fn running(&self, name: Name, seen: usize, at: Micros) -> Option<Span> {
        let metric = metric(name)?;
        // One that was started afresh never counts.
        let ungiven = |how: &RunEnd| *how == RunEnd::Dropped;
        let runs = self.state.runs.at(self.state.position()).filter(|run| run.metric == metric);
        let runs: Vec<_> = runs.filter(|run| run.ended.as_ref().is_none_or(|(_, how, _)| ungiven(how))).collect();
        let begun = runs.iter().rev().find(|run| run.since <= self.steps[seen].at);
        let run = begun.or(runs.first())?;
        let to = run.ended.map_or(at, |(to, ..)| to).max(run.started);
        let ended = run.ended.map(|(.., position)| self.index(position));
        let last = ended.unwrap_or_else(|| self.steps.partition_point(|step| step.at <= to)).max(1);
        let start = self.start(name, run.started, last);
        Some(self.span(name, (run.started, to), last, start))
    }

    fn span(&self, name: Name, (from, to): (Micros, Micros), end: usize, start: Option<usize>) -> Span {
        let rule = self.rule(name);
        let folded = self.state.folded();
        let segments = segments(&self.steps[..end], (from, to), rule, folded.chosen, self.state.schedules());
        let value = segments.iter().map(Segment::counts).sum();
        let elapsed = rule.clock == Clock::Calendar;
        Span { name, start, end: None, to, value, elapsed, segments }
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

fn begins_cycle(deed: &Deed) -> bool {
    matches!(deed, Deed::Opened { .. } | Deed::Reopened { .. })
}

fn begins_stay(deed: &Deed) -> bool {
    begins_cycle(deed) || matches!(deed, Deed::Transferred { department: Some(moved), .. } if moved.from != moved.to)
}
