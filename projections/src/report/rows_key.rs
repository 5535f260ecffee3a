//! What decides the rows of a report: equal keys, equal rows, whatever else was asked and has happened since.

use super::Report;
use super::periods::{Calendar, Interval};
use super::query::{Dimension, Query, ReportName};
use crate::definition::document::Within;
use crate::measurements::Measurements;
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;

/// Everything that the rows of a report depend on, in one form: a query whose parameters stand in another order, or
/// that says the same in other words, has the same key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowsKey {
    report: ReportName,
    /// The definition's name and version.
    definition: (String, u64),
    from: Option<Micros>,
    to: Option<Micros>,
    interval: Option<Interval>,
    group_by: Vec<Dimension>,
    filters: Vec<(Dimension, Vec<Option<String>>)>,
    within: Option<Within>,
    limit: Option<usize>,
    figures: Option<Vec<&'static str>>,
    /// Up to which instant events are counted.
    happened_by: Option<Micros>,
    /// The last event up to the report's position that changed what it counts.
    changed: Position,
    /// As much of the instant of running things as the report reads.
    at: Option<Micros>,
}

impl RowsKey {
    /// The key of the rows that `query` asks for; `head` is the head of the report, made of the same state and query.
    #[must_use]
    pub fn of(state: &Measurements, query: &Query, head: &Report) -> Self {
        // Every parameter is named: a new one must say here what it does to rows. What is left out is in the head.
        let Query {
            report,
            from: _,
            to: _,
            interval,
            group_by,
            filters,
            as_of: _,
            happened_by: _,
            at: _,
            within,
            limit,
            figures,
            definition: _,
        } = query;
        Self {
            report: *report,
            definition: (head.definition.document.name.clone(), head.definition.version),
            from: head.from,
            to: head.to,
            interval: *interval,
            // Groups are named and put in order as they were asked for.
            group_by: group_by.clone(),
            filters: in_order(filters),
            within: within.filter(|_| report.reads_within()),
            limit: *limit,
            figures: figures.clone().map(sorted),
            happened_by: head.happened_by,
            changed: changed(state, *report, head.position),
            at: read_at(query, head),
        }
    }
}

/// Rows have their figures in the same order, however these were asked for.
fn sorted(mut figures: Vec<&'static str>) -> Vec<&'static str> {
    figures.sort_unstable();
    figures
}

/// Filters in the order of their dimensions, each value once and in order.
fn in_order(filters: &[(Dimension, Vec<Option<String>>)]) -> Vec<(Dimension, Vec<Option<String>>)> {
    let mut filters = filters.to_vec();
    for (_, values) in &mut filters {
        values.sort_unstable();
        values.dedup();
    }
    filters.sort_unstable();
    filters
}

/// The last event up to `position` that changed what a report counts; `position` itself where a later one did, because
/// only the last of all is known.
fn changed(state: &Measurements, report: ReportName, position: Position) -> Position {
    let (opinions, follow_ups) = match report {
        ReportName::Overview | ReportName::Satisfaction | ReportName::Leaderboard => (true, false),
        ReportName::Cases | ReportName::ReviewQueue => (true, true),
        ReportName::ResponseTimes
        | ReportName::ResolutionTimes
        | ReportName::Flow
        | ReportName::Targets
        | ReportName::Volume
        | ReportName::Backlog => (false, false),
    };
    position.min(state.changes().last(opinions, follow_ups))
}

/// As much of `at` as the rows read.
fn read_at(query: &Query, head: &Report) -> Option<Micros> {
    let at = head.at?;
    match query.report {
        // How far what runs has come, and what fell due by then.
        ReportName::Targets | ReportName::Leaderboard | ReportName::ReviewQueue => Some(at),
        // What stands open at ends of periods: those before `to` are over whatever comes later.
        ReportName::Overview | ReportName::Backlog | ReportName::Cases => Some(head.to.map_or(at, |to| to.min(at))),
        // Nothing that runs; without groups there is a row for each period up to that of `at`.
        ReportName::Satisfaction
        | ReportName::ResponseTimes
        | ReportName::ResolutionTimes
        | ReportName::Flow
        | ReportName::Volume => {
            let interval = query.interval.filter(|_| query.group_by.is_empty() && head.to.is_none())?;
            Some(Calendar::of(&head.definition.document).period_of(interval, at).start)
        }
    }
}
