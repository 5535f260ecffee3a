//! What lists of tickets need of a running state.

use super::{Doing, GivenScore, InForce, Micros, TicketFacts};

/// What lists of tickets need of a running state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineFacts {
    pub(crate) version: u32,
    pub(crate) opened_at: Micros,
    /// When its last event happened.
    pub(crate) last_event_at: Micros,
    pub(crate) doing: Doing,
    /// Since when it does that.
    doing_since: Micros,
    /// Since when a first response is waited for.
    pub(crate) first_since: Option<Micros>,
    pub(crate) reopenings: u32,
    pub(crate) in_force: InForce,
    /// Reason and form of its latest closing, also when it was reopened since.
    pub(crate) closed_for: (u16, u16),
    pub(crate) last_score: Option<GivenScore>,
}

impl LineFacts {
    pub(crate) fn of(facts: &TicketFacts) -> Self {
        Self {
            version: facts.version,
            opened_at: facts.opened_at,
            last_event_at: facts.last_event_at,
            doing: facts.doing,
            doing_since: facts.doing_since,
            first_since: facts.response.first_since(),
            reopenings: facts.reopenings,
            in_force: facts.in_force,
            closed_for: facts.closed_for,
            last_score: facts.last_score,
        }
    }

    /// Since when an open ticket waits for whom it waits; a hold, its end and a reopening begin anew.
    pub(crate) fn waiting_since(&self) -> Option<Micros> {
        self.doing.is_open().then_some(self.doing_since)
    }
}
