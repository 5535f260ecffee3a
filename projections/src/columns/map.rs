//! A map that copies share: split by hash into parts, of which a change copies one.

use foldhash::fast::RandomState;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash};
use std::sync::Arc;

/// A map of the standard library whose keys are hashed in a few steps.
pub(crate) type Fast<K, V> = HashMap<K, V, RandomState>;

/// How many parts a map has.
const PARTS: usize = 256;

/// A map whose copies share what they have not changed.
#[derive(Debug, Clone)]
pub struct Map<K, V> {
    parts: Arc<Vec<Arc<Fast<K, V>>>>,
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
        self.parts.get(self.part_of(key))?.get(key)
    }

    /// Every key with what it stands for, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.parts.iter().flat_map(|part| part.iter())
    }

    /// Lets a key stand for a value.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        let part = self.part_mut(&key);
        if part.insert(key, value).is_none() {
            self.len += 1;
        }
    }

    /// What a key stands for, to be changed; the default where it stands for nothing yet.
    pub(crate) fn entry(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        if self.get(&key).is_none() {
            self.insert(key.clone(), V::default());
        }
        self.part_mut(&key).entry(key).or_default()
    }

    fn part_mut(&mut self, key: &K) -> &mut Fast<K, V> {
        let part = self.part_of(key);
        let (parts, hasher) = (Arc::make_mut(&mut self.parts), &self.hasher);
        if parts.is_empty() {
            parts.resize_with(PARTS, || Arc::new(HashMap::with_hasher(hasher.clone())));
        }
        Arc::make_mut(&mut parts[part])
    }

    /// Which part a key belongs to: by bits of the hash that a part's own table does not use.
    fn part_of<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        // The remainder fits a word of any size.
        usize::try_from((self.hasher.hash_one(key) >> 32) % PARTS as u64).unwrap_or(0)
    }
}
