//! Every wrong field is named, with its place, and whether it is malformed or only breaks a rule.

use crate::{AGENT, by, reply_by, ticket};
use daftar_tests::server::Server;

type Row = (&'static str, u16, &'static [&'static str]);

/// Wrong values of `by`, for every command.
const WRONG_ACTORS: &[Row] = &[
    (r#"7"#, 400, &[""]),
    (r#""sara""#, 400, &[""]),
    (r#"{}"#, 400, &["/kind"]),
    (r#"{"kind":7}"#, 400, &["/kind"]),
    (r#"{"kind":"robot"}"#, 422, &["/kind"]),
    (r#"{"kind":"agent"}"#, 400, &["/id"]),
    (r#"{"kind":"agent","id":null}"#, 400, &["/id"]),
    (r#"{"kind":"agent","id":7}"#, 400, &["/id"]),
    (r#"{"kind":"agent","id":"a b"}"#, 422, &["/id"]),
    (r#"{"kind":"customer","id":""}"#, 422, &["/id"]),
    (r#"{"kind":"automation","id":"-"}"#, 422, &["/id"]),
    (r#"{"kind":"agent","id":"sara","name":"Sara"}"#, 400, &["/name"]),
];

/// Every command on a ticket and a body that is well.
fn commands() -> Vec<(&'static str, String)> {
    [
        ("assign", r#"{"agent":"ali"}"#.to_owned()),
        ("transfer", r#"{"branch":"tehran"}"#.to_owned()),
        ("priority", r#"{"priority":"low"}"#.to_owned()),
        ("tags", r#"{"added":["a"]}"#.to_owned()),
        ("replies", reply_by(AGENT)),
        ("replies/1/rating", r#"{"rating":"satisfied"}"#.to_owned()),
        ("hold", r#"{"waiting_for":"customer"}"#.to_owned()),
        ("resume", "{}".to_owned()),
        ("close", by(AGENT)),
        ("survey", r#"{"nps":9}"#.to_owned()),
        ("reopen", by(AGENT)),
        ("void", r#"{"reason":"spam"}"#.to_owned()),
        ("restore", "{}".to_owned()),
        ("follow-ups", format!(r#"{{"by":{AGENT},"means":"call"}}"#)),
    ]
    .to_vec()
}

/// Adds a field to a JSON object.
fn with(body: &str, name: &str, value: &str) -> String {
    let mut object: serde_json::Map<_, _> = serde_json::from_str(body).unwrap();
    object.insert(name.to_owned(), serde_json::from_str(value).unwrap());
    serde_json::Value::Object(object).to_string()
}

/// Asserts that a body is refused with that status, for the slug that goes with it, at exactly these places.
#[track_caller]
fn refused(server: &Server, path: &str, body: &str, status: u16, at: &[&str]) {
    let answer = server.post(path, body);
    assert_eq!(answer.status, status, "{path} {body}: {}", answer.text());
    let slug = if status == 400 { "malformed" } else { "invalid" };
    let (_, mut pointers) = answer.problem(status, slug);
    pointers.dedup();
    assert_eq!(pointers, at, "{path} {body}: {}", answer.text());
}

#[test]
fn every_command_refuses_what_only_facts_have_and_what_it_does_not_know() {
    let server = Server::start();
    ticket(&server, "HD-1", &[("replies", &reply_by(AGENT))]);
    let opening = ("/v1/tickets".to_owned(), r#"{"ticket":"HD-2"}"#.to_owned());
    let others = commands().into_iter().map(|(action, body)| (format!("/v1/tickets/HD-1/{action}"), body));
    for (path, body) in std::iter::once(opening).chain(others) {
        for (name, value) in [
            ("type", r#""ticket_closed""#),
            ("occurred_at", r#""2026-01-03T08:12:00Z""#),
            ("recorded_at", r#""2026-01-03T08:12:00Z""#),
            ("position", "1"),
            ("version", "1"),
            ("event_id", r#""e-1""#),
            ("cause", r#"{"position":1,"rule":"r"}"#),
            ("colour", r#""red""#),
            ("a/b~c", "null"),
        ] {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            refused(&server, &path, &with(&body, name, value), 400, &[&pointer]);
        }
        if path != "/v1/tickets" {
            refused(&server, &path, &with(&body, "ticket", r#""HD-1""#), 400, &["/ticket"]);
        }
        let who = if path.ends_with("/replies") { "author" } else { "by" };
        for (actor, status, at) in WRONG_ACTORS {
            let at: Vec<_> = at.iter().map(|at| format!("/{who}{at}")).collect();
            refused(
                &server,
                &path,
                &with(&body, who, actor),
                *status,
                &at.iter().map(String::as_str).collect::<Vec<_>>(),
            );
        }
        let twice = format!(r#"{{"by":{AGENT},"by":{AGENT},{}"#, &body[1..]).replace(",}", "}");
        let (_, pointers) = server.post(&path, twice).problem(400, "malformed");
        assert!(pointers.contains(&"/by".to_owned()), "{path}: {pointers:?}");
    }
    assert_eq!(server.get("/v1/tickets/HD-1").json()["version"], 2, "nothing of it was kept");
}

#[test]
fn every_command_refuses_a_body_that_is_no_object() {
    let server = Server::start();
    ticket(&server, "HD-1", &[("replies", &reply_by(AGENT))]);
    let on_ticket = commands().into_iter().map(|(action, _)| format!("/v1/tickets/HD-1/{action}"));
    for path in std::iter::once("/v1/tickets".to_owned()).chain(on_ticket) {
        for body in ["[]", "7", "null", "true", r#""text""#, "{", r#"{"by":}"#, "{} {}", "{}x", "by=sara"] {
            refused(&server, &path, body, 400, &[]);
        }
        for body in [&b"{\"\xff\":1}"[..], b"\xff\xfe{}", b"{}\x00"] {
            server.post(&path, body).problem(400, "malformed");
        }
    }
    let deep = format!(r#"{{"ticket":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    server.post("/v1/tickets", deep).problem(400, "malformed");
}

#[test]
fn every_wrong_field_of_an_opening_is_named() {
    let server = Server::start();
    let too_long = format!("{:?}", "ا".repeat(65));
    let decomposed = "\"e\u{301}\"";
    let wrong_ids: [(&str, u16); 10] = [
        ("7", 400),
        ("[]", 400),
        ("{}", 400),
        ("true", 400),
        (r#""""#, 422),
        (r#""a b""#, 422),
        (r#""---""#, 422),
        (r#""a/b""#, 422),
        (&too_long, 422),
        (decomposed, 422),
    ];
    for field in ["ticket", "customer", "channel", "branch", "department", "customer_tier"] {
        for (value, status) in wrong_ids {
            refused(&server, "/v1/tickets", &format!(r#"{{"{field}":{value}}}"#), status, &[&format!("/{field}")]);
        }
    }
    let rows: &[Row] = &[
        (r#"{"priority":7}"#, 400, &["/priority"]),
        (r#"{"priority":"asap"}"#, 422, &["/priority"]),
        (r#"{"language":7}"#, 400, &["/language"]),
        (r#"{"language":"f"}"#, 422, &["/language"]),
        (r#"{"subject":7}"#, 400, &["/subject"]),
        (r#"{"body":["a"]}"#, 400, &["/body"]),
        (r#"{"tags":"a"}"#, 400, &["/tags"]),
        (r#"{"tags":["a",7]}"#, 400, &["/tags/1"]),
        (r#"{"tags":["a","a b"]}"#, 422, &["/tags/1"]),
        (r#"{"tags":["a","a"]}"#, 422, &["/tags/1"]),
        (r#"{"attributes":[]}"#, 400, &["/attributes"]),
        (r#"{"attributes":{"a":7}}"#, 400, &["/attributes/a"]),
        (r#"{"attributes":{"a":"b c"}}"#, 422, &["/attributes/a"]),
        (r#"{"attributes":{"a/b":"c"}}"#, 422, &["/attributes/a~1b"]),
        (r#"{"attributes":{"a":"b","a":"c"}}"#, 400, &["/attributes/a"]),
        (r#"{"attachments":{}}"#, 400, &["/attachments"]),
        (r#"{"attachments":[7]}"#, 400, &["/attachments/0"]),
        (r#"{"attachments":[{"name":"a"},{}]}"#, 400, &["/attachments/1/name"]),
        (r#"{"attachments":[{"name":7}]}"#, 400, &["/attachments/0/name"]),
        (r#"{"attachments":[{"name":"a","media_type":7}]}"#, 400, &["/attachments/0/media_type"]),
        (r#"{"attachments":[{"name":"a","size":"1"}]}"#, 400, &["/attachments/0/size"]),
        (r#"{"attachments":[{"name":"a","size":-1}]}"#, 422, &["/attachments/0/size"]),
        (r#"{"attachments":[{"name":"a","size":18446744073709551616}]}"#, 422, &["/attachments/0/size"]),
        (r#"{"attachments":[{"name":"a","sha256":"ABC"}]}"#, 422, &["/attachments/0/sha256"]),
        (r#"{"attachments":[{"name":"a","url":7}]}"#, 400, &["/attachments/0/url"]),
        (r#"{"attachments":[{"name":"a","colour":7}]}"#, 400, &["/attachments/0/colour"]),
        // All at once; one malformed field makes the whole malformed.
        (r#"{"ticket":"a b","priority":"asap","tags":["c d"]}"#, 422, &["/priority", "/tags/0", "/ticket"]),
        (r#"{"ticket":"a b","priority":7}"#, 400, &["/priority", "/ticket"]),
    ];
    for (body, status, at) in rows {
        refused(&server, "/v1/tickets", body, *status, at);
    }
    assert_eq!(server.get("/v1/events").text(), "", "nothing of it was kept");
}

#[test]
fn every_wrong_field_of_a_command_is_named() {
    let server = Server::start();
    ticket(&server, "HD-1", &[("replies", &reply_by(AGENT)), ("close", &by(AGENT))]);
    let rows: &[(&str, &str, u16, &[&str])] = &[
        ("assign", "{}", 400, &["/agent"]),
        ("assign", "", 400, &["/agent"]),
        ("assign", r#"{"agent":7}"#, 400, &["/agent"]),
        ("assign", r#"{"agent":"a b"}"#, 422, &["/agent"]),
        ("transfer", "{}", 400, &[]),
        ("transfer", r#"{"branch":7}"#, 400, &["/branch"]),
        ("transfer", r#"{"branch":"a b","department":"c d"}"#, 422, &["/branch", "/department"]),
        ("transfer", r#"{"branch":"a","department":7}"#, 400, &["/department"]),
        ("priority", "{}", 400, &["/priority"]),
        ("priority", r#"{"priority":null}"#, 400, &["/priority"]),
        ("priority", r#"{"priority":2}"#, 400, &["/priority"]),
        ("priority", r#"{"priority":"High"}"#, 422, &["/priority"]),
        ("tags", "{}", 400, &[]),
        ("tags", r#"{"added":"a"}"#, 400, &["/added"]),
        ("tags", r#"{"added":[7]}"#, 400, &["/added/0"]),
        ("tags", r#"{"added":["a b"],"removed":["c d"]}"#, 422, &["/added/0", "/removed/0"]),
        ("tags", r#"{"added":["a"],"removed":["a"]}"#, 422, &["/added"]),
        ("replies", "{}", 400, &["/author"]),
        ("replies", r#"{"author":null}"#, 400, &["/author"]),
        ("replies", r#"{"author":{"kind":"customer"},"visibility":"secret"}"#, 422, &["/visibility"]),
        ("replies", r#"{"author":{"kind":"customer"},"visibility":"internal"}"#, 422, &["/visibility"]),
        ("replies", r#"{"author":{"kind":"customer"},"visibility":1}"#, 400, &["/visibility"]),
        ("replies", r#"{"author":{"kind":"customer"},"channel":"a b"}"#, 422, &["/channel"]),
        ("replies", r#"{"author":{"kind":"customer"},"body":7}"#, 400, &["/body"]),
        ("replies", r#"{"author":{"kind":"customer"},"reopen":"yes"}"#, 400, &["/reopen"]),
        ("replies", r#"{"author":{"kind":"customer"},"attachments":[{}]}"#, 400, &["/attachments/0/name"]),
        ("replies", r#"{"author":{"kind":"agent","id":"a"},"by":{"kind":"agent","id":"b"}}"#, 400, &["/by"]),
        ("replies/1/rating", "{}", 400, &["/rating"]),
        ("replies/1/rating", r#"{"rating":1}"#, 400, &["/rating"]),
        ("replies/1/rating", r#"{"rating":"great"}"#, 422, &["/rating"]),
        ("replies/1/rating", r#"{"rating":{}}"#, 400, &["/rating/scale", "/rating/score"]),
        ("replies/1/rating", r#"{"rating":{"scale":"ten","score":1}}"#, 422, &["/rating/scale"]),
        ("replies/1/rating", r#"{"rating":{"scale":"binary","score":2}}"#, 422, &["/rating/score"]),
        ("replies/1/rating", r#"{"rating":{"scale":"binary","score":"1"}}"#, 400, &["/rating/score"]),
        ("replies/1/rating", r#"{"rating":"satisfied","reply":1}"#, 400, &["/reply"]),
        ("hold", "{}", 400, &["/waiting_for"]),
        ("hold", r#"{"waiting_for":1}"#, 400, &["/waiting_for"]),
        ("hold", r#"{"waiting_for":"agent"}"#, 422, &["/waiting_for"]),
        ("close", "{}", 400, &["/by"]),
        ("close", r#"{"by":null}"#, 400, &["/by"]),
        ("close", r#"{"by":{"kind":"customer"},"survey_offered":1}"#, 400, &["/survey_offered"]),
        ("close", r#"{"by":{"kind":"customer"},"reason":"a b"}"#, 422, &["/reason"]),
        ("close", r#"{"by":{"kind":"customer"},"duplicate_of":7}"#, 400, &["/duplicate_of"]),
        ("close", r#"{"by":{"kind":"customer"},"form":"default"}"#, 422, &["/form"]),
        ("survey", r#"{"closing":0}"#, 422, &["/closing"]),
        ("survey", r#"{"closing":4294967296,"nps":1}"#, 422, &["/closing"]),
        ("survey", r#"{"closing":"1"}"#, 400, &["/closing"]),
        ("survey", r#"{"overall":4}"#, 400, &["/overall"]),
        ("survey", r#"{"overall":{"scale":"five","score":6}}"#, 422, &["/overall/score"]),
        ("survey", r#"{"overall":{"scale":"five","score":0}}"#, 422, &["/overall/score"]),
        ("survey", r#"{"overall":{"scale":"four","score":3.5}}"#, 422, &["/overall/score"]),
        ("survey", r#"{"nps":11,"ces":8}"#, 422, &["/ces", "/nps"]),
        ("survey", r#"{"nps":-1,"ces":0}"#, 422, &["/ces", "/nps"]),
        ("survey", r#"{"nps":"9"}"#, 400, &["/nps"]),
        ("survey", r#"{"questions":[]}"#, 400, &["/questions"]),
        ("survey", r#"{"questions":{"speed":6,"quality":0}}"#, 422, &["/questions/quality", "/questions/speed"]),
        ("survey", r#"{"questions":{"a b":5}}"#, 422, &["/questions/a b"]),
        ("survey", r#"{"choices":{"heard_from":"friend"}}"#, 400, &["/choices/heard_from"]),
        ("survey", r#"{"choices":{"heard_from":["a b"]}}"#, 422, &["/choices/heard_from/0"]),
        ("survey", r#"{"texts":{"suggestion":7}}"#, 400, &["/texts/suggestion"]),
        ("survey", r#"{"comment":7}"#, 400, &["/comment"]),
        ("reopen", "", 400, &["/by"]),
        ("reopen", r#"{"by":{"kind":"customer"},"reason":7}"#, 400, &["/reason"]),
        ("void", "", 400, &["/reason"]),
        ("void", r#"{"reason":"a b"}"#, 422, &["/reason"]),
        ("restore", r#"{"reason":"x"}"#, 400, &["/reason"]),
        ("resume", r#"{"waiting_for":"customer"}"#, 400, &["/waiting_for"]),
        ("follow-ups", "", 400, &["/by", "/means"]),
        ("follow-ups", r#"{"by":{"kind":"customer"},"means":7,"note":8}"#, 400, &["/means", "/note"]),
        ("follow-ups", r#"{"by":{"kind":"customer"},"means":"pigeon"}"#, 422, &["/means"]),
    ];
    for (action, body, status, at) in rows {
        // The ticket takes no customer's reply either: what is wrong with the words comes before what is wrong with it.
        refused(&server, &format!("/v1/tickets/HD-1/{action}"), body, *status, at);
    }
    assert_eq!(server.get("/v1/tickets/HD-1").json()["version"], 3, "nothing of it was kept");
}

#[test]
fn a_refusal_says_what_would_be_right() {
    let server = Server::start();
    ticket(&server, "HD-1", &[]);
    for (action, body, words) in [
        ("priority", r#"{"priority":"asap"}"#, &["priority", "asap", "low, normal, high"][..]),
        ("close", r#"{"by":{"kind":"agent","id":"a"},"x":1}"#, &["x is not a field", "survey_offered", "duplicate_of"]),
        ("replies/1/rating", r#"{"rating":"great"}"#, &["great", "very_bad", "excellent"]),
        ("hold", r#"{"waiting_for":"agent"}"#, &["waiting_for", "agent", "third_party"]),
        ("assign", "{}", &["agent", "missing"]),
    ] {
        let answer = server.post(&format!("/v1/tickets/HD-1/{action}"), body).json();
        let detail = answer["detail"].as_str().unwrap();
        assert!(words.iter().all(|word| detail.contains(word)), "{detail}");
    }
}
