//! A cell, found: everything that makes it and once made it, and pages of that.

use super::against::{Compared, compared};
use super::ask::Ask;
use super::cursor::Place;
use super::opened::{Opened, opened};
use super::ranks::Rank;
use super::recall::{Recall, TakenBack, TakenBy};
use super::recorder::Entered;
use super::{ExplainError, Explained, ExplainedCell, Item, cell, ranks};
use crate::definition::catalog::Published;
use crate::measurements::Measurements;
use crate::report::figure::Figure;
use crate::report::instants::Instants;
use crate::report::leaderboard::Leaderboard;
use crate::report::periods::{Interval, Period};
use crate::report::query::{Dimension, Query};
use crate::report::sheet::Sheet;
use crate::report::{CustomerLabels, Row, terms};
use crate::ticket_facts::Micros;
use daftar_domain::Timestamp;
use daftar_eventlog::{Epochs, Position};
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// The figure that only a look at the other rows tells.
const RANK: &str = "rank";
/// The figure that is made of others.
const GOALS: &str = "goals";

/// A cell and everything that entered it.
#[derive(Debug, Clone)]
pub struct Found<'a> {
    /// In which everything that entered has its numbers.
    pub(super) state: &'a Measurements,
    pub(super) cell: ExplainedCell,
    /// What makes it.
    pub(super) standing: Vec<Entered>,
    /// What once made it.
    taken_back: Vec<Entered>,
    /// Places in `standing`.
    ranks: Vec<(usize, Rank)>,
}

impl<'a> Found<'a> {
    /// What of the cell is another under another definition, for which `state` was measured from the same log, up to the
    /// same instant: a date begins on the clocks of the cell's own definition.
    ///
    /// # Errors
    ///
    /// [`ExplainError`] where there is no such cell under that definition, or its report cannot be made.
    pub fn against(
        self,
        state: &Measurements,
        ask: &Ask,
        definition: &Arc<Published>,
        epochs: &Epochs,
        labels: &dyn CustomerLabels,
    ) -> Result<Compared, ExplainError> {
        let position = self.cell.position;
        let happened_by = self.state.happened_by().map(|by| Timestamp::clamped(by).into());
        let of_there = Ask { query: Query { happened_by, ..ask.query.clone() }, ..ask.clone() };
        let there = found(state, &of_there, definition, position, labels)?;
        self.against_found(there, ask, epochs)
    }

    /// The same, the cell being found on the other side already: under another definition, or at another position, or of
    /// what happened by another instant, from the same log.
    ///
    /// # Errors
    ///
    /// [`ExplainError`] where the cursor is none of this cell's.
    pub fn against_found(self, there: Found<'_>, ask: &Ask, epochs: &Epochs) -> Result<Compared, ExplainError> {
        let (position, version) = (self.cell.position, self.cell.definition.version);
        let place = Place::of(ask, epochs)?.unwrap_or(Place { position, version, skipped: 0 });
        Ok(compared(self, there, ask, place, epochs))
    }

    /// How each measurement that once made the cell was taken back, by its ticket and its event.
    pub fn taken_back(&self) -> impl Iterator<Item = (&str, Position, TakenBack)> {
        self.taken_back.iter().filter_map(|entered| {
            Some((self.state.tickets.id(entered.seen.ticket), entered.seen.position, entered.taken_back?))
        })
    }

    fn sorted(state: &'a Measurements, mut cell: ExplainedCell, entered: Vec<Entered>) -> Self {
        let (standing, taken_back): (Vec<_>, Vec<_>) =
            entered.into_iter().partition(|entered| entered.taken_back.is_none());
        (cell.items, cell.taken_back) = (standing.len() as u64, taken_back.len() as u64);
        let percent = cell.statistic.as_deref().and_then(ranks::percent);
        Self { state, cell, standing, taken_back, ranks: Vec::new() }.ranked(percent)
    }

    fn ranked(mut self, percent: Option<usize>) -> Self {
        if let Some(percent) = percent {
            // Equal values have their ranks in the order of items.
            self.standing.sort_by_key(Entered::order);
            self.ranks = ranks::closest(&self.standing, percent);
        }
        self
    }

    /// The page that begins at `place`.
    pub(super) fn page(mut self, ask: &Ask, place: Place, epochs: &Epochs) -> Explained {
        let item = |(entered, rank): (&Entered, Option<Rank>)| Item::of(self.state, entered, rank);
        self.cell.ranks = self.ranks.iter().map(|(n, rank)| item((&self.standing[*n], Some(*rank)))).collect();
        let all = if ask.taken_back { &self.taken_back } else { &self.standing };
        let page = page(all, place.skipped, ask.limit);
        let after = place.skipped.saturating_add(page.len());
        let next = Place { skipped: after, ..place };
        let next = (after < all.len()).then(|| next.write(ask, epochs));
        let rank =
            |n: usize| self.ranks.iter().find(|(place, _)| !ask.taken_back && *place == n).map(|(_, rank)| *rank);
        let tickets: HashSet<u32> = page.iter().map(|n| all[*n].seen.ticket).collect();
        let earlier: Vec<_> = self.taken_back.iter().filter(|one| tickets.contains(&one.seen.ticket)).collect();
        let whole = |n: &usize| {
            let replaced = earlier.iter().filter(|one| !ask.taken_back && all[*n].replaces(one));
            Item { replaces: replaced.map(|one| item((one, None))).collect(), ..item((&all[*n], rank(*n))) }
        };
        let items = page.iter().map(whole).collect();
        Explained { cell: self.cell, items, next }
    }
}

/// Finds the cell that `ask` asks for under one definition, to be compared with the same under another.
///
/// # Errors
///
/// [`ExplainError`] where there is no such cell, or its report cannot be made.
pub fn found<'a>(
    state: &'a Measurements,
    ask: &Ask,
    definition: &Arc<Published>,
    position: Position,
    labels: &dyn CustomerLabels,
) -> Result<Found<'a>, ExplainError> {
    let query = narrowed(ask);
    let row = AskedRow { state, ask, query: &query, definition, position, labels };
    let (mut sheet, period) = row.sheet()?;
    sheet.recall = Recall::of(position, true);
    let key = cell::key(ask, &sheet, period.map(|(_, period)| period))?;
    let Opened { figure, statistic, value, entered } = opened(&sheet, ask, key)?;
    // A rank is known among the other rows alone.
    let value = if figure == RANK { row.rank()? } else { value };
    let (calendar, looked) = (&sheet.terms.calendar, Instants::at_end(&sheet.terms));
    let cell = ExplainedCell {
        report: ask.query.report,
        definition: Arc::clone(definition),
        position,
        as_of: ask.query.as_of,
        happened_by: state.happened_by(),
        at: sheet.terms.at,
        seen_before: (looked.len() > 0).then(|| looked.before(0)),
        within: query.within.filter(|_| query.report.reads_within()),
        period: period.map(|(interval, period)| (calendar.label(interval, &period), period)),
        group: group(ask),
        figure,
        statistic,
        value,
        items: 0,
        taken_back: 0,
        ranks: Vec::new(),
    };
    Ok(Found::sorted(state, cell, entered))
}

/// The query of the cell's report, which counts the cell's figure alone where that is one of the row's own.
fn narrowed(ask: &Ask) -> Query {
    let name = ask.figure.split('.').next().unwrap_or_default();
    let own = ask.query.report.figures().iter().find(|figure| **figure == name);
    // Goals are made of other figures.
    let figures = own.filter(|figure| **figure != GOALS).map(|figure| vec![*figure]);
    Query { figures, ..ask.query.clone() }
}

/// The row that an ask means.
struct AskedRow<'a> {
    state: &'a Measurements,
    ask: &'a Ask,
    query: &'a Query,
    definition: &'a Arc<Published>,
    position: Position,
    labels: &'a dyn CustomerLabels,
}

impl<'a> AskedRow<'a> {
    /// The report, of the row's period alone.
    fn sheet(&self) -> Result<(Sheet<'a>, Option<(Interval, Period)>), ExplainError> {
        let Self { state, ask, query, definition, position, labels } = *self;
        let mut terms = terms(state, None, query, definition, position)?;
        let period = cell::period(ask, &terms)?;
        if let Some((_, Period { start, end })) = period {
            terms.from = Some(terms.from.map_or(start, |from| from.max(start)));
            terms.to = Some(terms.to.map_or(end, |to| to.min(end)));
        }
        Ok((Sheet::new(state, query, position, labels, terms)?, period))
    }

    /// The rank of the row's agent among the others.
    fn rank(&self) -> Result<Figure, ExplainError> {
        let rows = self.sheet()?.0.rows::<Leaderboard>()?;
        let row = rows.into_iter().find(|row| self.is_of(row));
        Ok(row.and_then(|row| Figure::Object(row.figures).get(RANK).cloned()).unwrap_or(Figure::Null))
    }

    fn is_of(&self, row: &Row) -> bool {
        self.ask.group.iter().all(|(dimension, value)| match dimension {
            Dimension::Agent => {
                row.figures.iter().any(|(name, figure)| name == "agent" && *figure == Figure::from(value.as_deref()))
            }
            _ => {
                row.group.iter().any(|(name, group)| *name == dimension.name() && group.as_deref() == value.as_deref())
            }
        })
    }
}

impl Entered {
    /// Whether it took the place of an earlier measurement: changed it, or came after the reopening that undid it.
    fn replaces(&self, earlier: &Self) -> bool {
        let by = |taken: TakenBack| match (taken.by, taken.position) {
            (TakenBy::Change, Some(position)) => position == self.seen.position,
            (TakenBy::Reopening, Some(position)) => position < self.seen.position,
            (TakenBy::Voiding, _) | (_, None) => false,
        };
        self.seen.ticket == earlier.seen.ticket && earlier.taken_back.is_some_and(by)
    }

    /// When it happened, or was looked at, and at which event.
    pub(super) fn moment(&self) -> (Micros, Position) {
        (self.seen.at, self.seen.position)
    }

    /// By instant, then position; what was looked at at one instant, by ticket.
    pub(super) fn order(&self) -> (Micros, Position, u32) {
        (self.seen.at, self.seen.position, self.seen.ticket)
    }
}

/// Which of so many a page has.
pub(super) fn page_of(all: usize, skipped: usize, limit: usize) -> Range<usize> {
    let start = skipped.min(all);
    start..start.saturating_add(limit).min(all)
}

/// The places of a page in order, each at most once: only these are sorted.
fn page(all: &[Entered], skipped: usize, limit: usize) -> Vec<usize> {
    let mut keys: Vec<_> = all.iter().zip(0_usize..).map(|(entered, n)| (entered.order(), n)).collect();
    let Range { start, end } = page_of(keys.len(), skipped, limit);
    if start < keys.len() {
        keys.select_nth_unstable(start);
    }
    if end < keys.len() {
        keys[start..].select_nth_unstable(end - start);
    }
    let page = &mut keys[start..end];
    page.sort_unstable();
    page.iter().map(|(_, n)| *n).collect()
}

impl Item {
    /// A measurement as readers see it.
    pub(super) fn of(state: &Measurements, entered: &Entered, rank: Option<Rank>) -> Self {
        let Entered { seen, part, taken_back, reason } = *entered;
        Self {
            ticket: state.tickets.id(seen.ticket).to_owned(),
            at: seen.at,
            position: Some(seen.position).filter(|position| *position != Position::ZERO),
            metric: seen.metric,
            value: part.value(),
            scale: part.scale,
            counted: part.counted,
            agent: state.dimensions.agents.name(seen.agent).map(str::to_owned),
            reason,
            rank,
            taken_back,
            replaces: Vec::new(),
            told: None,
        }
    }
}

fn group(ask: &Ask) -> Vec<(Cow<'static, str>, Option<String>)> {
    let ticket = ask.ticket.iter().map(|ticket| (Cow::Borrowed("ticket"), Some(ticket.clone())));
    ask.group.iter().map(|(dimension, value)| (dimension.name(), value.clone())).chain(ticket).collect()
}
