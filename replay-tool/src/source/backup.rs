//! A backup: segments in a directory, and the keys in another beside it.

use super::{Carried, Finding, Origin, Source, Unopened, keys_in};
use crate::{Failure, progress};
use async_trait::async_trait;
use daftar_eventlog::backup::directory::keys_beside;
use daftar_eventlog::backup::{BackupDirectory, BackupError, SegmentError, restore_to_memory};
use daftar_eventlog::{LogReader as _, Position};
use std::path::PathBuf;

/// The directory of its segments.
pub(super) struct Backup(pub(super) PathBuf);

#[async_trait(?Send)]
impl Origin for Backup {
    fn name(&self) -> String {
        format!("backup {}", self.0.display())
    }

    fn carries(&self) -> &'static [Carried] {
        Carried::ALL
    }

    /// Reads it into memory, each segment checked.
    async fn open(&self, quiet: bool) -> Result<Source, Unopened> {
        let progress = progress::without_end("reading", quiet);
        let backup = BackupDirectory::list(&self.0).map_err(|e| self.unread(e))?;
        let mut good = Position::ZERO;
        let log = restore_to_memory(&backup, None, |position| {
            good = position;
            progress.set_position(position.0);
        });
        let log = log.map_err(|e| self.what_stopped(good, e))?;
        progress.finish_and_clear();
        let beside = keys_beside(&self.0);
        let (keys, has_keys) = keys_in(&beside, &log.identity().log_id)?;
        if !has_keys {
            let there = beside.display();
            eprintln!(
                "daftar-replay: the customers' keys are not in {there}: they are shown by pseudonyms, without texts"
            );
        }
        Ok(Source::of(log, (keys, has_keys)))
    }
}

impl Backup {
    /// What stopped the reading after the last good position.
    fn what_stopped(&self, good: Position, failure: BackupError) -> Unopened {
        let damaged = |position| Unopened::Damaged(Finding::at("backup", position, &failure));
        match failure {
            BackupError::Segment { why: SegmentError::Chain { position, .. }, .. } => damaged(position),
            BackupError::Segment { .. } | BackupError::Gap { .. } => damaged(good.next()),
            BackupError::Store(failure) => Unopened::of_store("backup", failure),
            other @ (BackupError::File { .. } | BackupError::Refused(_)) => self.unread(other).into(),
        }
    }

    /// Why it can't be read, said of the flag once.
    fn unread(&self, failure: BackupError) -> Failure {
        let flag = format!("--backup {}", self.0.display());
        match failure {
            BackupError::File { path, why } if path == self.0 => Failure::run(format!("{flag}: {why}")),
            other => Failure::run(format!("{flag}: {other}")),
        }
    }
}
