//! What stands between a client and a server and does to answers what networks and disks do.

#![expect(clippy::expect_used, reason = "a helper of tests")]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What becomes of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// It is answered by the server.
    Pass,
    /// The connection ends after so many bytes of the answer.
    CutAfter(usize),
    /// One bit is flipped in that byte of the answer, counted from its first header on.
    FlipAt(usize),
    /// It is answered with these bytes, and the server learns nothing of it.
    Answer(&'static str),
}

/// A proxy of one server; it takes one request a connection.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens on a free port; `deed` says what becomes of each request, by what was asked before it and its own path.
    ///
    /// # Panics
    ///
    /// When there is no port.
    pub fn start(server: SocketAddr, deed: impl Fn(&[String], &str) -> Deed + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (asked, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (paths, ended) = (Arc::clone(&asked), Arc::clone(&over));
        let listening = std::thread::spawn(move || {
            for client in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                // A client that goes away is no fault of the proxy.
                let _ = client.and_then(|client| pass(client, server, &paths, &deed));
            }
        });
        Self { address, asked, over, listening: Some(listening) }
    }

    /// The paths that were asked for, in order.
    ///
    /// # Panics
    ///
    /// When the proxy did.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the proxy runs").clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        let _ = self.listening.take().map(JoinHandle::join);
    }
}

fn pass(
    mut client: TcpStream,
    server: SocketAddr,
    asked: &Mutex<Vec<String>>,
    deed: &impl Fn(&[String], &str) -> Deed,
) -> io::Result<()> {
    let head = head(&mut client)?;
    let body = body(&head, &mut client)?;
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let deed = {
        let mut asked = asked.lock().expect("nobody panics with it");
        let deed = deed(&asked, &path);
        asked.push(path);
        deed
    };
    if let Deed::Answer(answer) = deed {
        return client.write_all(answer.as_bytes());
    }
    let mut server = TcpStream::connect(server)?;
    server.write_all(head.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes())?;
    server.write_all(&body)?;
    let (mut piece, mut passed) = ([0; 16 << 10], 0);
    loop {
        let read = server.read(&mut piece)?;
        let mut piece = &mut piece[..read];
        match deed {
            Deed::FlipAt(at) if (passed..passed + read).contains(&at) => piece[at - passed] ^= 1,
            Deed::CutAfter(at) if passed + read >= at => piece = &mut piece[..at - passed],
            _ => {}
        }
        client.write_all(piece)?;
        passed += read;
        if read == 0 || matches!(deed, Deed::CutAfter(at) if passed >= at) {
            return Ok(());
        }
    }
}

/// The body of a request, as long as its head says: who answers before it came would cut the connection under it.
fn body(head: &str, client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let is_length = |(name, _): &(&str, &str)| name.eq_ignore_ascii_case("content-length");
    let length = head.lines().filter_map(|line| line.split_once(": ")).find(is_length);
    let mut body = vec![0; length.and_then(|(_, length)| length.parse().ok()).unwrap_or(0)];
    client.read_exact(&mut body).map(|()| body)
}

/// The head of a request.
fn head(client: &mut TcpStream) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
