//! The server as its clients meet it: the real program on a fresh directory, asked over HTTP.

#![expect(clippy::expect_used, reason = "a helper of tests")]

use crate::served::Served;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use tempfile::TempDir;
use ureq::http::Request;
use ureq::{Agent, Body};

/// A running server on a directory of its own; both are gone when it is dropped.
#[derive(Debug)]
pub struct Server {
    running: Served,
    address: String,
    agent: Agent,
    dir: TempDir,
}

/// What a request was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub bytes: Vec<u8>,
}

impl Server {
    /// Starts `daftar serve` on a fresh directory and a free port.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::run("serve", &[])
    }

    /// Starts `daftar demo` on a fresh directory and a free port.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn demo(arguments: &[&str]) -> Self {
        Self::run("demo", arguments)
    }

    fn run(command: &str, arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        Self::of(Served::run(command, &dir.path().join("data"), arguments), dir)
    }

    /// Starts `daftar serve` on the data of a server that has ended.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn on(dir: TempDir) -> Self {
        Self::of(Served::start(&dir.path().join("data")), dir)
    }

    fn of(running: Served, dir: TempDir) -> Self {
        // A connection each: the server closes one on which it left a body unread, whatever waits behind that.
        let agent = Agent::config_builder().http_status_as_error(false).max_idle_connections(0);
        let agent = agent.max_redirects(0).build().into();
        Self { address: running.address.to_string(), running, agent, dir }
    }

    /// Kills the server and starts another one on the same directory.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn restart(self) -> Self {
        let Self { running, dir, .. } = self;
        running.kill();
        Self::on(dir)
    }

    /// Ends the server in order; its data directory, `data` in the one that is answered, is there until that is dropped.
    ///
    /// # Panics
    ///
    /// When it does not end in order.
    #[must_use]
    pub fn stop(self) -> TempDir {
        let Self { running, dir, .. } = self;
        let ended = running.terminate();
        assert!(ended.success(), "{ended}");
        dir
    }

    /// Kills the server on the spot; its data directory, `data` in the one that is answered, is there until that is
    /// dropped.
    #[must_use]
    pub fn kill(self) -> TempDir {
        let Self { running, dir, .. } = self;
        running.kill();
        dir
    }

    /// Where it listens, such as `127.0.0.1:40123`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Reads an address.
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    /// Reads an address, saying more.
    #[must_use]
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers)
    }

    /// A request without a body.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    #[must_use]
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.request(method, path, headers).body(()).expect("a request");
        Answer::of(self.agent.run(request).expect("an answer"))
    }

    /// Posts a body.
    pub fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.post_with(path, body, &[])
    }

    /// Posts a body, saying more.
    pub fn post_with(&self, path: &str, body: impl AsRef<[u8]>, headers: &[(&str, &str)]) -> Answer {
        self.send("POST", path, body, headers)
    }

    /// A request with a body.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    pub fn send(&self, method: &str, path: &str, body: impl AsRef<[u8]>, headers: &[(&str, &str)]) -> Answer {
        let request = self.request(method, path, headers).body(body.as_ref()).expect("a request");
        Answer::of(self.agent.run(request).expect("an answer"))
    }

    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> ureq::http::request::Builder {
        let request = Request::builder().method(method).uri(format!("http://{}{path}", self.address()));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }

    /// A request as these bytes, for what no client sends; it must ask for the connection to be closed.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    #[must_use]
    pub fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address()).expect("a connection");
        stream.write_all(request).expect("the request is taken");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("an answer");
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("headers end");
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
        let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Answer { status, headers: lines.filter_map(header).collect(), bytes: bytes.split_off(end + 4) }
    }
}

impl Answer {
    fn of(mut response: ureq::http::Response<Body>) -> Self {
        let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Self {
            status: response.status().as_u16(),
            headers: response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            bytes: response.body_mut().with_config().limit(1 << 30).read_to_vec().expect("a whole answer"),
        }
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// When it is none.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).expect("answers are UTF-8")
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Asserts that this is a whole problem of that status and sort; answers what it says and where, sorted.
    ///
    /// # Panics
    ///
    /// When it is not.
    #[track_caller]
    pub fn problem(&self, status: u16, slug: &str) -> (String, Vec<String>) {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        let told = self.json();
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(text("type"), format!("/problems/{slug}"), "{told}");
        assert_eq!(told["status"], status, "{told}");
        assert!(!text("title").is_empty() && !text("detail").is_empty(), "{told}");
        let errors = told["errors"].as_array().cloned().unwrap_or_default();
        assert!(errors.iter().all(|error| error["detail"].as_str().is_some_and(|detail| !detail.is_empty())), "{told}");
        let mut pointers: Vec<_> =
            errors.iter().filter_map(|error| Some(error["pointer"].as_str()?.to_owned())).collect();
        pointers.sort_unstable();
        assert_eq!(pointers.len(), errors.len(), "{told}");
        (text("detail"), pointers)
    }
}

/// A text as a part of an address.
#[must_use]
pub fn in_path(text: &str) -> String {
    text.bytes().fold(String::new(), |mut path, byte| {
        if byte.is_ascii_alphanumeric() {
            path.push(byte.into());
        } else {
            write!(path, "%{byte:02X}").expect("a string takes everything");
        }
        path
    })
}
