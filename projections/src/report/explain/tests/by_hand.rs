//! Cells worked out by hand: what makes them as of each position, and what once did.

use crate::definition::catalog::Published;
use crate::definition::document::Definition;
use crate::report::explain::ask::Ask;
use crate::report::explain::foremost::Foremost;
use crate::report::explain::{ExplainError, explain, found};
use crate::report::tests::naive::travel::happened_by;
use crate::test_support::{Answers, Entry, Labels, Story, Who, closed, folded, history, minutes, opened};
use daftar_eventlog::{Epochs, OtherHistory, Position};
use serde_json::{Value, json};
use std::sync::Arc;

const SARA: Who = Who::Agent("sara");

fn asked(log_id: u8, entries: &[Entry], position: u64, report: &str, query: &str) -> Result<Value, ExplainError> {
    let parameters = query.split('&').map(|pair| pair.split_once('=').unwrap());
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let ask = Ask::parse(report, parameters).map_err(ExplainError::Invalid)?;
    let definition = Arc::new(Published { document: Definition::default(), version: 0 });
    let epochs = Epochs::new([log_id; 16], [0; 32]);
    let explained = explain(&folded(entries, None), &ask, &definition, Position(position), &epochs, &Labels)?;
    Ok(serde_json::to_value(&explained).unwrap())
}

#[track_caller]
fn explained(entries: &[Entry], position: u64, report: &str, query: &str) -> Value {
    asked(1, entries, position, report, query).unwrap()
}

/// Ticket, position, value and whether it counts, of each item.
fn items(answer: &Value) -> Vec<(&str, u64, Value, bool)> {
    let item = |item: &Value| (item["position"].as_u64().unwrap_or(0), item["value"].clone(), item["counted"] == true);
    let items = answer["items"].as_array().unwrap().iter();
    items.map(|one| (one["ticket"].as_str().unwrap(), item(one))).map(|(t, (p, v, c))| (t, p, v, c)).collect()
}

/// What once made a cell, and by which event it was taken back.
fn once(entries: &[Entry], position: u64, report: &str, figure: &str) -> Vec<(u64, Value, String, Value)> {
    let answer = explained(entries, position, report, &format!("figure={figure}&taken_back=true"));
    let items = answer["items"].as_array().unwrap();
    assert_eq!(answer["cell"]["taken_back"], items.len());
    let text = |item: &Value| item["taken_back"]["by"].as_str().unwrap().to_owned();
    let one = |item: &Value| {
        (item["position"].as_u64().unwrap(), item["value"].clone(), text(item), item["taken_back"]["position"].clone())
    };
    items.iter().map(one).collect()
}

fn overall(score: u8) -> Answers {
    Answers { overall: Some((2, score)), ..Answers::default() }
}

#[test]
fn a_changed_rating_takes_the_earlier_one_back_from_its_position_on() {
    let entries = history(
        1,
        [
            (0, opened(Who::Customer)),
            (5, Story::Replied(SARA)),
            (6, Story::Rated { reply: 1, satisfied: false }),
            (9, Story::Rated { reply: 1, satisfied: true }),
        ],
    );
    let at = |position| explained(&entries, position, "satisfaction", "figure=reply_rating");
    assert_eq!(items(&at(4)), [("T-1", 4, json!(0), false)]);
    assert_eq!(at(4)["cell"]["taken_back"], 0);
    assert_eq!(items(&at(5)), [("T-1", 5, json!(1), true)]);
    assert_eq!((&at(5)["items"][0]["replaces"][0]["value"], &at(4)["items"][0]["replaces"]), (&json!(0), &Value::Null));
    assert_eq!(once(&entries, 5, "satisfaction", "reply_rating"), [(4, json!(0), "changed".into(), json!(5))]);
    assert_eq!(once(&entries, 4, "satisfaction", "reply_rating"), []);
}

#[test]
fn a_second_survey_answer_takes_the_first_back_from_its_position_on() {
    let entries = history(
        1,
        [
            (0, opened(Who::Customer)),
            (5, closed(SARA)),
            (6, Story::Answered { closing: 1, answers: overall(1) }),
            (9, Story::Answered { closing: 1, answers: overall(5) }),
        ],
    );
    let at = |position| explained(&entries, position, "satisfaction", "figure=csat");
    assert_eq!(items(&at(4)), [("T-1", 4, json!(1), false)]);
    assert_eq!(at(4)["items"][0]["scale"], "five");
    assert_eq!(items(&at(5)), [("T-1", 5, json!(5), true)]);
    assert_eq!(at(5)["cell"]["value"]["percent"], 100);
    assert_eq!(once(&entries, 5, "satisfaction", "csat"), [(4, json!(1), "changed".into(), json!(5))]);
}

#[test]
fn a_reopening_takes_a_full_resolution_back_and_a_later_closing_gives_another() {
    let entries = history(
        1,
        [(0, opened(Who::Customer)), (10, closed(SARA)), (20, Story::Reopened(Who::Customer)), (30, closed(SARA))],
    );
    let at = |position| explained(&entries, position, "resolution-times", "figure=full_resolution");
    assert_eq!(items(&at(3)), [("T-1", 3, json!(600), true)]);
    assert_eq!(items(&at(4)), []);
    assert_eq!(
        once(&entries, 4, "resolution-times", "full_resolution"),
        [(3, json!(600), "reopened".into(), json!(4))]
    );
    assert_eq!(items(&at(5)), [("T-1", 5, json!(1800), true)]);
    assert_eq!(
        once(&entries, 5, "resolution-times", "full_resolution"),
        [(3, json!(600), "reopened".into(), json!(4))]
    );
    let replaced = at(5)["items"][0]["replaces"].clone();
    assert_eq!(
        (&replaced[0]["value"], &replaced[0]["taken_back"]),
        (&json!(600), &json!({"by": "reopened", "position": 4}))
    );
    assert_eq!(replaced[1], Value::Null);
    assert_eq!(once(&entries, 5, "flow", "replies_per_closed"), [(3, json!(0), "reopened".into(), json!(4))]);
    assert_eq!(items(&explained(&entries, 5, "flow", "figure=replies_per_closed")), [("T-1", 5, json!(0), true)]);
    assert_eq!(once(&entries, 5, "flow", "closed"), [], "a closing stays one");
    let closings = explained(&entries, 5, "flow", "figure=closed");
    assert_eq!(items(&closings), [("T-1", 3, json!(1), true), ("T-1", 5, json!(1), true)]);
}

#[test]
fn the_tickets_that_bear_most_on_a_cell_come_first_each_once() {
    // T-1 is answered after 5 minutes, then after 20 and 30; T-2 after 10; T-3 after 40, and is reopened once closed.
    let again = |from| [(from, Story::Replied(Who::Customer)), (from + 20, Story::Replied(SARA))];
    let first = [(0, opened(Who::Customer)), (5, Story::Replied(SARA))];
    let mut entries = history(
        1,
        first.into_iter().chain(again(10)).chain([(40, Story::Replied(Who::Customer)), (70, Story::Replied(SARA))]),
    );
    entries.extend(history(2, [(0, opened(Who::Customer)), (10, Story::Replied(SARA)), (11, closed(SARA))]));
    let reopened = [(45, closed(SARA)), (50, Story::Reopened(Who::Customer))];
    entries.extend(history(3, [(0, opened(Who::Customer)), (40, Story::Replied(SARA))].into_iter().chain(reopened)));
    let foremost = |report: &str, figure: &str, which, limit| {
        let ask = Ask::parse(report, [("figure".to_owned(), figure.to_owned())]).unwrap();
        let definition = Arc::new(Published { document: Definition::default(), version: 0 });
        let state = folded(&entries, None);
        let position = state.position();
        let explained = found(&state, &ask, &definition, position, &Labels).unwrap().foremost(which, limit);
        let items = explained.items.iter().map(|item| (item.ticket.clone(), item.value.map(|value| value.to_string())));
        items.collect::<Vec<_>>()
    };
    let valued = |ticket: &str, value: &str| (ticket.to_owned(), Some(value.to_owned()));
    let responses = [valued("T-3", "2400"), valued("T-2", "600"), valued("T-1", "300")];
    assert_eq!(foremost("response-times", "first_response.p90", Foremost::Largest, 9), responses);
    assert_eq!(foremost("response-times", "first_response.p90", Foremost::Largest, 2), responses[..2]);
    assert_eq!(foremost("response-times", "first_response.p50", Foremost::Smallest, 1), responses[2..]);
    // Twice by T-1, of which the longer stands for both.
    assert_eq!(foremost("response-times", "next_response", Foremost::Largest, 9), [valued("T-1", "1800")]);
    let reopened =
        |which| foremost("flow", "reopen_rate", which, 9).into_iter().map(|(ticket, _)| ticket).collect::<Vec<_>>();
    assert_eq!(
        (reopened(Foremost::Counted), reopened(Foremost::Uncounted)),
        (vec!["T-3".to_owned()], vec!["T-2".to_owned()])
    );
}

#[test]
fn a_voided_ticket_leaves_every_cell_and_stays_told() {
    let story = [(0, opened(Who::Customer)), (5, Story::Replied(SARA)), (9, Story::Voided), (12, Story::Restored)];
    let entries = history(1, story);
    for (report, figure, position, value) in [
        ("flow", "opened", 2, json!(1)),
        ("response-times", "first_response", 3, json!(300)),
        ("response-times", "answer_rate", 2, Value::Null),
    ] {
        let at = |position| explained(&entries, position, report, &format!("figure={figure}"));
        assert_eq!(items(&at(3)), [("T-1", position, value.clone(), true)], "{figure}");
        assert_eq!(items(&at(4)), [], "{figure}");
        assert_eq!(once(&entries, 4, report, figure), [(position, value.clone(), "voided".into(), Value::Null)]);
        assert_eq!(items(&at(5)), [("T-1", position, value, true)], "{figure}");
    }
    let backlog = |position| explained(&entries, position, "backlog", "figure=ages.under_1d");
    assert_eq!(items(&backlog(3)), [("T-1", 0, json!(1), true)]);
    assert_eq!((items(&backlog(4)), &backlog(4)["cell"]["value"]), (vec![], &json!(0)));
    assert_eq!(backlog(4)["cell"]["taken_back"], 1);
}

#[test]
fn a_case_of_a_voided_ticket_stays_told() {
    let entries = history(
        1,
        [
            (0, opened(Who::Customer)),
            (5, closed(SARA)),
            (6, Story::Answered { closing: 1, answers: overall(1) }),
            (9, Story::FollowedUp("sara")),
            (12, Story::Voided),
        ],
    );
    for (figure, position, value) in
        [("opened", 4, json!(1)), ("followed_up", 5, json!(1)), ("time_to_follow_up", 5, json!(180))]
    {
        let at = |position| explained(&entries, position, "cases", &format!("figure={figure}"));
        assert_eq!(items(&at(5)), [("T-1", position, value.clone(), true)], "{figure}");
        assert_eq!(items(&at(6)), [], "{figure}");
        assert_eq!(at(6)["cell"]["value"], at(1)["cell"]["value"], "{figure}");
        assert_eq!(once(&entries, 6, "cases", figure), [(position, value, "voided".into(), Value::Null)]);
    }
    let open = |position| explained(&entries[..3], position, "cases", "figure=open");
    assert_eq!(items(&open(4)), [("T-1", 4, json!(1), true)]);
    let voided = [&entries[..3], &entries[4..]].concat();
    assert_eq!(once(&voided, 5, "cases", "open"), [(4, json!(1), "voided".into(), Value::Null)]);
}

/// Ten tickets answered after 1 to 10 minutes.
fn ten() -> Vec<Entry> {
    let one = |n: u32| history(n, [(0, opened(Who::Customer)), (n.into(), Story::Replied(SARA))]);
    (1..=10).flat_map(one).collect()
}

/// Tehran is 3 h 30 min ahead of UTC.
fn tehran() -> Definition {
    Definition { time_zone: "Asia/Tehran".parse().unwrap(), ..Definition::default() }
}

#[test]
fn a_date_is_one_instant_for_both_sides_of_a_comparison() {
    // The log has the later ticket first; 2026-01-02 begins at minute 1440 in UTC, in Tehran 210 minutes before.
    let entries = [history(1, [(1300, opened(Who::Customer))]), history(2, [(0, opened(Who::Customer))])].concat();
    let parameters = [("happened_by", "2026-01-02"), ("figure", "opened")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let ask = Ask::parse("flow", parameters).unwrap();
    let epochs = Epochs::new([1; 16], [0; 32]);
    let (utc, tehran) = (Definition::default(), tehran());
    for (here, there, by, count) in [(&utc, &tehran, 1440, 2), (&tehran, &utc, 1230, 1)] {
        let states = [here, there].map(|rules| happened_by(rules, &entries, Some(minutes(by))));
        let [here, there] = [here, there].map(|rules| Arc::new(Published { document: rules.clone(), version: 0 }));
        let found = found(&states[0], &ask, &here, Position(3), &Labels).unwrap();
        let compared = found.against(&states[1], &ask, &there, &epochs, &Labels).unwrap();
        assert_eq!((compared.cell.items, compared.against.items, compared.moved), (count, count, 0));
        assert_eq!(compared.cell.happened_by, compared.against.happened_by);
    }
}

#[test]
fn measurements_are_paired_by_ticket_whatever_number_a_state_gives_it() {
    let entries = [history(1, [(1300, opened(Who::Customer))]), history(2, [(0, opened(Who::Customer))])].concat();
    let definition = Arc::new(Published { document: Definition::default(), version: 0 });
    let epochs = Epochs::new([1; 16], [0; 32]);
    let ask = |by: &str| {
        let parameters = [("happened_by", by), ("figure", "opened")];
        Ask::parse("flow", parameters.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap()
    };
    let (early, late) = ("2026-01-01T12:00:00Z", "2026-01-02T00:00:00Z");
    let states = [720, 1440].map(|by| happened_by(&definition.document, &entries, Some(minutes(by))));
    let of = |n: usize, by: &str| found(&states[n], &ask(by), &definition, Position(3), &Labels).unwrap();
    for (here, there, named) in [((0, early), (1, late), "against"), ((1, late), (0, early), "item")] {
        let made = of(here.0, here.1).against_found(of(there.0, there.1), &ask(early), &epochs).unwrap();
        let made = serde_json::to_value(&made).unwrap();
        assert_eq!((&made["moved"], &made["items"][0]["ticket"]), (&json!(1), &json!("T-1")), "{made}");
        assert_eq!(made["items"][0][named]["ticket"], "T-1");
    }
}

#[test]
fn the_two_ranks_of_a_percentile_are_marked() {
    let entries = ten();
    // (10 - 1) x 0.9 = 8.1: between the 9th, 540 s, and the 10th, 600 s.
    let answer = explained(&entries, 21, "response-times", "figure=first_response.p90");
    assert_eq!((&answer["cell"]["value"], &answer["cell"]["statistic"]), (&json!(546), &json!("p90")));
    let marked = |answer: &Value| -> Vec<(Value, Value)> {
        let marked = answer["items"].as_array().unwrap().iter().filter(|item| !item["rank"].is_null());
        marked.map(|item| (item["value"].clone(), item["rank"].clone())).collect()
    };
    assert_eq!(marked(&answer), [(json!(540), json!("low")), (json!(600), json!("high"))]);
    // Nine of them: (9 - 1) x 0.5 = 4 is the 5th, 300 s.
    let answer = explained(&entries, 19, "response-times", "figure=first_response.p50");
    assert_eq!(marked(&answer), [(json!(300), json!("exact"))]);
    assert_eq!(answer["cell"]["ranks"][0]["ticket"], "T-5");
    // Whatever page is looked at, the cell has them.
    let answer = explained(&entries, 21, "response-times", "figure=first_response.p90&limit=2");
    let ranks = answer["cell"]["ranks"].as_array().unwrap();
    assert_eq!(ranks.iter().map(|item| &item["ticket"]).collect::<Vec<_>>(), ["T-9", "T-10"]);
    assert!(marked(&answer).is_empty());
    assert!(marked(&explained(&entries, 21, "response-times", "figure=first_response.mean")).is_empty());
}

#[test]
fn pages_follow_each_other_and_hold_for_one_cell_of_one_log() {
    let entries = ten();
    let query = "figure=first_response&limit=4";
    let first = explained(&entries, 21, "response-times", query);
    let next = |answer: &Value| answer["next_cursor"].as_str().unwrap().to_owned();
    let second = explained(&entries, 21, "response-times", &format!("{query}&cursor={}", next(&first)));
    let third = explained(&entries, 21, "response-times", &format!("{query}&cursor={}", next(&second)));
    let tickets: Vec<_> = [&first, &second, &third].into_iter().flat_map(items).map(|item| item.0.to_owned()).collect();
    assert_eq!(tickets, (1..=10).map(|n| format!("T-{n}")).collect::<Vec<_>>());
    assert_eq!(third["next_cursor"], Value::Null);
    let with =
        |query: &str, log| asked(log, &entries, 21, "response-times", &format!("{query}&cursor={}", next(&first)));
    assert!(with("figure=first_response&limit=1", 1).is_ok(), "a page may be of another size");
    let Err(ExplainError::Invalid(wrong)) = with("figure=next_response", 1) else { panic!("it is another cell's") };
    assert!(wrong[0].field == "cursor" && wrong[0].rule.contains("another cell"), "{wrong:?}");
    assert_eq!(with(query, 2), Err(ExplainError::OtherHistory(OtherHistory::OtherLog)));
    let Err(ExplainError::Invalid(wrong)) = asked(1, &entries, 21, "response-times", "figure=within&cursor=x") else {
        panic!("it is no cursor");
    };
    assert_eq!(wrong[0].field, "cursor");
}

#[test]
fn a_cursor_that_was_cut_or_mistyped_is_refused() {
    let entries = ten();
    let query = "figure=opened&limit=1";
    let first = explained(&entries, 21, "flow", query);
    let text = first["next_cursor"].as_str().unwrap();
    assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "it fits into an address");
    let cut = (1..text.len()).map(|len| text[..len].to_owned());
    let mistyped = (0..text.len()).map(|at| {
        let letter = if text.as_bytes()[at] == b'x' { "y" } else { "x" };
        [&text[..at], letter, &text[at + 1..]].concat()
    });
    for bad in cut.chain(mistyped) {
        let refused = asked(1, &entries, 21, "flow", &format!("{query}&cursor={bad}"));
        let Err(ExplainError::Invalid(wrong)) = refused else { panic!("{bad} was taken for {text}") };
        assert_eq!(wrong[0].field, "cursor");
    }
}

#[test]
fn a_target_missed_without_an_end_stands_at_its_due_moment_and_one_that_runs_has_the_time_left() {
    // 24 hours are 1,440 minutes: the first is overdue when the second is opened.
    let entries = [history(1, [(0, opened(Who::Customer))]), history(2, [(1500, opened(Who::Customer))])].concat();
    let at = |figure: &str| explained(&entries, 3, "targets", &format!("figure=first_response{figure}"));
    let breached = at(".breached");
    assert_eq!(items(&breached), [("T-1", 0, json!(1), true)]);
    assert_eq!(breached["items"][0]["at"], "2026-01-02T00:00:00Z");
    assert_eq!(items(&at("")), [("T-1", 0, Value::Null, false)], "the share: none of one");
    let running = at(".running");
    assert_eq!((items(&running), &running["cell"]["value"]), (vec![("T-2", 0, json!(86400), true)], &json!(1)));
    assert_eq!(items(&at(".met")), []);
}

#[test]
fn a_tag_is_a_row_for_every_ticket_that_has_it_and_null_for_those_without() {
    let opened = |tags: Vec<&'static str>| Story::Opened { by: Who::Customer, department: None, tags };
    let entries = [
        history(1, [(0, opened(vec!["login", "refund"]))]),
        history(2, [(1, opened(vec!["refund"]))]),
        history(3, [(2, opened(vec![]))]),
    ]
    .concat();
    let tickets = |tag: &str| {
        let answer = explained(&entries, 4, "flow", &format!("group_by=tag&cell.tag={tag}&figure=opened"));
        items(&answer).iter().map(|item| item.0.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (tickets("login"), tickets("refund")),
        (vec!["T-1".to_owned()], vec!["T-1".to_owned(), "T-2".to_owned()])
    );
    assert_eq!(tickets("null"), ["T-3"]);
}

#[test]
fn what_there_is_not_is_refused_with_what_there_is() {
    let entries = ten();
    for (report, query, field, told) in [
        ("response-times", "limit=1", "figure", "first_response, within"),
        ("response-times", "figure=csat", "figure", "first_response, within"),
        ("response-times", "figure=first_response.p91", "figure", "p90"),
        ("flow", "figure=closed_by", "figure", "closed_by.ACTOR"),
        ("flow", "figure=reasons.nothing", "figure", "reasons.REASON"),
        ("flow", "figure=opened&period=2026-01", "period", "without interval"),
        ("flow", "figure=opened&interval=month", "period", "label"),
        ("flow", "figure=opened&interval=month&period=2026-13", "period", "like 2026-01"),
        ("flow", "figure=opened&interval=month&period=2025-12&from=2026-01-01", "period", "another time"),
        ("flow", "figure=opened&interval=month&period=2026-02", "period", "another time"),
        ("flow", "figure=opened&interval=week&period=2026-01-02", "period", "like 2025-12-29"),
        ("flow", "figure=opened&group_by=department", "cell.department", "department"),
        ("flow", "figure=opened&group_by=department&cell.department=nowhere", "cell.department", "a ticket has"),
        (
            "flow",
            "figure=opened&group_by=department&cell.department=null&cell.agent=sara",
            "cell.agent",
            "cell.department",
        ),
        ("flow", "figure=opened&cell.agent=sara", "cell.agent", "not grouped"),
        ("leaderboard", "figure=csat", "cell.agent", "agent"),
        ("leaderboard", "figure=csat&cell.agent=null", "cell.agent", "nobody"),
        ("flow", "figure=opened&limit=1001", "limit", "1000"),
        ("flow", "figure=opened&taken_back=yes", "taken_back", "true or false"),
        ("review-queue", "figure=reasons", "cell.ticket", ""),
        ("review-queue", "figure=reasons&cell.ticket=T-99", "cell.ticket", "queue"),
        ("review-queue", "figure=agent&cell.ticket=T-1", "figure", "reasons, since, answer"),
    ] {
        let Err(ExplainError::Invalid(wrong)) = asked(1, &entries, 21, report, query) else {
            panic!("{report} {query}")
        };
        assert_eq!(wrong.iter().map(|wrong| wrong.field.as_str()).collect::<Vec<_>>(), [field], "{report} {query}");
        assert!(wrong[0].rule.contains(told), "{query}: {}", wrong[0]);
    }
}
