//! A small HTTP/1.1 client that keeps its connection, and tells a connection closed from an answer cut off.

use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request to be sent, and sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its method.
    pub method: &'static str,
    /// Its path, with its parameters.
    pub path: String,
    /// Headers besides those every request has.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: String,
}

impl Asked {
    /// A request for something to be told.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), headers: Vec::new(), body: String::new() }
    }

    /// A request for something to be done.
    #[must_use]
    pub fn post(path: impl Into<String>, body: &impl ToString) -> Self {
        Self { method: "POST", path: path.into(), headers: Vec::new(), body: body.to_string() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, their names in small letters.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The lines of the body as JSON.
    ///
    /// # Panics
    ///
    /// When one is none.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a helper of tests")]
    pub fn lines(&self) -> Vec<Value> {
        let lines = self.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).expect("a line is JSON")).collect()
    }

    /// Whether what was asked for was done.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.status, 200 | 201)
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Cut {
    /// The connection ended before the answer began.
    BeforeAnswer(io::Error),
    /// The answer began, and the connection ended before its end.
    WithinAnswer(io::Error),
}

/// A connection to a server.
pub struct Client {
    connection: BufReader<TcpStream>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let connection = TcpStream::connect_timeout(&address, PATIENCE)?;
        connection.set_nodelay(true)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { connection: BufReader::new(connection) })
    }

    /// Asks, and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// [`Cut`] when there is none.
    pub fn ask(&mut self, asked: &Asked) -> Result<Answer, Cut> {
        self.send(asked)?;
        self.answer().map_err(Cut::WithinAnswer)
    }

    /// Asks for what goes on and on, and waits until it begins.
    ///
    /// # Errors
    ///
    /// [`Cut`] when it does not.
    pub fn follow(mut self, asked: &Asked) -> Result<Streamed, Cut> {
        self.send(asked)?;
        let head = self.head().map_err(Cut::WithinAnswer)?;
        Ok(Streamed { client: self, head, read: Vec::new() })
    }

    fn send(&mut self, asked: &Asked) -> Result<(), Cut> {
        let Asked { method, path, headers, body } = asked;
        let own: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let len = body.len();
        let text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len}\r\n{own}\r\n{body}");
        self.connection.get_mut().write_all(text.as_bytes()).map_err(Cut::BeforeAnswer)?;
        if self.connection.fill_buf().map_err(Cut::BeforeAnswer)?.is_empty() {
            return Err(Cut::BeforeAnswer(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(())
    }

    /// Reads an answer up to its body.
    fn head(&mut self) -> io::Result<Answer> {
        let head = self.line()?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| odd(&head))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| odd(&line))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Answer { status, headers, body: Vec::new() })
    }

    fn answer(&mut self) -> io::Result<Answer> {
        let mut answer = self.head()?;
        if answer.header("transfer-encoding") == Some("chunked") {
            while self.chunk(&mut answer.body)? {}
        } else {
            let len = answer.header("content-length").and_then(|len| len.parse().ok()).unwrap_or(0);
            answer.body.resize(len, 0);
            self.connection.read_exact(&mut answer.body)?;
        }
        Ok(answer)
    }

    /// Reads a chunk and its end; false: it was the last.
    fn chunk(&mut self, body: &mut Vec<u8>) -> io::Result<bool> {
        let head = self.line()?;
        let len = usize::from_str_radix(&head, 16).map_err(|_| odd(&head))?;
        let start = body.len();
        body.resize(start + len, 0);
        self.connection.read_exact(&mut body[start..])?;
        self.line()?;
        Ok(len > 0)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.connection.read_line(&mut line)?;
        line.strip_suffix("\r\n").map(str::to_owned).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// An answer that goes on and on, in chunks.
pub struct Streamed {
    client: Client,
    /// Its status and headers.
    pub head: Answer,
    read: Vec<u8>,
}

impl Streamed {
    /// Waits for the text up to and with the next `end`; none: the answer has ended in order.
    ///
    /// # Errors
    ///
    /// Those of the system, when the answer is cut off.
    pub fn next(&mut self, end: &str) -> io::Result<Option<String>> {
        loop {
            let found = self.read.windows(end.len()).position(|window| window == end.as_bytes());
            if let Some(place) = found {
                let rest = self.read.split_off(place + end.len());
                let text = std::mem::replace(&mut self.read, rest);
                return String::from_utf8(text).map(Some).map_err(io::Error::other);
            }
            if !self.client.chunk(&mut self.read)? {
                return if self.read.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// Waits for the next server-sent event that is none of the heartbeats: its id and its data.
    ///
    /// # Errors
    ///
    /// Those of the system, and what is no event.
    pub fn event(&mut self) -> io::Result<Option<(String, Value)>> {
        loop {
            let Some(text) = self.next("\n\n")? else { return Ok(None) };
            if text.starts_with(':') {
                continue;
            }
            let parts = text.strip_prefix("id: ").and_then(|text| text.trim_end().split_once("\ndata: "));
            let (id, data) = parts.ok_or_else(|| odd(&text))?;
            return Ok(Some((id.to_owned(), serde_json::from_str(data)?)));
        }
    }
}

fn odd(line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("no HTTP: {line}"))
}
