//! How every command exits: 0 done, 1 the answer is 'no', 2 wrong usage, 3 could not run; and what it says then.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::process::{Command, Output};

const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/small.ndjson");
/// One that a system gives to nobody who asks for any.
const NOBODY: &str = "http://127.0.0.1:1";
/// The commands that take a source, as far as they need flags.
const WITH_SOURCE: [&[&str]; 6] = [
    &["report", "flow"],
    &["report", "overview", "--interval", "month", "--output", "csv"],
    &["verify"],
    &["export", "events", "--to", "ndjson"],
    &["export", "tickets", "--to", "csv"],
    &["export", "measurements", "--to", "csv"],
];

/// Runs the tool where nothing lies but what the table names: `empty` is an empty directory, `bad.ndjson` a history of
/// which the third line is none.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("empty")).unwrap();
        let small = fs::read_to_string(SMALL).unwrap();
        let lines =
            small.lines().enumerate().map(|(n, line)| if n == 2 { "no JSON\n".into() } else { format!("{line}\n") });
        fs::write(dir.path().join("bad.ndjson"), lines.collect::<String>()).unwrap();
        fs::write(dir.path().join("bad.toml"), "colour = \"red\"\n").unwrap();
        Self(dir)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut tool = Command::new(env!("CARGO_BIN_EXE_daftar-replay"));
        tool.current_dir(self.0.path()).args(arguments).output().unwrap()
    }

    /// Asserts how it exits, and that it says why on standard error, and nothing on standard output.
    #[track_caller]
    fn exits(&self, arguments: &[&str], code: i32, words: &str) {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    }

    /// Asserts that nothing was left or made here but what lay here before.
    #[track_caller]
    fn is_as_before(&self) {
        let mut there: Vec<_> = fs::read_dir(self.0.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        there.sort();
        assert_eq!(there, ["bad.ndjson", "bad.toml", "empty"]);
        assert_eq!(fs::read_dir(self.0.path().join("empty")).unwrap().count(), 0);
    }
}

#[test]
fn what_is_done_exits_with_0_and_says_nothing_besides() {
    let place = Place::new();
    for command in WITH_SOURCE {
        let output = place.run(&[command, &["--events", SMALL]].concat());
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{command:?}");
    }
    for command in [&[][..], &["report"], &["verify"], &["export"], &["snapshot"]] {
        for help in ["--help", "-h"] {
            let output = place.run(&[command, &[help]].concat());
            assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{command:?} {help}");
        }
    }
    place.is_as_before();
}

#[test]
fn a_no_exits_with_1() {
    let place = Place::new();
    for output in [&[][..], &["--output", "json"]] {
        let verified = place.run(&[&["verify", "--events", "bad.ndjson"], output].concat());
        let said = String::from_utf8_lossy(&verified.stderr).into_owned();
        assert_eq!(verified.status.code(), Some(1), "{said}");
        assert!(said.contains("not verified: lines: 1 line is left out, the first line 3"), "{said}");
        assert!(!verified.stdout.is_empty(), "what was checked is told all the same");
    }
    place.is_as_before();
}

#[test]
fn wrong_usage_exits_with_2() {
    let place = Place::new();
    for command in WITH_SOURCE {
        let wrong: [(&[&str], &str); 10] = [
            (&[], "--data-dir <DIR>|--backup <DIR>|--url <URL>|--events <FILE>"),
            (&["--data-dir", "empty", "--events", SMALL], "cannot be used with"),
            (&["--backup", "empty", "--url", NOBODY], "cannot be used with"),
            (&["--url", "desk:7070"], "--url desk:7070: this is no address of a server"),
            (&["--url", "https://desk"], "--url https://desk: only plain HTTP is spoken"),
            (&["--url", "http://me:secret@desk"], "--url: a name and password in the address are not sent; give --key"),
            (&["--url", NOBODY, "--key", "two words"], "--key is no API key"),
            (&["--events", SMALL, "--key", "k"], "--key is for a running server"),
            (&["--events", SMALL, "--colour", "red"], "--colour"),
            (&["--events", SMALL, "more"], "more"),
        ];
        for (flags, words) in wrong {
            place.exits(&[command, flags].concat(), 2, words);
        }
    }
    let flow: &[&str] = &["report", "flow", "--events", SMALL];
    let verify: &[&str] = &["verify", "--events", SMALL];
    let tickets: &[&str] = &["export", "tickets", "--events", SMALL];
    let table: [(&[&str], &[&str], &str); 22] = [
        (&["reports"], &[], "reports"),
        (&["report", "--events", SMALL], &[], "<REPORT>"),
        (&["report", "flows", "--events", SMALL], &[], "report is \"flows\": must be one of overview, "),
        (&["report", "flows", "--events", "none.ndjson"], &[], "report is \"flows\""),
        (flow, &["--interval", "moon"], "--interval is \"moon\""),
        (flow, &["--output", "xml"], "possible values: table, json, csv"),
        (flow, &["--as-of", "41"], "the log ends at position 40"),
        (flow, &["--definition", "bad.toml"], "colour"),
        (flow, &["--definition", "nobody"], "--definition nobody"),
        (flow, &["--publish", "q1"], "--publish needs --url"),
        (flow, &["--publish", "q1", "--threads", "2"], "cannot be used with"),
        (verify, &["--output", "csv"], "possible values: table, json"),
        (verify, &["--against", "desk"], "--against desk: this is no address of a server"),
        (verify, &["--against-key", "k"], "--against <URL>"),
        (tickets, &[], "--to <FORM>"),
        (tickets, &["--to", "xml"], "possible values: parquet, csv, ndjson"),
        (tickets, &["--to", "csv", "--happened-by", "soon"], "--happened-by is \"soon\""),
        (&["export", "days", "--to", "csv", "--events", SMALL], &[], "possible values: events, tickets, measurements"),
        (&["snapshot"], &[], "--url <URL>"),
        (&["snapshot", "--events", SMALL], &[], "--events"),
        (&["snapshot", "q1", "--url", "desk"], &[], "--url desk: this is no address of a server"),
        (&["snapshot", "q1", "--url", NOBODY, "--output", "csv"], &[], "possible values: table, json, kept"),
    ];
    for (command, flags, words) in table {
        place.exits(&[command, flags].concat(), 2, words);
    }
    place.is_as_before();
}

#[test]
fn what_could_not_run_exits_with_3() {
    let place = Place::new();
    for command in WITH_SOURCE {
        let unread: [(&[&str], &str); 8] = [
            (
                &["--data-dir", "empty"],
                "--data-dir empty: storage failed while opening the data directory: empty holds no log",
            ),
            (
                &["--data-dir", "none"],
                "--data-dir none: storage failed while opening the data directory: none holds no log",
            ),
            (
                &["--data-dir", "bad.ndjson"],
                "--data-dir bad.ndjson: storage failed while opening the data directory: bad.ndjson holds no log",
            ),
            (&["--backup", "empty"], "--backup empty: the backup has no segments"),
            (&["--backup", "none"], "--backup none: No such file"),
            (&["--events", "none.ndjson"], "--events none.ndjson: No such file"),
            (&["--events", "empty"], "--events empty: "),
            (&["--url", NOBODY], "--url http://127.0.0.1:1: no server answers there"),
        ];
        for (source, words) in unread {
            place.exits(&[command, source].concat(), 3, words);
        }
    }
    let table: [(&[&str], &str); 6] = [
        (&["report", "flow", "--events", SMALL, "--definition", "none.toml"], "--definition none.toml: No such file"),
        (&["report", "flow", "--publish", "q1", "--url", NOBODY], "no server answers there"),
        (&["verify", "--events", SMALL, "--against", NOBODY], "--against http://127.0.0.1:1: no server answers there"),
        (&["export", "tickets", "--to", "csv", "--events", SMALL, "--out", "none/t.csv"], "none/t.csv"),
        (&["snapshot", "--url", NOBODY], "no server answers there"),
        (&["snapshot", "q1", "--url", NOBODY, "--output", "kept"], "no server answers there"),
    ];
    for (arguments, words) in table {
        place.exits(arguments, 3, words);
    }
    place.is_as_before();
}
