//! Where each ticket of an import stands: which of its events the lines have met, and what the next line is to it.

use super::ImportError;
use super::lines::Chunk;
use crate::codec::ticket::{TicketCodec, TicketEvent};
use crate::log::{LogReader, StoreError};
use crate::ndjson::{Line, write_line};
use crate::position::{Position, Version};
use crate::sealing::Pseudonym;
use crate::stream::StreamName;
use daftar_domain::ids::{CustomerId, TicketId};
use daftar_domain::ticket::{admit, evolve};
use daftar_domain::{Actor, Event, EventKind, Ticket, Timestamp};
use futures_util::future::try_join_all;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The most tickets kept in memory from one chunk to the next.
const TICKETS_KEPT_MAX: usize = 65_536;
/// The most events of the log that are kept in memory with them.
const EVENTS_KEPT_MAX: usize = 1 << 20;

/// The start of the BLAKE3 of an event's own line: equal events have equal ones.
type Likeness = [u8; 16];

/// How far an import has come with a ticket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Walked {
    /// The version of the last event met: the next line without an id is compared with the event after it.
    pub(super) cursor: Version,
    /// Whether a line of the ticket was taken or met before.
    pub(super) begun: bool,
    /// The source its last line came from, counted from 0.
    source: u32,
}

/// What a line is to its ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The log has this event.
    Present,
    /// It comes next in the ticket's history.
    Next,
    /// History can't take it.
    Rejected(String),
}

/// Every ticket that lines were about.
pub(super) struct Walk {
    tickets: HashMap<TicketId, Known>,
    /// Tickets that are no longer in memory.
    left: HashMap<TicketId, Walked>,
    /// What the ids begin with that exports give to this log's events.
    own_ids: Arc<str>,
    /// Counts chunks, to tell which tickets were met lately.
    round: u64,
    /// Whether nothing is appended, so that what was taken can't be read back.
    dry_run: bool,
    /// How many sources came before the one that is read.
    source: u32,
}

/// A ticket in memory.
pub(super) struct Known {
    pub(super) ticket: Ticket,
    /// Whose key seals its content.
    pub(super) owner: Option<Pseudonym>,
    pub(super) walked: Walked,
    /// The events the log had when the ticket was read.
    events: Vec<KnownEvent>,
    /// The sources' own ids.
    ids: HashMap<String, (Version, Likeness)>,
    /// Whether it remembers the events that are taken, because they can't be read back.
    remembers: bool,
    /// Whether an opening stands further on in the chunk: what comes before it is no news, but out of its place.
    opening_ahead: bool,
    round: u64,
}

/// What is kept of an event of the log.
struct KnownEvent {
    likeness: Likeness,
    position: Position,
    name: &'static str,
    occurred_at: Timestamp,
    forgotten: bool,
}

impl Walk {
    pub(super) fn new(log_id: &[u8; 16], dry_run: bool) -> Self {
        let own_ids = event_id(log_id, "").into();
        Self { tickets: HashMap::new(), left: HashMap::new(), own_ids, round: 0, dry_run, source: 0 }
    }

    /// Lets go of every ticket, so that it is read again with what was appended, and keeps how far it has come: a
    /// source may go on where the one before ended. A dry run remembers what it took.
    pub(super) fn begin_source(&mut self) {
        self.source += 1;
        if !self.dry_run {
            self.left.extend(self.tickets.drain().map(|(id, known)| (id, known.walked)));
        }
    }

    /// Reads the tickets of a chunk that are not in memory.
    pub(super) async fn meet(
        &mut self,
        log: &dyn LogReader,
        codec: &TicketCodec,
        chunk: &Chunk,
    ) -> Result<(), StoreError> {
        self.round += 1;
        let named: HashSet<&TicketId> = chunk.lines.iter().flat_map(|l| &l.parsed).map(|l| &l.ticket).collect();
        let (here, missing): (Vec<_>, Vec<_>) = named.into_iter().partition(|id| self.tickets.contains_key(id));
        for id in here {
            self.tickets.entry(id.clone()).and_modify(|known| known.round = self.round);
        }
        let read = try_join_all(missing.into_iter().map(|id| async move { Ok((id, read(log, codec, id).await?)) }));
        for (id, known) in read.await? {
            let walked = self.left.remove(id).unwrap_or_default();
            self.tickets.insert(id.clone(), Known { walked, round: self.round, remembers: self.dry_run, ..known });
        }
        for line in chunk.lines.iter().flat_map(|line| &line.parsed).filter(|line| opens(line)) {
            self.tickets.entry(line.ticket.clone()).and_modify(|known| known.opening_ahead = true);
        }
        Ok(())
    }

    /// Reads one ticket anew, somebody else having written to it; the import stands where it stood.
    pub(super) async fn meet_again(
        &mut self,
        log: &dyn LogReader,
        codec: &TicketCodec,
        id: &TicketId,
        walked: Walked,
    ) -> Result<(), StoreError> {
        let known = read(log, codec, id).await?;
        self.tickets.insert(id.clone(), Known { walked, round: self.round, ..known });
        Ok(())
    }

    /// The ticket of a line of the chunk that was met last.
    pub(super) fn ticket(&mut self, id: &TicketId) -> Result<&mut Known, ImportError> {
        self.tickets.get_mut(id).ok_or_else(|| StoreError::failed("importing", format!("{id} was never read")).into())
    }

    /// Says what a line is to its ticket, and moves the ticket on where it is met or taken.
    pub(super) fn judge(&mut self, line: &mut Line) -> Result<Verdict, ImportError> {
        let own_ids = Arc::clone(&self.own_ids);
        let source = self.source;
        let known = self.ticket(&line.ticket)?;
        if known.walked.source != source {
            // A source that begins with the ticket's opening tells it from the start, one that does not goes on.
            let cursor = if opens(line) { Version::ZERO } else { known.walked.cursor };
            known.walked = Walked { cursor, source, ..known.walked };
        }
        name_customer(&mut line.event, known.ticket.customer.as_ref());
        known.opening_ahead &= !opens(line);
        Ok(match line.event_id {
            Some(_) => known.identified(line, &own_ids),
            None => known.next_in_turn(line),
        })
    }

    /// Lets go of tickets that were not met lately, when there are many.
    pub(super) fn let_go(&mut self) {
        let events: usize = self.tickets.values().map(|known| known.events.len()).sum();
        if self.tickets.len() <= TICKETS_KEPT_MAX && events <= EVENTS_KEPT_MAX {
            return;
        }
        for (id, known) in self.tickets.extract_if(|_, known| known.round < self.round) {
            if known.walked != Walked::default() {
                self.left.insert(id, known.walked);
            }
        }
    }
}

/// The id that exports give to an event of this log that has none of its source.
#[must_use]
pub fn event_id(log_id: &[u8; 16], position: impl std::fmt::Display) -> String {
    let hex: String = log_id.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}-{position}")
}

async fn read(log: &dyn LogReader, codec: &TicketCodec, id: &TicketId) -> Result<Known, StoreError> {
    let events = log.read_stream(&StreamName::ticket(id.as_str()), Version::ZERO, usize::MAX).await?;
    let mut known = Known {
        ticket: Ticket::default(),
        owner: None,
        walked: Walked::default(),
        events: Vec::with_capacity(events.len()),
        ids: HashMap::new(),
        remembers: false,
        opening_ahead: false,
        round: 0,
    };
    events.iter().try_for_each(|recorded| codec.decode(recorded).map(|event| known.add(event)))?;
    Ok(known)
}

impl Known {
    fn version(&self) -> Version {
        Version(self.ticket.version)
    }

    /// Adds an event of the log.
    fn add(&mut self, read: TicketEvent) {
        let TicketEvent { event, ticket, .. } = read;
        self.owner = self.owner.or(read.owner);
        self.ticket = evolve(std::mem::take(&mut self.ticket), &event);
        let (name, occurred_at) = (event.kind.name(), event.occurred_at);
        let likeness = likeness_of(&ticket, event);
        self.events.push(KnownEvent {
            likeness,
            position: read.position,
            name,
            occurred_at,
            forgotten: read.forgotten,
        });
        if let Some(id) = read.origin.source_event {
            self.ids.insert(id, (read.version, likeness));
        }
    }

    /// A line with the source's own id of its event: the id says which event it is.
    fn identified(&mut self, line: &Line, own_ids: &str) -> Verdict {
        let id = line.event_id.as_deref().unwrap_or_default();
        let likeness = likeness_of(&line.ticket, line.event.clone());
        match self.find(id, own_ids) {
            Some((version, known)) if known == likeness => {
                self.walked = Walked { cursor: self.walked.cursor.max(version), begun: true, ..self.walked };
                Verdict::Present
            }
            Some((version, _)) => {
                let what = self.described(version);
                Verdict::Rejected(format!(
                    "event_id \"{id}\" is known, and the line differs from version {version}{what}"
                ))
            }
            None if self.is_before_its_opening() => Verdict::Rejected(
                "stands before the opening of its ticket: an opening comes first, in a file too".to_owned(),
            ),
            None => {
                let verdict = self.at_the_end(line);
                if verdict == Verdict::Next {
                    self.ids.insert(id.to_owned(), (self.version(), likeness));
                }
                verdict
            }
        }
    }

    /// The event with that id: its source's, or the one exports of this log give it.
    fn find(&self, id: &str, own_ids: &str) -> Option<(Version, Likeness)> {
        self.ids.get(id).copied().or_else(|| {
            let position = Position(id.strip_prefix(own_ids)?.parse().ok()?);
            let index = self.events.binary_search_by_key(&position, |event| event.position).ok()?;
            Some((Version(u32::try_from(index + 1).ok()?), self.events[index].likeness))
        })
    }

    /// A line without an id: the next of its ticket's events, or a new one.
    fn next_in_turn(&mut self, line: &Line) -> Verdict {
        let Some(next) = self.events.get(self.walked.cursor.0 as usize).filter(|_| self.walked.cursor < self.version())
        else {
            return self.at_the_end(line);
        };
        if next.likeness == likeness_of(&line.ticket, line.event.clone()) {
            self.walked = Walked { cursor: self.walked.cursor.next(), begun: true, ..self.walked };
            return Verdict::Present;
        }
        let first = !self.walked.begun && !self.is_before_its_opening();
        if first && self.ticket.last_event_at.is_some_and(|last| line.event.occurred_at > last) {
            return self.at_the_end(line);
        }
        let version = self.walked.cursor.next();
        let (what, late) = (self.described(version), self.too_late(&line.event));
        Verdict::Rejected(format!("differs from version {version}{what}{late}"))
    }

    /// Says so when an event happened before the one it would follow.
    fn too_late(&self, event: &Event) -> String {
        let before = (self.walked.cursor.0 as usize).checked_sub(1).and_then(|index| self.events.get(index));
        before.filter(|before| event.occurred_at < before.occurred_at).map_or_else(String::new, |before| {
            let (version, happened) = (self.walked.cursor, before.occurred_at);
            format!(" and runs backwards in time: version {version} happened at {happened}")
        })
    }

    /// Whether a line of a ticket that the log has comes in a file before the ticket's opening. When the log did not
    /// have the ticket, such a line was rejected; so it is now, or the same file would add something the second time.
    fn is_before_its_opening(&self) -> bool {
        self.opening_ahead && !self.walked.begun && self.ticket.exists()
    }

    /// The event after all others, if history takes it.
    fn at_the_end(&mut self, line: &Line) -> Verdict {
        let event = &line.event;
        if let Err(rejection) = admit(&self.ticket, event) {
            return Verdict::Rejected(rejection.to_string());
        }
        if self.remembers {
            let likeness = likeness_of(&line.ticket, event.clone());
            let (name, occurred_at) = (event.kind.name(), event.occurred_at);
            // No line can name its position: it has none.
            let position = Position(u64::MAX);
            self.events.push(KnownEvent { likeness, position, name, occurred_at, forgotten: false });
        }
        self.ticket = evolve(std::mem::take(&mut self.ticket), event);
        self.walked = Walked { cursor: self.version(), begun: true, ..self.walked };
        Verdict::Next
    }

    /// What stands at a version, for someone who looks at a line that differs from it.
    fn described(&self, version: Version) -> String {
        let event = (version.0 as usize).checked_sub(1).and_then(|index| self.events.get(index));
        event.map_or_else(String::new, |KnownEvent { name, occurred_at, forgotten, .. }| {
            let forgotten = if *forgotten { ", whose content was forgotten" } else { "" };
            format!(" of the ticket ({name} at {occurred_at}{forgotten})")
        })
    }
}

fn opens(line: &Line) -> bool {
    matches!(line.event.kind, EventKind::TicketOpened(_))
}

/// Gives a customer without an id the ticket's own.
fn name_customer(event: &mut Event, own: Option<&CustomerId>) {
    let own = match &event.kind {
        EventKind::TicketOpened(opening) => opening.customer.as_ref(),
        _ => own,
    };
    event.by = event.by.take().map(|by| by.or_own_customer(own));
}

/// Equal for equal events alone. Who opened a ticket is its customer when left out, so both say the same.
fn likeness_of(ticket: &TicketId, mut event: Event) -> Likeness {
    if let EventKind::TicketOpened(opening) = &event.kind
        && event.by == Some(Actor::Customer(opening.customer.clone()))
    {
        event.by = None;
    }
    let mut text = Vec::with_capacity(512);
    let line = Line { ticket: ticket.clone(), event, event_id: None, position: None, version: None, recorded_at: None };
    write_line(&mut text, &line);
    let mut likeness = [0; 16];
    likeness.copy_from_slice(&blake3::hash(&text).as_bytes()[..16]);
    likeness
}
