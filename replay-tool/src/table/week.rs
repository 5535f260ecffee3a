//! The hours of a week as a table: a line an hour, a column a day.

use super::{align_right, empty_table, labels_of, text_of};
use comfy_table::Table;
use daftar_projections::report::Row;
use daftar_projections::report::figure::Figure;
use daftar_projections::report::periods::{Calendar, Language};
use std::fmt::Write;

/// A row of hours: what it is about, then a table for each thing that is counted, a column for each of the `days`.
pub(super) fn of(row: &Row, days: &[String]) -> String {
    let mut text = String::new();
    let labels: Vec<_> = labels_of(row).into_iter().map(|(name, value)| format!("{name} {value}")).collect();
    if !labels.is_empty() {
        let _ = writeln!(text, "{}", labels.join(", "));
    }
    let _ = writeln!(text, "{}\n\n{}", table_of(row, "opened", days), table_of(row, "replies", days));
    text
}

/// What the days of the week are called, from the definition's first.
pub(super) fn days(calendar: &Calendar, language: Option<Language>) -> Vec<String> {
    let name = |day| match language {
        Some(language) => calendar.weekday_in(day, language).to_owned(),
        None => calendar.weekday_name(day),
    };
    (1..=7).map(name).collect()
}

fn table_of(row: &Row, counted: &str, days: &[String]) -> Table {
    let mut table = empty_table();
    table.set_header(std::iter::once(counted).chain(days.iter().map(String::as_str)));
    for hour in 0..24 {
        let days = (0..7)
            .map(|day| row.figures.first().and_then(|(_, cells)| cells.get(&format!("{}.{counted}", day * 24 + hour))));
        let shown =
            days.map(|count| count.filter(|count| **count != Figure::Count(0)).map_or_else(|| "·".to_owned(), text_of));
        table.add_row(std::iter::once(format!("{hour:02}:00")).chain(shown));
    }
    align_right(&mut table, 1);
    table
}
