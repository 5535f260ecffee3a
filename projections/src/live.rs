//! The published state: one projector feeds it, everybody else reads it.
//!
//! A block is read from the log first and folded under the lock afterwards, so no lock outlives an await. Whoever reads
//! sees the state between two blocks; the state's own position is the one that its figures belong to.

pub mod resident;
#[cfg(test)]
mod tests;

use crate::definition::document::{Definition, Folded};
use crate::measurements::Measurements;
use crate::projector::{CatchUpError, fold_block, step};
use daftar_eventlog::{FactBlock, LogReader, Position};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;

/// How long events gather on a busy log before the next of them are folded, while nobody waits for one.
const GATHERING: Duration = Duration::from_millis(1);

/// A state that follows a log, and readers beside it.
pub struct Live {
    log: Arc<dyn LogReader>,
    state: RwLock<Measurements>,
    published: watch::Sender<Position>,
    /// Why the projector stopped; set before anybody can read what it left behind.
    failure: OnceLock<CatchUpError>,
    /// How many wait for a position in [`Live::seen`].
    awaited: watch::Sender<usize>,
}

impl Live {
    /// The state of nothing yet, measured under the default definition, to be fed from `log`.
    #[must_use]
    pub fn new(log: Arc<dyn LogReader>) -> Self {
        Self::under(Definition::default().folded(), log)
    }

    /// The same under other folded fields.
    #[must_use]
    pub fn under(folded: Folded, log: Arc<dyn LogReader>) -> Self {
        Self {
            log,
            state: RwLock::new(Measurements::under(folded)),
            published: watch::Sender::new(Position::ZERO),
            failure: OnceLock::new(),
            awaited: watch::Sender::new(0),
        }
    }

    /// The position published last, to read and to watch; the state may already be a little further.
    #[must_use]
    pub fn published(&self) -> watch::Receiver<Position> {
        self.published.subscribe()
    }

    /// Reads the state at one position: everything that `read` sees belongs to it. The projector waits meanwhile.
    ///
    /// # Errors
    ///
    /// Why the projector stopped, once it has: what it left behind is not to be read.
    pub fn read<T>(&self, read: impl FnOnce(&Measurements) -> T) -> Result<T, CatchUpError> {
        // A panic of the fold is caught and kept as the failure: it never poisons the lock.
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        self.running().map(|()| read(&state))
    }

    /// Waits until `position` is published; false when `timeout` passed first or the projector stopped.
    pub async fn seen(&self, position: Position, timeout: Duration) -> bool {
        if self.reached() < position {
            let _awaited = Awaited::one_more(&self.awaited);
            let mut published = self.published.subscribe();
            let decided = |reached: &Position| position <= *reached || self.failure.get().is_some();
            // What came of it is looked at below, in time or not.
            let _ = tokio::time::timeout(timeout, published.wait_for(decided)).await;
        }
        self.running().is_ok() && position <= self.reached()
    }

    /// Folds on until the end of the log as it is now, for start-up; tells how far it has come after every block.
    ///
    /// # Errors
    ///
    /// [`CatchUpError`]: the projector stopped, now or before, for good.
    pub async fn catch_up(&self, mut progress: impl FnMut(Position)) -> Result<(), CatchUpError> {
        let end = *self.log.durable().borrow();
        while self.is_behind(end)? && self.step().await? {
            progress(self.reached());
        }
        Ok(())
    }

    /// Follows the log until `stop` turns true, or nobody is left who could turn it. It folds, and waits for readers,
    /// on the thread it runs on.
    ///
    /// # Errors
    ///
    /// [`CatchUpError`]: the projector stopped, now or before, for good.
    pub async fn follow(&self, mut stop: watch::Receiver<bool>) -> Result<(), CatchUpError> {
        let mut durable = self.log.durable();
        while !is_stopped(&mut stop) {
            let end = *durable.borrow_and_update();
            if !self.is_behind(end)? || !self.step().await? {
                grown(&mut durable, &mut stop).await;
            } else if end <= self.reached() {
                self.gather(&mut stop).await;
            }
        }
        Ok(())
    }

    /// Why the projector stopped, if it has.
    fn running(&self) -> Result<(), CatchUpError> {
        self.failure.get().map_or(Ok(()), |failure| Err(failure.clone()))
    }

    fn reached(&self) -> Position {
        *self.published.borrow()
    }

    /// Whether a projector that has not failed is not at `end` yet.
    fn is_behind(&self, end: Position) -> Result<bool, CatchUpError> {
        self.running().map(|()| self.reached() < end)
    }

    /// Reads and folds the next block; false at the end of the log.
    async fn step(&self) -> Result<bool, CatchUpError> {
        let stepped = step(&*self.log, self.reached(), |block| self.fold(block)).await;
        if let Err(error) = &stepped {
            self.fail(error);
            // Those who wait for a position look up and find the failure.
            self.published.send_modify(|_| {});
        }
        stepped
    }

    fn fold(&self, block: &FactBlock) -> Result<bool, CatchUpError> {
        self.change(|state| fold_block(state, block, Position(u64::MAX)))
    }

    /// Changes the state and publishes its position.
    fn change(
        &self,
        change: impl FnOnce(&mut Measurements) -> Result<bool, CatchUpError>,
    ) -> Result<bool, CatchUpError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let changed = catch_unwind(AssertUnwindSafe(|| change(&mut state)));
        let position = state.position();
        let changed = changed.unwrap_or(Err(CatchUpError::Panicked { position }));
        if let Err(error) = &changed {
            self.fail(error);
        }
        // Not under the lock: a reader may hold on to the published position while it waits for the state.
        drop(state);
        if changed.is_ok() {
            self.published.send_replace(position);
        }
        changed
    }

    fn fail(&self, error: &CatchUpError) {
        // The first failure is the one to be told.
        self.failure.get_or_init(|| error.clone());
    }

    /// Lets events gather, unless somebody waits for one.
    async fn gather(&self, stop: &mut watch::Receiver<bool>) {
        let mut awaited = self.awaited.subscribe();
        tokio::select! {
            () = tokio::time::sleep(GATHERING) => {}
            _ = awaited.wait_for(|count| *count > 0) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Somebody who waits for a position, counted as long as they do.
struct Awaited<'a>(&'a watch::Sender<usize>);

impl<'a> Awaited<'a> {
    fn one_more(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

fn is_stopped(stop: &mut watch::Receiver<bool>) -> bool {
    *stop.borrow_and_update() || stop.has_changed().is_err()
}

/// Waits until the log has grown or `stop` was touched.
async fn grown(durable: &mut watch::Receiver<Position>, stop: &mut watch::Receiver<bool>) {
    let gone = tokio::select! {
        grown = durable.changed() => grown.is_err(),
        _ = stop.changed() => false,
    };
    if gone {
        // A log that is gone grows no more: all that can come is the end. What it says is looked at by the caller.
        let _ = stop.changed().await;
    }
}
