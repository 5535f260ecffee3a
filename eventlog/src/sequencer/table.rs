//! A compact table from hashes to numbers: eight bytes a slot, at least seven of ten in use once it has grown.
//!
//! It keeps no keys. Whoever looks up says whether a number found is the right one; 40 bits of the hash decide which
//! numbers are asked about.

const SHARDS: usize = 256;
/// Slots of a shard's first table, and how full one may be and how much it grows, in percent.
const FIRST_SLOTS: usize = 16;
const FULL_PERCENT: usize = 85;
const GROWS_TO_PERCENT: usize = 120;
/// A slot that holds nothing; no number is as large.
const EMPTY: Slot = (0, u32::MAX);

/// 32 bits of the hash, and the number.
type Slot = (u32, u32);

/// Numbers by hash, in shards by the hash's first byte, so that growing is many short pauses and no long one.
#[derive(Debug, Default)]
pub(crate) struct NumberTable {
    shards: Vec<Shard>,
}

#[derive(Debug, Clone, Default)]
struct Shard {
    slots: Vec<Slot>,
    used: usize,
}

/// The hash of 16 bytes that are a hash themselves; those of tests may be no more than a counter.
pub(crate) fn hash_of(key: &[u8; 16]) -> u64 {
    let (front, back) = key.split_at(8);
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte));
    (word(front) ^ word(back).rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The shard of a hash, and the bits of it that are kept.
fn parts(hash: u64) -> (usize, u32) {
    let [_, _, _, d, c, b, a, shard] = hash.to_le_bytes();
    (usize::from(shard), u32::from_be_bytes([a, b, c, d]))
}

impl NumberTable {
    /// The greatest number under that hash which `is_it` says is the one.
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let (shard, kept) = parts(hash);
        self.shards.get(shard)?.under(kept).filter(|number| is_it(*number)).max()
    }

    /// Adds a number under a hash. Where there is no room, numbers below `keep_from` are left out first.
    pub(crate) fn insert(&mut self, hash: u64, number: u32, keep_from: u32) {
        if self.shards.is_empty() {
            self.shards = vec![Shard::default(); SHARDS];
        }
        let (shard, kept) = parts(hash);
        let shard = &mut self.shards[shard];
        if (shard.used + 1) * 100 > shard.slots.len() * FULL_PERCENT {
            shard.make_room(keep_from);
        }
        shard.insert((kept, number));
    }

    /// Makes room for as many numbers as are known to come, so that adding them moves nothing.
    pub(crate) fn reserve(&mut self, numbers: usize) {
        if self.shards.is_empty() {
            self.shards = vec![Shard::default(); SHARDS];
        }
        // An eighth more: shards do not fill evenly.
        let slots = (numbers + numbers / 8) / SHARDS * 100 / FULL_PERCENT;
        for shard in &mut self.shards {
            shard.move_to(slots.max(shard.slots.len()), 0);
        }
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.shards.clear();
    }
}

impl Shard {
    /// The first slot for these bits: slots stand in the order of what they keep, whatever their number.
    fn home(&self, kept: u32) -> usize {
        let slots = self.slots.len() as u64;
        usize::try_from((u64::from(kept) * slots) >> 32).unwrap_or(0)
    }

    fn under(&self, kept: u32) -> impl Iterator<Item = u32> {
        let (before, from) = self.slots.split_at(self.home(kept));
        let filled = from.iter().chain(before).take_while(|slot| **slot != EMPTY);
        filled.filter(move |slot| slot.0 == kept).map(|slot| slot.1)
    }

    fn insert(&mut self, slot: Slot) {
        let mut at = self.home(slot.0);
        // `make_room` sees to it that there is an empty one.
        while self.slots[at] != EMPTY {
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
        self.slots[at] = slot;
        self.used += 1;
    }

    fn make_room(&mut self, keep_from: u32) {
        let used = self.slots.iter().filter(|slot| **slot != EMPTY && slot.1 >= keep_from).count();
        let full = (used + 1) * 100 > self.slots.len() * FULL_PERCENT * 100 / GROWS_TO_PERCENT;
        let slots = if full { self.slots.len() * GROWS_TO_PERCENT / 100 } else { self.slots.len() };
        self.move_to(slots.max(FIRST_SLOTS), keep_from);
    }

    fn move_to(&mut self, slots: usize, keep_from: u32) {
        let old = std::mem::replace(&mut self.slots, vec![EMPTY; slots]);
        self.used = 0;
        let kept = old.into_iter().filter(|slot| *slot != EMPTY && slot.1 >= keep_from);
        kept.for_each(|slot| self.insert(slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u32) -> [u8; 16] {
        let mut key = [7; 16];
        key[..4].copy_from_slice(&n.to_le_bytes());
        key
    }

    #[test]
    fn every_number_is_found_under_its_hash_and_no_other() {
        let mut table = NumberTable::default();
        for n in 0..100_000 {
            table.insert(hash_of(&key(n)), n, 0);
        }
        let slots: usize = table.shards.iter().map(|shard| shard.slots.len()).sum();
        assert!(slots <= 150_000, "{slots}");
        for n in 0..200_000 {
            assert_eq!(table.find(hash_of(&key(n)), |found| found == n), (n < 100_000).then_some(n));
        }
    }

    #[test]
    fn of_two_under_one_hash_the_later_is_found_and_old_ones_make_room() {
        let mut table = NumberTable::default();
        for n in 0..1_000_000 {
            table.insert(hash_of(&key(n % 500)), n, n.saturating_sub(1000));
        }
        assert_eq!(table.find(hash_of(&key(3)), |_| true), Some(999_503));
        let slots: usize = table.shards.iter().map(|shard| shard.slots.len()).sum();
        assert!(slots < 10_000, "{slots}");
    }
}
