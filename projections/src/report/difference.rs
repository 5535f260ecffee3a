//! What differs between two reports as they were written: each figure that changed, under its row.

#[cfg(test)]
mod tests;
mod written;

pub use written::{NotAReport, RowName, Written, WrittenRow, plain};

use super::figure::write_text;
use std::collections::HashMap;

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where.
    pub place: Place,
    /// What the first report has there, as JSON; none: nothing.
    pub kept: Option<String>,
    /// What the second one has.
    pub now: Option<String>,
}

/// Where two reports differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A field of the head.
    Head(String),
    /// A row that only one of them has.
    Row(RowName),
    /// A figure of a row of both, by its path.
    Figure(RowName, String),
    /// The order of rows or fields, where nothing else differs.
    Order,
}

/// Everything that differs between a report and another: first in the head, then row by row in the order of the first,
/// then the rows that only the second has. Which prefix of the log they were asked for is not compared.
///
/// # Errors
///
/// [`NotAReport`] when either is none.
pub fn differences(kept: &str, now: &str) -> Result<Vec<Difference>, NotAReport> {
    if kept == now {
        return Ok(Vec::new());
    }
    let (kept, now) = (Written::of(kept)?, Written::of(now)?);
    let mut found = Vec::new();
    compare(&kept.head, &now.head, |path| Place::Head(path.to_owned()), &mut found);
    compare_rows(&kept.rows, &now.rows, &mut found);
    if found.is_empty() && kept != now {
        found.push(Difference { place: Place::Order, kept: None, now: None });
    }
    Ok(found)
}

fn compare_rows(kept: &[WrittenRow<'_>], now: &[WrittenRow<'_>], found: &mut Vec<Difference>) {
    let by_name = |rows: &'_ [WrittenRow<'_>]| -> HashMap<RowName, usize> {
        rows.iter().enumerate().map(|(place, row)| (row.name.clone(), place)).collect()
    };
    let (known, current) = (by_name(kept), by_name(now));
    for row in kept {
        match current.get(&row.name) {
            Some(place) => {
                let figure = |path: &str| Place::Figure(row.name.clone(), path.to_owned());
                compare(&row.figures, &now[*place].figures, figure, found);
            }
            None => found.push(Difference::of(Place::Row(row.name.clone()), Some(row.text), None)),
        }
    }
    let new = now.iter().filter(|row| !known.contains_key(&row.name));
    found.extend(new.map(|row| Difference::of(Place::Row(row.name.clone()), None, Some(row.text))));
}

/// Compares values by their paths: those of the first in its order, then those that only the second has.
fn compare(
    kept: &[(String, &str)],
    now: &[(String, &str)],
    place: impl Fn(&str) -> Place,
    found: &mut Vec<Difference>,
) {
    // Nearly all rows are alike, in the same order.
    if kept == now {
        return;
    }
    let by_path: HashMap<&str, &str> = now.iter().map(|(path, value)| (path.as_str(), *value)).collect();
    let known: HashMap<&str, &str> = kept.iter().map(|(path, value)| (path.as_str(), *value)).collect();
    for (path, value) in kept {
        let current = by_path.get(path.as_str()).copied();
        if current != Some(*value) {
            found.push(Difference::of(place(path), Some(value), current));
        }
    }
    let new = now.iter().filter(|(path, _)| !known.contains_key(path.as_str()));
    found.extend(new.map(|(path, value)| Difference::of(place(path), None, Some(value))));
}

impl Difference {
    fn of(place: Place, kept: Option<&str>, now: Option<&str>) -> Self {
        Self { place, kept: kept.map(str::to_owned), now: now.map(str::to_owned) }
    }

    /// Writes it as a JSON object: `row` and `figure`, or `field` of the head; `kept` and `now` where they have it.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(match &self.place {
            Place::Head(_) => b"{\"field\":",
            Place::Row(_) | Place::Figure(..) => b"{\"row\":",
            Place::Order => b"{\"field\":\"order\"",
        });
        match &self.place {
            Place::Head(field) => write_text(field, out),
            Place::Row(row) => row.write(out),
            Place::Figure(row, figure) => {
                row.write(out);
                out.extend_from_slice(b",\"figure\":");
                write_text(figure, out);
            }
            Place::Order => {}
        }
        for (name, value) in [("kept", &self.kept), ("now", &self.now)] {
            let Some(value) = value else { continue };
            out.push(b',');
            write_text(name, out);
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        }
        out.push(b'}');
    }
}
