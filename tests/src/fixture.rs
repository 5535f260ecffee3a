//! A data directory as the first version wrote it, kept beside the tests, and everything a build can say of it.
//!
//! `cargo run -p daftar-tests --bin make_fixture` made it, once. Every later build must open it and say the same.

#![expect(clippy::expect_used, reason = "a helper of tests")]

use crate::history::{all_events, assert_sound, files_under};
use crate::programs::root;
use daftar_domain::Timestamp;
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::import::event_id;
use daftar_eventlog::ndjson::{Line, write_line};
use daftar_eventlog::sealing::KeyStore;
use daftar_eventlog::{LogReader, Position, RecordedEvent, StreamKind};
use daftar_projections::labels::KeyLabels;
use daftar_projections::measurements::Measurements;
use daftar_projections::projector::catch_up;
use daftar_projections::report::query::{Query, ReportName};
use daftar_projections::report::report;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many commands the directory's log knows by the numbered stamps from 1 on; the third changed nothing.
pub const COMMANDS: u64 = 5;
/// The instant up to which the reports measure what is running.
pub const AT: i64 = 1_775_000_000_000_000;

/// Where it lies.
#[must_use]
pub fn folder() -> PathBuf {
    root().join("tests/fixtures/directory-v1")
}

/// Packs every file of a data directory, but the lock.
///
/// # Panics
///
/// When the disk fails.
pub fn pack(data: &Path) {
    for file in files_under(data).expect("the directory can be read") {
        let name = file.strip_prefix(data).expect("it lies below").display().to_string();
        if name == "lock" {
            continue;
        }
        let bytes = std::fs::read(&file).expect("a file can be read");
        let to = folder().join("data").join(format!("{name}.zst"));
        std::fs::create_dir_all(to.parent().expect("it lies in a folder")).expect("a folder can be made");
        write_packed(&to, &bytes);
    }
}

/// Writes a file packed.
///
/// # Panics
///
/// When the disk fails.
pub fn write_packed(to: &Path, bytes: &[u8]) {
    std::fs::write(to, zstd::encode_all(bytes, 19).expect("it packs")).expect("a file can be written");
}

/// Reads a packed file.
///
/// # Panics
///
/// When it is not there, or no packed file.
#[must_use]
pub fn read_packed(file: &Path) -> Vec<u8> {
    let packed = std::fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    zstd::decode_all(&packed[..]).expect("it unpacks")
}

/// Unpacks the data directory.
///
/// # Panics
///
/// When it is not there, or the disk fails.
pub fn unpack(to: &Path) {
    let from = folder().join("data");
    for file in files_under(&from).expect("the fixture is there") {
        let name = file.strip_prefix(&from).expect("it lies below").with_extension("");
        let to = to.join(name);
        std::fs::create_dir_all(to.parent().expect("it lies in a folder")).expect("a folder can be made");
        std::fs::write(to, read_packed(&file)).expect("a file can be written");
    }
}

/// Everything a build says of a log.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    /// How many events it has, and the chain value after the last one, in hexadecimal.
    pub end: String,
    /// Its tickets' events as lines, with what the log added.
    pub lines: String,
    /// Every report over everything, by month, and by what it can be grouped by: a line each.
    pub reports: String,
}

/// What a log says.
///
/// # Panics
///
/// When it can't be read.
pub async fn said(log: &dyn LogReader, keys: Arc<dyn KeyStore>) -> Said {
    let events = all_events(log).await.expect("the log can be read");
    let chain = assert_sound(log, &events).await;
    let chain = chain.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let last = events.last().map_or(Position::ZERO, |event| event.position);
    Said {
        end: format!("{last} {chain}\n"),
        lines: lines(&events, &TicketCodec::new(Arc::clone(&keys), log.identity().log_id), &log.identity().log_id),
        reports: reports(log, keys).await,
    }
}

fn lines(events: &[RecordedEvent], codec: &TicketCodec, log_id: &[u8; 16]) -> String {
    let mut out = Vec::new();
    for recorded in events {
        if recorded.bytes.head().expect("a head").stream_kind != StreamKind::Ticket {
            continue;
        }
        let read = codec.decode(recorded).expect("an event can be read");
        let id = read.origin.source_event.unwrap_or_else(|| event_id(log_id, read.position));
        let line = Line {
            ticket: read.ticket,
            event: read.event,
            event_id: Some(id),
            position: Some(read.position.0),
            version: Some(read.version.0),
            recorded_at: Some(read.recorded_at),
        };
        write_line(&mut out, &line);
    }
    String::from_utf8(out).expect("lines are text")
}

/// The reports there were when the fixture was written.
const REPORTS: [ReportName; 8] = [
    ReportName::Overview,
    ReportName::Satisfaction,
    ReportName::ResponseTimes,
    ReportName::ResolutionTimes,
    ReportName::Flow,
    ReportName::Leaderboard,
    ReportName::Volume,
    ReportName::Backlog,
];

/// Every one of these reports of a log, to its end.
///
/// # Panics
///
/// When it can't be folded.
pub async fn reports(log: &dyn LogReader, keys: Arc<dyn KeyStore>) -> String {
    let mut state = Measurements::default();
    catch_up(log, &mut state, None, |_| {}).await.expect("the log can be folded");
    let (mut text, labels, definition) = (String::new(), KeyLabels(keys), Arc::default());
    for name in REPORTS {
        for parameters in
            [&[][..], &[("interval", "month")], &[("group_by", "branch,priority")], &[("group_by", "agent")]]
        {
            let given = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let query = Query::parse(name.name(), given)
                .map(|query| Query { at: Some(Timestamp::clamped(AT).into()), ..query });
            let made = query
                .map(|query| report(&state, &query, &definition, state.position(), &labels).map(|made| made.to_json()));
            match made {
                Ok(Ok(json)) => writeln!(text, "{json}"),
                Ok(Err(refused)) => writeln!(text, "{} {parameters:?}: {refused}", name.name()),
                Err(refused) => writeln!(text, "{} {parameters:?}: {refused:?}", name.name()),
            }
            .expect("a text takes more");
        }
    }
    text
}
