//! What an explanation is asked: a report's own parameters, and which cell of it.

use super::opened::figures;
use crate::definition::document::digits;
use crate::report::query::{Dimension, Query, ReportName};
use daftar_domain::Invalid;
use daftar_domain::ids::TicketId;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// How many items a page has where nothing is said.
pub const PAGE: usize = 20;
/// The most items a page may have.
pub const PAGE_MAX: usize = 1_000;

/// What comes before the name of a dimension where its value in the cell's row is given.
const CELL_PREFIX: &str = "cell.";
/// The parameters beside those of the report and of the cell's group.
const PARAMETERS: [&str; 6] = ["period", "figure", "limit", "cursor", "taken_back", "against"];
/// The word that stands for an absent value.
const ABSENT: &str = "null";
/// What says which row of the review queue is meant.
const TICKET: &str = "ticket";

/// Which cell is to be explained, and how much of it at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The report; it has no limit on its groups, because the cell says which group is meant.
    pub query: Query,
    /// The path of the figure in its row, as it was given; it may name a statistic of the figure.
    pub figure: String,
    /// The label of the row's period, where the report has periods.
    pub period: Option<String>,
    /// The row's value of each dimension that rows are told apart by; none: the absent one.
    pub group: Vec<(Dimension, Option<String>)>,
    /// The ticket of the row, where rows are tickets.
    pub ticket: Option<String>,
    /// How many items a page has, 1 to [`PAGE_MAX`].
    pub limit: usize,
    /// Where the page begins, as the page before gave it.
    pub cursor: Option<String>,
    /// Whether the items are those that made the cell once and were taken back.
    pub taken_back: bool,
    /// The definition with which the cell is compared, as it was named.
    pub against: Option<String>,
}

impl Ask {
    /// Whether there is a parameter of that name.
    #[must_use]
    pub fn knows(name: &str) -> bool {
        PARAMETERS.contains(&name) || name.starts_with(CELL_PREFIX) || Query::knows(name)
    }

    /// Reads a report's name and the parameters, given as names and values in any order.
    ///
    /// # Errors
    ///
    /// An [`Invalid`] for every parameter that is unknown, given twice, wrong or missing.
    pub fn parse(report: &str, parameters: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<Invalid>> {
        let is_own = |name: &str| PARAMETERS.contains(&name) || name.starts_with(CELL_PREFIX);
        let (own, of_report): (Vec<_>, Vec<_>) = parameters.into_iter().partition(|(name, _)| is_own(name));
        let query = Query::parse(report, of_report);
        let mut reading = Reading { own: BTreeMap::new(), wrong: Vec::new() };
        for (name, value) in own {
            match reading.own.entry(name) {
                Entry::Occupied(given) => {
                    reading.wrong.push(Invalid::new(given.key(), value, "must be given only once"));
                }
                Entry::Vacant(place) => drop(place.insert(value)),
            }
        }
        match query {
            Ok(query) => reading.finish(query),
            Err(wrong) => Err(wrong.into_iter().chain(reading.wrong).collect()),
        }
    }
}

/// Parameters of the cell, and what is wrong with them so far.
struct Reading {
    own: BTreeMap<String, String>,
    wrong: Vec<Invalid>,
}

impl Reading {
    fn finish(mut self, query: Query) -> Result<Ask, Vec<Invalid>> {
        let figure = self.figure(query.report);
        let period = self.period(&query);
        let group = self.group(&query);
        let ticket = if query.report.lists_tickets() { self.ticket() } else { None };
        let limit = self.limit();
        let cursor = self.own.remove("cursor");
        let (taken_back, against) = (self.taken_back(), self.against());
        for (name, value) in std::mem::take(&mut self.own) {
            self.wrong.push(Invalid::new(name, value, other_dimension(&query)));
        }
        let ask = Ask { query, figure, period, group, ticket, limit, cursor, taken_back, against };
        if self.wrong.is_empty() { Ok(ask) } else { Err(self.wrong) }
    }

    fn figure(&mut self, report: ReportName) -> String {
        let figure = self.own.remove("figure").unwrap_or_default();
        if figure.is_empty() {
            let rule = format!("must be the path of a figure of {}, one of {}", report.name(), figures(report));
            self.wrong.push(Invalid::new("figure", "", rule));
        }
        figure
    }

    fn period(&mut self, query: &Query) -> Option<String> {
        let period = self.own.remove("period").filter(|period| query.interval.is_some() || period != ABSENT);
        let rule = match (query.interval, &period) {
            (Some(_), None) => "must be the label of the row's period: with interval a row is told by it",
            (None, Some(_)) => "must be left out: without interval the report has no periods",
            _ => return period,
        };
        self.wrong.push(Invalid::new("period", period.unwrap_or_default(), rule));
        None
    }

    /// The value of every dimension that rows are told apart by.
    fn group(&mut self, query: &Query) -> Vec<(Dimension, Option<String>)> {
        let dimensions = dimensions(query);
        dimensions.into_iter().filter_map(|dimension| self.value(query, dimension)).collect()
    }

    fn value(&mut self, query: &Query, dimension: Dimension) -> Option<(Dimension, Option<String>)> {
        let field = format!("{CELL_PREFIX}{}", dimension.name());
        let Some(text) = self.own.remove(&field) else {
            let rule = format!("must be the row's {}: rows are told apart by it; null for absent", dimension.name());
            self.wrong.push(Invalid::new(field, "", rule));
            return None;
        };
        let value = dimension.value(&field, &text);
        let nobody = query.report.is_by_agent() && dimension == Dimension::Agent;
        match value {
            Ok(None) if nobody => {
                self.wrong.push(Invalid::new(field, text, "must be an agent: this report has no row of nobody"));
            }
            Ok(value) => return Some((dimension, value)),
            Err(wrong) => self.wrong.push(wrong),
        }
        None
    }

    fn ticket(&mut self) -> Option<String> {
        let field = format!("{CELL_PREFIX}{TICKET}");
        let text = self.own.remove(&field).unwrap_or_default();
        let read = TicketId::parse(&field, &text);
        read.map_err(|wrong| self.wrong.push(wrong)).ok().map(|id| id.as_str().to_owned())
    }

    fn limit(&mut self) -> usize {
        let Some(text) = self.own.remove("limit") else { return PAGE };
        digits(&text).filter(|limit| (1..=PAGE_MAX).contains(limit)).unwrap_or_else(|| {
            let rule = format!("must be the number of items on a page, from 1 to {PAGE_MAX}");
            self.wrong.push(Invalid::new("limit", text, rule));
            PAGE
        })
    }

    fn against(&mut self) -> Option<String> {
        let against = self.own.remove("against")?;
        if against.is_empty() {
            self.wrong.push(Invalid::new(
                "against",
                "",
                "must be a definition's name such as zendesk, or NAME@VERSION",
            ));
        }
        Some(against)
    }

    fn taken_back(&mut self) -> bool {
        match self.own.remove("taken_back").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => {
                self.wrong.push(Invalid::new("taken_back", other, "must be true or false"));
                false
            }
        }
    }
}

/// By what rows are told apart: the agent of a report that is always by agent stands last.
fn dimensions(query: &Query) -> Vec<Dimension> {
    let mut dimensions = query.group_by.clone();
    if query.report.is_by_agent() {
        dimensions.retain(|dimension| *dimension != Dimension::Agent);
        dimensions.push(Dimension::Agent);
    }
    dimensions
}

/// Why a value of the cell's group is one too many.
fn other_dimension(query: &Query) -> String {
    let names =
        dimensions(query).iter().map(|dimension| format!("{CELL_PREFIX}{}", dimension.name())).collect::<Vec<_>>();
    match (query.report.lists_tickets(), names.is_empty()) {
        (true, _) => {
            format!("must be left out: rows of {} are told apart by {CELL_PREFIX}{TICKET}", query.report.name())
        }
        (false, true) => "must be left out: the report is not grouped; group_by says by what".to_owned(),
        (false, false) => format!("must be left out: rows are told apart by {}", names.join(", ")),
    }
}
