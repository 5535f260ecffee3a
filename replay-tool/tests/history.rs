//! `daftar-replay history`: one ticket event by event, as its user meets it.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod tool;

use serde_json::{Value, json};
use tool::{SMALL, printed, refused, replay};

fn told(arguments: &[&str]) -> Value {
    tool::json(&[&["history"], arguments, &["--events", SMALL, "--output", "json"]].concat())
}

fn text(arguments: &[&str]) -> String {
    printed(&replay(&[&["history"], arguments, &["--events", SMALL]].concat()))
}

/// The value that an event measured for a figure.
fn value<'a>(told: &'a Value, version: usize, figure: &str) -> Option<&'a Value> {
    let values = told["events"][version - 1]["values"].as_array().unwrap();
    values.iter().find(|value| value["figure"] == figure)
}

#[test]
fn every_event_has_the_state_after_it_and_the_values_it_measured() {
    let told = told(&["HD-1001"]);
    let events = told["events"].as_array().unwrap();
    assert_eq!(events.len(), 17);
    let versions: Vec<_> = events.iter().map(|event| event["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, (1..=17).collect::<Vec<_>>());
    assert_eq!(
        (&events[0]["event"]["type"], &events[16]["event"]["type"]),
        (&json!("ticket_opened"), &json!("survey_submitted"))
    );
    let state = |version: usize, field: &str| events[version - 1]["state"][field].clone();
    let fields = ["state", "waiting_for", "agent", "department", "branch", "cycle", "closings", "answered"];
    let stood = |version| fields.map(|field| state(version, field));
    assert_eq!(
        stood(1),
        [json!("open"), json!("agent"), json!(null), json!("technical"), json!("tehran"), json!(1), json!(0), json!(0)]
    );
    assert_eq!(stood(4)[..3], [json!("held"), json!("customer"), json!("sara")]);
    assert_eq!(
        stood(12),
        [json!("open"), json!("agent"), json!("sara"), json!("billing"), json!(null), json!(2), json!(1), json!(1)]
    );
    assert_eq!(
        stood(17),
        [json!("closed"), json!(null), json!("omid"), json!("billing"), json!(null), json!(2), json!(2), json!(2)]
    );
}

#[test]
fn values_stand_at_the_event_that_measured_them_with_what_took_them_back() {
    let told = told(&["HD-1001"]);
    // Opened 08:12, answered 08:41; closed 11:30, reopened (position 22) the next day, closed 11:00 after 26 h 48 min.
    let first = json!({"figure": "first_response", "value": 1740, "target": "24h", "good": true, "taken_back": null});
    assert_eq!(value(&told, 3, "first_response"), Some(&first));
    let full = value(&told, 8, "full_resolution").unwrap();
    assert_eq!((&full["value"], &full["taken_back"]), (&json!(11_880), &json!(22)));
    assert_eq!(value(&told, 8, "first_resolution").unwrap()["taken_back"], json!(null));
    assert_eq!(value(&told, 16, "full_resolution").unwrap()["value"], 96_480);
    // From the customer's message at 09:00 to 10:30.
    assert_eq!(value(&told, 15, "next_response").unwrap()["value"], 5400);
    assert_eq!(value(&told, 9, "csat").unwrap()["value"], 4);
    assert_eq!(value(&told, 9, "questions.speed").unwrap()["value"], 5);
    assert_eq!(value(&told, 2, "first_response"), None);
}

#[test]
fn up_to_a_version_nothing_later_is_told_or_takes_anything_back() {
    let told = told(&["HD-1001", "--at", "8"]);
    assert_eq!(told["events"].as_array().unwrap().len(), 8);
    assert_eq!(value(&told, 8, "full_resolution").unwrap()["taken_back"], json!(null));
    assert!(!told["events"][7]["words"].as_str().unwrap().contains("taken back"), "{told}");
}

#[test]
fn up_to_an_instant_or_a_date_what_had_happened_is_told() {
    let count = |at: &str, more: &[&str]| {
        let asked = [&["HD-1001", "--at", at], more].concat();
        told(&asked)["events"].as_array().unwrap().len()
    };
    // The third event happened at 08:41, the eighth is the last of the first day; two share 11:02.
    assert_eq!(count("2025-03-01T08:41:00Z", &[]), 3);
    assert_eq!(count("2025-03-01T08:40:59Z", &[]), 2);
    assert_eq!(count("2025-03-01T11:02:00Z", &[]), 6);
    assert_eq!(count("2025-03-02", &[]), 8);
    // 12 Esfand 1403 is 2 March 2025; in Tehran it begins at 20:30 UTC of the day before.
    assert_eq!(count("1403-12-12", &["--definition", "iran"]), 8);
}

#[test]
fn a_definition_and_an_override_change_what_is_measured() {
    let first = |arguments: &[&str]| {
        let told = told(&[&["HD-1001"], arguments].concat());
        let first = value(&told, 3, "first_response").unwrap();
        (first["target"].clone(), first["good"].clone())
    };
    assert_eq!(first(&["--what-if", "target.first_response=20m"]), (json!("20m"), json!(false)));
    assert_eq!(first(&["--what-if", "target.first_response=none"]), (json!(null), json!(null)));
}

#[test]
fn a_table_tells_each_event_its_state_and_its_values() {
    let table = text(&["HD-1001"]);
    let lines = [
        "HD-1001 up to version 17, position 39, definition default (version 0)",
        "public reply by sara 08:41; first response: 29 min",
        "2025-03-01T08:41:00Z   waiting for the customer, assigned to sara, technical, tehran",
        "first_response 1,740 s, target 24h met",
        "full_resolution 11,880 s, taken back by version 10",
        "csat 4, positive",
    ];
    lines.into_iter().for_each(|line| assert!(table.contains(line), "{line} is not in {table}"));
    assert!(text(&["HD-1001", "--words", "fa"]).contains("نخستین پاسخ"), "in Persian");
}

#[test]
fn what_is_not_there_is_refused_in_words() {
    let refused =
        |arguments: &[&str], words: &str| refused(&[&["history"], arguments, &["--events", SMALL]].concat(), words);
    refused(&["HD-9"], "there is no ticket HD-9 in this history");
    refused(&["HD 1"], "TICKET is \"HD 1\"");
    refused(&["HD-1001", "--at", "0"], "--at is \"0\": must be a version, from 1, or a time");
    refused(&["HD-1001", "--at", "18"], "--at is 18, but HD-1001 has 17 events");
    refused(&["HD-1001", "--at", "soon"], "--at is \"soon\"");
    refused(&["HD-1001", "--at", "2024-01-01"], "was opened only at 2025-03-01T08:12:00Z");
    refused(&["HD-1001", "--what-if", "clok=business"], "nearest: clock");
    refused(&["HD-1001", "--definition", "mine"], "mine names neither a file nor a definition");
}
