//! The feed as a reader takes it, on a log in memory.

use super::super::bed::{NEVER, SOON, desk, open, place, streams};
use super::super::sse::Streams;
use super::*;

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
