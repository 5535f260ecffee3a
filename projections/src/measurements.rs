//! What was measured: every moment that a figure counts, each with the position since which it stands.
//!
//! # Layout
//!
//! - [`chunk`]: tables of measurements, as columns; `places`: where in them the next will stand; [`kinds`]: what each
//!   kind measures
//! - [`tickets`]: what never changes about a ticket, its milestones, its void spans
//! - [`spans`]: what each ticket was doing from when to when; [`runs`]: which durations with targets ran from when to
//!   when
//! - [`credits`]: whose each closing is
//! - [`latest`]: the latest instant of every prefix of the log
//! - [`needs`]: which of these a state keeps, where it is made for some reports alone
//! - [`changes`]: the last event that changed what reports count
//! - `fold`: from facts to measurements, which gather in a `batch` and are written then; the projector alone calls it
//!
//! Nothing here is ever taken back or summed up: a report counts the measurements that stood at its position, so one
//! state answers for every position up to its own.

mod batch;
pub mod changes;
pub mod chunk;
pub mod credits;
mod fold;
mod folding;
pub mod kinds;
pub mod latest;
pub mod needs;
pub(crate) mod parts;
pub(crate) mod places;
mod running;
pub mod runs;
pub mod spans;
pub mod tickets;

#[cfg(test)]
mod tests;

use crate::business_time::Schedules;
use crate::columns::map::Fast;
use crate::columns::rows::Room;
use crate::definition::document::{Definition, Folded};
use crate::dimensions::Dimensions;
use crate::ticket_facts::{ClocksRun, LineFacts, Micros, TicketFacts};
use changes::Changes;
use chunk::Table;
use credits::Credits;
use daftar_eventlog::Position;
use needs::{Keeps, Needs};
use runs::Runs;
use spans::Spans;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tickets::Tickets;

pub use fold::FoldError;
pub(crate) use folding::Stopped;

/// Everything measured under a definition's folded fields, up to a position.
#[derive(Debug, Clone)]
pub struct Measurements {
    folded: Arc<Folded>,
    schedules: Arc<Schedules>,
    position: Position,
    /// What happened later is passed over.
    happened_by: Option<Micros>,
    needs: Needs,
    clocks_run: ClocksRun,
    /// Whether a part that is not kept was read.
    misread: Arc<AtomicBool>,
    /// By stream number: the ticket's number, or one of those that stand for none.
    streams: Vec<u32>,
    /// The ids of tickets named but not opened yet, by stream number.
    unopened: Fast<u32, Box<str>>,
    running: running::Running,
    latest: latest::LatestInstants,
    changes: Changes,
    /// The values of dimensions by number.
    pub dimensions: Dimensions,
    /// Tickets by number.
    pub tickets: Tickets,
    /// What tickets were doing.
    pub spans: Spans,
    /// Which durations with targets ran.
    pub runs: Runs,
    /// Whose closings are.
    pub credits: Credits,
    /// Openings.
    pub openings: Table<kinds::Openings>,
    /// Public replies by agents.
    pub public_replies: Table<kinds::PublicReplies>,
    /// First responses.
    pub first_responses: Table<kinds::FirstResponses>,
    /// Next responses.
    pub next_responses: Table<kinds::NextResponses>,
    /// First closings.
    pub first_closings: Table<kinds::FirstClosings>,
    /// All closings.
    pub closings: Table<kinds::Closings>,
    /// Reopenings.
    pub reopenings: Table<kinds::Reopenings>,
    /// Transfers.
    pub transfers: Table<kinds::Transfers>,
    /// Stays in departments.
    pub stays: Table<kinds::Stays>,
    /// Answers to surveys.
    pub answers: Table<kinds::Answers>,
    /// Ratings of replies.
    pub ratings: Table<kinds::Ratings>,
    /// Changes of priority.
    pub priority_changes: Table<kinds::PriorityChanges>,
    /// Follow-ups.
    pub follow_ups: Table<kinds::FollowUps>,
}

impl Default for Measurements {
    /// Nothing yet, under the default definition.
    fn default() -> Self {
        Self::under(Definition::default().folded())
    }
}

impl Measurements {
    /// Nothing yet, to be measured under these fields.
    #[must_use]
    pub fn under(folded: Folded) -> Self {
        Self {
            clocks_run: ClocksRun::under(&folded),
            schedules: Arc::new(Schedules::prepare(&folded.schedules)),
            folded: Arc::new(folded),
            position: Position::ZERO,
            happened_by: None,
            needs: Needs::EVERYTHING,
            misread: Arc::default(),
            streams: Vec::new(),
            unopened: Fast::default(),
            running: running::Running::default(),
            latest: latest::LatestInstants::default(),
            changes: Changes::default(),
            dimensions: Dimensions::default(),
            tickets: Tickets::default(),
            spans: Spans::default(),
            runs: Runs::default(),
            credits: Credits::default(),
            openings: Table::default(),
            public_replies: Table::default(),
            first_responses: Table::default(),
            next_responses: Table::default(),
            first_closings: Table::default(),
            closings: Table::default(),
            reopenings: Table::default(),
            transfers: Table::default(),
            stays: Table::default(),
            answers: Table::default(),
            ratings: Table::default(),
            priority_changes: Table::default(),
            follow_ups: Table::default(),
        }
    }

    /// The same, counting only what happens up to an instant. Time never runs backwards in a ticket, so that is a prefix
    /// of every ticket's events.
    #[must_use]
    pub fn up_to(mut self, happened_by: Option<Micros>) -> Self {
        self.happened_by = happened_by;
        self
    }

    /// The same, keeping these parts alone, and what the fold itself reads; nothing is packed while there is room.
    #[must_use]
    pub(crate) fn keeping(mut self, needs: Needs, room: &Room) -> Self {
        self.needs = needs | Needs::Credits.when(needs.cover(Needs::Repliers));
        if !self.needs.touch(Needs::DURATIONS) {
            self.clocks_run = ClocksRun::Neither;
        }
        let misread = Arc::clone(&self.misread);
        self.keep(Keeps { needs: self.needs, misread: &misread }, room);
        self
    }

    fn keep(&mut self, keeps: Keeps<'_>, room: &Room) {
        macro_rules! keep {
            ($($table:ident: $part:ident)*) => { $( self.$table.keep(Needs::$part, keeps, room); )* };
        }
        self.tickets.keep(keeps, room);
        self.spans.keep(keeps, room);
        self.runs.keep(keeps, room);
        self.credits.keep(keeps, room);
        keep!(openings: Openings public_replies: PublicReplies first_responses: FirstResponses);
        keep!(next_responses: NextResponses first_closings: FirstClosings closings: Closings);
        keep!(reopenings: Reopenings transfers: Transfers stays: Stays answers: Answers);
        keep!(ratings: Ratings priority_changes: PriorityChanges follow_ups: FollowUps);
    }

    /// Forgets what was measured of tickets that were folded as a whole, once it has been counted: the next tickets get
    /// their numbers and use their memory. Values of dimensions keep their numbers.
    pub(crate) fn forget_tickets(&mut self) {
        macro_rules! clear {
            ($($part:ident)*) => { $( self.$part.clear(); )* };
        }
        clear!(tickets spans runs credits openings public_replies first_responses next_responses first_closings closings reopenings transfers stays answers ratings priority_changes follow_ups);
    }

    /// The same once all that was measured has been counted and forgotten: whoever reads a part of it is noted.
    #[must_use]
    pub(crate) fn counted(mut self) -> Self {
        let misread = Arc::clone(&self.misread);
        self.keep(Keeps { needs: Needs::NOTHING, misread: &misread }, &Room::of(0));
        self
    }

    /// Which parts it keeps.
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// Whether anybody read a part that it does not keep: what they made of it says nothing.
    #[must_use]
    pub(crate) fn was_misread(&self) -> bool {
        self.misread.load(Ordering::Relaxed)
    }

    /// The last instant whose events are counted; none: all are.
    #[must_use]
    pub fn happened_by(&self) -> Option<Micros> {
        self.happened_by
    }

    /// What readers need of it: a copy that costs little, shares what is in it, and never changes. Nothing can be folded
    /// into it.
    #[must_use]
    pub fn published(&self) -> Self {
        Self {
            folded: Arc::clone(&self.folded),
            schedules: Arc::clone(&self.schedules),
            position: self.position,
            happened_by: self.happened_by,
            needs: self.needs,
            clocks_run: self.clocks_run,
            misread: Arc::clone(&self.misread),
            streams: Vec::new(),
            unopened: Fast::default(),
            running: self.running.published(),
            changes: self.changes,
            latest: self.latest.clone(),
            dimensions: self.dimensions.clone(),
            tickets: self.tickets.clone(),
            spans: self.spans.clone(),
            runs: self.runs.clone(),
            credits: self.credits.clone(),
            openings: self.openings.clone(),
            public_replies: self.public_replies.clone(),
            first_responses: self.first_responses.clone(),
            next_responses: self.next_responses.clone(),
            first_closings: self.first_closings.clone(),
            closings: self.closings.clone(),
            reopenings: self.reopenings.clone(),
            transfers: self.transfers.clone(),
            stays: self.stays.clone(),
            answers: self.answers.clone(),
            ratings: self.ratings.clone(),
            priority_changes: self.priority_changes.clone(),
            follow_ups: self.follow_ups.clone(),
        }
    }

    /// Nothing yet, of the same log as `twin`, whose numbers of dimensions' values are taken over: they are given in
    /// order of first appearance, whatever the definition, and need not be kept twice. Where one of them leaves out what
    /// happened later, others appear first, and each keeps its own.
    #[must_use]
    pub(crate) fn with_numbers_of(mut self, twin: &Self) -> Self {
        if self.happened_by.is_none() && twin.happened_by.is_none() {
            self.dimensions = twin.dimensions.clone();
        }
        self
    }

    /// Shares with a twin, a state over the same log, what is packed from now on and equal there; none: with nobody. A
    /// twin is let go of as soon as may be, since it cannot change what it shares without copying that.
    pub(crate) fn beside(&mut self, twin: Option<&Self>) {
        macro_rules! beside {
            ($($part:ident)*) => { $( self.$part.beside(twin.map(|twin| &twin.$part)); )* };
        }
        beside!(latest tickets spans runs credits openings public_replies first_responses next_responses first_closings closings reopenings transfers stays answers ratings priority_changes follow_ups);
    }

    /// What it was measured under.
    #[must_use]
    pub fn folded(&self) -> &Folded {
        &self.folded
    }

    /// The schedules it was measured by.
    #[must_use]
    pub fn schedules(&self) -> &Schedules {
        &self.schedules
    }

    /// The position of the last event folded.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// The last events that changed what reports count.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The latest instant at which anything happened to a ticket, as known at `position`.
    #[must_use]
    pub fn latest_instant(&self, position: Position) -> Option<Micros> {
        self.latest.at(position)
    }

    /// What lists need of a ticket's running state at the end of what was folded.
    pub(crate) fn line(&self, ticket: u32) -> Option<LineFacts> {
        self.running.line(ticket)
    }

    /// A ticket's running state at the end of what was folded.
    pub(crate) fn facts(&self, ticket: u32) -> Option<Arc<TicketFacts>> {
        self.running.get(ticket)
    }

    /// Whether the ticket was out of the figures at `position`.
    #[must_use]
    pub fn void_at(&self, ticket: u32, position: Position) -> bool {
        self.tickets.void_at(ticket, position)
    }

    /// The ticket's assignee as known at `position`; 0: nobody.
    #[must_use]
    pub fn assignee_at(&self, ticket: u32, position: Position) -> u32 {
        let last = self.tickets.last_span(ticket);
        self.spans.current(last, position).map_or(0, |span| span.in_force.agent)
    }
}
