//! Where the events of each stream stand in the blocks of a prefix.

use super::Unfit;
use crate::side_by_side::side_by_side;
use crate::ticket_facts::Micros;
use daftar_eventlog::block::BLOCK_EVENTS;
use daftar_eventlog::{BlockFacts, Fact, FactBlock, LogReader, Position, StreamKind};
use std::num::NonZero;
use std::ops::{Range, RangeInclusive};

/// What a stream is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// A ticket.
    Ticket,
    /// Anything else, which only has to be readable.
    PassedOver,
}

/// The blocks of a prefix, and how many events of it each stream has.
pub(crate) struct Index {
    blocks: Vec<Part>,
    last: Position,
    /// The latest instant at which anything that counts happened to a ticket.
    latest: Option<Micros>,
    /// By number; none: never named.
    streams: Vec<Option<Stream>>,
    /// By number.
    counts: Vec<u32>,
    /// Whether the events of every stream follow each other, and streams stand in the order of their numbers.
    is_by_stream: bool,
}

/// A block, which of its rows are of the prefix, and between which streams they are.
struct Part {
    block: FactBlock,
    rows: Range<usize>,
    streams: RangeInclusive<u32>,
}

/// An event by the number of its block and its row there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row(u32);

impl Row {
    const PER_BLOCK: usize = BLOCK_EVENTS;

    fn of_block(block: usize, row: usize) -> Self {
        // There are fewer blocks than that, or nothing is read.
        Self(u32::try_from(block * Self::PER_BLOCK + row).unwrap_or(u32::MAX))
    }

    /// The event.
    #[inline(always)]
    pub(super) fn of<'a>(self, blocks: &[BlockFacts<'a>]) -> Fact<'a> {
        blocks[self.0 as usize / Self::PER_BLOCK].fact(self.0 as usize % Self::PER_BLOCK)
    }
}

/// A block, which of its rows are of the prefix, and how many streams are named up to its end.
struct Read {
    block: FactBlock,
    rows: Range<usize>,
    named: usize,
}

impl Read {
    /// The stream of its last event.
    fn last_stream(&self) -> Option<u32> {
        Some(self.block.facts().stream(self.rows.clone().last()?).0)
    }
}

/// Which streams blocks have events of, before they are put in order.
struct Survey {
    blocks: Vec<Part>,
    latest: Option<Micros>,
    counts: Vec<u32>,
    is_by_stream: bool,
}

/// For fewer blocks than that a second thread costs more than it spares.
const WORTH_A_THREAD: usize = if cfg!(test) { 2 } else { 16 };

impl Index {
    /// Reads every block up to `until`, on two threads at most; what happened after `happened_by` does not count.
    pub(crate) async fn read(
        log: &dyn LogReader,
        until: Position,
        happened_by: Option<Micros>,
        threads: NonZero<u32>,
    ) -> Result<Self, Unfit> {
        let mut blocks = Vec::new();
        let (mut last, mut named) = (Position::ZERO, 0);
        while last < until {
            let Some(block) = log.fact_block(last).await.map_err(|_| Unfit)? else { break };
            if block.last() <= last || u32::MAX as usize / Row::PER_BLOCK <= blocks.len() {
                return Err(Unfit);
            }
            let rows = block.facts().rows_between(last, until).ok_or(Unfit)?;
            // Where `until` lies in a gap of the positions there is nothing more.
            let Some(last_row) = rows.clone().last() else { break };
            last = block.facts().position(last_row);
            named = named.max(block.streams_after().unwrap_or(0));
            blocks.push(Read { block, rows, named });
        }
        let halves = if threads.get() < 2 || blocks.len() < WORTH_A_THREAD { blocks.len() } else { blocks.len() / 2 };
        Self::of_blocks(blocks, halves, last, happened_by)
    }

    /// The index of these blocks, of which those from `half` on are looked at by another thread.
    fn of_blocks(blocks: Vec<Read>, half: usize, last: Position, happened_by: Option<Micros>) -> Result<Self, Unfit> {
        let streams = streams_of(&blocks, half)?;
        let (ahead, behind) = blocks.split_at(half);
        let survey = |blocks, before| Survey::of(blocks, before, &streams, happened_by);
        let (first, second) = match ahead.last() {
            Some(before) if !behind.is_empty() => {
                let (first, second) = side_by_side(|| survey(ahead, None), || survey(behind, Some(before)));
                (first?, Some(second?))
            }
            _ => (survey(&blocks, None)?, None),
        };
        let Survey { blocks, latest, counts, is_by_stream } = match second {
            Some(second) => first.and(second),
            None => first,
        };
        Ok(Self { blocks, last, latest, streams, counts, is_by_stream })
    }

    /// The position of the last event.
    pub(crate) fn last(&self) -> Position {
        self.last
    }

    /// The latest instant at which anything that counts happened to a ticket; none: nothing did.
    pub(crate) fn latest(&self) -> Option<Micros> {
        self.latest
    }

    /// Whether the events of every stream follow each other, and streams stand in the order of their numbers.
    pub(super) fn is_by_stream(&self) -> bool {
        self.is_by_stream
    }

    /// What folds read of every block.
    pub(super) fn blocks(&self) -> impl Iterator<Item = BlockFacts<'_>> {
        self.blocks.iter().map(|part| part.block.facts())
    }

    /// The streams in so many ranges, with as many events each as may be; fewer where there are fewer streams.
    pub(super) fn ranges(&self, count: NonZero<u32>) -> impl Iterator<Item = Range<u32>> {
        let all: u64 = self.counts.iter().map(|count| u64::from(*count)).sum();
        let share = all.div_ceil(count.get().into()).max(1);
        let (mut ends, mut behind) = (Vec::new(), 0);
        for (stream, count) in (1..).zip(&self.counts) {
            behind += u64::from(*count);
            if share <= behind {
                ends.push(stream);
                behind = 0;
            }
        }
        let last = u32::try_from(self.counts.len()).unwrap_or(u32::MAX);
        match ends.last_mut() {
            // Only streams without events are left.
            Some(end) if behind == 0 => *end = last,
            _ => ends.push(last),
        }
        let begins: Vec<u32> = std::iter::once(0).chain(ends.iter().copied()).collect();
        begins.into_iter().zip(ends).map(|(begin, end)| begin..end)
    }

    /// The first block that may hold events of a stream or one behind it, where all streams stand in their order.
    pub(super) fn first_block_of(&self, stream: u32) -> usize {
        self.blocks.partition_point(|part| *part.streams.end() < stream)
    }

    /// Which rows of a block are of the prefix.
    #[inline]
    pub(super) fn rows_of(&self, block: usize) -> &Range<usize> {
        &self.blocks[block].rows
    }

    /// What a stream is about; none: it was never named.
    #[inline]
    pub(super) fn about(&self, stream: u32) -> Option<Stream> {
        self.streams.get(stream as usize).copied().flatten()
    }

    /// The events of some streams, put in their order.
    pub(super) fn of_range(&self, range: Range<u32>) -> OfRange<'_> {
        let streams = range.start as usize..range.end as usize;
        let mut ends = vec![0; streams.len()];
        let mut next = 0;
        for (end, count) in ends.iter_mut().zip(&self.counts[streams.clone()]) {
            *end = next;
            next += *count as usize;
        }
        let mut rows = vec![Row::default(); next];
        for (number, Part { block, rows: of_prefix, streams: between }) in self.blocks.iter().enumerate() {
            if *between.end() < range.start || range.end <= *between.start() {
                continue;
            }
            let facts = block.facts();
            let mut row = of_prefix.start;
            while row < of_prefix.end {
                let (stream, run) = (facts.stream(row).0, row..facts.run_end(row).min(of_prefix.end));
                row = run.end;
                // Another range's are not among these.
                if let Some(end) = ends.get_mut((stream as usize).wrapping_sub(streams.start)) {
                    let begin = std::mem::replace(end, *end + run.len());
                    for (place, row) in rows[begin..*end].iter_mut().zip(run) {
                        *place = Row::of_block(number, row);
                    }
                }
            }
        }
        OfRange { index: self, first: range.start, ends, rows }
    }
}

/// What every stream is about that blocks name, those from `half` on on another thread.
fn streams_of(blocks: &[Read], half: usize) -> Result<Vec<Option<Stream>>, Unfit> {
    let count = |blocks: &[Read]| blocks.last().map_or(0, |read| read.named);
    let mut streams = vec![None; count(blocks)];
    let (ahead, behind) = blocks.split_at(half);
    let first = count(ahead).min(streams.len());
    let (of_ahead, of_behind) = streams.split_at_mut(first);
    let (ahead, behind) = match behind {
        [] => (name(ahead, 0, of_ahead), Ok(())),
        _ => side_by_side(|| name(ahead, 0, of_ahead), || name(behind, first, of_behind)),
    };
    ahead.and(behind).map(|()| streams)
}

/// Takes note of what streams are about that blocks name, of which the first has the number `first`.
fn name(blocks: &[Read], first: usize, streams: &mut [Option<Stream>]) -> Result<(), Unfit> {
    for (number, name) in blocks.iter().flat_map(|read| read.block.new_names()) {
        let (kind, _) = name.map_err(|_| Unfit)?;
        let about = streams.get_mut((number.0 as usize).wrapping_sub(first)).ok_or(Unfit)?;
        about.get_or_insert(if kind == StreamKind::Ticket { Stream::Ticket } else { Stream::PassedOver });
    }
    Ok(())
}

impl Survey {
    /// Of blocks behind another.
    fn of(
        blocks: &[Read],
        before: Option<&Read>,
        streams: &[Option<Stream>],
        happened_by: Option<Micros>,
    ) -> Result<Self, Unfit> {
        let mut survey = Self {
            blocks: Vec::with_capacity(blocks.len()),
            latest: None,
            counts: vec![0; streams.len()],
            is_by_stream: true,
        };
        let mut before = before.and_then(Read::last_stream);
        for read in blocks {
            survey.add(read, before, streams, happened_by)?;
            before = read.last_stream();
        }
        Ok(survey)
    }

    /// The next block; `before` is the stream of the event before it.
    fn add(
        &mut self,
        read: &Read,
        mut before: Option<u32>,
        streams: &[Option<Stream>],
        happened_by: Option<Micros>,
    ) -> Result<(), Unfit> {
        let Read { block, rows, named } = read;
        let facts = block.facts();
        let (mut first, mut last) = (u32::MAX, 0);
        self.is_by_stream &= rows.start == 0;
        let mut row = rows.start;
        while row < rows.end {
            let (stream, run) = (facts.stream(row).0, row..facts.run_end(row).min(rows.end));
            let about = streams[..*named].get(stream as usize).copied().flatten().ok_or(Unfit)?;
            // A block has far fewer rows than that.
            self.counts[stream as usize] += u32::try_from(run.len()).unwrap_or(u32::MAX);
            // What is of the last stream of the block before goes on with it.
            self.is_by_stream &= before < Some(stream) || (before == Some(stream) && row == 0);
            (before, first, last) = (Some(stream), first.min(stream), last.max(stream));
            row = run.end;
            if about == Stream::Ticket {
                let counts = |at: &Micros| happened_by.is_none_or(|last| *at <= last);
                self.latest = facts.instants(run).filter(counts).max().max(self.latest);
            }
        }
        self.blocks.push(Part { block: block.clone(), rows: rows.clone(), streams: first..=last });
        Ok(())
    }

    /// This one and that of the blocks behind it.
    fn and(mut self, behind: Self) -> Self {
        self.blocks.extend(behind.blocks);
        self.latest = self.latest.max(behind.latest);
        self.is_by_stream &= behind.is_by_stream;
        self.counts.iter_mut().zip(behind.counts).for_each(|(count, more)| *count += more);
        self
    }
}

/// The events of some streams: one stream after the other, each in the order of the log.
pub(super) struct OfRange<'a> {
    index: &'a Index,
    first: u32,
    /// By stream, where its events end.
    ends: Vec<usize>,
    rows: Vec<Row>,
}

impl OfRange<'_> {
    /// The streams that were named, with what they are about.
    pub(super) fn streams(&self) -> impl Iterator<Item = (u32, Stream)> {
        let numbers = (self.first..).take(self.ends.len());
        numbers.filter_map(|number| Some((number, self.index.streams[number as usize]?)))
    }

    /// The events of a stream of these.
    pub(super) fn events(&self, stream: u32) -> &[Row] {
        let place = (stream - self.first) as usize;
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.rows[begin..self.ends[place]]
    }
}
