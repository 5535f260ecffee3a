//! Where a page of items ended: opaque to its readers, bound to the log, its epoch, a position, a version and a cell.
//!
//! URL-safe base64 of: format byte, the epoch's number and id, the position the items speak for, the version of the
//! definition they were measured under, a digest of what was asked, how many items come before, and a checksum of all
//! that; numbers little-endian. What an ask says at a position under a version never changes, so a number of items is a
//! place.

use super::ask::Ask;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daftar_domain::Invalid;
use daftar_eventlog::epoch::Moment;
use daftar_eventlog::{Epochs, OtherHistory, Position};

/// The first byte of a cursor of items.
const FORMAT: u8 = 0x12;

/// Why items cannot go on at a cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// It was given for another log, or for this one before it lost or took back events.
    #[error("the cursor does not hold any more: {0}; begin again without it")]
    OtherHistory(#[from] OtherHistory),
    /// It is none, or it was given for another cell.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// Where the next page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The position that the items speak for.
    pub position: Position,
    /// The version of the report's definition on the first page, which the others are of too.
    pub version: u64,
    /// How many items come before.
    pub skipped: usize,
}

impl Place {
    /// The cursor as readers get it.
    pub(super) fn write(self, ask: &Ask, epochs: &Epochs) -> String {
        let moment = epochs.moment(self.position);
        let mut bytes = vec![FORMAT];
        bytes.extend(moment.epoch.to_le_bytes());
        bytes.extend(moment.epoch_id);
        bytes.extend(moment.position.0.to_le_bytes());
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(digest(ask));
        bytes.extend((self.skipped as u64).to_le_bytes());
        bytes.extend(checksum(&bytes));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the cursor of an ask.
    ///
    /// # Errors
    ///
    /// [`CursorError`] when it belongs to another log, another epoch or another cell, or is broken.
    pub fn of(ask: &Ask, epochs: &Epochs) -> Result<Option<Self>, CursorError> {
        let Some(text) = ask.cursor.as_deref() else { return Ok(None) };
        let invalid = |rule: &str| CursorError::Invalid(Invalid::new("cursor", text, rule));
        let broken = "must be a next_cursor as it was given; leave it out to begin again";
        let Decoded { moment, version, asked, skipped } = decoded(text).ok_or_else(|| invalid(broken))?;
        epochs.confirm(&moment)?;
        if asked != digest(ask) {
            return Err(invalid("was given for another cell: every parameter but limit must stay as it was"));
        }
        Ok(Some(Self { position: moment.position, version, skipped }))
    }
}

/// A cursor as it was written.
struct Decoded {
    moment: Moment,
    version: u64,
    asked: [u8; 8],
    skipped: usize,
}

fn decoded(text: &str) -> Option<Decoded> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (rest, sum) = bytes.split_last_chunk::<4>()?;
    if checksum(rest) != *sum {
        return None;
    }
    let ([FORMAT], rest) = rest.split_first_chunk()? else { return None };
    let (epoch, rest) = rest.split_first_chunk()?;
    let (epoch_id, rest) = rest.split_first_chunk()?;
    let (position, rest) = rest.split_first_chunk()?;
    let (version, rest) = rest.split_first_chunk()?;
    let (asked, rest) = rest.split_first_chunk::<8>()?;
    let skipped = usize::try_from(u64::from_le_bytes(rest.try_into().ok()?)).ok()?;
    let position = Position(u64::from_le_bytes(*position));
    let moment = Moment { epoch: u32::from_le_bytes(*epoch), epoch_id: *epoch_id, position };
    Some(Decoded { moment, version: u64::from_le_bytes(*version), asked: *asked, skipped })
}

/// What was asked, but how much at a time.
fn digest(ask: &Ask) -> [u8; 8] {
    let asked = Ask { limit: 0, cursor: None, ..ask.clone() };
    first_bytes(format!("{asked:?}").as_bytes())
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    first_bytes(bytes)
}

fn first_bytes<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let digest = blake3::hash(bytes);
    std::array::from_fn(|place| digest.as_bytes()[place])
}
