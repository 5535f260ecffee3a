//! What a ticket contributes to reports: when, under which dimensions, what.

use super::ticket::{Agent, Doing, Place, Ticket};
use super::waits::Verdict;
use crate::definition::document::{CsatAnswer, CsatSource, DatedBy, OneTouchCounts, TargetMetric};
use crate::test_support::{Answers, Story, Who};

/// One part of some figure.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The instant that says in which period it counts.
    pub(super) at: i64,
    /// When it happened.
    pub(super) happened: i64,
    pub(super) place: Place,
    pub(super) what: What,
}

/// How long something took and whether its target was met; none: it had no target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Took {
    pub(super) micros: i64,
    pub(super) met: Option<bool>,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Opened,
    ClockStarted {
        answered: bool,
    },
    Measured(TargetMetric, Took),
    PastDue(TargetMetric),
    FirstClosed {
        took: i64,
        reopened: bool,
        one_touch: bool,
    },
    Closed {
        by: Who,
        reason: Option<&'static str>,
        before: Option<i64>,
        survey: Option<bool>,
    },
    ClosedForGood(Lasted),
    Reopened {
        before: Option<i64>,
    },
    Transferred {
        before: Option<i64>,
        to: Option<&'static str>,
    },
    Stayed(i64),
    Priority,
    /// A score that CSAT counts, on its scale.
    Csat(u8, u8),
    /// The last rating of a reply.
    Rated(u8, u8),
    Question(&'static str, u8),
    Choice(&'static str, Vec<&'static str>),
    Nps(u8),
    Ces(u8),
    /// A public reply by an agent.
    Replied,
    /// Stands open at a look.
    Open {
        unassigned: bool,
        unanswered: bool,
        held: bool,
        age: i64,
    },
    /// A target that runs at a look.
    Running {
        metric: TargetMetric,
        due: i64,
        left: i64,
    },
}

/// What the last closing of a closed ticket measures beside the full resolution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lasted {
    pub(super) open: i64,
    pub(super) agent: i64,
    pub(super) customer: i64,
    pub(super) held_customer: i64,
    pub(super) held_third: i64,
    pub(super) replies: i64,
}

pub(super) const METRICS: [TargetMetric; 3] =
    [TargetMetric::FirstResponse, TargetMetric::NextResponse, TargetMetric::FullResolution];

/// A field of a survey with its answer.
type Field = (String, What);

impl Ticket<'_> {
    /// Everything but what stands open at a look.
    pub(super) fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        self.opening(&mut parts);
        METRICS.into_iter().for_each(|metric| self.measured(metric, &mut parts));
        for i in 0..self.events.len() {
            match self.story(i) {
                Story::Replied(Who::Agent(agent)) => {
                    parts.push(self.part(i, self.place_for(i, Some(agent)), What::Replied));
                }
                Story::Closed { .. } => self.closing(i, &mut parts),
                Story::Reopened(_) => self.reopening(i, &mut parts),
                Story::Transferred(_) | Story::Moved(_) => self.transfer(i, &mut parts),
                Story::Priority(_) => parts.push(self.part(i, self.place_for(i, self.assignee(i)), What::Priority)),
                Story::Rated { .. } => self.rating(i, &mut parts),
                _ => {}
            }
        }
        parts.into_iter().filter_map(|part| self.dated(part)).collect()
    }

    /// What stands open now, counted in the period that starts at `row`.
    pub(super) fn standing(&self, row: i64) -> Vec<Part> {
        let last = self.last();
        let doing = self.doing(last);
        let part = |what| Part { at: row, happened: row, place: self.place_for(last, self.assignee(last)), what };
        let mut parts = Vec::new();
        if doing != Doing::Closed {
            let first = self.first_responses();
            parts.push(part(What::Open {
                unassigned: self.assignee(last).is_none(),
                unanswered: !first.is_empty() && first.iter().all(|wait| wait.end.is_none()),
                held: matches!(doing, Doing::HeldForCustomer | Doing::HeldForThirdParty),
                age: self.now - self.at(0),
            }));
        }
        for metric in METRICS {
            let verdicts = self.waits(metric).into_iter().filter_map(|wait| self.verdict(metric, wait));
            parts.extend(verdicts.filter_map(|verdict| match verdict {
                Verdict::Running { due, left } => Some(part(What::Running { metric, due, left })),
                _ => None,
            }));
        }
        parts
    }

    /// The part in the period that the definition counts it in; none where it counts in none.
    fn dated(&self, part: Part) -> Option<Part> {
        let at = match self.rules.dated_by {
            DatedBy::Event => part.at,
            DatedBy::Opened => self.at(0),
            DatedBy::Closed => self.at(*self.closings().last()?),
        };
        Some(Part { at, ..part })
    }

    fn part(&self, i: usize, place: Place, what: What) -> Part {
        Part { at: self.at(i), happened: self.at(i), place, what }
    }

    fn opening(&self, parts: &mut Vec<Part>) {
        parts.push(self.part(0, self.place_for(0, None), What::Opened));
        let waits = self.first_responses();
        if !waits.is_empty() {
            let answered = waits.iter().any(|wait| wait.end.is_some());
            let now = self.assignee(self.last());
            parts.push(self.part(0, self.place_for(0, now), What::ClockStarted { answered }));
        }
    }

    /// The values of a metric, and targets that fell due without an end.
    fn measured(&self, metric: TargetMetric, parts: &mut Vec<Part>) {
        for wait in self.waits(metric) {
            let verdict = self.verdict(metric, wait);
            if let Some(end) = wait.end {
                let place = if metric == TargetMetric::FullResolution {
                    self.closing_place(end)
                } else {
                    self.reply_place(end)
                };
                let met = verdict.map(|verdict| verdict == Verdict::Met);
                let took = Took { micros: self.took(metric, wait.from, end), met };
                parts.push(self.part(end, place, What::Measured(metric, took)));
            } else if let Some(Verdict::PastDue(due)) = verdict {
                let stop = wait.dropped.unwrap_or(self.last());
                let place = self.place_for(stop, self.assignee(stop));
                parts.push(Part { at: due, happened: due, place, what: What::PastDue(metric) });
            }
        }
    }

    fn closing(&self, i: usize, parts: &mut Vec<Part>) {
        let Story::Closed { by, offered, reason } = *self.story(i) else { return };
        let (closings, reopenings, place) = (self.closings(), self.reopenings(), self.closing_place(i));
        let number = 1 + closings.iter().position(|n| *n == i).unwrap();
        let answered = self.answers(i, u32::try_from(number).unwrap(), parts);
        if number == 1 {
            let (took, reopened) = (self.took(TargetMetric::FullResolution, 0, i), !reopenings.is_empty());
            let one_touch = !reopened && self.touched_once();
            parts.push(self.part(i, place.clone(), What::FirstClosed { took, reopened, one_touch }));
        }
        if reopenings.iter().all(|n| *n < i) {
            parts.push(self.part(i, place.clone(), What::ClosedForGood(self.lasted(i))));
        }
        let before = closings.iter().rfind(|n| **n < i).map(|n| self.at(*n));
        let survey = (offered || answered).then_some(answered);
        parts.push(self.part(i, place.clone(), What::Closed { by, reason, before, survey }));
        parts.push(self.part(i, place, What::Stayed(self.stay(i, i))));
    }

    fn touched_once(&self) -> bool {
        let replies = self.replies_before(self.events.len());
        matches!((self.rules.one_touch.counts, replies), (OneTouchCounts::AtMostOne, 0) | (_, 1))
    }

    fn lasted(&self, i: usize) -> Lasted {
        Lasted {
            open: self.open_time(i),
            agent: self.spent(i, Doing::WaitsForAgent),
            customer: self.spent(i, Doing::WaitsForCustomer),
            held_customer: self.spent(i, Doing::HeldForCustomer),
            held_third: self.spent(i, Doing::HeldForThirdParty),
            replies: i64::try_from(self.replies_before(i)).unwrap(),
        }
    }

    /// Adds the values of each field that count; says whether the closing was answered at all.
    fn answers(&self, closing: usize, number: u32, parts: &mut Vec<Part>) -> bool {
        let given = self.all(|s| matches!(s, Story::Answered { closing, .. } if *closing == number));
        let Some(first) = given.first() else { return false };
        let until = self.reopenings().into_iter().find(|n| first < n).unwrap_or(self.events.len());
        let mut fields: Vec<(String, Vec<(usize, What)>)> = Vec::new();
        for n in given.iter().filter(|n| **n < until) {
            let Story::Answered { answers, .. } = self.story(*n) else { continue };
            for (name, what) in self.fields(answers) {
                match fields.iter_mut().find(|(other, _)| *other == name) {
                    Some((_, values)) => values.push((*n, what)),
                    None => fields.push((name, vec![(*n, what)])),
                }
            }
        }
        for (_, values) in fields {
            for (n, what) in self.counting(values) {
                parts.push(Part { place: self.closing_place(closing), ..self.part(n, self.place(n), what) });
            }
        }
        true
    }

    /// Those of several values of one thing, in order, that count.
    fn counting(&self, mut values: Vec<(usize, What)>) -> Vec<(usize, What)> {
        match self.rules.csat.answer {
            CsatAnswer::All => values,
            CsatAnswer::First => values.drain(..1).collect(),
            CsatAnswer::Last => values.pop().into_iter().collect(),
        }
    }

    fn fields(&self, answers: &Answers) -> Vec<Field> {
        let surveys = self.rules.csat.source != CsatSource::ReplyRatings;
        let overall = answers.overall.filter(|_| surveys).map(|(scale, score)| What::Csat(scale, score));
        let single = [("overall", overall), ("nps", answers.nps.map(What::Nps)), ("ces", answers.ces.map(What::Ces))];
        let single = single.into_iter().filter_map(|(name, what)| Some((name.to_owned(), what?)));
        let question = |(id, score): &(&'static str, u16)| {
            (format!("question {id}"), What::Question(id, u8::try_from(*score).unwrap()))
        };
        let choice = |(id, ticked): &(&'static str, Vec<&'static str>)| {
            (format!("choice {id}"), What::Choice(id, ticked.clone()))
        };
        single.chain(answers.questions.iter().map(question)).chain(answers.choices.iter().map(choice)).collect()
    }

    fn reopening(&self, i: usize, parts: &mut Vec<Part>) {
        let undone = self.closings().into_iter().rfind(|n| *n < i).unwrap();
        let before = self.reopenings().into_iter().rfind(|n| *n < i).map(|n| self.at(n));
        parts.push(self.part(i, self.closing_place(undone), What::Reopened { before }));
    }

    fn transfer(&self, i: usize, parts: &mut Vec<Part>) {
        let transfers = self.all(|s| matches!(s, Story::Transferred(_) | Story::Moved(_)));
        let before = transfers.into_iter().rfind(|n| *n < i).map(|n| self.at(n));
        let left = Place { agents: vec![self.assignee(i)], ..self.place(i - 1) };
        let to = self.place(i).department;
        parts.push(self.part(i, left.clone(), What::Transferred { before, to }));
        if to != left.department && self.doing(i - 1) != Doing::Closed {
            parts.push(self.part(i, left, What::Stayed(self.stay(i, i - 1))));
        }
    }

    /// The last rating of a reply, and every one that CSAT counts.
    fn rating(&self, i: usize, parts: &mut Vec<Part>) {
        let Story::Rated { reply, satisfied } = *self.story(i) else { return };
        let Some((rated, author)) = self.rated(reply) else { return };
        let place = self.place_for(rated, author);
        let of_reply = self.all(|s| matches!(s, Story::Rated { reply: other, .. } if *other == reply));
        if of_reply.last() == Some(&i) {
            parts.push(self.part(i, place.clone(), What::Rated(0, satisfied.into())));
        }
        let values = of_reply.into_iter().map(|n| (n, What::Csat(0, satisfied.into()))).collect();
        if self.rules.csat.source != CsatSource::Survey
            && let Some((_, what)) = self.counting(values).into_iter().find(|(n, _)| *n == i)
        {
            parts.push(self.part(i, place, what));
        }
    }

    /// A reply that can be rated, and its author.
    fn rated(&self, reply: u32) -> Option<(usize, Agent)> {
        let replies = self.all(|s| matches!(s, Story::Replied(_) | Story::Noted(_)));
        let i = replies[reply as usize - 1];
        if let Story::Replied(Who::Agent(author)) = self.story(i) { Some((i, Some(author))) } else { None }
    }
}
