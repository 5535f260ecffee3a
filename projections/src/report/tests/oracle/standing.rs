//! What stands open at an instant, and the reports that are about agents, hours and what stands open.

use super::super::plain::Definition;
use super::{
    Doing, Part, Ticket, What, count, distribution, flow, resolution_times, response_times, satisfaction, value,
};
use crate::exact::{Decimal, Share};
use crate::test_support::Entry;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// One look at what stands open: for the period that starts at `row`, everything before `before` seen, at `now`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) row: i64,
    pub(crate) before: i64,
    pub(crate) now: i64,
}

/// Every ticket that stands open, once for each look.
pub(crate) fn standing(entries: &[Entry], looks: &[Look]) -> Vec<Part> {
    let mut tickets: BTreeMap<u32, Vec<&Entry>> = BTreeMap::new();
    entries.iter().for_each(|entry| tickets.entry(entry.ticket).or_default().push(entry));
    let all = tickets.values().filter(|events| !Ticket(events).is_void());
    all.flat_map(|events| looks.iter().filter_map(|look| open_at(events, *look))).collect()
}

fn open_at(events: &[&Entry], look: Look) -> Option<Part> {
    let seen: Vec<&Entry> = events.iter().copied().filter(|event| event.at < look.before).collect();
    let (last, ticket) = (seen.len().checked_sub(1)?, Ticket(&seen));
    let doing = ticket.doing(last);
    let what = What::Open {
        unassigned: ticket.assignee(last).is_none(),
        unanswered: ticket.clock_start().is_some() && ticket.first_response().is_none(),
        held: matches!(doing, Doing::HeldCustomer | Doing::HeldThird),
        age: look.now - events[0].at,
    };
    let part = Part { at: look.row, department: ticket.department(last), agent: ticket.assignee(last), what };
    (doing != Doing::Closed).then_some(part)
}

/// The opening of the first ticket that is in the figures.
pub(crate) fn first_opening(entries: &[Entry]) -> Option<i64> {
    let mut tickets: BTreeMap<u32, Vec<&Entry>> = BTreeMap::new();
    entries.iter().for_each(|entry| tickets.entry(entry.ticket).or_default().push(entry));
    tickets.values().filter(|events| !Ticket(events).is_void()).map(|events| events[0].at).min()
}

pub(super) fn overview(parts: &[&Part], definition: &Definition, same: &dyn Fn(i64, i64) -> bool) -> Value {
    let (said, first) = (satisfaction(parts, definition), response_times(parts));
    let (took, flow) = (resolution_times(parts, definition), flow(parts, same));
    json!({
        "opened": flow["opened"], "closed": flow["closed"], "backlog": count(parts, |w| matches!(w, What::Open { .. })),
        "csat": said["csat"], "reply_rating": said["reply_rating"], "first_response": first["first_response"],
        "full_resolution": took["full_resolution"], "reopen_rate": flow["reopen_rate"],
        "response_rate": said["response_rate"], "nps": said["nps"],
    })
}

pub(super) fn backlog(parts: &[&Part]) -> Value {
    let of = |is: &dyn Fn(bool, bool, bool, i64) -> bool| {
        count(parts, |w| match w {
            What::Open { unassigned, unanswered, held, age } => is(*unassigned, *unanswered, *held, *age),
            _ => false,
        })
    };
    let aged = |from: i64, to: i64| of(&|_, _, _, age| from * DAY <= age && age < to * DAY);
    json!({
        "open": of(&|_, _, _, _| true), "unassigned": of(&|unassigned, _, _, _| unassigned),
        "unanswered": of(&|_, unanswered, _, _| unanswered), "held": of(&|_, _, held, _| held),
        "ages": { "under_1d": aged(0, 1), "1d_3d": aged(1, 3), "3d_7d": aged(3, 7), "7d_30d": aged(7, 30),
            "over_30d": aged(30, 100_000) },
    })
}

pub(super) fn volume(parts: &[&Part]) -> Value {
    let mut cells = Vec::new();
    for hour in 0..7 * 24 {
        // 1970 began on a Thursday, three days into a week.
        let here: Vec<&Part> = parts.iter().copied().filter(|p| (p.at.div_euclid(HOUR) + 72) % 168 == hour).collect();
        let opened = count(&here, |w| matches!(w, What::Opened));
        let replies = count(&here, |w| matches!(w, What::Replied));
        cells.push(json!({ "weekday": hour / 24 + 1, "hour": hour % 24, "opened": opened, "replies": replies }));
    }
    json!({ "cells": cells })
}

/// An agent's row; the rank is told by [`ranks`].
pub(super) fn leaderboard(parts: &[&Part], definition: &Definition, same: &dyn Fn(i64, i64) -> bool) -> Value {
    let (said, flow) = (satisfaction(parts, definition), flow(parts, same));
    let first = |w: &What| if let What::First(took) = w { Some(*took) } else { None };
    let full = |w: &What| if let What::Closed { last: Some(last), .. } = w { Some(last.took) } else { None };
    let mut targets = Share { count: 0, of: count(parts, |w| matches!(w, What::PastDue)) };
    for what in parts.iter().map(|part| &part.what) {
        for (took, target) in
            [(first(what), definition.first_response_target), (full(what), definition.full_resolution_target)]
        {
            if let (Some(took), Some(target)) = (took, target) {
                targets.of += 1;
                targets.count += u64::from(took <= target);
            }
        }
    }
    json!({
        "agent": parts.first().and_then(|part| part.agent), "closed": flow["closed"],
        "public_replies": count(parts, |w| matches!(w, What::Replied)), "reply_rating": said["reply_rating"],
        "csat": said["csat"], "first_response": distribution(parts, first), "full_resolution": distribution(parts, full),
        "reopen_rate": flow["reopen_rate"], "one_touch_rate": flow["one_touch_rate"], "targets_met": value(targets),
    })
}

/// The ranks of one board, given answers and positive answers of each agent.
pub(crate) fn ranks(agents: &[(u64, u64)], minimum: u64) -> Vec<Option<u64>> {
    let low = |(of, count): (u64, u64)| Share { count, of }.low95().filter(|_| of >= minimum);
    let better =
        |than: Decimal| agents.iter().filter(|agent| low(**agent).is_some_and(|low| low > than)).count() as u64;
    agents.iter().map(|agent| low(*agent).map(|low| 1 + better(low))).collect()
}
