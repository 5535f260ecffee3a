//! `daftar-replay report` as its user meets it: what it prints, what it refuses, and how it exits.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::Path;
use std::process::{Command, Output};

const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/small.ndjson");

fn replay(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_daftar-replay")).args(arguments).output().unwrap()
}

fn report(arguments: &[&str]) -> Output {
    replay(&[&["report"], arguments, &["--events", SMALL]].concat())
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn refused(arguments: &[&str], words: &str) {
    let output = report(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
    assert!(said(&output).contains(words), "{arguments:?}: {}", said(&output));
    assert!(output.stdout.is_empty());
}

#[test]
fn json_has_the_fields_of_the_contract_in_their_order() {
    let json = printed(&report(&["response-times", "--output", "json", "--interval", "month"]));
    let fields = [
        "report",
        "definition",
        "position",
        "as_of",
        "happened_by",
        "at",
        "from",
        "to",
        "dated_by",
        "time_zone",
        "calendar",
        "notes",
        "rows",
        "period",
        "start",
        "end",
        "group",
        "first_response",
        "within",
        "unanswered",
        "answer_rate",
        "next_response",
    ];
    let places: Vec<_> = fields.iter().map(|field| json.find(&format!("\"{field}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{fields:?} at {places:?} in {json}");
}

#[test]
fn a_table_has_a_line_a_group_and_thousands_set_apart() {
    let table = printed(&report(&["resolution-times", "--group-by", "agent"]));
    assert!(table.starts_with("resolution-times, definition default (version 0), at position 40"), "{table}");
    for word in ["full_resolution", "omid", "sara", "نیلوفر", "198,000"] {
        assert!(table.contains(word), "{word} is not in {table}");
    }
}

#[test]
fn an_earlier_position_is_another_history() {
    let opened = |flags: &[&str]| {
        let json = printed(&report(&[&["flow", "--output", "json"], flags].concat()));
        json.split("\"opened\":").nth(1).unwrap().split(',').next().unwrap().to_owned()
    };
    // The file's first two lines open two tickets; a third one is opened later.
    assert_eq!(opened(&["--as-of", "1"]), "1");
    assert_eq!(opened(&["--as-of", "2"]), "2");
    assert_eq!(opened(&[]), "3");
}

#[test]
fn what_makes_no_sense_is_refused_in_words() {
    refused(&["flows"], "must be one of response-times, resolution-times, satisfaction, flow");
    refused(&["flow", "--interval", "moon"], "--interval is \"moon\"");
    refused(&["flow", "--group-by", "colour"], "colour");
    refused(&["flow", "--from", "2025-02-30"], "--from is \"2025-02-30\"");
    refused(&["flow", "--from", "2025-03-02", "--to", "2025-03-01"], "--to is");
    refused(&["flow", "--filter", "limit=3"], "limit");
    refused(&["flow", "--filter", "channel"], "--filter channel is no DIMENSION=VALUE");
    refused(&["flow", "--within", "soon"], "--within is \"soon\"");
    refused(&["flow", "--as-of", "41"], "the log ends at position 40");
    refused(&["flow", "--as-of", "2025-03-01T00:00:00Z"], "do not say when they were recorded");
    refused(&["flow", "--definition", "mine"], "mine");
    refused(&["flow", "--colour", "red"], "--colour");
}

#[test]
fn a_history_that_is_not_there_is_told_and_not_made() {
    let dir = std::env::temp_dir().join(format!("daftar-none-{}", std::process::id()));
    let output = replay(&["report", "flow", "--data-dir", dir.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("holds no log"), "{}", said(&output));
    assert!(!Path::new(&dir).exists());
    let output = replay(&["report", "flow", "--events", "no-such-file.ndjson"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let output = replay(&["report", "flow"]);
    assert_eq!(output.status.code(), Some(2), "a source must be given");
}
