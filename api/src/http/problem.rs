//! Why a request was not granted, as `application/problem+json` (RFC 9457).

use super::answer;
use crate::commands::CommandError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use daftar_domain::Invalid;
use daftar_domain::ticket::{Rejection, RejectionKind};
use daftar_eventlog::StoreError;
use daftar_eventlog::ndjson::LineError;
use daftar_projections::projector::CatchUpError;
use serde::Serialize;

/// After how many seconds to try again what may well go through then.
const RETRY_AFTER_SECONDS: u32 = 1;

/// Every sort of problem; its slug never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slug {
    /// The request is not one: no JSON, unknown or missing fields, values of the wrong type.
    Malformed,
    /// It comes from a page of another origin.
    Forbidden,
    /// There is no such ticket.
    UnknownTicket,
    /// There is no such reply, closing, report or address.
    NotFound,
    /// The address knows another method.
    MethodNotAllowed,
    /// A rule says no to the ticket as it is.
    ForbiddenByState,
    /// Others keep writing to the ticket or the definition.
    Conflict,
    /// The cursor or position is of another log, or of an epoch that was given up.
    OtherEpoch,
    /// The ticket or the definition has another version than the one asked for.
    StaleVersion,
    /// The body is too large.
    TooLarge,
    /// Values break their own rules.
    Invalid,
    /// The idempotency key came with another request.
    KeyReused,
    /// The report would be too large.
    TooManyCells,
    /// There is more to do than can be done.
    Overloaded,
    /// There are as many streams as there may be.
    TooManyStreams,
    /// There is no room on the disk.
    StorageFull,
    /// The read model has not come to the position asked for.
    NotYetSeen,
    /// The log is not what was written.
    Corrupt,
    /// We made a mistake.
    Internal,
}

impl Slug {
    /// Its name in the problem's type, its status, and what it is called.
    const fn told(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::Malformed => ("malformed", StatusCode::BAD_REQUEST, "The request is malformed"),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN, "Not from here"),
            Self::UnknownTicket => ("unknown-ticket", StatusCode::NOT_FOUND, "There is no such ticket"),
            Self::NotFound => ("not-found", StatusCode::NOT_FOUND, "There is nothing of that name"),
            Self::MethodNotAllowed => {
                ("method-not-allowed", StatusCode::METHOD_NOT_ALLOWED, "This address knows another method")
            }
            Self::ForbiddenByState => {
                ("forbidden-by-state", StatusCode::CONFLICT, "The ticket does not take this as it is now")
            }
            Self::Conflict => ("conflict", StatusCode::CONFLICT, "Others keep writing to it"),
            Self::OtherEpoch => ("other-epoch", StatusCode::GONE, "This was given for another history"),
            Self::StaleVersion => {
                ("stale-version", StatusCode::PRECONDITION_FAILED, "It has changed since it was read")
            }
            Self::TooLarge => ("too-large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::Invalid => ("invalid", StatusCode::UNPROCESSABLE_ENTITY, "A value breaks its rule"),
            Self::KeyReused => {
                ("key-reused", StatusCode::UNPROCESSABLE_ENTITY, "The idempotency key was used for another request")
            }
            Self::TooManyCells => ("too-many-cells", StatusCode::UNPROCESSABLE_ENTITY, "The report would be too large"),
            Self::Overloaded => ("overloaded", StatusCode::SERVICE_UNAVAILABLE, "Too busy just now"),
            Self::TooManyStreams => ("overloaded", StatusCode::TOO_MANY_REQUESTS, "Too many streams are open"),
            Self::StorageFull => ("storage-full", StatusCode::SERVICE_UNAVAILABLE, "The disk is full"),
            Self::NotYetSeen => ("not-yet-seen", StatusCode::SERVICE_UNAVAILABLE, "The reports are not that far yet"),
            Self::Corrupt => ("corrupt", StatusCode::INTERNAL_SERVER_ERROR, "The log is damaged"),
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side"),
        }
    }

    const fn is_worth_retrying(self) -> bool {
        matches!(self, Self::Overloaded | Self::TooManyStreams | Self::StorageFull | Self::NotYetSeen)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Wrong {
    /// Where in the body, as a JSON Pointer; a slash and its name for a parameter.
    pub(super) pointer: String,
    /// What is wrong there.
    pub(super) detail: String,
}

/// A request that was not granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    slug: Slug,
    detail: String,
    errors: Vec<Wrong>,
}

impl Problem {
    /// A problem of that sort, in words.
    pub fn new(slug: Slug, detail: impl Into<String>) -> Self {
        Self { slug, detail: detail.into(), errors: Vec::new() }
    }

    /// One wrong field of a request that is otherwise well.
    pub fn of_field(slug: Slug, name: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let errors = vec![Wrong { pointer: format!("/{name}"), detail: detail.clone() }];
        Self { slug, detail: format!("{name} {detail}"), errors }
    }

    /// Which sort it is.
    #[must_use]
    pub const fn slug(&self) -> Slug {
        self.slug
    }

    /// What is wrong, in words.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// Whether the same request may well be granted in a while.
    pub(super) const fn is_worth_retrying(&self) -> bool {
        self.slug.is_worth_retrying()
    }

    /// A problem with each of its places.
    pub(super) fn with_errors(slug: Slug, detail: String, errors: Vec<Wrong>) -> Self {
        Self { slug, detail, errors }
    }

    /// Values of a body that break their own rules.
    #[must_use]
    pub fn invalid(wrong: &[Invalid]) -> Self {
        Self::invalid_at(wrong, pointer_to)
    }

    /// Parameters whose values break their own rules.
    pub(super) fn invalid_parameters(wrong: &[Invalid]) -> Self {
        Self::invalid_at(wrong, pointer_to_parameter)
    }

    fn invalid_at(wrong: &[Invalid], pointer_to: fn(&str) -> String) -> Self {
        let detail = wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let error = |invalid: &Invalid| Wrong {
            pointer: pointer_to(&invalid.field),
            detail: format!("is \"{}\": {}", invalid.value, invalid.rule),
        };
        Self { slug: Slug::Invalid, detail, errors: wrong.iter().map(error).collect() }
    }

    /// The same of what stands below a field of the body, which its places begin with.
    pub(super) fn below(mut self, field: &str) -> Self {
        self.errors.iter_mut().for_each(|wrong| wrong.pointer.insert_str(0, &format!("/{field}")));
        self
    }

    /// The same, with more to know.
    pub(super) fn and(mut self, more: &str) -> Self {
        self.detail = format!("{} {more}", self.detail);
        self
    }

    /// A problem on our side; what it was is told to whoever runs the server, not to the client.
    fn ours(slug: Slug, told: &str, failure: &dyn std::fmt::Display) -> Self {
        eprintln!("daftar: {failure}");
        Self::new(slug, told)
    }

    fn body(&self) -> Told<'_> {
        let (name, status, title) = self.slug.told();
        let (status, detail, errors) = (status.as_u16(), self.detail.as_str(), self.errors.as_slice());
        Told { type_of: format!("/problems/{name}"), title, status, detail, errors }
    }
}

/// A problem as it is written.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    type_of: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[Wrong]>::is_empty")]
    errors: &'a [Wrong],
}

/// The JSON Pointer to a field as rules name it: `attachments[0].name` is `/attachments/0/name`, and `texts.a.b` is
/// `/texts/a.b`, because ids may have dots and names of fields have none.
fn pointer_to(field: &str) -> String {
    match field.split_once(['.', '[']) {
        Some((list, item)) => format!("/{list}/{}", item.replacen("].", "/", 1)),
        None => format!("/{field}"),
    }
}

/// The JSON Pointer to a parameter, as if all were the fields of one object.
pub(super) fn pointer_to_parameter(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (_, status, _) = self.slug.told();
        let mut response = answer::value(&self.body());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.slug.is_worth_retrying() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }
}

impl From<LineError> for Problem {
    /// A body in which anything has the wrong form is malformed; one in which values break their rules is invalid.
    fn from(error: LineError) -> Self {
        let slug = if error.faults.iter().all(|fault| fault.breaks_rule) { Slug::Invalid } else { Slug::Malformed };
        let detail = error.to_string();
        let fields = error.faults.into_iter().filter(|fault| fault.field.is_some());
        let errors = fields.map(|fault| Wrong { pointer: fault.pointer, detail: fault.why }).collect();
        Self { slug, detail, errors }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let told = error.to_string();
        match error {
            CommandError::Rejected(Rejection::Invalid(invalid)) => Self::invalid(&[invalid]),
            CommandError::Rejected(rejection) => Self::new(slug_of(rejection.kind()), told),
            CommandError::Invalid(wrong) => Self::invalid(&wrong),
            CommandError::StaleVersion { .. } => Self::new(Slug::StaleVersion, told),
            CommandError::Contended => Self::new(Slug::Conflict, told),
            CommandError::KeyReused => Self::new(Slug::KeyReused, told),
            CommandError::TooLarge(_) => Self::new(Slug::TooLarge, told),
            CommandError::Store(failure) => failure.into(),
        }
    }
}

const fn slug_of(kind: RejectionKind) -> Slug {
    match kind {
        RejectionKind::UnknownTicket => Slug::UnknownTicket,
        RejectionKind::NotFound => Slug::NotFound,
        RejectionKind::ForbiddenByState => Slug::ForbiddenByState,
        RejectionKind::Invalid => Slug::Invalid,
    }
}

impl From<StoreError> for Problem {
    fn from(failure: StoreError) -> Self {
        match failure {
            StoreError::Failed { .. } => Self::ours(
                Slug::Overloaded,
                "The log could not be read or written; whether anything was kept is not known. With the same \
                 Idempotency-Key it can safely be sent again.",
                &failure,
            ),
            // Not printed each time: /readyz has the words, and what is printed may lie on the same disk.
            StoreError::StorageFull { .. } => Self::new(
                Slug::StorageFull,
                "There is no room for writing; whether anything was kept is not known. Reading goes on, and so does writing \
                 once there is room. With the same Idempotency-Key it can safely be sent again.",
            ),
            StoreError::ShutDown | StoreError::InUse { .. } => Self::new(
                Slug::Overloaded,
                "The server is shutting down; whether anything was kept is not known. With the same Idempotency-Key it can \
                     safely be sent again.",
            ),
            StoreError::Corrupt { .. } | StoreError::Unreadable { .. } => Self::ours(
                Slug::Corrupt,
                "The log is not what was written; whoever runs this server must look.",
                &failure,
            ),
        }
    }
}

impl From<CatchUpError> for Problem {
    fn from(failure: CatchUpError) -> Self {
        match failure {
            CatchUpError::Store(failure) => failure.into(),
            CatchUpError::Panicked { .. } | CatchUpError::TooMany { .. } => Self::ours(
                Slug::Internal,
                "Reports stopped; whoever runs this server finds why in its output.",
                &failure,
            ),
            _ => Self::ours(Slug::Corrupt, "Reports stopped: the log can't be read on.", &failure),
        }
    }
}
