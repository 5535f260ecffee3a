//! The tail witness: the last acknowledged position and its chain value, kept beside the database.
//!
//! After a crash sled may drop a damaged tail in silence; a log shorter than its witness is refused. It is written
//! after the log is synced and before the answer, and synced itself every 100 ms and at close: so it is never ahead
//! of the log, and costs no sync a commit. Where answers come before syncs it is written after each sync alone.

use crate::checksum::Digest;
use crate::log::StoreError;
use crate::position::Position;
use crate::sequencer::Sequencer;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

const SLOT_LEN: usize = 64;
const CHECKED_LEN: usize = 60;

/// What the witness saw last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The last acknowledged position.
    pub position: Position,
    /// The chain value after it.
    pub chain: Digest,
    /// How many commits without events were acknowledged since.
    pub empties: u32,
}

impl Seen {
    /// Where a log ends.
    #[must_use]
    pub fn end_of(sequencer: &Sequencer) -> Self {
        Self { position: sequencer.last(), chain: sequencer.chain(), empties: sequencer.empties() }
    }
}

/// The witness's file: two slots written in turn, so that one is whole whenever the machine stops.
#[derive(Debug)]
pub struct Witness {
    file: File,
    turn: u64,
}

impl Witness {
    /// Opens or creates the file and reads what it saw last.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the file can't be read, or holds something but no whole slot.
    pub fn open(path: &Path) -> Result<(Self, Option<Seen>), StoreError> {
        let failed = |e| StoreError::failed("opening the tail witness", e);
        let options = || OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = options().map_err(failed)?;
        let mut bytes = [0; 2 * SLOT_LEN];
        let len = file.read_at(&mut bytes, 0).map_err(failed)?;
        let (slots, _) = bytes.as_chunks::<SLOT_LEN>();
        let newest = slots.iter().filter_map(read_slot).max_by_key(|(turn, _)| *turn);
        if newest.is_none() && len > 0 {
            return Err(StoreError::failed(
                "opening the tail witness",
                "both its slots are damaged; if `daftar check` finds the log whole, delete the file and open again",
            ));
        }
        Ok((Self { file, turn: newest.map_or(0, |(turn, _)| turn) }, newest.map(|(_, seen)| seen)))
    }

    /// Writes both slots of a new log's witness and syncs them, so that a power cut finds its file as long as it will be.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the file can't be written.
    pub fn create(&mut self, genesis: Digest) -> Result<(), StoreError> {
        self.write_both(Seen { position: Position::ZERO, chain: genesis, empties: 0 })
    }

    /// Writes both slots and syncs them.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the file can't be written.
    pub fn write_both(&mut self, seen: Seen) -> Result<(), StoreError> {
        self.write(seen)?;
        self.write(seen)?;
        self.file.sync_all().map_err(|e| StoreError::failed("writing the tail witness", e))
    }

    /// Writes what is acknowledged now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the file can't be written.
    pub fn write(&mut self, seen: Seen) -> Result<(), StoreError> {
        self.turn += 1;
        let mut slot = [0; SLOT_LEN];
        slot[..8].copy_from_slice(&self.turn.to_le_bytes());
        slot[8..16].copy_from_slice(&seen.position.0.to_le_bytes());
        slot[16..48].copy_from_slice(&seen.chain);
        slot[48..52].copy_from_slice(&seen.empties.to_le_bytes());
        let checksum = crc32c::crc32c(&slot[..CHECKED_LEN]);
        slot[CHECKED_LEN..].copy_from_slice(&checksum.to_le_bytes());
        let at = (self.turn % 2) * SLOT_LEN as u64;
        self.file.write_all_at(&slot, at).map_err(|e| StoreError::of_write("writing the tail witness", &e))
    }

    /// Another handle on the file, to sync it from elsewhere.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the system has no handle to give.
    pub fn syncer(&self) -> Result<File, StoreError> {
        self.file.try_clone().map_err(|e| StoreError::failed("opening the tail witness", e))
    }
}

/// How many of a witness's two slots are not whole, and what it saw last; none where there is no witness.
pub(super) fn look_at(path: &Path) -> Option<(usize, Option<Seen>)> {
    let bytes = std::fs::read(path).ok()?;
    let slot = |n: usize| bytes.get(n * SLOT_LEN..).and_then(<[u8]>::first_chunk).and_then(read_slot);
    let slots = [slot(0), slot(1)];
    let newest = slots.into_iter().flatten().max_by_key(|(turn, _)| *turn);
    Some((slots.iter().filter(|slot| slot.is_none()).count(), newest.map(|(_, seen)| seen)))
}

fn read_slot(slot: &[u8; SLOT_LEN]) -> Option<(u64, Seen)> {
    let (turn, rest) = slot.split_first_chunk::<8>()?;
    let (position, rest) = rest.split_first_chunk::<8>()?;
    let (chain, rest) = rest.split_first_chunk::<32>()?;
    let (empties, _) = rest.split_first_chunk::<4>()?;
    let (_, checksum) = slot.split_last_chunk::<4>()?;
    let turn = u64::from_le_bytes(*turn);
    let whole = u32::from_le_bytes(*checksum) == crc32c::crc32c(&slot[..CHECKED_LEN]);
    let position = Position(u64::from_le_bytes(*position));
    let seen = Seen { position, chain: *chain, empties: u32::from_le_bytes(*empties) };
    (whole && turn > 0).then_some((turn, seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_whole_slot_is_what_it_saw() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("witness");
        let (mut witness, none) = Witness::open(&path).unwrap();
        assert_eq!(none, None);
        let seen = |n: u8| Seen { position: Position(n.into()), chain: [n; 32], empties: n.into() };
        for n in 1..=5 {
            witness.write(seen(n)).unwrap();
            assert_eq!(Witness::open(&path).unwrap().1, Some(seen(n)));
        }
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[SLOT_LEN + 20] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(Witness::open(&path).unwrap().1, Some(seen(4)), "the fifth lay in the damaged slot");
        bytes[20] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(Witness::open(&path).is_err());
    }
}
