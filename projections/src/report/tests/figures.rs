//! Reports of some of their figures: the same figures as in the whole report, whatever is counted for them.

use super::plain::{Definition, report_under};
use super::properties::{entries, steps};
use crate::definition::catalog::Published;
use crate::definition::document;
use crate::measurements::Measurements;
use crate::report::query::{Query, ReportName};
use crate::report::{Fields, Report, Row, report};
use crate::test_support::{Labels, Story, Who, closed, folded, history, opened, query};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A definition that ranks agents with one answer, and that has a target for full resolutions.
const DEFINITION: Definition =
    Definition { minimum_answers: 1, full_resolution_target: Some(172_800_000_000), ..Definition::DEFAULT };

fn made(state: &Measurements, query: &Query) -> Report {
    report_under(DEFINITION, state, query, state.position(), &Labels).unwrap()
}

/// The period's label, the group, and the agent of a leaderboard.
type Key = (Option<String>, String);

fn by_key(report: &Report) -> BTreeMap<Key, &Row> {
    let key = |row: &Row| {
        let agent = row.figures.iter().find(|(name, _)| *name == "agent" && report.name == ReportName::Leaderboard);
        (row.period.as_ref().map(|period| period.label.clone()), format!("{:?}{agent:?}", row.group))
    };
    let rows: BTreeMap<_, _> = report.rows.iter().map(|row| (key(row), row)).collect();
    assert_eq!(rows.len(), report.rows.len(), "no two rows are told alike");
    rows
}

/// The figures that were asked for, as bytes; those that a row does not always have may be missing.
fn bytes(figures: &Fields, asked: &[&str]) -> Vec<(String, String)> {
    let asked = figures.iter().filter(|(name, _)| asked.contains(&&**name));
    asked.map(|(name, figure)| (name.to_string(), serde_json::to_string(figure).unwrap())).collect()
}

/// What the figures are where nothing is counted.
fn of_nothing(name: ReportName) -> Fields {
    made(&folded(&[], None), &query(name, &[])).rows.into_iter().next().map_or_else(Vec::new, |row| row.figures)
}

/// Holds a report of some figures against the whole one.
fn check(state: &Measurements, name: ReportName, parameters: &[(&str, &str)], asked: &[&'static str]) {
    let whole = made(state, &query(name, parameters));
    let some = made(state, &query(name, &[parameters, &[("figures", &asked.join(","))]].concat()));
    assert_eq!(Report { rows: vec![], ..some.clone() }, Report { rows: vec![], ..whole.clone() });
    let (mut whole, some) = (by_key(&whole), by_key(&some));
    for (key, row) in some {
        let same = whole.remove(&key).unwrap_or_else(|| panic!("the whole report has no row {key:?}"));
        assert_eq!((&row.period, &row.group), (&same.period, &same.group));
        assert_eq!(bytes(&row.figures, asked), bytes(&same.figures, asked), "{} {key:?}", name.name());
        let others = row.figures.iter().filter(|(figure, _)| !asked.contains(&&**figure));
        assert!(others.clone().all(|(figure, _)| figure == "agent"), "{others:?} were not asked for");
    }
    // A row left out would say of each figure that there is nothing.
    let nothing = of_nothing(name);
    for (key, row) in whole {
        assert_ne!(name, ReportName::Leaderboard, "agents are ranked among all of them: {key:?}");
        assert_eq!(bytes(&row.figures, asked), bytes(&nothing, asked), "{} {key:?}", name.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var("DAFTAR_LONG").is_ok() { 2_000 } else { 150 }))]

    #[test]
    fn some_figures_are_those_of_the_whole_report(
        steps in steps(),
        chosen in any::<u16>(),
        by in prop::sample::select(vec!["", "department", "agent", "tag,department", "priority,agent"]),
        interval in prop::sample::select(vec!["", "day", "month"]),
        agent in prop::sample::select(vec!["", "sara", "null"]),
    ) {
        let state = folded(&entries(&steps), None);
        let given = [("group_by", by), ("interval", interval), ("agent", agent)];
        let given: Vec<_> = given.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        for name in ReportName::ALL.into_iter().filter(|name| !name.lists_tickets()) {
            let figures = name.figures();
            let mut asked: Vec<_> =
                figures.iter().enumerate().filter(|(n, _)| chosen >> n & 1 == 1).map(|(_, name)| *name).collect();
            if asked.is_empty() {
                asked.push(figures[usize::from(chosen) % figures.len()]);
            }
            check(&state, name, &given, &asked);
        }
    }
}

fn small() -> Measurements {
    let sara = Who::Agent("sara");
    let first = [(0, opened(Who::Customer)), (7, Story::Replied(sara)), (30, closed(sara))];
    folded(&[history(1, first), history(2, [(60, opened(Who::Customer))])].concat(), None)
}

#[test]
fn every_report_has_the_figures_that_it_names() {
    let toml = "goals = [{ value = \"nps.score\", at_least = 30 }]\n";
    let document = document::Definition::from_toml(&format!("name = \"office\"\n{toml}")).unwrap();
    let definition = Arc::new(Published { document, version: 1 });
    let state = small();
    for name in ReportName::ALL {
        let made = report(&state, &query(name, &[]), &definition, state.position(), &Labels).unwrap();
        if let Some(row) = made.rows.first().filter(|_| !name.lists_tickets()) {
            let names: Vec<_> = row.figures.iter().map(|(figure, _)| &**figure).collect();
            assert_eq!(names, name.figures(), "{}", name.name());
        }
    }
    // Goals alone are what they are beside their figures.
    let goals = |parameters: &[(&str, &str)]| {
        let query = query(ReportName::Overview, parameters);
        let made = report(&state, &query, &definition, state.position(), &Labels).unwrap();
        bytes(&made.rows[0].figures, &["goals"])
    };
    assert_eq!(goals(&[("figures", "goals")]), goals(&[]));
}

#[test]
fn figures_keep_the_order_of_the_report() {
    let asked = query(ReportName::Flow, &[("figures", "transfers,opened")]);
    assert!(
        made(&small(), &asked).to_json().ends_with(r#""rows":[{"period":null,"group":{},"opened":2,"transfers":0}]}"#)
    );
}

#[test]
fn a_row_stands_where_something_asked_for_is_counted() {
    let asked = query(ReportName::Flow, &[("figures", "closed"), ("group_by", "agent")]);
    assert!(
        made(&small(), &asked).to_json().ends_with(r#""rows":[{"period":null,"group":{"agent":"sara"},"closed":1}]}"#)
    );
    let by_opened = query(ReportName::Flow, &[("figures", "opened"), ("group_by", "agent")]);
    assert!(
        made(&small(), &by_opened)
            .to_json()
            .ends_with(r#""rows":[{"period":null,"group":{"agent":null},"opened":2}]}"#)
    );
}
