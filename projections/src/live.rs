//! The published state: one projector feeds it, everybody else reads it.
//!
//! # Layout
//!
//! - [`published`]: the newest value, to be taken whole without a lock that the projector waits at
//! - [`basis`]: what a state is made of; [`resident`]: states of other bases beside this one
//!
//! The projector folds into a state of its own and publishes copies, which share what has not changed since. A reader
//! takes one and keeps it as long as it likes; the copy's own position is the one that its figures belong to.

pub mod basis;
pub mod published;
pub mod resident;
#[cfg(test)]
mod tests;

use crate::definition::document::{Definition, Folded};
use crate::measurements::Measurements;
use crate::projector::{CatchUpError, fold_block, step};
use basis::Basis;
use daftar_eventlog::{FactBlock, LogReader, Position};
use published::Published;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// What [`published`] is made of.
mod sync {
    pub(super) use std::sync::{Arc, PoisonError, RwLock};
    pub(super) use tokio::sync::watch;
}

/// How long events gather on a busy log before the next of them are folded, while nobody waits for one.
const GATHERING: Duration = Duration::from_millis(1);
/// How many events are folded at most before they are published, while catching up.
const UNPUBLISHED_MAX: u64 = 100_000;

/// A state that follows a log, and readers beside it.
pub struct Live {
    log: Arc<dyn LogReader>,
    /// Held by whoever feeds it; readers never take it.
    working: Mutex<Working>,
    /// How far the working state has come.
    folded: AtomicU64,
    published: Published<Measurements>,
    /// Whether everything in the log was published once.
    level: watch::Sender<bool>,
    /// The state that takes the place of this one as soon as it is level.
    heir: watch::Sender<Option<Arc<Live>>>,
    /// Whether another state has taken over from this one.
    retired: watch::Sender<bool>,
    /// Why the projector stopped; set before anybody can read what it left behind.
    failure: OnceLock<CatchUpError>,
    /// How many wait for a position in [`Live::seen`].
    awaited: watch::Sender<usize>,
}

/// What is folded into.
struct Working {
    state: Measurements,
    /// Whether it differs from what is published.
    is_news: bool,
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
        Self::of(folded.into(), log)
    }

    /// The same of another basis.
    #[must_use]
    pub fn of(basis: Basis, log: Arc<dyn LogReader>) -> Self {
        let state = basis.nothing_yet();
        Self {
            log,
            published: Published::new(Arc::new(state.published())),
            working: Mutex::new(Working { state, is_news: false }),
            folded: AtomicU64::new(0),
            level: watch::Sender::new(false),
            heir: watch::Sender::new(None),
            retired: watch::Sender::new(false),
            failure: OnceLock::new(),
            awaited: watch::Sender::new(0),
        }
    }

    /// The position published last, to read and to watch; what is read then is there, or already a little further.
    #[must_use]
    pub fn published(&self) -> watch::Receiver<Position> {
        self.published.announced()
    }

    /// The newest published state: everything in it belongs to its own position, however long it is held.
    ///
    /// # Errors
    ///
    /// Why the projector stopped, once it has: nothing newer would ever come.
    pub fn snapshot(&self) -> Result<Arc<Measurements>, CatchUpError> {
        let state = self.published.load();
        self.running().map(|()| state)
    }

    /// Reads the newest published state. The projector goes on meanwhile.
    ///
    /// # Errors
    ///
    /// Why the projector stopped, once it has.
    pub fn read<T>(&self, read: impl FnOnce(&Measurements) -> T) -> Result<T, CatchUpError> {
        self.snapshot().map(|state| read(&state))
    }

    /// How many events were folded, published or not.
    #[must_use]
    pub fn folded(&self) -> Position {
        Position(self.folded.load(Ordering::Relaxed))
    }

    /// Whether it has once come to the end of the log, as it was then.
    #[must_use]
    pub fn is_level(&self) -> bool {
        *self.level.borrow()
    }

    /// Whether another state has taken over from this one, which need not be fed any more.
    pub(crate) fn is_retired(&self) -> bool {
        *self.retired.borrow()
    }

    /// Waits until another state has taken over from this one.
    pub(crate) async fn retired(&self) {
        // The sender is not gone while this one is there.
        let _ = self.retired.subscribe().wait_for(|retired| *retired).await;
    }

    /// Whether somebody holds the newest state, to read it.
    pub(crate) fn is_read(&self) -> bool {
        // The slot's hold and this one.
        2 < Arc::strong_count(&self.published.load())
    }

    /// Lets another state over the same log take the place of this one, whole, once that has come to the log's end;
    /// until then this one goes on. The one named last counts; none: nothing follows.
    pub fn let_succeed(&self, heir: Option<Arc<Self>>) {
        self.heir.send_if_modified(|named| {
            let is_other = named.as_ref().map(Arc::as_ptr) != heir.as_ref().map(Arc::as_ptr);
            *named = heir;
            is_other
        });
    }

    /// The state that is to take the place of this one.
    #[must_use]
    pub fn heir(&self) -> Option<Arc<Self>> {
        self.heir.borrow().clone()
    }

    /// Waits until `position` is published; false when `timeout` passed first or the projector stopped.
    pub async fn seen(&self, position: Position, timeout: Duration) -> bool {
        self.comes_to(timeout, |reached| position <= reached).await
    }

    /// Waits until a state of this basis, and as far as `position`, is published; false as [`Live::seen`].
    pub async fn turned_to(&self, basis: &Basis, position: Position, timeout: Duration) -> bool {
        let turned = |reached| position <= reached && basis.is_of(&self.published.load());
        self.comes_to(timeout, turned).await
    }

    async fn comes_to(&self, timeout: Duration, there: impl Fn(Position) -> bool) -> bool {
        if !there(self.reached()) {
            let _awaited = Awaited::one_more(&self.awaited);
            let mut published = self.published();
            let decided = |reached: &Position| there(*reached) || self.failure.get().is_some();
            // What came of it is looked at below, in time or not.
            let _ = tokio::time::timeout(timeout, published.wait_for(decided)).await;
        }
        self.running().is_ok() && there(self.reached())
    }

    /// Folds on until the end of the log as it is now, for start-up; tells how far it has come after every block.
    ///
    /// # Errors
    ///
    /// [`CatchUpError`]: the projector stopped, now or before, for good.
    pub async fn catch_up(&self, mut progress: impl FnMut(Position)) -> Result<(), CatchUpError> {
        let end = *self.log.durable().borrow();
        while self.is_behind(end)? && self.step().await? {
            progress(self.folded());
        }
        self.come_to_the_end();
        Ok(())
    }

    /// Follows the log until `stop` turns true, or nobody is left who could turn it. It folds on the thread it runs on.
    ///
    /// # Errors
    ///
    /// [`CatchUpError`]: the projector stopped, now or before, for good.
    pub async fn follow(&self, stop: watch::Receiver<bool>) -> Result<(), CatchUpError> {
        self.feed(stop, false).await
    }

    /// The same until it is level with the log, or stopped.
    ///
    /// # Errors
    ///
    /// As [`Live::follow`].
    pub async fn follow_until_level(&self, stop: watch::Receiver<bool>) -> Result<(), CatchUpError> {
        self.feed(stop, true).await
    }

    async fn feed(&self, mut stop: watch::Receiver<bool>, until_level: bool) -> Result<(), CatchUpError> {
        let mut durable = self.log.durable();
        while !is_stopped(&mut stop) {
            self.inherit();
            let end = *durable.borrow_and_update();
            let grew = self.is_behind(end)? && self.step().await?;
            if grew && self.folded() < end {
                continue;
            }
            self.come_to_the_end();
            if until_level {
                break;
            }
            if grew {
                self.gather(&mut stop).await;
            } else {
                self.grown(&mut durable, &mut stop).await;
            }
        }
        Ok(())
    }

    /// Publishes what was kept back, and takes note of having come so far.
    fn come_to_the_end(&self) {
        self.publish();
        self.level.send_if_modified(|level| !std::mem::replace(level, true));
    }

    /// Why the projector stopped, if it has.
    fn running(&self) -> Result<(), CatchUpError> {
        self.failure.get().map_or(Ok(()), |failure| Err(failure.clone()))
    }

    fn reached(&self) -> Position {
        self.published.reached()
    }

    /// Whether a projector that has not failed is not at `end` yet.
    fn is_behind(&self, end: Position) -> Result<bool, CatchUpError> {
        self.running().map(|()| self.folded() < end)
    }

    /// Reads and folds the next block; false at the end of the log.
    async fn step(&self) -> Result<bool, CatchUpError> {
        let stepped = step(&*self.log, self.folded(), |block| self.fold(block)).await;
        match &stepped {
            Err(error) => {
                self.fail(error);
                // Those who wait for a position look up and find the failure.
                self.published.wake();
            }
            Ok(_) if self.is_due() => self.publish(),
            Ok(_) => {}
        }
        stepped
    }

    fn fold(&self, block: &FactBlock) -> Result<bool, CatchUpError> {
        self.change(|state| fold_block(state, block, Position(u64::MAX)))
    }

    /// Changes the working state.
    fn change(
        &self,
        change: impl FnOnce(&mut Measurements) -> Result<bool, CatchUpError>,
    ) -> Result<bool, CatchUpError> {
        // A panic of the fold is caught and kept as the failure: it never poisons the lock.
        let mut working = self.working();
        let changed = catch_unwind(AssertUnwindSafe(|| change(&mut working.state)));
        let position = working.state.position();
        let changed = changed.unwrap_or(Err(CatchUpError::Panicked { position }));
        match &changed {
            Err(error) => self.fail(error),
            Ok(_) => self.has_changed(&mut working),
        }
        changed
    }

    fn has_changed(&self, working: &mut Working) {
        working.is_news = true;
        self.folded.store(working.state.position().0, Ordering::Relaxed);
    }

    fn working(&self) -> MutexGuard<'_, Working> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what was folded is not to be kept back any longer.
    fn is_due(&self) -> bool {
        0 < *self.awaited.borrow() || UNPUBLISHED_MAX <= self.folded().0.saturating_sub(self.reached().0)
    }

    /// Publishes what was folded, unless that would go back: an heir may have to come up to where this one was.
    fn publish(&self) {
        let mut working = self.working();
        let position = working.state.position();
        if working.is_news && self.reached() <= position && self.running().is_ok() {
            working.is_news = false;
            self.published.publish(Arc::new(working.state.published()), position);
        }
    }

    /// Takes over the state of a level heir.
    fn inherit(&self) {
        let Some(heir) = self.heir().filter(|heir| heir.is_level()) else { return };
        // One that failed meanwhile is told to whoever asks for it; this state goes on.
        if let Ok(state) = heir.snapshot() {
            let mut working = self.working();
            working.state = state.published();
            self.has_changed(&mut working);
            heir.retired.send_replace(true);
        }
        self.heir.send_if_modified(|named| named.take_if(|named| Arc::ptr_eq(named, &heir)).is_some());
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

    /// Waits until the log has grown, another state is to take the place of this one, or `stop` was touched.
    async fn grown(&self, durable: &mut watch::Receiver<Position>, stop: &mut watch::Receiver<bool>) {
        let gone = tokio::select! {
            grown = durable.changed() => grown.is_err(),
            () = self.heir_is_level() => false,
            _ = stop.changed() => false,
        };
        if gone {
            // A log that is gone grows no more: all that can come is an heir, or the end. What `stop` says is looked at
            // by the caller.
            tokio::select! {
                () = self.heir_is_level() => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Waits until there is an heir to take over from, also one that is named only then.
    async fn heir_is_level(&self) {
        let mut named = self.heir.subscribe();
        loop {
            let heir = named.borrow_and_update().clone();
            let Some(heir) = heir else {
                let _ = named.changed().await;
                continue;
            };
            let mut level = heir.level.subscribe();
            tokio::select! {
                _ = level.wait_for(|level| *level) => return,
                _ = named.changed() => {}
            }
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
