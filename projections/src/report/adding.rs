//! Adding up what was counted apart: the sum is what one count of everything is, in whatever parts and order.

use crate::exact::Share;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

/// What was counted of a part, to which another part's can be added.
///
/// Adding is commutative and associative as far as any figure can tell: the order of values in a heap says nothing.
pub(super) trait Adds {
    /// Adds what was counted apart.
    fn add_up(&mut self, other: Self);
}

impl Adds for u64 {
    fn add_up(&mut self, other: Self) {
        *self += other;
    }
}

impl Adds for Share {
    fn add_up(&mut self, other: Self) {
        self.count += other.count;
        self.of += other.of;
    }
}

impl<K: Ord, V: Adds + Default> Adds for BTreeMap<K, V> {
    fn add_up(&mut self, other: Self) {
        other.into_iter().for_each(|(key, value)| self.entry(key).or_default().add_up(value));
    }
}

impl<K: Eq + Hash, V: Adds + Default, S: BuildHasher> Adds for HashMap<K, V, S> {
    fn add_up(&mut self, other: Self) {
        other.into_iter().for_each(|(key, value)| self.entry(key).or_default().add_up(value));
    }
}

/// Adds up structs field by field; a field that is left out is a compile error.
macro_rules! adds {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::report::adding::Adds for $name {
            fn add_up(&mut self, other: Self) {
                let Self { $($field),+ } = other;
                $( $crate::report::adding::Adds::add_up(&mut self.$field, $field); )+
            }
        }
    };
}
pub(super) use adds;
