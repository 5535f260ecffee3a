//! `daftar-replay verify`: one digest from every source, whatever is damaged found with its place, and a running server
//! held against a history.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_eventlog::backup::{BackupDirectory, segment::Segment};
use daftar_eventlog::entry::Entry;
use daftar_tests::http_client::{Asked, Client};
use daftar_tests::programs::{printed, root, run};
use daftar_tests::served::Served;
use daftar_tests::server::Server;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

/// What came of a verification.
struct Verified {
    code: i32,
    told: Value,
    said: String,
}

impl Verified {
    fn of(arguments: &[&str]) -> Self {
        let Output { status, stdout, stderr } =
            run("daftar-replay", &[&["verify", "--output", "json"], arguments].concat());
        let said = String::from_utf8_lossy(&stderr).into_owned();
        let told = serde_json::from_slice(&stdout).unwrap_or_else(|e| panic!("{e}: {said}"));
        Self { code: status.code().unwrap(), told, said }
    }

    #[track_caller]
    fn is_good(&self) -> &str {
        assert_eq!(self.code, 0, "{} {}", self.said, self.told);
        assert_eq!((&self.told["findings"], &self.told["differences"]), (&Value::Array(vec![]), &Value::Array(vec![])));
        self.told["digest"].as_str().unwrap()
    }

    /// The first finding, of a verification that says no.
    #[track_caller]
    fn finding(&self) -> (u64, String) {
        assert_eq!(self.code, 1, "{} {}", self.said, self.told);
        let finding = &self.told["findings"][0];
        assert!(self.said.contains("not verified") && self.said.contains(finding["what"].as_str().unwrap()));
        (finding["position"].as_u64().unwrap_or_default(), finding["what"].as_str().unwrap().to_owned())
    }

    fn differences(&self) -> Vec<&str> {
        self.told["differences"].as_array().unwrap().iter().map(|difference| difference.as_str().unwrap()).collect()
    }

    fn check(&self, name: &str) -> (&Value, &str) {
        let checks = self.told["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["check"] == name).unwrap();
        (&check["good"], check["detail"].as_str().unwrap())
    }
}

/// The fields of a JSON object in their order, each as it was written.
struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    fn of(line: &str) -> Self {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, Box<RawValue>)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(fields)
            }
        }
        Self(serde_json::Deserializer::from_str(line).deserialize_map(InOrder).unwrap())
    }
}

/// The digest as its description says, made of the lines of the feed: sealed fields go, customers are numbered.
fn naive_digest(feed: &str) -> String {
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut number = |id: &str| {
        let next = numbers.len() + 1;
        format!("\"{}\"", numbers.entry(id.to_owned()).or_insert(next))
    };
    let mut clear = String::new();
    for line in feed.lines() {
        let mut kept = Vec::new();
        for (name, value) in Fields::of(line).0 {
            let value = value.get();
            let text = match name.as_str() {
                "subject" | "body" | "attachments" | "texts" | "comment" | "note" | "event_id" => continue,
                "customer" => number(value),
                "by" | "author" if value.starts_with(r#"{"kind":"customer","id":"#) => {
                    let id = value.strip_prefix(r#"{"kind":"customer","id":"#).unwrap().strip_suffix('}').unwrap();
                    format!(r#"{{"kind":"customer","id":{}}}"#, number(id))
                }
                _ => value.to_owned(),
            };
            kept.push(format!("\"{name}\":{text}"));
        }
        clear.push_str(&format!("{{{}}}\n", kept.join(",")));
    }
    blake3::hash(clear.as_bytes()).to_hex().to_string()
}

fn path(dir: &TempDir, name: &str) -> String {
    dir.path().join(name).to_str().unwrap().to_owned()
}

#[test]
fn every_source_has_the_digest_that_the_feed_gives() {
    let server = Server::demo(&["--tickets", "200", "--seed", "21", "--until", "2026-05-01"]);
    // What is no ticket's takes a position, and is not in the feed.
    let put = server.send("PUT", "/v1/definitions/default", DEFINITION, &[("Content-Type", "application/json")]);
    assert_eq!(put.status, 200, "{}", put.text());
    let opened =
        server.post("/v1/tickets", r#"{"ticket":"AFTER","by":{"kind":"customer","id":"c-x"},"customer":"c-x"}"#);
    assert_eq!(opened.status, 201, "{}", opened.text());
    let dir = tempfile::tempdir().unwrap();
    let url = format!("http://{}", server.address());
    let feed = server.get("/v1/events").text().to_owned();
    let (digest, export) = (naive_digest(&feed), blake3::hash(feed.as_bytes()).to_hex().to_string());
    fs::write(path(&dir, "events.ndjson"), &feed).unwrap();
    let _ = printed("daftar", &["backup", "--url", &url, &path(&dir, "copy")]);
    let sealed = path(&dir, "sealed");
    daftar_tests::history::copy_dir(Path::new(&path(&dir, "copy")), Path::new(&sealed)).unwrap();

    let whole = |source: &[&str]| {
        let verified = Verified::of(source);
        assert_eq!(verified.is_good(), digest, "{source:?}");
        assert_eq!(verified.told["export_digest"], export, "{source:?}");
        verified
    };
    let against = whole(&["--url", &url, "--against", &url]);
    assert_eq!(against.told["server_digest"], digest);
    let events = whole(&["--events", &path(&dir, "events.ndjson"), "--against", &url]);
    assert_eq!(events.check("chain"), (&Value::Null, "a file of events carries none"));
    assert_eq!(events.check("versions").0, &Value::Bool(true));
    let copy = whole(&["--backup", &path(&dir, "copy"), "--against", &url]);
    for check in
        ["checksums", "chain", "positions", "versions", "contents", "fold", "server's events", "server's reports"]
    {
        assert_eq!(copy.check(check).0, &Value::Bool(true), "{check}");
    }
    assert!(copy.check("server's reports").1.starts_with("41 of 41"), "{}", copy.told);
    // Without the keys the digest is the same, and so are the reports.
    let sealed = Verified::of(&["--backup", &sealed, "--against", &url]);
    assert_eq!(sealed.is_good(), digest);
    assert_eq!((&sealed.told["export_digest"], sealed.check("contents").0), (&Value::Null, &Value::Null));
    let stopped = server.stop();
    whole(&["--data-dir", stopped.path().join("data").to_str().unwrap()]);
}

const DEFINITION: &str = r#"{"name":"default","first_response":{"counts":"human_and_automation"}}"#;

#[test]
fn the_table_ends_with_the_digest() {
    let small = root().join("tests/fixtures/small.ndjson");
    let table = printed("daftar-replay", &["verify", "--events", small.to_str().unwrap()]);
    let last = table.lines().last().unwrap();
    let digest = last.strip_prefix("digest: ").unwrap();
    assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{last}");
    assert!(table.contains("the lines carry none: counted as they come"), "{table}");
    // No id and no time that was made up for this run is in any digest.
    assert_eq!(table, printed("daftar-replay", &["verify", "--events", small.to_str().unwrap()]));
}

/// A backup with some thousand events, in two segments.
fn backed_up(dir: &TempDir) -> (Server, PathBuf) {
    let server = Server::demo(&["--tickets", "120", "--seed", "5", "--until", "2026-05-01"]);
    let url = format!("http://{}", server.address());
    let _ = printed("daftar", &["backup", "--url", &url, &path(dir, "copy")]);
    for n in 0..5 {
        let opened = format!(r#"{{"ticket":"LAST-{n}","by":{{"kind":"customer"}},"customer":"c","body":"later"}}"#);
        assert_eq!(server.post("/v1/tickets", opened).status, 201);
    }
    let _ = printed("daftar", &["backup", "--url", &url, &path(dir, "copy")]);
    (server, dir.path().join("copy"))
}

/// The segments of a backup with their files, in order.
fn segments(copy: &Path) -> Vec<(PathBuf, Segment)> {
    let mut files: Vec<_> = fs::read_dir(copy).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let segments = BackupDirectory::list(copy).unwrap().segments().map(Result::unwrap).collect::<Vec<_>>();
    files.into_iter().zip(segments).collect()
}

#[test]
fn a_damaged_backup_is_told_with_its_position() {
    let dir = tempfile::tempdir().unwrap();
    let (_server, copy) = backed_up(&dir);
    let good = segments(&copy);
    let [(first, whole), (second, _)] = &good[..] else { panic!("{} segments", good.len()) };
    let end = whole.last.position.0;
    let verify = || Verified::of(&["--backup", copy.to_str().unwrap()]).finding();

    let kept = fs::read(second).unwrap();
    let mut flipped = kept.clone();
    flipped[kept.len() - 9] ^= 4;
    fs::write(second, flipped).unwrap();
    let (position, what) = verify();
    assert!(position == end + 1 && what.contains("checksum is wrong"), "{position} {what}");
    fs::write(second, kept).unwrap();

    // Events changed by somebody who knows how segments are written: checksum and header fit, the chain does not.
    let mut changed = whole.clone();
    let at = changed.entries.iter().position(|entry| matches!(entry, Entry::Event(..))).unwrap();
    let Entry::Event(recorded_at, _) = &mut changed.entries[at] else { unreachable!() };
    *recorded_at = daftar_domain::Timestamp::clamped(recorded_at.micros() + 1);
    fs::write(first, changed.encode().unwrap()).unwrap();
    let (position, what) = verify();
    assert!(position == end && what.contains("does not fit the chain"), "{position} {what}");

    fs::remove_file(first).unwrap();
    let (position, what) = verify();
    assert!(position == 1 && what.contains("the first one is missing"), "{position} {what}");
}

#[test]
fn a_damaged_directory_is_told_with_its_position() {
    let dir = tempfile::tempdir().unwrap();
    let (server, _) = backed_up(&dir);
    let end: u64 = server.get("/v1/events").header("daftar-position").unwrap().parse().unwrap();
    let stopped = server.stop();
    let data = stopped.path().join("data");
    let db = data.join("log/db");
    let mut bytes = fs::read(&db).unwrap();
    let word = b"LAST-2";
    let places: Vec<_> = bytes.windows(word.len()).enumerate().filter(|(_, w)| w == word).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at + 5] ^= 1;
    }
    fs::write(&db, bytes).unwrap();
    let verified = Verified::of(&["--data-dir", data.to_str().unwrap()]);
    let (position, what) = verified.finding();
    // The third of the last five events, or one before it in the same page of the store.
    assert!((1..=end - 2).contains(&position), "{position}: {what}");
    assert_eq!(verified.told["digest"], Value::Null);
    assert!(verified.check("chain").1.contains("good to position"), "{}", verified.told);
}

#[test]
fn lines_that_are_missing_or_moved_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let (server, _) = backed_up(&dir);
    let feed = server.get("/v1/events").text().to_owned();
    let lines: Vec<&str> = feed.lines().collect();
    let file = path(&dir, "events.ndjson");
    let verified = |lines: &[&str]| {
        fs::write(&file, lines.join("\n")).unwrap();
        Verified::of(&["--events", &file])
    };
    verified(&lines).is_good();
    let mut backwards = lines.clone();
    backwards.reverse();
    assert_eq!(verified(&backwards).is_good(), verified(&lines).is_good(), "lines are put in order");

    // An opening is missing: what comes after it can't be taken in.
    let field = |line: &str, name: &str| {
        let field = Fields::of(line).0.into_iter().find(|(field, _)| field == name);
        field.map(|(_, value)| value.get().to_owned()).unwrap()
    };
    let (_, what) = verified(&lines[1..]).finding();
    assert!(what.contains("left out, the first line"), "{what}");
    // An assignment is missing: its ticket's next line does not follow the one before.
    let is_assignment = |line: &&str| line.contains(r#""type":"ticket_assigned""#);
    let missing = lines.iter().position(is_assignment).unwrap();
    let ticket = field(lines[missing], "ticket");
    let next = lines[missing + 1..].iter().find(|line| field(line, "ticket") == ticket).unwrap();
    let mut without = lines.clone();
    without.remove(missing);
    let (position, what) = verified(&without).finding();
    assert_eq!(position.to_string(), field(next, "position"));
    let [version, expected] = [next, &lines[missing]].map(|line| field(line, "version"));
    let words = format!("says that it is version {version} of its ticket, but version {expected} comes next there");
    assert!(what.contains(&words) && what.contains("missing"), "{what}");
}

/// A server on a history from a file, with the times its lines carry.
fn serve(dir: &TempDir, name: &str, lines: &[String]) -> Served {
    let (file, data) = (path(dir, &format!("{name}.ndjson")), path(dir, name));
    fs::write(&file, lines.concat()).unwrap();
    let keep = lines[0].contains("recorded_at").then_some("--keep-recorded-at");
    let arguments = ["import", "--data-dir", &data, &file];
    let _ = printed("daftar", &arguments.into_iter().chain(keep).collect::<Vec<_>>());
    Served::start(Path::new(&data))
}

/// A server on the small history, its events as lines, and a backup of it.
fn small(dir: &TempDir) -> (Served, Vec<String>, String) {
    let small = fs::read_to_string(root().join("tests/fixtures/small.ndjson")).unwrap();
    let lines: Vec<String> = small.lines().map(|line| format!("{line}\n")).collect();
    let one = serve(dir, "one", &lines);
    let (url, copy) = (format!("http://{}", one.address), path(dir, "copy"));
    let _ = printed("daftar", &["backup", "--url", &url, &copy]);
    let mut client = Client::connect(one.address).unwrap();
    let feed = String::from_utf8(client.ask(&Asked::get("/v1/events")).unwrap().body).unwrap();
    let lines: Vec<String> = feed.lines().map(|line| format!("{line}\n")).collect();
    assert_eq!(lines.len(), 40);
    (one, lines, copy)
}

#[test]
fn another_history_on_the_server_is_told_event_and_report() {
    let dir = tempfile::tempdir().unwrap();
    let (one, lines, copy) = small(&dir);
    let against =
        |served: &Served| Verified::of(&["--backup", &copy, "--against", &format!("http://{}", served.address)]);
    against(&one).is_good();
    // The same lines in another log.
    let same = serve(&dir, "same", &lines);
    assert_eq!(against(&same).is_good(), against(&one).is_good());

    let at = lines.iter().position(|line| line.contains(r#""type":"reply_rated""#)).unwrap();
    let mut changed = lines;
    assert!(changed[at].contains(r#""rating":"satisfied""#), "{}", changed[at]);
    changed[at] = changed[at].replace(r#""rating":"satisfied""#, r#""rating":"dissatisfied""#);
    let other = serve(&dir, "other", &changed);
    let verified = against(&other);
    assert_eq!(verified.code, 1, "{}", verified.said);
    let differences = verified.differences();
    let first = Fields::of(&changed[at]).0.into_iter().find(|(name, _)| name == "ticket").unwrap().1;
    let event = format!(
        "position {}: reply_rated of ticket {}: rating is \"dissatisfied\" at the server, \"satisfied\" here",
        at + 1,
        first.get().trim_matches('"')
    );
    assert_eq!(differences[0], event);
    // One satisfied rating less, in the report that counts them and in no figure of what came and went.
    let satisfaction = differences.iter().find(|words| words.starts_with("report satisfaction: row of everything: "));
    assert!(satisfaction.is_some_and(|words| words.contains("reply_rating.")), "{differences:?}");
    assert!(!differences.iter().any(|words| words.starts_with("report flow")), "{differences:?}");
    assert!(verified.said.contains(&event) && verified.said.contains("more)"), "{}", verified.said);
    assert_ne!(verified.told["server_digest"], verified.told["digest"]);
}

#[test]
fn events_that_only_one_of_both_has_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let (one, lines, copy) = small(&dir);
    let short = serve(&dir, "short", &lines[..39]);
    let url = format!("http://{}", short.address);
    let behind = Verified::of(&["--backup", &copy, "--against", &url]);
    assert_eq!(behind.code, 1, "{}", behind.told);
    let [only] = behind.differences()[..] else { panic!("{}", behind.told) };
    assert!(only.starts_with("position 40: ") && only.ends_with(": the server does not have it"), "{only}");
    assert!(behind.check("server's reports").1.ends_with("at position 39"), "{}", behind.told);

    // A file that does not say when its events were recorded is not compared by that.
    let original = root().join("tests/fixtures/small.ndjson");
    let one = format!("http://{}", one.address);
    let untimed = Verified::of(&["--events", original.to_str().unwrap(), "--against", &one]);
    assert_eq!(untimed.is_good(), untimed.told["server_digest"]);

    let file = path(&dir, "gap.ndjson");
    fs::write(&file, [&lines[..9], &lines[10..39]].concat().concat()).unwrap();
    let gap = Verified::of(&["--events", &file, "--against", &url]);
    assert!(
        gap.differences()[0].starts_with("position 10: ") && gap.differences()[0].ends_with("only the server has it")
    );
}

#[test]
fn a_server_that_went_on_is_compared_at_the_end_of_the_source() {
    let dir = tempfile::tempdir().unwrap();
    let (server, copy) = backed_up(&dir);
    let opened = server.post("/v1/tickets", r#"{"ticket":"LATER","by":{"kind":"customer"}}"#);
    assert_eq!(opened.status, 201);
    let url = format!("http://{}", server.address());
    let verified = Verified::of(&["--backup", copy.to_str().unwrap(), "--against", &url]);
    assert_eq!(verified.is_good(), verified.told["server_digest"]);
    let end = verified.told["position"].as_u64().unwrap();
    let words = verified.check("server's events").1.replace(',', "");
    assert!(words.ends_with(&format!("the server's end is position {}", end + 1)), "{words}");
}
