//! A running server, as the administrator's commands see it.

use serde::Deserialize;
use ureq::{Agent, Body, http::Response};

/// What a server says when it can't.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

/// Whoever asks it.
pub(crate) fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).proxy(None).build().into()
}

/// What the server said instead of what was asked for.
pub(crate) fn refusal(status: u16, text: &str) -> String {
    let problem: Option<Problem> = serde_json::from_str(text).ok();
    problem.map_or_else(|| format!("it answered {status}"), |problem| problem.detail)
}

/// Gets an answer that is read as it comes.
///
/// # Errors
///
/// Words, when there is none or it is a refusal.
pub(crate) fn get(agent: &Agent, url: &str) -> Result<Response<Body>, String> {
    let mut response = agent.get(url).call().map_err(|e| e.to_string())?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status().as_u16();
    Err(refusal(status, &response.body_mut().read_to_string().unwrap_or_default()))
}
