//! Plain loops over events as the feed tells them: what a test holds figures against.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The last answer to each closing (ticket and number) of a ticket that is not voided: when, on which scale, the score.
pub type Answers<'a> = BTreeMap<(&'a str, u64), (&'a str, &'a str, u64)>;

/// A text of an event; empty: it has none of that name.
#[must_use]
pub fn text<'a>(event: &'a Value, name: &str) -> &'a str {
    event[name].as_str().unwrap_or_default()
}

/// The tickets that are void at the end.
#[must_use]
pub fn voided(events: &[&Value]) -> BTreeSet<String> {
    let mut voided = BTreeSet::new();
    for event in events {
        let ticket = text(event, "ticket").to_owned();
        match text(event, "type") {
            "ticket_voided" => voided.insert(ticket),
            "ticket_restored" => voided.remove(&ticket),
            _ => false,
        };
    }
    voided
}

/// The answers to surveys that stand at the end.
///
/// # Panics
///
/// When an answer has no closing or no score.
#[must_use]
#[expect(clippy::expect_used, reason = "a helper of tests")]
pub fn answers<'a>(events: &[&'a Value]) -> Answers<'a> {
    let (mut answers, voided) = (Answers::new(), voided(events));
    let number = |value: &Value| value.as_u64().expect("an answer has a closing and a score");
    for &event in events {
        if text(event, "type") == "survey_submitted" && event["overall"].is_object() {
            let (scale, score) = (text(&event["overall"], "scale"), number(&event["overall"]["score"]));
            let closing = (text(event, "ticket"), number(&event["closing"]));
            answers.insert(closing, (text(event, "occurred_at"), scale, score));
        }
    }
    answers.retain(|(ticket, _), _| !voided.contains(*ticket));
    answers
}

/// Whether a score is satisfied, where of five the scores from `five` on are.
#[must_use]
pub fn is_positive(scale: &str, score: u64, five: u64) -> bool {
    score
        >= match scale {
            "binary" => 1,
            "four" => 3,
            _ => five,
        }
}
