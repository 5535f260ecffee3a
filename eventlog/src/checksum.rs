//! Digests of events and the chain over them: BLAKE3.

use crate::record::EventBytes;
use daftar_domain::Timestamp;

/// A BLAKE3 value.
pub type Digest = [u8; 32];

/// An event's digest: BLAKE3 over its head, followed by the BLAKE3 of its sealed content where it has any.
///
/// So a chain can be checked by somebody who was given the facts but not the content.
#[must_use]
pub fn event_digest(event: &EventBytes) -> Digest {
    let sealed = event.sealed.as_deref().map(blake3::hash);
    digest_of_parts(&event.head, sealed.as_ref().map(blake3::Hash::as_bytes))
}

/// An event's digest from its head and the BLAKE3 of its sealed content.
#[must_use]
pub fn digest_of_parts(head: &[u8], sealed_digest: Option<&Digest>) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(head);
    if let Some(sealed_digest) = sealed_digest {
        hasher.update(sealed_digest);
    }
    *hasher.finalize().as_bytes()
}

/// The chain's next value: `h[n] = BLAKE3(h[n-1] ‖ digest[n] ‖ recorded_at[n])`, the time as 8 bytes little-endian.
#[must_use]
pub fn chain_next(before: &Digest, digest: &Digest, recorded_at: Timestamp) -> Digest {
    let mut input = [0; 72];
    input[..32].copy_from_slice(before);
    input[32..64].copy_from_slice(digest);
    input[64..].copy_from_slice(&recorded_at.micros().to_le_bytes());
    *blake3::hash(&input).as_bytes()
}
