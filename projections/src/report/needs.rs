//! What a report reads of the measurements, so that a state made for it, or for a few, keeps nothing else.
//!
//! Each report says it of its figures, beside where it counts them; what holds for every report stands here.

use super::is_counted_in_parts;
use super::query::{Dimension, Query, ReportName};
use super::{RowFigures, backlog, flow, leaderboard, overview, resolution_times, response_times, satisfaction, volume};
use crate::definition::document::{Attribution, DatedBy, Definition};
use crate::measurements::needs::Needs;

/// What is asked, as far as it says what is read.
pub(super) struct Asked<'a> {
    pub(super) query: &'a Query,
    pub(super) document: &'a Definition,
}

impl Asked<'_> {
    /// What is read where the rows have any of these figures.
    pub(super) fn of(&self, figures: &[&str], read: Needs) -> Needs {
        read.when(self.query.asks_any(figures))
    }
}

/// What the report that `query` asks for under a definition reads.
#[must_use]
pub fn needs(query: &Query, document: &Definition) -> Needs {
    let asked = Asked { query, document };
    let of_figures = match query.report {
        _ if !is_counted_in_parts(query) => Needs::EVERYTHING,
        ReportName::Overview => overview::Overview::reads(&asked),
        ReportName::Satisfaction => satisfaction::Satisfaction::reads(&asked),
        ReportName::ResponseTimes => response_times::ResponseTimes::reads(&asked),
        ReportName::ResolutionTimes => resolution_times::ResolutionTimes::reads(&asked),
        ReportName::Flow => flow::Flow::reads(&asked),
        ReportName::Leaderboard => leaderboard::Leaderboard::reads(&asked),
        ReportName::Volume => volume::Volume::reads(&asked),
        ReportName::Backlog => backlog::Backlog::reads(&asked),
        ReportName::Targets | ReportName::Cases | ReportName::ReviewQueue => Needs::EVERYTHING,
    };
    // Where nothing else says when the report begins, its notes on holidays do.
    let since_the_first = !document.schedules.is_empty() && query.from.is_none();
    let of_notes = FIRST_OPENING_READ.when(since_the_first);
    let of_rows = of_dimensions(query);
    let by_repliers = of_rows.cover(Needs::Credits) && document.attribution == Attribution::AllRepliers;
    of_figures | of_rows | Needs::Repliers.when(by_repliers) | of_dates(document) | of_notes
}

/// What tells when the first ticket of all was opened.
pub(super) const FIRST_OPENING_READ: Needs = Needs::Openings.and(Needs::FirstOpening).and(Needs::Positions);

/// What tells groups, what filters let pass, and for whom a closing counts.
fn of_dimensions(query: &Query) -> Needs {
    let filtered = query.filters.iter().map(|(dimension, _)| dimension);
    let read = query.group_by.iter().chain(filtered).map(|dimension| match dimension {
        Dimension::Channel
        | Dimension::CustomerTier
        | Dimension::Customer
        | Dimension::Language
        | Dimension::Attribute(_) => Needs::TicketDimensions,
        Dimension::Agent => Needs::Credits | Needs::Agents,
        Dimension::Branch => Needs::Branches,
        Dimension::Department => Needs::Departments,
        Dimension::Priority => Needs::Priorities,
        Dimension::Tag => Needs::Tags,
        Dimension::ClosingReason => Needs::Reasons,
        Dimension::Form => Needs::Forms,
    });
    read.fold(Needs::Credits.when(query.report.is_by_agent()), |all, read| all | read)
}

/// What says in which period something of a ticket counts.
fn of_dates(document: &Definition) -> Needs {
    match document.dated_by {
        DatedBy::Event => Needs::NOTHING,
        DatedBy::Opened => Needs::Tickets,
        DatedBy::Closed => Needs::Closings | Needs::Positions,
    }
}
