//! `GET /v1/reports/{name}/explain`: what one cell of a report is made of, ticket by ticket, in words.

use super::asked::{Parameters, Waiting};
use super::problem::{Problem, Slug};
use super::reports::{no_such_report, refused};
use super::resolve::{Resolved, resolve, resolve_named};
use super::{Desk, answer};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::routing::{MethodRouter, get};
use daftar_domain::Invalid;
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
use std::collections::BTreeSet;
use std::sync::Arc;

/// In which language items are told; `language` is a filter by the ticket's.
const WORDS: &str = "words";

/// The handler.
pub(super) fn explained() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, path: Result<Path<String>, PathRejection>, uri: Uri| {
        let Path(name) = path.map_err(|_| no_such_report(""))?;
        ReportName::parse(&name).map_err(|_| no_such_report(&name))?;
        let mut parameters = Parameters::of_query(uri.query(), |name| name == WORDS || Ask::knows(name))?;
        let waiting = parameters.waiting()?;
        let language = language(parameters.take(WORDS).as_deref())?;
        let ask = Ask::parse(&name, parameters.left()).map_err(|wrong| Problem::invalid_parameters(&wrong))?;
        let _running = desk.begin_query()?;
        let asked = Asked::of(&desk, ask, waiting).await?;
        let response = match asked.against {
            None => answer::value(&told(&desk, &asked, language).await?),
            Some(_) => answer::value(&told_against(&desk, &asked, language).await?),
        };
        Ok::<_, Problem>(answer::at_position(response, asked.position))
    })
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
        let mut query = ask.query.clone();
        // Every page speaks for the position of the first.
        if let Some(place) = Place::of(&ask, &desk.log().epochs()).map_err(|refused| not_explained(refused.into()))? {
            query.as_of = Some(AsOf::Position(place.position.0));
        }
        let Resolved { definition, position, state } = resolve(desk, &query, waiting).await?;
        let against = match &ask.against {
            Some(name) => Some(other(desk, query, name, position, waiting).await?),
            None => None,
        };
        Ok(Self { ask: Arc::new(ask), definition, state, against, position })
    }
}

/// The definition that a cell is compared under, as it was at the position, and the state measured for it.
async fn other(
    desk: &Desk,
    query: Query,
    name: &str,
    position: Position,
    waiting: Waiting,
) -> Result<(Arc<Published>, Arc<Measurements>), Problem> {
    let (definition, as_of) = (Some(name.to_owned()), Some(AsOf::Position(position.0)));
    let query = Query { definition, as_of, ..query };
    let resolved = resolve_named(desk, &query, "against", waiting).await?;
    Ok((resolved.definition, resolved.state))
}

/// A page of the cell, every item told in words.
async fn told(desk: &Desk, asked: &Asked, language: Language) -> Result<Explained, Problem> {
    let Asked { ask, definition, state, position, .. } = asked.clone();
    let made = desk.compute(move |desk| {
        let (labels, epochs) = (KeyLabels(Arc::clone(desk.codec().keys())), desk.log().epochs());
        explain(&state, &ask, &definition, position, &epochs, &labels)
    });
    let mut explained = made.await?.map_err(not_explained)?;
    let by = asked.state.happened_by();
    let (histories, definition) = (histories(desk, explained.tickets()).await?, Arc::clone(&asked.definition));
    let told = desk.compute(move |_| {
        let teller = teller(&definition);
        let mut tell = |(ticket, events): &History| explained.tell(ticket, &rows(events, by)?, &teller, language);
        histories.iter().try_for_each(&mut tell)?;
        Ok::<_, CatchUpError>(explained)
    });
    Ok(told.await??)
}

/// A page of what is another under the other definition, both sides of every item told in words.
async fn told_against(desk: &Desk, asked: &Asked, language: Language) -> Result<Compared, Problem> {
    let Asked { ask, definition, state, against, position } = asked.clone();
    let (against, other) = against.unwrap_or_else(|| (Arc::clone(&definition), Arc::clone(&state)));
    let definitions = [Arc::clone(&definition), Arc::clone(&against)];
    let made = desk.compute(move |desk| {
        let (labels, epochs) = (KeyLabels(Arc::clone(desk.codec().keys())), desk.log().epochs());
        let here = found(&state, &ask, &definition, position, &labels)?;
        here.against(&other, &ask, &against, &epochs, &labels)
    });
    let mut compared = made.await?.map_err(not_explained)?;
    let by = asked.state.happened_by();
    let histories = histories(desk, compared.tickets()).await?;
    let told = desk.compute(move |_| {
        let [here, there] = definitions.map(|definition| teller(&definition));
        let mut tell =
            |(ticket, events): &History| compared.tell(ticket, &rows(events, by)?, [&here, &there], language);
        histories.iter().try_for_each(&mut tell)?;
        Ok::<_, CatchUpError>(compared)
    });
    Ok(told.await??)
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

/// The events of these tickets, each read once.
async fn histories(desk: &Desk, tickets: BTreeSet<String>) -> Result<Vec<History>, Problem> {
    let mut histories = Vec::new();
    for ticket in tickets {
        let events = desk.log().read_stream(&StreamName::ticket(&ticket), Version::ZERO, usize::MAX).await?;
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
