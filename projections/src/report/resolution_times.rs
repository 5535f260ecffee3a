//! The report `resolution-times`: how long it takes until a ticket is closed for good, and who was waited for.

use super::counting::{Counted, Counting};
use super::{Fields, RowFigures, Terms, within};
use crate::exact::Distribution;
use crate::measurements::Measurements;
use crate::measurements::chunk::written;
use crate::measurements::kinds::Closings;
use crate::ticket_facts::Micros;

/// A row being counted.
#[derive(Default)]
pub(super) struct ResolutionTimes {
    first: Vec<Micros>,
    full: Vec<Micros>,
    open: Vec<Micros>,
    requester_wait: Vec<Micros>,
    customer_wait: Vec<Micros>,
    agent_work: Vec<Micros>,
    on_hold: Vec<Micros>,
    on_hold_customer: Vec<Micros>,
    on_hold_third_party: Vec<Micros>,
}

impl RowFigures for ResolutionTimes {
    const FIGURES: u64 = 10;

    /// First resolutions count at the first closing, all else at the last, of tickets that are closed.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements) {
        counting.each(&state.first_closings, |row, c| row.first.push(c.values.took[c.row]));
        each_last_closing(counting, state, |row, c| {
            let (v, i) = (c.values, c.row);
            row.full.push(v.took[i]);
            row.open.push(v.open[i]);
            row.requester_wait.push(v.agent_work[i] + v.held_for_third_party[i]);
            row.customer_wait.push(v.waiting_for_customer[i] + v.held_for_customer[i]);
            row.agent_work.push(v.agent_work[i]);
            row.on_hold.push(v.held_for_customer[i] + v.held_for_third_party[i]);
            row.on_hold_customer.push(v.held_for_customer[i]);
            row.on_hold_third_party.push(v.held_for_third_party[i]);
        });
    }

    fn figures(self, _: &Measurements, terms: &Terms) -> Fields {
        let within = within(&self.full, terms.within.or(terms.definition.full_resolution_target));
        vec![
            ("first_resolution".into(), Distribution::of(self.first).into()),
            ("full_resolution".into(), Distribution::of(self.full).into()),
            ("open_time".into(), Distribution::of(self.open).into()),
            ("requester_wait".into(), Distribution::of(self.requester_wait).into()),
            ("customer_wait".into(), Distribution::of(self.customer_wait).into()),
            ("agent_work".into(), Distribution::of(self.agent_work).into()),
            ("on_hold".into(), Distribution::of(self.on_hold).into()),
            ("on_hold_customer".into(), Distribution::of(self.on_hold_customer).into()),
            ("on_hold_third_party".into(), Distribution::of(self.on_hold_third_party).into()),
            ("within".into(), within.into()),
        ]
    }
}

/// Counts the last closing of each ticket that is closed, by attribution: a full resolution is counted there.
pub(super) fn each_last_closing<R: Default>(
    counting: &mut Counting<'_, R>,
    state: &Measurements,
    count: impl FnMut(&mut R, &Counted<'_, Closings>),
) {
    let position = counting.position;
    counting.each_where(&state.closings, |c| !written(c.values.retracted[c.row], position), count);
}
