//! Explanations over HTTP: what a cell of a report is made of, in words, page by page, now and as of the past.

use crate::{AGENT, CUSTOMER, by, granted, reply_by, ticket};
use daftar_tests::programs::printed;
use daftar_tests::server::Server;
use serde_json::{Value, json};

const SMALL: &str = include_str!("../fixtures/small.ndjson");

/// A server that knows the small history, and has counted it.
fn filled() -> Server {
    let server = Server::start();
    granted(&server.post("/v1/events", SMALL), 200);
    granted(&server.get("/v1/reports/flow?min_position=40"), 200);
    server
}

#[track_caller]
fn explained(server: &Server, report: &str, query: &str) -> Value {
    let answer = server.get(&format!("/v1/reports/{report}/explain?{query}"));
    granted(&answer, 200);
    let told = answer.json();
    assert_eq!(answer.header("daftar-position").unwrap(), told["cell"]["position"].to_string());
    told
}

#[test]
fn a_cell_opens_down_to_sentences_about_its_tickets() {
    let server = filled();
    let cell = "from=2025-03-01&to=2025-03-04&interval=day&group_by=department";
    let report = server.get(&format!("/v1/reports/response-times?{cell}")).json();
    let query = format!("{cell}&period=2025-03-01&cell.department=technical&figure=first_response");
    let told = explained(&server, "response-times", &query);
    let row = report["rows"].as_array().unwrap().iter().find(|row| row["group"]["department"] == "technical").unwrap();
    assert_eq!(told["cell"]["value"], row["first_response"]);
    for name in ["report", "definition", "position", "as_of", "at"] {
        assert_eq!(told["cell"][name], report[name], "{name}");
    }
    for name in ["period", "start", "end", "group"] {
        assert_eq!(told["cell"][name], row[name], "{name}");
    }
    let items = told["items"].as_array().unwrap();
    let [item] = &items[..] else { panic!("HD-1001 alone was answered there that day: {told}") };
    let mut fields = item.clone();
    let words = fields.as_object_mut().unwrap().remove("words").unwrap();
    let expected = json!({
        "ticket": "HD-1001", "cycle": 1, "at": "2025-03-01T08:41:00Z", "value": 1740, "counted": true, "agent": "sara",
        "versions": [1, 3], "position": 4,
    });
    assert_eq!(fields, expected);
    let words = words.as_str().unwrap();
    assert!(words.contains("sara") && words.contains("29 min"), "{words}");
    let persian = explained(&server, "response-times", &format!("{query}&words=fa"))["items"][0]["words"].clone();
    assert!(persian.as_str().unwrap().contains("۲۹"), "{persian}");
}

#[test]
fn pages_speak_for_the_position_of_the_first() {
    let server = filled();
    let query = "figure=opened&limit=1";
    let first = explained(&server, "flow", query);
    let cursor = first["next_cursor"].as_str().unwrap();
    ticket(&server, "NEW", &[]);
    granted(&server.get("/v1/reports/flow?min_position=41"), 200);
    let second = explained(&server, "flow", &format!("{query}&cursor={cursor}"));
    assert_eq!((&second["cell"], &second["items"][0]["ticket"]), (&first["cell"], &json!("تیکت-۱۴۰۳")));
    assert_eq!(explained(&server, "flow", query)["cell"]["items"], 4);
    let (_, pointers) =
        server.get(&format!("/v1/reports/flow/explain?figure=closed&cursor={cursor}")).problem(422, "invalid");
    assert_eq!(pointers, ["/cursor"]);
    let (_, pointers) = server.get("/v1/reports/flow/explain?figure=closed&cursor=x").problem(422, "invalid");
    assert_eq!(pointers, ["/cursor"]);
    let other = filled();
    other.get(&format!("/v1/reports/flow/explain?{query}&cursor={cursor}")).problem(410, "other-epoch");
}

#[test]
fn a_date_is_one_instant_for_both_sides_of_a_comparison() {
    let server = filled();
    // Midnight in Tehran is earlier than in UTC.
    for (definition, against, instant) in
        [("default", "iran", "2025-03-02T00:00:00Z"), ("iran", "default", "2025-03-01T20:30:00Z")]
    {
        let query =
            format!("figure=opened&happened_by=2025-03-02&definition={definition}&against={against}&timeout=60s");
        let told = explained(&server, "flow", &query);
        assert_eq!((&told["cell"]["happened_by"], &told["against"]["happened_by"]), (&json!(instant), &json!(instant)));
    }
}

#[test]
fn what_was_taken_back_stays_visible_and_stood_until_then() {
    let server = Server::start();
    ticket(&server, "A", &[("replies", &reply_by(AGENT)), ("replies/1/rating", r#"{"rating":"dissatisfied"}"#)]);
    granted(&server.post("/v1/tickets/A/replies/1/rating", r#"{"rating":"satisfied"}"#), 200);
    let cell = |more: &str| explained(&server, "satisfaction", &format!("figure=reply_rating&min_position=4{more}"));
    let now = cell("");
    assert_eq!((&now["cell"]["items"], &now["cell"]["taken_back"]), (&json!(1), &json!(1)));
    assert_eq!((&now["items"][0]["position"], &now["items"][0]["counted"]), (&json!(4), &json!(true)));
    let once = cell("&taken_back=true");
    assert_eq!(once["items"][0]["taken_back"], json!({"by": "changed", "position": 4}));
    assert_eq!((&once["items"][0]["value"], &once["items"][0]["counted"]), (&json!(0), &json!(false)));
    let then = cell("&as_of=3");
    assert_eq!((&then["items"][0]["position"], &then["cell"]["taken_back"]), (&json!(3), &json!(0)));
    granted(&server.post("/v1/tickets/A/close", by(AGENT)), 200);
    granted(&server.post("/v1/tickets/A/reopen", by(CUSTOMER)), 200);
    let once = explained(&server, "resolution-times", "figure=full_resolution&taken_back=true&min_position=6");
    assert_eq!(once["items"][0]["taken_back"], json!({"by": "reopened", "position": 6}));
}

#[test]
fn every_report_explains_its_figures() {
    let server = filled();
    for (report, query) in [
        ("overview", "figure=nps"),
        ("overview", "figure=csat.percent"),
        ("satisfaction", "figure=questions.speed"),
        ("response-times", "figure=next_response&within=4h"),
        ("resolution-times", "figure=on_hold_customer.p90"),
        ("flow", "figure=reasons.solved&group_by=agent&cell.agent=sara"),
        ("flow", "figure=between.0"),
        ("leaderboard", "figure=targets_met&cell.agent=omid"),
        ("targets", "figure=first_response.met"),
        ("targets", "figure=full_resolution.running"),
        ("volume", "figure=cells.0.opened"),
        ("backlog", "figure=ages.over_30d&interval=month&period=2025-03"),
        ("cases", "figure=time_to_follow_up"),
        ("flow", "figure=opened&interval=hour&period=2025-03-01T08%2B00:00"),
    ] {
        let told = explained(&server, report, query);
        assert_eq!(told["cell"]["items"], told["items"].as_array().unwrap().len(), "{report} {query}");
        for item in told["items"].as_array().unwrap() {
            assert!(item["cycle"].as_u64() >= Some(1) && !item["words"].as_str().unwrap().is_empty(), "{item}");
            assert!(item["versions"].is_array() && item["counted"].is_boolean(), "{item}");
        }
    }
}

#[test]
fn every_wrong_parameter_is_named() {
    let server = filled();
    for (query, status, slug, at) in [
        ("", 422, "invalid", "/figure"),
        ("figure=colour", 422, "invalid", "/figure"),
        ("figure=opened&period=2025-03", 422, "invalid", "/period"),
        ("figure=opened&interval=month&period=march", 422, "invalid", "/period"),
        ("figure=opened&cell.branch=tehran", 422, "invalid", "/cell.branch"),
        ("figure=opened&group_by=branch", 422, "invalid", "/cell.branch"),
        ("figure=opened&limit=0", 422, "invalid", "/limit"),
        ("figure=opened&words=de", 422, "invalid", "/words"),
        ("figure=opened&from=x", 422, "invalid", "/from"),
        ("figure=opened&definition=mine", 422, "invalid", "/definition"),
        ("figure=opened&as_of=41", 422, "invalid", "/as_of"),
        ("figure=opened&colour=red", 400, "malformed", "/colour"),
        ("figure=opened&figure=closed", 400, "malformed", "/figure"),
    ] {
        let (detail, pointers) = server.get(&format!("/v1/reports/flow/explain?{query}")).problem(status, slug);
        assert_eq!(pointers, [at], "{query}: {detail}");
    }
    server.get("/v1/reports/nothing/explain?figure=opened").problem(404, "not-found");
}

#[test]
fn the_tickets_that_move_under_another_definition_stand_side_by_side() {
    let server = filled();
    let strict = r#"{"name":"strict","csat":{"positive_from":{"five":5}}}"#;
    granted(&server.send("PUT", "/v1/definitions/strict", strict, &[]), 201);
    let told = explained(&server, "satisfaction", "figure=csat&against=strict&min_position=41");
    assert_eq!((&told["moved"], &told["next_cursor"]), (&json!(1), &Value::Null), "{told}");
    let csat = |name: &str| told[name]["value"]["positive"].clone();
    assert_eq!((csat("cell"), csat("against")), (json!(3), json!(2)));
    let moved = &told["items"][0];
    assert_eq!((&moved["ticket"], &moved["difference"]), (&json!("HD-1001"), &json!(0)));
    assert_eq!((&moved["item"]["value"], &moved["item"]["counted"]), (&json!(4), &json!(true)));
    assert_eq!((&moved["against"]["value"], &moved["against"]["counted"]), (&json!(4), &json!(false)));
    assert!(moved["against"]["words"].is_string());
    // A definition that measures otherwise: the first answer to HD-1002 came ten minutes after it was assigned.
    let assigned = r#"{"name":"assigned","first_response":{"starts":"first_assigned"}}"#;
    granted(&server.send("PUT", "/v1/definitions/assigned", assigned, &[]), 201);
    let query = "figure=first_response&against=assigned&limit=1&min_position=42";
    let told = explained(&server, "response-times", query);
    assert_eq!((&told["moved"], &told["cell"]["items"], &told["against"]["items"]), (&json!(3), &json!(3), &json!(3)));
    let difference = |told: &Value| (told["items"][0]["ticket"].clone(), told["items"][0]["difference"].clone());
    assert_eq!(difference(&told), (json!("HD-1002"), json!(-10_800)));
    assert_eq!(told["items"][0]["against"]["value"], 600);
    let cursor = told["next_cursor"].as_str().unwrap();
    let second = explained(&server, "response-times", &format!("{query}&cursor={cursor}"));
    assert_eq!(difference(&second), (json!("HD-1001"), json!(-480)));
    let (_, pointers) = server.get("/v1/reports/flow/explain?figure=opened&against=nobodys").problem(422, "invalid");
    assert_eq!(pointers, ["/against"]);
}

#[test]
fn the_replay_tool_explains_with_the_same_bytes_and_finds_the_same_tickets_moved() {
    let server = filled();
    let cells: [(&str, &str, &[&str]); 4] = [
        ("flow", "figure=opened", &["--cell", "figure=opened"]),
        (
            "response-times",
            "interval=day&group_by=department&period=2025-03-01&cell.department=technical&figure=first_response.p90",
            &[
                "--interval",
                "day",
                "--group-by",
                "department",
                "--cell",
                "period=2025-03-01,department=technical,figure=first_response.p90",
            ],
        ),
        (
            "satisfaction",
            "figure=csat&taken_back=true&words=fa",
            &["--cell", "figure=csat", "--taken-back", "--words", "fa"],
        ),
        ("flow", "figure=closed&as_of=25&limit=1", &["--cell", "figure=closed", "--as-of", "25", "--limit", "1"]),
    ];
    let answers = cells.map(|(report, query, _)| {
        let answer = server.get(&format!("/v1/reports/{report}/explain?{query}"));
        granted(&answer, 200);
        answer.text().trim_end().to_owned()
    });
    let against = explained(&server, "resolution-times", "figure=full_resolution&against=iran");
    let dir = server.stop();
    let data_dir = dir.path().join("data");
    let source = ["--output", "json", "--data-dir", data_dir.to_str().unwrap()];
    for ((report, _, flags), answer) in cells.iter().zip(&answers) {
        let told = printed("daftar-replay", &[&["explain", report], *flags, &source].concat());
        assert_eq!(told.trim_end(), answer);
    }
    let both = ["--figure", "full_resolution.mean", "--definition", "default", "--definition", "iran"];
    let told = printed("daftar-replay", &[&["compare", "resolution-times"], &both[..], &source].concat());
    let mut compared: Value = serde_json::from_str(&told).unwrap();
    let moved = &mut compared["moved"][0];
    assert_eq!(moved["moved"], against["moved"]);
    let items = moved["items"].as_array_mut().unwrap();
    items.iter_mut().for_each(|item| drop(item.as_object_mut().unwrap().remove("reason")));
    assert!(!items.is_empty() && against["items"].as_array() == Some(&*items), "{items:?}");
}
