//! Reports as one page: charts and tables, with everything they need in it.

mod bars;
mod chart;
mod lines;
mod markup;
mod names;
mod section;
mod week;

use daftar_domain::Timestamp;
use daftar_projections::report::periods::{Calendar, Language};
use daftar_projections::report::query::{AsOf, ReportName};
use daftar_projections::report::{Report, Row};
use markup::{escaped, in_persian};
use names::Names;

/// What the page looks like, light and dark, on a screen and on paper.
const STYLE: &str = include_str!("html/style.css");

/// A report that is drawn: its rows with their periods named, in a language.
struct Drawn<'a> {
    report: &'a Report,
    rows: Vec<Row>,
    calendar: Calendar,
    names: Names,
}

/// The reports as a page that can be sent and printed; in Persian it reads from right to left.
pub(crate) fn page(reports: &[Report], language: Option<Language>) -> String {
    let names = Names(language.unwrap_or(Language::English));
    let (lang, dir) = match names.0 {
        Language::English => ("en", "ltr"),
        Language::Persian => ("fa", "rtl"),
    };
    let titles: Vec<_> = reports.iter().map(|report| escaped(&names.report(report.name))).collect();
    let body = body_of(reports, language);
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\" dir=\"{dir}\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>{}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        titles.join(" · "),
    )
}

/// One report fills the page; several stand in it one after the other.
fn body_of(reports: &[Report], language: Option<Language>) -> String {
    if let [report] = reports {
        let [header, main, footer] = drawn(report, language);
        return format!("{header}<main>\n{main}</main>\n{footer}");
    }
    let article = |report| format!("<article>\n{}</article>\n", drawn(report, language).concat());
    format!("<main>\n{}</main>\n", reports.iter().map(article).collect::<String>())
}

/// A report's header, its charts and tables, and its footer.
fn drawn(report: &Report, language: Option<Language>) -> [String; 3] {
    let calendar = Calendar::of(&report.definition.document);
    let rows = match language {
        Some(language) => crate::table::named(&report.rows, &calendar, language),
        None => report.rows.clone(),
    };
    let names = Names(language.unwrap_or(Language::English));
    let title = escaped(&names.report(report.name));
    let header = format!("<header>\n<h1>{title}</h1>\n{}</header>\n", facts(report, names));
    [header, body(&Drawn { report, rows, calendar, names }), notes(report, names)]
}

/// What the report speaks for.
fn facts(report: &Report, names: Names) -> String {
    let document = &report.definition.document;
    let instant = |micros: i64| Timestamp::clamped(micros).to_string();
    let as_of = match report.as_of {
        Some(AsOf::Instant(at)) => Some(at.to_string()),
        Some(AsOf::Position(_)) | None => None,
    };
    let facts = [
        ("definition", Some(format!("{} ({})", document.name, report.definition.version))),
        ("position", Some(report.position.to_string())),
        ("as_of", as_of),
        ("happened_by", report.happened_by.map(instant)),
        ("from", report.from.map(instant)),
        ("to", report.to.map(instant)),
        ("at", report.at.map(instant)),
        ("time_zone", Some(document.time_zone.to_string())),
    ];
    let told = facts.into_iter().filter_map(|(name, value)| {
        let value = format!("<bdi>{}</bdi>", escaped(&value?));
        Some(format!("<li>{}: {value}</li>\n", escaped(&names.part(name))))
    });
    format!("<ul class=\"facts\">\n{}</ul>\n", told.collect::<String>())
}

fn body(drawn: &Drawn<'_>) -> String {
    match drawn.rows.as_slice() {
        [] => format!("<p>{}</p>\n", drawn.names.no_rows()),
        rows if drawn.report.name == ReportName::Volume => rows.iter().map(|row| week::of(drawn, row)).collect(),
        _ => section::all(drawn),
    }
}

fn notes(report: &Report, names: Names) -> String {
    let notes = report.notes.iter().map(|note| format!("<li dir=\"ltr\">{}</li>\n", escaped(note)));
    let notes: String = notes.collect();
    let made = format!("<p>{}</p>\n", names.seconds());
    let list = if notes.is_empty() { String::new() } else { format!("<ul>\n{notes}</ul>\n") };
    format!("<footer class=\"notes\">\n{made}{list}</footer>\n")
}

impl Drawn<'_> {
    /// A number of a label, with Persian digits where the page is Persian.
    fn digits(&self, text: &str) -> String {
        if self.names.0 == Language::Persian { in_persian(text) } else { text.to_owned() }
    }

    fn is_right_to_left(&self) -> bool {
        self.names.0 == Language::Persian
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daftar_eventlog::Position;
    use daftar_projections::report::figure::Figure;
    use std::sync::Arc;

    #[test]
    fn what_callers_named_is_never_markup() {
        let evil = "<script>alert('x')</script>";
        let row = |group: Option<&str>, count| Row {
            period: None,
            group: vec![("attribute.<b>".into(), group.map(Arc::from))],
            figures: vec![("opened".into(), Figure::Count(count)), ("agent".into(), Figure::Text(evil.to_owned()))],
        };
        let report = Report {
            name: ReportName::Flow,
            definition: Arc::default(),
            position: Position(1),
            as_of: None,
            happened_by: None,
            at: None,
            from: None,
            to: None,
            notes: vec![evil.to_owned()],
            rows: vec![row(Some(evil), 1), row(None, 2)],
        };
        for language in [None, Some(Language::English), Some(Language::Persian)] {
            let page = page(std::slice::from_ref(&report), language);
            assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
            // In the label of the row and of its bar, the title of the bar, the word of each row, and the note.
            assert!(page.matches("&lt;script&gt;").count() >= 6, "{page}");
        }
    }
}
