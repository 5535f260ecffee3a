//! Lines and lists worked out by hand.

use super::query::Sort;
use super::*;
use crate::test_support::{Answers, Entry, Story, Who, closed, folded, history, opened};
use daftar_eventlog::facts::EpochBegun;

/// Three tickets: waiting for an agent since the opening; held; closed with a bad answer and void.
fn three() -> Vec<Entry> {
    let bad = Answers { overall: Some((1, 2)), ..Answers::default() };
    [
        history(1, [(0, opened(Who::Customer)), (30, Story::Transferred(Some("billing"))), (31, Story::Priority(3))]),
        history(
            2,
            [
                (10, Story::Opened { by: Who::Agent("sara"), department: None, tags: vec!["vip", "login"] }),
                (11, Story::Assigned(Some("sara"))),
                (12, Story::HeldForThirdParty),
                (13, Story::HeldForThirdParty),
            ],
        ),
        history(
            6,
            [
                (5, opened(Who::Customer)),
                (6, Story::Replied(Who::Agent("reza"))),
                (7, closed(Who::Agent("reza"))),
                (8, Story::Reopened(Who::Customer)),
                (9, Story::Closed { by: Who::Customer, offered: true, reason: Some("solved") }),
                (20, Story::Answered { closing: 2, answers: bad }),
                (21, Story::Voided),
            ],
        ),
    ]
    .concat()
}

#[test]
fn a_page_reads_like_a_ticket_without_its_texts() {
    let state = folded(&three(), None);
    let page = list(
        &state,
        &query(&[("sort", "opened_at"), ("limit", "1")]),
        &epochs(),
        Timestamp::clamped(minutes(24 * 60) + 500_000),
        &Labels,
    )
    .unwrap();
    let next = page.next.clone().unwrap();
    let expected = format!(
        r#"{{"items":[{{"ticket":"T-1","version":3,"state":"open","opened_at":"2026-01-01T00:00:00Z",{}}}],{}}}"#,
        concat!(
            r#""last_event_at":"2026-01-01T00:31:00Z","customer":"c-1","channel":"chat","branch":null,"#,
            r#""department":"billing","agent":null,"priority":"urgent","customer_tier":null,"tags":[],"#,
            r#""attributes":{},"language":"fa","cycle":1,"voided":false,"waiting_for":"agent","#,
            r#""waiting_since":"2026-01-01T00:00:00Z","due":[{"metric":"first_response","#,
            r#""due_at":"2026-01-02T00:00:00Z","left":-0.5}],"dissatisfied_since":null"#
        ),
        format_args!(r#""next_cursor":"{next}","position":15"#),
    );
    assert_eq!(json_of(&page), expected);
}

#[test]
fn held_and_closed_tickets_tell_for_whom_they_wait_and_how_satisfied_the_customer_was() {
    let lines = walk(&folded(&three(), None), &query(&[("voided", "any"), ("sort", "opened_at")]), 0);
    let shown = |line: &serde_json::Value| {
        let text = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
        ["ticket", "state", "waiting_for", "waiting_since", "agent", "dissatisfied_since"].map(text).join(" ")
    };
    assert_eq!(shown(&lines[1]), "T-6 closed - - - 2026-01-01T00:20:00Z");
    assert_eq!(shown(&lines[2]), "T-2 held third_party 2026-01-01T00:12:00Z sara -");
    assert_eq!((&lines[1]["cycle"], &lines[1]["customer"], &lines[1]["voided"]), (&2.into(), &().into(), &true.into()));
    assert_eq!(lines[2]["tags"], serde_json::json!(["login", "vip"]));
    assert_eq!(lines[2]["due"], serde_json::json!([]), "the customer has not written");
}

#[test]
fn every_order_goes_both_ways_with_absent_values_last() {
    let state = folded(&three(), None);
    let sorted = |sort| ids(&state, &[("voided", "any"), ("sort", sort), ("limit", "2")]).join(" ");
    assert_eq!(ids(&state, &[]), ["T-1", "T-2"]);
    assert_eq!(sorted("-last_event_at"), "T-1 T-6 T-2");
    assert_eq!(sorted("last_event_at"), "T-2 T-6 T-1");
    assert_eq!((sorted("opened_at"), sorted("-opened_at")), ("T-1 T-6 T-2".into(), "T-2 T-6 T-1".into()));
    assert_eq!((sorted("priority"), sorted("-priority")), ("T-2 T-6 T-1".into(), "T-1 T-2 T-6".into()));
    assert_eq!((sorted("waiting_since"), sorted("-waiting_since")), ("T-1 T-2 T-6".into(), "T-2 T-1 T-6".into()));
    assert_eq!((sorted("due_at"), sorted("-due_at")), ("T-1 T-2 T-6".into(), "T-1 T-2 T-6".into()));
    assert_eq!((sorted("dissatisfied"), sorted("-dissatisfied")), ("T-6 T-1 T-2".into(), "T-6 T-1 T-2".into()));
}

#[test]
fn filters_join_with_and_between_and_or_within() {
    let state = folded(&three(), None);
    let found = |parameters: &[(&str, &str)]| ids(&state, &[parameters, &[("sort", "opened_at")]].concat()).join(" ");
    assert_eq!(found(&[("state", "held,open")]), "T-1 T-2");
    assert_eq!(found(&[("state", "closed")]), "");
    assert_eq!(found(&[("state", "closed"), ("voided", "true")]), "T-6");
    assert_eq!(found(&[("waiting_for", "third_party")]), "T-2");
    assert_eq!(found(&[("reopened", "true"), ("voided", "any")]), "T-6");
    assert_eq!(found(&[("reopened", "false")]), "T-1 T-2");
    assert_eq!(found(&[("department", "null,billing")]), "T-1 T-2");
    assert_eq!(found(&[("department", "null,billing"), ("tag", "vip")]), "T-2");
    assert_eq!(found(&[("closing_reason", "solved"), ("voided", "any")]), "T-6");
    assert_eq!(found(&[("form", "null"), ("customer", "c-1")]), "T-1");
    assert_eq!(found(&[("agent", "nobody-ever")]), "");
}

#[test]
fn a_long_list_is_walked_ticket_by_ticket() {
    let story = |ticket: i64| [(ticket * 7_919 % 101, opened(Who::Customer)), (200 + ticket % 9, Story::Resumed)];
    let entries: Vec<_> = (0..300).flat_map(|ticket| history(ticket, story(ticket.into()))).collect();
    let state = folded(&entries, None);
    for sort in Sort::ALL {
        let whole = ListQuery { sort, limit: 1_000, ..ListQuery::default() };
        let (whole, limited) = (walk(&state, &whole, 0), ListQuery { limit: 7, ..whole });
        assert_eq!(whole.len(), 300);
        assert_eq!(walk(&state, &limited, 0), whole, "{sort}");
    }
}

#[test]
fn a_list_over_nothing_is_empty() {
    let page = page(&Measurements::default(), &ListQuery::default(), 0);
    assert_eq!(json_of(&page), r#"{"items":[],"next_cursor":null,"position":0}"#);
}

#[test]
fn a_cursor_goes_on_where_it_stands_whatever_happened_to_its_ticket() {
    let mut entries = three();
    let by_opening = query(&[("sort", "opened_at"), ("limit", "1"), ("voided", "any")]);
    let first = page(&folded(&entries, None), &by_opening, 0);
    entries.extend(history(1, [(40, Story::Voided)]));
    entries.extend(history(9, [(2, opened(Who::Customer))]));
    let rest = ListQuery { cursor: first.next, limit: 10, ..by_opening };
    let lines = walk(&folded(&entries, None), &rest, 0);
    let tickets: Vec<_> = lines.iter().map(|line| line["ticket"].as_str().unwrap()).collect();
    assert_eq!(tickets, ["T-9", "T-6", "T-2"]);
}

#[test]
fn a_cursor_of_another_epoch_is_told_from_a_broken_one() {
    let state = folded(&three(), None);
    let cursor = page(&state, &query(&[("limit", "1")]), 0).next.unwrap();
    let answer = |cursor: &str, sort: &str, epochs: &Epochs| {
        let query = query(&[("cursor", cursor), ("sort", sort)]);
        list(&state, &query, epochs, Timestamp::MIN, &Labels).map(|page| page.items.len())
    };
    assert_eq!(answer(&cursor, "-last_event_at", &epochs()), Ok(1));
    let at = state.position().0;
    // A truncation behind what the list spoke for changes nothing; one before it does.
    for (parted, answered) in [(at, Ok(1)), (at - 1, Err(OtherHistory::Parted { parted: Position(at - 1) }))] {
        let mut cut = epochs();
        let begun = EpochBegun { epoch: 2, id: [2; 16], parted, chain: [0; 32], cause: 0, given_up: None };
        cut.begin(&begun, Position(parted + 1)).unwrap();
        assert_eq!(answer(&cursor, "-last_event_at", &cut), answered.map_err(CursorError::from));
    }
    for (cursor, sort) in [(&*cursor, "last_event_at"), ("abc", "-last_event_at"), ("", "-last_event_at")] {
        let refused = answer(cursor, sort, &epochs());
        assert!(matches!(&refused, Err(CursorError::Invalid(invalid)) if invalid.field == "cursor"), "{refused:?}");
    }
}

#[test]
fn every_wrong_parameter_is_named() {
    let wrong = |parameters: &[(&str, &str)]| {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let refused = ListQuery::parse(parameters).unwrap_err();
        refused.into_iter().map(|invalid| (invalid.field, invalid.value)).collect::<Vec<_>>()
    };
    let all = [
        ("state", "open,shut"),
        ("waiting_for", "nobody"),
        ("reopened", "any"),
        ("voided", "yes"),
        ("sort", "--priority"),
        ("limit", "1001"),
        ("branch", ""),
        ("attribute.", "x"),
        ("interval", "day"),
    ];
    let values = ["shut", "nobody", "any", "yes", "--priority", "1001", "", "", "day"];
    let expected: Vec<_> = all.iter().zip(values).map(|((name, _), v)| ((*name).to_owned(), v.to_owned())).collect();
    assert_eq!(wrong(&all), expected);
    assert_eq!(wrong(&[("limit", "5"), ("limit", "5")]), [("limit".to_owned(), "5".to_owned())]);
    assert_eq!(wrong(&[("limit", "0")]).len(), 1);
    assert!(["state", "cursor", "customer", "attribute.request_type"].into_iter().all(ListQuery::knows));
    assert!(!["from", "min_position", "timeout", "attribute"].into_iter().any(ListQuery::knows));
}
