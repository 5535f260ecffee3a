//! Folding ticket by ticket only what reports read: whatever is asked, the bytes of one state folded in the log's order.

use super::naive::any::any_definition;
use super::properties::{entries, steps};
use crate::by_ticket::{Folded, Index, Ranges, Reports, fold_for, fold_ranges, in_ranges};
use crate::columns::rows::Room;
use crate::definition::catalog::Published;
use crate::definition::document::Definition;
use crate::in_parts::InParts;
use crate::live::basis::Basis;
use crate::projector::{CatchUpError, catch_up};
use crate::report::needs::needs;
use crate::report::query::{Query, ReportName};
use crate::report::{Report, ReportError, report, report_in_parts};
use crate::test_support::{Entry, Labels, MemoryLog, Story, now};
use daftar_eventlog::Position;
use proptest::prelude::*;
use std::num::NonZero;
use std::sync::Arc;

/// What a report may be asked for, each parameter in a way or two.
const GROUP_BY: [&str; 10] = [
    "agent",
    "department,tag",
    "tag,agent",
    "channel,priority",
    "branch,closing_reason",
    "form",
    "customer_tier",
    "customer",
    "language",
    "attribute.request_type",
];
const FILTERS: [(&str, &str); 7] = [
    ("attribute.request_type", "fault"),
    ("agent", "sara,reza"),
    ("department", "technical"),
    ("tag", "vip"),
    ("customer_tier", "gold"),
    ("channel", "email"),
    ("customer", "c-1"),
];
const SPANS: [(&str, &str); 5] = [
    ("from", "2026-01-02"),
    ("to", "2026-01-20"),
    ("happened_by", "2026-01-09"),
    ("at", "2026-02-01"),
    ("within", "8h"),
];

/// Each of these may be asked for beside the others.
fn spans() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let span = |(name, value): (&'static str, &'static str)| {
        prop::option::weighted(0.3, Just((name, value.to_owned()))).boxed()
    };
    SPANS.map(span).to_vec().prop_map(|spans| spans.into_iter().flatten().collect())
}

fn one_of<const N: usize>(
    parameters: [(&'static str, &'static str); N],
) -> impl Strategy<Value = Option<(&'static str, String)>> {
    prop::option::of(prop::sample::select(parameters.to_vec()).prop_map(|(name, value)| (name, value.to_owned())))
}

/// A report and parameters that it knows.
fn asked() -> impl Strategy<Value = Query> {
    let report = prop::sample::select(ReportName::ALL.to_vec());
    let group_by = one_of(GROUP_BY.map(|value| ("group_by", value)));
    let interval = one_of(["day", "month"].map(|value| ("interval", value)));
    let others = (one_of(FILTERS), spans(), one_of([("limit", "2")]));
    (report, any::<u16>(), group_by, interval, others).prop_map(|(report, figures, group_by, interval, others)| {
        let known = report.figures().iter().enumerate().filter(|(n, _)| figures >> n & 1 == 1);
        let figures = known.map(|(_, name)| *name).collect::<Vec<_>>().join(",");
        let figures = (!figures.is_empty()).then_some(("figures", figures));
        let of_figures = [group_by, interval, figures].into_iter().filter(|_| !report.lists_tickets());
        let parameters = of_figures.chain([others.0, others.2]).flatten().chain(others.1);
        let parameters: Vec<_> = parameters.map(|(name, value)| (name.to_owned(), value)).collect();
        // What a report does not know is left out.
        let known = |parameter: &&(String, String)| Query::parse(report.name(), [(*parameter).clone()]).is_ok();
        let parameters: Vec<_> = parameters.iter().filter(known).cloned().collect();
        Query::parse(report.name(), parameters).unwrap()
    })
}

fn in_order(log: &MemoryLog, query: &Query, definition: &Definition, until: Position) -> Result<InParts, CatchUpError> {
    let mut state = Basis::of(query, definition).nothing_yet();
    now(catch_up(log, &mut state, Some(until), |_| {}))?;
    Ok(InParts::one(state))
}

fn reports<'q>(queries: &'q [&'q Query], definition: &'q Arc<Published>, until: Position) -> Reports<'q> {
    Reports { queries, definition, until, labels: &Labels }
}

fn by_ticket<'q>(log: &MemoryLog, reports: Reports<'q>, threads: u32) -> Result<Folded<'q>, CatchUpError> {
    now(fold_for(log, reports, NonZero::new(threads).unwrap(), &|_| {}))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_the_bytes_are_those_of_a_fold_in_order(
        steps in steps(),
        mut definition in any_definition(),
        always_open in any::<bool>(),
        one_after_the_other in any::<bool>(),
        asked in asked(),
        threads in 1..5_u32,
        cut in 0..=99_usize,
    ) {
        if always_open {
            definition.schedules.clear();
        }
        let mut entries = entries(&steps);
        if one_after_the_other {
            entries.sort_by_key(|entry| entry.ticket);
        }
        let log = MemoryLog::of(&entries);
        let definition = Arc::new(Published { document: definition, version: 0 });
        let until = MemoryLog::of(&entries[..entries.len() * cut / 99]).last();
        let whole = in_order(&log, &asked, &definition.document, until).unwrap();
        let (queries, json) = ([&asked], |made: Report| made.to_json());
        let reports = reports(&queries, &definition, until);
        let made = report(&whole.first, &asked, &definition, until, &Labels).map(json);
        let by_ticket = by_ticket(&log, reports, threads).unwrap().into_reports().0.remove(0).map(json);
        prop_assert_eq!(by_ticket, made, "{:?}", asked);
    }

    #[test]
    fn of_one_fold_for_several_each_report_is_that_of_a_fold_of_its_own(
        steps in steps(),
        definition in any_definition(),
        mut asked in prop::collection::vec(asked(), 2..5),
        threads in 1..4_u32,
    ) {
        let log = MemoryLog::of(&entries(&steps));
        let until = log.last();
        let definition = Arc::new(Published { document: definition, version: 0 });
        let happened_by = asked[0].happened_by;
        asked.iter_mut().for_each(|asked| asked.happened_by = happened_by);
        let made = |queries: &[&Query]| {
            let reports = reports(queries, &definition, until);
            let made = by_ticket(&log, reports, threads).unwrap().into_reports().0.into_iter();
            made.map(|made| made.map(|made| made.to_json())).collect::<Vec<_>>()
        };
        let together = made(&asked.iter().collect::<Vec<_>>());
        prop_assert_eq!(together.len(), asked.len());
        for (asked, together) in asked.iter().zip(together) {
            prop_assert_eq!(&together, &made(&[asked])[0], "{:?}", asked);
        }
    }

    #[test]
    fn what_is_wrong_with_a_log_is_told_as_by_a_fold_in_order(
        steps in steps(),
        asked in asked(),
        threads in 1..5_u32,
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 1..3),
    ) {
        let log = MemoryLog::of(&damaged(entries(&steps), &damage));
        let definition = Arc::<Published>::default();
        let failure = |failure: CatchUpError| failure.to_string();
        let made = in_order(&log, &asked, &definition.document, log.last()).map(drop).map_err(failure);
        let queries = [&asked];
        let by_ticket = by_ticket(&log, reports(&queries, &definition, log.last()), threads);
        prop_assert_eq!(by_ticket.map(drop).map_err(failure), made);
    }
}

/// Events no version knows, openings where there was one, lives without an opening.
fn damaged(mut entries: Vec<Entry>, damage: &[(prop::sample::Index, u8)]) -> Vec<Entry> {
    for (place, how) in damage {
        if entries.is_empty() {
            break;
        }
        let place = place.index(entries.len());
        match how {
            0 => entries[place].story = Story::FromTheFuture,
            1 => {
                entries[place].story =
                    Story::Opened { by: crate::test_support::Who::Customer, department: None, tags: vec![] }
            }
            2 => drop(entries.remove(place)),
            _ => entries[place].story = Story::Resumed,
        }
    }
    entries
}

#[test]
fn what_looks_at_no_ticket_beside_others_is_counted_while_it_is_folded() {
    use crate::test_support::{Who, closed, history, opened, query};
    let log = MemoryLog::of(&history(1, [(0, opened(Who::Customer)), (5, closed(Who::Agent("sara")))]));
    let definition = Arc::<Published>::default();
    let is_counted = |names: &[ReportName], figures: &[(&str, &str)]| {
        let asked: Vec<_> = names.iter().map(|name| query(*name, figures)).collect();
        let queries: Vec<_> = asked.iter().collect();
        by_ticket(&log, reports(&queries, &definition, log.last()), 1).unwrap().is_counted()
    };
    assert!(is_counted(&[ReportName::Satisfaction, ReportName::Flow, ReportName::ResponseTimes], &[]));
    assert!(is_counted(&[ReportName::ResolutionTimes, ReportName::Volume, ReportName::Leaderboard], &[]));
    let by_day = ("interval", "day");
    assert!(is_counted(&[ReportName::Overview], &[by_day, ("figures", "first_response,reopen_rate")]));
    // What stands open at the end of each day is looked at from the first opening of all on.
    assert!(!is_counted(&[ReportName::Overview], &[by_day]));
    assert!(is_counted(&[ReportName::Overview, ReportName::Backlog], &[]));
    assert!(is_counted(&[ReportName::Overview], &[by_day, ("from", "2026-01-01")]));
    assert!(!is_counted(&[ReportName::Flow, ReportName::Backlog], &[by_day]));
}

#[test]
fn what_was_left_out_is_never_counted() {
    use crate::test_support::{Who, closed, history, opened, query};
    let log = MemoryLog::of(&history(1, [(0, opened(Who::Customer)), (5, closed(Who::Agent("sara")))]));
    let asked = |figure| query(ReportName::Flow, &[("figures", figure)]);
    let definition = Arc::<Published>::default();
    let (kept, index) = (asked("opened"), now(Index::read(&log, log.last(), None, NonZero::<u32>::MIN)).unwrap());
    let basis = Basis::of(&kept, &definition.document);
    let folded = |ranges: &Ranges| {
        let mut state = basis.clone().nothing_yet().keeping(needs(&kept, &definition.document), &Room::of(4096));
        state.end_at(index.last(), index.latest());
        fold_ranges(&index, ranges, &mut state, None, &|_| {}).map(|()| state)
    };
    let parts = || InParts::one(in_ranges(&index, NonZero::<u32>::MIN, folded).unwrap().remove(0));
    let made = |parts: &InParts, figure| report_in_parts(parts, &asked(figure), &definition, log.last(), &Labels);
    // Whoever reads a table or a column and forgot to say so is noticed as well.
    let (of_closings, of_agents) = (parts(), parts());
    assert!(made(&of_closings, "opened").is_ok());
    assert_eq!(made(&of_closings, "closed"), Err(ReportError::NotKept));
    assert_eq!(of_closings.first.closings.pieces(i64::MIN, i64::MAX).count(), 0);
    assert_eq!(made(&of_closings, "opened"), Err(ReportError::NotKept));
    of_agents.first.openings.pieces(i64::MIN, i64::MAX).for_each(|opened| assert_eq!(opened.moments.agent.get(0), 0));
    assert_eq!(made(&of_agents, "opened"), Err(ReportError::NotKept));
}

#[test]
fn what_is_asked_of_another_basis_is_not_counted_from_one_fold() {
    use crate::test_support::{Who, closed, history, opened, query};
    let log = MemoryLog::of(&history(1, [(0, opened(Who::Customer)), (5, closed(Who::Agent("sara")))]));
    let [all, early] = [&[][..], &[("happened_by", "2026-01-01")]].map(|asked| query(ReportName::Flow, asked));
    let definition = Arc::<Published>::default();
    let queries = [&all, &early];
    let reports = reports(&queries, &definition, log.last());
    let (made, _) = by_ticket(&log, reports, 1).unwrap().into_reports();
    assert!(made[0].is_ok());
    assert_eq!(made[1], Err(ReportError::OtherFolded("default".to_owned())));
}
