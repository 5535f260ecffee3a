//! The report `resolution-times`: how long it takes until a ticket is closed for good, and who was waited for.

use super::adding::adds;
use super::counting::{Counted, Counting, Whose};
use super::explain::part::{Lookup, PartOf, share_of, values};
use super::explain::recall::TakenBy;
use super::figure::{JsonFields, Tells};
use super::needs::Asked;
use super::targeting::{Ended, WITHIN_READ, Within};
use super::values::Values;
use super::{Fields, RowFigures, Terms};
use crate::definition::document::{Definition, Per, ResolutionEnds, TargetMetric};
use crate::exact::Share;
use crate::measurements::Measurements;
use crate::measurements::kinds::{Closings, FirstClosings};
use crate::measurements::needs::Needs;

/// A row being counted.
#[derive(Default)]
pub(super) struct ResolutionTimes {
    first: Values,
    full: Values,
    within: Share,
    open: Values,
    requester_wait: Values,
    customer_wait: Values,
    agent_work: Values,
    on_hold: Values,
    on_hold_customer: Values,
    on_hold_third_party: Values,
}

adds!(ResolutionTimes {
    first,
    full,
    within,
    open,
    requester_wait,
    customer_wait,
    agent_work,
    on_hold,
    on_hold_customer,
    on_hold_third_party,
});

impl RowFigures for ResolutionTimes {
    const FIGURES: u64 = 10;
    const APART: bool = true;

    fn reads(asked: &Asked<'_>) -> Needs {
        asked.of(&["first_resolution"], Needs::FirstClosings)
            | asked.of(&["full_resolution", "within"], full_resolutions_read(asked.document))
            | asked.of(&["within"], WITHIN_READ)
            | asked.of(&OF_LAST_CLOSINGS, Needs::Closings | Needs::Stretches)
    }

    /// First resolutions count at the first closing, all else at the last, of tickets that are closed.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements) {
        let query = counting.query;
        if query.asks("first_resolution") {
            counting.each(
                &state.first_closings,
                |c| Whose::Closing(c.values.closing.get(c.row)),
                |row, c| row.first.push(c.values.took.get(c.row)),
            );
        }
        if query.asks_any(&["full_resolution", "within"]) {
            count_full_resolutions(counting, state);
        }
        if query.asks_any(&OF_LAST_CLOSINGS) {
            count_last_closings(counting, state);
        }
    }

    const EXPLAINED: &'static [&'static str] = &[
        "first_resolution",
        "full_resolution",
        "open_time",
        "requester_wait",
        "customer_wait",
        "agent_work",
        "on_hold",
        "on_hold_customer",
        "on_hold_third_party",
        "within",
    ];

    fn parts<'a>(figure: &str, _: &Lookup<'a>) -> Option<PartOf<'a, Self>> {
        Some(match figure {
            "first_resolution" => values(|row: &Self| row.first.first()),
            "full_resolution" => values(|row: &Self| row.full.first()),
            "open_time" => values(|row: &Self| row.open.first()),
            "requester_wait" => values(|row: &Self| row.requester_wait.first()),
            "customer_wait" => values(|row: &Self| row.customer_wait.first()),
            "agent_work" => values(|row: &Self| row.agent_work.first()),
            "on_hold" => values(|row: &Self| row.on_hold.first()),
            "on_hold_customer" => values(|row: &Self| row.on_hold_customer.first()),
            "on_hold_third_party" => values(|row: &Self| row.on_hold_third_party.first()),
            "within" => share_of(|row: &Self| row.within, |row| row.full.first()),
            _ => return None,
        })
    }

    fn figures(mut self, _: &Measurements, terms: &Terms) -> Fields {
        let mut figures = Fields::new();
        self.tell(terms, &mut figures);
        figures
    }

    fn write(&mut self, _: &Measurements, terms: &Terms, _: &dyn Fn(&str) -> bool, to: &mut JsonFields<'_>) {
        self.tell(terms, to);
    }
}

impl ResolutionTimes {
    fn tell(&mut self, terms: &Terms, to: &mut impl Tells) {
        terms.tell(to, "first_resolution", || self.first.distribution());
        terms.tell(to, "full_resolution", || self.full.distribution());
        terms.tell(to, "open_time", || self.open.distribution());
        terms.tell(to, "requester_wait", || self.requester_wait.distribution());
        terms.tell(to, "customer_wait", || self.customer_wait.distribution());
        terms.tell(to, "agent_work", || self.agent_work.distribution());
        terms.tell(to, "on_hold", || self.on_hold.distribution());
        terms.tell(to, "on_hold_customer", || self.on_hold_customer.distribution());
        terms.tell(to, "on_hold_third_party", || self.on_hold_third_party.distribution());
        terms.tell(to, "within", || self.within);
    }
}

/// The figures that are counted at last closings.
const OF_LAST_CLOSINGS: [&str; 7] = [
    "open_time",
    "requester_wait",
    "customer_wait",
    "agent_work",
    "on_hold",
    "on_hold_customer",
    "on_hold_third_party",
];

fn count_full_resolutions(counting: &mut Counting<'_, ResolutionTimes>, state: &Measurements) {
    if !counting.query.asks("within") {
        return each_full_resolution(counting, state, |_| true, |row, resolution| row.full.push(resolution.took()));
    }
    let within = Within::of(counting, TargetMetric::FullResolution);
    let count = |row: &mut ResolutionTimes, resolution: &Ended<'_>| {
        row.full.push(resolution.took());
        row.within.add(within.holds(resolution));
    };
    each_full_resolution(counting, state, |_| true, count);
}

fn count_last_closings(counting: &mut Counting<'_, ResolutionTimes>, state: &Measurements) {
    each_last_closing(counting, state, |row, c| {
        let (v, i) = (c.values, c.row);
        row.open.push(v.open.get(i));
        row.requester_wait.push(v.agent_work.get(i) + v.held_for_third_party.get(i));
        row.customer_wait.push(v.waiting_for_customer.get(i) + v.held_for_customer.get(i));
        row.agent_work.push(v.agent_work.get(i));
        row.on_hold.push(v.held_for_customer.get(i) + v.held_for_third_party.get(i));
        row.on_hold_customer.push(v.held_for_customer.get(i));
        row.on_hold_third_party.push(v.held_for_third_party.get(i));
    });
}

/// Counts the last closing of each ticket that is closed, by attribution.
pub(super) fn each_last_closing<R: Default>(
    counting: &mut Counting<'_, R>,
    state: &Measurements,
    count: impl FnMut(&mut R, &Counted<'_, Closings>),
) {
    let recall = counting.recall;
    let stays = |c: &Counted<'_, Closings>| !recall.is_taken_back(c.values.retracted.get(c.row), TakenBy::Reopening);
    counting.each_where(&state.closings, |c| Whose::Closing(c.values.number.get(c.row)), stays, count);
}

/// What [`each_full_resolution`] reads.
pub(super) fn full_resolutions_read(document: &Definition) -> Needs {
    match document.folded().ends {
        ResolutionEnds::FirstClose => Needs::FirstClosings,
        ResolutionEnds::LastClose => Needs::Closings,
    }
}

/// Hands on every full resolution that `keep` keeps: at the last closing of tickets that are closed, at the first closing, or at every
/// one, as the definition says.
pub(super) fn each_full_resolution<R: Default>(
    counting: &mut Counting<'_, R>,
    state: &Measurements,
    keep: impl Fn(&Ended<'_>) -> bool,
    mut count: impl FnMut(&mut R, &Ended<'_>),
) {
    let (recall, folded) = (counting.recall, state.folded());
    let every = folded.resolution_per == Per::Cycle;
    let stands =
        |c: &Counted<'_, Closings>| every || !recall.is_taken_back(c.values.retracted.get(c.row), TakenBy::Reopening);
    counting.measure(TargetMetric::FullResolution, |counting| {
        if folded.ends == ResolutionEnds::FirstClose {
            let whose = |c: &Counted<'_, FirstClosings>| Whose::Closing(c.values.closing.get(c.row));
            let keep = |c: &Counted<'_, FirstClosings>| keep(&Ended::of(c));
            return counting.each_where(&state.first_closings, whose, keep, |row, c| count(row, &Ended::of(c)));
        }
        counting.each_where(
            &state.closings,
            |c| Whose::Closing(c.values.number.get(c.row)),
            |c| stands(c) && keep(&Ended::of(c)),
            |row, c| count(row, &Ended::of(c)),
        );
    });
}
