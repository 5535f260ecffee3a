//! The replay tool's sources: one history is the same from each of them, and a server's comes whole over connections that
//! break.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_eventlog::backup::{BackupDirectory, segment::Segment};
use daftar_tests::history::Dice;
use daftar_tests::programs::{printed, run};
use daftar_tests::proxy::{Deed, Proxy};
use daftar_tests::served::Served;
use daftar_tests::server::Server;
use serde_json::json;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

const REPORTS: [&str; 11] = [
    "overview",
    "satisfaction",
    "response-times",
    "resolution-times",
    "flow",
    "leaderboard",
    "targets",
    "volume",
    "backlog",
    "cases",
    "review-queue",
];

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn reports(source: &[&str]) -> Vec<String> {
    let report = |name: &&str, flags: &[&str]| {
        printed("daftar-replay", &[&["report", *name, "--output", "json"], flags, source].concat())
    };
    let plain = REPORTS.iter().map(|name| report(name, &[]));
    let grouped = ["--interval", "month", "--group-by", "customer", "--as-of", "1500"];
    plain.chain(["flow", "satisfaction"].iter().map(|name| report(name, &grouped))).collect()
}

#[test]
fn a_history_is_the_same_from_every_source() {
    let server = Server::demo(&["--tickets", "200", "--seed", "11", "--until", "2026-05-01"]);
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let url = format!("http://{}", server.address());
    let from_server = reports(&["--url", &url]);
    assert_eq!(from_server.len(), 13);
    for (name, report) in REPORTS.iter().zip(&from_server) {
        assert!(server.get(&format!("/v1/reports/{name}")).text() == report, "{name} is not what the server answers");
    }
    let _ = printed("daftar", &["backup", "--url", &url, &path("copy")]);
    std::fs::write(path("events.ndjson"), server.get("/v1/events").bytes).unwrap();
    let stopped = server.stop();
    let data = stopped.path().join("data");
    for source in
        [["--data-dir", data.to_str().unwrap()], ["--backup", &path("copy")], ["--events", &path("events.ndjson")]]
    {
        assert!(reports(&source) == from_server, "{source:?}");
    }
}

#[test]
fn a_report_is_the_same_however_its_directory_was_left() {
    let stopped = Server::demo(&["--tickets", "500", "--seed", "7", "--until", "2026-05-01"]).stop();
    let data = stopped.path().join("data");
    let edit = |file: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = std::fs::read(data.join(file)).unwrap();
        change(&mut bytes);
        std::fs::write(data.join(file), bytes).unwrap();
    };
    let report = |flags: &[&str]| {
        let source = ["--output", "json", "--quiet", "--data-dir", data.to_str().unwrap()];
        let output = run("daftar-replay", &[&["report", "satisfaction"], flags, &source].concat());
        assert!(output.status.success(), "{}", said(&output));
        (String::from_utf8(output.stdout.clone()).unwrap(), said(&output))
    };
    let by_agent = || report(&["--group-by", "agent"]);
    assert!(data.join("closed").exists(), "a server that ends in order notes how");
    let at_a_glance = by_agent();
    assert_eq!(at_a_glance.1, "");
    std::fs::remove_file(data.join("closed")).unwrap();
    assert_eq!(by_agent(), at_a_glance, "opened whole");
    assert!(data.join("closed").exists(), "who opens it whole leaves a note too");

    edit("derived/facts", &|bytes| bytes[1000] ^= 1);
    let mended = by_agent();
    assert!(mended.0 == at_a_glance.0, "nothing damaged is counted");
    assert!(mended.1.contains("derived files were damaged or another log's from position 1 on"), "{}", mended.1);
    assert_eq!(by_agent(), at_a_glance, "they were made again");

    for file in ["keys/customers.a", "keys/customers.b"] {
        edit(file, &|bytes| bytes[384 + 30] ^= 1);
    }
    assert_eq!(by_agent(), at_a_glance, "no key was asked for");
    let (_, told) = report(&["--group-by", "customer"]);
    assert!(told.contains("slots 1 are damaged in both key files"), "{told}");
}

#[test]
fn a_server_without_events_has_empty_reports() {
    let server = Server::start();
    let report = printed(
        "daftar-replay",
        &["report", "flow", "--output", "json", "--url", &format!("http://{}/", server.address())],
    );
    assert_eq!(report, server.get("/v1/reports/flow").text());
}

/// A server with a history of several segments: texts that do not pack well.
struct Long {
    served: Served,
    /// The last positions of its segments.
    ends: Vec<u64>,
    /// The bytes of the first segment.
    first_bytes: usize,
    _dir: TempDir,
}

impl Long {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(path("events.ndjson"), lines()).unwrap();
        let _ = printed("daftar", &["import", "--data-dir", &path("data"), &path("events.ndjson")]);
        let _ = printed("daftar", &["backup", "--data-dir", &path("data"), &path("copy")]);
        let segments: Vec<Segment> =
            BackupDirectory::list(Path::new(&path("copy"))).unwrap().segments().map(Result::unwrap).collect();
        let first_bytes = segments[0].encode().unwrap().len();
        let ends: Vec<_> = segments.iter().map(|segment| segment.last.position.0).collect();
        assert!(ends.len() > 1, "{ends:?}");
        Self { served: Served::start(Path::new(&path("data"))), ends, first_bytes, _dir: dir }
    }

    fn flow(&self, through: &Proxy) -> Output {
        let url = format!("http://{}", through.address);
        run("daftar-replay", &["report", "flow", "--group-by", "customer", "--output", "json", "--url", &url])
    }

    fn proxy(&self, deed: impl Fn(&[String], &str) -> Deed + Send + 'static) -> Proxy {
        Proxy::start(self.served.address, deed)
    }
}

fn lines() -> String {
    let (mut dice, mut lines) = (Dice(5), String::new());
    for n in 0..60 {
        let body: String =
            (0..220_000).map(|_| char::from(u8::try_from(b' ' as u64 + 1 + dice.below(90)).unwrap())).collect();
        let opened = json!({"type": "ticket_opened", "ticket": format!("T-{n}"), "occurred_at": "2026-01-03T08:12:00Z",
            "customer": format!("c-{}", n % 7), "body": body});
        writeln!(lines, "{opened}").unwrap();
    }
    lines
}

#[test]
fn a_connection_that_breaks_goes_on_after_the_last_whole_segment() {
    let long = Long::new();
    let whole = long.flow(&long.proxy(|_, _| Deed::Pass));
    assert!(whole.status.success() && whole.stderr.is_empty(), "{}", said(&whole));
    assert_eq!(String::from_utf8_lossy(&whole.stdout).matches("\"customer\":\"c-").count(), 7, "customers have names");

    // Once within the first segment, then within the second one, then within the keys.
    let within_second = long.first_bytes + 10_000;
    let breaking = long.proxy(move |asked, _| match asked.len() {
        0 => Deed::CutAfter(100_000),
        1 => Deed::CutAfter(within_second),
        // The keys of eight, in slots of 384 bytes.
        3 => Deed::CutAfter(1500),
        _ => Deed::Pass,
    });
    let broken = long.flow(&breaking);
    assert!(broken.status.success() && broken.stdout == whole.stdout, "{}", said(&broken));
    let after = long.ends[0];
    let asked = breaking.asked();
    assert_eq!(asked[..2], ["/v1/segments?after=0", "/v1/segments?after=0"]);
    assert!(asked[2].starts_with(&format!("/v1/segments?after={after}&epoch=")), "{asked:?}");
    assert_eq!(asked[3..], ["/v1/sealing-keys", "/v1/sealing-keys"]);
    let words = said(&broken);
    assert_eq!(words.matches("the connection broke").count(), 3, "{words}");
    assert!(words.contains("after position 0") && words.contains(&format!("after position {after}")), "{words}");

    // One that never comes further is given up, and says where.
    let hopeless = long.proxy(|_, _| Deed::CutAfter(50_000));
    let given_up = long.flow(&hopeless);
    assert_eq!(given_up.status.code(), Some(3), "{}", said(&given_up));
    assert!(said(&given_up).contains("broke 6 times after position 0"), "{}", said(&given_up));
    assert_eq!(hopeless.asked().len(), 6);
}

#[test]
fn a_bit_that_flips_on_the_way_is_found_with_its_position() {
    let long = Long::new();
    let at = long.first_bytes + 20_000;
    let flipping = long.proxy(move |asked, _| if asked.is_empty() { Deed::FlipAt(at) } else { Deed::Pass });
    let url = format!("http://{}", flipping.address);
    let verified = run("daftar-replay", &["verify", "--url", &url]);
    assert_eq!(verified.status.code(), Some(1), "{}", said(&verified));
    let told = String::from_utf8_lossy(&verified.stdout).into_owned();
    let wrong = format!("wrong: server: position {}: the segment's checksum is wrong", long.ends[0] + 1);
    assert!(told.contains(&wrong) && told.contains("digest: none"), "{told}");
}

const KEPT_BACK: &str = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\nContent-Length: 50\r\n\
    Connection: close\r\n\r\n{\"status\":403,\"detail\":\"this key is an analyst's\"}";
const NO_KEY: &str = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const ELSEWHERE: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

#[test]
fn whoever_is_not_given_the_keys_sees_pseudonyms() {
    let server = Server::demo(&["--tickets", "40", "--seed", "4", "--until", "2026-05-01"]);
    let kept = Proxy::start(server.address().parse().unwrap(), |_, path| match path {
        "/v1/sealing-keys" => Deed::Answer(KEPT_BACK),
        _ => Deed::Pass,
    });
    let flow = |address: &str| {
        let url = format!("http://{address}");
        run("daftar-replay", &["report", "flow", "--group-by", "customer", "--output", "json", "--url", &url])
    };
    let (named, unnamed) = (flow(server.address()), flow(&kept.address.to_string()));
    assert!(unnamed.status.success() && said(&unnamed).contains("shown by pseudonyms"), "{}", said(&unnamed));
    let customers = |output: &Output| -> Vec<String> {
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let rows = report["rows"].as_array().unwrap();
        rows.iter().filter_map(|row| row["group"]["customer"].as_str().map(str::to_owned)).collect()
    };
    let (named, unnamed) = (customers(&named), customers(&unnamed));
    assert!(named.len() > 10 && named.len() == unnamed.len());
    let is_pseudonym = |name: &String| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(unnamed.iter().all(is_pseudonym) && !named.iter().any(is_pseudonym), "{unnamed:?} {named:?}");
}

#[track_caller]
fn refused(url: &str, more: &[&str], code: i32, words: &str) {
    let output = run("daftar-replay", &[&["report", "flow", "--url", url], more].concat());
    assert_eq!(output.status.code(), Some(code), "{url}: {}", said(&output));
    assert!(said(&output).contains(words), "{url}: {}", said(&output));
}

#[test]
fn an_address_that_is_none_of_a_daftar_server_is_told_apart() {
    // One that a system gives to nobody who asks for any.
    let nobody: SocketAddr = ([127, 0, 0, 1], 1).into();
    refused(&format!("http://{nobody}"), &[], 3, "no server answers there");
    let answering = |answer| Proxy::start(nobody, move |_, _| Deed::Answer(answer));
    let foreign = answering(ELSEWHERE);
    refused(
        &format!("http://{}", foreign.address),
        &[],
        3,
        "no Daftar server (/v1/segments?after=0 was answered 200, text/html)",
    );
    let locked = answering(NO_KEY);
    refused(&format!("http://{}", locked.address), &[], 3, "wants an API key; give one with --key");
    refused(&format!("http://{}", locked.address), &["--key", "k-1"], 3, "does not know this key");
    let limited = answering(KEPT_BACK);
    refused(
        &format!("http://{}", limited.address),
        &["--key", "k-1"],
        3,
        "may not read this (this key is an analyst's)",
    );
    refused("127.0.0.1:7070", &[], 2, "give one like http://127.0.0.1:7070");
    refused("https://127.0.0.1:7070", &[], 2, "only plain HTTP");
    refused("http://127.0.0.1:7070", &["--key", "two words"], 2, "--key is no API key");
    let without = run("daftar-replay", &["report", "flow", "--backup", "b", "--key", "k"]);
    assert_eq!(without.status.code(), Some(2));
    assert!(said(&without).contains("--key is for a running server"), "{}", said(&without));
}
