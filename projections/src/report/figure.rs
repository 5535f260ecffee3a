//! A figure of a report's row: what every output writes, whatever the report.

#[cfg(test)]
mod tests;

use crate::exact::{Decimal, Distribution, Share, write_count};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::borrow::Cow;

/// One figure, or several under names; names keep the order in which they were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Figure {
    /// No value.
    Null,
    /// A count.
    Count(u64),
    /// A number; seconds for durations, parts of 100 for percentages.
    Number(Decimal),
    /// Whether something is so.
    Truth(bool),
    /// A word or an id.
    Text(String),
    /// Figures by name.
    Object(Vec<(Cow<'static, str>, Figure)>),
    /// Figures one after the other.
    List(Vec<Figure>),
}

impl Figure {
    /// Figures by name, in this order.
    pub fn object<N: Into<Cow<'static, str>>>(fields: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Object(fields.into_iter().map(|(name, figure)| (name.into(), figure)).collect())
    }

    /// Every figure that holds no others, with its path: names, and places in lists from 0, joined by dots.
    ///
    /// Paths begin with `prefix`, unless it is empty. An empty object or list has no leaves.
    #[must_use]
    pub fn flatten(&self, prefix: &str) -> Vec<(String, &Self)> {
        let mut leaves = Vec::new();
        self.push_leaves(prefix, &mut leaves);
        leaves
    }

    /// The number it is; none: it is no number, or has no value.
    #[must_use]
    pub fn number(&self) -> Option<Decimal> {
        match self {
            Self::Count(count) => Some(Decimal::from_micros(i128::from(*count) * 1_000_000)),
            Self::Number(number) => Some(*number),
            Self::Null | Self::Truth(_) | Self::Text(_) | Self::Object(_) | Self::List(_) => None,
        }
    }

    /// Writes it as JSON, the same bytes as its `Serialize`.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Count(count) => write_count(*count, out),
            Self::Number(number) => number.write(out),
            Self::Truth(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                write_between([b'[', b']'], items, out, Self::write);
            }
            Self::Object(fields) => {
                write_between([b'{', b'}'], fields, out, |(name, figure), out| write_field(name, figure, out));
            }
        }
    }

    fn push_leaves<'a>(&'a self, path: &str, leaves: &mut Vec<(String, &'a Self)>) {
        match self {
            Self::Object(fields) => fields.iter().for_each(|(name, figure)| {
                figure.push_leaves(&joined(path, name), leaves);
            }),
            Self::List(items) => items.iter().enumerate().for_each(|(place, figure)| {
                figure.push_leaves(&joined(path, &place.to_string()), leaves);
            }),
            Self::Null | Self::Count(_) | Self::Number(_) | Self::Truth(_) | Self::Text(_) => {
                leaves.push((path.to_owned(), self));
            }
        }
    }

    /// The figure at a path as [`Self::flatten`] writes it, or an object or list on the way; the empty path is `self`.
    ///
    /// A name may have dots of its own; the first one that leads somewhere is taken.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Self> {
        if path.is_empty() {
            return Some(self);
        }
        match self {
            Self::Object(fields) => fields.iter().find_map(|(name, figure)| figure.get(below(path, name)?)),
            Self::List(items) => {
                let (place, rest) = path.split_once('.').unwrap_or((path, ""));
                items.get(place.parse::<usize>().ok()?)?.get(rest)
            }
            Self::Null | Self::Count(_) | Self::Number(_) | Self::Truth(_) | Self::Text(_) => None,
        }
    }
}

/// A figure that can be written without being made a [`Figure`] first, as the same bytes.
pub(super) trait Written {
    /// Writes it as JSON.
    fn write_json(&self, out: &mut Vec<u8>);
}

impl Written for Figure {
    fn write_json(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
}

impl Written for u64 {
    fn write_json(&self, out: &mut Vec<u8>) {
        write_count(*self, out);
    }
}

impl Written for Share {
    fn write_json(&self, out: &mut Vec<u8>) {
        Figure::from(*self).write(out);
    }
}

impl Written for Option<Decimal> {
    fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Some(number) => number.write(out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

impl Written for Distribution {
    fn write_json(&self, out: &mut Vec<u8>) {
        // Names and what stands between them are known when the program is built: each is one copy of few bytes.
        macro_rules! fields {
            ($($field:ident)*) => { $(
                out.extend_from_slice(concat!(",\"", stringify!($field), "\":").as_bytes());
                self.$field.write_json(out);
            )* };
        }
        out.extend_from_slice(b"{\"count\":");
        write_count(self.count, out);
        out.extend_from_slice(b",\"sum\":");
        self.sum.write(out);
        fields!(mean min max p50 p75 p90 p95 p99);
        out.push(b'}');
    }
}

/// Where a row's figures go, one after the other.
pub(super) trait Tells {
    /// Takes the next figure.
    fn tell<F: Into<Figure> + Written>(&mut self, name: &'static str, figure: F);
}

impl Tells for Vec<(Cow<'static, str>, Figure)> {
    fn tell<F: Into<Figure> + Written>(&mut self, name: &'static str, figure: F) {
        self.push((name.into(), figure.into()));
    }
}

/// A row's figures as JSON, each behind a comma.
pub(super) struct JsonFields<'a> {
    pub(super) out: &'a mut Vec<u8>,
}

impl JsonFields<'_> {
    /// Writes a figure.
    pub(super) fn add(&mut self, name: &str, figure: &impl Written) {
        self.out.push(b',');
        write_text(name, self.out);
        self.out.push(b':');
        figure.write_json(self.out);
    }
}

impl Tells for JsonFields<'_> {
    fn tell<F: Into<Figure> + Written>(&mut self, name: &'static str, figure: F) {
        // What a report calls its figures has nothing that JSON escapes.
        self.out.extend_from_slice(b",\"");
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        figure.write_json(self.out);
    }
}

/// Writes a name, a colon and its figure.
pub(super) fn write_field(name: &str, figure: &Figure, out: &mut Vec<u8>) {
    write_text(name, out);
    out.push(b':');
    figure.write(out);
}

/// Writes a text between quotation marks.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// Writes items with commas between them and brackets around them.
pub(super) fn write_between<T>(brackets: [u8; 2], items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(brackets[0]);
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(brackets[1]);
}

/// The path to `name` below `path`.
pub(super) fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// What is left of `path` once `name` has been walked; `None` where it leads elsewhere.
fn below<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(name)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Count(count) => serializer.serialize_u64(*count),
            Self::Number(number) => number.serialize(serializer),
            Self::Truth(truth) => serializer.serialize_bool(*truth),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => items.serialize(serializer),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, figure) in fields {
                    map.serialize_entry(name, figure)?;
                }
                map.end()
            }
        }
    }
}

impl From<u64> for Figure {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<Decimal> for Figure {
    fn from(number: Decimal) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Figure {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Figure {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<Figure>> for Figure {
    fn from(items: Vec<Figure>) -> Self {
        Self::List(items)
    }
}

impl<T: Into<Figure>> From<Option<T>> for Figure {
    fn from(figure: Option<T>) -> Self {
        figure.map_or(Self::Null, Into::into)
    }
}

impl From<Distribution> for Figure {
    fn from(distribution: Distribution) -> Self {
        let count = ("count", distribution.count.into());
        let others = distribution.named().map(|(name, value)| (name, value.into()));
        Self::object(std::iter::once(count).chain(others))
    }
}

impl From<Share> for Figure {
    fn from(share: Share) -> Self {
        Self::object([
            ("count", share.count.into()),
            ("of", share.of.into()),
            ("percent", share.percent().into()),
            ("low95", share.low95().into()),
            ("high95", share.high95().into()),
        ])
    }
}
