//! The digits of numbers, eight at a time.

use super::Decimal;

/// Millionths in one unit.
const UNIT: u64 = 1_000_000;
/// What eight digits are a number below.
const EIGHT: u64 = 100_000_000;
/// The digit 0, eight times.
const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);

/// Appends a decimal's digits without trailing zeros.
pub(super) fn write_decimal(number: Decimal, out: &mut Vec<u8>) {
    if number < Decimal::ZERO {
        out.push(b'-');
    }
    let magnitude = number.millionths().unsigned_abs();
    if let Ok(millionths) = u64::try_from(magnitude) {
        write_whole(millionths / UNIT, out);
        write_millionths(millionths % UNIT, out);
    } else {
        let unit = u128::from(UNIT);
        write_long(magnitude / unit, out);
        // A remainder of a million.
        write_millionths(u64::try_from(magnitude % unit).unwrap_or(0), out);
    }
}

/// Appends the digits of a whole number.
pub(super) fn write_whole(number: u64, out: &mut Vec<u8>) {
    if number < EIGHT {
        let digits = eight_digits(number);
        // Zeros before the first digit, of which 0 keeps one, stand in the lowest bytes.
        let zeros = (digits.trailing_zeros() / 8).min(7);
        write_bytes((digits | ZEROS) >> (8 * zeros), 8 - zeros as usize, out);
    } else {
        write_whole(number / EIGHT, out);
        write_bytes(eight_digits(number % EIGHT) | ZEROS, 8, out);
    }
}

/// The same of more than 64 bits.
fn write_long(number: u128, out: &mut Vec<u8>) {
    match u64::try_from(number) {
        Ok(number) => write_whole(number, out),
        Err(_) => {
            let eight = u128::from(EIGHT);
            write_long(number / eight, out);
            write_bytes(eight_digits(u64::try_from(number % eight).unwrap_or(0)) | ZEROS, 8, out);
        }
    }
}

/// Appends the point and the decimals up to the last that is not 0; nothing where all are.
fn write_millionths(millionths: u64, out: &mut Vec<u8>) {
    if millionths != 0 {
        // Six digits, and two zeros behind them, which come off with the others at the end: those are the highest bytes.
        let digits = eight_digits(millionths * 100);
        let kept = 8 - digits.leading_zeros() as usize / 8;
        write_bytes(((digits | ZEROS) << 8) | u64::from(b'.'), 1 + kept, out);
    }
}

/// The digits of a number below [`EIGHT`], one in each byte, the first in the lowest.
fn eight_digits(number: u64) -> u64 {
    // Halves of four digits, then pairs, then single ones, each split in all places at once. A division by 100 or 10 is a
    // multiplication here: 10,486 / 2^20 is it exactly for four digits, and 103 / 2^10 for two.
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | ((fours - 100 * hundreds) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((pairs - 10 * tens) << 8)
}

/// Appends the lowest `len` bytes of eight, the lowest first.
fn write_bytes(bytes: u64, len: usize, out: &mut Vec<u8>) {
    // A copy of a known length is one step; what was too much comes off again.
    out.extend_from_slice(&bytes.to_le_bytes());
    out.truncate(out.len() - (8 - len));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(number: u64) -> String {
        let mut out = Vec::new();
        write_whole(number, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_number_of_four_digits_is_split_right_in_both_halves() {
        for number in 0..10_000 {
            assert_eq!(whole(number), number.to_string());
            assert_eq!(whole(number * 10_000 + 9_999 - number), (number * 10_000 + 9_999 - number).to_string());
        }
    }

    proptest! {
        #[test]
        fn numbers_of_any_length_have_their_digits(number: u128, bits in 0..128_u32) {
            let number = number >> bits;
            let mut out = Vec::new();
            write_long(number, &mut out);
            prop_assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }

        #[test]
        fn decimals_are_what_is_left_of_six_without_zeros_at_the_end(millionths in 1..1_000_000_u64) {
            let mut out = Vec::new();
            write_millionths(millionths, &mut out);
            let plain = format!(".{millionths:06}");
            prop_assert_eq!(String::from_utf8(out).unwrap(), plain.trim_end_matches('0'));
        }
    }
}
