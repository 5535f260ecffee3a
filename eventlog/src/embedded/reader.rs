//! A log opened to be folded: its facts alone, unless more is asked of it.
//!
//! What an orderly end noted says where the log ends and what stands behind the derived blocks; the blocks are verified as
//! they are handed out, or by whoever asks for them to verify them himself. Whatever this can't answer, and whatever is not
//! as it was then, opens everything, as for writing.

use super::closed::Closed;
use super::key_file::KeyFile;
use super::recovery::epochs_in;
use super::threads::spawn_thread;
use super::{BLOCK_EVENTS, EmbeddedLog, Options, layout_of, next_beside_tickets, take_lock};
use crate::block::{BlockDamaged, FactBlock, FoundBlock};
use crate::derived::{set_facts_aside, unverified_blocks};
use crate::entry::Entry;
use crate::epoch::Epochs;
use crate::genesis::Genesis;
use crate::log::{LogIdentity, LogReader, StoreError};
use crate::position::{Position, Version};
use crate::record::RecordedEvent;
use crate::sealing::KeyStore;
use crate::stream::StreamName;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::watch;

/// A log in a directory that nobody has open, to be folded.
pub struct EmbeddedReader(Opened);

enum Opened {
    Whole(Box<EmbeddedLog>),
    AtAGlance(Box<AtAGlance>),
}

/// A log closed in order, of which no more was read than that.
struct AtAGlance {
    glance: Glance,
    dir: PathBuf,
    options: Options,
    /// Everything, once it had to be opened.
    whole: OnceLock<Result<EmbeddedLog, StoreError>>,
    /// Held as long as the log is open; dropped last.
    lock: File,
}

impl EmbeddedReader {
    /// Opens the log in `dir`.
    ///
    /// # Errors
    ///
    /// As [`EmbeddedLog::open`]; what that finds in what was not read here is told when it is read.
    pub fn open(dir: &Path, options: &Options) -> Result<Self, StoreError> {
        let lock = take_lock(dir, options.create)?;
        let Some(glance) = Glance::of(dir) else {
            return Ok(Self(Opened::Whole(Box::new(EmbeddedLog::open_locked(lock, dir, options)?))));
        };
        let (dir, options) = (dir.to_owned(), options.clone());
        let glanced = AtAGlance { glance, dir, options, whole: OnceLock::new(), lock };
        Ok(Self(Opened::AtAGlance(Box::new(glanced))))
    }

    /// The keys of this log.
    #[must_use]
    pub fn keys(&self) -> Arc<dyn KeyStore> {
        match &self.0 {
            Opened::Whole(log) => log.keys(),
            Opened::AtAGlance(glanced) => Arc::clone(&glanced.glance.keys) as Arc<dyn KeyStore>,
        }
    }

    /// What whoever opened the log should be told, in words, as far as it is known by now.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        match &self.0 {
            Opened::Whole(log) => log.notices(),
            Opened::AtAGlance(glanced) => match glanced.whole.get() {
                Some(Ok(log)) => log.notices(),
                _ => glanced.glance.keys.notices().collect(),
            },
        }
    }

    /// Why keys that were asked for could not be read; none: they could, or nobody has asked.
    #[must_use]
    pub fn unread_keys(&self) -> Option<StoreError> {
        match &self.0 {
            Opened::Whole(_) => None,
            Opened::AtAGlance(glanced) => glanced.glance.keys.failure(),
        }
    }

    /// Whether everything was opened: at once, or because it was needed.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        match &self.0 {
            Opened::Whole(_) => true,
            Opened::AtAGlance(glanced) => glanced.whole.get().is_some(),
        }
    }

    fn whole(&self) -> Result<&EmbeddedLog, StoreError> {
        match &self.0 {
            Opened::Whole(log) => Ok(log),
            Opened::AtAGlance(glanced) => glanced.whole(),
        }
    }
}

impl AtAGlance {
    fn whole(&self) -> Result<&EmbeddedLog, StoreError> {
        self.whole.get_or_init(|| self.open_whole()).as_ref().map_err(Clone::clone)
    }

    fn open_whole(&self) -> Result<EmbeddedLog, StoreError> {
        // What is damaged of the file is cut off, but blocks of it may be in use.
        set_facts_aside(&layout_of(&self.dir).derived)?;
        let lock = self.lock.try_clone().map_err(|e| StoreError::failed("opening the data directory", e))?;
        EmbeddedLog::open_locked(lock, &self.dir, &self.options)
    }
}

#[async_trait::async_trait]
impl LogReader for EmbeddedReader {
    fn identity(&self) -> LogIdentity {
        match &self.0 {
            Opened::Whole(log) => log.identity(),
            Opened::AtAGlance(glanced) => {
                let epochs = &glanced.glance.epochs;
                LogIdentity { log_id: epochs.log_id(), epoch: epochs.current().number }
            }
        }
    }

    fn epochs(&self) -> Epochs {
        match &self.0 {
            Opened::Whole(log) => log.epochs(),
            Opened::AtAGlance(glanced) => glanced.glance.epochs.clone(),
        }
    }

    fn durable(&self) -> watch::Receiver<Position> {
        match &self.0 {
            Opened::Whole(log) => log.durable(),
            Opened::AtAGlance(glanced) => glanced.glance.durable.subscribe(),
        }
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.whole()?.read_stream(stream, after, limit).await
    }

    async fn read_events(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        self.whole()?.read_events(after, limit).await
    }

    async fn read_entries(&self, after: Position, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.whole()?.read_entries(after, limit).await
    }

    async fn fact_block(&self, after: Position) -> Result<Option<FactBlock>, StoreError> {
        if let Opened::AtAGlance(glanced) = &self.0
            && let Ok(block) = glanced.glance.block(after)
        {
            return Ok(block);
        }
        self.whole()?.fact_block(after).await
    }

    async fn fact_block_to_verify(&self, after: Position) -> Result<Option<FoundBlock>, StoreError> {
        if let Opened::AtAGlance(glanced) = &self.0
            && let Some(block) = glanced.glance.unverified(after)
        {
            return Ok(Some(FoundBlock { block: block.clone(), is_verified: false }));
        }
        Ok(self.fact_block(after).await?.map(|block| FoundBlock { block, is_verified: true }))
    }

    async fn fact_block_beside_tickets(&self, after: Position) -> Result<Option<FactBlock>, StoreError> {
        match &self.0 {
            Opened::Whole(log) => log.fact_block_beside_tickets(after).await,
            Opened::AtAGlance(glanced) => self.fact_block(glanced.glance.next_beside_tickets(after)).await,
        }
    }
}

/// What an orderly end left, read as far as it must be to know what log this is and where it ends.
struct Glance {
    keys: Arc<KeyFile>,
    epochs: Epochs,
    durable: watch::Sender<Position>,
    blocks: Arc<Blocks>,
    beside_tickets: Vec<u32>,
    tail: Option<FactBlock>,
    /// Verifies from the last block on towards whoever reads from the first.
    verifying: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Glance {
    fn drop(&mut self) {
        self.blocks.in_use.store(false, Ordering::Relaxed);
        if let Some(thread) = self.verifying.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // The file may be cut once the directory is let go of.
            let _ = thread.join();
        }
    }
}

impl Glance {
    /// `None`: the log was not closed in order, or something is not as it was then.
    fn of(dir: &Path) -> Option<Self> {
        let layout = layout_of(dir);
        let Closed { log_id, end, beside_tickets, tail } = Closed::read(&layout)?;
        let genesis = Genesis { identity: LogIdentity { log_id, epoch: 1 } };
        let blocks = unverified_blocks(&layout.derived, genesis.identity, genesis.chain())?;
        let blocks = Blocks::new(blocks);
        if !blocks.end_at(&genesis, tail.as_ref(), end.position, end.chain) {
            return None;
        }
        let epochs = epochs_of(&genesis, &blocks, &beside_tickets, tail.as_ref())?;
        Some(Self {
            keys: Arc::new(KeyFile::open_unread(&layout.keys, &log_id).ok()?),
            epochs,
            durable: watch::channel(end.position).0,
            blocks: Arc::new(blocks),
            beside_tickets,
            tail,
            verifying: Mutex::default(),
        })
    }

    /// The block with the event after `after`.
    fn block(&self, after: Position) -> Result<Option<FactBlock>, BlockDamaged> {
        let number = usize::try_from(after.0).unwrap_or(usize::MAX) / BLOCK_EVENTS;
        if number < self.blocks.all.len() {
            self.verify_ahead();
            return self.blocks.verified(number).cloned().map(Some);
        }
        Ok(self.tail.clone().filter(|tail| after < tail.last()))
    }

    /// The derived block with the event after `after`, whatever it is.
    fn unverified(&self, after: Position) -> Option<&FactBlock> {
        self.blocks.all.get(usize::try_from(after.0).ok()? / BLOCK_EVENTS)
    }

    fn next_beside_tickets(&self, after: Position) -> Position {
        next_beside_tickets(&self.beside_tickets, after, Position((self.blocks.all.len() * BLOCK_EVENTS) as u64))
    }

    fn verify_ahead(&self) {
        let mut verifying = self.verifying.lock().unwrap_or_else(PoisonError::into_inner);
        if verifying.is_none() && self.blocks.all.len() >= WORTH_A_THREAD {
            let blocks = Arc::clone(&self.blocks);
            // Without it, whoever reads verifies all.
            *verifying = spawn_thread("daftar-log-verify", move || blocks.verify_from_the_end()).ok();
        }
    }
}

/// For fewer blocks than that a thread costs more than it spares.
const WORTH_A_THREAD: usize = 4;

/// Derived blocks, each verified once, before anybody gets it.
struct Blocks {
    all: Vec<FactBlock>,
    /// What is known of each.
    found: Vec<AtomicU8>,
    /// The greatest number that was asked for.
    asked: AtomicUsize,
    in_use: AtomicBool,
}

const WHOLE: u8 = 1;
const DAMAGED: u8 = 2;

impl Blocks {
    fn new(all: Vec<FactBlock>) -> Self {
        let found = all.iter().map(|_| AtomicU8::new(0)).collect();
        Self { all, found, asked: AtomicUsize::new(0), in_use: AtomicBool::new(true) }
    }

    /// Whether they, and the tail behind them, end at that position with that chain value.
    fn end_at(&self, genesis: &Genesis, tail: Option<&FactBlock>, position: Position, chain: [u8; 32]) -> bool {
        let end = |block: &FactBlock| (block.last(), block.origin().chain_after);
        let derived = self.all.last().map_or((Position::ZERO, genesis.chain()), end);
        let follows =
            |tail: &FactBlock| (Position(tail.first().0.saturating_sub(1)), tail.origin().chain_before) == derived;
        tail.is_none_or(follows) && tail.map_or(derived, end) == (position, chain)
    }

    fn verified(&self, number: usize) -> Result<&FactBlock, BlockDamaged> {
        self.asked.fetch_max(number, Ordering::Relaxed);
        self.verify(number)
    }

    fn verify(&self, number: usize) -> Result<&FactBlock, BlockDamaged> {
        let (block, found) = (&self.all[number], &self.found[number]);
        match found.load(Ordering::Relaxed) {
            WHOLE => Ok(block),
            DAMAGED => Err(BlockDamaged("it is not what was written")),
            _ => {
                let verified = block.verify();
                found.store(if verified.is_ok() { WHOLE } else { DAMAGED }, Ordering::Relaxed);
                verified.map(|()| block)
            }
        }
    }

    /// Verifies one after the other from the last on, up to those that were asked for.
    fn verify_from_the_end(&self) {
        for number in (0..self.all.len()).rev() {
            if number <= self.asked.load(Ordering::Relaxed) || !self.in_use.load(Ordering::Relaxed) {
                break;
            }
            let _ = self.verify(number);
        }
    }
}

/// The log's epochs, from the blocks that may begin any; `None`: they are not those that the last block is of.
fn epochs_of(genesis: &Genesis, blocks: &Blocks, numbers: &[u32], tail: Option<&FactBlock>) -> Option<Epochs> {
    let mut epochs = Epochs::new(genesis.identity.log_id, genesis.chain());
    let number = |number: &u32| usize::try_from(*number).ok().filter(|number| *number < blocks.all.len());
    let beside: Option<Vec<_>> = numbers.iter().map(|n| blocks.verify(number(n)?).ok()).collect();
    for block in beside?.into_iter().chain(tail) {
        let mut begin = |begun: &_, position| {
            epochs.begin(begun, position).map_err(|why| StoreError::Corrupt { position, why: why.to_owned() })
        };
        epochs_in(block, &mut begin).ok()?;
    }
    let last = tail.or(blocks.all.last()).map_or(1, |block| block.origin().epoch);
    (epochs.current().number == last).then_some(epochs)
}
