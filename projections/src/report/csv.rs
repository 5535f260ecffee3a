//! A report as CSV (RFC 4180): a column a path of the JSON rows, a record a row.

#[cfg(test)]
mod tests;

use super::figure::{Figure, joined};
use super::json::rfc3339;
use super::{Report, Row};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::{Display, Write as _};

/// What stands before the figures of a row, in this order.
const LEAD: [&str; 5] = ["period", "start", "end", "partial", "group"];

impl Report {
    /// The report's rows as CSV: first the paths of all columns, then a record for each row.
    ///
    /// A path is the names that lead to a value in the row's JSON, joined by dots, a list's items by their place from
    /// 0. What a row does not have, and null, are empty.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let rows: Vec<_> = self.rows.iter().map(fields_of).collect();
        let columns = Columns::of(&rows);
        let mut headings = Vec::new();
        columns.headings("", &mut headings);
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        // Writing to memory cannot fail, and every record has a field for each heading.
        let _ = writer.write_record(&headings);
        let mut record = vec![String::new(); headings.len()];
        for row in &rows {
            record.iter_mut().for_each(String::clear);
            row.iter().for_each(|(name, figure)| columns.fill(name, figure, &mut record));
            let _ = writer.write_record(&record);
        }
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }
}

/// A row's fields, as its JSON has them.
type RowFields<'a> = Vec<(&'a str, Cow<'a, Figure>)>;

fn fields_of(row: &Row) -> RowFields<'_> {
    let mut fields = vec![("period", Figure::from(row.period.as_ref().map(|period| period.label.as_str())))];
    if let Some(period) = &row.period {
        fields.push(("start", rfc3339(period.period.start).into()));
        fields.push(("end", rfc3339(period.period.end).into()));
        fields.extend(period.partial.then(|| ("partial", "true".into())));
    }
    let group = row.group.iter().map(|(name, value)| (name.clone(), value.as_deref().into()));
    fields.push(("group", Figure::object(group)));
    let lead = fields.into_iter().map(|(name, figure)| (name, Cow::Owned(figure)));
    lead.chain(row.figures.iter().map(|(name, figure)| (&**name, Cow::Borrowed(figure)))).collect()
}

/// The names that any row has below some path, in order of first appearance; what stands below a name stands together.
#[derive(Default)]
struct Columns {
    names: Vec<(String, Self)>,
    places: HashMap<String, usize>,
    /// Whether any row has a value at the path itself.
    is_leaf: bool,
    /// The number of the first column at or below the path.
    first: usize,
}

impl Columns {
    fn of(rows: &[RowFields<'_>]) -> Self {
        let mut columns = Self::default();
        columns.below("period").is_leaf = true; // Also where there are no rows.
        for name in LEAD {
            let everywhere = rows.iter().flatten().filter(|(field, _)| *field == name);
            everywhere.for_each(|(_, figure)| columns.below(name).take(figure));
        }
        rows.iter().flatten().for_each(|(name, figure)| columns.below(name).take(figure));
        columns.number(0);
        columns
    }

    fn below(&mut self, name: &str) -> &mut Self {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None => {
                self.places.insert(name.to_owned(), self.names.len());
                self.names.push((name.to_owned(), Self::default()));
                self.names.len() - 1
            }
        };
        &mut self.names[place].1
    }

    fn take(&mut self, figure: &Figure) {
        match figure {
            Figure::Object(fields) => fields.iter().for_each(|(name, figure)| self.below(name).take(figure)),
            Figure::List(items) => items.iter().zip(0..).for_each(|(figure, place): (_, usize)| {
                self.below(&place.to_string()).take(figure);
            }),
            Figure::Null | Figure::Count(_) | Figure::Number(_) | Figure::Truth(_) | Figure::Text(_) => {
                self.is_leaf = true;
            }
        }
    }

    /// Numbers the columns from `first`; answers the number after the last.
    fn number(&mut self, first: usize) -> usize {
        self.first = first;
        let below = first + usize::from(self.is_leaf);
        self.names.iter_mut().fold(below, |next, (_, columns)| columns.number(next))
    }

    fn headings(&self, path: &str, headings: &mut Vec<String>) {
        headings.extend(self.is_leaf.then(|| path.to_owned()));
        self.names.iter().for_each(|(name, columns)| columns.headings(&joined(path, name), headings));
    }

    /// Writes the values at and below a name into their columns.
    fn fill(&self, name: &str, figure: &Figure, record: &mut [String]) {
        let Some((_, columns)) = self.places.get(name).map(|place| &self.names[*place]) else { return };
        match figure {
            Figure::Object(fields) => fields.iter().for_each(|(name, figure)| columns.fill(name, figure, record)),
            Figure::List(items) => items.iter().zip(0..).for_each(|(figure, place): (_, usize)| {
                columns.fill(&place.to_string(), figure, record);
            }),
            Figure::Null => {}
            Figure::Count(count) => put(&mut record[columns.first], count),
            Figure::Number(number) => put(&mut record[columns.first], number),
            Figure::Truth(truth) => put(&mut record[columns.first], truth),
            Figure::Text(text) => record[columns.first].push_str(text),
        }
    }
}

/// Writes a value into a field, which has room from the record before.
fn put(field: &mut String, value: &impl Display) {
    // Writing to a string cannot fail.
    let _ = write!(field, "{value}");
}
