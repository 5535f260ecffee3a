//! A data directory that no server has open.

use super::{Carried, LookedThrough, Origin, Source, Unopened};
use crate::{Failure, progress};
use async_trait::async_trait;
use daftar_eventlog::embedded::check::{Place, check};
use daftar_eventlog::embedded::reader::EmbeddedReader;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::{Position, StoreError};
use indicatif::ProgressBar;
use std::cell::RefCell;
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;

/// The directory.
pub(super) struct DataDir(pub(super) PathBuf);

#[async_trait(?Send)]
impl Origin for DataDir {
    fn name(&self) -> String {
        format!("data directory {}", self.0.display())
    }

    fn carries(&self) -> &'static [Carried] {
        Carried::ALL
    }

    /// It creates none, and appends nothing.
    async fn open(&self, quiet: bool) -> Result<Source, Unopened> {
        let progress = progress::without_end("deriving", quiet);
        let log = EmbeddedLog::open(&self.0, &options(&progress)).map_err(|e| self.unopened(e))?;
        progress.finish_and_clear();
        log.notices().iter().for_each(|notice| eprintln!("daftar-replay: {notice}"));
        let keys = log.keys();
        Ok(Source::of(log, (keys, true)))
    }

    async fn open_to_fold(&self, quiet: bool) -> Result<Source, Unopened> {
        let progress = progress::without_end("deriving", quiet);
        let log = EmbeddedReader::open(&self.0, &options(&progress)).map_err(|e| self.unopened(e))?;
        progress.finish_and_clear();
        let (keys, log) = (log.keys(), Arc::new(log));
        let later = Later::of(Arc::clone(&log));
        later.tell();
        Ok(Source { later: Some(later), ..Source::of_shared(log, (keys, true)) })
    }

    fn look_through(&self, quiet: bool) -> Result<LookedThrough, Failure> {
        let progress = progress::without_end("checking", quiet);
        let shown = progress.clone();
        let checked = check(&self.0, move |position| shown.set_position(position.0));
        let checked = checked.map_err(|e| self.failed(e))?;
        progress.finish_and_clear();
        let unfit = checked.findings.iter().any(|finding| finding.place == Place::Log);
        Ok(LookedThrough { findings: checked.findings.into_iter().map(Into::into).collect(), unfit })
    }
}

/// For a log that is there, to be read.
fn options(progress: &ProgressBar) -> Options {
    let shown = progress.clone();
    let progress: Arc<dyn Fn(Position) + Send + Sync> = Arc::new(move |position| shown.set_position(position.0));
    Options { create: false, progress: Some(progress), ..Options::default() }
}

/// What may still be found wrong with a directory that was opened only to be folded.
pub(crate) struct Later {
    log: Arc<EmbeddedReader>,
    /// The notices that were told.
    told: RefCell<Vec<String>>,
}

impl Later {
    fn of(log: Arc<EmbeddedReader>) -> Self {
        Self { log, told: RefCell::default() }
    }

    /// Tells what was not told before.
    fn tell(&self) {
        let mut told = self.told.borrow_mut();
        for notice in self.log.notices() {
            if !told.contains(&notice) {
                eprintln!("daftar-replay: {notice}");
                told.push(notice);
            }
        }
    }

    /// The same once nothing more is read.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when keys that were asked for could not be read.
    pub(crate) fn end(&self) -> Result<(), StoreError> {
        self.tell();
        self.log.unread_keys().map_or(Ok(()), Err)
    }
}

impl DataDir {
    fn unopened(&self, failure: StoreError) -> Unopened {
        match failure {
            damaged @ (StoreError::Corrupt { .. } | StoreError::Unreadable { .. }) => {
                Unopened::of_store("log", damaged)
            }
            failure => self.failed(failure).into(),
        }
    }

    fn failed(&self, failure: impl Display) -> Failure {
        Failure::run(format!("--data-dir {}: {failure}", self.0.display()))
    }
}
