//! States of other bases beside the live one: built by threads of their own, kept while they are used, followed live.

mod feeding;
mod room;
#[cfg(test)]
mod tests;

use super::Live;
use super::basis::Basis;
use crate::measurements::Measurements;
use crate::projector::CatchUpError;
use daftar_eventlog::{LogReader, Position};
use feeding::Feeding;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How many states are kept beside the live one at most.
pub const RESIDENT_MAX: usize = 6;
/// What they may take together unless it is said, in bytes as estimated by [`EVENT_BYTES`].
pub const BYTES_MAX: u64 = 2 << 30;
/// What a further state takes for each event of the log, in bytes: some 300 for a ticket of six events, rounded up.
pub const EVENT_BYTES: u64 = 64;
/// How many of them may leave out what happened later: every instant asked for is another.
pub const HAPPENED_BY_MAX: usize = 2;
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
        "{0} states under other definitions are in use or being made, as many as are kept at a time; try again in a while"
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
    states: States,
    /// The threads on which states are let go of.
    letting_go: Mutex<Vec<JoinHandle<()>>>,
}

type States = Arc<Mutex<Vec<Arc<State>>>>;

struct State {
    basis: Basis,
    live: Arc<Live>,
    feeding: OnceLock<Feeding>,
}

impl State {
    /// One that nobody feeds yet, beside the live one.
    fn new(basis: &Basis, live: &Arc<Live>, log: Arc<dyn LogReader>) -> Self {
        let live = Live::beside(live, basis.clone(), log);
        Self { basis: basis.clone(), live: Arc::new(live), feeding: OnceLock::new() }
    }

    /// Whether somebody waits for it, reads it, or is to be followed by it, or it is still being built: whoever asked for
    /// it comes back. The caller holds the list, which holds it once, and nothing else of it.
    fn is_used(self: &Arc<Self>, end: Position) -> bool {
        let shared = || self.feeding.get().is_some_and(|feeding| feeding.is_shared(&self.live));
        1 < Arc::strong_count(self) || shared() || self.live.is_read() || !is_ready(&self.live, end)
    }

    /// Whether it is of no use any more: another took it over, or it stopped for a reason that may be gone by now.
    fn is_over(&self) -> bool {
        self.live.is_retired() || self.live.running().is_err()
    }

    fn leaves_out(&self) -> bool {
        self.basis.happened_by.is_some()
    }
}

impl Resident {
    /// None yet, beside `live`; together they may take so many bytes, as estimated, and one may always be there.
    #[must_use]
    pub fn beside(live: Arc<Live>, log: Arc<dyn LogReader>, bytes_max: u64) -> Self {
        let folding = Arc::new(Semaphore::new(FOLDING_MAX));
        Self { log, live, bytes_max, folding, states: States::default(), letting_go: Mutex::default() }
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
        let Some(state) = self.state(basis)? else {
            // It has taken the place of the live one just now.
            return self.of_live(basis, position, timeout).await?.ok_or_else(|| self.behind(basis));
        };
        if state.live.seen(position, timeout).await {
            return Ok(state.live.snapshot()?);
        }
        let (retired, failure) = (state.live.is_retired(), state.live.running().err());
        self.let_go_of_all(vec![state]);
        if retired && self.live.turned_to(basis, position, timeout).await {
            return self.of_live(basis, position, timeout).await?.ok_or_else(|| self.behind(basis));
        }
        if let Some(failure) = failure {
            self.look_through();
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
        self.state(basis).map(drop)
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
        let is_there = basis.is_of(&*self.live.snapshot()?);
        let heir = if is_there { None } else { self.state(basis)? };
        self.live.let_succeed(heir.map(|state| Arc::clone(&state.live)));
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
        Progress { ready: is_ready(live, of), folded: live.folded().min(of), of }
    }

    /// The state of this basis, as the one used last; those used the longest ago make room. None: it is the live one.
    fn state(&self, basis: &Basis) -> Result<Option<Arc<State>>, NotReady> {
        let kept = used(&mut self.states(), basis);
        self.look_through();
        if kept.is_some() {
            return Ok(kept);
        }
        let mut states = self.states();
        if let Some(kept) = used(&mut states, basis) {
            return Ok(Some(kept));
        }
        // Whatever leaves the list because the live state took it over is published there before.
        if basis.is_of(&*self.live.snapshot()?) {
            return Ok(None);
        }
        // Nothing is begun that has no room.
        self.making_room(&states, basis)?;
        drop(states);
        // Schedules are prepared without holding anybody up; somebody else may have done the same meanwhile.
        self.begin(Arc::new(State::new(basis, &self.live, Arc::clone(&self.log))))
    }

    /// Puts a new state into the list and begins to feed it, unless another of its basis came first.
    fn begin(&self, state: Arc<State>) -> Result<Option<Arc<State>>, NotReady> {
        let mut states = self.states();
        if let Some(kept) = used(&mut states, &state.basis) {
            return Ok(Some(kept));
        }
        if state.basis.is_of(&*self.live.snapshot()?) {
            return Ok(None);
        }
        let gone = self.make_room(&mut states, &state.basis)?;
        let over = leave_when_retired(&self.states, &state.live);
        let feeding = Feeding::start(Arc::clone(&state.live), Arc::clone(&self.folding), over);
        let begun = feeding.map(|feeding| {
            state.feeding.get_or_init(|| feeding);
            states.push(Arc::clone(&state));
            Some(state)
        });
        drop(states);
        self.let_go_of_all(gone);
        Ok(begun?)
    }

    fn states(&self) -> MutexGuard<'_, Vec<Arc<State>>> {
        // A list of states is whole whoever panicked while holding it.
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        // Whoever closes the log must not find it held.
        for thread in std::mem::take(&mut *self.letting_go.lock().unwrap_or_else(PoisonError::into_inner)) {
            let _ = thread.join();
        }
        let states = std::mem::take(&mut *self.states());
        drop(states);
    }
}

/// What is published up to the end is ready before its projector has taken note of that.
fn is_ready(live: &Live, end: Position) -> bool {
    live.is_level() || end <= live.reached()
}

/// Takes the state out of the list whose live one was taken over: it would keep what nobody reads any more.
fn leave_when_retired(states: &States, live: &Arc<Live>) -> impl FnOnce() + Send + 'static {
    let (states, live) = (Arc::downgrade(states), Arc::downgrade(live));
    move || {
        let Some(states) = states.upgrade() else { return };
        let mut kept = states.lock().unwrap_or_else(PoisonError::into_inner);
        let left = kept.iter().position(|state| state.live.is_retired() && Arc::as_ptr(&state.live) == live.as_ptr());
        let left = left.map(|place| kept.remove(place));
        drop(kept);
        drop(left);
    }
}

/// The state of this basis, moved to the end; it never leaves the list, so that nobody builds another.
fn used(states: &mut [Arc<State>], basis: &Basis) -> Option<Arc<State>> {
    let place = states.iter().position(|state| state.basis == *basis && !state.is_over())?;
    states[place..].rotate_left(1);
    states.last().cloned()
}

/// A number of events with commas between thousands.
fn counted(Position(events): Position) -> String {
    let digits = events.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}
