//! Facts about help desks and business time, read in other products' tests and pages, hold here too.
//!
//! `DAFTAR_CASES=FILE` runs another file of the same form; it says of each case what came of it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

#[path = "conformance/ask.rs"]
mod ask;
#[path = "conformance/case.rs"]
mod case;
#[path = "conformance/document.rs"]
mod document;
#[path = "conformance/product.rs"]
mod product;
#[path = "conformance/story.rs"]
mod story;

use case::Outcome;
use daftar_tests::programs::shared;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How many cases lie beside the project.
const CASES: usize = 89;

/// Runs the cases of a file and prints a line for each; answers how often which word was printed.
fn run(file: &PathBuf) -> BTreeMap<&'static str, usize> {
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut words = BTreeMap::new();
    for case in &cases {
        let id = case["id"].as_str().unwrap_or("?");
        let (word, more) = match ask::run(case) {
            Outcome::Pass => ("pass", String::new()),
            Outcome::Fail { expected, got } => ("fail", format!(" expected {expected} got {got}")),
            Outcome::Unsupported(what) => ("unsupported", format!(" {what}")),
        };
        println!("CASE {id} {word}{more}");
        *words.entry(word).or_default() += 1;
    }
    words
}

#[test]
fn every_case_passes() {
    if let Some(file) = std::env::var_os("DAFTAR_CASES") {
        let words = run(&PathBuf::from(file));
        assert!(!words.contains_key("fail"), "{words:?}");
        return;
    }
    let Some(file) = shared("conformance/cases.json") else { return };
    assert_eq!(run(&file), BTreeMap::from([("pass", CASES)]));
}

#[test]
fn what_is_unknown_never_passes() {
    let opened = json!({ "at": "2026-01-05T09:00:00Z", "type": "ticket_opened", "actor": "customer:1" });
    let case = |field: &str, value: Value| {
        let mut case = json!({ "id": "X", "kind": "metric", "calendar": null, "events": [opened],
            "expect": { "first_response_seconds": null } });
        case[field] = value;
        ask::run(&case)
    };
    assert!(matches!(case("note", json!("as it is")), Outcome::Pass));
    let handed_off = json!({ "at": "2026-01-05T09:01:00Z", "type": "bot_handoff", "actor": "bot:1" });
    for (field, value) in [
        ("kind", json!("window")),
        ("query", json!({ "resolve_ends_wait": true })),
        ("query", json!({ "exclude_actors": ["agent:1"] })),
        ("query", json!({ "histogram_edges_seconds": [60] })),
        ("query", json!({ "percentile_method": "nearest" })),
        ("events", json!([opened, handed_off])),
        ("expect", json!({ "charm": 1 })),
        ("expect", json!({})),
        ("surprise", json!(1)),
    ] {
        assert!(matches!(case(field, value.clone()), Outcome::Unsupported(_)), "{field} {value}");
    }
    let wrong = case("expect", json!({ "first_response_seconds": 1 }));
    assert!(matches!(wrong, Outcome::Fail { .. }));
}
