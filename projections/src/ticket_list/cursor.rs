//! Where a page of a list ended: opaque to its readers, bound to the log, its epoch and the order.
//!
//! URL-safe base64 of: format byte, the epoch's number and id, the position the list spoke for, order, whether there is
//! a value, the value, the ticket's id, and a checksum of all that; numbers little-endian.

use super::CursorError;
use super::query::Sort;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daftar_domain::Invalid;
use daftar_eventlog::epoch::Moment;
use daftar_eventlog::{Epochs, Position};

/// The first byte of a cursor.
const FORMAT: u8 = 2;

/// The last ticket of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The order of its list.
    pub(super) sort: Sort,
    /// What the ticket was sorted by.
    pub(super) value: Option<i64>,
    /// The ticket's id.
    pub(super) ticket: String,
}

impl Cursor {
    /// The cursor as readers get it, of a list that speaks for `moment`.
    pub(super) fn write(&self, moment: Moment) -> String {
        let mut bytes = vec![FORMAT];
        bytes.extend(moment.epoch.to_le_bytes());
        bytes.extend(moment.epoch_id);
        bytes.extend(moment.position.0.to_le_bytes());
        bytes.push(code_of(self.sort));
        bytes.push(self.value.is_some().into());
        bytes.extend(self.value.unwrap_or(0).to_le_bytes());
        bytes.extend(self.ticket.bytes());
        bytes.extend(checksum(&bytes).to_le_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor given before, for a list of the same log in the same order.
    pub(super) fn read(text: &str, epochs: &Epochs, sort: Sort) -> Result<Self, CursorError> {
        let invalid = |rule: String| CursorError::Invalid(Invalid::new("cursor", text, rule));
        let broken = "must be a next_cursor as it was given; leave it out to begin the list again";
        let (moment, cursor) = decoded(text).ok_or_else(|| invalid(broken.to_owned()))?;
        epochs.confirm(&moment)?;
        if cursor.sort != sort {
            return Err(invalid(format!("was given for a list sorted by {}, not by {sort}", cursor.sort)));
        }
        Ok(cursor)
    }
}

/// A cursor and the moment it was given for; `None` where the text is no cursor.
fn decoded(text: &str) -> Option<(Moment, Cursor)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (rest, sum) = bytes.split_last_chunk()?;
    if checksum(rest) != u32::from_le_bytes(*sum) {
        return None;
    }
    let ([FORMAT], rest) = rest.split_first_chunk()? else { return None };
    let (epoch, rest) = rest.split_first_chunk()?;
    let (epoch_id, rest) = rest.split_first_chunk()?;
    let (position, rest) = rest.split_first_chunk()?;
    let ([sort, has_value], rest) = rest.split_first_chunk()?;
    let (value, ticket) = rest.split_first_chunk()?;
    let position = Position(u64::from_le_bytes(*position));
    let moment = Moment { epoch: u32::from_le_bytes(*epoch), epoch_id: *epoch_id, position };
    let cursor = Cursor {
        sort: *Sort::ALL.get(usize::from(*sort))?,
        value: (*has_value == 1).then(|| i64::from_le_bytes(*value)),
        ticket: String::from_utf8(ticket.to_vec()).ok()?,
    };
    Some((moment, cursor))
}

/// Where the order stands in the list of all.
fn code_of(sort: Sort) -> u8 {
    // There are twelve, this one among them.
    (0..).zip(Sort::ALL).find(|(_, listed)| *listed == sort).map_or(u8::MAX, |(code, _)| code)
}

/// FNV-1a of 32 bits: enough to know a cursor that was cut or mistyped.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use daftar_eventlog::OtherHistory;

    fn epochs() -> Epochs {
        Epochs::new([7; 16], [0; 32])
    }

    fn written(cursor: &Cursor) -> String {
        cursor.write(epochs().moment(Position(5)))
    }

    fn cursors() -> impl Iterator<Item = Cursor> {
        let of = |sort| [None, Some(i64::MIN), Some(-1), Some(i64::MAX)].map(|value| (sort, value));
        Sort::ALL.into_iter().flat_map(of).map(|(sort, value)| Cursor { sort, value, ticket: "تیکت-۱".into() })
    }

    #[test]
    fn comes_back_as_it_was_given_and_fits_into_an_address() {
        for cursor in cursors() {
            let text = written(&cursor);
            assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{text}");
            assert_eq!(Cursor::read(&text, &epochs(), cursor.sort), Ok(cursor));
        }
    }

    #[test]
    fn another_log_is_told_from_a_broken_cursor() {
        for cursor in cursors() {
            let text = written(&cursor);
            let other = Epochs::new([8; 16], [0; 32]);
            assert_eq!(
                Cursor::read(&text, &other, cursor.sort),
                Err(CursorError::OtherHistory(OtherHistory::OtherLog))
            );
        }
    }

    #[test]
    fn another_order_is_refused_with_both_names() {
        let opened_at = Sort::parse("sort", "opened_at").unwrap();
        let text = written(&cursors().next().unwrap());
        let Err(CursorError::Invalid(invalid)) = Cursor::read(&text, &epochs(), opened_at) else { panic!("{text}") };
        assert_eq!(invalid.field, "cursor");
        assert!(invalid.rule.contains("last_event_at") && invalid.rule.contains("opened_at"), "{invalid}");
    }

    #[test]
    fn whatever_is_cut_or_mistyped_is_refused() {
        let cursor = cursors().next().unwrap();
        let text = written(&cursor);
        let cut = (0..text.len()).map(|len| text[..len].to_owned());
        let mistyped = (0..text.len()).map(|at| {
            let letter = if text.as_bytes()[at] == b'x' { "y" } else { "x" };
            [&text[..at], letter, &text[at + 1..]].concat()
        });
        for bad in cut.chain(mistyped).chain([format!("{text}="), " ".into(), "ÿ".into()]) {
            let refused = Cursor::read(&bad, &epochs(), cursor.sort);
            assert!(matches!(&refused, Err(CursorError::Invalid(invalid)) if invalid.field == "cursor"), "{bad}");
        }
    }
}
