//! Columns: packed values come back, copies do not see what is changed in others, and written-down rows are the same.

#![expect(unreachable_pub, reason = "the macro declares rows for everybody")]

use super::cell::Cell;
use super::column::Column;
use super::map::Map;
use super::packed::Packed;
use super::rows::{CHUNK_ROWS, Columns as _, PIECE_ROWS, Room, Rows, columns};
use super::texts::{Lists, Texts};
use crate::checkpoint::{Reader, Writer};
use crate::measurements::needs::{Keeps, Needs};
use crate::ticket_facts::AnsweredField;
use daftar_eventlog::Position;
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

columns! {
    /// A row of two columns.
    Pair, Pairs {
        /// An instant.
        at: i64,
        /// A number.
        number: u32,
    }
}

columns! {
    /// A row of which one column may be left out.
    Half, Halves {
        /// A number.
        number: u32,
        /// The same, where branches are kept.
        again: u32 => Branches,
    }
}

fn any_numbers() -> impl Strategy<Value = Vec<i64>> {
    let near = (any::<i64>(), 0_i64..1 << 40, prop::sample::select(vec![1_i64, 7, 1_000, 1_000_000, 60_000_000]));
    let near = near.prop_flat_map(|(from, within, step)| {
        let one = (0..=within).prop_map(move |apart| from.wrapping_add(apart.wrapping_mul(step)));
        prop::collection::vec(one, 0..50)
    });
    prop_oneof![near, prop::collection::vec(any::<i64>(), 0..50)]
}

proptest! {
    #[test]
    fn packed_numbers_come_back_one_by_one(numbers in any_numbers()) {
        let packed = Packed::new(&numbers, super::cell::STEPS_OF_TIME);
        prop_assert_eq!(packed.len(), numbers.len());
        let back: Vec<_> = (0..numbers.len()).map(|place| packed.get(place)).collect();
        let between = |(low, high): (i64, i64)| numbers.iter().all(|number| (low..=high).contains(number));
        prop_assert_eq!(packed.bounds().map(between), (!numbers.is_empty()).then_some(true));
        prop_assert_eq!(packed.bounds().map(|(low, _)| low), numbers.iter().min().copied());
        prop_assert_eq!(back, numbers);
    }

    #[test]
    fn rows_are_those_of_a_plain_vector_whatever_is_pushed_changed_and_copied(
        steps in prop::collection::vec((0_u8..8, any::<u32>()), 0..60),
    ) {
        let (mut rows, mut plain) = (Rows::<Pairs>::default(), Vec::new());
        let mut copies = Vec::new();
        for (what, number) in steps {
            match what {
                0 => copies.push((rows.clone(), plain.clone())),
                1 | 2 if !plain.is_empty() => {
                    let row = number as usize % plain.len();
                    rows.change(row, |pairs, row| pairs.number.set(row, number));
                    let (_, changed): &mut (i64, u32) = &mut plain[row];
                    *changed = number;
                }
                _ => (0..number % 700).for_each(|n| {
                    let (at, number) = (i64::from(n) * 1_000_000, n % 300);
                    rows.push(Pair { at, number });
                    plain.push((at, number));
                }),
            }
        }
        copies.push((rows, plain));
        for (rows, plain) in copies {
            let read: Vec<_> = (0..rows.len()).map(|row| rows.at(row)).map(|(p, i)| (p.at.get(i), p.number.get(i))).collect();
            prop_assert_eq!(&read, &plain);
            let mut out = Writer::default();
            rows.dump(&mut out);
            let bytes = out.into_bytes();
            let mut reader = Reader::new(&bytes);
            let mut back = Rows::<Pairs>::load(&mut reader).unwrap();
            prop_assert!(reader.is_at_end());
            back.push(Pair { at: 5, number: 6 });
            let read: Vec<_> = back.pieces().flat_map(|(_, pairs)| (0..pairs.len()).map(|i| pairs.row(i)).collect::<Vec<_>>()).collect();
            prop_assert_eq!(read.len(), plain.len() + 1);
            prop_assert!(read.iter().zip(&plain).all(|(pair, (at, number))| (pair.at, pair.number) == (*at, *number)));
        }
    }

    #[test]
    fn a_map_is_one_of_the_standard_library_and_copies_keep_what_they_had(
        keys in prop::collection::vec((any::<u16>(), any::<u32>()), 0..300),
    ) {
        let (mut map, mut plain) = (Map::default(), HashMap::new());
        let half = keys.len() / 2;
        keys[..half].iter().for_each(|(key, value)| { map.insert(*key, *value); plain.insert(*key, *value); });
        let (copy, then) = (map.clone(), plain.clone());
        keys[half..].iter().for_each(|(key, value)| { *map.entry(*key) = *value; plain.insert(*key, *value); });
        for (map, plain) in [(map, plain), (copy, then)] {
            prop_assert_eq!(map.len(), plain.len());
            prop_assert_eq!(map.iter().map(|(k, v)| (*k, *v)).collect::<HashMap<_, _>>(), plain);
            prop_assert!(keys.iter().all(|(key, _)| map.get(key) == map.iter().find(|(k, _)| *k == key).map(|(_, v)| v)));
        }
    }
}

#[test]
fn whole_seconds_of_a_month_take_22_bits_each_and_one_value_takes_none() {
    let month: Vec<i64> = (0..1000).map(|n: i64| 1_780_000_000_000_000 + n * 2_600_000_000).collect();
    let bytes = |packed: &Packed| packed.parts().4.len();
    assert_eq!(bytes(&Packed::new(&month, super::cell::STEPS_OF_TIME)), 22 * 1000 / 8 + 8);
    assert_eq!(bytes(&Packed::new(&[i64::MIN; 9], &[])), 0);
}

#[test]
fn every_kind_of_value_comes_back_from_its_number() {
    fn check<T: Cell + PartialEq + std::fmt::Debug>(values: &[T]) {
        let mut column = Column::default();
        values.iter().for_each(|value| column.push(*value));
        column.seal(None);
        assert_eq!(column.iter().collect::<Vec<_>>(), values);
    }
    check(&[0_u8, 255]);
    check(&[0, u16::MAX]);
    check(&[0, u32::MAX]);
    check(&[i64::MIN, 0, i64::MAX]);
    check(&[None, Some(0_u32), Some(u32::MAX)]);
    check(&[None, Some(-2_208_988_800_000_000_i64), Some(0), Some(7_289_654_400_000_000)]);
    check(&[true, false]);
    check(&[Position::ZERO, Position(1), Position(u64::MAX)]);
    use AnsweredField::{Ces, Choice, Nps, Overall, Question};
    check(&[Overall, Nps, Ces, Question(0), Question(u32::MAX), Choice(0), Choice(u32::MAX)]);
}

#[test]
fn chunks_and_pieces_end_where_they_are_full() {
    let mut rows = Rows::<Pairs>::default();
    let count = CHUNK_ROWS + PIECE_ROWS + 1;
    (0..count).for_each(|n| rows.push(Pair { at: i64::try_from(n).unwrap(), number: 1 }));
    assert_eq!((rows.len(), rows.pieces().count()), (count, CHUNK_ROWS / PIECE_ROWS + 2));
    assert_eq!(rows.partition_point(|pairs, row| pairs.at.get(row) < 70_000), count.min(70_000));
    assert!(rows.find(count).is_none());
}

#[test]
fn texts_and_lists_keep_their_numbers_and_copies_do_not_grow() {
    let (mut texts, mut lists) = (Texts::default(), Lists::default());
    (0..2500).for_each(|n: u32| {
        texts.push(&n.to_string());
        lists.push(n);
    });
    let (copy, list) = (texts.clone(), lists.clone());
    texts.push("");
    lists.push(9);
    assert_eq!((copy.len(), list.len(), texts.len(), lists.len()), (2500, 2500, 2501, 2501));
    assert!((0..2500).all(|n: usize| copy.get(n) == Some(&n.to_string())));
    assert!((0..2500).all(|n: usize| list.get(n).is_some_and(|value| *value as usize == n)));
    assert_eq!((texts.get(2500), copy.get(2500), list.get(2500)), (Some(""), None, None));
}

/// Reads a value of a column.
type Reads = dyn Fn(&Halves) -> Option<u32>;

#[test]
fn a_column_that_is_left_out_takes_nothing_and_whoever_reads_it_is_noted() {
    let halves = |needs, read: &Reads| {
        let misread = Arc::<AtomicBool>::default();
        let mut rows = Rows::<Halves>::default();
        // One full piece stays plain, the others are packed, and the last is filled no further.
        rows.keep(Keeps { needs, misread: &misread }, &Room::of(PIECE_ROWS * size_of::<Half>()));
        let all: Vec<_> = (0_u32..).take(PIECE_ROWS * 3 + 1).map(|number| Half { number, again: number }).collect();
        rows.push(all[0]);
        rows.extend(&all[1..]);
        rows.change(PIECE_ROWS, |halves, row| halves.again.set(row, 7));
        let back: Vec<_> =
            (0..rows.len()).map(|row| rows.at(row)).map(|(halves, row)| halves.number.get(row)).collect();
        assert_eq!(back, (0_u32..).take(all.len()).collect::<Vec<_>>());
        rows.pieces()
            .map(|(_, halves)| {
                read(halves);
                misread.swap(false, Ordering::Relaxed)
            })
            .collect::<Vec<_>>()
    };
    let reads: [&Reads; 6] = [
        &|halves| Some(halves.again.get(0)),
        &|halves| Some(halves.row(0).again),
        &|halves| {
            let mut last = None;
            halves.again.for_each(|_, number| last = Some(number));
            last
        },
        &|halves| halves.again.iter().last(),
        &|halves| halves.again.range().map(|(low, _)| low),
        &|halves| halves.number.range().map(|(low, _)| low),
    ];
    for (read, notes) in reads.into_iter().zip([true, true, true, true, true, false]) {
        assert_eq!(halves(Needs::NOTHING, read), [notes; 4]);
        assert_eq!(halves(Needs::Branches, read), [false; 4]);
    }
}
