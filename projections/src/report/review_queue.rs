//! The report `review-queue`: tickets that somebody should look at again, and why.

use super::counting::{Counting, Prefix};
use super::dissatisfaction::{Case, Moment, Negative, cases, moments};
use super::explain::part::Part;
use super::explain::recorder::{Entered, Seen};
use super::figure::Figure;
use super::groups::{Axis, Place};
use super::instants::Instants;
use super::json::rfc3339;
use super::sheet::Sheet;
use super::targeting::{Look, Targets};
use super::{CELLS_MAX, Fields, ReportError, Row};
use crate::definition::document::TargetMetric;
use crate::measurements::runs::Run;
use crate::measurements::spans::Span;
use crate::ticket_facts::{InForce, Micros};
use daftar_eventlog::Position;
use std::borrow::Cow;
use std::collections::HashMap;

/// How many figures a row has.
const FIGURES: u64 = 8;

/// The paths of figures that explanations are asked for: the other figures only say where the ticket stands.
pub(super) const EXPLAINED: [&str; 3] = ["reasons", "since", "answer"];

/// Why a ticket stands in the queue, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// Its dissatisfaction case is open.
    Dissatisfied,
    /// It was reopened, and is open since.
    Reopened,
    /// It is open, and its first response is overdue.
    Unanswered,
    /// It has been open for too long.
    Stale,
}

impl Reason {
    const fn name(self) -> &'static str {
        match self {
            Self::Dissatisfied => "dissatisfied",
            Self::Reopened => "reopened",
            Self::Unanswered => "unanswered",
            Self::Stale => "stale",
        }
    }
}

/// A ticket in the queue.
struct Queued<'a> {
    ticket: u32,
    in_force: InForce,
    /// What opened its case, where that is open.
    negative: Option<Negative<'a>>,
    /// Its reasons, the worst first, at least one, each with the moment it began.
    reasons: Vec<(Reason, Moment)>,
}

impl Queued<'_> {
    /// A reason as an item: the score of an answer is its value.
    fn entered(&self, (reason, (at, position)): (Reason, Moment)) -> Entered {
        let negative = self.negative.filter(|_| reason == Reason::Dissatisfied);
        let value = negative.map(|negative| i64::from(negative.score) * 1_000_000);
        // A bound that was passed is no event.
        let position = if position.0 == u64::MAX { Position::ZERO } else { position };
        Entered {
            seen: Seen { at, position, ticket: self.ticket, agent: self.in_force.agent, metric: None },
            part: Part { value, scale: negative.map(|negative| negative.scale), counted: true },
            taken_back: None,
            reason: Some(reason.name()),
        }
    }

    /// Its worst reason, and since when.
    fn worst(&self) -> Option<(Reason, Micros)> {
        self.reasons.first().map(|(reason, (since, _))| (*reason, *since))
    }
}

/// The tickets of the queue at the end of the report's time, the worst and oldest first.
///
/// # Errors
///
/// [`ReportError::TooManyCells`] when they are too many.
pub(super) fn rows(sheet: &Sheet<'_>) -> Result<Vec<Row>, ReportError> {
    let counting = Counting::<()>::new(sheet);
    let mut queued = Queue::of(counting.prefix()).tickets(&counting);
    let id = |queued: &Queued<'_>| sheet.state.tickets.id(queued.ticket);
    queued.sort_unstable_by(|a, b| a.worst().cmp(&b.worst()).then_with(|| id(a).cmp(id(b))));
    queued.truncate(sheet.query.limit.unwrap_or(usize::MAX));
    let cells = (queued.len() as u64).saturating_mul(FIGURES);
    if cells > CELLS_MAX {
        return Err(ReportError::TooManyCells { cells });
    }
    let row = |queued| Row { period: None, group: Vec::new(), figures: figures(&queued, sheet) };
    Ok(queued.into_iter().map(row).collect())
}

/// The row of a ticket, and the moments that put it into the queue: all reasons, the worst, or the answer.
pub(super) fn explained(sheet: &Sheet<'_>, ticket: &str, figure: &str) -> Option<(Fields, Vec<Entered>)> {
    let counting = Counting::<()>::new(sheet);
    let number = (0..sheet.state.tickets.len()).find_map(|n| {
        let number = u32::try_from(n).ok()?;
        (sheet.state.tickets.id(number) == ticket).then_some(number)
    })?;
    let mut queue = Queue::of(counting.prefix());
    let queued = (queue.instants.len() > 0).then(|| queue.ticket(number, &counting)).flatten()?;
    let reasons = queued.reasons.iter().filter(|(reason, _)| match figure {
        "since" => Some(*reason) == queued.worst().map(|(worst, _)| worst),
        "answer" => *reason == Reason::Dissatisfied,
        _ => true,
    });
    let entered = reasons.map(|reason| queued.entered(*reason)).collect();
    Some((figures(&queued, sheet), entered))
}

/// What the queue is made of, each by ticket, as seen at its instant.
struct Queue<'a> {
    prefix: Prefix<'a>,
    /// The instant the queue is looked at: one, or none where nothing happened.
    instants: Instants,
    targets: Targets<'a>,
    /// The longest a ticket may be open, or wait where it has no target.
    longest: Micros,
    open_cases: HashMap<u32, Case<'a>>,
    follow_ups: HashMap<u32, Moment>,
    reopenings: HashMap<u32, Moment>,
    /// Runs of first responses.
    waits: HashMap<u32, Run>,
}

impl<'a> Queue<'a> {
    fn of(prefix: Prefix<'a>) -> Self {
        let Prefix { state, position, terms, .. } = prefix;
        let instants = Instants::at_end(terms);
        let sees = |from, to| !instants.during(from, to).is_empty();
        let open = cases(prefix).into_iter().filter(|case| sees(case.opened_at(), case.ended));
        let waits = state.runs.at(position).filter(|run| run.metric == TargetMetric::FirstResponse);
        let waits = waits.filter(|run| sees(run.since, run.ended.map(|(at, ..)| at)));
        let happened = |(_, (at, _)): &(u32, Moment)| sees(*at, None);
        Self {
            prefix,
            targets: Targets::of(state, terms, TargetMetric::FirstResponse),
            // A definition in business days is none.
            longest: terms.document().review.stale_after.micros().unwrap_or(Micros::MAX),
            open_cases: open.map(|case| (case.ticket(), case)).collect(),
            follow_ups: latest(moments(prefix, &state.follow_ups).filter(happened)),
            reopenings: latest(moments(prefix, &state.reopenings).filter(happened)),
            waits: waits.map(|run| (run.ticket, run)).collect(),
            instants,
        }
    }

    /// Every ticket with a reason that the filters let pass, in order of tickets.
    fn tickets(mut self, counting: &Counting<'a, ()>) -> Vec<Queued<'a>> {
        if self.instants.len() == 0 {
            return Vec::new();
        }
        let all = (0..).zip(0..self.prefix.state.tickets.len());
        all.filter_map(|(ticket, _)| self.ticket(ticket, counting)).collect()
    }

    fn ticket(&mut self, ticket: u32, counting: &Counting<'a, ()>) -> Option<Queued<'a>> {
        let span = self.span(ticket).filter(|_| !self.prefix.is_void(ticket))?;
        if !counting.passes(Place::Standing { ticket, in_force: &span.in_force }) {
            return None;
        }
        let reasons = self.reasons(ticket, &span);
        let negative = self.open_cases.remove(&ticket).map(|case| case.negative);
        (!reasons.is_empty()).then_some(Queued { ticket, in_force: span.in_force, negative, reasons })
    }

    /// What the ticket does at the queue's instant; none: it is not there yet.
    fn span(&self, ticket: u32) -> Option<Span> {
        let Prefix { state, position, .. } = self.prefix;
        let last = state.tickets.last_span(ticket);
        state.spans.back_from(last, position).find(|span| !self.instants.during(span.from, span.to).is_empty())
    }

    /// Why the ticket is in the queue, the worst first: what nobody followed up since it began.
    fn reasons(&self, ticket: u32, span: &Span) -> Vec<(Reason, Moment)> {
        let open = |began: Option<Moment>| began.filter(|_| span.doing.is_open());
        let case = self.open_cases.get(&ticket).map(Case::began);
        let reasons = [
            (Reason::Dissatisfied, case),
            (Reason::Reopened, open(self.reopenings.get(&ticket).copied())),
            (Reason::Unanswered, open(self.overdue(ticket))),
            (Reason::Stale, open(self.stale(ticket))),
        ];
        let began = reasons.into_iter().filter_map(|(reason, began)| Some((reason, began?)));
        began.filter(|(_, began)| self.follow_ups.get(&ticket).is_none_or(|followed_up| followed_up < began)).collect()
    }

    /// Since when a ticket's first response is overdue: past its target's due moment, or without a target for too long.
    fn overdue(&self, ticket: u32) -> Option<Moment> {
        let (wait, now) = (self.waits.get(&ticket)?, self.instants.now(0));
        let due =
            match self.targets.due(wait, Look { now, before: self.instants.before(0), position: self.prefix.position })
            {
                Some(due) => due.at?,
                None => wait.started.saturating_add(self.longest),
            };
        self.passed(ticket, due)
    }

    /// Since when a ticket has been open for too long.
    fn stale(&self, ticket: u32) -> Option<Moment> {
        let opened_at = self.prefix.state.tickets.opened_at(ticket);
        self.passed(ticket, opened_at.saturating_add(self.longest))
    }

    /// Since when an open ticket has stood past a bound: from the bound on, or from when it was reopened later.
    fn passed(&self, ticket: u32, bound: Micros) -> Option<Moment> {
        let began = (bound, Position(u64::MAX)); // What happens at the bound itself comes before.
        let began = self.reopenings.get(&ticket).map_or(began, |reopened| began.max(*reopened));
        (bound < self.instants.now(0)).then_some(began)
    }
}

/// The latest moment of each ticket.
fn latest(moments: impl Iterator<Item = (u32, Moment)>) -> HashMap<u32, Moment> {
    let mut latest = HashMap::new();
    for (ticket, at) in moments {
        let known = latest.entry(ticket).or_insert(at);
        *known = at.max(*known);
    }
    latest
}

fn figures(queued: &Queued<'_>, sheet: &Sheet<'_>) -> Fields {
    let place = Place::Standing { ticket: queued.ticket, in_force: &queued.in_force };
    let value = |axis: Axis| {
        let number = axis.number(sheet.state, place);
        Figure::from(axis.label(number, &sheet.state.dimensions, sheet.labels).map(Cow::into_owned))
    };
    let reasons: Vec<Figure> = queued.reasons.iter().map(|(reason, _)| reason.name().into()).collect();
    let answer = |n: Negative<'_>| {
        Figure::object([("scale", n.scale.name().into()), ("score", Figure::from(u64::from(n.score)))])
    };
    vec![
        ("ticket".into(), sheet.state.tickets.id(queued.ticket).into()),
        ("reasons".into(), reasons.into()),
        ("since".into(), queued.worst().map(|(_, since)| rfc3339(since)).into()),
        ("agent".into(), value(Axis::Agent)),
        ("branch".into(), value(Axis::Branch)),
        ("department".into(), value(Axis::Department)),
        ("customer".into(), value(Axis::Customer)),
        ("answer".into(), queued.negative.map(answer).into()),
    ]
}
