//! A backup on disk: one file a segment, in order; the keys as one file in a directory of their own.

use super::segment::{Segment, SegmentError};
use crate::log::StoreError;
use crate::position::Position;
use crate::sealing::KeyStore;
use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// How the names of segments end.
const SEGMENT: &str = "segment";
/// The keys' file.
const KEYS: &str = "customers.keys";
/// How many slots of keys are copied at a time.
const SLOTS: usize = 4096;

/// Why a backup can't be made or read; says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The log failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file can't be read or written.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// A segment is not what was written.
    #[error("{}: {why}; take this segment from another copy of the backup", path.display())]
    Segment {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: SegmentError,
    },
    /// Segments do not follow one another.
    #[error("{}: it does not go on where the segment before it ends, at position {before}: {why}", path.display())]
    Gap {
        /// The file.
        path: PathBuf,
        /// The last position before it.
        before: Position,
        /// Whether one is missing, or it is of another history.
        why: &'static str,
    },
    /// What is to be done makes no sense here.
    #[error("{0}")]
    Refused(String),
}

impl BackupError {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |why| Self::File { path, why }
    }
}

/// The segments of one log in a directory.
#[derive(Debug)]
pub struct BackupDirectory {
    dir: PathBuf,
    files: Vec<PathBuf>,
    /// The last segment, without its entries.
    last: Option<Segment>,
}

impl BackupDirectory {
    /// Opens the backup in `dir`, made where there is none.
    ///
    /// # Errors
    ///
    /// [`BackupError`] when the directory holds other things, or its last segment is damaged.
    pub fn create_or_open(dir: &Path) -> Result<Self, BackupError> {
        fs::create_dir_all(dir).map_err(BackupError::file(dir))?;
        Self::open(dir)
    }

    /// Opens the backup in `dir`.
    ///
    /// # Errors
    ///
    /// [`BackupError`] when there is none, it holds other things, or its last segment is damaged.
    pub fn open(dir: &Path) -> Result<Self, BackupError> {
        let mut backup = Self::list(dir)?;
        if let Some(path) = backup.files.last() {
            backup.last = Some(read(path)?.without_entries());
        }
        Ok(backup)
    }

    /// The segments in `dir`, of which none is read yet.
    ///
    /// # Errors
    ///
    /// [`BackupError`] when there is no such directory, or it holds other things.
    pub fn list(dir: &Path) -> Result<Self, BackupError> {
        let mut files = Vec::new();
        for file in fs::read_dir(dir).map_err(BackupError::file(dir))? {
            let path = file.map_err(BackupError::file(dir))?.path();
            match path.extension().and_then(|end| end.to_str()) {
                Some(SEGMENT) => files.push(path),
                // One that was being written when somebody stopped it.
                Some("new") => {}
                _ => {
                    let words = format!("{} holds {}, which is no segment", dir.display(), path.display());
                    return Err(BackupError::Refused(format!("{words}; give a directory that is empty or a backup")));
                }
            }
        }
        files.sort();
        Ok(Self { dir: dir.to_owned(), files, last: None })
    }

    /// The last segment, without its entries; none: the backup is empty.
    #[must_use]
    pub fn last(&self) -> Option<&Segment> {
        self.last.as_ref()
    }

    /// How many segments it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Where the next segment begins.
    #[must_use]
    pub fn after(&self) -> Position {
        self.last().map_or(Position::ZERO, |last| last.last.position)
    }

    /// Verifies a segment's bytes and adds them, durable before this returns.
    ///
    /// # Errors
    ///
    /// [`BackupError`] when they are damaged, do not follow the last segment, or can't be written.
    pub fn append(&mut self, bytes: &[u8]) -> Result<&Segment, BackupError> {
        let segment = decode(&self.dir, bytes)?.without_entries();
        let path = self.dir.join(format!("{:020}.{SEGMENT}", segment.first.0));
        if let Some(last) = &self.last {
            check_follows(&path, last, &segment)?;
        }
        write_durably(&path, |file| file.write_all(bytes))?;
        if self.files.last() != Some(&path) {
            self.files.push(path);
        }
        Ok(self.last.insert(segment))
    }

    /// Its segments in order, each verified, the chain across them too.
    pub fn segments(&self) -> impl Iterator<Item = Result<Segment, BackupError>> {
        let mut before: Option<Segment> = None;
        self.files.iter().map(move |path| {
            let segment = read(path)?;
            match &before {
                Some(before) => check_follows(path, before, &segment)?,
                None => check_begins(path, &segment)?,
            }
            before = Some(segment.without_entries());
            Ok(segment)
        })
    }
}

fn read(path: &Path) -> Result<Segment, BackupError> {
    decode(path, &fs::read(path).map_err(BackupError::file(path))?)
}

fn decode(path: &Path, bytes: &[u8]) -> Result<Segment, BackupError> {
    Segment::decode(bytes).map_err(|why| BackupError::Segment { path: path.to_owned(), why })
}

fn check_begins(path: &Path, first: &Segment) -> Result<(), BackupError> {
    let gap = || BackupError::Gap { path: path.to_owned(), before: Position::ZERO, why: "the first one is missing" };
    first.begins().then_some(()).ok_or_else(gap)
}

fn check_follows(path: &Path, before: &Segment, segment: &Segment) -> Result<(), BackupError> {
    if segment.follows(before) {
        return Ok(());
    }
    let same_place = segment.first == before.last.position.next();
    let why = if same_place { "it is of another history; begin a new backup" } else { "a segment is missing" };
    Err(BackupError::Gap { path: path.to_owned(), before: before.last.position, why })
}

/// Writes a file beside its place and moves it there, with its bytes and its name on disk before this returns.
fn write_durably(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), BackupError> {
    let unfinished = path.with_extension("new");
    let written = || {
        // What is in a backup is for whoever makes it.
        let options = File::options().write(true).create(true).truncate(true).mode(0o600).to_owned();
        let mut file = options.open(&unfinished)?;
        write(&mut file)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        File::open(path.parent().unwrap_or(path))?.sync_all()
    };
    written().map_err(BackupError::file(path))
}

/// Copies all keys of a log into `dir`, over an older copy of the same log's; answers how many slots there are.
///
/// # Errors
///
/// [`BackupError`] when they can't be read or written, or `dir` holds the keys of another log.
pub fn copy_keys(keys: &dyn KeyStore, dir: &Path) -> Result<u32, BackupError> {
    let mut from = 0;
    save_keys(dir, |file| {
        loop {
            let slots = keys.read_slots(from, SLOTS).map_err(io::Error::other)?;
            if slots.is_empty() {
                return Ok(());
            }
            file.write_all(&slots)?;
            from += u32::try_from(slots.len() / crate::embedded::key_file::SLOT_LEN).map_err(io::Error::other)?;
        }
    })?;
    Ok(from.saturating_sub(1))
}

/// Writes the bytes of a log's keys into `dir`, over an older copy of the same log's.
///
/// # Errors
///
/// [`BackupError`] when they can't be written, or `dir` holds the keys of another log.
pub fn save_keys(dir: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), BackupError> {
    fs::create_dir_all(dir).map_err(BackupError::file(dir))?;
    let path = keys_file(dir);
    write_durably(&path, |file| {
        write(file)?;
        refuse_other_keys(&path, &path.with_extension("new"))
    })
}

/// Keys of two logs have different headers; whoever would overwrite the ones by the others is stopped.
fn refuse_other_keys(kept: &Path, new: &Path) -> io::Result<()> {
    let header = |path: &Path| {
        let mut header = [0; 64];
        File::open(path)?.read_exact(&mut header)?;
        Ok::<_, io::Error>(header)
    };
    match header(kept) {
        Ok(kept) if kept != header(new)? => {
            Err(io::Error::other("these are the keys of another log; give another directory"))
        }
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Where the keys lie in their directory.
#[must_use]
pub fn keys_file(dir: &Path) -> PathBuf {
    dir.join(KEYS)
}

/// Where the keys go when nothing is said: beside the segments, never among them.
#[must_use]
pub fn keys_beside(dir: &Path) -> PathBuf {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push("-keys");
    dir.with_file_name(name)
}
