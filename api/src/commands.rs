//! Commands: the only place where rules meet the log.
//!
//! A command is decided on the ticket as it is known here; its events are appended behind the version it was decided
//! on. Who wrote first wins: the other decides again, a bounded number of times. A refusal, and an answer that nothing
//! changes, that rest on a ticket from memory are decided once more on the ticket as the log has it.

use crate::hot_tickets::{HotTickets, Known};
use daftar_domain::ids::TicketId;
use daftar_domain::ticket::{Command, Rejection, decide, evolve};
use daftar_domain::{Event, EventKind, Invalid, Limits, Ticket, Timestamp};
use daftar_eventlog::codec::ticket::{Origin, TicketCodec};
use daftar_eventlog::import::event_id;
use daftar_eventlog::ndjson::{Line, line_of};
use daftar_eventlog::sealing::Pseudonym;
use daftar_eventlog::vocabulary::SharedVocabulary;
use daftar_eventlog::{
    AppendError, Appended, CommandStamp, Commit, EventLog, NewEvent, Position, StoreError, StreamName, Version,
};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use tokio::sync::Mutex as AsyncMutex;

#[cfg(test)]
mod tests;

/// How often a command is decided again before its sender is told that others keep writing to the ticket.
const ATTEMPTS_MAX: usize = 16;
/// A version that no ticket has: a commit that expects it is never kept.
const NO_VERSION: Version = Version(u32::MAX);
/// How many tickets can be waited for apart.
const TURNS: usize = 1024;
/// How many acts are handed to the log at a time when a history is filled in.
const FILLED_AT_A_TIME: usize = 1024;

/// A command on one ticket, and under which conditions it is wanted.
#[derive(Debug, Clone)]
pub struct Request {
    /// The ticket.
    pub ticket: TicketId,
    /// What is wanted.
    pub command: Command,
    /// The version the ticket must have.
    pub if_version: Option<u32>,
    /// By what a retry is known.
    pub stamp: Option<CommandStamp>,
    /// The time, taken once.
    pub now: Timestamp,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The ticket.
    pub ticket: TicketId,
    /// Its version after it.
    pub version: Version,
    /// Position of its last event; where it changed nothing, of the log's last event then.
    pub position: Position,
    /// Its events, none where it changed nothing.
    pub events: Vec<Line>,
}

/// Why nothing came of a command.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommandError {
    /// A rule says no.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Values break their own rules.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Invalid>),
    /// The ticket has another version than the one asked for.
    #[error("the ticket is at version {actual}, not at {expected}: read it again and decide anew")]
    StaleVersion {
        /// The version asked for.
        expected: u32,
        /// The version it has.
        actual: u32,
    },
    /// Others kept writing to the ticket.
    #[error("others keep writing to the ticket: try again")]
    Contended,
    /// The key came with another command before.
    #[error("this Idempotency-Key came with another command before: choose a new key for a new command")]
    KeyReused,
    /// It is too large for the log.
    #[error("it is too large: {0}")]
    TooLarge(String),
    /// The log failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Something known to have been wanted at its time, for [`Commands::fill`].
#[derive(Debug, Clone)]
pub struct Timed {
    /// When.
    pub at: Timestamp,
    /// On which ticket.
    pub ticket: TicketId,
    /// What.
    pub command: Command,
}

/// Carries out commands on one log.
pub struct Commands {
    log: Arc<dyn EventLog>,
    codec: TicketCodec,
    hot: HotTickets,
    limits: Limits,
    vocabulary: SharedVocabulary,
    turns: Box<[AsyncMutex<()>]>,
    turns_by: RandomState,
}

/// What a command leads to on a ticket as it is known.
struct Judged {
    version: u32,
    owner: Option<Pseudonym>,
    verdict: Result<Vec<Event>, CommandError>,
}

/// How one attempt ended.
enum Attempt {
    Done(Outcome),
    /// What is in memory is not enough, or may be old.
    Again,
    /// Somebody wrote first.
    Overtaken,
}

impl Commands {
    /// Commands on `log`, whose values of dimensions so far are in `vocabulary`.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, codec: TicketCodec, vocabulary: SharedVocabulary) -> Self {
        let turns = (0..TURNS).map(|_| AsyncMutex::new(())).collect();
        let (hot, limits, turns_by) = (HotTickets::default(), Limits::default(), RandomState::new());
        Self { log, codec, hot, limits, vocabulary, turns, turns_by }
    }

    /// Carries out a command; when it answers, its events are durable.
    ///
    /// A request whose stamp was carried out before gets the first answer again, whatever the ticket is now.
    ///
    /// # Errors
    ///
    /// [`CommandError`]; nothing of the command is kept then, but after [`CommandError::Store`] that is not known.
    pub async fn carry_out(&self, request: &Request) -> Result<Outcome, CommandError> {
        if let Some(outcome) = self.first_answer(request).await? {
            return Ok(outcome);
        }
        let (mut fresh, mut turn) = (None, None);
        for _ in 0..ATTEMPTS_MAX {
            match self.attempt(request, fresh.take()).await? {
                Attempt::Done(outcome) => return Ok(outcome),
                Attempt::Again => {}
                // From here on one after the other, so that many who want the same ticket don't wear each other out.
                Attempt::Overtaken if turn.is_none() => turn = Some(self.turn(&request.ticket).lock().await),
                Attempt::Overtaken => {}
            }
            fresh = Some(self.load(&request.ticket).await?);
        }
        Err(CommandError::Contended)
    }

    /// Whose turn it is on a ticket; a few tickets share one.
    fn turn(&self, ticket: &TicketId) -> &AsyncMutex<()> {
        let hash = usize::try_from(self.turns_by.hash_one(ticket) % TURNS as u64).unwrap_or(0);
        &self.turns[hash]
    }

    /// What came of the same request before, if anything did.
    async fn first_answer(&self, request: &Request) -> Result<Option<Outcome>, CommandError> {
        match request.stamp {
            Some(stamp) if self.log.knows_command(&stamp.id) => {
                // The log answers after its next sync, so the first one is durable by then.
                match self.append(request, NO_VERSION, Vec::new()).await {
                    Err(AppendError::Duplicate { first, count }) => self.retold(request, first, count).await.map(Some),
                    Err(AppendError::Conflict { .. }) => Ok(None),
                    Ok(_) => Err(StoreError::failed("looking up a command", "the log forgot it").into()),
                    Err(refused) => Err(refused.into()),
                }
            }
            _ => Ok(None),
        }
    }

    /// One attempt, on a ticket just read, else on the one in memory.
    async fn attempt(&self, request: &Request, fresh: Option<Known>) -> Result<Attempt, CommandError> {
        let judged = match &fresh {
            Some(known) => Some(judge(known, request)),
            None => self.hot.with(&request.ticket, |known| judge(known, request)),
        };
        let Some(Judged { version, owner, verdict }) = judged else { return Ok(Attempt::Again) };
        match (verdict, fresh.is_some()) {
            (Ok(events), certain) if certain || !events.is_empty() => {
                self.check(&events)?;
                self.append_granted(request, fresh, (Version(version), owner), events).await
            }
            // The same request may have been carried out beside this one.
            (Err(refused), true) => self.first_answer(request).await?.map(Attempt::Done).ok_or(refused),
            _ => Ok(Attempt::Again),
        }
    }

    /// Appends what was granted on the ticket at a version, and moves the ticket in memory on.
    async fn append_granted(
        &self,
        request: &Request,
        fresh: Option<Known>,
        (version, owner): (Version, Option<Pseudonym>),
        events: Vec<Event>,
    ) -> Result<Attempt, CommandError> {
        if events.is_empty() && request.stamp.is_none() {
            let position = *self.log.durable().borrow();
            return Ok(Attempt::Done(outcome(request, version, position, Vec::new())));
        }
        let owner = self.owner(owner, &events)?;
        let sealed = self.seal(request, owner, version, &events)?;
        match self.append(request, version, sealed).await {
            Ok(appended) => {
                self.move_on(request, fresh, (version, owner), &events);
                Ok(Attempt::Done(self.carried_out(request, version, appended, events)))
            }
            Err(AppendError::Duplicate { first, count }) => self.retold(request, first, count).await.map(Attempt::Done),
            Err(refused) => {
                self.hot.forget(&request.ticket);
                if matches!(refused, AppendError::Conflict { .. }) {
                    Ok(Attempt::Overtaken)
                } else {
                    Err(refused.into())
                }
            }
        }
    }

    fn move_on(
        &self,
        request: &Request,
        fresh: Option<Known>,
        (version, owner): (Version, Pseudonym),
        events: &[Event],
    ) {
        match fresh {
            Some(known) => {
                let ticket = events.iter().fold(known.ticket, evolve);
                self.hot.put(&request.ticket, Known { ticket, owner: Some(owner) });
            }
            None => self.hot.advance(&request.ticket, version.0, events),
        }
    }

    /// Whose key seals the events: the ticket's, which its opening makes.
    fn owner(&self, known: Option<Pseudonym>, events: &[Event]) -> Result<Pseudonym, StoreError> {
        match (known, events.first().map(|event| &event.kind)) {
            (Some(owner), _) => Ok(owner),
            (None, Some(EventKind::TicketOpened(opening))) => self.codec.owner_of(opening),
            (None, _) => Err(StoreError::failed("sealing an event", "its ticket has no key")),
        }
    }

    /// Checks what is not the ticket's to say: lengths, and room for new values of dimensions.
    fn check(&self, events: &[Event]) -> Result<(), CommandError> {
        let mut vocabulary = self.vocabulary.lock();
        for event in events {
            self.limits.check(&event.kind).map_err(CommandError::Invalid)?;
            vocabulary.room_for(&event.kind).map_err(|invalid| CommandError::Invalid(vec![invalid]))?;
        }
        // Taken before the log has them, so that no two commands take the last place.
        events.iter().for_each(|event| vocabulary.add(&event.kind));
        Ok(())
    }

    fn seal(
        &self,
        request: &Request,
        owner: Pseudonym,
        version: Version,
        events: &[Event],
    ) -> Result<Vec<NewEvent>, StoreError> {
        let origin = Origin { command: request.stamp, ..Origin::default() };
        let seal = |(event, n): (&Event, u32)| {
            self.codec.encode(&request.ticket, owner, Version(version.0.saturating_add(n)), event, &origin)
        };
        events.iter().zip(1..).map(seal).collect()
    }

    async fn append(
        &self,
        request: &Request,
        expected: Version,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let stream = StreamName::ticket(request.ticket.as_str());
        self.log.append(Commit { stream, expected, events, command: request.stamp, recorded_at: None }).await
    }

    /// A ticket as the log has it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read.
    pub async fn ticket(&self, id: &TicketId) -> Result<Ticket, StoreError> {
        self.load(id).await.map(|known| known.ticket)
    }

    /// Reads a ticket from the log.
    async fn load(&self, id: &TicketId) -> Result<Known, StoreError> {
        let stream = StreamName::ticket(id.as_str());
        let mut known = Known::default();
        for recorded in self.log.read_stream(&stream, Version::ZERO, usize::MAX).await? {
            let read = self.codec.decode(&recorded)?;
            known.owner = known.owner.or(read.owner);
            known.ticket = evolve(known.ticket, &read.event);
        }
        Ok(known)
    }

    fn carried_out(&self, request: &Request, before: Version, appended: Appended, events: Vec<Event>) -> Outcome {
        let Appended { last, count, recorded_at } = appended;
        let log_id = self.log.identity().log_id;
        let line = |(event, n): (Event, u32)| {
            let position = last.0 - u64::from(count - n);
            Line {
                ticket: request.ticket.clone(),
                event,
                event_id: Some(event_id(&log_id, position)),
                position: Some(position),
                version: Some(before.0 + n),
                recorded_at: Some(recorded_at),
            }
        };
        let events = events.into_iter().zip(1..).map(line).collect();
        outcome(request, Version(before.0 + count), last, events)
    }

    /// The first answer to a command carried out before, from the log.
    async fn retold(&self, request: &Request, first: Position, count: u32) -> Result<Outcome, CommandError> {
        let before = Position(first.0.saturating_sub(1));
        if count == 0 {
            let stream = StreamName::ticket(request.ticket.as_str());
            let events = self.log.read_stream(&stream, Version::ZERO, usize::MAX).await?;
            let version = events.iter().filter(|event| event.position <= before).count();
            let version = Version(u32::try_from(version).unwrap_or(u32::MAX));
            return Ok(outcome(request, version, before, Vec::new()));
        }
        let recorded = self.log.read_events(before, usize::try_from(count).unwrap_or(usize::MAX)).await?;
        let lines = recorded.iter().map(|recorded| line_of(&self.codec, recorded));
        let lines = lines.collect::<Result<Vec<_>, _>>()?;
        let last = lines.last().ok_or_else(|| StoreError::failed("reading a command's events", "they are gone"))?;
        let version = Version(last.version.unwrap_or_default());
        let (ticket, position) = (last.ticket.clone(), Position(first.0 + u64::from(count) - 1));
        Ok(Outcome { ticket, version, position, events: lines })
    }

    /// Carries out what is known to have been wanted, in order of time, each recorded at its own time: for a log that
    /// nobody else writes to. Told how many acts were carried out after each batch.
    ///
    /// # Errors
    ///
    /// [`CommandError`] of the first act that is refused; those before it may be kept.
    pub async fn fill(
        &self,
        acts: impl IntoIterator<Item = Timed>,
        mut progress: impl FnMut(usize),
    ) -> Result<(), CommandError> {
        let (mut tickets, mut commits, mut done) = (HashMap::<TicketId, Known>::new(), Vec::new(), 0);
        for act in acts {
            let known = tickets.entry(act.ticket.clone()).or_default();
            commits.extend(self.filled_in(known, act)?);
            done += 1;
            if commits.len() >= FILLED_AT_A_TIME {
                self.append_all(std::mem::take(&mut commits)).await?;
                progress(done);
            }
        }
        self.append_all(commits).await?;
        progress(done);
        Ok(())
    }

    fn filled_in(&self, known: &mut Known, act: Timed) -> Result<Option<Commit>, CommandError> {
        let Timed { at, ticket, command } = act;
        let request = Request { ticket, command, if_version: None, stamp: None, now: at };
        let events = judge(known, &request).verdict?;
        if events.is_empty() {
            return Ok(None);
        }
        self.check(&events)?;
        let (version, owner) = (Version(known.ticket.version), self.owner(known.owner, &events)?);
        let sealed = self.seal(&request, owner, version, &events)?;
        known.owner = Some(owner);
        known.ticket = events.iter().fold(std::mem::take(&mut known.ticket), evolve);
        let stream = StreamName::ticket(request.ticket.as_str());
        Ok(Some(Commit { stream, expected: version, events: sealed, command: None, recorded_at: Some(at) }))
    }

    async fn append_all(&self, commits: Vec<Commit>) -> Result<(), CommandError> {
        self.log.append_in_order(commits).await.into_iter().try_for_each(|answer| answer.map(drop)).map_err(Into::into)
    }
}

fn judge(known: &Known, request: &Request) -> Judged {
    let Known { ticket, owner } = known;
    let granted = decide(ticket, request.command.clone(), request.now);
    let granted = granted.map(|events| events.into_iter().map(|event| customer_named(ticket, event)).collect());
    let stale = request.if_version.filter(|expected| *expected != ticket.version);
    let verdict = match (granted, stale) {
        // That there is no such ticket says more than that it has no such version.
        (Err(Rejection::NotOpened), _) => Err(Rejection::NotOpened.into()),
        (granted, None) => granted.map_err(CommandError::from),
        (_, Some(expected)) => Err(CommandError::StaleVersion { expected, actual: ticket.version }),
    };
    Judged { version: ticket.version, owner: *owner, verdict }
}

/// The event, its actor, where that is a customer without an id, being the ticket's own: as an import would record it.
fn customer_named(ticket: &Ticket, mut event: Event) -> Event {
    let own = match &event.kind {
        EventKind::TicketOpened(opening) => opening.customer.as_ref(),
        _ => ticket.customer.as_ref(),
    };
    event.by = event.by.map(|by| by.or_own_customer(own));
    event
}

fn outcome(request: &Request, version: Version, position: Position, events: Vec<Line>) -> Outcome {
    Outcome { ticket: request.ticket.clone(), version, position, events }
}

impl From<AppendError> for CommandError {
    fn from(refused: AppendError) -> Self {
        match refused {
            AppendError::KeyReused => Self::KeyReused,
            AppendError::Unstorable(why) => Self::TooLarge(why),
            AppendError::Store(failure) => Self::Store(failure),
            // Both are answered where they come up; a log that gives them elsewhere is busy at least.
            AppendError::Conflict { .. } | AppendError::Duplicate { .. } => Self::Contended,
        }
    }
}
