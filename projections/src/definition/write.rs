//! A definition's canonical form: every field in its published order, defaults written out.

use super::document::Definition;

impl Definition {
    /// Its canonical JSON, without spaces; equal definitions have equal bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Texts, whole numbers and decimals always have a JSON form: this does not fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The same with a line a field, to read and edit.
    #[must_use]
    pub fn to_json_pretty(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}
