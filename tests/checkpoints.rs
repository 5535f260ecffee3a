//! A checkpoint is only a cache: whatever becomes of its file, the server starts on its log and answers the same bytes.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_tests::server::Server;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Enough tickets that their events are worth a checkpoint at an orderly end: 20,000.
const DEMO: [&str; 6] = ["--tickets", "2200", "--until", "2026-04-10", "--seed", "5"];
const EVENTS_AT_LEAST: u64 = 20_000;

/// Every report, also of the past, under another definition and explained. Lists of tickets tell by the clock what is left.
const ASKED: [&str; 16] = [
    "/v1/reports/overview?interval=month",
    "/v1/reports/overview?as_of=12345&group_by=department",
    "/v1/reports/overview?happened_by=2026-01-01",
    "/v1/reports/overview?definition=iran&interval=quarter",
    "/v1/reports/satisfaction?group_by=agent",
    "/v1/reports/response-times?interval=month&group_by=department,priority&within=8h",
    "/v1/reports/resolution-times?group_by=agent,tag",
    "/v1/reports/flow.csv?interval=week&group_by=branch",
    "/v1/reports/leaderboard",
    "/v1/reports/targets?group_by=priority",
    "/v1/reports/volume?interval=month",
    "/v1/reports/backlog?interval=month&group_by=channel",
    "/v1/reports/cases?group_by=customer_tier",
    "/v1/reports/review-queue",
    "/v1/reports/overview/explain?figure=full_resolution.p90&limit=1000",
    "/v1/reports/satisfaction/explain?figure=csat&taken_back=true",
];

/// What a server answers to everything. Its start alone is under test, so what it takes to be ready is no matter here.
fn answers(server: &Server) -> Vec<String> {
    let answer = |path: &&str| {
        let joint = if path.contains('?') { '&' } else { '?' };
        let answer = server.get(&format!("{path}{joint}timeout=60s"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text().to_owned()
    };
    ASKED.iter().map(answer).collect()
}

/// Compares every answer, and says where one begins to differ.
#[track_caller]
fn assert_same(server: &Server, before: &[String], what: &str) {
    for (path, (now, before)) in ASKED.iter().zip(answers(server).iter().zip(before)) {
        let place = now.bytes().zip(before.bytes()).position(|(now, before)| now != before);
        let place = place.unwrap_or(now.len().min(before.len())).saturating_sub(40);
        let near = |text: &str| String::from_utf8_lossy(text.as_bytes().get(place..).unwrap_or_default()).into_owned();
        let near = |text: &str| near(text).chars().take(120).collect::<String>();
        assert!(now == before, "{what}: {path}: {} … was {} …", near(now), near(before));
    }
}

/// The one checkpoint of a data directory.
fn checkpoint(data: &Path) -> PathBuf {
    let files: Vec<_> = fs::read_dir(data.join("checkpoints")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(files[0].extension().is_some_and(|extension| extension == "checkpoint"), "{files:?}");
    files[0].clone()
}

fn written(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

/// A demo's directory with its checkpoint, and what was answered before it was written.
fn desk(arguments: &[&str]) -> (tempfile::TempDir, PathBuf, Vec<String>) {
    let server = Server::demo(arguments);
    let answers = answers(&server);
    let dir = server.stop();
    let path = checkpoint(&dir.path().join("data"));
    (dir, path, answers)
}

/// What may become of a file.
fn damages(good: &[u8], of_another: &[u8]) -> Vec<(&'static str, Option<Vec<u8>>)> {
    let flipped = |place: usize| {
        let mut bytes = good.to_vec();
        bytes[place] ^= 0x10;
        Some(bytes)
    };
    let len = good.len();
    vec![
        ("a flipped bit in its magic", flipped(3)),
        ("a flipped bit in its position", flipped(25)),
        ("a flipped bit in the length of its first part", flipped(104)),
        ("a flipped bit in its middle", flipped(len / 2)),
        ("a flipped bit in its last byte", flipped(len - 1)),
        ("its second half lost", Some(good[..len / 2].to_vec())),
        ("its last byte lost", Some(good[..len - 1].to_vec())),
        ("nothing in it", Some(Vec::new())),
        ("the state of another log", Some(of_another.to_vec())),
        ("removed", None),
    ]
}

#[test]
fn whatever_becomes_of_a_checkpoint_the_answers_are_the_same() {
    let (dir, path, before) = desk(&DEMO);
    // Of a shorter log, so that its position does not give it away.
    let (_other, of_another, _) = desk(&["--tickets", "2000", "--until", "2026-04-10", "--seed", "6"]);
    assert_eq!(of_another.file_name(), path.file_name(), "only what is in it tells them apart");
    let good = fs::read(&path).unwrap();
    let since = written(&path);
    // One that is good is gone on from: had the log been folded, another would be written at the end.
    let server = Server::on(dir);
    assert_same(&server, &before, "gone on from");
    let mut dir = server.stop();
    assert_eq!(written(&path), since);
    for (what, bytes) in damages(&good, &fs::read(of_another).unwrap()) {
        match bytes {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let server = Server::on(dir);
        assert_same(&server, &before, what);
        dir = server.stop();
        // The log was folded, and a good one stands there again.
        assert_eq!(checkpoint(&dir.path().join("data")), path, "{what}");
        assert!(fs::read(&path).unwrap() == good, "{what}: another file than before");
    }
}

#[test]
fn what_happens_after_a_checkpoint_is_folded_onto_it() {
    let (dir, path, before) = desk(&DEMO);
    let since = written(&path);
    let server = Server::on(dir);
    let position = server.get("/readyz").json()["position"].as_u64().unwrap();
    assert!(position >= EVENTS_AT_LEAST, "{position}");
    let opened = server.post("/v1/tickets", r#"{"ticket": "late", "customer": "c-1", "subject": "late"}"#);
    assert_eq!(opened.status, 201, "{}", opened.text());
    let reply = r#"{"author": {"kind": "agent", "id": "new-agent"}, "body": "here"}"#;
    let replied = server.post("/v1/tickets/late/replies", reply);
    assert_eq!(replied.status, 200, "{}", replied.text());
    let rated = server.post("/v1/tickets/late/replies/1/rating", r#"{"rating": "satisfied"}"#);
    assert_eq!(rated.status, 200, "{}", rated.text());
    let seen = server.get(&format!("/v1/reports/overview?min_position={}", position + 3));
    assert_eq!(seen.status, 200, "{}", seen.text());
    let after = answers(&server);
    assert_ne!(after, before);
    let server = server.restart();
    assert_same(&server, &after, "after a kill");
    let dir = server.stop();
    assert_eq!(written(&path), since, "three events are not worth another");
    fs::remove_file(&path).unwrap();
    assert_same(&Server::on(dir), &after, "folded from nothing");
}
