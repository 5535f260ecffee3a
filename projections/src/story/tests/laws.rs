//! For random tickets and definitions: the counted segments of every duration sum up to what was measured.

use super::story;
use crate::report::tests::naive::any::{any_definition, any_history};
use crate::story::words::Name;
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
