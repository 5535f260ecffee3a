//! Tables of measurements: chunks of up to 64 Ki of one kind and one UTC month, as columns.
//!
//! A measurement is written once. What becomes of it later is a position in a column of its own, written at most once
//! (0: not yet), so that what stood at any earlier position can still be seen.

use super::needs::{Keeping, Keeps, Needs};
use super::places::{Extent, Location, Places};
use crate::checkpoint::{Reader, Writer};
use crate::columns::rows::{Chunk, Chunks, Columns, Room, columns};
use crate::ticket_facts::{InForce, Micros};
use daftar_eventlog::Position;

columns! {
    /// What every measurement has: when, on which ticket, what was in force, and since which position it stands.
    Moment, Moments {
        /// The instant, in microseconds since 1970.
        at: Micros,
        /// The ticket's number.
        ticket: u32,
        /// Branch.
        branch: u16 => Branches,
        /// Department.
        department: u16 => Departments,
        /// Priority, its stored number plus 1.
        priority: u8 => Priorities,
        /// Agent the figure is counted for.
        agent: u32 => Agents,
        /// Set of tags.
        tags: u32 => Tags,
        /// Closing reason.
        reason: u16 => Reasons,
        /// Form.
        form: u16 => Forms,
        /// The position of the event that was measured.
        added: Position => Positions,
    }
}

impl Moment {
    /// A moment of `ticket` with `in_force`.
    #[must_use]
    pub fn new(at: Micros, ticket: u32, in_force: InForce, added: Position) -> Self {
        let InForce { branch, department, priority, agent, tags, reason, form } = in_force;
        Self { at, ticket, branch, department, priority, agent, tags, reason, form, added }
    }
}

/// A thousand measurements or fewer.
#[derive(Debug, Clone, Default)]
pub struct Piece<C> {
    /// What every measurement has.
    pub moments: Moments,
    /// What this kind has.
    pub values: C,
}

impl<C: Columns> Columns for Piece<C> {
    type Row = (Moment, C::Row);

    fn keep(&mut self, keeps: Keeps<'_>) {
        self.moments.keep(keeps);
        self.values.keep(keeps);
    }

    fn blank(&self) -> Self {
        Self { moments: self.moments.blank(), values: self.values.blank() }
    }

    fn len(&self) -> usize {
        self.moments.len()
    }

    fn row(&self, row: usize) -> Self::Row {
        (self.moments.row(row), self.values.row(row))
    }

    fn push(&mut self, (moment, values): Self::Row) {
        self.moments.push(moment);
        self.values.push(values);
    }

    fn extend(&mut self, rows: impl Iterator<Item = Self::Row> + Clone) {
        self.moments.extend(rows.clone().map(|(moment, _)| moment));
        self.values.extend(rows.map(|(_, values)| values));
    }

    fn reserve(&mut self, rows: usize) {
        self.moments.reserve(rows);
        self.values.reserve(rows);
    }

    fn clear(&mut self) {
        self.moments.clear();
        self.values.clear();
    }

    fn seal(&mut self, twin: Option<&Self>) {
        self.moments.seal(twin.map(|twin| &twin.moments));
        self.values.seal(twin.map(|twin| &twin.values));
    }

    fn dump(&self, out: &mut Writer) {
        self.moments.dump(out);
        self.values.dump(out);
    }

    fn load(from: &mut Reader<'_>) -> Option<Self> {
        let (moments, values) = (Moments::load(from)?, C::load(from)?);
        (moments.len() == values.len()).then_some(Self { moments, values })
    }
}

/// All measurements of one kind.
#[derive(Debug, Clone)]
pub struct Table<C> {
    chunks: Chunks<Piece<C>>,
    places: Places,
    kept: Keeping,
}

impl<C: Default> Default for Table<C> {
    fn default() -> Self {
        Self { chunks: Chunks::default(), places: Places::default(), kept: Keeping::default() }
    }
}

impl<C: Columns> Table<C> {
    /// Adds measurements and leaves the list empty.
    pub(crate) fn append(&mut self, rows: &mut Vec<(Moment, C::Row)>) {
        let mut left = &rows[..];
        while let Some((chunk, count)) = self.places.take_run(left, |(moment, _)| moment.at) {
            if self.chunks.len() <= chunk as usize {
                self.chunks.begin();
            }
            let (run, others) = left.split_at(count);
            self.chunks.extend(chunk as usize, run);
            left = others;
        }
        rows.clear();
    }

    /// Leaves out every measurement; what takes their places uses their memory again.
    pub(crate) fn clear(&mut self) {
        self.places = Places::default();
        self.chunks.clear();
    }

    /// What can be read of it, by chunk.
    fn extents(&self) -> &[Extent] {
        if self.kept.is_readable() { &self.places.extents } else { &[] }
    }

    /// Says what is kept of measurements, which are this part, and what they may take without being packed; before the
    /// first.
    pub(crate) fn keep(&mut self, part: Needs, keeps: Keeps<'_>, room: &Room) {
        self.kept = keeps.of(part);
        self.chunks.keep(keeps, room);
    }

    /// Where the next measurements will stand.
    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// The chunks that may hold instants from `from` to before `to`, each with its month: months since January of year 0.
    pub fn chunks(&self, from: Micros, to: Micros) -> impl Iterator<Item = (i32, &Chunk<Piece<C>>)> {
        let extents = self.extents().iter().zip(self.chunks.iter());
        let chunks = extents.filter(move |(extent, _)| extent.first < to && from <= extent.last);
        chunks.map(|(extent, chunk)| (extent.month, chunk))
    }

    /// The pieces that may hold instants from `from` to before `to`.
    pub fn pieces(&self, from: Micros, to: Micros) -> impl Iterator<Item = &Piece<C>> {
        let may_hold = move |(first, last): (Micros, Micros)| first < to && from <= last;
        let pieces = self.chunks(from, to).flat_map(|(_, chunk)| chunk.pieces());
        pieces.filter(move |piece| piece.moments.at.bounds().is_none_or(may_hold))
    }

    /// Every chunk with its earliest instant, the earliest first.
    pub fn chunks_by_first(&self) -> impl Iterator<Item = (Micros, &Chunk<Piece<C>>)> {
        let mut chunks: Vec<_> = self.extents().iter().map(|extent| extent.first).zip(self.chunks.iter()).collect();
        chunks.sort_by_key(|(first, _)| *first);
        chunks.into_iter()
    }

    /// How many measurements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.is_readable();
        self.chunks.iter().map(Chunk::len).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_readable();
        self.chunks.is_empty()
    }

    /// The measurement at a location; `None`: there is none.
    pub(crate) fn get(&self, location: Location) -> Option<(Moment, C::Row)> {
        let chunk = self.chunks.get(location.chunk as usize).filter(|_| self.kept.is_readable())?;
        let (piece, row) = chunk.at(location.row.into());
        (row < piece.len()).then(|| piece.row(row))
    }

    /// Changes a measurement that is there.
    pub(crate) fn change<T>(&mut self, location: Location, change: impl FnOnce(&mut Piece<C>, usize) -> T) -> T {
        self.chunks.change(location.chunk as usize, location.row.into(), change)
    }

    /// Shares with a twin what is packed from now on and equal there.
    pub(crate) fn beside(&mut self, twin: Option<&Self>) {
        self.chunks.beside(twin.map(|twin| &twin.chunks));
    }

    /// Writes every measurement down.
    pub(crate) fn dump(&self, out: &mut Writer) {
        for Extent { month, first, last, .. } in &self.places.extents {
            out.number(1);
            [i64::from(*month), *first, *last].into_iter().for_each(|number| out.number(number.cast_unsigned()));
        }
        out.number(0);
        self.chunks.dump(out);
    }

    /// Reads what was written down; `None` where it is not that.
    pub(crate) fn load(from: &mut Reader<'_>) -> Option<Self> {
        let mut extents = Vec::new();
        while from.number()? == 1 {
            let (month, first, last) = (from.number()?, from.number()?, from.number()?);
            let month = i32::try_from(month.cast_signed()).ok()?;
            extents.push(Extent { month, first: first.cast_signed(), last: last.cast_signed(), rows: 0 });
        }
        let chunks = Chunks::<Piece<C>>::load(from)?;
        for (extent, chunk) in extents.iter_mut().zip(chunks.iter()) {
            extent.rows = u32::try_from(chunk.len()).ok()?;
        }
        (chunks.len() == extents.len()).then(|| Self { chunks, places: Places::of(extents), kept: Keeping::default() })
    }
}

/// Writes a late position into a column, unless one is written already.
pub(crate) fn mark(column: &mut crate::columns::column::Column<Position>, row: usize, at: Position) {
    if column.get(row) == Position::ZERO {
        column.set(row, at);
    }
}

/// Whether a late position had been written at `at`.
#[must_use]
pub fn written(late: Position, at: Position) -> bool {
    late != Position::ZERO && late <= at
}
