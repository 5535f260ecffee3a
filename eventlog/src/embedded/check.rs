//! Checking: everything in a data directory against everything else, record by record, with what was found in words.
//!
//! The log's own thread is not needed: nobody else may have the directory. Nothing is changed but what opening the
//! store and the keys mends by itself, and that is told.

use super::closed;
use super::key_file::{KeyFile, damaged_slots};
use super::recovery::{Mismatch, Recovery, compare_with_witness};
use super::store::Store;
use super::witness::{Seen, look_at};
use super::{Layout, Options, layout_of, take_lock};
use crate::codec;
use crate::derived::LAID_OUT_BYTES;
use crate::genesis::Genesis;
use crate::log::StoreError;
use crate::position::Position;
use crate::sealing::{self, OpenError};
use crate::sequencer::Placed;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// What was found in a directory.
#[derive(Debug, Default)]
pub struct Checked {
    /// So many events from the first one on are whole, follow one another, and make the chain.
    pub good: u64,
    /// The epoch in force at the last good one.
    pub epoch: u32,
    /// What is wrong, the log first.
    pub findings: Vec<Finding>,
}

/// Where something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The records.
    Log,
    /// The tail witness.
    Witness,
    /// The keys.
    Keys,
    /// The files derived from the log.
    Derived,
    /// The segments of a backup.
    Backup,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// The first position it concerns, where it concerns any.
    pub position: Option<Position>,
    /// What, and what to do.
    pub what: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Log => "log",
            Self::Witness => "witness",
            Self::Keys => "keys",
            Self::Derived => "derived",
            Self::Backup => "backup",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "{}: position {position}: {}", self.place, self.what),
            None => write!(f, "{}: {}", self.place, self.what),
        }
    }
}

impl Checked {
    /// Adds what ends the segments of a backup that are good.
    pub fn find_in_backup(&mut self, what: String) {
        self.find(Place::Backup, Some(Position(self.good).next()), what);
    }

    fn find(&mut self, place: Place, position: Option<Position>, what: impl Into<String>) {
        self.findings.push(Finding { place, position, what: what.into() });
    }

    /// Adds what stopped a walk along the log, of which `walked` events were read before; what is no word on the log
    /// comes back.
    fn find_in_log(&mut self, walked: Position, failure: StoreError) -> Result<(), StoreError> {
        let (position, what) = match failure {
            StoreError::Corrupt { position, why } => (position, why),
            StoreError::Unreadable { position, source } => (position, source.to_string()),
            StoreError::Failed { .. } => (walked.next(), failure.to_string()),
            StoreError::StorageFull { .. } | StoreError::ShutDown | StoreError::InUse { .. } => return Err(failure),
        };
        self.good = self.good.min(position.0.saturating_sub(1)).min(walked.0);
        self.find(Place::Log, Some(position), format!("{what}; restore a backup, or what it has up to there"));
        Ok(())
    }
}

/// Walks all there is in `dir`, which no server may have open.
///
/// # Errors
///
/// [`StoreError`] when there is no log, it is in use, or there is no room to make derived files for comparison.
pub fn check(dir: &Path, progress: impl Fn(Position) + Send + Sync + 'static) -> Result<Checked, StoreError> {
    let _lock = take_lock(dir, false)?;
    let layout = layout_of(dir);
    let mut checked = Checked::default();
    check_key_slots(&layout, &mut checked);
    let seen = check_witness_slots(&layout, &mut checked);
    if closed::is_damaged(&layout) {
        let what = "closed, which says how the log was closed, is damaged; it is passed over, and written anew at the next \
                    orderly end";
        checked.find(Place::Derived, None, what);
    }
    let store = match Store::open(&layout.log, Options::default().cache_bytes) {
        Ok(store) => store,
        Err(failure) => {
            checked.find_in_log(Position::ZERO, failure)?;
            return Ok(checked);
        }
    };
    let compared = Compared::begin(&layout)?;
    let walked = walk(&store, &layout, seen, &compared, &mut checked, progress);
    match walked {
        Ok(()) => compared.with(&layout.derived, &mut checked)?,
        Err(failure) => checked.find_in_log(Position(checked.good), failure)?,
    }
    Ok(checked)
}

/// Reads every record in order; what it holds must make the versions, times and chain it states.
fn walk(
    store: &Store,
    layout: &Layout,
    seen: Option<Seen>,
    compared: &Compared,
    checked: &mut Checked,
    progress: impl Fn(Position) + Send + Sync + 'static,
) -> Result<(), StoreError> {
    let missing = || StoreError::Corrupt { position: Position::ZERO, why: "its header record is missing".to_owned() };
    let genesis = Genesis::decode(&store.get(super::layout::RecordKey::GENESIS)?.ok_or_else(missing)?)?;
    let keys = match KeyFile::open(&layout.keys, &genesis.identity.log_id) {
        Ok(keys) => Some(keys),
        Err(failure) => {
            checked.find(Place::Keys, None, failure.to_string());
            None
        }
    };
    let mut sealed = Vec::new();
    let mut inspect = |placed: &Placed| inspect(placed, keys.as_ref(), &genesis, &mut sealed);
    let mut recovery = Recovery::afresh(&genesis, &compared.0)?;
    let options = Options { progress: Some(std::sync::Arc::new(progress)), ..Options::default() };
    let walked = recovery.replay_inspected(store, &options, &mut inspect);
    (checked.good, checked.epoch) = recovery.reached();
    checked.findings.extend(sealed);
    walked?;
    let state = recovery.finish()?;
    if seen.is_none() && checked.good > 0 {
        let what = "there is none, so nobody can tell whether the log lost its end; it is written anew at opening";
        checked.find(Place::Witness, None, what);
    }
    match compare_with_witness(store, &genesis, &state, seen) {
        Ok(()) => Ok(()),
        Err(Mismatch::TailLost(failure, _) | Mismatch::Other(failure)) => Err(failure),
    }
}

/// What a record does not show: whether an event's facts read, and its content opens with its key.
fn inspect(
    placed: &Placed,
    keys: Option<&KeyFile>,
    genesis: &Genesis,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let position = placed.position;
    let head = placed.bytes.head().map_err(|e| e.at(position))?;
    let unreadable = |source| StoreError::Unreadable { position, source };
    codec::decode_facts(head.event_type, head.schema, head.facts).map_err(unreadable)?;
    let (Some(keys), Some(sealed)) = (keys, placed.bytes.sealed.as_deref()) else { return Ok(()) };
    let opened = sealing::open(keys, &genesis.identity.log_id, &head, sealed);
    let what = match opened {
        Ok(_) => return Ok(()),
        Err(OpenError::Keys(failure)) => format!("its content can't be opened: {failure}"),
        Err(failure @ (OpenError::Codec(_) | OpenError::Damaged)) => failure.to_string(),
    };
    findings.push(Finding { place: Place::Keys, position: Some(position), what });
    Ok(())
}

fn check_key_slots(layout: &Layout, checked: &mut Checked) {
    match damaged_slots(&layout.keys) {
        Ok(damaged) => damaged.into_iter().for_each(|what| checked.find(Place::Keys, None, what)),
        Err(failure) => checked.find(Place::Keys, None, failure.to_string()),
    }
}

fn check_witness_slots(layout: &Layout, checked: &mut Checked) -> Option<Seen> {
    let (damaged, seen) = look_at(&layout.witness)?;
    if damaged > 0 {
        let which = if damaged == 1 { "one of its two slots is" } else { "both its slots are" };
        let what = format!("{which} damaged; what is damaged is written anew with the next events");
        checked.find(Place::Witness, None, what);
    }
    seen
}

/// Derived files made anew beside the log's own, and removed at the end.
struct Compared(PathBuf);

impl Drop for Compared {
    fn drop(&mut self) {
        // What is left is removed by the next check.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Compared {
    fn begin(layout: &Layout) -> Result<Self, StoreError> {
        let dir = layout.derived.with_extension("check");
        if dir.exists() {
            fs::remove_dir_all(&dir).map_err(|e| StoreError::failed("checking derived files", e))?;
        }
        Ok(Self(dir))
    }

    /// Compares what the log holds with what lies there: it must be a beginning of it, and zeros where it was not written
    /// yet. What is missing is made anew.
    fn with(&self, derived: &Path, checked: &mut Checked) -> Result<(), StoreError> {
        let failed = |e| StoreError::failed("checking derived files", e);
        for file in fs::read_dir(&self.0).map_err(failed)? {
            let right = file.map_err(failed)?.path();
            let name = right.file_name().unwrap_or_default();
            let Ok(there) = File::open(derived.join(name)) else { continue };
            if let Some(at) = first_difference(there, File::open(&right).map_err(failed)?).map_err(failed)? {
                let what = format!(
                    "{} is not what the log says from byte {at} on; delete derived/, it is made anew at opening",
                    name.to_string_lossy()
                );
                checked.find(Place::Derived, None, what);
            }
        }
        Ok(())
    }
}

/// The offset of the first byte of `there` that is not the same in `right`; none where it is a beginning of it, with no more
/// than zeros behind that a log lays out, and a block that was being written.
fn first_difference(there: File, right: File) -> io::Result<Option<u64>> {
    let (mut there, mut right) = (BufReader::new(there), BufReader::new(right));
    let mut at = 0;
    loop {
        let (a, b) = (there.fill_buf()?, right.fill_buf()?);
        if a.is_empty() {
            return Ok(None);
        }
        let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        if same == 0 {
            let is_laid_out = zeros_alone(there)?.is_some_and(|zeros| zeros <= 2 * LAID_OUT_BYTES);
            return Ok(if is_laid_out { None } else { Some(at) });
        }
        there.consume(same);
        right.consume(same);
        at += same as u64;
    }
}

/// How many zeros follow; none: something else does.
fn zeros_alone(mut rest: impl BufRead) -> io::Result<Option<u64>> {
    let mut zeros = 0;
    loop {
        let bytes = rest.fill_buf()?;
        if bytes.is_empty() || bytes.iter().any(|byte| *byte != 0) {
            return Ok(bytes.is_empty().then_some(zeros));
        }
        let count = bytes.len();
        rest.consume(count);
        zeros += count as u64;
    }
}
