//! A run of whole numbers in few bytes: how far each lies from the smallest, in steps, each in the same number of bits.
//!
//! This is frame-of-reference coding (Goldstein, Ramakrishnan and Shaft 1998) with a common divisor: any number of the run
//! is read by itself, without those before it.

use std::sync::Arc;

/// Bytes after the last number, so that eight can be read wherever a number begins.
const MARGIN: usize = 8;
/// The most bits that are sure to lie within eight bytes, wherever in a byte they begin; more take 64.
const BITS_WITHIN: u32 = 57;

/// A run of numbers, packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    smallest: i64,
    step: u64,
    /// Bits of each number.
    width: u8,
    len: u32,
    /// States that were folded from the same log share what is equal in them.
    bytes: Arc<[u8]>,
}

impl Packed {
    /// Packs numbers that may be apart by one of `steps`, the first that fits; at most 2^32 - 1 of them.
    #[must_use]
    pub fn new(numbers: &[i64], steps: &[u64]) -> Self {
        let count = numbers.len();
        let (smallest, largest) = numbers.iter().fold((i64::MAX, i64::MIN), |(s, l), n| (s.min(*n), l.max(*n)));
        if smallest >= largest {
            // All the same, or none at all.
            let smallest = numbers.first().copied().unwrap_or(0);
            let len = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            return Self { smallest, step: 1, width: 0, len, bytes: Arc::default() };
        }
        let step = steps.iter().copied().find(|step| fits(numbers, smallest, *step)).unwrap_or(1);
        let apart = |number: &i64| number.wrapping_sub(smallest).cast_unsigned();
        let width = bits_of(apart(&largest) / step);
        let numbers = numbers.iter();
        // Dividing by what is known when the program is built takes a tenth of the time.
        let bytes = match step {
            1 => pack(numbers.map(apart), width),
            1_000 => pack(numbers.map(|number| apart(number) / 1_000), width),
            1_000_000 => pack(numbers.map(|number| apart(number) / 1_000_000), width),
            60_000_000 => pack(numbers.map(|number| apart(number) / 60_000_000), width),
            step => pack(numbers.map(|number| apart(number) / step), width),
        };
        let len = u32::try_from(count).unwrap_or(u32::MAX);
        // At most 64.
        let width = u8::try_from(width).unwrap_or(64);
        Self { smallest, step, width, len, bytes: bytes.into() }
    }

    /// The smallest number, and one that none is larger than; none: it holds none.
    #[must_use]
    pub fn bounds(&self) -> Option<(i64, i64)> {
        let steps = if self.width == 0 { 0 } else { u64::MAX >> (64 - self.width) };
        // Numbers may lie further apart than their own 64 bits can say.
        let largest = i128::from(self.smallest) + i128::from(steps.saturating_mul(self.step));
        let largest = i64::try_from(largest).unwrap_or(i64::MAX);
        (!self.is_empty()).then_some((self.smallest, largest))
    }

    /// How many numbers it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number in that place, which must be one of the run's.
    ///
    /// # Panics
    ///
    /// When the place lies far behind the run.
    #[inline]
    #[must_use]
    pub fn get(&self, place: usize) -> i64 {
        debug_assert!(place < self.len(), "place {place} of {}", self.len);
        if self.width == 0 {
            return self.smallest;
        }
        let first = place * usize::from(self.width);
        let mut read = [0; 8];
        read.copy_from_slice(&self.bytes[first / 8..first / 8 + 8]);
        let apart = (u64::from_le_bytes(read) >> (first % 8)) & (u64::MAX >> (64 - self.width));
        self.smallest.wrapping_add(apart.wrapping_mul(self.step).cast_signed())
    }

    /// Its parts, to be written down: smallest, step, width, count, bytes.
    pub(crate) fn parts(&self) -> (i64, u64, u8, u32, &[u8]) {
        (self.smallest, self.step, self.width, self.len, &self.bytes)
    }

    /// The run with those parts; `None` where they do not fit each other.
    pub(crate) fn of_parts(smallest: i64, step: u64, width: u8, len: u32, bytes: Arc<[u8]>) -> Option<Self> {
        let known = u32::from(width) <= BITS_WITHIN || width == 64;
        (known && bytes.len() == len_of(len as usize, width.into())).then_some(Self {
            smallest,
            step,
            width,
            len,
            bytes,
        })
    }
}

/// Whether every number lies whole steps from the smallest.
fn fits(numbers: &[i64], smallest: i64, step: u64) -> bool {
    let mut apart = numbers.iter().map(|number| number.wrapping_sub(smallest).cast_unsigned());
    match step {
        1_000 => apart.all(|apart| apart % 1_000 == 0),
        1_000_000 => apart.all(|apart| apart % 1_000_000 == 0),
        60_000_000 => apart.all(|apart| apart % 60_000_000 == 0),
        step => apart.all(|apart| apart % step == 0),
    }
}

/// Numbers of so many bits, at least one and at most 64, one behind the other from the lowest bit on.
fn pack(numbers: impl ExactSizeIterator<Item = u64>, width: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len_of(numbers.len(), width));
    let (mut word, mut filled) = (0_u64, 0);
    let len = (numbers.len() * width).div_ceil(8);
    for number in numbers {
        word |= number << filled;
        filled += width;
        if filled >= 64 {
            bytes.extend_from_slice(&word.to_le_bytes());
            filled -= 64;
            // What did not fit: the upper bits of this number.
            word = if filled == 0 { 0 } else { number >> (width - filled) };
        }
    }
    bytes.extend_from_slice(&word.to_le_bytes());
    bytes.truncate(len);
    bytes.extend_from_slice(&[0; MARGIN]);
    bytes
}

/// How many bits numbers up to this one take each.
fn bits_of(largest: u64) -> usize {
    let bits = 64 - largest.leading_zeros();
    if bits <= BITS_WITHIN { bits as usize } else { 64 }
}

/// How many bytes so many numbers of so many bits take.
fn len_of(numbers: usize, bits: usize) -> usize {
    if bits == 0 { 0 } else { (numbers * bits).div_ceil(8) + MARGIN }
}
