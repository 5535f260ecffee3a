//! What customers are called: their own ids, looked up by pseudonym where the keys still know them.

use crate::report::CustomerLabels;
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
