//! A comparison as tables, as CSV and as JSON.

mod machine;

use super::lines::{Group, Line};
use super::moved::{Behind, Moves, reason};
use super::{Comparison, Side};
use crate::cli::compare::Differs;
use crate::screen::{Colour, Screen};
use crate::table::{self, grouped, told, unit};
use comfy_table::CellAlignment;
use daftar_domain::Timestamp;
use daftar_projections::exact::Decimal;
use daftar_projections::report::explain::against::{Compared, Moved};
use daftar_projections::report::explain::recall::TakenBy;
use daftar_projections::report::explain::{Explained, Item};
use daftar_projections::report::periods::Language;
use daftar_projections::report::query::AsOf;
use std::cmp::Ordering;
use std::fmt::Write;

pub(super) use machine::{csv, json};

/// What each side is called.
const SIDES: [&str; 2] = ["left", "right"];

/// Both sides, the differences of every figure, and the tickets behind the largest.
pub(super) fn text(compared: &Comparison, language: Language, screen: Screen) -> String {
    let mut text = screen.paint(Colour::Bold, &head(compared));
    text.push('\n');
    if compared.lines.is_empty() {
        text.push_str("\nno rows\n");
    }
    for lines in together(&compared.lines) {
        let _ = write!(text, "\n{}\n", differences(lines, screen));
    }
    for moves in &compared.moves {
        let _ = write!(text, "\n{}", behind(moves, language, screen));
    }
    for note in notes(&compared.sides) {
        let _ = write!(text, "\nNote: {note}\n");
    }
    text
}

fn head(compared: &Comparison) -> String {
    let [left, right] = [0, 1].map(|side| described(&compared.sides[side], compared.differs));
    let report = &compared.sides[0].report;
    let zone = report.definition.document.time_zone;
    let common = match compared.differs {
        Differs::Definition => String::new(),
        _ => format!(", definition {}", definition_of(&compared.sides[0])),
    };
    format!("{}{common}; time zone {zone}, durations in seconds\nleft:  {left}\nright: {right}", compared.name.name())
}

/// What tells a side from the other.
fn described(side: &Side, differs: Differs) -> String {
    let instant = |micros| Timestamp::clamped(micros).to_string();
    match differs {
        Differs::Definition => format!("definition {}", definition_of(side)),
        Differs::AsOf => match side.report.as_of {
            Some(AsOf::Instant(at)) => format!("as known at {at}, position {}", side.report.position),
            _ => format!("as known at position {}", side.report.position),
        },
        Differs::HappenedBy => {
            format!("of what happened by {}", side.report.happened_by.map_or_else(String::new, instant))
        }
        Differs::Period => {
            let bound = |micros: Option<i64>| micros.map_or_else(|| "…".to_owned(), instant);
            format!("from {} to {}", bound(side.report.from), bound(side.report.to))
        }
        Differs::WhatIf if side.asked.what_if.is_empty() => "as the definition says".to_owned(),
        Differs::WhatIf => format!("what if {}", side.asked.what_if.join(", ")),
    }
}

fn definition_of(side: &Side) -> String {
    let definition = &side.report.definition;
    format!("{} (version {})", definition.document.name, definition.version)
}

/// What a reader must know of either side, each once.
fn notes(sides: &[Side; 2]) -> Vec<&String> {
    let mut notes: Vec<&String> = Vec::new();
    for note in sides.iter().flat_map(|side| &side.report.notes) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// The lines that one table shows: those of a figure, or of all figures where each has one line.
fn together(lines: &[Line]) -> Vec<&[Line]> {
    let by_figure: Vec<&[Line]> = lines.chunk_by(|one, other| one.figure == other.figure).collect();
    let single = by_figure.iter().all(|lines| lines.len() == 1 && lines[0].group.is_empty());
    if single && !lines.is_empty() { vec![lines] } else { by_figure }
}

fn differences(lines: &[Line], screen: Screen) -> String {
    let mut table = table::empty_table();
    let one_figure = lines.iter().all(|line| line.figure == lines[0].figure);
    let labels = labels(&lines[0], one_figure);
    let in_unit = |name: &str| if one_figure { with_unit(name, &lines[0].figure) } else { name.to_owned() };
    let mut header: Vec<String> = labels.iter().map(|(name, _)| name.clone()).collect();
    let counts = lines.iter().any(|line| line.counts.iter().any(Option::is_some));
    header.extend([in_unit("left"), in_unit("right"), in_unit("difference"), "relative (%)".into(), String::new()]);
    header.extend(["left of", "right of"].into_iter().filter(|_| counts).map(str::to_owned));
    table.set_header(header);
    for line in lines {
        let labels = self::labels(line, one_figure).into_iter().map(|(_, value)| value);
        let counts = line.counts.into_iter().filter(|_| counts).map(|count| number(count, &grouped));
        table.add_row(labels.chain(values(line)).chain(counts));
    }
    let words = labels.len() + 4;
    let numbers = table.column_iter_mut().enumerate().filter(|(n, _)| labels.len() <= *n && *n != words);
    numbers.for_each(|(_, column)| column.set_cell_alignment(CellAlignment::Right));
    let title = if one_figure { screen.paint(Colour::Bold, &lines[0].figure) + "\n" } else { String::new() };
    title + &coloured(&table.to_string(), lines, screen)
}

fn with_unit(name: &str, path: &str) -> String {
    match unit::of(path) {
        // Of two percentages, to tell it from the relative difference.
        Some("%") if name == "difference" => format!("{name} (points)"),
        _ => unit::heading(name, path),
    }
}

/// What a line is about.
fn labels(line: &Line, one_figure: bool) -> Vec<(String, String)> {
    let figure = (!one_figure).then(|| ("figure".to_owned(), with_unit(&line.figure, &line.figure)));
    let period = period_of(line).map(|period| ("period".to_owned(), period));
    figure.into_iter().chain(period).chain(group_labels(&line.group)).collect()
}

fn group_labels(group: &Group) -> impl Iterator<Item = (String, String)> {
    group.iter().map(|(name, value)| (name.clone(), value.clone().unwrap_or_else(|| "–".to_owned())))
}

/// The labels of both sides' periods, where they differ both.
fn period_of(line: &Line) -> Option<String> {
    match &line.periods {
        [None, None] => None,
        [Some(left), Some(right)] if left == right => Some(left.clone()),
        sides => {
            let [left, right] = sides.each_ref().map(|label| label.as_deref().unwrap_or("–"));
            Some(format!("{left} / {right}"))
        }
    }
}

fn values(line: &Line) -> [String; 5] {
    let [left, right] = line.values.map(|value| number(value, &grouped));
    let percent = line.percent().map_or_else(|| "–".to_owned(), in_tenths);
    let change = if line.differs() { line.change() } else { "" };
    [left, right, number(line.difference(), &signed), percent, change.to_owned()]
}

fn number<N: std::fmt::Display>(value: Option<N>, written: &dyn Fn(&str) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), |value| written(&value.to_string()))
}

/// A relative difference to one decimal; one that is less than that is not told as none.
fn in_tenths(percent: Decimal) -> String {
    let tenths = rounded(percent.millionths());
    match percent.cmp(&Decimal::ZERO) {
        Ordering::Greater if tenths == 0 => "<0.1".to_owned(),
        Ordering::Less if tenths == 0 => ">-0.1".to_owned(),
        _ => signed(&Decimal::from_micros(tenths).to_string()),
    }
}

/// To one decimal, half away from zero: JSON has the whole number.
fn rounded(millionths: i128) -> i128 {
    const TENTH: i128 = 100_000;
    (millionths + millionths.signum() * TENTH / 2) / TENTH * TENTH
}

/// A difference with its sign.
fn signed(number: &str) -> String {
    let text = grouped(number);
    if number == "0" || number.starts_with('-') { text } else { format!("+{text}") }
}

/// The table with what got worse in red, and what got better in green.
fn coloured(table: &str, lines: &[Line], screen: Screen) -> String {
    let rows_from = table.lines().count().saturating_sub(lines.len());
    let painted = table.lines().enumerate().map(|(n, text)| {
        let line = n.checked_sub(rows_from).and_then(|row| lines.get(row));
        match line.map(Line::change) {
            Some("worse") => screen.paint(Colour::Red, text),
            Some("better") => screen.paint(Colour::Green, text),
            _ => text.to_owned(),
        }
    });
    painted.collect::<Vec<_>>().join("\n")
}

/// The tickets behind a move.
fn behind(moves: &Moves, language: Language, screen: Screen) -> String {
    let period = period_of(&moves.line).map(|period| format!("period {period}"));
    let group = group_labels(&moves.line.group).map(|(name, value)| format!("{name} {value}"));
    let row: Vec<_> = period.into_iter().chain(group).collect();
    let row = if row.is_empty() { String::new() } else { format!(" of {}", row.join(", ")) };
    let figure = &moves.line.figure;
    let (title, table) = match &moves.behind {
        Behind::Tickets(compared, taken_back) => {
            let (shown, all) = (compared.items.len(), grouped(&compared.moved.to_string()));
            (
                format!("{figure}{row}: {shown} of the {all} that moved, the largest first"),
                moved_table(compared, taken_back, language, screen),
            )
        }
        Behind::WorseSide(side, explained) => {
            let (shown, side) = (explained.items.len(), SIDES[*side]);
            let all = grouped(&explained.cell.items.to_string());
            let title = format!("{figure}{row}: {shown} of the {all} measurements of the {side} side, the worst first");
            (title, items_table(explained, screen))
        }
    };
    format!("{}\n{table}\n", screen.paint(Colour::Bold, &title))
}

/// A line a ticket, and under it how it came about on each side.
fn moved_table(compared: &Compared, taken_back: &[Option<TakenBy>], language: Language, screen: Screen) -> String {
    let mut table = table::empty_table();
    table.set_header(["ticket", "difference", "why"]);
    for (moved, taken_back) in compared.items.iter().zip(taken_back) {
        let difference = signed(&moved.difference.to_string());
        table.add_row([moved.ticket.clone(), difference, reason(moved, *taken_back, language)]);
    }
    table.column_iter_mut().skip(1).take(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let sentences: Vec<_> = compared.items.iter().map(sentences).collect();
    told::of(&table, &sentences, screen)
}

/// The words of both sides, once where they are the same.
fn sentences(moved: &Moved) -> Vec<String> {
    match [&moved.here, &moved.there].map(|item| item.as_ref().and_then(words_of)) {
        [Some(left), Some(right)] if left == right => vec![left],
        [Some(left), Some(right)] => vec![format!("left: {left}"), format!("right: {right}")],
        sides => sides.into_iter().flatten().collect(),
    }
}

fn words_of(item: &Item) -> Option<String> {
    item.told.as_ref().map(|told| told.words.clone())
}

fn items_table(explained: &Explained, screen: Screen) -> String {
    let (mut table, items) = (table::empty_table(), &explained.items);
    let value = if unit::is_duration(&explained.cell.figure) { "value (s)" } else { "value" };
    table.set_header(["ticket", value, "agent"]);
    for item in items {
        let agent = item.agent.clone().unwrap_or_else(|| "–".to_owned());
        table.add_row([item.ticket.clone(), crate::explain::value_of(item), agent]);
    }
    table.column_iter_mut().skip(1).take(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let sentences: Vec<_> = items.iter().map(|item| words_of(item).into_iter().collect()).collect();
    told::of(&table, &sentences, screen)
}

#[cfg(test)]
mod tests {
    use super::super::better::Larger;
    use super::*;

    fn line(left: i64, right: i64) -> Line {
        Line {
            figure: "unanswered".to_owned(),
            periods: [None, None],
            group: vec![("department".to_owned(), Some("web".to_owned()))],
            values: [left, right].map(|value| Some(Decimal::from_int(value))),
            counts: [None, None],
            larger: Larger::Worse,
        }
    }

    #[test]
    fn worse_is_red_and_better_is_green_each_in_its_line() {
        let lines = [line(1, 1500), line(2, 2), line(3, 0)];
        let screen = Screen { width: Some(80), colours: true };
        let text = differences(&lines, screen);
        let painted = |code: &str| text.lines().filter(|line| line.starts_with(code)).collect::<Vec<_>>();
        let (red, green) = (painted("\u{1b}[31m"), painted("\u{1b}[32m"));
        assert!(red.len() == 1 && red[0].contains("+1,499"), "{text}");
        assert!(green.len() == 1 && green[0].contains("-100"), "{text}");
        assert!(!differences(&lines, Screen::default()).contains('\u{1b}'));
    }

    #[test]
    fn relative_differences_have_one_decimal_and_a_sign() {
        let rounded = |millionths| Decimal::from_micros(rounded(millionths)).to_string();
        assert_eq!(
            [205_263_158, -83_333_333, 50_000, -50_000, 49_999].map(rounded),
            ["205.3", "-83.3", "0.1", "-0.1", "0"]
        );
        assert_eq!(["1234.5", "-1234.5", "0"].map(signed), ["+1,234.5", "-1,234.5", "0"]);
    }
}
