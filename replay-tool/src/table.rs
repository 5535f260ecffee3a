//! A report as an aligned table.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use daftar_projections::report::figure::Figure;
use daftar_projections::report::{Report, Row};
use std::fmt::Write;

/// A line under the header, nothing else.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─'));
/// Of a distribution a table of several rows shows these; JSON has all.
const SHOWN_OF_DISTRIBUTION: [&str; 4] = ["count", "mean", "p50", "p90"];
/// Of an object with a share a table of several rows leaves these out.
const BOUNDS: [&str; 2] = ["low95", "high95"];

/// The report as text: a line on what it is, the table, the notes.
pub(crate) fn of(report: &Report) -> String {
    let mut text = head(report);
    let table = match report.rows.as_slice() {
        [row] if row.period.is_none() && row.group.is_empty() => figures_of(row),
        rows => rows_of(rows),
    };
    let _ = write!(text, "\n{table}");
    for note in &report.notes {
        let _ = write!(text, "\nNote: {note}");
    }
    text
}

fn head(report: &Report) -> String {
    let definition = format!("{} (version {})", report.definition.name, report.definition.version);
    let mut head = format!("{}, definition {definition}, at position {}", report.name.name(), report.position);
    if let Some(at) = report.at {
        let _ = write!(head, ", measured up to {}", daftar_domain::Timestamp::clamped(at));
    }
    head.push_str("; durations in seconds");
    head
}

/// One row: a line a figure, with everything there is.
fn figures_of(row: &Row) -> Table {
    let mut table = empty_table();
    for (name, figure) in &row.figures {
        for (path, value) in figure.flatten(name) {
            table.add_row(vec![path, text_of(value)]);
        }
    }
    align_right(&mut table, 1);
    table
}

/// Several rows: a column a figure, the lists left to JSON.
fn rows_of(rows: &[Row]) -> Table {
    let mut table = empty_table();
    let Some(first) = rows.first() else {
        table.set_header(vec!["no rows"]);
        return table;
    };
    let has_period = first.period.is_some();
    let mut header: Vec<String> = has_period.then(|| "period".to_owned()).into_iter().collect();
    header.extend(first.group.iter().map(|(dimension, _)| dimension.to_string()));
    let labels = header.len();
    let columns: Vec<String> = first.figures.iter().flat_map(|(name, figure)| columns_of(name, figure)).collect();
    header.extend(columns.iter().cloned());
    table.set_header(header);
    for row in rows {
        let mut cells: Vec<String> = row.period.iter().map(label_of).collect();
        cells.extend(row.group.iter().map(|(_, value)| value.clone().unwrap_or_else(|| "–".to_owned())));
        cells.extend(columns.iter().map(|column| cell_of(row, column)));
        table.add_row(cells);
    }
    align_right(&mut table, labels);
    table
}

fn label_of(period: &daftar_projections::report::RowPeriod) -> String {
    if period.partial { format!("{} (part)", period.label) } else { period.label.clone() }
}

/// The columns a figure takes: what people compare, the rest left to JSON.
fn columns_of(name: &str, figure: &Figure) -> Vec<String> {
    let Figure::Object(fields) = figure else {
        return if matches!(figure, Figure::List(_)) { Vec::new() } else { vec![name.to_owned()] };
    };
    let is_distribution = fields.iter().any(|(field, _)| field == "p50");
    let is_nested = |value: &Figure| matches!(value, Figure::Object(_) | Figure::List(_));
    fields
        .iter()
        .filter(|(_, value)| !is_nested(value))
        .map(|(field, _)| field.as_ref())
        .filter(|field| if is_distribution { SHOWN_OF_DISTRIBUTION.contains(field) } else { !BOUNDS.contains(field) })
        .map(|field| format!("{name}.{field}"))
        .collect()
}

fn cell_of(row: &Row, column: &str) -> String {
    let (name, path) = column.split_once('.').unwrap_or((column, ""));
    let figure = row.figures.iter().find(|(figure, _)| figure == name).and_then(|(_, figure)| figure.get(path));
    figure.map(text_of).unwrap_or_default()
}

fn text_of(figure: &Figure) -> String {
    match figure {
        Figure::Null => "–".to_owned(),
        Figure::Count(count) => grouped(&count.to_string()),
        Figure::Number(number) => grouped(&number.to_string()),
        Figure::Text(text) => text.clone(),
        Figure::Object(_) | Figure::List(_) => String::new(),
    }
}

/// A number with its thousands set apart.
fn grouped(number: &str) -> String {
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

fn empty_table() -> Table {
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

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in
            [("0", "0"), ("999", "999"), ("1000", "1,000"), ("-1234567.25", "-1,234,567.25"), ("12345", "12,345")]
        {
            assert_eq!(grouped(number), text);
        }
    }
}
