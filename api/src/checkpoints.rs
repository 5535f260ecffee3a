//! Checkpoints of a desk's figures: read at start, written now and then and at an orderly end.
//!
//! They are only a cache. One that is missing, damaged or another log's is passed over, and the log is folded.

use crate::http::Desk;
use daftar_eventlog::{LogReader, Position, StoreError};
use daftar_projections::checkpoint::{Checkpoint, Mark};
use daftar_projections::live::Live;
use daftar_projections::live::resident::EVENT_BYTES;
use daftar_projections::measurements::Measurements;
use std::path::{Path, PathBuf};
use std::{fs, io};
use tokio::sync::watch;

/// The directory of checkpoints within that of the data.
pub const DIRECTORY: &str = "checkpoints";
/// After how many further events another is written: as many are folded in about a second.
const EVENTS_BETWEEN: u64 = 1_000_000;
/// Neither are fewer than one in so many of those written down already: writing all of it again takes longer.
const WORTH_ONE_IN: u64 = 20;
/// How many bytes stay free beside a checkpoint, for the log to grow.
const HEADROOM_BYTES: u64 = 64 << 20;
/// Fewer events than these are not worth one at the end: they are folded in no time.
const EVENTS_AT_LEAST: u64 = 20_000;

/// Why a checkpoint was not written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It would take room that others need more.
    #[error("{free} bytes are free where a checkpoint would lie, and {wanted} are kept free for the log")]
    NoRoom {
        /// How many bytes are free.
        free: u64,
        /// How many there must be.
        wanted: u64,
    },
    /// The file could not be written.
    #[error("{path} can't be written: {why}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
}

/// Where the checkpoints of one data directory lie, and how far the newest goes.
#[derive(Debug)]
pub struct Checkpoints {
    /// None: none are written.
    dir: Option<PathBuf>,
    written: Position,
}

impl Checkpoints {
    /// Those in a data directory.
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        Self { dir: Some(data_dir.join(DIRECTORY)), written: Position::ZERO }
    }

    /// None, for a data directory that nobody opens again.
    #[must_use]
    pub const fn none() -> Self {
        Self { dir: None, written: Position::ZERO }
    }

    /// Lets figures go on from the newest checkpoint, if there is one that they can go on from.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read.
    pub async fn resume(&mut self, live: &Live, log: &dyn LogReader) -> Result<(), StoreError> {
        let Some(dir) = &self.dir else { return Ok(()) };
        let folded = live.read(|state| state.folded().clone());
        // A projector that has not begun has not failed.
        let Ok(folded) = folded else { return Ok(()) };
        let checkpoint = Checkpoint::new(dir, &folded);
        if let Some(state) = checkpoint.read(log, &folded).await? {
            self.written = state.position();
            live.resume(state);
        }
        Ok(())
    }

    /// Writes one whenever enough has happened since the last, until `stop` turns true, or the projector has stopped. What
    /// can't be written is told and tried again after as many further events.
    pub async fn keep(&mut self, desk: &Desk, stop: watch::Receiver<bool>) {
        self.keep_every(EVENTS_BETWEEN, desk, stop).await;
    }

    async fn keep_every(&mut self, events: u64, desk: &Desk, mut stop: watch::Receiver<bool>) {
        let mut published = desk.live().published();
        let mut last = self.written;
        loop {
            let next = Position(last.0.saturating_add(events));
            tokio::select! {
                reached = published.wait_for(|reached| next <= *reached) => if reached.is_err() { return },
                _ = stop.wait_for(|stop| *stop) => return,
            }
            match self.write(desk).await {
                Some(tried) => last = tried,
                // Nothing is folded any more.
                None => return,
            }
        }
    }

    /// Writes the last one, where it spares the next start anything.
    pub async fn end(&mut self, desk: &Desk) {
        let since = desk.live().folded().0.saturating_sub(self.written.0);
        if EVENTS_AT_LEAST.max(self.written.0 / WORTH_ONE_IN) <= since {
            self.write(desk).await;
        }
    }

    /// Writes one, and tells what came in the way of it; gives the position it tried, and none where there is nothing to
    /// write down.
    async fn write(&mut self, desk: &Desk) -> Option<Position> {
        let dir = self.dir.clone()?;
        let own = desk.clone();
        // The projector may hold the state for as long as it folds a block.
        let state = tokio::task::spawn_blocking(move || own.live().to_resume()).await.ok()??;
        let position = state.position();
        match write_state(dir, desk, state).await {
            Ok(()) => self.written = position,
            Err(failure) => eprintln!("daftar: the next start will take longer: {failure}"),
        }
        Some(position)
    }
}

async fn write_state(dir: PathBuf, desk: &Desk, state: Measurements) -> Result<(), CheckpointError> {
    let mark = Mark::of(&**desk.log() as &dyn LogReader, &state).await?;
    let written = tokio::task::spawn_blocking(move || {
        let checkpoint = Checkpoint::new(&dir, state.folded());
        let failed = |why| CheckpointError::Write { path: checkpoint.path().to_owned(), why };
        fs::create_dir_all(&dir).map_err(failed)?;
        room(&dir, fs2::available_space(&dir).ok(), state.position().0)?;
        checkpoint.write(&state, &mark).map_err(failed)?;
        only(&dir, checkpoint.path());
        Ok(())
    });
    let panicked = |why| CheckpointError::Write { path: PathBuf::from(DIRECTORY), why: io::Error::other(why) };
    written.await.unwrap_or_else(|why| Err(panicked(why)))
}

/// Refuses to write where less is free than twice what it takes, by the checkpoint before and by the number of events,
/// beside what others need. A system that does not say how much there is will say so when it is written to.
fn room(dir: &Path, free: Option<u64>, events: u64) -> Result<(), CheckpointError> {
    let sizes = fs::read_dir(dir).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len()));
    let wanted = HEADROOM_BYTES + 2 * sizes.max().unwrap_or(0).max(events.saturating_mul(EVENT_BYTES));
    match free {
        Some(free) if free < wanted => Err(CheckpointError::NoRoom { free, wanted }),
        _ => Ok(()),
    }
}

/// Removes every other checkpoint of a directory: figures under fields that were folded before, and what a stopped
/// writer left. What can't be removed stays: it is in nobody's way.
fn only(dir: &Path, path: &Path) {
    let is_ours = |file: &PathBuf| file.extension().is_some_and(|kind| kind == "checkpoint" || kind == "new");
    let others = fs::read_dir(dir).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    for other in others.filter(|file| file != path && is_ours(file)) {
        let _ = fs::remove_file(other);
    }
}

#[cfg(test)]
mod tests;
