//! Where a cell lies: its row's period and group on the state's numbers.

use super::ask::Ask;
use crate::report::Terms;
use crate::report::counting::{Group, Key};
use crate::report::periods::{Calendar, Interval, Period, read_date};
use crate::report::sheet::Sheet;
use crate::ticket_facts::Micros;
use daftar_domain::Invalid;

/// How far from the beginning of a date its hours may lie, in microseconds, whatever clocks do.
const AROUND: Micros = 27 * 3_600_000_000;

/// The period of the cell's row; none: the report has one row over all time.
///
/// # Errors
///
/// [`Invalid`] where the report has no period of that label.
pub(super) fn period(ask: &Ask, terms: &Terms) -> Result<Option<(Interval, Period)>, Invalid> {
    let Some((interval, label)) = ask.query.interval.zip(ask.period.as_deref()) else { return Ok(None) };
    let wrong = |rule| Invalid::new("period", label, rule);
    let period = named(&terms.calendar, interval, label).ok_or_else(|| wrong(no_label(terms, interval)))?;
    let last = terms.to.map(|to| to - 1).or(terms.at);
    let inside = terms.from.is_none_or(|from| from < period.end) && last.is_some_and(|last| period.start <= last);
    let rule = || "must be a period of the report, which covers another time".to_owned();
    inside.then_some(Some((interval, period))).ok_or_else(|| wrong(rule()))
}

/// What labels of periods look like.
fn no_label(terms: &Terms, interval: Interval) -> String {
    let like = terms.calendar.period_of(interval, terms.at.unwrap_or_default());
    let like = terms.calendar.label(interval, &like);
    format!("must be the label of a {}, as a row of the report has it: like {like}", interval.name())
}

/// The period with that label.
fn named(calendar: &Calendar, interval: Interval, label: &str) -> Option<Period> {
    let date = match interval {
        Interval::Hour => label.get(..10)?.to_owned(),
        Interval::Day | Interval::Week => label.to_owned(),
        Interval::Month => format!("{label}-01"),
        Interval::Quarter => {
            let (year, quarter) = label.split_once("-Q")?;
            let month = quarter.parse::<u32>().ok().filter(|quarter| (1..=4).contains(quarter))? * 3 - 2;
            format!("{year}-{month:02}-01")
        }
        Interval::Year => format!("{label}-01-01"),
    };
    let start = calendar.start_of(read_date(&date)?);
    let (first, last) = if interval == Interval::Hour { (start - AROUND, start + AROUND) } else { (start, start) };
    calendar.periods(interval, first, last).find(|period| calendar.label(interval, period) == label)
}

/// The key of the cell's row.
///
/// # Errors
///
/// An [`Invalid`] for every value that nothing in the log has.
pub(super) fn key(ask: &Ask, sheet: &Sheet<'_>, period: Option<Period>) -> Result<Key, Vec<Invalid>> {
    let mut group = Group::default();
    let mut wrong = Vec::new();
    for ((number, axis), (dimension, value)) in group.iter_mut().zip(&sheet.axes).zip(&ask.group) {
        let Some(value) = value else { continue };
        match axis.value(value, &sheet.state.dimensions, sheet.labels) {
            Some(known) => *number = known,
            None => {
                let rule = format!("must be a {} that a ticket has", dimension.name());
                wrong.push(Invalid::new(format!("cell.{}", dimension.name()), value, rule));
            }
        }
    }
    let start = period.map_or(Micros::MIN, |period| period.start);
    if wrong.is_empty() { Ok((start, group)) } else { Err(wrong) }
}
