//! What a new manager would try: the same quarter before and after office hours and another threshold of satisfaction.

use daftar_tests::programs::printed;
use daftar_tests::server::Server;
use serde_json::{Value, json};
use std::fs;

const QUARTER: &str = "from=2026-01-01&to=2026-04-01";
const FLAGS: [&str; 4] = ["--from", "2026-01-01", "--to", "2026-04-01"];

/// The default definition as the server answers it, in office hours, with only the best score positive.
fn ours(server: &Server) -> Value {
    let mut document = server.get("/v1/definitions/default").json();
    let hours = json!(["09:00-17:00"]);
    let days = ["saturday", "sunday", "monday", "tuesday", "wednesday"];
    let weekly: serde_json::Map<_, _> = days.iter().map(|day| ((*day).to_owned(), hours.clone())).collect();
    document["name"] = json!("ours");
    document["clock"] = json!("business");
    document["schedules"] = json!([{ "name": "office", "time_zone": "Asia/Tehran", "weekly": weekly }]);
    document["csat"]["positive_from"]["five"] = json!(5);
    document
}

fn overview(server: &Server, definition: &str) -> (String, Value) {
    let answer = server.get(&format!("/v1/reports/overview?{QUARTER}&definition={definition}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    (answer.text().to_owned(), answer.json()["rows"][0].clone())
}

fn number(row: &Value, pointer: &str) -> f64 {
    row.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("{pointer} of {row}"))
}

#[test]
fn a_copied_definition_counts_the_same_quarter_anew_and_changes_nothing_else() {
    let server = Server::demo(&["--tickets", "300", "--seed", "7", "--until", "2026-05-01"]);
    let (_, before) = overview(&server, "default");
    let text = ours(&server).to_string();
    let put = server.send("PUT", "/v1/definitions/ours", &text, &[]);
    assert_eq!(put.status, 201, "{}", put.text());
    let (after_text, after) = overview(&server, "ours");
    // The same tickets and answers …
    for same in ["/opened", "/closed", "/backlog", "/csat/answers", "/first_response/count", "/full_resolution/count"] {
        assert_eq!(number(&before, same), number(&after, same), "{same}");
    }
    // … of which fewer are positive, and shorter times, because nights and weekends no longer count.
    for less in ["/csat/positive", "/first_response/sum", "/full_resolution/sum", "/full_resolution/p50"] {
        assert!(number(&after, less) < number(&before, less), "{less}: {before} {after}");
    }
    assert_eq!(overview(&server, "default").1, before, "the default counts as it did");
    let server = server.restart();
    assert_eq!(overview(&server, "ours").0, after_text, "the same bytes after a restart");
    let dir = server.stop();
    let file = dir.path().join("ours.json");
    fs::write(&file, text).unwrap();
    let data = dir.path().join("data").display().to_string();
    let replayed = |definition: &str| {
        let arguments = ["report", "overview", "--output", "json", "--data-dir", &data, "--definition", definition];
        printed("daftar-replay", &[&arguments[..], &FLAGS].concat())
    };
    assert_eq!(replayed("ours"), after_text, "the published version, by the analyst's tool");
    assert_eq!(replayed(file.to_str().unwrap()), after_text.replacen("\"version\":1", "\"version\":0", 1), "as a file");
}
