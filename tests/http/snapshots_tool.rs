//! Published reports by the analyst's tool: what it publishes, shows and refuses.

use crate::granted;
use crate::snapshots::{PATH, filled, kept, seen};
use daftar_tests::programs::{printed, root, run};
use daftar_tests::proxy::{Deed, Proxy};
use serde_json::{Value, json};

#[test]
fn the_analysts_tool_publishes_and_reads_again() {
    let server = filled();
    let url = format!("http://{}", server.address());
    let at = ["--url", &url];
    let tool = |arguments: &[&str]| printed("daftar-replay", &[arguments, &at].concat());
    assert_eq!(tool(&["snapshot"]), "no report is published\n");
    let flags = ["--group-by", "department", "--filter", "branch=tehran,null", "--from", "2025-03-01"];
    let said = tool(&[&["report", "flow", "--publish", "q1"], &flags[..]].concat());
    let told = server.get(PATH).json()["items"][0].clone();
    assert!(said.starts_with("published q1@1: flow, definition default (version 0), at position 40\n"), "{said}");
    assert!(said.contains(told["digest"].as_str().unwrap()), "{said}");
    let query = json!({"branch": "tehran,null", "from": "2025-03-01", "group_by": "department"});
    assert_eq!(told["query"], query);
    assert_eq!(tool(&["snapshot", "q1", "--output", "kept"]).as_bytes(), kept(&server, "q1").bytes);
    let document = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(document.path(), "name = \"own\"\n[csat]\npositive_from = { five = 5 }\n").unwrap();
    let file = document.path().to_str().unwrap();
    let json = tool(&["report", "satisfaction", "--publish", "own", "--definition", file, "--output", "json"]);
    let own: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&own["definition"]["name"], &own["document"]["csat"]["positive_from"]["five"]),
        (&json!("own"), &json!(5))
    );
    assert_eq!(own["query"], json!({}), "the document stands for its file");
    let listed = tool(&["snapshot"]);
    assert!(
        listed.lines().any(|line| line.trim_start().starts_with("q1 ") && line.contains("branch=tehran,null")),
        "{listed}"
    );
    granted(&server.post("/v1/tickets", r#"{"ticket":"NEW","branch":"tehran","department":"billing"}"#), 201);
    seen(&server, 43);
    let text = tool(&["snapshot", "q1", "--changed"]);
    let opened: Vec<_> = text.lines().filter(|line| line.contains(" opened ")).collect();
    assert!(matches!(&opened[..], [line] if line.contains("department billing") && line.contains('≠')), "{text}");
    assert!(
        text.contains("at position 40: no difference.") && text.contains("As computed now, at position 43: "),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<Value>(&tool(&["snapshot", "q1", "--output", "json"])).unwrap()["name"], "q1");
}

#[track_caller]
fn refused(arguments: &[&str], code: i32, words: &str) {
    let output = run("daftar-replay", arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{arguments:?}: {said}");
    assert!(said.contains(words), "{arguments:?}: {said}");
}

#[test]
fn the_analysts_tool_says_what_is_missing() {
    let server = filled();
    let url = format!("http://{}", server.address());
    let events = root().join("tests/fixtures/small.ndjson");
    refused(&["report", "flow", "--publish", "q1", "--events", events.to_str().unwrap()], 2, "--publish needs --url");
    refused(&["report", "flow", "--publish", "two words", "--url", &url], 2, "the server says: name");
    refused(&["report", "flow", "--publish", "q1", "--url", &url, "--from", "soon"], 2, "--from");
    refused(
        &["report", "flow", "--publish", "q1", "--url", &url, "--output", "csv"],
        2,
        "--publish answers with what was kept",
    );
    assert_eq!(server.get(PATH).json()["items"], json!([]), "what can't be shown is not published");
    refused(&["snapshot", "q1", "--url", &url], 2, "there is no published report q1");
    refused(&["snapshot", "two+ words/@1", "--url", &url], 2, "there is no published report two+ words/@1;");
    refused(&["snapshot", "--url", &url, "--changed"], 2, "name it");
    refused(&["snapshot", "q1", "--url", "desk:7070"], 2, "is no address of a server");
    refused(&["snapshot", "q1", "--url", "http://127.0.0.1:1"], 3, "no server answers there");
}

const NO_KEY: &str = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const KEPT_BACK: &str = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\n\
    Connection: close\r\n\r\n{\"status\":403,\"detail\":\"this key is an agent's\"}";
const FULL: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n\
    Connection: close\r\n\r\n{\"status\":503,\"detail\":\"the disk is full\"}";
const ELSEWHERE: &str = "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nConnection: close\r\n\r\nhello";

#[test]
fn the_analysts_tool_says_why_a_server_keeps_and_publishes_nothing() {
    let words = [
        (NO_KEY, ["wants an API key; give one with --key", "wants an API key; give one with --key"]),
        (KEPT_BACK, ["may not read this (this key is an agent's)", "may not publish this (this key is an agent's)"]),
        (FULL, ["the server says: the disk is full", "the server says: the disk is full"]),
        (ELSEWHERE, ["no Daftar server (/v1/snapshots/q1?", "no Daftar server (/v1/snapshots?"]),
    ];
    for (answer, [read, published]) in words {
        let server = Proxy::start(([127, 0, 0, 1], 1).into(), move |_, _| Deed::Answer(answer));
        let url = format!("http://{}", server.address);
        refused(&["snapshot", "q1", "--url", &url], 3, read);
        refused(&["report", "flow", "--publish", "q1", "--url", &url], 3, published);
    }
    for arguments in [&["snapshot"][..], &["report", "flow", "--publish", "q1"]] {
        refused(
            &[arguments, &["--url", "https://127.0.0.1:7070"]].concat(),
            2,
            "--url https://127.0.0.1:7070: only plain",
        );
        let wrong_key = ["--url", "http://127.0.0.1:7070", "--key", "two words"];
        refused(&[arguments, &wrong_key].concat(), 2, "--key is no API key");
    }
}
