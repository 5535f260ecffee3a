//! `--help` of every command: it has examples, they can be copied as they stand, and the tool takes them.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::process::{Command, Output};

const COMMANDS: [&str; 7] = ["report", "compare", "explain", "history", "verify", "export", "snapshot"];

fn replay(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_daftar-replay")).args(arguments).output().unwrap()
}

fn help(command: &[&str]) -> String {
    let output = replay(&[command, &["--help"]].concat());
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands under `Examples:`, up to the next empty line, as a shell reads them: a line that ends in \ goes on in the
/// next.
#[track_caller]
fn examples(help: &str) -> Vec<String> {
    let (_, examples) = help.split_once("\nExamples:\n").unwrap();
    let lines: Vec<_> = examples.lines().take_while(|line| !line.is_empty()).map(str::trim_start).collect();
    // None is so long that it is broken where no shell would know.
    lines.iter().for_each(|line| assert!(line.len() < 100, "{line}"));
    lines.join("\n").replace(" \\\n", " ").lines().map(str::to_owned).collect()
}

/// An example with `--help` behind it: its flags are read, and nothing is done.
#[track_caller]
fn takes(example: &str) {
    let ours = example.split(" | ").next().unwrap().split(" > ").next().unwrap();
    let words: Vec<_> = ours.split(' ').skip(1).chain(["--help"]).collect();
    let output = replay(&words);
    assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn examples_stand_on_a_line_each_and_are_taken() {
    let all = help(&[]);
    for example in examples(&all) {
        assert!(example.starts_with("daftar-replay "), "{example}");
        takes(&example);
    }
    for command in COMMANDS {
        assert!(all.contains(&format!("\n  {command} ")), "{command} is listed");
        let help = help(&[command]);
        let examples = examples(&help);
        assert!(examples.len() > 3, "{command}");
        // A line that was too long goes on in another one, which is no command.
        let own = format!("daftar-replay {command} ");
        // Above an example of a comparison stands what it answers.
        let is_known =
            |example: &String| example.starts_with(&own) || example.starts_with("duckdb ") || command == "compare";
        assert!(examples.iter().all(is_known), "{command}: {examples:?}");
        let ours: Vec<_> = examples.iter().filter(|example| example.starts_with(&own)).collect();
        assert!(ours.len() > 2, "{command}");
        ours.into_iter().for_each(|example| takes(example));
    }
}

#[test]
fn an_example_that_is_no_more_is_refused() {
    for wrong in ["report flow --colour red", "verify --data-dir", "export days", "snapshots"] {
        let words: Vec<_> = wrong.split(' ').chain(["--help"]).collect();
        assert_eq!(replay(&words).status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn every_report_is_named_in_its_help() {
    let refused = replay(&["report", "none", "--events", "none"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    let (_, names) = said.trim_end().split_once("must be one of ").unwrap();
    let help = help(&["report"]);
    let (_, listed) = help.split_once("\nReports:\n").unwrap();
    let listed: Vec<_> = listed.lines().take_while(|line| !line.is_empty()).collect();
    let listed: Vec<_> = listed.iter().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(listed, names.split(", ").collect::<Vec<_>>());
}
