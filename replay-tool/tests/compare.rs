//! `daftar-replay compare`: two reports side by side, worked out by hand.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod tool;

use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tool::{SMALL, answered, closed, history, opened, printed, refused, replay, replied, said};

/// January: web is answered after 10 and 20 minutes, app after 30. February: web after 60 and 40, app after 5.
fn two_months() -> NamedTempFile {
    let mut lines = Vec::new();
    for (ticket, department, month, minutes) in
        [("A", "web", 1, 10), ("B", "web", 1, 20), ("C", "app", 1, 30), ("D", "web", 2, 60), ("E", "web", 2, 40)]
            .into_iter()
            .chain([("F", "app", 2, 5)])
    {
        lines.push(opened(ticket, &format!("2025-0{month}-10T08:00:00Z"), department));
        let (hour, minute) = (8 + minutes / 60, minutes % 60);
        lines.push(replied(ticket, &format!("2025-0{month}-10T{hour:02}:{minute:02}:00Z")));
    }
    history(&lines)
}

const PERIODS: [&str; 8] = ["--from", "2025-01-01", "--to", "2025-02-01", "--from", "2025-02-01", "--to", "2025-03-01"];

fn compare(events: &str, arguments: &[&str]) -> Value {
    tool::json(&[&["compare"], arguments, &["--events", events, "--output", "json"]].concat())
}

fn by_department() -> Value {
    let history = two_months();
    let asked = ["response-times", "--group-by", "department", "--figure", "first_response.p90"];
    compare(history.path().to_str().unwrap(), &[&asked[..], &PERIODS].concat())
}

#[test]
fn what_got_worse_stands_first_with_both_values_and_both_differences() {
    let told = by_department();
    assert_eq!((&told["differs"], &told["figures"]), (&json!("period"), &json!(["first_response.p90"])));
    // The 90th percentile of 600 and 1,200 is 1,140; of 2,400 and 3,600 it is 3,480.
    let line = |department: &str, values: [f64; 2], difference: f64, percent: f64, change: &str, counts: [u64; 2]| {
        json!({
            "figure": "first_response.p90", "periods": [null, null], "group": {"department": department},
            "left": number(values[0]), "right": number(values[1]), "difference": number(difference),
            "percent": number(percent), "change": change, "counts": counts,
        })
    };
    let web = line("web", [1140.0, 3480.0], 2340.0, 205.263_158, "worse", [2, 2]);
    let app = line("app", [1800.0, 300.0], -1500.0, -83.333_333, "better", [1, 1]);
    assert_eq!(told["lines"], json!([web, app]));
    assert_eq!(
        (&told["left"]["from"], &told["right"]["from"]),
        (&json!("2025-01-01T00:00:00Z"), &json!("2025-02-01T00:00:00Z"))
    );
}

/// A number as the reports write it: without decimals where it has none.
fn number(value: f64) -> Value {
    serde_json::from_str(&value.to_string()).unwrap()
}

#[test]
fn of_two_periods_the_tickets_of_the_worse_one_are_shown_the_longest_first() {
    let moved = &by_department()["moved"];
    assert_eq!(moved.as_array().unwrap().len(), 1, "one figure");
    assert_eq!((&moved[0]["side"], &moved[0]["group"]), (&json!("right"), &json!({"department": "web"})));
    let items: Vec<_> = moved[0]["items"].as_array().unwrap().iter().map(|i| (&i["ticket"], &i["value"])).collect();
    assert_eq!(items, [(&json!("D"), &json!(3600)), (&json!("E"), &json!(2400))]);
    assert!(moved[0]["items"][0]["words"].as_str().unwrap().ends_with(": 1 h counted"), "{moved}");
}

#[test]
fn periods_stand_side_by_side_in_their_order() {
    let history = two_months();
    let asked = ["response-times", "--interval", "month", "--figure", "first_response.count", "--moved", "0"];
    let told = compare(history.path().to_str().unwrap(), &[&asked[..], &PERIODS].concat());
    assert_eq!(told["lines"][0]["periods"], json!(["2025-01", "2025-02"]));
    assert_eq!((&told["lines"][0]["left"], &told["lines"][0]["right"]), (&json!(3), &json!(3)));
    assert_eq!(told["moved"], json!([]));
}

#[test]
fn a_period_without_a_row_moves_no_later_one() {
    // On the left January and March, on the right the next year's January to March.
    let mut lines = Vec::new();
    for (ticket, month) in [("A", "2025-01"), ("B", "2025-03"), ("C", "2026-01"), ("D", "2026-02"), ("E", "2026-03")] {
        lines.push(opened(ticket, &format!("{month}-05T08:00:00Z"), "web"));
    }
    let history = history(&lines);
    let asked = ["flow", "--interval", "month", "--group-by", "department", "--figure", "opened", "--moved", "0"];
    let years = ["--from", "2025-01-01", "--to", "2025-04-01", "--from", "2026-01-01", "--to", "2026-04-01"];
    let told = compare(history.path().to_str().unwrap(), &[&asked[..], &years].concat());
    let mut periods: Vec<_> = told["lines"].as_array().unwrap().iter().map(|line| line["periods"].clone()).collect();
    periods.sort_by_key(Value::to_string);
    let expected = [json!(["2025-01", "2026-01"]), json!(["2025-03", "2026-03"]), json!([null, "2026-02"])];
    assert_eq!(periods, expected);
}

#[test]
fn few_measurements_can_be_left_out() {
    let history = two_months();
    let asked = ["response-times", "--group-by", "department", "--figure", "first_response.p90", "--at-least", "2"];
    let told = compare(history.path().to_str().unwrap(), &[&asked[..], &PERIODS].concat());
    let lines = told["lines"].as_array().unwrap();
    assert_eq!((lines.len(), &lines[0]["group"]["department"]), (1, &json!("web")));
    // In March there is no row at all: that is fewer than one measurement too.
    let march = ["--from", "2025-01-01", "--to", "2025-02-01", "--from", "2025-03-01", "--to", "2025-04-01"];
    let lines = |least: &str| {
        let asked = [&asked[..asked.len() - 2], &["--at-least", least], &march].concat();
        compare(history.path().to_str().unwrap(), &asked)["lines"].as_array().unwrap().len()
    };
    assert_eq!((lines("0"), lines("1")), (2, 0));
}

#[test]
fn another_threshold_moves_the_tickets_whose_answer_it_turns() {
    let mut lines = Vec::new();
    for (ticket, score) in [("A", 5), ("B", 3), ("C", 3), ("D", 1)] {
        lines.push(opened(ticket, "2025-03-01T08:00:00Z", "web"));
        lines.push(closed(ticket, "2025-03-01T09:00:00Z"));
        lines.push(answered(ticket, &format!("2025-03-01T1{score}:00:00Z"), score));
    }
    let history = history(&lines);
    let asked = ["satisfaction", "--figure", "csat", "--what-if", "csat.positive_from.five=3"];
    let told = compare(history.path().to_str().unwrap(), &asked);
    // 1 of 4, then 3 of 4.
    let line = &told["lines"][0];
    assert_eq!((&line["figure"], &line["left"], &line["right"]), (&json!("csat.percent"), &json!(25), &json!(75)));
    assert_eq!((&line["difference"], &line["percent"], &line["change"]), (&json!(50), &json!(200), &json!("better")));
    let moved = &told["moved"][0];
    assert_eq!(moved["moved"], 2);
    let tickets: Vec<_> = moved["items"].as_array().unwrap().iter().map(|item| &item["ticket"]).collect();
    assert_eq!(tickets, ["B", "C"]);
    assert_eq!(moved["items"][0]["reason"], "counts on the right only");
    assert_eq!(
        (&moved["items"][0]["item"]["counted"], &moved["items"][0]["against"]["counted"]),
        (&json!(false), &json!(true))
    );
}

#[test]
fn two_positions_show_what_came_to_be_known() {
    let told =
        compare(SMALL, &["overview", "--figure", "full_resolution.mean,closed", "--as-of", "20", "--as-of", "40"]);
    let lines: Vec<_> =
        told["lines"].as_array().unwrap().iter().map(|l| (&l["figure"], &l["left"], &l["right"])).collect();
    // HD-1001 took 3 h 18 min and HD-1002 4 h; then HD-1001 26 h 48 min, and تیکت-۱۴۰۳ 55 h. HD-1003 is void.
    let mean = (&json!("full_resolution.mean"), &json!(13_140), &json!(102_960));
    assert_eq!(lines, [mean, (&json!("closed"), &json!(2), &json!(4))]);
    let moved = &told["moved"][0]["items"];
    let told: Vec<_> = (0..2).map(|n| (&moved[n]["ticket"], &moved[n]["difference"], &moved[n]["reason"])).collect();
    let new = (&json!("تیکت-۱۴۰۳"), &json!(198_000), &json!("on the right only"));
    assert_eq!(told, [new, (&json!("HD-1001"), &json!(84_600), &json!("11,880 becomes 96,480"))]);
    assert!(moved[1]["item"]["words"].as_str().unwrap().contains("closed by sara"), "{moved}");
    assert!(moved[1]["against"]["words"].as_str().unwrap().contains("closed by omid"), "{moved}");
}

#[test]
fn what_is_missing_on_a_side_is_told_with_what_took_it_back() {
    // HD-1001 was closed at position 12 and reopened at 22.
    let told =
        compare(SMALL, &["resolution-times", "--figure", "full_resolution.count", "--as-of", "20", "--as-of", "25"]);
    let moved = &told["moved"][0];
    assert_eq!((&moved["moved"], &moved["items"][0]["ticket"]), (&json!(1), &json!("HD-1001")));
    assert_eq!(moved["items"][0]["reason"], "on the left only: a reopening took it back");
    // HD-1003 was opened at 24, voided for good at 27, and closed all the same.
    let told = compare(SMALL, &["flow", "--figure", "opened", "--as-of", "24", "--as-of", "27"]);
    assert_eq!(told["moved"][0]["items"][0]["reason"], "on the left only: the ticket was voided");
}

#[test]
fn a_ticket_that_one_side_does_not_know_yet_is_told_on_the_other() {
    // The second event opens the second ticket.
    let told = compare(SMALL, &["flow", "--figure", "opened", "--as-of", "1", "--as-of", "2"]);
    let moved = &told["moved"][0]["items"];
    assert_eq!((&moved[0]["ticket"], &moved[0]["reason"]), (&json!("تیکت-۱۴۰۳"), &json!("on the right only")));
    assert!(moved[0]["against"]["words"].as_str().unwrap().contains("opened"), "{moved}");
}

#[test]
fn every_report_can_be_compared_in_every_way() {
    let ways: [&[&str]; 5] = [
        &["--as-of", "20", "--as-of", "40"],
        &["--from", "2025-03-01", "--to", "2025-03-02", "--from", "2025-03-02", "--to", "2025-03-05"],
        &["--definition", "default", "--definition", "iran", "--interval", "day"],
        &["--what-if", "voided=counted", "--group-by", "department,tag"],
        &["--what-if", "csat.positive_from.five=5", "--group-by", "customer", "--interval", "week"],
    ];
    let reports = [
        "overview",
        "satisfaction",
        "response-times",
        "resolution-times",
        "flow",
        "leaderboard",
        "targets",
        "backlog",
        "cases",
    ];
    for (report, way) in reports.iter().flat_map(|report| ways.map(|way| (report, way))) {
        let told = compare(SMALL, &[&[*report], way].concat());
        // With groups only those with a count are there, and at the end nothing stands open.
        let may_be_none = way.contains(&"--group-by") && *report == "backlog";
        assert!(may_be_none || !told["lines"].as_array().unwrap().is_empty(), "{report} {way:?}");
        for moved in told["moved"].as_array().unwrap() {
            assert!(!moved["items"].as_array().unwrap().is_empty(), "{report} {way:?}: {moved}");
        }
    }
}

#[test]
fn every_value_is_that_of_the_reports_own_side() {
    let grouped = ["--group-by", "department", "--interval", "day"];
    for report in ["overview", "satisfaction", "response-times", "resolution-times", "flow", "targets"] {
        let told =
            compare(SMALL, &[&[report], &grouped[..], &["--as-of", "22", "--as-of", "38", "--moved", "0"]].concat());
        let sides = ["22", "38"].map(|position| {
            let asked = ["report", report, "--as-of", position, "--events", SMALL, "--output", "json"];
            tool::json(&[&asked[..], &grouped].concat())
        });
        let lines = told["lines"].as_array().unwrap();
        assert!(!lines.is_empty(), "{report}");
        for line in lines {
            let path = format!("/{}", line["figure"].as_str().unwrap().replace('.', "/"));
            for ((side, report), period) in ["left", "right"].iter().zip(&sides).zip(0..) {
                let is_of = |row: &&Value| row["period"] == line["periods"][period] && row["group"] == line["group"];
                let row = report["rows"].as_array().unwrap().iter().find(is_of);
                let value = row.and_then(|row| row.pointer(&path)).cloned().unwrap_or_default();
                assert_eq!(line[side], value, "{path} of {line}");
            }
        }
    }
}

#[test]
fn what_had_happened_by_two_days_is_told_by_the_events_of_each() {
    let told =
        compare(SMALL, &["flow", "--figure", "closed", "--happened-by", "2025-03-02", "--happened-by", "2025-03-04"]);
    let line = &told["lines"][0];
    assert_eq!((&line["left"], &line["right"], &line["change"]), (&json!(2), &json!(4), &json!("more")));
    let tickets: Vec<_> = told["moved"][0]["items"].as_array().unwrap().iter().map(|i| &i["ticket"]).collect();
    assert_eq!(tickets, ["HD-1001", "تیکت-۱۴۰۳"], "closed again on the second, and on the third");
    let told = compare(
        SMALL,
        &["flow", "--figure", "reopen_rate", "--happened-by", "2025-03-02", "--happened-by", "2025-03-04"],
    );
    let moved = &told["moved"][0]["items"][0];
    assert_eq!(moved["ticket"], "HD-1001");
    assert!(moved["item"]["words"].as_str().unwrap().ends_with("not reopened since"), "{moved}");
    assert!(moved["against"]["words"].as_str().unwrap().contains("reopened by the customer"), "{moved}");
}

#[test]
fn a_date_by_which_things_happened_is_one_instant_for_both_definitions() {
    // Closed on the first in UTC, and on the second in Tehran.
    let lines = [opened("A", "2025-03-01T08:00:00Z", "web"), closed("A", "2025-03-01T22:00:00Z")];
    let history = history(&lines);
    let both = ["--definition", "default", "--definition", "iran", "--happened-by", "2025-03-02"];
    let asked = ["resolution-times", "--figure", "full_resolution.count,full_resolution.mean"];
    let told = compare(history.path().to_str().unwrap(), &[&asked[..], &both].concat());
    assert_eq!((&told["lines"][0]["left"], &told["lines"][0]["right"]), (&json!(1), &json!(1)));
    // 14 hours on the calendar; Saturday from 11:30 to 16:00 in the office's hours.
    assert_eq!((&told["lines"][1]["left"], &told["lines"][1]["right"]), (&json!(50_400), &json!(16_200)));
    assert_eq!(told["moved"][0]["items"][0]["difference"], -34_200);
}

#[test]
fn without_figures_named_the_telling_ones_are_compared() {
    let told = compare(SMALL, &["satisfaction", "--as-of", "20", "--as-of", "40", "--moved", "0"]);
    let figures: Vec<_> = told["figures"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    for path in ["csat.percent", "reply_rating.percent", "response_rate.percent", "questions.speed.mean", "nps.score"] {
        assert!(figures.contains(&path), "{path} is not in {figures:?}");
    }
    assert!(!figures.iter().any(|path| path.ends_with("low95")), "{figures:?}");
}

#[test]
fn a_table_shows_units_signs_and_the_reasons() {
    let asked = ["compare", "overview", "--figure", "full_resolution.mean", "--as-of", "20", "--as-of", "40"];
    let table = printed(&replay(&[&asked[..], &["--events", SMALL]].concat()));
    let words = ["left:  as known at position 20", "left (s)", "102,960", "+89,820", "+683.6", "worse", "+198,000"];
    for words in words.into_iter().chain(["2 of the 2 that moved", "left: opened", "right: opened"]) {
        assert!(table.contains(words), "{words} is not in {table}");
    }
    assert!(!table.contains('\u{1b}'), "no colours but on a terminal");
    let persian = printed(&replay(&[&asked[..], &["--events", SMALL, "--words", "fa"]].concat()));
    assert!(persian.contains("فقط در سمت راست"), "{persian}");
}

#[test]
fn csv_is_a_record_a_line() {
    let history = two_months();
    let asked = ["compare", "response-times", "--group-by", "department", "--figure", "first_response.p90"];
    let csv = ["--output", "csv", "--events", history.path().to_str().unwrap()];
    let csv = printed(&replay(&[&asked[..], &PERIODS, &csv].concat()));
    let lines: Vec<_> = csv.split("\r\n").collect();
    let header =
        "figure,left_period,right_period,group.department,left,right,difference,percent,change,left_count,right_count";
    let web = "first_response.p90,,,web,1140,3480,2340,205.263158,worse,2,2";
    let app = "first_response.p90,,,app,1800,300,-1500,-83.333333,better,1,1";
    assert_eq!(lines, [header, web, app, ""]);
}

#[test]
fn a_difference_is_an_exit_code_where_it_is_asked_for() {
    let code = |positions: [&str; 2], fails: &[&str]| {
        let asked = ["compare", "flow", "--events", SMALL, "--as-of", positions[0], "--as-of", positions[1]];
        let output = replay(&[&asked[..], fails].concat());
        (output.status.code(), !output.stdout.is_empty(), said(&output).contains("figures differ"))
    };
    assert_eq!(code(["20", "40"], &[]), (Some(0), true, false));
    assert_eq!(code(["20", "40"], &["--fail-on-difference"]), (Some(1), true, true));
    assert_eq!(code(["40", "40"], &["--fail-on-difference"]), (Some(0), true, false));
}

#[test]
fn what_cannot_be_compared_is_refused_in_words() {
    let refused =
        |arguments: &[&str], words: &str| refused(&[&["compare"], arguments, &["--events", SMALL]].concat(), words);
    refused(&["flow"], "nothing differs between the two sides");
    refused(&["flow", "--as-of", "1"], "nothing differs between the two sides");
    refused(&["flow", "--as-of", "1", "--as-of", "2", "--as-of", "3"], "--as-of is given 3 times");
    refused(
        &["flow", "--as-of", "1", "--as-of", "2", "--definition", "default", "--definition", "zendesk"],
        "more than one thing differs",
    );
    refused(&["review-queue", "--as-of", "1", "--as-of", "2"], "lists tickets");
    refused(&["flows", "--as-of", "1", "--as-of", "2"], "must be one of overview");
    let two = ["--as-of", "20", "--as-of", "40"];
    refused(&[&["volume"], &two[..]].concat(), "name the one to compare with --figure");
    refused(&[&["flow", "--figure", "csat"], &two[..]].concat(), "must begin with a figure of flow");
    refused(&[&["response-times", "--figure", "first_response.p91"], &two[..]].concat(), "first_response.p90");
    refused(&["flow", "--as-of", "20", "--as-of", "41"], "the log ends at position 40");
    refused(&["flow", "--from", "2025-03-02", "--from", "soon", "--to", "2025-04-01"], "--from is \"soon\"");
}
