//! Texts and lists at their limits go in; one more does not, and is named.

use crate::{AGENT, by, granted, ticket};
use daftar_tests::server::Server;
use serde_json::{Value, json};

/// `n` different ids.
fn ids(n: usize) -> Vec<String> {
    (1..=n).map(|n| format!("n-{n}")).collect()
}

/// An object of `n` fields with the same value.
fn fields(n: usize, value: &Value) -> Value {
    ids(n).into_iter().map(|id| (id, value.clone())).collect::<serde_json::Map<_, _>>().into()
}

fn attachments(n: usize, name: &str, bytes: usize) -> Value {
    let mut attachment = json!({"name": "a"});
    attachment[name] = json!("a".repeat(bytes));
    json!(vec![attachment; n])
}

/// A command's address, its other fields, the limited field, values at the limit and beyond, and the pointer.
type Row = (&'static str, Value, &'static str, Value, Value, &'static str);

fn rows() -> Vec<Row> {
    const KB: usize = 1024;
    let text = |bytes: usize| json!("a".repeat(bytes));
    // Persian letters have two bytes: limits are in bytes.
    let persian = |bytes: usize| json!(format!("{}{}", "ش".repeat(bytes / 2), "a".repeat(bytes % 2)));
    let agent: Value = serde_json::from_str(AGENT).unwrap();
    let (reply, opening) = (json!({"author": agent}), json!({}));
    let follow_up = json!({"by": agent, "means": "call"});
    let sha = |digit: &str| json!([{"name": "a", "sha256": digit.repeat(64)}]);
    let mut rows: Vec<Row> = vec![
        ("", opening.clone(), "subject", persian(KB), persian(KB + 1), "/subject"),
        ("", opening.clone(), "tags", json!(ids(32)), json!(ids(33)), "/tags"),
        ("", opening.clone(), "attributes", fields(16, &json!("v")), fields(17, &json!("v")), "/attributes"),
        ("", opening.clone(), "ticket", json!("ش".repeat(64)), json!("ش".repeat(65)), "/ticket"),
        ("", opening.clone(), "ticket", json!("𐒈".repeat(64)), json!("𐒈".repeat(65)), "/ticket"),
        ("/T/tags", json!({}), "added", json!(ids(32)), json!(ids(33)), "/added"),
        ("/C/survey", json!({}), "comment", persian(16 * KB), persian(16 * KB + 1), "/comment"),
        (
            "/C/survey",
            json!({}),
            "texts",
            json!({"a.b": text(16 * KB)}),
            json!({"a.b": text(16 * KB + 1)}),
            "/texts/a.b",
        ),
        ("/C/survey", json!({}), "choices", json!({"a.b": ids(50)}), json!({"a.b": ids(51)}), "/choices/a.b"),
        ("/C2/survey", json!({}), "questions", fields(50, &json!(5)), fields(51, &json!(5)), "/questions"),
        ("/C3/survey", json!({}), "texts", fields(50, &text(16 * KB)), fields(51, &text(1)), "/questions"),
        ("/T/follow-ups", follow_up, "note", persian(16 * KB), persian(16 * KB + 1), "/note"),
    ];
    for (path, other) in [("", opening), ("/T/replies", reply)] {
        let attached = |at_limit, beyond, pointer| (path, other.clone(), "attachments", at_limit, beyond, pointer);
        rows.extend([
            (path, other.clone(), "body", persian(256 * KB), persian(256 * KB + 1), "/body"),
            attached(attachments(20, "name", 1), attachments(21, "name", 1), "/attachments"),
            attached(attachments(1, "name", 255), attachments(1, "name", 256), "/attachments/0/name"),
            attached(attachments(1, "media_type", 127), attachments(1, "media_type", 128), "/attachments/0/media_type"),
            attached(attachments(1, "url", 2 * KB), attachments(1, "url", 2 * KB + 1), "/attachments/0/url"),
            attached(sha("a"), sha("A"), "/attachments/0/sha256"),
        ]);
    }
    rows
}

#[test]
fn what_is_at_its_limit_goes_in_and_one_more_does_not() {
    let server = Server::start();
    ticket(&server, "T", &[]);
    ["C", "C2", "C3"].iter().for_each(|id| ticket(&server, id, &[("close", &by(AGENT))]));
    for (path, mut body, field, at_limit, beyond, pointer) in rows() {
        let address = format!("/v1/tickets{path}");
        body[field] = beyond;
        let answer = server.post(&address, body.to_string());
        let (detail, pointers) = answer.problem(422, "invalid");
        assert_eq!(pointers, [pointer], "{path} {field}: {detail}");
        assert!(detail.len() < 1000, "what is too long is not repeated: {} bytes", detail.len());
        body[field] = at_limit;
        granted(&server.post(&address, body.to_string()), if path.is_empty() { 201 } else { 200 });
    }
}

#[test]
fn a_ticket_never_has_more_than_32_tags() {
    let server = Server::start();
    ticket(&server, "T", &[("tags", &json!({"added": ids(31)}).to_string())]);
    let tags = |body: Value| server.post("/v1/tickets/T/tags", body.to_string());
    assert_eq!(tags(json!({"added": ["a", "b"]})).problem(422, "invalid").1, ["/added"]);
    granted(&tags(json!({"added": ["a", "b"], "removed": ["n-1"]})), 200);
    assert_eq!(tags(json!({"added": ["c"]})).problem(422, "invalid").1, ["/added"]);
    assert_eq!(server.get("/v1/tickets/T").json()["tags"].as_array().unwrap().len(), 32);
}

#[test]
fn a_body_of_more_than_1_mb_is_too_large() {
    let server = Server::start();
    ticket(&server, "T", &[]);
    let padded = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
    granted(&server.post("/v1/tickets/T/resume", padded(1 << 20)), 200);
    for path in ["/v1/tickets", "/v1/tickets/T/resume", "/v1/tickets/T/replies/1/rating"] {
        let (detail, _) = server.post(path, padded((1 << 20) + 1)).problem(413, "too-large");
        assert!(detail.contains("1048576"), "{detail}");
    }
    let head =
        "POST /v1/tickets HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("{:x}\r\n{}\r\n0\r\n\r\n", (1 << 20) + 1, padded((1 << 20) + 1));
    server.raw(format!("{head}{chunk}").as_bytes()).problem(413, "too-large");
}
