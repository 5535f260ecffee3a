//! `GET /v1/events`: the feed of everything that happened, as lines or as server-sent events, to its end or on and on.

use super::Desk;
use super::accept::preferred;
use super::answer::{self, NDJSON};
use super::asked::{self, Parameters, whole};
use super::problem::{Problem, Slug};
use super::sse::{self, EVENT_STREAM, HEARTBEAT, Place, Woken, id_of, last_seen, write_event};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use daftar_domain::Invalid;
use daftar_eventlog::epoch::Moment;
use daftar_eventlog::ndjson::{line_of, write_line, write_other_line};
use daftar_eventlog::{Epochs, Position, RecordedEvent, StoreError, StreamKind};
use futures_util::stream;
use tokio::sync::watch;

/// How many events are told at a time at most: a reader who takes nothing more holds up so many, and nobody else.
const EVENTS_AT_A_TIME: usize = 256;
/// From so many bytes on no more events are told at a time.
const BYTES_AT_A_TIME: usize = 1 << 20;
/// How many events are read in one go, while they are small.
const EVENTS_IN_ONE_GO: usize = 32;

/// The epoch of the positions in an answer, to be given back as the parameter `epoch`.
const EPOCH: HeaderName = HeaderName::from_static("daftar-epoch");

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Lines,
    ServerSent,
}

/// The handler.
pub(super) fn feed() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, uri: Uri, headers: HeaderMap| {
        let known = |name: &str| matches!(name, "after" | "all" | "epoch" | "follow");
        let mut parameters = Parameters::of_query(uri.query(), known)?;
        let form = match preferred(&headers, &["application/x-ndjson", EVENT_STREAM]) {
            1 => Form::ServerSent,
            _ => Form::Lines,
        };
        let after = parameters.take("after").map(|text| whole("after", &text)).transpose()?.map(Position);
        let all = asked::truth("all", parameters.take("all").as_deref())?;
        let follow = parameters.take("follow").or_else(|| (form == Form::ServerSent).then(|| "true".to_owned()));
        let follow = asked::truth("follow", follow.as_deref())?;
        desk.wait(parameters.waiting()?).await?;
        let (epochs, until) = (desk.log().epochs(), *desk.log().durable().borrow());
        let after = begin(&epochs, after, parameters.take("epoch"), &headers, until)?;
        let place = follow.then(|| desk.streams().begin()).transpose()?;
        Ok::<_, Problem>(Feed::new(desk, after, until, all, form, place).answer(until))
    })
}

/// After which position the feed begins: the one a reader that comes back has seen, else the one in the address.
fn begin(
    epochs: &Epochs,
    after: Option<Position>,
    epoch: Option<String>,
    headers: &HeaderMap,
    end: Position,
) -> Result<Position, Problem> {
    if let Some(seen) = last_seen(headers, epochs, end)? {
        return Ok(seen);
    }
    let after = after.unwrap_or(Position::ZERO);
    if let Some(epoch) = epoch {
        confirm(epochs, &epoch, after)?;
    }
    if end < after {
        let rule = format!("must not lie beyond the log's end, which is position {end}");
        return Err(Problem::invalid_parameters(&[Invalid::new("after", after, rule)]));
    }
    Ok(after)
}

/// Refuses a position that was read in an epoch which is given up from there on.
pub(super) fn confirm(epochs: &Epochs, epoch: &str, after: Position) -> Result<(), Problem> {
    let rule = "must be a Daftar-Epoch as it was given; leave it out where none is known";
    let moment = Moment::parse(epoch, after);
    let moment = moment.ok_or_else(|| Problem::invalid_parameters(&[Invalid::new("epoch", epoch, rule)]))?;
    epochs.confirm(&moment).map_err(|refused| {
        let what = format!("position {after} does not hold any more: {refused}; read on from a position that does");
        Problem::new(Slug::OtherEpoch, what)
    })
}

/// What is left of a feed. Nothing is read before the reader takes what was read before, so that a slow one holds up no
/// more than one read.
struct Feed {
    desk: Desk,
    after: Position,
    until: Position,
    all: bool,
    form: Form,
    durable: watch::Receiver<Position>,
    /// How many events are read in one go: by how large those before were.
    in_one_go: usize,
    /// The place of a feed that goes on behind the end of the log; none: it ends at `until`.
    place: Option<Place>,
}

impl Feed {
    fn new(desk: Desk, after: Position, until: Position, all: bool, form: Form, place: Option<Place>) -> Self {
        let durable = desk.log().durable();
        Self { desk, after, until, all, form, durable, in_one_go: EVENTS_IN_ONE_GO, place }
    }

    fn answer(self, position: Position) -> Response {
        let epoch = [(EPOCH, self.desk.log().epochs().moment(position).epoch_name())];
        let media_type = match self.form {
            Form::Lines => NDJSON,
            Form::ServerSent => HeaderValue::from_static(EVENT_STREAM),
        };
        let goes_on = self.place.is_some();
        let body = Body::from_stream(stream::try_unfold(self, async |mut feed: Self| {
            Ok::<_, StoreError>(feed.next().await?.map(|text| (text, feed)))
        }));
        let varies = [(header::VARY, HeaderValue::from_static("accept"))];
        let response = if goes_on {
            (sse::headers(media_type), epoch, varies, body).into_response()
        } else {
            ([(header::CONTENT_TYPE, media_type)], epoch, varies, body).into_response()
        };
        answer::at_position(response, position)
    }

    /// The next events; none: the feed is over. A failure cuts the answer off, so that nobody takes it for whole.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        loop {
            if let Some(place) = &self.place {
                if place.is_over() {
                    return Ok(None);
                }
                self.until = *self.durable.borrow_and_update();
            }
            if self.after < self.until {
                let text = self.read().await?;
                if text.is_empty() {
                    continue;
                }
                self.place.iter_mut().for_each(Place::speaks);
                return Ok(Some(text));
            }
            let Some(place) = &mut self.place else { return Ok(None) };
            match place.woken(&mut self.durable).await {
                Woken::Over => return Ok(None),
                Woken::Silent if self.form == Form::ServerSent => return Ok(Some(HEARTBEAT.to_vec())),
                Woken::Silent | Woken::Grown => {}
            }
        }
    }

    /// Reads the next events, at least one: until they are many, or large together.
    async fn read(&mut self) -> Result<Vec<u8>, StoreError> {
        let (mut text, mut events) = (Vec::new(), 0);
        while self.after < self.until && events < EVENTS_AT_A_TIME && text.len() < BYTES_AT_A_TIME {
            events += self.read_some(&mut text).await?;
        }
        Ok(text)
    }

    /// Reads some events, and writes those that belong to the feed; gives how many were read.
    async fn read_some(&mut self, text: &mut Vec<u8>) -> Result<usize, StoreError> {
        let ahead = usize::try_from(self.until.0 - self.after.0).unwrap_or(self.in_one_go);
        let recorded = self.desk.log().read_events(self.after, ahead.min(self.in_one_go)).await?;
        // Where there is none, positions end in a gap.
        self.after = recorded.last().map_or(self.until, |event| event.position);
        let before = text.len();
        text.reserve(512 * recorded.len());
        recorded.iter().try_for_each(|event| self.tell(text, event))?;
        let told = (text.len() - before).max(1);
        self.in_one_go = (recorded.len() * BYTES_AT_A_TIME / told).clamp(1, EVENTS_IN_ONE_GO);
        Ok(recorded.len())
    }

    /// Writes an event in the form asked for.
    fn tell(&self, text: &mut Vec<u8>, event: &RecordedEvent) -> Result<(), StoreError> {
        if self.form == Form::Lines {
            return self.write(text, event);
        }
        let mut line = Vec::new();
        self.write(&mut line, event)?;
        if !line.is_empty() {
            write_event(text, &id_of(&self.desk.log().epochs().moment(event.position)), &line);
        }
        Ok(())
    }

    /// Writes an event that belongs to the feed as its line.
    fn write(&self, out: &mut Vec<u8>, event: &RecordedEvent) -> Result<(), StoreError> {
        if event.bytes.head().map_err(|e| e.at(event.position))?.stream_kind == StreamKind::Ticket {
            write_line(out, &line_of(self.desk.codec(), event)?);
        } else if self.all {
            write_other_line(out, event)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
