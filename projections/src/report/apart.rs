//! Rows of many small groups on two threads: each counts groups of its own and writes their rows, beginning to end.
//!
//! Where halves of all measurements are counted, most groups stand in both and have to be brought together. Here both
//! threads walk everything, which costs little beside many rows, and nothing they count has to be added up.

use super::counting::Counting;
use super::groups::Axis;
use super::making::{Labels, listed};
use super::row_numbers::Places;
use super::sheet::Sheet;
use super::tally::whole;
use super::{ReportError, RowFigures};
use crate::side_by_side::side_by_side;
use std::ops::Range;

/// How many openings a group may have on average for walking everything twice to cost less than it spares.
const OPENINGS_A_GROUP: usize = 16;

/// Rows written, a comma before each.
struct Written {
    rows: usize,
    json: String,
}

impl<'a> Sheet<'a> {
    /// The rows as JSON; none: it is not worth it, or rows have to do with one another.
    pub(super) fn json_apart<R: RowFigures>(&self) -> Option<Result<String, ReportError>> {
        let labels = self.labels_apart::<R>()?;
        let places = Places::in_order(&labels)?;
        // Behind all others stands what has no first value, which is seldom much.
        let (half, all) = (places.of_named() / 2, places.len());
        let (sheet, called, of_theirs) = (self.apart(self.state), &labels, places.clone());
        let (first, behind) = side_by_side(
            || self.written_apart::<R>(&labels, places, 0..half),
            move || sheet.written_apart::<R>(called, of_theirs, half..all),
        );
        let fits = self.check_size::<R>(first.rows + behind.rows, 0);
        Some(fits.map(|()| listed(first.json, Some(behind.json))))
    }

    /// What all values are called, where rows are of one period and many groups, and each can be written by itself.
    fn labels_apart<R: RowFigures>(&self) -> Option<Labels<'a>> {
        let each_by_itself = R::APART && self.query.limit.is_none() && self.agent().is_none() && self.parts.is_none();
        if !each_by_itself || self.query.interval.is_some() || self.axes.is_empty() || self.threads() < 2 {
            return None;
        }
        // Customers are asked for by their keys, and so only those who have rows.
        if self.axes.contains(&Axis::Customer) {
            return None;
        }
        let groups = Places::of(&self.axes, self.state)?.len();
        (self.openings() <= groups * OPENINGS_A_GROUP).then(|| self.all_labels())
    }

    /// Counts the groups with these places and writes their rows in order.
    fn written_apart<R: RowFigures>(&self, labels: &Labels<'_>, places: Places, of: Range<usize>) -> Written {
        let room = of.len() * 2;
        let mut counting = Counting::<R>::apart(self, places, of);
        R::count(&mut counting, self.state);
        let mut rows = counting.into_tally().rows;
        let mut counted: Vec<_> = whole(&mut rows).collect();
        // What is too large for itself is refused: nobody reads it.
        let json = match self.check_size::<R>(counted.len(), 0) {
            Ok(()) => self.making(labels).written(&mut counted, room),
            Err(_) => String::new(),
        };
        Written { rows: counted.len(), json }
    }
}
