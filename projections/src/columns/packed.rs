//! A run of whole numbers in few bytes: how far each lies from the smallest, in steps, each in the same number of bytes.
//!
//! This is frame-of-reference coding (Goldstein, Ramakrishnan and Shaft 1998) with a common divisor: any number of the run
//! is read by itself, without those before it.

/// Bytes after the last number, so that eight can be read wherever a number begins.
const MARGIN: usize = 7;

/// A run of numbers, packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    smallest: i64,
    step: u64,
    /// Bytes of each number.
    width: u8,
    len: u32,
    bytes: Box<[u8]>,
}

impl Packed {
    /// Packs numbers that may be apart by one of `steps`, the first that fits; at most 2^32 - 1 of them.
    #[must_use]
    pub fn new(numbers: &[i64], steps: &[u64]) -> Self {
        let smallest = numbers.iter().min().copied().unwrap_or(0);
        let largest = numbers.iter().max().copied().unwrap_or(0);
        let apart = |number: &i64| number.wrapping_sub(smallest).cast_unsigned();
        let fits = |step: &&u64| numbers.iter().all(|number| apart(number) % **step == 0);
        let step = if smallest == largest { 1 } else { steps.iter().find(fits).copied().unwrap_or(1) };
        let width = bytes_of(apart(&largest) / step);
        let mut bytes = Vec::new();
        if width > 0 {
            bytes.reserve_exact(numbers.len() * width + MARGIN);
            numbers.iter().for_each(|number| bytes.extend_from_slice(&(apart(number) / step).to_le_bytes()[..width]));
            bytes.extend_from_slice(&[0; MARGIN]);
        }
        let len = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        // At most eight.
        let width = u8::try_from(width).unwrap_or(8);
        Self { smallest, step, width, len, bytes: bytes.into() }
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
        let width = usize::from(self.width);
        let at = place * width;
        let mut read = [0; 8];
        read.copy_from_slice(&self.bytes[at..at + 8]);
        let apart = u64::from_le_bytes(read) & (u64::MAX >> (64 - 8 * width));
        self.smallest.wrapping_add(apart.wrapping_mul(self.step).cast_signed())
    }

    /// How many bytes it takes beside itself.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Its parts, to be written down: smallest, step, width, count, bytes.
    pub(crate) fn parts(&self) -> (i64, u64, u8, u32, &[u8]) {
        (self.smallest, self.step, self.width, self.len, &self.bytes)
    }

    /// The run with those parts; `None` where they do not fit each other.
    pub(crate) fn of_parts(smallest: i64, step: u64, width: u8, len: u32, bytes: Box<[u8]>) -> Option<Self> {
        let needed = if width == 0 { 0 } else { len as usize * usize::from(width) + MARGIN };
        (width <= 8 && bytes.len() == needed).then_some(Self { smallest, step, width, len, bytes })
    }
}

/// How many bytes a number takes.
fn bytes_of(number: u64) -> usize {
    (64 - number.leading_zeros() as usize).div_ceil(8)
}
