//! The demo: the same help desk whenever it is made, and figures that the analyst's tool finds in a copy of its log.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

use daftar_tests::history::copy_dir;
use daftar_tests::programs::{printed, run};
use daftar_tests::server::Server;
use serde_json::Value;
use std::time::{Duration, Instant};

const PLAN: [&str; 6] = ["--tickets", "300", "--seed", "7", "--until", "2026-05-01"];
const REPORTS: [&str; 8] =
    ["overview", "satisfaction", "response-times", "resolution-times", "flow", "leaderboard", "volume", "backlog"];

/// What every report is asked, as parameters and as flags.
const ASKED: [&[(&str, &str)]; 5] = [
    &[],
    &[("interval", "month")],
    &[("group_by", "department,agent"), ("channel", "email,chat"), ("limit", "5")],
    &[("interval", "week"), ("from", "2026-01-10"), ("to", "2026-03-01"), ("as_of", "2000")],
    &[("group_by", "customer"), ("within", "2h"), ("as_of", "2026-02-01T00:00:00Z"), ("at", "2026-06-01")],
];

fn demo(more: &[&str]) -> Server {
    Server::demo(&[&PLAN, more].concat())
}

fn in_address(asked: &[(&str, &str)]) -> String {
    asked.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// The parameters as the analyst's tool takes them: filters by `--filter`, all else by its name.
fn as_flags(asked: &[(&str, &str)]) -> Vec<String> {
    let flags = asked.iter().map(|(name, value)| match *name {
        "channel" => ["--filter".to_owned(), format!("{name}={value}")],
        _ => [format!("--{}", name.replace('_', "-")), (*value).to_owned()],
    });
    flags.flatten().collect()
}

/// The export without the ids that events got from their log.
fn export(server: &Server) -> Vec<Value> {
    let lines = server.get("/v1/events");
    let without_id = |line: &str| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        assert!(event.as_object_mut().unwrap().remove("event_id").is_some());
        event
    };
    lines.text().lines().map(without_id).collect()
}

#[test]
fn the_same_plan_gives_the_same_history_and_the_same_reports() {
    let (one, other) = (demo(&[]), demo(&[]));
    let (events, same) = (export(&one), export(&other));
    assert!(events.len() > 2500, "{} events", events.len());
    assert!(events == same, "the exports differ");
    let seconds = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
    assert!(events.iter().all(|event| seconds(event, "occurred_at") == seconds(event, "recorded_at")));
    for report in REPORTS {
        let path = format!("/v1/reports/{report}?interval=month");
        let answer = one.get(&path);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.bytes == other.get(&path).bytes, "{report} differs");
    }
    let another = Server::demo(&["--tickets", "300", "--seed", "8", "--until", "2026-05-01"]);
    assert!(events != export(&another), "another seed makes another history");
}

#[test]
fn a_copy_of_the_log_gives_the_servers_bytes() {
    let (server, dir) = (demo(&[]), tempfile::tempdir().unwrap());
    let answers = answers(&server);
    let copy = dir.path().join("copy");
    copy_dir(&server.stop().path().join("data"), &copy).unwrap();
    let copy = copy.to_str().unwrap();
    for ((report, asked, output), bytes) in answers {
        let flags = as_flags(asked);
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        let said =
            printed("daftar-replay", &[&["report", report, "--data-dir", copy, "--output", output], &*flags].concat());
        assert!(said.as_bytes() == bytes, "{report} {asked:?} as {output}: {said:.300}");
    }
}

/// A report, what it is asked, and how it is written.
type Asked = (&'static str, &'static [(&'static str, &'static str)], &'static str);

fn answers(server: &Server) -> Vec<(Asked, Vec<u8>)> {
    let each = REPORTS.into_iter().flat_map(|report| ASKED.map(|asked| (report, asked)));
    let each = each.filter(|(report, asked)| *report != "leaderboard" || asked.len() != 5);
    let ask = |(report, asked): (&'static str, &'static [(&'static str, &'static str)])| {
        [("json", ""), ("csv", ".csv")].map(|(output, suffix)| {
            let answer = server.get(&format!("/v1/reports/{report}{suffix}?{}", in_address(asked)));
            assert_eq!(answer.status, 200, "{report} {asked:?}: {}", answer.text());
            ((report, asked, output), answer.bytes)
        })
    };
    each.flat_map(ask).collect()
}

#[test]
fn people_go_on_acting_when_it_is_alive() {
    let server = demo(&["--live", "50"]);
    let position = || server.get("/readyz").json()["position"].as_u64().unwrap();
    let (begun, started) = (position(), Instant::now());
    while position() < begun + 50 {
        assert!(started.elapsed() < Duration::from_secs(30), "nobody acts");
        std::thread::sleep(Duration::from_millis(20));
    }
    let events = export(&server);
    let last = events.last().unwrap();
    assert!(last["occurred_at"].as_str().unwrap() > "2026-05-01", "they act now");
}

#[test]
fn what_makes_no_sense_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().to_str().unwrap();
    let mended = |args: &[&str], code, words: &str| {
        let output = run("daftar", args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
    };
    mended(&["demo", "--until", "2199-01-01"], 2, "can't end later than now");
    mended(&["demo", "--until", "tomorrow"], 2, "must be a date");
    mended(&["demo", "--tickets", "0"], 2, "1..=1000000");
    mended(&["demo", "--live", "0"], 2, "above 0");
    mended(&["serve", "--listen", "0.0.0.0:0", "--data-dir", kept], 2, "open to other machines");
    let counts = printed("daftar", &["import", "--data-dir", kept, &fixture()]);
    assert!(counts.contains("\"appended\":40"), "{counts}");
    mended(&["demo", "--data-dir", kept, "--listen", "127.0.0.1:0"], 3, "has a history already");
}

fn fixture() -> String {
    daftar_tests::programs::root().join("tests/fixtures/small.ndjson").display().to_string()
}
