//! Files derived from the log: fact columns with the ticket index, and recent commands. Deleted, they come back the
//! same bytes.
//!
//! Block k covers positions 4096k+1 to 4096(k+1), whatever the commits were. Each carries the chain value at its end;
//! one whose value is not the log's is thrown away and made again.

use crate::block::{BLOCK_EVENTS, FactBlock};
use crate::checksum::Digest;
use crate::log::{CommandStamp, LogIdentity, StoreError};
use crate::position::Position;
use crate::sequencer::KeptCommand;
use daftar_domain::Timestamp;
use memmap2::{Mmap, MmapOptions};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

const COMMANDS_MAGIC: &[u8; 8] = b"DFTCMDS1";
const COMMANDS_HEADER: usize = 64;
const COMMAND_LEN: usize = 52;

/// The files, open for appending.
#[derive(Debug)]
pub struct DerivedFiles {
    facts: File,
    facts_len: u64,
    commands: File,
    commands_len: u64,
    blocks: u64,
}

/// What the files held that is whole and belongs to this log.
#[derive(Debug, Default)]
pub struct Derived {
    /// Whole blocks, in order, without gaps.
    pub blocks: Vec<FactBlock>,
    /// Where the first block would have begun that is as long as it says, but damaged or not of this log.
    pub spoilt: Option<Position>,
    /// The commands of each block, and how long both files are up to its end.
    commands: Vec<(Vec<KeptCommand>, u64, u64)>,
}

impl Derived {
    /// Throws the last block away, which is none of this log's.
    pub fn pop(&mut self) {
        self.spoilt = self.blocks.pop().map(|block| block.first());
        self.commands.pop();
    }

    /// The commands of all blocks, oldest first.
    pub fn commands(&self) -> impl Iterator<Item = KeptCommand> {
        self.commands.iter().flat_map(|(commands, ..)| commands.iter().copied())
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
        let (facts, commands) = (open("facts")?, open("commands")?);
        let derived = read(&facts, &commands, identity, genesis)?;
        Ok((Self { facts, facts_len: 0, commands, commands_len: 0, blocks: 0 }, derived))
    }

    /// Cuts both files to what is kept of them, so that the next block is appended there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the files can't be cut.
    pub fn keep(&mut self, derived: &Derived) -> Result<(), StoreError> {
        let (facts_len, commands_len) =
            derived.commands.last().map_or((0, 0), |(_, facts, commands)| (*facts, *commands));
        let failed = |e| StoreError::failed("cutting derived files", e);
        self.facts.set_len(facts_len).map_err(failed)?;
        self.commands.set_len(commands_len).map_err(failed)?;
        (self.facts_len, self.commands_len) = (facts_len, commands_len);
        self.blocks = derived.blocks.len() as u64;
        Ok(())
    }

    /// Appends a whole block and its commands, and maps the block for reading. Nothing is synced: after a crash it is
    /// made again.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the files can't be written.
    pub fn append(&mut self, block: &FactBlock, commands: &[KeptCommand]) -> Result<FactBlock, StoreError> {
        let failed = |e| StoreError::of_write("writing derived files", &e);
        let bytes = block.as_bytes();
        let command_bytes = encode_commands(self.blocks, block.origin().chain_after, commands);
        self.commands.write_all_at(&command_bytes, self.commands_len).map_err(failed)?;
        self.facts.write_all_at(bytes, self.facts_len).map_err(failed)?;
        let mapped = map(&self.facts, self.facts_len, bytes.len())?;
        let mapped =
            FactBlock::parse(mapped, 0, bytes.len()).map_err(|e| StoreError::failed("writing derived files", e))?;
        self.facts_len += bytes.len() as u64;
        self.commands_len += command_bytes.len() as u64;
        self.blocks += 1;
        Ok(mapped)
    }
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
        let rest = (*commands).as_ref().get(commands_at..).unwrap_or_default();
        chain = block.origin().chain_after;
        let Some((of_block, len)) = decode_commands(rest, derived.blocks.len() as u64, &chain) else { break };
        facts_at += block.as_bytes().len();
        commands_at += len;
        derived.blocks.push(block);
        derived.commands.push((of_block, facts_at as u64, commands_at as u64));
    }
    // A block cut short is what a kill leaves; one of full length was not written so.
    let rest = (*facts).as_ref().get(facts_at..).unwrap_or_default();
    let is_whole = FactBlock::stated_len(rest).is_some_and(|len| len <= rest.len());
    derived.spoilt = is_whole.then(|| Position((derived.blocks.len() * BLOCK_EVENTS) as u64 + 1));
    Ok(derived)
}

/// The block at `at`, when it is whole, of this log, and the one that belongs there.
fn next_block(
    facts: &Arc<Mmap>,
    at: usize,
    number: usize,
    identity: LogIdentity,
    chain_before: Digest,
) -> Option<FactBlock> {
    let rest = facts.get(at..)?;
    let len = FactBlock::stated_len(rest).filter(|len| *len <= rest.len())?;
    let block = FactBlock::parse(facts.clone(), at, len).ok()?;
    let origin = block.origin();
    let first = (number * BLOCK_EVENTS) as u64 + 1;
    let belongs = block.first() == Position(first)
        && block.rows() == BLOCK_EVENTS
        && origin.log_id == identity.log_id
        && origin.chain_before == chain_before;
    belongs.then_some(block)
}

/// Maps part of a file that only grows.
fn map(file: &File, at: u64, len: usize) -> Result<Arc<Mmap>, StoreError> {
    #[expect(
        unsafe_code,
        reason = "mapping is unsafe where another process may cut the file; the lock keeps others out"
    )]
    // SAFETY: the directory's lock keeps every other process of ours out, and this one cuts the files only before
    // anything of them is handed out, and never below what is mapped.
    let mapped = unsafe { MmapOptions::new().offset(at).len(len).map(file) };
    mapped.map(Arc::new).map_err(|e| StoreError::failed("mapping derived files", e))
}

/// The commands whose first position lies in block `number`: header, then 52 bytes each.
fn encode_commands(number: u64, chain: Digest, commands: &[KeptCommand]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(COMMANDS_HEADER + COMMAND_LEN * commands.len());
    bytes.extend(COMMANDS_MAGIC);
    bytes.extend(number.to_le_bytes());
    bytes.extend((commands.len() as u64).to_le_bytes());
    bytes.extend(chain);
    bytes.extend([0; 8]);
    for command in commands {
        bytes.extend(command.stamp.id);
        bytes.extend(command.stamp.digest);
        bytes.extend(command.first.0.to_le_bytes());
        bytes.extend(command.count.to_le_bytes());
        bytes.extend(command.recorded_at.micros().to_le_bytes());
    }
    let checksum = crc32c::crc32c(&bytes);
    bytes[56..60].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Reads the commands of block `number`, and how many bytes they took; `None` when they are damaged or another's.
fn decode_commands(bytes: &[u8], number: u64, chain: &Digest) -> Option<(Vec<KeptCommand>, usize)> {
    let header = bytes.get(..COMMANDS_HEADER)?;
    let count = usize::try_from(u64::from_le_bytes(header[16..24].try_into().ok()?)).ok()?;
    let len = COMMANDS_HEADER.checked_add(COMMAND_LEN.checked_mul(count)?)?;
    let block = bytes.get(..len)?;
    let mut unsummed = block.to_vec();
    unsummed[56..60].fill(0);
    let stated = u32::from_le_bytes(block[56..60].try_into().ok()?);
    let right = header[..8] == *COMMANDS_MAGIC
        && header[8..16] == number.to_le_bytes()
        && header[24..56] == *chain
        && stated == crc32c::crc32c(&unsummed);
    let commands = || block[COMMANDS_HEADER..].as_chunks::<COMMAND_LEN>().0.iter().map(decode_command).collect();
    right.then(|| (commands(), len))
}

fn decode_command(bytes: &[u8; COMMAND_LEN]) -> KeptCommand {
    let (mut id, mut digest, mut first, mut count, mut at) = ([0; 16], [0; 16], [0; 8], [0; 4], [0; 8]);
    id.copy_from_slice(&bytes[..16]);
    digest.copy_from_slice(&bytes[16..32]);
    first.copy_from_slice(&bytes[32..40]);
    count.copy_from_slice(&bytes[40..44]);
    at.copy_from_slice(&bytes[44..]);
    KeptCommand {
        stamp: CommandStamp { id, digest },
        first: Position(u64::from_le_bytes(first)),
        count: u32::from_le_bytes(count),
        recorded_at: Timestamp::clamped(i64::from_le_bytes(at)),
    }
}
