//! The report `review-queue`, computed by hand and found again in random histories.

use super::by_hand::{DAY, SARA, answered, check_row};
use super::oracle::dissatisfaction::to_review;
use super::plain::{Definition, report_under};
use super::properties::{Asked, asked, entries, steps};
use crate::definition::catalog::Published;
use crate::definition::document::{self, Clock, Pause, Voided};
use crate::measurements::Measurements;
use crate::projector::catch_up;
use crate::report::query::ReportName::ReviewQueue;
use crate::report::{self, ReportError};
use crate::test_support::{
    Entry, Labels, MemoryLog, Story, Who, closed, customer_of, folded, history, json, minutes, now, opened, query,
};
use daftar_domain::Timestamp;
use daftar_eventlog::Position;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

fn rows(entries: &[Entry], parameters: &[(&str, &str)]) -> Vec<Value> {
    json(&folded(entries, None), ReviewQueue, parameters)["rows"].as_array().unwrap().clone()
}

/// Ticket, reasons and since of each row, the instant in minutes.
fn listed(rows: &[Value]) -> Vec<(String, Vec<String>, i64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let since = |row: &Value| Timestamp::parse("since", &text(&row["since"])).unwrap().micros();
    let row = |row: &Value| {
        let reasons = row["reasons"].as_array().unwrap().iter().map(text).collect();
        (text(&row["ticket"]), reasons, (since(row) - minutes(0)) / 60_000_000)
    };
    rows.iter().map(row).collect()
}

/// The reasons of one ticket's story at a minute, and since when.
fn why(story: impl IntoIterator<Item = (i64, Story)>, at: i64) -> Option<(Vec<String>, i64)> {
    let at = Timestamp::clamped(minutes(at)).to_string();
    let listed = listed(&rows(&history(1, story), &[("at", &at)]));
    listed.into_iter().next().map(|(_, reasons, since)| (reasons, since))
}

fn is(reasons: &[&str], since: i64) -> Option<(Vec<String>, i64)> {
    Some((reasons.iter().map(|reason| (*reason).to_owned()).collect(), since))
}

fn follow_up() -> Story {
    Story::FollowedUp("mina")
}

#[test]
fn a_row_says_what_somebody_needs_to_know() {
    let story = [
        (0, opened(Who::Customer)),
        (5, Story::Assigned(Some("reza"))),
        (6, Story::Replied(SARA)),
        (10, closed(SARA)),
        (20, answered(1, 2)),
        (30, Story::Moved("tehran")),
        (31, Story::Transferred(None)),
    ];
    let made = rows(&history(1, story), &[]);
    let expected = json!([{
        "period": null, "group": {}, "ticket": "T-1", "reasons": ["dissatisfied"], "since": "2026-01-01T00:20:00Z",
        "agent": "reza", "branch": "tehran", "department": null, "customer": "c-1",
        "answer": { "scale": "five", "score": 2 },
    }]);
    assert_eq!(Value::Array(made), expected);
}

#[test]
fn a_customer_is_called_by_pseudonym_where_nobody_knows_the_name() {
    let waits = |ticket| history(ticket, [(0, opened(Who::Customer))]);
    let made = rows(&[waits(2), waits(6)].concat(), &[("at", "2026-01-03")]);
    assert_eq!(customer_of(6), None);
    check_row(&made[0], &[("/customer", json!("00000000000000000000000000000002")), ("/answer", json!(null))]);
    check_row(&made[1], &[("/customer", json!(null)), ("/agent", json!(null))]);
}

#[test]
fn a_dissatisfied_ticket_stands_there_while_its_case_is_open() {
    let story = [(0, opened(SARA)), (5, closed(SARA)), (10, answered(1, 1)), (20, answered(1, 2))];
    assert_eq!(why(story.clone(), 30), is(&["dissatisfied"], 10), "closed or not");
    let then = |next: Story| why(story.clone().into_iter().chain([(30, next)]), 40);
    assert_eq!(then(follow_up()), None);
    assert_eq!(then(answered(1, 5)), None);
    assert_eq!(then(Story::Reopened(Who::Automation)), is(&["reopened"], 30), "another reason instead");
}

#[test]
fn a_reopened_ticket_stands_there_until_it_is_closed_or_followed_up() {
    let story = [(0, opened(SARA)), (5, closed(SARA)), (6, follow_up()), (10, Story::Reopened(SARA))];
    let then = |next: &[(i64, Story)]| why([&story[..], next].concat(), 100);
    assert_eq!(then(&[]), is(&["reopened"], 10));
    assert_eq!(then(&[(20, Story::Replied(SARA))]), is(&["reopened"], 10));
    assert_eq!(then(&[(10, follow_up())]), None, "at the same instant, but after it");
    assert_eq!(then(&[(20, closed(SARA))]), None);
    let again = [(20, follow_up()), (30, closed(SARA)), (40, Story::Reopened(SARA))];
    assert_eq!(then(&again), is(&["reopened"], 40));
}

#[test]
fn an_unanswered_ticket_stands_there_once_it_is_past_due() {
    let story = [(0, opened(Who::Customer))];
    assert_eq!(why(story.clone(), DAY), None, "due now is not past");
    assert_eq!(why(story.clone(), DAY + 1), is(&["unanswered"], DAY));
    let then = |next: &[(i64, Story)], at| why([&story[..], next].concat(), at);
    assert_eq!(then(&[(DAY + 5, Story::Replied(SARA))], DAY + 6), None);
    assert_eq!(then(&[(5, follow_up())], DAY + 6), is(&["unanswered"], DAY), "followed up before it began");
    assert_eq!(then(&[(DAY + 5, follow_up())], DAY + 6), None);
    assert_eq!(then(&[(5, closed(SARA))], DAY + 6), None, "closed");
    let back = [(5, closed(SARA)), (2 * DAY, follow_up()), (3 * DAY, Story::Reopened(SARA))];
    assert_eq!(then(&back, 3 * DAY + 1), is(&["reopened", "unanswered"], 3 * DAY), "from when it is open again");
    assert_eq!(why([(0, opened(SARA))], 6 * DAY), None, "no clock has started");
}

#[test]
fn a_stale_ticket_has_been_open_for_longer_than_the_definition_says() {
    let story = [(0, opened(SARA)), (5, Story::Replied(SARA))];
    assert_eq!(why(story.clone(), 7 * DAY), None);
    assert_eq!(why(story.clone(), 7 * DAY + 1), is(&["stale"], 7 * DAY));
    let then = |next: &[(i64, Story)], at| why([&story[..], next].concat(), at);
    assert_eq!(then(&[(7 * DAY, follow_up())], 8 * DAY), is(&["stale"], 7 * DAY), "not stale yet then");
    assert_eq!(then(&[(7 * DAY + 1, follow_up())], 90 * DAY), None);
    let back = [(6, closed(SARA)), (9 * DAY, Story::Reopened(SARA))];
    assert_eq!(then(&back, 9 * DAY), is(&["reopened", "stale"], 9 * DAY));
}

/// The queue under a changed definition, everything measured under it.
fn under(entries: &[Entry], at: i64, change: impl Fn(&mut document::Definition)) -> Vec<(String, Vec<String>, i64)> {
    let mut document = Definition::DEFAULT.published().document.clone();
    change(&mut document);
    let mut state = Measurements::under(document.folded());
    now(catch_up(&MemoryLog::of(entries), &mut state, None, |_| {})).unwrap();
    let (at, definition) = (Timestamp::clamped(minutes(at)).to_string(), Arc::new(Published { document, version: 1 }));
    let asked = query(ReviewQueue, &[("at", &at)]);
    let made = report::report(&state, &asked, &definition, state.position(), &Labels).unwrap().to_json();
    listed(serde_json::from_str::<Value>(&made).unwrap()["rows"].as_array().unwrap())
}

#[test]
fn without_a_target_a_ticket_waits_as_long_as_one_may_stay_open() {
    let entries = [
        history(1, [(0, opened(SARA)), (DAY, Story::Replied(Who::Customer))]),
        history(2, [(0, opened(Who::Customer))]),
    ];
    let queue = |at| {
        let queue = under(&entries.concat(), at, |document| document.targets.clear());
        queue.into_iter().map(|(ticket, reasons, since)| (ticket, reasons.join(" "), since)).collect::<Vec<_>>()
    };
    let row = |ticket: &str, reasons: &str, since| (ticket.to_owned(), reasons.to_owned(), since);
    assert_eq!(queue(7 * DAY), []);
    let second = row("T-2", "unanswered stale", 7 * DAY);
    assert_eq!(queue(8 * DAY), [second.clone(), row("T-1", "stale", 7 * DAY)], "the first's wait began a day later");
    assert_eq!(queue(8 * DAY + 1), [second, row("T-1", "unanswered stale", 8 * DAY)]);
}

#[test]
fn a_due_moment_is_that_of_the_targets_clock() {
    let entries = history(1, [(0, opened(Who::Customer)), (60, Story::HeldForCustomer)]);
    let paused = |document: &mut document::Definition| {
        document.first_response.pauses = Some(vec![Pause::HeldForCustomer]);
        document.first_response.clock = Some(Clock::Calendar);
    };
    assert_eq!(under(&entries, 5 * DAY, paused), [], "its clock stands still");
    let resumed = [entries, history(1, [(DAY, Story::Resumed)])].concat();
    assert_eq!(under(&resumed, 2 * DAY - 60, paused), []);
    assert_eq!(under(&resumed, 2 * DAY, paused)[0].2, 2 * DAY - 60);
}

#[test]
fn the_worst_and_oldest_stand_first_and_ties_go_by_ticket() {
    let wrote = |ticket, at| history(ticket, [(at, opened(Who::Customer))]);
    let angry = |ticket, at| history(ticket, [(0, opened(SARA)), (1, closed(SARA)), (at, answered(1, 1))]);
    let reopened = |ticket, at| history(ticket, [(0, opened(SARA)), (1, closed(SARA)), (at, Story::Reopened(SARA))]);
    let answered = history(20, [(0, opened(SARA))]);
    let all = [wrote(1, 10), wrote(10, 5), wrote(2, 5), angry(3, 90), reopened(4, 9), angry(5, 70), answered];
    let made = |parameters: &[_]| {
        let rows = rows(&all.concat(), &[&[("at", "2026-01-20")], parameters].concat());
        listed(&rows).into_iter().map(|(ticket, ..)| ticket).collect::<Vec<_>>()
    };
    assert_eq!(made(&[]), ["T-5", "T-3", "T-4", "T-10", "T-2", "T-1", "T-20"]);
    assert_eq!(made(&[("limit", "2")]), ["T-5", "T-3"]);
    assert_eq!(made(&[("channel", "chat"), ("limit", "2")]), ["T-5", "T-3"]);
    assert_eq!(made(&[("channel", "email")]), ["T-4", "T-10", "T-2", "T-20"]);
}

#[test]
fn filters_are_by_what_is_in_force_and_the_assignee() {
    let story = [
        (0, opened(Who::Customer)),
        (5, Story::Replied(SARA)),
        (6, closed(SARA)),
        (10, answered(1, 1)),
        (20, Story::Transferred(Some("billing"))),
        (21, Story::Assigned(Some("reza"))),
    ];
    let entries = history(1, story);
    for (dimension, value, there) in [
        ("agent", "reza", true),
        ("agent", "sara", false),
        ("department", "billing", true),
        ("department", "technical", false),
        ("customer", "c-1", true),
        ("branch", "null", true),
    ] {
        assert_eq!(rows(&entries, &[(dimension, value)]).len(), usize::from(there), "{dimension}={value}");
    }
}

#[test]
fn the_past_is_seen_as_it_stood_before_to() {
    let story = [
        (0, opened(SARA)),
        (5, closed(SARA)),
        (DAY, answered(1, 1)),
        (2 * DAY, Story::Assigned(Some("reza"))),
        (3 * DAY, follow_up()),
    ];
    let entries = history(1, story);
    let until = |day: &str| rows(&entries, &[("to", day)]);
    assert_eq!((until("2026-01-02").len(), rows(&entries, &[]).len()), (0, 0));
    assert_eq!(until("2026-01-03")[0]["agent"], json!(null), "assigned at that midnight, after it");
    assert_eq!(until("2026-01-04")[0]["agent"], json!("reza"), "and followed up then");
    assert_eq!(until("2026-01-04T00:00:00.000001Z").len(), 0);
}

#[test]
fn a_void_ticket_is_not_to_be_reviewed_unless_it_counts() {
    let entries = history(1, [(0, opened(Who::Customer)), (2 * DAY, Story::Voided)]);
    assert_eq!(rows(&entries, &[]).len(), 0);
    assert_eq!(under(&entries, 2 * DAY, |document| document.voided = Voided::Counted).len(), 1);
}

#[test]
fn a_queue_too_long_is_refused_and_a_limit_helps() {
    let entries: Vec<_> = (0..25_001).flat_map(|ticket| history(ticket, [(0, opened(Who::Customer))])).collect();
    let state = folded(&entries, None);
    let made = |parameters: &[_]| {
        let asked = query(ReviewQueue, &[&[("at", "2026-02-01")], parameters].concat());
        super::plain::report(&state, &asked, state.position(), &Labels)
    };
    assert_eq!(made(&[]).unwrap_err(), ReportError::TooManyCells { cells: 25_001 * 8 });
    assert_eq!(made(&[("limit", "25000")]).unwrap().rows.len(), 25_000);
}

/// The rows of the queue as the oracle tells them.
fn expected(known: &[Entry], definition: &Definition, asked: &Asked) -> Vec<Value> {
    let Some(at) = known.iter().map(|entry| entry.at).chain(asked.at).max() else { return Vec::new() };
    let mut tickets = to_review(known, definition, asked.looks(at, Some(0))[0]);
    tickets.retain(|ticket| match asked.filter {
        Some(("agent", agent)) => ticket.agent == agent,
        Some((_, department)) => ticket.department == department,
        None => true,
    });
    let scale = |scale: u8| ["binary", "four", "five"][usize::from(scale)];
    let row = |t: super::oracle::dissatisfaction::ToReview| {
        let answer = t.answer.map(|(code, score)| json!({ "scale": scale(code), "score": score }));
        let since = report::json::rfc3339(t.since);
        json!([t.ticket, t.reasons, since, t.agent, t.department, answer])
    };
    tickets.into_iter().map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_queue_is_what_plain_loops_find(
        steps in steps(),
        asked in asked(),
        cut in prop::option::of(0..92usize),
        first_hours in prop::option::of(0..400i64),
        (four, five, stale_days) in (2..=4u8, 2..=5u8, 1..30u32),
    ) {
        let (all, asked) = (entries(&steps), Asked { interval: None, ..asked });
        let (state, known) = (folded(&all, None), &all[..cut.unwrap_or(usize::MAX).min(all.len())]);
        let definition = Definition {
            first_response_target: first_hours.map(|hours| hours.max(1) * 3_600_000_000),
            positive_from: [1, four, five],
            stale_days,
            ..Definition::DEFAULT
        };
        let position = Position(1 + known.len() as u64);
        let made = report_under(definition, &state, &asked.query(ReviewQueue, &[]), position, &Labels).unwrap();
        let made: Value = serde_json::from_str(&made.to_json()).unwrap();
        let row = |r: &Value| json!(
            [r["ticket"], r["reasons"], r["since"], r["agent"], r["department"], r["answer"]]
        );
        let rows: Vec<Value> = made["rows"].as_array().unwrap().iter().map(row).collect();
        prop_assert_eq!(rows, expected(known, &definition, &asked));
    }
}
