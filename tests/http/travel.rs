//! Reports of the past, under other definitions, and while the default changes: what happened by an instant, how far
//! figures are, and that no answer is a mixture.

use crate::granted;
use daftar_tests::programs::{printed, root};
use daftar_tests::server::{Answer, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

const SMALL: &str = include_str!("../fixtures/small.ndjson");
/// Counted in cycles, so measured under other fields than the built-in default.
const CYCLES: &str = r#"{"name":"NAME","resolution":{"per":"cycle"},"first_response":{"per":"cycle"}}"#;

fn cycles(name: &str) -> String {
    CYCLES.replace("NAME", name)
}

/// A server that knows these lines, and has counted them.
fn filled(lines: &str) -> Server {
    let server = Server::start();
    let imported = server.post("/v1/events", lines);
    granted(&imported, 200);
    granted(&server.get(&format!("/v1/reports/flow?min_position={}&timeout=60s", imported.json()["position"])), 200);
    server
}

fn report(server: &Server, path: &str) -> Value {
    let answer = server.get(&format!("/v1/reports/{path}"));
    granted(&answer, 200);
    answer.json()
}

#[test]
fn what_happened_by_an_instant_is_all_that_a_shorter_history_has() {
    let server = filled(SMALL);
    for until in ["2025-03-01T12:00:00Z", "2025-03-03T00:00:00Z", "2026-01-01T00:00:00Z"] {
        let happened = |line: &&str| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["occurred_at"].as_str().unwrap() <= until
        };
        let shorter = filled(&SMALL.lines().filter(happened).map(|line| format!("{line}\n")).collect::<String>());
        for name in ["overview", "response-times", "resolution-times", "flow", "targets", "backlog", "review-queue"] {
            let (told, expected) = (report(&server, &format!("{name}?happened_by={until}")), report(&shorter, name));
            assert_eq!((&told["happened_by"], &expected["happened_by"]), (&json!(until), &Value::Null));
            assert_eq!((&told["rows"], &told["at"]), (&expected["rows"], &expected["at"]), "{name} {until}");
            assert_eq!((&told["position"], &told["as_of"]), (&json!(40), &Value::Null), "{name}");
        }
    }
}

#[test]
fn a_date_begins_on_the_definitions_clocks() {
    let server = filled(SMALL);
    let told = |query: &str| report(&server, &format!("flow?{query}"))["happened_by"].clone();
    assert_eq!(told("happened_by=2025-03-02"), "2025-03-02T00:00:00Z");
    assert_eq!(told("happened_by=2025-03-02&definition=iran"), "2025-03-01T20:30:00Z");
    assert_eq!(told("happened_by=1403-12-12&definition=iran"), "2025-03-01T20:30:00Z");
    let (_, pointers) = server.get("/v1/reports/flow?happened_by=soon").problem(422, "invalid");
    assert_eq!(pointers, ["/happened_by"]);
}

#[test]
fn the_past_is_the_one_that_the_analysts_tool_finds() {
    let server = filled(SMALL);
    let small = root().join("tests/fixtures/small.ndjson");
    let asked = [
        ("happened_by=2025-03-02", &["--happened-by", "2025-03-02"][..]),
        ("happened_by=2025-03-02T10:00:00Z&as_of=25", &["--happened-by", "2025-03-02T10:00:00Z", "--as-of", "25"]),
        (
            "happened_by=2025-03-02&as_of=30&at=2025-04-01&definition=zendesk",
            &["--happened-by", "2025-03-02", "--as-of", "30", "--at", "2025-04-01", "--definition", "zendesk"],
        ),
    ];
    for (query, flags) in asked {
        for name in ["overview", "resolution-times", "leaderboard"] {
            let source = ["report", name, "--output", "json", "--events", small.to_str().unwrap()];
            let told = printed("daftar-replay", &[&source[..], flags].concat());
            let answer = server.get(&format!("/v1/reports/{name}?{query}"));
            granted(&answer, 200);
            assert_eq!(answer.text().trim_end(), told.trim_end(), "{name} {query}");
        }
    }
}

#[test]
fn customers_stand_in_the_order_in_which_those_counted_appear() {
    // Ticket by ticket, as an export has them: the first that the log tells of happened last.
    let opened = |ticket: &str, day: u32, customer: &str| {
        format!(
            "{{\"type\":\"ticket_opened\",\"ticket\":\"{ticket}\",\"occurred_at\":\"2025-03-{day:02}T08:00:00Z\",\
             \"customer\":\"{customer}\"}}\n"
        )
    };
    let history = [opened("HD-1", 10, "ann"), opened("HD-2", 1, "bob"), opened("HD-3", 2, "ann")].concat();
    let server = filled(&history);
    let by_customer = |query: &str| {
        let told = report(&server, &format!("flow?group_by=customer&figures=opened{query}"));
        let customer = |row: &Value| row["group"]["customer"].as_str().unwrap().to_owned();
        told["rows"].as_array().unwrap().iter().map(customer).collect::<Vec<_>>()
    };
    assert_eq!(by_customer(""), ["ann", "bob"]);
    assert_eq!(by_customer("&happened_by=2025-03-05&timeout=60s"), ["bob", "ann"]);
}

#[test]
fn a_definition_says_how_far_its_figures_are() {
    let server = filled(SMALL);
    let state = |name: &str| {
        let answer = server.get(&format!("/v1/definitions/{name}?state=true"));
        granted(&answer, 200);
        let header =
            server.get(&format!("/v1/definitions/{name}")).header("daftar-definition-state").map(str::to_owned);
        (answer.json(), header.unwrap())
    };
    let ready = |of: u64| json!({"ready": true, "position": of, "of": of});
    assert_eq!(state("default"), (json!({"name": "default", "version": 0, "state": ready(40)}), "ready".to_owned()));
    assert_eq!(state("iran"), (json!({"name": "iran", "version": 0, "state": null}), "none".to_owned()));
    granted(&server.get("/v1/reports/overview?definition=iran&timeout=60s"), 200);
    assert_eq!(state("iran").0["state"], ready(40));
    // A publication is answered once its figures are there, or after a while.
    let published = server.send("PUT", "/v1/definitions/cycles", cycles("cycles"), &[]);
    granted(&published, 201);
    granted(&server.get("/v1/reports/flow?definition=cycles&min_position=41&timeout=60s"), 200);
    assert_eq!(state("cycles").0, json!({"name": "cycles", "version": 1, "state": ready(41)}));
    server.get("/v1/definitions/default?state=maybe").problem(422, "invalid");
}

#[test]
fn whoever_does_not_wait_for_figures_is_told_how_far_they_are() {
    let server = filled(&copies());
    let mut told = Vec::new();
    // Each is another state of so many events that none is there within no time.
    for second in 0..4 {
        let path = format!("/v1/reports/flow?definition=iran&happened_by=2025-03-02T10:00:{second:02}Z");
        let answer = server.get(&format!("{path}&timeout=0ms"));
        if answer.status != 200 {
            told.push(answer.problem(503, "not-yet-seen").0);
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
        granted(&server.get(&format!("{path}&timeout=60s")), 200);
    }
    assert!(!told.is_empty());
    for detail in told {
        assert!(detail.contains("folded ") && detail.contains(" of 10,000 events"), "{detail}");
    }
}

/// The version an answer was made under and the position it speaks for, with its bytes.
fn sample(answer: &Answer) -> ((u64, u64), Vec<u8>) {
    granted(answer, 200);
    let head = answer.json();
    ((head["definition"]["version"].as_u64().unwrap(), head["position"].as_u64().unwrap()), answer.bytes.clone())
}

/// How many times the small history is told in the larger one.
const COPIES: u64 = 250;

/// The small history again and again, each time of other tickets.
fn copies() -> String {
    let copy = |n: u64| {
        SMALL.lines().map(move |line| {
            let mut event: Value = serde_json::from_str(line).unwrap();
            event["ticket"] = json!(format!("{}-{n}", event["ticket"].as_str().unwrap()));
            format!("{event}\n")
        })
    };
    (0..COPIES).flat_map(copy).collect()
}

#[test]
fn a_new_default_takes_the_place_of_the_one_before_whole() {
    // So many that building takes longer than an answer: some come while the new figures are being made.
    let end = 40 * COPIES;
    let server = filled(&copies());
    let done = AtomicBool::new(false);
    let ask = || {
        let mut samples = Vec::new();
        while !done.load(Ordering::Acquire) {
            samples.push(sample(&server.get("/v1/reports/resolution-times")));
        }
        samples
    };
    let samples: Vec<_> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(ask)).collect();
        granted(&server.send("PUT", "/v1/definitions/default", cycles("default"), &[]), 200);
        // Whoever has seen the publication sees what it says.
        let (seen, _) =
            sample(&server.get(&format!("/v1/reports/resolution-times?min_position={}&timeout=60s", end + 1)));
        assert_eq!(seen, (1, end + 1));
        granted(&server.send("PUT", "/v1/definitions/default", cycles("default").replace("cycle", "ticket"), &[]), 200);
        let (seen, _) =
            sample(&server.get(&format!("/v1/reports/resolution-times?min_position={}&timeout=60s", end + 2)));
        assert_eq!(seen, (2, end + 2));
        done.store(true, Ordering::Release);
        readers
            .into_iter()
            .flat_map(|reader| {
                let samples = reader.join().unwrap();
                assert!(samples.is_sorted_by_key(|(seen, _)| *seen), "nobody goes back");
                samples
            })
            .collect()
    });
    // What was known before a publication is told as it was.
    assert_eq!(report(&server, &format!("flow?as_of={end}&timeout=60s"))["definition"]["version"], 0);
    assert_eq!(report(&server, &format!("flow?as_of={}&timeout=60s", end + 1))["definition"]["version"], 1);
    let dir = server.stop();
    let data = dir.path().join("data");
    let mut told = BTreeMap::new();
    for (seen, bytes) in samples {
        let expected = told.entry(seen).or_insert_with(|| {
            let (definition, position) = (format!("default@{}", seen.0), seen.1.to_string());
            let source = ["report", "resolution-times", "--output", "json", "--data-dir", data.to_str().unwrap()];
            let flags = ["--definition", &definition, "--as-of", &position];
            let told = printed("daftar-replay", &[&source[..], &flags[..]].concat());
            told.replacen(&format!(r#""as_of":{position},"#), r#""as_of":null,"#, 1)
        });
        assert_eq!(String::from_utf8(bytes).unwrap().trim_end(), expected.trim_end(), "{seen:?}");
    }
    println!("versions and positions seen: {:?}", told.keys().collect::<Vec<_>>());
    assert!(told.keys().any(|(version, _)| *version == 0) && told.keys().any(|(version, _)| *version > 0), "{told:?}");
}

#[test]
fn a_restart_folds_under_the_newest_default_at_once() {
    let server = filled(SMALL);
    granted(&server.send("PUT", "/v1/definitions/default", cycles("default"), &[]), 200);
    let server = server.restart();
    let told = server.get("/v1/reports/resolution-times?timeout=0ms");
    assert_eq!(sample(&told).0, (1, 41));
    assert_eq!(server.get("/v1/definitions/default").header("daftar-definition-state"), Some("ready"));
    assert_eq!(report(&server, "flow?as_of=40&timeout=60s")["definition"]["version"], 0);
    granted(&server.get("/v1/tickets?state=open&sort=due_at"), 200);
}

#[test]
fn whoever_was_answered_a_publication_finds_its_name() {
    let server = filled(SMALL);
    for n in 0..30 {
        let name = format!("ours-{n}");
        // Nothing is measured otherwise, so nothing but the name has to be seen.
        granted(&server.send("PUT", &format!("/v1/definitions/{name}"), format!(r#"{{"name":"{name}"}}"#), &[]), 201);
        assert_eq!(
            report(&server, &format!("flow?definition={name}"))["definition"],
            json!({"name": name, "version": 1})
        );
    }
}
