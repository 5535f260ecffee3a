//! The figures of a report of one row, told once and then as they change.

use super::Report;
use super::json::rfc3339;
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use std::fmt;

/// What stands in a row beside its figures.
const BESIDE: [&str; 2] = ["period", "group"];

/// The figures of one row at a position. Equal figures are equal bytes, so they are compared as they are written.
#[derive(Debug, Clone)]
pub struct Headline {
    /// The position they speak for.
    pub position: Position,
    at: Option<Micros>,
    figures: Fields,
}

/// Names and figures, in the order of the row.
#[derive(Debug, Clone, Default)]
struct Fields(Vec<(String, Box<RawValue>)>);

impl Headline {
    /// The figures of a report: its head, and the JSON of its rows, the first of which is taken.
    #[must_use]
    pub fn of(head: &Report, rows_json: &[u8]) -> Self {
        let rows: Vec<Fields> = serde_json::from_slice(rows_json).unwrap_or_default();
        let mut figures = rows.into_iter().next().unwrap_or_default();
        figures.0.retain(|(name, _)| !BESIDE.contains(&name.as_str()));
        Self { position: head.position, at: head.at, figures }
    }

    /// The message that tells them to a reader who has the `known` ones, or none: position, `at`, and what changed,
    /// null where a figure is there no more. `None`: nothing changed.
    #[must_use]
    pub fn changes(&self, known: Option<&Self>) -> Option<String> {
        let before = |name: &str| known.and_then(|known| known.figures.get(name));
        let changed = |(name, figure): &&(String, Box<RawValue>)| before(name) != Some(figure.get());
        let gone = known.into_iter().flat_map(|known| &known.figures.0);
        let gone = gone.filter(|(name, _)| self.figures.get(name).is_none()).map(|(name, _)| (name, None));
        let changed = self.figures.0.iter().filter(changed).map(|(name, figure)| (name, Some(figure)));
        let changed: Vec<_> = changed.chain(gone).collect();
        if changed.is_empty() && known.is_some() {
            return None;
        }
        // Writing to a string cannot fail: names are strings, and figures were JSON before.
        serde_json::to_string(&Message { headline: self, changed }).ok()
    }
}

impl Fields {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, figure)| figure.get())
    }
}

type Changed<'a> = Vec<(&'a String, Option<&'a Box<RawValue>>)>;

struct Message<'a> {
    headline: &'a Headline,
    changed: Changed<'a>,
}

impl Serialize for Message<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Headline { position, at, .. } = self.headline;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("position", &position.0)?;
        map.serialize_entry("at", &at.map(rfc3339))?;
        map.serialize_entry("changed", &InOrder(&self.changed))?;
        map.end()
    }
}

struct InOrder<'a>(&'a Changed<'a>);

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, figure)| (name, figure)))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::query::ReportName;
    use std::sync::Arc;

    fn headline(position: u64, figures: &str) -> Headline {
        let head = Report {
            name: ReportName::Overview,
            definition: Arc::default(),
            position: Position(position),
            as_of: None,
            happened_by: None,
            at: Some(1_767_225_600_000_000),
            from: None,
            to: None,
            notes: Vec::new(),
            rows: Vec::new(),
        };
        let rows = format!(r#"[{{"period":null,"group":{{}},{figures}}}]"#);
        Headline::of(&head, rows.as_bytes())
    }

    fn told(position: u64, changed: &str) -> Option<String> {
        Some(format!(r#"{{"position":{position},"at":"2026-01-01T00:00:00Z","changed":{{{changed}}}}}"#))
    }

    #[test]
    fn the_first_message_is_whole_and_later_ones_say_what_changed() {
        let first = headline(7, r#""opened":3,"csat":{"answers":1,"percent":100},"nps":null"#);
        let whole = r#""opened":3,"csat":{"answers":1,"percent":100},"nps":null"#;
        assert_eq!(first.changes(None), told(7, whole));
        assert_eq!(headline(9, whole).changes(Some(&first)), None, "a position alone is no news");
        let second = headline(9, r#""opened":4,"csat":{"answers":1,"percent":100},"nps":{"score":5}"#);
        assert_eq!(second.changes(Some(&first)), told(9, r#""opened":4,"nps":{"score":5}"#));
    }

    #[test]
    fn a_figure_that_is_there_no_more_is_null() {
        let with_goals = headline(7, r#""opened":3,"goals":[{"value":"opened"}]"#);
        let without = headline(8, r#""opened":3"#);
        assert_eq!(without.changes(Some(&with_goals)), told(8, r#""goals":null"#));
        assert_eq!(with_goals.changes(Some(&without)), told(7, r#""goals":[{"value":"opened"}]"#));
        assert_eq!(headline(0, r#""opened":0"#).changes(None), told(0, r#""opened":0"#));
    }
}
