//! A map that copies share: split by hash into parts, of which a change copies one.

use foldhash::fast::RandomState;
use hashbrown::hash_table::{Entry, HashTable};
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash};
use std::sync::Arc;

/// A map of the standard library whose keys are hashed in a few steps.
pub(crate) type Fast<K, V> = HashMap<K, V, RandomState>;

/// How many parts a map has.
const PARTS: usize = 256;

/// Keys of one part, each with what it stands for.
type Part<K, V> = Arc<HashTable<(K, V)>>;

/// A map whose copies share what they have not changed.
#[derive(Debug, Clone)]
pub struct Map<K, V> {
    parts: Arc<Vec<Part<K, V>>>,
    len: usize,
    /// Seeded by chance: whoever chooses keys cannot choose where they go.
    hasher: RandomState,
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self { parts: Arc::default(), len: 0, hasher: RandomState::default() }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Map<K, V> {
    /// How many keys it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What a key stands for.
    #[must_use]
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let hash = self.hasher.hash_one(key);
        let found = self.parts.get(part_of(hash))?.find(hash, |(known, _)| known.borrow() == key);
        found.map(|(_, value)| value)
    }

    /// Every key with what it stands for, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.parts.iter().flat_map(|part| part.iter()).map(|(key, value)| (key, value))
    }

    /// Lets a key stand for a value.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.entry_of(&key) {
            (Entry::Occupied(mut known), _) => known.get_mut().1 = value,
            (Entry::Vacant(new), len) => {
                new.insert((key, value));
                *len += 1;
            }
        }
    }

    /// What a key stands for, to be changed; the default where it stands for nothing yet.
    pub(crate) fn entry(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let entry = match self.entry_of(&key) {
            (Entry::Occupied(known), _) => known,
            (Entry::Vacant(new), len) => {
                *len += 1;
                new.insert((key, V::default()))
            }
        };
        &mut entry.into_mut().1
    }

    /// A key's place, and how many keys there are.
    fn entry_of(&mut self, key: &K) -> (Entry<'_, (K, V)>, &mut usize) {
        let Self { parts, len, hasher } = self;
        let hash = hasher.hash_one(key);
        let parts = Arc::make_mut(parts);
        if parts.is_empty() {
            parts.resize_with(PARTS, Arc::default);
        }
        let part = Arc::make_mut(&mut parts[part_of(hash)]);
        (part.entry(hash, |(known, _)| known == key, |(known, _)| hasher.hash_one(known)), len)
    }
}

/// Which part a key belongs to: by bits of its hash that a part's own table does not use.
fn part_of(hash: u64) -> usize {
    // The remainder fits a word of any size.
    usize::try_from((hash >> 32) % PARTS as u64).unwrap_or(0)
}
