//! What a report is asked: its parameters, read alike from an address and from a command line.

mod figures;
#[cfg(test)]
mod tests;

use super::periods::{Calendar, Interval, read_date};
use crate::definition::document::{Definition, Within, digits};
use crate::ticket_facts::Micros;
use chrono::NaiveDate;
use daftar_domain::ids::{
    AgentId, AttributeName, AttributeValue, BranchId, ChannelId, CustomerId, DepartmentId, FormRef, Language, ReasonId,
    Tag, TierId,
};
use daftar_domain::ticket::Priority;
use daftar_domain::{Invalid, Timestamp};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

/// The most dimensions a report may be grouped by.
pub const GROUP_BY_MAX: usize = 3;
/// The most groups `limit` may ask for.
pub const LIMIT_MAX: usize = 200_000;
/// The word that stands for an absent value in a filter.
const ABSENT: &str = "null";
/// What comes before the name of an own field where it is a dimension.
const ATTRIBUTE_PREFIX: &str = "attribute.";
/// The parameter whose dates begin in UTC.
const AS_OF: &str = "as_of";
/// The parameters beside the filters.
const PARAMETERS: &str = "from, to, interval, group_by, definition, as_of, happened_by, at, within, limit, figures";

/// A report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReportName {
    /// The figures a manager asks for first.
    Overview,
    /// What customers say.
    Satisfaction,
    /// How long customers wait for replies.
    ResponseTimes,
    /// How long tickets take.
    ResolutionTimes,
    /// What comes in, goes out and moves.
    Flow,
    /// Agents side by side.
    Leaderboard,
    /// Which durations met their targets, and which still can.
    Targets,
    /// In which hours of the week the work comes.
    Volume,
    /// What lies open, and for how long.
    Backlog,
    /// Dissatisfied customers, and what was done about them.
    Cases,
    /// Tickets somebody should look at again.
    ReviewQueue,
}

impl ReportName {
    /// Every report.
    pub const ALL: [Self; 11] = [
        Self::Overview,
        Self::Satisfaction,
        Self::ResponseTimes,
        Self::ResolutionTimes,
        Self::Flow,
        Self::Leaderboard,
        Self::Targets,
        Self::Volume,
        Self::Backlog,
        Self::Cases,
        Self::ReviewQueue,
    ];

    /// Its name in an address and on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Satisfaction => "satisfaction",
            Self::ResponseTimes => "response-times",
            Self::ResolutionTimes => "resolution-times",
            Self::Flow => "flow",
            Self::Leaderboard => "leaderboard",
            Self::Targets => "targets",
            Self::Volume => "volume",
            Self::Backlog => "backlog",
            Self::Cases => "cases",
            Self::ReviewQueue => "review-queue",
        }
    }

    /// Whether it has a share that `within` asks for.
    #[must_use]
    pub const fn reads_within(self) -> bool {
        matches!(self, Self::ResponseTimes | Self::ResolutionTimes)
    }

    /// Whether its rows are grouped by agent, asked or not.
    #[must_use]
    pub const fn is_by_agent(self) -> bool {
        matches!(self, Self::Leaderboard)
    }

    /// Whether its rows are tickets, neither grouped nor by period.
    #[must_use]
    pub const fn lists_tickets(self) -> bool {
        matches!(self, Self::ReviewQueue)
    }

    /// Reads a report's name.
    ///
    /// # Errors
    ///
    /// [`Invalid`] naming `report` and the names there are.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let rule = || format!("must be one of {}", Self::ALL.map(Self::name).join(", "));
        Self::ALL.into_iter().find(|report| report.name() == text).ok_or_else(|| Invalid::new("report", text, rule()))
    }
}

/// What figures are grouped and filtered by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// The branch.
    Branch,
    /// The department.
    Department,
    /// The agent to whom a figure is credited.
    Agent,
    /// The ticket's channel.
    Channel,
    /// The priority.
    Priority,
    /// The customer's tier.
    CustomerTier,
    /// A tag; a ticket stands in the row of each of its tags.
    Tag,
    /// The customer.
    Customer,
    /// The ticket's language.
    Language,
    /// The reason of the closing a figure rests on.
    ClosingReason,
    /// The survey form of the closing a figure rests on.
    Form,
    /// An own field of the ticket.
    Attribute(AttributeName),
}

impl Dimension {
    /// Every dimension but the own fields.
    pub const FIXED: [Self; 11] = [
        Self::Branch,
        Self::Department,
        Self::Agent,
        Self::Channel,
        Self::Priority,
        Self::CustomerTier,
        Self::Tag,
        Self::Customer,
        Self::Language,
        Self::ClosingReason,
        Self::Form,
    ];

    /// Its name in a query and in a row's group.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Branch => "branch",
            Self::Department => "department",
            Self::Agent => "agent",
            Self::Channel => "channel",
            Self::Priority => "priority",
            Self::CustomerTier => "customer_tier",
            Self::Tag => "tag",
            Self::Customer => "customer",
            Self::Language => "language",
            Self::ClosingReason => "closing_reason",
            Self::Form => "form",
            Self::Attribute(name) => return Cow::Owned(format!("{ATTRIBUTE_PREFIX}{name}")),
        })
    }

    /// Reads a dimension's name.
    ///
    /// # Errors
    ///
    /// [`Invalid`] naming `field` and the dimensions there are.
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        if let Some(name) = text.strip_prefix(ATTRIBUTE_PREFIX) {
            return AttributeName::parse(field, name).map(Self::Attribute);
        }
        Self::fixed(text).ok_or_else(|| Invalid::new(field, text, format!("must be one of {}", known_dimensions())))
    }

    /// Whether a parameter of that name is a filter by a dimension, as far as the name tells.
    pub(crate) fn is_filter(name: &str) -> bool {
        Self::fixed(name).is_some() || name.starts_with(ATTRIBUTE_PREFIX)
    }

    fn fixed(name: &str) -> Option<Self> {
        Self::FIXED.into_iter().find(|dimension| dimension.name() == name)
    }

    /// Whether `value` can be a value of this dimension at all.
    fn check(&self, field: &str, value: &str) -> Result<(), Invalid> {
        match self {
            Self::Branch => BranchId::parse(field, value).map(drop),
            Self::Department => DepartmentId::parse(field, value).map(drop),
            Self::Agent => AgentId::parse(field, value).map(drop),
            Self::Channel => ChannelId::parse(field, value).map(drop),
            Self::Priority => Priority::parse(field, value).map(drop),
            Self::CustomerTier => TierId::parse(field, value).map(drop),
            Self::Tag => Tag::parse(field, value).map(drop),
            Self::Customer => CustomerId::parse(field, value).map(drop),
            Self::Language => Language::parse(field, value).map(drop),
            Self::ClosingReason => ReasonId::parse(field, value).map(drop),
            Self::Form => FormRef::parse(field, value).map(drop),
            Self::Attribute(_) => AttributeValue::parse(field, value).map(drop),
        }
    }

    /// Reads one value of a filter; `None` is the absent one. A priority is never absent.
    pub(crate) fn value(&self, field: &str, text: &str) -> Result<Option<String>, Invalid> {
        if text == ABSENT && *self != Self::Priority {
            return Ok(None);
        }
        self.check(field, text).map(|()| Some(text.to_owned()))
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// Up to where the log is read: what was known then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AsOf {
    /// Events up to this position of the log.
    Position(u64),
    /// Events recorded up to this instant.
    Instant(Timestamp),
}

/// A moment as it was asked: an instant, or a date, which begins where the definition's clocks say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// An instant.
    Instant(Timestamp),
    /// The beginning of a date.
    Date(NaiveDate),
}

impl When {
    /// The instant in microseconds since 1970.
    #[must_use]
    pub fn on(self, calendar: &Calendar) -> Micros {
        match self {
            Self::Instant(instant) => instant.micros(),
            Self::Date(date) => calendar.start_of(date),
        }
    }
}

impl From<Timestamp> for When {
    fn from(instant: Timestamp) -> Self {
        Self::Instant(instant)
    }
}

/// A question to a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Which report.
    pub report: ReportName,
    /// The first instant counted; unbounded where left out.
    pub from: Option<When>,
    /// The first instant no longer counted, later than `from`; unbounded where left out.
    pub to: Option<When>,
    /// How long the periods are; one row over all time where left out.
    pub interval: Option<Interval>,
    /// What rows are grouped by: at most three dimensions, each once.
    pub group_by: Vec<Dimension>,
    /// What is counted: for each dimension any of these values, `None` standing for the absent one.
    pub filters: Vec<(Dimension, Vec<Option<String>>)>,
    /// Up to where the log is read; all of it where left out.
    pub as_of: Option<AsOf>,
    /// The last instant whose events are counted; all are where left out.
    pub happened_by: Option<When>,
    /// The instant up to which running things are measured.
    pub at: Option<When>,
    /// The duration within which values are counted apart.
    pub within: Option<Within>,
    /// How many groups are kept, 1 to 200,000.
    pub limit: Option<usize>,
    /// The figures that rows have, some of [`ReportName::figures`]; all of them where left out.
    pub figures: Option<Vec<&'static str>>,
    /// The metric definition as it was named.
    pub definition: Option<String>,
}

impl Query {
    /// A report over everything.
    #[must_use]
    pub const fn over(report: ReportName) -> Self {
        Self {
            report,
            from: None,
            to: None,
            interval: None,
            group_by: Vec::new(),
            filters: Vec::new(),
            as_of: None,
            happened_by: None,
            at: None,
            within: None,
            limit: None,
            figures: None,
            definition: None,
        }
    }

    /// `happened_by` in microseconds since 1970; a date begins in the definition's time zone.
    #[must_use]
    pub fn happened_by_under(&self, definition: &Definition) -> Option<Micros> {
        self.happened_by.map(|when| when.on(&Calendar::of(definition)))
    }

    /// Whether there is a parameter or a filter of that name.
    #[must_use]
    pub fn knows(name: &str) -> bool {
        PARAMETERS.split(", ").any(|parameter| parameter == name) || Dimension::is_filter(name)
    }

    /// Whether headline figures, one row as of now, can be asked with a parameter or a filter of that name.
    #[must_use]
    pub fn knows_of_headline(name: &str) -> bool {
        matches!(name, "from" | "to" | "definition") || Dimension::is_filter(name)
    }

    /// Reads a report's name and its parameters, given as names and values in any order.
    ///
    /// # Errors
    ///
    /// An [`Invalid`] for every parameter that is unknown, given twice or wrong.
    pub fn parse(report: &str, parameters: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<Invalid>> {
        // Where the name is wrong the query is never handed out; the parameters are still read for their own errors.
        let mut reading = Reading::new(ReportName::Flow);
        if let Some(report) = reading.keep(ReportName::parse(report)) {
            (reading.query.report, reading.report) = (report, Some(report));
        }
        for (name, value) in parameters {
            reading.read(&name, &value);
        }
        reading.finish()
    }
}

/// A query half read, and what is wrong with it so far.
struct Reading {
    query: Query,
    /// Which report; none: there is no report of the name that was given.
    report: Option<ReportName>,
    given: BTreeSet<String>,
    wrong: Vec<Invalid>,
}

impl Reading {
    fn new(report: ReportName) -> Self {
        Self { query: Query::over(report), report: None, given: BTreeSet::new(), wrong: Vec::new() }
    }

    fn keep<T>(&mut self, read: Result<T, Invalid>) -> Option<T> {
        read.map_err(|invalid| self.wrong.push(invalid)).ok()
    }

    fn read(&mut self, name: &str, value: &str) {
        if !self.given.insert(name.to_owned()) {
            self.wrong.push(Invalid::new(name, value, "must be given only once"));
            return;
        }
        match name {
            "from" => self.query.from = self.keep(moment(name, value)),
            "to" => self.query.to = self.keep(moment(name, value)),
            "interval" => self.query.interval = self.keep(Interval::parse(value)),
            "group_by" => self.group_by(value),
            "definition" => self.query.definition = self.keep(definition(value)),
            AS_OF => self.query.as_of = self.keep(as_of(value)),
            "happened_by" => self.query.happened_by = self.keep(moment(name, value)),
            "at" => self.query.at = self.keep(moment(name, value)),
            "within" => self.query.within = self.keep(within(value)),
            "limit" => self.query.limit = self.keep(limit(value)),
            "figures" if self.query.report.lists_tickets() => self.refuse("figures", value),
            "figures" => self.figures(value),
            _ => self.filter(name, value),
        }
    }

    fn group_by(&mut self, value: &str) {
        for text in value.split(',') {
            let Some(dimension) = self.keep(Dimension::parse("group_by", text)) else { continue };
            if self.query.group_by.contains(&dimension) {
                self.wrong.push(Invalid::new("group_by", text, "must name a dimension only once"));
            } else {
                self.query.group_by.push(dimension);
            }
        }
        if self.query.group_by.len() > GROUP_BY_MAX {
            self.wrong.push(Invalid::new("group_by", value, format!("must name at most {GROUP_BY_MAX} dimensions")));
        }
    }

    fn filter(&mut self, name: &str, value: &str) {
        if !Dimension::is_filter(name) {
            let rule = format!("must be a parameter ({PARAMETERS}) or a filter ({})", known_dimensions());
            self.wrong.push(Invalid::new(name, value, rule));
            return;
        }
        let Some(dimension) = self.keep(Dimension::parse(name, name)) else { return };
        let values = value.split(',').filter_map(|text| self.keep(dimension.value(name, text))).collect();
        self.query.filters.push((dimension, values));
    }

    fn finish(mut self) -> Result<Query, Vec<Invalid>> {
        // A date and an instant are compared once it is known where the date begins.
        let wrong = match (self.query.from, self.query.to) {
            (Some(When::Instant(from)), Some(When::Instant(to))) if to <= from => {
                Some((from.to_string(), to.to_string()))
            }
            (Some(When::Date(from)), Some(When::Date(to))) if to <= from => Some((from.to_string(), to.to_string())),
            _ => None,
        };
        if let Some((from, to)) = wrong {
            self.wrong.push(Invalid::new("to", to, format!("must be later than from, which is {from}")));
        }
        self.refuse_rows();
        if self.wrong.is_empty() { Ok(self.query) } else { Err(self.wrong) }
    }

    /// Where rows are tickets, nothing else can say what they are.
    fn refuse_rows(&mut self) {
        let Query { report, interval, group_by, .. } = &self.query;
        if !report.lists_tickets() {
            return;
        }
        let names: Vec<_> = group_by.iter().map(Dimension::name).collect();
        if let Some(interval) = *interval {
            self.refuse("interval", interval.name());
        }
        if !names.is_empty() {
            self.refuse("group_by", &names.join(","));
        }
    }

    fn refuse(&mut self, parameter: &str, value: &str) {
        let rule = format!("must be left out: {} lists tickets; it takes no {parameter}", self.query.report.name());
        self.wrong.push(Invalid::new(parameter, value, rule));
    }
}

pub(crate) fn known_dimensions() -> String {
    format!("{}, {ATTRIBUTE_PREFIX}NAME", Dimension::FIXED.map(|dimension| dimension.name()).join(", "))
}

/// An instant with an offset, or a date, Solar Hijri where its year is one of 1200 to 1599.
fn moment(field: &str, text: &str) -> Result<When, Invalid> {
    if text.contains(':') {
        return Timestamp::parse(field, text).map(When::Instant);
    }
    let rule = || {
        let zone = if field == AS_OF { "UTC" } else { "the definition's time zone" };
        format!(
            "must be a date like 2026-01-03 or 1404-10-13 (from 00:00 in {zone}) or an instant with an offset like \
             2026-01-03T08:12:00Z"
        )
    };
    let date = read_date(text).ok_or_else(|| Invalid::new(field, text, rule()))?;
    let within_years = Timestamp::from_micros(Calendar::utc_gregorian().start_of(date)).is_some();
    let outside = || Invalid::new(field, text, "must lie in the years 1900 to 2200");
    within_years.then_some(When::Date(date)).ok_or_else(outside)
}

fn as_of(text: &str) -> Result<AsOf, Invalid> {
    if text.is_empty() || text.bytes().any(|b| !b.is_ascii_digit()) {
        return moment(AS_OF, text).map(|when| AsOf::Instant(in_utc(when)));
    }
    let rule = || format!("must be a position of at most {} or an instant", u64::MAX);
    digits(text).map(AsOf::Position).ok_or_else(|| Invalid::new(AS_OF, text, rule()))
}

/// An instant; of a date, its beginning in UTC: what was known is asked of the log, before a definition is known.
fn in_utc(when: When) -> Timestamp {
    Timestamp::clamped(when.on(&Calendar::utc_gregorian()))
}

/// A duration, or a number of business days.
fn within(text: &str) -> Result<Within, Invalid> {
    text.parse().map_err(|_| {
        let rule = "must be a duration like 45s, 30m, 4h, 2d (48 hours) or 3bd (business days), above zero and at most \
                    100000d or 1000bd";
        Invalid::new("within", text, rule)
    })
}

fn limit(text: &str) -> Result<usize, Invalid> {
    let rule = || format!("must be a whole number from 1 to {LIMIT_MAX}");
    digits(text).filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(|| Invalid::new("limit", text, rule()))
}

/// A definition's name, bare or with a version, as it was given; whether there is one is found out later.
fn definition(text: &str) -> Result<String, Invalid> {
    if text.is_empty() {
        return Err(Invalid::new("definition", text, "must be a definition's name such as default, or NAME@VERSION"));
    }
    Ok(text.to_owned())
}
