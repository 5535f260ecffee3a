//! A recorded event as the line by which exports and the feed tell it.

use super::Line;
use crate::codec::ticket::TicketCodec;
use crate::import::event_id;
use crate::log::StoreError;
use crate::record::RecordedEvent;

/// The line of a ticket's event, with everything that the log and the source added to it.
///
/// # Errors
///
/// [`StoreError`] when it can't be read.
pub fn line_of(codec: &TicketCodec, recorded: &RecordedEvent) -> Result<Line, StoreError> {
    let read = codec.decode(recorded)?;
    let own_id = || event_id(codec.log_id(), read.position);
    Ok(Line {
        event_id: Some(read.origin.source_event.clone().unwrap_or_else(own_id)),
        ticket: read.ticket,
        event: read.event,
        position: Some(read.position.0),
        version: Some(read.version.0),
        recorded_at: Some(read.recorded_at),
    })
}
