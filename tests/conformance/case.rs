//! A case of the conformance folder, and what can come of it.

use daftar_domain::Timestamp;
use serde_json::{Map, Value};

/// What runs a case cannot do: it says what, and the case never passes.
#[derive(Debug)]
pub(crate) struct Unsupported(pub(crate) String);

pub(crate) type Supported<T> = Result<T, Unsupported>;

pub(crate) fn unsupported<T>(what: impl Into<String>) -> Supported<T> {
    Err(Unsupported(what.into()))
}

/// What came of a case.
pub(crate) enum Outcome {
    Pass,
    Fail { expected: Value, got: Value },
    Unsupported(String),
}

/// A case as it is written.
pub(crate) struct Case {
    pub(crate) kind: String,
    pub(crate) calendar: Value,
    pub(crate) query: Map<String, Value>,
    pub(crate) events: Vec<Event>,
    pub(crate) expect: Map<String, Value>,
}

/// An event of a case.
#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) at: i64,
    fields: Map<String, Value>,
}

/// What a case may have, and an event and a query.
const CASE: [&str; 8] = ["id", "source", "kind", "calendar", "query", "events", "expect", "note"];
const EVENT: [&str; 15] = [
    "at",
    "type",
    "actor",
    "ticket",
    "to",
    "score",
    "count",
    "recorded_at",
    "calendar",
    "status",
    "channel",
    "public_first_message",
    "seconds",
    "value_seconds",
    "duration_seconds",
];

impl Case {
    pub(crate) fn read(case: &Value) -> Supported<Self> {
        let fields = object(case, "a case")?;
        known(fields, &CASE, "field of a case")?;
        let empty = Map::new();
        let query = fields.get("query").filter(|query| !query.is_null());
        let events = case["events"].as_array().map_or(&[][..], Vec::as_slice);
        Ok(Self {
            kind: case["kind"].as_str().unwrap_or_default().to_owned(),
            calendar: case["calendar"].clone(),
            query: query.map_or(Ok(&empty), |query| object(query, "query"))?.clone(),
            events: events.iter().map(Event::read).collect::<Supported<_>>()?,
            expect: object(&case["expect"], "expect")?.clone(),
        })
    }

    /// A field of the query, where it is given.
    pub(crate) fn asked(&self, name: &str) -> Option<&Value> {
        self.query.get(name).filter(|value| !value.is_null())
    }

    /// An instant of the query.
    pub(crate) fn asked_instant(&self, name: &str) -> Supported<Option<i64>> {
        self.asked(name).map(instant).transpose()
    }

    /// The first event of a kind.
    pub(crate) fn event(&self, kind: &str) -> Supported<&Event> {
        self.events.iter().find(|event| event.kind == kind).ok_or_else(|| Unsupported(format!("no event {kind}")))
    }

    /// By how many seconds an answer may be off.
    pub(crate) fn tolerance(&self) -> f64 {
        self.asked("tolerance_seconds").and_then(Value::as_f64).unwrap_or(0.0)
    }
}

impl Event {
    fn read(event: &Value) -> Supported<Self> {
        let fields = object(event, "an event")?;
        known(fields, &EVENT, "field of an event")?;
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        Ok(Self { kind, at: instant(&event["at"])?, fields: fields.clone() })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// How often it is repeated.
    pub(crate) fn count(&self) -> u64 {
        self.get("count").and_then(Value::as_u64).unwrap_or(1)
    }
}

pub(crate) fn object<'a>(value: &'a Value, what: &str) -> Supported<&'a Map<String, Value>> {
    value.as_object().ok_or_else(|| Unsupported(format!("{what} is no object")))
}

/// Checks that nothing is there that nobody reads.
pub(crate) fn known(fields: &Map<String, Value>, names: &[&str], what: &str) -> Supported<()> {
    match fields.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => unsupported(format!("{what} {name}")),
        None => Ok(()),
    }
}

pub(crate) fn instant(value: &Value) -> Supported<i64> {
    let text = value.as_str().unwrap_or_default();
    Timestamp::parse("at", text).map(Timestamp::micros).map_err(|wrong| Unsupported(wrong.to_string()))
}

/// An instant as events and parameters have it.
pub(crate) fn rfc3339(at: i64) -> String {
    Timestamp::clamped(at).to_string()
}
