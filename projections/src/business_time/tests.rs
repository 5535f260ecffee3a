//! Every rule of business time by hand, and its laws over all schedules and instants.

mod properties;

use super::*;
use crate::definition::document::{CalendarName, Hours, Weekday, Zone};
use daftar_domain::Timestamp;
use std::collections::BTreeMap;

const MINUTE: Micros = 60_000_000;
const HOUR: Micros = 60 * MINUTE;

fn at(text: &str) -> Micros {
    Timestamp::parse("t", text).unwrap().micros()
}

fn said(micros: Micros) -> String {
    Timestamp::from_micros(micros).unwrap().to_string()
}

fn hours(texts: &[&str]) -> Vec<Hours> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A schedule of a zone with the same hours on the days of the week given by their numbers from Monday 0.
fn weekly(zone: &str, days: impl IntoIterator<Item = usize>, texts: &[&str]) -> Schedule {
    let day = |index: usize| (Weekday::ALL[index], hours(texts));
    Schedule { time_zone: zone.parse::<Zone>().unwrap(), weekly: days.into_iter().map(day).collect(), ..<_>::default() }
}

fn on(date: &str, texts: &[&str]) -> BTreeMap<chrono::NaiveDate, Vec<Hours>> {
    BTreeMap::from([(date.parse().unwrap(), hours(texts))])
}

fn holidays(texts: &[&str]) -> Vec<crate::definition::document::Holiday> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A schedule for every ticket, prepared.
#[track_caller]
fn only(schedule: Schedule) -> (Schedules, ScheduleClass) {
    let schedules = Schedules::prepare(&[schedule]);
    let class = schedules.class(None, None);
    assert!(!schedules.is_always_open(class));
    (schedules, class)
}

/// What is open from one instant to another.
fn open(schedule: Schedule, from: &str, to: &str) -> Micros {
    let (schedules, class) = only(schedule);
    schedules.open_between(class, at(from), at(to))
}

/// The first open periods since an instant.
fn periods(schedule: Schedule, from: &str, count: usize) -> Vec<[String; 2]> {
    let (schedules, class) = only(schedule);
    schedules.open_periods(class, at(from)).take(count).map(|(start, end)| [said(start), said(end)]).collect()
}

#[test]
fn hours_are_half_open_and_several_a_day() {
    // 2026-01-03 was a Saturday; Tehran is 3:30 ahead.
    let office = weekly("Asia/Tehran", [5], &["08:00-12:00", "13:00-16:00"]);
    assert_eq!(
        periods(office.clone(), "2026-01-03T08:12:00+03:30", 3),
        [
            ["2026-01-03T04:42:00Z", "2026-01-03T08:30:00Z"],
            ["2026-01-03T09:30:00Z", "2026-01-03T12:30:00Z"],
            ["2026-01-10T04:30:00Z", "2026-01-10T08:30:00Z"],
        ]
    );
    assert_eq!(open(office.clone(), "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z"), 7 * HOUR);
    assert_eq!(open(office.clone(), "2026-01-03T12:00:00+03:30", "2026-01-03T13:00:00+03:30"), 0);
    assert_eq!(open(office.clone(), "2026-01-03T12:30:00Z", "2026-01-03T09:00:00Z"), 0);
    let (schedules, class) = only(office);
    assert!(schedules.is_open(class, at("2026-01-03T08:00:00+03:30")));
    assert!(!schedules.is_open(class, at("2026-01-03T12:00:00+03:30")));
}

#[test]
fn a_night_shift_goes_on_past_midnight() {
    let night = weekly("Europe/Paris", [0], &["22:00-06:00"]);
    assert_eq!(periods(night, "2026-01-01T00:00:00Z", 1), [["2026-01-05T21:00:00Z", "2026-01-06T05:00:00Z"]]);
    let (schedules, class) = only(weekly("Europe/Paris", 0..7, &["00:00-24:00"]));
    let since = at("2026-01-01T00:00:00Z");
    assert_eq!(schedules.open_periods(class, since).collect::<Vec<_>>(), [(since, LATEST)]);
}

#[test]
fn a_day_open_around_the_clock_counts_the_time_that_passed() {
    for (zone, sunday, expected) in [
        ("Europe/Paris", "2026-03-29", 23),
        ("Europe/Paris", "2026-10-25", 25),
        ("America/Los_Angeles", "2026-03-08", 23),
        ("America/Los_Angeles", "2026-11-01", 25),
        ("America/Sao_Paulo", "2018-11-04", 23),
        ("America/Sao_Paulo", "2018-10-28", 24),
    ] {
        let around = weekly(zone, [6], &["00:00-24:00"]);
        let noon = at(&format!("{sunday}T12:00:00Z"));
        let (schedules, class) = only(around);
        assert_eq!(
            schedules.open_between(class, noon - 48 * HOUR, noon + 48 * HOUR),
            expected * HOUR,
            "{zone} {sunday}"
        );
    }
    // Cairo sprang forward at midnight of Friday 2023-04-28.
    let around = weekly("Africa/Cairo", [4], &["00:00-24:00"]);
    let friday = ["2023-04-27T22:00:00Z", "2023-04-28T21:00:00Z"];
    assert_eq!(periods(around, "2023-04-26T00:00:00Z", 1), [friday]);
}

#[test]
fn a_time_that_clocks_skip_is_the_first_moment_after_the_gap() {
    // Paris went from 02:00 to 03:00 at 01:00Z on Sunday 2026-03-29.
    let from = weekly("Europe/Paris", [6], &["02:30-04:00"]);
    assert_eq!(periods(from, "2026-03-28T00:00:00Z", 1), [["2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"]]);
    let until = weekly("Europe/Paris", [6], &["01:00-02:30"]);
    assert_eq!(periods(until, "2026-03-28T00:00:00Z", 1), [["2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"]]);
    let within = weekly("Europe/Paris", [6], &["02:15-02:45"]);
    assert_eq!(open(within, "2026-03-28T00:00:00Z", "2026-03-30T00:00:00Z"), 0);
    // Sao Paulo skipped the midnight of Sunday 2018-11-04.
    let midnight = weekly("America/Sao_Paulo", [6], &["00:00-02:00"]);
    assert_eq!(periods(midnight, "2018-11-01T00:00:00Z", 1), [["2018-11-04T03:00:00Z", "2018-11-04T04:00:00Z"]]);
}

#[test]
fn of_a_time_that_comes_twice_the_first_opens_and_the_last_closes() {
    // Paris went from 03:00 back to 02:00 at 01:00Z on Sunday 2026-10-25.
    for (texts, start, end) in [
        (["02:30-04:00"], "2026-10-25T00:30:00Z", "2026-10-25T03:00:00Z"),
        (["01:00-02:30"], "2026-10-24T23:00:00Z", "2026-10-25T01:30:00Z"),
        (["02:15-02:45"], "2026-10-25T00:15:00Z", "2026-10-25T01:45:00Z"),
        (["02:00-03:00"], "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"),
        (["00:00-02:00"], "2026-10-24T22:00:00Z", "2026-10-25T01:00:00Z"),
    ] {
        assert_eq!(periods(weekly("Europe/Paris", [6], &texts), "2026-10-24T00:00:00Z", 1), [[start, end]]);
    }
    // A break is as long as hours so written.
    let broken =
        Schedule { breaks: on("2026-10-25", &["02:00-03:00"]), ..weekly("Europe/Paris", [6], &["00:00-24:00"]) };
    assert_eq!(open(broken, "2026-10-24T12:00:00Z", "2026-10-26T00:00:00Z"), 23 * HOUR);
}

#[test]
fn a_holiday_is_closed_and_nothing_begins_on_it() {
    // Monday night goes to midnight; Tuesday's does not happen, its early Wednesday neither.
    let night = Schedule { holidays: holidays(&["2026-01-06"]), ..weekly("UTC", 0..7, &["22:00-06:00"]) };
    assert_eq!(
        periods(night, "2026-01-05T12:00:00Z", 2),
        [["2026-01-05T22:00:00Z", "2026-01-06T00:00:00Z"], ["2026-01-07T22:00:00Z", "2026-01-08T06:00:00Z"]]
    );
}

#[test]
fn yearly_holidays_are_in_the_calendar_of_the_schedule() {
    let holiday = |zone, calendar, text: &str| Schedule {
        calendar,
        holidays: holidays(&[text]),
        ..weekly(zone, 0..7, &["00:00-24:00"])
    };
    for (calendar, text, closed) in [
        // Nowruz fell on the 20th in 2024 and on the 21st in 2025 and 2026.
        (CalendarName::Jalali, "*-01-01", vec!["2024-03-20", "2025-03-21", "2026-03-21"]),
        // 1403 had a 30th of Esfand; 1402, 1404 and 1405 had none.
        (CalendarName::Jalali, "*-12-30", vec!["2025-03-20"]),
        (CalendarName::Gregorian, "*-02-29", vec!["2024-02-29"]),
        (CalendarName::Gregorian, "*-01-01", vec!["2024-01-01", "2025-01-01", "2026-01-01"]),
    ] {
        let (schedules, class) = only(holiday("Asia/Tehran", calendar, text));
        let opens: Vec<_> =
            schedules.open_periods(class, at("2023-12-30T00:00:00+03:30")).map(|(start, _)| start).collect();
        let expected = |date: &str| at(&format!("{date}T00:00:00+03:30")) + 24 * HOUR;
        for (open, date) in opens[1..].iter().zip(&closed) {
            assert_eq!(said(*open), said(expected(date)), "{text}");
        }
        assert!(opens.get(1 + closed.len()).is_none_or(|open| *open > at("2026-04-01T00:00:00Z")), "{text}");
    }
}

#[test]
fn a_break_is_taken_away_whatever_is_open() {
    let broken = Schedule {
        breaks: on("2026-01-05", &["11:00-14:00", "23:00-01:00"]),
        ..weekly("UTC", 0..7, &["08:00-12:00", "13:00-16:00", "22:00-02:00"])
    };
    assert_eq!(
        periods(broken, "2026-01-05T03:00:00Z", 4),
        [
            ["2026-01-05T08:00:00Z", "2026-01-05T11:00:00Z"],
            ["2026-01-05T14:00:00Z", "2026-01-05T16:00:00Z"],
            ["2026-01-05T22:00:00Z", "2026-01-05T23:00:00Z"],
            ["2026-01-06T01:00:00Z", "2026-01-06T02:00:00Z"],
        ]
    );
    // A break early in the morning cuts the shift of the evening before.
    let early = Schedule { breaks: on("2026-01-06", &["00:00-01:00"]), ..weekly("UTC", 0..7, &["22:00-02:00"]) };
    assert_eq!(
        periods(early, "2026-01-05T12:00:00Z", 2),
        [["2026-01-05T22:00:00Z", "2026-01-06T00:00:00Z"], ["2026-01-06T01:00:00Z", "2026-01-06T02:00:00Z"]]
    );
}

#[test]
fn holiday_beats_break_beats_special_beats_weekly() {
    let mut schedule = weekly("UTC", [0], &["08:00-16:00"]);
    let monday = |schedule: &Schedule| open(schedule.clone(), "2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z");
    assert_eq!(monday(&schedule), 8 * HOUR);
    schedule.special = on("2026-01-05", &["10:00-12:00"]);
    assert_eq!(monday(&schedule), 2 * HOUR);
    schedule.breaks = on("2026-01-05", &["11:00-15:00"]);
    assert_eq!(monday(&schedule), HOUR);
    schedule.holidays = holidays(&["2026-01-05"]);
    assert_eq!(monday(&schedule), 0);
    let closed = Schedule { special: on("2026-01-05", &[]), ..weekly("UTC", [0], &["08:00-16:00"]) };
    assert_eq!(monday(&closed), 0);
    // Special hours replace those that begin on their date, not the end of the night before.
    let night = Schedule { special: on("2026-01-05", &[]), ..weekly("UTC", 0..7, &["22:00-02:00"]) };
    assert_eq!(monday(&night), 2 * HOUR);
}

#[test]
fn last_year_keeps_last_years_hours() {
    let date = |text: &str| Some(text.parse().unwrap());
    let old = Schedule { until: date("2025-12-31"), ..weekly("UTC", 0..7, &["08:00-16:00"]) };
    let new = Schedule { from: date("2026-01-02"), ..weekly("Asia/Tehran", 0..7, &["10:00-12:00"]) };
    let schedules = Schedules::prepare(&[old, new]);
    let class = schedules.class(Some("north"), None);
    // Between the two none is in force: open. The new one's date begins at 20:30Z.
    let periods: Vec<_> = schedules.open_periods(class, at("2025-12-31T09:00:00Z")).take(3).collect();
    let said: Vec<_> = periods.into_iter().map(|(start, end)| [said(start), said(end)]).collect();
    assert_eq!(
        said,
        [
            ["2025-12-31T09:00:00Z", "2025-12-31T16:00:00Z"],
            ["2026-01-01T00:00:00Z", "2026-01-01T20:30:00Z"],
            ["2026-01-02T06:30:00Z", "2026-01-02T08:30:00Z"],
        ]
    );
}

#[test]
fn the_first_schedule_that_matches_and_is_in_force_counts() {
    let named = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let north = Schedule { branches: named(&["north"]), ..weekly("UTC", 0..7, &["08:00-09:00"]) };
    let sales = Schedule { departments: named(&["sales", "vip"]), ..weekly("UTC", 0..7, &["08:00-10:00"]) };
    let both = Schedule { branches: named(&["south"]), ..weekly("UTC", 0..7, &["08:00-11:00"]) };
    let both = Schedule { departments: named(&["support"]), ..both };
    let schedules = Schedules::prepare(&[north, sales, both]);
    let a_day = |branch, department| {
        let class = schedules.class(branch, department);
        schedules.open_between(class, at("2026-01-05T00:00:00Z"), at("2026-01-06T00:00:00Z")) / HOUR
    };
    for (branch, department, expected) in [
        (Some("north"), Some("sales"), 1),
        (Some("north"), None, 1),
        (Some("south"), Some("vip"), 2),
        (None, Some("sales"), 2),
        (Some("south"), Some("support"), 3),
        (Some("south"), None, 24),
        (None, Some("support"), 24),
        (None, None, 24),
    ] {
        assert_eq!(a_day(branch, department), expected, "{branch:?} {department:?}");
    }
    assert_eq!(schedules.class(None, None), ScheduleClass::default());
    assert_eq!(schedules.class(Some("west"), Some("sales")), schedules.class(None, Some("vip")));
}

#[test]
fn without_schedules_it_is_always_open() {
    let schedules = Schedules::prepare(&[]);
    let class = schedules.class(Some("north"), None);
    let now = at("2026-01-05T00:00:00Z");
    assert!(schedules.is_always_open(class) && schedules.is_open(class, now));
    assert_eq!(schedules.open_between(class, now, now + 5), 5);
    assert_eq!(schedules.open_between(class, now, now - 5), 0);
    assert_eq!(schedules.deadline(class, now, HOUR), Some(now + HOUR));
    assert_eq!(schedules.next_opening(class, now), Some(now));
    assert_eq!(schedules.open_periods(class, now).collect::<Vec<_>>(), [(now, LATEST)]);
    // New York's noon is an hour earlier in summer time.
    let noon = at("2026-03-06T17:00:00Z");
    let due = schedules.business_days(class, noon, 2, Tz::America__New_York);
    assert_eq!(due.map(said).unwrap(), "2026-03-08T16:00:00Z");
}

#[test]
fn a_deadline_is_the_earliest_instant_and_may_be_closing_time() {
    let (schedules, class) = only(weekly("UTC", 0..5, &["09:00-17:00"]));
    // 2026-01-02 was a Friday.
    for (from, open, due) in [
        ("2026-01-02T16:00:00Z", HOUR, "2026-01-02T17:00:00Z"),
        ("2026-01-02T16:00:00Z", HOUR + 1, "2026-01-05T09:00:00.000001Z"),
        ("2026-01-03T12:00:00Z", 8 * HOUR, "2026-01-05T17:00:00Z"),
        ("2025-12-31T16:00:00Z", 9 * HOUR, "2026-01-01T17:00:00Z"),
        // 521 weeks and a day of hours.
        ("2026-01-02T09:00:00Z", (521 * 5 + 1) * 8 * HOUR, "2035-12-28T17:00:00Z"),
    ] {
        let deadline = schedules.deadline(class, at(from), open).unwrap();
        assert_eq!(said(deadline), due);
        assert_eq!(schedules.open_between(class, at(from), deadline), open);
    }
    let (never, class) = only(weekly("UTC", [], &[]));
    assert_eq!(never.deadline(class, at("2026-01-02T16:00:00Z"), 1), None);
    assert_eq!(never.next_opening(class, at("2026-01-02T16:00:00Z")), None);
    assert_eq!(never.business_days(class, at("2026-01-02T16:00:00Z"), 1, Tz::UTC), None);
    assert_eq!(never.deadline(class, 7, 0), Some(7));
}

#[test]
fn business_days_keep_the_local_time() {
    let (schedules, class) = only(Schedule {
        holidays: holidays(&["2026-03-31"]),
        special: on("2026-04-04", &["10:00-12:00"]),
        ..weekly("Europe/Paris", 0..5, &["09:00-17:00"])
    });
    for (from, days, due) in [
        // From Friday over the clock change and a weekend.
        ("2026-03-27T12:00:00+01:00", 1, "2026-03-30T12:00:00+02:00"),
        ("2026-03-27T12:00:00+01:00", 2, "2026-04-01T12:00:00+02:00"),
        // Saturday has special hours: at 12:00 it closes, so Monday's opening is due.
        ("2026-04-03T12:00:00+02:00", 1, "2026-04-06T09:00:00+02:00"),
        ("2026-04-03T11:00:00+02:00", 1, "2026-04-04T11:00:00+02:00"),
        ("2026-04-03T08:00:00+02:00", 1, "2026-04-04T10:00:00+02:00"),
        ("2026-04-05T23:00:00+02:00", 1, "2026-04-07T09:00:00+02:00"),
        ("2026-04-05T23:00:00+02:00", 0, "2026-04-06T09:00:00+02:00"),
    ] {
        let deadline = schedules.business_days(class, at(from), days, Tz::Asia__Tehran).unwrap();
        assert_eq!(said(deadline), said(at(due)), "{from} {days}");
    }
}

#[test]
fn years_are_joined() {
    let (schedules, class) = only(weekly("UTC", 0..7, &["22:00-06:00"]));
    let period = schedules.open_periods(class, at("2025-12-31T12:00:00Z")).next().unwrap();
    assert_eq!((said(period.0), said(period.1)), ("2025-12-31T22:00:00Z".into(), "2026-01-01T06:00:00Z".into()));
    let ten_years = schedules.open_between(class, at("2016-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z"));
    assert_eq!(ten_years, 3653 * 8 * HOUR);
    let [first, last] = [Micros::MIN, Micros::MAX];
    // 110,000 nights and a half; nothing outside of the years that are exact.
    let all = schedules.open_between(class, first, last);
    assert_eq!(all, schedules.open_between(class, EARLIEST, LATEST));
    assert_eq!(all, (LATEST - EARLIEST) / 3);
    assert_eq!(schedules.deadline(class, first, all - 1), Some(LATEST - 1));
    assert_eq!(schedules.deadline(class, first, all), None);
    assert_eq!((schedules.next_opening(class, last), schedules.next_opening(class, LATEST)), (None, None));
}

#[test]
fn the_years_are_those_of_the_calendar() {
    for (text, expected) in [
        ("1900-01-01T00:00:00Z", 0),
        ("1900-12-31T23:59:59Z", 0),
        ("1970-01-01T00:00:00Z", 70),
        ("1999-12-31T23:59:59Z", 99),
        ("2000-01-01T00:00:00Z", 100),
        ("2200-12-31T23:59:59Z", 300),
    ] {
        assert_eq!(year::number(at(text)), expected, "{text}");
    }
    assert_eq!((said(EARLIEST), year::number(LATEST)), ("1900-01-01T00:00:00Z".into(), 300));
}
