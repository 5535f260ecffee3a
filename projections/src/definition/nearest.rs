//! The fields of a document nearest to a path that leads to none: what its writer may have meant.

use serde_json::Value;

/// How many are told.
const TOLD: usize = 3;
/// What can be set and stands in no document, or only where it was given.
const LEFT_OUT: [&str; 9] = [
    "first_response.clock",
    "first_response.pauses",
    "next_response.clock",
    "next_response.pauses",
    "resolution.clock",
    "resolution.pauses",
    "target.first_response",
    "target.next_response",
    "target.full_resolution",
];

/// The fields of `document` nearest to a path, the nearest first; none: the path leads to a field.
pub(super) fn nearest(document: &Value, path: &str) -> Option<Vec<String>> {
    let asked: Vec<&str> = path.split(['.', '[', ']']).filter(|part| !part.is_empty()).collect();
    let asked = asked.join(".");
    let known = paths(document);
    if known.contains(&asked) {
        return None;
    }
    let mut near: Vec<_> = known.into_iter().map(|known| (distance(&asked, &known), known)).collect();
    near.retain(|(distance, _)| *distance <= asked.chars().count() / 3);
    near.sort();
    let best = near.first().map_or(0, |(distance, _)| *distance);
    near.retain(|(distance, _)| *distance <= best + 1);
    Some(near.into_iter().take(TOLD).map(|(_, known)| known).collect())
}

/// Every path that a value can be set at.
fn paths(document: &Value) -> Vec<String> {
    let mut paths: Vec<String> = LEFT_OUT.map(str::to_owned).into();
    push_paths("", document, &mut paths);
    paths
}

fn push_paths(path: &str, value: &Value, paths: &mut Vec<String>) {
    if !path.is_empty() {
        paths.push(path.to_owned());
    }
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| push_paths(&below(name), value, paths)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| push_paths(&below(&n.to_string()), item, paths));
        }
        _ => {}
    }
}

/// How many slips lie between what was written and a path, or its end where the beginning was left out.
fn distance(written: &str, path: &str) -> usize {
    let parts = path.split('.').count().saturating_sub(written.split('.').count());
    let mut end = path;
    for _ in 0..parts {
        end = end.split_once('.').map_or(end, |(_, rest)| rest);
    }
    // The whole path before one that only ends like it.
    let beginning_left_out = usize::from(parts > 0);
    strsim::damerau_levenshtein(written, path).min(strsim::damerau_levenshtein(written, end) + beginning_left_out)
}
