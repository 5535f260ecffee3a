//! `/v1/snapshots`: reports that were published, kept as they were, and what they would be now.

mod again;

use super::asked::{Parameters, has_already, idempotency_key, truth};
use super::problem::{Problem, Slug, Wrong};
use super::reports::refused;
use super::resolve::{Resolved, deadline, position_of, resolve, resolve_at};
use super::{Desk, Waiting, answer, tickets};
use crate::snapshots::{KeepError, Made, PRODUCT, Publication};
use axum::body::{Body, Bytes};
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use daftar_domain::Invalid;
use daftar_eventlog::Version;
use daftar_eventlog::ndjson::write::Object;
use daftar_eventlog::ndjson::{PublicationBody, parse_publication, write_publication};
use daftar_eventlog::snapshot::{PackError, Packed, pack};
use daftar_projections::definition::catalog::Published;
use daftar_projections::definition::document::Definition;
use daftar_projections::labels::{Pseudonyms, by_pseudonym};
use daftar_projections::report::query::Query;
use daftar_projections::report::report;
use daftar_projections::snapshots::{Listed, Snapshot};
use std::sync::Arc;

type OnePart = Result<Path<String>, PathRejection>;

/// `GET` and `POST /v1/snapshots`: each name's newest report; publishing one.
pub(super) fn list() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, uri: Uri| {
        desk.wait(Parameters::of_query(uri.query(), |_| false)?.waiting()?).await?;
        let position = *desk.log().durable().borrow();
        let listed = desk.snapshots().list(position).await?;
        let mut text = Vec::with_capacity(512);
        Object::write(&mut text, |object| {
            object.list("items", &listed, |out, one| Object::write(out, |object| told(object, one, false)));
            object.value("position", &position.0);
        });
        Ok::<_, Problem>(answer::at_position(answer::json(text), position))
    })
    .post(async |State(desk): State<Desk>, uri: Uri, headers: HeaderMap, body: Result<Bytes, BytesRejection>| {
        let waiting = Parameters::of_query(uri.query(), |_| false)?.waiting()?;
        let _running = desk.begin_command()?;
        let body = body.map_err(|refused| tickets::unread(&refused))?;
        let stamp = idempotency_key(&headers)?.map(|key| tickets::stamp(&desk, key, uri.path(), &body));
        let asked = parse_publication(&body)?;
        if let Some(first) = desk.snapshots().first_answer(asked.name.as_str(), stamp).await? {
            return Ok(published(&first));
        }
        let (now, (snapshot, packed)) = (desk.now(), made(&desk, asked, waiting).await?);
        let publication = desk.snapshots().publish(Made { snapshot, packed, stamp, now }).await?;
        Ok::<_, Problem>(published(&publication))
    })
}

/// `GET /v1/snapshots/{name}`; `?kept=true` asks for the kept bytes alone.
pub(super) fn snapshot() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, path: OnePart, uri: Uri, headers: HeaderMap| {
        let Path(name) = path.map_err(|_| no_such_snapshot(""))?;
        let mut parameters = Parameters::of_query(uri.query(), |name| name == "kept")?;
        let kept_alone = truth("kept", parameters.take("kept").as_deref())?;
        let waiting = parameters.waiting()?;
        desk.wait(waiting).await?;
        let position = *desk.log().durable().borrow();
        let listed = desk.snapshots().at(&name, position).await?.ok_or_else(|| no_such_snapshot(&name))?;
        let kept = desk.snapshots().bytes_of(&listed).await?;
        if kept_alone {
            return Ok(answer::at_position(kept_bytes(&listed, kept, &headers), listed.published));
        }
        let text = again::beside(&desk, &listed, kept, deadline(waiting)).await?;
        Ok::<_, Problem>(answer::at_position(answer::json(text), position))
    })
}

/// What is told of a published report.
fn told(object: &mut Object<'_>, listed: &Listed, with_document: bool) {
    let Listed { snapshot, published_at, .. } = listed;
    let mut facts = snapshot.facts();
    facts.document = facts.document.filter(|_| with_document);
    object.value("name", &snapshot.name);
    object.value("version", &snapshot.version.0);
    write_publication(object, &facts);
    object.value("position", &snapshot.position.0);
    object.shown("published_at", Some(published_at));
}

fn published(Publication { listed, unchanged }: &Publication) -> Response {
    let mut text = Vec::with_capacity(512);
    Object::write(&mut text, |object| told(object, listed, true));
    let mut response = answer::json(text);
    let version = format!("{}@{}", listed.snapshot.name, listed.snapshot.version.0);
    if let Ok(place) = HeaderValue::try_from(format!("/v1/snapshots/{}", answer::in_path(&version))) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    if !unchanged {
        *response.status_mut() = StatusCode::CREATED;
    }
    answer::at_position(response, listed.published)
}

/// The bytes as they were published, unless the client has them; their digest is the tag.
fn kept_bytes(listed: &Listed, kept: String, headers: &HeaderMap) -> Response {
    let tag = answer::version_tag(blake3::Hash::from_bytes(listed.snapshot.digest).to_hex());
    let mut response = if has_already(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], Body::from(kept)).into_response()
    };
    response.headers_mut().insert(header::ETAG, tag);
    response
}

fn no_such_snapshot(name: &str) -> Problem {
    let told = format!(
        "there is no published report {name}; GET /v1/snapshots lists those there are, name@version an older one"
    );
    Problem::new(Slug::NotFound, told)
}

/// Makes the report that is asked for, customers by pseudonym: what is told of it, and its bytes, packed.
async fn made(desk: &Desk, asked: PublicationBody, waiting: Waiting) -> Result<(Snapshot, Packed), Problem> {
    let document = asked.document.as_deref().map(document_of).transpose()?;
    let parameters = without_ids(desk, asked.query)?;
    let query = Query::parse(&asked.report, parameters.clone()).map_err(|wrong| in_query(&wrong))?;
    let Resolved { definition, position, state } = {
        let _waiting = desk.begin_waiting()?;
        match &document {
            Some(definition) => {
                desk.wait(waiting).await?;
                let position = position_of(desk, &query).await.map_err(|problem| problem.below("query"))?;
                resolve_at(desk, &query, Arc::clone(definition), position, deadline(waiting)).await
            }
            None => resolve(desk, &query, waiting).await,
        }
    }
    .map_err(|problem| problem.below("query"))?;
    let snapshot = Snapshot {
        name: asked.name.as_str().to_owned(),
        version: Version::ZERO,
        report: query.report.name().to_owned(),
        query: parameters,
        definition: definition.document.name.clone(),
        definition_version: definition.version,
        document: document.map(|definition| definition.document.to_json()),
        position,
        product: PRODUCT.to_owned(),
        by: asked.by,
        digest: [0; 32],
        length: 0,
    };
    let running = desk.begin_query()?;
    let made = desk.compute(move |_| {
        let _running = running;
        let made = report(&state, &query, &definition, position, &Pseudonyms);
        made.map(|made| pack(made.to_json().as_bytes())).map_err(|error| refused(&error).below("query"))
    });
    let packed = made.await??.map_err(KeepError::from)?;
    Ok((snapshot, packed))
}

/// The parameters as they are kept: sorted by name, customers by pseudonym.
fn without_ids(
    desk: &Desk,
    query: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<(String, String)>, Problem> {
    let keys = desk.codec().keys();
    let kept = |(name, value): (String, String)| {
        if name != "customer" {
            return Ok((name, value));
        }
        let unknown = || {
            let rule = "must name customers that there are: a published report keeps them by pseudonym";
            Problem::invalid(&[Invalid::new("query.customer", &value, rule)])
        };
        Ok((name, by_pseudonym(&value, &**keys)?.ok_or_else(unknown)?))
    };
    query.into_iter().map(kept).collect()
}

/// What is wrong with parameters, at their places in the body.
fn in_query(wrong: &[Invalid]) -> Problem {
    let place = |wrong: &Invalid| match wrong.field.as_str() {
        "report" => wrong.clone(),
        field => Invalid { field: format!("query.{field}"), ..wrong.clone() },
    };
    Problem::invalid(&wrong.iter().map(place).collect::<Vec<_>>())
}

/// Reads and checks the definition that came with a request.
fn document_of(text: &str) -> Result<Arc<Published>, Problem> {
    let document = Definition::from_json(text).map_err(|wrong| {
        let detail = wrong.iter().map(|wrong| format!("document: {wrong}")).collect::<Vec<_>>().join("; ");
        let place = |pointer: String| format!("/document{pointer}");
        let errors = wrong.iter().map(|w| Wrong { pointer: place(w.pointer()), detail: w.reason.clone() }).collect();
        Problem::with_errors(Slug::Invalid, detail, errors)
    })?;
    Ok(Arc::new(Published { document, version: 0 }))
}

impl From<KeepError> for Problem {
    fn from(error: KeepError) -> Self {
        let told = error.to_string();
        match error {
            KeepError::Packing(PackError::Failed(_)) => Self::new(Slug::Internal, told),
            KeepError::Packing(PackError::TooLarge { .. }) | KeepError::Unstorable(_) => {
                Self::new(Slug::TooLarge, told)
            }
            KeepError::Contended => Self::new(Slug::Conflict, told),
            KeepError::KeyReused => Self::new(Slug::KeyReused, told),
            KeepError::Store(failure) => failure.into(),
        }
    }
}

#[cfg(test)]
mod tests;
