//! Room among states: which of them go when one more comes or the log has grown, and how they are let go of.

use super::{EVENT_BYTES, HAPPENED_BY_MAX, NotReady, RESIDENT_MAX, Resident, State};
use crate::live::basis::Basis;
use std::sync::{Arc, PoisonError};

impl Resident {
    /// Takes out what is of no use any more, and what the log has grown too large for.
    pub(super) fn look_through(&self) {
        let mut states = self.states();
        let mut gone: Vec<_> = states.extract_if(.., |state| state.is_over()).collect();
        let end = *self.log.durable().borrow();
        while self.states_max() < states.len()
            && let Some(oldest) = states.iter().position(|state| !state.is_used(end))
        {
            gone.push(states.remove(oldest));
        }
        drop(states);
        self.let_go_of_all(gone);
    }

    /// Takes states out until one more has room; see [`Resident::making_room`].
    pub(super) fn make_room(&self, states: &mut Vec<Arc<State>>, basis: &Basis) -> Result<Vec<Arc<State>>, NotReady> {
        let mut places = self.making_room(states, basis)?;
        places.sort_unstable();
        Ok(places.into_iter().rev().map(|place| states.remove(place)).collect())
    }

    /// The places of the states to be taken out until one more has room, those used the longest ago first. One in use
    /// stays. Those that leave out what happened later make room for each other where there are any, so that instants
    /// don't drive out definitions.
    pub(super) fn making_room(&self, states: &[Arc<State>], basis: &Basis) -> Result<Vec<usize>, NotReady> {
        let (end, mut gone) = (*self.log.durable().borrow(), Vec::new());
        loop {
            let stay = || states.iter().enumerate().filter(|(place, _)| !gone.contains(place));
            let leaving_out = stay().filter(|(_, state)| state.leaves_out()).count();
            let among_themselves = basis.happened_by.is_some() && 0 < leaving_out;
            let too_many = among_themselves && HAPPENED_BY_MAX <= leaving_out;
            if !too_many && stay().count() < self.states_max() {
                return Ok(gone);
            }
            let oldest = stay().find(|(_, state)| (!among_themselves || state.leaves_out()) && !state.is_used(end));
            let (oldest, _) = oldest.ok_or_else(|| NotReady::Full(stay().count()))?;
            gone.push(oldest);
        }
    }

    /// Lets go of states on a thread of their own: theirs are waited for, and large ones take a while to free.
    pub(super) fn let_go_of_all(&self, gone: Vec<Arc<State>>) {
        if gone.iter().all(|state| 1 < Arc::strong_count(state)) {
            return;
        }
        let thread = std::thread::Builder::new().name("daftar-letting-go".to_owned());
        // Where there is no thread to be had, they are let go of here.
        if let Ok(thread) = thread.spawn(move || drop(gone)) {
            let mut letting_go = self.letting_go.lock().unwrap_or_else(PoisonError::into_inner);
            letting_go.retain(|thread| !thread.is_finished());
            letting_go.push(thread);
        }
    }

    /// How many states may be there, as large as the log is now.
    fn states_max(&self) -> usize {
        let bytes = self.log.durable().borrow().0.saturating_mul(EVENT_BYTES).max(1);
        usize::try_from(self.bytes_max / bytes).unwrap_or(RESIDENT_MAX).clamp(1, RESIDENT_MAX)
    }
}
