//! What every figure should be, found by plain loops over one ticket's events at a time; knows nothing of the fold.

pub(super) mod dissatisfaction;
pub(super) mod standing;

use super::super::figure::Figure;
use super::plain::Definition;
use crate::exact::{Decimal, Distribution, Share};
use crate::report::query::ReportName;
use crate::test_support::{Answers, Entry, Story, Who};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One ticket's share of a report: when, for which department and agent, what.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) at: i64,
    pub(super) department: Option<&'static str>,
    pub(super) agent: Option<&'static str>,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Opened,
    ClockStarted {
        answered: bool,
    },
    First(i64),
    Next(i64),
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
        last: Option<Last>,
    },
    Reopened {
        before: Option<i64>,
    },
    Transferred {
        before: Option<i64>,
        to: Option<&'static str>,
    },
    Stayed(i64),
    Priority,
    Answered(Answers),
    Rated(bool),
    /// A public reply by an agent.
    Replied,
    /// A target was broken before its metric ended.
    PastDue,
    /// Stands open at a look.
    Open {
        unassigned: bool,
        unanswered: bool,
        held: bool,
        age: i64,
    },
    /// A dissatisfaction case was opened.
    CaseOpened,
    /// One is open at a look.
    CaseOpen,
    /// One was followed up.
    CaseFollowedUp {
        took: i64,
        recovered: bool,
    },
}

/// What the last closing of a closed ticket measures.
#[derive(Debug, Clone)]
pub(super) struct Last {
    took: i64,
    agent: i64,
    customer: i64,
    held_customer: i64,
    held_third: i64,
    replies: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Agent,
    Customer,
    HeldCustomer,
    HeldThird,
    Closed,
}

/// Everything the tickets' events contribute to reports at `at`, but what stands open.
pub(super) fn parts(entries: &[Entry], definition: &Definition, at: i64) -> Vec<Part> {
    let mut tickets: BTreeMap<u32, Vec<&Entry>> = BTreeMap::new();
    entries.iter().for_each(|entry| tickets.entry(entry.ticket).or_default().push(entry));
    tickets.values().flat_map(|events| Ticket(events).parts(definition, at)).collect()
}

struct Ticket<'a>(&'a [&'a Entry]);

impl Ticket<'_> {
    fn is_void(&self) -> bool {
        let mut voids = self.0.iter().filter(|e| matches!(e.story, Story::Voided | Story::Restored));
        voids.next_back().is_some_and(|e| e.story == Story::Voided)
    }

    fn parts(&self, definition: &Definition, now: i64) -> Vec<Part> {
        if self.is_void() {
            return Vec::new();
        }
        let mut parts = self.past_due(definition, now);
        parts.extend(self.cases(definition));
        for i in 0..self.0.len() {
            match &self.0[i].story {
                Story::Opened { .. } => self.opening(&mut parts),
                Story::Replied(Who::Agent(agent)) => self.reply(i, agent, &mut parts),
                Story::Closed { .. } => self.closing(i, &mut parts),
                Story::Reopened(_) => self.reopening(i, &mut parts),
                Story::Transferred(_) | Story::Moved(_) => self.transfer(i, &mut parts),
                Story::Priority(_) => parts.push(self.part(i, i, self.assignee(i), What::Priority)),
                Story::Rated { reply, satisfied } => self.rating(i, *reply, *satisfied, &mut parts),
                _ => {}
            }
        }
        parts
    }

    /// Targets broken while their metric runs on.
    fn past_due(&self, definition: &Definition, now: i64) -> Vec<Part> {
        let last = self.0.len() - 1;
        let waits = self.clock_start().filter(|_| self.first_response().is_none()).map(|start| self.at(start));
        let open = (self.doing(last) != Doing::Closed).then(|| self.at(0));
        let running = [(waits, definition.first_response_target), (open, definition.full_resolution_target)];
        let due = running.into_iter().filter_map(|(since, target)| Some(since? + target?)).filter(|due| *due < now);
        due.map(|due| Part { at: due, ..self.part(last, last, self.assignee(last), What::PastDue) }).collect()
    }

    fn opening(&self, parts: &mut Vec<Part>) {
        parts.push(self.part(0, 0, None, What::Opened));
        if self.clock_start().is_some() {
            let answered = self.first_response().is_some();
            let now = self.assignee(self.0.len() - 1);
            parts.push(self.part(0, 0, now, What::ClockStarted { answered }));
        }
    }

    fn reply(&self, i: usize, agent: &'static str, parts: &mut Vec<Part>) {
        parts.push(self.part(i, i, Some(agent), What::Replied));
        let first = self.first_response();
        if first == Some(i) {
            let start = self.clock_start().unwrap();
            parts.push(self.part(i, i, Some(agent), What::First(self.at(i) - self.at(start))));
        } else if first.is_some_and(|first| first < i) {
            let stop = |n: &usize| self.agent_replied(*n) || matches!(self.0[*n].story, Story::Closed { .. });
            let after = (0..i).rfind(stop).unwrap();
            if let Some(start) = (after..i).find(|n| self.doing(*n) == Doing::Agent) {
                parts.push(self.part(i, i, Some(agent), What::Next(self.at(i) - self.at(start))));
            }
        }
    }

    fn closing(&self, i: usize, parts: &mut Vec<Part>) {
        let Story::Closed { by, offered, reason } = self.0[i].story else { return };
        let agent = self.closed_for(i);
        let closings = self.all(|s| matches!(s, Story::Closed { .. }));
        let number = 1 + closings.iter().position(|n| *n == i).unwrap();
        let answers = self.answers(i, u32::try_from(number).unwrap(), parts);
        let reopened = self.all(|s| matches!(s, Story::Reopened(_)));
        if number == 1 {
            let one_touch = (0..self.0.len()).filter(|n| self.agent_replied(*n)).count() == 1 && reopened.is_empty();
            let took = self.at(i) - self.at(0);
            parts.push(self.part(i, i, agent, What::FirstClosed { took, reopened: !reopened.is_empty(), one_touch }));
        }
        let before = closings.iter().rfind(|n| **n < i).map(|n| self.at(*n));
        let last = reopened.iter().all(|n| *n < i).then(|| self.last(i));
        let survey = (offered || answers).then_some(answers);
        parts.push(self.part(i, i, agent, What::Closed { by, reason, before, survey, last }));
        parts.push(self.part(i, i, agent, What::Stayed(self.stay(i))));
    }

    fn last(&self, i: usize) -> Last {
        Last {
            took: self.at(i) - self.at(0),
            agent: self.spent(0, i, Doing::Agent),
            customer: self.spent(0, i, Doing::Customer),
            held_customer: self.spent(0, i, Doing::HeldCustomer),
            held_third: self.spent(0, i, Doing::HeldThird),
            replies: i64::try_from((0..i).filter(|n| self.agent_replied(*n)).count()).unwrap(),
        }
    }

    /// Adds the last accepted value of each field; says whether the closing was answered at all.
    fn answers(&self, closed: usize, number: u32, parts: &mut Vec<Part>) -> bool {
        let given = self.all(|s| matches!(s, Story::Answered { closing, .. } if *closing == number));
        let Some(first) = given.first() else { return false };
        let reopening = (*first..self.0.len()).find(|n| matches!(self.0[*n].story, Story::Reopened(_)));
        let taken = given.iter().filter(|n| reopening.is_none_or(|reopening| **n < reopening));
        let mut last: BTreeMap<String, (usize, Answers)> = BTreeMap::new();
        for n in taken {
            let Story::Answered { answers, .. } = &self.0[*n].story else { continue };
            for (field, answer) in fields(answers) {
                last.insert(field, (*n, answer));
            }
        }
        for (n, answer) in last.into_values() {
            let mut part = self.part(n, closed, self.closed_for(closed), What::Answered(answer));
            part.at = self.at(n);
            parts.push(part);
        }
        true
    }

    fn reopening(&self, i: usize, parts: &mut Vec<Part>) {
        let closed = self.all(|s| matches!(s, Story::Closed { .. })).into_iter().rfind(|n| *n < i).unwrap();
        let before = self.before(i, |s| matches!(s, Story::Reopened(_)));
        parts.push(self.part(i, closed, self.closed_for(closed), What::Reopened { before }));
    }

    fn transfer(&self, i: usize, parts: &mut Vec<Part>) {
        let before = self.before(i, |s| matches!(s, Story::Transferred(_) | Story::Moved(_)));
        let to = self.department(i);
        parts.push(self.part(i, i - 1, self.assignee(i), What::Transferred { before, to }));
        if to != self.department(i - 1) && self.doing(i - 1) != Doing::Closed {
            parts.push(self.part(i, i - 1, self.assignee(i), What::Stayed(self.stay(i))));
        }
    }

    fn rating(&self, i: usize, reply: u32, satisfied: bool, parts: &mut Vec<Part>) {
        let replies = self.all(|s| matches!(s, Story::Replied(_) | Story::Noted(_)));
        let rated = replies[reply as usize - 1];
        let later = |n: &usize| matches!(self.0[*n].story, Story::Rated { reply: other, .. } if other == reply);
        if let Story::Replied(Who::Agent(author)) = self.0[rated].story
            && !(i + 1..self.0.len()).any(|n| later(&n))
        {
            parts.push(self.part(i, rated, Some(author), What::Rated(satisfied)));
        }
    }

    fn part(&self, at: usize, in_force: usize, agent: Option<&'static str>, what: What) -> Part {
        Part { at: self.at(at), department: self.department(in_force), agent, what }
    }

    fn at(&self, i: usize) -> i64 {
        self.0[i].at
    }

    fn all(&self, is: impl Fn(&Story) -> bool) -> Vec<usize> {
        (0..self.0.len()).filter(|n| is(&self.0[*n].story)).collect()
    }

    fn before(&self, i: usize, is: impl Fn(&Story) -> bool) -> Option<i64> {
        (0..i).rfind(|n| is(&self.0[*n].story)).map(|n| self.at(n))
    }

    fn agent_replied(&self, i: usize) -> bool {
        matches!(self.0[i].story, Story::Replied(Who::Agent(_)))
    }

    fn clock_start(&self) -> Option<usize> {
        let by_agent = matches!(self.0[0].story, Story::Opened { by: Who::Agent(_), .. });
        let wrote = |s: &Story| matches!(s, Story::Replied(Who::Customer) | Story::Reopened(Who::Customer));
        if by_agent { self.all(wrote).first().copied() } else { Some(0) }
    }

    fn first_response(&self) -> Option<usize> {
        let start = self.clock_start()?;
        (start..self.0.len()).find(|n| self.agent_replied(*n))
    }

    /// What the ticket did after event `i`.
    fn doing(&self, i: usize) -> Doing {
        let (mut open, mut hold, mut unanswered) = (true, None, false);
        for event in &self.0[..=i] {
            match event.story {
                Story::Opened { by, .. } => unanswered = !matches!(by, Who::Agent(_)),
                Story::Replied(Who::Customer) => unanswered = true,
                Story::Replied(Who::Agent(_)) => unanswered = false,
                Story::HeldForCustomer if open => hold = Some(Doing::HeldCustomer),
                Story::HeldForThirdParty if open => hold = Some(Doing::HeldThird),
                Story::Resumed => hold = None,
                Story::Closed { .. } => (open, hold) = (false, None),
                Story::Reopened(by) => (open, unanswered) = (true, unanswered || by == Who::Customer),
                _ => {}
            }
        }
        let waiting = if unanswered { Doing::Agent } else { Doing::Customer };
        if open { hold.unwrap_or(waiting) } else { Doing::Closed }
    }

    fn spent(&self, from: usize, to: usize, doing: Doing) -> i64 {
        (from..to).filter(|n| self.doing(*n) == doing).map(|n| self.at(n + 1) - self.at(n)).sum()
    }

    /// Open time in the department that event `i` ends the stay in.
    fn stay(&self, i: usize) -> i64 {
        let begins = |n: &usize| match self.0[*n].story {
            Story::Opened { .. } | Story::Reopened(_) => true,
            Story::Transferred(_) => self.department(*n) != self.department(n - 1),
            _ => false,
        };
        let start = (0..i).rfind(begins).unwrap();
        (start..i).filter(|n| self.doing(*n) != Doing::Closed).map(|n| self.at(n + 1) - self.at(n)).sum()
    }

    fn department(&self, i: usize) -> Option<&'static str> {
        let set = |e: &&Entry| match e.story {
            Story::Opened { department, .. } | Story::Transferred(department) => Some(department),
            _ => None,
        };
        self.0[..=i].iter().filter_map(set).next_back().unwrap()
    }

    fn assignee(&self, i: usize) -> Option<&'static str> {
        let set = |e: &&Entry| if let Story::Assigned(agent) = e.story { Some(agent) } else { None };
        self.0[..=i].iter().filter_map(set).next_back().flatten()
    }

    fn closed_for(&self, i: usize) -> Option<&'static str> {
        let author = |e: &&Entry| if let Story::Replied(Who::Agent(agent)) = e.story { Some(agent) } else { None };
        match self.0[i].story {
            Story::Closed { by: Who::Agent(agent), .. } => Some(agent),
            _ => self.0[..i].iter().filter_map(author).next_back().or(self.assignee(i)),
        }
    }
}

fn fields(answers: &Answers) -> Vec<(String, Answers)> {
    let none = Answers::default;
    let mut fields = Vec::new();
    if answers.overall.is_some() {
        fields.push(("overall".to_owned(), Answers { overall: answers.overall, ..none() }));
    }
    if answers.nps.is_some() {
        fields.push(("nps".to_owned(), Answers { nps: answers.nps, ..none() }));
    }
    if answers.ces.is_some() {
        fields.push(("ces".to_owned(), Answers { ces: answers.ces, ..none() }));
    }
    fields.extend(answers.questions.iter().map(|q| (format!("q {}", q.0), Answers { questions: vec![*q], ..none() })));
    let choice = |c: &(&'static str, Vec<_>)| (format!("c {}", c.0), Answers { choices: vec![c.clone()], ..none() });
    fields.extend(answers.choices.iter().map(choice));
    fields
}

/// Whether a part enters a report at all.
pub(super) fn enters(report: ReportName, what: &What) -> bool {
    match report {
        // The other oracles tell what becomes of targets, and what is to be reviewed.
        ReportName::Targets | ReportName::ReviewQueue => false,
        ReportName::ResponseTimes => matches!(what, What::ClockStarted { .. } | What::First(_) | What::Next(_)),
        ReportName::ResolutionTimes => {
            matches!(what, What::FirstClosed { .. } | What::Closed { last: Some(_), .. })
        }
        ReportName::Satisfaction => {
            matches!(what, What::Answered(_) | What::Rated(_) | What::Closed { survey: Some(_), .. })
        }
        ReportName::Flow => matches!(
            what,
            What::Opened
                | What::FirstClosed { .. }
                | What::Closed { .. }
                | What::Reopened { .. }
                | What::Transferred { .. }
                | What::Stayed(_)
                | What::Priority
        ),
        ReportName::Overview => match what {
            What::Answered(answers) => answers.overall.is_some() || answers.nps.is_some(),
            _ => matches!(
                what,
                What::Opened
                    | What::Closed { .. }
                    | What::FirstClosed { .. }
                    | What::First(_)
                    | What::Rated(_)
                    | What::Open { .. }
            ),
        },
        ReportName::Leaderboard => match what {
            What::Answered(answers) => answers.overall.is_some(),
            _ => matches!(
                what,
                What::Closed { .. }
                    | What::FirstClosed { .. }
                    | What::First(_)
                    | What::Rated(_)
                    | What::Replied
                    | What::PastDue
            ),
        },
        ReportName::Volume => matches!(what, What::Opened | What::Replied),
        ReportName::Backlog => matches!(what, What::Open { .. }),
        ReportName::Cases => matches!(what, What::CaseOpened | What::CaseOpen | What::CaseFollowedUp { .. }),
    }
}

/// A row's figures; `same_period` says whether two instants lie in one period.
pub(super) fn figures(
    report: ReportName,
    parts: &[&Part],
    definition: &Definition,
    same_period: &dyn Fn(i64, i64) -> bool,
) -> Value {
    match report {
        ReportName::Targets | ReportName::ReviewQueue => json!({}),
        ReportName::Cases => dissatisfaction::cases(parts),
        ReportName::Overview => standing::overview(parts, definition, same_period),
        ReportName::Leaderboard => standing::leaderboard(parts, definition, same_period),
        ReportName::Volume => standing::volume(parts),
        ReportName::Backlog => standing::backlog(parts),
        ReportName::ResponseTimes => response_times(parts),
        ReportName::ResolutionTimes => resolution_times(parts, definition),
        ReportName::Satisfaction => satisfaction(parts, definition),
        ReportName::Flow => flow(parts, same_period),
    }
}

fn value(figure: impl Into<Figure>) -> Value {
    serde_json::to_value(figure.into()).unwrap()
}

fn distribution(parts: &[&Part], of: impl Fn(&What) -> Option<i64>) -> Value {
    value(Distribution::of(parts.iter().filter_map(|part| of(&part.what)).collect::<Vec<_>>()))
}

fn count(parts: &[&Part], is: impl Fn(&What) -> bool) -> u64 {
    parts.iter().filter(|part| is(&part.what)).count() as u64
}

fn response_times(parts: &[&Part]) -> Value {
    let first = |what: &What| if let What::First(took) = what { Some(*took) } else { None };
    let next = |what: &What| if let What::Next(took) = what { Some(*took) } else { None };
    let day = 86_400_000_000;
    let within =
        Share { count: count(parts, |w| first(w).is_some_and(|t| t <= day)), of: count(parts, |w| first(w).is_some()) };
    let answered = count(parts, |w| matches!(w, What::ClockStarted { answered: true }));
    let started = count(parts, |w| matches!(w, What::ClockStarted { .. }));
    json!({
        "first_response": distribution(parts, first), "within": value(within), "unanswered": started - answered,
        "answer_rate": value(Share { count: answered, of: started }), "next_response": distribution(parts, next),
    })
}

fn resolution_times(parts: &[&Part], definition: &Definition) -> Value {
    let full = |w: &What| if let What::Closed { last: Some(last), .. } = w { Some(last.took) } else { None };
    let within = definition.full_resolution_target.map_or(Share::default(), |target| Share {
        count: count(parts, |w| full(w).is_some_and(|took| took <= target)),
        of: count(parts, |w| full(w).is_some()),
    });
    let of = |value: fn(&Last) -> i64| {
        distribution(parts, |w| if let What::Closed { last: Some(last), .. } = w { Some(value(last)) } else { None })
    };
    let first = |w: &What| if let What::FirstClosed { took, .. } = w { Some(*took) } else { None };
    json!({
        "first_resolution": distribution(parts, first), "full_resolution": of(|l| l.took),
        "open_time": of(|l| l.agent + l.customer + l.held_customer + l.held_third),
        "requester_wait": of(|l| l.agent + l.held_third), "customer_wait": of(|l| l.customer + l.held_customer),
        "agent_work": of(|l| l.agent), "on_hold": of(|l| l.held_customer + l.held_third),
        "on_hold_customer": of(|l| l.held_customer), "on_hold_third_party": of(|l| l.held_third),
        "within": value(within),
    })
}

fn satisfaction(parts: &[&Part], definition: &Definition) -> Value {
    let answers: Vec<&Answers> =
        parts.iter().filter_map(|p| if let What::Answered(answers) = &p.what { Some(answers) } else { None }).collect();
    let overall: Vec<(u8, u8)> = answers.iter().filter_map(|a| a.overall).collect();
    let ratings: Vec<(u8, u8)> = parts
        .iter()
        .filter_map(|p| if let What::Rated(satisfied) = p.what { Some((0, u8::from(satisfied))) } else { None })
        .collect();
    let offered = count(parts, |w| matches!(w, What::Closed { survey: Some(_), .. }));
    let answered = count(parts, |w| matches!(w, What::Closed { survey: Some(true), .. }));
    let nps: Vec<u8> = answers.iter().filter_map(|a| a.nps).collect();
    let ces: Vec<u8> = answers.iter().filter_map(|a| a.ces).collect();
    let mut csat = rated(&overall, "answers", "positive", definition);
    csat["distribution"] = scales(&overall);
    let response = Share { count: answered, of: offered };
    json!({
        "csat": csat, "reply_rating": rated(&ratings, "rated", "satisfied", definition),
        "response_rate": { "offered": offered, "answered": answered, "percent": value(response.percent()),
            "low95": value(response.low95()), "high95": value(response.high95()) },
        "questions": questions(&answers), "choices": choices(&answers), "nps": nps_of(&nps), "ces": ces_of(&ces),
    })
}

fn rated(scores: &[(u8, u8)], of: &str, positive: &str, definition: &Definition) -> Value {
    let good =
        scores.iter().filter(|(scale, score)| *score >= definition.positive_from[usize::from(*scale)]).count() as u64;
    let share = Share { count: good, of: scores.len() as u64 };
    // Twelfths of the way from worst to best, four of them a point.
    let twelfths: i128 = scores
        .iter()
        .map(|(scale, score)| {
            let (low, steps) = [(0, 1), (1, 3), (1, 4)][usize::from(*scale)];
            i128::from(score - low) * (12 / steps)
        })
        .sum();
    let n = scores.len() as i128;
    json!({ of: share.of, positive: good, "percent": value(share.percent()), "low95": value(share.low95()),
        "high95": value(share.high95()), "mean_score": value(Decimal::ratio(3 * n + twelfths, 3 * n)) })
}

fn scales(scores: &[(u8, u8)]) -> Value {
    let mut all = json!({});
    for (code, name, low, high) in [(0, "binary", 0, 1), (1, "four", 1, 4), (2, "five", 1, 5)] {
        let given: Vec<u8> = scores.iter().filter(|s| s.0 == code).map(|s| s.1).collect();
        if !given.is_empty() {
            all[name] = spread(&given, low, high);
        }
    }
    all
}

fn spread(scores: &[u8], low: u8, high: u8) -> Value {
    if scores.is_empty() {
        return json!({});
    }
    let times = |score: u8| scores.iter().filter(|s| **s == score).count();
    (low..=high).map(|score| (score.to_string(), json!(times(score)))).collect::<serde_json::Map<_, _>>().into()
}

fn mean(scores: &[u8]) -> Value {
    value(Decimal::ratio(scores.iter().map(|s| i128::from(*s)).sum(), scores.len() as i128))
}

fn questions(answers: &[&Answers]) -> Value {
    let mut by_question: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    answers
        .iter()
        .flat_map(|a| &a.questions)
        .for_each(|(q, s)| by_question.entry(q).or_default().push(u8::try_from(*s).unwrap()));
    let of = |(q, s): (&str, Vec<u8>)| {
        (q.to_owned(), json!({ "answers": s.len(), "mean": mean(&s), "distribution": spread(&s, 1, 5) }))
    };
    by_question.into_iter().map(of).collect::<serde_json::Map<_, _>>().into()
}

fn choices(answers: &[&Answers]) -> Value {
    let mut by_question: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for (question, choices) in answers.iter().flat_map(|a| &a.choices) {
        let counts = by_question.entry(question).or_default();
        choices.iter().for_each(|choice| *counts.entry(choice).or_default() += 1);
    }
    json!(by_question)
}

fn nps_of(scores: &[u8]) -> Value {
    let (up, down) = (scores.iter().filter(|s| **s >= 9).count(), scores.iter().filter(|s| **s <= 6).count());
    let score = Decimal::ratio(100 * (up as i128 - down as i128), scores.len() as i128);
    json!({ "answers": scores.len(), "promoters": up, "passives": scores.len() - up - down, "detractors": down,
        "score": value(score) })
}

fn ces_of(scores: &[u8]) -> Value {
    let good = Share { count: scores.iter().filter(|s| **s >= 5).count() as u64, of: scores.len() as u64 };
    json!({ "answers": scores.len(), "mean": mean(scores), "good_percent": value(good.percent()),
        "low95": value(good.low95()), "high95": value(good.high95()), "distribution": spread(scores, 1, 7) })
}

fn flow(parts: &[&Part], same_period: &dyn Fn(i64, i64) -> bool) -> Value {
    let first_of = |before: &dyn Fn(&What) -> Option<Option<i64>>| {
        let is_first = |part: &&&Part| {
            before(&part.what).is_some_and(|before| before.is_none_or(|before| !same_period(before, part.at)))
        };
        parts.iter().filter(is_first).count()
    };
    let closed_by = |kind: fn(&Who) -> bool| count(parts, |w| matches!(w, What::Closed { by, .. } if kind(by)));
    let first_closed = count(parts, |w| matches!(w, What::FirstClosed { .. }));
    let reopened = count(parts, |w| matches!(w, What::FirstClosed { reopened: true, .. }));
    let one_touch = count(parts, |w| matches!(w, What::FirstClosed { one_touch: true, .. }));
    let replies =
        |w: &What| if let What::Closed { last: Some(l), .. } = w { Some(l.replies * 1_000_000) } else { None };
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for part in parts {
        if let What::Closed { reason: Some(reason), .. } = part.what {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    json!({
        "opened": count(parts, |w| matches!(w, What::Opened)),
        "closed": count(parts, |w| matches!(w, What::Closed { .. })),
        "closed_tickets": first_of(&|w| if let What::Closed { before, .. } = w { Some(*before) } else { None }),
        "reopenings": count(parts, |w| matches!(w, What::Reopened { .. })),
        "reopened_tickets": first_of(&|w| if let What::Reopened { before } = w { Some(*before) } else { None }),
        "reopen_rate": value(Share { count: reopened, of: first_closed }),
        "one_touch_rate": value(Share { count: one_touch, of: first_closed }),
        "replies_per_closed": distribution(parts, replies),
        "closed_by": { "agent": closed_by(|b| matches!(b, Who::Agent(_))),
            "customer": closed_by(|b| *b == Who::Customer), "automation": closed_by(|b| *b == Who::Automation) },
        "reasons": reasons,
        "transfers": count(parts, |w| matches!(w, What::Transferred { .. })),
        "transferred_tickets":
            first_of(&|w| if let What::Transferred { before, .. } = w { Some(*before) } else { None }),
        "between": between(parts), "stay": stay(parts),
        "priority_changed": count(parts, |w| matches!(w, What::Priority)),
    })
}

/// Ids first, by bytes; the absent one last.
fn last_if_none(id: Option<&str>) -> (bool, Option<&str>) {
    (id.is_none(), id)
}

fn between(parts: &[&Part]) -> Value {
    let mut counts = BTreeMap::new();
    for part in parts {
        if let What::Transferred { to, .. } = part.what
            && to != part.department
        {
            *counts.entry((last_if_none(part.department), last_if_none(to))).or_insert(0) += 1;
        }
    }
    counts.into_iter().map(|((from, to), count)| json!({ "from": from.1, "to": to.1, "count": count })).collect()
}

fn stay(parts: &[&Part]) -> Value {
    let mut stays: BTreeMap<_, Vec<i64>> = BTreeMap::new();
    for part in parts {
        if let What::Stayed(took) = part.what {
            stays.entry(last_if_none(part.department)).or_default().push(took);
        }
    }
    let of = |(department, times): ((bool, Option<&str>), Vec<i64>)| {
        let mut stay = value(Distribution::of(times));
        stay["department"] = json!(department.1);
        stay
    };
    stays.into_iter().map(of).collect()
}
