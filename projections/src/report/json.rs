//! A report as JSON, in the form and order that its readers rely on.

use super::figure::Figure;
use super::query::AsOf;
use super::{Report, Row};
use crate::ticket_facts::Micros;
use chrono::{DateTime, SecondsFormat};
use serde::ser::{Serialize, SerializeMap, Serializer};

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = &self.definition.document;
        let name = Figure::from(document.name.as_str());
        let definition = Figure::object([("name", name), ("version", self.definition.version.into())]);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("report", self.name.name())?;
        map.serialize_entry("definition", &definition)?;
        map.serialize_entry("position", &self.position.0)?;
        map.serialize_entry("as_of", &self.as_of.map_or(Figure::Null, as_asked))?;
        map.serialize_entry("happened_by", &Figure::Null)?;
        map.serialize_entry("at", &self.at.map(rfc3339))?;
        map.serialize_entry("from", &self.from.map(rfc3339))?;
        map.serialize_entry("to", &self.to.map(rfc3339))?;
        map.serialize_entry("dated_by", &document.dated_by)?;
        map.serialize_entry("time_zone", &document.time_zone)?;
        map.serialize_entry("calendar", &document.calendar)?;
        map.serialize_entry("notes", &self.notes)?;
        map.serialize_entry("rows", &self.rows)?;
        map.end()
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
