//! Reports over a large desk, from a parsed query to the bytes of its JSON, against DuckDB making the same groups from
//! the same measurements.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on stops")]

use daftar_benches::blocks::BlockLog;
use daftar_benches::desk::{Desk, Order};
use daftar_benches::duckdb::{DuckDb, Groups};
use daftar_benches::{asked_for, bench_line, interleaved, long, median, median_ratio};
use daftar_eventlog::Epochs;
use daftar_eventlog::facts::PseudonymBytes;
use daftar_projections::definition::catalog::Published;
use daftar_projections::definition::document::Definition;
use daftar_projections::measurements::Measurements;
use daftar_projections::projector::catch_up;
use daftar_projections::report::explain::ask::Ask;
use daftar_projections::report::explain::explain;
use daftar_projections::report::query::Query;
use daftar_projections::report::{CustomerLabels, head, report, rows_json};
use serde_json::Value;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

/// The month of the one-month report, as its query and DuckDB name it: May 2025.
const MONTH: (&str, &str) = ("2025-05-01", "2025-06-01");
const MONTH_SECONDS: (i64, i64) = (1_746_057_600, 1_748_736_000);
/// The time of the explained cell, so that it has some ten thousand items of a million tickets.
const EXPLAINED: (&str, &str) = ("2025-01-01", "2025-05-15");
/// What the first page of an explanation is held to, in milliseconds.
const EXPLAINED_WITHIN: f64 = 10.0;
/// What the figures of a group are called in JSON, in the order in which DuckDB gives them.
const FIGURES: [&str; 10] = ["count", "sum", "mean", "min", "max", "p50", "p75", "p90", "p95", "p99"];

fn main() {
    if !asked_for() {
        return;
    }
    let (tickets, rounds) = if long() { (1_000_000, 31) } else { (100_000, 15) };
    let desk = Desk { tickets };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut state = Measurements::under(Definition::default().folded());
    runtime.block_on(catch_up(&BlockLog::made(desk, Order::Time), &mut state, None, |_| {})).unwrap();
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut peer = DuckDb::start(desk, dir.path(), MONTH_SECONDS);
    let month = [("group_by", "department,agent"), ("from", MONTH.0), ("to", MONTH.1)];
    let month = Asked { name: "report_month", peers: "month", most: "at most a third", query: first_responses(&month) };
    let all = [("group_by", "department"), ("interval", "month")];
    let all = Asked { name: "report_all", peers: "all", most: "no slower", query: first_responses(&all) };
    for asked in [month, all] {
        asked.bench(&state, &mut peer, rounds);
    }
    explain_first_page(&state, rounds);
}

/// The first page of a cell of about ten thousand items of a million tickets: one department's first responses of some
/// four months, found, counted, put in order and written. The stories of its twenty tickets are read and told by the server
/// besides.
fn explain_first_page(state: &Measurements, rounds: usize) {
    let parameters = [
        ("group_by", "department"),
        ("cell.department", state.dimensions.departments.name(1).unwrap()),
        ("from", EXPLAINED.0),
        ("to", EXPLAINED.1),
        ("figure", "first_response"),
    ];
    let ask =
        Ask::parse("response-times", parameters.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
    let (definition, epochs) = (Arc::new(Published::default()), Epochs::new([1; 16], [0; 32]));
    let explained = || explain(state, &ask, &definition, state.position(), &epochs, &Unnamed).unwrap();
    let items = explained().cell.items;
    let mut ours = || {
        let started = Instant::now();
        black_box(serde_json::to_vec(&explained()).unwrap());
        started.elapsed().as_secs_f64() * 1000.0
    };
    let [ours] = interleaved(rounds, [&mut ours]);
    let against =
        format!("at most 10 ms; a cell of {items} items of {} tickets, without the stories", state.openings.len());
    bench_line("explain_first_page", median(&ours), "ms", Some(median(&ours) / EXPLAINED_WITHIN), Some(&against));
}

/// First responses alone, grouped as asked.
fn first_responses(parameters: &[(&str, &str)]) -> Query {
    let parameters = parameters.iter().chain(&[("figures", "first_response")]);
    Query::parse("response-times", parameters.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).unwrap()
}

/// A report, and what it is held to.
struct Asked {
    name: &'static str,
    /// What the peer calls it.
    peers: &'static str,
    most: &'static str,
    query: Query,
}

impl Asked {
    fn bench(&self, state: &Measurements, peer: &mut Option<DuckDb>, rounds: usize) {
        let tickets = state.openings.len();
        let rows = groups_of(&self.json(state));
        let scale = format!("{tickets} tickets, {} groups", rows.len());
        let mut ours = || self.milliseconds(state);
        let Some(peer) = peer else {
            let [ours] = interleaved(rounds, [&mut ours]);
            return bench_line(self.name, median(&ours), "ms", None, Some(&scale));
        };
        let mut theirs = || peer.seconds(self.peers) * 1000.0;
        let [ours, theirs] = interleaved(rounds, [&mut ours, &mut theirs]);
        agree(&rows, &peer.groups(self.peers));
        let against = format!("DuckDB {}, {:.2} ms, {} of its time; {scale}", peer.version, median(&theirs), self.most);
        bench_line(self.name, median(&ours), "ms", Some(median_ratio(&ours, &theirs)), Some(&against));
    }

    fn json(&self, state: &Measurements) -> String {
        report(state, &self.query, &Arc::new(Published::default()), state.position(), &Unnamed).unwrap().to_json()
    }

    fn milliseconds(&self, state: &Measurements) -> f64 {
        let definition = Arc::new(Published::default());
        let started = Instant::now();
        let head = head(state, &self.query, &definition, state.position()).unwrap();
        let rows = rows_json(state, &self.query, &definition, state.position(), &Unnamed).unwrap();
        black_box(head.json_around(&rows));
        started.elapsed().as_secs_f64() * 1000.0
    }
}

/// Every group of a report that counts anything, with its figures.
fn groups_of(json: &str) -> Groups {
    let made: Value = serde_json::from_str(json).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let group = |row: &Value| {
        let second = row["group"].get("agent").unwrap_or(&row["period"]);
        let figures = FIGURES.map(|name| row["first_response"][name].as_f64().unwrap_or_default());
        ((text(&row["group"]["department"]), text(second)), figures.to_vec())
    };
    let groups: Groups = made["rows"].as_array().unwrap().iter().map(group).collect();
    groups.into_iter().filter(|(_, figures)| figures[0] > 0.0).collect()
}

/// Both sides have the same groups with the same figures: counts, sums and ends to the digit, all else to the six
/// decimals that a report writes.
fn agree(ours: &Groups, theirs: &Groups) {
    assert!(ours.keys().eq(theirs.keys()), "{} groups here, {} in DuckDB", ours.len(), theirs.len());
    for (group, figures) in ours {
        for ((name, ours), theirs) in FIGURES.iter().zip(figures).zip(&theirs[group]) {
            let exact = ["count", "sum", "min", "max"].contains(name);
            let same = if exact { ours == theirs } else { (ours - theirs).abs() <= 1e-6 };
            assert!(same, "{name} of {group:?} is {ours} here, {theirs} in DuckDB");
        }
    }
}

/// Nobody knows what customers are called.
struct Unnamed;

impl CustomerLabels for Unnamed {
    fn label(&self, _: &PseudonymBytes) -> Option<String> {
        None
    }

    fn pseudonym(&self, _: &str) -> Option<PseudonymBytes> {
        None
    }
}
