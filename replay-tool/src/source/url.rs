//! A running server: its segments, each checked as it comes, and its keys where it gives them.

use super::{Carried, Origin, Source, Unopened, keys_in};
use crate::server::{Refused, Server, position_of};
use crate::{Failure, progress};
use async_trait::async_trait;
use daftar_eventlog::backup::directory::save_keys;
use daftar_eventlog::backup::{BackupError, GrowingLog, SegmentError, read_segment};
use daftar_eventlog::clock::system_clock;
use daftar_eventlog::memory::MemoryLog;
use daftar_eventlog::sealing::{KeyStore, no_keys::NoKeys};
use daftar_eventlog::{LogReader as _, Position, StoreError};
use indicatif::ProgressBar;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How often in a row a connection may break before anything more has come.
const BREAKS_MAX: u32 = 5;
/// How long the first pause after a break is; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const BYTES: &str = "application/octet-stream";

/// The server.
pub(super) struct Running(pub(super) Server);

/// Why the segments stopped coming.
enum Stopped {
    /// The connection broke; it may go on.
    Cut(String),
    Refused(Refused),
    Damaged(StoreError),
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
enum NoKeysCame {
    #[error(transparent)]
    Refused(#[from] Refused),
    /// They stopped coming, or could not be kept.
    #[error(transparent)]
    Cut(#[from] BackupError),
}

#[async_trait(?Send)]
impl Origin for Running {
    fn name(&self) -> String {
        format!("server {}", self.0.base())
    }

    fn carries(&self) -> &'static [Carried] {
        Carried::ALL
    }

    /// Reads it into memory: what is asked once is not worth a directory, which would have to be written, synced
    /// and derived before the first event could be folded.
    async fn open(&self, quiet: bool) -> Result<Source, Unopened> {
        let progress = progress::up_to(Position::ZERO, "fetching", quiet);
        let growing = self.fetch(&progress)?;
        progress.finish_and_clear();
        let Some(log) = growing.into_log() else {
            let empty = MemoryLog::new(system_clock()).map_err(Failure::run)?;
            return Ok(Source::of(empty, (Arc::new(NoKeys), true)));
        };
        // They are read last, so that there are all that the events need.
        let keys = self.keys(&log)?;
        Ok(Source::of(log, keys))
    }
}

impl Running {
    /// All segments, going on after the last whole one where a connection breaks.
    fn fetch(&self, progress: &ProgressBar) -> Result<GrowingLog, Unopened> {
        let (mut growing, mut breaks, mut begun) = (GrowingLog::default(), 0, false);
        loop {
            let before = growing.after();
            let why = match self.read_on(&mut growing, &mut begun, progress) {
                Ok(()) => return Ok(growing),
                Err(Stopped::Damaged(failure)) => return Err(Unopened::of_store("server", failure)),
                Err(Stopped::Refused(refused)) if begun && refused.is_passing() => refused.to_string(),
                Err(Stopped::Refused(refused)) => return Err(Failure::from(refused).into()),
                Err(Stopped::Cut(why)) => why,
            };
            breaks = if growing.after() > before { 1 } else { breaks + 1 };
            progress.suspend(|| self.pause(breaks, &why, growing.after()))?;
        }
    }

    /// Says that the connection broke and waits, the longer the more often it did in a row; gives up in the end.
    fn pause(&self, breaks: u32, why: &str, after: Position) -> Result<(), Failure> {
        if breaks > BREAKS_MAX {
            let broke = format!("the connection to {} broke {breaks} times after position {after}", self.0.base());
            let words = "try again later; if it stops there again, look at the server's own words and run daftar check";
            return Err(Failure::run(format!("{broke}: {why}; {words}")));
        }
        eprintln!("daftar-replay: the connection broke: {why}; going on after position {after}");
        std::thread::sleep(FIRST_PAUSE * 2u32.pow(breaks - 1));
        Ok(())
    }

    /// Reads segments after those that have come until the server has no more.
    fn read_on(&self, growing: &mut GrowingLog, begun: &mut bool, progress: &ProgressBar) -> Result<(), Stopped> {
        let epoch = growing.last().map_or(String::new(), |last| format!("&epoch={}", last.last.epoch_name()));
        let asked = format!("/v1/segments?after={}{epoch}", growing.after());
        let answer = self.0.get(&asked, BYTES).map_err(Stopped::Refused)?;
        *begun = true;
        let end = position_of(&answer).unwrap_or_default();
        progress.set_length(end);
        let mut body = answer.into_body().into_reader();
        loop {
            match read_segment(&mut body) {
                Ok(Some(bytes)) => progress.set_position(growing.take(&bytes).map_err(Stopped::Damaged)?.0),
                Ok(None) if growing.after().0 < end => {
                    return Err(Stopped::Cut("the answer ended before its end".to_owned()));
                }
                Ok(None) => return Ok(()),
                Err(e) if e.get_ref().is_some_and(|e| e.is::<SegmentError>()) => {
                    let (position, why) = (growing.after().next(), e.to_string());
                    return Err(Stopped::Damaged(StoreError::Corrupt { position, why }));
                }
                Err(e) => return Err(Stopped::Cut(e.to_string())),
            }
        }
    }

    /// The keys; where the server keeps them back, customers are known by their pseudonyms.
    fn keys(&self, log: &MemoryLog) -> Result<(Arc<dyn KeyStore>, bool), Failure> {
        let dir = tempfile::tempdir().map_err(Failure::run)?;
        for breaks in 1.. {
            match self.copy_keys(dir.path()) {
                Ok(()) => break,
                Err(NoKeysCame::Refused(refused)) if refused.is_kept_back() => {
                    eprintln!(
                        "daftar-replay: the server keeps the customers' keys back: they are shown by pseudonyms, without texts"
                    );
                    return Ok((Arc::new(NoKeys), false));
                }
                Err(NoKeysCame::Refused(refused)) if !refused.is_passing() => return Err(refused.into()),
                Err(broke) => self.pause(breaks, &broke.to_string(), *log.durable().borrow())?,
            }
        }
        keys_in(dir.path(), &log.identity().log_id)
    }

    fn copy_keys(&self, dir: &Path) -> Result<(), NoKeysCame> {
        let slots = self.0.get("/v1/sealing-keys", BYTES)?;
        let mut slots = slots.into_body().into_reader();
        Ok(save_keys(dir, |file| io::copy(&mut slots, file).map(drop))?)
    }
}
