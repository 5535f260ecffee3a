//! What is exported says what the log says: read again it gives the same reports, and other programs that read it come to
//! the same figures.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

use daftar_tests::programs::{printed, report, root};
use daftar_tests::server::Server;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use tempfile::TempDir;

const REPORTS: [(&str, &[&str]); 9] = [
    ("overview", &["--interval", "month"]),
    ("satisfaction", &["--group-by", "department"]),
    ("response-times", &["--group-by", "agent", "--interval", "quarter"]),
    ("resolution-times", &["--group-by", "branch,priority"]),
    ("flow", &["--group-by", "tag"]),
    ("leaderboard", &[]),
    ("targets", &["--definition", "iran"]),
    ("cases", &["--group-by", "department"]),
    ("review-queue", &[]),
];

/// A help desk that is no longer served: its data directory, and the feed it had.
struct Desk {
    dir: TempDir,
    feed: String,
}

impl Desk {
    /// A made-up past, and behind it a history in which everything happens.
    fn made_up(tickets: &str, seed: &str) -> Self {
        let server = Server::demo(&["--tickets", tickets, "--seed", seed, "--until", "2025-02-01"]);
        let small = fs::read_to_string(root().join("tests/fixtures/small.ndjson")).unwrap();
        let recorded = server.send("POST", "/v1/events", &small, &[]);
        assert_eq!(recorded.json()["appended"], 40, "{}", recorded.text());
        let feed = server.get("/v1/events").text().to_owned();
        Self { dir: server.stop(), feed }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// Exports into a file of that name; answers its path.
    fn export(&self, arguments: &[&str], source: &[&str], name: &str) -> String {
        let file = self.path(name);
        let said = printed("daftar-replay", &[&["export"], arguments, source, &["--out", &file]].concat());
        assert_eq!(said, "", "what is written into a file is not printed");
        file
    }
}

fn import(file: &str, dir: &str, flags: &[&str]) {
    let counts = printed("daftar", &[&["import", file, "--data-dir", dir], flags].concat());
    assert!(counts.contains("\"present\":0,\"rejected\":0"), "{counts}");
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Asserts that reports of two sources are the same bytes, under the same flags.
#[track_caller]
fn assert_same_reports(one: &[&str], other: &[&str], reports: &[(&str, &[&str])], flags: &[&str]) {
    for (name, parameters) in reports {
        let made = |source: &[&str]| {
            printed("daftar-replay", &[&["report", name, "--output", "json"], source, *parameters, flags].concat())
        };
        assert_eq!(made(one), made(other), "{name} {parameters:?} {flags:?}");
    }
}

#[test]
fn events_are_the_feed_and_read_again_give_the_same_reports() {
    for (tickets, seed) in [("60", "3"), ("25", "8")] {
        let desk = Desk::made_up(tickets, seed);
        let data = desk.path("data");
        let original = ["--data-dir", &*data];
        let file = desk.export(&["events", "--to", "ndjson"], &original, "events.ndjson.zst");
        let exported = String::from_utf8(zstd::decode_all(fs::File::open(&file).unwrap()).unwrap()).unwrap();
        assert_eq!(exported, desk.feed, "the very bytes of the feed");
        let read = ["--events", &*file];
        assert_same_reports(&original, &read, &REPORTS, &[]);
        let events = lines(&exported);
        let middle = &events[events.len() / 2];
        let (position, recorded_at) = (middle["position"].to_string(), middle["recorded_at"].as_str().unwrap());
        for flags in [["--as-of", &*position], ["--as-of", recorded_at], ["--happened-by", "2024-10-01"]] {
            assert_same_reports(&original, &read, &REPORTS[1..4], &flags);
        }
        imported_again(&desk, &file, &exported, recorded_at);
        part_of_it(&desk, &original, &exported, &position);
    }
}

/// A published definition takes a position that no exported line has.
#[test]
fn positions_are_kept_where_an_event_is_no_tickets() {
    let server = Server::start();
    let small = fs::read_to_string(root().join("tests/fixtures/small.ndjson")).unwrap();
    let half = small.split_inclusive('\n').take(20).map(str::len).sum();
    let (first, second) = small.split_at(half);
    let published = server.get("/v1/definitions/zendesk").text().replacen("zendesk", "ours", 1);
    for (method, path, body) in
        [("POST", "/v1/events", first), ("PUT", "/v1/definitions/ours", &published), ("POST", "/v1/events", second)]
    {
        let answer = server.send(method, path, body, &[]);
        assert!(answer.status < 300, "{path}: {}", answer.text());
    }
    let dir = server.stop();
    let desk = Desk { dir, feed: String::new() };
    let data = desk.path("data");
    let original = ["--data-dir", &*data];
    let file = desk.export(&["events", "--to", "ndjson"], &original, "events.ndjson");
    let positions: Vec<_> = lines(&fs::read_to_string(&file).unwrap()).iter().map(|e| e["position"].clone()).collect();
    let expected: Vec<Value> = (1..=41).filter(|position| *position != 21).map(Value::from).collect();
    assert_eq!(positions, expected);
    for as_of in ["20", "21", "22", "41"] {
        assert_same_reports(&original, &["--events", &file], &REPORTS[..5], &["--as-of", as_of]);
    }
}

/// Imported into another log, with the instants of the first, it is the same log in all that is exported.
fn imported_again(desk: &Desk, file: &str, exported: &str, recorded_at: &str) {
    let (data, kept, now) = (desk.path("data"), desk.path("kept"), desk.path("now"));
    import(file, &kept, &["--keep-recorded-at"]);
    let (original, kept) = (["--data-dir", &*data], ["--data-dir", &*kept]);
    assert_same_reports(&original, &kept, &REPORTS[..5], &[]);
    assert_same_reports(&original, &kept, &REPORTS[1..4], &["--as-of", recorded_at]);
    let again = desk.export(&["events", "--to", "ndjson"], &kept, "again.ndjson");
    assert_eq!(fs::read_to_string(again).unwrap(), exported);
    import(file, &now, &[]);
    assert_same_reports(&original, &["--data-dir", &now], &REPORTS[..5], &[]);
}

/// A prefix is the lines before its end, and what had happened by an instant those that had.
fn part_of_it(desk: &Desk, original: &[&str], exported: &str, position: &str) {
    let as_of = desk.export(&["events", "--to", "ndjson", "--as-of", position], original, "as_of.ndjson");
    let prefix: String = exported.split_inclusive('\n').take(position.parse().unwrap()).collect();
    assert_eq!(fs::read_to_string(as_of).unwrap(), prefix, "positions have no gaps here");
    let instant = "2024-11-05T10:00:00Z";
    let by = desk.export(&["events", "--to", "ndjson", "--happened-by", instant], original, "by.ndjson");
    let happened = |line: &&str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["occurred_at"].as_str().unwrap()[..19] <= instant[..19]
    };
    let happened: String = exported.split_inclusive('\n').filter(happened).collect();
    assert!(!happened.is_empty() && happened.len() < exported.len());
    assert_eq!(fs::read_to_string(by).unwrap(), happened);
}

/// What is sealed with a customer's key, as docs/format.md lists it.
const SEALED: [&str; 7] = ["subject", "body", "attachments", "texts", "comment", "note", "event_id"];

/// Takes what is sealed out of a line, and whom it names as customer out of its places.
fn take_sealed(line: &mut Value) -> Vec<String> {
    SEALED.iter().for_each(|field| drop(line.as_object_mut().unwrap().remove(*field)));
    let is_customer = |who: &&str| *who == "customer" || line[*who]["kind"] == "customer";
    let named: Vec<_> = ["customer", "by", "author"].into_iter().filter(is_customer).collect();
    let place = |who: &str| if who == "customer" { "/customer".to_owned() } else { format!("/{who}/id") };
    let ids = named.into_iter().filter_map(|who| Some(line.pointer_mut(&place(who))?.take().as_str()?.to_owned()));
    ids.collect()
}

#[test]
fn a_backup_without_its_keys_is_exported_with_pseudonyms_and_without_texts() {
    let desk = Desk::made_up("40", "6");
    let (data, copy) = (desk.path("data"), desk.path("copy"));
    let _ = printed("daftar", &["backup", "--data-dir", &data, &copy]);
    fs::rename(desk.path("copy-keys"), desk.path("elsewhere")).unwrap();
    let sealed = ["--backup", &*copy];
    let file = desk.export(&["events", "--to", "ndjson"], &sealed, "sealed.ndjson");
    let (exported, told) = (lines(&fs::read_to_string(&file).unwrap()), lines(&desk.feed));
    assert_eq!(exported.len(), told.len());
    let mut pseudonyms = BTreeMap::new();
    for (mut line, mut told) in exported.into_iter().zip(told) {
        for field in SEALED {
            assert_eq!(line.get(field), None, "{line}");
        }
        let (named, unnamed) = (take_sealed(&mut told), take_sealed(&mut line));
        assert_eq!(named.len(), unnamed.len(), "{told} {line}");
        for (customer, pseudonym) in named.into_iter().zip(unnamed) {
            assert!(pseudonym.len() == 32 && pseudonym.bytes().all(|byte| byte.is_ascii_hexdigit()), "{pseudonym}");
            let one = pseudonyms.entry(customer).or_insert_with(|| pseudonym.clone());
            assert_eq!(*one, pseudonym, "everybody has one pseudonym");
        }
        assert_eq!(line, told, "nothing else is another");
    }
    let mut taken: Vec<_> = pseudonyms.values().collect();
    taken.sort();
    taken.dedup();
    assert!(taken.len() == pseudonyms.len() && taken.len() > 5, "and nobody else's: {pseudonyms:?}");
    rows_without_keys(&desk, &sealed, &pseudonyms);
}

/// Tables have the same rows with the keys and without, but for who is a customer and what they wrote; and read again, the
/// events give the same reports.
fn rows_without_keys(desk: &Desk, sealed: &[&str], pseudonyms: &BTreeMap<String, String>) {
    let data = desk.path("data");
    for what in ["tickets", "measurements"] {
        let rows = |source: &[&str], name: &str| {
            let file = desk.export(&[what, "--to", "ndjson"], source, name);
            lines(&fs::read_to_string(file).unwrap())
        };
        let mut named = rows(&["--data-dir", &data], "named.ndjson");
        for row in &mut named {
            if let Some(customer) = row["customer"].as_str() {
                row["customer"] = pseudonyms[customer].clone().into();
            }
        }
        assert!(!named.is_empty() && named == rows(sealed, "unnamed.ndjson"), "{what}");
        for form in ["csv", "parquet"] {
            let file = desk.export(&[what, "--to", form], sealed, "rows");
            assert!(fs::metadata(file).unwrap().len() > 0);
        }
    }
    let file = desk.path("sealed.ndjson");
    assert_same_reports(&["--data-dir", &data], &["--events", &file], &REPORTS[..5], &[]);
}

/// The Python to read back with: one that has DuckDB and Polars. None: the test says that it is skipped.
fn python() -> Option<String> {
    let python = std::env::var("DAFTAR_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", "import duckdb, polars"]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    let needed = "DAFTAR_PYTHON names no Python that has what benches/peers/requirements.txt lists";
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{needed}");
    println!("SKIPPED: {needed}");
    None
}

fn read_back(python: &str, measurements: &str, tickets: &str) -> Value {
    let script = root().join("tests/export/read_back.py");
    let output = Command::new(python).arg(script).args([measurements, tickets]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Figures told with six decimals are those of doubles as far as they go.
#[track_caller]
fn assert_close(figure: &Value, recomputed: &Value, what: &str) {
    let (Some(figure), Some(recomputed)) = (figure.as_f64(), recomputed.as_f64()) else {
        panic!("{what}: {figure} and {recomputed}");
    };
    assert!((figure - recomputed).abs() <= 1e-6 + figure.abs() * 1e-12, "{what}: {figure} and {recomputed}");
}

/// Compares figures of a report's rows with what was recomputed: a list a row, its names first.
#[track_caller]
fn assert_rows(report: &Value, names: &[&str], paths: &[&str], recomputed: &Value) {
    let rows = report["rows"].as_array().unwrap();
    // A row without any such value is not recomputed.
    let counted: Vec<_> = rows.iter().filter(|row| row.pointer(paths[0]).unwrap() != 0).collect();
    let recomputed = recomputed.as_array().unwrap();
    assert_eq!(counted.len(), recomputed.len(), "{report} and {recomputed:?}");
    assert!(!counted.is_empty());
    for row in counted {
        let is_it =
            |other: &&Value| names.iter().zip(0..).all(|(name, n): (_, usize)| row.pointer(name) == Some(&other[n]));
        let found = recomputed.iter().find(is_it).unwrap_or_else(|| panic!("nothing for {row}"));
        for (path, n) in paths.iter().zip(names.len()..) {
            assert_close(row.pointer(path).unwrap(), &found[n], path);
        }
    }
}

#[test]
fn figures_recomputed_from_parquet_are_those_of_the_reports() {
    let Some(python) = python() else { return };
    let desk = Desk::made_up("250", "5");
    let data = desk.path("data");
    let source = ["--data-dir", &*data];
    let measurements = desk.export(&["measurements", "--to", "parquet"], &source, "measurements.parquet");
    let tickets = desk.export(&["tickets", "--to", "parquet"], &source, "tickets.parquet");
    let both = read_back(&python, &measurements, &tickets);
    let recomputed = &both["duckdb"];
    let made = |name: &str, flags: &[&str]| report(name, &source, flags);
    let department = ["/group/department"];
    assert_rows(
        &made("response-times", &["--group-by", "department", "--interval", "month"]),
        &["/group/department", "/period"],
        &[
            "/first_response/count",
            "/first_response/sum",
            "/first_response/mean",
            "/first_response/p50",
            "/first_response/p90",
        ],
        &recomputed["first_response"],
    );
    assert_rows(
        &made("resolution-times", &["--group-by", "department"]),
        &department,
        &["/full_resolution/count", "/full_resolution/sum", "/full_resolution/mean", "/full_resolution/p90"],
        &recomputed["full_resolution"],
    );
    assert_rows(
        &made("satisfaction", &["--group-by", "department"]),
        &department,
        &["/csat/answers", "/csat/positive", "/csat/percent"],
        &recomputed["csat"],
    );
    let flow = made("flow", &["--group-by", "department"]);
    assert_rows(&flow, &department, &["/reopenings", "/reopened_tickets"], &recomputed["reopened"]);
    assert_rows(&flow, &department, &["/reopen_rate/of", "/reopen_rate/count"], &recomputed["reopen_rate"]);
    let tagged = made("flow", &["--group-by", "tag", "--figures", "opened"]);
    let tags = recomputed["tags"].as_array().unwrap();
    assert!(!tags.is_empty());
    for tag in tags {
        let row = tagged["rows"].as_array().unwrap().iter().find(|row| row["group"]["tag"] == tag[0]).unwrap();
        assert_eq!(row["opened"], tag[1], "{tag}");
    }
    let kinds = made("flow", &["--group-by", "attribute.request_type", "--figures", "opened"]);
    assert_rows(&kinds, &["/group/attribute.request_type"], &["/opened"], &recomputed["kinds"]);
    totals_are_those_of_the_reports(&desk, &both);
}

/// The facts of tickets add up to the totals of reports, and Polars reads what DuckDB does.
fn totals_are_those_of_the_reports(desk: &Desk, both: &Value) {
    let data = desk.path("data");
    let total = |name: &str| report(name, &["--data-dir", &data], &[])["rows"][0].clone();
    let (flow, responses, resolutions) = (total("flow"), total("response-times"), total("resolution-times"));
    let overview = total("overview");
    let tickets = &both["duckdb"]["tickets"];
    for (figure, n) in [
        (&flow["opened"], 0),
        (&overview["backlog"], 1),
        (&flow["reopenings"], 2),
        (&responses["first_response"]["count"], 3),
        (&responses["first_response"]["sum"], 4),
        (&resolutions["full_resolution"]["count"], 5),
        (&resolutions["full_resolution"]["sum"], 6),
        (&resolutions["first_resolution"]["count"], 7),
        (&resolutions["first_resolution"]["sum"], 8),
        (&resolutions["open_time"]["sum"], 9),
    ] {
        assert_close(figure, &tickets[n], &format!("total {n}"));
    }
    let (csat, polars) = (&total("satisfaction")["csat"], &both["polars"]);
    assert_eq!((&csat["answers"], &csat["positive"]), (&polars["csat"][0], &polars["csat"][1]));
    for (figure, n) in [("count", 0), ("mean", 1), ("p90", 2)] {
        assert_close(&responses["first_response"][figure], &polars["first_response"][n], figure);
    }
    assert_eq!(polars["instants"], "Datetime(time_unit='us', time_zone='UTC')");
    for (column, word) in [
        ("took_s", "DECIMAL(18,6)"),
        ("occurred_at", "TIMESTAMP WITH TIME ZONE"),
        ("tags", "VARCHAR[]"),
        ("attributes", "MAP(VARCHAR, VARCHAR)"),
        ("position", "BIGINT"),
        ("voided", "BOOLEAN"),
    ] {
        assert_eq!(both["duckdb"]["types"][column], word, "{column}");
    }
}
