//! The numbers of a report over its periods: what a chart or a sparkline draws.

use crate::headline::{at, telling};
use daftar_projections::exact::Decimal;
use daftar_projections::report::Row;
use daftar_projections::report::figure::Figure;

/// One number of a figure, of one group, over the periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    /// The path of the number.
    pub(crate) path: String,
    /// The values of the group's dimensions; empty: the report is not grouped.
    pub(crate) group: Group,
    /// One a period; none: it has none there.
    pub(crate) values: Vec<Option<Decimal>>,
}

/// The labels of the periods of rows, each once, in order.
pub(crate) fn periods(rows: &[Row]) -> Vec<&str> {
    let mut labels: Vec<&str> = rows.iter().filter_map(label).collect();
    // Rows stand in the order of their periods.
    labels.dedup();
    labels
}

fn label(row: &Row) -> Option<&str> {
    row.period.as_ref().map(|period| period.label.as_str())
}

/// The values of a row's dimensions.
pub(crate) fn group(row: &Row) -> Group {
    row.group.iter().map(|(_, value)| value.as_deref().map(str::to_owned)).collect()
}

/// The telling paths of one figure over all rows, or of all figures, each once.
pub(crate) fn paths(rows: &[Row], name: Option<&str>) -> Vec<String> {
    let mut paths = Vec::new();
    for (figure, value) in rows.iter().flat_map(|row| &row.figures) {
        if name.is_none_or(|name| name == figure) {
            telling(figure, value).into_iter().for_each(|path| {
                if !paths.contains(&path) {
                    paths.push(path);
                }
            });
        }
    }
    paths
}

/// A group of rows: the value of each dimension; none: the absent one.
pub(crate) type Group = Vec<Option<String>>;

/// The groups of rows in order of first appearance; none: there are more than `most`.
pub(crate) fn groups(rows: &[Row], most: usize) -> Option<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let group = group(row);
        if !groups.contains(&group) {
            groups.push(group);
        }
        if groups.len() > most {
            return None;
        }
    }
    Some(groups)
}

/// The series of these paths and groups, by path, then group.
pub(crate) fn of(rows: &[Row], paths: &[String], groups: &[Group]) -> Vec<Series> {
    let labels = periods(rows);
    let one = |path: &String, group: &Group| {
        let rows: Vec<&Row> = rows.iter().filter(|row| self::group(row) == *group).collect();
        let row_of = |period: &&str| rows.iter().find(|row| label(row) == Some(*period));
        let value = |period: &&str| row_of(period).and_then(|row| at(row, path)).and_then(Figure::number);
        Series { path: path.clone(), group: group.clone(), values: labels.iter().map(value).collect() }
    };
    paths.iter().flat_map(|path| groups.iter().map(move |group| one(path, group))).collect()
}
