//! The document's JSON Schema, by which editors complete and check definitions while they are written.

use super::document::Definition;

/// The schema as JSON, a line a field; `docs/definition.schema.json` holds it.
///
/// It says which fields and words there are. Rules that look at several fields at once are not in it.
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(Definition);
    // A schema is texts and numbers: it always has a JSON form.
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
