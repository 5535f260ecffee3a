//! The file of one checkpoint.
//!
//! A head says which log and which position it speaks for and under which folded fields it was measured; then come the
//! parts of the state, each with its length and CRC-32C. The file appears whole: it is written beside its place, synced,
//! and moved there.

use super::bytes::{Reader, Writer};
use crate::definition::document::Folded;
use crate::measurements::Measurements;
use crate::measurements::parts::{PARTS, Part};
use daftar_eventlog::{LogReader, Position, StoreError};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What the file begins with; another form of anything in it has another number.
const MAGIC: &[u8; 8] = b"DFTCKPT1";
/// How many bytes the head has: magic, log id, position, chain value, digest of the folded fields, checksum.
const HEAD_LEN: usize = 8 + 16 + 8 + 32 + 32 + 4;

/// Whose state it is, and how far it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The log's id.
    pub log_id: [u8; 16],
    /// The last position folded.
    pub position: Position,
    /// The chain value there: a log that parted before it has another.
    pub chain: [u8; 32],
    /// The digest of the folded fields, and of the program's version.
    pub folded: [u8; 32],
}

impl Mark {
    /// The mark of a state that was folded from a log up to its position.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read.
    pub async fn of(log: &dyn LogReader, state: &Measurements) -> Result<Self, StoreError> {
        let (position, chain) = (state.position(), log.chain_at(state.position()).await?);
        Ok(Self { log_id: log.identity().log_id, position, chain, folded: digest(state.folded()) })
    }

    fn to_bytes(self) -> Vec<u8> {
        let mut head = [MAGIC.as_slice(), &self.log_id, &self.position.0.to_le_bytes()].concat();
        head.extend_from_slice(&self.chain);
        head.extend_from_slice(&self.folded);
        let crc = crc32c::crc32c(&head);
        head.extend_from_slice(&crc.to_le_bytes());
        head
    }

    fn of_bytes(bytes: &[u8; HEAD_LEN]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let magic = reader.exactly::<8>()?;
        let log_id = reader.exactly()?;
        let position = Position(reader.number()?);
        let mark = Self { log_id, position, chain: reader.exactly()?, folded: reader.exactly()? };
        let whole = crc32c::crc32c(&bytes[..HEAD_LEN - 4]) == u32::from_le_bytes(reader.exactly()?);
        (magic == *MAGIC && whole).then_some(mark)
    }
}

/// Which fold wrote the state, and in which form: one more whenever either changes. A test says when that is.
pub(super) const FORM: u32 = 2;

/// The digest of a definition's folded fields. Another version of the program may fold otherwise, so it is part of it.
fn digest(folded: &Folded) -> [u8; 32] {
    let text = format!("{} {FORM}\n{folded:?}", env!("CARGO_PKG_VERSION"));
    *blake3::hash(text.as_bytes()).as_bytes()
}

/// Where checkpoints of one log are kept.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    path: PathBuf,
}

impl Checkpoint {
    /// The checkpoint of states under these folded fields, in a directory.
    #[must_use]
    pub fn new(dir: &Path, folded: &Folded) -> Self {
        let name: String = digest(folded)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { path: dir.join(format!("{name}.checkpoint")) }
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a state down, in the place of an earlier one.
    ///
    /// # Errors
    ///
    /// What the system said; an earlier checkpoint stays then.
    pub fn write(&self, state: &Measurements, mark: &Mark) -> io::Result<()> {
        if let Some(dir) = self.path.parent() {
            fs::create_dir_all(dir)?;
        }
        let beside = self.path.with_extension("new");
        let written = write_file(&beside, state, mark).and_then(|()| fs::rename(&beside, &self.path));
        if written.is_err() {
            // What is left of it is of no use; that it can't be removed changes nothing.
            let _ = fs::remove_file(&beside);
        }
        written
    }

    /// The state that was written down, if it is one of this log and these folded fields. `None`: there is none, or none
    /// that can be used.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read.
    pub async fn read(&self, log: &dyn LogReader, folded: &Folded) -> Result<Option<Measurements>, StoreError> {
        let Some((mark, file)) = open(&self.path) else { return Ok(None) };
        let of_this_log = mark.log_id == log.identity().log_id && mark.folded == digest(folded);
        if !of_this_log || *log.durable().borrow() < mark.position || log.chain_at(mark.position).await? != mark.chain {
            return Ok(None);
        }
        Ok(read_parts(file).and_then(|parts| Measurements::of_parts(folded.clone(), mark.position, parts)))
    }
}

fn write_file(path: &Path, state: &Measurements, mark: &Mark) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    out.write_all(&mark.to_bytes())?;
    for part in PARTS {
        let mut bytes = Writer::default();
        state.write_part(*part, &mut bytes);
        let bytes = bytes.into_bytes();
        out.write_all(&(bytes.len() as u64).to_le_bytes())?;
        out.write_all(&crc32c::crc32c(&bytes).to_le_bytes())?;
        out.write_all(&bytes)?;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// The file and its head, where it has a good one.
pub(super) fn open(path: &Path) -> Option<(Mark, BufReader<File>)> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(path).ok()?);
    let mut head = [0; HEAD_LEN];
    file.read_exact(&mut head).ok()?;
    Some((Mark::of_bytes(&head)?, file))
}

/// Every part of a file, each read while the ones before it are still being understood; `None` where any is not what was
/// written.
pub(super) fn read_parts(file: BufReader<File>) -> Option<Vec<Part>> {
    let source = Mutex::new((file, PARTS.iter().enumerate()));
    let next = || -> Option<Result<(usize, Part), ()>> {
        // A thread that panicked here leaves nothing half read that another would believe: checksums tell.
        let mut source = source.lock().ok()?;
        let (number, kind) = source.1.next()?;
        let bytes = read_part(&mut source.0);
        drop(source);
        let part = bytes.and_then(|bytes| Part::read(*kind, &mut Reader::new(&bytes)));
        Some(part.map(|part| (number, part)).ok_or(()))
    };
    let mut parts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| std::iter::from_fn(next).collect::<Vec<_>>())).collect();
        let read = threads.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|_| vec![Err(())]));
        read.collect::<Result<Vec<_>, ()>>().ok()
    })?;
    parts.sort_by_key(|(number, _)| *number);
    (parts.len() == PARTS.len()).then(|| parts.into_iter().map(|(_, part)| part).collect())
}

fn read_part(file: &mut impl io::Read) -> Option<Vec<u8>> {
    let (mut len, mut crc) = ([0; 8], [0; 4]);
    file.read_exact(&mut len).ok()?;
    file.read_exact(&mut crc).ok()?;
    let len = u64::from_le_bytes(len);
    let mut bytes = Vec::new();
    // A length that was never written ends where the file does.
    file.take(len).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 == len && crc32c::crc32c(&bytes) == u32::from_le_bytes(crc)).then_some(bytes)
}
