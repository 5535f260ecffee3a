//! Rejected lines: into a file as NDJSON, or the first of them told on standard error.

use daftar_eventlog::import::Reject;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// How many rejects are told where no file was given for them.
const TOLD_MAX: u64 = 20;

/// Where rejects go.
pub(super) enum Rejects {
    /// Into a file.
    File { out: BufWriter<File>, failure: Option<io::Error> },
    /// The first of them onto standard error.
    Told { rejected: u64, quiet: bool },
}

/// One rejected line in the file.
#[derive(Serialize)]
struct Rejected<'a> {
    file: &'a str,
    line: u64,
    reason: &'a str,
    /// The line itself, what is not UTF-8 replaced by U+FFFD.
    text: &'a str,
}

impl Rejects {
    /// Begins the file anew where one is given.
    pub(super) fn new(path: Option<&Path>, quiet: bool) -> io::Result<Self> {
        Ok(match path {
            Some(path) => Self::File { out: BufWriter::new(File::create(path)?), failure: None },
            None => Self::Told { rejected: 0, quiet },
        })
    }

    /// Takes one reject; `tell` shows a line on standard error.
    pub(super) fn take(&mut self, file: &str, reject: Reject<'_>, tell: impl FnOnce(String)) {
        match self {
            Self::File { out, failure } => {
                let text = String::from_utf8_lossy(reject.text);
                let rejected = Rejected { file, line: reject.line, reason: reject.reason, text: &text };
                let written = serde_json::to_writer(&mut *out, &rejected).map_err(io::Error::from);
                let written = written.and_then(|()| out.write_all(b"\n"));
                *failure = failure.take().or(written.err());
            }
            Self::Told { rejected, quiet } => {
                *rejected += 1;
                if *rejected <= TOLD_MAX && !*quiet {
                    tell(format!("{file}:{}: {}", reject.line, reject.reason));
                }
            }
        }
    }

    /// Ends the file, or says how many were not told.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::File { mut out, failure } => failure.map_or_else(|| out.flush(), Err),
            Self::Told { rejected, quiet } => {
                if rejected > TOLD_MAX && !quiet {
                    let more = rejected - TOLD_MAX;
                    eprintln!("… and {more} more rejected lines; --rejects FILE writes them all to a file");
                }
                Ok(())
            }
        }
    }
}
