//! The rows of reports as they were written, kept while there is room: whoever asks the same again gets the same bytes.

use super::reports::Form;
use daftar_projections::report::rows_key::RowsKey;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many bytes are kept.
const BYTES_MAX: usize = 64 << 20;
/// What an entry takes beside its rows and its key, about.
const ENTRY_BYTES: usize = 512;
/// Rows larger than one in so many parts of the room are not kept: they would drive out many.
const PARTS: usize = 8;

/// What decides the bytes of rows.
pub(super) type Key = (RowsKey, Form);

/// The rows of a report, written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rows {
    /// Their text.
    pub(super) text: String,
    /// A digest of the text, so that a tag costs no second look at it.
    pub(super) digest: [u8; 32],
}

impl Rows {
    fn of(text: String) -> Self {
        Self { digest: *blake3::hash(text.as_bytes()).as_bytes(), text }
    }
}

/// Where the rows of one key are, or are being made by whoever holds the lock.
type Slot = Arc<Mutex<Option<Arc<Rows>>>>;

/// Rows by their keys; those asked for the longest ago make room.
pub(super) struct RowsCache {
    bytes_max: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    entries: HashMap<Key, Entry>,
    /// Keys in the order in which they were last used.
    by_use: BTreeMap<u64, Key>,
    uses: u64,
    bytes: usize,
}

struct Entry {
    slot: Slot,
    used: u64,
    bytes: usize,
}

impl Default for RowsCache {
    fn default() -> Self {
        Self::new(BYTES_MAX)
    }
}

impl RowsCache {
    /// An empty one, for so many bytes.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, kept: Mutex::default() }
    }

    /// The rows of a key: kept, or made now. Whoever asks for the same while they are made waits for them, on its thread.
    ///
    /// # Errors
    ///
    /// Those of `make`; then nothing is kept, and whoever waited tries as well.
    pub(super) fn get<E>(&self, key: &Key, make: impl FnOnce() -> Result<String, E>) -> Result<Arc<Rows>, E> {
        let slot = locked(&self.kept).slot(key);
        let mut rows = locked(&slot);
        if let Some(rows) = &*rows {
            return Ok(Arc::clone(rows));
        }
        match make() {
            Ok(text) => {
                let made = Arc::new(Rows::of(text));
                *rows = Some(Arc::clone(&made));
                let mut kept = locked(&self.kept);
                if self.bytes_max / PARTS < made.text.len() {
                    // Those who wait at the slot still find them there.
                    kept.remove(key, &slot);
                } else {
                    kept.grow(key, &slot, made.text.len(), self.bytes_max);
                }
                drop(kept);
                Ok(made)
            }
            Err(refused) => {
                locked(&self.kept).remove(key, &slot);
                Err(refused)
            }
        }
    }
}

impl Kept {
    /// The slot of a key, as the one used last.
    fn slot(&mut self, key: &Key) -> Slot {
        self.uses += 1;
        let used = self.uses;
        if let Some(entry) = self.entries.get_mut(key) {
            self.by_use.remove(&entry.used);
            self.by_use.insert(used, key.clone());
            entry.used = used;
            return Arc::clone(&entry.slot);
        }
        let slot = Slot::default();
        let bytes = ENTRY_BYTES + key_bytes(key);
        self.bytes += bytes;
        self.by_use.insert(used, key.clone());
        self.entries.insert(key.clone(), Entry { slot: Arc::clone(&slot), used, bytes });
        slot
    }

    /// Takes note of the rows that a slot holds now, and makes room for them; the slot may have made room itself.
    fn grow(&mut self, key: &Key, slot: &Slot, bytes: usize, bytes_max: usize) {
        if let Some(entry) = self.entries.get_mut(key).filter(|entry| Arc::ptr_eq(&entry.slot, slot)) {
            entry.bytes += bytes;
            self.bytes += bytes;
        }
        while self.bytes > bytes_max {
            let Some((_, oldest)) = self.by_use.pop_first() else { return };
            self.bytes -= self.entries.remove(&oldest).map_or(0, |entry| entry.bytes);
        }
    }

    fn remove(&mut self, key: &Key, slot: &Slot) {
        if self.entries.get(key).is_some_and(|entry| Arc::ptr_eq(&entry.slot, slot))
            && let Some(entry) = self.entries.remove(key)
        {
            self.by_use.remove(&entry.used);
            self.bytes -= entry.bytes;
        }
    }
}

/// About how much a key takes, which is kept twice: a query may name very many values.
fn key_bytes(key: &Key) -> usize {
    2 * format!("{key:?}").len()
}

/// Whoever panicked under a lock left a slot without rows, or entries that are all there.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
