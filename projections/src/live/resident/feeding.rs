//! The thread that builds a state and follows the log with it, until it is let go of.

use crate::live::Live;
use crate::projector::CatchUpError;
use daftar_eventlog::StoreError;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{Semaphore, watch};

/// A state being fed; ends, and waits for its end, when it is dropped.
#[derive(Debug)]
pub(super) struct Feeding {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Feeding {
    /// Feeds `live` on a thread and a runtime of its own, so that neither requests nor the end of their runtime wait for
    /// it. `folding` bounds how many are built at a time; `over` is called at the end.
    pub(super) fn start(
        live: Arc<Live>,
        folding: Arc<Semaphore>,
        over: impl FnOnce() + Send + 'static,
    ) -> Result<Self, CatchUpError> {
        let (stop, stopping) = watch::channel(false);
        let thread = std::thread::Builder::new().name("daftar-resident".to_owned());
        let thread = thread
            .spawn(move || {
                feed(&live, &folding, stopping);
                drop(live);
                over();
            })
            .map_err(|why| not_begun(&why))?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Whether anybody holds `live` beside its state and this thread.
    pub(super) fn is_shared(&self, live: &Arc<Live>) -> bool {
        let own = if self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) { 2 } else { 1 };
        own < Arc::strong_count(live)
    }
}

impl Drop for Feeding {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        // The thread itself may let go of the last hold on its state.
        let own = |thread: &JoinHandle<()>| thread.thread().id() == std::thread::current().id();
        if let Some(thread) = self.thread.take().filter(|thread| !own(thread)) {
            // It ends after the block under way; whoever closes the log must not find it held. A panic of the fold is
            // the state's failure already.
            let _ = thread.join();
        }
    }
}

fn not_begun(why: &io::Error) -> CatchUpError {
    StoreError::failed("beginning a thread for the figures under a definition", why).into()
}

/// What stops the feeding stays with the state, for whoever asks.
fn feed(live: &Live, folding: &Semaphore, stop: watch::Receiver<bool>) {
    match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime.block_on(build_and_follow(live, folding, stop)),
        Err(why) => live.give_up(&not_begun(&why)),
    }
}

async fn build_and_follow(live: &Live, folding: &Semaphore, mut stop: watch::Receiver<bool>) {
    let built = tokio::select! {
        built = build(live, folding, stop.clone()) => built,
        _ = stop.wait_for(|stop| *stop) => return,
    };
    if built.is_ok() {
        tokio::select! {
            _ = live.follow(stop) => {}
            () = live.retired() => {}
        }
    }
}

async fn build(live: &Live, folding: &Semaphore, stop: watch::Receiver<bool>) -> Result<(), CatchUpError> {
    // Never closed: the permit is only not to be had yet.
    let _folding = folding.acquire().await;
    live.follow_until_level(stop).await
}
