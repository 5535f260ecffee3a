//! Two things at the same time: one on this thread, the other on one that waits for such work.
//!
//! A thread that is started anew for a report of a millisecond begins on the processor of the thread that started it,
//! and so after it, where that one has just slept, as a server's has. One that waits begins at once.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::LazyLock;

/// The threads that wait, as many as there are processors; none: they could not be started.
static WAITING: LazyLock<Option<ThreadPool>> =
    LazyLock::new(|| ThreadPoolBuilder::new().thread_name(|number| format!("beside-{number}")).build().ok());

/// Does both and gives what came of them; a panic of either is one of this call's.
///
/// Where no thread can be had, one is done after the other.
pub(crate) fn side_by_side<A, B: Send>(here: impl FnOnce() -> A, there: impl FnOnce() -> B + Send) -> (A, B) {
    let Some(waiting) = &*WAITING else {
        return (here(), there());
    };
    let mut behind = None;
    let ahead = waiting.in_place_scope(|scope| {
        scope.spawn(|_| behind = Some(there()));
        here()
    });
    match behind {
        Some(behind) => (ahead, behind),
        None => unreachable!("a scope ends when all it started has been done"),
    }
}

#[cfg(test)]
mod tests {
    use super::side_by_side;
    use std::panic::catch_unwind;
    use std::sync::mpsc;

    #[test]
    fn each_can_wait_for_the_other() {
        let ((to_there, from_here), (to_here, from_there)) = (mpsc::channel(), mpsc::channel());
        let here = || {
            to_there.send(2).unwrap();
            from_there.recv().unwrap()
        };
        let there = move || {
            to_here.send(3).unwrap();
            from_here.recv().unwrap()
        };
        assert_eq!(side_by_side(here, there), (3, 2));
    }

    #[test]
    fn a_panic_of_either_is_the_callers() {
        assert!(catch_unwind(|| side_by_side(|| panic!("here"), || 1)).is_err());
        assert!(catch_unwind(|| side_by_side(|| 1, || panic!("there"))).is_err());
        assert_eq!(side_by_side(|| 1, || 2), (1, 2));
    }
}
