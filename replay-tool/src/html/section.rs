//! The figures of a report, each with its chart and its table.

use super::markup::{cell, escaped};
use super::{Drawn, bars, lines};
use daftar_projections::report::Row;
use daftar_projections::report::figure::Figure;
use std::fmt::Write;

/// The figure that says whose a row is.
const AGENT: &str = "agent";

/// Every figure with parts has a section of its own; the others, counts and words, stand together before them.
pub(super) fn all(drawn: &Drawn<'_>) -> String {
    let (mut plain, mut parted): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (name, figure) in drawn.rows.iter().flat_map(|row| &row.figures) {
        let list = if matches!(figure, Figure::Object(_) | Figure::List(_)) { &mut parted } else { &mut plain };
        if !list.contains(&&**name) {
            list.push(name);
        }
    }
    // Whose row it is stands beside every table of a report by agent.
    let told_beside = |name: &str| drawn.report.name.is_by_agent() && name == AGENT;
    plain.retain(|name| !parted.contains(name) && !told_beside(name));
    let mut html = String::new();
    if !plain.is_empty() {
        html.push_str(&section(drawn, &drawn.names.counts(), &plain));
    }
    parted.iter().for_each(|name| html.push_str(&section(drawn, &drawn.names.path(name), &[name])));
    html
}

fn section(drawn: &Drawn<'_>, title: &str, figures: &[&str]) -> String {
    let chart = match () {
        () if drawn.rows.iter().any(|row| row.period.is_some()) => lines::of(drawn, figures),
        () => bars::of(drawn, figures),
    };
    format!("<section>\n<h2>{}</h2>\n{chart}{}</section>\n", escaped(title), table(drawn, figures))
}

/// A row a row of the report, a column a number; a report of one row stands upright.
fn table(drawn: &Drawn<'_>, figures: &[&str]) -> String {
    let columns = columns(&drawn.rows, figures);
    let body = match drawn.rows.as_slice() {
        [row] if labels(drawn, row).is_empty() => upright(drawn, row, &columns),
        _ => across(drawn, &columns, figures),
    };
    format!("<div class=\"wide\">\n<table>\n{body}</table>\n</div>\n")
}

/// The paths of the figures' numbers and words over all rows, each once.
fn columns(rows: &[Row], figures: &[&str]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for (name, figure) in rows.iter().flat_map(|row| &row.figures).filter(|(name, _)| figures.contains(&&**name)) {
        for (path, _) in figure.flatten(name) {
            if known.insert(path.clone()) {
                columns.push(path);
            }
        }
    }
    columns
}

fn upright(drawn: &Drawn<'_>, row: &Row, columns: &[String]) -> String {
    let mut html = String::from("<tbody>\n");
    for path in columns {
        let (name, cell) = (drawn.names.path(path), value(drawn, row, path));
        let _ = writeln!(html, "<tr><th scope=\"row\">{}</th>{cell}</tr>", escaped(&drawn.names.in_unit(&name, path)));
    }
    html + "</tbody>\n"
}

fn across(drawn: &Drawn<'_>, columns: &[String], figures: &[&str]) -> String {
    let mut html = String::from("<thead>\n<tr>");
    let first = drawn.rows.first().map(|row| labels(drawn, row)).unwrap_or_default();
    first.iter().for_each(|(name, _)| push_heading(&mut html, name));
    for path in columns {
        // Under the figure's own title its parts need not name it.
        let part = path.strip_prefix(figures[0]).and_then(|rest| rest.strip_prefix('.')).filter(|_| figures.len() == 1);
        let name = drawn.names.path(part.unwrap_or(path));
        push_heading(&mut html, &drawn.names.in_unit(&name, path));
    }
    html.push_str("</tr>\n</thead>\n<tbody>\n");
    for row in &drawn.rows {
        html.push_str("<tr>");
        for (_, label) in labels(drawn, row) {
            let _ = write!(html, "<th scope=\"row\"><bdi>{}</bdi></th>", escaped(&label));
        }
        columns.iter().for_each(|path| html.push_str(&value(drawn, row, path)));
        html.push_str("</tr>\n");
    }
    html + "</tbody>\n"
}

fn push_heading(html: &mut String, name: &str) {
    let _ = write!(html, "<th scope=\"col\">{}</th>", escaped(name));
}

fn value(drawn: &Drawn<'_>, row: &Row, path: &str) -> String {
    cell(path, crate::headline::at(row, path), drawn.names.0)
}

/// What a row is about: its period, its group, and its agent where that is a figure.
pub(super) fn labels(drawn: &Drawn<'_>, row: &Row) -> Vec<(String, String)> {
    let period = row.period.as_ref().map(|period| {
        let label = if period.partial { drawn.names.partial(&period.label) } else { period.label.clone() };
        (drawn.names.part("period"), label)
    });
    let value = |value: &Option<std::sync::Arc<str>>| value.as_deref().unwrap_or("–").to_owned();
    let group = row.group.iter().map(|(name, label)| (drawn.names.part(name), value(label)));
    let agent = agent(row).map(|agent| (drawn.names.part(AGENT), agent.to_owned()));
    period.into_iter().chain(group).chain(agent).collect()
}

/// The agent of a row, where that is a figure and no dimension.
pub(super) fn agent(row: &Row) -> Option<&str> {
    let grouped = row.group.iter().any(|(name, _)| name == AGENT);
    row.figures.iter().filter(|_| !grouped).find_map(|(name, figure)| match figure {
        Figure::Text(agent) if name == AGENT => Some(agent.as_str()),
        _ => None,
    })
}
