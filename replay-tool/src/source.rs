//! Where the history comes from: one trait, and a line for each kind of source.

mod backup;
mod data_dir;
mod events;
mod finding;
mod url;

pub(crate) use finding::{Finding, Unopened};

use crate::Failure;
use crate::cli::SourceArguments;
use crate::server::Server;
use async_trait::async_trait;
use backup::Backup;
use daftar_eventlog::backup::directory::keys_file;
use daftar_eventlog::backup::restore::unpack_keys;
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::embedded::key_file::KeyFile;
use daftar_eventlog::import::event_id;
use daftar_eventlog::ndjson::{Line, line_of};
use daftar_eventlog::sealing::{KeyStore, no_keys::NoKeys};
use daftar_eventlog::{LogReader, RecordedEvent, StoreError};
use data_dir::{DataDir, Later};
use events::Events;
use std::path::Path;
use std::sync::Arc;
use url::Running;

/// A history, opened for reading alone.
pub(crate) struct Source {
    pub(crate) log: Arc<dyn LogReader>,
    pub(crate) keys: Arc<dyn KeyStore>,
    /// Whether the time an event was recorded is known, as an `as_of` that is an instant needs.
    pub(crate) tells_recorded_at: bool,
    /// Whether the log's id is its own: a file of events has one that was made for this run.
    pub(crate) has_log_id: bool,
    /// Whether its keys are here: else customers are shown by their pseudonyms, and texts by nothing.
    pub(crate) has_keys: bool,
    /// What its kind carries and this one does not: it was counted.
    pub(crate) lacks: Vec<Carried>,
    /// What was found wrong on the way, though the rest could be read.
    pub(crate) findings: Vec<Finding>,
    /// What may still be found wrong, where not everything was read at opening.
    pub(crate) later: Option<Later>,
}

impl Source {
    /// A log that tells all that logs tell, with its keys, or what stands in for them.
    fn of(log: impl LogReader + 'static, keys: (Arc<dyn KeyStore>, bool)) -> Self {
        Self::of_shared(Arc::new(log), keys)
    }

    fn of_shared(log: Arc<dyn LogReader>, (keys, has_keys): (Arc<dyn KeyStore>, bool)) -> Self {
        let (lacks, findings) = (Vec::new(), Vec::new());
        let (tells_recorded_at, has_log_id, later) = (true, true, None);
        Self { log, keys, tells_recorded_at, has_log_id, has_keys, lacks, findings, later }
    }

    /// Tells what was found wrong since it was opened, once nothing more is read.
    ///
    /// # Errors
    ///
    /// [`Failure`] when what was read is not to be relied on.
    pub(crate) fn end(&self) -> Result<(), Failure> {
        self.later.as_ref().map_or(Ok(()), |later| later.end().map_err(Failure::run))
    }

    /// The line of a ticket's event as an export of this source has it: nothing in it is made up.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the event can't be read.
    pub(crate) fn line(&self, codec: &TicketCodec, event: &RecordedEvent) -> Result<Line, StoreError> {
        let mut line = line_of(codec, event)?;
        if !self.has_log_id {
            let made_up = event_id(codec.log_id(), event.position);
            line.event_id = line.event_id.filter(|id| *id != made_up);
        }
        // A source's own id is sealed: without the keys, nobody knows whether the one made in its place is the event's.
        line.event_id = line.event_id.filter(|_| self.has_keys);
        // What the source does not tell was made of when things happened: told as it is, it would be believed.
        line.recorded_at = line.recorded_at.filter(|_| self.tells_recorded_at);
        Ok(line)
    }
}

/// What a source carries that says whether it is what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carried {
    /// Checksums of records or segments.
    Checksums,
    /// The chain over all events.
    Chain,
    /// Where each event stands in the log.
    Positions,
    /// Where each event stands in its ticket.
    Versions,
}

impl Carried {
    /// All there is, as logs and segments carry it.
    pub(crate) const ALL: &[Self] = &[Self::Checksums, Self::Chain, Self::Positions, Self::Versions];
}

/// What was found where a source is looked through besides being read.
#[derive(Debug, Default)]
pub(crate) struct LookedThrough {
    pub(crate) findings: Vec<Finding>,
    /// Whether so much of it is wrong that it can't be opened.
    pub(crate) unfit: bool,
}

/// A kind of source.
#[async_trait(?Send)]
pub(crate) trait Origin {
    /// What it is called in words.
    fn name(&self) -> String;

    /// What it carries that can be checked.
    fn carries(&self) -> &'static [Carried];

    /// Opens it; whatever it carries is checked as it is read.
    async fn open(&self, quiet: bool) -> Result<Source, Unopened>;

    /// The same for whoever reads facts and hardly anything else: what is not read is not checked.
    async fn open_to_fold(&self, quiet: bool) -> Result<Source, Unopened> {
        self.open(quiet).await
    }

    /// Looks at everything that neither opening nor reading looks at.
    fn look_through(&self, _quiet: bool) -> Result<LookedThrough, Failure> {
        Ok(LookedThrough::default())
    }
}

/// The source that was asked for: every kind has its line.
pub(crate) fn origin_of(arguments: &SourceArguments) -> Result<Box<dyn Origin>, Failure> {
    let key = arguments.key.as_deref();
    let running = arguments.url.as_ref().map(|url| Server::at("--url", url, key)).transpose()?;
    let kinds: [Option<Box<dyn Origin>>; 4] = [
        arguments.data_dir.clone().map(|dir| Box::new(DataDir(dir)) as _),
        arguments.backup.clone().map(|dir| Box::new(Backup(dir)) as _),
        arguments.events.clone().map(|file| Box::new(Events(file)) as _),
        running.map(|server| Box::new(Running(server)) as _),
    ];
    let given = kinds.into_iter().flatten().next();
    given.ok_or_else(|| Failure::usage("give --data-dir, --backup, --url or --events"))
}

/// Opens what was asked for.
///
/// # Errors
///
/// [`Failure`] when it makes no sense, or can't be read.
pub(crate) async fn open(arguments: &SourceArguments, quiet: bool) -> Result<Source, Failure> {
    Ok(asked_for(arguments)?.open(quiet).await?)
}

/// Opens it to be folded; [`Source::end`] tells at the end what was found wrong meanwhile.
///
/// # Errors
///
/// [`Failure`] when it makes no sense, or can't be read.
pub(crate) async fn open_to_fold(arguments: &SourceArguments, quiet: bool) -> Result<Source, Failure> {
    Ok(asked_for(arguments)?.open_to_fold(quiet).await?)
}

fn asked_for(arguments: &SourceArguments) -> Result<Box<dyn Origin>, Failure> {
    if arguments.key.is_some() && arguments.url.is_none() {
        return Err(Failure::usage("--key is for a running server; leave it out, or give --url"));
    }
    origin_of(arguments)
}

/// The keys in a directory, of which a copy is read; none there: customers are known by their pseudonyms.
fn keys_in(dir: &Path, log_id: &[u8; 16]) -> Result<(Arc<dyn KeyStore>, bool), Failure> {
    if !keys_file(dir).exists() {
        return Ok((Arc::new(NoKeys), false));
    }
    // Opening mends what is damaged in one of two files; the ones given stay as they are.
    let copy = tempfile::tempdir().map_err(Failure::run)?;
    unpack_keys(dir, copy.path()).map_err(Failure::run)?;
    let keys = KeyFile::open(copy.path(), log_id).map_err(Failure::run)?;
    Ok((Arc::new(keys), true))
}
