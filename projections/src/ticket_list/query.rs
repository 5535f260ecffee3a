//! What a list is asked: which tickets, in which order, from where.

use super::line::TicketState;
use crate::definition::document::digits;
use crate::report::query::{Dimension, known_dimensions};
use daftar_domain::Invalid;
use daftar_domain::ticket::WaitingFor;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

/// The most tickets a page may have.
pub const LIMIT_MAX: usize = 1_000;
/// How many tickets a page has where nothing is said.
pub const LIMIT_DEFAULT: usize = 50;
/// The parameters beside the filters by dimension.
const PARAMETERS: [&str; 7] = ["state", "waiting_for", "reopened", "voided", "sort", "cursor", "limit"];

/// What tickets are sorted by, in its natural order: early before late, low before urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortBy {
    /// When the last event happened.
    LastEventAt,
    /// When it was opened.
    OpenedAt,
    /// How urgent it is.
    Priority,
    /// Since when it waits for whom it waits.
    WaitingSince,
    /// When the first response falls due.
    DueAt,
    /// When the customer last gave a score, if that one is negative.
    Dissatisfied,
}

impl SortBy {
    /// Everything that tickets are sorted by.
    pub const ALL: [Self; 6] =
        [Self::LastEventAt, Self::OpenedAt, Self::Priority, Self::WaitingSince, Self::DueAt, Self::Dissatisfied];

    /// Its name in a query.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LastEventAt => "last_event_at",
            Self::OpenedAt => "opened_at",
            Self::Priority => "priority",
            Self::WaitingSince => "waiting_since",
            Self::DueAt => "due_at",
            Self::Dissatisfied => "dissatisfied",
        }
    }
}

/// The order of a list. Tickets without the value come last either way; ties are in order of the ids' bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sort {
    /// What it goes by.
    pub by: SortBy,
    /// Whether it is reversed.
    pub descending: bool,
}

impl Sort {
    /// Every order.
    pub const ALL: [Self; 12] = {
        let mut all = [Self { by: SortBy::LastEventAt, descending: false }; 12];
        let mut number = 0;
        while number < all.len() {
            all[number] = Self { by: SortBy::ALL[number / 2], descending: number % 2 == 1 };
            number += 1;
        }
        all
    };

    /// What happened last comes first.
    pub const LATEST_FIRST: Self = Self { by: SortBy::LastEventAt, descending: true };

    /// Reads a name, reversed by a leading `-`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] naming `field` and the names there are.
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        let rule = || {
            let names = SortBy::ALL.map(SortBy::name).join(", ");
            Invalid::new(field, text, format!("must be one of {names}, with a leading - to reverse it"))
        };
        Self::ALL.into_iter().find(|sort| sort.to_string() == text).ok_or_else(rule)
    }

    /// The order of two tickets, each by its value and its id.
    #[must_use]
    pub fn order(self, a: (Option<i64>, &str), b: (Option<i64>, &str)) -> Ordering {
        let by_value = match (a.0, b.0) {
            (Some(a), Some(b)) if self.descending => b.cmp(&a),
            (Some(a), Some(b)) => a.cmp(&b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        };
        by_value.then_with(|| a.1.cmp(b.1))
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.descending { "-" } else { "" })?;
        f.write_str(self.by.name())
    }
}

/// A question to the list of tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// Tickets in any of these states; of none: in any at all.
    pub states: Vec<TicketState>,
    /// Tickets that wait for any of these; of none: for anybody or nobody.
    pub waiting_for: Vec<WaitingFor>,
    /// Tickets reopened before, or never; where left out both.
    pub reopened: Option<bool>,
    /// Tickets out of the figures, or in them; none: both.
    pub voided: Option<bool>,
    /// Tickets that now have, for each dimension, any of these values; `None` stands for the absent one.
    pub filters: Vec<(Dimension, Vec<Option<String>>)>,
    /// In which order.
    pub sort: Sort,
    /// Where the page begins, as the page before it said.
    pub cursor: Option<String>,
    /// How many tickets a page has at most, 1 to 1,000.
    pub limit: usize,
}

impl Default for ListQuery {
    /// The first 50 tickets in the figures, what happened last first.
    fn default() -> Self {
        Self {
            states: Vec::new(),
            waiting_for: Vec::new(),
            reopened: None,
            voided: Some(false),
            filters: Vec::new(),
            sort: Sort::LATEST_FIRST,
            cursor: None,
            limit: LIMIT_DEFAULT,
        }
    }
}

impl ListQuery {
    /// Whether a list has a parameter of that name.
    #[must_use]
    pub fn knows(name: &str) -> bool {
        PARAMETERS.contains(&name) || Dimension::is_filter(name)
    }

    /// Reads the parameters of a list, given as names and values in any order.
    ///
    /// # Errors
    ///
    /// An [`Invalid`] for every parameter that is unknown, given twice or wrong.
    pub fn parse(parameters: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<Invalid>> {
        let mut reading = Reading::default();
        for (name, value) in parameters {
            reading.read(&name, &value);
        }
        if reading.wrong.is_empty() { Ok(reading.query) } else { Err(reading.wrong) }
    }
}

/// A query half read, and what is wrong with it so far.
#[derive(Default)]
struct Reading {
    query: ListQuery,
    given: BTreeSet<String>,
    wrong: Vec<Invalid>,
}

impl Reading {
    fn keep<T>(&mut self, read: Result<T, Invalid>) -> Option<T> {
        read.map_err(|invalid| self.wrong.push(invalid)).ok()
    }

    /// Every value of a comma list.
    fn each<T>(&mut self, name: &str, value: &str, read: impl Fn(&str, &str) -> Result<T, Invalid>) -> Vec<T> {
        value.split(',').filter_map(|text| self.keep(read(name, text))).collect()
    }

    fn read(&mut self, name: &str, value: &str) {
        if !self.given.insert(name.to_owned()) {
            self.wrong.push(Invalid::new(name, value, "must be given only once"));
            return;
        }
        match name {
            "state" => self.query.states = self.each(name, value, TicketState::parse),
            "waiting_for" => self.query.waiting_for = self.each(name, value, party),
            "reopened" => self.query.reopened = self.keep(truth(name, value)),
            "voided" if value == "any" => self.query.voided = None,
            "voided" => self.query.voided = self.keep(truth(name, value)),
            "sort" => self.query.sort = self.keep(Sort::parse(name, value)).unwrap_or(self.query.sort),
            "cursor" => self.query.cursor = Some(value.to_owned()),
            "limit" => self.query.limit = self.keep(limit(name, value)).unwrap_or(LIMIT_DEFAULT),
            _ => self.filter(name, value),
        }
    }

    fn filter(&mut self, name: &str, value: &str) {
        if !Dimension::is_filter(name) {
            let parameters = PARAMETERS.join(", ");
            let rule = format!("must be a parameter ({parameters}) or a filter ({})", known_dimensions());
            self.wrong.push(Invalid::new(name, value, rule));
            return;
        }
        let Some(dimension) = self.keep(Dimension::parse(name, name)) else { return };
        let values = self.each(name, value, |name, text| dimension.value(name, text));
        self.query.filters.push((dimension, values));
    }
}

fn party(field: &str, text: &str) -> Result<WaitingFor, Invalid> {
    [WaitingFor::Agent, WaitingFor::Customer, WaitingFor::ThirdParty]
        .into_iter()
        .find(|party| party.name() == text)
        .ok_or_else(|| Invalid::new(field, text, "must be agent, customer or third_party"))
}

fn truth(field: &str, text: &str) -> Result<bool, Invalid> {
    let any = if field == "voided" { ", false or any" } else { " or false" };
    text.parse().map_err(|_| Invalid::new(field, text, format!("must be true{any}")))
}

fn limit(field: &str, text: &str) -> Result<usize, Invalid> {
    let rule = || Invalid::new(field, text, format!("must be a whole number from 1 to {LIMIT_MAX}"));
    digits(text).filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(rule)
}
