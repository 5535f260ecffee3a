//! `--output html`: one page that is whole, reads in both directions, and has the numbers of the report.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod tool;

use serde_json::Value;
use std::collections::BTreeMap;
use tool::{SMALL, json, printed, replay};

/// Reports in every shape: one row, periods, groups, both, lists, hours of the week, tickets.
const REPORTS: [&[&str]; 12] = [
    &["overview"],
    &["overview", "--interval", "day"],
    &["satisfaction", "--group-by", "department"],
    &["response-times", "--interval", "day", "--group-by", "department,agent"],
    &["resolution-times", "--group-by", "agent"],
    &["flow"],
    &["flow", "--interval", "day", "--group-by", "tag"],
    &["leaderboard"],
    &["targets", "--group-by", "priority"],
    &["backlog", "--interval", "day"],
    &["cases", "--group-by", "customer"],
    &["volume", "--definition", "iran"],
];

fn page(report: &[&str], more: &[&str]) -> String {
    printed(&replay(&[&["report"], report, &["--events", SMALL, "--output", "html"], more].concat()))
}

/// A tag of a page: its name, whether it ends an element, and its attributes.
struct Tag<'a> {
    name: &'a str,
    ends: bool,
    closed: bool,
    attributes: BTreeMap<&'a str, &'a str>,
}

/// The tags of a page in order; fails where it is not well formed as XML is.
fn tags(page: &str) -> Vec<Tag<'_>> {
    let mut rest = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    let mut tags = Vec::new();
    while let Some((text, behind)) = rest.split_once('<') {
        let in_style = tags.last().is_some_and(|tag: &Tag<'_>| tag.name == "style" && !tag.ends);
        assert!(in_style || whole_entities(text), "{text}");
        let (tag, after) = behind.split_once('>').unwrap();
        assert!(!tag.contains('<'), "{tag}");
        tags.push(read(tag));
        rest = after;
    }
    assert_eq!(rest, "\n");
    tags
}

fn whole_entities(text: &str) -> bool {
    let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
    !text.contains('>') && text.split('&').skip(1).all(|entity| known.iter().any(|known| entity.starts_with(known)))
}

fn read(tag: &str) -> Tag<'_> {
    let (ends, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
    let (closed, tag) = tag.strip_suffix('/').map_or((false, tag), |tag| (true, tag));
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
    let mut attributes = BTreeMap::new();
    while !rest.is_empty() {
        let (attribute, after) = rest.split_once("=\"").unwrap();
        let (value, after) = after.split_once('"').unwrap();
        assert!(whole_entities(value), "{value}");
        assert!(attributes.insert(attribute, value).is_none(), "{attribute} is given twice");
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    Tag { name, ends, closed, attributes }
}

#[test]
fn every_page_is_well_formed_and_needs_no_network() {
    for (report, language) in REPORTS.iter().flat_map(|report| [&[][..], &["--language", "fa"]].map(|l| (report, l))) {
        let page = page(report, language);
        let mut open = Vec::new();
        for tag in tags(&page) {
            if tag.ends {
                assert_eq!(open.pop(), Some(tag.name), "{report:?}");
            } else if !tag.closed {
                open.push(tag.name);
            }
            assert!(
                !["script", "link", "img", "iframe", "object", "base"].contains(&tag.name),
                "{report:?} has {}",
                tag.name
            );
            assert!(!tag.attributes.keys().any(|name| name.starts_with("on") || *name == "href" || *name == "src"));
        }
        assert!(open.is_empty(), "{report:?}: {open:?}");
        let elsewhere = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for address in ["http://", "https://", "url(", "@import", "//www"] {
            assert!(!elsewhere.contains(address), "{report:?} fetches {address}");
        }
    }
}

#[test]
fn every_number_is_that_of_the_report() {
    for (report, language) in REPORTS.iter().flat_map(|report| ["en", "fa"].map(|language| (report, language))) {
        let told = json(&[&["report"], *report, &["--events", SMALL, "--output", "json"]].concat());
        let rows = told["rows"].as_array().unwrap();
        let mut expected = BTreeMap::new();
        for (number, row) in rows.iter().enumerate() {
            let figures = row.as_object().unwrap().iter();
            let figures =
                figures.filter(|(name, _)| !["period", "start", "end", "partial", "group"].contains(&name.as_str()));
            figures.for_each(|(name, figure)| flatten(number, name, figure, &mut expected));
        }
        // The hours of a week are told by where they stand.
        expected.retain(|(_, path), _| !path.ends_with(".weekday") && !path.ends_with(".hour"));
        let page = page(report, &["--language", language]);
        let shown = numbers(&page, rows.len());
        assert!(!shown.is_empty());
        assert_eq!(shown, expected, "{report:?}");
    }
}

/// Every number and every null of a row, by its path.
fn flatten(row: usize, path: &str, figure: &Value, into: &mut BTreeMap<(usize, String), String>) {
    match figure {
        Value::Object(parts) => {
            parts.iter().for_each(|(name, part)| flatten(row, &format!("{path}.{name}"), part, into));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| flatten(row, &format!("{path}.{n}"), item, into));
        }
        Value::Number(_) | Value::Null => drop(into.insert((row, path.to_owned()), figure.to_string())),
        Value::Bool(_) | Value::String(_) => {}
    }
}

/// The numbers of a page's tables by row and path.
fn numbers(page: &str, rows: usize) -> BTreeMap<(usize, String), String> {
    let (mut shown, mut row) = (BTreeMap::new(), 0);
    for tag in tags(page).iter().filter(|tag| !tag.ends) {
        match (tag.name, tag.attributes.get("data-path"), tag.attributes.get("data-value")) {
            ("tbody", ..) => row = 0,
            ("tr", ..) => row += 1,
            ("td", Some(path), Some(value)) => {
                let row = if rows == 1 { 0 } else { row - 1 };
                assert!(shown.insert((row, (*path).to_owned()), (*value).to_owned()).is_none(), "{path} stands twice");
            }
            _ => {}
        }
    }
    shown
}

#[test]
fn numbers_are_shown_as_their_reader_writes_them() {
    let report = ["resolution-times", "--figures", "full_resolution"];
    let english = page(&report, &[]);
    assert!(english.contains("data-value=\"198000\">198,000</td>"), "{english}");
    assert!(page(&report, &["--language", "fa"]).contains("data-value=\"198000\">۱۹۸٬۰۰۰</td>"));
}

#[test]
fn a_persian_page_reads_from_right_to_left_with_persian_names() {
    let persian = page(&["overview", "--interval", "month", "--definition", "iran"], &["--language", "fa"]);
    for words in ["<html lang=\"fa\" dir=\"rtl\">", "نمای کلی", "نخستین پاسخ", "اسفند ۱۴۰۳", "صدک ۹۰ (ثانیه)"]
    {
        assert!(persian.contains(words), "{words} is not in {persian}");
    }
    let english = page(&["overview"], &[]);
    assert!(english.contains("<html lang=\"en\" dir=\"ltr\">") && english.contains("<h1>Overview</h1>"), "{english}");
}

#[test]
fn charts_are_drawn_where_there_is_something_to_see() {
    let drawn = |report: &[&str], what: &str| page(report, &[]).matches(what).count();
    let by_day = ["response-times", "--interval", "day", "--figures", "first_response"];
    // Mean, p50 and p90 over the days from the first event to the last, of which two had a first response.
    assert_eq!((drawn(&by_day, "<svg "), drawn(&by_day, "<path ")), (1, 3));
    assert_eq!(drawn(&by_day, "<circle "), 6);
    let by_department = ["satisfaction", "--group-by", "department", "--figures", "csat"];
    assert_eq!((drawn(&by_department, "<svg "), drawn(&by_department, "<rect ")), (1, 3), "a bar a department");
    let board = page(&["leaderboard", "--figures", "csat"], &[]);
    assert!(board.contains("<th scope=\"row\"><bdi>omid</bdi></th>") && board.contains("<svg "), "{board}");
    assert_eq!(drawn(&["overview"], "<svg "), 0, "one row has nothing to be compared with");
}

#[test]
fn a_page_can_be_dark_and_be_printed() {
    let page = page(&["flow"], &[]);
    assert!(page.contains("@media (prefers-color-scheme: dark)") && page.contains("@media print"));
}

#[test]
fn words_of_the_command_line_are_no_markup() {
    let page = page(&["flow"], &["--what-if", r#"goals=[{"value":"opened","at_most":5}]"#]);
    assert!(page.contains("goals=[{&quot;value&quot;:&quot;opened&quot;,&quot;at_most&quot;:5}]"), "{page}");
}
