//! `daftar-replay report` as its user meets it: what it prints, what it refuses, and how it exits.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::Path;
use std::process::{Command, Output};

const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/small.ndjson");

fn replay(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_daftar-replay")).args(arguments).output().unwrap()
}

fn report(arguments: &[&str]) -> Output {
    replay(&[&["report"], arguments, &["--events", SMALL]].concat())
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn refused(arguments: &[&str], words: &str) {
    let output = report(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
    assert!(said(&output).contains(words), "{arguments:?}: {}", said(&output));
    assert!(output.stdout.is_empty());
}

#[test]
fn json_has_the_fields_of_the_contract_in_their_order() {
    let json = printed(&report(&["response-times", "--output", "json", "--interval", "month"]));
    let fields = [
        "report",
        "definition",
        "position",
        "as_of",
        "happened_by",
        "at",
        "from",
        "to",
        "dated_by",
        "time_zone",
        "calendar",
        "notes",
        "rows",
        "period",
        "start",
        "end",
        "group",
        "first_response",
        "within",
        "unanswered",
        "answer_rate",
        "next_response",
    ];
    let places: Vec<_> = fields.iter().map(|field| json.find(&format!("\"{field}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{fields:?} at {places:?} in {json}");
}

#[test]
fn a_table_has_a_line_a_group_and_thousands_set_apart() {
    let table = printed(&report(&["resolution-times", "--group-by", "agent"]));
    assert!(table.starts_with("resolution-times, definition default (version 0), at position 40"), "{table}");
    for word in ["full_resolution", "omid", "sara", "نیلوفر", "198,000"] {
        assert!(table.contains(word), "{word} is not in {table}");
    }
}

#[test]
fn some_figures_are_shown_alone() {
    let csv = printed(&report(&["flow", "--output", "csv", "--group-by", "branch", "--figures", "closed,opened"]));
    assert!(csv.starts_with("period,group.branch,opened,closed\r\n"), "{csv}");
    let board = printed(&report(&["leaderboard", "--figures", "closed"]));
    assert!(board.contains("sara") && !board.contains("csat"), "{board}");
}

#[test]
fn csv_is_a_header_and_a_record_a_row() {
    let csv = printed(&report(&["backlog", "--output", "csv", "--group-by", "department", "--to", "2025-03-02"]));
    let lines: Vec<_> = csv.split("\r\n").collect();
    let ages = "ages.under_1d,ages.1d_3d,ages.3d_7d,ages.7d_30d,ages.over_30d";
    assert_eq!(lines[0], format!("period,group.department,open,unassigned,unanswered,held,{ages}"));
    assert_eq!(lines.last(), Some(&""), "nothing after the last record");
}

#[test]
fn the_week_is_a_line_an_hour_and_a_column_a_day() {
    let table = printed(&report(&["volume", "--group-by", "channel"]));
    for line in ["channel email", "opened", "replies", "Mon", "Sun", "00:00", "23:00"] {
        assert!(table.contains(line), "{line} is not in {table}");
    }
    assert_eq!(table.matches("08:00").count() % 2, 0, "two tables a group: {table}");
}

#[test]
fn every_table_of_the_leaderboard_says_whose_line_it_is() {
    let table = printed(&report(&["leaderboard"]));
    assert_eq!(table.matches("rank").count(), 8, "plain counts and seven figures: {table}");
    assert_eq!(table.matches("sara").count(), 8, "{table}");
    let grouped = printed(&report(&["leaderboard", "--group-by", "agent,department"]));
    assert_eq!(grouped.lines().find(|line| line.contains("rank")).map(|l| l.matches("agent").count()), Some(1));
}

#[test]
fn an_earlier_position_is_another_history() {
    let opened = |flags: &[&str]| {
        let json = printed(&report(&[&["flow", "--output", "json"], flags].concat()));
        json.split("\"opened\":").nth(1).unwrap().split(',').next().unwrap().to_owned()
    };
    // The file's first two lines open two tickets; a third one is opened later.
    assert_eq!(opened(&["--as-of", "1"]), "1");
    assert_eq!(opened(&["--as-of", "2"]), "2");
    assert_eq!(opened(&[]), "3");
}

#[test]
fn what_makes_no_sense_is_refused_in_words() {
    refused(
        &["flows"],
        "must be one of overview, satisfaction, response-times, resolution-times, flow, leaderboard, targets, volume, \
         backlog, cases, review-queue",
    );
    refused(&["flow", "--interval", "moon"], "--interval is \"moon\"");
    refused(&["flow", "--group-by", "colour"], "colour");
    refused(&["flow", "--from", "2025-02-30"], "--from is \"2025-02-30\"");
    refused(&["flow", "--from", "2025-03-02", "--to", "2025-03-01"], "--to is");
    refused(&["flow", "--filter", "limit=3"], "limit");
    refused(&["flow", "--filter", "channel"], "--filter channel is no DIMENSION=VALUE");
    refused(&["flow", "--within", "soon"], "--within is \"soon\"");
    refused(&["flow", "--as-of", "41"], "the log ends at position 40");
    refused(&["flow", "--as-of", "2025-03-01T00:00:00Z"], "do not say when they were recorded");
    refused(&["flow", "--definition", "mine"], "mine");
    refused(&["flow", "--figures", "opened,csat"], "--figures is \"csat\"");
    refused(&["review-queue", "--figures", "since"], "it takes no figures");
    refused(&["flow", "--colour", "red"], "--colour");
}

#[test]
fn a_history_that_is_not_there_is_told_and_not_made() {
    let dir = std::env::temp_dir().join(format!("daftar-none-{}", std::process::id()));
    let output = replay(&["report", "flow", "--data-dir", dir.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("holds no log"), "{}", said(&output));
    assert!(!Path::new(&dir).exists());
    let output = replay(&["report", "flow", "--events", "no-such-file.ndjson"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let output = replay(&["report", "flow"]);
    assert_eq!(output.status.code(), Some(2), "a source must be given");
}

#[test]
fn tables_follow_the_calendar_of_the_definition_and_name_it_in_a_language() {
    let table = printed(&report(&["volume", "--definition", "iran"]));
    let days = table.lines().find(|line| line.contains("opened")).unwrap();
    let days: Vec<_> = days.split_whitespace().collect();
    assert_eq!(days, ["opened", "Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"], "weeks begin on Saturday");
    let months = |language: &[&str]| {
        printed(&report(&[&["flow", "--interval", "month", "--definition", "iran"], language].concat()))
    };
    assert!(months(&[]).contains("1403-12"), "{}", months(&[]));
    assert!(months(&["--language", "en"]).contains("Esfand 1403"), "{}", months(&["--language", "en"]));
    assert!(months(&["--language", "fa"]).contains("اسفند ۱۴۰۳"), "{}", months(&["--language", "fa"]));
    assert!(printed(&report(&["volume", "--definition", "iran", "--language", "fa"])).contains("شنبه"));
}

#[test]
fn any_number_of_threads_prints_the_same() {
    let asked = [
        &["overview", "--interval", "day"][..],
        &["satisfaction", "--group-by", "department"],
        &["flow", "--group-by", "agent,tag"],
        &["leaderboard"],
        &["backlog", "--interval", "day", "--group-by", "department"],
        &["volume"],
        &["targets", "--group-by", "customer"],
        &["cases"],
        &["review-queue"],
    ];
    for asked in asked {
        let on = |threads| printed(&report(&[asked, &["--output", "json", "--threads", threads]].concat()));
        let one = on("1");
        assert!(one.contains("\"rows\":["));
        for threads in ["2", "3", "7"] {
            assert_eq!(on(threads), one, "{asked:?} on {threads}");
        }
    }
    refused(&["overview", "--threads", "0"], "0 is not in 1..=256");
}

#[test]
fn timings_tell_every_stage_on_standard_error() {
    let output = report(&["overview", "--timings", "--threads", "2"]);
    let told = said(&output);
    let stages: Vec<_> = told.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(stages, ["stage", "open", "fold", "count", "write", "all", "40"]);
    assert!(told.ends_with("40 events, folded on 2 threads\n"), "{told}");
    assert_eq!(printed(&output), printed(&report(&["overview"])));
}
