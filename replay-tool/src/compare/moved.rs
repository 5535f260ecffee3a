//! The tickets behind the largest move of each figure.

use super::Side;
use super::better::Larger;
use super::lines::Line;
use crate::Failure;
use crate::cli::compare::{CompareArguments, Differs};
use crate::explain::refused;
use crate::source::Source;
use crate::telling;
use daftar_eventlog::Position;
use daftar_projections::exact::Decimal;
use daftar_projections::labels::KeyLabels;
use daftar_projections::report::explain::against::{Compared, Moved};
use daftar_projections::report::explain::ask::Ask;
use daftar_projections::report::explain::foremost::Foremost;
use daftar_projections::report::explain::recall::TakenBy;
use daftar_projections::report::explain::{ExplainError, Explained, Found, Item, found};
use daftar_projections::report::periods::Language;
use daftar_projections::report::query::Query;
use std::collections::HashMap;

/// What is behind a figure's largest move.
pub(super) struct Moves {
    pub(super) line: Line,
    pub(super) behind: Behind,
}

/// The tickets themselves.
pub(super) enum Behind {
    /// Those that are another on each side, and what took each back on a side where it is missing.
    Tickets(Box<Compared>, Vec<Option<TakenBy>>),
    /// Those that bear most on the worse side, left (0) or right (1), where no ticket is on both.
    WorseSide(usize, Box<Explained>),
}

/// The tickets behind each figure that differs, told in words.
///
/// # Errors
///
/// A cell cannot be explained, or the source cannot be read.
pub(super) async fn behind(
    lines: &[Line],
    sides: &[Side; 2],
    differs: Differs,
    arguments: &CompareArguments,
    source: &Source,
) -> Result<Vec<Moves>, Failure> {
    let mut moves: Vec<Moves> = Vec::new();
    if arguments.moved == 0 {
        return Ok(moves);
    }
    let language = arguments.words.into();
    for of_figure in lines.chunk_by(|one, other| one.figure == other.figure) {
        let told = |moves: &Moves| moves.is_of(&of_figure[0].figure);
        let Some(line) = largest(of_figure, differs).filter(|_| !moves.iter().any(told)) else { continue };
        let cells = Cells { line, sides, arguments, source };
        let behind = match differs {
            Differs::Period => cells.worse_side(language).await?,
            _ => cells.tickets(language).await?,
        };
        moves.push(Moves { line: line.clone(), behind });
    }
    Ok(moves)
}

impl Moves {
    /// Whether they are those of a figure, whatever statistic of it.
    fn is_of(&self, path: &str) -> bool {
        let figure = match &self.behind {
            Behind::Tickets(compared, _) => &compared.cell.figure,
            Behind::WorseSide(_, explained) => &explained.cell.figure,
        };
        path.strip_prefix(figure.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// The line with the largest move: of periods the one that got worst.
fn largest(lines: &[Line], differs: Differs) -> Option<&Line> {
    let first = lines.first().filter(|line| line.worse_by().is_some_and(|by| by > 0));
    let size = |line: &&Line| line.difference().map(|difference| difference.millionths().abs());
    // Of equal moves the one that stands first.
    let largest = || lines.iter().rev().max_by_key(size).filter(|line| size(line).is_some_and(|size| size > 0));
    if differs == Differs::Period { first.or_else(largest) } else { largest() }
}

/// A line's cell on each side.
struct Cells<'a> {
    line: &'a Line,
    sides: &'a [Side; 2],
    arguments: &'a CompareArguments,
    source: &'a Source,
}

impl Cells<'_> {
    async fn tickets(&self, language: Language) -> Result<Behind, Failure> {
        let ask = self.ask(0)?;
        let (left, right) = (self.found(0)?, self.found(1)?);
        let gone = [gone(&left), gone(&right)];
        let epochs = self.source.log.epochs();
        let mut compared = left.against_found(right, &ask, &epochs).map_err(|error| refused(&error))?;
        telling::tell_both(self.source, &mut compared, language).await?;
        let taken_back = compared.items.iter().map(|moved| taken_back(moved, &gone)).collect();
        Ok(Behind::Tickets(Box::new(compared), taken_back))
    }

    async fn worse_side(&self, language: Language) -> Result<Behind, Failure> {
        let side = usize::from(self.line.worse_by().is_some_and(|by| by > 0));
        let mut explained = self.found(side)?.foremost(foremost(self.line), self.arguments.moved);
        telling::tell(self.source, &mut explained, language).await?;
        Ok(Behind::WorseSide(side, Box::new(explained)))
    }

    fn found(&self, side: usize) -> Result<Found<'_>, Failure> {
        let Side { asked, state, .. } = &self.sides[side];
        let labels = KeyLabels(self.source.keys.clone());
        found(state, &self.ask(side)?, &asked.definition, asked.position, &labels).map_err(|error| refused(&error))
    }

    fn ask(&self, side: usize) -> Result<Ask, Failure> {
        let mut parameters = self.sides[side].flags.parameters().map_err(Failure::Usage)?;
        parameters.retain(|(name, _)| name != "limit" && name != "figures");
        parameters.push(("figure".to_owned(), self.line.figure.clone()));
        parameters.extend(self.line.periods[side].iter().map(|label| ("period".to_owned(), label.clone())));
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        let group = self.line.group.iter().map(|(name, label)| (format!("cell.{name}"), value(label)));
        parameters.extend(group);
        let ask = Ask::parse(&self.arguments.name, parameters);
        let ask = ask.map_err(|wrong| refused(&ExplainError::Invalid(wrong)))?;
        // The instant that the side was folded up to, whatever date it was given as.
        let happened_by = self.sides[side].asked.query.happened_by;
        Ok(Ask { limit: self.arguments.moved, query: Query { happened_by, ..ask.query.clone() }, ..ask })
    }
}

/// What took back measurements of a cell, by ticket and event.
type Gone = HashMap<(String, Position), TakenBy>;

fn gone(found: &Found<'_>) -> Gone {
    found.taken_back().map(|(ticket, position, taken)| ((ticket.to_owned(), position), taken.by)).collect()
}

/// What took a measurement back on the side where it is missing.
fn taken_back(moved: &Moved, gone: &[Gone; 2]) -> Option<TakenBy> {
    let (item, missing) = match (&moved.here, &moved.there) {
        (Some(here), None) => (here, &gone[1]),
        (None, Some(there)) => (there, &gone[0]),
        _ => return None,
    };
    missing.get(&(moved.ticket.clone(), item.position?)).copied()
}

/// Which measurements of the worse side bear most on it.
fn foremost(line: &Line) -> Foremost {
    let statistic = line.figure.rsplit('.').next().unwrap_or_default();
    let is_share = matches!(statistic, "percent" | "low95" | "high95" | "good_percent");
    match (is_share, line.larger) {
        (true, Larger::Better) => Foremost::Uncounted,
        (true, _) => Foremost::Counted,
        (false, Larger::Better) => Foremost::Smallest,
        (false, _) => Foremost::Largest,
    }
}

/// Why a ticket moved, in a few words; `taken_back` says what took it back where it is missing.
pub(super) fn reason(moved: &Moved, taken_back: Option<TakenBy>, language: Language) -> String {
    let english = language == Language::English;
    let words = |en: &str, fa: &str| if english { en } else { fa }.to_owned();
    let why = taken_back.map_or_else(String::new, |by| match by {
        TakenBy::Reopening => words(": a reopening took it back", ": بازگشایی آن را پس گرفت"),
        TakenBy::Change => words(": a later answer took its place", ": پاسخ بعدی جای آن را گرفت"),
        TakenBy::Voiding => words(": the ticket was voided", ": تیکت باطل شد"),
    });
    match (&moved.here, &moved.there) {
        (Some(_), None) => words("on the left only", "فقط در سمت چپ") + &why,
        (None, Some(_)) => words("on the right only", "فقط در سمت راست") + &why,
        (Some(here), Some(there)) if here.counted != there.counted && here.counted => {
            words("counts on the left only", "فقط در سمت چپ به حساب می‌آید")
        }
        (Some(here), Some(there)) if here.counted != there.counted && there.counted => {
            words("counts on the right only", "فقط در سمت راست به حساب می‌آید")
        }
        (Some(here), Some(there)) if here.value != there.value => {
            let value = |item: &Item| item.value.unwrap_or(Decimal::ZERO).to_string();
            let [left, right] = [here, there].map(|item| crate::table::grouped(&value(item)));
            words(&format!("{left} becomes {right}"), &format!("{left} می‌شود {right}"))
        }
        _ => words("measured at another event", "در رویداد دیگری سنجیده شده"),
    }
}
