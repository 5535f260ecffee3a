//! Cases worked out by hand, under definitions that bend one rule each.

use super::hours::BusinessHours;
use super::rows::{Asked, Naive};
use crate::definition::document::{Definition, Schedule};
use crate::test_support::{Answers, Entry, Story, Who, closed, history, minutes, opened};
use serde_json::{Value, json};

const SARA: Who = Who::Agent("sara");
const REZA: Who = Who::Agent("reza");
const DAY: i64 = 1440;

/// The default definition with some fields changed.
fn rules(fields: Value) -> Definition {
    serde_json::from_value(fields).unwrap()
}

/// Open from 9 to 17 on every day, in UTC.
fn office() -> Value {
    let hours = json!(["09:00-17:00"]);
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let weekly: serde_json::Map<_, _> = days.into_iter().map(|day| (day.to_owned(), hours.clone())).collect();
    json!([{ "name": "office", "weekly": weekly }])
}

/// The only row of a report.
fn row(entries: &[Entry], report: &'static str, fields: Value) -> Value {
    let (rules, asked) = (rules(fields), Asked { report, ..Asked::default() });
    Naive::new(entries, &rules, &asked).unwrap().rows().into_values().next().unwrap()
}

/// Counts and sums in minutes of distributions in the only row of a report.
fn check(entries: &[Entry], report: &'static str, fields: impl Into<Value>, expected: &[(&str, u64, i64)]) {
    let fields = fields.into();
    let row = row(entries, report, fields.clone());
    for (figure, count, minutes) in expected {
        let found = (row[*figure]["count"].as_u64().unwrap(), row[*figure]["sum"].as_f64().unwrap() / 60.0);
        assert_eq!(found, (*count, *minutes as f64), "{figure} under {fields}");
    }
}

#[test]
fn first_responses_count_by_each_switch() {
    let bot = history(
        1,
        [
            (0, opened(Who::Customer)),
            (5, Story::Replied(Who::Automation)),
            (9, Story::Noted("sara")),
            (60, Story::Replied(SARA)),
        ],
    );
    let counts = |counts| json!({ "first_response": { "counts": counts } });
    check(&bot, "response-times", counts("human"), &[("first_response", 1, 60)]);
    check(&bot, "response-times", counts("human_and_automation"), &[("first_response", 1, 5), ("next_response", 0, 0)]);
    let assigned = |early| {
        let assigned = Story::Assigned(Some("sara"));
        history(
            1,
            [(0, opened(Who::Customer)), (10, Story::Assigned(None)), (early, assigned), (60, Story::Replied(SARA))],
        )
    };
    let starts = |starts| json!({ "first_response": { "starts": starts } });
    check(&assigned(20), "response-times", starts("first_assigned"), &[("first_response", 1, 40)]);
    let mut late = assigned(20);
    late.swap(2, 3);
    late[3].at = minutes(90);
    check(&late, "response-times", starts("first_assigned"), &[("first_response", 1, 0)]);
    assert_eq!(row(&late[..2], "response-times", starts("first_assigned"))["unanswered"], 0, "no clock has started");
    assert_eq!(row(&late[..2], "response-times", json!({}))["unanswered"], 1);
}

#[test]
fn a_reopening_restarts_the_clock_or_begins_a_cycle_of_its_own() {
    let story = [
        (0, opened(Who::Customer)),
        (10, closed(Who::Automation)),
        (100, Story::Reopened(Who::Customer)),
        (130, Story::Replied(SARA)),
        (140, closed(SARA)),
        (200, Story::Reopened(SARA)),
        (250, Story::Replied(SARA)),
    ];
    let entries = history(1, story);
    check(&entries, "response-times", json!({}), &[("first_response", 1, 130), ("next_response", 0, 0)]);
    let restarts = json!({ "first_response": { "starts": "last_reopened_if_unanswered" } });
    check(&entries, "response-times", restarts, &[("first_response", 1, 30)]);
    let per_cycle = json!({ "first_response": { "per": "cycle" } });
    check(&entries, "response-times", per_cycle, &[("first_response", 2, 30 + 50)]);
}

#[test]
fn an_agents_ticket_starts_its_clock_as_the_definition_says() {
    let story = [
        (0, opened(SARA)),
        (10, Story::Replied(SARA)),
        (30, Story::Replied(Who::Customer)),
        (50, Story::Replied(REZA)),
    ];
    let entries = history(1, story);
    let by_agent = |word| json!({ "first_response": { "opened_by_agent": word } });
    let response = "response-times";
    check(
        &entries,
        response,
        by_agent("first_customer_message"),
        &[("first_response", 1, 20), ("next_response", 0, 0)],
    );
    check(&entries, response, by_agent("opening"), &[("first_response", 1, 10), ("next_response", 1, 20)]);
    check(&entries, response, by_agent("none"), &[("first_response", 0, 0), ("next_response", 1, 20)]);
}

#[test]
fn waits_go_on_through_holds_and_end_with_a_closing() {
    let story = [
        (0, opened(Who::Customer)),
        (10, Story::Replied(SARA)),
        (20, Story::Replied(Who::Customer)),
        (30, Story::HeldForThirdParty),
        (40, Story::Resumed),
        (50, Story::Replied(SARA)),
        (60, Story::HeldForCustomer),
        (70, Story::Replied(Who::Customer)),
        (80, Story::Resumed),
        (85, Story::Replied(Who::Automation)),
        (95, Story::Replied(SARA)),
        (100, Story::Replied(Who::Customer)),
        (110, closed(SARA)),
        (120, Story::Reopened(SARA)),
        (125, Story::Replied(SARA)),
    ];
    let entries = history(1, story);
    check(&entries, "response-times", json!({}), &[("first_response", 1, 10), ("next_response", 3, 30 + 15 + 5)]);
    let by_bots = json!({ "next_response": { "ended_by": "human_and_automation" } });
    check(&entries, "response-times", by_bots, &[("next_response", 3, 30 + 5 + 5)]);
    let pauses = json!({ "pauses": ["held_for_third_party"] });
    check(&entries, "response-times", pauses, &[("first_response", 1, 10), ("next_response", 3, 20 + 15 + 5)]);
}

#[test]
fn resolutions_end_pause_and_leave_out_as_the_definition_says() {
    let story = [
        (0, opened(Who::Customer)),
        (10, Story::HeldForCustomer),
        (30, Story::Resumed),
        (60, closed(SARA)),
        (160, Story::Reopened(Who::Customer)),
        (200, closed(REZA)),
    ];
    let entries = history(1, story);
    let report = "resolution-times";
    check(
        &entries,
        report,
        json!({}),
        &[("first_resolution", 1, 60), ("full_resolution", 1, 200), ("open_time", 1, 100)],
    );
    let excluded = json!({ "resolution": { "excludes": ["closed_spans"] } });
    check(&entries, report, excluded, &[("full_resolution", 1, 100), ("open_time", 1, 100)]);
    let pauses = json!({ "pauses": ["held_for_customer"] });
    let paused = [("first_resolution", 1, 40), ("full_resolution", 1, 180), ("open_time", 1, 80), ("on_hold", 1, 20)];
    check(&entries, report, pauses, &paused);
    let own = json!({ "pauses": ["held_for_customer"], "resolution": { "pauses": [] } });
    check(&entries, report, own, &[("full_resolution", 1, 200)]);
    let first = json!({ "resolution": { "ends": "first_close" } });
    check(&entries[..5], report, first, &[("full_resolution", 1, 60), ("open_time", 0, 0)]);
    let per_cycle = json!({ "resolution": { "per": "cycle" } });
    check(&entries, report, per_cycle.clone(), &[("full_resolution", 2, 60 + 40), ("first_resolution", 1, 60)]);
    check(&entries[..5], report, per_cycle, &[("full_resolution", 1, 60)]);
}

#[test]
fn business_clocks_read_the_chosen_schedule() {
    // Technical works from 9 to 17, billing from 12 to 13; the ticket moves at 10:00 on the first day.
    let mut schedules = office();
    schedules[0]["departments"] = json!(["technical"]);
    let billing = json!({ "name": "billing", "departments": ["billing"], "weekly": { "thursday": ["12:00-13:00"] } });
    schedules.as_array_mut().unwrap().push(billing);
    let story = [
        (8 * 60, opened(Who::Customer)),
        (10 * 60, Story::Transferred(Some("billing"))),
        (18 * 60, Story::Replied(SARA)),
        (18 * 60, closed(SARA)),
    ];
    let entries = history(1, story);
    for (chosen, whole) in [("at_opening", 8 * 60), ("at_each_moment", 60 + 60), ("at_end", 60)] {
        let fields = json!({ "clock": "business", "schedules": schedules, "schedule": { "chosen": chosen } });
        check(&entries, "response-times", fields.clone(), &[("first_response", 1, whole)]);
        check(&entries, "resolution-times", fields.clone(), &[("agent_work", 1, whole), ("open_time", 1, whole)]);
        let stays: Vec<_> = row(&entries, "flow", fields)["stay"].as_array().unwrap().clone();
        let stays: Vec<_> = stays.iter().map(|stay| (stay["department"].clone(), stay["sum"].clone())).collect();
        let technical = (json!("technical"), json!(3600));
        let billing = match chosen {
            "at_opening" => json!(7 * 3600),
            _ => json!(3600),
        };
        assert_eq!(stays, [(json!("billing"), billing), technical], "{chosen}");
    }
}

/// The open hours of a schedule's day, in hours after 2026-01-01T00:00Z.
fn open_hours(schedule: Value, from: i64, to: i64) -> Vec<(f64, f64)> {
    let schedules: Vec<Schedule> = vec![serde_json::from_value(schedule).unwrap()];
    let hours = BusinessHours::new(&schedules, (minutes(from * 60), minutes(to * 60)));
    let hour = |at: i64| (at - minutes(0)) as f64 / 3.6e9;
    hours.open((None, None)).iter().map(|(from, to)| (hour(*from), hour(*to))).collect()
}

#[test]
fn holidays_beat_breaks_beat_special_hours_beat_the_week() {
    let weekly = json!({ "thursday": ["22:00-06:00"], "friday": ["08:00-16:00"], "saturday": ["08:00-16:00"] });
    let plain = json!({ "weekly": weekly });
    assert_eq!(open_hours(plain, 0, 72), [(22.0, 30.0), (32.0, 40.0), (56.0, 64.0)]);
    let holiday = json!({ "weekly": weekly, "holidays": ["2026-01-02"], "special": { "2026-01-02": ["10:00-11:00"] } });
    assert_eq!(open_hours(holiday, 0, 72), [(22.0, 24.0), (56.0, 64.0)], "closed at every instant of it");
    let first = json!({ "weekly": weekly, "holidays": ["*-01-01"] });
    assert_eq!(open_hours(first, 0, 72), [(32.0, 40.0), (56.0, 64.0)], "its night shift does not happen");
    let jalali = json!({ "weekly": weekly, "calendar": "jalali", "holidays": ["*-10-12"] });
    assert_eq!(open_hours(jalali, 0, 72), [(22.0, 24.0), (56.0, 64.0)], "12 Dey 1404 is the 2nd of January");
    let breaks = json!({ "weekly": weekly, "breaks": { "2026-01-02": ["05:00-09:00"] },
        "special": { "2026-01-02": ["08:00-10:00"] } });
    assert_eq!(open_hours(breaks, 0, 72), [(22.0, 29.0), (33.0, 34.0), (56.0, 64.0)]);
    let valid = json!({ "weekly": weekly, "from": "2026-01-02", "until": "2026-01-02" });
    assert_eq!(open_hours(valid, 0, 72), [(0.0, 30.0), (32.0, 40.0), (48.0, 72.0)], "always open without a schedule");
}

#[test]
fn a_day_around_the_clock_has_as_many_hours_as_pass() {
    // In Paris the 29th of March 2026, the 88th day of the year, has 23 hours, the 25th of October, the 298th, 25.
    let sunday = json!({ "time_zone": "Europe/Paris", "weekly": { "sunday": ["00:00-24:00"] } });
    let one = |day: i64| open_hours(sunday.clone(), day * 24 - 3, day * 24 + 27);
    assert_eq!(one(87), [(87.0 * 24.0 - 1.0, 87.0 * 24.0 + 22.0)]);
    assert_eq!(one(297), [(297.0 * 24.0 - 2.0, 297.0 * 24.0 + 23.0)]);
    let night = json!({ "time_zone": "Europe/Paris", "weekly": { "sunday": ["02:30-04:00"] } });
    let night = |day: i64| open_hours(night.clone(), day * 24 - 3, day * 24 + 27);
    assert_eq!(night(87), [(87.0 * 24.0 + 1.0, 87.0 * 24.0 + 2.0)], "02:30 is skipped: opens with the gap's end");
    assert_eq!(night(297), [(297.0 * 24.0 + 0.5, 297.0 * 24.0 + 3.0)], "the first 02:30");
}

/// A metric of the only row of the report on targets: met, breached, running, and the running tickets' due moments
/// and seconds left.
fn target(entries: &[Entry], metric: &str, mut fields: Value, within: &str) -> (u64, u64, Vec<(String, f64)>) {
    fields["targets"] = json!([{ "metric": metric, "within": within }]);
    let row = row(entries, "targets", fields);
    let of = &row[metric];
    let running = of["running_tickets"].as_array().unwrap().iter();
    let running =
        running.map(|t| (t["due_at"].as_str().unwrap().to_owned(), t["left"].as_f64().unwrap())).collect::<Vec<_>>();
    assert_eq!(of["running"], running.len());
    (of["met"].as_u64().unwrap(), of["breached"].as_u64().unwrap(), running)
}

#[test]
fn targets_are_met_breached_or_run() {
    let open = history(1, [(0, opened(Who::Customer)), (30, Story::Noted("sara"))]);
    let due = |at: &str, left: i64| vec![(at.to_owned(), left as f64)];
    let first = "first_response";
    assert_eq!(target(&open, first, json!({}), "1h"), (0, 0, due("2026-01-01T01:00:00Z", 1800)));
    assert_eq!(target(&open, first, json!({}), "30m"), (0, 0, due("2026-01-01T00:30:00Z", 0)), "due this instant");
    assert_eq!(target(&open, first, json!({}), "29m"), (0, 1, vec![]));
    let replied = [open, history(1, [(30, Story::Replied(SARA))])].concat();
    assert_eq!(target(&replied, first, json!({}), "30m"), (1, 0, vec![]), "as long as it may take");
    assert_eq!(target(&replied, first, json!({}), "29m"), (0, 1, vec![]));
    let held = history(1, [(0, opened(Who::Customer)), (10, Story::HeldForCustomer), (40, Story::Noted("sara"))]);
    let pauses = json!({ "pauses": ["held_for_customer"] });
    assert_eq!(target(&held, first, pauses, "1h"), (0, 0, due("2026-01-01T01:30:00Z", 50 * 60)));
}

#[test]
fn a_reopened_resolution_goes_on_with_the_time_left() {
    let story = |closed_at| {
        let reopened = closed_at + 180;
        history(
            1,
            [(8 * 60, opened(Who::Customer)), (closed_at, closed(SARA)), (reopened, Story::Reopened(Who::Customer))],
        )
    };
    let excluded = json!({ "resolution": { "excludes": ["closed_spans"] } });
    let due = |entries: &[Entry]| target(entries, "full_resolution", excluded.clone(), "8h").2[0].0.clone();
    assert_eq!(due(&story(13 * 60)), "2026-01-01T19:00:00Z");
    assert_eq!(due(&story(15 * 60)), "2026-01-01T19:00:00Z");
    let kept = target(&story(15 * 60), "full_resolution", json!({}), "8h");
    assert_eq!(kept, (0, 1, vec![]), "due at 16:00, while it was closed");
}

#[test]
fn business_days_fall_due_at_the_same_time_of_a_day_that_works() {
    let mut schedules = office();
    schedules[0]["holidays"] = json!(["2026-01-02"]);
    let fields = json!({ "clock": "business", "schedules": schedules });
    let due = |minute: i64| {
        let entries = history(1, [(minute, opened(Who::Customer))]);
        target(&entries, "first_response", fields.clone(), "2bd").2[0].0.clone()
    };
    assert_eq!(due(12 * 60), "2026-01-04T12:00:00Z");
    assert_eq!(due(8 * 60), "2026-01-04T09:00:00Z", "before the opening: at it");
    assert_eq!(due(18 * 60), "2026-01-05T09:00:00Z", "after the close: at the next opening");
}

#[test]
fn a_dropped_wait_is_breached_only_before_the_closing() {
    let story = [
        (0, opened(Who::Customer)),
        (10, Story::Replied(SARA)),
        (20, Story::Replied(Who::Customer)),
        (80, closed(SARA)),
        (2 * DAY, Story::Noted("sara")),
    ];
    let entries = history(1, story);
    assert_eq!(target(&entries, "next_response", json!({}), "1h"), (0, 0, vec![]));
    assert_eq!(target(&entries, "next_response", json!({}), "59m"), (0, 1, vec![]));
    assert_eq!(target(&entries, "first_response", json!({}), "1h"), (1, 0, vec![]));
}

#[test]
fn answers_count_last_first_or_all_and_ratings_with_them() {
    let answer =
        |score| Story::Answered { closing: 1, answers: Answers { overall: Some((2, score)), ..Answers::default() } };
    let rated = |satisfied| Story::Rated { reply: 1, satisfied };
    let story = [
        (0, opened(Who::Customer)),
        (1, Story::Replied(REZA)),
        (2, closed(SARA)),
        (3, answer(1)),
        (4, rated(false)),
        (5, answer(5)),
        (6, rated(true)),
    ];
    let entries = history(1, story);
    let csat = |source, answer| {
        let row = row(&entries, "satisfaction", json!({ "csat": { "source": source, "answer": answer } }));
        assert_eq!((&row["reply_rating"]["rated"], &row["reply_rating"]["satisfied"]), (&json!(1), &json!(1)));
        (row["csat"]["answers"].as_u64().unwrap(), row["csat"]["positive"].as_u64().unwrap())
    };
    assert_eq!(csat("survey", "last"), (1, 1));
    assert_eq!(csat("survey", "first"), (1, 0));
    assert_eq!(csat("survey", "all"), (2, 1));
    assert_eq!(csat("reply_ratings", "first"), (1, 0));
    assert_eq!(csat("both", "last"), (2, 2));
    assert_eq!(csat("both", "all"), (4, 2));
}

#[test]
fn every_replier_gets_the_whole_and_totals_count_it_once() {
    let story = [
        (0, opened(Who::Customer)),
        (1, Story::Assigned(Some("mina"))),
        (2, Story::Replied(REZA)),
        (3, Story::Replied(SARA)),
        (4, closed(Who::Customer)),
    ];
    let entries = history(1, story);
    let agents = |attribution: &str, filters: Vec<(&'static str, Vec<Option<&'static str>>)>| {
        let rules = rules(json!({ "attribution": attribution }));
        let asked = Asked { report: "resolution-times", by: vec!["agent"], filters, ..Asked::default() };
        let rows = Naive::new(&entries, &rules, &asked).unwrap().rows();
        rows.into_keys().map(|(_, group)| group[0].clone().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(agents("closer", vec![]), ["sara"]);
    assert_eq!(agents("assignee", vec![]), ["mina"]);
    assert_eq!(agents("last_replier", vec![]), ["sara"]);
    assert_eq!(agents("first_replier", vec![]), ["reza"]);
    assert_eq!(agents("all_repliers", vec![]), ["reza", "sara"]);
    assert_eq!(agents("all_repliers", vec![("agent", vec![Some("sara")])]), ["sara"]);
    let all = row(&entries, "resolution-times", json!({ "attribution": "all_repliers" }));
    assert_eq!(all["full_resolution"]["count"], 1);
}

#[test]
fn figures_are_dated_by_the_opening_or_the_last_closing() {
    let story = [
        (0, opened(Who::Customer)),
        (2 * DAY, closed(SARA)),
        (3 * DAY, Story::Reopened(SARA)),
        (5 * DAY, closed(SARA)),
    ];
    let entries = [history(1, story), history(2, [(DAY, opened(Who::Customer))])].concat();
    let days = |dated_by: &str| {
        let rules = rules(json!({ "dated_by": dated_by }));
        let interval = Some(crate::report::periods::Interval::Day);
        let asked = Asked { report: "flow", interval, ..Asked::default() };
        let rows = Naive::new(&entries, &rules, &asked).unwrap().rows().into_values();
        let counts = |row: Value| {
            (row["period"].as_str().unwrap()[8..].to_owned(), row["opened"].clone(), row["closed_tickets"].clone())
        };
        rows.map(counts).filter(|(_, opened, closed)| *opened != 0 || *closed != 0).collect::<Vec<_>>()
    };
    let is = |rows: &[(&str, u64, u64)]| {
        rows.iter().map(|(day, o, c)| ((*day).to_owned(), json!(o), json!(c))).collect::<Vec<_>>()
    };
    assert_eq!(days("event"), is(&[("01", 1, 0), ("02", 1, 0), ("03", 0, 1), ("06", 0, 1)]));
    assert_eq!(days("opened"), is(&[("01", 1, 1), ("02", 1, 0)]), "the first ever");
    assert_eq!(days("closed"), is(&[("06", 1, 1)]), "never closed, never counted");
}

#[test]
fn periods_follow_zone_calendar_and_week() {
    let entries = history(1, [(20 * 60 + 40, opened(Who::Customer))]);
    let label = |interval: &str, fields: Value| {
        let rules = rules(fields);
        let interval = crate::report::periods::Interval::parse(interval).ok();
        let asked = Asked { report: "flow", interval, ..Asked::default() };
        let row = Naive::new(&entries, &rules, &asked).unwrap().rows().into_values().next().unwrap();
        (row["period"].as_str().unwrap().to_owned(), row["start"].as_str().unwrap().to_owned())
    };
    let tehran = |calendar: &str| json!({ "time_zone": "Asia/Tehran", "calendar": calendar, "week_start": "saturday" });
    let is = |label: &str, start: &str| (label.to_owned(), start.to_owned());
    assert_eq!(label("day", json!({})), is("2026-01-01", "2026-01-01T00:00:00Z"));
    assert_eq!(label("day", tehran("gregorian")), is("2026-01-02", "2026-01-01T20:30:00Z"), "00:10 there");
    assert_eq!(label("hour", tehran("gregorian")), is("2026-01-02T00+03:30", "2026-01-01T20:30:00Z"));
    assert_eq!(label("day", tehran("jalali")), is("1404-10-12", "2026-01-01T20:30:00Z"));
    assert_eq!(label("week", tehran("jalali")), is("1404-10-06", "2025-12-26T20:30:00Z"), "a Saturday");
    assert_eq!(label("month", tehran("jalali")), is("1404-10", "2025-12-21T20:30:00Z"));
    assert_eq!(label("quarter", tehran("jalali")), is("1404-Q4", "2025-12-21T20:30:00Z"));
    assert_eq!(label("year", tehran("jalali")), is("1404", "2025-03-20T20:30:00Z"), "Nowruz");
}
