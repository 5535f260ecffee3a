//! What a ticket does not take as it is now, and who is not there at all.

use crate::{AGENT, CUSTOMER, by, granted, reply_by, ticket};
use daftar_tests::server::Server;

/// A ticket's id, its state as the deeds that lead there, and what it refuses: action, body, words of the rule.
type State<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str, &'a str)]);

#[test]
fn a_ticket_says_in_words_what_it_does_not_take() {
    let (agent_reply, customer_reply) = (reply_by(AGENT), reply_by(CUSTOMER));
    let agent_reopening = format!(r#"{{"author":{AGENT},"reopen":true}}"#);
    let automatic = r#"{"author":{"kind":"automation"},"reopen":true}"#;
    let note = format!(r#"{{"author":{AGENT},"visibility":"internal"}}"#);
    let (by_agent, by_customer) = (by(AGENT), by(CUSTOMER));
    let satisfied = r#"{"rating":"satisfied"}"#;
    let (answered, other_answer) = (r#"{"closing":1,"nps":9}"#, r#"{"closing":1,"nps":1}"#);
    let states: &[State<'_>] = &[
        (
            "open",
            &[("replies", &note), ("replies", &customer_reply), ("replies", automatic)],
            &[
                ("reopen", &by_customer, "only a closed ticket can be reopened"),
                ("survey", r#"{"nps":9}"#, "never closed"),
                ("survey", r#"{"nps":9,"closing":7}"#, "never closed"),
                ("replies/1/rating", satisfied, "cannot be rated"),
                ("replies/2/rating", satisfied, "cannot be rated"),
                ("replies/3/rating", satisfied, "cannot be rated"),
            ],
        ),
        (
            "closed",
            &[("close", &by_agent)],
            &[
                ("replies", &agent_reply, "takes no public reply"),
                ("replies", &customer_reply, "takes no public reply"),
                ("replies", &agent_reopening, "takes no public reply"),
                ("replies", automatic, "takes no public reply"),
                ("hold", r#"{"waiting_for":"customer"}"#, "cannot be held"),
                ("resume", "", "cannot be resumed"),
                ("close", &by_agent, "closed already"),
            ],
        ),
        (
            "reopened",
            &[("close", &by_agent), ("survey", answered), ("reopen", &by_customer)],
            &[
                ("survey", other_answer, "stands, because the ticket was reopened since"),
                ("survey", r#"{"nps":1}"#, "stands, because the ticket was reopened since"),
            ],
        ),
    ];
    let server = Server::start();
    for (id, deeds, refusals) in states {
        ticket(&server, id, deeds);
        let before = server.get(&format!("/v1/tickets/{id}/history")).text().to_owned();
        for (action, body, words) in *refusals {
            let (detail, _) =
                server.post(&format!("/v1/tickets/{id}/{action}"), body).problem(409, "forbidden-by-state");
            assert!(detail.contains(words), "{id} {action}: {detail}");
        }
        let again = server.post("/v1/tickets", format!(r#"{{"ticket":"{id}"}}"#));
        assert!(again.problem(409, "forbidden-by-state").0.contains("opened before"));
        assert_eq!(server.get(&format!("/v1/tickets/{id}/history")).text(), before, "nothing of it was kept");
    }
}

#[test]
fn a_closed_ticket_takes_what_does_not_go_on_with_it() {
    let server = Server::start();
    let note = format!(r#"{{"author":{AGENT},"visibility":"internal"}}"#);
    let follow_up = format!(r#"{{"by":{AGENT},"means":"call"}}"#);
    ticket(
        &server,
        "HD-1",
        &[("replies", &reply_by(AGENT)), ("hold", r#"{"waiting_for":"customer"}"#), ("close", &by(AGENT))],
    );
    for (action, body) in [
        ("replies", note.as_str()),
        ("replies/1/rating", r#"{"rating":"dissatisfied"}"#),
        ("survey", r#"{"nps":9}"#),
        ("survey", r#"{"nps":8,"comment":"…"}"#),
        ("assign", r#"{"agent":"ali"}"#),
        ("transfer", r#"{"department":"billing"}"#),
        ("priority", r#"{"priority":"low"}"#),
        ("tags", r#"{"added":["refund"]}"#),
        ("follow-ups", &follow_up),
        ("void", r#"{"reason":"spam"}"#),
        ("restore", ""),
    ] {
        let answer = server.post(&format!("/v1/tickets/HD-1/{action}"), body);
        granted(&answer, 200);
        assert_eq!(answer.json()["events"].as_array().unwrap().len(), 1, "{action}");
    }
    assert_eq!(server.get("/v1/tickets/HD-1").json()["state"], "closed");
}

#[test]
fn a_closing_may_be_answered_for_the_first_time_whenever_and_changed_until_the_reopening() {
    let server = Server::start();
    ticket(&server, "HD-1", &[("close", &by(AGENT)), ("reopen", &by(CUSTOMER)), ("close", &by(AGENT))]);
    let survey = |body: &str| server.post("/v1/tickets/HD-1/survey", body);
    granted(&survey(r#"{"closing":1,"nps":9}"#), 200);
    // It was answered after its own reopening; the next one has not come.
    granted(&survey(r#"{"closing":1,"nps":10}"#), 200);
    granted(&survey(r#"{"closing":2,"nps":9}"#), 200);
    granted(&survey(r#"{"closing":2,"nps":8}"#), 200);
    granted(&server.post("/v1/tickets/HD-1/reopen", by(CUSTOMER)), 200);
    survey(r#"{"closing":1,"nps":7}"#).problem(409, "forbidden-by-state");
    survey(r#"{"closing":2,"nps":7}"#).problem(409, "forbidden-by-state");
    survey(r#"{"nps":7}"#).problem(409, "forbidden-by-state");
    let closings = server.get("/v1/tickets/HD-1").json()["closings"].clone();
    let scores = (closings[0]["survey"]["nps"].as_i64(), closings[1]["survey"]["nps"].as_i64());
    assert_eq!(scores, (Some(10), Some(8)));
}

#[test]
fn who_is_not_there_is_not_found() {
    let server = Server::start();
    ticket(&server, "HD-1", &[("replies", &reply_by(AGENT)), ("close", &by(AGENT))]);
    let (by_agent, reply) = (by(AGENT), reply_by(AGENT));
    let follow_up = format!(r#"{{"by":{AGENT},"means":"call"}}"#);
    for unknown in ["HD-2", "%D9%81", "a%20b", "a%2Fb", "---", "e%CC%81", &"a".repeat(65)] {
        for (action, body) in [
            ("assign", r#"{"agent":"ali"}"#),
            ("transfer", r#"{"branch":null}"#),
            ("priority", r#"{"priority":"normal"}"#),
            ("tags", r#"{"removed":["a"]}"#),
            ("replies", &reply),
            ("replies/1/rating", r#"{"rating":"satisfied"}"#),
            ("hold", r#"{"waiting_for":"customer"}"#),
            ("resume", ""),
            ("close", &by_agent),
            ("survey", r#"{"nps":9}"#),
            ("reopen", &by_agent),
            ("void", r#"{"reason":"spam"}"#),
            ("restore", ""),
            ("follow-ups", &follow_up),
        ] {
            server.post(&format!("/v1/tickets/{unknown}/{action}"), body).problem(404, "unknown-ticket");
        }
        for path in ["", "/history", "?version=1"] {
            server.get(&format!("/v1/tickets/{unknown}{path}")).problem(404, "unknown-ticket");
        }
    }
    for reply in ["2", "0", "-1", "+1", "x", "1.0", "01x", "4294967296", "%D9%81"] {
        let answer = server.post(&format!("/v1/tickets/HD-1/replies/{reply}/rating"), r#"{"rating":"satisfied"}"#);
        answer.problem(404, "not-found");
    }
    server.post("/v1/tickets/HD-1/survey", r#"{"closing":2,"nps":9}"#).problem(404, "not-found");
    for version in ["0", "4", "4294967295"] {
        server.get(&format!("/v1/tickets/HD-1?version={version}")).problem(404, "not-found");
    }
}
