//! A report as an aligned table.

use crate::screen::{Colour, Screen};
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use daftar_projections::report::figure::Figure;
use daftar_projections::report::periods::{Calendar, Language};
use daftar_projections::report::query::ReportName;
use daftar_projections::report::{Report, Row};
use std::fmt::Write;

mod spark;
pub(crate) mod told;
pub(crate) mod unit;
mod week;

/// A line under the header, nothing else.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─'));

/// The report as text: a line on what it is, the tables, on a terminal sparklines, the notes. Periods have their labels, in
/// a language their names.
pub(crate) fn of(report: &Report, language: Option<Language>, screen: Screen) -> String {
    let calendar = Calendar::of(&report.definition.document);
    let named = language.map(|language| named(&report.rows, &calendar, language));
    let mut text = screen.paint(Colour::Bold, &head(report));
    match named.as_deref().unwrap_or(&report.rows) {
        [] => text.push_str("\nno rows"),
        rows if report.name == ReportName::Volume => rows.iter().for_each(|row| {
            let _ = write!(text, "\n{}", week::of(row, &week::days(&calendar, language)));
        }),
        rows if report.name.lists_tickets() => {
            let _ = write!(text, "\n{}", list_of(rows));
        }
        [row] if row.period.is_none() && row.group.is_empty() => {
            let _ = write!(text, "\n{}", figures_of(row));
        }
        rows => tables_of(rows).for_each(|table| {
            let _ = write!(text, "\n{table}\n");
        }),
    }
    if screen.is_terminal() {
        spark::of(report).into_iter().for_each(|lines| text.push_str(&format!("\n{lines}\n")));
    }
    for note in &report.notes {
        let _ = write!(text, "\nNote: {note}");
    }
    text
}

/// The rows with the names of their periods in place of the labels.
pub(crate) fn named(rows: &[Row], calendar: &Calendar, language: Language) -> Vec<Row> {
    let mut rows = rows.to_vec();
    for period in rows.iter_mut().filter_map(|row| row.period.as_mut()) {
        period.label = calendar.name(period.interval, &period.period, language);
    }
    rows
}

fn head(report: &Report) -> String {
    let definition = format!("{} (version {})", report.definition.document.name, report.definition.version);
    let mut head = format!("{}, definition {definition}, at position {}", report.name.name(), report.position);
    if let Some(happened_by) = report.happened_by {
        let _ = write!(head, ", of what happened by {}", daftar_domain::Timestamp::clamped(happened_by));
    }
    if let Some(at) = report.at {
        let _ = write!(head, ", measured up to {}", daftar_domain::Timestamp::clamped(at));
    }
    let zone = report.definition.document.time_zone;
    let _ = write!(head, "; time zone {zone}, durations in seconds");
    head
}

/// Rows that are tickets: a line a ticket, everything there is in words, lists and parts in one cell.
fn list_of(rows: &[Row]) -> Table {
    let mut table = empty_table();
    if let Some(first) = rows.first() {
        table.set_header(first.figures.iter().map(|(name, _)| name.to_string()));
    }
    for row in rows {
        table.add_row(row.figures.iter().map(|(_, figure)| text_of(figure)));
    }
    table
}

/// One row: a line a figure, with everything there is.
fn figures_of(row: &Row) -> Table {
    let mut table = empty_table();
    for (name, figure) in &row.figures {
        for (path, value) in figure.flatten(name) {
            let unit = unit::of(&path).unwrap_or_default().to_owned();
            table.add_row(vec![path, text_of(value), unit]);
        }
    }
    table.column_iter_mut().skip(1).take(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

/// Figures that say what a row is about: they stand beside the group in every table.
const LABELS: [&str; 2] = ["rank", "agent"];

/// Several rows: a table for the plain counts, then one for each figure that has parts; lists are left to JSON.
fn tables_of(rows: &[Row]) -> impl Iterator<Item = Table> {
    let figures = rows.first().map(|row| row.figures.as_slice()).unwrap_or_default();
    let told = figures.iter().filter(|(name, _)| !LABELS.contains(&&**name));
    let (plain, parted): (Vec<_>, Vec<_>) = told.partition(|(_, figure)| is_plain(figure));
    let plain: Vec<String> = plain.into_iter().map(|(name, _)| name.to_string()).collect();
    let parted = parted.into_iter().map(|(name, figure)| parts_of(name, figure));
    std::iter::once(plain).chain(parted).filter(|columns| !columns.is_empty()).map(|columns| table_of(rows, &columns))
}

/// The paths of a figure's parts that stand in one cell each.
fn parts_of(name: &str, figure: &Figure) -> Vec<String> {
    let Figure::Object(fields) = figure else { return Vec::new() };
    fields.iter().filter(|(_, part)| is_plain(part)).map(|(part, _)| format!("{name}.{part}")).collect()
}

fn is_plain(figure: &Figure) -> bool {
    !matches!(figure, Figure::Object(_) | Figure::List(_))
}

fn table_of(rows: &[Row], columns: &[String]) -> Table {
    let mut table = empty_table();
    let Some(first) = rows.first() else { return table };
    let mut header: Vec<String> = labels_of(first).into_iter().map(|(name, _)| name).collect();
    let labels = header.len();
    header.extend(headings(columns));
    table.set_header(header);
    for row in rows {
        let mut cells: Vec<String> = labels_of(row).into_iter().map(|(_, value)| value).collect();
        cells.extend(columns.iter().map(|column| cell_of(row, column)));
        table.add_row(cells);
    }
    align_right(&mut table, labels);
    table
}

/// What a row is about: its period, its group, and the figures that say the same, each once.
fn labels_of(row: &Row) -> Vec<(String, String)> {
    let is_label = |name: &str| row.figures.iter().any(|(figure, _)| figure == name && LABELS.contains(&name));
    let period = row.period.iter().map(|period| ("period".to_owned(), label_of(period)));
    let group = row.group.iter().filter(|(dimension, _)| !is_label(dimension));
    let value = |value: Option<&str>| value.unwrap_or("–").to_owned();
    let group = group.map(|(dimension, label)| (dimension.to_string(), value(label.as_deref())));
    let figures = row.figures.iter().filter(|(name, _)| LABELS.contains(&&**name));
    period.chain(group).chain(figures.map(|(name, figure)| (name.to_string(), text_of(figure)))).collect()
}

/// What stands above the columns: the figure's name above its first part, then the parts alone, each with its unit.
fn headings(columns: &[String]) -> impl Iterator<Item = String> {
    columns.iter().enumerate().map(|(n, column)| match column.split_once('.') {
        Some((name, part)) if n == 0 => format!("{name}\n{}", unit::heading(part, column)),
        Some((_, part)) => format!("\n{}", unit::heading(part, column)),
        None => unit::heading(column, column),
    })
}

fn label_of(period: &daftar_projections::report::RowPeriod) -> String {
    if period.partial { format!("{} (part)", period.label) } else { period.label.clone() }
}

fn cell_of(row: &Row, column: &str) -> String {
    let (name, path) = column.split_once('.').unwrap_or((column, ""));
    let figure = row.figures.iter().find(|(figure, _)| figure == name).and_then(|(_, figure)| figure.get(path));
    figure.map(text_of).unwrap_or_default()
}

/// A figure as a text.
pub(crate) fn text_of(figure: &Figure) -> String {
    match figure {
        Figure::Null => "–".to_owned(),
        Figure::Count(count) => grouped(&count.to_string()),
        Figure::Number(number) => grouped(&number.to_string()),
        Figure::Truth(truth) => if *truth { "yes" } else { "no" }.to_owned(),
        Figure::Text(text) => text.clone(),
        Figure::List(items) => items.iter().map(text_of).collect::<Vec<_>>().join(", "),
        Figure::Object(parts) => parts.iter().map(|(_, part)| text_of(part)).collect::<Vec<_>>().join(" "),
    }
}

/// A number with its thousands set apart.
pub(crate) fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let (whole, decimals) = digits.split_once('.').map_or((digits, None), |(whole, d)| (whole, Some(d)));
    let mut text = sign.to_owned();
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(decimals) = decimals {
        text.push('.');
        text.push_str(decimals);
    }
    text
}

/// A table with a line under its header, as wide as what stands in it.
pub(crate) fn empty_table() -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    table
}

/// Numbers stand right-aligned, after `labels` columns of words.
fn align_right(table: &mut Table, labels: usize) {
    for column in table.column_iter_mut().skip(labels) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daftar_eventlog::Position;
    use daftar_projections::report::RowPeriod;
    use daftar_projections::report::periods::{Interval, Period};
    use std::sync::Arc;

    #[test]
    fn sparklines_are_for_terminals_alone() {
        let period = |day: i64| RowPeriod {
            interval: Interval::Day,
            label: format!("2026-01-0{day}"),
            period: Period { start: day, end: day + 1 },
            partial: false,
        };
        let row = |day: i64, opened| Row {
            period: Some(period(day)),
            group: Vec::new(),
            figures: vec![("opened".into(), Figure::Count(opened))],
        };
        let report = Report {
            name: ReportName::Flow,
            definition: Arc::default(),
            position: Position(1),
            as_of: None,
            happened_by: None,
            at: None,
            from: None,
            to: None,
            notes: Vec::new(),
            rows: vec![row(1, 1000), row(2, 2000), row(3, 3000)],
        };
        assert!(!of(&report, None, Screen::default()).contains('█'));
        let shown = of(&report, None, Screen { width: Some(80), colours: false });
        assert!(shown.contains("▁▅█") && shown.contains("3,000"), "{shown}");
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in
            [("0", "0"), ("999", "999"), ("1000", "1,000"), ("-1234567.25", "-1,234,567.25"), ("12345", "12,345")]
        {
            assert_eq!(grouped(number), text);
        }
    }
}
