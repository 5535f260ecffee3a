//! `GET /v1/reports/{name}`: reports as JSON and CSV.

use super::asked::{Parameters, has_already};
use super::problem::{Problem, Slug, Wrong};
use super::{Desk, answer};
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use daftar_domain::Invalid;
use daftar_eventlog::Position;
use daftar_projections::definition::catalog::Published;
use daftar_projections::labels::KeyLabels;
use daftar_projections::measurements::Measurements;
use daftar_projections::projector::{CatchUpError, position_at};
use daftar_projections::report::query::{AsOf, Query, ReportName};
use daftar_projections::report::{Report, ReportError, report as make_report};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;

/// How long a report as of a position that is durable waits until the read model has come there.
const CATCH_UP: Duration = Duration::from_secs(2);

/// The definition of a query that names none.
const DEFAULT: &str = "default";

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Csv,
}

/// The handler.
pub(super) fn report() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, path: Result<Path<String>, PathRejection>, uri: Uri, headers: HeaderMap| {
        let Path(name) = path.map_err(|_| no_such_report(""))?;
        let (name, form) = match name.strip_suffix(".csv") {
            Some(name) => (name, Form::Csv),
            None if wants_csv(&headers) => (name.as_str(), Form::Csv),
            None => (name.as_str(), Form::Json),
        };
        ReportName::parse(name).map_err(|_| no_such_report(name))?;
        let mut parameters = Parameters::of_query(uri.query(), Query::knows)?;
        let waiting = parameters.waiting()?;
        let query = Query::parse(name, parameters.left()).map_err(|wrong| Problem::invalid_parameters(&wrong))?;
        let running = desk.begin_query()?;
        desk.wait(waiting).await?;
        let report = made(&desk, query, running).await?;
        Ok::<_, Problem>(written(&report, form, &headers))
    })
}

pub(super) fn no_such_report(name: &str) -> Problem {
    let known = ReportName::ALL.map(ReportName::name).join(", ");
    Problem::new(Slug::NotFound, format!("there is no report {name}; there are {known}"))
}

fn wants_csv(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split([',', ';']).any(|kind| kind.trim().eq_ignore_ascii_case("text/csv"))
}

/// Makes the report on a thread that may take its time.
async fn made(desk: &Desk, query: Query, running: OwnedSemaphorePermit) -> Result<Report, Problem> {
    let (definition, position) = resolve(desk, &query).await?;
    let made = desk.compute(move |desk| {
        // Held as long as the report is being made, also when nobody waits for it any more.
        let _running = running;
        let labels = KeyLabels(Arc::clone(desk.codec().keys()));
        read(desk, &definition, |state| make_report(state, &query, &definition, position, &labels))
    });
    made.await??.map_err(|error| refused(&error))
}

/// What a query speaks of: a definition, and the end of the prefix that was asked for.
pub(super) async fn resolve(desk: &Desk, query: &Query) -> Result<(Arc<Published>, Position), Problem> {
    let asked = asked_position(desk, query.as_of).await?;
    // What is published now is what the report speaks for: the definition's name is looked up there too.
    let position = asked.unwrap_or_else(|| *desk.live().published().borrow());
    let name = query.definition.as_deref().unwrap_or(DEFAULT);
    Ok((named(desk, "definition", name, position).await?, position))
}

/// Reads the state that was measured under a definition's folded fields, on a thread that may take its time.
pub(super) fn read<T>(
    desk: &Desk,
    definition: &Published,
    read: impl FnOnce(&Measurements) -> T,
) -> Result<T, CatchUpError> {
    let folded = definition.document.folded();
    if desk.live().read(|state| *state.folded() == folded)? {
        return desk.live().read(read);
    }
    Handle::current().block_on(desk.resident().read(&folded, read))
}

/// Why a report was not made, to whoever asked.
pub(super) fn refused(refused: &ReportError) -> Problem {
    match refused {
        ReportError::TooManyCells { .. } => Problem::new(Slug::TooManyCells, refused.to_string()),
        ReportError::EmptyTime { .. } => wrong_parameter("to", refused),
        ReportError::TooManyDimensions(_) => wrong_parameter("group_by", refused),
        ReportError::OtherFolded(_) => Problem::new(Slug::Internal, refused.to_string()),
    }
}

/// The definition that a parameter names, as it was at a position.
pub(super) async fn named(
    desk: &Desk,
    parameter: &str,
    name: &str,
    position: Position,
) -> Result<Arc<Published>, Problem> {
    desk.definitions().at(name, position).await?.ok_or_else(|| {
        let rule = "must name a definition there is at that position; GET /v1/definitions lists them";
        Problem::invalid_parameters(&[Invalid::new(parameter, name, rule)])
    })
}

/// A parameter that only the making of the report found wrong.
fn wrong_parameter(name: &str, refused: &ReportError) -> Problem {
    let wrong = Wrong { pointer: format!("/{name}"), detail: refused.to_string() };
    Problem::with_errors(Slug::Invalid, refused.to_string(), vec![wrong])
}

/// The end of the prefix that was asked for, once the read model has come there; none: as far as it is.
async fn asked_position(desk: &Desk, as_of: Option<AsOf>) -> Result<Option<Position>, Problem> {
    let durable = *desk.log().durable().borrow();
    let position = match as_of {
        None => return Ok(None),
        Some(AsOf::Position(position)) => Position(position),
        Some(AsOf::Instant(instant)) => position_at(&**desk.log(), instant).await?,
    };
    if position > durable {
        let rule = format!("must not lie beyond the log's end, which is position {durable}");
        return Err(Problem::invalid_parameters(&[Invalid::new("as_of", position, rule)]));
    }
    desk.wait(Some(super::Waiting { position, timeout: CATCH_UP })).await?;
    Ok(Some(position))
}

fn written(report: &Report, form: Form, headers: &HeaderMap) -> Response {
    let (text, kind) = match form {
        Form::Json => (report.to_json() + "\n", "application/json"),
        Form::Csv => (report.to_csv(), "text/csv; charset=utf-8"),
    };
    let tag = tag_of(&text, report.position, form);
    if has_already(headers, &tag) {
        return answer::at_position((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response(), report.position);
    }
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::ETAG, tag)];
    answer::at_position((headers, Body::from(text)).into_response(), report.position)
}

/// A weak tag of everything but the position: equal figures keep it while the log grows.
fn tag_of(text: &str, position: Position, form: Form) -> HeaderValue {
    let stated = format!(",\"position\":{position},");
    // The first place where it stands is the head of the report; CSV does not state it.
    let (before, after) = match form {
        Form::Json => text.split_once(&stated).unwrap_or((text, "")),
        Form::Csv => (text, "csv"),
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(before.as_bytes()).update(after.as_bytes());
    let hex = hasher.finalize().to_hex();
    HeaderValue::try_from(format!("W/\"{}\"", &hex[..32])).unwrap_or(HeaderValue::from_static("W/\"\""))
}
