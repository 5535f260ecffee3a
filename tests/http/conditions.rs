//! Commands with conditions: the version they expect, and the key by which a retry is known.

use crate::{AGENT, CUSTOMER, by, granted, reply_by, ticket};
use daftar_tests::server::{Answer, Server};

const IF_MATCH: &str = "If-Match";
const KEY: &str = "Idempotency-Key";

#[test]
fn a_command_is_carried_out_on_the_version_it_expects_alone() {
    let server = Server::start();
    ticket(&server, "HD-1", &[]);
    let assign = |agent: &str, version: &str| {
        let body = format!(r#"{{"agent":"{agent}"}}"#);
        server.post_with("/v1/tickets/HD-1/assign", body, &[(IF_MATCH, version)])
    };
    let first = assign("sara", "\"1\"");
    granted(&first, 200);
    for stale in ["\"1\"", "\"0\"", "\"3\"", "\"4294967295\""] {
        let (detail, _) = assign("ali", stale).problem(412, "stale-version");
        assert!(detail.contains("version 2"), "it says which one there is: {detail}");
        assign("sara", stale).problem(412, "stale-version");
    }
    granted(&assign("ali", first.header("etag").unwrap()), 200);
    granted(&assign("reza", "*"), 200);
    for wrong in ["\"x\"", "W/\"4\"", "\"4\", \"5\"", "", "\"\"", "\"4", "\"-4\"", "\"4294967296\"", "four"] {
        let (_, pointers) = assign("mina", wrong).problem(400, "malformed");
        assert_eq!(pointers, ["/If-Match"], "{wrong}");
    }
    let twice = [(IF_MATCH, "\"4\""), (IF_MATCH, "\"5\"")];
    server.post_with("/v1/tickets/HD-1/assign", r#"{"agent":"mina"}"#, &twice).problem(400, "malformed");
    // What the ticket would refuse anyway is told as stale to somebody who has not seen why.
    server.post_with("/v1/tickets/HD-1/reopen", by(AGENT), &[(IF_MATCH, "\"1\"")]).problem(412, "stale-version");
    server.post_with("/v1/tickets/HD-1/reopen", by(AGENT), &[(IF_MATCH, "\"4\"")]).problem(409, "forbidden-by-state");
    server.post_with("/v1/tickets/HD-2/resume", "", &[(IF_MATCH, "\"1\"")]).problem(404, "unknown-ticket");
    granted(&server.post_with("/v1/tickets", r#"{"ticket":"HD-2"}"#, &[(IF_MATCH, "\"0\"")]), 201);
    server.post_with("/v1/tickets", r#"{"ticket":"HD-3"}"#, &[(IF_MATCH, "\"1\"")]).problem(412, "stale-version");
}

/// Sends a command with a key.
fn keyed(server: &Server, key: &str, path: &str, body: &str) -> Answer {
    server.post_with(path, body, &[(KEY, key)])
}

/// Everything that must be the same of a retry's answer.
fn essence(answer: &Answer) -> (u16, Option<&str>, Option<&str>, &str) {
    (answer.status, answer.header("etag"), answer.header("location"), answer.text())
}

#[test]
fn a_retry_gets_the_first_answer_whatever_has_become_of_the_ticket() {
    let mut server = Server::start();
    let (agent_reply, customer_reply, by_agent, by_customer) =
        (reply_by(AGENT), reply_by(CUSTOMER), by(AGENT), by(CUSTOMER));
    let reopening = format!(r#"{{"author":{CUSTOMER},"reopen":true}}"#);
    let follow_up = format!(r#"{{"by":{AGENT},"means":"call"}}"#);
    let steps: &[(&str, &str)] = &[
        ("", r#"{"ticket":"HD-1","customer":"c-1","subject":"سلام"}"#),
        ("/HD-1/assign", r#"{"agent":"sara"}"#),
        ("/HD-1/assign", r#"{"agent":"sara"}"#),
        ("/HD-1/transfer", r#"{"branch":"tehran"}"#),
        ("/HD-1/priority", r#"{"priority":"high"}"#),
        ("/HD-1/tags", r#"{"added":["b","a"]}"#),
        ("/HD-1/replies", &agent_reply),
        ("/HD-1/replies/1/rating", r#"{"rating":"satisfied"}"#),
        ("/HD-1/hold", r#"{"waiting_for":"customer"}"#),
        ("/HD-1/replies", &customer_reply),
        ("/HD-1/hold", r#"{"waiting_for":"third_party"}"#),
        ("/HD-1/resume", ""),
        ("/HD-1/resume", ""),
        ("/HD-1/close", &by_agent),
        ("/HD-1/survey", r#"{"nps":9,"overall":"good"}"#),
        ("/HD-1/survey", r#"{"nps":9}"#),
        ("/HD-1/replies", &reopening),
        ("/HD-1/close", &by_agent),
        ("/HD-1/reopen", &by_customer),
        ("/HD-1/void", r#"{"reason":"spam"}"#),
        ("/HD-1/restore", ""),
        ("/HD-1/restore", ""),
        ("/HD-1/follow-ups", &follow_up),
    ];
    let send = |server: &Server, (n, (path, body)): (usize, &(&str, &str))| {
        keyed(server, &format!("k-{n}"), &format!("/v1/tickets{path}"), body)
    };
    let first: Vec<_> = steps.iter().enumerate().map(|step| send(&server, step)).collect();
    assert!(first.iter().all(|answer| matches!(answer.status, 200 | 201)), "{first:?}");
    let history = server.get("/v1/tickets/HD-1/history").text().to_owned();
    for restarted in [false, true] {
        for (step, first) in steps.iter().enumerate().zip(&first) {
            assert_eq!(essence(&send(&server, step)), essence(first), "{step:?}, restarted: {restarted}");
        }
        assert_eq!(server.get("/v1/tickets/HD-1/history").text(), history, "nothing was kept twice");
        server = server.restart();
    }
}

#[test]
fn a_key_belongs_to_one_address_and_one_body() {
    let mut server = Server::start();
    ticket(&server, "HD-1", &[]);
    ticket(&server, "HD-2", &[]);
    granted(&keyed(&server, "k-1", "/v1/tickets/HD-1/assign", r#"{"agent":"sara"}"#), 200);
    granted(&keyed(&server, "k-2", "/v1/tickets/HD-1/resume", ""), 200);
    for _ in 0..2 {
        for (key, path, body) in [
            ("k-1", "/v1/tickets/HD-1/assign", r#"{"agent":"ali"}"#),
            ("k-1", "/v1/tickets/HD-2/assign", r#"{"agent":"sara"}"#),
            ("k-1", "/v1/tickets/HD-1/resume", ""),
            ("k-1", "/v1/tickets", "{}"),
            ("k-2", "/v1/tickets/HD-1/restore", ""),
            ("k-2", "/v1/tickets/HD-9/restore", ""),
        ] {
            let (detail, _) = keyed(&server, key, path, body).problem(422, "key-reused");
            assert!(detail.contains("Idempotency-Key"), "{detail}");
        }
        server = server.restart();
    }
}

#[test]
fn a_retry_of_an_opening_without_an_id_finds_its_ticket() {
    let server = Server::start();
    let first = keyed(&server, "k-1", "/v1/tickets", r#"{"subject":"…"}"#);
    granted(&first, 201);
    assert_eq!(essence(&keyed(&server, "k-1", "/v1/tickets", r#"{"subject":"…"}"#)), essence(&first));
    let server = server.restart();
    assert_eq!(essence(&keyed(&server, "k-1", "/v1/tickets", r#"{"subject":"…"}"#)), essence(&first));
    assert_eq!(server.get("/v1/events").text().lines().count(), 1);
}

#[test]
fn a_retry_is_not_stale_and_a_refusal_is_not_remembered() {
    let server = Server::start();
    ticket(&server, "HD-1", &[]);
    let headers = [(KEY, "k-1"), (IF_MATCH, "\"1\"")];
    let first = server.post_with("/v1/tickets/HD-1/assign", r#"{"agent":"sara"}"#, &headers);
    granted(&first, 200);
    let again = server.post_with("/v1/tickets/HD-1/assign", r#"{"agent":"sara"}"#, &headers);
    assert_eq!(essence(&again), essence(&first));
    keyed(&server, "k-2", "/v1/tickets/HD-1/reopen", &by(AGENT)).problem(409, "forbidden-by-state");
    granted(&server.post("/v1/tickets/HD-1/close", by(AGENT)), 200);
    granted(&keyed(&server, "k-2", "/v1/tickets/HD-1/reopen", &by(AGENT)), 200);
}

#[test]
fn a_key_has_1_to_255_bytes_and_is_given_once() {
    let server = Server::start();
    for key in ["", &"k".repeat(256)] {
        let (_, pointers) = keyed(&server, key, "/v1/tickets", "{}").problem(400, "malformed");
        assert_eq!(pointers, ["/Idempotency-Key"]);
    }
    server.post_with("/v1/tickets", "{}", &[(KEY, "k-1"), (KEY, "k-1")]).problem(400, "malformed");
    granted(&keyed(&server, &"k".repeat(255), "/v1/tickets", "{}"), 201);
}

#[test]
fn many_who_write_to_one_ticket_all_get_through() {
    let server = Server::start();
    assert_eq!(server.post("/v1/tickets", r#"{"ticket":"BUSY"}"#).status, 201);
    let reply = r#"{"author":{"kind":"agent","id":"sara"},"body":"…"}"#;
    std::thread::scope(|scope| {
        for _ in 0..48 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let answer = server.post("/v1/tickets/BUSY/replies", reply);
                    assert_eq!(answer.status, 200, "{}", answer.text());
                }
            });
        }
    });
    assert_eq!(server.get("/v1/tickets/BUSY").json()["version"], 481);
}
