//! sled, fenced in: its panics become errors, durable means fsynced, and only the log's own threads call it.

use super::layout::{KIND_CONTINUED, KeyedValue, Record, RecordKey};
use super::threads::spawn_thread;
use crate::log::StoreError;
use crate::position::Position;
use std::cell::Cell;
use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{OnceLock, PoisonError, RwLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// The size of sled's segments: values stay far under a quarter of it, so nothing goes to `blobs/`.
const SEGMENT_BYTES: usize = 2 << 20;

/// What is left free on the disk: two segments. sled's handle takes no write after one that found no room, and may then
/// not read everything either, so it is not let come to that.
const HEADROOM_BYTES: u64 = 2 * SEGMENT_BYTES as u64;

/// The records of one log.
pub struct Store {
    dir: PathBuf,
    cache_bytes: u64,
    /// Written while it is opened anew, read for one call. None: opening it anew failed.
    handle: RwLock<Option<Handle>>,
}

/// One opening of the database.
struct Handle {
    db: sled::Db,
    records: sled::Tree,
    /// sled's own file, to sync: its `flush` only asks the kernel to begin.
    db_file: File,
    /// What made this handle unusable: a caught panic may have left sled in any state.
    broken: OnceLock<String>,
    /// What made writing impossible until it is opened again; reading goes on.
    unwritable: OnceLock<StoreError>,
}

impl Store {
    /// Opens or creates the database in `dir`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when sled can't open it, or it holds values that were never synced.
    pub fn open(dir: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        if !dir.exists() {
            create(dir)?;
        }
        let handle = RwLock::new(Some(Handle::open(dir, cache_bytes)?));
        Ok(Self { dir: dir.to_owned(), cache_bytes, handle })
    }

    /// Lets go of the database and opens it anew, as a restart would; reads wait meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; nothing can be read or written then until it is opened anew.
    pub fn reopen(&self) -> Result<(), StoreError> {
        let mut handle = self.handle.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = handle.take() {
            let_go(old)?;
        }
        *handle = Some(Handle::open(&self.dir, self.cache_bytes)?);
        Ok(())
    }

    /// Lets go of the database: nothing can be read or written any more.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it does not let go, and may still write.
    pub fn close(&self) -> Result<(), StoreError> {
        let handle = self.handle.write().unwrap_or_else(PoisonError::into_inner).take();
        handle.map_or(Ok(()), let_go)
    }

    /// Whether a panic has made the handle unusable, or there is none.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        let handle = self.handle.read().unwrap_or_else(PoisonError::into_inner);
        handle.as_ref().is_none_or(|handle| handle.broken.get().is_some())
    }

    fn with<T>(&self, call: impl FnOnce(&Handle) -> Result<T, StoreError>) -> Result<T, StoreError> {
        // Poisoned only where opening anew panicked, and then there is no handle.
        let handle = self.handle.read().unwrap_or_else(PoisonError::into_inner);
        let gone = || StoreError::failed("opening the log anew", "it could not be opened; it is tried again");
        call(handle.as_ref().ok_or_else(gone)?)
    }

    /// Writes values in one atomic batch and hands them to the operating system.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; it is not known then what was written, and nothing more is until the log is opened anew.
    pub fn write(&self, values: Vec<KeyedValue>) -> Result<(), StoreError> {
        refuse_without_room(&self.dir, values.iter().map(|(_, value)| value.len() as u64).sum())?;
        self.with(|handle| handle.write(values))
    }

    /// Makes durable what was written.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; it is not known then what is durable, and trying again would prove nothing: the system may have
    /// dropped what it could not write. Nothing more is written.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.with(Handle::sync)
    }

    /// The value under a key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when sled fails.
    pub fn get(&self, key: RecordKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|handle| handle.get(key))
    }

    /// The last record whose key is at most `key`, the genesis left out.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when sled fails or the record is damaged.
    pub fn last_at_or_before(&self, key: RecordKey) -> Result<Option<Record>, StoreError> {
        self.with(|handle| handle.last_at_or_before(key))
    }

    /// The records from `key` on, in order, handed to `visit` until it says stop; `visit` must not ask the store.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when sled fails, a record is damaged, or `visit` says so.
    pub fn scan(
        &self,
        from: RecordKey,
        visit: impl FnMut(Record) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        self.with(|handle| handle.scan(from, visit))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            // What was acknowledged is durable; one that does not let go ends with the process.
            let _ = let_go(handle);
        }
    }
}

/// Drops a handle; after a failure sled may panic on the way or wait for ever, so that is done by a thread nobody has to
/// wait for.
fn let_go(handle: Handle) -> Result<(), StoreError> {
    let (done, is_done) = mpsc::channel();
    let failed = |why: &str| StoreError::failed("letting go of the log", why);
    spawn_thread("daftar-log-close", move || {
        let _ = guard(|| {
            drop(handle);
            Ok(())
        });
        let _ = done.send(());
    })?;
    is_done.recv_timeout(LET_GO_MAX).map_err(|_| failed("the storage engine does not end"))
}

impl Handle {
    fn open(dir: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let failed = |e: std::io::Error| StoreError::failed("opening the log", e);
        remove_unfinished_snapshots(dir).map_err(failed)?;
        let (db, records) = open_sled(dir, cache_bytes)?;
        let db_file = File::open(file_in(dir)).map_err(failed)?;
        refuse_blobs(&dir.join("blobs"))?;
        Ok(Self { db, records, db_file, broken: OnceLock::new(), unwritable: OnceLock::new() })
    }

    fn guarded<T>(&self, doing: &'static str, call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
        if let Some(why) = self.broken.get() {
            return Err(StoreError::failed(doing, format!("the storage engine gave up earlier ({why})")));
        }
        guard(call).map_err(|failure| {
            if let Guarded::Panicked(said) = &failure {
                let _ = self.broken.set(said.clone());
            }
            failure.while_doing(doing)
        })
    }

    fn write(&self, values: Vec<KeyedValue>) -> Result<(), StoreError> {
        if let Some(failure) = self.unwritable.get() {
            return Err(failure.clone());
        }
        self.try_write(values).map_err(|failure| {
            let failure = self.was_only_refused(failure);
            let _ = self.unwritable.set(failure.clone());
            failure
        })
    }

    fn try_write(&self, values: Vec<KeyedValue>) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, value) in values {
            batch.insert(&key, value);
        }
        self.guarded("writing to the log", || {
            self.records.apply_batch(batch)?;
            self.db.flush()?;
            Ok(())
        })
    }

    /// Tells a write that found no room, after which all is as before, from one the system had taken and then could
    /// not bring to the disk: a sync of the file says so, once.
    fn was_only_refused(&self, failure: StoreError) -> StoreError {
        match failure {
            StoreError::StorageFull { .. } => self.sync().err().unwrap_or(failure),
            _ => failure,
        }
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.db_file.sync_data().map_err(|e| {
            let why = format!("{e}; what the system had taken may be lost: look after the disk, then restart");
            let failure = StoreError::failed("syncing the log", why);
            let _ = self.unwritable.set(failure.clone());
            failure
        })
    }

    fn get(&self, key: RecordKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.guarded("reading the log", || Ok(self.records.get(key.encode())?.map(|value| value.to_vec())))
    }

    fn last_at_or_before(&self, key: RecordKey) -> Result<Option<Record>, StoreError> {
        let bounds = RecordKey { counter: 1, ..RecordKey::GENESIS }.encode()..=key.encode();
        let (found, continued) = self.guarded("reading the log", || {
            let mut continued = 0;
            for pair in self.records.range(bounds).rev() {
                let (key, value) = pair?;
                if !is_continued(&value) {
                    return Ok((Some((key, value)), continued));
                }
                continued += 1;
            }
            Ok((None, continued))
        })?;
        match found {
            Some((key, value)) => {
                let record = self.whole(&key, &value)?;
                if continued > usize::from(record.continued) {
                    return Err(stray_part(record.key.first));
                }
                Ok(Some(record))
            }
            None if continued > 0 => Err(stray_part(Position::ZERO)),
            None => Ok(None),
        }
    }

    fn scan(
        &self,
        from: RecordKey,
        mut visit: impl FnMut(Record) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut pairs = self.records.range(from.encode()..);
        let (mut last, mut parts_to_come) = (from.first, 0);
        while let Some((key, value)) = self.guarded("reading the log", || pairs.next().transpose())? {
            if is_continued(&value) {
                // The record before has read and verified the parts it is continued by.
                parts_to_come = u16::checked_sub(parts_to_come, 1).ok_or_else(|| stray_part(last))?;
                continue;
            }
            let record = self.whole(&key, &value)?;
            (last, parts_to_come) = (record.key.first, record.continued);
            if !visit(record)? {
                break;
            }
        }
        Ok(())
    }

    fn whole(&self, key: &[u8], value: &[u8]) -> Result<Record, StoreError> {
        let bad_key = || StoreError::Corrupt { position: Position::ZERO, why: "a record's key is damaged".to_owned() };
        let key = RecordKey::decode(key).ok_or_else(bad_key)?;
        Record::read(key, value, |part| self.get(part))
    }
}

/// Refuses to write so many bytes where they would not leave enough room. A system that does not say how much there is
/// will say so when it is written to.
pub(super) fn refuse_without_room(dir: &Path, bytes: u64) -> Result<(), StoreError> {
    match fs2::available_space(dir) {
        Ok(free) if free < HEADROOM_BYTES + bytes => {
            let why = format!("{free} bytes are free, and {HEADROOM_BYTES} are kept free for the storage engine");
            Err(StoreError::StorageFull { doing: "writing to the log", why: why.into() })
        }
        _ => Ok(()),
    }
}

/// The file in which sled keeps everything.
pub(super) fn file_in(dir: &Path) -> PathBuf {
    dir.join("db")
}

/// Refuses a database with values in `blobs/`, which sled never syncs.
fn refuse_blobs(blobs: &Path) -> Result<(), StoreError> {
    let stray = fs::read_dir(blobs).ok().and_then(|mut files| files.next());
    match stray {
        None => Ok(()),
        Some(_) => Err(StoreError::failed(
            "opening the log",
            "its directory blobs/ is not empty: values there were never synced",
        )),
    }
}

/// How long a handle that was dropped may take to let go of sled's files, and how often that is looked at.
const LET_GO_MAX: Duration = Duration::from_secs(5);
const LET_GO_STEP: Duration = Duration::from_millis(5);

/// A value that says it continues a record, but none says it is continued by it: a flipped bit in a record.
fn stray_part(after: Position) -> StoreError {
    StoreError::Corrupt { position: after, why: "a record at or after it is damaged".to_owned() }
}

fn open_sled(dir: &Path, cache_bytes: u64) -> Result<(sled::Db, sled::Tree), StoreError> {
    let config =
        sled::Config::new().path(dir).segment_size(SEGMENT_BYTES).cache_capacity(cache_bytes).flush_every_ms(None);
    let open = || {
        guard(|| {
            let db = config.open()?;
            let records = db.open_tree("records")?;
            Ok((db, records))
        })
    };
    let tried_until = Instant::now() + LET_GO_MAX;
    loop {
        match open() {
            Err(failure) if failure.is_held() && Instant::now() < tried_until => thread::sleep(LET_GO_STEP),
            opened => return opened.map_err(Guarded::while_opening),
        }
    }
}

/// Makes an empty database beside `dir`, durable with all its files, and moves it there: sled can't open one that was
/// stopped while it was made, and never syncs its `conf`.
fn create(dir: &Path) -> Result<(), StoreError> {
    let failed = |e: std::io::Error| StoreError::failed("creating the log", e);
    let unfinished = dir.with_extension("new");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(failed)?;
    }
    fs::create_dir_all(&unfinished).map_err(failed)?;
    let (db, records) = open_sled(&unfinished, 1 << 20)?;
    guard(|| db.flush()).map_err(|failure| failure.while_doing("creating the log"))?;
    drop((records, db));
    for synced in ["conf", "db", "."] {
        File::open(unfinished.join(synced)).and_then(|file| file.sync_all()).map_err(failed)?;
    }
    fs::rename(&unfinished, dir).map_err(failed)?;
    sync_dir(dir.parent().unwrap_or(dir)).map_err(failed)
}

/// Makes the names in a directory durable.
pub(super) fn sync_dir(dir: &Path) -> std::io::Result<()> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    File::open(dir)?.sync_all()
}

/// Whether a value says it continues the record before.
fn is_continued(value: &[u8]) -> bool {
    value.get(5) == Some(&KIND_CONTINUED)
}

/// How a call of sled failed.
enum Guarded {
    /// It said so.
    Failed(sled::Error),
    /// It panicked, with these words.
    Panicked(String),
}

impl Guarded {
    /// Whether sled's own lock is held. The directory is ours, so it is held by a handle that was dropped: its threads
    /// let go a moment later.
    fn is_held(&self) -> bool {
        matches!(self, Self::Failed(sled::Error::Io(why)) if why.to_string().contains("could not acquire lock"))
    }

    /// What refuses to open though the disk reads is not what was written.
    fn while_opening(self) -> StoreError {
        let changed = "the files in log/ are damaged or were changed; `daftar check`, and restore a backup";
        match self {
            Self::Failed(why @ sled::Error::Io(_)) => Self::Failed(why).while_doing("opening the log"),
            Self::Failed(why) => StoreError::failed("opening the log", format!("{changed} ({why})")),
            Self::Panicked(said) => StoreError::failed("opening the log", format!("{changed} ({said})")),
        }
    }

    fn while_doing(self, doing: &'static str) -> StoreError {
        match self {
            Self::Failed(sled::Error::Io(why)) => StoreError::of_write(doing, &why),
            Self::Failed(why) => StoreError::failed(doing, why),
            Self::Panicked(said) => StoreError::failed(doing, format!("the storage engine gave up: {said}")),
        }
    }
}

thread_local! {
    /// Whether this thread is inside of sled, where a panic is an error like any other.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Keeps panics that become errors from being shown: for programs to call once at their start.
pub fn hush_guarded_panics() {
    let shown = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !GUARDED.get() {
            shown(panic);
        }
    }));
}

fn guard<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, Guarded> {
    GUARDED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(false);
    match outcome {
        Ok(result) => result.map_err(Guarded::Failed),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            Err(Guarded::Panicked(
                said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words").to_owned(),
            ))
        }
    }
}

/// A snapshot sled was writing when it was stopped keeps it from opening (sled issues 1527 and 1533).
fn remove_unfinished_snapshots(dir: &Path) -> std::io::Result<()> {
    for file in fs::read_dir(dir)? {
        let file = file?;
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_that_lets_go_late_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        drop(Store::open(&path, 1 << 20).unwrap());
        let late = File::open(path.join("db")).unwrap();
        late.lock().unwrap();
        let letting_go = thread::spawn(move || {
            thread::sleep(Duration::from_millis(100));
            drop(late);
        });
        assert!(Store::open(&path, 1 << 20).is_ok());
        letting_go.join().unwrap();
    }
}
