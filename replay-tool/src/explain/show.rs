//! An explanation as a table, and as CSV.

use crate::screen::{Colour, Screen};
use crate::table::{self, told, unit};
use crate::written::csv_of;
use daftar_projections::report::explain::{Explained, ExplainedCell, Item};
use daftar_projections::report::figure::Figure;
use daftar_projections::story::Told;
use std::fmt::Write;

/// The columns of the CSV.
const COLUMNS: [&str; 12] = [
    "ticket",
    "cycle",
    "at",
    "value",
    "counted",
    "agent",
    "versions",
    "position",
    "scale",
    "rank",
    "taken_back",
    "words",
];

/// The cell, then a line a measurement.
pub(super) fn text(explained: &Explained, note: Option<String>, screen: Screen) -> String {
    let cell = &explained.cell;
    let mut text = screen.paint(Colour::Bold, &head(cell)) + "\n";
    if !cell.ranks.is_empty() {
        let _ = write!(text, "\nThe percentile lies at:\n{}\n", items_table(&cell.ranks, cell, screen));
    }
    if explained.items.is_empty() {
        text.push_str("\nno measurements\n");
    } else {
        let _ = write!(text, "\n{}\n", items_table(&explained.items, cell, screen));
    }
    if explained.next.is_some() {
        let shown = explained.items.len();
        let _ = writeln!(text, "\n{shown} are shown; --limit all shows every one.");
    }
    note.into_iter().for_each(|note| text.push_str(&format!("\nNote: {note}\n")));
    text
}

/// What the cell is, and what it holds.
fn head(cell: &ExplainedCell) -> String {
    let period = cell.period.iter().map(|(label, _)| format!("period {label}"));
    let group = cell.group.iter().map(|(name, value)| format!("{name} {}", value.as_deref().unwrap_or("–")));
    let row: Vec<_> = period.chain(group).collect();
    let row = if row.is_empty() { String::new() } else { format!(" of {}", row.join(", ")) };
    let figure = cell.statistic.iter().fold(cell.figure.clone(), |path, statistic| format!("{path}.{statistic}"));
    let value = match &cell.value {
        Figure::Object(_) | Figure::List(_) => String::new(),
        value => format!(" is {}{}", table::text_of(value), unit::after(&figure)),
    };
    let taken_back =
        if cell.taken_back == 0 { String::new() } else { format!("; {} were taken back", cell.taken_back) };
    let items = table::grouped(&cell.items.to_string());
    let version = cell.definition.version;
    let definition = format!("definition {} (version {version})", cell.definition.document.name);
    let of = format!("{}, {definition}, at position {}", cell.report.name(), cell.position);
    format!("{figure}{row}{value}; measurements: {items}{taken_back}\n{of}")
}

/// A line a measurement, and under it how it came about.
fn items_table(items: &[Item], cell: &ExplainedCell, screen: Screen) -> String {
    let mut table = table::empty_table();
    let in_seconds = unit::is_duration(&cell.figure) || items.iter().any(|item| item.metric.is_some());
    let value = if in_seconds { "value (s)" } else { "value" };
    table.set_header(["ticket", "at", value, "counts", "agent"].map(str::to_owned));
    for item in items {
        table.add_row(record_of(item));
    }
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(comfy_table::CellAlignment::Right);
    }
    let sentences: Vec<_> = items.iter().map(sentences).collect();
    told::of(&table, &sentences, screen)
}

fn record_of(item: &Item) -> [String; 5] {
    let rank = item.rank.map(|rank| format!(" ({})", rank.name())).unwrap_or_default();
    let taken = item.taken_back.map(|taken| format!("no, {}", taken.by.name()));
    let counts = taken.unwrap_or_else(|| if item.counted { "yes" } else { "no" }.to_owned());
    let at = daftar_domain::Timestamp::clamped(item.at).to_string();
    let agent = item.agent.clone().unwrap_or_else(|| "–".to_owned());
    [item.ticket.clone(), at, value_of(item) + &rank, counts, agent]
}

/// How a measurement came about, and what it took the place of.
fn sentences(item: &Item) -> Vec<String> {
    let own = item.told.iter().map(|told| told.words.clone());
    let replaced = item.replaces.iter().filter_map(|item| item.told.as_ref());
    own.chain(replaced.map(|told| format!("before: {}", told.words))).collect()
}

/// The value of a measurement, with the scale of a score that can have several.
pub(crate) fn value_of(item: &Item) -> String {
    let value = item.value.map_or_else(|| "–".to_owned(), |value| table::grouped(&value.to_string()));
    item.scale.map_or(value.clone(), |scale| format!("{value} of {}", scale.name()))
}

/// A record a measurement.
pub(super) fn csv(explained: &Explained) -> String {
    let header: Vec<String> = COLUMNS.map(str::to_owned).into();
    let records: Vec<Vec<String>> = explained.items.iter().map(csv_record).collect();
    csv_of(std::iter::once(&header).chain(&records).map(Vec::as_slice))
}

fn csv_record(item: &Item) -> Vec<String> {
    let text = |value: Option<String>| value.unwrap_or_default();
    let told = |of: fn(&Told) -> String| text(item.told.as_ref().map(of));
    let versions = |told: &Told| told.versions.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    vec![
        item.ticket.clone(),
        told(|told| told.cycle.to_string()),
        daftar_domain::Timestamp::clamped(item.at).to_string(),
        text(item.value.map(|value| value.to_string())),
        item.counted.to_string(),
        text(item.agent.clone()),
        told(versions),
        text(item.position.map(|position| position.to_string())),
        text(item.scale.map(|scale| scale.name().to_owned())),
        text(item.rank.map(|rank| rank.name().to_owned())),
        text(item.taken_back.map(|taken| taken.by.name().to_owned())),
        told(|told| told.words.clone()),
    ]
}
