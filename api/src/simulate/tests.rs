//! Whether the made-up help desk keeps the rules and is believable.

mod believable;

use super::*;
use daftar_domain::ticket::{Action, EventKind, Ticket, decide, evolve};
use daftar_domain::{Event, Limits};
use std::collections::{BTreeMap, HashSet};

fn until() -> Timestamp {
    Timestamp::parse("until", "2026-05-01T00:00:00Z").unwrap()
}

fn plan(tickets: usize) -> Plan {
    Plan { seed: 7, tickets, until: until() }
}

/// A ticket and what happened to it.
#[derive(Default)]
struct Told {
    ticket: Ticket,
    events: Vec<Event>,
}

impl Told {
    fn has(&self, is: fn(&EventKind) -> bool) -> bool {
        self.events.iter().any(|event| is(&event.kind))
    }
}

/// Everything that comes of acts, and how many of them changed nothing.
#[derive(Default)]
struct CarriedOut {
    tickets: BTreeMap<TicketId, Told>,
    without_effect: usize,
}

impl CarriedOut {
    fn carry_out(&mut self, act: &Act) {
        let told = self.tickets.entry(act.ticket.clone()).or_default();
        let events = decide(&told.ticket, act.command.clone(), act.at)
            .unwrap_or_else(|refused| panic!("{act:?}\non {:?}\nis refused: {refused}", told.ticket));
        self.without_effect += usize::from(events.is_empty());
        for event in events {
            assert_eq!(Limits::default().check(&event.kind), Ok(()));
            told.ticket = evolve(std::mem::take(&mut told.ticket), &event);
            told.events.push(event);
        }
    }
}

fn carried_out(acts: &[Act]) -> CarriedOut {
    let mut all = CarriedOut::default();
    acts.iter().for_each(|act| all.carry_out(act));
    all
}

#[test]
fn the_same_plan_gives_the_same_acts_and_another_seed_gives_others() {
    assert_eq!(plan(200).acts(), plan(200).acts());
    assert_ne!(plan(200).acts(), Plan { seed: 8, ..plan(200) }.acts());
}

#[test]
fn every_act_is_granted_and_hardly_any_changes_nothing() {
    for seed in 0..4 {
        let acts = Plan { seed, ..plan(1_500) }.acts();
        let count = acts.len();
        let all = carried_out(&acts);
        assert_eq!(all.tickets.len(), 1_500);
        assert!(all.without_effect * 1_000 <= count, "{} of {count} acts changed nothing", all.without_effect);
    }
}

#[test]
fn everything_happens_in_order_within_the_window_and_tickets_are_numbered_as_they_open() {
    let acts = plan(3_000).acts();
    let from = Timestamp::parse("from", "2024-11-01T00:00:00Z").unwrap();
    assert!(acts.iter().all(|act| from <= act.at && act.at < until()), "eighteen months before `until`");
    assert!(acts.windows(2).all(|two| (two[0].at, &two[0].ticket) <= (two[1].at, &two[1].ticket)));
    let opened: Vec<&TicketId> =
        acts.iter().filter(|act| matches!(act.command.action, Action::Open(_))).map(|act| &act.ticket).collect();
    assert_eq!(opened[0].as_str(), "HD-100001");
    assert!(opened.is_sorted());
    let instants: HashSet<(&TicketId, Timestamp)> = acts.iter().map(|act| (&act.ticket, act.at)).collect();
    assert_eq!(instants.len(), acts.len(), "no two acts on a ticket at one instant");
}

#[test]
fn plans_of_every_size_and_at_both_ends_of_the_calendar_work() {
    for tickets in [0, 1, 50, 50_000] {
        let acts = plan(tickets).acts();
        assert_eq!(acts.iter().filter(|act| matches!(act.command.action, Action::Open(_))).count(), tickets);
    }
    assert_eq!(Plan { until: Timestamp::MIN, ..plan(5) }.acts(), []);
    assert_eq!(carried_out(&Plan { until: Timestamp::MAX, ..plan(5) }.acts()).tickets.len(), 5);
}

#[test]
fn a_plan_that_goes_on_longer_cuts_fewer_stories() {
    let cut = carried_out(&plan(2_000).acts());
    let open = cut.tickets.values().filter(|told| !told.ticket.is_closed()).count();
    assert!((5..150).contains(&open), "a few days' worth of 2,000 tickets are still open, not {open}");
}

#[test]
fn live_goes_on_for_thousands_of_acts_without_a_refusal() {
    let mut live = Live::new(7);
    let mut all = carried_out(&plan(300).acts());
    let mut micros = until().micros();
    for step in 0..6_000 {
        micros += 20_000_000 + step;
        let desk: Vec<(TicketId, Ticket)> =
            all.tickets.iter().rev().take(60).map(|(id, told)| (id.clone(), told.ticket.clone())).collect();
        all.carry_out(&live.next(Timestamp::clamped(micros), &desk));
    }
    assert!(all.without_effect <= 6, "{} of 6,000 acts changed nothing", all.without_effect);
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    for event in all.tickets.values().flat_map(|told| &told.events).filter(|event| event.occurred_at >= until()) {
        *kinds.entry(event.kind.name()).or_default() += 1;
    }
    for kind in ["ticket_opened", "reply_posted", "ticket_closed", "survey_submitted", "reply_rated", "ticket_held"] {
        assert!(kinds.get(kind).is_some_and(|count| *count > 50), "{kind} is rare: {kinds:?}");
    }
    assert!(kinds["ticket_closed"] * 4 > kinds["ticket_opened"] * 3, "most that opens is closed again: {kinds:?}");
}

#[test]
fn live_is_the_same_for_the_same_seed_and_never_gives_an_id_twice() {
    let act = || Live::new(3).next(until(), &[]);
    assert_eq!(act(), act());
    let mut live = Live::new(3);
    let ids: HashSet<TicketId> = (0..500).map(|_| live.next(until(), &[]).ticket).collect();
    assert_eq!(ids.len(), 500);
}
