//! A report as CSV, read back and held against its JSON.

use crate::measurements::Measurements;
use crate::report::Report;
use crate::report::query::ReportName;
use crate::report::tests::plain::report;
use crate::test_support::{Answers, Labels, Story, Who, closed, folded, history, opened, query};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn made(state: &Measurements, name: ReportName, parameters: &[(&str, &str)]) -> Report {
    report(state, &query(name, parameters), state.position(), &Labels).unwrap()
}

/// Two tickets in two months, two departments, surveys on two scales, an id that CSV must quote.
fn some() -> Measurements {
    let answer = |overall, question| Story::Answered {
        closing: 1,
        answers: Answers { overall, questions: question, nps: Some(9), ..Answers::default() },
    };
    let sara = Who::Agent("sara");
    let first = [
        (0, opened(Who::Customer)),
        (7, Story::Replied(sara)),
        (8, Story::Transferred(Some("billing"))),
        (10, Story::Closed { by: sara, offered: true, reason: Some("a,\"b\"") }),
        (11, answer(Some((2, 5)), vec![])),
    ];
    let second = [
        (40 * 1440, Story::Opened { by: Who::Customer, department: None, tags: vec!["vip"] }),
        (40 * 1440 + 1, closed(Who::Agent("reza"))),
        (40 * 1440 + 2, answer(Some((0, 1)), vec![("speed", 3)])),
    ];
    folded(&[history(1, first), history(2, second)].concat(), None)
}

/// Every value of a row's JSON by its path.
fn leaves(value: &Value, path: &str, into: &mut BTreeMap<String, String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| leaves(value, &below(name), into)),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, v)| leaves(v, &below(&n.to_string()), into)),
        Value::Null => drop(into.insert(path.to_owned(), String::new())),
        Value::String(text) => drop(into.insert(path.to_owned(), text.clone())),
        other => drop(into.insert(path.to_owned(), other.to_string())),
    }
}

#[test]
fn every_value_of_the_json_stands_in_its_column_and_nothing_else() {
    let state = some();
    for name in ReportName::ALL {
        for parameters in [
            &[][..],
            &[("interval", "month")],
            &[("interval", "month"), ("to", "2026-02-20")],
            &[("group_by", "department,agent")],
            &[("interval", "month"), ("group_by", "tag,attribute.request_type")],
            &[("agent", "nobody"), ("interval", "day"), ("group_by", "channel")],
        ] {
            if name.lists_tickets() && parameters.iter().any(|(name, _)| ["interval", "group_by"].contains(name)) {
                continue;
            }
            let report = made(&state, name, parameters);
            let json: Value = serde_json::from_str(&report.to_json()).unwrap();
            let rows = json["rows"].as_array().unwrap();
            let csv = report.to_csv();
            let mut reader = csv::Reader::from_reader(csv.as_bytes());
            let headings: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
            let mut paths = BTreeSet::from(["period".to_owned()]);
            let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            assert_eq!(records.len(), rows.len());
            for (record, row) in records.iter().zip(rows) {
                let mut expected = BTreeMap::new();
                leaves(row, "", &mut expected);
                for (heading, cell) in headings.iter().zip(record) {
                    assert_eq!(cell, expected.get(heading).map_or("", String::as_str), "{heading} of {}", name.name());
                }
                paths.extend(expected.into_keys());
            }
            assert_eq!(headings.iter().cloned().collect::<BTreeSet<_>>(), paths, "{} {parameters:?}", name.name());
            assert_eq!(headings.len(), paths.len(), "each once");
        }
    }
}

#[test]
fn the_columns_of_a_figure_stand_together_in_the_order_of_the_row() {
    let csv = made(&some(), ReportName::Satisfaction, &[("interval", "month"), ("to", "2026-02-20")]).to_csv();
    let headings: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    assert_eq!(headings[..5], ["period", "start", "end", "partial", "csat.answers"]);
    // January has scores of five, February binary ones: what is under one name follows the first that had it.
    let names: Vec<&str> = headings.iter().map(|heading| heading.split('.').next().unwrap()).collect();
    let mut figures = names.clone();
    figures.dedup();
    let each = ["csat", "reply_rating", "response_rate", "questions", "nps", "ces"];
    assert_eq!(figures[4..], each, "choices were never answered");
    let five = headings.iter().position(|h| *h == "csat.distribution.five.5").unwrap();
    assert_eq!(headings[five + 1], "csat.distribution.binary.0");
}

#[test]
fn records_end_and_fields_are_quoted_as_rfc_4180_says() {
    let csv = made(&some(), ReportName::Flow, &[("from", "2026-01-01"), ("to", "2026-01-02")]).to_csv();
    let header = csv.split("\r\n").next().unwrap();
    assert!(header.starts_with("period,opened,closed,closed_tickets,reopenings"), "{header}");
    assert!(header.contains(r#","reasons.a,""b""","#), "{header}");
    assert!(header.contains("between.0.from,between.0.to,between.0.count,stay.0.department,stay.0.count"), "{header}");
    assert!(csv.ends_with("\r\n") && csv.matches("\r\n").count() == 2, "{csv}");
    assert!(csv.split("\r\n").nth(1).unwrap().starts_with(",1,1,1,0,"), "{csv}");
}

#[test]
fn a_report_without_rows_has_a_header() {
    let csv = made(&some(), ReportName::Flow, &[("group_by", "agent"), ("agent", "nobody")]).to_csv();
    assert_eq!(csv, "period\r\n");
}
