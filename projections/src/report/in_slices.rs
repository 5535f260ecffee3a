//! A report counted slice by slice: what some tickets measured is counted, and forgotten before the next are folded.

use super::counting::Counting;
use super::groups::CustomerLabels;
use super::query::{Query, ReportName};
use super::sheet::Sheet;
use super::tally::Tally;
use super::{RowFigures, Terms, is_counted_in_parts, of_report, terms};
use super::{
    backlog, cases, flow, leaderboard, overview, resolution_times, response_times, satisfaction, targets, volume,
};
use crate::definition::catalog::Published;
use crate::measurements::Measurements;
use crate::measurements::needs::Needs;
use crate::report::needs::needs;
use daftar_eventlog::Position;
use std::any::Any;
use std::sync::Arc;

/// What was counted of some tickets, of whichever report.
pub(crate) struct Counted(Box<dyn Any + Send>);

/// A report that is being counted.
pub(crate) trait CountsSlices: Send {
    /// Counts what a state has measured of tickets that were not counted before; false: there is something wrong with what
    /// was asked, which is told where the report is made.
    fn count(&mut self, state: &Measurements) -> bool;

    /// Everything that was counted.
    fn into_counted(self: Box<Self>) -> Counted;
}

impl Counted {
    /// What rows are made of; none: it was counted for another report.
    pub(super) fn into_tally<R: RowFigures>(self) -> Option<Tally<R>> {
        self.0.downcast().ok().map(|tally| *tally)
    }
}

/// Begins to count a report of a log of which nothing is folded yet, but which says where it ends and when. None: it looks
/// at all tickets at once, or something is wrong with what is asked.
pub(crate) fn begin<'a>(
    state: &Measurements,
    query: &'a Query,
    definition: &Arc<Published>,
    position: Position,
    labels: &'a dyn CustomerLabels,
) -> Option<Box<dyn CountsSlices + 'a>> {
    if !is_counted_in_parts(query) || needs(query, &definition.document).touch(Needs::FirstOpening) {
        return None;
    }
    let terms = terms(state, None, query, definition, position).ok()?;
    let begun = Begun { state, query, position, labels, terms };
    of_report!(begun.slices, |_: &Begun<'_, '_>| None)
}

/// Everything that counting begins with.
struct Begun<'a, 's> {
    state: &'s Measurements,
    query: &'a Query,
    position: Position,
    labels: &'a dyn CustomerLabels,
    terms: Terms,
}

impl<'a> Begun<'a, '_> {
    fn slices<R: RowFigures>(self) -> Option<Box<dyn CountsSlices + 'a>> {
        let Self { state, query, position, labels, terms } = self;
        let sheet = Sheet::new(state, query, position, labels, terms.clone()).ok()?;
        // What is no ticket's is counted of none as well, such as the instants at which what stands open is looked at.
        let mut counting = Counting::<R>::new(&sheet);
        R::count(&mut counting, state);
        let tally = counting.into_tally();
        Some(Box::new(Slices { query, position, labels, terms, tally }))
    }
}

/// A report that is being counted.
struct Slices<'a, R> {
    query: &'a Query,
    position: Position,
    labels: &'a dyn CustomerLabels,
    terms: Terms,
    tally: Tally<R>,
}

impl<R: RowFigures> CountsSlices for Slices<'_, R> {
    fn count(&mut self, state: &Measurements) -> bool {
        let Ok(sheet) = Sheet::new(state, self.query, self.position, self.labels, self.terms.clone()) else {
            return false;
        };
        self.tally.make_room(&sheet.axes, state);
        let mut counting = Counting::after(&sheet, std::mem::take(&mut self.tally));
        R::count(&mut counting, state);
        self.tally = counting.into_tally();
        true
    }

    fn into_counted(self: Box<Self>) -> Counted {
        Counted(Box::new(self.tally))
    }
}
