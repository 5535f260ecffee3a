//! `/v1/segments` and `/v1/sealing-keys`: what backups of a running server read.

use super::asked::{Parameters, whole};
use super::feed::confirm;
use super::problem::Problem;
use super::{Desk, answer};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, get};
use daftar_domain::Invalid;
use daftar_eventlog::backup::SegmentWriter;
use daftar_eventlog::{Position, StoreError};
use futures_util::{Stream, stream};

const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");
/// How many slots of keys are read at a time.
const SLOTS: usize = 1024;

/// `GET /v1/segments?after=POSITION`: segments one after the other, up to the end of the log as it is now.
pub(super) fn segments() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, uri: Uri| {
        let mut parameters = Parameters::of_query(uri.query(), |name| matches!(name, "after" | "epoch"))?;
        let after =
            parameters.take("after").map(|text| whole("after", &text)).transpose()?.map_or(Position::ZERO, Position);
        if let Some(epoch) = parameters.take("epoch") {
            confirm(&desk.log().epochs(), &epoch, after)?;
        }
        desk.wait(parameters.waiting()?).await?;
        let until = *desk.log().durable().borrow();
        if after > until {
            let rule = format!("must not lie beyond the log's end, which is position {until}");
            return Err(Problem::invalid_parameters(&[Invalid::new("after", after, rule)]));
        }
        let writer = SegmentWriter::new(&**desk.log(), after).await.map_err(Problem::from)?;
        let body = Body::from_stream(encoded(desk, writer));
        Ok(answer::at_position(([(header::CONTENT_TYPE, BYTES)], body).into_response(), until))
    })
}

/// Segments as bytes; a failure cuts the answer off, and each segment says itself how long it is.
fn encoded(desk: Desk, writer: SegmentWriter) -> impl Stream<Item = Result<Vec<u8>, StoreError>> {
    stream::try_unfold((desk, writer), async move |(desk, mut writer)| {
        let Some(segment) = writer.next(&**desk.log()).await? else { return Ok(None) };
        let encoded = tokio::task::spawn_blocking(move || segment.encode()).await;
        let bytes = encoded.map_err(|e| StoreError::failed("compressing a segment", e))??;
        Ok(Some((bytes, (desk, writer))))
    })
}

/// `GET /v1/sealing-keys`: the slots of all keys. Whoever has them and the segments can read everything.
pub(super) fn sealing_keys() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, uri: Uri| {
        Parameters::read(uri.query(), |_| false)?;
        let slots = stream::try_unfold((desk, 0), async move |(desk, from)| {
            let keys = desk.codec().keys().clone();
            let read = tokio::task::spawn_blocking(move || keys.read_slots(from, SLOTS)).await;
            let slots = read.map_err(|e| StoreError::failed("copying the keys", e))??;
            let next = from + u32::try_from(SLOTS).unwrap_or(u32::MAX);
            Ok::<_, StoreError>((!slots.is_empty()).then_some((slots, (desk, next))))
        });
        Ok::<_, Problem>(([(header::CONTENT_TYPE, BYTES)], Body::from_stream(slots)).into_response())
    })
}
