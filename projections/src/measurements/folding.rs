//! Folding: events one at a time, in the order of the log, and what they measured into the tables.

use super::Measurements;
use super::batch::{Batch, Next, Tables};
use super::changes::Changes;
use super::fold::{At, FoldError, Measurer};
use super::running::Running;
use crate::columns::map::Fast;
use crate::dimensions::TooMany;
use crate::ticket_facts::Micros;
use daftar_eventlog::codec::decode_facts;
use daftar_eventlog::facts::{Facts, TicketOpened};
use daftar_eventlog::{FactRow, Position, StreamKind, StreamName, StreamNumber};
use std::sync::mpsc;

/// In place of a ticket's number: the stream is a ticket's, not opened yet.
const UNOPENED: u32 = u32::MAX;
/// In place of a ticket's number: the stream is not a ticket's.
const PASSED_OVER: u32 = u32::MAX - 1;
/// In place of a ticket's number: the stream was never named.
const UNNAMED: u32 = u32::MAX - 2;
/// In place of a ticket's number: the ticket is another part's.
const OTHERS: u32 = u32::MAX - 3;

impl Measurements {
    /// Takes note of what a stream is about, before its first event.
    pub(crate) fn name_stream(&mut self, stream: StreamNumber, name: StreamName) {
        let index = stream.0 as usize;
        if self.streams.len() <= index {
            self.streams.resize(index + 1, UNNAMED);
        }
        if self.streams[index] != UNNAMED {
            return;
        }
        self.streams[index] = PASSED_OVER;
        if name.kind == StreamKind::Ticket && !self.part.has(stream.0) {
            self.streams[index] = OTHERS;
        } else if name.kind == StreamKind::Ticket {
            self.streams[index] = UNOPENED;
            self.unopened.insert(stream.0, name.id);
        }
    }

    /// The half that says what the next events measure, and the half that it is written into.
    fn halves(&mut self) -> (Folder<'_>, Tables<'_>) {
        let next = Next::of(self);
        macro_rules! halves {
            ($($table:ident)*) => {{
                let measurer = Measurer {
                    folded: &self.folded,
                    reads_schedules: self.folded.reads_schedules(),
                    schedules: &self.schedules,
                    dimensions: &mut self.dimensions,
                    next,
                    batch: Batch::default(),
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
        folder.fold(rows, |batch| tables.write(batch))
    }

    /// The same, what was measured being written by a second thread while this one folds on.
    pub(crate) fn fold_on_two_threads<'r>(&mut self, rows: impl Iterator<Item = FactRow<'r>>) -> Result<(), Stopped> {
        let (mut folder, mut tables) = self.halves();
        std::thread::scope(|scope| {
            let (measured, batches) = mpsc::channel::<Batch>();
            let (emptied, spare) = mpsc::channel();
            let writing = scope.spawn(move || {
                for mut batch in batches {
                    tables.write(&mut batch);
                    // Nobody takes it back once all is folded.
                    let _ = emptied.send(batch);
                }
            });
            let folded = folder.fold(rows, |batch| {
                let spare = spare.try_recv().unwrap_or_default();
                // Where the writer is gone it panicked, which is told below.
                let _ = measured.send(std::mem::replace(batch, spare));
            });
            drop(measured);
            writing.join().unwrap_or_else(|panicked| std::panic::resume_unwind(panicked));
            folded
        })
    }
}

/// The position of the event that stopped the fold, and why.
pub(crate) type Stopped = (Position, FoldError);

/// How many events are measured before what they measured is written.
const BATCH_EVENTS: usize = if cfg!(test) { 3 } else { 2048 };

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
    /// Folds events, and gives away what they measured again and again.
    fn fold<'r>(
        &mut self,
        rows: impl Iterator<Item = FactRow<'r>>,
        mut write: impl FnMut(&mut Batch),
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
        write(&mut self.measurer.batch);
        Ok(())
    }

    fn apply(&mut self, row: &FactRow<'_>) -> Result<(), FoldError> {
        if row.position <= *self.position {
            return Err(FoldError::OutOfOrder("positions do not rise"));
        }
        *self.position = row.position;
        match self.streams.get(row.stream.0 as usize).copied().unwrap_or(UNNAMED) {
            // What a newer version wrote about may change what figures mean: it is never passed over unread.
            PASSED_OVER => return Ok(decode_facts(row.event_type, row.schema, row.facts).map(drop)?),
            // Whoever folds that part reads it.
            OTHERS => return Ok(()),
            UNNAMED => return Err(FoldError::OutOfOrder("an event's stream was never named")),
            _ if self.happened_by.is_some_and(|last| last < row.occurred_at.micros()) => {
                return Ok(decode_facts(row.event_type, row.schema, row.facts).map(drop)?);
            }
            ticket => self.apply_ticket(row, ticket)?,
        }
        self.measurer.batch.latest.push((row.position, row.occurred_at.micros()));
        Ok(())
    }

    fn apply_ticket(&mut self, row: &FactRow<'_>, ticket: u32) -> Result<(), FoldError> {
        let facts = decode_facts(row.event_type, row.schema, row.facts)?;
        self.changes.note(&facts, row.position);
        if let Facts::TicketOpened(opened) = &facts {
            return self.open(row, ticket, opened);
        }
        let Some(running) = self.running.get_mut(ticket) else {
            return Err(FoldError::OutOfOrder("a ticket's first event is not its opening"));
        };
        let at = At { ticket, at: row.occurred_at.micros(), position: row.position };
        self.measurer.continued(row, at, running, &facts)
    }

    fn open(&mut self, row: &FactRow<'_>, ticket: u32, opened: &TicketOpened<'_>) -> Result<(), FoldError> {
        if ticket != UNOPENED || row.version.0 != 1 {
            return Err(FoldError::OutOfOrder("a ticket is opened twice"));
        }
        let ticket = u32::try_from(self.running.len()).ok().filter(|n| *n < OTHERS);
        let ticket = ticket.ok_or(TooMany { what: "tickets", limit: OTHERS })?;
        self.streams[row.stream.0 as usize] = ticket;
        let id = self.unopened.remove(&row.stream.0).unwrap_or_default();
        let at = At { ticket, at: row.occurred_at.micros(), position: row.position };
        self.running.push(self.measurer.opened(at, id, opened)?);
        Ok(())
    }
}
