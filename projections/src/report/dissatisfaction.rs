//! Dissatisfaction cases: when a ticket's customer turned out dissatisfied, and what came of it.

use super::counting::{Counted, Origin, Prefix, Whose};
use crate::columns::rows::Columns;
use crate::measurements::chunk::Table;
use crate::ticket_facts::{AnsweredField, Micros};
use daftar_domain::satisfaction::Scale;
use daftar_eventlog::Position;
use std::collections::HashMap;

/// The place of a moment in the order of a ticket's events.
pub(super) type Moment = (Micros, Position);

/// A negative score: of an answer to a survey, or of a rating.
#[derive(Clone, Copy)]
pub(super) struct Negative<'a> {
    /// Where it was measured.
    pub(super) origin: Origin<'a>,
    /// Its scale.
    pub(super) scale: Scale,
    /// The score as given.
    pub(super) score: u16,
}

/// A case.
pub(super) struct Case<'a> {
    /// What opened it.
    pub(super) negative: Negative<'a>,
    /// When it ended; none: it is open.
    pub(super) ended: Option<Micros>,
    /// What came of it, where a follow-up ended it.
    pub(super) followed_up: Option<FollowedUp>,
}

/// What came of a case that was followed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FollowedUp {
    /// The moment of the follow-up.
    pub(super) moment: Moment,
    /// Whether the ticket's next score was positive.
    pub(super) recovered: bool,
}

impl Case<'_> {
    /// Its ticket.
    pub(super) fn ticket(&self) -> u32 {
        self.negative.origin.moments.ticket.get(self.negative.origin.row)
    }

    /// When it was opened.
    pub(super) fn opened_at(&self) -> Micros {
        self.began().0
    }

    /// The moment it was opened.
    pub(super) fn began(&self) -> Moment {
        let Origin { moments, row, .. } = self.negative.origin;
        (moments.at.get(row), moments.added.get(row))
    }
}

/// What a case can open or end with.
#[derive(Clone, Copy)]
enum Event<'a> {
    Negative(Negative<'a>),
    Positive,
    FollowedUp,
    Reopened,
}

/// What happened to each ticket with a negative score.
type Histories<'a> = HashMap<u32, Vec<(Moment, Event<'a>)>>;

/// Every case of every ticket, in no particular order of tickets; those of one ticket in order.
///
/// Every score counts at its own moment, also one that was changed later: what happened stays.
pub(super) fn cases(prefix: Prefix<'_>) -> Vec<Case<'_>> {
    let state = prefix.state;
    let mut histories = Histories::new();
    let mut positives = Vec::new();
    each_score(prefix, |ticket, at, event| match event {
        Event::Negative(_) => histories.entry(ticket).or_default().push((at, event)),
        _ => positives.push((ticket, at)),
    });
    let mut tell = |ticket: u32, at, event| {
        if let Some(history) = histories.get_mut(&ticket) {
            history.push((at, event));
        }
    };
    positives.into_iter().for_each(|(ticket, at)| tell(ticket, at, Event::Positive));
    moments(prefix, &state.follow_ups).for_each(|(ticket, at)| tell(ticket, at, Event::FollowedUp));
    moments(prefix, &state.reopenings).for_each(|(ticket, at)| tell(ticket, at, Event::Reopened));
    histories.into_values().flat_map(cases_of).collect()
}

/// The ticket and the moment of every measurement.
pub(super) fn moments<'a, C: Columns>(
    prefix: Prefix<'a>,
    table: &'a Table<C>,
) -> impl Iterator<Item = (u32, Moment)> + use<'a, C> {
    prefix.all(table).map(|counted| moment(&counted))
}

fn moment<C>(counted: &Counted<'_, C>) -> (u32, Moment) {
    let (moments, row) = (counted.moments, counted.row);
    (moments.ticket.get(row), (moments.at.get(row), moments.added.get(row)))
}

/// Hands on every score of an overall question and of a reply, with its ticket and moment.
fn each_score<'a>(prefix: Prefix<'a>, mut tell: impl FnMut(u32, Moment, Event<'a>)) {
    let positive_from = &prefix.terms.document().csat.positive_from;
    let event = |origin, scale: u8, score| {
        let scale = *Scale::ALL.get(usize::from(scale))?;
        let negative = Negative { origin, scale, score };
        Some(if positive_from.is_positive(scale, score) { Event::Positive } else { Event::Negative(negative) })
    };
    let overall = prefix.all(&prefix.state.answers).filter(|c| c.values.field.get(c.row) == AnsweredField::Overall);
    for c in overall {
        let origin = Origin { moments: c.moments, row: c.row, whose: Whose::Closing(c.values.closing.get(c.row)) };
        let (ticket, at) = moment(&c);
        event(origin, c.values.scale.get(c.row), c.values.score.get(c.row))
            .into_iter()
            .for_each(|e| tell(ticket, at, e));
    }
    for c in prefix.all(&prefix.state.ratings) {
        let origin = Origin { moments: c.moments, row: c.row, whose: Whose::Agent };
        let (ticket, at) = moment(&c);
        event(origin, c.values.scale.get(c.row), c.values.score.get(c.row))
            .into_iter()
            .for_each(|e| tell(ticket, at, e));
    }
}

/// A ticket's cases.
fn cases_of(mut history: Vec<(Moment, Event<'_>)>) -> Vec<Case<'_>> {
    history.sort_unstable_by_key(|(at, _)| *at);
    let mut cases: Vec<Case<'_>> = Vec::new();
    for (moment, event) in history {
        let last = cases.last_mut();
        match (event, last) {
            (Event::Negative(_), Some(case)) if case.ended.is_none() => {}
            (Event::Negative(negative), _) => cases.push(Case { negative, ended: None, followed_up: None }),
            (event, Some(case)) => case.take(moment, event),
            (_, None) => {}
        }
    }
    cases
}

impl Case<'_> {
    /// Takes what happened at a moment, before the ticket's next case.
    fn take(&mut self, moment: Moment, event: Event<'_>) {
        if let (Event::Positive, Some(followed_up)) = (event, &mut self.followed_up) {
            followed_up.recovered = true;
        }
        if self.ended.is_none() {
            self.ended = Some(moment.0);
            self.followed_up = matches!(event, Event::FollowedUp).then_some(FollowedUp { moment, recovered: false });
        }
    }
}
