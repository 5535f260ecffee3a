//! Any session of clients over HTTP: the server answers what a list of events, walked in the plainest way, says.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_domain::Timestamp;
use daftar_eventlog::EventLog;
use daftar_eventlog::clock::Clock;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::memory::MemoryLog;
use daftar_eventlog::sealing::KeyStore;
use daftar_eventlog::sealing::memory_keys::MemoryKeys;
use daftar_tests::history::{copy_dir, long};
use daftar_tests::http_client::{Answer, Asked, Client};
use daftar_tests::in_process::{Serving, answered};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

const CLIENTS: usize = 3;
/// Tickets with ids of their own choice; others join them.
const NAMED: [&str; 4] = ["HD-1", "HD-2", "تیکت-۳", "HD:4"];
const PRIORITIES: [&str; 4] = ["low", "normal", "high", "urgent"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Agent,
    Customer,
    Automation,
}

/// What happened, as far as it matters here.
#[derive(Debug, Clone, PartialEq)]
enum Did {
    Opened { by: Option<Who>, department: Option<u8>, tags: BTreeSet<u8> },
    Assigned(Option<u8>),
    Transferred(Option<u8>),
    Priority(u8),
    Tags { added: BTreeSet<u8>, removed: BTreeSet<u8> },
    Replied { who: Who, internal: bool },
    Rated { reply: usize, satisfied: bool },
    Held { for_customer: bool },
    Resumed,
    Closed { who: Who, offered: bool, reason: Option<u8> },
    Surveyed { closing: usize, overall: Option<u8>, nps: Option<u8> },
    Reopened(Who),
    Voided,
    Restored,
    FollowedUp,
}

/// What a client wants.
#[derive(Debug, Clone)]
enum Wish {
    Open {
        by: Option<Who>,
        department: Option<u8>,
        tags: BTreeSet<u8>,
        named: bool,
    },
    Assign(Option<u8>),
    Transfer(Option<u8>),
    Priority(u8),
    Tags {
        added: BTreeSet<u8>,
        removed: BTreeSet<u8>,
    },
    Reply {
        who: Who,
        internal: bool,
        reopen: bool,
    },
    Rate {
        reply: usize,
        satisfied: bool,
    },
    Hold {
        for_customer: bool,
    },
    Resume,
    Close {
        who: Who,
        offered: bool,
        reason: Option<u8>,
    },
    Survey {
        closing: Option<usize>,
        overall: Option<u8>,
        nps: Option<u8>,
    },
    Reopen(Who),
    Void,
    Restore,
    FollowUp,
    /// A body that is none, whatever the ticket is.
    Broken(usize),
    Read,
    ReadVersion(u8),
    History,
}

#[derive(Debug, Clone, Copy)]
enum Condition {
    None,
    Any,
    Right,
    Stale(bool),
}

#[derive(Debug, Clone, Copy)]
enum Key {
    None,
    Fresh,
    /// An earlier request once more, as it was.
    Again(usize),
    /// The key of an earlier request with another request.
    Reused(usize),
}

#[derive(Debug, Clone)]
struct Step {
    client: usize,
    ticket: usize,
    wish: Wish,
    condition: Condition,
    key: Key,
}

/// Bodies that are refused as they are, and how.
const BROKEN: [(&str, &str, u16, &str); 5] = [
    ("assign", r#"{"agnt":"sara"}"#, 400, "malformed"),
    ("assign", "{", 400, "malformed"),
    ("close", "{}", 400, "malformed"),
    ("priority", r#"{"priority":"urgentest"}"#, 422, "invalid"),
    ("survey", r#"{"overall":{"scale":"five","score":6}}"#, 422, "invalid"),
];

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![3 => Just(Who::Agent), 3 => Just(Who::Customer), 1 => Just(Who::Automation)]
}

fn tags() -> impl Strategy<Value = BTreeSet<u8>> {
    proptest::collection::btree_set(0..4u8, 0..3)
}

fn wish() -> impl Strategy<Value = Wish> {
    let few = || proptest::option::of(0..3u8);
    let closing = proptest::option::weighted(0.3, 1..4usize);
    prop_oneof![
        4 => (proptest::option::of(who()), few(), tags(), proptest::bool::weighted(0.9))
            .prop_map(|(by, department, tags, named)| Wish::Open { by, department, tags, named }),
        2 => few().prop_map(Wish::Assign),
        2 => few().prop_map(Wish::Transfer),
        1 => (0..4u8).prop_map(Wish::Priority),
        2 => (tags(), tags()).prop_map(|(added, removed)| Wish::Tags { added, removed }),
        6 => (who(), proptest::bool::weighted(0.2), any::<bool>())
            .prop_map(|(who, internal, reopen)| Wish::Reply { who, internal, reopen }),
        3 => (1..5usize, any::<bool>()).prop_map(|(reply, satisfied)| Wish::Rate { reply, satisfied }),
        2 => any::<bool>().prop_map(|for_customer| Wish::Hold { for_customer }),
        2 => Just(Wish::Resume),
        5 => (who(), any::<bool>(), few()).prop_map(|(who, offered, reason)| Wish::Close { who, offered, reason }),
        5 => (closing, proptest::option::weighted(0.8, 1..6u8), proptest::option::of(0..11u8))
            .prop_map(|(closing, overall, nps)| Wish::Survey { closing, overall, nps }),
        3 => who().prop_map(Wish::Reopen),
        1 => Just(Wish::Void),
        2 => Just(Wish::Restore),
        1 => Just(Wish::FollowUp),
        1 => (0..BROKEN.len()).prop_map(Wish::Broken),
        2 => Just(Wish::Read),
        1 => (0..6u8).prop_map(Wish::ReadVersion),
        1 => Just(Wish::History),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let condition = prop_oneof![
        6 => Just(Condition::None),
        1 => Just(Condition::Any),
        3 => Just(Condition::Right),
        1 => any::<bool>().prop_map(Condition::Stale),
    ];
    let key = prop_oneof![
        5 => Just(Key::None),
        4 => Just(Key::Fresh),
        2 => any::<usize>().prop_map(Key::Again),
        1 => any::<usize>().prop_map(Key::Reused),
    ];
    (0..CLIENTS, any::<usize>(), wish(), condition, key).prop_map(|(client, ticket, wish, condition, key)| Step {
        client,
        ticket,
        wish,
        condition,
        key,
    })
}

fn actor(who: Who) -> Value {
    match who {
        Who::Agent => json!({"kind": "agent", "id": "sara"}),
        Who::Customer => json!({"kind": "customer"}),
        Who::Automation => json!({"kind": "automation"}),
    }
}

/// The same as the log keeps it: a customer without an id is the ticket's own.
fn recorded(who: Who) -> Value {
    if who == Who::Customer { json!({"kind": "customer", "id": "c-1"}) } else { actor(who) }
}

fn named(prefix: &str, number: Option<u8>) -> Value {
    number.map_or(Value::Null, |number| json!(format!("{prefix}-{number}")))
}

fn tag_names(tags: &BTreeSet<u8>) -> Vec<String> {
    tags.iter().map(|tag| format!("tag-{tag}")).collect()
}

fn party(for_customer: bool) -> &'static str {
    if for_customer { "customer" } else { "third_party" }
}

fn word(satisfied: bool) -> &'static str {
    if satisfied { "satisfied" } else { "dissatisfied" }
}

/// The fields that are given, without those left out.
fn given(fields: Value) -> Value {
    let Value::Object(fields) = fields else { return fields };
    Value::Object(fields.into_iter().filter(|(_, value)| !value.is_null()).collect())
}

fn survey_body(overall: Option<u8>, nps: Option<u8>) -> Value {
    let overall = overall.map(|score| json!({"scale": "five", "score": score}));
    given(json!({"overall": overall, "nps": nps}))
}

/// A wish as it is asked for; none: it only reads.
fn asked(wish: &Wish, id: &str) -> Asked {
    let (what, body) = match wish {
        Wish::Open { by, department, tags, named: is_named } => {
            let ticket = is_named.then_some(id);
            let department = named("dep", *department);
            let body = json!({"ticket": ticket, "by": by.map(actor), "department": department, "customer": "c-1"});
            let mut body = given(body);
            body["tags"] = json!(tag_names(tags));
            return Asked::post("/v1/tickets", &body);
        }
        Wish::Assign(agent) => ("assign".to_owned(), json!({"agent": named("agent", *agent)})),
        Wish::Transfer(department) => ("transfer".to_owned(), json!({"department": named("dep", *department)})),
        Wish::Priority(n) => ("priority".to_owned(), json!({"priority": PRIORITIES[usize::from(*n)]})),
        Wish::Tags { added, removed } => {
            ("tags".to_owned(), json!({"added": tag_names(added), "removed": tag_names(removed)}))
        }
        Wish::Reply { who, internal, reopen } => {
            let visibility = if *internal { "internal" } else { "public" };
            ("replies".to_owned(), json!({"author": actor(*who), "visibility": visibility, "reopen": reopen}))
        }
        Wish::Rate { reply, satisfied } => (format!("replies/{reply}/rating"), json!({"rating": word(*satisfied)})),
        Wish::Hold { for_customer } => ("hold".to_owned(), json!({"waiting_for": party(*for_customer)})),
        Wish::Resume => ("resume".to_owned(), json!({})),
        Wish::Close { who, offered, reason } => {
            let reason = named("reason", *reason);
            ("close".to_owned(), given(json!({"by": actor(*who), "survey_offered": offered, "reason": reason})))
        }
        Wish::Survey { closing, overall, nps } => {
            let mut body = survey_body(*overall, *nps);
            if let Some(closing) = closing {
                body["closing"] = json!(closing);
            }
            ("survey".to_owned(), body)
        }
        Wish::Reopen(who) => ("reopen".to_owned(), json!({"by": actor(*who)})),
        Wish::Void => ("void".to_owned(), json!({"reason": "spam"})),
        Wish::Restore => ("restore".to_owned(), json!({})),
        Wish::FollowUp => ("follow-ups".to_owned(), json!({"by": actor(Who::Agent), "means": "call"})),
        Wish::Broken(n) => return Asked::post(in_path(id, BROKEN[*n].0), &BROKEN[*n].1),
        Wish::Read => return Asked::get(in_path(id, "").trim_end_matches('/')),
        Wish::ReadVersion(version) => {
            return Asked::get(format!("{}?version={version}", in_path(id, "").trim_end_matches('/')));
        }
        Wish::History => return Asked::get(in_path(id, "history")),
    };
    Asked::post(in_path(id, &what), &body)
}

fn in_path(id: &str, what: &str) -> String {
    let id: String = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/v1/tickets/{id}/{what}")
}

// What the events of a ticket say, each question by a walk of its own.

fn last<T>(events: &[Did], of: impl Fn(&Did) -> Option<T>) -> Option<T> {
    events.iter().rev().find_map(of)
}

fn is_closed(events: &[Did]) -> bool {
    let closed = last(events, |did| match did {
        Did::Closed { .. } => Some(true),
        Did::Reopened(_) => Some(false),
        _ => None,
    });
    closed == Some(true)
}

/// Whether it is held, and for the customer.
fn held(events: &[Did]) -> Option<bool> {
    last(events, |did| match did {
        Did::Held { for_customer } => Some(Some(*for_customer)),
        Did::Resumed | Did::Closed { .. } => Some(None),
        _ => None,
    })?
}

fn agent(events: &[Did]) -> Option<u8> {
    last(events, |did| if let Did::Assigned(agent) = did { Some(*agent) } else { None })?
}

fn department(events: &[Did]) -> Option<u8> {
    last(events, |did| match did {
        Did::Opened { department, .. } | Did::Transferred(department) => Some(*department),
        _ => None,
    })?
}

fn priority(events: &[Did]) -> u8 {
    last(events, |did| if let Did::Priority(n) = did { Some(*n) } else { None }).unwrap_or(1)
}

fn has_tag(events: &[Did], tag: u8) -> bool {
    let has = last(events, |did| match did {
        Did::Opened { tags, .. } => Some(tags.contains(&tag)),
        Did::Tags { added, .. } if added.contains(&tag) => Some(true),
        Did::Tags { removed, .. } if removed.contains(&tag) => Some(false),
        _ => None,
    });
    has == Some(true)
}

fn is_voided(events: &[Did]) -> bool {
    let voided = last(events, |did| match did {
        Did::Voided => Some(true),
        Did::Restored => Some(false),
        _ => None,
    });
    voided == Some(true)
}

fn replies(events: &[Did]) -> Vec<(Who, bool)> {
    let reply = |did: &Did| if let Did::Replied { who, internal } = did { Some((*who, *internal)) } else { None };
    events.iter().filter_map(reply).collect()
}

fn rating(events: &[Did], number: usize) -> Option<bool> {
    last(events, |did| match did {
        Did::Rated { reply, satisfied } if *reply == number => Some(*satisfied),
        _ => None,
    })
}

/// Who closed it, whether with the offer of a survey, and why, each time.
fn closings(events: &[Did]) -> Vec<(Who, bool, Option<u8>)> {
    let closing = |did: &Did| match did {
        Did::Closed { who, offered, reason } => Some((*who, *offered, *reason)),
        _ => None,
    };
    events.iter().filter_map(closing).collect()
}

fn count(events: &[Did], is: impl Fn(&Did) -> bool) -> usize {
    events.iter().filter(|did| is(did)).count()
}

fn reopenings(events: &[Did]) -> usize {
    count(events, |did| matches!(did, Did::Reopened(_)))
}

/// The last values of a closing's survey; none: never answered.
fn survey(events: &[Did], number: usize) -> Option<(Option<u8>, Option<u8>)> {
    let of = |did: &Did| match did {
        Did::Surveyed { closing, overall, nps } if *closing == number => Some((*overall, *nps)),
        _ => None,
    };
    last(events, of)?;
    Some((last(events, |did| of(did)?.0), last(events, |did| of(did)?.1)))
}

/// Whether a closing was answered and the ticket reopened after the first answer.
fn is_settled(events: &[Did], number: usize) -> bool {
    let answered = events.iter().position(|did| matches!(did, Did::Surveyed { closing, .. } if *closing == number));
    answered.is_some_and(|answered| reopenings(&events[answered..]) > 0)
}

/// Whether the customer said something that no agent has answered.
fn waits_for_agent(events: &[Did]) -> bool {
    let waits = last(events, |did| match did {
        Did::Opened { by, .. } => Some(*by != Some(Who::Agent)),
        Did::Replied { who: Who::Customer, internal: false } | Did::Reopened(Who::Customer) => Some(true),
        Did::Replied { who: Who::Agent, internal: false } => Some(false),
        _ => None,
    });
    waits == Some(true)
}

type Refused = (u16, &'static str);

const BY_STATE: Refused = (409, "forbidden-by-state");

/// What comes of a wish.
fn decided(events: &[Did], wish: &Wish) -> Result<Vec<Did>, Refused> {
    let closed = is_closed(events);
    let unless = |same: bool, did: Did| if same { vec![] } else { vec![did] };
    Ok(match wish.clone() {
        Wish::Open { .. } if !events.is_empty() => return Err(BY_STATE),
        Wish::Open { by, department, tags, .. } => vec![Did::Opened { by, department, tags }],
        Wish::Assign(to) => unless(agent(events) == to, Did::Assigned(to)),
        Wish::Transfer(to) => unless(department(events) == to, Did::Transferred(to)),
        Wish::Priority(n) => unless(priority(events) == n, Did::Priority(n)),
        Wish::Tags { added, removed } if !added.is_disjoint(&removed) => return Err((422, "invalid")),
        Wish::Tags { mut added, mut removed } => {
            added.retain(|tag| !has_tag(events, *tag));
            removed.retain(|tag| has_tag(events, *tag));
            unless(added.is_empty() && removed.is_empty(), Did::Tags { added, removed })
        }
        Wish::Reply { who: Who::Customer, internal: true, .. } => return Err((422, "invalid")),
        Wish::Reply { who, internal: true, .. } => vec![Did::Replied { who, internal: true }],
        Wish::Reply { who, reopen, .. } => {
            let posted = Did::Replied { who, internal: false };
            match (closed, who, held(events)) {
                (true, Who::Customer, _) if reopen => vec![Did::Reopened(who), posted],
                (true, ..) => return Err(BY_STATE),
                (false, Who::Customer, Some(true)) => vec![posted, Did::Resumed],
                _ => vec![posted],
            }
        }
        Wish::Rate { reply, satisfied } => match replies(events).get(reply - 1) {
            None => return Err((404, "not-found")),
            Some((Who::Agent, false)) => {
                unless(rating(events, reply) == Some(satisfied), Did::Rated { reply, satisfied })
            }
            Some(_) => return Err(BY_STATE),
        },
        Wish::Hold { .. } | Wish::Resume if closed => return Err(BY_STATE),
        Wish::Hold { for_customer } => unless(held(events) == Some(for_customer), Did::Held { for_customer }),
        Wish::Resume => unless(held(events).is_none(), Did::Resumed),
        Wish::Close { .. } if closed => return Err(BY_STATE),
        Wish::Close { who, offered, reason } => vec![Did::Closed { who, offered, reason }],
        Wish::Survey { closing, overall, nps } => {
            let all = closings(events).len();
            let closing = closing.unwrap_or(all);
            if all == 0 {
                return Err(BY_STATE);
            }
            if closing > all {
                return Err((404, "not-found"));
            }
            let stored = survey(events, closing).unwrap_or((None, None));
            if (overall.or(stored.0), nps.or(stored.1)) == stored {
                vec![]
            } else if is_settled(events, closing) {
                return Err(BY_STATE);
            } else {
                vec![Did::Surveyed { closing, overall, nps }]
            }
        }
        Wish::Reopen(_) if !closed => return Err(BY_STATE),
        Wish::Reopen(who) => vec![Did::Reopened(who)],
        Wish::Void => unless(is_voided(events), Did::Voided),
        Wish::Restore => unless(!is_voided(events), Did::Restored),
        Wish::FollowUp => vec![Did::FollowedUp],
        Wish::Broken(_) | Wish::Read | Wish::ReadVersion(_) | Wish::History => vec![],
    })
}

/// The fields that an event must have.
fn fields(did: &Did) -> Value {
    match did {
        Did::Opened { tags, .. } if tags.is_empty() => json!({"type": "ticket_opened"}),
        Did::Opened { tags, .. } => json!({"type": "ticket_opened", "tags": tag_names(tags)}),
        Did::Assigned(agent) => json!({"type": "ticket_assigned", "agent": named("agent", *agent)}),
        Did::Transferred(to) => json!({"type": "ticket_transferred", "department": named("dep", *to)}),
        Did::Priority(n) => json!({"type": "priority_changed", "priority": PRIORITIES[usize::from(*n)]}),
        Did::Tags { added, removed } => {
            json!({"type": "tags_changed", "added": tag_names(added), "removed": tag_names(removed)})
        }
        Did::Replied { who, .. } => json!({"type": "reply_posted", "author": recorded(*who)}),
        Did::Rated { reply, .. } => json!({"type": "reply_rated", "reply": reply}),
        Did::Held { for_customer } => json!({"type": "ticket_held", "waiting_for": party(*for_customer)}),
        Did::Resumed => json!({"type": "ticket_resumed"}),
        Did::Closed { who, offered, .. } => {
            json!({"type": "ticket_closed", "by": recorded(*who), "survey_offered": offered})
        }
        Did::Surveyed { closing, .. } => json!({"type": "survey_submitted", "closing": closing}),
        Did::Reopened(who) => json!({"type": "ticket_reopened", "by": recorded(*who)}),
        Did::Voided => json!({"type": "ticket_voided", "reason": "spam"}),
        Did::Restored => json!({"type": "ticket_restored"}),
        Did::FollowedUp => json!({"type": "follow_up_recorded", "means": "call"}),
    }
}

/// Asserts that a value has the fields that are expected, whatever else it has.
fn assert_has(value: &Value, expected: &Value, why: &str) {
    for (name, expected) in expected.as_object().unwrap() {
        assert_eq!(&value[name], expected, "{why}: {name} of {value}");
    }
}

/// What a ticket's readers must see.
fn state(events: &[Did]) -> Value {
    let held = held(events);
    let waiting_for = match (is_closed(events), held) {
        (true, _) => Value::Null,
        (false, Some(for_customer)) => json!(party(for_customer)),
        (false, None) => json!(if waits_for_agent(events) { "agent" } else { "customer" }),
    };
    let state = if is_closed(events) { "closed" } else { held.map_or("open", |_| "held") };
    json!({
        "version": events.len(), "state": state, "agent": named("agent", agent(events)),
        "department": named("dep", department(events)), "priority": PRIORITIES[usize::from(priority(events))],
        "tags": tag_names(&(0..4).filter(|tag| has_tag(events, *tag)).collect()), "voided": is_voided(events),
        "cycle": 1 + reopenings(events), "waiting_for": waiting_for,
    })
}

/// How often each type of event came about, and each refusal and retry of a wish.
type Seen = Arc<Mutex<BTreeMap<String, usize>>>;

struct Ticket {
    id: String,
    events: Vec<Did>,
}

/// A request that was sent with a key, and what it wished.
#[derive(Clone)]
struct Keyed {
    key: String,
    wish: Wish,
    ticket: usize,
    if_version: Option<usize>,
    asked: Asked,
}

/// The plain model: what happened to each ticket, every event as it was answered, first answers by key.
struct Model {
    tickets: Vec<Ticket>,
    log: Vec<Value>,
    keyed: Vec<Keyed>,
    answers: HashMap<String, (Asked, Answer)>,
    now: Arc<AtomicI64>,
    seen: Seen,
}

impl Model {
    fn new(now: Arc<AtomicI64>, seen: Seen) -> Self {
        let tickets = NAMED.map(|id| Ticket { id: id.to_owned(), events: Vec::new() }).into();
        Self { tickets, log: Vec::new(), keyed: Vec::new(), answers: HashMap::new(), now, seen }
    }

    /// The ticket a step is about: nearly always one that is there, or, to be opened, one that is not.
    fn chosen(&self, step: &Step) -> usize {
        let opens = matches!(step.wish, Wish::Open { .. });
        let fits = |ticket: &usize| self.tickets[*ticket].events.is_empty() == opens;
        let fitting: Vec<usize> = (0..self.tickets.len()).filter(fits).collect();
        if fitting.is_empty() || step.ticket.is_multiple_of(16) {
            return step.ticket % self.tickets.len();
        }
        fitting[step.ticket % fitting.len()]
    }

    fn carry_out(&mut self, clients: &mut [Client], step: &Step) {
        self.now.fetch_add(60_000_000, Ordering::Relaxed);
        let client = &mut clients[step.client];
        let ticket = self.chosen(step);
        let plain = asked(&step.wish, &self.tickets[ticket].id);
        if plain.method == "GET" {
            return self.read(client, ticket, &step.wish, &plain);
        }
        let earlier = |n: usize| self.keyed.get(n % self.keyed.len().max(1)).cloned();
        if let Key::Again(n) = step.key
            && let Some(Keyed { key, wish, ticket, if_version, asked }) = earlier(n)
        {
            return self.command(client, &wish, ticket, if_version, Some(key), &asked);
        }
        let version = match step.wish {
            Wish::Open { named: false, .. } => 0,
            _ => self.tickets[ticket].events.len(),
        };
        let (if_version, tag) = match step.condition {
            Condition::None => (None, None),
            Condition::Any => (None, Some("*".to_owned())),
            Condition::Right => (Some(version), Some(format!("\"{version}\""))),
            Condition::Stale(before) => {
                let other = if before && version > 0 { version - 1 } else { version + 1 };
                (Some(other), Some(format!("\"{other}\"")))
            }
        };
        let key = match step.key {
            Key::None => None,
            Key::Reused(n) if !self.keyed.is_empty() => earlier(n).map(|keyed| keyed.key),
            _ => Some(format!("key-{}", self.keyed.len())),
        };
        let mut asked = plain;
        asked.headers.extend(tag.map(|tag| ("If-Match", tag)));
        asked.headers.extend(key.clone().map(|key| ("Idempotency-Key", key)));
        if let Some(key) = key.clone() {
            let (wish, asked) = (step.wish.clone(), asked.clone());
            self.keyed.push(Keyed { key, wish, ticket, if_version, asked });
        }
        self.command(client, &step.wish, ticket, if_version, key, &asked);
    }

    fn command(
        &mut self,
        client: &mut Client,
        wish: &Wish,
        ticket: usize,
        if_version: Option<usize>,
        key: Option<String>,
        asked: &Asked,
    ) {
        let answer = answered(client, asked);
        let why = format!("{asked:?} answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        if let Wish::Broken(n) = wish {
            return assert_refused(&answer, (BROKEN[*n].2, BROKEN[*n].3), &why);
        }
        if let Some((first, kept)) = key.as_ref().and_then(|key| self.answers.get(key)) {
            if (&first.path, &first.body) == (&asked.path, &asked.body) {
                self.saw("answered as before".to_owned());
                assert_eq!((answer.status, &answer.body), (kept.status, &kept.body), "{why}");
                return assert_eq!(answer.header("etag"), kept.header("etag"), "{why}");
            }
            self.saw("key-reused".to_owned());
            return assert_refused(&answer, (422, "key-reused"), &why);
        }
        let anonymous = matches!(wish, Wish::Open { named: false, .. });
        let before: &[Did] = if anonymous { &[] } else { &self.tickets[ticket].events };
        let opens = matches!(wish, Wish::Open { .. });
        let expected = if before.is_empty() && !opens {
            Err((404, "unknown-ticket"))
        } else if if_version.is_some_and(|version| version != before.len()) {
            Err((412, "stale-version"))
        } else {
            decided(before, wish)
        };
        match expected {
            Err(refused) => {
                let name = format!("{wish:?}");
                self.saw(format!("{} {}", refused.1, name.split(' ').next().unwrap_or_default()));
                assert_refused(&answer, refused, &why);
            }
            Ok(events) => {
                assert_eq!(answer.status, if opens { 201 } else { 200 }, "{why}");
                let version = before.len() + events.len();
                let ticket = if anonymous { self.join(&answer) } else { ticket };
                self.happened(ticket, version, events, &answer, &why);
                if let Some(key) = key {
                    self.answers.insert(key, (asked.clone(), answer));
                }
            }
        }
    }

    fn saw(&self, what: String) {
        *self.seen.lock().unwrap().entry(what).or_default() += 1;
    }

    /// Takes in a ticket that the server named.
    fn join(&mut self, answer: &Answer) -> usize {
        let id = answer.json()["ticket"].as_str().unwrap().to_owned();
        assert!(self.tickets.iter().all(|ticket| ticket.id != id), "{id} is new");
        self.tickets.push(Ticket { id, events: Vec::new() });
        self.tickets.len() - 1
    }

    fn happened(&mut self, ticket: usize, version: usize, events: Vec<Did>, answer: &Answer, why: &str) {
        let told = answer.json();
        let id = self.tickets[ticket].id.clone();
        let position = self.log.len() + events.len();
        assert_has(&told, &json!({"ticket": id, "version": version, "position": position}), why);
        assert_eq!(answer.header("etag"), Some(&*format!("\"{version}\"")), "{why}");
        let lines = told["events"].as_array().unwrap();
        assert_eq!(lines.len(), events.len(), "{why}");
        let now = Timestamp::clamped(self.now.load(Ordering::Relaxed)).to_string();
        for (did, line) in events.into_iter().zip(lines) {
            self.saw(line["type"].as_str().unwrap().to_owned());
            self.log.push(line.clone());
            self.tickets[ticket].events.push(did);
            let (version, position) = (self.tickets[ticket].events.len(), self.log.len());
            let place = json!({"ticket": id, "version": version, "position": position, "occurred_at": now});
            assert_has(line, &place, why);
            assert_has(line, &fields(self.tickets[ticket].events.last().unwrap()), why);
        }
    }

    fn read(&self, client: &mut Client, ticket: usize, wish: &Wish, asked: &Asked) {
        let Ticket { id, events } = &self.tickets[ticket];
        let answer = answered(client, asked);
        let why = format!("{asked:?} answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        let until = if let Wish::ReadVersion(version) = wish { usize::from(*version) } else { events.len() };
        if events.is_empty() {
            return assert_refused(&answer, (404, "unknown-ticket"), &why);
        }
        if until == 0 || until > events.len() {
            return assert_refused(&answer, (404, "not-found"), &why);
        }
        assert_eq!(answer.status, 200, "{why}");
        let told = answer.json();
        if matches!(wish, Wish::History) {
            let lines: Vec<_> = self.log.iter().filter(|line| line["ticket"] == *id).collect();
            return assert_eq!(told, json!({"ticket": id, "version": events.len(), "events": lines}));
        }
        let events = &events[..until];
        assert_eq!(answer.header("etag"), Some(&*format!("\"{until}\"")), "{why}");
        assert_has(&told, &state(events), &why);
        let rated =
            replies(events).into_iter().zip(1..).map(|((who, _), number)| (recorded(who), rating(events, number)));
        let rated: Vec<_> = rated.map(|(author, rating)| json!([author, rating])).collect();
        let shown = told["replies"].as_array().unwrap().iter();
        let shown: Vec<_> = shown.map(|reply| json!([reply["author"], satisfied(&reply["rating"])])).collect();
        let own = |value: &Value| value.to_string().replace(r#""id":"c-1","#, "").replace(r#","id":"c-1""#, "");
        assert_eq!(own(&json!(shown)), own(&json!(rated)), "{why}");
        let numbers = 1..=closings(events).len();
        let answers: Vec<_> =
            numbers.map(|n| survey(events, n).map(|(overall, nps)| survey_body(overall, nps))).collect();
        let shown: Vec<_> = told["closings"].as_array().unwrap().iter().map(|closing| &closing["survey"]).collect();
        assert_eq!(json!(shown), json!(answers), "{why}");
    }

    /// Everything once more at the end: tickets, histories, the feed and the reports.
    fn assert_agrees(&self, client: &mut Client) {
        for (number, ticket) in self.tickets.iter().enumerate() {
            for wish in [Wish::Read, Wish::History] {
                self.read(client, number, &wish, &asked(&wish, &ticket.id));
            }
        }
        assert_eq!(answered(client, &Asked::get("/v1/events")).lines(), self.log);
        let half = self.log.len() / 2;
        assert_eq!(answered(client, &Asked::get(format!("/v1/events?after={half}"))).lines(), self.log[half..]);
        let position = self.log.len();
        let mut report = |name: &str| {
            let answer =
                answered(client, &Asked::get(format!("/v1/reports/{name}?min_position={position}&timeout=30s")));
            let told = answer.json();
            assert_eq!((answer.status, &told["position"]), (200, &json!(position)), "{told}");
            told["rows"][0].clone()
        };
        let counted: Vec<&[Did]> =
            self.tickets.iter().map(|ticket| &*ticket.events).filter(|events| !is_voided(events)).collect();
        assert_has(&report("flow"), &flow(&counted), "flow");
        let satisfaction = report("satisfaction");
        for (figure, expected) in satisfaction_counts(&counted).as_object().unwrap() {
            assert_has(&satisfaction[figure], expected, figure);
        }
    }
}

/// What a rating shows.
fn satisfied(rating: &Value) -> Option<bool> {
    match rating {
        Value::Null => None,
        Value::String(word) => Some(word == "satisfied"),
        score => Some(score["score"] == 1),
    }
}

fn assert_refused(answer: &Answer, (status, slug): Refused, why: &str) {
    assert_eq!(answer.status, status, "{why}");
    assert_eq!(answer.json()["type"], format!("/problems/{slug}"), "{why}");
}

fn flow(tickets: &[&[Did]]) -> Value {
    let all = |is: &dyn Fn(&Did) -> bool| tickets.iter().map(|events| count(events, is)).sum::<usize>();
    let closed_by = |by: Who| all(&|did| matches!(did, Did::Closed { who, .. } if *who == by));
    let with = |is: &dyn Fn(&[Did]) -> bool| tickets.iter().filter(|events| is(events)).count();
    let mut reasons = serde_json::Map::new();
    for n in 0..3 {
        let count = all(&|did| matches!(did, Did::Closed { reason, .. } if *reason == Some(n)));
        if count > 0 {
            reasons.insert(format!("reason-{n}"), json!(count));
        }
    }
    json!({
        "opened": with(&|events| !events.is_empty()),
        "closed": all(&|did| matches!(did, Did::Closed { .. })),
        "closed_tickets": with(&|events| !closings(events).is_empty()),
        "reopenings": all(&|did| matches!(did, Did::Reopened(_))),
        "reopened_tickets": with(&|events| reopenings(events) > 0),
        "closed_by": {
            "agent": closed_by(Who::Agent), "customer": closed_by(Who::Customer),
            "automation": closed_by(Who::Automation),
        },
        "reasons": reasons,
        "transfers": all(&|did| matches!(did, Did::Transferred(_))),
        "transferred_tickets": with(&|events| count(events, |did| matches!(did, Did::Transferred(_))) > 0),
        "priority_changed": all(&|did| matches!(did, Did::Priority(_))),
    })
}

fn satisfaction_counts(tickets: &[&[Did]]) -> Value {
    let (mut overall, mut nps, mut ratings) = (Vec::new(), Vec::new(), Vec::new());
    let (mut offered, mut answered) = (0, 0);
    for events in tickets {
        ratings.extend((1..=replies(events).len()).filter_map(|number| rating(events, number)));
        for ((_, was_offered, _), number) in closings(events).into_iter().zip(1..) {
            let answers = survey(events, number);
            offered += usize::from(was_offered || answers.is_some());
            answered += usize::from(answers.is_some());
            overall.extend(answers.and_then(|(overall, _)| overall));
            nps.extend(answers.and_then(|(_, nps)| nps));
        }
    }
    json!({
        "csat": {"answers": overall.len(), "positive": overall.iter().filter(|score| **score >= 4).count()},
        "reply_rating": {"rated": ratings.len(), "satisfied": ratings.iter().filter(|is| **is).count()},
        "response_rate": {"offered": offered, "answered": answered},
        "nps": {
            "answers": nps.len(), "promoters": nps.iter().filter(|n| **n >= 9).count(),
            "detractors": nps.iter().filter(|n| **n <= 6).count(),
        },
    })
}

/// A log to be served, with its keys, and its directory where it has one.
type Bed = (Arc<dyn EventLog>, Arc<dyn KeyStore>, Option<TempDir>);

/// What must have come about again and again for a run to say anything.
const TOLD: [&str; 26] = [
    "ticket_opened",
    "ticket_assigned",
    "ticket_transferred",
    "priority_changed",
    "tags_changed",
    "reply_posted",
    "reply_rated",
    "ticket_held",
    "ticket_resumed",
    "ticket_closed",
    "survey_submitted",
    "ticket_reopened",
    "ticket_voided",
    "ticket_restored",
    "follow_up_recorded",
    "forbidden-by-state Open",
    "forbidden-by-state Close",
    "forbidden-by-state Reply",
    "forbidden-by-state Rate",
    "forbidden-by-state Survey",
    "not-found Rate",
    "invalid Tags",
    "stale-version Close",
    "unknown-ticket Close",
    "key-reused",
    "answered as before",
];

fn agrees(cases: u32, bed: impl Fn(Clock) -> Bed) {
    let seen = Seen::default();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&proptest::collection::vec(step(), 1..160), |steps| {
        let now = Arc::new(AtomicI64::new(1_767_000_000_000_000));
        let told = Arc::clone(&now);
        let clock: Clock = Arc::new(move || Timestamp::clamped(told.load(Ordering::Relaxed)));
        let (log, keys, dir) = bed(Arc::clone(&clock));
        let serving = Serving::start(log, keys, clock, 2);
        let mut clients: Vec<Client> = (0..CLIENTS).map(|_| serving.client()).collect();
        let mut model = Model::new(now, Arc::clone(&seen));
        steps.iter().for_each(|step| model.carry_out(&mut clients, step));
        model.assert_agrees(&mut clients[0]);
        drop((clients, serving, dir));
        Ok(())
    });
    outcome.unwrap_or_else(|e| panic!("{e}"));
    let seen = seen.lock().unwrap();
    println!("{seen:#?}");
    let missing: Vec<_> = TOLD.iter().filter(|told| !seen.contains_key(**told)).collect();
    assert!(missing.is_empty() || cases < 50, "nobody ever saw {missing:?}");
}

#[test]
fn sessions_on_the_memory_log_agree_with_a_list() {
    agrees(if long() { 3_000 } else { 80 }, |clock| {
        (Arc::new(MemoryLog::new(clock).unwrap()), Arc::new(MemoryKeys::new().unwrap()), None)
    });
}

#[test]
fn sessions_on_the_embedded_log_agree_with_a_list() {
    // Every case has a copy of one new log: making logs is not what is tested here.
    let new = tempfile::tempdir().unwrap();
    drop(EmbeddedLog::open(new.path(), &Options::default()).unwrap());
    agrees(if long() { 300 } else { 12 }, |clock| {
        let dir = tempfile::tempdir().unwrap();
        copy_dir(new.path(), dir.path()).unwrap();
        let log = EmbeddedLog::open(dir.path(), &Options { clock, ..Options::default() }).unwrap();
        let keys = log.keys();
        (Arc::new(log), keys, Some(dir))
    });
}
