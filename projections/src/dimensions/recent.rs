//! What was asked for last, at places that few bytes tell apart.

/// What was asked for last at each place that names share by a few of their bytes, or sets by their members: most come
/// again soon. A copy begins without any.
#[derive(Debug)]
pub(super) struct Recent<T>(Vec<T>);

/// How many places there are.
pub(super) const RECENT_PLACES: usize = 1 << RECENT_BITS;
const RECENT_BITS: u32 = 10;

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Clone for Recent<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T: Copy> Recent<T> {
    pub(super) fn at(&self, place: usize) -> Option<T> {
        self.0.get(place).copied()
    }

    pub(super) fn set(&mut self, place: usize, what: T, none: T) {
        if self.0.is_empty() {
            self.0.resize(RECENT_PLACES, none);
        }
        self.0[place] = what;
    }

    /// The same; what was there goes to the place beside it.
    pub(super) fn set_beside(&mut self, place: usize, what: T, none: T) {
        let before = self.at(place).unwrap_or(none);
        self.set(place, what, none);
        self.set(beside(place), before, none);
    }
}

/// The other place of two that share what falls on either.
pub(super) fn beside(place: usize) -> usize {
    place ^ 1
}

/// The place of what was mixed to a word.
pub(super) fn place_of(mixed: u64) -> usize {
    let [.., low, high] = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
    usize::from(u16::from_le_bytes([low, high]) >> (u16::BITS - RECENT_BITS))
}
