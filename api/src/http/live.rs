//! `GET /v1/live`: position and headline figures, those of the report `overview`, as they change.

use super::asked::{Parameters, Waiting};
use super::explain::at_version;
use super::problem::Problem;
use super::reports::{Form, made};
use super::resolve::{deadline, left};
use super::sse::{self, EVENT_STREAM, HEARTBEAT, Place, Seen, Woken, id_under, write_event};
use super::{Desk, answer};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, get};
use daftar_eventlog::Position;
use daftar_projections::live::basis::Basis;
use daftar_projections::report::headline::Headline;
use daftar_projections::report::query::{AsOf, Query, ReportName};
use futures_util::stream;
use std::convert::Infallible;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Between two messages lies at least so many times what making one took: a stream takes a bounded share of a thread.
const SHARE: u32 = 4;

/// The handler.
pub(super) fn live() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, uri: Uri, headers: HeaderMap| {
        let mut parameters = Parameters::of_query(uri.query(), Query::knows_of_headline)?;
        let waiting = parameters.waiting()?;
        let query = Query::parse(ReportName::Overview.name(), parameters.left());
        let query = query.map_err(|wrong| Problem::invalid_parameters(&wrong))?;
        let deadline = deadline(waiting);
        desk.wait(waiting).await?;
        let seen = Seen::of(&headers, &desk.log().epochs(), *desk.log().durable().borrow())?;
        let place = desk.streams().begin()?;
        let headlines = Headlines::begin(desk, query, seen, place, left(deadline)).await?;
        let position = headlines.position();
        let body = Body::from_stream(stream::unfold(headlines, async |mut headlines: Headlines| {
            headlines.next().await.map(|text| (Ok::<_, Infallible>(text), headlines))
        }));
        Ok::<_, Problem>(answer::at_position(
            (sse::headers(HeaderValue::from_static(EVENT_STREAM)), body).into_response(),
            position,
        ))
    })
}

/// What is left of a stream of headline figures. Nothing is made before the reader takes what was made before; what
/// changed meanwhile is told together.
struct Headlines {
    desk: Desk,
    query: Query,
    place: Place,
    published: watch::Receiver<Position>,
    /// None: they are still being made.
    newest: Option<Figures>,
    /// Whether there may be newer ones, which could not be made yet.
    behind: bool,
    /// What the reader has.
    told: Option<Headline>,
}

/// Headline figures, and the version of the definition that they were made under.
#[derive(Clone)]
struct Figures {
    headline: Headline,
    version: u64,
}

impl Headlines {
    /// A stream for a reader who has everything up to `seen`, or nothing. Where the figures are not there within
    /// `timeout` it begins without: a browser never comes back to a stream that was refused.
    async fn begin(
        desk: Desk,
        query: Query,
        seen: Option<Seen>,
        place: Place,
        timeout: Duration,
    ) -> Result<Self, Problem> {
        let published = desk.live().published();
        let told = match seen {
            Some(seen) => told(&desk, &query, seen).await,
            None => None,
        };
        let newest = match figures(&desk, query.clone(), timeout).await {
            Ok(newest) => Some(newest),
            Err(refused) if comes_yet(&desk, &refused) => None,
            Err(refused) => return Err(refused),
        };
        Ok(Self { behind: newest.is_none(), desk, query, place, published, newest, told })
    }

    fn position(&self) -> Position {
        self.newest.as_ref().map_or(*self.published.borrow(), |newest| newest.headline.position)
    }

    /// The next message; none: the stream is over.
    async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if self.place.is_over() {
                return None;
            }
            if let Some(text) = self.news() {
                return Some(text);
            }
            if self.place.is_due() {
                self.place.speaks();
                return Some(HEARTBEAT.to_vec());
            }
            if self.behind {
                self.look().await?;
                continue;
            }
            match self.place.woken(&mut self.published).await {
                Woken::Over => return None,
                Woken::Silent => return Some(HEARTBEAT.to_vec()),
                Woken::Grown => self.behind = true,
            }
        }
    }

    /// What the reader does not have yet; none: nothing.
    fn news(&mut self) -> Option<Vec<u8>> {
        let Figures { headline, version } = self.newest.as_ref()?;
        let message = headline.changes(self.told.as_ref())?;
        let mut text = Vec::with_capacity(message.len() + 128);
        let moment = self.desk.log().epochs().moment(headline.position);
        write_event(&mut text, &id_under(&moment, *version), message.as_bytes());
        self.told = Some(headline.clone());
        self.place.speaks();
        Some(text)
    }

    /// Lets changes gather, and makes the figures anew; none: the stream is over. Where they can't be made just now they
    /// are tried again, and waited for no longer than the stream may be silent.
    async fn look(&mut self) -> Option<()> {
        if !self.place.rested(self.place.pace.gap).await {
            return None;
        }
        let begun = Instant::now();
        // What is published from here on is looked at the next time.
        self.published.mark_unchanged();
        let making = figures(&self.desk, self.query.clone(), self.place.silence_left());
        match self.place.unless_over(making).await? {
            Ok(newest) => (self.newest, self.behind) = (Some(newest), false),
            Err(refused) if comes_yet(&self.desk, &refused) => {}
            Err(_) => return None,
        }
        self.place.rested(begun.elapsed().saturating_mul(SHARE)).await.then_some(())
    }
}

/// Whether what was refused may well be there in a while.
fn comes_yet(desk: &Desk, refused: &Problem) -> bool {
    refused.is_worth_retrying() && desk.live().read(|_| ()).is_ok()
}

/// The figures that a reader was told, under the version it was told them; none: they are not at hand, and the reader is
/// told everything.
async fn told(desk: &Desk, query: &Query, seen: Seen) -> Option<Headline> {
    let name = at_version(query.definition.as_deref(), seen.version?);
    let definition = desk.definitions().at(&name, seen.position).await.ok()??;
    // Nothing is built only to say less.
    let ready = desk.resident().progress(&Basis::of(query, &definition.document))?.ready;
    let then = Query { as_of: Some(AsOf::Position(seen.position.0)), definition: Some(name), ..query.clone() };
    let figures = if ready { figures(desk, then, Duration::ZERO).await.ok() } else { None };
    figures.map(|figures| figures.headline)
}

/// The figures that a query asks for.
async fn figures(desk: &Desk, query: Query, timeout: Duration) -> Result<Figures, Problem> {
    made(desk, query, Form::Json, Waiting { position: None, timeout }, |made| Figures {
        headline: Headline::of(&made.head, made.rows.text.as_bytes()),
        version: made.head.definition.version,
    })
    .await
}

#[cfg(test)]
mod tests;
