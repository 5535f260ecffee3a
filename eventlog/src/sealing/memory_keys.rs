//! Keys in memory, for logs that live no longer than the process.

use super::{ContentKey, Hashed, KeyStore, Pseudonym, keyed_hash, random};
use crate::log::StoreError;
use daftar_domain::ids::CustomerId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keys that are gone with the process.
#[derive(Debug)]
pub struct MemoryKeys {
    secret: [u8; 32],
    /// Held for a look-up or an insertion, never across an await.
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    customers: HashMap<[u8; 16], Pseudonym>,
    keys: HashMap<Pseudonym, (ContentKey, Option<String>)>,
}

impl MemoryKeys {
    /// An empty store with a random secret.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the operating system has no random bytes to give.
    pub fn new() -> Result<Self, StoreError> {
        Ok(Self { secret: random()?, kept: Mutex::default() })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic while it was held can't have left it half changed: every change is one insertion after the other
        // whose order leaves an unused key at worst.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hash(&self, id: &str) -> [u8; 16] {
        keyed_hash(&self.secret, Hashed::CustomerId, &[id.as_bytes()])
    }

    fn create(&self, id: Option<&str>) -> Result<Pseudonym, StoreError> {
        let (pseudonym, key) = (Pseudonym(random()?), ContentKey(random()?));
        self.kept().keys.insert(pseudonym, (key, id.map(str::to_owned)));
        Ok(pseudonym)
    }
}

impl KeyStore for MemoryKeys {
    fn customer(&self, id: &CustomerId) -> Result<Pseudonym, StoreError> {
        if let Some(known) = self.find_customer(id.as_str())? {
            return Ok(known);
        }
        let pseudonym = self.create(Some(id.as_str()))?;
        Ok(*self.kept().customers.entry(self.hash(id.as_str())).or_insert(pseudonym))
    }

    fn new_ticket(&self) -> Result<Pseudonym, StoreError> {
        self.create(None)
    }

    fn find_customer(&self, id: &str) -> Result<Option<Pseudonym>, StoreError> {
        Ok(self.kept().customers.get(&self.hash(id)).copied())
    }

    fn key(&self, pseudonym: Pseudonym) -> Result<Option<ContentKey>, StoreError> {
        let kept = self.kept();
        let (key, _) = kept.keys.get(&pseudonym).ok_or_else(|| unknown(pseudonym))?;
        Ok(Some(key.clone()))
    }

    fn customer_id(&self, pseudonym: Pseudonym) -> Result<Option<String>, StoreError> {
        let kept = self.kept();
        let (_, id) = kept.keys.get(&pseudonym).ok_or_else(|| unknown(pseudonym))?;
        Ok(id.clone())
    }

    fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    fn make_durable(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A pseudonym the keys never knew: not forgotten, but lost or of another log.
pub(crate) fn unknown(pseudonym: Pseudonym) -> StoreError {
    StoreError::failed(
        "looking up a key",
        format!("the keys do not know the pseudonym {pseudonym}; are they of this log?"),
    )
}
