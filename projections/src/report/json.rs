//! A report as JSON, in the form and order that its readers rely on.

#[cfg(test)]
mod tests;

use super::figure::{Figure, write_between, write_field, write_text};
use super::query::AsOf;
use super::{Report, Row, RowPeriod};
use crate::side_by_side::side_by_side;
use crate::ticket_facts::Micros;
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use std::ops::Range;

/// Room for the head of a report, and for each of its rows and their figures; more is taken where it is needed.
const HEAD_BYTES: usize = 512;
const ROW_BYTES: usize = 96;
const FIGURE_BYTES: usize = 160;
/// From how many rows on a second thread writes half of them.
const HALVED_FROM: usize = if cfg!(test) { 4 } else { 512 };

impl Report {
    /// The report as JSON; the same figures are always the same bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Vec::with_capacity(HEAD_BYTES + room_of(&self.rows));
        self.write_head(true, &mut out);
        out.extend_from_slice(b",\"rows\":");
        write_rows(&self.rows, &mut out);
        out.push(b'}');
        text_of(out)
    }

    /// Its rows alone as JSON.
    #[must_use]
    pub fn rows_json(&self) -> String {
        of_rows(&self.rows)
    }

    /// The report as JSON, with the JSON of its rows as [`Self::rows_json`] wrote it: those in `self` are not read.
    #[must_use]
    pub fn json_around(&self, rows_json: &str) -> String {
        // A line end often follows.
        let mut out = Vec::with_capacity(HEAD_BYTES + rows_json.len() + 1);
        self.write_head(true, &mut out);
        out.extend_from_slice(b",\"rows\":");
        let mut text = text_of(out);
        text.push_str(rows_json);
        text.push('}');
        text
    }

    /// What its JSON says besides rows and position.
    #[must_use]
    pub fn head_without_position(&self) -> String {
        let mut out = Vec::with_capacity(HEAD_BYTES);
        self.write_head(false, &mut out);
        out.push(b'}');
        text_of(out)
    }

    /// Writes the opening bracket of the report and everything before its rows.
    fn write_head(&self, with_position: bool, out: &mut Vec<u8>) {
        let document = &self.definition.document;
        let name = Figure::from(document.name.as_str());
        let definition = Figure::object([("name", name), ("version", self.definition.version.into())]);
        let instant = |instant: Option<Micros>| Figure::from(instant.map(rfc3339));
        out.push(b'{');
        write_field("report", &self.name.name().into(), out);
        let mut field = |name, figure: Figure| {
            out.push(b',');
            write_field(name, &figure, out);
        };
        field("definition", definition);
        if with_position {
            field("position", self.position.0.into());
        }
        field("as_of", self.as_of.map_or(Figure::Null, as_asked));
        field("happened_by", instant(self.happened_by));
        field("at", instant(self.at));
        field("from", instant(self.from));
        field("to", instant(self.to));
        write_value("dated_by", &document.dated_by, out);
        write_value("time_zone", &document.time_zone, out);
        write_value("calendar", &document.calendar, out);
        write_value("notes", &self.notes, out);
    }
}

/// Rows as JSON.
pub(super) fn of_rows(rows: &[Row]) -> String {
    let mut out = Vec::with_capacity(room_of(rows));
    write_rows(rows, &mut out);
    text_of(out)
}

/// Room for the JSON of rows.
fn room_of(rows: &[Row]) -> usize {
    rows.len() * row_bytes(rows.first().map_or(0, |row| row.figures.len()))
}

/// Room for the JSON of a row of so many figures.
pub(super) const fn row_bytes(figures: usize) -> usize {
    ROW_BYTES + figures * FIGURE_BYTES
}

/// Writes the list of the report's rows.
fn write_rows(rows: &[Row], out: &mut Vec<u8>) {
    out.push(b'[');
    if rows.len() < HALVED_FROM {
        write_list(rows, out);
    } else {
        let (ahead, behind) = rows.split_at(rows.len() / 2);
        let behind = || {
            let mut text = Vec::with_capacity(behind.len() * (ROW_BYTES + FIGURE_BYTES));
            write_list(behind, &mut text);
            text
        };
        let ((), mut behind) = side_by_side(|| write_list(ahead, out), behind);
        out.push(b',');
        out.append(&mut behind);
    }
    out.push(b']');
}

/// Writes rows with commas between them.
fn write_list(rows: &[Row], out: &mut Vec<u8>) {
    // Rows of one period follow one another and begin with the same bytes.
    let mut before: Option<(&Row, Range<usize>)> = None;
    for row in rows {
        if before.is_some() {
            out.push(b',');
        }
        let start = out.len();
        match before {
            Some((same, period)) if same.period == row.period => out.extend_from_within(period),
            _ => write_period(row.period.as_ref(), out),
        }
        let period = start..out.len();
        row.write_figures(out);
        before = Some((row, period));
    }
}

/// What was written, which is made of texts, digits and brackets.
pub(super) fn text_of(written: Vec<u8>) -> String {
    String::from_utf8(written).unwrap_or_default()
}

/// Writes the opening bracket of a row and what it says of its period.
pub(super) fn write_period(period: Option<&RowPeriod>, out: &mut Vec<u8>) {
    out.push(b'{');
    write_field("period", &period.map(|period| period.label.as_str()).into(), out);
    let Some(period) = period else { return };
    for (name, instant) in [("start", period.period.start), ("end", period.period.end)] {
        out.push(b',');
        write_field(name, &rfc3339(instant).into(), out);
    }
    if period.partial {
        out.extend_from_slice(b",\"partial\":true");
    }
}

impl Row {
    /// Writes its group and its figures, and its closing bracket.
    fn write_figures(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"group\":");
        write_between([b'{', b'}'], &self.group, out, |(name, value), out| {
            write_text(name, out);
            out.push(b':');
            match value {
                Some(value) => write_text(value, out),
                None => out.extend_from_slice(b"null"),
            }
        });
        for (name, figure) in &self.figures {
            out.push(b',');
            write_field(name, figure, out);
        }
        out.push(b'}');
    }
}

/// Writes a comma, a name and a value that is no figure.
fn write_value(name: &str, value: &impl Serialize, out: &mut Vec<u8>) {
    out.push(b',');
    write_text(name, out);
    out.push(b':');
    // Writing words and lists of texts to memory cannot fail.
    let _ = serde_json::to_writer(out, value);
}

/// A prefix as it was asked for.
pub(super) fn as_asked(as_of: AsOf) -> Figure {
    match as_of {
        AsOf::Position(position) => Figure::Count(position),
        AsOf::Instant(instant) => Figure::Text(instant.to_string()),
    }
}

/// An instant in UTC with no, three or six decimals.
pub(crate) fn rfc3339(instant: Micros) -> String {
    // Instants come from the log or the calendar; both stay in chrono's range.
    let instant = DateTime::from_timestamp_micros(instant).unwrap_or_default();
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
