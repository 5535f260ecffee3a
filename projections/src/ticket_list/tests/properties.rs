//! Random histories and queries: every line, and every walk through pages.

use super::oracle::{Evolved, evolved};
use super::query::{Sort, SortBy};
use super::*;
use crate::report::tests::properties::{entries, steps};
use crate::test_support::folded;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

const NOW: i64 = 1_500;

/// Filters by what the tickets of random histories have, one list of values each.
const FILTERS: [(&str, &[&str]); 8] = [
    ("department", &["technical", "billing", "null", "nowhere"]),
    ("agent", &["sara", "reza", "null"]),
    ("tag", &["login", "refund", "null"]),
    ("customer", &["c-0", "c-1", "00000000000000000000000000000002", "null"]),
    ("priority", &["low", "normal", "urgent"]),
    ("channel", &["email"]),
    ("closing_reason", &["solved", "spam", "null"]),
    ("attribute.request_type", &["fault", "null"]),
];

type Parameters = Vec<(String, String)>;

/// One parameter, or none.
fn maybe(name: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = Parameters> {
    let some = subsequence(values, 1..=values.len()).prop_map(move |v| vec![(name.to_owned(), v.join(","))]);
    prop_oneof![2 => Just(Vec::new()), 1 => some]
}

fn one_of(name: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = Parameters> {
    prop::option::of(select(values)).prop_map(move |v| v.map(|v| (name.to_owned(), v.to_owned())).into_iter().collect())
}

fn parameters() -> impl Strategy<Value = Parameters> {
    let filters = prop::option::weighted(0.7, select(&FILTERS[..]).prop_flat_map(|(name, values)| maybe(name, values)));
    let parts = (
        maybe("state", &["open", "held", "closed"]),
        maybe("waiting_for", &["agent", "customer", "third_party"]),
        one_of("reopened", &["true", "false"]),
        one_of("voided", &["true", "any"]),
        filters.prop_map(Option::unwrap_or_default),
    );
    parts.prop_map(|(a, b, c, d, e)| [a, b, c, d, e].concat())
}

/// Whether a ticket is among those asked for.
fn passes(ticket: &Evolved, parameters: &Parameters) -> bool {
    let line = ticket.line(0);
    let among = |value: &Value, values: &str| values.split(',').any(|v| value.as_str().unwrap_or("null") == v);
    let voided = parameters.iter().find(|(name, _)| name == "voided").map_or("false", |(_, value)| value);
    (voided == "any" || line["voided"] == json!(voided == "true"))
        && parameters.iter().all(|(name, values)| match &**name {
            "voided" => true,
            "reopened" => (line["cycle"].as_u64().unwrap() > 1) == (values == "true"),
            "closing_reason" => among(&ticket.closing_reason(), values),
            "attribute.request_type" => among(&line["attributes"]["request_type"], values),
            "tag" => match line["tags"].as_array().unwrap() {
                tags if tags.is_empty() => among(&Value::Null, values),
                tags => tags.iter().any(|tag| among(tag, values)),
            },
            name => among(&line[name], values),
        })
}

/// Sorts by value, those without one last, then by id.
fn sort_plainly(lines: &mut [Value], sort: Sort) {
    let value = |line: &Value| match sort.by {
        SortBy::Priority => {
            Some(["low", "normal", "high", "urgent"].iter().position(|p| line["priority"] == *p).unwrap().to_string())
        }
        SortBy::DueAt => line["due"][0]["due_at"].as_str().map(str::to_owned),
        SortBy::Dissatisfied => line["dissatisfied_since"].as_str().map(str::to_owned),
        by => line[by.name()].as_str().map(str::to_owned),
    };
    lines.sort_by_key(|line| line["ticket"].as_str().unwrap().to_owned());
    if sort.descending {
        lines.sort_by_key(|line| std::cmp::Reverse(value(line)));
    } else {
        lines.sort_by_key(|line| (value(line).is_none(), value(line)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_line_is_what_the_rules_of_tickets_say(
        steps in steps(),
        cut in 0..90usize,
        now in -90_000_000_000..90_000_000_000i64,
    ) {
        let entries = entries(&steps);
        let entries = &entries[..cut.min(entries.len())];
        let state = folded(entries, None);
        let query = query(&[("voided", "any"), ("sort", "opened_at"), ("limit", "1000")]);
        let now = Timestamp::clamped(minutes(NOW) + now);
        let page = list(&state, &query, &epochs(), now, &Labels).unwrap();
        prop_assert_eq!((page.position, page.next), (state.position(), None));
        let mut lines: Vec<Value> = page.items.iter().map(|l| serde_json::from_str(&json_of(l)).unwrap()).collect();
        lines.sort_by_key(|line| line["ticket"].as_str().unwrap().to_owned());
        let expected: Vec<Value> = evolved(entries).iter().map(|ticket| ticket.line(now.micros())).collect();
        prop_assert_eq!(lines, expected);
    }

    #[test]
    fn pages_make_up_the_whole_list_in_order(steps in steps(), parameters in parameters(), limit in 1..4usize) {
        let entries = entries(&steps);
        let state = folded(&entries, None);
        let matching: Vec<Evolved> = evolved(&entries).into_iter().filter(|t| passes(t, &parameters)).collect();
        for sort in Sort::ALL {
            let mut query = ListQuery::parse(parameters.clone()).unwrap();
            (query.sort, query.limit) = (sort, limit);
            let mut expected: Vec<Value> = matching.iter().map(|ticket| ticket.line(minutes(NOW))).collect();
            sort_plainly(&mut expected, sort);
            prop_assert_eq!(walk(&state, &query, NOW), expected, "{}", sort);
        }
    }
}
