//! `GET /v1/tickets`: lists of tickets.

use super::Desk;
use axum::routing::MethodRouter;

/// The handler.
pub(super) fn tickets() -> MethodRouter<Desk> {
    MethodRouter::new()
}
