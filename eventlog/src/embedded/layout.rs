//! Records: a run of entries under one key, with a checksum and the chain value after its last event.
//!
//! Where records begin and end is packing, no part of the truth. A record larger than a value may be is continued
//! under the keys that follow its own.

use crate::checksum::Digest;
use crate::codec::{CODEC_BINCODE_2, CodecError};
use crate::entry::{self, Entry};
use crate::log::StoreError;
use crate::position::Position;
use crate::record::{EventBytes, HeadError, take};
use crate::sequencer::EmptyCommit;
use crate::stream::StreamName;
use daftar_domain::Timestamp;

/// The largest value given to sled, in bytes: past a quarter of its segment it would write files it never syncs.
pub const VALUE_BYTES_MAX: usize = 11 << 10;
/// Up to this length the log's last record grows by being written again under its own key.
pub const HEAD_GROWS_TO_BYTES: usize = 2 << 10;
/// A record gets no further entry once it holds this much.
pub const RECORD_FULL_BYTES: usize = 2 << 10;

const FORMAT_VERSION: u8 = 1;
const KIND_RUN: u8 = 0;
/// The kind byte, at offset 5, of a value that continues the record before.
pub const KIND_CONTINUED: u8 = 1;
const RUN_HEADER: usize = 48;
const CONTINUED_HEADER: usize = 6;

/// A record's key: the position of its first event, or of the next one where it begins with a commit without events;
/// and a counter that tells keys of one position apart. Big-endian, so that keys sort as they count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordKey {
    /// Position of its first event.
    pub first: Position,
    /// Tells keys of one position apart.
    pub counter: u16,
}

impl RecordKey {
    /// The genesis.
    pub const GENESIS: Self = Self { first: Position::ZERO, counter: 0 };

    /// Its bytes in sled.
    #[must_use]
    pub fn encode(self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.first.0.to_be_bytes());
        bytes[8..].copy_from_slice(&self.counter.to_be_bytes());
        bytes
    }

    /// Reads it.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (first, counter) = bytes.split_first_chunk::<8>()?;
        let counter = u16::from_be_bytes(counter.try_into().ok()?);
        Some(Self { first: Position(u64::from_be_bytes(*first)), counter })
    }
}

/// A record being filled.
#[derive(Debug, Clone)]
pub struct RecordBuilder {
    /// Its key.
    pub key: RecordKey,
    entries: Vec<u8>,
    events: u32,
    chain: Digest,
}

/// A key and the value to store under it.
pub type KeyedValue = ([u8; 10], Vec<u8>);

impl RecordBuilder {
    /// An empty record; `chain` is the value before its first event.
    #[must_use]
    pub fn new(key: RecordKey, chain: Digest) -> Self {
        Self { key, entries: Vec::new(), events: 0, chain }
    }

    /// Its length so far in bytes, its header included.
    #[must_use]
    pub fn stored_len(&self) -> usize {
        RUN_HEADER + self.entries.len()
    }

    /// Adds an event, with the chain value after it.
    pub fn push_event(&mut self, recorded_at: Timestamp, bytes: &EventBytes, chain: Digest) {
        entry::push_event(&mut self.entries, recorded_at, bytes);
        self.events += 1;
        self.chain = chain;
    }

    /// Adds a commit without events.
    pub fn push_empty(&mut self, empty: &EmptyCommit) {
        entry::push_empty(&mut self.entries, empty);
    }

    /// The length of the event's entry in bytes.
    #[must_use]
    pub fn event_len(bytes: &EventBytes) -> usize {
        entry::event_len(bytes)
    }

    /// The length of the entry of a commit without events, in bytes.
    #[must_use]
    pub fn empty_len(stream: &StreamName) -> usize {
        entry::empty_len(stream)
    }

    /// How many keys it takes: its own and those it is continued under.
    #[must_use]
    pub fn keys(&self) -> u16 {
        u16::try_from(self.entries.len().saturating_sub(VALUE_BYTES_MAX).div_ceil(VALUE_BYTES_MAX))
            .unwrap_or(u16::MAX - 1)
            + 1
    }

    /// The keys and values to store.
    #[must_use]
    pub fn values(&self) -> Vec<KeyedValue> {
        let mut parts = self.entries.chunks(VALUE_BYTES_MAX);
        let own = parts.next().unwrap_or_default();
        let mut value = vec![0; 4];
        value.extend([FORMAT_VERSION, KIND_RUN, CODEC_BINCODE_2, 0]);
        value.extend((self.keys() - 1).to_le_bytes());
        value.extend([0; 2]);
        value.extend(self.events.to_le_bytes());
        value.extend(self.chain);
        value.extend(own);
        let mut values = vec![with_checksum(self.key, value)];
        for (part, n) in parts.zip(1..) {
            let mut value = vec![0; 4];
            value.extend([FORMAT_VERSION, KIND_CONTINUED]);
            value.extend(part);
            values.push(with_checksum(RecordKey { counter: self.key.counter + n, ..self.key }, value));
        }
        values
    }
}

fn with_checksum(key: RecordKey, mut value: Vec<u8>) -> KeyedValue {
    let key = key.encode();
    let checksum = checksum(&key, &value);
    value[..4].copy_from_slice(&checksum.to_le_bytes());
    (key, value)
}

/// CRC32C over the key and the value without its first four bytes, which hold it.
fn checksum(key: &[u8; 10], value: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(key), &value[4..])
}

/// One stored value, its checksum verified.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// A record, or its first part.
    Run {
        /// Under how many further keys it is continued.
        continued: u16,
        /// How many events it holds.
        events: u32,
        /// The chain value after its last event.
        chain: Digest,
        /// Its entries, or the first part of them.
        entries: &'a [u8],
    },
    /// A further part of the entries of the record before.
    Continued(&'a [u8]),
}

impl<'a> Value<'a> {
    /// Reads a value and verifies it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when it is not what was written under that key.
    pub fn read(key: RecordKey, value: &'a [u8]) -> Result<Self, StoreError> {
        let corrupt = |why: &str| StoreError::Corrupt { position: key.first, why: why.to_owned() };
        let stated = value.first_chunk::<4>().filter(|_| value.len() >= CONTINUED_HEADER);
        let stated = stated.map(|bytes| u32::from_le_bytes(*bytes)).ok_or_else(|| corrupt("its record is cut off"))?;
        if stated != checksum(&key.encode(), value) {
            return Err(corrupt("its record's checksum is wrong"));
        }
        match (value[4], value[5]) {
            (FORMAT_VERSION, KIND_CONTINUED) => Ok(Self::Continued(&value[CONTINUED_HEADER..])),
            (FORMAT_VERSION, KIND_RUN) if value.len() >= RUN_HEADER && value[6] == CODEC_BINCODE_2 => {
                Self::read_run(value).map_err(|_: HeadError| corrupt("its record's header is damaged"))
            }
            _ => Err(StoreError::Unreadable { position: key.first, source: CodecError::Newer { what: "record" } }),
        }
    }

    fn read_run(value: &'a [u8]) -> Result<Self, HeadError> {
        let mut rest = &value[8..];
        let continued = u16::from_le_bytes(take(&mut rest)?);
        let _spare: [u8; 2] = take(&mut rest)?;
        let events = u32::from_le_bytes(take(&mut rest)?);
        let chain = take(&mut rest)?;
        Ok(Self::Run { continued, events, chain, entries: rest })
    }
}

/// A whole record.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its key.
    pub key: RecordKey,
    /// Under how many further keys it is continued.
    pub continued: u16,
    /// The chain value after its last event.
    pub chain: Digest,
    /// How many events it holds.
    pub events: u32,
    entries: Vec<u8>,
}

impl Record {
    /// Puts a record together from its first value and the parts that continue it, in order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when a value is damaged, or parts are missing.
    pub fn read(
        key: RecordKey,
        value: &[u8],
        mut part: impl FnMut(RecordKey) -> Result<Option<Vec<u8>>, StoreError>,
    ) -> Result<Self, StoreError> {
        let corrupt = |why: &str| StoreError::Corrupt { position: key.first, why: why.to_owned() };
        let Value::Run { continued, events, chain, entries } = Value::read(key, value)? else {
            return Err(corrupt("a part of a record stands where a record should"));
        };
        let mut entries = entries.to_vec();
        for n in 1..=continued {
            let next = RecordKey { counter: key.counter.saturating_add(n), ..key };
            let value = part(next)?.ok_or_else(|| corrupt("a part of its record is missing"))?;
            let Value::Continued(more) = Value::read(next, &value)? else {
                return Err(corrupt("a part of its record is missing"));
            };
            entries.extend(more);
        }
        Ok(Self { key, continued, chain, events, entries })
    }

    /// Its entries in order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when they do not read.
    pub fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        let corrupt = |why: &str| StoreError::Corrupt { position: self.key.first, why: why.to_owned() };
        let (mut entries, mut rest) = (Vec::new(), &self.entries[..]);
        while !rest.is_empty() {
            entries.push(entry::read(&mut rest).map_err(|_: HeadError| corrupt("an entry of its record is damaged"))?);
        }
        let events = entries.iter().filter(|e| matches!(e, Entry::Event(..))).count();
        if events == self.events as usize {
            Ok(entries)
        } else {
            Err(corrupt("its record holds another number of events"))
        }
    }

    /// The record as one that can grow; `None` where it is continued, which one that grows never is.
    #[must_use]
    pub fn reopen(self) -> Option<RecordBuilder> {
        let Self { key, continued, chain, events, entries } = self;
        (continued == 0).then_some(RecordBuilder { key, entries, events, chain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::CommandStamp;
    use crate::position::Version;
    use std::collections::BTreeMap;

    fn event(sealed: usize) -> EventBytes {
        EventBytes { head: vec![1, 2, 3].into(), sealed: (sealed > 0).then(|| vec![9; sealed].into()) }
    }

    fn built(sealed: usize) -> RecordBuilder {
        let mut builder = RecordBuilder::new(RecordKey { first: Position(7), counter: 2 }, [0; 32]);
        builder.push_event(Timestamp::clamped(5), &event(sealed), [1; 32]);
        let command = CommandStamp { id: [3; 16], digest: [4; 16] };
        let stream = StreamName::ticket("T-1");
        let empty = EmptyCommit { recorded_at: Timestamp::clamped(6), stream, version: Version(1), command };
        builder.push_empty(&empty);
        builder
    }

    fn read(values: &[KeyedValue]) -> Result<Record, StoreError> {
        let stored: BTreeMap<_, _> = values.iter().cloned().collect();
        let (key, value) = &values[0];
        Record::read(RecordKey::decode(key).unwrap(), value, |key| Ok(stored.get(&key.encode()).cloned()))
    }

    #[test]
    fn records_of_any_size_come_back_and_no_value_is_too_large_for_sled() {
        for sealed in [0, 1, 100, VALUE_BYTES_MAX, 3 * VALUE_BYTES_MAX + 1, 256 << 10, 1 << 20] {
            let values = built(sealed).values();
            assert!(values.iter().all(|(_, value)| value.len() <= 12 << 10), "{sealed}");
            assert_eq!(values.len(), usize::from(built(sealed).keys()));
            let record = read(&values).unwrap();
            assert_eq!(record.chain, [1; 32]);
            let entries = record.entries().unwrap();
            assert_eq!(entries[0], Entry::Event(Timestamp::clamped(5), event(sealed)));
            assert!(matches!(&entries[1], Entry::Empty(e) if e.version == Version(1)));
        }
    }

    #[test]
    fn a_flipped_bit_or_a_missing_part_is_corrupt() {
        let good = built(2 * VALUE_BYTES_MAX).values();
        assert!(read(&good[..2]).is_err());
        for at in 0..good.len() {
            for bit in (0..good[at].1.len() * 8).step_by(61) {
                let mut bad = good.clone();
                bad[at].1[bit / 8] ^= 1 << (bit % 8);
                assert!(matches!(read(&bad), Err(StoreError::Corrupt { .. })), "value {at} bit {bit}");
            }
        }
    }
}
