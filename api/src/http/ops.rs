//! What whoever runs the server asks, and what every address answers that is none.

use super::Desk;
use super::answer;
use super::problem::{Problem, Slug};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use daftar_projections::measurements::Measurements;
use serde_json::json;
use std::any::Any;

/// `GET /healthz`: the process answers.
pub(super) fn alive() -> MethodRouter<Desk> {
    get(async || answer::value(&json!({"alive": true})))
}

/// `GET /readyz`: reports can be asked, and how far they are.
pub(super) fn ready() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>| {
        let durable = *desk.log().durable().borrow();
        let (status, position, stopped) = match desk.live().read(Measurements::position) {
            Ok(position) => (StatusCode::OK, Some(position), None),
            Err(failure) => (StatusCode::SERVICE_UNAVAILABLE, None, Some(failure.to_string())),
        };
        // Reports are answered whether or not anything can be written.
        let writes = desk.log().stopped().map(|why| why.to_string());
        let position = position.map(|position| position.0);
        let body = json!({
            "ready": status == StatusCode::OK, "position": position, "durable": durable.0, "stopped": stopped,
            "writes": writes, "durability": desk.log().durability().map(|mode| mode.to_string()),
        });
        let mut response = answer::value(&body);
        *response.status_mut() = status;
        answer::at_position(response, durable)
    })
}

/// An address that leads nowhere.
pub(super) async fn nothing_here(uri: Uri) -> Problem {
    Problem::new(Slug::NotFound, format!("there is nothing at {}", uri.path()))
}

/// An address that knows other methods.
pub(super) async fn another_method(uri: Uri) -> Problem {
    Problem::new(Slug::MethodNotAllowed, format!("{} knows another method; Allow says which", uri.path()))
}

/// A panic: the request is answered all the same.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    eprintln!("daftar: a request failed: {}", said.unwrap_or("no reason was given"));
    Problem::new(Slug::Internal, "a mistake on our side; whoever runs this server finds it in its output")
        .into_response()
}
