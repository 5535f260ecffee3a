//! A text of facts: told from others by its number in a list, or by two words of its bytes.

use crate::codec::listed::Texts;
use std::fmt;

/// The longest text whose key is all of it, in bytes.
const WHOLE_BYTES_MAX: usize = 16;

/// A text of facts, which is looked for only where somebody asks what it says.
#[derive(Clone, Copy)]
pub struct Text<'a>(Held<'a>);

#[derive(Clone, Copy)]
enum Held<'a> {
    /// It itself.
    Plain(&'a str),
    /// Where it is listed, and its number there.
    Listed(&'a Texts, u16),
}

/// A list of texts, by number, and the number of a text there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The list, from 1.
    pub list: u32,
    /// The text, from 0.
    pub number: u16,
}

/// What tells a text from most others: its first and its last bytes, and its length.
#[derive(Debug, Clone, Copy, Eq)]
pub struct TextKey {
    /// Bytes from both ends; those in the middle of a short text stand in both.
    pub words: [u64; 2],
    /// The length in bytes.
    pub len: usize,
}

impl PartialEq for TextKey {
    // In one step: a branch for each part costs more than all parts.
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        let [first, last] = [0, 1].map(|word| self.words[word] ^ other.words[word]);
        first | last == 0 && self.len == other.len
    }
}

impl TextKey {
    /// Whether no two texts have this key.
    #[inline]
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.len <= WHOLE_BYTES_MAX
    }
}

impl<'a> Text<'a> {
    /// The text with that number, which is there.
    #[inline(always)]
    pub(crate) fn listed(texts: &'a Texts, number: u16) -> Self {
        Self(Held::Listed(texts, number))
    }

    /// Where it is listed, if the list has a number among others.
    #[inline(always)]
    #[must_use]
    pub fn place(self) -> Option<Place> {
        match self.0 {
            Held::Listed(texts, number) if texts.list() != 0 => Some(Place { list: texts.list(), number }),
            _ => None,
        }
    }

    /// What tells it from most others.
    #[inline]
    #[must_use]
    pub fn key(self) -> TextKey {
        let bytes = match self.0 {
            Held::Plain(text) => text.as_bytes(),
            Held::Listed(texts, number) => texts.get(number),
        };
        TextKey { words: words(bytes), len: bytes.len() }
    }

    /// It as a string.
    #[inline]
    #[must_use]
    pub fn as_str(self) -> &'a str {
        match self.0 {
            Held::Plain(text) => text,
            // It was seen to be one when the block was verified.
            Held::Listed(texts, number) => std::str::from_utf8(texts.get(number)).unwrap_or_default(),
        }
    }
}

/// The first and the last eight bytes; of fewer bytes as many as there are.
#[inline(always)]
fn words(bytes: &[u8]) -> [u64; 2] {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return [u64::from_le_bytes(*first), u64::from_le_bytes(*last)];
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return [u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into()];
    }
    // Of up to three bytes these are all.
    match (bytes.first(), bytes.get(bytes.len() / 2), bytes.last()) {
        (Some(first), Some(middle), Some(last)) => [u64::from(*first) | u64::from(*middle) << 8, (*last).into()],
        _ => [0, 0],
    }
}

impl<'a> From<&'a str> for Text<'a> {
    #[inline]
    fn from(text: &'a str) -> Self {
        Self(Held::Plain(text))
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> TextKey {
        Text::from(text).key()
    }

    #[test]
    fn the_key_of_a_long_text_has_its_ends() {
        let (one, other) = (key("12345678-one-12345678"), key("12345678-two-12345678"));
        assert_eq!(one, other);
        assert!(!one.is_whole());
        assert_ne!(one, key("12345678-three-12345678"));
        assert!(key("department-of-01").is_whole());
    }

    #[test]
    fn zero_bytes_are_no_padding() {
        let texts =
            ["", "\0", "\0\0", "\0\0\0", "\0\0\0\0", "a", "a\0", "a\0\0", "a\0\0\0", "a\0\0\0\0\0\0\0", "\0a", "aa"];
        for (n, one) in texts.iter().enumerate() {
            for other in &texts[n + 1..] {
                assert_ne!(key(one), key(other), "{one:?} {other:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

        #[test]
        fn a_key_that_is_whole_is_no_other_texts(one in "[ab\0س]{0,10}", other in "[ab\0س]{0,10}") {
            prop_assert_eq!(key(&one) == key(&other) && key(&one).is_whole(), one == other && one.len() <= 16);
        }
    }
}
