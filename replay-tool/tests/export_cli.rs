//! `daftar-replay export` as its user meets it: what it writes in each form, what it refuses, and how it exits.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use parquet::basic::{ConvertedType, Encoding, LogicalType, Type as PhysicalType};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::schema::types::Type;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/small.ndjson");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/export.md");
const WHAT: [&str; 3] = ["events", "tickets", "measurements"];

fn export(arguments: &[&str], events: &str) -> Output {
    let arguments = [&["export"], arguments, &["--events", events]].concat();
    Command::new(env!("CARGO_BIN_EXE_daftar-replay")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What is written on standard output.
#[track_caller]
fn printed(arguments: &[&str]) -> Vec<u8> {
    let output = export(arguments, SMALL);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    output.stdout
}

/// What is written into a file.
#[track_caller]
fn written(arguments: &[&str], file: &Path) {
    let output = export(&[arguments, &["--out", file.to_str().unwrap()]].concat(), SMALL);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    assert!(output.stdout.is_empty(), "{arguments:?}");
}

#[track_caller]
fn refused(arguments: &[&str], code: i32, words: &str) {
    let output = export(arguments, SMALL);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
    assert!(said(&output).contains(words), "{arguments:?}: {}", said(&output));
    assert!(output.stdout.is_empty());
}

fn parquet(what: &str) -> (TempDir, SerializedFileReader<File>) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rows.parquet");
    written(&[what, "--to", "parquet"], &file);
    let reader = SerializedFileReader::new(File::open(file).unwrap()).unwrap();
    (dir, reader)
}

/// The records of a CSV by the names of their columns.
fn records(csv: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv);
    reader.deserialize().collect::<Result<_, _>>().unwrap()
}

/// A column's type in the words of docs/export.md.
fn type_word(field: &Type) -> &'static str {
    let info = field.get_basic_info();
    if field.is_group() {
        return match info.converted_type() {
            ConvertedType::LIST => "list of text",
            ConvertedType::MAP => "text by name",
            other => panic!("{} is {other:?}", field.name()),
        };
    }
    match (field.get_physical_type(), info.logical_type_ref()) {
        (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)) => "text",
        (PhysicalType::INT64, Some(LogicalType::Timestamp(_))) => "instant",
        (PhysicalType::INT64, Some(LogicalType::Decimal(_))) => "seconds",
        (PhysicalType::INT64, None) => "whole number",
        (PhysicalType::BOOLEAN, None) => "boolean",
        other => panic!("{} is {other:?}", field.name()),
    }
}

/// The columns of a Parquet file with their types, in order.
fn columns(file: &SerializedFileReader<File>) -> Vec<(String, String)> {
    let fields = file.metadata().file_metadata().schema().get_fields().iter();
    fields.map(|field| (field.name().to_owned(), type_word(field).to_owned())).collect()
}

/// The columns that a section of docs/export.md lists, with their types, in order.
fn listed(section: &str) -> Vec<(String, String)> {
    let page = fs::read_to_string(PAGE).unwrap();
    let (_, rest) = page.split_once(&format!("\n## {section}\n")).unwrap();
    let text = rest.split("\n## ").next().unwrap();
    let (_, table) = text.split_once("| column | type |").unwrap();
    first_cells(table)
}

/// The first two cells of each row of a table that begins with a name in code.
fn first_cells(table: &str) -> Vec<(String, String)> {
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.map(|row| row.split(" | ").map(|cell| cell.trim_end_matches('`').to_owned()).collect::<Vec<_>>());
    cells.map(|cells| (cells[0].clone(), cells[1].clone())).collect()
}

#[test]
fn every_column_stands_on_the_page_with_its_type_and_the_page_lists_no_other() {
    for (what, section) in WHAT.into_iter().zip(["Events", "Tickets", "Measurements"]) {
        let (_dir, file) = parquet(what);
        assert_eq!(columns(&file), listed(section), "{what}");
        let csv = printed(&[what, "--to", "csv"]);
        let header = String::from_utf8(csv).unwrap().lines().next().unwrap().to_owned();
        let names: Vec<_> = columns(&file).into_iter().map(|(name, _)| name).collect();
        assert_eq!(header, names.join(","), "{what}");
    }
}

#[test]
fn measurements_are_of_the_kinds_on_the_page_in_its_order() {
    let page = fs::read_to_string(PAGE).unwrap();
    let (_, table) = page.split_once("| kind | a row is |").unwrap();
    let listed: Vec<_> = first_cells(table.split("\n\n").next().unwrap()).into_iter().map(|(kind, _)| kind).collect();
    let mut kinds: Vec<_> =
        records(&printed(&["measurements", "--to", "csv"])).iter().map(|row| row["kind"].clone()).collect();
    kinds.dedup();
    let there: Vec<_> = listed.iter().filter(|kind| kinds.contains(kind)).cloned().collect();
    assert_eq!(kinds, there);
    assert!(there.len() > 9, "the fixture has nearly all of them: {there:?}");
}

#[test]
fn instants_are_microseconds_of_utc_and_texts_have_dictionaries() {
    for what in WHAT {
        let (_dir, file) = parquet(what);
        for field in file.metadata().file_metadata().schema().get_fields() {
            if let Some(LogicalType::Timestamp(at)) = field.get_basic_info().logical_type_ref() {
                assert!(at.is_adjusted_to_u_t_c, "{}", field.name());
                assert_eq!(field.get_basic_info().converted_type(), ConvertedType::TIMESTAMP_MICROS);
            }
        }
        let group = file.metadata().row_group(0);
        for column in group.columns() {
            let encodings: Vec<_> = column.encodings().collect();
            let values =
                column.statistics().and_then(|s| s.null_count_opt()) != Some(column.num_values().cast_unsigned());
            match column.column_type() {
                PhysicalType::BYTE_ARRAY if values => {
                    assert!(column.dictionary_page_offset().is_some(), "{}", column.column_path());
                    assert!(encodings.contains(&Encoding::RLE_DICTIONARY), "{}: {encodings:?}", column.column_path());
                }
                PhysicalType::INT64 => {
                    assert!(encodings.contains(&Encoding::DELTA_BINARY_PACKED), "{}", column.column_path());
                }
                _ => {}
            }
        }
    }
}

/// HD-1001 of the fixture by hand, on the calendar: opened 1 March 08:12, answered by sara 08:41 and held for the customer
/// 08:45 to 11:02, closed 11:30; reopened by the customer 2 March 09:00, answered 10:30, closed by omid 11:00, and
/// rated 4 of 4.
#[test]
fn a_ticket_has_the_figures_worked_out_by_hand() {
    let all = records(&printed(&["tickets", "--to", "csv"]));
    let ticket = all.iter().find(|row| row["ticket"] == "HD-1001").unwrap();
    let expected = [
        ("version", "17"),
        ("state", "closed"),
        ("waiting_for", ""),
        ("voided", "false"),
        ("opened_at", "2025-03-01T08:12:00Z"),
        ("customer", "c-42"),
        ("branch", ""),
        ("department", "billing"),
        ("agent", "omid"),
        ("tags", r#"["login"]"#),
        ("attributes", r#"{"request_type":"fault"}"#),
        ("closing_reason", "solved"),
        ("cycle", "2"),
        ("reopenings", "1"),
        ("closings", "2"),
        ("replies", "4"),
        ("agent_replies", "2"),
        ("transfers", "1"),
        ("first_response_at", "2025-03-01T08:41:00Z"),
        ("first_response_s", "1740"),
        ("first_response_agent", "sara"),
        ("first_closed_at", "2025-03-01T11:30:00Z"),
        ("first_resolution_s", "11880"),
        // From 1 March 08:12 to 2 March 11:00; of that open, without the night in between, 11880 s and 7200 s.
        ("full_resolution_s", "96480"),
        ("open_s", "19080"),
        // 08:12 to 08:41, 11:02 to 11:30, 09:00 to 10:30.
        ("agent_work_s", "8820"),
        // 08:41 to 08:45, 10:30 to 11:00.
        ("waiting_for_customer_s", "2040"),
        ("held_for_customer_s", "8220"),
        ("held_for_third_party_s", "0"),
        ("last_closing_agent", "omid"),
        ("csat_scale", "four"),
        ("csat_score", "4"),
        ("csat_positive", "true"),
        ("nps", "10"),
        ("ces", ""),
    ];
    for (column, value) in expected {
        assert_eq!(ticket[column], value, "{column}");
    }
    let lines = String::from_utf8(printed(&["tickets", "--to", "ndjson"])).unwrap();
    let ticket: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(ticket["first_response_s"], 1740);
    assert_eq!((&ticket["tags"][0], &ticket["attributes"]["request_type"]), (&"login".into(), &"fault".into()));
    assert_eq!((ticket.get("branch"), ticket.get("ces")), (None, None), "what has no value is left out");
    // As it was before its second closing: open, and no resolution stands.
    let earlier = records(&printed(&["tickets", "--to", "csv", "--happened-by", "2025-03-02T09:30:00Z"]));
    let ticket = earlier.iter().find(|row| row["ticket"] == "HD-1001").unwrap();
    for (column, value) in [("state", "open"), ("waiting_for", "agent"), ("cycle", "2"), ("closings", "1")] {
        assert_eq!(ticket[column], value, "{column}");
    }
    assert_eq!((&*ticket["full_resolution_s"], &*ticket["open_s"]), ("", ""));
    assert_eq!((&*ticket["first_resolution_s"], &*ticket["csat_score"]), ("11880", "4"));
}

#[test]
fn a_measurement_says_what_took_it_back() {
    let all = records(&printed(&["measurements", "--to", "csv"]));
    let of =
        |kind: &str| all.iter().filter(|row| row["kind"] == kind && row["ticket"] == "HD-1001").collect::<Vec<_>>();
    let closings = of("closing");
    let reopening = of("reopening")[0];
    assert_eq!(closings.len(), 2);
    assert_eq!(closings[0]["taken_back"], reopening["position"], "the reopening undid the first closing");
    assert_eq!(closings[1]["taken_back"], "");
    assert_eq!(reopening["closing"], closings[0]["closing"]);
    assert_eq!((&*closings[0]["agent"], &*closings[1]["agent"]), ("sara", "omid"));
    let answers = of("answer");
    let overall: Vec<_> = answers.iter().filter(|row| row["field"] == "overall").collect();
    assert_eq!((&*overall[0]["scale"], &*overall[0]["score"], &*overall[0]["positive"]), ("five", "4", "true"));
    assert_eq!(overall[0]["closing"], closings[0]["closing"]);
    let chosen: Vec<_> = answers.iter().filter(|row| row["field"] == "choice").collect();
    assert_eq!((&*chosen[0]["question"], &*chosen[0]["choices"]), ("heard_from", r#"["friend"]"#));
}

#[test]
fn all_forms_have_the_same_rows() {
    for what in WHAT {
        let csv = records(&printed(&[what, "--to", "csv"])).len();
        let lines = String::from_utf8(printed(&[what, "--to", "ndjson"])).unwrap();
        assert!(lines.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{what}");
        assert_eq!(lines.lines().count(), csv, "{what}");
        let (_dir, file) = parquet(what);
        assert_eq!(usize::try_from(file.metadata().file_metadata().num_rows()), Ok(csv), "{what}");
    }
    assert_eq!(records(&printed(&["events", "--to", "csv"])).len(), 40);
    assert_eq!(records(&printed(&["events", "--to", "csv", "--as-of", "7"])).len(), 7);
}

#[test]
fn csv_is_rfc_4180() {
    let csv = String::from_utf8(printed(&["events", "--to", "csv"])).unwrap();
    assert!(csv.starts_with("type,ticket,occurred_at,"));
    assert_eq!(csv.matches("\r\n").count(), 41, "records end with CRLF, and no text here has one");
    assert!(csv.contains(r#""[{""name"":""خطا.png"",""media_type"":"#), "quotes are doubled");
    let opened = &records(csv.as_bytes())[0];
    assert_eq!(opened["body"], "از دیروز نمی‌توانم وارد حسابم شوم.");
}

/// A file that was read has no ids and times of acceptance of its own, and gets none that look like it.
#[test]
fn events_of_a_file_come_back_as_they_were() {
    let lines = String::from_utf8(printed(&["events", "--to", "ndjson"])).unwrap();
    let file = fs::read_to_string(SMALL).unwrap();
    assert_eq!((lines.lines().count(), file.lines().count()), (40, 40));
    for ((line, given), position) in lines.lines().zip(file.lines()).zip(1..) {
        let said: serde_json::Value = serde_json::from_str(line).unwrap();
        let given: serde_json::Value = serde_json::from_str(given).unwrap();
        for name in ["type", "ticket", "occurred_at", "customer", "tags", "attachments", "body", "questions", "comment"]
        {
            assert_eq!(said[name], given[name], "{name} of {given}");
        }
        assert_eq!(said["position"], position);
    }
    assert!(!lines.contains("recorded_at") && !lines.contains("event_id"));
    let dir = tempfile::tempdir().unwrap();
    let once = dir.path().join("once.ndjson");
    fs::write(&once, &lines).unwrap();
    let again = export(&["events", "--to", "ndjson"], once.to_str().unwrap());
    assert_eq!(String::from_utf8(again.stdout).unwrap(), lines, "an export of an export is that export");
}

#[test]
fn a_file_is_packed_by_its_ending_and_replaced_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let plain = printed(&["events", "--to", "ndjson"]);
    let file = |name: &str| -> PathBuf { dir.path().join(name) };
    fs::write(file("events.ndjson"), "something older").unwrap();
    for name in ["events.ndjson", "events.ndjson.gz", "events.ndjson.zst"] {
        written(&["events", "--to", "ndjson"], &file(name));
    }
    assert_eq!(fs::read(file("events.ndjson")).unwrap(), plain);
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(File::open(file("events.ndjson.gz")).unwrap()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain);
    assert_eq!(zstd::decode_all(File::open(file("events.ndjson.zst")).unwrap()).unwrap(), plain);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing else is left there");
}

#[test]
fn what_makes_no_sense_is_refused_in_words() {
    refused(&["events"], 2, "--to <FORM>");
    refused(&["everything", "--to", "csv"], 2, "possible values: events, tickets, measurements");
    refused(&["events", "--to", "csv", "--definition", "zendesk"], 2, "--definition makes no difference to events");
    refused(&["tickets", "--to", "parquet", "--out", "t.parquet.gz"], 2, "leave .gz away");
    refused(&["tickets", "--to", "csv", "--as-of", "41"], 2, "--as-of is 41, but the log ends at position 40");
    refused(&["tickets", "--to", "csv", "--as-of", "2025-03-02"], 2, "--as-of is an instant");
    refused(&["tickets", "--to", "csv", "--happened-by", "soon"], 2, "--happened-by");
    refused(&["tickets", "--to", "csv", "--definition", "nobody"], 2, "--definition nobody");
    refused(&["tickets", "--to", "csv", "--out", "no-such-dir/t.csv"], 3, "no-such-dir/t.csv");
}

#[test]
fn whoever_has_seen_enough_of_a_table_is_no_failure() {
    // More than any buffer on the way holds.
    let opened = |n: u32| {
        format!(
            "{{\"type\":\"ticket_opened\",\"ticket\":\"HD-{n}\",\"occurred_at\":\"2026-01-03T08:12:00Z\",\
             \"department\":\"{}\"}}\n",
            "d".repeat(60)
        )
    };
    let dir = tempfile::tempdir().unwrap();
    let events = dir.path().join("many.ndjson");
    fs::write(&events, (0..5000).map(opened).collect::<String>()).unwrap();
    for form in ["csv", "ndjson"] {
        let mut tool = Command::new(env!("CARGO_BIN_EXE_daftar-replay"));
        tool.args(["export", "tickets", "--to", form, "--events", events.to_str().unwrap()]);
        let mut tool = tool.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(tool.stdout.take());
        let output = tool.wait_with_output().unwrap();
        assert!(output.status.success(), "{form}: {}", said(&output));
        assert_eq!(said(&output), "", "{form}");
    }
}

#[test]
fn a_place_that_cannot_be_written_to_is_told_before_anything_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("none/events.csv");
    let arguments = ["tickets", "--to", "csv", "--out", nowhere.to_str().unwrap()];
    // The events are not there either; nobody came so far as to look.
    let output = export(&arguments, "none.ndjson");
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("the export could not be written to"), "{}", said(&output));
}

#[cfg(unix)]
#[test]
fn who_may_read_a_file_stays_as_it_was() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tickets.csv");
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    written(&["tickets", "--to", "csv"], &file);
    let metadata = file.metadata().unwrap();
    assert_eq!((metadata.permissions().mode() & 0o777, metadata.len() > 0), (0o600, true));
}
