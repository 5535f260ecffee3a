//! `GET /v1/live`: position and headline figures, those of the report `overview`, as they change.

use super::asked::{Parameters, Waiting};
use super::problem::Problem;
use super::reports::{Form, made};
use super::sse::{self, EVENT_STREAM, HEARTBEAT, Place, Woken, id_of, last_seen, write_event};
use super::{Desk, answer};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, get};
use daftar_eventlog::Position;
use daftar_projections::report::headline::Headline;
use daftar_projections::report::query::{AsOf, Query, ReportName};
use futures_util::stream;
use std::convert::Infallible;
use std::time::Instant;
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
        desk.wait(waiting).await?;
        let seen = last_seen(&headers, &desk.log().epochs(), *desk.log().durable().borrow())?;
        let place = desk.streams().begin()?;
        let headlines = Headlines::begin(desk, query, seen, place).await?;
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
    newest: Headline,
    /// What the reader has.
    told: Option<Headline>,
}

impl Headlines {
    /// A stream for a reader who has everything up to `seen`, or nothing.
    async fn begin(desk: Desk, query: Query, seen: Option<Position>, place: Place) -> Result<Self, Problem> {
        let published = desk.live().published();
        let told = match seen {
            Some(Position(seen)) => {
                let then = Query { as_of: Some(AsOf::Position(seen)), ..query.clone() };
                Some(headline(&desk, then).await?)
            }
            None => None,
        };
        let newest = headline(&desk, query.clone()).await?;
        Ok(Self { desk, query, place, published, newest, told })
    }

    fn position(&self) -> Position {
        self.newest.position
    }

    /// The next message; none: the stream is over.
    async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if self.place.is_over() {
                return None;
            }
            if let Some(message) = self.newest.changes(self.told.as_ref()) {
                return Some(self.tell(&message));
            }
            if self.place.is_due() {
                self.place.speaks();
                return Some(HEARTBEAT.to_vec());
            }
            match self.place.woken(&mut self.published).await {
                Woken::Over => return None,
                Woken::Silent => return Some(HEARTBEAT.to_vec()),
                Woken::Grown => self.look().await?,
            }
        }
    }

    fn tell(&mut self, message: &str) -> Vec<u8> {
        let mut text = Vec::with_capacity(message.len() + 128);
        let moment = self.desk.log().epochs().moment(self.newest.position);
        write_event(&mut text, &id_of(&moment), message.as_bytes());
        self.told = Some(self.newest.clone());
        self.place.speaks();
        text
    }

    /// Lets changes gather, and makes the figures anew; none: the stream is over. Where they can't be made just now the
    /// reader comes back with what it has.
    async fn look(&mut self) -> Option<()> {
        if !self.place.rested(self.place.pace.gap).await {
            return None;
        }
        let begun = Instant::now();
        self.newest = headline(&self.desk, self.query.clone()).await.ok()?;
        self.place.rested(begun.elapsed().saturating_mul(SHARE)).await.then_some(())
    }
}

/// The figures that a query asks for.
async fn headline(desk: &Desk, query: Query) -> Result<Headline, Problem> {
    let made = made(desk, query, Form::Json, Waiting::default()).await?;
    Ok(Headline::of(&made.head, made.rows.text.as_bytes()))
}

#[cfg(test)]
mod tests;
