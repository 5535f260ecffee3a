//! Readers beside the projector, waiting for a position, stopping, and failures that last.

pub(super) mod published;

use super::*;
use crate::report::query::ReportName;
use crate::test_support::{Entry, MemoryLog, Story, Who, closed, folded, history, json, opened};
use daftar_eventlog::{Epochs, FactBlock, LogIdentity, RecordedEvent, StoreError, StreamName, Version};
use serde_json::Value;
use std::sync::RwLock;
use std::sync::atomic::AtomicBool;
use std::thread;

pub(super) const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

/// A log that grows while it is read, and breaks when told to.
pub(super) struct GrowingLog {
    entries: Vec<Entry>,
    readable: RwLock<MemoryLog>,
    durable: watch::Sender<Position>,
    broken: AtomicBool,
}

impl GrowingLog {
    pub(super) fn of(entries: Vec<Entry>) -> Arc<Self> {
        let readable = MemoryLog::of(&entries[..0]);
        let durable = watch::Sender::new(readable.last());
        Arc::new(Self { entries, readable: RwLock::new(readable), durable, broken: AtomicBool::new(false) })
    }

    /// Makes the first `count` events readable and durable.
    pub(super) fn grow_to(&self, count: usize) -> Position {
        let readable = MemoryLog::of(&self.entries[..count]);
        let last = readable.last();
        *self.readable.write().unwrap() = readable;
        self.durable.send_replace(last);
        last
    }

    pub(super) fn break_down(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl LogReader for GrowingLog {
    fn identity(&self) -> LogIdentity {
        self.readable.read().unwrap().identity()
    }

    fn epochs(&self) -> Epochs {
        self.readable.read().unwrap().epochs()
    }

    fn durable(&self) -> watch::Receiver<Position> {
        self.durable.subscribe()
    }

    async fn read_stream(&self, _: &StreamName, _: Version, _: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        Ok(Vec::new())
    }

    async fn read_events(&self, _: Position, _: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        Ok(Vec::new())
    }

    async fn fact_block(&self, after: Position) -> Result<Option<FactBlock>, StoreError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::failed("reading a block", "the disk is gone"));
        }
        Ok(self.readable.read().unwrap().block_after(after))
    }
}

fn entries() -> Vec<Entry> {
    let story = |minute| {
        [
            (minute, opened(Who::Customer)),
            (minute + 7, Story::Replied(Who::Agent("sara"))),
            (minute + 9, closed(Who::Agent("sara"))),
        ]
    };
    (0..60).flat_map(|ticket| history(ticket, story(i64::from(ticket)))).collect()
}

/// A projector on a thread of its own, stopped and joined when dropped.
pub(super) struct Following {
    stop: watch::Sender<bool>,
    thread: Option<thread::JoinHandle<Result<(), CatchUpError>>>,
}

impl Following {
    pub(super) fn start(live: &Arc<Live>) -> Self {
        let (stop, stopping) = watch::channel(false);
        let live = Arc::clone(live);
        let thread = thread::spawn(move || block_on(live.follow(stopping)));
        Self { stop, thread: Some(thread) }
    }

    pub(super) fn stop(mut self) -> Result<(), CatchUpError> {
        self.stop.send_replace(true);
        self.thread.take().unwrap().join().unwrap()
    }
}

pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

fn live(entries: Vec<Entry>) -> (Arc<GrowingLog>, Arc<Live>) {
    let log = GrowingLog::of(entries);
    let live = Arc::new(Live::new(Arc::<GrowingLog>::clone(&log)));
    (log, live)
}

/// What a reader finds in a state: its position and figures that change with every event.
fn figures(state: &Measurements) -> (Position, usize, Option<i64>, Value) {
    let report = json(state, ReportName::ResponseTimes, &[]);
    (state.position(), state.closings.len(), state.latest_instant(state.position()), report)
}

#[test]
fn readers_see_only_figures_that_belong_to_the_position_they_see() {
    let (log, live) = live(entries());
    let following = Following::start(&live);
    let end = Position(1 + log.entries.len() as u64);
    let seen: Vec<_> = thread::scope(|scope| {
        let read_on = || {
            let mut seen = vec![live.read(figures).unwrap()];
            while seen.last().unwrap().0 < end {
                seen.push(live.read(figures).unwrap());
            }
            seen
        };
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(read_on)).collect();
        for count in 1..=log.entries.len() {
            log.grow_to(count);
            thread::sleep(Duration::from_micros(200));
        }
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
    });
    following.stop().unwrap();
    for figures_seen in seen {
        assert_eq!(figures_seen, figures(&folded(&log.entries, Some(figures_seen.0))));
    }
}

#[test]
fn waits_for_a_position_until_it_is_published_or_time_is_up() {
    let (log, live) = live(entries());
    let following = Following::start(&live);
    let first = log.grow_to(10);
    assert!(block_on(live.seen(first, LONG)));
    assert!(!block_on(live.seen(first.next(), SHORT)));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| block_on(live.seen(Position(21), LONG)));
        log.grow_to(15);
        let last = log.grow_to(20);
        assert!(waiting.join().unwrap());
        assert_eq!((*live.published().borrow(), live.read(Measurements::position).unwrap()), (last, last));
    });
    assert_eq!(*live.awaited.borrow(), 0);
    following.stop().unwrap();
}

#[test]
fn a_report_under_way_holds_up_neither_the_projector_nor_others() {
    let (log, live) = live(entries());
    let following = Following::start(&live);
    let first = log.grow_to(10);
    assert!(block_on(live.seen(first, LONG)));
    let before = figures(&folded(&log.entries[..10], None));
    let seen = live.read(|state| {
        let last = log.grow_to(20);
        assert!(block_on(live.seen(last, LONG)), "the projector goes on meanwhile");
        assert_eq!(live.read(Measurements::position).unwrap(), last, "others see what is new");
        figures(state)
    });
    assert_eq!(seen.unwrap(), before, "what is being read stays as it is");
    following.stop().unwrap();
}

#[test]
fn catches_up_to_the_end_of_the_log_as_it_is_and_says_how_far_it_is() {
    let (log, live) = live(entries());
    let end = log.grow_to(30);
    let mut told = Vec::new();
    block_on(live.catch_up(|position| told.push(position))).unwrap();
    assert!(told.is_sorted() && told.len() > 1);
    assert_eq!((told.last(), *live.published().borrow()), (Some(&end), end));
    let expected = figures(&folded(&log.entries[..30], None));
    assert_eq!(live.read(figures).unwrap(), expected);
}

#[test]
fn follows_until_it_is_stopped_or_nobody_could_stop_it() {
    let (log, live) = live(entries());
    let end = log.grow_to(5);
    let following = Following::start(&live);
    assert!(block_on(live.seen(end, LONG)));
    following.stop().unwrap();
    log.grow_to(6);
    assert!(!block_on(live.seen(end.next(), SHORT)));
    let (stop, stopping) = watch::channel(false);
    drop(stop);
    block_on(live.follow(stopping)).unwrap();
}

#[test]
fn a_log_that_is_gone_is_waited_at_for_the_end_alone() {
    // The log in memory has nobody who could make it grow.
    let live = Arc::new(Live::new(Arc::new(MemoryLog::of(&entries()))));
    let following = Following::start(&live);
    assert!(block_on(live.seen(Position(181), LONG)));
    thread::sleep(SHORT);
    following.stop().unwrap();
}

#[test]
fn a_log_that_cannot_be_read_stops_it_for_good() {
    let (log, live) = live(entries());
    let following = Following::start(&live);
    let end = log.grow_to(10);
    assert!(block_on(live.seen(end, LONG)));
    log.break_down();
    let beyond = log.grow_to(11);
    assert!(!block_on(live.seen(beyond, LONG)), "waiting ends with the projector");
    assert!(matches!(following.stop(), Err(CatchUpError::Store(_))));
    log.broken.store(false, Ordering::SeqCst);
    assert!(matches!(live.read(figures), Err(CatchUpError::Store(_))));
    assert!(matches!(block_on(live.catch_up(|_| {})), Err(CatchUpError::Store(_))));
    assert!(!block_on(live.seen(end, LONG)));
}

#[test]
fn an_event_that_cannot_be_folded_stops_it_at_its_position() {
    let mut entries = entries();
    entries.extend(history(0, [(100, Story::FromTheFuture)]));
    let (log, live) = live(entries);
    let end = log.grow_to(181);
    let unreadable = |stopped| matches!(stopped, Err(CatchUpError::Unreadable { position, .. }) if position == end);
    assert!(unreadable(block_on(live.catch_up(|_| {}))));
    assert!(unreadable(live.read(|_| ())));
    let (_stop, stopping) = watch::channel(false);
    assert!(unreadable(block_on(live.follow(stopping))));
}

#[test]
fn a_panic_of_the_fold_stops_it_for_good() {
    let (log, live) = live(entries());
    let end = log.grow_to(10);
    block_on(live.catch_up(|_| {})).unwrap();
    let panicked = |stopped| matches!(stopped, Err(CatchUpError::Panicked { position }) if position == end);
    assert!(panicked(live.change(|_| panic!("a fault, made for this test"))));
    assert!(panicked(live.read(|_| true)));
    assert!(panicked(block_on(live.catch_up(|_| {})).map(|()| true)));
}

#[test]
fn its_futures_may_run_on_any_thread() {
    fn any_thread<T: Send>(_: T) {}
    let (_, live) = live(Vec::new());
    any_thread(live.seen(Position(1), SHORT));
    any_thread(live.catch_up(|_| {}));
    any_thread(live.follow(watch::channel(false).1));
    any_thread(live);
}
