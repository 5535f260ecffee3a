//! A prefix of the log folded for some reports: ticket by ticket, a range of tickets a thread, keeping only what is read.
//!
//! Where the events of tickets stand between each other does not matter to a report that is counted in parts, and so they
//! can be folded one ticket after the other, with one running state in place of all. Whatever is wrong with a log is told
//! by the fold that goes in its order: `Unfit` says no more than that there is something.

mod index;

use crate::columns::rows::Room;
use crate::definition::document::Definition;
use crate::in_parts::InParts;
use crate::live::basis::Basis;
use crate::measurements::Measurements;
use crate::measurements::needs::Needs;
use crate::projector::{CatchUpError, catch_up};
use crate::report::is_counted_in_parts;
use crate::report::needs::needs;
use crate::report::query::Query;
use daftar_eventlog::codec::decode_facts;
use daftar_eventlog::{BlockFacts, LogReader, Position};
use index::Stream;

pub(crate) use index::Index;
use std::num::NonZero;
use std::ops::Range;

/// What everything that is kept may take without being packed, in bytes.
const PLAIN_BYTES_MAX: usize = if cfg!(test) { 4096 } else { 2 << 30 };
/// After how many tickets a thread says how far it has come.
const TOLD_EVERY: u32 = 4096;

/// Something a fold in the order of the log stops at, or reading it.
#[derive(Debug)]
pub(crate) struct Unfit;

/// Folds what reports under a definition read of the log up to `until`, on so many threads at most.
///
/// All of them must have the [`Basis`] of the first; counting one that has another is refused.
///
/// `progress` is told by how many events it has come further.
///
/// # Errors
///
/// [`CatchUpError`] as [`catch_up`] has it.
pub async fn fold_for(
    log: &dyn LogReader,
    queries: &[&Query],
    definition: &Definition,
    until: Position,
    threads: NonZero<u32>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<InParts, CatchUpError> {
    let basis = queries.first().map_or_else(|| definition.folded().into(), |first| Basis::of(first, definition));
    if queries.iter().all(|query| is_counted_in_parts(query))
        && let Ok(index) = Index::read(log, until).await
    {
        let room = Room::of(PLAIN_BYTES_MAX);
        let needs: Needs = queries.iter().map(|query| needs(query, definition)).collect();
        let nothing_yet = || basis.clone().nothing_yet().keeping(needs, &room);
        if let Ok(parts) = in_ranges(&index, threads, nothing_yet, progress) {
            return Ok(parts);
        }
    }
    let mut state = basis.nothing_yet();
    let mut reached = 0;
    catch_up(log, &mut state, Some(until), |position| {
        progress(position.0.saturating_sub(reached));
        reached = position.0;
    })
    .await?;
    Ok(InParts::one(state))
}

/// All tickets, a range of them on each thread, of which this one is the first.
pub(crate) fn in_ranges(
    index: &Index,
    threads: NonZero<u32>,
    nothing_yet: impl Fn() -> Measurements,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<InParts, Unfit> {
    let mut states = std::thread::scope(|scope| {
        let mut ranges = index.ranges(threads);
        let own = ranges.next();
        let fold = |range: Range<u32>| {
            let state = nothing_yet();
            scope.spawn(move || folded(index, state, range, progress))
        };
        let running: Vec<_> = ranges.map(fold).collect();
        let own = own.map(|range| folded(index, nothing_yet(), range, progress));
        // A panic there is one of this fold's.
        let joined = running.into_iter().map(|thread| thread.join().unwrap_or_else(|e| std::panic::resume_unwind(e)));
        own.into_iter().chain(joined).collect::<Result<Vec<_>, _>>()
    })?
    .into_iter();
    let first = states.next().unwrap_or_else(nothing_yet);
    InParts::of(first, states.collect()).map_err(|_| Unfit)
}

/// The tickets of some streams, one after the other.
fn folded(
    index: &Index,
    mut state: Measurements,
    range: Range<u32>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Measurements, Unfit> {
    let blocks: Vec<BlockFacts<'_>> = index.blocks().collect();
    let of_range = index.of_range(range);
    let streams = |which| of_range.streams().filter(move |(_, kind)| *kind == which).map(|(stream, _)| stream);
    // What a newer version wrote about may change what figures mean: it is never passed over unread.
    for fact in streams(Stream::PassedOver).flat_map(|stream| of_range.events(stream)).map(|row| row.of(&blocks)) {
        decode_facts(fact.event_type, fact.schema, fact.facts).map_err(|_| Unfit)?;
    }
    let mut told = 0;
    let tickets = streams(Stream::Ticket).map(|ticket| {
        let rows = of_range.events(ticket);
        told += rows.len() as u64;
        if ticket % TOLD_EVERY == 0 {
            progress(std::mem::take(&mut told));
        }
        rows.iter().map(|row| row.of(&blocks))
    });
    let latest = state.fold_whole(tickets).map_err(|_| Unfit)?;
    progress(told);
    state.end_at(index.last(), latest);
    Ok(state)
}
