//! A running server, as published reports are asked of it and given to it.

use crate::Failure;
use serde_json::Value;
use std::time::Duration;
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// The largest answer that is taken, in bytes: a report three times.
const ANSWER_BYTES_MAX: u64 = 1 << 30;
/// How long the server may wait for what it makes reports of, as its parameter `timeout` says it.
const WAIT: &str = "timeout=60s";

/// A server and what it is asked with.
#[derive(Debug)]
pub(crate) struct Desk {
    agent: Agent,
    base: String,
    key: Option<String>,
}

impl Desk {
    /// The server at an address.
    ///
    /// # Errors
    ///
    /// Wrong usage where the text is no address of a server.
    pub(crate) fn at(url: &str, key: Option<&str>) -> Result<Self, Failure> {
        let base = url.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") {
            let why = "is no address of a server; give one like http://127.0.0.1:7070";
            return Err(Failure::usage(format!("--url {url} {why}")));
        }
        let agent = Agent::config_builder().http_status_as_error(false).proxy(None).max_redirects(0);
        let agent = agent.timeout_connect(Some(CONNECT_MAX)).build().into();
        Ok(Self { agent, base, key: key.map(str::to_owned) })
    }

    /// Its address.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Reads an address below its own, with parameters where they are given.
    ///
    /// # Errors
    ///
    /// In the server's words, why there is no answer.
    pub(crate) fn get(&self, path: &str, parameters: &str) -> Result<String, Failure> {
        let request = self.agent.get(self.address(path, parameters));
        let asked = match self.authorization() {
            Some(key) => request.header(header::AUTHORIZATION, key).call(),
            None => request.call(),
        };
        self.answer(asked)
    }

    /// Posts a body of JSON.
    ///
    /// # Errors
    ///
    /// In the server's words, why it was not taken.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<String, Failure> {
        let request = self.agent.post(self.address(path, "")).header(header::CONTENT_TYPE, "application/json");
        let asked = match self.authorization() {
            Some(key) => request.header(header::AUTHORIZATION, key).send(body.to_string()),
            None => request.send(body.to_string()),
        };
        self.answer(asked)
    }

    fn address(&self, path: &str, parameters: &str) -> String {
        let and = if parameters.is_empty() { "" } else { "&" };
        format!("{}{path}?{WAIT}{and}{parameters}", self.base)
    }

    fn authorization(&self) -> Option<String> {
        self.key.as_ref().map(|key| format!("Bearer {key}"))
    }

    fn answer(&self, asked: Result<Response<Body>, ureq::Error>) -> Result<String, Failure> {
        let base = &self.base;
        let unreachable = |why| {
            Failure::run(format!("--url {base}: no server answers there ({why}); is it running, is the address right?"))
        };
        let mut response = asked.map_err(unreachable)?;
        let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string().map_err(unreachable)?;
        let status = response.status();
        if status.is_success() {
            return Ok(text);
        }
        let problem: Option<Value> = serde_json::from_str(&text).ok();
        let detail = problem.as_ref().and_then(|problem| problem["detail"].as_str());
        let why = detail.map_or_else(|| format!("it answered {}", status.as_u16()), str::to_owned);
        Err(refused(status, format!("--url {base}: the server says: {why}")))
    }
}

/// What the sender can mend is wrong usage; all else could not run.
fn refused(status: StatusCode, why: String) -> Failure {
    let mends = matches!(status.as_u16(), 400 | 404 | 413 | 422);
    if mends { Failure::Usage(why) } else { Failure::Run(why) }
}

/// A name as a part of an address.
pub(crate) fn in_path(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}
