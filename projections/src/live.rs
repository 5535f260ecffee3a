//! The published state: one projector feeds it, everybody else reads it.
//!
//! # Layout
//!
//! - [`published`]: the newest value, to be taken whole without a lock that the projector waits at
//! - `projecting`: how it is fed; [`basis`]: what a state is made of; [`resident`]: states of other bases beside this one
//!
//! The projector folds into a state of its own and publishes copies, which share what has not changed since. A reader
//! takes one and keeps it as long as it likes; the copy's own position is the one that its figures belong to.

pub mod basis;
mod projecting;
pub mod published;
pub mod resident;
#[cfg(test)]
mod tests;

use crate::definition::document::{Definition, Folded};
use crate::measurements::Measurements;
use crate::projector::CatchUpError;
use basis::Basis;
use daftar_eventlog::{LogReader, Position};
use published::Published;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;
use tokio::sync::watch;

/// What [`published`] is made of.
mod sync {
    pub(super) use std::sync::{Arc, PoisonError, RwLock};
    pub(super) use tokio::sync::watch;
}

/// A state that follows a log, and readers beside it.
pub struct Live {
    log: Arc<dyn LogReader>,
    /// The state over the same log with which this one shares what is equal.
    twin: Weak<Live>,
    /// Held by whoever feeds it; readers never take it.
    working: Mutex<Working>,
    /// How far the working state has come.
    folded: AtomicU64,
    published: Published<Measurements>,
    /// Whether everything in the log was published once.
    level: watch::Sender<bool>,
    /// The state that takes the place of this one as soon as it is level.
    heir: watch::Sender<Option<Arc<Live>>>,
    /// Whether the working state was given away: what is left is not folded into.
    given: AtomicBool,
    /// Whether another state has taken over from this one, and published what it took over.
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
    /// The heir it was taken over from, until it is published here.
    inherited: Option<Arc<Live>>,
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
        Self::fed(basis.nothing_yet(), log, Weak::new())
    }

    /// The same beside a state of another basis over the same log, with which it shares what is equal.
    #[must_use]
    pub fn beside(twin: &Arc<Self>, basis: Basis, log: Arc<dyn LogReader>) -> Self {
        let state = basis.nothing_yet().with_numbers_of(&twin.published.load());
        Self::fed(state, log, Arc::downgrade(twin))
    }

    fn fed(state: Measurements, log: Arc<dyn LogReader>, twin: Weak<Self>) -> Self {
        Self {
            log,
            twin,
            published: Published::new(Arc::new(state.published())),
            working: Mutex::new(Working { state, is_news: false, inherited: None }),
            folded: AtomicU64::new(0),
            level: watch::Sender::new(false),
            heir: watch::Sender::new(None),
            given: AtomicBool::new(false),
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

    /// Waits until `position` is published; false when `timeout` passed first, the projector stopped, or another state took
    /// over from this one.
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
            let ended = || self.failure.get().is_some() || self.is_retired();
            let decided = |reached: &Position| there(*reached) || ended();
            // What came of it is looked at below, in time or not.
            let _ = tokio::time::timeout(timeout, published.wait_for(decided)).await;
        }
        self.running().is_ok() && there(self.reached())
    }

    /// Why the projector stopped, if it has.
    fn running(&self) -> Result<(), CatchUpError> {
        self.failure.get().map_or(Ok(()), |failure| Err(failure.clone()))
    }

    fn reached(&self) -> Position {
        self.published.reached()
    }

    fn fail(&self, error: &CatchUpError) {
        // The first failure is the one to be told.
        self.failure.get_or_init(|| error.clone());
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
