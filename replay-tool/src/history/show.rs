//! A ticket's history as a table, and as JSON.

use super::{History, state};
use crate::Failure;
use crate::screen::{Colour, Screen};
use crate::source::Source;
use crate::table::{self, grouped, unit};
use daftar_domain::Ticket;
use daftar_domain::Timestamp;
use daftar_domain::ticket::evolve;
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::import::event_id;
use daftar_eventlog::ndjson::Line;
use daftar_eventlog::ndjson::write::write_line;
use daftar_eventlog::{Position, RecordedEvent};
use daftar_projections::report::figure::Figure;
use daftar_projections::story::{Effect, Effects};
use serde::Serialize;
use serde_json::value::RawValue;
use std::fmt::Write;

/// A line an event, and under it what happened and what it measured.
pub(super) fn text(history: &History, screen: Screen) -> String {
    let text = screen.paint(Colour::Bold, &head(history));
    let mut table = table::empty_table();
    table.set_header(["version", "at", "state after it"]);
    for event in &history.effects {
        let at = Timestamp::clamped(event.at).to_string();
        table.add_row([event.version.to_string(), at, event.state.clone()]);
    }
    table.column_iter_mut().take(1).for_each(|column| column.set_cell_alignment(comfy_table::CellAlignment::Right));
    let sentences: Vec<_> = history.effects.iter().map(|event| sentences(event, history)).collect();
    text + "\n\n" + &table::told::of(&table, &sentences, screen) + "\n"
}

/// What happened, and each value that it measured.
fn sentences(event: &Effects, history: &History) -> Vec<String> {
    let values = event.values.iter().map(|value| format!("  {}", told(value, history)));
    std::iter::once(event.words.clone()).chain(values).collect()
}

fn head(history: &History) -> String {
    let (version, position) = history.effects.last().map_or((0, Position::ZERO), |last| (last.version, last.position));
    let definition = &history.definition;
    let named = format!("definition {} (version {})", definition.document.name, definition.version);
    let what_if = if history.what_if.is_empty() {
        String::new()
    } else {
        format!(" as if it said {}", history.what_if.join(", "))
    };
    let zone = definition.document.time_zone;
    let ticket = &history.ticket;
    format!(
        "{ticket} up to version {version}, position {position}, {named}{what_if}; time zone {zone}, durations in seconds"
    )
}

/// A value in a few words.
fn told(effect: &Effect, history: &History) -> String {
    let mut text = format!("{} {}", effect.figure, grouped(&effect.value.to_string()));
    if unit::is_duration(&effect.figure) {
        text.push_str(" s");
    }
    let verdict = match (effect.target, effect.good) {
        (Some(target), Some(met)) => Some(format!("target {target} {}", if met { "met" } else { "breached" })),
        (Some(target), None) => Some(format!("target {target}")),
        (None, Some(good)) => Some(if good { "positive" } else { "not positive" }.to_owned()),
        (None, None) => None,
    };
    verdict.into_iter().for_each(|verdict| text.push_str(&format!(", {verdict}")));
    if let Some(version) = effect.taken_back.and_then(|position| version_at(position, history)) {
        let _ = write!(text, ", taken back by version {version}");
    }
    text
}

fn version_at(position: Position, history: &History) -> Option<u32> {
    history.effects.iter().find(|event| event.position == position).map(|event| event.version)
}

/// A history as JSON has it.
#[derive(Serialize)]
pub(super) struct Json {
    ticket: String,
    definition: Figure,
    what_if: Vec<String>,
    events: Vec<EventJson>,
}

#[derive(Serialize)]
struct EventJson {
    version: u32,
    position: u64,
    at: String,
    words: String,
    event: Box<RawValue>,
    state: Figure,
    values: Vec<Figure>,
}

/// The history for machines: each event as it would be exported, the state after it, and what it measured.
///
/// # Errors
///
/// An event cannot be read.
pub(super) fn json(history: &History, source: &Source) -> Result<Json, Failure> {
    let log_id = source.log.identity().log_id;
    let codec = TicketCodec::new(source.keys.clone(), log_id);
    let mut ticket = Ticket::default();
    let mut events = Vec::with_capacity(history.events.len());
    for (recorded, effects) in history.events.iter().zip(&history.effects) {
        let line = line(recorded, &codec, &log_id)?;
        ticket = evolve(ticket, &line.event);
        events.push(EventJson {
            version: effects.version,
            position: effects.position.0,
            at: Timestamp::clamped(effects.at).to_string(),
            words: effects.words.clone(),
            event: raw(&line)?,
            state: state::of(&ticket),
            values: effects.values.iter().map(value).collect(),
        });
    }
    let document = &history.definition.document;
    let name = Figure::from(document.name.as_str());
    let definition = Figure::object([("name", name), ("version", history.definition.version.into())]);
    Ok(Json { ticket: history.ticket.clone(), definition, what_if: history.what_if.clone(), events })
}

fn line(recorded: &RecordedEvent, codec: &TicketCodec, log_id: &[u8; 16]) -> Result<Line, Failure> {
    let read = codec.decode(recorded).map_err(Failure::run)?;
    Ok(Line {
        event_id: Some(read.origin.source_event.unwrap_or_else(|| event_id(log_id, read.position))),
        ticket: read.ticket,
        event: read.event,
        position: Some(read.position.0),
        version: Some(read.version.0),
        recorded_at: Some(read.recorded_at),
    })
}

fn raw(line: &Line) -> Result<Box<RawValue>, Failure> {
    let mut text = Vec::new();
    write_line(&mut text, line);
    serde_json::from_slice(&text).map_err(Failure::run)
}

fn value(effect: &Effect) -> Figure {
    Figure::object([
        ("figure", Figure::from(effect.figure.as_str())),
        ("value", effect.value.into()),
        ("target", Figure::from(effect.target.map(|target| target.to_string()))),
        ("good", effect.good.map_or(Figure::Null, Figure::Truth)),
        ("taken_back", Figure::from(effect.taken_back.map(|position| position.0))),
    ])
}
