//! A load of HTTP/1.1 requests over connections that are kept, from a client that does as little as it can.

use std::net::SocketAddr;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// A request that posts `body` as JSON, with more header lines, each ended by CRLF.
#[must_use]
pub fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = "Host: localhost\r\nContent-Type: application/json\r\n";
    format!("POST {path} HTTP/1.1\r\n{head}{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

/// A request for `path`.
#[must_use]
pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// Sends every connection's requests one after the other, each after the answer to the one before, all connections at
/// a time; answers requests a second.
///
/// # Panics
///
/// When a connection fails or an answer is no success.
pub fn send(runtime: &Runtime, server: SocketAddr, requests: Vec<Vec<Vec<u8>>>) -> f64 {
    let count = requests.iter().map(Vec::len).sum();
    runtime.block_on(async {
        let mut connections = Vec::with_capacity(requests.len());
        for requests in requests {
            let stream = TcpStream::connect(server).await.unwrap();
            stream.set_nodelay(true).unwrap();
            connections.push((Connection { stream, buffer: Vec::with_capacity(1 << 16) }, requests));
        }
        let started = Instant::now();
        let tasks: Vec<_> = connections
            .into_iter()
            .map(|(mut connection, requests)| {
                tokio::spawn(async move {
                    for request in requests {
                        connection.ask(&request).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        crate::rate(count, started.elapsed())
    })
}

/// One answer's body.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn body_of(runtime: &Runtime, server: SocketAddr, request: &[u8]) -> Vec<u8> {
    runtime.block_on(async {
        let stream = TcpStream::connect(server).await.unwrap();
        let mut connection = Connection { stream, buffer: Vec::new() };
        let body = connection.ask(request).await;
        connection.buffer[body..].to_vec()
    })
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Sends a request and reads its answer; answers where the body begins.
    async fn ask(&mut self, request: &[u8]) -> usize {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            if let Some((body, length)) = head(&self.buffer)
                && self.buffer.len() >= body + length
            {
                let status = &self.buffer[9..12];
                assert!(status.starts_with(b"2"), "{}", String::from_utf8_lossy(&self.buffer));
                return body;
            }
        }
    }
}

/// Where an answer's body begins and how long it is, once its head is there.
fn head(answer: &[u8]) -> Option<(usize, usize)> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    Some((end + 4, length.parse().unwrap()))
}
