//! The metric definition a report is made under: a file, a preset, or one published in the log.

use crate::Failure;
use crate::source::Source;
use daftar_eventlog::Position;
use daftar_projections::definition::catalog::{Catalog, Published};
use daftar_projections::definition::document::Definition;
use std::path::Path;
use std::sync::Arc;

/// The definition of a report that names none.
const DEFAULT: &str = "default";

/// The definition in a file; `None`: the text is a name, neither ending in .toml or .json nor with a directory.
pub(crate) fn from_file(text: &str) -> Result<Option<Arc<Published>>, Failure> {
    let path = Path::new(text);
    // A file that happens to be called like a definition hides none.
    let looks_like_one = path.extension().is_some_and(|end| end == "toml" || end == "json");
    if !looks_like_one && path.components().count() < 2 {
        return Ok(None);
    }
    let read = std::fs::read_to_string(path).map_err(|e| Failure::run(format!("--definition {text}: {e}")))?;
    let document = Definition::from_file(text, &read).map_err(|wrong| {
        let lines: Vec<_> = wrong.iter().map(|wrong| format!("{text}: {wrong}")).collect();
        Failure::Usage(lines.join("\n"))
    })?;
    Ok(Some(Arc::new(Published { document, version: 0 })))
}

/// The definition that a name means at a position.
pub(crate) async fn named(source: &Source, name: Option<&str>, position: Position) -> Result<Arc<Published>, Failure> {
    let name = name.unwrap_or(DEFAULT);
    let catalog = Catalog::of(&*source.log).await.map_err(Failure::run)?;
    catalog.at(name, position).ok_or_else(|| {
        let known: Vec<_> =
            catalog.list(position).iter().map(|listed| listed.published.document.name.clone()).collect();
        Failure::Usage(format!(
            "--definition {name} names neither a file nor a definition there is at position {position}; there are {}",
            known.join(", ")
        ))
    })
}

/// The definition with some of its fields said otherwise, each as `FIELD=VALUE`; its version stays that of the original.
pub(crate) fn what_if(definition: Arc<Published>, overrides: &[String]) -> Result<Arc<Published>, Failure> {
    if overrides.is_empty() {
        return Ok(definition);
    }
    let fields = overrides.iter().map(|text| {
        let none = || format!("--what-if {text} is no FIELD=VALUE, like csat.positive_from.five=3");
        text.split_once('=').ok_or_else(none)
    });
    let fields = fields.collect::<Result<Vec<_>, _>>().map_err(Failure::Usage)?;
    let document = definition.document.with_all(fields).map_err(|wrong| {
        let lines: Vec<_> = wrong.iter().map(|wrong| format!("--what-if {wrong}")).collect();
        Failure::Usage(lines.join("\n"))
    })?;
    Ok(Arc::new(Published { document, version: definition.version }))
}
