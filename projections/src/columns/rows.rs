//! Rows of several columns, in pieces of a thousand that copies share until one of them changes.

use crate::measurements::needs::Keeps;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many rows a piece holds; a full one is packed.
pub const PIECE_ROWS: usize = 1 << PIECE_BITS;
/// How many pieces a chunk holds.
const CHUNK_PIECES: usize = 1 << (CHUNK_BITS - PIECE_BITS);
/// How many rows a chunk holds.
pub const CHUNK_ROWS: usize = 1 << CHUNK_BITS;
/// Small in tests, so that every history there fills pieces.
const PIECE_BITS: u32 = if cfg!(test) { 3 } else { 10 };
const CHUNK_BITS: u32 = 16;
/// How many full pieces may be plain at a time, because some of their rows were changed.
const THAWED_MAX: usize = if cfg!(test) { 2 } else { 48 };

/// The columns of some rows.
pub trait Columns: Default + Clone {
    /// One row's values.
    type Row: Copy;

    /// Says which columns are kept; before the first row.
    fn keep(&mut self, keeps: Keeps<'_>);

    /// The same columns without rows.
    fn blank(&self) -> Self;

    /// How many rows there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of a row.
    fn row(&self, row: usize) -> Self::Row;

    /// Adds a row.
    fn push(&mut self, row: Self::Row);

    /// Adds rows, column by column.
    fn extend(&mut self, rows: impl Iterator<Item = Self::Row> + Clone);

    /// Makes room for so many rows more.
    fn reserve(&mut self, rows: usize);

    /// Leaves out every row; the memory of a plain column is kept.
    fn clear(&mut self);

    /// Packs every column; where those of a twin are the same, their bytes are shared.
    fn seal(&mut self, twin: Option<&Self>);

    /// Writes every column down.
    fn dump(&self, out: &mut crate::checkpoint::Writer);

    /// Reads what was written down; `None` where it is not that.
    fn load(from: &mut crate::checkpoint::Reader<'_>) -> Option<Self>;
}

/// Declares rows and their columns; `=>` says which part of the measurements a column is, where that may be left out of the
/// rows.
macro_rules! columns {
    ($(#[$doc:meta])* $row:ident, $columns:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty $(=> $part:ident)?,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $row { $($(#[$field_doc])* pub $field: $type,)* }

        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub struct $columns { rows: u32, $($(#[$field_doc])* pub $field: $crate::columns::column::Column<$type>,)* }

        #[allow(unused_variables, unused_mut, reason = "a kind may have no values of its own")]
        impl $crate::columns::rows::Columns for $columns {
            type Row = $row;

            fn keep(&mut self, keeps: $crate::measurements::needs::Keeps<'_>) {
                $($(
                    let kept = keeps.of($crate::measurements::needs::Needs::$part);
                    self.$field = $crate::columns::column::Column::keeping(kept);
                )?)*
            }

            fn blank(&self) -> Self {
                Self { rows: 0, $($field: self.$field.blank(),)* }
            }

            fn len(&self) -> usize {
                self.rows as usize
            }

            fn row(&self, row: usize) -> $row {
                $row { $($field: self.$field.get(row),)* }
            }

            #[inline]
            fn push(&mut self, row: $row) {
                self.rows += 1;
                $(self.$field.push(row.$field);)*
            }

            fn extend(&mut self, rows: impl Iterator<Item = $row> + Clone) {
                self.rows += u32::try_from(rows.clone().count()).unwrap_or(u32::MAX);
                $(self.$field.extend(rows.clone().map(|row| row.$field));)*
            }

            fn reserve(&mut self, rows: usize) {
                $(self.$field.reserve(rows);)*
            }

            fn clear(&mut self) {
                self.rows = 0;
                $(self.$field.clear();)*
            }

            fn seal(&mut self, twin: Option<&Self>) {
                $(self.$field.seal(twin.map(|twin| &twin.$field));)*
            }

            fn dump(&self, out: &mut $crate::checkpoint::Writer) {
                out.number(self.rows.into());
                $(out.column(&self.$field);)*
            }

            fn load(from: &mut $crate::checkpoint::Reader<'_>) -> Option<Self> {
                let rows = u32::try_from(from.number()?).ok()?;
                Some(Self { rows, $($field: from.column(rows)?,)* })
            }
        }
    };
}
pub(crate) use columns;

/// The memory that rows may take without being packed, shared by all that take of it.
#[derive(Debug, Clone)]
pub(crate) struct Room(Arc<AtomicUsize>);

impl Room {
    /// So many bytes.
    pub(crate) fn of(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// Takes some of it; false: there is not so much left.
    fn take(&self, bytes: usize) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok()
    }
}

/// Up to 64 Ki rows.
#[derive(Debug, Clone)]
pub struct Chunk<C> {
    /// Pieces that are full.
    full: Vec<Arc<C>>,
    /// The last piece, which has room.
    filling: C,
}

impl<C: Default> Default for Chunk<C> {
    fn default() -> Self {
        Self { full: Vec::new(), filling: C::default() }
    }
}

impl<C: Columns> Chunk<C> {
    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.full.len() * PIECE_ROWS + self.filling.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it takes no more rows.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full.len() >= CHUNK_PIECES
    }

    /// Its pieces, in order.
    pub fn pieces(&self) -> impl DoubleEndedIterator<Item = &C> {
        let filling = Some(&self.filling).filter(|piece| !piece.is_empty());
        self.full.iter().map(|piece| &**piece).chain(filling)
    }

    /// The piece that holds a row, and the row's place in it.
    ///
    /// # Panics
    ///
    /// When there is no such row and its place is asked for a value.
    #[inline]
    #[must_use]
    pub fn at(&self, row: usize) -> (&C, usize) {
        let piece = self.full.get(row >> PIECE_BITS).map_or(&self.filling, |piece| &**piece);
        (piece, row & (PIECE_ROWS - 1))
    }

    /// Adds a row, unless it is full; `twin` is the same chunk of another state. A full piece stays as it is where there
    /// is room.
    fn push(&mut self, row: C::Row, twin: Option<&Self>, room: Option<&Room>) {
        self.filling.push(row);
        self.put_away(twin, room);
    }

    /// The same of several rows.
    fn extend(&mut self, mut rows: &[C::Row], twin: Option<&Self>, room: Option<&Room>) {
        while !rows.is_empty() {
            let (fitting, others) = rows.split_at(rows.len().min(PIECE_ROWS - self.filling.len()));
            self.filling.extend(fitting.iter().copied());
            self.put_away(twin, room);
            rows = others;
        }
    }

    /// Puts the piece being filled among the full ones, if it is.
    fn put_away(&mut self, twin: Option<&Self>, room: Option<&Room>) {
        if self.filling.len() == PIECE_ROWS {
            let blank = self.filling.blank();
            let mut full = std::mem::replace(&mut self.filling, blank);
            if room.is_some_and(|room| room.take(PIECE_ROWS * size_of::<C::Row>())) {
                self.filling.reserve(PIECE_ROWS);
            } else {
                full.seal(twin.and_then(|twin| twin.full.get(self.full.len())).map(|piece| &**piece));
            }
            self.full.push(Arc::new(full));
        }
    }

    /// Leaves out every row; the memory of the piece being filled is kept.
    fn clear(&mut self) {
        self.full.clear();
        self.filling.clear();
    }

    /// The piece that holds a row, to be changed, the row's place in it, and whether the piece is full.
    fn at_mut(&mut self, row: usize) -> (&mut C, usize, bool) {
        let place = row & (PIECE_ROWS - 1);
        match self.full.get_mut(row >> PIECE_BITS) {
            Some(piece) => (Arc::make_mut(piece), place, true),
            None => (&mut self.filling, place, false),
        }
    }

    fn dump(&self, out: &mut crate::checkpoint::Writer) {
        out.number(self.full.len() as u64);
        self.full.iter().for_each(|piece| piece.dump(out));
        self.filling.dump(out);
    }

    fn load(from: &mut crate::checkpoint::Reader<'_>) -> Option<Self> {
        let count = usize::try_from(from.number()?).ok().filter(|count| *count <= CHUNK_PIECES)?;
        let full = (0..count).map(|_| C::load(from).map(Arc::new)).collect::<Option<Vec<_>>>()?;
        let filling = C::load(from)?;
        let fits = full.iter().all(|piece| piece.len() == PIECE_ROWS) && filling.len() < PIECE_ROWS;
        (fits && (filling.is_empty() || count < CHUNK_PIECES)).then_some(Self { full, filling })
    }
}

/// Chunks of rows, any of which may be changed; which rows are in which chunk is for others to say.
#[derive(Debug, Clone)]
pub struct Chunks<C> {
    chunks: Vec<Arc<Chunk<C>>>,
    /// Full pieces that were changed and are not packed again yet, the longest ago first.
    thawed: VecDeque<(u32, u32)>,
    /// The chunks of another state over the same log, whose pieces are shared where they are equal.
    twin: Vec<Arc<Chunk<C>>>,
    /// What full pieces may take as they are; none: all of them are packed.
    room: Option<Room>,
    /// Where pieces may stay as they are and nobody takes copies, the chunk that rows go to one by one lies here, with its
    /// number, and an empty one in its place.
    taken: Option<(usize, Chunk<C>)>,
    /// Chunks without rows, whose memory is there to be used again.
    spare: Vec<Arc<Chunk<C>>>,
    /// What a chunk is filled with first.
    blank: C,
}

impl<C: Default> Default for Chunks<C> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            thawed: VecDeque::new(),
            twin: Vec::new(),
            room: None,
            taken: None,
            spare: Vec::new(),
            blank: C::default(),
        }
    }
}

impl<C: Columns> Chunks<C> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Every chunk, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Chunk<C>> {
        (0..self.chunks.len()).map(|number| self.chunk(number))
    }

    /// The chunk with that number; `None`: there is none.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&Chunk<C>> {
        (number < self.chunks.len()).then(|| self.chunk(number))
    }

    /// The chunk with that number, which must be there.
    #[inline]
    fn chunk(&self, number: usize) -> &Chunk<C> {
        match &self.taken {
            Some((taken, chunk)) if *taken == number => chunk,
            _ => &self.chunks[number],
        }
    }

    /// The same, to be changed: where copies share chunks it is made this one's own.
    #[inline]
    fn chunk_mut(&mut self, number: usize) -> &mut Chunk<C> {
        match &mut self.taken {
            Some((taken, chunk)) if *taken == number => chunk,
            _ => Arc::make_mut(&mut self.chunks[number]),
        }
    }

    /// Takes the chunk that rows go to out of what copies share, and puts the one before back.
    fn take(&mut self, number: usize) {
        if self.taken.as_ref().is_none_or(|(taken, _)| *taken != number) {
            if let Some((before, chunk)) = self.taken.take() {
                *Arc::make_mut(&mut self.chunks[before]) = chunk;
            }
            self.taken = Some((number, std::mem::take(Arc::make_mut(&mut self.chunks[number]))));
        }
    }

    /// Adds a chunk without rows.
    pub(crate) fn begin(&mut self) {
        let blank = || Arc::new(Chunk { full: Vec::new(), filling: self.blank.clone() });
        let chunk = self.spare.pop().unwrap_or_else(blank);
        self.chunks.push(chunk);
    }

    /// Leaves out every chunk; what takes their places uses their memory again.
    pub(crate) fn clear(&mut self) {
        if let Some((number, chunk)) = self.taken.take() {
            *Arc::make_mut(&mut self.chunks[number]) = chunk;
        }
        self.thawed.clear();
        for mut chunk in self.chunks.drain(..).rev() {
            if let Some(own) = Arc::get_mut(&mut chunk) {
                own.clear();
                self.spare.push(chunk);
            }
        }
    }

    /// Adds a row to the chunk with that number, which must be there.
    pub(crate) fn push(&mut self, chunk: usize, row: C::Row) {
        if self.room.is_some() {
            self.take(chunk);
        }
        self.fill(chunk, |filled, twin, room| filled.push(row, twin, room));
    }

    /// Adds rows to the chunk with that number, which must be there and have room for them.
    pub(crate) fn extend(&mut self, chunk: usize, rows: &[C::Row]) {
        self.fill(chunk, |filled, twin, room| filled.extend(rows, twin, room));
    }

    #[inline]
    fn fill(&mut self, chunk: usize, fill: impl FnOnce(&mut Chunk<C>, Option<&Chunk<C>>, Option<&Room>)) {
        let (twin, room) = (self.twin.get(chunk).map(|twin| &**twin), self.room.as_ref());
        match &mut self.taken {
            Some((taken, own)) if *taken == chunk => fill(own, twin, room),
            _ => fill(Arc::make_mut(&mut self.chunks[chunk]), twin, room),
        }
    }

    /// Changes a row's piece, which must be there.
    pub(crate) fn change<T>(&mut self, chunk: usize, row: usize, change: impl FnOnce(&mut C, usize) -> T) -> T {
        let (piece, place, full) = self.chunk_mut(chunk).at_mut(row);
        let changed = change(piece, place);
        // Where pieces may stay as they are, few are packed, and fewer of those are changed.
        if full && self.room.is_none() {
            self.thaw(chunk, row);
        }
        changed
    }

    /// Takes note that a full piece is not packed as a whole any more; packs the one for which that holds the longest.
    fn thaw(&mut self, chunk: usize, row: usize) {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let piece = (number(chunk), number(row >> PIECE_BITS));
        // Changes gather in few pieces, most often the one thawed last.
        if self.thawed.iter().rev().any(|thawed| *thawed == piece) {
            return;
        }
        self.thawed.push_back(piece);
        if THAWED_MAX < self.thawed.len()
            && let Some((chunk, piece)) = self.thawed.pop_front()
        {
            self.seal(chunk as usize, piece as usize);
        }
    }

    /// Says which columns are kept, and lets full pieces stay as they are while there is room; before the first row.
    pub(crate) fn keep(&mut self, keeps: Keeps<'_>, room: &Room) {
        self.blank.keep(keeps);
        self.room = Some(room.clone());
    }

    fn seal(&mut self, chunk: usize, piece: usize) {
        let twin = self.twin.get(chunk).and_then(|twin| twin.full.get(piece)).map(|piece| &**piece);
        if let Some(piece) = Arc::make_mut(&mut self.chunks[chunk]).full.get_mut(piece) {
            Arc::make_mut(piece).seal(twin);
        }
    }

    /// Shares with a twin what is packed from now on and equal there; none: with nobody.
    pub(crate) fn beside(&mut self, twin: Option<&Self>) {
        self.twin.clear();
        self.twin.extend(twin.into_iter().flat_map(|twin| &twin.chunks).cloned());
    }

    /// Writes every row down.
    pub(crate) fn dump(&self, out: &mut crate::checkpoint::Writer) {
        out.number(self.chunks.len() as u64);
        self.iter().for_each(|chunk| chunk.dump(out));
    }

    /// Reads what was written down; `None` where it is not that.
    pub(crate) fn load(from: &mut crate::checkpoint::Reader<'_>) -> Option<Self> {
        let count = from.number()?;
        let chunks = (0..count).map(|_| Chunk::load(from).map(Arc::new)).collect::<Option<_>>()?;
        Some(Self { chunks, ..Self::default() })
    }
}

/// Rows by number, from 0.
#[derive(Debug, Clone)]
pub struct Rows<C>(Chunks<C>);

impl<C: Default> Default for Rows<C> {
    fn default() -> Self {
        Self(Chunks::default())
    }
}

impl<C: Columns> Rows<C> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        let last = self.0.iter().next_back().map_or(0, Chunk::len);
        self.0.len().saturating_sub(1) * CHUNK_ROWS + last
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The piece that holds a row, and the row's place in it.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    #[inline]
    #[must_use]
    pub fn at(&self, row: usize) -> (&C, usize) {
        self.0.chunk(row >> CHUNK_BITS).at(row & (CHUNK_ROWS - 1))
    }

    /// The same; `None`: there is no such row.
    #[inline]
    #[must_use]
    pub fn find(&self, row: usize) -> Option<(&C, usize)> {
        (row < self.len()).then(|| self.at(row))
    }

    /// All pieces in order, each with the number of its first row.
    pub fn pieces(&self) -> impl Iterator<Item = (usize, &C)> {
        let chunks = self.0.iter().enumerate();
        chunks.flat_map(|(chunk, pieces)| {
            let (first, step) = (chunk << CHUNK_BITS, PIECE_ROWS);
            (first..).step_by(step).zip(pieces.pieces())
        })
    }

    /// Adds a row behind the last.
    pub(crate) fn push(&mut self, row: C::Row) {
        if self.0.iter().next_back().is_none_or(Chunk::is_full) {
            self.0.begin();
        }
        self.0.push(self.0.len() - 1, row);
    }

    /// Adds rows behind the last.
    pub(crate) fn extend(&mut self, mut rows: &[C::Row]) {
        while !rows.is_empty() {
            let room = self.0.iter().next_back().map_or(0, |last| CHUNK_ROWS - last.len());
            if room == 0 {
                self.0.begin();
                continue;
            }
            let (fitting, others) = rows.split_at(rows.len().min(room));
            self.0.extend(self.0.len() - 1, fitting);
            rows = others;
        }
    }

    /// Leaves out every row; what takes their places uses their memory again.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Changes the piece of a row, which must be there.
    pub(crate) fn change<T>(&mut self, row: usize, change: impl FnOnce(&mut C, usize) -> T) -> T {
        self.0.change(row >> CHUNK_BITS, row & (CHUNK_ROWS - 1), change)
    }

    /// How many of the first rows `before` holds for; it must hold for none after one that it does not hold for.
    pub(crate) fn partition_point(&self, before: impl Fn(&C, usize) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let (piece, place) = self.at(middle);
            if before(piece, place) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Says which columns are kept, and lets full pieces stay as they are while there is room; before the first row.
    pub(crate) fn keep(&mut self, keeps: Keeps<'_>, room: &Room) {
        self.0.keep(keeps, room);
    }

    /// Shares with a twin what is packed from now on and equal there.
    pub(crate) fn beside(&mut self, twin: Option<&Self>) {
        self.0.beside(twin.map(|twin| &twin.0));
    }

    /// Writes every row down.
    pub(crate) fn dump(&self, out: &mut crate::checkpoint::Writer) {
        self.0.dump(out);
    }

    /// Reads what was written down; `None` where it is not that.
    pub(crate) fn load(from: &mut crate::checkpoint::Reader<'_>) -> Option<Self> {
        let chunks = Chunks::load(from)?;
        let whole = chunks.iter().rev().skip(1).all(Chunk::is_full);
        whole.then_some(Self(chunks))
    }
}
