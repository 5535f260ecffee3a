//! For random tickets and definitions: the counted segments of every duration sum up to what was measured.

use super::story;
use crate::definition::catalog::Published;
use crate::definition::document::{DatedBy, Definition, Unit, Voided};
use crate::exact::Decimal;
use crate::report::figure::Figure;
use crate::report::periods::Language;
use crate::report::query::{Query, ReportName};
use crate::report::report;
use crate::report::tests::naive::any::{any_definition, any_history};
use crate::story::{Effect, measured, words::Name};
use crate::test_support::{Entry, Labels, Story as Deed, folded_under};
use proptest::prelude::*;
use std::sync::Arc;

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

    #[test]
    fn what_the_events_of_all_tickets_measured_adds_up_to_the_reports(
        definition in any_definition(),
        history in any_history(),
    ) {
        // A figure that is dated by the closing is in no report until there is one.
        let definition = Definition { dated_by: DatedBy::Event, ..definition };
        let effects = standing_effects(&definition, &history);
        let row = |name| the_row(&definition, &history, name);
        let responses = (row(ReportName::ResponseTimes), &["first_response", "next_response"][..]);
        let resolutions = (row(ReportName::ResolutionTimes), &RESOLUTIONS[..]);
        let flow = (row(ReportName::Flow), &["replies_per_closed"][..]);
        for (row, figures) in [responses, resolutions, flow] {
            for figure in figures {
                let of_figure = || effects.iter().filter(|effect| effect.figure == **figure);
                let sum: i128 = of_figure().map(|effect| effect.value.millionths()).sum();
                let told = (row.get(&format!("{figure}.count")).cloned(), row.get(&format!("{figure}.sum")).cloned());
                let count = Figure::Count(of_figure().count() as u64);
                prop_assert_eq!(told, (Some(count), Some(Figure::Number(Decimal::from_micros(sum)))), "{}", figure);
            }
        }
        // Business days are judged by the report alone.
        if definition.targets.iter().all(|target| target.within.unit != Unit::BusinessDays) {
            let targets = row(ReportName::Targets);
            for metric in ["first_response", "next_response", "full_resolution"] {
                let met = effects.iter().filter(|effect| effect.figure == metric && effect.good == Some(true)).count();
                prop_assert_eq!(targets.get(&format!("{metric}.met")), Some(&Figure::Count(met as u64)), "{}", metric);
            }
        }
    }
}

const RESOLUTIONS: [&str; 9] = [
    "first_resolution",
    "full_resolution",
    "open_time",
    "requester_wait",
    "customer_wait",
    "agent_work",
    "on_hold",
    "on_hold_customer",
    "on_hold_third_party",
];

/// What the events of all tickets measured that are not void, but for what was taken back.
fn standing_effects(definition: &Definition, history: &[Entry]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for ticket in 0..4 {
        let of_ticket = || history.iter().filter(|entry| entry.ticket == ticket);
        let last = of_ticket().rev().find(|entry| matches!(entry.story, Deed::Voided | Deed::Restored));
        let void = last.is_some_and(|entry| entry.story == Deed::Voided);
        if of_ticket().next().is_none() || (void && definition.voided == Voided::Excluded) {
            continue;
        }
        let of_events = story(definition, history, ticket).effects(Language::English);
        effects.extend(of_events.into_iter().flat_map(|event| event.values));
    }
    effects.retain(|effect| effect.taken_back.is_none());
    effects
}

/// The one row of a report over all time.
fn the_row(definition: &Definition, history: &[Entry], name: ReportName) -> Figure {
    let state = folded_under(definition, history, None);
    let definition = Arc::new(Published { document: definition.clone(), version: 0 });
    let made = report(&state, &Query::over(name), &definition, state.position(), &Labels).unwrap();
    Figure::Object(made.rows.into_iter().next().unwrap().figures)
}
