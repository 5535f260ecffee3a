//! A prefix of the log folded for some reports: ticket by ticket, a range of tickets a thread, keeping only what is read.
//!
//! Where the events of tickets stand between each other does not matter to a report that is counted in parts, and so they
//! can be folded one ticket after the other, with one running state in place of all. What some tickets measured is counted
//! at once where a report looks at none beside others, and forgotten before the next are folded: it stays in the
//! processor's caches, however long the log is. Whatever is wrong with a log is told by the fold that goes in its order:
//! `Unfit` says no more than that there is something.

mod index;
mod runs;
#[cfg(test)]
mod tests;

use crate::columns::rows::Room;
use crate::definition::catalog::Published;
use crate::in_parts::InParts;
use crate::live::basis::Basis;
use crate::measurements::Measurements;
use crate::measurements::needs::Needs;
use crate::projector::{CatchUpError, catch_up};
use crate::report::in_slices::{Counted, CountsSlices, begin};
use crate::report::needs::needs;
use crate::report::query::Query;
use crate::report::{CustomerLabels, Report, ReportError, is_counted_in_parts, report_in_parts, report_of_counted};
use daftar_eventlog::{BlockFacts, Fact, LogReader, Position};
use index::Stream;
use runs::Runs;
use std::num::NonZero;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) use index::Index;

/// What everything that is kept may take without being packed, in bytes.
const PLAIN_BYTES_MAX: usize = if cfg!(test) { 4096 } else { 2 << 30 };
/// How many tickets are folded before it is told how far a thread has come, and what they measured is counted: so few that
/// neither they nor their closings fill a piece of a table, whose memory is then used again.
const SLICE_TICKETS: usize = if cfg!(test) { 3 } else { 900 };
/// How many ranges of tickets there are for each thread, where taking one costs nothing in itself: the last ones are over
/// within milliseconds of each other.
const RANGES_OF_A_THREAD: NonZero<u32> = NonZero::new(64).unwrap();

/// Something a fold in the order of the log stops at, or reading it.
#[derive(Debug)]
pub(crate) struct Unfit;

/// Reports of one prefix of a log under one definition, made of one fold.
#[derive(Clone, Copy)]
pub struct Reports<'q> {
    /// What is asked. All must have the [`Basis`] of the first: one that has another is refused.
    pub queries: &'q [&'q Query],
    /// The definition that they are measured under.
    pub definition: &'q Arc<Published>,
    /// The end of the prefix.
    pub until: Position,
    /// What customers are called.
    pub labels: &'q dyn CustomerLabels,
}

/// How a fold goes on, told by the thread that does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many events more were folded.
    Folded(u64),
    /// What was folded before has been counted as well.
    Counted,
}

/// A prefix of the log, folded for some reports.
pub struct Folded<'q> {
    reports: Reports<'q>,
    parts: InParts,
    /// By report, what was counted of each part while it was folded; none: everything is yet to be counted.
    counted: Option<Vec<Vec<Counted>>>,
}

impl Folded<'_> {
    /// In how many parts, each on a thread of its own.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.parts.count()
    }

    /// Whether what was measured was counted while it was folded.
    #[cfg(test)]
    pub(crate) fn is_counted(&self) -> bool {
        self.counted.is_some()
    }

    /// The reports that it was folded for, in their order, each as [`report_in_parts`] makes it; and what they were made of,
    /// which may be so much that letting go of it takes time.
    #[must_use]
    pub fn into_reports(self) -> (Vec<Result<Report, ReportError>>, InParts) {
        let Self { reports: Reports { queries, definition, until, labels }, parts, counted } = self;
        let reports = match counted {
            None => queries.iter().map(|query| report_in_parts(&parts, query, definition, until, labels)).collect(),
            Some(counted) => {
                let each = queries.iter().zip(counted);
                each.map(|(query, of)| report_of_counted(&parts, Some(of), query, definition, until, labels)).collect()
            }
        };
        (reports, parts)
    }
}

/// Folds what reports read of the log, on so many threads at most.
///
/// # Errors
///
/// [`CatchUpError`] as [`catch_up`] has it.
pub async fn fold_for<'q>(
    log: &dyn LogReader,
    reports: Reports<'q>,
    threads: NonZero<u32>,
    step: &(dyn Fn(Step) + Sync),
) -> Result<Folded<'q>, CatchUpError> {
    let Reports { queries, definition, until, .. } = reports;
    let document = &definition.document;
    let basis = queries.first().map_or_else(|| document.folded().into(), |first| Basis::of(first, document));
    if queries.iter().all(|query| is_counted_in_parts(query))
        && let Ok(index) = Index::read(log, until, basis.happened_by, threads).await
        && let Ok(folded) = folded(&Folding { index: &index, reports, basis: &basis, step }, threads)
    {
        return Ok(folded);
    }
    let mut state = basis.nothing_yet();
    let mut reached = 0;
    catch_up(log, &mut state, Some(until), |position| {
        step(Step::Folded(position.0.saturating_sub(reached)));
        reached = position.0;
    })
    .await?;
    Ok(Folded { reports, parts: InParts::one(state), counted: None })
}

/// Everything that tickets are folded by.
struct Folding<'a, 'q> {
    index: &'a Index,
    reports: Reports<'q>,
    basis: &'a Basis,
    step: &'a (dyn Fn(Step) + Sync),
}

/// What one thread folded.
struct Part {
    state: Measurements,
    /// By report; none: what was measured is yet to be counted.
    counted: Option<Vec<Counted>>,
}

/// Ranges of tickets, each of which is taken by one thread.
pub(crate) struct Ranges {
    all: Vec<Range<u32>>,
    taken: AtomicUsize,
}

impl Ranges {
    fn take(&self) -> Option<Range<u32>> {
        self.all.get(self.taken.fetch_add(1, Ordering::Relaxed)).cloned()
    }
}

/// Calls `fold` on so many threads at most, of which this is the first; each takes ranges of tickets until none is left.
/// What each of them made, this one's first.
pub(crate) fn in_ranges<T: Send>(
    index: &Index,
    threads: NonZero<u32>,
    fold: impl Fn(&Ranges) -> Result<T, Unfit> + Sync,
) -> Result<Vec<T>, Unfit> {
    // A processor may be slower than another, or busy: where a range costs nothing in itself there are several for each.
    let of_each = if index.is_by_stream() && threads.get() > 1 { RANGES_OF_A_THREAD } else { NonZero::<u32>::MIN };
    let all = index.ranges(threads.saturating_mul(of_each));
    let others = all.len().min(threads.get() as usize).saturating_sub(1);
    let ranges = Ranges { all, taken: AtomicUsize::new(0) };
    let fold = || fold(&ranges);
    let folded: Result<Vec<T>, Unfit> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..others).map(|_| scope.spawn(fold)).collect();
        let own = fold();
        // A panic there is one of this fold's.
        let joined = running.into_iter().map(|thread| thread.join().unwrap_or_else(|e| std::panic::resume_unwind(e)));
        std::iter::once(own).chain(joined).collect()
    });
    // Blocks are verified as they are reached. One that no range had to look into would be one whose header is wrong.
    folded.and_then(|parts| if index.are_all_whole() { Ok(parts) } else { Err(Unfit) })
}

/// All tickets for some reports.
fn folded<'q>(folding: &Folding<'_, 'q>, threads: NonZero<u32>) -> Result<Folded<'q>, Unfit> {
    let room = Room::of(PLAIN_BYTES_MAX);
    let parts = in_ranges(folding.index, threads, |ranges| folding.part(ranges, &room))?;
    let mut by_report: Option<Vec<Vec<Counted>>> = Some(folding.reports.queries.iter().map(|_| Vec::new()).collect());
    let mut states = Vec::with_capacity(parts.len());
    for Part { state, counted } in parts {
        states.push(state);
        by_report = by_report.zip(counted).map(|(mut by_report, counted)| {
            by_report.iter_mut().zip(counted).for_each(|(all, part)| all.push(part));
            by_report
        });
    }
    let first = states.remove(0);
    let parts = InParts::of(first, states).map_err(|_| Unfit)?;
    Ok(Folded { reports: folding.reports, parts, counted: by_report })
}

impl<'q> Folding<'_, 'q> {
    /// Folds tickets, one after the other.
    fn part(&self, ranges: &Ranges, room: &Room) -> Result<Part, Unfit> {
        let mut counting = self.counting(room);
        let all_of_a_slice = Room::of(usize::MAX);
        let mut state = self.nothing_yet(if counting.is_some() { &all_of_a_slice } else { room });
        fold_ranges(self.index, ranges, &mut state, counting.as_deref_mut(), self.step)?;
        let counted = counting.map(|counting| counting.into_iter().map(CountsSlices::into_counted).collect());
        let state = if counted.is_some() { state.counted() } else { state };
        Ok(Part { state, counted })
    }

    fn nothing_yet(&self, room: &Room) -> Measurements {
        let Reports { queries, definition, .. } = self.reports;
        let needs: Needs = queries.iter().map(|query| needs(query, &definition.document)).collect();
        let mut state = self.basis.clone().nothing_yet().keeping(needs, room);
        state.end_at(self.index.last(), self.index.latest());
        state
    }

    /// All reports, to be counted on the way; none: one of them at least looks at all tickets.
    fn counting(&self, room: &Room) -> Option<Vec<Box<dyn CountsSlices + 'q>>> {
        let Reports { queries, definition, until, labels } = self.reports;
        let state = self.nothing_yet(room);
        queries.iter().map(|query| begin(&state, query, definition, until, labels)).collect()
    }
}

/// Folds the tickets of ranges, one after the other, and counts what they measured on the way where reports are given.
pub(crate) fn fold_ranges(
    index: &Index,
    ranges: &Ranges,
    state: &mut Measurements,
    mut counting: Option<&mut [Box<dyn CountsSlices + '_>]>,
    step: &(dyn Fn(Step) + Sync),
) -> Result<(), Unfit> {
    let blocks: Vec<BlockFacts<'_>> = index.blocks().collect();
    while let Some(range) = ranges.take() {
        let counting = counting.as_deref_mut();
        if index.is_by_stream() {
            fold_lives(Runs::of(index, range, &blocks), state, counting, step)?;
            continue;
        }
        let of_range = index.of_range(range);
        let lives = of_range.streams().map(|(stream, about)| {
            let rows = of_range.events(stream);
            (about, rows.len(), rows.iter().map(|row| row.of(&blocks)))
        });
        fold_lives(lives, state, counting, step)?;
    }
    Ok(())
}

/// Folds streams one after the other, each with how many events it has.
fn fold_lives<'f, F: Iterator<Item = Fact<'f>>>(
    lives: impl Iterator<Item = (Stream, usize, F)>,
    state: &mut Measurements,
    mut counting: Option<&mut [Box<dyn CountsSlices + '_>]>,
    step: &(dyn Fn(Step) + Sync),
) -> Result<(), Unfit> {
    let mut tickets = Tickets { lives, left: 0, events: 0, is_at_end: false, are_readable: true };
    while !tickets.is_at_end {
        (tickets.left, tickets.events) = (SLICE_TICKETS, 0);
        state.fold_whole(&mut tickets).map_err(|_| Unfit)?;
        step(Step::Folded(tickets.events));
        if let Some(counting) = &mut counting {
            let all_counted = counting.iter_mut().all(|report| report.count(state));
            state.forget_tickets();
            step(Step::Counted);
            all_counted.then_some(()).ok_or(Unfit)?;
        }
    }
    tickets.are_readable.then_some(()).ok_or(Unfit)
}

/// Tickets among streams, so many at a time.
struct Tickets<L> {
    lives: L,
    /// How many more this time.
    left: usize,
    /// How many events those of this time have.
    events: u64,
    is_at_end: bool,
    /// Whether all events beside tickets can be read.
    are_readable: bool,
}

impl<'f, F: Iterator<Item = Fact<'f>>, L: Iterator<Item = (Stream, usize, F)>> Iterator for Tickets<L> {
    /// The events of a ticket.
    type Item = F;

    #[inline]
    fn next(&mut self) -> Option<F> {
        self.left = self.left.checked_sub(1)?;
        loop {
            let Some((about, count, mut events)) = self.lives.next() else {
                self.is_at_end = true;
                return None;
            };
            if about == Stream::Ticket {
                self.events += count as u64;
                return Some(events);
            }
            // What a newer version wrote about may change what figures mean: it is never passed over unread.
            self.are_readable &= events.all(|fact| fact.decode().is_ok());
        }
    }
}
