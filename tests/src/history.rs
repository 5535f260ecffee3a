//! Histories made up for tests: what is appended, what was answered, and what a log must hold afterwards.

use crate::{assigned, commit};
use daftar_eventlog::checksum::{Digest, chain_next};
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::{
    AppendError, CommandStamp, Commit, EventLog, LogReader, Position, RecordedEvent, StoreError, StreamName, Version,
};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Whether the long runs are asked for, by `DAFTAR_LONG=1`.
#[must_use]
pub fn long() -> bool {
    std::env::var_os("DAFTAR_LONG").is_some_and(|v| v == "1")
}

/// Random-looking numbers that are the same every time (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    /// The next number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }
}

/// A command's stamp, made from a number.
#[must_use]
pub fn numbered_stamp(number: u64) -> CommandStamp {
    let mut id = [0xc0; 16];
    id[..8].copy_from_slice(&number.to_le_bytes());
    CommandStamp { id, digest: [0xd1; 16] }
}

/// A commit of one event with `sealed` bytes of made-up content.
#[must_use]
pub fn large_commit(ticket: &str, expected: u32, sealed: usize, command: Option<CommandStamp>) -> Commit {
    let stream = StreamName::ticket(ticket);
    let events = vec![assigned(&stream, expected + 1, "sara", command, sealed)];
    Commit { stream, expected: Version(expected), events, command, recorded_at: None }
}

/// The first `len` commits of a script that is the same every time: small and large ones, some with commands, some
/// commands without events, over a few tickets.
#[must_use]
pub fn script(len: u64) -> Vec<Commit> {
    let mut versions: HashMap<String, u32> = HashMap::new();
    (0..len)
        .map(|n| {
            let ticket = format!("S-{}", n % 5);
            let version = versions.entry(ticket.clone()).or_default();
            let command = (n % 2 == 1).then(|| numbered_stamp(n));
            let made = match n % 11 {
                3 => commit(&ticket, *version, 0, Some(numbered_stamp(n))),
                5 => large_commit(&ticket, *version, 30_000, command),
                8 => large_commit(&ticket, *version, 9_000, command),
                kind => commit(&ticket, *version, u32::from(kind % 3 == 1) * 2 + 1, command),
            };
            *version += u32::try_from(made.events.len()).unwrap_or(u32::MAX);
            made
        })
        .collect()
}

/// Every event of a log, in order.
///
/// # Errors
///
/// Those of the log.
pub async fn all_events(log: &dyn LogReader) -> Result<Vec<RecordedEvent>, StoreError> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(Position::ZERO, |e| e.position);
        let more = log.read_events(after, 10_000).await?;
        if more.is_empty() {
            return Ok(events);
        }
        events.extend(more);
    }
}

/// Asserts that positions and versions have no gaps, and that the chain from the genesis is the one the log's fact
/// blocks state; answers the chain's last value.
///
/// # Panics
///
/// When they do not hold, or the log can't be read.
#[expect(clippy::expect_used, reason = "a helper of tests")]
pub async fn assert_sound(log: &dyn LogReader, events: &[RecordedEvent]) -> Digest {
    let mut chains: Vec<Digest> = vec![log.epochs().genesis()];
    let mut versions: BTreeMap<StreamName, u32> = BTreeMap::new();
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position, Position(position), "positions have no gaps");
        let head = event.bytes.head().expect("a head");
        let version = versions.entry(head.stream()).or_default();
        *version += 1;
        assert_eq!(head.version.0, *version, "versions of {} have no gaps", head.stream());
        let before = chains[chains.len() - 1];
        chains.push(chain_next(&before, &event.bytes.digest(), event.recorded_at));
    }
    let chain_at = |position: Position| chains[usize::try_from(position.0).expect("a small log")];
    let mut after = Position::ZERO;
    while let Some(block) = log.fact_block(after).await.expect("a fact block") {
        assert_eq!(block.origin().chain_before, chain_at(Position(block.first().0 - 1)), "{block:?}");
        assert_eq!(block.origin().chain_after, chain_at(block.last()), "{block:?}");
        after = block.last();
    }
    assert_eq!(after.0, events.len() as u64, "facts reach as far as events");
    chains[chains.len() - 1]
}

/// What the log answers to a command that was carried out before: position of its first event, and their number.
///
/// # Panics
///
/// When the log does not know the command.
pub async fn known_command(log: &dyn EventLog, stamp: CommandStamp) -> (u64, u32) {
    let probe = Commit { command: Some(stamp), ..commit("probe", 0, 0, None) };
    match log.append(probe).await {
        Err(AppendError::Duplicate { first, count }) => (first.0, count),
        other => panic!("the log does not know command {stamp:?} any more: {other:?}"),
    }
}

/// Opens the embedded log in `dir`.
///
/// # Errors
///
/// [`StoreError`] when it can't be opened.
pub fn open(dir: &Path) -> Result<Arc<EmbeddedLog>, StoreError> {
    EmbeddedLog::open(dir, &Options::default()).map(Arc::new)
}

/// Copies a directory with all that is in it.
///
/// # Errors
///
/// Those of the disk.
pub fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Every file under `dir`.
///
/// # Errors
///
/// Those of the disk.
pub fn files_under(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_under(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}
