//! The embedded log: records in sled, a tail witness and keys beside it, derived files for reading.
//!
//! Callers give their commits places; one thread writes them, in groups; a few threads read; one keeps house (derived
//! files, late syncs, opening anew). Callers never touch sled themselves.

pub mod check;
mod closed;
pub mod durability;
mod healing;
pub mod key_file;
pub mod layout;
pub mod reader;
mod recovery;
pub mod store;
mod threads;
pub mod witness;
mod writer;

use crate::block::{BLOCK_EVENTS, BlockOrigin, FactBlock};
use crate::checksum::Digest;
use crate::clock::{Clock, system_clock};
use crate::codec::EventType;
use crate::codec::v1::EpochBegunV1;
use crate::entry::Entry;
use crate::epoch::{Epoch, EpochCause, Epochs, epoch_event, epoch_stream};
use crate::genesis::Genesis;
use crate::log::{AppendError, Appended, Commit, EventLog, LogIdentity, LogReader, StoreError};
use crate::memory::build_block;
use crate::position::{Position, Version};
use crate::record::RecordedEvent;
use crate::sealing::{KeyStore, random};
use crate::sequencer::{KeptCommand, Placed, Prepared, Sequencer};
use crate::stream::StreamName;
pub use durability::Durability;
use healing::Stop;
use key_file::KeyFile;
use layout::RecordKey;
use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::Thread;
use std::time::{Duration, Instant};
use store::Store;
use threads::{Keeper, Readers};
use tokio::sync::{Notify, oneshot, watch};
use witness::{Seen, Witness};
use writer::Pending;

/// At most this many events wait in memory for their block to be derived; then appends wait.
pub const TAIL_EVENTS_MAX: usize = 64 << 10;

/// How to open a log.
#[derive(Clone)]
pub struct Options {
    /// Whether to create it where there is none.
    pub create: bool,
    /// The clock of `recorded_at`.
    pub clock: Clock,
    /// sled's cache in bytes.
    pub cache_bytes: u64,
    /// Makes the log as one that had this header record and whose keys lie in place; for restoring.
    pub restoring: Option<Genesis>,
    /// Whether to go on with a log that lost acknowledged events at its end, in a new epoch.
    pub accept_truncation: bool,
    /// When an append is answered.
    pub durability: Durability,
    /// Told how far a rebuilding of derived files has come.
    pub progress: Option<Arc<dyn Fn(Position) + Send + Sync>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            create: true,
            clock: system_clock(),
            cache_bytes: 64 << 20,
            restoring: None,
            accept_truncation: false,
            durability: Durability::default(),
            progress: None,
        }
    }
}

/// A log in a directory.
pub struct EmbeddedLog {
    shared: Arc<Shared>,
    readers: Readers,
    writer: Option<std::thread::JoinHandle<()>>,
    keeper: Keeper,
    /// What opening it gave up: the last position that had been acknowledged, and the chain value there.
    given_up: Option<(Position, Digest)>,
    /// Whether there was no witness of what the log holds.
    without_witness: bool,
    /// The first position whose derived block was damaged or not this log's.
    spoilt: Option<Position>,
    /// Held as long as the log is open; dropped last.
    _lock: File,
}

/// One append waiting for its place.
struct Request {
    commit: Prepared,
    answer: oneshot::Sender<Result<Appended, AppendError>>,
}

/// What the threads share.
struct Shared {
    genesis: Genesis,
    store: Store,
    keys: Arc<KeyFile>,
    clock: Clock,
    durability: Durability,
    home: Home,
    witness: Mutex<Witness>,
    /// What was answered last: what the witness is told once it is synced.
    acknowledged: Mutex<Seen>,
    durable: watch::Sender<Position>,
    /// Written by whoever appends, the writer and the keeper for moments, read by readers for one look-up.
    state: RwLock<State>,
    /// The writer's thread, to wake it.
    writer: OnceLock<Thread>,
    /// Set once nobody can append any more.
    closing: AtomicBool,
    /// Notified when the next group, or the tail, may have room again.
    room: Notify,
    /// Signalled when the keeper has something to do.
    tail_changed: Condvar,
    tail_lock: Mutex<()>,
    /// Held while a group is written, and while the log is opened anew.
    storing: Mutex<()>,
}

/// Where the log lies and how it was opened, to open it again.
struct Home {
    layout: Layout,
    options: Options,
}

/// What is known of the log in memory.
struct State {
    sequencer: Sequencer,
    /// Whole blocks, mapped from `derived/`.
    blocks: Vec<FactBlock>,
    /// The numbers of those that hold events of no ticket, rising.
    beside_tickets: Vec<u32>,
    /// The events after the last whole block, without their content; those beyond the durable position too.
    tail: VecDeque<Placed>,
    /// The commands of the tail.
    tail_commands: VecDeque<KeptCommand>,
    /// What was placed and not given to the writer yet.
    pending: Pending,
    /// How often it was rebuilt: what was placed before is void after.
    generation: u64,
    /// What made the log stop taking appends.
    stop: Option<Stop>,
}

impl EmbeddedLog {
    /// Opens the log in `dir`, verifying its tail against the witness and its derived files against the log.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the directory is in use, is no log, or is not what was written.
    pub fn open(dir: &Path, options: &Options) -> Result<Self, StoreError> {
        Self::open_locked(take_lock(dir, options.create)?, dir, options)
    }

    /// The same, where this process has the directory.
    fn open_locked(lock: File, dir: &Path, options: &Options) -> Result<Self, StoreError> {
        let recovery::Opened { shared, derived, lost, spoilt, without_witness } = recovery::open(dir, options)?;
        let shared = Arc::new(shared);
        let writer = writer::spawn(&shared)?;
        let keeper = Keeper::spawn(Arc::clone(&shared), derived)?;
        let log = Self {
            readers: Readers::spawn()?,
            shared,
            writer: Some(writer),
            keeper,
            given_up: lost,
            without_witness,
            spoilt,
            _lock: lock,
        };
        if let Some(lost) = lost {
            log.begin_epoch(EpochCause::TruncationAccepted, Some(lost))?;
        }
        Ok(log)
    }

    /// Begins a new epoch at the log's end, and waits until that is durable. Nobody else may append meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it could not be written.
    pub(crate) fn begin_epoch(
        &self,
        cause: EpochCause,
        given_up: Option<(Position, Digest)>,
    ) -> Result<(), StoreError> {
        let failed = |e: &dyn std::fmt::Display| StoreError::failed("beginning an epoch", e);
        let commit = self.epoch_commit(cause, given_up)?;
        let (answer, answered) = oneshot::channel();
        let request = Request { commit: Prepared::new(commit), answer };
        // Where the tail is full the keeper makes room soon.
        let mut waiting = self.shared.hand_over(request)?;
        while let Some(request) = waiting {
            std::thread::sleep(LET_GO_STEP);
            waiting = self.shared.hand_over(request)?;
        }
        // Waiting is not allowed on a runtime's thread, and whoever opens a log may be on one.
        let waited = std::thread::scope(|scope| {
            let wait = || answered.blocking_recv().map_err(|_| StoreError::ShutDown);
            scope.spawn(wait).join()
        });
        let answer = waited.map_err(|_| failed(&"its thread gave up"))??;
        answer.map(drop).map_err(|e| failed(&e))
    }

    fn epoch_commit(&self, cause: EpochCause, given_up: Option<(Position, Digest)>) -> Result<Commit, StoreError> {
        let state = self.shared.state();
        let sequencer = &state.sequencer;
        let begun = EpochBegunV1 {
            epoch: sequencer.epochs().current().number + 1,
            id: random()?,
            parted: sequencer.last().0,
            chain: sequencer.chain(),
            cause: cause.code(),
            given_up: given_up.map(|(position, chain)| (position.0, chain)),
        };
        let event = epoch_event(&begun, (self.shared.clock)());
        let event = event.map_err(|e| StoreError::failed("beginning an epoch", e))?;
        let expected = Version(begun.epoch - 2);
        Ok(Commit { stream: epoch_stream(), expected, events: vec![event], command: None, recorded_at: None })
    }

    /// The keys of this log.
    #[must_use]
    pub fn keys(&self) -> Arc<dyn KeyStore> {
        Arc::clone(&self.shared.keys) as Arc<dyn KeyStore>
    }

    /// What whoever opened the log should be told, in words: keys that were mended, or are damaged beyond mending,
    /// derived files that were not what was written.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        let given_up = self.given_up.map(|(position, _)| {
            let Epoch { number, parted, .. } = self.shared.state().sequencer.epochs().current();
            format!(
                "epoch {number} begins after position {parted}: the events after it, up to {position}, are given up"
            )
        });
        let spoilt = self.spoilt.map(|position| {
            let look = "they were made again from the log; look after the disk";
            format!("derived files were damaged or another log's from position {position} on: {look}")
        });
        let unseen = self.without_witness.then(|| {
            "there was no tail witness, so nobody can tell whether the log lost its end; it has a new one".to_owned()
        });
        self.shared.keys.notices().chain([given_up, spoilt, unseen].into_iter().flatten()).collect()
    }

    /// Takes no more appends, finishes those that wait, derives what is whole, syncs, notes how it was closed and lets go
    /// of the directory. Dropping the log does the same.
    pub fn close(self) {}

    fn shut_down(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        self.shared.wake_writer();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so to everybody who waited for it.
            let _ = writer.join();
        }
        self.keeper.stop(&self.shared);
        self.readers.stop();
        self.shared.close();
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        self.shut_down();
    }
}

/// Takes the directory's lock, so that a second process is told instead of waiting or harming.
fn take_lock(dir: &Path, create: bool) -> Result<File, StoreError> {
    let failed =
        |e: std::io::Error| StoreError::failed("opening the data directory", format!("{}: {e}", dir.display()));
    if create && !dir.exists() {
        std::fs::create_dir_all(dir).map_err(failed)?;
        store::sync_dir(dir.parent().unwrap_or(dir)).map_err(failed)?;
    } else if !create && !layout_of(dir).log.exists() {
        return Err(StoreError::failed("opening the data directory", format!("{} holds no log", dir.display())));
    }
    let path = dir.join("lock");
    let mut lock = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    if let Some(holder) = held_by(&lock, &path) {
        let holder = if holder.is_empty() { holder } else { format!(" (process {holder})") };
        return Err(StoreError::InUse { dir: dir.display().to_string(), holder });
    }
    lock.set_len(0)
        .and_then(|()| std::io::Write::write_all(&mut lock, std::process::id().to_string().as_bytes()))
        .map_err(failed)?;
    Ok(lock)
}

/// How long a lock that this process holds may take to be let go of, and how often that is looked at.
const LET_GO_MAX: Duration = Duration::from_secs(2);
const LET_GO_STEP: Duration = Duration::from_millis(5);

/// Who keeps `lock` from being taken; none: it is taken.
///
/// A process that starts another one shares its locks with it for a moment: a log closed just then is let go of late.
fn held_by(lock: &File, path: &Path) -> Option<String> {
    let tried_until = Instant::now() + LET_GO_MAX;
    loop {
        if lock.try_lock().is_ok() {
            return None;
        }
        let holder = std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        if holder != std::process::id().to_string() || tried_until < Instant::now() {
            return Some(holder);
        }
        std::thread::sleep(LET_GO_STEP);
    }
}

/// Where things lie in a data directory.
struct Layout {
    log: PathBuf,
    keys: PathBuf,
    witness: PathBuf,
    derived: PathBuf,
    /// Written at an orderly end, and removed before the log is opened to be written to.
    closed: PathBuf,
    /// Written to find out whether there is room, and removed.
    probe: PathBuf,
}

fn layout_of(dir: &Path) -> Layout {
    Layout {
        log: dir.join("log"),
        keys: dir.join("keys"),
        witness: dir.join("witness"),
        derived: dir.join("derived"),
        closed: dir.join("closed"),
        probe: dir.join("probe"),
    }
}

impl Shared {
    fn state(&self) -> RwLockReadGuard<'_, State> {
        // A panic while it was written stops the writer, which marks the log as failed; reading stays possible.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn tail_guard(&self) -> MutexGuard<'_, ()> {
        self.tail_lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn witness(&self) -> MutexGuard<'_, Witness> {
        // One that was interrupted wrote one slot by half; the other is whole.
        self.witness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn acknowledged(&self) -> MutexGuard<'_, Seen> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn durable_position(&self) -> Position {
        *self.durable.borrow()
    }

    /// The events at the given rising positions.
    fn read_positions(&self, positions: &[Position]) -> Result<Vec<RecordedEvent>, StoreError> {
        let mut events: Vec<RecordedEvent> = Vec::with_capacity(positions.len());
        let mut record: Vec<RecordedEvent> = Vec::new();
        for position in positions {
            if record.last().is_none_or(|last| last.position < *position) {
                record = self.record_with(*position)?;
            }
            let missing = || StoreError::Corrupt { position: *position, why: "no record holds it".to_owned() };
            events.push(record.iter().find(|e| e.position == *position).ok_or_else(missing)?.clone());
        }
        Ok(events)
    }

    /// The events of the record that holds `position`.
    fn record_with(&self, position: Position) -> Result<Vec<RecordedEvent>, StoreError> {
        let key = RecordKey { first: position, counter: u16::MAX };
        let Some(record) = self.store.last_at_or_before(key)? else { return Ok(Vec::new()) };
        events_of(record.key.first, record.entries()?)
    }
}

/// The events among a record's entries, the first at `first`.
fn events_of(first: Position, entries: Vec<Entry>) -> Result<Vec<RecordedEvent>, StoreError> {
    let mut position = first;
    let mut events = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Entry::Event(recorded_at, bytes) = entry {
            bytes.head().map_err(|e| e.at(position))?;
            events.push(RecordedEvent { position, recorded_at, bytes });
            position = position.next();
        }
    }
    Ok(events)
}

impl State {
    /// What a block of facts says of itself that ends at `last`.
    fn origin(&self, last: Position, chain_before: Digest, chain_after: Digest) -> BlockOrigin {
        let epochs = self.sequencer.epochs();
        BlockOrigin { log_id: epochs.log_id(), epoch: epochs.number_at(last), chain_before, chain_after }
    }

    /// Position of the last event of the last whole block.
    fn derived_end(&self) -> Position {
        Position((self.blocks.len() * BLOCK_EVENTS) as u64)
    }

    /// Adds the next whole block.
    fn push_block(&mut self, block: FactBlock) {
        if !block.types().all(EventType::is_of_tickets) {
            // Positions of so many blocks do not fit any memory.
            self.beside_tickets.push(u32::try_from(self.blocks.len()).unwrap_or(u32::MAX));
        }
        self.blocks.push(block);
    }

    /// The distance from the event at `position` to the one before it in its stream.
    fn back(&self, position: Position) -> u32 {
        let index = usize::try_from(position.0 - 1).unwrap_or(usize::MAX);
        match self.blocks.get(index / BLOCK_EVENTS) {
            Some(block) => block.back(index % BLOCK_EVENTS),
            None => self.tail.get(index - self.blocks.len() * BLOCK_EVENTS).map_or(0, |placed| placed.back),
        }
    }

    /// The positions of a stream's durable events after version `after`, rising, at most `limit`.
    fn positions_of(&self, stream: &StreamName, after: Version, limit: usize, durable: Position) -> Vec<Position> {
        let end = self.sequencer.streams.end(stream);
        let (mut position, mut version) = (end.last, end.version);
        let mut positions = Vec::new();
        while version > after {
            if position <= durable {
                positions.push(position);
            }
            let back = self.back(position);
            if back == 0 {
                break;
            }
            position = Position(position.0 - u64::from(back));
            version = Version(version.0 - 1);
        }
        positions.reverse();
        positions.truncate(limit);
        positions
    }

    /// The chain value before the first event of the tail.
    fn tail_chain(&self, genesis: Digest) -> Digest {
        self.blocks.last().map_or(genesis, |block| block.origin().chain_after)
    }
}

#[async_trait::async_trait]
impl LogReader for EmbeddedLog {
    fn identity(&self) -> LogIdentity {
        let log_id = self.shared.genesis.identity.log_id;
        LogIdentity { log_id, epoch: self.shared.state().sequencer.epochs().current().number }
    }

    fn epochs(&self) -> Epochs {
        self.shared.state().sequencer.epochs().clone()
    }

    fn durable(&self) -> watch::Receiver<Position> {
        self.shared.durable.subscribe()
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let durable = self.shared.durable_position();
        let positions = self.shared.state().positions_of(stream, after, limit, durable);
        if positions.is_empty() {
            return Ok(Vec::new());
        }
        let shared = Arc::clone(&self.shared);
        self.readers.run(move || shared.read_positions(&positions)).await
    }

    async fn read_events(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        let durable = self.shared.durable_position();
        let last = Position(after.0.saturating_add(limit as u64).min(durable.0));
        if last <= after {
            return Ok(Vec::new());
        }
        let shared = Arc::clone(&self.shared);
        self.readers.run(move || read_range(&shared, after, last)).await
    }

    async fn read_entries(&self, after: Position, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let durable = self.shared.durable_position();
        let last = Position(after.0.saturating_add(limit as u64).min(durable.0));
        if last <= after {
            return Ok(Vec::new());
        }
        let shared = Arc::clone(&self.shared);
        self.readers.run(move || read_entry_range(&shared, after, last)).await
    }

    async fn fact_block(&self, after: Position) -> Result<Option<FactBlock>, StoreError> {
        let durable = self.shared.durable_position();
        if after >= durable {
            return Ok(None);
        }
        let state = self.shared.state();
        let index = usize::try_from(after.0).unwrap_or(usize::MAX);
        if let Some(block) = state.blocks.get(index / BLOCK_EVENTS) {
            return Ok(Some(block.clone()));
        }
        let skipped = index - state.blocks.len() * BLOCK_EVENTS;
        let wanted = usize::try_from(durable.0 - after.0).unwrap_or(usize::MAX).min(BLOCK_EVENTS);
        let chain_before = match skipped.checked_sub(1) {
            Some(before) => state.tail[before].chain,
            None => state.tail_chain(self.shared.genesis.chain()),
        };
        let last = &state.tail[skipped + wanted - 1];
        let events = state.tail.range(skipped..skipped + wanted);
        build_block(events, &state.origin(last.position, chain_before, last.chain)).map(Some)
    }

    async fn fact_block_beside_tickets(&self, after: Position) -> Result<Option<FactBlock>, StoreError> {
        let next = {
            let state = self.shared.state();
            next_beside_tickets(&state.beside_tickets, after, state.derived_end())
        };
        self.fact_block(next).await
    }
}

/// After which position the next event of no ticket may stand, by the numbers of the blocks that hold any; behind
/// `derived_end` nobody knows.
fn next_beside_tickets(blocks: &[u32], after: Position, derived_end: Position) -> Position {
    let begins = blocks.iter().map(|number| Position(u64::from(*number) * BLOCK_EVENTS as u64));
    let next = begins.into_iter().find(|begin| after.0 < begin.0 + BLOCK_EVENTS as u64);
    next.unwrap_or(derived_end).max(after)
}

/// The events after `after` up to `last`.
fn read_range(shared: &Shared, after: Position, last: Position) -> Result<Vec<RecordedEvent>, StoreError> {
    let first = shared.record_with(after.next())?;
    let from = first.last().map_or(after, |event| event.position);
    let wanted = |event: &RecordedEvent| after < event.position && event.position <= last;
    let mut events: Vec<_> = first.into_iter().filter(wanted).collect();
    shared.store.scan(RecordKey { first: from.next(), counter: 0 }, |record| {
        events.extend(events_of(record.key.first, record.entries()?)?.into_iter().filter(wanted));
        Ok(events.last().is_none_or(|event| event.position < last))
    })?;
    Ok(events)
}

/// Entries are read no further once they hold this much.
const ENTRY_BYTES_FULL: usize = 8 << 20;

/// The events after `after` up to `last`, and the commits without events before each of them.
fn read_entry_range(shared: &Shared, after: Position, last: Position) -> Result<Vec<Entry>, StoreError> {
    let (mut entries, mut bytes, mut enough) = (Vec::new(), 0, false);
    walk_entries(shared, after, |position, entry| {
        let wanted = !enough && after < position && position <= last;
        if wanted {
            bytes += entry.stored_len();
            // It ends behind an event, for what stands before one belongs to it.
            enough = bytes >= ENTRY_BYTES_FULL && matches!(entry, Entry::Event(..));
            entries.push(entry);
        }
        !enough && position <= last
    })?;
    Ok(entries)
}

/// Hands over every entry from the record on that holds the event at `after`, with its position or that of the next
/// event, until `visit` says stop.
fn walk_entries(
    shared: &Shared,
    after: Position,
    mut visit: impl FnMut(Position, Entry) -> bool,
) -> Result<(), StoreError> {
    let holding = shared.store.last_at_or_before(RecordKey { first: after, counter: u16::MAX })?;
    let from = holding.map_or(RecordKey { counter: 1, ..RecordKey::GENESIS }, |record| record.key);
    shared.store.scan(from, |record| {
        let (mut position, mut goes_on) = (record.key.first, true);
        for entry in record.entries()? {
            let next = if matches!(entry, Entry::Event(..)) { position.next() } else { position };
            goes_on &= visit(position, entry);
            position = next;
        }
        Ok(goes_on)
    })
}

impl EmbeddedLog {
    /// The commits without events after the last event. Nobody may append meanwhile: what is read may not be durable.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when storage fails.
    pub async fn last_commands(&self) -> Result<Vec<Entry>, StoreError> {
        let (after, shared) = (self.shared.durable_position(), Arc::clone(&self.shared));
        let read = move || {
            let mut entries = Vec::new();
            walk_entries(&shared, after, |position, entry| {
                if after < position && matches!(entry, Entry::Empty(_)) {
                    entries.push(entry);
                }
                true
            })?;
            Ok(entries)
        };
        self.readers.run(read).await
    }

    /// Gives a commit its place in the next group; what comes back is where its answer will be.
    async fn hand_over(&self, commit: Commit) -> Result<oneshot::Receiver<Result<Appended, AppendError>>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let mut waiting = self.shared.hand_over(Request { commit: Prepared::new(commit), answer })?;
        while let Some(request) = waiting {
            // Made before the second look, so that room made in between is not missed.
            let room = self.shared.room.notified();
            waiting = self.shared.hand_over(request)?;
            if waiting.is_some() {
                room.await;
            }
        }
        Ok(answered)
    }
}

#[async_trait::async_trait]
impl EventLog for EmbeddedLog {
    fn durability(&self) -> Option<Durability> {
        Some(self.shared.durability)
    }

    async fn append(&self, commit: Commit) -> Result<Appended, AppendError> {
        self.hand_over(commit).await?.await.map_err(|_| StoreError::ShutDown)?
    }

    fn knows_command(&self, id: &[u8; 16]) -> bool {
        self.shared.state().sequencer.commands.get(id).is_some()
    }

    fn stopped(&self) -> Option<StoreError> {
        self.shared.stopped()
    }

    async fn append_in_order(&self, commits: Vec<Commit>) -> Vec<Result<Appended, AppendError>> {
        // All are handed over before the first answer is waited for, so that the writer can group them.
        let mut handed_over = Vec::with_capacity(commits.len());
        for commit in commits {
            handed_over.push(self.hand_over(commit).await);
        }
        let mut answers = Vec::with_capacity(handed_over.len());
        for answer in handed_over {
            answers.push(match answer {
                Ok(answer) => answer.await.unwrap_or(Err(StoreError::ShutDown.into())),
                Err(failure) => Err(failure.into()),
            });
        }
        answers
    }
}
