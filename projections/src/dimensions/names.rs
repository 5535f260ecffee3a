//! Names and their numbers.

use super::recent::{Recent, beside, place_of};
use super::{TooMany, index_of, next_number};
use crate::checkpoint::{Reader, Writer};
use crate::columns::map::Map;
use crate::columns::texts::Texts;
use daftar_eventlog::codec::told::{Place, Text, TextKey};
use std::sync::Arc;

/// Strings and their numbers.
#[derive(Debug, Clone)]
pub struct Names {
    pub(super) what: &'static str,
    numbers: Map<Arc<str>, u32>,
    names: Texts,
    listed: Listed,
    recent: Recent<Named>,
}

/// By its number in a list of a block's, the text that was asked for last: from which list it was, and what its number is
/// here. A copy begins without any.
#[derive(Debug, Default)]
struct Listed(Vec<(u32, u32)>);

impl Clone for Listed {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Listed {
    #[inline(always)]
    fn get(&self, place: Place) -> Option<u32> {
        let (list, number) = *self.0.get(usize::from(place.number))?;
        (list == place.list).then_some(number)
    }

    fn set(&mut self, Place { list, number: text }: Place, number: u32) {
        let text = usize::from(text);
        if self.0.len() <= text {
            self.0.resize(text + 1, (0, 0));
        }
        self.0[text] = (list, number);
    }
}

/// A name that was asked for, by its key, and its number.
#[derive(Debug, Clone, Copy)]
struct Named {
    key: TextKey,
    number: u32,
}

impl Named {
    /// No text is so long.
    const NONE: Self = Self { key: TextKey { words: [0; 2], len: usize::MAX }, number: 0 };
}

impl Names {
    pub(super) fn new(what: &'static str) -> Self {
        Self {
            what,
            numbers: Map::default(),
            names: Texts::default(),
            listed: Listed::default(),
            recent: Recent::default(),
        }
    }

    /// The number of `name`, a new one if it was never seen.
    #[inline(always)]
    pub(crate) fn wide<'t>(&mut self, name: impl Into<Text<'t>>) -> Result<u32, TooMany> {
        let name = name.into();
        match name.place().and_then(|place| self.listed.get(place)) {
            Some(number) => Ok(number),
            None => self.not_listed(name),
        }
    }

    /// The same of a name that is in no list, or was not asked for there a moment ago.
    #[inline(never)]
    fn not_listed(&mut self, name: Text<'_>) -> Result<u32, TooMany> {
        let number = self.by_key(name)?;
        if let Some(place) = name.place() {
            self.listed.set(place, number);
        }
        Ok(number)
    }

    fn by_key(&mut self, name: Text<'_>) -> Result<u32, TooMany> {
        let key = name.key();
        // Names of one kind differ most often at their ends.
        let place = place_of(key.words[0].rotate_left(23) ^ key.words[1]);
        for place in [place, beside(place)] {
            if let Some(Named { key: named, number }) = self.recent.at(place)
                && named == key
                && (key.is_whole() || self.is_called(number, name))
            {
                return Ok(number);
            }
        }
        self.not_recent(name, key, place)
    }

    #[cold]
    fn is_called(&self, number: u32, name: Text<'_>) -> bool {
        self.name(number) == Some(name.as_str())
    }

    #[cold]
    fn not_recent(&mut self, name: Text<'_>, key: TextKey, place: usize) -> Result<u32, TooMany> {
        let number = self.found_or_new(name.as_str())?;
        self.recent.set_beside(place, Named { key, number }, Named::NONE);
        Ok(number)
    }

    fn found_or_new(&mut self, name: &str) -> Result<u32, TooMany> {
        if let Some(number) = self.numbers.get(name) {
            return Ok(*number);
        }
        let number = next_number(self.what, self.names.len())?;
        self.names.push(name);
        self.numbers.insert(name.into(), number);
        Ok(number)
    }

    /// The number of `name`, which must fit 16 bits.
    #[inline]
    pub(crate) fn small<'t>(&mut self, name: impl Into<Text<'t>>) -> Result<u16, TooMany> {
        let number = self.wide(name)?;
        self.as_small(number)
    }

    /// The same for a name that may be missing: 0 then.
    // Always, and by reference: to copy a name that was just read costs more than to find its number.
    #[inline(always)]
    pub(crate) fn small_or_none(&mut self, name: Option<&Text<'_>>) -> Result<u16, TooMany> {
        let Some(name) = name else { return Ok(0) };
        let number = match name.place().and_then(|place| self.listed.get(place)) {
            Some(number) => number,
            None => self.not_listed(*name)?,
        };
        self.as_small(number)
    }

    fn as_small(&self, number: u32) -> Result<u16, TooMany> {
        u16::try_from(number).map_err(|_| TooMany { what: self.what, limit: u32::from(u16::MAX) })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The number of a name seen before.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// The name with that number; `None` for 0.
    #[must_use]
    pub fn name(&self, number: u32) -> Option<&str> {
        self.names.get(index_of(number)?)
    }

    pub(super) fn dump(&self, out: &mut Writer) {
        self.names.dump(out);
    }

    pub(super) fn load(&mut self, from: &mut Reader<'_>) -> Option<()> {
        self.names = Texts::load(from)?;
        for number in 0..self.names.len() {
            self.numbers.insert(self.names.get(number)?.into(), u32::try_from(number + 1).ok()?);
        }
        Some(())
    }
}
