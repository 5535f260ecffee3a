//! What is wrong with a line, in words.

use super::json::{Field, Json};
use daftar_domain::Invalid;
use std::borrow::Cow;
use std::fmt;

/// The most faults that are listed of one line; more are only counted.
const FAULTS_MAX: usize = 20;

/// The most characters of an offending name or value that are repeated.
const SHOWN_CHARS_MAX: usize = 80;

/// A line that is no event, and everything found wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct LineError {
    /// The `type` it gave, as far as it could be read.
    pub event_type: Option<String>,
    /// The `ticket` it gave, as far as it could be read.
    pub ticket: Option<String>,
    /// What is wrong: at least one fault, in the order of reading.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field, such as `overall.score` or `attachments[0].size`; none: the line as a whole.
    pub field: Option<String>,
    /// The same place as a JSON Pointer (RFC 6901), such as `/overall/score`; empty: the line as a whole.
    pub pointer: String,
    /// What is wrong with it; reads on from the field's name.
    pub why: String,
    /// Whether the value has the right form and only breaks its own rule: a score out of its range, say.
    pub breaks_rule: bool,
}

impl LineError {
    /// A line in which no field could be read.
    pub(super) fn unread(why: String) -> Self {
        Self { event_type: None, ticket: None, faults: vec![Fault::of_line(why)] }
    }
}

/// The type and the ticket a line gave, right or wrong, kept for its error.
pub(super) struct Seen<'a> {
    event_type: Option<Cow<'a, str>>,
    ticket: Option<Cow<'a, str>>,
}

impl<'a> Seen<'a> {
    /// What these fields of a line give.
    pub(super) fn of(fields: &[Field<'a>]) -> Self {
        Self { event_type: text_of(fields, "type"), ticket: text_of(fields, "ticket") }
    }

    /// The error of that line.
    pub(super) fn error(self, faults: Vec<Fault>) -> LineError {
        let kept = |text: Option<Cow<'a, str>>| text.map(|text| shown(&text));
        LineError { event_type: kept(self.event_type), ticket: kept(self.ticket), faults }
    }
}

fn text_of<'a>(fields: &[Field<'a>], name: &str) -> Option<Cow<'a, str>> {
    fields.iter().find(|(n, _)| n == name).and_then(|(_, value)| match value {
        Json::Text(text) => Some(text.clone()),
        _ => None,
    })
}

impl Fault {
    /// A fault of the line as a whole.
    pub(super) fn of_line(why: String) -> Self {
        Self { field: None, pointer: String::new(), why, breaks_rule: false }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            let between = if index == 0 { "" } else { "; " };
            write!(f, "{between}{fault}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field} {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

/// Where in a line: written out only when something is wrong there.
#[derive(Clone, Copy)]
pub(super) enum At<'p> {
    /// The line itself.
    Line,
    /// A field of an object.
    Field(&'p At<'p>, &'p str),
    /// An item of a list, from 0.
    Item(&'p At<'p>, usize),
}

impl At<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Line => String::new(),
            Self::Field(object, name) => {
                format!("{}/{}", object.pointer(), shown(name).replace('~', "~0").replace('/', "~1"))
            }
            Self::Item(list, index) => format!("{}/{index}", list.pointer()),
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line => Ok(()),
            Self::Field(Self::Line, name) => f.write_str(&shown(name)),
            Self::Field(object, name) => write!(f, "{object}.{}", shown(name)),
            Self::Item(list, index) => write!(f, "{list}[{index}]"),
        }
    }
}

/// What was found wrong so far.
#[derive(Default)]
pub(super) struct Faults {
    listed: Vec<Fault>,
    more: usize,
}

impl Faults {
    /// Notes that something is wrong; gives `None`, which is what the reader has then.
    pub(super) fn note<T>(&mut self, at: &At<'_>, why: impl Into<String>) -> Option<T> {
        self.add(at, why.into(), false)
    }

    /// Notes a value of the right form that breaks its own rule.
    pub(super) fn rule_broken<T>(&mut self, at: &At<'_>, why: impl Into<String>) -> Option<T> {
        self.add(at, why.into(), true)
    }

    fn add<T>(&mut self, at: &At<'_>, why: String, breaks_rule: bool) -> Option<T> {
        if self.listed.len() < FAULTS_MAX {
            let field = (!matches!(at, At::Line)).then(|| at.to_string());
            self.listed.push(Fault { field, pointer: at.pointer(), why, breaks_rule });
        } else {
            self.more += 1;
        }
        None
    }

    /// Notes a value of the wrong JSON type.
    pub(super) fn wrong_type<T>(&mut self, at: &At<'_>, found: &Json<'_>, expected: &str) -> Option<T> {
        self.note(at, format!("is {found}: must be {expected}"))
    }

    /// Takes a value that was checked, or notes which rule it breaks.
    pub(super) fn checked<T>(&mut self, at: &At<'_>, value: Result<T, Invalid>) -> Option<T> {
        value.map_or_else(|broken| self.rule_broken(at, format!("is \"{}\": {}", broken.value, broken.rule)), Some)
    }

    /// Everything noted; empty: nothing was wrong.
    pub(super) fn into_list(mut self) -> Vec<Fault> {
        if self.more > 0 {
            self.listed.push(Fault::of_line(format!("and {} more faults", self.more)));
        }
        self.listed
    }
}

/// The start of a text, short enough to be repeated to its sender.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
