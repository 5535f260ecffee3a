//! `--also`: several reports of one fold, each with the bytes that it has alone; and what can't be made together.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod tool;

use std::process::Output;
use tool::{SMALL, printed, refused, replay, said};

/// Reports with the flags they are asked with alone, and as `--also` has them.
const ASKED: [(&[&str], &str); 7] = [
    (&["satisfaction", "--group-by", "agent"], "satisfaction?group_by=agent"),
    (
        &["overview", "--group-by", "department", "--interval", "month", "--figures", "first_response,reopen_rate"],
        "overview?group_by=department&interval=month&figures=first_response,reopen_rate",
    ),
    (&["flow", "--filter", "channel=email,phone", "--filter", "tag=null"], "flow?channel=email%2Cphone&tag=null"),
    (
        &["response-times", "--from", "2025-03-01T03:30:00+03:30", "--within", "4h"],
        "response-times?from=2025-03-01T03:30:00%2B03:30&within=4h",
    ),
    (&["leaderboard", "--limit", "1"], "leaderboard?limit=1&"),
    (&["backlog", "--at", "2025-03-20T00:00:00Z"], "backlog?at=2025-03-20T00:00:00Z"),
    (&["volume"], "volume"),
];
/// Reports that look at all tickets at once.
const OF_ALL_TICKETS: [(&[&str], &str); 4] = [
    (&["targets", "--group-by", "priority"], "targets?group_by=priority"),
    (&["cases"], "cases?"),
    (&["review-queue", "--limit", "2"], "review-queue?limit=2"),
    (&["flow", "--group-by", "customer"], "flow?group_by=customer"),
];
/// What holds for all reports of a command.
const OF_COMMANDS: [&[&str]; 4] = [
    &[],
    &["--as-of", "29"],
    &["--happened-by", "2025-03-02", "--definition", "iran"],
    &["--what-if", "csat.positive_from.five=3", "--threads", "3", "--language", "fa"],
];

fn report(asked: &[&str], also: &[&str], more: &[&str]) -> Output {
    let also: Vec<_> = also.iter().flat_map(|also| ["--also", *also]).collect();
    replay(&[&["report"], asked, &["--events", SMALL], &also, more].concat())
}

/// What each report prints alone, and what the first prints with the others behind it.
fn alone_and_together(asked: &[(&[&str], &str)], more: &[&str]) -> (Vec<String>, String) {
    let alone = asked.iter().map(|(alone, _)| printed(&report(alone, &[], more))).collect();
    let also: Vec<_> = asked[1..].iter().map(|(_, also)| *also).collect();
    (alone, printed(&report(asked[0].0, &also, more)))
}

#[test]
fn json_has_a_line_a_report_in_the_order_asked() {
    let all = [&ASKED[..], &OF_ALL_TICKETS].concat();
    for more in OF_COMMANDS {
        for asked in [&ASKED[..2], &ASKED, &OF_ALL_TICKETS, &all] {
            let (alone, together) = alone_and_together(asked, &[&["--output", "json"], more].concat());
            assert_eq!(together.lines().count(), asked.len());
            assert_eq!(together, alone.concat(), "{more:?}");
        }
    }
}

#[test]
fn tables_have_an_empty_line_between_them() {
    let asked = [&ASKED[..], &OF_ALL_TICKETS].concat();
    for more in OF_COMMANDS {
        let (alone, together) = alone_and_together(&asked, more);
        let mut rest = together.as_str();
        for (n, table) in alone.iter().enumerate() {
            rest = rest.strip_prefix(table.as_str()).unwrap();
            if n + 1 < alone.len() && !table.ends_with("\n\n") {
                rest = rest.strip_prefix('\n').unwrap();
            }
        }
        assert_eq!(rest, "");
        assert!(!together.contains("\n\n\n"), "one empty line is enough: {together}");
    }
}

#[test]
fn a_page_has_an_article_a_report() {
    let body = |page: &str| {
        let (head, body) = page.split_once("<body>\n").unwrap();
        (head.to_owned(), body.strip_suffix("</body>\n</html>\n").unwrap().to_owned())
    };
    for more in OF_COMMANDS {
        let (alone, together) = alone_and_together(&ASKED[..3], &[&["--output", "html"], more].concat());
        let articles = alone.iter().map(|page| body(page).1.replace("<main>\n", "").replace("</main>\n", ""));
        let articles: String = articles.map(|article| format!("<article>\n{article}</article>\n")).collect();
        let (head, body) = body(&together);
        assert_eq!(body, format!("<main>\n{articles}</main>\n"));
        assert_eq!(head.matches("<style>").count(), 1);
    }
    let page = printed(&report(&["flow"], &["overview"], &["--output", "html"]));
    assert!(page.contains("<title>Flow · Overview</title>"), "{page}");
}

#[test]
fn timings_are_those_of_all_reports() {
    let output = report(&["flow"], &["overview", "volume"], &["--timings", "--threads", "2"]);
    let told = said(&output);
    let stages: Vec<_> = told.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(stages, ["stage", "open", "fold", "count", "write", "all", "40"]);
    assert!(told.ends_with("40 events, folded on 2 threads\n"), "{told}");
    let output = report(&["flow"], &["overview", "cases"], &["--timings", "--threads", "2"]);
    assert!(said(&output).ends_with("40 events, folded on one thread\n"), "cases look at all tickets at once");
}

#[test]
fn what_makes_no_sense_is_refused_with_the_report_it_was_asked_for() {
    let refused = |also: &[&str], more: &[&str], words: &str| {
        let also: Vec<_> = also.iter().flat_map(|also| ["--also", *also]).collect();
        refused(&[&["report", "flow", "--events", SMALL], &also[..], more].concat(), words);
    };
    refused(&["flows?interval=day"], &[], "--also flows?interval=day: report is \"flows\": must be one of overview, ");
    refused(&[""], &[], "--also : report is \"\": must be one of overview, ");
    refused(&["/v1/reports/flow"], &[], "report is \"/v1/reports/flow\": must be one of overview, ");
    refused(&["flow?interval=moon"], &[], "--also flow?interval=moon: interval is \"moon\": must be hour, day,");
    refused(&["flow?interval"], &[], "interval is \"\"");
    refused(&["flow?colour=red"], &[], "--also flow?colour=red: colour is \"red\": must be a parameter");
    refused(&["flow?limit=1&limit=2"], &[], "limit is \"2\": must be given only once");
    refused(&["flow?figures=csat"], &[], "--also flow?figures=csat: figures is \"csat\"");
    refused(&["flow?from=2025-03-02&to=2025-03-01"], &[], "to is \"2025-03-01\": must be later than from");
    // A date and an instant are compared under the definition, once there is one.
    let mixed = "flow?from=2025-03-02&to=2025-03-01T00:00:00Z";
    refused(&["volume", mixed], &[], &format!("--also {mixed}: to must be later than from"));
    refused(&["volume"], &["--interval", "moon"], "--interval is \"moon\"");
}

#[test]
fn what_holds_for_all_reports_is_refused_in_one_of_them() {
    let refused = |parameter: &str, value: &str, flag: &str| {
        let also = format!("volume?interval=day&{parameter}={value}");
        let words = format!(
            "--also {also}: {parameter} is \"{value}\": must be left out: all reports are made of one fold; give {flag}, \
             which holds for all of them"
        );
        refused(&["report", "flow", "--events", SMALL, "--also", &also], &words);
    };
    refused("as_of", "20", "--as-of");
    refused("happened_by", "2025-03-02", "--happened-by");
    refused("definition", "iran", "--definition");
    refused("what_if", "clock", "--what-if");
}

#[test]
fn everything_wrong_is_told_at_once() {
    let output = report(&["flow"], &["flows?as_of=2&interval=moon", "volume", "cases?limit=0"], &[]);
    assert_eq!(output.status.code(), Some(2));
    let told = said(&output);
    let told: Vec<_> = told.lines().collect();
    assert_eq!(told.len(), 4, "{told:?}");
    for (line, words) in
        told.iter().zip(["as_of is \"2\"", "report is \"flows\"", "interval is \"moon\"", "limit is \"0\""])
    {
        assert!(line.starts_with("daftar-replay: --also ") && line.contains(words), "{line}");
    }
}

#[test]
fn rows_of_one_report_are_all_that_a_file_or_a_publication_holds() {
    let with = |more: &[&str], words: &str| {
        refused(&[&["report", "flow", "--events", SMALL, "--also", "volume"], more].concat(), words);
    };
    with(&["--output", "csv"], "or take --output json, which writes one report a line");
    let server = ["report", "flow", "--url", "http://127.0.0.1:1", "--also", "volume", "--publish", "q1"];
    refused(&server, "--publish keeps one report under its name: leave --also out, and publish each by itself");
}
