//! `GET /v1/tickets`: lists of tickets.

use super::asked::Parameters;
use super::problem::{Problem, Slug};
use super::{Desk, answer};
use axum::extract::State;
use axum::http::Uri;
use axum::routing::{MethodRouter, get};
use daftar_projections::labels::KeyLabels;
use daftar_projections::ticket_list::query::ListQuery;
use daftar_projections::ticket_list::{CursorError, Page, list};
use std::sync::Arc;

/// The handler.
pub(super) fn tickets() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>, uri: Uri| {
        let mut parameters = Parameters::of_query(uri.query(), ListQuery::knows)?;
        let waiting = parameters.waiting()?;
        let query = ListQuery::parse(parameters.left()).map_err(|wrong| Problem::invalid(&wrong))?;
        desk.wait(waiting).await?;
        let _running = desk.begin_query()?;
        let page = page(desk.clone(), query).await?;
        let position = page.position;
        Ok::<_, Problem>(answer::at_position(answer::value(&page), position))
    })
}

async fn page(desk: Desk, query: ListQuery) -> Result<Page, Problem> {
    let listed = desk.compute(move |desk| {
        let labels = KeyLabels(Arc::clone(desk.codec().keys()));
        let (epochs, now) = (desk.log().epochs(), desk.now());
        desk.live().read(|state| list(state, &query, &epochs, now, &labels))
    });
    listed.await??.map_err(|refused| match refused {
        CursorError::OtherHistory(_) => Problem::new(Slug::OtherEpoch, refused.to_string()),
        CursorError::Invalid(invalid) => Problem::invalid(&[invalid]),
    })
}
