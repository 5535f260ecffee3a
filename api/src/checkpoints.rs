//! Checkpoints of a desk's figures: read at start, written now and then and at an orderly end.
//!
//! They are only a cache. One that is missing, damaged or another log's is passed over, and the log is folded.

use crate::http::Desk;
use daftar_eventlog::{LogReader, Position, StoreError};
use daftar_projections::checkpoint::{Checkpoint, Mark};
use daftar_projections::measurements::Measurements;
use std::path::{Path, PathBuf};
use std::{fs, io};
use tokio::sync::watch;

/// The directory of checkpoints within that of the data.
pub const DIRECTORY: &str = "checkpoints";
/// After how many further events another is written: as many are folded in about a second.
const EVENTS_BETWEEN: u64 = 1_000_000;
/// Fewer events than these are not worth one at the end: they are folded in no time.
const EVENTS_AT_LEAST: u64 = 20_000;

/// Why a checkpoint was not written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
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
    dir: PathBuf,
    written: Position,
}

impl Checkpoints {
    /// Those in a data directory.
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        Self { dir: data_dir.join(DIRECTORY), written: Position::ZERO }
    }

    /// Lets the figures of a desk go on from the newest checkpoint, if there is one that they can go on from.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read.
    pub async fn resume(&mut self, desk: &Desk) -> Result<(), StoreError> {
        let folded = desk.live().read(|state| state.folded().clone());
        // A projector that has not begun has not failed.
        let Ok(folded) = folded else { return Ok(()) };
        let checkpoint = Checkpoint::new(&self.dir, &folded);
        if let Some(state) = checkpoint.read(&**desk.log() as &dyn LogReader, &folded).await? {
            self.written = state.position();
            desk.live().resume(state);
        }
        Ok(())
    }

    /// Writes one whenever enough has happened since the last, until `stop` turns true. What can't be written is told
    /// and tried again after as many further events.
    pub async fn keep(&mut self, desk: &Desk, mut stop: watch::Receiver<bool>) {
        let mut published = desk.live().published();
        loop {
            let next = Position(self.written.0.saturating_add(EVENTS_BETWEEN));
            tokio::select! {
                reached = published.wait_for(|reached| next <= *reached) => if reached.is_err() { return },
                _ = stop.wait_for(|stop| *stop) => return,
            }
            self.write(desk).await;
        }
    }

    /// Writes the last one, where it spares the next start anything.
    pub async fn end(&mut self, desk: &Desk) {
        let reached = desk.live().folded();
        if EVENTS_AT_LEAST <= reached.0.saturating_sub(self.written.0) {
            self.write(desk).await;
        }
    }

    async fn write(&mut self, desk: &Desk) {
        let Some(state) = desk.live().to_resume() else { return };
        self.written = state.position();
        if let Err(failure) = self.write_state(desk, state).await {
            eprintln!("daftar: the next start will take longer: {failure}");
        }
    }

    async fn write_state(&self, desk: &Desk, state: Measurements) -> Result<(), CheckpointError> {
        let mark = Mark::of(&**desk.log() as &dyn LogReader, &state).await?;
        let checkpoint = Checkpoint::new(&self.dir, state.folded());
        let (dir, path) = (self.dir.clone(), checkpoint.path().to_owned());
        let written = tokio::task::spawn_blocking(move || {
            checkpoint.write(&state, &mark)?;
            only(&dir, checkpoint.path())
        });
        let written = written.await.unwrap_or_else(|panicked| Err(io::Error::other(panicked)));
        written.map_err(|why| CheckpointError::Write { path, why })
    }
}

/// Removes every file of a directory but one: figures under fields that were folded before, and what a stopped writer left.
fn only(dir: &Path, path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let other = entry?.path();
        if other != path {
            fs::remove_file(other)?;
        }
    }
    Ok(())
}
