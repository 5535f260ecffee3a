//! Which figures are compared: those asked for, else the telling statistics of each.

use crate::Failure;
use crate::headline::{at, telling};
use daftar_domain::Invalid;
use daftar_projections::report::query::ReportName;
use daftar_projections::report::{Report, Row};

/// The figures that the reports are to count, as their parameter; none: all of them.
///
/// # Errors
///
/// Wrong usage where the report has no such figure.
pub(super) fn narrowed(report: ReportName, paths: &[String]) -> Result<Option<String>, Failure> {
    let mut names = Vec::new();
    for path in paths {
        let name = path.split('.').next().unwrap_or_default();
        let known = report.figures();
        if !known.contains(&name) {
            let rule = format!("must begin with a figure of {}, one of {}", report.name(), known.join(", "));
            return Err(Failure::usage(Invalid::new("--figure", path, rule)));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok((!names.is_empty()).then(|| names.join(",")))
}

/// The paths that are compared, each once.
///
/// # Errors
///
/// Wrong usage where no row has what was asked for.
pub(super) fn chosen(asked: &[String], reports: [&Report; 2]) -> Result<Vec<String>, Failure> {
    let rows = || reports.into_iter().flat_map(|report| &report.rows);
    let mut chosen = Vec::new();
    let mut add = |paths: Vec<String>| {
        paths.into_iter().for_each(|path| {
            if !chosen.contains(&path) {
                chosen.push(path);
            }
        });
    };
    for path in asked {
        let found: Vec<_> = rows().filter_map(|row| at(row, path)).collect();
        if found.is_empty() && rows().next().is_some() {
            return Err(no_such_figure(path, rows().next()));
        }
        found.into_iter().for_each(|figure| add(telling(path, figure)));
    }
    if asked.is_empty() {
        rows().flat_map(|row| &row.figures).for_each(|(name, figure)| add(telling(name, figure)));
    }
    if chosen.is_empty() && rows().next().is_some() {
        let lists = "the figures of this report are lists; name the one to compare with --figure, like cells.9.opened";
        return Err(Failure::usage(lists));
    }
    Ok(chosen)
}

fn no_such_figure(path: &str, row: Option<&Row>) -> Failure {
    let name = path.split('.').next().unwrap_or_default();
    let known: Vec<_> = row.iter().flat_map(|row| &row.figures).filter(|(known, _)| known == name).collect();
    let known: Vec<_> = known.into_iter().flat_map(|(name, figure)| figure.flatten(name)).collect();
    let known: Vec<_> = known.into_iter().map(|(path, _)| path).collect();
    let rule = format!("is in no row of either side; there are {}", known.join(", "));
    Failure::usage(Invalid::new("--figure", path, rule))
}
