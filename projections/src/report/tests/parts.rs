//! Parts of the tickets, folded and counted apart: however many there are, their reports are the bytes of one state's.

use super::naive::any::any_definition;
use super::properties::{entries, steps};
use crate::by_ticket::{Index, Ranges, fold_ranges, in_ranges};
use crate::definition::catalog::Published;
use crate::definition::document::Definition;
use crate::in_parts::InParts;
use crate::measurements::Measurements;
use crate::report::query::ReportName;
use crate::report::{ReportError, is_counted_in_parts, report, report_in_parts};
use crate::test_support::{Entry, Labels, MemoryLog, now, query};
use daftar_eventlog::Position;
use proptest::prelude::*;
use std::num::NonZero;
use std::sync::Arc;

/// Everything measured, in so many parts of the tickets at most.
fn folded_in_parts(definition: &Definition, entries: &[Entry], until: Position, parts: u32) -> InParts {
    let index = now(Index::read(&MemoryLog::of(entries), until, None, NonZero::new(parts).unwrap())).unwrap();
    let folded = |ranges: &Ranges| {
        let mut state = Measurements::under(definition.folded());
        state.end_at(index.last(), index.latest());
        fold_ranges(&index, ranges, &mut state, None, &|_| {}).map(|()| state)
    };
    let mut states = in_ranges(&index, NonZero::new(parts).unwrap(), folded).unwrap();
    InParts::of(states.remove(0), states).unwrap()
}

fn asked() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let group_by =
        ["agent", "department,tag", "tag,agent", "channel,priority", "branch,closing_reason", "customer_tier"];
    let group_by = prop::option::of(prop::sample::select(group_by.to_vec()).prop_map(|value| ("group_by", value)));
    let interval = prop::option::of(prop::sample::select(vec!["day", "month"]).prop_map(|value| ("interval", value)));
    let limit = prop::option::of(Just(("limit", "2")));
    (group_by, interval, limit)
        .prop_map(|(group_by, interval, limit)| [group_by, interval, limit].into_iter().flatten().collect())
}

proptest! {
    #[test]
    fn any_number_of_parts_gives_the_same_bytes(
        steps in steps(),
        definition in any_definition(),
        one_after_the_other in any::<bool>(),
        asked in asked(),
        parts in 1..5_u32,
        cut in 0..=99_usize,
    ) {
        let mut entries = entries(&steps);
        if one_after_the_other {
            entries.sort_by_key(|entry| entry.ticket);
        }
        let definition = Arc::new(Published { document: definition, version: 0 });
        let until = MemoryLog::of(&entries[..entries.len() * cut / 99]).last();
        let whole = folded_in_parts(&definition.document, &entries, until, 1);
        let parted = folded_in_parts(&definition.document, &entries, until, parts);
        for name in ReportName::ALL {
            let query = query(name, if name.lists_tickets() { &[] } else { &asked });
            let made = report(&whole.first, &query, &definition, until, &Labels).map(|made| made.to_json());
            let added = report_in_parts(&parted, &query, &definition, until, &Labels).map(|made| made.to_json());
            if parted.count() == 1 || is_counted_in_parts(&query) {
                prop_assert_eq!(added, made, "{:?} {:?}", name, asked);
            } else {
                prop_assert_eq!(added, Err(ReportError::InParts));
            }
        }
    }
}

#[test]
fn parts_are_told_by_the_names_of_dimensions_not_by_their_numbers() {
    use crate::test_support::{Who, closed, history, opened};
    // Each part sees the agents in another order.
    let of = |ticket, agent| history(ticket, [(0, opened(Who::Customer)), (60, closed(Who::Agent(agent)))]);
    let entries: Vec<_> = [of(0, "sara"), of(1, "reza"), of(2, "mina"), of(3, "sara")].concat();
    let until = MemoryLog::of(&entries).last();
    let parted = folded_in_parts(&Definition::default(), &entries, until, 2);
    assert_eq!(parted.count(), 2);
    let asked = query(ReportName::Flow, &[("group_by", "agent"), ("figures", "closed")]);
    let made = report_in_parts(&parted, &asked, &Arc::default(), until, &Labels).unwrap().rows_json();
    let row = |agent: &str, closed: u32| {
        format!("{{\"period\":null,\"group\":{{\"agent\":\"{agent}\"}},\"closed\":{closed}}}")
    };
    assert_eq!(made, format!("[{},{},{}]", row("mina", 1), row("reza", 1), row("sara", 2)));
}
