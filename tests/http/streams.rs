//! The feed and the headline figures as streams: what they tell, where they go on, and when they end.

use crate::{AGENT, by, granted, ticket};
use daftar_tests::http_client::{Asked, Client, Streamed};
use daftar_tests::server::{Answer, Server};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Opens a stream; it must be granted.
fn stream(server: &Server, asked: &Asked) -> Streamed {
    let streamed = Client::connect(server.address().parse().unwrap()).unwrap().follow(asked).unwrap();
    assert_eq!(streamed.head.status, 200, "{asked:?}");
    streamed
}

fn events(path: &str) -> Asked {
    Asked::get(path).with("Accept", &"text/event-stream")
}

/// What happened, in short: its type and its ticket.
fn short(event: &Value) -> (&str, &str) {
    (event["type"].as_str().unwrap(), event["ticket"].as_str().unwrap())
}

#[test]
fn the_feed_goes_on_behind_what_there_is_and_comes_back_where_it_was() {
    let server = Server::start();
    ticket(&server, "A", &[("close", &by(AGENT))]);
    let lines = server.get("/v1/events");
    let epoch = lines.header("daftar-epoch").unwrap();
    let asked = events("/v1/events").with("Accept-Encoding", &"gzip, zstd");
    let mut feed = stream(&server, &asked);
    for (name, value) in [
        ("content-type", Some("text/event-stream")),
        ("cache-control", Some("no-cache, no-transform")),
        ("content-encoding", None),
        ("daftar-position", Some("2")),
        ("daftar-epoch", Some(epoch)),
        ("vary", Some("accept")),
    ] {
        assert_eq!(feed.head.header(name), value, "{name}");
    }
    for (line, position) in lines.text().lines().zip(1..) {
        let (id, event) = feed.event().unwrap().unwrap();
        assert_eq!(id, format!("{epoch}-{position}"));
        assert_eq!(event, serde_json::from_str::<Value>(line).unwrap(), "an event is its line of the feed");
    }
    ticket(&server, "B", &[]);
    let (id, event) = feed.event().unwrap().unwrap();
    assert_eq!(short(&event), ("ticket_opened", "B"));
    drop(feed);
    ticket(&server, "C", &[]);
    // What the address says was for the first time.
    let mut again = stream(&server, &events("/v1/events?after=1").with("Last-Event-ID", &id));
    assert_eq!(short(&again.event().unwrap().unwrap().1), ("ticket_opened", "C"));
    let mut from_there = stream(&server, &events("/v1/events?after=3"));
    assert_eq!(short(&from_there.event().unwrap().unwrap().1), ("ticket_opened", "C"));
}

#[test]
fn lines_go_on_too_where_that_is_asked() {
    let server = Server::start();
    ticket(&server, "A", &[]);
    let mut feed = stream(&server, &Asked::get("/v1/events?follow=true").with("Accept-Encoding", &"gzip"));
    assert_eq!(feed.head.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(feed.head.header("content-encoding"), None);
    let mut next = || serde_json::from_str::<Value>(&feed.next("\n").unwrap().unwrap()).unwrap();
    assert_eq!(short(&next()), ("ticket_opened", "A"));
    ticket(&server, "B", &[]);
    assert_eq!(short(&next()), ("ticket_opened", "B"));
    let ended = server.get_with("/v1/events?follow=false", &[("Accept", "text/event-stream")]);
    assert_eq!(ended.text().matches("\nid: ").count() + 1, 2, "it ends where the log does: {}", ended.text());
    let (_, pointers) = server.get("/v1/events?follow=yes").problem(422, "invalid");
    assert_eq!(pointers, ["/follow"]);
}

#[test]
fn what_the_feed_leaves_out_is_told_to_nobody_unless_all_is_asked() {
    let server = Server::start();
    let definition = json!({"name": "own", "time_zone": "Asia/Tehran"}).to_string();
    granted(&server.send("PUT", "/v1/definitions/own", definition, &[]), 201);
    ticket(&server, "A", &[]);
    let mut feed = stream(&server, &events("/v1/events"));
    let (id, event) = feed.event().unwrap().unwrap();
    assert!(short(&event) == ("ticket_opened", "A") && id.ends_with("-2"), "{id}");
    let mut all = stream(&server, &events("/v1/events?all=true"));
    assert_eq!(all.event().unwrap().unwrap().1["type"], "definition_published");
}

#[test]
fn an_id_of_another_history_is_gone_and_what_is_no_id_is_malformed() {
    let (server, other) = (Server::start(), Server::start());
    ticket(&server, "A", &[]);
    ticket(&other, "A", &[]);
    let id = |server: &Server| stream(server, &events("/v1/events")).event().unwrap().unwrap().0;
    let (own, elsewhere) = (id(&server), id(&other));
    for path in ["/v1/events", "/v1/live"] {
        let ask = |id: &str| server.get_with(path, &[("Accept", "text/event-stream"), ("Last-Event-ID", id)]);
        let (detail, _) = ask(&elsewhere).problem(410, "other-epoch");
        assert!(detail.contains("position 1 ") && detail.contains("another log"), "{detail}");
        assert!(ask(&format!("{own}0")).problem(410, "other-epoch").0.contains("ends at position 1"));
        for broken in ["1", "x", &own[2..], &format!("{own}x")] {
            assert_eq!(ask(broken).problem(400, "malformed").1, ["/Last-Event-ID"], "{broken}");
        }
    }
}

#[test]
fn headline_figures_are_told_whole_and_then_as_they_change() {
    let server = Server::start();
    ticket(&server, "A", &[("transfer", r#"{"branch":"tehran"}"#)]);
    granted(&server.get("/v1/reports/overview?min_position=2"), 200);
    let overview = server.get("/v1/reports/overview").json();
    let mut live = stream(&server, &Asked::get("/v1/live").with("Accept-Encoding", &"gzip"));
    assert_eq!(live.head.header("content-type"), Some("text/event-stream"));
    assert_eq!((live.head.header("content-encoding"), live.head.header("daftar-position")), (None, Some("2")));
    let (id, told) = live.event().unwrap().unwrap();
    let mut figures = overview["rows"][0].clone();
    ["period", "group"].iter().for_each(|beside| drop(figures.as_object_mut().unwrap().remove(*beside)));
    assert_eq!(told, json!({"position": 2, "at": overview["at"], "changed": figures}));
    let mut of_a_branch = stream(&server, &Asked::get("/v1/live?branch=shiraz&definition=default@0"));
    assert_eq!(of_a_branch.event().unwrap().unwrap().1["changed"]["backlog"], 0);
    ticket(&server, "B", &[]);
    let (next_id, told) = live.event().unwrap().unwrap();
    assert_eq!((&told["position"], &told["changed"]), (&json!(3), &json!({"opened": 2, "backlog": 2})));
    let mut again = stream(&server, &Asked::get("/v1/live").with("Last-Event-ID", &id));
    assert_eq!(again.event().unwrap().unwrap(), (next_id.clone(), told));
    let mut up_to_date = stream(&server, &Asked::get("/v1/live").with("Last-Event-ID", &next_id));
    ticket(&server, "C", &[]);
    assert_eq!(up_to_date.event().unwrap().unwrap().1["changed"], json!({"opened": 3, "backlog": 3}));
}

#[test]
fn headlines_take_filters_and_a_definition_and_nothing_that_makes_rows() {
    let server = Server::start();
    for (query, status, slug, at) in [
        ("interval=day", 400, "malformed", "/interval"),
        ("group_by=branch", 400, "malformed", "/group_by"),
        ("as_of=0", 400, "malformed", "/as_of"),
        ("definition=nothing", 422, "invalid", "/definition"),
        ("priority=some", 422, "invalid", "/priority"),
        ("to=2026-13-01", 422, "invalid", "/to"),
    ] {
        let (_, pointers) = server.get(&format!("/v1/live?{query}")).problem(status, slug);
        assert_eq!(pointers, [at], "{query}");
    }
    server.get("/v1/live?min_position=9&timeout=1ms").problem(503, "not-yet-seen");
}

#[test]
fn a_server_that_is_told_to_end_ends_its_streams_first() {
    let server = Server::start();
    ticket(&server, "A", &[]);
    let mut streams = [
        stream(&server, &events("/v1/events")),
        stream(&server, &Asked::get("/v1/events?follow=true")),
        stream(&server, &Asked::get("/v1/live")),
    ];
    let begun = Instant::now();
    let _directory = server.stop();
    // Requests under way would have ten seconds.
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    for (streamed, end) in streams.iter_mut().zip(["\n\n", "\n", "\n\n"]) {
        while streamed.next(end).unwrap().is_some() {}
    }
}

#[test]
fn there_are_only_so_many_streams() {
    let server = Server::start();
    let open: Vec<Streamed> = (0..256).map(|_| stream(&server, &events("/v1/events"))).collect();
    let refused: Answer = server.get_with("/v1/live", &[]);
    refused.problem(429, "overloaded");
    assert_eq!(refused.header("retry-after"), Some("1"));
    granted(&server.get("/v1/events"), 200);
    drop(open);
}
