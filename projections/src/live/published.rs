//! One value that one thread replaces and everybody else reads, and the position it has come to, to be waited for.
//!
//! A reader holds the lock while it copies a pointer, never while it reads: neither side waits for the other's work.
//! The position announced never runs ahead of what [`Published::load`] gives.

// The parent says whose they are: those of the standard library, or those of a checker that tries every order.
use super::sync::{Arc, PoisonError, RwLock, watch};
use daftar_eventlog::Position;

/// The newest value, to be taken whole.
pub struct Published<T> {
    newest: RwLock<Arc<T>>,
    reached: watch::Sender<Position>,
}

impl<T> Published<T> {
    /// The first value, which belongs to position 0.
    pub fn new(first: Arc<T>) -> Self {
        Self { newest: RwLock::new(first), reached: watch::Sender::new(Position::ZERO) }
    }

    /// The newest value. It stays as it is however long it is held.
    pub fn load(&self) -> Arc<T> {
        // Only pointers are copied and replaced under the lock, and that does not panic.
        Arc::clone(&self.newest.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the value by one that belongs to `position`, and announces that. One thread at a time publishes, and its
    /// positions do not fall.
    pub fn publish(&self, next: Arc<T>, position: Position) {
        let before = std::mem::replace(&mut *self.newest.write().unwrap_or_else(PoisonError::into_inner), next);
        self.reached.send_replace(position);
        // Letting go of a large value takes its time: nobody waits for that.
        drop(before);
    }

    /// The position announced last.
    pub fn reached(&self) -> Position {
        *self.reached.borrow()
    }

    /// The position announced last, to read and to watch.
    pub fn announced(&self) -> watch::Receiver<Position> {
        self.reached.subscribe()
    }

    /// Lets those who watch look up, though nothing was published.
    pub fn wake(&self) {
        self.reached.send_modify(|_| {});
    }
}
