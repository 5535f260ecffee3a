//! Folding: events one at a time, in the order of the log, and what they measured into the tables.

use super::Measurements;
use super::batch::{self, Batch, Tables};
use super::changes::Changes;
use super::fold::{At, FoldError, Measurer, NamesRead, counts_at_end};
use super::needs::Needs;
use super::running::Running;
use crate::columns::map::Fast;
use crate::dimensions::TooMany;
use crate::ticket_facts::{Doing, InForce, Micros, TicketFacts};
use daftar_eventlog::codec::CodecError;
use daftar_eventlog::codec::told::{self, Shown, TicketOpened, Told};
use daftar_eventlog::{Fact, FactBlock, FactRow, Position, StreamKind, StreamName, StreamNumber};
use std::sync::mpsc;

/// In place of a ticket's number: the stream is a ticket's, not opened yet.
const UNOPENED: u32 = u32::MAX;
/// In place of a ticket's number: the stream is not a ticket's.
const PASSED_OVER: u32 = u32::MAX - 1;
/// In place of a ticket's number: the stream was never named.
const UNNAMED: u32 = u32::MAX - 2;

/// What is wrong with a log that opens a ticket twice.
const OPENED_TWICE: &str = "a ticket is opened twice";
/// What is wrong with a log that has an event of a ticket before its opening.
const NOT_OPENED: &str = "a ticket's first event is not its opening";

impl Measurements {
    /// Takes note of what a stream is about, before its first event.
    pub(crate) fn name_stream(&mut self, stream: StreamNumber, name: StreamName) {
        self.halves().0.name_stream(stream, name);
    }

    /// The half that says what the next events measure, and the half that it is written into.
    fn halves(&mut self) -> (Folder<'_>, Tables<'_>) {
        let next = batch::Next::of(self);
        macro_rules! halves {
            ($($table:ident)*) => {{
                let counts_at_end = counts_at_end(self.clocks_run, &self.folded);
                let keeps_turns = self.needs.cover(Needs::Spans) || counts_at_end;
                let measurer = Measurer {
                    folded: &self.folded,
                    clocks_run: self.clocks_run,
                    keeps_dimensions: self.needs.cover(Needs::TicketDimensions),
                    keeps_turns,
                    keeps_course: keeps_turns || self.needs.cover(Needs::Runs),
                    counts_at_end,
                    before: (Doing::Closed, InForce::default()),
                    keeps_repliers: self.needs.cover(Needs::Repliers),
                    keeps_stretches: self.needs.cover(Needs::Stretches),
                    names: NamesRead::of(self.needs, &self.folded),
                    schedules: &self.schedules,
                    dimensions: &mut self.dimensions,
                    next,
                    batch: Batch::keeping(self.needs),
                };
                let folder = Folder {
                    happened_by: self.happened_by,
                    position: &mut self.position,
                    streams: &mut self.streams,
                    unopened: &mut self.unopened,
                    running: &mut self.running,
                    changes: &mut self.changes,
                    measurer,
                };
                (folder, Tables { $($table: &mut self.$table),* })
            }};
        }
        halves!(latest tickets spans runs credits openings public_replies first_responses next_responses first_closings closings reopenings transfers stays answers ratings priority_changes follow_ups)
    }

    /// Folds the next events; after an error, which comes with its position, the state must not be used any more.
    pub(crate) fn fold<'r>(&mut self, rows: impl Iterator<Item = FactRow<'r>>) -> Result<(), Stopped> {
        let (mut folder, mut tables) = self.halves();
        folder.fold(rows, &mut |batch| tables.write(batch))
    }

    /// Folds the events of a block behind what was folded, up to `until`.
    pub(crate) fn fold_block(&mut self, block: &FactBlock, until: Position) -> Result<(), Stopped> {
        let (mut folder, mut tables) = self.halves();
        folder.fold_block(block, until, &mut |batch| tables.write(batch))
    }

    /// Folds blocks that follow each other, to their ends, what was measured being written by a second thread while this
    /// one folds on; by this one where there is no other to be had.
    pub(crate) fn fold_blocks_on_two_threads(&mut self, blocks: &[FactBlock]) -> Result<(), Stopped> {
        let needs = self.needs;
        let (mut folder, mut tables) = self.halves();
        let folded = std::thread::scope(|scope| {
            let (measured, batches) = mpsc::channel::<Batch>();
            let (emptied, spare) = mpsc::channel();
            let tables = &mut tables;
            let writing = std::thread::Builder::new().spawn_scoped(scope, move || {
                for mut batch in batches {
                    tables.write(&mut batch);
                    // Nobody takes it back once all is folded.
                    let _ = emptied.send(batch);
                }
            });
            let writing = writing.ok()?;
            let folded = folder.fold_blocks(blocks, &mut |batch| {
                let spare = spare.try_recv().unwrap_or_else(|_| Batch::keeping(needs));
                // Where the writer is gone it panicked, which is told below.
                let _ = measured.send(std::mem::replace(batch, spare));
            });
            drop(measured);
            writing.join().unwrap_or_else(|panicked| std::panic::resume_unwind(panicked));
            Some(folded)
        });
        folded.unwrap_or_else(|| folder.fold_blocks(blocks, &mut |batch| tables.write(batch)))
    }

    /// Folds all events of each of some tickets, one ticket after the other; none of them may have been folded before, and
    /// none can be folded on. [`Self::end_at`] says where and when the log ends.
    ///
    /// After an error, which says neither where nor what, the state must not be used any more.
    pub(crate) fn fold_whole<'f, F: Iterator<Item = Fact<'f>>>(
        &mut self,
        tickets: impl Iterator<Item = F>,
    ) -> Result<(), FoldError> {
        let (mut folder, mut tables) = self.halves();
        folder.measurer.batch.is_of_whole_tickets = true;
        let (mut running, mut since) = (TicketFacts::blank(), 0);
        for events in tickets {
            folder.apply_whole(events, &mut running)?;
            since += 1;
            if since == BATCH_TICKETS {
                tables.write(&mut folder.measurer.batch);
                since = 0;
            }
        }
        tables.write(&mut folder.measurer.batch);
        Ok(())
    }

    /// Takes note of where the log ends that is folded ticket by ticket, up to where anything may have changed, and of the
    /// latest instant in it.
    pub(crate) fn end_at(&mut self, position: Position, latest: Option<Micros>) {
        self.position = position;
        self.changes.note_all(position);
        latest.into_iter().for_each(|latest| self.latest.push(position, latest));
    }
}

/// The position of the event that stopped the fold, and why.
pub(crate) type Stopped = (Position, FoldError);

/// How many events are measured before what they measured is written.
const BATCH_EVENTS: usize = if cfg!(test) { 3 } else { 2048 };

/// How many tickets are folded as a whole before what they measured is written.
const BATCH_TICKETS: usize = if cfg!(test) { 3 } else { 128 };

/// The half of a state that says what the next events measure.
struct Folder<'a> {
    happened_by: Option<Micros>,
    position: &'a mut Position,
    streams: &'a mut Vec<u32>,
    unopened: &'a mut Fast<u32, Box<str>>,
    running: &'a mut Running,
    changes: &'a mut Changes,
    measurer: Measurer<'a>,
}

impl Folder<'_> {
    fn name_stream(&mut self, stream: StreamNumber, name: StreamName) {
        let index = stream.0 as usize;
        if self.streams.len() <= index {
            self.streams.resize(index + 1, UNNAMED);
        }
        if self.streams[index] != UNNAMED {
            return;
        }
        self.streams[index] = PASSED_OVER;
        if name.kind == StreamKind::Ticket {
            self.streams[index] = UNOPENED;
            self.unopened.insert(stream.0, name.id);
        }
    }

    fn fold_blocks(&mut self, blocks: &[FactBlock], write: &mut impl FnMut(&mut Batch)) -> Result<(), Stopped> {
        blocks.iter().try_for_each(|block| self.fold_block(block, block.last(), write))
    }

    /// The streams that a block names, then its events behind what was folded.
    fn fold_block(
        &mut self,
        block: &FactBlock,
        until: Position,
        write: &mut impl FnMut(&mut Batch),
    ) -> Result<(), Stopped> {
        for (number, name) in block.new_streams() {
            let name = name.map_err(|_| (block.first(), FoldError::OutOfOrder("a stream's name is not one")))?;
            self.name_stream(number, name);
        }
        let rows = block.iter_after(*self.position);
        self.fold(rows.take_while(|row| row.position <= until), write)
    }

    /// Folds events, and gives away what they measured again and again.
    fn fold<'r>(
        &mut self,
        rows: impl Iterator<Item = FactRow<'r>>,
        write: &mut impl FnMut(&mut Batch),
    ) -> Result<(), Stopped> {
        let mut since = 0;
        for row in rows {
            self.apply(&row).map_err(|error| (row.position, error))?;
            since += 1;
            if since == BATCH_EVENTS {
                write(&mut self.measurer.batch);
                since = 0;
            }
        }
        if 0 < since {
            write(&mut self.measurer.batch);
        }
        Ok(())
    }

    fn apply(&mut self, row: &FactRow<'_>) -> Result<(), FoldError> {
        if row.position <= *self.position {
            return Err(FoldError::OutOfOrder("positions do not rise"));
        }
        *self.position = row.position;
        let fact = Fact::from(row);
        match self.streams.get(row.stream.0 as usize).copied().unwrap_or(UNNAMED) {
            // What a newer version wrote about may change what figures mean: it is never passed over unread.
            PASSED_OVER => return Ok(readable(&fact)?),
            UNNAMED => return Err(FoldError::OutOfOrder("an event's stream was never named")),
            _ if self.is_too_late(&fact) => return Ok(readable(&fact)?),
            ticket => self.apply_ticket(&fact, row.stream, ticket)?,
        }
        self.measurer.batch.latest.push((row.position, row.occurred_at.micros()));
        Ok(())
    }

    /// Whether it happened after what is counted.
    fn is_too_late(&self, fact: &Fact<'_>) -> bool {
        self.happened_by.is_some_and(|last| last < fact.occurred_at.micros())
    }

    fn apply_ticket(&mut self, fact: &Fact<'_>, stream: StreamNumber, ticket: u32) -> Result<(), FoldError> {
        told::read(fact.event_type, fact.schema, fact.facts, |told: &Told<'_>| {
            self.apply_told(fact, stream, ticket, told)
        })?
    }

    fn apply_told(
        &mut self,
        fact: &Fact<'_>,
        stream: StreamNumber,
        ticket: u32,
        told: &Told<'_>,
    ) -> Result<(), FoldError> {
        self.changes.note(told, fact.position);
        if let Told::TicketOpened(opened) = told {
            if ticket != UNOPENED {
                return Err(FoldError::OutOfOrder(OPENED_TWICE));
            }
            let id = self.unopened.remove(&stream.0).unwrap_or_default();
            let mut running = TicketFacts::blank();
            let ticket = self.open(fact, id, opened, &mut running)?;
            self.streams[stream.0 as usize] = ticket;
            self.running.push(running);
            return Ok(());
        }
        let Some(running) = self.running.get_mut(ticket) else { return Err(FoldError::OutOfOrder(NOT_OPENED)) };
        self.measurer.continued(fact.version, &at(fact, ticket), running, told)
    }

    /// An opening: the ticket's number, and its state from then on.
    #[inline]
    fn open(
        &mut self,
        fact: &Fact<'_>,
        id: Box<str>,
        opened: &TicketOpened<'_>,
        running: &mut TicketFacts,
    ) -> Result<u32, FoldError> {
        if fact.version.0 != 1 {
            return Err(FoldError::OutOfOrder(OPENED_TWICE));
        }
        let ticket = self.measurer.next.ticket()?;
        if UNNAMED <= ticket {
            return Err(TooMany { what: "tickets", limit: UNNAMED }.into());
        }
        self.measurer.opened(&at(fact, ticket), id, opened, running)?;
        Ok(ticket)
    }

    /// All events of one ticket of which none was folded before.
    fn apply_whole<'f>(
        &mut self,
        events: impl Iterator<Item = Fact<'f>>,
        running: &mut TicketFacts,
    ) -> Result<(), FoldError> {
        let mut ticket = None;
        for fact in events {
            if self.is_too_late(&fact) {
                readable(&fact)?;
                continue;
            }
            let next = NextEvent { folder: self, fact: &fact, ticket: &mut ticket, running };
            told::read(fact.event_type, fact.schema, fact.facts, next)??;
        }
        Ok(())
    }
}

/// The next event of the ticket that is folded as a whole; no ticket: its first.
struct NextEvent<'n, 'f, 'a> {
    folder: &'n mut Folder<'f>,
    fact: &'n Fact<'a>,
    ticket: &'n mut Option<u32>,
    running: &'n mut TicketFacts,
}

impl<'a> Shown<'a> for NextEvent<'_, '_, 'a> {
    type Made = Result<(), FoldError>;

    // Always, and so for each type of events, of which nothing is put together to be taken apart again.
    #[inline(always)]
    fn told(self, told: &Told<'a>) -> Result<(), FoldError> {
        let Self { folder, fact, ticket, running } = self;
        match (told, *ticket) {
            (Told::TicketOpened(_), Some(_)) => Err(FoldError::OutOfOrder(OPENED_TWICE)),
            (Told::TicketOpened(opened), None) => {
                *ticket = Some(folder.open(fact, Box::default(), opened, running)?);
                Ok(())
            }
            (_, None) => Err(FoldError::OutOfOrder(NOT_OPENED)),
            (told, Some(ticket)) => folder.measurer.continued(fact.version, &at(fact, ticket), running, told),
        }
    }
}

/// Sees to it that facts can be read.
fn readable(fact: &Fact<'_>) -> Result<(), CodecError> {
    told::read(fact.event_type, fact.schema, fact.facts, |_: &Told<'_>| ())
}

fn at(fact: &Fact<'_>, ticket: u32) -> At {
    At { ticket, at: fact.occurred_at.micros(), position: fact.position }
}
