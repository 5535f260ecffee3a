//! Building a block event by event.

use super::header::{BEGINS_TICKETS, CHECKSUMS_AT, HEADER_LEN, IS_BY_STREAM, LISTS_POSITIONS, LISTS_TEXTS, MAGIC, crc};
use super::rows::{self, ROW_LEN, RowBytes};
use super::{BLOCK_EVENTS, BlockOrigin, StoredRow, Summary};
use crate::codec::listed::{TextList, write};
use crate::position::StreamNumber;
use crate::stream::{StreamKind, StreamName};
use daftar_domain::Timestamp;

/// Builds a block event by event.
#[derive(Debug, Default)]
pub struct BlockBuilder {
    first: u64,
    /// Without where the facts of each begin, which depends on how facts are written.
    rows: Vec<RowBytes>,
    positions: Vec<u64>,
    runs: Vec<u8>,
    run_count: u32,
    last_recorded_at: Option<i64>,
    first_new_stream: u32,
    pub(super) new_streams: u32,
    pub(super) names: Vec<u8>,
    stored: Encoded,
    listed: Encoded,
    texts: TextList,
    /// Whether facts came that cannot be listed with texts by number.
    is_unlisted: bool,
    summary: Option<Summary>,
    last_stream: Option<StreamNumber>,
    /// Whether a stream began that is no ticket.
    begins_others: bool,
}

/// The facts of some events, one behind the other, and where those of each begin.
#[derive(Debug, Default)]
struct Encoded {
    begins: Vec<u32>,
    facts: Vec<u8>,
}

impl Encoded {
    /// Where the facts of one more event go.
    fn begin(&mut self) -> &mut Vec<u8> {
        self.begins.push(len_u32(&self.facts));
        &mut self.facts
    }
}

impl BlockBuilder {
    /// Whether the block is whole.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows.len() == BLOCK_EVENTS
    }

    /// Whether nothing was added yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds the next event; `new_stream` is its stream's name where this is the stream's first event.
    pub fn push(&mut self, row: &StoredRow<'_>, new_stream: Option<&StreamName>) {
        if self.rows.is_empty() {
            self.first = row.position.0;
        }
        self.positions.push(row.position.0);
        if self.last_recorded_at != Some(row.recorded_at.micros()) {
            self.last_recorded_at = Some(row.recorded_at.micros());
            self.runs.extend(self.row_count().to_le_bytes());
            self.runs.extend(0u32.to_le_bytes());
            self.runs.extend(row.recorded_at.micros().to_le_bytes());
            self.run_count += 1;
        }
        if let Some(name) = new_stream {
            self.push_name(row.stream, name);
        }
        self.push_facts(row);
        self.sum_up(row);
        self.rows.push(rows::bytes(row));
    }

    fn row_count(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    fn sum_up(&mut self, row: &StoredRow<'_>) {
        let (stream, latest) = (row.stream, row.occurred_at);
        let alone = Summary { lowest_stream: stream, greatest_stream: stream, is_by_stream: true, latest };
        let before = self.last_stream.replace(stream);
        self.summary = Some(self.summary.map_or(alone, |all| Summary {
            lowest_stream: all.lowest_stream.min(stream),
            greatest_stream: all.greatest_stream.max(stream),
            is_by_stream: all.is_by_stream && before <= Some(stream),
            latest: all.latest.max(latest),
        }));
    }

    fn push_facts(&mut self, row: &StoredRow<'_>) {
        self.stored.begin().extend(row.facts);
        // Where only some were listed nobody could tell which; then all stay as the log has them.
        let to = self.listed.begin();
        self.is_unlisted =
            self.is_unlisted || write(row.event_type, row.schema, row.facts, &mut self.texts, to).is_none();
    }

    pub(super) fn push_name(&mut self, stream: StreamNumber, name: &StreamName) {
        if self.new_streams == 0 {
            self.first_new_stream = stream.0;
        }
        debug_assert_eq!(self.first_new_stream + self.new_streams, stream.0, "stream numbers rise without gaps");
        self.new_streams += 1;
        self.begins_others |= name.kind != StreamKind::Ticket;
        self.names.push(name.kind.code());
        self.names.extend(u16::try_from(name.id.len()).unwrap_or(u16::MAX).to_le_bytes());
        self.names.extend(name.id.as_bytes());
    }

    /// The block's bytes.
    #[must_use]
    pub fn finish(mut self, origin: &BlockOrigin) -> Vec<u8> {
        let listed = std::mem::take(&mut self.texts);
        let (encoded, texts) =
            if self.is_unlisted { (&self.stored, TextList::default()) } else { (&self.listed, listed) };
        let (text_count, texts) = (texts.len(), texts.section());
        let (positions, rows) = (self.listed_positions(), self.placed_rows(encoded));
        let parts = [&positions[..], rows.as_flattened(), &self.runs, &self.names, &texts, &encoded.facts];
        let len = parts.iter().map(|part| part.len()).sum::<usize>();
        let mut block = Vec::with_capacity(HEADER_LEN + len);
        block.extend(MAGIC);
        block.extend(self.first.to_le_bytes());
        let flags = self.flags(!positions.is_empty());
        for field in [self.row_count(), flags, self.first_new_stream, self.new_streams, self.run_count] {
            block.extend(field.to_le_bytes());
        }
        block.extend(len_u32(&self.names).to_le_bytes());
        block.extend(u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
        block.extend(origin.epoch.to_le_bytes());
        block.extend(origin.log_id);
        block.extend(origin.chain_before);
        block.extend(origin.chain_after);
        block.extend(len_u32(&texts).to_le_bytes());
        block.extend(text_count.to_le_bytes());
        let Summary { lowest_stream, greatest_stream, latest, .. } = self.summary();
        block.extend(lowest_stream.0.to_le_bytes());
        block.extend(greatest_stream.0.to_le_bytes());
        block.extend(latest.micros().to_le_bytes());
        block.extend([0; HEADER_LEN - CHECKSUMS_AT]);
        parts.into_iter().for_each(|part| block.extend(part));
        let texts_at = HEADER_LEN + len - encoded.facts.len() - texts.len();
        put_checksums(&mut block, texts_at);
        block
    }

    /// Positions, where there are gaps between them.
    fn listed_positions(&self) -> Vec<u8> {
        let is_dense = self.positions.iter().zip(self.first..).all(|(position, expected)| *position == expected);
        if is_dense { Vec::new() } else { self.positions.iter().flat_map(|p| p.to_le_bytes()).collect() }
    }

    /// The rows, which say where facts begin, and one more that says where those of the last end.
    fn placed_rows(&self, encoded: &Encoded) -> Vec<RowBytes> {
        let begins = encoded.begins.iter().copied().chain([len_u32(&encoded.facts)]);
        let rows = self.rows.iter().copied().chain([[0; ROW_LEN]]);
        rows.zip(begins).map(|(row, begin)| rows::with_facts_at(row, begin)).collect()
    }

    fn summary(&self) -> Summary {
        let (lowest_stream, greatest_stream) = (StreamNumber(0), StreamNumber(0));
        let of_nothing = Summary { lowest_stream, greatest_stream, is_by_stream: true, latest: Timestamp::clamped(0) };
        self.summary.unwrap_or(of_nothing)
    }

    fn flags(&self, lists_positions: bool) -> u32 {
        let flag = |is_set, flag| if is_set { flag } else { 0 };
        flag(lists_positions, LISTS_POSITIONS)
            | flag(!self.is_unlisted, LISTS_TEXTS)
            | flag(self.summary().is_by_stream, IS_BY_STREAM)
            | flag(!self.begins_others, BEGINS_TICKETS)
    }
}

/// Writes both checksums into the header.
fn put_checksums(block: &mut [u8], texts_at: usize) {
    let of_facts = crc32c::crc32c(&block[texts_at..]);
    let of_rows = crc(&block[..HEADER_LEN], &block[HEADER_LEN..texts_at]);
    block[CHECKSUMS_AT..CHECKSUMS_AT + 4].copy_from_slice(&of_rows.to_le_bytes());
    block[CHECKSUMS_AT + 4..HEADER_LEN].copy_from_slice(&of_facts.to_le_bytes());
}

/// Blocks hold at most 4,096 events of at most 1 MB, so their parts stay under 4 GB.
fn len_u32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
