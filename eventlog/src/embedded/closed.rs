//! How a log was closed in order: what whoever only folds it must know of its end without opening the storage engine.
//!
//! The file is removed before the log is opened to be written to, and believed only while the storage engine's file is as
//! long and as old as it was, and the tail witness saw the same end. It is a cache: without it everything is opened.

use super::store::{file_in, sync_dir};
use super::witness::{Seen, look_at};
use super::{BLOCK_EVENTS, Layout, Shared, State};
use crate::block::FactBlock;
use crate::log::StoreError;
use crate::memory::build_block;
use crate::position::Position;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"DFTCLSD2";
/// The checksum covers what follows it.
const CHECKED_FROM: usize = 12;

/// What a log was when it was closed.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) log_id: [u8; 16],
    /// Its end, as the witness saw it.
    pub(super) end: Seen,
    /// The numbers of the whole blocks that hold events of no ticket, rising.
    pub(super) beside_tickets: Vec<u32>,
    /// The events after the last whole block; none: there are none.
    pub(super) tail: Option<FactBlock>,
}

/// How long the storage engine's file is, and when it was written to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp([i64; 3]);

impl Stamp {
    fn of(log: &Path) -> io::Result<Self> {
        let file = fs::metadata(file_in(log))?;
        Ok(Self([file.size().cast_signed(), file.mtime(), file.mtime_nsec()]))
    }
}

impl Closed {
    /// How the log was closed, if that was in order and it is as it was then.
    pub(super) fn read(layout: &Layout) -> Option<Self> {
        let (stamp, closed) = decode(&fs::read(&layout.closed).ok()?)?;
        let (_, seen) = look_at(&layout.witness)?;
        let as_it_was = Stamp::of(&layout.log).ok()? == stamp && seen == Some(closed.end);
        (as_it_was && has_no_blobs(&layout.log)).then_some(closed)
    }

    fn of(state: &State, log_id: [u8; 16]) -> Option<Self> {
        let end = Seen::end_of(&state.sequencer);
        let tail = match state.tail.back() {
            None => None,
            Some(last) => {
                let chain_before = state.tail_chain(state.sequencer.epochs().genesis());
                let origin = state.origin(last.position, chain_before, last.chain);
                Some(build_block(&state.tail, &origin).ok()?)
            }
        };
        let in_order = state.stop.is_none() && state.tail.len() < BLOCK_EVENTS;
        in_order.then(|| Self { log_id, end, beside_tickets: state.beside_tickets.clone(), tail })
    }

    fn encode(&self, Stamp(stamp): Stamp) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([0; 4]);
        bytes.extend(stamp.iter().flat_map(|part| part.to_le_bytes()));
        bytes.extend(self.log_id);
        bytes.extend(self.end.position.0.to_le_bytes());
        bytes.extend(self.end.chain);
        bytes.extend(self.end.empties.to_le_bytes());
        // There are no more blocks than their numbers can tell apart.
        bytes.extend(u32::try_from(self.beside_tickets.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(self.beside_tickets.iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend(self.tail.as_ref().map_or(&[][..], FactBlock::as_bytes));
        let checksum = crc32c::crc32c(&bytes[CHECKED_FROM..]);
        bytes[8..CHECKED_FROM].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }
}

/// What was written; `None`: this is not it.
fn decode(bytes: &[u8]) -> Option<(Stamp, Closed)> {
    let (magic, rest) = bytes.split_first_chunk::<8>()?;
    let (checksum, rest) = rest.split_first_chunk::<4>()?;
    if magic != MAGIC || *checksum != crc32c::crc32c(rest).to_le_bytes() {
        return None;
    }
    let (stamp, rest) = rest.split_first_chunk::<24>()?;
    let (log_id, rest) = rest.split_first_chunk::<16>()?;
    let (position, rest) = rest.split_first_chunk::<8>()?;
    let (chain, rest) = rest.split_first_chunk::<32>()?;
    let (empties, rest) = rest.split_first_chunk::<4>()?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let (numbers, tail) = rest.split_at_checked((u32::from_le_bytes(*count) as usize).checked_mul(4)?)?;
    let mut parts = [0; 3];
    for (part, bytes) in parts.iter_mut().zip(stamp.as_chunks::<8>().0) {
        *part = i64::from_le_bytes(*bytes);
    }
    let position = Position(u64::from_le_bytes(*position));
    let closed = Closed {
        log_id: *log_id,
        end: Seen { position, chain: *chain, empties: u32::from_le_bytes(*empties) },
        beside_tickets: numbers.as_chunks::<4>().0.iter().map(|number| u32::from_le_bytes(*number)).collect(),
        tail: if tail.is_empty() { None } else { Some(block_of(tail)?) },
    };
    Some((Stamp(parts), closed))
}

fn block_of(bytes: &[u8]) -> Option<FactBlock> {
    FactBlock::parse(Arc::new(bytes.to_vec()), 0, bytes.len()).ok()
}

/// As opening the store has it: values there were never synced.
fn has_no_blobs(log: &Path) -> bool {
    fs::read_dir(log.join("blobs")).map_or(true, |mut files| files.next().is_none())
}

/// Whether there is something that was never written so. What begins otherwise may be of another version.
pub(super) fn is_damaged(layout: &Layout) -> bool {
    fs::read(&layout.closed).is_ok_and(|bytes| bytes.starts_with(MAGIC) && decode(&bytes).is_none())
}

/// Removes the file, before anything is changed. It is gone for good then: after a power cut the store's file may look as
/// old and long as it was, and hold more.
///
/// # Errors
///
/// [`StoreError`] when it is there and stays.
pub(super) fn forget(layout: &Layout) -> Result<(), StoreError> {
    let removed = match fs::remove_file(&layout.closed) {
        // Whoever removed it may have been killed before the directory was synced.
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    };
    let dir = layout.closed.parent().unwrap_or(&layout.closed);
    removed.and_then(|()| sync_dir(dir)).map_err(|e| StoreError::failed("opening the data directory", e))
}

impl Shared {
    /// Lets go of the store, and notes how; nobody appends or reads any more. Without the note the next opening reads more,
    /// and so what stands in its way is nobody's concern.
    pub(super) fn close(&self) {
        let closed = Closed::of(&self.state(), self.genesis.identity.log_id);
        let acknowledged = *self.acknowledged();
        if self.store.close().is_ok()
            && let Some(closed) = closed.filter(|closed| closed.end == acknowledged)
        {
            let _ = note(&self.home.layout, &closed);
        }
    }
}

fn note(layout: &Layout, closed: &Closed) -> io::Result<()> {
    let unfinished = layout.closed.with_extension("new");
    let mut file = File::create(&unfinished)?;
    file.write_all(&closed.encode(Stamp::of(&layout.log)?))?;
    file.sync_all()?;
    fs::rename(unfinished, &layout.closed)
}
