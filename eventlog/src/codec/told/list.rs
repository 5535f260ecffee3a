//! A list of stored facts that is read each time it is asked for.

use super::Quick;
use crate::codec::quick::Bytes;
use std::fmt;

/// Values one after the other: most often as they are stored, each of which was read once and is one.
#[derive(Clone)]
pub struct List<'a, T> {
    stored: &'a [u8],
    /// Those that had to be read another way; none are stored then.
    read: Vec<T>,
}

impl<'a, T: Quick<'a> + Clone> List<'a, T> {
    /// The values, in their order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        let mut stored = Bytes::new(self.stored);
        std::iter::from_fn(move || T::take(&mut stored)).chain(self.read.iter().cloned())
    }
}

impl<'a, T: Quick<'a>> Quick<'a> for List<'a, T> {
    #[inline(always)]
    fn take(from: &mut Bytes<'a>) -> Option<Self> {
        let count = from.small()?;
        let whole = from.clone();
        for _ in 0..count {
            T::take(from)?;
        }
        Some(Self { stored: whole.up_to(from), read: Vec::new() })
    }
}

impl<T> FromIterator<T> for List<'_, T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self { stored: &[], read: values.into_iter().collect() }
    }
}

impl<'a, T: Quick<'a> + Clone + fmt::Debug> fmt::Debug for List<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
