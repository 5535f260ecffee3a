//! A published report as a table: what was kept, and beside it what the server computes now.

use super::query_of;
use crate::Failure;
use crate::table;
use daftar_projections::report::difference::{Written, plain};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

/// What marks a figure that differs.
const DIFFERS: &str = "≠";
/// What stands where there is no figure.
const NONE: &str = "–";
/// What the head of a report is called among rows.
const HEAD: &str = "(report)";

type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// A report beside the kept one: at which position, or why there is none.
struct Side<'a> {
    position: Option<u64>,
    differences: usize,
    report: Result<Written<'a>, String>,
}

/// A line of the table: where, and what each side has there, as JSON.
struct Line<'a> {
    row: String,
    figure: String,
    values: [Option<&'a str>; 3],
}

/// The text of an answer about one published report.
///
/// # Errors
///
/// The answer is none, or the bytes in it are not those that its digest is of.
pub(super) fn of(answer: &str, changed: bool) -> Result<String, Failure> {
    let fields: Fields<'_> = serde_json::from_str(answer).map_err(Failure::run)?;
    let kept = fields.get("kept").ok_or_else(|| Failure::run("the answer has no kept report"))?.get();
    let told: Value = serde_json::from_str(answer).map_err(Failure::run)?;
    if told["digest"] != *blake3::hash(kept.as_bytes()).to_hex() {
        return Err(Failure::run("the bytes that came are not those that were published: their digest is another"));
    }
    let sides = [side_of(&fields, "same_position")?, side_of(&fields, "now")?];
    let written = Written::of(kept).map_err(Failure::run)?;
    let mut text = head(&told);
    let lines = lines_of(&written, &sides);
    let shown: Vec<_> = lines.iter().filter(|line| !changed || line.differs(&sides)).collect();
    if !shown.is_empty() {
        let _ = write!(text, "\n{}\n", table_of(&shown, &sides));
    }
    for (side, where_it_is) in sides.iter().zip(["where it was published", "now"]) {
        let _ = writeln!(text, "{}", side.in_words(where_it_is));
    }
    Ok(text)
}

fn side_of<'a>(fields: &Fields<'a>, name: &str) -> Result<Side<'a>, Failure> {
    let side = fields.get(name).ok_or_else(|| Failure::run(format!("the answer has no {name}")))?;
    let side: Fields<'a> = serde_json::from_str(side.get()).map_err(Failure::run)?;
    let read = |name: &str| side.get(name).map(|value| value.get());
    let number = |name: &str| read(name).and_then(|value| value.parse().ok());
    let list = |json: &str| serde_json::from_str::<Vec<&RawValue>>(json).map(|list| list.len());
    let differences = read("differences").map(list).transpose().map_err(Failure::run)?.unwrap_or_default();
    let report = match (read("report"), read("not_computed")) {
        (Some(report), _) => Ok(Written::of(report).map_err(Failure::run)?),
        (None, why) => Err(why.map_or_else(String::new, |why| plain(why).into_owned())),
    };
    Ok(Side { position: number("position"), differences, report })
}

impl Side<'_> {
    fn title(&self) -> String {
        self.position.map_or_else(|| "not computed".to_owned(), |position| format!("at {position}"))
    }

    fn in_words(&self, where_it_is: &str) -> String {
        let position = self.position.unwrap_or_default();
        match (&self.report, self.differences) {
            (Err(why), _) => format!("As computed {where_it_is}: nothing, for {why}."),
            (Ok(_), 0) => format!("As computed {where_it_is}, at position {position}: no difference."),
            (Ok(_), 1) => format!("As computed {where_it_is}, at position {position}: 1 difference."),
            (Ok(_), many) => format!("As computed {where_it_is}, at position {position}: {many} differences."),
        }
    }
}

impl Line<'_> {
    /// Whether a side that there is has another value than the kept one.
    fn differs(&self, sides: &[Side<'_>; 2]) -> bool {
        let [kept, beside @ ..] = &self.values;
        beside.iter().zip(sides).any(|(value, side)| side.report.is_ok() && value != kept)
    }
}

/// Every figure that any side has, in the order in which they come; of the heads only what differs.
fn lines_of<'a>(kept: &Written<'a>, sides: &[Side<'a>; 2]) -> Vec<Line<'a>> {
    let [same, now] = sides.each_ref().map(|side| side.report.as_ref().ok());
    let (mut lines, mut places): (Vec<Line<'a>>, HashMap<(String, String), usize>) = Default::default();
    for (column, report) in [Some(kept), same, now].into_iter().enumerate() {
        let Some(report) = report else { continue };
        let head = report.head.iter().map(|(field, value)| (HEAD.to_owned(), field, *value));
        let rows = report.rows.iter().flat_map(|row| {
            let name = row.name.to_string();
            row.figures.iter().map(move |(figure, value)| (name.clone(), figure, *value))
        });
        for (row, figure, value) in head.chain(rows) {
            let place = *places.entry((row.clone(), figure.clone())).or_insert_with(|| {
                lines.push(Line { row, figure: figure.clone(), values: [None; 3] });
                lines.len() - 1
            });
            lines[place].values[column] = Some(value);
        }
    }
    lines.retain(|line| line.row != HEAD || line.differs(sides));
    lines
}

fn table_of(lines: &[&Line<'_>], sides: &[Side<'_>; 2]) -> comfy_table::Table {
    let mut table = table::empty_table();
    let [same, now] = sides.each_ref().map(Side::title);
    table.set_header(["row".to_owned(), "figure".to_owned(), "kept".to_owned(), same, now, String::new()]);
    for line in lines {
        let values = line.values.map(|value| value.filter(|json| *json != "null").map_or(NONE.into(), plain));
        let [kept, same, now] = values.map(std::borrow::Cow::into_owned);
        let mark = if line.differs(sides) { DIFFERS } else { "" };
        table.add_row([line.row.clone(), line.figure.clone(), kept, same, now, mark.to_owned()]);
    }
    for column in table.column_iter_mut().skip(2).take(3) {
        column.set_cell_alignment(comfy_table::CellAlignment::Right);
    }
    table
}

/// What is told of it before its figures.
fn head(told: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (name, definition, newest) = (text(&told["name"]), &told["definition"], &told["newest_definition"]);
    let mut head = format!(
        "{name}, version {}: {}, definition {} (version {}), at position {}\npublished {}{} with Daftar {}\n",
        told["version"],
        text(&told["report"]),
        text(&definition["name"]),
        definition["version"],
        told["position"],
        text(&told["published_at"]),
        by(&told["by"]),
        text(&told["product"]),
    );
    let query = query_of(&told["query"]);
    if !query.is_empty() {
        let _ = writeln!(head, "asked with {query}");
    }
    let _ = writeln!(head, "digest {}, which these bytes have", text(&told["digest"]));
    if told["document"].is_object() {
        let _ = writeln!(head, "the definition came with the request and is published nowhere");
    } else if newest.is_u64() && *newest != definition["version"] {
        let _ = writeln!(head, "the definition is at version {newest} now; all columns count under the one above");
    }
    head
}

/// Who published it, where that is told.
fn by(by: &Value) -> String {
    let kind = by["kind"].as_str().map(|kind| format!(" by {kind}")).unwrap_or_default();
    by["id"].as_str().map(|id| format!("{kind} {id}")).unwrap_or(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(position: u64, rows: &str) -> String {
        format!(r#"{{"report":"flow","position":{position},"as_of":null,"at":"2026-01-0{position}","rows":[{rows}]}}"#)
    }

    fn row(branch: &str, opened: u32) -> String {
        format!(r#"{{"period":null,"group":{{"branch":{branch}}},"opened":{opened}}}"#)
    }

    fn answer(kept: &str, same: &str, now: &str) -> String {
        let digest = blake3::hash(kept.as_bytes()).to_hex();
        format!(
            r#"{{"name":"q1","version":2,"report":"flow","query":{{"group_by":"branch"}},"definition":{{"name":"mine","version":1}},
            "product":"0.1.0","digest":"{digest}","bytes":9,"by":{{"kind":"agent","id":"sara"}},"position":2,
            "published_at":"2026-01-02T00:00:00Z","newest_definition":3,"kept":{kept},"same_position":{same},"now":{now}}}"#
        )
    }

    /// The cells of the table's lines.
    fn cells(text: &str) -> Vec<Vec<String>> {
        let lines = text.lines().filter(|line| line.contains("opened") || line.contains(HEAD));
        lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn kept_figures_stand_beside_those_computed_now_and_what_differs_is_marked() {
        let kept = report(2, &[row("\"a\"", 4), row("null", 7)].join(","));
        let later = report(5, &[row("\"a\"", 6), row("null", 7), row("\"b\"", 1)].join(","));
        let same = format!(r#"{{"position":2,"differences":[],"report":{kept}}}"#);
        let now = format!(r#"{{"position":5,"differences":[1,2,3],"report":{later}}}"#);
        let text = of(&answer(&kept, &same, &now), false).unwrap();
        let expected = [
            "(report) at 2026-01-02 2026-01-02 2026-01-05 ≠",
            "branch a opened 4 4 6 ≠",
            "branch null opened 7 7 7",
            "branch b opened – – 1 ≠",
        ];
        let expected = expected.map(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(cells(&text), expected, "{text}");
        for told in [
            "q1, version 2: flow, definition mine (version 1), at position 2\n",
            "published 2026-01-02T00:00:00Z by agent sara with Daftar 0.1.0\nasked with group_by=branch\n",
            "the definition is at version 3 now",
            "As computed where it was published, at position 2: no difference.\n",
            "As computed now, at position 5: 3 differences.\n",
        ] {
            assert!(text.contains(told), "{told} is not in {text}");
        }
        let changed = of(&answer(&kept, &same, &now), true).unwrap();
        assert_eq!(cells(&changed), [&expected[0], &expected[1], &expected[3]].map(Clone::clone));
    }

    #[test]
    fn what_is_not_computed_says_why_and_differs_from_nothing() {
        let kept = report(2, &row("\"a\"", 4));
        let none = r#"{"not_computed":"the definition is not there any more"}"#;
        let text = of(&answer(&kept, none, none), false).unwrap();
        assert_eq!(cells(&text), [["branch", "a", "opened", "4", "–", "–"]]);
        assert!(text.contains("As computed now: nothing, for the definition is not there any more."), "{text}");
        assert!(!text.contains(DIFFERS), "{text}");
    }

    #[test]
    fn other_bytes_than_those_published_are_refused() {
        let kept = report(2, &row("\"a\"", 4));
        let none = r#"{"not_computed":"…"}"#;
        let other = answer(&kept, none, none).replacen("\"opened\":4", "\"opened\":5", 1);
        assert!(matches!(of(&other, false), Err(Failure::Run(why)) if why.contains("their digest is another")));
    }
}
