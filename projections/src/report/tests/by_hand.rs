//! Figures computed by hand: one short history a rule.

use super::plain::report;
use crate::report::ReportError;
use crate::report::query::ReportName::{self, Flow, ResolutionTimes, ResponseTimes, Satisfaction};
use crate::test_support::{
    Answers, Entry, Labels, Story, Who, closed, customer_of, folded, history, json, opened, query,
};
use daftar_eventlog::Position;
use serde_json::{Value, json};

pub(super) const SARA: Who = Who::Agent("sara");
pub(super) const REZA: Who = Who::Agent("reza");
/// Minutes in a day.
pub(super) const DAY: i64 = 1440;

/// The one row of a report over everything.
pub(super) fn row(entries: &[Entry], name: ReportName) -> Value {
    json(&folded(entries, None), name, &[])["rows"][0].clone()
}

/// Checks the figures at JSON pointers in the one row of a report over one ticket's history.
fn check(story: impl IntoIterator<Item = (i64, Story)>, name: ReportName, expected: &[(&str, Value)]) {
    check_row(&row(&history(1, story), name), expected);
}

#[track_caller]
pub(super) fn check_row(row: &Value, expected: &[(&str, Value)]) {
    for (pointer, value) in expected {
        assert_eq!(row.pointer(pointer).unwrap_or(&Value::Null), value, "{pointer} of {row:#}");
    }
}

pub(super) fn answered(closing: u32, score: u8) -> Story {
    Story::Answered { closing, answers: Answers { overall: Some((2, score)), ..Answers::default() } }
}

#[test]
fn first_response_is_the_first_public_reply_by_a_human() {
    let story = [
        (0, opened(Who::Customer)),
        (1, Story::Noted("sara")),
        (2, Story::Replied(Who::Automation)),
        (3, Story::Replied(Who::Customer)),
        (10, Story::Replied(REZA)),
        (20, Story::Replied(SARA)),
    ];
    let expected = [
        ("/first_response/count", json!(1)),
        ("/first_response/sum", json!(600)),
        ("/within/percent", json!(100)),
        ("/unanswered", json!(0)),
        ("/next_response/count", json!(0)),
    ];
    check(story.clone(), ResponseTimes, &expected);
    let by_agent = json(&folded(&history(1, story), None), ResponseTimes, &[("group_by", "agent")]);
    assert_eq!(by_agent["rows"][0]["group"], json!({ "agent": "reza" }));
    assert_eq!(by_agent["rows"][1]["group"], json!({ "agent": null }), "the opening, nobody having the ticket");
}

#[test]
fn within_takes_the_day_itself_and_any_duration_asked() {
    let entries = history(1, [(0, opened(Who::Customer)), (DAY, Story::Replied(SARA))]);
    let late = history(2, [(0, opened(Who::Customer)), (DAY + 1, Story::Replied(SARA))]);
    let state = folded(&[entries, late].concat(), None);
    let share = |parameters: &[_]| json(&state, ResponseTimes, parameters)["rows"][0]["within"].clone();
    check_row(&share(&[]), &[("/count", json!(1)), ("/of", json!(2)), ("/percent", json!(50))]);
    check_row(&share(&[("within", "30h")]), &[("/count", json!(2)), ("/of", json!(2))]);
    check_row(&row(&history(1, [(0, opened(SARA))]), ResolutionTimes), &[("/within/of", json!(0))]);
}

#[test]
fn a_ticket_opened_by_an_agent_waits_until_the_customer_writes() {
    let silent = [(0, opened(SARA)), (5, Story::Replied(SARA))];
    check(silent, ResponseTimes, &[("/unanswered", json!(0)), ("/answer_rate/of", json!(0))]);
    let story =
        [(0, opened(SARA)), (5, Story::Replied(SARA)), (30, Story::Replied(Who::Customer)), (37, Story::Replied(REZA))];
    check(story, ResponseTimes, &[("/first_response/sum", json!(420)), ("/next_response/count", json!(0))]);
}

#[test]
fn next_response_starts_with_the_first_unanswered_message_and_ends_with_a_closing() {
    let story = [
        (0, opened(Who::Customer)),
        (10, Story::Replied(SARA)),
        (20, Story::Replied(Who::Customer)),
        (25, Story::Replied(Who::Customer)),
        (50, Story::Replied(SARA)),
        (60, Story::Replied(Who::Customer)),
        (70, closed(SARA)),
        (80, Story::Reopened(Who::Customer)),
        (95, Story::Replied(SARA)),
        (99, Story::Replied(SARA)),
    ];
    let expected = [
        ("/next_response/count", json!(2)),
        ("/next_response/max", json!(1800)),
        ("/next_response/min", json!(900)),
        ("/first_response/sum", json!(600)),
    ];
    check(story, ResponseTimes, &expected);
}

#[test]
fn a_hold_interrupts_a_wait_without_restarting_it() {
    let story = [
        (0, opened(Who::Customer)),
        (1, Story::Replied(SARA)),
        (10, Story::Replied(Who::Customer)),
        (20, Story::HeldForThirdParty),
        (40, Story::Resumed),
        (50, Story::Replied(SARA)),
        (55, closed(SARA)),
    ];
    check(story.clone(), ResponseTimes, &[("/next_response/sum", json!(2400))]);
    let expected = [
        ("/agent_work/sum", json!(60 * (1 + 10 + 10))),
        ("/requester_wait/sum", json!(60 * (1 + 10 + 10 + 20))),
        ("/customer_wait/sum", json!(60 * (9 + 5))),
        ("/on_hold/sum", json!(1200)),
        ("/on_hold_third_party/sum", json!(1200)),
        ("/on_hold_customer/sum", json!(0)),
        ("/open_time/sum", json!(3300)),
    ];
    check(story, ResolutionTimes, &expected);
}

#[test]
fn a_reply_on_a_closed_ticket_can_be_the_first_response() {
    let story = [(0, opened(Who::Customer)), (10, closed(Who::Automation)), (30, Story::Replied(SARA))];
    check(story, ResponseTimes, &[("/first_response/sum", json!(1800)), ("/unanswered", json!(0))]);
}

#[test]
fn reopened_by_an_agent_it_waits_for_the_agent_only_with_a_message_unanswered() {
    for (answer, work) in [(None, 10 + 5), (Some((8, Story::Replied(SARA))), 8)] {
        let mut story = vec![(0, opened(Who::Customer))];
        story.extend(answer);
        story.extend([(10, closed(SARA)), (20, Story::Reopened(SARA)), (25, closed(SARA))]);
        check(story, ResolutionTimes, &[("/agent_work/sum", json!(60 * work)), ("/open_time/sum", json!(900))]);
    }
}

#[test]
fn full_resolution_is_the_last_closing_while_it_stays_closed() {
    let mut story = vec![(0, opened(Who::Customer)), (10, closed(SARA)), (30, Story::Reopened(Who::Customer))];
    let open =
        [("/first_resolution/sum", json!(600)), ("/full_resolution/count", json!(0)), ("/open_time/mean", json!(null))];
    check(story.clone(), ResolutionTimes, &open);
    story.push((45, closed(SARA)));
    let closed_again = [
        ("/first_resolution/sum", json!(600)),
        ("/full_resolution/sum", json!(2700)),
        ("/full_resolution/count", json!(1)),
        ("/open_time/sum", json!(1500)),
    ];
    check(story, ResolutionTimes, &closed_again);
}

#[test]
fn a_closing_counts_for_its_closer_else_the_last_replier_else_the_assignee() {
    let closing_of = |before: Vec<(i64, Story)>, by: Who| {
        let story = [vec![(0, opened(Who::Customer))], before, vec![(10, closed(by))]].concat();
        let by_agent = json(&folded(&history(1, story), None), ResolutionTimes, &[("group_by", "agent")]);
        by_agent["rows"][0]["group"]["agent"].clone()
    };
    let replied = vec![(1, Story::Assigned(Some("mina"))), (2, Story::Replied(REZA)), (3, Story::Noted("sara"))];
    assert_eq!(closing_of(replied.clone(), SARA), json!("sara"));
    assert_eq!(closing_of(replied.clone(), Who::Automation), json!("reza"));
    assert_eq!(closing_of(replied[..1].to_vec(), Who::Customer), json!("mina"));
    assert_eq!(closing_of(vec![], Who::Customer), json!(null));
}

#[test]
fn a_questionnaire_sent_later_does_not_wipe_the_score() {
    let later = Answers { nps: Some(9), questions: vec![("speed", 4)], ..Answers::default() };
    let story = [
        (0, opened(Who::Customer)),
        (10, Story::Closed { by: SARA, offered: true, reason: None }),
        (20, answered(1, 2)),
        (30, answered(1, 5)),
        (40, Story::Answered { closing: 1, answers: later }),
    ];
    let expected = [
        ("/csat/answers", json!(1)),
        ("/csat/positive", json!(1)),
        ("/csat/mean_score", json!(5)),
        ("/csat/distribution", json!({ "five": { "1": 0, "2": 0, "3": 0, "4": 0, "5": 1 } })),
        ("/nps/score", json!(100)),
        ("/questions/speed/mean", json!(4)),
        ("/response_rate/answered", json!(1)),
        ("/response_rate/offered", json!(1)),
    ];
    check(story, Satisfaction, &expected);
}

#[test]
fn an_answer_is_changed_until_the_next_reopening_and_first_given_at_any_time() {
    let mut story = vec![
        (0, opened(Who::Customer)),
        (10, closed(SARA)),
        (20, answered(1, 5)),
        (30, Story::Reopened(Who::Customer)),
        (40, answered(1, 1)),
    ];
    check(story.clone(), Satisfaction, &[("/csat/positive", json!(1)), ("/csat/answers", json!(1))]);
    story.extend([(50, closed(SARA)), (60, Story::Reopened(SARA)), (70, answered(2, 1)), (80, answered(2, 2))]);
    let late = [
        ("/csat/answers", json!(2)),
        ("/csat/mean_score", json!(3.5)),
        ("/response_rate/answered", json!(2)),
        ("/response_rate/offered", json!(2)),
    ];
    check(story, Satisfaction, &late);
}

#[test]
fn scores_of_all_scales_meet_on_one_from_1_to_5() {
    let entries = [(0, 1), (1, 2), (2, 3)].into_iter().zip(1..).flat_map(|(overall, ticket)| {
        let answers = Answers { overall: Some(overall), ces: Some(5), ..Answers::default() };
        let answer = Story::Answered { closing: 1, answers };
        history(ticket, [(0, opened(Who::Customer)), (1, closed(SARA)), (2, answer)])
    });
    // 5 for satisfied, 1 + 4/3 for bad, 3 for three of five.
    let expected = [
        ("/csat/mean_score", json!(3.444_444)),
        ("/csat/positive", json!(1)),
        ("/csat/percent", json!(33.333_333)),
        ("/csat/low95", json!(6.149_194)),
        ("/csat/high95", json!(79.234_04)),
        ("/ces/good_percent", json!(100)),
        ("/ces/mean", json!(5)),
    ];
    check_row(&row(&entries.collect::<Vec<_>>(), Satisfaction), &expected);
}

#[test]
fn the_last_rating_of_a_reply_counts_for_its_author() {
    let story = [
        (0, opened(Who::Customer)),
        (1, Story::Replied(SARA)),
        (2, Story::Noted("mina")),
        (3, Story::Replied(REZA)),
        (4, Story::Rated { reply: 1, satisfied: false }),
        (5, Story::Rated { reply: 3, satisfied: true }),
        (6, Story::Rated { reply: 1, satisfied: true }),
        (7, Story::Rated { reply: 2, satisfied: false }),
        (8, Story::Rated { reply: 9, satisfied: false }),
    ];
    let all = [("/reply_rating/rated", json!(2)), ("/reply_rating/percent", json!(100)), ("/csat/answers", json!(0))];
    check(story, Satisfaction, &all);
}

#[test]
fn a_void_ticket_leaves_every_figure_until_it_is_restored() {
    let mut entries = history(1, [(0, opened(Who::Customer)), (1, closed(SARA)), (2, Story::Voided)]);
    check_row(&row(&entries, Flow), &[("/opened", json!(0)), ("/closed", json!(0)), ("/stay", json!([]))]);
    entries.extend(history(1, [(3, Story::Restored)]));
    check_row(&row(&entries, Flow), &[("/opened", json!(1)), ("/closed", json!(1))]);
}

#[test]
fn transfers_count_where_the_ticket_came_from_and_how_long_it_stayed() {
    let story = [
        (0, Story::Opened { by: Who::Customer, department: Some("technical"), tags: vec![] }),
        (5, Story::Moved("tehran")),
        (10, Story::Transferred(Some("billing"))),
        (30, closed(SARA)),
        (40, Story::Transferred(None)),
        (50, Story::Reopened(Who::Customer)),
        (57, closed(SARA)),
    ];
    let between = json!([
        { "from": "billing", "to": null, "count": 1 },
        { "from": "technical", "to": "billing", "count": 1 },
    ]);
    let expected = [
        ("/transfers", json!(3)),
        ("/transferred_tickets", json!(1)),
        ("/between", between),
        ("/stay/0/department", json!("billing")),
        ("/stay/0/sum", json!(1200)),
        ("/stay/1/department", json!("technical")),
        ("/stay/1/sum", json!(600)),
        ("/stay/2/department", json!(null)),
        ("/stay/2/sum", json!(420)),
        ("/closed", json!(2)),
        ("/closed_tickets", json!(1)),
        ("/reopenings", json!(1)),
        ("/reopen_rate/percent", json!(100)),
        ("/one_touch_rate/count", json!(0)),
        ("/replies_per_closed/mean", json!(0)),
    ];
    check(story, Flow, &expected);
}

#[test]
fn one_touch_is_exactly_one_public_agent_reply_and_no_reopening() {
    for (replies, share) in [(0, 0), (1, 1), (2, 0)] {
        let mut story = vec![(0, opened(Who::Customer)), (1, Story::Noted("sara"))];
        story.extend((0..replies).map(|n| (2 + n, Story::Replied(SARA))));
        story.push((10, closed(SARA)));
        check(story, Flow, &[("/one_touch_rate/count", json!(share)), ("/one_touch_rate/of", json!(1))]);
    }
}

#[test]
fn a_ticket_closed_in_two_months_is_a_closed_ticket_in_each() {
    let story = [
        (0, opened(Who::Customer)),
        (1, closed(SARA)),
        (2, Story::Reopened(SARA)),
        (3, closed(REZA)),
        (40 * DAY, Story::Reopened(SARA)),
        (41 * DAY, closed(REZA)),
    ];
    let state = folded(&history(1, story), None);
    let months = json(&state, Flow, &[("interval", "month")]);
    let closed = |row: usize| (months["rows"][row]["closed"].clone(), months["rows"][row]["closed_tickets"].clone());
    assert_eq!((closed(0), closed(1)), ((json!(2), json!(1)), (json!(1), json!(1))));
    let all = json(&state, Flow, &[("group_by", "agent")]);
    let tickets = |row: usize| all["rows"][row]["closed_tickets"].clone();
    assert_eq!((tickets(0), tickets(1)), (json!(0), json!(1)), "sara closed it first; reza's row has no ticket");
    let cut = json(&state, Flow, &[("from", "2026-01-01T00:02:30Z"), ("to", "2026-02-01T00:00:00Z")]);
    check_row(&cut["rows"][0], &[("/closed_tickets", json!(1)), ("/closed", json!(1))]);
}

#[test]
fn unanswered_counts_for_whoever_has_the_ticket_at_the_position() {
    let story = [(0, opened(Who::Customer)), (1, Story::Assigned(Some("sara"))), (2, Story::Assigned(Some("reza")))];
    let state = folded(&history(1, story), None);
    let agent = |position| {
        let query = query(ResponseTimes, &[("group_by", "agent")]);
        report(&state, &query, Position(position), &Labels).unwrap().rows[0].group[0].1.clone()
    };
    assert_eq!((agent(2), agent(3).as_deref(), agent(4).as_deref()), (None, Some("sara"), Some("reza")));
    let filtered = json(&state, ResponseTimes, &[("agent", "reza")]);
    assert_eq!(filtered["rows"][0]["unanswered"], json!(1));
}

#[test]
fn a_ticket_stands_in_the_row_of_each_of_its_tags_and_once_in_the_total() {
    let story = |tags| [(0, Story::Opened { by: Who::Customer, department: None, tags })];
    let entries = [history(1, story(vec!["a", "b"])), history(2, story(vec!["b"])), history(3, story(vec![]))].concat();
    let state = folded(&entries, None);
    let by_tag = json(&state, Flow, &[("group_by", "tag")]);
    let rows: Vec<_> =
        by_tag["rows"].as_array().unwrap().iter().map(|r| (r["group"]["tag"].clone(), r["opened"].clone())).collect();
    assert_eq!(rows, [(json!("a"), json!(1)), (json!("b"), json!(2)), (json!(null), json!(1))]);
    assert!(by_tag["notes"][0].as_str().unwrap().contains("do not add up"), "{by_tag}");
    let total = json(&state, Flow, &[]);
    assert_eq!((&total["rows"][0]["opened"], &total["notes"]), (&json!(3), &json!([])));
    assert_eq!(json(&state, Flow, &[("tag", "a,null")])["rows"][0]["opened"], json!(2));
}

#[test]
fn customers_stand_in_order_of_first_appearance_and_a_forgotten_one_keeps_its_place() {
    let entries: Vec<_> = [4, 1, 0, 6].into_iter().flat_map(|t| history(t, [(0, opened(Who::Customer))])).collect();
    let state = folded(&entries, None);
    let rows = json(&state, Flow, &[("group_by", "customer")])["rows"].clone();
    let labels: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["group"]["customer"].clone()).collect();
    let hex = "00000000000000000000000000000004";
    assert_eq!(labels, [json!(hex), json!("c-1"), json!("c-0"), json!(null)]);
    assert!(customer_of(6).is_none());
    for filter in ["c-1", hex, "null"] {
        assert_eq!(json(&state, Flow, &[("customer", filter)])["rows"][0]["opened"], json!(1), "{filter}");
    }
    assert_eq!(json(&state, Flow, &[("customer", "c-77")])["rows"][0]["opened"], json!(0));
}

#[test]
fn an_empty_log_has_zero_counts_and_no_means() {
    let state = folded(&[], None);
    for name in ReportName::ALL {
        let made = json(&state, name, &[]);
        let rows = if name.is_by_agent() || name.lists_tickets() { json!([]) } else { json!([null]) };
        let periods: Value = made["rows"].as_array().unwrap().iter().map(|row| row["period"].clone()).collect();
        assert_eq!((&made["at"], periods), (&json!(null), rows), "{}", name.name());
        if name.lists_tickets() {
            continue;
        }
        assert_eq!(json(&state, name, &[("group_by", "agent")])["rows"], json!([]));
        assert_eq!(json(&state, name, &[("interval", "day")])["rows"], json!([]));
    }
    let empty = json(&state, Satisfaction, &[])["rows"][0].clone();
    let nothing = [
        ("/csat/answers", json!(0)),
        ("/csat/percent", json!(null)),
        ("/csat/low95", json!(null)),
        ("/csat/distribution", json!({})),
        ("/nps/score", json!(null)),
        ("/questions", json!({})),
    ];
    check_row(&empty, &nothing);
}

#[test]
fn every_period_between_stands_there_and_says_where_it_is_cut() {
    let story = [(0, opened(Who::Customer)), (65 * DAY, closed(SARA))];
    let state = folded(&history(1, story), None);
    let months = json(&state, Flow, &[("interval", "month"), ("from", "2026-01-01"), ("to", "2026-03-15")]);
    let rows: Vec<_> = months["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["period"].as_str().unwrap(), r["opened"].as_u64().unwrap(), r["partial"] == json!(true)))
        .collect();
    assert_eq!(rows, [("2026-01", 1, false), ("2026-02", 0, false), ("2026-03", 0, true)]);
    assert_eq!(months["rows"][2]["end"], json!("2026-04-01T00:00:00Z"));
    assert_eq!(months["rows"][0].get("partial"), None);
}

#[test]
fn without_an_end_periods_go_on_to_the_one_of_at() {
    let story = [(0, opened(Who::Customer)), (40 * DAY, Story::Noted("sara"))];
    let state = folded(&history(1, story), None);
    let periods = |parameters: &[(&str, &str)]| {
        let months = json(&state, Flow, &[&[("interval", "month")], parameters].concat());
        let period = |row: &Value| row["period"].as_str().unwrap().to_owned();
        months["rows"].as_array().unwrap().iter().map(period).collect::<Vec<_>>()
    };
    // The note counts nowhere, but it is the latest moment at which anything happened.
    assert_eq!(periods(&[]), ["2026-01", "2026-02"]);
    assert_eq!(periods(&[("at", "2026-04-01")]), ["2026-01", "2026-02", "2026-03", "2026-04"]);
    assert_eq!(periods(&[("at", "2026-04-01"), ("from", "2026-03-02")]), ["2026-03", "2026-04"]);
    assert_eq!(periods(&[("at", "2026-04-01"), ("to", "2026-03-01")]), ["2026-01", "2026-02"]);
    assert_eq!(periods(&[("from", "2026-03-01")]), [""; 0]);
    assert_eq!(periods(&[("from", "2025-12-31")]), ["2025-12", "2026-01", "2026-02"]);
}

#[test]
fn what_has_no_effect_is_told() {
    let state = folded(&[], None);
    for name in ReportName::ALL {
        let notes = |parameters: &[_]| json(&state, name, parameters)["notes"].as_array().unwrap().clone();
        let told =
            |parameters: &[_], words: &str| notes(parameters).iter().any(|n| n.as_str().unwrap().contains(words));
        let has_share = name == ResponseTimes || name == ResolutionTimes;
        assert_eq!(told(&[("within", "4h")], "within has no effect"), !has_share, "{}", name.name());
        let of_groups = !name.is_by_agent() && !name.lists_tickets();
        assert_eq!(told(&[("limit", "4")], "limit has no effect"), of_groups, "{}", name.name());
        if name.lists_tickets() {
            continue;
        }
        assert_eq!(notes(&[("limit", "4"), ("group_by", "channel")]), [json!(null); 0], "{}", name.name());
    }
}

#[test]
fn a_report_too_large_says_how_large_and_what_to_do() {
    let query = query(Flow, &[("interval", "hour"), ("from", "1990-01-01"), ("to", "2020-01-01")]);
    let refused = report(&folded(&[], None), &query, Position(1), &Labels).unwrap_err();
    assert_eq!(refused, ReportError::TooManyCells { cells: 10_957 * 24 * 15 });
    assert!(refused.to_string().contains("longer interval"), "{refused}");
}

#[test]
fn the_largest_groups_are_kept_and_ties_go_by_value() {
    let entries: Vec<_> = [(1, "c", 1), (2, "b", 2), (3, "a", 1)]
        .into_iter()
        .flat_map(|(ticket, tag, priorities)| {
            let story = (1..priorities).map(|n| (n, Story::Priority(2)));
            let first = (0, Story::Opened { by: Who::Customer, department: None, tags: vec![tag] });
            history(ticket, std::iter::once(first).chain(story))
        })
        .collect();
    let rows = json(&folded(&entries, None), Flow, &[("group_by", "tag"), ("limit", "2")])["rows"].clone();
    let tags: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["group"]["tag"].clone()).collect();
    assert_eq!(tags, [json!("a"), json!("b")]);
}

#[test]
fn the_head_of_a_report_says_what_was_asked_and_answered() {
    let state = folded(&history(1, [(0, opened(Who::Customer)), (10, closed(SARA))]), None);
    let asked = query(Flow, &[("as_of", "2"), ("at", "2020-01-01T00:00:00Z"), ("from", "2026-01-01")]);
    let made = report(&state, &asked, Position(2), &Labels).unwrap().to_json();
    let head = r#"{"report":"flow","definition":{"name":"default","version":0},"position":2,"as_of":2,"happened_by":null,"at":"2026-01-01T00:00:00Z","from":"2026-01-01T00:00:00Z","to":null,"dated_by":"event","time_zone":"UTC","calendar":"gregorian","notes":[],"rows":[{"period":null,"group":{},"opened":1,"closed":0,"closed_tickets":0,"#;
    assert!(made.starts_with(head), "{made}");
    let later = json(&state, Flow, &[("at", "2027-01-01T00:00:00Z")]);
    assert_eq!(later["at"], json!("2027-01-01T00:00:00Z"));
}
