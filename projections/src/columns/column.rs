//! A column: a plain vector while it grows or changes, packed once it is sealed.

use super::cell::Cell;
use super::packed::Packed;
use crate::measurements::needs::Keeping;

/// Values of one kind by row number, from 0.
#[derive(Debug, Clone)]
pub struct Column<T>(Form<T>);

#[derive(Debug, Clone)]
enum Form<T> {
    /// Without values where it is left out, however many rows there are.
    Plain(Vec<T>, Keeping),
    Packed(Packed),
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self(Form::Plain(Vec::new(), Keeping::default()))
    }
}

impl<T: Cell> Column<T> {
    /// Without values, which are kept or left out.
    pub(crate) fn keeping(kept: Keeping) -> Self {
        Self(Form::Plain(Vec::new(), kept))
    }

    /// Without values, which are kept or left out as those of this one are.
    pub(crate) fn blank(&self) -> Self {
        match &self.0 {
            Form::Plain(_, kept) => Self::keeping(kept.clone()),
            Form::Packed(_) => Self::default(),
        }
    }

    /// How many values it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Plain(values, _) => values.len(),
            Form::Packed(packed) => packed.len(),
        }
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a row.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    #[inline]
    #[must_use]
    pub fn get(&self, row: usize) -> T {
        match &self.0 {
            // Whether it is left out is asked only where there is no such value.
            Form::Plain(values, kept) => values.get(row).copied().unwrap_or_else(|| missing(kept, row)),
            Form::Packed(packed) => T::from_bits(packed.get(row)),
        }
    }

    /// Between which values all of a packed column lie, in the order of their numbers; none: it is not packed, or empty.
    #[must_use]
    pub fn bounds(&self) -> Option<(T, T)> {
        match &self.0 {
            Form::Plain(..) => None,
            Form::Packed(packed) => packed.bounds().map(|(low, high)| (T::from_bits(low), T::from_bits(high))),
        }
    }

    /// The same, also of a column that is not packed, which is looked through; none: it is empty.
    #[must_use]
    pub(crate) fn range(&self) -> Option<(T, T)> {
        let Form::Plain(values, kept) = &self.0 else { return self.bounds() };
        kept.is_readable();
        let bits = values.iter().map(|value| value.to_bits());
        let (low, high) = bits.fold((i64::MAX, i64::MIN), |(low, high), bits| (low.min(bits), high.max(bits)));
        (low <= high).then(|| (T::from_bits(low), T::from_bits(high)))
    }

    /// Hands on every value with its row: in one go, which costs less than asking for each.
    #[inline]
    pub(crate) fn for_each(&self, mut each: impl FnMut(usize, T)) {
        match &self.0 {
            Form::Plain(values, kept) => {
                kept.is_readable();
                values.iter().enumerate().for_each(|(row, value)| each(row, *value));
            }
            Form::Packed(packed) => (0..packed.len()).for_each(|row| each(row, T::from_bits(packed.get(row)))),
        }
    }

    /// Its values in order.
    pub fn iter(&self) -> impl Iterator<Item = T> {
        if let Form::Plain(_, kept) = &self.0 {
            kept.is_readable();
        }
        (0..self.len()).map(|row| self.get(row))
    }

    /// Makes room for so many values more.
    pub(crate) fn reserve(&mut self, values: usize) {
        if let Some(plain) = self.plain() {
            plain.reserve_exact(values);
        }
    }

    /// Leaves out every value, and keeps the memory of a plain one.
    pub(crate) fn clear(&mut self) {
        match &mut self.0 {
            Form::Plain(values, _) => values.clear(),
            Form::Packed(_) => *self = Self::default(),
        }
    }

    /// Adds a value behind the last.
    #[inline]
    pub(crate) fn push(&mut self, value: T) {
        if let Some(plain) = self.plain() {
            plain.push(value);
        }
    }

    /// Adds values behind the last.
    #[inline]
    pub(crate) fn extend(&mut self, values: impl Iterator<Item = T>) {
        if let Some(plain) = self.plain() {
            plain.extend(values);
        }
    }

    /// Gives a row another value. A packed column is plain afterwards, until it is sealed again.
    #[inline]
    pub(crate) fn set(&mut self, row: usize, value: T) {
        if let Some(plain) = self.plain() {
            plain[row] = value;
        }
    }

    /// Packs it; where the column of a twin is the same, that one's bytes are shared.
    pub(crate) fn seal(&mut self, twin: Option<&Self>) {
        if let Form::Plain(values, kept) = &self.0
            && !kept.is_left_out()
        {
            let numbers: Vec<i64> = values.iter().map(|value| value.to_bits()).collect();
            let packed = Packed::new(&numbers, T::STEPS);
            self.0 = Form::Packed(match twin {
                Some(Self(Form::Packed(twin))) if *twin == packed => twin.clone(),
                _ => packed,
            });
        }
    }

    /// Whether it has the very bytes of another.
    #[cfg(test)]
    pub(crate) fn is_shared_with(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Form::Packed(one), Form::Packed(other)) => std::ptr::eq(one.parts().4, other.parts().4),
            _ => false,
        }
    }

    /// It, packed; for writing it down.
    pub(crate) fn to_packed(&self) -> Packed {
        match &self.0 {
            Form::Plain(values, _) => {
                let numbers: Vec<i64> = values.iter().map(|value| value.to_bits()).collect();
                Packed::new(&numbers, T::STEPS)
            }
            Form::Packed(packed) => packed.clone(),
        }
    }

    /// The column with those values.
    pub(crate) fn of_packed(packed: Packed) -> Self {
        Self(Form::Packed(packed))
    }

    /// Its values, to be changed; none: they are left out.
    #[inline]
    fn plain(&mut self) -> Option<&mut Vec<T>> {
        if let Form::Packed(_) = self.0 {
            self.unpack();
        }
        match &mut self.0 {
            Form::Plain(values, kept) => (!kept.is_left_out()).then_some(values),
            Form::Packed(_) => unreachable!("it was unpacked above"),
        }
    }

    /// Apart from what asks for it nearly always in vain.
    #[cold]
    #[inline(never)]
    fn unpack(&mut self) {
        if let Form::Packed(packed) = &self.0 {
            let values = (0..packed.len()).map(|row| T::from_bits(packed.get(row))).collect();
            self.0 = Form::Plain(values, Keeping::default());
        }
    }
}

/// In place of a value that is left out, which is noted; in place of one that there never was there is none.
#[cold]
#[inline(never)]
fn missing<T: Cell>(kept: &Keeping, row: usize) -> T {
    assert!(!kept.is_readable(), "there is no row {row}");
    T::from_bits(0)
}
