//! Published reports: what is kept, what it would be now, and that customers' ids, retries and restarts leave it alone.

use crate::{AGENT, by, granted, ticket};
use daftar_tests::programs::printed;
use daftar_tests::server::{Answer, Server};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const SMALL: &str = include_str!("../fixtures/small.ndjson");
pub(crate) const PATH: &str = "/v1/snapshots";

/// A server that knows the small history, and has counted it.
pub(crate) fn filled() -> Server {
    let server = Server::start();
    granted(&server.post("/v1/events", SMALL), 200);
    seen(&server, 40);
    server
}

/// Waits until reports have seen a position.
pub(crate) fn seen(server: &Server, position: u64) {
    granted(&server.get(&format!("/v1/reports/flow?min_position={position}&timeout=60s")), 200);
}

#[track_caller]
fn publish(server: &Server, body: &Value) -> Value {
    let answer = server.post(PATH, body.to_string());
    granted(&answer, 201);
    answer.json()
}

#[track_caller]
fn reopened(server: &Server, name: &str) -> Value {
    let answer = server.get(&format!("{PATH}/{name}"));
    granted(&answer, 200);
    answer.json()
}

/// The kept bytes alone.
#[track_caller]
pub(crate) fn kept(server: &Server, name: &str) -> Answer {
    let answer = server.get(&format!("{PATH}/{name}?kept=true"));
    granted(&answer, 200);
    answer
}

/// Everything but what takes its value from when it was asked.
fn without_now(mut reopened: Value) -> Value {
    reopened.as_object_mut().unwrap().remove("now");
    reopened
}

#[test]
fn a_published_report_is_kept_listed_and_read_again() {
    let server = filled();
    assert_eq!(server.get(PATH).json(), json!({"items": [], "position": 40}));
    let query = json!({"group_by": "department", "from": "2025-03-01"});
    let asked = json!({"name": "q1.flow", "report": "flow", "query": query, "by": {"kind": "agent", "id": "sara"}});
    let answer = server.post(PATH, asked.to_string());
    granted(&answer, 201);
    assert_eq!(answer.header("location"), Some("/v1/snapshots/q1.flow%401"));
    assert_eq!(answer.header("daftar-position"), Some("41"), "its event's");
    let told = answer.json();
    let report = server.get("/v1/reports/flow?as_of=40&group_by=department&from=2025-03-01");
    let bytes = report.text().trim_end().replacen("\"as_of\":40", "\"as_of\":null", 1);
    assert_eq!(
        told,
        json!({
            "name": "q1.flow", "version": 1, "report": "flow", "query": query,
            "definition": {"name": "default", "version": 0}, "product": "0.1.0",
            "digest": blake3::hash(bytes.as_bytes()).to_hex().as_str(), "bytes": bytes.len(),
            "by": {"kind": "agent", "id": "sara"}, "position": 40, "published_at": told["published_at"],
        })
    );
    assert!(told["published_at"].as_str().unwrap().ends_with('Z'), "{told}");
    assert_eq!(server.get(PATH).json(), json!({"items": [told], "position": 41}));
    let read = kept(&server, "q1.flow");
    assert_eq!(read.text(), bytes, "not a byte more");
    let tag = format!("\"{}\"", told["digest"].as_str().unwrap());
    assert_eq!(read.header("etag"), Some(&*tag));
    let again = server.get_with(&format!("{PATH}/q1.flow@1?kept=true"), &[("if-none-match", &tag)]);
    assert_eq!((again.status, again.bytes.len()), (304, 0));
    let answer = server.get(&format!("{PATH}/q1.flow?min_position=41"));
    let whole = answer.json();
    assert!(told.as_object().unwrap().iter().all(|(name, value)| whole[name] == *value), "{whole}");
    assert!(answer.text().contains(&format!("\"kept\":{bytes}")), "the bytes as they were published");
    assert_eq!(whole["newest_definition"], 0);
    let same = json!({"position": 40, "differences": [], "report": whole["kept"]});
    assert_eq!(whole["same_position"], same);
    assert_eq!((&whole["now"]["position"], &whole["now"]["differences"]), (&json!(41), &json!([])));
}

#[test]
fn later_events_change_it_now_and_not_then() {
    let server = Server::start();
    ticket(&server, "A", &[("close", &by(AGENT)), ("survey", r#"{"overall":{"scale":"five","score":5}}"#)]);
    ticket(&server, "B", &[]);
    seen(&server, 4);
    let query = json!({"figures": "opened,csat,backlog", "at": "2100-01-01"});
    publish(&server, &json!({"name": "o", "report": "overview", "query": query}));
    let before = reopened(&server, "o");
    let row = &before["kept"]["rows"][0];
    assert_eq!((&row["opened"], &row["csat"]["percent"], &row["backlog"]), (&json!(2), &json!(100), &json!(1)));
    granted(&server.post("/v1/tickets/A/survey", r#"{"overall":{"scale":"five","score":1}}"#), 200);
    granted(&server.post("/v1/tickets/B/void", r#"{"reason":"spam"}"#), 200);
    seen(&server, 7);
    let after = reopened(&server, "o");
    assert_eq!(without_now(after.clone()), without_now(before.clone()), "then it is what it was");
    assert_eq!(after["same_position"]["differences"], json!([]));
    let changed =
        |figure: &str, kept: Value, now: Value| json!({"row": {}, "figure": figure, "kept": kept, "now": now});
    let expected = [
        changed("opened", json!(2), json!(1)),
        changed("backlog", json!(1), json!(0)),
        // One answer: satisfied, then not. The Wilson interval of 1 of 1 is 100 / (1 + z²) to 100, of 0 of 1 its mirror.
        changed("csat.positive", json!(1), json!(0)),
        changed("csat.percent", json!(100), json!(0)),
        changed("csat.low95", json!(20.654931), json!(0)),
        changed("csat.high95", json!(100), json!(79.345069)),
        changed("csat.mean_score", json!(5), json!(1)),
        changed("csat.distribution.five.1", json!(0), json!(1)),
        changed("csat.distribution.five.5", json!(1), json!(0)),
    ];
    assert_eq!(after["now"]["differences"], json!(expected));
    let (kept, now) = (&after["kept"]["rows"][0], &after["now"]["report"]["rows"][0]);
    assert_eq!((&kept["opened"], &now["opened"], &after["now"]["position"]), (&json!(2), &json!(1), &json!(7)));
}

#[test]
fn rows_and_tickets_that_come_are_named() {
    let server = Server::start();
    ticket(&server, "A", &[]);
    seen(&server, 1);
    publish(&server, &json!({"name": "f", "report": "flow", "query": {"group_by": "branch", "figures": "opened"}}));
    granted(&server.post("/v1/tickets", r#"{"ticket":"B","branch":"tehran"}"#), 201);
    seen(&server, 3);
    let now = &reopened(&server, "f")["now"];
    let differences = now["differences"].as_array().unwrap();
    let new = json!({"period": null, "group": {"branch": "tehran"}, "opened": 1});
    assert_eq!(differences[1..], [json!({"row": {"branch": "tehran"}, "now": new})]);
    assert_eq!(differences[0]["field"], "at", "measured up to the last event");
}

#[test]
fn customers_stand_in_it_by_pseudonym() {
    let server = filled();
    let ids = ["c-42", "مشتری-۷"];
    let named = server.get("/v1/reports/flow?group_by=customer").text().to_owned();
    assert!(ids.iter().all(|id| named.contains(id)), "{named}");
    publish(&server, &json!({"name": "c", "report": "flow", "query": {"group_by": "customer"}}));
    publish(&server, &json!({"name": "q", "report": "review-queue", "query": {"at": "2030-01-01"}}));
    let told = publish(&server, &json!({"name": "one", "report": "flow", "query": {"customer": "c-42,null"}}));
    for name in ["c", "q", "one"] {
        let answers = [kept(&server, name), server.get(&format!("{PATH}/{name}"))];
        assert!(answers.iter().all(|answer| ids.iter().all(|id| !answer.text().contains(id))), "{name}");
    }
    let rows = reopened(&server, "c")["kept"]["rows"].as_array().unwrap().clone();
    let customers: Vec<_> = rows.iter().filter_map(|row| row["group"]["customer"].as_str()).collect();
    assert!(customers.len() >= 2);
    assert!(customers.iter().all(|customer| customer.len() == 32 && customer.bytes().all(|b| b.is_ascii_hexdigit())));
    let filter = told["query"]["customer"].as_str().unwrap();
    assert!(customers.contains(&filter.strip_suffix(",null").unwrap()), "{filter}");
    let opened = |text: &str| serde_json::from_str::<Value>(text).unwrap()["rows"][0]["opened"].clone();
    let by_id = server.get("/v1/reports/flow?customer=c-42,null");
    assert_eq!(opened(kept(&server, "one").text()), opened(by_id.text()), "the same customers");
    assert_eq!(reopened(&server, "one")["same_position"]["differences"], json!([]));
    assert!(!server.get(PATH).text().contains("c-42"));
    assert!(!server.get("/v1/events?all=true&after=40").text().contains("c-42"));
    let unknown = json!({"name": "x", "report": "flow", "query": {"customer": "c-42,somebody"}});
    let (_, pointers) = server.post(PATH, unknown.to_string()).problem(422, "invalid");
    assert_eq!(pointers, ["/query/customer"]);
    let dir = server.stop();
    for file in files_below(&dir.path().join("data")) {
        let bytes = std::fs::read(&file).unwrap();
        let stands = |id: &&str| bytes.windows(id.len()).any(|window| window == id.as_bytes());
        assert!(!ids.iter().any(stands), "{}", file.display());
    }
}

/// Every file in a directory and below it.
fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn it_outlives_a_restart_and_a_restore() {
    let server = filled();
    let query = json!({"group_by": "customer,agent", "interval": "day"});
    publish(&server, &json!({"name": "s", "report": "satisfaction", "query": query}));
    let (bytes, whole) = (kept(&server, "s").bytes, without_now(reopened(&server, "s")));
    let same = |server: &Server| {
        assert_eq!(kept(server, "s").bytes, bytes);
        assert_eq!(without_now(reopened(server, "s")), whole);
        assert_eq!(server.get(PATH).json()["items"].as_array().unwrap().len(), 1);
    };
    same(&server);
    let server = server.restart();
    same(&server);
    let dir = server.stop();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let _ = printed("daftar", &["backup", "--data-dir", &path("data"), &path("copy")]);
    std::fs::remove_dir_all(path("data")).unwrap();
    let _ = printed("daftar", &["restore", "--data-dir", &path("data"), &path("copy")]);
    let _ = printed("daftar", &["check", "--data-dir", &path("data")]);
    same(&Server::on(dir));
}

#[test]
fn a_name_has_versions_and_an_equal_report_is_none() {
    let server = filled();
    let asked = json!({"name": "v", "report": "flow", "query": {"as_of": "20"}});
    let first = publish(&server, &asked);
    let again = server.post(PATH, asked.to_string());
    assert_eq!((again.status, again.json()), (200, first), "nothing was published");
    let other = json!({"name": "v", "report": "flow", "query": {"as_of": "21"}});
    assert_eq!(publish(&server, &other)["version"], 2);
    assert_eq!(publish(&server, &asked)["version"], 3, "the newest was another");
    let position = |name: &str| reopened(&server, name)["position"].clone();
    assert_eq!([position("v"), position("v@1"), position("v@2"), position("v@3")], [20, 20, 21, 20]);
    let list = server.get(PATH).json();
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["version"]), (1, &json!(3)));
    for name in ["w", "v@0", "v@4", "v@", "v@x", "%FF"] {
        server.get(&format!("{PATH}/{name}")).problem(404, "not-found");
    }
    // As of an earlier position, and asked again as of none.
    let whole = reopened(&server, "v@1");
    assert_eq!((&whole["kept"]["as_of"], &whole["now"]["report"]["as_of"]), (&json!(20), &Value::Null));
    assert_eq!(whole["now"]["position"], whole["now"]["report"]["position"]);
}

#[test]
fn a_retry_is_answered_as_the_first_time() {
    let server = filled();
    let body = json!({"name": "r", "report": "flow"}).to_string();
    let post = |key: &str, body: &str| server.post_with(PATH, body, &[("idempotency-key", key)]);
    let first = post("k-1", &body);
    granted(&first, 201);
    granted(&server.post("/v1/tickets", r#"{"ticket":"B"}"#), 201);
    seen(&server, 42);
    let again = post("k-1", &body);
    assert_eq!((again.status, again.json()), (201, first.json()), "and not of a later position");
    assert_eq!(again.header("daftar-position"), first.header("daftar-position"));
    post("k-1", &body.replace("flow", "volume")).problem(422, "key-reused");
    let second = post("k-2", &body);
    assert_eq!((second.status, &second.json()["version"], &second.json()["position"]), (201, &json!(2), &json!(42)));
    let unchanged = json!({"name": "r", "report": "flow", "query": {"as_of": "40"}}).to_string();
    assert_eq!(post("k-3", &unchanged).json()["version"], 3);
    let same = post("k-4", &unchanged);
    assert_eq!((same.status, &same.json()["version"]), (200, &json!(3)));
    granted(&server.post("/v1/tickets", r#"{"ticket":"C"}"#), 201);
    granted(&post("k-5", &body), 201);
    let same_again = post("k-4", &unchanged);
    assert_eq!((same_again.status, same_again.json()), (200, same.json()), "what changed nothing is known too");
}

#[test]
fn the_definition_it_was_made_under_stays_its_own() {
    let server = filled();
    let strict = |least: u32| format!(r#"{{"name":"strict","csat":{{"positive_from":{{"five":{least}}}}}}}"#);
    granted(&server.send("PUT", "/v1/definitions/strict", strict(5), &[]), 201);
    let body = json!({"name": "d", "report": "satisfaction", "query": {"definition": "strict", "figures": "csat"}});
    let told = publish(&server, &body);
    assert_eq!(told["definition"], json!({"name": "strict", "version": 1}));
    granted(&server.send("PUT", "/v1/definitions/strict", strict(2), &[]), 200);
    let whole = reopened(&server, "d");
    assert_eq!((&whole["newest_definition"], &whole["now"]["report"]["definition"]["version"]), (&json!(2), &json!(1)));
    assert_eq!((&whole["same_position"]["differences"], &whole["now"]["differences"]), (&json!([]), &json!([])));
    // One that came with the request, and is published nowhere.
    let document: Value = serde_json::from_str(&strict(5).replace("strict", "own")).unwrap();
    let body = json!({"name": "e", "report": "satisfaction", "query": {"figures": "csat"}, "document": document});
    let told = publish(&server, &body);
    assert_eq!(told["definition"], json!({"name": "own", "version": 0}));
    assert_eq!(told["document"]["csat"]["positive_from"]["five"], 5);
    server.get("/v1/definitions/own").problem(404, "not-found");
    let own = reopened(&server, "e");
    assert_eq!(own["kept"]["rows"], whole["kept"]["rows"], "the same figures as under the published one");
    assert_eq!((&own["newest_definition"], &own["same_position"]["differences"]), (&Value::Null, &json!([])));
    assert!(server.get(PATH).json()["items"].as_array().unwrap().iter().all(|item| item["document"].is_null()));
}

#[test]
fn what_cannot_be_published_is_refused_in_words() {
    let server = filled();
    let refused = |body: &str, status: u16, slug: &str| server.post(PATH, body).problem(status, slug);
    assert_eq!(refused("{}", 400, "malformed").1, ["/name", "/report"]);
    assert_eq!(refused(r#"{"name":"a b","report":"flow"}"#, 422, "invalid").1, ["/name"]);
    assert_eq!(refused(r#"{"name":"a","report":"flows"}"#, 422, "invalid").1, ["/report"]);
    let wrong = r#"{"name":"a","report":"flow","query":{"from":"soon","group_by":"mood","x":"1","attribute.a b":"1"}}"#;
    assert_eq!(
        refused(wrong, 422, "invalid").1,
        ["/query/attribute.a b", "/query/from", "/query/group_by", "/query/x"]
    );
    let beyond = r#"{"name":"a","report":"flow","query":{"as_of":"41"}}"#;
    let (detail, pointers) = refused(beyond, 422, "invalid");
    assert!(detail.contains("must not lie beyond the log's end, which is position 40"), "{detail}");
    assert_eq!(pointers, ["/query/as_of"]);
    let ends = r#"{"name":"a","report":"flow","query":{"from":"2025-01-02","to":"2025-01-01T00:00:00Z"}}"#;
    assert_eq!(refused(ends, 422, "invalid").1, ["/query/to"]);
    let unnamed = r#"{"name":"a","report":"flow","query":{"definition":"nobody"}}"#;
    assert_eq!(refused(unnamed, 422, "invalid").1, ["/query/definition"]);
    let document = r#"{"name":"a","report":"flow","document":{"name":"own","ces":{"bettr":"low"}}}"#;
    assert_eq!(refused(document, 422, "invalid").1, ["/document/ces/bettr"]);
    let many = r#"{"name":"a","report":"flow","query":{"interval":"hour","from":"1900-01-01","to":"2200-01-01"}}"#;
    refused(many, 422, "too-many-cells");
    let customer = r#"{"name":"a","report":"flow","by":{"kind":"customer","id":"c-42"}}"#;
    assert_eq!(refused(customer, 400, "malformed").1, ["/by"]);
    server.get(&format!("{PATH}/a")).problem(404, "not-found");
    server.get(&format!("{PATH}?x=1")).problem(400, "malformed");
    assert_eq!(server.get(PATH).header("daftar-position"), Some("40"), "nothing was published");
}

#[test]
fn the_feed_tells_of_it_without_its_bytes_only_when_asked() {
    let server = filled();
    let told = publish(&server, &json!({"name": "f", "report": "flow", "query": {"branch": "tehran"}}));
    assert_eq!(server.get("/v1/events?after=40").text(), "");
    let line = server.get("/v1/events?all=true&after=40").json();
    assert_eq!(
        (&line["type"], &line["position"], &line["version"]),
        (&json!("report_published"), &json!(41), &json!(1))
    );
    for name in ["name", "report", "query", "definition", "product", "digest", "bytes"] {
        assert_eq!(line[name], told[name], "{name}");
    }
    assert_eq!((&line["report_position"], &line["packed"]), (&json!(40), &Value::Null));
    let imported = server.post("/v1/events", line.to_string()).json();
    assert_eq!((&imported["appended"], &imported["rejected"]), (&json!(0), &json!(1)), "{imported}");
}

#[test]
fn many_who_publish_under_one_name_make_a_version_each() {
    let server = filled();
    std::thread::scope(|scope| {
        for position in 1..=12 {
            let server = &server;
            let query = json!({"as_of": position.to_string()});
            scope.spawn(move || publish(server, &json!({"name": "m", "report": "flow", "query": query})));
        }
    });
    let position = |version| reopened(&server, &format!("m@{version}"))["position"].as_u64().unwrap();
    let mut positions: Vec<_> = (1..=12).map(position).collect();
    positions.sort_unstable();
    assert_eq!(positions, (1..=12).collect::<Vec<_>>());
    server.get(&format!("{PATH}/m@13")).problem(404, "not-found");
}
