//! Which figures are compared: those asked for, else the telling statistics of each.

use crate::Failure;
use daftar_domain::Invalid;
use daftar_projections::report::figure::Figure;
use daftar_projections::report::query::ReportName;
use daftar_projections::report::{Report, Row};

/// What is told of a distribution.
const OF_DISTRIBUTION: [&str; 3] = ["mean", "p50", "p90"];
/// What tells most of a figure that has it, in this order.
const TELLING: [&str; 5] = ["percent", "score", "good_percent", "share", "mean"];

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
    Ok(chosen)
}

/// The figure of a row at a path.
pub(super) fn at<'r>(row: &'r Row, path: &str) -> Option<&'r Figure> {
    row.figures.iter().find_map(|(name, figure)| {
        let rest = path.strip_prefix(&**name)?;
        if rest.is_empty() { Some(figure) } else { figure.get(rest.strip_prefix('.')?) }
    })
}

/// The numbers of a figure that tell most of it.
fn telling(path: &str, figure: &Figure) -> Vec<String> {
    match figure {
        Figure::Null | Figure::Count(_) | Figure::Number(_) => vec![path.to_owned()],
        Figure::Truth(_) | Figure::Text(_) | Figure::List(_) => Vec::new(),
        Figure::Object(parts) => {
            let has = |part: &&str| parts.iter().any(|(name, _)| name == *part);
            let of = |part: &str| {
                let path = format!("{path}.{part}");
                figure.get(part).map_or_else(Vec::new, |figure| telling(&path, figure))
            };
            if OF_DISTRIBUTION.iter().all(has) {
                return OF_DISTRIBUTION.into_iter().flat_map(of).collect();
            }
            match TELLING.iter().find(|part| has(part)) {
                Some(part) => of(part),
                None => parts.iter().flat_map(|(name, _)| of(name)).collect(),
            }
        }
    }
}

fn no_such_figure(path: &str, row: Option<&Row>) -> Failure {
    let name = path.split('.').next().unwrap_or_default();
    let known: Vec<_> = row.iter().flat_map(|row| &row.figures).filter(|(known, _)| known == name).collect();
    let known: Vec<_> = known.into_iter().flat_map(|(name, figure)| figure.flatten(name)).collect();
    let known: Vec<_> = known.into_iter().map(|(path, _)| path).collect();
    let rule = format!("is in no row of either side; there are {}", known.join(", "));
    Failure::usage(Invalid::new("--figure", path, rule))
}
