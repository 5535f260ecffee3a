//! Keys of rows: equal keys have equal rows, for random histories, definitions, questions, positions and instants.

use super::any::{any_asked, any_definition, any_history};
use super::properties::config;
use super::rows::Asked;
use crate::definition::catalog::Published;
use crate::definition::document::Definition;
use crate::measurements::Measurements;
use crate::report::query::{Query, ReportName};
use crate::report::rows_key::RowsKey;
use crate::report::{head, report};
use crate::test_support::{Answers, Entry, Labels, Story, Who, closed, folded_under, history, minutes, opened};
use daftar_domain::Timestamp;
use daftar_eventlog::Position;
use proptest::prelude::*;
use std::sync::Arc;

/// The key and the rows of a report as of a position, from a state folded that far or further.
fn made(state: &Measurements, query: &Query, rules: &Definition, position: u64) -> (RowsKey, String) {
    let definition = Arc::new(Published { document: rules.clone(), version: 0 });
    let position = Position(position);
    let key = RowsKey::of(state, query, &head(state, query, &definition, position).unwrap());
    (key, report(state, query, &definition, position, &Labels).unwrap().rows_json())
}

fn query_of(asked: &Asked, name: ReportName, at: Option<i64>) -> Query {
    let by = if name.lists_tickets() { vec![] } else { asked.by.clone() };
    let interval = asked.interval.filter(|_| !name.lists_tickets());
    let asked = Asked { by, interval, at: at.or(asked.at), ..asked.clone() };
    Query::parse(name.name(), asked.parameters()).unwrap()
}

/// Every report at these positions, each from the state that had come there and from the last one, and at two instants.
fn check(entries: &[Entry], rules: &Definition, asked: &Asked, first: usize, at: i64) {
    let last = 1 + entries.len() as u64;
    let newest = folded_under(rules, entries, None);
    let positions: Vec<u64> = (first as u64 + 1..).take(4).filter(|position| *position <= last).collect();
    let then: Vec<_> = positions.iter().map(|p| folded_under(rules, entries, Some(Position(*p)))).collect();
    for name in ReportName::ALL {
        let mut known: Vec<(RowsKey, String)> = Vec::new();
        for (at, (position, then)) in [None, Some(at)].into_iter().flat_map(|at| {
            let points = positions.iter().zip(&then);
            points.map(move |point| (at, point))
        }) {
            for state in [then, &newest] {
                let (key, rows) = made(state, &query_of(asked, name, at), rules, *position);
                if let Some((_, equal)) = known.iter().find(|(kept, _)| *kept == key) {
                    assert_eq!(*equal, rows, "{} at {position}, {at:?}: {key:?}", name.name());
                } else {
                    known.push((key, rows));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn equal_keys_have_equal_rows(
        rules in any_definition(),
        entries in any_history(),
        asked in any_asked(),
        first in 0..70usize,
        at in (0..60 * 1440i64).prop_map(minutes),
    ) {
        check(&entries, &rules, &asked, first.min(entries.len()), at);
    }
}

/// A ticket with everything that touches some reports alone.
fn conversation() -> Vec<Entry> {
    let sara = Who::Agent("sara");
    let answers = Answers { overall: Some((2, 1)), ..Answers::default() };
    history(
        0,
        [
            (0, opened(Who::Customer)),
            (10, Story::Replied(sara)),
            (20, closed(sara)),
            (30, Story::Rated { reply: 1, satisfied: false }),
            (40, Story::Answered { closing: 1, answers }),
            (50, Story::FollowedUp("sara")),
            (60, Story::Noted("sara")),
        ],
    )
}

/// The reports whose key moves with the event at a position, their `at` being the same.
fn touched(position: u64) -> Vec<&'static str> {
    let (entries, rules) = (conversation(), Definition::default());
    let key = |name, position| {
        let state = folded_under(&rules, &entries, Some(Position(position)));
        let query = Query { at: Some(Timestamp::clamped(minutes(600)).into()), ..Query::over(name) };
        made(&state, &query, &rules, position).0
    };
    let moved = |name: &ReportName| key(*name, position) != key(*name, position - 1);
    ReportName::ALL.into_iter().filter(moved).map(ReportName::name).collect()
}

#[test]
fn a_key_moves_with_what_the_report_counts() {
    // The first event stands at position 2, behind one that is no ticket's.
    let all = ReportName::ALL.map(ReportName::name);
    let opinions = ["overview", "satisfaction", "leaderboard", "cases", "review-queue"];
    for (position, reports) in
        [(2, &all[..]), (3, &all), (4, &all), (5, &opinions), (6, &opinions), (7, &["cases", "review-queue"]), (8, &[])]
    {
        assert_eq!(touched(position), reports, "position {position}");
    }
}

#[test]
fn only_what_runs_is_read_up_to_at() {
    let rules = Definition::default();
    let state = folded_under(&rules, &conversation(), None);
    let reads = |name: ReportName, more: &[(&str, &str)]| {
        let key = |at: &str| {
            let at = [("at", at)];
            let parameters = more.iter().chain(&at).map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
            made(&state, &Query::parse(name.name(), parameters.collect::<Vec<_>>()).unwrap(), &rules, 8).0
        };
        key("2026-03-01T10:00:00Z") != key("2026-03-01T10:01:00Z")
    };
    let reading = |more: &[(&str, &str)]| -> Vec<_> {
        let taken = |name: &ReportName| more.iter().all(|(n, _)| *n == "to") || !name.lists_tickets();
        ReportName::ALL.into_iter().filter(taken).filter(|name| reads(*name, more)).map(ReportName::name).collect()
    };
    let running = ["overview", "leaderboard", "targets", "backlog", "cases", "review-queue"];
    assert_eq!(reading(&[]), running);
    assert_eq!(reading(&[("interval", "week")]), &running[..5], "the week that at lies in has begun");
    assert_eq!(reading(&[("to", "2026-02-01")]), ["leaderboard", "targets", "review-queue"]);
    assert!(
        ReportName::ALL.iter().all(|name| {
            let day = |at: &str| {
                let at = [("interval".to_owned(), "day".to_owned()), ("at".to_owned(), at.to_owned())];
                Query::parse(name.name(), at).map(|query| made(&state, &query, &rules, 8))
            };
            name.lists_tickets() || day("2026-03-01").unwrap() != day("2026-03-02").unwrap()
        }),
        "without groups there is a row for each day up to at"
    );
}

#[test]
fn parameters_in_another_order_or_in_other_words_have_the_same_key() {
    let rules = Definition::default();
    let state = folded_under(&rules, &conversation(), None);
    let key = |parameters: &[(&str, &str)]| {
        let parameters = parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        made(&state, &Query::parse("flow", parameters).unwrap(), &rules, 8).0
    };
    let asked = [
        ("from", "2026-01-01"),
        ("department", "a,b,null"),
        ("tag", "x"),
        ("group_by", "agent,tag"),
        ("figures", "opened,closed"),
    ];
    let same = [
        ("group_by", "agent,tag"),
        ("tag", "x,x"),
        ("department", "null,b,a"),
        ("from", "2026-01-01T03:30:00+03:30"),
        ("within", "1h"),
        ("at", "2026-05-01"),
        ("as_of", "8"),
        ("definition", "default@0"),
        ("figures", "closed,opened"),
    ];
    assert_eq!(key(&asked), key(&same));
    for (place, other) in [
        (0, ("from", "2026-01-02")),
        (1, ("department", "a,b")),
        (2, ("tag", "y")),
        (3, ("group_by", "tag,agent")),
        (4, ("figures", "opened")),
    ] {
        let mut others = asked;
        others[place] = other;
        assert_ne!(key(&asked), key(&others), "{other:?}");
    }
}
