//! The values of a definition document that are written as one string: zones, hours, holidays and durations; goals.

use chrono::NaiveDate;
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::de::{self, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// An IANA time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(pub Tz);

impl Zone {
    /// UTC.
    pub const UTC: Self = Self(Tz::UTC);
}

/// From one minute of a day to another, `08:00-16:00`; half-open. Where the end is not later than the beginning, it is
/// on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hours {
    /// Minutes since midnight, 0 to 1439.
    pub from: u16,
    /// Minutes since the midnight before `from`, above `from`, at most 2879.
    pub to: u16,
}

/// A date that is closed: one, or one of every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holiday {
    /// A Gregorian date, `2026-03-21`.
    Date(NaiveDate),
    /// A month and day of every year of the schedule's calendar, `*-01-13`.
    Yearly {
        /// 1 to 12.
        month: u8,
        /// 1 to 31.
        day: u8,
    },
}

/// The unit of a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// `s`.
    Seconds,
    /// `m`.
    Minutes,
    /// `h`.
    Hours,
    /// `d`: 24 hours on the metric's clock.
    Days,
    /// `bd`: days that have open time.
    BusinessDays,
}

impl Unit {
    /// Every unit with what it is written as; a suffix of another stands after it.
    const ALL: [(&'static str, Self); 5] =
        [("bd", Self::BusinessDays), ("d", Self::Days), ("h", Self::Hours), ("m", Self::Minutes), ("s", Self::Seconds)];

    fn suffix(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, unit)| *unit == self).map_or("", |(suffix, _)| suffix)
    }
}

/// A duration as it is written, such as `30m`, `4h`, `2d` (48 hours) or `3bd` (business days).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Within {
    /// How many units, from 1.
    pub amount: u32,
    /// Of what.
    pub unit: Unit,
}

impl Within {
    /// So many hours.
    #[must_use]
    pub const fn hours(amount: u32) -> Self {
        Self { amount, unit: Unit::Hours }
    }

    /// So many days of 24 hours.
    #[must_use]
    pub const fn days(amount: u32) -> Self {
        Self { amount, unit: Unit::Days }
    }

    /// The duration in microseconds; `None` of business days, and of what is longer than 63 bits hold.
    #[must_use]
    pub fn micros(self) -> Option<i64> {
        let seconds = match self.unit {
            Unit::Seconds => 1,
            Unit::Minutes => 60,
            Unit::Hours => 3_600,
            Unit::Days => 86_400,
            Unit::BusinessDays => return None,
        };
        i64::from(self.amount).checked_mul(seconds * 1_000_000)
    }

    /// How many business days it is; `None` of a duration.
    #[must_use]
    pub fn business_days(self) -> Option<u32> {
        (self.unit == Unit::BusinessDays).then_some(self.amount)
    }
}

/// What a figure of the overview should reach.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// The figure's path in a row of the overview, such as `csat.percent`.
    pub value: String,
    /// The least it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Bound>,
    /// The most it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Bound>,
}

/// A bound of a goal: a number of at most six decimals, in the figure's unit (seconds for durations).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bound {
    /// In millionths.
    pub millionths: i64,
}

/// Why a string is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotA(pub(crate) String);

impl FromStr for Zone {
    type Err = NotA;

    fn from_str(text: &str) -> Result<Self, NotA> {
        let wrong = |_| NotA(format!("{text} is no IANA time zone, such as Asia/Tehran or UTC"));
        text.parse().map(Self).map_err(wrong)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for Hours {
    type Err = NotA;

    fn from_str(text: &str) -> Result<Self, NotA> {
        let wrong = || NotA(format!("{text} must be hours such as 08:00-16:00, 22:00-06:00 or 00:00-24:00"));
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let (from, to) = (minutes(from).ok_or_else(wrong)?, minutes(to).ok_or_else(wrong)?);
        if from == to || from == MINUTES {
            return Err(NotA(format!("{text} is empty; a whole day is 00:00-24:00")));
        }
        Ok(Self { from, to: if to < from { to + MINUTES } else { to } })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = if self.to > MINUTES { self.to - MINUTES } else { self.to };
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, to / 60, to % 60)
    }
}

/// Minutes of a day.
const MINUTES: u16 = 24 * 60;

/// `HH:MM` up to `24:00`.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| (part.len() == 2).then(|| digits::<u16>(part))?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    Some(hours * 60 + minutes).filter(|total| minutes < 60 && *total <= MINUTES)
}

impl FromStr for Holiday {
    type Err = NotA;

    fn from_str(text: &str) -> Result<Self, NotA> {
        let wrong =
            || NotA(format!("{text} must be a date such as 2026-03-21, or a day of every year such as *-01-13"));
        if let Some(day) = text.strip_prefix("*-") {
            let (month, day) = day.split_once('-').filter(|_| day.len() == 5).ok_or_else(wrong)?;
            let part = |part: &str| digits::<u8>(part).filter(|_| part.len() == 2);
            let (month, day) = part(month).zip(part(day)).ok_or_else(wrong)?;
            return if (1..=12).contains(&month) && (1..=31).contains(&day) {
                Ok(Self::Yearly { month, day })
            } else {
                Err(wrong())
            };
        }
        let date: NaiveDate = text.parse().map_err(|_| wrong())?;
        if date.to_string() == text { Ok(Self::Date(date)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Holiday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => write!(f, "{date}"),
            Self::Yearly { month, day } => write!(f, "*-{month:02}-{day:02}"),
        }
    }
}

/// The longest duration, in days of 24 hours and in microseconds.
const DAYS_MAX: i64 = 100_000;
const MICROS_MAX: i64 = DAYS_MAX * 86_400_000_000;
/// The most business days: each is looked for from the one before.
const BUSINESS_DAYS_MAX: u32 = 1_000;

impl FromStr for Within {
    type Err = NotA;

    fn from_str(text: &str) -> Result<Self, NotA> {
        let wrong =
            || NotA(format!("{text} must be a duration such as 45s, 30m, 4h, 2d (48 hours) or 3bd (business days)"));
        let parts = Unit::ALL.into_iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, unit)));
        let (amount, unit) = parts.ok_or_else(wrong)?;
        let amount = digits::<u32>(amount).filter(|_| !amount.is_empty()).ok_or_else(wrong)?;
        if amount == 0 {
            return Err(NotA(format!("{text} is zero; it must be above zero")));
        }
        let within = Self { amount, unit };
        let too_long = match within.micros() {
            Some(micros) => micros > MICROS_MAX,
            None => unit != Unit::BusinessDays || amount > BUSINESS_DAYS_MAX,
        };
        if too_long {
            return Err(NotA(format!("{text} is too long; at most {DAYS_MAX}d or {BUSINESS_DAYS_MAX}bd are allowed")));
        }
        Ok(within)
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.amount, self.unit.suffix())
    }
}

/// A number written in the digits 0 to 9 alone.
pub(crate) fn digits<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Written as a string, read from one.
macro_rules! as_string {
    ($($type:ident: $pattern:literal, $example:literal;)*) => { $(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "examples": [$example] })
            }
        }
    )* };
}

as_string! {
    Zone: "^[A-Za-z0-9_+/-]+$", "Asia/Tehran";
    Hours: "^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$", "08:00-16:00";
    Holiday: r"^(\d{4}|\*)-\d{2}-\d{2}$", "*-01-13";
    Within: "^[1-9][0-9]*(s|m|h|d|bd)$", "4h";
}

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::exact::Decimal::from_micros(self.millionths.into()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        let millionths =
            crate::exact::Decimal::from_f64(value).and_then(|exact| i64::try_from(exact.millionths()).ok());
        let wrong = || de::Error::custom(format!("{value} is out of range"));
        millionths.map(|millionths| Self { millionths }).ok_or_else(wrong)
    }
}

impl JsonSchema for Bound {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bound".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number" })
    }
}

/// Reads a map in which no key stands twice; by itself serde would keep the last and say nothing.
pub(super) fn once_each<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: for<'k> Deserialize<'k> + Ord,
    V: Deserialize<'de>,
{
    deserializer.deserialize_map(OnceEach(PhantomData))
}

struct OnceEach<K, V>(PhantomData<(K, V)>);

impl<'de, K: for<'k> Deserialize<'k> + Ord, V: Deserialize<'de>> de::Visitor<'de> for OnceEach<K, V> {
    type Value = BTreeMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of hours")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        // As a text first, so that a path to what is wrong with its value can name it.
        while let Some(name) = entries.next_key::<String>()? {
            let key = K::deserialize(IntoDeserializer::<A::Error>::into_deserializer(name.as_str()))?;
            if map.contains_key(&key) {
                return Err(de::Error::custom(format!("{name} is given twice; put its hours into one list")));
            }
            map.insert(key, entries.next_value()?);
        }
        Ok(map)
    }
}
