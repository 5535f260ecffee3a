//! README's first commands do what README says, on a machine that has never run them.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_tests::programs::{program, root};
use std::path::Path;

/// A command of README: the program it runs, and its arguments.
fn commands(readme: &str) -> Vec<(&'static str, Vec<String>)> {
    let lines = readme.lines().filter_map(|line| line.strip_prefix("cargo run --release "));
    lines
        .map(|line| {
            let (flags, arguments) = line.split_once("-- ").unwrap();
            let name = if flags.contains("daftar-replay-tool") { "daftar-replay" } else { "daftar" };
            (name, arguments.split(' ').map(str::to_owned).collect::<Vec<_>>())
        })
        // What serves goes on until it is stopped; the demo and the tour have tests of their own.
        .filter(|(_, arguments)| !["demo", "serve"].contains(&arguments[0].as_str()))
        .collect()
}

fn run(name: &'static str, arguments: &[String], in_dir: &Path) -> String {
    let output = program(name).args(arguments).current_dir(in_dir).output().unwrap();
    assert!(output.status.success(), "{name} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_first_commands_run_as_printed() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let fixtures = dir.path().join("tests/fixtures");
    std::fs::create_dir_all(&fixtures).unwrap();
    std::fs::copy(root().join("tests/fixtures/small.ndjson"), fixtures.join("small.ndjson")).unwrap();
    let commands = commands(&readme);
    let printed: Vec<_> = commands.iter().map(|(name, arguments)| run(name, arguments, dir.path())).collect();
    assert_eq!(printed.len(), 5, "an import and the four reports");
    assert!(readme.contains(printed[0].trim_end()), "README says what the import prints: {}", printed[0]);
    for (report, text) in ["response-times", "resolution-times", "satisfaction", "flow"].into_iter().zip(&printed[1..])
    {
        let begins = if text.starts_with('{') { format!("{{\"report\":\"{report}\"") } else { format!("{report}, ") };
        assert!(text.starts_with(&begins), "{text}");
    }
    let head = printed[3].lines().next().unwrap();
    assert!(readme.contains(head), "README shows the head of the report: {head}");
    let again = run("daftar", &commands[0].1, dir.path());
    assert_eq!(again.trim_end(), r#"{"read":40,"appended":0,"present":40,"rejected":0,"position":40}"#);
}
