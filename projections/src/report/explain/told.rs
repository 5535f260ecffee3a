//! Items told in words: the story of the one ticket, at the event that was measured.

use super::{Explained, ExplainedCell, Item};
use crate::projector::CatchUpError;
use crate::report::periods::Language;
use crate::report::query::ReportName;
use crate::story::{Story, Teller};
use daftar_eventlog::{FactRow, Position};
use std::collections::BTreeSet;

impl Explained {
    /// The tickets of its items, each once.
    #[must_use]
    pub fn tickets(&self) -> BTreeSet<String> {
        self.items.iter().chain(&self.cell.ranks).map(|item| item.ticket.clone()).collect()
    }

    /// Tells the items of one ticket by all its events, in order; those behind the cell's position are not read.
    ///
    /// # Errors
    ///
    /// [`CatchUpError`] when an event cannot be folded.
    pub fn tell(
        &mut self,
        ticket: &str,
        events: &[FactRow<'_>],
        teller: &Teller,
        language: Language,
    ) -> Result<(), CatchUpError> {
        let Self { cell, items, .. } = self;
        let known = events.iter().copied().take_while(|event| event.position <= cell.position);
        let story = teller.story(ticket, known.clone())?;
        let figure = topic(cell);
        let tell = |item: &mut Item, cell_at| {
            let position = item.position.unwrap_or_else(|| seen(item, cell_at, known.clone()));
            item.told = Some(told(&story, &figure, position, item, language));
        };
        let at = cell.at;
        let all = items.iter_mut().chain(&mut cell.ranks);
        all.filter(|item| item.ticket == ticket).for_each(|item| tell(item, at));
        Ok(())
    }
}

fn told(story: &Story, figure: &str, position: Position, item: &Item, language: Language) -> crate::story::Told {
    story.tell_at(figure, position, Some(item.at), language)
}

/// The figure as stories know it: those of cases have the names of others.
fn topic(cell: &ExplainedCell) -> String {
    match cell.report {
        ReportName::Cases => format!("cases.{}", cell.figure),
        ReportName::Targets if !cell.figure.contains('.') => format!("{}.share", cell.figure),
        _ => cell.figure.clone(),
    }
}

/// The last event that a look at an instant sees: what happens at the end of a period comes after it, what happens at
/// the report's own instant does not.
fn seen<'a>(item: &Item, cell_at: Option<i64>, events: impl Iterator<Item = FactRow<'a>>) -> Position {
    let is_seen = |event: &FactRow<'_>| {
        let happened = event.occurred_at.micros();
        happened < item.at || (happened == item.at && cell_at == Some(item.at))
    };
    events.take_while(is_seen).map(|event| event.position).last().unwrap_or_default()
}
