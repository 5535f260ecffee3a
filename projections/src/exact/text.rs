//! The digits of a decimal, made without allocating.

use super::Decimal;

/// A sign, 33 digits, the point and 6 decimals: the longest number there is.
const LONGEST: usize = 41;
const UNIT: u64 = 1_000_000;

/// A decimal's digits, written from the end of the room for them.
pub(super) struct Text {
    room: [u8; LONGEST],
    start: usize,
}

impl Text {
    pub(super) fn of(number: Decimal) -> Self {
        let mut text = Self { room: [0; LONGEST], start: LONGEST };
        let magnitude = number.millionths().unsigned_abs();
        match u64::try_from(magnitude) {
            Ok(magnitude) => {
                text.decimals(magnitude % UNIT);
                text.whole(magnitude / UNIT);
            }
            Err(_) => text.long(magnitude),
        }
        if number < Decimal::ZERO {
            text.push(b'-');
        }
        text
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.room[self.start..]
    }

    /// A number of more than 64 bits.
    fn long(&mut self, magnitude: u128) {
        // What is left of millionths is less than a million.
        self.decimals(u64::try_from(magnitude % u128::from(UNIT)).unwrap_or(0));
        let mut units = magnitude / u128::from(UNIT);
        while u64::try_from(units).is_err() {
            self.push(digit(u64::try_from(units % 10).unwrap_or(0)));
            units /= 10;
        }
        self.whole(u64::try_from(units).unwrap_or(0));
    }

    /// The point and the decimals up to the last that is not 0.
    fn decimals(&mut self, mut millionths: u64) {
        if millionths == 0 {
            return;
        }
        let mut places = 6;
        while millionths.is_multiple_of(10) {
            millionths /= 10;
            places -= 1;
        }
        for _ in 0..places {
            self.push(digit(millionths));
            millionths /= 10;
        }
        self.push(b'.');
    }

    fn whole(&mut self, units: u64) {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(units).as_bytes();
        let end = self.start;
        self.start -= digits.len();
        self.room[self.start..end].copy_from_slice(digits);
    }

    fn push(&mut self, byte: u8) {
        self.start -= 1;
        self.room[self.start] = byte;
    }
}

/// The last digit of a number.
fn digit(number: u64) -> u8 {
    b'0' + u8::try_from(number % 10).unwrap_or(0)
}
