//! The figures of a row, in the form a report prints them, from the parts that lie in it.

use super::parts::{Lasted, METRICS, Part, Took, What};
use super::periods::hour_of_week;
use crate::definition::document::{CesBetter, Definition, TargetMetric};
use crate::exact::{Decimal, Distribution, Share};
use crate::report::figure::Figure;
use crate::test_support::Who;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const DAY: i64 = 86_400_000_000;

/// What figures are found from.
pub(super) struct Row<'a> {
    pub(super) parts: Vec<&'a Part>,
    pub(super) rules: &'a Definition,
    /// The duration asked for in place of targets.
    pub(super) within: Option<i64>,
    /// Whether no moment of the same kind at that instant, of the same ticket, counts in the part's period.
    pub(super) is_first: &'a dyn Fn(Option<i64>, &Part) -> bool,
}

/// Whether a part enters a report at all: rows of groups are there only for what does.
pub(super) fn enters(report: &str, what: &What) -> bool {
    use TargetMetric::{FirstResponse, FullResolution, NextResponse};
    match report {
        "overview" => matches!(
            what,
            What::Opened
                | What::Closed { .. }
                | What::FirstClosed { .. }
                | What::Measured(FirstResponse | FullResolution, _)
                | What::Csat(..)
                | What::Nps(_)
                | What::Rated(..)
                | What::Open { .. }
        ),
        "satisfaction" => matches!(
            what,
            What::Csat(..)
                | What::Rated(..)
                | What::Question(..)
                | What::Choice(..)
                | What::Nps(_)
                | What::Ces(_)
                | What::Closed { survey: Some(_), .. }
        ),
        "response-times" => {
            matches!(what, What::ClockStarted { .. } | What::Measured(FirstResponse | NextResponse, _))
        }
        "resolution-times" => {
            matches!(what, What::FirstClosed { .. } | What::ClosedForGood(_) | What::Measured(FullResolution, _))
        }
        "flow" => matches!(
            what,
            What::Opened
                | What::FirstClosed { .. }
                | What::Closed { .. }
                | What::ClosedForGood(_)
                | What::Reopened { .. }
                | What::Transferred { .. }
                | What::Stayed(_)
                | What::Priority
        ),
        "leaderboard" => match what {
            What::Measured(NextResponse, took) => took.met.is_some(),
            _ => matches!(
                what,
                What::Closed { .. }
                    | What::FirstClosed { .. }
                    | What::Measured(..)
                    | What::PastDue(_)
                    | What::Csat(..)
                    | What::Rated(..)
                    | What::Replied
            ),
        },
        "volume" => matches!(what, What::Opened | What::Replied),
        "backlog" => matches!(what, What::Open { .. }),
        "targets" => match what {
            What::Measured(_, took) => took.met.is_some(),
            _ => matches!(what, What::PastDue(_) | What::Running { .. }),
        },
        _ => unreachable!("no such report"),
    }
}

fn value(figure: impl Into<Figure>) -> Value {
    serde_json::to_value(figure.into()).unwrap()
}

/// Ids first, by bytes; the absent one last.
fn last_if_none(id: Option<&str>) -> (bool, Option<&str>) {
    (id.is_none(), id)
}

impl Row<'_> {
    /// Every figure; `agent` is that of a leaderboard's row, whose rank is told elsewhere.
    pub(super) fn figures(&self, report: &str, agent: Option<&str>) -> Value {
        match report {
            "overview" => self.overview(),
            "satisfaction" => self.satisfaction(),
            "response-times" => self.response_times(),
            "resolution-times" => self.resolution_times(),
            "flow" => self.flow(),
            "leaderboard" => self.leaderboard(agent),
            "volume" => self.volume(),
            "backlog" => self.backlog(),
            "targets" => self.targets(),
            _ => unreachable!("no such report"),
        }
    }

    fn count(&self, is: impl Fn(&What) -> bool) -> u64 {
        self.parts.iter().filter(|part| is(&part.what)).count() as u64
    }

    fn distribution(&self, of: impl Fn(&What) -> Option<i64>) -> Value {
        value(Distribution::of(self.parts.iter().filter_map(|part| of(&part.what)).collect::<Vec<_>>()))
    }

    fn took(&self, metric: TargetMetric) -> Vec<Took> {
        let of = |part: &&Part| match part.what {
            What::Measured(other, took) if other == metric => Some(took),
            _ => None,
        };
        self.parts.iter().filter_map(of).collect()
    }

    fn times(&self, metric: TargetMetric) -> Value {
        value(Distribution::of(self.took(metric).into_iter().map(|took| took.micros).collect::<Vec<_>>()))
    }

    /// The share of values inside what was asked, or inside their targets.
    fn within(&self, metric: TargetMetric) -> Share {
        let inside = |took: &Took| self.within.map(|longest| took.micros <= longest).or(took.met);
        let judged: Vec<bool> = self.took(metric).iter().filter_map(inside).collect();
        Share { count: judged.iter().filter(|met| **met).count() as u64, of: judged.len() as u64 }
    }

    fn overview(&self) -> Value {
        let (said, flow) = (self.satisfaction(), self.flow());
        json!({
            "opened": flow["opened"], "closed": flow["closed"],
            "backlog": self.count(|w| matches!(w, What::Open { .. })),
            "csat": said["csat"], "reply_rating": said["reply_rating"],
            "first_response": self.times(TargetMetric::FirstResponse),
            "full_resolution": self.times(TargetMetric::FullResolution), "reopen_rate": flow["reopen_rate"],
            "response_rate": said["response_rate"], "nps": said["nps"],
        })
    }

    fn response_times(&self) -> Value {
        let answered = self.count(|w| matches!(w, What::ClockStarted { answered: true }));
        let started = self.count(|w| matches!(w, What::ClockStarted { .. }));
        json!({
            "first_response": self.times(TargetMetric::FirstResponse),
            "within": value(self.within(TargetMetric::FirstResponse)), "unanswered": started - answered,
            "answer_rate": value(Share { count: answered, of: started }),
            "next_response": self.times(TargetMetric::NextResponse),
        })
    }

    fn resolution_times(&self) -> Value {
        let of = |value: fn(&Lasted) -> i64| {
            self.distribution(|w| if let What::ClosedForGood(lasted) = w { Some(value(lasted)) } else { None })
        };
        let first = |w: &What| if let What::FirstClosed { took, .. } = w { Some(*took) } else { None };
        json!({
            "first_resolution": self.distribution(first), "full_resolution": self.times(TargetMetric::FullResolution),
            "open_time": of(|l| l.open), "requester_wait": of(|l| l.agent + l.held_third),
            "customer_wait": of(|l| l.customer + l.held_customer), "agent_work": of(|l| l.agent),
            "on_hold": of(|l| l.held_customer + l.held_third), "on_hold_customer": of(|l| l.held_customer),
            "on_hold_third_party": of(|l| l.held_third), "within": value(self.within(TargetMetric::FullResolution)),
        })
    }

    fn satisfaction(&self) -> Value {
        let scores = |of: fn(&What) -> Option<(u8, u8)>| -> Vec<(u8, u8)> {
            self.parts.iter().filter_map(|part| of(&part.what)).collect()
        };
        let numbers =
            |of: fn(&What) -> Option<u8>| -> Vec<u8> { self.parts.iter().filter_map(|part| of(&part.what)).collect() };
        let csat = scores(|w| if let What::Csat(scale, score) = w { Some((*scale, *score)) } else { None });
        let ratings = scores(|w| if let What::Rated(scale, score) = w { Some((*scale, *score)) } else { None });
        let offered = self.count(|w| matches!(w, What::Closed { survey: Some(_), .. }));
        let answered = self.count(|w| matches!(w, What::Closed { survey: Some(true), .. }));
        let response = Share { count: answered, of: offered };
        let mut rated = self.rated(&csat, "answers", "positive");
        rated["distribution"] = scales(&csat);
        json!({
            "csat": rated, "reply_rating": self.rated(&ratings, "rated", "satisfied"),
            "response_rate": { "offered": offered, "answered": answered, "percent": value(response.percent()),
                "low95": value(response.low95()), "high95": value(response.high95()) },
            "questions": self.questions(), "choices": self.choices(),
            "nps": nps(&numbers(|w| if let What::Nps(score) = w { Some(*score) } else { None })),
            "ces": self.ces(&numbers(|w| if let What::Ces(score) = w { Some(*score) } else { None })),
        })
    }

    fn rated(&self, scores: &[(u8, u8)], of: &str, positive: &str) -> Value {
        let from = &self.rules.csat.positive_from;
        let is_good = |(scale, score): &&(u8, u8)| *score >= [from.binary, from.four, from.five][usize::from(*scale)];
        let good = scores.iter().filter(is_good).count() as u64;
        let share = Share { count: good, of: scores.len() as u64 };
        // Twelfths of the way from worst to best; the mean score is 1 more than four times that.
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

    fn questions(&self) -> Value {
        let mut all: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
        for part in &self.parts {
            if let What::Question(id, score) = part.what {
                all.entry(id).or_default().push(score);
            }
        }
        let of = |(id, scores): (&str, Vec<u8>)| {
            let (mean, spread) = (mean(&scores), spread(&scores, 1, 5));
            (id.to_owned(), json!({ "answers": scores.len(), "mean": mean, "distribution": spread }))
        };
        all.into_iter().map(of).collect::<Map<_, _>>().into()
    }

    fn choices(&self) -> Value {
        let mut all: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
        for part in &self.parts {
            if let What::Choice(id, ticked) = &part.what {
                let counts = all.entry(id).or_default();
                ticked.iter().for_each(|choice| *counts.entry(choice).or_default() += 1);
            }
        }
        json!(all)
    }

    fn ces(&self, scores: &[u8]) -> Value {
        let is_good = |score: &&u8| match self.rules.ces.better {
            CesBetter::High => **score >= 5,
            CesBetter::Low => **score <= 3,
        };
        let good = Share { count: scores.iter().filter(is_good).count() as u64, of: scores.len() as u64 };
        json!({ "answers": scores.len(), "mean": mean(scores), "good_percent": value(good.percent()),
            "low95": value(good.low95()), "high95": value(good.high95()), "distribution": spread(scores, 1, 7) })
    }

    /// How many parts are their ticket's first of their kind in the period.
    fn firsts(&self, before: impl Fn(&What) -> Option<Option<i64>>) -> usize {
        let is_first = |part: &&&Part| before(&part.what).is_some_and(|before| (self.is_first)(before, part));
        self.parts.iter().filter(is_first).count()
    }

    fn flow(&self) -> Value {
        let closed_by = |kind: fn(&Who) -> bool| self.count(|w| matches!(w, What::Closed { by, .. } if kind(by)));
        let first_closed = self.count(|w| matches!(w, What::FirstClosed { .. }));
        let reopened = self.count(|w| matches!(w, What::FirstClosed { reopened: true, .. }));
        let one_touch = self.count(|w| matches!(w, What::FirstClosed { one_touch: true, .. }));
        let replies = |w: &What| if let What::ClosedForGood(l) = w { Some(l.replies * 1_000_000) } else { None };
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for part in &self.parts {
            if let What::Closed { reason: Some(reason), .. } = part.what {
                *reasons.entry(reason).or_default() += 1;
            }
        }
        json!({
            "opened": self.count(|w| matches!(w, What::Opened)),
            "closed": self.count(|w| matches!(w, What::Closed { .. })),
            "closed_tickets":
                self.firsts(|w| if let What::Closed { before, .. } = w { Some(*before) } else { None }),
            "reopenings": self.count(|w| matches!(w, What::Reopened { .. })),
            "reopened_tickets":
                self.firsts(|w| if let What::Reopened { before } = w { Some(*before) } else { None }),
            "reopen_rate": value(Share { count: reopened, of: first_closed }),
            "one_touch_rate": value(Share { count: one_touch, of: first_closed }),
            "replies_per_closed": self.distribution(replies),
            "closed_by": { "agent": closed_by(|by| matches!(by, Who::Agent(_))),
                "customer": closed_by(|by| *by == Who::Customer), "automation": closed_by(|by| *by == Who::Automation) },
            "reasons": reasons,
            "transfers": self.count(|w| matches!(w, What::Transferred { .. })),
            "transferred_tickets":
                self.firsts(|w| if let What::Transferred { before, .. } = w { Some(*before) } else { None }),
            "between": self.between(), "stay": self.stay(),
            "priority_changed": self.count(|w| matches!(w, What::Priority)),
        })
    }

    fn between(&self) -> Value {
        let mut counts = BTreeMap::new();
        for part in &self.parts {
            if let What::Transferred { to, .. } = part.what
                && to != part.place.department
            {
                *counts.entry((last_if_none(part.place.department), last_if_none(to))).or_insert(0) += 1;
            }
        }
        counts.into_iter().map(|((from, to), count)| json!({ "from": from.1, "to": to.1, "count": count })).collect()
    }

    fn stay(&self) -> Value {
        let mut stays: BTreeMap<_, Vec<i64>> = BTreeMap::new();
        for part in &self.parts {
            if let What::Stayed(took) = part.what {
                stays.entry(last_if_none(part.place.department)).or_default().push(took);
            }
        }
        let of = |((_, department), took): ((bool, Option<&str>), Vec<i64>)| {
            let mut stay = value(Distribution::of(took));
            stay["department"] = json!(department);
            stay
        };
        stays.into_iter().map(of).collect()
    }

    /// Met, and all that were met or breached.
    fn met(&self, metric: TargetMetric) -> Share {
        let judged: Vec<bool> = self.took(metric).iter().filter_map(|took| took.met).collect();
        let past_due = self.count(|w| matches!(w, What::PastDue(other) if *other == metric));
        Share { count: judged.iter().filter(|met| **met).count() as u64, of: judged.len() as u64 + past_due }
    }

    fn leaderboard(&self, agent: Option<&str>) -> Value {
        let (said, flow) = (self.satisfaction(), self.flow());
        let met = METRICS.map(|metric| self.met(metric)).into_iter();
        let met = met.fold(Share::default(), |all, one| Share { count: all.count + one.count, of: all.of + one.of });
        json!({
            "agent": agent, "closed": flow["closed"], "public_replies": self.count(|w| matches!(w, What::Replied)),
            "reply_rating": said["reply_rating"], "csat": said["csat"],
            "first_response": self.times(TargetMetric::FirstResponse),
            "full_resolution": self.times(TargetMetric::FullResolution), "reopen_rate": flow["reopen_rate"],
            "one_touch_rate": flow["one_touch_rate"], "targets_met": value(met),
        })
    }

    fn volume(&self) -> Value {
        let hours = (1..=7).flat_map(|weekday| (0..24).map(move |hour| (weekday, hour)));
        let cell = |(weekday, hour)| {
            let here = |part: &&&Part| hour_of_week(self.rules, part.happened) == (weekday, hour);
            let here: Vec<&Part> = self.parts.iter().filter(here).copied().collect();
            let opened = here.iter().filter(|part| matches!(part.what, What::Opened)).count();
            let replies = here.iter().filter(|part| matches!(part.what, What::Replied)).count();
            json!({ "weekday": weekday, "hour": hour, "opened": opened, "replies": replies })
        };
        json!({ "cells": hours.map(cell).collect::<Vec<_>>() })
    }

    fn backlog(&self) -> Value {
        let of = |is: &dyn Fn(bool, bool, bool, i64) -> bool| {
            self.count(|w| match w {
                What::Open { unassigned, unanswered, held, age } => is(*unassigned, *unanswered, *held, *age),
                _ => false,
            })
        };
        let aged = |from: i64, to: i64| of(&|_, _, _, age| from * DAY <= age && age < to * DAY);
        json!({
            "open": of(&|_, _, _, _| true), "unassigned": of(&|unassigned, _, _, _| unassigned),
            "unanswered": of(&|_, unanswered, _, _| unanswered), "held": of(&|_, _, held, _| held),
            "ages": { "under_1d": aged(0, 1), "1d_3d": aged(1, 3), "3d_7d": aged(3, 7), "7d_30d": aged(7, 30),
                "over_30d": aged(30, 1_000_000) },
        })
    }

    fn targets(&self) -> Value {
        let names = ["first_response", "next_response", "full_resolution"];
        let of = |(name, metric): (&str, TargetMetric)| (name.to_owned(), self.target(metric));
        names.into_iter().zip(METRICS).map(of).collect::<Map<_, _>>().into()
    }

    fn target(&self, metric: TargetMetric) -> Value {
        let mut running: Vec<(i64, String, i64)> = Vec::new();
        for part in &self.parts {
            if let What::Running { metric: other, due, left } = part.what
                && other == metric
            {
                running.push((due, format!("T-{}", part.place.ticket), left));
            }
        }
        running.sort();
        let tickets = running.iter().map(|(due, ticket, left)| {
            let due = crate::report::json::rfc3339(*due);
            json!({ "ticket": ticket, "due_at": due, "left": value(Decimal::from_micros((*left).into())) })
        });
        let share = self.met(metric);
        json!({ "met": share.count, "breached": share.of - share.count, "running": running.len(),
            "share": value(share), "running_tickets": tickets.collect::<Vec<_>>() })
    }
}

/// For each scale that was used, how often each of its scores was given.
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
    (low..=high).map(|score| (score.to_string(), json!(times(score)))).collect::<Map<_, _>>().into()
}

fn mean(scores: &[u8]) -> Value {
    value(Decimal::ratio(scores.iter().map(|s| i128::from(*s)).sum(), scores.len() as i128))
}

fn nps(scores: &[u8]) -> Value {
    let (up, down) = (scores.iter().filter(|s| **s >= 9).count(), scores.iter().filter(|s| **s <= 6).count());
    let score = Decimal::ratio(100 * (up as i128 - down as i128), scores.len() as i128);
    json!({ "answers": scores.len(), "promoters": up, "passives": scores.len() - up - down, "detractors": down,
        "score": value(score) })
}
