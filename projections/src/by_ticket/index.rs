//! Where the events of each stream stand in the blocks of a prefix.

use super::Unfit;
use crate::side_by_side::side_by_side;
use crate::ticket_facts::Micros;
use daftar_domain::Timestamp;
use daftar_eventlog::block::{BLOCK_EVENTS, Summary};
use daftar_eventlog::{BlockFacts, Fact, FactBlock, FoundBlock, LogReader, Position, StreamKind, StreamNumber};
use std::num::NonZero;
use std::ops::{Range, RangeInclusive};
use std::sync::OnceLock;

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
    streams: Streams,
    /// How many events each stream has, by number; nothing where the events of every stream follow each other.
    counts: Vec<u32>,
    /// Whether the events of every stream follow each other, and streams stand in the order of their numbers.
    is_by_stream: bool,
}

/// A block, which of its rows are of the prefix, and between which streams they are.
struct Part {
    block: FactBlock,
    rows: Range<usize>,
    streams: RangeInclusive<u32>,
    /// Whether it is what was written, once that was looked at.
    whole: OnceLock<bool>,
}

impl Part {
    fn is_whole(&self) -> bool {
        *self.whole.get_or_init(|| self.block.verify().is_ok())
    }
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

/// A block, which of its rows are of the prefix, what they are of, and how many streams are named up to its end.
struct Read {
    block: FactBlock,
    rows: Range<usize>,
    summary: Summary,
    named: usize,
    is_verified: bool,
}

impl Read {
    /// A block that was found, and that is verified now where anything but its header is needed before it is folded.
    fn of(found: FoundBlock, rows: Range<usize>, named: usize) -> Result<Self, Unfit> {
        let FoundBlock { block, is_verified } = found;
        let is_all = rows == (0..block.rows());
        if is_all && block.new_tickets().is_some() {
            return Ok(Self { summary: block.summary(), block, rows, named, is_verified });
        }
        if !is_verified {
            block.verify().map_err(|_| Unfit)?;
        }
        let summary = if is_all { block.summary() } else { summary_of(&block.facts(), &rows) };
        Ok(Self { block, rows, summary, named, is_verified: true })
    }
}

/// What the header would say of the events at some rows.
fn summary_of(facts: &BlockFacts<'_>, rows: &Range<usize>) -> Summary {
    let streams = || facts.streams(rows.clone());
    let none = StreamNumber(0);
    Summary {
        lowest_stream: streams().min().unwrap_or(none),
        greatest_stream: streams().max().unwrap_or(none),
        is_by_stream: streams().is_sorted(),
        latest: Timestamp::clamped(facts.instants(rows.clone()).max().unwrap_or_default()),
    }
}

/// What streams are about.
struct Streams {
    /// By number; none: never named.
    about: Vec<Option<Stream>>,
    /// Whether each number up to the last was named.
    are_all_named: bool,
    /// The numbers of those that are no tickets', rising.
    passed_over: Vec<u32>,
}

/// What blocks have events of, and when.
struct Survey {
    blocks: Vec<Part>,
    latest: Option<Micros>,
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
            let Some(FoundBlock { block, is_verified }) = log.fact_block_to_verify(last).await.map_err(|_| Unfit)?
            else {
                break;
            };
            if block.last() <= last || u32::MAX as usize / Row::PER_BLOCK <= blocks.len() {
                return Err(Unfit);
            }
            let rows = block.facts().rows_between(last, until).ok_or(Unfit)?;
            let Some(last_row) = rows.clone().last() else {
                // Where `until` lies in a gap of the positions there is nothing more, but the block has to be one.
                block.verify().map_err(|_| Unfit)?;
                block.new_names().all(|(_, name)| name.is_ok()).then_some(()).ok_or(Unfit)?;
                break;
            };
            last = block.facts().position(last_row);
            // Each stream that begins there has an event there.
            let named_after = named.max(block.streams_after().unwrap_or(0));
            if named + block.rows() < named_after {
                return Err(Unfit);
            }
            named = named_after;
            // There are fewer than that, or nothing is read.
            let number = u32::try_from(blocks.len() + 1).unwrap_or(u32::MAX);
            blocks.push(Read::of(FoundBlock { block: block.numbered(number), is_verified }, rows, named)?);
        }
        let half = if threads.get() < 2 || blocks.len() < WORTH_A_THREAD { blocks.len() } else { blocks.len() / 2 };
        Self::of_blocks(&blocks, half, last, happened_by)
    }

    /// The index of these blocks, of which those from `half` on are looked at by another thread.
    fn of_blocks(blocks: &[Read], half: usize, last: Position, happened_by: Option<Micros>) -> Result<Self, Unfit> {
        let (ahead, behind) = blocks.split_at(half);
        let streams = Streams::of(ahead, behind)?;
        let (first, second) =
            in_halves(ahead, behind, |blocks, before| Survey::of(blocks, before, &streams, happened_by));
        let Survey { blocks, latest, is_by_stream } = first?.and(second.transpose()?);
        let mut index = Self { blocks, last, latest, streams, counts: Vec::new(), is_by_stream };
        if !is_by_stream {
            index.verify(half)?;
            index.count(half);
        }
        Ok(index)
    }

    /// Verifies all blocks, those from `half` on on another thread.
    fn verify(&self, half: usize) -> Result<(), Unfit> {
        let (ahead, behind) = self.blocks.split_at(half);
        let (ahead, behind) = in_halves(ahead, behind, |parts, _| parts.iter().all(Part::is_whole));
        (ahead && behind.unwrap_or(true)).then_some(()).ok_or(Unfit)
    }

    /// Whether a block is what was written.
    pub(super) fn is_whole(&self, block: usize) -> bool {
        self.blocks[block].is_whole()
    }

    /// Whether every block was verified, and all are what was written.
    pub(super) fn are_all_whole(&self) -> bool {
        self.blocks.iter().all(|part| part.whole.get() == Some(&true))
    }

    /// Counts the events of each stream, those of the blocks from `half` on on another thread.
    fn count(&mut self, half: usize) {
        let (ahead, behind) = self.blocks.split_at(half);
        let (counts, more) = in_halves(ahead, behind, |blocks, _| {
            let mut counts = vec![0; self.streams.about.len()];
            for Part { block, rows, .. } in blocks {
                block.facts().streams(rows.clone()).for_each(|stream| counts[stream.0 as usize] += 1);
            }
            counts
        });
        self.counts = counts;
        self.counts.iter_mut().zip(more.unwrap_or_default()).for_each(|(count, more)| *count += more);
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
    pub(super) fn blocks(&self) -> impl ExactSizeIterator<Item = BlockFacts<'_>> {
        self.blocks.iter().map(|part| part.block.facts())
    }

    /// The streams in so many ranges, with as many events each as may be; fewer where there are fewer streams, or blocks.
    pub(super) fn ranges(&self, count: NonZero<u32>) -> Vec<Range<u32>> {
        let all: usize = self.blocks.iter().map(|part| part.rows.len()).sum();
        let share = u32::try_from(all).unwrap_or(u32::MAX).div_ceil(count.get()).max(1);
        let end = u32::try_from(self.streams.about.len()).unwrap_or(u32::MAX);
        let rows = |part: &Part| u32::try_from(part.rows.len()).unwrap_or(u32::MAX);
        let mut ends = if self.is_by_stream {
            let next = self.blocks.iter().skip(1).map(|part| *part.streams.start());
            ends_of_shares(self.blocks.iter().map(rows).zip(next), share)
        } else {
            ends_of_shares(self.counts.iter().copied().zip(1..), share)
        };
        match ends.last_mut() {
            // Only streams without events are left.
            Some(last) if !self.is_by_stream && self.counts[*last as usize..].iter().all(|count| *count == 0) => {
                *last = end;
            }
            _ => ends.push(end),
        }
        let begins: Vec<u32> = std::iter::once(0).chain(ends.iter().copied()).collect();
        begins.into_iter().zip(ends).map(|(begin, end)| begin..end).collect()
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
        self.streams.about.get(stream as usize).copied().flatten()
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
        for (number, Part { block, rows: of_prefix, streams: between, .. }) in self.blocks.iter().enumerate() {
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

/// Calls `each` for some blocks, and on another thread for those behind them, with the last block before them; none: there
/// are none behind.
fn in_halves<B: Sync, T: Send>(
    ahead: &[B],
    behind: &[B],
    each: impl Fn(&[B], Option<&B>) -> T + Sync,
) -> (T, Option<T>) {
    if behind.is_empty() {
        return (each(ahead, None), None);
    }
    let (ahead, behind) = side_by_side(|| each(ahead, None), || each(behind, ahead.last()));
    (ahead, Some(behind))
}

/// Where each share of so many events ends, of counts of events with what stands behind each.
fn ends_of_shares(counts: impl Iterator<Item = (u32, u32)>, share: u32) -> Vec<u32> {
    let mut behind = 0;
    let ends = counts.filter_map(|(count, end)| {
        behind += count;
        (share <= behind).then(|| {
            behind = 0;
            end
        })
    });
    ends.collect()
}

impl Streams {
    /// Those that blocks name, and blocks behind them.
    fn of(ahead: &[Read], behind: &[Read]) -> Result<Self, Unfit> {
        let (named, more) = in_halves(ahead, behind, |blocks, before| {
            let first = before.map_or(0, |read| read.named);
            named_by(blocks, first).ok_or(Unfit)
        });
        let mut named = named?;
        named.add(more.transpose()?.unwrap_or_default());
        let Named { about, count, mut passed_over } = named;
        passed_over.sort_unstable();
        Ok(Self { are_all_named: count == about.len(), passed_over, about })
    }

    /// What a stream is about; none: it was not named among the first so many.
    fn named(&self, named: usize, stream: u32) -> Option<Stream> {
        self.about[..named].get(stream as usize).copied().flatten()
    }

    /// Whether all from one to another are tickets, and named among the first so many.
    fn are_tickets(&self, named: usize, first: u32, last: u32) -> bool {
        let others = self.passed_over.partition_point(|number| *number < first);
        let no_other = self.passed_over.get(others).is_none_or(|number| last < *number);
        self.are_all_named && (last as usize) < named && no_other
    }
}

/// What blocks say of streams that they name.
#[derive(Default)]
struct Named {
    /// From the first number of theirs on; none: not named.
    about: Vec<Option<Stream>>,
    /// How many are named.
    count: usize,
    /// The numbers of those that are no tickets'.
    passed_over: Vec<u32>,
}

impl Named {
    /// Takes note of what the stream at a place is about, unless that was said before; none: there is no such place.
    fn name(&mut self, place: usize, number: u32, about: Stream) -> Option<()> {
        let named = self.about.get_mut(place)?;
        if named.is_none() {
            *named = Some(about);
            self.count += 1;
            self.passed_over.extend((about == Stream::PassedOver).then_some(number));
        }
        Some(())
    }

    /// The same of tickets, none of which was named before.
    fn name_tickets(&mut self, places: Range<usize>) -> Option<()> {
        let named = self.about.get_mut(places)?;
        named.fill(Some(Stream::Ticket));
        self.count += named.len();
        Some(())
    }

    /// Adds what blocks say that follow.
    fn add(&mut self, Self { about, count, passed_over }: Self) {
        self.about.extend(about);
        self.count += count;
        self.passed_over.extend(passed_over);
    }
}

/// What streams are about that blocks name, from the number `first` on; none: one of them is not to be named there.
fn named_by(blocks: &[Read], first: usize) -> Option<Named> {
    let all = blocks.last().map_or(first, |read| read.named);
    let mut named = Named { about: vec![None; all - first], ..Named::default() };
    let mut before = first;
    for read in blocks {
        match read.block.new_tickets() {
            Some(tickets) if tickets.is_empty() => {}
            Some(tickets) => {
                let (begin, end) = (tickets.start as usize, tickets.end as usize);
                // Numbers rise: whatever was named before has a lower one.
                (before <= begin).then_some(())?;
                named.name_tickets(begin - first..end - first)?;
            }
            None => {
                for (number, name) in read.block.new_names() {
                    let (kind, _) = name.ok()?;
                    let about = if kind == StreamKind::Ticket { Stream::Ticket } else { Stream::PassedOver };
                    named.name((number.0 as usize).checked_sub(first)?, number.0, about)?;
                }
            }
        }
        before = before.max(read.named);
    }
    Some(named)
}

impl Survey {
    /// Of blocks behind another.
    fn of(
        blocks: &[Read],
        before: Option<&Read>,
        streams: &Streams,
        happened_by: Option<Micros>,
    ) -> Result<Self, Unfit> {
        let mut survey = Self { blocks: Vec::with_capacity(blocks.len()), latest: None, is_by_stream: true };
        let mut before = before.map(|read| read.summary);
        for read in blocks {
            survey.add(read, before, streams, happened_by)?;
            before = Some(read.summary);
        }
        Ok(survey)
    }

    /// The next block, behind one that is summed up so.
    fn add(
        &mut self,
        read: &Read,
        before: Option<Summary>,
        streams: &Streams,
        happened_by: Option<Micros>,
    ) -> Result<(), Unfit> {
        let Read { block, rows, summary, named, .. } = read;
        let (first, last) = (summary.lowest_stream.0, summary.greatest_stream.0);
        // What is of the last stream of the block before goes on with it.
        let goes_on = before.is_none_or(|before| before.greatest_stream <= summary.lowest_stream);
        self.is_by_stream &= rows.start == 0 && goes_on && summary.is_by_stream;
        let latest = if streams.are_tickets(*named, first, last) && happened_by.is_none() {
            Some(summary.latest.micros())
        } else {
            let (facts, mut latest) = (block.facts(), None);
            for (stream, at) in facts.streams(rows.clone()).zip(facts.instants(rows.clone())) {
                let about = streams.named(*named, stream.0).ok_or(Unfit)?;
                let counts = about == Stream::Ticket && happened_by.is_none_or(|last| at <= last);
                latest = latest.max(counts.then_some(at));
            }
            latest
        };
        self.latest = self.latest.max(latest);
        let whole = if read.is_verified { OnceLock::from(true) } else { OnceLock::new() };
        self.blocks.push(Part { block: block.clone(), rows: rows.clone(), streams: first..=last, whole });
        Ok(())
    }

    /// This one and that of the blocks behind it.
    fn and(mut self, behind: Option<Self>) -> Self {
        if let Some(Self { blocks, latest, is_by_stream }) = behind {
            self.blocks.extend(blocks);
            self.latest = self.latest.max(latest);
            self.is_by_stream &= is_by_stream;
        }
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
        numbers.filter_map(|number| Some((number, self.index.about(number)?)))
    }

    /// The events of a stream of these.
    pub(super) fn events(&self, stream: u32) -> &[Row] {
        let place = (stream - self.first) as usize;
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.rows[begin..self.ends[place]]
    }
}
