//! The one loop that feeds the fold: block by block, up to the end of the log or a position asked for.

#[cfg(test)]
mod tests;

use crate::dimensions::TooMany;
use crate::measurements::{FoldError, Measurements, Stopped};
use daftar_domain::Timestamp;
use daftar_eventlog::codec::CodecError;
use daftar_eventlog::{FactBlock, FactRow, LogReader, Position, StoreError, StreamName, StreamNumber};

/// Why the fold stopped before its end.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CatchUpError {
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event this version can't read.
    #[error("position {position}: {source}")]
    Unreadable {
        /// Where it stands.
        position: Position,
        /// What the codec said.
        source: CodecError,
    },
    /// A dimension has more values than reports can tell apart.
    #[error("position {position}: {source}")]
    TooMany {
        /// The event with one value too many.
        position: Position,
        /// Which dimension.
        source: TooMany,
    },
    /// The log says what no log can say.
    #[error("the log is damaged at position {position}: {why}")]
    OutOfOrder {
        /// The first event that cannot stand there.
        position: Position,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The fold panicked.
    #[error("a fault in this program stopped the fold at position {position}; the log itself is unharmed")]
    Panicked {
        /// How far it had come: the fault is in what one of the last events measured, or in the next.
        position: Position,
    },
}

impl CatchUpError {
    /// The event that stopped the fold; none: the log could not be read.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Store(_) => None,
            Self::Unreadable { position, .. }
            | Self::TooMany { position, .. }
            | Self::OutOfOrder { position, .. }
            | Self::Panicked { position } => Some(*position),
        }
    }
}

/// Folds into `state` every event after its position, up to `until` (none: the end of the log), in order.
///
/// Says how far it has come after every block.
///
/// # Errors
///
/// [`CatchUpError`] with the position of the event that stopped it; `state` must not be used after that.
pub async fn catch_up(
    log: &dyn LogReader,
    state: &mut Measurements,
    until: Option<Position>,
    mut progress: impl FnMut(Position),
) -> Result<(), CatchUpError> {
    let until = until.unwrap_or(Position(u64::MAX));
    // Where `until` lies in a gap of the positions, a step that folds nothing is the last.
    while state.position() < until {
        let reached = state.position();
        let Some(block) = next_block(log, reached).await? else { break };
        if !fold_block(state, &block, until)? {
            break;
        }
        progress(state.position());
    }
    Ok(())
}

/// The block after `reached`; none: there the log ends.
pub(crate) async fn next_block(log: &dyn LogReader, reached: Position) -> Result<Option<FactBlock>, CatchUpError> {
    let block = log.fact_block(reached).await?;
    if block.as_ref().is_some_and(|block| block.last() <= reached) {
        return Err(CatchUpError::OutOfOrder { position: reached, why: "the block after it ends before it" });
    }
    Ok(block)
}

/// From how many events on a second thread writes what was measured; below that it costs more than it spares.
const SHARED_FROM: u64 = if cfg!(test) { 4 } else { 1024 };

/// Folds the events of `block` that `state` has not folded, up to `until`; says whether there were any.
pub(crate) fn fold_block(state: &mut Measurements, block: &FactBlock, until: Position) -> Result<bool, CatchUpError> {
    let reached = state.position();
    state.fold_block(block, until).map_err(at_position)?;
    Ok(reached < state.position())
}

/// The same of blocks that follow each other, to their ends, on two threads where it is worth it.
pub(crate) fn fold_blocks_shared(state: &mut Measurements, blocks: &[FactBlock]) -> Result<bool, CatchUpError> {
    let reached = state.position();
    let last = blocks.last().map_or(reached, FactBlock::last);
    if last.0.saturating_sub(reached.0) < SHARED_FROM {
        blocks.iter().try_for_each(|block| state.fold_block(block, last)).map_err(at_position)?;
    } else {
        state.fold_blocks_on_two_threads(blocks).map_err(at_position)?;
    }
    Ok(reached < state.position())
}

/// Folds the events of one stream alone into a state that knows no other, and shows `each` the state after every event.
pub(crate) fn fold_stream<'a>(
    state: &mut Measurements,
    name: StreamName,
    rows: impl Iterator<Item = FactRow<'a>>,
    mut each: impl FnMut(&Measurements, &FactRow<'a>) -> Result<(), FoldError>,
) -> Result<(), CatchUpError> {
    let stream = StreamNumber(0);
    state.name_stream(stream, name);
    for row in rows {
        let row = FactRow { stream, ..row };
        state.fold(std::iter::once(row)).map_err(at_position)?;
        each(state, &row).map_err(|error| at_position((row.position, error)))?;
    }
    Ok(())
}

/// The position of the last event that the log had accepted by `instant`.
///
/// # Errors
///
/// [`StoreError`] when the log cannot be read.
pub async fn position_at(log: &dyn LogReader, instant: Timestamp) -> Result<Position, StoreError> {
    // Times of acceptance rise with positions: events up to `low` are in, events after `high` are not.
    let (mut low, mut high) = (Position::ZERO, *log.durable().borrow());
    while low < high {
        let middle = Position(low.0 + (high.0 - low.0) / 2);
        let Some(block) = log.fact_block(middle).await? else {
            high = middle;
            continue;
        };
        match block.iter().take_while(|row| row.recorded_at <= instant).last() {
            Some(row) if row.position < block.last() => return Ok(row.position),
            Some(row) => low = row.position,
            None => high = middle.min(Position(block.first().0.saturating_sub(1))),
        }
    }
    Ok(low)
}

fn at_position((position, error): Stopped) -> CatchUpError {
    match error {
        FoldError::Unreadable(source) => CatchUpError::Unreadable { position, source },
        FoldError::TooMany(source) => CatchUpError::TooMany { position, source },
        FoldError::OutOfOrder(why) => CatchUpError::OutOfOrder { position, why },
    }
}
