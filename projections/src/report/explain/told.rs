//! Items told in words: the story of the one ticket, at the event that was measured.

use super::against::Compared;
use super::{Explained, ExplainedCell, Item};
use crate::projector::CatchUpError;
use crate::report::periods::Language;
use crate::report::query::ReportName;
use crate::story::{Story, Teller};
use crate::ticket_facts::Micros;
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
        let telling = Telling::of(&self.cell, ticket, events, teller, language)?;
        let all = self.items.iter_mut().chain(&mut self.cell.ranks);
        all.filter(|item| item.ticket == ticket).for_each(|item| telling.tell(item));
        Ok(())
    }
}

impl Compared {
    /// The tickets of its items, each once.
    #[must_use]
    pub fn tickets(&self) -> BTreeSet<String> {
        self.items.iter().map(|moved| moved.ticket.clone()).collect()
    }

    /// Tells both sides of the items of one ticket, each by a teller under its own definition; as [`Explained::tell`].
    ///
    /// # Errors
    ///
    /// [`CatchUpError`] when an event cannot be folded.
    pub fn tell(
        &mut self,
        ticket: &str,
        events: &[FactRow<'_>],
        [here, there]: [&Teller; 2],
        language: Language,
    ) -> Result<(), CatchUpError> {
        let here = Telling::of(&self.cell, ticket, events, here, language)?;
        let there = Telling::of(&self.against, ticket, events, there, language)?;
        for moved in self.items.iter_mut().filter(|moved| moved.ticket == ticket) {
            moved.here.iter_mut().for_each(|item| here.tell(item));
            moved.there.iter_mut().for_each(|item| there.tell(item));
        }
        Ok(())
    }
}

/// A ticket's story, about to be told for a cell's figure.
struct Telling<'a, 'b> {
    story: Story,
    events: &'a [FactRow<'b>],
    figure: String,
    /// The instant of the cell's report.
    at: Option<Micros>,
    language: Language,
}

impl<'a, 'b> Telling<'a, 'b> {
    fn of(
        cell: &ExplainedCell,
        ticket: &str,
        events: &'a [FactRow<'b>],
        teller: &Teller,
        language: Language,
    ) -> Result<Self, CatchUpError> {
        let known = events.partition_point(|event| event.position <= cell.position);
        let events = &events[..known];
        let story = teller.story(ticket, events.iter().copied())?;
        Ok(Self { story, events, figure: topic(cell), at: cell.at, language })
    }

    fn tell(&self, item: &mut Item) {
        let position = item.position.unwrap_or_else(|| self.seen(item.at));
        item.told = Some(self.story.tell_at(&self.figure, position, Some(item.at), self.language));
    }

    /// The last event that a look at an instant sees: what happens at the end of a period comes after it, what happens
    /// at the report's own instant does not.
    fn seen(&self, at: Micros) -> Position {
        let is_seen = |event: &&FactRow<'_>| {
            let happened = event.occurred_at.micros();
            happened < at || (happened == at && self.at == Some(at))
        };
        self.events.iter().take_while(is_seen).last().map_or(Position::ZERO, |event| event.position)
    }
}

/// The figure as stories know it: those of cases have the names of others.
fn topic(cell: &ExplainedCell) -> String {
    match cell.report {
        ReportName::Cases => format!("cases.{}", cell.figure),
        ReportName::Targets if !cell.figure.contains('.') => format!("{}.share", cell.figure),
        _ => cell.figure.clone(),
    }
}
