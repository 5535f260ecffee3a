//! `daftar-replay history`: one ticket event by event, with the state after each and what each measured.

mod show;
mod state;

use crate::Failure;
use crate::cli::history::{HistoryArguments, HistoryOutput};
use crate::screen::Screen;
use crate::source::{self, Source};
use crate::written::print_json;
use crate::{asked, definition, out, telling};
use daftar_domain::Invalid;
use daftar_domain::Timestamp;
use daftar_domain::ids::TicketId;
use daftar_eventlog::RecordedEvent;
use daftar_projections::definition::catalog::Published;
use daftar_projections::report::periods::Calendar;
use daftar_projections::report::query::Query;
use daftar_projections::story::Effects;
use std::sync::Arc;

/// A ticket's events as far as they are told, and what each did.
struct History {
    ticket: String,
    definition: Arc<Published>,
    what_if: Vec<String>,
    events: Vec<RecordedEvent>,
    /// One an event.
    effects: Vec<Effects>,
}

/// Up to where a history is told.
#[derive(Debug, Clone, Copy)]
enum At {
    Version(u32),
    Instant(Timestamp),
}

pub(crate) async fn run(arguments: HistoryArguments) -> Result<(), Failure> {
    TicketId::parse("TICKET", &arguments.ticket).map_err(Failure::usage)?;
    let source = source::open(&arguments.source, arguments.quiet).await?;
    let history = history(&arguments, &source).await?;
    match arguments.output {
        HistoryOutput::Json => print_json(&show::json(&history, &source)?),
        HistoryOutput::Table => out::print(&show::text(&history, Screen::of_stdout())),
    }
}

async fn history(arguments: &HistoryArguments, source: &Source) -> Result<History, Failure> {
    let HistoryArguments { ticket, what_if, .. } = arguments;
    let definition = definition(arguments, source).await?;
    let at = arguments.at.as_deref().map(|text| at(text, &definition)).transpose()?;
    let events = up_to(telling::events(source, ticket).await?, ticket, at)?;
    let teller = telling::teller(&definition);
    let story = teller.story(ticket, telling::rows(&events)?.into_iter()).map_err(Failure::run)?;
    let effects = story.effects(arguments.words.into());
    Ok(History { ticket: ticket.clone(), definition, what_if: what_if.clone(), events, effects })
}

/// The definition as it is at the end of the log, with what is said otherwise.
async fn definition(arguments: &HistoryArguments, source: &Source) -> Result<Arc<Published>, Failure> {
    let name = arguments.definition.as_deref();
    let file = name.map(definition::from_file).transpose()?.flatten();
    let last = *source.log.durable().borrow();
    let published = match file {
        Some(file) => file,
        None => definition::named(source, name, last).await?,
    };
    definition::what_if(published, &arguments.what_if)
}

fn at(text: &str, definition: &Published) -> Result<At, Failure> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let version = text.parse().ok().filter(|version| *version > 0).map(At::Version);
        return version
            .ok_or_else(|| Failure::usage(Invalid::new("--at", text, "must be a version, from 1, or a time")));
    }
    // A moment is read as the reports read theirs.
    let query = Query::parse("flow", [("at".to_owned(), text.to_owned())]);
    let query =
        query.map_err(|wrong| Failure::usage(wrong.into_iter().map(asked::as_flag).next().unwrap_or_else(none)))?;
    let instant = query.at.map(|when| Timestamp::clamped(when.on(&Calendar::of(&definition.document))));
    instant.map(At::Instant).ok_or_else(|| Failure::usage(none()))
}

fn none() -> Invalid {
    Invalid::new("--at", "", "must be a version, from 1, or a time")
}

/// The events up to there.
///
/// # Errors
///
/// Wrong usage where there are none, or not so many.
fn up_to(mut events: Vec<RecordedEvent>, ticket: &str, at: Option<At>) -> Result<Vec<RecordedEvent>, Failure> {
    let all = events.len();
    if all == 0 {
        return Err(Failure::Usage(format!("there is no ticket {ticket} in this history")));
    }
    match at {
        None => {}
        Some(At::Version(version)) => {
            let wanted = usize::try_from(version).unwrap_or(usize::MAX);
            if wanted > all {
                return Err(Failure::Usage(format!("--at is {version}, but {ticket} has {all} events")));
            }
            events.truncate(wanted);
        }
        Some(At::Instant(instant)) => {
            let times = telling::rows(&events)?.iter().map(|row| row.occurred_at).collect::<Vec<_>>();
            events.truncate(times.iter().take_while(|at| **at <= instant).count());
            if events.is_empty() {
                let opened = times.first().map(Timestamp::to_string).unwrap_or_default();
                return Err(Failure::Usage(format!("--at is {instant}, but {ticket} was opened only at {opened}")));
            }
        }
    }
    Ok(events)
}
