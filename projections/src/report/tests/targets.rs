//! The report `targets`, and goals, by hand: business days, ends of periods, clocks started afresh, and sizes.

use crate::definition::catalog::Published;
use crate::definition::document::Definition;
use crate::report::query::ReportName::{self, Overview, Targets};
use crate::report::tests::by_hand::{DAY, SARA, answered};
use crate::report::{ReportError, report};
use crate::test_support::{Entry, Labels, Story, Who, closed, folded_under, history, opened, query};
use serde_json::{Value, json};
use std::sync::Arc;

fn made(
    document: &Value,
    entries: &[Entry],
    name: ReportName,
    parameters: &[(&str, &str)],
) -> Result<Vec<Value>, ReportError> {
    let document = Definition::from_json(&document.to_string()).unwrap();
    let state = folded_under(&document, entries, None);
    let definition = Arc::new(Published { document, version: 0 });
    let made = report(&state, &query(name, parameters), &definition, state.position(), &Labels)?;
    let made: Value = serde_json::from_str(&made.to_json()).unwrap();
    Ok(made["rows"].as_array().unwrap().clone())
}

fn target(within: &str) -> Value {
    json!([{ "metric": "first_response", "within": within }])
}

/// Monday to Friday, nine to five, in UTC.
fn office() -> Value {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let weekly: serde_json::Map<_, _> = days.iter().map(|day| ((*day).to_owned(), json!(["09:00-17:00"]))).collect();
    json!([{ "name": "office", "weekly": weekly }])
}

#[test]
fn business_days_read_the_schedule_under_any_clock() {
    // Friday the 2nd, 12:00.
    let entries = history(1, [(DAY + 720, opened(Who::Customer))]);
    for clock in ["calendar", "business"] {
        let document = json!({ "clock": clock, "schedules": office(), "targets": target("2bd") });
        let rows = made(&document, &entries, Targets, &[]).unwrap();
        assert_eq!(rows[0]["first_response"]["running_tickets"][0]["due_at"], "2026-01-06T12:00:00Z", "{clock}");
    }
}

#[test]
fn a_pause_after_the_due_moment_does_not_move_it() {
    // Monday the 5th 10:00; held from Tuesday 11:00 on; somebody looks on Thursday.
    let last = (7 * DAY + 660, Story::Assigned(Some("sara")));
    let entries = history(1, [(4 * DAY + 600, opened(Who::Customer)), (5 * DAY + 660, Story::HeldForCustomer), last]);
    let document = json!({ "clock": "business", "pauses": ["held_for_customer"], "schedules": office(),
                           "targets": target("1bd") });
    let rows = made(&document, &entries, Targets, &[("interval", "day"), ("group_by", "channel")]).unwrap();
    let breached: Vec<_> = rows.iter().filter(|row| row["first_response"]["breached"] == 1).collect();
    assert_eq!(breached.len(), 1, "{rows:?}");
    assert_eq!(breached[0]["period"], "2026-01-06");
}

#[test]
fn what_happens_at_the_end_of_a_period_is_after_it() {
    let moved = (DAY, Story::Transferred(Some("billing")));
    let entries = history(1, [(720, opened(Who::Customer)), moved, (DAY + 5, Story::Assigned(Some("sara")))]);
    let document = json!({ "targets": target("20d") });
    let rows = made(&document, &entries, Targets, &[("interval", "day"), ("group_by", "department")]).unwrap();
    let running: Vec<_> = rows.iter().filter(|row| row["first_response"]["running"] == 1).collect();
    let places: Vec<_> = running.iter().map(|row| (&row["period"], &row["group"]["department"])).collect();
    assert_eq!(places, [(&json!("2026-01-01"), &json!("technical")), (&json!("2026-01-02"), &json!("billing"))]);
}

#[test]
fn a_target_that_is_over_runs_again_where_another_comes_into_force() {
    let moved = (2 * DAY + 5, Story::Transferred(Some("billing")));
    let entries = history(1, [(0, opened(Who::Customer)), moved, (3 * DAY + 5, Story::Assigned(Some("sara")))]);
    let targets = json!([
        { "metric": "first_response", "within": "30m", "departments": ["technical"] },
        { "metric": "first_response", "within": "20d" },
    ]);
    let rows = made(&json!({ "targets": targets }), &entries, Targets, &[("interval", "day")]).unwrap();
    let counts = |row: &Value| (row["first_response"]["running"].clone(), row["first_response"]["breached"].clone());
    // On the first two days nothing counts, so the rows begin with the third.
    assert_eq!(rows[0]["period"], "2026-01-03");
    assert_eq!(rows.iter().map(counts).collect::<Vec<_>>(), [(json!(1), json!(0)), (json!(1), json!(0))]);
}

#[test]
fn a_clock_started_afresh_ran_before() {
    let reopened = (33 * DAY, Story::Reopened(Who::Customer));
    let entries = history(1, [(0, opened(Who::Customer)), (19 * DAY, closed(Who::Customer)), reopened]);
    let document = json!({ "first_response": { "starts": "last_reopened_if_unanswered" }, "targets": target("60d") });
    let rows = made(&document, &entries, Targets, &[("interval", "month")]).unwrap();
    let due = |row: &Value| row["first_response"]["running_tickets"][0]["due_at"].clone();
    assert_eq!(rows.iter().map(due).collect::<Vec<_>>(), ["2026-03-02T00:00:00Z", "2026-04-04T00:00:00Z"]);
}

#[test]
fn too_many_looks_are_refused_before_they_are_taken() {
    let entries = history(1, [(0, opened(Who::Customer))]);
    let asked = [("interval", "hour"), ("from", "2026-01-01"), ("to", "2100-01-01")];
    let refused = made(&json!({ "targets": target("20d") }), &entries, Targets, &asked).unwrap_err();
    assert_eq!(refused, ReportError::TooManyCells { cells: 27_028 * 24 * 3 });
}

#[test]
fn goals_say_how_their_figures_stand() {
    let entries = history(1, [(0, opened(Who::Customer)), (60, closed(SARA)), (70, answered(1, 5))]);
    let goals = json!([
        { "value": "csat.percent", "at_least": 85.5 },
        { "value": "full_resolution.p50", "at_most": 600 },
        { "value": "nps.score", "at_least": 0 },
    ]);
    let rows = made(&json!({ "goals": goals }), &entries, Overview, &[]).unwrap();
    let expected = json!([
        { "value": "csat.percent", "at_least": 85.5, "actual": 100, "reached": true },
        { "value": "full_resolution.p50", "at_most": 600, "actual": 3600, "reached": false },
        { "value": "nps.score", "at_least": 0, "actual": null, "reached": null },
    ]);
    assert_eq!(rows[0]["goals"], expected);
    assert_eq!(made(&json!({}), &entries, Overview, &[]).unwrap()[0].get("goals"), None);
}
