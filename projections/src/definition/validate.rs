//! The rules that a definition keeps beside its fields' own types; all that is broken is said at once.

use super::document::{CalendarName, Definition, Goal, Holiday, Hours, PositiveFrom, Schedule, Target, Unit};
use super::figures::{self, LEADERBOARD, OVERVIEW};
use super::read::Wrong;
use daftar_domain::Invalid;
use daftar_domain::ids::{BranchId, DefinitionName, DepartmentId, ScheduleName, TierId};
use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;
use std::ops::RangeInclusive;

/// The most bytes a definition may have in its canonical form: it must fit into one event.
const DOCUMENT_BYTES_MAX: usize = 262_144;
/// The largest bound of a goal, in millionths: up to there every decimal is told apart when it is read as a double.
const BOUND_MAX: i64 = 1_000_000_000_000_000;
/// Minutes of a day.
const DAY: i64 = 24 * 60;

impl Definition {
    /// Every rule it breaks.
    pub(super) fn wrong(&self) -> Vec<Wrong> {
        let mut wrong = Wrongs::default();
        wrong.id("name", DefinitionName::parse("name", &self.name));
        wrong.pauses(self);
        wrong.positive_from(&self.csat.positive_from);
        wrong.figure("leaderboard.rank_by", figures::check(LEADERBOARD, "the leaderboard", &self.leaderboard.rank_by));
        if self.review.stale_after.unit == Unit::BusinessDays {
            let why = format!(
                "{} is in business days; a ticket is stale after a duration, such as 7d",
                self.review.stale_after
            );
            wrong.add("review.stale_after", why);
        }
        wrong.goals(&self.goals);
        wrong.schedules(&self.schedules);
        self.targets.iter().enumerate().for_each(|(n, target)| wrong.target(&format!("targets[{n}]"), target));
        let bytes = self.to_json().len();
        if bytes > DOCUMENT_BYTES_MAX {
            wrong
                .add("", format!("the definition has {bytes} bytes as JSON; at most {DOCUMENT_BYTES_MAX} are allowed"));
        }
        wrong.0
    }
}

#[derive(Default)]
struct Wrongs(Vec<Wrong>);

impl Wrongs {
    fn add(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        self.0.push(Wrong::new(place, reason));
    }

    fn id<T>(&mut self, place: &str, id: Result<T, Invalid>) {
        if let Err(Invalid { value, rule, .. }) = id {
            self.add(place, format!("is \"{value}\": {rule}"));
        }
    }

    fn ids<T>(&mut self, place: &str, ids: &[String], parse: impl Fn(&str, &str) -> Result<T, Invalid>) {
        for (n, id) in ids.iter().enumerate() {
            self.id(&format!("{place}[{n}]"), parse(place, id));
        }
        self.once(place, ids);
    }

    /// Lists here are sets: an item that stands twice is a slip.
    fn once<T: Eq + Hash>(&mut self, place: &str, items: &[T]) {
        let mut seen = HashSet::new();
        for (n, item) in items.iter().enumerate() {
            if !seen.insert(item) {
                self.add(format!("{place}[{n}]"), "is listed before; leave one out");
            }
        }
    }

    fn figure(&mut self, place: &str, checked: Result<(), String>) {
        if let Err(why) = checked {
            self.add(place, why);
        }
    }

    fn pauses(&mut self, definition: &Definition) {
        let of = |section: &str| format!("{section}.pauses");
        let sections = [
            (of("first_response"), &definition.first_response.pauses),
            (of("next_response"), &definition.next_response.pauses),
            (of("resolution"), &definition.resolution.pauses),
        ];
        self.once("pauses", &definition.pauses);
        for (place, pauses) in sections {
            self.once(&place, pauses.as_deref().unwrap_or_default());
        }
        self.once("resolution.excludes", &definition.resolution.excludes);
    }

    fn positive_from(&mut self, from: &PositiveFrom) {
        let scales: [(&str, u8, RangeInclusive<u8>); 3] =
            [("binary", from.binary, 1..=1), ("four", from.four, 2..=4), ("five", from.five, 2..=5)];
        for (scale, given, allowed) in scales {
            if !allowed.contains(&given) {
                let (low, high) = (allowed.start(), allowed.end());
                let rule = if low == high { format!("must be {low}") } else { format!("must be {low} to {high}") };
                let why = "or every answer of that scale, or none, would be positive";
                self.add(format!("csat.positive_from.{scale}"), format!("is {given}; it {rule}, {why}"));
            }
        }
    }

    fn goals(&mut self, goals: &[Goal]) {
        for (n, goal) in goals.iter().enumerate() {
            let place = format!("goals[{n}]");
            self.figure(&format!("{place}.value"), figures::check(OVERVIEW, "the overview", &goal.value));
            if goal.at_least.is_some() == goal.at_most.is_some() {
                self.add(&place, "must have either at_least or at_most; for both write two goals");
            }
            for (name, bound) in [("at_least", goal.at_least), ("at_most", goal.at_most)] {
                if bound.is_some_and(|bound| bound.millionths.abs() > BOUND_MAX) {
                    self.add(format!("{place}.{name}"), "is too large; at most 1000000000 either way is allowed");
                }
            }
        }
        self.once("goals", goals);
    }

    fn target(&mut self, place: &str, target: &Target) {
        self.once(&format!("{place}.priorities"), &target.priorities);
        self.ids(&format!("{place}.departments"), &target.departments, DepartmentId::parse);
        self.ids(&format!("{place}.branches"), &target.branches, BranchId::parse);
        self.ids(&format!("{place}.tiers"), &target.tiers, TierId::parse);
        if target.within.amount == 0 {
            self.add(format!("{place}.within"), "is zero; it must be above zero");
        }
    }

    fn schedules(&mut self, schedules: &[Schedule]) {
        let mut names = HashSet::new();
        for (n, schedule) in schedules.iter().enumerate() {
            let place = format!("schedules[{n}]");
            if !names.insert(&schedule.name) {
                self.add(
                    format!("{place}.name"),
                    format!("another schedule is called {} too; give each its own name", schedule.name),
                );
            }
            self.schedule(&place, schedule);
        }
    }

    fn schedule(&mut self, place: &str, schedule: &Schedule) {
        self.id(&format!("{place}.name"), ScheduleName::parse("name", &schedule.name));
        self.ids(&format!("{place}.branches"), &schedule.branches, BranchId::parse);
        self.ids(&format!("{place}.departments"), &schedule.departments, DepartmentId::parse);
        if let (Some(from), Some(until)) = (schedule.from, schedule.until)
            && until < from
        {
            self.add(
                format!("{place}.until"),
                format!("{until} lies before from, {from}; until is the last valid date"),
            );
        }
        self.hours(place, schedule);
        self.holidays(&format!("{place}.holidays"), schedule);
    }

    fn hours(&mut self, place: &str, schedule: &Schedule) {
        let any = schedule.weekly.values().chain(schedule.special.values()).any(|hours| !hours.is_empty());
        if !any {
            let why = "is never open: give it hours in weekly, such as weekly = { monday = [\"09:00-17:00\"] }; \
                       without any schedule it is always open";
            self.add(place, why);
        }
        let weekly = schedule.weekly.iter().map(|(day, hours)| (*day as i64, word(day), hours.as_slice()));
        self.apart(&format!("{place}.weekly"), weekly.collect(), Some(7));
        for (field, dates) in [("breaks", &schedule.breaks), ("special", &schedule.special)] {
            self.apart(&format!("{place}.{field}"), by_date(dates), None);
        }
        for (date, _) in schedule.breaks.iter().filter(|(_, hours)| hours.is_empty()) {
            self.add(format!("{place}.breaks.{date}"), "names no hours; leave the date out");
        }
    }

    /// Says which intervals overlap: of one day, or where one reaches past midnight. Days are counted from 0, in a
    /// circle of so many where there is one.
    fn apart(&mut self, place: &str, days: Vec<(i64, String, &[Hours])>, circle: Option<i64>) {
        let mut all: Vec<Span> = Vec::new();
        for (day, name, hours) in days {
            for (n, hours) in hours.iter().enumerate() {
                let (from, to) = (day * DAY + i64::from(hours.from), day * DAY + i64::from(hours.to));
                let span = Span { from, to, place: format!("{place}.{name}[{n}]"), shown: format!("{name} {hours}") };
                // What reaches past the end of the circle is at its beginning too.
                if let Some(turn) = circle.map(|days| days * DAY).filter(|turn| to > *turn) {
                    all.push(Span { from: from - turn, to: to - turn, ..span.clone() });
                }
                all.push(span);
            }
        }
        all.sort_by_key(|span| (span.from, span.to));
        let mut last: Option<&Span> = None;
        for span in &all {
            if let Some(before) = last.filter(|before| span.from < before.to) {
                self.add(
                    &span.place,
                    format!("{} overlaps {}; hours may touch, not overlap", span.shown, before.shown),
                );
            }
            last = last.filter(|before| before.to >= span.to).or(Some(span));
        }
    }

    fn holidays(&mut self, place: &str, schedule: &Schedule) {
        for (n, holiday) in schedule.holidays.iter().enumerate() {
            if let Holiday::Yearly { month, day } = *holiday
                && day > longest(schedule.calendar, month)
            {
                let (longest, calendar) = (longest(schedule.calendar, month), word(&schedule.calendar));
                let why = format!(
                    "{holiday} is in no year: month {month} of the {calendar} calendar has at most {longest} days"
                );
                self.add(format!("{place}[{n}]"), why);
            }
        }
        self.once(place, &schedule.holidays);
    }
}

#[derive(Clone)]
struct Span {
    from: i64,
    to: i64,
    place: String,
    shown: String,
}

fn by_date(dates: &BTreeMap<chrono::NaiveDate, Vec<Hours>>) -> Vec<(i64, String, &[Hours])> {
    use chrono::Datelike as _;
    dates.iter().map(|(date, hours)| (date.num_days_from_ce().into(), date.to_string(), hours.as_slice())).collect()
}

/// How a word of the document is written.
fn word(word: &impl serde::Serialize) -> String {
    serde_json::to_value(word).ok().and_then(|word| word.as_str().map(ToOwned::to_owned)).unwrap_or_default()
}

/// How many days a month has in a year in which it has most.
const fn longest(calendar: CalendarName, month: u8) -> u8 {
    match (calendar, month) {
        (CalendarName::Gregorian, 2) => 29,
        (CalendarName::Gregorian, 4 | 6 | 9 | 11) | (CalendarName::Jalali, 7..) => 30,
        _ => 31,
    }
}
