//! Opening: genesis, keys, derived files, then the records after them, each compared with what the others say.

use super::closed;
use super::layout::RecordKey;
use super::store::{Store, sync_dir};
use super::witness::{Seen, Witness};
use super::writer::{Pending, without_content};
use super::{BLOCK_EVENTS, Home, KeyFile, Layout, Options, Shared, State, layout_of};
use crate::block::FactBlock;
use crate::checksum::{Digest, chain_next};
use crate::codec::EventType;
use crate::codec::v1::EpochBegunV1;
use crate::derived::{Derived, DerivedFiles, remove_unfinished};
use crate::entry::Entry;
use crate::facts::Facts;
use crate::genesis::Genesis;
use crate::log::{LogIdentity, StoreError};
use crate::memory::build_block;
use crate::position::Position;
use crate::sealing::KeyStore;
use crate::sequencer::{COMMAND_EVENTS_MAX, CommandIndex, KeptCommand, Placed, Sequencer, StreamEnd, StreamIndex};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, OnceLock, RwLock};
use tokio::sync::{Notify, watch};

/// A directory that was opened.
pub(super) struct Opened {
    pub(super) shared: Shared,
    pub(super) derived: DerivedFiles,
    /// The last position acknowledged and its chain value, where the log ends before it and that was accepted.
    pub(super) lost: Option<(Position, Digest)>,
    /// The first position whose derived block was damaged or not this log's.
    pub(super) spoilt: Option<Position>,
    /// Whether events were there and no witness of them.
    pub(super) without_witness: bool,
}

/// Opens everything in `dir` and brings memory to where the log ends.
pub(super) fn open(dir: &Path, options: &Options) -> Result<Opened, StoreError> {
    let layout = layout_of(dir);
    // Left behind where a process was killed while it looked for room.
    let _ = std::fs::remove_file(&layout.probe);
    remove_unfinished(&layout.derived);
    closed::forget(&layout)?;
    let store = Store::open(&layout.log, options.cache_bytes)?;
    let (mut witness, seen) = Witness::open(&layout.witness)?;
    let (genesis, created) = match store.get(RecordKey::GENESIS)? {
        Some(bytes) => (Genesis::decode(&bytes)?, None),
        None => {
            let (genesis, keys) = create(dir, &layout, &store, &mut witness, seen, options.restoring)?;
            (genesis, Some(keys))
        }
    };
    // Keys and derived files know nothing of each other, and both may be large.
    let (keys, rebuilt) = std::thread::scope(|threads| {
        let keys = threads.spawn(|| created.map_or_else(|| KeyFile::open(&layout.keys, &genesis.identity.log_id), Ok));
        let rebuilt = rebuild(&store, &genesis, &layout, options, seen, 0);
        (keys.join(), rebuilt)
    });
    let keys = Arc::new(keys.map_err(|_| StoreError::failed("opening the keys", "its thread gave up"))??);
    let Rebuilt { state, files, lost, spoilt } = rebuilt?;
    // After a kill the system may hold what was never synced: it is, before anybody is told that it stands.
    keys.make_durable()?;
    store.sync()?;
    let acknowledged = Seen::end_of(&state.sequencer);
    let without_witness = seen.is_none() && state.sequencer.last() > Position::ZERO;
    if without_witness {
        witness.write_both(acknowledged)?;
    }
    let shared = Shared {
        genesis,
        store,
        keys,
        clock: Arc::clone(&options.clock),
        durability: options.durability,
        // What was accepted at opening is not accepted again unseen.
        home: Home { layout, options: Options { accept_truncation: false, ..options.clone() } },
        witness: Mutex::new(witness),
        acknowledged: Mutex::new(acknowledged),
        durable: watch::channel(state.sequencer.last()).0,
        state: RwLock::new(state),
        writer: OnceLock::new(),
        closing: AtomicBool::new(false),
        room: Notify::new(),
        tail_changed: Condvar::new(),
        tail_lock: Mutex::new(()),
        storing: Mutex::new(()),
    };
    Ok(Opened { shared, derived: files, lost, spoilt, without_witness })
}

/// What memory holds of a log, and the files derived from it.
pub(super) struct Rebuilt {
    pub(super) state: State,
    pub(super) files: DerivedFiles,
    /// As in [`Opened`].
    lost: Option<(Position, Digest)>,
    /// As in [`Opened`].
    spoilt: Option<Position>,
}

/// Brings memory to where the log ends; `mapped` derived blocks are being read by others and must not be cut off.
pub(super) fn rebuild(
    store: &Store,
    genesis: &Genesis,
    layout: &Layout,
    options: &Options,
    seen: Option<Seen>,
    mapped: usize,
) -> Result<Rebuilt, StoreError> {
    let (mut files, mut derived) = DerivedFiles::open(&layout.derived, genesis.identity, genesis.chain())?;
    keep_what_the_log_confirms(store, genesis, &mut derived)?;
    if derived.blocks.len() < mapped {
        return Err(StoreError::failed("reading derived files", "blocks that are in use are damaged; restart"));
    }
    files.keep(&derived)?;
    let spoilt = derived.spoilt;
    let mut recovery = Recovery { genesis: *genesis, state: restored(genesis, derived)?, files };
    recovery.replay(store, options)?;
    let Recovery { mut state, files, .. } = recovery;
    state.pending = Pending::after(store)?;
    if options.restoring.is_some() {
        state.sequencer.restoring();
    }
    let lost = match compare_with_witness(store, genesis, &state, seen) {
        Err(Mismatch::TailLost(_, lost)) if options.accept_truncation => Some(lost),
        Err(Mismatch::TailLost(refused, _) | Mismatch::Other(refused)) => return Err(refused),
        Ok(()) => None,
    };
    Ok(Rebuilt { state, files, lost, spoilt })
}

/// Makes a new log: keys, witness and directories are durable before the genesis, so that a log that has one has all.
/// What an interrupted creation left behind is taken up again.
fn create(
    dir: &Path,
    layout: &Layout,
    store: &Store,
    witness: &mut Witness,
    seen: Option<Seen>,
    restoring: Option<Genesis>,
) -> Result<(Genesis, KeyFile), StoreError> {
    let end = RecordKey { first: Position(u64::MAX), counter: u16::MAX };
    if seen.is_some_and(|seen| seen.position > Position::ZERO) || store.last_at_or_before(end)?.is_some() {
        let why = "its header record is missing; restore a backup".to_owned();
        return Err(StoreError::Corrupt { position: Position::ZERO, why });
    }
    let keys = match restoring {
        Some(genesis) => KeyFile::open(&layout.keys, &genesis.identity.log_id)?,
        None => KeyFile::create_or_take_up(&layout.keys, Genesis::new()?.identity.log_id)?,
    };
    let genesis = Genesis { identity: LogIdentity { log_id: keys.log_id(), epoch: 1 } };
    witness.create(genesis.chain())?;
    let failed = |e| StoreError::failed("creating the log", e);
    [&layout.keys, dir, dir.parent().unwrap_or(dir)].into_iter().try_for_each(sync_dir).map_err(failed)?;
    store.write(vec![(RecordKey::GENESIS.encode(), genesis.encode().to_vec())])?;
    store.sync()?;
    Ok((genesis, keys))
}

/// The chain value after `position` by the log's own records; `None` where no record holds it.
fn chain_at(store: &Store, genesis: &Genesis, position: Position) -> Result<Option<Digest>, StoreError> {
    if position == Position::ZERO {
        return Ok(Some(genesis.chain()));
    }
    let Some(record) = store.last_at_or_before(RecordKey { first: position, counter: u16::MAX })? else {
        return Ok(None);
    };
    let mut at = record.key.first;
    let mut chain = match before(record.key) {
        Some(key) => store.last_at_or_before(key)?.map_or(genesis.chain(), |record| record.chain),
        None => genesis.chain(),
    };
    for entry in record.entries()? {
        if let Entry::Event(recorded_at, bytes) = entry {
            chain = chain_next(&chain, &bytes.digest(), recorded_at);
            if at == position {
                return Ok(Some(chain));
            }
            at = at.next();
        }
    }
    Ok(None)
}

/// The greatest key before `key`.
fn before(key: RecordKey) -> Option<RecordKey> {
    match (key.first.0, key.counter) {
        (0, 0) => None,
        (first, 0) => Some(RecordKey { first: Position(first - 1), counter: u16::MAX }),
        (_, counter) => Some(RecordKey { counter: counter - 1, ..key }),
    }
}

/// Throws derived blocks away until the chain value at the end of the last one is the log's.
fn keep_what_the_log_confirms(store: &Store, genesis: &Genesis, derived: &mut Derived) -> Result<(), StoreError> {
    while let Some(block) = derived.blocks.last() {
        if chain_at(store, genesis, block.last())? == Some(block.origin().chain_after) {
            break;
        }
        derived.pop();
    }
    Ok(())
}

/// What memory holds of the part of the log that derived blocks cover. Streams and commands are indexed side by side.
fn restored(genesis: &Genesis, mut derived: Derived) -> Result<State, StoreError> {
    let mut sequencer = Sequencer::new(genesis);
    let blocks = std::mem::take(&mut derived.blocks);
    let of_commands = std::mem::take(&mut derived.commands);
    let (commands, beside_tickets) = std::thread::scope(|threads| {
        let indexing = threads.spawn(move || {
            let mut commands = CommandIndex::default();
            commands.restore_all(of_commands);
            commands
        });
        let beside_tickets = restore_streams(&mut sequencer, &blocks)?;
        let commands = indexing.join();
        let commands =
            commands.map_err(|_| StoreError::failed("reading derived files", "indexing commands gave up"))?;
        Ok((commands, beside_tickets))
    })?;
    sequencer.commands = commands;
    derived.let_go_of_pages();
    Ok(State {
        sequencer,
        blocks,
        beside_tickets,
        tail: VecDeque::new(),
        tail_commands: VecDeque::new(),
        pending: Pending::at_genesis(),
        generation: 0,
        stop: None,
    })
}

/// Answers the numbers of the blocks that hold events of no ticket.
fn restore_streams(sequencer: &mut Sequencer, blocks: &[FactBlock]) -> Result<Vec<u32>, StoreError> {
    let streams = blocks.iter().rev().find_map(FactBlock::streams_after);
    sequencer.streams.reserve(streams.unwrap_or(0));
    hashes_of_names(blocks)?.into_iter().for_each(|hash| sequencer.streams.restore_name(hash));
    let mut beside_tickets = Vec::new();
    for (number, block) in (0..).zip(blocks) {
        let ends = block.streams().zip(block.versions()).zip(block.first().0..);
        for ((stream, version), position) in ends {
            sequencer.streams.restore_end(stream, StreamEnd { last: Position(position), version });
        }
        if !block.types().all(EventType::is_of_tickets) {
            beside_tickets.push(number);
            epochs_in(block, |begun, position| sequencer.restore_epoch(begun, position))?;
        }
        sequencer.restore_end(block.last(), block.origin().chain_after, block.last_recorded_at());
    }
    Ok(beside_tickets)
}

/// The hashes of all streams' names, in order; two threads make them, each of half of the blocks.
fn hashes_of_names(blocks: &[FactBlock]) -> Result<Vec<[u8; 16]>, StoreError> {
    let of = |blocks: &[FactBlock]| {
        let names = blocks.iter().flat_map(FactBlock::names);
        names.map(|(_, kind, id)| StreamIndex::hash_of(kind, id)).collect::<Vec<_>>()
    };
    let (front, back) = blocks.split_at(blocks.len() / 2);
    std::thread::scope(|threads| {
        let back = threads.spawn(|| of(back));
        let mut hashes = of(front);
        hashes.append(
            &mut back.join().map_err(|_| StoreError::failed("reading derived files", "hashing names gave up"))?,
        );
        Ok(hashes)
    })
}

/// Hands over every epoch begun in a block, with its position.
pub(super) fn epochs_in(
    block: &FactBlock,
    mut begin: impl FnMut(&EpochBegunV1, Position) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for row in block.iter().filter(|row| row.event_type == EventType::EPOCH_BEGUN) {
        let unreadable = |source| StoreError::Unreadable { position: row.position, source };
        if let Facts::EpochBegun(begun) = row.decode().map_err(unreadable)? {
            begin(&begun, row.position)?;
        }
    }
    Ok(())
}

/// A walk along the log that brings memory, and derived files, to where it ends.
pub(super) struct Recovery {
    genesis: Genesis,
    state: State,
    files: DerivedFiles,
}

/// Whoever looks at each event on the way, with its content.
type Inspect<'a> = &'a mut dyn FnMut(&Placed) -> Result<(), StoreError>;

impl Recovery {
    /// Begins at the log's first event, with derived files of its own in `derived`.
    pub(super) fn afresh(genesis: &Genesis, derived: &Path) -> Result<Self, StoreError> {
        let (files, _) = DerivedFiles::open(derived, genesis.identity, genesis.chain())?;
        Ok(Self { genesis: *genesis, state: restored(genesis, Derived::default())?, files })
    }

    /// How many events it has walked along, and the epoch in force at the last.
    pub(super) fn reached(&self) -> (u64, u32) {
        let sequencer = &self.state.sequencer;
        (sequencer.last().0, sequencer.epochs().current().number)
    }

    /// What came of it; every block whose events are there is derived.
    pub(super) fn finish(mut self) -> Result<State, StoreError> {
        while self.state.tail.len() >= BLOCK_EVENTS {
            self.derive_block(&Options::default())?;
        }
        Ok(self.state)
    }

    /// Takes in every record after the last derived block, deriving further blocks on the way.
    fn replay(&mut self, store: &Store, options: &Options) -> Result<(), StoreError> {
        self.replay_inspected(store, options, &mut |_| Ok(()))
    }

    /// The same, with somebody looking on.
    pub(super) fn replay_inspected(
        &mut self,
        store: &Store,
        options: &Options,
        inspect: Inspect<'_>,
    ) -> Result<(), StoreError> {
        let done = self.state.sequencer.last();
        // The record that holds the last event derived may hold more: the next events, or commands without events that
        // stand between the two.
        let holding = store.last_at_or_before(RecordKey { first: done, counter: u16::MAX })?;
        let from = holding.map_or(RecordKey { counter: 1, ..RecordKey::GENESIS }, |record| record.key);
        store.scan(from, |record| {
            let (mut next, chain) = (record.key.first, record.chain);
            for entry in record.entries()? {
                let known = next <= done;
                match entry {
                    Entry::Event(recorded_at, bytes) => {
                        if !known {
                            self.take_event(next, recorded_at, bytes, inspect)?;
                        }
                        next = next.next();
                    }
                    Entry::Empty(empty) if !known => {
                        self.state.sequencer.replay_empty(&empty);
                        self.remember(empty.command.id);
                    }
                    Entry::Empty(_) => {}
                }
            }
            if next > done.next() && self.state.sequencer.chain() != chain {
                return Err(StoreError::Corrupt {
                    position: record.key.first,
                    why: "the chain does not fit its record: an event before or in it was changed".to_owned(),
                });
            }
            self.derive(options)?;
            Ok(true)
        })
    }

    fn take_event(
        &mut self,
        position: Position,
        recorded_at: daftar_domain::Timestamp,
        bytes: crate::record::EventBytes,
        inspect: Inspect<'_>,
    ) -> Result<(), StoreError> {
        let sequencer = &mut self.state.sequencer;
        if position != sequencer.last().next() {
            let why = format!("the record after position {} is missing", sequencer.last());
            return Err(StoreError::Corrupt { position: sequencer.last().next(), why });
        }
        let placed = sequencer.replay(bytes, recorded_at)?;
        inspect(&placed)?;
        self.remember_command_of(&placed)?;
        self.state.tail.push_back(without_content(placed));
        Ok(())
    }

    fn remember_command_of(&mut self, placed: &Placed) -> Result<(), StoreError> {
        let head = placed.bytes.head().map_err(|e| e.at(placed.position))?;
        let metadata: crate::codec::v1::MetadataV1<'_> = crate::codec::decode("metadata", head.metadata)
            .map_err(|source| StoreError::Unreadable { position: placed.position, source })?;
        if let Some((id, _)) = metadata.command {
            self.remember(id);
        }
        Ok(())
    }

    /// Keeps a command of the tail as the index knows it now; one of several events counts up in place. One that began
    /// in a derived block stands there, counted whole.
    fn remember(&mut self, id: [u8; 16]) {
        let Some(kept) = self.state.sequencer.commands.get(&id) else { return };
        if kept.first <= self.state.derived_end() {
            return;
        }
        match self.state.tail_commands.back_mut() {
            Some(last) if last.stamp.id == id && last.first == kept.first => *last = kept,
            _ => self.state.tail_commands.push_back(kept),
        }
    }

    fn derive(&mut self, options: &Options) -> Result<(), StoreError> {
        // A command that goes on beyond the block is counted whole first.
        while self.state.tail.len() >= BLOCK_EVENTS + COMMAND_EVENTS_MAX {
            self.derive_block(options)?;
        }
        Ok(())
    }

    fn derive_block(&mut self, options: &Options) -> Result<(), StoreError> {
        let chain_before = self.state.tail_chain(self.genesis.chain());
        let chain_after = self.state.tail[BLOCK_EVENTS - 1].chain;
        let last = self.state.tail[BLOCK_EVENTS - 1].position;
        let origin = self.state.origin(last, chain_before, chain_after);
        let block = build_block(self.state.tail.range(..BLOCK_EVENTS), &origin)?;
        let last = block.last();
        let whole = self.state.tail_commands.iter().take_while(|c| c.first <= last).count();
        let commands: Vec<KeptCommand> = self.state.tail_commands.drain(..whole).collect();
        let (block, commands) = self.files.append(&block, &commands)?;
        self.state.push_block(block);
        self.state.sequencer.commands.derived(commands);
        self.state.tail.drain(..BLOCK_EVENTS);
        if let Some(progress) = &options.progress {
            progress(last);
        }
        Ok(())
    }
}

/// What the witness saw is not what the log has.
pub(super) enum Mismatch {
    /// The log ends before what was acknowledged: the words, and the last position acknowledged with its chain value.
    TailLost(StoreError, (Position, Digest)),
    /// The log is another one, or can't be read.
    Other(StoreError),
}

/// What whoever lost the end of a log can do.
const WAYS_ON: &str =
    "`daftar check` says what is there; restore a backup, or go on without them with --accept-truncation";

/// Refuses a log that is shorter than what was acknowledged, or another one.
pub(super) fn compare_with_witness(
    store: &Store,
    genesis: &Genesis,
    state: &State,
    seen: Option<Seen>,
) -> Result<(), Mismatch> {
    let Some(Seen { position, chain, empties }) = seen else { return Ok(()) };
    let last = state.sequencer.last();
    if state.sequencer.epochs().current().given_up == Some((position, chain)) {
        // The epoch that gave these up was written, the witness of it not any more.
        return Ok(());
    }
    let lost = |at, why| Mismatch::TailLost(StoreError::Corrupt { position: at, why }, (position, chain));
    if position > last {
        let why = format!(
            "events up to position {position} were acknowledged, but the log ends at {last}: its tail is lost; {WAYS_ON}"
        );
        return Err(lost(last.next(), why));
    }
    if position == last && empties > state.sequencer.empties() {
        let why = format!("commands that changed nothing were acknowledged after it, but are lost; {WAYS_ON}");
        return Err(lost(position, why));
    }
    let there = state.tail.iter().find(|placed| placed.position == position).map(|placed| placed.chain);
    let there = match there {
        Some(chain) => Some(chain),
        None => chain_at(store, genesis, position).map_err(Mismatch::Other)?,
    };
    if there == Some(chain) {
        return Ok(());
    }
    let why = "the log is not the one that was acknowledged up to here: the chain differs; restore a backup".to_owned();
    Err(Mismatch::Other(StoreError::Corrupt { position, why }))
}
