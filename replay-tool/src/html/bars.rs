//! A chart of bars: the telling numbers of a figure, a row of bars a group.

use super::Drawn;
use super::chart::{COLOURS, Scale, WIDTH, drawn_value, framed, text};
use super::markup::{escaped, number};
use crate::series;
use daftar_projections::exact::Decimal;
use daftar_projections::report::Row;
use daftar_projections::report::figure::Figure;
use std::fmt::Write;

/// How many groups are drawn; the table has them all.
const GROUPS: usize = 30;
/// The room of the labels, of the numbers, of a bar and between groups.
const LABELS: f64 = 220.0;
const LABEL_CHARS: usize = 28;
const NUMBERS: f64 = 130.0;
const BAR: f64 = 14.0;
const GAP: f64 = 8.0;

/// The chart of some figures; empty: there are no groups, or nothing to draw.
pub(super) fn of(drawn: &Drawn<'_>, figures: &[&str]) -> String {
    let rows: Vec<&Row> = drawn.rows.iter().filter(|row| !label(row).is_empty()).take(GROUPS).collect();
    let paths: Vec<String> = figures.iter().flat_map(|figure| series::paths(&drawn.rows, Some(figure))).collect();
    if rows.len() < 2 || paths.is_empty() || paths.len() > COLOURS {
        return String::new();
    }
    let values = rows.iter().flat_map(|row| paths.iter().filter_map(|path| value(row, path)));
    let scale = Scale::of(values.map(drawn_value), 5.0);
    let one = BAR * paths.len() as f64 + GAP;
    let content: String =
        rows.iter().enumerate().map(|(n, row)| group(drawn, row, &paths, scale, n as f64 * one)).collect();
    let names: Vec<String> = paths.iter().map(|path| drawn.names.in_unit(&drawn.names.path(path), path)).collect();
    let title = drawn.names.in_unit(&drawn.names.path(figures[0]), &paths[0]);
    let title = if figures.len() == 1 { title } else { drawn.names.counts() };
    framed(&title, one * rows.len() as f64, &content, &names)
}

/// The values of a row's dimensions, and its agent where that is a figure.
fn label(row: &Row) -> String {
    let group = row.group.iter().map(|(_, value)| value.as_deref().unwrap_or("–"));
    group.chain(super::section::agent(row)).collect::<Vec<_>>().join(", ")
}

fn value(row: &Row, path: &str) -> Option<Decimal> {
    crate::headline::at(row, path).and_then(Figure::number)
}

/// The bars of a group; they grow as the page reads.
fn group(drawn: &Drawn<'_>, row: &Row, paths: &[String], scale: Scale, top: f64) -> String {
    let label = label(row);
    let mirrored = drawn.is_right_to_left();
    let place = |x: f64| if mirrored { WIDTH - x } else { x };
    let (ends, starts) = if mirrored { ("start", "end") } else { ("end", "start") };
    let middle = top + BAR * paths.len() as f64 / 2.0 + 4.0;
    let mut svg = text((place(LABELS - 10.0), middle), ends, &shortened(&label));
    for (n, path) in paths.iter().enumerate() {
        let Some(value) = value(row, path) else { continue };
        let room = WIDTH - LABELS - NUMBERS;
        let [zero, at] = [0.0, drawn_value(value)].map(|value| LABELS + scale.place(value) * room);
        let (from, to) = (zero.min(at), zero.max(at));
        let (x, y) = (if mirrored { WIDTH - to } else { from }, top + BAR * n as f64);
        let shown = number(&value.to_string(), drawn.names.0);
        let told = escaped(&format!("{label}, {}: {shown}", drawn.names.path(path)));
        let _ = writeln!(
            svg,
            "<rect class=\"bar s{n}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{told}</title></rect>",
            to - from,
            BAR - 2.0
        );
        svg.push_str(&text((place(to + 6.0), y + BAR - 4.0), starts, &shown));
    }
    svg
}

/// A label as far as there is room for it; the title of a bar has it whole.
fn shortened(label: &str) -> String {
    if label.chars().count() <= LABEL_CHARS {
        return label.to_owned();
    }
    label.chars().take(LABEL_CHARS - 1).chain(['…']).collect()
}
