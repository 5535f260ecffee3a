//! `/v1/definitions`: the metric definitions there are, and publishing new versions of them.

use super::asked::{Parameters, has_already, if_match, truth};
use super::problem::{Problem, Slug, Wrong};
use super::{Desk, answer, tickets};
use crate::definitions::{Publication, PublishError};
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use daftar_eventlog::ndjson::write::Object;
use daftar_projections::definition::catalog::{Listed, Published};
use daftar_projections::definition::document::Definition;
use daftar_projections::definition::read;
use daftar_projections::live::resident::Progress;
use serde_json::json;

/// The header that says which version of a definition an answer is, or made.
const VERSION: HeaderName = HeaderName::from_static("daftar-definition-version");

/// The header that says how far the figures under a definition are.
const STATE: HeaderName = HeaderName::from_static("daftar-definition-state");

type OnePart = Result<Path<String>, PathRejection>;

/// `GET /v1/definitions`: each definition's newest version.
pub(super) fn list() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, uri: Uri| {
        let waiting = Parameters::of_query(uri.query(), |_| false)?.waiting()?;
        desk.wait(waiting).await?;
        let position = *desk.log().durable().borrow();
        let listed = desk.definitions().list(position).await?;
        let mut text = Vec::with_capacity(512);
        Object::write(&mut text, |object| {
            object.list("items", &listed, |out, one| Object::write(out, |object| item(object, one)));
            object.value("position", &position.0);
        });
        Ok::<_, Problem>(answer::at_position(answer::json(text), position))
    })
}

fn item(object: &mut Object<'_>, Listed { published, preset, published_at }: &Listed) {
    object.value("name", &published.document.name);
    object.value("version", &published.version);
    object.value("preset", preset);
    object.shown("published_at", published_at.as_ref());
}

/// `GET` and `PUT /v1/definitions/{name}`; `?state=true` asks how far the figures under it are.
pub(super) fn definition() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, path: OnePart, uri: Uri, headers: HeaderMap| {
        let name = name(path)?;
        let mut parameters = Parameters::of_query(uri.query(), |name| name == "state")?;
        let asks_state = truth("state", parameters.take("state").as_deref())?;
        desk.wait(parameters.waiting()?).await?;
        let position = *desk.log().durable().borrow();
        let published = desk.definitions().at(&name, position).await?;
        let published = published.ok_or_else(|| no_such_definition(&name))?;
        let progress = progress(&desk, &published.document);
        let response = if asks_state { state(&published, progress) } else { document_of(&published, &headers) };
        Ok::<_, Problem>(answer::at_position(with_state(response, progress), position))
    })
    .put(
        async |State(desk): State<Desk>,
               path: OnePart,
               uri: Uri,
               headers: HeaderMap,
               body: Result<Bytes, BytesRejection>| {
            let name = name(path)?;
            Parameters::read(uri.query(), |_| false)?;
            let _running = desk.begin_command()?;
            let body = body.map_err(|refused| tickets::unread(&refused))?;
            let document = document(&name, &headers, &body)?;
            let if_version = if_match(&headers)?.map(u64::from);
            let publication = desk.definitions().publish(document.clone(), if_version, desk.now()).await?;
            desk.prepare(&document, publication.position).await;
            Ok::<_, Problem>(with_state(published(&name, publication), progress(&desk, &document)))
        },
    )
}

/// The document, unless the client has it.
fn document_of(published: &Published, headers: &HeaderMap) -> Response {
    let tag = answer::version_tag(published.version);
    let mut response = if has_already(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        answer::json(published.document.to_json().into_bytes())
    };
    response.headers_mut().insert(header::ETAG, tag);
    response.headers_mut().insert(VERSION, HeaderValue::from(published.version));
    response
}

/// How far the figures under a definition are; none: nobody has asked for them lately.
fn progress(desk: &Desk, document: &Definition) -> Option<Progress> {
    desk.resident().progress(&document.folded().into())
}

/// How far the figures are, in place of the document, which can be put back as it was read.
fn state(published: &Published, progress: Option<Progress>) -> Response {
    let state =
        progress.map(|Progress { ready, folded, of }| json!({"ready": ready, "position": folded.0, "of": of.0}));
    answer::value(&json!({"name": published.document.name, "version": published.version, "state": state}))
}

/// Says how far the figures are, beside a document or a publication.
fn with_state(mut response: Response, progress: Option<Progress>) -> Response {
    let told = match progress {
        None => "none".to_owned(),
        Some(Progress { ready: true, .. }) => "ready".to_owned(),
        Some(Progress { folded, of, .. }) => format!("folding {folded}/{of}"),
    };
    if let Ok(told) = HeaderValue::try_from(told) {
        response.headers_mut().insert(STATE, told);
    }
    response
}

fn name(path: OnePart) -> Result<String, Problem> {
    path.map(|Path(name)| name)
        .map_err(|_| Problem::new(Slug::NotFound, "the address is not UTF-8, and names of definitions are"))
}

fn no_such_definition(name: &str) -> Problem {
    let told =
        format!("there is no definition {name}; GET /v1/definitions lists those there are, name@version an older one");
    Problem::new(Slug::NotFound, told)
}

/// Reads and checks the document of a request.
fn document(name: &str, headers: &HeaderMap, body: &[u8]) -> Result<Definition, Problem> {
    if name.contains('@') {
        let why = "a version that was published is never changed: PUT under the bare name makes the next one";
        return Err(Problem::of_field(Slug::Invalid, "name", why));
    }
    let text = std::str::from_utf8(body).map_err(|_| Problem::new(Slug::Malformed, "the body is not UTF-8"))?;
    let read = if is_toml(headers) { Definition::from_toml(text) } else { Definition::from_json(text) };
    let document = read.map_err(|wrong| refused(&wrong))?;
    if document.name != name {
        let why = format!("is {}; it must be {name}, as in the address", document.name);
        return Err(Problem::of_field(Slug::Invalid, "name", why));
    }
    Ok(document)
}

fn is_toml(headers: &HeaderMap) -> bool {
    let of = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    of.split(';').next().is_some_and(|of| of.trim().eq_ignore_ascii_case("application/toml"))
}

/// What is wrong with a document, each place by itself.
fn refused(wrong: &[read::Wrong]) -> Problem {
    let slug = if wrong.iter().any(|wrong| wrong.is_syntax) { Slug::Malformed } else { Slug::Invalid };
    let detail = wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let errors = wrong.iter().map(|wrong| Wrong { pointer: wrong.pointer(), detail: wrong.reason.clone() }).collect();
    Problem::with_errors(slug, detail, errors)
}

fn published(name: &str, publication: Publication) -> Response {
    let Publication { version, position, created, .. } = publication;
    let mut text = Vec::with_capacity(64);
    Object::write(&mut text, |object| {
        object.value("name", name);
        object.value("version", &version);
        object.value("position", &position.0);
    });
    let mut response = answer::json(text);
    let headers = response.headers_mut();
    headers.insert(header::ETAG, answer::version_tag(version));
    headers.insert(VERSION, HeaderValue::from(version));
    if created {
        if let Ok(place) = HeaderValue::try_from(format!("/v1/definitions/{}", answer::in_path(name))) {
            headers.insert(header::LOCATION, place);
        }
        *response.status_mut() = StatusCode::CREATED;
    }
    answer::at_position(response, position)
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        let told = error.to_string();
        match error {
            PublishError::StaleVersion { .. } => Self::new(Slug::StaleVersion, told),
            PublishError::Overtaken => Self::new(Slug::Conflict, told),
            PublishError::Unstorable(_) => Self::new(Slug::TooLarge, told),
            PublishError::Store(failure) => failure.into(),
        }
    }
}
