//! The digits of a decimal, made without allocating.

use super::Decimal;

/// A sign, 33 digits, the point and 6 decimals: the longest number there is.
const LONGEST: usize = 41;
/// Where the decimals begin, behind the point.
const DECIMALS: usize = LONGEST - 6;
const UNIT: u64 = 1_000_000;
/// How many bytes are copied at once; few numbers are longer.
const SHORT: usize = 16;

/// Every number of two digits.
const PAIRS: [[u8; 2]; 100] = pairs();

/// A decimal's digits: the decimals at the end of the room for them, all else written from there to the front; behind them
/// is room to be copied along.
pub(super) struct Text {
    room: [u8; LONGEST + SHORT],
    start: usize,
    end: usize,
}

impl Text {
    pub(super) fn of(number: Decimal) -> Self {
        let mut text = Self { room: [0; LONGEST + SHORT], start: LONGEST, end: LONGEST };
        let magnitude = number.millionths().unsigned_abs();
        match u64::try_from(magnitude) {
            Ok(millionths) => {
                text.push_decimals(millionths % UNIT);
                text.push_whole(millionths / UNIT);
            }
            Err(_) => text.push_long(magnitude),
        }
        if number < Decimal::ZERO {
            text.push(b'-');
        }
        text
    }

    /// The digits of a whole number.
    pub(super) fn of_whole(units: u64) -> Self {
        let mut text = Self { room: [0; LONGEST + SHORT], start: LONGEST, end: LONGEST };
        text.push_whole(units);
        text
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.room[self.start..self.end]
    }

    /// Appends the digits.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let len = self.end - self.start;
        match self.room[self.start..].first_chunk::<SHORT>() {
            // A copy of a known length is one step; what was too much comes off again.
            Some(bytes) if len <= SHORT => {
                out.extend_from_slice(bytes);
                out.truncate(out.len() - (SHORT - len));
            }
            _ => out.extend_from_slice(self.as_bytes()),
        }
    }

    /// A number of more than 64 bits.
    fn push_long(&mut self, magnitude: u128) {
        // What is left of millionths is less than a million.
        self.push_decimals(u64::try_from(magnitude % u128::from(UNIT)).unwrap_or(0));
        let mut units = magnitude / u128::from(UNIT);
        while u64::try_from(units).is_err() {
            self.push_pair(u64::try_from(units % 100).unwrap_or(0));
            units /= 100;
        }
        self.push_whole(u64::try_from(units).unwrap_or(0));
    }

    /// The point and the decimals up to the last that is not 0; nothing where all are. Nothing else is there yet.
    fn push_decimals(&mut self, millionths: u64) {
        if millionths == 0 {
            return;
        }
        self.push_pair(millionths % 100);
        self.push_pair(millionths / 100 % 100);
        self.push_pair(millionths / 10_000);
        self.push(b'.');
        // Zeros at the end come off by two, then by one.
        let places = match millionths {
            _ if millionths.is_multiple_of(10_000) => 2,
            _ if millionths.is_multiple_of(100) => 4,
            _ => 6,
        };
        self.end = DECIMALS + places;
        self.end -= usize::from(self.room[self.end - 1] == b'0');
    }

    fn push_whole(&mut self, mut units: u64) {
        while units >= 100 {
            self.push_pair(units % 100);
            units /= 100;
        }
        match u8::try_from(units) {
            Ok(one @ 0..10) => self.push(b'0' + one),
            _ => self.push_pair(units),
        }
    }

    /// The last two digits of a number below a hundred.
    fn push_pair(&mut self, number: u64) {
        // A remainder of a hundred fits any width.
        let pair = PAIRS[usize::try_from(number).unwrap_or(0)];
        self.start -= 2;
        self.room[self.start..self.start + 2].copy_from_slice(&pair);
    }

    fn push(&mut self, byte: u8) {
        self.start -= 1;
        self.room[self.start] = byte;
    }
}

const fn pairs() -> [[u8; 2]; 100] {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number: u8 = 0;
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
}
