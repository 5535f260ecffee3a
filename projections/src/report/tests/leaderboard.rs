//! The report `leaderboard`, computed by hand.

use super::by_hand::{DAY, REZA, SARA, answered, check_row};
use super::plain::{Definition, report, report_under};
use crate::report::ReportError;
use crate::report::query::ReportName::Leaderboard;
use crate::test_support::{Entry, Labels, Story, Who, closed, folded, history, json, opened, query};
use daftar_eventlog::Position;
use serde_json::{Value, json};

/// So many tickets closed by an agent, each answered, the first `positive` of them with 5 of five.
fn surveyed(first: u32, agent: &'static str, answers: u32, positive: u32) -> Vec<Entry> {
    let ticket = |n| {
        let score = if n < positive { 5 } else { 1 };
        history(first + n, [(0, opened(Who::Customer)), (10, closed(Who::Agent(agent))), (20, answered(1, score))])
    };
    (0..answers).flat_map(ticket).collect()
}

/// Rank and agent of every row.
fn ranks(made: &Value) -> Vec<(Option<u64>, String)> {
    let rows = made["rows"].as_array().unwrap().iter();
    rows.map(|row| (row["rank"].as_u64(), row["agent"].as_str().unwrap().to_owned())).collect()
}

fn is(ranks: &[(Option<u64>, &str)]) -> Vec<(Option<u64>, String)> {
    ranks.iter().map(|(rank, agent)| (*rank, (*agent).to_owned())).collect()
}

#[test]
fn ties_share_a_rank_and_those_under_the_minimum_stand_last_by_id() {
    let entries = [
        surveyed(0, "zari", 10, 8),
        surveyed(100, "omid", 12, 12),
        surveyed(200, "babak", 10, 8),
        surveyed(300, "yas", 10, 2),
        // All nine satisfied, and still one answer short.
        surveyed(400, "neda", 9, 9),
        history(500, [(0, opened(Who::Customer)), (10, closed(Who::Agent("ali")))]),
        history(501, [(0, opened(Who::Customer)), (10, closed(Who::Customer))]),
    ];
    let made = json(&folded(&entries.concat(), None), Leaderboard, &[]);
    let ranked = [(Some(1), "omid"), (Some(2), "babak"), (Some(2), "zari"), (Some(4), "yas")];
    assert_eq!(ranks(&made), is(&[&ranked[..], &[(None, "ali"), (None, "neda")]].concat()), "nobody has no row");
    assert_eq!(made["rows"][0]["group"], json!({}));
}

#[test]
fn the_figures_stand_in_the_order_of_the_contract() {
    let state = folded(&surveyed(0, "sara", 1, 1), None);
    let made = report(&state, &query(Leaderboard, &[]), state.position(), &Labels).unwrap();
    let names: Vec<_> = made.rows[0].figures.iter().map(|(name, _)| &**name).collect();
    let expected = [
        "rank",
        "agent",
        "closed",
        "public_replies",
        "reply_rating",
        "csat",
        "first_response",
        "full_resolution",
        "reopen_rate",
        "one_touch_rate",
        "targets_met",
    ];
    assert_eq!(names, expected);
}

#[test]
fn more_answers_of_the_same_share_rank_higher() {
    // 8 of 10 and 16 of 20 are 80 % both; the interval of the second is narrower.
    let entries = [surveyed(0, "sara", 10, 8), surveyed(100, "reza", 20, 16)].concat();
    assert_eq!(ranks(&json(&folded(&entries, None), Leaderboard, &[])), is(&[(Some(1), "reza"), (Some(2), "sara")]));
}

#[test]
fn ranks_are_within_a_period_and_the_other_dimensions() {
    let in_billing = |ticket, agent| {
        let open = Story::Opened { by: Who::Customer, department: Some("billing"), tags: vec![] };
        history(ticket, [(0, open), (10, closed(agent)), (20, answered(1, 5))])
    };
    let later = history(9, [(0, opened(Who::Customer)), (10, closed(REZA)), (40 * DAY, answered(1, 1))]);
    let entries = [surveyed(20, "sara", 1, 1), surveyed(30, "reza", 1, 0), in_billing(1, REZA), later].concat();
    let state = folded(&entries, None);
    let definition = Definition { minimum_answers: 1, ..Definition::DEFAULT };
    let made = |parameters: &[_]| {
        let query = query(Leaderboard, parameters);
        let made = report_under(definition, &state, &query, state.position(), &Labels).unwrap();
        serde_json::from_str::<Value>(&made.to_json()).unwrap()
    };
    let by_department = made(&[("group_by", "agent,department")]);
    assert_eq!(ranks(&by_department), is(&[(Some(1), "reza"), (Some(1), "sara"), (Some(2), "reza")]));
    assert_eq!(by_department["rows"][0]["group"], json!({ "agent": "reza", "department": "billing" }));
    assert_eq!(made(&[("group_by", "department")])["rows"][0]["group"], json!({ "department": "billing" }));
    let months = made(&[("interval", "month")]);
    assert_eq!(ranks(&months), is(&[(Some(1), "sara"), (Some(2), "reza"), (Some(1), "reza")]));
    assert_eq!(months["rows"][2]["period"], json!("2026-02"));
    assert_eq!(made(&[("interval", "month"), ("to", "2030-01-01")])["rows"].as_array().unwrap().len(), 3);
}

#[test]
fn limit_keeps_the_agents_with_most_measurements_and_their_ranks() {
    let entries = [surveyed(0, "sara", 12, 6), surveyed(100, "reza", 10, 10)].concat();
    let made = json(&folded(&entries, None), Leaderboard, &[("limit", "1")]);
    assert_eq!((ranks(&made), &made["notes"]), (is(&[(Some(2), "sara")]), &json!([])));
}

#[test]
fn an_agents_row_has_the_figures_of_the_other_reports() {
    let story = [
        (0, opened(Who::Customer)),
        (30, Story::Replied(SARA)),
        (31, Story::Noted("sara")),
        (32, Story::Replied(REZA)),
        (40, Story::Rated { reply: 1, satisfied: true }),
        (60, closed(SARA)),
        (70, answered(1, 4)),
    ];
    let made = json(&folded(&history(1, story), None), Leaderboard, &[]);
    let sara = [
        ("/agent", json!("sara")),
        ("/rank", json!(null)),
        ("/closed", json!(1)),
        ("/public_replies", json!(1)),
        ("/reply_rating/rated", json!(1)),
        ("/csat/positive", json!(1)),
        ("/csat/mean_score", json!(4)),
        ("/first_response/p50", json!(1800)),
        ("/full_resolution/p50", json!(3600)),
        ("/reopen_rate/of", json!(1)),
        ("/one_touch_rate/count", json!(0)),
        ("/targets_met/count", json!(1)),
        ("/targets_met/of", json!(1)),
    ];
    check_row(&made["rows"][1], &sara);
    let reza = [("/agent", json!("reza")), ("/public_replies", json!(1)), ("/targets_met/of", json!(0))];
    check_row(&made["rows"][0], &reza);
}

#[test]
fn a_target_is_met_at_the_due_moment_itself_and_broken_after_it() {
    let entries = [
        history(1, [(0, opened(Who::Customer)), (DAY, Story::Replied(SARA))]),
        history(2, [(0, opened(Who::Customer)), (DAY + 1, Story::Replied(SARA))]),
    ];
    let made = json(&folded(&entries.concat(), None), Leaderboard, &[]);
    check_row(&made["rows"][0], &[("/targets_met/count", json!(1)), ("/targets_met/of", json!(2))]);
}

#[test]
fn an_unanswered_ticket_breaks_its_target_once_the_due_moment_is_past() {
    let story = [(0, opened(Who::Customer)), (5, Story::Transferred(None)), (6, Story::Assigned(Some("sara")))];
    let state = folded(&history(1, story), None);
    let at = |parameters: &[(&str, &str)]| {
        let made = json(&state, Leaderboard, parameters);
        made["rows"].as_array().unwrap().iter().map(|row| row["targets_met"]["of"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(at(&[]), [json!(null); 0]);
    assert_eq!(at(&[("at", "2026-01-02T00:00:00Z")]), [json!(null); 0], "a deadline exactly now is not broken");
    let late = ("at", "2026-01-02T00:00:00.000001Z");
    assert_eq!(at(&[late]), [json!(1)]);
    // It counts in the period of the due moment, under what is in force at the end, as its target is chosen.
    assert_eq!(at(&[late, ("to", "2026-01-02")]), [json!(null); 0]);
    assert_eq!(at(&[late, ("from", "2026-01-02")]), [json!(1)]);
    assert_eq!(at(&[late, ("department", "technical")]), [json!(null); 0]);
    assert_eq!(at(&[late, ("department", "null")]), [json!(1)]);
    let days = json(&state, Leaderboard, &[late, ("interval", "day")]);
    let row = [("/period", json!("2026-01-02")), ("/agent", json!("sara")), ("/targets_met/percent", json!(0))];
    check_row(&days["rows"][0], &row);
    // Before anybody had the ticket it was nobody's.
    let asked = query(Leaderboard, &[late]);
    assert_eq!(report(&state, &asked, Position(3), &Labels).unwrap().rows, []);
}

#[test]
fn no_target_is_broken_without_a_clock_nor_on_a_void_ticket() {
    let assigned = (6, Story::Assigned(Some("sara")));
    let by_agent = history(1, [(0, opened(SARA)), assigned.clone()]);
    let void = history(2, [(0, opened(Who::Customer)), assigned, (7, Story::Voided)]);
    let at = ("at", "2027-01-01");
    assert_eq!(json(&folded(&[by_agent.clone(), void].concat(), None), Leaderboard, &[at])["rows"], json!([]));
    // The clock starts with the customer's message on the third day: due on the fourth.
    let wrote = [by_agent, history(1, [(2 * DAY, Story::Replied(Who::Customer))])].concat();
    let days = json(&folded(&wrote, None), Leaderboard, &[at, ("interval", "day")]);
    assert_eq!((&days["rows"][0]["period"], &days["rows"][0]["targets_met"]["of"]), (&json!("2026-01-04"), &json!(1)));
    // Closed without an answer it is broken all the same.
    let closed = [wrote, history(1, [(2 * DAY + 1, closed(Who::Customer))])].concat();
    let all = json(&folded(&closed, None), Leaderboard, &[at]);
    assert_eq!(all["rows"][0]["targets_met"]["of"], json!(1));
}

#[test]
fn a_target_of_the_full_resolution_counts_closings_and_what_is_open_too_long() {
    let definition = Definition {
        first_response_target: None,
        full_resolution_target: Some(2 * 86_400_000_000),
        ..Definition::DEFAULT
    };
    let assigned = (1, Story::Assigned(Some("sara")));
    let entries = [
        history(1, [(0, opened(Who::Customer)), assigned.clone(), (2 * DAY, closed(SARA))]),
        history(2, [(0, opened(Who::Customer)), assigned.clone(), (2 * DAY + 1, closed(SARA))]),
        history(3, [(0, opened(Who::Customer)), assigned.clone()]),
        history(4, [(DAY, opened(Who::Customer)), (DAY + 1, Story::Assigned(Some("sara")))]),
        history(5, [(0, opened(Who::Customer)), assigned, (5, closed(SARA)), (6, Story::Reopened(Who::Customer))]),
    ];
    let state = folded(&entries.concat(), None);
    let made = report_under(definition, &state, &query(Leaderboard, &[]), state.position(), &Labels).unwrap();
    let row: Value = serde_json::from_str::<Value>(&made.to_json()).unwrap()["rows"][0].clone();
    // Met: 1. Broken: 2, and running 3 and 5; ticket 4 has a day left.
    check_row(&row, &[("/targets_met/count", json!(1)), ("/targets_met/of", json!(4))]);
}

#[test]
fn the_agent_is_one_of_three_dimensions() {
    let state = folded(&[], None);
    let made = |by| report(&state, &query(Leaderboard, &[("group_by", by)]), Position(1), &Labels);
    assert!(made("branch,agent,tag").is_ok() && made("branch,tag").is_ok());
    assert_eq!(made("branch,tag,channel"), Err(ReportError::TooManyDimensions(4)));
}
