//! A block's header: where its parts stand, and what it says of all its events.

use super::rows::{self, ROW_LEN, RowBytes};
use super::{BLOCK_EVENTS, BlockDamaged, FactBlock};
use crate::position::Position;

/// Length of the header in bytes.
pub const HEADER_LEN: usize = 160;

/// Where the header's checksums begin: that of the header and all up to the texts, then that of texts and facts.
pub(super) const CHECKSUMS_AT: usize = 152;

pub(super) const MAGIC: &[u8; 8] = b"DFTFACT3";

/// In the flags of a header: positions are listed.
pub(super) const LISTS_POSITIONS: u32 = 1;
/// In the flags of a header: facts of tickets have texts by number.
pub(super) const LISTS_TEXTS: u32 = 2;
/// In the flags of a header: events stand in the order of their streams' numbers.
pub(super) const IS_BY_STREAM: u32 = 4;
/// In the flags of a header: no stream begins in the block but tickets.
pub(super) const BEGINS_TICKETS: u32 = 8;

/// Where the parts of a block stand, and what its header says of its events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) first: u64,
    pub(super) rows: usize,
    pub(super) flags: u32,
    pub(super) listed_positions: bool,
    pub(super) first_new_stream: u32,
    pub(super) new_streams: usize,
    pub(super) lowest_stream: u32,
    pub(super) greatest_stream: u32,
    pub(super) latest: i64,
    pub(super) runs: usize,
    pub(super) positions_at: usize,
    pub(super) rows_at: usize,
    pub(super) runs_at: usize,
    pub(super) names_at: usize,
    pub(super) texts_at: usize,
    pub(super) facts_at: usize,
    /// How many texts are listed; none: facts are as the log has them.
    pub(super) texts: Option<u32>,
}

impl Header {
    /// Reads the header of a block of that length, and checks that every part stays inside the block.
    pub(super) fn read(block: &[u8], len: usize) -> Result<Self, BlockDamaged> {
        if FactBlock::stated_len(block) != Some(len) {
            return Err(BlockDamaged("its header is wrong"));
        }
        let (rows, runs) = (u32_at(block, 16) as usize, u32_at(block, 32) as usize);
        let flags = u32_at(block, 20);
        let listed_positions = flags & LISTS_POSITIONS != 0;
        let positions_at = HEADER_LEN;
        let rows_at = positions_at + if listed_positions { 8 * rows } else { 0 };
        let runs_at = rows_at + ROW_LEN * (rows + 1);
        let names_at = runs_at + 16 * runs;
        let texts_at = names_at + u32_at(block, 36) as usize;
        let facts_at = texts_at + u32_at(block, 128) as usize;
        let new_streams = u32_at(block, 28) as usize;
        if rows > BLOCK_EVENTS || facts_at > len {
            return Err(BlockDamaged("its parts do not fit"));
        }
        Ok(Self {
            first: u64::from_le_bytes(array_at(block, 8)),
            rows,
            flags,
            listed_positions,
            first_new_stream: u32_at(block, 24),
            new_streams,
            lowest_stream: u32_at(block, 136),
            greatest_stream: u32_at(block, 140),
            latest: i64::from_le_bytes(array_at(block, 144)),
            runs,
            positions_at,
            rows_at,
            runs_at,
            names_at,
            texts_at,
            facts_at,
            texts: (flags & LISTS_TEXTS != 0).then(|| u32_at(block, 132)),
        })
    }

    pub(super) fn position(&self, bytes: &[u8], row: usize) -> Position {
        if self.listed_positions {
            Position(u64::from_le_bytes(array_at(bytes, self.positions_at + 8 * row)))
        } else {
            Position(self.first + row as u64)
        }
    }

    /// First row and time of a run of events recorded at one instant.
    pub(super) fn run(&self, bytes: &[u8], run: usize) -> (usize, i64) {
        let at = self.runs_at + 16 * run;
        (u32_at(bytes, at) as usize, i64::from_le_bytes(array_at(bytes, at + 8)))
    }

    /// The rows, and what stands behind the last.
    #[inline]
    pub(super) fn rows_of<'a>(&self, bytes: &'a [u8]) -> &'a [RowBytes] {
        bytes[self.rows_at..self.runs_at].as_chunks().0
    }

    pub(super) fn check_names(&self, block: &[u8]) -> Result<(), BlockDamaged> {
        let mut at = self.names_at;
        for _ in 0..self.new_streams {
            let length = block.get(at + 1..at + 3).ok_or(BlockDamaged("its names do not fit"))?;
            at += 3 + usize::from(u16::from_le_bytes([length[0], length[1]]));
        }
        if at == self.texts_at { Ok(()) } else { Err(BlockDamaged("its names do not fit")) }
    }

    pub(super) fn check_offsets(&self, block: &[u8]) -> Result<(), BlockDamaged> {
        let mut end = 0;
        // All of them are looked at: that costs less than to stop at the first that falls.
        let rise = |rises, row| {
            let before = std::mem::replace(&mut end, rows::facts_at(row));
            rises & (before <= end)
        };
        if self.rows_of(block).iter().fold(true, rise) && self.facts_at + end == block.len() {
            Ok(())
        } else {
            Err(BlockDamaged("its facts do not fit"))
        }
    }
}

/// The checksum of a header and what follows it up to the texts: CRC32C over both, without the header's checksums.
pub(super) fn crc(header: &[u8], up_to_texts: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&header[..CHECKSUMS_AT]), up_to_texts)
}

#[inline]
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

/// The `N` bytes at `at`; callers have checked that they are there.
#[inline]
pub(super) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}
