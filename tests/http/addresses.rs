//! Addresses that lead nowhere, methods they do not know, and requests that are not meant for this machine.

use crate::{AGENT, reply_by, ticket};
use daftar_tests::server::Server;

#[test]
fn an_address_that_leads_nowhere_says_so() {
    let server = Server::start();
    ticket(&server, "HD-1", &[]);
    for path in [
        "/nowhere",
        "/v1",
        "/v1/",
        "/v1/tickets/",
        "/v1/tickets/HD-1/",
        "/v1/tickets/HD-1/steal",
        "/v1/tickets/HD-1/replies/1",
        "/v1/tickets/HD-1/replies/1/rating/again",
        "/v2/tickets",
        "/v1/reports",
        "/v1/reports/",
        "/V1/tickets/HD-1",
        "//v1/tickets/HD-1",
        "/healthz/",
    ] {
        let (detail, _) = server.get(path).problem(404, "not-found");
        assert!(detail.contains(path), "{detail}");
        server.post(path, "{}").problem(404, "not-found");
    }
}

#[test]
fn an_address_says_which_methods_it_knows() {
    let server = Server::start();
    ticket(&server, "HD-1", &[("replies", &reply_by(AGENT))]);
    let commands = [
        "assign",
        "transfer",
        "priority",
        "tags",
        "replies",
        "replies/1/rating",
        "hold",
        "resume",
        "close",
        "survey",
        "reopen",
        "void",
        "restore",
        "follow-ups",
    ];
    let mut rows: Vec<(String, &str)> =
        commands.iter().map(|action| (format!("/v1/tickets/HD-1/{action}"), "POST")).collect();
    let readable = ["/v1/tickets/HD-1", "/v1/tickets/HD-1/history", "/v1/reports/flow", "/healthz", "/readyz"];
    rows.extend(readable.map(|path| (path.to_owned(), "GET,HEAD")));
    rows.push(("/v1/definitions".to_owned(), "GET,HEAD"));
    rows.push(("/v1/definitions/default".to_owned(), "GET,HEAD,PUT"));
    rows.push(("/v1/events".to_owned(), "GET,HEAD,POST"));
    rows.push(("/v1/snapshots".to_owned(), "GET,HEAD,POST"));
    rows.push(("/v1/snapshots/q1".to_owned(), "GET,HEAD"));
    for (path, allowed) in rows {
        let known: Vec<_> = allowed.split(',').collect();
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            if known.contains(&method) {
                continue;
            }
            let answer = match method {
                "POST" | "PUT" | "PATCH" => server.send(method, &path, "{}", &[]),
                _ => server.ask(method, &path, &[]),
            };
            assert_eq!(answer.status, 405, "{method} {path}");
            let mut allow: Vec<_> = answer.header("allow").unwrap_or_default().split(',').map(str::trim).collect();
            allow.sort_unstable();
            assert_eq!(allow, known, "{method} {path}");
            if method != "HEAD" {
                answer.problem(405, "method-not-allowed");
            }
        }
    }
}

#[test]
fn what_can_be_read_answers_head_too_without_a_body() {
    let server = Server::start();
    ticket(&server, "HD-1", &[]);
    let position = "?min_position=1";
    for path in
        ["/v1/tickets/HD-1", "/v1/reports/flow", "/v1/reports/flow.csv", "/v1/events", "/v1/tickets/HD-1/history"]
    {
        let path = format!("{path}{position}");
        let (read, head) = (server.get(&path), server.ask("HEAD", &path, &[]));
        assert_eq!((head.status, head.bytes.len()), (200, 0), "{path}");
        for name in ["content-type", "etag", "daftar-position"] {
            assert_eq!(head.header(name), read.header(name), "{path} {name}");
        }
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.ask("HEAD", path, &[]).status, 200);
    }
    let unknown = server.ask("HEAD", "/v1/tickets/HD-2", &[]);
    assert_eq!((unknown.status, unknown.bytes.len()), (404, 0));
}

/// A request as bytes.
fn raw(method: &str, path: &[u8], headers: &str) -> Vec<u8> {
    let end = format!(" HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: 0\r\n\r\n");
    [method.as_bytes(), b" ", path, end.as_bytes()].concat()
}

#[test]
fn an_address_that_is_not_utf_8_names_nothing() {
    let server = Server::start();
    ticket(&server, "HD-1", &[]);
    for path in ["/v1/tickets/%FF", "/v1/tickets/%FF/history"] {
        server.get(path).problem(404, "unknown-ticket");
    }
    for path in ["/v1/tickets/%FF/assign", "/v1/tickets/HD-1%C3/replies/1/rating"] {
        server.post(path, "{}").problem(404, "unknown-ticket");
    }
    server.post("/v1/tickets/HD-1/replies/%FF/rating", r#"{"rating":"satisfied"}"#).problem(404, "not-found");
    server.get("/v1/reports/%FF").problem(404, "not-found");
    let host = "Host: localhost\r\n";
    let answer = server.raw(&raw("GET", b"/v1/tickets/\xff", host));
    assert!(matches!(answer.status, 400 | 404), "{answer:?}");
    let answer = server.raw(&raw("GET", b"/v1/events?after=\xff", host));
    assert!(matches!(answer.status, 400 | 422), "{answer:?}");
    server.get("/v1/events?after=%FF").problem(422, "invalid");
}

#[test]
fn what_is_not_addressed_to_this_machine_or_comes_from_elsewhere_is_refused() {
    let server = Server::start();
    ticket(&server, "HD-1", &[]);
    let port = server.address().rsplit_once(':').unwrap().1.to_owned();
    for host in ["example.org", "example.org:80", "localhost.example.org", "10.0.0.1", "127.0.0.1.example.org", ""] {
        for (method, path) in [("GET", "/v1/tickets/HD-1"), ("POST", "/v1/tickets"), ("GET", "/healthz"), ("GET", "/")]
        {
            let request = raw(method, path.as_bytes(), &format!("Host: {host}\r\n"));
            server.raw(&request).problem(403, "forbidden");
        }
    }
    for host in ["localhost".to_owned(), format!("localhost:{port}"), "127.0.0.1".to_owned(), format!("[::1]:{port}")] {
        let request = raw("GET", b"/healthz", &format!("Host: {host}\r\n"));
        assert_eq!(server.raw(&request).status, 200, "{host}");
    }
    for origin in ["https://example.org", "null", "http://localhost.example.org", "file://", ""] {
        server.get_with("/v1/tickets/HD-1", &[("Origin", origin)]).problem(403, "forbidden");
        server.post_with("/v1/tickets", "{}", &[("Origin", origin)]).problem(403, "forbidden");
    }
    let own = format!("http://{}", server.address());
    assert_eq!(server.get_with("/v1/tickets/HD-1", &[("Origin", &own)]).status, 200);
    assert_eq!(server.get("/v1/events").text().lines().count(), 1, "nothing came in from elsewhere");
}

#[test]
fn the_server_says_that_it_lives_and_how_far_it_is() {
    let server = Server::start();
    assert_eq!(server.get("/healthz").json()["alive"], true);
    ticket(&server, "HD-1", &[]);
    assert_eq!(server.get("/v1/reports/flow?min_position=1").status, 200);
    let ready = server.get("/readyz");
    let told = ready.json();
    assert_eq!(
        (told["ready"].as_bool(), told["position"].as_u64(), told["durable"].as_u64()),
        (Some(true), Some(1), Some(1))
    );
    assert_eq!(ready.header("daftar-position"), Some("1"));
}
