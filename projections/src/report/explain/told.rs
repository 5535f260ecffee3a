//! Items told in words: the story of the one ticket, at the event that was measured.

use super::against::{Compared, Moved};
use super::{Explained, ExplainedCell, Item};
use crate::definition::document::Within;
use crate::projector::CatchUpError;
use crate::report::periods::Language;
use crate::report::query::ReportName;
use crate::story::{Asked, Seen, Story, Teller};
use crate::ticket_facts::Micros;
use daftar_eventlog::FactRow;
use std::collections::BTreeSet;

impl Explained {
    /// The tickets of its items, each once.
    #[must_use]
    pub fn tickets(&self) -> BTreeSet<String> {
        self.items.iter().chain(&self.cell.ranks).map(|item| item.ticket.clone()).collect()
    }

    /// Tells the items of one ticket by all its events, in order; those behind the cell's position and those that
    /// happened after its `happened_by` are not read.
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
        // A ticket that a side does not know yet has no item there, and no story.
        let is_at = |side: fn(&Moved) -> &Option<Item>| {
            self.items.iter().any(|moved| moved.ticket == ticket && side(moved).is_some())
        };
        let told = |cell, teller| Telling::of(cell, ticket, events, teller, language);
        let here = is_at(|moved| &moved.here).then(|| told(&self.cell, here)).transpose()?;
        let there = is_at(|moved| &moved.there).then(|| told(&self.against, there)).transpose()?;
        for moved in self.items.iter_mut().filter(|moved| moved.ticket == ticket) {
            moved.here.iter_mut().zip(&here).for_each(|(item, here)| here.tell(item));
            moved.there.iter_mut().zip(&there).for_each(|(item, there)| there.tell(item));
        }
        Ok(())
    }
}

/// A ticket's story, about to be told for a cell's figure.
struct Telling {
    story: Story,
    figure: String,
    within: Option<Within>,
    /// The instant of the cell's report, and from when on nothing is seen of what stands.
    at: Option<Micros>,
    seen_before: Option<Micros>,
    language: Language,
}

impl Telling {
    fn of(
        cell: &ExplainedCell,
        ticket: &str,
        events: &[FactRow<'_>],
        teller: &Teller,
        language: Language,
    ) -> Result<Self, CatchUpError> {
        let happened = |event: &FactRow<'_>| cell.happened_by.is_none_or(|by| event.occurred_at.micros() <= by);
        let known = events.iter().filter(|event| event.position <= cell.position && happened(event));
        let story = teller.story(ticket, known.copied())?;
        let ExplainedCell { within, at, seen_before, .. } = *cell;
        Ok(Self { story, figure: topic(cell), within, at, seen_before, language })
    }

    /// Tells an item, and what it took the place of.
    fn tell(&self, item: &mut Item) {
        let asked = Asked {
            figure: &self.figure,
            seen: self.seen(item),
            metric: item.metric,
            within: self.within,
            met: Some(item.counted),
            until: self.at,
        };
        item.told = Some(self.story.answer(&asked, self.language));
        item.replaces.iter_mut().for_each(|replaced| self.tell(replaced));
    }

    /// Where an item lies. What happens at the end of a period comes after a look at it; a bound of the review queue
    /// may lie before the report's own instant.
    fn seen(&self, item: &Item) -> Seen {
        let after = item.at.saturating_add(1);
        let before = self.seen_before.map_or(after, |before| before.min(after));
        item.position.map_or(Seen::Look { at: item.at, before }, Seen::Event)
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
