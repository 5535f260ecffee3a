//! Published reports that this version can't make again, and bytes that are not those published.

use super::super::bed::{carry_out, desk};
use super::*;
use daftar_eventlog::ndjson::Wish;
use daftar_eventlog::snapshot::snapshot_commit;
use daftar_eventlog::{Position, StoreError};
use daftar_projections::live::Live;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

/// A report of nothing, published by some other version.
fn foreign(name: &str, report: &str, query: &[(&str, &str)], definition: (&str, u64)) -> Snapshot {
    Snapshot {
        name: name.to_owned(),
        version: Version::ZERO,
        report: report.to_owned(),
        query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        definition: definition.0.to_owned(),
        definition_version: definition.1,
        document: None,
        position: Position(1),
        product: "9.0.0".to_owned(),
        by: None,
        digest: [0; 32],
        length: 0,
    }
}

const KEPT: &str = r#"{"report":"flow","rows":[]}"#;

/// A desk with a ticket, which has published that.
async fn with(mut snapshot: Snapshot, kept: &str) -> (Desk, Listed) {
    let desk = desk().await;
    carry_out(&desk, "HD-1", Wish::Open, "{}").await;
    let packed = pack(KEPT.as_bytes()).unwrap();
    (snapshot.digest, snapshot.length) = (packed.digest, packed.length);
    let bytes = pack(kept.as_bytes()).unwrap().bytes;
    let mut facts = snapshot.facts();
    facts.packed = &bytes;
    desk.log().append(snapshot_commit(&facts, Version::ZERO, desk.now(), None).unwrap()).await.unwrap();
    Live::catch_up(desk.live(), |_| {}).await.unwrap();
    let listed = desk.snapshots().at(&snapshot.name, Position(u64::MAX)).await.unwrap().unwrap();
    (desk, listed)
}

async fn told(snapshot: Snapshot) -> Value {
    let (desk, listed) = with(snapshot, KEPT).await;
    let kept = desk.snapshots().bytes_of(&listed).await.unwrap();
    let text = again::beside(&desk, &listed, kept, Instant::now() + Duration::from_secs(60)).await.unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[tokio::test]
async fn what_cannot_be_made_again_says_why_beside_the_kept_bytes() {
    for (snapshot, why) in [
        (foreign("a", "flow", &[], ("gone", 7)), "the definition it was made under, gone@7, is not there any more"),
        (foreign("b", "moods", &[], ("default", 0)), "does not know what the report was asked with: report"),
        (
            foreign("c", "flow", &[("mood", "sad")], ("default", 0)),
            "does not know what the report was asked with: mood",
        ),
        (
            foreign("d", "flow", &[("interval", "hour"), ("from", "1900-01-01"), ("to", "2200-01-01")], ("default", 0)),
            "cells, more than",
        ),
    ] {
        let told = told(snapshot).await;
        assert_eq!((&told["kept"]["report"], &told["product"]), (&json!("flow"), &json!("9.0.0")));
        for side in ["same_position", "now"] {
            assert!(told[side]["not_computed"].as_str().unwrap().contains(why), "{told}");
            assert_eq!(told[side]["differences"], Value::Null);
        }
    }
}

#[tokio::test]
async fn a_report_that_is_made_otherwise_now_differs_at_its_own_position() {
    let told = told(foreign("a", "flow", &[("figures", "opened")], ("default", 0))).await;
    let differences = told["same_position"]["differences"].as_array().unwrap();
    let row = json!({"period": null, "group": {}, "opened": 1});
    assert_eq!(differences.last(), Some(&json!({"row": {}, "now": row})), "{told}");
    assert!(differences.contains(&json!({"field": "calendar", "now": "gregorian"})), "{told}");
}

#[tokio::test]
async fn other_bytes_than_those_published_are_told_as_damage() {
    let (desk, listed) = with(foreign("a", "flow", &[], ("default", 0)), &KEPT.replace("flow", "blow")).await;
    let Err(StoreError::Corrupt { position, why }) = desk.snapshots().bytes_of(&listed).await else {
        panic!("they are not those published")
    };
    assert_eq!(position, Position(2));
    assert!(why.contains("not those whose digest stands beside them"), "{why}");
}

#[tokio::test]
async fn what_has_no_room_in_an_event_is_refused() {
    let desk = desk().await;
    let publish = async |report: String, document: Option<String>| {
        let snapshot = Snapshot { document, ..foreign("a", "flow", &[], ("default", 0)) };
        let (packed, now) = (pack(report.as_bytes())?, desk.now());
        desk.snapshots()
            .publish(Made { snapshot, packed, stamp: None, now })
            .await
            .map(|publication| publication.unchanged)
    };
    // Hashes do not pack: half of the bytes of their digits are left.
    let noise = |bytes: u32| (0..bytes / 64).map(|n| blake3::hash(&n.to_le_bytes()).to_hex().to_string()).collect();
    assert!(matches!(publish(noise(2_000_000), None).await, Err(KeepError::Packing(_))));
    let refused = publish(noise(1_500_000), Some(" ".repeat(250_000))).await;
    assert!(
        matches!(&refused, Err(KeepError::Unstorable(why)) if why.contains("at most 1000 and 900000")),
        "{refused:?}"
    );
    assert!(desk.snapshots().list(Position(u64::MAX)).await.unwrap().is_empty());
    assert!(matches!(publish(noise(1_500_000), None).await, Ok(false)));
}
