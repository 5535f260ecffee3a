//! A log without its keys: customers by their pseudonyms, no content.

use super::{ContentKey, KeyStore, Pseudonym};
use crate::log::StoreError;
use daftar_domain::ids::CustomerId;

/// The keys of a log whose keys are elsewhere: it can be read as far as it stands in clear, and not written.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoKeys;

impl KeyStore for NoKeys {
    fn customer(&self, _: &CustomerId) -> Result<Pseudonym, StoreError> {
        Err(missing())
    }

    fn new_ticket(&self) -> Result<Pseudonym, StoreError> {
        Err(missing())
    }

    fn find_customer(&self, id: &str) -> Result<Option<Pseudonym>, StoreError> {
        Ok(from_hex(id))
    }

    fn key(&self, _: Pseudonym) -> Result<Option<ContentKey>, StoreError> {
        Ok(None)
    }

    fn customer_id(&self, pseudonym: Pseudonym) -> Result<Option<String>, StoreError> {
        Ok(Some(pseudonym.to_string()))
    }

    fn secret(&self) -> &[u8; 32] {
        // Nothing that is hashed under it is ever looked up or written.
        &[0; 32]
    }

    fn make_durable(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn missing() -> StoreError {
    StoreError::failed("sealing content", "the keys of this log are not here")
}

/// A pseudonym as it displays itself.
fn from_hex(text: &str) -> Option<Pseudonym> {
    let mut bytes = [0; 16];
    let digits = text.as_bytes();
    if digits.len() != 2 * bytes.len() || digits.iter().any(|digit| !matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(Pseudonym(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_are_found_by_the_pseudonyms_they_are_shown_by() {
        let pseudonym = Pseudonym([0xa7; 16]);
        let shown = NoKeys.customer_id(pseudonym).unwrap().unwrap();
        assert_eq!(shown, "a7".repeat(16));
        assert_eq!(NoKeys.find_customer(&shown).unwrap(), Some(pseudonym));
        for other in ["", "ali", &shown[1..], &shown.to_uppercase()] {
            assert_eq!(NoKeys.find_customer(other).unwrap(), None, "{other}");
        }
        assert!(NoKeys.new_ticket().is_err() && NoKeys.key(pseudonym).unwrap().is_none());
    }
}
