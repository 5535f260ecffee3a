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
use super::places::{Location, Places};
use super::tickets::{Passed, TicketRow};
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

impl Late {
    pub(super) fn new(what: Became, location: Location, position: Position) -> Self {
        Self { what, location, position }
    }
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

/// Declares the tables of kinds, each with its row and its columns.
macro_rules! batch {
    ($($table:ident: $row:ident, $columns:ident;)*) => {
        /// What events measured, in their order; what goes into one table never depends on what goes into another.
        #[derive(Debug, Default)]
        pub(super) struct Batch {
            pub(super) latest: Vec<(Position, Micros)>,
            pub(super) tickets: Vec<(Box<str>, TicketRow)>,
            pub(super) passed: Vec<Passed>,
            pub(super) spans: Vec<spans::Turn>,
            pub(super) runs: Vec<runs::Turn>,
            pub(super) credits: Vec<Credit>,
            pub(super) late: Vec<Late>,
            $(pub(super) $table: Vec<(Moment, $row)>,)*
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
                batch.tickets.drain(..).for_each(|(id, row)| self.tickets.push(&id, row));
                batch.passed.drain(..).for_each(|passed| self.tickets.pass(passed));
                batch.spans.drain(..).for_each(|turn| self.spans.turn(&turn));
                batch.runs.drain(..).for_each(|turn| self.runs.turn(&turn));
                batch.credits.drain(..).for_each(|credit| self.credits.push(credit));
                $(for (moment, row) in batch.$table.drain(..) {
                    self.$table.push(moment, row);
                })*
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
    span: Number,
    run: Number,
    closing: Number,
    pub(super) closings: Places,
    pub(super) answers: Places,
    pub(super) ratings: Places,
}

impl Next {
    pub(super) fn of(state: &Measurements) -> Self {
        Self {
            span: Number { next: state.spans.len(), what: "changes of tickets' states" },
            run: Number { next: state.runs.len(), what: "runs of targets" },
            closing: Number { next: state.credits.len(), what: "closings" },
            closings: state.closings.places().clone(),
            answers: state.answers.places().clone(),
            ratings: state.ratings.places().clone(),
        }
    }

    pub(super) fn span(&mut self) -> Result<u32, TooMany> {
        self.span.take()
    }

    pub(super) fn run(&mut self) -> Result<u32, TooMany> {
        self.run.take()
    }

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
    fn take(&mut self) -> Result<u32, TooMany> {
        let number = u32::try_from(self.next).map_err(|_| TooMany { what: self.what, limit: u32::MAX })?;
        self.next += 1;
        Ok(number)
    }
}
