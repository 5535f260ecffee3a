//! Rows that are kept, tags, and compressed answers: other bytes only where there are other figures.

use crate::{AGENT, CUSTOMER, by, granted, ticket};
use daftar_tests::server::{Answer, Server};
use flate2::read::GzDecoder;
use std::io::Read as _;

const SMALL: &str = include_str!("../fixtures/small.ndjson");

/// The position an answer speaks for, and the answer to a reader who has `tag`.
fn asked_again(server: &Server, path: &str, tag: &str, position: u64) -> Answer {
    let path = format!("{path}&min_position={position}");
    let answer = server.get_with(&path, &[("If-None-Match", tag)]);
    assert_eq!(answer.header("daftar-position"), Some(&*position.to_string()), "a 304 too");
    answer
}

/// A report without the position in its head.
fn without_position(report: &Answer) -> String {
    let position = report.header("daftar-position").unwrap();
    report.text().replacen(&format!("\"position\":{position},"), "", 1)
}

#[test]
fn a_note_moves_the_position_alone_and_a_changed_rating_the_figures() {
    let server = Server::start();
    let reply = format!(r#"{{"author":{AGENT},"body":"…"}}"#);
    let rated = |word: &str| format!(r#"{{"rating":"{word}","by":{CUSTOMER}}}"#);
    ticket(&server, "A", &[("replies", &reply), ("replies/1/rating", &rated("satisfied"))]);
    let path = "/v1/reports/satisfaction?at=2100-01-01";
    let before = server.get(&format!("{path}&min_position=3"));
    let tag = before.header("etag").unwrap();
    assert!(tag.starts_with("W/\""), "{tag}");
    assert_eq!(asked_again(&server, path, tag, 3).status, 304);
    let note = format!(r#"{{"author":{AGENT},"body":"…","visibility":"internal"}}"#);
    granted(&server.post("/v1/tickets/A/replies", note), 200);
    let same = asked_again(&server, path, tag, 4);
    assert_eq!((same.status, same.header("etag"), same.bytes.len()), (304, Some(tag), 0));
    assert_eq!(without_position(&server.get(path)), without_position(&before));
    granted(&server.post("/v1/tickets/A/replies/1/rating", rated("dissatisfied")), 200);
    let after = asked_again(&server, path, tag, 5);
    assert_eq!((after.status, &after.json()["rows"][0]["reply_rating"]["satisfied"]), (200, &0.into()));
    assert_ne!(after.header("etag"), Some(tag));
    let as_of = server.get(&format!("{path}&as_of=4"));
    assert_eq!(as_of.json()["rows"], before.json()["rows"], "what was known before is what it was");
}

#[test]
fn the_latest_instant_stands_in_the_head_and_in_the_tag() {
    let server = Server::start();
    ticket(&server, "A", &[]);
    let path = "/v1/reports/flow?group_by=branch";
    let before = server.get(&format!("{path}&min_position=1"));
    let note = format!(r#"{{"author":{AGENT},"body":"…","visibility":"internal"}}"#);
    granted(&server.post("/v1/tickets/A/replies", note), 200);
    let after = asked_again(&server, path, before.header("etag").unwrap(), 2);
    assert_eq!(after.status, 200);
    assert_ne!(after.json()["at"], before.json()["at"]);
    assert_eq!(after.json()["rows"], before.json()["rows"]);
    let csv = |position| server.get(&format!("/v1/reports/flow.csv?group_by=branch&min_position={position}"));
    assert_eq!(csv(1).header("etag"), csv(2).header("etag"), "CSV says nothing but rows");
    assert_ne!(csv(2).header("etag"), after.header("etag"));
}

#[test]
fn parameters_in_another_order_are_the_same_question() {
    let server = Server::start();
    granted(&server.post("/v1/events", SMALL), 200);
    let one =
        server.get("/v1/reports/flow?min_position=40&from=2025-03-01&branch=tehran,null&channel=email&interval=day");
    let other = server.get("/v1/reports/flow?channel=email&interval=day&branch=null,tehran&from=2025-03-01T00:00:00Z");
    granted(&one, 200);
    assert_eq!((one.header("etag"), &one.bytes), (other.header("etag"), &other.bytes));
}

#[test]
fn answers_are_compressed_where_that_is_taken_and_worth_it() {
    let server = Server::start();
    granted(&server.post("/v1/events", SMALL), 200);
    let path = "/v1/reports/flow?min_position=40&interval=day";
    let plain = server.get(path);
    assert!(plain.bytes.len() > 1024, "{}", plain.text());
    assert_eq!(plain.header("content-encoding"), None);
    for (accepted, coding) in [
        ("gzip", Some("gzip")),
        ("gzip, zstd", Some("zstd")),
        ("zstd;q=0.5, gzip", Some("gzip")),
        ("zstd;q=0, gzip;q=0", None),
        ("identity;q=0", None),
    ] {
        let answer = server.get_with(path, &[("Accept-Encoding", accepted)]);
        assert_eq!((answer.status, answer.header("content-encoding")), (200, coding), "{accepted}");
        assert_eq!(answer.header("etag"), plain.header("etag"));
        let varies: Vec<_> = answer.headers.iter().filter(|(name, _)| name == "vary").map(|(_, v)| &**v).collect();
        assert_eq!(varies, ["accept", "accept-encoding"]);
        let mut text = Vec::new();
        match coding {
            Some("gzip") => drop(GzDecoder::new(&answer.bytes[..]).read_to_end(&mut text).unwrap()),
            Some(_) => text = zstd::decode_all(&answer.bytes[..]).unwrap(),
            None => text.clone_from(&answer.bytes),
        }
        assert!(text == plain.bytes, "{accepted}");
    }
    for small in ["/healthz", "/v1/reports/nothing"] {
        assert_eq!(server.get_with(small, &[("Accept-Encoding", "gzip")]).header("content-encoding"), None, "{small}");
    }
    let feed = server.get_with("/v1/events", &[("Accept-Encoding", "zstd")]);
    assert_eq!(feed.header("content-encoding"), Some("zstd"));
    assert_eq!(zstd::decode_all(&feed.bytes[..]).unwrap(), server.get("/v1/events").bytes);
}

#[test]
fn what_a_client_would_rather_have_is_weighed() {
    let server = Server::start();
    ticket(&server, "A", &[("close", &by(AGENT))]);
    for (path, accepted, kind) in [
        ("/v1/reports/flow", "text/csv", "text/csv; charset=utf-8"),
        ("/v1/reports/flow", "text/csv;q=0.5, application/json", "application/json"),
        ("/v1/reports/flow", "text/csv;q=0, */*", "application/json"),
        ("/v1/reports/flow", "text/*, application/json;q=0.9", "text/csv; charset=utf-8"),
        ("/v1/events", "text/event-stream;q=0.1, application/x-ndjson", "application/x-ndjson"),
        ("/v1/events?follow=false", "text/event-stream, */*;q=0.1", "text/event-stream"),
    ] {
        let answer = server.get_with(path, &[("Accept", accepted)]);
        granted(&answer, 200);
        assert_eq!(answer.header("content-type"), Some(kind), "{path} {accepted}");
    }
}
