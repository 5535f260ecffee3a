//! `GET /metrics`: what whoever runs the server watches, as Prometheus reads it.

use super::Desk;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, get};
use std::fmt::Write as _;

/// The text format's media type.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// The handler.
pub(super) fn metrics() -> MethodRouter<Desk> {
    get(async |State(desk): State<Desk>| ([(header::CONTENT_TYPE, TEXT)], page(&desk)).into_response())
}

fn page(desk: &Desk) -> String {
    let log = desk.log();
    let mut page = String::new();
    let mut gauge = |name: &str, help: &str, labels: &str, value: u64| {
        // Writing to a string never fails.
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} gauge\n{name}{labels} {value}");
    };
    let version = format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    gauge("daftar_build_info", "The version at work.", &version, 1);
    gauge("daftar_log_position", "The last durable event.", "", log.durable().borrow().0);
    gauge("daftar_log_epoch", "The log's epoch.", "", log.identity().epoch.into());
    if let Some(durability) = log.durability() {
        let mode = format!("{{mode=\"{durability}\"}}");
        gauge("daftar_log_durability", "When an append is answered.", &mode, 1);
    }
    let stopped = u64::from(log.stopped().is_some());
    gauge("daftar_log_writes_stopped", "Whether appends are refused now.", "", stopped);
    gauge("daftar_reports_position", "The last event that reports have seen.", "", desk.live().published().borrow().0);
    page
}
