//! `GET /v1/reports/{name}/explain`: what one cell of a report is made of, ticket by ticket, in words.

use super::asked::Parameters;
use super::problem::{Problem, Slug};
use super::reports::{no_such_report, read, refused, resolve};
use super::{Desk, answer};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::routing::{MethodRouter, get};
use daftar_domain::Invalid;
use daftar_eventlog::record::HeadError;
use daftar_eventlog::{RecordedEvent, StoreError, StreamName, StreamNumber, Version};
use daftar_projections::definition::catalog::Published;
use daftar_projections::labels::KeyLabels;
use daftar_projections::projector::CatchUpError;
use daftar_projections::report::explain::ask::Ask;
use daftar_projections::report::explain::cursor::Place;
use daftar_projections::report::explain::{ExplainError, Explained, explain};
use daftar_projections::report::periods::Language;
use daftar_projections::report::query::{AsOf, ReportName};
use daftar_projections::story::Teller;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

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
        let running = desk.begin_query()?;
        desk.wait(waiting).await?;
        let (explained, definition, running) = made(&desk, ask, running).await?;
        let explained = told(&desk, explained, definition, language, running).await?;
        let position = explained.cell.position;
        Ok::<_, Problem>(answer::at_position(answer::value(&explained), position))
    })
}

fn language(text: Option<&str>) -> Result<Language, Problem> {
    match text {
        None | Some("en") => Ok(Language::English),
        Some("fa") => Ok(Language::Persian),
        Some(other) => Err(Problem::invalid_parameters(&[Invalid::new(WORDS, other, "must be en or fa")])),
    }
}

/// Explains the cell on a thread that may take its time.
async fn made(
    desk: &Desk,
    ask: Ask,
    running: OwnedSemaphorePermit,
) -> Result<(Explained, Arc<Published>, OwnedSemaphorePermit), Problem> {
    let mut query = ask.query.clone();
    // Every page speaks for the position of the first.
    if let Some(place) = Place::of(&ask, &desk.log().epochs()).map_err(|refused| not_explained(refused.into()))? {
        query.as_of = Some(AsOf::Position(place.position.0));
    }
    let (definition, position) = resolve(desk, &query).await?;
    let asked = Arc::clone(&definition);
    let made = desk.compute(move |desk| {
        let labels = KeyLabels(Arc::clone(desk.codec().keys()));
        let epochs = desk.log().epochs();
        let explained = read(desk, &asked, |state| explain(state, &ask, &asked, position, &epochs, &labels));
        // Held as long as it is being computed, also when nobody waits for it any more.
        (explained, running)
    });
    let (explained, running) = made.await?;
    Ok((explained?.map_err(not_explained)?, definition, running))
}

fn not_explained(error: ExplainError) -> Problem {
    match error {
        ExplainError::Report(error) => refused(error),
        ExplainError::Invalid(wrong) => Problem::invalid_parameters(&wrong),
        ExplainError::OtherHistory(_) => Problem::new(Slug::OtherEpoch, error.to_string()),
    }
}

/// Tells every item in words, each ticket of the page read once.
async fn told(
    desk: &Desk,
    explained: Explained,
    definition: Arc<Published>,
    language: Language,
    running: OwnedSemaphorePermit,
) -> Result<Explained, Problem> {
    let mut histories = Vec::new();
    for ticket in explained.tickets() {
        let events = desk.log().read_stream(&StreamName::ticket(&ticket), Version::ZERO, usize::MAX).await?;
        histories.push((ticket, events));
    }
    let told = desk.compute(move |_| {
        let _running = running;
        let teller = Teller::new(Arc::new(definition.document.clone()));
        let mut explained = explained;
        let tell = |(ticket, events): &(String, Vec<RecordedEvent>)| tell(&mut explained, ticket, events, &teller, language);
        histories.iter().try_for_each(tell).map(|()| explained)
    });
    Ok(told.await??)
}

fn tell(
    explained: &mut Explained,
    ticket: &str,
    events: &[RecordedEvent],
    teller: &Teller,
    language: Language,
) -> Result<(), CatchUpError> {
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        let damaged = |why: HeadError| StoreError::Corrupt { position: event.position, why: why.to_string() };
        rows.push(event.fact_row(StreamNumber(0)).map_err(damaged)?);
    }
    explained.tell(ticket, &rows, teller, language)
}
