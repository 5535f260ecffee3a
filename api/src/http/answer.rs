//! What a command is answered with, and the headers that answers share.

use crate::commands::Outcome;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use daftar_eventlog::Position;
use daftar_eventlog::ndjson::write::Object;
use daftar_eventlog::ndjson::{Line, write_line};
use serde::Serialize;
use std::fmt::Display;

/// The header that says for which position of the log an answer speaks.
pub(super) const DAFTAR_POSITION: HeaderName = HeaderName::from_static("daftar-position");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const NDJSON: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// A JSON answer; a line end follows it, for terminals.
pub(super) fn json(mut text: Vec<u8>) -> Response {
    text.push(b'\n');
    ([(header::CONTENT_TYPE, JSON)], Body::from(text)).into_response()
}

/// A value as a JSON answer.
pub(super) fn value(value: &impl Serialize) -> Response {
    // What is answered has texts as names and finite numbers: it always has a JSON form.
    json(serde_json::to_vec(value).unwrap_or_default())
}

/// The answer to a command; the same events always give the same bytes.
pub(super) fn outcome(outcome: &Outcome, status: StatusCode) -> Response {
    let Outcome { ticket, version, position, events } = outcome;
    let mut text = Vec::with_capacity(512);
    Object::write(&mut text, |object| {
        object.value("ticket", ticket.as_str());
        object.value("version", &version.0);
        object.value("position", &position.0);
        object.list("events", events, event);
    });
    let mut response = json(text);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::ETAG, version_tag(version.0));
    if let Ok(place) = HeaderValue::try_from(format!("/v1/tickets/{}", in_path(ticket.as_str())))
        && status == StatusCode::CREATED
    {
        headers.insert(header::LOCATION, place);
    }
    response
}

/// An event, as its line without the line end.
pub(super) fn event(out: &mut Vec<u8>, line: &Line) {
    write_line(out, line);
    out.pop();
}

/// The entity tag of a version of a ticket or a definition.
pub(super) fn version_tag(version: impl Display) -> HeaderValue {
    // Quotes and digits are allowed in every header.
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Says for which position an answer speaks.
pub(super) fn at_position(mut response: Response, position: Position) -> Response {
    response.headers_mut().insert(DAFTAR_POSITION, HeaderValue::from(position.0));
    response
}

/// An id as a part of an address.
pub(super) fn in_path(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes()).collect()
}
