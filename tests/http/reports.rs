//! Reports over HTTP: the same figures as the analyst's tool, in JSON and CSV, for every parameter.

use crate::{AGENT, by, granted, ticket};
use daftar_tests::programs::{printed, root};
use daftar_tests::server::{Answer, Server, in_path};
use serde_json::{Value, json};

const SMALL: &str = include_str!("../fixtures/small.ndjson");
const REPORTS: [&str; 8] =
    ["overview", "satisfaction", "response-times", "resolution-times", "flow", "leaderboard", "volume", "backlog"];

/// A server that knows the small history, and has counted it.
fn filled() -> Server {
    let server = Server::start();
    granted(&server.post("/v1/events", SMALL), 200);
    granted(&server.get("/v1/reports/flow?min_position=40"), 200);
    server
}

#[test]
fn every_report_is_the_one_that_the_analysts_tool_makes_of_the_same_events() {
    let server = filled();
    let small = root().join("tests/fixtures/small.ndjson");
    let source = ["--events", small.to_str().unwrap()];
    for name in REPORTS {
        for (query, flags) in [
            ("", &[][..]),
            (
                "from=2025-03-01&to=2025-03-03&interval=day",
                &["--from", "2025-03-01", "--to", "2025-03-03", "--interval", "day"],
            ),
            (
                "group_by=branch&channel=email,null&limit=2",
                &["--group-by", "branch", "--filter", "channel=email,null", "--limit", "2"],
            ),
            (
                "as_of=20&at=2025-06-01T00:00:00Z&within=4h",
                &["--as-of", "20", "--at", "2025-06-01T00:00:00Z", "--within", "4h"],
            ),
            ("definition=default", &["--definition", "default"]),
        ] {
            let told = printed("daftar-replay", &[&["report", name, "--output", "json"], &source[..], flags].concat());
            let path = format!("/v1/reports/{name}");
            let report = server.get(&format!("{path}?{query}"));
            granted(&report, 200);
            assert_eq!(report.header("content-type"), Some("application/json"));
            assert_eq!(report.text().trim_end(), told.trim_end(), "{name} {query}");
            assert_eq!(report.json()["report"], name);
            let position = if query.contains("as_of") { "20" } else { "40" };
            assert_eq!(report.header("daftar-position"), Some(position));
            assert_eq!(report.json()["position"].to_string(), position);
            let csv = server.get(&format!("{path}.csv?{query}"));
            granted(&csv, 200);
            assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
            assert_eq!(
                csv.text().lines().count(),
                report.json()["rows"].as_array().unwrap().len() + 1,
                "{name} {query}"
            );
            let accepted = server.get_with(&format!("{path}?{query}"), &[("Accept", "text/csv")]);
            assert_eq!((&accepted.bytes, accepted.header("content-type")), (&csv.bytes, csv.header("content-type")));
            assert_eq!(
                (csv.header("daftar-position"), accepted.header("daftar-position")),
                (Some(position), Some(position))
            );
        }
    }
}

#[test]
fn columns_of_csv_are_paths_of_the_json() {
    let server = filled();
    for name in REPORTS {
        let query = "?group_by=department&interval=day";
        let rows = server.get(&format!("/v1/reports/{name}{query}")).json()["rows"].clone();
        let csv = server.get(&format!("/v1/reports/{name}.csv{query}"));
        let mut lines = csv.text().lines();
        let columns: Vec<_> = lines.next().unwrap().split(',').collect();
        for (line, row) in lines.zip(rows.as_array().unwrap()) {
            let values: Vec<_> = line.split(',').collect();
            assert_eq!(values.len(), columns.len(), "{line}");
            for (column, value) in columns.iter().zip(&values) {
                let pointer = format!("/{}", column.replace('.', "/"));
                let told = match row.pointer(&pointer) {
                    None | Some(Value::Null) => String::new(),
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => other.to_string(),
                };
                assert_eq!(*value, told, "{name} {column}");
            }
        }
        assert!(columns.contains(&"period") && columns.contains(&"group.department"), "{columns:?}");
    }
}

#[test]
fn a_report_of_nothing_is_a_report() {
    let server = Server::start();
    for name in REPORTS {
        let report = server.get(&format!("/v1/reports/{name}"));
        granted(&report, 200);
        let told = report.json();
        assert_eq!((&told["position"], &told["at"], &told["as_of"]), (&json!(0), &Value::Null, &Value::Null), "{told}");
        assert_eq!(told["definition"], json!({"name": "default", "version": 0}));
        granted(&server.get(&format!("/v1/reports/{name}.csv")), 200);
    }
}

#[test]
fn every_parameter_is_taken() {
    let server = filled();
    for query in [
        "from=2025-03-01",
        "from=2025-03-01T00:00:00%2B03:30&to=2025-03-01T12:00:00.5Z",
        "to=2025-03-02",
        "interval=hour",
        "interval=day",
        "interval=week",
        "interval=month",
        "interval=quarter",
        "interval=year",
        "group_by=branch,department,agent",
        "group_by=attribute.request_type",
        "attribute.request_type=fault,null",
        "definition=default@0",
        "as_of=0",
        "as_of=40",
        "as_of=2030-01-01T00:00:00Z",
        "as_of=2020-01-01",
        "at=2025-03-09",
        "within=30m",
        "within=45s",
        "within=2d",
        "limit=1&group_by=agent",
        "branch=tehran&department=technical&agent=sara&channel=email&priority=high,low&customer_tier=gold&tag=login",
        "customer=c-42&language=fa&closing_reason=solved&form=default@1",
        "branch=null",
        "branch=%D8%B4%DB%8C%D8%B1%D8%A7%D8%B2",
    ] {
        for name in REPORTS {
            let answer = server.get(&format!("/v1/reports/{name}?{query}"));
            // A leaderboard is by agent already.
            if !(name == "leaderboard" && query.starts_with("group_by=branch,department,agent")) {
                assert_eq!(answer.status, 200, "{name}?{query}: {}", answer.text());
            }
        }
    }
}

#[test]
fn some_figures_are_answered_alone() {
    let server = filled();
    let whole = server.get("/v1/reports/overview?interval=month").json();
    let some = server.get("/v1/reports/overview?interval=month&figures=csat,opened").json();
    let rows = |told: &Value| told["rows"].as_array().unwrap().clone();
    assert_eq!(rows(&whole).len(), rows(&some).len());
    for (whole, some) in rows(&whole).iter().zip(rows(&some)) {
        assert_eq!((&some["opened"], &some["csat"]), (&whole["opened"], &whole["csat"]));
        assert!(some.get("closed").is_none() && some["opened"].is_u64(), "{some}");
    }
}

#[test]
fn every_wrong_parameter_is_named() {
    let server = filled();
    for (query, status, slug, at) in [
        ("from=x", 422, "invalid", &["/from"][..]),
        ("from=", 422, "invalid", &["/from"]),
        ("from=2025-02-30", 422, "invalid", &["/from"]),
        ("from=2025-03-01T00:00:00", 422, "invalid", &["/from"]),
        ("to=2025-3-1", 422, "invalid", &["/to"]),
        ("from=2025-03-02&to=2025-03-01", 422, "invalid", &["/to"]),
        ("from=2025-03-01&to=2025-03-01", 422, "invalid", &["/to"]),
        ("from=x&to=y&interval=z", 422, "invalid", &["/from", "/interval", "/to"]),
        ("interval=minute", 422, "invalid", &["/interval"]),
        ("group_by=", 422, "invalid", &["/group_by"]),
        ("group_by=colour", 422, "invalid", &["/group_by"]),
        ("group_by=branch,branch", 422, "invalid", &["/group_by"]),
        ("group_by=branch,agent,tag,channel", 422, "invalid", &["/group_by"]),
        ("group_by=attribute.", 422, "invalid", &["/group_by"]),
        ("definition=mine", 422, "invalid", &["/definition"]),
        ("as_of=41", 422, "invalid", &["/as_of"]),
        ("as_of=18446744073709551616", 422, "invalid", &["/as_of"]),
        ("as_of=x", 422, "invalid", &["/as_of"]),
        ("at=yesterday", 422, "invalid", &["/at"]),
        ("within=0s", 422, "invalid", &["/within"]),
        ("within=4", 422, "invalid", &["/within"]),
        ("within=4w", 422, "invalid", &["/within"]),
        ("limit=0", 422, "invalid", &["/limit"]),
        ("limit=many", 422, "invalid", &["/limit"]),
        ("figures=opened,colour", 422, "invalid", &["/figures"]),
        ("figures=", 422, "invalid", &["/figures"]),
        ("branch=a%20b", 422, "invalid", &["/branch"]),
        ("branch=", 422, "invalid", &["/branch"]),
        ("branch=e%CC%81", 422, "invalid", &["/branch"]),
        ("branch=%FF", 422, "invalid", &["/branch"]),
        ("priority=asap", 422, "invalid", &["/priority"]),
        ("priority=null", 422, "invalid", &["/priority"]),
        ("form=default", 422, "invalid", &["/form"]),
        ("attribute.request_type=a%20b", 422, "invalid", &["/attribute.request_type"]),
        ("colour=red", 400, "malformed", &["/colour"]),
        ("from=2025-03-01&from=2025-03-01", 400, "malformed", &["/from"]),
        ("branch=a&branch=b", 400, "malformed", &["/branch"]),
        ("colour=red&from=x", 400, "malformed", &["/colour"]),
    ] {
        for name in ["flow", "overview.csv"] {
            let (detail, pointers) = server.get(&format!("/v1/reports/{name}?{query}")).problem(status, slug);
            assert_eq!(pointers, at, "{name}?{query}: {detail}");
        }
    }
    let (_, pointers) = server.get("/v1/reports/leaderboard?group_by=branch,tag,channel").problem(422, "invalid");
    assert_eq!(pointers, ["/group_by"], "the agent of a leaderboard is a dimension too");
}

#[test]
fn there_are_no_other_reports() {
    let server = filled();
    for name in ["nothing", "nothing.csv", "Flow", "flow.xlsx", "flow.csv.csv", ".csv", "flow%20", &in_path("گزارش")]
    {
        let (detail, _) = server.get(&format!("/v1/reports/{name}")).problem(404, "not-found");
        assert!(REPORTS.iter().all(|name| detail.contains(name)), "it says which there are: {detail}");
    }
    server.get("/v1/reports/nothing?colour=red").problem(404, "not-found");
}

#[test]
fn a_report_too_large_is_refused_with_its_size_and_advice() {
    let server = filled();
    // A leaderboard has rows only where there is an agent to stand in them.
    for name in REPORTS.into_iter().filter(|name| *name != "leaderboard") {
        let path = format!("/v1/reports/{name}?from=1990-01-01&to=2150-01-01&interval=hour");
        let (detail, _) = server.get(&path).problem(422, "too-many-cells");
        assert!(detail.contains("200000") && detail.contains("longer interval"), "{detail}");
        assert!(detail.chars().any(|c| c.is_ascii_digit()), "{detail}");
    }
}

#[test]
fn a_reader_who_has_the_figures_is_told_that_they_stand() {
    let server = filled();
    for path in
        ["/v1/reports/flow", "/v1/reports/flow.csv", "/v1/reports/flow?as_of=40", "/v1/reports/overview?interval=day"]
    {
        let report = server.get(path);
        let tag = report.header("etag").unwrap().to_owned();
        assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "the tag is weak: {tag}");
        let strong = tag.trim_start_matches("W/").to_owned();
        for given in [&tag, &format!("\"x\", {tag}"), &format!("{tag},\"y\""), &strong, "*"] {
            let answer = server.get_with(path, &[("If-None-Match", given)]);
            assert_eq!((answer.status, answer.bytes.len()), (304, 0), "{path} {given}");
            assert_eq!(answer.header("daftar-position"), Some("40"));
            assert_eq!(answer.header("etag"), Some(tag.as_str()));
        }
        for given in ["\"x\"", "W/\"x\"", ""] {
            assert_eq!(server.get_with(path, &[("If-None-Match", given)]).status, 200, "{path} {given}");
        }
    }
    assert_ne!(server.get("/v1/reports/flow").header("etag"), server.get("/v1/reports/flow.csv").header("etag"));
}

/// A report's tag and position.
fn tag_and_position(report: &Answer) -> (String, String) {
    let header = |name| report.header(name).unwrap().to_owned();
    (header("etag"), header("daftar-position"))
}

#[test]
fn a_tag_outlives_positions_and_ends_with_the_figures() {
    let server = filled();
    let path = "/v1/reports/response-times?branch=tehran&at=2100-01-01";
    let (tag, position) = tag_and_position(&server.get(path));
    assert_eq!(position, "40");
    // It is in no branch, and nothing runs beyond `at`: no figure changes.
    granted(&server.post("/v1/tickets", r#"{"ticket":"NEW"}"#), 201);
    let later = server.get_with(&format!("{path}&min_position=41"), &[("If-None-Match", &tag)]);
    assert_eq!((later.status, tag_and_position(&later)), (304, (tag.clone(), "41".to_owned())));
    granted(&server.post("/v1/tickets", r#"{"ticket":"NEW-2","branch":"tehran"}"#), 201);
    let later = server.get_with(&format!("{path}&min_position=42"), &[("If-None-Match", &tag)]);
    assert_eq!(later.status, 200);
    assert_ne!(tag_and_position(&later).0, tag);
}

#[test]
fn a_report_as_of_a_moment_stays_what_it_was() {
    let server = filled();
    let old = server.get("/v1/reports/flow?as_of=40").json();
    ticket(&server, "NEW", &[("close", &by(AGENT))]);
    let event = server.get("/v1/events?after=41").json();
    let recorded_at = in_path(event["recorded_at"].as_str().unwrap());
    let now = server.get("/v1/reports/flow?min_position=42").json();
    assert_eq!(server.get("/v1/reports/flow?as_of=40").json()["rows"], old["rows"]);
    assert_ne!(now["rows"], old["rows"]);
    let then = server.get(&format!("/v1/reports/flow?as_of={recorded_at}"));
    assert_eq!((then.json()["rows"].clone(), then.header("daftar-position")), (now["rows"].clone(), Some("42")));
    // Before anything was recorded nothing was known.
    let before = server.get("/v1/reports/flow?as_of=2020-01-01T00:00:00Z");
    assert_eq!((&before.json()["position"], &before.json()["rows"][0]["opened"]), (&json!(0), &json!(0)));
    // An instant that has not come yet knows all that is known.
    assert_eq!(server.get("/v1/reports/flow?as_of=2150-01-01").json()["rows"], now["rows"]);
    for beyond in ["43", "18446744073709551615"] {
        let (detail, pointers) = server.get(&format!("/v1/reports/flow?as_of={beyond}")).problem(422, "invalid");
        assert!(pointers == ["/as_of"] && detail.contains("position 42"), "{detail}");
    }
}
