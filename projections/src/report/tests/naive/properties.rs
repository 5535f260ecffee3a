//! Random definitions, histories and questions: every figure of every report is what plain loops find.

use super::any::{any_asked, any_definition, any_history};
use super::rows::{Asked, Key, Naive, boards, ranks};
use crate::definition::catalog::Published;
use crate::definition::document::Definition;
use crate::measurements::Measurements;
use crate::report::query::Query;
use crate::report::report;
use crate::test_support::{Entry, Labels, folded_under};
use daftar_domain::Timestamp;
use daftar_eventlog::Position;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The rows of the product's own report as of the end of `known`, a prefix of `all`.
///
/// The only place that asks the product.
fn product(state: &Measurements, known: usize, rules: &Definition, asked: &Asked) -> Vec<Value> {
    let query = Query::parse(asked.report, asked.parameters()).unwrap();
    let definition = Arc::new(Published { document: rules.clone(), version: 0 });
    let made = report(state, &query, &definition, Position(1 + known as u64), &Labels).unwrap();
    serde_json::from_str::<Value>(&made.to_json()).unwrap()["rows"].as_array().unwrap().clone()
}

/// By what reports are grouped; those of agents and tags count some parts in several rows.
const GROUPINGS: [&[&str]; 8] = [
    &[],
    &["department"],
    &["agent"],
    &["department", "agent"],
    &["tag", "priority"],
    &["branch", "closing_reason"],
    &["customer"],
    &["channel", "attribute.request_type", "customer_tier"],
];

const REPORTS: [&str; 9] = [
    "overview",
    "satisfaction",
    "response-times",
    "resolution-times",
    "flow",
    "leaderboard",
    "volume",
    "backlog",
    "targets",
];

/// Checks every row of a report as of the end of `known`, a prefix of what was folded.
fn check(state: &Measurements, known: &[Entry], rules: &Definition, asked: &Asked) {
    let Some(naive) = Naive::new(known, rules, asked) else { return };
    let (mut expected, made) = (naive.rows(), product(state, known.len(), rules, asked));
    let keys: Vec<Key> = made.iter().map(|row| key_of(row, asked)).collect();
    assert!(keys.is_sorted_by_key(|key| key.0), "periods stand in order");
    for (row, key) in made.iter().zip(&keys) {
        let mut row = row.clone();
        ["rank", "goals"].iter().for_each(|name| drop(row.as_object_mut().unwrap().remove(*name)));
        sort_running(&mut row);
        let expected = expected.remove(key);
        let expected = expected.unwrap_or_else(|| panic!("{} counts nothing in {key:?}: {row}", asked.report));
        differ(&row, &expected, &format!("{} {key:?}", asked.report));
    }
    assert!(expected.is_empty(), "rows of {} are missing: {:?}", asked.report, expected.keys());
    if asked.report == "leaderboard" {
        check_ranks(&made, &keys, rules);
    }
}

/// Compares figure by figure, so that a difference is short.
fn differ(row: &Value, expected: &Value, place: &str) {
    let fields = |value: &Value| value.as_object().unwrap().clone().into_iter().collect::<BTreeMap<_, _>>();
    let (row, expected) = (fields(row), fields(expected));
    assert_eq!(row.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "the figures of {place}");
    for (name, value) in row {
        assert_eq!(value, expected[&name], "{name} of {place}");
    }
}

/// Nothing says in which order running tickets stand.
fn sort_running(row: &mut Value) {
    let text = |ticket: &Value, name: &str| ticket[name].as_str().map(str::to_owned);
    for metric in ["first_response", "next_response", "full_resolution"] {
        if let Some(tickets) = row.pointer_mut(&format!("/{metric}/running_tickets")).and_then(Value::as_array_mut) {
            let due =
                |ticket: &Value| ticket["due_at"].as_str().map(|due| Timestamp::parse("due_at", due).unwrap().micros());
            tickets.sort_by_cached_key(|ticket| (due(ticket), text(ticket, "ticket")));
        }
    }
}

fn key_of(row: &Value, asked: &Asked) -> Key {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let start = row["start"].as_str().map(|start| Timestamp::parse("start", start).unwrap().micros());
    let by_agent = asked.report == "leaderboard";
    let value = |name: &&str| text(if by_agent && *name == "agent" { &row["agent"] } else { &row["group"][*name] });
    (start, asked.dimensions().iter().map(value).collect())
}

/// Ranks are those of each period and of the dimensions beside the agent, and rows stand in their order.
fn check_ranks(rows: &[Value], keys: &[Key], rules: &Definition) {
    let path = format!("/{}", rules.leaderboard.rank_by.replace('.', "/"));
    for board in boards(keys) {
        let on_board = |n: &usize| boards(&keys[*n..=*n]).contains(&board);
        let here: Vec<usize> = (0..keys.len()).filter(on_board).collect();
        let value = |n: &usize| {
            (rows[*n]["csat"]["answers"].as_u64().unwrap(), rows[*n].pointer(&path).and_then(Value::as_f64))
        };
        let expected = ranks(&here.iter().map(value).collect::<Vec<_>>(), rules.leaderboard.minimum_answers);
        let printed: Vec<_> = here.iter().map(|n| rows[*n]["rank"].as_u64()).collect();
        assert_eq!(printed, expected.into_iter().map(|rank| rank.map(|n| n as u64)).collect::<Vec<_>>());
        assert!(here.windows(2).all(|pair| pair[0] + 1 == pair[1]), "a board stands together");
        let order = |n: &usize| (rows[*n]["rank"].is_null(), rows[*n]["rank"].as_u64(), keys[*n].1.last().cloned());
        assert!(here.is_sorted_by_key(order), "{rows:?}");
    }
}

/// The hours in which a report has a row are few enough.
fn asks_little(asked: &Asked) -> bool {
    !asked.by.is_empty() || asked.report != "volume" || asked.interval.is_none()
}

fn check_all(entries: &[Entry], cut: Option<usize>, rules: &Definition, asked: &Asked, grouping: usize) {
    let known = cut.unwrap_or(usize::MAX).min(entries.len());
    let state = folded_under(rules, entries, None);
    for (n, report) in REPORTS.into_iter().enumerate() {
        // Each report comes under another grouping; over many cases every one under all.
        let by = GROUPINGS[(grouping + n) % GROUPINGS.len()];
        // A leaderboard is grouped by the agent besides.
        let by = if report == "leaderboard" { &by[..by.len().min(2)] } else { by };
        let asked = Asked { report, by: by.to_vec(), ..asked.clone() };
        if asks_little(&asked) {
            check(&state, &entries[..known], rules, &asked);
        }
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn the_built_in_definition_counts_as_plain_loops_do(
        entries in any_history(),
        asked in any_asked(),
        cut in prop::option::of(0..70usize),
        grouping in 0..GROUPINGS.len(),
    ) {
        check_all(&entries, cut, &Definition::default(), &asked, grouping);
    }
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn any_definition_counts_as_plain_loops_do(
        rules in any_definition(),
        entries in any_history(),
        asked in any_asked(),
        cut in prop::option::of(0..70usize),
        grouping in 0..GROUPINGS.len(),
    ) {
        check_all(&entries, cut, &rules, &asked, grouping);
    }
}

/// The same cases every time; where `DAFTAR_LONG` is set ten times as many, others each time.
pub(super) fn config(cases: u32) -> ProptestConfig {
    let (cases, rng_seed) = match std::env::var_os("DAFTAR_LONG") {
        Some(_) => (10 * cases, RngSeed::Random),
        None => (cases, RngSeed::Fixed(5)),
    };
    ProptestConfig { cases, rng_seed, ..ProptestConfig::default() }
}
