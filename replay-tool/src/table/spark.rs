//! Sparklines: a figure over the periods of a report, in one line of a terminal.

use super::{align_right, empty_table, grouped, unit};
use crate::series::{self, Series};
use daftar_projections::exact::Decimal;
use daftar_projections::report::Report;

/// From the lowest to the highest value.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// How many lines are drawn at most: more say less than the tables.
const LINES_MAX: usize = 40;

/// A line for each telling number of each group; none: there is nothing to draw, or too much.
pub(super) fn of(report: &Report) -> Option<String> {
    let rows = &report.rows;
    if series::periods(rows).len() < 2 {
        return None;
    }
    let paths = series::paths(rows, None);
    let groups = series::groups(rows, LINES_MAX.checked_div(paths.len())?)?;
    let mut all = series::of(rows, &paths, &groups);
    all.retain(|series| series.values.iter().any(Option::is_some));
    let mut table = empty_table();
    table.set_header(["over the periods", "", "lowest", "highest"]);
    for series in &all {
        let bound = |bound: Option<&Decimal>| bound.map_or_else(String::new, |value| grouped(&value.to_string()));
        let known = || series.values.iter().flatten();
        table.add_row([name(series), line(&series.values), bound(known().min()), bound(known().max())]);
    }
    align_right(&mut table, 2);
    Some(table.to_string())
}

fn name(series: &Series) -> String {
    let group = series.group.iter().map(|value| format!(" {}", value.as_deref().unwrap_or("–"))).collect::<String>();
    unit::heading(&series.path, &series.path) + &group
}

/// One character a value, higher for higher ones, a space where there is none.
fn line(values: &[Option<Decimal>]) -> String {
    let known = || values.iter().flatten();
    let (low, high) = (known().min().copied().unwrap_or_default(), known().max().copied().unwrap_or_default());
    values.iter().map(|value| value.map_or(' ', |value| height(value, low, high))).collect()
}

fn height(value: Decimal, low: Decimal, high: Decimal) -> char {
    let (above, range) = (value.millionths() - low.millionths(), high.millionths() - low.millionths());
    // Rounded to the nearest of the steps; where all are equal there is no lower one.
    let last = HEIGHTS.len() as i128 - 1;
    let step = if range == 0 { 0 } else { (above * last * 2 + range) / (range * 2) };
    usize::try_from(step).ok().and_then(|step| HEIGHTS.get(step)).copied().unwrap_or(HEIGHTS[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn higher_values_stand_higher_and_none_is_a_gap() {
        let values = |values: &[i64]| values.iter().map(|value| Some(Decimal::from_int(*value))).collect::<Vec<_>>();
        assert_eq!(line(&values(&[0, 1, 2, 3, 4, 5, 6, 7])), "▁▂▃▄▅▆▇█");
        assert_eq!(line(&values(&[7, 0, 7])), "█▁█");
        assert_eq!(line(&values(&[5, 5])), "▁▁");
        assert_eq!(line(&values(&[-10, 0, 10])), "▁▅█", "half is nearest to the fifth of eight");
        assert_eq!(line(&[Some(Decimal::from_int(1)), None, Some(Decimal::from_int(2))]), "▁ █");
        assert_eq!(line(&[]), "");
    }
}
