//! What events measured, until it is written into the tables.
//!
//! The fold writes nothing into tables itself, and reads nothing from them: it knows which numbers and places the next
//! rows will have. So one thread can write what was measured while another measures on.

use super::Measurements;
use super::chunk::{Moment, Piece, mark};
use super::credits::Credit;
use super::kinds::{
    Answer, Answers, Closing, Closings, FirstClosing, FirstResponse, FollowUp, NextResponse, Opening, PriorityChange,
    PublicReply, Rating, Ratings, Reopening, Stay, Transfer,
};
use super::needs::Needs;
use super::places::{Location, Places};
use super::tickets::{Milestone, Passed, TicketRow};
use super::{chunk::Table, credits::Credits, kinds, latest::LatestInstants, runs, runs::Runs, spans, spans::Spans};
use crate::dimensions::TooMany;
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;

/// A position written late beside a measurement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Late {
    what: Became,
    location: Location,
    position: Position,
}

/// What became of a measurement.
#[derive(Debug, Clone, Copy)]
pub(super) enum Became {
    /// A closing was undone by a reopening.
    Retracted,
    /// A closing was answered for the first time.
    Answered,
    /// An answer was given anew.
    AnswerSuperseded,
    /// A rating was given anew.
    RatingSuperseded,
}

/// What goes into one part, in order; where the part is left out, only how much it would be.
#[derive(Debug)]
pub(super) struct Queue<T> {
    rows: Vec<T>,
    is_kept: bool,
    left_out: usize,
}

impl<T> Queue<T> {
    fn of(is_kept: bool) -> Self {
        Self { rows: Vec::new(), is_kept, left_out: 0 }
    }

    /// Whether anything is kept of it.
    pub(super) fn is_kept(&self) -> bool {
        self.is_kept
    }

    #[inline]
    pub(super) fn push(&mut self, row: T) {
        if self.is_kept {
            self.rows.push(row);
        } else {
            self.left_out += 1;
        }
    }

    /// Adds what was measured, which is put together only where it is kept.
    #[inline(always)]
    pub(super) fn measure(&mut self, row: impl FnOnce() -> T) {
        if self.is_kept {
            // With room made first, it is put together where it will stand.
            self.rows.extend(std::iter::once_with(row));
        }
    }

    fn drain(&mut self) -> impl Iterator<Item = T> {
        self.rows.drain(..)
    }

    /// The row at a location in this batch.
    fn at(&mut self, location: Location) -> Option<&mut T> {
        self.rows.get_mut(location.place_in_batch())
    }

    fn take_left_out(&mut self) -> usize {
        std::mem::take(&mut self.left_out)
    }
}

/// Declares the tables of kinds, each with its row and its columns.
macro_rules! batch {
    ($($table:ident: $row:ident, $columns:ident;)*) => {
        /// What events measured, in their order; what goes into one table never depends on what goes into another.
        #[derive(Debug)]
        pub(super) struct Batch {
            needs: Needs,
            /// Whether it is never written while a ticket is being folded: what becomes of a measurement is said in its row.
            pub(super) is_of_whole_tickets: bool,
            pub(super) latest: Vec<(Position, Micros)>,
            tickets: Queue<TicketRow>,
            ids: Vec<Box<str>>,
            /// The number of the last of the tickets.
            last_ticket: u32,
            pub(super) passed: Vec<Passed>,
            pub(super) spans: Queue<spans::Turn>,
            pub(super) runs: Queue<runs::Turn>,
            pub(super) credits: Queue<Credit>,
            pub(super) late: Vec<Late>,
            $(pub(super) $table: Queue<(Moment, $row)>,)*
        }

        impl Batch {
            /// An empty one, for a state that keeps these parts.
            pub(super) fn keeping(needs: Needs) -> Self {
                Self {
                    needs,
                    is_of_whole_tickets: false,
                    latest: Vec::new(),
                    ids: Vec::new(),
                    last_ticket: 0,
                    passed: Vec::new(),
                    late: Vec::new(),
                    tickets: Queue::of(needs.touch(Needs::OF_TICKETS)),
                    spans: Queue::of(needs.cover(Needs::Spans)),
                    runs: Queue::of(needs.cover(Needs::Runs)),
                    credits: Queue::of(needs.cover(Needs::Credits)),
                    $($table: Queue::of(needs.cover(Needs::$columns)),)*
                }
            }
        }

        /// The tables of a state.
        pub(super) struct Tables<'a> {
            pub(super) latest: &'a mut LatestInstants,
            pub(super) tickets: &'a mut super::tickets::Tickets,
            pub(super) spans: &'a mut Spans,
            pub(super) runs: &'a mut Runs,
            pub(super) credits: &'a mut Credits,
            $(pub(super) $table: &'a mut Table<kinds::$columns>,)*
        }

        impl Tables<'_> {
            /// Writes what was measured; the batch is empty then.
            pub(super) fn write(&mut self, batch: &mut Batch) {
                batch.latest.drain(..).for_each(|(position, at)| self.latest.push(position, at));
                self.tickets.extend(batch.ids.iter().map(|id| &**id), &batch.tickets.rows);
                batch.tickets.rows.clear();
                batch.ids.clear();
                self.tickets.push_unkept(batch.tickets.take_left_out());
                batch.passed.drain(..).for_each(|passed| self.tickets.pass(passed));
                batch.spans.drain().for_each(|turn| self.spans.turn(&turn));
                batch.runs.drain().for_each(|turn| self.runs.turn(&turn));
                self.credits.extend(&batch.credits.rows);
                batch.credits.rows.clear();
                $(self.$table.append(&mut batch.$table.rows);)*
                // Behind all rows: what they are written beside may be of the same batch.
                batch.late.drain(..).for_each(|late| self.write_late(late));
            }
        }
    };
}

batch! {
    openings: Opening, Openings;
    public_replies: PublicReply, PublicReplies;
    first_responses: FirstResponse, FirstResponses;
    next_responses: NextResponse, NextResponses;
    first_closings: FirstClosing, FirstClosings;
    closings: Closing, Closings;
    reopenings: Reopening, Reopenings;
    transfers: Transfer, Transfers;
    stays: Stay, Stays;
    answers: Answer, Answers;
    ratings: Rating, Ratings;
    priority_changes: PriorityChange, PriorityChanges;
    follow_ups: FollowUp, FollowUps;
}

impl Batch {
    /// Takes note of what became of a measurement, where that is kept.
    pub(super) fn became(&mut self, what: Became, location: Location, position: Position) {
        let kept_by = match what {
            Became::Retracted => Needs::Closings,
            Became::Answered => Needs::Closings | Needs::Surveys,
            Became::AnswerSuperseded => Needs::Answers,
            Became::RatingSuperseded => Needs::Ratings,
        };
        match self.needs.cover(kept_by) {
            true if self.is_of_whole_tickets => self.became_here(what, location, position),
            true => self.late.push(Late { what, location, position }),
            false => {}
        }
    }

    fn became_here(&mut self, what: Became, location: Location, position: Position) {
        let mark = match what {
            Became::Retracted => self.closings.at(location).map(|(_, closing)| &mut closing.retracted),
            Became::Answered => self.closings.at(location).map(|(_, closing)| &mut closing.answered),
            Became::AnswerSuperseded => self.answers.at(location).map(|(_, answer)| &mut answer.superseded),
            Became::RatingSuperseded => self.ratings.at(location).map(|(_, rating)| &mut rating.superseded),
        };
        if let Some(mark) = mark.filter(|mark| **mark == Position::ZERO) {
            *mark = position;
        }
    }

    /// Where the closing measured last will stand; of whole tickets, where it stands here.
    pub(super) fn closing_place(&self, next: &mut Next, at: Micros) -> Location {
        self.place(&self.closings, &mut next.closings, at)
    }

    /// The same of the answer measured last.
    pub(super) fn answer_place(&self, next: &mut Next, at: Micros) -> Location {
        self.place(&self.answers, &mut next.answers, at)
    }

    /// The same of the rating measured last.
    pub(super) fn rating_place(&self, next: &mut Next, at: Micros) -> Location {
        self.place(&self.ratings, &mut next.ratings, at)
    }

    #[inline]
    fn place<T>(&self, measured: &Queue<T>, places: &mut Option<Places>, at: Micros) -> Location {
        if self.is_of_whole_tickets {
            return Location::in_batch(measured.rows.len().saturating_sub(1));
        }
        places.as_mut().map_or(Location::NOWHERE, |places| places.take(at))
    }

    /// The next ticket.
    #[inline(always)]
    pub(super) fn open(&mut self, ticket: u32, id: Box<str>, row: impl FnOnce() -> TicketRow) {
        self.last_ticket = ticket;
        if self.tickets.is_kept() {
            if self.needs.cover(Needs::Ids) {
                self.ids.push(id);
            }
            self.tickets.measure(row);
        } else {
            self.tickets.left_out += 1;
        }
    }

    /// Takes note of what a ticket passed, where that is kept.
    // Always: most often it is known what was passed, and one question is left.
    #[inline(always)]
    pub(super) fn pass(&mut self, passed: Passed) {
        if self.needs.cover(passed.milestone.kept_by()) {
            self.pass_kept(passed);
        }
    }

    #[inline(always)]
    fn pass_kept(&mut self, passed: Passed) {
        let Passed { ticket, position, milestone } = passed;
        let is_of_row = !matches!(milestone, Milestone::Voided | Milestone::Restored);
        // Often it was opened a moment ago.
        match self.tickets.rows.last_mut() {
            Some(row) if is_of_row && ticket == self.last_ticket => row.pass(position, milestone),
            _ => self.pass_late(passed),
        }
    }

    #[cold]
    fn pass_late(&mut self, passed: Passed) {
        self.passed.push(passed);
    }
}

impl Tables<'_> {
    fn write_late(&mut self, Late { what, location, position }: Late) {
        let closing = |closings: &mut Piece<Closings>, row, which: fn(&mut Closings) -> &mut _| {
            mark(which(&mut closings.values), row, position);
        };
        match what {
            Became::Retracted => self.closings.change(location, |c, row| closing(c, row, |c| &mut c.retracted)),
            Became::Answered => self.closings.change(location, |c, row| closing(c, row, |c| &mut c.answered)),
            Became::AnswerSuperseded => self.answers.change(location, |answers: &mut Piece<Answers>, row| {
                mark(&mut answers.values.superseded, row, position);
            }),
            Became::RatingSuperseded => self.ratings.change(location, |ratings: &mut Piece<Ratings>, row| {
                mark(&mut ratings.values.superseded, row, position);
            }),
        }
    }
}

/// The numbers and places that the next rows will have.
#[derive(Debug)]
pub(super) struct Next {
    ticket: Number,
    span: Number,
    run: Number,
    closing: Number,
    closings: Option<Places>,
    answers: Option<Places>,
    ratings: Option<Places>,
}

impl Next {
    pub(super) fn of(state: &Measurements) -> Self {
        let Measurements { tickets, spans, runs, credits, closings, answers, ratings, needs, .. } = state;
        let number = |next, what| Number { next, what };
        Self {
            ticket: number(tickets.len(), "tickets"),
            span: number(spans.len(), "changes of tickets' states"),
            run: number(runs.len(), "runs of targets"),
            closing: number(credits.len(), "closings"),
            closings: needs.cover(Needs::Closings).then(|| closings.places().clone()),
            answers: needs.cover(Needs::Answers).then(|| answers.places().clone()),
            ratings: needs.cover(Needs::Ratings).then(|| ratings.places().clone()),
        }
    }

    pub(super) fn ticket(&mut self) -> Result<u32, TooMany> {
        self.ticket.take()
    }

    pub(super) fn span(&mut self) -> Result<u32, TooMany> {
        self.span.take()
    }

    pub(super) fn run(&mut self) -> Result<u32, TooMany> {
        self.run.take()
    }

    /// The number of the next closing.
    pub(super) fn closing(&mut self) -> Result<u32, TooMany> {
        self.closing.take()
    }
}

/// The number of the next of something.
#[derive(Debug)]
struct Number {
    next: usize,
    what: &'static str,
}

impl Number {
    #[inline]
    fn take(&mut self) -> Result<u32, TooMany> {
        let number = u32::try_from(self.next).map_err(|_| TooMany { what: self.what, limit: u32::MAX })?;
        self.next += 1;
        Ok(number)
    }
}
