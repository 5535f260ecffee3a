//! Spans: what each ticket was doing, and under which dimensions, from one moment to the next.

use super::chunk::written;
use super::needs::{Keeping, Keeps, Needs};
use crate::checkpoint::{Reader, Writer};
use crate::columns::rows::{Columns as _, Room, Rows, columns};
use crate::ticket_facts::{Doing, InForce, Micros};
use daftar_eventlog::Position;

/// A span's number, from 0.
pub(crate) type SpanNumber = u32;

columns! {
    /// A span as it is kept.
    Kept, KeptSpans {
        /// The ticket's number.
        ticket: u32,
        /// When it began.
        from: Micros,
        /// How long it lasted; 0 while it goes on.
        lasted: Micros,
        /// What the ticket did.
        doing: Doing,
        /// Branch.
        branch: u16,
        /// Department.
        department: u16,
        /// Priority, its stored number plus 1.
        priority: u8,
        /// The assignee.
        agent: u32,
        /// Set of tags.
        tags: u32,
        /// The position of the event that began it.
        began: Position,
        /// The position of the event that ended it; 0: it goes on.
        ended: Position,
        /// How many spans of any ticket lie between it and the ticket's span before, plus one; 0: it is the first.
        back: u32,
    }
}

/// Every span of every ticket, in order of their beginnings in the log.
#[derive(Debug, Clone, Default)]
pub struct Spans {
    rows: Rows<KeptSpans>,
    kept: Keeping,
}

/// A span as it stood at some position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When it began.
    pub from: Micros,
    /// When it ended; none: it goes on.
    pub to: Option<Micros>,
    /// What the ticket did.
    pub doing: Doing,
    /// Dimensions in force, the assignee as agent.
    pub in_force: InForce,
}

/// A ticket does something else from now on, or under other dimensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    /// The new span's number.
    pub(crate) number: SpanNumber,
    /// The ticket's last span; none: it is its first.
    pub(crate) previous: Option<SpanNumber>,
    /// The ticket's number.
    pub(crate) ticket: u32,
    /// When.
    pub(crate) at: Micros,
    /// What it does from now on.
    pub(crate) doing: Doing,
    /// Under which dimensions.
    pub(crate) in_force: InForce,
    /// The position of the event that turned it.
    pub(crate) position: Position,
}

impl KeptSpans {
    fn in_force(&self, row: usize) -> InForce {
        InForce {
            branch: self.branch.get(row),
            department: self.department.get(row),
            priority: self.priority.get(row),
            agent: self.agent.get(row),
            tags: self.tags.get(row),
            ..InForce::default()
        }
    }

    /// Whether it began before `until` and had not ended at `since`, as it stood at `position`.
    fn is_seen(&self, row: usize, position: Position, since: Micros, until: Micros) -> bool {
        let from = self.from.get(row);
        from < until && (since <= from + self.lasted.get(row) || !written(self.ended.get(row), position))
    }

    /// The span as it stood at `position`, where it had begun.
    fn at(&self, row: usize, position: Position) -> Span {
        let from = self.from.get(row);
        let to = written(self.ended.get(row), position).then(|| from + self.lasted.get(row));
        Span { from, to, doing: self.doing.get(row), in_force: self.in_force(row) }
    }
}

impl Spans {
    /// How many there are: the number of the next.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Begins the next span and ends the ticket's last one.
    pub(crate) fn turn(&mut self, turn: &Turn) {
        let &Turn { number, previous, ticket, at, doing, in_force, position } = turn;
        if let Some(previous) = previous {
            self.rows.change(previous as usize, |spans, row| {
                spans.lasted.set(row, at - spans.from.get(row));
                spans.ended.set(row, position);
            });
        }
        let InForce { branch, department, priority, agent, tags, .. } = in_force;
        let back = previous.map_or(0, |previous| number - previous);
        let (from, began, ended, lasted) = (at, position, Position::ZERO, 0);
        let kept = Kept { ticket, from, lasted, doing, branch, department, priority, agent, tags, began, ended, back };
        self.rows.push(kept);
    }

    /// The span with that number as it stood at `position`; `None` when it had not begun.
    #[must_use]
    pub fn get(&self, number: u32, position: Position) -> Option<Span> {
        self.kept.is_readable();
        let (spans, row) = self.rows.find(number as usize)?;
        (spans.began.get(row) <= position).then(|| spans.at(row, position))
    }

    /// The span a ticket was in at `position`, given its last span.
    #[must_use]
    pub fn current(&self, last: u32, position: Position) -> Option<Span> {
        self.back_from(last, position).next()
    }

    /// The spans a ticket had been in at `position`, the latest first, given its last span.
    pub fn back_from(&self, last: u32, position: Position) -> impl Iterator<Item = Span> {
        self.kept.is_readable();
        self.numbers_back_from(last).filter_map(move |number| self.get(number, position))
    }

    /// Every span of an open ticket that began before `until` and had not ended at `since`, as it all stood at
    /// `position`, with its ticket, in order of their beginnings in the log.
    pub(crate) fn seen(&self, position: Position, since: Micros, until: Micros) -> impl Iterator<Item = (u32, Span)> {
        self.kept.is_readable();
        let begun = self.rows.partition_point(|spans, row| spans.began.get(row) <= position);
        let pieces = self.rows.pieces().take_while(move |(first, _)| *first < begun);
        pieces.flat_map(move |(first, spans)| {
            let open = (0..spans.len().min(begun - first)).filter(move |row| spans.doing.get(*row).is_open());
            let seen = open.filter(move |row| spans.is_seen(*row, position, since, until));
            seen.map(move |row| (spans.ticket.get(row), spans.at(row, position)))
        })
    }

    fn numbers_back_from(&self, last: SpanNumber) -> impl Iterator<Item = SpanNumber> {
        let before = |number: &SpanNumber| {
            let (spans, row) = self.rows.find(*number as usize)?;
            Some(spans.back.get(row)).filter(|back| *back != 0).and_then(|back| number.checked_sub(back))
        };
        std::iter::successors(Some(last), before)
    }

    /// Says whether they are kept, and what they may take without being packed; before the first.
    pub(crate) fn keep(&mut self, keeps: Keeps<'_>, room: &Room) {
        self.kept = keeps.of(Needs::Spans);
        self.rows.keep(keeps, room);
    }

    /// Leaves out all of them; what takes their places uses their memory again.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
    }

    /// Shares with a twin what is packed from now on and equal there.
    pub(crate) fn beside(&mut self, twin: Option<&Self>) {
        self.rows.beside(twin.map(|twin| &twin.rows));
    }

    pub(crate) fn dump(&self, out: &mut Writer) {
        self.rows.dump(out);
    }

    pub(crate) fn load(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { rows: Rows::load(from)?, kept: Keeping::default() })
    }
}
