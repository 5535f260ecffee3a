//! The writer's turn: checks a commit against what stands, and gives its events positions, time and chain. No I/O.

pub mod commands;
pub mod streams;
mod table;

use crate::block::{BlockBuilder, StoredRow};
use crate::checksum::{Digest, chain_next};
use crate::codec::{self, v1::EpochBegunV1, v1::MetadataV1};
use crate::epoch::{Epochs, begun_by, epoch_stream};
use crate::genesis::Genesis;
use crate::log::{AppendError, CommandStamp, Commit, StoreError};
use crate::position::{Position, StreamNumber, Version};
use crate::record::{EventBytes, EventHead, NewEvent};
use crate::stream::StreamName;
use daftar_domain::Timestamp;

pub use commands::{COMMAND_KEPT_MICROS, CommandIndex, KeptCommand};
pub use streams::{StreamEnd, StreamIndex};

/// How far ahead of the clock a kept time of recording may be: five minutes. One far ahead would stop the log's time.
pub const AHEAD_MICROS_MAX: i64 = 5 * 60 * 1_000_000;
/// The most events of one commit: what a replicated log takes as one message.
pub const COMMIT_EVENTS_MAX: usize = 1_000;
/// The most bytes of one commit's events.
pub const COMMIT_BYTES_MAX: usize = 900_000;
/// The most events one command may yield: an index rebuilt block by block counts a command whole.
pub const COMMAND_EVENTS_MAX: usize = 64;

/// An event with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Where it stands in the log.
    pub position: Position,
    /// When the log accepted it.
    pub recorded_at: Timestamp,
    /// Its stream's number.
    pub stream: StreamNumber,
    /// Whether it is its stream's first event.
    pub new_stream: bool,
    /// The distance in positions to its stream's event before it; 0: there is none.
    pub back: u32,
    /// The chain value after it.
    pub chain: Digest,
    /// Its canonical bytes.
    pub bytes: EventBytes,
}

impl Placed {
    /// Adds its facts to a block.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when its head is damaged.
    pub fn push_to(&self, builder: &mut BlockBuilder) -> Result<(), StoreError> {
        let head = EventHead::decode(&self.bytes.head).map_err(|e| e.at(self.position))?;
        let row = StoredRow {
            position: self.position,
            version: head.version,
            stream: self.stream,
            back: self.back,
            occurred_at: head.occurred_at,
            recorded_at: self.recorded_at,
            event_type: head.event_type,
            schema: head.schema,
            facts: head.facts,
        };
        builder.push(&row, self.new_stream.then(|| head.stream()).as_ref());
        Ok(())
    }
}

/// A commit with all that can be known of it without the log: made by whoever appends, so that the writer's turn,
/// which all share, is short.
#[derive(Debug)]
pub struct Prepared {
    commit: Commit,
    stream_hash: [u8; 16],
    /// What its one event begins, where it is of the log's own stream.
    epoch: Option<EpochBegunV1>,
    checked: Result<(), AppendError>,
}

impl Prepared {
    /// Checks the commit in itself. What is found is told in the writer's turn, after what stands against it there.
    #[must_use]
    pub fn new(commit: Commit) -> Self {
        let stream_hash = StreamIndex::hash(commit.stream.kind, &commit.stream.id);
        let checked = check_events(&commit).and_then(|()| epoch_of(&commit));
        let epoch = checked.as_ref().ok().copied().flatten();
        Self { checked: checked.map(|_| ()), stream_hash, epoch, commit }
    }

    /// The commit.
    #[must_use]
    pub fn commit(&self) -> &Commit {
        &self.commit
    }
}

/// A commit with its place in the log.
#[derive(Debug, Clone)]
pub struct PlacedCommit {
    /// Position of its first event; of the next event where it has none.
    pub first: Position,
    /// When the log accepted it.
    pub recorded_at: Timestamp,
    /// Its events.
    pub events: Vec<Placed>,
    /// Kept apart where there is no event to carry it.
    pub empty: Option<EmptyCommit>,
}

/// An accepted command that changed nothing: it has a place in the log, but no position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmptyCommit {
    /// When the log accepted it.
    pub recorded_at: Timestamp,
    /// The stream it was about.
    pub stream: StreamName,
    /// The version the stream had.
    pub version: Version,
    /// The command.
    pub command: CommandStamp,
}

/// What the writer knows of the log: its end, its streams and its recent commands.
#[derive(Debug)]
pub struct Sequencer {
    last: Position,
    chain: Digest,
    recorded_at: Timestamp,
    empties: u32,
    epochs: Epochs,
    /// Whether what is placed was all accepted before, elsewhere: see [`Sequencer::restoring`].
    restoring: bool,
    /// Every stream.
    pub streams: StreamIndex,
    /// Recent commands.
    pub commands: CommandIndex,
}

impl Sequencer {
    /// Before the first event of a log.
    #[must_use]
    pub fn new(genesis: &Genesis) -> Self {
        Self {
            last: Position::ZERO,
            chain: genesis.chain(),
            epochs: Epochs::new(genesis.identity.log_id, genesis.chain()),
            restoring: false,
            recorded_at: Timestamp::MIN,
            empties: 0,
            streams: StreamIndex::default(),
            commands: CommandIndex::default(),
        }
    }

    /// Position of the last event placed.
    #[must_use]
    pub fn last(&self) -> Position {
        self.last
    }

    /// The chain value after it.
    #[must_use]
    pub fn chain(&self) -> Digest {
        self.chain
    }

    /// How many commits without events were placed since the last event.
    #[must_use]
    pub fn empties(&self) -> u32 {
        self.empties
    }

    /// Takes what another log accepted, event by event and with its times: whatever the clock says now, and whether or
    /// not an event's command is known from the event before.
    pub fn restoring(&mut self) {
        self.restoring = true;
    }

    /// The log's epochs.
    #[must_use]
    pub fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// Adds the epoch begun by an event known to stand at `position`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when no epoch can begin there.
    pub fn restore_epoch(&mut self, begun: &EpochBegunV1, position: Position) -> Result<(), StoreError> {
        self.epochs.begin(begun, position).map_err(|why| StoreError::Corrupt { position, why: why.to_owned() })
    }

    /// Sets the end of the log to where a derived block ends.
    pub fn restore_end(&mut self, last: Position, chain: Digest, recorded_at: Timestamp) {
        self.last = last;
        self.chain = chain;
        self.recorded_at = recorded_at.max(self.recorded_at);
    }

    /// Leaves positions out, so that the next event has the one after `last`; for sources that carry their own.
    pub fn skip_to(&mut self, last: Position) {
        self.last = last.max(self.last);
    }

    /// Checks a commit and places its events at the end of the log; `now` is the clock.
    ///
    /// # Errors
    ///
    /// [`AppendError`] when it must not be appended; nothing is changed then.
    pub fn place(&mut self, commit: Commit, now: Timestamp) -> Result<PlacedCommit, AppendError> {
        self.place_prepared(Prepared::new(commit), now)
    }

    /// As [`Sequencer::place`], of a commit prepared before the writer's turn.
    ///
    /// # Errors
    ///
    /// [`AppendError`] when it must not be appended; nothing is changed then.
    pub fn place_prepared(&mut self, prepared: Prepared, now: Timestamp) -> Result<PlacedCommit, AppendError> {
        let Prepared { commit, stream_hash, epoch, checked } = prepared;
        let taken_as_it_is = self.restoring && !commit.events.is_empty();
        if let Some(stamp) = commit.command.as_ref().filter(|_| !taken_as_it_is) {
            self.commands.check(stamp)?;
        }
        let end = self.streams.end_of(&stream_hash);
        if end.version != commit.expected {
            let (expected, actual) = (commit.expected, end.version);
            return Err(AppendError::Conflict { stream: commit.stream, expected, actual });
        }
        checked?;
        let latest = now.micros().saturating_add(AHEAD_MICROS_MAX);
        if !self.restoring && commit.recorded_at.is_some_and(|at| at.micros() > latest) {
            let why = "it says it was recorded more than five minutes from now";
            return Err(AppendError::Unstorable(why.to_owned()));
        }
        let first = self.last.next();
        if let Some(begun) = &epoch {
            let why = "it begins an epoch at another place than the log's end";
            let here = begun.chain == self.chain && self.epochs.begin(begun, first).is_ok();
            here.then_some(()).ok_or_else(|| AppendError::Unstorable(why.to_owned()))?;
        }
        let recorded_at = commit.recorded_at.unwrap_or(now).max(self.recorded_at);
        let count = u32::try_from(commit.events.len()).unwrap_or(u32::MAX);
        let mut events = Vec::with_capacity(commit.events.len());
        let (stream, expected) = (commit.stream, commit.expected);
        for (event, n) in commit.events.into_iter().zip(1..) {
            let end = StreamEnd { last: self.last.next(), version: Version(expected.0 + n) };
            events.push(self.place_event(event, stream_hash, end, recorded_at)?);
        }
        self.recorded_at = recorded_at;
        match commit.command {
            Some(stamp) if taken_as_it_is => self.commands.count_event(stamp, first, recorded_at),
            Some(stamp) => self.commands.insert(KeptCommand { stamp, first, count, recorded_at }),
            None => {}
        }
        let empty = commit.command.filter(|_| count == 0);
        self.empties = if count == 0 { self.empties.saturating_add(1) } else { 0 };
        let empty = empty.map(|command| EmptyCommit { recorded_at, stream, version: expected, command });
        Ok(PlacedCommit { first, recorded_at, events, empty })
    }

    fn place_event(
        &mut self,
        event: NewEvent,
        stream_hash: [u8; 16],
        end: StreamEnd,
        recorded_at: Timestamp,
    ) -> Result<Placed, StoreError> {
        let (stream, new_stream, back) = self.streams.advance(stream_hash, end)?;
        self.last = end.last;
        self.chain = chain_next(&self.chain, &event.digest(), recorded_at);
        let (position, chain) = (end.last, self.chain);
        Ok(Placed { position, recorded_at, stream, new_stream, back, chain, bytes: event.into_bytes() })
    }

    /// Takes in an event read from the log, in order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when it can't stand here: its head is damaged, its version is not the next, or time
    /// runs backwards.
    pub fn replay(&mut self, bytes: EventBytes, recorded_at: Timestamp) -> Result<Placed, StoreError> {
        let position = self.last.next();
        let corrupt = |why: &str| StoreError::Corrupt { position, why: why.to_owned() };
        let event = NewEvent::new(bytes);
        let head = event.bytes().head().map_err(|e| e.at(position))?;
        let name = head.stream();
        let end = StreamEnd { last: position, version: head.version };
        let stream_hash = StreamIndex::hash(name.kind, &name.id);
        if self.streams.end_of(&stream_hash).version.next() != head.version {
            return Err(corrupt("its version is not the next of its stream"));
        }
        if recorded_at < self.recorded_at {
            return Err(corrupt("it was recorded before the event before it"));
        }
        let unreadable = |source| StoreError::Unreadable { position, source };
        let metadata: MetadataV1<'_> = codec::decode("metadata", head.metadata).map_err(unreadable)?;
        if let Some(begun) = begun_by(head.event_type, head.schema, head.facts).map_err(unreadable)? {
            if begun.chain != self.chain {
                return Err(corrupt("it begins an epoch on another history than the one before it"));
            }
            self.epochs.begin(&begun, position).map_err(corrupt)?;
        }
        if let Some((id, digest)) = metadata.command {
            self.commands.count_event(CommandStamp { id, digest }, position, recorded_at);
        }
        self.recorded_at = recorded_at;
        self.empties = 0;
        self.place_event(event, stream_hash, end, recorded_at)
    }

    /// Takes in a commit without events read from the log, in order.
    pub fn replay_empty(&mut self, empty: &EmptyCommit) {
        let (stamp, recorded_at) = (empty.command, empty.recorded_at);
        self.empties = self.empties.saturating_add(1);
        self.recorded_at = recorded_at.max(self.recorded_at);
        self.commands.insert(KeptCommand { stamp, first: self.last.next(), count: 0, recorded_at });
    }
}

/// What a commit to the log's own stream begins; only epochs are recorded there, one at a time.
fn epoch_of(commit: &Commit) -> Result<Option<EpochBegunV1>, AppendError> {
    let begun = |event: &NewEvent| {
        let head = event.bytes().head().ok()?;
        begun_by(head.event_type, head.schema, head.facts).ok().flatten()
    };
    let wrong = |why: &str| Err(AppendError::Unstorable(why.to_owned()));
    let begun: Vec<_> = commit.events.iter().map(begun).collect();
    match (commit.stream == epoch_stream(), &begun[..]) {
        (true, [Some(begun)]) => Ok(Some(*begun)),
        (true, _) => wrong("the stream of epochs takes one event at a time, and no other"),
        (false, begun) if begun.iter().all(Option::is_none) => Ok(None),
        (false, _) => wrong("an epoch is begun in its own stream alone"),
    }
}

/// Checks that every event says of itself what its commit says of it.
fn check_events(commit: &Commit) -> Result<(), AppendError> {
    let unstorable = |why: &str| Err(AppendError::Unstorable(why.to_owned()));
    if commit.events.is_empty() && commit.command.is_none() {
        return unstorable("it has neither events nor a command");
    }
    if commit.command.is_some() && commit.events.len() > COMMAND_EVENTS_MAX {
        return unstorable("one command can't yield more than 64 events");
    }
    let len = |event: &NewEvent| event.bytes().head.len() + event.bytes().sealed.as_deref().map_or(0, <[u8]>::len);
    let bytes = commit.events.iter().map(len).sum::<usize>();
    if commit.events.len() > COMMIT_EVENTS_MAX || bytes > COMMIT_BYTES_MAX {
        let (events, most) = (commit.events.len(), COMMIT_EVENTS_MAX);
        let why = format!("it has {events} events and {bytes} bytes; at most {most} and {COMMIT_BYTES_MAX} are kept");
        return Err(AppendError::Unstorable(why));
    }
    if commit.stream.id.is_empty() || commit.stream.id.len() > daftar_domain::ids::ID_BYTES_MAX {
        return unstorable("its stream's id is empty or longer than 256 bytes");
    }
    for (event, n) in commit.events.iter().zip(1..) {
        let Ok(head) = event.bytes().head() else { return unstorable("an event's head is damaged") };
        if event.bytes().sealed.as_deref().is_some_and(<[u8]>::is_empty) {
            return unstorable("an event's sealed content is empty");
        }
        if head.stream_kind != commit.stream.kind || *head.stream_id != *commit.stream.id {
            return unstorable("an event is of another stream");
        }
        if Some(head.version.0) != commit.expected.0.checked_add(n) {
            return unstorable("an event was sealed for another version");
        }
        let stamp = codec::decode::<MetadataV1<'_>>("metadata", head.metadata).map(|m| m.command);
        if stamp != Ok(commit.command.map(|c| (c.id, c.digest))) {
            return unstorable("an event carries another command than its commit");
        }
    }
    Ok(())
}
