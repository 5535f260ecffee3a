//! Random histories: the reports against the oracle, against another order of tickets, and against the past.

use super::oracle::{self, Part};
use crate::measurements::Measurements;
use crate::report::periods::{Calendar, Interval};
use crate::report::query::ReportName;
use crate::report::report;
use crate::test_support::{Answers, Entry, Labels, Story, Who, folded, json, minutes, query};
use daftar_eventlog::Position;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;

const AGENTS: [&str; 3] = ["sara", "reza", "mina"];
const DEPARTMENTS: [Option<&str>; 3] = [Some("technical"), Some("billing"), None];
const TAGS: [&str; 3] = ["login", "refund", "vip"];
const TICKETS: usize = 5;

/// One step of a random history: on which ticket, what kind of event, two numbers to vary it, minutes since its last.
pub(crate) type Step = (usize, u8, u8, u8, i64);

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let gap = prop_oneof![Just(0), 1..600i64, 10_000..30_000i64];
    prop::collection::vec((0..TICKETS, 0..24u8, any::<u8>(), any::<u8>(), gap), 0..90)
}

/// What the next event of a ticket may refer to.
#[derive(Default, Clone)]
struct Sketch {
    at: i64,
    exists: bool,
    closed: bool,
    replies: u32,
    closings: u32,
}

/// A history that no log would refuse.
pub(crate) fn entries(steps: &[Step]) -> Vec<Entry> {
    let mut tickets = vec![Sketch::default(); TICKETS];
    steps.iter().map(|step| entry(&mut tickets[step.0], *step)).collect()
}

fn entry(ticket: &mut Sketch, (number, kind, a, b, gap): Step) -> Entry {
    ticket.at += gap;
    let story = if ticket.exists { story(ticket, kind, a, b) } else { opening(a, b) };
    ticket.exists = true;
    match story {
        Story::Closed { .. } => (ticket.closed, ticket.closings) = (true, ticket.closings + 1),
        Story::Reopened(_) => ticket.closed = false,
        Story::Replied(_) | Story::Noted(_) => ticket.replies += 1,
        _ => {}
    }
    Entry { ticket: u32::try_from(number).unwrap(), at: minutes(ticket.at), story }
}

fn opening(a: u8, b: u8) -> Story {
    let tags = TAGS.into_iter().enumerate().filter(|(n, _)| b >> n & 1 == 1).map(|(_, tag)| tag).collect();
    Story::Opened { by: who(a), department: DEPARTMENTS[usize::from(b) % 3], tags }
}

fn story(ticket: &Sketch, kind: u8, a: u8, b: u8) -> Story {
    let agent = AGENTS[usize::from(b) % 3];
    match kind {
        0 => Story::Assigned((!a.is_multiple_of(4)).then_some(agent)),
        1 | 2 => Story::Transferred(DEPARTMENTS[usize::from(a) % 3]),
        3 => Story::Moved("tehran"),
        4 => Story::Priority(a % 4),
        5 => Story::Tags { added: vec![TAGS[usize::from(a) % 3]], removed: vec![TAGS[usize::from(b) % 3]] },
        6..=10 => Story::Replied(who(a)),
        11 => Story::Noted(agent),
        12 | 13 if ticket.replies > 0 => {
            Story::Rated { reply: 1 + u32::from(a) % ticket.replies, satisfied: b.is_multiple_of(2) }
        }
        14 => Story::HeldForCustomer,
        15 => Story::HeldForThirdParty,
        16 => Story::Resumed,
        17..=20 if ticket.closed => Story::Reopened(who(a)),
        17..=20 => Story::Closed {
            by: who(a),
            offered: b.is_multiple_of(2),
            reason: [None, Some("solved"), Some("spam")][usize::from(b) % 3],
        },
        21 | 22 if ticket.closings > 0 => {
            Story::Answered { closing: 1 + u32::from(a) % ticket.closings, answers: answers(a, b) }
        }
        _ if a.is_multiple_of(4) => Story::Voided,
        _ => Story::Restored,
    }
}

fn who(a: u8) -> Who {
    match a % 8 {
        0..=3 => Who::Agent(AGENTS[usize::from(a) % 3]),
        4..=6 => Who::Customer,
        _ => Who::Automation,
    }
}

fn answers(a: u8, b: u8) -> Answers {
    let scores = [(0, b % 2), (1, 1 + b % 4), (2, 1 + b % 5)];
    Answers {
        overall: a.is_multiple_of(2).then_some(scores[usize::from(b) % 3]),
        questions: if a.is_multiple_of(3) {
            vec![("quality", (1 + b % 5).into()), ("speed", (1 + a % 5).into())]
        } else {
            vec![]
        },
        choices: if a.is_multiple_of(5) {
            vec![("heard_from", if b.is_multiple_of(2) { vec!["ad", "friend"] } else { vec![] })]
        } else {
            vec![]
        },
        nps: b.is_multiple_of(3).then_some(a % 11),
        ces: b.is_multiple_of(4).then_some(1 + a % 7),
    }
}

/// The label of a part's period, and its group, under a grouping by department and by agent.
fn key(part: &Part, by: &[&str], interval: Option<Interval>) -> (Option<String>, Vec<Option<String>>) {
    let value = |name: &&str| if *name == "agent" { part.agent } else { part.department };
    let calendar = Calendar::utc_gregorian();
    let label = interval.map(|interval| calendar.label(interval, &calendar.period_of(interval, part.at)));
    (label, by.iter().map(|name| value(name).map(str::to_owned)).collect())
}

fn check(state: &Measurements, parts: &[Part], name: ReportName, by: &[&str], interval: Option<Interval>) {
    let (groups, length) = (by.join(","), interval.map(Interval::name));
    let mut parameters = Vec::new();
    parameters.extend((!by.is_empty()).then_some(("group_by", &*groups)));
    parameters.extend(length.map(|length| ("interval", length)));
    let made = json(state, name, &parameters);
    let calendar = Calendar::utc_gregorian();
    let same = |a: i64, b: i64| interval.is_none_or(|i| calendar.period_of(i, a) == calendar.period_of(i, b));
    let mut expected: BTreeSet<_> =
        parts.iter().filter(|p| oracle::enters(name, &p.what)).map(|part| key(part, by, interval)).collect();
    for row in made["rows"].as_array().unwrap() {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let row_key = (text(&row["period"]), by.iter().map(|name| text(&row["group"][*name])).collect());
        let inside: Vec<&Part> = parts.iter().filter(|part| key(part, by, interval) == row_key).collect();
        let mut figures = row.clone();
        let fields = figures.as_object_mut().unwrap();
        ["period", "start", "end", "group"].iter().for_each(|name| drop(fields.remove(*name)));
        assert_eq!(figures, oracle::figures(name, &inside, &same), "{} of {row_key:?}", name.name());
        assert!(expected.remove(&row_key) || by.is_empty(), "{row_key:?} counts nothing");
    }
    assert!(expected.is_empty(), "rows are missing: {expected:?}");
}

/// Every report under several groupings, as bytes.
fn all_reports(state: &Measurements, position: Position, groupings: &[&[(&str, &str)]]) -> Vec<String> {
    let each = |name: ReportName| {
        groupings.iter().map(move |g| report(state, &query(name, g), position, &Labels).unwrap().to_json())
    };
    ReportName::ALL.into_iter().flat_map(each).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_figure_is_what_plain_loops_find(steps in steps()) {
        let entries = entries(&steps);
        let (state, parts) = (folded(&entries, None), oracle::parts(&entries));
        for name in ReportName::ALL {
            for by in [&[][..], &["department"], &["agent"], &["department", "agent"]] {
                check(&state, &parts, name, by, None);
                check(&state, &parts, name, by, Some(Interval::Month));
            }
        }
    }

    #[test]
    fn the_order_of_tickets_in_the_log_changes_no_byte(steps in steps()) {
        let mixed = entries(&steps);
        let mut by_ticket = mixed.clone();
        by_ticket.sort_by_key(|entry| std::cmp::Reverse(entry.ticket));
        let groupings: [&[_]; 4] =
            [&[], &[("group_by", "tag,agent")], &[("interval", "week"), ("group_by", "department"), ("limit", "2")],
             &[("group_by", "attribute.request_type,channel,priority")]];
        let (a, b) = (folded(&mixed, None), folded(&by_ticket, None));
        prop_assert_eq!(all_reports(&a, a.position(), &groupings), all_reports(&b, b.position(), &groupings));
    }

    #[test]
    fn a_report_as_of_an_earlier_position_is_the_report_made_then(steps in steps(), cut in 0..92u64) {
        let entries = entries(&steps);
        let now = folded(&entries, None);
        let position = Position(cut.clamp(1, now.position().0));
        let then = folded(&entries, Some(position));
        let groupings: [&[_]; 4] =
            [&[], &[("interval", "month")], &[("group_by", "agent,customer")], &[("group_by", "tag"), ("limit", "2")]];
        prop_assert_eq!(all_reports(&now, position, &groupings), all_reports(&then, position, &groupings));
    }

    #[test]
    fn a_row_is_the_report_filtered_by_its_value(steps in steps()) {
        let state = folded(&entries(&steps), None);
        for name in ReportName::ALL {
            for row in json(&state, name, &[("group_by", "agent")])["rows"].as_array().unwrap() {
                let agent = row["group"]["agent"].as_str().unwrap_or("null");
                let filtered = json(&state, name, &[("group_by", "agent"), ("agent", agent)]);
                prop_assert_eq!(&filtered["rows"], &Value::Array(vec![row.clone()]));
            }
        }
    }
}
