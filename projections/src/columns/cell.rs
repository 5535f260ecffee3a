//! What a column can hold: values that are whole numbers underneath.

use daftar_eventlog::Position;

/// A microsecond, a second and a minute: instants and durations of a source are often whole ones of these.
pub(crate) const STEPS_OF_TIME: &[u64] = &[60_000_000, 1_000_000, 1_000];

/// In place of no instant: before every instant a log can hold (the year 1900), and a whole minute.
const NO_INSTANT: i64 = -2_400_000_000_000_000;

/// A value of a column. `from_bits(to_bits(value))` is the value.
pub trait Cell: Copy {
    /// By which steps values may be apart; a packed column tries them in this order.
    const STEPS: &'static [u64] = &[];

    /// The value as a whole number. Near numbers pack well, so nothing special is far from the rest.
    fn to_bits(self) -> i64;

    /// The value that a number stands for.
    fn from_bits(bits: i64) -> Self;
}

/// Whole numbers of at most 32 bits.
macro_rules! whole_numbers {
    ($($number:ty)*) => { $(
        impl Cell for $number {
            fn to_bits(self) -> i64 {
                i64::from(self)
            }

            fn from_bits(bits: i64) -> Self {
                // Only what `to_bits` gave comes back.
                Self::try_from(bits).unwrap_or_default()
            }
        }
    )* };
}

whole_numbers!(u8 u16 u32);

impl Cell for i64 {
    const STEPS: &'static [u64] = STEPS_OF_TIME;

    fn to_bits(self) -> i64 {
        self
    }

    fn from_bits(bits: i64) -> Self {
        bits
    }
}

impl Cell for Option<i64> {
    const STEPS: &'static [u64] = STEPS_OF_TIME;

    fn to_bits(self) -> i64 {
        self.unwrap_or(NO_INSTANT)
    }

    fn from_bits(bits: i64) -> Self {
        (bits != NO_INSTANT).then_some(bits)
    }
}

impl Cell for Option<u32> {
    fn to_bits(self) -> i64 {
        self.map_or(0, |number| i64::from(number) + 1)
    }

    fn from_bits(bits: i64) -> Self {
        bits.checked_sub(1).and_then(|number| u32::try_from(number).ok())
    }
}

impl Cell for bool {
    fn to_bits(self) -> i64 {
        i64::from(self)
    }

    fn from_bits(bits: i64) -> Self {
        bits != 0
    }
}

impl Cell for Position {
    fn to_bits(self) -> i64 {
        self.0.cast_signed()
    }

    fn from_bits(bits: i64) -> Self {
        Self(bits.cast_unsigned())
    }
}

/// Makes a choice without values of its own a cell, by its place in the list.
macro_rules! choices {
    ($type:ty: $($choice:ident)*) => {
        impl $crate::columns::cell::Cell for $type {
            fn to_bits(self) -> i64 {
                const ALL: &[$type] = &[$(<$type>::$choice),*];
                ALL.iter().zip(0..).find(|(choice, _)| **choice == self).map_or(0, |(_, place)| place)
            }

            fn from_bits(bits: i64) -> Self {
                const ALL: &[$type] = &[$(<$type>::$choice),*];
                usize::try_from(bits).ok().and_then(|place| ALL.get(place)).copied().unwrap_or(ALL[0])
            }
        }
    };
}
pub(crate) use choices;
