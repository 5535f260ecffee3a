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
