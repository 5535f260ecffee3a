//! The table of tickets: what never changes about each, and the positions at which it passed its milestones.

use super::chunk::{mark, written};
use super::needs::{Keeping, Keeps, Needs};
use super::spans::SpanNumber;
use crate::business_time::ScheduleClass;
use crate::checkpoint::{Reader, Writer};
use crate::columns::map::Map;
use crate::columns::rows::{PIECE_ROWS, Room, Rows, columns};
use crate::columns::texts::Texts;
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;
use std::sync::Arc;

columns! {
    /// A ticket by number. Positions are those of the events; 0: not yet.
    TicketRow, TicketColumns {
        /// Channel.
        channel: u16 => TicketDimensions,
        /// Customer tier at opening.
        tier: u16 => TicketDimensions,
        /// Language.
        language: u32 => TicketDimensions,
        /// Customer.
        customer: u32 => TicketDimensions,
        /// Set of attributes.
        attributes: u32 => TicketDimensions,
        /// When it was opened.
        opened_at: Micros => Tickets,
        /// The first-response clock started.
        clock_started: Position => Responses,
        /// How long after the opening it started; 0 where it has not.
        clock_started_after: Micros => Responses,
        /// The first response.
        first_response: Position => Responses,
        /// How long after the opening it was given; 0 where none was.
        first_response_after: Micros => Responses,
        /// The first public agent reply.
        first_reply: Position => Replies,
        /// The second public agent reply.
        second_reply: Position => Replies,
        /// The first reopening.
        first_reopening: Position => Reopened,
        /// Whether an agent opened it.
        by_agent: bool => Tickets,
        /// The schedule in force at its opening.
        class: ScheduleClass => Tickets,
        /// Its last span.
        last_span: SpanNumber => Tickets,
    }
}

/// What a ticket passed, at which position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passed {
    pub(crate) ticket: u32,
    pub(crate) position: Position,
    pub(crate) milestone: Milestone,
}

/// What a ticket can pass.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Milestone {
    /// It is in another span, which is its last so far.
    Turned(SpanNumber),
    /// The first-response clock started, then.
    ClockStarted(Micros),
    /// The first response was given, then.
    FirstResponse(Micros),
    /// An agent replied in public for the first time.
    FirstReply,
    /// And for the second.
    SecondReply,
    /// It was reopened.
    Reopened,
    /// It was taken out of the figures.
    Voided,
    /// It was brought back.
    Restored,
}

impl Milestone {
    /// What keeps that it was passed.
    #[inline]
    pub(super) fn kept_by(self) -> Needs {
        match self {
            Self::Turned(_) => Needs::Tickets,
            Self::ClockStarted(_) | Self::FirstResponse(_) => Needs::Responses,
            Self::FirstReply | Self::SecondReply => Needs::Replies,
            Self::Reopened => Needs::Reopened,
            // Whether a ticket is void is always kept.
            Self::Voided | Self::Restored => Needs::NOTHING,
        }
    }
}

impl TicketRow {
    /// Takes note of what the ticket passed, as [`Tickets::pass`] does once it is among all others, which also knows when
    /// it was void.
    // Always: which milestone it is, is known where it is passed.
    #[inline(always)]
    pub(crate) fn pass(&mut self, position: Position, milestone: Milestone) {
        let first = |mark: &mut Position| *mark = if *mark == Position::ZERO { position } else { *mark };
        match milestone {
            Milestone::Turned(span) => self.last_span = span,
            Milestone::ClockStarted(at) if self.clock_started == Position::ZERO => {
                (self.clock_started, self.clock_started_after) = (position, at - self.opened_at);
            }
            Milestone::FirstResponse(at) if self.first_response == Position::ZERO => {
                (self.first_response, self.first_response_after) = (position, at - self.opened_at);
            }
            Milestone::FirstReply => self.first_reply = position,
            Milestone::SecondReply => self.second_reply = position,
            Milestone::Reopened => first(&mut self.first_reopening),
            Milestone::ClockStarted(_) | Milestone::FirstResponse(_) | Milestone::Voided | Milestone::Restored => {}
        }
    }
}

/// Where a ticket was voided and restored (0: not yet).
type Void = (Position, Position);

/// All tickets, by number.
#[derive(Debug, Clone, Default)]
pub struct Tickets {
    count: usize,
    rows: Rows<TicketColumns>,
    ids: Texts,
    /// Where each voided ticket was voided and restored, in order.
    voids: Map<u32, Vec<Void>>,
    /// A bit for each ticket that was ever voided: most were not, and are told without looking further.
    ever_voided: Arc<Vec<u64>>,
    kept: Keeping,
    ids_kept: Keeping,
}

/// Ways to read single columns.
macro_rules! readers {
    ($($(#[$doc:meta])* $column:ident: $type:ty,)*) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $column(&self, ticket: u32) -> $type {
            if !self.kept.is_readable() {
                return <$type>::default();
            }
            let (page, row) = self.rows.at(ticket as usize);
            page.$column.get(row)
        }
    )* };
}

impl Tickets {
    readers! {
        /// Its channel.
        channel: u16,
        /// Its customer's tier at the opening.
        tier: u16,
        /// Its language.
        language: u32,
        /// Its customer.
        customer: u32,
        /// Its set of attributes.
        attributes: u32,
        /// When it was opened.
        opened_at: Micros,
        /// Where its first-response clock started; 0: it has not.
        clock_started: Position,
        /// Where its first response was given; 0: none was.
        first_response: Position,
        /// Where an agent first replied in public; 0: none did.
        first_reply: Position,
        /// Where an agent replied in public for the second time; 0: none did.
        second_reply: Position,
        /// Where it was first reopened; 0: it was not.
        first_reopening: Position,
        /// The schedule in force at its opening.
        class: ScheduleClass,
        /// Its last span.
        last_span: SpanNumber,
    }

    /// Reads where tickets were first reopened, as [`Self::first_reopening`] does; most of them lie near the one before.
    pub(crate) fn first_reopenings(&self) -> impl FnMut(u32) -> Position {
        let mut near: Option<(usize, &TicketColumns)> = None;
        move |ticket| {
            let (number, row) = (ticket as usize / PIECE_ROWS, ticket as usize % PIECE_ROWS);
            if near.is_none_or(|(known, _)| known != number) {
                near = self.kept.is_readable().then(|| (number, self.rows.at(ticket as usize).0));
            }
            near.map_or(Position::ZERO, |(_, page)| page.first_reopening.get(row))
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// When its first-response clock started, once it has.
    #[must_use]
    pub fn clock_started_at(&self, ticket: u32) -> Micros {
        if !self.kept.is_readable() {
            return Micros::default();
        }
        let (page, row) = self.rows.at(ticket as usize);
        page.opened_at.get(row) + page.clock_started_after.get(row)
    }

    /// When its first response was given, where one was.
    #[must_use]
    pub fn first_response_at(&self, ticket: u32) -> Micros {
        if !self.kept.is_readable() {
            return Micros::default();
        }
        let (page, row) = self.rows.at(ticket as usize);
        page.opened_at.get(row) + page.first_response_after.get(row)
    }

    /// Shares with a twin what is packed from now on and equal there.
    pub(crate) fn beside(&mut self, twin: Option<&Self>) {
        self.rows.beside(twin.map(|twin| &twin.rows));
        self.ids.beside(twin.map(|twin| &twin.ids));
    }

    /// Leaves out all of them; what takes their places uses their memory again.
    pub(crate) fn clear(&mut self) {
        self.count = 0;
        self.rows.clear();
        (self.ids, self.voids, self.ever_voided) = (Texts::default(), Map::default(), Arc::default());
    }

    /// Adds the next tickets, and their ids where they are kept.
    pub(crate) fn extend<'i>(&mut self, ids: impl Iterator<Item = &'i str>, rows: &[TicketRow]) {
        self.count += rows.len();
        if !self.ids_kept.is_left_out() {
            ids.for_each(|id| self.ids.push(id));
        }
        self.rows.extend(rows);
    }

    /// Adds tickets of which nothing is kept.
    pub(crate) fn push_unkept(&mut self, count: usize) {
        self.count += count;
    }

    /// Says what is kept of tickets, and what may be taken without being packed; before the first.
    pub(crate) fn keep(&mut self, keeps: Keeps<'_>, room: &Room) {
        (self.kept, self.ids_kept) = (keeps.of_any(Needs::OF_TICKETS), keeps.of(Needs::Ids));
        self.rows.keep(keeps, room);
    }

    /// The ticket's id.
    #[must_use]
    pub fn id(&self, ticket: u32) -> &str {
        self.ids_kept.is_readable();
        self.ids.get(ticket as usize).unwrap_or_default()
    }

    /// Takes note of what a ticket passed.
    pub(crate) fn pass(&mut self, Passed { ticket, position, milestone }: Passed) {
        match milestone {
            Milestone::Turned(span) => self.change(ticket, |tickets, row| tickets.last_span.set(row, span)),
            Milestone::ClockStarted(at) => self.start_clock(ticket, at, position),
            Milestone::FirstResponse(at) => self.respond(ticket, at, position),
            Milestone::FirstReply => self.change(ticket, |tickets, row| tickets.first_reply.set(row, position)),
            Milestone::SecondReply => self.change(ticket, |tickets, row| tickets.second_reply.set(row, position)),
            Milestone::Reopened => self.reopen(ticket, position),
            Milestone::Voided => self.void(ticket, position),
            Milestone::Restored => self.restore(ticket, position),
        }
    }

    fn change(&mut self, ticket: u32, change: impl FnOnce(&mut TicketColumns, usize)) {
        self.rows.change(ticket as usize, change);
    }

    /// Takes note of when the first-response clock started, unless it had before.
    fn start_clock(&mut self, ticket: u32, at: Micros, position: Position) {
        if self.clock_started(ticket) == Position::ZERO {
            self.change(ticket, |tickets, row| {
                tickets.clock_started.set(row, position);
                tickets.clock_started_after.set(row, at - tickets.opened_at.get(row));
            });
        }
    }

    /// Takes note of the first response, unless there was one before.
    fn respond(&mut self, ticket: u32, at: Micros, position: Position) {
        if self.first_response(ticket) == Position::ZERO {
            self.change(ticket, |tickets, row| {
                tickets.first_response.set(row, position);
                tickets.first_response_after.set(row, at - tickets.opened_at.get(row));
            });
        }
    }

    /// Takes note of a reopening, the first of which counts.
    fn reopen(&mut self, ticket: u32, position: Position) {
        if self.first_reopening(ticket) == Position::ZERO {
            self.change(ticket, |tickets, row| mark(&mut tickets.first_reopening, row, position));
        }
    }

    /// Takes the ticket out of every figure; voiding a voided ticket changes nothing.
    fn void(&mut self, ticket: u32, position: Position) {
        self.note_void(ticket);
        let voids = self.voids.entry(ticket);
        if voids.last().is_none_or(|(_, restored)| *restored != Position::ZERO) {
            voids.push((position, Position::ZERO));
        }
    }

    /// Brings the ticket back into the figures.
    fn restore(&mut self, ticket: u32, position: Position) {
        if self.voids.get(&ticket).is_some()
            && let Some((_, restored @ Position::ZERO)) = self.voids.entry(ticket).last_mut()
        {
            *restored = position;
        }
    }

    /// Whether the ticket was out of the figures at `position`.
    #[inline]
    #[must_use]
    pub fn void_at(&self, ticket: u32, position: Position) -> bool {
        let void = |(voided, restored): &Void| *voided <= position && !written(*restored, position);
        let ever = self.ever_voided.get(ticket as usize / 64).is_some_and(|bits| bits >> (ticket % 64) & 1 == 1);
        ever && self.voids.get(&ticket).is_some_and(|voids| voids.iter().any(void))
    }

    /// Whether any ticket was ever out of the figures.
    #[must_use]
    pub fn was_any_void(&self) -> bool {
        !self.ever_voided.is_empty()
    }

    /// Whether any of the tickets from `first` to `last` was ever out of the figures.
    #[must_use]
    pub fn any_void(&self, first: u32, last: u32) -> bool {
        let (first, after) = (first as usize / 64, last as usize / 64 + 1);
        let bits = self.ever_voided.get(first..after.min(self.ever_voided.len()));
        bits.is_some_and(|bits| bits.iter().any(|bits| *bits != 0))
    }

    fn note_void(&mut self, ticket: u32) {
        let bits = Arc::make_mut(&mut self.ever_voided);
        let word = ticket as usize / 64;
        if bits.len() <= word {
            bits.resize(word + 1, 0);
        }
        bits[word] |= 1 << (ticket % 64);
    }

    pub(crate) fn dump(&self, out: &mut Writer) {
        self.rows.dump(out);
        self.ids.dump(out);
        out.number(self.voids.len() as u64);
        let mut voids: Vec<_> = self.voids.iter().collect();
        voids.sort_unstable();
        for (ticket, voids) in voids {
            out.number(u64::from(*ticket));
            out.number(voids.len() as u64);
            voids
                .iter()
                .flat_map(|(voided, restored)| [voided.0, restored.0])
                .for_each(|position| out.number(position));
        }
    }

    pub(crate) fn load(from: &mut Reader<'_>) -> Option<Self> {
        let (rows, ids) = (Rows::load(from)?, Texts::load(from)?);
        let mut tickets = Self { count: rows.len(), rows, ids, ..Self::default() };
        for _ in 0..from.number()? {
            let ticket = u32::try_from(from.number()?).ok()?;
            let voids = (0..from.number()?).map(|_| Some((Position(from.number()?), Position(from.number()?))));
            tickets.voids.insert(ticket, voids.collect::<Option<_>>()?);
            tickets.note_void(ticket);
        }
        (tickets.rows.len() == tickets.ids.len()).then_some(tickets)
    }
}
