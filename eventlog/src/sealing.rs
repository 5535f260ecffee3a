//! People and texts: pseudonyms, keys outside the log, and content sealed under them.
//!
//! What may have to be forgotten is never written in the clear. A customer is known in the log by a random
//! pseudonym; content is sealed with XChaCha20-Poly1305 under a key that a [`KeyStore`] keeps elsewhere. Who loses
//! the key has forgotten the content, and the chain over the log still holds.

use crate::codec::v1::{ContentV1, PseudonymBytes};
use crate::codec::{self, CodecError};
use crate::log::StoreError;
use crate::record::EventHead;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use daftar_domain::ids::CustomerId;
use std::fmt;

pub mod memory_keys;
pub mod no_keys;

const NONCE_LEN: usize = 24;
/// Content from this length up is compressed, when that makes it smaller.
const COMPRESS_FROM_BYTES: usize = 512;
/// The largest content after decompression, in bytes.
const CONTENT_BYTES_MAX: usize = 4 << 20;
const ZSTD_LEVEL: i32 = 3;

const SCHEMA_1: u8 = 1;
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;

/// The random name by which the log knows a customer, or a ticket without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(pub PseudonymBytes);

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A random key that seals the content of one customer, or of one ticket without a customer.
#[derive(Clone, PartialEq, Eq)]
pub struct ContentKey(pub(crate) [u8; 32]);

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(…)")
    }
}

/// The keys, kept outside the log so that a key can be lost while the log stays.
pub trait KeyStore: Send + Sync {
    /// The customer's pseudonym; at first sight a new one, with a new key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the keys can't be read or written.
    fn customer(&self, id: &CustomerId) -> Result<Pseudonym, StoreError>;

    /// A new key for a ticket that has no customer.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the keys can't be written.
    fn new_ticket(&self) -> Result<Pseudonym, StoreError>;

    /// The pseudonym of a customer seen before.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the keys can't be read.
    fn find_customer(&self, id: &str) -> Result<Option<Pseudonym>, StoreError>;

    /// The key of a pseudonym; `None`: it was forgotten.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the keys can't be read, or never knew the pseudonym.
    fn key(&self, pseudonym: Pseudonym) -> Result<Option<ContentKey>, StoreError>;

    /// The customer's own id; `None`: forgotten, or a ticket's pseudonym.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the keys can't be read, or never knew the pseudonym.
    fn customer_id(&self, pseudonym: Pseudonym) -> Result<Option<String>, StoreError>;

    /// The store's secret, under which command ids and source event ids are hashed.
    fn secret(&self) -> &[u8; 32];

    /// The bytes of whole slots from number `from` on, at most `limit`, as `docs/format.md` has them; none at the end.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when they can't be read, or are kept in memory alone.
    fn read_slots(&self, from: u32, limit: usize) -> Result<Vec<u8>, StoreError> {
        let _ = (from, limit);
        Err(StoreError::failed("copying the keys", "they are kept in memory alone"))
    }

    /// Makes every key given out so far durable.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when they can't be synced; nothing that needs them may be acknowledged then.
    fn make_durable(&self) -> Result<(), StoreError>;
}

/// What a keyed hash is of; part of the hash, so that hashes of different things never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hashed {
    /// Issuer and idempotency key of a command.
    CommandId,
    /// What a command asked.
    CommandDigest,
    /// The source's own id of an event.
    SourceEvent,
    /// A customer's id.
    CustomerId,
}

/// The first 16 bytes of BLAKE3 keyed with `secret` over a word for `what` and the parts, each after its length.
#[must_use]
pub fn keyed_hash(secret: &[u8; 32], what: Hashed, parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    let word: &[u8] = match what {
        Hashed::CommandId => b"command-id",
        Hashed::CommandDigest => b"command-digest",
        Hashed::SourceEvent => b"source-event",
        Hashed::CustomerId => b"customer-id",
    };
    for part in std::iter::once(&word).chain(parts) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}

/// Fills an array with random bytes from the operating system.
///
/// # Errors
///
/// [`StoreError::Failed`] when it has none to give.
pub fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| StoreError::failed("drawing random bytes", e))?;
    Ok(bytes)
}

/// Seals `content` for the event whose head is `head`, under the key of `pseudonym`, with a fresh random nonce.
///
/// # Errors
///
/// [`StoreError`] when the keys or random bytes can't be had, or the pseudonym is forgotten.
pub fn seal(
    keys: &dyn KeyStore,
    log_id: &[u8; 16],
    head: &EventHead<'_>,
    pseudonym: Pseudonym,
    content: &ContentV1<'_>,
) -> Result<Box<[u8]>, StoreError> {
    let key = keys.key(pseudonym)?.ok_or_else(|| {
        StoreError::failed("sealing content", "its customer was forgotten; no new content can be kept")
    })?;
    let plain = packed(content).map_err(|e| StoreError::failed("encoding content", e))?;
    let nonce: [u8; NONCE_LEN] = random()?;
    let payload = Payload { msg: &plain, aad: &associated_data(log_id, head) };
    let ciphertext = XChaCha20Poly1305::new(&key.0.into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|e| StoreError::failed("sealing content", e))?;
    Ok([&pseudonym.0[..], &nonce[..], &ciphertext[..]].concat().into())
}

/// Content that could not be opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenError {
    /// It is not what was sealed, or was sealed for another event.
    #[error("its sealed content is not what was sealed for it")]
    Damaged,
    /// It opened, but does not decode.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The keys could not be read.
    #[error(transparent)]
    Keys(#[from] StoreError),
}

/// Content after unsealing: its encoded bytes, to be borrowed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedContent(Vec<u8>);

impl OpenedContent {
    /// Decodes it.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when the bytes are no content this version can read.
    pub fn decode(&self) -> Result<ContentV1<'_>, CodecError> {
        codec::decode("content", &self.0)
    }
}

/// Opens the sealed content of the event whose head is `head`; `None`: its key was forgotten.
///
/// # Errors
///
/// [`OpenError`] when it is damaged, belongs to another event, or the keys can't be read.
pub fn open(
    keys: &dyn KeyStore,
    log_id: &[u8; 16],
    head: &EventHead<'_>,
    sealed: &[u8],
) -> Result<Option<OpenedContent>, OpenError> {
    let (pseudonym, rest) = sealed.split_first_chunk::<16>().ok_or(OpenError::Damaged)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>().ok_or(OpenError::Damaged)?;
    let Some(key) = keys.key(Pseudonym(*pseudonym))? else { return Ok(None) };
    let payload = Payload { msg: ciphertext, aad: &associated_data(log_id, head) };
    let plain = XChaCha20Poly1305::new(&key.0.into())
        .decrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| OpenError::Damaged)?;
    unpacked(&plain).map(Some)
}

/// What binds content to its event: log, stream, version, type and schema; not the position, which nobody knows yet.
fn associated_data(log_id: &[u8; 16], head: &EventHead<'_>) -> Vec<u8> {
    let mut data = Vec::with_capacity(32 + head.stream_id.len());
    data.extend(log_id);
    data.push(head.stream_kind.code());
    data.extend(u16::try_from(head.stream_id.len()).unwrap_or(u16::MAX).to_le_bytes());
    data.extend(head.stream_id.as_bytes());
    data.extend(head.version.0.to_le_bytes());
    data.extend(head.event_type.0.to_le_bytes());
    data.push(head.schema);
    data
}

/// Content schema, packing, and the encoded content, compressed where that pays.
fn packed(content: &ContentV1<'_>) -> Result<Vec<u8>, CodecError> {
    let encoded = codec::encode("content", content)?;
    let compressed = (encoded.len() >= COMPRESS_FROM_BYTES)
        .then(|| zstd::bulk::compress(&encoded, ZSTD_LEVEL).ok())
        .flatten()
        .filter(|c| c.len() < encoded.len());
    Ok(match compressed {
        Some(compressed) => [&[SCHEMA_1, ZSTD], &compressed[..]].concat(),
        None => [&[SCHEMA_1, PLAIN], &encoded[..]].concat(),
    })
}

fn unpacked(plain: &[u8]) -> Result<OpenedContent, OpenError> {
    match plain {
        [SCHEMA_1, PLAIN, encoded @ ..] => Ok(OpenedContent(encoded.to_vec())),
        [SCHEMA_1, ZSTD, compressed @ ..] => {
            zstd::bulk::decompress(compressed, CONTENT_BYTES_MAX).map(OpenedContent).map_err(|_| OpenError::Damaged)
        }
        [schema, ..] => Err(CodecError::Unknown { event_type: 0, schema: *schema }.into()),
        [] => Err(OpenError::Damaged),
    }
}
