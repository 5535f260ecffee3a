//! Counting: walks the measurements that stood at a position and hands each to the rows it enters.

mod at_once;

use super::dissatisfaction::Moment;
use super::explain::recall::Recall;
use super::explain::recorder::{Recorder, Seen};
use super::groups::{Axes, Axis, Filter, Place, each_group};
use super::instants::Instants;
use super::periods::{Calendar, Period};
use super::query::Query;
use super::row_numbers::{Places, RowNumbers};
use super::sheet::Sheet;
use super::standing::Levels;
use super::tally::Tally;
use super::{CELLS_MAX, Terms};
use crate::columns::rows::Columns;
use crate::definition::document::{Attribution, DatedBy, TargetMetric, Voided};
use crate::in_parts::InParts;
use crate::measurements::Measurements;
use crate::measurements::chunk::{Moments, Piece, Table};
use crate::ticket_facts::{InForce, Micros};
use daftar_eventlog::Position;
use std::collections::HashMap;
use std::ops::Range;

pub(super) use super::query::GROUP_BY_MAX as GROUPS_MAX;

/// The numbers of a group's values, 0 where there are fewer dimensions.
pub(super) type Group = [u32; GROUPS_MAX];

/// A part of what is counted: of several, each takes its own pieces of every table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    number: usize,
    of: usize,
}

impl Part {
    /// Everything.
    pub(super) const WHOLE: Self = Self { number: 0, of: 1 };

    /// Two that are everything together.
    pub(super) const HALVES: [Self; 2] = [Self { number: 0, of: 2 }, Self { number: 1, of: 2 }];

    /// Whether it counts what no table has pieces of, such as what stands open.
    pub(super) fn is_first(self) -> bool {
        self.number == 0
    }
}

/// Which row: the start of its period (the earliest instant without an interval), and its group.
pub(super) type Key = (Micros, Group);

/// A row being counted.
#[derive(Default)]
pub(super) struct Counter<R> {
    pub(super) key: Key,
    /// How many measurements it counts, those of the other half too.
    pub(super) measurements: u64,
    /// Which row of the other half counts the same and is yet to be added.
    pub(super) other_half: Option<u32>,
    pub(super) figures: R,
}

impl<R: Default> Counter<R> {
    pub(super) fn new(key: Key) -> Self {
        Self { key, ..Self::default() }
    }
}

/// A measurement that stands.
pub(super) struct Counted<'a, C> {
    pub(super) moments: &'a Moments,
    pub(super) values: &'a C,
    pub(super) row: usize,
    /// The beginning of its period, or of the report where that cuts the period; none: figures are dated by their
    /// ticket, whose moments all lie in one period.
    begins: Option<Micros>,
}

/// For whom a measurement counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// For the agent it was recorded with.
    Agent,
    /// As attribution says of the closing with that number.
    Closing(u32),
    /// For this agent; 0: nobody.
    One(u32),
    /// For the ticket's assignee at the end of the prefix.
    AssigneeNow,
}

/// The agents a measurement counts for.
#[derive(Clone, Copy)]
enum Agents<'a> {
    /// One; 0: nobody.
    One(u32),
    /// Several.
    Each(&'a [u32]),
}

/// What says for whom measurements count.
#[derive(Clone, Copy)]
struct Crediting<'a> {
    state: &'a Measurements,
    position: Position,
    /// Whether anything depends on it.
    reads_agent: bool,
    attribution: Attribution,
}

impl<'a> Crediting<'a> {
    /// For whom a measurement counts, where anything depends on it.
    #[inline]
    fn agents(self, moments: &Moments, row: usize, whose: impl FnOnce() -> Whose) -> Agents<'a> {
        let state = self.state;
        if !self.reads_agent {
            return Agents::One(0);
        }
        match (whose(), self.attribution) {
            (Whose::Closing(closing), Attribution::AllRepliers) => {
                match state.credits.repliers(closing, &state.dimensions) {
                    [] => Agents::One(0),
                    repliers => Agents::Each(repliers),
                }
            }
            (Whose::Closing(closing), attribution) => Agents::One(state.credits.agent(closing, attribution)),
            (Whose::One(agent), _) => Agents::One(agent),
            (Whose::Agent, _) => Agents::One(moments.agent.get(row)),
            (Whose::AssigneeNow, _) => Agents::One(state.assignee_at(moments.ticket.get(row), self.position)),
        }
    }
}

impl<C> Counted<'_, C> {
    pub(super) fn at(&self) -> Micros {
        self.moments.at.get(self.row)
    }

    pub(super) fn ticket(&self) -> u32 {
        self.moments.ticket.get(self.row)
    }

    /// Whether the ticket's `previous` moment of the same kind lies before the period: this one is its first there.
    pub(super) fn is_first(&self, previous: Option<Micros>) -> bool {
        match (previous, self.begins) {
            (Some(previous), Some(begins)) => previous < begins,
            (previous, _) => previous.is_none(),
        }
    }
}

/// What stood at a report's position.
#[derive(Clone, Copy)]
pub(super) struct Prefix<'a> {
    pub(super) state: &'a Measurements,
    pub(super) position: Position,
    pub(super) terms: &'a Terms,
    /// Whether measurements of void tickets are among it, for an explanation that looks back at them.
    pub(super) with_void: bool,
}

impl<'a> Prefix<'a> {
    /// Every measurement of `table` that stood then.
    pub(super) fn all<C: Columns>(self, table: &'a Table<C>) -> impl Iterator<Item = Counted<'a, C>> {
        let counted =
            |piece: &'a Piece<C>, row| Counted { moments: &piece.moments, values: &piece.values, row, begins: None };
        let pieces = table.pieces(Micros::MIN, Micros::MAX);
        let all = pieces.flat_map(move |piece| (0..piece.len()).map(move |row| counted(piece, row)));
        all.filter(move |counted| self.has(counted.moments, counted.row))
    }

    /// The earliest instant of the measurements of `table` that stood then.
    pub(super) fn first<C: Columns>(self, table: &'a Table<C>) -> Option<Micros> {
        let mut earliest = None;
        for (first, chunk) in table.chunks_by_first() {
            if earliest.is_some_and(|earliest| earliest <= first) {
                break; // What follows is later.
            }
            for Piece { moments, .. } in chunk.pieces() {
                let stood = (0..moments.len()).filter(|row| self.has(moments, *row));
                earliest = stood.map(|row| moments.at.get(row)).chain(earliest).min();
            }
        }
        earliest
    }

    /// Whether a measurement stood then, its ticket not void.
    fn has(self, moments: &Moments, row: usize) -> bool {
        moments.added.get(row) <= self.position && (self.with_void || !self.is_void(moments.ticket.get(row)))
    }

    /// Whether any ticket of these measurements may be out of the figures.
    fn may_be_void(self, moments: &Moments) -> bool {
        let tickets = &self.state.tickets;
        let any_void = |(first, last)| tickets.any_void(first, last);
        self.terms.document().voided == Voided::Excluded
            && tickets.was_any_void()
            && moments.ticket.range().is_none_or(any_void)
    }

    /// Whether the ticket is out of the figures.
    pub(super) fn is_void(self, ticket: u32) -> bool {
        self.terms.document().voided == Voided::Excluded && self.state.void_at(ticket, self.position)
    }
}

/// A measurement under whose dimensions something that came of it counts.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) moments: &'a Moments,
    pub(super) row: usize,
    pub(super) whose: Whose,
}

/// What is counted, and into which rows.
pub(super) struct Counting<'a, R> {
    pub(super) state: &'a Measurements,
    pub(super) position: Position,
    pub(super) query: &'a Query,
    pub(super) terms: &'a Terms,
    /// All parts, where the state is of a part of the tickets.
    parts: Option<&'a InParts>,
    /// Which part of everything is counted.
    pub(super) part: Part,
    pub(super) axes: Axes<'a>,
    /// The instants at which `standing` was looked at.
    pub(super) instants: Instants,
    /// What stands open at those instants; it becomes rows once it is known how many.
    pub(super) standing: HashMap<Group, Levels>,
    /// Where the first row lies even if it counts nothing.
    pub(super) begins: Option<Micros>,
    /// What was taken back by the report's position.
    pub(super) recall: &'a Recall,
    /// Takes down what makes one cell, where that is asked for; nothing else is counted then.
    pub(super) recorder: Option<Recorder<'a, R>>,
    /// The metric whose durations are being counted, where they are.
    metric: Option<TargetMetric>,
    /// Cells beside those of the rows, such as tickets listed in one.
    listed: u64,
    calendar: &'a Calendar,
    from: Micros,
    to: Micros,
    /// The last closing of each ticket, where that dates its figures.
    last_closings: HashMap<u32, Micros>,
    filters: Vec<Filter>,
    reads_agent: bool,
    numbers: RowNumbers,
    rows: Vec<Counter<R>>,
    /// The places of a piece's groups, in memory that the next piece's take again.
    places: Vec<u32>,
    period: Period,
}

impl<'a, R: Default> Counting<'a, R> {
    pub(super) fn new(sheet: &'a Sheet<'_>) -> Self {
        Self::of_part(sheet, Part::WHOLE)
    }

    /// Counts a part of everything.
    pub(super) fn of_part(sheet: &'a Sheet<'_>, part: Part) -> Self {
        Self::numbered(sheet, part, RowNumbers::of(&sheet.axes, sheet.state))
    }

    /// Goes on behind what was counted of others.
    pub(super) fn after(sheet: &'a Sheet<'_>, tally: Tally<R>) -> Self {
        let Tally { rows, numbers, instants, standing, begins, listed, .. } = tally;
        Self { rows, instants, standing, begins, listed, ..Self::numbered(sheet, Part::WHOLE, numbers) }
    }

    fn numbered(sheet: &'a Sheet<'_>, part: Part, numbers: RowNumbers) -> Self {
        let Sheet { state, query, labels, .. } = *sheet;
        let filters: Vec<_> = query.filters.iter().map(|f| Filter::of(f, &state.dimensions, labels)).collect();
        Self {
            state,
            position: sheet.position,
            query,
            terms: &sheet.terms,
            parts: sheet.parts,
            part,
            axes: Axes::of(&sheet.axes),
            instants: Instants::default(),
            standing: HashMap::new(),
            begins: None,
            recall: &sheet.recall,
            recorder: None,
            metric: None,
            listed: 0,
            calendar: &sheet.terms.calendar,
            from: sheet.terms.from.unwrap_or(Micros::MIN),
            to: sheet.terms.to.unwrap_or(Micros::MAX),
            last_closings: last_closings(sheet),
            reads_agent: sheet.axes.contains(&Axis::Agent) || filters.iter().any(Filter::reads_agent),
            filters,
            numbers,
            rows: Vec::new(),
            places: Vec::new(),
            period: Period { start: 0, end: 0 },
        }
    }

    /// Counts nothing but what enters one row, and takes down what makes a figure of it.
    pub(super) fn record(&mut self, recorder: Recorder<'a, R>) {
        self.recorder = Some(recorder);
        // An item names its agent, also where rows do not.
        self.reads_agent = true;
    }

    /// Counts nothing but the groups with these places, each of which has a row from the beginning.
    pub(super) fn apart(sheet: &'a Sheet<'_>, places: Places, apart: Range<usize>) -> Self {
        let rows = apart.clone().map(|_| Counter::default()).collect();
        Self { rows, numbers: RowNumbers::apart(places, apart), ..Self::new(sheet) }
    }

    /// What was counted.
    pub(super) fn into_tally(self) -> Tally<R> {
        let Self { rows, numbers, instants, standing, begins, listed, .. } = self;
        Tally { rows, other_half: Vec::new(), numbers, instants, standing, begins, listed }
    }

    /// Takes note of cells beside those of the rows; whether the report is too large with them.
    pub(super) fn list(&mut self, cells: u64) -> bool {
        self.listed = self.listed.saturating_add(cells);
        self.listed > CELLS_MAX
    }

    /// Counts every measurement of `table`.
    pub(super) fn each<C: Columns>(
        &mut self,
        table: &Table<C>,
        whose: impl Fn(&Counted<'_, C>) -> Whose,
        count: impl FnMut(&mut R, &Counted<'_, C>),
    ) {
        self.each_where(table, whose, |_| true, count);
    }

    /// Counts the measurements of `table` that `keep` keeps.
    pub(super) fn each_where<C: Columns>(
        &mut self,
        table: &Table<C>,
        whose: impl Fn(&Counted<'_, C>) -> Whose,
        keep: impl Fn(&Counted<'_, C>) -> bool,
        mut count: impl FnMut(&mut R, &Counted<'_, C>),
    ) {
        let by_event = self.terms.document().dated_by == DatedBy::Event;
        let (since, until) = if by_event { (self.from, self.to) } else { (Micros::MIN, Micros::MAX) };
        let all_known = self.state.position() <= self.position;
        for piece in table.pieces(since, until).skip(self.part.number).step_by(self.part.of) {
            let Piece { moments, values } = piece;
            let known = all_known || moments.added.range().is_some_and(|(_, last)| last <= self.position);
            let start_of_all = if by_event { self.start_of_all(moments) } else { None };
            let may_be_void = self.prefix().may_be_void(moments);
            if let Some(start) = start_of_all.filter(|_| known && !may_be_void)
                && self.counts_at_once(piece, start, (&whose, &keep, &mut count))
            {
                continue;
            }
            for row in 0..piece.len() {
                let mut counted = Counted { moments, values, row, begins: None };
                self.recall.forget();
                let stood = keep(&counted) && (known || self.is_known(moments, row));
                if !stood || (may_be_void && self.is_voided(moments, row)) {
                    continue;
                }
                let start = start_of_all.or_else(|| {
                    let at = self.dated(counted.at(), moments.ticket.get(row))?;
                    Some(self.period_start(at))
                });
                let Some(start) = start else { continue };
                counted.begins = by_event.then_some(start.max(self.from));
                let agents = self.agents(moments, row, whose(&counted));
                let place = |agent| Place::Measured { moments, row, agent };
                let moment = self.recorder.as_ref().map_or((0, Position::ZERO), |_| {
                    // Nobody else asks for it.
                    (counted.at(), moments.added.get(row))
                });
                self.enter_for(start, moment, agents, place, |row| count(row, &counted));
            }
        }
    }

    /// Counts durations of a metric: an item of a figure that is of several tells which.
    pub(super) fn measure(&mut self, metric: TargetMetric, count: impl FnOnce(&mut Self)) {
        self.metric = Some(metric);
        count(self);
        self.metric = None;
    }

    /// Counts something of a ticket that is no measurement, such as a target that was missed, at an instant.
    pub(super) fn once(&mut self, happened: Micros, ticket: u32, in_force: &InForce, count: impl FnMut(&mut R)) {
        if let Some(at) = self.dated(happened, ticket) {
            let start = self.period_start(at);
            self.stand(start, happened, ticket, in_force, count);
        }
    }

    /// Counts something of a ticket, as it is at an instant, in the row of the period that starts then.
    pub(super) fn stand(
        &mut self,
        start: Micros,
        at: Micros,
        ticket: u32,
        in_force: &InForce,
        count: impl FnMut(&mut R),
    ) {
        let place = Place::Standing { ticket, in_force };
        if self.passes(place) {
            self.enter(start, (at, Position::ZERO), place, count);
        }
    }

    /// Counts something that came of a measurement, at a moment, under the measurement's dimensions.
    pub(super) fn once_under(&mut self, moment: Moment, origin: Origin<'_>, mut count: impl FnMut(&mut R)) {
        let Origin { moments, row, whose } = origin;
        let Some(at) = self.dated(moment.0, moments.ticket.get(row)) else { return };
        let start = self.period_start(at);
        let agents = self.agents(moments, row, whose);
        let place = |agent| Place::Measured { moments, row, agent };
        self.enter_for(start, moment, agents, place, &mut count);
    }

    /// Counts something that came of a measurement as open at those of the instants of `standing`, under the
    /// measurement's dimensions.
    pub(super) fn open_under(&mut self, seen: &Range<usize>, origin: Origin<'_>) {
        let Origin { moments, row, whose } = origin;
        if seen.is_empty() {
            return;
        }
        let agents = self.agents(moments, row, whose);
        let place = |agent| Place::Measured { moments, row, agent };
        let moment = (moments.at.get(row), moments.added.get(row));
        self.each_place(agents, place, |counting, place| {
            counting.open(moment, place, |levels| levels.open(seen));
        });
    }

    /// Raises the levels of every group that the place stands in, for something open since or at a moment.
    pub(super) fn open(&mut self, moment: Moment, place: Place<'_>, mut raise: impl FnMut(&mut Levels)) {
        let (standing, recorder, instants) = (&mut self.standing, &mut self.recorder, &self.instants);
        each_group(self.state, self.axes, place, |group| {
            let is_asked = |recorder: &mut Recorder<'_, R>| {
                recorder.takes_standing(&group, Seen::of(moment, place), instants, &mut raise)
            };
            if recorder.as_mut().is_none_or(is_asked) {
                raise(standing.entry(group).or_default());
            }
        });
    }

    /// The instant that says in which period something of a ticket counts; none: in none of the report's.
    fn dated(&self, at: Micros, ticket: u32) -> Option<Micros> {
        let at = match self.terms.document().dated_by {
            DatedBy::Event => at,
            DatedBy::Opened => self.state.tickets.opened_at(ticket),
            DatedBy::Closed => *self.last_closings.get(&ticket)?,
        };
        (self.from <= at && at < self.to).then_some(at)
    }

    /// For whom a measurement counts, where anything depends on it.
    #[inline]
    fn agents(&self, moments: &Moments, row: usize, whose: Whose) -> Agents<'a> {
        self.crediting().agents(moments, row, || whose)
    }

    /// What says for whom measurements count.
    fn crediting(&self) -> Crediting<'a> {
        let Self { state, position, reads_agent, terms, .. } = *self;
        Crediting { state, position, reads_agent, attribution: terms.document().attribution }
    }

    /// Enters a measurement into the rows of every agent it counts for; where rows are not by agent, once.
    fn enter_for<'p>(
        &mut self,
        start: Micros,
        moment: Moment,
        agents: Agents<'_>,
        place: impl Fn(u32) -> Place<'p>,
        mut count: impl FnMut(&mut R),
    ) {
        self.each_place(agents, place, |counting, place| counting.enter(start, moment, place, &mut count));
    }

    /// Hands on the place of every agent that the filters let pass; where rows are not by agent, the first.
    fn each_place<'p>(
        &mut self,
        agents: Agents<'_>,
        place: impl Fn(u32) -> Place<'p>,
        mut enter: impl FnMut(&mut Self, Place<'p>),
    ) {
        let by_agent = self.axes.by_agent;
        let one;
        let agents = match agents {
            Agents::One(agent) => {
                one = [agent];
                &one[..]
            }
            Agents::Each(agents) => agents,
        };
        for agent in agents {
            let place = place(*agent);
            if self.passes(place) {
                enter(self, place);
                if !by_agent {
                    return;
                }
            }
        }
    }

    /// The opening of the first ticket.
    pub(super) fn first_opening(&self) -> Option<Micros> {
        first_opening(self.state, self.parts, self.position, self.terms)
    }

    /// What the report sees.
    pub(super) fn prefix(&self) -> Prefix<'a> {
        Prefix { state: self.state, position: self.position, terms: self.terms, with_void: false }
    }

    /// The same with what an explanation looks back at: whether a ticket is void is then to be asked of
    /// [`Self::is_void`].
    pub(super) fn prefix_and_void(&self) -> Prefix<'a> {
        Prefix { with_void: self.recall.looks_back(), ..self.prefix() }
    }

    /// Whether a measurement was there at the report's position.
    fn is_known(&self, moments: &Moments, row: usize) -> bool {
        moments.added.get(row) <= self.position
    }

    /// Whether a measurement's ticket was void at the report's position.
    fn is_voided(&self, moments: &Moments, row: usize) -> bool {
        self.recall.is_void(self.prefix().is_void(moments.ticket.get(row)))
    }

    /// The start of the period in which all of these lie; none: they may lie in several, or beyond the report's time.
    fn start_of_all(&mut self, moments: &Moments) -> Option<Micros> {
        if self.query.interval.is_none() && (self.from, self.to) == (Micros::MIN, Micros::MAX) {
            return Some(Micros::MIN);
        }
        let (first, last) = moments.at.range()?;
        if first < self.from || self.to <= last {
            return None;
        }
        let start = self.period_start(first);
        (self.query.interval.is_none() || self.period.contains(last)).then_some(start)
    }

    /// Whether the ticket is out of the figures; what is counted next is something of that ticket.
    pub(super) fn is_void(&self, ticket: u32) -> bool {
        self.recall.forget();
        self.recall.is_void(self.prefix().is_void(ticket))
    }

    /// Whether every filter lets it pass.
    pub(super) fn passes(&self, place: Place<'_>) -> bool {
        self.filters.iter().all(|filter| filter.passes(self.state, place))
    }

    fn period_start(&mut self, at: Micros) -> Micros {
        let Some(interval) = self.query.interval else { return Micros::MIN };
        if !self.period.contains(at) {
            self.period = self.calendar.period_of(interval, at);
        }
        self.period.start
    }

    /// Hands every row that the place enters to `count`, for something that happened at a moment.
    fn enter(&mut self, start: Micros, moment: Moment, place: Place<'_>, mut count: impl FnMut(&mut R)) {
        let metric = self.metric;
        each_group(self.state, self.axes, place, |group| {
            let key = (start, group);
            let is_asked = |recorder: &mut Recorder<'_, R>| {
                // Only an explanation asks what it is.
                recorder.takes(key, Seen { metric, ..Seen::of(moment, place) }, &mut count)
            };
            if self.recorder.as_mut().is_none_or(is_asked)
                && let Some(row) = self.row(key)
            {
                count(row);
            }
        });
    }

    /// The row of a key; none: its group is counted apart.
    fn row(&mut self, key: Key) -> Option<&mut R> {
        let index = self.numbers.of_row(&key, self.rows.len())?;
        Some(self.row_at(index, || key))
    }

    /// The row with that number, which is new if there are only so many.
    #[inline]
    fn row_at(&mut self, index: usize, key: impl FnOnce() -> Key) -> &mut R {
        if index == self.rows.len() {
            self.rows.push(Counter::default());
        }
        let row = &mut self.rows[index];
        if row.measurements == 0 {
            row.key = key();
        }
        row.measurements += 1;
        &mut row.figures
    }
}

/// The opening of the first ticket, of all parts where there are several.
pub(super) fn first_opening(
    state: &Measurements,
    parts: Option<&InParts>,
    position: Position,
    terms: &Terms,
) -> Option<Micros> {
    let first = |state: &Measurements| Prefix { state, position, terms, with_void: false }.first(&state.openings);
    parts.map_or_else(|| first(state), |parts| parts.states().filter_map(first).min())
}

/// The last closing of each ticket at the report's position, where that dates its figures.
fn last_closings(sheet: &Sheet<'_>) -> HashMap<u32, Micros> {
    let mut last: HashMap<u32, (Position, Micros)> = HashMap::new();
    if sheet.terms.document().dated_by != DatedBy::Closed {
        return HashMap::new();
    }
    for piece in sheet.state.closings.pieces(Micros::MIN, Micros::MAX) {
        let moments = &piece.moments;
        for row in (0..piece.len()).filter(|row| moments.added.get(*row) <= sheet.position) {
            let closing = (moments.added.get(row), moments.at.get(row));
            let known = last.entry(moments.ticket.get(row)).or_insert(closing);
            *known = closing.max(*known);
        }
    }
    last.into_iter().map(|(ticket, (_, at))| (ticket, at)).collect()
}
