//! README's tour over HTTP runs as it is printed, and gets the answers that are shown.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_tests::programs::root;
use daftar_tests::server::Server;
use std::process::Command;

/// A command of the tour, and what README shows of its answer; nothing where it shows none.
type Step = (String, Option<String>);

/// The blocks of the tour: a command stands in an `sh` block, its answer in the block after it.
fn steps(readme: &str) -> Vec<Step> {
    let tour = readme.split_once("\n## A tour over HTTP\n").unwrap().1;
    let tour = tour.split("\n## ").next().unwrap();
    let mut steps: Vec<Step> = Vec::new();
    for block in tour.split("\n```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').unwrap();
        match language {
            "sh" => steps.push((text.to_owned(), None)),
            _ => steps.last_mut().unwrap().1 = Some(text.to_owned()),
        }
    }
    steps
}

/// Whether curl is there; a machine that checks changes must have it.
fn has_curl() -> bool {
    let found = Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(found || std::env::var_os("CI").is_none_or(|ci| ci != "true"), "the tour needs curl");
    if !found {
        println!("SKIPPED: curl is not on this machine");
    }
    found
}

/// Whether an answer is what README shows: `…` stands for anything, and where a line breaks does not matter.
fn is_as_shown(shown: &str, answer: &str) -> bool {
    let joined = |text: &str| text.lines().map(str::trim).collect::<String>();
    let (shown, answer) = (joined(shown), joined(answer));
    let mut parts: Vec<_> = shown.split('…').collect();
    let last = parts.pop().unwrap_or_default();
    let Some((first, between)) = parts.split_first() else { return answer == last };
    let begun = answer.strip_prefix(first);
    let left = between.iter().try_fold(begun, |left, part| Some(left?.split_once(part).map(|(_, left)| left)));
    left.flatten().is_some_and(|left| left.ends_with(last))
}

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
    let steps = steps(&readme);
    assert!(steps.len() >= 12, "{} commands", steps.len());
    if !has_curl() {
        return;
    }
    let server = Server::start();
    for (command, shown) in steps {
        assert!(command.starts_with("curl ") && command.contains("127.0.0.1:7070"), "{command}");
        let here = command.replace("127.0.0.1:7070", server.address());
        let output = Command::new("bash").args(["-e", "-c", &here]).output().unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        let shown = shown.unwrap_or_else(|| panic!("README shows no answer to {command}"));
        assert!(is_as_shown(&shown, &answer), "{command}\nis shown with\n{shown}\nand answers\n{answer}");
    }
}
