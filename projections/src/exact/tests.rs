//! Figures against values worked out by hand, by NumPy and by fifty-digit decimals.

use super::*;
use proptest::prelude::*;

fn ratio(numerator: i128, denominator: i128) -> String {
    Decimal::ratio(numerator, denominator).unwrap().to_string()
}

fn double_said(value: f64) -> String {
    Decimal::from_f64(value).unwrap().to_string()
}

fn said(figure: Option<Decimal>) -> String {
    figure.map_or("null".to_owned(), |number| number.to_string())
}

/// p50, p75, p90, p95, p99 of whole numbers.
fn percentiles(values: &[i64]) -> [String; 5] {
    let d = Distribution::of(values.iter().map(|v| v * 1_000_000).collect::<Vec<_>>());
    [d.p50, d.p75, d.p90, d.p95, d.p99].map(said)
}

/// percent, low95, high95.
fn share(count: u64, of: u64) -> [String; 3] {
    let share = Share { count, of };
    [share.percent(), share.low95(), share.high95()].map(said)
}

#[test]
fn decimals_are_written_without_trailing_zeros() {
    for (millionths, text) in [
        (0, "0"),
        (5_312_400_000, "5312.4"),
        (-500_000, "-0.5"),
        (1, "0.000001"),
        (-1, "-0.000001"),
        (10_000_000, "10"),
        (-3_000_000, "-3"),
        (1_000_010, "1.00001"),
        (i128::MIN, "-170141183460469231731687303715884.105728"),
    ] {
        assert_eq!(Decimal::from_micros(millionths).to_string(), text);
    }
    assert_eq!(Decimal::from_int(-7).to_string(), "-7");
    assert_eq!(Decimal::from_int(i64::MAX).to_string(), "9223372036854775807");
}

#[test]
fn json_numbers_keep_digits_that_a_double_would_lose() {
    // 2^53 + 1 and a millionth: the nearest double ends in ...992.
    let sum = Decimal::from_micros(9_007_199_254_740_993_000_001);
    assert_eq!(serde_json::to_string(&sum).unwrap(), "9007199254740993.000001");
    assert_eq!(serde_json::to_string(&[Decimal::ZERO, Decimal::from_micros(-500_000)]).unwrap(), "[0,-0.5]");
}

#[test]
fn decimals_are_ordered_by_value() {
    let mut numbers = [3, -1, 0, -2].map(Decimal::from_int);
    numbers.sort_unstable();
    assert_eq!(numbers, [-2, -1, 0, 3].map(Decimal::from_int));
}

#[test]
fn fractions_round_to_six_places() {
    assert_eq!(ratio(1, 3), "0.333333");
    assert_eq!(ratio(2, 3), "0.666667");
    assert_eq!(ratio(-2, 3), "-0.666667");
    assert_eq!(ratio(2, -3), "-0.666667");
    assert_eq!(ratio(-1, -4), "0.25");
    assert_eq!(ratio(7_586 * 100, 9_206), "82.402781");
    assert_eq!(ratio(0, 5), "0");
}

#[test]
fn ties_go_to_the_even_millionth() {
    // n / 2,000,000 is n halves of a millionth.
    for (halves, text) in [
        (1, "0"),
        (3, "0.000002"),
        (5, "0.000002"),
        (7, "0.000004"),
        (-1, "0"),
        (-3, "-0.000002"),
        (-5, "-0.000002"),
        (2_000_001, "1"),
        (2_000_003, "1.000002"),
    ] {
        assert_eq!(ratio(halves, 2_000_000), text, "{halves} halves");
        assert_eq!(ratio(-halves, -2_000_000), text, "{halves} halves, both signs turned");
    }
}

#[test]
fn fractions_over_nothing_and_out_of_range_are_none() {
    assert_eq!(Decimal::ratio(1, 0), None);
    assert_eq!(Decimal::ratio(0, 0), None);
    assert_eq!(Decimal::ratio(i128::MAX, 1), None);
    assert_eq!(Decimal::ratio(i128::MIN, -1), None);
    // The longest sum: 4 billion tickets of 100,000 events, each 301 years of microseconds.
    let longest = 4_000_000_000 * 100_000 * 9_500_000_000_000_000;
    assert_eq!(ratio(longest, 1_000_000), "3800000000000000000000000");
}

#[test]
fn doubles_round_by_their_exact_value() {
    // By Python: Decimal(x).quantize(Decimal('0.000001'), rounding=ROUND_HALF_EVEN).
    for (double, text) in [
        (0.1, "0.1"),
        (0.000_000_5, "0"),
        (0.000_001_5, "0.000002"),
        (5.000_000_000_000_001e-7, "0.000001"),
        (1.000_000_5, "1.000001"),
        (123_456_789.123_456_5, "123456789.123456"),
        (-0.25, "-0.25"),
        (-0.0, "0"),
        (5e-324, "0"),
        // 2^-7 = 0.0078125 and 3 x 2^-7 = 0.0234375: true ties.
        (0.007_812_5, "0.007812"),
        (0.023_437_5, "0.023438"),
        (1e15 + 0.3, "1000000000000000.25"),
        (1.5e24, "1499999999999999974834176"),
    ] {
        assert_eq!(double_said(double), text, "{double}");
    }
    for beyond in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 1.8e32] {
        assert_eq!(Decimal::from_f64(beyond), None, "{beyond}");
    }
}

#[test]
fn percentiles_are_those_of_numpy() {
    // numpy.percentile(values, [50, 75, 90, 95, 99]), method "linear" (type 7).
    assert_eq!(percentiles(&[4, 1, 3, 2]), ["2.5", "3.25", "3.7", "3.85", "3.97"]);
    assert_eq!(percentiles(&[35, 10, 50, 20, 40]), ["35", "40", "46", "48", "49.6"]);
    assert_eq!(percentiles(&[200, -5, 13, 7, 11]), ["11", "13", "125.2", "162.6", "192.52"]);
    assert_eq!(percentiles(&[1, 2]), ["1.5", "1.75", "1.9", "1.95", "1.99"]);
    assert_eq!(percentiles(&[9]), ["9", "9", "9", "9", "9"]);
    assert_eq!(percentiles(&(1..=101).rev().collect::<Vec<_>>()), ["51", "76", "91", "96", "100"]);
}

#[test]
fn a_distribution_says_count_sum_mean_and_ends() {
    // 90 s, 30 s, 60.5 s: together 180.5, mean 60.1666...
    let d = Distribution::of(vec![90_000_000, 30_000_000, 60_500_000]);
    assert_eq!((d.count, d.sum.to_string()), (3, "180.5".to_owned()));
    assert_eq!([d.mean, d.min, d.max, d.p50].map(said), ["60.166667", "30", "90", "60.5"]);
}

#[test]
fn means_and_medians_of_single_microseconds_round_half_to_even() {
    for (micros, text) in
        [([0, 1], "0"), ([1, 2], "0.000002"), ([2, 3], "0.000002"), ([-1, 0], "0"), ([-2, -1], "-0.000002")]
    {
        let d = Distribution::of(micros.to_vec());
        assert_eq!([d.mean, d.p50].map(said), [text, text], "{micros:?}");
    }
}

#[test]
fn sums_pass_beyond_sixty_four_bits() {
    let d = Distribution::of(vec![i64::MAX; 3]);
    assert_eq!(d.sum.to_string(), "27670116110564.327421");
    assert_eq!([d.mean, d.p50, d.p99].map(said), ["9223372036854.775807"; 3]);
    let ends = Distribution::of(vec![i64::MAX, i64::MIN]);
    assert_eq!([ends.mean, ends.p50].map(said), ["0", "0"], "-0.5 millionths is a tie");
}

#[test]
fn nothing_has_a_count_a_sum_and_no_more() {
    assert_eq!(Distribution::of(vec![]), Distribution::default());
    let d = Distribution::default();
    assert_eq!((d.count, d.sum), (0, Decimal::ZERO));
    assert_eq!([d.mean, d.min, d.max, d.p50, d.p75, d.p90, d.p95, d.p99], [None; 8]);
    assert_eq!(share(0, 0), ["null"; 3]);
}

#[test]
fn wilson_bounds_are_the_published_ones() {
    // (s + z^2/2 -+ z sqrt(s (n - s) / n + z^2/4)) / (n + z^2), z = 1.959963984540054, in fifty-digit decimals:
    // 81.6114429060, 83.1670870456 / 20.6549314377 / 27.7532799862 / 72.2467200137 and so on.
    assert_eq!(share(7_586, 9_206), ["82.402781", "81.611443", "83.167088"]);
    assert_eq!(share(0, 10), ["0", "0", "27.75328"]);
    assert_eq!(share(10, 10), ["100", "72.24672", "100"]);
    assert_eq!(share(1, 1), ["100", "20.654931", "100"]);
    assert_eq!(share(0, 1), ["0", "0", "79.345069"]);
    assert_eq!(share(1, 2), ["50", "9.453121", "90.546879"]);
    assert_eq!(share(1, 3), ["33.333333", "6.149194", "79.23404"]);
    // Newcombe 1998, table I, method 3, gives these to four places: 0.2553-0.3662, 0.0624-0.1605, 0-0.1611, 0.0061-0.1718.
    assert_eq!(share(81, 263), ["30.798479", "25.528852", "36.620958"]);
    assert_eq!(share(15, 148), ["10.135135", "6.23864", "16.048724"]);
    assert_eq!(share(0, 20), ["0", "0", "16.112516"]);
    assert_eq!(share(1, 29), ["3.448276", "0.611321", "17.175522"]);
}

proptest! {
    #[test]
    fn a_fraction_is_never_more_than_half_a_millionth_off(n in -1_000_000_000_000_i128..1_000_000_000_000, d in 1..1_000_000_i128) {
        let off = Decimal::ratio(n, d).unwrap().millionths() * d - n * 1_000_000;
        prop_assert!(2 * off.abs() <= d);
    }

    #[test]
    fn a_double_rounds_as_the_formatter_rounds_it(value in -1e9_f64..1e9) {
        // The standard library prints exact digits, ties to even.
        let printed = format!("{value:.6}");
        let printed = printed.trim_end_matches('0').trim_end_matches('.');
        prop_assert_eq!(double_said(value), if printed == "-0" { "0" } else { printed });
    }

    #[test]
    fn the_order_of_values_changes_nothing(values in prop::collection::vec(any::<i64>(), 0..50)) {
        let turned: Vec<_> = values.iter().rev().copied().collect();
        prop_assert_eq!(Distribution::of(values), Distribution::of(turned));
    }

    #[test]
    fn percentiles_rise_between_the_ends(values in prop::collection::vec(any::<i64>(), 1..50)) {
        let d = Distribution::of(values);
        prop_assert!([d.min, d.p50, d.p75, d.p90, d.p95, d.p99, d.max].is_sorted());
    }

    #[test]
    fn bounds_lie_around_the_share((count, of) in (1..1_000_000_u64).prop_flat_map(|of| (0..=of, Just(of)))) {
        let share = Share { count, of };
        prop_assert!(share.low95() <= share.percent() && share.percent() <= share.high95());
        prop_assert!(share.low95() >= Some(Decimal::ZERO) && share.high95() <= Some(Decimal::from_int(100)));
    }
}

proptest! {
    #[test]
    fn percentiles_of_unsorted_values_are_those_at_their_ranks(
        values in prop_oneof![
            prop::collection::vec(prop_oneof![0..9_i64, any::<i64>()], 1..300),
            // Durations of all lengths, and such as lie close together far from the rest.
            prop::collection::vec((-50..1_000_i64, 0..45_u32).prop_map(|(value, power)| value << power), 60..300),
            prop::collection::vec(prop_oneof![Just(0), 1_000_000..1_000_300_i64], 60..300),
        ],
    ) {
        let mut sorted = values.clone();
        sorted.sort_unstable();
        let d = Distribution::of(values);
        prop_assert_eq!((d.min.map(Decimal::millionths), d.max.map(Decimal::millionths)),
            (sorted.first().map(|v| i128::from(*v)), sorted.last().map(|v| i128::from(*v))));
        for (percent, found) in [(50, d.p50), (75, d.p75), (90, d.p90), (95, d.p95), (99, d.p99)] {
            // Hundredths of the value, by the ranks on both sides.
            let (rank, rest) = ((sorted.len() - 1) * percent / 100, ((sorted.len() - 1) * percent % 100) as i128);
            let (low, high) = (i128::from(sorted[rank]), i128::from(*sorted.get(rank + 1).unwrap_or(&sorted[rank])));
            let hundredths = low * (100 - rest) + high * rest;
            let error = found.unwrap().millionths() * 100 - hundredths;
            prop_assert!(error.abs() <= 50, "p{percent}");
        }
    }

    #[test]
    fn division_is_the_same_at_both_widths(numerator in any::<i64>(), denominator in any::<i64>()) {
        let wide = half_even_128(numerator.into(), denominator.into());
        prop_assert_eq!(divide_half_even(numerator.into(), denominator.into()), wide);
        prop_assert!(half_even_64(numerator, denominator).is_none_or(|narrow| Some(narrow.into()) == wide));
    }

    #[test]
    fn digits_are_those_of_whole_and_rest(millionths in prop_oneof![any::<i64>().prop_map(i128::from), any::<i128>()]) {
        let magnitude = millionths.unsigned_abs();
        let sign = if millionths < 0 { "-" } else { "" };
        let padded = format!("{sign}{}.{:06}", magnitude / 1_000_000, magnitude % 1_000_000);
        let number = Decimal::from_micros(millionths);
        prop_assert_eq!(number.to_string(), padded.trim_end_matches('0').trim_end_matches('.'));
        let mut written = Vec::new();
        number.write(&mut written);
        prop_assert_eq!(String::from_utf8(written).unwrap(), number.to_string());
    }
}
