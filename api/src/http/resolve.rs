//! From a query to what answers it: a definition, a position, and a state that was measured for both.

use super::problem::{Problem, Slug};
use super::{Desk, Waiting};
use crate::definitions::DEFAULT;
use daftar_domain::Invalid;
use daftar_eventlog::Position;
use daftar_projections::definition::catalog::Published;
use daftar_projections::live::basis::Basis;
use daftar_projections::live::resident::NotReady;
use daftar_projections::measurements::Measurements;
use daftar_projections::projector::position_at;
use daftar_projections::report::query::{AsOf, Query};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What a query is answered from: the state is measured under the definition's folded fields and the query's
/// `happened_by`, and has come to the position at least.
pub(super) struct Resolved {
    /// The definition that the query names, as it was at the position.
    pub(super) definition: Arc<Published>,
    /// The end of the prefix of the log that the answer speaks for.
    pub(super) position: Position,
    /// The state to count in; it stays as it is.
    pub(super) state: Arc<Measurements>,
}

/// Finds what answers a query, once the read model has come to the position asked for and the state is there; waits for
/// both together as long as the request is willing to.
pub(super) async fn resolve(desk: &Desk, query: &Query, waiting: Waiting) -> Result<Resolved, Problem> {
    resolve_by(desk, query, waiting, deadline(waiting)).await
}

/// When a request that begins to wait now has waited long enough.
pub(super) fn deadline(waiting: Waiting) -> Instant {
    Instant::now() + waiting.timeout
}

/// The same, waiting until `deadline` at the latest.
pub(super) async fn resolve_by(
    desk: &Desk,
    query: &Query,
    waiting: Waiting,
    deadline: Instant,
) -> Result<Resolved, Problem> {
    desk.wait(Waiting { timeout: left(deadline), ..waiting }).await?;
    match (&query.definition, query.as_of) {
        (None, None) => under_default(desk, query, waiting.position, deadline).await,
        _ => under_named(desk, query, "definition", deadline).await,
    }
}

/// The same for a query whose definition was named by another parameter.
pub(super) async fn resolve_named(
    desk: &Desk,
    query: &Query,
    parameter: &str,
    deadline: Instant,
) -> Result<Resolved, Problem> {
    under_named(desk, query, parameter, deadline).await
}

/// The same for a query under a definition that is at hand, at a position of the log, whatever the query names.
pub(super) async fn resolve_at(
    desk: &Desk,
    query: &Query,
    definition: Arc<Published>,
    position: Position,
    deadline: Instant,
) -> Result<Resolved, Problem> {
    let state = ready(desk, &Basis::of(query, &definition.document), position, deadline).await?;
    Ok(Resolved { definition, position, state })
}

/// The position that a query asks for, else the newest one published.
pub(super) async fn position_of(desk: &Desk, query: &Query) -> Result<Position, Problem> {
    match query.as_of {
        Some(as_of) => asked_position(desk, as_of).await,
        None => Ok(*desk.live().published().borrow()),
    }
}

/// A query that names no definition: what is published now answers, under the newest version of the default that it can
/// answer under. Snapshot, folded fields and version come from one load, so they change together.
async fn under_default(
    desk: &Desk,
    query: &Query,
    asked: Option<Position>,
    deadline: Instant,
) -> Result<Resolved, Problem> {
    desk.turn_to_default(asked.unwrap_or_default(), left(deadline)).await?;
    let state = desk.live().snapshot()?;
    let position = state.position();
    let versions = desk.definitions().default_under(state.folded(), position).await?;
    let definition = versions.answering.unwrap_or(versions.newest);
    let basis = Basis::of(query, &definition.document);
    let state = if basis.is_of(&state) { state } else { ready(desk, &basis, position, deadline).await? };
    Ok(Resolved { definition, position, state })
}

/// A query under a definition as it was at the position asked for.
async fn under_named(desk: &Desk, query: &Query, parameter: &str, deadline: Instant) -> Result<Resolved, Problem> {
    let name = query.definition.as_deref().unwrap_or(DEFAULT);
    let position = match query.as_of {
        Some(as_of) => asked_position(desk, as_of).await?,
        None => published_with(desk, name, deadline).await?,
    };
    let Some(definition) = desk.definitions().at(name, position).await? else {
        return Err(no_such_definition(desk, parameter, name, position).await?);
    };
    let state = ready(desk, &Basis::of(query, &definition.document), position, deadline).await?;
    Ok(Resolved { definition, position, state })
}

/// Says why a name names nothing at a position: never published, or only later.
async fn no_such_definition(desk: &Desk, parameter: &str, name: &str, position: Position) -> Result<Problem, Problem> {
    let published_later = desk.definitions().at(name, Position(u64::MAX)).await?.is_some();
    let rule = if published_later {
        format!(
            "must name a definition that there was at position {position}, and this one was published later; without \
             as_of, happened_by counts what had happened by an instant under it"
        )
    } else {
        "must name a definition that there is; GET /v1/definitions lists them".to_owned()
    };
    Ok(Problem::invalid_parameters(&[Invalid::new(parameter, name, rule)]))
}

/// The published position, which an answer speaks for that asks for no other: the definition's name is looked up there
/// too. Where the log has the name already and reports are not that far, they are waited for.
async fn published_with(desk: &Desk, name: &str, deadline: Instant) -> Result<Position, Problem> {
    let position = *desk.live().published().borrow();
    if desk.definitions().at(name, position).await?.is_some() {
        return Ok(position);
    }
    let durable = *desk.log().durable().borrow();
    if desk.definitions().at(name, durable).await?.is_some() {
        desk.wait(Waiting { position: Some(durable), timeout: left(deadline) }).await?;
    }
    Ok(*desk.live().published().borrow())
}

/// The state of a basis, once it has come to the position.
async fn ready(
    desk: &Desk,
    basis: &Basis,
    position: Position,
    deadline: Instant,
) -> Result<Arc<Measurements>, Problem> {
    Ok(desk.resident().snapshot(basis, position, left(deadline)).await?)
}

/// How long it is until then.
pub(super) fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// The end of the prefix that was asked for.
async fn asked_position(desk: &Desk, as_of: AsOf) -> Result<Position, Problem> {
    let durable = *desk.log().durable().borrow();
    let position = match as_of {
        AsOf::Position(position) => Position(position),
        AsOf::Instant(instant) => position_at(&**desk.log(), instant).await?,
    };
    if position > durable {
        let rule = format!("must not lie beyond the log's end, which is position {durable}");
        return Err(Problem::invalid_parameters(&[Invalid::new("as_of", position, rule)]));
    }
    Ok(position)
}

impl From<NotReady> for Problem {
    fn from(not_ready: NotReady) -> Self {
        let told = not_ready.to_string();
        match not_ready {
            NotReady::Folding(_) => Self::new(Slug::NotYetSeen, told),
            NotReady::Full(_) => Self::new(Slug::Overloaded, told),
            NotReady::Stopped(failure) => failure.into(),
        }
    }
}

#[cfg(test)]
mod tests;
