//! The source of the publishing structure once more, made of what the checker puts into every order.

mod sync {
    pub(super) use loom::sync::{Arc, RwLock};
    pub(super) use std::sync::PoisonError;

    /// As much of a watched value as the publishing structure uses.
    pub(super) mod watch {
        use loom::sync::{Arc, Mutex, MutexGuard};

        pub(in super::super) struct Sender<T>(Arc<Mutex<T>>);
        pub(in super::super) struct Receiver<T>(Arc<Mutex<T>>);

        impl<T> Sender<T> {
            pub(in super::super) fn new(value: T) -> Self {
                Self(Arc::new(Mutex::new(value)))
            }

            pub(in super::super) fn send_replace(&self, value: T) {
                *self.0.lock().unwrap() = value;
            }

            pub(in super::super) fn send_modify(&self, modify: impl FnOnce(&mut T)) {
                modify(&mut self.0.lock().unwrap());
            }

            pub(in super::super) fn borrow(&self) -> MutexGuard<'_, T> {
                self.0.lock().unwrap()
            }

            pub(in super::super) fn subscribe(&self) -> Receiver<T> {
                Receiver(Arc::clone(&self.0))
            }
        }

        impl<T: Copy> Receiver<T> {
            pub(in super::super) fn now(&self) -> T {
                *self.0.lock().unwrap()
            }
        }
    }
}

#[path = "../../published.rs"]
#[expect(unreachable_pub, reason = "it is public where it is not checked")]
#[expect(clippy::duplicate_mod, reason = "the checker must be given the very same source")]
mod published;

use daftar_eventlog::Position;
use loom::sync::Arc;
use loom::thread;
use published::Published;

/// A state in small: figures that belong together at every position.
#[derive(Clone, Copy)]
struct Figures {
    position: u64,
    events: u64,
    twice: u64,
}

impl Figures {
    fn at(position: u64) -> Self {
        Self { position, events: position, twice: 2 * position }
    }

    #[track_caller]
    fn belong_together(self) -> Self {
        assert_eq!((self.events, self.twice), (self.position, 2 * self.position));
        self
    }
}

fn publish(published: &Published<Figures>, last: u64) {
    (1..=last).for_each(|position| published.publish(Arc::new(Figures::at(position)), Position(position)));
    published.wake();
}

fn load(published: &Published<Figures>) -> u64 {
    (*published.load()).belong_together().position
}

#[test]
fn no_order_of_steps_announces_what_is_not_there_or_goes_back() {
    loom::model(|| {
        let published = Arc::new(Published::new(Arc::new(Figures::at(0))));
        let projector = thread::spawn({
            let published = Arc::clone(&published);
            move || publish(&published, 2)
        });
        let watching = published.announced();
        let announced = watching.now().0;
        let first = load(&published);
        assert!(announced <= first, "what is announced can be read");
        let reached = published.reached().0;
        let second = load(&published);
        assert!(announced <= reached && reached <= second && first <= second, "nothing goes back");
        projector.join().unwrap();
        assert_eq!((load(&published), published.reached()), (2, Position(2)));
    });
}

#[test]
fn readers_beside_each_other_see_whole_values() {
    loom::model(|| {
        let published = Arc::new(Published::new(Arc::new(Figures::at(0))));
        let read = |published: Arc<Published<Figures>>| {
            move || {
                let held = published.load();
                let later = load(&published);
                // What is held stays as it is, whatever is published meanwhile.
                assert!(held.belong_together().position <= later);
            }
        };
        let reader = thread::spawn(read(Arc::clone(&published)));
        let other = thread::spawn(read(Arc::clone(&published)));
        publish(&published, 1);
        reader.join().unwrap();
        other.join().unwrap();
    });
}
