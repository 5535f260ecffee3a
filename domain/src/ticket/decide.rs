//! P.
use super::{Command, Event, Rejection, Ticket};
use crate::Timestamp;
/// P.
pub fn decide(_: &Ticket, _: Command, _: Timestamp) -> Result<Vec<Event>, Rejection> {
    Ok(vec![])
}
