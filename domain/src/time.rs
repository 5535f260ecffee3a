//! Instants: whole microseconds of UTC, in the years 1900 to 2200.

use crate::Invalid;
use chrono::{DateTime, SecondsFormat, Utc};
use std::fmt;

/// An instant in whole microseconds since 1970-01-01T00:00:00Z, from the start of 1900 to the end of 2200.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1900-01-01T00:00:00Z.
    pub const MIN: Self = Self(-2_208_988_800_000_000);
    /// The last microsecond of the year 2200.
    pub const MAX: Self = Self(7_289_654_399_999_999);

    /// Takes microseconds since 1970; `None` outside the years 1900 to 2200.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if Self::MIN.0 <= micros && micros <= Self::MAX.0 { Some(Self(micros)) } else { None }
    }

    /// Takes microseconds since 1970, bringing what lies outside 1900 to 2200 to the nearer end.
    #[inline]
    #[must_use]
    pub fn clamped(micros: i64) -> Self {
        Self(micros.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 with an offset; what is finer than a microsecond is cut off.
    ///
    /// # Errors
    ///
    /// [`Invalid`] naming `field` when the text is no such instant or lies outside the years 1900 to 2200.
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| {
            Invalid::new(field, text, "must be an instant like 2026-01-03T08:12:00Z (RFC 3339, with an offset)")
        })?;
        Self::from_micros(parsed.timestamp_micros())
            .ok_or_else(|| Invalid::new(field, text, "must lie in the years 1900 to 2200"))
    }

    /// The same instant as a date and time of UTC.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        // Every value between MIN and MAX is within chrono's range, so the default is never taken.
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with no, three or six decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_what_is_finer_than_a_microsecond() {
        let at = Timestamp::parse("occurred_at", "2026-01-03T11:42:00.123456999+03:30").unwrap();
        assert_eq!(at.to_string(), "2026-01-03T08:12:00.123456Z");
    }

    #[test]
    fn refuses_years_beyond_the_range_and_dates_without_offset() {
        for text in ["1899-12-31T23:59:59Z", "2201-01-01T00:00:00Z", "2026-01-03T08:12:00", "2026-02-30T00:00:00Z", ""]
        {
            assert!(Timestamp::parse("occurred_at", text).is_err(), "{text}");
        }
        assert_eq!(Timestamp::parse("t", "1900-01-01T00:00:00Z").unwrap(), Timestamp::MIN);
        assert_eq!(Timestamp::parse("t", "2200-12-31T23:59:59.999999Z").unwrap(), Timestamp::MAX);
    }
}
