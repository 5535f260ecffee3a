//! Sets of instants as lists of half-open intervals: sorted, disjoint and never touching.

use crate::ticket_facts::Micros;

/// From an instant up to another, which is later.
pub(super) type Interval = (Micros, Micros);

/// The instants in any of the intervals, which may stand in any order, overlap or be empty.
pub(super) fn union(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.retain(|(from, to)| from < to);
    intervals.sort_unstable();
    let mut merged: Vec<Interval> = Vec::with_capacity(intervals.len());
    for (from, to) in intervals {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// The instants in both.
pub(super) fn intersection(left: &[Interval], right: &[Interval]) -> Vec<Interval> {
    let (mut left_at, mut right_at, mut both) = (0, 0, Vec::new());
    while let (Some(one), Some(other)) = (left.get(left_at), right.get(right_at)) {
        let (from, to) = (one.0.max(other.0), one.1.min(other.1));
        if from < to {
            both.push((from, to));
        }
        // The one that ends first meets nothing further.
        if one.1 <= other.1 {
            left_at += 1;
        } else {
            right_at += 1;
        }
    }
    both
}

/// The instants in `left` that are not in `right`.
pub(super) fn difference(left: &[Interval], right: &[Interval]) -> Vec<Interval> {
    intersection(left, &complement(right))
}

/// The instants in none of them.
fn complement(intervals: &[Interval]) -> Vec<Interval> {
    let starts = std::iter::once(Micros::MIN).chain(intervals.iter().map(|(_, to)| *to));
    let ends = intervals.iter().map(|(from, _)| *from).chain(std::iter::once(Micros::MAX));
    starts.zip(ends).filter(|(from, to)| from < to).collect()
}
