//! `daftar import` as its users meet it: files, exit codes, counts, rejects.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const SMALL: &str = include_str!("../../tests/fixtures/small.ndjson");

/// A directory to work in, with a log of its own.
struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        name.to_owned()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daftar"));
        command.current_dir(self.dir.path()).args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Imports and expects exit code and counts: read, appended, present, rejected, position.
    #[track_caller]
    fn expect(&self, args: &[&str], code: i32, counts: [u64; 5]) -> String {
        let output = self.run(&[&["import"], args].concat());
        let errors = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{errors}");
        assert_eq!(counts_of(&output), counts, "{errors}");
        errors
    }
}

fn counts_of(output: &Output) -> [u64; 5] {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let printed: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    ["read", "appended", "present", "rejected", "position"].map(|name| printed[name].as_u64().unwrap())
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

#[test]
fn plain_gzip_and_zstd_are_told_apart_by_what_they_hold() {
    let desk = Desk::new();
    let lines: Vec<&str> = SMALL.split_inclusive('\n').collect();
    desk.file("plain.gz", lines[..10].concat());
    desk.file("members", [gzip(lines[10..15].concat().as_bytes()), gzip(lines[15..20].concat().as_bytes())].concat());
    desk.file("packed.ndjson", zstd::encode_all(lines[20..].concat().as_bytes(), 3).unwrap());
    desk.expect(&["plain.gz", "members", "packed.ndjson"], 0, [40, 40, 0, 0, 40]);
    desk.expect(&["plain.gz", "members", "packed.ndjson"], 0, [40, 0, 40, 0, 40]);
    assert!(desk.path("daftar-data/log").exists());
}

#[test]
fn a_file_given_twice_adds_nothing_the_second_time() {
    let desk = Desk::new();
    desk.file("small", SMALL);
    desk.file("same", SMALL);
    desk.expect(&["small", "small", "--dry-run"], 0, [80, 40, 40, 0, 0]);
    desk.expect(&["small", "same", "small"], 0, [120, 40, 80, 0, 40]);
    desk.expect(&["small"], 0, [40, 0, 40, 0, 40]);
}

#[test]
fn rejected_lines_are_not_written_over_what_is_read() {
    let desk = Desk::new();
    desk.file("small", SMALL);
    let output = desk.command(&["import", "./small", "--rejects", "small"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read_to_string(desk.path("small")).unwrap(), SMALL);
}

#[test]
fn standard_input_is_read_too() {
    let desk = Desk::new();
    let mut command = desk.command(&["import", "-", "--data-dir", "elsewhere", "--quiet"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&gzip(SMALL.as_bytes())).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), counts_of(&output)), (Some(0), [40, 40, 0, 0, 40]));
    assert!(output.stderr.is_empty(), "quiet is quiet");
    assert!(desk.path("elsewhere/log").exists());
}

#[test]
fn rejected_lines_are_told_or_written() {
    let desk = Desk::new();
    let mut text = b"{\"type\":\"ticket_\xff\n".to_vec();
    text.extend(SMALL.as_bytes());
    text.extend("سلام\n".repeat(24).as_bytes());
    desk.file("history", &text);
    let errors = desk.expect(&["history"], 1, [65, 40, 0, 25, 40]);
    assert!(errors.contains("history:1: the line is not UTF-8"), "{errors}");
    assert!(errors.contains("history:60: ") && !errors.contains("history:61: "), "{errors}");
    assert!(errors.contains("5 more rejected lines"), "{errors}");
    let errors = desk.expect(&["history", "--rejects", "bad"], 1, [65, 0, 40, 25, 40]);
    assert!(!errors.contains("history:"), "{errors}");
    let written = std::fs::read_to_string(desk.path("bad")).unwrap();
    let written: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(written.len(), 25);
    assert_eq!(written[0]["text"], "{\"type\":\"ticket_\u{FFFD}");
    let reason = written[24]["reason"].clone();
    assert_eq!(written[24], json!({"file": "history", "line": 65, "reason": reason, "text": "سلام"}));
}

#[test]
fn a_dry_run_writes_nothing() {
    let desk = Desk::new();
    desk.file("small", SMALL);
    desk.expect(&["--dry-run", "small"], 0, [40, 40, 0, 0, 0]);
    assert!(!desk.path("daftar-data").exists());
    desk.file("first", SMALL.split_inclusive('\n').take(10).collect::<String>());
    desk.expect(&["first"], 0, [10, 10, 0, 0, 10]);
    desk.expect(&["--dry-run", "small"], 0, [40, 30, 10, 0, 10]);
    desk.expect(&["small"], 0, [40, 30, 10, 0, 40]);
}

#[test]
fn kept_times_of_recording_go_into_an_empty_log_alone() {
    let desk = Desk::new();
    let stamped = SMALL.replace("}\n", ",\"recorded_at\":\"2025-04-01T00:00:00Z\"}\n");
    desk.file("stamped", stamped);
    desk.expect(&["--keep-recorded-at", "stamped"], 0, [40, 40, 0, 0, 40]);
    let refused = desk.run(&["import", "--keep-recorded-at", "stamped"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("only in an empty log, and this one has 40 events"));
}

#[test]
fn what_could_be_read_of_a_broken_gzip_goes_in() {
    let desk = Desk::new();
    // Hard to pack, so that the first half of the file holds many whole lines.
    let line = |n: u32| {
        let id = blake(n);
        format!("{{\"type\":\"ticket_opened\",\"ticket\":\"T-{n}-{id}\",\"occurred_at\":\"2025-03-01T00:00:00Z\"}}\n")
    };
    let packed = gzip((0..5000).map(line).collect::<String>().as_bytes());
    desk.file("cut.gz", &packed[..packed.len() / 2]);
    let output = desk.run(&["import", "cut.gz"]);
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    let [read, appended, present, rejected, position] = counts_of(&output);
    assert_eq!(output.status.code(), Some(3), "{errors}");
    assert!(errors.contains("cut.gz can't be read on after line"), "{errors}");
    assert!(appended > 1000 && position == appended && present == 0 && rejected <= 1, "{read} {appended} {rejected}");
    desk.file("whole.gz", packed);
    desk.expect(&["whole.gz"], 0, [5000, 5000 - appended, appended, 0, 5000]);
}

/// Digits that do not repeat.
fn blake(n: u32) -> String {
    let mixed = u64::from(n).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{mixed:016x}{:016x}", mixed.rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9))
}

#[test]
fn what_cannot_run_says_why() {
    let desk = Desk::new();
    desk.file("small", SMALL);
    let fails = |args: &[&str], code: i32, words: &str| {
        let output = desk.run(args);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{errors}");
        assert!(errors.contains(words), "{errors}");
    };
    fails(&["imports"], 2, "Usage: daftar");
    fails(&["import"], 2, "FILE");
    fails(&["import", "--format", "xml", "small"], 2, "events");
    fails(&["import", "small", "absent"], 3, "absent can't be opened");
    assert!(!desk.path("daftar-data").exists(), "nothing was read");
    fails(&["import", "."], 3, "can't be opened");
    fails(&["import", "small", "--rejects", "no/such/dir"], 3, "no/such/dir can't be written");
    fails(&["import", "small", "--data-dir", "small"], 3, "small");
    let help = desk.run(&["import", "--help"]);
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(help.status.success() && text.contains("Examples:") && text.contains("--keep-recorded-at"), "{text}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_its_counts() {
    let desk = Desk::new();
    let mut command = desk.command(&["import", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(SMALL.as_bytes()).unwrap();
    wait_until(|| catches_interrupts(child.id()));
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(130), "{errors}");
    let [read, appended, ..] = counts_of(&output);
    assert_eq!(read, appended, "{errors}");
    drop(input);
}

/// Whether a process has said what it does at Ctrl-C: the second bit of the signals it catches.
#[cfg(unix)]
fn catches_interrupts(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 2 != 0)
}

#[cfg(unix)]
fn wait_until(come: impl Fn() -> bool) {
    for _ in 0..600 {
        if come() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("it never came");
}

#[test]
fn damaged_keys_are_mended_or_told_never_passed_over() {
    let desk = Desk::new();
    desk.file("small", SMALL);
    desk.expect(&["small"], 0, [40, 40, 0, 0, 40]);
    let flip = |file: &str| {
        let path = desk.path("daftar-data/keys").join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        // Within the key of the first slot after the header.
        bytes[384 + 30] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    let said = || String::from_utf8(desk.run(&["import", "small"]).stderr).unwrap();
    flip("customers.b");
    assert!(said().contains("1 damaged slots of one key file were mended"));
    assert!(!said().contains("key file"), "mended is whole again");
    flip("customers.a");
    flip("customers.b");
    assert!(said().contains("slots 1 are damaged in both key files"));
}

/// A server of the program itself, ended when dropped.
struct Server {
    program: std::process::Child,
    url: String,
}

impl Server {
    fn on(desk: &Desk) -> Self {
        let args = ["serve", "--data-dir", "served", "--listen", "127.0.0.1:0"];
        let mut program = desk.command(&args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(program.stdout.take().unwrap()), &mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { program, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

#[test]
fn a_running_server_takes_history_as_a_directory_does() {
    let desk = Desk::new();
    let server = Server::on(&desk);
    let broken = format!("{SMALL}not a line\n{{\"type\":\"ticket_closed\"}}\n");
    desk.file("small.ndjson.gz", gzip(SMALL.as_bytes()));
    desk.file("broken.ndjson", &broken);
    let through = |args: &[&str], code, counts| desk.expect(&[&["--url", &server.url], args].concat(), code, counts);
    through(&["--dry-run", "small.ndjson.gz"], 0, [40, 40, 0, 0, 0]);
    through(&["small.ndjson.gz"], 0, [40, 40, 0, 0, 40]);
    through(&["small.ndjson.gz", "broken.ndjson", "--rejects", "rejects.ndjson"], 1, [82, 0, 80, 2, 40]);
    let rejects = std::fs::read_to_string(desk.path("rejects.ndjson")).unwrap();
    let rejects: Vec<Value> = rejects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let texts: Vec<_> = rejects.iter().map(|reject| (&reject["line"], &reject["text"])).collect();
    assert_eq!(texts, [(&json!(41), &json!("not a line")), (&json!(42), &json!("{\"type\":\"ticket_closed\"}"))]);

    let mut piped = desk.command(&["import", "--url", &server.url, "--rejects", "piped.ndjson", "-"]);
    let mut piped = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    piped.stdin.take().unwrap().write_all(broken.as_bytes()).unwrap();
    assert_eq!(counts_of(&piped.wait_with_output().unwrap()), [42, 0, 40, 2, 40]);
    assert!(std::fs::read_to_string(desk.path("piped.ndjson")).unwrap().contains("\"text\":\"not a line\""));

    let errors = desk.run(&["import", "--url", &server.url, "--keep-recorded-at", "broken.ndjson"]);
    assert_eq!(errors.status.code(), Some(3));
    assert!(String::from_utf8(errors.stderr).unwrap().contains("only in an empty log"));
    let nobody = desk.run(&["import", "--url", "http://127.0.0.1:1", "broken.ndjson"]);
    assert_eq!(nobody.status.code(), Some(3));
    assert_eq!(counts_of(&nobody), [0; 5]);
}
