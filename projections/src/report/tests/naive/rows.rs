//! A report as it is asked, and the rows it must have.

use super::figures::{Row, enters};
use super::hours::BusinessHours;
use super::parts::Part;
use super::periods::{Named, period_of};
use super::ticket::Ticket;
use super::waits::tier_of;
use crate::definition::document::{DatedBy, Definition};
use crate::report::CustomerLabels;
use crate::report::json::rfc3339;
use crate::report::periods::Interval;
use crate::test_support::{Entry, Labels, customer_of};
use daftar_domain::ticket::Priority;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Beyond the last event business hours are known for so long, which no target of a test exceeds.
const AHEAD: i64 = 400 * 86_400_000_000;

/// A report as it is asked.
#[derive(Debug, Clone, Default)]
pub(in crate::report) struct Asked {
    pub(in crate::report) report: &'static str,
    pub(in crate::report) from: Option<i64>,
    pub(in crate::report) to: Option<i64>,
    pub(in crate::report) at: Option<i64>,
    pub(in crate::report) within: Option<i64>,
    pub(in crate::report) interval: Option<Interval>,
    pub(in crate::report) by: Vec<&'static str>,
    pub(in crate::report) filters: Vec<(&'static str, Vec<Option<&'static str>>)>,
}

/// The start of a row's period, if it has one, and the values of its group.
pub(in crate::report) type Key = (Option<i64>, Vec<Option<String>>);

/// The parameters of a query, as they are written.
impl Asked {
    pub(in crate::report) fn parameters(&self) -> Vec<(String, String)> {
        let mut parameters = Vec::new();
        parameters.extend((!self.by.is_empty()).then(|| ("group_by".to_owned(), self.by.join(","))));
        parameters.extend(self.interval.map(|interval| ("interval".to_owned(), interval.name().to_owned())));
        parameters.extend(self.within.map(|micros| ("within".to_owned(), format!("{}s", micros / 1_000_000))));
        for (name, any_of) in &self.filters {
            let any_of: Vec<&str> = any_of.iter().map(|value| value.unwrap_or("null")).collect();
            parameters.push(((*name).to_owned(), any_of.join(",")));
        }
        for (name, instant) in [("from", self.from), ("to", self.to), ("at", self.at)] {
            parameters.extend(instant.map(|instant| (name.to_owned(), rfc3339(instant))));
        }
        parameters
    }

    fn is_by_agent(&self) -> bool {
        self.report == "leaderboard"
    }

    /// What rows are grouped by; the agent of a leaderboard stands last, asked or not.
    pub(super) fn dimensions(&self) -> Vec<&'static str> {
        let asked = self.by.iter().copied().filter(|dimension| !self.is_by_agent() || *dimension != "agent");
        asked.chain(self.is_by_agent().then_some("agent")).collect()
    }
}

/// Finds rows under a definition.
pub(super) struct Naive<'a> {
    pub(super) rules: &'a Definition,
    pub(super) asked: &'a Asked,
    entries: &'a [Entry],
    hours: BusinessHours<'a>,
    /// The instant up to which running things are measured.
    at: i64,
    periods: RefCell<Vec<Named>>,
}

/// One look at what stands open: for the period that starts at `row`, everything before `before` seen, at `now`.
struct Look {
    row: i64,
    before: i64,
    now: i64,
}

impl<'a> Naive<'a> {
    /// The oracle for the history of `entries`; none where nothing has happened.
    pub(super) fn new(entries: &'a [Entry], rules: &'a Definition, asked: &'a Asked) -> Option<Self> {
        let at = entries.iter().map(|entry| entry.at).chain(asked.at).max().filter(|_| !entries.is_empty())?;
        let first = entries.iter().map(|entry| entry.at).min()?;
        let hours = BusinessHours::new(&rules.schedules, (first, at + AHEAD));
        Some(Self { rules, asked, entries, hours, at, periods: RefCell::default() })
    }

    /// The tickets that count, of each the events before an instant.
    fn tickets(&self, before: i64, now: i64) -> Vec<Ticket<'_>> {
        let mut tickets: BTreeMap<u32, Vec<&Entry>> = BTreeMap::new();
        self.entries.iter().for_each(|entry| tickets.entry(entry.ticket).or_default().push(entry));
        let ticket = |events| Ticket { events, rules: self.rules, hours: &self.hours, now };
        let kept = tickets.into_values().filter(|events| !ticket(events.clone()).is_left_out());
        let seen = kept.map(|events| events.into_iter().filter(|event| event.at < before).collect::<Vec<_>>());
        seen.filter(|events| !events.is_empty()).map(ticket).collect()
    }

    fn period(&self, at: i64) -> Option<Named> {
        let interval = self.asked.interval?;
        let known = self.periods.borrow().iter().find(|period| period.start <= at && at < period.end).cloned();
        Some(known.unwrap_or_else(|| {
            let found = period_of(self.rules, interval, at);
            self.periods.borrow_mut().push(found.clone());
            found
        }))
    }

    /// The periods from that of `first` to that of `last`.
    fn periods(&self, first: i64, last: i64) -> Vec<Named> {
        let next = |period: &Named| self.period(period.end);
        let all = std::iter::successors(self.period(first), next);
        all.take_while(|period| period.start <= last).collect()
    }

    /// When the report looks at what stands open.
    fn looks(&self) -> Vec<Look> {
        let Some(first) = self.asked.from.or(self.first_opening()) else { return Vec::new() };
        let look = |row: i64, end: Option<i64>| match end.into_iter().chain(self.asked.to).min() {
            Some(end) if end <= self.at => Look { row, before: end, now: end },
            _ => Look { row, before: self.at + 1, now: self.at },
        };
        if self.asked.interval.is_none() {
            return vec![look(first, None)];
        }
        let last = self.asked.to.map_or(self.at, |to| to - 1);
        self.periods(first, last).into_iter().map(|period| look(period.start, Some(period.end))).collect()
    }

    fn first_opening(&self) -> Option<i64> {
        self.tickets(i64::MAX, self.at).iter().map(|ticket| ticket.at(0)).min()
    }

    /// What the report counts.
    fn parts(&self) -> Vec<Part> {
        let asked = self.asked;
        let mut parts: Vec<Part> = self.tickets(i64::MAX, self.at).iter().flat_map(Ticket::parts).collect();
        let inside = |at: i64| asked.from.is_none_or(|from| from <= at) && asked.to.is_none_or(|to| at < to);
        parts.retain(|part| inside(part.at));
        for look in self.looks() {
            parts.extend(self.tickets(look.before, look.now).iter().flat_map(|ticket| ticket.standing(look.row)));
        }
        parts.retain(|part| enters(asked.report, &part.what));
        parts.retain(|part| asked.filters.iter().all(|filter| passes(part, filter)));
        parts
    }

    /// The groups of a part: one, or one for each of its tags and agents.
    fn keys(&self, part: &Part) -> Vec<Key> {
        let start = self.period(part.at).map(|period| period.start);
        let mut groups: Vec<Vec<Option<String>>> = vec![Vec::new()];
        for dimension in self.asked.dimensions() {
            let mut values = values(part, dimension);
            let only = self.asked.filters.iter().find(|(name, _)| *name == "agent" && dimension == "agent");
            values.retain(|value| only.is_none_or(|(_, any_of)| any_of.contains(&value.as_deref())));
            let longer = |group: Vec<Option<String>>| {
                values.iter().map(move |value| [group.clone(), vec![value.clone()]].concat()).collect::<Vec<_>>()
            };
            groups = groups.into_iter().flat_map(longer).collect();
        }
        if self.asked.is_by_agent() {
            groups.retain(|group| group.last().is_some_and(Option::is_some));
        }
        groups.into_iter().map(|group| (start, group)).collect()
    }

    /// Every row: its place, and what the report prints of it but a rank.
    pub(super) fn rows(&self) -> BTreeMap<Key, Value> {
        let (parts, dimensions) = (self.parts(), self.asked.dimensions());
        let mut rows: BTreeMap<Key, Vec<&Part>> = BTreeMap::new();
        for part in &parts {
            self.keys(part).into_iter().for_each(|key| rows.entry(key).or_default().push(part));
        }
        if dimensions.is_empty() {
            for start in self.all_starts(&parts) {
                rows.entry((start, Vec::new())).or_default();
            }
        }
        rows.into_iter().map(|(key, parts)| (key.clone(), self.row(&key, parts))).collect()
    }

    /// The starts of the periods of a report without groups, empty ones between them included.
    fn all_starts(&self, parts: &[Part]) -> Vec<Option<i64>> {
        if self.asked.interval.is_none() {
            return vec![None];
        }
        let looked_at = if self.asked.report == "backlog" { self.first_opening() } else { None };
        let first = self.asked.from.or(parts.iter().map(|part| part.at).chain(looked_at).min());
        let last = self.asked.to.map_or(self.at, |to| to - 1);
        first.map_or(Vec::new(), |first| self.periods(first, last).into_iter().map(|p| Some(p.start)).collect())
    }

    fn row(&self, (start, group): &Key, parts: Vec<&Part>) -> Value {
        let asked = self.asked;
        let by_event = self.rules.dated_by == DatedBy::Event;
        let is_first = |before: Option<i64>, part: &Part| {
            let same =
                |before: i64| self.period(before) == self.period(part.at) && asked.from.is_none_or(|f| f <= before);
            before.is_none_or(|before| by_event && !same(before))
        };
        let agent = if asked.is_by_agent() { group.last().cloned().flatten() } else { None };
        let row = Row { parts, rules: self.rules, within: asked.within, is_first: &is_first };
        let mut figures = row.figures(asked.report, agent.as_deref());
        let dimensions = asked.dimensions();
        let value = |name: &&str| dimensions.iter().position(|one| one == name).and_then(|n| group[n].clone());
        figures["group"] = asked.by.iter().map(|name| ((*name).to_owned(), json!(value(name)))).collect();
        figures["period"] = Value::Null;
        if let Some(period) = start.and_then(|start| self.period(start)) {
            figures["period"] = json!(period.label);
            figures["start"] = json!(rfc3339(period.start));
            figures["end"] = json!(rfc3339(period.end));
            if asked.from.is_some_and(|from| period.start < from) || asked.to.is_some_and(|to| to < period.end) {
                figures["partial"] = json!(true);
            }
        }
        figures
    }
}

/// The values of a dimension that a part has; one, perhaps absent, but of tags and agents.
fn values(part: &Part, dimension: &str) -> Vec<Option<String>> {
    let (place, ticket) = (&part.place, part.place.ticket);
    let name = |priority: u8| Priority::from_code(priority).unwrap().name();
    let customer = || {
        let pseudonym = customer_of(ticket)?;
        Some(Labels.label(&pseudonym).unwrap_or_else(|| format!("{:032x}", u128::from_be_bytes(pseudonym))))
    };
    let owned = |value: Option<&str>| vec![value.map(str::to_owned)];
    match dimension {
        "branch" => owned(place.branch),
        "department" => owned(place.department),
        "agent" => place.agents.iter().map(|agent| agent.map(str::to_owned)).collect(),
        "channel" => owned(Some(if ticket.is_multiple_of(2) { "email" } else { "chat" })),
        "priority" => owned(Some(name(place.priority))),
        "customer_tier" => owned(tier_of(ticket)),
        "tag" if place.tags.is_empty() => vec![None],
        "tag" => place.tags.iter().map(|tag| Some((*tag).to_owned())).collect(),
        "customer" => vec![customer()],
        "language" => owned(Some("fa")),
        "closing_reason" => owned(place.reason),
        "form" => vec![None],
        "attribute.request_type" => owned(ticket.is_multiple_of(2).then_some("fault")),
        _ => unreachable!("no such dimension"),
    }
}

fn passes(part: &Part, (dimension, any_of): &(&'static str, Vec<Option<&'static str>>)) -> bool {
    values(part, dimension).iter().any(|value| any_of.contains(&value.as_deref()))
}

/// The ranks of one board, given for each agent the answers and the value ranked by, larger being better.
pub(super) fn ranks(agents: &[(u64, Option<f64>)], minimum: u64) -> Vec<Option<usize>> {
    let value = |(answers, value): &(u64, Option<f64>)| value.filter(|_| minimum <= *answers);
    let better = |than: f64| agents.iter().filter(|agent| value(agent).is_some_and(|value| value > than)).count();
    agents.iter().map(|agent| value(agent).map(|value| 1 + better(value))).collect()
}

/// The boards of a leaderboard: rows of one period and the dimensions beside the agent.
pub(super) fn boards(keys: &[Key]) -> BTreeSet<Key> {
    keys.iter().map(|(start, group)| (*start, group[..group.len() - 1].to_vec())).collect()
}
