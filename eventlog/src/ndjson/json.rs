//! One line's JSON as it stands: names in their order, duplicates kept, texts borrowed where no escape prevents it.

use super::fault::shown;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A JSON value.
#[derive(Debug)]
pub(super) enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number written without fraction and exponent.
    Whole(i128),
    /// Any other number.
    Fraction(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Json<'a>>),
    /// An object.
    Object(Vec<Field<'a>>),
}

/// A name and its value, as an object lists them.
pub(super) type Field<'a> = (Cow<'a, str>, Json<'a>);

/// Reads a text that must be one object: its fields, those before the fault where there is one, and the fault, in
/// which the text is called `what`.
pub(super) fn parse_object<'a>(what: &str, line: &'a str) -> (Vec<Field<'a>>, Result<(), String>) {
    let mut fields = Vec::new();
    let mut parser = serde_json::Deserializer::from_str(line);
    let is_object = line.trim_ascii_start().starts_with('{');
    let read = if is_object {
        parser.deserialize_map(LineVisitor(&mut fields)).map(|()| None)
    } else {
        Json::deserialize(&mut parser).map(Some)
    };
    let outcome = match read.and_then(|other| parser.end().map(|()| other)) {
        Ok(None) => Ok(()),
        Ok(Some(other)) => Err(format!("{what} is {other}: must be an object")),
        Err(e) => Err(in_words(what, line, &e)),
    };
    (fields, outcome)
}

/// The parser's own words, with the column in characters.
fn in_words(what: &str, line: &str, error: &serde_json::Error) -> String {
    if line.trim_ascii().is_empty() {
        return format!("{what} is empty");
    }
    let fault = if error.is_eof() { "is cut off" } else { "is not JSON" };
    let whole = error.to_string();
    let words = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(words, _)| words);
    let column = line.char_indices().take_while(|(byte, _)| *byte < error.column()).count();
    format!("{what} {fault}: {words} at column {column}")
}

impl fmt::Display for Json<'_> {
    /// What was found, for someone who must mend it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Whole(number) => write!(f, "the number {number}"),
            Self::Fraction(number) => write!(f, "the number {number:?}"),
            Self::Text(text) => write!(f, "the string \"{}\"", shown(text)),
            Self::List(_) => f.write_str("a list"),
            Self::Object(_) => f.write_str("an object"),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Json::Whole(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Json::Whole(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Json::Fraction(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        fill(&mut fields, map)?;
        Ok(Json::Object(fields))
    }
}

/// Keeps the fields of a line outside, so that those before a fault are still there after it.
struct LineVisitor<'v, 'a>(&'v mut Vec<Field<'a>>);

impl<'de> Visitor<'de> for LineVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.reserve(FIELDS_OF_MOST_LINES);
        fill(self.0, map)
    }
}

const FIELDS_OF_MOST_LINES: usize = 8;

fn fill<'de, A: MapAccess<'de>>(fields: &mut Vec<Field<'de>>, mut map: A) -> Result<(), A::Error> {
    while let Some(Name(name)) = map.next_key()? {
        fields.push((name, map.next_value()?));
    }
    Ok(())
}

/// A field's name, borrowed where it can be.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
