//! What a language must have words for.

use super::deed::{Deed, Field, Given, Who};
use super::segments::Why;
use crate::definition::document::Within;
use crate::report::periods::Language;
use crate::ticket_facts::{Doing, Micros};

/// An instant to be told.
pub(super) struct Moment<'a> {
    /// Day of the week and date, where they must be told.
    pub(super) date: Option<(String, String)>,
    pub(super) time: &'a str,
    /// The zone whose clocks show it, where it is not that of reports.
    pub(super) zone: Option<&'a str>,
}

/// When the office was closed, as far as the edges are its own.
pub(super) enum Closed {
    Until(String),
    Since(String),
    Between(String, String),
    /// All the time between.
    Throughout(String, String),
}

/// What a figure is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    FirstResponse,
    NextResponse,
    FirstResolution,
    FullResolution,
    OpenTime,
    RequesterWait,
    CustomerWait,
    AgentWork,
    OnHold,
    OnHoldCustomer,
    OnHoldThirdParty,
    Stay,
}

/// Which reply it is to the clock that it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nth {
    First,
    Next,
}

/// How a duration stands to its target.
pub(super) enum Verdict {
    /// With so much to spare.
    Met(Micros),
    /// By so much.
    Breached(Micros),
    /// Judged elsewhere.
    Judged(Option<bool>),
    /// Not over yet, with so much left.
    Running(Micros),
}

/// A language. Instants and clauses are handed in as its own texts.
pub(super) trait Words {
    fn moment(&self, moment: &Moment<'_>) -> String;
    /// Clauses in one sentence.
    fn joined(&self, clauses: &[String]) -> String;
    /// Clauses, and what they come to.
    fn concluded(&self, clauses: &str, conclusion: &str) -> String;
    /// Sentences of one story.
    fn listed(&self, sentences: &[String]) -> String;
    /// Something at an instant.
    fn happened(&self, what: &str, when: &str) -> String;
    fn deed(&self, deed: &Deed) -> String;
    /// An event at an instant.
    fn event(&self, deed: &Deed, when: &str) -> String {
        self.happened(&self.deed(deed), when)
    }
    fn reply(&self, nth: Nth, by: &Who) -> String;
    fn unanswered(&self, nth: Nth, until: &str) -> String;
    fn not_closed(&self, until: &str) -> String;
    fn office(&self, closed: &Closed) -> String;
    fn office_days(&self, days: usize) -> String;
    fn not_counted(&self, why: Why, from: &str, to: &str) -> String;
    fn other_hours(&self, department: Option<&str>, from: &str) -> String;
    fn more(&self, clauses: usize) -> String;
    /// So much was counted, in stretches of so much each.
    fn counted(&self, total: &str, parts: &[String]) -> String;
    fn duration(&self, micros: Micros, days: bool) -> String;
    fn before_any_start(&self) -> String;
    fn target(&self, within: Within, verdict: &Verdict) -> String;
    fn name(&self, name: Name) -> String;
    fn named(&self, name: Name, value: &str) -> String;
    fn answer(&self, field: &Field, given: &Given) -> String;
    fn survey_of(&self, closing: u32) -> String;
    fn in_place_of(&self, given: &str, when: &str) -> String;
    fn replaced_by(&self, given: &str, when: &str) -> String;
    fn not_taken(&self) -> String;
    fn no_rating_counts(&self) -> String;
    fn never_answered(&self) -> String;
    fn survey_not_offered(&self) -> String;
    fn first_answered(&self, when: &str) -> String;
    fn taken_back(&self, when: &str) -> String;
    fn undoes(&self, name: Name) -> String;
    fn never_reopened(&self) -> String;
    fn public_replies(&self, replies: usize) -> String;
    fn state(&self, doing: Doing) -> String;
    fn since(&self, state: &str, when: &str) -> String;
    /// A name of the caller's own among the words.
    fn own_name(&self, name: &str) -> String;
    fn assigned_to(&self, agent: Option<&str>) -> String;
    fn still_a_case(&self) -> String;
    fn out_of_figures(&self) -> String;
}

/// The words of a language.
pub(super) fn of(language: Language) -> &'static dyn Words {
    match language {
        Language::English => &super::english::English,
        Language::Persian => &super::persian::Persian,
    }
}

/// A duration's whole hours, minutes and the seconds left; with days, whole days before them.
pub(super) struct Parts {
    pub(super) days: i64,
    pub(super) hours: i64,
    pub(super) minutes: i64,
    /// In microseconds.
    pub(super) rest: Micros,
}

impl Parts {
    /// Hours go on beyond a day unless days are told, which stand from the second on.
    pub(super) fn of(micros: Micros, days: bool) -> Self {
        const MINUTE: Micros = 60_000_000;
        const DAY: Micros = 24 * 60 * MINUTE;
        let whole = if days && micros >= 2 * DAY { micros / DAY } else { 0 };
        let left = micros - whole * DAY;
        Self { days: whole, hours: left / (60 * MINUTE), minutes: left / MINUTE % 60, rest: left % MINUTE }
    }
}

/// Seconds with as many decimals as they have.
pub(super) fn seconds(micros: Micros) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
