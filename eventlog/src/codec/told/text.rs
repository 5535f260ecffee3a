//! A text of stored facts, left as its bytes: looked at once for being text, told from others by two words.

use super::Quick;
use crate::codec::quick::Bytes;
use std::fmt;

/// The longest text whose key is all of it, in bytes.
const WHOLE_BYTES_MAX: usize = 16;

/// The highest bit of every byte of a word: none is set where all are ASCII.
const BEYOND_ASCII: u64 = 0x8080_8080_8080_8080;

/// Bytes that are UTF-8.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<'a>(&'a [u8]);

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
    /// These bytes, if they are UTF-8.
    #[inline(always)]
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let [first, last] = words(bytes);
        let is_short_ascii = bytes.len() <= WHOLE_BYTES_MAX && (first | last) & BEYOND_ASCII == 0;
        (is_short_ascii || is_text(bytes)).then_some(Self(bytes))
    }

    /// What tells it from most others.
    #[inline]
    #[must_use]
    pub fn key(self) -> TextKey {
        TextKey { words: words(self.0), len: self.0.len() }
    }

    /// It as a string, for which its bytes are looked at once more.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        // They were UTF-8 when it was made.
        std::str::from_utf8(self.0).unwrap_or_default()
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

/// Whether bytes are UTF-8 that are long, or not ASCII.
#[cold]
fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok()
}

impl<'a> From<&'a str> for Text<'a> {
    #[inline]
    fn from(text: &'a str) -> Self {
        Self(text.as_bytes())
    }
}

impl<'a> Quick<'a> for Text<'a> {
    #[inline(always)]
    fn take(from: &mut Bytes<'a>) -> Option<Self> {
        Self::new(from.counted()?)
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

        #[test]
        fn what_is_text_is_what_utf_8_is(bytes in prop::collection::vec(prop_oneof![b'a'..=b'c', 0x7e..0xff_u8], 0..24)) {
            prop_assert_eq!(Text::new(&bytes).map(Text::as_str), std::str::from_utf8(&bytes).ok());
        }

        #[test]
        fn every_text_is_one(text in "\\PC{0,12}") {
            prop_assert_eq!(Text::new(text.as_bytes()).map(Text::as_str), Some(text.as_str()));
        }
    }
}
