//! `GET /v1/reports/{name}/explain`: what one cell of a report is made of, ticket by ticket, in words.

use super::asked::Parameters;
use super::problem::{Problem, Slug};
use super::reports::{named, no_such_report, read, refused, resolve};
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
use daftar_projections::report::explain::{ExplainError, Explained, Found, explain, found};
use daftar_projections::report::periods::Language;
use daftar_projections::report::query::{AsOf, ReportName};
use daftar_projections::story::Teller;
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
        desk.wait(waiting).await?;
        let asked = Asked::of(&desk, ask).await?;
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
    /// The definition that the cell is compared under.
    against: Option<Arc<Published>>,
    position: Position,
}

impl Asked {
    async fn of(desk: &Desk, ask: Ask) -> Result<Self, Problem> {
        let mut query = ask.query.clone();
        // Every page speaks for the position of the first.
        if let Some(place) = Place::of(&ask, &desk.log().epochs()).map_err(|refused| not_explained(refused.into()))? {
            query.as_of = Some(AsOf::Position(place.position.0));
        }
        let (definition, position) = resolve(desk, &query).await?;
        let against = match &ask.against {
            Some(name) => Some(named(desk, "against", name, position).await?),
            None => None,
        };
        Ok(Self { ask: Arc::new(ask), definition, against, position })
    }
}

/// A page of the cell, every item told in words.
async fn told(desk: &Desk, asked: &Asked, language: Language) -> Result<Explained, Problem> {
    let Asked { ask, definition, position, .. } = asked.clone();
    let made = desk.compute(move |desk| {
        let (labels, epochs) = (KeyLabels(Arc::clone(desk.codec().keys())), desk.log().epochs());
        read(desk, &definition, |state| explain(state, &ask, &definition, position, &epochs, &labels))
    });
    let mut explained = made.await??.map_err(not_explained)?;
    let (histories, definition) = (histories(desk, explained.tickets()).await?, Arc::clone(&asked.definition));
    let told = desk.compute(move |_| {
        let teller = teller(&definition);
        let mut tell = |(ticket, events): &History| explained.tell(ticket, &rows(events)?, &teller, language);
        histories.iter().try_for_each(&mut tell)?;
        Ok::<_, CatchUpError>(explained)
    });
    Ok(told.await??)
}

/// A page of what is another under the other definition, both sides of every item told in words.
async fn told_against(desk: &Desk, asked: &Asked, language: Language) -> Result<Compared, Problem> {
    let Asked { ask, definition, against, position } = asked.clone();
    let against = against.unwrap_or_else(|| Arc::clone(&definition));
    let definitions = [Arc::clone(&definition), Arc::clone(&against)];
    let made = desk.compute(move |desk| {
        let (labels, epochs) = (KeyLabels(Arc::clone(desk.codec().keys())), desk.log().epochs());
        let here = read(desk, &definition, |state| found(state, &ask, &definition, position, &labels))?;
        let compare = |here: Found| {
            let there = |state: &Measurements| here.against(state, &ask, &against, &epochs, &labels);
            read(desk, &against, there)
        };
        match here {
            Ok(here) => compare(here),
            Err(refused) => Ok(Err(refused)),
        }
    });
    let mut compared = made.await??.map_err(not_explained)?;
    let histories = histories(desk, compared.tickets()).await?;
    let told = desk.compute(move |_| {
        let [here, there] = definitions.map(|definition| teller(&definition));
        let mut tell = |(ticket, events): &History| compared.tell(ticket, &rows(events)?, [&here, &there], language);
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

/// A ticket's events as folds read them.
fn rows(events: &[RecordedEvent]) -> Result<Vec<FactRow<'_>>, StoreError> {
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        let damaged = |why: HeadError| StoreError::Corrupt { position: event.position, why: why.to_string() };
        rows.push(event.fact_row(StreamNumber(0)).map_err(damaged)?);
    }
    Ok(rows)
}
