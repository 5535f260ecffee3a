//! The report `volume`, computed by hand.

use super::by_hand::{REZA, SARA};
use super::plain::report;
use crate::report::ReportError;
use crate::report::query::ReportName::Volume;
use crate::test_support::{Labels, Story, Who, folded, history, json, opened, query};
use daftar_eventlog::Position;
use serde_json::{Value, json};

/// The cells of a row that count anything, as weekday, hour, opened, replies.
fn counted(row: &Value) -> Vec<[u64; 4]> {
    let cells = row["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 168);
    let numbers = |cell: &Value| ["weekday", "hour", "opened", "replies"].map(|name| cell[name].as_u64().unwrap());
    let all: Vec<_> = cells.iter().map(numbers).collect();
    assert!(all.is_sorted_by_key(|cell| (cell[0], cell[1])));
    assert_eq!((all[0][..2].to_vec(), all[167][..2].to_vec()), (vec![1, 0], vec![7, 23]));
    all.into_iter().filter(|cell| cell[2] + cell[3] > 0).collect()
}

#[test]
fn every_hour_of_the_week_from_monday_counts_openings_and_public_agent_replies() {
    // 2026-01-01 was a Thursday, the fourth day; minute 5759 is the last of Sunday.
    let story = [
        (0, opened(Who::Customer)),
        (59, Story::Replied(SARA)),
        (60, Story::Replied(SARA)),
        (61, Story::Noted("sara")),
        (62, Story::Replied(Who::Customer)),
        (63, Story::Replied(Who::Automation)),
        (5759, Story::Replied(REZA)),
        (5760, Story::Replied(REZA)),
        (60 + 7 * 1440, Story::Replied(REZA)),
    ];
    let state = folded(&history(1, story), None);
    let all = json(&state, Volume, &[]);
    assert_eq!(counted(&all["rows"][0]), [[1, 0, 0, 1], [4, 0, 1, 1], [4, 1, 0, 2], [7, 23, 0, 1]]);
    let by_agent = json(&state, Volume, &[("group_by", "agent")]);
    let of = |row: usize| (by_agent["rows"][row]["group"]["agent"].clone(), counted(&by_agent["rows"][row]));
    assert_eq!(of(0), (json!("reza"), vec![[1, 0, 0, 1], [4, 1, 0, 1], [7, 23, 0, 1]]));
    assert_eq!(of(1), (json!("sara"), vec![[4, 0, 0, 1], [4, 1, 0, 1]]));
    assert_eq!(of(2), (json!(null), vec![[4, 0, 1, 0]]), "nobody had it when it was opened");
    let weeks = json(&state, Volume, &[("interval", "week")]);
    assert_eq!(counted(&weeks["rows"][1]), [[1, 0, 0, 1], [4, 1, 0, 1]]);
}

#[test]
fn replies_count_under_the_dimensions_of_the_reply() {
    let story = [(0, opened(Who::Customer)), (5, Story::Transferred(Some("billing"))), (5, Story::Replied(SARA))];
    let state = folded(&history(1, story), None);
    let billing = json(&state, Volume, &[("department", "billing")]);
    assert_eq!(counted(&billing["rows"][0]), [[4, 0, 0, 1]]);
}

#[test]
fn a_row_takes_168_cells() {
    let state = folded(&history(1, [(0, opened(Who::Customer))]), None);
    let days = query(Volume, &[("interval", "day"), ("from", "2026-01-01"), ("to", "2029-04-05")]);
    // 365 + 365 + 366 days, 31 + 28 + 31 + 4 more: 1190 x 168 cells fit, a day more does not.
    assert_eq!(report(&state, &days, Position(2), &Labels).unwrap().rows.len(), 1190);
    let days = query(Volume, &[("interval", "day"), ("from", "2026-01-01"), ("to", "2029-04-06")]);
    let refused = report(&state, &days, Position(2), &Labels).unwrap_err();
    assert_eq!(refused, ReportError::TooManyCells { cells: 1191 * 168 });
}
