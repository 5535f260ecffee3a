//! The help desk over HTTP: one list of routes, and what all handlers share.
//!
//! Handlers translate: from address, headers and body to a command or a query, and back. They decide nothing.

mod accept;
mod answer;
mod asked;
#[cfg(test)]
pub(crate) mod bed;
mod compression;
mod definitions;
mod events;
mod explain;
mod feed;
mod guard;
mod lists;
mod live;
mod metrics;
mod ops;
mod problem;
mod reports;
mod resolve;
mod rows_cache;
mod segments;
mod snapshots;
mod sse;
mod ticket_view;
mod tickets;

pub use problem::{Problem, Slug};

use crate::checkpoints::Checkpoints;
use crate::commands::Commands;
use crate::definitions::{DEFAULT, Definitions};
use crate::snapshots::Snapshots;
use asked::Waiting;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use daftar_domain::Timestamp;
use daftar_eventlog::clock::Clock;
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::ndjson::Wish;
use daftar_eventlog::sealing::KeyStore;
use daftar_eventlog::vocabulary::{SharedVocabulary, Vocabulary};
use daftar_eventlog::{EventLog, LogReader, Position, StoreError};
use daftar_projections::definition::document::Definition;
use daftar_projections::live::Live;
use daftar_projections::live::basis::Basis;
use daftar_projections::live::resident::{BYTES_MAX, Resident};
use rows_cache::RowsCache;
use sse::Streams;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tower_http::catch_panic::CatchPanicLayer;

/// How many commands may be under way; more are told to come back.
const COMMANDS_MAX: usize = 4096;
/// How many bulks of history may be under way: each holds a thread while it comes in.
const BULKS_MAX: usize = 8;
/// How many queries that compute may be under way.
const QUERIES_MAX: usize = 256;
/// How many queries may wait for what they are answered from; they hold nothing but themselves.
const WAITING_MAX: usize = 4096;

/// How long a publication waits for the figures under it before it is answered.
const PREPARING: Duration = Duration::from_secs(2);

/// A help desk: its log, its commands, and what is read of it.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    log: Arc<dyn EventLog>,
    codec: TicketCodec,
    vocabulary: SharedVocabulary,
    commands: Commands,
    definitions: Definitions,
    snapshots: Snapshots,
    live: Arc<Live>,
    resident: Resident,
    rows: RowsCache,
    streams: Streams,
    clock: Clock,
    commands_running: Semaphore,
    queries_running: Arc<Semaphore>,
    queries_waiting: Semaphore,
    bulks_running: Semaphore,
}

impl Desk {
    /// A desk over a log and the keys of its content; `clock` is the time of commands.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read.
    pub async fn open(log: Arc<dyn EventLog>, keys: Arc<dyn KeyStore>, clock: Clock) -> Result<Self, StoreError> {
        Self::resuming(&mut Checkpoints::none(), log, keys, clock, BYTES_MAX).await
    }

    /// The same, whose figures go on from the newest checkpoint there is, and where states under other definitions than
    /// the default may take so many bytes together, as estimated.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read.
    pub async fn resuming(
        checkpoints: &mut Checkpoints,
        log: Arc<dyn EventLog>,
        keys: Arc<dyn KeyStore>,
        clock: Clock,
        definitions_memory: u64,
    ) -> Result<Self, StoreError> {
        let codec = TicketCodec::new(keys, log.identity().log_id);
        // A large log takes a while to be looked through: the checkpoint is read on another thread meanwhile.
        let looking = Arc::clone(&log);
        let looking = tokio::spawn(async move { Vocabulary::of(&*looking).await });
        let definitions = Definitions::open(Arc::clone(&log)).await?;
        let snapshots = Snapshots::new(Arc::clone(&log));
        let reader = Arc::clone(&log) as Arc<dyn LogReader>;
        let default = definitions.at(DEFAULT, Position(u64::MAX)).await?.unwrap_or_default();
        let live = Arc::new(Live::under(default.document.folded(), Arc::clone(&reader)));
        checkpoints.resume(&live, &*reader).await?;
        let resident = Resident::beside(Arc::clone(&live), reader, definitions_memory);
        let vocabulary = looking.await.map_err(|e| StoreError::failed("reading facts", e))??;
        let vocabulary = SharedVocabulary::new(vocabulary);
        let commands = Commands::new(Arc::clone(&log), codec.clone(), vocabulary.clone());
        let (commands_running, queries_running) = (Semaphore::new(COMMANDS_MAX), Arc::new(Semaphore::new(QUERIES_MAX)));
        let (queries_waiting, bulks_running) = (Semaphore::new(WAITING_MAX), Semaphore::new(BULKS_MAX));
        Ok(Self(Arc::new(Inner {
            log,
            codec,
            vocabulary,
            commands,
            definitions,
            snapshots,
            live,
            resident,
            rows: RowsCache::default(),
            streams: Streams::default(),
            clock,
            commands_running,
            queries_running,
            queries_waiting,
            bulks_running,
        })))
    }

    /// Its log.
    #[must_use]
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.0.log
    }

    /// What encodes its events.
    #[must_use]
    pub fn codec(&self) -> &TicketCodec {
        &self.0.codec
    }

    /// Its commands.
    #[must_use]
    pub fn commands(&self) -> &Commands {
        &self.0.commands
    }

    /// Its metric definitions.
    #[must_use]
    pub fn definitions(&self) -> &Definitions {
        &self.0.definitions
    }

    /// Its published reports.
    #[must_use]
    pub fn snapshots(&self) -> &Snapshots {
        &self.0.snapshots
    }

    /// What is read of it.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.0.live
    }

    /// What is read of it under other definitions.
    fn resident(&self) -> &Resident {
        &self.0.resident
    }

    /// The rows of its reports that are kept.
    fn rows(&self) -> &RowsCache {
        &self.0.rows
    }

    /// What is told of it on and on.
    fn streams(&self) -> &Streams {
        &self.0.streams
    }

    /// Ends its streams, and those that come later as soon as they begin: a server that ends does not wait for them.
    pub fn end_streams(&self) {
        self.streams().end();
    }

    /// The values of dimensions its log has.
    fn vocabulary(&self) -> &SharedVocabulary {
        &self.0.vocabulary
    }

    /// The clock of its commands.
    fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// Takes a place among the commands under way, until it is dropped.
    fn begin_command(&self) -> Result<SemaphorePermit<'_>, Problem> {
        begin(&self.0.commands_running)
    }

    /// Takes a place among the bulks under way, until it is dropped.
    fn begin_bulk(&self) -> Result<SemaphorePermit<'_>, Problem> {
        begin(&self.0.bulks_running)
    }

    /// Takes a place among the queries that wait for what they are answered from, until it is dropped.
    fn begin_waiting(&self) -> Result<SemaphorePermit<'_>, Problem> {
        begin(&self.0.queries_waiting)
    }

    /// Takes a place among the queries that compute, until it is dropped.
    fn begin_query(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.0.queries_running).try_acquire_owned().map_err(|_| too_many())
    }

    /// Computes on a thread that may take its time.
    async fn compute<T: Send + 'static>(
        &self,
        compute: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let desk = self.clone();
        tokio::task::spawn_blocking(move || compute(&desk)).await.map_err(|failure| {
            eprintln!("daftar: a query failed: {failure}");
            Problem::new(Slug::Internal, "a mistake on our side; whoever runs this server finds it in its output")
        })
    }

    /// Waits until the read model has come to the position that a query asks for.
    async fn wait(&self, waiting: Waiting) -> Result<(), Problem> {
        let Waiting { position: Some(position), timeout } = waiting else { return Ok(()) };
        if self.live().seen(position, timeout).await {
            return Ok(());
        }
        // A read model that stopped comes nowhere any more; waiting longer does not help.
        self.live().read(|_| ())?;
        let here = *self.live().published().borrow();
        Err(Problem::new(Slug::NotYetSeen, format!("position {position} is asked for; reports are at position {here}")))
    }

    /// Begins to turn to the newest version of the default where the published state stands under another, and waits for
    /// that where the version was published up to `asked`.
    async fn turn_to_default(&self, asked: Position, timeout: Duration) -> Result<(), Problem> {
        let state = self.live().snapshot()?;
        let versions = self.definitions().default_under(state.folded(), state.position()).await?;
        let basis = Basis::from(versions.newest.document.folded());
        let begun = self.resident().let_succeed(&basis);
        let due = self.definitions().at(DEFAULT, asked).await?;
        if due.map(|due| due.version) <= versions.answering.map(|answering| answering.version) {
            return Ok(());
        }
        begun?;
        if self.live().turned_to(&basis, asked, timeout).await {
            return Ok(());
        }
        self.live().snapshot()?;
        Err(self.resident().behind(&basis).into())
    }

    /// Has the state of a definition built, and waits for it for a while; it is built on after that.
    async fn prepare(&self, definition: &Definition, position: Position) {
        // What stands in the way is told to whoever asks for a report. A name is looked up where the live state is, so
        // that must have seen the publication too.
        let state = async {
            if definition.name == DEFAULT {
                let _ = self.turn_to_default(position, PREPARING).await;
            } else {
                let _ = self.resident().snapshot(&definition.folded().into(), position, PREPARING).await;
            }
        };
        tokio::join!(state, self.live().seen(position, PREPARING));
    }
}

fn begin(running: &Semaphore) -> Result<SemaphorePermit<'_>, Problem> {
    running.try_acquire().map_err(|_| too_many())
}

fn too_many() -> Problem {
    Problem::new(Slug::Overloaded, "too many requests are under way; try again")
}

/// Everything that can be asked of a desk.
pub fn router(desk: Desk) -> Router {
    let on_ticket = |action: &str, wish| (format!("/v1/tickets/{{ticket}}/{action}"), tickets::command_on_ticket(wish));
    let commands = [
        on_ticket("assign", Wish::Assign),
        on_ticket("transfer", Wish::Transfer),
        on_ticket("priority", Wish::ChangePriority),
        on_ticket("tags", Wish::ChangeTags),
        on_ticket("replies", Wish::Reply),
        on_ticket("hold", Wish::Hold),
        on_ticket("resume", Wish::Resume),
        on_ticket("close", Wish::Close),
        on_ticket("survey", Wish::SubmitSurvey),
        on_ticket("reopen", Wish::Reopen),
        on_ticket("void", Wish::Void),
        on_ticket("restore", Wish::Restore),
        on_ticket("follow-ups", Wish::RecordFollowUp),
    ];
    commands
        .into_iter()
        .fold(Router::new(), |router, (path, command)| router.route(&path, command))
        .route("/v1/tickets", tickets::opening().merge(lists::tickets()))
        .route("/v1/tickets/{ticket}", tickets::state())
        .route("/v1/tickets/{ticket}/history", tickets::history())
        .route("/v1/tickets/{ticket}/replies/{reply}/rating", tickets::rating())
        .route("/v1/events", feed::feed().merge(events::bulk()))
        .route("/v1/segments", segments::segments())
        .route("/v1/sealing-keys", segments::sealing_keys())
        .route("/v1/definitions", definitions::list())
        .route("/v1/definitions/{name}", definitions::definition())
        .route("/v1/reports/{name}", reports::report())
        .route("/v1/reports/{name}/explain", explain::explained())
        .route("/v1/snapshots", snapshots::list())
        .route("/v1/snapshots/{name}", snapshots::snapshot())
        .route("/v1/live", live::live())
        .route("/healthz", ops::alive())
        .route("/metrics", metrics::metrics())
        .route("/readyz", ops::ready())
        .fallback(ops::nothing_here)
        .method_not_allowed_fallback(ops::another_method)
        .layer(DefaultBodyLimit::max(tickets::BODY_BYTES_MAX))
        .layer(compression::compression())
        .layer(from_fn(compression::one_coding))
        .layer(from_fn(guard::only_from_here))
        .layer(CatchPanicLayer::custom(ops::panicked))
        .with_state(desk)
}
