//! The report `overview`, computed by hand, and beside the reports whose figures it repeats.

use super::by_hand::{DAY, SARA, answered, check_row};
use crate::report::query::ReportName::{Backlog, Flow, Overview, ResolutionTimes, ResponseTimes, Satisfaction};
use crate::test_support::{Answers, Entry, Story, Who, closed, folded, history, json, opened};
use serde_json::json;

/// A ticket rated, answered and reopened in January, closed again in February; one opened in January and left alone.
fn two_tickets() -> Vec<Entry> {
    let nps = Story::Answered { closing: 1, answers: Answers { nps: Some(3), ..Answers::default() } };
    let story = [
        (0, opened(Who::Customer)),
        (30, Story::Replied(SARA)),
        (40, Story::Rated { reply: 1, satisfied: true }),
        (60, Story::Closed { by: SARA, offered: true, reason: None }),
        (70, answered(1, 2)),
        (80, nps),
        (90, Story::Reopened(Who::Customer)),
        (40 * DAY, closed(SARA)),
    ];
    [history(1, story), history(2, [(DAY, opened(Who::Customer))])].concat()
}

#[test]
fn each_figure_stands_in_its_own_period() {
    let months = json(&folded(&two_tickets(), None), Overview, &[("interval", "month")]);
    let january = [
        ("/period", json!("2026-01")),
        ("/opened", json!(2)),
        ("/closed", json!(1)),
        ("/backlog", json!(2)),
        ("/csat/answers", json!(1)),
        ("/csat/percent", json!(0)),
        ("/reply_rating/percent", json!(100)),
        ("/first_response/sum", json!(1800)),
        ("/full_resolution/count", json!(0)),
        ("/reopen_rate/percent", json!(100)),
        ("/response_rate/percent", json!(100)),
        ("/nps/score", json!(-100)),
    ];
    check_row(&months["rows"][0], &january);
    let february = [
        ("/period", json!("2026-02")),
        ("/opened", json!(0)),
        ("/closed", json!(1)),
        ("/backlog", json!(1)),
        ("/csat/answers", json!(0)),
        ("/full_resolution/sum", json!(40 * 86_400)),
        ("/reopen_rate/of", json!(0)),
        ("/response_rate/offered", json!(0)),
        ("/nps/answers", json!(0)),
    ];
    check_row(&months["rows"][1], &february);
    assert_eq!(months["rows"].as_array().unwrap().len(), 2);
}

#[test]
fn the_figures_are_those_of_the_other_reports() {
    let state = folded(&two_tickets(), None);
    for parameters in [&[][..], &[("interval", "week")], &[("group_by", "channel")], &[("agent", "sara")]] {
        let overview = json(&state, Overview, parameters);
        for (report, figures) in [
            (Flow, &["opened", "closed", "reopen_rate"][..]),
            (Satisfaction, &["csat", "reply_rating", "response_rate", "nps"]),
            (ResponseTimes, &["first_response"]),
            (ResolutionTimes, &["full_resolution"]),
        ] {
            let other = json(&state, report, parameters);
            for row in other["rows"].as_array().unwrap() {
                let same = |o: &&serde_json::Value| (&o["period"], &o["group"]) == (&row["period"], &row["group"]);
                let ours = overview["rows"].as_array().unwrap().iter().find(same).unwrap();
                for figure in figures {
                    assert_eq!(ours[figure], row[figure], "{figure} of {} under {parameters:?}", report.name());
                }
            }
        }
        let backlog = json(&state, Backlog, parameters);
        let open: Vec<_> = backlog["rows"].as_array().unwrap().iter().map(|row| &row["open"]).collect();
        let ours: Vec<_> = overview["rows"].as_array().unwrap().iter().map(|row| &row["backlog"]).collect();
        assert!(open.iter().rev().zip(ours.iter().rev()).all(|(a, b)| a == b), "{parameters:?}: {open:?}, {ours:?}");
    }
}

#[test]
fn answers_to_questions_alone_make_no_row() {
    let speed =
        Story::Answered { closing: 1, answers: Answers { questions: vec![("speed", 4)], ..Answers::default() } };
    let story = [(0, opened(Who::Customer)), (1, closed(SARA)), (40 * DAY, speed)];
    let months = json(&folded(&history(1, story), None), Overview, &[("interval", "month"), ("group_by", "channel")]);
    assert_eq!(months["rows"].as_array().unwrap().len(), 1);
}
