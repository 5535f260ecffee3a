//! Any report as of any position, by any instant, under any asked fields: to the byte what a fold from nothing gives.

use super::any::{any_asked, any_definition, any_history};
use super::properties::{GROUPINGS, asks_little, config};
use super::rows::Asked;
use crate::definition::catalog::Published;
use crate::definition::document::{Bound, Definition, FirstResponseRules, Goal, Within};
use crate::live::Live;
use crate::live::basis::Basis;
use crate::live::resident::{BYTES_MAX, Resident};
use crate::measurements::Measurements;
use crate::projector::catch_up;
use crate::report::json::rfc3339;
use crate::report::query::{Query, ReportName};
use crate::report::report;
use crate::test_support::{Entry, Labels, MemoryLog, folded_under, minutes, now};
use daftar_eventlog::{LogReader, Position};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// Every report, each under another grouping, as it can be asked.
fn questions(asked: &Asked, grouping: usize) -> Vec<Asked> {
    let of = |(n, report): (usize, ReportName)| {
        let by = GROUPINGS[(grouping + n) % GROUPINGS.len()];
        let by = if report.is_by_agent() { &by[..by.len().min(2)] } else { by };
        let asked = Asked { report: report.name(), by: by.to_vec(), ..asked.clone() };
        if report.lists_tickets() { Asked { by: vec![], interval: None, ..asked } } else { asked }
    };
    ReportName::ALL.into_iter().enumerate().map(of).filter(asks_little).collect()
}

fn query(asked: &Asked, more: &[(&str, Option<String>)]) -> Query {
    let more = more.iter().filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?)));
    Query::parse(asked.report, asked.parameters().into_iter().chain(more)).unwrap()
}

fn bytes(state: &Measurements, query: &Query, rules: &Definition, position: u64) -> String {
    let definition = Arc::new(Published { document: rules.clone(), version: 0 });
    report(state, query, &definition, Position(position), &Labels).unwrap().to_json()
}

/// What the head of a report says of the prefix it was asked for.
fn head(position: u64, as_of: Option<usize>, happened_by: Option<i64>) -> String {
    let as_of = as_of.map_or("null".to_owned(), |as_of| as_of.to_string());
    let happened_by = happened_by.map_or("null".to_owned(), |instant| format!("\"{}\"", rfc3339(instant)));
    format!(r#""position":{position},"as_of":{as_of},"happened_by":{happened_by},"#)
}

/// The state of everything that happened up to an instant.
pub(in crate::report) fn happened_by(rules: &Definition, entries: &[Entry], instant: Option<i64>) -> Measurements {
    let basis = Basis { folded: rules.folded(), happened_by: instant };
    let mut state = basis.nothing_yet();
    now(catch_up(&MemoryLog::of(entries), &mut state, None, |_| {})).unwrap();
    state
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn a_report_of_the_past_is_the_one_that_a_fold_of_that_prefix_gives(
        rules in any_definition(),
        entries in any_history(),
        asked in any_asked(),
        known in prop::option::of(0..70usize),
        by in prop::option::of((0..150i64, 0..1440i64)),
        grouping in 0..GROUPINGS.len(),
    ) {
        let by = by.map(|(day, minute)| minutes(day * 1440 + minute));
        let state = happened_by(&rules, &entries, by);
        // The log's first event is no ticket's.
        let count = known.unwrap_or(entries.len()).min(entries.len());
        let (end, as_of) = (1 + count as u64, known.map(|_| 1 + count));
        let prefix: Vec<Entry> =
            entries[..count].iter().filter(|entry| by.is_none_or(|by| entry.at <= by)).cloned().collect();
        let alone = folded_under(&rules, &prefix, None);
        for asked in questions(&asked, grouping) {
            let travelling = [("as_of", as_of.map(|p| p.to_string())), ("happened_by", by.map(rfc3339))];
            let told = bytes(&state, &query(&asked, &travelling), &rules, end);
            let last = alone.position().0;
            let expected = bytes(&alone, &query(&asked, &[]), &rules, last);
            prop_assert_eq!(told, expected.replacen(&head(last, None, None), &head(end, as_of, by), 1));
        }
    }
}

/// `to` in everything that is asked, `of` in everything that is folded.
fn asked_changed(of: &Definition, to: &Definition, stale_days: u32, goal: Option<i64>) -> Definition {
    let value = "csat.percent".to_owned();
    let goal = goal.map(|millionths| Goal { value, at_least: Some(Bound { millionths }), at_most: None });
    let mut changed = Definition {
        clock: of.clock,
        pauses: of.pauses.clone(),
        first_response: FirstResponseRules { credited_to: to.first_response.credited_to, ..of.first_response.clone() },
        next_response: of.next_response.clone(),
        resolution: of.resolution.clone(),
        schedule: of.schedule.clone(),
        schedules: of.schedules.clone(),
        goals: goal.into_iter().collect(),
        ..to.clone()
    };
    changed.review.stale_after = Within::days(stale_days);
    changed
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn a_change_of_asked_fields_is_answered_at_once_as_a_fold_from_nothing_would(
        before in any_definition(),
        other in any_definition(),
        stale_days in 1..20u32,
        goal in prop::option::of(0..100_000_000i64),
        entries in any_history(),
        asked in any_asked(),
        grouping in 0..GROUPINGS.len(),
    ) {
        let log: Arc<dyn LogReader> = Arc::new(MemoryLog::of(&entries));
        let live = Arc::new(Live::under(before.folded(), Arc::clone(&log)));
        now(live.catch_up(|_| {})).unwrap();
        let resident = Resident::beside(Arc::clone(&live), log, BYTES_MAX);
        let changed = asked_changed(&before, &other, stale_days, goal);
        let from_nothing = folded_under(&changed, &entries, None);
        let end = 1 + entries.len() as u64;
        for asked in questions(&asked, grouping) {
            let query = query(&asked, &[]);
            let basis = Basis::of(&query, &changed);
            let state = now(resident.snapshot(&basis, Position(end), Duration::ZERO)).unwrap();
            prop_assert!(Arc::ptr_eq(&state, &live.snapshot().unwrap()), "nothing is folded for it");
            prop_assert_eq!(bytes(&state, &query, &changed, end), bytes(&from_nothing, &query, &changed, end));
        }
    }
}
