//! The log's own threads: readers that may block on sled, and a keeper for what no answer waits for.

use super::healing::heal;
use super::witness::Seen;
use super::{BLOCK_EVENTS, Durability, Shared};
use crate::block::BlockBuilder;
use crate::derived::DerivedFiles;
use crate::log::StoreError;
use crate::memory::finish_block;
use crate::position::Position;
use crate::sealing::KeyStore;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

const READER_THREADS: usize = 2;
/// How often the witness and the second key file are synced.
const LATE_SYNC_EVERY: Duration = Duration::from_millis(100);

/// How many events the keeper reads before it lets the writer in.
const KEEPER_EVENTS: usize = 256;

type Job = Box<dyn FnOnce() + Send>;

/// A few threads on which reads of the log run.
pub(super) struct Readers {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    pub(super) fn spawn() -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let run = |queue: Arc<Mutex<mpsc::Receiver<Job>>>| {
            move || {
                // The lock is let go before the job runs, so that the other thread can take the next one.
                while let Ok(job) = next(&queue) {
                    // A job that panics drops its answer, which its caller sees; the thread goes on.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                }
            }
        };
        let threads = (0..READER_THREADS)
            .map(|n| spawn_thread(&format!("daftar-log-read-{n}"), run(Arc::clone(&queue))))
            .collect::<Result<_, _>>()?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), threads: Mutex::new(threads) })
    }

    /// Runs a read on one of the threads.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Whoever asked may have gone away.
            let _ = answer.send(read());
        });
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        jobs.and_then(|jobs| jobs.send(job).ok()).ok_or(StoreError::ShutDown)?;
        answered.await.map_err(|_| StoreError::failed("reading the log", "the read was given up"))?
    }

    pub(super) fn stop(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = thread.join();
        }
    }
}

fn next(queue: &Mutex<mpsc::Receiver<Job>>) -> Result<Job, mpsc::RecvError> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv()
}

pub(super) fn spawn_thread(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    thread::Builder::new().name(name.to_owned()).spawn(run).map_err(|e| StoreError::failed("starting a thread", e))
}

/// The thread that derives whole blocks and syncs what is synced late.
pub(super) struct Keeper {
    stopping: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Keeper {
    pub(super) fn spawn(shared: Arc<Shared>, derived: DerivedFiles) -> Result<Self, StoreError> {
        let late = [shared.witness().syncer()?, shared.keys.syncer()?];
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let thread = spawn_thread("daftar-log-keep", move || {
            // A keeper that panicked leaves the tail to grow: the writer would wait for room for ever.
            if catch_unwind(AssertUnwindSafe(|| keep(&shared, derived, &late, &stop))).is_err() {
                shared.stop(StoreError::failed("writing derived files", "their keeper gave up; restart"));
            }
        })?;
        Ok(Self { stopping, thread: Mutex::new(Some(thread)) })
    }

    pub(super) fn stop(&self, shared: &Shared) {
        self.stopping.store(true, Ordering::Release);
        {
            let _guard = shared.tail_guard();
            shared.tail_changed.notify_all();
        }
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

fn keep(shared: &Shared, mut derived: DerivedFiles, late: &[File], stopping: &AtomicBool) {
    let mut syncs = LateSyncs::new(shared, late);
    loop {
        let last_round = stopping.load(Ordering::Acquire);
        heal(shared, &mut derived);
        // Without derived files the tail would grow without bound: the log stops taking appends and says why.
        if let Err(failure) = derive_whole_block(shared, &mut derived) {
            shared.stop(failure);
        }
        if last_round && !has_whole_block(shared) {
            derived.end();
            return syncs.now();
        }
        syncs.when_due();
        let guard = shared.tail_guard();
        let idle = !stopping.load(Ordering::Acquire) && !has_whole_block(shared);
        if idle {
            drop(shared.tail_changed.wait_timeout(guard, syncs.step()));
        }
    }
}

/// The syncs that no answer waits for.
struct LateSyncs<'a> {
    shared: &'a Shared,
    /// The witness and the second key file.
    late: &'a [File],
    /// What was acknowledged when they were done last, and when that was.
    synced: Seen,
    at: Instant,
}

impl<'a> LateSyncs<'a> {
    fn new(shared: &'a Shared, late: &'a [File]) -> Self {
        Self { shared, late, synced: *shared.acknowledged(), at: Instant::now() }
    }

    /// How long to wait at most before looking again.
    fn step(&self) -> Duration {
        self.shared.durability.interval().map_or(LATE_SYNC_EVERY, |interval| interval.min(LATE_SYNC_EVERY))
    }

    fn when_due(&mut self) {
        let every = match self.shared.durability {
            Durability::Always => Duration::ZERO,
            Durability::Interval(interval) => interval,
            Durability::Os => return,
        };
        if self.at.elapsed() >= every && *self.shared.acknowledged() != self.synced {
            self.now();
        }
    }

    /// Syncs what is synced late. Where answers came before their syncs these are done first, keys before records; the
    /// witness is told after them.
    fn now(&mut self) {
        let shared = self.shared;
        (self.synced, self.at) = (*shared.acknowledged(), Instant::now());
        if shared.needs_restart() {
            return;
        }
        if !shared.durability.syncs_each()
            && let Err(failure) = sync_acknowledged(shared)
        {
            return shared.stop(failure);
        }
        // The witness is never ahead of the log, and a key's twin can be mended: a sync that fails here costs no
        // promise, and trying it again would prove nothing.
        for file in self.late {
            let _ = file.sync_data();
        }
    }
}

/// Makes durable what was answered already, and tells the witness; what is answered meanwhile waits for the next time.
fn sync_acknowledged(shared: &Shared) -> Result<(), StoreError> {
    let seen = *shared.acknowledged();
    shared.keys.make_durable()?;
    shared.store.sync()?;
    shared.witness().write(seen)
}

impl Shared {
    /// Wakes the keeper where there is a block to derive.
    pub(super) fn wake_keeper(&self) {
        if has_whole_block(self) {
            let _guard = self.tail_guard();
            self.tail_changed.notify_all();
        }
    }
}

/// Whether there is a block to derive; none is while the log is stopped, for what is placed may be void.
fn has_whole_block(shared: &Shared) -> bool {
    let (durable, state) = (shared.durable_position(), shared.state());
    state.stop.is_none() && durable.0 >= state.derived_end().0 + BLOCK_EVENTS as u64
}

/// Derives the next block, if its events are all durable: one at a time, for between two of them syncs may be due.
fn derive_whole_block(shared: &Shared, derived: &mut DerivedFiles) -> Result<(), StoreError> {
    if has_whole_block(shared) {
        let mut builder = BlockBuilder::default();
        for at in (0..BLOCK_EVENTS).step_by(KEEPER_EVENTS) {
            // Only the keeper shortens the tail, so its events stay where they are between two looks.
            let state = shared.state();
            state.tail.range(at..at + KEEPER_EVENTS).try_for_each(|placed| placed.push_to(&mut builder))?;
        }
        let (origin, commands) = {
            let state = shared.state();
            let last = state.derived_end().0 + BLOCK_EVENTS as u64;
            let chain_before = state.tail_chain(shared.genesis.chain());
            let chain_after = state.tail[BLOCK_EVENTS - 1].chain;
            let commands: Vec<_> = state.tail_commands.iter().take_while(|c| c.first.0 <= last).copied().collect();
            (state.origin(Position(last), chain_before, chain_after), commands)
        };
        let (mapped, of_commands) = derived.append(&finish_block(builder, &origin)?, &commands)?;
        let mut state = shared.state_mut();
        state.push_block(mapped);
        state.sequencer.commands.derived(of_commands);
        let derived_events: Vec<_> = state.tail.drain(..BLOCK_EVENTS).collect();
        state.tail_commands.drain(..commands.len());
        drop(state);
        // Freed with nobody waiting.
        drop(derived_events);
        shared.room.notify_waiters();
    }
    Ok(())
}
