//! The report `cases`, computed by hand.

use super::by_hand::{DAY, REZA, SARA, answered, check_row, row};
use super::plain::{Definition, report};
use crate::definition::catalog::Published;
use crate::definition::document::{Attribution, CsatSource, DatedBy, Voided};
use crate::report::query::ReportName::Cases;
use crate::report::{self, ReportError};
use crate::test_support::{Answers, Entry, Labels, Story, Who, closed, folded, history, json, opened, query};
use daftar_eventlog::Position;
use serde_json::{Value, json};
use std::sync::Arc;

/// What each row counts: opened, open, followed up, recovered.
type Counts = [u64; 4];

fn counts(row: &Value) -> Counts {
    ["/opened", "/open", "/followed_up", "/recovered/count"].map(|path| row.pointer(path).unwrap().as_u64().unwrap())
}

/// A ticket closed by sara after ten minutes, then this.
fn after_closing(story: impl IntoIterator<Item = (i64, Story)>) -> Vec<Entry> {
    let before = [(0, opened(Who::Customer)), (5, Story::Replied(SARA)), (10, closed(SARA))];
    history(1, before.into_iter().chain(story))
}

fn of(story: impl IntoIterator<Item = (i64, Story)>) -> Counts {
    counts(&row(&after_closing(story), Cases))
}

fn by(entries: &[Entry], parameters: &[(&str, &str)], dimension: &str) -> Vec<(Value, Counts)> {
    let made = json(&folded(entries, None), Cases, parameters);
    let value = |row: &Value| row.pointer(&format!("/group/{dimension}")).unwrap_or(&row["period"]).clone();
    made["rows"].as_array().unwrap().iter().map(|row| (value(row), counts(row))).collect()
}

fn follow_up() -> Story {
    Story::FollowedUp("mina")
}

fn rated(satisfied: bool) -> Story {
    Story::Rated { reply: 1, satisfied }
}

/// The counts of a report under the default definition, changed.
fn under(entries: &[Entry], change: impl Fn(&mut crate::definition::document::Definition)) -> Vec<Counts> {
    let mut document = Definition::DEFAULT.published().document.clone();
    change(&mut document);
    let (state, definition) = (folded(entries, None), Arc::new(Published { document, version: 1 }));
    let asked = query(Cases, &[("interval", "day")]);
    let made = report::report(&state, &asked, &definition, state.position(), &Labels).unwrap().to_json();
    let made: Value = serde_json::from_str(&made).unwrap();
    made["rows"].as_array().unwrap().iter().map(counts).collect()
}

#[test]
fn a_negative_answer_or_rating_opens_a_case() {
    assert_eq!(of([(20, answered(1, 3))]), [1, 1, 0, 0]);
    assert_eq!(of([(20, answered(1, 4))]), [0; 4]);
    assert_eq!(of([(20, rated(false))]), [1, 1, 0, 0]);
    assert_eq!(of([(20, rated(true)), (21, follow_up())]), [0; 4]);
    let no_score = Answers { nps: Some(0), ces: Some(1), questions: vec![("speed", 1)], ..Answers::default() };
    assert_eq!(of([(20, Story::Answered { closing: 1, answers: no_score })]), [0; 4], "the overall question alone");
}

#[test]
fn one_case_is_open_at_a_time() {
    assert_eq!(of([(20, answered(1, 1)), (21, rated(false)), (22, answered(1, 2))]), [1, 1, 0, 0]);
    assert_eq!(of([(20, answered(1, 1)), (21, follow_up()), (22, rated(false))]), [2, 1, 1, 0]);
}

#[test]
fn what_comes_first_ends_a_case() {
    let negative = (20, answered(1, 1));
    assert_eq!(of([negative.clone(), (30, follow_up()), (40, follow_up())]), [1, 0, 1, 0]);
    assert_eq!(of([negative.clone(), (30, Story::Reopened(Who::Customer)), (40, follow_up())]), [1, 0, 0, 0]);
    assert_eq!(of([negative.clone(), (30, rated(true)), (40, follow_up())]), [1, 0, 0, 0]);
    assert_eq!(of([negative.clone(), (30, answered(1, 5)), (40, follow_up())]), [1, 0, 0, 0], "a changed answer");
    assert_eq!(of([(15, follow_up()), negative.clone()]), [1, 1, 0, 0], "what came before is no follow-up");
    assert_eq!(of([(20, follow_up()), negative.clone()]), [1, 1, 0, 0], "at one instant in the log's order");
    assert_eq!(of([negative, (20, follow_up())]), [1, 0, 1, 0]);
}

#[test]
fn an_answer_changed_later_stays_what_it_was() {
    assert_eq!(of([(20, answered(1, 1)), (21, answered(1, 5)), (22, answered(1, 1))]), [2, 1, 0, 0]);
    let not_taken = [(20, answered(1, 5)), (21, Story::Reopened(Who::Customer)), (22, answered(1, 1))];
    assert_eq!(of(not_taken), [0; 4], "after a reopening a given answer is changed no more");
}

#[test]
fn time_to_follow_up_is_that_of_the_first() {
    let story = [(20, answered(1, 1)), (20 + DAY, follow_up()), (30 + DAY, follow_up())];
    let expected = [
        ("/time_to_follow_up/count", json!(1)),
        ("/time_to_follow_up/sum", json!(86_400)),
        ("/time_to_follow_up/p50", json!(86_400)),
        ("/recovered/of", json!(1)),
    ];
    check_row(&row(&after_closing(story), Cases), &expected);
    let nothing = [("/time_to_follow_up/mean", json!(null)), ("/recovered/percent", json!(null))];
    check_row(&row(&after_closing([]), Cases), &nothing);
}

#[test]
fn a_followed_up_customer_recovers_by_the_next_score() {
    let before = [(20, answered(1, 1)), (30, follow_up())];
    let then = |story: &[(i64, Story)]| of([&before, story].concat());
    assert_eq!(then(&[(40, answered(1, 4))]), [1, 0, 1, 1]);
    assert_eq!(then(&[(40, Story::Reopened(Who::Customer))]), [1, 0, 1, 0], "coming back says nothing yet");
    assert_eq!(then(&[(40, Story::Reopened(Who::Customer)), (50, Story::Replied(REZA)), (60, rated(true))])[3], 1);
    assert_eq!(then(&[(40, rated(false)), (50, rated(true))]), [2, 0, 1, 0], "the better score is the second case's");
    assert_eq!(then(&[(40, answered(1, 4)), (50, rated(false))]), [2, 1, 1, 1]);
}

#[test]
fn a_void_ticket_has_no_case_until_restored() {
    let story = [(20, answered(1, 1)), (30, follow_up()), (40, Story::Voided)];
    assert_eq!(of(story.clone()), [0; 4]);
    assert_eq!(of(story.clone().into_iter().chain([(50, Story::Restored)])), [1, 0, 1, 0]);
    let counted = under(&after_closing(story), |document| document.voided = Voided::Counted);
    assert_eq!(counted, [[1, 0, 1, 0]]);
}

#[test]
fn what_is_negative_is_the_definitions_word_whatever_csat_is_made_of() {
    let entries = after_closing([(20, answered(1, 3)), (30, Story::Replied(REZA)), (40, follow_up())]);
    assert_eq!(under(&entries, |document| document.csat.source = CsatSource::ReplyRatings), [[1, 0, 1, 0]]);
    assert_eq!(under(&entries, |document| document.csat.positive_from.five = 3), [[0; 4]; 0], "no case, no period");
}

#[test]
fn open_cases_are_told_at_the_end_of_each_period() {
    let entries = after_closing([(20, answered(1, 1)), (2 * DAY, follow_up()), (3 * DAY, answered(1, 5))]);
    let days = by(&entries, &[("interval", "day")], "");
    let day = |n: u8, counts| (json!(format!("2026-01-0{n}")), counts);
    // The follow-up falls on the midnight that ends the second day: it is after that day.
    assert_eq!(days, [day(1, [1, 1, 0, 0]), day(2, [0, 1, 0, 0]), day(3, [0, 0, 1, 1]), day(4, [0; 4])]);
    assert_eq!(by(&entries, &[("to", "2026-01-03")], ""), [(json!(null), [1, 1, 0, 0])], "to is where it looks");
    let later = by(&entries, &[("from", "2026-01-02"), ("interval", "day")], "");
    assert_eq!(later, [day(2, [0, 1, 0, 0]), day(3, [0, 0, 1, 1]), day(4, [0; 4])], "opened before, still open");
    let groups = by(&entries, &[("interval", "day"), ("group_by", "channel")], "channel");
    assert_eq!(groups.len(), 3, "with groups only the periods that count anything");
}

#[test]
fn everything_of_a_case_stands_under_what_opened_it() {
    let answer = [
        (20, answered(1, 1)),
        (30, Story::Transferred(Some("billing"))),
        (31, Story::Assigned(Some("reza"))),
        (40, follow_up()),
        (50, answered(1, 5)),
    ];
    let entries = after_closing(answer);
    for (dimension, value) in [("department", "technical"), ("agent", "sara")] {
        let rows = by(&entries, &[("group_by", dimension)], dimension);
        assert_eq!(rows, [(json!(value), [1, 0, 1, 1])]);
        assert_eq!(by(&entries, &[(dimension, value)], ""), [(json!(null), [1, 0, 1, 1])]);
        assert_eq!(by(&entries, &[(dimension, "billing")], ""), [(json!(null), [0; 4])]);
    }
    let rating = [
        (0, opened(Who::Customer)),
        (5, Story::Replied(REZA)),
        (6, Story::Transferred(Some("billing"))),
        (10, closed(SARA)),
        (20, rated(false)),
    ];
    let rows = by(&history(1, rating), &[("group_by", "agent,department")], "agent");
    assert_eq!(rows, [(json!("reza"), [1, 1, 0, 0])], "a rating is its reply's");
}

#[test]
fn each_replier_has_the_case_where_all_are_credited_and_totals_count_it_once() {
    let story = [
        (0, opened(Who::Customer)),
        (5, Story::Replied(SARA)),
        (6, Story::Replied(REZA)),
        (10, closed(SARA)),
        (20, answered(1, 1)),
    ];
    let mut document = Definition::DEFAULT.published().document.clone();
    document.attribution = Attribution::AllRepliers;
    let (state, definition) = (folded(&history(1, story), None), Arc::new(Published { document, version: 1 }));
    let made = |parameters: &[_]| {
        let asked = query(Cases, parameters);
        let made = report::report(&state, &asked, &definition, state.position(), &Labels).unwrap().to_json();
        let made: Value = serde_json::from_str(&made).unwrap();
        made["rows"].as_array().unwrap().iter().map(counts).collect::<Vec<_>>()
    };
    assert_eq!(made(&[("group_by", "agent")]), [[1, 1, 0, 0]; 2]);
    assert_eq!(made(&[]), [[1, 1, 0, 0]]);
    assert_eq!(made(&[("agent", "reza")]), [[1, 1, 0, 0]]);
}

#[test]
fn cases_are_dated_as_the_definition_says() {
    let entries = after_closing([(DAY, answered(1, 1)), (2 * DAY, follow_up()), (3 * DAY, rated(true))]);
    let dated = |by| under(&entries, |document| document.dated_by = by);
    assert_eq!(dated(DatedBy::Event), [[1, 1, 0, 0], [0, 0, 1, 1], [0; 4]]);
    assert_eq!(dated(DatedBy::Opened), [[1, 0, 1, 1], [0, 1, 0, 0], [0; 4], [0; 4]], "what is open stands at its day");
    assert_eq!(dated(DatedBy::Closed), dated(DatedBy::Opened));
}

#[test]
fn what_was_known_earlier_can_be_asked() {
    let entries = after_closing([(20, answered(1, 1)), (30, follow_up()), (40, answered(1, 5))]);
    let state = folded(&entries, None);
    let known = |position| {
        let made = report(&state, &query(Cases, &[]), Position(position), &Labels).unwrap().to_json();
        counts(&serde_json::from_str::<Value>(&made).unwrap()["rows"][0])
    };
    assert_eq!([4, 5, 6, 7].map(known), [[0; 4], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 1, 1]]);
}

#[test]
fn open_cases_too_many_say_how_many_before_they_are_made() {
    let state = folded(&after_closing([(20, answered(1, 1))]), None);
    let far = [("interval", "hour"), ("group_by", "channel"), ("at", "2200-01-01"), ("to", "2200-01-01")];
    let refused = report(&state, &query(Cases, &far), state.position(), &Labels).unwrap_err();
    assert_eq!(refused, ReportError::TooManyCells { cells: (174 * 365 + 42) * 24 * 5 });
}
