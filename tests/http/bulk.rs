//! `POST /v1/events`: history in bulk, of which every line is accounted for; and the feed that gives it back.

use crate::granted;
use daftar_tests::server::{Answer, Server};
use serde_json::Value;

const SMALL: &str = include_str!("../fixtures/small.ndjson");

/// A line that opens a ticket.
fn opened(ticket: &str) -> String {
    format!(r#"{{"type":"ticket_opened","ticket":"{ticket}","occurred_at":"2025-03-01T08:00:00Z"}}"#)
}

/// Asserts read, appended, present, rejected and position; answers each reject's line and reason.
#[track_caller]
fn counted(answer: &Answer, expected: [u64; 5]) -> Vec<(u64, String)> {
    granted(answer, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let told = answer.json();
    let counts = ["read", "appended", "present", "rejected", "position"].map(|name| told[name].as_u64().unwrap());
    assert_eq!(counts, expected, "{told}");
    assert_eq!(counts[0], counts[1] + counts[2] + counts[3], "every line is counted once");
    let reject = |reject: &Value| (reject["line"].as_u64().unwrap(), reject["reason"].as_str().unwrap().to_owned());
    let rejects: Vec<_> = told["rejects"].as_array().unwrap().iter().map(reject).collect();
    assert_eq!(rejects.len() as u64, counts[3], "{told}");
    rejects
}

#[test]
fn the_same_history_twice_adds_nothing_and_a_longer_one_adds_what_is_new() {
    let server = Server::start();
    let longer = format!("{SMALL}{}\n", opened("HD-9"));
    for (text, expected) in [
        (SMALL, [40, 40, 0, 0, 40]),
        (SMALL, [40, 0, 40, 0, 40]),
        (&longer, [41, 1, 40, 0, 41]),
        (SMALL, [40, 0, 40, 0, 41]),
        ("", [0, 0, 0, 0, 41]),
    ] {
        assert!(counted(&server.post("/v1/events", text), expected).is_empty());
    }
    let server = server.restart();
    assert!(counted(&server.post("/v1/events", &longer), [41, 0, 41, 0, 41]).is_empty());
}

#[test]
fn a_wrong_line_is_rejected_with_its_number_and_the_rest_goes_in() {
    let (a, b, c) = (opened("A"), opened("B"), opened("C"));
    let long = format!(
        r#"{{"type":"ticket_opened","ticket":"L","occurred_at":"2025-03-01T08:00:00Z","body":"{}"}}"#,
        "x".repeat(1 << 20)
    );
    let unknown = a.replace("\"A\"", "\"D\",\"colour\":\"red\"");
    let closed_first = r#"{"type":"ticket_resumed","ticket":"E","occurred_at":"2025-03-01T08:00:00Z"}"#;
    let ahead = a.replace("\"A\"", "\"F\"").replace("2025", "2199");
    let body = [
        a.as_bytes(),
        b"\r\n",
        b"{\"type\":\"ticket_\xff\"}\n",
        b"\n",
        b"[1]\n",
        long.as_bytes(),
        b"\n",
        b.as_bytes(),
        b"\r\n",
        unknown.as_bytes(),
        b"\n",
        closed_first.as_bytes(),
        b"\n",
        a.as_bytes(),
        b"\n",
        ahead.as_bytes(),
        b"\n",
        c.as_bytes(),
        b"\n",
        &c.as_bytes()[..30],
    ]
    .concat();
    let server = Server::start();
    let rejects = counted(&server.post("/v1/events", &body), [12, 3, 0, 9, 3]);
    for ((line, reason), (at, words)) in rejects.iter().zip([
        (2, "not UTF-8"),
        (3, "empty"),
        (4, "is a list"),
        (5, "1048576"),
        (7, "colour is not a field"),
        (8, "never opened"),
        (9, "opened before"),
        (10, "2199"),
        (12, "is cut off"),
    ]) {
        assert!(*line == at && reason.contains(words), "line {line}: {reason}");
    }
    let tickets: Vec<_> = server
        .get("/v1/events")
        .text()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["ticket"].clone())
        .collect();
    assert_eq!(tickets, ["A", "B", "C"]);
}

#[test]
fn a_last_line_needs_no_line_end_and_a_cut_one_is_sent_again() {
    let server = Server::start();
    let whole = format!("{}\n{}", opened("A"), opened("B"));
    let cut = &whole[..whole.len() - 5];
    assert_eq!(counted(&server.post("/v1/events", cut), [2, 1, 0, 1, 1])[0].0, 2);
    assert!(counted(&server.post("/v1/events", &whole), [2, 1, 1, 0, 2]).is_empty());
}

#[test]
fn a_dry_run_counts_and_keeps_nothing() {
    let server = Server::start();
    counted(&server.post("/v1/events?dry_run=true", SMALL), [40, 40, 0, 0, 0]);
    assert_eq!(server.get("/v1/events").text(), "");
    counted(&server.post("/v1/events?dry_run=false", SMALL), [40, 40, 0, 0, 40]);
    counted(&server.post("/v1/events?dry_run=true", SMALL), [40, 0, 40, 0, 40]);
}

#[test]
fn times_of_recording_are_kept_in_an_empty_log_alone() {
    let (first, second) = (Server::start(), Server::start());
    granted(&first.post("/v1/events", SMALL), 200);
    let exported = first.get("/v1/events");
    counted(&second.post("/v1/events?keep_recorded_at=true", &exported.bytes), [40, 40, 0, 0, 40]);
    let line = |text: &str| -> Value { serde_json::from_str(text.lines().next().unwrap()).unwrap() };
    let (kept, source) = (line(second.get("/v1/events").text()), line(exported.text()));
    assert_eq!((&kept["recorded_at"], &kept["event_id"]), (&source["recorded_at"], &source["event_id"]));
    assert!(kept["event_id"].as_str().is_some());
    let (detail, _) = second.post("/v1/events?keep_recorded_at=true", SMALL).problem(422, "invalid");
    assert!(detail.contains("40 events"), "{detail}");
    let both = "/v1/events?keep_recorded_at=true&dry_run=true";
    second.post(both, SMALL).problem(422, "invalid");
}

#[test]
fn a_bulk_has_two_parameters() {
    let server = Server::start();
    for (query, status, slug, at) in [
        ("dry_run=yes", 422, "invalid", "/dry_run"),
        ("dry_run=", 422, "invalid", "/dry_run"),
        ("keep_recorded_at=1", 422, "invalid", "/keep_recorded_at"),
        ("dry-run=true", 400, "malformed", "/dry-run"),
        ("dry_run=true&dry_run=true", 400, "malformed", "/dry_run"),
        ("min_position=1", 400, "malformed", "/min_position"),
        ("timeout=1s", 400, "malformed", "/timeout"),
    ] {
        let (_, pointers) = server.post(&format!("/v1/events?{query}"), SMALL).problem(status, slug);
        assert_eq!(pointers, [at], "{query}");
    }
    assert_eq!(server.get("/v1/events").text(), "");
}

#[test]
fn a_bulk_of_many_megabytes_streams_in_and_the_feed_gives_it_back() {
    let server = Server::start();
    let tickets = 20_000_u64;
    let filling = "از دیروز…".repeat(20);
    let lines: Vec<String> =
        (0..tickets).map(|n| opened(&format!("T-{n}")).replace('}', &format!(",\"body\":\"{filling}\"}}\n"))).collect();
    let body = lines.concat();
    assert!(body.len() > 5 << 20, "{} bytes", body.len());
    counted(&server.post("/v1/events", &body), [tickets, tickets, 0, 0, tickets]);
    counted(&server.post("/v1/events", &body), [tickets, 0, tickets, 0, tickets]);
    let feed = server.get("/v1/events");
    assert_eq!(feed.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(feed.header("daftar-position"), Some("20000"));
    for (line, n) in feed.text().lines().zip(0..) {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (event["position"].as_u64(), event["ticket"].as_str()),
            (Some(n + 1), Some(format!("T-{n}").as_str()))
        );
    }
    assert_eq!(feed.text().lines().count(), 20_000);
    assert_eq!(server.get("/v1/events?after=19998").text().lines().count(), 2);
}

#[test]
fn the_feed_goes_on_behind_a_position() {
    let server = Server::start();
    granted(&server.post("/v1/events", SMALL), 200);
    let all = server.get("/v1/events").text().to_owned();
    assert_eq!(all.lines().count(), 40);
    assert!(all.ends_with('\n'));
    for (query, lines) in [("?after=0", 40), ("?after=1", 39), ("?after=39", 1), ("?after=40", 0), ("?after=007", 33)] {
        let feed = server.get(&format!("/v1/events{query}"));
        let expected: Vec<_> = all.lines().skip(40 - lines).collect();
        assert_eq!(feed.text().lines().collect::<Vec<_>>(), expected, "{query}");
        assert_eq!(feed.header("daftar-position"), Some("40"));
    }
    for (line, source) in all.lines().zip(SMALL.lines()) {
        let (event, source): (Value, Value) =
            (serde_json::from_str(line).unwrap(), serde_json::from_str(source).unwrap());
        for name in
            ["type", "ticket", "occurred_at", "subject", "body", "attributes", "reply", "waiting_for", "nps", "comment"]
        {
            assert_eq!(event[name], source[name], "{name}: {line}");
        }
        for name in ["position", "version", "recorded_at", "event_id"] {
            assert!(!event[name].is_null(), "{name}: {line}");
        }
    }
    for (query, status, slug, at) in [
        ("after=41", 422, "invalid", "/after"),
        ("after=x", 422, "invalid", "/after"),
        ("after=", 422, "invalid", "/after"),
        ("after=-1", 422, "invalid", "/after"),
        ("after=18446744073709551616", 422, "invalid", "/after"),
        ("after=1&after=1", 400, "malformed", "/after"),
        ("since=1", 400, "malformed", "/since"),
    ] {
        let (_, pointers) = server.get(&format!("/v1/events?{query}")).problem(status, slug);
        assert_eq!(pointers, [at], "{query}");
    }
}
