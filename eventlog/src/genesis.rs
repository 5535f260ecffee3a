//! The log's first record: which log it is and how its chain is made. It is no event and has no position.

use crate::checksum::Digest;
use crate::log::{LogIdentity, StoreError};
use crate::position::Position;
use crate::sealing::random;

const MAGIC: &[u8; 8] = b"DAFTAR\x00\x01";
const FORMAT_VERSION: u16 = 1;
/// BLAKE3 over the chain value before, the event's digest and its time.
const CHAIN_BLAKE3: u16 = 1;
/// Length of the record in bytes.
pub const GENESIS_LEN: usize = 36;

/// The header record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Genesis {
    /// The log's id and epoch.
    pub identity: LogIdentity,
}

impl Genesis {
    /// A new log: a random id, epoch 1.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the operating system has no random bytes to give.
    pub fn new() -> Result<Self, StoreError> {
        Ok(Self { identity: LogIdentity { log_id: random()?, epoch: 1 } })
    }

    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; GENESIS_LEN] {
        let mut bytes = [0; GENESIS_LEN];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..10].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[10..12].copy_from_slice(&CHAIN_BLAKE3.to_le_bytes());
        bytes[12..28].copy_from_slice(&self.identity.log_id);
        bytes[28..32].copy_from_slice(&self.identity.epoch.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..32]);
        bytes[32..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when it is no genesis, or of a format this version can't read.
    pub fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let corrupt = |why: &str| StoreError::Corrupt { position: Position::ZERO, why: why.to_owned() };
        let bytes: &[u8; GENESIS_LEN] = bytes.try_into().map_err(|_| corrupt("its header record is cut off"))?;
        if bytes[32..] != crc32c::crc32c(&bytes[..32]).to_le_bytes() {
            return Err(corrupt("its header record's checksum is wrong; restore a backup"));
        }
        if bytes[..8] != *MAGIC {
            return Err(corrupt("its header record is not one of Daftar's"));
        }
        if bytes[8..10] != FORMAT_VERSION.to_le_bytes() || bytes[10..12] != CHAIN_BLAKE3.to_le_bytes() {
            return Err(corrupt("its format is newer than this version of Daftar; upgrade"));
        }
        let (mut log_id, mut epoch) = ([0; 16], [0; 4]);
        log_id.copy_from_slice(&bytes[12..28]);
        epoch.copy_from_slice(&bytes[28..32]);
        Ok(Self { identity: LogIdentity { log_id, epoch: u32::from_le_bytes(epoch) } })
    }

    /// The chain's first value, `h[0]`: BLAKE3 of the record.
    #[must_use]
    pub fn chain(&self) -> Digest {
        *blake3::hash(&self.encode()).as_bytes()
    }
}
