//! `POST /v1/events`: history in bulk.

use super::asked::Parameters;
use super::problem::{Problem, Slug};
use super::{Desk, answer, asked};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use daftar_domain::Limits;
use daftar_eventlog::Position;
use daftar_eventlog::import::{Chunk, Counts, Import, ImportError, LineReader, Options, Reject};
use futures_util::StreamExt as _;
use serde::Serialize;
use std::io::{self, BufReader, Read};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{block_in_place, spawn_blocking};

/// How many pieces of a body, and how many chunks of its lines, may wait.
const PIECES_AHEAD: usize = 8;
const CHUNKS_AHEAD: usize = 2;
/// How many rejects are listed; more are only counted.
const REJECTS_MAX: usize = 100_000;

/// What became of a bulk of history.
#[derive(Debug, Default, Serialize)]
struct Recorded {
    read: u64,
    appended: u64,
    present: u64,
    rejected: u64,
    rejects: Vec<Rejected>,
    #[serde(skip_serializing_if = "is_none")]
    rejects_left_out: u64,
    position: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

#[derive(Debug, Serialize)]
struct Rejected {
    line: u64,
    reason: String,
}

impl Recorded {
    fn reject(&mut self, reject: Reject<'_>) {
        if self.rejects.len() < REJECTS_MAX {
            self.rejects.push(Rejected { line: reject.line, reason: reject.reason.to_owned() });
        } else {
            self.rejects_left_out += 1;
        }
    }

    fn count(&mut self, counts: Counts, position: Position) {
        let Counts { read, appended, present, rejected } = counts;
        (self.read, self.appended, self.present, self.rejected) = (read, appended, present, rejected);
        self.position = position.0;
    }
}

/// `POST /v1/events`: records history line by line, as it comes; of any length.
pub(super) fn bulk() -> MethodRouter<Desk> {
    post(async |State(desk): State<Desk>, uri: Uri, body: Body| {
        let mut parameters = Parameters::read(uri.query(), |name| matches!(name, "dry_run" | "keep_recorded_at"))?;
        let dry_run = asked::truth("dry_run", parameters.take("dry_run").as_deref())?;
        let keep_recorded_at = asked::truth("keep_recorded_at", parameters.take("keep_recorded_at").as_deref())?;
        let _running = desk.begin_bulk()?;
        let (clock, vocabulary) = (desk.clock().clone(), Some(desk.vocabulary().clone()));
        let options = Options { keep_recorded_at, dry_run, alone: false, clock, vocabulary };
        let mut recorded = Recorded::default();
        let outcome = record(&desk, options, body, &mut recorded).await;
        outcome.map_err(|failure| stopped(failure, &recorded))?;
        Ok::<Response, Problem>(answer::value(&recorded))
    })
}

async fn record(desk: &Desk, options: Options, body: Body, recorded: &mut Recorded) -> Result<(), ImportError> {
    let (pieces, received) = mpsc::channel(PIECES_AHEAD);
    let pump = tokio::spawn(pump(body, pieces));
    let outcome = record_pieces(desk, options, received, recorded).await;
    // It ends with the body.
    let _ = pump.await;
    outcome
}

async fn record_pieces(
    desk: &Desk,
    options: Options,
    received: mpsc::Receiver<io::Result<Bytes>>,
    recorded: &mut Recorded,
) -> Result<(), ImportError> {
    let mut import = Import::new(&**desk.log(), desk.codec(), options)?;
    let (parsed, mut chunks) = mpsc::channel(CHUNKS_AHEAD);
    spawn_blocking(move || parse(received, &parsed));
    let mut outcome = Ok(());
    while let (Ok(()), Some(chunk)) = (&outcome, chunks.recv().await) {
        let record = |chunk| {
            let mut on_reject = |reject: Reject<'_>| recorded.reject(reject);
            // A chunk takes tens of milliseconds of this thread; others take over its tasks meanwhile.
            block_in_place(|| Handle::current().block_on(import.record(chunk, &mut on_reject)))
        };
        outcome = chunk.map_err(ImportError::from).and_then(record);
    }
    recorded.count(import.counts(), *desk.log().durable().borrow());
    outcome
}

/// Hands the pieces of a body on as they come. Where nobody takes them any more it reads on all the same: a sender
/// that is still sending would not see the answer.
async fn pump(body: Body, pieces: mpsc::Sender<io::Result<Bytes>>) {
    let mut body = body.into_data_stream();
    while let Some(piece) = body.next().await {
        let failed = piece.is_err();
        // Its receiver may be gone.
        let _ = pieces.send(piece.map_err(io::Error::other)).await;
        if failed {
            return;
        }
    }
}

/// Parses lines ahead of their recording.
fn parse(received: mpsc::Receiver<io::Result<Bytes>>, parsed: &mpsc::Sender<io::Result<Chunk>>) {
    let pieces = Pieces { received, piece: Bytes::new() };
    let mut lines = LineReader::new(BufReader::with_capacity(1 << 16, pieces), Limits::default());
    while let Some(chunk) = lines.next_chunk().transpose() {
        let failed = chunk.is_err();
        if parsed.blocking_send(chunk).is_err() || failed {
            return;
        }
    }
}

/// A body as something to read from.
struct Pieces {
    received: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.received.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let len = into.len().min(self.piece.len());
        into[..len].copy_from_slice(&self.piece.split_to(len));
        Ok(len)
    }
}

/// Why a bulk was not recorded to its end, and what was.
fn stopped(failure: ImportError, recorded: &Recorded) -> Problem {
    let Recorded { read, appended, .. } = recorded;
    let so_far = format!(
        "the first {read} lines were recorded ({appended} appended); send them all again, what is \
                          present is not appended twice"
    );
    match failure {
        ImportError::NotEmpty { .. } => Problem::new(Slug::Invalid, failure.to_string()),
        ImportError::Source(why) => {
            Problem::new(Slug::Malformed, format!("the body could not be read to its end ({why}): {so_far}"))
        }
        ImportError::Contended { .. } => Problem::new(Slug::Conflict, format!("{failure}: {so_far}")),
        ImportError::Append(refused) => Problem::new(Slug::TooLarge, format!("{refused}: {so_far}")),
        ImportError::Store(failure) => Problem::from(failure).and(&so_far),
    }
}
