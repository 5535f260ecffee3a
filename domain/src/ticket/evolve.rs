//! P.
use super::{Event, Ticket};
/// P.
pub fn evolve(t: Ticket, _: &Event) -> Ticket {
    t
}
