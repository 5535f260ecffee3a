//! `--also REPORT?PARAMETERS`: further reports of one history, each made of what was folded for all of them.

use crate::Failure;
use crate::cli::{ReportArguments, ReportOutput};
use daftar_domain::Invalid;
use daftar_projections::report::query::Query;

/// What says how the history is folded, and the flag that says it for all reports.
const OF_ALL: [(&str, &str); 4] =
    [("as_of", "--as-of"), ("happened_by", "--happened-by"), ("definition", "--definition"), ("what_if", "--what-if")];

/// A further report, as it was asked for.
pub(crate) struct Also<'a> {
    text: &'a str,
    pub(crate) query: Query,
}

impl Also<'_> {
    /// A failure as one of this report.
    pub(crate) fn told(&self, failure: Failure) -> Failure {
        failure.of(&format!("--also {}", self.text))
    }
}

/// The further reports that the flags ask for.
///
/// # Errors
///
/// Wrong usage: a line for everything that makes no sense.
pub(crate) fn asked(arguments: &ReportArguments) -> Result<Vec<Also<'_>>, Failure> {
    if let Some(why) = alone(arguments).filter(|_| !arguments.also.is_empty()) {
        return Err(Failure::usage(why));
    }
    let (mut read, mut wrong) = (Vec::new(), Vec::new());
    for text in &arguments.also {
        match query(text) {
            Ok(query) => read.push(Also { text, query }),
            Err(invalid) => wrong.extend(invalid.iter().map(|invalid| format!("--also {text}: {invalid}"))),
        }
    }
    if wrong.is_empty() { Ok(read) } else { Err(Failure::Usage(wrong.join("\n"))) }
}

/// Why a report that the other flags ask for stands alone, and what to do about it.
fn alone(arguments: &ReportArguments) -> Option<&'static str> {
    if arguments.publish.publish.is_some() {
        return Some("--publish keeps one report under its name: leave --also out, and publish each by itself");
    }
    (arguments.output == ReportOutput::Csv).then_some(
        "--output csv holds the rows of one report, and every report has columns of its own: leave --also out and make each \
         by itself, or take --output json, which writes one report a line",
    )
}

/// What stands in one `--also`, read as the HTTP interface reads the end of a report's address.
fn query(text: &str) -> Result<Query, Vec<Invalid>> {
    let (report, parameters) = text.split_once('?').unwrap_or((text, ""));
    let (of_all, own): (Vec<_>, Vec<_>) =
        form_urlencoded::parse(parameters.as_bytes()).into_owned().partition(|(name, _)| flag_of_all(name).is_some());
    let mut wrong: Vec<_> = of_all.iter().filter_map(|(name, value)| refused(name, value)).collect();
    match Query::parse(report, own) {
        Ok(query) if wrong.is_empty() => Ok(query),
        parsed => {
            wrong.extend(parsed.err().unwrap_or_default());
            Err(wrong)
        }
    }
}

fn flag_of_all(parameter: &str) -> Option<&'static str> {
    OF_ALL.into_iter().find(|(name, _)| *name == parameter).map(|(_, flag)| flag)
}

fn refused(name: &str, value: &str) -> Option<Invalid> {
    let flag = flag_of_all(name)?;
    let rule = format!("must be left out: all reports are made of one fold; give {flag}, which holds for all of them");
    Some(Invalid::new(name, value, rule))
}
