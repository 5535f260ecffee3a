//! Random histories, definitions, filters and cells: the parts make the cell.

use super::parts::{check, figures};
use crate::definition::catalog::Published;
use crate::definition::document::Definition;
use crate::measurements::Measurements;
use crate::report::explain::ask::Ask;
use crate::report::explain::{explain, found};
use crate::report::json::rfc3339;
use crate::report::query::Query;
use crate::report::report;
use crate::report::tests::naive::any::{any_asked, any_definition, any_history};
use crate::report::tests::naive::rows::Asked;
use crate::report::tests::naive::travel::happened_by;
use crate::test_support::{Entry, Labels, folded_under, minutes};
use daftar_eventlog::{Epochs, Position};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;
use std::sync::Arc;

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

const REPORTS: [&str; 11] = [
    "overview",
    "satisfaction",
    "response-times",
    "resolution-times",
    "flow",
    "leaderboard",
    "volume",
    "backlog",
    "targets",
    "cases",
    "review-queue",
];

/// How many rows of a report are opened.
const ROWS: usize = 6;

struct Case<'a> {
    state: &'a Measurements,
    definition: Arc<Published>,
    position: Position,
    asked: Asked,
    /// The last instant whose events are counted.
    by: Option<i64>,
}

impl Case<'_> {
    fn parameters(&self) -> Vec<(String, String)> {
        let by = self.by.map(|by| ("happened_by".to_owned(), rfc3339(by)));
        self.asked.parameters().into_iter().chain(by).collect()
    }

    fn rows(&self) -> Vec<Value> {
        let query = Query::parse(self.asked.report, self.parameters()).unwrap();
        let made = report(self.state, &query, &self.definition, self.position, &Labels).unwrap();
        let mut rows = serde_json::from_str::<Value>(&made.to_json()).unwrap()["rows"].as_array().unwrap().clone();
        // Rows from all over the report, the last among them.
        let step = rows.len().div_ceil(ROWS).max(1);
        let mut place = rows.len() % step;
        rows.retain(|_| {
            place += 1;
            place.is_multiple_of(step)
        });
        rows
    }

    /// What a row is told by.
    fn cell(&self, row: &Value) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or("null").to_owned();
        let mut cell = Vec::new();
        cell.extend(row["period"].as_str().map(|period| ("period".to_owned(), period.to_owned())));
        for (dimension, value) in row["group"].as_object().unwrap() {
            cell.push((format!("cell.{dimension}"), text(value)));
        }
        if self.asked.report == "leaderboard" {
            cell.retain(|(name, _)| name != "cell.agent");
            cell.push(("cell.agent".to_owned(), text(&row["agent"])));
        }
        if self.asked.report == "review-queue" {
            cell.push(("cell.ticket".to_owned(), text(&row["ticket"])));
        }
        cell
    }

    fn explained(&self, row: &Value, figure: &str, limit: usize) -> Value {
        let more = [("figure".to_owned(), figure.to_owned()), ("limit".to_owned(), limit.to_string())];
        let mut parameters: Vec<_> = self.parameters().into_iter().chain(self.cell(row)).chain(more).collect();
        let (mut items, mut answer) = (Vec::new(), Value::Null);
        while parameters.last().is_some_and(|(name, value)| name != "cursor" || !value.is_empty()) {
            let ask = Ask::parse(self.asked.report, parameters.clone()).unwrap();
            let epochs = Epochs::new([1; 16], [0; 32]);
            let made = explain(self.state, &ask, &self.definition, self.position, &epochs, &Labels).unwrap();
            answer = serde_json::to_value(&made).unwrap();
            let page = answer["items"].as_array().unwrap();
            assert!(page.len() <= limit, "a page has no more than was asked for");
            items.extend(page.iter().cloned());
            parameters.retain(|(name, _)| name != "cursor");
            parameters.push(("cursor".to_owned(), made.next.unwrap_or_default()));
        }
        answer["items"] = items.into();
        answer
    }

    fn check(&self) {
        for row in self.rows() {
            if self.asked.report == "review-queue" {
                self.check_queue(&row);
                continue;
            }
            if self.asked.report == "leaderboard" {
                assert_eq!(self.explained(&row, "rank", 1)["cell"]["value"], row["rank"]);
            }
            for (path, figure) in figures(&row) {
                let answer = self.explained(&row, &path, 7);
                let items = answer["items"].as_array().unwrap();
                let value = if path.starts_with("between") {
                    &answer["cell"]["value"]["count"]
                } else {
                    &answer["cell"]["value"]
                };
                assert_eq!(*value, figure, "{path} {answer}");
                assert_eq!(answer["cell"]["items"], items.len());
                let order = |item: &Value| (instant(item), item["position"].as_u64());
                assert!(items.is_sorted_by_key(order), "{items:?}");
                check(&format!("{} {path}", self.asked.report), &figure, items);
                self.check_ranks(&row, &path, &figure);
            }
        }
    }

    /// A percentile lies between the two values that are marked.
    fn check_ranks(&self, row: &Value, path: &str, figure: &Value) {
        let Some(p90) = figure["p90"].as_f64() else { return };
        let answer = self.explained(row, &format!("{path}.p90"), 1000);
        assert_eq!(answer["cell"]["value"], figure["p90"]);
        let marked = |rank: &str| {
            let marked = answer["items"].as_array().unwrap().iter().find(|item| item["rank"] == rank);
            marked.map(|item| item["value"].as_f64().unwrap())
        };
        let (low, high) = (marked("exact").or(marked("low")).unwrap(), marked("exact").or(marked("high")).unwrap());
        assert!(low <= p90 && p90 <= high, "{low} {p90} {high}");
        let between = answer["items"].as_array().unwrap().iter().filter_map(|item| item["value"].as_f64());
        assert!(between.filter(|value| low < *value && *value < high).count() == 0, "the ranks are next to each other");
    }

    /// What moved between two definitions is all that makes the one cell the other.
    fn check_moved(&self, other: &Case<'_>, entries: &[Entry]) {
        for row in self.rows() {
            for (path, _) in figures(&row).into_iter().filter(|(path, _)| !path.starts_with("between")) {
                let more = [("figure".to_owned(), path.clone()), ("limit".to_owned(), "1000".to_owned())];
                let parameters = self.parameters().into_iter().chain(self.cell(&row)).chain(more);
                let ask = Ask::parse(self.asked.report, parameters).unwrap();
                let epochs = Epochs::new([1; 16], [0; 32]);
                let here = found(self.state, &ask, &self.definition, self.position, &Labels).unwrap();
                // A day is called otherwise under another zone or calendar.
                let Ok(made) = here.against(other.state, &ask, &other.definition, &epochs, &Labels) else { continue };
                let made = serde_json::to_value(&made).unwrap();
                let items = made["items"].as_array().unwrap();
                assert_eq!(made["moved"], items.len());
                let count = |name: &str| made[name]["items"].as_u64().unwrap();
                let alone = |name: &str| items.iter().filter(|item| item[name].is_null()).count() as u64;
                assert_eq!(count("cell") + alone("item"), count("against") + alone("against"), "{path} {made}");
                let sum = |figure: &Value| figure["value"]["sum"].as_f64();
                let moved: f64 = items.iter().map(|item| item["difference"].as_f64().unwrap()).sum();
                if let Some((here, there)) = sum(&made["cell"]).zip(sum(&made["against"])) {
                    assert!((here + moved - there).abs() < 1e-3, "{path} {made}");
                }
                items.iter().for_each(|moved| check_names(moved, entries));
                let size = |item: &Value| item["difference"].as_f64().unwrap().abs();
                assert!(items.is_sorted_by(|a, b| size(a) >= size(b)), "{path} {made}");
            }
        }
    }

    fn check_queue(&self, row: &Value) {
        let answer = self.explained(row, "reasons", 1000);
        let mut reasons: Vec<_> = answer["items"].as_array().unwrap().iter().map(|item| &item["reason"]).collect();
        let mut expected: Vec<_> = row["reasons"].as_array().unwrap().iter().collect();
        reasons.sort_by_key(|reason| reason.as_str());
        expected.sort_by_key(|reason| reason.as_str());
        assert_eq!(reasons, expected);
        assert_eq!(self.explained(row, "since", 1)["items"][0]["at"], row["since"]);
        let answer = self.explained(row, "answer", 1);
        assert_eq!(answer["items"][0]["value"], row["answer"]["score"]);
        assert_eq!(answer["items"][0]["scale"], row["answer"]["scale"]);
    }
}

/// Both sides of what moved name the ticket that their event is of: the first event stands at position 2.
fn check_names(moved: &Value, entries: &[Entry]) {
    for item in [&moved["item"], &moved["against"]].into_iter().filter(|item| !item.is_null()) {
        assert_eq!(item["ticket"], moved["ticket"]);
        if let Some(position) = item["position"].as_u64() {
            let entry = &entries[usize::try_from(position).unwrap() - 2];
            assert_eq!(item["ticket"], format!("T-{}", entry.ticket), "{moved}");
        }
    }
}

fn instant(item: &Value) -> i64 {
    daftar_domain::Timestamp::parse("at", item["at"].as_str().unwrap()).unwrap().micros()
}

fn check_all(entries: &[Entry], cut: Option<usize>, rules: &Definition, asked: &Asked, grouping: usize) {
    let known = cut.unwrap_or(usize::MAX).min(entries.len());
    let state = folded_under(rules, entries, None);
    for (n, report) in REPORTS.into_iter().enumerate() {
        let by = GROUPINGS[(grouping + n) % GROUPINGS.len()];
        // A leaderboard is grouped by the agent besides; rows of the queue are tickets.
        let by = match report {
            "leaderboard" => &by[..by.len().min(2)],
            "review-queue" => &[],
            _ => by,
        };
        let interval = asked.interval.filter(|_| report != "review-queue" && (report != "volume" || !by.is_empty()));
        let asked = Asked { report, by: by.to_vec(), interval, ..asked.clone() };
        let definition = Arc::new(Published { document: rules.clone(), version: 0 });
        Case { state: &state, definition, position: Position(1 + known as u64), asked, by: None }.check();
    }
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn the_parts_make_the_cell(
        rules in any_definition(),
        entries in any_history(),
        asked in any_asked(),
        cut in prop::option::of(0..70usize),
        grouping in 0..GROUPINGS.len(),
    ) {
        check_all(&entries, cut, &rules, &asked, grouping);
    }

    #[test]
    fn the_parts_make_the_cell_under_the_default_definition(
        entries in any_history(),
        asked in any_asked(),
        grouping in 0..GROUPINGS.len(),
    ) {
        check_all(&entries, None, &Definition::default(), &asked, grouping);
    }
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn what_moves_makes_one_cell_the_other(
        rules in any_definition(),
        other in any_definition(),
        entries in any_history(),
        asked in any_asked(),
        report in 0..REPORTS.len() - 1,
        by in prop::option::of((0..150i64, 0..1440i64)),
    ) {
        let position = Position(1 + entries.len() as u64);
        let asked = Asked { report: REPORTS[report], by: Vec::new(), interval: None, ..asked };
        let by = by.map(|(day, minute)| minutes(day * 1440 + minute));
        let states = [&rules, &other].map(|rules| happened_by(rules, &entries, by));
        let case = |rules: &Definition, n: usize| Case {
            state: &states[n],
            definition: Arc::new(Published { document: rules.clone(), version: 0 }),
            position,
            asked: asked.clone(),
            by,
        };
        case(&rules, 0).check_moved(&case(&other, 1), &entries);
        let same = case(&rules, 0);
        same.rows().iter().for_each(|row| for (path, _) in figures(row) {
            let more = [("figure".to_owned(), path), ("limit".to_owned(), "1".to_owned())];
            let parameters = same.parameters().into_iter().chain(same.cell(row)).chain(more);
            let ask = Ask::parse(same.asked.report, parameters).unwrap();
            let here = found(same.state, &ask, &same.definition, position, &Labels).unwrap();
            let epochs = Epochs::new([1; 16], [0; 32]);
            let made = here.against(same.state, &ask, &same.definition, &epochs, &Labels).unwrap();
            assert_eq!(made.moved, 0, "nothing moves under the same definition");
        });
    }
}

/// The same cases every time; where `DAFTAR_LONG` is set ten times as many, others each time.
pub(super) fn config(cases: u32) -> ProptestConfig {
    let (cases, rng_seed) = match std::env::var_os("DAFTAR_LONG") {
        Some(_) => (10 * cases, RngSeed::Random),
        None => (cases, RngSeed::Fixed(6)),
    };
    ProptestConfig { cases, rng_seed, ..ProptestConfig::default() }
}
