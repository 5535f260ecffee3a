//! Reports over real data equal figures that were worked out apart from this project, and are the same bytes however
//! the log was opened.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

use daftar_tests::programs::{printed, report, run, shared};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const UCI: &str = "uci_incidents_events";
const SHOPZILLA: &str = "shopzilla_csat_events";
const REPORTS: [&str; 8] =
    ["overview", "satisfaction", "response-times", "resolution-times", "flow", "leaderboard", "volume", "backlog"];

/// Real history imported into a data directory, and the figures it must answer.
struct Imported {
    dir: TempDir,
    events: PathBuf,
    reference: Value,
    counts: Value,
}

impl Imported {
    fn new(name: &str) -> Option<Self> {
        let events = shared(&format!("data/{name}.ndjson.gz"))?;
        let reference = fs::read_to_string(shared(&format!("data/reference/{name}.json"))?).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let data_dir = dir.path().to_str().unwrap();
        let imported = run("daftar", &["import", events.to_str().unwrap(), "--data-dir", data_dir]);
        assert_eq!(imported.status.code(), Some(1), "some lines are rejected: {imported:?}");
        let said = String::from_utf8(imported.stdout).unwrap();
        let counts = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        Some(Self { dir, events, reference: serde_json::from_str(&reference).unwrap(), counts })
    }

    fn report(&self, name: &str, flags: &[&str]) -> Value {
        report(name, &["--data-dir", self.dir.path().to_str().unwrap()], flags)
    }

    fn metric(&self, name: &str) -> &Value {
        let metric = &self.reference["metrics"][name];
        assert!(!metric.is_null(), "the reference has no {name}");
        metric
    }

    fn counts_are_the_reference(&self) {
        assert_eq!(self.counts["read"], self.reference["lines"]);
        assert_eq!(self.counts["appended"], *self.metric("taken"));
        assert_eq!(self.counts["rejected"], self.reference["rejected"]);
        assert_eq!(self.counts["present"], 0);
        assert_eq!(self.counts["position"], *self.metric("taken"));
    }

    fn totals_are_the_reference(&self) {
        let responses = self.report("response-times", &[]);
        let row = &responses["rows"][0];
        same_distribution(&row["first_response"], self.metric("first_response_seconds"));
        assert_eq!(row["unanswered"], *self.metric("unanswered_tickets"));
        let resolutions = self.report("resolution-times", &[]);
        let row = &resolutions["rows"][0];
        same_distribution(&row["first_resolution"], self.metric("first_resolution_seconds"));
        same_distribution(&row["full_resolution"], self.metric("full_resolution_seconds"));
        same_distribution(&row["open_time"], self.metric("open_time_seconds (spans open, tickets closed now)"));
        let flow = self.report("flow", &[]);
        let row = &flow["rows"][0];
        for (figure, metric) in [
            ("/opened", "tickets"),
            ("/closed", "closings"),
            ("/closed_tickets", "tickets_closed_at_least_once"),
            ("/reopenings", "reopenings"),
            ("/reopened_tickets", "tickets_reopened"),
            ("/reopen_rate/count", "tickets_reopened"),
            ("/reopen_rate/percent", "reopen_rate_pct"),
            ("/one_touch_rate/count", "one_touch_tickets"),
            ("/one_touch_rate/percent", "one_touch_pct_of_closed_tickets"),
            ("/transfers", "transfers"),
            ("/transferred_tickets", "tickets_transferred"),
        ] {
            same(row.pointer(figure).unwrap(), self.metric(metric), metric);
        }
    }

    /// Compares a grouped figure with a table of the reference, which may keep the largest rows alone.
    fn groups_are(&self, asked: (&str, &str, &str), table: &Value, fields: &[(&str, &str)]) {
        let (name, figure, dimension) = asked;
        let grouped = self.report(name, &["--group-by", dimension]);
        let rows = grouped["rows"].as_array().unwrap();
        let table = table.as_object().unwrap();
        for (group, expected) in table {
            let value = if group == "null" { Value::Null } else { Value::from(group.as_str()) };
            let row = rows.iter().find(|row| row["group"][dimension] == value);
            let row = row.unwrap_or_else(|| panic!("no row for {dimension} {group}"));
            for (field, in_reference) in fields {
                same(&row[figure][field], &expected[in_reference], &format!("{figure}.{field} of {group}"));
            }
        }
        let counted = |row: &&Value| row[figure][fields[0].0] != 0;
        let groups = rows.iter().filter(counted).count();
        assert!(table.len() == groups || table.len() == 100, "{groups} groups, the reference has {}", table.len());
    }

    fn times_by_group_are_the_reference(&self) {
        let fields = [("count", "n"), ("sum", "sum"), ("mean", "mean")];
        for (name, figure, metric, tables) in [
            (
                "response-times",
                "first_response",
                "first_response_by",
                [
                    ("department", "department_at_the_reply"),
                    ("branch", "branch_at_the_reply"),
                    ("agent", "replying_agent"),
                ],
            ),
            (
                "resolution-times",
                "full_resolution",
                "full_resolution_by",
                [
                    ("department", "department_at_last_closing"),
                    ("branch", "branch_at_last_closing"),
                    ("agent", "closing_agent"),
                ],
            ),
        ] {
            for (dimension, table) in tables.into_iter().chain([("channel", "channel")]) {
                self.groups_are((name, figure, dimension), &self.metric(metric)[table], &fields);
            }
        }
    }

    fn every_report(&self, source: &[&str]) -> Vec<String> {
        let mut reports = Vec::new();
        for name in REPORTS {
            for flags in [&[][..], &["--group-by", "department,channel", "--interval", "month"], &["--as-of", "20000"]]
            {
                let text = printed("daftar-replay", &[&["report", name, "--output", "json"], source, flags].concat());
                reports.push(text);
            }
        }
        reports
    }

    fn bytes_do_not_depend_on_how_it_was_opened(&self) {
        let dir = self.dir.path().to_str().unwrap();
        let first = self.every_report(&["--data-dir", dir]);
        fs::remove_dir_all(self.dir.path().join("derived")).unwrap();
        same_bytes(&self.every_report(&["--data-dir", dir]), &first, "after deleting derived/");
        same_bytes(&self.every_report(&["--data-dir", dir]), &first, "after opening it again");
        let from_events = self.every_report(&["--events", self.events.to_str().unwrap()]);
        same_bytes(&from_events, &first, "from the file of events");
    }
}

/// Compares without printing megabytes.
fn same_bytes(ours: &[String], first: &[String], when: &str) {
    for (ours, first) in ours.iter().zip(first) {
        assert!(ours == first, "{when}: {}… is not {}…", &ours[..300], &first[..300]);
    }
}

fn same(ours: &Value, theirs: &Value, what: &str) {
    // Both are decimals of at most six digits; parsed to the nearest double, equal texts are equal numbers.
    assert_eq!(ours.as_f64(), theirs.as_f64(), "{what}");
    assert!(theirs.is_number(), "{what} is {theirs} in the reference");
}

fn same_distribution(ours: &Value, theirs: &Value) {
    for (field, in_reference) in [
        ("count", "n"),
        ("sum", "sum"),
        ("mean", "mean"),
        ("min", "min"),
        ("max", "max"),
        ("p50", "median"),
        ("p75", "p75_linear"),
        ("p90", "p90_linear"),
        ("p95", "p95_linear"),
        ("p99", "p99_linear"),
    ] {
        same(&ours[field], &theirs[in_reference], field);
    }
}

#[test]
fn a_year_of_incidents_answers_the_reference() {
    let Some(uci) = Imported::new(UCI) else { return };
    uci.counts_are_the_reference();
    uci.totals_are_the_reference();
    uci.times_by_group_are_the_reference();
    uci.bytes_do_not_depend_on_how_it_was_opened();
}

#[test]
fn a_month_of_surveys_answers_the_reference() {
    let Some(shopzilla) = Imported::new(SHOPZILLA) else { return };
    shopzilla.counts_are_the_reference();
    shopzilla.totals_are_the_reference();
    shopzilla.times_by_group_are_the_reference();
    let csat = shopzilla.metric("csat");
    let fields = [("answers", "answers"), ("positive", "positive"), ("percent", "csat_pct"), ("mean_score", "mean")];
    let total = shopzilla.report("satisfaction", &[]);
    for (field, in_reference) in fields {
        same(&total["rows"][0]["csat"][field], &csat[in_reference], field);
    }
    for (dimension, table) in [
        ("department", "by_department"),
        ("branch", "by_branch"),
        ("agent", "by_closing_agent"),
        ("channel", "by_channel"),
    ] {
        shopzilla.groups_are(("satisfaction", "csat", dimension), &csat[table], &fields);
    }
    shopzilla.bytes_do_not_depend_on_how_it_was_opened();
}
