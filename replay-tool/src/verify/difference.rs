//! The first difference between what a server answers and what was computed, in words.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The field that tells a customer's own id, which who has no keys does not know.
const CUSTOMER: &str = "customer";
/// What says which row it is.
const LABELS: [&str; 4] = ["period", "group", "ticket", "agent"];

/// How the server's report differs from the one computed; none: in nothing.
pub(super) fn of_reports(server: &Value, computed: &Value, but_customers: bool) -> Option<String> {
    let (Value::Object(server), Value::Object(computed)) = (server, computed) else {
        return Some("the server's answer is no report".to_owned());
    };
    let rows = |report: &Map<String, Value>| report.get("rows").and_then(Value::as_array).cloned().unwrap_or_default();
    let (theirs, ours) = (rows(server), rows(computed));
    of_fields(server, computed, |name| name == "rows")
        .or_else(|| theirs.iter().zip(&ours).find_map(|(theirs, ours)| of_rows(theirs, ours, but_customers)))
        .or_else(|| {
            let differ = theirs.len() != ours.len();
            differ.then(|| format!("the server has {} rows, computed are {}", theirs.len(), ours.len()))
        })
}

/// How the server's event differs from the source's; none: in nothing.
pub(super) fn of_events(server: &[u8], own: &[u8]) -> Option<String> {
    let parsed = |line: &[u8]| serde_json::from_slice::<Map<String, Value>>(line).unwrap_or_default();
    of_fields(&parsed(server), &parsed(own), |_| false)
}

fn of_rows(server: &Value, computed: &Value, but_customers: bool) -> Option<String> {
    let (Value::Object(theirs), Value::Object(ours)) = (server, computed) else {
        return Some("the server's answer has a row that is none".to_owned());
    };
    let (there, here) = (called(theirs), called(ours));
    if there != here {
        return Some(format!("where the server has the row {there}, computed is the row {here}"));
    }
    of_fields(theirs, ours, |name| but_customers && name == CUSTOMER).map(|what| format!("row {here}: {what}"))
}

/// What a row is called.
fn called(row: &Map<String, Value>) -> String {
    let mut words = Vec::new();
    for (name, value) in LABELS.iter().filter_map(|name| row.get_key_value(*name)) {
        match value {
            Value::Object(group) => words.extend(group.iter().map(|(name, value)| format!("{name} {}", word(value)))),
            Value::Null => {}
            value => words.push(format!("{name} {}", word(value))),
        }
    }
    if words.is_empty() { "of everything".to_owned() } else { words.join(", ") }
}

fn of_fields(server: &Map<String, Value>, own: &Map<String, Value>, left_out: impl Fn(&str) -> bool) -> Option<String> {
    let names: BTreeSet<&String> = server.keys().chain(own.keys()).filter(|name| !left_out(name)).collect();
    names.into_iter().find_map(|name| of_values(name, server.get(name), own.get(name)))
}

fn of_values(path: &str, server: Option<&Value>, own: Option<&Value>) -> Option<String> {
    match (server, own) {
        (theirs, ours) if theirs == ours => None,
        (Some(Value::Object(theirs)), Some(Value::Object(ours))) => {
            let names: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
            let below = |name: &String| of_values(&format!("{path}.{name}"), theirs.get(name), ours.get(name));
            names.into_iter().find_map(below)
        }
        (Some(Value::Array(theirs)), Some(Value::Array(ours))) => {
            let below = |place: usize| of_values(&format!("{path}.{place}"), theirs.get(place), ours.get(place));
            (0..theirs.len().max(ours.len())).find_map(below)
        }
        (theirs, ours) => Some(format!("{path} is {} at the server, {} here", worded(theirs), worded(ours))),
    }
}

fn worded(value: Option<&Value>) -> String {
    value.map_or_else(|| "not there".to_owned(), ToString::to_string)
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report(rows: &Value) -> Value {
        json!({"report": "flow", "position": 9, "rows": rows})
    }

    fn told(server: &Value, computed: &Value) -> String {
        of_reports(&report(server), &report(computed), false).unwrap()
    }

    #[test]
    fn the_first_difference_is_told_with_row_and_figure() {
        let row = |median: u32| json!({"period": "2026-01", "group": {"branch": "tehran", "tag": null}, "stay": [{"p50": median}]});
        assert_eq!(of_reports(&report(&json!([row(1)])), &report(&json!([row(1)])), false), None);
        let words = told(&json!([row(1), row(2)]), &json!([row(1), row(3)]));
        assert_eq!(words, "row period 2026-01, branch tehran, tag null: stay.0.p50 is 2 at the server, 3 here");
        let words = told(&json!([{"period": null, "group": {}, "opened": 1}]), &json!([{"period": null, "group": {}}]));
        assert_eq!(words, "row of everything: opened is 1 at the server, not there here");
    }

    #[test]
    fn rows_that_are_not_there_are_told() {
        let row = |branch: &str| json!({"group": {"branch": branch}});
        let words = told(&json!([row("qom")]), &json!([row("tehran")]));
        assert_eq!(words, "where the server has the row branch qom, computed is the row branch tehran");
        assert_eq!(told(&json!([row("qom")]), &json!([])), "the server has 1 rows, computed are 0");
        let other = json!({"report": "flow", "position": 8, "rows": []});
        assert_eq!(of_reports(&other, &report(&json!([])), false).unwrap(), "position is 8 at the server, 9 here");
    }

    #[test]
    fn who_has_no_keys_does_not_compare_customers() {
        let row = |customer: &str| json!([{"ticket": "A", "customer": customer, "agent": "sara"}]);
        let (theirs, ours) = (report(&row("ali")), report(&row("f00d")));
        assert_eq!(of_reports(&theirs, &ours, true), None);
        let words = of_reports(&theirs, &ours, false).unwrap();
        assert_eq!(words, "row ticket A, agent sara: customer is \"ali\" at the server, \"f00d\" here");
    }

    #[test]
    fn events_differ_in_a_field() {
        assert_eq!(of_events(br#"{"a":1,"b":{"c":2}}"#, br#"{"b":{"c":2},"a":1}"#), None);
        let words = of_events(br#"{"a":1,"b":{"c":2}}"#, br#"{"a":1,"b":{"c":3}}"#).unwrap();
        assert_eq!(words, "b.c is 2 at the server, 3 here");
    }
}
