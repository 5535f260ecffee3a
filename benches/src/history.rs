//! A made-up history, as lines and as a log.

use crate::events;
use daftar_domain::Limits;
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::embedded::EmbeddedLog;
use daftar_eventlog::import::{Import, ImportError, LineReader, Options};
use daftar_eventlog::ndjson::{Line, write_line};
use daftar_eventlog::{LogReader, Position};

/// The lives of `tickets` tickets as NDJSON, one ticket after the other.
#[must_use]
pub fn lines(tickets: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for n in 0..tickets {
        let ticket = events::ticket_id(n);
        for event in events::life(u32::try_from(n).unwrap_or(u32::MAX)) {
            let ticket = ticket.clone();
            let line = Line { ticket, event, event_id: None, position: None, version: None, recorded_at: None };
            write_line(&mut text, &line);
        }
    }
    text
}

/// Imports lines into a log that nobody else writes; answers where the log ends then.
///
/// # Errors
///
/// [`ImportError`] when storage fails.
pub async fn import(log: &EmbeddedLog, lines: &[u8]) -> Result<Position, ImportError> {
    let codec = TicketCodec::new(log.keys(), log.identity().log_id);
    let options = Options { alone: true, ..Options::default() };
    let mut import = Import::new(log, &codec, options)?;
    import.record_all(&mut LineReader::new(lines, Limits::default()), &mut |_| {}).await?;
    Ok(*log.durable().borrow())
}
