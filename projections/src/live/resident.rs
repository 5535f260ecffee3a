//! States under other definitions than the live one: folded when first asked for, kept while they are asked for.

#[cfg(test)]
mod tests;

use super::Live;
use crate::definition::document::Folded;
use crate::measurements::Measurements;
use crate::projector::CatchUpError;
use daftar_eventlog::LogReader;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// How many states are kept beside the live one.
pub const RESIDENT_MAX: usize = 6;
/// How many states may be folded at a time.
const FOLDING_MAX: usize = 2;

/// States over one log, the one used last at the end.
pub struct Resident {
    log: Arc<dyn LogReader>,
    states: Mutex<Vec<Arc<State>>>,
    folding: Semaphore,
}

struct State {
    folded: Folded,
    live: Live,
    /// Held by whoever feeds it: there is never more than one.
    feeding: tokio::sync::Mutex<()>,
}

impl State {
    fn new(folded: Folded, log: Arc<dyn LogReader>) -> Self {
        Self { live: Live::under(folded.clone(), log), folded, feeding: tokio::sync::Mutex::default() }
    }
}

impl Resident {
    /// None yet.
    #[must_use]
    pub fn new(log: Arc<dyn LogReader>) -> Self {
        Self { log, states: Mutex::default(), folding: Semaphore::new(FOLDING_MAX) }
    }

    /// Reads the state measured under `folded`, once it has come to the end of the log as it is now. A state that is not
    /// there yet is folded from the whole log, on the thread this runs on.
    ///
    /// # Errors
    ///
    /// Why the state could not be brought up to the end of the log.
    pub async fn read<T>(&self, folded: &Folded, read: impl FnOnce(&Measurements) -> T) -> Result<T, CatchUpError> {
        let state = self.state(folded);
        let caught_up = {
            let _feeding = state.feeding.lock().await;
            // Never closed: the permit is only not to be had later.
            let _folding = self.folding.acquire().await;
            state.live.catch_up(|_| {}).await
        };
        if caught_up.is_err() {
            // What stopped it may be gone when it is asked for again.
            self.states().retain(|kept| !Arc::ptr_eq(kept, &state));
        }
        caught_up?;
        state.live.read(read)
    }

    /// The state under these fields, as the one used last; the one that was used the longest ago makes room.
    fn state(&self, folded: &Folded) -> Arc<State> {
        if let Some(kept) = used(&mut self.states(), folded) {
            return kept;
        }
        // Schedules are prepared without holding anybody up; somebody else may have done the same meanwhile.
        let state = Arc::new(State::new(folded.clone(), Arc::clone(&self.log)));
        let mut states = self.states();
        if let Some(kept) = used(&mut states, folded) {
            return kept;
        }
        states.push(Arc::clone(&state));
        let too_many = states.len().saturating_sub(RESIDENT_MAX);
        states.drain(..too_many);
        state
    }

    fn states(&self) -> std::sync::MutexGuard<'_, Vec<Arc<State>>> {
        // A list of states is whole whoever panicked while holding it.
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state under these fields, moved to the end; it never leaves the list, so that nobody folds another.
fn used(states: &mut [Arc<State>], folded: &Folded) -> Option<Arc<State>> {
    let place = states.iter().position(|state| state.folded == *folded)?;
    states[place..].rotate_left(1);
    states.last().cloned()
}
