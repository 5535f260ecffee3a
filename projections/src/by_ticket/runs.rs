//! Streams whose events follow each other, one after the other: their events are found where they stand.

use super::index::{Index, Stream};
use daftar_eventlog::{BlockFacts, Fact};
use std::ops::Range;

/// The streams of a range that have events, where the events of each follow each other and streams stand in the order of
/// their numbers.
pub(super) struct Runs<'b, 'a> {
    index: &'b Index,
    blocks: &'b [BlockFacts<'a>],
    range: Range<u32>,
    /// Where the next stream begins: the number of the block, and the row.
    block: usize,
    row: usize,
}

/// The events of one stream.
pub(super) struct Run<'b, 'a> {
    blocks: &'b [BlockFacts<'a>],
    block: usize,
    row: usize,
    left: usize,
}

impl<'b, 'a> Runs<'b, 'a> {
    /// Those of a range; `blocks` are what folds read of all blocks.
    pub(super) fn of(index: &'b Index, range: Range<u32>, blocks: &'b [BlockFacts<'a>]) -> Self {
        Self { index, blocks, block: index.first_block_of(range.start), range, row: 0 }
    }

    /// How many rows follow here that are of a stream.
    #[inline]
    fn pass(&mut self, stream: u32) -> usize {
        let facts = &self.blocks[self.block];
        let begin = self.row;
        if facts.stream(begin).0 == stream {
            self.row = facts.run_end(begin).min(self.index.rows_of(self.block).end);
        }
        self.row - begin
    }

    /// Goes to the next block where this one ends; whether there is anything.
    #[inline]
    fn find(&mut self) -> bool {
        while self.block < self.blocks.len() {
            if self.row < self.index.rows_of(self.block).end {
                return true;
            }
            (self.block, self.row) = (self.block + 1, 0);
        }
        false
    }
}

impl<'b, 'a> Iterator for Runs<'b, 'a> {
    /// What the stream is about, how many events it has, and they.
    type Item = (Stream, usize, Run<'b, 'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.find() {
            let (block, row) = (self.block, self.row);
            let stream = self.blocks[block].stream(row).0;
            if self.range.end <= stream {
                break;
            }
            let mut left = self.pass(stream);
            // Where it ends with the block it may go on in the next.
            while self.row == self.index.rows_of(self.block).end && self.find() {
                match self.pass(stream) {
                    0 => break,
                    more => left += more,
                }
            }
            if self.range.start <= stream {
                let run = Run { blocks: self.blocks, block, row, left };
                // The survey has seen that each is named.
                return Some((self.index.about(stream).unwrap_or(Stream::PassedOver), left, run));
            }
        }
        None
    }
}

impl<'a> Iterator for Run<'_, 'a> {
    type Item = Fact<'a>;

    // Always, as for the events themselves.
    #[inline(always)]
    fn next(&mut self) -> Option<Fact<'a>> {
        self.left = self.left.checked_sub(1)?;
        if self.row == self.blocks[self.block].rows() {
            (self.block, self.row) = (self.block + 1, 0);
        }
        let fact = self.blocks[self.block].fact(self.row);
        self.row += 1;
        Some(fact)
    }
}
