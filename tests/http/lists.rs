//! Lists of tickets: filters, orders, pages from cursor to cursor, and what is no list.

use crate::{AGENT, CUSTOMER, by, granted, reply_by, ticket};
use daftar_tests::server::{Server, in_path};
use serde_json::{Value, json};

/// Five tickets, each in another state: opened in the order of their names.
fn five() -> Server {
    let server = Server::start();
    ticket(&server, "T-1", &[("assign", r#"{"agent":"sara"}"#), ("priority", r#"{"priority":"urgent"}"#)]);
    ticket(&server, "T-2", &[("replies", &reply_by(AGENT)), ("replies/1/rating", r#"{"rating":"dissatisfied"}"#)]);
    ticket(&server, "T-3", &[("hold", r#"{"waiting_for":"third_party"}"#), ("tags", r#"{"added":["vip"]}"#)]);
    ticket(&server, "T-4", &[("close", &by(AGENT)), ("reopen", &by(CUSTOMER)), ("close", &by(AGENT))]);
    ticket(&server, "T-5", &[("transfer", r#"{"branch":"تهران"}"#), ("void", r#"{"reason":"spam"}"#)]);
    server
}

#[track_caller]
fn page(server: &Server, query: &str) -> Value {
    let seen = server.get("/v1/events").header("daftar-position").unwrap().to_owned();
    let answer = server.get(&format!("/v1/tickets?min_position={seen}&{query}"));
    granted(&answer, 200);
    assert_eq!(answer.header("daftar-position"), Some(&*answer.json()["position"].to_string()));
    answer.json()
}

fn names(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["ticket"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn filters_leave_the_tickets_that_are_so_now() {
    let server = five();
    for (query, expected) in [
        ("", &["T-1", "T-2", "T-3", "T-4"][..]),
        ("state=open", &["T-1", "T-2"]),
        ("state=held,closed", &["T-3", "T-4"]),
        ("waiting_for=customer,third_party", &["T-2", "T-3"]),
        ("reopened=true", &["T-4"]),
        ("reopened=false", &["T-1", "T-2", "T-3"]),
        ("voided=true", &["T-5"]),
        ("voided=any", &["T-1", "T-2", "T-3", "T-4", "T-5"]),
        ("agent=sara", &["T-1"]),
        ("agent=null", &["T-2", "T-3", "T-4"]),
        ("tag=vip", &["T-3"]),
        ("priority=urgent,low", &["T-1"]),
        ("customer=c-1&state=closed", &["T-4"]),
        ("customer=nobody", &[]),
        (&format!("branch={}&voided=any", in_path("تهران")), &["T-5"]),
    ] {
        assert_eq!(names(&page(&server, &format!("sort=opened_at&{query}"))), expected, "{query}");
    }
}

#[test]
fn every_order_has_its_reverse() {
    let server = five();
    for (sort, first) in
        [("opened_at", "T-1"), ("-last_event_at", "T-4"), ("-priority", "T-1"), ("-dissatisfied", "T-2")]
    {
        assert_eq!(names(&page(&server, &format!("sort={sort}")))[0], first, "{sort}");
    }
    // All are there in every order; those without the value come last, by their ids.
    for sort in ["last_event_at", "opened_at", "priority", "waiting_since", "due_at", "dissatisfied"] {
        for sort in [sort.to_owned(), format!("-{sort}")] {
            let mut all = names(&page(&server, &format!("sort={sort}")));
            all.sort();
            assert_eq!(all, ["T-1", "T-2", "T-3", "T-4"], "{sort}");
        }
    }
    let by_time = names(&page(&server, "sort=last_event_at"));
    assert!(names(&page(&server, "")).iter().eq(by_time.iter().rev()), "what happened last comes first by itself");
}

#[test]
fn a_line_says_what_its_ticket_says_of_itself() {
    let server = five();
    for line in page(&server, "voided=any")["items"].as_array().unwrap() {
        let whole = server.get(&format!("/v1/tickets/{}", line["ticket"].as_str().unwrap())).json();
        for (name, value) in line.as_object().unwrap() {
            if whole.get(name).is_some() && name != "position" && name != "due" {
                assert_eq!(&whole[name], value, "{name}: {line}");
            }
        }
        assert!(line["state"].is_string() && line["opened_at"].is_string() && line["version"].is_u64(), "{line}");
    }
}

#[test]
fn a_walk_from_cursor_to_cursor_meets_every_ticket_once() {
    let server = Server::start();
    for n in 0..23 {
        ticket(&server, &format!("T-{n:02}"), &[]);
    }
    let (mut met, mut cursor) = (Vec::new(), String::new());
    for _ in 0..6 {
        let page = page(&server, &format!("sort=opened_at&limit=4{cursor}"));
        met.extend(names(&page));
        let Some(next) = page["next_cursor"].as_str() else {
            assert_eq!(page["next_cursor"], Value::Null);
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(met, (0..23).map(|n| format!("T-{n:02}")).collect::<Vec<_>>());
}

#[test]
fn a_cursor_of_another_log_is_gone_and_a_broken_one_invalid() {
    let (server, other) = (five(), five());
    let cursor = page(&other, "limit=2&sort=opened_at")["next_cursor"].as_str().unwrap().to_owned();
    let path = format!("/v1/tickets?limit=2&sort=opened_at&cursor={cursor}");
    granted(&other.get(&path), 200);
    let (detail, _) = server.get(&path).problem(410, "other-epoch");
    assert!(detail.contains("another log") && detail.contains("begin the list again"), "{detail}");
    let (_, errors) = other.get(&format!("/v1/tickets?cursor={cursor}")).problem(422, "invalid");
    assert!(errors[0].contains("cursor"), "the order is another: {errors:?}");
    other.get("/v1/tickets?cursor=abc").problem(422, "invalid");
}

#[test]
fn what_is_no_list_is_refused_by_name() {
    let server = Server::start();
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("sort=age", "sort"),
        ("state=new", "state"),
        ("waiting_for=nobody", "waiting_for"),
        ("reopened=maybe", "reopened"),
        ("voided=maybe", "voided"),
        ("priority=huge", "priority"),
    ] {
        let (_, errors) = server.get(&format!("/v1/tickets?{query}")).problem(422, "invalid");
        assert!(errors.iter().any(|error| error.contains(field)), "{query}: {errors:?}");
    }
    for query in ["colour=red", "limit=1&limit=2"] {
        server.get(&format!("/v1/tickets?{query}")).problem(400, "malformed");
    }
    assert_eq!(server.get("/v1/tickets").json(), json!({"items": [], "next_cursor": null, "position": 0}));
}
