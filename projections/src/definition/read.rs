//! Reading a definition from TOML or JSON: what it says, or everything that is wrong with it, in its writer's words.

use super::document::Definition;
use serde::Deserializer;
use serde_json::Value;
use std::fmt;

/// One thing that is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Wrong {
    /// Where, as a path of the document such as `schedules[0].weekly.saturday[1]`; empty: the whole of it.
    pub place: String,
    /// What is wrong there and how to mend it.
    pub reason: String,
    /// Whether the text is no JSON or TOML at all, so that nothing more could be said of it.
    pub is_syntax: bool,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() { f.write_str(&self.reason) } else { write!(f, "{}: {}", self.place, self.reason) }
    }
}

impl Wrong {
    /// Says what is wrong at a place.
    pub(super) fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into(), is_syntax: false }
    }

    /// The place as a JSON Pointer (RFC 6901): `/schedules/0/weekly/saturday/1`.
    #[must_use]
    pub fn pointer(&self) -> String {
        // Names of fields, days and dates have neither dots nor brackets, tildes nor slashes.
        let parts = self.place.split(['.', '[', ']']).filter(|part| !part.is_empty());
        parts.flat_map(|part| ["/", part]).collect()
    }
}

impl Definition {
    /// Reads a definition from TOML; fields left out have their defaults.
    ///
    /// # Errors
    ///
    /// Every rule it breaks; where it can't be read at all, the first place where it can't.
    pub fn from_toml(text: &str) -> Result<Self, Vec<Wrong>> {
        let unread = |error: &toml::de::Error, place: String| {
            let line = error.span().map(|span| line_of(text, span.start));
            vec![unread(place, error.message(), line)]
        };
        let document = toml::Deserializer::parse(text).map_err(|error| no_text(unread(&error, String::new())))?;
        let read = deserialized(document).map_err(|(place, error)| unread(&error, place))?;
        read.with_names(toml::from_str(text).ok())?.validated()
    }

    /// Reads a definition from JSON; fields left out have their defaults.
    ///
    /// # Errors
    ///
    /// Every rule it breaks; where it can't be read at all, the first place where it can't.
    pub fn from_json(text: &str) -> Result<Self, Vec<Wrong>> {
        let unread = |error: &serde_json::Error, place: String| {
            let told = error.to_string();
            let what = told.rsplit_once(" at line ").map_or(told.as_str(), |(what, _)| what);
            let told = vec![unread(place, what, Some(error.line()).filter(|line| *line > 0))];
            if error.is_data() { told } else { no_text(told) }
        };
        let mut document = serde_json::Deserializer::from_str(text);
        let read = deserialized(&mut document).map_err(|(place, error)| unread(&error, place))?;
        document.end().map_err(|error| unread(&error, String::new()))?;
        read.with_names(serde_json::from_str(text).ok())?.validated()
    }

    /// Reads a definition as the log holds it. It kept the rules of its time: later rules do not undo what was published.
    pub(super) fn of_log(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Reads a definition from a file's text: JSON or TOML, as the end of its name says, else as it begins.
    ///
    /// # Errors
    ///
    /// Every rule it breaks; where it can't be read at all, the first place where it can't.
    pub fn from_file(name: &str, text: &str) -> Result<Self, Vec<Wrong>> {
        let ends_in = |ending: &str| name.to_ascii_lowercase().ends_with(ending);
        if ends_in(".json") || (!ends_in(".toml") && text.trim_start().starts_with('{')) {
            Self::from_json(text)
        } else {
            Self::from_toml(text)
        }
    }

    /// The definition, if it was given with names: serde would also take a section's values as a list, in order.
    pub(super) fn with_names(self, given: Option<Value>) -> Result<Self, Vec<Wrong>> {
        let written = serde_json::to_value(&self).unwrap_or_default();
        match given.and_then(|given| nameless("", &given, &written)) {
            Some(place) => Err(vec![Wrong::new(place, "must be an object of named fields, not a list")]),
            None => Ok(self),
        }
    }

    /// The definition, if it keeps every rule.
    ///
    /// # Errors
    ///
    /// Every rule it breaks.
    pub fn validated(self) -> Result<Self, Vec<Wrong>> {
        let wrong = self.wrong();
        if wrong.is_empty() { Ok(self) } else { Err(wrong) }
    }
}

/// Reads the document, or says where it could not and why.
pub(super) fn deserialized<'de, D: Deserializer<'de>>(document: D) -> Result<Definition, (String, D::Error)> {
    serde_path_to_error::deserialize(document).map_err(|error| {
        // The whole document is written as a dot, what could not be read far enough to have a name as a question mark.
        let place = error.path().to_string();
        let place = place.trim_end_matches(['.', '?']).to_owned();
        (place, error.into_inner())
    })
}

/// What a deserializer says, in words of the document, with the line where there is one.
pub(super) fn unread(place: String, told: &str, line: Option<usize>) -> Wrong {
    let what = in_words(told.trim());
    let line = line.map(|line| format!(" (line {line})")).unwrap_or_default();
    Wrong::new(place, format!("{what}{line}"))
}

fn no_text(wrong: Vec<Wrong>) -> Vec<Wrong> {
    wrong.into_iter().map(|wrong| Wrong { is_syntax: true, ..wrong }).collect()
}

fn in_words(told: &str) -> String {
    let choices = |rest: &str| {
        let rest = rest.trim_start_matches("expected one of ").trim_start_matches("expected ");
        rest.replace(" or ", ", ").replace('`', "")
    };
    let quoted = |told: &str, what: &str| -> Option<(String, String)> {
        let (name, rest) = told.strip_prefix(what)?.strip_prefix('`')?.split_once('`')?;
        Some((name.to_owned(), rest.trim_start_matches([',', ' ']).to_owned()))
    };
    if let Some((name, rest)) = quoted(told, "unknown field ") {
        return format!("there is no field {name} here; there are {}", choices(&rest));
    }
    if let Some((name, rest)) = quoted(told, "unknown variant ") {
        return format!("{name} is none of the choices; there are {}", choices(&rest));
    }
    if told.starts_with("EOF while parsing ") {
        return "ends too early; its last part is cut off".to_owned();
    }
    if let Some((name, _)) = quoted(told, "missing field ") {
        return format!("{name} is missing; it must be given");
    }
    if let Some((name, _)) = quoted(told, "duplicate field ") {
        return format!("{name} is given twice; leave one out");
    }
    match told.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected ")) {
        Some((given, expected)) => format!("must be {expected}, not {}", given.replace('`', "")),
        None => told.to_owned(),
    }
}

/// The first place at which a list was given for what has named fields.
fn nameless(place: &str, given: &Value, written: &Value) -> Option<String> {
    match (given, written) {
        (Value::Array(_), Value::Object(_)) => Some(place.to_owned()),
        (Value::Object(given), Value::Object(written)) => given.iter().find_map(|(name, given)| {
            let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            nameless(&place, given, written.get(name)?)
        }),
        (Value::Array(given), Value::Array(written)) => {
            let pairs = given.iter().zip(written).enumerate();
            pairs.into_iter().find_map(|(n, (given, written))| nameless(&format!("{place}[{n}]"), given, written))
        }
        _ => None,
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
