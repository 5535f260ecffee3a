//! Fields of a definition set from text, as `--what-if FIELD=VALUE` asks.

use super::document::Definition;
use super::nearest::nearest;
use super::read::{Wrong, deserialized, unread};
use serde_json::Value;

impl Definition {
    /// The definition with one field set: `csat.positive_from.five` to `5`, `schedules.0.time_zone` to `Asia/Tehran`,
    /// `pauses` to `waiting_for_customer,held_for_customer`. A value that is no text may be written as JSON.
    ///
    /// `target.METRIC` replaces all targets of that metric by one for every ticket; `none` only takes them away.
    ///
    /// # Errors
    ///
    /// What is wrong with the path, the value, or the definition that came of them.
    pub fn with(&self, path: &str, value: &str) -> Result<Self, Vec<Wrong>> {
        self.with_all([(path, value)])
    }

    /// The same with several fields, one after the other; rules are asked of what came of them all.
    ///
    /// # Errors
    ///
    /// What is wrong with the first path or value that cannot be read, or with the definition that came of them.
    pub fn with_all<'t>(&self, fields: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, Vec<Wrong>> {
        let set = |definition: Self, (path, value)| definition.set(path, value);
        fields.into_iter().try_fold(self.clone(), set)?.validated()
    }

    /// The document with one field set, which may break rules.
    fn set(&self, path: &str, value: &str) -> Result<Self, Vec<Wrong>> {
        let whole = self.as_value()?;
        let with_nearest = |wrong: Vec<Wrong>| wrong.into_iter().map(|wrong| advised(wrong, &whole, path)).collect();
        self.read_anew(whole.clone(), path, value).map_err(with_nearest)
    }

    fn read_anew(&self, whole: Value, path: &str, value: &str) -> Result<Self, Vec<Wrong>> {
        let changed = match path.strip_prefix("target.") {
            Some(metric) => vec![with_target(whole, metric, value)],
            None => candidates(&whole, path, value)?,
        };
        let mut refused = Vec::new();
        for changed in changed {
            match deserialized(&changed) {
                Ok(definition) => return definition.with_names(Some(changed)),
                Err((place, error)) => refused.push(unread(place, &error.to_string(), None)),
            }
        }
        // The first reading of the value is the likeliest.
        refused.truncate(1);
        Err(refused)
    }

    fn as_value(&self) -> Result<Value, Vec<Wrong>> {
        serde_json::to_value(self).map_err(|error| vec![Wrong::new("", error.to_string())])
    }
}

/// What is wrong, with the fields nearest to a path that leads to none.
fn advised(wrong: Wrong, whole: &Value, path: &str) -> Wrong {
    match nearest(whole, path) {
        None => wrong,
        Some(near) if near.is_empty() => wrong,
        Some(near) => Wrong { reason: format!("{}; nearest: {}", wrong.reason, near.join(", ")), ..wrong },
    }
}

/// The document with the value at the path, once for each way to read it, the likeliest first.
fn candidates(whole: &Value, path: &str, value: &str) -> Result<Vec<Value>, Vec<Wrong>> {
    let parts: Vec<&str> = path.split(['.', '[', ']']).filter(|part| !part.is_empty()).collect();
    let mut probe = whole.clone();
    let old = place(&mut probe, &parts, path)?.clone();
    let mut changed = Vec::new();
    for value in readings(&old, value) {
        let mut whole = whole.clone();
        *place(&mut whole, &parts, path)? = value;
        changed.push(whole);
    }
    Ok(changed)
}

/// Where a path leads; a field that is left out is made, and reading the document says whether it is one.
fn place<'v>(whole: &'v mut Value, parts: &[&str], path: &str) -> Result<&'v mut Value, Vec<Wrong>> {
    if parts.is_empty() {
        return Err(none_there(path, "", "a path is needed, such as csat.positive_from.five"));
    }
    let mut here = whole;
    for (n, part) in parts.iter().enumerate() {
        let makes = n + 1 == parts.len();
        here = step(here, part, makes).map_err(|why| none_there(path, &parts[..n].join("."), &why))?;
    }
    Ok(here)
}

fn step<'v>(here: &'v mut Value, part: &str, makes: bool) -> Result<&'v mut Value, String> {
    match here {
        Value::Object(fields) => {
            if !makes && !fields.contains_key(part) {
                let known: Vec<_> = fields.keys().map(String::as_str).collect();
                return Err(format!("there is no {part}; there are {}", known.join(", ")));
            }
            Ok(fields.entry(part.to_owned()).or_insert(Value::Null))
        }
        Value::Array(items) => {
            let count = items.len();
            let item = part.parse::<usize>().ok().and_then(|index| items.get_mut(index));
            item.ok_or_else(|| format!("it has {count} items, counted from 0"))
        }
        _ => Err("it has no fields of its own".to_owned()),
    }
}

fn none_there(path: &str, reached: &str, why: &str) -> Vec<Wrong> {
    let at = if reached.is_empty() { "in the definition" } else { reached };
    vec![Wrong::new(path, format!("leads nowhere: {at}: {why}"))]
}

/// What a text may mean where `old` stands.
fn readings(old: &Value, text: &str) -> Vec<Value> {
    let json = || serde_json::from_str(text).ok();
    let as_text = || Some(Value::from(text));
    let list = || {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        Some(Value::Array(items.map(Value::from).collect()))
    };
    let readings = match old {
        Value::String(_) => vec![as_text(), json()],
        Value::Array(_) => vec![if text.trim_start().starts_with('[') { json() } else { list() }, json(), as_text()],
        Value::Null => vec![json(), as_text(), list()],
        _ => vec![json(), as_text()],
    };
    readings.into_iter().flatten().collect()
}

/// The document with one target of a metric in the place of all it has.
fn with_target(mut whole: Value, metric: &str, within: &str) -> Value {
    if let Some(targets) = whole.get_mut("targets").and_then(Value::as_array_mut) {
        let of_metric = |target: &Value| target.get("metric").and_then(Value::as_str) == Some(metric);
        let at = targets.iter().position(of_metric).unwrap_or(targets.len());
        targets.retain(|target| !of_metric(target));
        if within != "none" {
            targets.insert(at, serde_json::json!({ "metric": metric, "within": within }));
        }
    }
    whole
}
