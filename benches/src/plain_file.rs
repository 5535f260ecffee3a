//! The peer of the log: a plain file with the same group commit, and nothing else.
//!
//! One thread takes all appends that wait, writes their bytes with one call, syncs, and answers each. No checksum, no
//! order within a stream, no way to read: what a durable answer costs on this disk at the least.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// As the log has them, so that groups may grow alike.
const REQUESTS_MAX: usize = 4096;
const GROUP_MAX: usize = 1024;

/// A file that answers an append when it is durable.
#[derive(Debug)]
pub struct PlainFile {
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Request {
    bytes: Vec<u8>,
    answer: oneshot::Sender<()>,
}

impl PlainFile {
    /// Creates it.
    ///
    /// # Panics
    ///
    /// When the file can't be created.
    #[must_use]
    pub fn create(path: &Path) -> Self {
        let file = File::create_new(path).unwrap();
        let (requests, queue) = mpsc::channel(REQUESTS_MAX);
        let writer = std::thread::spawn(move || write(file, queue));
        Self { requests: Some(requests), writer: Some(writer) }
    }

    /// Appends bytes; answers when they are durable.
    ///
    /// # Panics
    ///
    /// When the file could not be written.
    pub async fn append(&self, bytes: Vec<u8>) {
        let (answer, answered) = oneshot::channel();
        self.requests.as_ref().unwrap().send(Request { bytes, answer }).await.unwrap();
        answered.await.unwrap();
    }
}

impl Drop for PlainFile {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(writer) = self.writer.take() {
            writer.join().unwrap();
        }
    }
}

fn write(mut file: File, mut requests: mpsc::Receiver<Request>) {
    let (mut buffer, mut answers) = (Vec::new(), Vec::new());
    while let Some(first) = requests.blocking_recv() {
        let mut next = Some(first);
        while let Some(Request { bytes, answer }) = next {
            buffer.extend(bytes);
            answers.push(answer);
            next = if answers.len() < GROUP_MAX { requests.try_recv().ok() } else { None };
        }
        file.write_all(&buffer).unwrap();
        file.sync_data().unwrap();
        buffer.clear();
        for answer in answers.drain(..) {
            // Whoever asked may have gone away.
            let _ = answer.send(());
        }
    }
}
