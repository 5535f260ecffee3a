//! Strings, and other values, by number: lists that only grow, and whose copies share all but their ends.

use std::sync::Arc;

/// How many strings a piece holds.
const PIECE_TEXTS: usize = 1024;

/// Strings by number, from 0; a copy shares all but the last thousand.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    pieces: Vec<Arc<Piece>>,
    len: usize,
    /// The pieces of another state over the same log, which are shared where they are equal.
    twin: Vec<Arc<Piece>>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Piece {
    text: String,
    ends: Vec<u32>,
}

impl Piece {
    fn get(&self, place: usize) -> Option<&str> {
        let begin = place.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(begin as usize..*self.ends.get(place)? as usize)
    }

    /// Adds a string. A thousand ids of at most 256 bytes each fit 32 bits many times.
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }
}

impl Texts {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The string with that number; `None`: there is none.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&str> {
        self.pieces.get(number / PIECE_TEXTS)?.get(number % PIECE_TEXTS)
    }

    /// Adds a string behind the last.
    pub(crate) fn push(&mut self, text: &str) {
        if self.len.is_multiple_of(PIECE_TEXTS) {
            self.seal();
            self.pieces.push(Arc::default());
        }
        self.len += 1;
        if let Some(last) = self.pieces.last_mut() {
            Arc::make_mut(last).push(text);
        }
    }

    /// Takes no more room than needed for the last piece, which is full.
    fn seal(&mut self) {
        let Some(place) = self.pieces.len().checked_sub(1) else { return };
        match self.twin.get(place) {
            Some(twin) if *twin == self.pieces[place] => self.pieces[place] = Arc::clone(twin),
            _ => {
                let full = Arc::make_mut(&mut self.pieces[place]);
                full.text.shrink_to_fit();
                full.ends.shrink_to_fit();
            }
        }
    }

    /// Shares with a twin what is full from now on and equal there.
    pub(crate) fn beside(&mut self, twin: Option<&Self>) {
        self.twin.clear();
        self.twin.extend(twin.into_iter().flat_map(|twin| &twin.pieces).cloned());
    }

    /// Writes every string down.
    pub(crate) fn dump(&self, out: &mut crate::checkpoint::Writer) {
        out.number(self.len as u64);
        (0..self.len).filter_map(|number| self.get(number)).for_each(|text| out.bytes(text.as_bytes()));
    }

    /// Reads what was written down; `None` where it is not that.
    pub(crate) fn load(from: &mut crate::checkpoint::Reader<'_>) -> Option<Self> {
        let mut texts = Self::default();
        for _ in 0..from.number()? {
            texts.push(std::str::from_utf8(from.bytes()?).ok()?);
        }
        Some(texts)
    }
}

/// Values by number, from 0, of any kind that can be copied; a copy shares all but the last thousand.
#[derive(Debug, Clone)]
pub struct Lists<T> {
    pieces: Vec<Arc<Vec<T>>>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { pieces: Vec::new() }
    }
}

impl<T: Clone> Lists<T> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pieces.len().saturating_sub(1) * PIECE_TEXTS + self.pieces.last().map_or(0, |last| last.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The value with that number; `None`: there is none.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&T> {
        self.pieces.get(number / PIECE_TEXTS)?.get(number % PIECE_TEXTS)
    }

    /// Adds a value behind the last.
    pub(crate) fn push(&mut self, value: T) {
        match self.pieces.last_mut() {
            Some(last) if last.len() < PIECE_TEXTS => Arc::make_mut(last).push(value),
            _ => self.pieces.push(Arc::new(vec![value])),
        }
    }
}
