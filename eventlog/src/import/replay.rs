//! History from a file into a log in memory, its positions and times from the lines: the same file, the same log.

use super::lines::{Chunk, LineReader};
use super::{Counts, Import, ImportError, OnReject, Options, Stamps};
use crate::clock::Clock;
use crate::codec::ticket::TicketCodec;
use crate::memory::MemoryLog;
use std::io::BufRead;

/// What a file gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// What became of its lines.
    pub counts: Counts,
    /// Whether every line that could be parsed says when its event was recorded.
    pub tells_recorded_at: bool,
}

/// Records a file in an empty log in memory.
///
/// Where every line that could be parsed carries a `position`, lines are taken in its order and keep it; else they
/// are taken as they come and counted, as an import into any empty log does. `recorded_at` is the line's where it
/// carries one, else the latest `occurred_at` so far; `clock` only says what has not happened yet.
///
/// # Errors
///
/// [`ImportError`], of the source too, after everything that could be read of it was recorded.
pub async fn replay_into<R: BufRead + Send>(
    memory: &MemoryLog,
    codec: &TicketCodec,
    mut lines: LineReader<R>,
    clock: Clock,
    on_reject: &mut OnReject<'_>,
) -> Result<Replayed, ImportError> {
    let (mut chunks, failure) = all_chunks(&mut lines);
    let placed = chunks.iter().flat_map(Chunk::parsed).all(|line| line.position.is_some());
    let tells_recorded_at = chunks.iter().flat_map(Chunk::parsed).all(|line| line.recorded_at.is_some());
    if placed {
        chunks = in_order(chunks);
    }
    let import = Import::new(memory, codec, Options { alone: true, clock, ..Options::default() })?;
    let mut import = Import { stamps: Stamps::LineOrEvent, places: placed.then_some(memory), ..import };
    for chunk in chunks {
        import.record(chunk, on_reject).await?;
    }
    let counts = import.counts();
    failure.map_or(Ok(Replayed { counts, tells_recorded_at }), |failure| Err(failure.into()))
}

fn all_chunks<R: BufRead>(lines: &mut LineReader<R>) -> (Vec<Chunk>, Option<std::io::Error>) {
    let mut chunks = Vec::new();
    loop {
        match lines.next_chunk() {
            Ok(Some(chunk)) => chunks.push(chunk),
            Ok(None) => return (chunks, None),
            Err(failure) => return (chunks, Some(failure)),
        }
    }
}

/// The same lines, those that parse in the order of their positions; a position given twice counts once.
fn in_order(chunks: Vec<Chunk>) -> Vec<Chunk> {
    let mut lines: Vec<_> = chunks.into_iter().flat_map(Chunk::into_lines).collect();
    lines.sort_by_key(|(line, _)| line.position());
    let mut last = None;
    for (line, _) in &mut lines {
        let position = line.position();
        if position.is_some() && position == last {
            line.parsed = Err("position is given to an earlier line already: every event has its own".to_owned());
        }
        last = position.or(last);
    }
    Chunk::of(lines)
}
