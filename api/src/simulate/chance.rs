//! Chance, the same on every machine for the same seed.

use fastrand::Rng;

/// Draws that depend on a seed alone.
///
/// Only sums and products of floating-point numbers are used: logarithms and the like differ between machines.
pub(super) struct Chance(Rng);

impl Chance {
    /// The draws numbered `index` of one `stream` of a seed; every one is unlike its neighbours.
    pub(super) fn new(seed: u64, stream: u64, index: u64) -> Self {
        Self(Rng::with_seed(mixed(mixed(mixed(seed) ^ stream) ^ index)))
    }

    /// Whether something of that probability happens.
    pub(super) fn likely(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// A number from 0 to below 1.
    pub(super) fn share(&mut self) -> f64 {
        self.0.f64()
    }

    /// A whole number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        self.0.u32(low..=high)
    }

    /// One of several, each as likely as the others.
    pub(super) fn one_of<T: Copy>(&mut self, these: &[T]) -> T {
        these[self.index(these.len())]
    }

    /// An index below `count`.
    pub(super) fn index(&mut self, count: usize) -> usize {
        self.0.usize(..count)
    }

    /// One of several by its weight.
    pub(super) fn weighted<T: Copy>(&mut self, these: &[(T, u32)]) -> T {
        these[self.by_weight(these.iter().map(|(_, weight)| *weight))].0
    }

    /// The index of one of several by its weight; the first where none has any.
    pub(super) fn by_weight(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let mut left = self.0.u32(..weights.clone().sum::<u32>().max(1));
        for (index, weight) in weights.enumerate() {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        0
    }

    /// How often in a row something of that probability happens, at most `most` times.
    pub(super) fn times(&mut self, probability: f64, most: u32) -> u32 {
        let mut times = 0;
        while times < most && self.likely(probability) {
            times += 1;
        }
        times
    }

    /// A number around 0 with standard deviation 1, nearly normal: twelve even draws together.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }

    /// A positive number with median 1 that spreads log-normally; `sigma` says how far.
    pub(super) fn spread(&mut self, sigma: f64) -> f64 {
        exp(self.normal() * sigma)
    }
}

/// e to the power of `x`, near enough for |x| below 6.
fn exp(x: f64) -> f64 {
    let mut power = 1.0 + x / 1024.0;
    for _ in 0..10 {
        power *= power;
    }
    power
}

/// Spreads the bits of a number over all 64 (the finishing step of SplitMix64).
const fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_kept() {
        let mut chance = Chance::new(1, 2, 3);
        let heads = (0..10_000).filter(|_| chance.weighted(&[(true, 3), (false, 1)])).count();
        assert!((7_200..7_800).contains(&heads), "{heads} of 10,000, expected 7,500 give or take 7 deviations");
    }

    #[test]
    fn spread_has_the_median_one_and_a_long_tail() {
        let mut chance = Chance::new(1, 2, 3);
        let mut drawn: Vec<f64> = (0..10_001).map(|_| chance.spread(0.8)).collect();
        drawn.sort_by(f64::total_cmp);
        assert!((drawn[5_000] - 1.0).abs() < 0.06, "median {}", drawn[5_000]);
        assert!((drawn[9_500] - 3.73).abs() < 0.4, "95th percentile {} is e to the 1.645 * 0.8", drawn[9_500]);
    }
}
