//! One field set from text.

use super::wrong_in;
use crate::definition::document::{Clock, Definition, Pause, TargetMetric, Within};
use crate::definition::presets;

fn preset(name: &str) -> Definition {
    presets::all().find(|preset| preset.name == name).unwrap()
}

#[test]
fn a_path_leads_to_any_field() {
    let definition = Definition::default();
    assert_eq!(definition.with("csat.positive_from.five", "5").unwrap().csat.positive_from.five, 5);
    assert_eq!(
        definition.with("first_response.clock", "business").unwrap().first_response.clock,
        Some(Clock::Business)
    );
    let pauses = vec![Pause::WaitingForCustomer, Pause::HeldForCustomer];
    assert_eq!(definition.with("pauses", "waiting_for_customer, held_for_customer").unwrap().pauses, pauses);
    assert_eq!(definition.with("pauses", r#"["waiting_for_customer","held_for_customer"]"#).unwrap().pauses, pauses);
    let section = definition.with("resolution.pauses", "held_for_customer").unwrap().resolution.pauses;
    assert_eq!(section, Some(vec![Pause::HeldForCustomer]));
    let iran = preset("iran");
    assert_eq!(iran.with("schedules.0.time_zone", "UTC").unwrap(), iran.with("schedules[0].time_zone", "UTC").unwrap());
    assert_eq!(iran.with("schedules.0.weekly.thursday", "08:00-13:00").unwrap().schedules[0].weekly.len(), 6);
    assert_eq!(iran.with("schedules.0.weekly.friday", "09:00-12:00").unwrap().schedules[0].weekly.len(), 7);
    assert_eq!(iran.with("schedules.0.breaks.2026-02-01", "12:00-13:00").unwrap().schedules[0].breaks.len(), 1);
    assert!(iran.with("schedules.0.until", "2026-02-01").unwrap().schedules[0].until.is_some());
    assert_eq!(definition.with("goals", r#"[{"value":"opened","at_most":5}]"#).unwrap().goals.len(), 1);
    assert_eq!(definition.with("targets.0.within", "4h").unwrap().targets[0].within, Within::hours(4));
}

#[test]
fn a_target_replaces_all_of_its_metric() {
    let definition = preset("freshdesk").with("target.first_response", "4h").unwrap();
    let of = |metric| definition.targets.iter().filter(|target| target.metric == metric).collect::<Vec<_>>();
    assert_eq!(of(TargetMetric::FirstResponse).len(), 1);
    assert_eq!(of(TargetMetric::FirstResponse)[0].within, Within::hours(4));
    assert_eq!(of(TargetMetric::FullResolution).len(), 1, "others stay");
    assert_eq!(Definition::default().with("target.next_response", "2bd").unwrap().targets.len(), 2);
    assert_eq!(Definition::default().with("target.first_response", "none").unwrap().targets, []);
}

#[test]
fn what_is_wrong_is_said() {
    let told = |path: &str, value: &str| wrong_in(Definition::default().with(path, value)).join("\n");
    assert!(told("csat.positive_from.five", "9").starts_with("csat.positive_from.five: is 9"));
    assert!(
        told("clock", "busines").starts_with("clock: busines is none of the choices; there are calendar, business")
    );
    assert!(told("clok", "business").contains("there is no field clok here"));
    assert!(told("csatt.source", "both").contains("there is no csatt; there are attribution, calendar"));
    assert!(told("schedules.0.name", "x").contains("it has 0 items"));
    assert!(told("name.first", "x").contains("has no fields of its own"));
    assert!(told("", "x").contains("a path is needed"));
    assert!(told("target.first_respons", "4h").contains("first_respons is none of the choices"));
    assert!(told("target.first_response", "0h").contains("zero"));
}

#[test]
fn a_path_that_leads_nowhere_is_told_with_the_nearest_that_there_are() {
    let told = |path: &str| wrong_in(Definition::default().with(path, "1")).join("\n");
    assert!(told("csat.positve_from.five").ends_with("; nearest: csat.positive_from.five"));
    assert!(told("clok").ends_with("; nearest: clock"), "{}", told("clok"));
    assert!(
        told("positive_from.five").contains("; nearest: csat.positive_from.five"),
        "{}",
        told("positive_from.five")
    );
    assert!(told("target.first_respons").ends_with("; nearest: target.first_response"));
    assert!(told("first_response.clok").contains("; nearest: first_response.clock"));
    assert!(!told("something.else.entirely").contains("nearest"), "nothing is near");
    assert!(!told("csat.positive_from.five").contains("nearest"), "the path is right, the value is not");
}

#[test]
fn several_fields_are_set_together_and_rules_asked_at_the_end() {
    let both = [("goals", r#"[{"value":"opened","at_most":5,"at_least":6}]"#), ("goals.0.at_least", "null")];
    let definition = Definition::default().with_all(both).unwrap();
    assert_eq!(definition.goals.len(), 1);
    assert!(Definition::default().with_all([both[0]]).is_err(), "a goal is one bound");
    let later = Definition::default().with_all([("clock", "business"), ("clock", "calendar")]).unwrap();
    assert_eq!(later, Definition::default(), "the later of two holds");
    assert_eq!(Definition::default().with_all([]), Ok(Definition::default()));
}
