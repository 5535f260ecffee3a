//! Dissatisfaction cases and the tickets to review, told event by event.

use super::super::plain::Definition;
use super::standing::Look;
use super::{Doing, Part, Ticket, What, count, distribution, value};
use crate::exact::Share;
use crate::test_support::{Entry, Story};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DAY: i64 = 86_400_000_000;

/// A score that was given: whether it is positive, and where its dimensions were in force, for whom.
struct Said {
    positive: bool,
    score: (u8, u8),
    in_force: usize,
    agent: Option<&'static str>,
}

/// A ticket to review.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ToReview {
    pub(crate) ticket: String,
    pub(crate) reasons: Vec<&'static str>,
    pub(crate) since: i64,
    pub(crate) department: Option<&'static str>,
    pub(crate) agent: Option<&'static str>,
    /// Scale and score of the answer that opened its open case.
    pub(crate) answer: Option<(u8, u8)>,
}

/// The open cases, once for each look.
pub(crate) fn open_cases(entries: &[Entry], definition: &Definition, looks: &[Look]) -> Vec<Part> {
    let mut open = Vec::new();
    for events in by_ticket(entries).values().filter(|events| !Ticket(events).is_void()) {
        let ticket = Ticket(events);
        for (i, said) in ticket.opening_scores(definition) {
            let end = ticket.end(i, definition);
            let seen = |look: &&Look| ticket.at(i) < look.before && end.is_none_or(|end| look.before <= ticket.at(end));
            let part = |look: &Look| Part { at: look.row, ..ticket.part(i, said.in_force, said.agent, What::CaseOpen) };
            open.extend(looks.iter().filter(seen).map(part));
        }
    }
    open
}

/// The tickets to review at a look, in order.
pub(crate) fn to_review(entries: &[Entry], definition: &Definition, look: Look) -> Vec<ToReview> {
    let tickets = by_ticket(entries);
    let tickets = tickets.values().filter(|events| !Ticket(events).is_void());
    let mut all: Vec<_> = tickets.filter_map(|events| reviewed(events, definition, look)).collect();
    let worst = |t: &ToReview| {
        ["dissatisfied", "reopened", "unanswered", "stale"].iter().position(|reason| *reason == t.reasons[0])
    };
    all.sort_by_key(|ticket| (worst(ticket), ticket.since, ticket.ticket.clone()));
    all
}

fn reviewed(events: &[&Entry], definition: &Definition, look: Look) -> Option<ToReview> {
    let seen: Vec<&Entry> = events.iter().copied().filter(|event| event.at < look.before).collect();
    let (last, ticket) = (seen.len().checked_sub(1)?, Ticket(&seen));
    let follow_ups = ticket.all(|s| matches!(s, Story::FollowedUp(_)));
    let reopened = ticket.all(|s| matches!(s, Story::Reopened(_))).last().copied();
    let still = |since: usize| !follow_ups.iter().any(|n| *n > since);
    let mut reasons = Vec::new();
    let case = ticket.opening_scores(definition).into_iter().find(|(i, _)| ticket.end(*i, definition).is_none());
    reasons.extend(case.as_ref().map(|(i, _)| ("dissatisfied", ticket.at(*i))));
    if ticket.doing(last) != Doing::Closed {
        reasons.extend(reopened.filter(|n| still(*n)).map(|n| ("reopened", ticket.at(n))));
        let waits = ticket.clock_start().filter(|_| ticket.first_response().is_none()).map(|n| ticket.at(n));
        let stale = i64::from(definition.stale_days) * DAY;
        let wait = definition.first_response_target.unwrap_or(stale);
        for (reason, bound) in [("unanswered", waits.map(|at| at + wait)), ("stale", Some(ticket.at(0) + stale))] {
            let Some(bound) = bound.filter(|bound| *bound < look.now) else { continue };
            match reopened.filter(|n| ticket.at(*n) > bound) {
                Some(later) if still(later) => reasons.push((reason, ticket.at(later))),
                None if !follow_ups.iter().any(|n| ticket.at(*n) > bound) => reasons.push((reason, bound)),
                _ => {}
            }
        }
    }
    let (_, since) = *reasons.first()?;
    Some(ToReview {
        ticket: format!("T-{}", events[0].ticket),
        reasons: reasons.into_iter().map(|(reason, _)| reason).collect(),
        since,
        department: ticket.department(last),
        agent: ticket.assignee(last),
        answer: case.map(|(_, said)| said.score),
    })
}

fn by_ticket(entries: &[Entry]) -> BTreeMap<u32, Vec<&Entry>> {
    let mut tickets: BTreeMap<u32, Vec<&Entry>> = BTreeMap::new();
    entries.iter().for_each(|entry| tickets.entry(entry.ticket).or_default().push(entry));
    tickets
}

/// A row of the report `cases`.
pub(super) fn cases(parts: &[&Part]) -> Value {
    let took = |what: &What| if let What::CaseFollowedUp { took, .. } = what { Some(*took) } else { None };
    let followed_up = count(parts, |what| took(what).is_some());
    let recovered = count(parts, |what| matches!(what, What::CaseFollowedUp { recovered: true, .. }));
    json!({
        "opened": count(parts, |what| matches!(what, What::CaseOpened)),
        "open": count(parts, |what| matches!(what, What::CaseOpen)),
        "followed_up": followed_up, "time_to_follow_up": distribution(parts, took),
        "recovered": value(Share { count: recovered, of: followed_up }),
    })
}

impl Ticket<'_> {
    /// Cases opened, and cases followed up.
    pub(super) fn cases(&self, definition: &Definition) -> Vec<Part> {
        let mut parts = Vec::new();
        for (i, said) in self.opening_scores(definition) {
            parts.push(self.part(i, said.in_force, said.agent, What::CaseOpened));
            let end = self.end(i, definition).filter(|n| matches!(self.0[*n].story, Story::FollowedUp(_)));
            let Some(end) = end else { continue };
            let next = (end..self.0.len()).find_map(|n| self.said(n, definition));
            let recovered = next.is_some_and(|said| said.positive);
            let took = self.at(end) - self.at(i);
            parts.push(self.part(end, said.in_force, said.agent, What::CaseFollowedUp { took, recovered }));
        }
        parts
    }

    /// The negative scores that opened a case: none came between the event that ended the last one and them.
    fn opening_scores(&self, definition: &Definition) -> Vec<(usize, Said)> {
        let negative = |i: usize| self.said(i, definition).filter(|said| !said.positive);
        let opens = |i: usize| {
            let since = (0..i).rfind(|n| self.ends(*n, definition)).unwrap_or(0);
            (since..i).all(|n| negative(n).is_none())
        };
        (0..self.0.len()).filter(|i| opens(*i)).filter_map(|i| Some((i, negative(i)?))).collect()
    }

    /// What ended the case that the score at `i` opened.
    fn end(&self, i: usize, definition: &Definition) -> Option<usize> {
        (i..self.0.len()).find(|n| self.ends(*n, definition))
    }

    fn ends(&self, i: usize, definition: &Definition) -> bool {
        let better = || self.said(i, definition).is_some_and(|said| said.positive);
        matches!(self.0[i].story, Story::FollowedUp(_) | Story::Reopened(_)) || better()
    }

    /// The score that was given at `i`, if one was and was taken.
    fn said(&self, i: usize, definition: &Definition) -> Option<Said> {
        let said = |score: (u8, u8), in_force, agent| {
            let positive = score.1 >= definition.positive_from[usize::from(score.0)];
            Said { positive, score, in_force, agent }
        };
        match &self.0[i].story {
            Story::Rated { reply, satisfied } => {
                let rated = self.all(|s| matches!(s, Story::Replied(_) | Story::Noted(_)))[*reply as usize - 1];
                let Story::Replied(super::Who::Agent(author)) = self.0[rated].story else { return None };
                Some(said((0, u8::from(*satisfied)), rated, Some(author)))
            }
            Story::Answered { closing, answers } => {
                let closed = self.all(|s| matches!(s, Story::Closed { .. }))[*closing as usize - 1];
                let same = |s: &Story| matches!(s, Story::Answered { closing: other, .. } if other == closing);
                let reopened = |n: usize| matches!(self.0[n].story, Story::Reopened(_));
                let taken = !(self.all(same)[0]..i).any(reopened);
                answers.overall.filter(|_| taken).map(|score| said(score, closed, self.closed_for(closed)))
            }
            _ => None,
        }
    }
}
