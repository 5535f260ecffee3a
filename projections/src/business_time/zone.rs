//! What clocks of a time zone show, and when they show it.
//!
//! A *local* time is written as the microseconds since 1970 of a clock in UTC that shows the same date and time.
//! Clock changes are those of `chrono-tz`, whose tables go to the year 2100: afterwards the last offset stays.

use super::intervals::Interval;
use crate::ticket_facts::Micros;
use chrono::{DateTime, NaiveDate, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

/// Microseconds of a second.
pub(crate) const SECOND: Micros = 1_000_000;
/// Microseconds of a minute.
pub(super) const MINUTE: Micros = 60 * SECOND;
/// Microseconds of an hour.
pub(crate) const HOUR: Micros = 60 * MINUTE;
/// Microseconds of 24 hours.
pub(crate) const DAY: Micros = 24 * HOUR;
/// More than clocks have ever differed from UTC.
const FURTHEST: Micros = 17 * HOUR;
/// How far one looks ahead for the next clock change: less than lies between any two that undo each other.
const STEP: Micros = 6 * HOUR;

/// By how much the clocks are ahead of UTC.
pub(crate) fn offset_at(zone: Tz, at: Micros) -> Micros {
    if zone == Tz::UTC {
        return 0;
    }
    let utc = moment(at).naive_utc();
    Micros::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()) * SECOND
}

/// What the clocks show.
pub(crate) fn local_at(zone: Tz, at: Micros) -> Micros {
    at.saturating_add(offset_at(zone, at))
}

/// The date that the clocks show.
pub(crate) fn date_at(zone: Tz, at: Micros) -> NaiveDate {
    moment(local_at(zone, at)).date_naive()
}

/// The local time at which a date begins.
pub(crate) fn midnight(date: NaiveDate) -> Micros {
    date.and_time(NaiveTime::MIN).and_utc().timestamp_micros()
}

/// The first instant at which the clocks show `local` or, where they skip it, a later time.
pub(crate) fn first_at(zone: Tz, local: Micros) -> Micros {
    let mut since = local.saturating_sub(FURTHEST);
    loop {
        let offset = offset_at(zone, since);
        let at = local.saturating_sub(offset).max(since);
        if offset_at(zone, at) == offset {
            return at;
        }
        since = change_between(zone, since, at);
    }
}

/// The last instant at which the clocks show `local` or, where they skip it, the first at which they show a later time.
pub(super) fn last_at(zone: Tz, local: Micros) -> Micros {
    let until = local.saturating_add(FURTHEST);
    let at = local.saturating_sub(offset_at(zone, until));
    if offset_at(zone, at) == offset_at(zone, until) {
        return at;
    }
    let change = change_between(zone, at, until);
    change.min(local.saturating_sub(offset_at(zone, change.saturating_sub(1))))
}

/// The instants of `window` at which the clocks show a time from `from` up to `to`.
pub(super) fn shown(zone: Tz, (from, to): Interval, window: Interval) -> Vec<Interval> {
    let surely = (from.saturating_add(FURTHEST), to.saturating_sub(FURTHEST));
    if surely.0 <= window.0 && window.1 <= surely.1 {
        return vec![window];
    }
    let perhaps = (from.saturating_sub(FURTHEST).max(window.0), to.saturating_add(FURTHEST).min(window.1));
    let mut intervals = Vec::new();
    for_each_offset(zone, perhaps, |(start, end), offset| {
        let clipped = (start.max(from.saturating_sub(offset)), end.min(to.saturating_sub(offset)));
        if clipped.0 < clipped.1 {
            intervals.push(clipped);
        }
    });
    intervals
}

/// Cuts a stretch of time where the clocks change.
fn for_each_offset(zone: Tz, (from, to): Interval, mut each: impl FnMut(Interval, Micros)) {
    let mut start = from;
    while start < to {
        let offset = offset_at(zone, start);
        let mut end = start;
        while end < to && offset_at(zone, end) == offset {
            end = end.saturating_add(STEP).min(to);
        }
        if offset_at(zone, end) != offset {
            end = change_between(zone, start.max(end.saturating_sub(STEP)), end);
        }
        each((start, end), offset);
        start = end;
    }
}

/// The clock change after `from` and up to `to`, whose offsets differ.
pub(crate) fn change_between(zone: Tz, from: Micros, to: Micros) -> Micros {
    let before = offset_at(zone, from);
    // Clocks change at full seconds.
    let (mut unchanged, mut changed) = (from.div_euclid(SECOND), to.div_euclid(SECOND));
    while changed - unchanged > 1 {
        let middle = unchanged + (changed - unchanged) / 2;
        if offset_at(zone, middle * SECOND) == before { unchanged = middle } else { changed = middle }
    }
    changed * SECOND
}

/// The instant; what `chrono` cannot hold is taken for the nearest instant that it can.
pub(crate) fn moment(at: Micros) -> DateTime<Utc> {
    let nearer_end = if at < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    DateTime::from_timestamp_micros(at).unwrap_or(nearer_end)
}
