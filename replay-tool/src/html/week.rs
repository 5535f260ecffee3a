//! The hours of a week: a row an hour, a column a day, darker where more came.

use super::markup::{escaped, number};
use super::{Drawn, section};
use daftar_projections::report::Row;
use daftar_projections::report::figure::Figure;
use std::fmt::Write;

/// Hours of a day, and days of a week.
const HOURS: usize = 24;
const DAYS: usize = 7;

/// A row of the report: a table for each thing that is counted.
pub(super) fn of(drawn: &Drawn<'_>, row: &Row) -> String {
    let labels: Vec<String> =
        section::labels(drawn, row).into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let title = if labels.is_empty() { drawn.names.part("all") } else { labels.join(", ") };
    let tables: String = ["opened", "replies"].iter().map(|counted| table(drawn, row, counted)).collect();
    format!("<section>\n<h2>{}</h2>\n{tables}</section>\n", escaped(&title))
}

fn table(drawn: &Drawn<'_>, row: &Row, counted: &str) -> String {
    let path = |day: usize, hour: usize| format!("cells.{}.{counted}", day * HOURS + hour);
    let count = |day, hour| match crate::headline::at(row, &path(day, hour)) {
        Some(Figure::Count(count)) => *count,
        _ => 0,
    };
    let most = (0..DAYS * HOURS).map(|cell| count(cell / HOURS, cell % HOURS)).max().unwrap_or(0).max(1);
    let mut html =
        format!("<h3>{}</h3>\n<div class=\"wide\">\n<table>\n<thead>\n<tr><th></th>", drawn.names.part(counted));
    for day in 1..=7 {
        let _ = write!(html, "<th scope=\"col\">{}</th>", drawn.calendar.weekday_in(day, drawn.names.0));
    }
    html.push_str("</tr>\n</thead>\n<tbody>\n");
    for hour in 0..HOURS {
        let label = drawn.digits(&format!("{hour:02}:00"));
        let _ = write!(html, "<tr><th scope=\"row\">{label}</th>");
        for day in 0..DAYS {
            let (count, path) = (count(day, hour), path(day, hour));
            let shown = number(&count.to_string(), drawn.names.0);
            let heat = count * 80 / most;
            let _ = write!(
                html,
                "<td class=\"number heat\" style=\"--v:{heat}\" data-path=\"{path}\" data-value=\"{count}\">{shown}</td>"
            );
        }
        html.push_str("</tr>\n");
    }
    html + "</tbody>\n</table>\n</div>\n"
}
