//! States of other bases beside the live one: built by threads of their own, kept while they are used, followed live.

mod feeding;
#[cfg(test)]
mod tests;

use super::Live;
use super::basis::Basis;
use crate::measurements::Measurements;
use crate::projector::CatchUpError;
use daftar_eventlog::{LogReader, Position};
use feeding::Feeding;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How many states are kept beside the live one at most.
pub const RESIDENT_MAX: usize = 6;
/// What they may take together unless it is said, in bytes as estimated by [`EVENT_BYTES`].
pub const BYTES_MAX: u64 = 2 << 30;
/// What a further state takes for each event of the log, in bytes: some 300 for a ticket of six events, rounded up.
pub const EVENT_BYTES: u64 = 64;
/// How many states may be built at a time.
const FOLDING_MAX: usize = 2;

/// How far a state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Whether it has come to the end of the log once, and is followed since.
    pub ready: bool,
    /// The last event folded.
    pub folded: Position,
    /// The log's end.
    pub of: Position,
}

/// Why there is no state to read yet.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotReady {
    /// It is being built, or followed, and has not come to the position asked for.
    #[error(
        "the figures under this definition are being made: folded {} of {} events; try again",
        counted(.0.folded),
        counted(.0.of)
    )]
    Folding(Progress),
    /// No other state can make room.
    #[error(
        "{0} states under other definitions are in use, as many as are kept at a time; try again when one is not asked any more"
    )]
    Full(usize),
    /// It could not be built, or followed.
    #[error(transparent)]
    Stopped(#[from] CatchUpError),
}

/// States over one log beside its live one, the one used last at the end.
pub struct Resident {
    log: Arc<dyn LogReader>,
    live: Arc<Live>,
    bytes_max: u64,
    folding: Arc<Semaphore>,
    states: Mutex<Vec<Arc<State>>>,
}

struct State {
    basis: Basis,
    live: Arc<Live>,
    feeding: Feeding,
}

impl State {
    fn start(basis: &Basis, log: Arc<dyn LogReader>, folding: Arc<Semaphore>) -> Result<Self, CatchUpError> {
        let live = Arc::new(Live::of(basis.clone(), log));
        let feeding = Feeding::start(Arc::clone(&live), folding)?;
        Ok(Self { basis: basis.clone(), live, feeding })
    }

    /// Whether somebody waits for it, reads it, or is to be followed by it. The caller holds it once beside the list.
    fn is_used(self: &Arc<Self>) -> bool {
        1 < Arc::strong_count(self) || self.feeding.is_shared(&self.live) || self.live.is_read()
    }
}

impl Resident {
    /// None yet, beside `live`; together they may take so many bytes, as estimated, and one may always be there.
    #[must_use]
    pub fn beside(live: Arc<Live>, log: Arc<dyn LogReader>, bytes_max: u64) -> Self {
        Self { log, live, bytes_max, folding: Arc::new(Semaphore::new(FOLDING_MAX)), states: Mutex::default() }
    }

    /// The newest state of this basis that has come to `position`, the live one or another. One that is not there yet is
    /// begun, and waited for as long as `timeout`; it is built on whether anybody waits or not.
    ///
    /// # Errors
    ///
    /// [`NotReady`] when it has not come there in time, or cannot.
    pub async fn snapshot(
        &self,
        basis: &Basis,
        position: Position,
        timeout: Duration,
    ) -> Result<Arc<Measurements>, NotReady> {
        if let Some(state) = self.of_live(basis, position, timeout).await? {
            return Ok(state);
        }
        let state = self.state(basis)?;
        if state.live.seen(position, timeout).await {
            return Ok(state.live.snapshot()?);
        }
        if state.live.is_retired() && self.live.turned_to(basis, position, timeout).await {
            return self.of_live(basis, position, timeout).await?.ok_or_else(|| self.behind(basis));
        }
        if let Err(failure) = state.live.running() {
            self.states().retain(|kept| !Arc::ptr_eq(kept, &state));
            return Err(failure.into());
        }
        Err(self.behind(basis))
    }

    /// The live state, where it is of this basis, once it has come to `position`.
    async fn of_live(
        &self,
        basis: &Basis,
        position: Position,
        timeout: Duration,
    ) -> Result<Option<Arc<Measurements>>, NotReady> {
        if !basis.is_of(&*self.live.snapshot()?) {
            return Ok(None);
        }
        if !self.live.seen(position, timeout).await {
            self.live.running()?;
            return Err(self.behind(basis));
        }
        // Another may have taken its place meanwhile.
        Ok(Some(self.live.snapshot()?).filter(|state| basis.is_of(state)))
    }

    /// Begins a state of this basis, unless it is there.
    ///
    /// # Errors
    ///
    /// [`NotReady`] when there is no room for it, or it cannot be begun.
    pub fn prepare(&self, basis: &Basis) -> Result<(), NotReady> {
        if basis.is_of(&*self.live.snapshot()?) { Ok(()) } else { self.state(basis).map(drop) }
    }

    /// How far the state of this basis is; none: nobody has asked for it lately.
    #[must_use]
    pub fn progress(&self, basis: &Basis) -> Option<Progress> {
        if self.live.read(|state| basis.is_of(state)).unwrap_or(false) {
            return Some(self.progress_of(&self.live));
        }
        let states = self.states();
        states.iter().find(|state| state.basis == *basis).map(|state| self.progress_of(&state.live))
    }

    /// Lets a state of this basis take the place of the live one, whole, as soon as it has come to the end of the log.
    ///
    /// # Errors
    ///
    /// [`NotReady`] when there is no room for it, or it cannot be begun.
    pub fn let_succeed(&self, basis: &Basis) -> Result<(), NotReady> {
        if basis.is_of(&*self.live.snapshot()?) {
            self.live.let_succeed(None);
            return Ok(());
        }
        self.live.let_succeed(Some(Arc::clone(&self.state(basis)?.live)));
        Ok(())
    }

    /// What to tell whoever waited for a state of this basis in vain.
    #[must_use]
    pub fn behind(&self, basis: &Basis) -> NotReady {
        let nothing = || Progress { ready: false, folded: Position::ZERO, of: *self.log.durable().borrow() };
        NotReady::Folding(self.progress(basis).unwrap_or_else(nothing))
    }

    fn progress_of(&self, live: &Live) -> Progress {
        let of = *self.log.durable().borrow();
        // What is published up to the end is ready before its projector has taken note of that.
        Progress { ready: live.is_level() || of <= live.reached(), folded: live.folded().min(of), of }
    }

    /// The state of this basis, as the one used last; those used the longest ago make room.
    fn state(&self, basis: &Basis) -> Result<Arc<State>, NotReady> {
        if let Some(kept) = used(&mut self.states(), basis) {
            return Ok(kept);
        }
        // Schedules are prepared without holding anybody up; somebody else may have done the same meanwhile.
        let state = State::start(basis, Arc::clone(&self.log), Arc::clone(&self.folding))?;
        let state = Arc::new(state);
        let mut states = self.states();
        if let Some(kept) = used(&mut states, basis) {
            return Ok(kept);
        }
        let gone = self.make_room(&mut states);
        if gone.is_ok() {
            states.push(Arc::clone(&state));
        }
        // Their threads are waited for without holding anybody up.
        drop(states);
        gone.map(|_gone| state)
    }

    /// Takes states out until one more has room, those used the longest ago first. One in use stays.
    fn make_room(&self, states: &mut Vec<Arc<State>>) -> Result<Vec<Arc<State>>, NotReady> {
        let mut gone = Vec::new();
        while self.states_max() <= states.len() {
            let oldest = states.iter().position(|state| !state.is_used());
            gone.push(states.remove(oldest.ok_or(NotReady::Full(states.len()))?));
        }
        Ok(gone)
    }

    /// How many states may be there, as large as the log is now.
    fn states_max(&self) -> usize {
        let bytes = self.log.durable().borrow().0.saturating_mul(EVENT_BYTES).max(1);
        usize::try_from(self.bytes_max / bytes).unwrap_or(RESIDENT_MAX).clamp(1, RESIDENT_MAX)
    }

    fn states(&self) -> MutexGuard<'_, Vec<Arc<State>>> {
        // A list of states is whole whoever panicked while holding it.
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state of this basis, moved to the end; it never leaves the list, so that nobody builds another.
fn used(states: &mut Vec<Arc<State>>, basis: &Basis) -> Option<Arc<State>> {
    // One that another took over is not followed any more; what stopped one may be gone by now.
    states.retain(|state| !state.live.is_retired() && state.live.running().is_ok());
    let place = states.iter().position(|state| state.basis == *basis)?;
    states[place..].rotate_left(1);
    states.last().cloned()
}

/// A number of events with commas between thousands.
fn counted(Position(events): Position) -> String {
    let digits = events.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}
