//! Periods against a wall calendar, and their laws over all instants.

use super::*;
use daftar_domain::Timestamp;
use proptest::prelude::*;

fn micros(text: &str) -> i64 {
    Timestamp::parse("t", text).unwrap().micros()
}

/// The label of the period around an instant, its start and its end.
fn around(interval: Interval, at: &str) -> [String; 3] {
    let calendar = Calendar::utc_gregorian();
    let period = calendar.period_of(interval, micros(at));
    let said = |micros| Timestamp::from_micros(micros).unwrap().to_string();
    [calendar.label(interval, &period), said(period.start), said(period.end)]
}

#[test]
fn an_instant_lies_in_one_of_168_hours_of_the_week() {
    let calendar = Calendar::utc_gregorian();
    for (at, day, hour, name) in [
        // 2026-01-05 was a Monday; 1969-12-31 a Wednesday.
        ("2026-01-05T00:00:00Z", 1, 0, "Mon"),
        ("2026-01-04T23:59:59.999999Z", 7, 23, "Sun"),
        ("2026-01-03T11:42:00+03:30", 6, 8, "Sat"),
        ("1969-12-31T23:30:00Z", 3, 23, "Wed"),
    ] {
        assert_eq!(calendar.hour_of_week(micros(at)), (day, hour), "{at}");
        assert_eq!(calendar.weekday_name(day), name);
    }
}

#[test]
fn an_instant_lies_in_one_period_of_each_length() {
    // 2026-01-03 was a Saturday.
    let at = "2026-01-03T08:12:00Z";
    for (interval, label, start, end) in [
        (Interval::Hour, "2026-01-03T08+00:00", "2026-01-03T08:00:00Z", "2026-01-03T09:00:00Z"),
        (Interval::Day, "2026-01-03", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z"),
        (Interval::Week, "2025-12-29", "2025-12-29T00:00:00Z", "2026-01-05T00:00:00Z"),
        (Interval::Month, "2026-01", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        (Interval::Quarter, "2026-Q1", "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        (Interval::Year, "2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    ] {
        assert_eq!(around(interval, at), [label, start, end]);
    }
}

#[test]
fn a_period_begins_at_its_start_and_ends_before_its_end() {
    assert_eq!(around(Interval::Day, "2026-01-03T00:00:00Z")[0], "2026-01-03");
    assert_eq!(around(Interval::Day, "2026-01-02T23:59:59.999999Z")[0], "2026-01-02");
    assert_eq!(around(Interval::Hour, "2026-01-03T23:59:59.999999Z")[2], "2026-01-04T00:00:00Z");
    assert_eq!(around(Interval::Week, "2026-01-05T00:00:00Z")[0], "2026-01-05");
    assert_eq!(around(Interval::Week, "2026-01-04T23:59:59.999999Z")[0], "2025-12-29");
}

#[test]
fn february_is_as_long_as_its_year_has_it() {
    // 2024 and 2000 are leap years, 2100 is none.
    for (last_day, march) in [
        ("2024-02-29T12:00:00Z", "2024-03-01T00:00:00Z"),
        ("2000-02-29T12:00:00Z", "2000-03-01T00:00:00Z"),
        ("2100-02-28T12:00:00Z", "2100-03-01T00:00:00Z"),
    ] {
        assert_eq!(around(Interval::Month, last_day)[2], march);
        assert_eq!(around(Interval::Day, last_day)[2], march);
    }
    assert_eq!(around(Interval::Day, "2024-02-28T12:00:00Z")[2], "2024-02-29T00:00:00Z");
    assert_eq!(around(Interval::Year, "2024-12-31T00:00:00Z")[1..], ["2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"]);
}

#[test]
fn quarters_begin_with_january_april_july_and_october() {
    for (at, label, start) in [
        ("2026-03-31T23:59:59Z", "2026-Q1", "2026-01-01T00:00:00Z"),
        ("2026-04-01T00:00:00Z", "2026-Q2", "2026-04-01T00:00:00Z"),
        ("2026-09-30T23:59:59Z", "2026-Q3", "2026-07-01T00:00:00Z"),
        ("2026-12-31T23:59:59Z", "2026-Q4", "2026-10-01T00:00:00Z"),
    ] {
        assert_eq!(around(Interval::Quarter, at)[..2], [label, start]);
    }
}

#[test]
fn periods_before_1970_are_cut_alike() {
    // 1969-12-31 was a Wednesday, its week began on Monday the 29th; 1900-01-01 was a Monday.
    let at = "1969-12-31T23:59:59.999999Z";
    assert_eq!(micros(at), -1);
    assert_eq!(around(Interval::Hour, at)[..2], ["1969-12-31T23+00:00", "1969-12-31T23:00:00Z"]);
    assert_eq!(around(Interval::Week, at), ["1969-12-29", "1969-12-29T00:00:00Z", "1970-01-05T00:00:00Z"]);
    assert_eq!(around(Interval::Quarter, at)[0], "1969-Q4");
    assert_eq!(around(Interval::Week, "1900-01-01T00:00:00Z")[0], "1900-01-01");
}

#[test]
fn the_next_period_of_the_last_instant_is_the_year_2201() {
    let calendar = Calendar::utc_gregorian();
    let last = calendar.period_of(Interval::Year, Timestamp::MAX.micros());
    assert_eq!(calendar.label(Interval::Year, &last), "2200");
    assert_eq!(calendar.label(Interval::Year, &calendar.next(Interval::Year, &last)), "2201");
}

#[test]
fn intervals_are_read_by_name() {
    for interval in Interval::ALL {
        assert_eq!(Interval::parse(interval.name()), Ok(interval));
    }
    for text in ["", "Day", "fortnight", "days"] {
        assert_eq!(Interval::parse(text).unwrap_err().field, "interval");
    }
}

fn intervals() -> impl Strategy<Value = Interval> {
    prop::sample::select(&Interval::ALL[..])
}

fn instants() -> impl Strategy<Value = i64> {
    Timestamp::MIN.micros()..=Timestamp::MAX.micros()
}

proptest! {
    #[test]
    fn a_period_contains_its_instant(interval in intervals(), at in instants()) {
        prop_assert!(Calendar::utc_gregorian().period_of(interval, at).contains(at));
    }

    #[test]
    fn every_instant_of_a_period_lies_in_it_alone(interval in intervals(), at in instants(), some in 0..i64::MAX) {
        let calendar = Calendar::utc_gregorian();
        let period = calendar.period_of(interval, at);
        let inside = period.start + some % (period.end - period.start);
        for micros in [period.start, inside, period.end - 1] {
            prop_assert_eq!(calendar.period_of(interval, micros), period);
        }
    }

    #[test]
    fn periods_tile(interval in intervals(), at in instants()) {
        let calendar = Calendar::utc_gregorian();
        let period = calendar.period_of(interval, at);
        let next = calendar.next(interval, &period);
        prop_assert_eq!(period.end, next.start);
        prop_assert_eq!(calendar.period_of(interval, period.start - 1).end, period.start);
        prop_assert!(next.start < next.end);
    }

    #[test]
    fn two_periods_never_share_a_label(interval in intervals(), at in instants(), periods_on in 0..40_u8) {
        let calendar = Calendar::utc_gregorian();
        let one = calendar.period_of(interval, at);
        let other = (0..periods_on).fold(one, |period, _| calendar.next(interval, &period));
        prop_assert_eq!(one == other, calendar.label(interval, &one) == calendar.label(interval, &other));
    }

    #[test]
    fn no_number_of_microseconds_stops_it(interval in intervals(), at in any::<i64>()) {
        let calendar = Calendar::utc_gregorian();
        let period = calendar.period_of(interval, at);
        prop_assert!(period.start <= period.end && !calendar.label(interval, &period).is_empty());
    }
}

/// Zones whose clocks change by day, at night, over midnight and by half hours, jump over a date, or once ran by the
/// sun.
const ZONES: [&str; 12] = [
    "UTC",
    "Asia/Tehran",
    "America/New_York",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "America/Havana",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Europe/Amsterdam",
    "Asia/Kathmandu",
];

fn zone(name: &str) -> Tz {
    name.parse().unwrap()
}

fn tehran(calendar: CalendarName) -> Calendar {
    Calendar::new(zone("Asia/Tehran"), calendar, WeekStart::Saturday)
}

/// The label of the period around an instant of a calendar, its start and its length in minutes.
fn in_calendar(calendar: Calendar, interval: Interval, at: &str) -> (String, String, i64) {
    let period = calendar.period_of(interval, micros(at));
    let start = Timestamp::from_micros(period.start).unwrap().to_string();
    (calendar.label(interval, &period), start, (period.end - period.start) / 60_000_000)
}

fn expected(label: &str, start: &str, minutes: i64) -> (String, String, i64) {
    (label.into(), start.into(), minutes)
}

#[test]
fn periods_of_tehran_begin_at_its_midnights_and_hours() {
    let at = "2026-01-03T08:12:00+03:30";
    for (interval, gregorian, jalali, start) in [
        (Interval::Hour, "2026-01-03T08+03:30", "1404-10-13T08+03:30", "2026-01-03T04:30:00Z"),
        (Interval::Day, "2026-01-03", "1404-10-13", "2026-01-02T20:30:00Z"),
        (Interval::Week, "2026-01-03", "1404-10-13", "2026-01-02T20:30:00Z"),
    ] {
        assert_eq!(in_calendar(tehran(CalendarName::Gregorian), interval, at).0, gregorian);
        let (label, begins, _) = in_calendar(tehran(CalendarName::Jalali), interval, at);
        assert_eq!((label.as_str(), begins.as_str()), (jalali, start));
    }
    // Dey has 30 days and begins on 2025-12-22; winter has 30 + 30 + 29.
    for (interval, label, start, days) in [
        (Interval::Month, "1404-10", "2025-12-21T20:30:00Z", 30),
        (Interval::Quarter, "1404-Q4", "2025-12-21T20:30:00Z", 89),
        (Interval::Year, "1404", "2025-03-20T20:30:00Z", 365),
    ] {
        assert_eq!(in_calendar(tehran(CalendarName::Jalali), interval, at), expected(label, start, days * 24 * 60));
    }
}

#[test]
fn a_jalali_year_begins_at_nowruz() {
    let calendar = tehran(CalendarName::Jalali);
    for (nowruz, year, days) in [
        ("2017-03-21", 1396, 365),
        ("2020-03-20", 1399, 366),
        ("2021-03-21", 1400, 365),
        ("2024-03-20", 1403, 366),
        ("2025-03-21", 1404, 365),
        ("2026-03-21", 1405, 365),
        ("2029-03-20", 1408, 366),
    ] {
        let date: NaiveDate = nowruz.parse().unwrap();
        let start = calendar.start_of(date);
        let period = calendar.period_of(Interval::Year, start);
        let end = calendar.start_of(date + chrono::TimeDelta::days(days));
        assert_eq!((period, calendar.label(Interval::Year, &period)), (Period { start, end }, year.to_string()));
        let before = calendar.period_of(Interval::Day, start - 1);
        let last_day = if [1395, 1399, 1403].contains(&(year - 1)) { 30 } else { 29 };
        assert_eq!(calendar.label(Interval::Day, &before), format!("{}-12-{last_day}", year - 1));
    }
}

#[test]
fn days_are_as_long_as_clocks_make_them() {
    let new_york = Calendar::new(zone("America/New_York"), CalendarName::Gregorian, WeekStart::Sunday);
    let sao_paulo = Calendar::new(zone("America/Sao_Paulo"), CalendarName::Gregorian, WeekStart::Monday);
    for (calendar, interval, at, label, start, hours) in [
        (new_york, Interval::Day, "2026-03-08T12:00:00Z", "2026-03-08", "2026-03-08T05:00:00Z", 23),
        (new_york, Interval::Day, "2026-11-01T12:00:00Z", "2026-11-01", "2026-11-01T04:00:00Z", 25),
        (new_york, Interval::Week, "2026-11-03T12:00:00Z", "2026-11-01", "2026-11-01T04:00:00Z", 7 * 24 + 1),
        // Clocks skipped the midnight of 2018-11-04.
        (sao_paulo, Interval::Day, "2018-11-04T12:00:00Z", "2018-11-04", "2018-11-04T03:00:00Z", 23),
        (sao_paulo, Interval::Hour, "2018-11-04T03:30:00Z", "2018-11-04T01-02:00", "2018-11-04T03:00:00Z", 1),
    ] {
        assert_eq!(in_calendar(calendar, interval, at), expected(label, start, hours * 60));
    }
    // They fell back at midnight of 2018-02-18: Saturday went on for an hour.
    let saturday = in_calendar(sao_paulo, Interval::Day, "2018-02-18T02:30:00Z");
    assert_eq!(saturday, expected("2018-02-17", "2018-02-17T02:00:00Z", 25 * 60));
    // Where they fall back from 00:01 to 23:01 the new day goes on.
    let newfoundland = Calendar::new(zone("America/St_Johns"), CalendarName::Gregorian, WeekStart::Monday);
    let sunday = in_calendar(newfoundland, Interval::Day, "2010-11-07T02:45:00Z");
    assert_eq!(sunday, expected("2010-11-07", "2010-11-07T02:30:00Z", 25 * 60));
    // Samoa had no 30 December 2011.
    let samoa = Calendar::new(zone("Pacific/Apia"), CalendarName::Gregorian, WeekStart::Monday);
    let thursday = samoa.period_of(Interval::Day, micros("2011-12-29T20:00:00Z"));
    let labels = [thursday, samoa.next(Interval::Day, &thursday)].map(|day| samoa.label(Interval::Day, &day));
    assert_eq!(labels, ["2011-12-29", "2011-12-31"]);
}

#[test]
fn an_hour_that_clocks_show_twice_is_two_periods() {
    let new_york = Calendar::new(zone("America/New_York"), CalendarName::Gregorian, WeekStart::Sunday);
    let lord_howe = Calendar::new(zone("Australia/Lord_Howe"), CalendarName::Gregorian, WeekStart::Monday);
    for (calendar, at, label, start, minutes) in [
        (new_york, "2026-11-01T05:10:00Z", "2026-11-01T01-04:00", "2026-11-01T05:00:00Z", 60),
        (new_york, "2026-11-01T06:10:00Z", "2026-11-01T01-05:00", "2026-11-01T06:00:00Z", 60),
        // Half an hour back at 02:00 and forth at 02:00.
        (lord_howe, "2026-04-04T14:30:00Z", "2026-04-05T01+11:00", "2026-04-04T14:00:00Z", 60),
        (lord_howe, "2026-04-04T15:10:00Z", "2026-04-05T01+10:30", "2026-04-04T15:00:00Z", 30),
        (lord_howe, "2026-10-03T15:40:00Z", "2026-10-04T02+11:00", "2026-10-03T15:30:00Z", 30),
    ] {
        assert_eq!(in_calendar(calendar, Interval::Hour, at), expected(label, start, minutes));
    }
    let period = new_york.period_of(Interval::Hour, micros("2026-11-01T06:10:00Z"));
    assert_eq!(new_york.name(Interval::Hour, &period, Language::English), "1 November 2026, 01:00 (-05:00)");
}

#[test]
fn weeks_begin_when_the_definition_says() {
    // 2026-01-08 was a Thursday.
    for (start, label, weekday, name, full) in [
        (WeekStart::Monday, "2026-01-05", 4, "Mon", ["Monday", "دوشنبه"]),
        (WeekStart::Saturday, "2026-01-03", 6, "Sat", ["Saturday", "شنبه"]),
        (WeekStart::Sunday, "2026-01-04", 5, "Sun", ["Sunday", "یکشنبه"]),
    ] {
        let calendar = Calendar::new(Tz::UTC, CalendarName::Gregorian, start);
        let at = "2026-01-08T09:00:00Z";
        assert_eq!(in_calendar(calendar, Interval::Week, at).0, label);
        assert_eq!(calendar.hour_of_week(micros(at)), (weekday, 9));
        assert_eq!(calendar.weekday_name(1), name);
        assert_eq!([Language::English, Language::Persian].map(|language| calendar.weekday_in(1, language)), full);
    }
    let at = micros("2026-01-08T09:00:00Z");
    assert_eq!(tehran(CalendarName::Jalali).hour_of_week(at), (6, 12));
}

#[test]
fn people_are_told_of_periods_in_their_words() {
    let at = micros("2026-01-03T08:12:00+03:30");
    for (calendar, language, names) in [
        (
            CalendarName::Gregorian,
            Language::English,
            ["3 January 2026, 08:00", "3 January 2026", "week of 3 January 2026", "January 2026", "Q1 2026", "2026"],
        ),
        (
            CalendarName::Jalali,
            Language::English,
            ["13 Dey 1404, 08:00", "13 Dey 1404", "week of 13 Dey 1404", "Dey 1404", "Q4 1404", "1404"],
        ),
        (
            CalendarName::Gregorian,
            Language::Persian,
            ["۳ ژانویهٔ ۲۰۲۶، ۰۸:۰۰", "۳ ژانویهٔ ۲۰۲۶", "هفتهٔ ۳ ژانویهٔ ۲۰۲۶", "ژانویهٔ ۲۰۲۶", "سه‌ماههٔ اول ۲۰۲۶", "۲۰۲۶"],
        ),
        (
            CalendarName::Jalali,
            Language::Persian,
            ["۱۳ دی ۱۴۰۴، ۰۸:۰۰", "۱۳ دی ۱۴۰۴", "هفتهٔ ۱۳ دی ۱۴۰۴", "دی ۱۴۰۴", "زمستان ۱۴۰۴", "۱۴۰۴"],
        ),
    ] {
        let calendar = tehran(calendar);
        let name = |interval| calendar.name(interval, &calendar.period_of(interval, at), language);
        assert_eq!(Interval::ALL.map(name), names);
    }
}

#[test]
fn a_date_is_read_by_its_year() {
    let date = |text: &str| Some(text.parse::<NaiveDate>().unwrap());
    for (text, expected) in [
        ("2026-01-03", date("2026-01-03")),
        ("1600-02-29", date("1600-02-29")),
        ("1404-10-13", date("2026-01-03")),
        ("1404-01-01", date("2025-03-21")),
        ("1403-12-30", date("2025-03-20")),
        ("1399-12-30", date("2021-03-20")),
        ("1405-01-01", date("2026-03-21")),
        // The first day of 1278 came with the spring of 1899.
        ("1278-01-01", date("1899-03-21")),
    ] {
        assert_eq!(read_date(text), expected, "{text}");
    }
    for text in [
        "",
        "2026",
        "2026-1-03",
        "2026-01-3",
        "26-01-03",
        "2026-02-29",
        "2026-13-01",
        "2026-00-01",
        "1404-12-30",
        "1404-07-31",
        "1404-13-01",
        "1404-01-00",
        "1199-01-01",
        "+026-01-03",
        "2026-01-03-",
        "2026/01/03",
        "12026-01-03",
        "۱۴۰۴-۱۰-۱۳",
        "2026-01-03T00",
    ] {
        assert_eq!(read_date(text), None, "{text}");
    }
    assert!(read_date("1200-01-01").is_some() && read_date("1599-12-29").is_some());
}

fn calendars() -> impl Strategy<Value = Calendar> {
    let zones = prop::sample::select(&ZONES[..]).prop_map(zone);
    let week_start = prop::sample::select(WeekStart::ALL);
    (zones, prop::sample::select(CalendarName::ALL), week_start)
        .prop_map(|(zone, calendar, week_start)| Calendar::new(zone, calendar, week_start))
}

/// Any instants, and more of those around changes of clocks or dates.
fn telling_instants() -> impl Strategy<Value = i64> {
    let change = prop::sample::select(vec![
        "2026-11-01T06:00:00Z",
        "2026-03-08T07:00:00Z",
        "2010-11-07T02:31:00Z",
        "2010-03-14T03:31:00Z",
        "2018-11-04T03:00:00Z",
        "2018-02-18T02:00:00Z",
        "2026-04-04T15:00:00Z",
        "2026-10-03T15:30:00Z",
        "2011-12-30T10:00:00Z",
        "1993-08-21T12:00:00Z",
        "1937-06-30T22:40:28Z",
        "1985-12-31T18:30:00Z",
        "2022-09-21T19:30:00Z",
        "2022-03-21T20:30:00Z",
        "2025-03-20T20:30:00Z",
    ]);
    let near = (change, -4 * 3600..4 * 3600_i64).prop_map(|(text, seconds)| micros(text) + seconds * 1_000_000);
    prop_oneof![near, instants()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn periods_of_any_calendar_tile(
        calendar in calendars(),
        interval in intervals(),
        at in telling_instants(),
        some in 0..i64::MAX,
    ) {
        let period = calendar.period_of(interval, at);
        prop_assert!(period.contains(at));
        let inside = period.start + some % (period.end - period.start);
        for micros in [period.start, inside, period.end - 1] {
            prop_assert_eq!(calendar.period_of(interval, micros), period);
        }
        let next = calendar.next(interval, &period);
        prop_assert_eq!((next.start, calendar.period_of(interval, period.start - 1).end), (period.end, period.start));
        prop_assert!(next.start < next.end);
    }

    #[test]
    fn no_two_periods_of_a_calendar_share_a_label(
        calendar in calendars(),
        interval in intervals(),
        at in telling_instants(),
        periods_on in 1..60_u8,
    ) {
        let one = calendar.period_of(interval, at);
        let other = (0..periods_on).fold(one, |period, _| calendar.next(interval, &period));
        prop_assert_ne!(calendar.label(interval, &one), calendar.label(interval, &other));
    }

    #[test]
    fn shorter_periods_lie_in_longer_ones(calendar in calendars(), at in telling_instants()) {
        for pair in [Interval::Hour, Interval::Day, Interval::Month, Interval::Quarter, Interval::Year].windows(2) {
            let (short, long) = (calendar.period_of(pair[0], at), calendar.period_of(pair[1], at));
            prop_assert!(long.start <= short.start && short.end <= long.end, "{pair:?}");
        }
        let (day, week) = (calendar.period_of(Interval::Day, at), calendar.period_of(Interval::Week, at));
        prop_assert!(week.start <= day.start && day.end <= week.end);
    }

    #[test]
    fn a_date_is_read_as_it_is_labelled(calendar in calendars(), at in telling_instants()) {
        let day = calendar.period_of(Interval::Day, at);
        let label = calendar.label(Interval::Day, &day);
        prop_assert_eq!(read_date(&label).map(|date| calendar.start_of(date)), Some(day.start));
    }

    #[test]
    fn no_instant_stops_any_calendar(calendar in calendars(), interval in intervals(), at in any::<i64>()) {
        let period = calendar.period_of(interval, at);
        prop_assert!(period.start <= period.end && !calendar.label(interval, &period).is_empty());
        prop_assert!(!calendar.name(interval, &period, Language::Persian).is_empty());
    }
}
