//! `GET /v1/reports/{name}`: reports as JSON and CSV.

use super::asked::{Parameters, has_already};
use super::problem::{Problem, Slug, Wrong};
use super::resolve::{Resolved, resolve};
use super::{Desk, Waiting, answer};
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use daftar_eventlog::Position;
use daftar_projections::labels::KeyLabels;
use daftar_projections::report::query::{Query, ReportName};
use daftar_projections::report::{Report, ReportError, report as make_report};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

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
        let report = made(&desk, query, waiting, running).await?;
        Ok::<_, Problem>(written(&report, form, &headers))
    })
}

fn no_such_report(name: &str) -> Problem {
    let known = ReportName::ALL.map(ReportName::name).join(", ");
    Problem::new(Slug::NotFound, format!("there is no report {name}; there are {known}"))
}

fn wants_csv(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split([',', ';']).any(|kind| kind.trim().eq_ignore_ascii_case("text/csv"))
}

/// Makes the report on a thread that may take its time.
async fn made(desk: &Desk, query: Query, waiting: Waiting, running: OwnedSemaphorePermit) -> Result<Report, Problem> {
    let Resolved { definition, position, state } = resolve(desk, &query, waiting).await?;
    let made = desk.compute(move |desk| {
        // Held as long as the report is being made, also when nobody waits for it any more.
        let _running = running;
        let labels = KeyLabels(Arc::clone(desk.codec().keys()));
        make_report(&state, &query, &definition, position, &labels)
    });
    made.await?.map_err(|refused| match refused {
        ReportError::TooManyCells { .. } => Problem::new(Slug::TooManyCells, refused.to_string()),
        ReportError::EmptyTime { .. } => wrong_parameter("to", &refused),
        ReportError::TooManyDimensions(_) => wrong_parameter("group_by", &refused),
        ReportError::OtherFolded(_) => Problem::new(Slug::Internal, refused.to_string()),
    })
}

/// A parameter that only the making of the report found wrong.
fn wrong_parameter(name: &str, refused: &ReportError) -> Problem {
    let wrong = Wrong { pointer: format!("/{name}"), detail: refused.to_string() };
    Problem::with_errors(Slug::Invalid, refused.to_string(), vec![wrong])
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
