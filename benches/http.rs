//! Commands and reports over HTTP, against a bare handler that parses and answers the same JSON.
//!
//! Client and server share the machine and the process. Both sides are asked over 64 connections that are kept; every
//! reply of the product's side is durable when it is answered.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on stops")]

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::header;
use axum::routing::{get, post};
use daftar_api::http::Desk;
use daftar_api::server;
use daftar_benches::{asked_for, bench_line, events, history, interleaved, load, long, median, median_ratio};
use daftar_domain::EventKind;
use daftar_eventlog::EventLog;
use daftar_eventlog::clock::system_clock;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

const CONNECTIONS: usize = 64;

fn main() {
    if !asked_for() {
        return;
    }
    let rounds = if long() { 21 } else { 7 };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let log = EmbeddedLog::open(dir.path(), &Options::default()).unwrap();
    let tickets = if long() { 100_000 } else { 20_000 };
    runtime.block_on(history::import(&log, &history::lines(tickets))).unwrap();
    let (stop, stopped) = watch::channel(false);
    let desk = serve(&runtime, log, stopped.clone());
    replies(&runtime, desk, &stopped, rounds);
    report(&runtime, desk, &stopped, rounds);
    stop.send_replace(true);
}

/// Serves the product over a log; answers its address.
fn serve(runtime: &Runtime, log: EmbeddedLog, stopped: watch::Receiver<bool>) -> SocketAddr {
    let keys = log.keys();
    runtime.block_on(async {
        let desk = Desk::open(Arc::new(log) as Arc<dyn EventLog>, keys, system_clock()).await.unwrap();
        desk.live().catch_up(|_| {}).await.unwrap();
        let listener = server::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(server::serve(desk, listener, stopped));
        address
    })
}

/// Serves the peer; answers its address.
fn serve_bare(runtime: &Runtime, router: Router, mut stopped: watch::Receiver<bool>) -> SocketAddr {
    use axum::serve::ListenerExt;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let listener = listener.tap_io(|connection| connection.set_nodelay(true).unwrap());
        let told = async move {
            let _ = stopped.wait_for(|stopped| *stopped).await;
        };
        tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(told).into_future());
        address
    })
}

/// Durable replies, with and without a key, each connection on a ticket of its own.
fn replies(runtime: &Runtime, desk: SocketAddr, stopped: &watch::Receiver<bool>, rounds: usize) {
    let bare = Router::new().route("/v1/tickets/{ticket}/replies", post(bare_reply));
    let bare = serve_bare(runtime, bare, stopped.clone());
    let opened = (0..CONNECTIONS).map(|n| vec![load::post("/v1/tickets", "", &format!(r#"{{"ticket":"B-{n}"}}"#))]);
    load::send(runtime, desk, opened.collect());
    let each = if long() { 2000 } else { 400 };
    let sent = Cell::new(0);
    let requests = |keyed: bool| {
        let first = sent.replace(sent.get() + each);
        let of = |n: usize| (first..first + each).map(|k| reply_request(n, k, keyed)).collect();
        (0..CONNECTIONS).map(of).collect::<Vec<_>>()
    };
    load::send(runtime, desk, requests(false));
    load::send(runtime, bare, requests(false));
    let mut plain = || load::send(runtime, desk, requests(false));
    let mut keyed = || load::send(runtime, desk, requests(true));
    let mut peer = || load::send(runtime, bare, requests(false));
    let [plain, keyed, peer] = interleaved(rounds, [&mut plain, &mut keyed, &mut peer]);
    let against = format!("bare axum with the same JSON in and out, 64 connections, {:.0} requests/s", median(&peer));
    let line = |name, side: &[f64]| {
        bench_line(name, median(side), "requests/s", Some(median_ratio(side, &peer)), Some(&against));
    };
    line("http_replies_64", &plain);
    line("http_replies_with_key_64", &keyed);
}

fn reply_request(ticket: usize, n: usize, keyed: bool) -> Vec<u8> {
    let event = events::reply(u32::try_from(n).unwrap());
    let EventKind::ReplyPosted { body, .. } = event.kind else { unreachable!("a reply is posted") };
    let reply = Reply {
        author: Author { kind: "agent".to_owned(), id: format!("agent-{}", n % 40) },
        body: body.unwrap_or_default(),
    };
    let key = if keyed { format!("Idempotency-Key: {ticket}-{n}\r\n") } else { String::new() };
    load::post(&format!("/v1/tickets/B-{ticket}/replies"), &key, &serde_json::to_string(&reply).unwrap())
}

#[derive(Serialize, Deserialize)]
struct Reply {
    author: Author,
    body: String,
}

#[derive(Serialize, Deserialize)]
struct Author {
    kind: String,
    id: String,
}

#[derive(Serialize)]
struct Answer {
    ticket: String,
    version: u32,
    position: u64,
    events: [Posted; 1],
}

#[derive(Serialize)]
struct Posted {
    r#type: &'static str,
    ticket: String,
    occurred_at: String,
    author: Author,
    visibility: &'static str,
    body: String,
    position: u64,
    version: u32,
    recorded_at: String,
    event_id: String,
}

/// What the product parses and answers, and nothing of what it does in between.
async fn bare_reply(Path(ticket): Path<String>, body: Bytes) -> ([(header::HeaderName, &'static str); 2], Vec<u8>) {
    let Reply { author, body } = serde_json::from_slice(&body).unwrap();
    let now = system_clock()().to_string();
    let posted = Posted {
        r#type: "reply_posted",
        ticket: ticket.clone(),
        occurred_at: now.clone(),
        author,
        visibility: "public",
        body,
        position: 12_345,
        version: 123,
        recorded_at: now,
        event_id: "e09a49287862fa6060d60678671f7a29-12345".to_owned(),
    };
    let answer = Answer { ticket, version: 123, position: 12_345, events: [posted] };
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::ETAG, "\"123\"")];
    (headers, serde_json::to_vec(&answer).unwrap())
}

/// A report of a month by department, against the same bytes sent as they are.
fn report(runtime: &Runtime, desk: SocketAddr, stopped: &watch::Receiver<bool>, rounds: usize) {
    for (name, path) in [
        ("http_report_day", "/v1/reports/response-times?from=2026-06-01&to=2026-06-02&group_by=department"),
        ("http_report_all", "/v1/reports/response-times?group_by=department"),
    ] {
        let request = load::get(path);
        let bytes = Bytes::from(load::body_of(runtime, desk, &request));
        let answer = get(move || async move { ([(header::CONTENT_TYPE, "application/json")], bytes) });
        let bare = serve_bare(runtime, Router::new().route("/v1/reports/response-times", answer), stopped.clone());
        let each = if long() { 200 } else { 20 };
        let requests = || vec![vec![request.clone(); each]; 8];
        let mut ours = || load::send(runtime, desk, requests());
        let mut peer = || load::send(runtime, bare, requests());
        let [ours, peer] = interleaved(rounds, [&mut ours, &mut peer]);
        let against = format!("bare axum sending the same bytes, 8 connections, {:.0} requests/s", median(&peer));
        bench_line(name, median(&ours), "requests/s", Some(median_ratio(&ours, &peer)), Some(&against));
    }
}
