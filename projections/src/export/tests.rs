//! Rows counted by the plainest means come to the reports' figures, under every rule that decides whose they are and what
//! stands.

use super::Export;
use super::measured::MeasurementRow;
use crate::definition::catalog::Published;
use crate::definition::document::{Attribution, CreditedTo, CsatAnswer, Definition, Per, PositiveFrom, ResolutionEnds};
use crate::measurements::Measurements;
use crate::report::query::ReportName;
use crate::report::report;
use crate::report::tests::properties::{entries, steps};
use crate::test_support::{Entry, Labels, Story, Who, closed, folded_under, history, opened, query};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Count and sum of durations, in microseconds.
type Durations = (u64, i64);

/// What is counted of a group.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    first_response: Durations,
    next_response: Durations,
    full_resolution: Durations,
    closed: u64,
    reopenings: u64,
    answers: u64,
    positive: u64,
}

/// The groups of a row: agents for whom it counts, or its department; `None` for none.
fn groups(row: &MeasurementRow<'_>, by: &str) -> Vec<Option<String>> {
    let own = |name: Option<&str>| name.map(str::to_owned);
    match by {
        "agent" if row.agents.is_empty() => vec![None],
        "agent" => row.agents.iter().map(|agent| own(Some(agent))).collect(),
        _ => vec![own(row.values.department)],
    }
}

/// Where each cycle has a value of its own, each closing ends one: which closing counts does not matter then.
fn is_full_resolution(row: &MeasurementRow<'_>, definition: &Definition) -> bool {
    match (definition.resolution.per, definition.resolution.ends) {
        (Per::Cycle, _) => row.kind == "closing",
        (Per::Ticket, ResolutionEnds::FirstClose) => row.kind == "first_closing",
        (Per::Ticket, ResolutionEnds::LastClose) => row.kind == "closing" && row.taken_back.is_none(),
    }
}

fn is_answer(row: &MeasurementRow<'_>, definition: &Definition) -> bool {
    let counts = match definition.csat.answer {
        CsatAnswer::Last => row.taken_back.is_none(),
        CsatAnswer::First => row.own.first == Some(true),
        CsatAnswer::All => true,
    };
    row.own.field == Some("overall") && counts
}

fn count(counted: &mut Counted, row: &MeasurementRow<'_>, definition: &Definition) {
    let add = |durations: &mut Durations| *durations = (durations.0 + 1, durations.1 + row.own.took.unwrap());
    match row.kind {
        "first_response" => add(&mut counted.first_response),
        "next_response" => add(&mut counted.next_response),
        "closing" => counted.closed += 1,
        "reopening" => counted.reopenings += 1,
        _ => {}
    }
    if is_full_resolution(row, definition) {
        add(&mut counted.full_resolution);
    }
    if is_answer(row, definition) {
        counted.answers += 1;
        counted.positive += u64::from(row.own.score.unwrap().positive.unwrap());
    }
}

fn recounted(export: Export<'_>, by: &str) -> BTreeMap<Option<String>, Counted> {
    let mut all: BTreeMap<_, Counted> = BTreeMap::new();
    for row in export.measurements().filter(|row| !row.voided) {
        for group in groups(&row, by) {
            count(all.entry(group).or_default(), &row, export.definition);
        }
    }
    // A group of which nothing of this was counted stands in no report.
    all.retain(|_, counted| *counted != Counted::default());
    all
}

fn made(state: &Measurements, definition: &Definition, name: ReportName, parameters: &[(&str, &str)]) -> Value {
    let published = Arc::new(Published { document: definition.clone(), version: 0 });
    let made = report(state, &query(name, parameters), &published, state.position(), &Labels).unwrap();
    serde_json::from_str(&made.to_json()).unwrap()
}

/// A duration of a report, in microseconds: a sum is told exactly.
fn durations(row: &Value, name: &str) -> Durations {
    let sum = row[name]["sum"].to_string().parse::<f64>().unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "sums of these histories are far below 2^53 microseconds")]
    let micros = (sum * 1e6).round() as i64;
    (row[name]["count"].as_u64().unwrap(), micros)
}

fn reported(state: &Measurements, definition: &Definition, by: &str) -> BTreeMap<Option<String>, Counted> {
    let mut all: BTreeMap<_, Counted> = BTreeMap::new();
    let names = [ReportName::ResponseTimes, ReportName::ResolutionTimes, ReportName::Flow, ReportName::Satisfaction];
    for name in names {
        let report = made(state, definition, name, &[("group_by", by)]);
        for row in report["rows"].as_array().unwrap() {
            let counted = all.entry(row["group"][by].as_str().map(str::to_owned)).or_default();
            let number = |value: &Value| value.as_u64().unwrap();
            match name {
                ReportName::ResponseTimes => {
                    counted.first_response = durations(row, "first_response");
                    counted.next_response = durations(row, "next_response");
                }
                ReportName::ResolutionTimes => counted.full_resolution = durations(row, "full_resolution"),
                ReportName::Flow => {
                    (counted.closed, counted.reopenings) = (number(&row["closed"]), number(&row["reopenings"]));
                }
                _ => {
                    let csat = &row["csat"];
                    (counted.answers, counted.positive) = (number(&csat["answers"]), number(&csat["positive"]));
                }
            }
        }
    }
    all.retain(|_, counted| *counted != Counted::default());
    all
}

fn any_rules() -> impl Strategy<Value = Definition> {
    let rules = (
        select(Attribution::ALL),
        select(CreditedTo::ALL),
        select(CsatAnswer::ALL),
        select(ResolutionEnds::ALL),
        select(Per::ALL),
        select(Per::ALL),
        1..=5_u8,
    );
    rules.prop_map(|(attribution, credited_to, answer, ends, response_per, resolution_per, five)| {
        let mut definition = Definition { attribution, ..Definition::default() };
        (definition.first_response.credited_to, definition.first_response.per) = (credited_to, response_per);
        (definition.resolution.ends, definition.resolution.per) = (ends, resolution_per);
        definition.csat.answer = answer;
        definition.csat.positive_from = PositiveFrom { five, ..PositiveFrom::default() };
        definition
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 96 } else { 512 }))]

    #[test]
    fn measurements_count_up_to_the_reports(steps in steps(), definition in any_rules()) {
        let state = folded_under(&definition, &entries(&steps), None);
        let export = Export { state: &state, definition: &definition, labels: &Labels };
        for by in ["agent", "department"] {
            prop_assert_eq!(recounted(export, by), reported(&state, &definition, by), "by {}", by);
        }
        prop_assert_eq!(export.measurements().count(), export.measurement_count());
    }

    #[test]
    fn tickets_add_up_to_the_reports(steps in steps(), definition in any_rules()) {
        let state = folded_under(&definition, &entries(&steps), None);
        let export = Export { state: &state, definition: &definition, labels: &Labels };
        let tickets: Vec<_> = export.tickets().filter(|ticket| !ticket.voided).collect();
        let total = |name| made(&state, &definition, name, &[])["rows"][0].clone();
        let sum = |values: Vec<i64>| (values.len() as u64, values.iter().sum::<i64>());
        let flow = total(ReportName::Flow);
        if flow.is_null() {
            prop_assert!(tickets.is_empty());
            return Ok(());
        }
        prop_assert_eq!(&flow["opened"], tickets.len());
        let count = |of: fn(&super::tickets::TicketRow<'_>) -> u32| tickets.iter().map(|t| u64::from(of(t))).sum::<u64>();
        prop_assert_eq!(&flow["reopenings"], count(|ticket| ticket.reopenings));
        prop_assert_eq!(&flow["transfers"], count(|ticket| ticket.transfers));
        let firsts = sum(tickets.iter().filter_map(|ticket| Some(ticket.first_closing?.1)).collect());
        prop_assert_eq!(durations(&total(ReportName::ResolutionTimes), "first_resolution"), firsts);
        let per_ticket = |per: Per| per == Per::Ticket;
        if per_ticket(definition.first_response.per) {
            let responses = sum(tickets.iter().filter_map(|ticket| Some(ticket.first_response?.took)).collect());
            prop_assert_eq!(durations(&total(ReportName::ResponseTimes), "first_response"), responses);
        }
        if per_ticket(definition.resolution.per) {
            let resolutions = sum(tickets.iter().filter_map(|ticket| ticket.full_resolution).collect());
            prop_assert_eq!(durations(&total(ReportName::ResolutionTimes), "full_resolution"), resolutions);
        }
    }
}

/// Answered by sara and then by reza, closed by mina: each attribution names somebody else.
fn many_hands() -> Vec<Entry> {
    history(
        0,
        [
            (0, opened(Who::Customer)),
            (5, Story::Assigned(Some("nima"))),
            (10, Story::Replied(Who::Agent("sara"))),
            (20, Story::Replied(Who::Agent("reza"))),
            (30, closed(Who::Agent("mina"))),
        ],
    )
}

#[test]
fn a_closing_counts_for_whom_the_definition_says() {
    for (attribution, agents) in [
        (Attribution::Closer, &["mina"][..]),
        (Attribution::Assignee, &["nima"]),
        (Attribution::LastReplier, &["reza"]),
        (Attribution::FirstReplier, &["sara"]),
        (Attribution::AllRepliers, &["sara", "reza"]),
    ] {
        let definition = Definition { attribution, ..Definition::default() };
        let state = folded_under(&definition, &many_hands(), None);
        let export = Export { state: &state, definition: &definition, labels: &Labels };
        let closing = export.measurements().find(|row| row.kind == "closing").unwrap();
        let mut credited = closing.agents.clone();
        credited.sort_unstable_by_key(|agent| agents.iter().position(|expected| expected == agent));
        assert_eq!(credited, agents, "{attribution:?}");
        let ticket = export.tickets().next().unwrap();
        assert_eq!(closing.own.took, Some(30 * 60_000_000));
        assert_eq!(ticket.full_resolution, closing.own.took);
        assert_eq!(ticket.first_response.unwrap().agent, Some("sara"));
        assert_eq!((ticket.agent, ticket.agent_replies), (Some("nima"), 2));
    }
}
