//! An explanation as JSON, in the form and order that its readers rely on.

use super::against::{Compared, Moved};
use super::{Explained, ExplainedCell, Item};
use crate::report::figure::Figure;
use crate::report::json::{as_asked, rfc3339};
use serde::ser::{Serialize, SerializeMap, Serializer};

impl Serialize for Explained {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("cell", &self.cell)?;
        map.serialize_entry("items", &self.items)?;
        map.serialize_entry("next_cursor", &self.next)?;
        map.end()
    }
}

impl Serialize for Compared {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("cell", &self.cell)?;
        map.serialize_entry("against", &self.against)?;
        map.serialize_entry("moved", &self.moved)?;
        map.serialize_entry("items", &self.items)?;
        map.serialize_entry("next_cursor", &self.next)?;
        map.end()
    }
}

impl Serialize for Moved {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("ticket", &self.ticket)?;
        map.serialize_entry("difference", &self.difference)?;
        map.serialize_entry("item", &self.here)?;
        map.serialize_entry("against", &self.there)?;
        map.end()
    }
}

impl Serialize for ExplainedCell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = Figure::from(self.definition.document.name.as_str());
        let definition = Figure::object([("name", name), ("version", self.definition.version.into())]);
        let group = self.group.iter().map(|(name, value)| (name.clone(), value.as_deref().into()));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("report", self.report.name())?;
        map.serialize_entry("definition", &definition)?;
        map.serialize_entry("position", &self.position.0)?;
        map.serialize_entry("as_of", &self.as_of.map_or(Figure::Null, as_asked))?;
        map.serialize_entry("happened_by", &self.happened_by.map(rfc3339))?;
        map.serialize_entry("at", &self.at.map(rfc3339))?;
        map.serialize_entry("period", &self.period.as_ref().map(|(label, _)| label))?;
        if let Some((_, period)) = &self.period {
            map.serialize_entry("start", &rfc3339(period.start))?;
            map.serialize_entry("end", &rfc3339(period.end))?;
        }
        map.serialize_entry("group", &Figure::object(group))?;
        map.serialize_entry("figure", &self.figure)?;
        map.serialize_entry("statistic", &self.statistic)?;
        map.serialize_entry("value", &self.value)?;
        map.serialize_entry("items", &self.items)?;
        map.serialize_entry("taken_back", &self.taken_back)?;
        if !self.ranks.is_empty() {
            map.serialize_entry("ranks", &self.ranks)?;
        }
        map.end()
    }
}

impl Serialize for Item {
    /// What only some items have is left out of the others.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("ticket", &self.ticket)?;
        if let Some(told) = &self.told {
            map.serialize_entry("cycle", &told.cycle)?;
        }
        map.serialize_entry("at", &rfc3339(self.at))?;
        map.serialize_entry("value", &self.value)?;
        map.serialize_entry("counted", &self.counted)?;
        map.serialize_entry("agent", &self.agent)?;
        if let Some(told) = &self.told {
            map.serialize_entry("versions", &told.versions)?;
            map.serialize_entry("words", &told.words)?;
        }
        map.serialize_entry("position", &self.position.map(|position| position.0))?;
        if let Some(scale) = self.scale {
            map.serialize_entry("scale", scale.name())?;
        }
        if let Some(reason) = self.reason {
            map.serialize_entry("reason", reason)?;
        }
        if let Some(rank) = self.rank {
            map.serialize_entry("rank", rank.name())?;
        }
        if let Some(taken) = self.taken_back {
            let position = taken.position.map(|position| position.0);
            let taken = Figure::object([("by", taken.by.name().into()), ("position", Figure::from(position))]);
            map.serialize_entry("taken_back", &taken)?;
        }
        if !self.replaces.is_empty() {
            map.serialize_entry("replaces", &self.replaces)?;
        }
        map.end()
    }
}
