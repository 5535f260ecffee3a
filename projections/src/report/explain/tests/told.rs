//! Items in words, worked out by hand: each tells what its cell counts.

use super::properties::config;
use crate::definition::catalog::Published;
use crate::definition::document::{Definition, Per, ResolutionEnds};
use crate::measurements::Measurements;
use crate::report::explain::ask::Ask;
use crate::report::explain::{Explained, Item, explain};
use crate::report::periods::Language;
use crate::report::tests::naive::any::{any_asked, any_definition, any_history};
use crate::report::tests::naive::rows::Asked;
use crate::story::Teller;
use crate::test_support::{Answers, Entry, Labels, MemoryLog, Story, Who, closed, folded_under, history, opened};
use daftar_eventlog::{Epochs, FactRow, Position};
use proptest::prelude::*;
use std::sync::Arc;

const SARA: Who = Who::Agent("sara");

/// The items of a cell as of the end of the history, told.
fn told(definition: &Definition, entries: &[Entry], report: &str, query: &str) -> Vec<Item> {
    let parameters = query.split('&').map(|pair| pair.split_once('=').unwrap());
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let ask = Ask::parse(report, parameters).unwrap();
    let published = Arc::new(Published { document: definition.clone(), version: 0 });
    let (state, epochs) = (folded_under(definition, entries, None), Epochs::new([1; 16], [0; 32]));
    let mut explained = explain(&state, &ask, &published, state.position(), &epochs, &Labels).unwrap();
    tell(&mut explained, definition, entries, &state);
    explained.items
}

fn tell(explained: &mut Explained, definition: &Definition, entries: &[Entry], state: &Measurements) {
    let log = MemoryLog::of(entries);
    let blocks: Vec<_> = (2..=state.position().0).map(|at| log.block_after(Position(at - 1)).unwrap()).collect();
    let row = |(block, at): (_, u64)| daftar_eventlog::FactBlock::iter(block).find(|row| row.position.0 == at).unwrap();
    let rows: Vec<FactRow<'_>> = blocks.iter().zip(2..).map(row).collect();
    let teller = Teller::new(Arc::new(definition.clone()));
    for ticket in explained.tickets() {
        let of_it = rows.iter().zip(entries).filter(|(_, entry)| format!("T-{}", entry.ticket) == ticket);
        let events: Vec<_> = of_it.map(|(row, _)| *row).collect();
        explained.tell(&ticket, &events, &teller, Language::English).unwrap();
    }
}

/// The words of the one item of a cell.
#[track_caller]
fn words(definition: &Definition, entries: &[Entry], report: &str, query: &str) -> String {
    let items = told(definition, entries, report, query);
    let [item] = &items[..] else { panic!("{query}: {items:?}") };
    item.told.as_ref().unwrap().words.clone()
}

/// Targets, each as metric and duration.
fn with_targets(targets: &[(&str, &str)]) -> Definition {
    let targets = targets.iter().map(|(metric, within)| serde_json::json!({"metric": metric, "within": within}));
    let targets = serde_json::from_value(targets.collect()).unwrap();
    Definition { targets, ..Definition::default() }
}

#[test]
fn a_silent_ticket_is_told_as_breached_up_to_the_instant_of_the_report() {
    let entries = history(1, [(0, opened(Who::Customer))]);
    let breached = "opened Thu 1 January 2026 00:00, no first public reply until Fri 2 January 2026 01:00: 25 h counted; \
                    target of 24 h breached by 1 h";
    for figure in ["first_response.breached", "first_response.share", "first_response"] {
        let query = format!("figure={figure}&at=2026-01-02T01:00:00Z");
        assert_eq!(words(&Definition::default(), &entries, "targets", &query), breached, "{figure}");
    }
    let running = "figure=first_response.running&at=2026-01-01T01:00:00Z";
    assert!(words(&Definition::default(), &entries, "targets", running).ends_with("target of 24 h, 23 h left"));
}

#[test]
fn a_resolution_missed_after_a_reopening_is_not_told_as_met() {
    let definition = with_targets(&[("full_resolution", "2h")]);
    let story = [(0, opened(Who::Customer)), (60, closed(SARA)), (90, Story::Reopened(Who::Customer))];
    let entries = history(1, story);
    let query = "figure=full_resolution.breached&at=2026-01-01T03:00:00Z";
    assert_eq!(
        words(&definition, &entries, "targets", query),
        "opened Thu 1 January 2026 00:00, not closed until 03:00: 3 h counted; target of 2 h breached by 1 h"
    );
    // Due while it was closed, at minute 75: it is missed from the reopening on.
    let definition = with_targets(&[("full_resolution", "75m")]);
    let query = "figure=full_resolution.breached&at=2026-01-01T02:00:00Z";
    let told = words(&definition, &entries, "targets", query);
    assert!(told.ends_with("2 h counted; target of 75 min breached by 45 min"), "{told}");
}

#[test]
fn what_ran_at_the_end_of_a_past_period_is_told_as_it_ran_then() {
    let definition = with_targets(&[("next_response", "10h")]);
    let entries = history(
        1,
        [
            (0, opened(Who::Customer)),
            (10, Story::Replied(SARA)),
            (1380, Story::Replied(Who::Customer)),
            (1500, Story::Replied(SARA)),
            (1560, Story::Replied(Who::Customer)),
            (1570, Story::Replied(SARA)),
        ],
    );
    let query = "figure=next_response.running&interval=day&period=2026-01-01";
    assert_eq!(
        words(&definition, &entries, "targets", query),
        "public message by the customer Thu 1 January 2026 23:00, no next public reply until Fri 2 January 2026 00:00: \
         1 h counted; target of 10 h, 9 h left"
    );
}

#[test]
fn what_happens_at_the_end_itself_is_not_seen_where_the_report_ends_then_too() {
    let definition = with_targets(&[("first_response", "48h")]);
    let entries = history(1, [(0, opened(Who::Customer)), (1440, Story::Replied(SARA))]);
    let query = "figure=first_response.running&to=2026-01-02&at=2026-01-02T00:00:00Z";
    assert!(words(&definition, &entries, "targets", query).ends_with("24 h counted; target of 48 h, 24 h left"));
    let open = "figure=unanswered&to=2026-01-02&at=2026-01-02T00:00:00Z";
    assert!(words(&definition, &entries, "backlog", open).contains("no first public reply until Fri 2 January"));
}

#[test]
fn an_open_ticket_stands_at_the_end_of_each_row_it_is_counted_in() {
    let entries = history(1, [(0, opened(Who::Customer))]);
    let query = "figure=open&interval=day&period=2026-01-02&at=2026-01-04";
    let items = told(&Definition::default(), &entries, "backlog", query);
    assert_eq!(items[0].at, crate::test_support::minutes(2 * 1440));
}

#[test]
fn a_board_tells_the_target_of_the_metric_that_it_counts() {
    let definition = with_targets(&[("first_response", "10h"), ("next_response", "1h")]);
    let entries = history(
        1,
        [
            (0, opened(Who::Customer)),
            (1, Story::Assigned(Some("sara"))),
            (10, Story::Replied(SARA)),
            (20, Story::Replied(Who::Customer)),
        ],
    );
    let query = "figure=targets_met&cell.agent=sara&at=2026-01-01T02:00:00Z";
    let items = told(&definition, &entries, "leaderboard", query);
    let last = &items.last().unwrap().told.as_ref().unwrap().words;
    assert_eq!(
        *last,
        "public message by the customer Thu 1 January 2026 00:20, no next public reply until 02:00: 1 h 40 min counted; \
         target of 1 h breached by 40 min"
    );
}

#[test]
fn a_dropped_wait_is_held_against_the_target_of_its_time() {
    let mut definition = with_targets(&[("next_response", "30m"), ("next_response", "5h")]);
    definition.targets[0].departments = vec!["technical".to_owned()];
    let entries = history(
        1,
        [
            (0, opened(Who::Customer)),
            (10, Story::Replied(SARA)),
            (20, Story::Replied(Who::Customer)),
            (80, closed(SARA)),
            (90, Story::Reopened(Who::Customer)),
            (95, Story::Replied(SARA)),
            (100, Story::Transferred(Some("billing"))),
        ],
    );
    let told = words(&definition, &entries, "targets", "figure=next_response.breached&to=2026-01-01T01:00:00Z");
    assert_eq!(
        told,
        "public message by the customer Thu 1 January 2026 00:20, no next public reply until 01:20: 1 h counted; target \
         of 30 min breached by 30 min"
    );
}

#[test]
fn an_unanswered_ticket_is_told_as_it_waits_at_the_instant_of_the_report() {
    let story = [(0, opened(Who::Customer)), (60, closed(SARA)), (120, Story::Reopened(Who::Customer))];
    let mut definition = Definition::default();
    definition.first_response.per = Per::Cycle;
    let told = words(&definition, &history(1, story), "response-times", "figure=unanswered&at=2026-01-01T05:00:00Z");
    assert_eq!(
        told,
        "reopened by the customer Thu 1 January 2026 02:00, no first public reply until 05:00: 3 h counted"
    );
}

#[test]
fn within_is_told_as_it_was_asked() {
    let entries = history(1, [(0, opened(Who::Customer)), (180, Story::Replied(SARA)), (300, closed(SARA))]);
    let of = |report, within: &str| {
        let told = words(&Definition::default(), &entries, report, &format!("figure=within{within}"));
        told.rsplit_once("; ").unwrap().1.to_owned()
    };
    assert_eq!(of("response-times", "&within=2h"), "target of 2 h breached by 1 h");
    assert_eq!(of("response-times", ""), "target of 24 h met with 21 h to spare");
    assert_eq!(of("resolution-times", "&within=6h"), "target of 6 h met with 1 h to spare");
    assert_eq!(of("resolution-times", "&within=1bd"), "target of 1 business day met");
}

#[test]
fn what_an_item_replaces_is_told_too() {
    let entries = history(
        1,
        [
            (0, opened(Who::Customer)),
            (5, Story::Replied(SARA)),
            (6, Story::Rated { reply: 1, satisfied: false }),
            (9, Story::Rated { reply: 1, satisfied: true }),
        ],
    );
    let items = told(&Definition::default(), &entries, "satisfaction", "figure=reply_rating");
    let replaced = items[0].replaces[0].told.as_ref().unwrap();
    assert!(replaced.words.contains("reply 1 rated dissatisfied 00:06; replaced by satisfied 00:09"), "{replaced:?}");
}

fn overall(score: u8) -> Story {
    Story::Answered { closing: 1, answers: Answers { overall: Some((2, score)), ..Answers::default() } }
}

#[test]
fn a_case_opens_at_its_first_bad_score_and_its_better_answer_is_told() {
    let entries = history(
        1,
        [
            (0, opened(Who::Customer)),
            (60, closed(SARA)),
            (70, overall(2)),
            (80, overall(1)),
            (90, Story::FollowedUp("sara")),
            (100, overall(5)),
        ],
    );
    let of = |figure| words(&Definition::default(), &entries, "cases", &format!("figure={figure}"));
    let case = "survey of closing 1 answered Thu 1 January 2026 01:10 with 2 of 5, followed up by sara by call 01:30";
    assert_eq!(of("opened"), case);
    assert_eq!(of("followed_up"), case);
    assert_eq!(of("time_to_follow_up"), case);
    assert_eq!(of("recovered"), format!("{case}, survey of closing 1 answered 01:40 with 5 of 5"));
}

#[test]
fn scores_that_no_report_counts_neither_open_nor_end_a_case() {
    let entries = history(
        1,
        [
            (0, opened(Who::Customer)),
            (5, Story::Noted("sara")),
            (6, Story::Rated { reply: 1, satisfied: false }),
            (60, closed(SARA)),
            (70, overall(2)),
            (75, Story::Rated { reply: 1, satisfied: true }),
            (90, Story::FollowedUp("sara")),
        ],
    );
    let told = words(&Definition::default(), &entries, "cases", "figure=followed_up");
    assert!(
        told.starts_with("survey of closing 1 answered Thu 1 January 2026 01:10 with 2 of 5, followed up"),
        "{told}"
    );
}

#[test]
fn where_the_first_closing_is_final_a_later_one_is_no_full_resolution() {
    let story =
        [(0, opened(Who::Customer)), (60, closed(SARA)), (90, Story::Reopened(Who::Customer)), (120, closed(SARA))];
    let entries = history(1, story);
    let mut definition = Definition::default();
    definition.resolution.ends = ResolutionEnds::FirstClose;
    let told = words(&definition, &entries, "resolution-times", "figure=full_resolution");
    assert_eq!(told, "opened Thu 1 January 2026 00:00, closed by sara 01:00: 1 h counted");
    let whole = crate::story::tests::story(&definition, &entries, 1).whole(Language::English);
    assert!(whole[1].contains("full resolution: 1 h") && !whole[3].contains("full resolution"), "{whole:?}");
}

/// What the words of an item say of its target.
fn is_told(figure: &str, item: &Item) -> bool {
    let words = &item.told.as_ref().unwrap().words;
    let target = words.rsplit_once("target of ").map_or("", |(_, target)| target);
    let (met, breached) = (target.contains(" met"), target.contains(" breached"));
    match figure {
        "running" => !target.is_empty() && !met && !breached,
        "met" => met,
        "breached" => breached,
        _ => met == item.counted && breached != item.counted,
    }
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn the_words_of_a_target_say_what_its_cell_counts(
        rules in any_definition(),
        entries in any_history(),
        asked in any_asked(),
        metric in prop::sample::select(vec!["first_response", "next_response", "full_resolution"]),
    ) {
        let asked = Asked { report: "targets", by: Vec::new(), interval: None, ..asked };
        let state = folded_under(&rules, &entries, None);
        let published = Arc::new(Published { document: rules.clone(), version: 0 });
        for figure in ["running", "met", "breached", "share"] {
            let more = [("figure".to_owned(), format!("{metric}.{figure}")), ("limit".to_owned(), "1000".to_owned())];
            let ask = Ask::parse("targets", asked.parameters().into_iter().chain(more)).unwrap();
            let epochs = Epochs::new([1; 16], [0; 32]);
            let mut made = explain(&state, &ask, &published, state.position(), &epochs, &Labels).unwrap();
            tell(&mut made, &rules, &entries, &state);
            for item in &made.items {
                prop_assert!(is_told(figure, item), "{} {:?} {:?}", figure, item, asked);
            }
        }
    }
}
