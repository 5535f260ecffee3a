//! Facts as fact blocks keep them: fields of fixed width, and in place of each text its number in a list of the block's.
//!
//! Few texts come again and again in thousands of events. So they are written once, are not read at all by whoever only
//! asks which of the known ones it is, and what refers to them is read without looking how long anything is. Only facts
//! of tickets at today's schema version are kept so; all others stay as the log has them.

use super::quick::{Quick, Source};
use super::schema::Schema;
use super::told::{List, Text};
use super::{CodecError, EventType, decode_facts, v1};
use crate::facts::Facts;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The encoded facts of an event: as the log has them, or, in a fact block, with texts by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodedFacts<'a> {
    pub(super) bytes: &'a [u8],
    /// Where the block has facts with texts by number, its texts.
    pub(super) texts: Option<&'a Texts>,
}

impl<'a> EncodedFacts<'a> {
    /// As they are stored in the log.
    #[must_use]
    pub fn stored(bytes: &'a [u8]) -> Self {
        Self { bytes, texts: None }
    }

    /// Those of an event in a block with these texts.
    #[inline]
    pub(crate) fn of_block(bytes: &'a [u8], texts: Option<&'a Texts>) -> Self {
        Self { bytes, texts }
    }

    /// The facts in today's shape.
    ///
    /// # Errors
    ///
    /// [`CodecError`] as [`decode_facts`] has it.
    pub fn decode(self, event_type: EventType, schema: u8) -> Result<Facts<'a>, CodecError> {
        super::decode_encoded(event_type, schema, self)
    }
}

/// The texts of a block, each of which it holds once, by number from 0.
#[derive(Clone)]
pub struct Texts {
    bytes: Arc<dyn AsRef<[u8]> + Send + Sync>,
    /// Where each text ends, `u32` each; then the texts.
    section: Range<usize>,
    count: u32,
    /// The number of the list among others; 0: it has none.
    list: u32,
}

impl Texts {
    /// So many texts, which are there once [`Self::are_there`] says so.
    pub(crate) fn new(bytes: Arc<dyn AsRef<[u8]> + Send + Sync>, section: Range<usize>, count: u32) -> Self {
        Self { bytes, section, count, list: 0 }
    }

    /// Whether they are there, and all of them are texts.
    pub(crate) fn are_there(&self) -> bool {
        let Some((ends, bytes)) = self.section().split_at_checked(4 * self.count as usize) else { return false };
        let Ok(all) = std::str::from_utf8(bytes) else { return false };
        let mut ends = ends.as_chunks::<4>().0.iter().map(|end| u32::from_le_bytes(*end) as usize);
        let fit = ends.clone().is_sorted() && ends.clone().all(|end| all.is_char_boundary(end));
        fit && ends.next_back().unwrap_or(0) == bytes.len()
    }

    /// Gives it a number of its own among some lists, from 1.
    pub(crate) fn number(&mut self, list: u32) {
        self.list = list;
    }

    /// The number that its list was given; 0: none.
    #[inline(always)]
    pub(super) fn list(&self) -> u32 {
        self.list
    }

    fn section(&self) -> &[u8] {
        (*self.bytes).as_ref().get(self.section.clone()).unwrap_or_default()
    }

    /// The bytes of the text with that number; nothing where there is none.
    pub(super) fn get(&self, number: u16) -> &[u8] {
        let section = self.section();
        let at = 4 * usize::from(number);
        let end = |at: usize| Some(u32::from_le_bytes(*section.get(at..)?.first_chunk()?) as usize);
        let begin = at.checked_sub(4).map_or(Some(0), end);
        let bytes = section.get(4 * self.count as usize..);
        begin.zip(end(at)).zip(bytes).and_then(|((begin, end), bytes)| bytes.get(begin..end)).unwrap_or_default()
    }
}

impl PartialEq for Texts {
    fn eq(&self, other: &Self) -> bool {
        self.section() == other.section()
    }
}

impl Eq for Texts {}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Texts({})", self.count)
    }
}

/// A value that is exactly these bytes; none: they are something else.
#[inline(always)]
pub(super) fn read<'a, T: Quick<'a>>(bytes: &'a [u8], texts: &'a Texts) -> Option<T> {
    let mut left = Listed { left: bytes, texts };
    T::take(&mut left).filter(|_| left.left.is_empty())
}

/// Bytes that are left to be read, and the texts that they name.
#[derive(Debug, Clone)]
pub struct Listed<'a> {
    left: &'a [u8],
    texts: &'a Texts,
}

impl<'a> Listed<'a> {
    #[inline(always)]
    fn chunk<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (chunk, rest) = self.left.split_first_chunk()?;
        self.left = rest;
        Some(chunk)
    }
}

impl<'a> Source<'a> for Listed<'a> {
    #[inline(always)]
    fn byte(&mut self) -> Option<u8> {
        self.chunk::<1>().map(|[byte]| *byte)
    }

    #[inline(always)]
    fn short(&mut self) -> Option<u16> {
        self.chunk().map(|bytes| u16::from_le_bytes(*bytes))
    }

    #[inline(always)]
    fn long(&mut self) -> Option<u32> {
        self.chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    #[inline(always)]
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.chunk().copied()
    }

    #[inline(always)]
    fn count(&mut self) -> Option<u16> {
        self.short()
    }

    #[inline(always)]
    fn text(&mut self) -> Option<Text<'a>> {
        let number = self.short()?;
        (u32::from(number) < self.texts.count).then(|| Text::listed(self.texts, number))
    }

    #[inline(always)]
    fn list<T: Quick<'a>>(&mut self) -> Option<List<'a, T>> {
        let count = self.count()?;
        let whole = self.clone();
        for _ in 0..count {
            T::take(self)?;
        }
        let len = whole.left.len() - self.left.len();
        Some(List::listed(Self { left: &whole.left[..len], texts: self.texts }))
    }
}

/// Texts that are listed, each once, in the order in which they first come.
#[derive(Debug, Default)]
pub(crate) struct TextList {
    numbers: HashMap<Box<str>, u16>,
    ends: Vec<u8>,
    bytes: Vec<u8>,
}

impl TextList {
    /// The number of a text, which is listed from now on; none: there are as many as can be told apart.
    pub(super) fn number(&mut self, text: &str) -> Option<u16> {
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        let number = u16::try_from(self.numbers.len()).ok()?;
        let end = u32::try_from(self.bytes.len() + text.len()).ok()?;
        self.numbers.insert(text.into(), number);
        self.bytes.extend(text.as_bytes());
        self.ends.extend(end.to_le_bytes());
        Some(number)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u32 {
        // Numbers have 16 bits.
        u32::try_from(self.numbers.len()).unwrap_or(u32::MAX)
    }

    /// Where each ends, then all.
    pub(crate) fn section(&self) -> Vec<u8> {
        [&self.ends[..], &self.bytes].concat()
    }
}

/// Facts being written with their texts by number.
pub struct Writing<'w> {
    texts: &'w mut TextList,
    to: &'w mut Vec<u8>,
}

impl Writing<'_> {
    pub(super) fn byte(&mut self, byte: u8) {
        self.to.push(byte);
    }

    fn count(&mut self, count: usize) -> Option<()> {
        u16::try_from(count).ok()?.put(self)
    }
}

/// A value that can be written with texts by number; none: there is no room for it.
pub(super) trait Put {
    /// Writes it behind what was written.
    fn put(&self, to: &mut Writing<'_>) -> Option<()>;
}

/// Whole numbers of fixed width, the lowest byte first.
macro_rules! put_as_bytes {
    ($($type:ty)*) => { $(
        impl Put for $type {
            fn put(&self, to: &mut Writing<'_>) -> Option<()> {
                to.to.extend(self.to_le_bytes());
                Some(())
            }
        }
    )* };
}

put_as_bytes!(u8 u16 u32);

impl Put for bool {
    fn put(&self, to: &mut Writing<'_>) -> Option<()> {
        u8::from(*self).put(to)
    }
}

impl Put for v1::PseudonymBytes {
    fn put(&self, to: &mut Writing<'_>) -> Option<()> {
        to.to.extend(self);
        Some(())
    }
}

impl Put for &str {
    fn put(&self, to: &mut Writing<'_>) -> Option<()> {
        to.texts.number(self)?.put(to)
    }
}

impl<T: Put> Put for Option<T> {
    fn put(&self, to: &mut Writing<'_>) -> Option<()> {
        self.is_some().put(to)?;
        self.iter().try_for_each(|value| value.put(to))
    }
}

impl<T: Put> Put for Vec<T> {
    fn put(&self, to: &mut Writing<'_>) -> Option<()> {
        to.count(self.len())?;
        self.iter().try_for_each(|value| value.put(to))
    }
}

impl<A: Put, B: Put> Put for (A, B) {
    fn put(&self, to: &mut Writing<'_>) -> Option<()> {
        self.0.put(to)?;
        self.1.put(to)
    }
}

/// Writes the facts of an event behind others, as a block with texts by number keeps them; none: such a block cannot hold
/// them.
pub(crate) fn write(
    event_type: EventType,
    schema: u8,
    stored: &[u8],
    texts: &mut TextList,
    to: &mut Vec<u8>,
) -> Option<()> {
    if !event_type.is_of_tickets() {
        to.extend(stored);
        return Some(());
    }
    let facts = decode_facts(event_type, schema, stored).ok()?;
    let mut writing = Writing { texts, to };
    match &facts {
        Facts::TicketOpened(facts) => put_today(schema, facts, &mut writing)?,
        Facts::TicketAssigned(facts) => put_today(schema, facts, &mut writing)?,
        Facts::TicketTransferred(facts) => put_today(schema, facts, &mut writing)?,
        Facts::PriorityChanged(facts) => put_today(schema, facts, &mut writing)?,
        Facts::TagsChanged(facts) => put_today(schema, facts, &mut writing)?,
        Facts::ReplyPosted(facts) => put_today(schema, facts, &mut writing)?,
        Facts::ReplyRated(facts) => put_today(schema, facts, &mut writing)?,
        Facts::TicketHeld(facts) => put_today(schema, facts, &mut writing)?,
        Facts::TicketResumed => put_today(schema, &v1::TicketResumedV1 {}, &mut writing)?,
        Facts::TicketClosed(facts) => put_today(schema, facts, &mut writing)?,
        Facts::SurveySubmitted(facts) => put_today(schema, facts, &mut writing)?,
        Facts::TicketReopened(facts) => put_today(schema, facts, &mut writing)?,
        Facts::TicketVoided(facts) => put_today(schema, facts, &mut writing)?,
        Facts::TicketRestored => put_today(schema, &v1::TicketRestoredV1 {}, &mut writing)?,
        Facts::FollowUpRecorded(facts) => put_today(schema, facts, &mut writing)?,
        Facts::DefinitionPublished(_) | Facts::ReportPublished(_) | Facts::EpochBegun(_) => return None,
    }
    .then_some(())
    .or_else(|| {
        to.extend(stored);
        Some(())
    })
}

/// Whether the facts were stored in today's shape, and are written; none: there is no room for them.
fn put_today<'a, T: Schema<'a> + Put>(schema: u8, facts: &T, to: &mut Writing<'_>) -> Option<bool> {
    // Blocks with an older struct's fields would be read as if they had today's.
    const { assert!(T::VERSION == 1, "a new schema version: give blocks a new mark, and say so here") };
    let is_today = schema == T::VERSION;
    if is_today {
        facts.put(to)?;
    }
    Some(is_today)
}
