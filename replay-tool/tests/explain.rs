//! `daftar-replay explain`: what a cell is made of, as its user meets it.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod tool;

use serde_json::json;
use tool::{SMALL, json, printed, refused, replay, said};

fn explain(arguments: &[&str]) -> Vec<String> {
    [&["explain"], arguments, &["--events", SMALL]].concat().into_iter().map(str::to_owned).collect()
}

fn explained(arguments: &[&str]) -> serde_json::Value {
    let arguments = explain(&[arguments, &["--output", "json"]].concat());
    json(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn text(arguments: &[&str]) -> String {
    let arguments = explain(arguments);
    printed(&replay(&arguments.iter().map(String::as_str).collect::<Vec<_>>()))
}

#[test]
fn every_first_response_is_there_with_its_value_and_its_words() {
    let told = explained(&["response-times", "--cell", "figure=first_response.p50"]);
    let items: Vec<_> =
        told["items"].as_array().unwrap().iter().map(|item| (&item["ticket"], &item["value"])).collect();
    // 08:12 to 08:41; 10:00 to 13:10; 09:00 to 08:10 two days later.
    let expected =
        [(json!("HD-1001"), json!(1740)), (json!("HD-1002"), json!(11_400)), (json!("تیکت-۱۴۰۳"), json!(169_800))];
    assert_eq!(items, expected.iter().map(|(ticket, value)| (ticket, value)).collect::<Vec<_>>());
    assert_eq!((&told["cell"]["value"], &told["cell"]["statistic"]), (&json!(11_400), &json!("p50")));
    assert_eq!(told["items"][1]["rank"], "exact");
    assert!(told["items"][0]["words"].as_str().unwrap().contains("first public reply by sara"), "{told}");
    assert_eq!(told["next_cursor"], json!(null));
}

#[test]
fn a_cell_is_told_by_period_and_group() {
    let cell = "period=2025-03-01,department=technical,figure=opened";
    let asked = ["flow", "--interval", "day", "--group-by", "department", "--cell", cell];
    let told = explained(&asked);
    assert_eq!(told["cell"]["period"], "2025-03-01");
    assert_eq!(told["cell"]["group"], json!({"department": "technical"}));
    assert_eq!(told["items"].as_array().unwrap().len(), 1);
    assert_eq!(told["items"][0]["ticket"], "HD-1001");
}

#[test]
fn a_table_says_what_the_cell_is_and_tells_each_measurement() {
    let table = text(&["response-times", "--cell", "figure=first_response"]);
    for words in ["first_response; measurements: 3", "value (s)", "169,800", "first public reply by omid", "HD-1002"] {
        assert!(table.contains(words), "{words} is not in {table}");
    }
    let persian = text(&["response-times", "--cell", "figure=first_response", "--words", "fa"]);
    assert!(persian.contains("نخستین"), "{persian}");
}

#[test]
fn few_or_all_are_shown_as_asked() {
    let cell = ["response-times", "--cell", "figure=first_response"];
    let count = |limit: &[&str]| explained(&[&cell, limit].concat())["items"].as_array().unwrap().len();
    assert_eq!((count(&["--limit", "2"]), count(&["--limit", "all"]), count(&[])), (2, 3, 3));
    assert!(text(&[&cell[..], &["--limit", "2"]].concat()).ends_with("2 are shown; --limit all shows every one.\n"));
}

#[test]
fn csv_is_a_record_a_measurement() {
    let csv = text(&["response-times", "--cell", "figure=first_response", "--output", "csv"]);
    let lines: Vec<_> = csv.split("\r\n").collect();
    assert_eq!(lines[0], "ticket,cycle,at,value,counted,agent,versions,position,scale,rank,taken_back,words");
    assert!(lines[1].starts_with("HD-1001,1,2025-03-01T08:41:00Z,1740,true,sara,1 3,4,,,,"), "{}", lines[1]);
    assert_eq!(lines.len(), 5);
}

#[test]
fn what_was_taken_back_is_shown_where_it_is_asked_for() {
    let cell = ["satisfaction", "--cell", "figure=csat"];
    // The two answers of تیکت-۱۴۰۳: dissatisfied, then satisfied in its place.
    let told = explained(&[&cell[..], &["--taken-back"]].concat());
    assert_eq!(told["cell"]["taken_back"], 1);
    assert_eq!(told["items"][0]["taken_back"]["by"], "changed");
    assert!(text(&[&cell[..], &["--taken-back"]].concat()).contains("no, changed"));
}

#[test]
fn an_override_changes_what_counts() {
    let counted = |what_if: &[&str]| {
        let asked = [&["satisfaction", "--cell", "figure=csat"], what_if].concat();
        let told = explained(&asked);
        told["items"].as_array().unwrap().iter().filter(|item| item["counted"] == true).count()
    };
    // 4 of 5, 4 of 4 and satisfied.
    assert_eq!((counted(&[]), counted(&["--what-if", "csat.positive_from.five=5"])), (3, 2));
    let csv = ["explain", "flow", "--cell", "figure=opened", "--what-if", "voided=counted", "--output", "csv"];
    let output = replay(&[&csv[..], &["--events", SMALL]].concat());
    assert!(
        said(&output).contains("What if: these figures are counted as if default (version 0) said voided=counted.")
    );
}

#[test]
fn a_cell_that_is_not_there_is_told_in_words_of_the_flags() {
    let refused = |arguments: &[&str], words: &str| {
        let arguments = explain(arguments);
        refused(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), words);
    };
    refused(&["flow", "--cell", "opened"], "--cell opened is no NAME=VALUE");
    refused(
        &["flow", "--cell", "figure=open"],
        "--cell figure is \"open\": must be the path of a figure of flow, one of opened",
    );
    refused(
        &["flow", "--group-by", "agent", "--cell", "figure=opened"],
        "--cell agent is \"\": must be the row's agent",
    );
    refused(&["flow", "--cell", "agent=sara,figure=opened"], "--cell agent is \"sara\": must be left out");
    refused(&["flow", "--interval", "day", "--cell", "period=2025,figure=opened"], "--cell period is \"2025\"");
    refused(&["flow", "--cell", "figure=opened", "--limit", "0"], "--limit is \"0\"");
    refused(&["flow", "--cell", "figure=opened", "--figures", "opened"], "leave --figures out");
    refused(&["flow", "--cell", "figure=opened", "--from", "soon"], "--from is \"soon\"");
}
