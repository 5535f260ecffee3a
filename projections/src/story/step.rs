//! The recorder: each event of a ticket with what stood after it.

use super::deed::Deed;
use crate::business_time::ScheduleClass;
use crate::measurements::{FoldError, Measurements};
use crate::ticket_facts::{Clocks, ClocksRun, Doing, InForce, Micros};
use daftar_eventlog::{FactRow, Position};

/// One event, and what stood after it.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) position: Position,
    pub(super) version: u32,
    pub(super) at: Micros,
    pub(super) deed: Deed,
    /// The cycle the ticket is in, or was in last; from 1.
    pub(super) cycle: u32,
    pub(super) doing: Doing,
    pub(super) in_force: InForce,
    /// The schedule that time is counted by from here on.
    pub(super) class: ScheduleClass,
    /// The schedule of the branch and department in force.
    pub(super) class_now: ScheduleClass,
    /// Since when a first response is waited for.
    pub(super) first_since: Option<Micros>,
    /// When its stay in its department began.
    pub(super) stay_begun: Micros,
}

impl Step {
    /// The step that the event just folded made; `before` is the one before it.
    ///
    /// The state knows this one ticket, so its facts are the first.
    pub(super) fn after(state: &Measurements, row: &FactRow<'_>, before: Option<&Self>) -> Result<Self, FoldError> {
        let no_ticket = FoldError::OutOfOrder("an event in a ticket's stream is no ticket's");
        let facts = row.decode()?;
        let stood = before.map(|step| step.in_force).unwrap_or_default();
        let deed = Deed::of(&facts, stood, &state.dimensions).ok_or_else(|| no_ticket.clone())?;
        let ticket = state.facts(0).ok_or(no_ticket)?;
        let run = ClocksRun::under(state.folded());
        let clocks = Clocks::new(state.folded(), state.schedules(), &state.dimensions, run);
        Ok(Self {
            position: row.position,
            version: row.version.0,
            at: row.occurred_at.micros(),
            deed,
            cycle: ticket.reopenings.saturating_add(1),
            doing: ticket.doing,
            in_force: ticket.in_force,
            class: ticket.class,
            class_now: clocks.class(&ticket.in_force),
            first_since: ticket.response.first_since(),
            stay_begun: ticket.stay_begun.at,
        })
    }
}
