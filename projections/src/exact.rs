//! Exact figures: decimals of six places, distributions and shares, computed in whole numbers.

#[cfg(test)]
mod tests;
mod text;

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;
use std::fmt;

/// Millionths in one unit.
const UNIT: i128 = 1_000_000;
/// The standard normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// A number of at most six decimals, exact: a whole number of millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(i128);

impl Decimal {
    /// 0.
    pub const ZERO: Self = Self(0);

    /// A whole number of units.
    #[must_use]
    pub fn from_int(units: i64) -> Self {
        Self(i128::from(units) * UNIT)
    }

    /// Microseconds as seconds.
    #[must_use]
    pub const fn from_micros(micros: i128) -> Self {
        Self(micros)
    }

    /// The fraction `numerator / denominator`, rounded half to even; `None` over 0.
    ///
    /// Exact as long as the denominator and the fraction lie below 1.7e32 either way; `None` beyond.
    #[must_use]
    pub fn ratio(numerator: i128, denominator: i128) -> Option<Self> {
        let whole = numerator.checked_div(denominator)?.checked_mul(UNIT)?;
        let rest = numerator.checked_rem(denominator)?.checked_mul(UNIT)?;
        whole.checked_add(divide_half_even(rest, denominator)?).map(Self)
    }

    /// The exact value of a double, rounded half to even; `None` where it is no number or beyond 1.7e32 either way.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        // A double is mantissa x 2^power (IEEE 754): scaled by 10^6 its mantissa takes at most 73 of 127 bits.
        let bits = value.abs().to_bits();
        let power = i32::try_from(bits >> 52).ok()?.max(1) - 1075;
        let fraction = bits & ((1 << 52) - 1);
        let mantissa = if bits >> 52 == 0 { fraction } else { fraction | (1 << 52) };
        let millionths = shift_half_even(i128::from(mantissa) * UNIT, power)?;
        Some(Self(if value.is_sign_negative() { -millionths } else { millionths }))
    }

    /// The number in millionths of the unit.
    #[must_use]
    pub const fn millionths(self) -> i128 {
        self.0
    }
}

impl Decimal {
    /// Writes its digits, as `Display` does.
    pub fn write(self, out: &mut Vec<u8>) {
        text::write_decimal(self, out);
    }
}

/// Writes the digits of a count.
pub(crate) fn write_count(count: u64, out: &mut Vec<u8>) {
    text::write_whole(count, out);
}

impl fmt::Display for Decimal {
    /// Decimal digits without trailing zeros: `5312.4`, `0`, `-0.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write(&mut text);
        // Digits, a point and a sign are ASCII.
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

impl Serialize for Decimal {
    /// A bare JSON number with every digit, also where a double could not hold it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// What is said of a heap of values, in their unit (seconds for durations); everything but count and sum is `None`
/// where there are no values.
///
/// Percentiles interpolate linearly between closest ranks (Hyndman and Fan 1996, type 7).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Distribution {
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: Decimal,
    /// Sum / count.
    pub mean: Option<Decimal>,
    /// The smallest.
    pub min: Option<Decimal>,
    /// The largest.
    pub max: Option<Decimal>,
    /// The median.
    pub p50: Option<Decimal>,
    /// The 75th percentile.
    pub p75: Option<Decimal>,
    /// The 90th percentile.
    pub p90: Option<Decimal>,
    /// The 95th percentile.
    pub p95: Option<Decimal>,
    /// The 99th percentile.
    pub p99: Option<Decimal>,
}

impl Distribution {
    /// The distribution of values in millionths of their unit: microseconds, or counts times a million.
    #[must_use]
    pub fn of(mut values: impl AsMut<[i64]>) -> Self {
        let values = values.as_mut();
        if values.len() > SORTED_TO {
            return Self::of_heaps(&[values]);
        }
        values.sort_unstable();
        Ends::of(&[values]).with(PERCENTS.map(|percent| of_sorted(values, percent)))
    }

    /// The same of values that lie in several heaps.
    #[must_use]
    pub fn of_heaps(heaps: &[&[i64]]) -> Self {
        let ends = Ends::of(heaps);
        if ends.count > SORTED_TO { ends.with(of_many(heaps, &ends)) } else { Self::of(heaps.concat()) }
    }

    /// What it says beside the count, under the names that reports have for it.
    #[must_use]
    pub fn named(&self) -> [(&'static str, Option<Decimal>); 9] {
        [
            ("sum", Some(self.sum)),
            ("mean", self.mean),
            ("min", self.min),
            ("max", self.max),
            ("p50", self.p50),
            ("p75", self.p75),
            ("p90", self.p90),
            ("p95", self.p95),
            ("p99", self.p99),
        ]
    }
}

/// What one look at values tells.
struct Ends {
    count: usize,
    sum: i128,
    low: i64,
    high: i64,
}

impl Ends {
    fn of(heaps: &[&[i64]]) -> Self {
        let nothing = Self { count: 0, sum: 0, low: i64::MAX, high: i64::MIN };
        heaps.iter().fold(nothing, |Self { count, sum, low, high }, heap| {
            // Fewer than 2^63 values of 63 bits: the sum always fits 128.
            let (sum, low, high) = heap.iter().fold((sum, low, high), |(sum, low, high), value| {
                (sum + i128::from(*value), low.min(*value), high.max(*value))
            });
            Self { count: count + heap.len(), sum, low, high }
        })
    }

    /// The distribution of the values, with these percentiles.
    fn with(&self, [p50, p75, p90, p95, p99]: [Option<Decimal>; PERCENTS.len()]) -> Distribution {
        let Self { count, sum, low, high } = *self;
        let end = |value: i64| (count > 0).then(|| Decimal(value.into()));
        let mean = divide_half_even(sum, i128::from(count_of(count))).map(Decimal);
        let (count, sum, min, max) = (count_of(count), Decimal(sum), end(low), end(high));
        Distribution { count, sum, mean, min, max, p50, p75, p90, p95, p99 }
    }
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Share {
    /// Those meant; at most `of`.
    pub count: u64,
    /// All of them.
    pub of: u64,
}

impl Share {
    /// One more, and whether it is one of those meant; `None`: it is not to be counted at all.
    pub fn add(&mut self, meant: Option<bool>) {
        self.of += u64::from(meant.is_some());
        self.count += u64::from(meant == Some(true));
    }

    /// 100 x count / of, exact; `None` of nothing.
    #[must_use]
    pub fn percent(self) -> Option<Decimal> {
        Decimal::ratio(i128::from(self.count) * 100, i128::from(self.of))
    }

    /// The low end of the 95 % Wilson interval, in percent; `None` of nothing.
    #[must_use]
    pub fn low95(self) -> Option<Decimal> {
        let (centre, half) = self.wilson()?;
        Decimal::from_f64((100.0 * (centre - half)).clamp(0.0, 100.0))
    }

    /// The high end of the 95 % Wilson interval, in percent; `None` of nothing.
    #[must_use]
    pub fn high95(self) -> Option<Decimal> {
        let (centre, half) = self.wilson()?;
        Decimal::from_f64((100.0 * (centre + half)).clamp(0.0, 100.0))
    }

    /// Centre and half width of the score interval (Wilson 1927), without continuity correction, as parts of 1:
    /// (s + z²/2) / (n + z²) and z / (n + z²) x sqrt(s (n - s) / n + z²/4).
    fn wilson(self) -> Option<(f64, f64)> {
        if self.of == 0 {
            return None;
        }
        let (s, n) = (double(self.count), double(self.of));
        let misses = double(self.of.saturating_sub(self.count));
        let centre = (s + Z * Z / 2.0) / (n + Z * Z);
        let half = Z / (n + Z * Z) * (s * misses / n + Z * Z / 4.0).sqrt();
        Some((centre, half))
    }
}

/// Up to how many values are sorted as a whole, which then costs less than looking for each percentile. Only among fewer than
/// 22 values may the place beyond a percentile lie behind the next one's, which [`at_places`] does not allow.
const SORTED_TO: usize = 64;

/// Which percentiles a distribution has.
const PERCENTS: [usize; 5] = [50, 75, 90, 95, 99];

/// Where a percentile of so many values lies among them, sorted: at which place, and how many hundredths of the way to the
/// next one beyond it. That is the rank (n - 1) x percent / 100.
fn rank(count: usize, percent: usize) -> Option<(usize, i64)> {
    let rank = count.checked_sub(1)?.checked_mul(percent)?;
    Some((rank / 100, i64::try_from(rank % 100).ok()?))
}

/// One percentile of sorted values.
fn of_sorted(sorted: &[i64], percent: usize) -> Option<Decimal> {
    let (place, hundredths) = rank(sorted.len(), percent)?;
    let low = *sorted.get(place)?;
    between(low, sorted.get(place + 1).copied().unwrap_or(low), hundredths)
}

/// `low` + `hundredths` / 100 x (`high` - `low`).
fn between(low: i64, high: i64, hundredths: i64) -> Option<Decimal> {
    let narrow = || {
        let beyond = high.checked_sub(low)?.checked_mul(hundredths)?;
        half_even_64(low.checked_mul(100)?.checked_add(beyond)?, 100)
    };
    let wide = || {
        let (low, high) = (i128::from(low), i128::from(high));
        half_even_128(low * 100 + i128::from(hundredths) * (high - low), 100)
    };
    // Almost all numbers take 64 bits, where dividing costs a tenth.
    narrow().map(i128::from).or_else(wide).map(Decimal)
}

/// The percentiles of many values, which buckets tell apart.
fn of_many(heaps: &[&[i64]], ends: &Ends) -> [Option<Decimal>; PERCENTS.len()] {
    let ranks = PERCENTS.map(|percent| rank(ends.count, percent).unwrap_or_default());
    // Of each percentile the place before it and the one beyond.
    let place = |number: usize| (ranks[number / 2].0 + number % 2).min(ends.count - 1);
    let found: [i64; 2 * PERCENTS.len()] = at_places(heaps, ends, std::array::from_fn(place));
    std::array::from_fn(|number| between(found[2 * number], found[2 * number + 1], ranks[number].1))
}

/// The values that stand at some places, which rise, were all of them sorted: only those in the buckets where the places
/// lie are.
fn at_places<const N: usize>(heaps: &[&[i64]], ends: &Ends, places: [usize; N]) -> [i64; N] {
    let buckets = Buckets::between(ends.low, ends.high);
    let mut bucket_of: Vec<u32> = Vec::with_capacity(ends.count);
    heaps.iter().for_each(|heap| bucket_of.extend(heap.iter().map(|value| buckets.of(*value))));
    let mut counts = [0_usize; Buckets::COUNT as usize];
    bucket_of.iter().for_each(|bucket| counts[*bucket as usize] += 1);
    let mut is_sorted = [false; Buckets::COUNT as usize];
    let (mut bucket, mut before, mut sorted_before) = (0, 0, 0);
    let places = places.map(|place| {
        while before + counts[bucket] <= place {
            before += counts[bucket];
            sorted_before += if is_sorted[bucket] { counts[bucket] } else { 0 };
            bucket += 1;
        }
        is_sorted[bucket] = true;
        place - before + sorted_before
    });
    let (mut sorted, mut rest) = (Vec::with_capacity(ends.count / 4), &bucket_of[..]);
    for heap in heaps {
        let (of_heap, behind) = rest.split_at(heap.len());
        let of_sorted = heap.iter().zip(of_heap).filter(|(_, bucket)| is_sorted[**bucket as usize]);
        sorted.extend(of_sorted.map(|(value, _)| *value));
        rest = behind;
    }
    sorted.sort_unstable();
    places.map(|place| sorted[place])
}

/// Values told apart by how far they lie from the smallest: 32 buckets for each of the sixteen powers of two up to the
/// largest distance, so that durations of minutes and of months fall into many. The nearest are all in the first.
struct Buckets {
    smallest: i64,
    /// The step of the first bucket.
    first: u32,
}

impl Buckets {
    const COUNT: u32 = 512;

    /// Of values from `smallest` to `largest`.
    fn between(smallest: i64, largest: i64) -> Self {
        let all = Self { smallest, first: 0 };
        Self { first: all.of(largest).saturating_sub(Self::COUNT - 1), ..all }
    }

    /// The bucket of a value; those of larger values stand no lower.
    #[inline]
    fn of(&self, value: i64) -> u32 {
        // Half of a distance always fits, and neither that nor the rounding to a float puts values out of order.
        let half = (value.wrapping_sub(self.smallest).cast_unsigned() / 2).cast_signed();
        // A float's exponent and the first five bits of its fraction.
        let step = (half as f32).to_bits() >> 18;
        step.saturating_sub(self.first)
    }
}

/// The quotient rounded to the nearest whole number, a tie to the even one; `None` over 0 or out of range.
fn divide_half_even(numerator: i128, denominator: i128) -> Option<i128> {
    // Almost all numbers take 64 bits, where dividing costs a tenth.
    let narrow = i64::try_from(numerator).ok().zip(i64::try_from(denominator).ok());
    let narrow = narrow.and_then(|(numerator, denominator)| half_even_64(numerator, denominator));
    narrow.map(i128::from).or_else(|| half_even_128(numerator, denominator))
}

/// Declares the rounding division for one width.
macro_rules! half_even {
    ($name:ident, $int:ty) => {
        #[inline]
        fn $name(numerator: $int, denominator: $int) -> Option<$int> {
            let quotient = numerator.checked_div_euclid(denominator)?;
            let rest = numerator.checked_rem_euclid(denominator)?.unsigned_abs();
            let left = denominator.unsigned_abs() - rest;
            if rest < left || (rest == left && quotient % 2 == 0) {
                return Some(quotient);
            }
            // Euclid's rest is never negative: the other neighbour lies one further in the denominator's direction.
            quotient.checked_add(denominator.signum())
        }
    };
}
half_even!(half_even_64, i64);
half_even!(half_even_128, i128);

/// `value` x 2^`power`, rounded half to even; `None` where 127 bits do not hold it.
fn shift_half_even(value: i128, power: i32) -> Option<i128> {
    let places = power.unsigned_abs();
    if power >= 0 {
        return value.checked_mul(1_i128.checked_shl(places).filter(|factor| *factor > 0)?);
    }
    // Values take at most 73 bits: shifted by 126 or more places nothing is left of them.
    divide_half_even(value, 1 << places.min(126))
}

/// How many values, as the 64 bits a count has everywhere.
fn count_of(values: usize) -> u64 {
    // Memory never has more than 2^63 bytes, so the other end is never reached.
    u64::try_from(values).unwrap_or(u64::MAX)
}

/// The nearest double of a count.
fn double(count: u64) -> f64 {
    // Counts below 2^53 are exact; larger ones differ from their double by less than the bounds can show.
    count as f64
}
