//! One ticket as it is and was, its history, and queries that wait for a position.

use crate::{AGENT, CUSTOMER, by, granted, reply_by, ticket};
use daftar_tests::server::Server;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A ticket that has gone through everything, and its id.
fn full(server: &Server) -> &'static str {
    ticket(
        server,
        "HD-1",
        &[
            ("assign", r#"{"agent":"sara"}"#),
            (
                "replies",
                &format!(r#"{{"author":{AGENT},"channel":"email","body":"سلام","attachments":[{{"name":"a"}}]}}"#),
            ),
            ("replies/1/rating", r#"{"rating":"satisfied"}"#),
            ("hold", r#"{"waiting_for":"third_party"}"#),
            ("close", &format!(r#"{{"by":{AGENT},"reason":"solved","form":"default@1"}}"#)),
            ("survey", r#"{"nps":9,"questions":{"speed":5},"comment":"…"}"#),
            ("reopen", &by(CUSTOMER)),
            ("void", r#"{"reason":"spam"}"#),
        ],
    );
    "HD-1"
}

#[test]
fn a_ticket_is_told_as_it_is() {
    let server = Server::start();
    let answer = server.get(&format!("/v1/tickets/{}", full(&server)));
    granted(&answer, 200);
    assert_eq!((answer.header("etag"), answer.header("content-type")), (Some("\"9\""), Some("application/json")));
    let told = answer.json();
    let expected = json!({
        "ticket": "HD-1", "version": 9, "position": 9, "state": "open", "customer": "c-1", "channel": null,
        "branch": null, "department": null, "agent": "sara", "priority": "normal", "customer_tier": null, "tags": [],
        "attributes": {}, "language": null, "cycle": 2, "voided": true, "waiting_for": "agent", "due": [],
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&told[name], value, "{name}: {told}");
    }
    let history = server.get("/v1/tickets/HD-1/history").json();
    assert_eq!((&history["ticket"], &history["version"]), (&json!("HD-1"), &json!(9)));
    let happened = |version: usize| history["events"][version - 1]["occurred_at"].clone();
    assert_eq!((&told["opened_at"], &told["waiting_since"]), (&happened(1), &happened(8)));
    let reply = &told["replies"][0];
    assert_eq!((&reply["reply"], &reply["author"]["id"], &reply["body"]), (&json!(1), &json!("sara"), &json!("سلام")));
    assert_eq!((&reply["visibility"], &reply["rating"]["score"]), (&json!("public"), &json!(1)));
    assert_eq!(reply["attachments"], json!([{"name": "a"}]));
    let closing = &told["closings"][0];
    assert_eq!((&closing["closing"], &closing["closed_at"]), (&json!(1), &happened(6)));
    assert_eq!(closing["by"], json!({"kind": "agent", "id": "sara"}));
    assert_eq!((&closing["survey"]["nps"], &closing["survey"]["comment"]), (&json!(9), &json!("…")));
    let feed: Vec<Value> =
        server.get("/v1/events").text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(history["events"].as_array().unwrap(), &feed, "a history says what the feed says");
}

#[test]
fn a_ticket_is_told_as_it_was() {
    let server = Server::start();
    full(&server);
    for (version, state, waiting_for, voided) in [
        (1, "open", Some("agent"), false),
        (3, "open", Some("customer"), false),
        (5, "held", Some("third_party"), false),
        (6, "closed", None, false),
        (8, "open", Some("agent"), false),
        (9, "open", Some("agent"), true),
    ] {
        let answer = server.get(&format!("/v1/tickets/HD-1?version={version}"));
        let told = answer.json();
        assert_eq!(answer.header("etag"), Some(format!("\"{version}\"").as_str()));
        assert_eq!((told["version"].as_u64(), told["position"].as_u64()), (Some(version), Some(version)));
        let found = (told["state"].as_str().unwrap(), told["waiting_for"].as_str(), told["voided"].as_bool().unwrap());
        assert_eq!(found, (state, waiting_for, voided), "version {version}");
    }
    let at = |version: u64| server.get(&format!("/v1/tickets/HD-1?version={version}")).json();
    assert_eq!((&at(2)["agent"], &at(1)["agent"]), (&json!("sara"), &Value::Null));
    assert_eq!((&at(3)["replies"][0]["rating"], &at(6)["closings"][0]["survey"]), (&Value::Null, &Value::Null));
    for (query, status, slug, pointer) in [
        ("version=x", 422, "invalid", "/version"),
        ("version=", 422, "invalid", "/version"),
        ("version=-1", 422, "invalid", "/version"),
        ("version=4294967296", 422, "invalid", "/version"),
        ("version=1&version=1", 400, "malformed", "/version"),
        ("versions=1", 400, "malformed", "/versions"),
        ("a/b~=1", 400, "malformed", "/a~1b~0"),
    ] {
        let (_, pointers) = server.get(&format!("/v1/tickets/HD-1?{query}")).problem(status, slug);
        assert_eq!(pointers, [pointer], "{query}");
    }
    server.get("/v1/tickets/HD-1/history?version=1").problem(400, "malformed");
}

#[test]
fn the_first_answer_falls_due_a_day_after_the_ticket_came() {
    let server = Server::start();
    ticket(&server, "HD-1", &[]);
    let told = server.get("/v1/tickets/HD-1").json();
    let due = told["due"].as_array().unwrap();
    assert_eq!((due.len(), &due[0]["metric"]), (1, &json!("first_response")));
    let left = due[0]["left"].as_f64().unwrap();
    assert!(left <= 86_400.0 && left > 86_000.0, "{left}");
    assert_eq!(
        due[0]["due_at"].as_str().unwrap().get(10..),
        told["opened_at"].as_str().unwrap().get(10..),
        "a day later"
    );
    granted(&server.post("/v1/tickets/HD-1/replies", reply_by(AGENT)), 200);
    assert_eq!(server.get("/v1/tickets/HD-1").json()["due"], json!([]));
}

#[test]
fn who_has_seen_a_version_is_told_that_it_stands() {
    let server = Server::start();
    ticket(&server, "HD-1", &[]);
    for (given, status) in
        [("\"1\"", 304), ("W/\"1\"", 304), ("\"9\", \"1\"", 304), ("*", 304), ("\"9\"", 200), ("1", 200)]
    {
        let answer = server.get_with("/v1/tickets/HD-1", &[("If-None-Match", given)]);
        assert_eq!((answer.status, answer.header("etag")), (status, Some("\"1\"")), "{given}");
        assert_eq!(answer.bytes.is_empty(), status == 304);
    }
}

#[test]
fn a_query_waits_for_the_position_it_needs() {
    let server = Server::start();
    ticket(&server, "HD-1", &[]);
    let queries =
        ["/v1/tickets/HD-1", "/v1/tickets/HD-1/history", "/v1/events", "/v1/reports/flow", "/v1/reports/flow.csv"];
    for path in queries {
        for well in ["min_position=0", "min_position=1", "min_position=1&timeout=0ms", "timeout=5s"] {
            // The first of them waits until the position is there; no later one then needs to.
            granted(&server.get(&format!("{path}?{well}")), 200);
        }
        let asked = Instant::now();
        let answer = server.get(&format!("{path}?min_position=2&timeout=50ms"));
        assert!(asked.elapsed() < Duration::from_secs(2), "the time-out is kept: {:?}", asked.elapsed());
        let (detail, _) = answer.problem(503, "not-yet-seen");
        assert!(detail.contains("position 2") && detail.contains("position 1"), "{detail}");
        assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
        for (query, status, slug, at) in [
            ("min_position=x", 422, "invalid", "/min_position"),
            ("min_position=", 422, "invalid", "/min_position"),
            ("min_position=-1", 422, "invalid", "/min_position"),
            ("min_position=18446744073709551616", 422, "invalid", "/min_position"),
            ("min_position=1&timeout=1m", 422, "invalid", "/timeout"),
            ("min_position=1&timeout=-1s", 422, "invalid", "/timeout"),
            ("min_position=1&timeout=3600s", 422, "invalid", "/timeout"),
            ("min_position=1&min_position=1", 400, "malformed", "/min_position"),
        ] {
            let (_, pointers) = server.get(&format!("{path}?{query}")).problem(status, slug);
            assert_eq!(pointers, [at], "{path} {query}");
        }
    }
    let asked = Instant::now();
    server.get("/v1/reports/flow?min_position=2").problem(503, "not-yet-seen");
    assert!(asked.elapsed() >= Duration::from_millis(1900), "two seconds when nothing is said");
    // What is wrong is told at once, not after the wait.
    for path in
        ["/v1/tickets/HD-1?version=x", "/v1/tickets/a%20b?version=1", "/v1/events?after=x", "/v1/reports/flow?from=x"]
    {
        let asked = Instant::now();
        assert!(matches!(server.get(&format!("{path}&min_position=2&timeout=30s")).status, 404 | 422), "{path}");
        assert!(asked.elapsed() < Duration::from_secs(10), "{path}");
    }
}

#[test]
fn a_command_takes_no_parameters() {
    let server = Server::start();
    ticket(&server, "HD-1", &[]);
    for query in ["min_position=1", "timeout=1s", "version=1", "by=sara", "x"] {
        for path in ["/v1/tickets", "/v1/tickets/HD-1/resume"] {
            let (_, pointers) = server.post(&format!("{path}?{query}"), "{}").problem(400, "malformed");
            assert_eq!(pointers, [format!("/{}", query.split('=').next().unwrap())], "{path}");
        }
    }
}
