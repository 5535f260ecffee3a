//! Streams whose events follow each other, one after the other: their events are found where they stand.

use super::index::{Index, Stream};
use daftar_eventlog::{BlockFacts, Fact};
use std::ops::Range;

/// The streams of a range that have events, where the events of each follow each other and streams stand in the order of
/// their numbers.
pub(super) struct Runs<'b, 'a> {
    index: &'b Index,
    range: Range<u32>,
    /// The block where the next stream begins, and those behind it; nothing before the first is looked at.
    here: Option<&'b BlockFacts<'a>>,
    behind: &'b [BlockFacts<'a>],
    /// The row there, and where those of the prefix end.
    row: usize,
    end: usize,
}

/// The events of one stream.
pub(super) struct Run<'b, 'a> {
    here: &'b BlockFacts<'a>,
    behind: &'b [BlockFacts<'a>],
    row: usize,
    left: usize,
}

impl<'b, 'a> Runs<'b, 'a> {
    /// Those of a range; `blocks` are what folds read of all blocks.
    pub(super) fn of(index: &'b Index, range: Range<u32>, blocks: &'b [BlockFacts<'a>]) -> Self {
        let behind = blocks.get(index.first_block_of(range.start)..).unwrap_or_default();
        Self { index, range, here: None, behind, row: 0, end: 0 }
    }

    /// How many rows follow here that are of a stream.
    #[inline]
    fn pass(&mut self, facts: &BlockFacts<'a>, stream: u32) -> usize {
        let begin = self.row;
        if facts.stream(begin).0 == stream {
            self.row = facts.run_end(begin).min(self.end);
        }
        self.row - begin
    }

    /// Goes to the next block where this one ends; none: there is nothing more, or it is not what was written, which whoever
    /// folds has to ask of all blocks at the end.
    #[inline]
    fn find(&mut self) -> Option<&'b BlockFacts<'a>> {
        while self.end <= self.row {
            let number = self.index.blocks().len() - self.behind.len();
            let (next, behind) = self.behind.split_first()?;
            if !self.index.is_whole(number) {
                self.behind = &[];
                return None;
            }
            (self.here, self.behind) = (Some(next), behind);
            (self.row, self.end) = (0, self.index.rows_of(number).end);
        }
        self.here
    }
}

impl<'b, 'a> Iterator for Runs<'b, 'a> {
    /// What the stream is about, how many events it has, and they.
    type Item = (Stream, usize, Run<'b, 'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while let Some(here) = self.find() {
            let (behind, row) = (self.behind, self.row);
            let stream = here.stream(row).0;
            if self.range.end <= stream {
                break;
            }
            let mut left = self.pass(here, stream);
            // Where it ends with the block it may go on in the next.
            while self.row == self.end
                && let Some(next) = self.find()
            {
                match self.pass(next, stream) {
                    0 => break,
                    more => left += more,
                }
            }
            if self.range.start <= stream {
                let run = Run { here, behind, row, left };
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
        if self.row == self.here.rows() {
            (self.here, self.behind) = self.behind.split_first()?;
            self.row = 0;
        }
        let fact = self.here.fact(self.row);
        self.row += 1;
        Some(fact)
    }
}
