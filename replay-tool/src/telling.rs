//! The stories behind cells: the events of their tickets, read from the source and told.

use crate::Failure;
use crate::source::Source;
use daftar_eventlog::{FactRow, RecordedEvent, StreamName, StreamNumber, Version};
use daftar_projections::definition::catalog::Published;
use daftar_projections::projector::CatchUpError;
use daftar_projections::report::explain::Explained;
use daftar_projections::report::explain::against::Compared;
use daftar_projections::report::periods::Language;
use daftar_projections::story::Teller;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many items are told at a time: each ticket is looked for among all of these.
const ITEMS_AT_A_TIME: usize = 1_000;

/// All events of a ticket, in order; none where there is no such ticket.
///
/// # Errors
///
/// The source cannot be read.
pub(crate) async fn events(source: &Source, ticket: &str) -> Result<Vec<RecordedEvent>, Failure> {
    let stream = StreamName::ticket(ticket);
    source.log.read_stream(&stream, Version::ZERO, usize::MAX).await.map_err(Failure::run)
}

/// A ticket's events as folds read them.
///
/// # Errors
///
/// An event is not what was written.
pub(crate) fn rows(events: &[RecordedEvent]) -> Result<Vec<FactRow<'_>>, Failure> {
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        rows.push(event.fact_row(StreamNumber(0)).map_err(|why| Failure::run(why.at(event.position)))?);
    }
    Ok(rows)
}

/// Makes the stories of tickets under a definition.
pub(crate) fn teller(definition: &Published) -> Teller {
    Teller::new(Arc::new(definition.document.clone()))
}

/// Tells every item of an explanation.
///
/// # Errors
///
/// The source cannot be read.
pub(crate) async fn tell(source: &Source, explained: &mut Explained, language: Language) -> Result<(), Failure> {
    let teller = teller(&explained.cell.definition);
    let all = std::mem::take(&mut explained.items);
    let (mut told, mut left) = (Vec::with_capacity(all.len()), all.into_iter());
    // Once at least: a cell has ranks also where a page of it has no items.
    loop {
        explained.items = left.by_ref().take(ITEMS_AT_A_TIME).collect();
        each(source, explained.tickets(), |ticket, rows| explained.tell(ticket, rows, &teller, language)).await?;
        told.append(&mut explained.items);
        if left.len() == 0 {
            break;
        }
    }
    explained.items = told;
    Ok(())
}

/// Tells both sides of every item of a comparison.
///
/// # Errors
///
/// The source cannot be read.
pub(crate) async fn tell_both(source: &Source, compared: &mut Compared, language: Language) -> Result<(), Failure> {
    let tickets = compared.tickets();
    let [here, there] = [&compared.cell, &compared.against].map(|cell| teller(&cell.definition));
    each(source, tickets, |ticket, rows| compared.tell(ticket, rows, [&here, &there], language)).await
}

/// Reads the events of each ticket and hands them on; no more than those of one are in memory.
async fn each(
    source: &Source,
    tickets: BTreeSet<String>,
    mut tell: impl FnMut(&str, &[FactRow<'_>]) -> Result<(), CatchUpError>,
) -> Result<(), Failure> {
    for ticket in tickets {
        let events = events(source, &ticket).await?;
        tell(&ticket, &rows(&events)?).map_err(Failure::run)?;
    }
    Ok(())
}
