//! Between which two values a percentile lies.

use super::recorder::Entered;

/// How a value bears on a percentile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// It is the percentile.
    Exact,
    /// The percentile lies between this value and the next higher one.
    Low,
    /// The percentile lies between the next lower value and this one.
    High,
}

impl Rank {
    /// Its name in an explanation.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Low => "low",
            Self::High => "high",
        }
    }
}

/// The percent of a statistic that is a percentile.
pub(super) fn percent(statistic: &str) -> Option<usize> {
    match statistic {
        "p50" => Some(50),
        "p75" => Some(75),
        "p90" => Some(90),
        "p95" => Some(95),
        "p99" => Some(99),
        _ => None,
    }
}

/// The places of the values at the two ranks closest to (n - 1) x percent / 100, of values as they stand; one where
/// that is a rank itself (Hyndman and Fan 1996, type 7). Equal values have their ranks in order of places.
pub(super) fn closest(entered: &[Entered], percent: usize) -> Vec<(usize, Rank)> {
    let mut places: Vec<(i64, usize)> =
        entered.iter().zip(0..).filter_map(|(entered, place)| Some((entered.part.value?, place))).collect();
    let Some(rank) = places.len().checked_sub(1).map(|last| last * percent) else { return Vec::new() };
    places.sort_unstable();
    let at = |rank: usize, is: Rank| places.get(rank).map(|(_, place)| (*place, is));
    let (low, between) = (rank / 100, !rank.is_multiple_of(100));
    let ranks = if between { [at(low, Rank::Low), at(low + 1, Rank::High)] } else { [at(low, Rank::Exact), None] };
    ranks.into_iter().flatten().collect()
}
