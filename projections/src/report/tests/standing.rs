//! The report `backlog`, computed by hand.

use super::by_hand::{DAY, REZA, SARA, check_row};
use super::plain::report;
use crate::report::ReportError;
use crate::report::query::ReportName::Backlog;
use crate::test_support::{Entry, Labels, Story, Who, closed, folded, history, json, opened, query};
use daftar_eventlog::Position;
use serde_json::{Value, json};

fn rows(entries: &[Entry], parameters: &[(&str, &str)]) -> Vec<Value> {
    json(&folded(entries, None), Backlog, parameters)["rows"].as_array().unwrap().clone()
}

/// Period and open tickets of each row.
fn open(entries: &[Entry], parameters: &[(&str, &str)]) -> Vec<(String, u64)> {
    let row = |row: &Value| (row["period"].as_str().unwrap_or("all").to_owned(), row["open"].as_u64().unwrap());
    rows(entries, parameters).iter().map(row).collect()
}

fn is(rows: &[(&str, u64)]) -> Vec<(String, u64)> {
    rows.iter().map(|(period, open)| ((*period).to_owned(), *open)).collect()
}

#[test]
fn what_happens_at_the_end_of_a_period_is_after_it_and_what_happens_at_at_is_not() {
    let opened_at_midnight = history(1, [(DAY, opened(Who::Customer)), (2 * DAY, closed(SARA))]);
    // Not open at the end of the 1st, open at that of the 2nd; `at` is the closing, the first moment of the 3rd.
    let expected = is(&[("2026-01-02", 1), ("2026-01-03", 0)]);
    assert_eq!(open(&opened_at_midnight, &[("interval", "day")]), expected);
    let from = [("interval", "day"), ("from", "2026-01-01")];
    assert_eq!(open(&opened_at_midnight, &from), is(&[("2026-01-01", 0), ("2026-01-02", 1), ("2026-01-03", 0)]));
    assert_eq!(open(&opened_at_midnight, &[]), is(&[("all", 0)]));
    assert_eq!(open(&opened_at_midnight, &[("to", "2026-01-03")]), is(&[("all", 1)]), "to itself is out");
    assert_eq!(open(&opened_at_midnight, &[("to", "2026-01-02")]), is(&[("all", 0)]));
    assert_eq!(open(&opened_at_midnight, &[("to", "2026-01-02T00:00:00.000001Z")]), is(&[("all", 1)]));
    assert_eq!(open(&opened_at_midnight[..1], &[]), is(&[("all", 1)]), "opened at at");
}

#[test]
fn a_period_that_ends_after_at_or_to_is_measured_there() {
    let entries = [
        history(1, [(0, opened(Who::Customer)), (20 * DAY, closed(SARA))]),
        history(2, [(10 * DAY, opened(Who::Customer))]),
    ]
    .concat();
    // At the latest event, the 21st of January, 1 is open; before the 15th both are, before the 11th one is.
    assert_eq!(open(&entries, &[("interval", "month")]), is(&[("2026-01", 1)]));
    assert_eq!(open(&entries, &[("interval", "month"), ("to", "2026-01-15")]), is(&[("2026-01", 2)]));
    assert_eq!(open(&entries, &[("interval", "month"), ("to", "2026-01-11")]), is(&[("2026-01", 1)]));
    let to_march = [("interval", "month"), ("to", "2026-03-01")];
    assert_eq!(open(&entries, &to_march), is(&[("2026-01", 1), ("2026-02", 1)]), "both at at");
    let later = [("interval", "month"), ("at", "2026-02-09")];
    assert_eq!(open(&entries, &later), is(&[("2026-01", 1), ("2026-02", 1)]));
}

#[test]
fn ages_are_half_open_and_told_at_the_instant() {
    // Opened so many minutes before the 41st day begins.
    let before = [0, 1, DAY - 1, DAY, 3 * DAY - 1, 3 * DAY, 7 * DAY - 1, 7 * DAY, 30 * DAY - 1, 30 * DAY, 40 * DAY];
    let entries: Vec<_> = before
        .into_iter()
        .zip(1..)
        .flat_map(|(age, ticket)| history(ticket, [(40 * DAY - age, opened(Who::Customer))]))
        .collect();
    let at = rows(&entries, &[]);
    check_row(
        &at[0]["ages"],
        &[
            ("/under_1d", json!(3)),
            ("/1d_3d", json!(2)),
            ("/3d_7d", json!(2)),
            ("/7d_30d", json!(2)),
            ("/over_30d", json!(2)),
        ],
    );
    // At the end of the 40th day the ticket opened at that moment is not there yet; the others are as old.
    let days = rows(&entries, &[("interval", "day")]);
    let end_of_40th = &days[39];
    assert_eq!((&end_of_40th["period"], &end_of_40th["open"]), (&json!("2026-02-09"), &json!(10)));
    assert_eq!(end_of_40th["ages"], json!({ "under_1d": 2, "1d_3d": 2, "3d_7d": 2, "7d_30d": 2, "over_30d": 2 }));
    // A day on, at no event at all: two more have crossed no bound but these.
    let later = rows(&entries, &[("at", "2026-02-11T00:00:00Z")]);
    assert_eq!(later[0]["ages"], json!({ "under_1d": 0, "1d_3d": 4, "3d_7d": 2, "7d_30d": 2, "over_30d": 3 }));
}

#[test]
fn unassigned_unanswered_and_held_are_those_of_that_moment() {
    let story = [
        (0, opened(Who::Customer)),
        (DAY, Story::Assigned(Some("sara"))),
        (2 * DAY, Story::HeldForCustomer),
        (3 * DAY, Story::Replied(SARA)),
        (4 * DAY, Story::Resumed),
        (5 * DAY, Story::Assigned(None)),
        (6 * DAY, closed(SARA)),
    ];
    let days = rows(&history(1, story), &[("interval", "day")]);
    let figures = |figure: &str| days.iter().map(|row| row[figure].as_u64().unwrap()).collect::<Vec<_>>();
    // Every change falls on a midnight, so it is seen at the end of the day it begins. The last day is that of `at`.
    assert_eq!(figures("open"), [1, 1, 1, 1, 1, 1, 0]);
    assert_eq!(figures("unassigned"), [1, 0, 0, 0, 0, 1, 0]);
    assert_eq!(figures("unanswered"), [1, 1, 1, 0, 0, 0, 0]);
    assert_eq!(figures("held"), [0, 0, 1, 1, 0, 0, 0]);
}

#[test]
fn a_ticket_opened_by_an_agent_is_unanswered_once_the_customer_writes() {
    let story = [(0, opened(SARA)), (10, Story::Replied(SARA)), (DAY, Story::Replied(Who::Customer))];
    let days = rows(&history(1, story.clone()), &[("interval", "day")]);
    assert_eq!((&days[0]["unanswered"], &days[1]["unanswered"]), (&json!(0), &json!(1)));
    let held = [&story[..2], &[(20, Story::HeldForThirdParty), (30, Story::Replied(Who::Customer))]].concat();
    assert_eq!(rows(&history(1, held), &[])[0]["unanswered"], json!(1), "also while held");
}

#[test]
fn a_reopened_ticket_stands_open_again_as_old_as_its_opening() {
    let story = [(0, opened(Who::Customer)), (10, closed(SARA)), (8 * DAY, Story::Reopened(Who::Customer))];
    let entries = history(1, story);
    assert_eq!(open(&entries, &[("interval", "week")]), is(&[("2025-12-29", 0), ("2026-01-05", 1)]));
    assert_eq!(rows(&entries, &[])[0]["ages"]["7d_30d"], json!(1));
    // As known before the reopening nothing is open; the latest event is the closing then.
    let asked = query(Backlog, &[("at", "2027-01-01")]);
    let then = report(&folded(&entries, None), &asked, Position(3), &Labels).unwrap().to_json();
    assert!(then.contains(r#""open":0"#), "{then}");
}

#[test]
fn a_void_ticket_was_never_open() {
    let mut entries = history(1, [(0, opened(Who::Customer)), (2 * DAY, Story::Voided)]);
    assert_eq!(open(&entries, &[]), is(&[("all", 0)]));
    assert_eq!(open(&entries, &[("interval", "day")]), is(&[]), "nor was it the first");
    entries.extend(history(1, [(3 * DAY, Story::Restored)]));
    assert_eq!(
        open(&entries, &[("interval", "day"), ("to", "2026-01-03")]),
        is(&[("2026-01-01", 1), ("2026-01-02", 1)])
    );
}

#[test]
fn dimensions_are_those_of_the_instant_and_the_agent_is_the_assignee_then() {
    let story = [
        (0, Story::Opened { by: Who::Customer, department: Some("technical"), tags: vec!["a", "b"] }),
        (DAY, Story::Transferred(Some("billing"))),
        (DAY, Story::Assigned(Some("reza"))),
        (2 * DAY, Story::Replied(REZA)),
    ];
    let entries = history(1, story);
    let by = |dimension: &str, parameters: &[(&str, &str)]| {
        let rows = rows(&entries, &[&[("interval", "day"), ("group_by", dimension)], parameters].concat());
        rows.iter().map(|row| (row["period"].clone(), row["group"][dimension].clone())).collect::<Vec<_>>()
    };
    let days = |values: [Value; 3]| {
        ["2026-01-01", "2026-01-02", "2026-01-03"].into_iter().map(|day| json!(day)).zip(values).collect::<Vec<_>>()
    };
    // The transfer lies on the end of the first day.
    assert_eq!(by("department", &[]), days([json!("technical"), json!("billing"), json!("billing")]));
    assert_eq!(by("agent", &[]), days([json!(null), json!("reza"), json!("reza")]));
    assert_eq!(by("department", &[("agent", "reza")]).len(), 2);
    assert_eq!(by("department", &[("department", "technical")]).len(), 1);
    assert_eq!(by("tag", &[("to", "2026-01-02")]).len(), 2, "a row for each tag");
    assert_eq!(by("closing_reason", &[]), days([json!(null), json!(null), json!(null)]));
    let technical = open(&entries, &[("interval", "day"), ("department", "technical")]);
    assert_eq!(technical, is(&[("2026-01-01", 1), ("2026-01-02", 0), ("2026-01-03", 0)]), "empty periods too");
}

#[test]
fn the_largest_groups_have_the_most_open_tickets_over_all_instants() {
    let tagged = |ticket, tag, days| {
        let open = Story::Opened { by: Who::Customer, department: None, tags: vec![tag] };
        history(ticket, [(0, open), (days * DAY + 1, closed(SARA))])
    };
    // "a" is open at 3 ends of days, "b" twice 2, "c" 4.
    let entries = [tagged(1, "a", 3), tagged(2, "b", 2), tagged(3, "b", 2), tagged(4, "c", 4)].concat();
    let largest = |limit| {
        let rows = rows(&entries, &[("interval", "day"), ("group_by", "tag"), ("limit", limit)]);
        let mut tags: Vec<_> = rows.iter().map(|row| row["group"]["tag"].as_str().unwrap().to_owned()).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    };
    assert_eq!(largest("1"), ["b"], "ties go by value");
    assert_eq!(largest("2"), ["b", "c"]);
    assert_eq!(largest("9"), ["a", "b", "c"]);
}

#[test]
fn a_backlog_too_large_says_how_large_before_it_is_made() {
    let state = folded(&history(1, [(0, opened(Who::Customer))]), None);
    let asked =
        query(Backlog, &[("interval", "hour"), ("group_by", "channel"), ("at", "2200-01-01"), ("to", "2200-01-01")]);
    let refused = report(&state, &asked, Position(2), &Labels).unwrap_err();
    // 174 years, 42 of them leap years: 2100 is none.
    assert_eq!(refused, ReportError::TooManyCells { cells: (174 * 365 + 42) * 24 * 5 });
    let few = query(Backlog, &[("interval", "year"), ("at", "2200-01-01"), ("to", "2200-01-01")]);
    assert_eq!(report(&state, &few, Position(2), &Labels).unwrap().rows.len(), 174);
}
