//! The portable text form of ticket events, one JSON object a line: what import, export, feed and replay share; and of
//! the commands that lead to them.
//!
//! Reading keeps what the line says and judges each value by its own rule alone; whether the event may stand in its
//! ticket's history is for `admit`. A customer without an id stays one: who it is, the ticket knows.
//!
//! Stricter than it may seem: every field is known and given once, numbers are whole (`9.0` is refused), lists that
//! are sets have no value twice. `null` is the same as leaving a field out, except where it says something: nobody
//! on `ticket_assigned` (there `agent` must be given) and a cleared field on `ticket_transferred`.

mod command;
mod fault;
mod fields;
mod json;
mod publication;
mod read;
mod recorded;
pub mod write;

pub use command::{CommandBody, Wish, parse_command};
pub use fault::{Fault, LineError};
pub use publication::{PublicationBody, parse_publication, write_publication};
pub use recorded::line_of;
pub use write::{write_line, write_other_line};

use daftar_domain::ids::TicketId;
use daftar_domain::{Event, Timestamp};
use fault::Seen;

/// The most bytes a line may have, without its line end.
pub const LINE_BYTES_MAX: usize = 1_048_576;

/// One line: an event, its ticket, and what the log or the source added to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The ticket it happened to.
    pub ticket: TicketId,
    /// What happened.
    pub event: Event,
    /// The event's id in its source, unique within the ticket.
    pub event_id: Option<String>,
    /// Where it stands in the log it was exported from.
    pub position: Option<u64>,
    /// Where it stands in its ticket there.
    pub version: Option<u32>,
    /// When that log accepted it.
    pub recorded_at: Option<Timestamp>,
}

/// Reads one line, with or without its line end.
///
/// # Errors
///
/// [`LineError`] with everything that is wrong with the line.
pub fn parse_line(bytes: &[u8]) -> Result<Line, LineError> {
    let bytes = without_line_end(bytes);
    if bytes.len() > LINE_BYTES_MAX {
        return Err(LineError::unread(format!(
            "the line has {} bytes: at most {LINE_BYTES_MAX} (1 MB) are allowed",
            bytes.len()
        )));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        LineError::unread(format!("the line is not UTF-8: the byte at offset {} is not text", e.valid_up_to()))
    })?;
    match json::parse_object("the line", text) {
        (fields, Ok(())) => read::line(fields),
        (fields, Err(why)) => Err(Seen::of(&fields).error(vec![Fault::of_line(why)])),
    }
}

fn without_line_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

#[cfg(test)]
mod tests;
