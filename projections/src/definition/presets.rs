//! Definitions that are built in: the default, how well-known help desks count, and working hours in Iran.

use super::document::Definition;

/// The text of each preset; its comments say what it reproduces, from where, and what it does not.
const TEXTS: [(&str, &str); 6] = [
    ("default", include_str!("presets/default.toml")),
    ("zendesk", include_str!("presets/zendesk.toml")),
    ("freshdesk", include_str!("presets/freshdesk.toml")),
    ("chatwoot", include_str!("presets/chatwoot.toml")),
    ("zammad", include_str!("presets/zammad.toml")),
    ("iran", include_str!("presets/iran.toml")),
];

/// The names of the presets, the default first.
pub fn names() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().map(|(name, _)| *name)
}

/// The text of a preset with its comments, to begin a definition of one's own from.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Every preset, the default first.
pub fn all() -> impl Iterator<Item = Definition> {
    // A test reads each of them.
    TEXTS.iter().filter_map(|(_, text)| Definition::from_toml(text).ok())
}
