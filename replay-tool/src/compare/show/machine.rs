//! A comparison for machines: JSON, and CSV of its lines.

use super::super::lines::Line;
use super::super::moved::{Behind, Moves, reason};
use super::super::{Comparison, Side};
use super::SIDES;
use crate::written::csv_of;
use daftar_domain::Timestamp;
use daftar_projections::exact::Decimal;
use daftar_projections::report::explain::Explained;
use daftar_projections::report::explain::against::Moved;
use daftar_projections::report::figure::Figure;
use daftar_projections::report::periods::Language;
use daftar_projections::report::query::AsOf;
use serde::Serialize;

/// A comparison as JSON has it.
#[derive(Serialize)]
pub(in crate::compare) struct Json<'a> {
    report: &'static str,
    differs: &'static str,
    left: Figure,
    right: Figure,
    figures: &'a [String],
    lines: Vec<Figure>,
    moved: Vec<MovesJson<'a>>,
}

/// What is behind a figure's largest move.
#[derive(Serialize)]
#[serde(untagged)]
enum MovesJson<'a> {
    Tickets {
        #[serde(flatten)]
        line: Cell,
        moved: u64,
        items: Vec<Reasoned<'a>>,
    },
    WorseSide {
        #[serde(flatten)]
        line: Cell,
        side: &'static str,
        #[serde(flatten)]
        explained: &'a Explained,
    },
}

/// The line that moved.
#[derive(Serialize)]
struct Cell {
    figure: String,
    periods: [Option<String>; 2],
    group: Figure,
}

#[derive(Serialize)]
struct Reasoned<'a> {
    #[serde(flatten)]
    moved: &'a Moved,
    reason: String,
}

/// The comparison for machines.
pub(in crate::compare) fn json(compared: &Comparison, language: Language) -> Json<'_> {
    let [left, right] = [0, 1].map(|side| side_of(&compared.sides[side]));
    Json {
        report: compared.name.name(),
        differs: compared.differs.name(),
        left,
        right,
        figures: &compared.figures,
        lines: compared.lines.iter().map(line_of).collect(),
        moved: compared.moves.iter().map(|moves| moves_of(moves, language)).collect(),
    }
}

/// What a side was asked, as a report's head tells it.
fn side_of(side: &Side) -> Figure {
    let report = &side.report;
    let instant = |at: Option<i64>| Figure::from(at.map(|at| Timestamp::clamped(at).to_string()));
    let texts = |texts: &[String]| Figure::List(texts.iter().map(|text| text.as_str().into()).collect());
    let as_of = match report.as_of {
        None => Figure::Null,
        Some(AsOf::Position(position)) => position.into(),
        Some(AsOf::Instant(at)) => at.to_string().into(),
    };
    let definition = &report.definition;
    let name = Figure::from(definition.document.name.as_str());
    Figure::object([
        ("definition", Figure::object([("name", name), ("version", definition.version.into())])),
        ("what_if", texts(&side.asked.what_if)),
        ("position", report.position.0.into()),
        ("as_of", as_of),
        ("happened_by", instant(report.happened_by)),
        ("at", instant(report.at)),
        ("from", instant(report.from)),
        ("to", instant(report.to)),
        ("notes", texts(&report.notes)),
    ])
}

fn group_of(line: &Line) -> Figure {
    Figure::object(line.group.iter().map(|(name, value)| (name.clone(), Figure::from(value.as_deref()))))
}

fn line_of(line: &Line) -> Figure {
    let [left, right] = line.values;
    let periods = line.periods.iter().map(|label| Figure::from(label.as_deref())).collect::<Vec<_>>();
    Figure::object([
        ("figure", Figure::from(line.figure.as_str())),
        ("periods", periods.into()),
        ("group", group_of(line)),
        ("left", left.into()),
        ("right", right.into()),
        ("difference", line.difference().into()),
        ("percent", line.percent().into()),
        ("change", line.change().into()),
        ("counts", line.counts.map(Figure::from).to_vec().into()),
    ])
}

fn moves_of(moves: &Moves, language: Language) -> MovesJson<'_> {
    let Line { figure, periods, .. } = moves.line.clone();
    let line = Cell { figure, periods, group: group_of(&moves.line) };
    match &moves.behind {
        Behind::Tickets(compared, taken_back) => {
            let items = compared.items.iter().zip(taken_back);
            let reasoned = |(moved, by): (_, &Option<_>)| Reasoned { moved, reason: reason(moved, *by, language) };
            let items = items.map(reasoned).collect();
            MovesJson::Tickets { line, moved: compared.moved, items }
        }
        Behind::WorseSide(side, explained) => MovesJson::WorseSide { line, side: SIDES[*side], explained },
    }
}

/// A record a line.
pub(in crate::compare) fn csv(compared: &Comparison) -> String {
    let dimensions: Vec<String> = compared
        .lines
        .first()
        .map(|line| line.group.iter().map(|(name, _)| name.clone()).collect())
        .unwrap_or_default();
    let mut header: Vec<String> = ["figure", "left_period", "right_period"].map(str::to_owned).into();
    header.extend(dimensions.iter().map(|name| format!("group.{name}")));
    header.extend(["left", "right", "difference", "percent", "change", "left_count", "right_count"].map(str::to_owned));
    let records: Vec<_> = compared.lines.iter().map(record).collect();
    csv_of(std::iter::once(&header).chain(&records).map(Vec::as_slice))
}

fn record(line: &Line) -> Vec<String> {
    let number = |value: Option<Decimal>| value.map(|value| value.to_string()).unwrap_or_default();
    let [left, right] = line.values;
    let labels = std::iter::once(line.figure.clone())
        .chain(line.periods.iter().map(|label| label.clone().unwrap_or_default()))
        .chain(line.group.iter().map(|(_, value)| value.clone().unwrap_or_default()));
    let numbers = [left, right, line.difference(), line.percent()].map(number);
    let counts = line.counts.map(|count| count.map(|count| count.to_string()).unwrap_or_default());
    labels.chain(numbers).chain([line.change().to_owned()]).chain(counts).collect()
}
