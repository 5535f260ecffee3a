//! Customers and their numbers.

use super::{TooMany, index_of, next_number};
use crate::checkpoint::{Reader, Writer};
use crate::columns::map::Map;
use crate::columns::texts::Lists;
use daftar_eventlog::facts::PseudonymBytes;

/// Customers by pseudonym.
#[derive(Debug, Clone, Default)]
pub struct Customers {
    numbers: Map<PseudonymBytes, u32>,
    pseudonyms: Lists<PseudonymBytes>,
}

impl Customers {
    pub(crate) fn number(&mut self, pseudonym: PseudonymBytes) -> Result<u32, TooMany> {
        if let Some(number) = self.numbers.get(&pseudonym) {
            return Ok(*number);
        }
        let number = next_number("customers", self.pseudonyms.len())?;
        self.pseudonyms.push(pseudonym);
        self.numbers.insert(pseudonym, number);
        Ok(number)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pseudonyms.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pseudonyms.is_empty()
    }

    /// The number of a customer seen before.
    #[must_use]
    pub fn get(&self, pseudonym: &PseudonymBytes) -> Option<u32> {
        self.numbers.get(pseudonym).copied()
    }

    /// The pseudonym of the customer with that number; `None` for 0.
    #[must_use]
    pub fn pseudonym(&self, number: u32) -> Option<&PseudonymBytes> {
        self.pseudonyms.get(index_of(number)?)
    }

    pub(super) fn dump(&self, out: &mut Writer) {
        out.number(self.pseudonyms.len() as u64);
        let all = (0..self.pseudonyms.len()).filter_map(|number| self.pseudonyms.get(number));
        all.for_each(|pseudonym| out.bytes(pseudonym));
    }

    pub(super) fn load(&mut self, from: &mut Reader<'_>) -> Option<()> {
        for _ in 0..from.number()? {
            self.number(from.bytes()?.try_into().ok()?).ok()?;
        }
        Some(())
    }
}
