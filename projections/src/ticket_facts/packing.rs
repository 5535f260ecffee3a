//! A ticket's running state in few bytes: every field one after the other as a variable-length whole number, instants as
//! their distance from the opening.
//!
//! One walk over the fields both writes and reads, so the two cannot differ. The form never leaves a process but in
//! checkpoints, which another form makes worthless and nothing worse.

use super::{LineFacts, TicketFacts};
use crate::columns::cell::Cell;
use crate::ticket_facts::Micros;
use smallvec::SmallVec;
use std::ops::DerefMut;

/// A second in microseconds.
const SECOND: Micros = 1_000_000;

/// Something that walks over the fields of a state, and writes or reads each.
pub(crate) trait Walk {
    /// A whole number.
    fn number(&mut self, number: &mut i64);

    /// A value that is a whole number underneath.
    fn cell<T: Cell>(&mut self, value: &mut T) {
        let mut bits = value.to_bits();
        self.number(&mut bits);
        *value = T::from_bits(bits);
    }

    /// A duration: in seconds where it is whole ones.
    fn duration(&mut self, time: &mut Micros) {
        let (seconds, whole) = (*time / SECOND, *time % SECOND == 0);
        // The lowest bit says which; half of the range is many times what instants can lie apart.
        let mut told = if whole { seconds << 1 } else { time.wrapping_shl(1) | 1 };
        self.number(&mut told);
        *time = if told & 1 == 0 { (told >> 1) * SECOND } else { told >> 1 };
    }

    /// An instant, as its distance from another.
    fn instant(&mut self, at: &mut Micros, from: Micros) {
        let mut apart = at.wrapping_sub(from);
        self.duration(&mut apart);
        *at = from.wrapping_add(apart);
    }

    /// What may be missing.
    fn option<T>(&mut self, value: &mut Option<T>, default: impl Fn() -> T, walk: impl FnOnce(&mut Self, &mut T)) {
        let mut there = value.is_some();
        self.cell(&mut there);
        if there {
            walk(self, value.get_or_insert_with(default));
        } else {
            *value = None;
        }
    }

    /// Any number of values.
    fn list<T>(&mut self, values: &mut impl List<T>, default: impl Fn() -> T, mut walk: impl FnMut(&mut Self, &mut T)) {
        let mut len = u32::try_from(values.len()).unwrap_or(u32::MAX);
        self.cell(&mut len);
        values.truncate(len as usize);
        for place in 0..len as usize {
            if values.len() <= place {
                values.push(default());
            }
            walk(self, &mut values[place]);
        }
    }
}

/// A list of values, wherever they stand.
pub(crate) trait List<T>: DerefMut<Target = [T]> {
    /// Leaves out all values from a place on.
    fn truncate(&mut self, len: usize);

    /// Adds a value.
    fn push(&mut self, value: T);
}

macro_rules! lists {
    ($($list:ty;)*) => { $(
        impl<T> List<T> for $list {
            fn truncate(&mut self, len: usize) {
                self.truncate(len);
            }

            fn push(&mut self, value: T) {
                self.push(value);
            }
        }
    )* };
}

lists! {
    Vec<T>;
    SmallVec<[T; 2]>;
}

/// Writes whole numbers, seven bits a byte, the sign in the lowest (LEB128 of the zigzag form).
struct Packing(Vec<u8>);

impl Walk for Packing {
    fn number(&mut self, number: &mut i64) {
        let mut left = ((*number << 1) ^ (*number >> 63)).cast_unsigned();
        while left >= 0x80 {
            let [low, ..] = left.to_le_bytes();
            self.0.push(low | 0x80);
            left >>= 7;
        }
        let [low, ..] = left.to_le_bytes();
        self.0.push(low);
    }
}

/// Reads what [`Packing`] wrote; nothing is 0.
struct Unpacking<'a>(&'a [u8]);

impl Walk for Unpacking<'_> {
    fn number(&mut self, number: &mut i64) {
        let (mut read, mut shift) = (0_u64, 0);
        while let Some((first, rest)) = self.0.split_first() {
            self.0 = rest;
            if shift < 64 {
                read |= u64::from(first & 0x7f) << shift;
            }
            shift += 7;
            if first & 0x80 == 0 {
                break;
            }
        }
        *number = (read >> 1).cast_signed() ^ -(read & 1).cast_signed();
    }
}

/// The state in few bytes, never none at all, in the place of what `bytes` held.
pub(crate) fn pack_into(bytes: &mut Vec<u8>, facts: &mut TicketFacts) {
    bytes.clear();
    let mut packing = Packing(std::mem::take(bytes));
    facts.walk(&mut packing);
    *bytes = packing.0;
}

/// What lists need of a state that was packed: only that is read.
pub(crate) fn unpack_line(bytes: &[u8]) -> LineFacts {
    let mut facts = TicketFacts::blank();
    facts.walk_line(&mut Unpacking(bytes));
    LineFacts::of(&facts)
}

/// The state that was packed.
pub(crate) fn unpack(bytes: &[u8]) -> TicketFacts {
    let mut facts = TicketFacts::blank();
    unpack_into(&mut facts, bytes);
    facts
}

/// The same in the place of another state, whose memory is used again.
pub(crate) fn unpack_into(facts: &mut TicketFacts, bytes: &[u8]) {
    facts.walk(&mut Unpacking(bytes));
}
