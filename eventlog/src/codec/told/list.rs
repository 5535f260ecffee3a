//! A list of facts that is read each time it is asked for.

use crate::codec::listed::Listed;
use crate::codec::quick::Quick;
use std::fmt;

/// Values one after the other: most often as a block keeps them, each of which was read once and is one.
#[derive(Clone)]
pub struct List<'a, T>(Values<'a, T>);

#[derive(Clone)]
enum Values<'a, T> {
    Listed(Listed<'a>),
    Read(Vec<T>),
}

impl<'a, T: Quick<'a> + Clone> List<'a, T> {
    /// The values, in their order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        let (mut listed, read) = match &self.0 {
            Values::Listed(listed) => (Some(listed.clone()), [].iter()),
            Values::Read(read) => (None, read.iter()),
        };
        std::iter::from_fn(move || T::take(listed.as_mut()?)).chain(read.cloned())
    }
}

impl<'a, T> List<'a, T> {
    /// What is left to be read, and nothing else.
    #[inline(always)]
    pub(crate) fn listed(whole: Listed<'a>) -> Self {
        Self(Values::Listed(whole))
    }
}

impl<T> FromIterator<T> for List<'_, T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(Values::Read(values.into_iter().collect()))
    }
}

impl<'a, T: Quick<'a> + Clone + fmt::Debug> fmt::Debug for List<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
