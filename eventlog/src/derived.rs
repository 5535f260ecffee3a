//! Files derived from the log: facts as rows with the ticket index, and recent commands. Deleted, they come back the
//! same bytes.
//!
//! Block k covers positions 4096k+1 to 4096(k+1), whatever the commits were. Each carries the chain value at its end;
//! one whose value is not the log's is thrown away and made again.

use crate::block::{BLOCK_EVENTS, FactBlock};
use crate::checksum::Digest;
use crate::log::{CommandStamp, LogIdentity, StoreError};
use crate::position::Position;
use crate::sequencer::KeptCommand;
use crate::sequencer::commands::DIGEST_KEPT;
use daftar_domain::Timestamp;
use memmap2::{Mmap, MmapOptions, UncheckedAdvice};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

const FACTS: &str = "facts";
/// A copy of the facts before it takes their place.
const FACTS_COPY: &str = "facts.new";
const COMMANDS_MAGIC: &[u8; 8] = b"DFTCMDS2";
const COMMANDS_HEADER: usize = 64;
const COMMAND_LEN: usize = 27;
const DIGEST_END: usize = 16 + DIGEST_KEPT;
/// How much of a file that grows is mapped at a time: a process may have some ten thousands of mappings, not more.
const WINDOW_BYTES: usize = 64 << 20;
/// How much of a file is laid out as zeros at a time, at most. The system keeps a file in memory in pieces as large as what
/// is written at once, here as large as a page table maps as one: pieces of a block's size cost ten times as much to map.
pub(crate) const LAID_OUT_BYTES: u64 = 2 << 20;
/// The least of a file that the system writes at once.
const PAGE_BYTES: usize = 4096;
/// On how many threads blocks are verified at opening.
const VERIFIERS: usize = 2;

/// The files, open for appending.
#[derive(Debug)]
pub struct DerivedFiles {
    facts: GrowingFile,
    commands: GrowingFile,
    blocks: u64,
}

/// What the files held that is whole and belongs to this log.
#[derive(Debug, Default)]
pub struct Derived {
    /// Whole blocks, in order, without gaps.
    pub blocks: Vec<FactBlock>,
    /// Where the first block would have begun that is as long as it says, but damaged or not of this log.
    pub spoilt: Option<Position>,
    /// The commands of each block.
    pub commands: Vec<CommandBlock>,
    /// The mappings they lie in.
    mapped: Vec<Arc<Mmap>>,
}

impl Derived {
    /// Throws the last block away, which is none of this log's.
    pub fn pop(&mut self) {
        self.spoilt = self.blocks.pop().map(|block| block.first());
        self.commands.pop();
    }

    fn truncate(&mut self, blocks: usize) {
        self.blocks.truncate(blocks);
        self.commands.truncate(blocks);
    }

    /// Takes what was read once out of the process's memory; it stays in the page cache.
    pub fn let_go_of_pages(&self) {
        for mapped in &self.mapped {
            #[expect(unsafe_code, reason = "this advice is unsafe for mappings that are written to")]
            // SAFETY: the mapping is shared with its file and only read: its pages come back as they were.
            let advised = unsafe { mapped.unchecked_advise(UncheckedAdvice::DontNeed) };
            // Not a promise, only smaller.
            drop(advised);
        }
    }
}

/// The commands whose first position lies in one block, as they stand in the file.
#[derive(Debug, Clone)]
pub struct CommandBlock {
    bytes: Arc<Mmap>,
    start: usize,
    count: usize,
    /// Position of the block's first event.
    first: u64,
}

impl CommandBlock {
    /// The block of `number` at `start`; nothing but the header is verified.
    fn read(bytes: &Arc<Mmap>, start: usize, number: u64, chain: &Digest) -> Option<Self> {
        let header = bytes.get(start..start.checked_add(COMMANDS_HEADER)?)?;
        let count = u32::from_le_bytes(header[16..20].try_into().ok()?) as usize;
        let right = header[..8] == *COMMANDS_MAGIC && header[8..16] == number.to_le_bytes() && header[24..56] == *chain;
        let block = Self { bytes: Arc::clone(bytes), start, count, first: first_of(number) };
        (right && bytes.len() - start >= block.stored_len()).then_some(block)
    }

    fn stored_len(&self) -> usize {
        COMMANDS_HEADER + COMMAND_LEN * self.count
    }

    fn stored(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.stored_len()]
    }

    fn is_whole(&self) -> bool {
        let (header, entries) = self.stored().split_at(COMMANDS_HEADER);
        header[20..24] == command_checksum(header, entries).to_le_bytes()
    }

    /// How many commands it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// When the log accepted the last of them.
    #[must_use]
    pub fn last_recorded_at(&self) -> Timestamp {
        Timestamp::clamped(i64::from_le_bytes(array(&self.stored()[56..COMMANDS_HEADER])))
    }

    fn entry(&self, n: usize) -> &[u8] {
        let at = self.start + COMMANDS_HEADER + COMMAND_LEN * n;
        &self.bytes[at..at + COMMAND_LEN]
    }

    /// The id of the command at `n`, counted from 0.
    #[must_use]
    pub fn id(&self, n: usize) -> [u8; 16] {
        array(&self.entry(n)[..16])
    }

    /// The command at `n`, counted from 0.
    #[must_use]
    pub fn command(&self, n: usize) -> KeptCommand {
        let entry = self.entry(n);
        let mut digest = [0; 16];
        digest[..DIGEST_KEPT].copy_from_slice(&entry[16..DIGEST_END]);
        let row = u16::from_le_bytes([entry[DIGEST_END], entry[DIGEST_END + 1]]);
        KeptCommand {
            stamp: CommandStamp { id: self.id(n), digest },
            first: Position(self.first + u64::from(row)),
            count: u32::from(entry[DIGEST_END + 2]),
            recorded_at: self.last_recorded_at(),
        }
    }
}

/// A file that only grows, mapped some way beyond its end so that what is appended lies in one mapping for a while, and
/// with zeros behind its end as long as it does.
#[derive(Debug)]
struct GrowingFile {
    file: File,
    len: u64,
    /// Where the zeros end.
    laid_out: u64,
    /// The mapping that holds the end, and where it begins.
    window: Option<(Arc<Mmap>, u64)>,
}

impl GrowingFile {
    fn new(file: File) -> Self {
        Self { file, len: 0, laid_out: 0, window: None }
    }

    fn cut(&mut self, len: u64) -> std::io::Result<()> {
        (self.len, self.laid_out) = (len, len);
        self.file.set_len(len)
    }

    /// Writes zeros up to `end` and beyond, at most as many as there are bytes by then.
    fn lay_out(&mut self, end: u64) {
        if end <= self.laid_out {
            return;
        }
        let end = end.next_multiple_of(end.next_power_of_two().min(LAID_OUT_BYTES));
        let from = self.len.max(self.laid_out);
        let zeros = vec![0; usize::try_from(end - from).unwrap_or(0)];
        if self.file.write_all_at(&zeros, from).is_err() {
            // Nothing needs them. Where the disk is full they must not stand in the way of what does need room.
            let _ = self.file.set_len(from);
        }
        self.laid_out = end;
    }

    /// Appends bytes; answers a mapping and where in it they begin.
    fn append(&mut self, bytes: &[u8]) -> Result<(Arc<Mmap>, usize), StoreError> {
        self.lay_out(self.len + bytes.len() as u64);
        let written = self.file.write_all_at(bytes, self.len);
        written.map_err(|e| StoreError::of_write("writing derived files", &e))?;
        let at = self.len;
        self.len += bytes.len() as u64;
        let (window, start) = self.window_of(at, bytes.len())?;
        Ok((window, usize::try_from(at - start).unwrap_or(usize::MAX)))
    }

    fn window_of(&mut self, at: u64, len: usize) -> Result<(Arc<Mmap>, u64), StoreError> {
        let window = self.window.take().filter(|(map, start)| at + len as u64 <= start + map.len() as u64);
        let window = match window {
            Some(window) => window,
            None => (map(&self.file, at, len.max(WINDOW_BYTES))?, at),
        };
        Ok(self.window.insert(window).clone())
    }
}

impl DerivedFiles {
    /// Opens or creates the files in `dir` and reads the blocks that are whole and of this log; `genesis` is the
    /// chain's first value.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the files can't be opened.
    pub fn open(dir: &Path, identity: LogIdentity, genesis: Digest) -> Result<(Self, Derived), StoreError> {
        let failed = |e| StoreError::failed("opening derived files", e);
        std::fs::create_dir_all(dir).map_err(failed)?;
        let open = |name: &str| {
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(dir.join(name)).map_err(failed)
        };
        let (facts, commands) = (open(FACTS)?, open("commands")?);
        let derived = read(&facts, &commands, identity, genesis)?;
        Ok((Self { facts: GrowingFile::new(facts), commands: GrowingFile::new(commands), blocks: 0 }, derived))
    }

    /// Cuts both files to what is kept of them, so that the next block is appended there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the files can't be cut.
    pub fn keep(&mut self, derived: &Derived) -> Result<(), StoreError> {
        let failed = |e| StoreError::failed("cutting derived files", e);
        let facts_len: usize = derived.blocks.iter().map(|block| block.as_bytes().len()).sum();
        let commands_len: usize = derived.commands.iter().map(CommandBlock::stored_len).sum();
        self.facts.cut(facts_len as u64).map_err(failed)?;
        self.commands.cut(commands_len as u64).map_err(failed)?;
        self.blocks = derived.blocks.len() as u64;
        Ok(())
    }

    /// Takes the zeros behind their ends away: nothing more is appended. A killed process leaves them, and the next opening
    /// cuts them off.
    pub fn end(self) {
        for mut file in [self.facts, self.commands] {
            // It costs the next opening a little time.
            let _ = file.cut(file.len);
        }
    }

    /// Appends a whole block and its commands, and maps both for reading. Nothing is synced: after a crash they are
    /// made again.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the files can't be written.
    pub fn append(
        &mut self,
        block: &FactBlock,
        commands: &[KeptCommand],
    ) -> Result<(FactBlock, CommandBlock), StoreError> {
        let command_bytes = encode_commands(self.blocks, block.origin().chain_after, commands);
        let (mapped, start) = self.commands.append(&command_bytes)?;
        let commands = CommandBlock { bytes: mapped, start, count: commands.len(), first: first_of(self.blocks) };
        let (mapped, start) = self.facts.append(block.as_bytes())?;
        let block = FactBlock::parse(mapped, start, block.as_bytes().len())
            .map_err(|e| StoreError::failed("writing derived files", e))?;
        self.blocks += 1;
        Ok((block, commands))
    }
}

/// The blocks in `dir` by their headers alone, which say that they are of this log and follow each other: none is
/// verified. `None`: there is more in the file than these, or it can't be read.
pub(crate) fn unverified_blocks(dir: &Path, identity: LogIdentity, genesis: Digest) -> Option<Vec<FactBlock>> {
    let file = File::open(dir.join(FACTS)).ok()?;
    let len = usize::try_from(file.metadata().ok()?.len()).ok()?;
    let mut blocks = Vec::new();
    if len == 0 {
        return Some(blocks);
    }
    let facts = map(&file, 0, len).ok()?;
    // All of it will be read, but headers first: page by page the system would keep it in small pieces, which cost more to
    // map each time. Not a promise, only faster.
    #[cfg(target_os = "linux")]
    let _ = facts.advise(memmap2::Advice::HugePage);
    let (mut at, mut chain) = (0, genesis);
    while let Some(block) = next_block(&facts, at, blocks.len(), identity, chain) {
        chain = block.origin().chain_after;
        at += block.as_bytes().len();
        blocks.push(block);
    }
    (at == len).then_some(blocks)
}

/// Puts a copy in the place of the facts in `dir`: who has them mapped keeps them as they are, whatever is cut off from
/// now on.
///
/// # Errors
///
/// [`StoreError`] when there is no room for it, or the disk fails.
pub(crate) fn set_facts_aside(dir: &Path) -> Result<(), StoreError> {
    let (facts, copy) = (dir.join(FACTS), dir.join(FACTS_COPY));
    let copied = std::fs::copy(&facts, &copy).and_then(|_| std::fs::rename(&copy, &facts));
    copied.map_err(|e| {
        remove_unfinished(dir);
        StoreError::of_write("copying derived files", &e)
    })
}

/// Removes what [`set_facts_aside`] left in `dir` where it came to no end.
pub(crate) fn remove_unfinished(dir: &Path) {
    // It stands in nobody's way but the disk's: what can't be removed stays.
    let _ = std::fs::remove_file(dir.join(FACTS_COPY));
}

/// Position of the first event of block `number`.
fn first_of(number: u64) -> u64 {
    number * BLOCK_EVENTS as u64 + 1
}

fn read(facts: &File, commands: &File, identity: LogIdentity, genesis: Digest) -> Result<Derived, StoreError> {
    let failed = |e| StoreError::failed("reading derived files", e);
    let facts_len = usize::try_from(facts.metadata().map_err(failed)?.len()).unwrap_or(usize::MAX);
    let commands_len = usize::try_from(commands.metadata().map_err(failed)?.len()).unwrap_or(usize::MAX);
    let mut derived = Derived::default();
    if facts_len == 0 || commands_len == 0 {
        return Ok(derived);
    }
    let (facts, commands) = (map(facts, 0, facts_len)?, map(commands, 0, commands_len)?);
    let (mut facts_at, mut commands_at, mut chain) = (0, 0, genesis);
    while let Some(block) = next_block(&facts, facts_at, derived.blocks.len(), identity, chain) {
        chain = block.origin().chain_after;
        let number = derived.blocks.len() as u64;
        let Some(of_block) = CommandBlock::read(&commands, commands_at, number, &chain) else { break };
        facts_at += block.as_bytes().len();
        commands_at += of_block.stored_len();
        derived.blocks.push(block);
        derived.commands.push(of_block);
    }
    derived.truncate(whole_blocks(&derived));
    // A block cut short is what a kill leaves; one that goes on to its end was not written so.
    let kept: usize = derived.blocks.iter().map(|block| block.as_bytes().len()).sum();
    derived.spoilt = goes_on_to_its_end(&facts, kept).then(|| Position(first_of(derived.blocks.len() as u64)));
    derived.mapped = vec![facts, commands];
    Ok(derived)
}

/// Whether the block that begins there is as long as it says, and its last page says something: a write that was cut short
/// ends with a page, before the end of the file or before zeros.
fn goes_on_to_its_end(facts: &[u8], begin: usize) -> bool {
    let len = facts.get(begin..).and_then(FactBlock::stated_len);
    let end = len.and_then(|len| begin.checked_add(len)).filter(|end| *end <= facts.len());
    end.is_some_and(|end| facts[begin.max((end - 1) / PAGE_BYTES * PAGE_BYTES)..end].iter().any(|byte| *byte != 0))
}

/// How many blocks are what was written, up to the first that is not. Several threads verify, each a part.
fn whole_blocks(derived: &Derived) -> usize {
    let pairs: Vec<_> = derived.blocks.iter().zip(&derived.commands).collect();
    let is_whole = |(block, commands): &(&FactBlock, &CommandBlock)| block.verify().is_ok() && commands.is_whole();
    let damaged = std::thread::scope(|threads| {
        let part = |(n, part): (usize, &'_ [_])| part.iter().position(|pair| !is_whole(pair)).map(|at| (n, at));
        let parts = pairs.chunks(pairs.len().div_ceil(VERIFIERS).max(1)).enumerate();
        let running: Vec<_> = parts.map(|numbered| threads.spawn(move || part(numbered))).collect();
        // A thread that gave up has verified nothing: all is made again.
        running.into_iter().map(|thread| thread.join().unwrap_or(Some((0, 0)))).collect::<Vec<_>>()
    });
    let each = pairs.len().div_ceil(VERIFIERS).max(1);
    damaged.into_iter().flatten().map(|(n, at)| n * each + at).min().unwrap_or(pairs.len())
}

/// The block at `at`, when by its header it is of this log, and the one that belongs there.
fn next_block(
    facts: &Arc<Mmap>,
    at: usize,
    number: usize,
    identity: LogIdentity,
    chain_before: Digest,
) -> Option<FactBlock> {
    let rest = facts.get(at..)?;
    let len = FactBlock::stated_len(rest).filter(|len| *len <= rest.len())?;
    let block = FactBlock::parse_unverified(facts.clone(), at, len).ok()?;
    let origin = block.origin();
    // Positions in a file have no gaps: where they seem to be listed the header is wrong.
    let belongs = block.first() == Position(first_of(number as u64))
        && block.rows() == BLOCK_EVENTS
        && !block.lists_positions()
        && origin.log_id == identity.log_id
        && origin.chain_before == chain_before;
    belongs.then_some(block)
}

/// Maps part of a file that only grows; nobody reads beyond what was written.
fn map(file: &File, at: u64, len: usize) -> Result<Arc<Mmap>, StoreError> {
    #[expect(
        unsafe_code,
        reason = "mapping is unsafe where another process may cut the file; the lock keeps others out"
    )]
    // SAFETY: the directory's lock keeps every other process of ours out, and this one never cuts the files below a block
    // that it has handed out: neither at opening, nor where the log is opened anew, which counts them, nor at the end, which
    // takes zeros away; a reader that has handed out some of them has put a copy in their place before (`set_facts_aside`).
    let mapped = unsafe { MmapOptions::new().offset(at).len(len).map(file) };
    mapped.map(Arc::new).map_err(|e| StoreError::failed("mapping derived files", e))
}

/// The commands whose first position lies in block `number`: header, then 27 bytes each.
fn encode_commands(number: u64, chain: Digest, commands: &[KeptCommand]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(COMMANDS_HEADER + COMMAND_LEN * commands.len());
    bytes.extend(COMMANDS_MAGIC);
    bytes.extend(number.to_le_bytes());
    bytes.extend(u32::try_from(commands.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(chain);
    bytes.extend(commands.last().map_or(0, |command| command.recorded_at.micros()).to_le_bytes());
    for command in commands {
        bytes.extend(command.stamp.id);
        bytes.extend(&command.stamp.digest[..DIGEST_KEPT]);
        // It lies in the block, and a command yields at most 64 events.
        let row = u16::try_from(command.first.0 - first_of(number)).unwrap_or(u16::MAX);
        bytes.extend(row.to_le_bytes());
        bytes.push(u8::try_from(command.count).unwrap_or(u8::MAX));
    }
    let (header, entries) = bytes.split_at(COMMANDS_HEADER);
    let checksum = command_checksum(header, entries);
    bytes[20..24].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// CRC32C over header and entries, without the checksum.
fn command_checksum(header: &[u8], entries: &[u8]) -> u32 {
    let before = crc32c::crc32c(&header[..20]);
    crc32c::crc32c_append(crc32c::crc32c_append(before, &header[24..]), entries)
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}
