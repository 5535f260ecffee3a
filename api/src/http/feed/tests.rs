//! The feed as a reader takes it, on a log in memory.

use super::super::bed::{NEVER, SOON, carry_out, desk, open, place, streams};
use super::super::router;
use super::super::sse::Streams;
use super::*;
use crate::stalled::Impatient;
use daftar_eventlog::ndjson::Wish;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

fn following(desk: &Desk, after: u64, form: Form, streams: &Streams) -> Feed {
    let until = *desk.log().durable().borrow();
    Feed::new(desk.clone(), Position(after), until, false, form, Some(place(streams)))
}

async fn next(feed: &mut Feed) -> Option<String> {
    feed.next().await.unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
}

/// The ids and the tickets of server-sent events.
fn told(text: &str) -> Vec<(String, String)> {
    let event = |event: &str| {
        let (id, data) = event.strip_prefix("id: ").unwrap().split_once("\ndata: ").unwrap();
        let line: serde_json::Value = serde_json::from_str(data).unwrap();
        (id.to_owned(), line["ticket"].as_str().unwrap().to_owned())
    };
    text.strip_suffix("\n\n").unwrap().split("\n\n").map(event).collect()
}

#[tokio::test]
async fn a_stream_gives_what_is_there_then_what_comes_and_keeps_its_connection_alive_between() {
    let (desk, streams) = (desk().await, streams(SOON, 1));
    open(&desk, "A").await;
    open(&desk, "B").await;
    let id = |position| id_of(&desk.log().epochs().moment(Position(position)));
    let mut feed = following(&desk, 0, Form::ServerSent, &streams);
    assert_eq!(told(&next(&mut feed).await.unwrap()), [(id(1), "A".to_owned()), (id(2), "B".to_owned())]);
    assert_eq!(next(&mut feed).await.unwrap().as_bytes(), HEARTBEAT);
    open(&desk, "C").await;
    assert_eq!(told(&next(&mut feed).await.unwrap()), [(id(3), "C".to_owned())]);
    streams.end();
    assert_eq!(next(&mut feed).await, None);
}

#[tokio::test]
async fn lines_go_on_without_a_word_between_them() {
    let (desk, streams) = (desk().await, streams(SOON, 2));
    let (mut feed, mut beating) =
        (following(&desk, 0, Form::Lines, &streams), following(&desk, 0, Form::ServerSent, &streams));
    let later = async {
        // By then the feed was silent for as long as a stream of events may be.
        assert_eq!(next(&mut beating).await.unwrap().as_bytes(), HEARTBEAT);
        open(&desk, "A").await;
    };
    let (text, ()) = tokio::join!(next(&mut feed), later);
    let text = text.unwrap();
    assert!(text.contains("\"ticket\":\"A\"") && text.lines().count() == 1, "{text}");
}

#[tokio::test]
async fn a_server_that_ends_waits_for_no_stream_however_much_there_is_to_tell() {
    let (desk, streams) = (desk().await, streams(NEVER, 2));
    let mut waiting = following(&desk, 0, Form::ServerSent, &streams);
    let (ended, ()) = tokio::join!(next(&mut waiting), async { streams.end() });
    assert_eq!(ended, None);
    open(&desk, "A").await;
    assert_eq!(next(&mut following(&desk, 0, Form::Lines, &streams)).await, None);
    let mut to_its_end = Feed::new(desk, Position(0), Position(1), false, Form::Lines, None);
    assert!(next(&mut to_its_end).await.is_some(), "an answer with an end is given to its end");
    assert_eq!(next(&mut to_its_end).await, None);
}

#[tokio::test]
async fn a_reader_who_takes_nothing_is_read_nothing_for() {
    let (desk, streams) = (desk().await, streams(NEVER, 1));
    for n in 0..=EVENTS_AT_A_TIME {
        open(&desk, &format!("T-{n}")).await;
    }
    let mut feed = following(&desk, 0, Form::ServerSent, &streams);
    let first = told(&next(&mut feed).await.unwrap());
    assert_eq!((first.len(), feed.after), (EVENTS_AT_A_TIME, Position(256)));
    assert_eq!(told(&next(&mut feed).await.unwrap()).len(), 1);
}

/// A socket that holds little, so that a reader who stops is felt soon.
fn narrow() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(8192).unwrap();
    socket.set_recv_buffer_size(8192).unwrap();
    socket
}

/// Serves a desk to readers who may take nothing for so long, until the test ends.
fn served(desk: &Desk, patience: Duration) -> SocketAddr {
    let socket = narrow();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = Impatient { listener: socket.listen(8).unwrap(), patience };
    let address = listener.listener.local_addr().unwrap();
    let app = router(desk.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Asks for the stream and reads its head; what follows is the stream itself, up to the end of the connection.
async fn asked(address: SocketAddr, more: &str) -> TcpStream {
    let mut connection = narrow().connect(address).await.unwrap();
    let request = format!("GET /v1/events HTTP/1.0\r\nAccept: text/event-stream\r\n{more}\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.0 200"), "{}", String::from_utf8_lossy(&head));
    connection
}

#[tokio::test]
async fn a_reader_who_stops_is_let_go_and_goes_on_behind_the_last_event_it_has_whole() {
    let desk = desk().await;
    let subject = format!(r#"{{"body":"{}"}}"#, "x".repeat(100_000));
    for n in 1..=16 {
        carry_out(&desk, &format!("T-{n}"), Wish::Open, &subject).await;
    }
    let (impatient, patient) = (served(&desk, 20 * SOON), served(&desk, NEVER));
    let mut stopped = asked(impatient, "").await;
    desk.streams().none_left().await;
    let mut bytes = Vec::new();
    // Whether the connection ends in order or not, what came before can be read.
    let _ = stopped.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let whole = &text[..text.rfind("\n\n").map_or(0, |end| end + 2)];
    let mut seen = if whole.is_empty() { Vec::new() } else { told(whole) };
    assert!(seen.len() < 16, "the rest was not sent into the void");
    let last = seen.last().map(|(id, _)| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
    let (mut again, mut text) = (asked(patient, &last).await, String::new());
    while text.matches("\n\n").count() < 16 - seen.len() {
        let mut piece = vec![0; 65_536];
        let read = again.read(&mut piece).await.unwrap();
        assert_ne!(read, 0, "this one is let go by nobody");
        text += std::str::from_utf8(&piece[..read]).unwrap();
    }
    seen.extend(told(&text));
    let ids = (1..=16).map(|position| id_of(&desk.log().epochs().moment(Position(position))));
    assert!(seen.iter().map(|(id, _)| id.clone()).eq(ids), "none is missing and none comes twice");
}

#[tokio::test]
async fn large_events_are_told_about_a_megabyte_at_a_time() {
    let (desk, streams) = (desk().await, streams(NEVER, 1));
    open(&desk, "A").await;
    let reply = format!(r#"{{"author":{{"kind":"agent","id":"sara"}},"body":"{}"}}"#, "x".repeat(200 << 10));
    for _ in 0..100 {
        carry_out(&desk, "A", Wish::Reply, &reply).await;
    }
    let mut feed = following(&desk, 0, Form::Lines, &streams);
    let (mut lines, mut largest) = (0, Vec::new());
    while lines < 101 {
        let text = next(&mut feed).await.unwrap();
        lines += text.lines().count();
        largest.push(text.len());
    }
    // The first go, of events whose size nobody knew, may have been too much.
    let first = largest.remove(0);
    assert!(first < (EVENTS_IN_ONE_GO + 1) * (201 << 10), "{first}");
    assert!(largest.iter().all(|bytes| *bytes < 2 * BYTES_AT_A_TIME), "{largest:?}");
}
