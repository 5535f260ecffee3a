//! Importing through a running server: each file is one request, sent as it is read.

use super::progress::Progress;
use super::rejects::Rejects;
use super::{Ended, Failure, rejects_failed};
use crate::cli::ImportArgs;
use crate::remote;
use daftar_eventlog::Position;
use daftar_eventlog::import::{Counts, Reject, source};
use serde::Deserialize;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use ureq::{Agent, SendBody};

/// The most bytes an answer may have: a hundred thousand rejects fit.
const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// What a server answers to a bulk of history.
#[derive(Deserialize)]
struct Answer {
    read: u64,
    appended: u64,
    present: u64,
    rejected: u64,
    rejects: Vec<Rejected>,
    position: u64,
}

#[derive(Deserialize)]
struct Rejected {
    line: u64,
    reason: String,
}

/// Sends every file to the server at `url`, up to the first that fails.
pub(super) fn import(url: &str, args: &ImportArgs, mut rejects: Rejects) -> Ended {
    let progress = Progress::new(source::bytes_of(args.files.iter().map(std::path::PathBuf::as_path)), args.quiet);
    let sender = Sender::new(url, args, &progress);
    let (mut counts, mut position, mut failure) = (Counts::default(), 0, None);
    for path in &args.files {
        match sender.send(path, &mut rejects) {
            Ok(answer) => {
                counts.read += answer.read;
                counts.appended += answer.appended;
                counts.present += answer.present;
                counts.rejected += answer.rejected;
                position = answer.position;
            }
            Err(why) => {
                failure = Some(why);
                break;
            }
        }
    }
    progress.finish();
    let failure = failure.or(rejects.finish().err().map(|why| rejects_failed(args, why)));
    Ended { counts, position: Position(position), interrupted: false, failure }
}

struct Sender<'a> {
    agent: Agent,
    url: String,
    /// Whether rejected lines are written out, for which standard input must be kept.
    keeps: bool,
    bytes: Arc<AtomicU64>,
    progress: &'a Progress,
}

impl<'a> Sender<'a> {
    fn new(url: &str, args: &ImportArgs, progress: &'a Progress) -> Self {
        let agent = remote::agent();
        let (base, dry_run, keep) = (url.trim_end_matches('/'), args.dry_run, args.keep_recorded_at);
        let url = format!("{base}/v1/events?dry_run={dry_run}&keep_recorded_at={keep}");
        Self { agent, url, keeps: args.rejects.is_some(), bytes: Arc::default(), progress }
    }

    fn send(&self, path: &Path, rejects: &mut Rejects) -> Result<Answer, Failure> {
        let file = source::name_of(path);
        let unread = |why| Failure::Source { file: file.clone(), line: 0, why };
        let lines = source::open(path, Arc::clone(&self.bytes)).map_err(unread)?;
        let kept =
            (self.keeps && source::is_stdin(path)).then(tempfile::tempfile).transpose().map_err(Failure::Start)?;
        let mut sent = Sent { source: lines, kept, lines: 0, bytes: &self.bytes, progress: self.progress };
        let request = self.agent.post(&self.url).header("content-type", "application/x-ndjson");
        let unsent = |why: ureq::Error| Failure::Server { file: file.clone(), why: why.to_string() };
        let mut response = request.send(SendBody::from_reader(&mut sent)).map_err(unsent)?;
        let (status, body) = (response.status(), response.body_mut());
        let text = body.with_config().limit(ANSWER_BYTES_MAX).read_to_string().map_err(unsent)?;
        if !status.is_success() {
            return Err(Failure::Server { file, why: remote::refusal(status.as_u16(), &text) });
        }
        let not_ours = |_| Failure::Server { file: file.clone(), why: "it does not answer as Daftar does".to_owned() };
        let answer: Answer = serde_json::from_str(&text).map_err(not_ours)?;
        self.tell(path, sent.kept, &answer, rejects).map_err(unread)?;
        Ok(answer)
    }

    /// Tells every reject, with its line where that is asked for: the source is read once more.
    fn tell(&self, path: &Path, kept: Option<File>, answer: &Answer, rejects: &mut Rejects) -> io::Result<()> {
        let file = source::name_of(path);
        let mut texts = match kept {
            _ if !self.keeps => Texts::none(),
            Some(mut kept) => {
                kept.rewind()?;
                Texts::of(Box::new(BufReader::new(kept)))
            }
            None => Texts::of(source::open(path, Arc::default())?),
        };
        for Rejected { line, reason } in &answer.rejects {
            let text = texts.line(*line)?;
            rejects.take(&file, Reject { line: *line, reason, text: &text }, |told| self.progress.tell(&told));
        }
        Ok(())
    }
}

/// What is sent, as it is read.
struct Sent<'a> {
    source: Box<dyn BufRead + Send>,
    kept: Option<File>,
    lines: u64,
    bytes: &'a AtomicU64,
    progress: &'a Progress,
}

impl Read for Sent<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let len = self.source.read(into)?;
        let read = &into[..len];
        if let Some(kept) = &mut self.kept {
            kept.write_all(read)?;
        }
        self.lines += read.iter().filter(|byte| **byte == b'\n').map(|_| 1).sum::<u64>();
        self.progress.set(self.bytes.load(Ordering::Relaxed), self.lines);
        Ok(len)
    }
}

/// Lines by number, asked for in rising order.
struct Texts {
    source: Option<Box<dyn BufRead + Send>>,
    read: u64,
}

impl Texts {
    fn none() -> Self {
        Self { source: None, read: 0 }
    }

    fn of(source: Box<dyn BufRead + Send>) -> Self {
        Self { source: Some(source), ..Self::none() }
    }

    /// The line with that number, without its line end; empty where nobody asks for lines.
    fn line(&mut self, number: u64) -> io::Result<Vec<u8>> {
        let Some(source) = &mut self.source else { return Ok(Vec::new()) };
        let mut text = Vec::new();
        while self.read < number {
            text.clear();
            if source.read_until(b'\n', &mut text)? == 0 {
                break;
            }
            self.read += 1;
        }
        text.truncate(text.trim_ascii_end().len());
        Ok(text)
    }
}
