//! A believable help desk, made up from a seed.

use daftar_domain::{Ticket, Timestamp, ids::TicketId, ticket::Command};
pub struct Plan {
    pub seed: u64,
    pub tickets: usize,
    pub until: Timestamp,
}
pub struct Act {
    pub at: Timestamp,
    pub ticket: TicketId,
    pub command: Command,
}
impl Plan {
    pub fn acts(&self) -> Vec<Act> {
        vec![]
    }
}
pub struct Live {}
impl Live {
    pub fn new(seed: u64) -> Self {
        Self {}
    }
    pub fn next(&mut self, now: Timestamp, desk: &[(TicketId, Ticket)]) -> Act {
        todo!()
    }
}
