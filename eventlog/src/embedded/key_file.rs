//! The key file: every pseudonym and its key in fixed slots, kept twice.
//!
//! A slot holds pseudonym, key, the customer's id sealed under that key, and the id's keyed hash, by which a known
//! customer is found; the id stands nowhere in clear. It is appended to, and rewritten only to forget. A slot damaged
//! in one file is mended from its twin.

use crate::log::StoreError;
use crate::sealing::memory_keys::unknown;
use crate::sealing::{ContentKey, Hashed, KeyStore, Pseudonym, keyed_hash, random};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use daftar_domain::ids::{CustomerId, ID_BYTES_MAX};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{BufReader, Read as _};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Length of a slot in bytes.
pub const SLOT_LEN: usize = 384;
/// How many opened slots are kept in memory.
const CACHED_MAX: usize = 65_536;

/// How many slots are read at a time at opening.
const PIECE_SLOTS: usize = 4096;

const MAGIC: &[u8; 8] = b"DFTKEYS1";
const STATE_CUSTOMER: u8 = 1;
const STATE_TICKET: u8 = 2;
const STATE_FORGOTTEN: u8 = 3;
const NONCE_LEN: usize = 24;
const NAME_LEN: usize = 2 + ID_BYTES_MAX;
const PSEUDONYM_AT: usize = 8;
const KEY_AT: usize = 24;
const HASH_AT: usize = 56;
const NONCE_AT: usize = 72;
const NAME_AT: usize = 96;
const NAME_END: usize = NAME_AT + NAME_LEN + 16;

/// The keys of one log, in a directory of their own.
pub struct KeyFile {
    log_id: [u8; 16],
    secret: [u8; 32],
    files: [File; 2],
    /// Whether the header was mended from its twin.
    header_mended: bool,
    /// What the slots hold, read at opening or when it is first asked for.
    slots: OnceLock<Result<Slots, StoreError>>,
    /// Held while the first file is synced, so that nobody takes another's sync for done before it is.
    syncing: Mutex<()>,
}

/// What was found in the slots, and where.
struct Slots {
    /// Held for one look-up or one new slot; never across an await.
    index: Mutex<Index>,
    mended: usize,
    damaged: Vec<u32>,
}

#[derive(Default)]
struct Index {
    by_id: HashMap<[u8; 16], u32, BuildHasherDefault<LastBytes>>,
    by_pseudonym: HashMap<Pseudonym, u32, BuildHasherDefault<LastBytes>>,
    slots: u32,
    unsynced: bool,
    /// Opened slots; emptied when full, which costs less than keeping an order.
    cache: HashMap<Pseudonym, Opened>,
}

/// The hash of keys that are random, or keyed hashes themselves: their last bytes. Nobody can choose where they go.
#[derive(Default)]
struct LastBytes(u64);

impl Hasher for LastBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            self.0 = u64::from_le_bytes(*last);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[derive(Clone)]
struct Opened {
    key: Option<ContentKey>,
    id: Option<String>,
}

type Slot = [u8; SLOT_LEN];

impl KeyFile {
    /// Opens the keys of the log with that id in `dir`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when they are missing, of another log, or their header is damaged beyond mending. A damaged slot
    /// costs only what was sealed under its key.
    pub fn open(dir: &Path, log_id: &[u8; 16]) -> Result<Self, StoreError> {
        let keys = Self::open_unread(dir, log_id)?;
        keys.slots()?;
        Ok(keys)
    }

    /// As [`KeyFile::open`], but all that is read is the header: the slots are when one of them is first asked for, and
    /// what is damaged is known from then on.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when they are missing, of another log, or their header is damaged beyond mending.
    pub fn open_unread(dir: &Path, log_id: &[u8; 16]) -> Result<Self, StoreError> {
        if !paths(dir).iter().any(|path| path.exists()) {
            let why = format!("{} is missing: without it nothing sealed can be read; restore it", dir.display());
            return Err(StoreError::failed("opening the keys", why));
        }
        let mut keys = Self::open_files(dir)?;
        keys.load_header()?;
        if keys.log_id != *log_id {
            return Err(StoreError::failed("opening the keys", "they belong to another log; put back this log's own"));
        }
        Ok(keys)
    }

    /// Creates the keys of a new log with that id; keys without any slot, left by an interrupted creation, are taken
    /// up, their log id with them.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when they can't be created, or there are keys of a log whose records are gone.
    pub fn create_or_take_up(dir: &Path, log_id: [u8; 16]) -> Result<Self, StoreError> {
        fs::create_dir_all(dir).map_err(|e| StoreError::failed("creating the keys", e))?;
        let mut keys = Self::open_files(dir)?;
        if keys.len()? > 1 {
            let why = "they are there, but the log they belong to is not: restore log/ from a backup";
            return Err(StoreError::failed("creating the keys", why));
        }
        if keys.load_header().is_err() {
            keys.create(&log_id)?;
            keys.load_header()?;
        }
        keys.slots()?;
        Ok(keys)
    }

    fn open_files(dir: &Path) -> Result<Self, StoreError> {
        let open = |path| OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let [a, b] = paths(dir).map(|path| open(path).map_err(|e| StoreError::failed("opening the keys", e)));
        Ok(Self {
            log_id: [0; 16],
            secret: [0; 32],
            files: [a?, b?],
            header_mended: false,
            slots: OnceLock::new(),
            syncing: Mutex::default(),
        })
    }

    /// The id of the log they belong to.
    #[must_use]
    pub fn log_id(&self) -> [u8; 16] {
        self.log_id
    }

    /// The slots that were damaged in both files when they were read: what was sealed under their keys can't be read,
    /// which is not the same as forgotten.
    #[must_use]
    pub fn damaged(&self) -> &[u32] {
        self.known().map_or(&[], |slots| &slots.damaged)
    }

    /// How many damaged slots were mended from their twins when they were read.
    #[must_use]
    pub fn mended(&self) -> usize {
        usize::from(self.header_mended) + self.known().map_or(0, |slots| slots.mended)
    }

    /// What whoever opened them should be told, in words.
    pub(super) fn notices(&self) -> impl Iterator<Item = String> {
        let mended = (self.mended() > 0).then(|| {
            format!("{} damaged slots of one key file were mended from its twin; look after the disk", self.mended())
        });
        let damaged = (!self.damaged().is_empty()).then(|| {
            let slots: Vec<_> = self.damaged().iter().map(u32::to_string).collect();
            let why = "what was sealed under their keys can't be read unless keys/ is restored";
            format!("slots {} are damaged in both key files: {why}", slots.join(", "))
        });
        mended.into_iter().chain(damaged)
    }

    /// Why the slots could not be read; none: they could, or nobody has asked for one yet.
    #[must_use]
    pub fn failure(&self) -> Option<StoreError> {
        self.slots.get().and_then(|slots| slots.as_ref().err().cloned())
    }

    /// The slots, if they were read.
    fn known(&self) -> Option<&Slots> {
        self.slots.get().and_then(|slots| slots.as_ref().ok())
    }

    /// A handle on the second file, to sync it from elsewhere.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the system has no handle to give.
    pub fn syncer(&self) -> Result<File, StoreError> {
        self.files[1].try_clone().map_err(|e| StoreError::failed("opening the keys", e))
    }

    /// The length of the longer file in whole slots.
    fn len(&self) -> Result<u32, StoreError> {
        let failed = |e| StoreError::failed("opening the keys", e);
        let longer =
            self.files[0].metadata().map_err(failed)?.len().max(self.files[1].metadata().map_err(failed)?.len());
        u32::try_from(longer / SLOT_LEN as u64).map_err(|e| StoreError::failed("opening the keys", e))
    }

    fn create(&self, log_id: &[u8; 16]) -> Result<(), StoreError> {
        let mut header = [0; SLOT_LEN];
        header[8..16].copy_from_slice(MAGIC);
        header[16..32].copy_from_slice(log_id);
        header[32..64].copy_from_slice(&random::<32>()?);
        self.write_slot(0, &mut header)?;
        self.files.iter().try_for_each(File::sync_data).map_err(|e| StoreError::failed("writing the keys", e))
    }

    fn load_header(&mut self) -> Result<(), StoreError> {
        let mut mended = 0;
        let header = self.read_or_mend(0, &mut mended)?.ok_or_else(|| damaged(0))?;
        if header[8..16] != *MAGIC {
            let why = "the file is not one of Daftar's, or of a newer version";
            return Err(StoreError::failed("opening the keys", why));
        }
        self.log_id.copy_from_slice(&header[16..32]);
        self.secret.copy_from_slice(&header[32..64]);
        self.header_mended = mended > 0;
        if self.header_mended { self.sync_mended() } else { Ok(()) }
    }

    /// The slots; the first who asks reads them.
    fn slots(&self) -> Result<&Slots, StoreError> {
        self.slots.get_or_init(|| self.load_slots()).as_ref().map_err(Clone::clone)
    }

    fn load_slots(&self) -> Result<Slots, StoreError> {
        // A process that was killed may have written slots without a sync.
        let index = Index { slots: self.len()?.saturating_sub(1), unsynced: true, ..Index::default() };
        let mut found = Slots { index: Mutex::new(index), mended: 0, damaged: Vec::new() };
        self.load_into(&mut found)?;
        // Last slots that were never whole belong to commits that were never acknowledged; they are written again.
        if found.mended > 0 {
            self.sync_mended()?;
        }
        Ok(found)
    }

    fn load_into(&self, Slots { index, mended, damaged }: &mut Slots) -> Result<(), StoreError> {
        let index = index.get_mut().unwrap_or_else(PoisonError::into_inner);
        index.by_pseudonym.reserve(index.slots as usize);
        index.by_id.reserve(index.slots as usize);
        let mut pieces = [Vec::new(), Vec::new()];
        for first in (1..=index.slots).step_by(PIECE_SLOTS) {
            let count = ((index.slots - first + 1) as usize).min(PIECE_SLOTS);
            self.read_piece(first, count, &mut pieces)?;
            let [(a, _), (b, _)] = [pieces[0].as_chunks::<SLOT_LEN>(), pieces[1].as_chunks::<SLOT_LEN>()];
            for ((number, a), b) in (first..).zip(a).zip(b) {
                if a == b && is_whole(number, a) {
                    index.add(number, a);
                    continue;
                }
                // After a power cut these may also be slots that no acknowledged commit ever needed.
                match self.read_or_mend(number, mended)? {
                    Some(slot) => index.add(number, &slot),
                    None => damaged.push(number),
                }
            }
        }
        Ok(())
    }

    /// Reads some slots of both files in one go; only those that differ or are damaged are looked at one by one.
    fn read_piece(&self, first: u32, count: usize, pieces: &mut [Vec<u8>; 2]) -> Result<(), StoreError> {
        for (file, piece) in self.files.iter().zip(pieces) {
            piece.resize(count * SLOT_LEN, 0);
            read_up_to(file, piece, at(first)).map_err(|e| StoreError::failed("reading the keys", e))?;
        }
        Ok(())
    }

    fn sync_mended(&self) -> Result<(), StoreError> {
        self.files.iter().try_for_each(File::sync_data).map_err(|e| StoreError::failed("mending the keys", e))
    }

    fn read_or_mend(&self, number: u32, mended: &mut usize) -> Result<Option<Slot>, StoreError> {
        let [a, b] = [self.read_slot(0, number)?, self.read_slot(1, number)?];
        let (good, bad) = match (a, b) {
            // Two that differ: forgetting was interrupted, and is finished.
            (Some(a), Some(b)) if a != b && a[4] == STATE_FORGOTTEN => (a, 1),
            (Some(a), Some(b)) if a != b && b[4] == STATE_FORGOTTEN => (b, 0),
            (Some(a), Some(_)) => return Ok(Some(a)),
            (None, None) => return Ok(None),
            (Some(good), None) => (good, 1),
            (None, Some(good)) => (good, 0),
        };
        self.files[bad].write_all_at(&good, at(number)).map_err(|e| StoreError::failed("mending the keys", e))?;
        *mended += 1;
        Ok(Some(good))
    }

    /// A slot of one of the files; `None` where it is missing or damaged.
    fn read_slot(&self, file: usize, number: u32) -> Result<Option<Slot>, StoreError> {
        let mut slot = [0; SLOT_LEN];
        match self.files[file].read_exact_at(&mut slot, at(number)) {
            Ok(()) => Ok(is_whole(number, &slot).then_some(slot)),
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            Err(e) => Err(StoreError::failed("reading the keys", e)),
        }
    }

    fn write_slot(&self, number: u32, slot: &mut Slot) -> Result<(), StoreError> {
        let checksum = checksum(number, slot);
        slot[..4].copy_from_slice(&checksum.to_le_bytes());
        let write = |file: &File| file.write_all_at(slot, at(number));
        self.files.iter().try_for_each(write).map_err(|e| StoreError::of_write("writing the keys", &e))
    }

    fn index(&self) -> Result<MutexGuard<'_, Index>, StoreError> {
        // A panic in between leaves a slot unused at worst.
        Ok(self.slots()?.index.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn hash(&self, id: &str) -> [u8; 16] {
        keyed_hash(&self.secret, Hashed::CustomerId, &[id.as_bytes()])
    }

    /// Writes a new slot; the caller holds the index, so that two of one customer can't come about.
    fn add(&self, index: &mut Index, id: Option<&str>) -> Result<Pseudonym, StoreError> {
        let (pseudonym, key) = (Pseudonym(random()?), ContentKey(random()?));
        let mut slot = [0; SLOT_LEN];
        slot[4] = if id.is_some() { STATE_CUSTOMER } else { STATE_TICKET };
        slot[PSEUDONYM_AT..KEY_AT].copy_from_slice(&pseudonym.0);
        slot[KEY_AT..HASH_AT].copy_from_slice(&key.0);
        if let Some(id) = id {
            slot[HASH_AT..NONCE_AT].copy_from_slice(&self.hash(id));
            seal_name(&mut slot, &key, id)?;
        }
        let number = index.slots + 1;
        self.write_slot(number, &mut slot)?;
        index.slots = number;
        index.add(number, &slot);
        index.unsynced = true;
        index.keep(pseudonym, Opened { key: Some(key), id: id.map(str::to_owned) });
        Ok(pseudonym)
    }

    fn opened(&self, pseudonym: Pseudonym) -> Result<Opened, StoreError> {
        let mut index = self.index()?;
        if let Some(opened) = index.cache.get(&pseudonym) {
            return Ok(opened.clone());
        }
        let number = *index.by_pseudonym.get(&pseudonym).ok_or_else(|| unknown(pseudonym))?;
        let slot = match self.read_slot(0, number)? {
            Some(slot) => slot,
            None => self.read_slot(1, number)?.ok_or_else(|| damaged(number))?,
        };
        let opened = open_slot(&slot).ok_or_else(|| damaged(number))?;
        index.keep(pseudonym, opened.clone());
        Ok(opened)
    }
}

impl KeyStore for KeyFile {
    fn customer(&self, id: &CustomerId) -> Result<Pseudonym, StoreError> {
        if let Some(known) = self.find_customer(id.as_str())? {
            return Ok(known);
        }
        let mut index = self.index()?;
        // Somebody may have been first between the two locks.
        match index.known(&self.hash(id.as_str()), self)? {
            Some(known) => Ok(known),
            None => self.add(&mut index, Some(id.as_str())),
        }
    }

    fn new_ticket(&self) -> Result<Pseudonym, StoreError> {
        self.add(&mut *self.index()?, None)
    }

    fn find_customer(&self, id: &str) -> Result<Option<Pseudonym>, StoreError> {
        self.index()?.known(&self.hash(id), self)
    }

    fn key(&self, pseudonym: Pseudonym) -> Result<Option<ContentKey>, StoreError> {
        self.opened(pseudonym).map(|opened| opened.key)
    }

    fn customer_id(&self, pseudonym: Pseudonym) -> Result<Option<String>, StoreError> {
        self.opened(pseudonym).map(|opened| opened.id)
    }

    fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    fn read_slots(&self, from: u32, limit: usize) -> Result<Vec<u8>, StoreError> {
        let until = self.index()?.slots.saturating_add(1);
        let mut bytes = Vec::new();
        for number in (from..until).take(limit) {
            // A slot damaged in both files stays so in the copy: it is never taken for forgotten.
            let slot = match self.read_slot(0, number)? {
                Some(slot) => Some(slot),
                None => self.read_slot(1, number)?,
            };
            bytes.extend(slot.unwrap_or([0; SLOT_LEN]));
        }
        Ok(bytes)
    }

    /// Syncs the first file; the twin follows within 100 ms, and is mended from the first after a power cut.
    fn make_durable(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut self.index()?.unsynced) {
            let synced = self.files[0].sync_data();
            if let Err(e) = synced {
                self.index()?.unsynced = true;
                return Err(StoreError::failed("syncing the keys", e));
            }
        }
        Ok(())
    }
}

impl Index {
    fn add(&mut self, number: u32, slot: &Slot) {
        let mut pseudonym = [0; 16];
        pseudonym.copy_from_slice(&slot[PSEUDONYM_AT..KEY_AT]);
        self.by_pseudonym.insert(Pseudonym(pseudonym), number);
        if slot[4] == STATE_CUSTOMER {
            let mut hash = [0; 16];
            hash.copy_from_slice(&slot[HASH_AT..NONCE_AT]);
            self.by_id.insert(hash, number);
        }
    }

    fn known(&self, hash: &[u8; 16], keys: &KeyFile) -> Result<Option<Pseudonym>, StoreError> {
        let Some(number) = self.by_id.get(hash) else { return Ok(None) };
        let slot = match keys.read_slot(0, *number)? {
            Some(slot) => slot,
            None => keys.read_slot(1, *number)?.ok_or_else(|| damaged(*number))?,
        };
        let mut pseudonym = [0; 16];
        pseudonym.copy_from_slice(&slot[PSEUDONYM_AT..KEY_AT]);
        Ok(Some(Pseudonym(pseudonym)))
    }

    fn keep(&mut self, pseudonym: Pseudonym, opened: Opened) {
        if self.cache.len() >= CACHED_MAX {
            self.cache.clear();
        }
        self.cache.insert(pseudonym, opened);
    }
}

/// What is wrong with the slots of the two files in `dir`, in words; it mends nothing. A last slot that was cut off while
/// it was written belongs to no acknowledged event.
pub(super) fn damaged_slots(dir: &Path) -> Result<Vec<String>, StoreError> {
    let failed = |e| StoreError::failed("reading the keys", e);
    let open = |path: PathBuf| match File::open(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(|file| Some(BufReader::new(file))),
    };
    let [a, b] = paths(dir).map(open);
    let (mut a, mut b) = (a.map_err(failed)?, b.map_err(failed)?);
    let mut damaged = Vec::new();
    for n in 0.. {
        let slots = [next_slot(a.as_mut()).map_err(failed)?, next_slot(b.as_mut()).map_err(failed)?];
        if slots == [None, None] {
            break;
        }
        damaged.extend(told(n, &slots[0], &slots[1]));
    }
    Ok(damaged)
}

fn next_slot(file: Option<&mut BufReader<File>>) -> std::io::Result<Option<Slot>> {
    let mut slot = [0; SLOT_LEN];
    match file.map(|file| file.read_exact(&mut slot)) {
        Some(Ok(())) => Ok(Some(slot)),
        Some(Err(e)) if e.kind() != std::io::ErrorKind::UnexpectedEof => Err(e),
        _ => Ok(None),
    }
}

/// Words about slot `n` as it is in each file; none: it is missing there.
fn told(n: u32, in_a: &Option<Slot>, in_b: &Option<Slot>) -> Option<String> {
    let whole = |slot: &Slot| slot[..4] == checksum(n, slot).to_le_bytes();
    match (in_a.as_ref().map(whole), in_b.as_ref().map(whole)) {
        // The second file is synced later: after a crash its last slots may be missing.
        (Some(true), Some(true) | None) => None,
        (Some(true), Some(false)) => Some(format!("slot {n} of customers.b is damaged; it is mended from its twin")),
        (_, Some(true)) => Some(format!("slot {n} of customers.a is damaged; it is mended from its twin")),
        _ => {
            let slot = in_a.as_ref().or(in_b.as_ref())?;
            let who = Pseudonym(*slot[PSEUDONYM_AT..].first_chunk()?);
            let why = "what was sealed under its key can't be read, which is not the same as forgotten";
            Some(format!("slot {n}, pseudonym {who} as it reads, is damaged in both files: {why}; restore keys/"))
        }
    }
}

fn paths(dir: &Path) -> [PathBuf; 2] {
    [dir.join("customers.a"), dir.join("customers.b")]
}

const fn at(number: u32) -> u64 {
    number as u64 * SLOT_LEN as u64
}

/// CRC32C over the slot's number and the slot without its first four bytes, which hold it.
fn checksum(number: u32, slot: &Slot) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&number.to_le_bytes()), &slot[4..])
}

fn is_whole(number: u32, slot: &Slot) -> bool {
    slot[..4] == checksum(number, slot).to_le_bytes()
}

/// Fills the buffer from a file, with zeros from the file's end on: no slot is whole there.
fn read_up_to(file: &File, buffer: &mut [u8], at: u64) -> std::io::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], at + filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    buffer[filled..].fill(0);
    Ok(())
}

fn damaged(number: u32) -> StoreError {
    StoreError::failed(
        "reading the keys",
        format!("slot {number} is damaged in both key files; restore keys/ from a backup"),
    )
}

/// Seals the id, padded so that its length does not show.
fn seal_name(slot: &mut Slot, key: &ContentKey, id: &str) -> Result<(), StoreError> {
    let mut name = [0; NAME_LEN];
    let len = u16::try_from(id.len()).map_err(|e| StoreError::failed("sealing a customer's id", e))?;
    name[..2].copy_from_slice(&len.to_le_bytes());
    name[2..2 + id.len()].copy_from_slice(id.as_bytes());
    let nonce: [u8; NONCE_LEN] = random()?;
    let sealed = XChaCha20Poly1305::new(&key.0.into())
        .encrypt(&XNonce::from(nonce), &name[..])
        .map_err(|e| StoreError::failed("sealing a customer's id", e))?;
    slot[NONCE_AT..NAME_AT].copy_from_slice(&nonce);
    slot[NAME_AT..NAME_END].copy_from_slice(&sealed);
    Ok(())
}

fn open_slot(slot: &Slot) -> Option<Opened> {
    let mut key = [0; 32];
    key.copy_from_slice(&slot[KEY_AT..HASH_AT]);
    match slot[4] {
        STATE_FORGOTTEN => Some(Opened { key: None, id: None }),
        STATE_TICKET => Some(Opened { key: Some(ContentKey(key)), id: None }),
        STATE_CUSTOMER => {
            let mut nonce = [0; NONCE_LEN];
            nonce.copy_from_slice(&slot[NONCE_AT..NAME_AT]);
            let name =
                XChaCha20Poly1305::new(&key.into()).decrypt(&XNonce::from(nonce), &slot[NAME_AT..NAME_END]).ok()?;
            let (len, name) = name.split_first_chunk::<2>()?;
            let id = std::str::from_utf8(name.get(..usize::from(u16::from_le_bytes(*len)))?).ok()?.to_owned();
            Some(Opened { key: Some(ContentKey(key)), id: Some(id) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: [u8; 16] = [5; 16];

    fn customer(id: &str) -> CustomerId {
        CustomerId::parse("customer", id).unwrap()
    }

    #[test]
    fn customers_are_known_again_after_reopening_and_never_stand_in_clear() {
        let dir = tempfile::tempdir().unwrap();
        let keys = KeyFile::create_or_take_up(dir.path(), LOG).unwrap();
        let sara = keys.customer(&customer("مشتری-۱")).unwrap();
        let ticket = keys.new_ticket().unwrap();
        let key = keys.key(sara).unwrap();
        assert_eq!(keys.customer(&customer("مشتری-۱")).unwrap(), sara);
        drop(keys);
        let keys = KeyFile::open(dir.path(), &LOG).unwrap();
        assert_eq!(keys.find_customer("مشتری-۱").unwrap(), Some(sara));
        assert_eq!(keys.customer_id(sara).unwrap().as_deref(), Some("مشتری-۱"));
        assert_eq!((keys.key(sara).unwrap(), keys.customer_id(ticket).unwrap()), (key, None));
        assert!(keys.key(Pseudonym([0; 16])).is_err(), "never known is not forgotten");
        for file in ["customers.a", "customers.b"] {
            let bytes = fs::read(dir.path().join(file)).unwrap();
            assert!(!bytes.windows(4).any(|w| w == "مش".as_bytes()), "{file}");
        }
    }

    #[test]
    fn slots_cut_short_by_a_power_cut_cost_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let keys = KeyFile::create_or_take_up(dir.path(), LOG).unwrap();
        let sara = keys.customer(&customer("sara")).unwrap();
        drop(keys);
        for file in ["customers.a", "customers.b"] {
            let path = dir.path().join(file);
            let mut bytes = fs::read(&path).unwrap();
            bytes.resize(bytes.len() + 3 * SLOT_LEN + 100, 0);
            fs::write(path, bytes).unwrap();
        }
        let keys = KeyFile::open(dir.path(), &LOG).unwrap();
        assert_eq!(keys.find_customer("sara").unwrap(), Some(sara));
        let later: Vec<_> = (0..5).map(|n| keys.customer(&customer(&format!("c-{n}"))).unwrap()).collect();
        drop(keys);
        let keys = KeyFile::open(dir.path(), &LOG).unwrap();
        assert_eq!(keys.find_customer("c-4").unwrap(), Some(later[4]));
        assert_eq!(keys.customer_id(later[0]).unwrap().as_deref(), Some("c-0"));
    }

    #[test]
    fn an_interrupted_creation_is_taken_up_and_keys_without_their_log_are_not() {
        let dir = tempfile::tempdir().unwrap();
        drop(KeyFile::create_or_take_up(dir.path(), LOG).unwrap());
        let again = KeyFile::create_or_take_up(dir.path(), [9; 16]).unwrap();
        assert_eq!(again.log_id(), LOG);
        again.new_ticket().unwrap();
        drop(again);
        assert!(KeyFile::create_or_take_up(dir.path(), [9; 16]).is_err());
    }

    #[test]
    fn a_damaged_slot_is_mended_from_its_twin_and_two_cost_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let keys = KeyFile::create_or_take_up(dir.path(), LOG).unwrap();
        let pseudonyms: Vec<_> = (0..4).map(|n| keys.customer(&customer(&format!("c-{n}"))).unwrap()).collect();
        drop(keys);
        let flip = |file: &str, at: usize| {
            let path = dir.path().join(file);
            let mut bytes = fs::read(&path).unwrap();
            bytes[at] ^= 4;
            fs::write(path, bytes).unwrap();
        };
        flip("customers.a", SLOT_LEN + KEY_AT);
        flip("customers.b", 2 * SLOT_LEN + KEY_AT);
        flip("customers.a", 33);
        let keys = KeyFile::open(dir.path(), &LOG).unwrap();
        assert_eq!(keys.mended(), 3);
        assert_eq!(keys.customer_id(pseudonyms[0]).unwrap().as_deref(), Some("c-0"));
        drop(keys);
        flip("customers.a", 2 * SLOT_LEN);
        flip("customers.b", 2 * SLOT_LEN);
        let keys = KeyFile::open(dir.path(), &LOG).unwrap();
        assert_eq!(keys.damaged(), [2]);
        assert!(keys.key(pseudonyms[1]).is_err(), "damaged is not forgotten");
        assert_eq!(keys.customer_id(pseudonyms[2]).unwrap().as_deref(), Some("c-2"));
        let new = keys.new_ticket().unwrap();
        assert!(keys.key(new).unwrap().is_some() && keys.key(pseudonyms[3]).unwrap().is_some());
        drop(keys);
        flip("customers.a", 0);
        flip("customers.b", 1);
        assert!(KeyFile::open(dir.path(), &[6; 16]).is_err());
        assert!(KeyFile::open(&dir.path().join("elsewhere"), &LOG).is_err());
    }
}
