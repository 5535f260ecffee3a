//! For random tickets and definitions: the counted segments of every duration sum up to what was measured.

use super::story;
use crate::report::periods::Language;
use crate::report::tests::naive::any::{any_definition, any_history};
use crate::story::{measured, words::Name};
use crate::test_support::folded_under;
use proptest::prelude::*;

const NAMES: [Name; 12] = [
    Name::FirstResponse,
    Name::NextResponse,
    Name::FirstResolution,
    Name::FullResolution,
    Name::OpenTime,
    Name::RequesterWait,
    Name::CustomerWait,
    Name::AgentWork,
    Name::OnHold,
    Name::OnHoldCustomer,
    Name::OnHoldThirdParty,
    Name::Stay,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::story::tests::cases(), ..ProptestConfig::default() })]

    #[test]
    fn the_counted_segments_of_every_duration_sum_up_to_what_was_measured(
        definition in any_definition(),
        history in any_history(),
    ) {
        for ticket in 0..4 {
            if !history.iter().any(|entry| entry.ticket == ticket) {
                continue;
            }
            let story = story(&definition, &history, ticket);
            for index in 0..story.steps.len() {
                for name in NAMES {
                    let Some(span) = story.ended(name, index) else { continue };
                    let counted: i64 = span.segments.iter().map(|segment| segment.counts()).sum();
                    prop_assert_eq!(counted, span.value, "{:?} at {} of {}", name, index, ticket);
                    let ends = span.segments.windows(2).all(|pair| pair[0].to == pair[1].from);
                    prop_assert!(ends, "segments adjoin");
                    let last = span.segments.last().map_or(span.to, |segment| segment.to);
                    prop_assert_eq!(last, span.to);
                }
            }
        }
    }
}

/// Figures of every kind, of every report.
const FIGURES: [&str; 26] = [
    "first_response",
    "first_response.breached",
    "next_response.running",
    "full_resolution.met",
    "within",
    "unanswered",
    "answer_rate",
    "open_time",
    "on_hold",
    "stay",
    "csat",
    "nps",
    "ces",
    "questions.speed",
    "choices.heard_from.friend",
    "reply_rating",
    "response_rate",
    "reopen_rate",
    "one_touch_rate",
    "replies_per_closed",
    "backlog",
    "ages.over_30d",
    "recovered",
    "opened",
    "transfers",
    "no such figure",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::story::tests::cases() / 10, ..ProptestConfig::default() })]

    #[test]
    fn a_ticket_alone_measures_what_it_does_among_others(
        definition in any_definition(),
        history in any_history(),
    ) {
        let all = measured::read(&folded_under(&definition, &history, None));
        let values = |measured: &measured::Measured| {
            let closing = measured.closing.map(|closing| (closing.full, closing.open, closing.agent_work));
            (measured.first_response, measured.next_response, measured.first_closing, closing, measured.stay)
        };
        for ticket in (0..4).filter(|ticket| history.iter().any(|entry| entry.ticket == *ticket)) {
            for (position, measured) in &story(&definition, &history, ticket).measured {
                prop_assert_eq!(values(measured), values(&all[position]));
            }
        }
    }

    #[test]
    fn every_figure_of_every_event_can_be_told(definition in any_definition(), history in any_history()) {
        for ticket in (0..4).filter(|ticket| history.iter().any(|entry| entry.ticket == *ticket)) {
            let story = story(&definition, &history, ticket);
            for (step, figure) in story.steps.iter().flat_map(|step| FIGURES.map(|figure| (step, figure))) {
                let told = story.tell(figure, step.position, Language::English);
                prop_assert!(!told.words.is_empty() && told.versions.is_sorted() && told.cycle > 0, "{:?}", told);
                let persian = story.tell(figure, step.position, Language::Persian);
                prop_assert_eq!((told.cycle, told.versions, told.value), (persian.cycle, persian.versions, persian.value));
                let outside = persian.words.split('\u{2068}').map(|text| text.rsplit('\u{2069}').next().unwrap_or(text));
                let latin = outside.collect::<String>().contains(|c: char| c.is_ascii_alphanumeric());
                prop_assert!(!latin, "no Latin letter or digit stands outside isolates: {}", persian.words);
            }
            prop_assert_eq!(story.whole(Language::English).len(), story.steps.len());
        }
    }
}
