//! Epochs: stretches of one log's history, each begun where an earlier end was given up.
//!
//! Accepting a truncated log, and restoring a backup, begin a new epoch with an event of the stream `log/epoch`, which
//! names the position where the histories part. A position known from an earlier epoch still means the same event up
//! to there, and nothing beyond.

use crate::checksum::Digest;
use crate::codec::v1::EpochBegunV1;
use crate::codec::{self, CodecError, EventType};
use crate::facts::Facts;
use crate::position::{Position, Version};
use crate::record::{EventBytes, EventHead, NewEvent};
use crate::stream::{StreamKind, StreamName};
use daftar_domain::Timestamp;

/// The id of the stream that epochs are recorded in.
pub const EPOCH_STREAM: &str = "epoch";

/// Why an epoch was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochCause {
    /// Acknowledged events were lost, and somebody decided to go on without them.
    TruncationAccepted,
    /// The log was restored from a backup.
    Restored,
}

impl EpochCause {
    /// Its number in storage.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::TruncationAccepted => 0,
            Self::Restored => 1,
        }
    }

    /// Its name in lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TruncationAccepted => "truncation_accepted",
            Self::Restored => "restored",
        }
    }

    /// The cause with that number.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::TruncationAccepted),
            1 => Some(Self::Restored),
            _ => None,
        }
    }
}

/// One epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// 1 for the first, one more for each further one.
    pub number: u32,
    /// Random, so that two copies of a log that both begin epoch 2 are told apart; the first has the log's id.
    pub id: [u8; 16],
    /// The last position it has in common with the epoch before; 0 for the first.
    pub parted: Position,
    /// The chain value there.
    pub chain: Digest,
    /// The last position acknowledged before, and the chain value there, where acknowledged events were lost.
    pub given_up: Option<(Position, Digest)>,
}

/// All epochs of a log, in order; at least the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epochs(Vec<Epoch>);

/// A moment of a log's history, as cursors and checkpoints carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The number of the epoch then in force.
    pub epoch: u32,
    /// Its id; no other log, and no other copy of this one, has it.
    pub epoch_id: [u8; 16],
    /// The position.
    pub position: Position,
}

impl Moment {
    /// The epoch as clients name it: `2-` and 32 hexadecimal digits.
    #[must_use]
    pub fn epoch_name(&self) -> String {
        format!("{}-{:032x}", self.epoch, u128::from_be_bytes(self.epoch_id))
    }

    /// The moment of a position in an epoch that a client names.
    #[must_use]
    pub fn parse(epoch: &str, position: Position) -> Option<Self> {
        let (number, id) = epoch.split_once('-').filter(|(_, id)| id.len() == 32)?;
        let id = u128::from_str_radix(id, 16).ok()?;
        let moment = Self { epoch: number.parse().ok()?, epoch_id: id.to_be_bytes(), position };
        (moment.epoch_name() == epoch).then_some(moment)
    }
}

/// A moment that is no part of the log's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OtherHistory {
    /// Of another log, or of a copy of this one that went a way of its own.
    #[error("it was given for another log, or another copy of this one with a history of its own")]
    OtherLog,
    /// Of this log, beyond the position up to which its history is still the same.
    #[error("it was given for another epoch of the log; the histories part after position {parted}")]
    Parted {
        /// The last position in common.
        parted: Position,
    },
}

impl Epochs {
    /// The epochs of a new log: the first alone.
    #[must_use]
    pub fn new(log_id: [u8; 16], genesis: Digest) -> Self {
        let given_up = None;
        Self(vec![Epoch { number: 1, id: log_id, parted: Position::ZERO, chain: genesis, given_up }])
    }

    /// The log's id.
    #[must_use]
    pub fn log_id(&self) -> [u8; 16] {
        self.0[0].id
    }

    /// The chain value before the log's first event.
    #[must_use]
    pub fn genesis(&self) -> Digest {
        self.0[0].chain
    }

    /// The epoch in force.
    #[must_use]
    pub fn current(&self) -> Epoch {
        // There is always the first.
        self.0[self.0.len() - 1]
    }

    /// All of them, in order.
    #[must_use]
    pub fn all(&self) -> &[Epoch] {
        &self.0
    }

    /// The number of the epoch in force at the event at `position`, the one that begins it included.
    #[must_use]
    pub fn number_at(&self, position: Position) -> u32 {
        self.0.iter().rev().find(|epoch| epoch.parted < position).map_or(1, |epoch| epoch.number)
    }

    /// The moment of a position that stands in the log now.
    #[must_use]
    pub fn moment(&self, position: Position) -> Moment {
        let Epoch { number, id, .. } = self.current();
        Moment { epoch: number, epoch_id: id, position }
    }

    /// The moment when the event at `position` was the last.
    #[must_use]
    pub fn moment_then(&self, position: Position) -> Moment {
        let number = self.number_at(position);
        let then = self.0.iter().find(|epoch| epoch.number == number).unwrap_or(&self.0[0]);
        Moment { epoch: then.number, epoch_id: then.id, position }
    }

    /// Whether what was known at a moment still stands.
    ///
    /// # Errors
    ///
    /// [`OtherHistory`] when the moment is of another log, or lies beyond the parting of the histories.
    pub fn confirm(&self, moment: &Moment) -> Result<(), OtherHistory> {
        let same = |epoch: &Epoch| (epoch.number, epoch.id) == (moment.epoch, moment.epoch_id);
        let known = self.0.iter().position(same).ok_or(OtherHistory::OtherLog)?;
        match self.0.get(known + 1).map(|next| next.parted) {
            Some(parted) if parted < moment.position => Err(OtherHistory::Parted { parted }),
            _ => Ok(()),
        }
    }

    /// Adds an epoch that an event at `position` begins.
    ///
    /// # Errors
    ///
    /// Words, when that is not the next one or does not begin there.
    pub fn begin(&mut self, begun: &EpochBegunV1, position: Position) -> Result<(), &'static str> {
        if begun.epoch != self.current().number + 1 {
            return Err("it begins an epoch that is not the next");
        }
        if Position(begun.parted).next() != position {
            return Err("it begins an epoch at another position than it says");
        }
        let EpochBegunV1 { epoch: number, id, parted, chain, given_up, .. } = *begun;
        let given_up = given_up.map(|(position, chain)| (Position(position), chain));
        self.0.push(Epoch { number, id, parted: Position(parted), chain, given_up });
        Ok(())
    }
}

/// The name of the stream.
#[must_use]
pub fn epoch_stream() -> StreamName {
    StreamName { kind: StreamKind::Log, id: EPOCH_STREAM.into() }
}

/// The epoch that an event of that type begins; `None` for every other event.
///
/// # Errors
///
/// [`CodecError`] when a newer version wrote it, or it does not decode.
pub(crate) fn begun_by(event_type: EventType, schema: u8, facts: &[u8]) -> Result<Option<EpochBegunV1>, CodecError> {
    if event_type != EventType::EPOCH_BEGUN {
        return Ok(None);
    }
    match codec::decode_facts(event_type, schema, facts)? {
        Facts::EpochBegun(begun) => Ok(Some(begun)),
        _ => Ok(None),
    }
}

/// The event that begins an epoch.
///
/// # Errors
///
/// [`CodecError`] never in fact: its struct has a fixed size.
pub(crate) fn epoch_event(begun: &EpochBegunV1, occurred_at: Timestamp) -> Result<NewEvent, CodecError> {
    let metadata = codec::encode("metadata", &codec::v1::MetadataV1::default())?;
    let facts = codec::encode("facts", begun)?;
    let head = EventHead {
        stream_kind: StreamKind::Log,
        stream_id: EPOCH_STREAM,
        // The first epoch has no event.
        version: Version(begun.epoch - 1),
        occurred_at,
        event_type: EventType::EPOCH_BEGUN,
        schema: 1,
        metadata: &metadata,
        facts: &facts,
        has_content: false,
    };
    Ok(NewEvent::new(EventBytes { head: head.encode(), sealed: None }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(epoch: u32, parted: u64) -> EpochBegunV1 {
        let id = [u8::try_from(epoch).unwrap(); 16];
        EpochBegunV1 { epoch, id, parted, chain: [9; 32], cause: 1, given_up: None }
    }

    /// Epoch 1 up to 10, epoch 2 from 11 to 20, epoch 3 from 21 on.
    fn three() -> Epochs {
        let mut epochs = Epochs::new([7; 16], [1; 32]);
        epochs.begin(&begun(2, 10), Position(11)).unwrap();
        epochs.begin(&begun(3, 20), Position(21)).unwrap();
        epochs
    }

    #[test]
    fn each_position_has_the_epoch_in_force_there() {
        let numbers = [0, 1, 10, 11, 20, 21, 99].map(|position| three().number_at(Position(position)));
        assert_eq!(numbers, [1, 1, 1, 2, 2, 3, 3]);
    }

    #[test]
    fn a_moment_stands_up_to_where_the_histories_part() {
        let epochs = three();
        let moment = |epoch, id, position| Moment { epoch, epoch_id: [id; 16], position: Position(position) };
        let parted = |at| Err(OtherHistory::Parted { parted: Position(at) });
        assert_eq!(epochs.confirm(&moment(1, 7, 10)), Ok(()));
        assert_eq!(epochs.confirm(&moment(1, 7, 11)), parted(10));
        assert_eq!(epochs.confirm(&moment(2, 2, 20)), Ok(()));
        assert_eq!(epochs.confirm(&moment(2, 2, 21)), parted(20));
        assert_eq!(epochs.confirm(&epochs.moment(Position(500))), Ok(()));
        for elsewhere in [moment(2, 8, 5), moment(4, 4, 5), moment(1, 8, 0)] {
            assert_eq!(epochs.confirm(&elsewhere), Err(OtherHistory::OtherLog));
        }
    }

    #[test]
    fn clients_name_an_epoch_as_it_was_named_to_them() {
        let moment = three().moment(Position(5));
        let name = moment.epoch_name();
        assert_eq!(name, format!("3-{}", "03".repeat(16)));
        assert_eq!(Moment::parse(&name, Position(5)), Some(moment));
        for broken in ["", "3", "3-", "-", &name[1..], &name[..20], &format!("+{name}"), &name.replace("-0", "-+")] {
            assert_eq!(Moment::parse(broken, Position(5)), None, "{broken}");
        }
    }

    #[test]
    fn epochs_follow_one_another() {
        let mut epochs = three();
        assert!(epochs.begin(&begun(5, 30), Position(31)).is_err(), "left one out");
        assert!(epochs.begin(&begun(4, 30), Position(40)).is_err(), "stands elsewhere");
        assert_eq!(epochs, three());
    }
}
