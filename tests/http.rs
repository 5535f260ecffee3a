//! The server over HTTP: what it takes, what it refuses, in which words and with which status.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "http/addresses.rs"]
mod addresses;
#[path = "http/bulk.rs"]
mod bulk;
#[path = "http/caching.rs"]
mod caching;
#[path = "http/commands.rs"]
mod commands;
#[path = "http/conditions.rs"]
mod conditions;
#[path = "http/definitions.rs"]
mod definitions;
#[path = "http/explain.rs"]
mod explain;
#[path = "http/fields.rs"]
mod fields;
#[path = "http/limits.rs"]
mod limits;
#[path = "http/lists.rs"]
mod lists;
#[path = "http/queries.rs"]
mod queries;
#[path = "http/reports.rs"]
mod reports;
#[path = "http/snapshots.rs"]
mod snapshots;
#[path = "http/snapshots_tool.rs"]
mod snapshots_tool;
#[path = "http/states.rs"]
mod states;
#[path = "http/streams.rs"]
mod streams;
#[path = "http/travel.rs"]
mod travel;

use daftar_tests::server::{Answer, Server};

const AGENT: &str = r#"{"kind":"agent","id":"sara"}"#;
const CUSTOMER: &str = r#"{"kind":"customer"}"#;

/// The body of a public reply by `author`.
fn reply_by(author: &str) -> String {
    format!(r#"{{"author":{author},"body":"…"}}"#)
}

/// A body that only says who.
fn by(actor: &str) -> String {
    format!(r#"{{"by":{actor}}}"#)
}

/// Opens a ticket and does all this to it; everything must be granted.
#[track_caller]
fn ticket(server: &Server, id: &str, deeds: &[(&str, &str)]) {
    granted(&server.post("/v1/tickets", format!(r#"{{"ticket":"{id}","customer":"c-1"}}"#)), 201);
    for (action, body) in deeds {
        granted(&server.post(&format!("/v1/tickets/{id}/{action}"), body), 200);
    }
}

#[track_caller]
fn granted(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
}
