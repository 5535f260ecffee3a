//! The fold of one ticket after the other, in place of the log's order.

use super::{FoldError, NOT_OPENED, OPENED_TWICE, decode};
use crate::measurements::Measurements;
use crate::ticket_facts::{Micros, TicketFacts};
use daftar_eventlog::facts::Facts;
use daftar_eventlog::{Fact, Position};

impl Measurements {
    /// Folds all events of one ticket of which none was folded before; `running` is a ticket's state that is not needed
    /// any more. After an error the state must not be used any more.
    ///
    /// Nothing is kept that a next event of the ticket would need, and [`Self::end_at`] says where the log ends.
    pub(crate) fn apply_whole<'a>(
        &mut self,
        events: impl Iterator<Item = Fact<'a>>,
        running: &mut TicketFacts,
    ) -> Result<Option<Micros>, FoldError> {
        let (mut ticket, mut latest) = (None, None);
        for fact in events {
            let facts = decode(&fact)?;
            if self.is_too_late(&fact) {
                continue;
            }
            latest = latest.max(Some(fact.occurred_at.micros()));
            self.changes.note(&facts, fact.position);
            match (&facts, ticket) {
                (Facts::TicketOpened(_), Some(_)) => return Err(FoldError::OutOfOrder(OPENED_TWICE)),
                (Facts::TicketOpened(opened), None) => {
                    let (number, opened) = self.opened(&fact, "", opened)?;
                    ticket = Some(number);
                    *running = opened.in_place_of(running);
                }
                (_, None) => return Err(FoldError::OutOfOrder(NOT_OPENED)),
                (facts, Some(ticket)) => self.continued(&fact, ticket, running, facts)?,
            }
        }
        Ok(latest)
    }

    /// Takes note of where the log ends that was folded ticket by ticket, and of the latest instant in it.
    pub(crate) fn end_at(&mut self, position: Position, latest: Option<Micros>) {
        self.position = position;
        latest.into_iter().for_each(|latest| self.latest.push(position, latest));
    }
}
