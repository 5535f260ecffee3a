//! The values of one column, gathered for a row group, with the levels that say where there are none.

use crate::export::columns::Of;
use crate::export::out::Out;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::writer::SerializedRowGroupWriter;

/// In a column of lists: no list, an empty one, an item of one.
const NO_LIST: i16 = 0;
const EMPTY: i16 = 1;
const ITEM: i16 = 2;

/// A column's values for the next row group.
pub(super) struct Buffer {
    values: Values,
    levels: Levels,
}

enum Values {
    Texts(Texts),
    Numbers(Vec<i64>),
    Truths(Vec<bool>),
    Pairs(Texts, Texts),
}

/// Texts behind each other: one piece of memory for all.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
    }

    /// Hands all of them over; none are left.
    fn take(&mut self) -> Vec<ByteArray> {
        let all = ByteArray::from(std::mem::take(&mut self.bytes));
        let ends = std::mem::take(&mut self.ends);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(&ends).map(|(start, end)| all.slice(start, end - start)).collect()
    }
}

/// For each value, or the place of one that is missing: up to where it is there, and whether it goes on a list.
#[derive(Default)]
struct Levels {
    defined: Vec<i16>,
    /// Empty where the column has no lists.
    repeated: Vec<i16>,
}

impl Levels {
    fn one(&mut self, there: bool) {
        self.defined.push(i16::from(there));
    }

    /// Takes note of a list of so many items, or of none at all.
    fn list(&mut self, items: Option<usize>) {
        let level = match items {
            None => NO_LIST,
            Some(0) => EMPTY,
            Some(_) => ITEM,
        };
        let places = items.unwrap_or(0).max(1);
        self.defined.extend(std::iter::repeat_n(level, places));
        self.repeated.extend((0..places).map(|place| i16::from(place > 0)));
    }

    fn repeated(&self) -> Option<&[i16]> {
        (!self.repeated.is_empty()).then_some(&self.repeated)
    }

    fn clear(&mut self) {
        self.defined.clear();
        self.repeated.clear();
    }
}

impl Buffer {
    pub(super) fn of<R>(column: &Of<R>) -> Self {
        let values = match column {
            Of::Text(_) | Of::Texts(_) => Values::Texts(Texts::default()),
            Of::Instant(_) | Of::Integer(_) | Of::Seconds(_) => Values::Numbers(Vec::new()),
            Of::Truth(_) => Values::Truths(Vec::new()),
            Of::Pairs(_) => Values::Pairs(Texts::default(), Texts::default()),
        };
        Self { values, levels: Levels::default() }
    }

    /// Adds what a row has in the column that the buffer was made for.
    pub(super) fn push<R>(&mut self, column: &Of<R>, row: &R) {
        let levels = &mut self.levels;
        match (column, &mut self.values) {
            (Of::Text(of), Values::Texts(values)) => {
                let text = of(row);
                levels.one(text.is_some());
                text.iter().for_each(|text| values.push(text));
            }
            (Of::Instant(of) | Of::Integer(of) | Of::Seconds(of), Values::Numbers(values)) => {
                let number = of(row);
                levels.one(number.is_some());
                values.extend(number);
            }
            (Of::Truth(of), Values::Truths(values)) => {
                let truth = of(row);
                levels.one(truth.is_some());
                values.extend(truth);
            }
            (Of::Texts(of), Values::Texts(values)) => {
                let texts = of(row);
                levels.list(texts.as_ref().map(Vec::len));
                texts.iter().flatten().for_each(|text| values.push(text));
            }
            (Of::Pairs(of), Values::Pairs(names, values)) => {
                let pairs = of(row);
                levels.list(pairs.as_ref().map(Vec::len));
                for (name, value) in pairs.iter().flatten() {
                    names.push(name);
                    values.push(value);
                }
            }
            _ => debug_assert!(false, "a buffer is made for its column"),
        }
    }

    /// How many bytes of values it holds, about.
    pub(super) fn bytes(&self) -> usize {
        let texts = |texts: &Texts| texts.bytes.len() + size_of_val(&*texts.ends);
        let values = match &self.values {
            Values::Texts(values) => texts(values),
            Values::Numbers(values) => size_of_val(&**values),
            Values::Truths(values) => values.len(),
            Values::Pairs(names, values) => texts(names) + texts(values),
        };
        values + size_of_val(&*self.levels.defined) + size_of_val(&*self.levels.repeated)
    }

    /// Writes everything as the next column, or columns, of a row group; nothing is left.
    pub(super) fn write(&mut self, group: &mut SerializedRowGroupWriter<'_, Out>) -> Result<()> {
        let levels = &self.levels;
        match &mut self.values {
            Values::Texts(values) => write::<ByteArrayType>(group, &values.take(), levels)?,
            Values::Numbers(values) => {
                write::<Int64Type>(group, values, levels)?;
                values.clear();
            }
            Values::Truths(values) => {
                write::<BoolType>(group, values, levels)?;
                values.clear();
            }
            Values::Pairs(names, values) => {
                write::<ByteArrayType>(group, &names.take(), levels)?;
                write::<ByteArrayType>(group, &values.take(), levels)?;
            }
        }
        self.levels.clear();
        Ok(())
    }
}

fn write<T: DataType>(group: &mut SerializedRowGroupWriter<'_, Out>, values: &[T::T], levels: &Levels) -> Result<()> {
    let column = group.next_column()?;
    let mut column = column.ok_or_else(|| ParquetError::General("the schema has no further column".to_owned()))?;
    column.typed::<T>().write_batch(values, Some(&levels.defined), levels.repeated())?;
    column.close()
}
