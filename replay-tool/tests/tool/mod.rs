//! Runs `daftar-replay` as its user does, over small histories.

#![allow(dead_code, reason = "each test program takes what it needs")]

use std::io::Write as _;
use std::process::{Command, Output};
use tempfile::NamedTempFile;

/// A history with a bit of everything: 4 tickets, 40 events.
pub(crate) const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/small.ndjson");

/// Runs the tool.
pub(crate) fn replay(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_daftar-replay")).args(arguments).output().unwrap()
}

/// What it printed, having done what it was asked.
#[track_caller]
pub(crate) fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What it said on standard error.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Expects wrong usage, told in these words, and nothing on standard output.
#[track_caller]
pub(crate) fn refused(arguments: &[&str], words: &str) {
    let output = replay(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
    assert!(said(&output).contains(words), "{arguments:?}: {}", said(&output));
    assert!(output.stdout.is_empty());
}

/// What it printed, as JSON.
#[track_caller]
pub(crate) fn json(arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&printed(&replay(arguments))).unwrap()
}

/// A file of events.
pub(crate) fn history(lines: &[String]) -> NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".ndjson").tempfile().unwrap();
    for line in lines {
        writeln!(file, "{line}").unwrap();
    }
    file
}

/// A ticket of a customer's, opened.
pub(crate) fn opened(ticket: &str, at: &str, department: &str) -> String {
    format!(r#"{{"type":"ticket_opened","ticket":"{ticket}","occurred_at":"{at}","department":"{department}"}}"#)
}

/// A public reply of the agent sara.
pub(crate) fn replied(ticket: &str, at: &str) -> String {
    let author = r#"{"kind":"agent","id":"sara"}"#;
    format!(r#"{{"type":"reply_posted","ticket":"{ticket}","occurred_at":"{at}","author":{author}}}"#)
}

/// A closing by the agent sara, with a survey.
pub(crate) fn closed(ticket: &str, at: &str) -> String {
    let by = r#"{"kind":"agent","id":"sara"}"#;
    let end = r#""survey_offered":true"#;
    format!(r#"{{"type":"ticket_closed","ticket":"{ticket}","occurred_at":"{at}","by":{by},{end}}}"#)
}

/// An answer of the latest closing, from 1 to 5.
pub(crate) fn answered(ticket: &str, at: &str, score: u8) -> String {
    let overall = format!(r#"{{"scale":"five","score":{score}}}"#);
    format!(r#"{{"type":"survey_submitted","ticket":"{ticket}","occurred_at":"{at}","closing":1,"overall":{overall}}}"#)
}
