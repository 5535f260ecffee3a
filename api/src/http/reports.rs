//! `GET /v1/reports/{name}`: reports as JSON and CSV.

use super::accept::preferred;
use super::asked::{Parameters, has_already};
use super::problem::{Problem, Slug, Wrong};
use super::resolve::{Resolved, resolve};
use super::rows_cache::Rows;
use super::{Desk, Waiting, answer};
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use daftar_eventlog::Position;
use daftar_projections::definition::catalog::Published;
use daftar_projections::labels::KeyLabels;
use daftar_projections::measurements::Measurements;
use daftar_projections::report::query::{Query, ReportName};
use daftar_projections::report::rows_key::RowsKey;
use daftar_projections::report::{Report, ReportError, head, rows, rows_json};
use std::sync::Arc;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Form {
    Json,
    Csv,
}

/// A report as it is answered: its head, and its rows as they are written.
pub(super) struct Made {
    pub(super) head: Report,
    pub(super) rows: Arc<Rows>,
}

/// The handler.
pub(super) fn report() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, path: Result<Path<String>, PathRejection>, uri: Uri, headers: HeaderMap| {
        let Path(name) = path.map_err(|_| no_such_report(""))?;
        let (name, form) = match name.strip_suffix(".csv") {
            Some(name) => (name, Form::Csv),
            None if preferred(&headers, &["application/json", "text/csv"]) == 1 => (name.as_str(), Form::Csv),
            None => (name.as_str(), Form::Json),
        };
        ReportName::parse(name).map_err(|_| no_such_report(name))?;
        let mut parameters = Parameters::of_query(uri.query(), Query::knows)?;
        let waiting = parameters.waiting()?;
        let query = Query::parse(name, parameters.left()).map_err(|wrong| Problem::invalid_parameters(&wrong))?;
        made(&desk, query, form, waiting, move |made| written(&made, form, &headers)).await
    })
}

pub(super) fn no_such_report(name: &str) -> Problem {
    let known = ReportName::ALL.map(ReportName::name).join(", ");
    Problem::new(Slug::NotFound, format!("there is no report {name}; there are {known}"))
}

/// Makes the report, and of it what is asked for, on a thread that may take its time.
pub(super) async fn made<T: Send + 'static>(
    desk: &Desk,
    query: Query,
    form: Form,
    waiting: Waiting,
    then: impl FnOnce(Made) -> T + Send + 'static,
) -> Result<T, Problem> {
    let Resolved { definition, position, state } = {
        let _waiting = desk.begin_waiting()?;
        resolve(desk, &query, waiting).await?
    };
    let running = desk.begin_query()?;
    let made = desk.compute(move |desk| {
        // Held as long as the report is being made, also when nobody waits for it any more.
        let _running = running;
        made_of(desk, &state, &query, &definition, position, form).map(then)
    });
    made.await?.map_err(|error| refused(&error))
}

/// Why a report was not made, to whoever asked.
pub(super) fn refused(refused: &ReportError) -> Problem {
    match refused {
        ReportError::TooManyCells { .. } => Problem::new(Slug::TooManyCells, refused.to_string()),
        ReportError::EmptyTime { .. } => wrong_parameter("to", refused),
        ReportError::TooManyDimensions(_) => wrong_parameter("group_by", refused),
        ReportError::OtherFolded(_) | ReportError::NotKept | ReportError::InParts => {
            Problem::new(Slug::Internal, refused.to_string())
        }
    }
}

/// Makes the report of a state, its rows only where they are not kept.
fn made_of(
    desk: &Desk,
    state: &Measurements,
    query: &Query,
    definition: &Arc<Published>,
    position: Position,
    form: Form,
) -> Result<Made, ReportError> {
    let head = head(state, query, definition, position)?;
    let key = (RowsKey::of(state, query, &head), form);
    let rows = desk.rows().get(&key, || {
        let labels = KeyLabels(Arc::clone(desk.codec().keys()));
        Ok(match form {
            Form::Json => rows_json(state, query, definition, position, &labels)?,
            Form::Csv => {
                let rows = rows(state, query, definition, position, &labels)?;
                Report { rows, ..head.clone() }.to_csv()
            }
        })
    })?;
    Ok(Made { head, rows })
}

/// A parameter that only the making of the report found wrong.
fn wrong_parameter(name: &str, refused: &ReportError) -> Problem {
    let wrong = Wrong { pointer: format!("/{name}"), detail: refused.to_string() };
    Problem::with_errors(Slug::Invalid, refused.to_string(), vec![wrong])
}

fn written(made: &Made, form: Form, headers: &HeaderMap) -> Response {
    let Made { head, rows } = made;
    let tag = tag_of(made, form);
    // What is sent depends on these, also where nothing is sent.
    let varies = (header::VARY, HeaderValue::from_static("accept"));
    if has_already(headers, &tag) {
        let told = [(header::ETAG, tag), varies, (header::VARY, HeaderValue::from_static("accept-encoding"))];
        let response = (StatusCode::NOT_MODIFIED, AppendHeaders(told)).into_response();
        return answer::at_position(response, head.position);
    }
    let (text, kind) = match form {
        Form::Json => (head.json_around(&rows.text) + "\n", "application/json"),
        Form::Csv => (rows.text.clone(), "text/csv; charset=utf-8"),
    };
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::ETAG, tag), varies];
    answer::at_position((headers, Body::from(text)).into_response(), head.position)
}

/// A weak tag of everything that is sent but the position: equal figures keep it while the log grows.
fn tag_of(made: &Made, form: Form) -> HeaderValue {
    let mut hasher = blake3::Hasher::new();
    match form {
        Form::Json => hasher.update(made.head.head_without_position().as_bytes()),
        Form::Csv => hasher.update(b"csv"),
    };
    let hex = hasher.update(&made.rows.digest).finalize().to_hex();
    HeaderValue::try_from(format!("W/\"{}\"", &hex[..32])).unwrap_or(HeaderValue::from_static("W/\"\""))
}
