//! README's tour over HTTP runs as it is printed, and gets the answers that are shown.

use daftar_tests::page::{has_curl, is_as_shown, run, steps};
use daftar_tests::programs::root;
use daftar_tests::server::Server;
use std::path::Path;

#[test]
fn an_ellipsis_stands_for_anything_and_nothing_else_does() {
    for (shown, answer, same) in [
        ("{\"a\":1}", "{\"a\":1}\n", true),
        ("{\"a\":\n  1}", "{\"a\":1}", true),
        ("{\"a\":…,\"c\":3}", "{\"a\":1,\"b\":2,\"c\":3}", true),
        ("HTTP…\na: 1…", "HTTP/1.1 200\r\na: 1\r\nb: 2", true),
        ("{\"a\":…}", "{\"b\":1}", false),
        ("{\"a\":1}", "{\"a\":1,\"b\":2}", false),
        ("{\"a\":1…\"c\":4}", "{\"a\":1,\"b\":2,\"c\":3}", false),
    ] {
        assert_eq!(is_as_shown(shown, answer), same, "{shown} {answer}");
    }
}

#[test]
fn the_tour_answers_as_printed() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let steps = steps(&readme, "A tour over HTTP");
    assert!(steps.len() >= 12, "{} commands", steps.len());
    if !has_curl() {
        return;
    }
    let server = Server::start();
    for step in steps {
        assert!(step.command.starts_with("curl "), "{}", step.command);
        run(&step, server.address(), Path::new("."));
    }
}
