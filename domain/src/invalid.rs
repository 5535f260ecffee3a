//! A value that breaks its own rule, whatever the state of the ticket.

use std::fmt;

/// The longest part of an offending value that is repeated to its sender.
const SHOWN_CHARS_MAX: usize = 80;

/// A value that breaks its own rule: which field, what was given, which rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Invalid {
    /// The field in the sender's words, for instance `overall.score`.
    pub field: String,
    /// The value as given, cut to 80 characters.
    pub value: String,
    /// The rule in words, with its bounds.
    pub rule: String,
}

impl Invalid {
    /// Says that `value` in `field` breaks `rule`.
    pub fn new(field: impl Into<String>, value: impl fmt::Display, rule: impl Into<String>) -> Self {
        Self { field: field.into(), value: shown(&value.to_string()), rule: rule.into() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is \"{}\": {}", self.field, self.value, self.rule)
    }
}

fn shown(value: &str) -> String {
    let mut cut: String = value.chars().take(SHOWN_CHARS_MAX).collect();
    if cut.len() < value.len() {
        cut.push('…');
    }
    cut
}
