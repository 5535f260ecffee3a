//! Whether a running server tells the same events as a source, and answers the same reports at the same position.

use super::difference;
use crate::asked::Asked;
use crate::server::{JSON, Refused, Server, WAIT, position_of};
use crate::source::{Carried, Source, Unopened};
use crate::{Failure, definition};
use daftar_domain::Timestamp;
use daftar_eventlog::Position;
use daftar_eventlog::checksum::Digest;
use daftar_projections::definition::catalog::Published;
use daftar_projections::definition::document::Definition;
use daftar_projections::labels::KeyLabels;
use daftar_projections::measurements::Measurements;
use daftar_projections::report::query::{Query, ReportName};
use daftar_projections::report::{Report, ReportError, report};
use serde_json::Value;
use std::sync::Arc;

mod feed;

/// What reports are asked with: all time, and groups over periods. Those that do not go with a report are left out.
const QUESTIONS: [&[(&str, &str)]; 4] = [
    &[],
    &[("interval", "month"), ("group_by", "department")],
    &[("interval", "quarter"), ("group_by", "agent")],
    &[("group_by", "channel,priority"), ("at", LATER)],
];
/// Stands for an instant after the last event, up to which what runs is measured.
const LATER: &str = "later";
/// Parameters by name.
type Question = Vec<(String, String)>;
const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// What came of it.
#[derive(Debug)]
pub(super) struct Compared {
    /// Up to where: the last position that both have.
    pub(super) position: Position,
    /// The server's own end.
    pub(super) end: Position,
    /// The digest of the server's events up to the position.
    pub(super) digest: Digest,
    /// How many events were compared, and the first that differs.
    pub(super) events: u64,
    pub(super) event: Option<String>,
    /// How many reports were compared, and those that differ.
    pub(super) reports: usize,
    pub(super) differing: Vec<String>,
}

/// Compares the server with the source, of which `state` is the fold to its end.
///
/// # Errors
///
/// [`Unopened`] when the server does not answer, or the source can't be read.
pub(super) async fn compare(
    (source, carries): (&Source, &[Carried]),
    server: &Server,
    state: Measurements,
    quiet: bool,
) -> Result<Compared, Unopened> {
    let feed = server.get("/v1/events", feed::NDJSON).map_err(Failure::from)?;
    let end = position_of(&feed).map(Position).ok_or_else(|| not_daftar(server))?;
    let own_end = *source.log.durable().borrow();
    let told = feed::compare(source, feed, own_end, quiet).await?;
    let position = end.min(own_end);
    let definition = if carries.contains(&Carried::Chain) {
        definition::named(source, None, position).await?
    } else {
        published(server, position)?
    };
    let all = Asked { query: Query::over(ReportName::Overview), position, definition, what_if: Vec::new() };
    let folded = state.position() <= position && *state.folded() == all.definition.document.folded();
    let state = if folded { state } else { all.fold(source, quiet).await? };
    let held = Held { source, server, position, state: &state, definition: all.definition };
    let (reports, differing) = held.reports()?;
    Ok(Compared { position, end, digest: told.digest, events: told.events, event: told.difference, reports, differing })
}

fn not_daftar(server: &Server) -> Failure {
    Failure::run(format!("--against {}: what answers there tells no position; is it a Daftar server?", server.base()))
}

/// The server's own `default`: a file of events carries no definitions, and figures are to be compared all the same.
fn published(server: &Server, position: Position) -> Result<Arc<Published>, Failure> {
    let asked = format!("/v1/reports/flow?figures=opened&as_of={position}&min_position={position}&{WAIT}");
    let report: Value = serde_json::from_str(&server.text(&asked, JSON)?).unwrap_or_default();
    let version = report.pointer("/definition/version").and_then(Value::as_u64).ok_or_else(|| not_daftar(server))?;
    let name = format!("default@{version}");
    let document = server.text(&format!("/v1/definitions/{name}"), JSON)?;
    let document = Definition::from_json(&document).map_err(|wrong| {
        let first = wrong.first().map(ToString::to_string).unwrap_or_default();
        Failure::run(format!("the server's definition {name} can't be read: {first}"))
    })?;
    Ok(Arc::new(Published { document, version }))
}

/// A source and a server, to be asked the same at one position.
struct Held<'h> {
    source: &'h Source,
    server: &'h Server,
    position: Position,
    state: &'h Measurements,
    definition: Arc<Published>,
}

impl Held<'_> {
    /// How many reports were compared, and those that differ.
    fn reports(&self) -> Result<(usize, Vec<String>), Failure> {
        let later =
            self.state.latest_instant(self.position).map(|at| Timestamp::clamped(at.saturating_add(DAY_MICROS)));
        let (mut reports, mut differing) = (0, Vec::new());
        for name in ReportName::ALL {
            for question in QUESTIONS {
                let in_place = |value: &str| match later {
                    Some(later) if value == LATER => later.to_string(),
                    _ => value.to_owned(),
                };
                let question = question.iter().map(|(name, value)| ((*name).to_owned(), in_place(value))).collect();
                let Some(report) = self.computed(name, &question)? else { continue };
                reports += 1;
                differing.extend(self.difference(&report, &question)?);
            }
        }
        Ok((reports, differing))
    }

    /// The report from the source; none where it does not take the question, or is too large to be answered.
    fn computed(&self, name: ReportName, question: &Question) -> Result<Option<Report>, Failure> {
        let as_of = ("as_of".to_owned(), self.position.to_string());
        let parameters: Question = question.iter().cloned().chain([as_of]).collect();
        let Ok(query) = Query::parse(name.name(), parameters) else { return Ok(None) };
        let labels = KeyLabels(self.source.keys.clone());
        match report(self.state, &query, &self.definition, self.position, &labels) {
            Ok(report) => Ok(Some(report)),
            Err(ReportError::TooManyCells { .. }) => Ok(None),
            Err(other) => Err(Failure::run(other)),
        }
    }

    /// How the server's answer differs from the report, in words that name it.
    fn difference(&self, report: &Report, question: &Question) -> Result<Option<String>, Failure> {
        let (name, position) = (report.name.name(), self.position);
        // Names, words, commas and instants in UTC: every address takes them as they are.
        let asked: String = question.iter().map(|(name, value)| format!("&{name}={value}")).collect();
        let path = format!("/v1/reports/{name}?as_of={position}&min_position={position}&{WAIT}{asked}");
        let what = match self.server.text(&path, JSON) {
            Ok(answer) => of_texts(&answer, report, self.source.has_keys),
            Err(Refused::Said { why, .. }) => Some(format!("the server says: {why}")),
            Err(refused) => return Err(refused.into()),
        };
        Ok(what.map(|what| format!("report {name}{}: {what}", asked.replace('&', " "))))
    }
}

/// How the server's text differs from the report; what is equal byte for byte is not looked into.
fn of_texts(answer: &str, report: &Report, has_keys: bool) -> Option<String> {
    let computed = report.to_json() + "\n";
    if computed == answer {
        return None;
    }
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let found = difference::of_reports(&parsed(answer), &parsed(&computed), !has_keys);
    // Equal in every value, they may still differ in their bytes; without keys customers are called otherwise.
    found.or_else(|| has_keys.then(|| "the same values are written in other bytes".to_owned()))
}
