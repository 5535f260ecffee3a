//! The walk of a new manager in `docs/reports.md` runs as it is printed, and its figures are those that plain loops over the
//! feed of events find.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_domain::Timestamp;
use daftar_tests::feed::{answers, is_positive, text, voided};
use daftar_tests::page::{has_curl, run, steps};
use daftar_tests::programs::root;
use daftar_tests::server::Server;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const DEMO: &str = "cargo run --release -- demo ";
const QUARTER: &str = "from=2026-01-01&to=2026-04-01";
/// Where the months of the quarter begin in UTC, and where it ends.
const MONTHS: [&str; 4] = ["2026-01-01T00:00", "2026-02-01T00:00", "2026-03-01T00:00", "2026-04-01T00:00"];
/// The same in Tehran, three and a half hours ahead all the year.
const IN_TEHRAN: [&str; 4] = ["2025-12-31T20:30", "2026-01-31T20:30", "2026-02-28T20:30", "2026-03-31T20:30"];
const A_MONTH_AGO: &str = "2026-03-10T00:00";
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// What a month of the quarter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Month {
    opened: u64,
    answers: u64,
    positive: u64,
}

fn micros(instant: &str) -> i64 {
    Timestamp::parse("occurred_at", instant).unwrap().micros()
}

/// The months between these instants. Instants of the feed are texts of one form in UTC, which sort as they lie in time.
fn months(events: &[&Value], begins: [&str; 4], five: u64) -> [Month; 3] {
    let voided = voided(events);
    let mut months = [Month::default(); 3];
    for (n, month) in months.iter_mut().enumerate() {
        let within = |at: &str| begins[n] <= at && at < begins[n + 1];
        for event in events {
            let counts = text(event, "type") == "ticket_opened" && !voided.contains(text(event, "ticket"));
            month.opened += u64::from(counts && within(text(event, "occurred_at")));
        }
        for (at, scale, score) in answers(events).into_values() {
            month.answers += u64::from(within(at));
            month.positive += u64::from(within(at) && is_positive(scale, score, five));
        }
    }
    months
}

/// The same as a report has it.
fn reported(server: &Server, more: &str) -> (Value, [Month; 3]) {
    let answer = server.get(&format!("/v1/reports/overview?{QUARTER}&interval=month&figures=opened,csat{more}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let report = answer.json();
    let number = |n: usize, pointer: &str| report["rows"][n].pointer(pointer).and_then(Value::as_u64).unwrap();
    let month = |n| Month {
        opened: number(n, "/opened"),
        answers: number(n, "/csat/answers"),
        positive: number(n, "/csat/positive"),
    };
    let months = [0, 1, 2].map(month);
    (report, months)
}

/// The time in office hours, in microseconds: 08:00 to 16:00 in Tehran, Saturday to Wednesday.
fn office_time(from: i64, to: i64) -> i64 {
    let tehran = |at: i64| at + (3 * 3600 + 1800) * SECOND;
    let (from, to) = (tehran(from), tehran(to));
    let mut time = 0;
    for day in from.div_euclid(DAY)..=to.div_euclid(DAY) {
        // Day 0, 1 January 1970, was a Thursday: 0 and 1 are the days off.
        if day.rem_euclid(7) > 1 {
            let (opens, closes) = (day * DAY + 8 * 3600 * SECOND, day * DAY + 16 * 3600 * SECOND);
            time += (to.min(closes) - from.max(opens)).max(0);
        }
    }
    time
}

/// The first responses within the quarter in Tehran, in office hours, sorted.
fn first_responses(events: &[&Value]) -> Vec<i64> {
    let (mut started, mut answered) = (BTreeMap::new(), BTreeSet::new());
    let (mut times, voided) = (Vec::new(), voided(events));
    for event in events.iter().filter(|event| !voided.contains(text(event, "ticket"))) {
        let (ticket, at) = (text(event, "ticket"), text(event, "occurred_at"));
        let opened = text(event, "type") == "ticket_opened" && text(&event["by"], "kind") != "agent";
        let author = text(&event["author"], "kind");
        let public = text(event, "type") == "reply_posted" && text(event, "visibility") == "public";
        if opened || (public && author == "customer") {
            started.entry(ticket).or_insert_with(|| micros(at));
        }
        let Some(start) = started.get(ticket).filter(|_| public && author == "agent") else { continue };
        if answered.insert(ticket) && IN_TEHRAN[0] <= at && at < IN_TEHRAN[3] {
            times.push(office_time(*start, micros(at)));
        }
    }
    times.sort_unstable();
    times
}

/// The 90th percentile in seconds: nine tenths of the way from the first value to the last.
#[expect(clippy::cast_precision_loss, reason = "a few numbers of some days")]
fn p90(sorted: &[i64]) -> f64 {
    let rank = (sorted.len() - 1) * 9;
    let (low, high) = (sorted[rank / 10] as f64, sorted[(rank / 10 + 1).min(sorted.len() - 1)] as f64);
    (low + (high - low) * (rank % 10) as f64 / 10.0) / SECOND as f64
}

/// Before and after the new threshold, and the tickets that moved.
fn assert_definitions(server: &Server, events: &[&Value]) {
    assert_eq!(reported(server, "").1, months(events, MONTHS, 4));
    assert_eq!(reported(server, "&definition=office").1, months(events, IN_TEHRAN, 5));
    let moved: BTreeSet<_> = answers(events)
        .iter()
        .filter(|(_, (at, scale, score))| {
            (MONTHS[0] <= *at, *at < MONTHS[3], *scale, *score) == (true, true, "five", 4)
        })
        .map(|((ticket, _), _)| (*ticket).to_owned())
        .collect();
    assert!(moved.len() > 10, "{moved:?}");
    let explain = format!("/v1/reports/overview/explain?{QUARTER}&figure=csat&against=office&limit=1000");
    let explained = server.get(&explain).json();
    let items = explained["items"].as_array().unwrap();
    let told: BTreeSet<_> = items.iter().map(|item| text(item, "ticket").to_owned()).collect();
    assert_eq!(told, moved);
    assert_eq!(explained["moved"], moved.len(), "one each");
}

/// Office hours, and the percentile between its two ranks.
fn assert_office_hours(server: &Server, events: &[&Value]) {
    let path = format!("/v1/reports/overview/explain?{QUARTER}&figure=first_response.p90&definition=office&limit=1000");
    let cell = server.get(&path).json();
    let seconds = |value: &Value| value.as_f64().unwrap();
    let times = first_responses(events);
    let mut told: Vec<_> = cell["items"].as_array().unwrap().iter().map(|item| seconds(&item["value"])).collect();
    told.sort_by(f64::total_cmp);
    let close = |a: f64, b: f64| (a - b).abs() < 0.000_001;
    assert_eq!(told.len(), times.len());
    #[expect(clippy::cast_precision_loss, reason = "times of some days")]
    let same = told.iter().zip(&times).all(|(told, time)| close(*told, *time as f64 / SECOND as f64));
    assert!(same, "{told:?}\n{times:?}");
    assert!(close(seconds(&cell["cell"]["value"]), p90(&times)), "{}", cell["cell"]);
    let rank = |n: usize| seconds(&cell["cell"]["ranks"][n]["value"]);
    assert!(rank(0) <= p90(&times) && p90(&times) <= rank(1), "{}", cell["cell"]);
}

/// What was known a month ago, and what had happened by then.
fn assert_the_past(server: &Server, events: &[&Value]) {
    let up_to =
        |field: &str| events.iter().copied().filter(|event| text(event, field) < A_MONTH_AGO).collect::<Vec<_>>();
    let (known, happened) = (up_to("recorded_at"), up_to("occurred_at"));
    let (report, as_known) = reported(server, "&as_of=2026-03-10");
    assert_eq!(report["position"], known.len());
    assert_eq!(as_known, months(&known, MONTHS, 4));
    assert_eq!(reported(server, "&happened_by=2026-03-10").1, months(&happened, MONTHS, 4));
    assert_eq!(happened.len(), known.len() + 4, "the paper book came later");
}

#[test]
fn the_walk_answers_as_printed_and_as_its_events_say() {
    let page = std::fs::read_to_string(root().join("docs/reports.md")).unwrap();
    let steps = steps(&page, "A manager's walk");
    let (demo, walk) = steps.split_first().unwrap();
    assert!(walk.len() >= 14, "{} commands", walk.len());
    if !has_curl() {
        return;
    }
    let arguments: Vec<_> = demo.command.strip_prefix(DEMO).unwrap().split_whitespace().collect();
    let (server, dir) = (Server::demo(&arguments), tempfile::tempdir().unwrap());
    walk.iter().for_each(|step| run(step, server.address(), dir.path()));
    let feed = server.get("/v1/events");
    let events: Vec<Value> = feed.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<_> = events.iter().filter(|event| event["ticket"].is_string()).collect();
    assert_definitions(&server, &events);
    assert_office_hours(&server, &events);
    assert_the_past(&server, &events);
}
