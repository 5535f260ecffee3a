//! For tests: histories written in a few words, a log in memory that holds them, and reports from it.

use crate::definition::document::Definition;
use crate::measurements::Measurements;
use crate::projector::catch_up;
use crate::report::CustomerLabels;
use crate::report::query::{Query, ReportName};
use crate::report::tests::plain::report;
use daftar_domain::Timestamp;
use daftar_eventlog::block::{BlockBuilder, BlockOrigin};
use daftar_eventlog::codec::{EventType, encode};
use daftar_eventlog::facts::{
    Actor, Change, EpochBegun, FollowUpRecorded, Owner, PriorityChanged, PseudonymBytes, ReplyPosted, ReplyRated,
    Score, SurveySubmitted, TagsChanged, TicketAssigned, TicketClosed, TicketHeld, TicketOpened, TicketReopened,
    TicketTransferred, TicketVoided,
};
use daftar_eventlog::{
    Epochs, FactBlock, LogIdentity, LogReader, Position, RecordedEvent, StoreError, StoredRow, StreamKind, StreamName,
    StreamNumber, Version,
};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;

/// One event of a history, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Story {
    Opened {
        by: Who,
        department: Option<&'static str>,
        tags: Vec<&'static str>,
    },
    Assigned(Option<&'static str>),
    /// To a department; none: out of all.
    Transferred(Option<&'static str>),
    /// To a branch, the department staying.
    Moved(&'static str),
    Priority(u8),
    Tags {
        added: Vec<&'static str>,
        removed: Vec<&'static str>,
    },
    Replied(Who),
    Noted(&'static str),
    Rated {
        reply: u32,
        satisfied: bool,
    },
    HeldForCustomer,
    HeldForThirdParty,
    Resumed,
    Closed {
        by: Who,
        offered: bool,
        reason: Option<&'static str>,
    },
    Answered {
        closing: u32,
        answers: Answers,
    },
    Reopened(Who),
    /// By an agent.
    FollowedUp(&'static str),
    Voided,
    Restored,
    FromTheFuture,
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Agent(&'static str),
    Customer,
    Automation,
}

/// What a survey says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Answers {
    pub(crate) overall: Option<(u8, u8)>,
    pub(crate) questions: Vec<(&'static str, u16)>,
    pub(crate) choices: Vec<(&'static str, Vec<&'static str>)>,
    pub(crate) nps: Option<u8>,
    pub(crate) ces: Option<u8>,
}

/// An event on a numbered ticket at an instant in microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) ticket: u32,
    pub(crate) at: i64,
    pub(crate) story: Story,
}

/// A ticket's history, its instants in minutes since 2026-01-01.
pub(crate) fn history(ticket: u32, story: impl IntoIterator<Item = (i64, Story)>) -> Vec<Entry> {
    story.into_iter().map(|(minute, story)| Entry { ticket, at: minutes(minute), story }).collect()
}

/// So many minutes after 2026-01-01T00:00:00Z, in microseconds.
pub(crate) fn minutes(minute: i64) -> i64 {
    1_767_225_600_000_000 + minute * 60_000_000
}

pub(crate) fn opened(by: Who) -> Story {
    Story::Opened { by, department: Some("technical"), tags: vec![] }
}

pub(crate) fn closed(by: Who) -> Story {
    Story::Closed { by, offered: false, reason: None }
}

/// The customer of a ticket: each has one of its own, every seventh none.
pub(crate) fn customer_of(ticket: u32) -> Option<PseudonymBytes> {
    (ticket % 7 != 6).then(|| u128::from(ticket % 5).to_be_bytes())
}

impl Who {
    fn actor(self) -> Actor<'static> {
        match self {
            Self::Agent(id) => Actor::Agent(id),
            Self::Customer => Actor::Customer(None),
            Self::Automation => Actor::Automation(None),
        }
    }
}

impl Entry {
    fn bytes(&self) -> (EventType, Vec<u8>) {
        fn of<T: serde::Serialize>(event_type: EventType, facts: &T) -> (EventType, Vec<u8>) {
            (event_type, encode("facts", facts).unwrap())
        }
        match &self.story {
            Story::Opened { by, department, tags } => {
                of(EventType::TICKET_OPENED, &self.opening(*by, *department, tags))
            }
            Story::Assigned(agent) => of(EventType::TICKET_ASSIGNED, &TicketAssigned { agent: *agent }),
            Story::Transferred(department) => {
                let department = department.map_or(Change::Clear, Change::Set);
                of(EventType::TICKET_TRANSFERRED, &TicketTransferred { branch: Change::Keep, department })
            }
            Story::Moved(branch) => {
                let (branch, department) = (Change::Set(branch), Change::Keep);
                of(EventType::TICKET_TRANSFERRED, &TicketTransferred { branch, department })
            }
            Story::Priority(priority) => of(EventType::PRIORITY_CHANGED, &PriorityChanged { priority: *priority }),
            Story::Tags { added, removed } => {
                of(EventType::TAGS_CHANGED, &TagsChanged { added: added.clone(), removed: removed.clone() })
            }
            Story::Replied(by) => {
                of(EventType::REPLY_POSTED, &ReplyPosted { by: by.actor(), visibility: 0, channel: None })
            }
            Story::Noted(agent) => {
                of(EventType::REPLY_POSTED, &ReplyPosted { by: Actor::Agent(agent), visibility: 1, channel: None })
            }
            Story::Rated { reply, satisfied } => {
                let rating = Score { scale: 0, score: u8::from(*satisfied) };
                of(EventType::REPLY_RATED, &ReplyRated { reply: *reply, rating })
            }
            Story::HeldForCustomer => of(EventType::TICKET_HELD, &TicketHeld { waiting_for: 0 }),
            Story::HeldForThirdParty => of(EventType::TICKET_HELD, &TicketHeld { waiting_for: 1 }),
            Story::Resumed => (EventType::TICKET_RESUMED, Vec::new()),
            Story::Closed { by, offered, reason } => {
                let (by, survey_offered) = (by.actor(), *offered);
                let closed = TicketClosed { by, survey_offered, reason: *reason, duplicate_of: None, form: None };
                of(EventType::TICKET_CLOSED, &closed)
            }
            Story::Answered { closing, answers } => {
                let survey = SurveySubmitted {
                    closing: *closing,
                    overall: answers.overall.map(|(scale, score)| Score { scale, score }),
                    questions: answers.questions.clone(),
                    choices: answers.choices.clone(),
                    nps: answers.nps,
                    ces: answers.ces,
                };
                of(EventType::SURVEY_SUBMITTED, &survey)
            }
            Story::Reopened(by) => of(EventType::TICKET_REOPENED, &TicketReopened { by: by.actor(), reason: None }),
            Story::FollowedUp(agent) => {
                of(EventType::FOLLOW_UP_RECORDED, &FollowUpRecorded { by: Actor::Agent(agent), means: 1 })
            }
            Story::Voided => of(EventType::TICKET_VOIDED, &TicketVoided { reason: "spam" }),
            Story::Restored => (EventType::TICKET_RESTORED, Vec::new()),
            Story::FromTheFuture => (EventType(999), Vec::new()),
        }
    }

    fn opening(&self, by: Who, department: Option<&'static str>, tags: &[&'static str]) -> TicketOpened<'static> {
        TicketOpened {
            by: Some(by.actor()),
            owner: customer_of(self.ticket).map_or(Owner::Ticket([9; 16]), Owner::Customer),
            channel: Some(if self.ticket.is_multiple_of(2) { "email" } else { "chat" }),
            branch: None,
            department,
            priority: 1,
            customer_tier: self.ticket.is_multiple_of(3).then_some("gold"),
            language: Some("fa"),
            tags: tags.to_vec(),
            attributes: if self.ticket.is_multiple_of(2) { vec![("request_type", "fault")] } else { vec![] },
        }
    }
}

/// A log in memory, in blocks of a few events.
pub(crate) struct MemoryLog {
    blocks: Vec<FactBlock>,
    durable: watch::Receiver<Position>,
}

/// How many events a block of a test's log has: few, so that every test crosses blocks.
pub(crate) const BLOCK_ROWS: usize = 7;

/// What a test's log holds besides: a stream that is no ticket, first in the log.
const LOG_STREAM: u32 = 0;

impl MemoryLog {
    /// The log of these events, in this order, the first at position 2, recorded a second apart.
    pub(crate) fn of(entries: &[Entry]) -> Self {
        let begun = EpochBegun { epoch: 2, id: [2; 16], parted: 0, chain: [0; 32], cause: 0, given_up: None };
        Self::behind(EventType::EPOCH_BEGUN, &encode("facts", &begun).unwrap(), entries)
    }

    /// The same behind another event that is no ticket's.
    pub(crate) fn behind(first: EventType, facts: &[u8], entries: &[Entry]) -> Self {
        let mut streams: HashMap<u32, (StreamNumber, Version)> = HashMap::new();
        let mut blocks = Vec::new();
        let mut builder = BlockBuilder::default();
        let of_the_log = StoredRow {
            position: Position(1),
            version: Version(1),
            stream: StreamNumber(LOG_STREAM),
            back: 0,
            occurred_at: Timestamp::MAX,
            recorded_at: recorded_at(1),
            event_type: first,
            schema: 1,
            facts,
        };
        builder.push(&of_the_log, Some(&StreamName { kind: StreamKind::Log, id: "epoch".into() }));
        for (entry, position) in entries.iter().zip(2..) {
            let next = StreamNumber(u32::try_from(streams.len()).unwrap() + 1);
            let (stream, version) = streams.entry(entry.ticket).or_insert((next, Version::ZERO));
            *version = version.next();
            let (event_type, facts) = entry.bytes();
            let row = StoredRow {
                position: Position(position),
                version: *version,
                stream: *stream,
                back: 0,
                occurred_at: Timestamp::clamped(entry.at),
                recorded_at: recorded_at(position),
                event_type,
                schema: 1,
                facts: &facts,
            };
            let name = StreamName::ticket(&format!("T-{}", entry.ticket));
            builder.push(&row, (version.0 == 1).then_some(&name));
            if position % BLOCK_ROWS as u64 == 0 {
                blocks.push(finished(std::mem::take(&mut builder)));
            }
        }
        if !builder.is_empty() {
            blocks.push(finished(builder));
        }
        let last = Position(1 + entries.len() as u64);
        Self { blocks, durable: watch::channel(last).1 }
    }

    /// The block with the event after `after`.
    pub(crate) fn block_after(&self, after: Position) -> Option<FactBlock> {
        self.blocks.iter().find(|block| after < block.last()).cloned()
    }

    pub(crate) fn last(&self) -> Position {
        *self.durable.borrow()
    }
}

/// When the log accepted the event at a position: every third shares the instant of the one before.
pub(crate) fn recorded_at(position: u64) -> Timestamp {
    Timestamp::clamped(i64::try_from(position / 3).unwrap() * 1_000_000)
}

fn finished(builder: BlockBuilder) -> FactBlock {
    let origin = BlockOrigin { log_id: [1; 16], epoch: 1, chain_before: [0; 32], chain_after: [0; 32] };
    let bytes = builder.finish(&origin);
    let len = bytes.len();
    FactBlock::parse(Arc::new(bytes), 0, len).unwrap()
}

#[async_trait::async_trait]
impl LogReader for MemoryLog {
    fn identity(&self) -> LogIdentity {
        LogIdentity { log_id: [1; 16], epoch: 1 }
    }

    fn epochs(&self) -> Epochs {
        Epochs::new([1; 16], [0; 32])
    }

    fn durable(&self) -> watch::Receiver<Position> {
        self.durable.clone()
    }

    async fn read_stream(&self, _: &StreamName, _: Version, _: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        Ok(Vec::new())
    }

    async fn read_events(&self, _: Position, _: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        Ok(Vec::new())
    }

    async fn fact_block(&self, after: Position) -> Result<Option<FactBlock>, StoreError> {
        Ok(self.block_after(after))
    }
}

/// Runs what never really waits.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// The state after these events, or those up to a position.
pub(crate) fn folded(entries: &[Entry], until: Option<Position>) -> Measurements {
    folded_under(&Definition::default(), entries, until)
}

/// The same under another definition.
pub(crate) fn folded_under(definition: &Definition, entries: &[Entry], until: Option<Position>) -> Measurements {
    let mut state = Measurements::under(definition.folded());
    now(catch_up(&MemoryLog::of(entries), &mut state, until, |_| {})).unwrap();
    state
}

/// Customers 0 and 1 are known by name.
pub(crate) struct Labels;

impl CustomerLabels for Labels {
    fn label(&self, pseudonym: &PseudonymBytes) -> Option<String> {
        (u128::from_be_bytes(*pseudonym) < 2).then(|| format!("c-{}", u128::from_be_bytes(*pseudonym)))
    }

    fn pseudonym(&self, id: &str) -> Option<PseudonymBytes> {
        id.strip_prefix("c-").and_then(|n| n.parse::<u128>().ok()).map(u128::to_be_bytes)
    }
}

/// A query from its parameters.
pub(crate) fn query(name: ReportName, parameters: &[(&str, &str)]) -> Query {
    let parameters = parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Query::parse(name.name(), parameters).unwrap()
}

/// The report's JSON, of all of `state`.
pub(crate) fn json(state: &Measurements, name: ReportName, parameters: &[(&str, &str)]) -> serde_json::Value {
    let query = query(name, parameters);
    serde_json::from_str(&report(state, &query, state.position(), &Labels).unwrap().to_json()).unwrap()
}
