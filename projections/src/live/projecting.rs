//! The projector's side of a live state: folding, publishing, and giving way to an heir.

use super::{Live, Working};
use crate::measurements::Measurements;
use crate::projector::{CatchUpError, fold_blocks_shared, next_block};
use daftar_eventlog::{FactBlock, Position};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long events gather on a busy log before the next of them are folded, while nobody waits for one.
const GATHERING: Duration = Duration::from_millis(1);
/// How many blocks are folded at most in one step; few in tests, so that every history there takes some.
const STEP_BLOCKS: usize = if cfg!(test) { 2 } else { 16 };
/// How many events are folded at most before they are published, while catching up.
const UNPUBLISHED_MAX: u64 = 1_000_000;

impl Live {
    /// Folds on until the end of the log as it is now, for start-up; tells how far it has come after every few blocks.
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

    /// Goes on from a state that was folded before, where it is of the same basis and further than this one.
    pub fn resume(&self, state: Measurements) {
        let mut working = self.working();
        let same = state.folded() == working.state.folded() && state.happened_by() == working.state.happened_by();
        if same && working.state.position() < state.position() {
            working.state = state;
            self.has_changed(&mut working);
        }
    }

    /// A copy of what is folded into, from which another could go on; none: the projector failed, or another state has
    /// taken over from this one.
    #[must_use]
    pub fn to_resume(&self) -> Option<Measurements> {
        let working = self.working();
        (self.running().is_ok() && !self.is_given()).then(|| working.state.clone())
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

    /// Whether a projector that has not failed is not at `end` yet.
    fn is_behind(&self, end: Position) -> Result<bool, CatchUpError> {
        self.running().map(|()| self.folded() < end)
    }

    /// Reads and folds the next blocks; false at the end of the log.
    async fn step(&self) -> Result<bool, CatchUpError> {
        let stepped = match self.next_blocks().await {
            Ok(blocks) => self.fold(&blocks),
            Err(error) => Err(error),
        };
        match &stepped {
            Err(error) => self.give_up(error),
            Ok(_) if self.is_due() => self.publish(),
            Ok(_) => {}
        }
        stepped
    }

    /// The blocks that are folded next: one while somebody waits for an event, else several.
    async fn next_blocks(&self) -> Result<Vec<FactBlock>, CatchUpError> {
        let (mut blocks, mut reached) = (Vec::new(), self.folded());
        let end = *self.log.durable().borrow();
        let most = if 0 < *self.awaited.borrow() { 1 } else { STEP_BLOCKS };
        while reached < end && blocks.len() < most {
            match next_block(&*self.log, reached).await {
                Ok(Some(block)) => {
                    reached = block.last();
                    blocks.push(block);
                }
                Ok(None) => break,
                // What was read before is folded first; the next step meets it again.
                Err(_) if !blocks.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(blocks)
    }

    /// Stops for good.
    pub(super) fn give_up(&self, error: &CatchUpError) {
        self.fail(error);
        // Those who wait for a position look up and find the failure.
        self.published.wake();
    }

    fn fold(&self, blocks: &[FactBlock]) -> Result<bool, CatchUpError> {
        // Given away under the same lock: what is left is not folded into.
        self.change(|state| {
            if self.is_given() {
                return Ok(false);
            }
            let twin = self.twin.upgrade().map(|twin| twin.published.load());
            state.beside(twin.as_deref());
            let folded = fold_blocks_shared(state, blocks);
            state.beside(None);
            folded
        })
    }

    /// Changes the working state.
    pub(super) fn change(
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
        self.publish_working(&mut working);
    }

    fn publish_working(&self, working: &mut Working) {
        let position = working.state.position();
        if working.is_news && self.reached() <= position && self.running().is_ok() {
            working.is_news = false;
            self.published.publish(Arc::new(working.state.published()), position);
            if let Some(heir) = working.inherited.take() {
                self.release(&heir);
            }
        }
    }

    /// Takes over the state of a level heir. Where that is behind what is published here, it has to come up to it first;
    /// until then whoever asks for its basis finds the heir, and waits there.
    pub(super) fn inherit(&self) {
        let Some(heir) = self.heir().filter(|heir| heir.is_level()) else { return };
        let mut working = self.working();
        if working.inherited.as_ref().is_some_and(|inherited| Arc::ptr_eq(inherited, &heir)) {
            return;
        }
        // One that failed meanwhile is told to whoever asks for it; this state goes on.
        if heir.running().is_err() || heir.is_given() {
            self.forget(&heir);
            return;
        }
        working.state = heir.give_away();
        self.has_changed(&mut working);
        if let Some(before) = working.inherited.replace(heir) {
            self.release(&before);
        }
        self.publish_working(&mut working);
    }

    /// Lets go of an heir whose state is published here: its basis is never nowhere.
    fn release(&self, heir: &Arc<Self>) {
        self.forget(heir);
        heir.retired.send_replace(true);
        // Those who wait for a position there look up and find it here.
        heir.published.wake();
    }

    /// Names an heir no longer.
    fn forget(&self, heir: &Arc<Self>) {
        self.heir.send_if_modified(|named| named.take_if(|named| Arc::ptr_eq(named, heir)).is_some());
    }

    /// Gives the working state away, which only it can be folded into; what is published can be read as before.
    fn give_away(&self) -> Measurements {
        let mut working = self.working();
        self.given.store(true, Ordering::Release);
        let left = working.state.published();
        std::mem::replace(&mut working.state, left)
    }

    fn is_given(&self) -> bool {
        self.given.load(Ordering::Acquire)
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

fn is_stopped(stop: &mut watch::Receiver<bool>) -> bool {
    *stop.borrow_and_update() || stop.has_changed().is_err()
}
