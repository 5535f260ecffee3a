//! From what was counted to rows: their periods, the names of their groups, their figures.

use super::counting::{Counter, Group};
use super::figure::{JsonFields, write_between, write_text};
use super::json::{row_bytes, text_of, write_period};
use super::query::{Dimension, Query};
use super::{Row, RowFigures, RowPeriod, Terms};
use crate::columns::map::Fast;
use crate::measurements::Measurements;
use crate::ticket_facts::Micros;
use std::ops::Range;
use std::sync::Arc;

/// From how many measurements in rows on a second thread makes half of the rows; below that it costs more than it spares.
const HALVED_FROM: u64 = if cfg!(test) { 8 } else { 8192 };

/// What the values of each axis are called, and in which order they stand.
pub(super) struct Labels(pub(super) Vec<Fast<u32, Label>>);

/// What a value is called.
#[derive(Debug, Default)]
pub(super) struct Label {
    /// Its place among the values of its axis.
    pub(super) rank: u32,
    /// None: the absent value.
    pub(super) name: Option<Arc<str>>,
    /// The name as JSON.
    pub(super) json: Box<[u8]>,
}

impl Label {
    pub(super) fn new(rank: u32, name: Option<String>) -> Self {
        let mut json = Vec::new();
        match &name {
            Some(name) => write_text(name, &mut json),
            None => json.extend_from_slice(b"null"),
        }
        Self { rank, name: name.map(Into::into), json: json.into() }
    }
}

impl Labels {
    /// The places of a group's values; equal places are equal groups.
    pub(super) fn ranks(&self, group: &Group) -> Group {
        let mut ranks = Group::default();
        for ((rank, labels), number) in ranks.iter_mut().zip(&self.0).zip(group) {
            *rank = labels.get(number).map_or(u32::MAX, |label| label.rank);
        }
        ranks
    }

    fn get(&self, axis: usize, number: u32) -> Option<&Label> {
        self.0.get(axis)?.get(&number)
    }
}

/// Everything that rows are made of beside what was counted.
pub(super) struct Making<'a> {
    pub(super) state: &'a Measurements,
    pub(super) query: &'a Query,
    pub(super) terms: &'a Terms,
    /// What each axis is.
    pub(super) dimensions: &'a [Dimension],
    pub(super) labels: &'a Labels,
}

impl Making<'_> {
    /// The rows, in the order in which they were counted; many are made on two threads.
    pub(super) fn rows<R: RowFigures>(&self, mut counted: Vec<&mut Counter<R>>) -> Vec<Row> {
        in_halves(&mut counted, |half| half.iter_mut().map(|counter| self.row(counter)).collect())
    }

    /// The rows as JSON, in that order; many are written on two threads. The bytes are those of the rows written.
    pub(super) fn json<R: RowFigures>(&self, mut counted: Vec<&mut Counter<R>>) -> String {
        let mut list = in_halves(&mut counted, |half| self.written(half));
        match list.first_mut() {
            // Before each row stands a comma.
            Some(comma) => *comma = b'[',
            None => list.push(b'['),
        }
        list.push(b']');
        text_of(list)
    }

    /// Rows as JSON, a comma before each.
    fn written<R: RowFigures>(&self, counted: &mut [&mut Counter<R>]) -> Vec<u8> {
        let figures = self.query.figures.as_ref().map_or(usize::try_from(R::FIGURES).unwrap_or(0), Vec::len);
        let mut out = Vec::with_capacity(counted.len() * row_bytes(figures));
        let names: Vec<_> = self.query.group_by.iter().map(|asked| self.named(asked)).collect();
        // Rows of one period follow one another and begin with the same bytes.
        let mut before: Option<(Micros, Range<usize>)> = None;
        for Counter { key: (start, group), figures, .. } in counted.iter_mut() {
            let start = *start;
            out.push(b',');
            let begin = out.len();
            match before {
                Some((same, period)) if same == start => out.extend_from_within(period),
                _ => write_period(self.period(start).as_ref(), &mut out),
            }
            before = Some((start, begin..out.len()));
            self.write_group(&names, group, &mut out);
            figures.write(self.state, self.terms, &|name| self.shows(name), &mut JsonFields { out: &mut out });
            out.push(b'}');
        }
        out
    }

    /// A dimension as rows name it, and the axis it is.
    fn named(&self, asked: &Dimension) -> (Vec<u8>, Option<usize>) {
        let mut name = Vec::new();
        write_text(&asked.name(), &mut name);
        (name, self.dimensions.iter().position(|dimension| dimension == asked))
    }

    fn write_group(&self, names: &[(Vec<u8>, Option<usize>)], group: &Group, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"group\":");
        write_between([b'{', b'}'], names, out, |(name, axis), out| {
            out.extend_from_slice(name);
            out.push(b':');
            let label = axis.and_then(|axis| self.labels.get(axis, group[axis]));
            out.extend_from_slice(label.map_or(b"null", |label| &label.json));
        });
    }

    fn row<R: RowFigures>(&self, counter: &mut Counter<R>) -> Row {
        let (start, group) = counter.key;
        let value = |asked: &Dimension| {
            let axis = self.dimensions.iter().position(|dimension| dimension == asked);
            (asked.name(), axis.and_then(|axis| self.labels.get(axis, group[axis])?.name.clone()))
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

/// Makes rows of what was counted, of much of it in two halves on two threads.
fn in_halves<R: RowFigures, T: Send>(
    counted: &mut [&mut Counter<R>],
    make: impl Fn(&mut [&mut Counter<R>]) -> Vec<T> + Sync,
) -> Vec<T> {
    if counted.iter().map(|counter| counter.measurements).sum::<u64>() < HALVED_FROM {
        return make(counted);
    }
    let (counted, behind) = counted.split_at_mut(counted.len() / 2);
    let (mut made, behind) = std::thread::scope(|scope| {
        let behind = scope.spawn(|| make(behind));
        (make(counted), behind.join())
    });
    // A panic there is one of this report's.
    made.append(&mut behind.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked)));
    made
}
