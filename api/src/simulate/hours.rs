//! The desk's week: Tehran's hours, and how fast agents and customers act in each of them.

use daftar_domain::Timestamp;

/// A second in microseconds.
const SECOND: i64 = 1_000_000;
/// An hour in microseconds.
pub(super) const HOUR: i64 = 3_600 * SECOND;
/// A day in microseconds.
pub(super) const DAY: i64 = 24 * HOUR;
/// Tehran is three and a half hours ahead of UTC, all the year.
const TEHRAN: i64 = 7 * HOUR / 2;

/// Whose time it is by which something takes so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// The agents': it runs in office hours and creeps in the others.
    Office,
    /// The customers': it creeps while they sleep.
    Waking,
}

impl Clock {
    /// The instant at which `seconds` have passed on this clock since `from`; always later than `from`.
    pub(super) fn after(self, from: Timestamp, seconds: f64) -> Timestamp {
        let mut at = from.micros();
        let mut left = seconds.max(1.0);
        loop {
            let hour_end = (local_hour(at) + 1) * HOUR - TEHRAN;
            let pace = self.pace(hour_of_week(local_hour(at)));
            let in_this_hour = in_seconds(hour_end - at) * pace;
            if left <= in_this_hour || hour_end > Timestamp::MAX.micros() {
                return Timestamp::clamped(at + micros(left / pace));
            }
            left -= in_this_hour;
            at = hour_end;
        }
    }

    /// How many of its seconds pass in one, in an hour of the week.
    fn pace(self, hour_of_week: usize) -> f64 {
        let (weekday, hour) = (hour_of_week / 24, hour_of_week % 24);
        match self {
            Self::Office if is_office_hour(weekday, hour) => 1.0,
            Self::Office if (8..22).contains(&hour) => 0.06,
            Self::Office => 0.015,
            Self::Waking if (8..24).contains(&hour) => 1.0,
            Self::Waking => 0.12,
        }
    }
}

/// Whether the office is open: Saturday (0) to Wednesday 8 to 17, Thursday 8 to 13.
pub(super) fn is_office_hour(weekday: usize, hour: usize) -> bool {
    match weekday {
        0..=4 => (8..17).contains(&hour),
        5 => (8..13).contains(&hour),
        _ => false,
    }
}

/// How likely customers write in an hour of the week, against the others.
pub(super) fn eagerness(hour_of_week: usize) -> f64 {
    const WEEKDAYS: [f64; 7] = [1.25, 1.1, 1.03, 0.98, 0.94, 0.62, 0.24];
    const HOURS: [f64; 24] = [
        0.05, 0.03, 0.02, 0.02, 0.02, 0.03, 0.07, 0.18, 0.5, 0.84, 1.1, 1.13, 0.86, 0.66, 0.78, 0.98, 1.0, 0.76, 0.5,
        0.4, 0.34, 0.28, 0.2, 0.12,
    ];
    WEEKDAYS[hour_of_week / 24] * HOURS[hour_of_week % 24]
}

/// The hour in Tehran, counted from 1970.
pub(super) const fn local_hour(micros: i64) -> i64 {
    (micros + TEHRAN).div_euclid(HOUR)
}

/// The day in Tehran, counted from 1970.
pub(super) const fn local_day(micros: i64) -> i64 {
    (micros + TEHRAN).div_euclid(DAY)
}

/// The instant at which an hour in Tehran begins.
pub(super) const fn start_of_hour(local_hour: i64) -> i64 {
    local_hour * HOUR - TEHRAN
}

/// The hour of the week, 0 to 167, from the start of Saturday; 1970 began on a Thursday.
pub(super) fn hour_of_week(local_hour: i64) -> usize {
    usize::try_from((local_hour + 5 * 24).rem_euclid(7 * 24)).unwrap_or_default()
}

/// Microseconds as seconds.
#[expect(clippy::cast_precision_loss, reason = "spans here are below a century, which f64 holds to the microsecond")]
pub(super) fn in_seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

/// Seconds as whole microseconds, at least one.
#[expect(clippy::cast_possible_truncation, reason = "`as` keeps to the range of i64, and spans here are far inside it")]
pub(super) fn micros(seconds: f64) -> i64 {
    ((seconds * 1e6) as i64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse("at", text).unwrap()
    }

    fn after(clock: Clock, from: &str, hours: f64) -> String {
        clock.after(at(from), hours * 3_600.0).to_string()
    }

    #[test]
    fn the_week_begins_on_saturday_in_tehran() {
        let saturday = at("2026-01-03T00:00:00+03:30").micros();
        assert_eq!(hour_of_week(local_hour(saturday)), 0);
        assert_eq!(hour_of_week(local_hour(saturday - 1)), 167);
        assert_eq!(start_of_hour(local_hour(saturday)), saturday);
        assert_eq!(local_day(saturday), local_day(saturday - 1) + 1);
    }

    #[test]
    fn office_time_passes_in_office_hours_and_hardly_at_night() {
        assert_eq!(after(Clock::Office, "2026-01-03T10:00:00+03:30", 2.0), "2026-01-03T08:30:00Z");
        // Three hours on Thursday, then a Friday and two nights that count for little over an hour.
        let next_week = Clock::Office.after(at("2026-01-08T10:00:00+03:30"), 6.0 * 3_600.0);
        assert!((at("2026-01-10T08:00:00+03:30")..at("2026-01-10T11:00:00+03:30")).contains(&next_week), "{next_week}");
    }

    #[test]
    fn customers_sleep() {
        assert_eq!(after(Clock::Waking, "2026-01-03T10:00:00+03:30", 2.0), "2026-01-03T08:30:00Z");
        assert!(Clock::Waking.after(at("2026-01-03T23:30:00+03:30"), 7_200.0) > at("2026-01-04T08:00:00+03:30"));
    }

    #[test]
    fn every_clock_moves_on_and_none_leaves_the_calendar() {
        for clock in [Clock::Office, Clock::Waking] {
            assert!(clock.after(at("2026-01-03T10:00:00Z"), 0.0) > at("2026-01-03T10:00:00Z"));
            assert_eq!(clock.after(Timestamp::MAX, 1e7), Timestamp::MAX);
        }
    }
}
