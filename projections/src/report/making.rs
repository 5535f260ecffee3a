//! From what was counted to rows: their periods, the names of their groups, their figures.

use super::counting::{Counter, Group, Key};
use super::figure::{JsonFields, write_text};
use super::json::{row_bytes, text_of, write_period};
use super::query::{Dimension, Query};
use super::tally::Halves;
use super::{Row, RowFigures, RowPeriod, Terms};
use crate::measurements::Measurements;
use crate::side_by_side::side_by_side;
use crate::ticket_facts::Micros;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// From how many measurements in rows on a second thread makes half of the rows; below that it costs more than it spares.
const HALVED_FROM: u64 = if cfg!(test) { 8 } else { 8192 };

/// What the values of each axis are called, and in which order they stand.
pub(super) struct Labels<'a>(pub(super) Vec<AxisLabels<'a>>);

/// What the values of one axis are called that any group has.
pub(super) struct AxisLabels<'a> {
    /// The place among the names of the value with each number.
    ranks: Vec<u32>,
    /// In their order; none: the absent value.
    names: Vec<Option<Cow<'a, str>>>,
    /// The same to be held by many rows, once rows are made.
    shared: OnceLock<Vec<Option<Arc<str>>>>,
    /// All names as JSON, one behind the other.
    json: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
}

impl<'a> AxisLabels<'a> {
    /// The names of values by number, in their order; every number is below `numbers`.
    pub(super) fn of(ordered: Vec<(u32, Option<Cow<'a, str>>)>, numbers: usize) -> Self {
        // Memory is given out page by page as it is written: numbers that no group has cost nothing.
        let mut ranks = vec![0; numbers];
        for ((number, _), rank) in ordered.iter().zip(0..) {
            ranks[*number as usize] = rank;
        }
        let names: Vec<_> = ordered.into_iter().map(|(_, name)| name).collect();
        let (mut json, mut ends) = (Vec::with_capacity(16 * names.len()), Vec::with_capacity(names.len()));
        for name in &names {
            match name {
                Some(name) => write_text(name, &mut json),
                None => json.extend_from_slice(b"null"),
            }
            ends.push(json.len());
        }
        Self { ranks, names, shared: OnceLock::new(), json, ends }
    }

    /// Above the number of any value.
    pub(super) fn numbers(&self) -> usize {
        self.ranks.len()
    }

    /// The place of the value with that number, which a group must have.
    pub(super) fn rank(&self, number: u32) -> u32 {
        self.ranks.get(number as usize).copied().unwrap_or(u32::MAX)
    }

    /// The name of the value with that number.
    fn name(&self, number: u32) -> Option<Arc<str>> {
        let shared = || self.names.iter().map(|name| name.as_deref().map(Into::into)).collect();
        self.shared.get_or_init(shared).get(self.rank(number) as usize)?.clone()
    }

    /// The same as JSON.
    fn json(&self, number: u32) -> Option<&[u8]> {
        let rank = self.rank(number) as usize;
        let start = rank.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.json.get(start..*self.ends.get(rank)?)
    }
}

impl Labels<'_> {
    /// The places of a group's values; equal places are equal groups.
    pub(super) fn ranks(&self, group: &Group) -> Group {
        let mut ranks = Group::default();
        for ((rank, labels), number) in ranks.iter_mut().zip(&self.0).zip(group) {
            *rank = labels.rank(*number);
        }
        ranks
    }

    /// The same as one number, in the same order.
    pub(super) fn place(&self, group: &Group) -> u128 {
        self.ranks(group).into_iter().fold(0, |place, rank| place << 32 | u128::from(rank))
    }
}

/// Everything that rows are made of beside what was counted.
pub(super) struct Making<'a> {
    pub(super) state: &'a Measurements,
    pub(super) query: &'a Query,
    pub(super) terms: &'a Terms,
    /// What each axis is.
    pub(super) dimensions: &'a [Dimension],
    pub(super) labels: &'a Labels<'a>,
}

/// A dimension as rows name it.
struct Named {
    /// What stands before its value.
    before: Vec<u8>,
    axis: Option<usize>,
}

impl Making<'_> {
    /// The rows, in the order in which they were counted; many are made on two threads.
    pub(super) fn rows<R: RowFigures>(&self, mut counted: Vec<Halves<'_, R>>) -> Vec<Row> {
        let (mut rows, behind) =
            in_halves(&mut counted, |half| half.iter_mut().map(|both| self.row(both)).collect::<Vec<_>>());
        rows.extend(behind.into_iter().flatten());
        rows
    }

    /// The rows as JSON, in that order; many are written on two threads. The bytes are those of the rows written.
    pub(super) fn json<R: RowFigures>(&self, mut counted: Vec<Halves<'_, R>>) -> String {
        let rows = counted.len();
        let (first, behind) = in_halves(&mut counted, |half| self.written(half, rows));
        listed(first, behind)
    }

    /// Rows as JSON, a comma before each; room is left for so many.
    pub(super) fn written<R: RowFigures>(&self, counted: &mut [Halves<'_, R>], rows: usize) -> String {
        let figures = self.query.figures.as_ref().map_or(usize::try_from(R::FIGURES).unwrap_or(0), Vec::len);
        let room = rows * row_bytes(figures) + 1;
        let mut out = Vec::with_capacity(room);
        let names: Vec<_> =
            self.query.group_by.iter().enumerate().map(|(place, asked)| self.named(place, asked)).collect();
        // Rows that follow one another begin with the same bytes: of one period, and of one group but for its last value.
        let mut before: Option<(Key, Range<usize>)> = None;
        for both in counted.iter_mut() {
            both.settle();
            let Counter { key, figures, .. } = &mut *both.row;
            out.push(b',');
            let begin = out.len();
            let same = before.filter(|(before, _)| begins_as(before, key, &names)).map(|(_, bytes)| bytes);
            match same {
                Some(bytes) => out.extend_from_within(bytes),
                None => {
                    write_period(self.period(key.0).as_ref(), &mut out);
                    self.write_group(&names, &key.1, &mut out);
                }
            }
            let known = begin..out.len();
            before = Some((*key, known));
            self.write_last(&names, &key.1, &mut out);
            figures.write(self.state, self.terms, &|name| self.shows(name), &mut JsonFields { out: &mut out });
            out.push(b'}');
        }
        text_of(out)
    }

    /// A dimension as rows name it, in its place among those asked for.
    fn named(&self, place: usize, asked: &Dimension) -> Named {
        let mut before = if place == 0 { b",\"group\":{".to_vec() } else { b",".to_vec() };
        write_text(&asked.name(), &mut before);
        before.push(b':');
        Named { before, axis: self.dimensions.iter().position(|dimension| dimension == asked) }
    }

    /// Writes the group up to its last value.
    fn write_group(&self, names: &[Named], group: &Group, out: &mut Vec<u8>) {
        let Some((last, others)) = names.split_last() else {
            return out.extend_from_slice(b",\"group\":{");
        };
        for name in others {
            out.extend_from_slice(&name.before);
            out.extend_from_slice(self.value(name, group));
        }
        out.extend_from_slice(&last.before);
    }

    /// Writes the last value of the group, and its end.
    fn write_last(&self, names: &[Named], group: &Group, out: &mut Vec<u8>) {
        if let Some(last) = names.last() {
            out.extend_from_slice(self.value(last, group));
        }
        out.push(b'}');
    }

    /// A group's value of a dimension, as JSON.
    fn value(&self, Named { axis, .. }: &Named, group: &Group) -> &[u8] {
        axis.and_then(|axis| self.labels.0.get(axis)?.json(group[axis])).unwrap_or(b"null")
    }

    fn row<R: RowFigures>(&self, both: &mut Halves<'_, R>) -> Row {
        both.settle();
        let counter = &mut *both.row;
        let (start, group) = counter.key;
        let value = |asked: &Dimension| {
            let axis = self.dimensions.iter().position(|dimension| dimension == asked);
            (asked.name(), axis.and_then(|axis| self.labels.0.get(axis)?.name(group[axis])))
        };
        let group = self.query.group_by.iter().map(value).collect();
        let mut figures = std::mem::take(&mut counter.figures).figures(self.state, self.terms);
        figures.retain(|(name, _)| self.shows(name));
        let told = self.query.figures.as_ref().map_or(R::FIGURES, |_| 0);
        debug_assert!(told <= figures.len() as u64, "the size of a report is told by its rows");
        let period = self.period(start);
        Row { period, group, figures }
    }

    /// Whether rows have a figure of that name: those that were asked for, and the agent of a report that is by agent,
    /// without whom nobody could tell its rows apart.
    fn shows(&self, name: &str) -> bool {
        self.query.asks(name) || (name == "agent" && self.query.report.is_by_agent())
    }

    fn period(&self, start: Micros) -> Option<RowPeriod> {
        let interval = self.query.interval?;
        let Terms { calendar, from, to, .. } = self.terms;
        let period = calendar.period_of(interval, start);
        let cut_before = from.is_some_and(|from| period.start < from);
        let cut_after = to.is_some_and(|to| to < period.end);
        let (label, partial) = (calendar.label(interval, &period), cut_before || cut_after);
        Some(RowPeriod { interval, label, period, partial })
    }
}

/// The list of all rows: of those in a text, which has room for more, and of those behind them, a comma before each.
pub(super) fn listed(first: String, behind: Option<String>) -> String {
    let mut list = first;
    list.extend(behind);
    list.replace_range(..list.len().min(1), "[");
    list.push(']');
    list
}

/// Whether what is written of two rows is the same up to the last value of their groups.
fn begins_as(one: &Key, other: &Key, names: &[Named]) -> bool {
    let others = names.split_last().map_or(&[][..], |(_, others)| others);
    one.0 == other.0 && others.iter().filter_map(|name| name.axis).all(|axis| one.1[axis] == other.1[axis])
}

/// Makes something of rows that were counted: of much in two halves on two threads, the second one then.
fn in_halves<R: RowFigures, T: Send>(
    counted: &mut [Halves<'_, R>],
    make: impl Fn(&mut [Halves<'_, R>]) -> T + Sync,
) -> (T, Option<T>) {
    if counted.iter().map(|both| both.row.measurements).sum::<u64>() < HALVED_FROM {
        return (make(counted), None);
    }
    let (counted, behind) = counted.split_at_mut(counted.len() / 2);
    let (made, behind) = side_by_side(|| make(counted), || make(behind));
    (made, Some(behind))
}
