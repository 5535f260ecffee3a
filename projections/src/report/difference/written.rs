//! A report taken apart as it was written: its rows under what tells them apart, their values as text.

use crate::report::figure::{joined, write_text};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// Fields of the head that are not compared: they say which prefix of the log was asked for.
const PREFIX: [&str; 2] = ["position", "as_of"];
/// The field of a row that names its period.
const PERIOD: &str = "period";
/// Fields that tell items of a list, and rows that have no group, apart; a ticket alone where there is one.
const OWN: [&str; 7] = ["ticket", "agent", "from", "to", "department", "weekday", "hour"];

/// A text is no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no report: {0}")]
pub struct NotAReport(String);

/// What tells a row from the others: its period, the values of its group, its ticket or agent; by name, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RowName(Vec<(String, String)>);

/// A report taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<'a> {
    /// The values of its head, by their paths, but for the prefix of the log it was asked for.
    pub head: Vec<(String, &'a str)>,
    /// Its rows.
    pub rows: Vec<WrittenRow<'a>>,
}

/// A row taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenRow<'a> {
    /// What tells it from the others.
    pub name: RowName,
    /// The whole of it as JSON.
    pub text: &'a str,
    /// Its figures, by their paths, as JSON. Items of lists stand under what tells them apart:
    /// `between[from=technical,to=billing].count`.
    pub figures: Vec<(String, &'a str)>,
}

impl<'a> Written<'a> {
    /// Takes apart a report as [`crate::report::Report::to_json`] writes it.
    ///
    /// # Errors
    ///
    /// [`NotAReport`] when it is none.
    pub fn of(json: &'a str) -> Result<Self, NotAReport> {
        Self::read(json).map_err(|why| NotAReport(why.to_string()))
    }

    fn read(json: &'a str) -> serde_json::Result<Self> {
        let (mut head, mut rows) = (Vec::new(), Vec::new());
        for (name, value) in serde_json::from_str::<Object<'a>>(json)?.0 {
            match name.as_str() {
                "rows" => rows = rows_of(value)?,
                name if PREFIX.contains(&name) => {}
                name => leaves(value, name, &mut head)?,
            }
        }
        Ok(Self { head, rows })
    }
}

impl RowName {
    /// Writes it as a JSON object.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (number, (name, value)) in self.0.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            write_text(name, out);
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        }
        out.push(b'}');
    }
}

impl fmt::Display for RowName {
    /// In words: `2026-01, department technical`; `all` where nothing tells rows apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("all");
        }
        for (number, (name, value)) in self.0.iter().enumerate() {
            f.write_str(if number > 0 { ", " } else { "" })?;
            let shown = plain(value);
            if name == PERIOD { f.write_str(&shown)? } else { write!(f, "{name} {shown}")? }
        }
        Ok(())
    }
}

/// A value as people read it: a text without its quotation marks.
#[must_use]
pub fn plain(json: &str) -> Cow<'_, str> {
    serde_json::from_str::<String>(json).map_or(Cow::Borrowed(json), Cow::Owned)
}

/// The rows of a report. Two of one name, which no report has, are numbered.
fn rows_of<'a>(rows: &'a RawValue) -> serde_json::Result<Vec<WrittenRow<'a>>> {
    let mut seen: HashMap<RowName, usize> = HashMap::new();
    let mut read = Vec::new();
    for row in serde_json::from_str::<Vec<&'a RawValue>>(rows.get())? {
        let mut row = row_of(row)?;
        let before = seen.entry(row.name.clone()).or_default();
        *before += 1;
        if *before > 1 {
            row.name.0.push(("number".to_owned(), before.to_string()));
        }
        read.push(row);
    }
    Ok(read)
}

fn row_of<'a>(row: &'a RawValue) -> serde_json::Result<WrittenRow<'a>> {
    let fields = serde_json::from_str::<Object<'a>>(row.get())?.0;
    let mut name = RowName::default();
    let mut figures = Vec::new();
    let own = own_of(&fields);
    for (field, value) in &fields {
        match field.as_str() {
            PERIOD if value.get() == "null" => {}
            PERIOD => name.0.push((field.clone(), value.get().to_owned())),
            "group" => {
                let group = serde_json::from_str::<Object<'a>>(value.get())?.0;
                name.0.extend(group.into_iter().map(|(name, value)| (name, value.get().to_owned())));
            }
            _ if own.contains(&field.as_str()) => name.0.push((field.clone(), value.get().to_owned())),
            _ => leaves(value, field, &mut figures)?,
        }
    }
    Ok(WrittenRow { name, text: row.get(), figures })
}

/// The names of the fields that tell an item from the others of its list.
fn own_of(fields: &[(String, &RawValue)]) -> Vec<&'static str> {
    let has = |own: &&str| fields.iter().any(|(name, value)| name == own && !value.get().starts_with(['{', '[']));
    let mut own: Vec<_> = OWN.into_iter().filter(has).collect();
    if own.first() == Some(&"ticket") {
        own.truncate(1);
    }
    own
}

/// Every value that holds no others, with its path; a list of such values is one.
fn leaves<'a>(value: &'a RawValue, path: &str, into: &mut Vec<(String, &'a str)>) -> serde_json::Result<()> {
    match value.get().as_bytes().first() {
        Some(b'{') => {
            let fields = serde_json::from_str::<Object<'a>>(value.get())?.0;
            fields.into_iter().try_for_each(|(name, value)| leaves(value, &joined(path, &name), into))
        }
        Some(b'[') => items(value, path, into),
        _ => {
            into.push((path.to_owned(), value.get()));
            Ok(())
        }
    }
}

/// The items of a list, each under what tells it apart, else under its number; a list of plain values as it stands.
fn items<'a>(list: &'a RawValue, path: &str, into: &mut Vec<(String, &'a str)>) -> serde_json::Result<()> {
    let values = serde_json::from_str::<Vec<&'a RawValue>>(list.get())?;
    if values.first().is_some_and(|first| !first.get().starts_with('{')) {
        into.push((path.to_owned(), list.get()));
        return Ok(());
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (number, value) in values.into_iter().enumerate() {
        let fields = serde_json::from_str::<Object<'a>>(value.get())?.0;
        let own = own_of(&fields);
        let named = |own: &&str| fields.iter().find(|(name, _)| name == own);
        let names: Vec<_> = own.iter().filter_map(named).map(|(n, v)| format!("{n}={}", plain(v.get()))).collect();
        let name = if names.is_empty() { number.to_string() } else { names.join(",") };
        let before = seen.entry(name.clone()).or_default();
        *before += 1;
        let path = if *before > 1 { format!("{path}[{name},{before}]") } else { format!("{path}[{name}]") };
        for (name, value) in fields.iter().filter(|(name, _)| !own.contains(&name.as_str())) {
            leaves(value, &joined(&path, name), into)?;
        }
    }
    Ok(())
}

/// The fields of an object in their order, values as they stand.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor).map(Object)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(fields)
    }
}
