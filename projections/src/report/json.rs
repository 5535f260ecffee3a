//! A report as JSON, in the form and order that its readers rely on.

use super::figure::Figure;
use super::query::AsOf;
use super::{Report, Row};
use crate::ticket_facts::Micros;
use chrono::{DateTime, SecondsFormat};
use serde::ser::{Serialize, SerializeMap, Serializer};

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        head_entries(self, true, &mut map)?;
        map.serialize_entry("rows", &self.rows)?;
        map.end()
    }
}

/// What stands before the rows of a report.
struct Head<'a> {
    report: &'a Report,
    with_position: bool,
}

impl Serialize for Head<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        head_entries(self.report, self.with_position, &mut map)?;
        map.end()
    }
}

fn head_entries<M: SerializeMap>(report: &Report, with_position: bool, map: &mut M) -> Result<(), M::Error> {
    let document = &report.definition.document;
    let name = Figure::from(document.name.as_str());
    let definition = Figure::object([("name", name), ("version", report.definition.version.into())]);
    map.serialize_entry("report", report.name.name())?;
    map.serialize_entry("definition", &definition)?;
    if with_position {
        map.serialize_entry("position", &report.position.0)?;
    }
    map.serialize_entry("as_of", &report.as_of.map_or(Figure::Null, as_asked))?;
    map.serialize_entry("happened_by", &Figure::Null)?;
    map.serialize_entry("at", &report.at.map(rfc3339))?;
    map.serialize_entry("from", &report.from.map(rfc3339))?;
    map.serialize_entry("to", &report.to.map(rfc3339))?;
    map.serialize_entry("dated_by", &document.dated_by)?;
    map.serialize_entry("time_zone", &document.time_zone)?;
    map.serialize_entry("calendar", &document.calendar)?;
    map.serialize_entry("notes", &report.notes)
}

impl Report {
    /// The report as JSON; the same figures are always the same bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Writing figures to a string cannot fail: their names are strings.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Its rows alone as JSON.
    #[must_use]
    pub fn rows_json(&self) -> String {
        serde_json::to_string(&self.rows).unwrap_or_default()
    }

    /// The report as JSON, with the JSON of its rows as [`Self::rows_json`] wrote it: those in `self` are not read.
    #[must_use]
    pub fn json_around(&self, rows_json: &str) -> String {
        let mut text = serde_json::to_string(&Head { report: self, with_position: true }).unwrap_or_default();
        text.pop();
        text.reserve(rows_json.len() + 16);
        text.push_str(",\"rows\":");
        text.push_str(rows_json);
        text.push('}');
        text
    }

    /// What its JSON says besides rows and position.
    #[must_use]
    pub fn head_without_position(&self) -> String {
        serde_json::to_string(&Head { report: self, with_position: false }).unwrap_or_default()
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("period", &self.period.as_ref().map(|period| &period.label))?;
        if let Some(period) = &self.period {
            map.serialize_entry("start", &rfc3339(period.period.start))?;
            map.serialize_entry("end", &rfc3339(period.period.end))?;
            if period.partial {
                map.serialize_entry("partial", &true)?;
            }
        }
        let group = self.group.iter().map(|(name, value)| (name.clone(), value.as_deref().into()));
        map.serialize_entry("group", &Figure::object(group))?;
        for (name, figure) in &self.figures {
            map.serialize_entry(name, figure)?;
        }
        map.end()
    }
}

fn as_asked(as_of: AsOf) -> Figure {
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
