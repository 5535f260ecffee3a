//! The headline figures as a reader takes them, on a log in memory.

use super::super::bed::{NEVER, SOON, carry_out, desk, open, place, streams};
use super::super::sse::{Streams, id_of};
use super::*;
use daftar_eventlog::ndjson::Wish;
use daftar_projections::definition::document::{Definition, Per};
use serde_json::{Value, json};

const SARA: &str = r#"{"kind":"agent","id":"sara"}"#;

/// A stream of headlines, once everything so far is folded.
async fn headlines(desk: &Desk, seen: Option<u64>, streams: &Streams) -> Headlines {
    fold(desk).await;
    let seen = seen.map(|position| Seen { position: Position(position), version: Some(0) });
    begin(desk, Query::over(ReportName::Overview), seen, streams).await
}

async fn begin(desk: &Desk, query: Query, seen: Option<Seen>, streams: &Streams) -> Headlines {
    Headlines::begin(desk.clone(), query, seen, place(streams), Duration::ZERO).await.map_err(drop).unwrap()
}

async fn fold(desk: &Desk) {
    desk.live().catch_up(|_| {}).await.unwrap();
}

/// The next message: its id, and what it says.
async fn next(headlines: &mut Headlines) -> Option<(String, Value)> {
    let text = String::from_utf8(headlines.next().await?).unwrap();
    let (id, data) = text.strip_prefix("id: ").unwrap_or_else(|| panic!("{text:?}")).split_once("\ndata: ").unwrap();
    Some((id.to_owned(), serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap()))
}

fn id(desk: &Desk, position: u64) -> String {
    id_under(&desk.log().epochs().moment(Position(position)), 0)
}

#[tokio::test]
async fn the_first_message_is_whole_and_the_next_says_what_changed_since() {
    let (desk, streams) = (desk().await, streams(SOON, 1));
    open(&desk, "A").await;
    let mut headlines = headlines(&desk, None, &streams).await;
    let (told_id, told) = next(&mut headlines).await.unwrap();
    assert_eq!((told_id, &told["position"], &told["at"]), (id(&desk, 1), &json!(1), &json!("1970-01-01T00:00:01Z")));
    let names: Vec<_> = told["changed"].as_object().unwrap().keys().map(String::as_str).collect();
    let whole = [
        "backlog",
        "closed",
        "csat",
        "first_response",
        "full_resolution",
        "nps",
        "opened",
        "reopen_rate",
        "reply_rating",
        "response_rate",
    ];
    assert_eq!(names, whole);
    assert_eq!(headlines.next().await.unwrap(), HEARTBEAT);
    carry_out(&desk, "A", Wish::Reply, &format!(r#"{{"author":{SARA},"visibility":"internal","body":"…"}}"#)).await;
    fold(&desk).await;
    assert_eq!(headlines.next().await.unwrap(), HEARTBEAT, "a note changes no figure");
    open(&desk, "B").await;
    open(&desk, "C").await;
    fold(&desk).await;
    let both = json!({"position": 4, "at": "1970-01-01T00:00:01Z", "changed": {"opened": 3, "backlog": 3}});
    assert_eq!(next(&mut headlines).await, Some((id(&desk, 4), both)), "changes gather");
}

#[tokio::test]
async fn a_reader_that_comes_back_is_told_what_changed_meanwhile_and_no_more() {
    let (desk, streams) = (desk().await, streams(SOON, 2));
    open(&desk, "A").await;
    open(&desk, "B").await;
    let mut behind = headlines(&desk, Some(1), &streams).await;
    let changed = json!({"position": 2, "at": "1970-01-01T00:00:01Z", "changed": {"opened": 2, "backlog": 2}});
    assert_eq!(next(&mut behind).await, Some((id(&desk, 2), changed)));
    let mut up_to_date = headlines(&desk, Some(2), &streams).await;
    assert_eq!(up_to_date.next().await.unwrap(), HEARTBEAT);
    open(&desk, "C").await;
    fold(&desk).await;
    assert_eq!(next(&mut up_to_date).await.unwrap().1["changed"], json!({"opened": 3, "backlog": 3}));
}

#[tokio::test]
async fn a_log_in_which_nothing_but_notes_is_written_keeps_no_reader_in_silence() {
    let (desk, streams) = (desk().await, streams(SOON, 1));
    open(&desk, "A").await;
    let mut headlines = headlines(&desk, Some(1), &streams).await;
    let note = format!(r#"{{"author":{SARA},"visibility":"internal","body":"…"}}"#);
    let writing = async {
        for _ in 0..2_000 {
            carry_out(&desk, "A", Wish::Reply, &note).await;
            fold(&desk).await;
            tokio::task::yield_now().await;
        }
    };
    let beat = tokio::select! {
        beat = headlines.next() => beat,
        () = writing => None,
    };
    assert_eq!(beat.unwrap(), HEARTBEAT, "though the position never stood still");
}

#[tokio::test]
async fn a_server_that_ends_waits_for_no_headline() {
    let (desk, streams) = (desk().await, streams(NEVER, 1));
    let mut headlines = headlines(&desk, Some(0), &streams).await;
    let (ended, ()) = tokio::join!(headlines.next(), async { streams.end() });
    assert_eq!(ended, None);
}

/// Counted in cycles, so measured under other fields than the built-in default.
fn cycles(name: &str) -> Definition {
    let mut cycles = Definition { name: name.to_owned(), ..Definition::default() };
    (cycles.resolution.per, cycles.first_response.per) = (Per::Cycle, Per::Cycle);
    cycles
}

#[tokio::test]
async fn whoever_comes_back_after_a_change_of_default_is_told_what_changed_from_what_was_told() {
    let (desk, streams) = (desk().await, streams(SOON, 3));
    open(&desk, "A").await;
    for _ in 0..2 {
        carry_out(&desk, "A", Wish::Close, &format!(r#"{{"by":{SARA}}}"#)).await;
        carry_out(&desk, "A", Wish::Reopen, &format!(r#"{{"by":{SARA}}}"#)).await;
    }
    desk.definitions().publish(cycles("default"), None, desk.now()).await.unwrap();
    // Told at the publication's position, and under the version before: the change of default was still to come.
    let mut before = headlines(&desk, None, &streams).await;
    let (id, told) = next(&mut before).await.unwrap();
    assert!(id.ends_with("-6.0"), "{id}");
    let (stop, stopping) = watch::channel(false);
    let following = tokio::spawn({
        let desk = desk.clone();
        async move { desk.live().follow(stopping).await.is_ok() }
    });
    let basis = Basis::from(cycles("default").folded());
    desk.resident().let_succeed(&basis).unwrap();
    assert!(desk.live().turned_to(&basis, Position(6), Duration::from_secs(60)).await);
    let newest = Query::over(ReportName::Overview);
    let mut anew = begin(&desk, newest.clone(), None, &streams).await;
    let (id, whole) = next(&mut anew).await.unwrap();
    assert!(id.ends_with("-6.1"), "{id}");
    assert_ne!(whole["changed"], told["changed"], "the definitions differ in it");
    // The figures before are not at hand any more: everything is told.
    let seen = Seen { position: Position(6), version: Some(0) };
    let mut back = begin(&desk, newest, Some(seen), &streams).await;
    assert_eq!(next(&mut back).await.unwrap().1["changed"], whole["changed"]);
    stop.send_replace(true);
    assert!(following.await.unwrap());
}

#[tokio::test]
async fn a_stream_begins_before_its_figures_are_there_and_tells_them_when_they_are() {
    let (desk, streams) = (desk().await, streams(SOON, 1));
    open(&desk, "A").await;
    desk.definitions().publish(cycles("ours"), None, desk.now()).await.unwrap();
    // Nobody has folded the publication yet.
    let query = Query { definition: Some("ours".to_owned()), ..Query::over(ReportName::Overview) };
    let mut headlines = begin(&desk, query, None, &streams).await;
    assert_eq!(headlines.next().await.unwrap(), HEARTBEAT);
    fold(&desk).await;
    let told = loop {
        let text = headlines.next().await.unwrap();
        if text != HEARTBEAT {
            break String::from_utf8(text).unwrap();
        }
    };
    assert!(told.starts_with(&format!("id: {}.1\n", id_of(&desk.log().epochs().moment(Position(2))))), "{told}");
}
