//! The metric definition that reports are made under: which values are positive, which targets hold, which clock.

pub mod catalog;
pub mod document;
mod figures;
mod holidays;
pub mod overrides;
pub mod presets;
pub mod read;
pub mod schema;
mod validate;
mod write;

#[cfg(test)]
pub(crate) mod tests;

use crate::ticket_facts::Micros;
use daftar_domain::satisfaction::Scale;

/// A metric definition, as far as reports read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// Its version; 0: built in.
    pub version: u64,
    /// The IANA time zone of periods.
    pub time_zone: &'static str,
    /// The calendar of periods.
    pub calendar: &'static str,
    /// Which moment dates a figure.
    pub dated_by: &'static str,
    /// The lowest positive score of each scale.
    pub positive_from: PositiveFrom,
    /// The longest a first response may take, in microseconds.
    pub first_response_target: Option<Micros>,
    /// The longest a full resolution may take, in microseconds.
    pub full_resolution_target: Option<Micros>,
    /// How agents are ranked.
    pub leaderboard: Leaderboard,
}

/// How the leaderboard ranks agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaderboard {
    /// By which figure; the highest stands first.
    pub rank_by: RankBy,
    /// An agent with fewer answers to the overall question has no rank.
    pub minimum_answers: u64,
}

/// A figure that agents can be ranked by; so far there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankBy {
    /// `csat.low95`: the low end of the interval of the share of positive answers.
    CsatLow95,
}

/// The lowest positive score of each scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositiveFrom {
    /// On the scale 0-1.
    pub binary: u8,
    /// On the scale 1-4.
    pub four: u8,
    /// On the scale 1-5.
    pub five: u8,
}

impl PositiveFrom {
    /// Whether a score is positive.
    #[must_use]
    pub fn is_positive(self, scale: Scale, score: u16) -> bool {
        let from = match scale {
            Scale::Binary => self.binary,
            Scale::Four => self.four,
            Scale::Five => self.five,
        };
        u16::from(from) <= score
    }
}

impl Definition {
    /// The built-in definition `default`: calendar time in UTC, first responses within 24 hours.
    pub const DEFAULT: Self = Self {
        name: "default",
        version: 0,
        time_zone: "UTC",
        calendar: "gregorian",
        dated_by: "event",
        positive_from: PositiveFrom { binary: 1, four: 3, five: 4 },
        first_response_target: Some(24 * 3600 * 1_000_000),
        full_resolution_target: None,
        leaderboard: Leaderboard { rank_by: RankBy::CsatLow95, minimum_answers: 10 },
    };

    /// Whether a name such as `default` or `default@0` means this definition.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        let (bare, version) = name.rsplit_once('@').map_or((name, None), |(bare, version)| (bare, Some(version)));
        bare == self.name && version.is_none_or(|version| version == self.version.to_string())
    }
}
