//! Every command with good input: what it answers, and that what changes nothing says so.

use crate::{AGENT, CUSTOMER, by, granted, reply_by};
use daftar_tests::server::{Answer, Server};
use serde_json::{Value, json};

/// Asserts that a command was carried out as `types` of events, which took the ticket to `version`.
#[track_caller]
fn carried_out(answer: &Answer, ticket: &str, version: u64, types: &[&str]) {
    let told = answer.json();
    assert_eq!((&told["ticket"], &told["version"]), (&json!(ticket), &json!(version)), "{told}");
    assert_eq!(answer.header("etag"), Some(format!("\"{version}\"").as_str()));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let events = told["events"].as_array().unwrap();
    let found: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(found, types, "{told}");
    let (position, count) = (told["position"].as_u64().unwrap(), events.len() as u64);
    for (event, n) in events.iter().zip(1..) {
        assert_eq!(event["ticket"], ticket);
        assert_eq!(event["version"], version - count + n, "{told}");
        assert_eq!(event["position"], position - count + n, "{told}");
        for name in ["occurred_at", "recorded_at", "event_id"] {
            assert!(event[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {told}");
        }
        assert!(event["occurred_at"].as_str().unwrap().ends_with('Z'), "times are in UTC");
    }
}

#[test]
fn a_whole_opening_is_kept_as_it_was_given() {
    let server = Server::start();
    let body = json!({
        "ticket": "HD-1001", "customer": "c-42", "channel": "email", "branch": "tehran", "department": "technical",
        "priority": "high", "customer_tier": "gold", "tags": ["login", "app"], "language": "fa-IR",
        "attributes": {"request_type": "fault"}, "subject": "ورود ممکن نیست", "body": "از دیروز…",
        "attachments": [{"name": "a.png", "media_type": "image/png", "size": 1024, "sha256": "0".repeat(64),
            "url": "https://example.org/a.png"}],
    });
    let answer = server.post("/v1/tickets", body.to_string());
    granted(&answer, 201);
    assert_eq!(answer.header("location"), Some("/v1/tickets/HD-1001"));
    carried_out(&answer, "HD-1001", 1, &["ticket_opened"]);
    let opened = &answer.json()["events"][0];
    let kept = |name: &str| if name == "tags" { json!(["app", "login"]) } else { body[name].clone() };
    for name in body.as_object().unwrap().keys() {
        assert_eq!(opened[name], kept(name), "{name}");
    }
    let ticket = server.get("/v1/tickets/HD-1001").json();
    for name in body.as_object().unwrap().keys() {
        assert_eq!(ticket[name], kept(name), "{name}: {ticket}");
    }
    assert_eq!(
        (&ticket["state"], &ticket["waiting_for"], &ticket["cycle"]),
        (&json!("open"), &json!("agent"), &json!(1))
    );
}

#[test]
fn a_ticket_that_comes_without_an_id_gets_one() {
    let server = Server::start();
    for body in ["", " \n", "{}", r#"{"ticket":null,"customer":null}"#] {
        let answer = server.post("/v1/tickets", body);
        granted(&answer, 201);
        let id = answer.json()["ticket"].as_str().unwrap().to_owned();
        assert_eq!((id.len(), &id[14..15]), (36, "7"), "a UUID of version 7: {id}");
        assert_eq!(answer.header("location"), Some(format!("/v1/tickets/{id}").as_str()));
        carried_out(&answer, &id, 1, &["ticket_opened"]);
    }
    let keyed = server.post_with("/v1/tickets", "{}", &[("Idempotency-Key", "k-1")]);
    let id = keyed.json()["ticket"].as_str().unwrap().to_owned();
    assert_eq!((id.len(), &id[14..15]), (36, "8"), "a UUID of version 8: {id}");
}

#[test]
fn every_command_is_carried_out_and_answers_with_its_events() {
    let (agent_reply, customer_reply) = (reply_by(AGENT), reply_by(CUSTOMER));
    let note = format!(r#"{{"author":{AGENT},"visibility":"internal","body":"…"}}"#);
    let automatic = r#"{"author":{"kind":"automation","id":"greeting"},"channel":"chat"}"#;
    let reopening_reply = format!(r#"{{"author":{CUSTOMER},"reopen":true}}"#);
    let (by_agent, by_customer) = (by(AGENT), by(CUSTOMER));
    let whole_closing = format!(
        r#"{{"by":{AGENT},"survey_offered":false,"reason":"solved","duplicate_of":"HD-7","form":"default@1"}}"#
    );
    let follow_up = format!(r#"{{"by":{AGENT},"means":"call","note":"…"}}"#);
    let whole_survey = r#"{"closing":2,"by":{"kind":"customer"},"overall":{"scale":"five","score":4},
        "questions":{"speed":5,"quality":4},"choices":{"heard_from":["friend"]},"nps":9,"ces":6,
        "texts":{"suggestion":"…"},"comment":"…"}"#;
    let steps: &[(&str, &str, &[&str])] = &[
        ("assign", r#"{"agent":"sara"}"#, &["ticket_assigned"]),
        ("assign", r#"{"agent":"sara","by":{"kind":"agent","id":"lead"}}"#, &[]),
        ("assign", r#"{"agent":null}"#, &["ticket_assigned"]),
        ("assign", r#"{"agent":null}"#, &[]),
        ("transfer", r#"{"branch":"tehran","department":"billing"}"#, &["ticket_transferred"]),
        ("transfer", r#"{"branch":"tehran"}"#, &[]),
        ("transfer", r#"{"branch":null}"#, &["ticket_transferred"]),
        ("transfer", r#"{"branch":null,"department":"billing"}"#, &[]),
        ("priority", r#"{"priority":"urgent"}"#, &["priority_changed"]),
        ("priority", r#"{"priority":"urgent"}"#, &[]),
        ("tags", r#"{"added":["refund","app"],"removed":["never-there"]}"#, &["tags_changed"]),
        ("tags", r#"{"added":["refund"],"removed":["never-there"]}"#, &[]),
        ("tags", r#"{"removed":["app"]}"#, &["tags_changed"]),
        ("tags", r#"{"added":[],"removed":[]}"#, &[]),
        ("replies", &agent_reply, &["reply_posted"]),
        ("replies", &note, &["reply_posted"]),
        ("replies", automatic, &["reply_posted"]),
        ("replies", r#"{"by":{"kind":"agent","id":"sara"},"body":"by stands for author"}"#, &["reply_posted"]),
        ("replies/1/rating", r#"{"rating":"satisfied"}"#, &["reply_rated"]),
        ("replies/1/rating", r#"{"rating":{"scale":"binary","score":1}}"#, &[]),
        ("replies/1/rating", r#"{"rating":"bad"}"#, &["reply_rated"]),
        ("hold", r#"{"waiting_for":"third_party"}"#, &["ticket_held"]),
        ("hold", r#"{"waiting_for":"third_party"}"#, &[]),
        ("hold", r#"{"waiting_for":"customer"}"#, &["ticket_held"]),
        ("resume", "", &["ticket_resumed"]),
        ("resume", "{}", &[]),
        ("hold", r#"{"waiting_for":"third_party"}"#, &["ticket_held"]),
        ("replies", &customer_reply, &["reply_posted"]),
        ("hold", r#"{"waiting_for":"customer"}"#, &["ticket_held"]),
        ("replies", &agent_reply, &["reply_posted"]),
        ("replies", &customer_reply, &["reply_posted", "ticket_resumed"]),
        ("replies", &reopening_reply, &["reply_posted"]),
        ("hold", r#"{"waiting_for":"customer"}"#, &["ticket_held"]),
        ("close", &by_agent, &["ticket_closed"]),
        ("replies", &reopening_reply, &["ticket_reopened", "reply_posted"]),
        ("close", &whole_closing, &["ticket_closed"]),
        ("survey", whole_survey, &["survey_submitted"]),
        ("survey", whole_survey, &[]),
        ("survey", r#"{"nps":3}"#, &["survey_submitted"]),
        ("follow-ups", &follow_up, &["follow_up_recorded"]),
        ("follow-ups", &follow_up, &["follow_up_recorded"]),
        ("reopen", r#"{"by":{"kind":"customer"},"reason":"not_solved"}"#, &["ticket_reopened"]),
        ("survey", r#"{"closing":1,"overall":"good"}"#, &["survey_submitted"]),
        ("survey", r#"{"closing":1,"overall":"good"}"#, &[]),
        ("close", &by_customer, &["ticket_closed"]),
        ("void", r#"{"reason":"spam"}"#, &["ticket_voided"]),
        ("void", r#"{"reason":"test"}"#, &[]),
        ("reopen", &by_customer, &["ticket_reopened"]),
        ("replies", &agent_reply, &["reply_posted"]),
        ("restore", "", &["ticket_restored"]),
        ("restore", r#"{"by":{"kind":"agent","id":"sara"}}"#, &[]),
    ];
    let server = Server::start();
    granted(&server.post("/v1/tickets", r#"{"ticket":"HD-1"}"#), 201);
    let mut version = 1;
    for (action, body, types) in steps {
        let answer = server.post(&format!("/v1/tickets/HD-1/{action}"), body);
        granted(&answer, 200);
        version += types.len() as u64;
        carried_out(&answer, "HD-1", version, types);
        assert_eq!(answer.header("location"), None);
    }
}

#[test]
fn an_event_says_what_its_command_said() {
    let server = Server::start();
    let last = |action: &str, body: &str| -> Value {
        let answer = server.post(&format!("/v1/tickets/HD-1/{action}"), body);
        granted(&answer, 200);
        answer.json()["events"].as_array().unwrap().last().unwrap().clone()
    };
    granted(&server.post("/v1/tickets", r#"{"ticket":"HD-1","customer":"c-1"}"#), 201);
    let reply = last("replies", &format!(r#"{{"author":{AGENT},"channel":"email","body":"ها"}}"#));
    assert_eq!(reply["author"], json!({"kind": "agent", "id": "sara"}));
    assert_eq!(
        (&reply["visibility"], &reply["channel"], &reply["body"]),
        (&json!("public"), &json!("email"), &json!("ها"))
    );
    let rated = last("replies/1/rating", r#"{"rating":"satisfied","by":{"kind":"customer","id":"c-9"}}"#);
    assert_eq!((&rated["reply"], &rated["rating"]), (&json!(1), &json!("satisfied")));
    assert_eq!(rated["by"], json!({"kind": "customer", "id": "c-9"}));
    let closed = last("close", &by(AGENT));
    assert_eq!(
        (&closed["by"]["id"], &closed["survey_offered"]),
        (&json!("sara"), &json!(true)),
        "live closings offer one"
    );
    let answered = last("survey", r#"{"overall":"excellent","nps":10}"#);
    assert_eq!((&answered["closing"], &answered["nps"]), (&json!(1), &json!(10)), "the latest closing");
    assert_eq!(answered["overall"], json!({"scale": "four", "score": 4}));
    let reopened = last("reopen", r#"{"by":{"kind":"automation","id":"timer"},"reason":"not_solved"}"#);
    assert_eq!((&reopened["by"]["kind"], &reopened["reason"]), (&json!("automation"), &json!("not_solved")));
    let followed_up = last("follow-ups", &format!(r#"{{"by":{AGENT},"means":"visit","note":"n"}}"#));
    assert_eq!((&followed_up["means"], &followed_up["note"]), (&json!("visit"), &json!("n")));
}

#[test]
fn a_customer_without_an_id_is_the_tickets_own() {
    let server = Server::start();
    let by_customer = by(CUSTOMER);
    let opening = format!(r#"{{"ticket":"HD-1","customer":"c-1","by":{CUSTOMER}}}"#);
    let nobodys = format!(r#"{{"ticket":"HD-2","by":{CUSTOMER}}}"#);
    let other = r#"{"by":{"kind":"customer","id":"c-2"}}"#;
    for (path, body, who, expected) in [
        ("", opening.as_str(), "by", json!({"kind": "customer", "id": "c-1"})),
        ("/HD-1/replies", &reply_by(CUSTOMER), "author", json!({"kind": "customer", "id": "c-1"})),
        ("/HD-1/close", &by_customer, "by", json!({"kind": "customer", "id": "c-1"})),
        ("/HD-1/reopen", other, "by", json!({"kind": "customer", "id": "c-2"})),
        ("", &nobodys, "by", json!({"kind": "customer"})),
        ("/HD-2/close", &by_customer, "by", json!({"kind": "customer"})),
    ] {
        let answer = server.post(&format!("/v1/tickets{path}"), body).json();
        assert_eq!(answer["events"][0][who], expected, "{path}: {answer}");
    }
    let exported = server.get("/v1/events");
    let back = server.post("/v1/events", &exported.bytes).json();
    assert_eq!((&back["present"], &back["rejected"]), (&json!(6), &json!(0)), "what was exported is present: {back}");
    let elsewhere = Server::start();
    let copied = elsewhere.post("/v1/events?keep_recorded_at=true", &exported.bytes).json();
    assert_eq!((&copied["appended"], &copied["rejected"]), (&json!(6), &json!(0)), "{copied}");
    assert_eq!(elsewhere.get("/v1/events").text(), exported.text(), "the copy says the same");
}

#[test]
fn ids_in_persian_go_through_bodies_and_addresses() {
    let server = Server::start();
    let (ticket, joined) = ("درخواست-۱", "می\u{200C}خواهم");
    let path = format!("/v1/tickets/{}", daftar_tests::server::in_path(ticket));
    let opening =
        json!({"ticket": ticket, "customer": "مشتری-۴۲", "branch": joined, "department": "فنی", "tags": ["ورود"]});
    let answer = server.post("/v1/tickets", opening.to_string());
    granted(&answer, 201);
    carried_out(&answer, ticket, 1, &["ticket_opened"]);
    assert_eq!(answer.header("location"), Some(path.replace("%2D", "-").as_str()));
    granted(&server.get(answer.header("location").unwrap()), 200);
    let assigned = server.post(&format!("{path}/assign"), r#"{"agent":"سارا"}"#);
    carried_out(&assigned, ticket, 2, &["ticket_assigned"]);
    let replied = server.post(&format!("{path}/replies"), r#"{"author":{"kind":"agent","id":"سارا"}}"#);
    carried_out(&replied, ticket, 3, &["reply_posted"]);
    carried_out(
        &server.post(&format!("{path}/replies/1/rating"), r#"{"rating":"satisfied"}"#),
        ticket,
        4,
        &["reply_rated"],
    );
    let read = server.get(&path).json();
    assert_eq!((&read["ticket"], &read["branch"], &read["agent"]), (&json!(ticket), &json!(joined), &json!("سارا")));
    let history = server.get(&format!("{path}/history")).json();
    assert_eq!(history["events"].as_array().unwrap().len(), 4);
    let report = server.get(&format!(
        "/v1/reports/flow?group_by=branch&branch={}&min_position=4",
        daftar_tests::server::in_path(joined)
    ));
    assert_eq!(report.json()["rows"][0]["group"], json!({"branch": joined}), "{}", report.text());
}
