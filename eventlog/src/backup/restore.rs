//! Restoring: a data directory, or a log in memory, from segments and keys.

use super::directory::{BackupDirectory, BackupError, keys_file};
use super::growing::GrowingLog;
use super::segment::Segment;
use crate::embedded::{EmbeddedLog, Options};
use crate::entry::Entry;
use crate::epoch::{EpochCause, Moment};
use crate::log::{AppendError, Appended, Commit, EventLog, LogReader, StoreError};
use crate::memory::MemoryLog;
use crate::position::{Position, Version};
use crate::record::{EventBytes, EventHead, NewEvent};
use daftar_domain::Timestamp;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// What was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// The last event taken from the backup: up to it the histories are one.
    pub parted: Position,
    /// The moment of the restored log's end: the event that begins its own epoch.
    pub end: Moment,
}

/// Makes a data directory of a backup, up to the event at `until` (none: all), in a new epoch.
///
/// It is made beside `dir` and moved there whole, so that what is interrupted leaves nothing that looks like a log. What
/// the backup holds after `until` is not looked at.
///
/// # Errors
///
/// [`BackupError`] when `dir` is not empty, the backup or its keys are damaged, or it can't be written.
pub async fn restore(
    backup: &BackupDirectory,
    keys: &Path,
    dir: &Path,
    until: Option<Position>,
    mut progress: impl FnMut(Position),
) -> Result<Restored, BackupError> {
    let dir = &std::path::absolute(dir).map_err(BackupError::file(dir))?;
    refuse_filled(dir)?;
    let unfinished = beside(dir);
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(BackupError::file(&unfinished))?;
    }
    let mut log: Option<EmbeddedLog> = None;
    for segment in backup.segments() {
        let segment = segment?;
        let log = match &log {
            Some(log) => log,
            None => log.insert(begin(&unfinished, keys, &segment)?),
        };
        append(log, segment, until).await?;
        let reached = *log.durable().borrow();
        progress(reached);
        if until.is_some_and(|until| until <= reached) {
            break;
        }
    }
    let log = log.ok_or_else(|| BackupError::Refused("the backup has no segments: nothing to restore".to_owned()))?;
    let restored = begin_epoch(&log, until)?;
    log.close();
    // They were made with each event a commit of its own; a rebuilding counts commands whole.
    fs::remove_dir_all(unfinished.join("derived")).map_err(BackupError::file(&unfinished))?;
    EmbeddedLog::open(&unfinished, &Options { create: false, ..Options::default() })?.close();
    put_in_place(&unfinished, dir).map_err(BackupError::file(dir))?;
    Ok(restored)
}

/// A new log with the header record of the one that was backed up, and its keys.
fn begin(dir: &Path, keys: &Path, first: &Segment) -> Result<EmbeddedLog, BackupError> {
    unpack_keys(keys, &dir.join("keys"))?;
    let options = Options { restoring: Some(first.genesis), ..Options::default() };
    Ok(EmbeddedLog::open(dir, &options)?)
}

fn begin_epoch(log: &EmbeddedLog, until: Option<Position>) -> Result<Restored, BackupError> {
    let parted = *log.durable().borrow();
    if let Some(until) = until.filter(|until| *until != parted) {
        return Err(BackupError::Refused(format!("the backup ends at position {parted}, before {until}")));
    }
    log.begin_epoch(EpochCause::Restored, None)?;
    let end = log.epochs().moment(*log.durable().borrow());
    Ok(Restored { parted, end })
}

fn refuse_filled(dir: &Path) -> Result<(), BackupError> {
    let filled = dir.exists() && fs::read_dir(dir).map_err(BackupError::file(dir))?.next().is_some();
    let words = || format!("{} is not empty; restore into a new directory", dir.display());
    if filled { Err(BackupError::Refused(words())) } else { Ok(()) }
}

/// Where a directory is made before it is moved to its place: on the same disk.
fn beside(dir: &Path) -> PathBuf {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".restoring");
    dir.with_file_name(name)
}

fn put_in_place(unfinished: &Path, dir: &Path) -> std::io::Result<()> {
    if dir.exists() {
        fs::remove_dir(dir)?;
    }
    fs::rename(unfinished, dir)?;
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

/// Puts a backup's keys where a log has them, twice.
///
/// # Errors
///
/// [`BackupError`] when they are missing or can't be written.
pub fn unpack_keys(keys: &Path, into: &Path) -> Result<(), BackupError> {
    let from = keys_file(keys);
    fs::create_dir_all(into).map_err(BackupError::file(into))?;
    for name in ["customers.a", "customers.b"] {
        let to = into.join(name);
        fs::copy(&from, &to).map_err(BackupError::file(&from))?;
        File::open(&to).and_then(|file| file.sync_all()).map_err(BackupError::file(&to))?;
    }
    Ok(())
}

/// Appends a segment's entries up to `until`, and sees that the chain comes out as the segment states it.
async fn append(log: &EmbeddedLog, segment: Segment, until: Option<Position>) -> Result<(), BackupError> {
    let Segment { entries, first, last, chain_after, .. } = segment;
    let commits = commits_of(entries, first, until.unwrap_or(Position(u64::MAX)))?;
    for answer in log.append_in_order(commits).await {
        taken(answer)?;
    }
    let whole = until.is_none_or(|until| last.position <= until);
    if whole && log.chain_at(last.position).await? != chain_after {
        let why = "restored, the chain is not the backup's".to_owned();
        return Err(StoreError::Corrupt { position: last.position, why }.into());
    }
    Ok(())
}

fn taken(answer: Result<Appended, AppendError>) -> Result<(), BackupError> {
    match answer {
        // A command without events that stood at the end of one segment stands at the beginning of the next again.
        Ok(_) | Err(AppendError::Duplicate { count: 0, .. }) => Ok(()),
        Err(AppendError::Store(failure)) => Err(failure.into()),
        Err(refused) => Err(BackupError::Refused(format!("the backup holds what no log can hold: {refused}"))),
    }
}

/// Entries as commits of one event or none, up to the event at `until`.
fn commits_of(entries: Vec<Entry>, first: Position, until: Position) -> Result<Vec<Commit>, StoreError> {
    let (mut commits, mut position) = (Vec::with_capacity(entries.len()), first);
    for entry in entries {
        match entry {
            Entry::Event(..) if position > until => break,
            Entry::Event(recorded_at, event) => {
                commits.push(commit_of(event, recorded_at, position)?);
                position = position.next();
            }
            Entry::Empty(_) if position > until => break,
            Entry::Empty(empty) => commits.push(Commit {
                stream: empty.stream,
                expected: empty.version,
                events: Vec::new(),
                command: Some(empty.command),
                recorded_at: Some(empty.recorded_at),
            }),
        }
    }
    Ok(commits)
}

fn commit_of(event: EventBytes, recorded_at: Timestamp, position: Position) -> Result<Commit, StoreError> {
    let head: EventHead<'_> = event.head().map_err(|e| e.at(position))?;
    let command = head.command().map_err(|source| StoreError::Unreadable { position, source })?;
    let (stream, expected) = (head.stream(), Version(head.version.0.saturating_sub(1)));
    let events = vec![NewEvent::new(event)];
    Ok(Commit { stream, expected, events, command, recorded_at: Some(recorded_at) })
}

/// A log in memory of a backup, up to the event at `until`; it is read, not appended to.
///
/// # Errors
///
/// [`BackupError`] when the backup is damaged or empty.
pub fn restore_to_memory(
    backup: &BackupDirectory,
    until: Option<Position>,
    mut progress: impl FnMut(Position),
) -> Result<MemoryLog, BackupError> {
    let mut growing = GrowingLog::default();
    for segment in backup.segments() {
        progress(growing.add(segment?, until.unwrap_or(Position(u64::MAX)))?);
    }
    let nothing = || BackupError::Refused("the backup has no segments: nothing to read".to_owned());
    growing.into_log().ok_or_else(nothing)
}
