//! `GET /v1/reports/{name}/explain`: what one cell of a report is made of, ticket by ticket, in words.

use super::asked::{Parameters, Waiting};
use super::problem::{Problem, Slug};
use super::reports::{no_such_report, refused};
use super::resolve::{Resolved, deadline, resolve_by, resolve_named};
use super::{Desk, answer};
use crate::definitions::DEFAULT;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use daftar_domain::{Invalid, Timestamp};
use daftar_eventlog::record::HeadError;
use daftar_eventlog::{FactRow, Position, RecordedEvent, StoreError, StreamName, StreamNumber, Version};
use daftar_projections::definition::catalog::Published;
use daftar_projections::labels::KeyLabels;
use daftar_projections::measurements::Measurements;
use daftar_projections::projector::CatchUpError;
use daftar_projections::report::explain::against::Compared;
use daftar_projections::report::explain::ask::Ask;
use daftar_projections::report::explain::cursor::Place;
use daftar_projections::report::explain::{ExplainError, Explained, explain, found};
use daftar_projections::report::periods::Language;
use daftar_projections::report::query::{AsOf, Query, ReportName};
use daftar_projections::story::Teller;
use daftar_projections::ticket_facts::Micros;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// In which language items are told; `language` is a filter by the ticket's.
const WORDS: &str = "words";
/// Of so many events, or of one ticket, no more tickets are read before these are told.
const EVENTS_AT_A_TIME: usize = 1_000;

/// The handler.
pub(super) fn explained() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, path: Result<Path<String>, PathRejection>, uri: Uri| {
        let Path(name) = path.map_err(|_| no_such_report(""))?;
        ReportName::parse(&name).map_err(|_| no_such_report(&name))?;
        let mut parameters = Parameters::of_query(uri.query(), |name| name == WORDS || Ask::knows(name))?;
        let waiting = parameters.waiting()?;
        let language = language(parameters.take(WORDS).as_deref())?;
        let ask = Ask::parse(&name, parameters.left()).map_err(|wrong| Problem::invalid_parameters(&wrong))?;
        let asked = Asked::of(&desk, ask, waiting).await?;
        let running = Running::new(desk.begin_query()?);
        let response = match asked.against {
            None => written(&desk, told(&desk, &asked, language, &running).await?).await?,
            Some(_) => written(&desk, told_against(&desk, &asked, language, &running).await?).await?,
        };
        Ok::<_, Problem>(answer::at_position(response, asked.position))
    })
}

/// A place among the queries under way, held as long as anything of it is: also when nobody waits for it any more.
type Running = Arc<OwnedSemaphorePermit>;

/// A large answer is written where it may take its time.
async fn written(desk: &Desk, told: impl Serialize + Send + 'static) -> Result<Response, Problem> {
    desk.compute(move |_| answer::value(&told)).await
}

fn language(text: Option<&str>) -> Result<Language, Problem> {
    match text {
        None | Some("en") => Ok(Language::English),
        Some("fa") => Ok(Language::Persian),
        Some(other) => Err(Problem::invalid_parameters(&[Invalid::new(WORDS, other, "must be en or fa")])),
    }
}

/// What is asked, and of what it speaks.
#[derive(Clone)]
struct Asked {
    ask: Arc<Ask>,
    definition: Arc<Published>,
    state: Arc<Measurements>,
    /// The definition that the cell is compared under, and the state measured for it.
    against: Option<(Arc<Published>, Arc<Measurements>)>,
    position: Position,
}

impl Asked {
    async fn of(desk: &Desk, ask: Ask, waiting: Waiting) -> Result<Self, Problem> {
        let _waiting = desk.begin_waiting()?;
        let deadline = deadline(waiting);
        let mut query = ask.query.clone();
        // Every page speaks for the position of the first, under the version of the first.
        if let Some(place) = Place::of(&ask, &desk.log().epochs()).map_err(|refused| not_explained(refused.into()))? {
            query.as_of = Some(AsOf::Position(place.position.0));
            query.definition = Some(at_version(query.definition.as_deref(), place.version));
        }
        let Resolved { definition, position, state } = resolve_by(desk, &query, waiting, deadline).await?;
        // A date begins on the clocks of the report's definition, for both sides.
        query.happened_by = state.happened_by().map(|by| Timestamp::clamped(by).into());
        let against = match &ask.against {
            Some(name) => Some(other(desk, query, name, position, deadline).await?),
            None => None,
        };
        Ok(Self { ask: Arc::new(ask), definition, state, against, position })
    }
}

/// A version of the definition that was named, or of the default.
pub(super) fn at_version(named: Option<&str>, version: u64) -> String {
    let name = named.unwrap_or(DEFAULT).split('@').next().unwrap_or(DEFAULT);
    format!("{name}@{version}")
}

/// The definition that a cell is compared under, as it was at the position, and the state measured for it, of what
/// happened by the same instant.
async fn other(
    desk: &Desk,
    query: Query,
    name: &str,
    position: Position,
    deadline: Instant,
) -> Result<(Arc<Published>, Arc<Measurements>), Problem> {
    let (definition, as_of) = (Some(name.to_owned()), Some(AsOf::Position(position.0)));
    let query = Query { definition, as_of, ..query };
    let resolved = resolve_named(desk, &query, "against", deadline).await?;
    Ok((resolved.definition, resolved.state))
}

/// A page of the cell, every item told in words.
async fn told(desk: &Desk, asked: &Asked, language: Language, running: &Running) -> Result<Explained, Problem> {
    let (Asked { ask, definition, state, position, .. }, held) = (asked.clone(), Arc::clone(running));
    let made = desk.compute(move |desk| {
        let _running = held;
        let (labels, epochs) = (KeyLabels(Arc::clone(desk.codec().keys())), desk.log().epochs());
        explain(&state, &ask, &definition, position, &epochs, &labels)
    });
    let explained = made.await?.map_err(not_explained)?;
    let (by, teller, tickets) = (asked.state.happened_by(), teller(&asked.definition), explained.tickets());
    tell(desk, explained, tickets, running, move |explained, (ticket, events)| {
        explained.tell(ticket, &rows(events, by)?, &teller, language)
    })
    .await
}

/// A page of what is another under the other definition, both sides of every item told in words.
async fn told_against(desk: &Desk, asked: &Asked, language: Language, running: &Running) -> Result<Compared, Problem> {
    let (Asked { ask, definition, state, against, position }, held) = (asked.clone(), Arc::clone(running));
    let (against, other) = against.unwrap_or_else(|| (Arc::clone(&definition), Arc::clone(&state)));
    let [here, there] = [&definition, &against].map(|definition| teller(definition));
    let made = desk.compute(move |desk| {
        let _running = held;
        let (labels, epochs) = (KeyLabels(Arc::clone(desk.codec().keys())), desk.log().epochs());
        let here = found(&state, &ask, &definition, position, &labels)?;
        here.against(&other, &ask, &against, &epochs, &labels)
    });
    let compared = made.await?.map_err(not_explained)?;
    // One instant for both sides, fixed before the other state was asked for.
    let (by, tickets) = (asked.state.happened_by(), compared.tickets());
    tell(desk, compared, tickets, running, move |compared, (ticket, events)| {
        compared.tell(ticket, &rows(events, by)?, [&here, &there], language)
    })
    .await
}

/// Has a page told by the events of its tickets, a few tickets at a time: no more of them is in memory.
async fn tell<T: Send + 'static>(
    desk: &Desk,
    mut page: T,
    tickets: BTreeSet<String>,
    running: &Running,
    tell: impl Fn(&mut T, &History) -> Result<(), CatchUpError> + Send + Sync + 'static,
) -> Result<T, Problem> {
    let (tell, mut tickets) = (Arc::new(tell), tickets.into_iter());
    loop {
        let few = histories(desk, &mut tickets).await?;
        if few.is_empty() {
            return Ok(page);
        }
        let (tell, held) = (Arc::clone(&tell), Arc::clone(running));
        let told = desk.compute(move |_| {
            let _running = held;
            few.iter().try_for_each(|history| tell(&mut page, history))?;
            Ok::<_, CatchUpError>(page)
        });
        page = told.await??;
    }
}

fn teller(definition: &Published) -> Teller {
    Teller::new(Arc::new(definition.document.clone()))
}

fn not_explained(error: ExplainError) -> Problem {
    match error {
        ExplainError::Report(error) => refused(&error),
        ExplainError::Invalid(wrong) => Problem::invalid_parameters(&wrong),
        ExplainError::OtherHistory(_) => Problem::new(Slug::OtherEpoch, error.to_string()),
    }
}

/// A ticket and all its events.
type History = (String, Vec<RecordedEvent>);

/// The events of the next tickets, until they are many.
async fn histories(desk: &Desk, tickets: &mut impl Iterator<Item = String>) -> Result<Vec<History>, Problem> {
    let (mut histories, mut count) = (Vec::new(), 0);
    while count < EVENTS_AT_A_TIME
        && let Some(ticket) = tickets.next()
    {
        let events = desk.log().read_stream(&StreamName::ticket(&ticket), Version::ZERO, usize::MAX).await?;
        count += events.len().max(1);
        histories.push((ticket, events));
    }
    Ok(histories)
}

/// A ticket's events as folds read them, those that happened later than `by` left out.
fn rows(events: &[RecordedEvent], by: Option<Micros>) -> Result<Vec<FactRow<'_>>, StoreError> {
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        let damaged = |why: HeadError| StoreError::Corrupt { position: event.position, why: why.to_string() };
        rows.push(event.fact_row(StreamNumber(0)).map_err(damaged)?);
    }
    rows.retain(|row| by.is_none_or(|by| row.occurred_at.micros() <= by));
    Ok(rows)
}

#[cfg(test)]
mod tests;
