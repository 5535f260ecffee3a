//! Logs of made-up desks that live in memory: as blocks kept, or as blocks made while somebody reads.

use crate::desk::{Desk, Happening, Names, Order};
use daftar_domain::Timestamp;
use daftar_eventlog::block::{BlockBuilder, BlockOrigin};
use daftar_eventlog::{
    Epochs, FactBlock, LogIdentity, LogReader, Position, RecordedEvent, StoreError, StoredRow, StreamName,
    StreamNumber, Version,
};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

const LOG_ID: [u8; 16] = [0xDA; 16];

/// Blocks of a desk's events, made one after the other.
pub struct Making {
    names: Names,
    order: Order,
    events: Box<dyn Iterator<Item = (u32, Happening)> + Send>,
    position: u64,
    streams: u32,
    /// Each ticket's stream, version and last position.
    tickets: Vec<(u32, u32, u64)>,
}

impl Making {
    /// The blocks of that desk, its events in that order.
    #[must_use]
    pub fn of(desk: Desk, order: Order) -> Self {
        Self {
            names: Names::default(),
            order,
            events: desk.events(order),
            position: 0,
            streams: 0,
            tickets: vec![(0, 0, 0); desk.tickets as usize],
        }
    }

    fn push(&mut self, builder: &mut BlockBuilder, (ticket, happening): (u32, Happening)) {
        self.position += 1;
        let (stream, version, last) = &mut self.tickets[ticket as usize];
        let first = *version == 0;
        if first {
            *stream = self.streams;
            self.streams += 1;
        }
        let back = if first { 0 } else { u32::try_from(self.position - *last).unwrap() };
        (*version, *last) = (*version + 1, self.position);
        let (event_type, facts) = self.names.encode(&happening);
        // An import is recorded long after what it tells, all at once.
        let recorded_at = if self.order == Order::Time { happening.at } else { 1_780_000_000 };
        let row = StoredRow {
            position: Position(self.position),
            version: Version(*version),
            stream: StreamNumber(*stream),
            back,
            occurred_at: Timestamp::clamped(happening.at * 1_000_000),
            recorded_at: Timestamp::clamped(recorded_at * 1_000_000),
            event_type,
            schema: 1,
            facts: &facts,
        };
        let name = first.then(|| StreamName::ticket(&format!("HD-{ticket:07}")));
        builder.push(&row, name.as_ref());
    }
}

impl Iterator for Making {
    type Item = FactBlock;

    fn next(&mut self) -> Option<FactBlock> {
        let mut builder = BlockBuilder::default();
        while !builder.is_full() {
            let Some(event) = self.events.next() else { break };
            self.push(&mut builder, event);
        }
        (!builder.is_empty()).then(|| finished(builder))
    }
}

fn finished(builder: BlockBuilder) -> FactBlock {
    let origin = BlockOrigin { log_id: LOG_ID, epoch: 1, chain_before: [0; 32], chain_after: [0; 32] };
    let bytes = builder.finish(&origin);
    let len = bytes.len();
    FactBlock::parse(Arc::new(bytes), 0, len).unwrap()
}

/// A log of blocks.
pub struct BlockLog {
    blocks: Blocks,
    durable: watch::Sender<Position>,
}

enum Blocks {
    Kept(Vec<FactBlock>),
    /// None: all were read, and nothing is kept of what they were made from.
    Made(Mutex<Option<Making>>),
}

impl BlockLog {
    /// All blocks of a desk, kept: for measuring what a reader takes.
    #[must_use]
    pub fn kept(desk: Desk, order: Order) -> Self {
        let blocks: Vec<_> = Making::of(desk, order).collect();
        let last = blocks.last().map_or(Position::ZERO, FactBlock::last);
        Self { blocks: Blocks::Kept(blocks), durable: watch::Sender::new(last) }
    }

    /// Each block made when it is read, once, and kept by nobody: for measuring what a reader keeps. The log's end is
    /// not known before it is reached.
    #[must_use]
    pub fn made(desk: Desk, order: Order) -> Self {
        let making = Mutex::new(Some(Making::of(desk, order)));
        Self { blocks: Blocks::Made(making), durable: watch::Sender::new(Position(u64::MAX)) }
    }

    /// Position of the last event.
    #[must_use]
    pub fn last(&self) -> Position {
        *self.durable.borrow()
    }
}

#[async_trait::async_trait]
impl LogReader for BlockLog {
    fn identity(&self) -> LogIdentity {
        LogIdentity { log_id: LOG_ID, epoch: 1 }
    }

    fn epochs(&self) -> Epochs {
        Epochs::new(LOG_ID, [0; 32])
    }

    fn durable(&self) -> watch::Receiver<Position> {
        self.durable.subscribe()
    }

    async fn read_stream(&self, _: &StreamName, _: Version, _: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        Ok(Vec::new())
    }

    async fn read_events(&self, _: Position, _: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        Ok(Vec::new())
    }

    async fn fact_block(&self, after: Position) -> Result<Option<FactBlock>, StoreError> {
        match &self.blocks {
            Blocks::Kept(blocks) => Ok(blocks.get(blocks.partition_point(|block| block.last() <= after)).cloned()),
            Blocks::Made(making) => {
                let mut making = making.lock().unwrap_or_else(PoisonError::into_inner);
                let block = making.as_mut().and_then(Iterator::next);
                assert!(block.as_ref().is_none_or(|block| block.first().0 == after.0 + 1), "blocks are read in turn");
                if block.is_none() {
                    *making = None;
                }
                Ok(block)
            }
        }
    }
}
