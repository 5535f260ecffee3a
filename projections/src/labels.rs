//! What customers are called: their own ids, looked up by pseudonym where the keys still know them, or pseudonyms alone.

use crate::report::CustomerLabels;
use crate::report::groups::{from_hex, to_hex};
use daftar_eventlog::StoreError;
use daftar_eventlog::sealing::{KeyStore, Pseudonym};
use std::sync::Arc;

/// Customers by the keys of the log that is read.
pub struct KeyLabels(pub Arc<dyn KeyStore>);

impl CustomerLabels for KeyLabels {
    fn label(&self, pseudonym: &[u8; 16]) -> Option<String> {
        // A key that can't be read leaves the pseudonym as the label: no figure depends on it.
        self.0.customer_id(Pseudonym(*pseudonym)).ok().flatten()
    }

    fn pseudonym(&self, id: &str) -> Option<[u8; 16]> {
        self.0.find_customer(id).ok().flatten().map(|pseudonym| pseudonym.0)
    }
}

/// Customers by their pseudonyms, in hexadecimal: for what is kept where no id may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pseudonyms;

impl CustomerLabels for Pseudonyms {
    fn label(&self, _: &[u8; 16]) -> Option<String> {
        None
    }

    fn pseudonym(&self, _: &str) -> Option<[u8; 16]> {
        None
    }
}

/// A filter by customers with their pseudonyms in place of their ids, which reads the same under [`Pseudonyms`];
/// `None`: one of them is nobody the keys know, and must not be written down.
///
/// # Errors
///
/// [`StoreError`] when the keys can't be read.
pub fn by_pseudonym(filter: &str, keys: &dyn KeyStore) -> Result<Option<String>, StoreError> {
    let mut known = Vec::new();
    for value in filter.split(',') {
        // The keys tell a pseudonym they never gave by an error.
        let given = |pseudonym: &[u8; 16]| keys.key(Pseudonym(*pseudonym)).is_ok();
        match keys.find_customer(value)? {
            Some(pseudonym) => known.push(to_hex(&pseudonym.0)),
            None if value == "null" || from_hex(value).is_some_and(|pseudonym| given(&pseudonym)) => {
                known.push(value.to_owned());
            }
            None => return Ok(None),
        }
    }
    Ok(Some(known.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use daftar_domain::ids::CustomerId;
    use daftar_eventlog::sealing::memory_keys::MemoryKeys;

    #[test]
    fn a_filter_names_customers_by_pseudonym_or_is_refused() {
        let keys = MemoryKeys::new().unwrap();
        let known = keys.customer(&CustomerId::known_good("c-1")).unwrap();
        let hex: String = known.0.iter().map(|byte| format!("{byte:02x}")).collect();
        let read = |filter: &str| by_pseudonym(filter, &keys).unwrap();
        assert_eq!(read("null,c-1").unwrap(), format!("null,{hex}"));
        assert_eq!(read(&hex).unwrap(), hex, "a pseudonym stays one");
        // The second could be an id that looks like a pseudonym.
        for unknown in ["c-2", &"a".repeat(32), "c-1,c-2", ""] {
            assert_eq!(read(unknown), None, "{unknown}");
        }
        assert_eq!(Pseudonyms.label(&known.0), None);
    }
}
