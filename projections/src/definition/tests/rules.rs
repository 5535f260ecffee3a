//! Each rule of a definition broken, and several at once.

use super::wrong_in;
use crate::definition::document::Definition;

fn wrong(toml: &str) -> Vec<String> {
    wrong_in(Definition::from_toml(toml))
}

/// What is wrong with one schedule's further lines.
fn of_schedule(lines: &str) -> Vec<String> {
    wrong(&format!("[[schedules]]\nname = \"s\"\n{lines}"))
}

fn week(days: &str) -> String {
    format!("weekly = {{ {days} }}\n")
}

#[test]
fn the_name_is_an_id() {
    for name in ["", "two words", "default@1", "a/b", "._", "e\u{301}"] {
        let told = wrong(&format!("name = \"{name}\""));
        assert!(told.len() == 1 && told[0].starts_with("name: is "), "{told:?}");
    }
    assert!(Definition::from_toml("name = \"تهران.2\"").is_ok());
}

#[test]
fn hours_may_touch_and_not_overlap() {
    let overlap = |days: &str| of_schedule(&week(days));
    assert_eq!(
        overlap("monday = [\"08:00-12:00\", \"11:59-13:00\"]"),
        ["schedules[0].weekly.monday[1]: monday 11:59-13:00 overlaps monday 08:00-12:00; hours may touch, not overlap"]
    );
    assert_eq!(
        overlap("monday = [\"22:00-06:00\"]\ntuesday = [\"05:00-09:00\"]".replace('\n', ", ").as_str()),
        [
            "schedules[0].weekly.tuesday[0]: tuesday 05:00-09:00 overlaps monday 22:00-06:00; hours may touch, not overlap"
        ]
    );
    let told = overlap("sunday = [\"22:00-06:00\"], monday = [\"05:00-09:00\"]");
    assert!(told.len() == 1 && told[0].starts_with("schedules[0].weekly.monday[0]"), "the week is a circle: {told:?}");
    let told = overlap("monday = [\"08:00-18:00\", \"09:00-10:00\", \"17:00-19:00\"]");
    assert_eq!(told.len(), 2, "what lies inside another does not hide the next: {told:?}");
    for fine in [
        "monday = [\"08:00-12:00\", \"12:00-16:00\"]",
        "sunday = [\"22:00-06:00\"], monday = [\"06:00-09:00\"]",
        "monday = [\"00:00-24:00\"], tuesday = [\"00:00-24:00\"]",
        "monday = [\"13:00-17:00\", \"08:00-12:00\"], tuesday = []",
    ] {
        assert!(Definition::from_toml(&format!("[[schedules]]\nname = \"s\"\n{}", week(fine))).is_ok(), "{fine}");
    }
}

#[test]
fn dates_have_hours_that_do_not_overlap() {
    let monday = week("monday = [\"08:00-12:00\"]");
    let told =
        of_schedule(&format!("{monday}special = {{ 2026-02-01 = [\"20:00-02:00\"], 2026-02-02 = [\"01:00-03:00\"] }}"));
    assert!(told[0].starts_with("schedules[0].special.2026-02-02[0]"), "{told:?}");
    let told = of_schedule(&format!("{monday}breaks = {{ 2026-02-01 = [] }}"));
    assert_eq!(told, ["schedules[0].breaks.2026-02-01: names no hours; leave the date out"]);
    let closed = format!("[[schedules]]\nname = \"s\"\n{monday}special = {{ 2026-02-01 = [] }}");
    assert!(Definition::from_toml(&closed).is_ok(), "a special day may be closed");
}

#[test]
fn a_schedule_is_open_at_some_time_and_valid_at_some_date() {
    assert!(of_schedule("")[0].starts_with("schedules[0]: is never open"));
    assert!(of_schedule(&week("monday = []"))[0].starts_with("schedules[0]: is never open"));
    let monday = week("monday = [\"08:00-12:00\"]");
    let told = of_schedule(&format!("{monday}from = \"2026-02-02\"\nuntil = \"2026-02-01\""));
    assert_eq!(told, ["schedules[0].until: 2026-02-01 lies before from, 2026-02-02; until is the last valid date"]);
    let one_day = format!("[[schedules]]\nname = \"s\"\n{monday}from = \"2026-02-02\"\nuntil = \"2026-02-02\"");
    assert!(Definition::from_toml(&one_day).is_ok());
    let special = "[[schedules]]\nname = \"s\"\nspecial = { 2026-02-01 = [\"10:00-11:00\"] }";
    assert!(Definition::from_toml(special).is_ok());
}

#[test]
fn yearly_holidays_are_days_of_the_calendar() {
    let monday = week("monday = [\"08:00-12:00\"]");
    let holiday = |calendar: &str, day: &str| {
        let text = format!("[[schedules]]\nname = \"s\"\ncalendar = \"{calendar}\"\n{monday}holidays = [\"*-{day}\"]");
        Definition::from_toml(&text)
    };
    for (calendar, day) in [("gregorian", "02-29"), ("jalali", "06-31"), ("jalali", "12-30"), ("gregorian", "12-31")] {
        assert!(holiday(calendar, day).is_ok(), "{calendar} {day}");
    }
    assert_eq!(
        wrong_in(holiday("jalali", "12-31")),
        ["schedules[0].holidays[0]: *-12-31 is in no year: month 12 of the jalali calendar has at most 30 days"]
    );
    for (calendar, day) in [("gregorian", "02-30"), ("gregorian", "04-31"), ("jalali", "07-31")] {
        assert!(holiday(calendar, day).is_err(), "{calendar} {day}");
    }
}

#[test]
fn a_date_without_quotes_is_told_apart() {
    let told = of_schedule(&format!("{}holidays = [2026-03-21]", week("monday = [\"08:00-12:00\"]")));
    assert!(told.len() == 1 && told[0].starts_with("schedules[0].holidays[0]: must be a string"), "{told:?}");
}

#[test]
fn scores_are_positive_from_a_score_of_their_scale() {
    let told = wrong("csat.positive_from = { binary = 0, four = 1, five = 6 }");
    assert_eq!(told.len(), 3);
    assert!(told[0].starts_with("csat.positive_from.binary: is 0; it must be 1,"));
    assert!(told[1].starts_with("csat.positive_from.four: is 1; it must be 2 to 4,"));
    assert!(told[2].starts_with("csat.positive_from.five: is 6; it must be 2 to 5,"));
}

#[test]
fn goals_and_ranks_name_figures_that_there_are() {
    let told = wrong("[[goals]]\nvalue = \"csat.percnt\"\nat_least = 85");
    assert!(told[0].starts_with("goals[0].value: csat.percnt is no number of the overview; there are csat.answers,"));
    assert!(wrong("[[goals]]\nvalue = \"csat\"\nat_least = 85")[0].contains("there are csat.answers"));
    assert!(wrong("[[goals]]\nvalue = \"opened.count\"\nat_least = 85")[0].contains("write opened alone"));
    assert!(wrong("[[goals]]\nvalue = \"targets_met.percent\"\nat_least = 85")[0].contains("there are opened, closed"));
    assert!(wrong("leaderboard.rank_by = \"agent\"")[0].starts_with("leaderboard.rank_by: agent is no figure"));
    assert!(Definition::from_toml("leaderboard.rank_by = \"targets_met.percent\"").is_ok());
    let both = "must have either at_least or at_most";
    assert!(wrong("[[goals]]\nvalue = \"opened\"")[0].contains(both));
    assert!(wrong("[[goals]]\nvalue = \"opened\"\nat_least = 1\nat_most = 2")[0].contains(both));
    assert!(wrong("[[goals]]\nvalue = \"opened\"\nat_least = 1e10")[0].contains("too large"));
}

#[test]
fn lists_hold_each_item_once() {
    let told = wrong("pauses = [\"held_for_customer\", \"held_for_customer\"]");
    assert_eq!(told, ["pauses[1]: is listed before; leave one out"]);
    assert_eq!(wrong("first_response.pauses = [\"held_for_customer\", \"held_for_customer\"]").len(), 1);
    assert_eq!(wrong("resolution.excludes = [\"closed_spans\", \"closed_spans\"]").len(), 1);
    let target = "[[targets]]\nmetric = \"next_response\"\nwithin = \"1h\"\n";
    assert_eq!(wrong(&format!("{target}tiers = [\"gold\", \"gold\"]\npriorities = [\"low\", \"low\"]")).len(), 2);
    assert!(wrong(&format!("{target}branches = [\"a b\"]"))[0].starts_with("targets[0].branches[0]: is \"a b\""));
}

#[test]
fn what_is_stale_is_so_after_a_duration() {
    assert!(wrong("review.stale_after = \"3bd\"")[0].starts_with("review.stale_after: 3bd is in business days"));
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let monday = week("monday = [\"08:00-12:00\", \"09:00-10:00\"]");
    let text = format!(
        "name = \"a b\"\nreview.stale_after = \"3bd\"\n[[schedules]]\nname = \"s\"\n{monday}[[schedules]]\nname = \"s\"\n"
    );
    let told = wrong(&text);
    assert_eq!(told.len(), 5, "{told:?}");
    assert!(told[3].contains("another schedule is called s too"), "{told:?}");
}

#[test]
fn a_definition_fits_into_an_event() {
    let monday = week("monday = [\"08:00-12:00\"]");
    let many: String = (0..2000).map(|n| format!("[[schedules]]\nname = \"s-{n}\"\n{monday}")).collect();
    let told = wrong(&many);
    assert!(told.len() == 1 && told[0].contains("at most 262144"), "{told:?}");
}
