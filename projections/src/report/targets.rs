//! The report `targets`: which durations met their targets, which missed them, and which still can.

use super::adding::{Adds, adds};
use super::counting::Counting;
use super::explain::part::{Lookup, PartOf, count, share, share_of};
use super::figure::Figure;
use super::instants::Instants;
use super::json::rfc3339;
use super::needs::Asked;
use super::query::ReportName;
use super::resolution_times::each_full_resolution;
use super::response_times::{each_first_response, each_next_response};
use super::targeting::{Due, Ended, Look, Targets as TargetsOf};
use super::{CELLS_MAX, Fields, RowFigures, Terms};
use crate::definition::document::TargetMetric;
use crate::exact::{Decimal, Share};
use crate::measurements::Measurements;
use crate::measurements::needs::Needs;
use crate::measurements::runs::{Run, RunEnd};
use crate::ticket_facts::Micros;

/// A row being counted.
#[derive(Default)]
pub(super) struct Targets {
    first_response: Counts,
    next_response: Counts,
    full_resolution: Counts,
}

/// What became of the targets of one metric.
#[derive(Default)]
struct Counts {
    met: u64,
    breached: u64,
    running: Vec<Running>,
}

/// A target that still runs.
struct Running {
    ticket: u32,
    due_at: Option<Micros>,
    left: Micros,
}

adds!(Targets { first_response, next_response, full_resolution });
adds!(Counts { met, breached, running });

impl Adds for Vec<Running> {
    fn add_up(&mut self, mut other: Self) {
        self.append(&mut other);
    }
}

impl RowFigures for Targets {
    /// Besides, each running ticket is one.
    const FIGURES: u64 = 3;

    fn reads(_: &Asked<'_>) -> Needs {
        Needs::EVERYTHING
    }

    /// Durations that ended count where their metric does. One that did not end counts at the moment its target fell
    /// due, under the dimensions in force at the end of the report's prefix or where it was dropped; until then it runs,
    /// at each period's end, for the assignee.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements) {
        count_ended(counting, state);
        each_breach(counting, state, |row, metric| row.of(metric).breached += 1);
        count_running(counting, state);
    }

    const EXPLAINED: &'static [&'static str] = &["METRIC.share", "METRIC.met", "METRIC.breached", "METRIC.running"];

    /// A metric alone is its share.
    fn parts<'a>(figure: &str, _: &Lookup<'a>) -> Option<PartOf<'a, Self>> {
        let (metric, what) = figure.split_once('.').unwrap_or((figure, "share"));
        let of: fn(&Self) -> &Counts = match metric {
            "first_response" => |row| &row.first_response,
            "next_response" => |row| &row.next_response,
            "full_resolution" => |row| &row.full_resolution,
            _ => return None,
        };
        Some(match what {
            "share" => share(move |row| of(row).share()),
            "met" => count(move |row| of(row).met),
            "breached" => count(move |row| of(row).breached),
            "running" | "running_tickets" => running(of),
            _ => return None,
        })
    }

    fn figures(self, state: &Measurements, _: &Terms) -> Fields {
        vec![
            ("first_response".into(), self.first_response.figure(state)),
            ("next_response".into(), self.next_response.figure(state)),
            ("full_resolution".into(), self.full_resolution.figure(state)),
        ]
    }
}

impl Targets {
    fn of(&mut self, metric: TargetMetric) -> &mut Counts {
        match metric {
            TargetMetric::FirstResponse => &mut self.first_response,
            TargetMetric::NextResponse => &mut self.next_response,
            TargetMetric::FullResolution => &mut self.full_resolution,
        }
    }
}

impl Counts {
    fn judge(&mut self, met: Option<bool>) {
        match met {
            Some(true) => self.met += 1,
            Some(false) => self.breached += 1,
            None => {}
        }
    }

    /// Those met of those met or missed.
    fn share(&self) -> Share {
        Share { count: self.met, of: self.met + self.breached }
    }

    fn figure(mut self, state: &Measurements) -> Figure {
        let id = |running: &Running| state.tickets.id(running.ticket);
        self.running.sort_unstable_by_key(|r| (r.due_at.is_none(), r.due_at, id(r)));
        let running = |r: &Running| {
            Figure::object([
                ("ticket", id(r).into()),
                ("due_at", r.due_at.map(rfc3339).into()),
                ("left", Decimal::from_micros(r.left.into()).into()),
            ])
        };
        Figure::object([
            ("met", self.met.into()),
            ("breached", self.breached.into()),
            ("running", Figure::from(self.running.len() as u64)),
            ("share", self.share().into()),
            ("running_tickets", self.running.iter().map(running).collect::<Vec<_>>().into()),
        ])
    }
}

/// What runs, each with the time left.
fn running<'a>(of: fn(&Targets) -> &Counts) -> PartOf<'a, Targets> {
    let one = move |row: &Targets| Share { count: 1, of: of(row).running.len() as u64 };
    share_of(one, move |row| of(row).running.first().map(|running| &running.left))
}

/// What the figure of a metric is called.
const fn name(metric: TargetMetric) -> &'static str {
    match metric {
        TargetMetric::FirstResponse => "first_response",
        TargetMetric::NextResponse => "next_response",
        TargetMetric::FullResolution => "full_resolution",
    }
}

/// The targets of every metric that has any, and whose figure is asked for.
pub(super) fn all<'a, R: Default>(counting: &Counting<'a, R>) -> Vec<(TargetMetric, TargetsOf<'a>)> {
    let (state, terms) = (counting.state, counting.terms);
    // Other reports count what became of all targets together.
    let asked =
        |metric: TargetMetric| counting.query.report != ReportName::Targets || counting.query.asks(name(metric));
    let has_any = |metric: &&TargetMetric| terms.document().targets.iter().any(|target| target.metric == **metric);
    let metrics = TargetMetric::ALL.iter().filter(has_any).filter(|metric| asked(**metric));
    metrics.map(|metric| (*metric, TargetsOf::of(state, terms, *metric))).collect()
}

fn count_ended(counting: &mut Counting<'_, Targets>, state: &Measurements) {
    for (metric, targets) in all(counting) {
        let has_target = |ended: &Ended<'_>| targets.met(ended).is_some();
        match metric {
            TargetMetric::FirstResponse => {
                each_first_response(counting, state, has_target, |row, ended| {
                    row.first_response.judge(targets.met(ended));
                });
            }
            TargetMetric::NextResponse => {
                each_next_response(counting, state, has_target, |row, ended| {
                    row.next_response.judge(targets.met(ended));
                });
            }
            TargetMetric::FullResolution => {
                each_full_resolution(counting, state, has_target, |row, ended| {
                    row.full_resolution.judge(targets.met(ended));
                });
            }
        }
    }
}

/// Counts targets that were missed by durations without an end.
pub(super) fn each_breach<R: Default>(
    counting: &mut Counting<'_, R>,
    state: &Measurements,
    mut count: impl FnMut(&mut R, TargetMetric),
) {
    let Some(at) = counting.terms.at.filter(|_| counting.part.is_first()) else { return };
    for (metric, targets) in all(counting) {
        for run in without_value(counting, state, metric) {
            if counting.is_void(run.ticket) {
                continue;
            }
            let here = Look::at(at, counting.position);
            let look = run.ended.map_or(here, |(ended, _, position)| Look::at(ended, position));
            let Some(due) = targets.due(&run, look) else { continue };
            if let Some(missed) = due.at.filter(|due| *due < look.now) {
                counting.measure(metric, |counting| {
                    counting.once(missed, run.ticket, &due.in_force, |row| count(row, metric));
                });
            }
        }
    }
}

/// The runs of a metric that go on, or ended without a value.
fn without_value<'a, R: Default>(
    counting: &Counting<'a, R>,
    state: &'a Measurements,
    metric: TargetMetric,
) -> Vec<Run> {
    let open_ended = |run: &Run| run.ended.is_none_or(|(_, how, _)| how == RunEnd::Dropped);
    let counts = |run: &Run| run.metric == metric && open_ended(run);
    state.runs.at(counting.position).filter(counts).collect()
}

/// Counts what runs at each of the report's instants, and is not over by then.
fn count_running(counting: &mut Counting<'_, Targets>, state: &Measurements) {
    if !counting.part.is_first() {
        return;
    }
    let instants = Instants::of(counting.query, counting.terms, || counting.first_opening());
    // Every instant becomes a row, or a look at everything that runs: too many are told before they are taken.
    let looks = instants.len() as u64 * Targets::CELLS;
    if looks > CELLS_MAX {
        counting.list(looks);
        return;
    }
    for (metric, targets) in all(counting) {
        let runs = state.runs.at(counting.position);
        for run in runs.filter(|run| run.metric == metric) {
            if counting.is_void(run.ticket) {
                continue;
            }
            let mut numbers = instants.during(run.since, run.ended.map(|(at, ..)| at));
            while let Some(number) = numbers.next() {
                let (now, start) = (instants.now(number), instants.period(number));
                let look = Look { now, before: instants.before(number), position: counting.position };
                let Some(due) = targets.due(&run, look) else { continue };
                if due.at.is_some_and(|due| due < now) {
                    // It stays over until what is in force changes, and with it perhaps the target.
                    let Some(changes) = targets.changes_after(&run, look) else { break };
                    numbers.start = numbers.start.max(instants.during(changes, None).start);
                    continue;
                }
                let Due { at: due_at, left, in_force } = due;
                let ticket = run.ticket;
                counting.stand(start, now, ticket, &in_force, |row| {
                    row.of(metric).running.push(Running { ticket, due_at, left });
                });
                if counting.list(1) {
                    return;
                }
            }
        }
    }
}
