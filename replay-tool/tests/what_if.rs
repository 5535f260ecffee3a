//! `--what-if`: figures as if the definition said otherwise.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod tool;

use tool::{SMALL, answered, closed, history, json, opened, printed, refused, replay};

/// Four answers: 5, 4, 3 and 2 of 5.
fn four_answers() -> tempfile::NamedTempFile {
    let mut lines = Vec::new();
    for (ticket, score) in [("A", 5), ("B", 4), ("C", 3), ("D", 2)] {
        lines.push(opened(ticket, "2025-03-01T08:00:00Z", "web"));
        lines.push(closed(ticket, "2025-03-01T09:00:00Z"));
        lines.push(answered(ticket, "2025-03-01T10:00:00Z", score));
    }
    history(&lines)
}

#[test]
fn a_threshold_is_moved_from_the_command_line() {
    let history = four_answers();
    let csat = |what_if: &[&str]| {
        let source = ["report", "satisfaction", "--output", "json", "--events", history.path().to_str().unwrap()];
        json(&[&source, what_if].concat())["rows"][0]["csat"]["percent"].clone()
    };
    assert_eq!(csat(&[]), 50, "5 and 4 are positive");
    assert_eq!(csat(&["--what-if", "csat.positive_from.five=3"]), 75);
    assert_eq!(csat(&["--what-if", "csat.positive_from.five=5"]), 25);
    assert_eq!(csat(&["--what-if", "csat.positive_from.five=5", "--what-if", "csat.positive_from.five=2"]), 100);
}

#[test]
fn a_target_replaces_those_of_its_metric() {
    let targets = |within: &str| {
        let what_if = format!("target.first_response={within}");
        let asked = ["report", "targets", "--output", "json", "--events", SMALL, "--what-if", &what_if];
        let first = json(&asked)["rows"][0]["first_response"].clone();
        (first["met"].as_u64().unwrap(), first["breached"].as_u64().unwrap())
    };
    // First replies came after 29 minutes, 47 h 10 min and 3 h 10 min; HD-1003 is void.
    assert_eq!(targets("30m"), (1, 2));
    assert_eq!(targets("4h"), (2, 1));
    assert_eq!(targets("2d"), (3, 0));
}

#[test]
fn a_reader_is_told_that_the_definition_never_said_so() {
    let what_if = ["--what-if", "csat.positive_from.five=3", "--what-if", "clock=business"];
    let asked = ["report", "satisfaction", "--events", SMALL, "--definition", "iran"];
    let note =
        "What if: these figures are counted as if iran (version 0) said csat.positive_from.five=3, clock=business.";
    let table = printed(&replay(&[&asked[..], &what_if].concat()));
    assert!(table.ends_with(&format!("Note: {note}\n")), "{table}");
    let told = json(&[&asked[..], &what_if, &["--output", "json"]].concat());
    assert_eq!(told["notes"].as_array().unwrap().last().unwrap(), note);
}

#[test]
fn a_wrong_field_or_value_is_told_with_what_there_is() {
    let refused = |what_if: &str, words: &str| {
        refused(&["report", "flow", "--events", SMALL, "--what-if", what_if], words);
    };
    refused("csat.positive_from.five", "--what-if csat.positive_from.five is no FIELD=VALUE");
    refused("csat.positve_from.five=3", "nearest: csat.positive_from.five");
    refused("csat.positive_from.five=9", "--what-if csat.positive_from.five: is 9; it must be 2 to 5");
    refused("clock=busy", "--what-if clock: busy is none of the choices; there are calendar, business");
    refused("target.first_reply=4h", "there are first_response, next_response, full_resolution");
}
