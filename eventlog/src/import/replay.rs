//! History from a file into a log in memory, its positions and times from the lines: the same file, the same log.

use super::lines::{Chunk, LineReader};
use super::{Counts, Import, ImportError, OnReject, Options, Stamps};
use crate::clock::Clock;
use crate::codec::ticket::TicketCodec;
use crate::memory::MemoryLog;
use std::collections::HashMap;
use std::io::BufRead;

/// What a file gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// What became of its lines.
    pub counts: Counts,
    /// Whether every line that could be parsed says when its event was recorded.
    pub tells_recorded_at: bool,
    /// Whether every line that could be parsed says where its event stands in the log.
    pub tells_positions: bool,
    /// How many of the lines that could be parsed say where their events stand in their tickets.
    pub versioned: u64,
    /// The first line, in the order they were taken in, that says so wrongly.
    pub misversioned: Option<Misversioned>,
}

/// A line whose version is not the count of its ticket's lines up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misversioned {
    /// Its number, from 1.
    pub line: u64,
    /// The position it carries.
    pub position: Option<u64>,
    /// The version it carries.
    pub version: u32,
    /// The version that follows the one of its ticket's line before it.
    pub expected: u32,
}

/// How far a replay has come: all lines are read before the first is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayProgress {
    /// So many lines were read.
    Read(u64),
    /// So many of them were recorded, or rejected.
    Recorded(u64),
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
    lines: LineReader<R>,
    clock: Clock,
    on_reject: &mut OnReject<'_>,
) -> Result<Replayed, ImportError> {
    replay_shown(memory, codec, lines, clock, on_reject, &mut |_| {}).await
}

/// The same, telling how far it has come.
///
/// # Errors
///
/// As [`replay_into`].
pub async fn replay_shown<R: BufRead + Send>(
    memory: &MemoryLog,
    codec: &TicketCodec,
    mut lines: LineReader<R>,
    clock: Clock,
    on_reject: &mut OnReject<'_>,
    progress: &mut dyn FnMut(ReplayProgress),
) -> Result<Replayed, ImportError> {
    let (mut chunks, failure) = all_chunks(&mut lines, progress);
    let placed = chunks.iter().flat_map(Chunk::parsed).all(|line| line.position.is_some());
    let tells_recorded_at = chunks.iter().flat_map(Chunk::parsed).all(|line| line.recorded_at.is_some());
    if placed {
        chunks = in_order(chunks);
    }
    let (versioned, misversioned) = versions_of(&chunks);
    let import = Import::new(memory, codec, Options { alone: true, clock, ..Options::default() })?;
    let mut import = Import { stamps: Stamps::LineOrEvent, places: placed.then_some(memory), ..import };
    let mut recorded = 0;
    for chunk in chunks {
        recorded += chunk.len() as u64;
        import.record(chunk, on_reject).await?;
        progress(ReplayProgress::Recorded(recorded));
    }
    let counts = import.counts();
    let replayed = Replayed { counts, tells_recorded_at, tells_positions: placed, versioned, misversioned };
    failure.map_or(Ok(replayed), |failure| Err(failure.into()))
}

/// How many lines carry a version, and the first of them that does not follow its ticket's line before it.
fn versions_of(chunks: &[Chunk]) -> (u64, Option<Misversioned>) {
    let (mut reached, mut versioned, mut wrong) = (HashMap::new(), 0, None);
    for (number, line) in chunks.iter().flat_map(Chunk::numbered) {
        let reached = reached.entry(&line.ticket).or_insert(0);
        let expected = *reached + 1;
        *reached = line.version.unwrap_or(expected);
        let Some(version) = line.version else { continue };
        versioned += 1;
        if version != expected && wrong.is_none() {
            wrong = Some(Misversioned { line: number, position: line.position, version, expected });
        }
    }
    (versioned, wrong)
}

fn all_chunks<R: BufRead>(
    lines: &mut LineReader<R>,
    progress: &mut dyn FnMut(ReplayProgress),
) -> (Vec<Chunk>, Option<std::io::Error>) {
    let (mut chunks, mut read) = (Vec::new(), 0);
    loop {
        match lines.next_chunk() {
            Ok(Some(chunk)) => {
                read += chunk.len() as u64;
                progress(ReplayProgress::Read(read));
                chunks.push(chunk);
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::system_clock;
    use crate::sealing::memory_keys::MemoryKeys;
    use daftar_domain::Limits;
    use std::sync::Arc;

    fn replayed(lines: &[String]) -> Replayed {
        let memory = MemoryLog::new(system_clock()).unwrap();
        let codec = TicketCodec::new(Arc::new(MemoryKeys::new().unwrap()), [7; 16]);
        let text = lines.concat();
        let lines = LineReader::new(text.as_bytes(), Limits::default());
        let mut on_reject = |_: crate::import::Reject<'_>| {};
        let mut shown = Vec::new();
        let mut progress = |progress| shown.push(progress);
        let replay = replay_shown(&memory, &codec, lines, system_clock(), &mut on_reject, &mut progress);
        let replayed = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(replay).unwrap();
        let lines = replayed.counts.read;
        assert_eq!(shown, [ReplayProgress::Read(lines), ReplayProgress::Recorded(lines)]);
        replayed
    }

    fn line(kind: &str, ticket: &str, more: &str) -> String {
        let occurred_at = "2026-01-03T08:12:00Z";
        format!(r#"{{"type":"{kind}","ticket":"{ticket}","occurred_at":"{occurred_at}"{more}}}"#) + "\n"
    }

    fn placed(kind: &str, ticket: &str, more: &str, position: u64, version: u32) -> String {
        line(kind, ticket, &format!(r#"{more},"position":{position},"version":{version}"#))
    }

    #[test]
    fn versions_are_counted_in_each_ticket_in_the_order_of_positions() {
        let opened = [placed("ticket_opened", "A", "", 1, 1), placed("ticket_opened", "B", "", 2, 1)];
        let assigned = |version| placed("ticket_assigned", "A", r#","agent":"sara""#, 9, version);
        let good = replayed(&[assigned(2), opened[1].clone(), opened[0].clone()]);
        assert_eq!((good.versioned, good.misversioned, good.tells_positions), (3, None, true));
        let wrong = replayed(&[assigned(4), opened[1].clone(), opened[0].clone()]);
        let misversioned = Misversioned { line: 1, position: Some(9), version: 4, expected: 2 };
        assert_eq!((wrong.counts.appended, wrong.misversioned), (3, Some(misversioned)));
    }

    #[test]
    fn lines_that_carry_no_versions_are_counted_alone() {
        let lines = [line("ticket_opened", "A", ""), line("ticket_assigned", "A", r#","agent":"sara""#)];
        let counted = replayed(&lines);
        assert_eq!((counted.versioned, counted.misversioned, counted.tells_positions), (0, None, false));
        let third = line("priority_changed", "A", r#","priority":"high","version":3"#);
        let partly = replayed(&[lines[0].clone(), lines[1].clone(), third]);
        assert_eq!((partly.versioned, partly.misversioned), (1, None));
    }
}
