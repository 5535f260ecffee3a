//! One ticket over HTTP: its commands, its state, its history.

use super::asked::{Parameters, has_already, idempotency_key, if_match, whole};
use super::problem::{Problem, Slug};
use super::{Desk, Waiting, answer, ticket_view};
use crate::commands::Request;
use axum::body::Bytes;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, PathRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use daftar_domain::ids::TicketId;
use daftar_domain::ticket::Rejection;
use daftar_eventlog::ndjson::write::Object;
use daftar_eventlog::ndjson::{CommandBody, Line, Wish, line_of, parse_command};
use daftar_eventlog::sealing::{Hashed, keyed_hash};
use daftar_eventlog::{CommandStamp, StreamName, Version};
use uuid::Uuid;

/// The most bytes the body of a command may have: texts and lists at their limits fit.
pub(super) const BODY_BYTES_MAX: usize = 1 << 20;

type Body = Result<Bytes, BytesRejection>;
type OnePart = Result<Path<String>, PathRejection>;
type TwoParts = Result<Path<(String, String)>, PathRejection>;

/// `POST /v1/tickets`.
pub(super) fn opening() -> MethodRouter<Desk> {
    post(async |State(desk): State<Desk>, uri: Uri, headers: HeaderMap, body: Body| {
        command(&desk, Wish::Open, None, &uri, &headers, body).await
    })
}

/// `POST /v1/tickets/{ticket}/…`, for one wish.
pub(super) fn command_on_ticket(wish: Wish) -> MethodRouter<Desk> {
    post(async move |State(desk): State<Desk>, path: OnePart, uri: Uri, headers: HeaderMap, body: Body| {
        let Path(ticket) = path.map_err(no_such_ticket)?;
        command(&desk, wish, Some(ticket_id(&ticket)?), &uri, &headers, body).await
    })
}

/// `POST /v1/tickets/{ticket}/replies/{reply}/rating`.
pub(super) fn rating() -> MethodRouter<Desk> {
    post(async |State(desk): State<Desk>, path: TwoParts, uri: Uri, headers: HeaderMap, body: Body| {
        let Path((ticket, reply)) = path.map_err(no_such_reply)?;
        let ticket = ticket_id(&ticket)?;
        let told = || format!("there is no reply {reply}: replies count from 1");
        let number = reply.parse().ok().filter(|n| *n > 0 && reply.bytes().all(|b| b.is_ascii_digit()));
        let number = number.ok_or_else(|| Problem::new(Slug::NotFound, told()))?;
        command(&desk, Wish::RateReply(number), Some(ticket), &uri, &headers, body).await
    })
}

async fn command(
    desk: &Desk,
    wish: Wish,
    ticket: Option<TicketId>,
    uri: &Uri,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    Parameters::read(uri.query(), |_| false)?;
    let _running = desk.begin_command()?;
    let body = body.map_err(|refused| unread(&refused))?;
    let (if_version, key) = (if_match(headers)?, idempotency_key(headers)?);
    let CommandBody { ticket: own_id, command } = parse_command(&body, wish)?;
    let stamp = key.map(|key| stamp(desk, key, uri.path(), &body));
    let ticket = ticket.or(own_id).unwrap_or_else(|| new_ticket_id(stamp));
    let request = Request { ticket, command, if_version, stamp, now: desk.now() };
    let outcome = desk.commands().carry_out(&request).await?;
    let status = if wish == Wish::Open { StatusCode::CREATED } else { StatusCode::OK };
    Ok(answer::outcome(&outcome, status))
}

/// By what a retry is known: the key, and the address and body that came with it.
pub(super) fn stamp(desk: &Desk, key: &[u8], path: &str, body: &[u8]) -> CommandStamp {
    // Everybody is one issuer until requests carry keys of their own.
    let secret = desk.codec().keys().secret();
    CommandStamp {
        id: keyed_hash(secret, Hashed::CommandId, &[b"", key]),
        digest: keyed_hash(secret, Hashed::CommandDigest, &[path.as_bytes(), body]),
    }
}

/// An id for a ticket that came without one: the same for a retry.
fn new_ticket_id(stamp: Option<CommandStamp>) -> TicketId {
    let id = stamp.map_or_else(Uuid::now_v7, |stamp| Uuid::new_v8(stamp.id));
    TicketId::known_good(&id.to_string())
}

pub(super) fn unread(refused: &BytesRejection) -> Problem {
    match refused {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            Problem::new(Slug::TooLarge, format!("the body has more than {BODY_BYTES_MAX} bytes, the most allowed"))
        }
        _ => Problem::new(Slug::Malformed, "the body could not be read to its end"),
    }
}

fn no_such_ticket(_: PathRejection) -> Problem {
    Problem::new(Slug::UnknownTicket, "the address is not UTF-8, and ids of tickets are")
}

/// One part of the address is not UTF-8: the ticket's id, or the number of its reply.
fn no_such_reply(refused: PathRejection) -> Problem {
    match &refused {
        PathRejection::FailedToDeserializePathParams(failure) if matches!(failure.kind(), ErrorKind::InvalidUtf8InPathParam { key } if key == "reply") => {
            Problem::new(Slug::NotFound, "the address is not UTF-8, and numbers of replies are")
        }
        _ => no_such_ticket(refused),
    }
}

/// The ticket named in an address.
fn ticket_id(text: &str) -> Result<TicketId, Problem> {
    TicketId::parse("ticket", text)
        .map_err(|broken| Problem::new(Slug::UnknownTicket, format!("no ticket can have this id: it {}", broken.rule)))
}

/// `GET /v1/tickets/{ticket}`.
pub(super) fn state() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, path: OnePart, uri: Uri, headers: HeaderMap| {
        let mut parameters = Parameters::of_query(uri.query(), |name| name == "version")?;
        let version = parameters.take("version").map(|text| whole::<u32>("version", &text)).transpose()?;
        let lines = lines_of(&desk, path, parameters.waiting()?).await?;
        let (asked, now) = (version.unwrap_or(u32::MAX), desk.now());
        let until: Vec<Line> = lines.into_iter().filter(|line| line.version.is_some_and(|v| v <= asked)).collect();
        let last = until.last().and_then(|line| line.version).unwrap_or_default();
        if last == 0 || version.is_some_and(|version| version != last) {
            return Err(Problem::new(Slug::NotFound, format!("the ticket has no version {asked} yet")));
        }
        let tag = answer::version_tag(last);
        if has_already(&headers, &tag) {
            return Ok(not_modified(tag));
        }
        let now = version.is_none().then_some(now);
        let mut response = answer::json(desk.compute(move |_| ticket_view::of(&until, now)).await?);
        response.headers_mut().insert(header::ETAG, tag);
        Ok(response)
    })
}

fn not_modified(tag: HeaderValue) -> Response {
    (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response()
}

/// `GET /v1/tickets/{ticket}/history`.
pub(super) fn history() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, path: OnePart, uri: Uri| {
        let waiting = Parameters::of_query(uri.query(), |_| false)?.waiting()?;
        let lines = lines_of(&desk, path, waiting).await?;
        let mut text = Vec::with_capacity(512 * lines.len());
        Object::write(&mut text, |object| {
            object.value("ticket", lines.first().map_or("", |line| line.ticket.as_str()));
            object.value("version", &lines.len());
            object.list("events", &lines, answer::event);
        });
        Ok::<_, Problem>(answer::json(text))
    })
}

/// The events of the ticket in the address, once the position asked for is seen; one without any is unknown.
async fn lines_of(desk: &Desk, path: OnePart, waiting: Waiting) -> Result<Vec<Line>, Problem> {
    let Path(ticket) = path.map_err(no_such_ticket)?;
    let stream = StreamName::ticket(ticket_id(&ticket)?.as_str());
    desk.wait(waiting).await?;
    let _running = desk.begin_query()?;
    let recorded = desk.log().read_stream(&stream, Version::ZERO, usize::MAX).await?;
    if recorded.is_empty() {
        return Err(Problem::new(Slug::UnknownTicket, Rejection::NotOpened.to_string()));
    }
    // Unsealing a long ticket takes its time.
    let lines = desk.compute(move |desk| {
        let line = |recorded| line_of(desk.codec(), recorded);
        recorded.iter().map(line).collect::<Result<Vec<Line>, _>>()
    });
    Ok(lines.await??)
}
