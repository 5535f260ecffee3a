//! A running server, as the tool asks it over HTTP.

use crate::Failure;
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use ureq::http::{Response, Uri, header};
use ureq::{Agent, Body, RequestBuilder};

/// The media type of reports, and of all that is told in one answer.
pub(crate) const JSON: &str = "application/json";
/// How long the server may wait for what it answers from, as its parameter `timeout` says it.
pub(crate) const WAIT: &str = "timeout=60s";

/// How long a connection may take, and a server may say nothing at all.
const CONNECT_MAX: Duration = Duration::from_secs(10);
const SILENT_MAX: Duration = Duration::from_secs(120);
/// The largest answer that is taken as one text, in bytes.
const TEXT_BYTES_MAX: u64 = 1 << 30;

/// Where a server listens, and what it is asked with.
#[derive(Debug)]
pub(crate) struct Server {
    agent: Agent,
    base: String,
    key: Option<String>,
    /// The flag that named it.
    flag: &'static str,
}

/// Why a server gives no answer; says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// Nobody listens there, or the connection broke.
    #[error("{flag} {base}: no server answers there ({why}); is it running, and is the address right?")]
    Unreachable { flag: &'static str, base: String, why: String },
    /// Something else listens there.
    #[error("{flag} {base}: what answers there is no Daftar server ({why}); give the address of one")]
    Foreign { flag: &'static str, base: String, why: String },
    /// It wants a key, or another one.
    #[error("{flag} {base}: {}", unauthenticated(*.with_key))]
    Unauthenticated { flag: &'static str, base: String, with_key: bool },
    /// The key may not do that.
    #[error("{flag} {base}: the key may not {deed} this ({why}); give one of an analyst or an admin")]
    Forbidden { flag: &'static str, base: String, deed: Deed, why: String },
    /// It says why not.
    #[error("{flag} {base}: the server says: {why}")]
    Said { flag: &'static str, base: String, status: u16, why: String },
}

/// What is done by asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Read,
    Publish,
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Publish => "publish",
        })
    }
}

const fn unauthenticated(with_key: bool) -> &'static str {
    if with_key {
        "the server does not know this key, or it has run out or was revoked; give one that holds"
    } else {
        "the server wants an API key; give one with --key"
    }
}

impl Refused {
    /// Whether it may answer when asked again.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Said { status: 429 | 502..=504, .. })
    }

    /// Whether it keeps this from whoever asks.
    pub(crate) const fn is_kept_back(&self) -> bool {
        matches!(self, Self::Unauthenticated { .. } | Self::Forbidden { .. })
    }

    /// The failure of a request that the flags made up: what other flags can mend is wrong usage.
    pub(crate) fn of_flags(self) -> Failure {
        match self {
            Self::Said { status: 400 | 404 | 413 | 422, .. } => Failure::usage(self),
            refused => refused.into(),
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::run(refused)
    }
}

impl Server {
    /// The server at an address.
    ///
    /// # Errors
    ///
    /// Wrong usage where the text is no address of a server.
    pub(crate) fn at(flag: &'static str, url: &str, key: Option<&str>) -> Result<Self, Failure> {
        let base = url.trim_end_matches('/').to_owned();
        let wrong = |why: &str| Failure::usage(format!("{flag} {url}: {why}"));
        if base.starts_with("https://") {
            return Err(wrong(
                "only plain HTTP is spoken; give an http:// address, such as a tunnel's on this machine",
            ));
        }
        let uri: Option<Uri> = base.parse().ok();
        if uri.as_ref().and_then(Uri::authority).is_some_and(|authority| authority.as_str().contains('@')) {
            // Not told: there is a password in it.
            return Err(Failure::usage(format!(
                "{flag}: a name and password in the address are not sent; give --key KEY"
            )));
        }
        let whole = uri.filter(|uri| base.starts_with("http://") && uri.host().is_some() && uri.query().is_none());
        whole.ok_or_else(|| wrong("this is no address of a server; give one like http://127.0.0.1:7070"))?;
        if key.is_some_and(|key| key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(Failure::usage("--key is no API key: a key has letters, digits and signs, and no spaces"));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_MAX))
            .timeout_per_read(Some(SILENT_MAX));
        Ok(Self { agent: config.build().into(), base, key: key.map(str::to_owned), flag })
    }

    /// Its address.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Gets an answer of that media type, which is read as it comes.
    ///
    /// # Errors
    ///
    /// [`Refused`] when there is none.
    pub(crate) fn get(&self, path: &str, media_type: &str) -> Result<Response<Body>, Refused> {
        let request = self.agent.get(format!("{}{path}", self.base)).header(header::ACCEPT, media_type);
        self.answer(self.with_key(request).call(), (Deed::Read, path), media_type)
    }

    /// Posts JSON to where something is published; answers what is told of it, as JSON.
    ///
    /// # Errors
    ///
    /// [`Refused`] when it was not taken.
    pub(crate) fn publish(&self, path: &str, body: &Value) -> Result<String, Refused> {
        let request = self.agent.post(format!("{}{path}", self.base)).header(header::ACCEPT, JSON);
        let sent = self.with_key(request).content_type(JSON).send(body.to_string());
        self.whole(self.answer(sent, (Deed::Publish, path), JSON)?)
    }

    /// Gets a whole text of that media type.
    ///
    /// # Errors
    ///
    /// [`Refused`] when there is none.
    pub(crate) fn text(&self, path: &str, media_type: &str) -> Result<String, Refused> {
        self.whole(self.get(path, media_type)?)
    }

    fn with_key<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        match &self.key {
            Some(key) => request.header(header::AUTHORIZATION, format!("Bearer {key}")),
            None => request,
        }
    }

    fn answer(
        &self,
        asked: Result<Response<Body>, ureq::Error>,
        what: (Deed, &str),
        media_type: &str,
    ) -> Result<Response<Body>, Refused> {
        let response = asked.map_err(|e| self.unreachable(&e))?;
        let kind = kind_of(&response);
        if response.status().is_success() && kind == media_type {
            return Ok(response);
        }
        Err(self.refusal(what, &kind, response))
    }

    fn whole(&self, mut response: Response<Body>) -> Result<String, Refused> {
        response.body_mut().with_config().limit(TEXT_BYTES_MAX).read_to_string().map_err(|e| self.unreachable(&e))
    }

    fn refusal(&self, (deed, path): (Deed, &str), kind: &str, mut response: Response<Body>) -> Refused {
        let (flag, base, status) = (self.flag, self.base.clone(), response.status().as_u16());
        let text = response.body_mut().read_to_string().unwrap_or_default();
        let detail = if kind == "application/problem+json" { detail_of(&text) } else { None };
        match (status, detail) {
            (401, _) => Refused::Unauthenticated { flag, base, with_key: self.key.is_some() },
            (403, why) => {
                let why = why.unwrap_or_else(|| "it answered 403".to_owned());
                Refused::Forbidden { flag, base, deed, why }
            }
            (_, Some(why)) => Refused::Said { flag, base, status, why },
            (500.., None) => Refused::Said { flag, base, status, why: format!("it answered {status}") },
            (_, None) => Refused::Foreign { flag, base, why: format!("{path} was answered {status}, {kind}") },
        }
    }

    fn unreachable(&self, why: &ureq::Error) -> Refused {
        let why = match why {
            ureq::Error::Io(why) => why.to_string(),
            why => why.to_string(),
        };
        Refused::Unreachable { flag: self.flag, base: self.base.clone(), why }
    }
}

/// The media type of an answer, without its parameters.
fn kind_of(response: &Response<Body>) -> String {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim).filter(|kind| !kind.is_empty());
    kind.unwrap_or("of no media type").to_owned()
}

fn detail_of(problem: &str) -> Option<String> {
    let problem: Value = serde_json::from_str(problem).ok()?;
    problem.get("detail")?.as_str().map(str::to_owned)
}

/// The position that an answer speaks for.
pub(crate) fn position_of(response: &Response<Body>) -> Option<u64> {
    response.headers().get("daftar-position")?.to_str().ok()?.parse().ok()
}

/// A name as a part of an address.
pub(crate) fn in_path(name: &str) -> String {
    // In a path a plus is a plus, and a space is not.
    form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}
