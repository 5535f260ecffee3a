//! The report `flow`: what comes in, goes out, comes back and moves on.

use super::adding::adds;
use super::counting::{Counting, Whose};
use super::explain::part::{Lookup, PartOf, count, share, values};
use super::explain::recall::TakenBy;
use super::figure::Figure;
use super::needs::Asked;
use super::values::Values;
use super::{Fields, RowFigures, Terms, by_name};
use crate::definition::document::OneTouchCounts;
use crate::dimensions::{Renumbering, renumbered_small};
use crate::exact::Share;
use crate::measurements::Measurements;
use crate::measurements::chunk::written;
use crate::measurements::kinds::ActorKind;
use crate::measurements::needs::Needs;
use daftar_eventlog::Position;
use std::collections::HashMap;

/// Counts in distributions are in millionths, as durations are.
const ONE: i64 = 1_000_000;

/// The figures that are counted at closings.
const OF_CLOSINGS: [&str; 5] = ["closed", "closed_tickets", "replies_per_closed", "closed_by", "reasons"];

/// A row being counted.
#[derive(Default)]
pub(super) struct Flow {
    opened: u64,
    closed: u64,
    closed_tickets: u64,
    reopenings: u64,
    reopened_tickets: u64,
    first_closed: FirstClosed,
    replies: Values,
    closed_by_agent: u64,
    closed_by_customer: u64,
    closed_by_automation: u64,
    reasons: HashMap<u16, u64>,
    transfers: u64,
    transferred_tickets: u64,
    between: HashMap<(u16, u16), u64>,
    stays: HashMap<u16, Values>,
    priority_changed: u64,
}

adds!(Flow {
    opened,
    closed,
    closed_tickets,
    reopenings,
    reopened_tickets,
    first_closed,
    replies,
    closed_by_agent,
    closed_by_customer,
    closed_by_automation,
    reasons,
    transfers,
    transferred_tickets,
    between,
    stays,
    priority_changed,
});

impl RowFigures for Flow {
    const FIGURES: u64 = 15;
    const APART: bool = true;

    fn reads(asked: &Asked<'_>) -> Needs {
        asked.of(&["opened"], Needs::Openings)
            | asked.of(&["priority_changed"], Needs::PriorityChanges)
            | asked.of(&OF_CLOSINGS, Needs::Closings | Needs::Comings | Needs::Reasons)
            | asked.of(&["reopen_rate", "one_touch_rate"], REOPENED_READ)
            | asked.of(&["one_touch_rate"], Needs::Replies)
            | asked.of(&["reopenings", "reopened_tickets"], Needs::Reopenings)
            | asked.of(&["transfers", "transferred_tickets", "between"], Needs::Transfers | Needs::Departments)
            | asked.of(&["stay"], Needs::Stays | Needs::Departments)
    }

    /// Every moment counts in its own period; of a ticket with several of a kind in one period, the first decides
    /// which row its ticket is counted in.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements) {
        let query = counting.query;
        if query.asks("opened") {
            counting.each(&state.openings, |_| Whose::Agent, |row, _| row.opened += 1);
        }
        if query.asks("priority_changed") {
            counting.each(&state.priority_changes, |_| Whose::Agent, |row, _| row.priority_changed += 1);
        }
        if query.asks_any(&OF_CLOSINGS) {
            count_closings(counting, state);
        }
        if query.asks_any(&["reopen_rate", "one_touch_rate"]) {
            count_first_closings(counting, state, query.asks("one_touch_rate"), |row| &mut row.first_closed);
        }
        if query.asks_any(&["reopenings", "reopened_tickets"]) {
            count_reopenings(counting, state);
        }
        if query.asks_any(&["transfers", "transferred_tickets", "between"]) {
            count_transfers(counting, state);
        }
        if query.asks("stay") {
            count_stays(counting, state);
        }
    }

    fn renumber(&mut self, numbers: &Renumbering) {
        let department = |number: u16| renumbered_small(&numbers.departments, number);
        let reasons = std::mem::take(&mut self.reasons).into_iter();
        self.reasons = reasons.map(|(reason, count)| (renumbered_small(&numbers.reasons, reason), count)).collect();
        let between = std::mem::take(&mut self.between).into_iter();
        self.between = between.map(|((from, to), count)| ((department(from), department(to)), count)).collect();
        let stays = std::mem::take(&mut self.stays).into_iter();
        self.stays = stays.map(|(number, times)| (department(number), times)).collect();
    }

    const EXPLAINED: &'static [&'static str] = &[
        "opened",
        "closed",
        "closed_tickets",
        "reopenings",
        "reopened_tickets",
        "reopen_rate",
        "one_touch_rate",
        "replies_per_closed",
        "closed_by.ACTOR",
        "reasons.REASON",
        "transfers",
        "transferred_tickets",
        "between",
        "between.NUMBER",
        "stay.NUMBER",
        "priority_changed",
    ];

    fn parts<'a>(figure: &str, lookup: &Lookup<'a>) -> Option<PartOf<'a, Self>> {
        Some(match figure {
            "opened" => count(|row: &Self| row.opened),
            "closed" => count(|row: &Self| row.closed),
            "closed_tickets" => count(|row: &Self| row.closed_tickets),
            "reopenings" => count(|row: &Self| row.reopenings),
            "reopened_tickets" => count(|row: &Self| row.reopened_tickets),
            "reopen_rate" => share(|row: &Self| row.first_closed.reopen_rate()),
            "one_touch_rate" => share(|row: &Self| row.first_closed.one_touch_rate()),
            "replies_per_closed" => values(|row: &Self| row.replies.first()),
            "closed_by.agent" => count(|row: &Self| row.closed_by_agent),
            "closed_by.customer" => count(|row: &Self| row.closed_by_customer),
            "closed_by.automation" => count(|row: &Self| row.closed_by_automation),
            "transfers" => count(|row: &Self| row.transfers),
            "transferred_tickets" => count(|row: &Self| row.transferred_tickets),
            "between" => count(|row: &Self| row.between.values().sum()),
            "priority_changed" => count(|row: &Self| row.priority_changed),
            _ => return Self::parts_of_one(figure, lookup),
        })
    }

    fn figures(mut self, state: &Measurements, _: &Terms) -> Fields {
        let reasons = by_name(self.reasons, |reason| state.dimensions.reasons.name(u32::from(*reason)));
        vec![
            ("opened".into(), self.opened.into()),
            ("closed".into(), self.closed.into()),
            ("closed_tickets".into(), self.closed_tickets.into()),
            ("reopenings".into(), self.reopenings.into()),
            ("reopened_tickets".into(), self.reopened_tickets.into()),
            ("reopen_rate".into(), self.first_closed.reopen_rate().into()),
            ("one_touch_rate".into(), self.first_closed.one_touch_rate().into()),
            ("replies_per_closed".into(), self.replies.distribution().into()),
            (
                "closed_by".into(),
                Figure::object([
                    ("agent", self.closed_by_agent.into()),
                    ("customer", self.closed_by_customer.into()),
                    ("automation", self.closed_by_automation.into()),
                ]),
            ),
            ("reasons".into(), reasons),
            ("transfers".into(), self.transfers.into()),
            ("transferred_tickets".into(), self.transferred_tickets.into()),
            ("between".into(), between(self.between, state)),
            ("stay".into(), stays(self.stays, state)),
            ("priority_changed".into(), self.priority_changed.into()),
        ]
    }
}

impl Flow {
    /// The parts of a figure that is one of several: of a reason, or at a place in a list of departments.
    fn parts_of_one<'a>(figure: &str, lookup: &Lookup<'a>) -> Option<PartOf<'a, Self>> {
        let dimensions = &lookup.state.dimensions;
        if let Some(reason) = figure.strip_prefix("reasons.") {
            let reason = u16::try_from(dimensions.reasons.get(reason)?).ok()?;
            return Some(count(move |row: &Self| row.reasons.get(&reason).copied().unwrap_or(0)));
        }
        let (list, place) = figure.split_once('.').filter(|(_, place)| place.parse::<usize>().is_ok())?;
        let row = (lookup.row)();
        let department = |name: &str| match row.get(list)?.get(place)?.get(name)? {
            Figure::Text(department) => u16::try_from(dimensions.departments.get(department)?).ok(),
            _ => Some(0),
        };
        match list {
            "between" => {
                let way = (department("from")?, department("to")?);
                Some(count(move |row: &Self| row.between.get(&way).copied().unwrap_or(0)))
            }
            "stay" => {
                let department = department("department")?;
                Some(values(move |row: &Self| row.stays.get(&department)?.first()))
            }
            _ => None,
        }
    }
}

/// Tickets closed for the first time, and what became of them.
#[derive(Clone, Copy, Default)]
pub(super) struct FirstClosed {
    all: u64,
    reopened: u64,
    one_touch: u64,
}

adds!(FirstClosed { all, reopened, one_touch });

impl FirstClosed {
    /// Those reopened since.
    pub(super) fn reopen_rate(self) -> Share {
        Share { count: self.reopened, of: self.all }
    }

    /// Those with one public agent reply, or with none where that is allowed, and no reopening.
    pub(super) fn one_touch_rate(self) -> Share {
        Share { count: self.one_touch, of: self.all }
    }
}

/// What [`count_first_closings`] reads, but for replies.
pub(super) const REOPENED_READ: Needs = Needs::FirstClosings.and(Needs::Reopened);

/// Counts first closings, by attribution; how often agents replied only where that is asked.
pub(super) fn count_first_closings<R: Default>(
    counting: &mut Counting<'_, R>,
    state: &Measurements,
    with_replies: bool,
    of: impl Fn(&mut R) -> &mut FirstClosed,
) {
    let (position, tickets) = (counting.position, &state.tickets);
    let mut first_reopening = tickets.first_reopenings();
    let or_none = counting.terms.document().one_touch.counts == OneTouchCounts::AtMostOne;
    let replied_once = |ticket| {
        let replied = or_none || written(tickets.first_reply(ticket), position);
        replied && !written(tickets.second_reply(ticket), position)
    };
    counting.each(
        &state.first_closings,
        |c| Whose::Closing(c.values.closing.get(c.row)),
        |row, c| {
            let ticket = c.ticket();
            let reopened = written(first_reopening(ticket), position);
            let first_closed = of(row);
            first_closed.all += 1;
            first_closed.reopened += u64::from(reopened);
            first_closed.one_touch += u64::from(with_replies && !reopened && replied_once(ticket));
        },
    );
}

fn count_closings(counting: &mut Counting<'_, Flow>, state: &Measurements) {
    let (position, recall, query) = (counting.position, counting.recall, counting.query);
    // A reopening takes back the replies of a closing, not the closing: it is looked back at for their figure alone.
    let replies_alone = !query.asks_any(&["closed", "closed_tickets", "closed_by", "reasons"]);
    let is_undone = |reopened: Position| match replies_alone {
        true => recall.is_taken_back(reopened, TakenBy::Reopening),
        false => written(reopened, position),
    };
    counting.each(
        &state.closings,
        |c| Whose::Closing(c.values.number.get(c.row)),
        |row, c| {
            row.closed += 1;
            row.closed_tickets += u64::from(c.is_first(c.values.previous.get(c.row)));
            match c.values.by.get(c.row) {
                ActorKind::Agent => row.closed_by_agent += 1,
                ActorKind::Customer => row.closed_by_customer += 1,
                ActorKind::Automation => row.closed_by_automation += 1,
            }
            let reason = c.moments.reason.get(c.row);
            if reason != 0 {
                *row.reasons.entry(reason).or_default() += 1;
            }
            if !is_undone(c.values.retracted.get(c.row)) {
                row.replies.push(i64::from(c.values.replies.get(c.row)) * ONE);
            }
        },
    );
}

fn count_reopenings(counting: &mut Counting<'_, Flow>, state: &Measurements) {
    counting.each(
        &state.reopenings,
        |c| Whose::Closing(c.values.closing.get(c.row)),
        |row, c| {
            row.reopenings += 1;
            row.reopened_tickets += u64::from(c.is_first(c.values.previous.get(c.row)));
        },
    );
}

fn count_transfers(counting: &mut Counting<'_, Flow>, state: &Measurements) {
    counting.each(
        &state.transfers,
        |_| Whose::Agent,
        |row, c| {
            row.transfers += 1;
            row.transferred_tickets += u64::from(c.is_first(c.values.previous.get(c.row)));
            let (from, to) = (c.moments.department.get(c.row), c.values.to.get(c.row));
            if from != to {
                *row.between.entry((from, to)).or_default() += 1;
            }
        },
    );
}

fn count_stays(counting: &mut Counting<'_, Flow>, state: &Measurements) {
    counting.each(
        &state.stays,
        |c| c.values.closing.get(c.row).map_or(Whose::Agent, Whose::Closing),
        |row, c| {
            row.stays.entry(c.moments.department.get(c.row)).or_default().push(c.values.took.get(c.row));
        },
    );
}

fn between(counts: HashMap<(u16, u16), u64>, state: &Measurements) -> Figure {
    let name = |number: u16| state.dimensions.departments.name(u32::from(number));
    let mut counts: Vec<_> = counts.into_iter().map(|((from, to), count)| (name(from), name(to), count)).collect();
    counts.sort_unstable_by_key(|(from, to, _)| (from.is_none(), *from, to.is_none(), *to));
    let object = |(from, to, count): (Option<&str>, Option<&str>, u64)| {
        Figure::object([("from", from.into()), ("to", to.into()), ("count", count.into())])
    };
    Figure::List(counts.into_iter().map(object).collect())
}

fn stays(stays: HashMap<u16, Values>, state: &Measurements) -> Figure {
    let name = |number: u16| state.dimensions.departments.name(u32::from(number));
    let mut stays: Vec<_> = stays.into_iter().map(|(department, times)| (name(department), times)).collect();
    stays.sort_unstable_by_key(|(department, _)| (department.is_none(), *department));
    Figure::List(stays.into_iter().map(|(department, times)| stay(department, times)).collect())
}

/// A department and the distribution of stays in it, side by side in one object.
fn stay(department: Option<&str>, mut times: Values) -> Figure {
    let mut fields = vec![("department".into(), Figure::from(department))];
    if let Figure::Object(distribution) = times.distribution().into() {
        fields.extend(distribution);
    }
    Figure::Object(fields)
}
