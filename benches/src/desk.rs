//! A help desk of three years, made up but believable, and the same each time: some six events a ticket, in the order
//! in which they happened or one ticket after the other.

mod columns;
mod events;
mod fill;
mod names;

use fastrand::Rng;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::vec::IntoIter;

pub use columns::{Columns, Did};
pub use names::Names;

/// 2023-01-01T00:00:00Z, in seconds.
const START: i64 = 1_672_531_200;
/// From there to 2026-01-01: 36 months.
const DAYS: i64 = 1_096;
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// How many departments tickets lie in.
pub const DEPARTMENTS: u16 = 12;
/// How many agents answer them; each works for every department.
pub const AGENTS: u16 = 400;
const BRANCHES: u16 = 20;
const CUSTOMERS: u32 = 250_000;

/// In which order a desk's events stand in its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they happened.
    Time,
    /// One ticket after the other, as an export often has them.
    Ticket,
}

/// A made-up desk.
#[derive(Debug, Clone, Copy)]
pub struct Desk {
    /// How many tickets it has, opened evenly over its three years.
    pub tickets: u32,
}

/// Something that happened to a ticket.
#[derive(Debug, Clone, Copy)]
pub struct Happening {
    /// When, in whole seconds since 1970.
    pub at: i64,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Opened { customer: u32, branch: u16, department: u16, channel: u8, priority: u8, tier: u8, tag: u8 },
    Assigned(u16),
    Transferred(u16),
    Prioritised(u8),
    Tagged(u8),
    Replied(u16),
    Noted(u16),
    CustomerWrote,
    Rated { reply: u32, score: u8 },
    Held,
    Resumed,
    Closed { by: u16, reason: u8 },
    Answered { closing: u32, score: u8, nps: Option<u8> },
    Reopened,
}

/// The wait of a customer for the first answer.
#[derive(Debug, Clone, Copy)]
pub struct FirstResponse {
    /// When the answer was given, in seconds since 1970.
    pub at: i64,
    /// How long the customer had waited, in seconds.
    pub took: i64,
    /// The ticket's department then.
    pub department: u16,
    /// Who answered.
    pub agent: u16,
}

impl Desk {
    /// What happened to the `n`th ticket, in order.
    #[must_use]
    pub fn life(self, n: u32) -> Vec<Happening> {
        Story::of(n, self.first_instant(n)).told()
    }

    /// The first public reply of an agent to each ticket that has one: worked out from what happened alone.
    pub fn first_responses(self) -> impl Iterator<Item = FirstResponse> {
        (0..self.tickets).filter_map(move |n| first_response(&self.life(n)))
    }

    /// Everything that happened, with the number of its ticket.
    #[must_use]
    pub fn events(self, order: Order) -> Box<dyn Iterator<Item = (u32, Happening)> + Send> {
        match order {
            Order::Ticket => {
                Box::new((0..self.tickets).flat_map(move |n| self.life(n).into_iter().map(move |h| (n, h))))
            }
            Order::Time => Box::new(InTime { desk: self, next: 0, due: BinaryHeap::new(), going_on: HashMap::new() }),
        }
    }

    /// The start of the day on which the `n`th ticket is opened.
    fn first_instant(self, n: u32) -> i64 {
        START + i64::from(n) * DAYS / i64::from(self.tickets) * DAY
    }
}

/// The lives of all tickets, merged by time.
struct InTime {
    desk: Desk,
    /// The next ticket to begin.
    next: u32,
    /// When the next event of each ticket that goes on is due.
    due: BinaryHeap<Reverse<(i64, u32)>>,
    going_on: HashMap<u32, IntoIter<Happening>>,
}

impl Iterator for InTime {
    type Item = (u32, Happening);

    fn next(&mut self) -> Option<Self::Item> {
        while self.next < self.desk.tickets && self.begins_before_what_is_due() {
            self.going_on.insert(self.next, self.desk.life(self.next).into_iter());
            self.wait_for(self.next);
            self.next += 1;
        }
        let Reverse((_, ticket)) = self.due.pop()?;
        let happening = self.going_on.get_mut(&ticket)?.next()?;
        self.wait_for(ticket);
        Some((ticket, happening))
    }
}

impl InTime {
    fn begins_before_what_is_due(&self) -> bool {
        self.due.peek().is_none_or(|Reverse((due, _))| self.desk.first_instant(self.next) <= *due)
    }

    fn wait_for(&mut self, ticket: u32) {
        match self.going_on.get(&ticket).and_then(|life| life.as_slice().first()) {
            Some(next) => self.due.push(Reverse((next.at, ticket))),
            None => drop(self.going_on.remove(&ticket)),
        }
    }
}

/// A ticket's life, being told.
struct Story {
    chance: Rng,
    at: i64,
    agent: u16,
    replies: u32,
    closings: u32,
    happened: Vec<Happening>,
}

impl Story {
    /// The story of a ticket that is opened on the day which begins at `day`.
    fn of(n: u32, day: i64) -> Self {
        let mut chance = Rng::with_seed(0x0DA_F7A4 + u64::from(n));
        // Three of four are opened in the daytime.
        let at = day + if chance.u8(..4) > 0 { 7 * HOUR + chance.i64(0..12 * HOUR) } else { chance.i64(0..DAY) };
        Self { at, agent: chance.u16(..AGENTS), chance, replies: 0, closings: 0, happened: Vec::with_capacity(8) }
    }

    fn told(mut self) -> Vec<Happening> {
        let department = self.open();
        self.before_the_first_answer(department);
        self.converse();
        self.close();
        if self.one_in(12) {
            let gap = self.between(HOUR, 5 * DAY);
            self.then(gap, Kind::Reopened);
            self.converse();
            self.close();
        }
        self.happened
    }

    fn then(&mut self, gap: i64, kind: Kind) {
        self.at += gap;
        self.happened.push(Happening { at: self.at, kind });
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.chance.u32(..n) == 0
    }

    /// A duration between two: short ones come far more often than long ones.
    fn between(&mut self, shortest: i64, longest: i64) -> i64 {
        let (shortest, longest) = (shortest as f64, longest as f64);
        #[expect(clippy::cast_possible_truncation, reason = "at most the longest, which is a whole number")]
        let seconds = (shortest * (longest / shortest).powf(self.chance.f64())).round() as i64;
        seconds
    }

    fn open(&mut self) -> u16 {
        let department = self.chance.u16(..DEPARTMENTS);
        let opened = Kind::Opened {
            customer: self.chance.u32(..CUSTOMERS),
            branch: self.chance.u16(..BRANCHES),
            department,
            channel: self.chance.u8(..4),
            priority: self.chance.u8(..8).min(1),
            tier: self.chance.u8(..4),
            tag: self.chance.u8(..20),
        };
        self.then(0, opened);
        department
    }

    fn before_the_first_answer(&mut self, department: u16) {
        if !self.one_in(8) {
            let gap = self.between(20, 2 * HOUR);
            self.then(gap, Kind::Assigned(self.agent));
        }
        if self.one_in(8) {
            let (gap, on) = (self.between(60, 4 * HOUR), self.chance.u16(1..DEPARTMENTS));
            self.then(gap, Kind::Transferred((department + on) % DEPARTMENTS));
        }
        if self.one_in(8) {
            let priority = self.chance.u8(2..4);
            self.then(30, Kind::Prioritised(priority));
        }
        if self.one_in(12) {
            let tag = self.chance.u8(..10);
            self.then(15, Kind::Tagged(tag));
        }
    }

    /// An answer or more, what the customer says to them, and what is done meanwhile.
    fn converse(&mut self) {
        if self.one_in(30) {
            return; // Nobody answered.
        }
        self.answer();
        while self.one_in(3) {
            let gap = self.between(120, 2 * DAY);
            self.then(gap, Kind::CustomerWrote);
            self.replies += 1;
            self.answer();
        }
        if self.one_in(6) {
            let gap = self.between(30, HOUR);
            self.then(gap, Kind::Noted(self.agent));
            self.replies += 1;
        }
        if self.one_in(10) {
            let (before, held) = (self.between(60, HOUR), self.between(HOUR, 3 * DAY));
            self.then(before, Kind::Held);
            self.then(held, Kind::Resumed);
        }
    }

    fn answer(&mut self) {
        if self.one_in(10) {
            self.agent = self.chance.u16(..AGENTS);
        }
        let gap = self.between(60, 16 * HOUR);
        self.then(gap, Kind::Replied(self.agent));
        self.replies += 1;
        if self.one_in(4) {
            let (gap, score) = (self.between(60, DAY), 5 - self.chance.u8(..9) / 2);
            self.then(gap, Kind::Rated { reply: self.replies, score });
        }
    }

    fn close(&mut self) {
        if self.one_in(60) {
            return; // It is still open.
        }
        let (gap, reason) = (self.between(60, 4 * DAY), self.chance.u8(..4));
        self.then(gap, Kind::Closed { by: self.agent, reason });
        self.closings += 1;
        if self.one_in(4) {
            let (gap, score) = (self.between(300, 3 * DAY), 5 - self.chance.u8(..9) / 2);
            let nps = self.one_in(2).then(|| 10 - self.chance.u8(..22) / 2);
            self.then(gap, Kind::Answered { closing: self.closings, score, nps });
        }
    }
}

fn first_response(life: &[Happening]) -> Option<FirstResponse> {
    let (mut opened, mut department) = (0, 0);
    for Happening { at, kind } in life {
        match kind {
            Kind::Opened { department: first, .. } => (opened, department) = (*at, *first),
            Kind::Transferred(to) => department = *to,
            Kind::Replied(agent) => {
                return Some(FirstResponse { at: *at, took: at - opened, department, agent: *agent });
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Desk = Desk { tickets: 3_000 };

    #[test]
    fn a_desk_has_some_six_events_a_ticket_and_every_department_and_agent() {
        let events = SMALL.events(Order::Ticket).count();
        assert!((5_000 * 3..7_000 * 3).contains(&events), "{events}");
        let responses: Vec<_> = SMALL.first_responses().collect();
        let departments: std::collections::HashSet<_> = responses.iter().map(|r| r.department).collect();
        let agents: std::collections::HashSet<_> = responses.iter().map(|r| r.agent).collect();
        assert_eq!((departments.len(), agents.len()), (12, 400));
        assert!(responses.iter().all(|r| r.took > 0));
    }

    #[test]
    fn both_orders_have_the_same_events_and_time_runs_forward_in_one() {
        let key = |(ticket, h): (u32, Happening)| (ticket, h.at, format!("{:?}", h.kind));
        let in_time: Vec<_> = SMALL.events(Order::Time).map(key).collect();
        assert!(in_time.is_sorted_by_key(|(_, at, _)| *at));
        let mut sorted = in_time;
        sorted.sort_by_key(|(ticket, at, _)| (*ticket, *at));
        let by_ticket: Vec<_> = SMALL.events(Order::Ticket).map(key).collect();
        assert_eq!(sorted, by_ticket);
    }
}
