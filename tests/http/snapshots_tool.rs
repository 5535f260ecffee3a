//! Published reports by the analyst's tool: what it publishes, shows and refuses.

use crate::granted;
use crate::snapshots::{PATH, filled, kept, seen};
use daftar_tests::programs::{printed, root, run};
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

#[test]
fn the_analysts_tool_says_what_is_missing() {
    let server = filled();
    let url = format!("http://{}", server.address());
    let refused = |arguments: &[&str], code: i32, words: &str| {
        let output = run("daftar-replay", arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    };
    let events = root().join("tests/fixtures/small.ndjson");
    refused(&["report", "flow", "--publish", "q1", "--events", events.to_str().unwrap()], 2, "--publish needs --url");
    refused(&["report", "flow", "--publish", "two words", "--url", &url], 2, "the server says: name");
    refused(&["report", "flow", "--publish", "q1", "--url", &url, "--from", "soon"], 2, "--from");
    refused(&["snapshot", "q1", "--url", &url], 2, "there is no published report q1");
    refused(&["snapshot", "--url", &url, "--changed"], 2, "name it");
    refused(&["snapshot", "q1", "--url", "desk:7070"], 2, "is no address of a server");
    refused(&["snapshot", "q1", "--url", "http://127.0.0.1:1"], 3, "no server answers there");
}
