//! Random histories: the reports against the oracle, against another order of tickets, and against the past.

use super::oracle::dissatisfaction::open_cases;
use super::oracle::standing::{Look, first_opening, ranks, standing};
use super::oracle::{self, Part};
use super::plain::{Definition, report, report_under};
use crate::measurements::Measurements;
use crate::report::periods::{Calendar, Interval, Period};
use crate::report::query::{Query, ReportName};
use crate::test_support::{Answers, Entry, Labels, Story, Who, folded, json, minutes, query};
use daftar_domain::Timestamp;
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
    // Whole days fall on the ends of periods and on the bounds of ages.
    let gap = prop_oneof![2 => Just(0), 2 => 1..600i64, 1 => Just(1440), 1 => 10_000..30_000i64];
    prop::collection::vec((0..TICKETS, 0..28u8, any::<u8>(), any::<u8>(), gap), 0..90)
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

/// Histories of different tickets, one after the other.
pub(crate) fn entries_of_many(histories: &[Vec<Step>]) -> Vec<Entry> {
    let apart = |(number, steps): (u32, &Vec<Step>)| {
        let first = number * u32::try_from(TICKETS).unwrap();
        entries(steps).into_iter().map(move |entry| Entry { ticket: first + entry.ticket, ..entry })
    };
    (0..).zip(histories).flat_map(apart).collect()
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
        24..=26 => Story::FollowedUp(agent),
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

/// A report as it is asked, beside its grouping.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
    pub(super) at: Option<i64>,
    pub(super) interval: Option<Interval>,
    pub(super) filter: Option<(&'static str, Option<&'static str>)>,
}

pub(super) fn asked() -> impl Strategy<Value = Asked> {
    let day = || prop::option::of((0..200i64, prop_oneof![Just(0), 0..1440i64]));
    let instant = |(day, minute)| minutes(day * 1440 + minute);
    let interval =
        prop_oneof![Just(None), Just(Some(Interval::Day)), Just(Some(Interval::Week)), Just(Some(Interval::Month))];
    let filter = prop_oneof![
        4 => Just(None),
        1 => Just(Some(("department", Some("billing")))),
        1 => Just(Some(("department", None))),
        1 => Just(Some(("agent", Some("sara")))),
    ];
    (day(), day(), day(), interval, filter).prop_map(move |(from, to, at, interval, filter)| {
        let (from, to) = (from.map(instant), to.map(instant));
        let to = to.filter(|to| from.is_none_or(|from| from < *to));
        Asked { from, to, at: at.map(instant), interval, filter }
    })
}

impl Asked {
    pub(super) fn query(&self, name: ReportName, by: &[&str]) -> Query {
        let mut parameters = Vec::new();
        parameters.extend((!by.is_empty()).then(|| ("group_by", by.join(","))));
        parameters.extend(self.interval.map(|interval| ("interval", interval.name().to_owned())));
        parameters.extend(self.filter.map(|(name, value)| (name, value.unwrap_or("null").to_owned())));
        for (name, instant) in [("from", self.from), ("to", self.to), ("at", self.at)] {
            parameters.extend(instant.map(|instant| (name, Timestamp::clamped(instant).to_string())));
        }
        query(name, &parameters.iter().map(|(name, value)| (*name, &**value)).collect::<Vec<_>>())
    }

    fn period(&self, at: i64) -> Option<Period> {
        self.interval.map(|interval| Calendar::utc_gregorian().period_of(interval, at))
    }

    /// The periods from that of `first` to that of `last`.
    fn periods(&self, first: i64, last: i64) -> Vec<Period> {
        let mut periods = Vec::from_iter(self.period(first));
        while let Some(next) = periods.last().and_then(|last| self.period(last.end)) {
            periods.push(next);
            if last < next.start {
                break;
            }
        }
        periods.retain(|period| period.start <= last);
        periods
    }

    /// When the report looks at what stands open.
    pub(super) fn looks(&self, at: i64, first: Option<i64>) -> Vec<Look> {
        let Some(first) = self.from.or(first) else { return Vec::new() };
        let look = |period: Option<Period>| {
            let ends = [period.map(|period| period.end), self.to];
            let end = ends.into_iter().flatten().min().filter(|end| *end <= at);
            let row = period.map_or(minutes(0), |period| period.start);
            end.map_or(Look { row, before: at + 1, now: at }, |end| Look { row, before: end, now: end })
        };
        if self.interval.is_none() {
            return vec![look(None)];
        }
        self.periods(first, self.to.map_or(at, |to| to - 1)).into_iter().map(|period| look(Some(period))).collect()
    }

    /// What the report counts.
    fn parts(&self, entries: &[Entry], definition: &Definition, at: i64) -> Vec<Part> {
        let mut parts = oracle::parts(entries, definition, at);
        let inside = |at: i64| self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to);
        parts.retain(|part| inside(part.at));
        let looks = self.looks(at, first_opening(entries));
        parts.extend(standing(entries, &looks));
        parts.extend(open_cases(entries, definition, &looks));
        parts.retain(|part| match self.filter {
            Some(("agent", agent)) => part.agent == agent,
            Some((_, department)) => part.department == department,
            None => true,
        });
        parts
    }
}

/// A row's place: the start of its period, the values of its group.
type RowKey = (Option<i64>, Vec<Option<String>>);

fn key(part: &Part, by: &[&str], asked: &Asked) -> RowKey {
    let value = |name: &&str| if *name == "agent" { part.agent } else { part.department };
    let start = asked.period(part.at).map(|period| period.start);
    (start, by.iter().map(|name| value(name).map(str::to_owned)).collect())
}

/// Checks every figure of a report as of the end of `entries`.
fn check(
    state: &Measurements,
    entries: &[Entry],
    definition: Definition,
    name: ReportName,
    by: &[&str],
    asked: &Asked,
) {
    let position = Position(1 + entries.len() as u64);
    let query = asked.query(name, by);
    let made = report_under(definition, state, &query, position, &Labels).unwrap();
    let rows: Vec<Value> = serde_json::from_str::<Value>(&made.to_json()).unwrap()["rows"].as_array().unwrap().clone();
    let Some(at) = entries.iter().map(|entry| entry.at).chain(asked.at).max() else { return };
    let mut parts = asked.parts(entries, &definition, at);
    parts.retain(|part| oracle::enters(name, &part.what));
    // The leaderboard's rows are by agent, whatever was asked, and nobody has none.
    let by_agent = name == ReportName::Leaderboard;
    let by: Vec<&str> = by.iter().copied().filter(|dimension| !by_agent || *dimension != "agent").collect();
    let by = [&by[..], if by_agent { &["agent"] } else { &[] }].concat();
    parts.retain(|part| !by_agent || part.agent.is_some());
    let same = |a: i64, b: i64| asked.period(a) == asked.period(b) && asked.from.is_none_or(|from| from <= a);
    let mut expected: BTreeSet<_> = parts.iter().map(|part| key(part, &by, asked)).collect();
    let mut keys = Vec::new();
    for row in &rows {
        let row_key = key_of(row, &by, by_agent);
        let inside: Vec<&Part> = parts.iter().filter(|part| key(part, &by, asked) == row_key).collect();
        let mut figures = row.clone();
        let fields = figures.as_object_mut().unwrap();
        ["period", "start", "end", "partial", "group", "rank"].iter().for_each(|name| drop(fields.remove(*name)));
        assert_eq!(figures, oracle::figures(name, &inside, &definition, &same), "{} of {row_key:?}", name.name());
        assert!(expected.remove(&row_key) || by.is_empty(), "{row_key:?} counts nothing");
        keys.push(row_key);
    }
    assert!(expected.is_empty(), "rows are missing: {expected:?}");
    if by.is_empty() {
        let first = parts.iter().map(|part| part.at).chain(first_row(name, entries)).min();
        let periods = periods_between(asked, first, at);
        assert_eq!(keys.iter().map(|key| key.0).collect::<Vec<_>>(), periods, "{} {asked:?}", name.name());
    }
    if by_agent {
        check_ranks(&rows, &keys, definition.minimum_answers);
    }
}

fn key_of(row: &Value, by: &[&str], by_agent: bool) -> RowKey {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let start = row["start"].as_str().map(|start| Timestamp::parse("start", start).unwrap().micros());
    let value = |name: &&str| text(if by_agent && *name == "agent" { &row["agent"] } else { &row["group"][*name] });
    (start, by.iter().map(value).collect())
}

/// Where the first row lies if nothing is counted there: the backlog begins with the first opening.
fn first_row(name: ReportName, entries: &[Entry]) -> Option<i64> {
    if name == ReportName::Backlog { first_opening(entries) } else { None }
}

/// The starts of the periods of a report without groups.
fn periods_between(asked: &Asked, first: Option<i64>, at: i64) -> Vec<Option<i64>> {
    if asked.interval.is_none() {
        return vec![None];
    }
    let last = asked.to.map_or(at, |to| to - 1);
    let Some(first) = asked.from.or(first) else { return Vec::new() };
    asked.periods(first, last).into_iter().map(|period| Some(period.start)).collect()
}

/// Ranks are those of each period and department, and rows stand in their order.
fn check_ranks(rows: &[Value], keys: &[RowKey], minimum: u64) {
    let board = |key: &RowKey| (key.0, key.1[..key.1.len() - 1].to_vec());
    let agent = |key: &RowKey| key.1.last().cloned();
    let boards: BTreeSet<_> = keys.iter().map(board).collect();
    for one in boards {
        let here: Vec<usize> = (0..keys.len()).filter(|n| board(&keys[*n]) == one).collect();
        let answers =
            |n: &usize| (rows[*n]["csat"]["answers"].as_u64().unwrap(), rows[*n]["csat"]["positive"].as_u64().unwrap());
        let expected = ranks(&here.iter().map(answers).collect::<Vec<_>>(), minimum);
        let printed: Vec<_> = here.iter().map(|n| rows[*n]["rank"].as_u64()).collect();
        assert_eq!(printed, expected);
        assert!(here.windows(2).all(|pair| pair[0] + 1 == pair[1]), "a board stands together");
        let order = |n: &usize| (rows[*n]["rank"].is_null(), rows[*n]["rank"].as_u64(), agent(&keys[*n]));
        assert!(here.is_sorted_by_key(order), "{rows:?}");
    }
}

/// Every report under several groupings, as bytes.
fn all_reports(state: &Measurements, position: Position, groupings: &[&[(&str, &str)]]) -> Vec<String> {
    let each = |name: ReportName| {
        let is_taken = move |grouping: &&&[(&str, &str)]| !name.lists_tickets() || grouping.is_empty();
        groupings
            .iter()
            .filter(is_taken)
            .map(move |g| report(state, &query(name, g), position, &Labels).unwrap().to_json())
    };
    ReportName::ALL.into_iter().flat_map(each).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_figure_is_what_plain_loops_find(
        steps in steps(),
        asked in asked(),
        cut in prop::option::of(0..92usize),
        full_days in prop::option::of(0..20i64),
        minimum_answers in 0..4u64,
        (four, five) in (2..=4u8, 2..=5u8),
    ) {
        let all = entries(&steps);
        let (state, known) = (folded(&all, None), &all[..cut.unwrap_or(usize::MAX).min(all.len())]);
        let full_resolution_target = full_days.map(|days| days * 86_400_000_000);
        let positive_from = [1, four, five];
        let definition =
            Definition { full_resolution_target, minimum_answers, positive_from, ..Definition::DEFAULT };
        let elsewhere = |name: &ReportName| *name == ReportName::Targets || name.lists_tickets();
        for name in ReportName::ALL.into_iter().filter(|name| !elsewhere(name)) {
            for by in [&[][..], &["department"], &["agent"], &["department", "agent"]] {
                check(&state, known, definition, name, by, &asked);
            }
        }
    }

    #[test]
    fn the_order_of_tickets_in_the_log_changes_no_byte(steps in steps()) {
        let mixed = entries(&steps);
        let mut by_ticket = mixed.clone();
        by_ticket.sort_by_key(|entry| std::cmp::Reverse(entry.ticket));
        let groupings: [&[_]; 5] =
            [&[], &[("group_by", "tag,agent")], &[("interval", "week"), ("group_by", "department"), ("limit", "2")],
             &[("group_by", "attribute.request_type,channel")], &[("group_by", "priority,tag,agent")]];
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
        for name in ReportName::ALL.into_iter().filter(|name| !name.lists_tickets()) {
            for row in json(&state, name, &[("group_by", "agent")])["rows"].as_array().unwrap() {
                let agent = row["group"]["agent"].as_str().unwrap_or("null");
                let filtered = json(&state, name, &[("group_by", "agent"), ("agent", agent)]);
                prop_assert_eq!(&filtered["rows"], &Value::Array(vec![row.clone()]));
            }
        }
    }
}
