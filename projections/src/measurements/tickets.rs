//! The table of tickets: what never changes about each, and the positions at which it passed its milestones.

use super::chunk::{Columns as _, columns, written};
use super::spans::SpanNumber;
use crate::business_time::ScheduleClass;
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;
use std::collections::HashMap;

columns! {
    /// A ticket by number. Positions are those of the events; 0: not yet.
    TicketRow, TicketColumns {
        /// Channel.
        channel: u16,
        /// Customer tier at opening.
        tier: u16,
        /// Language.
        language: u32,
        /// Customer.
        customer: u32,
        /// Set of attributes.
        attributes: u32,
        /// When it was opened.
        opened_at: Micros,
        /// The first-response clock started.
        clock_started: Position,
        /// When it started; 0 where it has not.
        clock_started_at: Micros,
        /// The first response.
        first_response: Position,
        /// When it was given; 0 where none was.
        first_response_at: Micros,
        /// The first public agent reply.
        first_reply: Position,
        /// The second public agent reply.
        second_reply: Position,
        /// The first reopening.
        first_reopening: Position,
        /// Whether an agent opened it.
        by_agent: bool,
        /// The schedule in force at its opening.
        class: ScheduleClass,
        /// Its last span.
        last_span: SpanNumber,
        /// Whether it was ever voided.
        ever_voided: bool,
    }
}

/// All tickets, by number.
#[derive(Debug, Clone, Default)]
pub struct Tickets {
    /// Their columns.
    pub columns: TicketColumns,
    ids: Vec<Box<str>>,
    /// Where each voided ticket was voided and restored (0: not yet), in order.
    voids: HashMap<u32, Vec<(Position, Position)>>,
}

impl Tickets {
    pub(crate) fn push(&mut self, id: Box<str>, row: TicketRow) {
        self.ids.push(id);
        self.columns.push(row);
    }

    /// The ticket's id.
    #[must_use]
    pub fn id(&self, ticket: u32) -> &str {
        &self.ids[ticket as usize]
    }

    /// Takes the ticket out of every figure; voiding a voided ticket changes nothing.
    pub(crate) fn void(&mut self, ticket: u32, position: Position) {
        self.columns.ever_voided[ticket as usize] = true;
        let voids = self.voids.entry(ticket).or_default();
        if voids.last().is_none_or(|(_, restored)| *restored != Position::ZERO) {
            voids.push((position, Position::ZERO));
        }
    }

    /// Brings the ticket back into the figures.
    pub(crate) fn restore(&mut self, ticket: u32, position: Position) {
        if let Some((_, restored @ Position::ZERO)) = self.voids.get_mut(&ticket).and_then(|voids| voids.last_mut()) {
            *restored = position;
        }
    }

    /// Whether the ticket was out of the figures at `position`.
    #[must_use]
    pub fn void_at(&self, ticket: u32, position: Position) -> bool {
        let void = |(voided, restored): &(Position, Position)| *voided <= position && !written(*restored, position);
        self.columns.ever_voided[ticket as usize] && self.voids.get(&ticket).is_some_and(|voids| voids.iter().any(void))
    }
}
