//! Restoring: a data directory, or a log in memory, from segments and keys.

use super::directory::{BackupDirectory, BackupError, keys_file};
use super::segment::Segment;
use crate::embedded::{EmbeddedLog, Options};
use crate::entry::Entry;
use crate::epoch::{EpochCause, Moment};
use crate::log::{AppendError, Appended, Commit, EventLog, LogReader, StoreError};
use crate::memory::MemoryLog;
use crate::position::{Position, Version};
use crate::record::{EventBytes, EventHead, NewEvent};
use crate::sequencer::{COMMIT_BYTES_MAX, COMMIT_EVENTS_MAX};
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
/// It is made beside `dir` and moved there whole, so that what is interrupted leaves nothing that looks like a log.
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
    refuse_filled(dir)?;
    let Some(last) = backup.last() else {
        return Err(BackupError::Refused("the backup has no segments: there is nothing to restore".to_owned()));
    };
    let until = until.unwrap_or(last.last.position);
    if until > last.last.position {
        let end = last.last.position;
        return Err(BackupError::Refused(format!("the backup ends at position {end}, before {until}")));
    }
    let unfinished = beside(dir);
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(BackupError::file(&unfinished))?;
    }
    unpack_keys(keys, &unfinished.join("keys"))?;
    let options = Options { restoring: Some(last.genesis), ..Options::default() };
    let log = EmbeddedLog::open(&unfinished, &options)?;
    for segment in backup.segments() {
        append(&log, segment?, until).await?;
        progress(*log.durable().borrow());
    }
    let restored = begin_epoch(&log, until)?;
    log.close();
    put_in_place(&unfinished, dir).map_err(BackupError::file(dir))?;
    Ok(restored)
}

fn begin_epoch(log: &EmbeddedLog, until: Position) -> Result<Restored, BackupError> {
    let parted = *log.durable().borrow();
    if parted != until {
        return Err(
            StoreError::Corrupt { position: parted.next(), why: "the backup holds no such event".into() }.into()
        );
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
async fn append(log: &EmbeddedLog, segment: Segment, until: Position) -> Result<(), BackupError> {
    let Segment { entries, first, last, chain_after, .. } = segment;
    let commits = commits_of(entries, first, until)?;
    for answer in log.append_in_order(commits).await {
        taken(answer)?;
    }
    let whole = last.position <= until;
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

/// Entries as commits: events that follow one another in one stream, recorded at one moment, by one command.
fn commits_of(entries: Vec<Entry>, first: Position, until: Position) -> Result<Vec<Commit>, StoreError> {
    let (mut commits, mut position, mut bytes) = (Vec::<Commit>::new(), first, 0);
    for entry in entries {
        match entry {
            Entry::Event(..) if position > until => break,
            Entry::Event(recorded_at, event) => {
                let made = commit_of(event, recorded_at, position)?;
                let len: usize = made.events.iter().map(|e| crate::entry::event_len(e.bytes())).sum();
                bytes += len;
                match commits.last_mut() {
                    Some(last) if goes_on(last, &made) && bytes <= COMMIT_BYTES_MAX => last.events.extend(made.events),
                    _ => {
                        bytes = len;
                        commits.push(made);
                    }
                }
                position = position.next();
            }
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

/// Whether `next` can be the same commit as the one before it.
fn goes_on(last: &Commit, next: &Commit) -> bool {
    !last.events.is_empty()
        && last.stream == next.stream
        && last.command == next.command
        && last.recorded_at == next.recorded_at
        && last.events.len() < COMMIT_EVENTS_MAX
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
    let Some(last) = backup.last() else {
        return Err(BackupError::Refused("the backup has no segments: there is nothing to read".to_owned()));
    };
    let until = until.unwrap_or(last.last.position);
    let log = MemoryLog::of(last.genesis, crate::clock::system_clock());
    for segment in backup.segments() {
        for entry in segment?.entries {
            log.replay(entry, until)?;
        }
        progress(*log.durable().borrow());
    }
    Ok(log)
}
