//! From accepted lines to commits: sealed, appended in the order of the lines, judged again where somebody else wrote.

use super::lines::{Chunk, ChunkLine};
use super::walk::{Verdict, Walked};
use super::{Import, ImportError};
use crate::codec::ticket::{Origin, TicketCodec};
use crate::log::{AppendError, Appended, Commit, StoreError};
use crate::memory::MemoryLog;
use crate::ndjson::Line;
use crate::position::{Position, Version};
use crate::sealing::Pseudonym;
use crate::stream::StreamName;
use daftar_domain::Timestamp;
use daftar_domain::ids::TicketId;
use std::collections::HashSet;
use std::thread;

/// The most events of one commit.
const RUN_EVENTS_MAX: usize = 64;
/// The most text of one commit's lines: an event is at most a few hundred bytes longer than its line.
const RUN_BYTES_MAX: usize = 500_000;
/// How often a ticket is judged again before the import gives up on it.
const CONFLICTS_MAX: usize = 8;
/// From this many runs on, they are sealed on two threads.
const SEAL_APART_FROM: usize = 64;

/// Accepted lines of one ticket that follow one another: one commit.
#[derive(Debug)]
pub(super) struct Run {
    ticket: TicketId,
    owner: Pseudonym,
    /// The version of the ticket before it.
    expected: Version,
    /// Where the import stood with the ticket before it.
    before: Walked,
    recorded_at: Option<Timestamp>,
    /// Where it goes in a log that leaves positions out.
    position: Option<Position>,
    /// The lines, by their index in the chunk.
    lines: Vec<usize>,
    /// How many bytes of text they have.
    bytes: usize,
}

impl Run {
    /// Whether an accepted line of `other` continues this run.
    fn takes(&self, other: &Self) -> bool {
        self.ticket == other.ticket
            && self.recorded_at == other.recorded_at
            && self.position.is_none()
            && other.position.is_none()
            && self.lines.len() < RUN_EVENTS_MAX
            && self.bytes + other.bytes <= RUN_BYTES_MAX
    }

    /// Its lines, sealed for the versions after `expected`.
    fn sealed(&self, codec: &TicketCodec, chunk: &Chunk) -> Result<Commit, StoreError> {
        let lines = self.lines.iter().filter_map(|index| chunk.lines[*index].parsed.as_ref().ok());
        let seal = |(line, n): (&Line, u32)| {
            let origin = Origin { source_event: line.event_id.clone(), ..Origin::default() };
            codec.encode(&line.ticket, self.owner, Version(self.expected.0 + n), &line.event, &origin)
        };
        let events = lines.zip(1..).map(seal).collect::<Result<_, _>>()?;
        let stream = StreamName::ticket(self.ticket.as_str());
        Ok(Commit { stream, expected: self.expected, events, command: None, recorded_at: self.recorded_at })
    }
}

/// Adds one accepted line to the last run, or begins another.
pub(super) fn add(runs: &mut Vec<Run>, run: Run) {
    match runs.last_mut().filter(|last| last.takes(&run)) {
        Some(last) => {
            last.bytes += run.bytes;
            last.lines.extend(run.lines);
        }
        None => runs.push(run),
    }
}

/// Seals runs on two threads: it is most of the work of an import.
fn seal_all(codec: &TicketCodec, chunk: &Chunk, runs: &[Run]) -> Result<Vec<Commit>, StoreError> {
    let seal = |runs: &[Run]| runs.iter().map(|run| run.sealed(codec, chunk)).collect::<Result<Vec<_>, _>>();
    if runs.len() < SEAL_APART_FROM {
        return seal(runs);
    }
    let (here, there) = runs.split_at(runs.len() / 2);
    thread::scope(|scope| {
        let there = scope.spawn(|| seal(there));
        let mut commits = seal(here)?;
        let gone = |_| Err(StoreError::failed("sealing events", "a thread of the import gave up"));
        commits.extend(there.join().unwrap_or_else(gone)?);
        Ok(commits)
    })
}

impl Import<'_> {
    /// The run of one line that comes next in its ticket; `bytes` is its text, `before` where the import stood
    /// with the ticket.
    pub(super) fn run_of(
        &mut self,
        (index, bytes): (usize, usize),
        line: &Line,
        before: Walked,
    ) -> Result<Run, ImportError> {
        let recorded_at = self.stamps.recorded_at(line);
        self.last_recorded = self.last_recorded.max(recorded_at);
        let owner = self.owner_of(line)?;
        let expected = Version(self.walk.ticket(&line.ticket)?.ticket.version.saturating_sub(1));
        let position = self.places.and(line.position).map(Position);
        let (ticket, lines) = (line.ticket.clone(), vec![index]);
        Ok(Run { ticket, owner, expected, before, recorded_at, position, lines, bytes })
    }

    /// Appends the runs in their order. A failure stands with the first line that may not have been kept.
    pub(super) async fn append(
        &mut self,
        chunk: &mut Chunk,
        runs: &[Run],
        verdicts: &mut [Verdict],
    ) -> Result<(), (usize, ImportError)> {
        let mut commits = seal_all(self.codec, chunk, runs).map_err(|e| (0, e.into()))?.into_iter();
        let mut again: HashSet<&TicketId> = HashSet::new();
        for wave in self.waves(runs) {
            let sealed = wave.iter().zip(commits.by_ref().take(wave.len()));
            let wave = sealed.filter(|(run, _)| !again.contains(&run.ticket)).collect();
            for run in self.append_wave(wave).await? {
                self.append_again(chunk, run, verdicts).await.map_err(|e| (run.lines[0], e))?;
                again.insert(&run.ticket);
            }
        }
        Ok(())
    }

    /// Runs that may be on their way together: where others write too, one of each ticket. A second one could find
    /// just the version it expects though the first was refused.
    fn waves<'r>(&self, runs: &'r [Run]) -> Vec<&'r [Run]> {
        if self.options.alone {
            return vec![runs];
        }
        let (mut waves, mut start, mut tickets) = (Vec::new(), 0, HashSet::new());
        for (index, run) in runs.iter().enumerate() {
            if !tickets.insert(&run.ticket) {
                waves.push(&runs[start..index]);
                start = index;
                tickets = HashSet::from([&run.ticket]);
            }
        }
        waves.push(&runs[start..]);
        waves
    }

    /// Appends runs together; answers those before which somebody else wrote.
    async fn append_wave<'r>(&self, wave: Vec<(&'r Run, Commit)>) -> Result<Vec<&'r Run>, (usize, ImportError)> {
        let (runs, commits): (Vec<&Run>, Vec<Commit>) = wave.into_iter().unzip();
        let appended = match self.places {
            Some(memory) => self.append_at_places(memory, &runs, commits).await,
            None => self.log.append_in_order(commits).await,
        };
        let mut refused = Vec::new();
        for (run, appended) in runs.into_iter().zip(appended) {
            match appended {
                Ok(_) => {}
                Err(AppendError::Conflict { .. }) if !self.options.alone => refused.push(run),
                Err(other) => return Err((run.lines[0], other.into())),
            }
        }
        Ok(refused)
    }

    /// Appends one after the other, leaving out the positions between them.
    async fn append_at_places(
        &self,
        memory: &MemoryLog,
        runs: &[&Run],
        commits: Vec<Commit>,
    ) -> Vec<Result<Appended, AppendError>> {
        let mut appended = Vec::with_capacity(runs.len());
        for (run, commit) in runs.iter().zip(commits) {
            if let Some(position) = run.position {
                memory.skip_to(Position(position.0.saturating_sub(1)));
            }
            appended.push(self.log.append(commit).await);
        }
        appended
    }

    /// Judges a ticket's lines of the chunk again, from the run on before which somebody else wrote to it.
    async fn append_again(
        &mut self,
        chunk: &mut Chunk,
        run: &Run,
        verdicts: &mut [Verdict],
    ) -> Result<(), ImportError> {
        let (mut from, mut before) = (run.lines[0], run.before);
        for _ in 0..CONFLICTS_MAX {
            self.walk.meet_again(self.log, self.codec, &run.ticket, before).await?;
            match self.one_by_one(chunk, &run.ticket, from, verdicts).await? {
                None => return Ok(()),
                Some(conflict) => (from, before) = conflict,
            }
        }
        Err(ImportError::Contended { ticket: run.ticket.clone() })
    }

    /// Judges and appends a ticket's lines from one on; where it met a conflict.
    async fn one_by_one(
        &mut self,
        chunk: &mut Chunk,
        ticket: &TicketId,
        from: usize,
        verdicts: &mut [Verdict],
    ) -> Result<Option<(usize, Walked)>, ImportError> {
        let of_ticket = |line: &ChunkLine| line.parsed.as_ref().is_ok_and(|line| line.ticket == *ticket);
        let own: Vec<usize> = (from..chunk.lines.len()).filter(|index| of_ticket(&chunk.lines[*index])).collect();
        for index in own {
            let Ok(line) = &mut chunk.lines[index].parsed else { continue };
            let before = self.walk.ticket(ticket)?.walked;
            verdicts[index] = self.judge(line)?;
            if verdicts[index] != Verdict::Next {
                continue;
            }
            let line = line.clone();
            let commit = self.run_of((index, 0), &line, before)?.sealed(self.codec, chunk)?;
            match self.log.append(commit).await {
                Ok(_) => {}
                Err(AppendError::Conflict { .. }) => return Ok(Some((index, before))),
                Err(other) => return Err(other.into()),
            }
        }
        Ok(None)
    }
}
